"""Losses of batches of embeddings: each is compared with all others. Their loops are in ``kinds/batches.py``."""

import math
from typing import Any

from ..rows import at_least_zero, count, finite, of_batches, positive, prediction, shared, switch, target


def _shared(temperature: float | None) -> dict[str, Any]:
    """Return what losses of batches have in common."""
    given = {} if temperature is None else {"temperature": positive(temperature, "divides the similarities", "number")}
    return given | {
        "normalize": switch(True, "whether vectors are divided by their lengths: similarities are cosines then"),
        "max_bytes": count(None, "how much memory the similarities of chunks of vectors may take"),
    }


_BATCHES = """Arrays have the shape (N, D). Similarities are computed in chunks of rows: nothing of the shape (N, N) is
held. Gradients are those by the vectors as they are given, before they are divided by their lengths; a vector of zeros
has similarity 0 with all, and gradient 0."""

_LEFT_OUT = """

A vector that is left out, by `where` or a weight of 0, is no negative of others either. A weight multiplies the loss of
the vector that is compared."""

_NOTES = f"""{_BATCHES} Of a pair that stands out from all others the loss keeps its digits, where
``log(sum(exp)) - positive`` has lost them.{_LEFT_OUT}"""

_OF_PAIRS = f"""{_BATCHES} All is computed in float64, for vectors of float32 and halves too.{_LEFT_OUT}"""

info_nce = of_batches(
    prediction("queries", "vectors, each to be nearest to the key in its place", "D"),
    prediction("keys", "vectors", "D"),
    name="info_nce",
    against=(("queries", "keys"),),
    positive="place",
    summary="InfoNCE: the key of each query against all other keys of the batch.",
    formula="log(sum_j e^(q_i . k_j / T)) - q_i . k_i / T",
    source="van den Oord, Li and Vinyals 2018, arXiv:1807.03748",
    notes=_NOTES,
    **_shared(0.07),
)

symmetric_info_nce = of_batches(
    prediction("images", "vectors, each to be nearest to the text in its place", "D"),
    prediction("texts", "vectors, each to be nearest to the image in its place", "D"),
    shared(
        "log_scale",
        "the logarithm of what multiplies the similarities; by default log(1 / 0.07)",
        "",
        math.log(1 / 0.07),
    ),
    name="symmetric_info_nce",
    against=(("images", "texts"), ("texts", "images")),
    positive="place",
    summary="Symmetric InfoNCE, the loss of CLIP: images against all texts, and texts against all images.",
    formula="half of the info_nce of images and texts, and of texts and images, 1 / T = e^log_scale",
    source="Radford et al. 2021, arXiv:2103.00020",
    notes=_NOTES
    + """

`log_scale` is learned: where it is given, the gradient by it is the last of the gradients. CLIP keeps e^log_scale at
most 100, which is left to the optimiser.""",
    **_shared(None),
)

nt_xent = of_batches(
    prediction("embeddings", "vectors of two views of each sample: all first views, then all second ones", "D"),
    name="nt_xent",
    against=(("embeddings", "embeddings"),),
    positive="half",
    summary="NT-Xent, the loss of SimCLR: the two views of each sample against all others of the batch.",
    formula="log(sum_(j != i) e^(z_i . z_j / T)) - z_i . z_i' / T,  i' = i + N / 2 modulo N",
    source="Chen, Kornblith, Norouzi and Hinton 2020, arXiv:2002.05709",
    notes=_NOTES + "\n\nA vector whose other view is left out has weight 0.",
    **_shared(0.5),
)

supcon = of_batches(
    target(description="the class of each vector: any numbers", name="y_true"),
    prediction("embeddings", "vectors", "D"),
    name="supcon",
    against=(("embeddings", "embeddings"),),
    positive="class",
    summary="Supervised contrastive loss: all others of its class against the whole batch, for each vector.",
    formula="-mean_(p in P(i)) log(e^(z_i . z_p / T) / sum_(a != i) e^(z_i . z_a / T)),  P(i): the others of its class",
    source="Khosla et al. 2020, arXiv:2004.11362",
    notes=_NOTES
    + """

This is the paper's L_out, without the factor T / T_base of its code. A vector without another one of its class has
weight 0, and is a negative of others.""",
    **_shared(0.1),
)


