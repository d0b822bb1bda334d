"""A linear model of any loss as an estimator of scikit-learn, and losses for its histogram gradient boosting."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from ..catalogue import CATALOGUE
from ..loss import Loss
from ..penalties import Penalty
from ..rows import Row, RowTarget
from .boosting import Objective, is_flat
from .common import of_one_prediction

try:
    from sklearn import metrics
    from sklearn.base import BaseEstimator
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils import ClassifierTags, RegressorTags
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:
    raise ImportError(
        "fastloss.interop.sklearn needs scikit-learn 1.6 or later: python -m pip install 'scikit-learn>=1.6'"
    ) from error


def _is_classifier(row: Row) -> bool:
    """Tell whether the targets of a loss are classes."""
    return row.axes == "C" or "hard" in row.target.forms


def _holds_probabilities(model: Any) -> bool:
    """Tell whether scores stand for probabilities."""
    if _is_classifier(model.loss._row) and hasattr(model.loss, "inverse_link"):
        return True
    raise AttributeError(f"{model.loss.name} has scores, no probabilities")


def _is_classifying(model: Any) -> bool:
    if _is_classifier(model.loss._row):
        return True
    raise AttributeError(f"{model.loss.name} is a loss of numbers: its model has no decision_function")


class GeneralizedLinear(BaseEstimator):
    """A linear model that minimises the mean of a loss, and a penalty of its coefficients.

    With a loss of classes it is a classifier, else a regressor. It minimises by L-BFGS, after each step of which the
    loss has computed value and gradient in one pass.

    Parameters
    ----------
    loss : Loss, default=fl.squared_error
        A loss of numbers (`fl.huber`), of logarithms of means (`fl.poisson`: predictions are means), of two classes
        (`fl.squared_hinge`), or over rows of classes (`fl.cross_entropy`); or a sum of such losses. One without any
        curvature (`fl.absolute_error`, `fl.quantile`, `fl.hinge`) is refused: steps by its gradient end anywhere.
    penalty : Penalty, optional
        `fl.l2`, `fl.l1` or `fl.elastic_net`: of the coefficients, not of the intercept.
    strength : float, default=1.0
        What multiplies the penalty.
    penalty_options : dict, optional
        Of the penalty: ``{"ratio": 0.2}`` of `fl.elastic_net`.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    max_iter : int, default=1000
        The most steps.
    tol : float, default=1e-8
        It ends where no derivative is larger.
    n_threads : int, optional
        Of each call of the loss.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        The coefficients; of a classifier with one score the shape is (1, n_features).
    intercept_ : float or ndarray
        The intercept, of a classifier an array.
    classes_ : ndarray
        The classes, of a classifier.
    n_iter_ : int
        How many steps were made.
    n_features_in_ : int
        The number of features.

    Examples
    --------
    >>> import fastloss as fl
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 100.0]
    >>> model = fl.interop.sklearn.GeneralizedLinear(fl.cauchy).fit(X, y)
    >>> model.predict([[4.0]]).round(1).tolist()  # 9 without the last one
    [9.2]
    """

    def __init__(
        self,
        loss: Loss = Loss(CATALOGUE["squared_error"]),  # noqa: B008  # immutable
        *,
        penalty: Penalty | None = None,
        strength: float = 1.0,
        penalty_options: dict[str, Any] | None = None,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-8,
        n_threads: int | None = None,
    ) -> None:
        self.loss = loss
        self.penalty = penalty
        self.strength = strength
        self.penalty_options = penalty_options
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.n_threads = n_threads

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn wants to know: whether it is a classifier, and what targets may be."""
        tags = super().__sklearn_tags__()
        row = self.loss._row
        tags.target_tags.required = True
        if _is_classifier(row):
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_class=row.axes == "C")
        else:
            tags.estimator_type = "regressor"
            tags.regressor_tags = RegressorTags()
            tags.target_tags.positive_only = -1.0 not in row.targets(self.loss.parameters)
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> GeneralizedLinear:
        """Fit the model.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            The features.
        y : array_like of shape (n_samples,)
            The targets: numbers, or classes of any type.
        sample_weight : array_like of shape (n_samples,), optional
            A weight >= 0 of each sample.

        Returns
        -------
        GeneralizedLinear
            The model itself.
        """
        loss = _checked_loss(self.loss)
        if is_flat(loss._row):
            raise TypeError(
                f"{loss.name} has no curvature, without which L-BFGS ends anywhere: a loss that is rounded at its kink "
                "has some, as fl.huber, fl.expectile or fl.squared_hinge"
            )
        if self.penalty is not None and not isinstance(self.penalty, Penalty):
            raise TypeError(f"penalty must be a penalty of fastloss, as fl.l2, not {type(self.penalty).__name__}")
        classifies = _is_classifier(loss._row)
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], y_numeric=not classifies)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        targets, columns = self._targets(loss, y) if classifies else (np.asarray(y, np.float64), 1)
        keywords = {"sample_weight": sample_weight, "n_threads": self.n_threads}
        found = _minimum(self, loss, X, targets, columns, keywords)
        coefficients, intercepts = found[:, :-1], found[:, -1]
        self.coef_ = coefficients if classifies else coefficients[0]
        self.intercept_ = intercepts if classifies else float(intercepts[0])
        return self

    def _targets(self, loss: Loss, y: Any) -> tuple[Any, int]:
        """Return classes as the loss takes them, and how many scores a sample has."""
        check_classification_targets(y)
        self.classes_, index = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has one class only: {self.classes_[0]!r}; a classifier needs at least two classes")
        if loss._row.axes == "C":
            return index, len(self.classes_)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported by {loss.name}: y has {len(self.classes_)} classes. "
                "fl.cross_entropy and others take more"
            )
        labels = loss.parameters.get("labels", (0, 1))
        return np.asarray(labels, np.float64)[index], 1

    def _scores(self, X: Any) -> Any:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return X @ self.coef_.T + self.intercept_

    def predict(self, X: Any) -> Any:
        """Return predictions: numbers, means of a loss of logarithms of means, or classes.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,)
            The predictions.
        """
        scores = self._scores(X)
        row = self.loss._row
        if row.axes == "C":
            return self.classes_[scores.argmax(1)]
        if _is_classifier(row):
            return self.classes_[(scores[:, 0] > 0).astype(np.intp)]
        return self.loss.inverse_link(scores) if hasattr(self.loss, "inverse_link") else scores

    @available_if(_is_classifying)
    def decision_function(self, X: Any) -> Any:
        """Return the scores of the classes; of two classes that of the second above the first.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            The scores.
        """
        scores = self._scores(X)
        if scores.shape[1] == 1:
            return scores[:, 0]
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    @available_if(_holds_probabilities)
    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the classes, where scores stand for such: see `Loss.inverse_link`.

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            The probabilities.
        """
        scores = np.ascontiguousarray(self._scores(X), np.float64)
        if scores.shape[1] > 1:
            return self.loss.inverse_link(scores)
        return self.loss.inverse_link(np.column_stack([-scores[:, 0], scores[:, 0]]))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of right classes, of a regressor R².

        Parameters
        ----------
        X : array_like of shape (n_samples, n_features)
            The features.
        y : array_like of shape (n_samples,)
            The targets.
        sample_weight : array_like of shape (n_samples,), optional
            The weights of the samples.

        Returns
        -------
        float
            The score.
        """
        measure = metrics.accuracy_score if _is_classifier(self.loss._row) else metrics.r2_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))


