"""Losses of a prediction of a real number; r = y_pred - y_true.

Five things recur. Where the loss grows like |r| it is finite although r itself may overflow: `half` is r / 2, or d is
`part` of r, which is all of it where that is a number. A square that could overflow is avoided by dividing the smaller
of two numbers by the larger. Where r is put into an exponential, or into a factor that crosses zero, its rounding error
goes along as a tail; `up` keeps the remainders of divisions by a tiny scale, which such tails are made of, from being
subnormal. A loss that is r^2 / 2 near 0 is computed so where the square of r over a scale would be subnormal. Factors
that may be large are multiplied first, those that are at most 1 last: what has become subnormal then stays so.
"""

from ..rows import (
    above,
    extended,
    inner_fraction,
    inner_fractions,
    learned,
    number_of_row,
    pointwise,
    positive,
    real,
    root_mean,
    rowwise,
)
from .vocabulary import (
    clamp,
    difference_tail,
    exp,
    exp_sum,
    expm1,
    log,
    log1p,
    log1pmx,
    log_ratio,
    log_sum,
    log_sum_tail,
    product_tail,
    quotient_tail,
    seldom,
    sqrt,
    where,
)

_ZHANG = "Zhang 1997, doi:10.1016/S0262-8856(96)01112-2"


@pointwise(target=real, formula="r^2", source="Legendre 1805; Gauss 1809")
def squared_error(y_true, y_pred):
    """Squared error.

    Not halved: `half_squared_error` is the other convention (scikit-learn's ``HalfSquaredError``, optax's ``l2_loss``).
    """
    r = y_pred - y_true
    return r * r, 2 * r, 2


@pointwise(target=real, formula="r^2 / 2", source="Legendre 1805; Gauss 1809")
def half_squared_error(y_true, y_pred):
    """Half of the squared error: its gradient is the residual itself."""
    r = y_pred - y_true
    return 0.5 * r * r, r, 1


@root_mean(formula="sqrt(mean of r^2)", source="Legendre 1805; Gauss 1809")
def root_mean_squared_error(y_true, y_pred, unit, root, weight, inverse):
    """Square root of the mean squared error: one loss for all samples.

    With ``reduction="mean"`` only. Of the sum of the squares 1 / `normalizer` is taken where one is given. Where all
    residuals are 0 there is a kink: gradient and Hessian are 0, the midpoint of the subgradient, as of
    `absolute_error`, which it is for one sample. So it is where one residual is infinite; of several the gradient is
    NaN. Two passes over the data: the gradient needs the value.
    """
    r = y_pred - y_true
    scaled = where(r - r == 0, r * unit, y_pred * unit - y_true * unit)  # r itself may be too large for a float
    z = scaled / root
    hessian = (1 - weight * (z * (z * inverse))) * (unit / root)
    return scaled * scaled, z, hessian, {"gauss_newton": where(z == z, unit / root, z)}


@pointwise(target=real, formula="|r|", source="Boscovich 1757; Laplace 1793")
def absolute_error(y_true, y_pred):
    """Absolute error.

    At r = 0 the gradient is 0, the midpoint of the subgradient [-1, 1]. The Hessian diagonal is 0 everywhere.
    """
    r = y_pred - y_true
    return abs(r), where(r > 0, 1, where(r < 0, -1, r)), where(r == r, 0, r), {"gauss_newton": where(r == r, 1, r)}


@pointwise(
    target=real,
    delta=learned(positive(1.0, "where the loss turns from quadratic to linear")),
    formula="r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2)",
    source="Huber 1964, doi:10.1214/aoms/1177703732",
    typical=True,
)
def huber(y_true, y_pred, delta):
    """Huber's loss: quadratic near 0, linear in the tails.

    As in Keras, optax and scikit-learn. PyTorch's ``smooth_l1_loss(beta)`` is this loss with delta = beta, over beta.
    At |r| = delta the second derivative jumps from 1 to 0; the Hessian there is 1.
    """
    r = y_pred - y_true
    g = clamp(r, -delta, delta)  # both branches are g (r - g/2), and g is the gradient
    half = 0.5 * y_pred - 0.5 * y_true  # r itself may be too large for a float where the loss is not
    tail = difference_tail(y_pred, y_true)
    exact = (abs(r) - delta) + where(r < 0, -tail, tail)
    beyond = where(r - r == 0, exact, 2 * (abs(half) - 0.5 * delta))
    hessian = where(abs(r) <= delta, 1, 0 * g)
    size = where(abs(r) <= delta, 1, where(r - r == 0, abs(r), abs(half)))
    weight = where(abs(r) <= delta, 1, where(r - r == 0, delta, 0.5 * delta) / size)
    by_delta = where(beyond <= 0, 0, beyond)
    return 2 * (g * (half - 0.25 * g)), g, hessian, {"delta": by_delta, "gauss_newton": weight}


@pointwise(
    target=real,
    beta=learned(positive(1.0, "where the loss turns from quadratic to linear")),
    formula="r^2 / (2 beta) where |r| <= beta, else |r| - beta / 2",
    source="Girshick 2015, doi:10.1109/ICCV.2015.169",
)
def smooth_l1(y_true, y_pred, beta):
    """Smooth L1 loss: quadratic near 0, absolute error in the tails.

    As in PyTorch. It is `huber` with delta = beta, over beta; the limit beta -> 0 is `absolute_error`. At |r| = beta
    the second derivative jumps from 1 / beta to 0; the Hessian there is 1 / beta.
    """
    r = y_pred - y_true
    half = 0.5 * y_pred - 0.5 * y_true
    g = clamp(r / beta, -1, 1)
    inside = 0.5 * (r * g)
    outside = 2 * (abs(half) - 0.25 * beta)
    value = where(abs(r) <= beta, inside, outside)
    size = where(abs(r) <= beta, beta, where(r - r == 0, abs(r), abs(half)))
    weight = where(abs(r) <= beta or r - r == 0, 1, 0.5) / size
    return value, g, where(abs(r) <= beta, 1 / beta, 0 * g), {"beta": -0.5 * (g * g), "gauss_newton": weight}


