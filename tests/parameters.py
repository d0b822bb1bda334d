"""The parameters of every loss, written a second time: name, default and what it may be, as its source has it.

The suite takes from here which values have to be refused, so that a domain declared wrongly is found.
"""

from __future__ import annotations

import math
import sys

#: An interval with its ends in or out, or the names of which it is one. "labels", "index" and "weights" are of a kind
#: of their own: what `y_true` holds for two classes, an integer or None, a weight >= 0 for each class or None.
CLASSES = {"class_weight": (None, "weights"), "ignore_index": (None, "index")}
SMOOTHED = CLASSES | {"label_smoothing": (0.0, "[0, 1]")}
GIVEN = {"given": ("logits", "logits | log_probs | probs")}
LABELS = {"labels": ((0, 1), "labels")}
#: Of regions: "subset" is "all", "present" or class indices.
MODE = {"mode": ("binary", "binary | multilabel | multiclass")}
TVERSKY = MODE | {"alpha": (0.5, "[0, inf)"), "beta": (0.5, "[0, inf)")}
SMOOTH = {"smooth": (0.0, "[0, inf)")}
REGIONS = {"over": ("image", "image | batch"), "classes": ("all", "subset")} | CLASSES
REGIONS |= {"pixel_weight": (None, "pixels")}
BATCHES = {"normalize": (True, "switch"), "max_bytes": (None, "index")}

