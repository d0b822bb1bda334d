"""Metrics of classes and of their probabilities, with scikit-learn's arguments."""

from __future__ import annotations

import math
import warnings
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .checks import (
    Array,
    codes,
    codes_among,
    explained,
    finite,
    labels_array,
    loss_of,
    no_score,
    same_length,
    weights_of,
)


class _Given(NamedTuple):
    """Classes and their probabilities, checked."""

    target: Array  # the class of each sample, or of several labels a row of zeros and ones
    probs: Array  # of the second of two classes, or a row for each sample
    weight: Array | None
    classes: int  # how many there are


def _probabilities(y_proba: ArrayLike) -> Array:
    """Return probabilities in their own floating type, else in float64."""
    probs = finite("y_proba", y_proba)
    return probs.astype(np.float64) if probs.dtype.kind in "iub" else probs


def _check_range(probs: Array, low: str) -> None:
    if probs.max() > 1:
        raise ValueError(f"y_prob contains values greater than 1: {probs.max()}")
    if probs.min() < 0:
        raise ValueError(f"y_prob contains values {low} than 0: {probs.min()}")


def _classes_of(y_true: Array, labels: ArrayLike | None) -> tuple[Array, Array]:
    """Return the classes and for each sample which of them it has."""
    if labels is None:
        classes, index = codes(y_true)
        if len(classes) == 1:
            raise ValueError(
                f"y_true contains only one label ({classes[0]}). Please provide the list of all expected class labels "
                "explicitly through the labels argument."
            )
        return classes, index
    classes = codes(labels_array("labels", labels))[0]
    if not np.array_equal(classes, np.asarray(labels).ravel()):
        warnings.warn(
            f"Labels passed were {labels}. But this function assumes labels are ordered lexicographically. "
            f"Pass the ordered labels={classes.tolist()} and ensure that the columns of y_prob correspond to this "
            "ordering.",
            UserWarning,
            stacklevel=4,
        )
    index = codes_among(y_true, classes)
    if len(classes) == 1:
        raise ValueError(f"The labels array needs to contain at least two labels, got {classes}.")
    return classes, index


def _of_classes(
    y_true: ArrayLike, y_proba: ArrayLike, sample_weight: ArrayLike | None, labels: ArrayLike | None
) -> _Given:
    """Return what is given of classes and their probabilities, checked."""
    probs = _probabilities(y_proba)
    _check_range(probs, "lower")
    true = labels_array("y_true", y_true)
    same_length(y_prob=probs, y_true=true, sample_weight=sample_weight)
    weight = weights_of(len(probs), sample_weight)
    if true.ndim > 1:  # several labels for a sample: zeros and ones
        if true.ndim > 2 or not ((true == 0) | (true == 1)).all():
            raise ValueError(
                "Multioutput target data is not supported with label binarization: of several labels a sample y_true "
                f"holds zeros and ones; it has shape {true.shape}"
            )
        classes, target = np.arange(true.shape[1]), true
    else:
        classes, target = _classes_of(true, labels)
    if probs.ndim == 2 and probs.shape[1] == 1:
        probs = probs[:, 0]
    count = probs.shape[1] if probs.ndim == 2 else 2
    if probs.ndim == 2:
        sums = probs.sum(axis=1)
        if not np.allclose(sums, 1, rtol=math.sqrt(_epsilon(probs)), atol=0):
            warnings.warn(
                "The y_prob values do not sum to one. Make sure to pass probabilities.", UserWarning, stacklevel=3
            )
    if len(classes) != count:
        if labels is None:
            raise ValueError(
                f"y_true and y_prob contain different number of classes: {len(classes)} vs {count}. Please provide the "
                f"true labels explicitly through the labels argument. Classes found in y_true: {classes}"
            )
        raise ValueError(
            f"The number of classes in labels is different from that in y_prob. Classes found in labels: {classes}"
        )
    return _Given(target, probs, weight, count)


