"""Arrays, numbers and outputs that callers pass, each checked by itself. No output is touched before that is done."""

from __future__ import annotations

import decimal
import itertools
import math
import numbers
import operator
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .foreign import check_class_order, is_foreign, kind_of
from .foreign import refuse as refuse_foreign
from .formulas.declare import LABELS, Domain, Parameter, RowTarget

#: Number of each element type, in the order of ``enum fl_dtype`` (kernels/dtypes.h).
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
_FLOATS = frozenset({9, 10, 11, 12})
#: The distance of 1 and the number after it, by the number of a type; as epsilon_of of kernels/pointwise.pxi.
_EPSILON = {9: 2.0**-10, 10: 2.0**-7, 11: 2.0**-23, 12: 2.0**-52}
#: How far the sum of a soft target's row may be from 1; as SUM_TOLERANCE of kernels.pyx.
SUM_TOLERANCE = 1e-2
#: What is not larger than the one is 0 in float32; the other is its largest number.
_VANISHES, _LARGEST = 2.0**-150, float(np.finfo(np.float32).max)
#: The least normal number of each compute type, by whether it is float64.
_LEAST_NORMAL = {False: 2.0**-126, True: 2.0**-1022}
#: Kinds of parameters that are numbers to compute with.
_NUMBERS = frozenset({"element", "number", "factor", "per_class"})
#: The domains of target and prediction, as the kernels take them, where every number is allowed.
NO_LIMITS = (-math.inf, math.inf, False, -math.inf, math.inf, 0.0)
#: What NumPy makes an array of is at most so deep.
_MOST_DIMENSIONS = 64
_LOST = "would be lost; pass its .data, and to a loss the mask as where=~mask"
#: What a weight of a sample may be.
WEIGHT = Domain("a finite weight >= 0", 0.0, math.inf, high_open=True)

#: What is refused is refused in the same words whatever NumPy's error state says of infinities and signaling NaN.
quiet = np.errstate(all="ignore")

#: An array as the kernels take it: what exports its memory, the number of its element type, whether bytes are swapped.
Described = tuple[Any, int, bool]


def dtype_number(dtype: np.dtype[Any]) -> int | None:
    """Return the number of an element type that fastloss reads, else None."""
    number = DTYPES.get(dtype.str[1:])
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
    reals = (numbers.Real, decimal.Decimal, np.bool_)
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
    return array if dtype_number(array.dtype) in _FLOATS else array.astype(np.float64)


def describe(array: np.ndarray[Any, Any] | None) -> Described | None:
    """Return an array as the kernels take it."""
    if array is None:
        return None
    number = dtype_number(array.dtype)
    assert number is not None
    if number == DTYPES["bfloat16"]:  # NumPy does not export the buffer of a type that is not its own
        array = array.view(np.uint16)
    return array, number, not array.dtype.isnative


def as_number(name: str, value: Any) -> float:
    """Return a real scalar as a float."""
    numeric = hasattr(type(value), "__float__") or hasattr(type(value), "__index__")  # float() reads texts, too
    if not numeric or isinstance(value, str | bytes | bool | np.bool_ | np.complexfloating):
        raise TypeError(f"{name} must be a real number, not {shown(value)}")
    if isinstance(value, np.ndarray | np.generic):
        real_type = isinstance(value, np.number) or dtype_number(value.dtype) not in (None, DTYPES["b1"])
        if value.ndim or not real_type or isinstance(value, np.timedelta64 | np.ma.MaskedArray):
            raise TypeError(f"{name} must be a real number, not {shown(value)}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a real number, not {shown(value)}") from None
    except OverflowError:
        raise ValueError(f"{name} = {shown(value)} is too large for a float") from None


def shown(value: Any) -> str:
    """Return what a message calls a value; of an integer of many digits its size only."""
    if isinstance(value, int) and abs(value) >= 10**40:
        return f"about {'-' if value < 0 else ''}10**{math.log10(abs(value)):.0f}"
    try:
        return repr(value)
    except (ValueError, RecursionError):  # Python writes no number of more than 4300 digits
        return f"a {type(value).__name__} that is too long to show"


