"""Several losses of one model, weighted by uncertainties that are learned with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from .arrays import as_array
from .domains import refuse
from .kinds.base import GRADIENT, VALUE
from .loss import Loss
from .rows import real
from .scalars import as_number, shown


class UncertaintyWeighted:
    """The weighted sum of the losses of several tasks; `uncertainty_weighted` makes it.

    Attributes
    ----------
    losses : tuple of Loss
    factors : tuple of float
        1/2 for a regression, 1 for a classification, unless given.
    """

    def __init__(self, losses: tuple[Loss, ...], factors: tuple[float, ...]) -> None:
        self.losses, self.factors = losses, factors

    def __repr__(self) -> str:
        return f"fastloss.uncertainty_weighted({list(self.losses)!r}, factors={list(self.factors)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UncertaintyWeighted):
            return NotImplemented
        return (self.losses, self.factors) == (other.losses, other.factors)

    def __hash__(self) -> int:
        return hash((self.losses, self.factors))

    def __call__(self, y_true: Sequence[Any], y_pred: Sequence[Any], log_variance: Any) -> float:
        value, _, _ = self._evaluate(VALUE, y_true, y_pred, log_variance)
        return value

    def value_and_grad(
        self, y_true: Sequence[Any], y_pred: Sequence[Any], log_variance: Any
    ) -> tuple[float, list[np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
        """Return the value, the gradient with respect to each task's predictions, and that of the log-variances.

        Parameters
        ----------
        y_true, y_pred : sequence of array_like
            Targets and predictions of each task, as its loss takes them.
        log_variance : array_like of shape (number of tasks,)
            The logarithms of the variances.

        Returns
        -------
        value : float
        gradients : list of ndarray
        log_variance_gradient : ndarray
            Of shape (number of tasks,).
        """
        return self._evaluate(VALUE | GRADIENT, y_true, y_pred, log_variance)

    def _evaluate(
        self, want: int, y_true: Sequence[Any], y_pred: Sequence[Any], log_variance: Any
    ) -> tuple[float, list[np.ndarray[Any, Any]], np.ndarray[Any, Any]]:
        tasks = len(self.losses)
        given = as_array("log_variance", log_variance)
        s = given.astype(np.float64)
        if s.shape != (tasks,):
            raise ValueError(f"log_variance has shape {s.shape}; there are {tasks} tasks")
        refuse("log_variance", given, np.isnan(s), real)
        for name, entries in (("y_true", y_true), ("y_pred", y_pred)):
            if not hasattr(entries, "__len__") or isinstance(entries, Mapping | Set):
                raise TypeError(f"{name} must be a sequence with an entry for each task, not {shown(entries)}")
            if len(entries) != tasks:
                raise ValueError(f"{name} has {len(entries)} entries; there are {tasks} tasks")
        gradients, by_log_variance = [], np.full(tasks, 0.5)
        with np.errstate(all="ignore"):
            value = 0.5 * float(s.sum())
            precisions = np.exp(-s).tolist()
        for k, (loss, factor) in enumerate(zip(self.losses, self.factors, strict=True)):
            scale = factor * precisions[k] if factor else 0.0
            # Value and gradient leave the kernel already multiplied: no pass over the gradient afterwards.
            try:
                result = loss._scaled(want, (y_true[k], y_pred[k]), scale)
            except (TypeError, ValueError) as error:
                kind = ValueError if isinstance(error, ValueError) else TypeError
                raise kind(f"task {k}, {loss.name}: {error}") from None
            term = result[0] if want & GRADIENT else result
            value += term
            by_log_variance[k] -= term
            if want & GRADIENT:
                gradients.append(result[1])
        return value, gradients, by_log_variance


def uncertainty_weighted(losses: Sequence[Loss], *, factors: Sequence[float] | None = None) -> UncertaintyWeighted:
    """Weight the losses of several tasks by their uncertainties, which are learned with the model.

    With s_k the log-variance of task k, the sum over the tasks of ``factor_k exp(-s_k) loss_k + s_k / 2``, each loss a
    mean, or a sum where it is bound to that. A factor is 1/2 for a regression, whose variance exp(s_k) is that of a
    Gaussian, and 1 for a classification, whose logits it divides.

    Parameters
    ----------
    losses : sequence of Loss
        One for each task, any of them bound to parameters.
    factors : sequence of float, optional
        Each >= 0. By default 1/2 for losses of real targets, 1 for those of classes and probabilities.

    Returns
    -------
    UncertaintyWeighted
        Called with a list of targets, a list of predictions and the log-variances it gives the value; its method
        `value_and_grad` gives the gradients besides.

    References
    ----------
    Kendall, Gal and Cipolla 2018, doi:10.1109/CVPR.2018.00781

    Examples
    --------
    >>> import fastloss as fl
    >>> tasks = fl.uncertainty_weighted([fl.squared_error, fl.cross_entropy])
    >>> y_true, y_pred = [[1.0, 2.0], [0]], [[1.5, 2.0], [[2.0, 0.0]]]
    >>> value, (of_depth, of_class), of_log_variance = tasks.value_and_grad(y_true, y_pred, [0.0, 0.0])
    >>> round(value, 6)
    0.189428
    >>> of_depth.tolist(), of_log_variance.round(6).tolist()
    ([0.25, 0.0], [0.4375, 0.373072])
    """
    if isinstance(losses, Loss) or not isinstance(losses, Iterable):
        raise TypeError(f"losses must be a sequence of losses, not {shown(losses)}")
    losses = tuple(losses)
    for loss in losses:
        if not isinstance(loss, Loss):
            raise TypeError(f"losses must be losses of fastloss, not {shown(loss)}")
        if loss._keywords.get("reduction") == "none":
            raise ValueError(f"{loss!r} has a value for each sample; a task has one: bind reduction='mean' or 'sum'")
    if factors is None:
        chosen = tuple(1.0 if np.isfinite(loss._row.target.high) else 0.5 for loss in losses)
    else:
        if not isinstance(factors, Iterable):
            raise TypeError(f"factors must be a sequence of numbers, not {shown(factors)}")
        chosen = tuple(as_number(f"factors[{k}]", factor) for k, factor in enumerate(factors))
        for k, factor in enumerate(chosen):
            if not 0 <= factor < math.inf:
                raise ValueError(f"factors[{k}] = {factor} is not >= 0 and finite")
        if len(chosen) != len(losses):
            raise ValueError(f"factors has {len(chosen)} entries; there are {len(losses)} losses")
    return UncertaintyWeighted(losses, chosen)
