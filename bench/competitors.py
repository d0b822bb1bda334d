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
from peer_losses import ENTMAX, OPTAX, SCIKIT_LEARN, SCIPY, SIGNED_LABELS, TARGETS, TORCH
from workloads import Problem, catalogue

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


def targets(problem: Problem) -> NDArray:
    """The targets as other libraries want them: labels of a margin are -1 and 1."""
    if problem.loss in SIGNED_LABELS:
        return 2 * problem.y_true - 1
    convert = TARGETS.get(problem.loss)
    return problem.y_true if convert is None else convert(problem.y_true, problem.y_pred)


# ---------------------------------------------------------------------------------------------- fastloss


def prepare_fastloss(problem: Problem, n_threads: int) -> Call:
    """fastloss with a gradient array that is reused, as in a training loop."""
    return _fastloss(problem, n_threads, out=_outputs(problem))


def prepare_fastloss_new_array(problem: Problem, n_threads: int) -> Call:
    """fastloss with a new gradient array for every call: what leaving out= away costs."""
    return _fastloss(problem, n_threads, out=None)


def _outputs(problem: Problem) -> Any:
    """What out= takes: an array for each result that is one."""
    if problem.method == "grad":
        return np.empty_like(problem.y_pred)
    values = np.empty(problem.samples, problem.y_pred.dtype) if problem.keywords.get("reduction") == "none" else None
    if problem.method == "__call__":
        return values
    return (values, *(np.empty_like(problem.y_pred) for _ in range(1 + (problem.method == "value_grad_hess"))))


def _fastloss(problem: Problem, n_threads: int, out: Any) -> Call:
    import fastloss as fl

    keywords: dict[str, Any] = dict(problem.keywords) if out is None else {**problem.keywords, "out": out}
    if n_threads != fl.get_num_threads():
        keywords["n_threads"] = n_threads
    if problem.axis != -1:
        keywords["axis"] = problem.axis
    loss = getattr(fl, problem.loss)
    return partial(getattr(loss, problem.method), problem.y_true, problem.y_pred, **keywords)


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
    formula = SCIPY.get(problem.loss)
    if formula is None or problem.y_pred.dtype.itemsize < 4:
        return None
    return partial(formula, problem.y_true, problem.y_pred, problem.axis)


# ---------------------------------------------------------------------------------------------- scikit-learn


def prepare_scikit_learn(problem: Problem, n_threads: int) -> Call | None:
    """The private `sklearn._loss` that its estimators train with, outputs reused, reduced as its linear models do."""
    from sklearn._loss import loss as losses

    y_pred = problem.y_pred
    if y_pred.dtype.itemsize < 4 or problem.axis != -1 or not y_pred.flags.c_contiguous:
        return None
    if problem.loss == "cross_entropy":
        if y_pred.ndim != 2 or y_pred.shape[1] < 3:
            return None
        model, factor = losses.HalfMultinomialLoss(n_classes=y_pred.shape[1]), 1.0
    else:
        if problem.loss not in SCIKIT_LEARN or y_pred.ndim != 1:
            return None
        name, arguments, factor = SCIKIT_LEARN[problem.loss]
        if not hasattr(losses, name):
            return None
        model = getattr(losses, name)(**arguments)
    loss_gradient = partial(
        model.loss_gradient,
        y_true=problem.y_true.astype(y_pred.dtype),  # labels are 0 and 1 here, as in fastloss
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
    prepared = _torch_function(problem, n_threads)
    return None if prepared is None else _eager(*prepared)


def prepare_entmax(problem: Problem, n_threads: int) -> Call | None:
    """The package entmax, which is torch underneath."""
    import entmax
    import torch

    loss = ENTMAX.get(problem.loss)
    if loss is None or problem.y_pred.ndim != 2 or problem.y_pred.dtype.itemsize < 4 or problem.axis % 2 != 1:
        return None
    torch.set_num_threads(n_threads)
    y_true = torch.from_numpy(problem.y_true)
    return _eager(lambda y_pred: loss(entmax, y_pred, y_true).mean(), torch.from_numpy(problem.y_pred))


def _eager(loss: Callable[[Any], Any], y_pred: Any) -> Call:
    import torch

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

    loss = TORCH.get(problem.loss)
    if loss is None or problem.y_pred.dtype.itemsize < 4:
        return None
    torch.set_num_threads(n_threads)
    y_true, y_pred = torch.from_numpy(targets(problem)), torch.from_numpy(problem.y_pred)
    # torch has the classes on the second axis.
    moved = catalogue()[problem.loss].axes == "C" and problem.axis % y_pred.ndim != 1
    if moved and y_true.ndim == y_pred.ndim:
        y_true = y_true.movedim(problem.axis, 1)
    return (lambda y_pred: loss(functional, y_pred.movedim(problem.axis, 1) if moved else y_pred, y_true)), y_pred


# ---------------------------------------------------------------------------------------------- JAX


def prepare_jax(problem: Problem, n_threads: int) -> Call | None:
    """jax.jit(jax.value_and_grad(...)) of the mean, arrays on the device beforehand, waiting for the result.

    The losses are those of optax. JAX takes its threads from the CPUs of the process when it starts, so it is left out
    where another number is asked.
    """
    import jax
    import jax.numpy as jnp
    from optax import losses

    jax.config.update("jax_enable_x64", True)
    loss = OPTAX.get(problem.loss)
    if loss is None or problem.y_pred.dtype.itemsize < 4 or n_threads != available_cpus():
        return None

    def mean(y_pred: Any, y_true: Any) -> Any:
        return jnp.mean(loss(losses, y_pred, y_true, problem.axis))

    y_true = targets(problem)
    if y_true.dtype == np.int64:  # a class index is int32 in JAX unless its user switches 64 bits on
        y_true = y_true.astype(np.int32)
    there, y_pred = jnp.asarray(y_true), jnp.asarray(problem.y_pred)
    compiled = jax.jit(jax.value_and_grad(mean))
    return lambda: jax.block_until_ready(compiled(y_pred, there))


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
        Competitor("entmax", "entmax", "entmax", prepare_entmax),
        Competitor("jax", "jax", "optax", prepare_jax),  # both are needed
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
    apart = abs(sample - expected_sample) > relative * (abs(expected_sample) + float(np.abs(expected_sample).max()))
    # The gradient of a hinge jumps where two scores differ by the margin, which a float32 difference may miss.
    allowed = 1e-5 * sample.size if dtype == np.float32 else 0
    assert np.count_nonzero(apart) <= allowed, (sample[apart][:5], expected_sample[apart][:5])
