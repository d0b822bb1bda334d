"""Losses of survival times whose samples do not see each other: against their textbooks, peers, and what is refused."""

from __future__ import annotations

from typing import Any

import accuracy
import cases
import numpy as np
import pytest
from cases import FLOATS, bits, generator
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
    inputs = hazards(12 if intervals < 90 else 3, intervals, dtype, scale)
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
