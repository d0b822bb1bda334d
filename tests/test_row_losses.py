"""What is special to a loss over rows: its values at the edges of its domain, its kinks, what it must refuse."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any

import accuracy
import cases
import numpy as np
import oracle
import pytest
from cases import bits, generator
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal
from vecmath_library import LEVELS

import fastloss as fl
from fastloss.runtime import current_engine

pytestmark = pytest.mark.compact

INF, NAN = np.inf, np.nan
of_float = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)

VARIANTS = [v for v in cases.variants() if v.rowwise and v.row.name != "cross_entropy" and v.parameters != "other"]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)
#: Of the softmax, unbounded where the true class has no probability.
UNBOUNDED = [fl.categorical_focal, fl.poly1_cross_entropy, fl.cross_entropy.bind(temperature=2.0)]
SOFTMAX = [*UNBOUNDED, fl.generalized_cross_entropy]
SPARSE = [fl.sparsemax, fl.entmax15]
name = lambda loss: repr(loss).removeprefix("fastloss.")  # noqa: E731


def results(loss: Any, y_true: Any, row: Any, dtype: Any, **keywords: Any) -> tuple[Any, Any, Any]:
    """Return the results of one row, which are the same in a batch among ordinary rows."""
    row = np.asarray(row, dtype)
    one = loss.value_grad_hess(np.asarray(y_true)[None], row[None], reduction="none", **keywords)
    alone = tuple(result[0] for result in one)
    batch = np.zeros((5, row.size), dtype)
    batch[3] = row
    targets = np.stack([np.asarray(y_true)] * 5)
    together = loss.value_grad_hess(targets, batch, reduction="none", **keywords)
    assert bits(tuple(np.asarray(result[3]) for result in together)) == bits(tuple(np.asarray(r) for r in alone))
    return alone


# -- special values ---------------------------------------------------------------------------------------------------


@of_float
@pytest.mark.parametrize("classes", [1, 2, 10, 70, 300])
@every_variant
def test_nan_is_the_whole_row_and_no_other(variant: cases.Variant, classes: int, dtype: Any) -> None:
    inputs = cases.draw(variant, (9, classes), dtype, generator(str(variant), classes))
    plain = inputs()
    for place in {0, classes // 2, classes - 1}:
        poisoned = inputs.replace(y_pred=inputs.y_pred.copy())
        poisoned.y_pred[4, place] = NAN
        rest = np.arange(9) != 4
        for got, expected in zip(poisoned(), plain, strict=True):
            assert np.isnan(got[4]).all()
            assert bits(got[rest]) == bits(expected[rest])


@of_float
@pytest.mark.parametrize("loss", [*SOFTMAX, *SPARSE], ids=name)
def test_infinite_logits(loss: Any, dtype: Any) -> None:
    unbounded = loss is not fl.generalized_cross_entropy
    bounded = {fl.generalized_cross_entropy: 1 / 0.7}
    for ahead in ([INF, 0, 1], [INF, -INF, 1], [0, -INF, -INF]):  # the true class has all probability
        value, grad, hess = results(loss, 0, ahead, dtype)
        assert value == 0
        assert_array_equal(grad, 0)
        assert_array_equal(hess, 0)
    # another class has it
    value, grad, _ = results(loss, 0, [0, INF, 1], dtype)
    assert value == (INF if unbounded else dtype.type(bounded[loss]))
    steepness = {fl.poly1_cross_entropy: 1, fl.generalized_cross_entropy: 0, UNBOUNDED[-1]: 0.5}.get(loss, 1)
    assert_array_equal(grad, np.array([-steepness, steepness, 0], dtype))
    # the true class is absent
    value, grad, _ = results(loss, 0, [-INF, 1, 1], dtype)
    assert value == (INF if unbounded else dtype.type(bounded[loss]))
    assert_allclose(grad, steepness * np.array([-1, 0.5, 0.5]), rtol=4 * np.finfo(dtype).eps)
    for nothing in ([INF, INF, 0], [0, INF, INF], [-INF, -INF, -INF]):
        assert all(np.isnan(result).all() for result in results(loss, 0, nothing, dtype))


@of_float
@pytest.mark.parametrize("loss", [*SOFTMAX, *SPARSE], ids=name)
def test_a_class_at_minus_infinity_is_absent(loss: Any, dtype: Any) -> None:
    row = generator(name(loss)).normal(size=6)
    value, grad, hess = results(loss, 2, row, dtype)
    more = np.append(row, [-INF, -INF])
    other_value, other_grad, other_hess = results(loss, 2, more, dtype)
    assert other_value == value
    assert_array_equal(other_grad, np.append(grad, [0, 0]))
    assert_array_equal(other_hess, np.append(hess, [0, 0]))


OF_SCORES = [v for v in cases.variants() if v.rowwise and v.holds != "probs" and v.parameters != "other"]


@of_float
@pytest.mark.parametrize("classes", [1, 2, 3, 70])
@pytest.mark.parametrize("infinity", [-INF, INF], ids=str)
@pytest.mark.parametrize("variant", OF_SCORES, ids=str)
def test_an_infinite_score_gives_the_limit(variant: cases.Variant, infinity: float, classes: int, dtype: Any) -> None:
    """Of value, gradient and Hessian, as that score grows: the truth of one that might as well be infinite."""
    if infinity > 0 and variant.holds == "log_probs":
        return
    if infinity < 0 and classes == 1 and variant.row.target.forms[0] in ("index", "soft"):
        return  # no class is left
    rng = generator("limits", str(variant), classes)
    inputs = cases.draw(variant, (6, classes), dtype, rng)
    inputs.keywords.pop("ignore_index", None)
    places = rng.integers(classes, size=6)
    if variant.target == "index":
        places[:3] = np.minimum(inputs.y_true[:3], classes - 1)  # the true class, others
    huge = 10.0**35
    inputs.y_pred[np.arange(6), places] = infinity
    results = inputs()
    far = inputs.replace(y_pred=inputs.y_pred.copy())
    for i, place in enumerate(places):
        far.y_pred[i, place] = np.sign(infinity) * huge
        shown = [int(place), (int(place) + 1) % classes]
        truths = accuracy.truths_of(far, i, [(far.row.prediction, k) for k in shown])
        for column, of_column in zip(shown, truths, strict=True):
            for k, truth in enumerate(of_column):
                got = results[k][i] if k == 0 else results[k][i, column]
                exact = truth.exact
                if abs(exact) > 1e20:
                    assert got == (INF if exact > 0 else -INF), (accuracy.PARTS[k], i, column)
                elif abs(exact) < 1e-17:
                    assert got == 0, (accuracy.PARTS[k], i, column)
                else:
                    assert oracle.ulps(got, truth, dtype) <= 8, (accuracy.PARTS[k], i, column, got, exact)


@of_float
@pytest.mark.parametrize("temperature", [0.7, 1.7, 3.0])
@pytest.mark.parametrize("softcap", [None, 30.1])
def test_a_class_at_minus_infinity_is_absent_at_any_temperature(softcap: Any, temperature: float, dtype: Any) -> None:
    """The reciprocal of a temperature has a tail of either sign, and infinity times it may be the other infinity."""
    row = generator("absent", temperature).normal(size=300)
    options = {"temperature": temperature, "z_loss": 0.25}
    capped = {} if softcap is None else {"softcap": softcap}
    for size in (6, 70, 300):
        rest = np.append(row[:size], -INF if softcap is None else -1e9)
        value, grad, hess = results(fl.cross_entropy, 2, rest, dtype, **options, **capped)
        assert np.isfinite(value)
        assert np.isfinite(grad).all()
        assert np.isfinite(hess).all()
        if softcap is None:
            assert_array_equal(grad[-1], 0)
            assert_allclose(value, results(fl.cross_entropy, 2, row[:size], dtype, **options)[0], rtol=1e-6)


@of_float
@pytest.mark.parametrize("gamma", [0.0, 0.25, 0.5, 1.0, 2.0, 7.5])
def test_focal_where_the_probability_is_0_or_1(gamma: float, dtype: Any) -> None:
    """With gamma < 1 the power (1 - p)^(gamma - 1) has no limit at p = 1; loss and gradient have."""
    huge = 0.9 * float(np.finfo(dtype).max)
    value, grad, hess = results(fl.categorical_focal, 1, [-huge, huge, 0], dtype, gamma=gamma)
    assert value == 0
    assert_array_equal(grad, 0)
    assert_array_equal(hess, 0)
    value, grad, hess = results(fl.categorical_focal, 1, [0, -huge, 0], dtype, gamma=gamma)
    assert value == dtype.type(huge)
    assert_allclose(grad, [0.5, -1, 0.5], rtol=4 * np.finfo(dtype).eps)
    assert np.isfinite(hess).all()


@pytest.mark.parametrize("classes", [2, 10, 70, 300])
@pytest.mark.parametrize(
    "loss",
    [fl.categorical_focal.bind(gamma=0.0, alpha=2.0**70), fl.poly1_cross_entropy.bind(epsilon=2.0**70)],
    ids=name,
)
def test_a_large_factor_shows_all_digits_of_what_a_probability_lacks_of_1(loss: Any, classes: int) -> None:
    """1 - p is subnormal, what the factor makes of it is not."""
    row = np.zeros(classes)
    row[1] = 738.5
    lacking = (classes - 1) * float(mp.exp(-738.5) * 2**70)
    for target in (1, np.eye(classes)[1]):
        _, grad, hess = results(loss, target, row, cases.FLOATS[-1])
        assert_allclose([grad[1], hess[1]], [-lacking, lacking], rtol=8 * np.finfo(float).eps, atol=0)


@of_float
def test_a_probability_of_0_is_infinitely_surprising_and_clipping_is_asked_for(dtype: Any) -> None:
    value, grad, hess = results(fl.categorical_log_loss, 1, [0.5, 0, 0.5], dtype)
    assert value == INF
    assert_array_equal(grad, [0, -INF, 0])
    assert_array_equal(hess, [0, INF, 0])
    value, grad, hess = results(fl.categorical_log_loss, [1, 0, 0], [1, 0, 0], dtype)
    assert value == 0
    assert_array_equal(grad, [-1, 0, 0])
    for clip in (1e-3, 1e-7, 1e-15):  # of which 1 - clip is not a number of the type
        value, grad, hess = results(fl.categorical_log_loss, 1, [0, 1, 0], dtype, clip=clip)
        assert_allclose(value, -np.log1p(-clip), rtol=4 * np.finfo(dtype).eps)
        assert_array_equal(grad, 0)
    value, grad, hess = results(fl.categorical_log_loss, 1, [0.5, 0, 0.5], dtype, clip=0.25)
    assert value == dtype.type(np.log(4))
    assert_array_equal(grad, 0)
    assert_array_equal(hess, 0)


@of_float
@pytest.mark.parametrize("loss", [fl.kl_divergence, fl.js_divergence, fl.total_variation], ids=name)
def test_zeros_in_distributions(loss: Any, dtype: Any) -> None:
    largest = {fl.kl_divergence: INF, fl.js_divergence: np.log(2), fl.total_variation: 1}[loss]
    for given, one, zero in (("probs", 1, 0), ("log_probs", 0, -INF), ("logits", 0, -INF)):
        value, grad, hess = results(loss, [1.0, 0, 0], [one, zero, zero], dtype, given=given)
        assert value == 0
        assert np.isfinite(grad).all()
        assert np.isfinite(hess).all()
        value, _, _ = results(loss, [0, 1.0, 0], [one, zero, zero], dtype, given=given)
        assert_allclose(value, largest, rtol=4 * np.finfo(dtype).eps)


@of_float
@pytest.mark.parametrize("beta", [0.0, 1.0])
def test_the_limits_of_js_divergence_are_0(beta: float, dtype: Any) -> None:
    for given in ("logits", "log_probs", "probs"):
        prediction = [-0.25, 0] if given == "log_probs" else [0.25, 0]
        for result in results(fl.js_divergence, [0, 1.0], prediction, dtype, beta=beta, given=given):
            assert_array_equal(result, 0)


@of_float
def test_a_divergence_from_a_rounded_target_is_exact_where_it_is_below_0(dtype: Any) -> None:
    """Its least value is then below 0: the target's sum is below 1, that of the prediction's softmax is 1."""
    rng = generator("rounded targets", dtype)
    below = 0
    for _ in range(300):
        exact = rng.dirichlet(np.ones(5))
        y = exact.astype(np.float32)
        logits = np.log(exact).astype(dtype)
        value = fl.kl_divergence(y[None], logits[None])
        row = fl.kl_divergence._row
        truth, _, _ = oracle.truth(row, {"y_true": y, "y_pred": logits}, [("y_pred", 0)], np.float64)[0]
        largest = float(abs(y * np.log(y)).max())
        assert abs(value - float(truth.exact)) <= 4 * np.finfo(dtype).eps * largest
        if dtype == np.float64 and truth.exact < 0:
            below += 1
            assert value > float(y.sum(dtype=float)) - 1 - 1e-14
    assert below > 20 or dtype == np.float32


@of_float
@pytest.mark.parametrize("beta", [2.0**-60, 1e-12, 1e-6, 1e-3, 0.999, 1 - 1e-6, 1 - 1e-12, 1 - 2.0**-53])
@pytest.mark.parametrize("variant", [v for v in cases.variants() if v.row.name == "js_divergence"], ids=str)
def test_js_divergence_with_beta_next_to_an_end(variant: cases.Variant, beta: float, dtype: Any) -> None:
    """m is then next to y or to q, and far from what the other one is where that is much smaller."""
    if variant.parameters == "other":
        return
    for regime, classes, rows in (
        ("spread 1", 3, 8),
        ("spread 1", 150, 1),
        ("spread 100", 3, 4),
        ("right by 15 to 35", 3, 8),
        ("right by 15 to 35", 70, 1),
        ("wrong", 3, 8),
    ):
        inputs = accuracy.inputs_of_rows(variant, regime, dtype, rows, classes, "beta")
        inputs.keywords["beta"] = beta
        worst = accuracy.measure(inputs, dtype, rng=generator("beta", classes))
        worst.check(accuracy.bounds(variant, dtype))


@of_float
@pytest.mark.parametrize("gamma", [0.0, 0.01, 0.05, 0.1, 0.3])
def test_focal_of_probabilities_whose_rest_is_next_to_underflow(gamma: float, dtype: Any) -> None:
    """(1 - p)^(gamma - 2), which the second derivative has for p next to 1, is then too large for any float."""
    variant = next(v for v in cases.variants() if str(v) == "categorical_focal-soft-default")
    tiny = -np.log(np.finfo(dtype).tiny, dtype=float)
    least = -np.log(np.finfo(dtype).smallest_subnormal, dtype=float)
    for distance in np.linspace(tiny - 20, least, 9):
        for row in ([0, -distance], [0, -distance, -distance - 1], [-distance, 0, -2]):
            x = np.array([row], dtype)
            y = np.full_like(x, 1 / len(row))
            inputs = cases.call_of(fl.categorical_focal, y, x, {"gamma": gamma})
            worst = accuracy.measure(inputs, dtype, rng=generator("rest"))
            worst.check(accuracy.bounds(variant, dtype))


@of_float
@pytest.mark.parametrize("loss", [fl.total_variation, fl.js_divergence], ids=name)
def test_a_log_probability_next_to_0_is_not_taken_for_0(loss: Any, dtype: Any) -> None:
    """exp(x) is 1 there; what it lacks of 1 is what the target is compared with."""
    tiny = dtype.type(-1e-20)
    value, grad, _ = results(loss, [1.0, 0], [tiny, -INF], dtype, given="log_probs")
    assert_allclose(value, {fl.total_variation: 5e-21}.get(loss, 0), rtol=4 * np.finfo(dtype).eps, atol=1e-40)
    assert_allclose(grad[0], {fl.total_variation: -0.5}.get(loss, -2.5e-21), rtol=4 * np.finfo(dtype).eps)


@of_float
def test_a_clip_below_the_rounding_of_1_clips(dtype: Any) -> None:
    for clip in (1e-17, 1e-30):
        for target in (1, [0, 1, 0]):
            value, grad, hess = results(fl.categorical_log_loss, target, [0, 1, 0], dtype, clip=clip)
            assert_allclose(value, clip, rtol=4 * np.finfo(dtype).eps)
            assert_array_equal(grad, 0)
            assert_array_equal(hess, 0)


# -- margins ----------------------------------------------------------------------------------------------------------


@of_float
def test_the_gradient_at_a_kink_is_the_midpoint(dtype: Any) -> None:
    value, grad, _ = results(fl.multiclass_hinge, 0, [1, 0, -5], dtype)
    assert value == 0
    assert_array_equal(grad, [-0.5, 0.5, 0])
    value, grad, _ = results(fl.multiclass_hinge, 0, [1, 2, 2, 0], dtype)  # two best others
    assert value == 2
    assert_array_equal(grad, [-1, 0.5, 0.5, 0])
    value, grad, _ = results(fl.multi_margin, 0, [1, 0, 0.5, -5], dtype)
    assert value == 0.125
    assert_array_equal(grad, [-0.375, 0.125, 0.25, 0])
    value, grad, hess = results(fl.multi_margin, 0, [1, 0, 0.5, -5], dtype, p=2)
    assert value == 0.0625
    assert_array_equal(grad, [-0.25, 0, 0.25, 0])
    assert_array_equal(hess, [0.5, 0, 0.5, 0])
    value, grad, _ = results(fl.multilabel_margin, [1, 0, 0, 1], [1, 0, 0.5, 9], dtype)
    assert value == 0.125
    assert_array_equal(grad, [-0.375, 0.125, 0.25, 0])


@of_float
def test_infinite_scores_of_margins(dtype: Any) -> None:
    for loss in (fl.multiclass_hinge, fl.multi_margin):
        value, grad, _ = results(loss, 0, [INF, 3, -INF], dtype)
        assert value == 0
        assert_array_equal(grad, 0)
        assert results(loss, 0, [0, INF, 0], dtype)[0] == INF
        assert np.isnan(results(loss, 0, [INF, INF, 0], dtype)[1]).all()
    assert results(fl.multilabel_margin, [1, 0, 0], [INF, 3, -INF], dtype)[0] == 0
    assert results(fl.multilabel_margin, [1, 0, 0], [0, INF, -INF], dtype)[0] == INF
    assert np.isnan(results(fl.multilabel_margin, [1, 0, 1], [INF, INF, 0], dtype)[1]).all()
    assert np.isnan(results(fl.multilabel_margin, [1, 0, 1], [-INF, -INF, 0], dtype)[1]).all()


@of_float
@pytest.mark.parametrize("classes", [1, 2, 9, 40, 300])
@pytest.mark.parametrize("scores", ["spread", "whole numbers"])
def test_multilabel_margin_is_the_double_sum(scores: str, classes: int, dtype: Any) -> None:
    """Sorted or not; with whole numbers most pairs are ties, and many are kinks."""
    rng = generator("multilabel", scores, classes)
    x = rng.normal(scale=3, size=(7, classes)) if scores == "spread" else rng.integers(-3, 4, (7, classes)) * 1.0
    x = x.astype(dtype).astype(float)
    y = rng.random((7, classes)) < rng.random((7, 1))
    violation = 1 + x[:, None, :] - x[:, :, None]
    pairs = y[:, :, None] & ~y[:, None, :]
    steps = np.where(pairs, np.where(violation > 0, 1.0, np.where(violation == 0, 0.5, 0)), 0)
    value, grad, hess = fl.multilabel_margin.value_grad_hess(y, x.astype(dtype), reduction="none")
    eps = 8 * float(np.finfo(dtype).eps)
    assert_allclose(value, np.where(pairs, np.maximum(violation, 0), 0).sum((1, 2)) / classes, rtol=eps, atol=0)
    assert_allclose(grad, (steps.sum(1) - steps.sum(2)) / classes, rtol=eps, atol=0)
    assert_array_equal(hess, 0)


# -- sparse maps ------------------------------------------------------------------------------------------------------


@of_float
@pytest.mark.parametrize("classes", [1, 2, 10, 65, 1000])
@pytest.mark.parametrize("loss", SPARSE, ids=name)
def test_sparse_gradients_are_probabilities_minus_the_target(loss: Any, classes: int, dtype: Any) -> None:
    rng = generator("sparse", loss.name, classes)
    x, y = rng.normal(scale=2, size=(20, classes)).astype(dtype), rng.integers(classes, size=20)
    value, grad, hess = loss.value_grad_hess(y, x, reduction="none")
    p = grad + np.eye(classes, dtype=dtype)[y]
    assert (p >= 0).all()
    assert (value >= 0).all()
    assert ((hess >= 0) & (hess < 1)).all()
    assert_allclose(p.sum(-1, dtype=float), 1, rtol=4 * float(np.finfo(dtype).eps))
    if classes >= 65:
        assert (grad == 0).mean() > 0.5


# -- composition of cross-entropy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [3, 10, 70, 300])
def test_a_probability_far_below_the_threshold_of_sparsemax_has_all_its_digits(classes: int) -> None:
    """The threshold, a third of a sum, is no float, and what it is off shows where it cancels against a score."""
    second = -0.3
    third = (second - 1 + 2.0**-30) / 2
    row = np.full(classes, -10.0)
    row[:3] = 0, second, third
    threshold = sum(map(Fraction, (second, third, -1))) / 3
    _, grad, _ = results(fl.sparsemax, 0, row, cases.FLOATS[-1])
    expected = [float(Fraction(score) - threshold) for score in (-1, second, third)]
    assert 0 < expected[2] < 1e-9
    assert_allclose(grad[:3], expected, rtol=4 * np.finfo(float).eps, atol=0)
    assert_array_equal(grad[3:], 0)


@of_float
@pytest.mark.parametrize("classes", [2, 10, 70, 300])
def test_options_of_cross_entropy_are_what_they_are_composed_of(classes: int, dtype: Any) -> None:
    rng = generator("composed", classes)
    x, y = rng.normal(scale=3, size=(20, classes)).astype(dtype), rng.integers(classes, size=20)
    rtol = 64 * float(np.finfo(dtype).eps)
    plain = fl.cross_entropy.value_grad_hess(y, x, reduction="none")
    # as good as no option: another kernel, the same loss
    for options in ({"z_loss": float(np.finfo(dtype).tiny)}, {"temperature": 1 + 1e-12}, {"softcap": 1e9}):
        for got, expected in zip(
            fl.cross_entropy.value_grad_hess(y, x, reduction="none", **options), plain, strict=True
        ):
            assert_allclose(got, expected, rtol=rtol + 1e-9)
    value, grad, hess = fl.cross_entropy.value_grad_hess(y, x, reduction="none", temperature=2.0)
    half = fl.cross_entropy.value_grad_hess(y, x / 2, reduction="none")
    assert_allclose(value, half[0], rtol=rtol)
    assert_allclose(grad, half[1] / 2, rtol=rtol)
    assert_allclose(hess, half[2] / 4, rtol=rtol)
    added = fl.cross_entropy(y, x, reduction="none", z_loss=0.5) - plain[0]
    assert_allclose(added, 0.5 * fl.logsumexp(x) ** 2, rtol=rtol, atol=rtol * abs(plain[0]).max())
    capped = 4 * np.tanh(x.astype(float) / 4)
    assert_allclose(
        fl.cross_entropy(y, x, reduction="none", softcap=4.0), fl.cross_entropy(y, capped, reduction="none"), rtol=rtol
    )


def sweep_bounds(dtype: Any) -> tuple[int, int, int]:
    """Return those of tests/accuracy.py for soft targets, of value, gradient and Hessian."""
    if dtype == np.float32:
        return 4, 4, 6
    return 4, 6, 6 if LEVELS[fl.build_info()["isa"]].fma else 8


#: What goes with the sweep of cross-entropy (cross_entropy_swept), alone and together.
SWEPT = [
    {"z_loss": 1e-4},
    {"z_loss": 2.0**-6},
    {"z_loss": 0.01, "label_smoothing": 0.1},
    {"temperature": 2.0},
    {"temperature": 1.7, "z_loss": 1e-3},
    {"temperature": 3.3, "label_smoothing": 0.1},
    {"temperature": 60.0},
    {"softcap": 30.0},
    {"softcap": 0.3},
    {"softcap": 200.0},
    {"softcap": 5.0, "temperature": 0.7, "z_loss": 1e-3},
    {"softcap": 50.0, "label_smoothing": 0.1},
]


@of_float
@pytest.mark.parametrize("target", ["index", "soft"])
@pytest.mark.parametrize("options", SWEPT, ids=str)
@pytest.mark.parametrize("classes", [2, 10, 65, 300])
def test_options_in_the_sweep(classes: int, options: dict[str, float], target: str, dtype: Any) -> None:
    """In the sweep of cross-entropy, whose exponentials are rounded to the type."""
    rng = generator("swept", classes, str(options), target, dtype)
    bounds = sweep_bounds(dtype)
    for spread, offset in ((0.1, 0), (3, 0), (300, 0), (3, -1e4), (3, -3), (1e4, 0)):
        x = (rng.normal(size=(2, classes)) * spread + offset).astype(dtype)
        y: Any = np.array([x[0].argmax(), rng.integers(classes)])
        if target == "soft":
            y = rng.random((2, classes)) ** 4
            y = (y / y.sum(1, keepdims=True)).astype(dtype)
        found = fl.cross_entropy.value_grad_hess(y, x, reduction="none", **options)
        given = fl.cross_entropy.parameters | options
        for i in range(2):
            places = sorted({0, classes - 1, int(x[i].argmax()), int(y[i] if target == "index" else y[i].argmax())})
            sample = {"y_true": y[i], "logits": x[i]}
            truths = oracle.truth(fl.cross_entropy._row, sample, [("logits", c) for c in places], dtype, **given)
            for column, truth in zip(places, truths, strict=True):
                for k, bound in enumerate(bounds):
                    got = found[k][i] if k == 0 else found[k][i, column]
                    assert oracle.ulps(got, truth[k], dtype) <= bound, (accuracy.PARTS[k], spread, offset, i, column)


@of_float
@pytest.mark.parametrize("options", SWEPT, ids=str)
@pytest.mark.parametrize("classes", [3, 70])
def test_options_in_the_sweep_have_the_same_bits_in_any_layout(
    classes: int, options: dict[str, float], dtype: Any
) -> None:
    rng = generator("layouts of swept", classes, str(options))
    x, y = rng.normal(scale=3, size=(150, classes)).astype(dtype), rng.integers(classes, size=150)
    x[7] += 2e10  # of which the square times z is for the numbers of any size
    x[8, 1] = INF
    x[9, 1] += 9e2  # next to underflow
    weight = rng.random(150)
    together = fl.cross_entropy.value_grad_hess(y, x, reduction="none", sample_weight=weight, **options)
    spread = np.full((150, 2 * classes), NAN, dtype)[:, ::2]
    spread[...] = x
    for other in (spread, np.asfortranarray(x)):
        found = fl.cross_entropy.value_grad_hess(
            y, other, reduction="none", sample_weight=weight, n_threads=2, **options
        )
        assert bits(found) == bits(together)
    for i in (0, 7, 8, 9, 149):
        one = fl.cross_entropy.value_grad_hess(
            y[i : i + 1], x[i : i + 1], reduction="none", sample_weight=weight[i], **options
        )
        assert bits(one) == bits(tuple(result[i : i + 1] for result in together))
    in_place = x.copy()
    fl.cross_entropy.grad(y, in_place, reduction="none", sample_weight=weight, out=in_place, **options)
    assert bits(in_place) == bits(together[1])


@of_float
@pytest.mark.parametrize(
    ("loss", "parameters"),
    [
        (fl.categorical_focal, {"gamma": 0.0}),
        (fl.categorical_focal, {"gamma": 5.0, "alpha": 0.25}),
        (fl.categorical_focal, {"gamma": 40.0}),
        (fl.poly1_cross_entropy, {"epsilon": -1.0}),
        (fl.poly1_cross_entropy, {"epsilon": 50.0}),
        (fl.generalized_cross_entropy, {"q": 0.05}),
        (fl.generalized_cross_entropy, {"q": 1.0}),
    ],
    ids=str,
)
@pytest.mark.parametrize("classes", [2, 10, 130])
def test_losses_of_the_true_class_in_the_sweep(
    loss: Any, parameters: dict[str, float], classes: int, dtype: Any
) -> None:
    """A power of a row's sum multiplies what that lacks, a large slope what an exponential near underflow lacks."""
    rng, variant = (
        generator("graded", loss.name, str(parameters), classes, dtype),
        cases.Variant(loss._row, "index", "other"),
    )
    bounds = accuracy.bounds(variant, dtype)
    for spread, right in ((0.1, 0), (3, 0), (3, 12), (3, 40), (40, 0), (1e4, 0)):
        x = (rng.normal(size=(2, classes)) * spread).astype(dtype)
        y = np.array([x[0].argmax(), rng.integers(classes)])
        x[[0, 1], y] += right
        found = loss.value_grad_hess(y, x, reduction="none", **parameters)
        for i in range(2):
            places = sorted({0, classes - 1, int(x[i].argmax()), int(x[i].argmin()), int(y[i])})
            sample = {"y_true": y[i], "logits": x[i]}
            truths = oracle.truth(
                loss._row, sample, [("logits", c) for c in places], dtype, **loss.parameters | parameters
            )
            for column, truth in zip(places, truths, strict=True):
                for k, part in enumerate(accuracy.PARTS):
                    got = found[k][i] if k == 0 else found[k][i, column]
                    assert oracle.ulps(got, truth[k], dtype) <= bounds[part], (part, spread, right, i, column)


