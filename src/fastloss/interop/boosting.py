"""What boosting libraries have in common: an object that gives them gradient and Hessian, and one that gives a metric.

The object imports no library. One serves the native API of LightGBM and XGBoost, which call it with the predictions and
the data, and their scikit-learn API, which calls it with targets, predictions and weights.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np

from ..call import as_curvature
from ..kinds import draw
from ..kinds.base import HESSIAN, Curvature
from ..loss import Loss
from ..rows import Row
from ..runtime import checked_threads


class Objective:
    """The gradient and the Hessian of a loss, as a boosting library asks for them.

    It is made by ``objective`` of ``fastloss.interop.lightgbm`` or ``fastloss.interop.xgboost``. It can be pickled, and
    it is equal to every other of the same loss and options.
    """

    def __init__(
        self, loss: Loss, curvature: str, factor: float | None, floor: float, n_threads: int | None, library: str
    ) -> None:
        self.loss, self.curvature, self.factor, self.floor = loss, curvature, factor, floor
        self.n_threads, self.library = n_threads, library
        self.__name__ = loss.name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Any, Any]:
        """Return gradient and Hessian, in float32 and in the layout of the predictions.

        Parameters
        ----------
        y_true : array_like
            The targets; in a native API the predictions, and the data in place of `y_pred`.
        y_pred : array_like
            The raw predictions: scores.
        sample_weight : array_like, optional
            The weight of each sample.

        Returns
        -------
        tuple of ndarray
            Gradient and Hessian of the sum of the weighted losses.
        """
        y_true, y_pred, sample_weight = given(y_true, y_pred, sample_weight)
        factor = self._usual_factor(y_pred) if self.factor is None else self.factor
        out = np.empty_like(y_pred, np.float32), np.empty_like(y_pred, np.float32)
        gradient, hessian = self.loss.grad_and_hess(
            y_true,
            y_pred,
            sample_weight=sample_weight,
            reduction="sum",
            curvature=self.curvature,
            hess_factor=factor,
            hess_floor=self.floor,
            out=out,
            n_threads=self.n_threads,
        )
        if not self.floor and self.curvature == "exact" and hessian.size and hessian.min() < 0:
            _warn_of_negative(self.loss.name)
        return gradient, hessian

    def _usual_factor(self, y_pred: Any) -> float:
        """Return what the library multiplies the Hessian of a softmax by."""
        if self.loss._row.axes != "C" or y_pred.ndim < 2 or y_pred.shape[1] < 2:
            return 1.0
        classes: int = y_pred.shape[1]
        return classes / (classes - 1) if self.library == "lightgbm" else 2.0

    def _identity(self) -> tuple[Any, ...]:
        return self.loss, self.curvature, self.factor, self.floor, self.n_threads, self.library

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Objective) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        options = {"curvature": self.curvature, "hess_factor": self.factor, "hess_floor": self.floor}
        options["n_threads"] = self.n_threads
        given = "".join(f", {name}={value!r}" for name, value in options.items())
        return f"fastloss.interop.{self.library}.objective({self.loss!r}{given})"


class Metric:
    """The mean of a loss over data that a boosting library evaluates."""

    def __init__(self, loss: Loss, name: str, n_threads: int | None, library: str) -> None:
        self.loss, self.n_threads, self.library = loss, n_threads, library
        self.__name__ = name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the name of the metric and its value, as the library wants them.

        Parameters
        ----------
        y_true : array_like
            The targets; in a native API the predictions, and the data in place of `y_pred`.
        y_pred : array_like
            The raw predictions: scores.
        sample_weight : array_like, optional
            The weight of each sample.

        Returns
        -------
        float or tuple
            LightGBM: name, value, whether more is better (False). XGBoost: name and value; in its scikit-learn API the
            value.
        """
        native = hasattr(y_pred, "get_label")
        y_true, y_pred, sample_weight = given(y_true, y_pred, sample_weight)
        value = self.loss(y_true, y_pred, sample_weight=sample_weight, n_threads=self.n_threads)
        if self.library == "lightgbm":
            return self.__name__, value, False
        return (self.__name__, value) if native else value

    def _identity(self) -> tuple[Any, ...]:
        return self.loss, self.__name__, self.n_threads, self.library

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Metric) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"fastloss.interop.{self.library}.metric({self.loss!r}, name={self.__name__!r})"


