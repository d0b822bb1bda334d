"""Losses of survival times whose samples do not see each other: against their textbooks, peers, and what is refused."""

from __future__ import annotations

from typing import Any

import accuracy
import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, bits, generator
from mpmath import mp
from numpy.testing import assert_allclose

import fastloss as fl
from fastloss.runtime import current_engine

of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
compiled = pytest.mark.skipif(current_engine() == "numba", reason="no kernel of this engine")


def hazards(rows: int, intervals: int, dtype: Any, *key: Any) -> cases.Inputs:
    (variant,) = cases.variants_of([fl.logistic_hazard._row])
    return cases.draw(variant, (rows, intervals), dtype, generator("hazards", rows, intervals, dtype, *key))


# -- hazards ----------------------------------------------------------------------------------------------------------


@compiled
@of_floats
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0, 300.0])
@pytest.mark.parametrize("intervals", [1, 2, 7, 96, 97])
def test_the_textbook_of_hazards(intervals: int, scale: float, dtype: Any) -> None:
    inputs = hazards(8 if intervals < 90 else 2, intervals, dtype, scale)
    inputs.arrays["logits"] *= dtype.type(scale)
    accuracy.measure(inputs, dtype).check(accuracy.BOUNDS[str(dtype)])


@compiled
@pytest.mark.parametrize("weight", [1e200, 1e300])
@pytest.mark.parametrize("intervals", [3, 97])
def test_a_weight_brings_back_what_is_next_to_nothing(intervals: int, weight: float) -> None:
    """A hazard of e^-740 has few digits left; times a large weight its derivatives are ordinary numbers."""
    logits = np.full((2, intervals), -740.0)
    logits[1, 0] = 740.0
    keywords: dict[str, Any] = {"sample_weight": weight, "reduction": "none"}
    value, gradient, hessian = fl.logistic_hazard.value_grad_hess([1, 0], [0, 1], logits, **keywords)
    whole = float(np.exp(np.longdouble(-740)) * np.longdouble(weight))
    assert_allclose(value, [2 * whole, whole], rtol=1e-15)
    assert_allclose(gradient[0, :2], whole, rtol=1e-15)
    assert_allclose(gradient[1, 0], -whole, rtol=1e-15)
    assert_allclose(hessian[0, :2], whole, rtol=1e-15)
    assert not gradient[0, 2:].any() and not gradient[1, 1:].any() and not hessian[0, 2:].any()


@compiled
def test_hazards_are_pycoxs() -> None:
    """Its ``nll_logistic_hazard``, written in NumPy: binary cross-entropies up to the interval."""
    inputs = hazards(50, 8, np.dtype(np.float64), "pycox")
    interval, event, logits = inputs.arrays.values()
    labels = np.zeros(logits.shape)
    labels[np.arange(50), interval.astype(int)] = event
    each = np.where(labels == 1, np.logaddexp(0, -logits), np.logaddexp(0, logits))
    expected = np.cumsum(each, axis=1)[np.arange(50), interval.astype(int)]
    assert_allclose(inputs("__call__"), expected, rtol=1e-14)


@compiled
def test_survival_is_a_product_of_hazards() -> None:
    """Of all ways that a sample may go the probabilities add up to 1."""
    logits = generator("ways").normal(size=5)
    ways = [(k, 1) for k in range(5)] + [(4, 0)]
    values = [fl.logistic_hazard(k, event, logits) for k, event in ways]
    assert np.exp(-np.array(values)).sum() == pytest.approx(1, rel=1e-15)


@compiled
def test_later_intervals_do_not_count() -> None:
    inputs = hazards(40, 9, np.dtype(np.float32), "later")
    interval, event, logits = inputs.arrays.values()
    later = np.arange(9) > interval[:, None]
    changed = np.where(later, np.float32(50) - logits, logits)
    results = inputs()
    assert bits(fl.logistic_hazard.value_grad_hess(interval, event, changed, reduction="none")) == bits(results)
    assert not results[1][later].any() and not results[2][later].any()
    assert not np.signbit(results[1][later]).any()