def residual_ratio(y_true, y_pred, scale, rare):
    """Return |r| / scale, or where it is `far` the inverse, its tail, and what both are of, times `part`.

    Where nothing is `rare`, nothing is far.
    """
    r = y_pred - y_true
    part = where(2 * r - 2 * r == 0, 1, 0.25)
    d = part * y_pred - part * y_true
    a = abs(d)
    b = part * scale
    far = rare and a > b
    up = where(b < 1e-18, 1.8446744073709552e19, 1)
    n = up * where(far, b, a)
    m = up * where(far, a, b)
    quotient = n / m
    lost = up * difference_tail(part * y_pred, part * y_true) * where(d < 0, -1, 1)
    tail_of_quotient = where(quotient == 0, 0, quotient_tail(n, m) + where(far, -quotient * lost, lost) / m)
    return part, d, a, b, far, quotient, tail_of_quotient


@pointwise(
    target=real,
    delta=learned(positive(1.0, "where the loss turns from quadratic to linear")),
    formula="delta^2 (sqrt(1 + (r / delta)^2) - 1)",
    source="Charbonnier et al. 1997, doi:10.1109/83.551699",
    ulps={"value": 5, "hess": 6},  # 4.04, 5.04
)
def pseudo_huber(y_true, y_pred, delta):
    """Pseudo-Huber loss: a smooth `huber`, with all derivatives continuous.

    Near 0 it is r^2 / 2, far away delta |r|, as XGBoost's ``reg:pseudohubererror`` with huber_slope = delta, and as
    `scipy.special.pseudo_huber`.
    """
    r = y_pred - y_true
    inverse = 1 / delta
    z = r * inverse
    rare = seldom(abs(z) > 1e9 or delta < 1e-18 or delta > 1e18)
    part, d, a, _b, far, quotient, tail_of_quotient = residual_ratio(y_true, y_pred, delta, rare)
    k = where(rare, quotient, abs(z))  # |r| / delta near 0, delta / |r| far away
    tail = difference_tail(y_pred, y_true)
    near_tail = (((r - z * delta) - product_tail(z, delta)) + tail) * inverse
    k_tail = where(rare, tail_of_quotient, where(z < 0, -near_tail, near_tail))
    w = 1 + (k * k + 2 * k * k_tail)
    s = sqrt(w)  # the root over 1 near 0, over |r| / delta far away
    near = r * (r / (1 + s))  # s - 1 = (r / delta)^2 / (s + 1)
    value = where(far, where(part < 1, 4, 1) * (delta * (a / (s + k))), near)
    gradient = where(far, where(d < 0, -delta, delta), r) / s
    # delta (s - 1)^2 / s, where s - 1 = (r / delta)^2 / (s + 1)
    both = s + where(far, k, 1)
    fourth = where(far, where(part < 1, 4, 1) * a, delta * (k * k) * (k * (k + 4 * k_tail)))
    by_delta = fourth / (both * both) / s
    return value, gradient, where(far, k * k * (k + 3 * k_tail), 1) / (w * s), {"delta": by_delta}


@pointwise(
    target=real,
    formula="log(cosh(r))",
    source="Green 1990, doi:10.1109/42.52985",
    ulps={"value": 6},  # 5.10
)
def log_cosh(y_true, y_pred):
    """Logarithm of the hyperbolic cosine of the residual: r^2 / 2 near 0, |r| - log 2 far away.

    As in Keras and optax, whose |r| + log(1 + e^(-2|r|)) - log 2 loses its digits near 0.
    """
    r = y_pred - y_true
    tail = difference_tail(y_pred, y_true)
    a = abs(r)
    m = expm1(-where(a > 40, 40, a))
    e = 1 + m  # e^-a
    # cosh a - 1 = m^2 / (2 e^-a) near 0; far away cosh a = e^a (1 + e^(-2a)) / 2
    far = a > 1
    l = log1p(where(far, e * e, m * m / (2 * e)))
    value = where(far, a - log(2), 0) + l
    size = -m * (2 + m) / (1 + e * e)
    q = exp_sum(-2 * a, where(r < 0, 2 * tail, -2 * tail))
    return value, where(r > 0, size, where(r < 0, -size, r)), 4 * (q / ((1 + q) * (1 + q)))


@pointwise(
    target=real,
    alpha=learned(inner_fraction(0.5, "the level of the quantile: the weight of a target above the prediction")),
    formula="(1 - alpha) r where r > 0, else -alpha r",
    source="Koenker & Bassett 1978, doi:10.2307/1913643",
)
def quantile(y_true, y_pred, alpha):
    """Quantile loss, or pinball loss: its minimiser is the alpha-quantile of the target.

    As in scikit-learn (``mean_pinball_loss``); at alpha = 1/2 it is half of `absolute_error`. At r = 0 the gradient is
    1/2 - alpha, the midpoint of the subgradient [-alpha, 1 - alpha]. The Hessian diagonal is 0 everywhere.
    """
    r = y_pred - y_true
    half = 0.5 * y_pred - 0.5 * y_true
    slope = where(r > 0, 1 - alpha, where(r < 0, -alpha, (0.5 - alpha) + r))
    return 2 * abs(half * slope), slope, where(r == r, 0, r), {"alpha": -r, "gauss_newton": where(r == r, 1, r)}


quantiles = rowwise(
    name="quantiles",
    summary="Quantile loss of several quantiles that are predicted side by side: the mean over them.",
    formula="sum_k max((1 - level_k) d_k, -level_k d_k) / Q,  d_k = q_k - y,  q = y_pred",
    source="Koenker & Bassett 1978, doi:10.2307/1913643",
    target=number_of_row,
    holds="numbers",
    levels=inner_fractions(
        "the level of each column, or one for all; by default (k + 1/2) / Q, the middles of Q equal parts"
    ),
    notes="""`y_true` holds a number for each row, in the shape of `y_pred` without the axis of the quantiles. Each row
is a sample with a weight, and its loss the mean over its Q columns of `quantile` at their levels, with the same
gradient where a prediction is the target: (1/2 - level) / Q. The default levels are those of quantile regression DQN.
Nothing keeps the quantiles of a row in order.""",
)


