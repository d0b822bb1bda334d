"""Boosting libraries: with our objective they grow the trees of their own one."""

from __future__ import annotations

import doctest
import importlib
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastloss as fl
from fastloss.interop import boosting

ROUNDS = 5


def table(seed: int = 0, samples: int = 400) -> tuple[Any, dict[str, Any], Any]:
    """Return features, a target of each kind, and weights."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(samples, 5))
    score = X[:, 0] + np.sin(2 * X[:, 1])
    targets = {
        "number": score + 0.1 * rng.normal(size=samples),
        "class": (score > 0).astype(float),
        "classes": np.digitize(score, [-0.5, 0.5]).astype(float),
        "count": rng.poisson(np.exp(0.5 * score)).astype(float),
    }
    assert all(np.unique(target).size > 1 for target in targets.values())
    return X, targets, rng.uniform(0.5, 2.0, samples)


def softmax(scores: Any) -> Any:
    return fl.softmax(np.ascontiguousarray(scores))


# -- LightGBM ---------------------------------------------------------------------------------------------------------

LIGHTGBM = [
    ("regression", fl.half_squared_error, {}, "number", lambda s: s),
    ("binary", fl.binary_cross_entropy, {}, "class", fl.sigmoid),
    ("multiclass", fl.cross_entropy, {"num_class": 3}, "classes", softmax),
    ("tweedie", fl.tweedie.bind(power=1.5), {"tweedie_variance_power": 1.5}, "count", np.exp),
]


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize(("name", "loss", "own", "target", "of_scores"), LIGHTGBM, ids=[case[0] for case in LIGHTGBM])
def test_lightgbm_grows_the_trees_of_its_own(
    name: str, loss: Any, own: dict[str, Any], target: str, of_scores: Any, weighted: bool
) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    X, targets, weight = table()
    shared = {"verbose": -1, "num_threads": 1, "boost_from_average": False, "deterministic": True, **own}
    predictions = []
    for objective in (name, fl.interop.lightgbm.objective(loss, n_threads=1)):
        data = lightgbm.Dataset(X, targets[target], weight=weight if weighted else None, free_raw_data=False)
        booster = lightgbm.train({**shared, "objective": objective}, data, ROUNDS)
        predictions.append(booster.predict(X))
    np.testing.assert_allclose(of_scores(predictions[1]), predictions[0], rtol=1e-6, atol=0)
    assert np.ptp(predictions[0]) > 0.1


def test_lightgbm_has_1_for_the_hessian_of_huber() -> None:
    """As a floor: without weights its own trees."""
    lightgbm = pytest.importorskip("lightgbm")
    X, targets, _ = table()
    predictions = []
    for objective in ("huber", fl.interop.lightgbm.objective(fl.huber, delta=0.9, hess_floor=1.0)):
        shared = {"objective": objective, "alpha": 0.9, "verbose": -1, "num_threads": 1, "boost_from_average": False}
        predictions.append(lightgbm.train(shared, lightgbm.Dataset(X, targets["number"]), ROUNDS).predict(X))
    np.testing.assert_allclose(predictions[1], predictions[0], rtol=1e-6, atol=0)


def test_lightgbm_by_the_interface_of_scikit_learn() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    pytest.importorskip("sklearn")
    from sklearn.base import clone

    X, targets, weight = table()
    given = {"n_estimators": ROUNDS, "verbose": -1, "n_jobs": 1}
    ours = lightgbm.LGBMRegressor(objective=fl.interop.lightgbm.objective(fl.half_squared_error), **given)
    metric = fl.interop.lightgbm.metric(fl.huber, delta=0.9, name="ours")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The argument 'eval_set' is deprecated")
        ours = clone(ours).fit(X, targets["number"], weight, eval_set=[(X, targets["number"])], eval_metric=metric)
    theirs = lightgbm.LGBMRegressor(objective="regression", boost_from_average=False, **given)
    theirs.fit(X, targets["number"], weight)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6, atol=0)
    (history,) = ours.evals_result_.values()
    assert history["ours"][-1] == pytest.approx(
        fl.huber(targets["number"], ours.predict(X), delta=0.9, sample_weight=weight), rel=1e-6
    )  # the data that it was trained on keep their weights
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again.predict(X), ours.predict(X))


def lists(seed: int = 0) -> tuple[Any, Any, Any]:
    """Return features, grades and the sizes of lists."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 40, 30)
    X = rng.normal(size=(sizes.sum(), 4))
    grades = np.digitize(X[:, 0] + np.sin(2 * X[:, 1]) + 0.3 * rng.normal(size=len(X)), [0.0, 0.8, 1.5]).astype(float)
    assert np.unique(grades).size == 4
    return X, grades, sizes