@compiled
@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, bool, np.float32])
def test_types_of_intervals_and_events(kind: Any) -> None:
    inputs = hazards(20, 2, np.dtype(np.float64), "types")
    interval, event, logits = inputs.arrays.values()
    expected = bits(inputs())
    given = (interval.astype(kind), event.astype(kind), logits)
    assert bits(fl.logistic_hazard.value_grad_hess(*given, reduction="none")) == expected


@compiled
@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("interval", 4, r"interval\[1\] = 4.0 is none of the 4 intervals of logits, which count from 0"),
        ("interval", 0.5, r"interval\[1\] = 0.5 is none of the 4 intervals"),
        ("interval", -1, r"interval\[1\] = -1.0 is not the index of an interval"),
        ("interval", np.nan, r"interval\[1\] = nan is not the index of an interval"),
        ("interval", np.inf, r"interval\[1\] = inf is none of the 4 intervals"),
        ("event", 0.5, r"event\[1\] = 0.5 is not 0 or 1"),
        ("event", np.nan, r"event\[1\] = nan is not 0 or 1"),
    ],
)
def test_what_is_no_interval_and_no_event(name: str, number: float, words: str) -> None:
    arrays = {"interval": np.array([0.0, 1, 3]), "event": np.array([1.0, 0, 1]), "logits": np.ones((3, 4))}
    arrays[name][1] = number
    out = np.full((3, 4), 7.0)
    with pytest.raises(ValueError, match=words):
        fl.logistic_hazard.grad(**arrays, out=out)
    assert (out == 7).all()
    assert np.isfinite(fl.logistic_hazard(**arrays, where=[True, False, True]))


@compiled
def test_hazards_without_intervals_or_samples() -> None:
    assert fl.logistic_hazard(np.zeros(0), np.zeros(0), np.zeros((0, 3))) == 0
    with pytest.raises(ValueError, match="0 intervals"):
        fl.logistic_hazard([0], [1], np.zeros((1, 0)))


def test_the_other_engine_has_no_kernel_of_hazards() -> None:
    pytest.importorskip("numba")
    with fl.engine("numba"), pytest.raises(NotImplementedError, match="logistic_hazard has no Numba kernel"):
        fl.logistic_hazard([0], [1], np.zeros((1, 2)))


# -- lifetimes --------------------------------------------------------------------------------------------------------

DISTRIBUTIONS = ("normal", "logistic", "extreme")
of_distributions = pytest.mark.parametrize("distribution", DISTRIBUTIONS)
#: How far from the prediction a time may be for its probability to be a float64.
FARTHEST = {"normal": 30.0, "logistic": 500.0, "extreme": 5.0}


def lifetimes(distribution: str, regime: str, dtype: Any, size: int) -> tuple[dict[str, np.ndarray], float]:
    """Return times of every kind and predictions, and a scale. Those between two are wide, narrow, or nearly one."""
    rng = generator("lifetimes", distribution, regime, dtype)
    scale = float(rng.choice([0.125, 0.5, 1.0, 3.0]))
    far = FARTHEST[distribution]
    z = {"ordinary": rng.normal(size=size), "far": rng.uniform(-far, far, size), "near": 1e-2 * rng.normal(size=size)}
    time = np.exp(2 * rng.normal(size=size)).astype(dtype)
    later = time * (1 + 10 ** rng.uniform(-14 if dtype == np.float64 else -5, 1.5, size))
    kind = rng.integers(5, size=size)
    arrays = {
        "lower": np.where(kind == 2, 0, time),
        "upper": np.select([(kind == 0) | (kind == 2), kind == 1], [time, np.inf], later),
        "y_pred": np.log(time.astype(float)) - scale * z[regime],
    }
    return {name: array.astype(dtype) for name, array in arrays.items()}, scale


