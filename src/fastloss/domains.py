"""Numbers inside of their domains, in the type that computes with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .arrays import first_true, place, quiet
from .rows import Domain, OrZero, Row
from .runtime import kernels

#: The distance of 1 and the number after it, by the number of a type.
_EPSILON: dict[int, float] = kernels.frame.SHARED["EPSILON"]
#: What is not larger than the one is 0 in float32; the other is its largest number.
VANISHES, LARGEST = 2.0**-150, float(np.finfo(np.float32).max)
#: The least normal number of each compute type, by whether it is float64.
_LEAST_NORMAL = {False: 2.0**-126, True: 2.0**-1022}
#: The domains of target and prediction, as the kernels take them, where every number is allowed.
NO_LIMITS = (-math.inf, math.inf, False, -math.inf, math.inf, 0.0)


def limits_of(row: Row, parameters: Mapping[str, Any], dtype: Any) -> tuple[float, float, bool, float, float, float]:
    """Return the domain of targets and predictions as the kernels check it, in a compute type."""
    target, predicted = row.targets(parameters), row.predictions(parameters)
    return *target.bounds(dtype), target.ends_only, *predicted.bounds(dtype), predicted.rounding


def limits_of_types(row: Row, parameters: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return the domain as the kernels check it, in float32 and in float64."""
    return limits_of(row, parameters, np.float32), limits_of(row, parameters, np.float64)


@quiet
def outside(array: np.ndarray[Any, Any], domain: Domain, number: int | None = None) -> np.ndarray[Any, Any]:
    """Return where an array leaves a domain; NaN is outside.

    `number` is that of the type that the numbers came in, whose rounding the domain may forgive.
    """
    values = array.astype(np.float64)
    if domain.ends_only:
        neither: np.ndarray[Any, Any] = (values != domain.low) & (values != domain.high)
        return neither
    if isinstance(domain, OrZero):
        far: np.ndarray[Any, Any] = (values != 0) & ((values < domain.low) | ~(values <= domain.high))
        return far
    high = domain.high + domain.rounding * (0.0 if number is None else _EPSILON.get(number, 0.0))
    above = values > domain.low if domain.low_open else values >= domain.low
    below = values < high if domain.high_open else values <= high
    return np.logical_not(above & below)


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
            max(least + slack, VANISHES) < abs(value) < LARGEST
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