def _checked_loss(loss: Any) -> Loss:
    """Return a loss that a linear model can be fitted to."""
    found = of_one_prediction(loss, "loss of a linear model")
    row = found._row
    predicted = row.predictions(found.parameters)
    of_rows = row.target if isinstance(row.target, RowTarget) else None
    no_classes = of_rows is not None and ("index" not in of_rows.forms or of_rows.levels)
    if row.axes not in ("", "C") or no_classes:
        raise TypeError(f"{found.name} is no loss of an estimator: it is one of numbers, of means or of classes")
    if not (predicted.low == -np.inf and predicted.high == np.inf):
        raise TypeError(
            f"{found.name} takes predictions {predicted.description}, which a linear model does not keep to"
        )
    if found.keywords.get("reduction", "mean") == "none":
        raise ValueError("reduction='none' is no number to minimise; it is 'mean' or 'sum'")
    return found


def _minimum(model: Any, loss: Loss, X: Any, y: Any, columns: int, keywords: dict[str, Any]) -> Any:
    """Return coefficients and, in the last column, intercepts, one row for each score."""
    from scipy.optimize import minimize

    shape = columns, X.shape[1] + 1
    tiny = np.finfo(np.float64).tiny
    options = model.penalty_options or {}
    # Where the penalty has a kink at 0, a coefficient is what is above 0 less what is below: then 0 is a bound.
    penalty, split = model.penalty, False
    if penalty is not None:
        penalty.value_and_grad(np.zeros(1), strength=model.strength, **options)
        split = bool(penalty.grad(np.full(1, tiny), strength=model.strength, **options)[0] > 1e-300)

    def fun(parameters: Any) -> tuple[float, Any]:
        halves = parameters.reshape(-1, *shape)
        weights = halves[0] - halves[1] if split else halves[0]
        scores = X @ weights[:, :-1].T + weights[:, -1]
        value, by_scores = loss.value_and_grad(y, scores if loss._row.axes else scores[:, 0], **keywords)
        by_scores = by_scores.reshape(len(X), columns)
        gradient = np.empty_like(weights)
        gradient[:, :-1] = by_scores.T @ X
        gradient[:, -1] = by_scores.sum(0) if model.fit_intercept else 0.0
        gradients = np.stack([gradient, -gradient]) if split else gradient[None]
        if penalty is not None:
            for half, by_half in zip(halves, gradients, strict=True):
                at = np.maximum(half[:, :-1], tiny) if split else half[:, :-1]
                added, by = penalty.value_and_grad(at, strength=model.strength, **options)
                value += added
                by_half[:, :-1] += by
        return value, gradients.ravel()

    start = np.zeros((2 if split else 1, *shape))
    bounds: Any = [(0.0, None)] * start.size if split else None
    with np.errstate(over="ignore", invalid="ignore"):
        result = minimize(
            fun, start.ravel(), jac=True, method="L-BFGS-B", bounds=bounds,
            options={"maxiter": model.max_iter, "gtol": model.tol, "ftol": 0.0, "maxls": 50},
        )  # fmt: skip
    model.n_iter_ = int(result.nit)
    if result.status == 1:
        warnings.warn(
            f"no minimum was found in {model.max_iter} steps: raise max_iter, scale the features (StandardScaler), or "
            "add a penalty",
            ConvergenceWarning,
            stacklevel=3,
        )
    halves = result.x.reshape(-1, *shape)
    return halves[0] - halves[1] if split else halves[0]