@pointwise(
    target=real,
    alpha=learned(inner_fraction(0.5, "the level of the expectile: the weight of a target above the prediction")),
    formula="(1 - alpha) r^2 where r > 0, else alpha r^2",
    source="Newey & Powell 1987, doi:10.2307/1911031",
)
def expectile(y_true, y_pred, alpha):
    """Expectile loss: an asymmetric squared error.

    At alpha = 1/2 it is `half_squared_error`. At r = 0 the second derivative jumps from 2 alpha to 2 (1 - alpha); the
    Hessian there is the mean of the two, 1.
    """
    r = y_pred - y_true
    part = where(r - r == 0, 1, 0.5)
    d = part * y_pred - part * y_true
    whole = where(r - r == 0, 1, 2)
    weight = where(r > 0, 1 - alpha, where(r < 0, alpha, 0.5))
    by_alpha = where(r > 0, -d, d) * d * (whole * whole)
    return weight * d * d * (whole * whole), 2 * (weight * d) * whole, 2 * weight, {"alpha": by_alpha}


@pointwise(
    target=above(-1.0),
    predicted=above(-1.0),
    formula="(log(1 + y_pred) - log(1 + y_true))^2",
    source="scikit-learn: mean_squared_log_error",
    ulps={
        "float32 value": 5
    },  # 4.25 of 100,000 random calls: the square doubles the error of a logarithm of a quotient
)
def squared_log_error(y_true, y_pred):
    """Squared logarithmic error, of targets and predictions above -1.

    As in scikit-learn, which also refuses what is not above -1; Keras replaces it by 1e-7.
    """
    r = y_pred - y_true
    p = 1 + y_pred
    t = 1 + y_true
    p_tail = difference_tail(1, -y_pred)
    t_tail = difference_tail(1, -y_true)
    far = seldom(p > 1e15 or t > 1e15)
    # the larger over the smaller is 1 + v: log(1 + v), and what was lost on the way, over 1 + v
    above_target = r > 0
    smaller = where(above_target, t, p)
    larger = where(above_target, p, t)
    v = abs(r) / smaller
    tail = where(above_target, 1, -1) * difference_tail(y_pred, y_true)
    smaller_tail = where(above_target, t_tail, p_tail)
    rest = ((abs(r) - v * smaller) - product_tail(v, smaller)) + (tail - v * smaller_tail)
    of_v = log1p(v)
    size = of_v + rest / larger
    of_ratio = log_ratio(p, t)
    of_ratio = of_ratio + where(of_ratio - of_ratio == 0, p_tail / p - t_tail / t, 0)
    l = where(far and not v < 0.5, of_ratio, where(above_target, size, -size))
    endless = far and p == 2 * p  # where p is infinite and t is not, log(p) / p is 0
    falling = where(endless, -1 / l, (1 - l) / p)
    weight = where(y_true == y_true, 2 / p / p, y_true)
    return l * l, 2 * where(endless, 1 / l, l / p), 2 * falling / p, {"gauss_newton": weight}


@pointwise(
    target=real,
    floor=positive(2.220446049250313e-16, "the least that the error is divided by, where `|y_true|` is smaller"),
    formula="|r| / max(|y|, floor)",
    source="Armstrong 1978, Long-Range Forecasting; scikit-learn: mean_absolute_percentage_error",
)
def absolute_percentage_error(y_true, y_pred, floor):
    """Absolute error relative to the target, as a fraction.

    As in scikit-learn, with the floor 2^-52. Keras multiplies by 100 and has the floor 1e-7; LightGBM and CatBoost have
    the floor 1. At r = 0 the gradient is 0, the midpoint of the subgradient.
    """
    r = y_pred - y_true
    half = 0.5 * y_pred - 0.5 * y_true
    below = where(abs(y_true) < floor, floor, abs(y_true))
    value = where(abs(r) > 1, 2 * (abs(half) / below), abs(r) / below)
    value = where(below == 2 * below and y_pred - y_pred == 0, 1, value)  # of an infinite target
    hessian = where(r == r, 0, r)
    return value, where(r > 0, 1, where(r < 0, -1, r)) / below, hessian, {"gauss_newton": where(r == r, 1, r)}


@pointwise(
    target=real,
    formula="2 |r| / (|y| + |y_pred|)",
    source="Makridakis 1993, doi:10.1016/0169-2070(93)90079-3",
    ulps={"hess": 5},  # 4.11: the cube of a rounded sum
)
def symmetric_absolute_percentage_error(y_true, y_pred):
    """Absolute error relative to the mean size of target and prediction (sMAPE), as a fraction: from 0 to 2.

    As in the M3 competition, which multiplies by 100; others leave out the 2, and are between 0 and 1. Where both are 0
    so is the loss. It is 2 wherever the signs differ, so that no gradient leads back from there. At r = 0 and where
    y_pred = 0 the derivatives are the midpoint of those on both sides. Its positive curvature is the absolute value.
    """
    part = where((abs(y_true) + abs(y_pred)) - (abs(y_true) + abs(y_pred)) == 0, 1, 0.25)
    r = part * y_pred - part * y_true
    y = part * abs(y_true)
    s = y + part * abs(y_pred)
    value = where(s == 0, 0, 2 * (abs(r) / where(s == 0, 1, s)))
    value = where(r - r == 0 or r != r, value, 2)  # one of them is infinite
    apart = (y_true > 0 and y_pred < 0) or (y_true < 0 and y_pred > 0) or y_true == 0 or y - y != 0
    idle = apart or r == 0 or s == 0
    # 4 |y| / s^2: a target that is nearly subnormal is multiplied by 2^60 on the way
    small = s < 1 and y < 1e-30 * s
    up = where(small, 1.152921504606847e18, 1)
    down = where(small, 8.673617379884035e-19, 1)
    over = where(idle, 1, s)
    steep = 4 * (up * where(idle, 0, y)) / over / over
    side = where(y_pred == 0, 0.5, 1)  # of the two sides of 0 one is flat
    slope = part * (side * steep * down)
    bent = part * (part * (2 * side * steep / over * down))
    rising = where(r > 0, 1, where(r < 0, -1, r))
    away = where(y_pred == 0, where(y_true > 0, 1, -1), where(y_pred > 0, 1, -1))
    zero = where(r == r, 0, where(y - y != 0 and y_true == y_true and y_pred == y_pred, 0 * s, r))
    slope = where(idle, zero, rising * slope)
    bent = where(idle, zero, -(rising * away) * bent)
    return value, slope, bent, {"gauss_newton": abs(bent)}


