"""Losses of sequences: sums over all paths through a lattice, whose shape the row of a loss names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..rows import Row
from .base import Array, Arrays, Call, Kind, Request, Results
from .crf import Chains
from .ctc import Alignments
from .rnnt import JoinedTransducers, Transducers


class Sequences(Kind):
    """One loss for each sequence; each lattice has its own plan, and its own kernel."""

    name = "sequences"
    lattices: Mapping[str, Kind] = {
        "alignments": Alignments(),
        "chains": Chains(),
        "grids": Transducers(),
        "sums": JoinedTransducers(),
    }

    def resolve(self, request: Request) -> Arrays:
        return self.lattices[request.row.lattice].resolve(request)

    def plan(self, call: Call) -> Any:
        return self.lattices[call.request.row.lattice].plan(call)

    def inspect(self, plan: Any, weight_sum: Any = None) -> float:
        return self.lattices[plan.call.request.row.lattice].inspect(plan, weight_sum)

    def explain(self, plan: Any) -> None:
        self.lattices[plan.call.request.row.lattice].explain(plan)

    def run(self, plan: Any, results: Results, number: float, factor: float) -> float:
        return self.lattices[plan.call.request.row.lattice].run(plan, results, number, factor)

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        return self.lattices[row.lattice].draw(row, sizes, dtype, rng, form, parameters)