@pytest.mark.parametrize("options", [{}, {"normalize": False, "truncation": 5, "sigma": 0.7}], ids=str)
def test_lightgbm_ranks_as_with_its_own(options: dict[str, Any]) -> None:
    """A tree from scores of any order, some tied; later trees part where its table of sigmoids turns a split."""
    lightgbm = pytest.importorskip("lightgbm")
    X, grades, sizes = lists()
    scores = np.random.default_rng(2).normal(size=len(X)).round(1)
    own = {
        "lambdarank_norm": options.get("normalize", True),
        "lambdarank_truncation_level": options.get("truncation", 30),
        "sigmoid": options.get("sigma", 1.0),
    }
    shared = {"verbose": -1, "num_threads": 1, "deterministic": True, "min_sum_hessian_in_leaf": 0.0, **own}
    of_rows = np.random.default_rng(3).uniform(0.2, 3.0, len(X))
    for start, weight, bound in ((None, None, 1e-7), (scores, None, 2e-5), (scores, of_rows, 2e-5)):
        predictions = []
        for objective in ("lambdarank", fl.interop.lightgbm.objective(fl.lambdarank, n_threads=1, **options)):
            data = lightgbm.Dataset(X, grades, weight=weight, group=sizes, init_score=start)
            booster = lightgbm.train({**shared, "objective": objective}, data, 1)
            predictions.append(booster.predict(X, raw_score=True))
        theirs, ours = predictions
        assert np.ptp(theirs) > 0.1
        assert np.abs(ours - theirs).max() <= bound * np.ptp(theirs)


def test_lists_of_the_api_of_scikit_learn() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    X, grades, sizes = lists(1)
    objective, metric = (
        getattr(fl.interop.lightgbm, what)(fl.lambdarank, n_threads=1) for what in ("objective", "metric")
    )
    model = lightgbm.LGBMRanker(objective=objective, n_estimators=ROUNDS, n_jobs=1, verbose=-1)
    model.fit(X, grades, group=sizes)
    name, found, better = metric(grades, model.predict(X), None, sizes)
    assert (name, better) == ("lambdarank", False)
    assert found == fl.lambdarank(grades, model.predict(X), groups=sizes)
    learned, before = (fl.ranknet(grades, scores, groups=sizes) for scores in (model.predict(X), np.zeros(len(X))))
    assert learned < 0.9 * before
    weight = np.random.default_rng(4).uniform(0.2, 3.0, len(X))
    of_lists = [part.mean() for part in np.split(weight, np.cumsum(sizes)[:-1])]
    expected = fl.lambdarank(grades, X[:, 0], groups=sizes, sample_weight=of_lists)
    assert metric(grades, X[:, 0], weight, sizes)[1] == pytest.approx(expected, rel=1e-13)
    floored = fl.interop.lightgbm.objective(fl.lambdarank, hess_floor=0.5)
    assert floored(grades, X[:, 0], 0.1 * weight, sizes)[1].min() == 0.5
    with pytest.raises(ValueError, match=r"sample_weight has shape \(30,\); it needs a weight for each of \d+ rows"):
        objective(grades, X[:, 0], np.ones(30), sizes)
    weight[2] = -1
    with pytest.raises(ValueError, match=r"sample_weight\[2\] = -1.0 is not a finite number >= 0"):
        objective(grades, X[:, 0], weight, sizes)


