"""Losses of the errors of pixels in their order: a surrogate of the Jaccard index (Lovász's extension of it).

The errors of a region are sorted, the largest first, and each is multiplied by what the index loses when its pixel is
added to those that are wrong. A sample is an image, or the batch; a kernel computes it in float64, on one thread
(``kernels/regions/errors.h``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import as_axis, describe, dtype_number, first_true, place, quiet, without_axis
from ..reductions import added, reduced, scale
from ..rows import Row
from ..runtime import kernels, threads_for
from ..samples import LeftOut
from ..targets import check_labels
from .base import Array, Arrays, Call, Kind, Request, Results, sample_weights, sum_of_weights
from .regions import counted_classes

#: The pixels of a region are sorted by numbers of 32 bits.
_MOST_PIXELS = 2**32


class Plan(NamedTuple):
    """A call as the kernels take it, its classes on the last axis."""

    call: Call
    logits: Array
    y_true: Array
    weights: Array  # of each region, 0 where it is left out
    counted: Array | None  # which classes are; None: those that are there

    def classes_last(self, array: Array) -> Array:
        """Return an array of the caller with its classes on the last axis; where it has none, one of one class."""
        axis = self.call.request.parameters.get("axis")
        return array[..., None] if axis is None else np.moveaxis(array, axis, -1)

    def loop(self, values: Array | None, gradient: Array | None = None, multiplier: float = 0.0) -> float:
        """Leave the weighted loss of each region and its gradient; without `values` return NaN if a target is bad."""
        if not self.logits.size:
            if values is not None:
                values[...] = 0
            return 0.0
        request, by_label = self.call.request, self.call.arrays.form == "labels"
        logits = self.logits if by_label else self.logits[..., 0]
        if gradient is not None:
            gradient = self.classes_last(gradient) if by_label else gradient
        arrays = {"logits": logits, "y_true": self.y_true, "gradient": gradient}
        result: float = kernels.regions.errors(
            {name: None if array is None else describe(array[0, ...]) for name, array in arrays.items()},
            strides=tuple(0 if array is None else array.strides[0] for array in arrays.values()),
            images=len(logits),
            pixels=math.prod(self.y_true.shape[1:]),
            classes=self.logits.shape[-1],
            by_label=by_label,
            batch=request.parameters["over"] == "batch",
            ignore_index=request.parameters["ignore_index"],
            weights=self.weights,
            counted=self.counted,
            values=values,
            multiplier=multiplier,
            threads=threads_for(request.n_threads, logits.size),
        )
        return result


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
        logits, y_true = by_name[request.row.prediction], by_name["y_true"]
        if dtype_number(y_true.dtype) in (9, 10):  # halves
            y_true = y_true.astype(np.float32)
        plan = Plan(call, logits, y_true, sample_weights(call).reshape(-1), None)
        plan = plan._replace(logits=plan.classes_last(logits))
        pixels = math.prod(y_true.shape if request.parameters["over"] == "batch" else y_true.shape[1:])
        if pixels >= _MOST_PIXELS:
            raise ValueError(
                f"y_true has shape {y_true.shape}: {pixels} pixels of a region; it has to have less than 2^32"
            )
        chosen, classes = request.parameters.get("classes", "all"), plan.logits.shape[-1]
        if chosen == "present":
            return plan
        return plan._replace(counted=counted_classes(chosen, classes).view(np.uint8))

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        return math.nan if plan.loop(None) != 0 else sum_of_weights(plan.weights, weight_sum)

    @quiet
    def explain(self, plan: Plan) -> None:
        call = plan.call
        y_true = call.arrays.by_name["y_true"]
        ones, ignored = (1,) * (y_true.ndim - 1), call.request.parameters["ignore_index"]
        kept = np.broadcast_to((plan.weights != 0).reshape(-1, *ones), y_true.shape)
        kept = kept if ignored is None else kept & (y_true != ignored)
        if call.arrays.form == "labels":
            check_labels(y_true, plan.logits.shape[-1], None, LeftOut(kept, None, None))
            return
        domain = call.request.row.target
        bad = first_true((y_true != domain.low) & (y_true != domain.high) & kept)
        if bad is not None:
            number = y_true.reshape(-1)[bad]
            raise ValueError(f"{place('y_true', bad, y_true.shape)} = {number} is not {domain.description}")

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        losses = np.empty(len(plan.weights))
        gradient = next(iter(results.gradients.values()), None)
        plan.loop(losses, gradient, factor * scale(number))
        if results.value is not None:
            results.value[...] = (factor * losses + 0.0).reshape(results.value.shape)
        return reduced(added(losses), number / factor)

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        classes, axis = parameters.get("classes", "all"), parameters.get("axis")
        if factor != 1 or not isinstance(classes, str):
            return None
        return kernels.regions.PlainErrors(
            math.fsum,
            by_label=axis is not None,
            over=parameters["over"],
            classes=classes,
            ignore_index=parameters["ignore_index"],
            axis=0 if axis is None else axis,
        )

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
