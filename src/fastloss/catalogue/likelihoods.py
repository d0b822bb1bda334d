"""Negative log-likelihoods.

Those of counts and amounts have a log link: the raw score s = y_pred is the logarithm of the mean. Those of a location
and a scale take both from the last axis of y_pred: m = y_pred[..., 0], s = y_pred[..., 1], the scale's logarithm. So
does `zero_inflated_poisson` with the logarithm of a rate and a logit.

Terms that do not depend on s are dropped, as in scikit-learn's ``_loss``. An exponential that is multiplied by
something is formed as h h, h = e^(half the exponent): the product may be a number where the exponential overflows.
``x - x == 0`` holds where x is finite.
"""

from ..rows import (
    EXP,
    LOCATION_AND_SCALE,
    SIGMOID,
    Column,
    Domain,
    above,
    fraction,
    interval,
    learned,
    non_negative,
    of_columns,
    pointwise,
    positive,
    real,
    usually,
    zero_or_between,
)
from .vocabulary import (
    clamp,
    difference_tail,
    erf,
    exp,
    exp_exponent,
    exp_fraction,
    exp_minus_abs,
    exp_minus_abs_head,
    exp_minus_abs_tail,
    exp_sum,
    expm1,
    log,
    log1p,
    log1p_unit,
    log1pmx,
    log_ratio,
    log_sum,
    log_sum_tail,
    product_tail,
    quotient_tail,
    scaled,
    seldom,
    where,
)

#: The largest power of a variance.
MOST_POWER = 1e6

_FULL = "whether the value has all terms of the negative log-likelihood, also those that do not depend on `y_pred`"


def stirling(inverse_square):
    """Return Stirling's series of log Gamma(x) without its first terms, times x, of 1 / x^2 where x is 10 or more."""
    rest = 0.0008417508417508418 - inverse_square * (0.0019175269175269174 - inverse_square * 0.00641025641025641)
    return 0.08333333333333333 - inverse_square * (
        0.002777777777777778
        - inverse_square * (0.0007936507936507937 - inverse_square * (0.0005952380952380952 - inverse_square * rest))
    )


def sums_of_powers(x):
    """Return 1 + x + … + x^k, k = 2, 4 … 12."""
    square = x * x
    sum2 = 1 + x + square
    sum3 = 1 + x + square * sum2
    sum4 = 1 + x + square * sum3
    sum5 = 1 + x + square * sum4
    sum6 = 1 + x + square * sum5
    sum7 = 1 + x + square * sum6
    return sum2, sum3, sum4, sum5, sum6, sum7


def log_factorial_rest(y):
    """Return log y! - (y log y - y), of a count below 10 by Stirling's series of y + 11, after eleven steps."""
    few = y < 10
    n = where(few, y, 1)
    many = where(few, 10, y)
    product = 1.515652557319224e-05 + n * 2.755731922398589e-07
    product = 0.24858217592592594 + n * (
        0.04347800925925926 + n * (0.005001653439153439 + n * (0.00036375661375661375 + n * product))
    )
    product = 2.9289682539682538 + n * (
        3.5145436507936507 + n * (2.3174327601410933 + n * (0.9416143077601411 + n * product))
    )
    of_eleven = 11 / (11 + n)
    sum2, sum3, sum4, sum5, sum6, _sum7 = sums_of_powers(of_eleven)
    eleven = 0.0005952380952380952 * sum4 - 0.008264462809917356 * (
        0.0008417508417508418 * sum5 - 0.008264462809917356 * (0.0019175269175269174 * sum6)
    )
    eleven = 0.08333333333333333 - 0.008264462809917356 * (
        0.002777777777777778 * sum2
        - 0.008264462809917356 * (0.0007936507936507937 * sum3 - 0.008264462809917356 * eleven)
    )
    of_few = n * log_ratio(11 + n, n) + 10.5 * log1p(n / 11) - log1p(n * product) - n / (11 + n) / 11 * eleven
    inverse_square = 1 / (many * many)
    of_many = stirling(inverse_square)
    return where(few, of_few, 0.9189385332046727 + 0.5 * log(many) + of_many / many)


def log_loss_of_count(y, s, mean):
    """Return -log of Poisson's probability of y > 0, of which s is the logarithm of the mean.

    It is e^s - y - y (s - log y), and what is left where e^s = y: in neither is anything negative.
    """
    of_count = log_sum(y, 0)
    gap = of_count - s
    gap_tail = difference_tail(of_count, s) + log_sum_tail(y, 0)
    gap = where(gap - gap == 0, gap + gap_tail, gap)
    near = abs(gap) < 1
    wide = where(mean - mean == 0, (mean - y) + y * gap, mean)
    divergence = where(near, -y * log1pmx(expm1(where(near, -gap, 0))), wide)
    least = log_factorial_rest(y)
    return divergence + least


