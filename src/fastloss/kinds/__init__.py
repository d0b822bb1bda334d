"""The shapes of loops that losses have, each an object (``base.Kind``)."""

from .base import Kind
from .points import Points
from .rows import Rows
from .totals import Totals
from .vectors import Vectors

KINDS: dict[str, Kind] = {kind.name: kind for kind in (Points(), Rows(), Vectors(), Totals())}
