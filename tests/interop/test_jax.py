"""JAX: the bits of a call of NumPy, through `grad`, `jit` and `vmap`."""

from __future__ import annotations

import doctest
import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
from cases import bits, draw, generator

import fastloss as fl

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
own = pytest.importorskip("fastloss.interop.jax")
xla = importlib.import_module("fastloss.interop.xla")

as_function = own.as_function


def gradients_by(inputs: Any) -> Any:
    """The places of the predictions, as JAX's `argnums`."""
    places = tuple(list(inputs.arrays).index(operand.name) for operand in inputs.row.differentiated)
    return places if len(places) > 1 else places[0]


@pytest.mark.parametrize("variant", [v for v in cases.all_variants() if v.parameters == "default"], ids=str)
def test_every_loss_has_the_bits_of_a_call(variant: Any) -> None:
    inputs = draw(variant, (6, 5) if variant.rowwise or variant.row.axes == "D" else (6,), np.float32, generator("jax"))
    weight = np.linspace(0.5, 2.0, 6, dtype=np.float32)
    arrays = [array.astype(np.float32) if array.dtype == np.float64 else array for array in inputs.arrays.values()]
    wanted = inputs.loss.value_and_grad(*arrays, sample_weight=weight)
    function = jax.value_and_grad(as_function(inputs.loss), argnums=gradients_by(inputs))
    function = jax.jit(function) if variant.row.typical else function
    value, gradient = function(*arrays, sample_weight=weight)
    assert value.dtype == np.float32 and value == np.float32(wanted[0])
    assert bits(jax.tree.map(np.asarray, gradient)) == bits(wanted[1])


LABELS = np.array([0, 2, 1, 1], np.int32)
LOGITS = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
MASK = np.array([True, False, True, True])


def test_what_is_bound_and_what_a_call_is_given() -> None:
    for options in (
        {},
        {"label_smoothing": 0.1, "class_weight": [1.0, 2.0, 3.0]},
        {"reduction": "sum"},
        {"n_threads": 1},
    ):
        function = as_function(fl.cross_entropy, **options)
        assert function.__name__ == "cross_entropy"
        found = jax.grad(function, argnums=1)(LABELS, LOGITS, where=MASK)
        assert bits(np.asarray(found)) == bits(fl.cross_entropy.grad(LABELS, LOGITS, where=MASK, **options))
    assert function(LABELS, LOGITS, where=None) == np.float32(fl.cross_entropy(LABELS, LOGITS))
    linear = as_function(fl.linear_cross_entropy)
    weight, bias = LOGITS.T @ LOGITS, LOGITS[0]
    for arrays in ((LABELS, LOGITS, weight), (LABELS, LOGITS, weight, bias)):
        found = jax.grad(linear, argnums=tuple(range(1, len(arrays))))(*arrays)
        assert bits(jax.tree.map(np.asarray, found)) == bits(fl.linear_cross_entropy.grad(*arrays))


KERNELS = [
    v for v in cases.all_variants() if v.parameters == "default" and v.target != "soft" and xla.Compiled(v.loss).there
]


@pytest.fixture
def compiled() -> None:
    if xla.library() is None:
        pytest.skip("there is no C++ compiler, or JAX is old")


def text_of(function: Any, *arrays: Any) -> str:
    return str(jax.jit(function).lower(*arrays).as_text())


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("variant", KERNELS, ids=str)
def test_xla_calls_kernels(variant: Any) -> None:
    """Of calls without weights, with the bits of a call of NumPy."""
    inputs = draw(variant, (700, 5) if variant.rowwise else (1500,), np.float32, generator("jax xla"))
    y_true, y_pred = inputs.arrays.values()
    y_true = y_true if variant.rowwise else y_true.astype(np.float32)
    for reduction in ("mean", "sum"):
        function = as_function(inputs.loss, reduction=reduction)
        by_pred = jax.value_and_grad(function, argnums=1)
        assert "fastloss_run" in text_of(by_pred, y_true, y_pred) and "callback" not in text_of(by_pred, y_true, y_pred)
        wanted = inputs.loss.value_and_grad(y_true, y_pred, reduction=reduction)
        value, gradient = jax.jit(by_pred)(y_true, y_pred)
        assert value == np.float32(wanted[0]) == jax.jit(function)(y_true, y_pred)
        assert bits(np.asarray(gradient)) == bits(wanted[1])


def test_xla_has_many_losses() -> None:
    names = {variant.row.name for variant in KERNELS}
    assert len(names) > 30 and {"huber", "cross_entropy", "binary_cross_entropy", "poisson"} <= names


