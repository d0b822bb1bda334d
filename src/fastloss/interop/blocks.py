"""Cross-entropy of some of the classes: what a rank computes that has a block of the columns of all logits.

A row of logits needs from the other blocks the logarithm of their sum of exponentials, one number. With it as one more
column a row is complete: the loss is that of the package, the gradient by the block what it has in front of that
column. Both are computed in float64 in chunks of rows: the number is of the size of the logits, and rounded to
float32 its error would be 16 to 32 units in the last place of every probability.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..catalogue import CATALOGUE
from ..functions import logsumexp
from ..kinds.base import GRADIENT
from ..loss import Loss

#: Logits of a chunk: 8 MB.
_CHUNK = 1 << 20

Array = np.ndarray[Any, Any]


class Samples(NamedTuple):
    """What all blocks know of the samples."""

    labels: Array  # of all classes
    kept: Array  # whether a sample counts
    weights: Array  # float64
    smoothing: float
    classes: int = 0  # of all blocks
    denominator: float = 1.0
    by_class: Array | None = None  # the weights of all classes, float64

    def targets(self) -> tuple[Array, Array, Array]:
        """Return what the targets of each sample weigh.

        Returns
        -------
        at_label, each_class, all_classes : ndarray
            What is at its label beside what every class has, what every class has but for its own weight, and the sum
            over all classes; 0 of a sample that is left out.
        """
        weights = np.where(self.kept, self.weights, 0.0)
        share = self.smoothing / self.classes if self.smoothing else 0.0
        if self.by_class is None:
            return (1 - self.smoothing) * weights, share * weights, weights  # whose sum is not rounded
        of_label = self.by_class[np.where(self.kept, self.labels, 0)]
        at_label = (1 - self.smoothing) * of_label
        return at_label * weights, share * weights, (at_label + share * self.sum_of_classes) * weights

    @property
    def sum_of_classes(self) -> float:
        """The sum of the weights of all classes."""
        return float(self.classes) if self.by_class is None else math.fsum(self.by_class)


class Block:
    """The logits of some classes, or what they are the product of.

    Parameters
    ----------
    arrays : sequence of ndarray
        Logits, of the shape (N, classes); or features, of the shape (N, D), the classes' weights and perhaps their
        biases.
    n_threads : int or None
        As a call of a loss takes it.
    """

    def __init__(self, arrays: Sequence[Array], n_threads: int | None = None) -> None:
        self.types = [array.dtype if array.dtype.kind not in "biu" else np.dtype(np.float64) for array in arrays]
        self.dtype = np.dtype(np.float64 if np.float64 in self.types else np.float32)
        self.result_type = self.types[0]
        self.arrays = tuple(np.asarray(array, self.dtype) for array in arrays)
        self.linear, self.n_threads = len(arrays) > 1, n_threads
        self.samples = len(self.arrays[0])
        self.classes = len(self.arrays[1]) if self.linear else self.arrays[0].shape[1]
        if self.linear and self.arrays[1].shape[1] != self.arrays[0].shape[1]:
            raise ValueError(f"weight has shape {self.arrays[1].shape}, features have {self.arrays[0].shape}")
        if len(arrays) > 2 and len(self.arrays[2]) != self.classes:
            raise ValueError(f"bias has {len(self.arrays[2])} numbers, weight is of {self.classes} classes")

    def chunks(self) -> Iterator[tuple[slice, Array]]:
        """Yield rows and their logits, in float64 and with a last column that is free.

        Yields
        ------
        slice, ndarray
            The array is the same each time.
        """
        rows = max(1, min(self.samples, _CHUNK // (self.classes + 1)))
        chunk = np.empty((rows, self.classes + 1))
        for start in range(0, self.samples, rows):
            piece = slice(start, min(start + rows, self.samples))
            own = chunk[: piece.stop - start]
            own[:, :-1] = self.arrays[0][piece] if not self.linear else self.arrays[0][piece] @ self.arrays[1].T
            if len(self.arrays) == 3:
                own[:, :-1] += self.arrays[2]
            yield piece, own

    def state(self) -> Array:
        """Return what the other blocks have to know.

        Returns
        -------
        ndarray
            The logarithm of the sum of exponentials of each row, in float64.
        """
        found = np.full(self.samples, -np.inf)
        if self.classes:
            for piece, logits in self.chunks():
                found[piece] = logsumexp(logits[:, :-1], n_threads=self.n_threads)
        return found

    def results(
        self, want: int, samples: Samples, states: Sequence[Array], own: int, first: int
    ) -> tuple[Array, list[Array]]:
        """Return the part of the values that comes from this block, and gradients.

        Parameters
        ----------
        want : int
            VALUE or GRADIENT, or both.
        samples : Samples
            As all blocks know them.
        states : sequence of ndarray
            Those of all blocks.
        own : int
            Which of them is this one's.
        first : int
            The first class of this block.

        Returns
        -------
        values : ndarray
            Of each sample, with its weight; those of all blocks add up to the losses.
        gradients : list of ndarray
            By the logits; or by features, of which those of all blocks add up, and by weights and biases.
        """
        others = [state for k, state in enumerate(states) if k != own]
        rest = logsumexp(np.stack(others, axis=-1)) if others else np.full(self.samples, -np.inf)
        place = samples.labels - first
        here = (place >= 0) & (place < self.classes) & samples.kept
        place = np.where(here, place, self.classes)  # of other blocks: the column that stands for them
        values = np.zeros(self.samples)
        gradients = [np.zeros(array.shape, self.dtype) for array in self.arrays] if want & GRADIENT else []
        at_label, each_class, all_classes = samples.targets()
        by_class = np.ones(self.classes) if samples.by_class is None else samples.by_class[first : first + self.classes]
        counts = np.flatnonzero(by_class)  # what has no weight may be infinitely unlikely
        loss = Loss(CATALOGUE["cross_entropy"])
        for piece, logits in self.chunks():
            logits[:, -1] = rest[piece]
            rows = np.flatnonzero(here[piece])
            own_label = place[piece][rows]
            if samples.smoothing:
                counted = logits[:, :-1] if len(counts) == self.classes else logits[:, counts]
                far = (logsumexp(logits)[:, None] - counted) * by_class[counts]
                spread = np.where(samples.kept[piece], far.sum(axis=1), 0.0)
                values[piece] = each_class[piece] * spread
            options: dict[str, Any] = {
                "sample_weight": all_classes[piece],
                "reduction": "none",
                "n_threads": self.n_threads,
            }
            if want & GRADIENT:
                found, _ = loss.value_and_grad(place[piece], logits, out=(None, logits), **options)
            else:
                found = loss(place[piece], logits, **options)
            total = all_classes[piece][rows]
            part = np.divide(at_label[piece][rows], total, out=np.zeros(len(rows)), where=total != 0)
            values[piece][rows] += part * found[rows]
            if not want & GRADIENT:
                continue
            by_logits = logits[:, :-1]
            if samples.smoothing:
                by_logits -= each_class[piece][:, None] * by_class
                by_logits[rows, own_label] += samples.sum_of_classes * each_class[piece][rows]
            by_logits = (by_logits / samples.denominator).astype(self.dtype)
            if not self.linear:
                gradients[0][piece] = by_logits
                continue
            features, matrix = self.arrays[0][piece], self.arrays[1]
            np.matmul(by_logits, matrix, out=gradients[0][piece])
            gradients[1] += by_logits.T @ features
            if len(self.arrays) == 3:
                gradients[2] += by_logits.sum(axis=0)
        return values, gradients
