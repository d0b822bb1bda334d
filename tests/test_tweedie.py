"""`tweedie` at powers of its own formulas: 0, and above 2; and at 1 and 2, where other losses compute it."""

from __future__ import annotations

from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, bits, generator
from mpmath import mp

import fastloss as fl

LOSS, POWERS = fl.tweedie, (0.0, 2.125, 2.5, 3.0, 3.7, 7.0, 101.5)
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_power = pytest.mark.parametrize("power", POWERS)
#: Units in the last place: 2.81, 2.41 and 2.57 were measured.
MOST = {"value": 4, "grad": 4, "hess": 4}


def check(power: float, y_true: np.ndarray, scores: np.ndarray, dtype: Any) -> None:
    results = LOSS.value_grad_hess(y_true, scores, power=power, reduction="none")
    for i in range(len(scores)):
        sample = {"y_true": y_true[i], "y_pred": scores[i]}
        more = 40 + int(4 * abs(float(scores[i])) * max(power, 1) / 2.3)
        (truths,) = oracle.truth(
            LOSS._row, sample, [("y_pred", None)], dtype, mp.workdps(min(more, 20_000)), power=power
        )
        for part, result, truth in zip(MOST, results, truths, strict=True):
            error = oracle.ulps(result[i], truth, np.dtype(dtype))
            assert error <= MOST[part], (part, y_true[i], scores[i], result[i])


def targets(rng: np.random.Generator, n: int, power: float, dtype: Any) -> np.ndarray:
    y_true = rng.choice([1.0, 1e-3, 1e3], n) * rng.exponential(size=n) + 1e-6
    return (y_true * rng.choice([-1, 0, 1], n) if power == 0 else y_true).astype(dtype)


@of_float
@of_power
def test_ordinary_numbers_against_the_truth(power: float, dtype: Any) -> None:
    rng = generator("tweedie", power, str(dtype))
    check(power, targets(rng, 30, power, dtype), rng.normal(scale=3, size=30).astype(dtype), dtype)
    if power > 50:  # where what cancels is beyond all numbers
        return
    mean = np.exp(rng.normal(size=20)) * (1 + rng.normal(size=20) * 1e-3)
    check(power, mean.astype(dtype), np.log(mean * rng.choice([1, 1 + 1e-6], 20)).astype(dtype), dtype)


@of_float
@of_power
def test_exponentials_of_any_size_against_the_truth(power: float, dtype: Any) -> None:
    """Either of the two may be beyond all numbers, or below, where a result is an ordinary number."""
    rng, info = generator("tweedie far", power, str(dtype)), np.finfo(dtype)
    least, most = np.log(float(info.smallest_subnormal)), np.log(float(info.max))
    y_true = np.exp(rng.uniform(0.99 * least, 0.99 * most, 24))
    scores = rng.uniform(1.1 * least, 1.1 * most, 24) / max(1, rng.choice([1, abs(2 - power), power]))
    scores[::2] = (np.log(y_true) + rng.normal(size=24) * 2)[::2]  # next to the mean
    y_true = np.maximum(y_true, float(info.smallest_subnormal)).astype(dtype)
    check(power, y_true * (rng.choice([-1, 1], 24).astype(dtype) if power == 0 else 1), scores.astype(dtype), dtype)


@of_float
def test_special_values(dtype: Any) -> None:
    inf, nan = np.inf, np.nan
    for power, y, s, value, gradient in (
        (3.0, 2.0, inf, -0.0, 0.0), (3.0, 2.0, -inf, inf, -inf), (3.0, 2.0, 1e4, -0.0, 0.0),
        (3.0, 2.0, -1e4, inf, -inf), (2.5, 2.0, 1e30, -0.0, 0.0), (2.5, 2.0, -1e30, inf, -inf),
        (0.0, 2.0, -inf, 0.0, 0.0), (0.0, 2.0, inf, inf, inf), (0.0, -2.0, 1e4, inf, inf), (0.0, -2.0, -1e4, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.5, 1.0), (3.0, inf, 0.0, inf, -inf), (3.0, 1.0, nan, nan, nan), (0.0, nan, 1.0, nan, nan),
    ):  # fmt: skip
        got = LOSS.value_and_grad(np.array([y], dtype), np.array([s], dtype), power=power, reduction="none")
        np.testing.assert_array_equal(got, [[value], [gradient]], err_msg=str((power, y, s)))
    masked = LOSS.value_and_grad(np.array([1, 2], dtype), np.array([nan, 0], dtype), where=[False, True], power=3.0)
    assert masked[0] == LOSS([2.0], [0.0], power=3.0) and masked[1].tolist() == [0.0, -1.0]