PARAMETERS: dict[str, dict[str, tuple[object, str]]] = {
    "cross_entropy": SMOOTHED
    | {"z_loss": (0.0, "[0, inf)"), "softcap": (None, "(0, inf)"), "temperature": (1.0, "(0, inf)")}
    | {"class_mask": (None, "mask")},
    "linear_cross_entropy": SMOOTHED
    | {"z_loss": (0.0, "[0, inf)"), "softcap": (None, "(0, inf)"), "temperature": (1.0, "(0, inf)")}
    | {"max_bytes": (None, "index")},
    "info_nce": {"temperature": (0.07, "(0, inf)")} | BATCHES,
    "symmetric_info_nce": BATCHES,
    "nt_xent": {"temperature": (0.5, "(0, inf)")} | BATCHES,
    "supcon": {"temperature": (0.1, "(0, inf)")} | BATCHES,
    "multi_similarity": {"alpha": (2.0, "(0, inf)"), "beta": (50.0, "(0, inf)"), "base": (0.5, "(-inf, inf)")}
    | BATCHES,
    "circle": {"margin": (0.25, "[0, inf)"), "gamma": (256.0, "(0, inf)"), "detached": (True, "switch")} | BATCHES,
    "sigmoid_contrastive": BATCHES,
    "mmd": {"bandwidths": ((1.0,), "numbers"), "biased": (False, "switch"), "max_bytes": (None, "index")},
    "coral": {},
    "entropy": {},
    "distillation": {"temperature": (2.0, "[1e-15, 1e15]")},
    "arcface": {"margin": (0.5, "[0, 3]"), "scale": (64.0, "(0, inf)")},
    "cosface": {"margin": (0.35, "[0, inf)"), "scale": (64.0, "(0, inf)")},
    "trades": {"beta": (6.0, "[0, inf)")},
    "ctc": {
        "blank": (0, "index"),
        "impossible": ("inf", "inf | zero | raise"),
        "per": ("sequence", "sequence | label | frame"),
        "given": ("logits", "logits | log_probs"),
    },
    "linear_chain_crf": {},
    "rnnt": {
        "blank": (0, "index"),
        "impossible": ("inf", "inf | zero | raise"),
        "per": ("sequence", "sequence | label | frame"),
        "given": ("logits", "logits | log_probs"),
        "fast_emit": (0.0, "[0, inf)"),
    },
    "rnnt_additive": {
        "blank": (0, "index"),
        "impossible": ("inf", "inf | zero | raise"),
        "per": ("sequence", "sequence | label | frame"),
        "fast_emit": (0.0, "[0, inf)"),
    },
    "listmle": {},
    "listnet": {},
    "ranknet": {"sigma": (1.0, "(0, inf)"), "per": ("group", "group | pair")},
    "pairwise_hinge": {"margin": (1.0, "[0, inf)"), "per": ("group", "group | pair")},
    "lambdarank": {
        "truncation": (30, "index"),
        "gain": ("exponential", "exponential | linear"),
        "sigma": (1.0, "(0, inf)"),
        "normalize": (True, "switch"),
    },
    "approx_ndcg": {"temperature": (1.0, "(0, inf)"), "gain": ("exponential", "exponential | linear")},
    "cox": {"ties": ("efron", "efron | breslow"), "per": ("group", "group | event")},
    "logistic_hazard": {},
    "aft": {"distribution": ("normal", "normal | logistic | extreme"), "scale": (1.0, "(0, inf)")},
    "dice": MODE | SMOOTH | {"squared": (False, "switch")} | REGIONS,
    "jaccard": MODE | SMOOTH | {"squared": (False, "switch")} | REGIONS,
    "tversky": TVERSKY | SMOOTH | {"squared": (False, "switch")} | REGIONS,
    "focal_tversky": TVERSKY | {"gamma": (1.0, "[1, inf)")} | SMOOTH | REGIONS,
    "generalized_dice": MODE | SMOOTH | REGIONS,
    "lovasz_hinge": {"over": ("image", "image | batch"), "ignore_index": (None, "index")},
    "lovasz_softmax": {
        "classes": ("present", "subset"),
        "over": ("image", "image | batch"),
        "ignore_index": (None, "index"),
    },
    "categorical_log_loss": SMOOTHED | {"clip": (None, "(0, 0.5)")},
    "nll": SMOOTHED,
    "categorical_focal": {"gamma": (2.0, "[0, inf)"), "alpha": (None, "[0, inf)")} | SMOOTHED,
    "poly1_cross_entropy": {"epsilon": (1.0, "[-1, inf)")} | SMOOTHED,
    "generalized_cross_entropy": {"q": (0.7, "(0, 1]")} | SMOOTHED,
    "multiclass_hinge": CLASSES,
    "multi_margin": {"p": (1.0, "1.0 | 2.0"), "margin": (1.0, "(0, inf)")} | CLASSES,
    "multilabel_margin": {},
    "multilabel_soft_margin": {},
    "sparsemax": CLASSES,
    "entmax15": CLASSES,
    "ordinal": CLASSES,
    "kl_divergence": GIVEN,
    "js_divergence": {"beta": (0.5, "[0, 1]")} | GIVEN,
    "total_variation": GIVEN,
    "binary_cross_entropy": {"pos_weight": (1.0, "[0, inf)"), "label_smoothing": (0.0, "[0, 1]")},
    "binary_log_loss": {"clip": (0.0, "[0, 0.5]")},
    "brier": {},
    "margin_ranking": {"margin": (0.0, "(-inf, inf)")},
    "bradley_terry": {},
    "policy_gradient": {},
    "simpo": {"beta": (2.0, "(0, inf)"), "gamma": (1.0, "(-inf, inf)")},
    "dpo": {
        "beta": (0.1, "(0, inf)"),
        "label_smoothing": (0.0, "[0, 1]"),
        "form": ("sigmoid", "sigmoid | hinge | ipo"),
    },
    "orpo": {},
    "kto": {"beta": (0.1, "(0, inf)")},
    "value_clip": {"clip": (0.2, "[0, inf)")},
    "kl_estimate": {"kind": ("k3", "k3 | k2 | k1")},
    "gan": {"role": ("discriminator", "discriminator | generator")}
    | {"form": ("non_saturating", "non_saturating | minimax | least_squares | hinge | wasserstein")},
    "ppo_clip": {"low": (0.2, "[0, 1]"), "high": (0.2, "[0, inf)")},
    "triplet": {"margin": (1.0, "[0, inf)"), "distance": ("euclidean", "euclidean | squared")}
    | {"swap": (False, "switch")},
    "contrastive": {"margin": (1.0, "[0, inf)")},
    "cosine_embedding": {"margin": (0.0, "[-1, 1]")},
    "hinge": LABELS,
    "squared_hinge": LABELS,
    "modified_huber": LABELS,
    "exponential": LABELS,
    "soft_margin": LABELS,
    "perceptron": LABELS,
    "binary_focal": {"gamma": (2.0, "[0, inf)"), "alpha": (None, "[0, 1]")} | LABELS,
    "asymmetric": {"gamma_pos": (1.0, "[0, inf)"), "gamma_neg": (4.0, "[0, inf)"), "clip": (0.05, "[0, 1]")} | LABELS,
    "poly1_binary_cross_entropy": {"epsilon": (2.0, "(-inf, inf)")},
    "poisson": {"full": (False, "switch")},
    "gamma": {},
    "tweedie": {"power": (1.5, "0 or [1, 1e6]")},
    "negative_binomial": {"dispersion": (1.0, "(0, inf)"), "full": (False, "switch")},
    "gaussian_nll": {"full": (False, "switch")},
    "laplace_nll": {"full": (False, "switch")},
    "crps_gaussian": {},
    "student_t_nll": {"df": (4.0, "[1e-15, 1e15]"), "full": (False, "switch")},
    "beta_nll": {"beta": (0.5, "[0, 1]"), "full": (False, "switch")},
    "zero_inflated_poisson": {"full": (False, "switch")},
    "symmetric_absolute_percentage_error": {},
    "squared_error": {},
    "half_squared_error": {},
    "root_mean_squared_error": {},
    "absolute_error": {},
    "huber": {"delta": (1.0, "(0, inf)")},
    "smooth_l1": {"beta": (1.0, "(0, inf)")},
    "pseudo_huber": {"delta": (1.0, "(0, inf)")},
    "log_cosh": {},
    "quantile": {"alpha": (0.5, "(0, 1)")},
    "quantiles": {"levels": (None, "(0, 1)")},
    "expectile": {"alpha": (0.5, "(0, 1)")},
    "squared_log_error": {},
    "absolute_percentage_error": {"floor": (2.0**-52, "(0, inf)")},
    "fair": {"c": (1.3998, "(0, inf)")},
    "cauchy": {"c": (2.3849, "(0, inf)")},
    "geman_mcclure": {"c": (1.0, "(0, inf)")},
    "welsch": {"c": (2.9846, "(0, inf)")},
    "tukey_biweight": {"c": (4.6851, "(0, inf)")},
    "general_robust": {"alpha": (1.0, "[-inf, inf]"), "scale": (1.0, "(0, inf)")},
    "elastic_net": {"ratio": (0.5, "[0, 1]")},
}


