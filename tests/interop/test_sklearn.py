"""scikit-learn: its own checks of estimators, its own models beside ours, and its trees."""

from __future__ import annotations

import doctest
import importlib
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import fastloss as fl

threadpoolctl = pytest.importorskip("threadpoolctl")
sklearn = pytest.importorskip("sklearn", "1.6")
own = importlib.import_module("fastloss.interop.sklearn")

from sklearn import linear_model  # noqa: E402
from sklearn.base import clone, is_classifier, is_regressor  # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

Model = own.GeneralizedLinear

ESTIMATORS = [
    Model(fl.huber, penalty=fl.l2, strength=0.01, tol=1e-11, n_threads=1),
    Model(fl.poisson, penalty=fl.l2, strength=0.1, tol=1e-11, n_threads=1),
    Model(fl.cross_entropy, penalty=fl.l2, strength=0.1, tol=1e-11, n_threads=1),
    Model(fl.binary_cross_entropy, penalty=fl.l2, strength=0.1, tol=1e-11, n_threads=1),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_the_checks_of_estimators(estimator: Any) -> None:
    """None fails, but one that scikit-learn 1.6 had wrong."""
    expected = set()
    if sklearn.__version__.startswith("1.6.") and estimator.loss == fl.binary_cross_entropy:
        # It makes two classes of three by the first label, which is another one after it has shuffled the samples.
        expected = {"check_sample_weight_equivalence_on_dense_data"}
    results = check_estimator(estimator, on_skip=None, on_fail=None)
    assert len(results) > 50
    assert {result["check_name"] for result in results if result["status"] not in ("passed", "skipped")} == expected


RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4)) @ np.diag([1.0, 2.0, 0.5, 1.0])
SCORES = X @ [1.0, -0.5, 0.0, 2.0] + 0.3
Y = SCORES + RNG.normal(size=200)
CLASSES = np.array(["a", "b", "c"])[np.digitize(SCORES + RNG.logistic(size=200), [-1, 1])]
WEIGHT = RNG.uniform(0.5, 2.0, 200)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of SciPy, by an older scikit-learn
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_models_of_scikit_learn_are_met(weight: Any) -> None:
    """Coefficients of the same minimum; theirs is a sum or a mean over weights of its own."""
    total = len(X) if weight is None else weight.sum()
    counts = np.random.default_rng(1).poisson(np.exp(SCORES / 4)).astype(float)
    binary = np.where(CLASSES == "a", "a", "other")
    for model, theirs, y in (
        (Model(), linear_model.LinearRegression(), Y),
        (Model(fit_intercept=False), linear_model.LinearRegression(fit_intercept=False), Y),
        (Model(fl.half_squared_error, penalty=fl.l2, strength=3.0 / total), linear_model.Ridge(3.0), Y),
        (
            Model(fl.half_squared_error, penalty=fl.l1, strength=0.3),
            linear_model.Lasso(0.3, tol=1e-10, max_iter=10_000), Y,
        ),
        (
            Model(fl.half_squared_error, penalty=fl.elastic_net, strength=0.5, penalty_options={"ratio": 0.7}),
            linear_model.ElasticNet(0.5, l1_ratio=0.7, tol=1e-10, max_iter=10_000), Y,
        ),
        (Model(fl.poisson, penalty=fl.l2, strength=0.2), linear_model.PoissonRegressor(alpha=0.2, tol=1e-9), counts),
        (
            Model(fl.binary_cross_entropy, penalty=fl.l2, strength=1 / total),
            linear_model.LogisticRegression(tol=1e-9), binary,
        ),
        (
            Model(fl.cross_entropy, penalty=fl.l2, strength=1 / total),
            linear_model.LogisticRegression(tol=1e-9, max_iter=1000), CLASSES,
        ),
    ):  # fmt: skip
        model.fit(X, y, sample_weight=weight)
        theirs.fit(X, y, sample_weight=weight)
        assert model.coef_.shape == theirs.coef_.shape
        np.testing.assert_allclose(model.coef_, theirs.coef_, rtol=2e-4, atol=1e-12, err_msg=str(model))
        assert ((model.coef_ == 0) == (theirs.coef_ == 0)).all()
        if is_classifier(model):
            assert (model.predict(X) == theirs.predict(X)).all()
            np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(X), rtol=1e-4)
            np.testing.assert_allclose(model.decision_function(X), theirs.decision_function(X), rtol=1e-3, atol=1e-3)
        else:
            assert is_regressor(model)
            np.testing.assert_allclose(model.predict(X), theirs.predict(X), rtol=1e-4, atol=1e-4)
        assert model.score(X, y) == pytest.approx(
            theirs.score(X, y) if y is not counts else model.score(X, y), rel=1e-5
        )


