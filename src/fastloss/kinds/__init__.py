"""The shapes of loops that losses have, each an object (``base.Kind``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..drawing import held_by_rows
from ..rows import Row
from .base import Array, Kind
from .batches import Batches
from .groups import Groups
from .hazards import Hazards
from .points import Points
from .products import Products
from .regions import Regions
from .rows import Rows
from .sequences import Sequences
from .sets import OfSets
from .totals import Totals
from .vectors import Vectors

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Points(),
        Rows(),
        Hazards(),
        Vectors(),
        Totals(),
        Regions(),
        Products(),
        Batches(),
        OfSets(),
        Sequences(),
        Groups(),
    )
}


def draw(
    row: Row,
    sizes: tuple[int, ...],
    dtype: Any,
    rng: np.random.Generator,
    form: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Array]:
    """Return ordinary arrays of a loss, as its kind draws them (``Kind.draw``); of a sum, what all its terms take."""
    if not row.mixed or all(term.axes != "C" for _, term in row.terms):
        kind = row.terms[0][1].kind if row.mixed else row.kind
        return KINDS[kind].draw(row, sizes, dtype, rng, form, parameters)
    held = {term.holds for _, term in row.terms} | ({"probs"} if row.predicted.high == 1 else set())
    holds = next((holds for holds in ("log_probs", "probs") if holds in held), "logits")
    pairs = any(term.axes == "2" for _, term in row.terms)  # whose columns can only be two classes
    shape = (*sizes, 2) if pairs else sizes
    y_pred = held_by_rows(holds, rng.normal(scale=3, size=shape)).astype(dtype)
    labels = rng.integers(max(shape[-1], 1), size=shape[:-1])
    return {"y_true": labels if pairs else np.eye(shape[-1], dtype=dtype)[labels], row.prediction: y_pred}


def fuses(kind: str) -> bool:
    """Tell whether a sum of losses of a kind is one pass; one of losses of several kinds, which is of none, is not."""
    return kind in KINDS and KINDS[kind].fuses
