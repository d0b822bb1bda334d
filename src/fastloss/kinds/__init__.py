"""The shapes of loops that losses have, each an object (``base.Kind``)."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from ..drawing import held_by_rows
from ..rows import Row
from .base import Array, Kind

#: The module and the class of each kind; of sequences, of each lattice.
_PLACES = {
    "points": ("points", "Points"),
    "rows": ("rows", "Rows"),
    "scores": ("scores", "Scores"),
    "hazards": ("hazards", "Hazards"),
    "lifetimes": ("lifetimes", "Lifetimes"),
    "vectors": ("vectors", "Vectors"),
    "totals": ("totals", "Totals"),
    "regions": ("regions", "Regions"),
    "errors": ("errors", "Errors"),
    "products": ("products", "Products"),
    "batches": ("batches", "Batches"),
    "sets": ("sets", "OfSets"),
    "alignments": ("ctc", "Alignments"),
    "chains": ("crf", "Chains"),
    "grids": ("rnnt", "Transducers"),
    "sums": ("rnnt", "JoinedTransducers"),
    "groups": ("groups", "Groups"),
}


class _Kinds(dict[str, Kind]):
    """The kinds by their names, each loaded when it is first asked for: few programs need more than two."""

    def __missing__(self, name: str) -> Kind:
        module, kind = _PLACES[name]
        return self.setdefault(name, getattr(import_module(f".{module}", __name__), kind)())


_KINDS = _Kinds()


def kind_of(row: Row) -> Kind:
    """Return the kind of a loss: the shape of its loop."""
    return _KINDS[row.lattice or row.kind]


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
        return kind_of(row.terms[0][1] if row.mixed else row).draw(row, sizes, dtype, rng, form, parameters)
    held = {term.holds for _, term in row.terms} | ({"probs"} if row.predicted.high == 1 else set())
    holds = next((holds for holds in ("log_probs", "probs") if holds in held), "logits")
    pairs = any(term.axes == "2" for _, term in row.terms)  # whose columns can only be two classes
    shape = (*sizes, 2) if pairs else sizes
    y_pred = held_by_rows(holds, rng.normal(scale=3, size=shape)).astype(dtype)
    labels = rng.integers(max(shape[-1], 1), size=shape[:-1])
    return {"y_true": labels if pairs else np.eye(shape[-1], dtype=dtype)[labels], row.prediction: y_pred}


def fuses(kind: str) -> bool:
    """Tell whether a sum of losses of a kind is one pass; one of losses of several kinds, which is of none, is not."""
    return kind in _PLACES and _KINDS[kind].fuses