def test_it_goes_where_estimators_go() -> None:
    """Into a grid, a pipeline, a copy, a file; with losses that scikit-learn does not have."""
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), Model(penalty=fl.l2)),
        {
            "generalizedlinear__loss": [fl.huber, fl.tukey_biweight.bind(c=8.0)],
            "generalizedlinear__strength": [0.0, 0.1],
        },
        cv=3,
    ).fit(X, Y)
    assert grid.best_score_ > 0.7
    assert (pickle.loads(pickle.dumps(grid)).predict(X) == grid.predict(X)).all()
    copied = clone(Model(fl.cross_entropy.bind(label_smoothing=0.1), penalty=fl.l2))
    assert copied.loss == fl.cross_entropy.bind(label_smoothing=0.1)
    assert (
        repr(copied)
        == "GeneralizedLinear(loss=fastloss.cross_entropy.bind(label_smoothing=0.1),\n"
        + " " * 18
        + "penalty=fastloss.l2)"
    )
    for loss in (fl.categorical_focal, fl.sparsemax, 0.5 * fl.cross_entropy + 0.5 * fl.categorical_focal):
        model = Model(loss, penalty=fl.l2, strength=0.01, n_threads=1).fit(X, CLASSES)
        assert model.score(X, CLASSES) > 0.6
        assert model.coef_.shape == (3, 4) and model.decision_function(X).shape == (200, 3)
        assert hasattr(model, "predict_proba") == (loss is not fl.sparsemax)
    two = CLASSES != "b"
    for loss in (fl.squared_hinge.bind(labels=(-1, 1)), fl.soft_margin, fl.binary_focal, fl.cross_entropy):
        model = Model(loss, penalty=fl.l2, strength=0.01).fit(X[two], CLASSES[two])
        assert model.score(X[two], CLASSES[two]) > 0.8
        above = model.decision_function(X[two]) > 0
        assert (model.classes_[above.astype(int)] == model.predict(X[two])).all()
        assert hasattr(model, "predict_proba") == (loss.name != "squared_hinge")
        if hasattr(model, "predict_proba"):
            p = model.predict_proba(X[two])
            np.testing.assert_allclose(p.sum(1), 1, rtol=1e-14)
            assert (model.classes_[p.argmax(1)] == model.predict(X[two])).all()
    assert not hasattr(Model(), "decision_function") and not hasattr(Model(), "predict_proba")


def test_every_loss_that_fits_is_minimised() -> None:
    """No derivative is left; a loss without curvature is refused."""
    kinks = {
        "absolute_error",
        "quantile",
        "absolute_percentage_error",
        "hinge",
        "perceptron",
        "multiclass_hinge",
        "multi_margin",
    }
    tried, refused = [], set()
    for row in fl.losses():
        loss = getattr(fl, row.name)
        y = CLASSES if row.axes == "C" else CLASSES == "a" if "hard" in row.target.forms else np.exp(Y / 2)
        model = Model(loss, penalty=fl.l2, strength=0.1, n_threads=1)
        try:
            model.fit(X, y)
        except TypeError as error:
            refused |= {row.name} if "has no curvature" in str(error) else set()
            continue
        tried.append(row.name)
        if row.name == "symmetric_absolute_percentage_error":  # it ends in a kink
            continue
        scores = X @ model.coef_.T + model.intercept_
        targets = np.unique(y, return_inverse=True)[1] if y.dtype != np.float64 else y
        by_scores = loss.grad(targets, scores if row.axes else scores.reshape(-1)).reshape(200, -1)
        assert np.abs(by_scores.sum(0)).max() < 1e-6, row.name
        assert np.abs(by_scores.T @ X + 0.1 * model.coef_).max() < 1e-6, row.name
    assert len(tried) > 25 and refused == kinks


