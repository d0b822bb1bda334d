"""The table of special values, cell by cell: NaN, infinities and single classes in rows of few classes and of many.

Every special row stands among ordinary ones, at several places, and those must keep the bits they have without it.
"""

from __future__ import annotations

from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import bits, generator
from numpy.testing import assert_array_equal

import fastloss as fl

pytestmark = pytest.mark.compact

INF, NAN = np.inf, np.nan
WIDTHS = [2, 3, 10, 1000]

of_float = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)
of_width = pytest.mark.parametrize("classes", WIDTHS)
with_target = pytest.mark.parametrize("soft", [False, True], ids=["index", "one-hot"])


class Rows:
    """One special row among ordinary ones."""

    def __init__(self, classes: int, dtype: Any, soft: bool = False) -> None:
        self.rng = generator("special", classes, str(dtype))
        self.dtype = dtype
        self.soft = soft
        self.logits = self.rng.normal(scale=3, size=(70, classes)).astype(dtype)
        self.y_true = self.rng.integers(classes, size=70)
        self.at = int(self.rng.choice([0, 1, 31, 62, 63, 64, 69]))

    @property
    def row(self) -> np.ndarray:
        return self.logits[self.at]

    @property
    def target(self) -> int:
        return int(self.y_true[self.at])

    @property
    def others(self) -> np.ndarray:
        """The classes that are not the target, in random order."""
        return self.rng.permutation(np.delete(np.arange(self.row.size), self.target))

    def targets(self) -> np.ndarray:
        return np.eye(self.row.size, dtype=self.dtype)[self.y_true] if self.soft else self.y_true

    def __call__(self, **keywords: Any) -> tuple[Any, np.ndarray, np.ndarray]:
        """Return the results of the special row; check that the ordinary rows do not see it."""
        special = fl.cross_entropy.value_grad_hess(self.targets(), self.logits, reduction="none", **keywords)
        ordinary = self.logits.copy()
        ordinary[self.at] = 0
        plain = fl.cross_entropy.value_grad_hess(self.targets(), ordinary, reduction="none", **keywords)
        rest = np.arange(70) != self.at
        assert bits(tuple(x[rest] for x in special)) == bits(tuple(x[rest] for x in plain))
        return tuple(x[self.at] for x in special)

    def one_hot(self, place: int) -> np.ndarray:
        return np.eye(self.row.size, dtype=self.dtype)[place]


def all_nan(*results: Any) -> bool:
    return all(np.isnan(result).all() for result in results)


def is_positive_zero(x: Any) -> bool:
    return bool(x == 0 and not np.signbit(x))


