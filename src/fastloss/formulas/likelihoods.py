"""Negative log-likelihoods.

Those of counts and amounts have a log link: the raw score s = y_pred is the logarithm of the mean. Those of a location
and a scale take both from the last axis of y_pred: m = y_pred[..., 0], s = y_pred[..., 1], the scale's logarithm.

Terms that do not depend on s are dropped, as in scikit-learn's ``_loss``. An exponential that is multiplied by
something is formed as h h, h = e^(half the exponent): the product may be a number where the exponential overflows.
``x - x == 0`` holds where x is finite.
"""

from .declare import above, interval, location_scale, non_negative, pointwise, positive
from .vocabulary import (
    difference_tail,
    exp,
    exp_exponent,
    exp_fraction,
    exp_sum,
    log1p_unit,
    log_sum,
    log_sum_tail,
    product_tail,
    scaled,
    where,
)


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
    # where e^s is large e^8 stands apart: of two terms that are too large for a float the difference need not be
    apart = y_pred > 80
    part = exp(where(apart, y_pred - 8, y_pred))
    whole = where(apart, 2980.9579870417283, 1)
    scale = where(apart, 0.00033546262790251185, 1)
    pull = where(y_true == 0, 0, y_true * (y_pred * scale))
    value = where(part - part == 0, (part - pull) * whole, part + y_true)
    return value, (part - y_true * scale) * whole, part * whole


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
    tiny = y_true < 1e-31  # times h it may be subnormal where it is not times h h
    ratio = where(tiny, 2.028240960365167e31, 1) * y_true * h * (h * where(tiny, 4.930380657631324e-32, 1))
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
    tiny = y_true < 1e-31  # times h it may be subnormal where it is not times h h
    y = where(tiny, 2.028240960365167e31, 1) * y_true
    also = h * where(tiny, 4.930380657631324e-32, 1)
    falling = where(y_true == 0, 0, (y * h) * also)
    # e^(b s) may be too large for a float where b e^(b s), or its difference to another term, is not: e^40 stands apart
    exponent = where(b == 0, 0, b * y_pred)
    apart = exponent > 80
    part = exp_sum(where(apart, exponent - 40, exponent), where(b == 0, 0, product_tail(b, y_pred)))
    whole = where(apart, 2.3538526683702e17, 1)
    scale = where(apart, 4.248354255291589e-18, 1)
    rising = part * whole
    both = falling + rising
    over = where(tiny, y, falling) / where(a == 0, 1, a)
    over = where(tiny, over * h * also, over)
    first = where(y_true == 0, 0, where(a == 0, -y_true * (y_pred * scale), over))
    second = where(b == 0, y_pred, rising / b)
    value = where(both - both == 0, first + second, both)
    value = where(a == 0 and part - part == 0, (first + part) * whole, value)
    hessian = where(y_true == 0, 0, ((a * y) * h) * also) + (b * part) * whole
    return value, (part - falling * scale) * whole, hessian


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
    # t = s + log a: the loss is that of a logit t, w = a e^s = e^t
    of_a = log_sum(dispersion, 0)
    rounded = y_pred + of_a
    of_a_tail = log_sum_tail(dispersion, 0)
    lost = difference_tail(y_pred, -of_a) + of_a_tail
    t = where(rounded - rounded == 0, rounded + lost, rounded)
    t_tail = where(t - t == 0, (rounded - t) + lost, 0)
    # e^-|t|, far away as h h, h = e^(-|t| / 2): y may make a number of it where it is subnormal. There 1 + h h is 1.
    far = abs(t) > 64
    half = where(far, 0.5, 1)
    h = exp_sum(-half * abs(t), where(t < 0, half * t_tail, -half * t_tail))
    once = where(far, h, 1)
    e = where(far, 0, h)
    l = where(far, h, log1p_unit(e))
    both = 1 + e
    inverse = 1 / dispersion
    # the terms of y and of 1 / a: of two that are too large for a float the difference need not be
    of_y = where(t > 0, of_a, -y_pred)
    of_r = where(t > 0, t, 0)
    first = where(y_true == 0, 0, y_true * (of_y + l * once))
    second = inverse * l * once + inverse * of_r
    part_of_y = where(y_true == 0, 0, y_true * (0.0009765625 * (of_y + l * once)))
    part_of_r = inverse * (0.0009765625 * (of_r + l * once))
    value = where(first - first == 0 and second - second == 0, first + second, 1024 * (part_of_y + part_of_r))
    mean = where(t > 0, inverse / both, inverse * h / both * once)
    pull = where(t > 0, y_true * h / both * once, y_true / both)
    square = both * both
    square = square + (product_tail(both, both) + 2 * both * difference_tail(1, -e))
    hessian = 2 * ((0.5 * inverse + 0.5 * y_true) * h / square * once)
    return value, mean - pull, hessian


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
    # d is r over a power of 2, which a product with it may neither overflow nor round among the subnormal numbers
    large = 2 * r - 2 * r != 0
    tiny = abs(r) < 1e-18
    d = where(large, 0.25 * location - 0.25 * y_true, where(tiny, 1.8446744073709552e19 * r, r))
    taken = where(large, 2, where(tiny, -64, 0))
    # e^-s is h 2^n: its square, and what is multiplied by it, may be numbers where it is not
    h = exp_fraction(-log_scale)
    n = exp_exponent(-log_scale)
    z = where(r == 0, 0, scaled(d * h, n + taken))
    half = 0.5 * z * z
    return (
        where(half - half == 0, log_scale + half, half),
        (where(r == 0, 0, scaled(d * h * h, 2 * n + taken)), 1 - 2 * half),
        (scaled(h * h, 2 * n), 4 * half),
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
    # d is r over a power of 2, which a product with it may neither overflow nor round among the subnormal numbers
    large = 2 * r - 2 * r != 0
    tiny = abs(r) < 1e-18
    d = where(large, 0.25 * location - 0.25 * y_true, where(tiny, 1.8446744073709552e19 * r, r))
    taken = where(large, 2, where(tiny, -64, 0))
    # e^-s is h 2^n: what is multiplied by it may be a number where it is not
    h = exp_fraction(-log_scale)
    n = exp_exponent(-log_scale)
    ratio = where(r == 0, 0, scaled(abs(d) * h, n + taken))
    slope = scaled(h, n)
    return (
        where(ratio - ratio == 0, log_scale + ratio, ratio),
        (where(r > 0, slope, where(r < 0, -slope, r)), 1 - ratio),
        (where(r == r, 0, r), ratio),
    )