def _exponentials(numbers: Any, counted: Any, factor: float, least: float) -> tuple[Any, Any, Any]:
    """Return e^(factor (x - top)) of the numbers that are counted and 0 of the others, their sum, and top.

    Top is the largest of a row, and at least `least`.
    """
    import numpy as np  # here: the build reads the catalogue where there is no NumPy

    numbers = np.where(counted, numbers, -np.inf)
    top = numbers.max(axis=1, initial=least)
    numbers -= np.where(np.isfinite(top), top, 0)[:, None]
    numbers *= factor
    np.exp(numbers, out=numbers)
    return numbers, numbers.sum(axis=1), top


def _soft_sum(numbers: Any, counted: Any, factor: float) -> tuple[Any, Any]:
    """Return log(1 + sum e^(factor x)) / factor over those that are counted, and its slopes."""
    import numpy as np  # here: the build reads the catalogue where there is no NumPy

    each, total, top = _exponentials(numbers, counted, factor, 0.0)
    one = np.exp(-factor * top)
    whole = total + one
    # Where the 1 is the largest, the sum beside it keeps its digits.
    value = top + np.where(top > 0, np.log(whole), np.log1p(total)) / factor
    each /= whole[:, None]
    return value, each


def _multi_similarity_of(similar: Any, alike: Any, unlike: Any, *, alpha: float, beta: float, base: float) -> Any:
    near, drawn = _soft_sum(base - similar, alike, alpha)
    far, pushed = _soft_sum(similar - base, unlike, beta)
    pushed -= drawn
    return near + far, pushed, {}


multi_similarity = of_batches(
    target(description="the class of each vector: any numbers", name="y_true"),
    prediction("embeddings", "vectors", "D"),
    name="multi_similarity",
    against=(("embeddings", "embeddings"),),
    positive="class",
    counted="all",
    of_pairs=_multi_similarity_of,
    summary="Multi-similarity loss: pairs of a class count by how far they are, pairs of two by how near.",
    formula="log(1 + sum_(p in P(i)) e^(-alpha (s_ip - base))) / alpha"
    " + log(1 + sum_(n in N(i)) e^(beta (s_in - base))) / beta",
    source="Wang, Han, Huang, Dong and Scott 2019, arXiv:1904.06627",
    notes=_OF_PAIRS
    + """

s_ij is the similarity of two vectors, P(i) the others of the class of i, N(i) those of other classes. No pair is mined
away; the paper drops some. Its `base` is 1, that of pytorch-metric-learning 0.5. A vector without another one of its
class has the second term alone.""",
    alpha=positive(2.0, "how much farther pairs of a class count than near ones", "number"),
    beta=positive(50.0, "how much nearer pairs of two classes count than far ones", "number"),
    base=finite(0.5, "the similarity that pairs are compared with", "number"),
    **_shared(None),
)


def _circle_of(similar: Any, alike: Any, unlike: Any, *, margin: float, gamma: float, detached: bool) -> Any:
    import numpy as np  # here: the build reads the catalogue where there is no NumPy

    short, over = (1 + margin) - similar, similar + margin  # how far pairs of a class, and of two, are from their best
    drawn, pushed = np.maximum(short, 0), np.maximum(over, 0)
    near, of_near, most_near = _exponentials(drawn * ((1 - margin) - similar), alike, gamma, -np.inf)
    far, of_far, most_far = _exponentials(pushed * (similar - margin), unlike, gamma, -np.inf)
    exponent = gamma * (most_near + most_far) + np.log(of_near) + np.log(of_far)
    small = np.exp(-np.abs(exponent))
    value = np.maximum(exponent, 0) + np.log1p(small)
    slope = np.where(exponent > 0, 1, small) / (1 + small) * gamma
    if not detached:  # at the kinks, half of the slope beyond
        drawn += np.heaviside(short, 0.5) * ((1 - margin) - similar)
        pushed += np.heaviside(over, 0.5) * (similar - margin)
    near *= drawn * (slope / np.where(of_near == 0, 1, of_near))[:, None]
    far *= pushed * (slope / np.where(of_far == 0, 1, of_far))[:, None]
    far -= near
    return value, far, {}


