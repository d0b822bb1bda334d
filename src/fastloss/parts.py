"""Means over data that come in parts: what a part adds, and the denominator of all of them.

The weights of a call are added up without rounding, and so are those of its parts. So parts have the denominator of one
call over all data, to the bit, in whatever order they are added; a gradient of a part that is given it as `normalizer`
has the bits of its samples in that call.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .arrays import FLOATS, as_array, as_axis, dtype_number, without_axis
from .call import Checked, check, compute, read
from .kinds import fuses, kind_of
from .kinds.base import VALUE
from .parameters import as_parameter
from .rows import Row, RowTarget
from .runtime import kernels
from .samples import LeftOut, as_mask
from .scalars import shown

if TYPE_CHECKING:
    from .loss import Loss

#: What sums are counted in: every float64 is a whole number of it.
_UNIT = 2**1074
_UNIT_BITS = _UNIT.bit_length()
#: No predictions have a class for a label above it.
_MOST_LABEL = 2**31


class Partial:
    """Part of a mean: the weighted losses of some samples, and their weights. Parts add up; `Loss.partial` makes them.

    Attributes
    ----------
    value : float
        The mean over the samples that are in it; 0.0 where they have no weight.
    total : float
        The sum of weight x loss.
    weight : float
        The sum of the weights: the denominator of the mean.
    """

    __slots__ = ("_excess", "_losses", "_weights")

    def __init__(self, losses: int = 0, weights: int = 0, excess: float = 0.0) -> None:
        """Take sums in units of 2^-1074; `excess` is what of the losses is infinite or NaN."""
        self._losses, self._weights, self._excess = losses, weights, excess

    @property
    def total(self) -> float:
        """The sum of weight x loss."""
        return _quotient(self._losses, _UNIT) + self._excess

    @property
    def weight(self) -> float:
        """The sum of the weights: the denominator of the mean."""
        return _quotient(self._weights, _UNIT)

    @property
    def value(self) -> float:
        """The mean over the samples that are in it; 0.0 where they have no weight."""
        if not self._weights:
            return 0.0
        return _quotient(self._losses, self._weights) + self._excess

    def __add__(self, other: Any) -> Partial:
        if isinstance(other, int) and other == 0:  # what sum() begins with
            return self
        if not isinstance(other, Partial):
            return NotImplemented
        return Partial(
            self._losses + other._losses, self._weights + other._weights, self._excess + other._excess
        )  # fmt: skip

    __radd__ = __add__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Partial):
            return NotImplemented
        return self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[int, int, float]:
        return self._losses, self._weights, self._excess

    def __reduce__(self) -> Any:
        return Partial, self._state()

    def __repr__(self) -> str:
        return f"Partial(value={self.value!r}, weight={self.weight!r})"


def _quotient(numerator: int, denominator: int) -> float:
    """Return a quotient rounded once; infinity where it is beyond every float64."""
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


def partial(loss: Loss, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Partial:
    """Return what some samples add to a mean."""
    check_has_parts(loss._row, {**loss._parameters, **keywords})
    _refuse("partial", keywords, "reduction", "normalizer", "out", "wrt")
    sums = loss.try_partial(args, keywords)
    if sums is not None:
        return _partial(*sums)
    checked, factor, weights = _checked(loss, VALUE, args, {**keywords, "reduction": "sum", "normalizer": None})
    total = compute(checked)
    return _partial(factor * total if factor else 0.0, weights)


def check_part(loss: Loss, want: int, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Partial:
    """Check all of a call of some samples, and return their weights without their losses."""
    check_has_parts(loss._row, {**loss._parameters, **keywords})
    return Partial(0, _checked(loss, want, args, keywords)[2])


def _checked(loss: Loss, want: int, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> tuple[Checked, float, int]:
    """Return a call of which all is checked, what its results are multiplied by, and the sum of the weights."""
    row, weights = loss._row, kernels.frame.ExactSum()
    request = read(loss, want, args, keywords)
    if not _is_scaled(row):
        return check(request, weights), 1.0, weights.units()
    from .algebra import named, request_of

    (term,) = row.parts(request.parameters)
    alone = request_of(request, term, request.out, request.sample_weight, request.where)
    return named(row, term, lambda: check(alone, weights)), term.factor, weights.units()


def _partial(total: float, weights: int) -> Partial:
    if not math.isfinite(total):
        return Partial(0, weights, total)
    numerator, denominator = total.as_integer_ratio()
    return Partial(numerator << (_UNIT_BITS - denominator.bit_length()), weights)


def weights_of(loss: Loss, y_true: Any, shape: Any, dtype: Any, keywords: Mapping[str, Any]) -> Partial:
    """Return the weights of some samples without their losses, not rounded: they add up as parts do."""
    weights = kernels.frame.ExactSum()
    normalizer(loss, y_true, shape, dtype, keywords, weights)
    return Partial(0, weights.units())


def normalizer(
    loss: Loss, y_true: Any, shape: Any, dtype: Any, keywords: Mapping[str, Any], weights: Any = None
) -> float:
    """Return the denominator of a mean, from targets and weights alone; `weights`: an ``ExactSum`` for it."""
    row = loss._row
    check_has_parts(row, {**loss._parameters, **keywords})
    known = ["shape", "dtype", *loss._parameters, "sample_weight", "where"]
    for name in keywords:
        if name not in known:
            raise TypeError(f"normalizer has no keyword {name!r}; it has {known}")
    if row.ragged:
        raise TypeError(f"{row.name} has no normalizer: pass the sum of the weights of its samples")
    if _is_scaled(row):
        from .algebra import named

        given = {name: value for name, value in keywords.items() if name in loss._parameters}
        rest = {name: value for name, value in keywords.items() if name not in given}
        (term,) = row.parts(loss.bind(**given)._parameters)
        alone = type(loss)(term.row, dict(term.parameters))
        number: float = named(row, term, lambda: normalizer(alone, y_true, shape, dtype, rest, weights))
        return number
    if row.of_rows is not None:
        given = {
            p.name: as_parameter(p, keywords[p.name]) if p.name in keywords else loss._parameters[p.name]
            for p in row.parameters
        }
        known_there = {parameter.name for parameter in row.of_rows.parameters}
        rows = type(loss)(row.of_rows, {name: value for name, value in given.items() if name in known_there})
        others = {n: value for n, value in keywords.items() if n in ("sample_weight", "where")}
        if y_true is None:
            raise TypeError(f"normalizer of {row.name} needs y_true")
        return normalizer(rows, y_true, shape, dtype, others, weights)
    kind = _as_dtype(dtype)
    samples = None if shape is None else _as_shape(shape)
    parameters = loss._parameters | {
        parameter.name: as_parameter(parameter, keywords[parameter.name])
        for parameter in row.parameters
        if parameter.name in keywords
    }
    target = None if y_true is None else as_array("y_true", y_true)
    has_targets = any(operand.name == "y_true" for operand in row.operands)
    if target is not None and not has_targets:
        raise TypeError(f"{row.name} has no targets: its normalizer needs shape, that of the samples, not y_true")
    if target is None and (has_targets or samples is None):
        needed = "y_true" if has_targets else "shape, that of the samples"
        raise TypeError(f"normalizer of {row.name} needs {needed}")
    arrays = []
    for operand in row.operands:
        if operand.name == "y_true":
            arrays.append(y_true)  # not what was read of it, which has no labels
            continue
        if row.axes == "R":
            own = _shape_of_images(row, target, samples, parameters)
        else:
            own = _shape_of(row, operand.axes, target, samples, parameters, keywords.get("where"))
        number = next(x for x in (0.0, 0.5, 1.0) if x in operand.domain)
        try:
            arrays.append(np.broadcast_to(np.asarray(number, kind), own))
        except ValueError as error:
            name = "y_true" if samples is None else "shape"
            raise ValueError(f"{name} asks for predictions of the shape {own}: {error}") from None
    # Whether the weights of a part alone can be divided by does not matter.
    reduction = {"reduction": "mean" if weights is None else "sum", "normalizer": None}
    return check(read(loss, VALUE, tuple(arrays), {**keywords, **reduction}), weights).number


def _shape_of(
    row: Row, axes: str, target: Any, samples: tuple[int, ...] | None, parameters: Mapping[str, Any], where: Any
) -> tuple[int, ...]:
    """Return a shape that an array of predictions may have."""
    if axes != "C":
        own = samples if samples is not None else target.shape
        if axes == "D":  # labels are checked against it
            numbers = _most(target, where, None) + 1 if isinstance(row.target, RowTarget) else 1
            place = as_axis(parameters.get("axis", -1), len(own) + 1) + len(own) + 1
            return (*own[:place], numbers, *own[place:])
        return (*own, *((int(axes),) if axes.isdigit() else (1,) if axes else ()))
    assert isinstance(row.target, RowTarget)
    axis = parameters["axis"]
    index = bool({"index", "number"} & set(row.target.forms))
    if index and len(row.target.forms) > 1:  # by index or with a number for each class: as `shape`, or the type, tells
        index = target.dtype.kind != "f" if samples is None else target.shape == samples
    if not index and not target.ndim:
        raise ValueError("y_true has no dimensions; it needs an axis of classes")
    given = target.shape if index else without_axis(target.shape, as_axis(axis, target.ndim))
    if samples not in (None, given):
        raise ValueError(f"y_true has shape {target.shape}, which is not of samples of the shape {samples}")
    if not index:
        return tuple(target.shape)
    if row.target.forms == ("number",):
        place = as_axis(axis, target.ndim + 1) + target.ndim + 1
        columns = max(np.size(parameters[p.name]) for p in row.parameters if p.kind == "factor")
        return (*target.shape[:place], columns, *target.shape[place:])
    by_class = parameters.get("class_weight")
    labels = _most(target, where, parameters.get("ignore_index")) + 1 if by_class is None else len(by_class)
    place = as_axis(axis, target.ndim + 1) + target.ndim + 1
    return (*target.shape[:place], max(labels - row.target.levels, 1), *target.shape[place:])


def _shape_of_images(
    row: Row, target: Any, samples: tuple[int, ...] | None, parameters: Mapping[str, Any]
) -> tuple[int, ...]:
    """Return a shape that the predictions of images may have: that of masks, or of labels with an axis of classes."""
    mode = parameters.get("mode", "multiclass" if "axis" in parameters else "binary")
    if mode != "multiclass" or (target.dtype.kind == "f" and "mode" in parameters):  # of float: shares of the classes
        own = tuple(target.shape)
    else:
        given, counted, axis = parameters.get("class_weight"), parameters["classes"], parameters["axis"]
        classes = _most(target, None, parameters["ignore_index"]) + 1
        if samples is not None and len(samples) == 2:
            classes = samples[1]
        elif given is not None:
            classes = len(given)
        elif not isinstance(counted, str):
            classes = max(classes, max(counted) + 1)
        elif not row.together and counted == "all" and "mode" in parameters:
            raise TypeError(
                f"normalizer of {row.name} needs shape, that of the samples (images, classes): labels do not tell how "
                "many classes there are"
            )
        place = as_axis(axis, target.ndim + 1) + target.ndim + 1
        own = (*target.shape[:place], classes, *target.shape[place:])
    found = kind_of(row).samples(row, np.broadcast_to(np.float64(0), own), parameters)
    if samples not in (None, found):
        raise ValueError(f"y_true has shape {target.shape}, which is not of samples of the shape {samples}")
    return own


def _most(labels: Any, where: Any, ignore_index: int | None) -> int:
    """Return the largest label that is read; what is no label is for the call to refuse."""
    read = LeftOut(as_mask(where, labels.shape), labels, ignore_index).read(labels.shape)
    if labels.dtype.kind == "f":
        read &= np.isfinite(labels)
    return min(int(labels[read].max(initial=1)), _MOST_LABEL)


def _as_dtype(dtype: Any) -> np.dtype[Any]:
    try:
        kind: np.dtype[Any] = np.dtype(dtype)
        known = dtype_number(kind) in FLOATS
    except TypeError:
        known = False
    if not known:
        raise TypeError(f"dtype = {shown(dtype)} is not that of a prediction: float16, bfloat16, float32 or float64")
    return kind


def _as_shape(shape: Any) -> tuple[int, ...]:
    lengths = (shape,) if isinstance(shape, int | np.integer) else shape
    if not isinstance(lengths, tuple | list) or not all(isinstance(n, int | np.integer) and n >= 0 for n in lengths):
        raise TypeError(f"shape = {shown(shape)} is not the shape of an array: whole numbers >= 0")
    return tuple(int(n) for n in lengths)


def check_has_parts(row: Row, parameters: Mapping[str, Any] | None = None) -> None:
    """Raise for a loss that is no sum over samples; of regions these are images, where `parameters` say so."""
    if row.couples or row.against or row.axes == "ND" or (row.axes == "R" and parameters is None):
        raise TypeError(f"{row.name} has no parts: it is no sum over samples")
    terms = [(f"{name}_over", term) for name, term in row.terms] or [("over", row)]
    if parameters is not None:
        for over, term in terms:
            if term.axes == "R" and parameters[over] == "batch":
                raise TypeError(f"{row.name} has no parts with {over}='batch': it is no sum over images")
    if len(row.terms) > 1 and not fuses(row.kind):
        raise TypeError(
            f"{row.name} has no parts: each of its terms has a denominator of its own; take those of the terms"
        )


def _is_scaled(row: Row) -> bool:
    """Tell whether a row is a factor times a loss that does not take the factor into its own pass."""
    return bool(row.terms) and not fuses(row.kind)


def _refuse(method: str, keywords: Mapping[str, Any], *names: str) -> None:
    for name in names:
        if name in keywords:
            raise TypeError(f"{method} has no keyword {name!r}")
