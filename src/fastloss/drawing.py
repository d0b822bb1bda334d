"""Ordinary numbers of a domain: what tests, benchmarks and pictures begin with (``Kind.draw``).

Hard cases are not here: those are the tests' own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .rows import Domain

Array = np.ndarray[Any, Any]


def numbers_of(domain: Domain, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return numbers from the inside of an interval; of a long one they are near its end, or near 0."""
    if domain.high - domain.low <= 16:
        # So far from both ends that no type rounds a number to them: a probability of 0 or 1 is a case of its own.
        return domain.low + (1 + 126 * rng.random(shape)) / 128 * (domain.high - domain.low)
    if math.isfinite(domain.low):
        return domain.low + 0.25 * domain.low_open + rng.exponential(size=shape)
    if math.isfinite(domain.high):
        return domain.high - 0.25 - rng.exponential(size=shape)
    return rng.normal(scale=3, size=shape)


def target_of(domain: Domain, form: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return targets of a form: of its domain's ends, or from its inside."""
    if form == "hard":
        return rng.choice([domain.low, domain.high], size=shape)
    return numbers_of(domain, shape, rng)


def target_of_rows(form: str, shape: tuple[int, ...], classes: int, rng: np.random.Generator) -> Array:
    """Return targets of rows of classes; `shape` is that of the predictions, `classes` is how many labels there are."""
    if form == "index":
        return rng.integers(max(classes, 1), size=shape[:-1])
    if form == "number":
        return rng.normal(scale=3, size=shape[:-1])
    if form == "soft":
        return distributions(shape, rng)
    # A few shares, some of them 0 and 1; members are one or the other.
    return rng.integers(2, size=shape) if form == "members" else rng.integers(5, size=shape) / 4


def distributions(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return probabilities along the last axis, with zeros among them."""
    rows, classes = math.prod(shape[:-1]), shape[-1]
    y = rng.exponential(size=(rows, classes)) * (rng.random((rows, classes)) < 0.7)
    y[np.arange(rows), rng.integers(classes, size=rows)] += 0.1
    y /= y.sum(-1, keepdims=True)
    return y.reshape(shape)


def held_by_rows(holds: str, logits: Array) -> Array:
    """Return what predictions hold, made of logits; no probability is so small that a half would be 0."""
    if holds not in ("probs", "log_probs") or not logits.size:
        return logits
    p: Array = np.exp(logits - logits.max(-1, keepdims=True))
    p = 0.99 * p / p.sum(-1, keepdims=True) + 0.01 / logits.shape[-1]
    return p if holds == "probs" else np.log(p, out=p)
