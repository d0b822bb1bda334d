"""Losses of sets of vectors: how far are two samples of vectors from having one distribution?

A sample is a pair of sets, of as many vectors each as there are; the numbers of both are computed in float64, each pair
of sets in turn. What is particular to a loss is a function of one pair (`of_sets`). Sets of up to 64 vectors are
computed by a kernel (``kernels/vectors/sets.h``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from .. import blas
from ..reductions import added, reduced
from ..rows import Row
from ..runtime import kernels, threads_for
from .base import Array, Arrays, Call, Kind, Request, Results, places_of, sample_weights, sum_of_weights
from .pairs import Cut, blocks, in_chunks
from .products import HELD_FROM, largest_of, on_threads

#: Of points that are so near, as a share of the squares of their distances to the mean, the distance is computed anew.
_NEAR = 2.0**-20
#: So many numbers of differences of near points are held at once.
_NEAR_NUMBERS = 2**18
#: Numbers of up to 2 to this power, and not all below its inverse, have fourth powers that are ordinary numbers.
_ORDINARY = 64
#: A chunk of vectors has so many numbers, which stay in the cache from step to step, but no fewer vectors than that.
_CHUNK_NUMBERS, _FEWEST_VECTORS = 2**16, 1024


class Sets(NamedTuple):
    """One pair of sets, in a unit in which their fourth powers are numbers, and what a function of it reads."""

    source: Array  # (N, D)
    target: Array  # (M, D)
    exponent: int  # numbers were divided by 2 to this power
    parameters: Mapping[str, Any]
    n_threads: int | None
    gradients: tuple[Array | None, Array | None]  # where those by source and target are left, None where not wanted
    factor: float  # what multiplies them


#: What makes the value of a pair and leaves the gradients, by the name of the loss; how many vectors a set has to have.
_FUNCTIONS: dict[str, tuple[Callable[[Sets], float], Callable[[Mapping[str, Any]], int], str]] = {}


def of_sets(name: str, fewest: Callable[[Mapping[str, Any]], int], why: str) -> Callable[[Any], Any]:
    """Enter the function of a loss: it takes a pair of sets, leaves the gradients and returns the value."""

    def entered(function: Callable[[Sets], float]) -> Callable[[Sets], float]:
        _FUNCTIONS[name] = function, fewest, why
        return function

    return entered


@of_sets("mmd", lambda given: 1 if given["biased"] else 2, "an unbiased estimate needs two, biased=True one")
def _mmd(sets: Sets) -> float:
    """Sums of a kernel over all pairs inside and between the sets."""
    biased, wants = sets.parameters["biased"], any(gradient is not None for gradient in sets.gradients)
    widths = [max(float(np.ldexp(width, -sets.exponent)), 1e-150) for width in sets.parameters["bandwidths"]]
    if _is_small(len(sets.source), *sets.target.shape, len(widths)):
        return _small("mmd", sets, tuple(widths), biased, 0, -1)
    of_source, of_target = map(_points_of, _centred(sets))
    n, m = len(of_source.numbers), len(of_target.numbers)
    gradients: list[Array] = []
    value = 0.0
    for points in (of_source, of_target):
        count = len(points.numbers)
        pairs = count * count if biased else count * (count - 1)
        total, by_first, _ = _kernel_sums(points, points, widths, sets, wants)
        value += (total + (len(widths) * count if biased else 0.0)) / pairs
        gradients.append(2 * by_first / pairs)
    total, *between = _kernel_sums(of_source, of_target, widths, sets, wants)
    for within, by, place in zip(gradients, between, sets.gradients, strict=True):
        if place is not None:
            gradient = within - 2 * by / (n * m)
            np.multiply(np.ldexp(gradient, -sets.exponent), sets.factor, out=place, casting="unsafe")
    return value - 2 * total / (n * m)


def _is_small(*lengths: int) -> bool:
    """Tell whether a kernel computes sets of N and M vectors of D numbers, with so many bandwidths, in one go."""
    vectors, numbers, widths = kernels.vectors.SMALL_SETS
    return all(n <= most for n, most in zip(lengths, (vectors, vectors, numbers, widths), strict=False))


def _small(loss: str, sets: Sets, widths: tuple[float, ...], biased: bool, of_value: int, of_gradient: int) -> float:
    """Compute a loss by its kernel, whose results have so many factors of the unit."""
    source, target = (np.array(points, np.float64, order="C") for points in (sets.source, sets.target))
    gradients = [
        None if place is None else np.empty_like(points)
        for points, place in zip((source, target), sets.gradients, strict=True)
    ]
    value: float = kernels.vectors.sets(loss, source, target, *gradients, widths, biased=biased, factor=sets.factor)
    for gradient, place in zip(gradients, sets.gradients, strict=True):
        if place is not None and gradient is not None:
            place[...] = np.ldexp(gradient, of_gradient * sets.exponent) if sets.exponent else gradient
    return float(np.ldexp(value, of_value * sets.exponent))


class _Points(NamedTuple):
    """A set, and what each product with it reads: squared distances are products of two of these."""

    numbers: Array
    squares: Array  # of the lengths of its vectors
    as_first: Array  # -2 of each vector, the square of its length, and 1
    as_second: Array  # each vector, 1, and the square of its length


def _points_of(numbers: Array) -> _Points:
    squares = np.einsum("ij,ij->i", numbers, numbers)
    as_first, as_second = np.ones((2, len(numbers), numbers.shape[1] + 2))
    np.multiply(numbers, -2, out=as_first[:, :-2])
    as_second[:, :-2] = numbers
    as_first[:, -2] = as_second[:, -1] = squares
    return _Points(numbers, squares, as_first, as_second)


def _kernel_sums(one: _Points, other: _Points, widths: list[float], sets: Sets, wants: bool) -> tuple[float, Any, Any]:
    """Return the sum of the kernels of each point of one set with each of another, itself left out, and its gradients.

    A derivative is a sum of K / b^2 times a difference of two points: the product of K / b^2 with the points and a
    column of ones makes both of its parts. Inside a set both gradients are the same: the second is not made.
    """
    within = one is other
    sums = np.zeros(len(one.numbers))
    near = _NEAR * (one.squares.max() + other.squares.max())
    over = [1 / width / width for width in widths]
    # Not 0, by which the distance of a point from itself, infinity, would be no number.
    factors = [-max(0.5 * each, 1e-300) for each in over]

    def kernels_of(piece: slice, squares: Array) -> None:
        for places, block in blocks(piece, squares):
            if within:
                own = np.arange(len(block))
                block[own, own + places.start] = np.inf
            if block.min() < near:
                lengths = one.squares[places, None] + other.squares
                lengths *= _NEAR
                _measure_near(block, np.nonzero(block < lengths), one.numbers[places], other.numbers)
            slopes = None
            for k, factor in enumerate(factors):
                each = np.multiply(block, factor, out=block if k == len(factors) - 1 else None)
                np.exp(each, out=each)
                sums[places] += each.sum(axis=1)
                if wants:
                    each *= over[k]
                    slopes = each if slopes is None else np.add(slopes, each, out=each)

    cut = Cut.of(len(one.numbers), len(other.numbers), sets.parameters["max_bytes"], sets.n_threads)
    with_ones = one.as_second[:, :-1], other.as_second[:, :-1]
    if not wants:
        in_chunks(one.as_first, other.as_second, cut, kernels_of, with_ones, None)
        return added(sums), 0.0, 0.0
    by_first, by_second = np.zeros(with_ones[0].shape), None if within else np.zeros(with_ones[1].shape)
    in_chunks(one.as_first, other.as_second, cut, kernels_of, with_ones, (by_first, by_second))
    sides = ((by_first, one), (by_second, other))
    first, second = (None if by is None else by[:, :-1] - by[:, -1:] * points.numbers for by, points in sides)
    return added(sums), first, second


def _measure_near(squares: Array, places: tuple[Array, ...], first: Array, second: Array) -> None:
    """Compute the squared distances of some pairs by their differences, in which nothing cancels."""
    step = max(1, _NEAR_NUMBERS // max(first.shape[1], 1))
    for start in range(0, len(places[0]), step):
        i, j = (place[start : start + step] for place in places)
        difference = first[i] - second[j]
        squares[i, j] = np.einsum("ij,ij->i", difference, difference)


@of_sets("coral", lambda given: 2, "a covariance needs two")
def _coral(sets: Sets) -> float:
    """The distance of two covariances."""
    numbers = sets.source.shape[1]
    if not numbers:
        return 0.0
    if _is_small(len(sets.source), *sets.target.shape):
        return _small("coral", sets, (), False, 4, 3)
    most = max(len(sets.source), len(sets.target)) * numbers * numbers
    holding = blas.one_thread() if most >= HELD_FROM else nullcontext(True)
    with holding as held:
        threads = threads_for(sets.n_threads, most) if held else 1
        with on_threads(threads) as each:
            source, target = (_Vectors(points, each, threads) for points in (sets.source, sets.target))
            difference = source.covariance() - target.covariance()
            for vectors, sign, place in zip((source, target), (1, -1), sets.gradients, strict=True):
                if place is not None:
                    factor = sign * sets.factor / (numbers * numbers * (len(vectors.points) - 1))
                    vectors.multiply(difference * factor, 3 * sets.exponent, place)
    value = added(np.einsum("ij,ij->i", difference, difference)) / (4 * numbers * numbers)
    return float(np.ldexp(value, 4 * sets.exponent))


class _Vectors:
    """The vectors of a set less their mean, in chunks: nothing else is as large as the set."""

    def __init__(self, points: Array, each: Callable[..., list[Any]], threads: int) -> None:
        count, numbers = points.shape
        rows = min(count, max(_FEWEST_VECTORS, _CHUNK_NUMBERS // numbers))
        self.points, self.each = points, each
        self.pieces = [slice(s, min(s + rows, count)) for s in range(0, count, rows)]
        self.buffers = [np.empty((2, rows, numbers)) for _ in range(min(threads, len(self.pieces)))]
        self.ones = np.ones(rows)
        # Of the vectors, and of what is left of them, as the first is rounded. Each is there once for every vector of a
        # chunk: one row taken off all others is a loop of its own for each, and took 3 times as long.
        self.means: list[Array] = []

    def chunks(self, function: Callable[[slice, Array, Array], Any]) -> Iterator[Any]:
        """Call a function with each chunk, its place and room for as many numbers; yield the results in their order."""

        def centred(piece: slice, buffer: Array) -> Any:
            chunk, room = buffer[:, : piece.stop - piece.start]
            chunk[...] = self.points[piece]
            for mean in self.means:
                chunk -= mean[: len(chunk)]
            return function(piece, chunk, room)

        for start in range(0, len(self.pieces), len(self.buffers)):
            yield from self.each(centred, self.pieces[start : start + len(self.buffers)], self.buffers)

    def take_off(self, mean: Array) -> None:
        self.means.append(np.repeat(mean[None], len(self.ones), axis=0))

    def covariance(self) -> Array:
        """Return the covariance of their numbers."""
        count, numbers = self.points.shape
        total, products = np.zeros(numbers), np.zeros((numbers, numbers))
        for part in self.chunks(lambda piece, chunk, room: self.ones[: len(chunk)] @ chunk):
            total += part
        self.take_off(total / count)
        left = np.zeros(numbers)
        for part, product in self.chunks(lambda piece, chunk, room: (self.ones[: len(chunk)] @ chunk, chunk.T @ chunk)):
            left += part
            products += product
        self.take_off(left / count)
        covariance: Array = (products - np.outer(left, left / count)) / (count - 1)
        return covariance

    def multiply(self, matrix: Array, exponent: int, place: Array) -> None:
        """Leave their products with a matrix, times 2 to a power."""

        def multiplied(piece: slice, chunk: Array, room: Array) -> None:
            np.matmul(chunk, matrix, out=room)
            if exponent:
                np.ldexp(room, exponent, out=room)
            place[piece] = room

        for _ in self.chunks(multiplied):
            pass


class Plan(NamedTuple):
    """A call as pairs of sets."""

    call: Call
    weights: Array  # of each pair, 0 where it is left out


class OfSets(Kind):
    """One loss for each pair of sets."""

    name = "sets"

    def resolve(self, request: Request) -> Arrays:
        (first, source), (second, target) = request.arrays.items()
        for name, array in ((first, source), (second, target)):
            if array.ndim < 2:
                raise ValueError(f"{name} has shape {array.shape}; it must have two axes: vectors and numbers")
        if source.shape[:-2] != target.shape[:-2] or source.shape[-1] != target.shape[-1]:
            raise ValueError(
                f"{second} has shape {target.shape}, {first} has {source.shape}; all axes but the last but one must be "
                "equal"
            )
        return Arrays(dict(request.arrays), source.shape[:-2], "")

    def samples(self, row: Row, prediction: Array, parameters: Mapping[str, Any]) -> tuple[int, ...]:
        samples: tuple[int, ...] = prediction.shape[:-2]
        return samples

    def plan(self, call: Call) -> Plan:
        _, fewest, why = _FUNCTIONS[call.request.row.name]
        needed = fewest(call.request.parameters)
        for name, array in call.arrays.by_name.items():
            count = array.shape[-2]
            if count < needed:
                vectors = f"{count} vector{'' if count == 1 else 's'}"
                raise ValueError(f"{name} has shape {array.shape}, {vectors} in a set; {why}")
        most = call.request.parameters.get("max_bytes")
        if most is not None:
            counts = [array.shape[-2] for array in call.arrays.by_name.values()]
            Cut.of(max(counts), max(counts), most, 1)
        return Plan(call, sample_weights(call))

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        return sum_of_weights(plan.weights, weight_sum)

    def explain(self, plan: Plan) -> None:
        """Return: weights are all that may be wrong, and were looked at."""

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        call, totals = plan.call, []
        function, _, _ = _FUNCTIONS[call.request.row.name]
        arrays = call.arrays.by_name
        scale = factor / number if number else 0.0
        with np.errstate(all="ignore"):
            for place in np.ndindex(call.arrays.samples):
                weight = float(plan.weights[place])
                gradients = [results.gradients[name][place] if name in results.gradients else None for name in arrays]
                value = 0.0
                if weight:
                    pair = [array[place] for array in arrays.values()]
                    value = function(_in_unit(pair, call.request, gradients, weight * scale))
                    totals.append(weight * value)
                else:
                    for gradient in gradients:
                        if gradient is not None:
                            gradient[...] = 0
                if results.value is not None:
                    results.value[place] = weight * value * factor
        return reduced(math.fsum(totals), number) * factor

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        widths, biased = parameters.get("bandwidths", ()), parameters.get("biased", False)
        if len(widths) > kernels.vectors.SMALL_SETS[-1] or factor != 1 or parameters.get("max_bytes") is not None:
            return None
        return kernels.vectors.PlainSets(row.name, widths, biased=biased, **places_of(row))

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return two sets of which the second has another mean and another spread, and a vector more."""
        first, second = row.differentiated
        more = (*sizes[:-2], sizes[-2] + 1, sizes[-1])
        return {
            first.name: rng.normal(size=sizes).astype(dtype),
            second.name: rng.normal(0.5, 1.5, size=more).astype(dtype),
        }


def _in_unit(pair: list[Array], request: Request, gradients: list[Array | None], factor: float) -> Sets:
    """Return a pair of sets in a unit in which the fourth powers of their numbers are numbers."""
    exponent = 0
    if request.double_precision:  # of floats they always are
        largest = max(map(largest_of, pair))
        exponent = int(np.frexp(largest)[1]) if math.isfinite(largest) else 0
        if abs(exponent) <= _ORDINARY:
            exponent = 0
    source, target = (np.ldexp(points.astype(np.float64), -exponent) if exponent else points for points in pair)
    return Sets(source, target, exponent, request.parameters, request.n_threads, (gradients[0], gradients[1]), factor)


def _centred(sets: Sets) -> list[Array]:
    """Return the sets less the mean of all of their vectors, in float64.

    No distance changes by that, and those of vectors far from 0 keep their digits.
    """
    pair = [np.array(points, np.float64, order="C") for points in (sets.source, sets.target)]
    mean = sum(np.add.reduce(points, axis=0) for points in pair) / sum(map(len, pair))
    for points in pair:
        points -= mean
    return pair