@compiled
@of_floats
@of_distributions
@pytest.mark.parametrize("regime", ["ordinary", "far", "near"])
def test_the_textbook_of_lifetimes(regime: str, distribution: str, dtype: Any) -> None:
    """To so many units in the last place. Of a gradient in which times above and below pull, to those of the larger
    pull; and log t has 64 bits, which a prediction next to it shows."""
    arrays, scale = lifetimes(distribution, regime, dtype, 60)
    given: dict[str, Any] = {"distribution": distribution, "scale": scale}
    value, gradient, hessian = fl.aft.value_grad_hess(**arrays, **given, reduction="none")
    wide = dtype == np.float64
    for i in range(len(value)):
        sample = {name: array[i] for name, array in arrays.items()}
        ((loss, slope, bend),) = oracle.truth(fl.aft._row, sample, [("y_pred", None)], dtype, **given)
        assert oracle.ulps(value[i], loss, dtype) <= (5 if wide else 1), sample
        assert oracle.ulps(hessian[i], bend, dtype) <= (10 if wide else 1), sample
        log_t = mp.log(oracle.exact(next(t for t in (sample["lower"], sample["upper"]) if 0 < t < np.inf)))
        shown = bend.exact * abs(log_t) * mp.ldexp(1, -11)
        if distribution == "extreme":
            z = float((log_t - oracle.exact(sample["y_pred"])) / scale)
            shown = max(shown, mp.exp(min(z, 0)) / scale if 0 < sample["lower"] < sample["upper"] < np.inf else 0)
        scaled = oracle.Truth(slope.exact, max(slope.scale, shown))
        assert oracle.ulps(gradient[i], scaled, dtype) <= (6 if wide else 1), sample


@compiled
@of_distributions
def test_a_bit_of_time_is_a_time(distribution: str) -> None:
    """The likelihood of a short interval is its length times the density."""
    time, prediction = np.exp(generator("bit").normal(size=(2, 50)))
    after = np.nextafter(time, np.inf)
    between = fl.aft.value_grad_hess(time, after, prediction, distribution=distribution, reduction="none")
    at = fl.aft.value_grad_hess(time, time, prediction, distribution=distribution, reduction="none")
    assert_allclose(between[0] + np.log(after - time), at[0], rtol=1e-13, atol=0)
    assert_allclose(between[1:], at[1:], rtol=1e-13, atol=0)


@compiled
@of_distributions
def test_lifetimes_are_those_of_scipy(distribution: str) -> None:
    stats = pytest.importorskip("scipy.stats")
    arrays, scale = lifetimes(distribution, "ordinary", np.dtype(np.float64), 400)
    lower, upper, prediction = arrays.values()
    law = {"normal": stats.norm, "logistic": stats.logistic, "extreme": stats.gumbel_l}[distribution]
    with np.errstate(all="ignore"):
        a, b = ((np.log(time) - prediction) / scale for time in (lower, upper))
        known = -law.logpdf(a) + np.log(scale * lower)
        expected = np.where(
            lower == upper, known, -np.log(np.where(a > 0, law.sf(a) - law.sf(b), law.cdf(b) - law.cdf(a)))
        )
    value = fl.aft(**arrays, distribution=distribution, scale=scale, reduction="none")
    wide = (lower == upper) | (upper > 1.001 * lower)  # where its difference keeps some digits
    assert_allclose(value[wide], expected[wide], rtol=1e-9, atol=1e-13)


