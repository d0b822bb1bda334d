"""Losses of vectors that are compared with all others of their batch: which of them does a vector belong to?

Each comparison is a softmax over the similarities of a vector with all others, so it is the cross-entropy of a linear
layer whose weights are the other vectors (``products.py``): chunk by chunk, nothing is as large as the batch squared.
What is particular to batches is here: lengths that are divided by, the vector's own place that is left out, and which
others are its positives. The positive stays out of the sum of the others, so that a pair that is right keeps its
digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..catalogue.classes import linear_cross_entropy
from ..reductions import reduced
from ..rows import PREDICTION, Row
from ..samples import LeftOut
from .base import GRADIENT, VALUE, Array, Arrays, Call, Kind, Outputs, Request, Results, Weights
from .products import Products, multiplied


class Plan(NamedTuple):
    """A call as vectors that count, each with its positive."""

    call: Call
    kept: Array  # the places of the vectors that are not left out
    positive: Array  # of each of these the place of one it belongs to, -1 where there is none
    given: Array  # the weight of each
    weights: Array  # the same, 0 where it has no positive


def _in_place(count: int, kept: Array, labels: Any) -> Array:
    return np.arange(len(kept))


def _half_a_batch_away(count: int, kept: Array, labels: Any) -> Array:
    """Return the other view of each sample, -1 where it is left out."""
    place = np.full(count, -1)
    place[kept] = np.arange(len(kept))
    half: Array = place[(kept + count // 2) % max(count, 1)]
    return half


def _of_its_class(count: int, kept: Array, labels: Any) -> Array:
    """Return the next of the same class; the last has the first, one that is alone none."""
    _, groups = np.unique(labels[kept], return_inverse=True)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(groups[order]) != 0][: len(order)])
    following = np.roll(order, -1)
    ends = np.r_[starts[1:], len(order)][: len(starts)] - 1
    following[ends] = order[starts]
    positive = np.empty(len(kept), np.int64)
    positive[order] = following
    positive[positive == np.arange(len(kept))] = -1
    return positive


_POSITIVES: dict[str, Callable[[int, Array, Any], Array]] = {
    "place": _in_place,
    "half": _half_a_batch_away,
    "class": _of_its_class,
}


class Compared:
    """Vectors as they are compared, and the gradient by them."""

    def __init__(self, array: Array, kept: Array, dtype: np.dtype[Any], normalize: bool) -> None:
        vectors = array[kept].astype(dtype, copy=False)
        self.lengths: Array | None = None
        if normalize:
            # The largest number is a power of 2 times one that is near 1: its square is neither infinite nor 0.
            _, exponents = np.frexp(np.abs(vectors).max(axis=1, initial=0, keepdims=True))
            vectors = np.ldexp(vectors, -exponents)
            squares = np.einsum("ij,ij->i", vectors, vectors)[:, None]
            roots = np.sqrt(squares)
            self.lengths = np.ldexp(roots, exponents)
            vectors = vectors / np.where(roots == 0, 1, roots)
        self.numbers: Array = vectors
        self.gradient = np.zeros_like(vectors)

    def of_given(self) -> Array:
        """Return the gradient by the vectors as they were given; of one of length 0 it is 0."""
        if self.lengths is None:
            return self.gradient
        along = np.einsum("ij,ij->i", self.gradient, self.numbers)[:, None]
        across = self.gradient - self.numbers * along
        return np.where(self.lengths == 0, 0, across / np.where(self.lengths == 0, 1, self.lengths))


class Batches(Kind):
    """One loss for each vector of a batch, against all others."""

    name = "batches"

    def plan(self, call: Call) -> Plan:
        row, shape, dtype = call.request.row, call.arrays.by_name[call.request.row.prediction].shape, call.compute_type
        if len(shape) != 2:
            raise ValueError(f"{row.prediction} has shape {shape}; a batch has two axes: samples and numbers")
        if row.positive == "half" and shape[0] % 2:
            raise ValueError(f"{row.prediction} has {shape[0]} vectors; there must be two views of each sample")
        given = call.weights.weights
        kept = np.flatnonzero(call.weights.left_out.kept(shape[:1], given))
        positive = _POSITIVES[row.positive](shape[0], kept, call.arrays.by_name.get("y_true"))
        with np.errstate(all="ignore"):
            weights = np.ones(len(kept)) if given is None else given[kept].astype(dtype).astype(np.float64)
            scale = np.asarray(scale_of(call.request, call.arrays)).astype(dtype)
        if not np.isfinite(scale):
            (name,) = (operand.name for operand in row.differentiated if operand.shared)
            raise ValueError(f"{name} = {call.arrays.by_name[name]} is too large: e^{name} is infinite in {dtype}")
        return Plan(call, kept, positive, weights, np.where(positive < 0, 0.0, weights))

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        bad = not np.isfinite(plan.given).all() or bool((plan.given < 0).any()) or self._bad_labels(plan).any()
        return math.nan if bad else math.fsum(plan.weights)

    def explain(self, plan: Plan) -> None:
        bad = plan.kept[self._bad_labels(plan)]
        if bad.size:
            label = plan.call.arrays.by_name["y_true"][bad[0]]
            raise ValueError(f"y_true[{bad[0]}] = {label} is no class: a label is a finite number")

    def _bad_labels(self, plan: Plan) -> Array:
        """Return which vectors that count have a label that is no number."""
        labels = plan.call.arrays.by_name.get("y_true")
        if labels is None:
            return np.zeros(len(plan.kept), np.bool_)
        bad: Array = ~np.isfinite(labels[plan.kept])
        return bad

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        with np.errstate(all="ignore"):
            return _Comparison(plan, results, number, factor).run()

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return vectors near those that they belong to, as a model that has begun to learn makes them."""
        places = np.arange(sizes[0])
        alike = {"place": places, "half": places % max(len(places) // 2, 1), "class": places % max(len(places) // 3, 1)}
        centres = rng.normal(size=sizes)[alike[row.positive]]
        drawn: dict[str, Array] = {}
        for operand in row.operands:
            if operand.role != PREDICTION:
                drawn[operand.name] = alike[row.positive]
            elif operand.axes:
                drawn[operand.name] = (centres + rng.normal(scale=0.7, size=sizes)).astype(dtype)
            else:
                drawn[operand.name] = np.asarray(operand.default, dtype)
        return drawn


def scale_of(request: Request, arrays: Arrays) -> Any:
    """Return what multiplies the similarities: 1 over the temperature, or e to the power of what is learned."""
    for operand in request.row.differentiated:
        if operand.shared:
            return np.exp(np.float64(arrays.by_name.get(operand.name, operand.default)))
    return 1 / request.parameters["temperature"]


class _Comparison:
    """One run of a loss of a batch."""

    def __init__(self, plan: Plan, results: Results, number: float, factor: float) -> None:
        self.plan, self.results, self.number, self.factor = plan, results, number, factor
        call = plan.call
        self.request, self.dtype = call.request, call.compute_type
        parameters = self.request.parameters
        normalize = parameters["normalize"]
        names = dict.fromkeys(name for pair in self.request.row.against for name in pair)
        self.vectors = {name: Compared(call.arrays.by_name[name], plan.kept, self.dtype, normalize) for name in names}
        self.scale = float(scale_of(self.request, call.arrays))
        self.share = 1 / len(self.request.row.against)
        self.values = np.zeros(len(plan.kept))
        self.by_log_scale = 0.0
        self.wants = bool(self.request.want & GRADIENT)

    def run(self) -> float:
        """Compute everything; return the value."""
        total = math.fsum(self.compare(*pair) for pair in self.request.row.against)
        plan, results = self.plan, self.results
        if results.value is not None:
            results.value[...] = 0
            results.value[plan.kept] = self.values * self.factor
        for name, gradient in results.gradients.items():
            if name not in self.vectors:
                gradient[...] = self.by_log_scale
                continue
            gradient[...] = 0
            gradient[plan.kept] = self.vectors[name].of_given()
        return reduced(total, self.number) * self.factor

    def compare(self, rows: str, columns: str) -> float:
        """Compare each vector of one array with all of another; return the sum of the weighted losses."""
        vectors, others = self.vectors[rows], self.vectors[columns]
        scaled = vectors.numbers * self.dtype.type(self.scale)
        weights = self.plan.weights * self.share
        labels = np.where(self.plan.positive < 0, 0, self.plan.positive)
        by_scaled, by_others = np.empty_like(scaled), np.empty_like(others.numbers)
        values = np.empty(len(labels), self.dtype)
        parameters = {p.name: p.default for p in linear_cross_entropy.parameters}
        request = self.request.inside(
            linear_cross_entropy,
            VALUE | (self.request.want & GRADIENT),
            parameters | {"max_bytes": self.request.parameters["max_bytes"]},
            ("features", "weight") if self.wants else (),
            reduction="none",
            normalizer=None,
        )
        arrays = Arrays({"y_true": labels, "features": scaled, "weight": others.numbers}, labels.shape, "index")
        call = Call(request, arrays, Weights(weights, None, LeftOut()), Outputs(None, None, {}, {}, (), False))
        plan = _PRODUCTS.plan(call)._replace(without_own=rows == columns)
        gradients = {"features": by_scaled, "weight": by_others} if self.wants else {}
        denominator = self.number / self.factor
        multiplied(plan, Results(values, gradients, {}), denominator, 1.0)
        losses = values.astype(np.float64)
        if self.request.row.positive == "class":
            losses += self._of_all_positives(vectors, scaled, weights, by_scaled, by_others, denominator)
        self.values += losses
        if self.wants:
            self.by_log_scale += float(np.einsum("ij,ij->", by_scaled, scaled, dtype=np.float64))
            vectors.gradient += by_scaled * self.dtype.type(self.scale)
            others.gradient += by_others
        return math.fsum(losses)

    def _of_all_positives(
        self, vectors: Compared, scaled: Array, weights: Array, by_scaled: Array, by_others: Array, denominator: float
    ) -> Array:
        """Put the mean of all positives in the place of the one that was compared; return what that adds to the values.

        Sums over a class do it, in a time that is linear in the batch. Where there is one positive nothing is added.
        """
        plan = self.plan
        labels = plan.call.arrays.by_name["y_true"][plan.kept]
        _, groups, counts = np.unique(labels, return_inverse=True, return_counts=True)
        others = counts[groups] - 1
        several = others > 1
        share = np.where(several, 1 / np.maximum(others, 1), 0).astype(self.dtype)[:, None]
        one = vectors.numbers[plan.positive]
        mean = (_sums(vectors.numbers, groups, len(counts)) - vectors.numbers) * share
        instead = np.where(several[:, None], one - mean, 0)
        added = weights * np.einsum("ij,ij->i", scaled, instead, dtype=np.float64)
        if self.wants:
            factor = (weights / denominator if denominator else np.zeros_like(weights)).astype(self.dtype)[:, None]
            by_scaled += factor * instead
            pushed = np.where(several[:, None], factor * scaled, 0)
            np.add.at(by_others, plan.positive[several], pushed[several])
            spread = pushed * share
            by_others -= _sums(spread, groups, len(counts)) - spread
        return np.asarray(added)


def _sums(numbers: Array, groups: Array, count: int) -> Array:
    """Return for each row the sum over its group, added in the order of the rows."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(count))
    sums: Array = np.add.reduceat(numbers[order], starts, axis=0)[groups] if len(order) else numbers
    return sums


_PRODUCTS = Products()