@pointwise(
    target=real,
    c=learned(positive(1.3998, "the scale of the residuals")),
    formula="c^2 (|r| / c - log(1 + |r| / c))",
    source=f"Fair 1974, Annals of Economic and Social Measurement 3(4); {_ZHANG}",
    ulps={"value": 6},  # 5.40
)
def fair(y_true, y_pred, c):
    """Fair's loss: r^2 / 2 near 0, c |r| less a logarithm far away.

    The default c gives 95 % efficiency for normal residuals; LightGBM's ``fair_c`` is 1.
    """
    r = y_pred - y_true
    inverse = 1 / c
    rounded = abs(r) * inverse
    tail = where(r < 0, -1, 1) * difference_tail(y_pred, y_true)
    rounded_tail = (((abs(r) - rounded * c) - product_tail(rounded, c)) + tail) * inverse
    rare = seldom(rounded > 1e15 or (rounded * rounded * 1e-20 == 0 and r != 0) or c < 1e-18 or c > 1e18)
    twice = 2 * (abs(r) + c)
    part = where(twice - twice == 0, 1, 0.125)
    d = part * y_pred - part * y_true
    up = where(rare and c < 1e-18, 1.8446744073709552e19, 1)
    a = where(rare, up * abs(d), abs(r))
    b = where(rare, up * (part * c), c)
    lost = where(rare, up * where(d < 0, -1, 1) * difference_tail(part * y_pred, part * y_true), tail)
    z = where(rare, a / b, rounded + rounded_tail)
    beyond = rare and a > b
    k = where(beyond, b / a, z)
    m = log1pmx(z)
    value = where(rare and z > 1e18, where(part < 1, 8, 1) * (c * abs(d)), -c * (c * m))
    value = where(rare and z < 1e-17, r * (0.5 * r), value)  # where z^2 has lost digits
    s = b + a
    s_tail = difference_tail(b, -a) + lost
    root = b / s
    root_tail = where(root == 0, 0, quotient_tail(b, s) - root * (s_tail / s))
    gradient = where(beyond, where(d < 0, -c, c), r) / (1 + k)
    # by c: 2 c (sinh(l) - l), l = log(1 + |r| / c), near 0 by the series
    z_tail = where(z - z == 0 and z > 0, ((a - z * b) - product_tail(z, b) + lost) / b, 0)
    faint = z < 1e-5
    o = difference_tail(1, -z) + z_tail
    least = z - z * z * (0.5 - z * (0.3333333333333333 - 0.25 * z))
    least_tail = ((z - least) - z * z * (0.5 - z * (0.3333333333333333 - 0.25 * z))) + z_tail
    l = where(z > 1e17, log_ratio(abs(d), part * c), where(faint, least, log_sum(1 + z, o)))
    l_tail = where(z > 1e17, 0, where(faint, least_tail, log_sum_tail(1 + z, o)))
    q = where(l < 2, l * l, 0)
    series = 1 + q / 156 * (1 + q / 210 * (1 + q / 272 * (1 + q / 342 * (1 + q / 420 * (1 + q / 506)))))
    series = 1 + q / 20 * (1 + q / 42 * (1 + q / 72 * (1 + q / 110 * series)))
    far = where(part < 1, 8, 1) * (part * c * (((1 - root) - 2 * l) - 2 * l_tail) + abs(d))
    by_c = where(l < 2, c * l * l * ((l + 3 * l_tail) / 3) * series, where(d - d == 0, far, abs(d)))
    return value, gradient, root * root + 2 * root * root_tail, {"c": by_c}


@pointwise(
    target=real,
    c=learned(positive(2.3849, "the scale of the residuals")),
    formula="c^2 / 2 log(1 + (r / c)^2)",
    source=f"Black & Anandan 1996, doi:10.1006/cviu.1996.0006; {_ZHANG}",
    ulps={"value": 6},  # 5.17
)
def cauchy(y_true, y_pred, c):
    """Cauchy (Lorentzian) loss: r^2 / 2 near 0, a logarithm far away.

    The default c gives 95 % efficiency for normal residuals. SciPy's ``least_squares(loss="cauchy")`` has the same with
    c as ``f_scale``. Not convex: the Hessian is negative where |r| > c.
    """
    r = y_pred - y_true
    inverse = 1 / c
    z = r * inverse
    rare = seldom(abs(z) > 1e9 or (z * z * 1e-20 == 0 and r != 0) or c < 1e-18 or c > 1e18)
    _part, d, a, b, far, quotient, tail_of_quotient = residual_ratio(y_true, y_pred, c, rare)
    k = where(rare, quotient, z)  # |r| / c near 0, c / |r| far away
    tail = difference_tail(y_pred, y_true)
    k_tail = where(rare, tail_of_quotient, (((r - z * c) - product_tail(z, c)) + tail) * inverse)
    square = k * k
    square_tail = product_tail(k, k) + 2 * k * k_tail
    both = square + square_tail
    w = 1 + both
    l = log1p(both)
    value = 0.5 * c * (c * (l + where(far, 2 * log_ratio(a, b), 0)))
    value = where(rare and not far and k < 1e-9, r * (0.5 * r), value)  # where k^2 has lost digits
    gradient = where(far, where(d < 0, -c * k, c * k), r) / w
    falling = (1 - square) - square_tail
    # by c: c (-log(1 - v) - v), v = r^2 / (c^2 + r^2), near 0 its first term
    v = where(far, 1, both) / w
    rest = where(v < 0.7, -log1pmx(-where(v < 0.7, v, 0)), (log1p(square) + where(far, 2 * log_ratio(a, b), 0)) - v)
    by_c = c * where(far or abs(k) > 1e-9, rest, 0)
    by_c = where(far or abs(k) > 1e-9, by_c, c * square * (0.5 * square + square_tail))
    hessian = where(far, -falling * both, falling) / (w * w)
    return value, gradient, hessian, {"c": by_c, "gauss_newton": where(far, both, 1) / w}


