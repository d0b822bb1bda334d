"""Metrics with scikit-learn's arguments: their digits, and scikit-learn's own tests run on them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

import fastloss as fl

CONFTEST = """
import sys
import sklearn.metrics._scorer
import sklearn.metrics.tests
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils._param_validation import validate_params
import fastloss as fl

fl.metrics.checks.UndefinedMetricWarning = UndefinedMetricWarning
for name in fl.metrics.__all__:
    old = getattr(sklearn.metrics, name, None)
    if old is None:
        continue
    checked = validate_params(old._skl_parameter_constraints, prefer_skip_nested_validation=True)
    new = checked(getattr(fl.metrics, name))
    for module in [m for k, m in list(sys.modules.items()) if k.startswith("sklearn") and m is not None]:
        for attribute, value in list(vars(module).items()):
            if value is old:
                setattr(module, attribute, new)
    for scorer in sklearn.metrics._scorer._SCORERS.values():
        if scorer._score_func is old:
            scorer._score_func = new
from sklearn.conftest import *
"""
#: What differs by its words alone: scikit-learn writes "1d arraywith a multiclass target".
WORDS = ["test_hinge_loss_multiclass_no_consistent_pred_decision_shape"]
NAMES = (
    "regression or pinball or log_loss or brier or hinge or squared or absolute or deviance or tweedie or d2 or error"
)


@pytest.mark.slow
def test_scikit_learns_own_tests_pass(tmp_path: Path) -> None:
    sklearn = pytest.importorskip("sklearn", "1.9")
    folder = Path(sklearn.__file__).parent / "metrics" / "tests"
    for name in ("regression", "classification", "common", "score_objects"):
        shutil.copy(folder / f"test_{name}.py", tmp_path)
    (tmp_path / "conftest.py").write_text(CONFTEST, "utf-8")
    without = f"({NAMES}) and not ({' or '.join(WORDS)}) and not zero_one"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    done = subprocess.run([*command, "-k", without, "-W", "ignore"], capture_output=True, text=True, cwd=tmp_path)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert not done.returncode, done.stdout[-3000:]
    assert passed is not None and int(passed.group(1)) > 600


def exact_deviance(y: float, mu: float, p: float) -> Any:
    y, mu, p = mpmath.mpf(y), mpmath.mpf(mu), mpmath.mpf(p)
    if p == 1:
        return 2 * ((y * mpmath.log(y / mu) if y else 0) - y + mu)
    if p == 2:
        return 2 * (mpmath.log(mu / y) + y / mu - 1)
    above = max(y, mpmath.mpf(0)) if p < 0 else y
    return 2 * (above ** (2 - p) / ((1 - p) * (2 - p)) - y * mu ** (1 - p) / (1 - p) + mu ** (2 - p) / (2 - p))


@pytest.mark.parametrize("power", [-1, 1, 1.2, 1.5, 1.7, 1.9, 2, 2.2, 2.5, 3])
def test_deviances_keep_their_digits_where_means_are_nearly_right(power: float) -> None:
    """The closed forms subtract what is nearly equal: they have no digit left 1e-9 away, and a few less in between."""
    rng = np.random.default_rng(0)
    for size in (1e-12, 1e-9, 1e-6, 1e-3, 0.03, 0.1, 0.15, 0.3, 1.0, 10.0):
        for mu in rng.uniform(0.1, 20.0, 20).tolist():
            y = mu * (1 + size * rng.uniform(0.5, 1.0) * (rng.choice([-1, 1]) if size < 1 else 1))
            with mpmath.workdps(60):
                right = exact_deviance(y, mu, power)
                found = fl.metrics.mean_tweedie_deviance([y], [mu], power=power)
                # 7.9e-14 was the worst, where the series ends
                assert abs(found - right) <= 1e-13 * right, (y, mu)


def test_deviances_of_many_samples_are_those_of_each() -> None:
    """They are computed some thousands at a time."""
    rng = np.random.default_rng(1)
    mu, weight = rng.uniform(0.1, 20.0, 20_001), rng.random(20_001)
    pieces = [slice(k, k + 667) for k in range(0, 20_001, 667)]
    for power in (1, 1.5, 2, 3):
        y = mu * rng.gamma(4.0, 0.25, 20_001)
        parts = [fl.metrics.mean_tweedie_deviance(y[p], mu[p], power=power, sample_weight=weight[p]) for p in pieces]
        whole = fl.metrics.mean_tweedie_deviance(y, mu, power=power, sample_weight=weight)
        assert whole == pytest.approx(np.average(parts, weights=[weight[p].sum() for p in pieces]), rel=1e-13)


def test_deviances_of_targets_of_0_and_below() -> None:
    for y, mu, power in ((0.0, 2.0, 1), (0.0, 2.0, 1.5), (-3.0, 2.0, -1), (0.0, 2.0, -0.5)):
        assert fl.metrics.mean_tweedie_deviance([y], [mu], power=power) == pytest.approx(
            float(exact_deviance(y, mu, power)), rel=1e-15
        )


REFUSED: list[tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = [
    ("mean_squared_error", ([1.0], [1.0]), {"sample_weight": [-1.0]}, ValueError, r"sample_weight\[0\] = -1.0 is neg"),
    ("mean_squared_error", ([1.0], [1.0]), {"sample_weight": [0.0]}, ValueError, "0 for every sample"),
    ("mean_squared_error", ([1.0], [np.nan]), {}, ValueError, r"Input y_pred contains NaN: y_pred\[0\]"),
    ("mean_squared_error", ([np.inf, 0], [1.0, 1.0]), {}, ValueError, r"contains infinity: y_true\[0\]"),
    ("mean_squared_error", ([1.0], ["a"]), {}, TypeError, "y_pred"),
    ("mean_squared_error", (1.0, [1.0]), {}, ValueError, "y_true is one number"),
    ("mean_squared_error", ([1.0, 2.0], [1.0]), {}, ValueError, "y_true has 2, y_pred has 1"),
    ("mean_squared_error", ([1.0], [1.0]), {"multioutput": "foo"}, ValueError, "Allowed 'multioutput'"),
    ("mean_pinball_loss", ([1.0], [1.0]), {"alpha": 1.5}, ValueError, "alpha = 1.5 is no level"),
    ("mean_tweedie_deviance", ([1.0], [1.0]), {"power": 0.5}, ValueError, "power = 0.5 is that of no Tweedie"),
    ("mean_poisson_deviance", ([-1.0], [1.0]), {}, ValueError, "non-negative y and strictly positive y_pred"),
    ("mean_gamma_deviance", ([0.0], [1.0]), {}, ValueError, "strictly positive y and y_pred"),
    ("log_loss", (["a", "b"], [0.5, 1.5]), {}, ValueError, "greater than 1"),
    ("log_loss", ([0.5, 1.0], [0.5, 0.5]), {}, ValueError, r"y_true\[0\] = 0.5 is no label"),
    ("brier_score_loss", ([0, 1], [0.5, 0.5]), {"pos_label": 2}, ValueError, "pos_label=2 is not a valid label"),
    ("hinge_loss", ([0, 1], ["a", "b"]), {}, TypeError, "pred_decision should be an array of floats"),
]


@pytest.mark.parametrize(("name", "args", "options", "error", "message"), REFUSED)
def test_what_is_refused(
    name: str, args: tuple[Any, ...], options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        getattr(fl.metrics, name)(*args, **options)


def test_integers_that_are_labels_need_no_order_but_their_own() -> None:
    """Whole numbers are counted where they lie close together, and sorted where they do not."""
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(3), 500)
    index = rng.integers(0, 3, 500)
    right = fl.metrics.log_loss(index, probs)
    for classes in ([0, 1, 2], [-5, 0, 7], [10, 11, 12], [0, 5, 10**12], ["a", "b", "c"], [1.0, 2.0, 4.0]):
        assert fl.metrics.log_loss(np.array(classes)[index], probs) == right
    for dtype in (np.int8, np.uint8, np.int16, np.uint64, np.int64, np.float32):
        assert fl.metrics.log_loss(index.astype(dtype), probs) == right
