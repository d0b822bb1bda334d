"""The truth: one textbook formula for each loss, the value only, in as many digits as the answer needs.

Derivatives are never written down. A formula is run on `Jet`s, numbers that carry their first and second derivative
through the same arithmetic, so what comes out is the exact derivative of the formula that stands here.

A formula takes and returns numbers of mpmath (or jets), one element or one row of classes at a time. It may return a
list of terms instead of their sum: where terms of opposite sign cancel, the largest is the scale of the error bound.
A new loss needs one function with the catalogue's name, under ``@textbook``.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
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

    def __lt__(self, other: Any) -> bool:
        return value_of(self) < value_of(other)

    def __ge__(self, other: Any) -> bool:
        return value_of(self) >= value_of(other)

    def __gt__(self, other: Any) -> bool:
        return value_of(self) > value_of(other)

    __radd__ = __add__
    __rmul__ = __mul__


def value_of(x: Any) -> Any:
    """Return the number without its derivatives: a constant."""
    return x.value if isinstance(x, Jet) else x


@functools.lru_cache(maxsize=1 << 14)
def _constant_exp(x: mpf, digits: int) -> mpf:  # the digits are part of the key: one exp serves every column of a row
    # Of numbers like -e^(10^40), at the end of a log-scale, mpmath would need all digits.
    return mpf(0) if x < -(mpf(10) ** 1000) else mp.exp(x)


def exp(x: Any) -> Any:
    if isinstance(x, Jet):
        e = _constant_exp(x.value, mp.dps)
        return x.compose(e, e, e)
    return _constant_exp(x, mp.dps)


def log(x: Any) -> Any:
    if isinstance(x, Jet):
        return x.compose(mp.log(x.value), 1 / x.value, -1 / x.value**2)
    return mp.log(x)


def erf(x: Any) -> Any:
    if isinstance(x, Jet):
        slope = 2 / mp.sqrt(mp.pi) * exp(-(x.value**2))
        return x.compose(mp.erf(x.value), slope, -2 * x.value * slope)
    return mp.erf(x)


def tanh(x: Any) -> Any:
    if isinstance(x, Jet):
        t = mp.tanh(x.value)
        slope = mp.sech(x.value) ** 2
        return x.compose(t, slope, -2 * t * slope)
    return mp.tanh(x)


def power(x: Any, exponent: Any) -> Any:
    """Return x^exponent for x >= 0; a constant 0 where x is."""
    if not value_of(x):
        return mpf(exponent == 0)
    return exp(exponent * log(x))


def squared(x: Any) -> Any:
    return x * x


def sqrt(x: Any) -> Any:
    if isinstance(x, Jet):
        root = mp.sqrt(x.value)
        return x.compose(root, 1 / (2 * root), -1 / (4 * root**3))
    return mp.sqrt(x)


def sigmoid_of(x: Any) -> Any:
    return 1 / (1 + exp(-x))


def positive_part(x: Any) -> Any:
    """max(0, x); at 0 the derivative is 1/2, the midpoint of the subgradient."""
    return x if x > 0 else x * (0 if x < 0 else mpf(1) / 2)


def product(a: Any, b: Any) -> list[Any]:
    """a b as terms whose derivatives are those of the product rule, a'' b, a b'' and 2 a' b': they may cancel."""
    fixed_a, fixed_b = value_of(a), value_of(b)
    return [a * fixed_b, fixed_a * (b - fixed_b), (a - fixed_a) * (b - fixed_b)]


def sign_of(label: Any) -> int:
    """The label of one of two classes as 1 or -1."""
    return 1 if label > 0 else -1


def log_sum_exp(row: Iterable[Any]) -> Any:
    return log(sum(map(exp, row)))


# -- losses of several arrays: their formulas take these in the order of a call ---------------------------------------


@textbook
def margin_ranking(y_true: Any, first: Any, second: Any, margin: Any) -> Any:
    return positive_part(margin - y_true * (first - second))


@textbook
def bradley_terry(chosen: Any, rejected: Any) -> Any:
    return log(1 + exp(rejected - chosen))


@textbook
def simpo(chosen: Any, rejected: Any, beta: Any, gamma: Any) -> Any:
    return log(1 + exp(gamma - beta * (chosen - rejected)))


@textbook
def policy_gradient(advantage: Any, log_prob: Any) -> Any:
    return -advantage * log_prob


@textbook
def dpo(
    reference_chosen: Any,
    reference_rejected: Any,
    chosen: Any,
    rejected: Any,
    beta: Any,
    label_smoothing: Any,
    form: str,
) -> Any:
    h = (chosen - rejected) - (reference_chosen - reference_rejected)
    if form == "hinge":
        return positive_part(1 - beta * h)
    if form == "ipo":
        return squared(h - 1 / (2 * beta))
    right, wrong = log(1 + exp(-(beta * h))), log(1 + exp(beta * h))
    return [(1 - label_smoothing) * right, label_smoothing * wrong]


@textbook
def orpo(chosen: Any, rejected: Any) -> Any:
    odds, others = (exp(x) / (1 - exp(x)) for x in (chosen, rejected))
    return log(1 + others / odds)


@textbook
def kto(desirable: Any, reference: Any, log_prob: Any, baseline: Any, beta: Any) -> Any:
    return 1 - sigmoid_of(sign_of(desirable) * (beta * (log_prob - reference) - baseline))


@textbook
def value_clip(returns: Any, old_values: Any, values: Any, clip: Any) -> Any:
    """On either side of a kink, halved: away from one both sides are the same."""

    def side(least: Any) -> Any:
        moved = value_of(values) - old_values
        outside = abs(moved) > clip or (abs(moved) == clip and moved * least > 0) or (not clip and not moved)
        edge = old_values + (clip if moved > 0 or (not moved and least > 0) else -clip) - returns
        plain = values - returns
        if not outside:
            return squared(plain) / 2
        size = abs(value_of(plain)) - abs(edge)
        # where both squares are the same, the plain one is the larger on that side on which it grows
        grows = value_of(plain) * least > 0 or not value_of(plain)
        return squared(plain) / 2 if size > 0 or (not size and grows) else Jet(squared(edge) / 2)

    return side(-1) / 2 + side(1) / 2


@textbook
def kl_estimate(reference: Any, log_prob: Any, kind: str) -> Any:
    d = log_prob - reference
    return {"k1": d, "k2": squared(d) / 2, "k3": exp(-d) - 1 + d}[kind]


@textbook
def gan(is_real: Any, scores: Any, role: str, form: str) -> Any:
    t = sign_of(is_real)
    if role == "generator":
        generated = {
            "non_saturating": lambda: -log(sigmoid_of(scores)),
            "minimax": lambda: log(1 - sigmoid_of(scores)),
            "least_squares": lambda: squared(scores - 1) / 2,
            "hinge": lambda: -scores,
            "wasserstein": lambda: -scores,
        }
        return 0 * scores if is_real else generated[form]()
    if form == "least_squares":
        return squared(scores - is_real) / 2
    if form == "hinge":
        return positive_part(1 - t * scores)
    return -t * scores if form == "wasserstein" else -log(sigmoid_of(t * scores))


@textbook
def ppo_clip(advantage: Any, old_log_prob: Any, log_prob: Any, low: Any, high: Any) -> Any:
    rho = exp(log_prob - old_log_prob)
    clipped = 1 - low + positive_part(rho - (1 - low)) - positive_part(rho - (1 + high))
    return -rho * advantage + positive_part(rho * advantage - clipped * advantage)


# -- the losses -------------------------------------------------------------------------------------------------------


@textbook
def squared_error(y_true: Any, y_pred: Any) -> Any:
    return (y_pred - y_true) * (y_pred - y_true)


@textbook
def half_squared_error(y_true: Any, y_pred: Any) -> Any:
    return (y_pred - y_true) * (y_pred - y_true) / 2


@textbook
def root_mean_squared_error(y_true: Sequence[Any], y_pred: Sequence[Any], weights: Sequence[Any]) -> Any:
    squares = (w * squared(p - y) for y, p, w in zip(y_true, y_pred, weights, strict=True))
    return sqrt(sum(squares) / sum(weights))


@textbook
def absolute_error(y_true: Any, y_pred: Any) -> Any:
    return abs(y_pred - y_true)


@textbook
def huber(y_true: Any, y_pred: Any, delta: Any) -> Any:
    r = y_pred - y_true
    return r * r / 2 if abs(r) <= delta else delta * (abs(r) - delta / 2)


@textbook
def smooth_l1(y_true: Any, y_pred: Any, beta: Any) -> Any:
    r = y_pred - y_true
    return r * r / (2 * beta) if abs(r) <= beta else abs(r) - beta / 2


@textbook
def pseudo_huber(y_true: Any, y_pred: Any, delta: Any) -> Any:
    z = (y_pred - y_true) / delta
    return delta * delta * (sqrt(1 + z * z) - 1)


@textbook
def log_cosh(y_true: Any, y_pred: Any) -> Any:
    r = y_pred - y_true
    return log((exp(r) + exp(-r)) / 2)


@textbook
def quantile(y_true: Any, y_pred: Any, alpha: Any) -> Any:
    r = y_pred - y_true
    return (1 - alpha) * positive_part(r) + alpha * positive_part(-r)


@textbook
def quantiles(y_true: Any, y_pred: Any, levels: Any) -> Any:
    columns = len(y_pred)
    if levels is None:
        levels = [(k + mpf(1) / 2) / columns for k in range(columns)]
    elif not isinstance(levels, list):
        levels = [levels] * columns
    return [quantile(y_true, x, level) / columns for x, level in zip(y_pred, levels, strict=True)]


@textbook
def expectile(y_true: Any, y_pred: Any, alpha: Any) -> Any:
    r = y_pred - y_true
    return r * r * (1 - alpha if r > 0 else alpha if r < 0 else mpf(1) / 2)


@textbook
def squared_log_error(y_true: Any, y_pred: Any) -> Any:
    difference = log((1 + y_pred) / (1 + y_true))
    return product(difference, difference)


@textbook
def absolute_percentage_error(y_true: Any, y_pred: Any, floor: Any) -> Any:
    return abs(y_pred - y_true) / max(abs(y_true), floor)


@textbook
def symmetric_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """2 |p - y| / (|y| + |p|), as 2 of different signs and as +-2 (1 - 2 |y| / (|y| + |p|)) of the same: so written its
    derivative is one term. Where the prediction is 0 it is the mean of both sides.
    """
    y, p = abs(y_true), abs(y_pred)
    if y_true * value_of(y_pred) < 0 or (not y_true and value_of(y_pred)):
        return 2 + 0 * y_pred
    if not value_of(y_pred):
        return 2 * (2 * y / (y + mp.sign(y_true) * y_pred) - 1) / 2 + mpf(1) if y_true else 0 * y_pred
    return 2 * mp.sign(value_of(p) - y) * (1 - 2 * y / (y + p))


@textbook
def fair(y_true: Any, y_pred: Any, c: Any) -> Any:
    r = y_pred - y_true
    if not value_of(r):
        return r * r / 2  # the first term of the series: |r| has no second derivative at 0, the loss has
    return c * c * (abs(r) / c - log(1 + abs(r) / c))


@textbook
def cauchy(y_true: Any, y_pred: Any, c: Any) -> Any:
    z = (y_pred - y_true) / c
    return c * c / 2 * log(1 + z * z)


@textbook
def geman_mcclure(y_true: Any, y_pred: Any, c: Any) -> Any:
    r = y_pred - y_true
    return r * r / 2 / (1 + r * r / (c * c))


@textbook
def welsch(y_true: Any, y_pred: Any, c: Any) -> Any:
    z = (y_pred - y_true) / c
    return c * c / 2 * (1 - exp(-(z * z)))


@textbook
def tukey_biweight(y_true: Any, y_pred: Any, c: Any) -> Any:
    z = (y_pred - y_true) / c
    w = 1 - z * z
    return c * c / 6 * (1 - w * w * w) if w > 0 else c * c / 6


@textbook
def general_robust(y_true: Any, y_pred: Any, alpha: Any, scale: Any) -> Any:
    square = squared((y_pred - y_true) / scale)
    if abs(alpha) == mp.inf:
        return 1 - exp(-square / 2) if alpha < 0 else exp(square / 2) - 1
    if alpha == 2:
        return square / 2
    if alpha == 0:
        return log(square / 2 + 1)
    return abs(alpha - 2) / alpha * (power(square / abs(alpha - 2) + 1, alpha / 2) - 1)


@textbook
def gaussian_nll(y_true: Any, location: Any, log_scale: Any, full: Any = False) -> Any:
    constant = [mp.log(2 * mp.pi) / 2] if full else []
    return [log_scale, squared(location - y_true) * exp(-2 * log_scale) / 2, *constant]


@textbook
def laplace_nll(y_true: Any, location: Any, log_scale: Any, full: Any = False) -> Any:
    return [log_scale, abs(location - y_true) * exp(-log_scale), *([mp.log(2)] if full else [])]


@textbook
def student_t_nll(y_true: Any, location: Any, log_scale: Any, df: Any, full: Any = False) -> Any:
    """Of two terms, whose second derivatives are those of the quotient rule: 1 / (1 + u)^2 and -u / (1 + u)^2."""
    u = squared(location - y_true) * exp(-2 * log_scale) / df
    second = u / (1 + value_of(u)) ** 2
    terms = [log_scale, (df + 1) / 2 * (log(1 + u) - second), (df + 1) / 2 * second]
    return [*terms, mp.loggamma(df / 2) - mp.loggamma((df + 1) / 2) + mp.log(mp.pi * df) / 2] if full else terms


@textbook
def crps_gaussian(y_true: Any, location: Any, log_scale: Any) -> Any:
    sigma = exp(log_scale)
    z = (location - y_true) / sigma
    return [
        sigma * z * erf(z / mp.sqrt(2)),
        sigma * mp.sqrt(2 / mp.pi) * exp(-z * z / 2),
        -sigma / mp.sqrt(mp.pi),
    ]


@textbook
def poisson(y_true: Any, y_pred: Any, full: Any = False) -> Any:
    return [exp(y_pred), -y_true * y_pred, *([mp.loggamma(y_true + 1)] if full else [])]


@textbook
def zero_inflated_poisson(y_true: Any, log_rate: Any, zero_logit: Any, full: Any = False) -> Any:
    """Of two terms where y = 0: those of the second derivatives, l u - l^2 u (1 - u) and c v - c w, cross 0."""
    rate, odds = exp(log_rate), exp(zero_logit)
    if y_true:
        return [log(1 + odds), rate, -y_true * log_rate, *([mp.loggamma(y_true + 1)] if full else [])]
    none = exp(-rate)
    loss = log(1 + (1 - none) / (odds + none))
    s, t, l, other = value_of(log_rate), value_of(zero_logit), value_of(rate), value_of(none)
    of_sum, of_rest = (x / (value_of(odds) + other) for x in (value_of(odds), other))  # sigmoid(t + l), sigmoid(-t - l)
    by_rate = l * l * of_rest * of_sum * squared(log_rate - s) / 2
    crossing = of_rest if t < 0 < t + l else sigmoid_of(-t)
    by_logit = (1 - other) * sigmoid_of(-t) * of_sum * crossing * squared(zero_logit - t) / 2
    return [loss + by_rate + by_logit, -(by_rate + by_logit)]


@textbook
def gamma(y_true: Any, y_pred: Any) -> Any:
    return [y_pred, y_true * exp(-y_pred)]


@textbook
def beta_nll(y_true: Any, location: Any, log_scale: Any, beta: Any, full: Any = False) -> Any:
    """The weight is held constant."""
    weight = exp(2 * beta * value_of(log_scale))
    constant = [weight * mp.log(2 * mp.pi) / 2] if full else []
    return [weight * log_scale, weight * (squared(location - y_true) * exp(-2 * log_scale) / 2), *constant]


@textbook
def tweedie(y_true: Any, y_pred: Any, power: Any) -> Any:
    first = -y_true * y_pred if power == 1 else -y_true * exp((1 - power) * y_pred) / (1 - power)
    return [first, y_pred if power == 2 else exp((2 - power) * y_pred) / (2 - power)]


@textbook
def negative_binomial(y_true: Any, y_pred: Any, dispersion: Any, full: Any = False) -> Any:
    r = 1 / dispersion
    terms = [(y_true + r) * log(1 + dispersion * exp(y_pred)), -y_true * y_pred]
    if full:
        terms += [mp.loggamma(y_true + 1) + mp.loggamma(r) - mp.loggamma(y_true + r), y_true * mp.log(r)]
    return terms


@textbook
def binary_cross_entropy(y_true: Any, y_pred: Any, pos_weight: Any, label_smoothing: Any) -> Any:
    y = y_true * (1 - label_smoothing) + label_smoothing / 2
    return [(1 - y) * log(1 + exp(y_pred)), pos_weight * y * log(1 + exp(-y_pred))]


def of_classes(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a loss that is given for one true class: the loss of probabilities is the sum over the classes.

    A class weight multiplies the term of its class, and smoothing mixes an even distribution into the target.
    """

    @functools.wraps(loss)
    def formula(
        y_true: Any, y_pred: Sequence[Any], class_weight: Sequence[Any], label_smoothing: Any = 0, **own: Any
    ) -> Any:
        if not label_smoothing and not isinstance(y_true, Sequence):
            return [class_weight[y_true] * term for term in listed(loss(y_true, y_pred, **own))]
        if not isinstance(y_true, Sequence):
            y_true = [int(c == y_true) for c in range(len(y_pred))]
        y = [
            w * ((1 - label_smoothing) * p + label_smoothing / len(y_pred))
            for w, p in zip(class_weight, y_true, strict=True)
        ]
        return [p * term for c, p in enumerate(y) if p for term in listed(loss(c, y_pred, **own))]

    return textbook(formula)


