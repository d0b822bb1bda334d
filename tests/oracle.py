"""The truth: one textbook formula for each loss, the value only, in as many digits as the answer needs.

Derivatives are never written down. A formula is run on `Jet`s, numbers that carry their first and second derivative
through the same arithmetic, so what comes out is the exact derivative of the formula that stands here.

A formula takes and returns numbers of mpmath (or jets), one element or one row of classes at a time. It may return a
list of terms instead of their sum: where terms of opposite sign cancel, the largest is the scale of the error bound.
A new loss needs one function with the catalogue's name, under ``@textbook``.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

ORACLE: dict[str, Callable[..., Any]] = {}
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def textbook(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Enter the formula of a loss into `ORACLE`."""
    ORACLE[formula.__name__] = formula
    return formula


def textbook_function(formula: Callable[..., Any]) -> Callable[..., Any]:
    """Enter the formula of a function beside the losses into `FUNCTIONS`."""
    FUNCTIONS[formula.__name__] = formula
    return formula


# -- numbers with derivatives -----------------------------------------------------------------------------------------


class Jet:
    """A number, its first and its second derivative with respect to one variable."""

    __slots__ = ("first", "second", "value")

    def __init__(self, value: Any, first: Any = 0, second: Any = 0) -> None:
        self.value, self.first, self.second = value, first, second

    def compose(self, value: Any, first: Any, second: Any) -> Jet:
        """Return f(self), given f and its two derivatives at this value."""
        return Jet(value, first * self.first, second * self.first * self.first + first * self.second)

    def __add__(self, other: Any) -> Jet:
        if isinstance(other, Jet):
            return Jet(self.value + other.value, self.first + other.first, self.second + other.second)
        return Jet(self.value + other, self.first, self.second)

    def __mul__(self, other: Any) -> Jet:
        if isinstance(other, Jet):
            cross = self.first * other.first
            return Jet(
                self.value * other.value,
                self.first * other.value + self.value * other.first,
                self.second * other.value + 2 * cross + self.value * other.second,
            )
        return Jet(self.value * other, self.first * other, self.second * other)

    def __truediv__(self, other: Any) -> Jet:
        if isinstance(other, Jet):
            inverse = 1 / other.value
            return self * other.compose(inverse, -(inverse**2), 2 * inverse**3)
        return Jet(self.value / other, self.first / other, self.second / other)

    def __neg__(self) -> Jet:
        return Jet(-self.value, -self.first, -self.second)

    def __sub__(self, other: Any) -> Jet:
        return self + -other

    def __rsub__(self, other: Any) -> Jet:
        return -self + other

    def __rtruediv__(self, other: Any) -> Jet:
        return Jet(other) / self

    def __abs__(self) -> Jet:
        """At 0 the derivative is 0, the midpoint of the subgradient."""
        return self * mp.sign(self.value)

    def __le__(self, other: Any) -> bool:
        return value_of(self) <= value_of(other)

    __radd__ = __add__
    __rmul__ = __mul__


def value_of(x: Any) -> Any:
    """Return the number without its derivatives: a constant."""
    return x.value if isinstance(x, Jet) else x


@functools.lru_cache(maxsize=1 << 14)
def _constant_exp(x: mpf, digits: int) -> mpf:  # the digits are part of the key: one exp serves every column of a row
    return mp.exp(x)


def exp(x: Any) -> Any:
    if isinstance(x, Jet):
        e = _constant_exp(x.value, mp.dps)
        return x.compose(e, e, e)
    return _constant_exp(x, mp.dps)


def log(x: Any) -> Any:
    if isinstance(x, Jet):
        return x.compose(mp.log(x.value), 1 / x.value, -1 / x.value**2)
    return mp.log(x)


def log_sum_exp(row: Iterable[Any]) -> Any:
    return log(sum(map(exp, row)))


# -- the losses -------------------------------------------------------------------------------------------------------


@textbook
def squared_error(y_true: Any, y_pred: Any) -> Any:
    return (y_pred - y_true) * (y_pred - y_true)


