"""Numbers over the whole range of exponents: inputs and parameters of every element-wise loss, and the truth.

    python tests/extremes.py                              some hundred of each loss
    python tests/extremes.py cauchy fair --count 20000    many of two
    python tests/extremes.py --seed 7                     others

Whatever a formula forms on its way may be too large or too small for a float, or subnormal, where the result is an
ordinary number. The test (``test_extremes.py``) takes a few of each loss; this script finds what is rare.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import cases
import numpy as np
import oracle
from accuracy import PARTS, bounds
from mpmath import mp, mpf

import fastloss as fl
from fastloss.catalogue import PENALTIES

LOSSES = tuple(row for row in cases.ROWS if row.kind == "points")


def sizes(rng: np.random.Generator, dtype: Any, count: int, low: float | None = None, high: float | None = None) -> Any:
    """Return positive numbers whose logarithms to base 2 are uniform: by default all there are, subnormal ones too."""
    info = np.finfo(dtype)
    low = math.log2(float(info.smallest_subnormal)) if low is None else low
    exponent = rng.uniform(low, float(info.maxexp) if high is None else high, count)
    whole = np.floor(exponent)
    with np.errstate(over="ignore"):
        return np.minimum(np.ldexp(np.exp2(exponent - whole), whole.astype(int)).astype(dtype), info.max)


def signs(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.choice([-1.0, 1.0], count)


def within(rng: np.random.Generator, dtype: Any, count: int, low: float, high: float) -> np.ndarray:
    """Return numbers of an interval, many of them next to its ends."""
    kind, width = rng.integers(3, size=count), high - low
    above = low + sizes(rng, dtype, count, high=-1).astype(float) * width
    eps = float(np.finfo(dtype).epsneg)
    below = high - np.exp2(rng.uniform(math.log2(eps), -1, count)) * width
    return np.select([kind == 0, kind == 1], [above, below], low + rng.random(count) * width)


def parameter_values(parameter: Any, dtype: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return numbers that a parameter may be in a compute type, its ends among them."""
    info, domain = np.finfo(dtype), parameter.domain
    low, high = domain.low, domain.high
    if math.isfinite(low) and math.isfinite(high):
        values = within(rng, dtype, count, low, high)
        values = np.where(rng.random(count) < 0.15, rng.choice([low, high], count), values)
    elif low == 0:
        values = sizes(rng, dtype, count).astype(float)
        if parameter.name.startswith("gamma"):  # those for which powers of probabilities are numbers
            values = np.where(rng.random(count) < 0.7, sizes(rng, dtype, count, -6, 20), values)
        values = np.where(rng.random(count) < 0.15, sizes(rng, dtype, count, -10, 10), values)
        values = np.where(rng.random(count) < 0.1, 0, values)
    else:
        kind = rng.integers(5, size=count)
        some = [-np.inf, np.inf, 0.0, 1.0, 2.0, -2.0, 4.0]
        values = np.select(
            [kind == 0, kind == 1, kind == 2],
            [
                sizes(rng, dtype, count) * signs(rng, count),
                2 + sizes(rng, dtype, count, -60, 1) * signs(rng, count),
                rng.choice(some, count),
            ],
            rng.normal(scale=3, size=count),
        )
    values = np.where(rng.random(count) < 0.1, parameter.default or 0.5, values).astype(dtype)
    low, high = domain.bounds(dtype.type)
    values = np.clip(values, np.nan_to_num(low, neginf=-np.inf), high)
    subnormal = (abs(values) < info.tiny) & (values != 0)
    values = np.where(subnormal | ((values == 0) & domain.low_open), info.tiny, values)
    if domain.low != -np.inf or domain.high_open:
        values = np.clip(values, -info.max, info.max)
    assert all(float(value) in domain for value in values)
    return values.astype(dtype)


def predictions(row: Any, parameters: dict[str, np.ndarray], dtype: Any, count: int, rng: np.random.Generator) -> Any:
    """Return predictions of all sizes, and near those at which a loss changes: its parameters and their logarithms."""
    info = np.finfo(dtype)
    if row.predicted.high == 1:
        values = np.clip(within(rng, dtype, count, 0.0, 1.0), info.smallest_subnormal, 1 - info.epsneg)
    elif row.predicted.low == -1:
        near = np.exp2(rng.uniform(math.log2(info.epsneg), 0, count)) - 1
        kind = rng.integers(3, size=count)
        large = sizes(rng, dtype, count).astype(float)
        values = np.select([kind == 0, kind == 1], [np.expm1(rng.normal(scale=3, size=count)), large], near)
        values = np.maximum(values, info.epsneg - 1)
    else:
        values = sizes(rng, dtype, count) * signs(rng, count)
        kind = rng.integers(10, size=count)
        if row.prediction == "logits" or row.target.low == 0:
            widest = -1.05 * math.log(float(info.smallest_subnormal))
            values = np.where(kind < 4, rng.uniform(-widest, widest, count), values)
            for own in parameters.values():
                if (own >= 0).all():
                    logarithm = np.log(np.maximum(own, info.tiny).astype(float))
                    values = np.where(kind == 5, rng.normal(scale=3, size=count) - logarithm, values)
        else:
            for place, own in enumerate(parameters.values()):
                size = np.where(np.isfinite(own) & (own != 0), own, 1).astype(float)
                factor = np.exp2(rng.uniform(-4, 4, count) * rng.choice([0.3, 1, 15], count))
                values = np.where(kind % 3 == place, size * factor * signs(rng, count), values)
        values = np.where(kind == 9, rng.normal(scale=3, size=count), values)
    return np.clip(values, -float(info.max), float(info.max)).astype(dtype)


