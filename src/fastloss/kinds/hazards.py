"""Losses of discrete survival times: a row of hazards for each sample, of which those up to its last interval count.

Interval and event become one label, by which the kernels of rows tell which of their decisions are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import first_true, place, quiet
from ..domains import limits_of_types
from ..rows import Row, Term
from ..runtime import kernels, threads_for
from ..targets import check_elements
from .base import Array, Call, places_of
from .rows import Plan, Rows


class Hazards(Rows):
    """One loss for each row of hazards."""

    name = "hazards"
    compiled_alone = True

    @quiet
    def plan(self, call: Call) -> Plan:
        interval, event, logits = (call.arrays.by_name[operand.name] for operand in call.request.row.operands)
        columns = logits.shape[-1]
        seen = (interval >= 0) & (interval < columns) & ((event == 0) | (event == 1))
        labels = np.where(seen, 2.0 * interval + event, -1.0) if columns else np.full(interval.shape, -1.0)
        return Plan(
            call, np.where(interval == np.trunc(interval), labels, -1.0).astype(np.int64), logits,
            call.weights.weights, call.weights.where, -1, columns, 2 * columns, "index", False, (0, (), None), (),
            threads_for(call.request.n_threads, logits.size),
        )  # fmt: skip

    def explain(self, plan: Plan) -> None:
        call, left_out = plan.call, plan.call.weights.left_out
        names = [operand.name for operand in call.request.row.operands]
        for operand in call.request.row.operands[:2]:
            array = call.arrays.by_name[operand.name]
            check_elements(operand.name, array, operand.domain, plan.weights, left_out, call.request.double_precision)
            bad = first_true((array != array) & left_out.kept(array.shape, plan.weights))
            if bad is not None:
                raise ValueError(f"{place(operand.name, bad, array.shape)} = nan is not {operand.domain.description}")
        interval = call.arrays.by_name[names[0]]
        bad = first_true((plan.y_true < 0) & left_out.kept(interval.shape, plan.weights))
        if bad is not None:
            number = interval.reshape(-1)[bad]
            raise ValueError(
                f"{place(names[0], bad, interval.shape)} = {number} is none of the {plan.columns} intervals "
                f"of {names[2]}, which count from 0"
            )

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        interval, event, logits = row.operands
        return {
            interval.name: rng.integers(max(sizes[-1], 1), size=sizes[:-1]).astype(dtype),
            event.name: rng.integers(2, size=sizes[:-1]).astype(dtype),
            logits.name: rng.normal(scale=3, size=sizes).astype(dtype),
        }

    def fast_path(
        self, row: Row, parameters: Mapping[str, Any], terms: list[Term], factor: float, alone: bool
    ) -> tuple[Any, Any]:
        if not alone:
            return None, None
        row, parameters = terms[0].row, terms[0].parameters
        loss, limits = kernels.rows.ROW_LOSSES.index(row.name), limits_of_types(row, parameters)
        return kernels.rows.PlainHazards(loss, *limits, factor=factor, **places_of(row)), None