@textbook
def half_squared_error(y_true: Any, y_pred: Any) -> Any:
    return (y_pred - y_true) * (y_pred - y_true) / 2


@textbook
def absolute_error(y_true: Any, y_pred: Any) -> Any:
    return abs(y_pred - y_true)


@textbook
def huber(y_true: Any, y_pred: Any, delta: Any) -> Any:
    r = y_pred - y_true
    return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


@textbook
def binary_cross_entropy(y_true: Any, y_pred: Any, pos_weight: Any, label_smoothing: Any) -> Any:
    y = y_true * (1 - label_smoothing) + label_smoothing / 2
    return [(1 - y) * log(1 + exp(y_pred)), pos_weight * y * log(1 + exp(-y_pred))]


@textbook
def cross_entropy(y_true: Any, y_pred: Sequence[Any], class_weight: Sequence[Any], label_smoothing: Any) -> Any:
    if not label_smoothing and not isinstance(y_true, Sequence):
        return class_weight[y_true] * (log_sum_exp(y_pred) - y_pred[y_true])
    if not isinstance(y_true, Sequence):
        y_true = [int(c == y_true) for c in range(len(y_pred))]
    y = [
        w * ((1 - label_smoothing) * p + label_smoothing / len(y_pred))
        for w, p in zip(class_weight, y_true, strict=True)
    ]
    # sum_c y_c (lse - x_c), the largest logit taken off both as a constant: no term is larger than the answer
    largest = max(map(value_of, y_pred))
    return [sum(y) * (log_sum_exp(y_pred) - largest), *(p * (largest - x) for p, x in zip(y, y_pred, strict=True))]


# -- the functions beside them ----------------------------------------------------------------------------------------


@textbook_function
def softmax(row: Sequence[Any], place: int) -> Any:
    return exp(row[place]) / sum(map(exp, row))


@textbook_function
def log_softmax(row: Sequence[Any], place: int) -> Any:
    return row[place] - log_sum_exp(row)


@textbook_function
def logsumexp(row: Sequence[Any]) -> Any:
    return log_sum_exp(row)


@textbook_function
def sigmoid(x: Any) -> Any:
    return 1 / (1 + exp(-x))


@textbook_function
def log_sigmoid(x: Any) -> Any:
    return -log(1 + exp(-x))


@textbook_function
def softplus(x: Any) -> Any:
    return log(1 + exp(x))


# -- the truth of one result ------------------------------------------------------------------------------------------


class Truth(NamedTuple):
    """An exact number, and the size of the largest term in it, which is the number itself where nothing cancels."""

    exact: mpf
    scale: mpf


def exact(number: Any) -> mpf:
    """Return a NumPy or Python number without rounding."""
    if isinstance(number, mpf):
        return number
    if not isinstance(number, np.longdouble):
        return mpf(float(number))
    fraction, exponent = np.frexp(number)
    high = float(fraction)
    with mp.workprec(64 + 53):
        return mp.ldexp(mpf(high) + mpf(float(fraction - np.longdouble(high))), int(exponent))


def enough_digits(numbers: Iterable[Any], dtype: Any) -> Any:
    """Return a context of mpmath in which 1 + exp(-spread) keeps 50 digits, and so does what is left of the numbers
    when they cancel.

    Beyond the spread at which the answer itself underflows in `dtype` no more are needed; one number alone is sure to
    cancel, and what is left must be less than that.
    """
    numbers = [exact(x) for x in numbers]
    spread = underflow = -math.log(np.finfo(dtype).smallest_subnormal)
    if len(numbers) > 1:
        spread = float(min(max(numbers) - min(numbers), mpf(underflow)))
    largest = max(0, *(mp.mag(x) for x in numbers if x), 0)
    return mp.workdps(50 + round(largest * math.log10(2)) + round(spread / math.log(10)))