@pointwise(
    target=non_negative,
    holds="log_mean",
    full="whether the value has all terms of the negative log-likelihood: log y! too, of counts of at most 1e15",
    formula="e^s - y s",
    source="Nelder & Wedderburn 1972, doi:10.2307/2344614",
)
def poisson(y_true, y_pred):
    """Poisson loss of the logarithm s of the predicted mean.

    As in scikit-learn and as PyTorch's ``poisson_nll_loss(log_input=True)``; optax and Keras (the latter of the mean
    itself, not its logarithm) drop the same constant, log y!. With ``full=True`` the value has it, exactly, where
    PyTorch's ``full=True`` has Stirling's approximation.
    """
    # where e^s is large e^8 stands apart: of two terms that are too large for a float the difference need not be
    apart = y_pred > 80
    part = exp(where(apart, y_pred - 8, y_pred))
    whole = where(apart, 2980.9579870417283, 1)
    scale = where(apart, 0.00033546262790251185, 1)
    pull = where(y_true == 0, 0, y_true * (y_pred * scale))
    value = where(part - part == 0, (part - pull) * whole, part + y_true)
    y = where(y_true == 0, 1, y_true)
    mean = part * whole
    all_of_it = log_loss_of_count(y, y_pred, mean)
    full = where(y_true == 0, value, all_of_it)
    return value, (part - y_true * scale) * whole, part * whole, {"full": full}


@pointwise(
    target=above(0),
    holds="log_mean",
    formula="s + y e^-s",
    source="Nelder & Wedderburn 1972, doi:10.2307/2344614",
)
def gamma(y_true, y_pred):
    """Gamma loss of the logarithm s of the predicted mean, for targets above 0.

    As in scikit-learn, LightGBM and XGBoost. It is half of the gamma deviance but for the constant 1 + log y. Of
    dispersion 1, the exponential distribution, it is the whole negative log-likelihood: no ``full=`` has more to add.
    """
    h = exp(-0.5 * y_pred)
    tiny = y_true < 1e-31  # times h it may be subnormal where it is not times h h
    ratio = where(tiny, 2.028240960365167e31, 1) * y_true * h * (h * where(tiny, 4.930380657631324e-32, 1))
    ratio = where(y_true == 0, 0, ratio)  # `tweedie` takes it for its own
    return where(ratio - ratio == 0, y_pred + ratio, ratio), 1 - ratio, ratio


@pointwise(
    target=non_negative,
    holds="log_mean",
    power=usually(
        zero_or_between(
            1.5, 1.0, MOST_POWER, "the k of the variance mean^k: 1 is `poisson`, 2 is `gamma`; see the notes"
        ),
        1.3,
    ),
    special={(1.0,): "poisson", (2.0,): "gamma"},
    formula="-y e^((1 - k) s) / (1 - k) + e^((2 - k) s) / (2 - k)",
    source="Tweedie 1984; Jorgensen 1987, doi:10.1111/j.2517-6161.1987.tb01685.x",
)
def tweedie(y_true, y_pred, power):
    """Tweedie loss of the logarithm s of the predicted mean, k = power.

    As in scikit-learn, LightGBM, XGBoost and CatBoost; half of the deviance but for constants. At k = 1 and 2, where a
    term of the formula would be infinite, it is `poisson` and `gamma`, which differ from the limit by a constant only.
    Above 2 targets are above 0: 3 is the inverse Gaussian distribution, where the loss is y e^(-2 s) / 2 - e^-s. At 0
    they are any numbers: it is the normal distribution, half of (y - e^s)^2 without its term y^2 / 2, which
    scikit-learn keeps. Of powers in an array all are 0, or all are from 1 to 2, or all are above 2; those of 1 and 2
    in it are not computed by the loops of `poisson` and `gamma`, so that last bits may differ.
    """
    a = power - 1
    b = 2 - power
    far = seldom(abs(y_pred) > 60)
    finite = y_pred - y_pred == 0
    # e^(-a s), far away as h h; tails of exponents become factors
    half = where(far, 0.5, 1)
    head = exp(-half * where(a == 0, 0, a * y_pred))
    lost = half * where(a == 0 or not finite, 0, product_tail(a, y_pred))
    h = where(far and head - head != 0, head, head - head * lost)
    tiny = y_true < 1e-31  # times h it may be subnormal where it is not times h h
    y = where(far and tiny, 2.028240960365167e31, 1) * y_true
    also = where(far, h * where(tiny, 4.930380657631324e-32, 1), 1)
    falling = where(y_true == 0, 0, (y * h) * also)
    # e^(b s) may be too large for a float where b e^(b s), or its difference to another term, is not: e^40 stands apart
    exponent = where(b == 0, 0, b * y_pred)
    apart = far and exponent > 80
    other_head = exp(where(apart, exponent - 40, exponent))
    other_lost = where(b == 0 or not finite, 0, product_tail(b, y_pred))
    part = where(far and other_head - other_head != 0, other_head, other_head + other_head * other_lost)
    whole = where(apart, 2.3538526683702e17, 1)
    scale = where(apart, 4.248354255291589e-18, 1)
    rising = part * whole
    both = falling + rising
    inverse_a = 1 / (power - 1)
    inverse_b = 1 / (2 - power)
    over = where(far and tiny, y, falling) * where(a == 0, 1, inverse_a)
    over = where(far and tiny, over * h * also, over)
    first = where(y_true == 0, 0, where(a == 0, -y_true * (y_pred * scale), over))
    second = where(b == 0, y_pred, rising * inverse_b)
    value = where(both - both == 0, first + second, both)
    value = where(a == 0 and part - part == 0, (first + part) * whole, value)
    hessian = where(y_true == 0, 0, ((a * y) * h) * also) + (b * part) * whole
    return value, (part - falling * scale) * whole, hessian


