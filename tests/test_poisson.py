"""`full=True` of `poisson`: all of -log pmf."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from cases import FLOATS, bits, generator
from numpy.testing import assert_array_equal

import fastloss as fl

FULL = fl.poisson.bind(full=True)


def drawn(dtype: Any, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return counts of all sizes, fractions among them, and logarithms of means near them and far away."""
    rng = generator("whole poisson", dtype)
    wide = 10 ** rng.uniform(-3, 9, n)
    y = np.choose(
        rng.integers(4, size=n), [wide, np.rint(wide), rng.integers(0, 15, n), np.nextafter(10, 11 * (wide > 1))]
    )
    apart = np.choose(rng.integers(3, size=n), [0 * wide, rng.normal(size=n), 10 ** rng.uniform(-8, 1, n)])
    return y.astype(dtype), (np.log(np.maximum(y, 1e-3)) + apart).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_all_of_the_likelihood(dtype: Any) -> None:
    """At most 6.9 ULP of the largest term, measured in 4,500 elements of each type.

    Where the terms cancel: 9.7 ULP of what is left, beside what the rounding of s does to it.
    """
    y, s = drawn(dtype, 300)
    value, grad, hess = FULL.value_grad_hess(y, s, reduction="none")
    assert bits((grad, hess)) == bits(fl.poisson.value_grad_hess(y, s, reduction="none")[1:])
    assert bits(FULL(y, s, reduction="none")) == bits(value)
    for i in range(300):
        sample = {"y_true": y[i], "y_pred": s[i]}
        ((truth, _, _),) = oracle.truth(FULL._row, sample, [("y_pred", None)], dtype, full=True)
        assert oracle.ulps(value[i], truth, dtype) <= 10
        unit = np.spacing(dtype.type(abs(truth.exact))) + abs(float(grad[i])) * np.spacing(abs(s[i]))
        unit += 1e-2 * np.finfo(dtype).eps * float(y[i]) ** 0.5  # a tail of log y, times the slope
        assert abs(float(value[i]) - float(truth.exact)) <= 16 * unit


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_counts_and_means_without_end(dtype: Any) -> None:
    y, s = np.array([0, 0, 2, 2, 1e15, 0], dtype), np.array([-np.inf, np.inf, -np.inf, np.inf, 0, np.nan], dtype)
    value = FULL(y, s, reduction="none")
    assert_array_equal(value[[0, 1, 2, 3, 5]], [0, np.inf, np.inf, np.inf, np.nan])
    assert np.isfinite(value[4])
    with pytest.raises(ValueError, match=r"y_true\[0\] = .* at most 1e\+15, as full=True needs it"):
        FULL(np.array([2e15], dtype), np.array([0], dtype))


def test_it_is_a_probability() -> None:
    stats = pytest.importorskip("scipy.stats")
    y, s = np.arange(40.0), np.linspace(-2, 4, 40)
    np.testing.assert_allclose(FULL(y, s, reduction="none"), -stats.poisson(np.exp(s)).logpmf(y), rtol=1e-12)
    total = np.exp(-FULL(np.arange(100.0), np.full(100, 2.0), reduction="none")).sum()
    assert total == pytest.approx(1, rel=1e-14, abs=0)
    with fl.engine("numba"):
        np.testing.assert_allclose(FULL(y, s, reduction="none"), -stats.poisson(np.exp(s)).logpmf(y), rtol=1e-12)


def test_gamma_has_all_of_its_terms_at_dispersion_1() -> None:
    """Nothing of the exponential distribution depends on y alone."""
    stats, rng = pytest.importorskip("scipy.stats"), generator("gamma in full")
    y, s = rng.exponential(size=99), rng.normal(size=99)
    apart = np.abs(fl.gamma(y, s, reduction="none") + stats.expon(scale=np.exp(s)).logpdf(y))
    assert (apart <= 1e-14 * (np.abs(s) + y * np.exp(-s))).all()
