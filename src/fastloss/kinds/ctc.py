"""Connectionist temporal classification: sums over all alignments of labels with the frames of a sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import as_axis, describe
from ..reductions import reduced
from ..rows import Row
from ..runtime import current_engine, kernels, threads_for
from .base import (
    GRADIENT,
    Array,
    Arrays,
    Call,
    Kind,
    Request,
    Results,
    no_numba_kernel,
    places_of,
    sample_weights,
    sum_of_weights,
)
from .ragged import (
    bad_labels,
    explain_labels,
    first_frames,
    joined,
    label_lengths_of,
    lengths_of,
    shares_of,
    strides_of,
)


class Plan(NamedTuple):
    """A call as the kernels take it."""

    call: Call
    logits: Array  # (N, T, C), or of packed sequences (T, C)
    labels: Array  # one sequence behind the other
    label_start: Array  # where those of each begin; and the end
    frames: Array  # how many each sequence has
    first_frame: Array  # of packed sequences; else 0
    weights: Array  # of each sequence, 0 where it is left out
    share: Array  # 1 over the length that a loss is divided by
    blank: int
    threads: int

    @property
    def packed(self) -> bool:
        """Whether the sequences lie one behind the other."""
        return self.logits.ndim == 2

    def of_time(self, array: Array | None) -> Any:
        """Return an array of the caller's with sequences, frames and classes in this order."""
        return of_time(array, self.call.request.parameters["time_axis"])


