"""What is asked of the diagonal of a Hessian: `curvature`, `hess_factor`, `hess_floor`."""

from __future__ import annotations

import re
from typing import Any

import cases
import numpy as np
import oracle
import pytest
import test_several as several
from cases import FLOATS, HALVES, Inputs, Variant, bits, generator, rounded_once, shaped
from mpmath import mp, mpf
from test_plain import long_way

import fastloss as fl
from fastloss.runtime import current_engine

VARIANTS = [*cases.variants(), *cases.sums()]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
POINTS = [row for row in several.ROWS if row.kind == "points"]
of_points = pytest.mark.parametrize("row", POINTS, ids=lambda row: row.name)
compiled_only = pytest.mark.skipif(current_engine() != "compiled", reason="they have no kernels of Numba")

#: What is asked, and of which numbers it is made: no two of these give the same results.
ASKED: list[dict[str, Any]] = [
    {"hess_factor": 10 / 9},
    {"hess_factor": 2, "hess_floor": 1e-16},
    {"curvature": "abs", "hess_factor": 0.3},
    {"curvature": "abs", "hess_floor": 0.07},
    {"curvature": "exact", "hess_floor": 1e-3},
]


def kept_of(inputs: Inputs, weight: Any = None, where: Any = None) -> np.ndarray:
    """Which elements of the prediction belong to a sample that counts."""
    kept = np.ones(inputs.samples, bool)
    if weight is not None:
        kept &= weight != 0
    if where is not None:
        kept &= where
    if inputs.keywords.get("ignore_index") is not None and inputs.y_true.shape == inputs.samples:
        kept &= inputs.y_true != inputs.keywords["ignore_index"]
    return kept if kept.ndim == inputs.y_pred.ndim else kept[..., None]


def in_compute_type(inputs: Inputs, **keywords: Any) -> np.ndarray:
    """The Hessian as it is before it is rounded to the type of the prediction."""
    kind = np.float64 if inputs.y_pred.dtype == np.float64 else np.float32
    return inputs("grad_and_hess", out=(None, np.empty(inputs.y_pred.shape, kind)), **keywords)[1]


@pytest.mark.compact
@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("shape", [(530, 3), (5, 70)], ids=str)
@every_variant
def test_the_hessian_is_that_of_a_second_pass(variant: Variant, shape: tuple[int, ...], dtype: Any) -> None:
    """To the bit, of weights, masks and denominators too; value and gradient stay, to the bit."""
    rng = generator("curvature", str(variant), shape, str(dtype))
    inputs = cases.draw(variant, shape, dtype, rng)
    weight = rng.random(inputs.samples) * (rng.random(inputs.samples) < 0.8)
    where = rng.random(inputs.samples) < 0.7
    ways: list[dict[str, Any]] = [
        {},
        {"sample_weight": weight},
        {"where": where, "reduction": "mean", "n_threads": 2},
        {"sample_weight": weight, "where": where, "reduction": "mean", "normalizer": 0.25},
    ]
    for k, way in enumerate(ways):
        plain = inputs("value_grad_hess", **way)
        exact = in_compute_type(inputs, **way)
        kept = kept_of(inputs, way.get("sample_weight"), way.get("where"))
        for asked in (ASKED[k], ASKED[k + 1]):
            expected = rounded_once(shaped(exact, kept, **asked), dtype)
            value, gradient, hessian = inputs("value_grad_hess", **way, **asked)
            assert bits(hessian) == bits(expected), (way, asked)
            assert bits((value, gradient)) == bits(plain[:2])
            assert bits(inputs("grad_and_hess", **way, **asked)) == bits((gradient, expected))
            with long_way():
                assert bits(inputs("value_grad_hess", **way, **asked)) == bits((value, gradient, hessian))


@pytest.mark.parametrize("layout", cases.LAYOUTS)
@every_variant
def test_layouts(variant: Variant, layout: str) -> None:
    """The places of the Hessian may lie anyhow, and the gradient over the prediction."""
    rng = generator("curvature layouts", str(variant), layout)
    inputs = cases.draw(variant, (24, 6), np.float32, rng)
    asked = {"curvature": "abs", "hess_factor": 1.5, "hess_floor": 1e-3, "where": rng.random(inputs.samples) < 0.7}
    arrange = cases.LAYOUTS[layout]
    y_pred = arrange(inputs.y_pred)
    expected = inputs.replace(y_pred=y_pred.copy())("grad_and_hess", **asked)
    hessian = arrange(np.zeros(y_pred.shape, np.float32))
    if not hessian.flags.writeable:
        hessian = np.zeros(y_pred.shape, np.float32)
    moved = inputs.replace(y_pred=y_pred)
    assert bits(moved("grad_and_hess", **asked)) == bits(expected)
    assert bits(moved("grad_and_hess", out=(None, hessian), **asked)) == bits(expected)
    own = inputs.y_pred.copy() if "stride 0" in layout or layout == "read-only" else arrange(inputs.y_pred)
    expected = inputs.replace(y_pred=own.copy())("grad_and_hess", **asked)
    assert bits(inputs.replace(y_pred=own)("grad_and_hess", out=(own, None), **asked)) == bits(expected)