@pytest.mark.parametrize("loss", [fl.cox, fl.listmle])
def test_losses_of_groups_that_no_tree_takes(loss: Any) -> None:
    with pytest.raises(TypeError, match=f"{loss.name} is no objective of boosted trees"):
        fl.interop.lightgbm.objective(loss)


# -- XGBoost ----------------------------------------------------------------------------------------------------------

XGBOOST = [
    ("reg:squarederror", fl.half_squared_error, {}, "number", lambda s: s),
    ("binary:logistic", fl.binary_cross_entropy, {}, "class", fl.sigmoid),
    ("multi:softprob", fl.cross_entropy, {"num_class": 3}, "classes", softmax),
    ("reg:tweedie", fl.tweedie.bind(power=1.5), {"tweedie_variance_power": 1.5}, "count", np.exp),
    ("reg:pseudohubererror", fl.pseudo_huber, {}, "number", lambda s: s),
]


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize(("name", "loss", "own", "target", "of_scores"), XGBOOST, ids=[case[0] for case in XGBOOST])
def test_xgboost_grows_the_trees_of_its_own(
    name: str, loss: Any, own: dict[str, Any], target: str, of_scores: Any, weighted: bool
) -> None:
    xgboost = pytest.importorskip("xgboost")
    X, targets, weight = table()
    data = xgboost.DMatrix(X, targets[target], weight=weight if weighted else None)
    shared = {"nthread": 1, "tree_method": "hist", **{k: v for k, v in own.items() if k == "num_class"}}
    base = {"reg:tweedie": 1.0, "binary:logistic": 0.5}.get(name, 0.0)  # a score of 0
    theirs = xgboost.train({**shared, **own, "objective": name, "base_score": base}, data, ROUNDS).predict(data)
    objective = fl.interop.xgboost.objective(loss, n_threads=1)
    booster = xgboost.train({**shared, "base_score": 0.0}, data, ROUNDS, obj=objective)
    scores = booster.predict(data, output_margin=True)
    np.testing.assert_allclose(of_scores(scores), theirs, rtol=2e-6, atol=0)
    assert np.ptp(theirs) > 0.1


def test_xgboost_by_the_interface_of_scikit_learn() -> None:
    xgboost = pytest.importorskip("xgboost")
    pytest.importorskip("sklearn")
    X, targets, weight = table()
    given = {"n_estimators": ROUNDS, "base_score": 0.0, "n_jobs": 1}
    metric = fl.interop.xgboost.metric(fl.pseudo_huber, name="ours")
    ours = xgboost.XGBRegressor(
        objective=fl.interop.xgboost.objective(fl.pseudo_huber),
        eval_metric=metric,
        disable_default_eval_metric=1,
        **given,
    )
    ours.fit(X, targets["number"], sample_weight=weight, eval_set=[(X, targets["number"])], verbose=False)
    theirs = xgboost.XGBRegressor(objective="reg:pseudohubererror", **given)
    theirs.fit(X, targets["number"], sample_weight=weight)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-6, atol=0)
    (history,) = ours.evals_result().values()
    assert history["ours"][-1] == pytest.approx(fl.pseudo_huber(targets["number"], ours.predict(X)), rel=1e-4)
    native = xgboost.train(
        {"nthread": 1, "base_score": 0.0, "disable_default_eval_metric": 1},
        xgboost.DMatrix(X, targets["number"]),
        ROUNDS,
        obj=fl.interop.xgboost.objective(fl.pseudo_huber),
        custom_metric=metric,
        evals=[(xgboost.DMatrix(X, targets["number"]), "train")],
        evals_result=(results := {}),
        verbose_eval=False,
    )
    assert native.num_boosted_rounds() == ROUNDS and results["train"]["ours"][0] > results["train"]["ours"][-1]


