"""Losses of adversarial training: a discriminator against a generator, a model against changed inputs."""

from ..rows import Domain, at_least_zero, choice, class_indices, of_arrays, of_scores, prediction, target
from .vocabulary import exp_minus_abs, log1p_unit, where


@of_arrays(
    target(Domain("0 or 1", 0.0, 1.0, ends_only=True), "1 for what is real, 0 for what was generated", "is_real"),
    prediction("scores", "scores of the discriminator, raw ones: the higher, the more real"),
    role=choice("discriminator", "generator", description="whose loss it is"),
    form=choice("non_saturating", "minimax", "least_squares", "hinge", "wasserstein", description="which loss"),
    formula="discriminator: non_saturating and minimax log(1 + e^(-t s)), least_squares (s - y)^2 / 2, hinge "
    "max(0, 1 - t s), wasserstein -t s;  generator, where y = 0: non_saturating log(1 + e^-s), minimax -log(1 + e^s), "
    "least_squares (s - 1)^2 / 2, hinge and wasserstein -s;  y = is_real, t = 2 y - 1",
    source="Goodfellow et al. 2014, arXiv:1406.2661; least_squares: Mao et al. 2017, arXiv:1611.04076; hinge: Lim & Ye "
    "2017, arXiv:1705.02894; wasserstein: Arjovsky, Chintala & Bottou 2017, arXiv:1701.07875",
)
def gan(is_real, scores):
    """Loss of a generative adversarial network, of its discriminator or of its generator.

    Real and generated samples stand in one array, as many of each as there are. The usual loss of a discriminator, the
    mean over the real ones plus that over the generated ones, is twice this mean where there are as many of both.
    To a generator real samples say nothing: there they have value and gradient 0, and count in the mean unless
    ``where=`` leaves them out.

    "wasserstein" is the critic's loss without a constraint of its slope. The generator's "minimax" is to be minimised
    as any other, and has no lower bound; its positive curvature is the absolute value. At the kink of "hinge" the
    gradient is halved, the midpoint of the subgradient.
    """
    t = where(is_real > 0, 1, where(is_real == is_real, -1, is_real))
    m = t * scores
    q = exp_minus_abs(m)
    both = 1 + q
    return where(m < 0, -m, 0) + log1p_unit(q), -t * (where(m >= 0, q, 1) / both), q / (both * both)


@gan.form("discriminator", "least_squares")
def gan_least_squares(is_real, scores):
    r = scores - is_real
    return 0.5 * r * r, r, where(r == r, 1, r)


@gan.form("discriminator", "hinge")
def gan_hinge(is_real, scores):
    t = where(is_real > 0, 1, where(is_real == is_real, -1, is_real))
    m = t * scores
    slope = where(m > 1, 0, where(m < 1, -t, -0.5 * t * m))
    zero = where(m == m, 0, m)
    return where(m >= 1, 0, 1 - m), slope, zero, {"gauss_newton": zero + 1}


@gan.form("discriminator", "wasserstein")
def gan_wasserstein(is_real, scores):
    t = where(is_real > 0, 1, where(is_real == is_real, -1, is_real))
    m = t * scores
    zero = where(m == m, 0, m)
    return 0 - m, where(m == m, -t, m), zero, {"gauss_newton": zero + 1}


@gan.form("generator", "non_saturating")
def gan_generator(is_real, scores):
    idle = where(is_real == is_real and scores == scores, 0, is_real + scores)
    generated = is_real == 0
    q = exp_minus_abs(scores)
    both = 1 + q
    value = where(scores < 0, -scores, 0) + log1p_unit(q)
    slope = -(where(scores >= 0, q, 1) / both)
    return where(generated, value, idle), where(generated, slope, idle), where(generated, q / (both * both), idle)


@gan.form("generator", "minimax")
def gan_generator_minimax(is_real, scores):
    idle = where(is_real == is_real and scores == scores, 0, is_real + scores)
    generated = is_real == 0
    q = exp_minus_abs(scores)
    both = 1 + q
    value = -(where(scores > 0, scores, 0) + log1p_unit(q))
    slope = -(where(scores >= 0, 1, q) / both)
    bend = where(generated, q / (both * both), idle)
    return where(generated, value, idle), where(generated, slope, idle), -bend, {"gauss_newton": bend}


@gan.form("generator", "least_squares")
def gan_generator_least_squares(is_real, scores):
    idle = where(is_real == is_real and scores == scores, 0, is_real + scores)
    r = where(is_real == 0, scores - 1, idle)
    return 0.5 * r * r, r, where(is_real == 0 and r == r, 1, r)


@gan.form("generator", "hinge")
@gan.form("generator", "wasserstein")
def gan_generator_linear(is_real, scores):
    idle = where(is_real == is_real and scores == scores, 0, is_real + scores)
    generated = is_real == 0
    return (
        where(generated, 0 - scores, idle),
        where(generated, idle - 1, idle),
        idle,
        {"gauss_newton": where(generated, idle + 1, idle)},
    )


trades = of_scores(
    target(class_indices, "class indices"),
    prediction("logits", "scores that a model gives its inputs", "D"),
    prediction("adversarial_logits", "scores that it gives the changed inputs", "D"),
    name="trades",
    summary="TRADES: cross-entropy, and how far the softmax of changed inputs is from that of the inputs.",
    formula="log(sum_c e^x_c) - x_y + beta sum_c p_c log(p_c / q_c),  x = logits,  p = softmax(x),  "
    "q = softmax(adversarial_logits)",
    source="Zhang et al. 2019, arXiv:1901.08573",
    beta=at_least_zero(6.0, "1 / lambda of the paper: how much more robust a model is to be than right", "number"),
    notes="""`y_true` holds class indices (any integer type), in the shape of `logits` without its `axis`, along
which the classes lie. Both arrays of scores are differentiated. ``wrt="adversarial_logits"`` asks for one gradient: an
attack climbs along it, from inputs that were moved a little by chance, because it is 0 where both rows are the same.

The divergence keeps its digits where both rows are nearly equal, as an attack begins. It is that of the paper's code,
``KLDivLoss(log_softmax(adversarial), softmax(natural))``, whose sum over a batch divided by its size is this mean.""",
)
