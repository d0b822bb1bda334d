"""Arrays that callers pass: of which types, read without a copy, and as the kernels take them."""

from __future__ import annotations

import itertools
import numbers
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .foreign import is_foreign, kind_of
from .foreign import refuse as refuse_foreign

#: Number of each element type, in the order of ``enum fl_dtype`` (kernels/blocks/dtypes.h).
DTYPES = {
    "b1": 0,
    "i1": 1,
    "u1": 2,
    "i2": 3,
    "u2": 4,
    "i4": 5,
    "u4": 6,
    "i8": 7,
    "u8": 8,
    "f2": 9,
    "bfloat16": 10,
    "f4": 11,
    "f8": 12,
}
FLOATS = frozenset({9, 10, 11, 12})
#: The same by the types themselves: `dtype.str` takes as long as all else about an array that is read.
_NUMBERS = {np.dtype(order + name): number for name, number in DTYPES.items() if name != "bfloat16" for order in "<>"}
#: What NumPy makes an array of is at most so deep.
_MOST_DIMENSIONS = 64
_LOST = "would be lost; pass its .data, and to a loss the mask as where=~mask"
#: What is refused is refused in the same words whatever NumPy's error state says of infinities and signaling NaN.
quiet = np.errstate(all="ignore")
#: An array as the kernels take it: what exports its memory, the number of its element type, whether bytes are swapped.
Described = tuple[Any, int, bool]


def dtype_number(dtype: np.dtype[Any]) -> int | None:
    """Return the number of an element type that fastloss reads, else None."""
    number = _NUMBERS.get(dtype)
    if number is None:
        ml_dtypes = sys.modules.get("ml_dtypes")  # who has a bfloat16 array has imported it
        if ml_dtypes is not None and dtype == ml_dtypes.bfloat16:
            return DTYPES["bfloat16"]
    return number


def bits_of_bfloat16(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any] | None:
    """Return a bfloat16 array as what NumPy exports of it, None of any other."""
    return array.view(np.uint16) if dtype_number(array.dtype) == DTYPES["bfloat16"] else None


def as_array(name: str, value: Any, kind: str = "real") -> np.ndarray[Any, Any]:
    """Return `value` as an array of real numbers, without a copy where it is one; a message wants them of a kind.

    It has the caller's numbers, and a shape and dtype of its own: those of the caller's array may be set during the
    call, by another thread or by the ``__array__`` of another argument.
    """
    if type(value) is np.ndarray:
        array = value.view()
    else:
        if value is None:
            raise TypeError(f"{name} is missing")
        if is_foreign(type(value)):
            refuse_foreign(name, value)
        if is_list(type(value)):
            with _reading(name):
                parts = parts_of(name, value)
            for place_of_part, part in parts:
                refuse_array(place_of_part, part)
        else:
            refuse_array(name, value)
        with _reading(name):
            if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
                value = np.from_dlpack(value)
            array = np.asanyarray(value)
        refuse_array(name, array)
        array = np.ndarray.view(array, np.ndarray)
    if dtype_number(array.dtype) is None:
        raise TypeError(f"{name} {_not_numbers(name, array, kind)}")
    return array


