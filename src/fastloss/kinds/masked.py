"""Rows of which some classes are absent: chunks of them are computed of copies in which these are -infinity.

Around the kernels, not in them: to a kernel a class that is absent is one whose logit is -infinity.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arrays import first_true, place, quiet
from .base import MATRIX, Array, Results

if TYPE_CHECKING:
    from .rows import Plan

#: Logits of a chunk, at most, unless a sample has more.
_CHUNK = 1 << 18


def broadcast_mask(mask: Any, name: str, shape: tuple[int, ...]) -> Array:
    """Return a mask of classes in the shape of the logits."""
    try:
        return np.broadcast_to(mask, shape)
    except ValueError:
        raise ValueError(
            f"class_mask has shape {np.shape(mask)}; it must broadcast to the shape of {name}, {shape}"
        ) from None


def absent_targets(plan: Plan) -> Array:
    """Return where a sample that counts has a label, or a probability above 0, of a class that is absent."""
    assert plan.mask is not None
    kept = plan.call.weights.left_out.kept(plan.y_pred.shape[:-1], plan.weights)
    if plan.form != "index":
        wanted: Array = (plan.y_true > 0) & ~plan.mask & kept[..., None]
        return wanted
    inside = (plan.y_true >= 0) & (plan.y_true < plan.classes) & kept
    labels = np.where(inside, plan.y_true, 0).astype(np.int64)
    there = np.take_along_axis(plan.mask, labels[..., None], -1)[..., 0]
    missing: Array = inside & ~there
    return missing


@quiet
def check_classes(plan: Plan) -> None:
    """Raise for the first target that is of a class that is absent."""
    missing = absent_targets(plan)
    if plan.form != "index" and plan.axis != -1:
        missing = np.moveaxis(missing, -1, plan.axis)
    bad = first_true(missing)
    if bad is None:
        return
    where = place("y_true", bad, missing.shape)
    number = plan.call.arrays.by_name["y_true"].reshape(-1)[bad]
    if plan.form == "index":
        raise ValueError(f"{where} = {number} is a class that class_mask leaves out of its row")
    raise ValueError(f"{where} = {number} is the probability of a class that class_mask leaves out; it must be 0")


@quiet
def masked_loop(
    plan: Plan, inspect: bool, denominator: float, results: Results | None, factor: float, weight_sum: Any
) -> float:
    """Do what `Plan.loop` does, of the classes that are there; in what it writes the others are +0."""
    if inspect and absent_targets(plan).any():
        return math.nan
    return sum(
        _chunk(plan, piece, inspect, denominator, results, factor, weight_sum) for piece in _pieces(plan.y_pred.shape)
    )


def _pieces(shape: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """Cut samples along their longest axis."""
    samples = shape[:-1]
    if not samples or math.prod(shape) <= _CHUNK:
        yield (...,)
        return
    axis = max(range(len(samples)), key=samples.__getitem__)
    step = max(1, _CHUNK * samples[axis] // math.prod(shape))
    for first in range(0, samples[axis], step):
        yield (*(slice(None),) * axis, slice(first, first + step))


def _chunk(
    plan: Plan,
    piece: tuple[Any, ...],
    inspect: bool,
    denominator: float,
    results: Results | None,
    factor: float,
    weight_sum: Any,
) -> float:
    assert plan.mask is not None
    request = plan.call.request
    part, mask = plan.cut(piece)._replace(mask=None), plan.mask[piece]
    if not inspect:  # which reads no logits
        part = part._replace(y_pred=np.where(mask, part.y_pred, np.array(-np.inf, part.y_pred.dtype)))
    smoothing = request.parameters["label_smoothing"]
    if smoothing:  # its share is that of the classes that are there
        part = _smoothed(part, mask, smoothing)
    parameters = {**request.parameters, "class_mask": None, "label_smoothing": 0.0}
    if part.form != "index":
        parameters["ignore_index"] = None
    vectors = {
        name: np.where(mask, plan.last(vector)[piece], vector.dtype.type(0)) for name, vector in request.vectors.items()
    }
    request = request._replace(parameters=parameters, vectors=vectors)
    part = part._replace(call=plan.call._replace(request=request))
    if results is None:
        return part.loop(inspect, denominator, results, factor, weight_sum)
    matrices = request.second == MATRIX
    own = Results(
        None if results.value is None else results.value[piece],
        {name: plan.last(array)[piece] for name, array in results.gradients.items()},
        {name: (array if matrices else plan.last(array))[piece] for name, array in results.hessians.items()},
    )
    total = part.loop(inspect, denominator, own, factor, weight_sum)
    for array in (*own.gradients.values(), *own.hessians.values()):
        _clear(array, mask[..., :, None] & mask[..., None, :] if matrices else mask)
    return total


def _clear(array: Array, kept: Array) -> None:
    """Leave +0 in place of the numbers that are not kept: by their bits, in a fifth of the time of ``np.copyto``."""
    bits = array.view(f"i{array.dtype.itemsize}")
    np.bitwise_and(bits, np.negative(kept.astype(bits.dtype)), out=bits)


def _smoothed(part: Plan, mask: Array, smoothing: float) -> Plan:
    """Return rows with their smoothed targets in place of labels; those with the label to ignore are masked."""
    ignored = part.call.request.parameters.get("ignore_index")
    where, target = part.where, part.y_true
    if part.form == "index":
        if ignored is not None:
            kept = part.y_true != ignored
            where = kept if where is None else np.logical_and(where, kept)
        target = (part.y_true[..., None] == np.arange(part.columns)).astype(np.float64)
    count = np.count_nonzero(mask, axis=-1, keepdims=True)
    share = np.divide(smoothing, count, out=np.zeros(count.shape), where=count > 0)
    target = target.astype(np.float64) * (1 - smoothing) + np.where(mask, share, 0.0)
    return part._replace(y_true=target, where=where, form="soft")
