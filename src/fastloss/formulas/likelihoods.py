"""Negative log-likelihoods.

Those of counts and amounts have a log link: the raw score s = y_pred is the logarithm of the mean. Those of a location
and a scale take both from the last axis of y_pred: m = y_pred[..., 0], s = y_pred[..., 1], the scale's logarithm.

Terms that do not depend on s are dropped, as in scikit-learn's ``_loss``. An exponential that is multiplied by
something is formed as h h, h = e^(half the exponent): the product may be a number where the exponential overflows.
``x - x == 0`` holds where x is finite.
"""

from .declare import above, interval, location_scale, non_negative, pointwise, positive
from .vocabulary import difference_tail, exp, exp_sum, log, log1p, product_tail, where


@pointwise(
    target=non_negative,
    holds="log_mean",
    formula="e^s - y s",
    source="Nelder & Wedderburn 1972, doi:10.2307/2344614",
)
def poisson(y_true, y_pred):
    """Poisson loss of the logarithm s of the predicted mean.

    As in scikit-learn and as PyTorch's ``poisson_nll_loss(log_input=True)``; optax and Keras (the latter of the mean
    itself, not its logarithm) drop the same constant, log y!.
    """
    mean = exp(y_pred)
    pull = where(y_true == 0, 0, y_true * y_pred)
    return where(mean - mean == 0, mean - pull, mean + y_true), mean - y_true, mean


@pointwise(
    target=above(0),
    holds="log_mean",
    formula="s + y e^-s",
    source="Nelder & Wedderburn 1972, doi:10.2307/2344614",
)
def gamma(y_true, y_pred):
    """Gamma loss of the logarithm s of the predicted mean, for targets above 0.

    As in scikit-learn, LightGBM and XGBoost. It is half of the gamma deviance but for the constant 1 + log y.
    """
    h = exp(-0.5 * y_pred)
    ratio = (y_true * h) * h
    return where(ratio - ratio == 0, y_pred + ratio, ratio), 1 - ratio, ratio


@pointwise(
    target=non_negative,
    holds="log_mean",
    power=interval(1.5, 1.0, 2.0, "the k of the variance mean^k: 1 is `poisson`, 2 is `gamma`"),
    formula="-y e^((1 - k) s) / (1 - k) + e^((2 - k) s) / (2 - k)",
    source="Tweedie 1984; Jorgensen 1987, doi:10.1111/j.2517-6161.1987.tb01685.x",
)
def tweedie(y_true, y_pred, power):
    """Tweedie loss of the logarithm s of the predicted mean, k = power.

    As in scikit-learn, LightGBM, XGBoost and CatBoost; half of the deviance but for constants. At k = 1 and 2, where a
    term of the formula would be infinite, it is `poisson` and `gamma`, which differ from the limit by a constant only.
    """
    a = power - 1
    b = 2 - power
    h = exp_sum(where(a == 0, 0, -0.5 * a * y_pred), where(a == 0, 0, -0.5 * product_tail(a, y_pred)))
    falling = where(y_true == 0, 0, (y_true * h) * h)
    # e^(b s) may be too large for a float where b e^(b s) is not: there one e of it stands apart
    exponent = where(b == 0, 0, b * y_pred)
    apart = exponent > 80
    part = exp_sum(where(apart, exponent - 1, exponent), where(b == 0, 0, product_tail(b, y_pred)))
    scale = where(apart, 2.718281828459045, 1)
    rising = part * scale
    both = falling + rising
    first = where(a == 0, where(y_true == 0, 0, -y_true * y_pred), falling / a)
    second = where(b == 0, y_pred, rising / b)
    hessian = where(y_true == 0, 0, ((a * y_true) * h) * h) + (b * scale) * part
    return where(both - both == 0, first + second, both), rising - falling, hessian


