"""The words a formula may use, for one number at a time.

These definitions are the meaning; every engine brings its own: the compiled kernels map each word to a primitive of
``kernels/maths/vecmath.h``, the tests to mpmath. `rebind` gives a formula another set.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from typing import Any

#: Words that are also functions of the public interface (`fastloss.sigmoid` …), compiled as such.
ELEMENTWISE_FUNCTIONS = ("sigmoid", "log_sigmoid", "softplus")
#: Words that are compiled as functions for predictions alone (`Loss.inverse_link`).
LINK_FUNCTIONS = ("exp",)

sqrt = math.sqrt
log1p = math.log1p
expm1 = math.expm1
tanh = math.tanh
erf = math.erf


def exp(x: float) -> float:
    """e^x, infinity where that is too large."""
    return math.exp(x) if x < 709.782712893384 else math.inf


def exp_minus_abs(x: float) -> float:
    """e^-|x|."""
    return math.exp(-abs(x))


def log1p_unit(x: float) -> float:
    """log(1 + x) for 0 <= x <= 1, in a third of the steps of `log1p`."""
    return math.log1p(x)


def log(x: float) -> float:
    """Natural logarithm; -infinity at 0."""
    return math.log(x) if x else -math.inf


def log1pmx(x: float) -> float:
    """log(1 + x) - x, which cancels where it is written so."""
    if abs(x) > 0.125:
        return math.log1p(x) - x
    return math.fsum(-((-x) ** k) / k for k in range(2, 20))


def exp_sum(x: float, tail: float) -> float:
    """e^(x + tail), of a sum that keeps what the rounding of x lost."""
    return exp(x + tail)


def difference_tail(x: float, y: float) -> float:
    """What the rounding of x - y lost: the tail of the difference, 0 to who computes exactly."""
    return 0.0


def product_tail(x: float, y: float) -> float:
    """What the rounding of x y lost."""
    return 0.0


def quotient_tail(x: float, y: float) -> float:
    """What the rounding of x / y lost."""
    return 0.0


def exp_minus_abs_head(x: float) -> float:
    """e^-|x|, to half a unit in the last place."""
    return math.exp(-abs(x))


def exp_minus_abs_tail(x: float) -> float:
    """What the rounding of `exp_minus_abs_head` lost."""
    return 0.0


def exp_exponent(x: float) -> float:
    """The n of e^x = exp_fraction(x) 2^n, where e^x may be too large or too small for a float."""
    return float(round(max(-2000.0, min(x, 2000.0)) / math.log(2)))


def exp_fraction(x: float) -> float:
    """e^x over a power of 2, which makes it a number near 1."""
    return math.exp(x - exp_exponent(x) * math.log(2)) if abs(x) < 2000 else 1.0


def scaled(x: float, n: float) -> float:
    """The product x 2^n, for a whole n."""
    try:
        return math.ldexp(x, int(n))
    except OverflowError:
        return math.copysign(math.inf, x)


def log_sum(x: float, tail: float) -> float:
    """log(x + tail), of a sum that keeps what the rounding of x lost."""
    return log(x + tail)


def log_sum_tail(x: float, tail: float) -> float:
    """What the rounding of `log_sum` lost."""
    return 0.0


def log_sum_unit(x: float, tail: float) -> float:
    """`log_sum` for 1 <= x <= 2, in two thirds of the steps."""
    return log(x + tail)


def log_sum_unit_tail(x: float, tail: float) -> float:
    """What the rounding of `log_sum_unit` lost."""
    return 0.0


def log_ratio(x: float, y: float) -> float:
    """log(x / y) for x, y > 0, even where the quotient is too large or too small for a float."""
    return log(x) - log(y)


def softplus(x: float) -> float:
    """log(1 + e^x)."""
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def log_sigmoid(x: float) -> float:
    """log(1 / (1 + e^-x))."""
    return -softplus(-x)


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    q = math.exp(-abs(x))
    return (1.0 if x >= 0 else q) / (1.0 + q)


def seldom(condition: bool) -> bool:
    """Return the condition, of which a formula says that it seldom holds, and never of ordinary numbers.

    A compiled loop leaves out what it selects; where it does hold, the block is computed once more, with all of it. So
    what holds in half of the blocks of somebody's data is not seldom.
    """
    return condition


def where(condition: bool, x: float, y: float) -> float:
    """Return x where the condition holds, else y; both are always evaluated."""
    return x if condition else y


def clamp(x: float, low: float, high: float) -> float:
    """Return x, but not below low and not above high; NaN stays NaN."""
    return low if x < low else high if x > high else x  # noqa: FURB136  min() may lose a NaN


WORDS = frozenset(
    {
        "abs",
        "clamp",
        "difference_tail",
        "erf",
        "exp",
        "exp_exponent",
        "exp_fraction",
        "exp_minus_abs",
        "exp_minus_abs_head",
        "exp_minus_abs_tail",
        "exp_sum",
        "expm1",
        "log",
        "log1p",
        "log1p_unit",
        "log1pmx",
        "log_ratio",
        "log_sigmoid",
        "log_sum",
        "log_sum_tail",
        "log_sum_unit",
        "log_sum_unit_tail",
        "product_tail",
        "quotient_tail",
        "scaled",
        "seldom",
        "sigmoid",
        "softplus",
        "sqrt",
        "tanh",
        "where",
    }
)


def rebind(formula: Callable[..., Any], words: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the same formula, its words taken from `words`, and those of the functions that it calls."""
    known = dict(words)
    for name in formula.__code__.co_names:
        called = formula.__globals__.get(name)
        if name not in known and isinstance(called, types.FunctionType):
            known[name] = rebind(called, words)
    return types.FunctionType(formula.__code__, known, formula.__name__, formula.__defaults__)
