"""The transducer (RNN-T): sums over all ways through a grid of frames and labels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import describe
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
from .ctc import checked_blank
from .ragged import bad_labels, explain_labels, joined, label_lengths_of, lengths_of, shares_of


class Plan(NamedTuple):
    """A call as the kernels take it."""

    call: Call
    logits: Array  # (N, T, U + 1, C), or of packed sequences (sum of T (U + 1), C)
    labels: Array  # one sequence behind the other
    label_start: Array  # where those of each begin; and the end
    frames: Array  # how many each sequence has
    weights: Array  # of each sequence, 0 where it is left out
    share: Array  # 1 over the length that a loss is divided by
    blank: int
    threads: int

    @property
    def nodes(self) -> Array:
        """How many nodes each sequence has."""
        nodes: Array = self.frames * (np.diff(self.label_start) + 1)
        return nodes


class Transducers(Kind):
    """One loss for each sequence, at each node of whose grid there is a softmax."""

    name = "sequences"

    def resolve(self, request: Request) -> Arrays:
        arrays = dict(request.arrays)
        logits = arrays["logits"]
        if logits.ndim not in (2, 4):
            raise ValueError(
                f"logits has shape {logits.shape}; it needs four axes: sequences, frames, labels and one more, and "
                "classes; or two, if the nodes of all sequences lie one behind the other"
            )
        padded = logits.ndim == 4
        if padded:
            frames = lengths_of(arrays, "logit_lengths", "logits", logits, logits.shape[1], len(logits))
        elif "logit_lengths" in arrays:
            room = np.iinfo(np.int64).max
            frames = lengths_of(arrays, "logit_lengths", "logits", logits, room, len(arrays["logit_lengths"]))
        else:
            raise ValueError(f"logits has shape {logits.shape}: sequences one behind the other need logit_lengths")
        samples = len(frames)
        counts = label_lengths_of(arrays, samples, "U")
        if padded:
            long = np.flatnonzero(counts >= logits.shape[2])
            if long.size:
                raise ValueError(
                    f"sequence {long[0]} has {counts[long[0]]} labels; logits has shape {logits.shape}, with room for "
                    f"{logits.shape[2] - 1}: its third axis has one more"
                )
        else:
            whole = sum(t * (u + 1) for t, u in zip(map(int, frames), map(int, counts), strict=True))
            if whole != len(logits):
                raise ValueError(
                    f"logits has {len(logits)} rows; logit_lengths and label_lengths make {whole} nodes, frames times "
                    "labels and one more"
                )
        arrays["logit_lengths"], arrays["label_lengths"] = frames, counts
        return Arrays(arrays, (samples,), "index")

    def plan(self, call: Call) -> Plan:
        request, arrays = call.request, call.arrays.by_name
        logits, frames, counts = arrays["logits"], arrays["logit_lengths"], arrays["label_lengths"]
        blank = checked_blank(request.parameters["blank"], logits, len(frames))
        labels, start = joined(arrays["y_true"], counts)
        share = shares_of(request.parameters["per"], counts, frames)
        size = int((frames * (counts + 1)).sum()) * logits.shape[-1]
        threads = threads_for(request.n_threads, size)
        return Plan(call, logits, labels, start, frames, sample_weights(call), share, blank, threads)

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        total = math.nan if self._bad_labels(plan).any() else sum_of_weights(plan.weights, weight_sum)
        if total == total and plan.call.request.parameters["impossible"] == "raise":
            empty = np.flatnonzero((plan.frames == 0) & (plan.weights != 0))
            if empty.size:
                raise ValueError(f"sequence {empty[0]} has no frames: there is no way through it")
        return total

    def explain(self, plan: Plan) -> None:
        given = plan.call.arrays.by_name["y_true"]
        explain_labels(given, plan.labels, plan.label_start, self._bad_labels(plan), plan.logits.shape[-1], plan.blank)

    def _bad_labels(self, plan: Plan) -> Array:
        return bad_labels(plan.labels, plan.label_start, plan.weights, plan.logits.shape[-1], plan.blank)

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        call, logits = plan.call, plan.logits
        if current_engine() == "numba":
            raise no_numba_kernel(call.request.row.name)
        parameters = call.request.parameters
        gradient = results.gradients.get("logits") if call.request.want & GRADIENT else None
        impossible, nodes = np.zeros(len(plan.frames), np.uint8), plan.nodes
        arrays = {
            "logits": logits,
            "gradient": gradient,
            "labels": plan.labels,
            "label_start": plan.label_start,
            "frames": plan.frames,
            "first_node": np.cumsum(nodes) - nodes,
            "share": plan.share,
            "impossible": impossible,
            "weight": plan.weights,
            "value": results.value,
        }
        packed = logits.ndim == 2
        total: float = kernels.sequences.rnnt(
            {name: describe(array) for name, array in arrays.items()},
            double_precision=call.request.double_precision,
            samples=len(plan.frames),
            classes=logits.shape[-1],
            blank=plan.blank,
            most_nodes=int(nodes.max(initial=0)),
            most_frames=int(plan.frames.max(initial=0)),
            most_labels=int(np.diff(plan.label_start).max(initial=0)),
            padded_frames=0 if packed else logits.shape[1],
            padded_nodes=0 if packed else logits.shape[2],
            logits_strides=_strides(logits),
            gradient_strides=_strides(gradient),
            packed=packed,
            normalized=parameters["given"] == "log_probs",
            impossible_is_zero=parameters["impossible"] == "zero",
            fast=float(parameters["fast_emit"]),
            denominator=number / factor,
            threads=plan.threads,
            value_factor=factor,
        )
        if parameters["impossible"] == "raise" and impossible.any():
            raise ValueError(f"no way has the labels of sequence {np.flatnonzero(impossible)[0]}: a logit is -inf")
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
        """Return sequences of several lengths; class 0 is the blank."""
        samples, frames, places, classes = sizes
        labels = max(places - 1, 0)
        return {
            "y_true": rng.integers(1, max(classes, 2), size=(samples, labels)),
            "logits": rng.normal(scale=2, size=sizes).astype(dtype),
            "label_lengths": rng.integers(0, labels + 1, size=samples),
            "logit_lengths": rng.integers(min(frames, 1), frames + 1, size=samples),
        }


def _strides(array: Array | None) -> tuple[int, int, int]:
    """Return those of sequences, frames and nodes."""
    if array is None:
        return 0, 0, 0
    return (0, 0, array.strides[0]) if array.ndim == 2 else (array.strides[0], array.strides[1], array.strides[2])