@pointwise(
    target=non_negative,
    holds="log_mean",
    dispersion=positive(1.0, "the a of the variance mean + a mean^2; its limit 0 is `poisson`"),
    formula="(y + 1 / a) log(1 + a e^s) - y s",
    source="Lawless 1987, doi:10.2307/3314912",
)
def negative_binomial(y_true, y_pred, dispersion):
    """Negative binomial loss (NB2) of the logarithm s of the predicted mean, a = dispersion.

    The negative log-likelihood without the terms that do not depend on s. Where a number of failures r is given
    instead of a dispersion, a = 1 / r.
    """
    h = exp(0.5 * y_pred)
    w = (dispersion * h) * h
    far = log(dispersion)
    l = where(w > 3e38, y_pred + far, log1p(w))
    less = where(w > 3e38, far, l - y_pred)
    # where w is tiny it may be subnormal, and e^s not; where it is huge the other way round
    value = where(y_true == 0, 0, y_true * less) + where(w < 1e-30, h * h, l / dispersion)
    mean = where(w > 1e20, 1 / dispersion, h / (1 + w) * h)
    pull = where(w > 1e20, (y_true / (dispersion * h)) / h, y_true / (1 + w))
    factor = 1 + dispersion * y_true
    far_hessian = (factor / (dispersion * h)) / (dispersion * h)
    # Near by from e^s itself, with what the rounding of 1 + a e^s lost: h h and all roundings come to 7.4 ULP
    once = abs(y_pred) < 80
    e = exp(where(once, y_pred, 0.5 * y_pred))
    v = where(once, dispersion * e, (dispersion * e) * e)
    u = 1 + v
    lost = where(v > 1, 1 - (u - v), v - (u - 1)) + where(once, product_tail(dispersion, e), 0)
    hessian = (factor * (e / u)) * (where(once, 1, e) / u)
    return value, mean - pull, where(w > 1e20, far_hessian, hessian - 2 * hessian * (lost / u))


@location_scale(
    formula="s + (y - m)^2 e^(-2s) / 2",
    source="Nix & Weigend 1994, doi:10.1109/ICNN.1994.374138",
)
def gaussian_nll(y_true, location, log_scale):
    """Negative log-likelihood of a normal distribution: m the mean, s the logarithm of the standard deviation.

    Without the constant log(2 pi) / 2. As PyTorch's ``gaussian_nll_loss`` with ``var`` = e^(2s), which does not let the
    variance be less than 1e-6.
    """
    r = location - y_true
    # e^(-2s) where it can be formed. Else e^-s, squared late; near its ends 2^-64 e^(64 log(2) - s), or the inverse
    once = abs(log_scale) < 40 and r - r == 0
    large = log_scale > 60 or r - r != 0
    small = log_scale < -60
    part = where(large, 5.421010862427522e-20, where(small, 1.8446744073709552e19, 1))
    more = where(large, 44.361419677734375, where(small, -44.361419677734375, 0))
    more_tail = where(large, -1.2189787519729715e-07, where(small, 1.2189787519729715e-07, 0))
    h = exp(where(once, -2 * log_scale, more - log_scale))
    tail = difference_tail(more, log_scale) + more_tail
    lost = where(once or tail - tail != 0, 0, 2 * tail * (1 + tail))
    d = where(large, part * location - part * y_true, part * r)
    z = where(r == 0, 0, d * h)
    half = 0.5 * z * where(once, r, z)
    slope = where(r == 0, 0, where(large, d * (h * part) * h, z * where(once, 1, h) * part))
    curve = h * where(once, 1, h * part) * part
    half = where(half - half == 0, half + half * lost, half)
    return (
        where(half - half == 0, log_scale + half, half),
        (where(slope - slope == 0, slope + slope * lost, slope), 1 - 2 * half),
        (where(curve - curve == 0, curve + curve * lost, curve), 4 * half),
    )


@location_scale(
    formula="s + |y - m| e^-s",
    source="Laplace 1774",
)
def laplace_nll(y_true, location, log_scale):
    """Negative log-likelihood of a Laplace distribution: m the median, s the logarithm of the scale.

    Without the constant log 2. At y = m the gradient by the median is 0, the midpoint of the subgradient.
    """
    r = location - y_true
    # e^-s; near its ends 2^-64 e^(64 log(2) - s), or the inverse
    large = log_scale > 60 or r - r != 0
    small = log_scale < -60
    part = where(large, 5.421010862427522e-20, where(small, 1.8446744073709552e19, 1))
    more = where(large, 44.361419677734375, where(small, -44.361419677734375, 0))
    more_tail = where(large, -1.2189787519729715e-07, where(small, 1.2189787519729715e-07, 0))
    h = exp(more - log_scale)
    tail = difference_tail(more, log_scale) + more_tail
    lost = where(tail - tail == 0 and (large or small), tail * (1 + 0.5 * tail), 0)
    d = where(large, part * location - part * y_true, part * r)
    ratio = where(r == 0, 0, abs(d) * h)
    ratio = where(ratio - ratio == 0, ratio + ratio * lost, ratio)
    slope = h * part
    slope = where(slope - slope == 0, slope + slope * lost, slope)
    return (
        where(ratio - ratio == 0, log_scale + ratio, ratio),
        (where(r > 0, slope, where(r < 0, -slope, r)), 1 - ratio),
        (where(r == r, 0, r), ratio),
    )
