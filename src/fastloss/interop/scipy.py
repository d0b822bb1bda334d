"""Linear models as ``scipy.optimize.minimize`` takes them: value, gradient, and the Hessian times a vector."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..loss import Loss
from ..penalties import Penalty
from ..scalars import as_number
from .common import of_one_prediction


class Objective:
    """A linear model and its loss, as a function of the weights; made by `objective`.

    ``minimize(objective.fun, start, jac=True, hessp=objective.hessp)``
    """

    def __init__(
        self, loss: Loss, X: Any, y: Any, penalty: Penalty | None, strength: float, keywords: dict[str, Any]
    ) -> None:
        if hasattr(X, "toarray"):
            raise TypeError("X is sparse; it must be dense: pass X.toarray()")
        self.loss, self.X, self.y, self.penalty, self.strength = loss, np.asarray(X), y, penalty, strength
        self.keywords = keywords
        for name in ("out", "wrt"):
            if name in keywords:
                raise TypeError(f"the loss of a model has no keyword {name!r}")
        if keywords.get("reduction", loss.keywords.get("reduction")) == "none":
            raise ValueError("reduction='none' is no number to minimise; it is 'mean' or 'sum'")
        if self.X.ndim != 2:
            raise ValueError(f"X has shape {self.X.shape}; it must have two axes: samples and features")
        if penalty is not None and not isinstance(penalty, Penalty):
            raise TypeError(f"penalty must be a penalty of fastloss, as fl.l2, not {type(penalty).__name__}")
        self.strength = as_number("strength", strength)
        if self.loss._row.axes != "C":  # else the weights say how many classes there are
            self.fun(np.zeros(self.X.shape[1] * int(self.loss._row.axes or 1)))

    def _scores(self, weights: Any) -> Any:
        """Return the predictions; of several numbers a sample the weights are a matrix, a column for each."""
        features, size, axes = self.X.shape[1], np.size(weights), self.loss._row.axes
        wanted = features * int(axes) if axes.isdigit() else features
        if np.ndim(weights) != 1 or (size % features if axes == "C" else size != wanted):
            raise ValueError(
                f"the weights have shape {np.shape(weights)}; X has {features} features, so they must have "
                f"{f'a multiple of {features}' if axes == 'C' else wanted} numbers"
            )
        return self.X @ (np.reshape(weights, (features, -1)) if axes else weights)

    def fun(self, weights: Any) -> tuple[float, Any]:
        """Return value and gradient at some weights.

        Parameters
        ----------
        weights : ndarray
            Of the shape (features,), or for K classes (features K,), as ``weights.ravel()`` of (features, K); for a
            loss of location and scale, as `fl.gaussian_nll`, K is 2.

        Returns
        -------
        tuple of float and ndarray
            Value and gradient.
        """
        value, by_scores = self.loss.value_and_grad(self.y, self._scores(weights), **self.keywords)
        gradient = np.ravel(self.X.T @ by_scores)
        if self.penalty is not None:
            added, gradient = self.penalty.value_and_grad(
                np.asarray(weights), strength=self.strength, out=gradient, accumulate=True
            )
            value += added
        return value, gradient

    def jac(self, weights: Any) -> Any:
        """Return the gradient at some weights.

        Parameters
        ----------
        weights : ndarray
            As `fun` takes them.

        Returns
        -------
        ndarray
            The gradient.
        """
        return self.fun(weights)[1]

    def hessp(self, weights: Any, vector: Any) -> Any:
        """Return the Hessian at some weights times a vector.

        Parameters
        ----------
        weights, vector : ndarray
            As `fun` takes them.

        Returns
        -------
        ndarray
            The product.

        Raises
        ------
        TypeError
            For a loss or a penalty whose Hessian cannot be multiplied.
        """
        product = self.loss.hvp(self.y, self._scores(weights), self._scores(vector), **self.keywords)
        product = np.ravel(self.X.T @ product)
        if self.penalty is None:
            return product
        row = self.penalty._row
        _, _, second = row.function(1.0, self.strength, *(parameter.default for parameter in row.parameters))
        return product + second * np.asarray(vector)


def objective(
    loss: Loss, X: Any, y: Any, *, penalty: Penalty | None = None, strength: float = 1.0, **keywords: Any
) -> Objective:
    """Return the loss of a linear model as a function of its weights.

    Parameters
    ----------
    loss : Loss
        A loss of targets and predictions, or over rows of classes: the scores of the classes are then the columns of
        ``X @ weights.reshape(features, K)``.
    X : array_like
        The features, of the shape (samples, features).
    y : array_like
        The targets.
    penalty : Penalty, optional
        `fl.l2`, say: of all weights.
    strength : float, default=1.0
        What multiplies the penalty.
    **keywords
        Of every call of the loss: parameters, `sample_weight`, `where`, `reduction`, `n_threads`.

    Returns
    -------
    Objective
        Its methods `fun` (value and gradient: ``jac=True``), `jac` and `hessp` are what ``minimize`` takes.

    Raises
    ------
    TypeError, ValueError
        For a loss of several arrays, and wrong shapes.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> from scipy.optimize import minimize
    >>> X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0], [1.0, 3.0]])
    >>> model = fl.interop.scipy.objective(fl.binary_cross_entropy, X, [0, 1, 0, 1], penalty=fl.l2, strength=0.1)
    >>> fit = minimize(model.fun, np.zeros(2), jac=True, hessp=model.hessp, method="trust-ncg")
    >>> fit.x.round(4).tolist()
    [-0.4719, 0.4486]
    """
    return Objective(of_one_prediction(loss, "loss of a linear model"), X, y, penalty, strength, keywords)
