"""`full=True` of `negative_binomial`: all of -log pmf, and its derivative by the dispersion."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator, rounded_once
from mpmath import mp, mpf

import fastloss as fl

NB = fl.negative_binomial
FULL = NB.bind(full=True)
#: At dispersion 1 the terms that `full` adds are 0.
HALF, FULL_HALF = NB.bind(dispersion=0.5), NB.bind(dispersion=0.5, full=True)
METHODS = ("__call__", "grad", "value_and_grad", "grad_and_hess", "value_grad_hess")
#: The largest |s|: further away e^s is no number, or has lost digits.
FARTHEST = {"float32": 80, "float64": 700}


def drawn(dtype: Any, n: int, *key: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return counts, logarithms of means and dispersions: all orders of magnitude, and where one way to it ends."""
    rng = generator("full", dtype, *key)

    def one_of(*kinds: np.ndarray) -> np.ndarray:
        return np.choose(rng.integers(len(kinds), size=n), kinds)

    wide = 10 ** rng.uniform(-3, 9, n)
    y = one_of(
        wide,
        np.rint(wide),
        rng.integers(0, 15, n),
        10 ** rng.uniform(-9, 2, n),
        np.nextafter(10, rng.choice([0, 11], n)),
    )
    a = one_of(
        10 ** rng.uniform(-9, 9, n), 1 / rng.uniform(5, 15, n), 10 ** rng.uniform(-2, 1, n), 1 / np.maximum(y, 1e-3)
    )
    of_y = np.log(np.maximum(y, 1e-3))
    far = FARTHEST[str(np.dtype(dtype))]
    s = one_of(
        rng.uniform(-far, far, n), 2 * rng.normal(size=n), of_y + rng.normal(size=n),
        of_y + rng.normal(size=n) * 10 ** rng.uniform(-10, 0, n), of_y + 20 * rng.normal(size=n),
    )  # fmt: skip
    return tuple(x.astype(dtype) for x in (y, s, np.clip(a, 1e-9, 1e9)))


def value_of(y: mpf, s: mpf, a: mpf) -> mpf:
    return sum(oracle.negative_binomial(y, s, a, True))


def digits_for(y: float, s: float) -> int:
    """Return the digits in which 1 + a e^s keeps its digits, and log Gamma costs no more than that."""
    return 130 if y and s > -40 else 150 + round(abs(s))


def truth(y: float, s: float, a: float, dtype: Any) -> oracle.Truth:
    """Return the value; nothing is forgiven for terms that cancel, so it is its own scale."""
    with mp.workdps(digits_for(y, s)):
        exact = value_of(mpf(float(y)), mpf(float(s)), mpf(float(a)))
        return oracle.Truth(exact, abs(exact))


def truth_by_dispersion(y: float, s: float, a: float) -> oracle.Truth:
    """Return the derivative from a difference; it crosses zero, and its scale is the larger of its terms."""
    with mp.workdps(digits_for(y, s) + 200):
        y, s, a = (mpf(float(x)) for x in (y, s, a))
        step = a * mpf(10) ** -100
        exact = (value_of(y, s, a + step) - value_of(y, s, a - step)) / (2 * step)
    with mp.workdps(40):
        r = 1 / a
        term = r * r * (mp.log(r / (y + r)) - mp.psi(0, r) + mp.psi(0, y + r)) if y else mpf(0)
        return oracle.Truth(exact, max(abs(exact), abs(term)))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("engine", ["compiled", "numba"])
def test_the_value(dtype: Any, engine: str) -> None:
    """At most 9.8 ULP measured in 8,500 elements of each type."""
    y, s, a = drawn(dtype, 400, engine)
    with fl.engine(engine):
        values = FULL(y, s, dispersion=a, reduction="none")
    assert values.dtype == dtype
    for k in range(y.size):
        error = oracle.ulps(values[k], truth(y[k], s[k], a[k], dtype), dtype)
        assert error <= 16, (y[k], s[k], a[k], values[k], error)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_the_derivative_by_the_dispersion(dtype: Any) -> None:
    """At most 8 ULP measured in 8,500 elements; computed in float64 whatever the type."""
    y, s, a = drawn(dtype, 250)
    by = FULL.parameter_grads(y, s, dispersion=a, reduction="sum")["dispersion"]
    assert by.dtype == np.float64
    for k in range(y.size):
        error = oracle.ulps(by[k], truth_by_dispersion(y[k], s[k], a[k]), np.float64)
        assert error <= 16, (y[k], s[k], a[k], by[k], error)