def histgb_loss(
    loss: Loss,
    *,
    n_classes: int | None = None,
    curvature: str = "gauss_newton",
    hess_floor: float = 0.0,
    **parameters: Any,
) -> Any:
    """Return a loss for ``HistGradientBoostingRegressor(loss=…)`` and ``HistGradientBoostingClassifier(loss=…)``.

    Experimental: these estimators take objects of a private class of scikit-learn, which another version may change. It
    was tested with scikit-learn 1.6 to 1.9.

    Parameters
    ----------
    loss : Loss
        A loss of numbers, of logarithms of means, of two classes, or over rows of classes.
    n_classes : int, optional
        How many classes there are, of a loss over rows.
    curvature : {"gauss_newton", "exact", "abs"}, default="gauss_newton"
        What the Hessian is. "gauss_newton" is what the estimators' own losses have, and it is never negative; where the
        exact one is 0, as of `fl.huber` far from 0, the values of leaves would be any.
    hess_floor : float, default=0.0
        The least Hessian.
    **parameters
        Those of the loss.

    Returns
    -------
    object
        What the estimators take. It can be pickled and copied.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> X = np.arange(100.0)[:, None]
    >>> loss = fl.interop.sklearn.histgb_loss(fl.huber, delta=5.0)
    >>> model = HistGradientBoostingRegressor(loss=loss).fit(X, X[:, 0] ** 2)
    >>> bool(model.predict([[90.0]])[0] > model.predict([[10.0]])[0])
    True
    """
    from .histgb import OfClasses, OfNumbers, OfTwoClasses

    objective = Objective.of(loss, curvature, None, hess_floor, None, parameters)
    row = objective.loss._row
    if not _is_classifier(row):
        found = _checked_loss(objective.loss)
        return OfNumbers(replace(objective, loss=found))
    if row.axes == "C":
        if n_classes is None or n_classes < 3:
            raise ValueError(f"{row.name} needs n_classes, 3 or more; for two classes there is fl.binary_cross_entropy")
        _checked_loss(objective.loss)
        return OfClasses(objective, n_classes)
    labels = {"labels": (0, 1)} if "labels" in objective.loss.parameters else {}  # as the estimator has encoded them
    return OfTwoClasses(replace(objective, loss=_checked_loss(objective.loss.bind(**labels))))
