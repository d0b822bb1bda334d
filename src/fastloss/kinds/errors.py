"""Losses of the errors of pixels in their order: a surrogate of the Jaccard index (Lovász's extension of it).

The errors of a region are sorted, the largest first, and each is multiplied by what the index loses when its pixel is
added to those that are wrong. A sample is an image, or the batch; its numbers are computed in float64, by NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import as_axis, first_true, place, quiet, without_axis
from ..reductions import added, reduced, scale
from ..rows import Row
from ..samples import LeftOut
from ..targets import check_labels
from .base import Array, Arrays, Call, Kind, Request, Results, sample_weights, sum_of_weights
from .groups import descending


class Plan(NamedTuple):
    """A call, its classes on the last axis."""

    call: Call
    logits: Array  # with one axis of regions before those of pixels
    y_true: Array
    weights: Array  # of each region, 0 where it is left out
    ignored: int | None

    def kept(self) -> Array:
        """Return which pixels count."""
        ones = (1,) * (self.y_true.ndim - 1)
        kept = np.broadcast_to((self.weights != 0).reshape(-1, *ones), self.y_true.shape)
        return kept if self.ignored is None else kept & (self.y_true != self.ignored)


class Errors(Kind):
    """One loss for each image, or for the batch."""

    name = "errors"

    def samples(self, row: Row, prediction: Array, parameters: Mapping[str, Any]) -> tuple[int, ...]:
        shape, axis = prediction.shape, parameters.get("axis")
        least = 1 if axis is None else 2
        if len(shape) < least:
            axes = "one of images" if least == 1 else "one of images and one of classes"
            raise ValueError(f"{row.prediction} has shape {shape}; it needs axes: {axes}")
        if axis is not None:
            place = as_axis(axis, len(shape))
            if place == -len(shape):
                raise ValueError(f"axis = {axis} is that of the images; the classes have another one")
            if not shape[place]:
                raise ValueError(f"{row.prediction} has shape {shape}: there are no classes on axis {axis}")
        return () if parameters["over"] == "batch" else shape[:1]

    def resolve(self, request: Request) -> Arrays:
        row, axis = request.row, request.parameters.get("axis")
        logits, y_true = request.arrays[row.prediction], request.arrays["y_true"]
        samples = self.samples(row, logits, request.parameters)
        shape = logits.shape if axis is None else without_axis(logits.shape, as_axis(axis, logits.ndim))
        if y_true.shape != shape:
            raise ValueError(
                f"y_true has shape {y_true.shape}; for logits of shape {logits.shape} it must have {shape}"
            )
        return Arrays(dict(request.arrays), samples, "labels" if axis is not None else "masks")

    def plan(self, call: Call) -> Plan:
        request, by_name = call.request, call.arrays.by_name
        logits, y_true, axis = by_name[request.row.prediction], by_name["y_true"], request.parameters.get("axis")
        logits = logits[..., None] if axis is None else np.moveaxis(logits, axis, -1)
        if request.parameters["over"] == "batch":
            logits, y_true = logits[None], y_true[None]
        weights = sample_weights(call).reshape(-1)
        return Plan(call, logits, y_true, weights, request.parameters["ignore_index"])

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        given, most = plan.y_true, 1 if plan.call.arrays.form == "masks" else plan.logits.shape[-1] - 1
        with np.errstate(all="ignore"):
            good = (given >= 0) & (given <= most) & (given == np.trunc(given))
        chosen = plan.call.request.parameters.get("classes", "all")
        if not isinstance(chosen, str) and max(chosen) > most:
            raise ValueError(f"classes has {max(chosen)}; there are {most + 1} classes")
        return sum_of_weights(plan.weights, weight_sum) if (good | ~plan.kept()).all() else math.nan

    @quiet
    def explain(self, plan: Plan) -> None:
        y_true = plan.call.arrays.by_name["y_true"]
        kept = plan.kept().reshape(y_true.shape)
        if plan.call.arrays.form == "labels":
            check_labels(y_true, plan.logits.shape[-1], None, LeftOut(kept, None, None))
            return
        domain = plan.call.request.row.target
        bad = first_true((y_true != domain.low) & (y_true != domain.high) & kept)
        if bad is not None:
            number = y_true.reshape(-1)[bad]
            raise ValueError(f"{place('y_true', bad, y_true.shape)} = {number} is not {domain.description}")

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        request = plan.call.request
        of_region = _hinge if plan.call.arrays.form == "masks" else _softmax
        losses, kept = np.zeros(len(plan.weights)), plan.kept()
        gradient = next(iter(results.gradients.values()), None)
        if gradient is not None:
            axis = request.parameters.get("axis")
            gradient = gradient[..., None] if axis is None else np.moveaxis(gradient, axis, -1)
            gradient = gradient[None] if request.parameters["over"] == "batch" else gradient
        with np.errstate(all="ignore"):
            for k, weight in enumerate(plan.weights):
                counts = kept[k].ravel()
                if not weight or not counts.any():
                    if gradient is not None:
                        gradient[k] = 0
                    continue
                y_true, scores = plan.y_true[k].ravel(), plan.logits[k].reshape(len(counts), -1)
                some = None if counts.all() else np.flatnonzero(counts)
                if some is not None:
                    y_true, scores = y_true[some], scores[some]
                loss, own = of_region(y_true, scores.astype(np.float64), request.parameters, gradient is not None)
                losses[k] = weight * loss
                if gradient is not None:
                    own *= factor * scale(number) * weight
                    if some is not None:
                        slopes = np.zeros((len(counts), own.shape[1]))
                        slopes[some] = own
                        own = slopes
                    gradient[k] = own.reshape(gradient[k].shape)
        if results.value is not None:
            results.value[...] = (factor * losses + 0.0).reshape(results.value.shape)
        return reduced(added(losses), number / factor)

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return logits that are right more often than not."""
        logits = rng.normal(scale=2, size=sizes)
        if not any(parameter.kind == "axis" for parameter in row.parameters):
            there = rng.random(sizes) < 0.3
            return {"y_true": there.astype(dtype), row.prediction: (logits + 4 * there - 2).astype(dtype)}
        axis = as_axis((parameters or {}).get("axis", 1), len(sizes))
        labels = rng.integers(sizes[axis], size=without_axis(sizes, axis))
        there = np.moveaxis(np.arange(sizes[axis]) == labels[..., None], -1, axis)
        return {"y_true": labels, row.prediction: (logits + 2 * there).astype(dtype)}


