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

multi_similarity = of_batches(
    target(description="the class of each vector: any numbers", name="y_true"),
    prediction("embeddings", "vectors", "D"),
    name="multi_similarity",
    against=(("embeddings", "embeddings"),),
    positive="class",
    counted="all",
    of_pairs=("alpha", "beta", "base"),
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

circle = of_batches(
    target(description="the class of each vector: any numbers", name="y_true"),
    prediction("embeddings", "vectors", "D"),
    name="circle",
    against=(("embeddings", "embeddings"),),
    positive="class",
    of_pairs=("margin", "gamma", "detached"),
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
    margin=at_least_zero(
        0.25, "similarities are to be above 1 - margin in a class, and below margin between two", "number"
    ),
    gamma=positive(256.0, "multiplies the exponents", "number"),
    detached=switch(True, "whether the gradient holds the factors of the pairs constant"),
    **_shared(None),
)

sigmoid_contrastive = of_batches(
    prediction("images", "vectors, each to be nearest to the text in its place", "D"),
    prediction("texts", "vectors, each to be nearest to the image in its place", "D"),
    shared("log_scale", "the logarithm of what multiplies the similarities; by default log(10)", "", math.log(10.0)),
    shared("bias", "what is added to the similarities then; by default -10", "", -10.0),
    name="sigmoid_contrastive",
    against=(("images", "texts"),),
    positive="place",
    of_pairs=("log_scale", "bias"),
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
