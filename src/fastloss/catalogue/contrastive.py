"""Losses of batches of embeddings: each is compared with all others. Their loops are in ``kinds/batches.py``."""

import math
from typing import Any

from ..rows import class_index, of_batches, positive, prediction, shared, switch, target


def _shared(temperature: float | None) -> dict[str, Any]:
    """Return what losses of batches have in common."""
    given = {} if temperature is None else {"temperature": positive(temperature, "divides the similarities", "number")}
    return given | {
        "normalize": switch(True, "whether vectors are divided by their lengths: similarities are cosines then"),
        "max_bytes": class_index("how much memory the similarities of chunks of vectors may take"),
    }


_NOTES = """Arrays have the shape (N, D). Similarities are computed in chunks of rows: nothing of the shape (N, N) is
held. Gradients are those by the vectors as they are given, before they are divided by their lengths; a vector of zeros
has similarity 0 with all, and gradient 0. Of a pair that stands out from all others the loss keeps its digits, where
``log(sum(exp)) - positive`` has lost them.

A vector that is left out, by `where` or a weight of 0, is no negative of others either. A weight multiplies the loss of
the vector that is compared."""

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