@of_float
@pytest.mark.parametrize("temperature", [0.02, 0.07, 0.5])
@pytest.mark.parametrize("classes", [2, 5, 65, 300])
def test_a_low_temperature_of_a_model_that_is_right(classes: int, temperature: float, dtype: Any) -> None:
    """Its loss may be next to underflow."""
    rng, divisor = generator("low temperature", classes, temperature, dtype), mp.mpf(temperature)
    for spread in (1, 3, 10, 30):
        x = (rng.normal(size=(3, classes)) * spread).astype(dtype)
        y = x.argmax(1)
        value, grad, hess = fl.cross_entropy.value_grad_hess(y, x, temperature=temperature, reduction="none")
        for i, top in enumerate(y):
            with mp.workdps(900):
                below = [mp.exp((mp.mpf(float(number)) - mp.mpf(float(x[i, top]))) / divisor) for number in x[i]]
                rest, other = mp.fsum(below) - 1, (top + 1) % classes
                p = below[other] / (1 + rest)
                exact = mp.log1p(rest), -rest / (1 + rest) / divisor, p * (1 - p) / divisor**2
                found = value[i], grad[i, top], hess[i, other]
                for got, truth, bound in zip(found, exact, sweep_bounds(dtype), strict=True):
                    assert oracle.ulps(got, oracle.Truth(truth, abs(truth)), dtype) <= bound, (spread, i)