@pointwise(
    target=real,
    c=learned(positive(1.0, "the scale of the residuals")),
    formula="r^2 / 2 / (1 + (r / c)^2)",
    source=f"Geman & McClure 1985; {_ZHANG}",
    ulps={"value": 5, "grad": 6, "hess": 7},  # 4.08 just below 1/2, where a unit is half as large; 5.46, 6.48
)
def geman_mcclure(y_true, y_pred, c):
    """Geman-McClure loss: r^2 / 2 near 0, at most c^2 / 2.

    Some leave out the half, or divide by c^2. Not convex: the Hessian is negative where |r| > c / sqrt(3).
    """
    r = y_pred - y_true
    inverse = 1 / c
    z = r * inverse
    rare = seldom(abs(z) > 1e4 or c < 1e-18 or c > 1e18)
    _part, d, _a, _b, far, quotient, tail_of_quotient = residual_ratio(y_true, y_pred, c, rare)
    k = where(rare, quotient, z)  # |r| / c near 0, c / |r| far away
    tail = difference_tail(y_pred, y_true)
    k_tail = where(rare, tail_of_quotient, (((r - z * c) - product_tail(z, c)) + tail) * inverse)
    square = k * k
    square_tail = product_tail(k, k) + 2 * k * k_tail
    w = 1 + (square + square_tail)
    i = 1 / w
    cube = (c * k) * k * (k + 3 * k_tail)
    value = where(far, c * (0.5 * (c * i)), r * (0.5 * (r * i)))
    gradient = where(far, where(d < 0, -cube, cube), r) * i * i
    falling = ((1 - 2 * square) - square) - 3 * square_tail  # crosses zero: exact differences, and the tail
    fourth = (square + square_tail) * (square + square_tail)
    by_c = where(far, c, c * square * (square + 2 * square_tail)) / (w * w)
    whole = 1 + square
    whole_tail = difference_tail(1, -square) + square_tail
    hessian = where(far, (square - 3) * fourth, falling) / (whole * whole * (whole + 3 * whole_tail))
    return value, gradient, hessian, {"c": by_c, "gauss_newton": where(far, fourth, 1) / (w * w)}


@pointwise(
    target=real,
    c=learned(positive(2.9846, "the scale of the residuals")),
    formula="c^2 / 2 (1 - e^(-(r / c)^2))",
    source=f"Dennis & Welsch 1978, doi:10.1080/03610917808812083; {_ZHANG}",
    ulps={"value": 6},  # 4.83
)
def welsch(y_true, y_pred, c):
    """Welsch (Leclerc) loss: r^2 / 2 near 0, at most c^2 / 2.

    The default c gives 95 % efficiency for normal residuals. Not convex: the Hessian is negative where
    |r| > c / sqrt(2).
    """
    r = y_pred - y_true
    inverse = 1 / c
    quotient = r * inverse
    rare = seldom(abs(quotient) > 1e9 or (quotient * quotient * 1e-20 == 0 and r != 0) or c < 1e-18 or c > 1e18)
    part = where(rare and 2 * r - 2 * r != 0, 0.25, 1)
    d = where(rare, part * y_pred - part * y_true, r)
    up = where(c < 1e-18, 1.8446744073709552e19, 1)
    a = up * d
    b = up * (part * c)
    z = where(rare, a / b, quotient)
    u = z * z
    tail = difference_tail(y_pred, y_true)
    tail_of_quotient = quotient_tail(a, b) + up * difference_tail(part * y_pred, part * y_true) / b
    z_tail = where(rare, tail_of_quotient, (((r - z * c) - product_tail(z, c)) + tail) * inverse)
    u_tail = product_tail(z, z) + 2 * z * z_tail
    # e^-u as h h: r e^-u may be a number where e^-u is subnormal. It lacks the factor e^-u_tail, which is 1 - u_tail.
    h = exp(-0.5 * u)
    fallen = expm1(-u)
    value = where(rare and abs(z) < 1e-9, r * (0.5 * r), -0.5 * c * (c * fallen))  # where z^2 has lost digits
    slope = d * h * h * where(part < 1, 4, 1)
    bend = ((1 - 2 * u) - 2 * u_tail) * h * h
    lost = where(rare, 0, tail)  # of d
    gradient = where(h == 0, 0, slope + (lost * h * h - slope * u_tail))
    hessian = where(h == 0, 0, bend - bend * u_tail)
    least = h * h
    weight = where(h == 0, 0, least - least * u_tail)
    # by c: c (1 - (1 + u) e^-u), near 0 c u^2 e^-u / 2 times a series
    near = where(u < 1, u, 0)
    high = 1 + near / 12 * (
        1
        + near
        / 13
        * (1 + near / 14 * (1 + near / 15 * (1 + near / 16 * (1 + near / 17 * (1 + near / 18 * (1 + near / 19))))))
    )
    series = 1 + near / 3 * (
        1
        + near
        / 4
        * (
            1
            + near
            / 5
            * (
                1
                + near / 6 * (1 + near / 7 * (1 + near / 8 * (1 + near / 9 * (1 + near / 10 * (1 + near / 11 * high)))))
            )
        )
    )
    by_c = where(u < 1, c * u * (0.5 * u + u_tail) * series * weight, where(h == 0, c, c * (1 - (1 + u) * weight)))
    return value, gradient, hessian, {"c": by_c, "gauss_newton": weight}