def listed(terms: Any) -> list[Any]:
    return terms if isinstance(terms, list) else [terms]


def chain(f: Callable[[Any], Any], inner: Any) -> Any:
    """Return f(inner). The two terms of its second derivative, f'' inner'^2 and f' inner'', stand apart, so that the
    larger one is the scale of the error where they cancel."""
    if not isinstance(inner, Jet):
        return f(inner)
    terms: list[Any] = []
    for term in map(as_jet, listed(f(Jet(inner.value, mpf(1), mpf(0))))):
        terms.append(Jet(term.value, term.first * inner.first, term.second * inner.first * inner.first))
        terms.append(Jet(mpf(0), mpf(0), term.first * inner.second))
    return terms


def as_jet(term: Any) -> Jet:
    return term if isinstance(term, Jet) else Jet(term, mpf(0), mpf(0))


def of_log_probability(f: Callable[[Any], Any], row: Sequence[Any], place: int) -> Any:
    """Return f(log p) of a class."""
    return chain(f, log_probability(row, place))


def log_probability(row: Sequence[Any], place: int) -> Any:
    return row[place] - log_sum_exp(row)


@textbook
def binary_log_loss(y_true: Any, y_pred: Any, clip: Any) -> Any:
    if not clip <= value_of(y_pred) <= 1 - clip:
        y_pred = min(max(value_of(y_pred), clip), 1 - clip)
    return [-y * log(p) for y, p in ((y_true, y_pred), (1 - y_true, 1 - y_pred)) if y]


