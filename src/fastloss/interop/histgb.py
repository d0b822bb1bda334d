"""Losses as the histogram gradient boosting of scikit-learn takes them; made by ``sklearn.histgb_loss``.

Their base is a private class of scikit-learn, so that this module is imported only by who asks for them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn._loss.link import HalfLogitLink, IdentityLink, Interval, LogitLink, LogLink
from sklearn._loss.loss import BaseLoss, HalfBinomialLoss, HalfMultinomialLoss

from ..rows import EXP, IDENTITY, SIGMOID, Link
from .boosting import Objective

#: The links of scikit-learn.
_LINKS = {IDENTITY: IdentityLink, EXP: LogLink, SIGMOID: LogitLink, Link("sigmoid", divisor=0.5): HalfLogitLink}


def _link_of(objective: Objective, otherwise: Any) -> Any:
    """Return what stands for a loss's link."""
    found = objective.loss._row.links(objective.loss.parameters)
    return _LINKS.get(found[0], otherwise)() if found else otherwise()


class _OfTrees:
    """What the estimators ask of a loss: mixed into a class of scikit-learn, whose link and start it keeps."""

    objective: Objective

    def _column(self, array: Any) -> Any:
        """Return an array of one score a sample without the axis of the scores."""
        one = array is not None and array.ndim == 2 and self.objective.loss._row.axes != "C"
        return array[:, 0] if one else array

    def loss(
        self, y_true: Any, raw_prediction: Any, sample_weight: Any = None, loss_out: Any = None, n_threads: int = 1
    ) -> Any:
        """Return the weighted loss of each sample."""
        return self.loss_gradient(y_true, raw_prediction, sample_weight, loss_out, None, n_threads)[0]

    def loss_gradient(
        self,
        y_true: Any,
        raw_prediction: Any,
        sample_weight: Any = None,
        loss_out: Any = None,
        gradient_out: Any = None,
        n_threads: int = 1,
    ) -> tuple[Any, Any]:
        """Return the weighted loss of each sample, and its gradient."""
        gradient_out = np.empty_like(raw_prediction) if gradient_out is None else gradient_out
        loss_out = np.empty(len(y_true), raw_prediction.dtype) if loss_out is None else loss_out
        self.objective.loss.value_and_grad(
            y_true, self._column(raw_prediction), reduction="none", sample_weight=sample_weight,
            out=(loss_out, self._column(gradient_out)), n_threads=n_threads,
        )  # fmt: skip
        return loss_out, gradient_out

    def gradient(
        self, y_true: Any, raw_prediction: Any, sample_weight: Any = None, gradient_out: Any = None, n_threads: int = 1
    ) -> Any:
        """Return the gradient of the sum of the weighted losses."""
        return self.gradient_hessian(y_true, raw_prediction, sample_weight, gradient_out, None, n_threads)[0]

    def gradient_hessian(
        self,
        y_true: Any,
        raw_prediction: Any,
        sample_weight: Any = None,
        gradient_out: Any = None,
        hessian_out: Any = None,
        n_threads: int = 1,
    ) -> tuple[Any, Any]:
        """Return the gradient and the diagonal of the Hessian of the sum of the weighted losses."""
        gradient_out = np.empty_like(raw_prediction) if gradient_out is None else gradient_out
        hessian_out = np.empty_like(gradient_out) if hessian_out is None else hessian_out
        replace(self.objective, n_threads=n_threads).derivatives(
            y_true, self._column(raw_prediction), sample_weight, (self._column(gradient_out), self._column(hessian_out))
        )
        return gradient_out, hessian_out

    def __call__(self, y_true: Any, raw_prediction: Any, sample_weight: Any = None, n_threads: int = 1) -> float:
        """Return the mean of the weighted losses."""
        value: float = self.objective.loss(
            y_true, self._column(raw_prediction), sample_weight=sample_weight, n_threads=n_threads
        )
        return value


class OfNumbers(_OfTrees, BaseLoss):
    """A loss of numbers, or of the logarithms of means."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        row = objective.loss._row
        super().__init__(closs=None, link=_link_of(objective, IdentityLink))
        domain = row.targets(objective.loss.parameters)
        self.interval_y_true = Interval(
            domain.low, domain.high, np.isfinite(domain.low) and not domain.low_open,
            np.isfinite(domain.high) and not domain.high_open,
        )  # fmt: skip


class OfTwoClasses(_OfTrees, HalfBinomialLoss):
    """A loss of two classes."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        super().__init__()
        self.link = _link_of(objective, LogitLink)


class OfClasses(_OfTrees, HalfMultinomialLoss):
    """A loss over rows of classes."""

    def __init__(self, objective: Objective, n_classes: int) -> None:
        self.objective = objective
        super().__init__(n_classes=n_classes)
