"""The worst error of every loss against the truth, in units of the last place.

``python tests/accuracy.py`` prints the table loss x dtype x regime; the tests hold the same numbers to their bounds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import cases
import numpy as np
import oracle
from vecmath_library import LEVELS

PARTS = ("value", "grad", "hess")

#: In units of the last place; where terms of the input cancel (soft targets), the unit is that of the largest term.
BOUNDS = {
    "float32": {"value": 4, "grad": 4, "hess": 4},
    "float64": {"value": 4, "grad": 6, "hess": 6},
}


#: Parameters of losses over rows that float32 cannot hold exactly.
INEXACT = {
    "label_smoothing": 0.1, "z_loss": 1e-3, "softcap": 30.1, "temperature": 1.7,
    "gamma": 1.7, "epsilon": 2.3, "q": 0.3, "margin": 0.7, "beta": 0.3, "clip": 1e-3,
}  # fmt: skip

#: Bounds of single element-wise losses, and the largest error of 800,000 elements of each regime in float32. They are
#: products of four and more rounded numbers, or of a residual, rounded and put over a scale, with itself.
WIDER = {
    "binary_cross_entropy": {"hess": 5},  # 4.02
    "binary_focal": {"hess": 5},  # 4.85
    "poly1_binary_cross_entropy": {"grad": 5, "hess": 6},  # 3.80, 5.28
    "pseudo_huber": {"value": 5, "hess": 6},  # 4.04, 5.04
    "log_cosh": {"value": 6},  # 5.10
    "fair": {"value": 6},  # 5.40
    "cauchy": {"value": 6},  # 5.17
    "geman_mcclure": {"grad": 6, "hess": 7},  # 5.46, 6.48
    "welsch": {"value": 6},  # 4.83
    "tukey_biweight": {"value": 6, "grad": 6},  # 4.87, 4.82
    "poly1_cross_entropy": {"hess": 9},  # 7.92 in float64, 1 + epsilon times the last place of a subnormal exponential
}


#: The bounds of losses that raise a probability to a power, in float64.
POWERS = {
    "categorical_focal": {"value": 10, "grad": 10, "hess": 14},
    "generalized_cross_entropy": {"value": 6, "grad": 6, "hess": 8},
}


def bounds(variant: cases.Variant, dtype: Any) -> dict[str, float]:
    """The bounds of a variant. Wider ones, each measured over many runs:

    - The Hessian in float32 of soft or smoothed targets: its terms are products of rounded numbers. For smoothed,
      weighted binary cross-entropy the weights of the two terms take at most 2.5 ULP, sigmoid' 2.9, their product 0.5:
      5.53.
    - Single element-wise losses: `WIDER`.
    - The Hessian in float64 of a row, without a fused multiply-add: exp is good to 1.17 ULP, not 0.92, and its error
      enters the sum over the row, p and 1 - p. Over 20 runs 4.5 with it, 6.2 without.
    - With smoothing and class weights, the value of a row in float64 and its gradient in float32: the part of the
      target that every class has is rounded up to four times, alike in every term of the sum, so that the errors add up
      where others cancel. Over 40 runs, 300,000 rows and 33,000 calls of the fuzzer 4.9 and 4.2, in a few rows.
    - The value of 1.5-entmax in float64 where scores are tied: their u are rounded alike, and squared. 4.5.
    - Powers of a probability in float64: its ULP, which are those of an exponential, count as often as the exponent
      says, and in the Hessian two terms of opposite sign are of its size. Focal 9.0, 8.2 and 11.0, generalized 3.6, 3.7
      and 6.3.
    - The Hessian in float64 of cross-entropy with a cap, a temperature and a z-loss: a sum of products of five. 6.7.
    - Gradient and Hessian of gaussian_nll in float32: squares of a product of e^-s, which are rounded five times. 4.43.
    """
    limits = dict(BOUNDS[str(np.dtype(dtype))])
    if variant.target == "soft" or variant.parameters != "default":
        limits["hess"] = 6
    if variant.rowwise and dtype == np.float64 and not LEVELS[cases.fl.build_info()["isa"]].fma:
        limits["hess"] = 8
    if variant.rowwise and variant.parameters != "default":
        part, bound = ("value", 6) if dtype == np.float64 else ("grad", 5)
        limits[part] = bound
    if dtype == np.float64 and variant.row.name == "entmax15":
        limits["value"] = 6
    if dtype == np.float32 and variant.row.name == "gaussian_nll":
        limits |= {"grad": 5, "hess": 5}
    if dtype == np.float64 and variant.row.name in POWERS:
        limits = dict(POWERS[variant.row.name])
    if dtype == np.float64 and variant.parameters == "composed":
        limits["hess"] = 8
    for part, bound in WIDER.get(variant.row.name, {}).items():
        limits[part] = max(limits[part], bound)
    return limits


class Worst(dict):
    """The worst error of each part of a result, with the place it was found at."""

    def __init__(self) -> None:
        super().__init__(dict.fromkeys(PARTS, 0.0))
        self.found: dict[str, str] = {}

    def note(self, part: str, computed: Any, truth: oracle.Truth, dtype: Any, place: Any) -> None:
        error = oracle.ulps(computed, truth, dtype)
        if error > self[part]:
            self[part] = error
            self.found[part] = f"{computed!r} at {place} should be {oracle.mp.nstr(truth.exact, 17)}"

    def check(self, limits: dict[str, float]) -> None:
        """Fail where a part is above its bound."""
        for part in PARTS:
            assert self[part] <= limits[part], f"{part}: {self[part]:.2f} ULP: {self.found[part]}; seed {cases.SEED}"


def scaled(truth: oracle.Truth, factor: Any) -> oracle.Truth:
    return oracle.Truth(truth.exact * factor, truth.scale * factor)


def inexact_values(loss: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return values that float32 cannot hold exactly, of those of the parameters that are real numbers."""
    row = cases.row_of(loss)
    known = INEXACT if row.kind == "rows" else {}
    return {
        p.name: known.get(p.name) or cases.inexact(p)
        for p in row.parameters
        if p.name in names and p.kind in ("element", "number") and not hasattr(p.domain, "options")
    }


