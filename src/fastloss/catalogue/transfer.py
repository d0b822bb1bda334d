"""Losses of two domains, or of two models: what one has learned is to serve the other.

Losses of two sets of vectors have their loops in ``kinds/sets.py``.
"""

from typing import Any

from ..rows import Domain, count, fixed, number, numbers_between, of_scores, of_sets, prediction, switch

_SOURCE = prediction("source", "vectors of one domain: the features that a model has of labelled data, say", "ND")
_TARGET = prediction("target", "vectors of another domain, not as many perhaps", "MD")

_NOTES = """`source` has the shape (N, D), `target` (M, D). A sample is such a pair of sets: arrays of the shapes
(..., N, D) and (..., M, D) are several, which `sample_weight`, `where` and ``reduction="none"`` tell apart by the shape
(...). All is computed in float64, for vectors of float32 and halves too; the mean of all vectors is taken off first,
which changes no distance, so that data far from 0 keeps its digits."""

_MEMORY: dict[str, Any] = {"max_bytes": count(None, "how much memory the distances of chunks of vectors may take")}

mmd = of_sets(
    _SOURCE,
    _TARGET,
    name="mmd",
    summary="Maximum mean discrepancy, squared: how much nearer vectors are inside of two sets than between them.",
    formula="mean_(i != j) k(s_i, s_j) + mean_(i != j) k(t_i, t_j) - 2 mean_ij k(s_i, t_j),"
    "  k(x, y) = sum_b e^(-|x - y|^2 / (2 b^2))",
    source="Gretton, Borgwardt, Rasch, Schölkopf and Smola 2012, JMLR 13:723",
    notes=_NOTES
    + """ Distances are computed in chunks of rows: nothing of the shape (N, M) is held.

The estimate is unbiased, so it may be below 0 where both sets have one distribution. With ``biased=True`` a vector is
compared with itself too: the means are over all i and j, and the value is at least 0. A bandwidth is a distance at
which vectors are still alike: the median of all distances is a common choice, and several are a safer one.""",
    bandwidths=numbers_between(1e-75, 1e75, "one number b, or several whose kernels are added up", 1.0),
    biased=switch(False, "whether a vector is compared with itself too"),
    **_MEMORY,
)

coral = of_sets(
    _SOURCE,
    _TARGET,
    name="coral",
    summary="CORAL: how far the covariances of two sets of vectors are from each other.",
    formula="|C(source) - C(target)|^2 / (4 D^2),  C(x) = sum_i (x_i - mean) (x_i - mean)^T / (N - 1)",
    source="Sun and Saenko 2016, arXiv:1607.01719",
    notes=_NOTES
    + """

|.|^2 is the sum of the squares of all D^2 numbers, which are held. Where the means of the sets lie makes no difference:
`mmd` sees it.""",
)

distillation = of_scores(
    fixed("teacher_logits", "scores of the teacher, which are held fixed", "D"),
    prediction("logits", "scores of the student", "D"),
    name="distillation",
    summary="Distillation: how far a student's softened softmax is from its teacher's.",
    formula="T^2 sum_c p_c log(p_c / q_c),  p = softmax(teacher_logits / T),  q = softmax(logits / T)",
    source="Hinton, Vinyals and Dean 2015, arXiv:1503.02531",
    temperature=number(
        2.0,
        Domain(">= 1e-15 and <= 1e15", 1e-15, 1e15),
        "T: both rows of scores are divided by it; T^2 keeps the gradient of one size",
    ),
    notes="""The classes lie along `axis`. The value is 0 where both softmaxes are the same, and keeps its digits
where they nearly are; the gradient is T (q - p). The loss of the paper adds `cross_entropy` of labels, which is another
call. PyTorch's ``kl_div`` of log-softmaxes, "batchmean", times T^2 is this; without T^2, as some write it, it is
``1 / T**2 * fl.distillation``. Of a teacher that gives probabilities the loss is `kl_divergence`.

A score of -infinity is a probability of 0. The value is infinite where the student gives 0 to what the teacher does
not.""",
)
