"""Losses of a prediction of a real number; r = y_pred - y_true."""

from .declare import pointwise, positive, real
from .vocabulary import clamp, where


@pointwise(target=real, formula="r^2", source="Legendre 1805; Gauss 1809")
def squared_error(y_true, y_pred):
    """Squared error.

    Not halved: `half_squared_error` is the other convention (scikit-learn's ``HalfSquaredError``, optax's ``l2_loss``).
    """
    r = y_pred - y_true
    return r * r, 2 * r, 2


@pointwise(target=real, formula="r^2 / 2", source="Legendre 1805; Gauss 1809")
def half_squared_error(y_true, y_pred):
    """Half of the squared error: its gradient is the residual itself."""
    r = y_pred - y_true
    return 0.5 * r * r, r, 1


@pointwise(target=real, formula="|r|", source="Boscovich 1757; Laplace 1793")
def absolute_error(y_true, y_pred):
    """Absolute error.

    At r = 0 the gradient is 0, the midpoint of the subgradient [-1, 1]. The Hessian diagonal is 0 everywhere.
    """
    r = y_pred - y_true
    return abs(r), where(r > 0, 1, where(r < 0, -1, r)), where(r == r, 0, r)


@pointwise(
    target=real,
    delta=positive(1.0, "where the loss turns from quadratic to linear"),
    formula="r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2)",
    source="Huber 1964, doi:10.1214/aoms/1177703732",
)
def huber(y_true, y_pred, delta):
    """Huber's loss: quadratic near 0, linear in the tails.

    As in Keras, optax and scikit-learn. PyTorch's ``smooth_l1_loss(beta)`` is this loss with delta = beta, over beta.
    At |r| = delta the second derivative jumps from 1 to 0; the Hessian there is 1.
    """
    r = y_pred - y_true
    g = clamp(r, -delta, delta)  # both branches are g (r - g/2), and g is the gradient
    half = 0.5 * y_pred - 0.5 * y_true  # r itself may be too large for a float where the loss is not
    return 2 * (g * (half - 0.25 * g)), g, where(abs(r) <= delta, 1, 0 * g)
