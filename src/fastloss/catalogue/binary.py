"""Losses of a two-class decision; the raw score x = y_pred unless said otherwise.

Where the target is one of two labels, t = 1 for the positive one and -1 for the other, and p_t is the probability of
the class that is right, sigmoid(t x).
"""

from ..rows import (
    SIGMOID,
    Link,
    at_least_zero,
    by_default,
    finite,
    fraction,
    interval,
    labelled,
    learned,
    pointwise,
    probability,
    two_labels,
    unit,
)
from .vocabulary import (
    difference_tail,
    exp,
    exp_minus_abs,
    exp_minus_abs_head,
    exp_minus_abs_tail,
    exp_sum,
    expm1,
    log,
    log1p,
    log1p_unit,
    log_sum,
    log_sum_tail,
    log_sum_unit,
    log_sum_unit_tail,
    product_tail,
    seldom,
    where,
)


@by_default()
def binary_cross_entropy_by_default(y_true, y_pred):
    """Without a weight and without smoothing: the same results in fewer steps."""
    negative = 1 - y_true
    q = exp_minus_abs(y_pred)
    tail = log1p_unit(q)
    both = 1 + q
    larger = 1 / both
    size = abs(y_pred)
    right = y_pred > 0
    unlikely = where(right, y_true, negative)
    likely = where(right, negative, y_true)
    slope = likely * larger - unlikely * (q * larger)
    value = where(likely == 0, 0, likely * (size + tail)) + unlikely * tail
    return value, where(right, slope, 0 - slope), (negative + y_true) * (q / (both * both))


@pointwise(
    target=unit,
    prediction="logits",
    link=SIGMOID,
    pos_weight=at_least_zero(
        1.0, "factor of the positive class's term, 0 leaves it out; an array has one for each column"
    ),
    label_smoothing=fraction(0.0, "the e of the smoothed target y (1 - e) + e / 2"),
    by_default=binary_cross_entropy_by_default,
    formula="(1 - y) log(1 + e^x) + pos_weight y log(1 + e^-x)",
    source="Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x",
    ulps={"hess": 5},  # 4.02
    typical=True,
)
def binary_cross_entropy(y_true, y_pred, pos_weight, label_smoothing):
    """Binary cross-entropy of logits (sigmoid cross-entropy, logistic loss), for any target in [0, 1].

    `logits` are raw scores: the sigmoid is part of the loss, as in PyTorch's ``binary_cross_entropy_with_logits``. Of
    probabilities, which would be taken for scores without a word, the loss is `binary_log_loss` (PyTorch's
    ``binary_cross_entropy``, Keras' with its default ``from_logits=False``, scikit-learn's ``log_loss``).
    """
    kept = 1 - label_smoothing
    even = 0.5 * label_smoothing
    negative = (1 - y_true) * kept + even  # not 1 - y: that would lose the digits of a small smoothing
    share = y_true * kept + even
    positive = pos_weight * share
    # q is the smaller of e^x and e^-x: nothing below can overflow. Far away a weight may make a number of it where it
    # is subnormal: there it is h h, h = e^(-|x| / 2), and 1 + q is 1.
    size = abs(y_pred)
    far = size > 64 and pos_weight > 1
    h = exp_minus_abs(where(far, 0.5 * y_pred, y_pred))
    once = where(far, h, 0)
    q = where(far, 0, h)
    tail = log1p_unit(q)
    both = 1 + q
    larger = 1 / both
    right = y_pred > 0
    unlikely = where(right, positive, negative)
    likely = where(right, negative, positive)
    faint = unlikely * once * once
    # Both terms are >= 0, and for y in {0, 1} one is absent: neither value nor gradient cancels. A term of weight 0 is
    # left out, not multiplied: 0 times infinity would be NaN. A share that is nearly subnormal is multiplied by 2^60,
    # the weight divided: what they are multiplied by in between may make a number of the product.
    tiny = share < 1e-30 and pos_weight > 1
    part = where(right, negative, where(tiny, 1.152921504606847e18, 1) * share)
    times = where(right, 1, where(tiny, 8.673617379884035e-19, 1) * pos_weight)
    wrong = where(part == 0 or times == 0, 0, part * (size + tail) * times)
    slope = likely * larger - (unlikely * (q * larger) + faint)
    all = negative + positive
    hessian = all * (q / (both * both)) + all * once * once
    return wrong + unlikely * tail + faint, where(right, slope, 0 - slope), hessian


