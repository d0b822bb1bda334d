"""The shapes of loops that losses have, each an object (``base.Kind``)."""

from .base import Kind
from .points import Points
from .rows import Rows
from .totals import Totals
from .vectors import Vectors

KINDS: dict[str, Kind] = {kind.name: kind for kind in (Points(), Rows(), Vectors(), Totals())}


def fuses(kind: str) -> bool:
    """Tell whether a sum of losses of a kind is one pass; one of losses of several kinds, which is of none, is not."""
    return kind in KINDS and KINDS[kind].fuses
