"""What is timed: a loss on arrays of one shape, dtype and layout, filled with the same numbers every time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Problem:
    """The arrays of a workload, shared by every library that is timed on it."""

    loss: str
    y_true: NDArray
    y_pred: NDArray
    axis: int


@dataclass(frozen=True)
class Workload:
    """A loss with the shape, dtype, class axis and memory order of its predictions."""

    loss: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    axis: int = -1
    order: Literal["C", "F"] = "C"

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
        return "-".join(parts)

    def problem(self) -> Problem:
        """Draw the arrays: normal predictions of spread 3, uniform classes, whatever else the loss asks for."""
        random = np.random.default_rng(2024)
        dtype = numpy_dtype(self.dtype)
        drawn_in = dtype if dtype.itemsize >= 4 else np.dtype(np.float32)
        drawn = random.standard_normal(self.shape, dtype=drawn_in)
        drawn *= 3
        y_pred = np.asarray(drawn, dtype, order=self.order)
        row = catalogue()[self.loss]
        y_true: NDArray
        if row.kind == "rows":
            samples = list(self.shape)
            classes = samples.pop(self.axis)
            form = row.target.forms[0]
            if form == "index":
                y_true = random.integers(0, classes, size=samples)
            elif form == "soft":
                y_true = _softmax(random.standard_normal(self.shape), self.axis).astype(dtype)
            else:
                y_true = random.integers(0, 2, size=self.shape)
            if row.holds in ("probs", "log_probs"):
                p = _softmax(drawn.astype(np.float64), self.axis)
                y_pred = np.asarray(p if row.holds == "probs" else np.log(p), dtype, order=self.order)
        elif math.isfinite(row.target.low) and math.isfinite(row.target.high):
            y_true = random.choice((row.target.low, row.target.high), size=self.shape).astype(dtype)
        else:
            samples = list(self.shape[:-1] if row.axes == "2" else self.shape)
            y_true = random.standard_normal(samples, dtype=drawn_in)
            if math.isfinite(row.target.low):
                y_true = row.target.low + 0.125 + np.abs(y_true)
            y_true = y_true.astype(dtype)
        if row.kind != "rows":
            y_pred = np.asarray(_from_within(row.predicted, y_pred, random), dtype, order=self.order)
        if row.axes == "2":
            y_pred[..., 1] /= 3
        return Problem(self.loss, y_true, y_pred, self.axis)


def _from_within(domain: Any, numbers: NDArray, random: np.random.Generator) -> NDArray:
    """Numbers of a domain, at a distance from its ends; the normal ones that were drawn where any will do."""
    if math.isfinite(domain.low) and math.isfinite(domain.high):
        return domain.low + (domain.high - domain.low) * random.uniform(0.01, 0.99, numbers.shape)
    return domain.low + 0.125 + np.abs(numbers) if math.isfinite(domain.low) else numbers


def _softmax(x: NDArray, axis: int) -> NDArray:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def catalogue() -> dict[str, Any]:
    """The rows of fastloss's catalogue by name: a new loss is measured without a word here.

    Those of several arrays are in ``several.py``. Imported late, because the number of CPUs is read by the libraries
    when they are imported.
    """
    from fastloss.catalogue import CATALOGUE

    return {name: row for name, row in CATALOGUE.items() if not row.several}


def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype of a name, bfloat16 included."""
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
