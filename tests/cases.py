"""The inputs of the suite: regimes of numbers, layouts, targets and parameters for every row of the catalogue.

All random numbers come from `SEED`. It is the same in every run, so that a change is judged by what it changes and not
by the luck of a draw; ``FASTLOSS_TEST_SEED=random`` draws another one, which is printed, and a number repeats it.
"""

from __future__ import annotations

import itertools
import os
import secrets
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import fastloss as fl
from fastloss import kinds
from fastloss.drawing import distributions
from fastloss.rows import Domain
from fastloss.runtime import current_engine, kernels

DEFAULT_SEED = 1

# A busy machine makes calls run on one thread for a while; what is tested here is several threads.
kernels.frame.set_impatient(False)


def chosen_seed(asked: str) -> int:
    """Return the seed that ``FASTLOSS_TEST_SEED`` asks for: a number, "random", or nothing."""
    return secrets.randbits(32) if asked == "random" else int(asked or DEFAULT_SEED)


SEED = chosen_seed(os.environ.get("FASTLOSS_TEST_SEED", ""))

#: The losses of one target and one prediction, whose samples are elements or rows of these.
ROWS = tuple(row for row in fl.losses() if not row.several and row.axes != "R")
#: The losses whose samples have arrays of their own, and do not see each other; the others promise less
#: (``test_products.py``, ``test_batches.py``), or have samples that no index finds (``test_segmentation.py``).
OF_SAMPLES = tuple(
    row for row in fl.losses() if not row.shares and not row.against and not row.ragged and row.axes not in ("R", "ND")
)

FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
HALVES = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))

#: Elements that the kernels treat as one block; sizes around it and around the 64 lanes are where tails go wrong.
BLOCK = 1024
SIZES = (0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, BLOCK - 1, BLOCK, BLOCK + 1)
#: Few classes and many go through different kernels.
CLASSES = (1, 2, 3, 10, 63, 64, 65, 1000)

METHODS = {
    "__call__": ("value",),
    "grad": ("grad",),
    "value_and_grad": ("value", "grad"),
    "grad_and_hess": ("grad", "hess"),
    "value_grad_hess": ("value", "grad", "hess"),
}


def generator(*key: Any) -> np.random.Generator:
    """Return random numbers that depend on the seed and on what they are for, not on the order of the tests."""
    return np.random.default_rng([SEED, zlib.crc32(repr(key).encode())])


def bits(results: Any) -> Any:
    """Return what must be equal when two calls are to give the same bits (one NaN is as good as another)."""
    if isinstance(results, tuple):
        return tuple(bits(result) for result in results)
    results = np.array(results)
    results = results.astype(results.dtype.newbyteorder("="))
    if results.dtype.kind not in "biu":
        results[np.isnan(results)] = np.nan
    return results.dtype, results.shape, results.tobytes()


def rounded_once(results: Any, dtype: Any) -> np.ndarray:
    """Return numbers of a wider type as `dtype`, to nearest (ml_dtypes rounds float64 to float32 before bfloat16)."""
    wide = np.asarray(results)
    with np.errstate(over="ignore", under="ignore"):
        if wide.dtype != np.float64 or dtype != ml_dtypes.bfloat16:
            return wide.astype(dtype)
        narrow = np.array(wide, np.float32)  # rounded to odd: what is between two neighbours is never taken for a tie
        inexact = np.isfinite(wide) & (narrow != wide)
        mantissa = narrow.view(np.uint32)
        mantissa -= inexact & (abs(narrow) > abs(wide))
        mantissa |= inexact
        return narrow.astype(dtype)


def shaped(
    hessian: Any, kept: Any, curvature: str = "exact", hess_factor: float = 1.0, hess_floor: float = 0.0
) -> np.ndarray:
    """What a pass of one's own makes of a Hessian, in its type."""
    exact = np.asarray(hessian)
    with np.errstate(all="ignore"):
        product = (np.abs(exact) if curvature == "abs" else exact).astype(np.float64) * hess_factor
        found = product.astype(exact.dtype)
        if hess_floor:
            found = np.where(found < exact.dtype.type(hess_floor), exact.dtype.type(hess_floor), found)
    return np.where(np.broadcast_to(kept, exact.shape), found, exact.dtype.type(0))


