"""Linear-chain conditional random fields: sums over all chains of tags, and what the labelled one is among them."""

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
from .ragged import bad_labels, check_integers, explain_labels, first_frames, joined, lengths_of, strides_of

#: The sums of so many tags are made at once (kernels/sequences/crf.h).
_COLUMNS = 8
#: The gradient of what all sequences share is added up in parts, each of some sequences: at most so many parts, of at
#: most so many numbers together, but for the first eight. So neither the number of threads nor the batch says how.
_PARTS, _FEWEST_PARTS, _NUMBERS = 64, 8, 1 << 21


class Plan(NamedTuple):
    """A call as the kernels take it."""

    call: Call
    labels: Array  # one sequence behind the other
    label_start: Array  # where those of each begin; and the end
    frames: Array  # how many each sequence has
    weights: Array  # of each sequence, 0 where it is left out
    threads: int

    @property
    def tags(self) -> int:
        """How many tags there are."""
        return int(self.call.arrays.by_name["emissions"].shape[-1])


def frames_of(emissions: Array, lengths: Array | None) -> Array:
    """Return how many frames each sequence has; raise where the scores have no such axes."""
    if emissions.ndim not in (2, 3):
        raise ValueError(
            f"emissions has shape {emissions.shape}; it needs three axes: sequences, frames and tags, or two, if the "
            "sequences lie one behind the other"
        )
    if not emissions.shape[-1]:
        raise ValueError(f"emissions has shape {emissions.shape}: frames of no tags")
    given = {} if lengths is None else {"lengths": lengths}
    if emissions.ndim == 2:
        return lengths_of(given, "lengths", "emissions", emissions)
    return lengths_of(given, "lengths", "emissions", emissions, emissions.shape[1], len(emissions))


def check_shape(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Raise where scores of the model are not of the number of tags."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}; it must have {shape}, as emissions has {shape[0]} tags")