@tweedie.within(real, power=Domain("0, as others of it are", 0.0, 0.0))
@tweedie.within(above(0), power=Domain(f"> 2 and at most {MOST_POWER:g}, as others of it are", 2.0, MOST_POWER, True))
def tweedie_beyond(y_true, y_pred, power):
    """The term whose exponent is the smaller is taken out of both as a factor: e^s at 0, e^((2 - k) s) above 2.

    Each exponential is a fraction times a power of 2, and so is y, of which none is too small or too large in between.
    """
    a = power - 1
    b = 2 - power
    zero = power == 0
    whole = where(zero, y_pred, b * y_pred)
    exponent = clamp(whole, -2000, 2000)
    lost = product_tail(b, y_pred) + difference_tail(2, power) * y_pred
    lost = where(zero or exponent != whole, 0, lost)
    head = exp_fraction(exponent)
    n = exp_exponent(exponent)
    factor = head + head * lost
    other = clamp(where(zero, y_pred, -y_pred), -2000, 2000)
    h = exp_fraction(other)
    d = exp_exponent(other)
    tiny = abs(y_true) < 1e-30
    y = y_true * where(tiny, 1.2676506002282294e30, 0.25)
    of_y = where(tiny, -100, 2)
    first_at = where(zero, of_y, of_y + d)
    second_at = where(zero, d, 0)
    top = where(first_at > second_at, first_at, second_at)
    first = scaled(where(zero, y, y * h), first_at - top)
    second = scaled(where(zero, h, 1), second_at - top)
    inverse_a = 1 / (power - 1)
    inverse_b = 1 / (2 - power)
    value = scaled(factor * (first * inverse_a + second * inverse_b), n + top)
    value = where(b == 0, y_pred + scaled(first, top), value)  # of a power that rounds to 2
    curved = 5.960464477539063e-08 * a * first + 5.960464477539063e-08 * b * second
    return value, scaled(factor * (second - first), n + top), scaled(factor * curved, n + top + 24)