@of_float
@of_width
@with_target
def test_nan_anywhere_in_a_row(classes: int, dtype: Any, soft: bool) -> None:
    for place in {0, 1, classes // 2, classes - 1}:
        rows = Rows(classes, dtype, soft)
        rows.row[place] = NAN
        assert all_nan(*rows())


@of_float
@of_width
@pytest.mark.parametrize("other", [INF, -INF])
def test_nan_beside_an_infinity(classes: int, dtype: Any, other: float) -> None:
    rows = Rows(classes, dtype)
    first, second = rows.rng.permutation(classes)[:2]
    rows.row[first], rows.row[second] = NAN, other
    assert all_nan(*rows())


@of_float
@of_width
def test_nan_in_a_soft_target(classes: int, dtype: Any) -> None:
    rows = Rows(classes, dtype, soft=True)
    y_true = rows.targets()
    y_true[rows.at, rows.rng.integers(classes)] = NAN
    value, grad, _ = fl.cross_entropy.value_grad_hess(y_true, rows.logits, reduction="none")
    rest = np.arange(70) != rows.at
    assert all_nan(value[rows.at], grad[rows.at])
    assert np.isfinite(value[rest]).all()
    assert np.isfinite(grad[rest]).all()


@of_float
@pytest.mark.parametrize("classes", [3, 10, 65, 1000])
@with_target
def test_minus_infinity_beside_the_target_is_a_class_that_is_absent(classes: int, dtype: Any, soft: bool) -> None:
    for count in {1, classes // 2, classes - 2}:
        rows = Rows(classes, dtype, soft)
        absent = np.isin(np.arange(classes), rows.others[:count])
        rows.row[absent] = -INF
        value, grad, hess = rows()
        assert all(map(is_positive_zero, grad[absent]))
        assert all(map(is_positive_zero, hess[absent]))
        present = np.flatnonzero(~absent)
        target = int(np.flatnonzero(present == rows.target)[0])
        places = sorted({0, target, present.size - 1})
        y_true = [float(c == target) for c in range(present.size)] if soft else target
        sample = {"y_true": y_true, "logits": rows.row[present]}
        truths = oracle.truth(fl.cross_entropy._row, sample, [("logits", k) for k in places], dtype)
        assert oracle.ulps(value, truths[0][0], dtype) <= 4
        for place, (_, first, second) in zip(places, truths, strict=True):
            assert oracle.ulps(grad[present[place]], first, dtype) <= 6
            assert oracle.ulps(hess[present[place]], second, dtype) <= 6


@of_float
@of_width
@with_target
def test_minus_infinity_on_all_but_the_target(classes: int, dtype: Any, soft: bool) -> None:
    rows = Rows(classes, dtype, soft)
    rows.row[rows.others] = -INF
    value, grad, hess = rows()
    assert is_positive_zero(value)
    assert_array_equal(grad, 0)
    assert_array_equal(hess, 0)


@of_float
@of_width
@with_target
def test_minus_infinity_on_the_target(classes: int, dtype: Any, soft: bool) -> None:
    """The value is +inf, the gradient p - onehot and finite."""
    rows = Rows(classes, dtype, soft)
    rows.row[rows.target] = -INF
    value, grad, hess = rows()
    assert value == INF
    assert abs(grad[rows.target] + 1) <= 4 * np.finfo(dtype).eps
    present = rows.others
    with oracle.enough_digits(rows.row[present], dtype):
        p = oracle.FUNCTIONS["softmax"]([oracle.exact(x) for x in rows.row[present]], 0)
    assert oracle.ulps(grad[present[0]], oracle.Truth(p, p), dtype) <= 6
    assert np.isfinite(grad).all()
    assert abs(np.sum(grad, dtype=np.longdouble)) <= 4 * np.finfo(dtype).eps
    assert np.isfinite(hess).all()
    assert hess[rows.target] == 0


@of_float
@of_width
@with_target
def test_all_logits_minus_infinity(classes: int, dtype: Any, soft: bool) -> None:
    rows = Rows(classes, dtype, soft)
    rows.row[:] = -INF
    assert all_nan(*rows())


@of_float
@of_width
@with_target
@pytest.mark.parametrize("beside", [0, -INF])
def test_plus_infinity_on_the_target_only(classes: int, dtype: Any, soft: bool, beside: float) -> None:
    rows = Rows(classes, dtype, soft)
    rows.row[rows.others[0]] += beside
    rows.row[rows.target] = INF
    value, grad, hess = rows()
    assert is_positive_zero(value)
    assert_array_equal(grad, 0)
    assert_array_equal(hess, 0)


@of_float
@of_width
@with_target
def test_plus_infinity_on_one_other_class(classes: int, dtype: Any, soft: bool) -> None:
    """The value is +inf, the gradient onehot(that class) - onehot(target)."""
    rows = Rows(classes, dtype, soft)
    other = rows.others[0]
    rows.row[other] = INF
    value, grad, hess = rows()
    assert value == INF
    assert_array_equal(grad, rows.one_hot(other) - rows.one_hot(rows.target))
    assert_array_equal(hess, 0)


@of_float
@of_width
@with_target
def test_plus_infinity_on_one_other_class_and_minus_infinity_on_the_target(
    classes: int, dtype: Any, soft: bool
) -> None:
    rows = Rows(classes, dtype, soft)
    other = rows.others[0]
    rows.row[other], rows.row[rows.target] = INF, -INF
    value, grad, _ = rows()
    assert value == INF
    assert_array_equal(grad, rows.one_hot(other) - rows.one_hot(rows.target))


@of_float
@of_width
@with_target
@pytest.mark.parametrize("on_target", [False, True])
def test_two_logits_plus_infinity(classes: int, dtype: Any, soft: bool, on_target: bool) -> None:
    if classes == 2 and not on_target:
        pytest.skip("two classes, one of them the target")
    rows = Rows(classes, dtype, soft)
    others = rows.others
    rows.row[[others[0], rows.target if on_target else others[1]]] = INF
    assert all_nan(*rows())


@of_float
@of_width
def test_minus_infinity_under_a_soft_target(classes: int, dtype: Any) -> None:
    """0 log 0 = 0 where the target is 0, +inf where it is not; the gradient is p - y and finite."""
    rows = Rows(classes, dtype, soft=True)
    y_true = rows.targets().copy()
    other = rows.others[0]
    y_true[rows.at] = 0.25 * rows.one_hot(other) + 0.75 * rows.one_hot(rows.target)
    rows.row[other] = -INF
    value, grad, _ = fl.cross_entropy.value_grad_hess(y_true, rows.logits, reduction="none")
    assert value[rows.at] == INF
    assert grad[rows.at, other] == -0.25
    assert np.isfinite(grad).all()
    assert np.isfinite(np.delete(value, rows.at)).all()


@of_float
@of_width
def test_minus_infinity_under_label_smoothing(classes: int, dtype: Any) -> None:
    """Smoothing gives every class a share: an absent class is then impossible to be right about."""
    rows = Rows(classes, dtype)
    other = rows.others[0]
    rows.row[other] = -INF
    value, grad, _ = rows(label_smoothing=0.25)
    assert value == INF
    share = dtype.type(-0.25 / classes)
    # share (1 + rest) / (1 + rest), in the compute type: 1 ULP was measured at 3 and at 10 classes.
    assert abs(grad[other] - share) <= np.spacing(abs(share))
    assert np.isfinite(grad).all()


@of_float
@of_width
def test_a_class_of_weight_zero_at_minus_infinity(classes: int, dtype: Any) -> None:
    """0 times infinity is 0: the class weight leaves the term out."""
    rows = Rows(classes, dtype)
    other = rows.others[0]
    rows.row[other] = -INF
    weight = np.ones(classes)
    weight[other] = 0
    value, grad, _ = rows(label_smoothing=0.25, class_weight=weight)
    assert np.isfinite(value)
    assert grad[other] == 0


@of_float
@pytest.mark.parametrize("soft", [False, True])
def test_one_class(dtype: Any, soft: bool) -> None:
    for logit in (0, -3, 1e4, np.finfo(dtype).max, np.finfo(dtype).tiny, INF):
        y_true = np.ones((5, 1), dtype) if soft else np.zeros(5, int)
        value, grad, hess = fl.cross_entropy.value_grad_hess(y_true, np.full((5, 1), logit, dtype), reduction="none")
        assert all(map(is_positive_zero, value))
        assert_array_equal(grad, 0)
        assert_array_equal(hess, 0)
    for logit in (NAN, -INF):
        assert all_nan(
            *fl.cross_entropy.value_and_grad(np.zeros(5, int), np.full((5, 1), logit, dtype), reduction="none")
        )


@of_float
@of_width
def test_an_infinite_loss_reduces_to_infinity_and_a_nan_to_nan(classes: int, dtype: Any) -> None:
    rows = Rows(classes, dtype)
    rows.row[rows.target] = -INF
    assert fl.cross_entropy(rows.y_true, rows.logits) == INF
    rows.row[:] = NAN
    assert np.isnan(fl.cross_entropy(rows.y_true, rows.logits))
    assert np.isnan(fl.cross_entropy(rows.y_true, rows.logits, reduction="sum"))


# -- two classes ------------------------------------------------------------------------------------------------------

BINARY = [
    (1.0, INF, 0.0, 0.0),
    (0.0, -INF, 0.0, 0.0),
    (1.0, -INF, INF, -1.0),
    (0.0, INF, INF, 1.0),
    (0.25, INF, INF, 0.75),
    (0.25, -INF, INF, -0.25),
    (NAN, 1.0, NAN, NAN),
    (1.0, NAN, NAN, NAN),
    (0.0, NAN, NAN, NAN),
    (NAN, INF, NAN, NAN),
]


@of_float
@pytest.mark.parametrize(("y_true", "logit", "value", "grad"), BINARY, ids=str)
@pytest.mark.parametrize("size", [1, 5, 64, 70])
def test_binary_cross_entropy(y_true: float, logit: float, value: float, grad: float, size: int, dtype: Any) -> None:
    rng = generator("binary", size)
    targets, logits = rng.integers(2, size=size).astype(dtype), rng.normal(size=size).astype(dtype)
    at = int(rng.integers(size))
    plain = fl.binary_cross_entropy.value_grad_hess(targets, logits, reduction="none")
    targets[at], logits[at] = y_true, logit
    got = fl.binary_cross_entropy.value_grad_hess(targets, logits, reduction="none")
    rest = np.arange(size) != at
    assert bits(tuple(x[rest] for x in got)) == bits(tuple(x[rest] for x in plain))
    assert_array_equal(got[0][at], value)
    assert_array_equal(got[1][at], grad)
    assert not np.signbit(got[0][at]) or np.isnan(value)
    if np.isinf(logit) and not np.isnan(y_true):
        assert got[2][at] == 0
    else:
        assert np.isnan(got[2][at]) or np.isnan(y_true)


@of_float
def test_pos_weight_at_infinity(dtype: Any) -> None:
    y_true, logits = np.array([1, 1, 0, 0], dtype), np.array([INF, -INF, INF, -INF], dtype)
    value, grad = fl.binary_cross_entropy.value_and_grad(y_true, logits, pos_weight=3.0, reduction="none")
    assert_array_equal(value, [0, INF, INF, 0])
    assert_array_equal(grad, [0, -3, 1, 0])


# -- predictions of a real number -------------------------------------------------------------------------------------

#: loss, its scale c = 1: value, gradient, Hessian at an infinite residual of either sign.
AT_INFINITY = {
    "squared_error": (INF, INF, 2),
    "half_squared_error": (INF, INF, 1),
    "absolute_error": (INF, 1, 0),
    "huber": (INF, 1, 0),
    "smooth_l1": (INF, 1, 0),
    "pseudo_huber": (INF, 1, 0),
    "log_cosh": (INF, 1, 0),
    "quantile": (INF, 0.5, 0),
    "expectile": (INF, INF, 1),
    "fair": (INF, 1, 0),
    "cauchy": (INF, 0, 0),
    "geman_mcclure": (0.5, 0, 0),
    "welsch": (0.5, 0, 0),
    "tukey_biweight": (1 / 6, 0, 0),
}


@of_float
@pytest.mark.parametrize("name", AT_INFINITY)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("size", [1, 64, 67])
def test_an_infinite_residual(name: str, sign: int, size: int, dtype: Any) -> None:
    loss = getattr(fl, name)
    loss = loss.bind(c=1.0) if "c" in loss.parameters else loss
    value, grad, hess = map(dtype.type, AT_INFINITY[name])
    for y_true, y_pred in ((0.5, sign * INF), (-sign * INF, 0.5)):
        got = loss.value_grad_hess(np.full(size, y_true, dtype), np.full(size, y_pred, dtype), reduction="none")
        assert_array_equal(got[0], np.full(size, value))
        assert_array_equal(got[1], np.full(size, sign * grad))
        assert_array_equal(got[2], np.full(size, hess))


@of_float
@pytest.mark.parametrize("name", AT_INFINITY)
@pytest.mark.parametrize("place", ["y_true", "y_pred", "both infinite"])
def test_nan_is_that_element_only(name: str, place: str, dtype: Any) -> None:
    rng = generator(name, place)
    y_true, y_pred = rng.normal(size=(2, 131)).astype(dtype)
    at = int(rng.integers(131))
    loss = getattr(fl, name)
    plain = loss.value_and_grad(y_true, y_pred, reduction="none")
    if place == "both infinite":
        y_true[at] = y_pred[at] = INF
    else:
        {"y_true": y_true, "y_pred": y_pred}[place][at] = NAN
    got = loss.value_and_grad(y_true, y_pred, reduction="none")
    rest = np.arange(131) != at
    assert bits(tuple(x[rest] for x in got)) == bits(tuple(x[rest] for x in plain))
    assert np.isnan(got[0][at])
    assert np.isnan(got[1][at])


@of_float
def test_gradients_at_kinks(dtype: Any) -> None:
    """The midpoint of the subgradient; Huber's second derivative belongs to the quadratic side."""
    at = np.zeros(3, dtype)
    _, grad, hess = fl.absolute_error.value_grad_hess(at, np.array([0.0, -0.0, 0.0], dtype), reduction="none")
    assert_array_equal(grad, 0)
    assert_array_equal(hess, 0)
    delta = dtype.type(0.75)
    y_pred = np.array([delta, -delta, np.nextafter(delta, dtype.type(1)), np.nextafter(-delta, dtype.type(-1))])
    _, grad, hess = fl.huber.value_grad_hess(np.zeros(4, dtype), y_pred, delta=0.75, reduction="none")
    assert_array_equal(grad, [0.75, -0.75, 0.75, -0.75])
    assert_array_equal(hess, [1, 1, 0, 0])


# -- one of two labels ------------------------------------------------------------------------------------------------

#: loss: the slope of the loss where it is infinitely wrong; infinitely right it is 0 and flat.
INFINITELY_WRONG = {
    "hinge": -1,
    "squared_hinge": -INF,
    "modified_huber": -4,
    "exponential": -INF,
    "soft_margin": -1,
    "perceptron": -1,
    "binary_focal": -1,
    "poly1_binary_cross_entropy": -1,
}


@of_float
@pytest.mark.parametrize("name", INFINITELY_WRONG)
@pytest.mark.parametrize("size", [1, 64, 70])
def test_labels_at_infinity(name: str, size: int, dtype: Any) -> None:
    loss = getattr(fl, name)
    for y_true, sign in ((1, 1), (0, -1)):
        logits = np.full(size, sign * INF, dtype)
        right = loss.value_and_grad(np.full(size, y_true), logits, reduction="none")
        wrong = loss.value_and_grad(np.full(size, y_true), -logits, reduction="none")
        assert_array_equal(right, np.zeros((2, size)))
        assert_array_equal(wrong[0], np.full(size, INF))
        assert_array_equal(wrong[1], np.full(size, sign * INFINITELY_WRONG[name]))


@of_float
@pytest.mark.parametrize("name", [*INFINITELY_WRONG, "asymmetric", "poisson", "gamma", "tweedie", "negative_binomial"])
@pytest.mark.parametrize("place", ["y_true", "y_pred"])
def test_nan_beside_ordinary_elements(name: str, place: str, dtype: Any) -> None:
    rng = generator(name, place)
    y_true, y_pred = np.ones(131, dtype), rng.normal(size=131).astype(dtype)
    at = int(rng.integers(131))
    loss = getattr(fl, name)
    plain = loss.value_and_grad(y_true, y_pred, reduction="none")
    {"y_true": y_true, "y_pred": y_pred}[place][at] = NAN
    got = loss.value_and_grad(y_true, y_pred, reduction="none")
    rest = np.arange(131) != at
    assert bits(tuple(x[rest] for x in got)) == bits(tuple(x[rest] for x in plain))
    assert np.isnan(got[0][at])
    assert np.isnan(got[1][at])


@of_float
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 5.0])
def test_focal_loss_where_p_is_0_or_1(gamma: float, dtype: Any) -> None:
    """Any exponent, also below 1: p^(gamma - 1) is never formed."""
    logits = np.array([-INF, -1e30, 1e30, INF], dtype)
    value, grad, hess = fl.binary_focal.value_grad_hess(np.ones(4), logits, gamma=gamma, reduction="none")
    assert_array_equal(value, np.array([INF, 1e30, 0, 0], dtype))
    assert_array_equal(grad, [-1, -1, 0, 0])
    assert_array_equal(hess, [0, 0, 0, 0])


