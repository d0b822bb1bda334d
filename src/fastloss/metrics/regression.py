"""Metrics of numbers and of deviances, with scikit-learn's arguments."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arrays import first_true
from ..reductions import added_up
from ..scalars import as_number
from .checks import Array, Columns, Multioutput, averaged, columns, explained, loss_of, no_score, outputs

_TERMS = 40  # at most, of a series in d, of which |d| and |d p| / 2 are below 1 / 4
_ODD = tuple(1 / k for k in range(13, 1, -2))  # of one in v^2, of which |v| is at most 1 / 15
_TINY = float(np.finfo(np.float64).tiny)
_AT_ONCE = 1 << 13  # samples


def _of_columns(name: str, given: Columns, *, root: bool = False, **parameters: Any) -> Array:
    """Return the mean of a loss for each output."""
    loss = loss_of(name)
    each = [
        loss(given.y_true[:, k], given.y_pred[:, k], sample_weight=given.weight, **parameters)
        for k in range(given.y_true.shape[1])
    ]
    return np.sqrt(each) if root else np.array(each)


def _mean(name: str, given: Columns, multioutput: Any, *, root: bool = False, **parameters: Any) -> Any:
    """Return a mean as it is asked for."""
    how = outputs(multioutput, given.y_true.shape[1])
    if isinstance(how, str) and how == "uniform_average" and not root:  # one call over all outputs
        weight = None if given.weight is None else given.weight[:, None]
        return loss_of(name)(given.y_true, given.y_pred, sample_weight=weight, **parameters)
    return averaged(_of_columns(name, given, root=root, **parameters), how)


def mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Mean of squared errors, by `fastloss.squared_error`.

    Parameters
    ----------
    y_true, y_pred : array_like
        Targets and predictions, of the shape (samples,) or (samples, outputs).
    sample_weight : array_like, optional
        The weight of each sample, at least 0.
    multioutput : {'uniform_average', 'raw_values'} or array_like
        What becomes of several outputs: their mean, one number for each, or their mean weighted by an array.

    Returns
    -------
    float or ndarray
        The mean; with 'raw_values' one for each output.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.metrics.mean_squared_error([3, -0.5, 2, 7], [2.5, 0.0, 2, 8])
    0.375
    >>> fl.metrics.mean_squared_error([[0.5, 1], [-1, 1]], [[0, 2], [-1, 2]], multioutput="raw_values")
    array([0.125, 1.   ])
    """
    return _mean("squared_error", columns(y_true, y_pred, sample_weight), multioutput)


def root_mean_squared_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Root of the mean of squared errors: for several outputs the mean of their roots.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput : array_like
        As `mean_squared_error` takes them.

    Returns
    -------
    float or ndarray
        The root; with 'raw_values' one for each output.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.metrics.root_mean_squared_error([0.0, 0.0], [3.0, 3.0])
    3.0
    """
    return _mean("squared_error", columns(y_true, y_pred, sample_weight), multioutput, root=True)


def mean_absolute_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Mean of absolute errors, by `fastloss.absolute_error`.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput : array_like
        As `mean_squared_error` takes them.

    Returns
    -------
    float or ndarray
        The mean; with 'raw_values' one for each output.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.metrics.mean_absolute_error([3, -0.5, 2, 7], [2.5, 0.0, 2, 8])
    0.5
    """
    return _mean("absolute_error", columns(y_true, y_pred, sample_weight), multioutput)


def mean_absolute_percentage_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Mean of absolute errors relative to the targets, as a share: 1 is 100 percent.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput : array_like
        As `mean_squared_error` takes them.

    Returns
    -------
    float or ndarray
        The mean; with 'raw_values' one for each output. A target of 0 counts as 2^-52.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.metrics.mean_absolute_percentage_error([2.0, 4.0], [1.0, 5.0])
    0.375
    """
    return _mean("absolute_percentage_error", columns(y_true, y_pred, sample_weight), multioutput)


def _above_minus_1(given: Columns, what: str) -> Columns:
    """Return numbers of which log(1 + y) can be taken; raise for others."""
    for name, array in (("y_true", given.y_true), ("y_pred", given.y_pred)):
        index = first_true(array <= -1)
        if index is not None:
            raise ValueError(
                f"{what} Logarithmic Error cannot be used when targets contain values less than or equal to -1: "
                f"{name} has {array.reshape(-1)[index]}"
            )
    return given


def mean_squared_log_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Mean of squared errors of log(1 + y), by `fastloss.squared_log_error`.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput : array_like
        As `mean_squared_error` takes them, all above -1.

    Returns
    -------
    float or ndarray
        The mean; with 'raw_values' one for each output.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.mean_squared_log_error([3, 5, 2.5, 7], [2.5, 5, 4, 8]), 4)
    0.0397
    """
    given = _above_minus_1(columns(y_true, y_pred, sample_weight), "Mean Squared")
    return _mean("squared_log_error", given, multioutput)


