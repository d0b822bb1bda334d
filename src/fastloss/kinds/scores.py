"""Losses of one or two rows of scores for each sample: how sure they are, how far apart."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..arrays import as_axis, describe, dtype_number
from ..domains import limits_of, limits_of_types
from ..drawing import target_of_rows
from ..rows import TARGET, Row
from ..runtime import kernels, threads_for
from ..targets import check_labels, check_row_predictions
from .base import GRADIENT, HESSIAN, VALUE, Array, Call, Kind, Results, places_of

COSINES = 3  # of Given in kernels/rows/tile.pxi


@functools.lru_cache(maxsize=64)
def angle(theta: float) -> tuple[float, float, float, float]:
    """Return cosine and sine of a number from 0 to 3 with twice the digits of a float: each as a sum of two."""
    x, term = Fraction(theta), Fraction(1)
    sums = [Fraction(0), Fraction(0)]
    for n in range(60):
        sums[n % 2] += term if n % 4 < 2 else -term
        term = Fraction(round(term * x / (n + 1) * 2**200), 2**200)
    (cosine, of_cosine), (sine, of_sine) = ((float(s), float(s - Fraction(float(s)))) for s in sums)
    return cosine, of_cosine, sine, of_sine


#: The parameter of a loss that is an angle: its kernel takes what `angle` returns, too.
ANGLES = {"arcface": "margin"}


class Plan(NamedTuple):
    """A call as the kernels take it, the classes on the last axis."""

    call: Call
    axis: int  # of the caller's arrays, counted from the end
    labels: Array | None
    logits: Array
    beside: Array | None  # the other row of scores
    parameters: tuple[float, ...]
    threads: int

    def classes_last(self, array: Any) -> Any:
        """Return an array of the caller with its classes on the last axis, None of None."""
        return array if array is None or self.axis == -1 else np.moveaxis(array, self.axis, -1)

    def loop(
        self,
        inspect: bool,
        denominator: float,
        results: Results | None = None,
        factor: float = 1.0,
        weight_sum: Any = None,
    ) -> float:
        """Run all samples; return the sum of their weighted losses, or (`inspect`) of their weights."""
        request = self.call.request
        row, classes = request.row, self.logits.shape[-1]
        gradients = {} if results is None else results.gradients
        first, *others = (operand.name for operand in row.differentiated)
        # The gradient by a second prediction takes the place of the Hessian, which these losses do not have.
        second = next((gradients[name] for name in others if name in gradients), None)
        arrays = {
            "logits": self.logits,
            "beside": self.beside,
            "weight": self.call.weights.weights,
            "where": self.call.weights.where,
            "value": None if results is None else results.value,
            "gradient": self.classes_last(gradients.get(first)),
            "hessian": self.classes_last(second),
        } | ({} if self.labels is None else {"y_true": self.labels})
        want = request.want & VALUE | (GRADIENT if first in gradients else 0) | (0 if second is None else HESSIAN)
        total: float = kernels.rows.row_losses(
            {name: describe(array) for name, array in arrays.items()},
            loss=kernels.rows.ROW_LOSSES.index(row.name),
            want=0 if inspect else want,
            double_precision=request.double_precision,
            samples=math.prod(self.call.arrays.samples),
            classes=classes,
            label_classes=classes,
            form=kernels.rows.FORMS["none" if self.labels is None else "index"],
            given=given_by(row),
            parameters=self.parameters,
            limits=limits_of(row, request.parameters, self.call.compute_type.type),
            denominator=denominator,
            inspect=inspect,
            threads=self.threads,
            value_factor=factor,
            weight_sum=weight_sum,
        )
        return total


def numbers_of(row: Row, parameters: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the parameters of a loss as the kernels take them."""
    own = (parameter.name for parameter in row.parameters if parameter.kind != "axis")
    numbers = tuple(float(parameters[name]) for name in own)
    return numbers + angle(parameters[ANGLES[row.name]]) if row.name in ANGLES else numbers


def given_by(row: Row) -> int:
    """Return the Given of ``kernels/rows/tile.pxi``."""
    return COSINES if row.holds == "cosines" else 0


class Scores(Kind):
    """One loss for each row of one or two arrays of scores."""

    name = "scores"
    compiled_alone = True

    def plan(self, call: Call) -> Plan:
        row, arrays = call.request.row, dict(call.arrays.by_name)
        labels = next((arrays.pop(operand.name) for operand in row.operands if operand.role == TARGET), None)
        if labels is not None and labels.dtype.itemsize == 2 and dtype_number(labels.dtype) in (9, 10):
            labels = labels.astype(np.float32)
        logits = arrays.pop(row.prediction)
        axis = as_axis(call.request.parameters["axis"], logits.ndim)
        if not logits.shape[axis] and 0 not in call.arrays.samples:
            raise ValueError(f"{row.prediction} has shape {logits.shape}: rows of no classes")
        beside = next(iter(arrays.values()), None)
        numbers = numbers_of(row, call.request.parameters)
        plan = Plan(call, axis, labels, logits, beside, numbers, threads_for(call.request.n_threads, logits.size))
        return plan._replace(logits=plan.classes_last(logits), beside=plan.classes_last(beside))

    def explain(self, plan: Plan) -> None:
        weights, request = plan.call.weights, plan.call.request
        if plan.labels is not None:
            check_labels(plan.labels, plan.logits.shape[-1], weights.weights, weights.left_out, ignorable=False)
        domain = request.row.predictions(request.parameters)
        check_row_predictions(
            request.row.prediction, np.moveaxis(plan.logits, -1, plan.axis), domain, plan.axis, weights.weights,
            weights.left_out, request.double_precision,
        )  # fmt: skip

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        labels = [row.place_of(operand.name) for operand in row.operands if operand.role == TARGET]
        known = {*labels, row.place_of(row.prediction)}
        places = places_of(row) | {"target": labels[0] if labels else -1}
        return kernels.rows.PlainScores(
            kernels.rows.ROW_LOSSES.index(row.name),
            *limits_of_types(row, parameters),
            axis=parameters["axis"],
            given=given_by(row),
            parameters=numbers_of(row, parameters),
            factor=factor,
            beside=next((place for place in range(len(row.operands)) if place not in known), -1),
            **places,
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
        """Return scores of two models, or of two images, that agree about most classes."""
        logits = rng.normal(scale=3, size=sizes)
        drawn = {}
        for operand in row.operands:
            if operand.role == TARGET:
                drawn[operand.name] = target_of_rows("index", sizes, sizes[-1], rng)
            elif math.isfinite(operand.domain.high):
                # So near each other that a scale of 64 makes no probability subnormal.
                drawn[operand.name] = (0.5 * np.tanh(logits / 3)).astype(dtype)
            else:
                scores = logits if operand.name == row.prediction else logits + rng.normal(size=sizes)
                drawn[operand.name] = scores.astype(dtype)
        return drawn