def truth_parameters(loss: Any, keywords: dict[str, Any], classes: int, dtype: Any) -> dict[str, Any]:
    """Return every parameter that the textbook formula reads, those of an element as the compute type holds them."""
    parameters = dict(loss.parameters) | {k: v for k, v in keywords.items() if k in loss.parameters}
    for name in ("ignore_index", "axis", "labels"):
        parameters.pop(name, None)
    for parameter in cases.row_of(loss).parameters:
        if parameter.kind == "element" and parameters[parameter.name] is not None:
            parameters[parameter.name] = np.dtype(dtype).type(parameters[parameter.name])
    if "class_weight" in parameters:
        weight = parameters["class_weight"]
        parameters["class_weight"] = np.ones(classes) if weight is None else np.asarray(weight, float)
    return parameters


def sampled_classes(y_true: Any, row: np.ndarray, rng: np.random.Generator, count: int) -> list[int]:
    """Return the classes at which a row is checked: target, largest, smallest, both ends, and `count` by chance."""
    soft = np.ndim(y_true) > 0  # a level may be one more than the last column
    targets = [int(np.argmax(y_true)), int(np.argmin(y_true))] if soft else [min(int(y_true), row.size - 1)]
    chosen = {
        *targets,
        int(row.argmax()),
        int(row.argmin()),
        0,
        row.size - 1,
        *map(int, rng.integers(row.size, size=count)),
    }
    return sorted(chosen)