@pointwise(
    target=non_negative,
    holds="log_mean",
    dispersion=learned(positive(1.0, "the a of the variance mean + a mean^2; its limit 0 is `poisson`")),
    full="whether the value has all terms of the negative log-likelihood, also those that do not depend on s",
    formula="(y + 1 / a) log(1 + a e^s) - y s",
    source="Lawless 1987, doi:10.2307/3314912",
)
def negative_binomial(y_true, y_pred, dispersion):
    """Negative binomial loss (NB2) of the logarithm s of the predicted mean, a = dispersion.

    The negative log-likelihood without the terms that do not depend on s. With ``full=True`` it is the whole: the value
    has log(y! Gamma(1 / a) / Gamma(y + 1 / a)) - y log a too, gradient and Hessian stay. Without these terms values for
    different dispersions cannot be compared, nor can a dispersion be learned. They need counts of at most 1e15 and
    dispersions between 1e-15 and 1e15. Where a number of failures r is given instead of a dispersion, a = 1 / r.
    """
    # t = s + log a: the loss is that of a logit t, w = a e^s = e^t
    of_a = log_sum(dispersion, 0)
    rounded = y_pred + of_a
    of_a_tail = log_sum_tail(dispersion, 0)
    lost = difference_tail(y_pred, -of_a) + of_a_tail
    # e^-|t|, far away as h h, h = e^(-|t| / 2): y may make a number of it where it is subnormal. There 1 + h h is 1.
    far = seldom(abs(rounded) > 64)
    t = where(far and rounded - rounded != 0, rounded, rounded + lost)
    t_tail = where(far and t - t != 0, 0, (rounded - t) + lost)
    half = where(far, 0.5, 1)
    head = exp(-half * abs(t))
    h = head + head * (half * where(t < 0, t_tail, -t_tail))
    once = where(far, h, 1)
    e = where(far, 0, h)
    of_both = log1p_unit(e)
    l = where(far, h, of_both)
    both = 1 + e
    inverse = 1 / dispersion
    # the terms of y and of 1 / a: of two that are too large for a float the difference need not be
    of_y = where(t > 0, of_a, -y_pred)
    of_r = where(t > 0, t, 0)
    first = where(y_true == 0, 0, y_true * (of_y + l * once))
    second = inverse * l * once + inverse * of_r
    far_apart = seldom(abs(first) > 1e37 or abs(second) > 1e37)
    huge = far_apart and (first - first != 0 or second - second != 0)
    part_of_y = where(y_true == 0, 0, y_true * (0.0009765625 * (of_y + l * once)))
    part_of_r = inverse * (0.0009765625 * (of_r + l * once))
    whole = 1024 * (part_of_y + part_of_r)
    value = where(huge, whole, first + second)
    share = 1 / both
    mean = where(t > 0, inverse, inverse * h * once) * share
    pull = where(t > 0, y_true * h * once, y_true) * share
    square = both * both
    square = square + (product_tail(both, both) + 2 * both * difference_tail(1, -e))
    hessian = 2 * ((0.5 * inverse + 0.5 * y_true) * h / square * once)
    # All of -log pmf. It is (y + r) KL(y / (y + r), m / (m + r)), r = 1 / a, m = e^s, and what is left where m = y: two
    # terms for y and for r, in all of which nothing is negative.
    y = where(y_true == 0, 1, y_true)
    of_count = log_sum(y, 0)
    apart = of_count - y_pred
    apart_tail = difference_tail(of_count, y_pred) + log_sum_tail(y, 0)
    sum_apart = where(apart - apart == 0, apart + apart_tail, apart)
    apart_tail = where(apart - apart == 0, (apart - sum_apart) + apart_tail, 0)
    apart = sum_apart
    v = dispersion * y
    total = y + inverse
    turned = v > 1
    part = where(turned, inverse, y) / total
    of_v = where(turned, log_ratio(total, inverse), log1p(where(turned, 0, v)))
    distance = where(turned, -apart, apart)
    near = abs(distance) < 1
    rise = expm1(where(near, -distance, 0))
    close = total * (log1pmx(part * rise) - part * log1pmx(rise))
    beyond = where(near, 0, where(distance < -80, 0.5, 1))
    root = exp_sum(-beyond * distance, -beyond * where(turned, -apart_tail, apart_tail))
    grown = part * root * where(distance < -80, root, 1)
    huge = grown - grown != 0
    wide = total * log1p(where(huge, 0, grown - part)) + where(turned, inverse, y) * distance
    wide = where(huge, total * log(part) - where(turned, y, inverse) * distance, wide)
    divergence = where(near, close, wide)
    least = log_factorial_rest(y)
    few = y < 10
    n = where(few, y, 1)
    low = inverse < 10
    x = where(low, inverse + 10, inverse)
    i = 1 / x
    ratio = x / (x + y)
    inverse_square = i * i
    ratio_square = ratio * ratio
    power2, power3, power4, power5, power6, power7 = sums_of_powers(ratio)
    change = 0.00641025641025641 * power7
    change = 0.0005952380952380952 * power4 - inverse_square * (
        0.0008417508417508418 * power5 - inverse_square * (0.0019175269175269174 * power6 - inverse_square * change)
    )
    change = 0.08333333333333333 - inverse_square * (
        0.002777777777777778 * power2 - inverse_square * (0.0007936507936507937 * power3 - inverse_square * change)
    )
    change = y / (x + y) * i * change
    of_x = stirling(inverse_square)
    argument = where(few, 10, total)
    other = 1 / (argument * argument)
    of_total = stirling(other)
    steps = where(
        inverse < 1, (inverse + 0.5) * log1p(dispersion) - 1, 0.5 * dispersion + (inverse + 0.5) * log1pmx(dispersion)
    )
    z = 1 / (inverse + 1)
    steps = steps + (0.5 * z + (inverse + 1.5) * log1pmx(z))
    z = 1 / (inverse + 2)
    steps = steps + (0.5 * z + (inverse + 2.5) * log1pmx(z))
    z = 1 / (inverse + 3)
    steps = steps + (0.5 * z + (inverse + 3.5) * log1pmx(z))
    z = 1 / (inverse + 4)
    steps = steps + (0.5 * z + (inverse + 4.5) * log1pmx(z))
    z = 1 / (inverse + 5)
    steps = steps + (0.5 * z + (inverse + 5.5) * log1pmx(z))
    z = 1 / (inverse + 6)
    steps = steps + (0.5 * z + (inverse + 6.5) * log1pmx(z))
    z = 1 / (inverse + 7)
    steps = steps + (0.5 * z + (inverse + 7.5) * log1pmx(z))
    z = 1 / (inverse + 8)
    steps = steps + (0.5 * z + (inverse + 8.5) * log1pmx(z))
    z = 1 / (inverse + 9)
    steps = steps + (0.5 * z + (inverse + 9.5) * log1pmx(z))
    over = n / (inverse + 1)
    z = n / (inverse + 2)
    over = over + (z + z * over)
    z = n / (inverse + 3)
    over = over + (z + z * over)
    z = n / (inverse + 4)
    over = over + (z + z * over)
    z = n / (inverse + 5)
    over = over + (z + z * over)
    z = n / (inverse + 6)
    over = over + (z + z * over)
    z = n / (inverse + 7)
    over = over + (z + z * over)
    z = n / (inverse + 8)
    over = over + (z + z * over)
    z = n / (inverse + 9)
    over = over + (z + z * over)
    start = of_v + log1p(over) - n * log1p(10 / (inverse + n)) - (x - 0.5) * log1p(n / x) + inverse * of_v
    rest = where(few and low, start, 0.5 * of_v)
    rest = rest + where(few, change, where(low, steps, 0) + of_x * i - of_total / argument)
    full = where(y_true == 0, value, divergence + least + rest)
    # Its derivative by a: r^2 (chi(r) - chi(y + r)), chi(x) = log x - psi(x), which is stepped on likewise, and
    # r^2 (log1p(u) - u), 1 + u = (1 + a y) / (1 + a m).
    term2 = 1 + ratio_square
    term3 = 1 + ratio_square * term2
    term4 = 1 + ratio_square * term3
    term5 = 1 + ratio_square * term4
    term6 = 1 + ratio_square * term5
    term7 = 1 + ratio_square * term6
    term8 = 1 + ratio_square * term7
    term9 = 1 + ratio_square * term8
    term10 = 1 + ratio_square * term9
    slope = 26.456212121212122 * term10
    slope = 0.08333333333333333 * term7 - inverse_square * (
        0.4432598039215686 * term8 - inverse_square * (3.0539543302701198 * term9 - inverse_square * slope)
    )
    slope = 0.004166666666666667 * term4 - inverse_square * (
        0.007575757575757576 * term5 - inverse_square * (0.021092796092796092 * term6 - inverse_square * slope)
    )
    slope = 0.08333333333333333 - inverse_square * (
        0.008333333333333333 * term2 - inverse_square * (0.003968253968253968 * term3 - inverse_square * slope)
    )
    slope = 0.5 + (1 + ratio) * (i * slope)
    z = y * dispersion / (inverse + 1 + y)
    further = z / (inverse + y) - log1pmx(z)
    z = y / ((inverse + 1) * (inverse + 2 + y))
    further = further + (z / (inverse + 1 + y) - log1pmx(z))
    z = y / ((inverse + 2) * (inverse + 3 + y))
    further = further + (z / (inverse + 2 + y) - log1pmx(z))
    z = y / ((inverse + 3) * (inverse + 4 + y))
    further = further + (z / (inverse + 3 + y) - log1pmx(z))
    z = y / ((inverse + 4) * (inverse + 5 + y))
    further = further + (z / (inverse + 4 + y) - log1pmx(z))
    z = y / ((inverse + 5) * (inverse + 6 + y))
    further = further + (z / (inverse + 5 + y) - log1pmx(z))
    z = y / ((inverse + 6) * (inverse + 7 + y))
    further = further + (z / (inverse + 6 + y) - log1pmx(z))
    z = y / ((inverse + 7) * (inverse + 8 + y))
    further = further + (z / (inverse + 7 + y) - log1pmx(z))
    z = y / ((inverse + 8) * (inverse + 9 + y))
    further = further + (z / (inverse + 8 + y) - log1pmx(z))
    z = y / ((inverse + 9) * (inverse + 10 + y))
    further = further + (z / (inverse + 9 + y) - log1pmx(z))
    chi = where(low, inverse * (inverse * (further + y / (x + y) * i * slope)), y * ratio * slope)
    small = abs(apart) < 1 and y_true > 0
    drop = -expm1(where(small, -apart, 0))
    given = dispersion * y_true
    mean_ratio = exp_sum(t, t_tail)
    gap = where(small, v * drop, given - mean_ratio)
    endless = mean_ratio - mean_ratio != 0
    u = where(endless, -1, gap / (1 + mean_ratio))
    bounded = u > -0.5
    logarithm = where(endless, t - log1p(given), log1p(where(endless or bounded, 0, -gap / (1 + given))))
    bent = where(bounded, -log1pmx(where(bounded, u, 0)), logarithm + u)
    slight = where(small, y * drop, y_true - exp_sum(y_pred, 0)) / (1 + mean_ratio)
    pulled = where(abs(u) < 1e-18, 0.5 * slight * slight, inverse * (inverse * bent))
    by_dispersion = where(y_true == 0, 0, chi) - pulled
    return value, mean - pull, hessian, {"full": full, "dispersion": by_dispersion}