@textbook
def brier(y_true: Any, y_pred: Any) -> Any:
    return (y_pred - y_true) * (y_pred - y_true)


@textbook
def hinge(y_true: Any, y_pred: Any) -> Any:
    return positive_part(1 - sign_of(y_true) * y_pred)


@textbook
def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    short = 1 - sign_of(y_true) * y_pred
    return short * short * int(short >= 0)


@textbook
def modified_huber(y_true: Any, y_pred: Any) -> Any:
    m = sign_of(y_true) * y_pred
    return squared_hinge(y_true, y_pred) if m >= -1 else -4 * m


@textbook
def exponential(y_true: Any, y_pred: Any) -> Any:
    return exp(-sign_of(y_true) * y_pred)


@textbook
def soft_margin(y_true: Any, y_pred: Any) -> Any:
    return log(1 + exp(-sign_of(y_true) * y_pred))


@textbook
def perceptron(y_true: Any, y_pred: Any) -> Any:
    return positive_part(-sign_of(y_true) * y_pred)


@textbook
def binary_focal(y_true: Any, y_pred: Any, gamma: Any, alpha: Any) -> Any:
    z = sign_of(y_true) * y_pred
    factor = 1 if alpha is None else alpha if y_true > 0 else 1 - alpha
    return product(factor * exp(-gamma * log(1 + exp(z))), log(1 + exp(-z)))