@pytest.mark.usefixtures("compiled")
def test_what_kernels_do_not_take_goes_back_into_python() -> None:
    """And only that: labels of 32 or 64 bits, several calls at once, sums of losses and those of users stay."""
    double = LOGITS.astype(np.float64)
    with jax.enable_x64(True):
        for labels, logits in ((LABELS, double), (LABELS.astype(np.int64), LOGITS), (LABELS.astype(np.int64), double)):
            function = jax.value_and_grad(as_function(fl.cross_entropy), argnums=1)
            assert "callback" not in text_of(function, labels, logits)
            value, gradient = jax.jit(function)(labels, logits)
            wanted = fl.cross_entropy.value_and_grad(labels, logits)
            assert value == logits.dtype.type(wanted[0]) and bits(np.asarray(gradient)) == bits(wanted[1])
        x = double[0]
        found = jax.jit(jax.grad(as_function(fl.huber, delta=0.5), argnums=1))(x, 2 * x)
        assert bits(np.asarray(found)) == bits(fl.huber.grad(x, 2 * x, delta=0.5))
    both = 0.5 * fl.huber + 2 * fl.squared_error
    assert "callback" not in text_of(as_function(both), LOGITS, LOGITS)
    found = jax.jit(jax.grad(as_function(both), argnums=1))(LOGITS, 2 * LOGITS)
    assert bits(np.asarray(found)) == bits(both.grad(LOGITS, 2 * LOGITS))
    stacked = np.stack([LOGITS, LOGITS[::-1], 2 * LOGITS, LOGITS]).reshape(2, 2, 4, 3)
    nested = jax.vmap(jax.vmap(as_function(fl.cross_entropy), (None, 0)), (None, 0))
    assert "callback" not in text_of(nested, LABELS, stacked)
    assert nested(LABELS, stacked).tolist() == [
        [np.float32(fl.cross_entropy(LABELS, x)) for x in two] for two in stacked
    ]
    assert as_function(fl.squared_error)(LOGITS[:0], LOGITS[:0]) == 0
    for loss, arrays, options in (
        (fl.cross_entropy, (LABELS, LOGITS), {"label_smoothing": 0.1}),
        (fl.cross_entropy, (LABELS, LOGITS), {"normalizer": 3.0}),
        (fl.cross_entropy, (LABELS, LOGITS), {"reduction": "none"}),
        (fl.cross_entropy, (np.full((4, 3), 1 / 3, np.float32), LOGITS), {}),
        (fl.huber, (LOGITS, LOGITS.astype(np.float16)), {}),
        (fl.huber, (LABELS, LOGITS[:, 0]), {}),
        (fl.triplet, (LOGITS, LOGITS, LOGITS), {}),
    ):
        assert "callback" in text_of(as_function(loss, **options), *arrays)
    weighted = as_function(fl.huber)
    assert "callback" in text_of(lambda y, x: weighted(y, x, sample_weight=y), LOGITS, LOGITS)


@pytest.mark.usefixtures("compiled")
def test_xla_is_told_what_is_wrong() -> None:
    def raised(loss: Any, *arrays: Any) -> str:
        with pytest.raises(Exception, match="INVALID_ARGUMENT") as error:
            jax.block_until_ready(jax.jit(as_function(loss))(*arrays))
        return str(error.value)

    assert "cross_entropy: y_true[2] = -1 is not a class of 3" in raised(
        fl.cross_entropy, LABELS - [0, 0, 2, 0], LOGITS
    )
    y_true = np.array([0.0, 1.0, 0.5, 2.0], np.float32)
    assert "y_true = 2.000000 or y_pred = 1.000000, at place 3 in" in raised(
        fl.binary_cross_entropy, y_true, np.ones(4, np.float32)
    )


@pytest.mark.parametrize("options", [{}, {"n_threads": 1}], ids=["kernel", "callback"])
def test_the_smallest_numbers(options: dict[str, Any]) -> None:
    """XLA has them flushed to 0 in its threads; a loss has the bits that it has elsewhere."""
    x = np.array([1e-40, 2e-42, 1e-20], np.float32)
    function = jax.jit(jax.value_and_grad(as_function(fl.squared_error, reduction="sum", **options), argnums=1))
    value, gradient = function(np.zeros(3, np.float32), x)
    wanted = fl.squared_error.value_and_grad(np.zeros(3, np.float32), x, reduction="sum")
    assert float(np.asarray(value)) == np.float32(wanted[0]) > 0
    assert bits(np.asarray(gradient)) == bits(wanted[1]) and wanted[1].all()


CACHED = """
import os, subprocess, sys
import jax, jax.numpy as jnp
import fastloss as fl
compiled, run = [], subprocess.run
subprocess.run = lambda command, *rest, **options: (compiled.append(command[0]), run(command, *rest, **options))[1]
loss = fl.interop.jax.as_function(fl.huber, delta=float(sys.argv[1]))
x = jnp.array([0.0, 3.0])
function = jax.jit(jax.grad(loss, argnums=1))
found = function(x, 2 * x).tolist()
print(len(compiled), "callback" in function.lower(x, 2 * x).as_text(), found)
"""


@pytest.mark.usefixtures("compiled")
def test_it_is_compiled_once(tmp_path: Path) -> None:
    """Nor does a function in JAX's own cache hold on to an address; and without a compiler there is another way."""

    def printed(delta: float, **environment: str) -> str:
        environment = os.environ | {"FASTLOSS_CACHE_DIR": str(tmp_path / "own")} | environment
        command = [sys.executable, "-c", CACHED, str(delta)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    kept = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "jax"), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    assert printed(1.0, **kept) == "1 False [0.0, 0.5]"
    assert list((tmp_path / "jax").iterdir())
    assert printed(1.0, **kept) == "0 False [0.0, 0.5]"
    assert printed(1.0, CXX="/bin/false", FASTLOSS_CACHE_DIR=str(tmp_path / "other")) == "1 True [0.0, 0.5]"
    assert not list((tmp_path / "other").glob("xla*"))