@compiled_only
@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@of_points
def test_several_arrays(row: Any, dtype: Any) -> None:
    rng = generator("curvature several", row.name, str(dtype))
    arrays, loss = cases.arrays_of(row, (40, 3), dtype, rng), fl.Loss(row)
    weight = rng.random((40, 3)) * (rng.random((40, 3)) < 0.8)
    kind = np.float64 if dtype == np.float64 else np.float32
    for names in ([operand.name for operand in row.differentiated], [row.differentiated[-1].name]):
        wrt = {"wrt": tuple(names)} if len(row.differentiated) > 1 else {}
        places = tuple(np.empty((40, 3), kind) for _ in names)
        for way in ({}, {"sample_weight": weight}):
            keywords = {**wrt, **way}
            value, gradient, _ = loss.value_grad_hess(*arrays.values(), **keywords)
            out = (None, places if wrt else places[0])
            loss.grad_and_hess(*arrays.values(), out=out, **keywords)
            for asked in ASKED:
                kept = way.get("sample_weight", np.ones((40, 3))) != 0
                expected = tuple(rounded_once(shaped(place, kept, **asked), dtype) for place in places)
                found = loss.value_grad_hess(*arrays.values(), **keywords, **asked)
                assert bits(several.as_tuple(found[2])) == bits(expected)
                assert bits(found[:2]) == bits((value, gradient))


@compiled_only
@of_floats
def test_the_root_of_a_mean(dtype: Any) -> None:
    rng = generator("curvature of a root", str(dtype))
    y_true, y_pred = rng.normal(size=(2, 50)).astype(dtype)
    weight = rng.random(50) * (rng.random(50) < 0.8)
    loss = fl.root_mean_squared_error
    for way in ({}, {"sample_weight": weight}):
        plain = loss.value_grad_hess(y_true, y_pred, **way)
        for asked in ASKED:
            expected = shaped(plain[2], way.get("sample_weight", np.ones(50)) != 0, **asked)
            for results in (loss.value_grad_hess, long(loss.value_grad_hess)):
                assert bits(results(y_true, y_pred, **way, **asked)) == bits((*plain[:2], expected))
    endless = np.where(np.arange(50) == 3, np.inf, y_pred)  # of one infinite residual the Hessian is 0 everywhere
    assert (loss.grad_and_hess(y_true, endless, hess_floor=0.5)[1] == 0.5).all()


def long(call: Any) -> Any:
    """A call that goes the long way."""

    def called(*args: Any, **keywords: Any) -> Any:
        with long_way():
            return call(*args, **keywords)

    return called


@compiled_only
def test_sums_of_several_kinds_know_what_every_term_leaves_out() -> None:
    """One term ignores a label, the other does not; weights and masks are those of all."""
    rng = generator("curvature of sums")
    y_true, x = rng.integers(3, size=40), rng.normal(size=(40, 3))
    both = fl.cross_entropy.bind(ignore_index=1) + 0.5 * fl.categorical_focal.bind(ignore_index=1)
    one = fl.cross_entropy.bind(ignore_index=1) + 0.5 * fl.categorical_focal
    weight = rng.random(40) * (rng.random(40) < 0.7)
    for loss, ignored in ((both, y_true == 1), (one, np.zeros(40, bool))):
        for way in ({}, {"sample_weight": weight}, {"where": weight > 0, "axis": 0}):
            turn = (lambda a: a.T) if "axis" in way else (lambda a: a)
            exact = turn(loss.grad_and_hess(y_true, turn(x), **way)[1])
            kept = ~ignored & ((weight != 0) if way else True)
            for asked in ASKED:
                found = turn(loss.grad_and_hess(y_true, turn(x), **way, **asked)[1])
                assert bits(found) == bits(shaped(exact, kept[:, None], **asked))
    mixed = fl.kl_divergence + fl.squared_error  # of rows and of elements
    soft = cases.soft_rows(3, 40, rng, np.float64)
    exact = mixed.grad_and_hess(soft, x)[1]
    for asked in ASKED:
        assert bits(mixed.grad_and_hess(soft, x, **asked)[1]) == bits(shaped(exact, True, **asked))


