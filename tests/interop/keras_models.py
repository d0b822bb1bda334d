"""What `test_keras.py` runs with each backend: ``KERAS_BACKEND=jax python keras_models.py``."""

from __future__ import annotations

import doctest
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

import fastloss as fl
from fastloss.interop import keras as own

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 5)).astype(np.float32)
CLASSES = RNG.integers(0, 3, 64)
WEIGHT = RNG.uniform(0.5, 2.0, 64).astype(np.float32)


def model(outputs: int) -> Any:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(outputs)])


def history(loss: Any, y: Any, weight: Any, outputs: int) -> list[float]:
    trained = model(outputs)
    trained.compile("sgd", loss)
    losses: list[float] = trained.fit(X, y, sample_weight=weight, epochs=2, batch_size=16, verbose=0).history["loss"]
    return losses


def test_training_is_that_with_losses_of_keras() -> None:
    one_hot, numbers = np.eye(3, dtype=np.float32)[CLASSES], RNG.normal(size=(64, 2)).astype(np.float32)
    binary = (CLASSES > 0).astype(np.float32)[:, None]
    for ours, theirs, y, outputs in (
        (own.FusedLoss(fl.cross_entropy), keras.losses.SparseCategoricalCrossentropy(from_logits=True), CLASSES, 3),
        (
            own.FusedLoss(fl.cross_entropy), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            CLASSES[:, None], 3,
        ),
        (
            own.FusedLoss("cross_entropy", {"label_smoothing": 0.1}),
            keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), one_hot, 3,
        ),
        (own.FusedLoss(fl.binary_cross_entropy), keras.losses.BinaryCrossentropy(from_logits=True), binary, 1),
        (own.FusedLoss(fl.huber, {"delta": 0.5}), keras.losses.Huber(delta=0.5), numbers, 2),
        (own.FusedLoss(fl.squared_error, reduction="sum"), keras.losses.MeanSquaredError(reduction="sum"), numbers, 2),
        (own.FusedLoss(fl.log_cosh), keras.losses.LogCosh(), numbers, 2),
    ):  # fmt: skip
        for weight in (None, WEIGHT) if y is CLASSES else (WEIGHT,):
            one, other = (history(loss, y, weight, outputs) for loss in (ours, theirs))
            np.testing.assert_allclose(one, other, rtol=2e-5, err_msg=ours.name)


def test_values_of_samples_are_those_of_a_call() -> None:
    logits = RNG.normal(size=(4, 6, 3)).astype(np.float32)
    labels = RNG.integers(0, 3, (4, 6))
    for loss in (fl.cross_entropy, fl.categorical_focal.bind(gamma=1.5)):
        found = own.FusedLoss(loss, reduction="none")(labels, logits)
        np.testing.assert_array_equal(np.asarray(found), loss(labels, logits, reduction="none"))
    found = own.FusedLoss(fl.gaussian_nll, reduction="none")(logits[..., 0], logits[..., :2])
    np.testing.assert_array_equal(np.asarray(found), fl.gaussian_nll(logits[..., 0], logits[..., :2], reduction="none"))
    shares = (logits > 0).astype(np.float32)
    found = own.FusedLoss(fl.multilabel_soft_margin, reduction="none")(shares, logits)
    np.testing.assert_array_equal(np.asarray(found), fl.multilabel_soft_margin(shares, logits, reduction="none"))


def test_a_model_is_saved_with_its_loss() -> None:
    for loss in (
        own.FusedLoss(fl.cross_entropy.bind(class_weight=[1.0, 2.0, 0.5]), {"label_smoothing": 0.1}),
        own.FusedLoss(fl.categorical_focal, {"gamma": 1.5}, reduction="sum", name="focal"),
    ):
        trained = model(3)
        trained.compile("sgd", loss)
        trained.fit(X, CLASSES, epochs=1, verbose=0)
        with tempfile.TemporaryDirectory() as folder:
            trained.save(Path(folder) / "model.keras")
            loaded = keras.models.load_model(Path(folder) / "model.keras")
        assert loaded.loss.get_config() == loss.get_config()
        assert loaded.loss.loss.name == loss.loss.name and loaded.loss.reduction == loss.reduction
        assert loaded.evaluate(X, CLASSES, verbose=0) == trained.evaluate(X, CLASSES, verbose=0)
    again = own.FusedLoss.from_config(loss.get_config())
    assert again.loss == loss.loss == fl.categorical_focal.bind(gamma=1.5) and again.name == "focal"


def test_second_derivatives_of_tensorflow_are_refused() -> None:
    """Silence would be a wrong number. Those of JAX and PyTorch are tested with their modules."""
    if keras.config.backend() != "tensorflow":
        return
    import tensorflow as tf

    for loss, y in ((fl.cross_entropy, CLASSES), (fl.squared_error, X[:, :3])):
        x = tf.constant(X[:, :3])
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = own.FusedLoss(loss, reduction="sum")(y, x)
            slope = inner.gradient(value, x)
        np.testing.assert_allclose(
            slope, loss.grad(y, X[:, :3], reduction="sum") / (1 if y is CLASSES else 3), rtol=1e-6
        )
        text = raised(RuntimeError, lambda outer=outer, slope=slope, x=x: outer.gradient(slope, x))
        assert f"{loss.name} has no second derivatives for TensorFlow" in text


def raised(kind: type[Exception], function: Callable[[], Any]) -> str:
    try:
        function()
    except kind as error:
        return str(error)
    raise AssertionError("nothing was raised")


def test_what_is_refused() -> None:
    assert "triplet is no loss of Keras: it takes several arrays" in raised(
        TypeError, lambda: own.FusedLoss(fl.triplet)
    )
    for loss in (fl.root_mean_squared_error, 2 * fl.huber, fl.huber + fl.squared_error):
        assert "is no loss of Keras: that has a value for each" in raised(
            TypeError, lambda loss=loss: own.FusedLoss(loss)
        )
    assert "'hubre' is not the name" in raised(ValueError, lambda: own.FusedLoss("hubre"))
    assert "dleta" in raised(TypeError, lambda: own.FusedLoss(fl.huber, {"dleta": 1.0}))
    text = raised(TypeError, lambda: own.FusedLoss(fl.huber.bind(reduction="sum")))
    assert "is bound to reduction, but Keras reduces" in text
    assert "axis = 0: the classes of" in raised(ValueError, lambda: own.FusedLoss(fl.cross_entropy, {"axis": 0}))
    text = raised(ValueError, lambda: own.FusedLoss(fl.huber)(np.zeros(4), np.zeros((4, 1))))
    assert "y_true has shape (4,), y_pred has (4, 1); they must be equal" in text
    text = raised(Exception, lambda: float(own.FusedLoss(fl.cross_entropy)(CLASSES + 1, X[:, :3])))
    assert "is not a class of 3" in text


def test_examples() -> None:
    results = doctest.testmod(own)
    assert results.attempted and not results.failed


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"{name}: {keras.config.backend()}", flush=True)