@of_float
def test_the_asymmetric_loss_at_infinity(dtype: Any) -> None:
    """A negative sample costs at most -log(clip): the probability is shifted."""
    y_true, logits = np.array([1, 1, 0, 0]), np.array([INF, -INF, -INF, INF], dtype)
    value, grad, hess = fl.asymmetric.value_grad_hess(y_true, logits, reduction="none", clip=0.25, gamma_neg=2.0)
    assert_array_equal(value[:3], [0, INF, 0])
    assert value[3] == pytest.approx(0.75**2 * np.log(4), rel=4 * float(np.finfo(dtype).eps), abs=0)
    assert_array_equal(grad, [0, -1, 0, 0])
    assert_array_equal(hess, [0, 0, 0, 0])
    easy = fl.asymmetric.value_grad_hess(np.zeros(2), np.array([-3, -1.1], dtype), reduction="none", clip=0.25)
    assert_array_equal(easy, np.zeros((3, 2)))


@of_float
def test_gradients_at_the_kinks_of_margins(dtype: Any) -> None:
    """The midpoint of the subgradient; a second derivative that jumps is that of the quadratic side."""
    y_true, at_one, at_zero = np.array([1, 0]), np.array([1, -1], dtype), np.zeros(2, dtype)
    assert_array_equal(fl.hinge.grad(y_true, at_one, reduction="none"), [-0.5, 0.5])
    assert_array_equal(fl.perceptron.grad(y_true, at_zero, reduction="none"), [-0.5, 0.5])
    for loss in (fl.squared_hinge, fl.modified_huber):
        assert_array_equal(loss.value_grad_hess(y_true, at_one, reduction="none"), [[0, 0], [0, 0], [2, 2]])
    value, grad, hess = fl.modified_huber.value_grad_hess(y_true, -at_one, reduction="none")
    assert_array_equal([value, grad, hess], [[4, 4], [-4, 4], [2, 2]])


