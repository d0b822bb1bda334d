"""Losses as objectives and metrics of LightGBM, in its native and in its scikit-learn API."""

from __future__ import annotations

from typing import Any

from ..loss import Loss
from . import boosting


class Objective(boosting.TwoWays):
    """A loss as LightGBM asks for it; made by `objective`."""

    def usual_factor(self, classes: int) -> float:
        """Return K / (K - 1)."""
        return classes / (classes - 1)


class Metric(boosting.Metric):
    """The mean of a loss as LightGBM asks for it; made by `metric`."""

    def returned(self, value: float, native: bool) -> Any:
        """Return name, value, and that less is better."""
        return self.name, value, False


def objective(
    loss: Loss,
    *,
    curvature: str | None = None,
    hess_factor: float | None = None,
    hess_floor: float = Objective.usual_floor,
    n_threads: int | None = None,
    **parameters: Any,
) -> Objective:
    """Return a loss as an objective of LightGBM.

    Parameters
    ----------
    loss : Loss
        A loss of targets and predictions: `fl.huber`, `fl.cross_entropy`, `fl.poisson` (of logarithms of means), a sum
        of losses, one of your own; or of ranked lists with a Hessian: `fl.lambdarank`, `fl.ranknet`. Their lists
        are the groups of the data (``Dataset(group=…)``, ``LGBMRanker.fit(group=…)``). The weight of a row multiplies
        what its list has computed for it, as in LightGBM's own.
    curvature : {'exact', 'gauss_newton', 'abs'}, optional
        What stands for the Hessian. By default it is exact; then a loss whose Hessian is 0, as `fl.quantile`, is
        refused.
    hess_factor : float, optional
        What multiplies it. By default K / (K - 1) for a loss over K classes, as LightGBM has it, else 1.
    hess_floor : float, default=0.0
        The least that it is; 0 for no floor.
    n_threads : int, optional
        As in a call of the loss.
    **parameters
        Parameters of the loss, as ``delta=2.0``.

    Returns
    -------
    Objective
        What ``lightgbm.train({"objective": ...})`` and ``LGBMRegressor(objective=...)`` take. It applies the weights.

    Raises
    ------
    TypeError, ValueError
        For a loss of several arrays, one without a Hessian or with one that is 0, and for wrong parameters.

    Notes
    -----
    LightGBM begins at 0 with an objective that is not its own, and its `predict` returns raw scores. In the
    scikit-learn API give ``metric="None"`` beside early stopping: the default metric would be computed of raw scores.
    LightGBM's own "huber" has 1 for its Hessian: ``hess_floor=1.0``.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> objective = fl.interop.lightgbm.objective(fl.huber, delta=2.0)
    >>> gradient, hessian = objective(np.array([0.0, 0.0]), np.array([1.0, 3.0]))
    >>> gradient.tolist(), hessian.tolist()
    ([1.0, 2.0], [1.0, 0.0])
    """
    return Objective.of(loss, curvature, hess_factor, hess_floor, n_threads, parameters)


def metric(loss: Loss, *, name: str | None = None, n_threads: int | None = None, **parameters: Any) -> Metric:
    """Return the mean of a loss as a metric of LightGBM.

    Parameters
    ----------
    loss : Loss
        A loss of targets and predictions; of ranked lists each counts by the mean of the weights of its rows, as in
        LightGBM's own.
    name : str, optional
        What it is called; by default as the loss.
    n_threads : int, optional
        As in a call of the loss.
    **parameters
        Parameters of the loss.

    Returns
    -------
    Metric
        What ``feval=`` and ``eval_metric=`` take.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> fl.interop.lightgbm.metric(fl.squared_error)(np.array([0.0, 0.0]), np.array([1.0, 3.0]))
    ('squared_error', 5.0, False)
    """
    return Metric.of(loss, name, n_threads, parameters)