@of_columns(
    Column("log-rate", EXP, "s", 1.0),
    Column("zero-logit", SIGMOID, "t", 0.0),
    target=non_negative,
    full="whether the value has all terms of the negative log-likelihood: log y! too, of counts of at most 1e15",
    formula="log(1 + e^t) + e^s - y s where y > 0, else log(1 + e^t) - log(e^t + e^(-e^s))",
    source="Lambert 1992, doi:10.2307/1269547",
    # 4.02, of a target of 0: what c has lost counts 1.3 times in log(1 - c) where c is 0.4. 4.69, 5.10; more where t
    # is within a few units of -e^s and e^s above 200: there the last digit of s decides
    ulps={"value": 5, "grad": 6, "hess": 6},
)
def zero_inflated_poisson(y_true, log_rate, zero_logit):
    """Poisson loss of counts with extra zeros: s the logarithm of the rate, t the logit of an extra zero.

    A target is 0 with probability p = 1 / (1 + e^-t), else a Poisson count of mean e^s: the expected count is
    (1 - p) e^s. The negative log-likelihood without log y!, which ``full=True`` adds. At t = -inf it is `poisson`.
    """
    # where e^s is large e^8 stands apart, as in `poisson`
    apart = log_rate > 80
    whole = where(apart, 2980.9579870417283, 1)
    scale = where(apart, 0.00033546262790251185, 1)
    # l = e^s keeps what it has lost: e^-l multiplies that by l
    e = exp_minus_abs_head(where(apart, log_rate - 8, log_rate))
    e_tail = exp_minus_abs_tail(where(apart, log_rate - 8, log_rate))
    positive_rate = log_rate > 0
    inverse = 1 / e
    part = where(positive_rate, inverse, e)
    part_tail = where(positive_rate, quotient_tail(1, e) - inverse * (inverse * e_tail), e_tail)
    l = part * whole
    # u = t + l, and e^-|u|, far away as h h: l may make a number of it where it is subnormal
    rounded = zero_logit + l
    finite = rounded - rounded == 0
    lost = where(finite, difference_tail(zero_logit, -l) + part_tail, 0)
    u = rounded + lost
    above = u > 0
    far = abs(u) > 64
    half = where(far, 0.5, 1)
    u_tail = where(finite, (rounded - u) + lost, 0)
    h = exp_sum(-half * abs(u), half * where(above, -u_tail, u_tail))
    once = where(far, h, 1)
    w = where(far, h * h, h)
    both = 1 + w
    of_sum = where(above, 1, w) / both  # sigmoid(u)
    of_rest = where(above, w, 1) / both  # sigmoid(-u)
    q = exp_minus_abs(zero_logit)
    one_more = 1 + q
    excess = where(zero_logit > 0, 1, q) / one_more  # sigmoid(t)
    counted = where(zero_logit > 0, q, 1) / one_more  # sigmoid(-t)
    # of y = 0: 1 - c is the probability, which near 0 is computed as e^t + e^-l over 1 + e^t
    some = -expm1(-l)
    c = some * counted
    likely = c <= 0.5
    logarithm = log1p(where(likely, -c, w))
    of_q = log1p_unit(q)
    least = where(-zero_logit < l, -zero_logit, l)
    of_zero = where(likely, -logarithm, (least - logarithm) + of_q)
    # the others
    none = y_true == 0
    pull = where(none, 0, y_true * (log_rate * scale))
    of_poisson = where(part - part == 0, (part - pull) * whole, part + y_true)
    softplus = where(zero_logit > 0, zero_logit, 0) + of_q
    value = where(none, of_zero, of_poisson + softplus)
    missing = y_true + log_rate + zero_logit
    bad = y_true != y_true or log_rate != log_rate or zero_logit != zero_logit
    of_excess = where(bad, missing, excess)
    lh = where(h == 0, 0, l * h)
    fading = lh * once
    rise = where(above, fading, l) / both
    bend = 1 - where(above, l, fading) / both
    bend = where(above, where(lh == 0, 0, lh * bend) * once, l * bend) / both
    fall = c * of_sum
    turn = where(above and zero_logit < 0, excess - of_rest, of_sum - counted)
    y = where(none, 1, y_true)
    of_count = log_loss_of_count(y, log_rate, l)
    full = where(none, value, of_count + softplus)
    return (
        value,
        (where(none, rise, where(bad, missing, (part - y_true * scale) * whole)), where(none, -fall, of_excess)),
        (
            where(none, bend, where(bad, missing, l)),
            where(none, fall * turn, of_excess * counted),
            where(none, -fading / (both * both), where(bad, missing, 0)),
        ),
        # Fisher's information
        {"full": full, "gauss_newton": (where(counted == 0, 0, l * (counted - excess * rise)), excess * fall)},
    )