# -- what a row of the catalogue asks for -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """A loss with one kind of target and one choice of parameters."""

    row: Any
    target: str
    parameters: str

    def __str__(self) -> str:
        return f"{self.row.name}-{self.target}-{self.parameters}"

    @property
    def loss(self) -> Any:
        return getattr(fl, self.row.name) if self.row.made_by is None else fl.Loss(self.row)

    @property
    def rowwise(self) -> bool:
        return self.row.kind == "rows"

    @property
    def holds(self) -> str:
        """What the prediction is: logits, probs, log_probs or numbers."""
        return self.parameters if self.parameters in ("log_probs", "probs") else self.row.holds

    @property
    def predicted(self) -> Any:
        """What the prediction may be."""
        return self.row.predictions({"given": self.holds})

    @property
    def soft_classes(self) -> bool:
        """Whether the target is a probability for each class, in place of a class: their sum is a weight."""
        return self.rowwise and self.target == "soft" and "index" in self.row.target.forms

    @property
    def one_of_row(self) -> bool:
        """Whether a row has one target: a class, or a number."""
        return self.target in ("index", "number")

    @property
    def refuses_one_row(self) -> bool:
        """Whether one dimension would be samples of two classes with most who write it."""
        return self.soft_classes


@dataclass(frozen=True)
class Sum(Variant):
    """A sum of losses: it has all that a loss has."""

    total: Any = None

    def __str__(self) -> str:
        return f"sum of {' and '.join(row.name for _, row in self.row.terms)}-{self.target}-default"

    @property
    def loss(self) -> Any:
        return self.total

    @property
    def predicted(self) -> Any:
        return self.row.predictions(self.total.parameters)

    @property
    def refuses_one_row(self) -> bool:
        return any(Variant(row, self.target, "default").refuses_one_row for _, row in self.row.terms)


def sums() -> Iterator[Sum]:
    """A factor alone and sums, of each kind of loss that has samples."""
    for target, total in (
        ("soft", 3 * fl.binary_cross_entropy.bind(pos_weight=1.5)),
        ("real", 0.7 * fl.squared_error + fl.huber.bind(delta=2.0) - 0.3 * fl.log_cosh),
        ("hard", fl.hinge - 0.25 * fl.brier),
        ("real", 0.7 * fl.gaussian_nll + 0.3 * fl.laplace_nll),
        ("index", -2 * fl.cross_entropy),
        ("index", 0.7 * fl.cross_entropy + 0.3 * fl.categorical_focal),
        ("soft", fl.kl_divergence - 0.3 * fl.cross_entropy.bind(temperature=2.0)),
        ("members", 0.5 * fl.multilabel_margin + fl.multilabel_soft_margin),
    ):
        if current_engine() == "compiled" or total.kind == "points":
            yield Sum(total._row, target, "default", total)


def variants() -> Iterator[Variant]:
    """Every loss of one target and one prediction that the engine of this run has a kernel for, with every kind of
    target, with its default parameters and with others.
    """
    for variant in variants_of(row for row in ROWS if not row.couples):
        if current_engine() == "compiled" or has_two_engines(variant):
            yield variant


def all_variants() -> Iterator[Variant]:
    """The same of every loss, whatever arrays it takes, and sums of losses."""
    yield from variants()
    for variant in variants_of(row for row in OF_SAMPLES if row.several or row.couples):
        if current_engine() == "compiled" or has_two_engines(variant):
            yield variant
    yield from sums()


def has_two_engines(variant: Variant) -> bool:
    """Whether the Numba engine computes it: a formula that is not asked twice, or what is in the frame of a softmax."""
    row = variant.row
    return (bool(row.in_frame) and variant.parameters != "composed") or (row.function is not None and not row.couples)


def variants_of(rows: Iterable[Any]) -> Iterator[Variant]:
    for row in rows:
        for target in row.target.forms:
            yield Variant(row, target, "default")
            if choices(row):
                yield Variant(row, target, "other")
            if composed(row):
                yield Variant(row, target, "composed")
            yield from (Variant(row, target, " ".join(options)) for options in other_options(row))


def other_options(row: Any) -> Iterator[tuple[str, ...]]:
    """Return values of the choices of a loss that are not all the defaults."""
    choices = [parameter for parameter in row.parameters if parameter.kind == "choice"]
    for options in itertools.product(*(parameter.domain.options for parameter in choices)):
        if list(options) != [parameter.default for parameter in choices]:
            yield options


