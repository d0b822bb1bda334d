"""Losses that compare what a model makes of two or three things: which is ahead, which are near.

The loops of losses of vectors are in ``kernels/vectors/``.
"""

from ..rows import (
    Domain,
    at_least_zero,
    choice,
    class_indices,
    cosine,
    finite,
    number,
    of_arrays,
    of_scores,
    of_vectors,
    positive,
    prediction,
    signs,
    switch,
    target,
)
from .vocabulary import difference_tail, where


@of_arrays(
    target(signs, "1 where the first is to be ahead, -1 where the second is"),
    prediction("first", "scores of the first"),
    prediction("second", "scores of the second"),
    margin=finite(0.0, "by how much the right one has to be ahead"),
    formula="max(0, margin - y (first - second))",
    source="Herbrich, Graepel & Obermayer 2000, Advances in Large Margin Classifiers",
)
def margin_ranking(y_true, first, second, margin):
    """Margin ranking loss: a pair of scores, of which one has to be ahead of the other by a margin.

    As PyTorch's ``margin_ranking_loss``. At the kink the gradients are halved, the midpoint of the subgradient. The
    Hessian diagonals are 0 everywhere.
    """
    ahead = y_true * (first - second)
    # What the rounding of the difference lost decides where the margin is met, and is added where it is not.
    tail = y_true * difference_tail(first, second)
    # Of an infinite difference it is NaN.
    missing = margin - ahead - where(tail == tail, tail, 0)
    pushed = where(missing < 0, 0, y_true * where(missing > 0, 1, 0.5 + missing))
    zero = where(missing == missing, 0, missing)
    return (
        where(missing < 0, 0, missing),
        (0 - pushed, pushed),
        (zero, zero, zero),
        {"gauss_newton": (zero + 1, zero + 1)},
    )


_FIRST = prediction("first", "vectors", "D")
_SECOND = prediction("second", "vectors", "D")

triplet = of_vectors(
    prediction("anchor", "vectors", "D"),
    prediction("positive", "vectors of what is like the anchors", "D"),
    prediction("negative", "vectors of what is not", "D"),
    name="triplet",
    summary="Triplet loss: the positive has to be nearer to the anchor than the negative, by a margin.",
    formula="max(0, D(a, p) - D(a, n) + margin),  D(x, y) = |x - y|, or |x - y|^2",
    source="Schroff, Kalenichenko and Philbin 2015, arXiv:1503.03832",
    margin=at_least_zero(1.0, "by how much the positive has to be nearer", "number"),
    distance=choice("euclidean", "squared", description="D: the Euclidean distance, or its square"),
    swap=switch(False, "whether D(p, n) takes the place of D(a, n) where it is smaller"),
    notes="""The paper has squared distances and a margin of 0.2. PyTorch's ``TripletMarginLoss`` is the default here,
but for the 1e-6 that it adds to each number of a difference. The swap is that of Balntas et al. 2016.

Where two points are the same, the gradient of their distance is 0. Where the value is just 0, and where D(a, n) and
D(p, n) are equal with `swap`, the gradient is the mean of those on both sides.""",
)

contrastive = of_vectors(
    target(Domain("0 or 1", 0.0, 1.0, ends_only=True), "1 where both vectors are of the same kind, else 0"),
    _FIRST,
    _SECOND,
    name="contrastive",
    summary="Contrastive loss: draws like pairs together, and pushes others apart, up to a margin.",
    formula="d^2 / 2 where y = 1, max(0, margin - d)^2 / 2 where y = 0,  d = |first - second|",
    source="Hadsell, Chopra and LeCun 2006, doi:10.1109/CVPR.2006.100",
    margin=at_least_zero(1.0, "the distance from which on pairs that are not alike cost nothing", "number"),
    notes="""In the paper Y is 0 for like pairs: it is 1 - `y_true`. pytorch-metric-learning has no halves, and
distances in place of their squares.

Where both vectors are the same and y = 0, the gradient is 0: there is no direction to push them in.""",
)

cosine_distance = of_vectors(
    _FIRST,
    _SECOND,
    name="cosine_distance",
    summary="Cosine distance: 1 less the cosine of the angle between two vectors.",
    formula="1 - cos,  cos = <first, second> / (|first| |second|)",
    source="Salton and McGill 1983, Introduction to Modern Information Retrieval",
    notes="""In [0, 2]. Keras's ``CosineSimilarity`` is this less 1. The cosine of a vector of zeros is 0, with gradient
0; PyTorch divides by lengths of at least 1e-8. Of nearly parallel vectors all digits are kept.""",
)

cosine_embedding = of_vectors(
    target(signs, "1 where both vectors are of the same kind, else -1"),
    _FIRST,
    _SECOND,
    name="cosine_embedding",
    summary="Cosine embedding loss: draws like pairs to one direction, and others to a cosine of at most a margin.",
    formula="1 - cos where y = 1, max(0, cos - margin) where y = -1,  cos = <first, second> / (|first| |second|)",
    source="PyTorch, torch.nn.CosineEmbeddingLoss",
    margin=number(0.0, Domain("in [-1, 1]", -1.0, 1.0), "the cosine up to which pairs that are not alike cost nothing"),
    notes="""The cosine of a vector of zeros is 0, with gradient 0. Where the cosine is just the margin, the gradient is
half of that beyond it.""",
)

_COSINES = prediction("cosines", "cosines between each embedding and the weights of each class", "D", cosine)
_SCALE = positive(64.0, "what multiplies the cosines: 1 over a temperature", kind="number")
_CLASSES = target(class_indices, "class indices")
_MARGINS = """`y_true` holds class indices (any integer type), in the shape of `cosines` without its `axis`, along
which the classes lie. The gradient is with respect to the cosines: the chain rule through the normalised vectors is
yours. Cosines beyond 1 or -1 by at most 0.01, which may be rounding, are taken."""

arcface = of_scores(
    _CLASSES,
    _COSINES,
    name="arcface",
    summary="ArcFace: cross-entropy of scaled cosines, the angle to the true class being made larger by a margin.",
    formula="log(sum_c e^(s z_c)) - s z_y,  z_y = cos(theta + margin) where theta + margin <= pi, else "
    "cosine_y - margin sin(margin),  theta = arccos(cosine_y),  z_c = cosine_c for c != y",
    source="Deng, Guo, Xue and Zafeiriou 2019, arXiv:1801.07698",
    margin=number(0.5, Domain("in [0, 3]", 0.0, 3.0), "what is added to the angle, in radians"),
    scale=_SCALE,
    notes=_MARGINS
    + """

At a cosine of 1 the slope of z_y, sin(theta + margin) / sin(theta), is infinite: the gradient is that at the largest
number below 1 of the type that it is computed in. pytorch-metric-learning's ``ArcFaceLoss`` has its margin in degrees
(28.6, about this default) and makes the cosines itself, of weights that it learns.""",
)

cosface = of_scores(
    _CLASSES,
    _COSINES,
    name="cosface",
    summary="CosFace: cross-entropy of scaled cosines, that of the true class being made smaller by a margin.",
    formula="log(sum_c e^(s z_c)) - s z_y,  z_y = cosine_y - margin,  z_c = cosine_c for c != y",
    source="Wang et al. 2018, arXiv:1801.09414",
    margin=at_least_zero(0.35, "what is taken off the true class's cosine", "number"),
    scale=_SCALE,
    notes=_MARGINS
    + """

Also called AM-Softmax (Wang, Cheng, Liu and Liu 2018, arXiv:1801.05599), with a scale of 30.""",
)