#: What comes before an interval that has 0 too.
_OR_ZERO = "0 or "


def is_interval(domain: str) -> bool:
    """Tell whether a domain is one of numbers."""
    return domain.removeprefix(_OR_ZERO)[0] in "[("


def contains(domain: str, value: float) -> bool:
    """Tell whether a number is in an interval."""
    if domain.startswith(_OR_ZERO):
        return value == 0 or contains(domain.removeprefix(_OR_ZERO), value)
    low, high = (float(end) for end in domain[1:-1].split(", "))
    return (low < value if domain[0] == "(" else low <= value) and (
        value < high if domain[-1] == ")" else value <= high
    )


def numbers_around(domain: str) -> list[float]:
    """Return numbers inside and outside of an interval, its ends and their neighbours among them."""
    around = [-math.inf, -1e300, -1.0, -0.1, 0.0, 0.3, 1.1, 1e300, math.inf]
    for end in map(float, domain.removeprefix(_OR_ZERO)[1:-1].split(", ")):
        around += [end, math.nextafter(end, -math.inf), math.nextafter(end, math.inf)]
    return sorted(set(around))


def outside(domain: str) -> list[float]:
    """Return numbers that are not in an interval: NaN is in none."""
    return [math.nan, *(value for value in numbers_around(domain) if not contains(domain, value))]


def inside(domain: str) -> list[float]:
    """Return numbers that are in an interval, next to its ends too; none that are subnormal, which are refused."""
    normal = (value for value in numbers_around(domain) if not 0 < abs(value) < sys.float_info.min)
    return [value for value in normal if contains(domain, value)]
