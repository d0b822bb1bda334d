"""Every result against the truth, in every regime. No absolute tolerance anywhere: an atol is what hides the errors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from accuracy import (
    bounds,
    check_against,
    foldable,
    inexact_values,
    inputs_of_rows,
    measure,
    sampled_classes,
    scaled,
    truths_of,
)
from mpmath import mp, mpf
from numpy.testing import assert_array_equal

import fastloss as fl
from fastloss.rows import real

VARIANTS = list(cases.variants())
POINTWISE = [variant for variant in VARIANTS if not variant.rowwise]
ROWWISE = [variant for variant in VARIANTS if variant.rowwise]
ELEMENT_CASES = [(variant, regime) for variant in POINTWISE for regime in cases.element_regimes(variant.row)]
#: Whose exponentials take mpmath a thousand bits.
SLOW_REGIMES = ("near the largest",)
SUMS_TO_ZERO = (
    "cross_entropy-index-default", "cross_entropy-soft-default", "generalized_cross_entropy-index-default",
    "sparsemax-index-default", "entmax15-index-default", "kl_divergence-soft-default",
)  # fmt: skip
HUGE_REGIMES = ("spread 1", "spread 10", "offset -1e6", "right by 36 to 85", "wrong")

of_dtype = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)


def test_a_right_model_still_has_a_loss() -> None:
    """Every other library gives 0 here."""
    loss, grad = fl.cross_entropy.value_and_grad([0], np.float32([[20, 0]]))
    assert loss == pytest.approx(2.0611537e-09, rel=1e-7, abs=0)
    assert_array_equal(grad, np.float32([[-2.0611537e-09, 2.0611537e-09]]))


def numbers_without_limit() -> Iterator[tuple[cases.Variant, str]]:
    """Every parameter that may be as large as a float, but for exponents: they are harder the larger they are."""
    for variant in POINTWISE:
        for parameter in variant.row.parameters:
            number = parameter.kind in ("element", "number") and not hasattr(parameter.domain, "options")
            if number and parameter.domain.high == math.inf and not parameter.name.startswith("gamma"):
                yield variant, parameter.name


@of_dtype
@pytest.mark.parametrize(
    ("variant", "name"),
    [case for case in numbers_without_limit() if case[0].parameters == "default"],
    ids=lambda case: str(case),
)
def test_parameters_may_be_of_any_size(variant: cases.Variant, name: str, dtype: np.dtype) -> None:
    """A residual of 1e-18 over a scale of 1e3 has no square in float32: the loss is right all the same."""
    rng = cases.generator("any size", str(variant), name, dtype)
    domain = next(parameter.domain for parameter in variant.row.parameters if parameter.name == name)
    largest = 30 if dtype == np.float32 else 250
    tried = 0
    for exponent in (-largest, -largest // 2, -4, 4, largest // 2, largest):
        number = float(dtype.type(1.37 * 10.0**exponent))
        if number not in domain:
            continue
        inputs = cases.elements_of(variant, next(iter(cases.element_regimes(variant.row))), dtype, 12)
        if variant.target == "real" and 0 in variant.row.target and variant.row.prediction != "logits":
            size = 10.0 ** rng.uniform(max(-largest, exponent - 12), min(largest, exponent + 12), 12)
            inputs.y_true, drawn = np.zeros(12, dtype), (size * rng.choice([-1, 1], 12)).astype(dtype)
            inputs.y_pred = np.stack([drawn, inputs.y_pred[:, 1]], -1) if variant.row.axes == "2" else drawn
            assert len(set(abs(drawn))) == 12
        inputs.keywords[name] = number
        measure(inputs, dtype, range(12)).check(bounds(variant, dtype))
        tried += 1
    assert tried >= 3


def rows_of_powers(
    loss: Any, exponent: float, of_rest: bool, soft: bool, dtype: Any, rows: int, classes: int
) -> cases.Inputs:
    """Return rows in which (1 - p)^exponent of some class, or p^exponent, is any number that the type has."""
    rng = cases.generator("powers", exponent, of_rest, soft, dtype, classes)
    logarithm = rng.uniform(0, -np.log(np.finfo(dtype).tiny, dtype=float), rows) * rng.random(rows) / exponent
    odds = (logarithm + np.log(-np.expm1(-logarithm))) * (1 if of_rest else -1)  # log(p / (1 - p))
    x = rng.normal(size=(rows, classes))
    y = rng.integers(classes, size=rows)
    places = np.arange(rows)
    x[places, y] = -np.inf
    x[places, y] = np.log(np.exp(x).sum(-1)) + odds
    x = (x + rng.normal(scale=3, size=(rows, 1))).astype(dtype)
    return cases.call_of(loss, cases.soft_rows(classes, rows, rng, dtype) if soft else y, x)


#: Losses that raise a probability to a power, its name, whether it is 1 - p that they raise, and values of it.
POWERS = [
    (fl.categorical_focal, "gamma", True, [0.3, 2.0, 3.99, 4.01, 7.0, 20.0, 100.0, 12345.6, 1e6, 1e9]),
    (fl.generalized_cross_entropy, "q", False, [1e-6, 1e-3, 0.03, 0.3, 0.9, 1.0]),
]


@of_dtype
@pytest.mark.parametrize("soft", [False, True], ids=["index", "soft"])
@pytest.mark.parametrize(
    ("loss", "name", "of_rest", "exponent"),
    [(loss, name, of_rest, exponent) for loss, name, of_rest, exponents in POWERS for exponent in exponents],
    ids=lambda value: getattr(value, "name", None),
)
def test_powers_of_probabilities(
    loss: Any, name: str, of_rest: bool, exponent: float, soft: bool, dtype: np.dtype
) -> None:
    """An exponent multiplies the error of what is raised to it: up to 745 times where the power is a normal number."""
    variant = next(
        v
        for v in cases.variants_of(cases.ROWS)
        if v.row.name == loss.name and v.target == ("soft" if soft else "index")
    )
    for classes, rows in ((2, 8), (7, 3), (130, 1)):
        inputs = rows_of_powers(loss, exponent, of_rest, soft, dtype, rows, classes)
        inputs.keywords = {name: exponent}
        measure(inputs, dtype, rng=cases.generator("powers", classes)).check(bounds(variant, dtype))


# -- single results ---------------------------------------------------------------------------------------------------


@pytest.mark.rotating("regime", most=1)
@pytest.mark.compact
@of_dtype
@pytest.mark.parametrize("classes", cases.CLASSES)
@pytest.mark.parametrize("regime", cases.ROW_REGIMES)
@pytest.mark.parametrize("variant", [v for v in ROWWISE if str(v).endswith("index-default")], ids=str)
def test_rows_with_class_indices(variant: cases.Variant, regime: str, classes: int, dtype: np.dtype) -> None:
    folded = classes >= 63 and foldable(variant)
    rows = 6 if classes >= 63 or regime in SLOW_REGIMES else 24
    if variant.row.name != "cross_entropy":
        rows = rows // 3 if classes < 63 else 1
    inputs = inputs_of_rows(variant, regime, dtype, rows, classes)
    worst = measure(inputs, dtype, rng=cases.generator("classes", classes), folded=folded)
    worst.check(bounds(variant, dtype))


@pytest.mark.rotating("regime", most=1, of_whole=2)
@of_dtype
@pytest.mark.parametrize("classes", [2, 3, 10, 64, 65, 260])
@pytest.mark.parametrize("regime", cases.ROW_REGIMES)
@pytest.mark.parametrize("variant", [v for v in ROWWISE if not str(v).endswith("index-default")], ids=str)
def test_rows_with_other_targets_and_parameters(
    variant: cases.Variant, regime: str, classes: int, dtype: np.dtype
) -> None:
    rows = 3 if classes >= 64 or regime in SLOW_REGIMES else 12
    if variant.row.name != "cross_entropy":
        rows //= 3
    inputs = inputs_of_rows(variant, regime, dtype, rows, classes)
    measure(inputs, dtype, rng=cases.generator("others", classes)).check(bounds(variant, dtype))


@pytest.mark.rotating("dtype", most=1, of_whole=1)
@of_dtype
@pytest.mark.parametrize("regime", ["spread 1", "spread 10", "right by 15 to 35", "offset +1e4"])
@pytest.mark.parametrize(
    "variant", [v for v in ROWWISE if v.row.name == "cross_entropy" and not str(v).endswith("index-default")], ids=str
)
def test_wide_rows_with_other_targets_and_parameters(variant: cases.Variant, regime: str, dtype: np.dtype) -> None:
    measure(inputs_of_rows(variant, regime, dtype, 2, 1000), dtype, rng=cases.generator()).check(bounds(variant, dtype))


@of_dtype
@pytest.mark.parametrize("classes", [100_000, 1_000_000])
@pytest.mark.parametrize("regime", HUGE_REGIMES)
@pytest.mark.parametrize("variant", [v for v in ROWWISE if str(v) == "cross_entropy-index-default"], ids=str)
def test_huge_rows(variant: cases.Variant, regime: str, classes: int, dtype: np.dtype) -> None:
    inputs = inputs_of_rows(variant, regime, dtype, 1, classes)
    measure(inputs, dtype, rng=cases.generator("huge"), folded=True).check(bounds(variant, dtype))


@pytest.mark.compact
@of_dtype
@pytest.mark.parametrize(("variant", "regime"), ELEMENT_CASES, ids=str)
def test_elements(variant: cases.Variant, regime: str, dtype: np.dtype) -> None:
    inputs = cases.elements_of(variant, regime, dtype, cases.BLOCK + 1)
    chosen = cases.generator("elements").integers(cases.BLOCK, size=6 if regime in SLOW_REGIMES else 24)
    sample = {
        0,
        63,
        64,
        cases.BLOCK - 1,
        cases.BLOCK,
        *map(int, chosen),
    }
    first = inputs.y_pred.reshape(cases.BLOCK + 1, -1)[:, 0]
    sample |= {int(first.argmax()), int(first.argmin()), int(abs(first).argmin())}
    measure(inputs, dtype, sample).check(bounds(variant, dtype))


@of_dtype
@pytest.mark.parametrize(("variant", "regime"), [c for c in ELEMENT_CASES if c[0].parameters == "other"], ids=str)
def test_elements_with_parameters_that_float32_cannot_hold(
    variant: cases.Variant, regime: str, dtype: np.dtype
) -> None:
    """Its value in the compute dtype decides on which side of a kink a residual is."""
    inputs = cases.elements_of(variant, regime, dtype, 64)
    inputs.keywords |= inexact_values(inputs.loss, inputs.keywords)
    measure(inputs, dtype, range(0, 64, 8 if regime in SLOW_REGIMES else 2)).check(bounds(variant, dtype))


# -- many results, held to float64 ------------------------------------------------------------------------------------


def in_float64(inputs: cases.Inputs) -> tuple[np.ndarray, ...]:
    return inputs.replace(y_pred=inputs.y_pred.astype(np.float64))()


@pytest.mark.compact
@pytest.mark.parametrize(("variant", "regime"), [c for c in ELEMENT_CASES if c[1] not in SLOW_REGIMES], ids=str)
def test_many_elements(variant: cases.Variant, regime: str) -> None:
    """A loss that keeps its bound at 30 places may break it at one in a thousand."""
    inputs = cases.elements_of(variant, regime, np.float32, 12_000)
    check_against(variant, regime, inputs, in_float64(inputs), places=4)


@pytest.mark.compact
@pytest.mark.parametrize("regime", [regime for regime in cases.ROW_REGIMES if regime not in SLOW_REGIMES])
@pytest.mark.parametrize("variant", ROWWISE, ids=str)
def test_many_rows(variant: cases.Variant, regime: str) -> None:
    inputs = inputs_of_rows(variant, regime, np.float32, 300, 5)
    check_against(variant, regime, inputs, in_float64(inputs), places=2)


# -- weighted and averaged gradients ----------------------------------------------------------------------------------


@pytest.mark.compact
@of_dtype
@pytest.mark.parametrize("variant", [v for v in POINTWISE if v.parameters == "default" and v.row.of_numbers], ids=str)
def test_weighted_mean_of_elements(variant: cases.Variant, dtype: np.dtype) -> None:
    rng = cases.generator(str(variant), dtype)
    inputs = cases.draw(variant, (333,), dtype, rng)
    weight = rng.integers(1, 1000, 333) / 64
    _, grad, hess = inputs(reduction="mean", sample_weight=weight)
    for i in range(0, 333, 7):
        with mp.workdps(60):
            factor = mpf(weight[i]) / mpf(weight.sum())
            _, first, second = (scaled(truth, factor) for truth in truths_of(inputs, i)[0])
        assert oracle.ulps(grad[i], first, dtype) <= bounds(variant, dtype)["grad"]
        assert oracle.ulps(hess[i], second, dtype) <= bounds(variant, dtype)["hess"]


@pytest.mark.rotating("dtype", most=2, of_whole=6)
@pytest.mark.compact
@of_dtype
@pytest.mark.parametrize("regime", ["spread 10", "right by 15 to 35", "wrong"])
@pytest.mark.parametrize("classes", [3, 10, 65])
@pytest.mark.parametrize("variant", [v for v in ROWWISE if v.parameters == "default"], ids=str)
def test_weighted_mean_of_rows(variant: cases.Variant, classes: int, regime: str, dtype: np.dtype) -> None:
    inputs = inputs_of_rows(variant, regime, dtype, 30, classes)
    rng = cases.generator("weights", classes)
    weight = rng.integers(1, 1000, 30) / 64
    total = weight.sum()
    if variant.soft_classes:
        total = (weight[:, None] * inputs.y_true.astype(np.longdouble)).sum()
    _, grad, hess = inputs(reduction="mean", sample_weight=weight)
    for i in range(0, 30, 3):
        places = sampled_classes(inputs.y_true[i], inputs.y_pred[i], rng, 1)
        for place, truths in zip(
            places, truths_of(inputs, i, [(inputs.row.prediction, k) for k in places]), strict=True
        ):
            with mp.workdps(60):
                _, first, second = (scaled(truth, mpf(weight[i]) / oracle.exact(total)) for truth in truths)
            assert oracle.ulps(grad[i, place], first, dtype) <= bounds(variant, dtype)["grad"], (i, place)
            assert oracle.ulps(hess[i, place], second, dtype) <= bounds(variant, dtype)["hess"], (i, place)


# -- reductions -------------------------------------------------------------------------------------------------------


def shape_of(variant: cases.Variant, samples: int) -> tuple[int, ...]:
    return (samples, 10) if variant.rowwise else (samples,)


@pytest.mark.rotating("dtype", most=2)
@pytest.mark.compact
@of_dtype
@pytest.mark.parametrize("samples", [1, 63, cases.BLOCK + 1, 100_003])
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_sum_and_mean(variant: cases.Variant, samples: int, dtype: np.dtype) -> None:
    """From float64 partial sums: within 2 ULP of float64 of the sum of absolute terms.

    A unit of the sum over the number of samples is between one and two units of the mean, which is rounded once more.
    Of 63 samples, drawn 1500 times for each of five losses, a mean was 3 of its own units off, 0.99 of this bound.
    """
    inputs = cases.draw(variant, shape_of(variant, samples), dtype, cases.generator(str(variant), samples))
    if "label_smoothing" not in inputs.keywords:
        inputs.keywords.pop("class_weight", None)  # the weight of a sample: its product with the value is rounded
    values = np.float64(inputs("__call__"))
    unit = math.ulp(math.fsum(abs(values)))
    exact = math.fsum(values)
    total = inputs("__call__", reduction="sum")
    assert isinstance(total, float)
    assert abs(total - exact) <= 2 * unit
    if variant.parameters == "default" and variant.target != "soft":
        mean = inputs("__call__", reduction="mean")
        assert isinstance(mean, float)
        assert abs(mean - exact / samples) <= 2 * unit / samples + math.ulp(exact / samples)


@pytest.mark.compact
@of_dtype
@pytest.mark.parametrize("samples", [63, cases.BLOCK + 1])
@pytest.mark.parametrize("variant", [v for v in VARIANTS if v.parameters == "default"], ids=str)
def test_weighted_sum_and_mean(variant: cases.Variant, samples: int, dtype: np.dtype) -> None:
    """The terms w l carry the bound of a value, their sum that of a sum: 2 ULP, of float64."""
    rng = cases.generator(str(variant), samples)
    inputs = cases.draw(variant, shape_of(variant, samples), dtype, rng)
    weight = rng.integers(0, 1000, samples) / 64
    values = np.float64(inputs("__call__", sample_weight=weight))
    total = inputs("__call__", reduction="sum", sample_weight=weight)
    exact = math.fsum(values)
    assert abs(total - exact) <= (2 * math.ulp(exact) if dtype == np.float64 else float(np.finfo(dtype).eps) * exact)
    denominator = weight.sum() if not variant.soft_classes else np.float64(weight @ inputs.y_true.sum(-1, dtype=float))
    mean = inputs("__call__", reduction="mean", sample_weight=weight)
    assert mean == pytest.approx(total / denominator, rel=4e-16, abs=0)


@pytest.mark.rotating("regime", most=2)
@pytest.mark.compact
@of_dtype
@pytest.mark.parametrize("classes", [2, 3, 10, 64, 65, 1000, 100_000])
@pytest.mark.parametrize("regime", ["spread 1", "spread 10", "right by 5 to 14", "wrong", "ties"])
@pytest.mark.parametrize("variant", [v for v in ROWWISE if str(v) in SUMS_TO_ZERO], ids=str)
def test_a_softmax_gradient_sums_to_zero(variant: cases.Variant, regime: str, classes: int, dtype: np.dtype) -> None:
    """Over the classes, to 4 eps."""
    inputs = inputs_of_rows(variant, regime, dtype, 30 if classes < 1000 else 2, classes)
    target_sum = 1.0 if variant.target == "index" else inputs.y_true.sum(-1, dtype=np.longdouble)
    assert abs(np.longdouble(target_sum) - 1).max() < 1e-5
    gradient = inputs("grad")
    assert max(abs(math.fsum(row)) for row in gradient.tolist()) <= 4 * np.finfo(dtype).eps


@pytest.mark.parametrize("classes", [63, 64, 65, 200])
def test_weights_of_many_classes_add_up(classes: int) -> None:
    """A smoothed target has a part of every class. Of tied float64 logits the loss is their sum times log(classes)."""
    rng = cases.generator("weights of many classes", classes)
    for _ in range(40):
        weight, label = rng.integers(1, 64, size=classes) / 16, int(rng.integers(classes))
        found = fl.cross_entropy(
            [label], np.zeros((1, classes)), class_weight=weight, label_smoothing=0.1, reduction="none"
        )[0]
        with mp.workdps(40):
            part = mpf(0.1) / classes
            total = sum((part + (1 - mpf(0.1) if c == label else 0)) * mpf(w) for c, w in enumerate(weight.tolist()))
            error = abs(mpf(float(found)) - total * mp.log(classes)) / mpf(float(np.spacing(found)))
        assert error <= 6, f"{float(error):.2f} ULP"  # as all of float64 rows with such parameters


# -- half precision ---------------------------------------------------------------------------------------------------


@pytest.mark.rotating(most=6)
@pytest.mark.compact
@pytest.mark.parametrize("half", cases.HALVES, ids=str)
@pytest.mark.parametrize("reduction", ["none", "mean"])
@pytest.mark.parametrize("last", [1, 2, 10, 64, 65, 1000])
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_halves_are_float32_rounded_once(variant: cases.Variant, last: int, reduction: str, half: np.dtype) -> None:
    narrow = cases.draw(variant, (37, last), half, cases.generator(str(variant), half, last))
    if variant.predicted == real:
        narrow.y_pred[::5] *= half.type(8)
    if variant.target == "soft" and variant.rowwise:
        narrow.y_true = narrow.y_true.astype(np.float32)
        narrow.y_true /= narrow.y_true.sum(-1, keepdims=True)
    wide = narrow.replace(y_pred=narrow.y_pred.astype(np.float32))
    if narrow.y_true.dtype == half:
        wide.y_true = narrow.y_true.astype(np.float32)
    for result, expected in zip(narrow(reduction=reduction), wide(reduction=reduction), strict=True):
        if isinstance(expected, float):
            assert result == expected
            continue
        assert expected.dtype == np.float32
        assert result.dtype == half
        assert cases.bits(result) == cases.bits(cases.rounded_once(expected, half))
