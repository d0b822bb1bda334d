"""Losses over rows of classes. Their loops are kernels: ``kernels/rows/``."""

from typing import Any

from ..rows import (
    FRAME,
    SIGMOID,
    SOFTMAX,
    Domain,
    Options,
    at_least_zero,
    class_factors,
    class_index,
    class_indices,
    class_mask,
    class_weights,
    count,
    fraction,
    levels,
    members,
    number,
    of_products,
    positive,
    rowwise,
    shares,
    usually,
)


def _of_classes(*, smoothing: bool = True) -> dict[str, Any]:
    """Return what losses with class indices share."""
    parameters = {
        "class_weight": class_weights(
            "one factor for each class: it multiplies the weight of a sample of that class"
            + (", or that class's term of a soft target" if smoothing else "")
        ),
        "ignore_index": class_index(
            "rows with this label have loss 0, gradient 0 and weight 0, whatever their predictions"
        ),
    }
    if smoothing:
        parameters["label_smoothing"] = usually(
            fraction(0.0, "the e of the smoothed target (1 - e) onehot(y) + e / C", kind="number"), 0.1
        )
    return parameters


_SHAPES = """`y_true` holds class indices (any integer type), in the shape of `{prediction}` without the class axis, or
it has the shape of `{prediction}` and holds probabilities, each row adding up to 1."""
_INDICES = "`y_true` holds class indices (any integer type), in the shape of `{prediction}` without the class axis."
_MEAN = """The mean divides by the sum of the weights: sample weight x class weight of the label, so that class indices
and their one-hot rows give the same number."""

cross_entropy = rowwise(
    name="cross_entropy",
    summary="Softmax cross-entropy of logits, for class indices or for a probability of each class.",
    formula="log(sum_c e^x_c) - x_y;  with probabilities  sum_c y_c (log(sum_k e^x_k) - x_c)",
    source="Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
    link=SOFTMAX,
    **_of_classes(),
    in_frame=FRAME,
    whole_hessian=True,
    typical=True,
    z_loss=usually(
        at_least_zero(
            0.0, "factor of log(sum_c e^x_c)^2, which is added to each row's loss and weighted with it", "number"
        ),
        1e-3,
    ),
    softcap=usually(positive(None, "replaces the logits by softcap tanh(x / softcap)", kind="number"), 30.1),
    temperature=usually(positive(1.0, "divides the logits, after the cap", kind="number"), 1.7),
    class_mask=class_mask("which classes each row has; one that is False is as absent as one of logit -infinity"),
    notes="""`logits` are raw scores: the softmax is part of the loss. Of probabilities, which would be taken for scores
without a word, the loss is `categorical_log_loss` (Keras' default is ``from_logits=False``; PyTorch takes logits too).

"""
    + _SHAPES.format(prediction="logits")
    + """

With `class_mask` a class that is False counts in no sum, whatever its logit holds, NaN too, and its gradient and
Hessian are +0: actions that are not allowed, answers that are shorter than others. ``class_mask=allowed`` may have a
row for each sample, or be one for all. Smoothing is spread over the classes that are there, and z_loss is that of their
sum; class weights, temperature and weights of samples mean what they do without. A label, or a probability above 0, of
a class that is left out is refused, and so is a softcap. Such a call copies its logits, a few rows at a time.

The mean divides by the sum of the weights: sample weight x class weight of the label, so that class indices and their
one-hot rows give the same number (PyTorch divides by the number of rows when it is given probabilities). The Hessian
diagonal is exact, p (1 - p); some boosting libraries multiply it by C / (C - 1) or by 2.

PyTorch's and Liger-Kernel's default is ``ignore_index=-100``; a batch of which every row is ignored gives NaN there,
and 0 here. For PyTorch's mean of weighted probabilities pass ``normalizer=`` the number of rows. Its smoothed and
weighted value of a row is the same; its mean divides by the weights of the labels, here by those of the smoothed
target.

z_loss, softcap and temperature are those of language models (PaLM, Gemma 2, distillation); gradient and Hessian are
with respect to the logits as they are given. Liger-Kernel adds its z-loss unweighted. With a target of probabilities
the z-loss is multiplied by the sum of the row's (weighted) target, as the rest is.""",
)