# -- what is not accepted ---------------------------------------------------------------------------------------------

X = np.zeros((4, 3), np.float32)
LABELS = np.zeros(4, int)
SHARES = np.full((4, 3), 0.25)
REFUSED = {
    "given": (ValueError, "given = 'odds' is not one of 'logits', 'log_probs', 'probs'",
              lambda: fl.kl_divergence(SHARES, X, given="odds")),
    "given, of a type": (TypeError, "given must be one of", lambda: fl.kl_divergence(SHARES, X, given=1)),
    "p": (ValueError, "p = 3 is not 1 or 2", lambda: fl.multi_margin(LABELS, X, p=3)),
    "margin": (ValueError, "margin = 0 is not > 0", lambda: fl.multi_margin(LABELS, X, margin=0)),
    "gamma": (ValueError, "gamma = -1 is not >= 0", lambda: fl.categorical_focal(LABELS, X, gamma=-1)),
    "alpha": (ValueError, "alpha has 2 factors; there are 3 classes",
              lambda: fl.categorical_focal(LABELS, X, alpha=[1, 2])),
    "alpha, one of them": (ValueError, r"alpha\[1\] = -2 is not >= 0",
                           lambda: fl.categorical_focal(LABELS, X, alpha=[1, -2, 3])),
    "alpha, alone": (ValueError, "alpha = -2 is not >= 0", lambda: fl.categorical_focal(LABELS, X, alpha=-2)),
    "q": (ValueError, "q = 0 is not > 0 and <= 1", lambda: fl.generalized_cross_entropy(LABELS, X, q=0)),
    "epsilon": (ValueError, "epsilon = -2 is not >= -1", lambda: fl.poly1_cross_entropy(LABELS, X, epsilon=-2)),
    "clip": (ValueError, "clip = 0.5 is not > 0 and < 0.5", lambda: fl.categorical_log_loss(LABELS, X, clip=0.5)),
    "temperature": (ValueError, "temperature = 0 is not > 0", lambda: fl.cross_entropy(LABELS, X, temperature=0)),
    "softcap": (ValueError, "softcap = 0 is not > 0", lambda: fl.cross_entropy(LABELS, X, softcap=0)),
    "beta": (ValueError, r"beta = 2 is not in \[0, 1\]", lambda: fl.js_divergence(SHARES, X, beta=2)),
    "labels for a divergence": (ValueError, r"must have shape \(4, 3\) \(probabilities\)",
                                lambda: fl.kl_divergence(LABELS, X)),
    "probabilities for a hinge": (ValueError, r"must have shape \(4,\) \(class indices\)",
                                  lambda: fl.multiclass_hinge(SHARES, X)),
    "a sum": (ValueError, r"y_true\[0\] sums to 0.75 over the classes", lambda: fl.kl_divergence(SHARES, X)),
    "a share": (ValueError, r"y_true\[2, 1\] = 1.5 is not in \[0, 1\]",
                lambda: fl.multilabel_soft_margin(np.where(np.arange(12).reshape(4, 3) == 7, 1.5, 0), X)),
    "a member": (ValueError, r"y_true\[0, 0\] = 0.25 is not 0 or 1", lambda: fl.multilabel_margin(SHARES, X)),
    "a level": (ValueError, r"y_true\[0\] = 4 is not a class of 4 \(0 to 3\)", lambda: fl.ordinal(LABELS + 4, X)),
    "weights of levels": (ValueError, "class_weight has 3 weights; there are 4 classes",
                          lambda: fl.ordinal(LABELS, X, class_weight=[1, 1, 1])),
}  # fmt: skip