def root_mean_squared_log_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Root of the mean of squared errors of log(1 + y): for several outputs the mean of their roots.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput : array_like
        As `mean_squared_log_error` takes them.

    Returns
    -------
    float or ndarray
        The root; with 'raw_values' one for each output.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.root_mean_squared_log_error([3, 5, 2.5, 7], [2.5, 5, 4, 8]), 4)
    0.1993
    """
    given = _above_minus_1(columns(y_true, y_pred, sample_weight), "Root Mean Squared")
    return _mean("squared_log_error", given, multioutput, root=True)


def _level(alpha: Any) -> float:
    level = as_number("alpha", alpha)
    if not 0 <= level <= 1:
        raise ValueError(f"alpha = {alpha} is no level of a quantile; it is between 0 and 1")
    return level


def _pinball(given: Columns, alpha: float) -> Array:
    """Return the mean of the quantile loss for each output, also at the levels 0 and 1, where it has a slope of 0."""
    if 0 < alpha < 1:
        return _of_columns("quantile", given, alpha=alpha)
    # It is max(r, 0) at the level 0, max(-r, 0) at 1: how far y_true is from the larger, or the smaller, of both.
    target = (np.maximum if alpha == 0 else np.minimum)(given.y_true, given.y_pred)
    return _of_columns("absolute_error", Columns(given.y_true.astype(given.y_pred.dtype), target, given.weight))


def mean_pinball_loss(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    alpha: float = 0.5,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Mean of the quantile loss, by `fastloss.quantile`.

    Parameters
    ----------
    y_true, y_pred, sample_weight : array_like
        As `mean_squared_error` takes them.
    alpha : float, default=0.5
        The level of the quantile, between 0 and 1.
    multioutput : {'uniform_average', 'raw_values'} or array_like
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray
        The mean; with 'raw_values' one for each output.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.mean_pinball_loss([1, 2, 3], [0, 2, 3], alpha=0.1), 4)
    0.0333
    """
    level = _level(alpha)
    given = columns(y_true, y_pred, sample_weight)
    if 0 < level < 1:
        return _mean("quantile", given, multioutput, alpha=level)
    how = outputs(multioutput, given.y_true.shape[1])
    return averaged(_pinball(given, level), how)


# ---- deviances ------------------------------------------------------------------------------------------------------


def _half_deviances(y: Array, mu: Array, power: float) -> Array:
    """Return half of the deviance of each of some thousand samples: what that needs stays in the cache."""
    difference = mu - y
    if power == 3:  # (y - mu)^2 / (2 y mu^2), which subtracts once
        difference /= mu
        difference *= difference
        difference /= y
        difference *= 0.5
        return difference
    if power == 1.5:  # 2 (sqrt y - sqrt mu)^2 / sqrt mu
        root = np.sqrt(mu)
        difference /= np.sqrt(y) + root
        difference *= difference
        difference /= root
        difference *= 2
        return difference
    scaled = np.abs(difference)
    scaled *= 1 / _radius(power)
    close = scaled < mu
    near = np.count_nonzero(close)
    if near == len(y):
        return _near(y, mu, difference, power)
    found = _far(y, mu, difference, power)
    if near:
        places = np.flatnonzero(close)
        found[places] = _near(y[places], mu[places], difference[places], power)
    return found


def _far(y: Array, mu: Array, difference: Array, p: float) -> Array:
    """Return mu^(2 - p) f(y / mu), where f(t) is the integral of (t - s) s^-p from 1; `difference` is mu - y."""
    if p in (1, 2):
        found: Array = y / mu
        if p == 1:
            np.maximum(found, _TINY, out=found)  # of a y of 0 the term is 0, whatever the logarithm
            np.log(found, out=found)
            found *= y
            found += difference
            return found
        logarithm = np.log(found)
        found -= 1
        found -= logarithm
        return found
    above = np.maximum(y, 0.0) if p < 0 else y
    found = above ** (2 - p)
    found *= 1 / ((1 - p) * (2 - p))
    slope = mu ** (1 - p)
    linear = mu * (1 / (2 - p))
    linear -= y * (1 / (1 - p))
    linear *= slope
    found += linear
    return found


