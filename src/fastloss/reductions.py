"""From the losses of the samples to the value that is returned.

Weights, masks and the mean's denominator become ONE multiplier for each sample, known before the kernel runs: the
gradient is written once, already scaled. The kernel returns the sum of weight x loss.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from .scalars import as_number, shown

Reduction = Literal["mean", "sum", "none"]


def as_reduction(reduction: Any, normalizer: Any) -> tuple[str, float | None]:
    """Return a reduction and its normalizer, as what they were when they were checked."""
    if not isinstance(reduction, str):
        raise TypeError(f"reduction must be 'mean', 'sum' or 'none', not {shown(reduction)}")
    reduction = str.__str__(reduction)  # not what a type derived from it says it is equal to
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"reduction={shown(reduction)} is not one of 'mean', 'sum', 'none'")
    if normalizer is None:
        return reduction, None
    if reduction != "mean":
        raise ValueError(
            f"normalizer replaces the denominator of the mean; with reduction={shown(reduction)} it has to be None"
        )
    number = as_number("normalizer", normalizer)
    if not 0 < number < math.inf:
        raise ValueError(f"normalizer = {shown(normalizer)} is not a finite number > 0")
    return reduction, number


#: The numbers whose reciprocal is a normal number too, by whether the type is float64.
RECIPROCALS = tuple((1 / float(np.finfo(t).max), 1 / float(np.finfo(t).tiny)) for t in (np.float32, np.float64))


def denominator(reduction: str, normalizer: float | None, total_weight: float, in_float64: bool) -> float:
    """Return what the sum of the weighted losses is divided by; raise if it has no reciprocal to multiply by."""
    if reduction != "mean":
        return 1.0
    number = total_weight if normalizer is None else normalizer
    low, high = RECIPROCALS[in_float64]
    if low < number < high or number == 0:
        return number
    name = "the sum of the sample weights" if normalizer is None else "normalizer"
    raise ValueError(
        f"{name} = {number} is not between {low:.3g} and {high:.3g}; computed in "
        f"float{64 if in_float64 else 32}, its reciprocal is not a normal number"
    )


def added(numbers: np.ndarray[Any, Any]) -> float:
    """Return the sum of numbers, rounded once. A list of them takes a fifth of the time that an array does."""
    return math.fsum(numbers.ravel().tolist())


def added_up(values: Sequence[float]) -> float:
    """Return the sum of the values of parts, rounded once: so how many there are does not show."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # beyond all numbers on the way, or infinite in both directions
        with np.errstate(all="ignore"):
            return float(np.sum(values))


def scale(denominator: float) -> float:
    """Return the factor of gradient and Hessian; 0 where nothing is left to average."""
    return 1.0 / denominator if denominator else 0.0


def reduced(total: float, denominator: float) -> float:
    """Return the value; 0 where nothing is left to average."""
    return total / denominator if denominator else 0.0
