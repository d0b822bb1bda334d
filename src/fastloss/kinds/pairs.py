"""Losses that are a function of the similarities of each vector of a batch with all others, row by row.

The similarities are computed in chunks of rows, which a kernel turns into the slopes of the loss
(``kernels/vectors/batches.h``); two more products make the gradients by the vectors. All of it is in float64, whatever
the vectors are: these losses raise e to 50 or 256 times a cosine, and would hand its rounding error on as many times as
large.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from .. import blas
from ..runtime import kernels, threads_for
from .base import Array
from .products import HELD_FROM, on_threads, tiles_of

#: How many rows a chunk has: as many as fit into 8 MiB. Fewer make the product slow whose sums have as many terms.
_CHUNK_BYTES, _FEWEST_ROWS, _MOST_ROWS, _LEAST_ROWS = 2**23, 256, 1024, 64
#: Vectors whose squared lengths are between these are divided by them as they are: no square of a number that matters
#: beside them is infinite or subnormal, and the bits are those of vectors of any size.
_SQUARES = 2.0**-60, 2.0**60
#: A function of NumPy is called with so many pairs, whose numbers stay in the cache from step to step.
_BLOCK = 2**15


class Compared:
    """Vectors as they are compared, and the gradient by them."""

    def __init__(self, array: Array, kept: Array, dtype: np.dtype[Any], normalize: bool) -> None:
        vectors = np.ascontiguousarray(array if len(kept) == len(array) else array[kept], dtype)
        self.lengths: Array | None = None
        if normalize:
            squares = np.einsum("ij,ij->i", vectors, vectors)
            low, high = _SQUARES
            if len(squares) and low < squares.min() and squares.max() < high:
                divisors = self.lengths = np.sqrt(squares)[:, None]
            else:
                # The largest number is a power of 2 times one that is near 1: its square is neither infinite nor 0.
                _, exponents = np.frexp(np.abs(vectors).max(axis=1, initial=0, keepdims=True))
                vectors = np.ldexp(vectors, -exponents)
                roots = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
                self.lengths = np.ldexp(roots, exponents)
                divisors = np.where(roots == 0, 1, roots)
            vectors = vectors / divisors
        self.numbers: Array = vectors
        self.gradient = np.zeros(self.numbers.shape, dtype)

    def of_given(self) -> Array:
        """Return the gradient by the vectors as they were given; of one of length 0 it is 0."""
        if self.lengths is None:
            return self.gradient
        along = np.einsum("ij,ij->i", self.gradient, self.numbers)[:, None]
        across: Array = self.gradient - self.numbers * along
        if self.lengths.all():
            across /= self.lengths
            return across
        return np.where(self.lengths == 0, 0, across / np.where(self.lengths == 0, 1, self.lengths))


class Cut(NamedTuple):
    """How the rows of similarities are cut."""

    rows: int  # of a chunk
    threads: int

    @staticmethod
    def of(vectors: int, others: int, max_bytes: int | None, n_threads: int | None, itemsize: int = 8) -> Cut:
        """Return how similarities of so many vectors with so many others are cut."""
        of_row = max(itemsize * others, 1)
        rows = max(_FEWEST_ROWS, min(_MOST_ROWS, _CHUNK_BYTES // of_row))
        threads = threads_for(n_threads, vectors * others)
        if max_bytes is not None:
            least = min(_LEAST_ROWS, vectors)
            if max_bytes <= 0:
                raise ValueError(f"max_bytes = {max_bytes} is not > 0")
            if max_bytes < least * of_row:
                raise ValueError(
                    f"max_bytes = {max_bytes} is too little: the similarities of {least} vectors with {others} take "
                    f"{least * of_row} bytes"
                )
            rows = min(rows, max_bytes // of_row)
            threads = min(threads, max_bytes // (rows * of_row))
        return Cut(rows, max(1, min(threads, math.ceil(vectors / rows))))


def in_chunks(
    first: Array,
    second: Array,
    cut: Cut,
    slopes_of: Callable[[slice, Array], None],
    factors: tuple[Array, Array],
    gradients: tuple[Array, Array | None] | None,
) -> None:
    """Multiply vectors with all of others, chunk by chunk of the first, and what becomes of the products with both.

    `slopes_of` is given the place of a chunk and its products, and leaves slopes in their place. To the first of the
    gradients these are added times the second of the factors, to the second those of all chunks times the first, in the
    order of the chunks, whichever thread does it. A second one that is None is not made.
    """
    count, width = len(first), len(second)
    pieces = [slice(s, min(s + cut.rows, count)) for s in range(0, count, cut.rows)]
    tiles = tiles_of((width, factors[0].shape[1]), first.dtype.itemsize)

    def slopes(piece: slice, buffer: Array) -> Array:
        products = np.matmul(first[piece], second.T, out=buffer[: piece.stop - piece.start])
        slopes_of(piece, products)
        return products

    def add_to_first(piece: slice, slopes: Array) -> None:
        assert gradients is not None
        gradients[0][piece] += slopes @ factors[1]

    def add_to_second(tile: slice, chunks: list[tuple[slice, Array]]) -> None:
        assert gradients is not None and gradients[1] is not None
        for piece, slopes in chunks:
            gradients[1][tile] += slopes[:, tile].T @ factors[0][piece]

    holding = blas.one_thread() if count * width >= HELD_FROM else nullcontext(True)
    with holding as held, on_threads(cut.threads if held else 1) as each:
        buffers = [np.empty((min(cut.rows, count), width), first.dtype) for _ in range(cut.threads if held else 1)]
        for start in range(0, len(pieces), len(buffers)):
            group = pieces[start : start + len(buffers)]
            found = each(slopes, group, buffers)
            if gradients is not None:
                if gradients[1] is not None:
                    chunks = list(zip(group, found, strict=True))
                    each(lambda tile, chunks=chunks: add_to_second(tile, chunks), tiles)
                each(add_to_first, group, found)


def blocks(piece: slice, products: Array) -> Iterator[tuple[slice, Array]]:
    """Cut the rows of a chunk into blocks that stay in the cache; yield the places of a block, and its products."""
    height = max(1, _BLOCK // max(products.shape[1], 1))
    for start in range(piece.start, piece.stop, height):
        stop = min(start + height, piece.stop)
        yield slice(start, stop), products[start - piece.start : stop - piece.start]


class Pairs:
    """One run: the losses of all vectors, and the gradients.

    `numbers` are what the loss takes besides the similarities. `groups` has a number for each vector, which those that
    belong together share.
    """

    def __init__(
        self,
        loss: str,
        vectors: Compared,
        others: Compared,
        groups: Array,
        weights: Array,
        numbers: tuple[float, ...],
        shared: int,
        cut: Cut,
        wants: bool,
    ) -> None:
        self.loss, self.numbers, self.cut, self.wants = loss, numbers, cut, wants
        self.vectors, self.others, self.weights = vectors, others, weights.copy()
        lanes = kernels.vectors.BATCH_LANES
        self.labels = np.full(-(-len(groups) // lanes) * lanes, np.nan)
        self.labels[: len(groups)] = groups
        self.values = np.zeros(len(groups))
        #: Of each vector, what it adds to the derivatives by what all share.
        self.by_shared = [np.zeros(len(groups)) for _ in range(shared)]

    def run(self) -> None:
        """Compute everything."""
        own, others = self.vectors.numbers, self.others.numbers
        gradients = (self.vectors.gradient, self.others.gradient) if self.wants else None
        in_chunks(own, others, self.cut, self.slopes_of, (own, others), gradients)

    def slopes_of(self, piece: slice, similar: Array) -> None:
        """Compute the losses of some vectors; the slopes by their similarities take the place of these."""
        kernels.vectors.pairs(
            self.loss,
            self.numbers,
            similar,
            self.labels,
            self.weights,
            self.values,
            self.by_shared,
            first=piece.start,
            one=self.vectors is self.others,
        )