@pointwise(
    target=unit,
    predicted=probability,
    clip=interval(0.0, 0.0, 0.5, "how far probabilities are kept from 0 and 1; 0 does not clip"),
    formula="-(y log p + (1 - y) log(1 - p)),  p = y_pred",
    source="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
)
def binary_log_loss(y_true, y_pred, clip):
    """Binary cross-entropy of probabilities.

    Nothing is clipped unless asked for: p = 0 on a target above 0 gives infinity. Keras clips at 1e-7, scikit-learn's
    ``log_loss`` at the spacing of the dtype at 1, and PyTorch bounds the logarithm at -100. Where a probability was
    clipped the loss is constant, and the gradient 0. From logits, `binary_cross_entropy` keeps the digits that a
    probability near 1 has lost.

    A probability that is above 1 by at most 4 epsilons of its dtype is taken for 1; where `clip` is given, one that is
    outside of [0, 1] by at most 0.01 is clipped as any other. All else outside is refused.
    """
    p = where(y_pred > 1, 1, y_pred)  # a rounding
    low = p < clip
    high = 1 - p < clip
    negative = 1 - y_true
    almost = log1p(-clip)
    least = log(clip)
    of_p = log(where(low, clip, p))
    of_q = log1p(-p)
    log_p = where(high, almost, of_p)
    log_q = where(low, almost, where(high, least, of_q))
    value = where(negative == 0, 0, -negative * log_q) + where(y_true == 0, 0, -y_true * log_p)
    # negative / (1 - p) - y / p, of which a term of weight 0 is left out, not divided: it may be 0 / 0
    some = where(y_true == 0, 1, p)
    others = where(negative == 0, 1, 1 - p)
    slope = (negative * some - y_true * others) / (some * others)
    gradient = where(low, 0, where(high, 0, slope))
    faint = seldom(some < 1e-18 or others < 1e-18)  # the square may be too small for a float
    up = where(faint, negative / others / others, negative / (others * others))
    down = where(faint, y_true / some / some, y_true / (some * some))
    hessian = where(negative == 0, 0, up) + where(y_true == 0, 0, down)
    return value, gradient, where(low, 0, where(high, 0, hessian))


@pointwise(
    target=unit,
    predicted=probability,
    formula="(p - y)^2,  p = y_pred",
    source="Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
)
def brier(y_true, y_pred):
    """Brier score of the probability of the positive class: between 0 and 1.

    As scikit-learn's ``brier_score_loss`` for two classes. Brier's own sum over both classes is twice that. A
    probability that is above 1 by at most 4 epsilons of its dtype is taken for 1.
    """
    r = where(y_pred > 1, 1, y_pred) - y_true  # above 1 by a rounding
    return r * r, 2 * r, 2


@pointwise(
    target=labelled,
    prediction="logits",
    labels=two_labels(),
    formula="max(0, 1 - t x)",
    source="Cortes & Vapnik 1995, doi:10.1007/BF00994018",
)
def hinge(y_true, y_pred):
    """Hinge loss, of labels t = -1 or 1.

    The labels are what `labels` says, never guessed from the data (Keras takes 0 for -1 only if a batch has no -1).
    At t x = 1 the gradient is -t / 2, the midpoint of the subgradient. The Hessian diagonal is 0 everywhere.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    m = t * y_pred
    slope = where(m > 1, 0, where(m < 1, -t, -0.5 * t * m))
    return where(m >= 1, 0, 1 - m), slope, where(m == m, 0, m), {"gauss_newton": where(m == m, 1, m)}


@pointwise(
    target=labelled,
    prediction="logits",
    labels=two_labels(),
    formula="max(0, 1 - t x)^2",
    source="Lee & Mangasarian 2001, doi:10.1023/A:1011215321374",
)
def squared_hinge(y_true, y_pred):
    """Squared hinge loss, of labels t = -1 or 1.

    The labels are what `labels` says. At t x = 1 the second derivative jumps from 2 to 0; the Hessian there is 2.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    m = t * y_pred
    short = where(m >= 1, 0, 1 - m)
    return short * short, where(m >= 1, 0, -2 * t * short), where(m > 1, 0, 2)