@of_float
@pytest.mark.parametrize(("power", "other"), [(1.0, fl.poisson), (2.0, fl.gamma)])
def test_the_loops_of_other_losses(power: float, other: fl.Loss, dtype: Any) -> None:
    """They have the bits of these, and zeros among the targets, which `gamma` alone refuses."""
    rng = generator("tweedie ends", power, str(dtype))
    y_true, scores = rng.poisson(2.0, 99).astype(dtype) + dtype.type(power == 2), rng.normal(size=99).astype(dtype)
    for call in (LOSS.bind(power=power).value_grad_hess, lambda *a, **k: LOSS.value_grad_hess(*a, power=power, **k)):
        for _ in range(2):  # the second goes the short way
            assert bits(call(y_true, scores, reduction="none")) == bits(
                other.value_grad_hess(y_true, scores, reduction="none")
            )
    far = np.array([-1e3, -100, 0, 100, 1e3, -np.inf, np.inf], dtype)
    value, gradient, hessian = LOSS.value_grad_hess(np.zeros(7, dtype), far, power=power, reduction="none")
    with np.errstate(over="ignore"):
        expected = np.exp(far) if power == 1 else far
        np.testing.assert_allclose(value, expected, rtol=4 * np.finfo(dtype).eps)
    if power == 2:
        assert gradient.tolist() == [1.0] * 7 and not hessian.any()


def test_targets_are_those_of_the_power() -> None:
    for y, power, message in (
        (-1.0, 1.0, "y_true[0] = -1.0 is not >= 0"), (-1.0, 2.0, "y_true[0] = -1.0 is not >= 0"),
        (0.0, 2.5, "y_true[0] = 0.0 is not > 0"), (-1.0, 3.0, "y_true[0] = -1.0 is not > 0"),
    ):  # fmt: skip
        for loss, given in ((LOSS.bind(power=power), {}), (LOSS, {"power": power}), (2 * LOSS.bind(power=power), {})):
            with pytest.raises(ValueError) as caught:
                loss([y], [0.0], **given)
            assert str(caught.value).startswith(message)
    assert LOSS([-1.0, 0.0], [0.0, 0.0], power=0) == 1.0
    assert LOSS([0.0], [0.0], power=[1.25]) == fl.tweedie([0.0], [0.0], power=1.25)
    for power, said in (
        (0.5, "power = 0.5 is not 0, or in [1, 1e+06]"), (-1, "power = -1 is not 0"),
        (2e6, "power = 2000000.0 is not 0"),
        ([1.5, 3.0], "power[0] = 1.5 is not > 2"), ([3.0, 0.0], "power[1] = 0.0 is not > 2"),
        ([3.0, 0.5], "power[1] = 0.5 is not 0, or"), (np.nan, "power = nan is not 0"),
    ):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            LOSS([1.0, 1.0], [0.0, 0.0], power=power)
        assert str(caught.value).startswith(said)


def test_arrays_of_powers_sums_and_a_power_that_rounds() -> None:
    rng = generator("tweedie arrays")
    y_true, scores, power = rng.exponential(size=(5, 40)), rng.normal(size=(5, 40)), np.array([2.25, 3, 4, 9, 50.0])
    results = LOSS.value_grad_hess(y_true, scores, power=power[:, None], reduction="none")
    for k in range(5):
        row = LOSS.value_grad_hess(y_true[k], scores[k], power=power[k], reduction="none")
        assert bits(tuple(part[k] for part in results)) == bits(row)
    total = 2 * LOSS.bind(power=3.0) + fl.gamma
    value, gradient = total.value_and_grad(y_true, scores)
    apart = [loss.value_and_grad(y_true, scores, **own) for loss, own in ((LOSS, {"power": 3.0}), (fl.gamma, {}))]
    assert value == pytest.approx(2 * apart[0][0] + apart[1][0], rel=1e-14)
    np.testing.assert_allclose(gradient, 2 * apart[0][1] + apart[1][1], rtol=1e-12, atol=1e-18)
    near = LOSS.value_grad_hess(np.float32([2]), np.float32([1]), power=2 + 1e-9, reduction="none")
    np.testing.assert_allclose(
        near, fl.gamma.value_grad_hess(np.float32([2]), np.float32([1]), reduction="none"), rtol=1e-6
    )


def test_it_is_what_scikit_learn_has() -> None:
    """Whose loss at 0 keeps the term y^2 / 2."""
    theirs = pytest.importorskip("sklearn._loss.loss").HalfTweedieLoss
    rng = generator("tweedie sklearn")
    y_true, scores = rng.exponential(size=50), rng.normal(size=50)
    for power in (0.0, 1.0, 1.5, 2.0, 2.7, 3.0, 5.0):
        value, gradient = LOSS.value_and_grad(y_true, scores, power=power, reduction="none")
        expected, slope = theirs(power=power).loss_gradient(y_true, scores)
        np.testing.assert_allclose(value + (y_true**2 / 2 if power == 0 else 0), expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(gradient, slope, rtol=1e-12, atol=1e-13)
    model = fl.interop.sklearn.GeneralizedLinear(LOSS.bind(power=3.0)).fit(
        scores[:, None], np.exp(scores) * (1 + y_true)
    )
    assert (model.predict(scores[:, None]) > 0).all()


@pytest.mark.skipif(cases.current_engine() != "compiled", reason="it compares engines")
def test_the_other_engine() -> None:
    pytest.importorskip("numba")
    rng = generator("tweedie engines")
    y_true, scores = rng.exponential(size=70), rng.normal(size=70)
    for power in (0.0, 3.0):
        expected = LOSS.value_grad_hess(y_true, scores, power=power, reduction="none")
        with fl.engine("numba"):
            got = LOSS.value_grad_hess(y_true, scores, power=power, reduction="none")
        np.testing.assert_allclose(got, expected, rtol=1e-14, atol=1e-15)
