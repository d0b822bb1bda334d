"""Losses of rows of a matrix product: logits = features @ weight.T + bias, never held for all samples at once.

The samples are cut into chunks of rows. NumPy's BLAS multiplies; the loss over rows turns the logits of a chunk into
their gradient, where they are; two more products make the gradients of what they came from. The loss itself is a few
percent of that, so there is nothing to gain from a matrix product of our own. Only of a small layer a kernel computes
everything (``kernels/rows/products.pxi``): there the steps by NumPy took 90 µs, and the arithmetic takes 3.

Several threads take a chunk each, and BLAS is held to one: two pools of threads that take turns wait for each other at
every step, up to twelve times as long. The gradient of the weights is added up tile by tile in the order of the chunks,
whichever thread does it: no thread has a partial gradient of its own, and the bits do not depend on how many there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import copy_context
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .. import blas
from ..drawing import target_of_rows
from ..reductions import reduced
from ..rows import PREDICTION, Row, RowTarget
from ..runtime import current_engine, kernels, threads_for
from ..samples import LeftOut, check_products
from ..targets import check_row_targets
from .base import (
    GRADIENT,
    VALUE,
    Array,
    Arrays,
    Call,
    Kind,
    Outputs,
    Request,
    Results,
    places_of,
    sample_weights,
)
from .rows import Plan as RowPlan
from .rows import Rows, as_plain

#: How many rows a chunk has: as many as fit into the cache. Below 512 the product that makes the gradient of the
#: weights has too few terms to be fast (256 rows: 1.13 times as long, 64: 1.41), beyond 1024 nothing is gained.
_CHUNK_BYTES, _FEWEST_ROWS, _MOST_ROWS = 2**23, 512, 1024
#: With fewer rows than that, as `max_bytes` may ask for, the products take too long to be worth their memory.
_LEAST_ROWS = 64
#: A product is added to the gradient of the weights in tiles of so many bytes, while it is in the cache.
_TILE_BYTES, _FEWEST_CLASSES, _MOST_CLASSES = 2**22, 64, 2048
#: Where the logits of a chunk are so far apart, some probabilities may be subnormal numbers, with which a product takes
#: 60 times as long. The gradient is computed in another unit there, unless that would be too large for the factors.
FAR_APART, _UNIT, _LARGEST_FACTOR = {4: 60.0, 8: 600.0}, 2.0**40, 2.0**60
#: The memory of a number that is 0, of either type.
_NOTHING = bytes(8)
#: Products of less are made by one thread of BLAS anyway.
HELD_FROM = 2**20


class Samples:
    """The samples of an array one after the other, whatever their shape and layout."""

    def __init__(self, array: Array, samples: tuple[int, ...]) -> None:
        self.array, self.samples = array, samples
        lies_flat = array.flags.c_contiguous
        if not lies_flat:
            axes = [(n, stride) for n, stride in zip(samples, array.strides, strict=False) if n != 1]
            lies_flat = all(stride == n * inner for (_, stride), (n, inner) in pairwise(axes))
        core = array.shape[len(samples) :]
        self.flat = array.reshape(math.prod(samples), *core) if lies_flat or not array.size else None

    def take(self, piece: slice) -> Array:
        """Return some samples: a view where they lie so, else a copy."""
        if self.flat is not None:
            return self.flat[piece]
        taken: Array = self.array[self._places(piece)]
        return taken

    def put(self, piece: slice, numbers: Any) -> None:
        """Write some samples."""
        if self.flat is not None:
            self.flat[piece] = numbers
        else:
            self.array[self._places(piece)] = numbers

    def _places(self, piece: slice) -> tuple[Any, ...]:
        return tuple(np.unravel_index(np.arange(piece.start, piece.stop), self.samples))


class Plan(NamedTuple):
    """A call as chunks of rows."""

    call: Call
    lengths: tuple[int, int, int]  # samples, classes, numbers of a sample
    rows: int  # of a chunk
    threads: int
    without_own: bool  # whether no row has the class of its own place
    of_rows: Request  # what is asked of the loss over rows
    rows_of_all: RowPlan  # its plan for all samples; it knows no logits, which are 0

    def loop(self, inspect: bool, denominator: float, weight_sum: Any = None) -> float:
        """Return the sum of the weights, NaN if a target or a weight is bad; products are not looked at."""
        assert inspect
        return self.rows_of_all.loop(True, 0.0, weight_sum=weight_sum)


class Chunk(NamedTuple):
    """Some rows, without those that are left out."""

    piece: slice  # of the samples
    kept: Array | None  # which of these are read; None: all
    features: Array  # of the compute type
    logits: Array  # and then their gradient
    total: float  # the sum of the weighted losses
    of_bias: Array | None
    unit: float  # the gradient is so many times as large


class _Work:
    """One run over all chunks: what is read, and where results go."""

    def __init__(self, plan: Plan, results: Results, denominator: float, factor: float) -> None:
        call, (samples, classes, _) = plan.call, plan.lengths
        by_name, dtype = call.arrays.by_name, call.compute_type
        self.plan, self.denominator, self.factor, self.dtype = plan, denominator, factor, dtype
        shape = call.arrays.samples
        self.y_true = Samples(plan.rows_of_all.y_true, shape)
        self.features = Samples(by_name["features"], shape)
        self.weights, self.where = (
            None if array is None else Samples(array, shape) for array in (call.weights.weights, call.weights.where)
        )
        self.weight = _for_blas(by_name["weight"], dtype)
        self.bias = None if "bias" not in by_name else by_name["bias"].astype(dtype)
        self.longest_weight = _longest(self.weight)
        self.span_of_bias = 0.0 if self.bias is None or not self.bias.size else float(np.ptp(self.bias))
        self.value = None if results.value is None else Samples(results.value, shape)
        wanted = results.gradients
        self.of_features = None if "features" not in wanted else Samples(wanted["features"], shape)
        self.of_weight = self.given = wanted.get("weight")
        overwrites = self.given is not None and np.may_share_memory(self.given, self.weight)
        if self.given is not None and (overwrites or self.given.dtype != dtype or not self.given.flags.c_contiguous):
            self.of_weight = np.empty(self.given.shape, dtype)
        self.of_bias = wanted.get("bias")
        self.bias_sum = None if self.of_bias is None else np.zeros(classes, dtype)
        self.begun = False  # whether there is something in of_weight
        self.buffers = [np.empty((min(plan.rows, samples), classes), dtype) for _ in range(plan.threads)]
        self.tiles = tiles_of(self.weight.shape, dtype.itemsize)

    def run(self) -> float:
        """Compute everything; return the sum of the weighted losses."""
        samples, totals = self.plan.lengths[0], []
        pieces = [slice(s, min(s + self.plan.rows, samples)) for s in range(0, samples, self.plan.rows)]
        with on_threads(self.plan.threads) as each:
            for first in range(0, len(pieces), self.plan.threads):
                group = pieces[first : first + self.plan.threads]
                chunks = each(self.loss_of, group, self.buffers)
                totals += [chunk.total for chunk in chunks]
                if self.of_weight is not None:
                    each(lambda tile, chunks=chunks: self.add_products(tile, chunks), self.tiles)
                    self.begun = self.begun or any(chunk.features.size for chunk in chunks)
                if self.bias_sum is not None:
                    for chunk in chunks:
                        self.bias_sum += chunk.of_bias
                # Last, as they may take the place of the features.
                if self.of_features is not None:
                    each(self.write_features, chunks)
        if self.given is not None:
            assert self.of_weight is not None
            if not self.begun:
                self.of_weight[...] = 0
            if self.of_weight is not self.given:
                self.given[...] = self.of_weight
        if self.of_bias is not None:
            self.of_bias[...] = self.bias_sum
        return math.fsum(totals)

    def loss_of(self, piece: slice, buffer: Array) -> Chunk:
        """Compute the logits of a chunk, its loss, and their gradient in their place."""
        plan = self.plan
        y_true = self.y_true.take(piece)
        weights, where = (None if array is None else array.take(piece) for array in (self.weights, self.where))
        features = self.features.take(piece)
        kept = self.kept(y_true, weights, where)
        if kept is not None:  # nothing of the others enters a product: it may be NaN
            y_true, features = y_true[kept], features[kept]
            weights, where = (None if weights is None else weights[kept]), None
        features = np.ascontiguousarray(features, self.dtype)
        logits = np.matmul(features, self.weight.T, out=buffer[: len(features)])
        if self.bias is not None:
            logits += self.bias
        unit = self.unit_of(logits, features)
        if plan.without_own:
            places = np.arange(piece.start, piece.stop) if kept is None else piece.start + np.flatnonzero(kept)
            logits[np.arange(len(logits)), places] = -np.inf
        value = None if self.value is None else np.empty(len(features), self.dtype)
        gradients = {plan.of_rows.row.prediction: logits} if plan.of_rows.want & GRADIENT else {}
        of_chunk = plan.rows_of_all._replace(y_true=y_true, y_pred=logits, weights=weights, where=where)
        total = of_chunk.loop(False, self.denominator / unit, Results(value, gradients, {}), self.factor)
        if self.value is not None:
            self.value.put(piece, _spread(value, kept))
        # A product with ones adds up more exactly than a sum over the first axis.
        of_bias = None if self.bias_sum is None else unscaled(np.ones(len(features), self.dtype) @ logits, unit)
        return Chunk(piece, kept, features, logits, total, of_bias, unit)

    def unit_of(self, logits: Array, features: Array) -> float:
        """Return how many times as large the gradient of a chunk is computed."""
        far = FAR_APART[self.dtype.itemsize]
        if not (self.plan.of_rows.want & GRADIENT and logits.size):
            return 1.0
        # No logit is beyond the product of two lengths: mostly that is enough to know.
        if 2 * _longest(features) * self.longest_weight + self.span_of_bias < far:
            return 1.0
        if not float(logits.max()) - float(logits.min()) > far:
            return 1.0
        return unit_of_slopes(self.largest_gradient(logits), max(map(largest_of, (features, self.weight))))

    def largest_gradient(self, logits: Array) -> float:
        """Return a bound of the gradient by the logits."""
        given, weights = self.plan.of_rows.parameters, self.plan.call.weights.weights
        by_class, z_loss = given.get("class_weight"), given.get("z_loss") or 0.0
        bound = 1.0 if weights is None else float(weights.max(initial=0))
        bound *= 1.0 if by_class is None else float(by_class.max(initial=0))
        bound *= (1 + 2 * z_loss * largest_of(logits)) / min(given.get("temperature") or 1.0, 1.0)
        return bound / abs(self.denominator) if self.denominator else 0.0

    def kept(self, y_true: Array, weights: Array | None, where: Array | None) -> Array | None:
        """Return which rows of a chunk are read, None where all are."""
        parameters, by_index = self.plan.of_rows.parameters, self.plan.call.arrays.form == "index"
        ignored, by_class = (parameters.get(name) for name in ("ignore_index", "class_weight"))
        if weights is None and where is None and (not by_index or (ignored is None and by_class is None)):
            return None
        shape = y_true.shape[:1]
        kept = LeftOut(where, y_true if by_index else None, ignored).kept(shape, weights)
        if by_index and by_class is not None and not parameters.get("label_smoothing"):  # smoothed, it is of all
            kept &= by_class.take(np.where(kept, y_true, 0).astype(np.int64), mode="clip") != 0
        return None if kept.all() else kept

    def add_products(self, tile: slice, chunks: Iterable[Chunk]) -> None:
        """Add what chunks add to the gradient of the weights of some classes, in their order."""
        assert self.of_weight is not None
        into, begun, product = self.of_weight[tile], self.begun, None
        for chunk in chunks:
            if not chunk.features.size:
                continue
            if begun:
                product = np.empty_like(into) if product is None else product
            added = np.matmul(chunk.logits[:, tile].T, chunk.features, out=product if begun else into)
            unscaled(added, chunk.unit)
            if begun:
                into += added
            begun = True

    def write_features(self, chunk: Chunk) -> None:
        """Write the gradient of the features of a chunk."""
        assert self.of_features is not None
        flat = self.of_features.flat
        place = None if flat is None or chunk.kept is not None else flat[chunk.piece]
        if place is not None and (place.dtype != self.dtype or not place.flags.c_contiguous):
            place = None
        gradient = unscaled(np.matmul(chunk.logits, self.weight, out=place), chunk.unit)
        if place is None:
            self.of_features.put(chunk.piece, _spread(gradient, chunk.kept))


def unit_of_slopes(largest: float, factor: float) -> float:
    """Return how many times as large slopes are computed that may be subnormal numbers.

    `largest` is a bound of them, `factor` the largest number that they are multiplied by.
    """
    return _UNIT if factor < _LARGEST_FACTOR and largest <= 1 else 1.0


def unscaled(numbers: Array, unit: float) -> Array:
    """Take out the unit that a gradient was computed in."""
    if unit != 1:
        numbers *= 1 / unit
    return numbers


def largest_of(numbers: Array) -> float:
    """Return the largest absolute value, without another array."""
    return max(float(numbers.max(initial=0)), -float(numbers.min(initial=0)))


def _longest(vectors: Array) -> float:
    """Return the length of the longest of some vectors."""
    return math.sqrt(float(np.einsum("ij,ij->i", vectors, vectors).max(initial=0)))


def _spread(numbers: Any, kept: Array | None) -> Any:
    """Return the results of all rows: +0 of those that are left out."""
    if kept is None:
        return numbers
    spread = np.zeros((len(kept), *numbers.shape[1:]), numbers.dtype)
    spread[kept] = numbers
    return spread


def _for_blas(array: Array, dtype: np.dtype[Any]) -> Array:
    """Return a matrix as BLAS takes it without a copy at every product: its rows or its columns lie in one piece."""
    array = array.astype(dtype, copy=False)
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array
    return np.ascontiguousarray(array)


def tiles_of(shape: tuple[int, ...], itemsize: int) -> list[slice]:
    """Cut the classes into tiles whose products stay in the cache."""
    classes, numbers = shape
    length = max(_FEWEST_CLASSES, min(_MOST_CLASSES, _TILE_BYTES // max(numbers * itemsize, 1)))
    return [slice(s, min(s + length, classes)) for s in range(0, classes, length)]


@contextmanager
def on_threads(threads: int) -> Iterator[Callable[..., list[Any]]]:
    """Give what calls a function for each of several things, on so many threads; results are in their order."""

    def in_turn(function: Callable[..., Any], *things: Iterable[Any]) -> list[Any]:
        return [function(*given) for given in zip(*things, strict=False)]

    if threads == 1:
        yield in_turn
        return
    try:
        from concurrent.futures import ThreadPoolExecutor  # here: it was a sixth of the time of `import fastloss`
    except RuntimeError:  # the interpreter is ending: the module wants to be told when it does
        yield in_turn
        return
    with ThreadPoolExecutor(threads) as pool:

        def at_once(function: Callable[..., Any], *things: Iterable[Any]) -> list[Any]:
            pairs = list(zip(*things, strict=False))
            try:
                # Engine, and what NumPy does about errors, are of the context of who calls.
                futures = [pool.submit(copy_context().run, function, *given) for given in pairs]
            except RuntimeError:  # the interpreter is ending: it starts no more threads
                return [function(*given) for given in pairs]
            try:
                return [future.result() for future in futures]
            finally:
                for future in futures:
                    future.cancel()

        yield at_once


def multiplied(plan: Plan, results: Results, denominator: float, factor: float) -> float:
    """Compute the loss and its gradients, chunk by chunk; return the sum of the weighted losses."""
    holding = blas.one_thread() if math.prod(plan.lengths) >= HELD_FROM else nullcontext(True)
    # What is no number, or beyond its type, shows in the results; NumPy need not warn of it.
    with holding as held, np.errstate(all="ignore"):
        return _Work(plan if held else plan._replace(threads=1), results, denominator, factor).run()


class Products(Kind):
    """One loss for each row of a product, whose chunks are rows of classes."""

    name = "products"

    def plan(self, call: Call) -> Plan:
        request, arrays = call.request, call.arrays.by_name
        row, given = request.row, request.parameters
        assert row.of_rows is not None
        samples = math.prod(call.arrays.samples)
        classes, numbers = arrays["weight"].shape
        most = given["max_bytes"]
        if most is not None and most <= 0:
            raise ValueError(f"max_bytes = {most} is not > 0")
        itemsize = call.compute_type.itemsize
        of_row = max(classes * itemsize, 1)
        rows = max(_FEWEST_ROWS, min(_MOST_ROWS, _CHUNK_BYTES // max(4 * classes, 1)))
        threads = threads_for(request.n_threads, samples * classes)
        if most is not None:
            if most // of_row < min(_LEAST_ROWS, samples):
                raise ValueError(
                    f"max_bytes = {most} is too little: the logits of {min(_LEAST_ROWS, samples)} rows of {classes} "
                    f"classes take {min(_LEAST_ROWS, samples) * of_row} bytes"
                )
            # First fewer threads: the rows of a chunk decide how sums are rounded.
            rows = min(rows, most // of_row)
            threads = min(threads, max(1, most // (rows * of_row)))
        threads = max(1, min(threads, math.ceil(samples / rows)))
        parameters = {p.name: given.get(p.name, p.default) for p in row.of_rows.parameters}
        wanted = request.want & (VALUE | GRADIENT)
        of_rows = request.inside(row.of_rows, wanted, parameters, (row.of_rows.prediction,), n_threads=1)
        # The numbers of logits are not looked at: all of them are one.
        logits = np.ndarray(
            (*call.arrays.samples, classes), call.compute_type, _NOTHING, strides=(0,) * (len(call.arrays.samples) + 1)
        )
        given_to_rows = {"y_true": arrays["y_true"], row.of_rows.prediction: logits}
        outputs = Outputs(None, None, {}, {}, (), False)
        of_all = Call(of_rows, Arrays(given_to_rows, call.arrays.samples, call.arrays.form), call.weights, outputs)
        return Plan(call, (samples, classes, numbers), rows, threads, False, of_rows, _ROWS.plan(of_all))

    def explain(self, plan: Plan) -> None:
        call = plan.call
        y_true, weights, left_out = call.arrays.by_name["y_true"], call.weights.weights, call.weights.left_out
        assert isinstance(call.request.row.target, RowTarget)
        check_row_targets(y_true, call.arrays.form, call.request.row.target, plan.lengths[1], -1, weights, left_out)
        class_weight = plan.of_rows.parameters.get("class_weight")
        if class_weight is not None and call.arrays.form == "index":
            check_products(y_true, weights, class_weight, left_out, call.request.double_precision)

    def check_scale(self, plan: Plan, number: float, total: float) -> None:
        if plan.call.request.normalizer is not None:
            _ROWS.check_scale(plan.rows_of_all, number, total)

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        denominator = number / factor
        value = self._small(plan, results, number, factor)
        return reduced(multiplied(plan, results, denominator, factor), denominator) if value is None else value

    def _small(self, plan: Plan, results: Results, number: float, factor: float) -> float | None:
        """Compute a small layer by the short way, handed arrays that it takes: None if it is not small."""
        call, request = plan.call, plan.call.request
        short = None if current_engine() == "numba" else self._plain(request.row, request.parameters, factor, True)
        if short is None:
            return None
        given, y_true = call.arrays.by_name, plan.rows_of_all.y_true
        arrays = [np.array(y_true, y_true.dtype.newbyteorder("="), order="C")]
        arrays += [np.array(array, call.compute_type, order="C") for name, array in given.items() if name != "y_true"]
        keywords = {"sample_weight": np.asarray(sample_weights(call)), "reduction": request.reduction}
        keywords |= {"normalizer": number} if request.reduction == "mean" else {}
        keywords |= {"wrt": tuple(results.gradients)} if results.gradients else {}
        want = request.want & (VALUE | GRADIENT)
        found = short.run(want, tuple(arrays), keywords)
        if found is None:
            return None
        value, gradients = found if want == VALUE | GRADIENT else (found, found)
        if want & GRADIENT:
            for place, gradient in zip(results.gradients.values(), gradients, strict=True):
                place[...] = gradient
        if results.value is None:
            return value if want & VALUE else 0.0
        results.value[...] = value
        return 0.0

    def _plain(self, row: Row, parameters: Mapping[str, Any], factor: float, always: bool) -> Any:
        if parameters["max_bytes"] is not None:
            return None
        assert row.of_rows is not None
        own = {p.name: parameters.get(p.name, p.default) for p in row.of_rows.parameters}
        loss, of_rows = as_plain(row.of_rows, own)
        operands = tuple(operand.name for operand in row.operands)
        needed = sum(not operand.optional for operand in row.operands)
        return kernels.rows.PlainProducts(
            *loss, of_rows, factor=factor, always=always, operands=operands, needed=needed, **places_of(row)
        )

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        return self._plain(row, parameters, factor, False)

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return ordinary arrays; there are seven classes, or as many as there are weights of classes."""
        by_class = (parameters or {}).get("class_weight")
        classes = 7 if by_class is None else len(by_class)
        shapes = {"features": sizes, "weight": (classes, sizes[-1]), "bias": (classes,)}
        y_true = target_of_rows(form or row.target.forms[0], (*sizes[:-1], classes), classes, rng)
        drawn = {"y_true": y_true.astype(dtype) if y_true.dtype.kind == "f" else y_true}
        for operand in row.operands:
            if operand.role == PREDICTION:
                drawn[operand.name] = rng.normal(size=shapes[operand.name]).astype(dtype)
        return drawn


_ROWS = Rows()