def _epsilon(probs: Array) -> float:
    return float(np.finfo(probs.dtype).eps)


def _log_loss(given: _Given, reduction: Literal["mean", "sum"]) -> float:
    """Return the log loss: probabilities are not nearer to 0 or 1 than the epsilon of their type."""
    options: dict[str, Any] = {"sample_weight": given.weight, "reduction": reduction, "clip": _epsilon(given.probs)}
    if given.target.ndim > 1 and given.probs.ndim > 1:  # rows that need not add up to 1
        clipped = np.clip(given.probs, options["clip"], 1 - options["clip"])
        each = -np.where(given.target != 0, np.log(clipped), 0).sum(axis=1, dtype=np.float64)
        total = each.sum() if given.weight is None else each @ given.weight
        return float(total if reduction == "sum" else np.average(each, weights=given.weight))
    if given.probs.ndim == 1:
        return float(loss_of("binary_log_loss")(given.target, given.probs, **options))
    return float(loss_of("categorical_log_loss")(given.target, given.probs, **options))


def _renamed(y_proba: Any, y_pred: Any) -> Any:
    """Return the probabilities, which scikit-learn called `y_pred` up to its version 1.8."""
    if isinstance(y_pred, str) and y_pred == "deprecated":
        return y_proba
    if y_proba is not None:
        raise ValueError("Cannot use both `y_pred` and `y_proba`. `y_pred` is deprecated, use `y_proba` instead.")
    warnings.warn(
        "`y_pred` was renamed to `y_proba` in version 1.9 and will be removed in 1.11 of scikit-learn. Use `y_proba` "
        "instead.",
        FutureWarning,
        stacklevel=3,
    )
    return y_pred


def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike | None = None,
    *,
    normalize: bool = True,
    sample_weight: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    y_pred: Any = "deprecated",
) -> float:
    """Log loss of probabilities, by `fastloss.binary_log_loss` or `fastloss.categorical_log_loss`.

    Parameters
    ----------
    y_true : array_like
        The class of each sample, a number or a name; or a row of zeros and ones for each sample.
    y_proba : array_like
        The probability of the second class in the order of the classes, or of each class: (samples, classes).
    normalize : bool, default=True
        Whether it is the mean; else the sum.
    sample_weight : array_like, optional
        The weight of each sample, at least 0.
    labels : array_like, optional
        All classes, where `y_true` does not have them all.
    y_pred : array_like
        The old name of `y_proba`.

    Returns
    -------
    float
        The loss. Probabilities are clipped to the epsilon of their type, as in scikit-learn.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.log_loss(["spam", "ham", "ham", "spam"], [[.1, .9], [.9, .1], [.8, .2], [.35, .65]]), 5)
    0.21616
    """
    given = _of_classes(y_true, _renamed(y_proba, y_pred), sample_weight, labels)
    return _log_loss(given, "mean" if normalize else "sum")


def _of_two(y_true: ArrayLike, y_proba: Array, sample_weight: ArrayLike | None, pos_label: Any) -> _Given:
    """Return what is given of two classes and the probability of one of them, checked."""
    true = labels_array("y_true", y_true)
    probs = y_proba[:, 0] if y_proba.ndim == 2 else y_proba
    same_length(y_prob=probs, y_true=true, sample_weight=sample_weight)
    weight = weights_of(len(probs), sample_weight)
    classes, _ = codes(true) if true.ndim == 1 else (np.empty(0), None)
    if true.ndim != 1 or len(classes) > 2:
        kind = "multilabel-indicator" if true.ndim != 1 else "multiclass"
        raise ValueError(
            f"The type of the target inferred from y_true is {kind} but should be binary according to the shape of "
            "y_prob."
        )
    _check_range(probs, "less")
    if pos_label is None:
        if classes.dtype.kind in "OUST":
            raise ValueError(
                f"y_true takes value in {{{', '.join(map(repr, classes.tolist()))}}} and pos_label is not specified: "
                "either make y_true take value in {0, 1} or {-1, 1} or pass pos_label explicitly"
            )
        usual = [[0, 1], [-1, 1], [0], [-1], [1]]
        positive = 1 if classes.tolist() in usual else classes[-1]
    else:
        if len(classes) == 2 and pos_label not in classes:
            raise ValueError(f"pos_label={pos_label} is not a valid label. It should be one of {classes.tolist()}")
        positive = pos_label
    return _Given((true == positive).astype(np.int8), probs, weight, 2)


