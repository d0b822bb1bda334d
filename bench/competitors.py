"""The libraries that are compared: each gives value and gradient of a mean loss, with its setup outside the timer.

Every `prepare_*` function takes a problem and a number of threads and returns a call without arguments that
computes `(value, grad)` anew, or None where the library has no such loss, dtype or layout. What a library can reuse
between calls (outputs, compiled functions, arrays in its own format) is made in `prepare_*`, as a careful user would.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measure import interleaved
from workloads import Problem

Call = Callable[[], Any]


def available_cpus() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_cpus(count: int) -> None:
    """Keep this process on `count` CPUs: the one way to limit every library alike, JAX (which has no call for it) too.

    Works only before the libraries are imported, because they read the number of CPUs once.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise SystemExit("the number of threads can be limited on Linux only")
    allowed = sorted(os.sched_getaffinity(0))
    if not 1 <= count <= len(allowed):
        raise SystemExit(f"threads = {count} is not between 1 and {len(allowed)}, the CPUs of this process")
    os.sched_setaffinity(0, allowed[:count])


# ---------------------------------------------------------------------------------------------- fastloss


def prepare_fastloss(problem: Problem, n_threads: int) -> Call:
    """fastloss with a gradient array that is reused, as in a training loop."""
    return _fastloss(problem, n_threads, out=(None, np.empty_like(problem.y_pred)))


def prepare_fastloss_new_array(problem: Problem, n_threads: int) -> Call:
    """fastloss with a new gradient array for every call: what leaving out= away costs."""
    return _fastloss(problem, n_threads, out=None)


def _fastloss(problem: Problem, n_threads: int, out: tuple[None, NDArray] | None) -> Call:
    import fastloss as fl

    keywords: dict[str, Any] = {} if out is None else {"out": out}
    if n_threads != fl.get_num_threads():
        keywords["n_threads"] = n_threads
    if problem.axis != -1:
        keywords["axis"] = problem.axis
    loss = getattr(fl, problem.loss)
    return partial(loss.value_and_grad, problem.y_true, problem.y_pred, **keywords)


# ---------------------------------------------------------------------------------------------- NumPy


def prepare_numpy(problem: Problem, n_threads: int) -> Call | None:
    """The formula as people write it, made safe against overflow; NumPy uses one thread for all of it."""
    formula = _NUMPY.get(problem.loss)
    if formula is None or problem.y_pred.dtype.itemsize < 4:
        return None
    return partial(formula, problem.y_true, problem.y_pred, problem.axis)


def _numpy_cross_entropy(y_true: NDArray, logits: NDArray, axis: int) -> tuple[float, NDArray]:
    index = np.expand_dims(y_true, axis)
    shifted = logits - logits.max(axis=axis, keepdims=True)
    grad = np.exp(shifted)
    total = grad.sum(axis=axis, keepdims=True)
    value = np.mean(np.log(total) - np.take_along_axis(shifted, index, axis))
    grad /= total
    np.put_along_axis(grad, index, np.take_along_axis(grad, index, axis) - 1, axis)
    grad /= y_true.size
    return value, grad


def _numpy_binary_cross_entropy(y_true: NDArray, logits: NDArray, _: int) -> tuple[float, NDArray]:
    value = np.mean(np.maximum(logits, 0) - logits * y_true + np.log1p(np.exp(-np.abs(logits))))
    return value, (1 / (1 + np.exp(-logits)) - y_true) / y_true.size