@textbook
def asymmetric(y_true: Any, y_pred: Any, gamma_pos: Any, gamma_neg: Any, clip: Any) -> Any:
    if y_true > 0:
        return binary_focal(y_true, y_pred, gamma_pos, None)

    def at(clip: Any) -> Any:
        p = sigmoid_of(y_pred) - clip
        return exp(gamma_neg * log(p)) * -log(1 - p) if p > 0 else 0 * p

    if not clip:
        return binary_focal(y_true, y_pred, gamma_neg, None)
    # p - clip cancels: the unit of error is that of what a relative error of p itself would do
    p = value_of(sigmoid_of(y_pred))
    step = mpf(10) ** -(mp.dps // 2)  # less than the least clip, of which there are as many digits more
    lost = (at(clip - p * step) - at(clip)) / step if p > clip else 0 * y_pred
    return [*product(at(clip), mpf(1)), lost, -lost]


@textbook
def poly1_binary_cross_entropy(y_true: Any, y_pred: Any, epsilon: Any) -> Any:
    p, q = sigmoid_of(y_pred), sigmoid_of(-y_pred)
    entropy = [(1 - y_true) * log(1 + exp(y_pred)), y_true * log(1 + exp(-y_pred))]
    return [*entropy, epsilon * y_true * q, epsilon * (1 - y_true) * p]


@textbook
def cross_entropy(
    y_true: Any,
    y_pred: Sequence[Any],
    class_weight: Sequence[Any],
    label_smoothing: Any,
    z_loss: Any = 0,
    softcap: Any = None,
    temperature: Any = 1,
) -> Any:
    if softcap is not None:
        (place,) = (c for c, x in enumerate(y_pred) if isinstance(x, Jet))
        capped = [softcap * tanh(x / softcap) for x in y_pred]

        def of_capped(z: Any) -> Any:
            row = [*map(value_of, capped[:place]), z, *map(value_of, capped[place + 1 :])]
            return cross_entropy(y_true, row, class_weight, label_smoothing, z_loss, None, temperature)

        return chain(of_capped, capped[place])
    y_pred = [x / temperature for x in y_pred]
    if not label_smoothing and not isinstance(y_true, Sequence):
        loss = class_weight[y_true] * (log_sum_exp(y_pred) - y_pred[y_true])
        return [loss, class_weight[y_true] * z_loss * squared(log_sum_exp(y_pred))] if z_loss else loss
    if not isinstance(y_true, Sequence):
        y_true = [int(c == y_true) for c in range(len(y_pred))]
    y = [
        w * ((1 - label_smoothing) * p + label_smoothing / len(y_pred))
        for w, p in zip(class_weight, y_true, strict=True)
    ]
    # sum_c y_c (lse - x_c), the largest logit taken off both as a constant: no term is larger than the answer
    largest = max(map(value_of, y_pred))
    terms = [sum(y) * (log_sum_exp(y_pred) - largest), *(p * (largest - x) for p, x in zip(y, y_pred, strict=True))]
    return [*terms, sum(y) * z_loss * squared(log_sum_exp(y_pred))] if z_loss else terms


@textbook
def linear_cross_entropy(
    y_true: Any,
    features: Sequence[Any],
    weight: Sequence[Sequence[Any]],
    bias: Sequence[Any],
    class_weight: Sequence[Any],
    label_smoothing: Any,
    max_bytes: Any = None,
    **options: Any,
) -> Any:
    logits = [sum((w * x for w, x in zip(row, features, strict=True)), b) for row, b in zip(weight, bias, strict=True)]
    return cross_entropy(y_true, logits, class_weight, label_smoothing, **options)


# -- losses of batches: their formulas take whole arrays, and return the loss of each vector --------------------------

Vectors = Sequence[Sequence[Any]]


def similarities(first: Vectors, second: Vectors, scale: Any, normalize: bool) -> list[list[Any]]:
    def unit(vector: Sequence[Any]) -> Sequence[Any]:
        length = sqrt(sum(map(squared, vector)))
        return [x / length for x in vector] if normalize else vector

    ones, others = [unit(u) for u in first], [unit(v) for v in second]
    return [[scale * sum(a * b for a, b in zip(u, v, strict=True)) for v in others] for u in ones]


def of_softmax(row: Sequence[Any], own: int | None, positives: Sequence[int]) -> Any:
    """The mean over the positives of -log softmax, without the place of the vector itself."""
    others = [x for place, x in enumerate(row) if place != own]
    return sum(log_sum_exp([x - row[p] for x in others]) for p in positives) / len(positives)


@textbook
def info_nce(queries: Vectors, keys: Vectors, temperature: Any, normalize: bool = True, max_bytes: Any = None) -> Any:
    rows = similarities(queries, keys, 1 / temperature, normalize)
    return [of_softmax(row, None, [i]) for i, row in enumerate(rows)]


@textbook
def symmetric_info_nce(
    images: Vectors, texts: Vectors, log_scale: Any, normalize: bool = True, max_bytes: Any = None
) -> Any:
    rows = similarities(images, texts, exp(log_scale), normalize)
    columns = list(zip(*rows, strict=True))
    return [(of_softmax(rows[i], None, [i]) + of_softmax(columns[i], None, [i])) / 2 for i in range(len(rows))]


@textbook
def nt_xent(embeddings: Vectors, temperature: Any, normalize: bool = True, max_bytes: Any = None) -> Any:
    rows, half = similarities(embeddings, embeddings, 1 / temperature, normalize), len(embeddings) // 2
    return [of_softmax(row, i, [(i + half) % len(rows)]) for i, row in enumerate(rows)]


@textbook
def supcon(
    y_true: Sequence[Any], embeddings: Vectors, temperature: Any, normalize: bool = True, max_bytes: Any = None
) -> Any:
    """A vector without another of its class has no loss: None."""
    rows = similarities(embeddings, embeddings, 1 / temperature, normalize)
    alike = [[p for p, other in enumerate(y_true) if p != i and other == y] for i, y in enumerate(y_true)]
    return [of_softmax(row, i, alike[i]) if alike[i] else None for i, row in enumerate(rows)]


def pairs_of(y_true: Sequence[Any], i: int) -> tuple[list[int], list[int]]:
    """Return the others of the class of a vector, and those of other classes."""
    alike = [j for j, other in enumerate(y_true) if j != i and other == y_true[i]]
    return alike, [j for j, other in enumerate(y_true) if other != y_true[i]]


@textbook
def multi_similarity(
    y_true: Sequence[Any],
    embeddings: Vectors,
    alpha: Any,
    beta: Any,
    base: Any,
    normalize: bool = True,
    max_bytes: Any = None,
) -> Any:
    rows = similarities(embeddings, embeddings, 1, normalize)
    losses = []
    for i, row in enumerate(rows):
        alike, unlike = pairs_of(y_true, i)
        near = log(sum((exp(-alpha * (row[p] - base)) for p in alike), start=mpf(1)))
        losses.append(near / alpha + log(sum((exp(beta * (row[n] - base)) for n in unlike), start=mpf(1))) / beta)
    return losses


@textbook
def circle(
    y_true: Sequence[Any],
    embeddings: Vectors,
    margin: Any,
    gamma: Any,
    detached: bool = True,
    normalize: bool = True,
    max_bytes: Any = None,
) -> Any:
    """A vector without others of its class, or of another one, has no loss: None."""
    rows = similarities(embeddings, embeddings, 1, normalize)
    held = value_of if detached else (lambda x: x)
    losses = []
    for i, row in enumerate(rows):
        alike, unlike = pairs_of(y_true, i)
        near = [exp(-gamma * positive_part(1 + margin - held(row[p])) * (row[p] - (1 - margin))) for p in alike]
        far = [exp(gamma * positive_part(held(row[n]) + margin) * (row[n] - margin)) for n in unlike]
        losses.append(log(1 + sum(far) * sum(near)) if near and far else None)
    return losses


@textbook
def sigmoid_contrastive(
    images: Vectors, texts: Vectors, log_scale: Any, bias: Any, normalize: bool = True, max_bytes: Any = None
) -> Any:
    rows = similarities(images, texts, exp(log_scale), normalize)
    return [
        sum(log(1 + exp((-1 if i == j else 1) * (x + bias))) for j, x in enumerate(row)) for i, row in enumerate(rows)
    ]


# -- losses of sets: their formulas take all vectors of two sets, and return one value -------------------------------


@textbook
def mmd(
    source: Vectors, target: Vectors, bandwidths: Sequence[Any], biased: bool = False, max_bytes: Any = None
) -> Any:
    def kernel(u: Sequence[Any], v: Sequence[Any]) -> Any:
        distance = sum(squared(a - b) for a, b in zip(u, v, strict=True))
        return sum(exp(-distance / (2 * b * b)) for b in bandwidths)

    def inside(points: Vectors) -> Any:
        n = len(points)
        kernels = [kernel(points[i], points[j]) for i in range(n) for j in range(n) if biased or i != j]
        return sum(kernels) / len(kernels)

    between = [kernel(u, v) for u in source for v in target]
    return inside(source) + inside(target) - 2 * sum(between) / len(between)


@textbook
def coral(source: Vectors, target: Vectors) -> Any:
    numbers = range(len(source[0]))

    def covariance(points: Vectors, k: int, l: int) -> Any:
        means = [sum(point[c] for point in points) / len(points) for c in (k, l)]
        return sum((point[k] - means[0]) * (point[l] - means[1]) for point in points) / (len(points) - 1)

    total = sum(squared(covariance(source, k, l) - covariance(target, k, l)) for k in numbers for l in numbers)
    return total / (4 * len(numbers) ** 2)


@textbook
def ctc(labels: Sequence[int], frames: Sequence[Sequence[Any]], blank: int = 0, given: str = "logits") -> Any:
    """One sequence: minus the logarithm of the sum over ALL its alignments, one by one."""
    scores = [[log_probability(row, c) if given == "logits" else row[c] for c in range(len(row))] for row in frames]
    alignments = []
    for path in itertools.product(range(len(frames[0]) if frames else 0), repeat=len(frames)):
        merged = [c for k, c in enumerate(path) if k == 0 or c != path[k - 1]]
        if [c for c in merged if c != blank] == list(labels):
            alignments.append(sum((scores[t][c] for t, c in enumerate(path)), start=0))
    return -log_sum_exp(alignments)


@textbook
def rnnt(labels: Sequence[int], nodes: Sequence[Sequence[Any]], blank: int = 0, given: str = "logits") -> Any:
    """One sequence: minus the logarithm of the sum over ALL ways through its nodes, one by one."""
    frames, count = len(nodes), len(labels)
    scores = [
        [[log_probability(row, c) if given == "logits" else row[c] for c in range(len(row))] for row in frame]
        for frame in nodes
    ]
    ways = []
    for said in itertools.combinations_with_replacement(range(frames), count):  # in which frame each label is said
        total = sum((scores[t][u][labels[u]] for u, t in enumerate(said)), start=0)
        ways.append(total + sum(scores[t][sum(s <= t for s in said)][blank] for t in range(frames)))
    return -log_sum_exp(ways)


@textbook
def rnnt_additive(labels: Sequence[int], encoder: Sequence[Any], decoder: Sequence[Any], blank: int = 0) -> Any:
    """The same of scores that are sums."""
    nodes = [[[x + y for x, y in zip(own, place, strict=True)] for place in decoder] for own in encoder]
    return rnnt(labels, nodes, blank)


@textbook
def linear_chain_crf(
    tags: Sequence[int], emissions: Sequence[Sequence[Any]], transitions: Sequence[Sequence[Any]], start: Any, end: Any
) -> Any:
    """One sequence: minus the logarithm of what the labelled chain is of the sum over ALL chains, one by one."""

    def score(chain: Sequence[int]) -> Any:
        steps = sum((transitions[i][j] for i, j in itertools.pairwise(chain)), start=0)
        return start[chain[0]] + end[chain[-1]] + steps + sum(row[j] for row, j in zip(emissions, chain, strict=True))

    chains = itertools.product(range(len(transitions)), repeat=len(emissions))
    return log_sum_exp([score(chain) for chain in chains]) - score(tags)


# -- losses of groups: their formulas take the rows of one group ------------------------------------------------------


@textbook
def listmle(y_true: Sequence[Any], scores: Sequence[Any], row_weight: Sequence[Any] | None = None) -> Any:
    """Rows in descending order of y; of two that are tied the first comes first."""
    total: Any = 0
    w = row_weight or [1] * len(y_true)
    for i, y in enumerate(y_true):
        not_yet = [j for j in range(len(scores)) if y_true[j] < y or (y_true[j] == y and j >= i)]
        total = total + w[i] * log_sum_exp([scores[j] - scores[i] + mp.log(w[j]) for j in not_yet])
    return total


@textbook
def listnet(y_true: Sequence[Any], scores: Sequence[Any], row_weight: Sequence[Any] | None = None) -> Any:
    total: Any = 0
    logs = [mp.log(w) for w in row_weight or [1] * len(y_true)]
    of_targets = log_sum_exp([y + b for y, b in zip(y_true, logs, strict=True)]) if logs else 0
    for y, s, own in zip(y_true, scores, logs, strict=True):
        others = [other - s + b for other, b in zip(scores, logs, strict=True)]
        total = total + exp(y + own - of_targets) * log_sum_exp(others)
    return total


def of_pairs(y_true: Sequence[Any], row_weight: Sequence[Any] | None, per: str, of_pair: Any) -> Any:
    pairs = [(i, j) for i, high in enumerate(y_true) for j, low in enumerate(y_true) if high > low]
    weights = [row_weight[i] * row_weight[j] if row_weight else 1 for i, j in pairs]
    total = sum((w * of_pair(i, j) for w, (i, j) in zip(weights, pairs, strict=True)), start=0)
    return total / (sum(weights) or 1) if per == "pair" else total


@textbook
def ranknet(
    y_true: Sequence[Any],
    scores: Sequence[Any],
    sigma: Any = 1,
    per: str = "group",
    row_weight: Sequence[Any] | None = None,
) -> Any:
    return of_pairs(y_true, row_weight, per, lambda i, j: log(1 + exp(-sigma * (scores[i] - scores[j]))))


@textbook
def pairwise_hinge(
    y_true: Sequence[Any],
    scores: Sequence[Any],
    margin: Any = 1,
    per: str = "group",
    row_weight: Sequence[Any] | None = None,
) -> Any:
    return of_pairs(y_true, row_weight, per, lambda i, j: positive_part(margin - (scores[i] - scores[j])))


def gains(y_true: Sequence[Any], gain: str) -> list[Any]:
    return [mpf(2) ** y - 1 if gain == "exponential" else mpf(y) for y in y_true]


def best_dcg(worth: Sequence[Any], truncation: int | None) -> Any:
    best = sorted(worth, reverse=True)[:truncation]
    return sum((x / mp.log(k + 2, 2) for k, x in enumerate(best)), start=mpf(0))


@textbook
def lambdarank(
    y_true: Sequence[Any],
    scores: Sequence[Any],
    truncation: int | None = 30,
    gain: str = "exponential",
    sigma: Any = 1,
    normalize: bool = True,
    row_weight: Sequence[Any] | None = None,
) -> Any:
    """All factors but the logistic loss of a pair are of the scores as they are: they have no derivative."""
    held = [value_of(s) for s in scores]
    order = sorted(range(len(held)), key=lambda i: (-held[i], i))
    rank = {i: k for k, i in enumerate(order)}
    worth = gains(y_true, gain)
    best = best_dcg(worth, truncation)
    total, pulls = mpf(0), mpf(0)
    for i, high in enumerate(y_true):
        for j, low in enumerate(y_true):
            if not high > low or (truncation is not None and min(rank[i], rank[j]) >= truncation):
                continue
            change = (worth[i] - worth[j]) * abs(1 / mp.log(rank[i] + 2, 2) - 1 / mp.log(rank[j] + 2, 2)) / best
            if normalize and max(held) != min(held):
                change /= mpf(0.01) + abs(held[i] - held[j])
            change *= row_weight[i] * row_weight[j] if row_weight else 1
            total = total + change * log(1 + exp(-sigma * (scores[i] - scores[j])))
            pulls += 2 * change * sigma / (1 + mp.exp(sigma * (held[i] - held[j])))
    return total * (mp.log1p(pulls) / mp.log(2) / pulls) if normalize and pulls else total


@textbook
def approx_ndcg(
    y_true: Sequence[Any],
    scores: Sequence[Any],
    temperature: Any = 1,
    gain: str = "exponential",
    row_weight: Sequence[Any] | None = None,
) -> Any:
    worth = [w * x for w, x in zip(row_weight or [1] * len(y_true), gains(y_true, gain), strict=True)]
    best = best_dcg(worth, None)
    if not best:
        return mpf(0)
    total: Any = 0
    for i, s in enumerate(scores):
        rank: Any = 1
        for j, other in enumerate(scores):
            if j != i:
                rank = rank + 1 / (1 + exp((s - other) / temperature))
        total = total + worth[i] / (log(1 + rank) / mp.log(2))
    return 1 - total / best


@textbook
def cox(
    time: Sequence[Any],
    event: Sequence[Any],
    scores: Sequence[Any],
    ties: str = "efron",
    per: str = "group",
    row_weight: Sequence[Any] | None = None,
) -> Any:
    """Weights as in R's survival: tied events have their mean weight."""
    total: Any = 0
    weights = row_weight or [mpf(1)] * len(scores)
    for t in sorted({t for t, happened in zip(time, event, strict=True) if happened}):
        at_risk = sum((w * exp(s) for w, s, other in zip(weights, scores, time, strict=True) if other >= t), start=0)
        dead = [j for j, other in enumerate(time) if other == t and event[j]]
        mean = sum(weights[j] for j in dead) / len(dead)
        for k, j in enumerate(dead):
            share = mpf(k) / len(dead) if ties == "efron" else 0
            of_dead = sum((weights[i] * exp(scores[i]) for i in dead), start=0)
            total = total + mean * log(at_risk - share * of_dead) - weights[j] * scores[j]
    of_events = sum(w for w, happened in zip(weights, event, strict=True) if happened)
    return total / (of_events or 1) if per == "event" else total


# -- losses of regions: their formulas take what the pixels of each class have, and return the loss of each, or one ----


def sigmoids(logits: Sequence[Any]) -> list[Any]:
    return [1 / (1 + exp(-x)) for x in logits]


def softmaxes(logits: Sequence[Any]) -> list[Any]:
    exponentials = [exp(x) for x in logits]
    return [e / sum(exponentials) for e in exponentials]


def inner(first: Sequence[Any], second: Sequence[Any], of_pixels: Sequence[Any] | None = None) -> Any:
    return sum(w * a * b for a, b, w in zip(first, second, of_pixels or [1] * len(first), strict=True))


def region_sums(y: Sequence[Any], p: Sequence[Any], squared: bool, of_pixels: Sequence[Any] | None) -> tuple[Any, ...]:
    """Overlap, what is found, and what is there."""
    ones = [1] * len(y)
    return (
        inner(p, y, of_pixels),
        inner(p, p if squared else ones, of_pixels),
        inner(y, y if squared else ones, of_pixels),
    )


@textbook
def dice(
    y_true: Vectors, probs: Vectors, smooth: Any, squared: bool, weights: Any = None, of_pixels: Any = None
) -> Any:
    def of(y: Sequence[Any], p: Sequence[Any]) -> Any:
        overlap, found, there = region_sums(y, p, squared, of_pixels)
        return 1 - (2 * overlap + smooth) / (found + there + smooth)

    return [of(y, p) for y, p in zip(y_true, probs, strict=True)]


@textbook
def jaccard(
    y_true: Vectors, probs: Vectors, smooth: Any, squared: bool, weights: Any = None, of_pixels: Any = None
) -> Any:
    def of(y: Sequence[Any], p: Sequence[Any]) -> Any:
        overlap, found, there = region_sums(y, p, squared, of_pixels)
        return 1 - (overlap + smooth) / (found + there - overlap + smooth)

    return [of(y, p) for y, p in zip(y_true, probs, strict=True)]


@textbook
def tversky(
    y_true: Vectors,
    probs: Vectors,
    alpha: Any,
    beta: Any,
    smooth: Any,
    squared: bool = False,
    weights: Any = None,
    of_pixels: Any = None,
) -> Any:
    def of(y: Sequence[Any], p: Sequence[Any]) -> Any:
        overlap, found, there = region_sums(y, p, squared, of_pixels)
        whole = overlap + alpha * (found - overlap) + beta * (there - overlap)
        return 1 - (overlap + smooth) / (whole + smooth)

    return [of(y, p) for y, p in zip(y_true, probs, strict=True)]


@textbook
def focal_tversky(
    y_true: Vectors,
    probs: Vectors,
    alpha: Any,
    beta: Any,
    gamma: Any,
    smooth: Any,
    weights: Any = None,
    of_pixels: Any = None,
) -> Any:
    return [exp(gamma * log(loss)) for loss in tversky(y_true, probs, alpha, beta, smooth, of_pixels=of_pixels)]


@textbook
def generalized_dice(y_true: Vectors, probs: Vectors, smooth: Any, weights: Any, of_pixels: Any = None) -> Any:
    sums = [region_sums(y, p, False, of_pixels) for y, p in zip(y_true, probs, strict=True)]
    own = [w / there**2 if there else 0 for w, (_, _, there) in zip(weights, sums, strict=True)]
    overlap = sum(w * both for w, (both, _, _) in zip(own, sums, strict=True))
    sizes = sum(w * (found + there) for w, (_, found, there) in zip(own, sums, strict=True))
    return 1 - (2 * overlap + smooth) / (sizes + smooth)


@of_classes
def categorical_log_loss(y_true: int, y_pred: Sequence[Any], clip: Any = None) -> Any:
    p = y_pred[y_true]
    if clip is not None and not clip < value_of(p) < 1 - clip:
        p = min(max(value_of(p), clip), 1 - clip)
    return -log(p)


@of_classes
def nll(y_true: int, y_pred: Sequence[Any]) -> Any:
    return -y_pred[y_true]


@of_classes
def categorical_focal(y_true: int, y_pred: Sequence[Any], gamma: Any, alpha: Any = None) -> Any:
    factor = 1 if alpha is None else alpha[y_true] if isinstance(alpha, Sequence) else alpha
    # The terms of the product rule, which cancel where the second derivative changes its sign, as in binary_focal.
    return of_log_probability(lambda s: product(-factor * s, power(1 - exp(s), gamma)), y_pred, y_true)


@of_classes
def poly1_cross_entropy(y_true: int, y_pred: Sequence[Any], epsilon: Any) -> Any:
    return of_log_probability(lambda s: [-s, epsilon * (1 - exp(s))], y_pred, y_true)


@of_classes
def generalized_cross_entropy(y_true: int, y_pred: Sequence[Any], q: Any) -> Any:
    return of_log_probability(lambda s: (1 - exp(q * s)) / q, y_pred, y_true)


@of_classes
def multiclass_hinge(y_true: int, y_pred: Sequence[Any]) -> Any:
    others = [x for c, x in enumerate(y_pred) if c != y_true]
    largest = max(map(value_of, others), default=-mp.inf)
    best = [x for x in others if value_of(x) == largest]
    return positive_part(1 + sum(best) / len(best) - y_pred[y_true]) if best else mpf(0)


@of_classes
def multi_margin(y_true: int, y_pred: Sequence[Any], p: Any, margin: Any) -> Any:
    violations = [positive_part(margin - y_pred[y_true] + x) for c, x in enumerate(y_pred) if c != y_true]
    return sum((v * v if p == 2 else v) / len(y_pred) for v in violations) if violations else mpf(0)


@textbook
def multilabel_margin(y_true: Sequence[Any], y_pred: Sequence[Any]) -> Any:
    return sum(
        positive_part(1 - own + other) / len(y_pred)
        for own, member in zip(y_pred, y_true, strict=True)
        for other, also in zip(y_pred, y_true, strict=True)
        if member and not also
    )


@textbook
def multilabel_soft_margin(y_true: Sequence[Any], y_pred: Sequence[Any]) -> Any:
    return [
        term / len(y_pred)
        for y, x in zip(y_true, y_pred, strict=True)
        for term in (y * log(1 + exp(-x)), (1 - y) * log(1 + exp(x)))
    ]


@of_classes
def sparsemax(y_true: int, y_pred: Sequence[Any]) -> Any:
    z = sorted(y_pred, key=value_of, reverse=True)
    sums = itertools.accumulate(map(value_of, z))
    k = sum(1 + k * value_of(x) > total for k, (x, total) in enumerate(zip(z, sums, strict=True), start=1))
    tau = (sum(z[:k]) - 1) / k
    # with x = tau + p on the support, sum p = 1:  sum (x^2 - tau^2) / 2 = tau + sum p^2 / 2, which needs fewer digits
    return tau - y_pred[y_true] + sum(squared(x - tau) for x in z[:k]) / 2 + mpf(1) / 2


@of_classes
def entmax15(y_true: int, y_pred: Sequence[Any]) -> Any:
    z = sorted((x / 2 for x in y_pred), key=value_of, reverse=True)

    def threshold(k: int) -> Any:
        """Of the k largest; they are the support if it is below them all. None where there is none."""
        mean = sum(z[:k]) / k
        spread = sum(squared(x - mean) for x in z[:k])
        return mean - power((1 - spread) / k, mpf(1) / 2) if value_of(spread) < 1 else None

    k = 1
    while k < len(z) and (tau := threshold(k + 1)) is not None and value_of(tau) < value_of(z[k]):
        k += 1
    tau = threshold(k)
    # with p = u^2, x = 2 (tau + u) on the support:  sum p x + 4/3 (1 - sum p^1.5) = 2 tau + (2 sum u^3 + 4) / 3
    cubes = sum((x - tau) * squared(x - tau) for x in z[:k])
    return 2 * tau - y_pred[y_true] + (2 * cubes + 4) / 3


@of_classes
def ordinal(y_true: int, y_pred: Sequence[Any]) -> Any:
    return sum(log(1 + exp(-x)) if y_true > k else log(1 + exp(x)) for k, x in enumerate(y_pred))


def of_probability(f: Callable[[Any], Any], row: Sequence[Any], place: int, given: str) -> list[Any]:
    """Return the terms f(q) of a class."""
    if given == "logits":
        return listed(of_log_probability(lambda s: f(exp(s)), row, place))
    return listed(f(exp(row[place]) if given == "log_probs" else row[place]))


@textbook
def kl_divergence(y_true: Sequence[Any], y_pred: Sequence[Any], given: str) -> Any:
    if given == "logits":
        log_q = [log_probability(y_pred, c) for c in range(len(y_pred))]
    else:
        log_q = [x if given == "log_probs" else log(x) for x in y_pred]
    return [term for y, s in zip(y_true, log_q, strict=True) if y for term in (y * log(y), -y * s)]


@textbook
def js_divergence(y_true: Sequence[Any], y_pred: Sequence[Any], beta: Any, given: str) -> Any:
    def terms(y: Any, q: Any) -> list[Any]:
        m = beta * y + (1 - beta) * q
        return [beta * y * log(y / m), (1 - beta) * q * log(q / m)] if y else [-(1 - beta) * log(1 - beta) * q]

    return [
        term for c, y in enumerate(y_true) for term in of_probability(functools.partial(terms, y), y_pred, c, given)
    ]


@textbook
def total_variation(y_true: Sequence[Any], y_pred: Sequence[Any], given: str) -> Any:
    """Each difference is two terms."""

    def terms(y: Any, q: Any) -> list[Any]:
        sign = mp.sign(value_of(q) - y)
        return [-sign * y / 2, sign * q / 2]

    return [
        term for c, y in enumerate(y_true) for term in of_probability(functools.partial(terms, y), y_pred, c, given)
    ]


# -- losses of rows of scores ----------------------------------------------------------------------------------------


def divergence_terms(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    """p log(p / q) of each class; 0 where p is."""
    sums = log_sum_exp(first), log_sum_exp(second)
    logs = [(x - sums[0], y - sums[1]) for x, y in zip(first, second, strict=True) if value_of(x) != mp.ninf]
    return [exp(log_p) * (log_p - log_q) for log_p, log_q in logs]


@textbook
def entropy(logits: Sequence[Any]) -> Any:
    total = log_sum_exp(logits)
    return [-exp(x - total) * (x - total) for x in logits if value_of(x) != mp.ninf]


@textbook
def distillation(teacher_logits: Sequence[Any], logits: Sequence[Any], temperature: Any) -> Any:
    rows = ([x / temperature for x in row] for row in (teacher_logits, logits))
    return [squared(temperature) * term for term in divergence_terms(*rows)]


@textbook
def trades(y_true: int, logits: Sequence[Any], adversarial_logits: Sequence[Any], beta: Any) -> Any:
    terms = divergence_terms(logits, adversarial_logits)
    return [log_sum_exp(logits) - logits[y_true], *(beta * term for term in terms)]


def of_cosines(y_true: int, cosines: Sequence[Any], z: Any, scale: Any) -> Any:
    rows = [scale * (z if c == y_true else x) for c, x in enumerate(cosines)]
    return log_sum_exp(rows) - rows[y_true]


@textbook
def cosface(y_true: int, cosines: Sequence[Any], margin: Any, scale: Any) -> Any:
    return of_cosines(y_true, cosines, cosines[y_true] - margin, scale)


@textbook
def arcface(y_true: int, cosines: Sequence[Any], margin: Any, scale: Any) -> Any:
    x = as_jet(cosines[y_true])
    theta = mp.acos(min(x.value, mpf(1)))
    if theta + margin > mp.pi:
        return of_cosines(y_true, cosines, x + -margin * mp.sin(margin), scale)
    slope = mp.sin(theta + margin) / mp.sin(theta) if theta else mp.inf
    bend = mp.sin(margin) / mp.sin(theta) ** 3 if theta else mp.inf
    return of_cosines(y_true, cosines, x.compose(mp.cos(theta + margin), slope, bend), scale)


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


# -- losses of errors in their order: what a set of wrong pixels takes off the index -----------------------------------


def lovasz(there: Sequence[bool], errors: Sequence[Any]) -> Any:
    """Lovász's extension of 1 less the index that is left if some pixels are wrong, at the errors."""

    def lost(wrong: set[int]) -> Any:
        own = {k for k, is_there in enumerate(there) if is_there}
        return mpf(len(wrong)) / len(own | wrong) if wrong else mpf(0)

    total, wrong = mpf(0), set[int]()
    for k in sorted(range(len(errors)), key=lambda k: -value_of(errors[k])):
        total += errors[k] * (lost(wrong | {k}) - lost(wrong))
        wrong |= {k}
    return total


@textbook
def lovasz_hinge(y_true: Sequence[Any], logits: Sequence[Any]) -> Any:
    return lovasz(
        [y == 1 for y in y_true],
        [positive_part(1 - x if y == 1 else 1 + x) for y, x in zip(y_true, logits, strict=True)],
    )


@textbook
def lovasz_softmax(y_true: Sequence[int], logits: Sequence[Sequence[Any]], classes: Sequence[int]) -> Any:
    total = mpf(0)
    for c in classes:
        errors = []
        for label, row in zip(y_true, logits, strict=True):
            exponentials = [exp(x) for x in row]
            others = sum(e for k, e in enumerate(exponentials) if k != c or label != c)
            errors.append((others if label == c else exponentials[c]) / sum(exponentials))
        total += lovasz([label == c for label in y_true], errors)
    return total / len(classes)


# -- losses over hazards: an interval, an event, a list of scores ------------------------------------------------------


@textbook
def logistic_hazard(interval: Any, event: Any, logits: Sequence[Any]) -> Any:
    place = int(interval)
    return [softplus(x) for x in logits[:place]] + [softplus(-logits[place] if event == 1 else logits[place])]


# -- losses of times: between these an event lies ----------------------------------------------------------------------


def normal_distribution(z: Any) -> Any:
    """Phi(z) as a Jet."""
    x = as_jet(z)
    density = mp.exp(-x.value * x.value / 2) / mp.sqrt(2 * mp.pi)
    value = mp.erfc(-x.value / mp.sqrt(2)) / 2
    return Jet(value, density * x.first, density * (x.second - x.value * x.first * x.first))


@textbook
def aft(lower: Any, upper: Any, y_pred: Any, distribution: str, scale: Any) -> Any:
    if lower == 0 and mp.isinf(upper):
        return mpf(0)

    def standardised(time: Any) -> Any:
        return (mp.log(time) - y_pred) / scale

    def reached(time: Any) -> Any:
        """F of a time."""
        if time == 0 or mp.isinf(time):
            return mpf(0 if time == 0 else 1)
        z = standardised(time)
        if distribution == "normal":
            return normal_distribution(z)
        return 1 / (1 + exp(-z)) if distribution == "logistic" else 1 - exp(-exp(z))

    if lower != upper:
        return -log(reached(upper) - reached(lower))
    z, constants = standardised(lower), [mp.log(lower), log(scale)]
    if distribution == "normal":
        return [squared(z) / 2, mp.log(2 * mp.pi) / 2, *constants]
    if distribution == "logistic":
        return [softplus(z) + softplus(-z), *constants]
    return [exp(z), -z, *constants]


# -- losses of given vectors: a list of numbers for each array ---------------------------------------------------------


def dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return sum((x * y for x, y in zip(a, b, strict=True)), start=mpf(0))


def squared_distance(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return sum((squared(x - y) for x, y in zip(a, b, strict=True)), start=mpf(0))


def root(x: Any) -> Any:
    """The root; at 0 its derivative is taken as 0."""
    return sqrt(x) if value_of(x) else mpf(0)


def hinged(terms: Sequence[Any]) -> list[Any]:
    """max(0, the sum of the terms) as terms."""
    slope = positive_part(Jet(sum(map(value_of, terms)), 1)).first
    return [slope * term for term in terms]


def cosine(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """0 where one of the vectors is 0. Of parallel vectors it is 1 or -1, its derivative 0, without roundings."""
    first, second = root(dot(a, a)), root(dot(b, b))
    if not value_of(first) * value_of(second):
        return mpf(0)
    result = dot(a, b) / (first * second)
    least = mp.ldexp(1, -mp.prec * 3 // 4)
    value = value_of(result)
    value = mp.sign(value) if 1 - abs(value) < least else value
    if not isinstance(result, Jet):
        return value
    length = value_of(first if isinstance(first, Jet) else second)
    return Jet(value, result.first if abs(result.first) * length > least else mpf(0), result.second)


@textbook
def triplet(anchor: Any, positive: Any, negative: Any, margin: Any, distance: Any, swap: Any) -> Any:
    measure = root if distance == "euclidean" else lambda square: square
    near, far = measure(squared_distance(anchor, positive)), measure(squared_distance(anchor, negative))
    if swap:
        other = measure(squared_distance(positive, negative))
        farther = value_of(far) - value_of(other)
        chosen = mpf(1) if farther > 0 else mpf(0) if farther < 0 else mpf(1) / 2
        return hinged([near, -(1 - chosen) * far, -chosen * other, margin])
    return hinged([near, -far, margin])


@textbook
def contrastive(y_true: Any, first: Any, second: Any, margin: Any) -> Any:
    square = squared_distance(first, second)
    return square / 2 if y_true == 1 else squared(positive_part(margin - root(square))) / 2


@textbook
def cosine_distance(first: Any, second: Any) -> Any:
    return 1 - cosine(first, second)


@textbook
def cosine_embedding(y_true: Any, first: Any, second: Any, margin: Any) -> Any:
    return 1 - cosine(first, second) if y_true == 1 else positive_part(cosine(first, second) - margin)


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


def enough_digits(numbers: Iterable[Any], dtype: Any, more: int = 0) -> Any:
    """Return a context of mpmath in which 1 + exp(-spread) keeps 50 digits, and so does what is left of the numbers
    when they cancel; and so many more.

    Beyond the spread at which the answer itself underflows in `dtype` no more are needed; one number alone is sure to
    cancel, and what is left must be less than that.
    """
    numbers = [exact(x) for x in numbers]
    spread = underflow = -math.log(np.finfo(dtype).smallest_subnormal)
    if len(numbers) > 1:
        spread = float(min(max(numbers) - min(numbers), mpf(underflow)))
    largest = max(0, *(mp.mag(x) for x in numbers if x), 0)
    return mp.workdps(50 + more + round(largest * math.log10(2)) + round(spread / math.log(10)))


def truths(terms: Any) -> tuple[Truth, Truth, Truth]:
    """Sum the terms of a formula: value, first and second derivative, each with its scale."""
    jets = [as_jet(term) for term in listed(terms)]
    results = []
    for part in ("value", "first", "second"):
        parts = [getattr(jet, part) for jet in jets]
        above, below = sum(x for x in parts if x > 0), sum(x for x in parts if x < 0)
        results.append(Truth(mpf(above + below), mpf(max(above, -below))))
    return tuple(results)


#: A number of a sample: the array that it is of, and its place there where the sample has several.
Place = tuple[str, int | None]


def truth(
    row: Any,
    sample: Mapping[str, Any],
    places: Iterable[Place],
    dtype: Any,
    digits: Any = None,
    **parameters: Any,
) -> list[tuple[Truth, Truth, Truth]]:
    """Return value, and first and second derivative, of one sample of a loss, by each of the numbers at `places`.

    `sample` holds what the sample has of each array: a number, several, or the index of a class. What is not among the
    `parameters` has the default of the loss; numbers that a formula reads are those that `dtype` holds. `digits` is a
    context of mpmath, by default one in which 50 are left of what cancels.
    """
    given = parameters_of(row, sample, dtype, parameters)
    with digits or enough_digits_for(row, sample, dtype, given):
        exactly = {operand.name: exact_sample(operand, sample[operand.name]) for operand in row.operands}
        own = {name: as_exact(value) for name, value in given.items()}
        results = []
        for name, k in places:
            number = exactly[name] if k is None else exactly[name][k]
            jet = Jet(number, mpf(1), mpf(0))
            varied = jet if k is None else [*exactly[name][:k], jet, *exactly[name][k + 1 :]]
            results.append(truths(ORACLE[row.name](*arguments_of(row, exactly | {name: varied}), **own)))
        return results


def exact_sample(operand: Any, numbers: Any) -> Any:
    """Return the numbers of one array of a sample; an integer that is the index of a class stays one."""
    if np.ndim(numbers):
        return [exact(x) for x in numbers]
    of_class = hasattr(operand.domain, "levels") and "number" not in operand.domain.forms
    return int(numbers) if of_class else exact(numbers)


def arguments_of(row: Any, sample: Mapping[str, Any]) -> list[Any]:
    """Return what a textbook formula takes: each array; of one with so many numbers for each sample, each of these."""
    arguments: list[Any] = []
    for operand in row.operands:
        arguments += sample[operand.name] if operand.axes.isdigit() else [sample[operand.name]]
    return arguments


def parameters_of(row: Any, sample: Mapping[str, Any], dtype: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every parameter that a textbook formula reads, those of an element as the compute type holds them."""
    parameters = {}
    for parameter in row.parameters:
        value = given.get(parameter.name, parameter.default)
        if parameter.kind in ("index", "axis", "labels", "mask"):
            continue
        if parameter.kind == "element" and value is not None:
            value = np.dtype(dtype).type(value)
        if parameter.kind == "per_class":
            columns = len(sample[row.prediction]) + row.target.levels
            value = np.ones(columns) if value is None else np.asarray(value, float)
        parameters[parameter.name] = value
    return parameters


def as_exact(value: Any) -> Any:
    """Return a parameter in exact numbers; a name, a switch, or None, as it is."""
    if value is None or isinstance(value, str | bool):
        return value
    return [exact(v) for v in value] if np.ndim(value) else exact(value)


def enough_digits_for(row: Any, sample: Mapping[str, Any], dtype: Any, parameters: Mapping[str, Any]) -> Any:
    """Return a context of mpmath in which what is left of a sample keeps 50 digits, whatever cancels in it."""
    if row.kind == "lifetimes":  # of probabilities next to 1, and of differences in the tails, as much is lost
        times = [float(sample[name]) for name in ("lower", "upper") if 0 < sample[name] < np.inf]
        z = [(math.log(t) - float(sample["y_pred"])) / parameters["scale"] for t in times]
        lost = max((max(x * x / 2, abs(x), math.exp(min(x, 8.0))) for x in z), default=0.0)
        return mp.workdps(80 + min(round(lost / math.log(10)), 4000))
    if row.kind == "hazards":
        return enough_digits((0, *sample[row.prediction]), dtype)
    if row.axes == "C":
        # Each class of a decision of its own is far from 0 or not; for all others only their distances count.
        logits, of_one = sample[row.prediction], {"index", "soft"} & set(row.target.forms)
        if "number" in row.target.forms:
            logits = (*logits, sample["y_true"])
        return enough_digits(logits if of_one and not row.target.levels else (0, *logits), dtype)
    numbers = [x for operand in row.operands for x in np.ravel(sample[operand.name])]
    own = [exact(x) for x in parameters.values() if x is not None and not isinstance(x, str | bool)]
    if row.kind == "scores":
        # Softmaxes of nearly equal rows: a share of one times the square of a difference of their last places.
        scale = max(1, 1 / parameters.get("temperature", 1))
        return enough_digits((0, *(float(x) * scale for x in numbers if np.isfinite(x))), dtype, 120)
    if row.axes == "D":
        # Squares, and products of two, of numbers of any size: what is left of a sum of them may be the smallest one.
        sizes = [mp.mag(x) for x in (*map(exact, numbers), *own) if x] or [0]
        return mp.workprec(200 + 8 * int(max(sizes) - min(sizes)))
    predictions = [x for operand in row.differentiated for x in np.ravel(sample[operand.name])]
    differences = [np.longdouble(y) - np.longdouble(x) for x, y in itertools.combinations(numbers, 2)]
    # A loss that is even in the residual, or near 1, is lost below the square of what is tiny.
    tiny = max(0, 0, *(-mp.mag(exact(x)) for x in (*predictions, *differences) if x))
    # And so it is below the square of its ratio to a parameter.
    tiny += sum(abs(mp.mag(x)) for x in own if x and mp.isfinite(x))
    more = 2 * round(tiny * math.log10(2)) + 20
    if row.several:  # exponentials that leave every range may be added and taken away again
        more += round(sum(min(abs(float(x)), 2000.0) for x in numbers))
    # Of two predictions each may be the exponent of something that is added.
    exponents = differences if len(predictions) == 1 else [*differences, *map(np.longdouble, predictions)]
    return enough_digits((0, *(2 * x for x in exponents)), dtype, more)


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
    beyond = mp.ldexp(1, int(np.finfo(dtype).maxexp) + 1)
    if abs(truth.exact) > beyond:  # perhaps by so much that there is no unit to round to
        return 0.0 if computed == (np.inf if truth.exact > 0 else -np.inf) else math.inf
    with mp.workdps(60 + max(0, int(mp.mag(truth.exact) if truth.exact else 0) // 3)):
        nearest = rounded(truth.exact, dtype)
        if mp.isinf(nearest) or not np.isfinite(computed):
            return 0.0 if mpf(float(computed)) == nearest else math.inf
        # A term may be too large for the type where the sum of all is not: its unit goes on beyond.
        term = rounded(truth.scale, dtype)
        scale = max(abs(nearest), truth.scale if mp.isinf(term) else abs(term))
        return float(abs(exact(computed) - truth.exact) / spacing(scale, dtype))
