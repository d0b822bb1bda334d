"""The arrays of a call against what the row of its loss says of them: shapes, axes, samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .arrays import as_array, as_axis, as_prediction, without_axis
from .rows import PREDICTION, Operand, Row, RowTarget
from .targets import target_form

Array = np.ndarray[Any, Any]


def read_arrays(row: Row, given: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays of a call, in the order of the row's operands; without what is optional and not given."""
    if row.ragged:
        given = _joined(row, given)
    return {
        operand.name: (as_prediction if operand.role == PREDICTION else as_array)(operand.name, given[operand.name])
        for operand in row.operands
        if not (operand.optional and given[operand.name] is None)
    }


def _joined(row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """Put one array in place of a list of some that differ in length, and their lengths in place of None."""
    joined = dict(given)
    for operand in row.operands:
        value = given[operand.name]
        if operand.role == PREDICTION or not operand.lengths or not isinstance(value, list | tuple):
            continue
        if not any(isinstance(part, list | tuple | np.ndarray) for part in value):
            continue
        parts = [as_array(f"{operand.name}[{k}]", part) for k, part in enumerate(value)]
        bad = next((k for k, part in enumerate(parts) if part.ndim != 1), None)
        if bad is not None:
            raise ValueError(
                f"{operand.name}[{bad}] has shape {parts[bad].shape}; the labels of a sequence have one axis"
            )
        own = [len(part) for part in parts]
        if given[operand.lengths] is not None:
            if len(set(own)) > 1:
                raise TypeError(
                    f"{operand.name} is a list of arrays, which have lengths; {operand.lengths} says others"
                )
            continue
        whole = [part for part in parts if part.size] or [np.zeros(0, np.int64)]
        joined[operand.name], joined[operand.lengths] = np.concatenate(whole), np.array(own, np.int64)
    return joined


def samples_of(operand: Operand, array: Array, axis: int) -> tuple[int, ...]:
    """Return the shape of the samples, as an array has it: without the axis of its classes, numbers or columns."""
    shape: tuple[int, ...] = array.shape
    if not operand.axes:
        return shape
    if operand.axes.isdigit():
        if not shape or shape[-1] != int(operand.axes):
            raise ValueError(
                f"{operand.name} has shape {shape}; its last axis must have {operand.axes}: {operand.description}"
            )
        return shape[:-1]
    if not shape:
        raise ValueError(f"{operand.name} has no dimensions; it needs an axis of {AXES[operand.axes]}")
    return without_axis(shape, as_axis(axis, len(shape)))


#: What lies along an axis, by the letter that rows call it.
AXES = {"C": "classes", "D": "numbers"}


def resolve_axes(row: Row, given: Mapping[str, Array], axis: int) -> tuple[dict[str, Array], tuple[int, ...], str]:
    """Check the shapes of arrays against each other.

    `axis` is that of the classes. Return the arrays, targets broadcast to the samples; the shape of the samples; and
    which of its forms the target of rows has.
    """
    arrays = dict(given)
    first = row.differentiated[0]
    samples = samples_of(first, arrays[first.name], axis)
    logits, rows = first.name, arrays[first.name].shape
    lengths = shared_lengths(row, arrays)
    if row.of_rows is not None:
        logits, rows = "the logits", (*samples, lengths["C"])
    form = ""
    for operand in row.operands:
        if operand is first or operand.shared:
            continue
        array = arrays[operand.name]
        if isinstance(operand.domain, RowTarget):
            form = target_form(array, logits, rows, samples, axis, operand.domain)
            continue
        expected = arrays[first.name].shape if operand.axes == first.axes else samples
        if array.shape == expected:
            continue
        if operand.role == PREDICTION or operand.axes or array.ndim:
            whole = "they must be equal" if operand.axes == first.axes else f"{operand.name} must have {samples}"
            raise ValueError(
                f"{operand.name} has shape {array.shape}, {first.name} has {arrays[first.name].shape}; {whole}"
            )
        arrays[operand.name] = np.broadcast_to(array, samples)
    if (first.axes == "C" or row.of_rows is not None) and rows[axis] == 0 and math.prod(samples):
        raise ValueError(f"{logits} {'have' if logits != first.name else 'has'} shape {rows}: rows of no classes")
    return arrays, samples, form


def shared_lengths(row: Row, arrays: Mapping[str, Array]) -> dict[str, int]:
    """Return how long the axes are that arrays have in common, by letter; raise where two do not go together."""
    if not row.shares:
        return {}
    first = row.differentiated[0]
    lengths, said_by = {first.axes: arrays[first.name].shape[-1]}, {first.axes: first.name}
    for operand in row.operands:
        if not operand.shared or operand.name not in arrays:
            continue
        shape = arrays[operand.name].shape
        if len(shape) != len(operand.axes):
            named = " and ".join(AXES[letter] for letter in operand.axes)
            axes = (
                f"{len(operand.axes)} {'axis' if len(operand.axes) == 1 else 'axes'}: {named}" if named else "no axes"
            )
            raise ValueError(f"{operand.name} has shape {shape}; it must have {axes}")
        for letter, length in zip(operand.axes, shape, strict=True):
            if lengths.setdefault(letter, length) != length:
                other = said_by[letter]
                raise ValueError(
                    f"{operand.name} has shape {shape}, {other} has {arrays[other].shape}: {operand.name} has {length} "
                    f"{AXES[letter]}, {other} has {lengths[letter]}"
                )
            said_by.setdefault(letter, operand.name)
    return lengths
