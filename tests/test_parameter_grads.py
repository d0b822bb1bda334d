"""Derivatives by a loss's own parameters, against those of the textbook formula in mpmath."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from cases import FLOATS, generator
from mpmath import mp, mpf

import fastloss as fl

ROBUST = fl.general_robust
ALPHAS = (-1e4, -50.0, -2.0, -1.0, -0.1, -1e-9, 0.0, 1e-6, 0.3, 0.9, 1.0, 1.3, 1.7, 1.99, 2.01, 2.5, 4.0)
RESIDUALS = (0.0, 1e-12, -1e-5, 1e-3, -0.02, 0.1, -0.3, 0.7, -1.0, 2.0, -5.0, 11.0)


def derivatives(residual: float, alpha: float, scale: float) -> tuple[mpf, mpf]:
    """Return the truth; the formula is a removable singularity at alpha = 0, where it is the limit from both sides."""
    with mp.workdps(400):
        r, a, c = map(mpf, (residual, alpha, scale))
        step = mpf(10) ** -90

        def value(a: mpf, c: mpf) -> mpf:
            return oracle.general_robust(mpf(0), r, a, c)

        by_alpha = (value(a + step, c) - value(a - step, c)) / (2 * step)
        return by_alpha, (value(a, c + step) - value(a, c - step)) / (2 * step)


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("scale", [1.0, 0.3])
def test_the_derivatives_of_general_robust(alpha: float, scale: float) -> None:
    """Relative error: 3e-13 measured; near alpha = 2, where the formula for other alphas is rounded by 1 / b, 2e-11."""
    for residual in RESIDUALS:
        exact = derivatives(residual, alpha, scale)
        got = ROBUST.parameter_grads([0.0], [residual], alpha=alpha, scale=scale)
        for name, truth in zip(("alpha", "scale"), exact, strict=True):
            assert got[name] == pytest.approx(float(truth), rel=1e-10 if abs(alpha - 2) < 0.1 else 2e-12, abs=1e-300), (
                name
            )


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
    with pytest.raises(TypeError, match="huber has no derivatives by its parameters"):
        fl.huber.parameter_grads([0.0], [1.0])
    with pytest.raises(ValueError, match="reduction='none'"):
        ROBUST.parameter_grads([0.0], [1.0], reduction="none")
    with pytest.raises(TypeError, match="'out'"):
        ROBUST.parameter_grads([0.0], [1.0], out=np.empty(1))
    with pytest.raises(ValueError, match="scale = 0"):
        ROBUST.parameter_grads([0.0], [1.0], scale=0)
    with pytest.raises(ValueError, match="alpha = nan"):
        ROBUST.parameter_grads([0.0], [1.0], alpha=np.nan)
