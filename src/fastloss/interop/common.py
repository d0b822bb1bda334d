"""What the modules of all libraries ask of a loss before they hand it on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..loss import Loss


def as_loss(loss: Any) -> Loss:
    """Return a loss, or raise for what is none."""
    if not isinstance(loss, Loss):
        raise TypeError(f"loss must be a loss of fastloss, as fl.huber, not {type(loss).__name__}")
    return loss


def of_one_prediction(loss: Any, what: str) -> Loss:
    """Return a loss of targets and one array of predictions; raise for one that takes other arrays."""
    found = as_loss(loss)
    if found._row.several:
        names = ", ".join(operand.name for operand in found._row.operands)
        raise TypeError(f"{found.name} is no {what}: it takes several arrays ({names})")
    return found


def added_up(values: Sequence[float]) -> float:
    """Return the sum of the values of parts, rounded once: so how many there are does not show."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # beyond all numbers on the way, or infinite in both directions
        with np.errstate(all="ignore"):
            return float(np.sum(values))
