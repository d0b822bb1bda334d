"""Losses of given vectors: distances and cosines between the rows of several arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import describe
from ..rows import TARGET, Operand, Options, Row
from ..runtime import kernels, threads_for
from ..targets import check_elements
from .base import Array, Call, Kind, Results, places_of


class Plan(NamedTuple):
    """A call as the kernels take it."""

    call: Call
    loss: int  # its number in kernels.vectors.VECTOR_LOSSES
    y_true: Array | None
    vectors: dict[str, Array]
    parameters: tuple[float, ...]
    threads: int

    def loop(
        self,
        inspect: bool,
        denominator: float,
        results: Results | None = None,
        factor: float = 1.0,
        weight_sum: Any = None,
    ) -> float:
        """Run all samples; return the sum of their weighted losses, or (`inspect`) of their weights."""
        call = self.call
        arrays = {
            "y_true": self.y_true,
            "weight": call.weights.weights,
            "where": call.weights.where,
            "value": None if results is None else results.value,
        }
        for k, (name, array) in enumerate(self.vectors.items()):
            arrays |= {f"array {k}": array, f"gradient {k}": None if results is None else results.gradients.get(name)}
        total: float = kernels.vectors.vectors(
            {name: describe(array) for name, array in arrays.items()},
            loss=self.loss,
            double_precision=call.request.double_precision,
            samples=math.prod(call.arrays.samples),
            columns=next(iter(self.vectors.values())).shape[-1],
            parameters=self.parameters,
            denominator=denominator,
            inspect=inspect,
            threads=self.threads,
            value_factor=factor,
            weight_sum=weight_sum,
        )
        return total


class Vectors(Kind):
    """One loss for each row of two or three arrays of vectors."""

    name = "vectors"
    compiled_alone = True

    def plan(self, call: Call) -> Plan:
        row, arrays = call.request.row, call.arrays.by_name
        parameters = numbers_of(row, call.request.parameters)
        vectors = {operand.name: arrays[operand.name] for operand in row.differentiated}
        threads = threads_for(call.request.n_threads, sum(array.size for array in vectors.values()))
        return Plan(call, kernels.vectors.VECTOR_LOSSES[row.name], arrays.get("y_true"), vectors, parameters, threads)

    def explain(self, plan: Plan) -> None:
        call = plan.call
        double_precision, weights, left_out = call.request.double_precision, call.weights.weights, call.weights.left_out
        for operand in call.request.row.operands:
            if operand.role == TARGET:
                array = call.arrays.by_name[operand.name]
                check_elements(operand.name, array, operand.domain, weights, left_out, double_precision)

    def draw_numbers(self, operand: Operand, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Vectors that are about 1 from each other, as far as margins are: some are met, others are not."""
        if not operand.axes:
            return super().draw_numbers(operand, shape, rng)
        return rng.normal(scale=math.sqrt(0.5 / max(shape[-1], 1)), size=shape)

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        loss = kernels.vectors.VECTOR_LOSSES[row.name]
        return kernels.vectors.PlainVectors(loss, numbers_of(row, parameters), factor, **places_of(row))


def numbers_of(row: Row, parameters: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the parameters of a loss as the kernels take them: of a choice its place among the options."""
    return tuple(
        float(parameter.domain.options.index(parameters[parameter.name]))
        if isinstance(parameter.domain, Options)
        else float(parameters[parameter.name])
        for parameter in row.parameters
    )
