"""The judge is judged: its derivatives, its digits and its unit of error."""

from __future__ import annotations

import cases
import numpy as np
import oracle
import pytest
from mpmath import mp, mpf
from oracle import Truth, ulps

import fastloss as fl


def test_a_formula_for_every_row_of_the_catalogue() -> None:
    assert set(oracle.ORACLE) == {row.name for row in fl.losses()}


@pytest.mark.parametrize("name", ["huber", "binary_cross_entropy", "half_squared_error"])
def test_jets_agree_with_the_finite_differences_of_mpmath(name: str) -> None:
    parameters = {"huber": {"delta": 0.75}, "binary_cross_entropy": {"pos_weight": 3.0, "label_smoothing": 0.1}}.get(
        name, {}
    )
    rng = cases.generator(name)
    given = {key: mpf(value) for key, value in parameters.items()}
    for y_true, y_pred in zip(rng.random(20), rng.normal(scale=3, size=20), strict=True):
        _, first, second = oracle.loss_of_element(name, y_true, y_pred, np.float64, **parameters)
        with mp.workdps(50):

            def loss(x: mpf, y: float = y_true) -> mpf:
                terms = oracle.ORACLE[name](mpf(y), x, **given)
                return sum(terms) if isinstance(terms, list) else terms

            assert mp.almosteq(first.exact, mp.diff(loss, y_pred), mpf(10) ** -30)
            assert mp.almosteq(second.exact, mp.diff(loss, y_pred, 2), mpf(10) ** -20)


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
    truths = oracle.loss_of_element(name, y_true, y_pred, np.float64, **parameters)
    for truth, number in zip(truths, expected, strict=True):
        if number is not None:
            assert float(truth.exact) == pytest.approx(number, rel=1e-12, abs=0)


@pytest.mark.parametrize("target", [2, [0.25, 0.5, 0.125, 0.125]])
def test_jets_of_a_row_agree_with_the_finite_differences_of_mpmath(target: object) -> None:
    row = cases.generator("row").normal(size=4)
    given = {"class_weight": [mpf(1), mpf(2), mpf(0.5), mpf(3)], "label_smoothing": mpf(0.125)}
    for place, truth in enumerate(oracle.loss_of_row("cross_entropy", target, row, range(4), np.float64, **given)):
        with mp.workdps(50):

            def loss(x: mpf, place: int = place) -> mpf:
                return sum(
                    oracle.ORACLE["cross_entropy"](
                        target, [*map(mpf, row[:place]), x, *map(mpf, row[place + 1 :])], **given
                    )
                )

            assert mp.almosteq(truth[1].exact, mp.diff(loss, row[place]), mpf(10) ** -30)
            assert mp.almosteq(truth[2].exact, mp.diff(loss, row[place], 2), mpf(10) ** -20)


@pytest.mark.parametrize("regime", cases.ROW_REGIMES)
@pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)
def test_folded_classes_change_nothing(regime: str, dtype: np.dtype) -> None:
    """To a twentieth of a unit in the last place."""
    y_true, logits = cases.rows_of(regime, dtype, 8, 30)
    for target, row in zip(y_true[:3], logits[:3], strict=True):
        places = sorted({int(target), 3, int(row.argmax())})
        weight = {"class_weight": [1.0] * 30, "label_smoothing": 0.0}
        full = oracle.loss_of_row("cross_entropy", int(target), row, places, dtype, **weight)
        kept = oracle.fold(row, places)
        less = oracle.loss_of_row(
            "cross_entropy",
            places.index(target),
            kept,
            range(len(places)),
            dtype,
            **weight | {"class_weight": [1.0] * len(kept)},
        )
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
