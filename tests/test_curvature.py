"""What is asked of the diagonal of a Hessian: `curvature`, `hess_factor`, `hess_floor`."""

from __future__ import annotations

from typing import Any

import cases
import numpy as np
import pytest
import test_several as several
from cases import FLOATS, HALVES, Inputs, Variant, bits, generator, rounded_once
from test_plain import long_way

import fastloss as fl
from fastloss.runtime import current_engine, kernels

VARIANTS = [*cases.variants(), *cases.sums()]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_points = pytest.mark.parametrize("row", several.POINTS, ids=lambda row: row.name)
compiled_only = pytest.mark.skipif(current_engine() != "compiled", reason="they have no kernels of Numba")

#: What is asked, and of which numbers it is made: no two of these give the same results.
ASKED: list[dict[str, Any]] = [
    {"hess_factor": 10 / 9},
    {"hess_factor": 2, "hess_floor": 1e-16},
    {"curvature": "abs", "hess_factor": 0.3},
    {"curvature": "abs", "hess_floor": 0.07},
    {"curvature": "exact", "hess_floor": 1e-3},
]


def shaped(
    hessian: Any, kept: Any, curvature: str = "exact", hess_factor: float = 1.0, hess_floor: float = 0.0
) -> np.ndarray:
    """What a pass of one's own makes of a Hessian, in its type."""
    exact = np.asarray(hessian)
    with np.errstate(all="ignore"):
        product = (np.abs(exact) if curvature == "abs" else exact).astype(np.float64) * hess_factor
        found = product.astype(exact.dtype)
        if hess_floor:
            found = np.where(found < exact.dtype.type(hess_floor), exact.dtype.type(hess_floor), found)
    return np.where(np.broadcast_to(kept, exact.shape), found, exact.dtype.type(0))


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
@pytest.mark.parametrize("shape", [(37, 3), (1100, 2), (5, 70)], ids=str)
@every_variant
def test_the_hessian_is_what_a_second_pass_would_make_of_it(variant: Variant, shape: tuple[int, ...], dtype: Any) -> None:
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
    for way in ways:
        plain = inputs("value_grad_hess", **way)
        exact = in_compute_type(inputs, **way)
        kept = kept_of(inputs, way.get("sample_weight"), way.get("where"))
        for asked in ASKED:
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
    arrays, loss = several.draw(row, (40, 3), dtype, rng), getattr(fl, row.name)
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
    inputs.y_pred[2] = np.nan
    plain = inputs("grad_and_hess")[1]
    assert np.isnan(plain[2]).any()
    for asked in ASKED:
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
        with pytest.raises(ValueError, match=f"{name} = {number} is .*float32"):
            fl.huber.grad_and_hess(narrow, y_pred, **{name: number})
    fl.huber.grad_and_hess(narrow, narrow.astype(float), **{name: number})


@pytest.mark.parametrize("keyword", ["curvature", "hess_factor", "hess_floor"])
def test_methods_without_a_hessian_refuse(keyword: str) -> None:
    asked: dict[str, Any] = {keyword: {"curvature": "abs"}.get(keyword, 2.0)}
    y_true, y_pred = np.zeros(3), np.ones(3)
    for loss in (fl.huber, fl.huber + fl.squared_error, fl.uncertainty_weighted and 2 * fl.huber):
        for method in (loss, loss.grad, loss.value_and_grad, loss.partial):
            with pytest.raises(TypeError, match=rf"^{keyword} is for methods that return the diagonal of the Hessian"):
                method(y_true, y_pred, **asked)
        with pytest.raises(TypeError, match=f"hvp has no keyword '{keyword}'"):
            loss.hvp(y_true, y_pred, y_pred, **asked)
        with pytest.raises(TypeError, match=f"cannot be bound to '{keyword}'"):
            loss.bind(**asked)
    with pytest.raises(TypeError, match=f"hess_matrix has no keyword '{keyword}'"):
        fl.cross_entropy.hess_matrix([0], np.ones((1, 2)), **asked)
    with pytest.raises(TypeError, match=rf"^{keyword} is for methods"):
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


@compiled_only
def test_penalties_and_cython_calls_shape_nothing() -> None:
    """They describe their calls to the kernels by themselves: what is not set there would be whatever lay in memory."""
    for _ in range(3):
        fl.cross_entropy.grad_and_hess([0, 1], np.ones((2, 2)), curvature="abs", hess_factor=3.0, hess_floor=2.0)
        assert fl.l2.grad(np.ones(3), strength=1.0).tolist() == fl.l2.grad(np.ones(3), strength=1.0).tolist()
        assert kernels is not None
