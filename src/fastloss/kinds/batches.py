"""Losses of vectors that are compared with all others of their batch: which of them does a vector belong to?

Most comparisons are a softmax over the similarities of a vector with all others, so they are the cross-entropy of a
linear layer whose weights are the other vectors (``products.py``): chunk by chunk, nothing is as large as the batch
squared. The others are a function of the similarities (``pairs.py``), in chunks too. What is particular to batches is
here: lengths that are divided by, the vector's own place that is left out, and which others are its positives. The
positive stays out of the sum of the others, so that a pair that is right keeps its digits.

Of up to 64 vectors of up to 128 numbers a kernel computes everything (``kernels/vectors/batches.h``): each step by
NumPy takes a microsecond, whatever little it does. What is left out counts for nothing there, either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..catalogue.classes import linear_cross_entropy
from ..reductions import added, reduced
from ..rows import PREDICTION, Row
from ..runtime import kernels
from ..samples import LeftOut
from .base import GRADIENT, VALUE, Array, Arrays, Call, Kind, Outputs, Request, Results, Weights, places_of
from .pairs import Compared, Cut, Pairs, blocks, in_chunks
from .products import FAR_APART, Products, largest_of, multiplied, unit_of_slopes, unscaled


class Plan(NamedTuple):
    """A call as vectors that count, each with its positive."""

    call: Call
    kept: Array  # the places of the vectors that are not left out
    positive: Array  # of each of these the place of one it belongs to, -1 where there is none
    groups: Groups  # of these
    given: Array  # the weight of each
    weights: Array  # the same, 0 of those that have no loss
    cut: Cut | None  # of similarities that are no linear layer


class Groups(NamedTuple):
    """Which vectors belong together."""

    numbers: Array  # of each vector that counts the number of its group
    order: Array  # these vectors, group by group
    starts: Array  # where in that order a group begins

    @staticmethod
    def of(labels: Array) -> Groups:
        """Return those that labels make."""
        order = np.argsort(labels, kind="stable")
        in_order = labels[order]
        begins = np.ones(len(order), np.bool_)
        np.not_equal(in_order[1:], in_order[:-1], out=begins[1:])
        numbers = np.empty(len(order), np.int64)
        numbers[order] = np.cumsum(begins) - 1
        return Groups(numbers, order, np.flatnonzero(begins))

    def next(self) -> Array:
        """Return of each vector the next of its group; the last has the first, one that is alone none: -1."""
        order, starts = self.order, self.starts
        following = np.empty_like(order)
        following[:-1] = order[1:]
        following[np.append(starts[1:], len(order))[: len(starts)] - 1] = order[starts]
        positive = np.empty_like(order)
        positive[order] = following
        positive[positive == np.arange(len(order))] = -1
        return positive


def _in_place(count: int, kept: Array, groups: Groups) -> Array:
    return groups.numbers


def _half_a_batch_away(count: int, kept: Array, groups: Groups) -> Array:
    """Return the other view of each sample, -1 where it is left out."""
    place = np.full(count, -1)
    place[kept] = groups.numbers
    half: Array = place[(kept + count // 2) % max(count, 1)]
    return half


def _of_its_class(count: int, kept: Array, groups: Groups) -> Array:
    return groups.next()


_POSITIVES: dict[str, Callable[[int, Array, Groups], Array]] = {
    "place": _in_place,
    "half": _half_a_batch_away,
    "class": _of_its_class,
}


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
        labels = call.arrays.by_name.get("y_true")
        each = np.arange(len(kept))
        groups = Groups(each, each, each) if labels is None else Groups.of(labels[kept])
        positive = _POSITIVES[row.positive](shape[0], kept, groups)
        with np.errstate(all="ignore"):
            weights = np.ones(len(kept)) if given is None else given[kept].astype(dtype).astype(np.float64)
            scale = np.asarray(scale_of(call.request, call.arrays)).astype(dtype)
        if not np.isfinite(scale):
            if "temperature" in call.request.parameters:
                temperature = call.request.parameters["temperature"]
                raise ValueError(f"temperature = {temperature} is too small: 1 / temperature is infinite in {dtype}")
            name = next(operand.name for operand in row.differentiated if operand.shared)
            raise ValueError(f"{name} = {call.arrays.by_name[name]} is too large: e^{name} is infinite in {dtype}")
        most, threads = call.request.parameters["max_bytes"], call.request.n_threads
        cut = None
        if row.of_pairs or _both_ways(row):
            cut = Cut.of(len(kept), len(kept), most, threads, 8 if row.of_pairs else dtype.itemsize)
        counts = weights if row.counted == "all" else np.where(positive < 0, 0.0, weights)
        return Plan(call, kept, positive, groups, weights, counts, cut)

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        bad = False
        if plan.call.weights.weights is not None:
            bad = not np.isfinite(plan.given).all() or bool((plan.given < 0).any())
        return math.nan if bad or self._bad_labels(plan).any() else added(plan.weights)

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
        row = plan.call.request.row
        with np.errstate(all="ignore"):
            small = _Small(plan, results, number, factor)
            if small.fits():
                return small.run()
            work = _OfPairs if row.of_pairs else _Comparison if plan.cut is None else _BothWays
            return work(plan, results, number, factor).run()

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        if factor != 1 or parameters["max_bytes"] is not None:
            return None
        shared = shared_by(row)
        defaults = {operand.name: operand.default for operand in row.differentiated if operand.shared}
        return kernels.vectors.PlainBatches(
            np.asarray,
            row.name,
            _numbers_of(row, {**parameters, **defaults}),
            both=_both_ways(row),
            normalize=parameters["normalize"],
            positive=row.positive,
            all_count=row.counted == "all",
            operands=row.names,
            shared=row.place_of(shared[0]) if shared else -1,
            **places_of(row),
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
        """Return vectors near those that they belong to, as a model that has begun to learn makes them."""
        places = np.arange(sizes[0])
        alike = {
            "place": places,
            "half": places % max(len(places) // 2, 1),
            "class": places % max(len(places) // 3, 1 + (len(places) > 3)),
        }
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
    return 1 / request.parameters.get("temperature", 1.0)


def shared_by(row: Row) -> tuple[str, ...]:
    """Return the names of what all vectors share, which the loss is differentiated by."""
    return tuple(operand.name for operand in row.differentiated if operand.shared)


def numbers_of(request: Request, arrays: Arrays) -> tuple[float, ...]:
    """Return the numbers of a call as the kernels take them."""
    row, given = request.row, arrays.by_name
    shared = {o.name: float(given.get(o.name, o.default)) for o in row.differentiated if o.shared}
    return _numbers_of(row, dict(request.parameters) | shared)


def _numbers_of(row: Row, known: Mapping[str, Any]) -> tuple[float, ...]:
    """Return what a loss of pairs takes; of a softmax, what multiplies the similarities, or its logarithm."""
    if not row.of_pairs:
        return (known[shared_by(row)[0]] if row.shares else 1 / known["temperature"],)
    return tuple(float(known[name]) for name in row.of_pairs)


def _both_ways(row: Row) -> bool:
    """Tell whether each array of vectors is compared with the other."""
    (first, second), *others = row.against
    return others == [(second, first)]


class _Run:
    """One run of a loss of a batch."""

    def __init__(self, plan: Plan, results: Results, number: float, factor: float) -> None:
        self.plan, self.results, self.number, self.factor = plan, results, number, factor
        self.request = plan.call.request
        self.values = np.zeros(len(plan.kept))
        self.by_shared: dict[str, float] = {}
        self.wants = bool(self.request.want & GRADIENT)
        self.multiplier = factor / number if number else 0.0  # of gradients
        self.names = list(dict.fromkeys(name for pair in self.request.row.against for name in pair))

    def read(self, dtype: np.dtype[Any]) -> None:
        """Read the vectors, as numbers of the type that they are compared in."""
        arrays, normalize = self.plan.call.arrays.by_name, self.request.parameters["normalize"]
        self.vectors = {name: Compared(arrays[name], self.plan.kept, dtype, normalize) for name in self.names}

    def run(self) -> float:
        """Compute everything; return the value."""
        total = self.compute()
        plan, results = self.plan, self.results
        if results.value is not None:
            results.value[...] = 0
            results.value[plan.kept] = self.values * self.factor
        for name, gradient in results.gradients.items():
            if name not in self.names:
                gradient[...] = self.by_shared.get(name, 0.0)
                continue
            gradient[...] = 0
            gradient[plan.kept] = self.of_given(name)
        return reduced(total, self.number) * self.factor

    def compute(self) -> float:
        """Compute losses and derivatives; return the sum of the weighted losses."""
        raise NotImplementedError

    def of_given(self, name: str) -> Array:
        """Return the gradient by the vectors of an array as they were given."""
        return self.vectors[name].of_given()


class _Small(_Run):
    """A run of so few vectors that a kernel makes their similarities, in double, and not BLAS."""

    def fits(self) -> bool:
        """Compute everything, if the batch is small; return whether it is, and its numbers are ordinary ones."""
        plan, request, arrays = self.plan, self.request, self.plan.call.arrays.by_name
        most, most_numbers = kernels.vectors.SMALL_BATCH
        kept, names = plan.kept, self.names
        if not 0 < len(kept) <= most or arrays[names[0]].shape[1] > most_numbers:
            return False
        vectors = [np.array(arrays[name][kept], np.float64, order="C") for name in names]
        groups = kept % max(len(arrays[names[0]]) // 2, 1) if request.row.positive == "half" else plan.groups.numbers
        shared, values = shared_by(request.row), plan.weights.copy()
        by_shared = kernels.vectors.batch(
            request.row.name,
            numbers_of(request, plan.call.arrays),
            vectors[0],
            vectors[1] if len(vectors) > 1 else None,
            groups.astype(np.float64),
            values,
            both=_both_ways(request.row),
            normalize=request.parameters["normalize"],
            wants=self.wants,
            logarithmic=bool(shared),
            multiplier=self.multiplier,
        )
        if by_shared is None:
            return False
        self.values, self.by_shared = values, dict(zip(shared, by_shared, strict=False))
        # Softmaxes of halves are computed in float32 (``_Comparison``), and rounded to it first.
        gradients = (array if request.row.of_pairs else array.astype(plan.call.compute_type) for array in vectors)
        self.gradients = dict(zip(names, gradients, strict=True))
        return True

    def compute(self) -> float:
        return added(self.values)

    def of_given(self, name: str) -> Array:
        return self.gradients[name]


class _OfPairs(_Run):
    """A run of a loss that is a function of the similarities."""

    def compute(self) -> float:
        plan, request = self.plan, self.request
        assert plan.cut is not None
        self.read(np.dtype(np.float64))
        ((rows, columns),) = request.row.against
        vectors, others = self.vectors[rows], self.vectors[columns]
        numbers, shared = numbers_of(request, plan.call.arrays), shared_by(request.row)
        groups, weights, wants = plan.groups.numbers, plan.weights, self.wants
        name = request.row.name
        pairs = Pairs(name, vectors, others, groups, weights, numbers, len(shared), plan.cut, wants)
        pairs.run()
        self.values = pairs.values
        for each in {id(vectors): vectors, id(others): others}.values():
            each.gradient *= self.multiplier
        self.by_shared = {
            name: added(each) * self.multiplier for name, each in zip(shared, pairs.by_shared, strict=True)
        }
        return added(pairs.values)


class _BothWays(_Run):
    """A run of a softmax over the similarities that goes both ways: their products are made once for both.

    Rows and columns are summed in a first pass; a second one makes the gradients: four products, where one way after
    the other needs six. Exponentials are in a unit, so that none of them overflows and the largest are normal numbers.
    Cosines are between -1 and 1: where the scale is small, the unit is e^scale for all, and one exponential serves both
    ways. Else each row has its largest as its unit, and so has each column.
    """

    def compute(self) -> float:
        plan, dtype = self.plan, self.plan.call.compute_type
        assert plan.cut is not None
        self.read(dtype)
        (rows, columns), _ = self.request.row.against
        first, second = self.vectors[rows], self.vectors[columns]
        scale, count = float(scale_of(self.request, plan.call.arrays)), len(plan.kept)
        near = self.request.parameters["normalize"] and 2 * scale <= FAR_APART[dtype.itemsize]
        scaled, ones, least = first.numbers * dtype.type(scale), np.ones(count, dtype), np.finfo(dtype).min
        by_row, of_row = np.empty(count), np.full(count, scale, dtype)  # sums, and the logarithms of their units
        by_chunk = dict[int, tuple[Array, Array]]()  # the same of columns

        def leave_out_own(piece: slice, similar: Array) -> None:
            """Put -infinity in the place of pairs that match, which are counted apart."""
            own = np.arange(len(similar))
            similar[own, own + piece.start] = -np.inf

        def exponentials(similar: Array, unit: Array) -> Array:
            similar -= unit
            return np.exp(similar, out=similar)

        def sums(piece: slice, similar: Array) -> None:
            leave_out_own(piece, similar)
            unit = of_row[:1] if near else similar.max(axis=0, initial=least)
            by_column = np.zeros(count)
            for places, block in blocks(piece, similar):
                if not near:
                    of_row[places] = block.max(axis=1, initial=least)
                    by_row[places] = exponentials(block.copy(), of_row[places, None]) @ ones
                exponentials(block, unit)
                if near:
                    by_row[places] = block @ ones
                by_column += ones[: len(block)] @ block
            by_chunk[piece.start] = by_column.astype(dtype), unit

        in_chunks(scaled, second.numbers, plan.cut, sums, (first.numbers, second.numbers), None)
        chunks = [by_chunk[start] for start in sorted(by_chunk)]
        of_column, by_column = np.full(count, scale if near else least, dtype), np.zeros(count)
        for _, unit in chunks:
            np.maximum(of_column, unit, out=of_column)
        for part, unit in chunks:
            by_column += part * np.exp(unit - of_column, dtype=np.float64)
        cosines = np.einsum("ij,ij->i", scaled, second.numbers, dtype=np.float64)
        by_way = (np.logaddexp(0, np.log(by) + (of - cosines)) for by, of in ((by_row, of_row), (by_column, of_column)))
        self.values = sum(by_way) * (plan.weights / 2)
        if self.wants:
            weights = plan.weights * (scale / 2) * self.multiplier
            of_rows = weights / (by_row + np.exp(cosines - of_row))
            of_columns = weights / (by_column + np.exp(cosines - of_column))
            largest = max(float(factors.max(initial=0)) for factors in (of_rows, of_columns))
            times = 1.0 if near else unit_of_slopes(largest, max(map(largest_of, (first.numbers, second.numbers))))
            of_rows, of_columns = of_rows * times, of_columns * times
            at_match = (-(by_row * of_rows + by_column * of_columns)).astype(dtype)[:, None]
            each, every = of_rows.astype(dtype)[:, None], of_columns.astype(dtype)

            def slopes(piece: slice, similar: Array) -> None:
                leave_out_own(piece, similar)
                for places, block in blocks(piece, similar):
                    if near:
                        exponentials(block, of_column)
                        block *= each[places] + every
                    else:
                        of_the_row = exponentials(block.copy(), of_row[places, None])
                        of_the_row *= each[places]
                        exponentials(block, of_column)
                        block *= every
                        block += of_the_row

            first.gradient += at_match * second.numbers
            second.gradient += at_match * first.numbers
            factors, gradients = (first.numbers, second.numbers), (first.gradient, second.gradient)
            in_chunks(scaled, second.numbers, plan.cut, slopes, factors, gradients)
            for gradient in gradients:
                unscaled(gradient, times)
            for operand in self.request.row.differentiated:
                if operand.shared:
                    slope = np.einsum("ij,ij->", first.gradient, first.numbers, dtype=np.float64)
                    self.by_shared[operand.name] = float(slope)
        return added(self.values)


class _Comparison(_Run):
    """A run of a loss that is a softmax over the similarities."""

    def compute(self) -> float:
        self.dtype = self.plan.call.compute_type
        self.read(self.dtype)
        self.scale = float(scale_of(self.request, self.plan.call.arrays))
        self.share = 1 / len(self.request.row.against)
        return math.fsum(self.compare(*pair) for pair in self.request.row.against)

    def compare(self, rows: str, columns: str) -> float:
        """Compare each vector of one array with all of another; return the sum of the weighted losses."""
        vectors, others = self.vectors[rows], self.vectors[columns]
        scaled = vectors.numbers * self.dtype.type(self.scale)
        weights = self.plan.weights * self.share
        labels = np.where(self.plan.positive < 0, 0, self.plan.positive)
        by_scaled, by_others = np.empty_like(scaled), np.empty_like(others.numbers)
        values = np.empty(len(labels), self.dtype)
        request = self.request.inside(
            linear_cross_entropy,
            VALUE | (self.request.want & GRADIENT),
            _PARAMETERS | {"max_bytes": self.request.parameters["max_bytes"]},
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
            for operand in self.request.row.differentiated:
                if operand.shared:
                    slope = float(np.einsum("ij,ij->", by_scaled, scaled, dtype=np.float64))
                    self.by_shared[operand.name] = self.by_shared.get(operand.name, 0.0) + slope
            vectors.gradient += by_scaled * self.dtype.type(self.scale)
            others.gradient += by_others
        return added(losses)

    def _of_all_positives(
        self, vectors: Compared, scaled: Array, weights: Array, by_scaled: Array, by_others: Array, denominator: float
    ) -> Array:
        """Put the mean of all positives in the place of the one that was compared; return what that adds to the values.

        Sums over a class do it, in a time that is linear in the batch. Where there is one positive nothing is added.
        """
        plan = self.plan
        groups, order, starts = plan.groups
        counts = np.diff(starts, append=len(order))
        others = counts[groups] - 1
        several = others > 1
        share = np.where(several, 1 / np.maximum(others, 1), 0).astype(self.dtype)[:, None]
        one = vectors.numbers[plan.positive]

        def sums(numbers: Array) -> Array:
            """Return for each row the sum over its group, added in the order of the rows."""
            summed: Array = np.add.reduceat(numbers[order], starts, axis=0)[groups] if len(order) else numbers
            return summed

        mean = (sums(vectors.numbers) - vectors.numbers) * share
        instead = np.where(several[:, None], one - mean, 0)
        added = weights * np.einsum("ij,ij->i", scaled, instead, dtype=np.float64)
        if self.wants:
            factor = (weights / denominator if denominator else np.zeros_like(weights)).astype(self.dtype)[:, None]
            by_scaled += factor * instead
            pushed = np.where(several[:, None], factor * scaled, 0)
            by_others[plan.positive[several]] += pushed[several]  # no two have the same next one
            spread = pushed * share
            by_others -= sums(spread) - spread
        return np.asarray(added)


_PRODUCTS = Products()
_PARAMETERS = {parameter.name: parameter.default for parameter in linear_cross_entropy.parameters}
