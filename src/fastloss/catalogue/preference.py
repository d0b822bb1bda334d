"""Losses of preferences and policies: of rewards, and of the log-probabilities of answers and actions."""

from ..rows import at_least_zero, finite, fixed, fraction, of_arrays, positive, prediction
from .vocabulary import (
    difference_tail,
    exp_exponent,
    exp_fraction,
    exp_minus_abs,
    log1p_unit,
    product_tail,
    scaled,
    where,
)


@of_arrays(
    prediction("chosen", "rewards of the answers that were preferred"),
    prediction("rejected", "rewards of the others"),
    formula="-log(1 / (1 + e^-(chosen - rejected)))",
    source="Bradley & Terry 1952, doi:10.2307/2334029",
)
def bradley_terry(chosen, rejected):
    """Negative log-likelihood of the Bradley-Terry model: what a reward model is trained with.

    Of every pair the first reward belongs to the answer that was preferred.
    """
    d = chosen - rejected
    # What the rounding of d lost changes a small probability by as much, relative to it.
    tail = where(d - d == 0, difference_tail(chosen, rejected), 0)
    q = exp_minus_abs(d)
    q = q - where(d > 0, tail, -tail) * q
    larger = 1 / (1 + q)
    right = d > 0
    wrong = where(right, q * larger, where(d == d, larger, d))  # the probability that the model gives the other answer
    size = where(right, 0, tail + d)
    curvature = where(d == d, q * larger * larger, d)
    return log1p_unit(q) - size, (0 - wrong, wrong), (curvature, curvature, -curvature)


@of_arrays(
    prediction("chosen", "mean log-probabilities of a token of the answers that were preferred"),
    prediction("rejected", "those of the others"),
    beta=positive(2.0, "how much a difference counts"),
    gamma=finite(1.0, "by how much the chosen answer has to be ahead, after beta"),
    formula="-log(1 / (1 + e^-z)), z = beta (chosen - rejected) - gamma",
    source="Meng, Xia & Chen 2024, arXiv:2405.14734",
)
def simpo(chosen, rejected, beta, gamma):
    """SimPO: preferences of answers by their mean log-probabilities, without a reference model.

    The arguments are means over the tokens of an answer, not sums. With beta 1 and gamma 0 it is `bradley_terry`.
    """
    half = 0.5 * chosen - 0.5 * rejected  # the difference itself may be too large for a float where z is not
    part = beta * half
    size = part - 0.5 * gamma
    # What roundings lost of z changes a small probability by as much, relative to it.
    lost = difference_tail(part, 0.5 * gamma) + product_tail(beta, half)
    lost = lost + beta * difference_tail(0.5 * chosen, 0.5 * rejected)
    tail = where(size - size == 0, 2 * lost, 0)
    z = 2 * size
    right = z > 0
    # e^-|z|, far away as h h, h = e^(-|z| / 2): beta may make a number of a subnormal one. There 1 + h h is 1.
    far = abs(z) > 50
    h = exp_minus_abs(where(far, size, z))
    change = where(far, 0.5 * tail, tail)
    h = h - where(right, change, -change) * h
    once = where(far, h, 1)
    e = where(far, 0, h)
    both = 1 + e
    wrong = where(z == z, where(right, (beta * h) / both * once, beta / both), z)
    curvature = where(z == z, ((beta * h) / both) * ((beta * once) / both), z)
    value = where(far, h * once, log1p_unit(e)) - where(right, 0, tail + z)
    return value, (0 - wrong, wrong), (curvature, curvature, -curvature)


@of_arrays(
    fixed("advantage", "how much better than expected an action was"),
    prediction("log_prob", "its log-probability under the policy"),
    formula="-A log_prob",
    source="Williams 1992, doi:10.1007/BF00992696",
)
def policy_gradient(advantage, log_prob):
    """Loss whose gradient is that of the policy's expected reward (REINFORCE): A the advantage.

    Its value says nothing; the mean of its gradient is an estimate. An advantage of 0 gives 0, whatever the
    log-probability.
    """
    nothing = advantage == 0 and log_prob == log_prob
    flat = where(log_prob == log_prob, where(advantage == advantage, 0, advantage), log_prob)
    slope = where(log_prob == log_prob, 0 - advantage, log_prob)
    return where(nothing, 0, 0 - advantage * log_prob), slope, flat, {"gauss_newton": flat + 1}


@of_arrays(
    fixed("advantage", "how much better than expected an action was"),
    fixed("old_log_prob", "the log-probability of the action under the policy that took it"),
    prediction("log_prob", "its log-probability under the policy that is trained"),
    low=fraction(0.2, "how far below 1 the ratio of the probabilities counts"),
    high=at_least_zero(0.2, "how far above 1 it counts"),
    formula="max(-rho A, -clip(rho, 1 - low, 1 + high) A), rho = e^(log_prob - old_log_prob)",
    source="Schulman, Wolski, Dhariwal, Radford & Klimov 2017, arXiv:1707.06347",
)
def ppo_clip(advantage, log_prob, old_log_prob, low, high):
    """Clipped surrogate objective of PPO, to be minimised: A the advantage, rho the ratio of the probabilities.

    The published objective is its negative. Where the ratio is clipped the gradient is 0; where the clipped and the
    other term meet, it is the midpoint of both. For DAPO's ``clip-higher`` give `high` another value than `low`.
    """
    d = log_prob - old_log_prob
    tail = where(d - d == 0, difference_tail(log_prob, old_log_prob), 0)
    # rho is h 2^n: A rho may be a number where rho is not
    h = exp_fraction(d)
    h = h + h * tail
    n = exp_exponent(d)
    zero = where(d == d, 0, d)
    rho = scaled(h, n)
    gains = advantage > 0
    bound = where(gains, 1 + high, 1 - low)
    beyond = where(gains, rho - bound, bound - rho)
    counts = where(beyond > 0, 0, where(beyond < 0, 1, 0.5))
    free = where(advantage == 0, zero, scaled(advantage * h, n))
    slope = where(counts == 0, where(advantage == advantage, 0, advantage), 0 - counts * free)
    value = where(beyond > 0, 0 - advantage * bound, 0 - free)
    return where(advantage == 0, zero, value), slope, slope, {"gauss_newton": abs(slope)}
