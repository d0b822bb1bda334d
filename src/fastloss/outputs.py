"""Arrays that callers give for results, and what shares memory with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .arrays import FLOATS, dtype_number


def split_out(out: Any, results: tuple[str, ...]) -> list[np.ndarray[Any, Any] | None]:
    """Return the array given for each result, None where a new one is wanted."""
    if out is None:
        return [None] * len(results)
    if not isinstance(out, tuple):
        if len(results) > 1:
            raise TypeError(
                f"out must be a tuple of {len(results)} places ({', '.join(results)}), None where a new array is wanted"
            )
        out = (out,)
    out = tuple(out)
    if len(out) != len(results):
        raise ValueError(f"out has {len(out)} places; the results are {len(results)} ({', '.join(results)})")
    return list(out)


def as_output(name: str, given: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return what results of this shape can be written to, the memory of `given`; its shape and dtype are its own."""
    if not isinstance(given, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array, not {type(given).__name__}")
    if isinstance(given, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; pass its .data")
    array = np.ndarray.view(given, np.ndarray)
    if dtype_number(array.dtype) not in FLOATS:
        raise TypeError(f"{name} has dtype {array.dtype}; it must be float16, bfloat16, float32 or float64")
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; the result has shape {shape}")
    if not array.flags.writeable:
        raise ValueError(f"{name} is read-only")
    extent = array.itemsize
    for stride, length in sorted(zip(map(abs, array.strides), array.shape, strict=True)):
        if length > 1 and array.size:
            if stride < extent:
                raise ValueError(f"{name} overlaps itself: the memory between its elements holds others of them")
            extent += stride * (length - 1)
    return array


def split_several(shown: str, out: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    """Return the array given for the derivative by each of several predictions."""
    if out is None:
        return (None,) * len(names)
    if not isinstance(out, tuple):
        raise TypeError(
            f"{shown} must be a tuple of {len(names)} places ({', '.join(names)}), None where a new array is wanted"
        )
    if len(out) != len(names):
        raise ValueError(f"{shown} has {len(out)} places; it needs {len(names)} ({', '.join(names)})")
    return out


def same_memory(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Tell whether two arrays are the same elements in the same order."""
    return (
        a.__array_interface__["data"][0] == b.__array_interface__["data"][0]
        and a.shape == b.shape
        and all(s == t for s, t, length in zip(a.strides, b.strides, a.shape, strict=True) if length > 1)
        and a.dtype == b.dtype
    )


def overlap(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Tell whether two arrays share memory; where that is too hard to find out, yes."""
    if not np.may_share_memory(a, b):
        return False
    try:
        return bool(np.shares_memory(a, b, max_work=10_000))  # type: ignore[arg-type]  # NumPy's stub knows 0 and -1 only
    except np.exceptions.TooHardError:
        return True


def check_overlaps(
    outputs: dict[str, np.ndarray[Any, Any]],
    inputs: Mapping[str, np.ndarray[Any, Any] | None],
    in_place: Mapping[str, str] | None = None,
) -> bool:
    """Raise where an output shares memory with another array.

    `in_place` names outputs, each with the input whose elements it may take the place of. Return whether one does.
    """
    names = list(outputs)
    is_in_place = False
    for position, name in enumerate(names):
        for other in names[:position]:
            if overlap(outputs[name], outputs[other]):
                raise ValueError(f"{name} overlaps {other}")
        for other, array in inputs.items():
            if array is None or not overlap(outputs[name], array):
                continue
            may = [output for output, own in (in_place or {}).items() if own == other]
            if name in may and same_memory(outputs[name], array):
                is_in_place = True
                continue
            hint = f"; only {may[0]} may be written there, and only exactly in place" if may else ""
            raise ValueError(f"{name} overlaps {other}{hint}")
    return is_in_place