def as_index(name: str, value: Any) -> int:
    """Return an integer scalar as an int."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be an int, not {shown(value)}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int, not {shown(value)}") from None
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{name} = {shown(number)} does not fit into 64 bits")
    return number


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


@quiet
def outside(array: np.ndarray[Any, Any], domain: Domain, number: int | None = None) -> np.ndarray[Any, Any]:
    """Return where an array leaves a domain; NaN is outside.

    `number` is that of the type that the numbers came in, whose rounding the domain may forgive.
    """
    values = array.astype(np.float64)
    if domain.ends_only:
        neither: np.ndarray[Any, Any] = (values != domain.low) & (values != domain.high)
        return neither
    high = domain.high + domain.rounding * (0.0 if number is None else _EPSILON.get(number, 0.0))
    above = values > domain.low if domain.low_open else values >= domain.low
    below = values < high if domain.high_open else values <= high
    return np.logical_not(above & below)


class LeftOut:
    """The samples that nothing is read of: masked by `where`, or with the label `ignore_index`."""

    def __init__(
        self,
        where: np.ndarray[Any, Any] | None = None,
        y_true: np.ndarray[Any, Any] | None = None,
        ignore_index: int | None = None,
    ) -> None:
        self.where, self.y_true, self.ignore_index = where, y_true, ignore_index

    def read(self, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Return which samples are read: their weights; where that is not 0, their targets and predictions."""
        read = np.ones(shape, dtype=np.bool_)
        if self.where is not None:
            read &= self.where
        if self.y_true is not None and self.ignore_index is not None:
            read &= ~ignored_labels(self.y_true, self.ignore_index)
        return read

    def kept(self, shape: tuple[int, ...], weights: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
        """Return which samples are neither left out nor of weight 0."""
        read = self.read(shape)
        return read if weights is None else read & (weights != 0)


def as_weights(name: str, value: Any, shape: tuple[int, ...]) -> tuple[np.ndarray[Any, Any] | None, bool]:
    """Return `sample_weight`, broadcast to the samples, and whether some of it may vanish in float32."""
    if value is None:
        return None, False
    given = as_array(name, value)
    return to_samples(name, given, shape), may_vanish(given)


def as_mask(value: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any] | None:
    """Return `where`, broadcast to the samples."""
    if value is None or value is True:
        return None
    mask = as_array("where", value, "bool")
    if mask.dtype != np.bool_:
        raise TypeError(f"where has dtype {mask.dtype}; it must be bool")
    return to_samples("where", mask, shape)


def to_samples(name: str, array: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return what belongs to each sample in the samples' shape: it has that, length 1 in some axes, or no dimensions.

    Fewer dimensions are refused, which NumPy would take for the last ones: weights of the rows of a square array would
    weigh its columns.
    """
    if array.shape == shape or not array.ndim:
        return np.broadcast_to(array, shape)
    if array.ndim == len(shape) and all(m in (1, n) for m, n in zip(array.shape, shape, strict=True)):
        return np.broadcast_to(array, shape)
    message = (
        f"{name} has shape {array.shape}, the samples have shape {shape}. "
        f"It must have that shape, or length 1 on each axis whose samples share a value"
    )
    if array.ndim == 1 and len(shape) > 1:
        # The first axis first: a weight of one dimension mostly means the rows.
        ways = [
            f"{name}[{', '.join(':' if k == axis else 'None' for k in range(len(shape)))}] has one for each index of "
            f"axis {axis}"
            for axis, length in enumerate(shape)
            if length == array.size
        ]
        message += f": {', '.join(ways)}" if ways else ""
    elif array.size == math.prod(shape) and [n for n in array.shape if n != 1] == [n for n in shape if n != 1]:
        message += f": {name}.reshape({shape})"
    raise ValueError(message)


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


def refuse(
    name: str,
    array: np.ndarray[Any, Any],
    bad: np.ndarray[Any, Any],
    domain: Domain,
    computed: np.ndarray[Any, Any] | None = None,
    least: float = 0.0,
) -> None:
    """Raise for the first element that is marked as bad; `computed` are all of them in the compute type."""
    first = first_true(bad)
    if first is None:
        return
    number = array.reshape(-1)[first]
    held = number if computed is None else computed.reshape(-1)[first]
    what = f"not {domain.description}"
    if held in domain:
        what = "too large" if abs(held) > 1 else f"too small, the least is {least:.8g}" if held else "too small"
    what += f"; {domain.hint}" if domain.hint else ""
    if computed is not None and computed.dtype == np.float32 and float(number) in domain:
        what += f"; computed in float32 it is {held}"
    raise ValueError(f"{place(name, first, array.shape)} = {number} is {what}")


@quiet
def in_compute_type(array: np.ndarray[Any, Any], double_precision: bool) -> np.ndarray[Any, Any]:
    """Return numbers as the kernels compute with them."""
    return array.astype(np.float64 if double_precision else np.float32)


def check_held(
    name: str,
    value: Any,
    domain: Domain,
    double_precision: bool = False,
    read: np.ndarray[Any, Any] | bool = True,
    least: float = 0.0,
) -> None:
    """Raise for the first number that in the compute type is outside its domain, below the `least`, or infinite.

    `read` says which are read at all.
    """
    if type(value) is float:  # nearly always well inside: a call takes ten microseconds, which NumPy would double
        slack = abs(value) * 2.0**-24
        if value == 0 or (
            max(least + slack, _VANISHES) < abs(value) < _LARGEST
            and domain.low < value - slack <= value + slack < domain.high
        ):
            return
    array = np.asarray(value)
    computed = in_compute_type(array, double_precision)
    lost = ((computed == 0) | (abs(computed) < least)) & (array != 0) | (np.isinf(computed) & ~np.isinf(array))
    refuse(name, array, (outside(computed, domain) | lost) & read, domain, computed, least)


def check_digits(name: str, value: Any, domain: Domain, double_precision: bool) -> None:
    """Raise for the first parameter of a formula that the compute type does not hold, or not in all its digits.

    It is a normal number, or 0. Of fewer digits no exact results can be made: 1e-44 is known to 7 % in float32.
    """
    if type(value) is float and abs(value) >= 2 * _LEAST_NORMAL[True] and double_precision:
        return
    check_held(name, value, domain, double_precision, least=_LEAST_NORMAL[double_precision])


def check_weights(name: str, weights: np.ndarray[Any, Any], double_precision: bool, left_out: LeftOut) -> None:
    """Raise for the first weight that is read and is negative, NaN or infinite, or vanishes in the compute type."""
    check_held(name, weights, WEIGHT, double_precision, left_out.read(weights.shape))


@quiet
def check_products(
    y_true: np.ndarray[Any, Any],
    weights: np.ndarray[Any, Any] | None,
    class_weight: np.ndarray[Any, Any],
    left_out: LeftOut,
    double_precision: bool,
    normalizer: float = 1.0,
    total: float = math.inf,
) -> None:
    """Raise for the first sample whose weight times that of its class is infinite or no normal number in its type.

    Or their product over the normalizer becomes infinite, which it cannot where that of their sum, `total`, does not.
    """
    if total / normalizer < _LARGEST:
        return
    kept = left_out.kept(y_true.shape, weights)
    labels = np.where(kept, y_true, 0).astype(np.int64)
    by_class = class_weight[labels]
    by_sample = np.ones(()) if weights is None else in_compute_type(weights, double_precision)
    products = in_compute_type(by_sample * by_class, double_precision)
    computed = in_compute_type(products * np.float64(1 / normalizer), double_precision)
    lost = (products < np.finfo(products.dtype).tiny) & (by_class != 0)
    bad = first_true(kept & (lost | np.isinf(computed)))
    if bad is not None:
        label = labels.reshape(-1)[bad]
        what = f"class_weight[{label}] = {class_weight[label]}"
        if weights is not None:
            what = f"{place('sample_weight', bad, weights.shape)} = {weights.reshape(-1)[bad]} times {what}"
        if normalizer != 1:
            what += f" over normalizer = {normalizer}"
        size = "large" if np.isinf(computed.reshape(-1)[bad]) else "small"
        raise ValueError(f"{what} is too {size} to compute with in float{64 if double_precision else 32}")


@quiet
def check_multipliers(
    weights: np.ndarray[Any, Any],
    normalizer: float,
    total: float,
    left_out: LeftOut,
    double_precision: bool,
) -> None:
    """Raise for the first weight that, over the normalizer, is infinite in the compute type; `total`: their sum."""
    if total / normalizer < _LARGEST:
        return
    multipliers = in_compute_type(weights.astype(np.float64) * (1 / normalizer), double_precision)
    bad = first_true(np.isinf(multipliers) & left_out.kept(weights.shape, weights))
    if bad is not None:
        raise ValueError(
            f"{place('sample_weight', bad, weights.shape)} = {weights.reshape(-1)[bad]} over normalizer = {normalizer} "
            f"is too large to compute with in float{64 if double_precision else 32}"
        )


def may_vanish(weights: np.ndarray[Any, Any]) -> bool:
    """Tell whether float32 takes a weight for 0 that is not (or weights are bad); the kernels see what is infinite."""
    if weights.dtype.kind != "f" or weights.itemsize != 8 or weights.min(initial=1.0) > _VANISHES:
        return False
    return bool(np.count_nonzero(weights > _VANISHES) != np.count_nonzero(weights))  # zeros that were zeros


@quiet
def check_elements(
    name: str,
    array: np.ndarray[Any, Any],
    domain: Domain,
    weights: np.ndarray[Any, Any] | None,
    left_out: LeftOut,
    double_precision: bool,
) -> None:
    """Raise for the first element outside its domain that is not left out; NaN is for the result to show.

    It is in the compute type that a number has to be inside: there one may be at the end of its domain.
    """
    values = in_compute_type(array, double_precision)
    bad = outside(values, domain, dtype_number(array.dtype)) & (array == array) & left_out.kept(array.shape, weights)
    refuse(name, array, bad, domain, values)


def target_form(
    y_true: np.ndarray[Any, Any],
    name: str,
    shape: tuple[int, ...],
    samples: tuple[int, ...],
    axis: int,
    target: RowTarget,
) -> str:
    """Return which of its forms the target of rows of classes has, by its shape; `axis` is what the user gave."""
    index = "index" in target.forms
    others = [form for form in target.forms if form != "index"]
    if others and y_true.shape == shape:
        if index and len(shape) == 1:
            raise ValueError(
                f"y_true and {name} have shape {shape}: one row of {shape[0]} classes with a probability for each, or "
                f"{shape[0]} samples of two classes? Of those the loss is binary_cross_entropy (of logits) or "
                f"binary_log_loss (of probabilities); one row is y_true[None, :] and {name}[None, :]"
            )
        return others[0]
    if index and y_true.shape == samples:
        return "index"
    one = "levels" if target.levels else "class indices"
    expected = [f"{samples} ({one})"] * index + [
        f"{shape} ({'probabilities' if form == 'soft' else 'one number for each class'})" for form in others
    ]
    raise ValueError(
        f"y_true has shape {y_true.shape}; for {name} of shape {shape} with classes on "
        f"axis {axis} it must have shape {' or '.join(expected)}"
    )


def without_axis(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return a shape without one of its axes, counted from the end."""
    place = len(shape) + axis
    return shape[:place] + shape[place + 1 :]


@quiet
def check_row_targets(
    y_true: np.ndarray[Any, Any],
    form: str,
    target: RowTarget,
    classes: int,
    axis: int,
    weights: np.ndarray[Any, Any] | None,
    left_out: LeftOut,
) -> None:
    """Raise for the first bad place of the target of rows of classes."""
    if form == "index":
        check_labels(y_true, classes, weights, left_out)
    elif form == "soft":
        check_soft_targets(y_true, axis, weights, left_out)
    else:
        kept = np.expand_dims(left_out.kept(without_axis(y_true.shape, axis), weights), axis)
        refuse("y_true", y_true, outside(y_true, target) & (y_true == y_true) & kept, target)


@quiet
def check_row_predictions(
    name: str,
    y_pred: np.ndarray[Any, Any],
    domain: Domain,
    axis: int,
    weights: np.ndarray[Any, Any] | None,
    left_out: LeftOut,
    double_precision: bool,
) -> None:
    """Raise for the first prediction outside its domain in a row that is not left out."""
    values = in_compute_type(y_pred, double_precision)
    kept = left_out.kept(without_axis(y_pred.shape, axis), weights)
    bad = outside(values, domain, dtype_number(y_pred.dtype)) & (y_pred == y_pred) & np.expand_dims(kept, axis)
    refuse(name, y_pred, bad, domain, values)


def ignored_labels(y_true: np.ndarray[Any, Any], ignore_index: int) -> np.ndarray[Any, Any]:
    """Return where a label is the one that is ignored: as integers, which float64 has not all of."""
    if y_true.dtype.kind != "f":
        return np.asarray(y_true == ignore_index)
    number = np.float64(ignore_index)
    return np.asarray((y_true == number) & (int(number) == ignore_index))


def check_labels(
    y_true: np.ndarray[Any, Any], classes: int, weights: np.ndarray[Any, Any] | None, left_out: LeftOut
) -> None:
    """Raise for the first label that is no class and is not left out."""
    kept = left_out.kept(y_true.shape, weights)
    if y_true.dtype.kind == "f":
        whole = np.isfinite(y_true) & (y_true == np.trunc(y_true))
        bad = first_true(~whole & kept)
        if bad is not None:
            raise ValueError(
                f"{place('y_true', bad, y_true.shape)} = {y_true.reshape(-1)[bad]} "
                "is not a class index (a whole number)"
            )
    bad = first_true(((y_true < 0) | (y_true >= classes)) & kept)
    if bad is not None:
        label = y_true.reshape(-1)[bad].item()
        fits = -(2**63) <= label < 2**63  # an ignore_index is an int64
        label = int(label) if fits else label
        valid = "only 0" if classes == 1 else f"0 to {classes - 1}"
        advice = f"; pass ignore_index={label} to skip it" if fits else ""
        least, most = y_true[kept].min(), y_true[kept].max()
        if least == 1 and most == classes:
            advice += ", or y_true - 1 if your classes count from 1: here they count from 0"
        elif classes == 2 and least == -1 and most == 1 and not (y_true[kept] == 0).any():
            advice += ", or (y_true + 1) // 2 if -1 and 1 are your classes: here they are 0 and 1"
        raise ValueError(
            f"{place('y_true', bad, y_true.shape)} = {label} is not a class of {classes} ({valid}){advice}"
        )


def check_soft_targets(
    y_true: np.ndarray[Any, Any], axis: int, weights: np.ndarray[Any, Any] | None, left_out: LeftOut
) -> None:
    """Raise for the first probability < 0, or row that does not add up to 1."""
    values = y_true.astype(np.float64)
    sums = values.sum(axis=axis)
    kept = left_out.kept(sums.shape, weights)
    bad = first_true((values < 0) & np.expand_dims(kept, axis))
    if bad is not None:
        raise ValueError(
            f"{place('y_true', bad, y_true.shape)} = {y_true.reshape(-1)[bad]} is not a probability: it is < 0"
        )
    bad = first_true((np.abs(sums - 1) > SUM_TOLERANCE * 0.99) & kept)
    if bad is not None:
        raise ValueError(
            f"{place('y_true', bad, sums.shape)} sums to {sums.reshape(-1)[bad]:.6g} over the classes; "
            "a soft target adds up to 1"
        )


# ---- parameters of a loss ---------------------------------------------------------------------------------------


def as_parameter(parameter: Parameter, value: Any) -> Any:
    """Return a parameter's value, checked against its domain: a float, an int, None, or an array."""
    if parameter.default is None and value is None:
        return None
    if parameter.kind == "labels":
        return as_labels(parameter.name, value)
    if parameter.kind in ("index", "axis"):
        return as_index(parameter.name, value)
    if parameter.kind == "choice":
        if not isinstance(value, str):
            raise TypeError(f"{parameter.name} must be {parameter.domain.description}, not {shown(value)}")
        value = str.__str__(value)
        if value not in parameter.domain:
            raise ValueError(f"{parameter.name} = {shown(value)} is not {parameter.domain.description}")
        return value
    if parameter.kind == "switch":
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{parameter.name} = {shown(value)} is not {parameter.domain.description}")
        return bool(value)
    if parameter.kind in ("per_class", "factor"):
        if isinstance(value, str | Mapping):
            raise TypeError(
                f"{parameter.name} = {shown(value)} is not an array with a number for each class, in their order: pass "
                "[weights[c] for c in range(C)], or if balanced len(y_true) / (C * np.bincount(y_true, minlength=C))"
            )
        check_class_order(parameter.name, value)
    may_be_number = parameter.kind != "per_class"
    if may_be_number and (parameter.kind == "number" or value is None or np.isscalar(value)):
        number = as_number(parameter.name, value)
        if number not in parameter.domain:
            raise ValueError(f"{parameter.name} = {shown(value)} is not {parameter.domain.description}")
        if parameter.kind == "element":
            check_digits(parameter.name, number, parameter.domain, double_precision=True)
        return number
    array = as_array(parameter.name, value)
    if may_be_number and array.dtype == np.bool_:
        raise TypeError(f"{parameter.name} has dtype bool; it must hold real numbers")
    if parameter.kind != "element" and array.ndim != 1 and not (may_be_number and array.ndim == 0):
        raise ValueError(
            f"{parameter.name} has {array.ndim} dimensions; it must have one, with a number for each class"
        )
    refuse(parameter.name, array, outside(array, parameter.domain), parameter.domain)
    if parameter.kind == "element":
        check_digits(parameter.name, array, parameter.domain, double_precision=True)
    if array.ndim == 0:
        return float(array)
    return array if parameter.kind == "element" else array.astype(np.float64)


def as_labels(name: str, value: Any) -> tuple[int, int]:
    """Return the labels of two classes as one of the two pairs that there are."""
    try:
        labels = tuple(np.asarray(value).tolist())
    except (TypeError, ValueError, OverflowError):
        labels = ()
    for known in LABELS:
        if labels == known:
            return known
    raise ValueError(f"{name} = {shown(value)} is neither (0, 1) nor (-1, 1): the negative class comes first")


def as_axis(axis: int, ndim: int) -> int:
    """Return an axis counted from the end."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis = {axis} is out of range for an array of {ndim} dimensions")
    return axis if axis < 0 else axis - ndim


def check_held_parameters(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> None:
    """Raise for the first parameter that holds a number which float32 cannot stand for."""
    for parameter in parameters:
        if values[parameter.name] is None:
            continue
        if parameter.kind == "element":
            check_digits(parameter.name, values[parameter.name], parameter.domain, double_precision=False)
        elif parameter.kind in _NUMBERS:
            check_held(parameter.name, values[parameter.name], parameter.domain)


# ---- outputs ----------------------------------------------------------------------------------------------------


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
    if dtype_number(array.dtype) not in _FLOATS:
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
    in_place: tuple[str, str] | None = None,
) -> bool:
    """Raise where an output shares memory with another array.

    `in_place` names an output and an input that may be the same elements. Return whether they are.
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
            if (name, other) == in_place and same_memory(outputs[name], array):
                is_in_place = True
                continue
            hint = ""
            if in_place is not None and other == in_place[1]:
                hint = f"; only {in_place[0]} may be written there, and only exactly in place"
            raise ValueError(f"{name} overlaps {other}{hint}")
    return is_in_place
