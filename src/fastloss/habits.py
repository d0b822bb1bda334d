"""Names that other libraries, and people who write losses by hand, have for ours: what the error about them says.

It is imported when the package has no such name.
"""

from __future__ import annotations

from typing import NamedTuple

from .catalogue import ALIASES, CATALOGUE


class Habit(NamedTuple):
    """What stands for a name: a loss of ours, what it does otherwise, and who has its arguments."""

    ours: str
    note: str = ""
    torch: str = ""
    metric: str = ""


_FROM_LOGITS = "Of probabilities it is {}"
_BCE = _FROM_LOGITS.format("fl.binary_log_loss")
_CE = _FROM_LOGITS.format("fl.categorical_log_loss")
_CLIP = "Nothing is clipped unless clip= is given (Keras: 1e-7; scikit-learn: the epsilon of the dtype)"
_LOG_MEANS = "Terms of y_true alone are left out"
_LABELS = "Labels are 0 and 1, or -1 and 1 with labels=(-1, 1)"
_OF_REGIONS = "mode= says whether it is binary, multilabel or multiclass, over='batch' takes all images together"
_TO_CLASSES = "Class indices and probabilities of classes are both taken: the shape of y_true tells"

#: Names as they are written, separated by blanks. Case, underscores and an ending "loss" do not count.
_HABITS: dict[str, Habit] = {
    "mse mean_squared_error squared l2_distance": Habit("squared_error", "", "MSELoss", "mean_squared_error"),
    "l2_loss": Habit("half_squared_error", "It is half of the square, as optax has it; fl.l2 is a penalty of weights"),
    "rmse": Habit("root_mean_squared_error", "", "", "root_mean_squared_error"),
    "mae mean_absolute_error l1_loss abs_error": Habit(
        "absolute_error", "fl.l1 is a penalty of weights", "L1Loss", "mean_absolute_error"
    ),
    "mape mean_absolute_percentage_error": Habit(
        "absolute_percentage_error", "It is a share, not 100 times that", "", "mean_absolute_percentage_error"
    ),
    "smape symmetric_mean_absolute_percentage_error": Habit("symmetric_absolute_percentage_error"),
    "msle mean_squared_logarithmic_error mean_squared_log_error": Habit(
        "squared_log_error", "", "", "mean_squared_log_error"
    ),
    "huber huber_loss": Habit("huber", "", "HuberLoss"),
    "smooth_l1_loss": Habit("smooth_l1", "It is fl.huber over beta", "SmoothL1Loss"),
    "logcosh": Habit("log_cosh"),
    "pinball quantile mean_pinball_loss": Habit("quantile", "alpha= is the level", "", "mean_pinball_loss"),
    "cross_entropy": Habit(
        "cross_entropy",
        "Of one probability for each sample it is fl.binary_log_loss, which hand-written functions add up "
        "(reduction='sum'), of probabilities of classes fl.categorical_log_loss",
        "CrossEntropyLoss",
    ),
    "ce softmax_loss softmax_cross_entropy softmax_cross_entropy_with_logits sparse_softmax_cross_entropy_with_logits "
    "softmax_cross_entropy_with_integer_labels safe_softmax_cross_entropy": Habit(
        "cross_entropy", f"{_TO_CLASSES}. {_CE}", "CrossEntropyLoss"
    ),
    "categorical_crossentropy sparse_categorical_crossentropy sparse_cross_entropy": Habit(
        "cross_entropy", f"It is Keras' with from_logits=True. {_TO_CLASSES}. {_CE}"
    ),
    "bce binary_crossentropy bce_loss binary_cross_entropy_loss": Habit(
        "binary_cross_entropy", f"It takes logits, as Keras' with from_logits=True. {_BCE}"
    ),
    "bce_with_logits binary_cross_entropy_with_logits sigmoid_cross_entropy sigmoid_cross_entropy_with_logits "
    "sigmoid_binary_cross_entropy logistic_loss logistic": Habit("binary_cross_entropy", _BCE, "BCEWithLogitsLoss"),
    "log_loss": Habit("binary_log_loss", f"Of several classes it is fl.categorical_log_loss. {_CLIP}", "", "log_loss"),
    "binary_logloss": Habit("binary_log_loss", _CLIP, "", "log_loss"),
    "multi_logloss multiclass_log_loss": Habit("categorical_log_loss", _CLIP, "", "log_loss"),
    "nll_loss negative_log_likelihood": Habit("nll", "Of logits it is fl.cross_entropy", "NLLLoss"),
    "focal_loss sigmoid_focal_loss binary_focal_crossentropy": Habit(
        "binary_focal", "Of several classes it is fl.categorical_focal"
    ),
    "categorical_focal_crossentropy softmax_focal_loss": Habit("categorical_focal"),
    "poly_loss_cross_entropy poly1_loss poly_loss": Habit(
        "poly1_cross_entropy", "Of two classes it is fl.poly1_binary_cross_entropy"
    ),
    "categorical_generalized_cross_entropy gce": Habit("generalized_cross_entropy"),
    "asymmetric_loss_multilabel asl": Habit("asymmetric"),
    "brier_score brier_score_loss": Habit("brier", "", "", "brier_score_loss"),
    "hinge_loss": Habit("hinge", f"{_LABELS}. Of several classes it is fl.multiclass_hinge", "", "hinge_loss"),
    "categorical_hinge crammer_singer": Habit("multiclass_hinge", "", "", "hinge_loss"),
    "multi_margin_loss": Habit("multi_margin", "", "MultiMarginLoss"),
    "multilabel_margin_loss": Habit("multilabel_margin", "Its target is 0 or 1 for each class", "MultiLabelMarginLoss"),
    "multilabel_soft_margin_loss": Habit("multilabel_soft_margin", "", "MultiLabelSoftMarginLoss"),
    "soft_margin_loss": Habit("soft_margin", _LABELS, "SoftMarginLoss"),
    "exponential_loss exp_loss": Habit("exponential", _LABELS),
    "sparsemax_loss": Habit("sparsemax"),
    "kl kl_div kl_div_loss kld kullback_leibler_divergence convex_kl_divergence": Habit(
        "kl_divergence",
        "The target is first. given='log_probs' takes PyTorch's first argument, given='probs' Keras'; the mean is "
        "over rows (PyTorch: batchmean)",
    ),
    "js_div jensen_shannon_divergence jsd": Habit("js_divergence"),
    "poisson_nll poisson_nll_loss": Habit("poisson", _LOG_MEANS, "PoissonNLLLoss"),
    "mean_poisson_deviance poisson_deviance": Habit("poisson", _LOG_MEANS, "", "mean_poisson_deviance"),
    "mean_gamma_deviance gamma_deviance gamma_nll": Habit("gamma", _LOG_MEANS, "", "mean_gamma_deviance"),
    "mean_tweedie_deviance tweedie_deviance": Habit("tweedie", _LOG_MEANS, "", "mean_tweedie_deviance"),
    "gaussian_nll_loss normal_nll": Habit(
        "gaussian_nll",
        "y_pred has the shape (..., 2): locations, and logarithms of standard deviations",
        "GaussianNLLLoss",
    ),
    "nll_logistic_hazard nnet_survival": Habit("logistic_hazard", "Its first arguments are intervals and events"),
    "survival_aft accelerated_failure_time": Habit("aft", "It takes raw times, and predicts their logarithms"),
    "margin_ranking_loss": Habit("margin_ranking", "Its first argument is the target", "MarginRankingLoss"),
    "triplet_margin_loss triplet_loss triplet_margin": Habit("triplet", "", "TripletMarginLoss"),
    "contrastive_loss": Habit("contrastive"),
    "cosine_similarity cosine": Habit("cosine_distance", "It is 1 minus the cosine, of two arrays of vectors"),
    "cosine_embedding_loss": Habit("cosine_embedding", "Its first argument is the target", "CosineEmbeddingLoss"),
    "ntxent ntxent_loss simclr": Habit("nt_xent", "It takes embeddings: both views, one behind the other"),
    "infonce": Habit("info_nce"),
    "clip_loss": Habit("symmetric_info_nce", "It takes embeddings of images and of texts, and a learned scale"),
    "supervised_contrastive_loss supcon_loss": Habit("supcon", "Its first argument is the target"),
    "ctc_loss ctc_batch_cost": Habit(
        "ctc",
        "It takes logits (N, T, C); PyTorch's are log-probabilities (T, N, C): given='log_probs', time_axis=0",
        "CTCLoss",
    ),
    "linear_cross_entropy_loss fused_linear_cross_entropy": Habit("linear_cross_entropy", "", "LinearCrossEntropyLoss"),
    "dice_loss soft_dice soft_dice_loss dice_coefficient dice_coef dice_score f1_loss": Habit(
        "dice", f"{_OF_REGIONS}. The coefficient is 1 minus it"
    ),
    "lovasz_loss lovasz": Habit("lovasz_softmax", "It takes logits. Of masks of two classes it is fl.lovasz_hinge"),
    "jaccard_loss iou iou_loss soft_iou jaccard_index iou_score": Habit(
        "jaccard", f"{_OF_REGIONS}. The index is 1 minus it"
    ),
    "tversky_loss": Habit("tversky", f"{_OF_REGIONS}. alpha= weighs what is wrongly found, beta= what is missed"),
    "focal_tversky_loss": Habit("focal_tversky", f"{_OF_REGIONS}. gamma= is the power itself"),
    "generalized_dice_loss generalised_dice generalised_dice_loss": Habit("generalized_dice", _OF_REGIONS),
    "dice_ce dice_ce_loss dice_cross_entropy": Habit(
        "dice", "Added to fl.cross_entropy by + it is both: bind mode='multiclass' of the one, axis=1 of the other"
    ),
    "dpo_loss": Habit("dpo"),
    "l1_penalty l1_regularization lasso": Habit("l1"),
    "l2_penalty l2_regularization ridge weight_decay": Habit("l2"),
}


