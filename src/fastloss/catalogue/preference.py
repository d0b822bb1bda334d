"""Losses of preferences and policies: of rewards, and of the log-probabilities of answers and actions."""

from ..rows import (
    Domain,
    at_least_zero,
    choice,
    finite,
    fixed,
    fraction,
    log_probability,
    of_arrays,
    of_scores,
    positive,
    prediction,
    target,
)
from .vocabulary import (
    difference_tail,
    exp,
    exp_exponent,
    exp_fraction,
    exp_minus_abs,
    exp_sum,
    expm1,
    log1p_unit,
    log_ratio,
    log_sum,
    log_sum_tail,
    product_tail,
    quotient_tail,
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


def advantage(reference_chosen, chosen, rejected, reference_rejected):
    """Return part h of `dpo`, its tail, and 1 / part, which is more than 1 where h itself is too large for a float."""
    d = (chosen - reference_chosen) - (rejected - reference_rejected)
    part = where(d - d == 0, 1, 0.25)
    whole = where(d - d == 0, 1, 4)
    good = part * chosen - part * reference_chosen
    bad = part * rejected - part * reference_rejected
    good_tail = difference_tail(part * chosen, part * reference_chosen)
    bad_tail = difference_tail(part * rejected, part * reference_rejected)
    rounded = good - bad
    lost = difference_tail(good, bad) + (good_tail - bad_tail)
    finite = rounded - rounded == 0
    h = where(finite, rounded + lost, rounded)
    h_tail = where(finite, (rounded - h) + lost, 0)
    return part, whole, h, h_tail


@of_arrays(
    fixed("reference_chosen", "log-probabilities of the answers that were preferred, under the reference model"),
    fixed("reference_rejected", "those of the others"),
    prediction("chosen", "log-probabilities of the answers that were preferred, under the model that is trained"),
    prediction("rejected", "those of the others"),
    beta=positive(0.1, "how much a difference counts: the smaller, the farther the model may leave the reference"),
    label_smoothing=fraction(0.0, "the share e of preferences that are taken to be the wrong way round"),
    form=choice("sigmoid", "hinge", "ipo", description="what is made of h"),
    formula="sigmoid: (1 - e) log(1 + e^(-beta h)) + e log(1 + e^(beta h));  hinge: max(0, 1 - beta h);  "
    "ipo: (h - 1 / (2 beta))^2;  h = (chosen - reference_chosen) - (rejected - reference_rejected)",
    source="Rafailov et al. 2023, arXiv:2305.18290; hinge: Zhao et al. 2023, arXiv:2305.10425; ipo: Azar et al. 2023, "
    "arXiv:2310.12036",
)
def dpo(reference_chosen, chosen, rejected, reference_rejected, beta, label_smoothing):
    """Direct preference optimization: preferences of answers by their log-probabilities, beside a reference model.

    The arguments are log-probabilities of whole answers, sums over their tokens. As TRL's ``loss_type`` of these names;
    its "ipo" expects means over the tokens, which are for the caller to take. `label_smoothing` is of the form
    "sigmoid" alone (conservative DPO). At the kink of the hinge the gradients are halved, the midpoint of the
    subgradient; it has no curvature.
    """
    _part, whole, h, h_tail = advantage(reference_chosen, chosen, rejected, reference_rejected)
    # What roundings lost of z changes a small probability by as much, relative to it.
    z = whole * (beta * h)
    tail = where(z - z == 0, whole * (beta * h_tail + product_tail(beta, h)), 0)
    right = z > 0
    # e^-|z|, far away as p q, e^(-|z| / 2) each: beta may make a number of a subnormal one. There 1 + p q is 1.
    far = abs(z) > 50
    p = exp_minus_abs(where(far, 0.5 * z, z))
    change = where(right, tail, -tail)
    q = p - change * p
    once = where(far, p, 1)
    e = where(far, 0, q)
    both = 1 + e
    likely = where(right, label_smoothing, 1 - label_smoothing)  # the weight of the term that is large
    unlikely = where(right, 1 - label_smoothing, label_smoothing)
    value = where(likely == 0, 0, likely * abs(z)) + where(far, q * once, log1p_unit(e))
    slope = where(likely == 0, 0, (beta * likely) / both) - ((beta * unlikely) * q) / both * once
    slope = where(z == z, where(right, slope, 0 - slope), z)
    curvature = ((beta * p) / both) * ((beta * once) / both)
    curvature = where(z == z, curvature - curvature * (change + 2 * difference_tail(1, -e) / both), z)
    return value, (slope, 0 - slope), (curvature, curvature, -curvature)


@dpo.form("hinge", label_smoothing=0)
def dpo_hinge(reference_chosen, chosen, rejected, reference_rejected, beta, label_smoothing):
    _part, whole, h, h_tail = advantage(reference_chosen, chosen, rejected, reference_rejected)
    z = whole * (beta * h)
    # What roundings lost decides where the margin is met, and is added where it is not.
    tail = whole * (beta * h_tail + product_tail(beta, h))
    short = 1 - z
    missing = where(z - z == 0, short + (difference_tail(1, z) - tail), short)
    zero = where(missing == missing, 0, missing)
    size = where(missing > 0, beta, where(missing < 0, 0, 0.5 * beta + missing))
    return (
        where(missing <= 0, 0, missing),
        (0 - size, size),
        (zero, zero, zero),
        {"gauss_newton": (zero + 1, zero + 1)},
    )


@dpo.form("ipo", label_smoothing=0)
def dpo_ipo(reference_chosen, chosen, rejected, reference_rejected, beta, label_smoothing):
    part, whole, h, h_tail = advantage(reference_chosen, chosen, rejected, reference_rejected)
    aim = part * (0.5 / beta)
    u = h - aim
    u_tail = difference_tail(h, aim) + (h_tail - part * quotient_tail(0.5, beta))
    r = whole * where(u - u == 0, u + u_tail, u)
    two = where(r == r, 2, r)
    return r * r, (2 * r, -2 * r), (two, two, -two)


@of_arrays(
    target(Domain("0 or 1", 0.0, 1.0, ends_only=True), "1 for answers that are desirable, 0 for others", "desirable"),
    fixed("reference", "log-probabilities of the answers under the reference model"),
    prediction("log_prob", "those under the model that is trained"),
    fixed("baseline", "what rewards are compared with: an estimate of the divergence of both models, times beta"),
    beta=positive(0.1, "how much a difference counts"),
    formula="1 / (1 + e^(t z)), z = beta (log_prob - reference) - baseline, t = 1 where desirable, else -1",
    source="Ethayarajh et al. 2024, arXiv:2402.01306",
)
def kto(desirable, log_prob, reference, baseline, beta):
    """Kahneman-Tversky optimization: answers that are desirable or not, each by itself, beside a reference model.

    That is 1 - sigmoid(z) of a desirable answer, and 1 - sigmoid(-z) of another. `baseline` is not multiplied by beta:
    TRL's ``kl`` is, before it is subtracted. The paper's weights of both sorts are `sample_weight`.
    """
    d = log_prob - reference
    # the difference may be too large for a float where z is not
    part = where(d - d == 0, 1, 0.25)
    whole = where(d - d == 0, 1, 4)
    ahead = part * log_prob - part * reference
    gained = beta * ahead
    level = part * baseline
    rounded = gained - level
    # What roundings lost of z changes a small probability by as much, relative to it.
    lost = difference_tail(gained, level) + product_tail(beta, ahead)
    lost = lost + beta * difference_tail(part * log_prob, part * reference)
    finite = rounded - rounded == 0
    sum = where(finite, rounded + lost, rounded)
    z = whole * sum
    tail = where(z - z == 0, whole * where(finite, (rounded - sum) + lost, 0), 0)
    t = where(desirable > 0, 1, where(desirable == desirable, -1, desirable))
    right = t * z > 0
    # e^-|z|, far away as p q, e^(-|z| / 2) each: beta may make a number of a subnormal one. There 1 + p q is 1.
    far = abs(z) > 50
    p = exp_minus_abs(where(far, 0.5 * z, z))
    change = where(z > 0, tail, -tail)
    q = p - change * p
    once = where(far, p, 1)
    e = where(far, 0, q)
    both = 1 + e
    value = where(right, q * once, 1) / both
    size = (beta * q) / (both * both) * once
    # q (1 - q) / (1 + q)^3, which crosses zero at 0. The cube has the rounding error of `both` three times.
    two = both * both
    three = two * both
    three_tail = product_tail(two, both) + both * product_tail(both, both) + 3 * two * difference_tail(1, -e)
    curvature = (beta * once) * (where(right, -1, 1) * ((beta * p) * expm1(-abs(z))) / three)
    curvature = curvature - curvature * (change + three_tail / three)
    square = ((beta * q) / both) * ((beta * once) / both)
    bad = value != value or t != t
    return (
        where(bad, z + t, value),
        where(bad, z + t, -t * size),
        where(bad, z + t, curvature),
        {"gauss_newton": where(bad, z + t, square * (where(right, 1, q * once) / both))},
    )


@of_arrays(
    prediction(
        "chosen", "mean log-probabilities of a token of the answers that were preferred", domain=log_probability
    ),
    prediction("rejected", "those of the others", domain=log_probability),
    formula="-log(1 / (1 + e^-z)), z = log(p / (1 - p)) - log(q / (1 - q)), p = e^chosen, q = e^rejected",
    source="Hong, Lee & Thorne 2024, arXiv:2403.07691",
    ulps={"hess": 6},  # 5.71: products of seven rounded numbers
)
def orpo(chosen, rejected):
    """Odds ratio preference optimization: preferences of answers by the odds of their mean log-probabilities.

    The paper's whole loss is that times lambda, added to the `nll` of the chosen answers. A log-probability that is
    above 0, by at most 0.01, is taken for 0: the odds there are infinite.
    """
    a = where(chosen > 0, 0, chosen)
    b = where(rejected > 0, 0, rejected)
    d = a - b
    tail = where(d - d == 0, difference_tail(a, b), 0)
    # 1 - p and 1 - q; z has the sign of d, and so has each of its two parts
    not_p = 0 - expm1(a)
    not_q = 0 - expm1(b)
    right = d > 0
    less = where(right, not_p, not_q)
    more = where(right, not_q, not_p)
    # e^-|z| = e^-|d| less / more, far away in two steps
    far = abs(d) > 50
    h = exp_minus_abs(where(far, 0.5 * d, d))
    once = where(far, h, 1)
    h = h - where(right, tail, -tail) * h
    share = less / more
    e = (h * share) * once
    both = 1 + e
    bad = d != d
    endless = less == 0 and not right
    size = where(endless, 1 / less, log_ratio(more, where(endless, 1, less)) - d)
    value = where(right, 0, size) + log1p_unit(where(bad, 0, e))
    # a small probability of the answer that is wrong, over 1 - p and over 1 - q
    of_chosen = where(right, h / more * once, 1 / more) / both
    of_rejected = where(right, e / more, 1 / less) / both
    # 1 - 2 q, which crosses zero
    of_two = log_sum(2, 0)
    y = b + of_two
    y_tail = difference_tail(b, -of_two) + log_sum_tail(2, 0)
    crossing = -expm1(where(y - y == 0, y + y_tail, y))
    square = (h / more) / both * ((once / more) / both)
    q = exp(b)
    upright = where(right, 1, e) / both
    return (
        where(bad, d, value),
        (where(bad, d, 0 - of_chosen), where(bad, d, of_rejected)),
        (
            where(bad, d, square * crossing),
            where(bad, d, of_rejected / not_q * (upright + q)),
            where(bad, d, 0 - square),
        ),
        {
            "gauss_newton": (
                where(bad, d, where(e == 0, 0, of_chosen / not_p * upright)),
                where(bad, d, where(e == 0, 0, of_rejected / not_q * upright)),
            )
        },
    )


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


@of_arrays(
    fixed("returns", "what the values should have been"),
    fixed("old_values", "the values that were predicted when the actions were taken"),
    prediction("values", "the values that are predicted now"),
    clip=at_least_zero(0.2, "how far from the old values a prediction counts"),
    formula="max((values - returns)^2, (clipped - returns)^2) / 2, clipped = old_values + clip(values - old_values, "
    "-clip, clip)",
    source="Schulman et al. 2017, arXiv:1707.06347, and its code, openai/baselines",
)
def value_clip(returns, values, old_values, clip):
    """Clipped loss of a value function, beside `ppo_clip`: the larger of two squares, halved.

    Where the clipped square is the larger one the gradient is 0; where both meet, it is the midpoint of both.
    """
    r = values - returns
    # by how much the values left the interval around the old ones: what roundings lost decides where it ends
    d = values - old_values
    low = d < 0
    d_tail = difference_tail(values, old_values)
    beyond = abs(d) - clip
    beyond = where(d - d == 0, beyond + (difference_tail(abs(d), clip) + where(low, -d_tail, d_tail)), beyond)
    # the clipped residual, and whether the other one is farther from 0: of both the sum is compared with 0
    moved = where(low, -clip, clip)
    edge = old_values + moved
    edge_tail = difference_tail(old_values, -moved)
    half = 0.5 * edge - 0.5 * returns
    half_tail = 0.5 * edge_tail + difference_tail(0.5 * edge, 0.5 * returns)
    half = where(half - half == 0, half + half_tail, half)
    other = 0.5 * values - 0.5 * returns
    sum = other + half
    sum_tail = difference_tail(other, -half) + difference_tail(0.5 * values, 0.5 * returns)
    sum = where(sum - sum == 0, sum + sum_tail, sum)
    farther = where(low, -sum, sum)
    inward = where(low, -r, r) < 0
    clipped = where(beyond > 0, where(farther < 0, 1, where(farther > 0, 0, 0.5)), 0)
    clipped = where(beyond == 0 and (inward or (d == 0 and r != 0)), 0.5, clipped)
    bad = d != d or r != r
    counts = 1 - clipped
    size = where(clipped == 1, 2 * half, r)
    nothing = where(bad, d + r, 0)
    return (
        0.5 * size * size + nothing,
        where(bad, d + r, where(clipped == 1, 0, counts * r)),
        counts + nothing,
        {"gauss_newton": 1 + nothing},
    )


@of_arrays(
    fixed("reference", "log-probabilities of actions under the reference policy"),
    prediction("log_prob", "those under the policy that is trained, which took the actions"),
    kind=choice("k3", "k2", "k1", description="which estimator"),
    formula="k3: e^-d - 1 + d;  k2: d^2 / 2;  k1: d;  d = log_prob - reference",
    source="Schulman 2020, joschu.net/blog/kl-approx.html",
)
def kl_estimate(reference, log_prob):
    """Estimate of the Kullback-Leibler divergence of a policy from a reference, by actions that the policy took.

    "k3" is never negative and its mean is the divergence; so is that of "k1", which varies more; "k2" is biased, its
    gradient is not. GRPO adds it to `ppo_clip`. It has no curvature where it is "k1".
    """
    u = reference - log_prob
    tail = where(u - u == 0, difference_tail(reference, log_prob), 0)
    near = abs(u) < 1
    n = where(near, u, 0)
    # e^u - 1 - u is u^2 / 2 times this
    series = 1 + n * 0.06666666666666667 * (
        1 + n * 0.0625 * (1 + n * 0.058823529411764705 * (1 + n * 0.05555555555555555 * (1 + n * 0.05263157894736842)))
    )
    series = 1 + n * 0.1 * (
        1
        + n
        * 0.09090909090909091
        * (1 + n * 0.08333333333333333 * (1 + n * 0.07692307692307693 * (1 + n * 0.07142857142857142 * series)))
    )
    series = 1 + n * 0.16666666666666666 * (
        1 + n * 0.14285714285714285 * (1 + n * 0.125 * (1 + n * 0.1111111111111111 * series))
    )
    series = 1 + n * 0.3333333333333333 * (1 + n * 0.25 * (1 + n * 0.2 * series))
    bent = 0.5 * n * (n * series)
    e = exp_sum(u, tail)
    rise = e - 1
    value = where(near, bent, rise - u)
    return where(u - u == 0 or u != u, value, where(u > 0, e, -u)), -where(near, n + bent, rise), e


@kl_estimate.form("k2")
def kl_estimate_k2(reference, log_prob):
    d = log_prob - reference
    return 0.5 * d * d, d, where(d == d, 1, d)


@kl_estimate.form("k1")
def kl_estimate_k1(reference, log_prob):
    d = log_prob - reference
    zero = where(d == d, 0, d)
    return d, zero + 1, zero, {"gauss_newton": zero + 1}


entropy = of_scores(
    prediction("logits", "scores of the actions, or of the classes: their softmax is the policy", "D"),
    name="entropy",
    summary="Entropy of the softmax of logits, in nats: as a bonus it keeps a policy exploring.",
    formula="-sum_c p_c log(p_c),  p = softmax(logits)",
    source="Shannon 1948, doi:10.1002/j.1538-7305.1948.tb01338.x; as a bonus: Mnih et al. 2016, arXiv:1602.01783",
    notes="""The classes lie along `axis`. In [0, log C]: 0 where one class has all of the probability, also
where the others' logits are -infinity. The entropy grows along its gradient: as a bonus it has a factor below 0.
Minimised, as in adaptation to a new domain, it makes predictions surer.

No probability is clipped, and nothing cancels: entropies of confident rows keep their digits.""",
)