linear_cross_entropy = of_products(
    cross_entropy,
    name="linear_cross_entropy",
    summary="Cross-entropy of a linear layer: of the logits features @ weight.T + bias, which are never held at once.",
    formula="log(sum_c e^x_c) - x_y,  x_c = <weight_c, features> + bias_c",
    source="Wijmans et al. 2024, Cut Your Losses in Large-Vocabulary Language Models, arXiv:2411.09009",
    max_bytes=count(
        None,
        "how much memory the logits of chunks of rows may take; by default a chunk has 512 to 1024 rows, and each "
        "thread has one",
    ),
    notes="""For layers of many classes, as the vocabulary of a language model, where all logits would be larger than
all else. Beside its results it needs the memory of a chunk of logits for each thread, which `max_bytes` bounds, and of
a copy of `weight` where that is of another type, does not lie in one piece, or is where its gradient goes. Fewer than
64 rows are refused: their products would take too long.

`weight` has the shape (C, D), a row for each class, as ``torch.nn.Linear`` has it; of a kernel (D, C) pass
``kernel.T``, of which no copy is made. `bias` has the shape (C,). `y_true` holds class indices (any integer type), in
the shape of `features` without its last axis, or it has that shape and the classes behind it, and holds probabilities.
All options are those of `cross_entropy`. Rows that are left out, by `where`, a weight of 0 or `ignore_index`, are not
multiplied.

NumPy's BLAS makes the products, in float32, or in float64 where some of the arrays have it; features that are halves
are converted chunk by chunk. Where threadpoolctl is installed (the extra `blas`), our threads take a chunk of rows
each, and BLAS is held to one thread during a call; else there is one thread, and BLAS has its own. The results have the
same bits for any `n_threads`, as far as BLAS gives the same for the same product; another `max_bytes` may round sums
otherwise.""",
)

categorical_log_loss = rowwise(
    name="categorical_log_loss",
    summary="Cross-entropy of probabilities: minus the logarithm of the probability that was given to the true class.",
    formula="-log(x_y);  with probabilities  -sum_c y_c log(x_c)",
    source="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
    holds="probs",
    **_of_classes(),
    clip=usually(
        number(
            None,
            Domain("> 0 and < 0.5", 0.0, 0.5, low_open=True, high_open=True),
            "where given, probabilities are clipped to [clip, 1 - clip]; the gradient is 0 where that changes them",
        ),
        1e-3,
    ),
    notes=_SHAPES.format(prediction="y_pred")
    + """

A probability outside [0, 1] is refused; of a row with a class index it is that of its class alone that is looked at.
One above 1 by at most 4 epsilons of its dtype is taken for 1, and where `clip` is given one that is outside by at most
0.01 is clipped as any other. Else probabilities are used as they are: not clipped to an epsilon (a probability of 0 for
the true class gives +inf; Keras clips to 1e-7, scikit-learn to the machine epsilon: `clip` does it) and not made to add
up to 1 (Keras divides by their sum). The gradient is with respect to each probability alone, -y / x. From logits,
`cross_entropy` keeps digits that probabilities next to 1 have lost.

"""
    + _MEAN,
)

nll = rowwise(
    name="nll",
    summary="Negative log-likelihood of log-probabilities: minus that of the true class.",
    formula="-x_y;  with probabilities  -sum_c y_c x_c",
    source="Fisher 1922, doi:10.1098/rsta.1922.0009",
    holds="log_probs",
    **_of_classes(),
    notes=_SHAPES.format(prediction="y_pred")
    + """

A log-probability above 0 is refused, but for 0.01 that may be rounding; of a row with a class index it is that of its
class alone that is looked at. The loss is linear: the gradient is -1 at the true class, the Hessian 0. `cross_entropy`
is this loss of `log_softmax`, in one pass.

"""
    + _MEAN,
)

categorical_focal = rowwise(
    name="categorical_focal",
    summary="Focal loss over the classes of a softmax: cross-entropy whose weight falls where the model is right.",
    formula="(1 - p_y)^gamma (-log p_y),  p = softmax(x);  with probabilities  sum_c y_c (1 - p_c)^gamma (-log p_c)",
    source="Lin et al. 2017, doi:10.1109/ICCV.2017.324",
    link=SOFTMAX,
    ulps={"float64 value": 10, "float64 grad": 10, "float64 hess": 14},  # 9.0, 8.2, 11.0: of a power
    gamma=usually(
        at_least_zero(2.0, "how fast the weight of a class falls with its probability; 0 is cross-entropy", "number"),
        1.7,
    ),
    alpha=class_factors("factor of the loss, one for all classes or one for each; not a weight: no mean divides by it"),
    **_of_classes(),
    notes=_SHAPES.format(prediction="logits")
    + """

Computed from log p, without clipping, for any gamma >= 0. Keras's ``CategoricalFocalCrossentropy`` is this with
``alpha=0.25``, its default, and with probabilities clipped to 1e-7. The multiclass mode of segmentation_models.pytorch
is the mean of C losses of one class against all others: `binary_focal` of the one-hot target. The weight is
differentiated too. The loss is not convex: the Hessian diagonal may be negative.

"""
    + _MEAN,
)

