"""Where the exact result is a number of the type, it is the result: over the whole range of exponents of inputs and
parameters, and at the places that were found wrong once. ``python tests/extremes.py`` tries more.
"""

from __future__ import annotations

from typing import Any

import cases
import numpy as np
import pytest
from extremes import LOSSES, extremes, limits_of, worst_of, worst_of_penalty

import fastloss as fl
from fastloss.catalogue import PENALTIES

of_float = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)
every_loss = pytest.mark.parametrize("row", LOSSES, ids=lambda row: row.name)


@pytest.mark.compact
@of_float
@every_loss
def test_inputs_and_parameters_of_every_size(row: Any, dtype: np.dtype) -> None:
    """Subnormal, tiny, huge, and of sizes that have to do with each other."""
    inputs = extremes(row, dtype, 150 if dtype == np.float32 else 60)
    for part, miss in worst_of(inputs).items():
        assert miss.error <= limits_of(row, dtype)[part], f"{miss}; seed {cases.SEED}"


@of_float
@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_of_every_size(name: str, dtype: np.dtype) -> None:
    misses = list(worst_of_penalty(name, dtype, 300))
    assert len(misses) > 400
    for miss in misses:
        assert miss.error <= 4, miss


#: loss, dtype, target, prediction, parameters: each was infinite, NaN, 0 or of the wrong sign, or had lost digits.
FOUND: list[tuple[str, str, float, Any, dict[str, float]]] = [
    ("negative_binomial", "float64", 1e280, 645.74, {"dispersion": 4.2e157}),
    ("negative_binomial", "float32", 2e20, -65.0, {"dispersion": 5.7e21}),
    ("negative_binomial", "float32", 100.0, 3.0, {"dispersion": 1e38}),
    ("negative_binomial", "float64", 5.8e291, 635.6, {"dispersion": 2.2e-167}),
    ("cauchy", "float32", 0.0, 1e35, {"c": 1e-10}),
    ("cauchy", "float64", 0.0, 1e225, {"c": 1e-100}),
    ("fair", "float32", 3.4e38, -3.4e38, {"c": 1e38}),
    ("geman_mcclure", "float32", 0.0, 1e25, {"c": 1e10}),
    ("geman_mcclure", "float32", 0.0, 1e34, {"c": 1.1e18}),
    ("welsch", "float32", -1e38, 3e38, {"c": 3.3e38}),
    ("expectile", "float32", -3.4e38, 3.4e38, {"alpha": 0.999999}),
    ("expectile", "float32", 3.4e38, -3.4e38, {"alpha": 1.2e-38}),
    ("squared_log_error", "float32", 9e35, -0.99999976, {}),
    ("general_robust", "float32", 0.0, 1e30, {"alpha": 1.9995, "scale": 1e-30}),
    ("general_robust", "float32", 0.0, 1e38, {"alpha": 1.998, "scale": 1e-20}),
    ("general_robust", "float32", 0.0, 1.0, {"alpha": 1.0, "scale": 1e-24}),
    ("general_robust", "float64", 0.0, 1e250, {"alpha": 1.0, "scale": 1e-110}),
    ("general_robust", "float64", 0.0, 1e211, {"alpha": 0.0, "scale": 1e-135}),
    ("binary_cross_entropy", "float32", 1.0, 105.0, {"pos_weight": 7e8, "label_smoothing": 0.0}),
    ("binary_cross_entropy", "float64", 1.0, 754.0, {"pos_weight": 6e23, "label_smoothing": 0.0}),
    ("binary_cross_entropy", "float32", 1e-20, -1e30, {"pos_weight": 1e-25, "label_smoothing": 0.0}),
    ("poly1_binary_cross_entropy", "float64", 0.0, -730.0, {"epsilon": 1.8e202}),
    ("poly1_binary_cross_entropy", "float32", 1.0, 1e-8, {"epsilon": -1e36}),
    ("binary_focal", "float32", 1.0, -90.0, {"gamma": 7e37, "alpha": 0.5}),
    ("binary_focal", "float64", 1.0, -411.3, {"gamma": 3.4e180, "alpha": 0.6}),
    ("asymmetric", "float32", 1.0, -90.0, {"gamma_pos": 7e37, "gamma_neg": 2.0, "clip": 0.05}),
    ("poisson", "float32", 4e36, 88.8, {}),
    ("tweedie", "float32", 3.4e38, 88.4, {"power": 1.0}),
    ("gamma", "float32", 1e-44, -14.0, {}),
    ("gaussian_nll", "float64", 0.0, [4.8e-195, -791.5], {}),
    ("laplace_nll", "float32", 0.0, [3e-41, -140.0], {}),
]


@pytest.mark.compact
@pytest.mark.parametrize(("name", "kind", "y_true", "y_pred", "parameters"), FOUND, ids=str)
def test_what_was_found(name: str, kind: str, y_true: float, y_pred: Any, parameters: dict[str, float]) -> None:
    dtype, row = np.dtype(kind), cases.row_of(getattr(fl, name))
    at = extremes(row, dtype, 60)
    at.y_true, at.y_pred = np.array([y_true], dtype), np.array([y_pred], dtype)
    at.parameters = {parameter: np.array([value], dtype) for parameter, value in parameters.items()}
    for part, miss in worst_of(at).items():
        assert miss.error <= limits_of(row, dtype)[part], miss


