"""What every loss is at an infinity: the limit of its textbook formula there, of value and gradient.

The limit is taken in mpmath: of numbers of the size of 1e40 and 1e80 the later is the limit where the two agree,
infinity where they grow, 0 where they fall.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import cases
import numpy as np
import oracle
import pytest
from accuracy import PARTS
from mpmath import mp, mpf

import fastloss as fl
from fastloss.runtime import current_engine

pytestmark = pytest.mark.compact

INF = np.inf
#: Parameters at which a loss is another at its ends; each loss is asked with its defaults, too.
PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "binary_cross_entropy": [{"pos_weight": 0.0}, {"pos_weight": 3.0, "label_smoothing": 0.25}],
    "binary_focal": [
        {"gamma": gamma, "alpha": alpha}
        for gamma, alpha in ((0.0, None), (0.5, 0.25), (1.0, 1.0), (1.0, 0.0), (1e6, 0.5))
    ],
    "asymmetric": [
        {"gamma_pos": pos, "gamma_neg": neg, "clip": clip}
        for pos, neg, clip in ((0.0, 0.0, 0.0), (0.5, 0.5, 0.25), (2.0, 3.0, 0.0), (1.0, 4.0, 1.0), (0.0, 0.0, 0.25))
    ],
    "poly1_binary_cross_entropy": [{"epsilon": 0.0}, {"epsilon": -1.0}, {"epsilon": 1e30}],
    "tweedie": [{"power": 1.0}, {"power": 2.0}, {"power": 1.25}],
    "negative_binomial": [{"dispersion": 1e-30}, {"dispersion": 1e30}],
    "huber": [{"delta": 1e30}],
    "quantile": [{"alpha": 0.125}],
    "expectile": [{"alpha": 0.125}],
    "general_robust": [
        {"alpha": alpha, "scale": scale}
        for alpha in (-INF, -1e30, -2.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, INF)
        for scale in (1.0, 0.25)
    ],
    "cross_entropy": [{"temperature": 2.0}, {"softcap": 8.0}, {"label_smoothing": 0.25}, {"z_loss": 0.25}],
    "categorical_focal": [{"gamma": gamma} for gamma in (0.0, 0.5, 20.0)],
    "poly1_cross_entropy": [{"epsilon": 0.0}, {"epsilon": -1.0}],
    "generalized_cross_entropy": [{"q": 1.0}, {"q": 0.125}],
    "multi_margin": [{"p": 2.0}],
}


class Limit(NamedTuple):
    """A limit, and the size of the largest term of it."""

    exact: float
    scale: float


def limit_of(function: Callable[[mpf], oracle.Truth]) -> Limit:
    """Return the limit of a function at infinity."""
    with mp.workdps(200):
        near, far = (function(mpf(10) ** exponent) for exponent in (40, 80))
        if abs(far.exact) < mpf(10) ** -60:
            return Limit(0.0, 0.0)
        if abs(far.exact - near.exact) <= abs(near.exact) * mpf(10) ** -15:
            return Limit(float(far.exact), float(far.scale))
        if abs(far.exact) < abs(near.exact):
            return Limit(0.0, 0.0)
        return Limit(INF if far.exact > 0 else -INF, INF)


def parameters_of(row: Any) -> list[dict[str, Any]]:
    return [{}, *PARAMETERS.get(row.name, [])]


def rows_of(kind: str, takes: Callable[[Any], bool]) -> Any:
    """Every choice of parameters of the losses of a kind that take an infinity there."""
    rows = [row for row in cases.ROWS if row.kind == kind and row.axes != "2" and takes(row)]
    return pytest.mark.parametrize(
        ("row", "given"),
        [(row, given) for row in rows for given in parameters_of(row)],
        ids=lambda x: getattr(x, "name", None) or ",".join(f"{k}={v}" for k, v in x.items()) or "default",
    )


of_float = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)


def assert_is(computed: Any, limit: Limit, what: str) -> None:
    """The limit; where it is a number, to 16 units in the last place of its largest term."""
    if np.isfinite(limit.exact):
        apart = abs(float(computed) - limit.exact)
        assert apart <= 16 * float(np.finfo(computed.dtype).eps) * limit.scale, f"{what} is {computed}, not {limit}"
    else:
        assert computed == limit.exact, f"{what} is {computed}, not {limit}"


def some_targets(row: Any) -> list[float]:
    """Return targets of every kind that a loss distinguishes."""
    if row.target.ends_only:
        return [row.target.low, row.target.high]
    if row.target.high == 1:
        return [0.0, 1.0, 0.25]
    return [value for value in (0.0, 2.0, -3.0) if value in row.target]


def exact_parameters(row: Any, given: dict[str, Any], dtype: Any) -> dict[str, Any]:
    own = oracle.parameters_of(row, {row.prediction: range(3)}, dtype, given)
    return {name: oracle.as_exact(value) for name, value in own.items()}


def of_element(
    row: Any, own: dict[str, Any], part: int, numbers: tuple[float, ...], place: int, by: int, size: mpf
) -> Any:
    """Return one part of the truth of an element, of whose numbers one is as large as it is said, with its sign."""
    exact: list[Any] = [np.sign(x) * size if k == place else mpf(x) for k, x in enumerate(numbers)]
    exact[by] = oracle.Jet(exact[by], mpf(1), mpf(0))
    return oracle.truths(oracle.ORACLE[row.name](*exact, **own))[part]


@of_float
@rows_of("points", lambda row: row.predicted.high == INF)
def test_a_prediction_at_infinity(row: Any, given: dict[str, Any], dtype: np.dtype) -> None:
    own = exact_parameters(row, given, dtype)
    for y_true in some_targets(row):
        for y_pred in (INF, -INF) if row.predicted.low == -INF else (INF,):
            computed = getattr(fl, row.name).value_and_grad(
                np.full(67, y_true, dtype), np.full(67, y_pred, dtype), reduction="none", **given
            )
            for part, results in enumerate(computed):
                limit = limit_of(partial(of_element, row, own, part, (y_true, y_pred), 1, 1))
                assert_is(results[0], limit, f"the {PARTS[part]} for y_true={y_true}, y_pred={y_pred}")
                assert (results == results[0]).all()


@of_float
@rows_of("points", lambda row: row.target.high == INF)
def test_a_target_at_infinity(row: Any, given: dict[str, Any], dtype: np.dtype) -> None:
    own = exact_parameters(row, given, dtype)
    for y_pred in (0.5, -0.25):
        for y_true in (INF, -INF) if row.target.low == -INF else (INF,):
            computed = getattr(fl, row.name).value_and_grad(
                np.full(5, y_true, dtype), np.full(5, y_pred, dtype), reduction="none", **given
            )
            for part, results in enumerate(computed):
                limit = limit_of(partial(of_element, row, own, part, (y_true, y_pred), 0, 1))
                assert_is(results[0], limit, f"the {PARTS[part]} for y_true={y_true}, y_pred={y_pred}")


@of_float
@pytest.mark.parametrize("row", [row for row in fl.losses() if row.axes == "2"], ids=lambda row: row.name)
def test_one_of_two_columns_or_their_target_at_infinity(row: Any, dtype: np.dtype) -> None:
    own = {parameter.name: parameter.default for parameter in row.parameters}
    targets = [0.25, 0.0] if row.target.low == 0 else [0.25]
    infinite = [(target, place, infinity) for target in targets for place in range(3) for infinity in (INF, -INF)]
    for target, place, infinity in infinite:
        numbers = [target, 1.5, -0.5]  # as a location and a log-scale
        numbers[place] = infinity
        if numbers[0] not in row.target:
            continue
        y_true, y_pred = np.array(numbers[:1], dtype), np.array([numbers[1:]], dtype)
        value, gradient = getattr(fl, row.name).value_and_grad(y_true, y_pred, reduction="none")
        limit = limit_of(partial(of_element, row, own, 0, tuple(numbers), place, 1))
        assert_is(value[0], limit, f"the value at {numbers}")
        for by in (1, 2):
            limit = limit_of(partial(of_element, row, own, 1, tuple(numbers), place, by))
            assert_is(gradient[0, by - 1], limit, f"gradient {by - 1} at {numbers}")


@of_float
def test_a_root_at_infinity(dtype: np.dtype) -> None:
    """Of n samples the derivative by the one at infinity is its sign over sqrt(n), those by the others are 0."""
    loss = fl.root_mean_squared_error
    for y_true, y_pred in (([0.0, 1.0], [INF, 1.0]), ([0.0, INF], [0.5, 1.0]), ([0.0, -INF], [0.5, 1.0])):
        targets, predictions = np.array(y_true, dtype), np.array(y_pred, dtype)
        value, gradient, hessian = loss.value_grad_hess(targets, predictions)
        assert value == INF
        expected = np.sign(np.where(np.isinf(predictions - targets), predictions - targets, 0)) * np.sqrt(0.5)
        np.testing.assert_allclose(gradient, expected, rtol=4 * np.finfo(dtype).eps, atol=0)
        assert (hessian == 0).all()
        weighted = loss.grad(targets, predictions, sample_weight=[3, 1], out=predictions)
        weights = np.where(np.isinf(y_true) | np.isinf(y_pred), [3, 1], 0) / 4
        np.testing.assert_allclose(weighted, np.sign(expected) * np.sqrt(weights), rtol=4 * np.finfo(dtype).eps, atol=0)
    two = loss.grad(np.zeros(3, dtype), np.array([INF, 1, -INF], dtype))
    np.testing.assert_array_equal(two, [np.nan, 0, np.nan])


# -- rows of classes --------------------------------------------------------------------------------------------------


def row_cases(row: Any) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield targets and logits of rows of three classes, the levels of an ordinal target among them."""
    logits = np.array([0.5, -1.0, 2.0])
    if row.holds == "log_probs":
        logits = np.log([0.25, 0.25, 0.5])
    for form in row.target.forms:
        if form == "index":
            yield from ((label, logits) for label in range(3 + row.target.levels))
        elif form == "number":
            yield from ((number, logits) for number in (0.0, 0.5, -1.5))
        elif form == "members":
            yield from ((np.array(members), logits) for members in ([1, 0, 0], [0, 1, 1], [0, 0, 0]))
        else:
            yield np.array([0.25, 0.75, 0.0]), logits