# -- probabilities and counts -----------------------------------------------------------------------------------------

PROBABILITIES = [
    (1, 0.0, INF, -INF),
    (0, 1.0, INF, INF),
    (1, 1.0, 0, -1),
    (0, 0.0, 0, 1),
    (0.25, 0.0, INF, -INF),
    (0.25, 1.0, INF, INF),
    (NAN, 0.5, NAN, NAN),
    (1, NAN, NAN, NAN),
    (0, NAN, NAN, NAN),
]


@of_float
@pytest.mark.parametrize(("y_true", "p", "value", "grad"), PROBABILITIES, ids=str)
def test_log_loss_is_not_clipped(y_true: float, p: float, value: float, grad: float, dtype: Any) -> None:
    got = fl.binary_log_loss.value_and_grad(np.full(5, y_true, dtype), np.full(5, p, dtype), reduction="none")
    assert_array_equal(got, np.array([[value] * 5, [grad] * 5]))
    assert not np.signbit(got[0]).any() or np.isnan(value)


@of_float
def test_log_loss_is_clipped_when_asked(dtype: Any) -> None:
    value, grad, hess = fl.binary_log_loss.value_grad_hess(
        np.array([1, 0, 1]), np.array([0, 0.125, 0.5], dtype), clip=0.25, reduction="none"
    )
    np.testing.assert_allclose(value, [np.log(4), np.log(4 / 3), np.log(2)], rtol=4 * np.finfo(dtype).eps)
    assert_array_equal(grad, [0, 0, -2])
    assert_array_equal(hess, [0, 0, 4])


