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


def bounds(variant: cases.Variant, dtype: Any) -> dict[str, float]:
    """The bounds of a variant. Wider ones, each measured over many runs:

    - The Hessian in float32 of soft or smoothed targets: its terms are products of rounded numbers. For smoothed,
      weighted binary cross-entropy the weights of the two terms take at most 2.5 ULP, sigmoid' 2.9, their product 0.5:
      5.53.
    - What single losses say of themselves (`ulps`): products of four and more rounded numbers, a residual that is
      rounded and put over a scale, times itself, powers. Measured over 800,000 elements of each regime.
    - The Hessian in float64 of a row, without a fused multiply-add: exp is good to 1.17 ULP, not 0.92, and its error
      enters the sum over the row, p and 1 - p. Over 20 runs 4.5 with it, 6.2 without.
    - With smoothing and class weights, the value of a row in float64 and its gradient in float32: the part of the
      target that every class has is rounded up to four times, alike in every term of the sum, so that the errors add up
      where others cancel. Over 40 runs, 300,000 rows and 33,000 calls of the fuzzer 4.9 and 4.2, in a few rows.
    - The Hessian in float64 of cross-entropy with a cap, a temperature and a z-loss: a sum of products of five. 6.7.
    """
    limits = dict(BOUNDS[str(np.dtype(dtype))])
    if variant.target == "soft" or variant.parameters != "default":
        limits["hess"] = 6
    fused = LEVELS[cases.fl.build_info()["isa"]].fma
    if variant.rowwise and dtype == np.float64 and not fused:
        limits["hess"] = 8
    if variant.rowwise and variant.parameters != "default":
        part, bound = ("value", 6) if dtype == np.float64 else ("grad", 5)
        limits[part] = bound
    if dtype == np.float64 and variant.parameters == "composed":
        limits["hess"] = 8
    return widened(variant, dtype, limits)


def widened(variant: cases.Variant, dtype: Any, limits: dict[str, float]) -> dict[str, float]:
    """Return bounds, no less than what a loss says of itself."""
    here = {str(np.dtype(dtype)), *(() if LEVELS[cases.fl.build_info()["isa"]].fma else ("unfused",))}
    for what, bound in variant.row.ulps.items():
        words = set(what.split())
        parts = words & set(PARTS)
        if words - parts <= here:
            limits = limits | {part: max(limits[part], bound) for part in parts or PARTS}
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
    return {
        p.name: p.usual or cases.inexact(p)
        for p in cases.row_of(loss).parameters
        if p.name in names and p.kind in ("element", "number") and not hasattr(p.domain, "options")
    }


def sampled_classes(y_true: Any, row: np.ndarray, rng: np.random.Generator, count: int) -> list[int]:
    """Return the classes at which a row is checked: target, largest, smallest, both ends, and `count` by chance."""
    soft = np.ndim(y_true) > 0  # a level may be one more than the last column
    targets = [int(np.argmax(y_true)), int(np.argmin(y_true))] if soft else [min(int(y_true), row.size - 1)]
    targets = [place for place in targets if place >= 0]  # a number that is no class
    chosen = {
        *targets,
        int(row.argmax()),
        int(row.argmin()),
        0,
        row.size - 1,
        *map(int, rng.integers(row.size, size=count)),
    }
    return sorted(chosen)


def places_of(inputs: cases.Inputs) -> list[oracle.Place]:
    """Return the places of all numbers that one sample is differentiated by."""
    arrays = {operand.name: inputs.arrays[operand.name] for operand in inputs.row.differentiated}
    deep = len(inputs.samples)
    return [(name, k) for name, a in arrays.items() for k in (range(a.shape[-1]) if a.ndim > deep else (None,))]


def truths_of(
    inputs: cases.Inputs, i: int, places: Iterable[oracle.Place] | None = None, folded: bool = False
) -> list[tuple[oracle.Truth, ...]]:
    """Return the truths of one sample by the numbers at some places of it, by default at all of them.

    `folded`: the classes at other places count by their exponentials alone.
    """
    sample, parameters = {name: array[i] for name, array in inputs.arrays.items()}, inputs.given
    places, dtype, name = (
        places_of(inputs) if places is None else list(places),
        inputs.y_pred.dtype,
        inputs.row.prediction,
    )
    if folded:
        columns = [k for _, k in places]
        kept = oracle.fold(sample[name], columns)
        weight = np.ones(len(sample[name])) if parameters["class_weight"] is None else parameters["class_weight"]
        parameters["class_weight"] = [*weight[columns], *[0.0] * (len(kept) - len(columns))]
        sample = {"y_true": columns.index(sample["y_true"]), name: kept}
        places = [(name, k) for k in range(len(columns))]
    return oracle.truth(inputs.row, sample, places, dtype, **parameters)


def foldable(variant: cases.Variant) -> bool:
    """Tell whether the classes of a row that are not looked at count by their exponentials alone: in a softmax."""
    softmax = variant.row.holds == "logits" and "label_smoothing" in variant.loss.parameters
    return softmax and variant.target == "index" and variant.parameters == "default"


def measure(
    inputs: cases.Inputs, dtype: Any, samples: Iterable[int] | None = None, rng: Any = None, folded: bool = False
) -> Worst:
    """Measure a loss, without reduction, on some of its samples: at all numbers of each, or at some classes."""
    results = dict(zip(inputs.methods[inputs.every], inputs(), strict=True))
    assert {result.dtype for result in results.values()} == {np.dtype(dtype)}
    worst = Worst()
    for i in range(inputs.samples[0]) if samples is None else samples:
        places = places_of(inputs)
        if inputs.row.axes == "C":
            columns = sampled_classes(inputs.y_true[i], inputs.y_pred[i], rng, 2)
            places = [(inputs.row.prediction, k) for k in columns]
        at = i if inputs.y_pred.ndim > 2 or inputs.row.axes == "C" else {k: a[i] for k, a in inputs.arrays.items()}
        for (name, k), truths in zip(places, truths_of(inputs, i, places, folded), strict=True):
            for part, truth in zip(PARTS, truths, strict=True):
                if part == "value":
                    worst.note(part, results[part, ""][i], truth, dtype, at)
                elif (part, name) in results:
                    worst.note(part, results[part, name][i if k is None else (i, k)], truth, dtype, (at, k))
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
            column = None if not variant.row.axes else 0 if part == "value" else place[1]
            truth = truths_of(inputs, place[0], [(variant.row.prediction, column)])[0][k]
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
    if regime == "near the largest" and not variant.row.in_frame and "class_weight" in inputs.keywords:
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
                        more = measure(inputs, dtype, rng=cases.generator("table"), folded=folded)
                        worst.update({part: max(worst[part], more[part]) for part in PARTS})
                    yield str(variant), str(dtype), regime, worst
            else:
                for regime in cases.element_regimes(variant.row):
                    inputs = cases.elements_of(variant, regime, dtype, 300)
                    yield str(variant), str(dtype), regime, measure(inputs, dtype)
    for variant in cases.variants_of(row for row in cases.OF_SAMPLES if row.several and row.kind == "points"):
        for dtype in cases.FLOATS:
            inputs = cases.draw(variant, (300,), dtype, cases.generator("table", str(variant), dtype))
            yield str(variant), str(dtype), "ordinary", measure(inputs, dtype)


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
