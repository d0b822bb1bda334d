"""Factors and sums of losses. What a sum shares with losses is for the other suites: `cases.sums` is among theirs."""

from __future__ import annotations

import doctest
import functools
import itertools
import math
import operator
import pickle
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import cases
import ml_dtypes
import numpy as np
import oracle
import pytest
from accuracy import bounds, inputs_of_rows, places_of, truths_of
from cases import FLOATS, HALVES, LAYOUTS, METHODS, bits, draw, generator
from mpmath import mpf
from numpy.testing import assert_array_equal

import fastloss as fl
from fastloss import algebra
from fastloss.arrays import without_axis
from fastloss.runtime import current_engine

VARIANTS = list(cases.variants())
DEFAULT = [variant for variant in VARIANTS if variant.parameters == "default"]
LOSSES = [getattr(fl, row.name) for row in cases.ROWS]

of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_dtype = pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
compiled_only = pytest.mark.skipif(current_engine() != "compiled", reason="losses that have no Numba kernel")


def run(code: str) -> str:
    """Run Python code in a process of its own, which may end in a crash; return what it prints."""
    head = "import numpy as np, fastloss as fl\n"
    command = [sys.executable, "-c", head + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"status {done.returncode}: {done.stderr}"
    return done.stdout.strip()


# -- a factor alone -----------------------------------------------------------------------------------------------


def of_parts(call: Callable[..., Any], *args: Any, **keywords: Any) -> tuple[Any, ...]:
    results = call(*args, **keywords)
    return results if isinstance(results, tuple) else (results,)


@pytest.mark.compact
@pytest.mark.rotating("dtype", most=1, of_whole=2)
@of_dtype
@pytest.mark.parametrize("factor", [2.0, -0.5])
@pytest.mark.parametrize("shape", [(90, 10), (7, 70)], ids=str)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_factor_that_is_a_power_of_two_multiplies_every_bit(
    variant: cases.Variant, shape: tuple[int, int], factor: float, dtype: Any
) -> None:
    rng = generator("factor", str(variant), shape, dtype)
    inputs = draw(variant, shape, dtype, rng)
    loss = variant.loss.bind(**inputs.keywords)
    weights = {"sample_weight": rng.random(inputs.samples), "where": rng.random(inputs.samples) < 0.8}
    # Numbers of which a multiple is rounded to another unit, or infinite, are not looked at.
    looked_at, least, most = 0, 4 * float(ml_dtypes.finfo(dtype).tiny), float(ml_dtypes.finfo(dtype).max) / 4
    given: Sequence[dict[str, Any]] = [{}, weights]
    for keywords in itertools.chain(
        given, ({"reduction": reduction, **others} for reduction in ("sum", "none") for others in given),
        [{"normalizer": 700.0}, {"n_threads": 2}],
    ):  # fmt: skip
        for method in METHODS:
            plain = of_parts(getattr(loss, method), inputs.y_true, inputs.y_pred, **keywords)
            result = of_parts(getattr(factor * loss, method), inputs.y_true, inputs.y_pred, **keywords)
            for got, expected in zip(result, plain, strict=True):
                assert type(got) is type(expected)
                got, times = np.asarray(got, np.float64), factor * np.asarray(expected, np.float64)
                size = np.maximum(abs(got), abs(times))
                ordinary = (size >= least) & ~(size > most)
                looked_at += ordinary.sum()
                assert_array_equal(got[ordinary], times[ordinary], err_msg=f"{keywords} {method}")
    assert looked_at > 100


def test_a_factor_of_a_root_of_a_mean() -> None:
    y_true, y_pred, weight = np.zeros(3), np.array([1.0, 3.0, -2.0]), [1.0, 2.0, 0.0]
    for method in METHODS:
        plain = of_parts(getattr(fl.root_mean_squared_error, method), y_true, y_pred, sample_weight=weight)
        result = of_parts(getattr(-2 * fl.root_mean_squared_error, method), y_true, y_pred, sample_weight=weight)
        for got, expected in zip(result, plain, strict=True):
            assert_array_equal(got, -2 * expected)
    with pytest.raises(ValueError, match="is the root of a mean: it has no reduction='sum'"):
        (2 * fl.root_mean_squared_error)(y_true, y_pred, reduction="sum")
    with pytest.raises(ValueError, match="is the root of a mean: it has no reduction='none'"):
        (fl.root_mean_squared_error + fl.huber).bind(reduction="none")


@pytest.mark.rotating("dtype", most=1, of_whole=2)
@of_float
@pytest.mark.parametrize("factor", [0.3, -7.1e5, 3e-12, 1.7e18, 5e-30])
@pytest.mark.parametrize("variant", DEFAULT, ids=str)
def test_any_factor_multiplies(variant: cases.Variant, factor: float, dtype: Any) -> None:
    """Each number with a rounding or two more; factors that could be lost in the scale too."""
    rng = generator("any factor", str(variant), dtype)
    inputs = draw(variant, (60, 7), dtype, rng)
    weight = rng.random(inputs.samples) + 0.1
    for keywords, most in (({"reduction": "none"}, 3), ({"sample_weight": weight}, 5), ({"reduction": "sum"}, 3)):
        plain = variant.loss.value_grad_hess(inputs.y_true, inputs.y_pred, **keywords)
        result = (factor * variant.loss).value_grad_hess(inputs.y_true, inputs.y_pred, **keywords)
        for got, expected in zip(result, plain, strict=True):
            times = factor * np.longdouble(expected)
            unit = np.spacing(abs(times).astype(np.float64 if np.ndim(got) == 0 else dtype))
            unit = np.maximum(unit, abs(factor) * np.finfo(dtype).smallest_subnormal)  # what `expected` may have lost
            assert (abs(np.longdouble(got) - times) <= most * unit).all(), keywords


def test_a_product_that_float32_has_not_is_not_formed() -> None:
    """A weight of 1e30 times a factor of 1e9 is no float32; times a gradient of 1e-20 it is."""
    y_true, y_pred = np.zeros(2, np.float32), np.float32([1e-20, 3e-20])
    for loss, slope in ((fl.squared_error, 2), (fl.huber, 1)):
        got = (1e9 * loss).grad(y_true, y_pred, reduction="sum", sample_weight=[1e30, 1e30])
        np.testing.assert_allclose(got, slope * np.float64(y_pred) * 1e39, rtol=1e-6)
    labels, logits = np.array([0, 1]), np.float32([[60, 0], [0, 70]])
    got = (1e9 * fl.cross_entropy).grad(labels, logits, reduction="sum", sample_weight=[1e30, 1e30])
    np.testing.assert_allclose(got[:, 1], [1e39 * np.exp(-60.0), -1e39 * np.exp(-70.0)], rtol=1e-5)


@compiled_only
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
def test_a_factor_of_zero_leaves_its_loss_out(loss: Any) -> None:
    """0 times infinity and 0 times NaN would be NaN; what no loss takes is refused all the same."""
    if loss.kind == "rows":
        one_each = loss._row.target.forms[0] in ("index", "number")
        y_true, y_pred = np.array([0, 1]) if one_each else np.eye(2), np.full((2, 2), np.nan)
    else:
        y_true, y_pred = np.ones(2), np.full((2, 2) if loss._row.axes == "2" else 2, np.nan)
    for method in METHODS:
        for result in of_parts(getattr(0 * loss, method), y_true, y_pred):
            assert bits(result) == bits(np.zeros_like(result))
        for result in of_parts(
            getattr(0.0 * loss + 0.0 * loss.bind(), method), y_true, y_pred, sample_weight=[1.0, 2.0]
        ):
            assert bits(result) == bits(np.zeros_like(result))
    if loss.kind == "rows":
        with pytest.raises(ValueError, match=r"y_true"):
            (0 * loss)(y_true[:1], y_pred)


# -- the sum is the sum -------------------------------------------------------------------------------------------


def total_of(truths: Sequence[oracle.Truth], factors: Sequence[float]) -> oracle.Truth:
    """Return the truth of a sum; its unit is that of the sum of the sizes of the terms."""
    exact = sum(mpf(factor) * truth.exact for factor, truth in zip(factors, truths, strict=True))
    sizes = sum(
        abs(mpf(factor)) * max(abs(truth.exact), truth.scale) for factor, truth in zip(factors, truths, strict=True)
    )
    return oracle.Truth(exact, sizes)


ELEMENTS = [
    (variant, regime)
    for variant in DEFAULT
    if variant.row.kind == "points"
    for regime in cases.element_regimes(variant.row)
]
FACTORS = (0.7, -1.3)


@pytest.mark.rotating("dtype", most=1)
@pytest.mark.compact
@of_float
@pytest.mark.parametrize(("variant", "regime"), ELEMENTS, ids=str)
def test_a_sum_of_element_wise_losses(variant: cases.Variant, regime: str, dtype: Any) -> None:
    """Each number is within the bound of the terms, and half a unit that its own rounding costs."""
    inputs = cases.elements_of(variant, regime, dtype, 30)
    other = fl.laplace_nll if variant.row.name == "gaussian_nll" else fl.gaussian_nll
    other = other if variant.row.axes == "2" else fl.squared_error
    if variant.loss == other:
        other = fl.absolute_error
    second = inputs.replace(loss=other, keywords={})
    total = FACTORS[0] * variant.loss + FACTORS[1] * other
    others = next(v for v in DEFAULT if v.loss == other)
    results = total.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none")
    room = 0.5 if current_engine() == "compiled" else 2.5
    limits = {part: max(bounds(v, dtype)[part] for v in (variant, others)) + room for part in ("value", "grad", "hess")}
    for i in range(0, 30, 3):
        for (_, column), *terms in zip(places_of(inputs), truths_of(inputs, i), truths_of(second, i), strict=True):
            for k, part in enumerate(limits):
                result = results[k][i] if column is None or k == 0 else results[k][i, column]
                truth = total_of([term[k] for term in terms], FACTORS)
                if max(abs(term[k].exact) for term in terms) > float(np.finfo(dtype).max):
                    continue  # infinite already
                error = oracle.ulps(result, truth, dtype)
                assert error <= limits[part], f"{part}: {error:.2f} ULP, {result!r}, seed {cases.SEED}"


@compiled_only
@pytest.mark.rotating("regime", most=1)
@of_float
@pytest.mark.parametrize("classes", [2, 10, 70])
@pytest.mark.parametrize("regime", ["spread 1", "spread 10", "right by 15 to 35", "wrong", "ties"])
@pytest.mark.parametrize(
    "variant", [v for v in DEFAULT if v.rowwise and v.target in ("index", "soft") and v.row.name != "ordinal"], ids=str
)
def test_a_sum_of_losses_over_rows(variant: cases.Variant, regime: str, classes: int, dtype: Any) -> None:
    inputs = inputs_of_rows(variant, regime, dtype, 4, classes)
    other = fl.cross_entropy if variant.row.name != "cross_entropy" else fl.poly1_cross_entropy
    others = next(v for v in DEFAULT if v.loss == other and v.target == variant.target)
    if variant.holds == "probs":
        inputs.y_pred = np.maximum(inputs.y_pred, np.finfo(dtype).tiny)
    second = inputs.replace(loss=other, keywords={})
    total = FACTORS[0] * variant.loss + FACTORS[1] * other
    results = total.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none")
    limits = {part: max(bounds(v, dtype)[part] for v in (variant, others)) + 1 for part in ("value", "grad", "hess")}
    for i in range(4):
        places = sorted({0, classes - 1, int(inputs.y_pred[i].argmax())})
        for place, *terms in zip(
            places,
            *(truths_of(term, i, [(term.row.prediction, k) for k in places]) for term in (inputs, second)),
            strict=True,
        ):
            for k, part in enumerate(limits):
                result = results[k][i] if k == 0 else results[k][i, place]
                error = oracle.ulps(result, total_of([term[k] for term in terms], FACTORS), dtype)
                assert error <= limits[part], f"{part}: {error:.2f} ULP, {result!r}, seed {cases.SEED}"


def test_both_engines_agree_on_sums() -> None:
    pytest.importorskip("numba")
    rng = generator("engines")
    for dtype in FLOATS:
        y_true, y_pred = rng.integers(2, size=3000).astype(dtype), rng.normal(scale=3, size=3000).astype(dtype)
        weight, factors = rng.random(3000), rng.normal(size=3000)
        hinges = 0.7 * fl.hinge - 0.4 * fl.squared_hinge + fl.binary_cross_entropy
        for total, keywords in (
            (0.7 * fl.squared_error + 0.3 * fl.huber.bind(delta=2.0) - 2 * fl.log_cosh, {}),
            (hinges, {"sample_weight": weight}),
            (2 * fl.binary_focal, {}),
            (1e-12 * fl.huber, {}),
            (fl.cauchy + fl.welsch, {"cauchy_factor": factors}),
        ):
            expected = total.value_grad_hess(y_true, y_pred, reduction="none", **keywords)
            sizes = [abs(part.factor * np.ones(1)) * 100 for part in algebra.terms_of(total)]
            with fl.engine("numba"):
                for _ in range(2):
                    results = total.value_grad_hess(y_true, y_pred, reduction="none", **keywords)
                    reduced = total(y_true, y_pred, **keywords)
            assert reduced == pytest.approx(
                total(y_true, y_pred, **keywords), rel=1e-5 if dtype == np.float32 else 1e-12
            )
            for got, other in zip(results, expected, strict=True):
                assert (abs(got - other) <= 30 * np.finfo(dtype).eps * (abs(other) + sum(sizes))).all()


@of_float
def test_a_weight_multiplies_a_sum(dtype: Any) -> None:
    """Each number with few roundings of the size of the terms, of which none is formed in the element type."""
    for variant in cases.sums():
        rng = generator("weights", str(variant), dtype)
        inputs = draw(variant, (60, 7), dtype, rng)
        weight = rng.random(inputs.samples).astype(dtype)
        each = weight[..., None] if inputs.samples != inputs.y_pred.shape else weight
        parts = [
            abs(term.factor) * np.longdouble(abs(np.concatenate([np.ravel(result) for result in results])))
            for term in algebra.terms_of(variant.loss)
            for results in [inputs.replace(loss=fl.Loss(term.row, term.parameters))()]
        ]
        sizes = np.split(sum(parts), np.cumsum([result.size for result in inputs()])[:-1])
        for got, plain, w, size in zip(
            inputs(sample_weight=weight), inputs(), (weight, each, each), sizes, strict=True
        ):
            unit = np.spacing((size.reshape(got.shape) * w).astype(dtype))
            assert (abs(np.longdouble(got) - np.longdouble(plain) * w) <= 8 * unit).all(), variant


@of_dtype
def test_a_sum_rounds_a_half_once(dtype: Any) -> None:
    rng = generator("halves", dtype)
    y_true, y_pred = rng.normal(size=2000).astype(dtype), rng.normal(scale=3, size=2000).astype(dtype)
    labels, logits = rng.integers(5, size=400), rng.normal(scale=3, size=(400, 5)).astype(dtype)
    points = 0.7 * fl.squared_error - 0.3 * fl.huber + fl.cauchy
    rows = 0.7 * fl.cross_entropy - 0.3 * fl.multiclass_hinge
    for total, given in (
        (points, (y_true, y_pred)),
        (rows, (labels, logits)),
        (1e-12 * fl.cross_entropy, (labels, logits)),
    ):
        if total.kind == "rows" and current_engine() != "compiled":
            continue
        wide = np.float64 if dtype == np.float64 else np.float32
        expected = total.value_grad_hess(given[0], given[1].astype(wide), reduction="none")
        results = total.value_grad_hess(*given, reduction="none")
        for got, other in zip(results, expected, strict=True):
            assert bits(got) == bits(cases.rounded_once(other, dtype))


def test_a_factor_may_be_an_array() -> None:
    y_true, y_pred = np.zeros((2, 3)), np.array([[1.0, 2.0, 3.0], [np.inf, -1.0, 0.5]])
    total = fl.squared_error + fl.huber
    factor = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 0.25]])
    for dtype in (np.float64, np.float32, np.float16):
        value, grad, hess = total.value_grad_hess(
            y_true, y_pred, squared_error_factor=factor.astype(dtype), huber_factor=[[-1.0], [2.0]], reduction="none"
        )
        value_of_error = np.where(factor == 0, 0, factor * np.where(factor == 0, 0, y_pred) ** 2)
        each = np.array([[-1.0], [2.0]])
        assert_array_equal(value, value_of_error + each * fl.huber(y_true, y_pred, reduction="none"))
        slope = np.where(factor == 0, 0, factor * np.where(factor == 0, 0, 2 * y_pred))
        assert_array_equal(grad, slope + each * fl.huber.grad(y_true, y_pred, reduction="none"))
        assert_array_equal(hess, 2 * factor + each * (abs(y_pred) <= 1))
    weight = np.array([[1.0, 2.0, 0.5], [1.0, 2.0, 0.5]])
    finite = np.where(np.isfinite(y_pred), y_pred, 0)
    found = total(y_true, finite, squared_error_factor=factor, sample_weight=weight)
    assert found == pytest.approx(
        (weight * (factor * finite**2 + fl.huber(y_true, finite, reduction="none"))).sum() / weight.sum(), rel=1e-14
    )
    bound = total.bind(squared_error_factor=factor)
    assert bits(bound.grad(y_true, finite)) == bits(total.grad(y_true, finite, squared_error_factor=factor))
    assert pickle.loads(pickle.dumps(bound)) == bound
    assert hash(bound) == hash(total.bind(squared_error_factor=factor.copy()))
    assert bits((2 * bound).grad(y_true, finite)) == bits(2 * bound.grad(y_true, finite))
    assert bits((fl.huber * 1).grad(y_true, y_pred, huber_factor=factor)) == bits(
        fl.huber.grad(y_true, y_pred, sample_weight=factor, normalizer=6)
    )