def _near(y: Array, mu: Array, difference: Array, p: float) -> Array:
    """Return the same next to t = 1, where that subtracts what is nearly equal: by a series, which keeps the digits."""
    if p in (1, 2):  # log t = 2 atanh(v) = 2 (v + v^3 / 3 + v^5 / 5 ...), t = (1 + v) / (1 - v), |v| <= 1 / 15
        v = np.negative(difference)
        v /= y + mu
        square = v * v
        series = _polynomial(square, _ODD)
        series *= v
        series *= square
        if p == 1:
            series *= 1 + v
            series += square
            series /= 1 - v
            series *= mu
        else:
            square /= 1 - v
            np.subtract(square, series, out=series)
        series *= 2
        return series
    d = np.negative(difference)
    d /= mu
    found = _polynomial(d, _coefficients(p))
    found *= d
    found *= d
    found *= mu ** (2 - p)
    return found


def _radius(p: float) -> float:
    """Return how far from 1 the series is taken: at powers near 1 and 2 the terms that are subtracted are larger."""
    return (0.25 if p not in (1, 2) and abs((1 - p) * (2 - p)) < 0.3 else 0.125) / max(abs(p) / 2, 1.0)


def _polynomial(x: Array, coefficients: tuple[float, ...]) -> Array:
    """Return a polynomial, by Horner's rule: the coefficient of the highest power comes first."""
    found = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        found += coefficient
        found *= x
    found += coefficients[-1]
    return found


@functools.cache
def _coefficients(p: float) -> tuple[float, ...]:
    """Return binomial(-p, k) / ((k + 1) (k + 2)), from the last that counts to the first."""
    most, binomial, found = _radius(p), 1.0, [0.5]
    for k in range(_TERMS):
        binomial *= -(p + k) / (k + 1)
        found.append(binomial / ((k + 2) * (k + 3)))
        if abs(found[-1]) * most ** (k + 1) < 2.0**-58:
            break
    return tuple(found[::-1])


_NEEDS = {  # by the power: which of y_true and y_pred has to be above 0, or at least 0
    "stable": "strictly positive y_pred.",
    "counts": "non-negative y and strictly positive y_pred.",
    "sizes": "strictly positive y and y_pred.",
}


def _mean_deviance(given: Columns, power: float) -> float:
    """Return the mean of deviances of arguments that are checked."""
    if power == 0:
        return float(loss_of("squared_error")(*given[:2], sample_weight=given.weight))
    y_true, y_pred, weight = given
    sums = []
    with np.errstate(all="ignore"):
        for start in range(0, len(y_true), _AT_ONCE):
            piece = slice(start, start + _AT_ONCE)
            y, mu = (array[piece].astype(np.float64, copy=False) for array in (y_true, y_pred))
            each = _half_deviances(y, mu, power)
            if weight is not None:
                each *= weight[piece]
            sums.append(float(each.sum()))
    return 2 * added_up(sums) / (len(y_true) if weight is None else float(weight.sum(dtype=np.float64)))


def _of_deviance(
    name: str, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None, power: Any
) -> tuple[Columns, float]:
    """Return the arguments of a deviance, checked, as arrays of one dimension."""
    p = as_number("power", power)
    if 0 < p < 1 or not math.isfinite(p):
        raise ValueError(f"power = {power} is that of no Tweedie distribution; it is at most 0, or at least 1")
    given = columns(y_true, y_pred, sample_weight)
    if given.y_true.shape[1] > 1:
        raise ValueError(f"Multioutput not supported in {name}")
    y, mu = given.y_true[:, 0], given.y_pred[:, 0]
    kind = "" if p == 0 else "stable" if p < 0 else "counts" if p < 2 else "sizes"
    if kind and (mu.min() <= 0 or (kind == "counts" and y.min() < 0) or (kind == "sizes" and y.min() <= 0)):
        raise ValueError(f"Mean Tweedie deviance error with power={power} can only be used on {_NEEDS[kind]}")
    return Columns(y, mu, given.weight), p


def mean_tweedie_deviance(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None, power: float = 0
) -> float:
    """Mean of the deviances of Tweedie distributions, of targets and means.

    `fastloss.tweedie` is half of it, of logarithms of means, without the terms that depend on the targets alone.

    Parameters
    ----------
    y_true, y_pred : array_like
        Targets, and predicted means: above 0 unless `power` is 0.
    sample_weight : array_like, optional
        The weight of each sample, at least 0.
    power : float, default=0
        That of the variance: 0 normal, 1 Poisson, 2 gamma, 3 inverse Gaussian, between 1 and 2 compound Poisson, below
        0 stable.

    Returns
    -------
    float
        The mean. Where targets and means are nearly equal, it keeps its digits.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.mean_tweedie_deviance([2, 0, 1, 4], [0.5, 0.5, 2., 2.], power=1), 4)
    1.426
    """
    return _mean_deviance(*_of_deviance("mean_tweedie_deviance", y_true, y_pred, sample_weight, power))