def test_xgboost_ranks_with_a_weight_for_each_list() -> None:
    """The weights reach gradient, Hessian and metric as those of lists."""
    xgboost = pytest.importorskip("xgboost")
    X, grades, sizes = lists(2)
    weight = np.random.default_rng(5).uniform(0.2, 3.0, len(sizes)).astype(np.float32)
    scores = np.random.default_rng(6).normal(size=len(X)).astype(np.float32)
    data = xgboost.DMatrix(X, grades, group=sizes, weight=weight)
    objective, metric = (getattr(fl.interop.xgboost, what)(fl.ranknet) for what in ("objective", "metric"))
    found = objective(scores, data)
    expected = fl.ranknet.grad_and_hess(grades, scores, groups=sizes, sample_weight=weight, reduction="sum")
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-15)
    assert metric(scores, data) == ("ranknet", fl.ranknet(grades, scores, groups=sizes, sample_weight=weight))
    booster = xgboost.train({"base_score": 0.0, "nthread": 1}, data, ROUNDS, obj=objective)
    learned, before = (metric(scores, data)[1] for scores in (booster.predict(data), np.zeros(len(X), np.float32)))
    assert learned < 0.9 * before


# -- CatBoost ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
def test_catboost_grows_the_trees_of_its_own(weighted: bool) -> None:
    catboost = pytest.importorskip("catboost")
    X, targets, weight = table()
    given = {
        "iterations": ROUNDS, "verbose": False, "thread_count": 1, "boost_from_average": False, "random_seed": 0,
        "leaf_estimation_iterations": 1, "leaf_estimation_method": "Newton", "allow_writing_files": False,
    }  # fmt: skip
    pool = catboost.Pool(X, targets["class"], weight=weight if weighted else None)
    scores = [
        catboost.CatBoostClassifier(loss_function=objective, eval_metric="Logloss", **given)
        .fit(pool)
        .predict(X, prediction_type="RawFormulaVal")
        for objective in ("Logloss", fl.interop.catboost.objective(fl.binary_cross_entropy))
    ]
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-6, atol=0)
    assert np.ptp(scores[0]) > 0.1


# -- what it is, and what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "catboost"])
def test_a_loss_without_curvature_is_refused(library: str) -> None:
    objective = getattr(fl.interop, library).objective
    for loss in (fl.quantile, fl.absolute_error, fl.hinge, fl.quantile.bind(alpha=0.9)):
        with pytest.raises(ValueError, match=f"{loss.name} has no curvature: its Hessian is 0.*gauss_newton"):
            objective(loss)
        with pytest.raises(ValueError, match="has no curvature"):
            objective(loss, curvature="exact")
    flat = objective(fl.absolute_error, curvature="gauss_newton")
    if library == "catboost":
        assert flat.calc_ders_range([2.0], [0.0], [3.0]).tolist() == [[-3.0, -3.0]]
    else:
        assert [float(x[0]) for x in flat(np.zeros(1), np.array([2.0]), np.array([3.0]))] == [3.0, 3.0]
    for loss, message in (
        (fl.triplet, r"triplet is no objective of boosted trees: it takes several arrays \(anchor, positive, negative"),
        (fl.root_mean_squared_error, "its samples depend on each other"),
        (fl.margin_ranking, "it takes several arrays"),
        ("huber", "loss must be a loss of fastloss, as fl.huber, not str"),
    ):
        with pytest.raises(TypeError, match=message):
            objective(loss)
    for flat in (1.0 * fl.quantile, fl.quantile + fl.absolute_error, fl.quantile.bind(reduction="sum")):
        with pytest.raises(ValueError, match="has no curvature"):
            objective(flat)
        with pytest.raises(ValueError, match="has no curvature"):
            objective(flat, curvature="abs")
        objective(flat, hess_floor=1.0)
    for options, error in (
        ({"curvature": "foo"}, ValueError), ({"curvature": 3}, TypeError), ({"hess_factor": 0}, ValueError),
        ({"hess_factor": "a"}, TypeError), ({"hess_floor": -1}, ValueError), ({"normalizer": 3.0}, TypeError),
        ({"reduction": "none"}, TypeError),
    ):  # fmt: skip
        with pytest.raises(error, match=next(iter(options))):
            objective(fl.huber, **options)
    with pytest.raises(TypeError, match="huber cannot be bound to 'alpha'"):
        objective(fl.huber, alpha=0.9)
    with pytest.raises(TypeError, match="lambdarank is a loss of lists, and CatBoost tells no objective but its own"):
        fl.interop.catboost.objective(fl.lambdarank)
    with pytest.raises(TypeError, match="cross_entropy is a loss over classes"):
        fl.interop.catboost.objective(fl.cross_entropy)