def test_what_is_refused() -> None:
    for loss, text in (
        (fl.binary_log_loss, r"binary_log_loss takes predictions in \[0, 1\], which a linear model does not keep to"),
        (fl.nll, "nll takes predictions the logarithm of a probability"),
        (fl.squared_log_error, "which a linear model does not keep to"),
        (fl.gaussian_nll, "gaussian_nll is no loss of an estimator"),
        (fl.kl_divergence, "kl_divergence is no loss of an estimator"),
        (fl.multilabel_margin, "multilabel_margin is no loss of an estimator"),
        (fl.ordinal, "ordinal is no loss of an estimator"),
        (fl.triplet, "triplet is no loss of a linear model: it takes several arrays"),
        ("huber", "loss must be a loss of fastloss, as fl.huber, not str"),
    ):
        with pytest.raises(TypeError, match=text):
            Model(loss).fit(X, Y)
    with pytest.raises(ValueError, match="reduction='none' is no number"):
        Model(fl.huber.bind(reduction="none")).fit(X, Y)
    with pytest.raises(TypeError, match=r"penalty must be a penalty of fastloss, as fl.l2, not str"):
        Model(penalty="l2").fit(X, Y)
    with pytest.raises(TypeError, match="ratoi"):
        Model(penalty=fl.elastic_net, penalty_options={"ratoi": 0.1}).fit(X, Y)
    with pytest.raises(ValueError, match="strength = -1"):
        Model(penalty=fl.l2, strength=-1.0).fit(X, Y)
    with pytest.raises(ValueError, match=r"Only binary classification is supported by exponential: y has 3 classes"):
        Model(fl.exponential).fit(X, CLASSES)
    with pytest.raises(ValueError, match="a classifier needs at least two classes"):
        Model(fl.cross_entropy).fit(X, np.zeros(200))
    with pytest.raises(ValueError, match=r"y_true.* is not >= 0"):
        Model(fl.poisson).fit(X, Y)
    with pytest.raises(ValueError, match="Negative values"):
        Model().fit(X, Y, sample_weight=-WEIGHT)
    with pytest.warns(ConvergenceWarning, match="no minimum was found in 3 steps"):
        Model(fl.huber, max_iter=3).fit(X, Y)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine threads wait for each other, a hundred times as long as they work."""
    with threadpoolctl.threadpool_limits(1):
        yield


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_trees_are_those_of_the_losses_that_they_have(weight: Any) -> None:
    options: dict[str, Any] = {"max_iter": 10, "random_state": 0, "early_stopping": True, "max_leaf_nodes": 7}
    for name, loss, y in (
        ("squared_error", fl.half_squared_error, Y), ("poisson", fl.poisson, np.exp(Y)), ("gamma", fl.gamma, np.exp(Y)),
        ("log_loss", fl.binary_cross_entropy, CLASSES == "a"), ("log_loss", fl.cross_entropy, CLASSES),
    ):  # fmt: skip
        ours = own.histgb_loss(loss, **({"n_classes": 3} if loss is fl.cross_entropy else {}))
        kind = HistGradientBoostingClassifier if name == "log_loss" else HistGradientBoostingRegressor
        predictions = []
        for given in (name, ours):
            model = clone(kind(loss=given, **options)).fit(X, y, sample_weight=weight)
            model = pickle.loads(pickle.dumps(model))
            predictions.append(model.predict_proba(X) if name == "log_loss" else model.predict(X))
        np.testing.assert_allclose(predictions[1], predictions[0], rtol=1e-9)


def test_every_method_of_a_loss_of_trees() -> None:
    """As scikit-learn's own have them, which its estimators do not call all."""
    from sklearn._loss.loss import HalfMultinomialLoss, HalfPoissonLoss

    rng = np.random.default_rng(5)
    raw, index = np.asfortranarray(rng.normal(size=(30, 3))), rng.integers(0, 3, 30).astype(float)
    counts, weight = rng.poisson(2.0, 30).astype(float), rng.uniform(0.5, 2.0, 30)
    for ours, theirs, y, scores in (
        (own.histgb_loss(fl.poisson), HalfPoissonLoss(), counts, np.asfortranarray(raw[:, :1])),
        (own.histgb_loss(fl.cross_entropy, n_classes=3), HalfMultinomialLoss(n_classes=3), index, raw),
    ):
        for name in ("loss", "loss_gradient", "gradient", "gradient_hessian", "__call__"):
            results = [getattr(loss, name)(y, scores, sample_weight=weight) for loss in (ours, theirs)]
            for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in results), strict=True):
                np.testing.assert_allclose(np.reshape(one, np.shape(other)), other, rtol=1e-12, err_msg=name)


def test_trees_of_other_losses() -> None:
    """Below the mean with an alpha of 0.2; a focal loss of labels -1 and 1; a classifier of a hinge."""
    loss = own.histgb_loss(fl.quantile, alpha=0.2)
    model = HistGradientBoostingRegressor(loss=loss, max_iter=60, early_stopping=False).fit(X, Y)
    assert 0.1 < (model.predict(X) > Y).mean() < 0.3
    for binary in (fl.binary_focal, fl.squared_hinge.bind(labels=(-1, 1))):
        loss = own.histgb_loss(binary, hess_floor=1e-9)
        model = HistGradientBoostingClassifier(loss=loss, max_iter=20).fit(X, CLASSES == "a")
        assert model.score(X, CLASSES == "a") > 0.8
    with pytest.raises(ValueError, match=r"quantile has no curvature: .* curvature='gauss_newton'"):
        own.histgb_loss(fl.quantile, curvature="exact")
    with pytest.raises(ValueError, match="cross_entropy needs n_classes, 3 or more; for two classes there is"):
        own.histgb_loss(fl.cross_entropy)
    with pytest.raises(TypeError, match="binary_log_loss takes predictions"):
        own.histgb_loss(fl.binary_log_loss)
    with pytest.raises(TypeError, match="gaussian_nll is no loss of an estimator"):
        own.histgb_loss(fl.gaussian_nll)


def test_examples() -> None:
    results = doctest.testmod(own)
    assert results.attempted and not results.failed


def test_it_says_how_to_install_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fastloss.interop.sklearn")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"fastloss.interop.sklearn needs scikit-learn 1.6 or later: python -m pip"):
        importlib.import_module("fastloss.interop.sklearn")