circle = of_batches(
    target(description="the class of each vector: any numbers", name="y_true"),
    prediction("embeddings", "vectors", "D"),
    name="circle",
    against=(("embeddings", "embeddings"),),
    positive="class",
    of_pairs=_circle_of,
    holds_constant="the factors of the pairs",
    summary="Circle loss: each pair counts the more, the farther its similarity is from where it should be.",
    formula="log(1 + sum_(n in N(i)) e^(gamma max(0, s_in + m) (s_in - m))"
    " sum_(p in P(i)) e^(-gamma max(0, 1 + m - s_ip) (s_ip - 1 + m)))",
    source="Sun et al. 2020, arXiv:2002.10857",
    notes=_OF_PAIRS
    + """

s_ij is the similarity of two vectors, m the margin, P(i) the others of the class of i, N(i) those of other classes. A
vector without another one of its class has weight 0, and is a negative of others.

The factors max(0, …) are held constant in the gradient, as in the paper's code and in pytorch-metric-learning: it is
not that of the value. With ``detached=False`` they are differentiated too, as Keras does; the gradient at their kinks
is the mean of those on both sides.""",
    margin=at_least_zero(0.25, "m: similarities are to be above 1 - m in a class, and below m between two", "number"),
    gamma=positive(256.0, "multiplies the exponents", "number"),
    detached=switch(True, "whether the gradient holds the factors of the pairs constant"),
    **_shared(None),
)


def _sigmoid_contrastive_of(similar: Any, alike: Any, unlike: Any, *, log_scale: float, bias: float) -> Any:
    import numpy as np  # here: the build reads the catalogue where there is no NumPy

    scale = np.exp(log_scale)
    similar *= scale
    exponent = similar + bias
    np.negative(exponent, out=exponent, where=alike)
    small = np.abs(exponent)
    np.negative(small, out=small)
    np.exp(small, out=small)
    value = (np.log1p(small) + np.maximum(exponent, 0)).sum(axis=1)
    slopes = np.where(exponent > 0, 1, small)
    small += 1
    slopes /= small
    np.negative(slopes, out=slopes, where=alike)
    by_shared = {"log_scale": np.einsum("ij,ij->i", slopes, similar), "bias": slopes.sum(axis=1)}
    slopes *= scale
    return value, slopes, by_shared


sigmoid_contrastive = of_batches(
    prediction("images", "vectors, each to be nearest to the text in its place", "D"),
    prediction("texts", "vectors, each to be nearest to the image in its place", "D"),
    shared("log_scale", "the logarithm of what multiplies the similarities; by default log(10)", "", math.log(10.0)),
    shared("bias", "what is added to the similarities then; by default -10", "", -10.0),
    name="sigmoid_contrastive",
    against=(("images", "texts"),),
    positive="place",
    of_pairs=_sigmoid_contrastive_of,
    summary="Sigmoid contrastive loss, that of SigLIP: whether an image and a text are a pair, for each two of them.",
    formula="sum_j log(1 + e^(-z_ij (e^log_scale i_i . t_j + bias))),  z_ij = 1 where i = j, else -1",
    source="Zhai, Mustafa, Kolesnikov and Beyer 2023, arXiv:2303.15343",
    notes=_OF_PAIRS
    + """

Each of the pairs is a decision of its own, so a batch may be small. The bias is that of the paper's code, which is
minus that of its formula; it is -10 because most pairs do not belong together. `log_scale` and `bias` are learned:
where they are given, the gradients by them are the last ones.""",
    **_shared(None),
)