@pointwise(
    target=labelled,
    prediction="logits",
    labels=two_labels(),
    formula="max(0, 1 - t x)^2 where t x >= -1, else -4 t x",
    source="Zhang 2004, doi:10.1145/1015330.1015332",
)
def modified_huber(y_true, y_pred):
    """Modified Huber loss of a classifier, of labels t = -1 or 1: a squared hinge with a linear tail.

    As in scikit-learn's ``SGDClassifier``. The labels are what `labels` says. At t x = 1 and -1 the second derivative
    jumps; the Hessian there is 2, that of the quadratic side.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    m = t * y_pred
    short = where(m >= 1, 0, 1 - m)
    value = where(m < -1, -4 * m, short * short)
    gradient = where(m >= 1, 0, where(m < -1, -4 * t, -2 * t * short))
    hessian = where(m < -1, 0, where(m > 1, 0, 2))
    weight = where(m < -1, 4 / where(m < -1, short, 1), where(m > 1, 0, 2))
    return value, gradient, hessian, {"gauss_newton": weight}


@pointwise(
    target=labelled,
    prediction="logits",
    link=Link("sigmoid", divisor=0.5),
    labels=two_labels(),
    formula="e^(-t x)",
    source="Freund & Schapire 1997, doi:10.1006/jcss.1997.1504",
)
def exponential(y_true, y_pred):
    """Exponential loss (AdaBoost), of labels t = -1 or 1.

    With labels 0 and 1 that is y e^-x + (1 - y) e^x, as scikit-learn's ``ExponentialLoss``. The labels are what
    `labels` says.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    e = exp(-t * y_pred)
    return e, -t * e, e


@pointwise(
    target=labelled,
    prediction="logits",
    link=SIGMOID,
    labels=two_labels(),
    formula="log(1 + e^(-t x))",
    source="Friedman, Hastie & Tibshirani 2000, doi:10.1214/aos/1016218223",
)
def soft_margin(y_true, y_pred):
    """Soft margin (logistic) loss, of labels t = -1 or 1.

    As PyTorch's ``soft_margin_loss``, which overflows where t x is about -89 in float32. It is `binary_cross_entropy`
    of hard labels. The labels are what `labels` says.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    m = t * y_pred
    q = exp_minus_abs(m)
    tail = log1p_unit(q)
    both = 1 + q
    return where(m < 0, -m, 0) + tail, -t * (where(m >= 0, q, 1) / both), q / (both * both)


@pointwise(
    target=labelled,
    prediction="logits",
    labels=two_labels(),
    formula="max(0, -t x)",
    source="Rosenblatt 1958, doi:10.1037/h0042519",
)
def perceptron(y_true, y_pred):
    """Perceptron loss, of labels t = -1 or 1.

    As in scikit-learn's ``SGDClassifier`` and optax. The labels are what `labels` says. At x = 0 the gradient is
    -t / 2, the midpoint of the subgradient. The Hessian diagonal is 0 everywhere.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    m = t * y_pred
    slope = where(m > 0, 0, where(m < 0, -t, -0.5 * t + m))
    return where(m >= 0, 0, -m), slope, where(m == m, 0, m), {"gauss_newton": where(m == m, 1, m)}


def fading(z):
    """Return e = e^-|z| and 1 + e, h and once whose product it is, and the tails of those that have one.

    Far away once is h, h = e^(-|z| / 2): a power may make a number of a subnormal one. There 1 + h h is 1.
    """
    far = seldom(abs(z) > 50)
    exponent = where(far, 0.5 * z, z)
    h = exp_minus_abs_head(exponent)
    h_tail = exp_minus_abs_tail(exponent)
    once = where(far, h, 1)
    e = where(far, 0, h)
    both = 1 + e
    both_tail = where(far, 0, difference_tail(1, -e) + h_tail)
    return far, h, h_tail, once, e, both, both_tail


