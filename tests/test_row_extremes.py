"""Rows whose numbers are of any size: a result that is an ordinary number is right, whatever comes before it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import accuracy
import cases
import numpy as np
import oracle
import pytest
import row_extremes as extremes
import vecmath_library
from cases import bits, generator
from mpmath import mp, mpf
from vecmath_library import Library

import fastloss as fl
from fastloss.runtime import current_engine

VARIANTS = list(extremes.all_variants())
of_float = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)


def check(case: extremes.Case) -> bool:
    """Hold a case to the bounds; tell whether it was computed at all."""
    worst = extremes.worst_of(case)
    if worst is None:
        return False
    worst.check(accuracy.bounds(case.variant, case.dtype))
    return True


@of_float
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_numbers_of_any_size(variant: cases.Variant, dtype: Any) -> None:
    rng = generator("extremes", str(variant), dtype)
    computed = 0
    for extreme in (0.2, 0.5) * 5:
        case = extremes.drawn(variant, dtype, rng, extreme)
        computed += not extremes.on_a_kink(case) and check(case)
    assert computed >= 3


def variant_of(loss: Any, y_true: Any, keywords: dict[str, Any]) -> cases.Variant:
    """Return the variant of a call, or skip the test where the engine has no kernel for it."""
    form = "soft" if np.ndim(y_true) else "index"
    named = keywords.get("given", "default")
    found = [
        v for v in VARIANTS if v.loss == loss and v.target in (form, "shares", "members") and v.parameters == named
    ]
    if not found or (current_engine() == "numba" and not cases.composed(loss._row).isdisjoint(keywords)):
        pytest.skip("no kernel of this engine")
    return found[0]


TINY = 5e-324
#: Each was wrong: loss, target, prediction, keywords and weight, in float64 or, where that is said, in float32.
WAS_WRONG = [
    # A temperature or a z-loss: the squares of scores and of temperatures are no numbers.
    (fl.cross_entropy, 1, [1e308, -1e308], {"temperature": 10.0}, 1.0),
    (fl.cross_entropy, 1, [1.5e308, -1.5e308], {"temperature": 15.0}, 1.0),
    (fl.cross_entropy, 0, [1e-154, 0.0], {"temperature": 1e-155}, 1.0),
    (fl.cross_entropy, 0, [3.5e188], {"z_loss": 1.9e-153, "temperature": 1.6e-231}, 1.7e-143),
    (
        fl.cross_entropy,
        1,
        [0.14335857900727794, -0.20438344906065878, 0.646068531691056],
        {"softcap": 0.00039985471800506035},
        1.0,
    ),
    # A weight that shows the digits which a subnormal exponential has lost, or which vanished.
    (fl.cross_entropy, 1, [0.0, 740.0], {}, 1e20),
    (fl.cross_entropy, 0, [0.0, 740.0, -800.0], {"class_weight": [1e200, 1.0, 1.0]}, 1.0),
    (fl.cross_entropy, [1.0, 1e-310, 0.0], [0.0, 1.0, 900.0], {"class_weight": [1e-300, 1e-3, 1.0]}, 1e300),
    (fl.categorical_focal, 0, [0.0, -740.0, 3.0], {"alpha": 2.0**64}, 1.0),
    (fl.poly1_cross_entropy, 0, [0.0, 744.0], {"epsilon": 2.3}, 1e12),
    (fl.generalized_cross_entropy, 0, [-357.4, 0.9, -575.3], {}, 4e65),
    (fl.multilabel_soft_margin, [1.0, 0.0, 0.5], [750.0, -750.0, 3.0], {}, 1e200),
    (fl.ordinal, 1, [740.0, -745.0], {}, 1e20),
    (fl.kl_divergence, [0.5, 0.5], [1.0, TINY], {"given": "probs"}, 1e-89),
    (fl.kl_divergence, [3e-320, 1.0], [0.0123, 0.99], {"given": "probs"}, 1.0),
    (fl.js_divergence, [1.0, 0.0], [-740.0, -0.5], {"given": "log_probs"}, 1e100),
    (fl.total_variation, [1.0, 0.0], [-740.0, -0.5], {"given": "log_probs"}, 1e100),
    (fl.categorical_log_loss, [1.0, 0.0], [1e-170, 1.0], {}, 1e-100),
    (fl.categorical_log_loss, 0, [1e-170, 1.0], {}, 1e-100),
    # Parameters: one infinite step, or 0 times infinity.
    (fl.poly1_cross_entropy, [0.5, 0.25, 0.25], [0.0, 0.0, 0.0], {"epsilon": 6e299}, 1.0),
    (fl.poly1_cross_entropy, [0.0, 1.0], [-475.0, -142.0], {"epsilon": 5e273}, 2e-237),
    (fl.categorical_focal, [0.25, 0.25, 0.25, 0.25], [0.0, -1.0, 700.0, 3.0], {"gamma": 1e-46, "alpha": 1e200}, 1.0),
    (fl.categorical_focal, 0, [-28.4, -2.2, 3.0], {"gamma": 1e13}, 7e12),
    (fl.categorical_focal, 1, [85.0, 0.0], {"gamma": 1e37}, 1.0),
    (fl.categorical_focal, 1, [30.0, 0.0], {"gamma": 1e13}, 1.0),
    (fl.js_divergence, [0.5, 0.5], [-169.7, -2.9], {"given": "log_probs", "beta": 6e-30}, 1.0),
    (fl.nll, 1, [-9.4e-321, -6.1e-321], {"class_weight": [2e-189, 8e-218], "label_smoothing": 1e-259}, 1e187),
    # A loss that is too large before it is weighted.
    (fl.cross_entropy, 1, [1.5e308, -1.5e308], {}, 0.1),
    (fl.multiclass_hinge, 1, [1.5e308, -1.5e308], {}, 1e-3),
    (fl.multi_margin, 1, [1e200, -1e200, 0.0], {"p": 2.0}, 1e-100),
    (fl.multilabel_margin, [1, 0, 1], [-1.5e308, 1.5e308, -1.2e308], {}, 0.01),
    (fl.sparsemax, 1, [1.5e308, -1.5e308], {}, 0.1),
    (fl.entmax15, 1, [9.5e307, -8.3e307, -4.3e307], {}, 1.0),
]


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "keywords", "weight"), WAS_WRONG, ids=[f"{c[0].name} {c[3]}" for c in WAS_WRONG]
)
def test_what_was_wrong(loss: Any, y_true: Any, y_pred: Any, keywords: dict[str, Any], weight: float) -> None:
    target = np.asarray(y_true, float) if np.ndim(y_true) else np.int64(y_true)
    keywords = {k: np.asarray(v) if isinstance(v, list) else v for k, v in keywords.items()}
    dtype = np.dtype(np.float64)
    assert check(extremes.Case(variant_of(loss, y_true, keywords), dtype, target, np.array(y_pred), keywords, weight))


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "keywords", "weight"),
    [
        (fl.cross_entropy, 0, [0.0, 95.0], {}, 1e15),
        (fl.cross_entropy, 1, [0.0, 95.0], {}, 1e15),
        (fl.cross_entropy, 1, [0.0, 95.0, -110.0], {"label_smoothing": 0.75}, 1e30),
        (fl.cross_entropy, 1, [3e38, -3e38], {}, 1e-3),
        (fl.cross_entropy, [1e-38, 1.0], [0.0, 200.0], {"class_weight": [1e-10, 1e-38]}, 1e30),
        (fl.cross_entropy, 1, [0.0, 1.0], {"temperature": 3e-24, "z_loss": 0.4}, 3e-21),
        (fl.categorical_focal, 1, [3e22, 0.0], {"alpha": 1e27}, 1e-30),
        (fl.categorical_focal, 1, [40.0, 0.0], {"gamma": 1e30}, 1.0),
    ],
    ids=str,
)
def test_what_was_wrong_in_float32(
    loss: Any, y_true: Any, y_pred: Any, keywords: dict[str, Any], weight: float
) -> None:
    dtype = np.dtype(np.float32)
    target = np.asarray(y_true, dtype) if np.ndim(y_true) else np.int64(y_true)
    keywords = {k: np.asarray(v) if isinstance(v, list) else v for k, v in keywords.items()}
    variant = variant_of(loss, y_true, keywords)
    weight = float(np.float32(weight))
    assert check(extremes.Case(variant, dtype, target, np.array(y_pred, dtype), keywords, weight))


# -- the same bits wherever a row lies --------------------------------------------------------------------------------


@of_float
@pytest.mark.parametrize("classes", [2, 10, 64, 65, 130, 300])
@pytest.mark.parametrize("soft", [False, True], ids=["index", "soft"])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.125}, {"temperature": 2.0}], ids=str)
@pytest.mark.parametrize("loss", [fl.cross_entropy, fl.generalized_cross_entropy], ids=lambda loss: loss.name)
def test_extreme_rows_among_others(loss: Any, options: dict[str, Any], soft: bool, classes: int, dtype: Any) -> None:
    """Alone, in a batch, in place, with the classes on another axis: and the other rows do not notice."""
    if loss is not fl.cross_entropy and "temperature" in options:
        return
    if current_engine() == "numba" and (loss is not fl.cross_entropy or "temperature" in options):
        return
    rng = generator("among others", classes, dtype)
    x = rng.normal(scale=3, size=(70, classes)).astype(dtype)
    far = 95 if dtype == np.float32 else 720
    x[5, 1] = x[33, 0] = x[69, 1] = far
    x[40] *= np.finfo(dtype).max / 64
    y: Any = rng.integers(classes, size=70)
    if soft:
        y = cases.soft_rows(classes, 70, rng, dtype)
    weight = np.full(70, 1e15)
    weight[40], weight[::3] = 0.125, 0.5
    keywords = {"reduction": "none", "sample_weight": weight, **options}
    together = loss.value_grad_hess(y, x, **keywords)
    assert np.isfinite(together[0]).all()
    for i in (0, 5, 33, 40, 50, 69):
        keywords["sample_weight"] = weight[i : i + 1]
        alone = loss.value_grad_hess(y[i : i + 1], x[i : i + 1], **keywords)
        assert bits(alone) == bits(tuple(result[i : i + 1] for result in together)), i
    keywords["sample_weight"] = weight
    across = np.ascontiguousarray(x.T)
    turned = loss.value_grad_hess(y.T if soft else y, across, axis=0, **keywords)
    assert bits((turned[0], turned[1].T, turned[2].T)) == bits(together)
    for method, parts in cases.METHODS.items():
        expected = {"value": together[0], "grad": together[1], "hess": together[2]}
        results = getattr(loss, method)(y, x, **keywords)
        for part, result in zip(parts, results if len(parts) > 1 else (results,), strict=True):
            assert bits(result) == bits(expected[part]), (method, part)
    place = x.copy()
    loss.value_grad_hess(y, place, out=(None, place, None), **keywords)
    assert bits(place) == bits(together[1])
    keywords["reduction"] = "sum"
    total, grad, hess = loss.value_grad_hess(y, x, **keywords)
    assert bits((grad, hess)) == bits(together[1:])
    assert total == pytest.approx(float(together[0].sum(dtype=float)), rel=1e-6 if dtype == np.float32 else 1e-14)


# -- an extreme row is an ordinary one, computed another way -----------------------------------------------------------


@pytest.mark.parametrize("classes", [3, 70])
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_extreme_rows_agree_with_ordinary_ones(variant: cases.Variant, classes: int) -> None:
    """A weight above 2^64 makes every row of most losses extreme; half of it none. Infinite scores, absent classes and
    NaN are answered alike."""
    drawn = cases.draw(variant, (40, classes), np.float64, generator("alike", str(variant), classes))
    x = drawn.y_pred.copy()
    if variant.holds in ("logits", "log_probs"):
        x[:8, 0] = x[4:12, 2] = -np.inf
    if variant.holds == "logits":
        x[10:14, 1] = np.inf
    else:
        x[10:14, 1] = variant.holds == "probs"
    x[16, 1] = np.nan
    x[20:24] = x[20:24, :1]  # ties
    large, small = (drawn.replace(y_pred=x)(sample_weight=np.full(40, 2.0**exponent)) for exponent in (64.5, 63.5))
    for part, result, other in zip(accuracy.PARTS, large, small, strict=True):
        largest = abs(other[np.isfinite(other)]).max()  # where terms cancel, both have lost digits
        np.testing.assert_allclose(result, 2 * other, rtol=1e-13, atol=1e-15 * largest, err_msg=part)


# -- wide numbers -----------------------------------------------------------------------------------------------------

LOOPS = """
#include <stddef.h>
#include "maths/wide.h"
typedef const double *restrict numbers;
#define ONE(name) \\
    void loop_##name(ptrdiff_t n, numbers h, numbers t, numbers e, double *restrict y) \\
    { for (ptrdiff_t i = 0; i < n / 3; i++) { \\
        fl_wide z = fl_wide_##name((fl_wide){h[i], t[i], e[i]}); \\
        y[3 * i] = z.head, y[3 * i + 1] = z.tail, y[3 * i + 2] = z.exponent; } }
