"""Losses that are compiled when they are called: those that users write. Numba is imported on first use only."""

from ..rows import fraction, positive
from .user import pointwise, rowwise

__all__ = ["fraction", "pointwise", "positive", "rowwise"]