@every_variant
def test_any_number_of_threads(variant: Variant) -> None:
    rng = generator("curvature threads", str(variant))
    inputs = cases.draw(variant, (3000, 5), np.float32, rng)
    for asked in ASKED[1:4]:
        alone = inputs("grad_and_hess", n_threads=1, **asked)
        for threads in (2, 3, 5):
            assert bits(inputs("grad_and_hess", n_threads=threads, **asked)) == bits(alone)


@every_variant
def test_nan_stays(variant: Variant) -> None:
    """A floor is no way to lose a NaN."""
    rng = generator("curvature nan", str(variant))
    inputs = cases.draw(variant, (6, 4), np.float64, rng)
    inputs.keywords.pop("ignore_index", None)
    inputs.y_pred[2] = np.nan
    gradient, plain = inputs("grad_and_hess")
    assert np.isnan(gradient[2]).any()  # some Hessians are one number, whatever the prediction
    for asked in [*ASKED, *({"curvature": "gauss_newton"},) * (current_engine() == "compiled")]:
        found = inputs("grad_and_hess", **asked)[1]
        assert np.array_equal(np.isnan(found), np.isnan(plain))
        left_out = np.ones(inputs.samples, bool)
        left_out[2] = False
        assert bits(inputs("grad_and_hess", where=left_out, **asked)[1][2]) == bits(np.zeros_like(plain[2]))


# -- what boosting libraries compute ----------------------------------------------------------------------------------


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_the_softmax_of_lightgbm_and_of_xgboost(classes: int) -> None:
    """LightGBM: factor p (1 - p) w, factor K / (K - 1). XGBoost: max(2 p (1 - p) w, 1e-16)."""
    rng = generator("boosters", classes)
    y_true = rng.integers(classes, size=200)
    x = np.array(rng.normal(scale=8, size=(200, classes)), order="F")
    x[:40] *= 20  # of probabilities whose p (1 - p) is below the floor
    weight, p = rng.random(200) + 0.01, softmax(x)
    keywords = {"sample_weight": weight, "reduction": "sum"}
    of_lightgbm = (classes / (classes - 1) * p * (1 - p)) * weight[:, None]
    factor = classes / (classes - 1)
    found = fl.cross_entropy.grad_and_hess(y_true, x, hess_factor=factor, **keywords)[1]
    normal = np.minimum(p, 1 - p) > 1e-3
    assert np.allclose(found[normal], of_lightgbm[normal], rtol=1e-12, atol=0)
    of_xgboost = np.maximum(2 * p * (1 - p) * weight[:, None], 1e-16)
    found = fl.cross_entropy.grad_and_hess(y_true, x, hess_factor=2, hess_floor=1e-16, **keywords)[1]
    floored = of_xgboost == 1e-16
    assert floored.any()
    assert found.min() == 1e-16
    assert np.allclose(found[normal], of_xgboost[normal], rtol=1e-12, atol=0)
    assert (found[2 * p * weight[:, None] < 1e-17] == 1e-16).all()


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"curvature": "fisher"}, ValueError, "curvature = 'fisher' is not one of 'exact', 'gauss_newton', 'abs'"),
        ({"curvature": None}, TypeError, "curvature must be 'exact', 'gauss_newton' or 'abs', not None"),
        ({"hess_factor": 0}, ValueError, "hess_factor = 0 is not a finite number > 0"),
        ({"hess_factor": -1.0}, ValueError, "hess_factor = -1.0 is not"),
        ({"hess_factor": np.inf}, ValueError, "hess_factor = inf is not"),
        ({"hess_factor": np.nan}, ValueError, "hess_factor = nan is not"),
        ({"hess_factor": "2"}, TypeError, "hess_factor must be a real number, not '2'"),
        ({"hess_factor": 10**400}, ValueError, "hess_factor = about 10"),
        ({"hess_factor": True}, TypeError, "hess_factor must be a real number, not True"),
        ({"hess_factor": [1.0, 2.0]}, TypeError, "hess_factor must be a real number"),
        ({"hess_floor": -1e-16}, ValueError, "hess_floor = -1e-16 is not a finite number >= 0"),
        ({"hess_floor": np.inf}, ValueError, "hess_floor = inf is not"),
        ({"hess_floor": None}, TypeError, "hess_floor must be a real number, not None"),
    ],
)
def test_wrong_arguments(keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    y_true, x, hessian = [0, 1], np.ones((2, 2)), np.full((2, 2), 7.0)
    for loss in (fl.cross_entropy, 2 * fl.cross_entropy, fl.cross_entropy + fl.categorical_focal):
        with pytest.raises(error) as found:
            loss.grad_and_hess(y_true, x, out=(None, hessian), **keywords)
        assert message in str(found.value)
        assert (hessian == 7).all()
    with pytest.raises(error) as found:
        fl.huber.grad_and_hess([0.0], [1.0], **keywords)
    assert message in str(found.value)


@pytest.mark.parametrize(("name", "number"), [("hess_factor", 1e-60), ("hess_factor", 1e60), ("hess_floor", 1e-60)])
def test_numbers_that_float32_does_not_hold(name: str, number: float) -> None:
    narrow = np.ones(2, np.float32)
    for y_pred in (narrow, narrow.astype(np.float16)):
        with pytest.raises(ValueError, match=rf"{name} = {re.escape(str(number))} is .*float32"):
            fl.huber.grad_and_hess(narrow, y_pred, **{name: number})
    fl.huber.grad_and_hess(narrow, narrow.astype(float), **{name: number})


@pytest.mark.parametrize("keyword", ["curvature", "hess_factor", "hess_floor"])
def test_methods_without_a_hessian_refuse(keyword: str) -> None:
    asked: dict[str, Any] = {keyword: {"curvature": "abs"}.get(keyword, 2.0)}
    y_true, y_pred = np.zeros(3), np.ones(3)
    for loss in (fl.huber, fl.huber + fl.squared_error, 2 * fl.huber):
        for method in (loss, loss.grad, loss.value_and_grad, loss.partial):
            with pytest.raises(TypeError, match=rf"^{keyword} is for methods that return the diagonal of the Hessian"):
                method(y_true, y_pred, **asked)
        with pytest.raises(TypeError, match=f"hvp has no keyword '{keyword}'"):
            loss.hvp(y_true, y_pred, y_pred, **asked)
        with pytest.raises(TypeError, match=f"cannot be bound to '{keyword}'"):
            loss.bind(**asked)
    with pytest.raises(TypeError, match=f"hess_matrix has no keyword '{keyword}'"):
        fl.cross_entropy.hess_matrix([0], np.ones((1, 2)), **asked)
    with pytest.raises(TypeError, match=f"normalizer has no keyword '{keyword}'"):
        fl.huber.normalizer(y_true, **asked)
    with pytest.raises(TypeError, match="triplet has no diagonal of the Hessian"):
        fl.triplet.grad_and_hess(np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 2)), **asked)