poly1_cross_entropy = rowwise(
    name="poly1_cross_entropy",
    summary="Poly-1: cross-entropy with another coefficient for the first term of its series in 1 - p.",
    formula="-log p_y + epsilon (1 - p_y),  p = softmax(x);  with probabilities  "
    "sum_c y_c (-log p_c + epsilon (1 - p_c))",
    source="Leng et al. 2022, arXiv:2204.12511",
    link=SOFTMAX,
    ulps={"hess": 9},  # 7.92 in float64: 1 + epsilon times the last place of a subnormal exponential
    epsilon=usually(
        number(
            1.0,
            Domain(">= -1 and finite", -1.0, float("inf"), high_open=True),
            "what is added to the coefficient of 1 - p, which is 1 in cross-entropy",
        ),
        2.3,
    ),
    **_of_classes(),
    notes=_SHAPES.format(prediction="logits")
    + """

optax's default is ``epsilon=2``, Rax's 1. optax takes probabilities as targets only.

"""
    + _MEAN,
)

generalized_cross_entropy = rowwise(
    name="generalized_cross_entropy",
    summary="Generalized cross-entropy: bounded, so that wrong labels pull less; between cross-entropy and 1 - p.",
    formula="(1 - p_y^q) / q,  p = softmax(x);  with probabilities  sum_c y_c (1 - p_c^q) / q",
    source="Zhang and Sabuncu 2018, arXiv:1805.07836",
    link=SOFTMAX,
    ulps={"float64 value": 6, "float64 grad": 6, "float64 hess": 8},  # 3.6, 3.7, 6.3: of a power
    q=usually(
        number(
            0.7,
            Domain("> 0 and <= 1", 0.0, 1.0, low_open=True),
            "1: 1 - p_y, half of the absolute error; towards 0: cross-entropy",
        ),
        0.3,
    ),
    **_of_classes(),
    notes=_SHAPES.format(prediction="logits")
    + """

Keras's ``CategoricalGeneralizedCrossEntropy`` takes probabilities, and q = 0.5 by default. The loss is not convex: the
Hessian diagonal may be negative.

"""
    + _MEAN,
)

multiclass_hinge = rowwise(
    name="multiclass_hinge",
    summary="Hinge loss of Crammer and Singer: the best other score has to stay 1 below that of the true class.",
    formula="max(0, 1 + max_{c != y} x_c - x_y)",
    source="Crammer and Singer 2001, https://www.jmlr.org/papers/v2/crammer01a.html",
    target=class_indices,
    **_of_classes(smoothing=False),
    notes=_INDICES.format(prediction="logits")
    + """

As scikit-learn's ``hinge_loss`` and optax's ``multiclass_hinge_loss``. Keras's ``CategoricalHinge`` takes the largest
among the other scores and 0: the same where one of them is not negative. PyTorch's `multi_margin` adds up what every
other class violates. At a kink the
gradient is the midpoint of the subgradient: half at a violation of exactly 0; several best other classes share it
equally. The Hessian diagonal is 0.""",
)

multi_margin = rowwise(
    name="multi_margin",
    summary="Margin loss against every other class, as PyTorch's `multi_margin_loss`.",
    formula="sum_{c != y} max(0, margin + x_c - x_y)^p / C",
    source="Weston and Watkins 1999, https://www.esann.org/proceedings/1999",
    target=class_indices,
    p=number(1.0, Options("1 or 2", 1.0, 2.0, options=(1.0, 2.0)), "the power of each violation"),
    margin=usually(positive(1.0, "by how much the true class has to be ahead", kind="number"), 0.7),
    **_of_classes(smoothing=False),
    notes=_INDICES.format(prediction="logits")
    + """

The sum is divided by the number of classes C, as in PyTorch. Its `weight` is `class_weight`, but there the mean
divides by the number of rows: pass ``normalizer=`` for that. At a kink of p = 1 the gradient is the midpoint of the
subgradient; the second derivative of p = 2 is 0 at a violation of exactly 0.""",
)