#define TWO(name) \\
    void loop_##name(ptrdiff_t n, numbers h, numbers t, numbers e, double *restrict y) \\
    { for (ptrdiff_t i = 0; i < n / 3; i++) { \\
        ptrdiff_t j = (i + 1) % (n / 3); \\
        fl_wide z = fl_wide_##name((fl_wide){h[i], t[i], e[i]}, (fl_wide){h[j], t[j], e[j]}); \\
        y[3 * i] = z.head, y[3 * i + 1] = z.tail, y[3 * i + 2] = z.exponent; } }
ONE(exp) ONE(expm1) ONE(log) ONE(log1p) TWO(sum) TWO(product) TWO(quotient)
void loop_number(ptrdiff_t n, numbers h, numbers t, numbers e, double *restrict y)
{ for (ptrdiff_t i = 0; i < n / 3; i++) y[3 * i] = fl_wide_number((fl_wide){h[i], t[i], e[i]}); }
void loop_from_double(ptrdiff_t n, numbers h, double *restrict y)
{ for (ptrdiff_t i = 0; i < n / 3; i++) {
    fl_wide z = fl_wide_of(h[i]); y[3 * i] = z.head, y[3 * i + 1] = z.tail, y[3 * i + 2] = z.exponent; } }
#define PAIR(name, call) \\
    void loop_##name(ptrdiff_t n, numbers h, numbers t, double *restrict y) \\
    { for (ptrdiff_t i = 0; i < n / 3; i++) { fl_pair z = call; y[3 * i] = z.head, y[3 * i + 1] = z.tail; } }