def _squares(given: _Given, probs: Array) -> float:
    """Return the mean over samples of the sum over classes of squared errors of probabilities."""
    if given.probs.ndim == 1:
        return 2 * float(loss_of("brier")(given.target, probs, sample_weight=given.weight))
    target = given.target if given.target.ndim > 1 else given.target[:, None] == np.arange(given.classes)
    weight = None if given.weight is None else given.weight[:, None]
    return given.classes * float(loss_of("squared_error")(target, probs, sample_weight=weight))


def _for_brier(
    y_true: ArrayLike, y_proba: ArrayLike, sample_weight: ArrayLike | None, pos_label: Any, labels: ArrayLike | None
) -> _Given:
    probs = _probabilities(y_proba)
    if probs.ndim == 1 or probs.shape[1] == 1:
        return _of_two(y_true, probs, sample_weight, pos_label)
    return _of_classes(y_true, probs, sample_weight, labels)


def brier_score_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    pos_label: float | str | bool | None = None,
    labels: ArrayLike | None = None,
    scale_by_half: bool | Literal["auto"] = "auto",
) -> float:
    """Brier score: mean of squared errors of probabilities, added up over the classes.

    Parameters
    ----------
    y_true : array_like
        The class of each sample, a number or a name.
    y_proba : array_like
        The probability of the class `pos_label`, or of each class: (samples, classes).
    sample_weight : array_like, optional
        The weight of each sample, at least 0.
    pos_label : scalar or str, optional
        The class that a single probability is of; by default 1, or the larger of two numbers.
    labels : array_like, optional
        All classes, where `y_true` does not have them all.
    scale_by_half : bool or 'auto'
        Whether it is halved, so that it is between 0 and 1; by default for two classes.

    Returns
    -------
    float
        The score: 0 is best.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.brier_score_loss(["spam", "ham", "ham", "spam"], [0.1, 0.9, 0.8, 0.3], pos_label="ham"), 4)
    0.0375
    """
    given = _for_brier(y_true, y_proba, sample_weight, pos_label, labels)
    half = given.classes < 3 if isinstance(scale_by_half, str) else scale_by_half
    return _squares(given, given.probs) * (0.5 if half else 1)


def _frequencies(given: _Given) -> Array:
    """Return the share of each class, or of the second of two."""
    if given.target.ndim > 1:
        return np.asarray(np.average(given.target, axis=0, weights=given.weight))
    counts = np.bincount(given.target, weights=given.weight, minlength=given.classes)
    shares: Array = counts / counts.sum()
    return shares[1:] if given.probs.ndim == 1 else shares


def _null(given: _Given) -> Array:
    """Return the probabilities of one who knows the shares of the classes and nothing else."""
    dtype = np.result_type(given.probs.dtype, np.float32)
    return np.array(np.broadcast_to(_frequencies(given).astype(dtype), given.probs.shape))


def d2_log_loss_score(
    y_true: ArrayLike,
    y_proba: ArrayLike | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    y_pred: Any = "deprecated",
) -> float:
    """Share of the log loss of the classes' frequencies that the probabilities explain: 1 is all of it.

    Parameters
    ----------
    y_true, y_proba, sample_weight, labels, y_pred : array_like
        As `log_loss` takes them.

    Returns
    -------
    float
        1 - loss / that of the frequencies; NaN, with a warning, of fewer than two samples.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.d2_log_loss_score([0, 1, 1, 0], [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]]), 4)
    0.5686
    """
    probs = _renamed(y_proba, y_pred)
    same_length(y_prob=probs, y_true=y_true, sample_weight=sample_weight)
    if len(np.atleast_1d(probs)) < 2:
        return no_score()
    given = _of_classes(y_true, probs, sample_weight, labels)
    return explained(_log_loss(given, "sum"), _log_loss(given._replace(probs=_null(given)), "sum"))


