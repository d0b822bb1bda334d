"""What the modules of all libraries ask of a loss before they hand it on."""

from __future__ import annotations

from typing import Any

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