class Alignments(Kind):
    """One loss for each sequence, whose labels lie somewhere in its frames."""

    name = "sequences"

    def resolve(self, request: Request) -> Arrays:
        arrays = resolved(request.arrays, request.parameters["time_axis"])
        return Arrays(arrays, (len(arrays["logit_lengths"]),), "index")

    def plan(self, call: Call) -> Plan:
        request, arrays = call.request, call.arrays.by_name
        parameters, logits = request.parameters, arrays["logits"]
        classes, frames, counts = logits.shape[-1], arrays["logit_lengths"], arrays["label_lengths"]
        blank = checked_blank(parameters["blank"], logits, len(frames))
        labels, start = joined(arrays["y_true"], counts)
        share = shares_of(parameters["per"], counts, frames)
        first = first_frames(frames, packed=logits.ndim == 2)
        plan = Plan(
            call, logits, labels, start, frames, first, sample_weights(call), share, blank,
            threads_for(request.n_threads, int(frames.sum()) * classes),
        )  # fmt: skip
        return plan._replace(logits=plan.of_time(logits))

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        total = math.nan if self._bad_labels(plan).any() else sum_of_weights(plan.weights, weight_sum)
        if total == total and plan.call.request.parameters["impossible"] == "raise":
            self._refuse_short(plan)
        return total

    def explain(self, plan: Plan) -> None:
        given = plan.call.arrays.by_name["y_true"]
        explain_labels(given, plan.labels, plan.label_start, self._bad_labels(plan), plan.logits.shape[-1], plan.blank)

    def _bad_labels(self, plan: Plan) -> Array:
        """Return which labels of sequences that count are no classes, or the blank."""
        return bad_labels(plan.labels, plan.label_start, plan.weights, plan.logits.shape[-1], plan.blank)

    def _refuse_short(self, plan: Plan) -> None:
        """Raise for the first sequence that has fewer frames than its labels need."""
        refuse_short(plan.labels, plan.label_start, plan.frames, plan.weights != 0)

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        call = plan.call
        if current_engine() == "numba":
            raise no_numba_kernel(call.request.row.name)
        parameters = call.request.parameters
        gradient = plan.of_time(results.gradients.get("logits")) if call.request.want & GRADIENT else None
        impossible = np.zeros(len(plan.frames), np.uint8)
        arrays = {
            "logits": plan.logits,
            "gradient": gradient,
            "labels": plan.labels,
            "label_start": plan.label_start,
            "frames": plan.frames,
            "first_frame": plan.first_frame,
            "share": plan.share,
            "impossible": impossible,
            "weight": plan.weights,
            "value": results.value,
        }
        counts = np.diff(plan.label_start)
        total: float = kernels.sequences.ctc(
            {name: describe(array) for name, array in arrays.items()},
            double_precision=call.request.double_precision,
            samples=len(plan.frames),
            classes=plan.logits.shape[-1],
            blank=plan.blank,
            most_frames=int(plan.frames.max(initial=0)),
            most_labels=int(counts.max(initial=0)),
            padded_frames=0 if plan.packed else plan.logits.shape[1],
            logits_strides=strides_of(plan.logits),
            gradient_strides=strides_of(gradient),
            normalized=parameters["given"] == "log_probs",
            impossible_is_zero=parameters["impossible"] == "zero",
            denominator=number / factor,
            threads=plan.threads,
            value_factor=factor,
        )
        if parameters["impossible"] == "raise" and impossible.any():
            raise ValueError(f"no path has the labels of sequence {np.flatnonzero(impossible)[0]}: a logit is -inf")
        return reduced(total, number / factor)

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        per, axis = parameters["per"], parameters["time_axis"]
        if axis not in (-3, -2, 0, 1):
            return None  # which the long way refuses
        return kernels.sequences.PlainAlignments(
            factor, parameters["blank"], per, parameters["impossible"], parameters["given"] == "log_probs",
            axis in (-3, 0), row.names, **places_of(row),
        )  # fmt: skip

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return sequences of several lengths, whose labels fit in them; class 0 is the blank."""
        samples, frames, classes = sizes
        logit_lengths = (
            rng.integers(max(frames // 2, 1), frames + 1, size=samples) if frames else np.zeros(samples, int)
        )
        label_lengths = rng.integers(0, logit_lengths // 2 + 1)
        y_true = rng.integers(1, max(classes, 2), size=(samples, int(label_lengths.max(initial=0))))
        return {
            "y_true": y_true,
            "logits": rng.normal(scale=3, size=sizes).astype(dtype),
            "label_lengths": label_lengths,
            "logit_lengths": logit_lengths,
        }


def resolved(given: Mapping[str, Array], axis: int) -> dict[str, Array]:
    """Return the arrays with the lengths of all sequences, checked; `axis` is that of the frames."""
    arrays = dict(given)
    logits = arrays["logits"]
    if logits.ndim not in (2, 3):
        raise ValueError(
            f"logits has shape {logits.shape}; it needs three axes: sequences, frames and classes, or two, if the "
            "sequences lie one behind the other"
        )
    if logits.ndim == 3:
        place = as_axis(axis, 3, "time_axis")
        if place == -1:
            raise ValueError(f"time_axis = {axis} is that of the classes, which is the last")
        room, samples = logits.shape[place], logits.shape[-5 - place]
        lengths = lengths_of(arrays, "logit_lengths", "logits", logits, room, samples)
    else:
        lengths = lengths_of(arrays, "logit_lengths", "logits", logits)
    arrays["logit_lengths"], samples = lengths, len(lengths)
    if "y_true" not in arrays:
        return arrays
    arrays["label_lengths"] = label_lengths_of(arrays, samples, "S")
    return arrays


def of_time(array: Array | None, axis: int) -> Any:
    """Return an array with sequences, frames and classes in this order; packed sequences are as they are."""
    if array is None or array.ndim == 2 or axis in (-2, 1):
        return array
    return array.swapaxes(0, 1)  # np.moveaxis took 15 us of a tiny call


def checked_blank(blank: int, logits: Array, samples: int) -> int:
    """Return the class that the blank is; raise where there is none."""
    classes = int(logits.shape[-1])
    if not classes and logits.size + samples:
        raise ValueError(f"logits has shape {logits.shape}: frames of no classes")
    if not -classes <= blank < max(classes, 1):
        raise ValueError(f"blank = {blank} is not a class: there are {classes}")
    return blank % max(classes, 1)


def refuse_short(labels: Array, start: Array, frames: Array, counting: Array | bool = True) -> None:
    """Raise for the first sequence of those that count that has fewer frames than its labels need."""
    counts = np.diff(start)
    repeated = np.concatenate([[False], labels[1:] == labels[:-1]])[: len(labels)]
    repeated[start[:-1][counts > 0]] = False  # the first of a sequence repeats none
    repeats = np.concatenate([[0], np.cumsum(repeated)])[start]
    needed = counts + np.diff(repeats)
    short = np.flatnonzero((frames < needed) & counting)
    if short.size:
        n = short[0]
        raise ValueError(
            f"sequence {n} has {frames[n]} frames; its {counts[n]} labels need {needed[n]}, as a blank stands "
            "between two that are the same"
        )