@pointwise(
    target=real,
    c=learned(positive(4.6851, "where the loss becomes constant")),
    formula="c^2 / 6 (1 - (1 - (r / c)^2)^3) where |r| <= c, else c^2 / 6",
    source="Beaton & Tukey 1974, doi:10.1080/00401706.1974.10489171",
    ulps={"value": 6, "grad": 6},  # 4.87, 4.82
)
def tukey_biweight(y_true, y_pred, c):
    """Tukey's biweight (bisquare): r^2 / 2 near 0, constant beyond c.

    The default c gives 95 % efficiency for normal residuals. Not convex: the Hessian is negative where
    c / sqrt(5) < |r| < c.
    """
    r = y_pred - y_true
    inverse = 1 / c
    rare = seldom(c < 1e-18 or c > 1e18)
    up = where(c < 1e-18, 1.8446744073709552e19, 1)
    z = where(rare, (up * r) / (up * c), r * inverse)
    u = z * z
    tail = difference_tail(y_pred, y_true)
    tail_of_quotient = quotient_tail(up * r, up * c) + up * tail / (up * c)
    z_tail = where(rare, tail_of_quotient, (((r - z * c) - product_tail(z, c)) + tail) * inverse)
    u_tail = where(u < 4, product_tail(z, z) + 2 * z * z_tail, 0)
    w = (1 - u) - u_tail
    sixth = c / c / 6  # of parameters alone: made once
    value = where(w <= 0, c * (c * sixth), r * (r * ((1 + w + w * w) * sixth)))  # 1 - w^3 = u (1 + w + w^2)
    hessian = w * (((1 - 4 * u) - u) - 5 * u_tail)
    by_c = where(w <= 0, c / 3, c * u * (u + 2 * u_tail) * ((3 - 2 * u) / 3))
    weight = where(w <= 0, 0, w * w)
    return value, where(w <= 0, 0, r * w * w), where(w <= 0, 0, hessian), {"c": by_c, "gauss_newton": weight}


def node(size, moderate, place, weight):
    """Return what a node of a rule adds to the integral of e^(x moderate) (e^(-x size) - 1 + x size) from 0 to 1."""
    at = place * size
    fall = expm1(-at)
    return weight * exp(place * moderate) * where(fall > -0.6, -log1pmx(fall), at + fall)


