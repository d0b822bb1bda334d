"""Losses as functions of JAX, on the CPU: `grad`, `jit`, `vmap` and `value_and_grad` take them.

Value and gradient come from one pass, in the forward direction. Means and sums without weights, of element-wise losses
and of `cross_entropy` without options, are called by XLA itself (``xla.py``). For all others a compiled function
calls back into Python.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..arrays import as_axis, without_axis
from ..loss import Loss
from ..rows import PREDICTION
from .common import as_loss

try:
    import jax
    import jax.numpy as jnp

    from .xla import Compiled
except ImportError as error:
    raise ImportError("fastloss.interop.jax needs JAX: python -m pip install jax") from error


def as_function(loss: Loss, **options: Any) -> Callable[..., Any]:
    """Return a loss as a function of JAX's arrays.

    Parameters
    ----------
    loss : Loss
        Any loss: `fl.huber`, `fl.cross_entropy`, a sum of losses, one of your own.
    **options
        Its parameters, `reduction`, `normalizer` and `n_threads`.

    Returns
    -------
    callable
        A function of the arrays of a call, targets first, and of `sample_weight` and `where`. It is differentiated by
        the predictions, once: ``jax.grad(function, argnums=1)``. The value has the type of the first prediction. On
        another device it does not run.

    Raises
    ------
    TypeError, ValueError
        For options that the loss does not have. What a call refuses is an error of JAX there, with its message.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> import fastloss as fl
    >>> loss = fl.interop.jax.as_function(fl.tukey_biweight, c=2.0)
    >>> y_true, y_pred = jnp.zeros(2), jnp.array([1.0, 3.0])
    >>> jax.jit(jax.grad(loss, argnums=1))(y_true, y_pred).round(4).tolist()
    [0.28119999170303345, 0.0]
    """
    call = _Call(as_loss(loss).bind(**options))

    def function(*arrays: Any, sample_weight: Any = None, where: Any = None) -> Any:
        """Return the loss."""
        optional = [None] * (len(call.operands) - len(arrays)) if call.has_optional else []
        given = tuple(None if array is None else jnp.asarray(array) for array in (*arrays, *optional))
        if len(given) != len(call.operands):
            names = ", ".join(operand.name for operand in call.operands)
            raise TypeError(f"{call.loss.name} takes {names}; {len(arrays)} arrays were given")
        extra = {"sample_weight": sample_weight, "where": where}
        return call.function(given, {name: jnp.asarray(a) for name, a in extra.items() if a is not None})

    function.__name__ = function.__qualname__ = call.loss.name
    return function


class _Call:
    """What is called, but for its arrays."""

    def __init__(self, loss: Loss) -> None:
        self.loss, self.row, self.operands = loss, loss._row, loss._row.operands
        self.none = loss.keywords.get("reduction") == "none"
        apart = not self.row.shares and not self.row.against and self.row.axes in ("", "C", "D", "2")
        if self.none and not apart:  # the gradient of one sample's value would lie in other samples' places
            raise ValueError(f"reduction='none' of {loss.name} has no function of JAX; it is 'mean' or 'sum'")
        #: The axis that a prediction has beyond its samples, if it has one.
        self.axis: int = loss.parameters.get("axis", -1)
        self.has_optional = any(operand.optional for operand in self.operands)
        self.compiled = Compiled(loss)
        self.function = jax.custom_vjp(self.value)
        self.function.defvjp(self.forward, self.backward)

    def predictions(self, arrays: tuple[Any, ...]) -> list[int]:
        """Return the places of the predictions that are given."""
        return [k for k, operand in enumerate(self.operands) if operand.role == PREDICTION and arrays[k] is not None]

    def of_value(self, arrays: tuple[Any, ...]) -> Any:
        """Return shape and type of the value."""
        first = arrays[self.predictions(arrays)[0]]
        shape = first.shape if self.none else ()
        if self.none and self.row.axes:
            shape = without_axis(shape, as_axis(self.axis, len(shape)))
        return jax.ShapeDtypeStruct(shape, first.dtype if jnp.issubdtype(first.dtype, jnp.floating) else jnp.float32)

    def value(self, arrays: tuple[Any, ...], extra: dict[str, Any]) -> Any:
        """Return the value."""
        if not extra and self.compiled.takes(arrays):
            return self.compiled(arrays, differentiated=False)[0]
        shape = self.of_value(arrays)

        def called(arrays: Any, extra: Any) -> Any:
            numbers, keywords = _numbers(arrays, extra)
            with _ordinary_floats():
                return np.asarray(self.loss(*numbers, **keywords), shape.dtype)

        return jax.pure_callback(called, shape, arrays, extra, vmap_method="sequential")

    def forward(self, arrays: tuple[Any, ...], extra: dict[str, Any]) -> tuple[Any, Any]:
        """Return the value, and for `backward` the gradients."""
        if not extra and self.compiled.takes(arrays):
            value, gradient = self.compiled(arrays, differentiated=True)
            return value, ([gradient], arrays, extra)
        places, shape = self.predictions(arrays), self.of_value(arrays)
        # In float32 of a half: it would lose what the gradient of the value scales up.
        shapes = [
            jax.ShapeDtypeStruct(arrays[k].shape, jnp.promote_types(arrays[k].dtype, jnp.float32)) for k in places
        ]

        def called(arrays: Any, extra: Any) -> Any:
            numbers, keywords = _numbers(arrays, extra)
            gradients = tuple(np.empty(own.shape, own.dtype) for own in shapes)
            out = gradients if len(gradients) > 1 else gradients[0]
            with _ordinary_floats():
                value, _ = self.loss.value_and_grad(*numbers, out=(None, out), **keywords)
                return np.asarray(value, shape.dtype), list(gradients)

        value, gradients = jax.pure_callback(called, (shape, shapes), arrays, extra, vmap_method="sequential")
        return value, (gradients, arrays, extra)

    def backward(self, saved: Any, by_value: Any) -> Any:
        """Return the gradients of what was made of the value."""
        gradients, arrays, extra = saved
        results: list[Any] = [None] * len(arrays)
        for k, gradient in zip(self.predictions(arrays), gradients, strict=True):
            own = jnp.expand_dims(by_value, self.axis) if by_value.ndim and gradient.ndim > by_value.ndim else by_value
            results[k] = (gradient * own.astype(gradient.dtype)).astype(arrays[k].dtype)
        return tuple(results), dict.fromkeys(extra)


def _numbers(arrays: Any, extra: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return NumPy's arrays of the memory of JAX's."""
    numbers = [None if array is None else np.asarray(array) for array in arrays]
    return numbers, {name: np.asarray(array) for name, array in extra.items()}


@contextlib.contextmanager
def _ordinary_floats() -> Iterator[None]:
    """Give numbers below the smallest normal one their values, which are 0 in the threads of XLA."""
    if _FLOATS is None:
        yield
        return
    found = (ctypes.c_ubyte * 64)()  # more than any fenv_t has
    _FLOATS.fegetenv(found)
    _FLOATS.fesetenv(ctypes.c_void_p(-1))  # FE_DFL_ENV, as the C libraries of Linux have it
    try:
        yield
    finally:
        _FLOATS.fesetenv(found)


#: The C library of this process, where it has what `_ordinary_floats` calls.
_FLOATS: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
if not hasattr(_FLOATS, "fesetenv"):
    _FLOATS = None
