"""Losses of times until an event that are known, or known to lie before, after or between two: one for each sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import describe, first_true, place, quiet
from ..reductions import reduced
from ..rows import TARGET, Row
from ..runtime import kernels, threads_for
from ..targets import check_elements
from .base import Array, Call, Kind, Results, places_of


class Plan(NamedTuple):
    """A call as the kernels take it."""

    call: Call
    arrays: dict[str, Any]  # described
    size: int
    threads: int

    def loop(
        self, inspect: bool, denominator: float, results: Results | None = None, factor: float = 1.0, **asked: Any
    ) -> float:
        """Run all samples; return the sum of their weighted losses, or (`inspect`) of their weights."""
        request, arrays = self.call.request, dict(self.arrays)
        if results is not None:
            arrays["value"] = describe(results.value)
            for name, written in (("gradient", results.gradients), ("hessian", results.hessians)):
                arrays[name] = describe(next(iter(written.values()), None))
        total: float = kernels.groups.lifetimes(
            arrays,
            distribution=request.parameters["distribution"],
            scale=request.parameters["scale"],
            double_precision=request.double_precision,
            samples=self.size,
            denominator=denominator,
            inspect=inspect,
            threads=self.threads,
            value_factor=factor,
            curvature=None if inspect else request.curvature.described(),
            **asked,
        )
        return total


class Lifetimes(Kind):
    """One loss for each pair of times, between which an event lies."""

    name = "lifetimes"
    compiled_alone = True

    def plan(self, call: Call) -> Plan:
        lower, upper, prediction = (call.arrays.by_name[operand.name] for operand in call.request.row.operands)
        given = {
            "lower": lower,
            "upper": upper,
            "prediction": prediction,
            "weight": call.weights.weights,
            "where": call.weights.where,
        }
        described = {name: describe(array) for name, array in given.items()}
        return Plan(call, described, prediction.size, threads_for(call.request.n_threads, 16 * prediction.size))

    @quiet
    def explain(self, plan: Plan) -> None:
        call = plan.call
        weights, left_out = call.weights.weights, call.weights.left_out
        lower, upper = (o for o in call.request.row.operands if o.role == TARGET)
        first, second = (call.arrays.by_name[operand.name] for operand in (lower, upper))
        for operand, array in ((lower, first), (upper, second)):
            check_elements(operand.name, array, operand.domain, weights, left_out, True)
        bad = first_true((second < first) & left_out.kept(first.shape, weights))
        if bad is not None:
            raise ValueError(
                f"{place(upper.name, bad, second.shape)} = {second.reshape(-1)[bad]} is less than {lower.name} there, "
                f"{first.reshape(-1)[bad]}"
            )

    def by_parameters(self, plan: Plan, denominator: float) -> dict[str, Any]:
        """Return the derivative by the scale, which all samples have."""
        (scale,) = plan.call.request.row.learned
        return {scale.name: reduced(plan.loop(False, denominator, by_scale=True), denominator)}

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        return kernels.groups.PlainLifetimes(parameters["distribution"], parameters["scale"], factor, **places_of(row))

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return times up to 1 and from 1 on, 0 and infinity among them: any of the one goes with any of the other."""
        lower, upper, prediction = (operand.name for operand in row.operands)
        before, after = rng.integers(3, size=sizes), rng.integers(3, size=sizes)
        early, late = 1 - 0.9 * rng.random(sizes), 1 + rng.exponential(size=sizes)
        return {
            lower: np.select([before == 0, before == 1], [0.0, 1.0], early).astype(dtype),
            upper: np.select([after == 0, after == 1], [np.inf, 1.0], late).astype(dtype),
            prediction: rng.normal(scale=2, size=sizes).astype(dtype),
        }
