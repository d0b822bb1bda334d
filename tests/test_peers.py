"""Other libraries, where they have the loss: the same numbers, each convention mapped by hand.

Run with what is installed (``pip install '.[peers]'``). A peer is held to its own accuracy: what it loses near 0 is
what `test_accuracy.py` is about, so the inputs here are ordinary, and float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import generator

import fastloss as fl

pytestmark = pytest.mark.filterwarnings("ignore")  # what other libraries warn of is theirs
SIZE = 500


def numbers(key: str) -> tuple[np.ndarray, np.ndarray]:
    return tuple(generator("peers", key).normal(scale=2, size=(2, SIZE)))


def labels(key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return labels 0 and 1, and scores."""
    rng = generator("peers", key)
    return rng.integers(2, size=SIZE).astype(float), rng.normal(scale=3, size=SIZE)


def soft(key: str) -> tuple[np.ndarray, np.ndarray]:
    rng = generator("peers", key)
    return rng.random(SIZE), rng.normal(scale=3, size=SIZE)


def probabilities(key: str) -> tuple[np.ndarray, np.ndarray]:
    rng = generator("peers", key)
    return rng.integers(2, size=SIZE).astype(float), rng.uniform(0.01, 0.99, SIZE)


def counts(key: str) -> tuple[np.ndarray, np.ndarray]:
    rng = generator("peers", key)
    return rng.poisson(3, SIZE).astype(float), rng.normal(size=SIZE)


def amounts(key: str) -> tuple[np.ndarray, np.ndarray]:
    rng = generator("peers", key)
    return rng.gamma(2, size=SIZE) + 0.01, rng.normal(size=SIZE)


def above_minus_one(key: str) -> tuple[np.ndarray, np.ndarray]:
    return tuple(generator("peers", key).gamma(2, size=(2, SIZE)))


def sign(y: Any) -> Any:
    return 2 * y - 1


def assert_agree(name: str, mine: tuple[Any, Any], theirs: tuple[Any, Any | None], rtol: float = 1e-9) -> None:
    value, gradient = mine
    np.testing.assert_allclose(np.asarray(theirs[0], float), value, rtol=rtol, atol=1e-12, err_msg=name)
    if theirs[1] is not None:
        np.testing.assert_allclose(np.asarray(theirs[1], float), gradient, rtol=rtol, atol=1e-12, err_msg=name)


def mine(name: str, y_true: np.ndarray, y_pred: np.ndarray, **keywords: Any) -> tuple[Any, Any]:
    return getattr(fl, name).value_and_grad(y_true, y_pred, reduction="none", **keywords)


# -- PyTorch: arguments the other way round, labels of margins are -1 and 1 -------------------------------------------

TORCH: dict[str, tuple[Any, dict[str, Any], Callable[..., Any]]] = {
    "squared_error": (numbers, {}, lambda f, p, y: f.mse_loss(p, y, reduction="none")),
    "absolute_error": (numbers, {}, lambda f, p, y: f.l1_loss(p, y, reduction="none")),
    "huber": (numbers, {"delta": 0.7}, lambda f, p, y: f.huber_loss(p, y, reduction="none", delta=0.7)),
    "smooth_l1": (numbers, {"beta": 0.7}, lambda f, p, y: f.smooth_l1_loss(p, y, reduction="none", beta=0.7)),
    "poisson": (counts, {}, lambda f, p, y: f.poisson_nll_loss(p, y, log_input=True, reduction="none")),
    "binary_cross_entropy": (soft, {}, lambda f, p, y: f.binary_cross_entropy_with_logits(p, y, reduction="none")),
    "binary_log_loss": (probabilities, {}, lambda f, p, y: f.binary_cross_entropy(p, y, reduction="none")),
    "soft_margin": (labels, {}, lambda f, p, y: f.soft_margin_loss(p, sign(y), reduction="none")),
}


@pytest.mark.parametrize("name", TORCH)
def test_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    draw, keywords, loss = TORCH[name]
    y_true, y_pred = draw(name)
    prediction = torch.tensor(y_pred, requires_grad=True)
    value = loss(torch.nn.functional, prediction, torch.tensor(y_true))
    (gradient,) = torch.autograd.grad(value.sum(), prediction)
    assert_agree(name, mine(name, y_true, y_pred, **keywords), (value.detach(), gradient))


# -- optax: predictions first, labels of margins are -1 and 1 ---------------------------------------------------------

OPTAX: dict[str, tuple[Any, dict[str, Any], Callable[..., Any]]] = {
    "squared_error": (numbers, {}, lambda o, p, y: o.squared_error(p, y)),
    "half_squared_error": (numbers, {}, lambda o, p, y: o.l2_loss(p, y)),
    "huber": (numbers, {"delta": 0.7}, lambda o, p, y: o.huber_loss(p, y, delta=0.7)),
    "log_cosh": (numbers, {}, lambda o, p, y: o.log_cosh(p, y)),
    "binary_cross_entropy": (soft, {}, lambda o, p, y: o.sigmoid_binary_cross_entropy(p, y)),
    "hinge": (labels, {}, lambda o, p, y: o.hinge_loss(p, sign(y))),
    "perceptron": (labels, {}, lambda o, p, y: o.perceptron_loss(p, sign(y))),
    "binary_focal": (labels, {"alpha": 0.3}, lambda o, p, y: o.sigmoid_focal_loss(p, y, alpha=0.3, gamma=2.0)),
}


