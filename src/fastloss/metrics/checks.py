"""What metrics are given, checked as scikit-learn checks it: columns of numbers, weights of samples, labels."""

from __future__ import annotations

import contextlib
import functools
import math
import warnings
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import as_array, first_true, place
from ..catalogue import CATALOGUE
from ..foreign import is_foreign, refuse
from ..loss import Loss

#: An array of any numbers.
Array = NDArray[Any]
#: What becomes of several outputs: an average, that weighted by an array, or one number for each.
Multioutput = ArrayLike | Literal["raw_values", "uniform_average"]


class UndefinedMetricWarning(UserWarning):
    """A score has no value for what it was given."""


def no_score(message: str = "D^2 score is not well-defined with less than two samples.") -> float:
    """Warn that a score has no value, and return NaN."""
    warnings.warn(message, UndefinedMetricWarning, stacklevel=3)
    return math.nan


@functools.cache
def loss_of(name: str) -> Loss:
    """Return a loss of the catalogue: one object for all calls, as it prepares its short way once."""
    return Loss(CATALOGUE[name])


def explained(own: float, constant: float) -> float:
    """Return the share of the loss of a constant prediction that the predictions explain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(1 - np.float64(own) / constant)


def finite(name: str, values: ArrayLike) -> Array:
    """Return an array of finite numbers of at least one sample."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "O":
        with contextlib.suppress(TypeError, ValueError):  # it is refused below, with the reason
            values = values.astype(np.float64)
    if isinstance(values, np.ndarray) and values.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {values.dtype}")
    array = as_array(name, values)
    if array.ndim == 0:
        raise ValueError(f"{name} is one number; expected an array of them: a number for each sample")
    if array.ndim > 2:
        raise ValueError(f"Found array with dim {array.ndim}, while dim <= 2 is required: {name}")
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}: a minimum of 1 sample is required")
    with np.errstate(all="ignore"):
        if array.dtype.kind not in "iub" and not np.isfinite(array.sum(dtype=np.float64)):
            index = first_true(~np.isfinite(array.astype(np.float64, copy=False)).ravel())
            if index is not None:
                kind = "NaN" if np.isnan(array.reshape(-1)[index]) else "infinity"
                raise ValueError(f"Input {name} contains {kind}: {place(name, index, array.shape)} is no finite number")
    return array


def same_length(**arrays: Any) -> None:
    """Raise unless all arrays that are given have as many samples."""
    lengths = {}
    for name, array in arrays.items():
        if array is not None and np.ndim(array):
            lengths[name] = len(array)
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: {list(lengths.values())} ({found})"
        )


def weights_of(samples: int, sample_weight: ArrayLike | None) -> Array | None:
    """Return the weight of each sample, or None."""
    if sample_weight is None:
        return None
    if np.ndim(sample_weight) == 0:
        return np.full(samples, as_array("sample_weight", sample_weight)[()], np.float64)
    weight = finite("sample_weight", sample_weight)
    if weight.ndim == 2 and weight.shape[1] == 1:
        weight = weight[:, 0]
    if weight.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {weight.ndim}D array")
    if len(weight) != samples:
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(samples,)}!")
    index = first_true(weight < 0)
    if index is not None:
        raise ValueError(f"sample_weight[{index}] = {weight[index]} is negative; weights are at least 0")
    if not weight.any():
        raise ValueError("sample_weight is 0 for every sample: there is nothing to average")
    return weight


class Columns(NamedTuple):
    """Targets and predictions, a column for each output, and the weights of the samples."""

    y_true: Array
    y_pred: Array
    weight: Array | None


def columns(y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None) -> Columns:
    """Return targets and predictions as columns of one floating type: that which holds all of them."""
    true, pred = finite("y_true", y_true), finite("y_pred", y_pred)
    same_length(y_true=true, y_pred=pred, sample_weight=sample_weight)
    weight = weights_of(len(true), sample_weight)
    true, pred = (array[:, None] if array.ndim == 1 else array for array in (true, pred))
    if true.shape[1] != pred.shape[1]:
        raise ValueError(f"y_true and y_pred have different number of output ({true.shape[1]}!={pred.shape[1]})")
    floats = [a.dtype for a in (true, pred, weight) if a is not None and a.dtype.kind not in "iub"]
    dtype = np.result_type(*floats) if floats else np.dtype(np.float64)
    return Columns(true, pred.astype(dtype, copy=False), weight)


def outputs(multioutput: Any, count: int) -> Any:
    """Return what becomes of several outputs, checked: a name or the weight of each."""
    if isinstance(multioutput, str):
        if multioutput not in ("raw_values", "uniform_average"):
            raise ValueError(
                "Allowed 'multioutput' string values are ('raw_values', 'uniform_average'). "
                f"You provided multioutput={multioutput!r}"
            )
        return multioutput
    weights = finite("multioutput", multioutput)
    if count == 1:
        raise ValueError("Custom weights are useful only in multi-output cases.")
    if len(weights) != count:
        raise ValueError(f"There must be equally many custom weights ({len(weights)}) as outputs ({count}).")
    return weights


def averaged(each: Array, multioutput: Any) -> Any:
    """Return what is asked for of one number for each output."""
    if isinstance(multioutput, str):
        return each if multioutput == "raw_values" else float(each.mean())
    return float(np.average(each, weights=multioutput))


def labels_array(name: str, labels: ArrayLike) -> Array:
    """Return labels, one for each sample: numbers or names."""
    if is_foreign(type(labels)):
        refuse(name, labels)
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.dtype.kind == "f":
        finite(name, array)
        odd = first_true(array != np.trunc(array))
        if odd is not None:
            raise ValueError(
                f"Unknown label type: continuous. {name}[{odd}] = {array[odd]} is no label; classes are whole numbers "
                "or names"
            )
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}: a minimum of 1 sample is required")
    return array


def codes(labels: Array) -> tuple[Array, Array]:
    """Return the classes in their order, and for each sample which of them it has.

    Whole numbers that lie close together are counted, not sorted: 50 times as fast as ``numpy.unique``.
    """
    if labels.dtype.kind in "iub" and labels.size:
        low, high = int(labels.min()), int(labels.max())
        if high - low < max(1024, labels.size // 8):
            offsets = labels.astype(np.int64, copy=False) - low if low or labels.dtype.kind != "i" else labels
            present = np.bincount(offsets, minlength=high - low + 1) > 0
            classes = (np.flatnonzero(present) + low).astype(labels.dtype)
            return classes, offsets if present.all() else (np.cumsum(present) - 1)[offsets]
    try:
        classes, index = np.unique(labels, return_inverse=True)
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels.flat})
        raise TypeError(f"the labels have the types {kinds}, which have no order among them") from None
    return classes, index


def codes_among(labels: Array, classes: Array) -> Array:
    """Return for each sample which of the given classes, in their order, it has."""
    index = np.clip(np.searchsorted(classes, labels), 0, len(classes) - 1)
    unknown = first_true(classes[index] != labels)
    if unknown is not None:
        undeclared = set(np.unique(labels).tolist()) - set(classes.tolist())
        raise ValueError(
            f"y_true contains values {undeclared} not belonging to the passed labels {classes.tolist()}. The first is "
            f"y_true[{unknown}]"
        )
    return index