def targets(row: Any, predicted: np.ndarray, dtype: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return targets of all sizes, and near the predictions."""
    info, domain = np.finfo(dtype), row.target
    if domain.ends_only:
        return rng.choice([domain.low, domain.high], count).astype(dtype)
    if domain.high == 1:
        values = within(rng, dtype, count, 0.0, 1.0)
        return np.where(rng.random(count) < 0.4, rng.integers(2, size=count), values).astype(dtype)
    kind, wide = rng.integers(6, size=count), predicted.astype(float)
    values = sizes(rng, dtype, count).astype(float)
    if domain.low == 0:
        values = np.where(kind == 0, np.exp(rng.normal(size=count)), values)
        values = np.where(kind == 1, info.smallest_subnormal if domain.low_open else 0, values)
        values = np.where(kind == 2, np.exp(np.clip(wide, -700, 700) + rng.normal(size=count)), values)
        values = np.clip(values, float(info.smallest_subnormal) if domain.low_open else 0, float(info.max))
        return values.astype(dtype)
    if domain.low == -1:
        near = np.expm1(rng.normal(scale=3, size=count))
        values = np.select([kind == 0, kind == 1], [near, wide * (1 + sizes(rng, dtype, count, -60, 0))], values)
        return np.clip(values, info.epsneg - 1, float(info.max)).astype(dtype)
    close = wide * (1 + sizes(rng, dtype, count, -40, 2) * signs(rng, count))
    across = -wide * np.exp2(rng.uniform(-3, 3, count))
    values = np.select([kind < 2, kind == 2, kind == 3], [0 * values, close, across], values * signs(rng, count))
    return np.clip(values, -float(info.max), float(info.max)).astype(dtype)


def log_scales(residual: np.ndarray, dtype: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return logarithms of scales: of about the residual, and of all that is a number."""
    widest = -math.log(float(np.finfo(dtype).smallest_subnormal))
    like = np.log(np.maximum(abs(residual), float(np.finfo(dtype).smallest_subnormal))).astype(float)
    kind = rng.integers(4, size=count)
    values = [
        rng.normal(size=count),
        like + rng.normal(scale=3, size=count),
        like + rng.uniform(-widest, widest, count),
    ]
    return np.select([kind == 0, kind == 1, kind == 2], values, rng.uniform(-widest, widest, count)).astype(dtype)


@dataclass
class Extremes:
    """Inputs of one loss, one number of each parameter for each element."""

    row: Any
    dtype: Any
    y_true: np.ndarray
    y_pred: np.ndarray
    parameters: dict[str, np.ndarray]

    def results(self) -> tuple[np.ndarray, ...]:
        loss = getattr(fl, self.row.name)
        results = loss.value_grad_hess(self.y_true, self.y_pred, reduction="none", **self.parameters)
        assert all(result.dtype == self.dtype for result in results)
        return results

    def truths(self, i: int) -> Iterator[tuple[str, oracle.Truth, Any]]:
        """Yield what is known of one element: which part, its truth, and how it is found among the results."""
        own = {name: values[i] for name, values in self.parameters.items()}
        sample = {"y_true": self.y_true[i], self.row.prediction: self.y_pred[i]}
        columns = range(self.y_pred.shape[1]) if self.row.axes else (None,)
        places = [(self.row.prediction, k) for k in columns]
        for k, truths in zip(columns, oracle.truth(self.row, sample, places, self.dtype, **own), strict=True):
            for part, truth in zip(PARTS, truths, strict=True):
                yield part, truth, i if part == "value" or k is None else (i, k)

    def at(self, i: int) -> str:
        own = {name: float(values[i]) for name, values in self.parameters.items()}
        return f"{self.row.name}({float(self.y_true[i])!r}, {self.y_pred[i].tolist()!r}, {own}) in {self.dtype}"


def extremes(row: Any, dtype: Any, count: int, *key: Any) -> Extremes:
    """Return inputs of one loss; a key gives others."""
    dtype = np.dtype(dtype)
    rng = cases.generator("extremes", row.name, dtype, count, *key)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        own = {
            p.name: parameter_values(p._replace(domain=cases.own_domain(row, p)), dtype, count, rng)
            for p in row.parameters
            if p.kind == "element"
        }
        y_pred = predictions(row, own, dtype, count, rng)
        y_true = targets(row, y_pred, dtype, count, rng)
        if row.axes == "2":
            residual = y_pred.astype(np.longdouble) - y_true
            y_pred = np.stack([y_pred, log_scales(residual, dtype, count, rng)], axis=-1)
    assert np.isfinite(y_pred).all() and np.isfinite(y_true).all()
    exponents = np.frexp(y_pred[abs(y_pred) > 0].astype(float))[1]
    assert np.unique(exponents).size > min(count // 8, 40 if row.predicted.high > 1 else 20)
    return Extremes(row, dtype, y_true, y_pred, own)


class Miss(NamedTuple):
    """A result beside its truth."""

    error: float
    part: str
    computed: Any
    exact: str
    place: str

    def __str__(self) -> str:
        return f"{self.part}: {self.error:.4g} ULP: {self.computed!r} at {self.place} should be {self.exact}"


def worst_of(inputs: Extremes) -> dict[str, Miss]:
    """Return the worst error of each part."""
    results = dict(zip(PARTS, inputs.results(), strict=True))
    worst: dict[str, Miss] = {}
    for i in range(inputs.y_true.size):
        for part, truth, place in inputs.truths(i):
            computed = results[part][place]
            error = oracle.ulps(computed, truth, inputs.dtype)
            if part not in worst or error > worst[part].error:
                worst[part] = Miss(error, part, computed, mp.nstr(truth.exact, 17), inputs.at(i))
    return worst


def limits_of(row: Any, dtype: Any) -> dict[str, float]:
    """Return the bounds of a loss with parameters that are not its defaults."""
    return bounds(cases.Variant(row, "real", "other"), dtype)


# -- penalties --------------------------------------------------------------------------------------------------------


def worst_of_penalty(name: str, dtype: Any, count: int, *key: Any) -> Iterator[Miss]:
    """Yield the error of every value and gradient of a penalty, each of one number."""
    dtype, penalty, row = np.dtype(dtype), getattr(fl, name), PENALTIES[name]
    rng = cases.generator("extremes", name, dtype, *key)
    numbers = (sizes(rng, dtype, count) * signs(rng, count)).astype(dtype)
    strengths = sizes(rng, dtype, count).astype(float)
    related = np.exp2(rng.normal(size=count) * 8) / np.clip(abs(numbers.astype(float)), 1e-300, 1e300)
    strengths = np.where(rng.random(count) < 0.5, related, strengths)
    if dtype == np.float32:
        strengths = np.clip(strengths, 1.2e-38, 3e38).astype(dtype).astype(float)
    strengths = np.maximum(strengths, 2.3e-308)
    own = {p.name: parameter_values(p, dtype, count, rng) for p in row.parameters}
    for i in range(count):
        ratio = own["ratio"][i] if own else {"l1": 1, "l2": 0}[name]
        given = {"ratio": float(ratio)} if own else {}
        value, grad = penalty.value_and_grad(numbers[i : i + 1], strength=strengths[i], **given)
        with mp.workdps(60):
            w, s, part = mpf(float(numbers[i])), mpf(float(strengths[i])), mpf(float(ratio))
            terms = [s * part * abs(w), s * (1 - part) * w * w / 2]
            slopes = [s * part * mp.sign(w), s * (1 - part) * w]
        where = f"{name}([{float(numbers[i])!r}], strength={strengths[i]!r}, {given}) in {dtype}"
        for what, computed, exact in (("value", value, sum(terms)), ("grad", grad[0], sum(slopes))):
            # The value is a float. The formula gives it over the part of the strength that is no power of 2, at most 2.
            least, largest = 2 * float(np.finfo(dtype).tiny), float(np.finfo(dtype).max) / 2
            if what == "grad" or least <= exact <= largest:
                with np.errstate(over="ignore"):
                    held = dtype.type(computed)
                yield Miss(
                    oracle.ulps(held, oracle.Truth(exact, abs(exact)), dtype), what, computed, mp.nstr(exact, 17), where
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="losses and penalties, all by default")
    parser.add_argument("--count", type=int, default=300, help="elements of each loss and dtype")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for dtype in cases.FLOATS:
        for row in LOSSES:
            if not given.names or row.name in given.names:
                limits = limits_of(row, dtype)
                for part, miss in worst_of(extremes(row, dtype, given.count, given.seed)).items():
                    bad = miss.error > limits[part]
                    print(f"{row.name} {dtype} {part} {miss.error:.2f}" + (f"  BAD {miss}" if bad else ""), flush=True)
        for name in PENALTIES:
            if not given.names or name in given.names:
                misses = list(worst_of_penalty(name, dtype, given.count, given.seed))
                worst = max(misses, key=lambda miss: miss.error)
                print(f"{name} {dtype} {worst.error:.2f}" + (f"  BAD {worst}" if worst.error > 4 else ""), flush=True)


if __name__ == "__main__":
    main()