@pytest.mark.parametrize("axis", [-1, 0])
def test_samples_without_a_reduction(axis: int) -> None:
    """What was made of the values of samples goes back to the rows that they are of."""
    logits = np.moveaxis(LOGITS, -1, axis)
    function = as_function(fl.cross_entropy, reduction="none", axis=axis)
    by = np.array([1.0, 2.0, 0.0, -3.0], np.float32)
    value, back = jax.vjp(lambda x: function(LABELS, x), logits)
    assert bits(np.asarray(value)) == bits(fl.cross_entropy(LABELS, logits, reduction="none", axis=axis))
    own_gradient = np.moveaxis(fl.cross_entropy.grad(LABELS, logits, reduction="sum", axis=axis), axis, -1)
    assert bits(np.asarray(back(by)[0])) == bits(np.moveaxis(own_gradient * by[:, None], -1, axis))


def test_vmap_is_a_loop_over_calls() -> None:
    logits = np.stack([LOGITS, 2 * LOGITS, LOGITS[::-1]])
    function = jax.jit(jax.vmap(jax.value_and_grad(as_function(fl.cross_entropy), argnums=1), in_axes=(None, 0)))
    values, gradients = function(LABELS, logits)
    for value, gradient, one in zip(values, gradients, logits, strict=True):
        wanted = fl.cross_entropy.value_and_grad(LABELS, one)
        assert value == np.float32(wanted[0]) and bits(np.asarray(gradient)) == bits(wanted[1])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_half_keeps_what_a_large_factor_scales_up(dtype: str) -> None:
    """What loss scaling is for: a gradient too small for the type, times what makes it large enough."""
    x = jnp.full(4, 1.0, dtype)
    function = as_function(fl.squared_error, normalizer=2.0**31)
    gradient = jax.grad(lambda x: function(jnp.zeros(4, dtype), x).astype(jnp.float32) * 2.0**15)(x)
    assert gradient.dtype == dtype and gradient.tolist() == [2.0**-15] * 4
    assert function(jnp.zeros(4, dtype), x).dtype == dtype


def test_float64() -> None:
    jax.config.update("jax_enable_x64", True)
    try:
        x = LOGITS.astype(np.float64)
        value, gradient = jax.jit(jax.value_and_grad(as_function(fl.cross_entropy), argnums=1))(LABELS, x)
    finally:
        jax.config.update("jax_enable_x64", False)
    wanted = fl.cross_entropy.value_and_grad(LABELS, x)
    assert float(value) == wanted[0] and bits(np.asarray(gradient)) == bits(wanted[1])


def test_optax_agrees() -> None:
    optax = pytest.importorskip("optax")
    ours = jax.value_and_grad(as_function(fl.cross_entropy), argnums=1)(LABELS, LOGITS)
    theirs = jax.value_and_grad(
        lambda x: optax.softmax_cross_entropy_with_integer_labels(x, LABELS).mean()
    )(LOGITS)  # fmt: skip
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5)


def test_large_arrays_do_not_wait_for_themselves() -> None:
    x = np.random.default_rng(1).normal(size=(3000, 500)).astype(np.float32)
    y = np.random.default_rng(2).integers(0, 500, 3000)
    function = jax.jit(jax.grad(as_function(fl.cross_entropy), argnums=1))
    assert bits(np.asarray(function(y, jnp.asarray(x) * 1))) == bits(fl.cross_entropy.grad(y, x))


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match=r"loss must be a loss of fastloss, as fl.huber, not str"):
        as_function("huber")
    with pytest.raises(TypeError, match="huber cannot be bound to 'dleta'"):
        as_function(fl.huber, dleta=1.0)
    with pytest.raises(TypeError, match="huber takes y_true, y_pred; 1 arrays were given"):
        as_function(fl.huber)(LOGITS)
    for name in ("dice", "info_nce", "linear_cross_entropy"):
        with pytest.raises(ValueError, match=f"reduction='none' of {name} has no function of JAX"):
            as_function(getattr(fl, name), reduction="none")
    with pytest.raises(Exception, match=r"y_true\[1\] = 2 is not a class of 2"):
        jax.block_until_ready(as_function(fl.cross_entropy)(LABELS, LOGITS[:, :2]))
    with pytest.raises(ValueError, match=r"do not support JVP|cannot be differentiated"):
        jax.hessian(as_function(fl.huber), argnums=1)(LOGITS, LOGITS + 1)


def test_examples() -> None:
    results = doctest.testmod(own)
    assert results.attempted and not results.failed


def test_it_says_how_to_install_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fastloss.interop.jax")
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match=r"fastloss.interop.jax needs JAX: python -m pip install jax"):
        importlib.import_module("fastloss.interop.jax")
