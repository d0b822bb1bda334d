"""Metrics with the names and the arguments of scikit-learn, computed by the losses; scikit-learn is not needed.

They take labels of any kind, names too, several outputs, and weights of samples. Everything that is not finite is
refused, and so are weights below 0.
"""

from .checks import UndefinedMetricWarning
from .classes import brier_score_loss, d2_brier_score, d2_log_loss_score, hinge_loss, log_loss
from .regression import (
    d2_absolute_error_score,
    d2_pinball_score,
    d2_tweedie_score,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    mean_squared_log_error,
    mean_tweedie_deviance,
    root_mean_squared_error,
    root_mean_squared_log_error,
)

__all__ = [
    "UndefinedMetricWarning",
    "brier_score_loss",
    "d2_absolute_error_score",
    "d2_brier_score",
    "d2_log_loss_score",
    "d2_pinball_score",
    "d2_tweedie_score",
    "hinge_loss",
    "log_loss",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_gamma_deviance",
    "mean_pinball_loss",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "mean_tweedie_deviance",
    "root_mean_squared_error",
    "root_mean_squared_log_error",
]
