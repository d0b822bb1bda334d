"""Targets and predictions against each other: shapes, labels, probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrays import dtype_number, first_true, place, quiet, without_axis
from .domains import in_compute_type, outside, refuse
from .rows import Domain, RowTarget
from .runtime import kernels
from .samples import LeftOut

#: How far the sum of a soft target's row may be from 1.
SUM_TOLERANCE: float = kernels.frame.SHARED["SUM_TOLERANCE"]


@quiet
def check_elements(
    name: str,
    array: np.ndarray[Any, Any],
    domain: Domain,
    weights: np.ndarray[Any, Any] | None,
    left_out: LeftOut,
    double_precision: bool,
) -> None:
    """Raise for the first element outside its domain that is not left out; NaN is for the result to show.

    It is in the compute type that a number has to be inside: there one may be at the end of its domain.
    """
    values = in_compute_type(array, double_precision)
    bad = outside(values, domain, dtype_number(array.dtype)) & (array == array) & left_out.kept(array.shape, weights)
    refuse(name, array, bad, domain, values)


def target_form(
    y_true: np.ndarray[Any, Any],
    name: str,
    shape: tuple[int, ...],
    samples: tuple[int, ...],
    axis: int,
    target: RowTarget,
) -> str:
    """Return which of its forms the target of rows of classes has, by its shape; `axis` is what the user gave."""
    index = "index" in target.forms
    if target.forms == ("number",):
        if y_true.shape == samples:
            return "number"
        raise ValueError(
            f"y_true has shape {y_true.shape}; for {name} of shape {shape} with columns on axis {axis} it must have "
            f"shape {samples} (one number for each row)"
        )
    others = [form for form in target.forms if form != "index"]
    if others and y_true.shape == shape:
        if index and len(shape) == 1:
            raise ValueError(
                f"y_true and {name} have shape {shape}: one row of {shape[0]} classes with a probability for each, or "
                f"{shape[0]} samples of two classes? Of those the loss is binary_cross_entropy (of logits) or "
                f"binary_log_loss (of probabilities); one row is y_true[None, :] and {name}[None, :]"
            )
        return others[0]
    if index and y_true.shape == samples:
        return "index"
    one = "levels" if target.levels else "class indices"
    expected = [f"{samples} ({one})"] * index + [
        f"{shape} ({'probabilities' if form == 'soft' else 'one number for each class'})" for form in others
    ]
    raise ValueError(
        f"y_true has shape {y_true.shape}; for {name} of shape {shape} with classes on "
        f"axis {axis} it must have shape {' or '.join(expected)}"
    )


@quiet
def check_row_targets(
    y_true: np.ndarray[Any, Any],
    form: str,
    target: RowTarget,
    classes: int,
    axis: int,
    weights: np.ndarray[Any, Any] | None,
    left_out: LeftOut,
) -> None:
    """Raise for the first bad place of the target of rows of classes."""
    if form == "index":
        check_labels(y_true, classes, weights, left_out)
    elif form == "soft":
        check_soft_targets(y_true, axis, weights, left_out)
    elif form != "number":
        kept = np.expand_dims(left_out.kept(without_axis(y_true.shape, axis), weights), axis)
        refuse("y_true", y_true, outside(y_true, target) & (y_true == y_true) & kept, target)


@quiet
def check_row_predictions(
    name: str,
    y_pred: np.ndarray[Any, Any],
    domain: Domain,
    axis: int,
    weights: np.ndarray[Any, Any] | None,
    left_out: LeftOut,
    double_precision: bool,
) -> None:
    """Raise for the first prediction outside its domain in a row that is not left out."""
    values = in_compute_type(y_pred, double_precision)
    kept = left_out.kept(without_axis(y_pred.shape, axis), weights)
    bad = outside(values, domain, dtype_number(y_pred.dtype)) & (y_pred == y_pred) & np.expand_dims(kept, axis)
    refuse(name, y_pred, bad, domain, values)


def check_labels(
    y_true: np.ndarray[Any, Any],
    classes: int,
    weights: np.ndarray[Any, Any] | None,
    left_out: LeftOut,
    ignorable: bool = True,
) -> None:
    """Raise for the first label that is no class and is not left out; `ignorable`: the loss has an `ignore_index`."""
    kept = left_out.kept(y_true.shape, weights)
    if y_true.dtype.kind == "f":
        whole = np.isfinite(y_true) & (y_true == np.trunc(y_true))
        bad = first_true(~whole & kept)
        if bad is not None:
            raise ValueError(
                f"{place('y_true', bad, y_true.shape)} = {y_true.reshape(-1)[bad]} "
                "is not a class index (a whole number)"
            )
    bad = first_true(((y_true < 0) | (y_true >= classes)) & kept)
    if bad is not None:
        label = y_true.reshape(-1)[bad].item()
        fits = -(2**63) <= label < 2**63  # an ignore_index is an int64
        label = int(label) if fits else label
        valid = "only 0" if classes == 1 else f"0 to {classes - 1}"
        advice = f"; pass ignore_index={label} to skip it" if fits and ignorable else ""
        least, most = y_true[kept].min(), y_true[kept].max()
        if least == 1 and most == classes:
            advice += ", or y_true - 1 if your classes count from 1: here they count from 0"
        elif classes == 2 and least == -1 and most == 1 and not (y_true[kept] == 0).any():
            advice += ", or (y_true + 1) // 2 if -1 and 1 are your classes: here they are 0 and 1"
        raise ValueError(
            f"{place('y_true', bad, y_true.shape)} = {label} is not a class of {classes} ({valid}){advice}"
        )


def check_soft_targets(
    y_true: np.ndarray[Any, Any], axis: int, weights: np.ndarray[Any, Any] | None, left_out: LeftOut
) -> None:
    """Raise for the first probability < 0, or row that does not add up to 1."""
    values = y_true.astype(np.float64)
    sums = values.sum(axis=axis)
    kept = left_out.kept(sums.shape, weights)
    bad = first_true((values < 0) & np.expand_dims(kept, axis))
    if bad is not None:
        raise ValueError(
            f"{place('y_true', bad, y_true.shape)} = {y_true.reshape(-1)[bad]} is not a probability: it is < 0"
        )
    bad = first_true((np.abs(sums - 1) > SUM_TOLERANCE * 0.99) & kept)
    if bad is not None:
        raise ValueError(
            f"{place('y_true', bad, sums.shape)} sums to {sums.reshape(-1)[bad]:.6g} over the classes; "
            "a soft target adds up to 1"
        )