def _numpy_squared_error(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    error = y_pred - y_true
    return np.mean(error**2), error * (2 / y_true.size)


def _numpy_half_squared_error(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    error = y_pred - y_true
    return np.mean(error**2) / 2, error / y_true.size


def _numpy_absolute_error(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    error = y_pred - y_true
    return np.mean(np.abs(error)), np.sign(error) / y_true.size


def _numpy_huber(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    error = y_pred - y_true
    size = np.abs(error)
    value = np.mean(np.where(size <= 1, error**2 / 2, size - 0.5))
    return value, np.clip(error, -1, 1) / y_true.size


_NUMPY = {
    "cross_entropy": _numpy_cross_entropy,
    "binary_cross_entropy": _numpy_binary_cross_entropy,
    "squared_error": _numpy_squared_error,
    "half_squared_error": _numpy_half_squared_error,
    "absolute_error": _numpy_absolute_error,
    "huber": _numpy_huber,
}


# ---------------------------------------------------------------------------------------------- SciPy


def prepare_scipy(problem: Problem, n_threads: int) -> Call | None:
    """scipy.special where it has the function; one thread, as NumPy."""
    formula = _SCIPY.get(problem.loss)
    if formula is None or problem.y_pred.dtype.itemsize < 4:
        return None
    return partial(formula, problem.y_true, problem.y_pred, problem.axis)


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


def _scipy_huber(y_true: NDArray, y_pred: NDArray, _: int) -> tuple[float, NDArray]:
    from scipy.special import huber

    error = y_pred - y_true
    return np.mean(huber(1, error)), np.clip(error, -1, 1) / y_true.size


_SCIPY = {
    "cross_entropy": _scipy_cross_entropy,
    "binary_cross_entropy": _scipy_binary_cross_entropy,
    "huber": _scipy_huber,
}


# ---------------------------------------------------------------------------------------------- scikit-learn


def prepare_scikit_learn(problem: Problem, n_threads: int) -> Call | None:
    """The private `sklearn._loss` that its estimators train with, outputs reused, reduced as its linear models do."""
    from sklearn._loss import AbsoluteError, HalfBinomialLoss, HalfMultinomialLoss, HalfSquaredError, HuberLoss

    y_pred = problem.y_pred
    if y_pred.dtype.itemsize < 4 or problem.axis != -1 or not y_pred.flags.c_contiguous:
        return None
    if problem.loss == "cross_entropy":
        if y_pred.ndim != 2 or y_pred.shape[1] < 3:
            return None
        model, factor = HalfMultinomialLoss(n_classes=y_pred.shape[1]), 1.0
    else:
        models = {
            "binary_cross_entropy": (HalfBinomialLoss, 1.0),
            "squared_error": (HalfSquaredError, 2.0),
            "half_squared_error": (HalfSquaredError, 1.0),
            "absolute_error": (AbsoluteError, 1.0),
            "huber": (partial(HuberLoss, delta=1.0), 1.0),
        }
        if problem.loss not in models or y_pred.ndim != 1:
            return None
        create, factor = models[problem.loss]
        model = create()
    loss_gradient = partial(
        model.loss_gradient,
        y_true=problem.y_true.astype(y_pred.dtype),
        raw_prediction=y_pred,
        loss_out=np.empty(len(y_pred), y_pred.dtype),
        gradient_out=np.empty_like(y_pred),
        n_threads=n_threads,
    )
    scale = factor / len(y_pred)

    def call() -> tuple[float, NDArray]:
        losses, grad = loss_gradient()
        grad *= scale
        return losses.sum() * scale, grad

    return call


# ---------------------------------------------------------------------------------------------- torch


def prepare_torch(problem: Problem, n_threads: int) -> Call | None:
    """torch, eager: the loss of torch.nn.functional and its gradient by autograd."""
    import torch

    prepared = _torch_function(problem, n_threads)
    if prepared is None:
        return None
    loss, y_pred = prepared
    y_pred.requires_grad_()

    def call() -> tuple[float, torch.Tensor]:
        value = loss(y_pred)
        (grad,) = torch.autograd.grad(value, y_pred)
        return value.item(), grad

    return call


def prepare_torch_compile(problem: Problem, n_threads: int) -> Call | None:
    """torch.compile for this shape alone; needs a C++ compiler.

    Compiled either as the loss under autograd or as value and gradient in one graph, whichever is faster here:
    the first wins by 1.7 on 65536x10, the second by 3.5 on 32x10.
    """
    import torch

    prepared = _torch_function(problem, n_threads)
    if prepared is None:
        return None
    loss, y_pred = prepared
    torch.compiler.reset()
    compiled_loss = torch.compile(loss, dynamic=False)
    compiled_both = torch.compile(torch.func.grad_and_value(loss), dynamic=False)
    leaf = y_pred.detach().requires_grad_()

    def under_autograd() -> tuple[float, torch.Tensor]:
        value = compiled_loss(leaf)
        (grad,) = torch.autograd.grad(value, leaf)
        return value.item(), grad

    def one_graph() -> tuple[float, torch.Tensor]:
        grad, value = compiled_both(y_pred)
        return value.item(), grad

    calls = {"under autograd": under_autograd, "one graph": one_graph}
    seconds = interleaved(calls, rounds=5)
    return calls[min(calls, key=lambda name: float(np.median(seconds[name])))]


def _torch_function(problem: Problem, n_threads: int) -> tuple[Callable[[Any], Any], Any] | None:
    """The loss as a function of the predictions alone, and the predictions as a tensor on the same memory."""
    import torch
    from torch.nn import functional

    functions = {
        "cross_entropy": functional.cross_entropy,
        "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
        "squared_error": functional.mse_loss,
        "half_squared_error": lambda y_pred, y_true: functional.mse_loss(y_pred, y_true) / 2,
        "absolute_error": functional.l1_loss,
        "huber": functional.huber_loss,
    }
    if problem.loss not in functions or problem.y_pred.dtype.itemsize < 4:
        return None
    torch.set_num_threads(n_threads)
    function, y_true, y_pred = (
        functions[problem.loss],
        torch.from_numpy(problem.y_true),
        torch.from_numpy(problem.y_pred),
    )
    if problem.loss == "cross_entropy" and problem.axis % y_pred.ndim != 1:
        return (lambda logits: function(logits.movedim(problem.axis, 1), y_true)), y_pred
    return (lambda y_pred: function(y_pred, y_true)), y_pred


# ---------------------------------------------------------------------------------------------- JAX


def prepare_jax(problem: Problem, n_threads: int) -> Call | None:
    """jax.jit(jax.value_and_grad(...)), arrays on the device beforehand, waiting for the result.

    JAX takes its threads from the CPUs of the process when it starts, so it is left out where another number is asked.
    """
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    if problem.y_pred.dtype.itemsize < 4 or n_threads != available_cpus():
        return None

    def cross_entropy(logits: Any, y_true: Any) -> Any:
        # As optax writes it; measured, 2 to 15 times as fast as the one-hot formula for 1000 classes.
        index = jnp.expand_dims(y_true, problem.axis)
        true_logits = jnp.take_along_axis(logits, index, problem.axis).squeeze(problem.axis)
        return jnp.mean(jax.nn.logsumexp(logits, axis=problem.axis) - true_logits)

    functions = {
        "cross_entropy": cross_entropy,
        "binary_cross_entropy": lambda logits, y_true: jnp.mean(jax.nn.softplus(logits) - y_true * logits),
        "squared_error": lambda y_pred, y_true: jnp.mean(jnp.square(y_pred - y_true)),
        "half_squared_error": lambda y_pred, y_true: jnp.mean(jnp.square(y_pred - y_true)) / 2,
        "absolute_error": lambda y_pred, y_true: jnp.mean(jnp.abs(y_pred - y_true)),
        "huber": _jax_huber,
    }
    if problem.loss not in functions:
        return None
    # A class index is int32 in JAX unless its user switches 64 bits on.
    labels = problem.loss == "cross_entropy"
    y_true = jnp.asarray(problem.y_true.astype(np.int32) if labels else problem.y_true)
    y_pred = jnp.asarray(problem.y_pred)
    compiled = jax.jit(jax.value_and_grad(functions[problem.loss]))
    return lambda: jax.block_until_ready(compiled(y_pred, y_true))


def _jax_huber(y_pred: Any, y_true: Any) -> Any:
    import jax.numpy as jnp

    size = jnp.abs(y_pred - y_true)
    clipped = jnp.minimum(size, 1)
    return jnp.mean(clipped * (size - clipped / 2))


# ---------------------------------------------------------------------------------------------- the table


@dataclass(frozen=True)
class Competitor:
    """A library: how it is called, and what must be installed for it."""

    name: str
    distribution: str
    module: str
    prepare: Callable[[Problem, int], Call | None]

    @property
    def installed(self) -> bool:
        return importlib.util.find_spec(self.module) is not None

    @property
    def version(self) -> str:
        return importlib.metadata.version(self.distribution)


COMPETITORS = {
    competitor.name: competitor
    for competitor in (
        Competitor("fastloss", "fastloss", "fastloss", prepare_fastloss),
        Competitor("fastloss-new-array", "fastloss", "fastloss", prepare_fastloss_new_array),
        Competitor("numpy", "numpy", "numpy", prepare_numpy),
        Competitor("scipy", "scipy", "scipy", prepare_scipy),
        Competitor("scikit-learn", "scikit-learn", "sklearn", prepare_scikit_learn),
        Competitor("torch", "torch", "torch", prepare_torch),
        Competitor("torch.compile", "torch", "torch", prepare_torch_compile),
        Competitor("jax", "jax", "jax", prepare_jax),
    )
}


def installed_competitors() -> dict[str, Competitor]:
    """The competitors that can run here, fastloss first."""
    return {name: competitor for name, competitor in COMPETITORS.items() if competitor.installed}


def missing_competitors() -> list[str]:
    """The distributions that a complete comparison would need and that are not installed."""
    return sorted({competitor.distribution for competitor in COMPETITORS.values() if not competitor.installed})


def versions() -> dict[str, str]:
    """Installed version of each distribution."""
    return {competitor.distribution: competitor.version for competitor in installed_competitors().values()}


def assert_same_result(result: tuple[Any, Any], expected: tuple[Any, Any], dtype: np.dtype) -> None:
    """Value and gradient agree as far as the roundings of this dtype allow: nobody is timed on another function."""
    relative = max(1e-9, 200 * float(np.finfo(dtype).eps)) if dtype.itemsize >= 4 else 2e-2
    value, grad = result
    expected_value, expected_grad = expected
    np.testing.assert_allclose(float(value), float(expected_value), rtol=relative)
    step = expected_grad.size // 1_000_000 + 1
    sample, expected_sample = (
        np.asarray(array).reshape(-1)[::step].astype(np.float64) for array in (grad, expected_grad)
    )
    np.testing.assert_allclose(
        sample, expected_sample, rtol=relative, atol=relative * float(np.abs(expected_sample).max())
    )
