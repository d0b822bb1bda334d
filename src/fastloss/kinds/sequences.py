"""Losses of sequences: sums over all paths through a lattice. Where does a sequence begin, and how long is it?

A batch is padded, its samples on one axis and its frames on another, or packed, one sequence behind the other. The
kernels see no difference: they are told the first frame of each sequence, and how many it has.
"""

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
    sample_weights,
    sum_of_weights,
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
        if array is None or array.ndim == 2:
            return array
        return np.moveaxis(array, self.call.request.parameters["time_axis"], -2)


class Sequences(Kind):
    """One loss for each sequence."""

    name = "sequences"

    def resolve(self, request: Request) -> Arrays:
        arrays = dict(request.arrays)
        logits, parameters = arrays["logits"], request.parameters
        if logits.ndim not in (2, 3):
            raise ValueError(
                f"logits has shape {logits.shape}; it needs three axes: sequences, frames and classes, or two, if the "
                "sequences lie one behind the other"
            )
        if logits.ndim == 3:
            axis = as_axis(parameters["time_axis"], 3, "time_axis")
            if axis == -1:
                raise ValueError(f"time_axis = {parameters['time_axis']} is that of the classes, which is the last")
            room, samples = logits.shape[axis], logits.shape[-5 - axis]
            lengths = lengths_of(arrays, "logit_lengths", "logits", logits, room, samples)
        else:
            lengths = lengths_of(arrays, "logit_lengths", "logits", logits)
        arrays["logit_lengths"], samples = lengths, len(lengths)
        labels = arrays["y_true"]
        if labels.dtype.kind not in "iub" and labels.size:
            raise TypeError(f"y_true has dtype {labels.dtype}; labels are integers")
        if labels.ndim not in (1, 2):
            raise ValueError(f"y_true has shape {labels.shape}; it must have ({samples}, S), or one axis")
        if labels.ndim == 2 and len(labels) != samples:
            raise ValueError(f"y_true has shape {labels.shape}; there are {samples} sequences of logits")
        of_labels = labels.shape[1] if labels.ndim == 2 else None
        arrays["label_lengths"] = lengths_of(arrays, "label_lengths", "y_true", labels, of_labels, samples, "labels")
        return Arrays(arrays, (samples,), "index")

    def plan(self, call: Call) -> Plan:
        request, arrays = call.request, call.arrays.by_name
        parameters, logits = request.parameters, arrays["logits"]
        classes, blank = logits.shape[-1], parameters["blank"]
        if not classes and logits.size + math.prod(call.arrays.samples):
            raise ValueError(f"logits has shape {logits.shape}: frames of no classes")
        if not -classes <= blank < max(classes, 1):
            raise ValueError(f"blank = {blank} is not a class: there are {classes}")
        frames, counts = arrays["logit_lengths"], arrays["label_lengths"]
        start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        labels = arrays["y_true"]
        if labels.ndim == 2:
            labels = labels[np.arange(labels.shape[1]) < counts[:, None]]
        lengths = {"sequence": None, "label": counts, "frame": frames}[parameters["per"]]
        share = np.ones(len(counts)) if lengths is None else 1 / np.maximum(lengths, 1)
        first = first_frames(frames, packed=logits.ndim == 2)
        plan = Plan(
            call, logits, labels.astype(np.int64), start, frames, first, sample_weights(call), share,
            blank % max(classes, 1), threads_for(request.n_threads, int(frames.sum()) * classes),
        )  # fmt: skip
        return plan._replace(logits=plan.of_time(logits))

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        total = math.nan if self._bad_labels(plan).any() else sum_of_weights(plan.weights, weight_sum)
        if total == total and plan.call.request.parameters["impossible"] == "raise":
            self._refuse_short(plan)
        return total

    def explain(self, plan: Plan) -> None:
        bad = np.flatnonzero(self._bad_labels(plan))
        if bad.size:
            sequence = int(np.searchsorted(plan.label_start, bad[0], side="right")) - 1
            given = plan.call.arrays.by_name["y_true"]
            place = f"{sequence}, {bad[0] - plan.label_start[sequence]}" if given.ndim == 2 else f"{bad[0]}"
            label, classes = plan.labels[bad[0]], plan.logits.shape[-1]
            why = "the blank" if label == plan.blank else f"not in [0, {classes})"
            raise ValueError(f"y_true[{place}] = {label} is {why}")

    def _bad_labels(self, plan: Plan) -> Array:
        """Return which labels of sequences that count are no classes, or the blank."""
        labels = plan.labels
        bad: Array = (labels < 0) | (labels >= plan.logits.shape[-1]) | (labels == plan.blank)
        if not bad.any():
            return bad
        bad &= np.repeat(plan.weights, np.diff(plan.label_start)) != 0
        return bad

    def _refuse_short(self, plan: Plan) -> None:
        """Raise for the first sequence that has fewer frames than its labels need."""
        labels, counts = plan.labels, np.diff(plan.label_start)
        repeated = np.concatenate([[False], labels[1:] == labels[:-1]])[: len(labels)]
        repeated[plan.label_start[:-1][counts > 0]] = False  # the first of a sequence repeats none
        repeats = np.concatenate([[0], np.cumsum(repeated)])[plan.label_start]
        needed = counts + np.diff(repeats)
        short = np.flatnonzero((plan.frames < needed) & (plan.weights != 0))
        if short.size:
            n = short[0]
            raise ValueError(
                f"sequence {n} has {plan.frames[n]} frames; its {counts[n]} labels need {needed[n]}, as a blank stands "
                "between two that are the same"
            )

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