@pytest.mark.parametrize(("error", "message", "call"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(error: type[Exception], message: str, call: Any) -> None:
    with pytest.raises(error, match=message):
        call()


def test_the_first_bad_place_is_that_of_the_callers_axis() -> None:
    y_true = np.zeros((3, 4))
    y_true[1, 2] = 7
    with pytest.raises(ValueError, match=r"y_true\[1, 2\] = 7.0 is not 0 or 1"):
        fl.multilabel_margin(y_true, np.zeros((3, 4)), axis=0)


def test_the_highest_level_is_one_more_than_the_columns() -> None:
    value, grad, _ = fl.ordinal.value_grad_hess([0, 1, 3], np.zeros((3, 3)), reduction="none")
    assert_allclose(value, 3 * np.log(2), rtol=1e-15)
    assert_array_equal(grad, [[0.5, 0.5, 0.5], [-0.5, 0.5, 0.5], [-0.5, -0.5, -0.5]])


@pytest.mark.parametrize("loss", [fl.sparsemax, fl.categorical_focal, fl.multi_margin, fl.ordinal], ids=name)
def test_labels_that_another_thread_writes_never_index_outside_a_row(loss: Any) -> None:
    y_true, x = np.zeros(2000, np.int64), np.zeros((2000, 3), np.float32)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            y_true[...] = 2**62
            y_true[...] = 0

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(200):
            try:
                value, grad = loss.value_and_grad(y_true, x)
            except ValueError:
                continue
            assert np.isfinite(value)
            assert np.isfinite(grad).all()
    finally:
        stop.set()
        writer.join()


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "softcap": {"softcap": 30.1},
    "temperature": {"temperature": 1.7},
    "z_loss": {"z_loss": 1e-3},
    "smoothed": {"label_smoothing": 0.1},
    "composed": {"softcap": 30.1, "temperature": 1.7, "z_loss": 1e-3, "label_smoothing": 0.1},
}


@pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)
@pytest.mark.parametrize("classes", [1, 3, 100, 300])
@pytest.mark.parametrize("soft", [False, True], ids=["index", "soft"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_row_of_weight_0_is_left_out_whatever_it_holds(
    options: dict[str, Any], soft: bool, classes: int, dtype: Any
) -> None:
    """The derivative of a cap is no number where a logit is none."""
    if current_engine() == "numba" and options and list(options) != ["label_smoothing"]:
        pytest.skip("no kernel of this engine")
    rng = cases.generator("left out", sorted(options), soft, classes, dtype)
    logits = rng.normal(scale=3, size=(5, classes)).astype(dtype)
    y_true = rng.dirichlet(np.ones(classes), 5).astype(dtype) if soft else rng.integers(0, classes, 5)
    weight = np.array([1.0, 0.0, 2.0, 0.0, 0.5])
    want = bits(fl.cross_entropy.value_grad_hess(y_true, logits, sample_weight=weight, **options))
    for odd in (np.nan, np.inf, -np.inf):
        spoiled = logits.copy()
        spoiled[1, rng.integers(classes)] = odd
        spoiled[3] = odd
        assert bits(fl.cross_entropy.value_grad_hess(y_true, spoiled, sample_weight=weight, **options)) == want