def made_objective(
    loss: Any,
    curvature: str | None,
    hess_factor: float | None,
    hess_floor: float,
    usual_floor: float,
    n_threads: int | None,
    library: str,
    parameters: dict[str, Any],
) -> Objective:
    """Return the objective of a loss; raise for one that trees cannot learn from."""
    bound = bind(loss, parameters)
    mode, factor, floor = curvature_of(bound, curvature, hess_factor, hess_floor, usual_floor)
    threads = None if n_threads is None else checked_threads("n_threads", n_threads)
    return Objective(bound, mode, None if hess_factor is None else factor, floor, threads, library)


def curvature_of(
    loss: Loss, curvature: str | None, hess_factor: float | None, hess_floor: float, usual_floor: float
) -> Curvature:
    """Return what is to stand for the Hessian, checked; raise where no tree would learn anything of it."""
    asked = {"curvature": curvature or "exact", "hess_floor": hess_floor}
    if hess_factor is not None:
        asked["hess_factor"] = hess_factor
    found = as_curvature(loss._row, HESSIAN, asked)
    if found.mode != "gauss_newton" and found.floor <= usual_floor and is_flat(loss._row):
        raise ValueError(
            f"{loss.name} has no curvature: its Hessian is 0, and no tree would learn anything. "
            "curvature='gauss_newton' takes 1 in its place; objectives of the libraries themselves also renew the "
            "values of the leaves, which learns faster"
        )
    return found


def bind(loss: Any, parameters: dict[str, Any]) -> Loss:
    """Return a loss with some of its parameters, if it is of targets and predictions as boosted trees have them."""
    if not isinstance(loss, Loss):
        raise TypeError(f"loss must be a loss of fastloss, as fl.huber, not {type(loss).__name__}")
    row = loss._row
    if row.several or row.no_hessian or row.couples:
        why = row.no_hessian or ("its samples depend on each other" if row.couples else "it takes several arrays")
        raise TypeError(f"{loss.name} is no objective of boosted trees: {why}")
    for name in ("reduction", "normalizer", "n_threads"):
        if name in parameters:
            raise TypeError(f"{name} is no parameter of the loss: weighted losses are added up here")
    return loss.bind(**parameters, reduction="mean", normalizer=None)


@functools.cache
def is_flat(row: Row) -> bool:
    """Tell whether the Hessian of a loss is 0 nearly everywhere."""
    if row.terms:
        return all(is_flat(term) for _, term in row.terms)
    sizes = (64, 3) if row.axes == "C" else (64,)
    arrays = draw(row, sizes, np.float64, np.random.default_rng(0))
    return not Loss(row).grad_and_hess(*arrays.values())[1].any()


def given(y_true: Any, y_pred: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    """Return targets, predictions and weights, whichever API gave them."""
    if hasattr(y_pred, "get_label"):  # the native one: predictions and data
        data, y_pred = y_pred, y_true
        y_true, sample_weight = data.get_label(), data.get_weight()
    if sample_weight is not None and np.size(sample_weight) == 0:  # XGBoost's "none"
        sample_weight = None
    return y_true, np.asarray(y_pred), sample_weight


@functools.cache
def _warn_of_negative(name: str) -> None:
    """Warn, once for each loss."""
    warnings.warn(
        f"the Hessian of {name} is negative for some samples: the values of leaves may go the wrong way. "
        "curvature='abs' or 'gauss_newton', or hess_floor=, keeps it positive",
        RuntimeWarning,
        stacklevel=3,
    )