def _not_numbers(name: str, array: np.ndarray[Any, Any], kind: str) -> str:
    """Return what an array holds in place of real numbers, and the way out where there is one."""
    must = f"has dtype {array.dtype}; it must be {kind}"
    if array.dtype.kind not in "OSUT" or not array.size:
        types = ": float16, bfloat16, float32, float64, an integer type or bool" if kind == "real" else ""
        return f"{must}{types}"
    from decimal import Decimal  # where there is an error to explain, and not with every import of the package

    reals = (numbers.Real, Decimal, np.bool_)
    index = first_true(np.array([not isinstance(item, reals) for item in array.flat], np.bool_))
    if index is None:
        return f"{must}, as what it holds is; pass np.asarray({name}, dtype={'float' if kind == 'real' else kind})"
    item, at = array.reshape(-1)[index], place(name, index, array.shape)
    if isinstance(item, str | bytes):
        classes = (
            f"; np.unique({name}, return_inverse=True)[1] makes class indices of names" if name == "y_true" else ""
        )
        return f"{must}, and {at} is the text {str(item)[:40]!r}{classes}"
    if item is None or type(item).__name__ in ("NAType", "NaTType"):
        return f"{must}, and {at} is missing ({item}); fill it, or drop its sample from every argument"
    return f"{must}, and {at} has the type {kind_of(item)}"


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Say of which argument what NumPy or the argument itself says, where it cannot be read."""
    try:
        yield
    except (TypeError, ValueError, RuntimeError, BufferError, OverflowError, UserWarning) as error:
        # Not of its own type, whose constructor may want more than a text.
        refusal = ValueError if isinstance(error, ValueError | OverflowError) else TypeError
        raise refusal(f"{name} cannot be read as an array of numbers: {error}") from error


def refuse_array(name: str, value: Any) -> None:
    """Raise for an array whose mask would be lost, and for one of another library that would lose something too."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array, whose mask {_LOST}")
    if is_foreign(type(value)):
        refuse_foreign(name, value)


def parts_of(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return what in a list may lose something when NumPy reads it, each with its place: ``y_true[3][1]``."""
    parts = [value]
    for _ in range(_MOST_DIMENSIONS):
        parts = list(itertools.chain.from_iterable(parts))
        kinds = set(map(type, parts))  # a million numbers are of one kind
        if any(issubclass(kind, np.ma.MaskedArray) or is_foreign(kind) for kind in kinds):
            return list(_arrays_in(name, value))
        lists = set(filter(is_list, kinds))
        if not lists:
            break
        if lists != kinds:
            parts = [part for part in parts if type(part) in lists]
    return []


def is_list(kind: type) -> bool:
    """Tell whether NumPy makes an array of the items of such things, one after the other."""
    return (
        issubclass(kind, Sequence) and not issubclass(kind, str | bytes | memoryview) and not hasattr(kind, "__array__")
    )


def _arrays_in(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    for k, part in enumerate(value):
        if is_list(type(part)):
            yield from _arrays_in(f"{name}[{k}]", part)
        elif isinstance(part, np.ma.MaskedArray) or is_foreign(type(part)):
            yield f"{name}[{k}]", part


def as_prediction(name: str, value: Any) -> np.ndarray[Any, Any]:
    """Return `y_pred` as an array of one of the four float types; integers and bool become float64."""
    array = as_array(name, value)
    return array if dtype_number(array.dtype) in FLOATS else array.astype(np.float64)


def describe(array: np.ndarray[Any, Any] | None) -> Described | None:
    """Return an array as the kernels take it."""
    if array is None:
        return None
    number = dtype_number(array.dtype)
    assert number is not None
    if number == DTYPES["bfloat16"]:  # NumPy does not export the buffer of a type that is not its own
        array = array.view(np.uint16)
    return array, number, not array.dtype.isnative


def place(name: str, index: Any, shape: tuple[int, ...]) -> str:
    """Return how a user would write an element: ``y_true[3, 1]``."""
    if not shape:
        return name
    return f"{name}[{', '.join(str(int(i)) for i in np.unravel_index(index, shape))}]"


def first_true(bad: np.ndarray[Any, Any]) -> int | None:
    """Return the flat index of the first true element, None where there is none."""
    flat = bad.reshape(-1)
    index = int(flat.argmax()) if flat.size else 0
    return index if flat.size and flat[index] else None


def broadcast(name: str, array: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return an array broadcast to a shape that it may not enlarge."""
    if array.shape == shape:
        return array
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"{name} has shape {array.shape}, which does not broadcast to the samples' shape {shape}"
        ) from None


def without_axis(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return a shape without one of its axes, counted from the end."""
    place = len(shape) + axis
    return shape[:place] + shape[place + 1 :]


def as_axis(axis: int, ndim: int, name: str = "axis") -> int:
    """Return an axis counted from the end."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"{name} = {axis} is out of range for an array of {ndim} dimensions")
    return axis if axis < 0 else axis - ndim