multilabel_margin = rowwise(
    name="multilabel_margin",
    summary="Margin loss between classes that apply and classes that do not, as PyTorch's `multilabel_margin_loss`.",
    formula="sum_{j: y_j = 1} sum_{i: y_i = 0} max(0, 1 + x_i - x_j) / C",
    source="Crammer and Singer 2003, https://www.jmlr.org/papers/v3/crammer03b.html",
    target=members,
    notes="""`y_true` has the shape of `logits` and holds 1 for each class that applies, 0 for the others (PyTorch wants
a list of indices that ends with -1). The sum is divided by the number of classes C; a row of which all or no class
applies has loss 0. At a kink the gradient is the midpoint of the subgradient. Sorted: O(C log C), where the double sum
is O(C^2).""",
)

multilabel_soft_margin = rowwise(
    name="multilabel_soft_margin",
    summary="Binary cross-entropy of each class, averaged over them, as PyTorch's `multilabel_soft_margin_loss`.",
    formula="sum_c (y_c log(1 + e^-x_c) + (1 - y_c) log(1 + e^x_c)) / C",
    source="Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x",
    link=SIGMOID,
    target=shares,
    notes="""`y_true` has the shape of `logits`. One loss for each row; `binary_cross_entropy` gives the same mean
from a loss for each element, and with ``sample_weight=`` of shape (1, C) what PyTorch's `weight` does, up to the
denominator.""",
)

sparsemax = rowwise(
    name="sparsemax",
    summary="Loss of sparsemax, the Euclidean projection of the scores onto the probabilities, which gives zeros.",
    formula="-x_y + sum_{c: p_c > 0} (x_c^2 - tau^2) / 2 + 1/2,  p = max(0, x - tau), sum_c p_c = 1",
    source="Martins and Astudillo 2016, arXiv:1602.02068",
    target=class_indices,
    **_of_classes(smoothing=False),
    notes=_INDICES.format(prediction="logits")
    + """

The gradient is p - onehot(y), exactly 0 for classes far below. The Hessian diagonal is 1 - 1/k for the k classes of
positive probability, 0 elsewhere. As optax's ``multiclass_sparsemax_loss`` and ``sparsemax_loss`` of the package
entmax, whose default ``ignore_index=-100`` ignores nothing. Not sorted: some five sweeps over a row, each in O(C).""",
)

entmax15 = rowwise(
    name="entmax15",
    summary="Loss of 1.5-entmax, half way between softmax and sparsemax: sparse, and smooth where it is not 0.",
    formula="sum_c (p_c - [c = y]) x_c + 4/3 (1 - sum_c p_c^1.5),  p = max(0, x / 2 - tau)^2, sum_c p_c = 1",
    source="Peters, Niculae and Martins 2019, doi:10.18653/v1/P19-1146",
    ulps={"float64 value": 6},  # 4.5 where scores are tied: their u are rounded alike, and squared
    target=class_indices,
    **_of_classes(smoothing=False),
    notes=_INDICES.format(prediction="logits")
    + """

The gradient is p - onehot(y), exactly 0 for classes far below. As ``entmax15_loss`` of the package entmax.""",
)

ordinal = rowwise(
    name="ordinal",
    summary='Cumulative logits of an ordered target: binary cross-entropy of each decision "above level k", added up.',
    formula="sum_k ([y > k] log(1 + e^-x_k) + [y <= k] log(1 + e^x_k)),  k from 0 to C - 1",
    source="Frank and Hall 2001, doi:10.1007/3-540-44795-4_13; Rennie and Srebro 2005",
    link=SIGMOID,
    target=levels,
    **_of_classes(smoothing=False),
    notes="""`y_true` holds levels from 0 to C, one more than `logits` has columns, in the shape of `logits` without the
class axis. Column k is the logit of the probability that the target is above level k; with one score f and thresholds
t_k, the proportional odds model, it is f - t_k. The terms are added, not averaged (as CORAL and mord's
``LogisticAT``; allRank's ordinal loss too). The likelihood of McCullagh's model, -log(P(y > k - 1) - P(y > k)), is
another loss: it needs thresholds in order.""",
)