#: loss, target, score: value, gradient.
COUNTS = [
    ("poisson", 2.0, 1000.0, INF, INF),
    ("poisson", 2.0, INF, INF, INF),
    ("poisson", 0.0, -INF, 0, 0),
    ("poisson", 2.0, -INF, INF, -2),
    ("gamma", 2.0, INF, INF, 1),
    ("gamma", 2.0, -INF, INF, -INF),
    ("tweedie", 2.0, INF, INF, INF),
    ("tweedie", 2.0, -INF, INF, -INF),
    ("tweedie", 0.0, -INF, 0, 0),
    ("negative_binomial", 2.0, INF, INF, 1),
    ("negative_binomial", 2.0, -INF, INF, -2),
    ("negative_binomial", 0.0, -INF, 0, 0),
]


@of_float
@pytest.mark.parametrize(("name", "y_true", "score", "value", "grad"), COUNTS, ids=str)
def test_likelihoods_at_infinity(name: str, y_true: float, score: float, value: float, grad: float, dtype: Any) -> None:
    got = getattr(fl, name).value_and_grad(np.full(70, y_true), np.full(70, score, dtype), reduction="none")
    assert_array_equal(got, np.array([[value] * 70, [grad] * 70]))


@of_float
@pytest.mark.parametrize(("power", "name"), [(1.0, "poisson"), (2.0, "gamma")])
def test_the_ends_of_tweedie(power: float, name: str, dtype: Any) -> None:
    rng = generator("tweedie", power)
    y_true, score = rng.integers(1, 9, 70).astype(dtype), rng.normal(size=70, scale=20).astype(dtype)
    score[:2] = INF, -INF
    got = fl.tweedie.value_grad_hess(y_true, score, power=power, reduction="none")
    expected = getattr(fl, name).value_grad_hess(y_true, score, reduction="none")
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=64 * np.finfo(dtype).eps)
