"""What is timed: a loss on arrays of one shape, dtype and layout, filled with the same numbers every time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from variations import VARIATIONS


@dataclass(frozen=True)
class Problem:
    """The arrays of a workload, shared by every library that is timed on it."""

    loss: str
    y_true: NDArray
    y_pred: NDArray
    axis: int
    method: str = "value_and_grad"
    keywords: dict[str, Any] = field(default_factory=dict)  # of fastloss, beside the plain ones

    @property
    def samples(self) -> tuple[int, ...]:
        """The shape of a row's samples, or of all elements."""
        shape = self.y_pred.shape
        if catalogue()[self.loss].axes != "C":
            return shape
        return tuple(n for k, n in enumerate(shape) if k != self.axis % len(shape))

    @property
    def classes(self) -> int:
        return self.y_pred.shape[self.axis]


@dataclass(frozen=True)
class Workload:
    """A loss with the shape, dtype, class axis and memory order of its predictions, and what is asked of it beside."""

    loss: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    axis: int = -1
    order: Literal["C", "F"] = "C"
    variation: str = ""  # one of VARIATIONS

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of the predictions alone; the gradient has as many again."""
        return self.elements * numpy_dtype(self.dtype).itemsize

    @property
    def size(self) -> str:
        """The shape as people write it: 8192x1000, or 1e6 for a round number of elements."""
        if len(self.shape) == 1 and self.elements == 10 ** (digits := len(str(self.elements)) - 1):
            return f"1e{digits}"
        return "x".join(map(str, self.shape))

    @property
    def name(self) -> str:
        parts = [self.loss, self.size]
        if self.dtype != "float32":
            parts.append(self.dtype)
        if self.axis != -1:
            parts.append(f"axis{self.axis}")
        if self.order != "C":
            parts.append(f"{self.order}-order")
        if self.variation:
            parts.append(self.variation)
        return "-".join(parts)

    def problem(self) -> Problem:
        """Draw the arrays, as tests draw them: the same numbers every time."""
        from fastloss.kinds import draw

        row = catalogue()[self.loss]
        sizes = self.shape[:-1] if row.axes.isdigit() else self.shape  # an axis of fixed length is not asked for
        if row.axes == "C":  # the classes are drawn on the last axis
            classes = self.shape[self.axis]
            sizes = (*(n for k, n in enumerate(self.shape) if k != self.axis % len(self.shape)), classes)
        y_true, y_pred = (
            np.moveaxis(array, -1, self.axis) if array.shape == sizes and row.axes == "C" else array
            for array in draw(row, sizes, numpy_dtype(self.dtype), np.random.default_rng(2024)).values()
        )
        problem = Problem(self.loss, np.ascontiguousarray(y_true), y_pred.copy(self.order), self.axis)
        if not self.variation:
            return problem
        return VARIATIONS[self.variation](problem, np.random.default_rng(2025))


def catalogue() -> dict[str, Any]:
    """The rows of fastloss's catalogue by name: a new loss is measured without a word here.

    Those of several arrays are in ``several.py``, those of regions in ``regions.py``. Imported late, because the number
    of CPUs is read by the libraries when they are imported.
    """
    from fastloss.catalogue import CATALOGUE

    return {name: row for name, row in CATALOGUE.items() if not row.several and row.axes != "R"}


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype of a name, bfloat16 included."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
