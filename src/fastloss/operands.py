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
    """Return the arrays of a call, in the order of the row's operands."""
    return {
        operand.name: (as_prediction if operand.role == PREDICTION else as_array)(operand.name, given[operand.name])
        for operand in row.operands
    }


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
    form = ""
    for operand in row.operands:
        array = arrays[operand.name]
        if operand is first:
            continue
        if isinstance(operand.domain, RowTarget):
            form = target_form(array, first.name, arrays[first.name].shape, samples, axis, operand.domain)
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
    if first.axes == "C" and arrays[first.name].shape[axis] == 0 and math.prod(samples):
        raise ValueError(f"{first.name} has shape {arrays[first.name].shape}: rows of no classes")
    return arrays, samples, form