@pointwise(
    target=real,
    alpha=learned(extended(1.0, "the shape: 2 is squared error, 0 `cauchy`, -2 `geman_mcclure`, -inf `welsch`")),
    scale=learned(positive(1.0, "the scale of the residuals")),
    by_default=True,
    formula="|alpha - 2| / alpha (((r / scale)^2 / |alpha - 2| + 1)^(alpha / 2) - 1)",
    source="Barron 2019, doi:10.1109/CVPR.2019.00446, equation 8",
)
def general_robust(y_true, y_pred, alpha, scale):
    """General robust loss of Barron: one family from squared error to losses that ignore outliers.

    Its limits are (r / scale)^2 / 2 at alpha = 2, log((r / scale)^2 / 2 + 1) at 0, and 1 - e^(-(r / scale)^2 / 2) at
    -inf; alpha = 1 is `pseudo_huber` with delta = scale, over scale^2. Alpha above 2 is allowed. The method
    `parameter_grads` gives the derivatives by alpha and by the scale, for learning them with a model. Minimised over
    alpha alone the loss would go to -inf: Barron adds the logarithm of the partition function, or see `source`.
    """
    # d is a part of r, and z = |r| / scale
    r = y_pred - y_true
    unusual = seldom(abs(r) > 1e9 * scale or abs(r) > 1e37 or scale < 1e-9 or scale > 1e9)
    fits = not unusual or 2 * r - 2 * r == 0
    part = where(fits, 1, 0.25)
    d = part * y_pred - part * y_true
    d_tail = difference_tail(part * y_pred, part * y_true)
    d_tail = where(d < 0, -d_tail, d_tail)
    up = where(unusual and scale < 1e-18, 1.8446744073709552e19, 1)
    n = up * abs(d)
    m = up * (part * scale)
    inverse_m = 1 / m
    z = where(unusual, n / m, n * inverse_m)
    near_z = (((n - z * m) - product_tail(z, m)) + d_tail) * inverse_m
    z_tail = where(unusual, quotient_tail(n, m) + up * d_tail / m, near_z)
    u = 0.5 * z * z
    u_tail = 0.5 * product_tail(z, z) + z * z_tail
    # alpha = 1: sqrt(1 + z^2) - 1
    known = alpha == 1 and not unusual
    rest_of_square = product_tail(z, z) + 2 * z * z_tail
    square = z * z + rest_of_square
    root_of = 1 + square
    root_of_tail = difference_tail(1, -square) + ((z * z - square) + rest_of_square)
    root_known = sqrt(root_of)
    cubed = 1 / (root_of * root_known)
    # log(z), for all that is too large or too small for a float
    of_scale = log_sum(scale, 0)
    of_scale_tail = log_sum_tail(scale, 0)
    of_d = log_sum(abs(d), d_tail)
    ratio = of_d - of_scale
    four = where(fits, 0, 1.3862943649291992)
    four_tail = where(fits, 0, -3.8093085999155357e-09)
    of_z = ratio + four
    of_z_tail = difference_tail(of_d, of_scale) + (log_sum_tail(abs(d), d_tail) - of_scale_tail)
    of_z_tail = where(of_z - of_z == 0, of_z_tail + difference_tail(ratio, -four) + four_tail, 0)
    a = 0.5 * alpha
    b = abs(a - 1)
    sign = where(a > 1, 1, -1)
    between = b > 0 and b - b == 0
    c = where(between, b, 1)
    c_tail = where(between, sign * difference_tail(a, 1), 0)
    # v = u / b, and l = log(1 + v)
    s = z / (2 * c)
    s_tail = quotient_tail(z, 2 * c) + (z_tail - s * (2 * c_tail)) / (2 * c)
    v = where(b - b == 0, z * s, 0)
    v_tail = where(b - b == 0, product_tail(z, s) + (z * s_tail + s * z_tail), 0)
    linear = v < 1e-17
    far = v > 1e17
    x = where(far, 2 * c, 1 + v)
    x_tail = where(far, 2 * c_tail, where(v - v == 0, difference_tail(1, -v) + v_tail, 0))
    k = log_sum(x, x_tail)
    k_tail = log_sum_tail(x, x_tail)
    near = v < 1e-5  # by the series, which has all the digits that there are of v
    l = where(far, 2 * of_z - k, where(near, v, k))
    l_tail = where(near, v_tail - v * v * (0.5 - v * (0.3333333333333333 - 0.25 * v)), k_tail)
    l_tail = where(far, difference_tail(2 * of_z, k) + 2 * of_z_tail - k_tail, l_tail)
    l_tail = where(l - l == 0, l_tail, 0)
    whole_l = l + l_tail  # so that the tail is no more than a rounding: alpha multiplies it
    l_tail = where(l - l == 0, (l - whole_l) + l_tail, 0)
    l = whole_l
    # log(m), m = (1 + v)^(a - 1)
    slow = where(b == 0, 0, sign * where(linear, u, c * l))
    slow_tail = sign * where(linear, u_tail, product_tail(c, l) + (c * l_tail + c_tail * l))
    slow_tail = where(slow - slow == 0 and b > 0, slow_tail, 0)
    # the gradient is z m / scale; where z is infinite a power z^(alpha - 1)
    endless = of_z == of_z + 1 and of_z > 1e9
    main = of_z + slow
    main_tail = difference_tail(of_z, -slow) + (of_z_tail + slow_tail)
    main = where(endless, where(alpha == 1, 0, (alpha - 1) * of_z), main)
    sum2 = main - of_scale
    sum2_tail = difference_tail(main, of_scale) + (where(endless, 0, main_tail) - of_scale_tail)
    grade = sum2 + sum2_tail  # so that the tail is small: exp_sum takes no other
    grade_tail = where(grade - grade == 0, (sum2 - grade) + sum2_tail, 0)
    grade = where(grade - grade == 0, grade, sum2)
    gradient = where(b == 0, z / scale, exp_sum(grade, grade_tail))
    # the value is (e^t - 1) / g with t = a l, g = a / b; where g or t is tiny it is b l, or u
    g = where(b - b == 0, a / c, sign)
    g_tail = where(between, quotient_tail(a, c) - g * c_tail / c, 0)
    t = where(linear, g * u, a * l)
    t_tail = where(linear, product_tail(g, u) + (g * u_tail + g_tail * u), product_tail(a, l) + a * l_tail)
    t_tail = where(t - t == 0 and t_tail - t_tail == 0, t_tail, 0)
    flat = abs(g) < 1e-20 or (linear and abs(t) < 1e-17)
    grown = expm1(where(t > 1, 1, t))
    # g may be small where e^t is too large for a float: there e^48 stands apart
    risen = exp_sum(t - where(t > 80, 48, 0), t_tail)
    whole = where(flat, 1, g)
    large = where(t > 80, risen / whole * 7.016735912097631e20, (risen - 1) / whole)
    value = where(t > 1, large, (grown + (grown + 1) * t_tail) / whole)
    value = where(b == 0, u, where(flat, where(linear, u, c * (l + l_tail)), value))
    value = where(known, square / (1 + root_known), value)
    gradient = where(known, z / root_known / scale, gradient)
    # the second derivative is m / scale^2 times (1 + (alpha - 1) v) / (1 + v), over v where that is large
    over = v > 1
    w = where(over, 1 / v, 0)
    w_tail = where(w == 0, 0, ((1 - w * v) - product_tail(w, v)) * w - w * (v_tail * w))
    p = where(over, alpha - 1, where(linear, 2 * g * u, (alpha - 1) * v))
    of_linear = 2 * (product_tail(g, u) + (g * u_tail + g_tail * u)) - v
    of_ordinary = product_tail(alpha - 1, v) + (alpha - 1) * v_tail + difference_tail(alpha, 1) * v
    p_tail = where(over, 0, where(linear, of_linear, of_ordinary))
    q = where(over, w + p, 1 + p)
    q_tail = where(over, difference_tail(p, -w) + w_tail + difference_tail(alpha, 1), difference_tail(1, -p) + p_tail)
    curve = where(b == 0 or alpha == 1, 1, where(q - q == 0, q + q_tail, q) / where(over, 1 + w, 1 + v))
    even = where(alpha == 1 and l - l == 0, l, 0)  # at alpha = 1 the other factor is 1 / (1 + v)
    bend = slow - even
    bend_tail = where(slow - slow == 0, difference_tail(slow, even) + (slow_tail - where(alpha == 1, l_tail, 0)), 0)
    rough = bend - 2 * of_scale
    rough_tail = difference_tail(bend, 2 * of_scale) + (bend_tail - 2 * of_scale_tail)
    # 2^64 stands apart where the power is small or large: with the other factor it may be a number all the same
    apart = where(rough < -60, 44.361419677734375, where(rough > 60, -44.361419677734375, 0))
    lifted = rough + apart
    apart_tail = where(apart > 0, -1.2189787519729715e-07, where(apart < 0, 1.2189787519729715e-07, 0))
    lost = difference_tail(rough, -apart) + apart_tail
    level = lifted + (rough_tail + lost)
    level_tail = where(level - level == 0, (lifted - level) + (rough_tail + lost), 0)
    level = where(level - level == 0, level, lifted)
    share = exp_sum(level, level_tail)
    back = where(apart > 0, 5.421010862427522e-20, where(apart < 0, 1.8446744073709552e19, 1))
    hessian = where(share == 0, 0, curve * share * back)
    bent = cubed - cubed * (1.5 * root_of_tail * (cubed * root_known))
    hessian = where(known, bent / scale / scale, hessian)
    # Gauss-Newton's is m / scale^2 alone
    plain = slow - 2 * of_scale
    plain_tail = difference_tail(slow, 2 * of_scale) + (slow_tail - 2 * of_scale_tail)
    bowl = where(plain - plain == 0, plain + plain_tail, plain)
    bowl_tail = where(bowl - bowl == 0, (plain - bowl) + plain_tail, 0)
    weight = where(z == z, exp_sum(bowl, bowl_tail), z)
    # By a = alpha / 2: b times the integral over x from 0 to l of e^(a x) (e^-x - 1 + x), in which nothing is negative.
    # Each of its closed forms cancels somewhere; near 0 a Gauss-Jacobi rule of ten nodes with weight x^2 is exact.
    size = where(l < 4, where(l < 1e-100, 1e-100, l), 4)
    moderate = where(abs(t) <= 3, t, 0)
    total = node(size, moderate, 0.049125707359476835, 0.06349720567218285)
    total = total + node(size, moderate, 0.1282899254255915, 0.09390536862436157)
    total = total + node(size, moderate, 0.2346523204518921, 0.1175025056990336)
    total = total + node(size, moderate, 0.36039051134529027, 0.13240991820948758)
    total = total + node(size, moderate, 0.4961928735851261, 0.13750427259664122)
    total = total + node(size, moderate, 0.6319921495506623, 0.13240341740524675)
    total = total + node(size, moderate, 0.7577188038674765, 0.11748437580216409)
    total = total + node(size, moderate, 0.864049765949771, 0.09385373327085444)
    total = total + node(size, moderate, 0.9431018494663421, 0.0632677492639007)
    total = total + node(size, moderate, 0.9890315475438258, 0.02804595605790254)
    rule = (c * l) * l * l * (total / (size * size))
    one = -expm1(-l)
    h = where(l < 0.7, -log1pmx(-where(l < 0.7, one, 0)), l - one)
    tiny = l < 1e-5
    bend_of_l = where(tiny, 0.5 - l * (0.16666666666666666 - l / 24), h / where(tiny, 1, l * l))
    # |t| <= 3 and l >= 4
    low = moderate - l
    flat_low = abs(low) < 1e-30
    flat_moderate = abs(moderate) < 1e-30
    first = where(flat_low, 1, expm1(low) / where(flat_low, 1, low))
    second = where(flat_moderate, 1, expm1(moderate) / where(flat_moderate, 1, moderate))
    inner = where(abs(moderate) < 1, moderate, 0)
    series = 1 + 0.06274509803921569 * inner * (
        1 + 0.059027777777777776 * inner * (1 + 0.05572755417956656 * inner * (1 + 0.05277777777777778 * inner))
    )
    series = 1 + 0.08391608391608392 * inner * (
        1 + 0.07738095238095238 * inner * (1 + 0.07179487179487179 * inner * (1 + 0.06696428571428571 * inner * series))
    )
    series = 1 + 0.12698412698412698 * inner * (
        1 + 0.1125 * inner * (1 + 0.10101010101010101 * inner * (1 + 0.09166666666666666 * inner * series))
    )
    series = 1 + 0.20833333333333334 * inner * (
        1 + 0.17142857142857143 * inner * (1 + 0.14583333333333334 * inner * series)
    )
    series = 1 + 0.6666666666666666 * inner * (1 + 0.375 * inner * (1 + 0.26666666666666666 * inner * series))
    e = exp(moderate)
    slight = abs(moderate) < 1
    third = where(slight, 0.5 * series, (e - second) / where(slight, 1, moderate))  # (t e^t - e^t + 1) / t^2
    wide = c * l * ((l * third - second) + first)
    corrected = where(l < 4, rule, wide)
    corrected = corrected + where(l - l == 0, (c * l) * (e * bend_of_l) * (l * l_tail), 0)
    # t < -3: one less the rest of the integral from l to infinity
    curved = where(tiny, (a * l) * (c * l) * bend_of_l, a * c * h)
    fallen = exp_sum(where(t < -3, t, 0), t_tail)
    rest = where(fallen == 0, 0, fallen * ((1 - a * one) - curved))
    below = where(a < 0, a, 1)
    lower = (1 - rest) / below / below
    # t > 3
    # e^t may be too large for a float where e^t / a^2 is not: it is the square of a root, or a fourth power
    high = t > 80
    huge = t > 1400
    root = where(huge, 0.25, where(high, 0.5, 1))
    grow = exp_sum(where(t > 3, root * t, 0), root * t_tail)
    half = where(a > 0.001, a, 1)
    portion = grow / where(huge, sqrt(half), half)
    portion = where(huge, portion * portion, portion)
    outer = where(high, portion * c * (half * h - 1) * portion, portion * c * (half * h - 1) / half)
    upper = outer + (c + sign * a * expm1(slow)) / (half * half)
    bracket = (1 - a * one) + curved
    steep = where(high, portion * bracket * portion, (grow * bracket - 1) / half / half)
    by_a = where(t > 3, where(a < 2, upper, steep), where(t < -3, lower, corrected))
    at_two = where(z > 0, exp(1e9), z)
    by_alpha = 0.5 * where(between, by_a, where(b == 0, at_two, where(z == z, 0, z)))
    # by the scale: -z times the gradient, from its logarithm
    of_both = sum2 + of_z
    of_both_tail = difference_tail(sum2, -of_z) + (sum2_tail + of_z_tail)
    all = of_both + of_both_tail
    all_tail = where(all - all == 0, (of_both - all) + of_both_tail, 0)
    all = where(all - all == 0, all, of_both)
    limit = where(alpha > 0, exp(1e9), where(alpha == 0, 2 / scale, 0))
    by_scale = -where(b == 0, z / scale * z, where(endless, limit, exp_sum(all, all_tail)))
    signed = where(d > 0, gradient, where(d < 0, -gradient, d))
    return value, signed, hessian, {"alpha": by_alpha, "scale": by_scale, "gauss_newton": weight}