def of_row(row: Any, own: dict[str, Any], part: int, y_true: Any, numbers: Any, by: int, size: mpf) -> Any:
    """Return one part of the truth of a row, of which the infinite class is as large as it is said, with its sign."""
    exact: list[Any] = [mpf(float(x)) if np.isfinite(x) else np.sign(float(x)) * size for x in numbers]
    exact[by] = oracle.Jet(exact[by], mpf(1), mpf(0))
    one = mpf(y_true) if "number" in row.target.forms else int(y_true) if np.ndim(y_true) == 0 else None
    target = [mpf(float(p)) for p in y_true] if one is None else one
    return oracle.truths(oracle.ORACLE[row.name](target, exact, **own))[part]


@of_float
@rows_of("rows", lambda row: row.holds != "probs")
def test_a_class_at_infinity(row: Any, given: dict[str, Any], dtype: np.dtype) -> None:
    if current_engine() != "compiled" and not (row.name == "cross_entropy" and set(given) <= {"label_smoothing"}):
        pytest.skip("this engine has no kernel for it")
    own = exact_parameters(row, given, dtype)
    for y_true, logits in row_cases(row):
        target = np.array([y_true]) if np.ndim(y_true) == 0 else y_true[None].astype(dtype)
        for place in range(3):
            for infinity in (INF, -INF) if row.holds == "logits" else (-INF,):
                numbers = logits.astype(dtype)
                numbers[place] = infinity
                value, gradient = getattr(fl, row.name).value_and_grad(target, numbers[None], reduction="none", **given)
                where = f"y_true={y_true}, {row.prediction}={numbers}"
                limit = limit_of(partial(of_row, row, own, 0, y_true, numbers, 0))
                assert_is(value[0], limit, f"the value for {where}")
                for by in range(3):
                    limit = limit_of(partial(of_row, row, own, 1, y_true, numbers, by))
                    assert_is(gradient[0, by], limit, f"the gradient of class {by} for {where}")