def row_of(loss: Any) -> Any:
    """Return a loss's row of the catalogue."""
    return next(row for row in fl.losses() if row.name == loss.name)


def composed(row: Any) -> set[str]:
    """Return the options that have a kernel of their own around a frame: a variant, beside the one with all others."""
    return {p.name for p in row.parameters if row.in_frame and p.name not in row.in_frame}


def choices(row: Any, options: bool = False) -> list[Any]:
    """Return the parameters that change the loss; an axis only says where the classes are.

    A choice is a variant, a switch and a mask are tested apart, and so are the `options` around a frame.
    """
    return [
        parameter._replace(domain=own_domain(row, parameter))
        for parameter in row.parameters
        if parameter.kind not in ("axis", "choice", "switch", "mask")
        and (options or parameter.name not in composed(row))
    ]


def own_domain(row: Any, parameter: Any) -> Any:
    """Return where the formula of a loss stands, which may have another one in a range of a parameter."""
    ends = [d.low for name, d, _ in row.ranges if name == parameter.name and d.low > parameter.default]
    return Domain("", parameter.domain.low, min(ends)) if ends else parameter.domain


def other_value(parameter: Any, classes: int, rng: np.random.Generator) -> Any:
    """Return a value inside a parameter's domain that is not its default and is exact in float32."""
    if parameter.kind == "per_class":
        return rng.integers(1, 64, classes) / 16
    if parameter.kind == "index":
        return int(rng.integers(classes))
    if parameter.kind == "factor":
        return rng.integers(1, 64, classes) / (16 if 3.0 in parameter.domain else 64)
    if parameter.kind == "labels":
        return (-1, 1)
    if hasattr(parameter.domain, "options"):
        return next(option for option in parameter.domain.options if option != parameter.default)
    low, high = parameter.domain.low, parameter.domain.high
    value = (low if np.isfinite(low) else 0) + (0.125 * (high - low) if np.isfinite(high) else 0.625)
    assert value in parameter.domain
    assert value != parameter.default
    return value


def inexact(parameter: Any) -> Any:
    """Return a value inside a parameter's domain that float32 cannot hold."""
    value = 1.13 * other_value(parameter, 1, generator())
    assert value in parameter.domain
    assert float(np.float32(value)) != value
    return value


def soft_rows(classes: int, rows: int, rng: np.random.Generator, dtype: Any) -> np.ndarray:
    """Return probabilities with zeros among them."""
    return distributions((rows, classes), rng).astype(dtype)


