"""Numbers that callers pass, and how messages show values."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .arrays import DTYPES, dtype_number


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
