"""Losses of sets of vectors: how far are two samples of vectors from having one distribution?

A sample is a pair of sets, of as many vectors each as there are; the numbers of both are computed in float64, each pair
of sets in turn. What is particular to a loss is a function of one pair (`of_sets`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from .. import blas
from ..reductions import added, reduced
from ..rows import Row
from ..runtime import threads_for
from .base import GRADIENT, Array, Arrays, Call, Kind, Request, Results, sample_weights, sum_of_weights
from .pairs import Cut, blocks, in_chunks
from .products import HELD_FROM, on_threads, tiles_of

#: Of points that are so near, as a share of the squares of their distances to the mean, the distance is computed anew.
_NEAR = 2.0**-20
#: So many numbers of differences of near points are held at once.
_NEAR_NUMBERS = 2**18


class Sets(NamedTuple):
    """One pair of sets, in a unit in which no number is beyond 1, and what a function of it reads."""

    source: Array  # (N, D), less the mean of all vectors
    target: Array  # (M, D), less the same
    exponent: int  # numbers were divided by 2 to this power
    parameters: Mapping[str, Any]
    n_threads: int | None


#: The value of a pair, and the gradients by source and target (None where only the value is wanted).
Found = tuple[float, tuple[Array, ...] | None]
#: What makes it, by the name of the loss, and how many vectors a set has to have.
_FUNCTIONS: dict[str, tuple[Callable[[Sets, bool], Found], Callable[[Mapping[str, Any]], int], str]] = {}


def of_sets(name: str, fewest: Callable[[Mapping[str, Any]], int], why: str) -> Callable[[Any], Any]:
    """Enter the function of a loss: it takes a pair of sets, and whether gradients are wanted."""

    def entered(function: Callable[[Sets, bool], Found]) -> Callable[[Sets, bool], Found]:
        _FUNCTIONS[name] = function, fewest, why
        return function

    return entered


@of_sets("mmd", lambda given: 1 if given["biased"] else 2, "an unbiased estimate needs two, biased=True one")
def _mmd(sets: Sets, wants: bool) -> Found:
    """Sums of a kernel over all pairs inside and between the sets."""
    source, target, biased = sets.source, sets.target, sets.parameters["biased"]
    n, m = len(source), len(target)
    widths = [max(float(np.ldexp(width, -sets.exponent)), 1e-150) for width in sets.parameters["bandwidths"]]
    gradients = np.zeros_like(source), np.zeros_like(target)
    value = 0.0
    of_source, of_target = map(_points_of, (source, target))
    for k, points in enumerate((of_source, of_target)):
        count = len(points.numbers)
        pairs = count * count if biased else count * (count - 1)
        total, by_first, by_second = _kernel_sums(points, points, widths, sets, wants)
        value += (total + (len(widths) * count if biased else 0.0)) / pairs
        if wants:
            gradients[k][...] = (by_first + by_second) / pairs
    total, by_source, by_target = _kernel_sums(of_source, of_target, widths, sets, wants)
    value -= 2 * total / (n * m)
    if wants:
        gradients[0][...] -= 2 * by_source / (n * m)
        gradients[1][...] -= 2 * by_target / (n * m)
    return value, tuple(np.ldexp(each, -sets.exponent) for each in gradients) if wants else None


class _Points(NamedTuple):
    """A set, and what each product with it reads."""

    numbers: Array
    squares: Array  # of the lengths of its vectors
    with_ones: Array  # its vectors, each with a 1 behind its numbers


def _points_of(numbers: Array) -> _Points:
    with_ones = np.ones((len(numbers), numbers.shape[1] + 1))
    with_ones[:, :-1] = numbers
    return _Points(numbers, np.einsum("ij,ij->i", numbers, numbers), with_ones)


def _kernel_sums(
    one: _Points, other: _Points, widths: list[float], sets: Sets, wants: bool
) -> tuple[float, Array | float, Array | float]:
    """Return the sum of the kernels of each point of one set with each of another, itself left out, and its gradients.

    A derivative is a sum of K / b^2 times a difference of two points: the product of K / b^2 with the points and a
    column of ones makes both of its parts.
    """
    first, second = one.numbers, other.numbers
    sums = np.zeros(len(first))

    def kernels_of(piece: slice, products: Array) -> None:
        for places, block in blocks(piece, products):
            lengths = one.squares[places, None] + other.squares
            block *= -2
            block += lengths
            lengths *= _NEAR
            _measure_near(block, np.nonzero(block < lengths), first[places], second)
            if first is second:
                own = np.arange(len(block))
                block[own, own + places.start] = np.inf
            slopes = None
            for width in widths:
                each = np.exp(block / width / (-2 * width))
                sums[places] += each.sum(axis=1)
                each /= width
                each /= width
                slopes = each if slopes is None else np.add(slopes, each, out=slopes)
            block[...] = slopes

    cut = Cut.of(len(first), len(second), sets.parameters["max_bytes"], sets.n_threads)
    factors = one.with_ones, other.with_ones
    if not wants:
        in_chunks(first, second, cut, kernels_of, factors, None)
        return added(sums), 0.0, 0.0
    by_first, by_second = map(np.zeros_like, factors)
    in_chunks(first, second, cut, kernels_of, factors, (by_first, by_second))
    gradients = (by[:, :-1] - by[:, -1:] * points for by, points in ((by_first, first), (by_second, second)))
    return added(sums), *gradients


def _measure_near(squares: Array, places: tuple[Array, ...], first: Array, second: Array) -> None:
    """Compute the squared distances of some pairs by their differences, in which nothing cancels."""
    step = max(1, _NEAR_NUMBERS // max(first.shape[1], 1))
    for start in range(0, len(places[0]), step):
        i, j = (place[start : start + step] for place in places)
        difference = first[i] - second[j]
        squares[i, j] = np.einsum("ij,ij->i", difference, difference)


@of_sets("coral", lambda given: 2, "a covariance needs two")
def _coral(sets: Sets, wants: bool) -> Found:
    """The distance of two covariances."""
    numbers = sets.source.shape[1]
    if not numbers:
        return 0.0, (np.zeros_like(sets.source), np.zeros_like(sets.target)) if wants else None
    centred = [points - _mean(points) for points in (sets.source, sets.target)]
    most = max(map(len, centred)) * numbers * numbers
    difference = np.empty((numbers, numbers))
    tiles = tiles_of(difference.shape, 8)
    holding = blas.one_thread() if most >= HELD_FROM else nullcontext(True)
    with holding as held, on_threads(threads_for(sets.n_threads, most) if held else 1) as each:

        def subtract(tile: slice) -> None:
            first, second = (points[:, tile].T @ points / (len(points) - 1) for points in centred)
            np.subtract(first, second, out=difference[tile])

        each(subtract, tiles)
        value = added(np.einsum("ij,ij->i", difference, difference)) / (4 * numbers * numbers)
        gradients = None
        if wants:
            gradients = np.empty_like(centred[0]), np.empty_like(centred[1])
            for gradient, points, sign in zip(gradients, centred, (1, -1), strict=True):
                rows = [slice(s, s + 1024) for s in range(0, len(points), 1024)]

                def multiply(piece: slice, gradient: Array = gradient, points: Array = points) -> None:
                    np.matmul(points[piece], difference, out=gradient[piece])

                each(multiply, rows)
                gradient *= sign / (numbers * numbers * (len(points) - 1))
                np.ldexp(gradient, 3 * sets.exponent, out=gradient)
    return float(np.ldexp(value, 4 * sets.exponent)), gradients


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
        arrays = list(call.arrays.by_name.items())
        scale = factor / number if number else 0.0
        wants = bool(call.request.want & GRADIENT)
        with np.errstate(all="ignore"):
            for place in np.ndindex(call.arrays.samples):
                weight = float(plan.weights[place])
                value, gradients = 0.0, None
                if weight:
                    source, target = (array[place].astype(np.float64) for _, array in arrays)
                    sets = _centred(source, target, call.request)
                    value, gradients = function(sets, wants)
                    totals.append(weight * value)
                if results.value is not None:
                    results.value[place] = weight * value * factor
                for k, (name, _) in enumerate(arrays):
                    if name in results.gradients:
                        given = 0.0 if gradients is None else gradients[k] * (weight * scale)
                        results.gradients[name][place] = given
        return reduced(math.fsum(totals), number) * factor

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


def _mean(points: Array) -> Array:
    """Return the mean of vectors: what `ndarray.mean` computes, in a third of the time for a few."""
    mean: Array = np.add.reduce(points, axis=0) / len(points)
    return mean


def _centred(source: Array, target: Array, request: Request) -> Sets:
    """Return a pair of sets in a unit in which their squares are numbers, less the mean of all of their vectors.

    No distance changes by that, and those of vectors far from 0 keep their digits.
    """
    largest = max(np.abs(source).max(initial=0), np.abs(target).max(initial=0))
    exponent = int(np.frexp(largest)[1]) if np.isfinite(largest) else 0
    source, target = np.ldexp(source, -exponent), np.ldexp(target, -exponent)
    mean = _mean(np.concatenate([source, target]))
    return Sets(source - mean, target - mean, exponent, request.parameters, request.n_threads)
