"""The rows of all losses, in the order in which they are declared: the single registry."""

from __future__ import annotations

from .formulas import binary, classes, divergences, regression
from .formulas.declare import Row

CATALOGUE: dict[str, Row] = {
    row.name: row
    for module in (classes, divergences, binary, regression)
    for row in vars(module).values()
    if isinstance(row, Row)
}
