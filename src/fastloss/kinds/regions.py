"""Losses of the overlap of regions: all pixels of an image that have a class, against those that the model gives it.

Such a loss is a function of three sums over the pixels (``kernels/regions/tiles.h``). The pass that makes them looks at
the targets too, so it is the one that inspects a call. The function and its slopes are formulas of a few numbers for
each region, in float64 (``kernels/regions/overlap.h``); a second pass makes the gradient of the slopes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import as_axis, describe, dtype_number, without_axis
from ..reductions import added, reduced, scale
from ..rows import Row
from ..runtime import current_engine, kernels, threads_for
from ..samples import LeftOut
from ..targets import check_elements, check_labels
from .base import Array, Arrays, Call, Kind, Request, Results, no_numba_kernel, sample_weights, sum_of_weights

#: The parameters of all losses of regions; the others are those of the formula.
_OF_ALL = frozenset({"mode", "over", "classes", "class_weight", "ignore_index", "pixel_weight", "axis"})
#: Sums of less are made again in double, as probabilities may have been no normal numbers; and gradients of slopes that
#: are not between these are.
_LEAST_SUM, _LEAST_SLOPE, _MOST_SLOPE = 2.0**-100, 2.0**-100, 2.0**24
#: Weights of pixels that are not between these have everything computed in double.
_LEAST_WEIGHT, _MOST_WEIGHT = 2.0**-20, 2.0**20
_LARGEST = float(np.finfo(np.float64).max)


class Plan(NamedTuple):
    """A call as the kernels take it, the classes on the last axis."""

    call: Call
    logits: Array
    y_true: Array
    pixels: int  # of an image
    weights: Array  # of each sample, images first, 0 where it is left out
    factors: Array  # of each class, 0 where it does not count
    kept: Array  # which classes of which images are read
    sums: Array  # of each region, three: `inspect` writes them
    pixel_weight: Array | None
    in_double: bool  # all is computed in double

    @property
    def together(self) -> bool:
        """Whether all images have their regions together."""
        return bool(self.call.request.parameters["over"] == "batch")

    @property
    def squared(self) -> bool:
        """Whether probabilities and targets are squared."""
        return bool(self.call.request.parameters.get("squared", False))

    def classes_last(self, array: Array) -> Array:
        """Return an array of the caller with its classes on the last axis; where it has none, one of one class."""
        request = self.call.request
        if request.parameters["mode"] == "binary":
            return array[..., None]
        return np.moveaxis(array, request.parameters["axis"], -1)

    def there(self) -> Array:
        """Tell which regions have targets."""
        return _there(self.sums)

    def of_samples(self) -> Array:
        """Return the weight of each sample, as its classes and what is there make it."""
        request = self.call.request
        if request.row.together:
            return self.weights
        counts = self.there() if request.parameters["classes"] == "present" else True
        return np.where(counts, self.weights * self.factors, 0.0)

    def loop(self, numbers: Array, double_precision: bool, gradient: Array | None = None) -> float:
        """Leave the sums of each piece in `numbers`; or make a gradient of the slopes that these are."""
        images, classes = self.logits.shape[0], self.logits.shape[-1]
        if not self.logits.size:
            return 0.0
        request, by_label = self.call.request, self.call.arrays.form == "labels"
        arrays = {"logits": self.logits, "y_true": self.y_true, "gradient": gradient}
        arrays["pixel_weight"] = self.pixel_weight
        result: float = kernels.regions.regions(
            {name: None if array is None else describe(array[0, ...]) for name, array in arrays.items()},
            strides=tuple(0 if array is None else array.strides[0] for array in arrays.values()),
            images=images,
            pixels=self.pixels,
            classes=classes,
            softmax=request.parameters["mode"] == "multiclass",
            by_label=by_label,
            squared=self.squared,
            double_precision=double_precision,
            batch=self.together,
            ignore_index=request.parameters["ignore_index"],
            kept=self.kept.view(np.uint8),
            numbers=numbers,
            threads=threads_for(request.n_threads, self.logits.size),
        )
        return result

    def summed(self, double_precision: bool) -> bool:
        """Make the sums; return whether all targets are what they may be."""
        images, classes = self.logits.shape[0], self.logits.shape[-1]
        if not self.logits.size:
            self.sums[...] = 0
            return True
        pieces = np.empty((images, kernels.regions.pieces(self.pixels, classes), classes, 3))
        good = self.loop(pieces, double_precision) == 0
        self.sums[...] = pieces.ravel()[: self.sums.size].reshape(self.sums.shape)
        return good


class Regions(Kind):
    """One loss for each class of an image, or of a batch; or one for all classes of it."""

    name = "regions"

    def samples(self, row: Row, prediction: Array, parameters: Mapping[str, Any]) -> tuple[int, ...]:
        shape, mode = prediction.shape, parameters["mode"]
        least = 1 if mode == "binary" else 2
        if len(shape) < least:
            axes = "one of images" if least == 1 else "one of images and one of classes"
            raise ValueError(f"{row.prediction} has shape {shape}; with mode={mode!r} it needs axes: {axes}")
        images = () if parameters["over"] == "batch" else shape[:1]
        if mode == "binary":
            return images
        axis = as_axis(parameters["axis"], len(shape))
        if axis == -len(shape):
            raise ValueError(f"axis = {parameters['axis']} is that of the images; the classes have another one")
        if not shape[axis]:
            raise ValueError(f"{row.prediction} has shape {shape}: there are no classes on axis {parameters['axis']}")
        return images if row.together else (*images, shape[axis])

    def resolve(self, request: Request) -> Arrays:
        row, parameters = request.row, request.parameters
        logits, y_true = request.arrays[row.prediction], request.arrays["y_true"]
        samples, mode = self.samples(row, logits, parameters), parameters["mode"]
        shapes = {"masks": logits.shape}
        if mode == "multiclass":
            shapes["labels"] = without_axis(logits.shape, as_axis(parameters["axis"], logits.ndim))
        form = next((form for form, shape in shapes.items() if shape == y_true.shape), None)
        if form is None:
            must = " or ".join(map(str, reversed(shapes.values())))
            advice = ""
            if mode == "binary" and logits.ndim > 1 and y_true.shape == logits.shape[:1] + logits.shape[2:]:
                advice = (
                    "; y_true[:, None] has it" if logits.shape[1] == 1 else "; mode='multiclass' takes class indices"
                )
            raise ValueError(
                f"y_true has shape {y_true.shape}; for logits of shape {logits.shape} and mode={mode!r} it must have "
                f"shape {must}{advice}"
            )
        if form == "masks" and mode == "multiclass" and parameters["ignore_index"] is not None:
            raise ValueError("ignore_index goes with class indices; y_true holds a share for each class of a pixel")
        return Arrays(dict(request.arrays), samples, form)

    def plan(self, call: Call) -> Plan:
        request = call.request
        parameters, y_true = request.parameters, call.arrays.by_name["y_true"]
        logits = call.arrays.by_name[request.row.prediction]
        classes = 1 if parameters["mode"] == "binary" else logits.shape[parameters["axis"]]
        given = sample_weights(call)
        images = 1 if parameters["over"] == "batch" else logits.shape[0]
        if call.arrays.form == "labels" and dtype_number(y_true.dtype) in (9, 10):  # halves
            y_true = y_true.astype(np.float32)
        weights, factors = (
            given.reshape(images, given.size // images if images else classes),
            _factors(parameters, classes),
        )
        kept = np.empty((logits.shape[0], classes), np.bool_)
        kept[...] = (weights != 0) & (factors != 0)
        of_pixels, in_double = self._of_pixels(call), call.request.double_precision
        if of_pixels is not None and of_pixels.size and not in_double:
            least = of_pixels.min(initial=1.0, where=of_pixels > 0)
            in_double = bool(least < _LEAST_WEIGHT or of_pixels.max() > _MOST_WEIGHT)
        sums = np.zeros((images, classes, 3))
        plan = Plan(call, logits, y_true, 0, weights, factors, kept, sums, of_pixels, in_double)
        logits = plan.classes_last(logits)
        if call.arrays.form == "masks":
            y_true = plan.classes_last(y_true)
        return plan._replace(logits=logits, y_true=y_true, pixels=math.prod(logits.shape[1:-1]))

    def _of_pixels(self, call: Call) -> Array | None:
        """Return the weight of each pixel, its axes those of the images without their classes."""
        request = call.request
        given, shape = request.parameters["pixel_weight"], call.arrays.by_name[request.row.prediction].shape
        if given is None:
            return None
        given = np.asarray(given)
        if request.parameters["mode"] != "binary":
            shape = without_axis(shape, as_axis(request.parameters["axis"], len(shape)))
        fits = given.ndim == len(shape) and all(m in (1, n) for m, n in zip(given.shape, shape, strict=True))
        if given.ndim and not fits:
            raise ValueError(
                f"pixel_weight has shape {given.shape}, the pixels have shape {shape}. It must have that shape, or "
                "length 1 on each axis whose pixels share a weight"
            )
        return np.broadcast_to(given, shape)

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        if current_engine() == "numba":
            raise no_numba_kernel(plan.call.request.row.name)
        double_precision = plan.in_double
        if not (np.isfinite(plan.weights) & (plan.weights >= 0)).all() or not plan.summed(double_precision):
            return math.nan
        if not double_precision and self._lost(plan):
            plan.summed(True)
        return sum_of_weights(plan.of_samples().ravel(), weight_sum)

    def _lost(self, plan: Plan) -> bool:
        """Tell whether some sum is so small that floats may have lost digits of it."""
        small = np.abs(plan.sums) < _LEAST_SUM
        if not small.any():
            return False
        lost = small[..., 1] | (plan.there() & (small[..., 0] | small[..., 2]))
        return bool((lost & (plan.weights != 0) & (plan.factors != 0)).any())

    def explain(self, plan: Plan) -> None:
        call = plan.call
        y_true, kept = call.arrays.by_name["y_true"], plan.kept
        ignored = call.request.parameters["ignore_index"]
        if call.arrays.form == "labels":
            of_pixels = kept.any(axis=1).reshape(-1, *(1,) * (y_true.ndim - 1))
            left_out = LeftOut(np.broadcast_to(of_pixels, y_true.shape), y_true, ignored)
            check_labels(y_true, plan.logits.shape[-1], None, left_out)
            return
        shape = plan.y_true.shape
        of_pixels = np.broadcast_to(kept.reshape(shape[0], *(1,) * (len(shape) - 2), shape[-1]), shape)
        of_pixels = of_pixels[..., 0] if y_true.ndim < len(shape) else np.moveaxis(of_pixels, -1, _axis(call))
        domain = call.request.row.target
        left_out = LeftOut(of_pixels, y_true, ignored)
        check_elements("y_true", y_true, domain, None, left_out, call.request.double_precision)

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        weights = plan.of_samples()
        with np.errstate(all="ignore"):
            value, slopes = _of_sums(plan)
            losses = np.where(weights == 0, 0.0, weights * value)
            if results.value is not None:
                results.value[...] = (factor * losses + 0.0).reshape(results.value.shape)
            if results.gradients:
                multiplier = np.where(weights == 0, 0.0, factor * scale(number) * weights)[..., None]
                slopes = np.where(multiplier == 0, 0.0, np.clip(slopes * multiplier, -_LARGEST, _LARGEST))
                (gradient,) = results.gradients.values()
                double_precision = plan.in_double
                if not double_precision:
                    sizes = np.abs(slopes)
                    double_precision = bool(((sizes > _MOST_SLOPE) | ((sizes < _LEAST_SLOPE) & (sizes > 0))).any())
                if plan.together:
                    slopes = np.repeat(slopes, len(plan.kept), axis=0)
                plan.loop(slopes, double_precision, plan.classes_last(gradient))
        denominator = number / factor
        return reduced(added(losses), denominator)

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        weighed = not isinstance(parameters["classes"], str) or parameters["class_weight"] is not None
        if factor != 1 or weighed or parameters["pixel_weight"] is not None:
            return None
        return kernels.regions.PlainRegions(
            math.fsum,
            _overlap_of(row, parameters),
            **{name: parameters[name] for name in ("mode", "over", "classes", "ignore_index", "axis")},
            together=row.together,
            squared=parameters.get("squared", False),
            bounds=(_LEAST_SUM, _LEAST_SLOPE, _MOST_SLOPE, _LARGEST),
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
        """Return logits that are right more often than not, as a model that has begun to learn makes them."""
        given = {parameter.name: parameter.default for parameter in row.parameters} | dict(parameters or {})
        logits = rng.normal(scale=2, size=sizes)
        if given["mode"] == "multiclass":
            axis = given["axis"]
            labels = rng.integers(sizes[axis], size=without_axis(sizes, as_axis(axis, len(sizes))))
            there = np.expand_dims(labels, axis) == np.arange(sizes[axis]).reshape(
                -1, *(1,) * (len(sizes) - 1 - axis % len(sizes))
            )
            return {"y_true": labels, row.prediction: (logits + 2 * there).astype(dtype)}
        there = rng.random(sizes) < 0.3
        y_true = rng.integers(1, 8, size=sizes) / 8 if form == "soft" else there
        return {"y_true": y_true.astype(dtype), row.prediction: (logits + 4 * there - 2).astype(dtype)}


def _axis(call: Call) -> int:
    axis: int = call.request.parameters["axis"]
    return axis


def _factors(parameters: Mapping[str, Any], classes: int) -> Array:
    """Return what multiplies the weight of each class, 0 where it does not count."""
    factors, weights, chosen = np.ones(classes), parameters["class_weight"], parameters["classes"]
    if weights is not None:
        if weights.size != classes:
            raise ValueError(f"class_weight has {weights.size} weights; there are {classes} classes")
        factors = weights.astype(np.float64)
    return np.where(counted_classes(chosen, classes), factors, 0.0)


def counted_classes(chosen: Any, classes: int) -> Array:
    """Tell which classes may count: all of them, unless some are listed."""
    if isinstance(chosen, str):
        return np.ones(classes, bool)
    if max(chosen) >= classes:
        raise ValueError(f"classes has {max(chosen)}; there are {classes} classes")
    return np.isin(np.arange(classes), chosen)


def _there(sums: Array) -> Array:
    """Tell which regions have targets: the two parts of a sum of squares may cancel."""
    there: Array = (sums[..., 0] != 0) | (sums[..., 2] != 0)
    return there


def _overlap_of(row: Row, parameters: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the numbers of an `Overlap`, as the kernels take them."""
    assert row.of_sums is not None
    return tuple(row.of_sums(**{p.name: parameters[p.name] for p in row.parameters if p.name not in _OF_ALL}))


def _of_sums(plan: Plan) -> tuple[Array, Array]:
    """Return the loss of each sample, and of each region the slopes a, b and c of ``kernels/regions/tiles.h``."""
    request, sums = plan.call.request, plan.sums
    values, slopes = np.empty((len(sums), 1 if request.row.together else sums.shape[1])), np.empty_like(sums)
    overlap = _overlap_of(request.row, request.parameters)
    kernels.regions.losses(
        overlap, sums, plan.factors, values, slopes, squared=plan.squared, together=request.row.together
    )
    return values, slopes
