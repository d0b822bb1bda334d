"""What boosting libraries have in common: an object that gives them gradient and Hessian, and one that gives a metric.

The objects import no library. Those of LightGBM and XGBoost serve their native API, which calls them with the
predictions and the data, and their scikit-learn API, which calls them with targets, predictions and weights. What a
library has of its own (its factor and floor of the Hessian, what a metric returns) is in its module.
"""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ..arrays import first_true
from ..call import as_curvature
from ..kinds import draw
from ..kinds.base import HESSIAN
from ..loss import Loss
from ..rows import TARGET, Row
from ..runtime import checked_threads
from .common import as_loss, of_one_prediction


@dataclass(frozen=True, repr=False)
class Objective:
    """The gradient and the Hessian of a loss, as a boosting library asks for them.

    It is made by ``objective`` of the library's module. It can be pickled, and it is equal to every other of the same
    loss and options.
    """

    loss: Loss
    curvature: str
    hess_factor: float | None  # None: as the library has it
    hess_floor: float
    n_threads: int | None

    usual_floor: ClassVar[float] = 0.0  # the library's own
    weighs_lists: ClassVar[bool] = False  # whether a list has a weight, where there are lists, or each of its rows
    options: ClassVar[tuple[str, ...]] = ("curvature", "hess_factor", "hess_floor", "n_threads")  # as they are shown

    @classmethod
    def of(
        cls,
        loss: Any,
        curvature: str | None,
        hess_factor: float | None,
        hess_floor: float,
        n_threads: int | None,
        parameters: dict[str, Any],
    ) -> Self:
        """Return the objective of a loss, its options checked; raise for one that trees cannot learn from."""
        bound = bind(loss, parameters)
        asked = {"curvature": "exact" if curvature is None else curvature, "hess_floor": hess_floor}
        found = as_curvature(bound._row, HESSIAN, asked | ({} if hess_factor is None else {"hess_factor": hess_factor}))
        if found.mode != "gauss_newton" and found.floor <= cls.usual_floor and is_flat(bound._row):
            raise ValueError(
                f"{bound.name} has no curvature: its Hessian is 0, and no tree would learn anything. "
                "curvature='gauss_newton' takes 1 in its place; objectives of the libraries themselves also renew the "
                "values of the leaves, which learns faster"
            )
        threads = threads_of(bound, n_threads)
        return cls(bound, found.mode, None if hess_factor is None else found.factor, found.floor, threads)

    def usual_factor(self, classes: int) -> float:
        """Return what the library multiplies the Hessian of a softmax over so many classes by."""
        return 1.0

    @property
    def __name__(self) -> str:
        return self.loss.name

    def __repr__(self) -> str:
        return _shown(self, "objective", self.options)

    def derivatives(
        self, y_true: Any, y_pred: Any, sample_weight: Any, out: tuple[Any, Any], groups: Any = None
    ) -> tuple[Any, Any]:
        """Return gradient and Hessian of the sum of the weighted losses, as arrays that are given.

        Parameters
        ----------
        y_true, y_pred, sample_weight : array_like
            Targets, predictions, and weights or None.
        out : tuple of ndarray
            Where they are written.
        groups : array_like, optional
            How many rows each list has, for a loss of ranked lists.

        Returns
        -------
        tuple of ndarray
            These arrays.
        """
        factor = self.hess_factor
        if factor is None:
            softmax = self.loss._row.axes == "C" and y_pred.ndim > 1 and y_pred.shape[1] > 1
            factor = self.usual_factor(y_pred.shape[1]) if softmax else 1.0
        options, of_rows = _samples(self, sample_weight, groups, len(y_pred))
        found: tuple[Any, Any] = self.loss.grad_and_hess(
            y_true,
            y_pred,
            **options,
            reduction="sum",
            curvature=self.curvature,
            hess_factor=factor,
            hess_floor=self.hess_floor,
            out=out,
            n_threads=self.n_threads,
        )
        if of_rows is not None:  # each row's own, after its list: a pair counts differently for its two rows
            for result in found:
                result *= of_rows
            if self.hess_floor:
                np.maximum(found[1], self.hess_floor, out=found[1])
        return found


