"""Which function of another library is which loss: one table for each library, conventions mapped by hand.

Only what a library itself offers is here: a loss that its user would have to write is nobody's competitor. Every entry
is the loss at the default parameters of fastloss; before anything is timed, value and gradient are compared. A loss
that is missing here is measured against the limits of the machine alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The labels of these are -1 and 1 in every other library; they are converted outside the timer.
SIGNED_LABELS = frozenset({"hinge", "squared_hinge", "perceptron", "soft_margin", "exponential", "modified_huber"})


def _one_hot(y_true: NDArray, y_pred: NDArray) -> NDArray:
    return np.eye(y_pred.shape[-1], dtype=y_pred.dtype)[y_true]


def _as_lists(y_true: NDArray, y_pred: NDArray) -> NDArray:
    """The indices of the classes that apply, then -1."""
    columns = np.where(y_true, np.arange(y_true.shape[-1]), y_true.shape[-1])
    columns.sort(axis=-1)
    return np.where(columns < y_true.shape[-1], columns, -1)


#: What else other libraries want as targets, of y_true and y_pred; converted outside the timer.
TARGETS: dict[str, Callable[[NDArray, NDArray], NDArray]] = {
    "poly1_cross_entropy": _one_hot,
    "multilabel_margin": _as_lists,
    "multilabel_soft_margin": lambda y_true, y_pred: y_true.astype(y_pred.dtype),
}


def _log_softmax(logits: Any, axis: int) -> Any:
    import jax

    return jax.nn.log_softmax(logits, axis=axis)


#: The losses of the package entmax, y_pred, y_true: the loss of each sample.
ENTMAX: dict[str, Callable[[Any, Any, Any], Any]] = {
    "sparsemax": lambda e, p, y: e.sparsemax_loss(p, y),
    "entmax15": lambda e, p, y: e.entmax15_loss(p, y),
}

#: torch.nn.functional, y_pred, y_true: the mean.
TORCH: dict[str, Callable[[Any, Any, Any], Any]] = {
    "cross_entropy": lambda f, p, y: f.cross_entropy(p, y),
    "binary_cross_entropy": lambda f, p, y: f.binary_cross_entropy_with_logits(p, y),
    "binary_log_loss": lambda f, p, y: f.binary_cross_entropy(p, y),
    "nll": lambda f, p, y: f.nll_loss(p, y),
    "multi_margin": lambda f, p, y: f.multi_margin_loss(p, y),
    "multilabel_margin": lambda f, p, y: f.multilabel_margin_loss(p, y),
    "multilabel_soft_margin": lambda f, p, y: f.multilabel_soft_margin_loss(p, y),
    "kl_divergence": lambda f, p, y: f.kl_div(f.log_softmax(p, 1), y, reduction="batchmean"),
    "soft_margin": lambda f, p, y: f.soft_margin_loss(p, y),
    "poisson": lambda f, p, y: f.poisson_nll_loss(p, y, log_input=True),
    "squared_error": lambda f, p, y: f.mse_loss(p, y),
    "half_squared_error": lambda f, p, y: f.mse_loss(p, y) / 2,
    "brier": lambda f, p, y: f.mse_loss(p, y),
    "absolute_error": lambda f, p, y: f.l1_loss(p, y),
    "quantile": lambda f, p, y: f.l1_loss(p, y) / 2,
    "root_mean_squared_error": lambda f, p, y: f.mse_loss(p, y).sqrt(),
    "gaussian_nll": lambda f, p, y: f.gaussian_nll_loss(p[..., 0], y, (2 * p[..., 1]).exp()),
    "huber": lambda f, p, y: f.huber_loss(p, y),
    "smooth_l1": lambda f, p, y: f.smooth_l1_loss(p, y),
}

#: optax.losses, y_pred, y_true, axis: the loss of each sample.
OPTAX: dict[str, Callable[[Any, Any, Any, int], Any]] = {
    "cross_entropy": lambda o, p, y, axis: o.softmax_cross_entropy_with_integer_labels(p, y, axis=axis),
    "binary_cross_entropy": lambda o, p, y, _: o.sigmoid_binary_cross_entropy(p, y),
    "poly1_cross_entropy": lambda o, p, y, axis: o.poly_loss_cross_entropy(p, y, epsilon=1.0, axis=axis),
    "multiclass_hinge": lambda o, p, y, _: o.multiclass_hinge_loss(p, y),
    "kl_divergence": lambda o, p, y, axis: o.kl_divergence(_log_softmax(p, axis), y, axis=axis),
    "binary_focal": lambda o, p, y, _: o.sigmoid_focal_loss(p, y, alpha=None, gamma=2.0),
    "hinge": lambda o, p, y, _: o.hinge_loss(p, y),
    "perceptron": lambda o, p, y, _: o.perceptron_loss(p, y),
    "squared_error": lambda o, p, y, _: o.squared_error(p, y),
    "half_squared_error": lambda o, p, y, _: o.l2_loss(p, y),
    "brier": lambda o, p, y, _: o.squared_error(p, y),
    "absolute_error": lambda _, p, y, __: abs(p - y),
    "huber": lambda o, p, y, _: o.huber_loss(p, y),
    "log_cosh": lambda o, p, y, _: o.log_cosh(p, y),
}

#: Class of sklearn._loss.loss, its arguments, and the factor from its loss to ours.
SCIKIT_LEARN: dict[str, tuple[str, dict[str, Any], float]] = {
    "binary_cross_entropy": ("HalfBinomialLoss", {}, 1.0),
    "exponential": ("ExponentialLoss", {}, 1.0),
    "poisson": ("HalfPoissonLoss", {}, 1.0),
    "gamma": ("HalfGammaLoss", {}, 1.0),
    "tweedie": ("HalfTweedieLoss", {"power": 1.5}, 1.0),
    "squared_error": ("HalfSquaredError", {}, 2.0),
    "half_squared_error": ("HalfSquaredError", {}, 1.0),
    "absolute_error": ("AbsoluteError", {}, 1.0),
    "quantile": ("PinballLoss", {"quantile": 0.5}, 1.0),
    "huber": ("HuberLoss", {"delta": 1.0}, 1.0),
}


def _scipy_cross_entropy(y_true: NDArray, logits: NDArray, axis: int) -> tuple[float, NDArray]:
    from scipy.special import log_softmax

    index = np.expand_dims(y_true, axis)
    log_probability = log_softmax(logits, axis=axis)
    value = -np.mean(np.take_along_axis(log_probability, index, axis))
    grad = np.exp(log_probability)
    np.put_along_axis(grad, index, np.take_along_axis(grad, index, axis) - 1, axis)
    grad /= y_true.size
    return value, grad


def _scipy_binary_cross_entropy(y_true: NDArray, logits: NDArray, _: int) -> tuple[float, NDArray]:
    from scipy.special import expit, log_expit

    value = np.mean((1 - y_true) * logits - log_expit(logits))
    return value, (expit(logits) - y_true) / y_true.size


def _scipy_binary_log_loss(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    from scipy.special import xlog1py, xlogy

    value = -np.mean(xlogy(y_true, y_pred) + xlog1py(1 - y_true, -y_pred))
    return value, (y_pred - y_true) / (y_pred * (1 - y_pred)) / y_true.size


def _scipy_huber(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    from scipy.special import huber

    error = y_pred - y_true
    return np.mean(huber(1, error)), np.clip(error, -1, 1) / y_true.size


def _scipy_pseudo_huber(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    from scipy.special import pseudo_huber

    error = y_pred - y_true
    return np.mean(pseudo_huber(1, error)), error / np.sqrt(1 + error**2) / y_true.size


#: scipy.special for the value, the gradient by hand from what it offers: y_true, y_pred, axis -> value, gradient.
SCIPY: dict[str, Callable[[NDArray, NDArray, int], tuple[float, NDArray]]] = {
    "cross_entropy": _scipy_cross_entropy,
    "binary_cross_entropy": _scipy_binary_cross_entropy,
    "binary_log_loss": _scipy_binary_log_loss,
    "huber": _scipy_huber,
    "pseudo_huber": _scipy_pseudo_huber,
}