@compiled
@of_distributions
def test_lifetimes_are_xgboosts(distribution: str) -> None:
    """Its metric of given predictions; it holds times and predictions as float32, and lets no loss be above 27.6."""
    xgboost = pytest.importorskip("xgboost")
    rng = generator("xgboost", distribution)
    (log_time, prediction), kind = rng.normal(scale=0.5, size=(2, 300)), rng.integers(4, size=300)
    time = np.exp(log_time)
    lower = np.where(kind == 2, 0, time)
    upper = np.select([(kind == 0) | (kind == 2), kind == 1], [time, np.inf], 1.7 * time)
    data = xgboost.DMatrix(np.zeros((300, 1)), base_margin=prediction)
    data.set_float_info("label_lower_bound", lower)
    data.set_float_info("label_upper_bound", upper)
    given = {"aft_loss_distribution": distribution, "aft_loss_distribution_scale": 1.25, "base_score": 1.0}
    booster = xgboost.Booster({"objective": "survival:aft", "eval_metric": "aft-nloglik", **given}, [data])
    theirs = float(booster.eval(data).split(":")[-1])
    ours = fl.aft(lower, upper, prediction, distribution=distribution, scale=1.25)
    assert ours == pytest.approx(theirs, rel=1e-6, abs=0)


@compiled
@of_distributions
def test_the_derivative_by_the_scale(distribution: str) -> None:
    arrays, scale = lifetimes(distribution, "ordinary", np.dtype(np.float64), 60)
    weight = generator("scale", distribution).random(60)
    total = mp.mpf(0)
    with mp.workdps(120):
        step = mp.mpf(10) ** -40
        for i in range(60):
            numbers = [oracle.exact(array[i]) for array in arrays.values()]
            above, below = (
                sum(
                    oracle.as_jet(term).value for term in oracle.listed(oracle.ORACLE["aft"](*numbers, distribution, s))
                )
                for s in (scale + step, scale - step)
            )
            total += oracle.exact(weight[i]) * (above - below) / (2 * step)
        expected = total / sum(map(oracle.exact, weight))
    found = fl.aft.parameter_grads(**arrays, distribution=distribution, scale=scale, sample_weight=weight)
    assert list(found) == ["scale"]
    assert found["scale"] == pytest.approx(float(expected), rel=1e-13, abs=0)


@compiled
def test_what_is_known_of_a_time() -> None:
    """Nothing: no loss. After t and before t: all there is, so that both likelihoods add up to 1."""
    for distribution in DISTRIBUTIONS:
        nothing = fl.aft.value_grad_hess([0.0], [np.inf], [3.0], distribution=distribution)
        assert nothing[0] == 0 and nothing[1] == [0] and nothing[2] == [0]
        after, before = fl.aft([2.0, 0.0], [np.inf, 2.0], [0.3, 0.3], distribution=distribution, reduction="none")
        assert np.exp(-after) + np.exp(-before) == pytest.approx(1, rel=4e-16)
    assert fl.aft([0.0], [1.0], [200.0]) == pytest.approx(20006.2172809, rel=1e-11)  # where XGBoost's is 27.6


@compiled
@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (-1.0, 2.0, r"lower\[1\] = -1.0 is not >= 0 and finite"),
        (np.inf, np.inf, r"lower\[1\] = inf is not >= 0 and finite"),
        (0.0, 0.0, r"upper\[1\] = 0.0 is not > 0"),
        (2.0, 1.5, r"upper\[1\] = 1.5 is less than lower there, 2.0"),
    ],
)
def test_times_out_of_order(lower: float, upper: float, words: str) -> None:
    times = np.array([[1.0, lower, 1.0], [2.0, upper, 1.0]])
    out = np.full(3, 7.0)
    with pytest.raises(ValueError, match=words):
        fl.aft.grad(*times, np.zeros(3), out=out)
    assert (out == 7).all()
    assert np.isfinite(fl.aft(*times, np.zeros(3), where=[True, False, True]))


@compiled
@of_distributions
def test_infinite_predictions_are_no_trap(distribution: str) -> None:
    """A loss is infinite where a prediction is far on the wrong side, 0 where it is far on the right one."""
    lower, upper = np.array([2.0, 0.0, 1.0]), np.array([np.inf, 2.0, 2.0])
    low, high = (
        fl.aft(lower, upper, np.full(3, y), distribution=distribution, reduction="none") for y in (-np.inf, np.inf)
    )
    assert low.tolist() == [np.inf, 0, np.inf]
    assert high.tolist() == [0, np.inf, np.inf]