# -- losses of several kinds --------------------------------------------------------------------------------------


def test_losses_of_several_kinds_are_added_as_they_are_reduced() -> None:
    rng = generator("kinds")
    for dtype in (*FLOATS, *HALVES):
        y_pred = rng.normal(size=(40, 5)).astype(dtype)
        soft = cases.soft_rows(5, 40, rng, np.float64)
        for terms, y_true, samples in (
            (((0.7, fl.cross_entropy), (-0.3, fl.squared_error)), soft, None),
            (((1.0, fl.root_mean_squared_error), (2.0, fl.huber), (0.5, fl.squared_error)), y_pred * 0.5, (40, 5)),
            (((1.0, fl.kl_divergence), (0.25, fl.multilabel_soft_margin), (3.0, fl.binary_cross_entropy)), soft, None),
        ):
            if current_engine() != "compiled":
                continue
            total = sum(factor * loss for factor, loss in terms)
            assert total.kind == "sum"
            weight = None if samples is None else rng.random(samples)
            for keywords in ({}, {"normalizer": 17.0}) if weight is None else ({}, {"sample_weight": weight}):
                wide = y_pred.astype(np.float32) if dtype in HALVES else y_pred
                parts = [loss.value_grad_hess(y_true, wide, **keywords) for _, loss in terms]
                expected = [
                    functools.reduce(  # not sum(), which Python 3.12 compensates
                        operator.add,
                        (
                            factor * np.asarray(part[k], np.float64)
                            for (factor, _), part in zip(terms, parts, strict=True)
                        ),
                    )
                    for k in range(3)
                ]
                value, grad, hess = total.value_grad_hess(y_true, y_pred, **keywords)
                assert value == expected[0]
                assert bits(grad) == bits(cases.rounded_once(expected[1], dtype))
                assert bits(hess) == bits(cases.rounded_once(expected[2], dtype))
                assert total(y_true, y_pred, **keywords) == value
                assert bits(total.grad(y_true, y_pred, **keywords)) == bits(grad)
                assert bits(total.value_and_grad(y_true, y_pred, n_threads=2, **keywords)) == bits((value, grad))
                for layout in ("fortran", "stepped", "negative", "byte-swapped"):
                    if layout in LAYOUTS and cases.fits(layout, dtype):
                        arranged = LAYOUTS[layout](y_pred)
                        assert bits(total.value_grad_hess(y_true, arranged, **keywords)) == bits((value, grad, hess))
                in_place, of_value = y_pred.copy(), np.zeros((), np.float64)
                results = total.value_grad_hess(y_true, in_place, out=(of_value, in_place, None), **keywords)
                assert results[0] is of_value
                assert results[1] is in_place
                assert of_value == value
                assert bits(results[1:]) == bits((grad, hess))
                wide_out = np.zeros((5, 40), np.float64).T
                assert_array_equal(total.grad(y_true, y_pred, out=wide_out, **keywords).astype(dtype), grad)


