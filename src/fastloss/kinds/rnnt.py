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
    places_of,
    sample_weights,
    sum_of_weights,
)
from .ctc import checked_blank
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
    logits: Array  # (N, T, U + 1, C), or of packed sequences (sum of T (U + 1), C)
    labels: Array  # one sequence behind the other
    label_start: Array  # where those of each begin; and the end
    frames: Array  # how many each sequence has
    weights: Array  # of each sequence, 0 where it is left out
    share: Array  # 1 over the length that a loss is divided by
    blank: int
    threads: int
    decoder: Array | None = None  # (N, U + 1, C), or packed; then logits are (N, T, C), and a node's scores are a sum

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
        logits = arrays[request.row.prediction]
        frames, counts = arrays["logit_lengths"], arrays["label_lengths"]
        blank = checked_blank(request.parameters["blank"], logits, len(frames))
        labels, start = joined(arrays["y_true"], counts)
        share = shares_of(request.parameters["per"], counts, frames)
        size = int((frames * (counts + 1)).sum()) * logits.shape[-1]
        threads = threads_for(request.n_threads, size)
        weights = sample_weights(call)
        return Plan(call, logits, labels, start, frames, weights, share, blank, threads, arrays.get("decoder"))

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
        wanted = results.gradients if call.request.want & GRADIENT else {}
        gradient = wanted.get(call.request.row.prediction)
        impossible, nodes = np.zeros(len(plan.frames), np.uint8), plan.nodes
        arrays = {
            "logits": logits,
            "gradient": gradient,
            "labels": plan.labels,
            "label_start": plan.label_start,
            "frames": plan.frames,
            "share": plan.share,
            "impossible": impossible,
            "weight": plan.weights,
            "value": results.value,
        }
        packed = logits.ndim == 2
        if plan.decoder is None:
            arrays["first_node"] = np.cumsum(nodes) - nodes
            layout: dict[str, Any] = {
                "padded_frames": 0 if packed else logits.shape[1],
                "padded_nodes": 0 if packed else logits.shape[2],
                "logits_strides": _strides(logits),
                "gradient_strides": _strides(gradient),
                "normalized": parameters["given"] == "log_probs",
            }
        else:
            decoder, by_decoder = plan.decoder, wanted.get("decoder")
            arrays |= {
                "decoder": decoder,
                "decoder_gradient": by_decoder,
                "first_frame": first_frames(plan.frames, packed),
                "first_place": first_frames(np.diff(plan.label_start) + 1, decoder.ndim == 2),
            }
            layout = {
                "padded_frames": 0 if packed else logits.shape[1],
                "padded_nodes": 0 if decoder.ndim == 2 else decoder.shape[1],
                "logits_strides": (*strides_of(logits), 0),
                "gradient_strides": (*strides_of(gradient), 0),
                "decoder_strides": strides_of(decoder),
                "decoder_gradient_strides": strides_of(by_decoder),
                "normalized": False,
            }
        total: float = kernels.sequences.rnnt(
            {name: describe(array) for name, array in arrays.items()},
            double_precision=call.request.double_precision,
            samples=len(plan.frames),
            classes=logits.shape[-1],
            blank=plan.blank,
            most_nodes=int(nodes.max(initial=0)),
            most_frames=int(plan.frames.max(initial=0)),
            most_labels=int(np.diff(plan.label_start).max(initial=0)),
            packed=packed,
            **layout,
            impossible_is_zero=parameters["impossible"] == "zero",
            fast=float(parameters["fast_emit"]),
            denominator=number / factor,
            threads=plan.threads,
            value_factor=factor,
        )
        if parameters["impossible"] == "raise" and impossible.any():
            raise ValueError(f"no way has the labels of sequence {np.flatnonzero(impossible)[0]}: a logit is -inf")
        return reduced(total, number / factor)

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        return kernels.sequences.PlainGrids(
            factor, parameters["blank"], parameters["per"], parameters["impossible"],
            parameters.get("given") == "log_probs", float(parameters["fast_emit"]), row.names, **places_of(row),
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
        """Return sequences of several lengths; class 0 is the blank."""
        samples, frames, places, classes = sizes
        labels = max(places - 1, 0)
        return {
            "y_true": rng.integers(1, max(classes, 2), size=(samples, labels)),
            "logits": rng.normal(scale=2, size=sizes).astype(dtype),
            "label_lengths": rng.integers(0, labels + 1, size=samples),
            "logit_lengths": rng.integers(min(frames, 1), frames + 1, size=samples),
        }


class JoinedTransducers(Transducers):
    """The same where the scores of a node are the sum of those of its frame and of those of its place in the labels."""

    def resolve(self, request: Request) -> Arrays:
        arrays = dict(request.arrays)
        encoder, decoder = arrays["encoder"], arrays["decoder"]
        for name, array, axis in (("encoder", encoder, "frames"), ("decoder", decoder, "labels and one more")):
            if array.ndim not in (2, 3):
                raise ValueError(
                    f"{name} has shape {array.shape}; it needs three axes: sequences, {axis}, and classes; or two, if "
                    "the sequences lie one behind the other"
                )
        if encoder.shape[-1] != decoder.shape[-1]:
            raise ValueError(
                f"decoder has shape {decoder.shape}, encoder has {encoder.shape}; they must have the same classes"
            )
        if encoder.ndim == 3:
            frames = lengths_of(arrays, "logit_lengths", "encoder", encoder, encoder.shape[1], len(encoder))
        else:
            frames = lengths_of(arrays, "logit_lengths", "encoder", encoder)
        samples = len(frames)
        counts = label_lengths_of(arrays, samples, "U")
        if decoder.ndim == 3:
            if len(decoder) != samples:
                raise ValueError(f"decoder has shape {decoder.shape}; there are {samples} sequences of encoder")
            long = np.flatnonzero(counts >= decoder.shape[1])
            if long.size:
                raise ValueError(
                    f"sequence {long[0]} has {counts[long[0]]} labels; decoder has shape {decoder.shape}, with room "
                    f"for {decoder.shape[1] - 1}: its second axis has one more"
                )
        elif sum(int(u) + 1 for u in counts) != len(decoder):
            raise ValueError(
                f"decoder has {len(decoder)} rows; label_lengths make {sum(int(u) + 1 for u in counts)}, of each "
                "sequence its labels and one more"
            )
        arrays["logit_lengths"], arrays["label_lengths"] = frames, counts
        return Arrays(arrays, (samples,), "index")

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return sequences of several lengths, with half as many labels as frames at most; class 0 is the blank."""
        samples, frames, classes = sizes
        own = super().draw(row, (samples, frames, frames // 2 + 1, 1), dtype, rng)
        labels = own["y_true"].shape[1]
        return {
            "y_true": rng.integers(1, max(classes, 2), size=(samples, labels)),
            "encoder": rng.normal(scale=2, size=sizes).astype(dtype),
            "decoder": rng.normal(scale=2, size=(samples, labels + 1, classes)).astype(dtype),
            "label_lengths": own["label_lengths"],
            "logit_lengths": own["logit_lengths"],
        }


def _strides(array: Array | None) -> tuple[int, int, int]:
    """Return those of sequences, frames and nodes."""
    if array is None:
        return 0, 0, 0
    return (0, 0, array.strides[0]) if array.ndim == 2 else (array.strides[0], array.strides[1], array.strides[2])