@pytest.mark.parametrize("order", ["C", "F"])
def test_layouts_and_factors(order: Any) -> None:
    rng = np.random.default_rng(0)
    scores, labels = np.array(rng.normal(size=(6, 4)), order=order), rng.integers(0, 4, 6).astype(np.float32)
    gradient, hessian = fl.cross_entropy.grad_and_hess(labels, scores, reduction="sum")
    for library, factor in (("lightgbm", 4 / 3), ("xgboost", 2.0)):
        module = getattr(fl.interop, library)
        own = module.objective(fl.cross_entropy)(labels, scores)
        for array, right in zip(own, (gradient, factor * hessian), strict=True):
            assert array.dtype == np.float32 and array.flags[f"{order}_CONTIGUOUS"]
            np.testing.assert_allclose(array, right, rtol=1e-6)
        own = module.objective(fl.cross_entropy, hess_factor=0.5, hess_floor=0.2)(labels, scores)
        np.testing.assert_allclose(own[1], np.maximum(0.5 * hessian, 0.2), rtol=1e-6)


def test_several_targets_are_no_classes() -> None:
    for library in ("lightgbm", "xgboost"):
        objective = getattr(fl.interop, library).objective
        assert objective(fl.squared_error)(np.zeros((5, 3)), np.ones((5, 3)))[1].tolist() == [[2.0] * 3] * 5
        assert objective(fl.binary_cross_entropy)(np.zeros((5, 3)), np.zeros((5, 3)))[1].tolist() == [[0.25] * 3] * 5


def test_a_negative_hessian_warns_once() -> None:
    boosting._warn_of_negative.cache_clear()
    objective = fl.interop.lightgbm.objective(fl.binary_focal)
    labels, scores = np.array([1.0, 1.0]), np.array([-3.0, 0.5])
    assert objective.loss.grad_and_hess(labels, scores, reduction="sum")[1].min() < 0
    with pytest.warns(RuntimeWarning, match="the Hessian of binary_focal is negative for some samples"):
        objective(labels, scores)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        objective(labels, scores)
        fl.interop.lightgbm.objective(fl.binary_focal, curvature="abs")(labels, scores)
        fl.interop.xgboost.objective(fl.binary_focal)(labels, scores)  # it has a floor


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "catboost"])
def test_objectives_are_equal_hashable_and_picklable(library: str) -> None:
    module = getattr(fl.interop, library)
    one, other = module.objective(fl.huber, delta=2.0), module.objective(fl.huber.bind(delta=2.0))
    assert one == other == pickle.loads(pickle.dumps(one)) and hash(one) == hash(other)
    assert one != module.objective(fl.huber) and f"interop.{library}.objective(fastloss.huber" in repr(one)
    if library != "catboost":
        metric = module.metric(fl.huber, delta=2.0)
        assert metric == pickle.loads(pickle.dumps(metric)) != module.metric(fl.huber)
        assert metric.__name__ == "huber"


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_the_threads_that_a_loss_is_bound_to_hold(library: str) -> None:
    """What an objective or a metric is asked for is stronger; what it is not asked for is the loss's own."""
    module = getattr(fl.interop, library)
    bound = fl.huber.bind(n_threads=1)
    assert module.objective(bound).n_threads == 1 and module.objective(fl.huber).n_threads is None
    assert module.objective(bound, n_threads=2).n_threads == 2
    assert module.metric(bound).n_threads == 1 and module.metric(bound, n_threads=2).n_threads == 2
    with pytest.raises(ValueError, match="n_threads"):
        module.metric(bound, n_threads=0)


