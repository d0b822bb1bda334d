"""Losses of samples that lie on several ranks of MPI: values and gradients with the bits of one call on all samples.

Each rank passes its own samples. One message says whether all ranks are right, and what weights they have; after
the pass another one adds the values. Where one rank cannot go on, all raise the same error, and none waits.

With ``over="classes"`` each rank passes all samples and its own classes, of `cross_entropy` or `linear_cross_entropy`
(``blocks.py``); one more message has a number for each sample.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import as_array
from ..domains import check_held
from ..kinds.base import GRADIENT, VALUE
from ..loss import Loss
from ..parts import Partial, check_part
from ..reductions import added_up
from ..samples import WEIGHT, LeftOut, as_mask, as_weights, check_products, check_weights
from .blocks import Block, Samples
from .common import as_loss

try:
    from mpi4py import MPI
except ImportError as error:
    raise ImportError("fastloss.interop.mpi needs mpi4py: python -m pip install mpi4py") from error


def value(loss: Loss, *arrays: Any, comm: Any = None, over: str = "samples", **keywords: Any) -> Any:
    """Return the value of a loss of the samples of all ranks.

    Parameters
    ----------
    loss : Loss
        A sum over samples: any loss but `root_mean_squared_error` and those that compare the vectors of a batch. The
        same on all ranks.
    *arrays : array_like
        As in a call of the loss: the samples of this rank. There may be none.
    comm : mpi4py.MPI.Comm, optional
        The ranks; by default all.
    over : {'samples', 'classes'}, default='samples'
        What the ranks share out. 'classes' is for `cross_entropy` and `linear_cross_entropy`: each rank passes all
        labels, features and weights of samples, and its own columns of the logits, or the weights and biases of its own
        classes; of `class_weight`, too, those of its own classes. Classes are counted from rank to rank. Labels are
        class indices; `z_loss`, `softcap`, `temperature` and `out` are not for this.
    **keywords
        As in a call of the loss: `sample_weight`, `where` and `out` of this rank, all others the same on all ranks.

    Returns
    -------
    float or ndarray
        The value, with the same bits on all ranks; with ``reduction="none"`` those of the samples of this rank.

    Raises
    ------
    TypeError, ValueError, MemoryError
        On all ranks where one raises; the message says which.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.interop.mpi.value(fl.squared_error, [0.0, 0.0], [1.0, 3.0])  # on one rank
    5.0
    """
    return _called(VALUE, loss, arrays, comm, over, keywords)


def grad(loss: Loss, *arrays: Any, comm: Any = None, over: str = "samples", **keywords: Any) -> Any:
    """Return the gradient of the value of the samples of all ranks, by the predictions of this rank.

    Parameters
    ----------
    loss : Loss
        As `value` takes it.
    *arrays, comm, over, **keywords
        As `value` takes them, and `wrt`.

    Returns
    -------
    ndarray or tuple of ndarray
        Those of its samples in one call on all, to the bit. What samples share, as the weights of
        `linear_cross_entropy`, has the sum over all ranks.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.interop.mpi.grad(fl.squared_error, [0.0, 0.0], [1.0, 3.0])  # on one rank
    array([1., 3.])
    """
    return _called(GRADIENT, loss, arrays, comm, over, keywords)


def value_and_grad(
    loss: Loss, *arrays: Any, comm: Any = None, over: str = "samples", **keywords: Any
) -> tuple[Any, Any]:
    """Return the value of the samples of all ranks and its gradient, from one pass.

    Parameters
    ----------
    loss : Loss
        As `value` takes it.
    *arrays, comm, over, **keywords
        As `grad` takes them.

    Returns
    -------
    tuple
        As `value` and `grad` return them.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.interop.mpi.value_and_grad(fl.squared_error, [0.0, 0.0], [1.0, 3.0])  # on one rank
    (5.0, array([1., 3.]))
    """
    results: tuple[Any, Any] = _called(VALUE | GRADIENT, loss, arrays, comm, over, keywords)
    return results


def _called(want: int, loss: Any, arrays: tuple[Any, ...], comm: Any, over: str, keywords: dict[str, Any]) -> Any:
    """Return what a method of a loss returns of the samples of all ranks."""
    ranks = MPI.COMM_WORLD if comm is None else comm
    if over != "samples":
        return _by_classes(want, loss, arrays, ranks, over, keywords)

    def check() -> tuple[Any, Partial]:
        bound = as_loss(loss).keywords | keywords
        reduction, normalizer, out = (bound.get(name) for name in ("reduction", "normalizer", "out"))
        reduction = "mean" if reduction is None else reduction
        if want & VALUE and reduction != "none" and (out[0] if isinstance(out, tuple) else out) is not None:
            raise TypeError("the value of all ranks is returned: out= is for the gradient, out=(None, gradient)")
        # The weights of one rank alone are no denominator.
        own = {"reduction": "sum"} if reduction == "mean" and normalizer is None else {}
        part = check_part(loss, want, arrays, {**keywords, **own})
        return (_NAMES[want], loss, reduction, normalizer, over), part

    parts = _on_all(ranks, check)
    asked = _asked_by_all(parts)
    _, _, reduction, normalizer, _ = asked
    if reduction == "mean" and normalizer is None:
        whole = sum((part for _, part in parts), start=Partial())
        keywords = {**keywords, "normalizer": whole.weight or 1.0}  # where no sample is left all results are 0
    results: list[Any] = []

    def compute() -> Any:
        found = getattr(Loss, _NAMES[want])(loss, *arrays, **keywords)
        results.extend(found if want == VALUE | GRADIENT else [found])
        return results[0] if want & VALUE and reduction != "none" else None

    values = _on_all(ranks, compute)
    if want & VALUE and reduction != "none":
        results[0] = added_up(values)
    if want & GRADIENT and loss._row.shares:
        results[-1] = _added_over(ranks, loss, results[-1], keywords.get("wrt"))
    return tuple(results) if len(results) > 1 else results[0]


#: The methods of a loss, by what they return.
_NAMES = {VALUE: "__call__", GRADIENT: "grad", VALUE | GRADIENT: "value_and_grad"}


def _asked_by_all(parts: list[Any]) -> Any:
    """Return what all ranks ask for; raise where they differ."""
    asked = parts[0][0]
    for rank, (other, _) in enumerate(parts):
        if other != asked:
            raise ValueError(f"rank {rank} asks for {_shown(*other)}, rank 0 for {_shown(*asked)}")
    return asked


def _shown(method: str, loss: Loss, reduction: str, normalizer: float | None, over: str) -> str:
    return f"{loss!r}.{method} with reduction={reduction!r}, normalizer={normalizer}, over={over!r}"


def _on_all(ranks: Any, function: Callable[[], Any]) -> list[Any]:
    """Return what a function returns on each rank; where one raises, raise on all."""
    own: tuple[type[Exception] | None, Any] = None, None
    cause = None
    try:
        own = None, function()
    except Exception as error:  # whatever it is: the others wait for this rank
        kinds = (ValueError, TypeError, MemoryError)
        own = next((kind for kind in kinds if isinstance(error, kind)), RuntimeError), str(error)
        cause = error
    gathered = ranks.allgather(own)
    for rank, (kind, text) in enumerate(gathered):
        if kind is not None:
            raise kind(f"rank {rank}: {text}") from (cause if rank == ranks.rank else None)
    return [found for _, found in gathered]


def _added_over(ranks: Any, loss: Loss, gradients: Any, wrt: Any) -> Any:
    """Return gradients; by an array that samples share the sum over all ranks."""
    names = (
        [operand.name for operand in loss._row.differentiated]
        if wrt is None
        else [wrt]
        if isinstance(wrt, str)
        else wrt
    )
    shared = {operand.name for operand in loss._row.operands if operand.shared}
    for name, gradient in zip(names, (gradients,) if isinstance(wrt, str) else gradients, strict=False):
        if name in shared:
            # A half is not known to MPI, and float32 holds the sum of some.
            whole = np.ascontiguousarray(gradient, np.float64 if gradient.dtype == np.float64 else np.float32)
            whole = whole.copy() if whole is gradient else whole
            ranks.Allreduce(MPI.IN_PLACE, whole, MPI.SUM)
            gradient[...] = whole
    return gradients


#: The losses whose classes may lie on several ranks, and the keywords that they have there.
_OVER_CLASSES = ("cross_entropy", "linear_cross_entropy")
_FOR_CLASSES = (
    "class_weight", "ignore_index", "label_smoothing", "sample_weight", "where", "reduction", "normalizer", "wrt",
    "n_threads",
)  # fmt: skip


def _by_classes(want: int, loss: Any, arrays: tuple[Any, ...], ranks: Any, over: str, keywords: dict[str, Any]) -> Any:
    """Return what a method of a loss returns of the classes of all ranks."""

    def check() -> tuple[Any, Any, Any]:
        known = as_loss(loss)
        if over != "classes" or known.name not in _OVER_CLASSES:
            raise ValueError(f"over = {over!r} of {known.name}; it is 'samples', or 'classes' of {_OVER_CLASSES}")
        _refuse_others(known, keywords)
        own = {name: value for name, value in keywords.items() if name not in ("sample_weight", "where", "wrt")}
        bound = known.bind(**own)
        options = bound.parameters | bound.keywords
        names = [operand.name for operand in known._row.operands]
        if len(arrays) not in {len(names), sum(not operand.optional for operand in known._row.operands)}:
            raise TypeError(f"{known.name} takes {', '.join(names)}; {len(arrays)} arrays were given")
        labels, *given = (as_array(name, array) for name, array in zip(names, arrays, strict=False))
        for name, array in zip(names[1:], given, strict=False):
            if array.ndim != 2 - (name == "bias"):
                raise ValueError(f"{name} has shape {array.shape}; over ranks it has {2 - (name == 'bias')} dimensions")
        block = Block(given, options.get("n_threads"))
        if labels.shape != (block.samples,) or labels.dtype.kind not in "iu":
            raise ValueError(
                f"y_true has shape {labels.shape} and dtype {labels.dtype}; it must be {block.samples} class indices"
            )
        left_out = LeftOut(as_mask(keywords.get("where"), labels.shape), labels, options.get("ignore_index"))
        weights, _ = as_weights("sample_weight", keywords.get("sample_weight"), labels.shape)
        if weights is not None:
            check_weights("sample_weight", weights, block.dtype == np.float64, left_out)
        rounded = (np.ones(len(labels)) if weights is None else weights).astype(block.dtype).astype(np.float64)
        reduction = options.get("reduction", "mean")
        samples = Samples(
            labels.astype(np.int64), left_out.kept(labels.shape, weights), rounded, options["label_smoothing"]
        )
        by_class = options["class_weight"]
        if by_class is not None:
            if len(by_class) != block.classes:
                raise ValueError(f"class_weight has {len(by_class)} weights; this rank has {block.classes} classes")
            check_held("class_weight", by_class, WEIGHT, block.dtype == np.float64)
            by_class = by_class.astype(block.dtype).astype(np.float64)
        wrt, there = keywords.get("wrt"), names[1 : len(arrays)]
        chosen = there if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt)
        if not set(chosen) <= set(there):
            raise ValueError(f"wrt = {wrt!r}; it is some of {', '.join(there)}")
        known_to_all = (samples.labels, samples.kept, np.where(samples.kept, rounded, 0.0))
        mark = (samples.smoothing, block.samples, *(zlib.crc32(array.tobytes()) for array in known_to_all))
        # Each rank has other classes.
        asked = (_NAMES[want], known.bind(class_weight=None), reduction, options.get("normalizer"), over)
        return asked, (mark, block.classes, by_class), (block, samples, chosen)

    checked: list[Any] = []

    def asked_for() -> tuple[Any, Any]:
        checked.extend(check())
        return checked[0], checked[1]

    parts = _on_all(ranks, asked_for)
    asked = _asked_by_all(parts)
    marks, classes, of_classes = zip(*(known for _, known in parts), strict=True)
    given = [weights is not None for weights in of_classes]
    for rank, mark in enumerate(marks):
        if given[rank] != given[0]:
            has, lacks = sorted((0, rank), key=lambda rank: not given[rank])
            raise ValueError(f"rank {has} has class_weight, rank {lacks} has none")
        if mark != marks[0]:
            raise ValueError(f"rank {rank} has other samples than rank 0: labels, weights or smoothing differ")
    block, samples, chosen = checked[2]
    wrong = np.flatnonzero(samples.kept & ((samples.labels < 0) | (samples.labels >= sum(classes))))
    if wrong.size:  # on all ranks: they have the same labels
        raise ValueError(
            f"y_true[{wrong[0]}] = {samples.labels[wrong[0]]} is not a class of {sum(classes)}, of all ranks"
        )
    _, _, reduction, normalizer, _ = asked
    by_class = np.concatenate(of_classes) if given[0] else None
    if by_class is not None:
        left_out = LeftOut(samples.kept, samples.labels, None)
        check_products(samples.labels, samples.weights, by_class, left_out, True)
    samples = samples._replace(classes=sum(classes), by_class=by_class)
    if reduction == "mean":
        samples = samples._replace(denominator=normalizer or math.fsum(samples.targets()[2]) or 1.0)
    states = _on_all(ranks, block.state)
    found: list[Any] = []

    def compute() -> Any:
        values, gradients = block.results(want, samples, states, ranks.rank, sum(classes[: ranks.rank]))
        found.extend(gradients)
        return (
            values if reduction == "none" else math.fsum(values) if np.isfinite(values).all() else float(values.sum())
        )

    values = _on_all(ranks, compute)
    value = sum(values).astype(block.result_type) if reduction == "none" else added_up(values) / samples.denominator
    if not want & GRADIENT:
        return value
    names = [operand.name for operand in loss._row.differentiated]
    by_name = dict(zip(names, found, strict=False))
    if block.linear and names[0] in chosen:  # each rank has a part of it
        ranks.Allreduce(MPI.IN_PLACE, by_name[names[0]], MPI.SUM)
    results = tuple(by_name[name].astype(block.types[names.index(name)], copy=False) for name in chosen)
    bare = isinstance(keywords.get("wrt"), str) or (keywords.get("wrt") is None and not block.linear)
    gradient = results[0] if bare else results
    return (value, gradient) if want & VALUE else gradient


def _refuse_others(loss: Loss, keywords: dict[str, Any]) -> None:
    """Raise for options that classes over ranks do not have."""
    defaults = Loss(loss._row).parameters
    for name, value in (loss.parameters | keywords).items():
        is_default = name in defaults and (value is defaults[name] or (np.isscalar(value) and value == defaults[name]))
        if name not in _FOR_CLASSES and not is_default:
            raise TypeError(f"{name} is not for classes over ranks; {', '.join(_FOR_CLASSES)} are")