@of_columns(
    *LOCATION_AND_SCALE,
    full=_FULL,
    formula="s + (y - m)^2 e^(-2s) / 2",
    source="Nix & Weigend 1994, doi:10.1109/ICNN.1994.374138",
    # 4.91 of 720,000 large residuals, 4.43, 4.43: squares of a product of e^-s, which are rounded five times.
    ulps={"float32": 5, "unfused float32": 6},  # 4.91 with an FMA, 5.19 without
)
def gaussian_nll(y_true, location, log_scale):
    """Negative log-likelihood of a normal distribution: m the mean, s the logarithm of the standard deviation.

    Without the constant log(2 pi) / 2, which ``full=True`` adds. As PyTorch's ``gaussian_nll_loss`` with ``var`` =
    e^(2s), which does not let the variance be less than 1e-6.
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
    slope = where(r == 0, 0, scaled(d * h * h, 2 * n + taken))
    value = where(half - half == 0, log_scale + half, half)
    return (
        value,
        (slope, 1 - 2 * half),
        (scaled(h * h, 2 * n), 4 * half, -2 * slope),
        {
            "full": value + 0.9189385332046727,
            "gauss_newton": (scaled(h * h, 2 * n), where(half == half, 2, half)),  # Fisher's information
        },
    )


@of_columns(
    *LOCATION_AND_SCALE,
    full="whether the value has all terms of the negative log-likelihood, weighted: log(2 pi) / 2 too",
    beta=fraction(0.5, "how much of the weight of small variances is taken back: 0 is `gaussian_nll`"),
    formula="w (s + (y - m)^2 e^(-2s) / 2), w = e^(2 beta s) held constant",
    detached="w",
    source="Seitzer, Tavakoli, Antic & Martius 2022, arXiv:2203.09168",
    # 4.51, 4.48, and 6.25 in one of 200,000 calls: squares of products of two exponentials
    ulps={"value": 6, "grad": 6, "hess": 7},
)
def beta_nll(y_true, location, log_scale, beta):
    """Normal negative log-likelihood times a power of the variance: m the mean, s the log of the standard deviation.

    The weight is held constant, as in the authors' code: gradient and Hessian are those of `gaussian_nll` times it, and
    not the derivatives of the value. Samples of a large variance would else count for little, whatever their residual.
    Without the constant log(2 pi) / 2, which ``full=True`` adds, times the weight.
    """
    r = location - y_true
    # d is r over a power of 2, which a product with it may neither overflow nor round among the subnormal numbers
    large = 2 * r - 2 * r != 0
    tiny = abs(r) < 1e-18
    d = where(large, 0.25 * location - 0.25 * y_true, where(tiny, 1.8446744073709552e19 * r, r))
    taken = where(large, 2, where(tiny, -64, 0))
    # the square of e^((beta - 1) s) = h 2^n is that of e^-s, weighted; that of e^(beta s) = g 2^k is the weight
    less = beta - 1
    falling = less * log_scale
    rising = beta * log_scale
    finite = log_scale - log_scale == 0
    falling_tail = product_tail(less, log_scale) + difference_tail(beta, 1) * log_scale
    falling = where(less == 0, 0, falling)
    rising = where(beta == 0, 0, rising)
    h = exp_fraction(falling)
    h = where(finite and less != 0, h + h * falling_tail, h)
    n = exp_exponent(falling)
    g = exp_fraction(rising)
    g = where(finite and beta != 0, g + g * product_tail(beta, log_scale), g)
    k = exp_exponent(rising)
    weight = scaled(g * g, 2 * k)
    z = where(r == 0, 0, scaled(d * h, n + taken))
    half = 0.5 * z * z
    slope = where(r == 0, 0, scaled(d * h * h, 2 * n + taken))
    first = where(finite, scaled(log_scale * g * g, 2 * k), where(log_scale < 0 and beta > 0, 0, log_scale))
    # of two terms that are too large for a float the difference need not be
    unweighted = where(r == 0, 0, scaled(d * h, n + taken - k))
    by_scale = where(log_scale > 0, scaled(g * g - unweighted * unweighted, 2 * k), weight - z * z)
    bad = log_scale != log_scale or r != r
    steep = where(bad, log_scale + r, scaled(h * h, 2 * n))
    value = where(half - half == 0, first + half, half)
    return (
        value,
        (where(bad, log_scale + r, slope), by_scale),
        (steep, 2 * (z * z), -2 * slope),
        {
            "full": value + 0.9189385332046727 * weight,
            "gauss_newton": (steep, where(bad, log_scale + r, 2 * weight)),  # Fisher's information, weighted
        },
    )


@of_columns(
    *LOCATION_AND_SCALE,
    full=_FULL,
    formula="s + |y - m| e^-s",
    source="Laplace 1774",
)
def laplace_nll(y_true, location, log_scale):
    """Negative log-likelihood of a Laplace distribution: m the median, s the logarithm of the scale.

    Without the constant log 2, which ``full=True`` adds. At y = m the gradient by the median is 0, the midpoint of the
    subgradient.
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
    steepness = scaled(h, n)
    slope = where(r > 0, steepness, where(r < 0, -steepness, r))
    value = where(ratio - ratio == 0, log_scale + ratio, ratio)
    return (
        value,
        (slope, 1 - ratio),
        (where(r == r, 0, r), ratio, -slope),
        {
            "full": value + 0.6931471805599453,
            # Fisher's information
            "gauss_newton": (where(r == r, scaled(h * h, 2 * n), r), where(ratio == ratio, 1, ratio)),
        },
    )


