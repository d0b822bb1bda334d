"""Penalties of a model's parameters: the values that a formula on paper gives, gradients added to what is there."""

from __future__ import annotations

import pickle
from typing import Any

import cases
import numpy as np
import pytest
from cases import BLOCK, FLOATS, HALVES, LAYOUTS, bits, generator
from numpy.testing import assert_allclose, assert_array_equal

import fastloss as fl

PENALTIES = (fl.l1, fl.l2, fl.elastic_net)
every_penalty = pytest.mark.parametrize("penalty", PENALTIES, ids=lambda penalty: penalty.name)
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def textbook(penalty: Any, w: np.ndarray, ratio: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Return value and gradient of each number, in extended precision."""
    w = w.astype(np.longdouble)
    absolute, square = (abs(w), np.sign(w)), (w * w / 2, w)
    part = {"l1": 1.0, "l2": 0.0, "elastic_net": ratio}[penalty.name]
    return tuple(part * a + (1 - np.longdouble(part)) * b for a, b in zip(absolute, square, strict=True))


def drawn(dtype: Any, *shape: int) -> np.ndarray:
    w = generator("penalty", dtype, shape).normal(size=shape).astype(dtype)
    w.flat[::7] = 0
    return w


@of_float
@pytest.mark.parametrize("ratio", [0.0, 0.25, 0.7, 1.0])
@pytest.mark.parametrize("shape", [(0,), (1,), (BLOCK + 1,), (70, 900)], ids=str)
@every_penalty
def test_value_and_gradient(penalty: Any, shape: tuple[int, ...], ratio: float, dtype: Any) -> None:
    w = drawn(dtype, *shape) if 0 not in shape else np.empty(shape, dtype)
    keywords = {"ratio": ratio} if penalty is fl.elastic_net else {}
    ratio = float(dtype.type(ratio))
    values, gradients = textbook(penalty, w, ratio)
    value, grad = penalty.value_and_grad(w, **keywords)
    eps = float(np.finfo(dtype).eps)
    assert isinstance(value, float)
    assert value == pytest.approx(float(values.sum()), rel=2 * eps, abs=0)
    assert_allclose(grad, gradients, rtol=2 * eps, atol=0)
    assert grad.dtype == dtype
    assert penalty(w, **keywords) == value
    assert bits(penalty.grad(w, **keywords)) == bits(grad)
    doubled, twice = penalty.value_and_grad(w, strength=2, **keywords)
    assert doubled == 2 * value
    assert bits(twice) == bits(2 * grad)
    none, zero = penalty.value_and_grad(w, strength=0, **keywords)
    assert none == 0
    assert_array_equal(zero, np.zeros(shape))


@of_float
@pytest.mark.parametrize("of_out", FLOATS, ids=str)
@pytest.mark.parametrize("layout", ["contiguous", "fortran", "stepped", "negative strides"])
@every_penalty
def test_the_gradient_is_added_to_what_is_there(penalty: Any, layout: str, of_out: Any, dtype: Any) -> None:
    arrange = LAYOUTS.get(layout, lambda a: a)
    w = drawn(dtype, 40, 300)
    there = generator("there", dtype).normal(size=w.shape).astype(of_out)
    out = arrange(there.copy())
    value, returned = penalty.value_and_grad(arrange(w), strength=0.25, out=out, accumulate=True)
    assert returned is out
    assert value == pytest.approx(penalty(w, strength=0.25), rel=1e-6, abs=0)
    wide = np.float64 in (dtype.type, of_out.type)
    gradient = penalty.grad(w.astype(np.float64) if wide else w, strength=0.25)
    assert bits(out) == bits((there.astype(gradient.dtype) + gradient).astype(of_out))
    penalty.grad(w, out=out)  # without accumulate it is replaced
    assert bits(out) == bits(penalty.grad(w.astype(np.float64) if wide else w).astype(of_out))


@of_float
@every_penalty
def test_any_number_of_threads_gives_the_same_bits(penalty: Any, dtype: Any) -> None:
    w = drawn(dtype, 333, 777)
    expected = bits(penalty.value_and_grad(w, n_threads=1))
    for n_threads in (2, 3, None):
        assert bits(penalty.value_and_grad(w, n_threads=n_threads)) == expected


@pytest.mark.parametrize("half", HALVES, ids=str)
@every_penalty
def test_halves_and_integers(penalty: Any, half: Any) -> None:
    w = drawn(np.dtype(np.float32), 500).astype(half)
    value, grad = penalty.value_and_grad(w)
    wide, gradient = penalty.value_and_grad(w.astype(np.float32))
    assert value == wide
    assert bits(grad) == bits(cases.rounded_once(gradient, half))
    assert bits(penalty.value_and_grad([1, -2, 0])) == bits(penalty.value_and_grad([1.0, -2.0, 0.0]))
    assert penalty.grad(w, out=w) is w  # in place
    assert bits(w) == bits(grad)


def test_a_ratio_for_each_parameter() -> None:
    w = drawn(np.dtype(np.float64), 30, 4)
    ratio = np.array([0.0, 0.25, 0.5, 1.0])
    value, grad = fl.elastic_net.value_and_grad(w, ratio=ratio)
    parts = [fl.elastic_net.value_and_grad(w[:, k], ratio=ratio[k]) for k in range(4)]
    assert value == pytest.approx(sum(part[0] for part in parts), rel=1e-14, abs=0)
    assert bits(grad) == bits(np.stack([part[1] for part in parts], axis=1))


@every_penalty
def test_special_values(penalty: Any) -> None:
    value, grad = penalty.value_and_grad([np.inf, -np.inf])
    assert value == np.inf
    assert_array_equal(np.sign(grad), [1, -1])
    value, grad = penalty.value_and_grad([1.0, np.nan])
    assert np.isnan(value)
    assert_array_equal(np.isnan(grad), [False, True])


def test_an_output_that_holds_the_ratio() -> None:
    w, buffer = np.full(2000, 2.0), np.full(2000, 0.5)
    for ratio in (buffer[:1], buffer, buffer[::-1]):
        with pytest.raises(ValueError, match=r"^out overlaps ratio$"):
            fl.elastic_net.grad(w, ratio=ratio, out=buffer)
    assert_array_equal(buffer, np.full(2000, 0.5))


@pytest.mark.parametrize(("value", "held"), [(1e-60, r"0\.0"), (1e300, "inf")])
@every_penalty
def test_numbers_that_float32_does_not_have(penalty: Any, value: float, held: str) -> None:
    w = np.ones(4, np.float32)
    with pytest.raises(ValueError, match=rf"^strength = .* is .*; computed in float32 it is {held}"):
        penalty.grad(w, strength=value)
    assert_allclose(penalty.grad(w.astype(float), strength=value), value, rtol=1e-15, atol=0)
    if penalty is fl.elastic_net and value < 1:
        with pytest.raises(ValueError, match=rf"^ratio\[1\] = 1e-60 is too small; computed in float32 it is {held}"):
            penalty(w, ratio=[0.0, value, 0.5, 1.0])


@every_penalty
def test_what_is_refused(penalty: Any) -> None:
    w, out = np.ones(4), np.full(4, 113.0)
    for error, message, call in (
        (TypeError, "no keyword 'weight'", lambda: penalty(w, weight=1)),
        (ValueError, "strength = -1", lambda: penalty(w, strength=-1)),
        (TypeError, "strength must be", lambda: penalty(w, strength="1")),
        (ValueError, "strength = nan", lambda: penalty(w, strength=float("nan"))),
        (ValueError, "pass out=", lambda: penalty.grad(w, accumulate=True)),
        (TypeError, "accumulate must be", lambda: penalty.grad(w, out=out, accumulate=1)),
        (ValueError, "cannot be accumulated there", lambda: penalty.grad(w, out=w, accumulate=True)),
        (ValueError, r"out has shape \(3,\)", lambda: penalty.grad(w, out=out[:3])),
        (ValueError, "^out overlaps parameter; only out may", lambda: penalty.grad(w, out=w[::-1])),
        (TypeError, "parameter has dtype", lambda: penalty(np.array(["a"]))),
        (ValueError, "n_threads", lambda: penalty(w, n_threads=0)),
    ):
        with pytest.raises(error, match=message):
            call()
    assert_array_equal(out, np.full(4, 113.0))
    assert_array_equal(w, np.ones(4))


def test_ratios_outside_their_domain() -> None:
    for ratio in (-0.1, 1.5, np.nan):
        with pytest.raises(ValueError, match=r"ratio = .* is not in"):
            fl.elastic_net([1.0], ratio=ratio)


@every_penalty
def test_a_penalty_is_an_object(penalty: Any) -> None:
    assert pickle.loads(pickle.dumps(penalty)) is penalty
    assert repr(penalty) == f"fastloss.{penalty.name}"
    assert isinstance(penalty, fl.Penalty)
    assert penalty.formula in penalty.__doc__
    assert penalty.source in penalty.__doc__
