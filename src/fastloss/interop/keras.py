"""Losses for models of Keras, on the backends JAX, PyTorch and TensorFlow, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..catalogue import CATALOGUE
from ..loss import Loss
from ..rows import RowTarget
from .common import of_one_prediction

try:
    import keras
    from keras import ops
except ImportError as error:
    raise ImportError(
        "fastloss.interop.keras needs Keras and one of its backends, which KERAS_BACKEND names: "
        "python -m pip install keras jax"
    ) from error


@keras.saving.register_keras_serializable(package="fastloss")
class FusedLoss(keras.losses.Loss):
    """A loss of fastloss as one of Keras: for ``model.compile(loss=…)``, saved with the model.

    Keras reduces: its mean of weighted losses divides by the number of samples, not by the sum of the weights.

    Parameters
    ----------
    loss : Loss or str
        A loss of the package, or its name: of a target and a prediction, as `fl.huber` and `fl.cross_entropy`.
    parameters : dict, optional
        Those of the loss, as numbers, tuples and lists; beside those that it is bound to.
    reduction : str, default="sum_over_batch_size"
        As Keras has it: "sum", "mean", "mean_with_sample_weight", "none".
    name : str, optional
        By default the loss's own.
    dtype : str or DTypePolicy, optional
        In which it is computed, as of all losses of Keras.

    Examples
    --------
    >>> import fastloss as fl
    >>> loss = fl.interop.keras.FusedLoss(fl.huber, {"delta": 2.0})
    >>> float(loss([0.0, 0.0], [1.0, 5.0]))
    4.25
    """

    def __init__(
        self,
        loss: Loss | str,
        parameters: Mapping[str, Any] | None = None,
        reduction: str = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if isinstance(loss, str):
            if loss not in CATALOGUE:
                raise ValueError(f"loss = {loss!r} is not the name of a loss of fastloss")
            loss = Loss(CATALOGUE[loss])
        found = of_one_prediction(loss, "loss of Keras").bind(**(parameters or {}))
        row = found._row
        if row.terms or row.couples or row.module != "fastloss" or row.axes not in ("", "C", "2"):
            raise TypeError(
                f"{found.name} is no loss of Keras: that has a value for each sample, and can be saved by its name"
            )
        if found.keywords:
            raise TypeError(f"{found!r} is bound to {', '.join(found.keywords)}, but Keras reduces")
        if found.parameters.get("axis", -1) != -1:
            raise ValueError(f"axis = {found.parameters['axis']}: the classes of Keras's losses are on the last axis")
        super().__init__(name=name or found.name, reduction=reduction, dtype=dtype)
        self.loss = found
        self._function = _of_backend(found)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the losses of the samples.

        Parameters
        ----------
        y_true, y_pred : tensor
            Targets and predictions. Class indices may have a last axis of length 1, and be of any type.

        Returns
        -------
        tensor
            Without the axis of the classes, or the last one of other losses, over which Keras takes the mean.
        """
        row = self.loss._row
        y_pred = ops.convert_to_tensor(y_pred)
        y_true = ops.convert_to_tensor(y_true)
        if row.axes == "C":
            if isinstance(row.target, RowTarget) and "index" in row.target.forms:
                if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1 and y_pred.shape[-1] != 1:
                    y_true = ops.squeeze(y_true, -1)
                if len(y_true.shape) < len(y_pred.shape):
                    y_true = ops.cast(y_true, "int32")
            return self._function(y_true, y_pred)
        if row.axes:
            return self._function(y_true, y_pred)
        if tuple(y_true.shape) != tuple(y_pred.shape):
            raise ValueError(
                f"y_true has shape {tuple(y_true.shape)}, y_pred has {tuple(y_pred.shape)}; they must be equal"
            )
        losses = self._function(y_true, y_pred)
        return ops.mean(losses, axis=-1) if len(losses.shape) > 1 else losses

    def get_config(self) -> dict[str, Any]:
        """Return what makes this loss again.

        Returns
        -------
        dict
            Names, numbers and lists.
        """
        defaults = Loss(self.loss._row).parameters
        changed = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self.loss.parameters.items()
            if isinstance(value, np.ndarray) or value != defaults[name]
        }
        return {**super().get_config(), "loss": self.loss.name, "parameters": changed}


def _of_backend(loss: Loss) -> Any:
    """Return a loss without a reduction as a function of the backend's tensors."""
    backend = keras.config.backend()
    if backend == "jax":
        from .jax import as_function

        return as_function(loss, reduction="none")
    if backend == "torch":
        from .torch import FusedLoss as Module

        module, axes = Module(loss, reduction="none"), 1 if loss._row.axes else 0

        def function(y_true: Any, y_pred: Any) -> Any:
            if y_pred.is_meta:  # Keras asks for the shape
                return y_pred.new_empty(y_pred.shape[: y_pred.ndim - axes])
            return module(y_true, y_pred)

        return function
    if backend == "tensorflow":
        return _of_tensorflow(loss)
    raise RuntimeError(
        f"fastloss.interop.keras has no backend {backend!r}; it has 'jax', 'torch' and 'tensorflow' (KERAS_BACKEND)"
    )


def _of_tensorflow(loss: Loss) -> Any:
    """Return a loss without a reduction as a function of tensors of TensorFlow, which calls back into Python."""
    import tensorflow as tf

    each, axes = loss.bind(reduction="none"), 1 if loss._row.axes else 0

    def function(y_true: Any, y_pred: Any) -> Any:
        @tf.custom_gradient
        def by_prediction(y_pred: Any) -> Any:
            types = [y_pred.dtype, y_pred.dtype]
            value, gradient = tf.numpy_function(each.value_and_grad, [y_true, y_pred], types, stateful=False)
            value.set_shape(y_pred.shape[: len(y_pred.shape) - axes])
            gradient.set_shape(y_pred.shape)

            @tf.custom_gradient
            def times(y_pred: Any, by_value: Any) -> Any:  # y_pred, so that who differentiates by it comes here
                return gradient * (by_value[..., None] if axes else by_value), no_second

            return value, lambda by_value: times(y_pred, by_value)

        return by_prediction(y_pred)

    def no_second(_: Any) -> Any:  # of what calls back into Python TensorFlow takes the derivative for 0
        raise RuntimeError(f"{loss.name} has no second derivatives for TensorFlow")

    return function
