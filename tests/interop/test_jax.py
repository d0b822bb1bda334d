"""JAX: the bits of a call of NumPy, through `grad`, `jit` and `vmap`."""

from __future__ import annotations

import doctest
import importlib
import sys
from typing import Any

import cases
import numpy as np
import pytest
from cases import bits, draw, generator

import fastloss as fl

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
own = pytest.importorskip("fastloss.interop.jax")

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
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-7)


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
    with pytest.raises(ValueError, match="do not support JVP"):
        jax.hessian(as_function(fl.huber), argnums=1)(LOGITS, LOGITS + 1)


def test_examples() -> None:
    results = doctest.testmod(own)
    assert results.attempted and not results.failed


def test_it_says_how_to_install_jax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fastloss.interop.jax")
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match=r"fastloss.interop.jax needs JAX: python -m pip install jax"):
        importlib.import_module("fastloss.interop.jax")
