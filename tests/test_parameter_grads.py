"""Derivatives by a loss's own parameters, against those of the textbook formula in mpmath."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import oracle
import pytest
from cases import FLOATS, generator
from mpmath import mp, mpf

import fastloss as fl

ROBUST = fl.general_robust
LEARNED = {
    row.name: [parameter.name for parameter in row.learned] for row in fl.losses() if row.learned and not row.several
}
each_learned = pytest.mark.parametrize("name", LEARNED)


def loss_of(name: str) -> Any:
    """Return the loss, with all terms that its parameters are learned with."""
    loss = getattr(fl, name)
    return loss.bind(full=True) if "full" in loss.parameters else loss


#: How large numbers are: exponents of 10.
REGIMES = {"ordinary": 1, "wide": 25, "all": 307}
LARGEST = mpf(float(np.finfo(np.float64).max))


def exact(name: str, y_true: float, y_pred: float, parameters: dict[str, float], by: str, digits: int) -> mpf:
    """Return the truth, from a difference whose step is beyond the digits that count.

    At alpha = 0 the formula of `general_robust` is a removable singularity: so are the places beside it none.
    """
    with mp.workdps(digits):
        given = {key: mpf(value) for key, value in parameters.items()}
        place = given[by]
        step = mpf(10) ** -200 * (1 if by == "alpha" or not place else abs(place))

        def value(parameter: mpf) -> mpf:
            terms = oracle.ORACLE[name](mpf(y_true), mpf(y_pred), **{**given, by: parameter})
            return sum(terms) if isinstance(terms, list) else terms

        return (value(place + step) - value(place - step)) / (2 * step)


def error(computed: float, truth: mpf) -> float:
    """Return the error in units in the last place of the truth."""
    if abs(truth) > LARGEST:
        return 0.0 if computed == math.copysign(math.inf, truth) else math.inf
    if not math.isfinite(computed):
        return math.inf
    return float(abs(mpf(computed) - truth) / math.ulp(float(truth)))


def shape_of_robust(rng: Any) -> float:
    """Return an alpha: any, near 2, near 0, where a formula ends, or far away."""
    sign = rng.choice([-1.0, 1.0])
    kinds = (
        3 * rng.normal(),
        2 + sign * 10 ** rng.uniform(-15, 0),
        sign * 10 ** rng.uniform(-18, 0),
        rng.choice([-2.0, -1.0, 0.0, 1.0, 1.5, 3.0, 4.0]),
        sign * 10 ** rng.uniform(0, 40),
    )
    return float(kinds[rng.integers(len(kinds))])


def drawn(name: str, exponents: float, rng: Any) -> tuple[float, float, dict[str, float]]:
    """Return a target, a prediction and parameters."""
    row = getattr(fl, name)._row
    parameters: dict[str, float] = {}
    for parameter in row.parameters:
        if parameter.name == "clip":
            parameters["clip"] = 0.0  # with another one the difference to it has the rounding error of p
        elif name == "general_robust" and parameter.name == "alpha":
            parameters["alpha"] = shape_of_robust(rng)
        elif parameter.kind == "element":
            inside = parameter.domain.high == 1
            parameters[parameter.name] = float(
                rng.uniform(0.01, 0.99) if inside else 10 ** rng.uniform(-exponents, exponents)
            )
    if name in ("binary_focal", "asymmetric", "poly1_binary_cross_entropy"):
        parameters |= {key: min(value, 1e6) for key, value in parameters.items() if key != "alpha"}
        return float(rng.integers(2)), float(rng.normal() * 3 ** rng.uniform(-3, 5)), parameters
    scale = parameters.get(
        "scale", parameters.get("alpha", 1.0) if "alpha" in parameters else next(iter(parameters.values()))
    )
    near = rng.random() < 0.6
    y_pred = rng.choice([-1.0, 1.0]) * (
        scale * np.exp(2 * rng.normal()) if near else 10 ** rng.uniform(-exponents, exponents)
    )
    y_pred = float(np.clip(y_pred, -1e308, 1e308))
    return rng.choice([0.0, rng.normal() * 0.5 * y_pred]) if abs(y_pred) < 1e307 else 0.0, y_pred, parameters


@pytest.mark.parametrize("name", [name for name in LEARNED if name != "negative_binomial"])  # has its own file
@pytest.mark.parametrize("regime", REGIMES)
def test_the_derivatives(name: str, regime: str) -> None:
    """At most 5.1 ULP measured in thousands of cases, 9.5 of the shape of `general_robust`, and of powers."""
    exponents = REGIMES[regime]
    rng = generator("parameters", name, regime)
    bound = 16 if name in ("general_robust", "binary_focal", "asymmetric") else 8
    for _ in range(60):
        y_true, y_pred, parameters = drawn(name, exponents, rng)
        got = getattr(fl, name).parameter_grads([y_true], [y_pred], **parameters)
        assert list(got) == LEARNED[name]
        for by, computed in got.items():
            truth = exact(name, y_true, y_pred, parameters, by, 3000 if regime == "all" else 900)
            assert error(computed, truth) <= bound, (y_true, y_pred, parameters, by, computed, float(truth))


def test_at_the_ends_of_alpha() -> None:
    assert ROBUST.parameter_grads([0.0], [1.5], alpha=-np.inf)["alpha"] == 0
    assert ROBUST.parameter_grads([0.0], [1.5], alpha=2.0)["alpha"] == np.inf
    assert ROBUST.parameter_grads([1.0], [1.0], alpha=2.0)["alpha"] == 0
    for alpha, square in ((-np.inf, np.exp(-1.125)), (2.0, 1.0), (0.0, 1 / 2.125)):
        by_scale = ROBUST.parameter_grads([0.0], [1.5], alpha=alpha)["scale"]
        assert by_scale == pytest.approx(-(1.5**2) * square, rel=1e-14, abs=0)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_sums_weights_masks_and_arrays(dtype: Any) -> None:
    rng = generator("parameters", dtype)
    y_true, y_pred = rng.normal(size=(2, 300, 4)).astype(dtype)
    weight, where = rng.integers(1, 9, (300, 4)) / 4, rng.random((300, 4)) < 0.8
    alpha, scale = np.array([-1.0, 0.0, 1.0, 1.5]), np.full((300, 1), 0.5)
    given = {"sample_weight": weight, "where": where, "alpha": alpha, "scale": scale}
    totals = ROBUST.parameter_grads(y_true, y_pred, reduction="sum", **given)
    means = ROBUST.parameter_grads(y_true, y_pred, **given)
    assert totals["alpha"].shape == (4,)
    assert totals["scale"].shape == (300, 1)
    kept = weight * where
    for name in ("alpha", "scale"):
        np.testing.assert_allclose(means[name], totals[name] / kept.sum(), rtol=1e-14)
    for column in range(4):
        single = ROBUST.parameter_grads(
            y_true[:, column], y_pred[:, column], alpha=alpha[column], scale=0.5, sample_weight=kept[:, column],
            reduction="sum",
        )  # fmt: skip
        assert isinstance(single["alpha"], float)
        assert totals["alpha"][column] == pytest.approx(single["alpha"], rel=1e-12, abs=0)
    assert totals["scale"].sum() == pytest.approx(
        ROBUST.parameter_grads(y_true, y_pred, reduction="sum", **(given | {"scale": 0.5}))["scale"], rel=1e-12, abs=0
    )
    assert ROBUST.parameter_grads(y_true, y_pred, where=False * where)["alpha"] == 0
    bound = ROBUST.bind(alpha=1.0, scale=[0.5])
    assert bound.parameter_grads(y_true, y_pred)["scale"].shape == (1,)


def test_what_is_learned_fits_better() -> None:
    """A few steps along the derivative by the scale find the one for which the loss plus log(scale) is least."""
    rng = generator("learned")
    y_true = rng.standard_cauchy(2000)
    scale = 5.0
    for _ in range(200):
        scale -= 0.5 * scale * (ROBUST.parameter_grads(y_true, 0 * y_true, alpha=0.0, scale=scale)["scale"] + 1 / scale)
    around = [ROBUST(y_true, 0 * y_true, alpha=0.0, scale=s) + np.log(s) for s in (scale / 1.1, scale, scale * 1.1)]
    assert min(around) == around[1]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="reduction='none'"):
        ROBUST.parameter_grads([0.0], [1.0], reduction="none")
    with pytest.raises(TypeError, match="'out'"):
        ROBUST.parameter_grads([0.0], [1.0], out=np.empty(1))
    with pytest.raises(ValueError, match="scale = 0"):
        ROBUST.parameter_grads([0.0], [1.0], scale=0)
    with pytest.raises(ValueError, match="alpha = nan"):
        ROBUST.parameter_grads([0.0], [1.0], alpha=np.nan)


#: What was found by use and by attack: an outlier, and a value of many digits at a large alpha.
FOUND = [(0.0, 1e5, 1.5), (0.0, 1e8, 1.5), (0.0, 1e10, 1.5), (0.0, -1e160, 0.5), (0.0, 2.45, -6.6e5), (0.0, 0.3, 2e-17)]


@pytest.mark.parametrize(("y_true", "y_pred", "alpha"), FOUND)
@pytest.mark.parametrize("dtype", FLOATS[:2], ids=str)
def test_what_was_found(y_true: float, y_pred: float, alpha: float, dtype: Any) -> None:
    """They are computed in float64 whatever the type; at r / scale = 1e10 it was -3.7e14 for 1.24e16."""
    y_pred = float(np.clip(y_pred, np.finfo(dtype).min, np.finfo(dtype).max).astype(dtype))
    got = ROBUST.parameter_grads(np.array([y_true], dtype), np.array([y_pred], dtype), alpha=alpha)
    for by, computed in got.items():
        truth = exact("general_robust", y_true, y_pred, {"alpha": alpha, "scale": 1.0}, by, 900)
        assert error(computed, truth) <= 8, by


@pytest.mark.parametrize("alpha", [-6.6e5, -2e6, 8e5])
@pytest.mark.parametrize("residual", [0.7, 2.1, 2.45])
def test_the_value_where_alpha_is_large(alpha: float, residual: float) -> None:
    """The logarithm of 1 + v had a tail of v^2 / 2, which alpha made 1e-5: 4e4 ULP of the value."""
    with mp.workdps(60):
        truth = oracle.general_robust(mpf(0), mpf(residual), mpf(alpha), mpf(1))
    assert error(ROBUST([0.0], [residual], alpha=alpha), truth) <= 4


def test_at_infinity() -> None:
    for alpha, by in ((-np.inf, 0), (-2.0, 0.5), (0.0, np.inf), (1.5, np.inf), (2.0, np.inf), (5.0, np.inf)):
        for residual in (-np.inf, np.inf):
            got = ROBUST.parameter_grads([0.0], [residual], alpha=alpha, scale=4.0)
            assert got["alpha"] == by
            assert got["scale"] == (-np.inf if alpha > 0 else -0.5 if alpha == 0 else 0)
    for name, by in (("huber", np.inf), ("smooth_l1", -0.5), ("pseudo_huber", np.inf), ("fair", np.inf)):
        assert list(getattr(fl, name).parameter_grads([0.0], [-np.inf]).values()) == [by]
    for name, by in (("cauchy", np.inf), ("geman_mcclure", 3.0), ("welsch", 3.0), ("tukey_biweight", 1.0)):
        assert getattr(fl, name).parameter_grads([0.0], [np.inf], c=3.0)["c"] == by
    for logit in (-np.inf, np.inf):
        for name in ("binary_focal", "asymmetric"):
            assert set(getattr(fl, name).parameter_grads([1.0], [logit]).values()) == {0.0}
    assert fl.poly1_binary_cross_entropy.parameter_grads([1.0, 1.0], [-np.inf, np.inf])["epsilon"] == 0.5


@each_learned
def test_nan_stays(name: str) -> None:
    given = {"alpha": 0.5} if name == "binary_focal" else {}
    by = loss_of(name).parameter_grads([0.0], [np.nan], **given)
    assert all(np.isnan(value) or key == "gamma_pos" for key, value in by.items())


@each_learned
def test_every_loss_that_learns_has_the_method(name: str) -> None:
    loss = loss_of(name)
    assert "parameter_grads" in dir(loss)
    assert "parameter_grads" in dir(2 * loss)
    by = loss.parameter_grads([1.0, 0.0], [0.25, 0.5])
    assert set(by) == {key for key in LEARNED[name] if loss.parameters[key] is not None}
    assert (3 * loss).parameter_grads([1.0, 0.0], [0.25, 0.5]) == {
        f"{name}_factor": loss([1.0, 0.0], [0.25, 0.5]), **{f"{name}_{key}": 3 * value for key, value in by.items()}
    }  # fmt: skip


def test_the_others_do_not_have_it() -> None:
    for row in fl.losses():
        loss = getattr(fl, row.name)
        assert hasattr(loss, "parameter_grads") == ("parameter_grads" in dir(loss)) == bool(row.learned)
        assert bool(row.learned) == (row.name in LEARNED or row.name == "aft")  # whose arrays are others
    with pytest.raises(AttributeError, match="squared_error has no derivatives by its parameters"):
        fl.squared_error.parameter_grads([0.0], [1.0])
    assert not hasattr(fl.squared_error + fl.absolute_error, "parameter_grads")
