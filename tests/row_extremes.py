"""Calls of the losses over rows whose numbers come from the whole range of their type.

    python tests/row_extremes.py                     a few thousand of them, each held to the truth
    python tests/row_extremes.py focal --cases 9000  those of the losses with this word in their names

Nothing here is likely; but a result that is an ordinary number is never lost to a step on the way to it that is too
large or too small for the type. ``tests/test_row_extremes.py`` runs some.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import accuracy
import cases
import numpy as np
import oracle
from mpmath import mp

from fastloss.runtime import current_engine


def any_size(rng: np.random.Generator, dtype: Any, shape: Any = (), within: float = 1.0) -> np.ndarray:
    """Return numbers > 0 whose exponents are anything that the type has, or a part of that around 1."""
    info = np.finfo(dtype)
    exponent = rng.uniform((info.minexp - info.nmant + 1) * within, (info.maxexp - 0.01) * within, shape)
    return np.maximum(np.exp2(exponent), float(info.smallest_subnormal))


def near_an_end(rng: np.random.Generator, dtype: Any, low: float, high: float) -> float:
    """Return a number between two others, often next to one of them."""
    part = float(any_size(rng, dtype)) if rng.random() < 0.5 else 2.0 ** -rng.uniform(0, 60)
    part = min(part, 0.5) if rng.random() < 0.7 else rng.random()
    return low + part * (high - low) if rng.random() < 0.5 else high - part * (high - low)


def number_of(parameter: Any, rng: np.random.Generator, dtype: Any) -> float:
    """Return a value of a parameter, of any size that the parameter and the type allow."""
    domain = parameter.domain
    if hasattr(domain, "options"):
        return float(rng.choice(domain.options))
    bounded = math.isfinite(domain.low) and math.isfinite(domain.high)
    for _ in range(100):
        if bounded:
            number = near_an_end(rng, dtype, domain.low, domain.high)
        else:
            number = float(any_size(rng, dtype, within=rng.choice([1.0, 0.3, 0.03])))
            if domain.low < 0 and rng.random() < 0.3:
                number = -near_an_end(rng, dtype, 0, -domain.low)
        held = float(dtype.type(number))
        if number in domain and (held == number or (held != 0 and math.isfinite(held) and held in domain)):
            return number
    raise AssertionError(parameter)


def scores(rng: np.random.Generator, dtype: Any, classes: int) -> np.ndarray:
    """Return a row of scores."""
    kind = rng.integers(7)
    sign = rng.choice([-1, 1], classes)
    if kind == 0:  # each of its own size
        x = any_size(rng, dtype, classes) * sign
    elif kind == 1:  # all of one size
        x = any_size(rng, dtype) * rng.uniform(0, 1, classes) * sign
    elif kind == 2:
        x = rng.normal(scale=rng.choice([1, 10, 100, 400]), size=classes)
    elif kind == 3:  # probabilities next to underflow
        x = rng.uniform(0, 3, classes) - np.append(0, rng.uniform(0, -1.1 * np.log(np.finfo(dtype).tiny), classes - 1))
        x = rng.permutation(x)
    elif kind == 4:  # far from 0, next to each other
        x = float(any_size(rng, dtype)) * rng.choice([-1, 1]) * (1 + rng.integers(-4, 5, classes) * np.finfo(dtype).eps)
    elif kind == 5:  # their differences overflow
        x = rng.uniform(0.2, 1, classes) * float(np.finfo(dtype).max) * sign
    else:  # ties
        x = rng.choice(any_size(rng, dtype, 2) * rng.choice([-1, 1], 2), classes)
    with np.errstate(over="ignore"):
        x = x.astype(dtype)
    return np.clip(x, np.finfo(dtype).min, np.finfo(dtype).max)


def distribution(rng: np.random.Generator, dtype: Any, classes: int) -> np.ndarray:
    """Return probabilities that add up to 1, some of them tiny, some 0."""
    y = np.minimum(any_size(rng, dtype, classes, within=rng.choice([1.0, 0.1, 0.01])), 1.0)
    y = np.where(rng.random(classes) < 0.2, 0, y)
    y[rng.integers(classes)] = 1
    with np.errstate(under="ignore"):
        return (y / y.sum()).astype(dtype)


@dataclass
class Case:
    """One row, and how it is asked for."""

    variant: cases.Variant
    dtype: Any
    y_true: Any
    y_pred: np.ndarray
    keywords: dict[str, Any]
    weight: float

    def results(self) -> Any:
        return self.variant.loss.value_grad_hess(
            np.asarray(self.y_true)[None], self.y_pred[None], reduction="none", sample_weight=[self.weight],
            **self.keywords,
        )  # fmt: skip

    def truths(self) -> list[tuple[oracle.Truth, ...]]:
        row, given = self.variant.row, dict(self.variant.loss.parameters) | self.keywords
        sample, places = {"y_true": self.y_true, row.prediction: self.y_pred}, range(self.y_pred.size)
        with mp.workdps(self.digits()):
            weight = oracle.exact(np.dtype(self.dtype).type(self.weight))
            truths = oracle.truth(
                row, sample, [(row.prediction, k) for k in places], self.dtype, contextlib.nullcontext(), **given
            )
            return [tuple(accuracy.scaled(truth, weight) for truth in of_place) for of_place in truths]

    def digits(self) -> int:
        """How many digits the textbook formula needs, whatever cancels in it."""
        numbers = [*self.y_pred.tolist(), self.weight, *np.ravel(self.y_true).tolist()]
        for value in self.keywords.values():
            if not isinstance(value, str) and value is not None:
                numbers += np.ravel(value).tolist()
        sizes = [abs(math.log10(abs(x))) for x in numbers if x]
        return 780 + round(2 * sum(sorted(sizes)[-4:]))

    def __str__(self) -> str:
        target = self.y_true.tolist() if np.ndim(self.y_true) else int(self.y_true)
        given = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in self.keywords.items()}
        return (
            f"fl.{self.variant.row.name}.value_grad_hess([{target}], np.{self.dtype}([{self.y_pred.tolist()}]), "
            f"reduction='none', sample_weight=[{self.weight}], **{given})"
        )


def drawn(variant: cases.Variant, dtype: Any, rng: np.random.Generator, extreme: float = 0.35) -> Case:
    """Return a case: each number is of any size with some probability, else an ordinary one."""
    classes = int(rng.choice([1, 2, 3, 5]))
    row = variant.row
    x = scores(rng, dtype, classes)
    if variant.holds == "probs":
        x = np.where(rng.random(classes) < 0.3, 1, distribution(rng, dtype, classes)).astype(dtype)
        x = np.maximum(x, np.finfo(dtype).smallest_subnormal)
    elif variant.holds == "log_probs":
        x = -abs(x)
    count = classes + row.target.levels
    if variant.target == "index":
        y: Any = np.int64(rng.integers(count))
    elif variant.target == "soft":
        y = distribution(rng, dtype, classes)
    elif variant.target == "number":
        y = scores(rng, dtype, 1)[0]
    elif variant.target == "members":
        y = rng.integers(2, size=classes)
    else:
        y = np.array([near_an_end(rng, dtype, 0, 1) for _ in range(classes)]).astype(dtype)
    keywords: dict[str, Any] = {}
    if variant.holds != row.holds:
        keywords["given"] = variant.holds
    for parameter in row.parameters:
        if rng.random() > extreme or (current_engine() == "numba" and parameter.name in cases.composed(row)):
            continue
        if parameter.kind == "number":
            keywords[parameter.name] = number_of(parameter, rng, dtype)
            if parameter.name == "clip":  # a kink
                keywords["clip"] *= 1 - 2.0**-10
        elif parameter.kind in ("per_class", "factor"):
            most = 1 - 2.0**-20 if parameter.domain.high == 1 else np.inf
            keywords[parameter.name] = np.minimum(
                any_size(rng, dtype, count, within=rng.choice([1.0, 0.3, 0.03])), most
            )
    weight = float(any_size(rng, dtype, within=rng.choice([1.0, 0.3]))) if rng.random() < extreme else 1.0
    weight = float(dtype.type(weight))
    return Case(variant, np.dtype(dtype), y, x, keywords, weight)


def worst_of(case: Case) -> accuracy.Worst | None:
    """Return the errors of a case, None where it is refused: what no float holds is said."""
    try:
        value, grad, hess = case.results()
    except ValueError as error:
        assert "compute with in" in str(error) or "computed in" in str(error), f"{error}: {case}"
        return None
    worst = accuracy.Worst()
    largest = float(np.finfo(case.dtype).max)
    for place, truths in enumerate(case.truths()):
        results = (value[0], grad[0, place], hess[0, place])
        for part, result, truth in zip(accuracy.PARTS, results, truths, strict=True):
            if truth.scale > largest and abs(truth.exact) < truth.scale * 2.0**-20:
                continue  # terms cancel that are infinite
            worst.note(part, result, truth, case.dtype, f"{place}: {case}")
    return worst


def all_variants() -> Iterator[cases.Variant]:
    """Every loss over rows with every kind of target and of prediction."""
    for variant in cases.variants():
        if variant.rowwise and variant.parameters not in ("other", "composed"):
            yield variant


def on_a_kink(case: Case) -> bool:
    """Tell whether total variation compares a probability with a target that it has to more digits than a double."""
    if case.variant.row.name != "total_variation" or case.variant.holds != "logits":
        return False
    with mp.workdps(50):
        x = [oracle.exact(value) for value in case.y_pred]
        e = [mp.exp(value - max(x)) for value in x]
        q = [value / sum(e) for value in e]
        return any(abs(a - oracle.exact(b)) < 8 * 2.0**-53 * a for a, b in zip(q, case.y_true, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--cases", type=int, default=200, help="of each loss and type")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--extreme", type=float, default=0.35)
    parser.add_argument("--shown", type=int, default=3)
    given = parser.parse_args()
    for variant in all_variants():
        if given.words and not any(word in str(variant) for word in given.words):
            continue
        for dtype in cases.FLOATS:
            rng = np.random.default_rng([given.seed, zlib.crc32(str(variant).encode())])
            limits = accuracy.bounds(variant, dtype)
            bad: Counter[str] = Counter()
            refused, worst = 0, accuracy.Worst()
            shown = 0
            for _ in range(given.cases):
                case = drawn(variant, dtype, rng, given.extreme)
                if on_a_kink(case):
                    continue
                found = worst_of(case)
                if found is None:
                    refused += 1
                    continue
                for part in accuracy.PARTS:
                    if found[part] > limits[part]:
                        bad[part] += 1
                        if shown < given.shown:
                            shown += 1
                            print(f"  {part} {found[part]:.3g} ULP: {found.found[part]}")
                    elif found[part] > worst[part]:
                        worst[part] = found[part]
            print(
                f"{variant} {dtype}: {dict(bad)} of {given.cases - refused}, {refused} refused; else {dict(worst)}",
                flush=True,
            )


if __name__ == "__main__":
    main()
