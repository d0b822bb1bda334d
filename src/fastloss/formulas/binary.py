"""Losses of a two-class decision; the raw score x = y_pred unless said otherwise."""

from .declare import fraction, pointwise, positive, unit
from .vocabulary import exp_minus_abs, log1p_unit, where


@pointwise(
    target=unit,
    prediction="logits",
    pos_weight=positive(1.0, "factor of the positive class's term; an array gives each column its own"),
    label_smoothing=fraction(0.0, "the e of the smoothed target y (1 - e) + e / 2"),
    formula="(1 - y) log(1 + e^x) + pos_weight y log(1 + e^-x)",
    source="Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x",
)
def binary_cross_entropy(y_true, y_pred, pos_weight, label_smoothing):
    """Binary cross-entropy of logits (sigmoid cross-entropy, logistic loss), for any target in [0, 1]."""
    kept = 1 - label_smoothing
    even = 0.5 * label_smoothing
    negative = (1 - y_true) * kept + even  # not 1 - y: that would lose the digits of a small smoothing
    positive = pos_weight * (y_true * kept + even)
    q = exp_minus_abs(y_pred)  # the smaller of e^x and e^-x: nothing below can overflow
    tail = log1p_unit(q)
    both = 1 + q
    larger = 1 / both
    smaller = q * larger
    above = where(y_pred > 0, y_pred, 0)
    below = where(y_pred < 0, -y_pred, 0)
    # Both terms are >= 0, and for y in {0, 1} one is absent: neither value nor gradient cancels. A term of weight 0 is
    # left out, not multiplied: 0 times infinity would be NaN.
    value = where(negative == 0, 0, negative * (above + tail)) + where(positive == 0, 0, positive * (below + tail))
    gradient = negative * where(y_pred >= 0, larger, smaller) - positive * where(y_pred >= 0, smaller, larger)
    return value, gradient, (negative + positive) * (q / (both * both))