@pytest.mark.parametrize("name", OPTAX)
def test_optax(name: str) -> None:
    losses = pytest.importorskip("optax").losses
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    draw, keywords, loss = OPTAX[name]
    y_true, y_pred = draw(name)
    value = loss(losses, y_pred, y_true)
    gradient = jax.grad(lambda p: loss(losses, p, y_true).sum())(y_pred)
    assert_agree(name, mine(name, y_true, y_pred, **keywords), (value, gradient))


# -- scikit-learn: what its estimators train with, and its metrics ----------------------------------------------------

SCIKIT_LEARN_TRAINED: dict[str, tuple[Any, str, dict[str, Any], dict[str, Any], float]] = {
    # ours: inputs, their class and its arguments, our parameters, ours over theirs
    "half_squared_error": (numbers, "HalfSquaredError", {}, {}, 1),
    "absolute_error": (numbers, "AbsoluteError", {}, {}, 1),
    "quantile": (numbers, "PinballLoss", {"quantile": 0.3}, {"alpha": 0.3}, 1),
    "huber": (numbers, "HuberLoss", {"delta": 0.7}, {"delta": 0.7}, 1),
    "poisson": (counts, "HalfPoissonLoss", {}, {}, 1),
    "gamma": (amounts, "HalfGammaLoss", {}, {}, 1),
    "tweedie": (counts, "HalfTweedieLoss", {"power": 1.3}, {"power": 1.3}, 1),
    "binary_cross_entropy": (soft, "HalfBinomialLoss", {}, {}, 1),
    "exponential": (labels, "ExponentialLoss", {}, {}, 1),
}


@pytest.mark.parametrize("name", SCIKIT_LEARN_TRAINED)
def test_what_scikit_learn_trains_with(name: str) -> None:
    module = pytest.importorskip("sklearn._loss.loss")
    draw, theirs, arguments, parameters, factor = SCIKIT_LEARN_TRAINED[name]
    if not hasattr(module, theirs):
        pytest.skip(f"this version has no {theirs}")
    y_true, y_pred = draw(name)
    value, gradient = getattr(module, theirs)(**arguments).loss_gradient(y_true, y_pred)
    assert_agree(name, mine(name, y_true, y_pred, **parameters), (factor * value, factor * gradient))


SCIKIT_LEARN_METRICS: dict[str, tuple[Any, dict[str, Any], Callable[..., float]]] = {
    "squared_error": (numbers, {}, lambda m, y, p: m.mean_squared_error(y, p)),
    "absolute_percentage_error": (numbers, {}, lambda m, y, p: m.mean_absolute_percentage_error(y, p)),
    "squared_log_error": (above_minus_one, {}, lambda m, y, p: m.mean_squared_log_error(y, p)),
    "quantile": (numbers, {"alpha": 0.2}, lambda m, y, p: m.mean_pinball_loss(y, p, alpha=0.2)),
    "binary_log_loss": (probabilities, {}, lambda m, y, p: m.log_loss(y, p)),
    "brier": (probabilities, {}, lambda m, y, p: m.brier_score_loss(y, p)),
    "hinge": (labels, {}, lambda m, y, p: m.hinge_loss(sign(y), p)),
}


@pytest.mark.parametrize("name", SCIKIT_LEARN_METRICS)
def test_scikit_learn_metrics(name: str) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    draw, parameters, metric = SCIKIT_LEARN_METRICS[name]
    y_true, y_pred = draw(name)
    assert getattr(fl, name)(y_true, y_pred, **parameters) == pytest.approx(metric(metrics, y_true, y_pred), rel=1e-9)


# -- Keras: one loss for each row of one element; probabilities clipped at 1e-7, margins from labels -1 and 1 ---------

KERAS: dict[str, tuple[Any, dict[str, Any], Callable[..., Any]]] = {
    "squared_error": (numbers, {}, lambda k, y, p: k.mean_squared_error(y, p)),
    "absolute_error": (numbers, {}, lambda k, y, p: k.mean_absolute_error(y, p)),
    "huber": (numbers, {"delta": 0.7}, lambda k, y, p: k.huber(y, p, delta=0.7)),
    "log_cosh": (numbers, {}, lambda k, y, p: k.log_cosh(y, p)),
    "absolute_percentage_error": (
        numbers, {"floor": 1e-7}, lambda k, y, p: k.mean_absolute_percentage_error(y, p) / 100,
    ),
    "squared_log_error": (above_minus_one, {}, lambda k, y, p: k.mean_squared_logarithmic_error(y, p)),
    "hinge": (labels, {}, lambda k, y, p: k.hinge(sign(y), p)),
    "squared_hinge": (labels, {}, lambda k, y, p: k.squared_hinge(sign(y), p)),
    "binary_cross_entropy": (soft, {}, lambda k, y, p: k.binary_crossentropy(y, p, from_logits=True)),
    "binary_log_loss": (probabilities, {}, lambda k, y, p: k.binary_crossentropy(y, p)),
}  # fmt: skip


@pytest.mark.parametrize("name", KERAS)
def test_keras(name: str) -> None:
    keras = pytest.importorskip("keras")
    draw, parameters, loss = KERAS[name]
    y_true, y_pred = draw(name)
    value = loss(keras.losses, y_true[:, None].astype(np.float32), y_pred[:, None].astype(np.float32))
    expected = np.asarray(keras.ops.convert_to_numpy(value), float)
    got = getattr(fl, name)(y_true, y_pred, reduction="none", **parameters)
    np.testing.assert_allclose(expected, got, rtol=2e-4, atol=2e-6)  # float32, and what it loses near 0
