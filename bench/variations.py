"""What a call may ask for beside the plain value and gradient: each changes a workload's arrays or keywords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workloads import Problem

Change = Callable[["Problem", np.random.Generator], "Problem"]


def _method(name: str) -> Change:
    return lambda problem, rng: replace(problem, method=name)


def _keywords(**keywords: object) -> Change:
    return lambda problem, rng: replace(problem, keywords={**problem.keywords, **keywords})


def _for_each_sample(name: str, draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]) -> Change:
    return lambda problem, rng: replace(problem, keywords={**problem.keywords, name: draw(rng, problem.samples)})


def _weights(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.5, 2.0, shape).astype(np.float32)


def _class_weight(problem: Problem, rng: np.random.Generator) -> Problem:
    weights = rng.uniform(0.5, 2.0, problem.classes)
    return replace(problem, keywords={**problem.keywords, "class_weight": weights})


def _ignore_index(problem: Problem, rng: np.random.Generator) -> Problem:
    labels = np.where(rng.random(problem.samples) < 0.1, -100, problem.y_true)
    return replace(problem, y_true=labels, keywords={**problem.keywords, "ignore_index": -100})


def _soft_targets(problem: Problem, rng: np.random.Generator) -> Problem:
    shares = rng.dirichlet(np.ones(problem.classes), problem.samples).astype(problem.y_pred.dtype)
    return replace(problem, y_true=np.moveaxis(shares, -1, problem.axis))


def _targets_as(dtype: str) -> Change:
    return lambda problem, rng: replace(problem, y_true=problem.y_true.astype(dtype))


def _strided(problem: Problem, rng: np.random.Generator) -> Problem:
    """Every second sample of an array twice as long: a column of a table, a slice of a batch."""
    doubled = np.repeat(problem.y_pred, 2, axis=0)
    return replace(problem, y_pred=doubled[::2])


VARIATIONS: dict[str, Change] = {
    "value": _method("__call__"),
    "gradient": _method("grad"),
    "hessian": _method("value_grad_hess"),
    "sample_weight": _for_each_sample("sample_weight", _weights),
    "where": _for_each_sample("where", lambda rng, shape: rng.random(shape) < 0.9),
    "reduction=none": _keywords(reduction="none"),
    "float-targets": _targets_as("float32"),
    "float64-targets": _targets_as("float64"),
    "integer-targets": _targets_as("int64"),
    "strided": _strided,
    "class_weight": _class_weight,
    "ignore_index": _ignore_index,
    "soft": _soft_targets,
    "label_smoothing": _keywords(label_smoothing=0.1),
    "z_loss": _keywords(z_loss=1e-4),
    "temperature": _keywords(temperature=2.0),
    "softcap": _keywords(softcap=30.0),
}