def test_signatures_name_them_where_they_are_taken() -> None:
    import inspect

    for row in fl.losses():
        loss = getattr(fl, row.name)
        for method in cases.METHODS:
            names = set(inspect.signature(getattr(loss, method)).parameters)
            taken = {"curvature", "hess_factor", "hess_floor"}
            assert taken & names == (taken if "hess" in cases.METHODS[method] and not row.no_hessian else set())


@compiled_only
def test_the_short_way_takes_factor_and_floor() -> None:
    """They cost no step in Python."""
    y_true, x = np.array([0, 1]), np.ones((2, 3), np.float32)
    for loss, target in ((fl.cross_entropy, y_true), (fl.categorical_focal, y_true), (fl.huber, x), (fl.huber * 2, x)):
        for asked in ASKED:
            assert loss._short.run(6, (target, x), dict(asked)) is not None
        assert loss._short.run(2, (target, x), {"hess_factor": 2.0}) is None
        assert loss._short.run(6, (target, x), {"hess_factor": 10**400}) is None


#: In units of the last place.
ELEMENT_BOUND, ROW_BOUND = 6, 10


# -- Gauss and Newton -------------------------------------------------------------------------------------------------
#
# What each loss that declares one is to have, in mpmath. Of the losses themselves only the oracle's formulas are taken.

ELEMENTS: dict[str, Any] = {}
ROWS: dict[str, Any] = {}


def of_elements(*names: str) -> Any:
    """Enter a truth: (name, y, x, parameters) -> an exact number."""
    return lambda function: ELEMENTS.update(dict.fromkeys(names, function)) or function


def of_rows(*names: str) -> Any:
    """Enter a truth: (name, y, row, place, parameters) -> an exact number."""
    return lambda function: ROWS.update(dict.fromkeys(names, function)) or function