@pointwise(
    target=labelled,
    prediction="logits",
    link=SIGMOID,
    gamma=learned(at_least_zero(2.0, "how much a well classified sample counts less; 0 is `soft_margin`")),
    alpha=learned(fraction(None, "the weight of the positive class; that of the negative one is 1 - alpha")),
    labels=two_labels(),
    by_default=True,
    formula="-(1 - p_t)^gamma log p_t;  times alpha or 1 - alpha where alpha is given;  p_t = 1 / (1 + e^(-t x))",
    source="Lin et al. 2017, doi:10.1109/ICCV.2017.324",
    ulps={"hess": 5},  # 4.85
)
def binary_focal(y_true, y_pred, gamma, alpha):
    """Focal loss of a two-class decision, from logits.

    Classes are not weighted unless `alpha` is given (torchvision: alpha = 0.25 by default; Keras: only with
    ``apply_class_balancing``). Nothing is clipped. The labels are what `labels` says.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    z = t * y_pred
    right = z >= 0
    far, h, h_tail, once, e, both, both_tail = fading(z)
    again = where(right, 1, once)  # the second h of p_t
    again_tail = where(far and not right, h_tail, 0)
    # p_t and 1 - p_t are p times again and q, and what they lost
    inverse = 1 / both
    chance = where(right, 1, h)
    portion = chance * inverse
    rest = ((chance - portion * both) - product_tail(portion, both)) + (where(right, 0, h_tail) - portion * both_tail)
    p = portion + rest * inverse
    p_tail = (portion - p) + rest * inverse
    likely = where(right, h * once, 1)
    likely_tail = where(right, where(far, product_tail(h, once) + (h_tail * once + h * h_tail), h_tail), 0)
    share = likely * inverse
    other_rest = ((likely - share * both) - product_tail(share, both)) + (likely_tail - share * both_tail)
    q = share + other_rest * inverse
    q_tail = (share - q) + other_rest * inverse
    # log(1 + h): where h is small by its series, which has all the digits that there are of h
    square = gamma == 2 and not far
    near = log1p_unit(e)
    faint = h < 1e-5
    l = where(square, near + h_tail * inverse, where(faint, h, log_sum_unit(both, both_tail)))
    tail_of_l = where(
        faint, h_tail - e * e * (0.5 - e * (0.3333333333333333 - 0.25 * e)), log_sum_unit_tail(both, both_tail)
    )
    l_tail = where(square, 0, tail_of_l)
    loss = where(right, 0, -z) + (l + l_tail) * once
    # log(1 - p_t) = -distance again, which gamma multiplies: so does it every rounding error
    m = where(right, z, 0)
    distance = where(far, where(right, z, h), m + l)
    distance_tail = where(far, again_tail, difference_tail(m, -l) + l_tail)
    much = gamma * distance
    much_tail = product_tail(gamma, distance) + gamma * distance_tail
    power = -much * again
    power_tail = -product_tail(much, again) - (much_tail * again + much * again_tail)
    # (1 - p_t)^gamma, where it is small times 2^64: what it is multiplied by may make a number of a subnormal one
    small = power < -60
    power_tail = power_tail + where(small, difference_tail(power, -44.361419677734375) - 1.2189787519729715e-07, 0)
    powered = where(gamma == 0, 1, exp_sum(where(small, power + 44.361419677734375, power), power_tail))
    weight = where(square, q * (q + 2 * q_tail), powered)
    part = where(small and not square, 5.421010862427522e-20, 1)
    factor = where(alpha == alpha, where(t > 0, alpha, 1 - alpha), 1)
    # what gamma p_t lost counts where gamma p_t - (1 - p_t) crosses zero
    rise = gamma * p
    rise_tail = product_tail(gamma, p) + gamma * p_tail
    whole = rise * again
    whole_tail = product_tail(rise, again) + (rise_tail * again + rise * again_tail)
    crossing = where(right, whole - q, (whole - 1) + (whole_tail + p * again))
    gained = where(rise == 0, 0, rise * loss)
    left_out = weight == 0 or factor == 0  # the loss may be infinite, and gamma^2 too large for a float
    value = where(left_out, 0, factor * loss * weight * part)
    gradient = where(left_out, 0, -t * (factor * (gained * again + q) * weight * part))
    hessian = where(left_out, 0, factor * (gained * crossing + (2 * rise + p) * q) * weight * part * again)
    # by gamma: the value times log(1 - p_t); a loss of 0 or a logarithm of 0 is so against an infinity
    away = distance + distance_tail
    spread = where(right, (l + l_tail) * away * once, loss * away)
    spread = where(loss == 0 or away == 0, 0, spread)
    by_gamma = where(left_out, 0, -(factor * spread * weight * part * again))
    by_alpha = where(weight == 0, 0, t * (loss * weight * part))
    # Gauss-Newton's: the slope as a function of the logistic loss, times that loss's curvature
    bowl = where(left_out, 0, factor * ((gained * again + q) * p) * weight * part * again)
    return value, gradient, hessian, {"gamma": by_gamma, "alpha": by_alpha, "gauss_newton": bowl}


@pointwise(
    target=labelled,
    prediction="logits",
    link=SIGMOID,
    gamma_pos=learned(at_least_zero(1.0, "how much a well classified positive sample counts less")),
    gamma_neg=learned(at_least_zero(4.0, "how much a well classified negative sample counts less")),
    clip=interval(0.05, 0.0, 1.0, "what is taken off the probability of negative samples; easier ones are left out"),
    labels=two_labels(),
    by_default=True,
    formula=(
        "positive: -(1 - p)^gamma_pos log p;  negative: -p_m^gamma_neg log(1 - p_m);  "
        "p_m = max(p - clip, 0);  p = 1 / (1 + e^-x)"
    ),
    source="Ridnik et al. 2021, doi:10.1109/ICCV48922.2021.00015",
)
def asymmetric(y_true, y_pred, gamma_pos, gamma_neg, clip):
    """Asymmetric loss of multi-label classification, from logits: a focal loss with a margin for negative samples.

    The defaults are those of the authors' code, which adds `clip` to 1 - p: the same. With clip = 0 and equal exponents
    it is `binary_focal`. Nothing else is clipped. The labels are what `labels` says. Where p is close to `clip` their
    difference has the rounding error of p: results are right to some units in the last place of what p alone gives.
    """
    t = where(y_true > 0, 1, where(y_true == y_true, -1, y_true))
    z = t * y_pred
    right = z >= 0
    far, h, h_tail, once, e, both, both_tail = fading(z)
    again = where(right, 1, once)  # the second h of p_t
    again_tail = where(far and not right, h_tail, 0)
    gamma = where(t > 0, gamma_pos, gamma_neg)
    shift = where(t > 0, 0, clip)
    plain = shift == 0
    # The loss is u^gamma times -log v, v = 1 - u; unshifted, u is q, whose logarithm is known better than itself
    inverse = 1 / both
    chance = where(right, 1, h)
    p = chance * inverse  # times again
    p_tail = (((chance - p * both) - product_tail(p, both)) + (where(right, 0, h_tail) - p * both_tail)) * inverse
    likely = where(right, h * once, 1)
    likely_tail = where(right, where(far, product_tail(h, once) + (h_tail * once + h * h_tail), h_tail), 0)
    q = likely * inverse
    q_tail = (((likely - q * both) - product_tail(q, both)) + (likely_tail - q * both_tail)) * inverse
    u = q - shift
    u_tail = difference_tail(q, shift) + q_tail
    missed = p * again
    missed_tail = product_tail(p, again) + (p_tail * again + p * again_tail)
    v = where(u < 0.5, 1 - u, shift + missed)
    v_tail = where(u < 0.5, difference_tail(1, u) - u_tail, difference_tail(shift, -missed) + missed_tail)
    # With the default exponents powers are products, and the logarithms are of 1 + h and 1 - u
    known = gamma_pos == 1 and gamma_neg == 4 and clip > 0.01 and not far
    rounded_u = where(u <= 0, 0, u + u_tail)
    u_lost = (u - rounded_u) + u_tail
    of_both = log1p(where(plain, e, -rounded_u))
    share = where(plain, h_tail, u_lost) / where(plain, both, v)
    square = rounded_u * rounded_u
    square_tail = product_tail(rounded_u, rounded_u) + 2 * rounded_u * u_lost
    product = where(t > 0, rounded_u, square * (square + 2 * square_tail))
    x = where(plain, both, where(u > 0, u, 1))
    x_tail = where(plain, both_tail, u_tail)
    # log(1 + h) or -log(1 - v): where h or v is small by its series, which has all the digits that there are of it
    y = where(plain, h, v)
    faint = y < 1e-5
    turned = where(plain, e, -v)
    series = where(plain, h_tail, v_tail) - turned * y * (0.5 - turned * (0.3333333333333333 - 0.25 * turned))
    l = where(faint, y, where(plain, 1, -1) * log_sum(x, x_tail))
    l_tail = where(faint, series, where(plain, 1, -1) * log_sum_tail(x, x_tail))
    m = where(plain and right, z, 0)
    near = m + l
    near_tail = difference_tail(m, -l) + l_tail
    distance = where(far and plain, where(right, z, h), near)
    distance_tail = where(far and plain, again_tail, near_tail)
    besides = where(plain, again, 1)
    much = gamma * distance
    much_tail = product_tail(gamma, distance) + gamma * distance_tail
    power = -much * besides
    power_tail = -product_tail(much, besides) - (much_tail * besides + where(plain, much * again_tail, 0))
    small = power < -60
    power_tail = power_tail + where(small, difference_tail(power, -44.361419677734375) - 1.2189787519729715e-07, 0)
    powered = where(gamma == 0, 1, exp_sum(where(small, power + 44.361419677734375, power), power_tail))
    weight = where(known, product, powered)
    part = where(small and not known, 5.421010862427522e-20, 1)
    of_known = where(plain, where(right, 0, -z) + (of_both + share), -of_both + share)
    loss = where(plain, where(right, 0, -z) + (l + l_tail) * once, -log_sum(v, v_tail))
    loss = where(known, of_known, loss)
    rise = gamma * p
    rise_tail = product_tail(gamma, p) + gamma * p_tail
    whole = rise * again
    whole_tail = product_tail(rise, again) + (rise_tail * again + rise * again_tail)
    a = q / u
    b = q / v
    q = q + q_tail
    gained = where(rise == 0, 0, rise * loss * where(plain, 1, a))
    unshifted = where(right, whole - q, (whole - 1) + (whole_tail + p * again))
    crossing = where(plain, unshifted, (whole * a - q) - p * again * (shift / u))
    level = where(plain, q, b * p * again)
    bend = where(plain, (2 * rise + p) * q, b * (2 * a * rise * (p * again) + p * (p * again - q * (shift / v))))
    left_out = weight == 0 or (not plain and u <= 0)
    value = where(left_out, 0, loss * weight * part)
    gradient = where(left_out, 0, -t * ((gained * again + level) * weight * part))
    hessian = where(left_out, 0, (gained * crossing + bend) * weight * part * again)
    # by gamma: the value times log(u); a loss of 0 or a logarithm of 0 is so against an infinity
    away = distance + distance_tail
    spread = where(plain and right, (l + l_tail) * away * once, loss * away)
    spread = where(loss == 0 or away == 0, 0, spread)
    by_gamma = where(left_out, 0, -(spread * weight * part * besides))
    by_pos = where(t < 0, 0, by_gamma)
    by_neg = where(t > 0, 0, by_gamma)
    bowl = where(left_out, 0, ((gained * again + level) * p) * weight * part * again)  # as in binary_focal
    return value, gradient, hessian, {"gamma_pos": by_pos, "gamma_neg": by_neg, "gauss_newton": bowl}


@pointwise(
    target=unit,
    prediction="logits",
    link=SIGMOID,
    epsilon=learned(finite(2.0, "the factor of the added term 1 - p_t; 0 is `binary_cross_entropy`")),
    formula="(1 - y) log(1 + e^x) + y log(1 + e^-x) + epsilon (1 - p_t),  p_t = y p + (1 - y) (1 - p),  p = sigmoid(x)",
    source="Leng et al. 2022, arXiv:2204.12511",
    ulps={"grad": 5, "hess": 6},  # 3.80, 5.28
)
def poly1_binary_cross_entropy(y_true, y_pred, epsilon):
    """Binary cross-entropy with a first polynomial term, from logits.

    optax has the same default, 2, for its loss of several classes; Rax has 1. Where the Hessian crosses zero its digits
    are those of the terms that cancel.
    """
    negative = 1 - y_true
    # e^-|x| far away as h h, h = e^(-|x| / 2): epsilon may make a number of it where it is subnormal
    far = abs(y_pred) > 64
    h = exp_minus_abs(where(far, 0.5 * y_pred, y_pred))
    once = where(far, h, 1)
    e = where(far, 0, h)
    both = 1 + e
    l = where(far, h, log1p_unit(e)) * once
    loss = where(negative == 0, 0, negative * (where(y_pred > 0, y_pred, 0) + l))
    loss = loss + where(y_true == 0, 0, y_true * (where(y_pred < 0, -y_pred, 0) + l))
    side = epsilon * (negative - y_true)
    # The probabilities of the class of x's sign, 1 / both, and of the other one, h once / both, times what they cost
    unlikely = where(y_pred >= 0, y_true, negative)
    likely = where(y_pred >= 0, negative, y_true)
    added = epsilon * unlikely * h * once / both + epsilon * likely / both
    sign = where(y_pred >= 0, 1, -1)
    slope = sign * ((likely - unlikely * h * once) / both)
    steps = side * h / (both * both) * once
    crossing = expm1(-abs(y_pred)) / both  # q - p for x > 0: a difference that crosses zero at 0
    hessian = (1 + side * (sign * crossing)) * h / (both * both) * once
    # Each class's term has the slope 1 + epsilon p as a function of its logarithm
    slopes = unlikely * (1 + epsilon / both) + likely * (1 + epsilon * (h * once) / both)
    bowl = slopes * h / (both * both) * once
    by_epsilon = unlikely * h / both * once + likely / both
    return loss + added, slope + steps, hessian, {"epsilon": by_epsilon, "gauss_newton": bowl}
