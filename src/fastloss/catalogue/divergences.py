"""Divergences of a predicted distribution q from a true one y. Their loops are in ``kernels/rows/divergences.pxi``."""

from ..rows import EXP, IDENTITY, SOFTMAX, choice, number, probabilities, rowwise, unit, usually

_GIVEN = choice(
    "logits",
    "log_probs",
    "probs",
    description="what `y_pred` holds: scores whose softmax is q, logarithms of q, or q itself. Gradient and Hessian "
    "are with respect to those numbers",
)
_LINK = {"logits": SOFTMAX, "log_probs": EXP, "probs": IDENTITY}
_NOTES = """`y_true` has the shape of `y_pred` and holds probabilities, each row adding up to 1. Probabilities given
as `y_pred` that are not in [0, 1] (above 1 by at most 4 epsilons of their dtype they are taken for 1), and
log-probabilities above 0 (but for 0.01 that may be rounding), are refused; else they are used as they are: not
clipped, not made to add up to 1. 0 log 0 is 0. One loss for each row: the sum over the classes; the mean is that over
the rows ("batchmean" in PyTorch, whose "mean" divides by the number of elements)."""

kl_divergence = rowwise(
    name="kl_divergence",
    summary="Kullback-Leibler divergence of the prediction q from the target y, KL(y || q).",
    formula="sum_c y_c log(y_c / q_c)",
    source="Kullback and Leibler 1951, doi:10.1214/aoms/1177729694",
    target=probabilities,
    given=_GIVEN,
    link=_LINK,
    notes=_NOTES
    + """

PyTorch's ``kl_div(input, target, reduction="batchmean")`` is this with ``given="log_probs"`` and the arguments the
other way round; for its "mean" pass ``normalizer=`` the number of elements. optax's ``kl_divergence`` is one loss
for each row, as here, but NaN where a log-probability is -infinity and its target 0. Keras takes probabilities
(``given="probs"``) and clips them to 1e-7. The other direction, KL(q || y), is another loss.

The value is that of the formula, to the last digits, and may be a little below 0: a target that was rounded to its
dtype no longer adds up to 1. If it adds up to 1 + d, the least value is d to first order, down to about -1e-7 for a
target in float32.""",
)

js_divergence = rowwise(
    name="js_divergence",
    summary="Jensen-Shannon divergence of target y and prediction q, with the weight beta on the target.",
    formula="beta KL(y || m) + (1 - beta) KL(q || m),  m = beta y + (1 - beta) q",
    source="Lin 1991, doi:10.1109/18.61115",
    target=probabilities,
    beta=usually(number(0.5, unit, "the weight of the target; 0.5 is the symmetric divergence, at most log 2"), 0.3),
    given=_GIVEN,
    link=_LINK,
    notes=_NOTES
    + """

At beta = 0 and 1 the loss is its limit, 0 (Liger-Kernel gives KL(y || q) and KL(q || y) there; the first is
`kl_divergence`). SciPy's ``jensenshannon`` is the root of the loss at beta = 0.5.""",
)

total_variation = rowwise(
    name="total_variation",
    summary="Total variation distance of target y and prediction q: half of the sum of absolute differences.",
    formula="sum_c |y_c - q_c| / 2",
    source="Levin and Peres 2017, Markov Chains and Mixing Times, chapter 4",
    target=probabilities,
    given=_GIVEN,
    link=_LINK,
    notes=_NOTES
    + """

Liger-Kernel's ``LigerTVDLoss`` with "batchmean" is this mean. Where y_c = q_c the derivative of the absolute value
is taken as 0, the midpoint of the subgradient.""",
)
