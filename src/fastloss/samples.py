"""What belongs to each sample: weights and masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import as_array, first_true, place, quiet
from .domains import LARGEST, VANISHES, check_held, in_compute_type
from .rows import Domain

#: What a weight of a sample may be.
WEIGHT = Domain("a finite weight >= 0", 0.0, math.inf, high_open=True)


class LeftOut:
    """The samples that nothing is read of: masked by `where`, or with the label `ignore_index`."""

    def __init__(
        self,
        where: np.ndarray[Any, Any] | None = None,
        y_true: np.ndarray[Any, Any] | None = None,
        ignore_index: int | None = None,
    ) -> None:
        self.where, self.y_true, self.ignore_index = where, y_true, ignore_index

    def read(self, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """Return which samples are read: their weights; where that is not 0, their targets and predictions."""
        read = np.ones(shape, dtype=np.bool_)
        if self.where is not None:
            read &= self.where
        if self.y_true is not None and self.ignore_index is not None:
            read &= ~ignored_labels(self.y_true, self.ignore_index)
        return read

    def kept(self, shape: tuple[int, ...], weights: np.ndarray[Any, Any] | None) -> np.ndarray[Any, Any]:
        """Return which samples are neither left out nor of weight 0."""
        read = self.read(shape)
        return read if weights is None else read & (weights != 0)


def as_weights(name: str, value: Any, shape: tuple[int, ...]) -> tuple[np.ndarray[Any, Any] | None, bool]:
    """Return `sample_weight`, broadcast to the samples, and whether some of it may vanish in float32."""
    if value is None:
        return None, False
    given = as_array(name, value)
    return to_samples(name, given, shape), may_vanish(given)


def as_mask(value: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any] | None:
    """Return `where`, broadcast to the samples."""
    if value is None or value is True:
        return None
    mask = as_array("where", value, "bool")
    if mask.dtype != np.bool_:
        raise TypeError(f"where has dtype {mask.dtype}; it must be bool")
    return to_samples("where", mask, shape)


def to_samples(name: str, array: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Return what belongs to each sample in the samples' shape: it has that, length 1 in some axes, or no dimensions.

    Fewer dimensions are refused, which NumPy would take for the last ones: weights of the rows of a square array would
    weigh its columns.
    """
    if array.shape == shape or not array.ndim:
        return np.broadcast_to(array, shape)
    if array.ndim == len(shape) and all(m in (1, n) for m, n in zip(array.shape, shape, strict=True)):
        return np.broadcast_to(array, shape)
    message = (
        f"{name} has shape {array.shape}, the samples have shape {shape}. "
        f"It must have that shape, or length 1 on each axis whose samples share a value"
    )
    if array.ndim == 1 and len(shape) > 1:
        # The first axis first: a weight of one dimension mostly means the rows.
        ways = [
            f"{name}[{', '.join(':' if k == axis else 'None' for k in range(len(shape)))}] has one for each index of "
            f"axis {axis}"
            for axis, length in enumerate(shape)
            if length == array.size
        ]
        message += f": {', '.join(ways)}" if ways else ""
    elif array.size == math.prod(shape) and [n for n in array.shape if n != 1] == [n for n in shape if n != 1]:
        message += f": {name}.reshape({shape})"
    raise ValueError(message)


def check_weights(name: str, weights: np.ndarray[Any, Any], double_precision: bool, left_out: LeftOut) -> None:
    """Raise for the first weight that is read and is negative, NaN or infinite, or vanishes in the compute type."""
    check_held(name, weights, WEIGHT, double_precision, left_out.read(weights.shape))


@quiet
def check_products(
    y_true: np.ndarray[Any, Any],
    weights: np.ndarray[Any, Any] | None,
    class_weight: np.ndarray[Any, Any],
    left_out: LeftOut,
    double_precision: bool,
    normalizer: float = 1.0,
    total: float = math.inf,
) -> None:
    """Raise for the first sample whose weight times that of its class is infinite or no normal number in its type.

    Or their product over the normalizer becomes infinite, which it cannot where that of their sum, `total`, does not.
    """
    if total / normalizer < LARGEST:
        return
    kept = left_out.kept(y_true.shape, weights)
    labels = np.where(kept, y_true, 0).astype(np.int64)
    by_class = class_weight[labels]
    by_sample = np.ones(()) if weights is None else in_compute_type(weights, double_precision)
    products = in_compute_type(by_sample * by_class, double_precision)
    computed = in_compute_type(products * np.float64(1 / normalizer), double_precision)
    lost = (products < np.finfo(products.dtype).tiny) & (by_class != 0)
    bad = first_true(kept & (lost | np.isinf(computed)))
    if bad is not None:
        label = labels.reshape(-1)[bad]
        what = f"class_weight[{label}] = {class_weight[label]}"
        if weights is not None:
            what = f"{place('sample_weight', bad, weights.shape)} = {weights.reshape(-1)[bad]} times {what}"
        if normalizer != 1:
            what += f" over normalizer = {normalizer}"
        size = "large" if np.isinf(computed.reshape(-1)[bad]) else "small"
        raise ValueError(f"{what} is too {size} to compute with in float{64 if double_precision else 32}")


@quiet
def check_multipliers(
    weights: np.ndarray[Any, Any],
    normalizer: float,
    total: float,
    left_out: LeftOut,
    double_precision: bool,
) -> None:
    """Raise for the first weight that, over the normalizer, is infinite in the compute type; `total`: their sum."""
    if total / normalizer < LARGEST:
        return
    multipliers = in_compute_type(weights.astype(np.float64) * (1 / normalizer), double_precision)
    bad = first_true(np.isinf(multipliers) & left_out.kept(weights.shape, weights))
    if bad is not None:
        raise ValueError(
            f"{place('sample_weight', bad, weights.shape)} = {weights.reshape(-1)[bad]} over normalizer = {normalizer} "
            f"is too large to compute with in float{64 if double_precision else 32}"
        )


def may_vanish(weights: np.ndarray[Any, Any]) -> bool:
    """Tell whether float32 takes a weight for 0 that is not (or weights are bad); the kernels see what is infinite."""
    if weights.dtype.kind != "f" or weights.itemsize != 8 or weights.min(initial=1.0) > VANISHES:
        return False
    return bool(np.count_nonzero(weights > VANISHES) != np.count_nonzero(weights))  # zeros that were zeros


def ignored_labels(y_true: np.ndarray[Any, Any], ignore_index: int) -> np.ndarray[Any, Any]:
    """Return where a label is the one that is ignored: as integers, which float64 has not all of."""
    if y_true.dtype.kind != "f":
        return np.asarray(y_true == ignore_index)
    number = np.float64(ignore_index)
    return np.asarray((y_true == number) & (int(number) == ignore_index))
