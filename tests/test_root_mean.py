"""The root of a mean: one loss for all samples, so that the suites of losses of one sample do not fit."""

from __future__ import annotations

import pickle
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import BLOCK, FLOATS, HALVES, LAYOUTS, bits, generator
from mpmath import mp, mpf
from numpy.testing import assert_array_equal

import fastloss as fl

LOSS = fl.root_mean_squared_error
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
#: The largest and the smallest residuals are those whose squares are no numbers of the type.
REGIMES = [name for name in cases.RESIDUAL_REGIMES if name != "equal"]


def truths(y_true: Any, y_pred: Any, weights: Any, i: int) -> tuple[oracle.Truth, ...]:
    """Return value, gradient and Hessian by the prediction at one place; of the Hessian the larger of its two terms."""
    with mp.workdps(700):
        numbers = [[oracle.exact(x) for x in array] for array in (y_true, y_pred, weights)]
        numbers[1][i] = oracle.Jet(numbers[1][i], mpf(1), mpf(0))
        root = oracle.root_mean_squared_error(*numbers)
        convex = numbers[2][i] / sum(numbers[2]) / root.value
        return oracle.Truth(root.value, root.value), oracle.Truth(root.first, abs(root.first)), oracle.Truth(
            root.second, convex
        )  # fmt: skip


