"""Losses that compare what a model makes of two or three things: which is ahead, which are near."""

from ..rows import finite, of_arrays, prediction, signs, target
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
    short = margin - ahead
    missing = where(ahead - ahead == 0, short - tail, short)
    size = where(missing > 0, 1, where(missing < 0, 0, 0.5 + missing))
    right = y_true > 0
    zero = where(missing == missing, 0, missing)
    return (
        where(missing <= 0, 0, missing),
        (where(right, 0 - size, size), where(right, size, 0 - size)),
        (zero, zero, zero),
    )