@pytest.mark.parametrize("a", [1e-9, 1e-3, 0.05, 0.1, 0.7, 3.0, 50.0])
@pytest.mark.parametrize("s", [-3.0, 0.0, 2.0])
def test_the_probabilities_of_all_counts_add_up_to_1(a: float, s: float) -> None:
    counts = np.arange(100_000.0)
    probabilities = np.exp(-FULL(counts, np.full(counts.shape, s), dispersion=a, reduction="none"))
    assert math.fsum(probabilities) == pytest.approx(1, rel=1e-12, abs=0)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("engine", ["compiled", "numba"])
def test_gradient_and_hessian_stay(dtype: Any, engine: str) -> None:
    rng = generator("stay", dtype)
    y, s = rng.poisson(5, (40, 13)).astype(dtype), rng.normal(size=(40, 13)).astype(dtype)
    options = {"sample_weight": rng.integers(0, 5, (40, 13)) / 4, "where": rng.random((40, 13)) < 0.8}
    with fl.engine(engine):
        for given in ({}, options, options | {"dispersion": np.linspace(0.5, 2, 13)}):
            for reduction in ("mean", "sum", "none"):
                value, *derivatives = FULL_HALF.value_grad_hess(y, s, reduction=reduction, **given)
                base, *others = HALF.value_grad_hess(y, s, reduction=reduction, **given)
                assert bits(tuple(derivatives)) == bits(tuple(others))
                assert np.all(value != base) or reduction == "none"
                assert bits(FULL_HALF.grad(y, s, reduction=reduction, **given)) == bits(others[0])
                assert bits(FULL_HALF(y, s, reduction=reduction, **given)) == bits(value)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_halves_are_those_of_float32_rounded_once(dtype: Any) -> None:
    rng = generator("halves", dtype)
    y, s = rng.poisson(5, 300).astype(dtype), rng.normal(size=300).astype(dtype)
    wide = FULL_HALF(y.astype(np.float32), s.astype(np.float32), reduction="none")
    assert bits(FULL_HALF(y, s, reduction="none")) == bits(rounded_once(wide, dtype))


@pytest.mark.parametrize("engine", ["compiled", "numba"])
def test_every_way_of_a_call_takes_its_own_loop(engine: str) -> None:
    """Bound or given, and given in turns with its default: what a call remembers of one is not the other's."""
    y, s = np.arange(12.0), np.linspace(-1, 2, 12)
    with fl.engine(engine):
        for _ in range(4):
            for method in METHODS:
                base, full = getattr(HALF, method)(y, s), getattr(FULL_HALF, method)(y, s)
                assert bits(getattr(HALF, method)(y, s, full=True)) == bits(full)
                assert bits(getattr(HALF, method)(y, s, full=np.True_)) == bits(full)
                assert bits(getattr(FULL_HALF, method)(y, s, full=False)) == bits(base)
                assert (bits(base) == bits(full)) == ("value" not in method and method != "__call__")
        assert HALF.point(3.0, 0.5, full=True)[0] == FULL_HALF([3.0], [0.5])
        for total, parameter in ((2 * FULL_HALF, "full"), (FULL_HALF + fl.poisson, "negative_binomial_full")):
            name = f"negative_binomial_{parameter}" if parameter == "full" else parameter
            rest = 0 if parameter == "full" else fl.poisson(y, s)
            factor = 2 if parameter == "full" else 1
            for _ in range(4):
                assert total(y, s) == pytest.approx(factor * FULL_HALF(y, s) + rest, rel=1e-14, abs=0)
                assert total(y, s, **{name: False}) == pytest.approx(factor * HALF(y, s) + rest, rel=1e-14, abs=0)
            assert (1.0 * total).bind(**{name: False})(y, s) == total(y, s, **{name: False})


def test_what_a_bound_loss_is() -> None:
    assert repr(FULL) == "fastloss.negative_binomial.bind(full=True)"
    assert FULL == NB.bind(full=True) != NB
    assert NB.bind(full=False) == NB
    assert pickle.loads(pickle.dumps(FULL)) == FULL
    total = FULL + fl.poisson
    assert pickle.loads(pickle.dumps(total)) == total != NB + fl.poisson
    assert repr(total) == "fastloss.negative_binomial.bind(full=True) + fastloss.poisson"


@pytest.mark.parametrize("wrong", [1, 0, "True", None, 1.0, [True], np.ones(2, bool)], ids=repr)
def test_what_full_may_be(wrong: Any) -> None:
    for call in (lambda: NB([1.0], [0.0], full=wrong), lambda: NB.bind(full=wrong)):
        NB([1.0], [0.0], full=True)  # as often as a call is remembered
        with pytest.raises(TypeError, match=r"full = .* is not True or False"):
            call()