@of_columns(
    *LOCATION_AND_SCALE,
    full=_FULL,
    df=interval(4.0, 1e-15, 1e15, "degrees of freedom: the fewer, the less large residuals count"),
    formula="s + (df + 1) / 2 log(1 + (y - m)^2 e^(-2s) / df)",
    source="Lange, Little & Taylor 1989, doi:10.1080/01621459.1989.10478852",
    ulps={"value": 5, "grad": 8, "hess": 8},  # 4.06, 7.12, 7.42
)
def student_t_nll(y_true, location, log_scale, df):
    """Negative log-likelihood of Student's t distribution: m the location, s the logarithm of the scale.

    Without the terms of df alone, log(Gamma(df / 2) / Gamma((df + 1) / 2)) + log(pi df) / 2, which ``full=True`` adds:
    without them values for different df cannot be compared. For df > 2 the standard
    deviation is e^s sqrt(df / (df - 2)). Large residuals r pull with a force of (df + 1) / r: outliers fade out.
    """
    # z = r e^-s, which keeps what its factors have lost; e^-s as the square of a root far away
    whole = location - y_true
    large = seldom(whole - whole != 0)
    tiny = seldom(abs(whole) < 1e-30 and whole != 0 and log_scale > -20)  # z may be subnormal where its multiple is not
    part = where(large, 0.25, where(tiny, 1.8446744073709552e19, 1))
    back = where(large, 4, where(tiny, 5.421010862427522e-20, 1))
    r = part * location - part * y_true
    r_tail = difference_tail(part * location, part * y_true)
    far = seldom(abs(log_scale) > 80)
    half = where(far, 0.5, 1)
    e = exp_minus_abs_head(half * log_scale)
    e_tail = exp_minus_abs_tail(half * log_scale)
    negative = log_scale < 0
    inverse = 1 / e
    head = where(negative, inverse, e)
    f_tail = where(negative, quotient_tail(1, e) - inverse * (inverse * e_tail), e_tail)
    finite = head - head == 0
    f = where(finite, head + f_tail, head)
    once = r * head
    once = where(once - once == 0, once + (product_tail(r, head) + (r * f_tail + r_tail * head)), once)
    root = where(far, once * f, once)
    still = r == 0 and log_scale == log_scale
    z = where(still, 0, root * back)
    square = z * z
    # where z^2 / df is too large for a float, its inverse is small
    u = z / df * z
    huge = seldom(u - u != 0 or square - square != 0)
    distance = where(huge, z, 1)
    slight = (df / distance) / distance
    both = where(huge, 1, df + square)
    share = where(huge, 1 / (1 + slight), z / both * z)
    rest = where(huge, slight * share, df / both)
    residual = where(huge, abs(r), 1)
    logarithm = log(residual) + where(large, 1.3862943611198906, where(tiny, -44.3614195558365, 0)) - 0.5 * log(df)
    logarithm = logarithm + 0.5 * log1p(slight)
    beyond = (df + 1) * (logarithm - log_scale) + log_scale
    beyond = where(log_scale - log_scale == 0, beyond, (df + 1) * logarithm - df * log_scale)
    l = log1p(z / df * z)
    value = where(huge, beyond, log_scale + 0.5 * (df + 1) * l)
    steep = (df + 1) / both
    ratio = part / where(huge, r, 1)
    lifted = tiny and abs(z) < 1e-30
    pull = where(lifted, root, z) * steep * f * where(far, f, 1)
    pull = where(lifted, pull * back, pull)
    slope = where(huge, (df + 1) * ratio * share, pull)
    slope = where(still, 0, slope)
    by_scale = where(huge, -share * df, ((1 - square) / both) * df)
    bend = ((df - square) / both * f) * (steep * f)
    bend = where(far, bend * f * f, bend)
    bend = where(huge, slope * (ratio * (rest - share)), bend)
    curve = where(huge, ((df + 1) / distance) * (df / distance) * (share * share), (steep * z) * (z * rest))
    precision = (df + 1) / (df + 3) * f * f * where(far, f * f, 1)
    # Gamma(x + 1/2) / Gamma(x), x = df / 2: a series of its logarithm from 10 on, if need be after ten steps
    x = 0.5 * df
    low = x < 10
    few = where(low, x, 1)
    over = 0.5 / few
    term1 = 0.5 / (few + 1)
    over = over + (term1 + term1 * over)
    term2 = 0.5 / (few + 2)
    over = over + (term2 + term2 * over)
    term3 = 0.5 / (few + 3)
    over = over + (term3 + term3 * over)
    term4 = 0.5 / (few + 4)
    over = over + (term4 + term4 * over)
    term5 = 0.5 / (few + 5)
    over = over + (term5 + term5 * over)
    term6 = 0.5 / (few + 6)
    over = over + (term6 + term6 * over)
    term7 = 0.5 / (few + 7)
    over = over + (term7 + term7 * over)
    term8 = 0.5 / (few + 8)
    over = over + (term8 + term8 * over)
    term9 = 0.5 / (few + 9)
    over = over + (term9 + term9 * over)
    i = 1 / where(low, few + 10, x)
    j = i * i
    rest_of_series = 0.0011858258928571428 - j * (
        0.001681857638888889 - j * (0.0038341175426136365 - j * 0.012819730318509615)
    )
    series = i * (0.125 - j * (0.005208333333333333 - j * (0.0015625 - j * rest_of_series)))
    steps = where(low, log1p(over) + 0.5 * log(few * i), 0)
    full = value + (0.9189385332046727 + series + steps)
    return (
        value,
        (slope, by_scale),
        (bend, 2 * curve, -2 * slope * rest),
        {
            "full": full,
            # Fisher's information
            "gauss_newton": (where(u == u, precision, u), where(u == u, 2 * df / (df + 3), u)),
        },
    )


