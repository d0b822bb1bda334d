"""Losses weighted by uncertainties: weights out of the range of a number, and what is refused.

That values and gradients are right is for tests/test_jit.py, beside the sums of losses.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastloss as fl

PAIR = [fl.squared_error] * 2
weighted = fl.uncertainty_weighted


def evaluated(log_variance: list[float], dtype: Any = np.float64, **keywords: Any) -> Any:
    """Return value and gradients of two squared errors: residuals of 2 and 0, and a residual of 3."""
    tasks = weighted(PAIR, **keywords)
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        y_true, y_pred = [np.zeros(2), 0.0], [np.array([2.0, 0.0], dtype), dtype(3)]
        value, gradients, by = tasks.value_and_grad(y_true, y_pred, log_variance)
        assert repr(tasks(y_true, y_pred, log_variance)) == repr(value)
    assert [gradient.dtype for gradient in gradients] == [dtype, dtype]
    return value, gradients, by


@pytest.mark.parametrize("s", [746.0, 800.0, np.inf])
def test_a_weight_that_is_zero(s: float) -> None:
    """The variance is so large that the task no longer counts."""
    value, gradients, by = evaluated([s, 0.0])
    assert value == s / 2 + 4.5
    assert not gradients[0].any()
    assert gradients[1] == 3
    assert list(by) == [0.5, 0.5 - 4.5]


@pytest.mark.parametrize("s", [-746.0, -800.0, -np.inf])
def test_a_weight_that_is_infinite(s: float) -> None:
    value, gradients, by = evaluated([s, 0.0])
    assert value == np.inf or np.isnan(s / 2 + np.inf)
    assert list(gradients[0]) == [np.inf, 0]  # the gradient of a residual of 0 is 0 under any weight
    assert by[0] == -np.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_weight_far_from_one(dtype: Any) -> None:
    for s in (740.0, 700.0, 95.0, 80.0, 44.0, -44.0, -80.0, -700.0):
        value, gradients, by = evaluated([s, 0.0], dtype)
        weight = 0.5 * np.exp(-s)
        assert value == pytest.approx(2 * weight + 4.5 + s / 2, rel=1e-6, abs=0)
        assert by[0] == pytest.approx(0.5 - 2 * weight, rel=1e-6, abs=0)
        with np.errstate(over="ignore", under="ignore"):
            np.testing.assert_allclose(gradients[0], np.array([2 * weight, 0]).astype(dtype), rtol=1e-6, atol=0)
    assert evaluated([740.0, 0.0])[1][0][0] > 0  # subnormal, not lost


def test_the_task_is_named() -> None:
    tasks = weighted([fl.squared_error, fl.cross_entropy])
    with pytest.raises(ValueError, match=r"^task 1, cross_entropy: y_true\[2\] = 12 is not a class"):
        tasks([[0.0], [0, 1, 12]], [[0.0], np.zeros((3, 2))], [0.0, 0.0])
    with pytest.raises(ValueError, match=r"^log_variance\[1\] = nan is not a real number"):
        tasks([[0.0], [0]], [[0.0], np.zeros((1, 2))], [0.0, np.nan])
    for unordered in ({0: [0.0], 1: [0]}, {1.0, 2.0}):
        with pytest.raises(TypeError, match=r"^y_true must be a sequence"):
            tasks(unordered, [[0.0], np.zeros((1, 2))], [0.0, 0.0])


def test_a_factor_of_zero_leaves_the_task_out() -> None:
    value, gradients, by = evaluated([-800.0, 0.0], factors=[0, 1])
    assert value == -400 + 9
    assert not gradients[0].any()
    assert by[0] == 0.5


@pytest.mark.parametrize(
    ("error", "message", "call"),
    [
        (
            ValueError,
            r"^factors\[1\] = -1\.0 is not >= 0 and finite",
            lambda: weighted(PAIR, factors=[1, -1]),
        ),
        (ValueError, r"^factors\[0\] = nan is not", lambda: weighted(PAIR, factors=[np.nan, 1])),
        (ValueError, r"^factors\[0\] = inf is not", lambda: weighted(PAIR, factors=[np.inf, 1])),
        (
            TypeError,
            r"^factors\[0\] must be a real number, not 'a'",
            lambda: weighted(PAIR, factors=["a", 1]),
        ),
        (TypeError, r"^factors must be a sequence of numbers, not 2", lambda: weighted(PAIR, factors=2)),
        (ValueError, r"^factors has 1 entries; there are 2", lambda: weighted(PAIR, factors=[1])),
        (
            TypeError,
            "^losses must be a sequence of losses, not fastloss.huber",
            lambda: weighted(fl.huber),
        ),
        (TypeError, "^losses must be a sequence of losses, not None", lambda: weighted(None)),
        (TypeError, "^losses must be losses of fastloss, not 3", lambda: weighted([3])),
        (TypeError, "^y_true must be a sequence", lambda: weighted(PAIR)(None, [1.0, 1.0], [0, 0])),
        (TypeError, "^y_pred must be a sequence", lambda: weighted(PAIR)([1.0, 1.0], None, [0, 0])),
        (
            ValueError,
            "^y_pred has 1 entries; there are 2",
            lambda: weighted(PAIR)([1.0] * 2, [1.0], [0, 0]),
        ),
        (TypeError, "^log_variance is missing", lambda: weighted(PAIR)([1.0] * 2, [1.0] * 2, None)),
        (ValueError, "^log_variance has shape", lambda: weighted(PAIR)([1.0] * 2, [1.0] * 2, [0])),
    ],
    ids=lambda x: None if callable(x) else str(x),
)
def test_what_is_refused(error: type[Exception], message: str, call: Callable[[], Any]) -> None:
    with pytest.raises(error, match=message):
        call()
