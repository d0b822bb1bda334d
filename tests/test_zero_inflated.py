"""`zero_inflated_poisson`: what only it has. The suites of all losses cover the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from cases import FLOATS, bits, generator
from numpy.testing import assert_allclose, assert_array_equal

import fastloss as fl

FULL = fl.zero_inflated_poisson.bind(full=True)
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def log_factorial(count: int) -> float:
    return float(np.log(np.arange(1, count + 1)).sum())


def textbook(y: np.ndarray, y_pred: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minus the logarithm of the probability, and its gradient, as a count model writes them in NumPy."""
    rate, inflation = np.exp(y_pred[:, 0]), 1 / (1 + np.exp(-y_pred[:, 1]))
    of_zero = inflation + (1 - inflation) * np.exp(-rate)
    of_count = -np.log(1 - inflation) + rate - y * y_pred[:, 0] + np.array([log_factorial(count) for count in y])
    value = np.where(y == 0, -np.log(of_zero), of_count)
    by_rate = np.where(y == 0, (1 - inflation) * rate * np.exp(-rate) / of_zero, rate - y)
    by_logit = np.where(y == 0, -inflation * (1 - inflation) * (1 - np.exp(-rate)) / of_zero, inflation)
    return value, by_rate, by_logit


def test_it_is_the_textbook_and_a_probability() -> None:
    rng = generator("zero-inflated textbook")
    y, y_pred = rng.poisson(3.0, 500) * rng.integers(2, size=500), rng.normal(size=(500, 2))
    value, by_rate, by_logit = textbook(y, y_pred)
    got, grad = FULL.value_and_grad(y, y_pred, reduction="none")
    assert_allclose(got, value, rtol=1e-13)
    assert_allclose(grad, np.stack([by_rate, by_logit], -1), rtol=1e-11, atol=0)
    for pair in ((0.3, -1.0), (2.0, 0.5), (-3.0, 3.0)):
        total = np.exp(-FULL(np.arange(120.0), np.tile(pair, (120, 1)), reduction="none")).sum()
        assert total == pytest.approx(1, rel=1e-14, abs=0)
    without = value - np.array([log_factorial(count) for count in y])
    assert fl.zero_inflated_poisson(y, y_pred) == pytest.approx(without.mean(), rel=1e-12, abs=0)


@of_float
def test_all_of_the_likelihood(dtype: Any) -> None:
    """At most 6.8 ULP of the largest term, measured in 3,000 samples of each type."""
    rng = generator("whole zero-inflated", dtype)
    wide = 10 ** rng.uniform(-3, 9, 200)
    y = np.choose(rng.integers(3, size=200), [wide, np.rint(wide), rng.integers(0, 15, 200)]).astype(dtype)
    apart = np.choose(rng.integers(3, size=200), [0 * wide, rng.normal(size=200), 10 ** rng.uniform(-8, 1, 200)])
    y_pred = np.stack([np.log(np.maximum(y, 1e-3)) + apart, rng.normal(scale=3, size=200)], -1).astype(dtype)
    value, grad, hess = FULL.value_grad_hess(y, y_pred, reduction="none")
    assert bits((grad, hess)) == bits(fl.zero_inflated_poisson.value_grad_hess(y, y_pred, reduction="none")[1:])
    assert bits(FULL(y, y_pred, reduction="none")) == bits(value)
    for i in range(200):
        sample = {"y_true": y[i], "y_pred": y_pred[i]}
        ((truth, _, _),) = oracle.truth(FULL._row, sample, [("y_pred", 0)], dtype, full=True)
        assert oracle.ulps(value[i], truth, dtype) <= 10
    with pytest.raises(ValueError, match=r"y_true\[0\] = .* at most 1e\+15, as full=True needs it"):
        FULL(np.array([2e15], dtype), np.zeros((1, 2), dtype))


@of_float
def test_without_inflation_it_is_poisson(dtype: Any) -> None:
    rng = generator("no inflation", dtype)
    y, s = rng.poisson(2.0, 300).astype(dtype), rng.normal(scale=2, size=300).astype(dtype)
    for t in (-np.inf, -3e38):
        y_pred = np.stack([s, np.full(300, t, dtype)], -1)
        for full in (False, True):
            value, grad, hess = fl.zero_inflated_poisson.value_grad_hess(y, y_pred, reduction="none", full=full)
            expected = fl.poisson.value_grad_hess(y, s, reduction="none", full=full)
            near = {"rtol": 8 * np.finfo(dtype).eps, "atol": 8 * np.finfo(dtype).eps * (y.max() * 6)}
            assert_allclose(value, expected[0], **near)
            assert_allclose(grad[:, 0], expected[1], **near)
            assert_allclose(hess[:, 0], expected[2], **near)
            assert not grad[:, 1].any() and not hess[:, 1].any()


@of_float
def test_rates_and_logits_without_end(dtype: Any) -> None:
    inf = np.inf
    rows = [
        (0, [-inf, 0.5], 0, [0, 0]), (0, [inf, 0.0], np.log(2), [0, -0.5]), (0, [0.5, inf], 0, [0, 0]),
        (0, [0.0, -inf], 1, [1, 0]), (2, [-inf, 0.0], inf, [-2, 0.5]), (2, [inf, 0.0], inf, [inf, 0.5]),
        (2, [0.0, inf], inf, [-1, 1]), (2, [0.0, -inf], 1, [-1, 0]),
    ]  # fmt: skip
    y, y_pred = np.array([row[0] for row in rows], dtype), np.array([row[1] for row in rows], dtype)
    value, grad, hess = fl.zero_inflated_poisson.value_grad_hess(y, y_pred, reduction="none")
    assert_allclose(value, [row[2] for row in rows], rtol=4 * np.finfo(dtype).eps)
    assert_array_equal(grad, np.array([row[3] for row in rows], dtype))
    assert not np.isnan(hess).any()
    for bad in ([np.nan, 0], [0, np.nan]):
        for y_true in (0, 2):
            value, grad, hess = fl.zero_inflated_poisson.value_grad_hess([y_true], np.array([bad], dtype))
            assert np.isnan(value) and np.isnan(grad).any() and np.isnan(hess).any()


@of_float
def test_what_is_nearly_certain_keeps_its_digits(dtype: Any) -> None:
    """A zero of a rate near 0, or of a logit far above it; and one that neither explains."""
    tiny = dtype.type(-60.0 if dtype == np.float32 else -500.0)
    y_pred = np.array([[tiny, 0], [0, -tiny], [-tiny, tiny]], dtype)
    value, grad, _ = fl.zero_inflated_poisson.value_grad_hess(np.zeros(3), y_pred, reduction="none")
    e = np.exp(np.float64(tiny))
    near = {"rtol": 8 * np.finfo(dtype).eps, "atol": 0}
    assert_allclose(value, [e / 2, (1 - np.exp(-1)) * e, -tiny], **near)
    assert_allclose(grad[:2], [[e / 2, -e / 4], [e * np.exp(-1), -(1 - np.exp(-1)) * e]], **near)
    assert_allclose(grad[2], [0, -1], **near)