@pytest.mark.compact
@of_float
@pytest.mark.parametrize("row", [row for row in LOSSES if row.of_numbers], ids=lambda row: row.name)
def test_parameters_as_arrays_give_the_same_bits(row: Any, dtype: np.dtype) -> None:
    """Numbers may take another loop (`by_default`), and what is made of them is made once for all elements."""
    loss, inputs = getattr(fl, row.name), extremes(row, dtype, 500)
    special = [-np.inf, np.inf, np.nan, 0.0, -0.0] if row.predicted.high > 1 else [0.0, 1.0, np.nan]
    inputs.y_pred[: len(special)] = [x if x in row.predicted or x != x else 0.5 for x in special]
    for own in ({}, {name: float(values[7]) for name, values in inputs.parameters.items()}):
        numbers = {p.name: own.get(p.name, p.default) for p in row.parameters if p.kind == "element"}
        numbers = {name: value for name, value in numbers.items() if value is not None}
        if tuple(numbers.values()) in row.special:  # whose loop is that of another loss
            numbers = dict.fromkeys(numbers, 1.25)
        arrays = {name: np.full(inputs.y_pred.shape, value) for name, value in numbers.items()}
        expected = loss.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none", **numbers)
        got = loss.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none", **arrays)
        assert cases.bits(got) == cases.bits(expected)


def test_a_strength_beyond_the_range_of_squares() -> None:
    assert fl.l2([1e30], strength=1e-30) == pytest.approx(5e29, rel=1e-15)
    assert fl.l2(np.float32([1e30]), strength=1e-30) == pytest.approx(5e29, rel=1e-7)
    assert fl.l2.value_and_grad([1e200], strength=1e-300) == (pytest.approx(5e99, rel=1e-15), pytest.approx(1e-100))
    assert fl.l2(np.float32([1e-25]), strength=1e30) == pytest.approx(5e-21, rel=1e-7)
    assert fl.elastic_net([1e200], strength=1e-300) == pytest.approx(2.5e99, rel=1e-15)


# -- powers of probabilities ------------------------------------------------------------------------------------------

#: In ULP, for every exponent up to 1e6: what a power of a probability may lose. Measured, over 200,000 elements: 4.9 in
#: float32, 5.1 in float64, both in the Hessian; 203 for gamma = 100 before.
POWER_BOUND = 6


@pytest.mark.compact
@of_float
@pytest.mark.parametrize("gamma", [2.0, 20.0, 100.0, 1e3, 1e6])
@pytest.mark.parametrize("name", ["binary_focal", "asymmetric", "asymmetric, clipped"])
def test_powers_of_probabilities(name: str, gamma: float, dtype: np.dtype) -> None:
    """The error of a power is that of its logarithm times the exponent: which has to be known in more digits."""
    rng = cases.generator("powers", name, gamma, dtype)
    loss, _, clipped = name.partition(", ")
    count = 200 if dtype == np.float32 else 40
    # (1 - p)^gamma is a number of the type for log(1 - p) down to that of the least, over gamma
    least = -np.log(float(np.finfo(dtype).tiny))
    distance = rng.uniform(0, 0.98 * min(least / gamma, 30), count)
    q = np.exp(-distance)
    y_true = rng.integers(2, size=count)
    if clipped:
        clip = min(0.05, 0.2 * least / gamma)
        q = np.minimum(q * (1 - clip) + clip, 1 - 1e-12)
        y_true = 0 * y_true
    own = {"gamma": gamma} if loss == "binary_focal" else {"gamma_pos": gamma, "gamma_neg": gamma}
    own |= {"clip": float(dtype.type(clip)) if clipped else 0.0} if loss == "asymmetric" else {}
    logits = np.where(y_true > 0, 1, -1) * (np.log1p(-q) - np.log(q))
    at = extremes(cases.row_of(getattr(fl, loss)), dtype, 60)
    at.y_true, at.y_pred = y_true.astype(dtype), logits.astype(dtype)
    at.parameters = {name: np.full(count, value, dtype) for name, value in own.items()}
    if loss == "binary_focal":
        at.parameters["alpha"] = np.full(count, 0.5, dtype)
    values = at.results()[0]
    assert (values >= np.finfo(dtype).tiny).mean() > 0.5
    for miss in worst_of(at).values():
        assert miss.error <= POWER_BOUND, miss


# -- what a loop leaves out -------------------------------------------------------------------------------------------


def as_integers(results: Any) -> list[np.ndarray]:
    """Return the bits of results as numbers, one NaN as good as another."""
    arrays = [np.array(result) for result in (results if isinstance(results, tuple) else (results,))]
    return [np.where(np.isnan(a), np.nan, a).astype(a.dtype).view(f"u{a.dtype.itemsize}") for a in arrays]


@pytest.mark.compact
@of_float
@pytest.mark.parametrize("row", [row for row in LOSSES if row.of_numbers], ids=lambda row: row.name)
def test_what_is_seldom_changes_no_bit_of_its_neighbours(row: Any, dtype: np.dtype) -> None:
    """A loop that meets numbers which it leaves out is followed by another one, over the whole block."""
    loss, rng = getattr(fl, row.name), cases.generator("seldom", row.name, dtype)
    variant = next(v for v in cases.variants() if v.row is row and v.parameters == "default")
    plain, odd = cases.elements_of(variant, "ordinary", dtype, 1500), extremes(row, dtype, 1500)
    at = rng.random(1500) < 0.02
    y_true, y_pred = (np.where(at, *pair) for pair in ((odd.y_true, plain.y_true), (odd.y_pred, plain.y_pred)))
    for method in ("__call__", "grad", "value_and_grad", "grad_and_hess", "value_grad_hess"):
        call = getattr(loss, method)
        calls = [(y_true, y_pred), (plain.y_true, plain.y_pred), (odd.y_true, odd.y_pred)]
        results = [as_integers(call(*given, reduction="none")) for given in calls]
        for mixed, alone, others in zip(*results, strict=True):
            assert (mixed == np.where(at, others, alone)).all()
