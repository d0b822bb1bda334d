"""Losses as objectives of CatBoost."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..loss import Loss
from . import boosting


class Objective(boosting.Objective):
    """The derivatives of a loss, as CatBoost asks for them; made by `objective`."""

    options = boosting.Objective.options[:-1]
    no_jit = True  # else CatBoost has Numba try its methods, where there is Numba, and warns for a page

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Any:
        """Return for each sample minus the gradient and minus the Hessian.

        Parameters
        ----------
        approxes, targets, weights : array_like
            Predictions, targets, and weights or None.

        Returns
        -------
        ndarray
            Of the shape (n, 2).
        """
        y_pred = np.asarray(approxes, np.float64)
        derivatives = np.empty((len(y_pred), 2))
        self.derivatives(np.asarray(targets), y_pred, weights, (derivatives[:, 0], derivatives[:, 1]))
        return np.negative(derivatives, out=derivatives)


def objective(
    loss: Loss,
    *,
    curvature: str | None = None,
    hess_factor: float = 1.0,
    hess_floor: float = 0.0,
    **parameters: Any,
) -> Objective:
    """Return a loss as an objective of CatBoost: ``CatBoostRegressor(loss_function=..., eval_metric="RMSE")``.

    Parameters
    ----------
    loss : Loss
        A loss of one number for each sample. For several classes CatBoost asks for a matrix of each row, which takes
        20 times as long as its own ``MultiClass``: a loss over classes is refused.
    curvature : {'exact', 'gauss_newton', 'abs'}, optional
        What stands for the Hessian. By default it is exact; then a loss whose Hessian is 0, as `fl.quantile`, is
        refused.
    hess_factor, hess_floor : float
        What multiplies the Hessian, and the least that it is.
    **parameters
        Parameters of the loss, as ``delta=2.0``.

    Returns
    -------
    Objective
        It applies the weights, and can be pickled.

    Raises
    ------
    TypeError, ValueError
        For a loss over classes or of several arrays, one whose Hessian is 0, and for wrong parameters.

    Notes
    -----
    CatBoost begins at the average with its own objectives and at 0 with others: ``boost_from_average=False`` makes it
    begin at 0 with all.

    Examples
    --------
    >>> import fastloss as fl
    >>> objective = fl.interop.catboost.objective(fl.huber, delta=2.0)
    >>> objective.calc_ders_range([1.0, 3.0], [0.0, 0.0], None).tolist()
    [[-1.0, -1.0], [-2.0, -0.0]]
    """
    bound = boosting.bind(loss, parameters)
    if bound._row.axes == "G":
        raise TypeError(f"{bound.name} is a loss of lists, and CatBoost tells no objective but its own what is a list")
    if bound._row.axes:
        raise TypeError(f"{bound.name} is a loss over classes, which CatBoost asks for row by row; use its MultiClass")
    return Objective.of(bound, curvature, hess_factor, hess_floor, 1, {})  # pieces of at most 1000 samples: one thread