@compiled_only
def test_samples_of_several_shapes_have_no_weights_in_common() -> None:
    soft, y_pred = np.eye(3), np.zeros((3, 3))
    total = fl.cross_entropy + fl.squared_error
    differ = "the samples of cross_entropy have the shape (3,), those of squared_error (3, 3)"
    for keywords in ({"sample_weight": 1.0}, {"where": np.ones(3, bool)}, {"reduction": "none"}):
        name = next(iter(keywords))
        with pytest.raises(ValueError, match=re.escape(f"does not go with this sum: {differ}")) as error:
            total.grad(soft, y_pred, **keywords, out=np.empty((3, 3)))
        assert str(error.value).startswith(name)
    assert total(soft, y_pred, sample_weight=None, where=True) == total(soft, y_pred)
    both = fl.cross_entropy + fl.categorical_focal
    assert both(soft, y_pred, sample_weight=[1.0, 0.0, 0.0]) == both(soft[:1], y_pred[:1])


@compiled_only
@pytest.mark.parametrize("piece", [1, 7, 40, 1 << 17])
@pytest.mark.parametrize(
    ("shape", "axis"), [((40, 11), -1), ((11,), 0), ((5, 4, 3, 11), 1), ((5, 4, 3, 11), -1), ((0, 3), 1)], ids=str
)
def test_pieces_of_rows(shape: tuple[int, ...], axis: int, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are added up piece by piece; what a row gets does not depend on where pieces end."""
    monkeypatch.setattr(algebra, "_PIECE", piece)
    for dtype in (np.float32, np.float64, np.float16):
        rng = generator("pieces", shape, axis, dtype)
        y_pred = rng.normal(size=shape).astype(dtype)
        samples = without_axis(shape, axis - len(shape) if axis >= 0 else axis)
        y_true, weight = rng.integers(shape[axis], size=samples), rng.random(samples)
        total = 0.5 * fl.cross_entropy.bind(axis=axis) + 2 * fl.multiclass_hinge.bind(axis=axis, ignore_index=1)
        total = total - fl.categorical_focal.bind(axis=axis, class_weight=rng.random(shape[axis]))
        for keywords in ({"reduction": "none"}, {"sample_weight": weight}, {"where": weight > 0.3, "reduction": "sum"}):
            value, grad, hess = total.value_grad_hess(y_true, y_pred, **keywords)
            wide = y_pred.astype(np.promote_types(dtype, np.float32))
            parts = [
                (term.factor, loss.value_grad_hess(y_true, wide, **keywords))
                for term in algebra.terms_of(total)
                for loss in [fl.Loss(term.row, term.parameters)]
            ]
            expected = [sum(factor * np.asarray(part[k], np.float64) for factor, part in parts) for k in range(3)]
            # A half is rounded from the type that is computed in, as everywhere: a sum may be a tie there alone.
            rounded = [np.asarray(numbers).astype(wide.dtype).astype(dtype) for numbers in expected]
            assert bits(grad) == bits(rounded[1])
            assert bits(hess) == bits(rounded[2])
            if keywords.get("reduction") == "none":
                assert bits(value) == bits(rounded[0])
            else:
                assert value == pytest.approx(expected[0], rel=1e-14, abs=0)
            in_place = y_pred.copy()
            assert bits(total.grad(y_true, in_place, out=in_place, **keywords)) == bits(grad)
            assert total(y_true, y_pred, **keywords) == pytest.approx(value, rel=1e-14, abs=0)


# -- making one ---------------------------------------------------------------------------------------------------


def test_equal_terms_are_one() -> None:
    half = fl.huber
    for _ in range(40):
        half = 0.5 * half + 0.5 * half
    assert half == 1.0 * fl.huber
    assert half.parameters == {"huber_factor": 1.0, "huber_delta": 1.0}
    assert (fl.huber + fl.squared_error - fl.huber).parameters["huber_factor"] == 0.0
    total = fl.huber + fl.huber.bind(delta=2.0)
    assert [term.factor for term in algebra.terms_of(total + total)] == [2.0, 2.0]
    weights = fl.cross_entropy.bind(class_weight=[1.0, 2.0])
    assert weights + fl.cross_entropy.bind(class_weight=np.array([1.0, 2.0])) == 2 * weights
    arrays = (fl.huber * 1).bind(huber_factor=[1.0, 2.0])
    assert len(algebra.terms_of(arrays + arrays)) == 2


def test_a_sum_is_written_as_it_is_made() -> None:
    for total, text in (
        (2 * fl.huber, "2.0 * fastloss.huber"),
        (1 * fl.huber, "1.0 * fastloss.huber"),
        (fl.huber - 0.25 * fl.cross_entropy.bind(axis=1, label_smoothing=0.1),
         "fastloss.huber + -0.25 * fastloss.cross_entropy.bind(label_smoothing=0.1, axis=1)"),
        ((fl.hinge.bind(labels=(-1, 1)) * 3).bind(reduction="sum"),
         "(3.0 * fastloss.hinge.bind(labels=(-1, 1))).bind(reduction='sum')"),
    ):  # fmt: skip
        assert repr(total) == text
        assert eval(text, {"fastloss": fl}) == total


@pytest.mark.parametrize("one", LOSSES, ids=lambda loss: loss.name)
def test_any_two_losses_make_a_sum_or_say_why_not(one: Any) -> None:
    """What comes of it is picklable, equal to itself, shown as it is made, and described with an example that runs."""
    made = 0
    for other in LOSSES:
        if other is one:
            total = 2 * one
        else:
            try:
                total = one + other
            except TypeError as error:
                assert re.search("no target suits both$|the other losses do not$", str(error)), error
                continue
        made += 1
        again = pickle.loads(pickle.dumps(total))
        assert again == total
        assert hash(again) == hash(total)
        assert eval(repr(total), {"fastloss": fl}) == total
        assert total.parameters[f"{one.name}_factor"] == (2.0 if other is one else 1.0)
        assert one.formula in total.formula
        if current_engine() == "compiled" and (made < 4 or other is one):
            for method in METHODS:
                text = total.__doc__ if method == "__call__" else getattr(total, method).__doc__
                test = doctest.DocTestParser().get_doctest(text, {}, str(total.name), None, 0)
                assert len(test.examples) >= 4
                assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
    assert made >= 2


def test_what_cannot_be_added() -> None:
    for one, other, said in (
        (
            fl.gaussian_nll,
            fl.huber,
            "gaussian_nll takes one target for a location and a scale, huber one target for each",
        ),
        (
            fl.multiclass_hinge,
            fl.kl_divergence,
            "multiclass_hinge takes class indices, kl_divergence one target for each",
        ),
        (fl.gamma, fl.binary_cross_entropy, "binary_cross_entropy takes targets in [0, 1]; the other losses do not"),
        (fl.nll, fl.categorical_log_loss, "nll takes predictions the logarithm of a probability"),
    ):
        for pair in ((one, other), (other, one)):
            with pytest.raises(TypeError, match=re.escape(said)):
                pair[0] + pair[1]
    with pytest.raises(TypeError, match="have their classes on axis 1 and on axis -1; bind all of them to one axis"):
        fl.cross_entropy.bind(axis=1) + fl.categorical_focal
    both = fl.cross_entropy + fl.categorical_focal
    logits = np.arange(6.0).reshape(1, 3, 2) % 4
    assert both([[0, 2]], logits, axis=1) == both([0, 2], logits[0].T)
    for signs in (fl.hinge.bind(labels=(-1, 1)) + fl.squared_hinge.bind(labels=(-1, 1)), fl.hinge + fl.squared_hinge):
        with pytest.raises(ValueError, match=r"takes targets (0|-1) or 1; the other losses do not"):
            signs.bind(hinge_labels=(0, 1), squared_hinge_labels=(-1, 1))
    with pytest.raises(TypeError, match=r"hinge takes targets -1 or 1; the other losses do not"):
        fl.hinge.bind(labels=(-1, 1)) + fl.binary_cross_entropy


def test_labels_of_a_sum() -> None:
    x = np.array([0.5, -2.0, 0.0, 3.0])
    signs = fl.hinge.bind(labels=(-1, 1)) + 2 * fl.soft_margin.bind(labels=(-1, 1))
    zeros = fl.hinge + 2 * fl.soft_margin
    y = np.array([1.0, -1.0, -1.0, 1.0])
    assert bits(signs.value_grad_hess(y, x)) == bits(zeros.value_grad_hess((y + 1) / 2, x))
    given = {"hinge_labels": (-1, 1), "soft_margin_labels": (-1, 1)}
    assert bits(zeros.value_grad_hess(y, x, **given)) == bits(signs.value_grad_hess(y, x))
    with pytest.raises(ValueError, match=r"y_true\[1\] = -1.0 is not 0 or 1"):
        zeros(y, x)
    assert (2 * fl.hinge)(y, x, hinge_labels=(-1, 1)) == 2 * fl.hinge(y, x, labels=(-1, 1))


def test_messages_of_a_term_name_it() -> None:
    logits = np.zeros((2, 3))
    rows = fl.cross_entropy + fl.categorical_focal
    out = np.full((2, 3), 7.0)
    for total, prefix in ((2 * fl.cross_entropy, ""), (rows, "cross_entropy: "), (0 * fl.cross_entropy, "")):
        said = f"^{prefix}y_true\\[1\\] = 3 is not a class of 3 \\(0 to 2\\); .*cross_entropy_ignore_index=3"
        with pytest.raises(ValueError, match=said):
            total.grad([0, 3], logits, out=out)
    with pytest.raises(ValueError, match=r"^categorical_focal: categorical_focal_class_weight has 2 weights"):
        rows.grad([0, 1], logits, categorical_focal_class_weight=[1.0, 2.0], out=out)
    with pytest.raises(ValueError, match=r"^sample_weight"):
        rows.grad([0, 1], logits, sample_weight=[1.0, -2.0], out=out)
    with pytest.raises(TypeError, match=r"has no keyword 'ignore_index'; it has .*'cross_entropy_ignore_index'"):
        rows([0, 1], logits, ignore_index=1)
    with pytest.raises(ValueError, match="overlaps"):
        rows.grad([0, 1], logits[:, ::-1], out=logits)
    assert (out == 7).all()


def test_a_sum_bound_to_keywords() -> None:
    labels, logits = [0, 1], [[1.0, 0.0, 2.0], [0.5, 0.0, 1.0]]
    for total in (3 * fl.cross_entropy, fl.cross_entropy + fl.categorical_focal):
        bound = total.bind(reduction="sum", n_threads=1)
        assert bound(labels, logits) == total(labels, logits, reduction="sum")
        assert bits(bound.grad(labels, logits)) == bits(total.grad(labels, logits, reduction="sum"))
        assert pickle.loads(pickle.dumps(bound)) == bound != total
    summed = fl.huber.bind(reduction="sum")
    assert (2 * summed)([0.0, 0.0], [3.0, 3.0]) == 10


# -- what else a loss has -----------------------------------------------------------------------------------------


def test_derivatives_by_factors_and_parameters() -> None:
    y_true, y_pred, weight = np.zeros(3), np.array([1.0, 3.0, -2.0]), [1.0, 2.0, 0.5]
    total = 0.7 * fl.general_robust.bind(alpha=1.5) - 2 * fl.huber
    for keywords in ({}, {"sample_weight": weight}, {"reduction": "sum"}):
        by = total.parameter_grads(y_true, y_pred, **keywords)
        own = fl.general_robust.parameter_grads(y_true, y_pred, alpha=1.5, **keywords)
        assert by["general_robust_factor"] == fl.general_robust(y_true, y_pred, alpha=1.5, **keywords)
        assert by["huber_factor"] == fl.huber(y_true, y_pred, **keywords)
        assert by["huber_delta"] == -2 * fl.huber.parameter_grads(y_true, y_pred, **keywords)["delta"]
        assert by["general_robust_alpha"] == 0.7 * own["alpha"]
        assert by["general_robust_scale"] == 0.7 * own["scale"]
    alone = (0 * fl.general_robust).parameter_grads(y_true, y_pred)
    assert alone["general_robust_factor"] == fl.general_robust(y_true, y_pred)
    assert alone["general_robust_alpha"] == 0
    with pytest.raises(AttributeError, match="no derivatives by its parameters"):
        (fl.squared_error + fl.absolute_error).parameter_grads(y_true, y_pred)
    with pytest.raises(ValueError, match="general_robust_factor is an array"):
        total.parameter_grads(y_true, y_pred, general_robust_factor=[1.0, 2.0, 3.0])


def test_the_value_at_one_place() -> None:
    total = 0.5 * fl.squared_error + 2 * fl.hinge
    assert total.point(1.0, 0.5) == (0.125 + 1.0, -0.5 - 2.0, 1.0)
    assert (3 * fl.hinge).point(0.0, 2.0) == (9.0, 3.0, 0.0)
    for loss in (2 * fl.cross_entropy, fl.squared_error + fl.root_mean_squared_error):
        with pytest.raises(TypeError, match="is not a loss of one number"):
            loss.point(0, 1)


@compiled_only
def test_tasks_weighted_by_uncertainty_may_be_sums() -> None:
    points, rows = fl.squared_error + 0.5 * fl.huber, 2 * fl.cross_entropy
    several = fl.cross_entropy + fl.multiclass_hinge
    y_true, y_pred = [np.zeros(3), [0, 1], [0, 1]], [np.arange(3.0), np.eye(2), np.eye(2)]
    for s in ([0.0, 0.0, 0.0], [0.5, -1.0, 2.0], [70.0, -70.0, 0.0]):
        value, gradients, _ = fl.uncertainty_weighted([points, rows, several]).value_and_grad(y_true, y_pred, s)
        scales = [factor * math.exp(-x) for factor, x in zip((0.5, 1.0, 1.0), s, strict=True)]
        parts = [
            loss.value_and_grad(*given) for loss, *given in zip((points, rows, several), y_true, y_pred, strict=True)
        ]
        assert value == pytest.approx(sum(k * p[0] for k, p in zip(scales, parts, strict=True)) + sum(s) / 2, rel=1e-14)
        for scale, part, gradient in zip(scales, parts, gradients, strict=True):
            np.testing.assert_allclose(gradient, scale * part[1], rtol=1e-14)


def test_sums_need_no_numba() -> None:
    found = run("""
        import sys
        sys.modules["numba"] = None
        y_true, y_pred = np.zeros(2), np.array([0.5, 3.0])
        total = 0.5 * fl.squared_error + 2 * fl.huber.bind(delta=2.0)
        print(total(y_true, y_pred), total.grad(y_true, y_pred).tolist())
        print(total.value_grad_hess(y_true, y_pred, sample_weight=[1, 3], reduction="none")[0].tolist())
        print((2 * fl.cross_entropy)([0], [[0.0, 0.0]]) / np.log(2))
        print((fl.cross_entropy + fl.multiclass_hinge)([0], [[1.0, 1.0]]))
        print((fl.root_mean_squared_error + fl.huber)(y_true, y_pred))
        import pickle
        print(pickle.loads(pickle.dumps(total)) == total, "numba" in repr(sys.modules.get("fastloss.jit")))
    """)
    assert found.splitlines()[:2] == ["6.4375 [0.75, 3.5]", "[0.375, 37.5]"]
    assert found.splitlines()[-1] == "True False"


@pytest.mark.slow
def test_inside_functions_that_numba_compiles() -> None:
    numba = pytest.importorskip("numba")
    points, rows, mixed = (
        0.5 * fl.squared_error + 2 * fl.hinge,
        2 * fl.cross_entropy,
        fl.squared_error + fl.cross_entropy,
    )
    y_true, y_pred = np.array([0.0, 1.0]), np.array([0.5, 3.0])

    @numba.njit
    def step(y_true, y_pred):
        return points.value_and_grad(y_true, y_pred), points.point(1.0, 0.5)

    (value, grad), at = step(y_true, y_pred)
    assert value == pytest.approx(points(y_true, y_pred), rel=1e-14)
    np.testing.assert_allclose(grad, points.grad(y_true, y_pred), rtol=1e-14)
    assert at == points.point(1.0, 0.5)

    @numba.njit
    def of_rows(y_true, logits):
        return rows.grad(y_true, logits)

    @numba.njit
    def of_both(y_true, logits):
        return mixed.grad(y_true, logits)

    with pytest.raises(numba.core.errors.TypingError, match="of factors and sums only those of element-wise"):
        of_rows(np.array([0, 1]), np.zeros((2, 2)))
    with pytest.raises(numba.core.errors.TypingError, match="of factors and sums only those of element-wise"):
        of_both(np.eye(2), np.zeros((2, 2)))


# -- as many terms and parameters as there are --------------------------------------------------------------------


def test_a_sum_has_as_many_terms_as_one_likes() -> None:
    """More than 16 numbers were copied past their array: over addresses of code, which were then called."""
    found = run("""
        y_true, y_pred = np.zeros(2), np.ones(2)
        print(sum([fl.squared_error] * 16, fl.squared_error)(y_true, y_pred))
        hubers = sum(fl.huber.bind(delta=2.0 + k) for k in range(9))
        print(hubers(y_true, y_pred), hubers.grad(y_true, y_pred, sample_weight=[1, 3]).tolist())
        print(hubers(y_true, y_pred, **{f"huber_{k}_factor": [1.0, 2.0] for k in (2, 3)}))
        half = fl.huber
        for _ in range(4):
            half = 0.5 * half + 0.5 * half
        print(half.value_grad_hess(y_true, y_pred)[0])
    """)
    assert found.splitlines() == ["17.0", "4.5 [2.25, 6.75]", "5.0", "0.5"]


def test_a_loss_of_a_user_has_as_many_parameters_as_one_likes(tmp_path) -> None:
    names = [f"c{k}" for k in range(40)]
    (tmp_path / "many.py").write_text(
        textwrap.dedent(f"""
        import fastloss as fl, numba

        @fl.jit.pointwise
        def points(y_true, y_pred, {", ".join(f"{name}={k}.0" for k, name in enumerate(names))}):
            return ({" + ".join(names)}) * (y_pred - y_true), {" + ".join(names)} + 0 * y_pred

        @numba.njit
        def one(x):
            return x / x

        @fl.jit.pointwise
        def calling(y_true, y_pred, {", ".join(f"{name}={k}.0" for k, name in enumerate(names))}):
            return ({" + ".join(names)}) * one(y_pred), {" + ".join(names)} + 0 * y_pred

        @fl.jit.rowwise
        def rows(y_true, logits, {", ".join(f"{name}={k}.0" for k, name in enumerate(names))}):
            return ({" + ".join(names)}) * logits[y_true], 0 * logits
        """)
    )
    found = run(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from many import calling, points, rows
        y_true, y_pred = np.zeros(2), np.ones(2)
        for _ in range(2):  # the second time the short way
            print(points(y_true, y_pred), points.grad(y_true, y_pred).tolist())
        print(points(y_true, y_pred, sample_weight=[1, 2], c39=0.0))
        print(points(y_true, y_pred, c0=[1.0, 2.0], reduction="none").tolist())
        print(calling(y_true, y_pred, c1=0.0), calling(y_true, y_pred, sample_weight=[1, 2], c1=2.0))
        print(rows([0, 1], [[1.0, 3.0], [0.0, 2.0]], c0=1.0))
    """)
    assert found.splitlines() == [*["780.0 [390.0, 390.0]"] * 2, "741.0", "[781.0, 782.0]", "779.0 781.0", "1171.5"]