PAIR(exp_pair, fl_exp_pair(h[i], t[i])) PAIR(log1p_pair, fl_log1p_pair((fl_pair){h[i], t[i]}))
"""


@pytest.fixture(scope="module")
def libraries() -> Iterator[dict[str, Library]]:
    if vecmath_library.compiler() is None:
        pytest.skip("no C compiler: wide.h cannot be built")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield {level: Library(level, folder, LOOPS) for level in vecmath_library.available_levels(folder)}


def wide_numbers(rng: Any, count: int, low: float, high: float, negative: bool = True) -> tuple[np.ndarray, ...]:
    """Return heads, tails and exponents."""
    head = rng.uniform(1, 2, count) * (rng.choice([-1, 1], count) if negative else 1)
    tail = head * rng.uniform(-1, 1, count) * 2.0**-54
    return head, tail, np.round(rng.uniform(low, high, count))


def exactly(head: float, tail: float, exponent: float = 0) -> mpf:
    return mp.ldexp(mpf(float(head)) + mpf(float(tail)), int(exponent))


def called(library: Library, name: str, *arrays: np.ndarray) -> np.ndarray:
    """Return the heads, tails and exponents of results, for which the arrays are made as long."""
    count = arrays[0].size
    return library(name, *(np.append(array, np.zeros(2 * count)) for array in arrays)).reshape(count, 3)


WIDE_FUNCTIONS = [
    ("exp", mp.exp, (-300, 19), True), ("expm1", mp.expm1, (-3000, 9), True), ("log", mp.log, (-3000, 3000), False),
    ("log1p", mp.log1p, (-3000, 300), False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "function", "exponents", "negative"), WIDE_FUNCTIONS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_function_of_wide_numbers(
    name: str, function: Any, exponents: tuple[int, int], negative: bool, libraries: dict[str, Library]
) -> None:
    given = wide_numbers(generator("wide", name), 400, *exponents, negative)
    with mp.workprec(500):
        truths = [function(exactly(*number)) for number in zip(*given, strict=True)]
        for level, library in libraries.items():
            for number, truth, found in zip(
                zip(*given, strict=True), truths, called(library, name, *given), strict=True
            ):
                error = abs(exactly(*found) - truth)
                # The tail of an argument of 2^20 is good to 2^-86.
                assert error <= abs(truth) * mpf(2) ** (-84 if name == "exp" else -94), (level, number)


@pytest.mark.parametrize(("name", "operation"), [("sum", mp.fadd), ("product", mp.fmul), ("quotient", mp.fdiv)])
def test_arithmetic_of_wide_numbers(name: str, operation: Any, libraries: dict[str, Library]) -> None:
    given = wide_numbers(generator("wide", name), 1000, -70, 70)
    with mp.workprec(500):
        numbers = [exactly(*number) for number in zip(*given, strict=True)]
        for level, library in libraries.items():
            for i, found in enumerate(called(library, name, *given)):
                truth = operation(numbers[i], numbers[(i + 1) % 1000])
                assert abs(exactly(*found) - truth) <= abs(truth) * mpf(2) ** -100, (level, i)


def test_wide_numbers_and_doubles(libraries: dict[str, Library]) -> None:
    rng = generator("wide", "doubles")
    given = wide_numbers(rng, 2000, -1100, 1040)
    special = np.array([0, 5e-324, -3e-310, 2.3e-308, 1.7e308, np.inf, -np.inf, np.nan, 1, -1.5])
    for library in libraries.values():
        for number, found in zip(zip(*given, strict=True), called(library, "number", *given)[:, 0], strict=True):
            truth = exactly(*number)
            assert oracle.ulps(found, oracle.Truth(truth, abs(truth)), np.float64) <= 1
        wide = called(library, "from_double", special)
        finite = np.isfinite(special) & (special != 0)
        assert ((abs(wide[finite, 0]) >= 1) & (abs(wide[finite, 0]) < 2)).all()
        np.testing.assert_array_equal(called(library, "number", *wide.T.copy())[:, 0], special)


@of_float
@pytest.mark.parametrize("classes", [3, 7, 65, 300])
@pytest.mark.parametrize("loss", [fl.nll, fl.categorical_log_loss], ids=str)
def test_other_classes_change_no_bit_where_the_true_one_counts_alone(loss: Any, classes: int, dtype: Any) -> None:
    """Whatever they hold, and in every layout: contiguous rows go another way than others."""
    if current_engine() == "numba":
        pytest.skip("no kernel of this engine")
    rng = generator("others", str(loss), classes, dtype)
    dtype, ordinary = np.dtype(dtype), rng.uniform(0.01, 0.99, (7, classes))
    y_pred = ordinary.astype(dtype) if loss is fl.categorical_log_loss else -ordinary.astype(dtype)
    y_true = rng.integers(0, classes, 7)
    odd = float(np.finfo(dtype).tiny) if loss is fl.categorical_log_loss else -float(np.finfo(dtype).max)
    strange = y_pred.copy()
    for row in range(7):
        others = np.flatnonzero(np.arange(classes) != y_true[row])
        strange[row, rng.choice(others)] = odd
    assert (strange != y_pred).any(axis=1).all()
    for large in (1.5, 1e30):
        weight = np.array([2, 0.25, large, 0.75, 0.25, 0, 1.75])
        want = bits(loss.value_grad_hess(y_true, y_pred, sample_weight=weight))
        for array in (y_pred, strange):
            for given in (array, np.asfortranarray(array)):
                assert bits(loss.value_grad_hess(y_true, given, sample_weight=weight)) == want


def test_pairs_of_exponentials_and_logarithms(libraries: dict[str, Library]) -> None:
    """To 2^-61: an exponent of a power may multiply their error by 745."""
    rng = generator("pairs")
    x = -np.concatenate([rng.uniform(0, 700, 800), 2.0 ** rng.uniform(-60, 9, 800)])
    u = np.concatenate([2.0 ** rng.uniform(-300, 300, 800), rng.uniform(0, 3, 800)])
    with mp.workprec(200):
        for name, function, heads in (("exp_pair", mp.exp, x), ("log1p_pair", mp.log1p, u)):
            tails = heads * rng.uniform(-1, 1, heads.size) * 2.0**-54
            truths = [function(exactly(*pair)) for pair in zip(heads, tails, strict=True)]
            for library in libraries.values():
                for found, truth in zip(called(library, name, heads, tails), truths, strict=True):
                    assert abs(exactly(*found[:2]) - truth) <= abs(truth) * mpf(2) ** -61
            for library in libraries.values():
                edges = np.array([0.0, -np.inf if name == "exp_pair" else np.inf, np.nan])
                limits = [1, 0, np.nan] if name == "exp_pair" else [0, 1000 * float(mp.log(2)), np.nan]
                found = called(library, name, edges, np.zeros(3))[:, 0]
                np.testing.assert_allclose(found, limits, rtol=1e-15)