def _losses_of_index(there: Array) -> Array:
    """Return what Jaccard's index loses with each of the pixels, in their order, that are added to the wrong ones.

    With t pixels of the class, of which h are not wrong yet, and w others that are, the index is h / (t + w). One pixel
    of the class takes off 1 / (t + w), another one h / (t + w) - h / (t + w + 1).
    """
    found = np.cumsum(there)
    total = found[-1]
    union = total + np.arange(1, len(there) + 1) - found
    loss: Array = np.where(there, 1.0, (total - found) / np.maximum(union - 1.0, 1.0)) / union
    if not total:
        loss[0] = 1.0  # of a class that is not there the first wrong pixel takes off all
    return loss


def _sorted_loss(there: Array, errors: Array, more: int = 0) -> tuple[float, Array]:
    """Return the loss of a class and its slope by each error; `more` pixels of the class have none."""
    order = descending(errors)
    ordered = np.concatenate([there[order], np.ones(more, bool)])
    losses = _losses_of_index(ordered)[: len(order)] if len(ordered) else np.zeros(0)
    slopes = np.empty_like(errors)
    slopes[order] = losses
    return float((errors[order] * losses).sum()), slopes


def _hinge(y_true: Array, logits: Array, parameters: Mapping[str, Any], wants: bool) -> tuple[float, Array]:
    """Errors max(0, 1 - (2 y - 1) x); those that are 0 count for nothing, and need no order."""
    there, x = y_true == 1, logits[:, 0]
    if np.isnan(x).any():
        return math.nan, np.full_like(logits, math.nan)
    errors = np.where(there, 1 - x, 1 + x)
    wrong = np.flatnonzero(errors >= 0)
    errors, of_wrong = errors[wrong], there[wrong]
    loss, own = _sorted_loss(of_wrong, errors, int(np.count_nonzero(there) - np.count_nonzero(of_wrong)))
    np.negative(own, out=own, where=of_wrong)
    own[errors == 0] *= 0.5
    slopes = np.zeros_like(logits)
    slopes[wrong, 0] = own
    return loss, slopes


def _softmax(y_true: Array, logits: Array, parameters: Mapping[str, Any], wants: bool) -> tuple[float, Array]:
    """Errors 1 - p of a class's own pixels and p of others, and their mean over the classes that count."""
    classes, chosen = logits.shape[1], parameters["classes"]
    labels = y_true.astype(np.int64)
    largest = logits.argmax(axis=1)[:, None]
    shares = np.exp(logits - np.take_along_axis(logits, largest, 1))
    if np.isnan(shares).any():
        return math.nan, np.full_like(logits, math.nan)
    np.put_along_axis(shares, largest, 0.0, 1)
    others = shares.sum(axis=1, keepdims=True)
    np.put_along_axis(shares, largest, 1.0, 1)
    whole = 1 + others
    counted = range(classes) if isinstance(chosen, str) else chosen
    if chosen == "present":
        counted = np.unique(labels).tolist()
    losses, slopes = [], np.zeros_like(logits)
    for c in counted:
        there = labels == c
        missing = np.where(largest[:, 0] == c, others[:, 0], whole[:, 0] - shares[:, c]) / whole[:, 0]
        loss, own = _sorted_loss(there, np.where(there, missing, shares[:, c] / whole[:, 0]))
        losses.append(loss)
        slopes[:, c] = np.where(there, -own, own)
    if wants:
        shares /= whole
        slopes -= np.take_along_axis(slopes, largest, 1)  # of a pixel that is certain the sum below is all there is
        slopes -= (slopes * shares).sum(axis=1, keepdims=True)
        slopes *= shares
        slopes /= len(losses)
    return math.fsum(losses) / len(losses), slopes
