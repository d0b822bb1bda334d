"""Penalties of the parameters of a model: w stands for each of them.

A formula multiplies by the strength itself, in an order in which no product but the result is too large or too small
for a float.
"""

from ..rows import fraction, penalty
from .vocabulary import where


@penalty(formula="|w|", source="Tibshirani 1996, doi:10.1111/j.2517-6161.1996.tb02080.x")
def l1(parameter, strength):
    """Sum of the absolute values: the penalty of the lasso.

    At 0 the gradient is 0, the midpoint of the subgradient.
    """
    sign = where(parameter > 0, 1, where(parameter < 0, -1, parameter))
    return strength * abs(parameter), strength * sign, 0 * parameter


@penalty(formula="w^2 / 2", source="Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634")
def l2(parameter, strength):
    """Half of the sum of the squares: the penalty of ridge regression, whose gradient is the parameter itself.

    With the half, as weight decay has it. Keras's ``L2`` and scikit-learn's ``Ridge`` have none: their factor is half
    of this `strength`.
    """
    return strength * (0.5 * parameter) * parameter, strength * parameter, strength


@penalty(
    ratio=fraction(0.5, "the part of `l1`; 0 is `l2`, 1 is `l1`"),
    formula="ratio |w| + (1 - ratio) w^2 / 2",
    source="Zou & Hastie 2005, doi:10.1111/j.1467-9868.2005.00503.x",
)
def elastic_net(parameter, strength, ratio):
    """A mixture of `l1` and `l2`.

    As scikit-learn's ``ElasticNet`` (``l1_ratio``) and glmnet have it.
    """
    sign = where(parameter > 0, 1, where(parameter < 0, -1, parameter))
    rest = 1 - ratio
    size = abs(parameter)
    part = where(strength > 1, strength * ratio * size, strength * size * ratio)
    square = where(strength > 1, 0.5 * rest * strength * size * size, strength * size * (0.5 * rest * size))
    value = where(ratio == 0, 0, part) + where(rest == 0, 0, square)
    return value, strength * (ratio * sign + where(rest == 0, 0, rest * parameter)), strength * rest
