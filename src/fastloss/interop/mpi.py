"""Losses of samples that lie on several ranks of MPI: values and gradients with the bits of one call on all samples.

Each rank passes its own samples. One message says whether all ranks are right, and what weights they have; after
the pass another one adds the values. Where one rank cannot go on, all raise the same error, and none waits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..kinds.base import GRADIENT, VALUE
from ..loss import Loss
from ..parts import Partial, check_part
from .common import added_up, as_loss

try:
    from mpi4py import MPI
except ImportError as error:
    raise ImportError("fastloss.interop.mpi needs mpi4py: python -m pip install mpi4py") from error


def value(loss: Loss, *arrays: Any, comm: Any = None, **keywords: Any) -> Any:
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
    return _called(VALUE, loss, arrays, comm, keywords)


def grad(loss: Loss, *arrays: Any, comm: Any = None, **keywords: Any) -> Any:
    """Return the gradient of the value of the samples of all ranks, by the predictions of this rank.

    Parameters
    ----------
    loss : Loss
        As `value` takes it.
    *arrays, comm, **keywords
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
    return _called(GRADIENT, loss, arrays, comm, keywords)


def value_and_grad(loss: Loss, *arrays: Any, comm: Any = None, **keywords: Any) -> tuple[Any, Any]:
    """Return the value of the samples of all ranks and its gradient, from one pass.

    Parameters
    ----------
    loss : Loss
        As `value` takes it.
    *arrays, comm, **keywords
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
    results: tuple[Any, Any] = _called(VALUE | GRADIENT, loss, arrays, comm, keywords)
    return results


def _called(want: int, loss: Any, arrays: tuple[Any, ...], comm: Any, keywords: dict[str, Any]) -> Any:
    """Return what a method of a loss returns of the samples of all ranks."""
    ranks = MPI.COMM_WORLD if comm is None else comm

    def check() -> tuple[Any, Partial]:
        bound = as_loss(loss).keywords | keywords
        reduction, normalizer, out = (bound.get(name) for name in ("reduction", "normalizer", "out"))
        reduction = "mean" if reduction is None else reduction
        if want & VALUE and reduction != "none" and (out[0] if isinstance(out, tuple) else out) is not None:
            raise TypeError("the value of all ranks is returned: out= is for the gradient, out=(None, gradient)")
        # The weights of one rank alone are no denominator.
        own = {"reduction": "sum"} if reduction == "mean" and normalizer is None else {}
        part = check_part(loss, want, arrays, {**keywords, **own})
        return (_NAMES[want], loss, reduction, normalizer), part

    parts = _on_all(ranks, check)
    asked = parts[0][0]
    for rank, (other, _) in enumerate(parts):
        if other != asked:
            raise ValueError(f"rank {rank} asks for {_shown(*other)}, rank 0 for {_shown(*asked)}")
    _, _, reduction, normalizer = asked
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


def _shown(method: str, loss: Loss, reduction: str, normalizer: float | None) -> str:
    return f"{loss!r}.{method} with reduction={reduction!r}, normalizer={normalizer}"


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
