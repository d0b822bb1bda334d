"""The words a formula may use, for one number at a time.

These definitions are the meaning; every engine brings its own: the compiled kernels map each word to a primitive of
``kernels/vecmath.h``, the tests to mpmath. `rebind` gives a formula another set.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from typing import Any

#: Words that are also functions of the public interface (`fastloss.sigmoid` …), compiled as such.
ELEMENTWISE_FUNCTIONS = ("sigmoid", "log_sigmoid", "softplus")

sqrt = math.sqrt
log1p = math.log1p
expm1 = math.expm1
tanh = math.tanh


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
        "exp",
        "exp_minus_abs",
        "expm1",
        "log",
        "log1p",
        "log1p_unit",
        "log_sigmoid",
        "sigmoid",
        "softplus",
        "sqrt",
        "tanh",
        "where",
    }
)


def rebind(formula: Callable[..., Any], words: Mapping[str, Any]) -> Callable[..., Any]:
    """Return the same formula, its words taken from `words`."""
    return types.FunctionType(formula.__code__, dict(words), formula.__name__, formula.__defaults__)