def test_a_dispersion_is_learned_with_full() -> None:
    with pytest.raises(ValueError, match=r"the value of negative_binomial lacks terms .* dispersion.*; full=True"):
        NB.parameter_grads([1.0], [0.0])
    total = NB + fl.huber
    assert list(total.parameter_grads([1.0], [0.0])) == ["negative_binomial_factor", "huber_factor", "huber_delta"]
    by = (3 * FULL + fl.huber).parameter_grads([1.0, 4.0], [0.0, 0.5], negative_binomial_dispersion=0.3)
    own = FULL.parameter_grads([1.0, 4.0], [0.0, 0.5], dispersion=0.3)["dispersion"]
    assert by["negative_binomial_dispersion"] == 3 * own
    rng = generator("learned dispersion")
    y = rng.negative_binomial(1 / 0.4, 1 / (1 + 0.4 * 7), 20_000).astype(float)
    s = np.full(y.shape, np.log(y.mean()))
    dispersion = 3.0
    for _ in range(60):
        dispersion *= np.exp(-2 * dispersion * FULL.parameter_grads(y, s, dispersion=dispersion)["dispersion"])
    assert dispersion == pytest.approx(0.4, rel=0.1)
    around = [FULL(y, s, dispersion=dispersion * factor) for factor in (0.99, 1, 1.01)]
    assert min(around) == around[1]


def test_at_infinity_and_nan() -> None:
    """As without `full`; the derivative has its limit."""
    for y, s, value in ((2.0, np.inf, np.inf), (2.0, -np.inf, np.inf), (0.0, -np.inf, 0.0), (0.0, np.inf, np.inf)):
        for a in (1e-3, 1.0, 1e3):
            assert FULL([y], [s], dispersion=a) == value
            by = FULL.parameter_grads([y], [s], dispersion=a)["dispersion"]
            r = 1 / a
            if s > 0:
                assert by == -np.inf
            elif y == 0:
                assert by == 0
            else:
                with mp.workdps(40):
                    chi = mp.log(r / (y + r)) - mp.psi(0, r) + mp.psi(0, y + r)
                    limit = float(mpf(r) ** 2 * (chi + mp.log(1 + mpf(a) * y) - mpf(a) * y))
                assert by == pytest.approx(limit, rel=1e-9, abs=0)
    assert np.isnan(FULL([1.0], [np.nan]))
    assert np.isnan(FULL.parameter_grads([1.0], [np.nan])["dispersion"])
    assert np.isnan(FULL.parameter_grads([0.0], [np.nan])["dispersion"])


@pytest.mark.slow
def test_in_compiled_functions() -> None:
    numba = pytest.importorskip("numba")
    total = FULL + fl.poisson

    @numba.njit
    def both(y: Any, s: Any) -> Any:
        return FULL(y, s), total(y, s), FULL.point(y[1], s[1])[0]

    y, s = np.arange(12.0), np.linspace(-1, 2, 12)
    value, of_sum, at_place = both(y, s)
    assert value == pytest.approx(FULL(y, s), rel=1e-14, abs=0)
    assert of_sum == pytest.approx(total(y, s), rel=1e-14, abs=0)
    assert at_place == pytest.approx(FULL(y[1:2], s[1:2]), rel=1e-14, abs=0)


def test_what_the_terms_of_full_cannot_hold_is_refused() -> None:
    y_true, y_pred = np.array([0.0, 3.0, 7.0]), np.zeros(3)
    assert math.isfinite(NB(y_true, y_pred, dispersion=1e-20))
    for call in (
        lambda: FULL(y_true, y_pred, dispersion=1e-20),
        lambda: NB(y_true, y_pred, dispersion=1e20, full=True),
        lambda: NB.bind(dispersion=1e-20, full=True),
        lambda: NB(y_true, y_pred, dispersion=np.array([1.0, 1e-20, 1.0]), full=True),
        lambda: (2 * NB)(y_true, y_pred, negative_binomial_dispersion=1e-20, negative_binomial_full=True),
    ):
        for _ in range(3):
            with pytest.raises(ValueError, match=r"dispersion.* = 1e[-+]20 is not between 1e-15 and 1e\+15"):
                call()
    y_true[1] = 1e16
    assert math.isfinite(NB(y_true, y_pred))
    for loss in (FULL, 2 * FULL):
        with pytest.raises(ValueError, match=r"y_true\[1\] = 1e\+16 .* at most 1e\+15"):
            loss.value_and_grad(y_true, y_pred)
