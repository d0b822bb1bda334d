"""The symmetric percentage error: what its own text promises, beside what every loss does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import FLOATS, generator

import fastloss as fl

INF = np.inf
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
loss = fl.symmetric_absolute_percentage_error


def test_it_is_the_error_over_the_mean_size() -> None:
    """As competitions compute it: mean(|p - y| / ((|y| + |p|) / 2)); over 2 it is between 0 and 1."""
    y, p = generator("smape").normal(size=(2, 500))
    same = np.mean(np.abs(p - y) / ((np.abs(y) + np.abs(p)) / 2))
    assert loss(y, p) == pytest.approx(same, rel=1e-13)


@of_floats
def test_where_both_are_0_where_signs_differ_and_at_infinities(dtype: Any) -> None:
    y = np.array([0, 0, 1, 1, -1, 1, INF, 1, INF, -1], dtype)
    p = np.array([0, 3, -2, 1, 0, 0, 1, INF, -INF, -3], dtype)
    value, gradient, hessian = loss.value_grad_hess(y, p, reduction="none")
    assert value.tolist() == [0, 2, 2, 0, 2, 2, 2, 2, 2, 1]
    assert gradient.tolist() == [0, 0, 0, 0, 2, -2, 0, 0, 0, -0.25]
    assert hessian.tolist() == [0, 0, 0, 0, 4, 4, 0, 0, 0, -0.125]
    assert np.isnan(loss(np.array([INF], dtype), np.array([INF], dtype)))


@of_floats
def test_sums_that_overflow_and_targets_that_are_subnormal(dtype: Any) -> None:
    info = np.finfo(dtype)
    half = dtype.type(info.max) / 2
    assert loss(np.array([1.5 * half]), np.array([half])) == pytest.approx(0.4, rel=1e-6)
    tiny = dtype.type(info.smallest_subnormal)
    got = loss.grad(np.array([3 * tiny]), np.array([dtype.type(2.0**-20)]), reduction="sum")[0]
    assert got == 3 * tiny * dtype.type(2.0**21) * dtype.type(2.0**21)  # 4 y / p^2