def row_truths(inputs: cases.Inputs, i: int, places: list[int], folded: bool) -> list[tuple[oracle.Truth, ...]]:
    """Return the truth of one row at some of its classes."""
    row, target = inputs.y_pred[i], inputs.y_true[i]
    classes = row.size + cases.row_of(inputs.loss).target.levels
    parameters = truth_parameters(inputs.loss, inputs.keywords, classes, row.dtype)
    if not folded:
        target = target if np.ndim(target) == 0 else list(target)
        return oracle.loss_of_row(inputs.loss.name, target, row, places, row.dtype, **parameters)
    kept = oracle.fold(row, places)
    parameters["class_weight"] = [*parameters["class_weight"][places], *[0.0] * (len(kept) - len(places))]
    return oracle.loss_of_row(inputs.loss.name, places.index(target), kept, range(len(places)), row.dtype, **parameters)


def foldable(variant: cases.Variant) -> bool:
    """Tell whether the classes of a row that are not looked at count by their exponentials alone."""
    softmax = ("cross_entropy", "categorical_focal", "poly1_cross_entropy", "generalized_cross_entropy")
    return variant.row.name in softmax and variant.target == "index" and variant.parameters == "default"


def measure_rows(inputs: cases.Inputs, dtype: Any, rng: np.random.Generator, folded: bool = False) -> Worst:
    """Measure a rowwise loss, without reduction, on every row at some of its classes."""
    value, grad, hess = inputs()
    assert value.dtype == grad.dtype == hess.dtype == dtype
    worst = Worst()
    for i in range(inputs.y_pred.shape[0]):
        places = sampled_classes(inputs.y_true[i], inputs.y_pred[i], rng, 2)
        truths = row_truths(inputs, i, places, folded)
        worst.note("value", value[i], truths[0][0], dtype, (i,))
        for place, (_, first, second) in zip(places, truths, strict=True):
            worst.note("grad", grad[i, place], first, dtype, (i, place))
            worst.note("hess", hess[i, place], second, dtype, (i, place))
    return worst


def element_truths(inputs: cases.Inputs, i: int) -> tuple[oracle.Truth, ...]:
    parameters = truth_parameters(inputs.loss, inputs.keywords, 1, inputs.y_pred.dtype)
    return oracle.loss_of_element(
        inputs.loss.name, inputs.y_true[i], inputs.y_pred[i], inputs.y_pred.dtype, **parameters
    )


def pair_truths(inputs: cases.Inputs, i: int) -> tuple[tuple[oracle.Truth, ...], ...]:
    """Return the truths by the location and those by the log-scale."""
    return oracle.loss_of_pair(inputs.loss.name, inputs.y_true[i], *inputs.y_pred[i], inputs.y_pred.dtype)


def measure_elements(inputs: cases.Inputs, dtype: Any, places: Iterable[int]) -> Worst:
    """Measure a pointwise loss, without reduction, at some of its elements."""
    results = inputs()
    worst = Worst()
    if inputs.loss._row.axes == "2":
        for i in places:
            at = f"y_true={inputs.y_true[i]!r}, y_pred={inputs.y_pred[i]!r}"
            for k, truths in enumerate(pair_truths(inputs, i)):
                for part, result, truth in zip(PARTS, results, truths, strict=True):
                    worst.note(part, result[i] if part == "value" else result[i, k], truth, dtype, at)
        return worst
    for i in places:
        for part, result, truth in zip(PARTS, results, element_truths(inputs, i), strict=True):
            assert result.dtype == dtype
            worst.note(part, result[i], truth, dtype, f"y_true={inputs.y_true[i]!r}, y_pred={inputs.y_pred[i]!r}")
    return worst