def derivatives(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> tuple[Any, Any]:
    """The first and the second derivative of a loss of elements."""
    jets = list(map(oracle.as_jet, oracle.listed(oracle.ORACLE[name](y, oracle.Jet(x, mpf(1), mpf(0)), **parameters))))
    return sum(jet.first for jet in jets), sum(jet.second for jet in jets)


@of_elements("absolute_error", "quantile", "absolute_percentage_error", "hinge", "perceptron")
def flat(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> Any:
    return mpf(1)


@of_elements("huber", "smooth_l1", "cauchy", "geman_mcclure", "welsch", "tukey_biweight", "general_robust")
def reweighted(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> Any:
    """rho'(r) / r: the weight of iteratively reweighted least squares."""
    first, second = derivatives(name, y, x, parameters)
    return first / (x - y) if x != y else second


@of_elements("symmetric_absolute_percentage_error")
def size_of_the_exact(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> Any:
    return abs(derivatives(name, y, x, parameters)[1])


@of_elements("squared_log_error")
def square_of_a_residual(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> Any:
    return 2 / (1 + x) ** 2  # of (log(1 + x) - ...)^2


@of_elements("modified_huber")
def reweighted_shortfall(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> Any:
    short = 1 - oracle.sign_of(y) * x
    first, _ = derivatives(name, y, x, parameters)
    return abs(first) / short if short > 0 else mpf(2) * (short == 0)


@of_elements("binary_focal", "asymmetric")
def bowl(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> Any:
    """With b the logistic loss and F what makes the loss of it: F'(b) b''."""
    sign = oracle.sign_of(y)
    slope = -oracle.sigmoid(-sign * x)
    first, _ = derivatives(name, y, x, parameters)
    return sign * first / slope * oracle.sigmoid(x) * oracle.sigmoid(-x)


@of_elements("poly1_binary_cross_entropy")
def two_bowls(name: str, y: Any, x: Any, parameters: dict[str, Any]) -> Any:
    return sum(weight * bowl(name, label, x, parameters) for label, weight in ((mpf(1), y), (mpf(0), 1 - y)) if weight)


@of_rows("nll", "quantiles", "multiclass_hinge", "multi_margin", "multilabel_margin")
def flat_row(name: str, y: Any, row: Any, place: int, parameters: dict[str, Any]) -> Any:
    if name in ("multiclass_hinge", "multi_margin"):  # weighted by the class of the label
        return parameters["class_weight"][y]
    return mpf(1)


def softmax_of(row: Any) -> list[Any]:
    return [oracle.softmax(row, c) for c in range(len(row))]


@of_rows("categorical_focal", "poly1_cross_entropy", "generalized_cross_entropy")
def bowls(name: str, y: Any, row: Any, place: int, parameters: dict[str, Any]) -> Any:
    """sum_c y_c F'(b_c) b_c'', with b_c = -log p_c."""
    p, total = softmax_of(row), mpf(0)
    if len(row) == 1:
        return total
    smoothing = parameters.get("label_smoothing", mpf(0))
    alone = {name: 0 if name == "label_smoothing" else value for name, value in parameters.items()}
    for c, share in enumerate(y if isinstance(y, list) else [int(c == y) for c in range(len(row))]):
        weight = (1 - smoothing) * share + smoothing / len(row)
        if weight:
            varied = [*row[:c], oracle.Jet(row[c], mpf(1), mpf(0)), *row[c + 1 :]]
            terms = oracle.listed(oracle.ORACLE[name](c, varied, **alone))
            slope = sum(oracle.as_jet(term).first for term in terms) / -sum(q for k, q in enumerate(p) if k != c)
            total += weight * slope
    return total * p[place] * sum(q for k, q in enumerate(p) if k != place)


@of_rows("cross_entropy")
def capped(name: str, y: Any, row: Any, place: int, parameters: dict[str, Any]) -> Any:
    cap, temperature = parameters["softcap"], parameters["temperature"]
    slope, z = mpf(1) / temperature, [x / temperature for x in row]
    if cap is not None:
        slope /= mp.cosh(row[place] / cap) ** 2
        z = [cap * mp.tanh(x / cap) / temperature for x in row]
    p = softmax_of(z)
    smoothing, classes = parameters["label_smoothing"], len(row)
    y = y if isinstance(y, list) else [int(c == y) for c in range(classes)]
    total = mpf(0)
    if smoothing or sum(map(bool, y)) > 1:
        y = [(1 - smoothing) * q + smoothing / classes for q in y]
    total = sum(w * q for w, q in zip(parameters["class_weight"], y, strict=True))
    others = sum(q for k, q in enumerate(p) if k != place)
    return total * slope**2 * (p[place] * others + 2 * parameters["z_loss"] * p[place] ** 2)


@of_rows("js_divergence", "total_variation", "kl_divergence")
def through_probabilities(name: str, y: Any, row: Any, place: int, parameters: dict[str, Any]) -> Any:
    """sum_c (d^2 f / dq_c^2) (dq_c / dx)^2; total variation has 1 for the first factor, as every flat loss."""
    given = parameters["given"]
    if name == "kl_divergence":
        return mpf(1)  # linear in the logarithms
    q = softmax_of(row) if given == "logits" else [mp.exp(x) for x in row] if given == "log_probs" else row
    total = mpf(0)
    for c, own in enumerate(q):
        inner = {"probs": mpf(c == place), "log_probs": own * (c == place)}.get(given)
        if given == "logits":
            inner = -own * q[place] if c != place else own * sum(p for k, p in enumerate(q) if k != c)
        if not inner:
            continue
        outer = mpf(1)
        if name == "js_divergence":
            varied = [*q[:c], oracle.Jet(own, mpf(1), mpf(0)), *q[c + 1 :]]
            terms = oracle.ORACLE[name](y, varied, **{**parameters, "given": "probs"})
            outer = sum(oracle.as_jet(term).second for term in terms)
        total += outer * inner**2
    return total


def of_counts_and_zeros(s: Any, t: Any) -> tuple[Any, Any]:
    """Fisher's information of a Poisson count with more zeros: the mean of the second derivatives."""
    rate, others = mp.exp(s), 1 / (1 + mp.exp(t))
    none = 1 / (1 + mp.exp(-t)) + others * oracle.exp(-rate)
    some = -mp.expm1(-rate) if rate < 1 else 1 - oracle.exp(-rate)
    share = 1 / (1 + mp.exp(-t)) / none
    return rate * others * (1 - rate * oracle.exp(-rate) * share), share * (1 - others) * others * some


PAIRS = {  # of both numbers, then the parameters
    "gaussian_nll": (lambda _, s: mp.exp(-2 * s), lambda _, s: mpf(2)),  # Fisher's information
    "laplace_nll": (lambda _, s: mp.exp(-2 * s), lambda _, s: mpf(1)),
    "student_t_nll": (lambda _, s, df: (df + 1) / (df + 3) * mp.exp(-2 * s), lambda _, s, df: 2 * df / (df + 3)),
    "crps_gaussian": (lambda _, s: mp.exp(-s) / mp.sqrt(mp.pi), lambda _, s: mp.exp(s) / mp.sqrt(4 * mp.pi)),  # mean
    "beta_nll": (lambda _, s, beta: mp.exp(2 * (beta - 1) * s), lambda _, s, beta: 2 * mp.exp(2 * beta * s)),  # times w
    "zero_inflated_poisson": (lambda s, t: of_counts_and_zeros(s, t)[0], lambda s, t: of_counts_and_zeros(s, t)[1]),
}

DECLARED = list(cases.variants_of(r for r in cases.ROWS if r.name in {*ELEMENTS, *PAIRS, *ROWS}))
#: Variants whose exact Hessian is that of Gauss and Newton, though their loss declares one.
CONVEX = [
    "cross_entropy-index-default", "cross_entropy-index-other", "cross_entropy-soft-default",
    "cross_entropy-soft-other", "multi_margin-index-other", "kl_divergence-soft-default", "kl_divergence-soft-probs",
    "js_divergence-soft-probs",
]  # fmt: skip
CHANGED = [v for v in DECLARED if str(v) not in CONVEX]
POSITIVE = {"curvature": "gauss_newton"}


def exactly(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value is None else oracle.as_exact(value) for name, value in parameters.items()}


def given_to(inputs: Inputs) -> dict[str, Any]:
    """The parameters of a call as the truths take them."""
    row = inputs.loss._row
    given = inputs.loss.parameters | inputs.keywords
    found = {}
    for parameter in row.parameters:
        value = given[parameter.name]
        if parameter.kind in ("axis", "index", "labels", "switch"):
            continue
        if parameter.name == "class_weight" and value is None:
            value = [1.0] * inputs.y_pred.shape[-1]
        element = parameter.kind == "element" and value is not None
        found[parameter.name] = inputs.y_pred.dtype.type(value) if element else value  # as the loops have it
    return exactly(found)


@compiled_only
@every_variant
def test_a_loss_that_declares_none_is_never_negative_and_has_curvature(variant: Variant) -> None:
    """What is declared nowhere is the exact Hessian: of a loss that is not convex, or is flat, that would be wrong."""
    inputs = cases.draw(variant, (300, 5), np.float64, generator("declared", str(variant)))
    value, gradient, exact = inputs("value_grad_hess")
    found = inputs("value_grad_hess", **POSITIVE)
    assert bits(found[:2]) == bits((value, gradient))
    assert (found[2] >= 0).all()
    if variant.row.terms:
        return
    if str(variant) not in map(str, CHANGED):
        assert bits(found[2]) == bits(exact)
        assert (exact > 0).any()
    else:
        assert bits(found[2]) != bits(exact), "it declares what it need not"
        if str(variant) != "js_divergence-soft-log_probs":  # a straight line of q where the target is 0
            assert (found[2][gradient != 0] > 0).all()


@compiled_only
@of_floats
def test_a_sum_has_the_sum_of_its_terms(dtype: Any) -> None:
    """Each times the size of its factor: a loss that is subtracted makes no Hessian negative."""
    rng = generator("sum of curvatures", str(dtype))
    y, x, weight = rng.integers(2, size=200).astype(dtype), rng.normal(size=200).astype(dtype), rng.random(200) * 2
    losses, factors = [fl.hinge, fl.binary_focal, fl.soft_margin, fl.modified_huber], [0.5, -0.25, 2.0, -1.5]

    def curvature(loss: Any, **keywords: Any) -> np.ndarray:
        return loss.grad_and_hess(y, x, reduction="sum", **POSITIVE, **keywords)[1].astype(float)

    close = {"rtol": 4 * np.finfo(dtype).eps, "atol": 0}
    for keywords in ({}, {"sample_weight": weight}):
        parts = [curvature(loss, **keywords) for loss in losses]
        for count in range(1, 5):
            total = sum(factor * loss for loss, factor in zip(losses[:count], factors, strict=False))
            expected = sum(abs(factor) * part for part, factor in zip(parts[:count], factors, strict=False))
            assert np.allclose(curvature(total, **keywords), expected, **close)
        assert np.allclose(curvature(-3 * fl.binary_focal, **keywords), 3 * parts[1], **close)
        by_sample = rng.choice([-0.25, 0.75], 200)
        both = 0.5 * fl.hinge + fl.binary_focal
        found = curvature(both, binary_focal_factor=by_sample, **keywords)
        assert np.allclose(found, 0.5 * parts[0] + abs(by_sample) * parts[1], **close)


@compiled_only
def test_the_root_of_a_mean_and_losses_of_several_arrays_have_it() -> None:
    rng = generator("curvature of others")
    y, x = rng.normal(size=(2, 30))
    value, _, hessian = fl.root_mean_squared_error.value_grad_hess(y, x, **POSITIVE)
    assert np.allclose(hessian, 1 / (30 * value), rtol=1e-14, atol=0)
    assert not fl.root_mean_squared_error.grad_and_hess(y, y, **POSITIVE)[1].any()
    advantage, old, new = rng.normal(size=(3, 30))
    gradient, hessian = fl.ppo_clip.grad_and_hess(advantage, old, new, **POSITIVE)
    assert bits(hessian) == bits(abs(gradient))
    label = rng.choice([-1.0, 1.0], 30)
    _, hessians = fl.margin_ranking.grad_and_hess(label, x, y, reduction="sum", **POSITIVE)
    assert [h.tolist() for h in hessians] == [[1.0] * 30] * 2
    assert bits(fl.bradley_terry.grad_and_hess(x, y, **POSITIVE)) == bits(fl.bradley_terry.grad_and_hess(x, y))


@pytest.mark.skipif(current_engine() != "numba", reason="it is about the Numba engine")
def test_numba_has_no_loop_of_it() -> None:
    with pytest.raises(NotImplementedError, match="huber with curvature='gauss_newton' has no Numba kernel"):
        fl.huber.grad_and_hess([0.0], [1.0], **POSITIVE)
    exact = fl.squared_error.grad_and_hess([0.0], [1.0])
    assert bits(fl.squared_error.grad_and_hess([0.0], [1.0], **POSITIVE)) == bits(exact)


def test_losses_of_users_have_factor_and_floor_alone() -> None:
    jit = pytest.importorskip("fastloss.jit")
    y, x = np.zeros(5), np.linspace(-1, 1, 5)
    quartic = jit.pointwise(_quartic)
    exact = quartic.grad_and_hess(y, x)[1]
    for asked in ASKED:
        assert bits(quartic.grad_and_hess(y, x, **asked)[1]) == bits(shaped(exact, True, **asked))
    for loss in (quartic, quartic + fl.huber):
        with pytest.raises(TypeError, match="_quartic has no curvature='gauss_newton': it is a loss of your own"):
            loss.grad_and_hess(y, x, **POSITIVE)


def _quartic(y_true: float, y_pred: float) -> tuple[float, float, float]:
    r = y_pred - y_true
    return r * r * r * r, 4 * r * r * r, 12 * r * r


@compiled_only
@of_floats
@pytest.mark.parametrize(
    ("variant", "regime"),
    [(v, regime) for v in CHANGED if not v.rowwise and not v.row.axes for regime in cases.element_regimes(v.row)],
    ids=str,
)
def test_the_curvature_of_elements_is_right(variant: Variant, regime: str, dtype: Any) -> None:
    """In units of the last place; nothing is forgiven near 0."""
    inputs = cases.elements_of(variant, regime, dtype, 12)
    found = inputs("grad_and_hess", **POSITIVE)[1]
    worst = 0.0
    for i in range(12):
        residual = np.longdouble(inputs.y_pred[i]) - np.longdouble(inputs.y_true[i])
        tiny = max(0, 0, *(-mp.mag(oracle.exact(x)) for x in (inputs.y_pred[i], residual) if x))
        with oracle.enough_digits((0, 2 * residual), dtype), mp.extradps(round(0.7 * tiny) + 30):
            y, x = map(oracle.exact, (inputs.y_true[i], inputs.y_pred[i]))
            truth = ELEMENTS[variant.row.name](variant.row.name, y, x, given_to(inputs))
            worst = max(worst, oracle.ulps(found[i], oracle.Truth(truth, abs(truth)), dtype))
    assert worst <= ELEMENT_BOUND, worst


@compiled_only
@of_floats
@pytest.mark.parametrize("variant", [v for v in CHANGED if v.row.axes == "2"], ids=str)
def test_the_information_of_two_columns(variant: Variant, dtype: Any) -> None:
    for regime in cases.element_regimes(variant.row):
        inputs = cases.elements_of(variant, regime, dtype, 12)
        found = inputs("grad_and_hess", **POSITIVE)[1]
        for i in range(12):
            both = [oracle.exact(number) for number in inputs.y_pred[i]]
            with mp.workdps(60 + min(int(abs(both[1])), 2000)):
                for k, of_column in enumerate(PAIRS[variant.row.name]):
                    truth = of_column(*both, **given_to(inputs))
                    error = oracle.ulps(found[i, k], oracle.Truth(truth, truth), dtype)
                    assert error <= ELEMENT_BOUND, (regime, i, k, error)


@compiled_only
@of_floats
@pytest.mark.parametrize("classes", [1, 2, 7, 130])
@pytest.mark.parametrize("variant", [v for v in CHANGED if v.rowwise], ids=str)
def test_the_curvature_of_rows_is_right(variant: Variant, classes: int, dtype: Any) -> None:
    for weight in (1.0, 1e30):  # with large weights some rows are computed apart
        rng = generator("curvature of rows", str(variant), classes, str(dtype), weight)
        rows = 1 if classes > 100 else 4
        inputs = cases.draw(variant, (rows, classes), dtype, rng)
        if variant.holds == "logits":
            inputs.y_pred *= rng.choice([1, 10, 60], (rows, 1)).astype(dtype)
        inputs.keywords.pop("ignore_index", None)
        found = inputs("grad_and_hess", sample_weight=weight, **POSITIVE)[1]
        worst = 0.0
        for i in range(rows):
            with oracle.enough_digits(inputs.y_pred[i], dtype), mp.extradps(50):
                row = [oracle.exact(x) for x in inputs.y_pred[i]]
                y = int(inputs.y_true[i]) if inputs.y_true.ndim == 1 else [oracle.exact(p) for p in inputs.y_true[i]]
                for place in rng.integers(classes, size=1 if classes > 100 else min(2, classes)):
                    truth = ROWS[variant.row.name](variant.row.name, y, row, int(place), given_to(inputs))
                    truth *= oracle.exact(dtype.type(weight))
                    worst = max(worst, oracle.ulps(found[i, place], oracle.Truth(truth, abs(truth)), dtype))
        assert worst <= ROW_BOUND, (worst, weight)