def arrays_of(row: Any, samples: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return ordinary arrays of a loss of several, by their names; vectors have five numbers."""
    return kinds.draw(row, (*samples, 5) if row.axes else samples, dtype, rng)


def every_method(row: Any) -> str:
    """Return the name of the method that returns all results there are."""
    return "value_and_grad" if row.no_hessian else "value_grad_hess"


@dataclass
class Inputs:
    """The arguments of one call: its arrays by the names of the operands, and what it is given by keyword."""

    loss: Any
    arrays: dict[str, np.ndarray]
    keywords: dict[str, Any] = field(default_factory=dict)

    def __call__(self, method: str = "", **keywords: Any) -> Any:
        """Call the loss; by default for all results, without a reduction where the loss has a value for each sample.

        Results are flat: those by several predictions stand one after the other, and so do the places of `out`.
        """
        method = method or self.every
        keywords = {"reduction": "mean" if self.row.couples else "none"} | self.keywords | keywords
        count, parts = len(self.row.differentiated), METHODS[method]
        if count == 1:
            return getattr(self.loss, method)(*self.arrays.values(), **keywords)
        if isinstance(keywords.get("out"), tuple):
            places = iter(keywords["out"])
            nested = tuple(next(places) if part == "value" else (*itertools.islice(places, count),) for part in parts)
            keywords["out"] = nested if len(parts) > 1 else nested[0]
        results = getattr(self.loss, method)(*self.arrays.values(), **keywords)
        if len(parts) == 1:
            return results
        return tuple(
            result for part, own in zip(parts, results, strict=True) for result in ((own,) if part == "value" else own)
        )

    @property
    def row(self) -> Any:
        return self.loss._row

    @property
    def given(self) -> dict[str, Any]:
        """Its parameters: what the loss is bound to, and what this call gives."""
        return dict(self.loss.parameters) | {k: v for k, v in self.keywords.items() if k in self.loss.parameters}

    @property
    def every(self) -> str:
        """The method that returns all results there are."""
        return every_method(self.row)

    @property
    def methods(self) -> dict[str, tuple[tuple[str, str], ...]]:
        """The methods that the loss has, and what each returns: a part, and of a derivative the array that it is by."""
        names = [operand.name for operand in self.row.differentiated]
        return {
            method: tuple((part, name) for part in parts for name in (names if part != "value" else ("",)))
            for method, parts in METHODS.items()
            if not (self.row.no_hessian and "hess" in parts)
        }

    def shapes(self, method: str = "") -> tuple[tuple[int, ...], ...]:
        """The shapes of the results, without a reduction."""
        returned = self.methods[method or self.every]
        return tuple(self.samples if part == "value" else self.arrays[name].shape for part, name in returned)

    @property
    def y_true(self) -> np.ndarray:
        return self.arrays["y_true"]

    @y_true.setter
    def y_true(self, array: np.ndarray) -> None:
        self.arrays["y_true"] = array

    @property
    def y_pred(self) -> np.ndarray:
        """The prediction; of several the first."""
        return self.arrays[self.row.prediction]

    @y_pred.setter
    def y_pred(self, array: np.ndarray) -> None:
        self.arrays[self.row.prediction] = array

    def replace(self, **changes: Any) -> Inputs:
        """Return the same call with other arrays, by their names, or with another loss or other keywords."""
        loss, keywords = changes.pop("loss", self.loss), changes.pop("keywords", self.keywords)
        named = {loss._row.prediction if name == "y_pred" else name: array for name, array in changes.items()}
        arrays = dict(zip((operand.name for operand in loss._row.operands), self.arrays.values(), strict=True))
        return Inputs(loss, {name: named.pop(name, array) for name, array in arrays.items()} | named, keywords)

    def each(self, change: Callable[[np.ndarray], Any]) -> Inputs:
        """Return the same call with every array changed in one way."""
        return Inputs(self.loss, {name: change(array) for name, array in self.arrays.items()}, self.keywords)

    @property
    def samples(self) -> tuple[int, ...]:
        """The shape of the value with ``reduction="none"``."""
        return self.y_pred.shape[:-1] if self.row.axes else self.y_pred.shape

    def per_sample(self, array: np.ndarray, name: str) -> np.ndarray:
        """Return numbers of the samples so that they broadcast to an array of the call."""
        return array[..., None] if self.arrays[name].ndim > array.ndim else array

    def take(self, index: Any) -> Inputs:
        """Return the call on a part of the samples; weights and masks are for the caller to take too."""
        return self.each(lambda array: array[index])


def call_of(loss: Any, y_true: Any, y_pred: Any, keywords: dict[str, Any] | None = None) -> Inputs:
    """Return a call of one target and one prediction."""
    return Inputs(loss, {"y_true": y_true, loss._row.prediction: y_pred}, keywords or {})


def draw(variant: Variant, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> Inputs:
    """Return ordinary inputs of a loss; where there is an axis of classes or numbers, it is the last of `shape`."""
    row, classes = variant.row, shape[-1] + getattr(variant.row.target, "levels", 0)
    chosen = {
        p.name: other_value(p, classes, rng)
        for p in choices(row, variant.parameters == "composed")
        if variant.parameters in ("other", "composed")
    }
    if variant.parameters not in ("default", "other", "composed"):
        chosen |= zip((p.name for p in row.choices), variant.parameters.split(), strict=True)
        if row.forms:  # beside other parameters, where the form has them
            form = row.chosen(variant.loss.parameters | chosen)
            chosen |= {p.name: other_value(p, classes, rng) for p in choices(form) if p.domain.low < p.domain.high}
    if variant.target == "soft":
        chosen.pop("ignore_index", None)
    arrays = kinds.draw(row, shape, dtype, rng, variant.target, variant.loss.parameters | chosen)
    differentiated = [operand.name for operand in row.differentiated]
    for name, array in arrays.items():
        few = variant.holds in ("probs", "log_probs") or (array.dtype != dtype) or name not in differentiated
        if not few and array.size >= 64:
            assert np.unique(array).size > min(array.size // 4, 300), name
        assert array.size < 20 or classes == 1 or np.unique(array).size > 1, name
    return Inputs(variant.loss, arrays, chosen)


def whole_numbers(domain: Any, shape: Any, rng: np.random.Generator) -> np.ndarray:
    """Return whole numbers from a domain."""
    if domain.ends_only:
        return rng.choice([int(domain.low), int(domain.high)], shape)
    low, high = max(domain.low, -9.0), min(domain.high, 9.0)
    return rng.integers(int(low) + domain.low_open, int(high) + (high < 9), shape)


# -- regimes of rows of logits ----------------------------------------------------------------------------------------


def _bounds_of_subnormal_loss(dtype: Any) -> tuple[float, float]:
    info = np.finfo(dtype)
    return -np.log(info.tiny, dtype=np.float64) + 1, -np.log(info.smallest_subnormal, dtype=np.float64) - 1


def _margin(low: float, high: float) -> Callable[..., Any]:
    """The target is ahead of every other class by a margin from `low` to `high`."""

    def right(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
        logits = rng.normal(scale=2, size=(rows, classes))
        y_true = rng.integers(classes, size=rows)
        places = np.arange(rows)
        logits[places, y_true] = -np.inf
        ahead = logits.max(-1) if classes > 1 else np.zeros(rows)
        logits[places, y_true] = ahead + rng.uniform(low, high, size=rows)
        return y_true, logits.astype(dtype)

    return right


def _subnormal_loss(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
    return _margin(*_bounds_of_subnormal_loss(dtype))(rng, dtype, rows, classes)


def _wrong(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
    logits = rng.normal(scale=rng.choice([1, 10, 30], size=(rows, 1)), size=(rows, classes)).astype(dtype)
    return logits.argmin(-1), logits


def _normal(scale: float, offset: float = 0) -> Callable[..., Any]:
    def spread(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
        return rng.integers(classes, size=rows), rng.normal(offset, scale, size=(rows, classes)).astype(dtype)

    return spread


def _ties(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
    """Every logit of a row the same, in every other row only the largest ones."""
    logits = np.repeat(rng.normal(scale=10, size=(rows, 1)), classes, axis=1)
    logits[1::2] -= rng.integers(0, 3, size=logits[1::2].shape) * 1.5
    return rng.integers(classes, size=rows), logits.astype(dtype)


def _near_ties(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
    logits = np.repeat(rng.normal(scale=10, size=(rows, 1)).astype(dtype), classes, axis=1)
    logits += rng.integers(-5, 6, size=logits.shape).astype(dtype) * np.spacing(logits)
    return rng.integers(classes, size=rows), logits


def _subnormal_logits(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
    logits = rng.uniform(-2, 2, size=(rows, classes)) * np.float64(np.finfo(dtype).tiny)
    return rng.integers(classes, size=rows), logits.astype(dtype)


def _near_the_largest(rng: np.random.Generator, dtype: Any, rows: int, classes: int) -> Any:
    size = rng.uniform(0.5, 1, size=(rows, classes)) * np.float64(np.finfo(dtype).max)
    logits = (size * rng.choice([-1, 1], size=size.shape)).astype(dtype)
    logits[::3] = logits[::3, :1]  # ties of them
    return rng.integers(classes, size=rows), logits


ROW_REGIMES: dict[str, Callable[..., Any]] = {
    "ties": _ties,
    "near ties": _near_ties,
    "spread 1": _normal(1),
    "spread 10": _normal(10),
    "spread 100": _normal(100),
    "spread 1e4": _normal(1e4),
    "offset +1e4": _normal(3, 1e4),
    "offset -1e6": _normal(3, -1e6),
    "subnormal logits": _subnormal_logits,
    "near the largest": _near_the_largest,
    "right by 5 to 14": _margin(5, 14),
    "right by 15 to 35": _margin(15, 35),
    "right by 36 to 85": _margin(36, 85),
    "subnormal loss": _subnormal_loss,
    "wrong": _wrong,
}


#: Frames of many classes: class 0 is the blank, 1 a label.
FRAMES = ("random", "alike", "two of them", "wide", "far below", "offset 8e4", "offset 2e5", "masks -inf")


def frame_of(name: str, classes: int) -> np.ndarray:
    """Return the logits of a frame of many classes."""
    rng = generator("frame", name, classes)
    x = rng.normal(size=classes)
    word, _, number = name.partition(" ")
    if word == "alike":  # each exponential is 2^-20 2^(1 / 32): what a float lacks to that, the loss lacks
        x[:] = 0
        x[1] = (20 - 1 / 32) * np.log(2)
        return x.astype(np.float32)
    if word == "two":
        x -= 40
        x[classes // 2 :][:2] = 0.3
    elif word == "wide":
        x *= 60
    elif word == "far":
        x -= 70  # beside a label: the softmax has subnormal numbers
        x[0] += 80
    elif word == "offset":
        x += float(number)
    elif word == "masks":
        x[2:][rng.random(classes - 2) < 0.5] = -np.inf
    return x.astype(np.float32)


def rows_of(regime: str, dtype: Any, rows: int, classes: int, *key: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return class indices and logits of a regime; a key gives others."""
    y_true, logits = ROW_REGIMES[regime](generator(regime, dtype, rows, classes, *key), np.dtype(dtype), rows, classes)
    assert np.isfinite(logits).all()
    assert logits.dtype == dtype
    if rows >= 24 and classes > 1:
        assert np.unique(y_true).size > 1
        assert np.unique(logits).size > min(rows, logits.size // 4) // 2
    return y_true, logits


# -- regimes of elements ----------------------------------------------------------------------------------------------


def _pair(y_true: Any, y_pred: Any, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray(y_true, np.float64).astype(dtype), np.asarray(y_pred, np.float64).astype(dtype)


def _log_uniform(rng: np.random.Generator, low: float, high: float, n: int) -> np.ndarray:
    """Return numbers of both signs whose logarithms are uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), n)) * rng.choice([-1, 1], n)


def _neighbours(rng: np.random.Generator, dtype: Any, n: int) -> Any:
    y_true, _ = _pair(rng.normal(scale=10, size=n), 0, dtype)
    return y_true, y_true + rng.integers(-5, 6, n).astype(dtype) * np.spacing(y_true)


def _near_kink(rng: np.random.Generator, dtype: Any, n: int) -> Any:
    """Residuals a few ULP around +-1 and +-0.625, exact because the target is 0."""
    kink = (rng.choice([1, 0.625], n) * rng.choice([-1, 1], n)).astype(dtype)
    return np.zeros(n, dtype), kink + rng.integers(-3, 4, n).astype(dtype) * np.spacing(kink)


def _largest(dtype: Any) -> float:
    return float(np.finfo(dtype).max)


#: Residuals of a prediction of a real number: (rng, dtype, n) -> y_true, y_pred.
RESIDUAL_REGIMES: dict[str, Callable[..., Any]] = {
    "ordinary": lambda rng, dtype, n: _pair(rng.normal(size=n), rng.normal(size=n), dtype),
    "equal": lambda rng, dtype, n: (_pair(rng.normal(size=n), 0, dtype)[0],) * 2,
    "neighbours": _neighbours,
    "near a kink": _near_kink,
    "tiny": lambda rng, dtype, n: _pair(0 * rng.random(n), _log_uniform(rng, 1e-30, 1e-3, n), dtype),
    "subnormal": lambda rng, dtype, n: _pair(
        rng.uniform(-2, 2, n) * float(np.finfo(dtype).tiny), rng.uniform(-2, 2, n) * float(np.finfo(dtype).tiny), dtype
    ),
    "large": lambda rng, dtype, n: _pair(_log_uniform(rng, 1e2, 1e9, n), _log_uniform(rng, 1e2, 1e9, n), dtype),
    "square overflows": lambda rng, dtype, n: _pair(
        rng.normal(size=n), _log_uniform(rng, 0.5 * _largest(dtype) ** 0.5, 4 * _largest(dtype) ** 0.5, n), dtype
    ),
    "near the largest": lambda rng, dtype, n: _pair(
        rng.normal(size=n), rng.uniform(0.5, 1, n) * _largest(dtype) * rng.choice([-1, 1], n), dtype
    ),
    "difference overflows": lambda rng, dtype, n: _pair(
        -rng.uniform(0.6, 1, n) * _largest(dtype), rng.uniform(0.6, 1, n) * _largest(dtype), dtype
    ),
}


def _logits(low: float, high: float) -> Callable[..., Any]:
    return lambda rng, dtype, n: rng.uniform(low, high, n) * rng.choice([-1, 1], n)


#: Logits of both signs; the targets of a loss of two classes are drawn beside them.
LOGIT_REGIMES: dict[str, Callable[..., Any]] = {
    "ordinary": lambda rng, dtype, n: rng.normal(scale=3, size=n),
    "tiny": lambda rng, dtype, n: _log_uniform(rng, 1e-30, 1e-3, n),
    "subnormal logits": lambda rng, dtype, n: rng.uniform(-2, 2, n) * float(np.finfo(dtype).tiny),
    "5 to 14": _logits(5, 14),
    "15 to 35": _logits(15, 35),
    "36 to 85": _logits(36, 85),
    "subnormal loss": lambda rng, dtype, n: _logits(*_bounds_of_subnormal_loss(dtype))(rng, dtype, n),
    "spread 1e4": lambda rng, dtype, n: rng.normal(scale=1e4, size=n),
    "near the largest": lambda rng, dtype, n: _logits(0.5, 1)(rng, dtype, n) * _largest(dtype),
}


#: Probabilities, neither 0 nor 1: those have tests of their own.
PROBABILITY_REGIMES: dict[str, Callable[..., Any]] = {
    "ordinary": lambda rng, dtype, n: rng.uniform(0.001, 0.999, n),
    "tiny": lambda rng, dtype, n: abs(_log_uniform(rng, 1e-30, 1e-3, n)),
    "subnormal": lambda rng, dtype, n: rng.uniform(0.01, 2, n) * float(np.finfo(dtype).tiny),
    "near 1": lambda rng, dtype, n: 1 - rng.integers(1, 1 << 12, n) * float(np.finfo(dtype).epsneg),
}


def _near_minus_one(rng: np.random.Generator, dtype: Any, n: int) -> np.ndarray:
    return rng.integers(1, 1 << 12, n) * float(np.finfo(dtype).epsneg) - 1


#: Targets and predictions above -1.
ABOVE_MINUS_ONE_REGIMES: dict[str, Callable[..., Any]] = {
    "ordinary": lambda rng, dtype, n: _pair(np.expm1(rng.normal(size=n)), np.expm1(rng.normal(size=n)), dtype),
    "neighbours": lambda rng, dtype, n: tuple(map(abs, _neighbours(rng, dtype, n))),
    "tiny": lambda rng, dtype, n: _pair(_log_uniform(rng, 1e-30, 1e-3, n), _log_uniform(rng, 1e-30, 1e-3, n), dtype),
    "near -1": lambda rng, dtype, n: _pair(_near_minus_one(rng, dtype, n), rng.normal(size=n) ** 2, dtype)[::-1],
    "both near -1": lambda rng, dtype, n: _pair(_near_minus_one(rng, dtype, n), _near_minus_one(rng, dtype, n), dtype),
    "large": lambda rng, dtype, n: _pair(*np.abs(_log_uniform(rng, 1e2, 1e9, 2 * n)).reshape(2, n), dtype),
    "near the largest": lambda rng, dtype, n: _pair(
        _near_minus_one(rng, dtype, n), rng.uniform(0.5, 1, n) * _largest(dtype), dtype
    ),
}


def element_regimes(row: Any) -> dict[str, Callable[..., Any]]:
    """Return the regimes that fit a pointwise loss."""
    if row.predicted.high == 1:
        return PROBABILITY_REGIMES
    if row.predicted.low == -1:
        return ABOVE_MINUS_ONE_REGIMES
    return RESIDUAL_REGIMES if row.target.low == -np.inf else LOGIT_REGIMES


def elements_of(variant: Variant, regime: str, dtype: Any, n: int, *key: Any) -> Inputs:
    """Return a call of a pointwise loss whose elements are of a regime; a key gives others."""
    rng = generator(str(variant), regime, dtype, n, *key)
    inputs = draw(variant, (n,), dtype, rng)
    drawn = element_regimes(variant.row)[regime](rng, np.dtype(dtype), n)
    if variant.row.axes == "2" and not isinstance(drawn, tuple):  # the logarithm of a rate, or the logit beside it
        inputs.y_pred[::2, 0], inputs.y_pred[1::2, 1] = drawn[::2], drawn[1::2]
        inputs.y_pred[::4, 1] -= np.exp(np.minimum(inputs.y_pred[::4, 0], 4))  # where neither explains a 0
        inputs.y_true[::3] = 0
    elif variant.row.axes == "2":
        inputs.y_true, inputs.y_pred[:, 0] = drawn
        # Scales near 1, and as small or as large as the residual.
        residual = np.abs(inputs.y_pred[:, 0].astype(np.longdouble) - inputs.y_true)
        like = np.log(np.maximum(residual, np.finfo(dtype).tiny)).astype(dtype)
        inputs.y_pred[::2, 1] += like[::2]
    elif isinstance(drawn, tuple):
        inputs.y_true, inputs.y_pred = drawn
    else:
        inputs.y_pred = drawn.astype(dtype)
        if variant.target == "soft":  # some nearly hard, at both ends
            inputs.y_true[::4] = rng.choice([2.0**-20, 1 - 2.0**-20], inputs.y_true[::4].shape)
        elif variant.target == "real":  # some tiny, some large, and zeros where they may be
            ends = [2.0**-20, 2.0**-20 if variant.row.target.low_open else 0, 5000]
            inputs.y_true[::4] = rng.choice(ends, inputs.y_true[::4].shape)
    assert np.isfinite(inputs.y_true).all()
    assert np.isfinite(inputs.y_pred).all()
    if n >= 64:
        assert np.unique(inputs.y_pred).size > (3 if regime == "near a kink" else n // 4)
    return inputs


# -- layouts ----------------------------------------------------------------------------------------------------------


def _stepped(a: np.ndarray) -> np.ndarray:
    wide = np.empty([2 * n + 1 for n in a.shape], a.dtype)
    wide.view(np.uint8 if a.dtype.itemsize == 1 else f"u{a.dtype.itemsize}")[...] = 113
    view = wide[tuple(slice(1, None, 2) for _ in a.shape)]
    view[...] = a
    return view


def _negative(a: np.ndarray) -> np.ndarray:
    backwards = tuple(slice(None, None, -1) for _ in a.shape)
    return a[backwards].copy()[backwards]


def _misaligned(a: np.ndarray) -> np.ndarray:
    buffer = np.zeros(a.nbytes + 1, np.uint8)
    view = buffer[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    assert a.dtype.itemsize == 1 or not a.size or not view.flags.aligned
    return view


def _byte_swapped(a: np.ndarray) -> np.ndarray:
    return a.astype(a.dtype.newbyteorder("S"))


def _read_only(a: np.ndarray) -> np.ndarray:
    a = a.copy()
    a.flags.writeable = False
    return a


def _first_axis_last_in_memory(a: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, 0, -1)), -1, 0)


def _last_axis_first_in_memory(a: np.ndarray) -> np.ndarray:
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(a, -1, 0)), 0, -1)


def _broadcast_rows(a: np.ndarray) -> np.ndarray:
    """Not the same numbers: the first sample again and again, without a byte of memory for it."""
    return np.broadcast_to(a[:1], a.shape)


def _broadcast_columns(a: np.ndarray) -> np.ndarray:
    return np.broadcast_to(a[..., :1], a.shape)


def memory_mapped(directory: Path) -> Callable[[np.ndarray], np.ndarray]:
    """Return the layout of a file that is mapped into memory, read only."""

    def mapped(a: np.ndarray) -> np.ndarray:
        path = directory / f"{secrets.token_hex(8)}.bin"
        path.write_bytes(a.tobytes())
        return np.memmap(path, a.dtype, "r", shape=a.shape)

    return mapped


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "fortran": lambda a: np.array(a, order="F"),
    "negative strides": _negative,
    "stepped": _stepped,
    "misaligned": _misaligned,
    "byte-swapped": _byte_swapped,
    "read-only": _read_only,
    "class axis first": _last_axis_first_in_memory,
    "first axis last": _first_axis_last_in_memory,
    "rows stride 0": _broadcast_rows,
    "columns stride 0": _broadcast_columns,
}


def fits(layout: str, dtype: Any) -> bool:
    """Tell whether a dtype can have a layout (ml_dtypes knows no byte order)."""
    return layout != "byte-swapped" or (np.dtype(dtype).itemsize > 1 and np.dtype(dtype) != ml_dtypes.bfloat16)


# -- memory -----------------------------------------------------------------------------------------------------------

_PEAK = """
import resource, numpy as np, fastloss as fl
rng = np.random.default_rng(0)
{before}
open("/proc/self/clear_refs", "w").write("5")
resident = int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
{call}
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(peak - resident)
"""


def peak_of(call: str, before: str) -> int:
    """Return by how many bytes the memory of a process grows at most in a call, after what comes before it."""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    code = _PEAK.format(before=before, call=call)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if "clear_refs" in done.stderr:
        pytest.skip("the peak of memory cannot be set back here")
    assert not done.returncode, done.stderr
    return int(done.stdout)