def check_against(variant: cases.Variant, regime: str, inputs: cases.Inputs, others: Any, places: int = 2) -> None:
    """Compare every result with that of another way to it; where they differ by more than the bound, ask the truth.

    Where terms cancel, and the bound is one of the largest term, they differ by more and both are right: so the truth
    is asked at the `places` that differ most.
    """
    results, dtype = inputs(), inputs.y_pred.dtype
    limits = bounds(variant, dtype)
    for k, part in enumerate(PARTS):
        result, other = results[k], others[k]
        with np.errstate(all="ignore"):
            size = np.maximum(abs(result), abs(other).astype(dtype))
            apart = np.where(result == other.astype(dtype), 0, abs(result - other) / np.spacing(size))
        apart[np.isnan(apart)] = np.inf
        worst = Worst()
        for flat in np.argsort(apart, axis=None)[-places:]:
            place = tuple(map(int, np.unravel_index(flat, apart.shape)))
            if apart[place] <= limits[part]:
                continue
            if variant.rowwise:
                column = place[1] if part != "value" else 0
                truth = row_truths(inputs, place[0], [column], folded=False)[0][k]
            elif variant.row.axes == "2":
                truth = pair_truths(inputs, place[0])[place[1] if part != "value" else 0][k]
            else:
                truth = element_truths(inputs, place[0])[k]
            worst.note(part, result[place], truth, dtype, f"{place}, where the other is {other[place]!r}")
            if other.dtype == dtype:
                worst.note(part, other[place], truth, dtype, f"{place} of the other")
        worst.check(limits)


def inputs_of_rows(variant: cases.Variant, regime: str, dtype: Any, rows: int, classes: int, *key: Any) -> cases.Inputs:
    """Return a call of a rowwise loss whose logits are of a regime; a key gives others."""
    rng = cases.generator(str(variant), regime, dtype, rows, classes, *key)
    inputs = cases.draw(variant, (rows, classes), dtype, rng)
    y_true, logits = cases.rows_of(regime, dtype, rows, classes, *key)
    inputs.y_pred = as_held(variant.holds, logits)
    if variant.target == "index" and not variant.row.target.levels:
        inputs.y_true = y_true
    inputs.keywords.pop("ignore_index", None)  # the truth of an ignored row is 0, and a test of its own
    inputs.keywords |= inexact_values(inputs.loss, inputs.keywords)
    if regime == "near the largest" and variant.row.name != "cross_entropy" and "class_weight" in inputs.keywords:
        inputs.keywords["class_weight"] *= 16  # a loss that is too large before it is weighted stays infinite
    return inputs


def as_held(holds: str, logits: np.ndarray) -> np.ndarray:
    """Return positive probabilities, or log-probabilities, of logits."""
    if holds not in ("probs", "log_probs"):
        return logits
    wide = logits.astype(np.float64)
    with np.errstate(under="ignore", over="ignore"):
        wide = np.exp(np.maximum(wide - wide.max(-1, keepdims=True), -1e3))
        wide = np.maximum(wide / wide.sum(-1, keepdims=True), np.finfo(logits.dtype).tiny)
    return (wide if holds == "probs" else np.log(wide)).astype(logits.dtype)


def table() -> Iterable[tuple[str, str, str, Worst]]:
    """Measure every variant in every regime: (variant, dtype, regime, worst)."""
    for variant in cases.variants():
        for dtype in cases.FLOATS:
            if variant.rowwise:
                for regime in cases.ROW_REGIMES:
                    worst = Worst()
                    for classes, rows in ((2, 40), (10, 40), (65, 20), (1000, 5)):
                        if classes == 1000 and not foldable(variant):
                            continue
                        inputs = inputs_of_rows(variant, regime, dtype, rows, classes)
                        folded = classes >= 1000 and foldable(variant)
                        more = measure_rows(inputs, dtype, cases.generator("table"), folded)
                        worst.update({part: max(worst[part], more[part]) for part in PARTS})
                    yield str(variant), str(dtype), regime, worst
            else:
                for regime in cases.element_regimes(variant.row):
                    inputs = cases.elements_of(variant, regime, dtype, 300)
                    yield str(variant), str(dtype), regime, measure_elements(inputs, dtype, range(300))


def main() -> None:
    print(f"Worst error in ULP, seed {cases.SEED}, {cases.fl.build_info()['isa']}\n")
    print("| loss, target, parameters | dtype | regime | value | gradient | Hessian |\n|---|---|---|---|---|---|")
    for variant, dtype, regime, worst in table():
        print(
            f"| {variant} | {dtype} | {regime} | " + " | ".join(f"{worst[part]:.2f}" for part in PARTS) + " |",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
