"""Losses as objectives and metrics of XGBoost, in its native and in its scikit-learn API."""

from __future__ import annotations

from typing import Any

from ..loss import Loss
from . import boosting


class Objective(boosting.TwoWays):
    """A loss as XGBoost asks for it; made by `objective`."""

    usual_floor = 1e-16
    weighs_lists = True

    def usual_factor(self, classes: int) -> float:
        """Return 2."""
        return 2.0


class Metric(boosting.Metric):
    """The mean of a loss as XGBoost asks for it; made by `metric`."""

    weighs_lists = True

    def returned(self, value: float, native: bool) -> Any:
        """Return the value, in the native API after the name."""
        return (self.name, value) if native else value


def objective(
    loss: Loss,
    *,
    curvature: str | None = None,
    hess_factor: float | None = None,
    hess_floor: float = Objective.usual_floor,
    n_threads: int | None = None,
    **parameters: Any,
) -> Objective:
    """Return a loss as an objective of XGBoost.

    Parameters
    ----------
    loss : Loss
        A loss of targets and predictions: `fl.huber`, `fl.cross_entropy`, `fl.poisson` (of logarithms of means), a sum
        of losses, one of your own; or of ranked lists with a Hessian: `fl.ranknet`, `fl.lambdarank`. Their lists are
        the groups of the data (``DMatrix.set_group``), which XGBoost has a weight for each of. `XGBRanker` takes no
        objective but its own.
    curvature : {'exact', 'gauss_newton', 'abs'}, optional
        What stands for the Hessian. By default it is exact; then a loss whose Hessian is 0, as `fl.quantile`, is
        refused.
    hess_factor : float, optional
        What multiplies it. By default 2 for a loss over classes, as XGBoost has it, else 1.
    hess_floor : float, default=1e-16
        The least that it is; 0 for no floor.
    n_threads : int, optional
        As in a call of the loss.
    **parameters
        Parameters of the loss, as ``delta=2.0``.

    Returns
    -------
    Objective
        What ``xgboost.train(obj=...)`` and ``XGBRegressor(objective=...)`` take. It applies the weights.

    Raises
    ------
    TypeError, ValueError
        For a loss of several arrays, one without a Hessian or with one that is 0, and for wrong parameters.

    Notes
    -----
    XGBoost begins at a margin of 0.5 with an objective that is not its own: give ``base_score=0.0``. Beside `obj` its
    parameter ``objective`` may name what makes predictions of scores: ``"binary:logistic"`` or ``"multi:softprob"``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> objective = fl.interop.xgboost.objective(fl.huber, delta=2.0)
    >>> gradient, hessian = objective(np.array([0.0, 0.0]), np.array([1.0, 3.0]))
    >>> gradient.tolist(), hessian.tolist()
    ([1.0, 2.0], [1.0, 1.0000000168623835e-16])
    """
    return Objective.of(loss, curvature, hess_factor, hess_floor, n_threads, parameters)


def metric(loss: Loss, *, name: str | None = None, n_threads: int | None = None, **parameters: Any) -> Metric:
    """Return the mean of a loss as a metric of XGBoost.

    Parameters
    ----------
    loss : Loss
        A loss of targets and predictions.
    name : str, optional
        What it is called; by default as the loss.
    n_threads : int, optional
        As in a call of the loss.
    **parameters
        Parameters of the loss.

    Returns
    -------
    Metric
        What ``custom_metric=`` and ``eval_metric=`` take.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> fl.interop.xgboost.metric(fl.squared_error)(np.array([0.0, 0.0]), np.array([1.0, 3.0]))
    5.0
    """
    return Metric.of(loss, name, n_threads, parameters)