def test_a_kernel_for_cython_has_as_many_parameters_as_one_likes() -> None:
    found = run("""
        import ctypes
        hubers = sum(fl.huber.bind(delta=2.0 + k) for k in range(9))
        api = fl.__pyx_capi__
        name, address = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
        name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
        address.restype, address.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        def function(of, kind):
            return kind(address(api[of], name(api[of])))
        pointer, size = ctypes.c_void_p, ctypes.c_ssize_t
        kernel = function("kernel_of", ctypes.PYFUNCTYPE(pointer, ctypes.py_object))(hubers)
        taken = [pointer, size, pointer, pointer, ctypes.c_double, *[pointer] * 3]
        call = function("pointwise_f64", ctypes.CFUNCTYPE(ctypes.c_int, *taken))
        y_true, y_pred, value, gradient = np.zeros(2), np.ones(2), np.zeros(1), np.zeros(2)
        at = lambda array: array.ctypes.data
        print(call(kernel, 2, at(y_true), at(y_pred), 1.0, at(value), at(gradient), None), value, gradient)
    """)
    assert found == "0 [9.] [9. 9.]"


def test_what_the_kernels_are_handed_fits_into_their_arrays() -> None:
    """Counts that only the package itself decides are bounded in the kernels, too."""
    from fastloss.domains import limits_of
    from fastloss.runtime import kernels

    array = (np.zeros(2), 12, False)
    limits = limits_of(fl.huber._row, fl.huber.parameters, np.float64)
    number = kernels.points.POINTWISE.index("huber")
    for given in ((1.0,) * 5, (array,) * 5):
        with pytest.raises(ValueError, match="5 parameters; there is room for 4"):
            kernels.points.one_formula(number, given)
    asked: Any = {"want": 1, "double_precision": True, "limits": limits}
    with pytest.raises(TypeError, match="the kernels take no weights, third"):
        formula = kernels.points.one_formula(number, (1.0,))
        kernels.points.pointwise(formula, {"y_pred": array, "weights": None, "third": array}, size=2, **asked)
    with pytest.raises(ValueError, match="1 results, 2 factors"):
        kernels.points.add_results(True, 2, (1.0, 1.0), (array,), array, 1)
    arrays = {"logits": (np.zeros((2, 3)), 12, False), "y_true": (np.zeros(2), 12, False)}
    sizes = {"samples": 2, "classes": 3}
    with pytest.raises(TypeError, match="the kernels take no y_pred"):
        kernels.rows.rows({**arrays, "y_pred": array}, task=0, want=1, double_precision=True, **sizes)
    row: Any = {**asked, **sizes, "loss": 0, "label_classes": 3, "form": 0, "given": 0}
    with pytest.raises(TypeError, match="the kernels take no y_pred"):
        kernels.rows.row_losses({**arrays, "y_pred": array}, parameters=(), **row)
    with pytest.raises(ValueError, match="7 parameters; there is room for 6"):
        kernels.rows.row_losses(arrays, parameters=(1.0,) * 7, **row)
    without = {**arrays, "y_true": None}
    with pytest.raises(TypeError, match="the kernels need y_true"):
        kernels.rows.rows(without, task=0, want=1, double_precision=True, **sizes)
    with pytest.raises(TypeError, match="the kernels need y_true"):
        kernels.rows.row_losses(without, parameters=(), **row)
    with pytest.raises(ValueError, match="no loss number 99"):
        kernels.rows.row_losses(arrays, parameters=(), **{**row, "loss": 99})