def test_no_library_is_imported_for_another() -> None:
    code = (
        "import sys, fastloss as fl; assert 'fastloss.interop' not in sys.modules;"
        "names = ['lightgbm', 'xgboost', 'catboost'];"
        "[getattr(fl.interop, name).objective(fl.huber) for name in names];"
        "print([name for name in [*names, 'scipy', 'sklearn', 'pandas'] if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    with pytest.raises(
        AttributeError, match=r"no attribute 'flax'; it has catboost, dask, .*, lightgbm, .*, torch, xgboost"
    ):
        getattr(fl.interop, "flax")  # noqa: B009
    assert {"catboost", "lightgbm"} <= set(dir(fl.interop))


@pytest.mark.parametrize("name", ["boosting", "catboost", "lightgbm", "scipy", "xgboost"])
def test_the_examples_run(name: str) -> None:
    if name == "scipy":
        pytest.importorskip("scipy")
    module = importlib.import_module(f"fastloss.interop.{name}")
    result = doctest.testmod(module)
    assert not result.failed and result.attempted >= 3 * (name != "boosting")


#: A model that was pickled: predicts, and grows more trees with the objective that came with it.
ELSEWHERE = """
import pickle, sys
import numpy as np
name, kept, table = sys.argv[1], pickle.load(open(sys.argv[2], "rb")), np.load(sys.argv[3])
print(kept["model"].predict(table["X"]).sum())
assert "fastloss" in sys.modules
if name == "lightgbm":
    import lightgbm
    data = lightgbm.Dataset(table["X"], table["y"])
    model = lightgbm.train(kept["parameters"], data, 3, init_model=kept["model"].booster_)
    print(model.predict(table["X"]).sum())
elif name == "xgboost":
    kept["model"].fit(table["X"], table["y"], xgb_model=kept["model"].get_booster())
    print(kept["model"].predict(table["X"]).sum())
else:
    model = kept["model"].copy()
    model.fit(table["X"], table["y"])
    print(model.predict(table["X"]).sum())
"""


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost"])
def test_a_model_that_is_pickled_works_in_another_process(name: str, tmp_path: Path) -> None:
    library = pytest.importorskip(name)
    X, targets, _ = table(samples=100)
    y = targets["number"]
    objective = getattr(fl.interop, name).objective(fl.huber, delta=0.5)
    parameters: dict[str, Any] = {}
    if name == "lightgbm":
        parameters = {"objective": objective, "verbose": -1, "num_threads": 1, "boost_from_average": False}
        model = library.LGBMRegressor(objective=objective, n_estimators=3, n_jobs=1, verbose=-1)
    elif name == "xgboost":
        model = library.XGBRegressor(objective=objective, n_estimators=3, n_jobs=1, base_score=0.0)
    else:
        model = library.CatBoostRegressor(
            loss_function=objective, eval_metric="RMSE", iterations=3, thread_count=1, verbose=False,
            boost_from_average=False, allow_writing_files=False,
        )  # fmt: skip
    model.fit(X, y)
    (tmp_path / "model").write_bytes(pickle.dumps({"model": model, "parameters": parameters}))
    np.savez(tmp_path / "table.npz", X=X, y=y)
    code = [sys.executable, "-c", ELSEWHERE, name, str(tmp_path / "model"), str(tmp_path / "table.npz")]
    printed = subprocess.run(code, capture_output=True, text=True, check=True).stdout
    there, more = (line for line in printed.splitlines() if "[LightGBM]" not in line)  # 4.4 warns there
    assert float(there) == model.predict(X).sum() != 0
    if name == "lightgbm":
        again = library.train(parameters, library.Dataset(X, y), 3, init_model=model.booster_)
    elif name == "xgboost":
        again = model.fit(X, y, xgb_model=model.get_booster())
    else:
        again = model
    assert float(more) == again.predict(X).sum()
