"""Linear models for SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import fastloss as fl

optimize = pytest.importorskip("scipy.optimize")


def table(classes: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(200), rng.normal(size=(200, 3))])
    y = np.digitize(X @ [0.2, 1.0, -2.0, 0.5] + rng.logistic(size=200), np.linspace(-1, 1, classes - 1))
    assert np.unique(y).size == classes
    return X, y


@pytest.mark.parametrize("method", ["L-BFGS-B", "Newton-CG", "trust-ncg"])
@pytest.mark.parametrize("penalty", [fl.l2, fl.elastic_net], ids=lambda penalty: penalty.name)
@pytest.mark.parametrize(("loss", "classes"), [(fl.binary_cross_entropy, 2), (fl.cross_entropy, 3)], ids=["2", "3"])
def test_the_minimum_is_found(loss: Any, classes: int, penalty: Any, method: str) -> None:
    """Every method ends where the gradient is 0; with elastic net no weight is 0."""
    X, y = table(classes)
    model = fl.interop.scipy.objective(loss, X, y, penalty=penalty, strength=0.01, reduction="mean")
    start = np.zeros(X.shape[1] * (1 if classes == 2 else classes))
    second = {} if method == "L-BFGS-B" else {"hessp": model.hessp}
    if penalty is fl.elastic_net:
        start += 0.1
    found = optimize.minimize(model.fun, start, jac=True, method=method, options={"maxiter": 500}, **second)
    if penalty is fl.l2:
        assert np.abs(model.jac(found.x)).max() < 2e-4
    assert found.fun < model.fun(start)[0]


@pytest.mark.parametrize("penalty", [None, fl.l1, fl.l2, fl.elastic_net], ids=lambda p: getattr(p, "name", "none"))
@pytest.mark.parametrize(("loss", "classes"), [(fl.binary_cross_entropy, 2), (fl.cross_entropy, 3)], ids=["2", "3"])
def test_derivatives_are_those_of_the_value(loss: Any, classes: int, penalty: Any) -> None:
    X, y = table(classes)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, 200)
    model = fl.interop.scipy.objective(loss, X, y, penalty=penalty, strength=0.3, sample_weight=weight)
    rng = np.random.default_rng(2)
    at, along = rng.normal(size=(2, X.shape[1] * (1 if classes == 2 else classes)))
    h = 1e-6
    slope = (model.fun(at + h * along)[0] - model.fun(at - h * along)[0]) / (2 * h)
    assert slope == pytest.approx(model.jac(at) @ along, rel=1e-7)
    change = (model.jac(at + h * along) - model.jac(at - h * along)) / (2 * h)
    np.testing.assert_allclose(model.hessp(at, along), change, rtol=1e-6, atol=0)


@pytest.mark.parametrize("bound", [{"reduction": "sum"}, {"normalizer": 7.0}], ids=str)
@pytest.mark.parametrize("loss", [fl.binary_cross_entropy, fl.cross_entropy], ids=lambda loss: loss.name)
def test_what_a_loss_is_bound_to_holds(loss: Any, bound: dict[str, Any]) -> None:
    """A keyword of the objective is stronger, as in a call."""
    X, y = table(2)
    model, named = (
        fl.interop.scipy.objective(*given[:1], X, y, **given[1]) for given in ((loss.bind(**bound), {}), (loss, bound))
    )
    mean = fl.interop.scipy.objective(loss.bind(**bound), X, y, reduction="mean", normalizer=None)
    at, along = np.random.default_rng(3).normal(size=(2, X.shape[1] * (1 if loss is fl.binary_cross_entropy else 2)))
    scores = X @ (at if loss is fl.binary_cross_entropy else at.reshape(-1, 2))
    assert model.fun(at)[0] == named.fun(at)[0] == loss(y, scores, **bound) != mean.fun(at)[0] == loss(y, scores)
    assert (model.jac(at) == named.jac(at)).all()
    assert (model.hessp(at, along) == named.hessp(at, along)).all()
    assert not np.isclose(model.jac(at), mean.jac(at)).any()
    assert not np.isclose(model.hessp(at, along), mean.hessp(at, along)).any()


def test_losses_without_a_hessian_and_of_two_numbers_a_sample() -> None:
    """SciPy needs no Hessian: what couples its samples has a gradient, and a location and a scale are two columns."""
    X, y = table(2)
    rng = np.random.default_rng(4)
    for loss, columns in ((fl.root_mean_squared_error, 1), (fl.gaussian_nll, 2)):
        model = fl.interop.scipy.objective(loss, X, y.astype(float), penalty=fl.l2, strength=0.01)
        at, along = rng.normal(size=(2, 4 * columns)) / 4
        h = 1e-6
        slope = (model.fun(at + h * along)[0] - model.fun(at - h * along)[0]) / (2 * h)
        assert slope == pytest.approx(model.jac(at) @ along, rel=1e-6)
        found = optimize.minimize(model.fun, at, jac=True, method="L-BFGS-B")
        assert found.fun < model.fun(at)[0]
        with pytest.raises(ValueError, match=f"so they must have {4 * columns} numbers"):
            model.fun(np.zeros(4 * columns - 1))


def test_what_is_refused() -> None:
    X, y = table(2)
    with pytest.raises(ValueError, match=r"X has shape \(200,\); it must have two axes"):
        fl.interop.scipy.objective(fl.binary_cross_entropy, X[:, 0], y)
    with pytest.raises(TypeError, match=r"penalty must be a penalty of fastloss, as fl.l2, not str"):
        fl.interop.scipy.objective(fl.binary_cross_entropy, X, y, penalty="l2")
    with pytest.raises(TypeError, match=r"triplet is no loss of a linear model: it takes several arrays \(anchor, "):
        fl.interop.scipy.objective(fl.triplet, X, y)
    with pytest.raises(TypeError, match=r"loss must be a loss of fastloss, as fl\.huber, not function"):
        fl.interop.scipy.objective(lambda a, b: 0.0, X, y)
    model = fl.interop.scipy.objective(fl.binary_cross_entropy, X, y)
    for weights in (np.zeros(5), np.zeros((4, 3))):
        with pytest.raises(
            ValueError, match=r"the weights have shape .*; X has 4 features, so they must have 4 numbers"
        ):
            model.fun(weights)
    with pytest.raises(ValueError, match="reduction='none' is no number to minimise"):
        fl.interop.scipy.objective(fl.cross_entropy, X, y, reduction="none")
    with pytest.raises(ValueError, match="reduction='none' is no number to minimise"):
        fl.interop.scipy.objective(fl.cross_entropy.bind(reduction="none"), X, y)
    with pytest.raises(TypeError, match="has no keyword 'out'"):
        fl.interop.scipy.objective(fl.cross_entropy, X, y, out=3)
    with pytest.raises(TypeError, match="dleta"):
        fl.interop.scipy.objective(fl.huber, X, y, dleta=3)
    with pytest.raises(ValueError, match="y_true has shape"):
        fl.interop.scipy.objective(fl.huber, X, y[:5])
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(TypeError, match="X is sparse; it must be dense"):
        fl.interop.scipy.objective(fl.huber, sparse.csr_array(X), y)