def d2_brier_score(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    pos_label: float | str | bool | None = None,
    labels: ArrayLike | None = None,
) -> float:
    """Share of the Brier score of the classes' frequencies that the probabilities explain: 1 is all of it.

    Parameters
    ----------
    y_true, y_proba, sample_weight, pos_label, labels : array_like
        As `brier_score_loss` takes them.

    Returns
    -------
    float
        1 - score / that of the frequencies; NaN, with a warning, of fewer than two samples.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.d2_brier_score([0, 1, 1, 0], [0.1, 0.8, 0.7, 0.4]), 4)
    0.7
    """
    same_length(y_prob=y_proba, y_true=y_true, sample_weight=sample_weight)
    if len(np.atleast_1d(y_proba)) < 2:
        return no_score()
    given = _for_brier(y_true, y_proba, sample_weight, pos_label, labels)
    return explained(_squares(given, given.probs), _squares(given, _null(given)))


def hinge_loss(
    y_true: ArrayLike,
    pred_decision: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
) -> float:
    """Mean of the hinge loss of decisions, by `fastloss.hinge` or `fastloss.multiclass_hinge`.

    Parameters
    ----------
    y_true : array_like
        The class of each sample, a number or a name. Of two classes the second, in their order, has positive decisions.
    pred_decision : array_like
        The decision for each sample, or of more than two classes for each of them: (samples, classes).
    labels : array_like, optional
        All classes, where `y_true` does not have them all.
    sample_weight : array_like, optional
        The weight of each sample, at least 0.

    Returns
    -------
    float
        The mean.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.hinge_loss([-1, 1, 1], [-2.18, 2.36, 0.09]), 2)
    0.3
    """
    try:
        decision = finite("pred_decision", pred_decision)
    except TypeError as error:
        raise TypeError(f"pred_decision should be an array of floats: {error}") from None
    true = labels_array("y_true", y_true)
    if true.ndim != 1:
        raise ValueError(f"y_true has shape {true.shape}; it should be a 1d array, a class for each sample")
    same_length(y_true=true, pred_decision=decision, sample_weight=sample_weight)
    weight = weights_of(len(true), sample_weight)
    classes, index = codes(true)
    if labels is not None:
        classes = codes(labels_array("labels", labels))[0]
        if len(classes) > 2:
            index = codes_among(true, classes)
    if len(classes) > 2:
        if decision.ndim < 2:
            raise ValueError(
                "The shape of pred_decision cannot be 1d array with a multiclass target. pred_decision shape must be "
                f"(n_samples, n_classes), that is ({len(true)}, {len(classes)}). Got: {decision.shape}"
            )
        if len(classes) != decision.shape[1]:
            raise ValueError(
                "Please include all labels in y_true or pass labels as third argument"
                if labels is None
                else "The shape of pred_decision is not consistent with the number of classes. With a multiclass "
                "target, pred_decision shape must be (n_samples, n_classes), that is "
                f"({len(true)}, {len(classes)}). Got: {decision.shape}"
            )
        return float(loss_of("multiclass_hinge")(index, decision, sample_weight=weight))
    if decision.ndim == 2:
        if decision.shape[1] != 1:
            raise ValueError(f"y should be a 1d array, got an array of shape {decision.shape} instead.")
        decision = decision[:, 0]
    positive = np.zeros(len(true), np.int8) if len(classes) < 2 else (true == classes[1]).astype(np.int8)
    return float(loss_of("hinge")(positive, decision, sample_weight=weight))
