"""The judge is judged: its derivatives, its digits and its unit of error."""

from __future__ import annotations

import contextlib
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from accuracy import places_of, truths_of
from mpmath import mp, mpf
from oracle import Truth, ulps

import fastloss as fl


def test_a_formula_for_every_row_of_the_catalogue() -> None:
    assert set(oracle.ORACLE) == {row.name for row in fl.losses()}


CASES = [(row, form) for row in cases.OF_SAMPLES if not row.couples and not row.detached for form in row.target.forms]


@pytest.mark.parametrize(("row", "form"), CASES, ids=lambda case: getattr(case, "name", case))
def test_derivatives_are_those_of_mpmath(row: Any, form: str) -> None:
    """Of every loss, at ordinary numbers: jets, and the way a sample is taken apart, against differences of values."""
    rng = cases.generator("derivatives", row.name, form)
    variant = cases.Variant(row, form, "other" if cases.choices(row) else "default")
    inputs = cases.draw(variant, (3, 4) if row.axes in ("C", "D") else (3,), np.float64, rng)
    for i in range(3):
        sample = {name: array[i] for name, array in inputs.arrays.items()}
        places = places_of(inputs)
        for (name, k), found in zip(places, truths_of(inputs, i), strict=True):
            number = float(sample[name] if k is None else sample[name][k])

            def value(x: mpf, name: str = name, k: int | None = k, sample: dict[str, Any] = sample) -> mpf:
                varied = list(sample[name]) if k is not None else x
                if k is not None:
                    varied[k] = x
                here = sample | {name: varied}
                return oracle.truth(row, here, [(name, k)], np.float64, contextlib.nullcontext(), **inputs.given)[0][
                    0
                ].exact

            with mp.workdps(60):
                assert mp.almosteq(found[1].exact, mp.diff(value, number), mpf(10) ** -22, mpf(10) ** -22), (name, k)
                second = mp.diff(value, number, 2)
                assert mp.almosteq(found[2].exact, second, mpf(10) ** -12, mpf(10) ** -12), (name, k)


@pytest.mark.parametrize(
    ("name", "y_true", "y_pred", "parameters", "expected"),
    [
        ("pseudo_huber", 0.0, 1.6, {"delta": 1e92}, (1.28, 1.6, 1.0)),
        ("pseudo_huber", 0.0, 1e-30, {"delta": 1e300}, (0.5e-60, 1e-30, 1.0)),
        ("cauchy", 0.0, 1.0, {"c": 1e300}, (0.5, 1.0, 1.0)),
        ("welsch", 0.0, 1e20, {"c": 1e300}, (0.5e40, 1e20, 1.0)),
        ("fair", 0.0, 1e-5, {"c": 1e200}, (0.5e-10, 1e-5, 1.0)),
        ("negative_binomial", 63.0, 60.0, {"dispersion": 5e61}, (None, 2e-62, 63 / 5e61 * np.exp(-60.0))),
    ],
)
def test_large_parameters_leave_enough_digits(
    name: str, y_true: float, y_pred: float, parameters: dict, expected: tuple
) -> None:
    row = getattr(fl, name)._row
    sample = {"y_true": y_true, row.prediction: y_pred}
    [truths] = oracle.truth(row, sample, [(row.prediction, None)], np.float64, **parameters)
    for truth, number in zip(truths, expected, strict=True):
        if number is not None:
            assert float(truth.exact) == pytest.approx(number, rel=1e-12, abs=0)


@pytest.mark.parametrize("regime", cases.ROW_REGIMES)
@pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)
def test_folded_classes_change_nothing(regime: str, dtype: np.dtype) -> None:
    """To a twentieth of a unit in the last place."""
    y_true, logits = cases.rows_of(regime, dtype, 8, 30)
    for target, row in zip(y_true[:3], logits[:3], strict=True):
        places = sorted({int(target), 3, int(row.argmax())})
        inputs = cases.call_of(fl.cross_entropy, [target], [row])
        inputs = inputs.each(np.asarray)
        full, less = (truths_of(inputs, 0, [("logits", k) for k in places], folded) for folded in (False, True))
        for right, folded in zip(full, less, strict=True):
            for exact, approximate in zip(right, folded, strict=True):
                nearest = oracle.rounded(exact.exact, dtype)
                spacing = oracle.spacing(nearest, dtype) if mp.isfinite(nearest) else mp.inf
                assert abs(exact.exact - approximate.exact) <= spacing / 20


def test_units_in_the_last_place() -> None:
    one = Truth(mpf(1), mpf(1))
    assert ulps(np.float32(1), one, np.float32) == 0
    assert ulps(np.nextafter(np.float32(1), np.float32(2)), one, np.float32) == 1
    assert ulps(np.nextafter(1.0, 0.0), one, np.float64) == 0.5  # below a power of two the neighbours are closer
    assert ulps(np.float32(0), Truth(mpf(2) ** -149, mpf(2) ** -149), np.float32) == 1
    assert ulps(np.float32(0), Truth(mpf(2) ** -130, mpf(2) ** -130), np.float32) == 2**19
    assert ulps(np.float32(2**-149), Truth(mpf(0), mpf(0)), np.float32) == 1
    assert ulps(np.float32(0.75), Truth(mpf(0.5), mpf(1)), np.float32) == 2**21
    assert ulps(np.float32("inf"), Truth(mpf(10) ** 39, mpf(10) ** 39), np.float32) == 0
    assert ulps(np.finfo(np.float32).max, Truth(mpf(10) ** 39, mpf(10) ** 39), np.float32) == mp.inf
    assert ulps(np.float32("inf"), one, np.float32) == mp.inf
    assert ulps(np.float32("nan"), one, np.float32) == mp.inf


@pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)
def test_rounding_is_that_of_the_machine(dtype: np.dtype) -> None:
    rng = cases.generator("rounding", dtype)
    exponents = np.append(rng.integers(-1090, 1100, 300), [-1085, 1095])  # both ends whatever is drawn
    wide = np.longdouble(rng.uniform(1, 2, exponents.size)) * np.longdouble(2) ** exponents
    with np.errstate(over="ignore", under="ignore"):
        narrow = wide.astype(dtype)
    assert np.isinf(narrow).any()
    assert (narrow == 0).any()
    for number, expected in zip(wide, narrow, strict=True):
        with mp.workdps(60):
            assert oracle.rounded(oracle.exact(number), dtype) == mpf(float(expected))
