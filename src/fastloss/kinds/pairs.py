"""Losses that are a function of the similarities of each vector of a batch with all others, row by row.

The similarities are computed in chunks of rows, which the function of the catalogue turns into the slopes of the loss;
two more products make the gradients by the vectors. All of it is in float64, whatever the vectors are: these losses
raise e to 50 or 256 times a cosine, and would hand its rounding error on as many times as large.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from .. import blas
from ..runtime import threads_for
from .base import Array
from .products import HELD_FROM, on_threads, tiles_of

#: How many rows a chunk has: as many as fit into 8 MiB. Fewer make the product slow whose sums have as many terms.
_CHUNK_BYTES, _FEWEST_ROWS, _MOST_ROWS, _LEAST_ROWS = 2**23, 256, 1024, 64
#: The function of the catalogue is called with so many pairs, whose numbers stay in the cache from step to step.
_BLOCK = 2**15


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
        self.numbers: Array = np.ascontiguousarray(vectors)
        self.gradient = np.zeros_like(self.numbers)

    def of_given(self) -> Array:
        """Return the gradient by the vectors as they were given; of one of length 0 it is 0."""
        if self.lengths is None:
            return self.gradient
        along = np.einsum("ij,ij->i", self.gradient, self.numbers)[:, None]
        across = self.gradient - self.numbers * along
        return np.where(self.lengths == 0, 0, across / np.where(self.lengths == 0, 1, self.lengths))


class Cut(NamedTuple):
    """How the rows of similarities are cut."""

    rows: int  # of a chunk
    threads: int

    @staticmethod
    def of(vectors: int, max_bytes: int | None, n_threads: int | None) -> Cut:
        """Return how a batch of so many vectors is cut."""
        of_row = max(8 * vectors, 1)
        rows = max(_FEWEST_ROWS, min(_MOST_ROWS, _CHUNK_BYTES // of_row))
        threads = threads_for(n_threads, vectors * vectors)
        if max_bytes is not None:
            least = min(_LEAST_ROWS, vectors)
            if max_bytes <= 0:
                raise ValueError(f"max_bytes = {max_bytes} is not > 0")
            if max_bytes < least * of_row:
                raise ValueError(
                    f"max_bytes = {max_bytes} is too little: the similarities of {least} of {vectors} vectors take "
                    f"{least * of_row} bytes"
                )
            rows = min(rows, max_bytes // of_row)
            threads = min(threads, max_bytes // (rows * of_row))
        return Cut(rows, max(1, min(threads, math.ceil(vectors / rows))))


class Pairs:
    """One run: the losses of all vectors, and the gradients.

    `formula` is the row's ``of_pairs``, `known` what it takes besides the similarities. `groups` has a number for each
    vector, which those that belong together share.
    """

    def __init__(
        self,
        vectors: Compared,
        others: Compared,
        groups: Array,
        weights: Array,
        formula: Any,
        known: Mapping[str, Any],
        cut: Cut,
        wants: bool,
    ) -> None:
        self.vectors, self.others, self.groups, self.weights = vectors, others, groups.astype(np.int32), weights
        self.formula, self.known, self.cut, self.wants = formula, known, cut, wants
        self.values = np.zeros(len(groups))
        self.by_shared: dict[str, Array] = {}  # of each vector, what it adds to the derivative by what all share

    def run(self) -> None:
        """Compute everything."""
        count, rows, threads = len(self.groups), self.cut.rows, self.cut.threads
        pieces = [slice(s, min(s + rows, count)) for s in range(0, count, rows)]
        holding = blas.one_thread() if count * count >= HELD_FROM else nullcontext(True)
        with holding as held, on_threads(threads if held else 1) as each:
            buffers = [np.empty((min(rows, count), count)) for _ in range(threads if held else 1)]
            tiles = tiles_of(self.others.numbers.shape, 8)
            for first in range(0, len(pieces), len(buffers)):
                group = pieces[first : first + len(buffers)]
                slopes = each(self.slopes_of, group, buffers)
                if self.wants:
                    chunks = list(zip(group, slopes, strict=True))
                    each(lambda tile, chunks=chunks: self.add_to_others(tile, chunks), tiles)
                    each(self.add_to_own, group, slopes)

    def slopes_of(self, piece: slice, buffer: Array) -> Array:
        """Compute the losses of some vectors; return the slopes by their similarities, which take their place."""
        similar = np.matmul(self.vectors.numbers[piece], self.others.numbers.T, out=buffer[: piece.stop - piece.start])
        height = max(1, _BLOCK // max(len(self.groups), 1))
        for start in range(piece.start, piece.stop, height):
            places = slice(start, min(start + height, piece.stop))
            block = similar[start - piece.start : places.stop - piece.start]
            alike = self.groups[places, None] == self.groups
            unlike = ~alike
            if self.vectors is self.others:
                own = np.arange(len(block))
                alike[own, own + start] = False
            values, slopes, by_shared = self.formula(block, alike, unlike, **self.known)
            # A vector of weight 0 may have a loss that is no number: nothing of it is multiplied.
            weights = self.weights[places]
            self.values[places] = np.where(weights == 0, 0, values * weights)
            if self.wants:
                block[...] = np.where(weights[:, None] == 0, 0, slopes * weights[:, None])
                for name, of_vectors in by_shared.items():
                    sums = self.by_shared.setdefault(name, np.zeros(len(self.groups)))
                    sums[places] = np.where(weights == 0, 0, of_vectors * weights)
        return similar

    def add_to_others(self, tile: slice, chunks: list[tuple[slice, Array]]) -> None:
        """Add to the gradients by some of what was compared with, chunk after chunk."""
        for piece, slopes in chunks:
            self.others.gradient[tile] += slopes[:, tile].T @ self.vectors.numbers[piece]

    def add_to_own(self, piece: slice, slopes: Array) -> None:
        """Add to the gradients by the vectors that were compared."""
        self.vectors.gradient[piece] += slopes @ self.others.numbers