class TwoWays(Objective):
    """An objective that LightGBM and XGBoost call in their native and in their scikit-learn API."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, groups: Any = None) -> tuple[Any, Any]:
        """Return gradient and Hessian, in float32 and in the layout of the predictions.

        Parameters
        ----------
        y_true : array_like
            The targets; in a native API the predictions, and the data in place of `y_pred`.
        y_pred : array_like
            The raw predictions: scores.
        sample_weight : array_like, optional
            The weight of each sample.
        groups : array_like, optional
            How many rows each list has, for a loss of ranked lists.

        Returns
        -------
        tuple of ndarray
            Gradient and Hessian of the sum of the weighted losses.
        """
        y_true, y_pred, sample_weight, groups = given(y_true, y_pred, sample_weight, groups)
        out = np.empty_like(y_pred, np.float32), np.empty_like(y_pred, np.float32)
        gradient, hessian = self.derivatives(y_true, y_pred, sample_weight, out, groups)
        if not self.hess_floor and self.curvature == "exact" and hessian.size and hessian.min() < 0:
            _warn_of_negative(self.loss.name)
        return gradient, hessian


@dataclass(frozen=True, repr=False)
class Metric:
    """The mean of a loss over data that a boosting library evaluates."""

    loss: Loss
    name: str
    n_threads: int | None

    weighs_lists: ClassVar[bool] = False  # as of an `Objective`

    @classmethod
    def of(cls, loss: Any, name: str | None, n_threads: int | None, parameters: dict[str, Any]) -> Self:
        """Return the metric of a loss, by default under its name."""
        bound = bind(loss, parameters)
        return cls(bound, name or bound.name, threads_of(bound, n_threads))

    @property
    def __name__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return _shown(self, "metric", ("name",))

    def returned(self, value: float, native: bool) -> Any:
        """Return a value as the library wants it, in its native API or in that of scikit-learn."""
        return value

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, groups: Any = None) -> Any:
        """Return the name of the metric and its value, as the library wants them.

        Parameters
        ----------
        y_true : array_like
            The targets; in a native API the predictions, and the data in place of `y_pred`.
        y_pred : array_like
            The raw predictions: scores.
        sample_weight : array_like, optional
            The weight of each sample.
        groups : array_like, optional
            How many rows each list has, for a loss of ranked lists.

        Returns
        -------
        float or tuple
            LightGBM: name, value, whether more is better (False). XGBoost: name and value; in its scikit-learn API the
            value.
        """
        native = hasattr(y_pred, "get_label")
        y_true, y_pred, sample_weight, groups = given(y_true, y_pred, sample_weight, groups)
        options, of_rows = _samples(self, sample_weight, groups, len(y_pred))
        if of_rows is not None:
            options["sample_weight"] = _means(of_rows, options["groups"])
        value = self.loss(y_true, y_pred, **options, n_threads=self.n_threads)
        return self.returned(value, native)


def _shown(made: Any, function: str, options: tuple[str, ...]) -> str:
    """Return what an object is made by."""
    given = "".join(f", {name}={getattr(made, name)!r}" for name in options)
    return f"{type(made).__module__}.{function}({made.loss!r}{given})"


def bind(loss: Any, parameters: dict[str, Any]) -> Loss:
    """Return a loss with some of its parameters, if it is of targets and predictions as boosted trees have them."""
    found = as_loss(loss)
    if not _of_lists(found._row):
        of_one_prediction(found, "objective of boosted trees")
    row = found._row
    if row.no_hessian or row.couples:
        why = row.no_hessian or "its samples depend on each other"
        raise TypeError(f"{found.name} is no objective of boosted trees: {why}")
    for name in ("reduction", "normalizer", "n_threads"):
        if name in parameters:
            raise TypeError(f"{name} is no parameter of the loss: weighted losses are added up here")
    return found.bind(**parameters, reduction="mean", normalizer=None)


def _of_lists(row: Row) -> bool:
    """Tell whether a loss is one of ranked lists, whose rows have one target each."""
    return row.axes == "G" and sum(operand.role == TARGET for operand in row.operands) == 1


def _samples(
    made: Objective | Metric, sample_weight: Any, groups: Any, rows: int
) -> tuple[dict[str, Any], np.ndarray[Any, Any] | None]:
    """Return what a call takes besides targets and predictions, and the weights of rows of lists.

    Lists are of no account to losses of single rows.
    """
    if not _of_lists(made.loss._row):
        return {"sample_weight": sample_weight}, None
    sizes = None if groups is None else np.asarray(groups, np.int64)
    options: dict[str, Any] = {"groups": sizes}
    if sample_weight is None or made.weighs_lists:
        return options | {"sample_weight": sample_weight}, None
    weight = np.asarray(sample_weight)
    if weight.shape != (rows,):
        raise ValueError(f"sample_weight has shape {weight.shape}; it needs a weight for each of {rows} rows")
    wrong = first_true(~((weight >= 0) & np.isfinite(weight)))
    if wrong is not None:
        raise ValueError(f"sample_weight[{wrong}] = {weight[wrong]} is not a finite number >= 0")
    return options, weight


def _means(weight: np.ndarray[Any, Any], sizes: np.ndarray[Any, Any] | None) -> Any:
    """Return the mean of the weights of the rows of each list; of one without rows 0."""
    if sizes is None:
        return weight.mean(dtype=np.float64)
    lists = np.repeat(np.arange(len(sizes)), sizes)
    return np.bincount(lists, weight, len(sizes)) / np.maximum(sizes, 1)


def threads_of(loss: Loss, n_threads: int | None) -> int | None:
    """Return how many threads a call may use: those that are asked for, else those that the loss is bound to."""
    return loss.keywords.get("n_threads") if n_threads is None else checked_threads("n_threads", n_threads)


@functools.cache
def is_flat(row: Row) -> bool:
    """Tell whether the Hessian of a loss is 0 nearly everywhere."""
    if row.terms:
        return all(is_flat(term) for _, term in row.terms)
    sizes = (64, 3) if row.axes == "C" else (64,)
    arrays = draw(row, sizes, np.float64, np.random.default_rng(0))
    return not Loss(row).grad_and_hess(*arrays.values())[1].any()


def given(y_true: Any, y_pred: Any, sample_weight: Any, groups: Any) -> tuple[Any, Any, Any, Any]:
    """Return targets, predictions, weights and the sizes of lists, whichever API gave them."""
    if hasattr(y_pred, "get_label"):  # the native one: predictions and data
        data, y_pred = y_pred, y_true
        y_true, sample_weight = data.get_label(), data.get_weight()
        groups = data.get_group() if hasattr(data, "get_group") else None  # XGBoost has it since 2.1
    if sample_weight is not None and np.size(sample_weight) == 0:  # XGBoost's "none"
        sample_weight = None
    if groups is not None and np.size(groups) == 0:
        groups = None
    return y_true, np.asarray(y_pred), sample_weight, groups


@functools.cache
def _warn_of_negative(name: str) -> None:
    """Warn, once for each loss."""
    warnings.warn(
        f"the Hessian of {name} is negative for some samples: the values of leaves may go the wrong way. "
        "curvature='abs' or 'gauss_newton', or hess_floor=, keeps it positive",
        RuntimeWarning,
        stacklevel=3,
    )