def _truths(terms: Any) -> tuple[Truth, Truth, Truth]:
    """Sum the terms of a formula: value, first and second derivative, each with its scale."""
    jets = [
        term if isinstance(term, Jet) else Jet(term, mpf(0), mpf(0))
        for term in (terms if isinstance(terms, list) else [terms])
    ]
    results = []
    for part in ("value", "first", "second"):
        parts = [getattr(jet, part) for jet in jets]
        above, below = sum(x for x in parts if x > 0), sum(x for x in parts if x < 0)
        results.append(Truth(mpf(above + below), mpf(max(above, -below))))
    return tuple(results)


def loss_of_element(name: str, y_true: Any, y_pred: Any, dtype: Any, **parameters: Any) -> tuple[Truth, Truth, Truth]:
    """Return value, gradient and Hessian of a pointwise loss at one place."""
    with enough_digits((0, y_pred), dtype):
        given = {key: exact(value) for key, value in parameters.items()}
        return _truths(ORACLE[name](exact(y_true), Jet(exact(y_pred), mpf(1), mpf(0)), **given))


def loss_of_row(
    name: str, y_true: Any, y_pred: Sequence[Any], places: Iterable[int], dtype: Any, **parameters: Any
) -> list[tuple[Truth, Truth, Truth]]:
    """Return value, gradient and Hessian diagonal of a rowwise loss, with respect to the logits at `places`."""
    with enough_digits(y_pred, dtype):
        row = [exact(x) for x in y_pred]
        target = int(y_true) if np.ndim(y_true) == 0 else [exact(p) for p in y_true]
        given = {
            key: [exact(v) for v in value] if np.ndim(value) else exact(value) for key, value in parameters.items()
        }
        results = []
        for place in places:
            varied = [*row[:place], Jet(row[place], mpf(1), mpf(0)), *row[place + 1 :]]
            results.append(_truths(ORACLE[name](target, varied, **given)))
        return results


def fold(y_pred: np.ndarray, kept: Sequence[int]) -> list[Any]:
    """Return the row with all classes but `kept` folded into one last logit, the logarithm of their exponentials' sum.

    That one number is computed in extended precision, so that a row of a million classes costs one pass of NumPy; the
    classes that are kept, and whatever cancels among them, are still computed in full digits.
    """
    others = np.delete(y_pred, kept).astype(np.longdouble)
    row = [y_pred[place] for place in kept]
    if others.size:
        with np.errstate(under="ignore"):
            largest = others.max()
            rest = np.log(np.exp(others - largest).sum())
        with mp.workdps(700):  # the two may be of very different size: nothing of either may be lost
            row.append(exact(largest) + exact(rest))
    return row


# -- units in the last place ------------------------------------------------------------------------------------------


def spacing(number: mpf, dtype: Any) -> mpf:
    """Return the distance of neighbours in `dtype` at the size of `number`."""
    info = np.finfo(dtype)
    exponent = mp.mag(number) - 1 if number else info.minexp
    return mp.ldexp(1, max(int(exponent), int(info.minexp)) - int(info.nmant))


def rounded(number: mpf, dtype: Any) -> mpf:
    """Round to nearest, ties to even, in `dtype`: subnormals and overflow included."""
    unit = spacing(number, dtype)
    nearest = mp.nint(number / unit) * unit
    return mp.sign(number) * mp.inf if abs(nearest) > mpf(float(np.finfo(dtype).max)) else nearest


def ulps(computed: Any, truth: Truth, dtype: Any) -> float:
    """Return the error of `computed` in units of the last place of the correctly rounded truth, or of its larger scale.

    No error is forgiven for being small: near 0 the unit is the smallest subnormal. Infinities must be the same, NaN is
    never right.
    """
    with mp.workdps(60 + max(0, int(mp.mag(truth.exact) if truth.exact else 0) // 3)):
        nearest = rounded(truth.exact, dtype)
        if mp.isinf(nearest) or not np.isfinite(computed):
            return 0.0 if mpf(float(computed)) == nearest else math.inf
        scale = max(abs(nearest), abs(rounded(truth.scale, dtype)))
        return float(abs(exact(computed) - truth.exact) / spacing(scale, dtype))