@of_columns(
    *LOCATION_AND_SCALE,
    formula="e^s (z erf(z / sqrt(2)) + sqrt(2 / pi) e^(-z^2 / 2) - 1 / sqrt(pi)), z = (y - m) e^-s",
    source="Gneiting, Raftery, Westveld & Goldman 2005, doi:10.1175/MWR2904.1",
    ulps={"value": 6, "hess": 5},  # 4.88, 4.27
)
def crps_gaussian(y_true, location, log_scale):
    """Continuous ranked probability score of a normal distribution: m the mean, s the log of the standard deviation.

    It is in the unit of the target, is the absolute error where e^s is 0, and grows with |y - m|, not with its square:
    large residuals count for less than in `gaussian_nll`.
    """
    # z = r e^-s, which keeps what its factors have lost; e^-s as the square of a root far away
    whole = location - y_true
    large = seldom(whole - whole != 0)
    part = where(large, 0.25, 1)
    r = part * location - part * y_true
    r_tail = difference_tail(part * location, part * y_true)
    far = seldom(abs(log_scale) > 80)
    half = where(far, 0.5, 1)
    e = exp_minus_abs_head(half * log_scale)
    e_tail = exp_minus_abs_tail(half * log_scale)
    negative = log_scale < 0
    inverse = 1 / e
    inverse_tail = quotient_tail(1, e) - inverse * (inverse * e_tail)
    head = where(negative, inverse, e)
    f_tail = where(negative, inverse_tail, e_tail)
    f = where(head - head == 0, head + f_tail, head)
    scale = where(negative, e, inverse)
    once = r * head
    once_tail = where(once - once == 0, product_tail(r, head) + (r * f_tail + r_tail * head), 0)
    twice = once * head
    twice_tail = where(twice - twice == 0, product_tail(once, head) + (once * f_tail + once_tail * head), 0)
    root = where(far, twice, once)
    tail = where(far, twice_tail, once_tail)
    still = r == 0 and log_scale == log_scale
    z = where(still, 0, where(large, 4 * root, root))
    z_tail = where(still, 0, where(large, 4 * tail, tail))
    square = z * z
    square_tail = where(square < 1000000, product_tail(z, z) + 2 * z * z_tail, 0)
    # e^(-z^2 / 2) is h h: times e^-s it may be a number where it is not
    h = exp(-0.25 * square)
    h = h - h * (0.25 * square_tail)
    bell = 0.7978845608028654 * h * h
    inside = erf(0.7071067811865476 * z)
    rest = bell - 0.5641895835477563
    size = abs(z)
    above = size > 4  # of large residuals over a scale near 0 the quotient may be too large for a float
    near = (where(above, 0, size) * abs(inside) + rest) * scale * where(far, scale, 1)
    spread = rest * scale * where(far, scale, 1)
    beyond = where(large, 4, 1) * (abs(r) * abs(inside)) + spread
    gone = h == 0
    steep = (0.7978845608028654 * h * f) * (h * where(far, f, 1))
    more = where(gone, 0, bell * where(gone, 0, square))
    return (
        where(above, beyond, near),
        (inside, spread),
        (
            where(gone, 0, steep),
            (rest + more) * scale * where(far, scale, 1),
            where(gone, 0, -z * bell),
        ),
        # what they are in the mean, if the model is right
        {
            "gauss_newton": (
                where(z == z, 0.5641895835477563 * f * where(far, f, 1), z),
                where(z == z, 0.28209479177387814 * scale * where(far, scale, 1), z),
            )
        },
    )
