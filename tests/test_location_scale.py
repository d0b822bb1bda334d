"""Losses of a location and a log-scale: what only they have. The suites of all losses cover the rest."""

from __future__ import annotations

from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, bits, generator
from numpy.testing import assert_array_equal

import fastloss as fl
from fastloss.catalogue import vocabulary

LOSSES = (fl.gaussian_nll, fl.laplace_nll)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def test_the_formulas_at_a_place() -> None:
    value, grad, hess = fl.gaussian_nll.value_grad_hess([1.0], [[3.0, np.log(2.0)]])
    assert value == pytest.approx(np.log(2) + 0.5, rel=1e-12, abs=0)
    np.testing.assert_allclose(grad, [[0.5, 0.0]], atol=1e-15)
    np.testing.assert_allclose(hess, [[0.25, 2.0]])
    value, grad, hess = fl.laplace_nll.value_grad_hess([1.0], [[3.0, np.log(4.0)]])
    assert value == pytest.approx(np.log(4) + 0.5, rel=1e-12, abs=0)
    np.testing.assert_allclose(grad, [[0.25, 0.5]])
    np.testing.assert_allclose(hess, [[0.0, 0.5]])


@of_float
@every_loss
def test_a_tiny_scale(loss: Any, dtype: Any) -> None:
    """Beyond the scale whose inverse square is a number, a residual of its size still gives a loss."""
    s = dtype.type(-0.9 * -np.log(float(np.finfo(dtype).tiny)))
    r = dtype.type(2) * np.exp(s)
    value, grad, hess = loss.value_grad_hess([dtype.type(0)], np.array([[r, s]]))
    z = float(r) * np.exp(-float(s))
    assert value == pytest.approx(float(s) + (z * z / 2 if loss is fl.gaussian_nll else z), rel=1e-6, abs=0)
    assert grad[0, 1] == pytest.approx(1 - (z * z if loss is fl.gaussian_nll else z), rel=1e-5, abs=0)
    exact = loss.value_grad_hess([dtype.type(0)], np.array([[dtype.type(0), s]]))
    assert exact[0] == s
    assert_array_equal(exact[1], [[0, 1]])
    assert hess[0, 1] > 0


@every_loss
def test_infinities(loss: Any) -> None:
    value, grad, _ = loss.value_grad_hess(
        [0.0, 0.0, 0.0], [[np.inf, 0], [1.0, np.inf], [1.0, -np.inf]], reduction="none"
    )
    assert_array_equal(value, [np.inf, np.inf, np.inf])
    assert grad[1, 0] == 0
    assert grad[1, 1] == 1
    assert grad[2, 0] == np.inf


@of_float
@every_loss
def test_in_place_for_one_sample_and_many(loss: Any, dtype: Any) -> None:
    rng = generator(loss.name, "in place", dtype)
    for shape in ((), (1,), (1, 1), (7,), (3000,), (3, 5)):
        y_true, y_pred = rng.normal(size=shape).astype(dtype), rng.normal(size=(*shape, 2)).astype(dtype)
        for order in ("C", "F"):
            given = np.array(y_pred, order=order)
            expected = loss.value_grad_hess(y_true, y_pred, reduction="none")
            results = loss.value_grad_hess(y_true, given, reduction="none", out=(None, given, None))
            assert results[1] is given
            assert bits(results) == bits(expected)