def _key(name: str) -> str:
    return name.replace("_", "").lower()


def found(name: str) -> Habit | None:
    """Return what stands for a name of a habit, None where nobody has it.

    Parameters
    ----------
    name : str
        A name that the package does not have.

    Returns
    -------
    Habit or None
        The loss, and what is different.
    """
    habits = {_key(written): habit for names, habit in _HABITS.items() for written in names.split()}
    own = {_key(known): Habit(known) for known in (*CATALOGUE, *ALIASES)}
    key = _key(name)
    for known in (key, key.removesuffix("loss")):
        habit = habits.get(known) or own.get(known)
        if habit is not None:
            return habit
    return None


def instead_of(name: str) -> str:
    """Return what an error about a name says after it: what stands for that, and what is different.

    Parameters
    ----------
    name : str
        A name that the package does not have.

    Returns
    -------
    str
        A few sentences, or nothing.
    """
    habit = found(name)
    if habit is None:
        return ""
    row = CATALOGUE.get(ALIASES.get(habit.ours, habit.ours))
    if row is None:
        sentences = [f"use fl.{habit.ours}(weights, strength=), a penalty: it returns the sum"]
    else:
        takes = "" if row.several or row.input == "numbers" else f"takes {row.input} and "
        arrays = ", ".join(operand.name for operand in row.operands)
        added = "" if row.couples else " (reduction='sum': the sum)"
        sentences = [f"use fl.{habit.ours}({arrays}), which {takes}returns the mean{added}"]
    sentences += [habit.note] if habit.note else []
    if habit.torch:
        sentences.append(f"fl.interop.torch.{habit.torch} has the arguments of PyTorch")
    if habit.metric:
        sentences.append(f"fl.metrics.{habit.metric} has those of scikit-learn")
    return ": " + ". ".join(sentences)