@of_float
@pytest.mark.parametrize("n", [1, 2, 40])
@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_value_gradient_and_hessian(weighted: bool, regime: str, n: int, dtype: Any) -> None:
    rng = generator("root", regime, n, dtype)
    y_true, y_pred = cases.RESIDUAL_REGIMES[regime](rng, np.dtype(dtype), n)
    if not (y_true != y_pred).any():
        y_pred[0] = np.nextafter(y_true[0], np.inf)
    weight = rng.integers(1, 9, n) / 4 if weighted else None
    value, grad, hess = LOSS.value_grad_hess(y_true, y_pred, sample_weight=weight)
    assert isinstance(value, float)
    assert grad.dtype == hess.dtype == dtype
    for i in {0, n // 2, n - 1}:
        exact, first, second = truths(y_true, y_pred, np.ones(n) if weight is None else weight, i)
        assert oracle.ulps(value, exact, np.float64) <= 4 * (1 if dtype == np.float64 else 2**29)
        assert oracle.ulps(grad[i], first, dtype) <= 4, (i, grad[i])
        if abs(second.scale) < mpf(float(np.finfo(dtype).max)):
            assert oracle.ulps(hess[i], second, dtype) <= 6, (i, hess[i])


@of_float
def test_it_is_the_root_of_the_mean_squared_error(dtype: Any) -> None:
    rng = generator("root", dtype)
    y_true, y_pred = rng.normal(size=(2, 3 * BLOCK + 7)).astype(dtype)
    weight, where = rng.random(y_true.size), rng.random(y_true.size) < 0.7
    for keywords in ({}, {"sample_weight": weight}, {"where": where}, {"normalizer": 17.0, "where": where}):
        mean, of_mean = fl.squared_error.value_and_grad(y_true, y_pred, **keywords)
        value, grad = LOSS.value_and_grad(y_true, y_pred, **keywords)
        eps = float(np.finfo(dtype).eps)
        assert value == pytest.approx(mean**0.5, rel=4e-16 if dtype == np.float64 else 1e-7, abs=0)
        np.testing.assert_allclose(grad, of_mean / (2 * mean**0.5), rtol=6 * eps, atol=0)


@of_float
def test_the_same_bits_from_every_layout_and_thread_count(dtype: Any) -> None:
    rng = generator("root layout", dtype)
    y_true, y_pred = rng.normal(size=(2, 210, 700)).astype(dtype)
    weight = rng.random(y_true.shape)
    expected = LOSS.value_grad_hess(y_true, y_pred, sample_weight=weight, n_threads=1)
    for n_threads in (2, 3, None):
        assert bits(LOSS.value_grad_hess(y_true, y_pred, sample_weight=weight, n_threads=n_threads)) == bits(expected)
    for name, arrange in LAYOUTS.items():
        if "stride 0" not in name:
            other = LOSS.value_grad_hess(arrange(y_true), arrange(y_pred), sample_weight=arrange(weight))
            assert bits(other) == bits(expected), name
    for method, parts in cases.METHODS.items():
        results = getattr(LOSS, method)(y_true, y_pred, sample_weight=weight)
        wanted = tuple(expected[("value", "grad", "hess").index(part)] for part in parts)
        assert bits(results if len(parts) > 1 else (results,)) == bits(wanted), method


@of_float
def test_the_gradient_goes_where_it_is_wanted(dtype: Any) -> None:
    rng = generator("root out", dtype)
    y_true, y_pred = rng.normal(size=(2, 500)).astype(dtype)
    value, grad = LOSS.value_and_grad(y_true, y_pred)
    out, total = np.empty_like(grad), np.empty(())
    assert LOSS.grad(y_true, y_pred, out=out) is out
    assert_array_equal(out, grad)
    assert LOSS.value_and_grad(y_true, y_pred, out=(total, y_pred)) == (total, y_pred)  # in place
    assert total == value
    assert_array_equal(y_pred, grad)


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_halves_are_float32_rounded_once(half: Any) -> None:
    rng = generator("root half", half)
    y_true, y_pred = rng.normal(size=(2, 300)).astype(half)
    value, grad, hess = LOSS.value_grad_hess(y_true, y_pred)
    wide = LOSS.value_grad_hess(y_true.astype(np.float32), y_pred.astype(np.float32))
    assert value == wide[0]
    assert bits((grad, hess)) == bits(tuple(cases.rounded_once(x, half) for x in wide[1:]))


@of_float
def test_a_place_that_is_left_out(dtype: Any) -> None:
    rng = generator("root where", dtype)
    y_true, y_pred = rng.normal(size=(2, 200)).astype(dtype)
    keep = rng.random(200) < 0.5
    y_pred[~keep] = rng.choice([np.nan, np.inf, 1e30], size=int((~keep).sum()))
    for keywords in ({"where": keep}, {"sample_weight": keep}):
        value, grad, hess = LOSS.value_grad_hess(y_true, y_pred, **keywords)
        assert value == pytest.approx(
            LOSS(y_true[keep], y_pred[keep]), rel=4e-16 if dtype == np.float64 else 1e-7, abs=0
        )
        for result in (grad, hess):
            assert np.isfinite(result).all()
            assert (result[~keep] == 0).all()
            assert not np.signbit(result[~keep]).any()


@of_float
def test_at_the_kink_and_with_nothing_left(dtype: Any) -> None:
    y = np.arange(5, dtype=dtype)
    for y_true, keywords in ((y, {}), (y + 1, {"where": np.zeros(5, bool)}), (y + 1, {"sample_weight": 0})):
        value, grad, hess = LOSS.value_grad_hess(y_true, y, **keywords)
        assert value == 0
        assert_array_equal(grad, np.zeros(5))
        assert_array_equal(hess, np.zeros(5))
    assert LOSS([], []) == 0
    assert np.isnan(LOSS([0.0, 0.0], [1.0, np.nan]))
    assert np.isnan(LOSS.grad([0.0, 0.0], [1.0, np.nan])).all()
    assert LOSS([0.0, 0.0], [1.0, np.inf]) == np.inf


def test_it_has_one_reduction() -> None:
    for reduction in ("sum", "none"):
        with pytest.raises(ValueError, match=f"root of a mean.*reduction='{reduction}'"):
            LOSS([0.0], [1.0], reduction=reduction)
    with pytest.raises(ValueError, match=r"y_true has shape \(3,\)"):
        LOSS(np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match=r"sample_weight\[1\] = -1"):
        LOSS(np.zeros(2), np.zeros(2), sample_weight=[1, -1])
    with pytest.raises(AttributeError, match="no derivatives by its parameters"):
        LOSS.parameter_grads([0.0], [1.0])
    with pytest.raises(TypeError, match="not a loss of one number"):
        LOSS.point(0.0, 1.0)


def test_it_is_an_object_and_part_of_a_model() -> None:
    assert pickle.loads(pickle.dumps(LOSS)) == LOSS
    tasks = fl.uncertainty_weighted([LOSS, fl.squared_error], factors=[2.0, 1.0])
    value, (grad, _), _ = tasks.value_and_grad([[0.0, 0.0], [1.0]], [[3.0, 4.0], [1.0]], [0.0, 0.0])
    assert value == pytest.approx(2 * 12.5**0.5, rel=1e-12, abs=0)
    np.testing.assert_allclose(grad, np.array([3.0, 4.0]) / 12.5**0.5)