def mean_poisson_deviance(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Mean of the Poisson deviances 2 (y log(y / mu) - y + mu), of targets and means.

    Parameters
    ----------
    y_true, y_pred, sample_weight : array_like
        As `mean_tweedie_deviance` takes them; targets at least 0, means above 0.

    Returns
    -------
    float
        The mean.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.mean_poisson_deviance([2, 0, 1, 4], [0.5, 0.5, 2., 2.]), 4)
    1.426
    """
    return mean_tweedie_deviance(y_true, y_pred, sample_weight=sample_weight, power=1)


def mean_gamma_deviance(y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Mean of the gamma deviances 2 (log(mu / y) + y / mu - 1), of targets and means.

    Parameters
    ----------
    y_true, y_pred, sample_weight : array_like
        As `mean_tweedie_deviance` takes them, all above 0.

    Returns
    -------
    float
        The mean.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.mean_gamma_deviance([2, 0.5, 1, 4], [0.5, 0.5, 2., 2.]), 4)
    1.0569
    """
    return mean_tweedie_deviance(y_true, y_pred, sample_weight=sample_weight, power=2)


# ---- scores: shares of what a constant leaves -----------------------------------------------------------------------


def d2_tweedie_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, sample_weight: ArrayLike | None = None, power: float = 0
) -> float:
    """Share of the Tweedie deviance of the mean target that the predictions explain: 1 is all of it.

    Parameters
    ----------
    y_true, y_pred, sample_weight : array_like
        As `mean_tweedie_deviance` takes them.
    power : float, default=0
        As there.

    Returns
    -------
    float
        1 - deviance / that of the mean; NaN, with a warning, of fewer than two samples.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.d2_tweedie_score([0.5, 1, 2.5, 7], [1, 1, 5, 3.5], power=1), 4)
    0.4879
    """
    given, p = _of_deviance("d2_tweedie_score", y_true, y_pred, sample_weight, power)
    if len(given.y_true) < 2:
        return no_score()
    mean = np.full(given.y_true.shape, np.average(given.y_true.astype(np.float64), weights=given.weight))
    return explained(_mean_deviance(given, p), _mean_deviance(given._replace(y_pred=mean), p))


def d2_pinball_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    alpha: float = 0.5,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Share of the quantile loss of the quantile of the targets that the predictions explain: 1 is all of it.

    Parameters
    ----------
    y_true, y_pred, sample_weight : array_like
        As `mean_squared_error` takes them.
    alpha : float, default=0.5
        The level of the quantile, between 0 and 1.
    multioutput : {'uniform_average', 'raw_values'} or array_like
        As in `mean_squared_error`.

    Returns
    -------
    float or ndarray
        1 - loss / that of the quantile, 0 where only the latter is 0; with 'raw_values' one for each output. NaN, with
        a warning, of fewer than two samples.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.d2_pinball_score([1, 2, 3], [1, 3, 3]), 12)
    0.5
    """
    level = _level(alpha)
    given = columns(y_true, y_pred, sample_weight)
    how = outputs(multioutput, given.y_true.shape[1])
    if len(given.y_true) < 2:
        return no_score()
    true = given.y_true.astype(given.y_pred.dtype)
    quantiles = np.quantile(true, level, axis=0, method="inverted_cdf", weights=given.weight)
    own, constant = (
        _pinball(Columns(true, prediction, given.weight), level)
        for prediction in (given.y_pred, np.broadcast_to(quantiles.astype(true.dtype), true.shape))
    )
    flat = constant == 0
    scores = np.where(own == 0, 1.0, np.where(flat, 0.0, 1 - own / np.where(flat, 1.0, constant)))
    return averaged(scores, how)


def d2_absolute_error_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    multioutput: Multioutput = "uniform_average",
) -> Any:
    """Share of the absolute error of the median target that the predictions explain: 1 is all of it.

    Parameters
    ----------
    y_true, y_pred, sample_weight, multioutput : array_like
        As `mean_squared_error` takes them.

    Returns
    -------
    float or ndarray
        As `d2_pinball_score` at the level 1/2.

    Examples
    --------
    >>> import fastloss as fl
    >>> round(fl.metrics.d2_absolute_error_score([3, -0.5, 2, 7], [2.5, 0.0, 2, 8]), 4)
    0.7647
    """
    return d2_pinball_score(y_true, y_pred, sample_weight=sample_weight, alpha=0.5, multioutput=multioutput)