def strides_of(array: Array | None) -> tuple[int, int]:
    """Return those of sequences and of frames; packed sequences have one base."""
    if array is None:
        return 0, 0
    return (0, array.strides[0]) if array.ndim == 2 else (array.strides[0], array.strides[1])


def first_frames(frames: Array, packed: bool) -> Array:
    """Return where each sequence begins: behind the one before it, or of padded ones at 0."""
    return np.cumsum(frames) - frames if packed else np.zeros(len(frames), np.int64)


def lengths_of(
    given: Mapping[str, Array],
    name: str,
    of: str,
    array: Array,
    room: int | None = None,
    samples: int | None = None,
    parts: str = "sequences",
) -> Array:
    """Return how long each sample of an array is, checked.

    Those of a padded array are at most as long as there is `room`, and are so by default. Without room the samples lie
    one behind the other: then their lengths have to be given, and add up to the array's.
    """
    lengths = given.get(name)
    if lengths is None:
        if room is not None:
            return np.full(len(array) if samples is None else samples, room, np.int64)
        raise ValueError(
            f"{of} has shape {array.shape}: {parts} one behind the other need {name}; of one sequence pass {of}[None]"
        )
    if lengths.dtype.kind not in "iu" and lengths.size:
        raise TypeError(f"{name} has dtype {lengths.dtype}; lengths are integers")
    if lengths.ndim != 1 or (samples is not None and len(lengths) != samples):
        there = "one axis" if samples is None else f"the shape ({samples},), one for each sequence"
        raise ValueError(f"{name} has shape {lengths.shape}; it must have {there}")
    bad = np.flatnonzero((lengths < 0) | (lengths > (np.iinfo(np.int64).max if room is None else room)))
    if bad.size:
        beyond = f"{of} has {room}" if room is not None and lengths[bad[0]] > 0 else "a length is at least 0"
        raise ValueError(f"{name}[{bad[0]}] = {lengths[bad[0]]}; {beyond}")
    if room is None and sum(map(int, lengths)) != len(array):
        raise ValueError(f"{name} adds up to {sum(map(int, lengths))}; {of} has {len(array)}")
    return lengths.astype(np.int64)
