"""Losses of several arrays as users write them, each with its textbook: the terms that it adds up, of exact numbers."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from mpmath import mp

import fastloss as fl

#: The losses by their textbooks; none without Numba.
OWN: dict[Any, Callable[..., list[Any]]] = {}


def own(textbook: Callable[..., list[Any]], **keywords: Any) -> Callable[[Any], Any]:
    """Make a loss of a function, and enter it with its textbook."""

    def enter(function: Any) -> Any:
        if find_spec("numba") is not None:
            OWN[fl.jit.pointwise(**keywords)(function)] = textbook
        return function

    return enter


@own(
    lambda chosen, rejected, margin, beta: [mp.log1p(mp.exp(-beta * (chosen - rejected - margin)))],
    predictions=("chosen", "rejected"),
)
def own_preference(chosen, rejected, margin, beta=1.0):
    """No target; the value alone."""
    return softplus(-beta * (chosen - rejected - margin))  # noqa: F821


@own(
    lambda y_true, location, log_scale: [(location - y_true) ** 2 * mp.exp(-2 * log_scale) / 2, log_scale],
    predictions=("location", "log_scale"),
)
def own_gaussian(y_true, location, log_scale):
    """A target and two predictions; the gradients are given."""
    r = location - y_true
    inverse = exp(-2 * log_scale)  # noqa: F821
    half = 0.5 * (r * r * inverse)
    return half + log_scale, (r * inverse, 1 - 2 * half)


@own(
    lambda y_true, log_rate, exposure: [exposure * mp.exp(log_rate), -y_true * log_rate],
    predictions="log_rate",
    target=(0, 1e6),
)
def own_counts(y_true, log_rate, exposure):
    """One prediction between two arrays that are not differentiated."""
    return exposure * exp(log_rate) - y_true * log_rate  # noqa: F821


@own(
    lambda first, weight, second, other, c: [weight * first**2, c * first * second * other, mp.exp(second)],
    predictions=("second", "first"),
)
def own_mixture(first, weight, second, other, c=0.5):
    """Arrays in any order; all derivatives are given."""
    e = exp(second)  # noqa: F821
    cross = c * other
    value = weight * first * first + cross * first * second + e
    return value, (2 * weight * first + cross * second, cross * first + e), (2 * weight, e, cross)