@every_loss
def test_what_is_refused(loss: Any) -> None:
    for y_true, y_pred, message in (
        (np.zeros(3), np.zeros((3, 3)), r"y_pred has shape \(3, 3\); its last axis must have 2"),
        (np.zeros(()), np.zeros(()), "its last axis must have 2"),
        (
            np.zeros((3, 2)),
            np.zeros((3, 2)),
            r"y_true has shape \(3, 2\), y_pred has \(3, 2\); y_true must have \(3,\)",
        ),
        (np.zeros(2), np.zeros((3, 2)), r"y_true must have \(3,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            loss(y_true, y_pred)
    out = np.full((3, 2), 113.0)
    with pytest.raises(ValueError, match=r"sample_weight\[1\] = -1"):
        loss.grad(np.zeros(3), np.zeros((3, 2)), sample_weight=[1, -1, 1], out=out)
    with pytest.raises(ValueError, match=r"sample_weight has shape \(3, 2\)"):
        loss.grad(np.zeros(3), np.zeros((3, 2)), sample_weight=np.ones((3, 2)), out=out)
    with pytest.raises(ValueError, match="overlaps"):
        loss.grad(out[:, 0], np.zeros((3, 2)), out=out)
    assert (out == 113).all()
    with pytest.raises(TypeError, match="not a loss of one number"):
        loss.point(0.0, 1.0)


@every_loss
def test_the_formula_is_that_of_the_kernels(loss: Any) -> None:
    rng = generator(loss.name, "formula")
    row = cases.row_of(loss)
    formula = vocabulary.rebind(row.function, vars(vocabulary) | {"abs": abs})
    for y_true, location, log_scale in rng.normal(size=(20, 3)):
        value, grad, hess = loss.value_grad_hess([y_true], [[location, log_scale]])
        expected = formula(y_true, location, log_scale)
        assert value == pytest.approx(expected[0], rel=1e-14, abs=0)
        np.testing.assert_allclose(grad, [expected[1]], rtol=1e-13)
        np.testing.assert_allclose(hess, [expected[2][:2]], rtol=1e-13)
        ((cross, _),) = loss.hvp([y_true], [[location, log_scale]], [[0.0, 1.0]])
        assert cross == pytest.approx(expected[2][2], rel=1e-13, abs=0)


@of_float
def test_a_weighted_likelihood_is_the_plain_one_times_a_power_of_the_variance(dtype: Any) -> None:
    """Of value, gradient and Hessian alike: the weight is held constant. At 0 it is 1."""
    rng = generator("beta_nll")
    y, pred = rng.normal(size=40).astype(dtype), rng.normal(size=(40, 2)).astype(dtype)
    for beta in (0, 0.25, 0.5, 1):
        weight = np.exp(2 * beta * pred[:, 1].astype(np.float64))
        plain = fl.gaussian_nll.value_grad_hess(y, pred, reduction="none", sample_weight=weight)
        got = fl.beta_nll.value_grad_hess(y, pred, reduction="none", beta=beta)
        for own, other in zip(got, plain, strict=True):
            scale = np.maximum(abs(other), weight.astype(dtype).reshape(-1, *[1] * (other.ndim - 1)))
            assert (abs(own - other) <= 32 * np.finfo(dtype).eps * scale).all()


@of_float
def test_scales_and_residuals_without_end_in_a_weighted_likelihood(dtype: Any) -> None:
    """As in the plain one, but a weight of 0 leaves nothing of s = -inf."""
    pred = np.array([[1, -np.inf], [0, -np.inf], [1, np.inf], [np.inf, 0]], dtype)
    value, grad, _ = fl.beta_nll.value_grad_hess(np.zeros(4, dtype), pred, reduction="none")
    assert value.tolist() == [np.inf, 0, np.inf, np.inf]
    assert grad[:, 0].tolist() == [np.inf, 0, 0, np.inf]
    assert_array_equal(np.isnan(grad), False)


@of_float
def test_scales_and_residuals_without_end_in_students_distribution(dtype: Any) -> None:
    pred = np.array([[1, -np.inf], [0, -np.inf], [1, np.inf], [np.inf, 0], [np.nan, 0], [0, np.nan]], dtype)
    value, grad, hess = fl.student_t_nll.value_grad_hess(np.zeros(6, dtype), pred, reduction="none", df=3.0)
    assert_array_equal(value, [np.inf, -np.inf, np.inf, np.inf, np.nan, np.nan])
    assert_array_equal(grad[:4], np.array([[4, -3], [0, 1], [0, 1], [0, -3]], dtype))
    assert_array_equal(hess[2:4], np.zeros((2, 2)))
    assert np.isnan(grad[4:]).all()
    assert np.isnan(hess[4:]).all()


def test_many_degrees_of_freedom_are_a_normal_distribution() -> None:
    dtype = np.dtype(np.float32)
    rng = generator("student", dtype)
    y, pred = rng.normal(size=40).astype(dtype), rng.normal(size=(40, 2)).astype(dtype)
    plain = fl.gaussian_nll.value_grad_hess(y, pred, reduction="none")
    got = fl.student_t_nll.value_grad_hess(y, pred, reduction="none", df=1e15)
    for own, other in zip(got, plain, strict=True):
        terms = abs(other) + (1 + abs(pred[:, 1]) if other.ndim == 1 else 1)
        assert (abs(own - other) <= 8 * np.finfo(dtype).eps * terms).all()


@of_float
def test_scales_and_residuals_without_end_in_a_ranked_probability_score(dtype: Any) -> None:
    """Of a scale of 0 it is the absolute error."""
    pred = np.array(
        [[2, -np.inf], [-2, -np.inf], [0, -np.inf], [1, np.inf], [np.inf, 0], [np.nan, 0], [0, np.nan]], dtype
    )
    value, grad, hess = fl.crps_gaussian.value_grad_hess(np.zeros(7, dtype), pred, reduction="none")
    assert_array_equal(value, [2, 2, 0, np.inf, np.inf, np.nan, np.nan])
    assert_array_equal(grad[:4], np.array([[1, 0], [-1, 0], [0, 0], [0, np.inf]], dtype))
    assert grad[4, 0] == 1
    assert_array_equal(hess[:4], np.array([[0, 0], [0, 0], [np.inf, 0], [0, np.inf]], dtype))
    assert np.isnan(grad[5:]).all()


def test_a_ranked_probability_score_is_what_the_mean_over_thresholds_is() -> None:
    """The integral of (F(x) - (x >= y))^2, by Gneiting & Raftery's definition."""
    integrate, stats = pytest.importorskip("scipy.integrate"), pytest.importorskip("scipy.stats")
    for y, m, s in ((0.3, -0.5, 0.2), (-2.0, 1.0, -0.7), (4.0, 4.0, 1.1)):
        predicted = stats.norm(m, np.exp(s))
        below, _ = integrate.quad(lambda x, f=predicted: f.cdf(x) ** 2, -60, y, epsabs=1e-13)
        above, _ = integrate.quad(lambda x, f=predicted: f.sf(x) ** 2, y, 60, epsabs=1e-13)
        assert fl.crps_gaussian([y], [[m, s]]) == pytest.approx(below + above, rel=1e-9, abs=0)


#: Losses that have all terms of their likelihood on demand, and parameters to try.
WHOLE = [
    *((loss, {}) for loss in (fl.gaussian_nll, fl.laplace_nll)),
    *((fl.student_t_nll, {"df": df}) for df in (0.03, 1.0, 4.0, 19.9, 20.1, 1e6)),
    *((fl.beta_nll, {"beta": beta}) for beta in (0.0, 0.5, 1.0)),
]


@of_float
@pytest.mark.parametrize(("loss", "given"), WHOLE, ids=str)
def test_all_of_a_likelihood(loss: Any, given: dict[str, float], dtype: Any) -> None:
    """Measured over 8,000 samples: 2.84 ULP of the largest term, 4.15 of `beta_nll`.

    The gradient has the bits of the plain one.
    """
    rng = generator("whole", loss.name, str(given), dtype)
    most = max(4, loss._row.ulps.get("value", 0))
    y, pred = rng.normal(size=40).astype(dtype), rng.normal(size=(40, 2)).astype(dtype)
    whole, plain = loss.bind(full=True, **given), loss.bind(**given)
    results, others = (form.value_grad_hess(y, pred, reduction="none") for form in (whole, plain))
    assert bits(results[1:]) == bits(others[1:])
    assert bits(whole(y, pred, reduction="none")) == bits(results[0])
    for i in range(40):
        sample = {"y_true": y[i], "y_pred": pred[i]}
        ((truth, _, _),) = oracle.truth(whole._row, sample, [("y_pred", 0)], dtype, full=True, **given)
        assert oracle.ulps(results[0][i], truth, dtype) <= most


def test_all_of_a_likelihood_is_a_density() -> None:
    stats = pytest.importorskip("scipy.stats")
    for y, m, s in ((0.3, -0.5, 0.2), (-2.0, 1.0, -0.7)):
        of = {"loc": m, "scale": np.exp(s)}
        for loss, given, density in (
            (fl.gaussian_nll, {}, stats.norm(**of)), (fl.laplace_nll, {}, stats.laplace(**of)),
            (fl.student_t_nll, {"df": 2.5}, stats.t(2.5, **of)),
        ):  # fmt: skip
            expected = pytest.approx(-density.logpdf(y), rel=1e-13, abs=0)
            assert loss([y], [[m, s]], full=True, **given) == expected
            assert loss.partial([y], [[m, s]], full=True, **given).value == expected