def tables_of(transitions: Array, start: Array | None, end: Array | None) -> tuple[Array, Array, float]:
    """Return the tables that the kernels take, their first two filled; the scores of the edges; the largest score."""
    tags = len(transitions)
    width = -(-tags // _COLUMNS) * _COLUMNS
    tables, edges = np.full((4, tags, width), -np.inf), np.zeros((2, width))
    with np.errstate(all="ignore"):
        tables[0, :, :tags], tables[1, :, :tags] = transitions, transitions.T
        for side, scores in enumerate((start, end)):
            if scores is not None:
                edges[side, :tags] = scores
    return tables, edges, max(float(tables[0, :, :tags].max()), np.finfo(np.float64).min)


class Chains(Kind):
    """One loss for each sequence, each frame of which has a tag."""

    name = "sequences"

    def resolve(self, request: Request) -> Arrays:
        arrays = dict(request.arrays)
        emissions, y_true = arrays["emissions"], arrays["y_true"]
        arrays["lengths"] = frames = frames_of(emissions, arrays.get("lengths"))
        tags = emissions.shape[-1]
        for name, shape in (("transitions", (tags, tags)), ("start", (tags,)), ("end", (tags,))):
            if name in arrays:
                check_shape(name, arrays[name], shape)
        check_integers(y_true, "tags")
        longest, samples = int(frames.max(initial=0)), len(frames)
        if y_true.ndim == 2:
            fits = len(y_true) == samples and y_true.shape[1] >= longest
        else:
            fits = y_true.shape == (int(frames.sum()),)
        if not fits:
            padded = f"({samples}, {emissions.shape[1] if emissions.ndim == 3 else longest})"
            raise ValueError(
                f"y_true has shape {y_true.shape}; it must have {padded}, or of sequences one behind the other "
                f"({int(frames.sum())},): a tag for each frame"
            )
        return Arrays(arrays, (samples,), "index")

    def plan(self, call: Call) -> Plan:
        arrays = call.arrays.by_name
        frames, tags = arrays["lengths"], arrays["emissions"].shape[-1]
        labels, start = joined(arrays["y_true"], frames)
        threads = threads_for(call.request.n_threads, int(frames.sum()) * tags * tags)
        return Plan(call, labels, start, frames, sample_weights(call), threads)

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        return math.nan if self._bad_labels(plan).any() else sum_of_weights(plan.weights, weight_sum)

    def explain(self, plan: Plan) -> None:
        given = plan.call.arrays.by_name["y_true"]
        explain_labels(given, plan.labels, plan.label_start, self._bad_labels(plan), plan.tags)

    def _bad_labels(self, plan: Plan) -> Array:
        return bad_labels(plan.labels, plan.label_start, plan.weights, plan.tags)

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        call, tags = plan.call, plan.tags
        if current_engine() == "numba":
            raise no_numba_kernel(call.request.row.name)
        by_name = call.arrays.by_name
        emissions, wanted = by_name["emissions"], results.gradients if call.request.want & GRADIENT else {}
        gradient, samples = wanted.get("emissions"), len(plan.frames)
        shared = [name for name in ("transitions", "start", "end") if name in wanted]
        tables, edges, largest = tables_of(by_name["transitions"], by_name.get("start"), by_name.get("end"))
        size = (tags + 2) * tables.shape[-1]
        most = min(_PARTS, max(_FEWEST_PARTS, _NUMBERS // size))
        in_part = max(-(-samples // most), 1)
        if samples >= 2 * _FEWEST_PARTS:  # a part computes two sequences at once
            in_part += in_part % 2
        parts = np.zeros((-(-samples // in_part), tags + 2, tables.shape[-1])) if shared else None
        packed = emissions.ndim == 2
        arrays = {
            "emissions": emissions,
            "gradient": gradient,
            "tables": tables,
            "edges": edges,
            "parts": parts,
            "labels": plan.labels,
            "label_start": plan.label_start,
            "frames": plan.frames,
            "first_frame": first_frames(plan.frames, packed),
            "weight": plan.weights,
            "value": results.value,
        }
        total: float = kernels.sequences.crf_loss(
            {name: describe(array) for name, array in arrays.items()},
            samples=samples,
            in_part=in_part,
            classes=tags,
            width=tables.shape[-1],
            most_frames=int(plan.frames.max(initial=0)),
            padded_frames=0 if packed else emissions.shape[1],
            emission_strides=strides_of(emissions),
            gradient_strides=strides_of(gradient),
            largest_score=largest,
            bad_transitions=not bool((tables[0] < np.inf).all()),
            bad_edges=not bool((edges < np.inf).all()),
            of_pairs="transitions" in shared,
            denominator=number / factor,
            threads=plan.threads,
            value_factor=factor,
        )
        if parts is not None:
            whole = _added(parts)
            places: dict[str, Any] = {
                "transitions": np.s_[:tags, :tags],
                "start": np.s_[tags, :tags],
                "end": np.s_[tags + 1, :tags],
            }
            with np.errstate(all="ignore"):
                for name in shared:
                    wanted[name][...] = whole[places[name]]
        return reduced(total, number / factor)

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        parts = _PARTS, _FEWEST_PARTS, _NUMBERS
        return kernels.sequences.PlainChains(factor, _COLUMNS, parts, row.names, **places_of(row))

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return sequences of several lengths, and a model."""
        samples, frames, tags = sizes
        return {
            "y_true": rng.integers(0, max(tags, 1), size=(samples, frames)),
            "emissions": rng.normal(scale=2, size=sizes).astype(dtype),
            "transitions": rng.normal(size=(tags, tags)).astype(dtype),
            "start": rng.normal(size=tags).astype(dtype),
            "end": rng.normal(size=tags).astype(dtype),
            "lengths": rng.integers(min(frames, 1), frames + 1, size=samples),
        }


def _added(parts: Array) -> Array:
    """Return the sum of the parts, added pairwise in their order; there may be none."""
    while len(parts) > 1:
        odd = parts[len(parts) // 2 * 2 :]
        parts = np.concatenate([parts[0:-1:2] + parts[1::2], odd])
    return parts[0] if len(parts) else np.zeros(parts.shape[1:])
