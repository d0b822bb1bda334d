"""Other libraries, where they have the loss: the same numbers, each convention mapped by hand.

Run with what is installed (``pip install '.[peers]'``). A peer is held to its own accuracy: what it loses near 0 is
what `test_accuracy.py` is about, so the inputs here are ordinary, and float64.
"""

from __future__ import annotations

import math
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


ROWS, CLASSES = 60, 7
WEIGHT = np.arange(1, CLASSES + 1) / 4  # of the classes


def rows(key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return class indices and logits."""
    rng = generator("peers", key)
    return rng.integers(CLASSES, size=ROWS), rng.normal(scale=2, size=(ROWS, CLASSES))


def positive_rows(key: str) -> tuple[np.ndarray, np.ndarray]:
    y_true, y_pred = rows(key)
    return y_true, y_pred + 20


def softmax_rows(key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return class indices and probabilities."""
    y_true, logits = rows(key)
    return y_true, fl.softmax(logits)


def log_softmax_rows(key: str) -> tuple[np.ndarray, np.ndarray]:
    y_true, logits = rows(key)
    return y_true, fl.log_softmax(logits)


def soft_rows(key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities as targets, and logits."""
    return generator("peers", key, "soft").dirichlet(np.ones(CLASSES), ROWS), rows(key)[1]


def soft_and_log(key: str) -> tuple[np.ndarray, np.ndarray]:
    y_true, logits = soft_rows(key)
    return y_true, fl.log_softmax(logits)


def soft_and_softmax(key: str) -> tuple[np.ndarray, np.ndarray]:
    y_true, logits = soft_rows(key)
    return y_true, fl.softmax(logits)


def member_rows(key: str) -> tuple[np.ndarray, np.ndarray]:
    """Return 0 or 1 for each class, and scores."""
    return generator("peers", key, "members").integers(2, size=(ROWS, CLASSES)).astype(float), rows(key)[1]


def as_lists(y: Any) -> Any:
    """Turn members into what torch wants of them: the indices of a row, then -1."""
    lists = np.full(y.shape, -1)
    for row, members in zip(lists, y, strict=True):
        row[: int(members.sum())] = np.flatnonzero(members)
    return lists


def locations_and_log_scales(key: str) -> tuple[np.ndarray, np.ndarray]:
    rng = generator("peers", key)
    return rng.normal(size=SIZE), rng.normal(size=(SIZE, 2))


def sign(y: Any) -> Any:
    return 2 * y - 1


def assert_agree(name: str, mine: tuple[Any, Any], theirs: tuple[Any, Any | None], rtol: float = 1e-9) -> None:
    value, gradient = mine
    np.testing.assert_allclose(np.asarray(theirs[0], float), value, rtol=rtol, atol=1e-12, err_msg=name)
    if theirs[1] is not None:
        np.testing.assert_allclose(np.asarray(theirs[1], float), gradient, rtol=rtol, atol=1e-12, err_msg=name)


def mine(name: str, y_true: np.ndarray, y_pred: np.ndarray, **keywords: Any) -> tuple[Any, Any]:
    """Return value and gradient of the loss that a case is named after, by its first word."""
    return getattr(fl, name.partition(" ")[0]).value_and_grad(y_true, y_pred, reduction="none", **keywords)


# -- PyTorch: arguments the other way round, labels of margins are -1 and 1 -------------------------------------------

#: Of four degrees of freedom: log(Gamma(2) / Gamma(5 / 2)) + log(4 pi) / 2.
STUDENTS_CONSTANT = math.lgamma(2) - math.lgamma(2.5) + math.log(4 * math.pi) / 2

TORCH: dict[str, tuple[Any, dict[str, Any], Callable[..., Any]]] = {
    "squared_error": (numbers, {}, lambda f, p, y: f.mse_loss(p, y, reduction="none")),
    "absolute_error": (numbers, {}, lambda f, p, y: f.l1_loss(p, y, reduction="none")),
    "huber": (numbers, {"delta": 0.7}, lambda f, p, y: f.huber_loss(p, y, reduction="none", delta=0.7)),
    "smooth_l1": (numbers, {"beta": 0.7}, lambda f, p, y: f.smooth_l1_loss(p, y, reduction="none", beta=0.7)),
    "poisson": (counts, {}, lambda f, p, y: f.poisson_nll_loss(p, y, log_input=True, reduction="none")),
    "binary_cross_entropy": (soft, {}, lambda f, p, y: f.binary_cross_entropy_with_logits(p, y, reduction="none")),
    "binary_log_loss": (probabilities, {}, lambda f, p, y: f.binary_cross_entropy(p, y, reduction="none")),
    "gaussian_nll": (
        locations_and_log_scales, {},
        lambda f, p, y: f.gaussian_nll_loss(p[:, 0], y, (2 * p[:, 1]).exp(), reduction="none", eps=1e-30),
    ),
    "student_t_nll": (
        locations_and_log_scales, {},
        lambda f, p, y: -f.torch.distributions.StudentT(4.0, p[:, 0], p[:, 1].exp()).log_prob(y) - STUDENTS_CONSTANT,
    ),
    "soft_margin": (labels, {}, lambda f, p, y: f.soft_margin_loss(p, sign(y), reduction="none")),
    # Over classes. Per sample torch's class weights and smoothing are ours; its means divide by other things.
    "cross_entropy": (
        rows, {"class_weight": WEIGHT, "label_smoothing": 0.1},
        lambda f, p, y: f.cross_entropy(p, y, weight=p.new_tensor(WEIGHT), label_smoothing=0.1, reduction="none"),
    ),
    "cross_entropy of probabilities": (
        soft_rows, {"class_weight": WEIGHT},
        lambda f, p, y: f.cross_entropy(p, y, weight=p.new_tensor(WEIGHT), reduction="none"),
    ),
    "nll": (
        log_softmax_rows, {"class_weight": WEIGHT},
        lambda f, p, y: f.nll_loss(p, y, weight=p.new_tensor(WEIGHT), reduction="none"),
    ),
    "multi_margin": (
        rows, {"margin": 0.7, "class_weight": WEIGHT},
        lambda f, p, y: f.multi_margin_loss(p, y, margin=0.7, weight=p.new_tensor(WEIGHT), reduction="none"),
    ),
    "multi_margin of squares": (rows, {"p": 2}, lambda f, p, y: f.multi_margin_loss(p, y, p=2, reduction="none")),
    "multilabel_margin": (
        member_rows, {},
        lambda f, p, y: f.multilabel_margin_loss(p, y.new_tensor(as_lists(y.numpy())).long(), reduction="none"),
    ),
    "multilabel_soft_margin": (
        member_rows, {}, lambda f, p, y: f.multilabel_soft_margin_loss(p, y, reduction="none"),
    ),
    # Input first, one number for each class: its "batchmean" is our mean.
    "kl_divergence": (
        soft_rows, {}, lambda f, p, y: f.kl_div(f.log_softmax(p, -1), y, reduction="none").sum(-1),
    ),
    "kl_divergence of log-probabilities": (
        soft_and_log, {"given": "log_probs"}, lambda f, p, y: f.kl_div(p, y, reduction="none").sum(-1),
    ),
}  # fmt: skip


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
    "cross_entropy": (rows, {}, lambda o, p, y: o.softmax_cross_entropy_with_integer_labels(p, y)),
    "cross_entropy of probabilities": (soft_rows, {}, lambda o, p, y: o.softmax_cross_entropy(p, y)),
    "poly1_cross_entropy": (
        soft_rows, {"epsilon": 1.7}, lambda o, p, y: o.poly_loss_cross_entropy(p, y, epsilon=1.7),
    ),
    "multiclass_hinge": (rows, {}, lambda o, p, y: o.multiclass_hinge_loss(p, y)),
    "sparsemax": (rows, {}, lambda o, p, y: o.multiclass_sparsemax_loss(p, y)),
    "kl_divergence of log-probabilities": (
        soft_and_log, {"given": "log_probs"}, lambda o, p, y: o.kl_divergence(p, y),
    ),
}  # fmt: skip


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
    "cross_entropy": (rows, "HalfMultinomialLoss", {"n_classes": CLASSES}, {}, 1),
}


@pytest.mark.parametrize("name", SCIKIT_LEARN_TRAINED)
def test_what_scikit_learn_trains_with(name: str) -> None:
    module = pytest.importorskip("sklearn._loss.loss")
    draw, theirs, arguments, parameters, factor = SCIKIT_LEARN_TRAINED[name]
    if not hasattr(module, theirs):
        pytest.skip(f"this version has no {theirs}")
    y_true, y_pred = draw(name)
    value, gradient = getattr(module, theirs)(**arguments).loss_gradient(y_true.astype(float), y_pred)
    assert_agree(name, mine(name, y_true, y_pred, **parameters), (factor * value, factor * gradient))


SCIKIT_LEARN_METRICS: dict[str, tuple[Any, dict[str, Any], Callable[..., float]]] = {
    "squared_error": (numbers, {}, lambda m, y, p: m.mean_squared_error(y, p)),
    "root_mean_squared_error": (numbers, {}, lambda m, y, p: m.root_mean_squared_error(y, p)),
    "absolute_percentage_error": (numbers, {}, lambda m, y, p: m.mean_absolute_percentage_error(y, p)),
    "squared_log_error": (above_minus_one, {}, lambda m, y, p: m.mean_squared_log_error(y, p)),
    "quantile": (numbers, {"alpha": 0.2}, lambda m, y, p: m.mean_pinball_loss(y, p, alpha=0.2)),
    "binary_log_loss": (probabilities, {}, lambda m, y, p: m.log_loss(y, p)),
    "brier": (probabilities, {}, lambda m, y, p: m.brier_score_loss(y, p)),
    "hinge": (labels, {}, lambda m, y, p: m.hinge_loss(sign(y), p)),
    "categorical_log_loss": (softmax_rows, {}, lambda m, y, p: m.log_loss(y, p, labels=range(CLASSES))),
    "multiclass_hinge": (rows, {}, lambda m, y, p: m.hinge_loss(y, p, labels=range(CLASSES))),
}


@pytest.mark.parametrize("name", SCIKIT_LEARN_METRICS)
def test_scikit_learn_metrics(name: str) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    draw, parameters, metric = SCIKIT_LEARN_METRICS[name]
    y_true, y_pred = draw(name)
    assert getattr(fl, name)(y_true, y_pred, **parameters) == pytest.approx(
        metric(metrics, y_true, y_pred), rel=1e-9, abs=0
    )


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
    # Over classes, most of them from one-hot rows and from probabilities.
    "cross_entropy": (rows, {}, lambda k, y, p: k.sparse_categorical_crossentropy(y, p, from_logits=True)),
    "cross_entropy of probabilities": (
        soft_rows, {}, lambda k, y, p: k.categorical_crossentropy(y, p, from_logits=True),
    ),
    "categorical_log_loss": (softmax_rows, {}, lambda k, y, p: k.sparse_categorical_crossentropy(y, p)),
    "categorical_focal": (  # its alpha is one factor, 0.25 unless said otherwise
        rows, {"alpha": 0.25},
        lambda k, y, p: k.categorical_focal_crossentropy(one_hot_of(y), p, alpha=0.25, gamma=2.0, from_logits=True),
    ),
    "generalized_cross_entropy": (
        rows, {"q": 0.4}, lambda k, y, p: k.categorical_generalized_cross_entropy(y, softmax_of(p), q=0.4),
    ),
    # It takes the largest score among the other classes and 0.
    "multiclass_hinge": (positive_rows, {}, lambda k, y, p: k.categorical_hinge(one_hot_of(y), p)),
    "kl_divergence": (
        soft_and_softmax, {"given": "probs"}, lambda k, y, p: k.kl_divergence(y, p),
    ),
}  # fmt: skip


def one_hot_of(y: np.ndarray) -> np.ndarray:
    return np.eye(CLASSES, dtype=np.float32)[y.astype(int)]


def softmax_of(logits: np.ndarray) -> np.ndarray:
    return fl.softmax(np.asarray(logits))


@pytest.mark.parametrize("name", KERAS)
def test_keras(name: str) -> None:
    keras = pytest.importorskip("keras")
    draw, parameters, loss = KERAS[name]
    y_true, y_pred = draw(name)
    inputs = [array if array.ndim == 2 or y_pred.ndim == 2 else array[:, None] for array in (y_true, y_pred)]
    value = loss(keras.losses, *(array.astype(np.float32) for array in inputs))
    expected = np.asarray(keras.ops.convert_to_numpy(value), float)
    got = mine(name, y_true, y_pred, **parameters)[0]
    np.testing.assert_allclose(expected, got, rtol=2e-4, atol=2e-6)  # float32, and what it loses near 0


# -- entmax, and SciPy: a distance that is the root of a divergence ---------------------------------------------------


@pytest.mark.parametrize("name", ["sparsemax", "entmax15"])
def test_entmax(name: str) -> None:
    torch, entmax = pytest.importorskip("torch"), pytest.importorskip("entmax")
    y_true, y_pred = rows(name)
    prediction = torch.tensor(y_pred, requires_grad=True)
    value = getattr(entmax, f"{name}_loss")(prediction, torch.tensor(y_true))
    (gradient,) = torch.autograd.grad(value.sum(), prediction)
    assert_agree(name, mine(name, y_true, y_pred), (value.detach(), gradient))


def test_scipy_jensen_shannon() -> None:
    distance = pytest.importorskip("scipy.spatial.distance")
    y_true, y_pred = soft_and_softmax("js_divergence")
    value, _ = mine("js_divergence", y_true, y_pred, given="probs")
    assert_agree("js_divergence", (value, None), (distance.jensenshannon(y_true, y_pred, axis=-1) ** 2, None))
