"""The limits of the machine: NumPy calls on the same arrays, cut into slices for as many threads as the loss gets."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from competitors import Call
from workloads import Problem

# Handing a slice to another thread costs some 30 microseconds: below this the one call is the faster yardstick.
SMALLEST_SLICE = 100_000


def prepare_exp(problem: Problem, n_threads: int) -> Call:
    """np.exp of the predictions: the limit of what is computed in the cache."""
    # out= by name, as fastloss takes it: by place it would be a third faster on 32x10, where the call is all there is.
    return _in_slices(
        lambda y_pred, out: partial(np.exp, y_pred, out=out), n_threads, problem.y_pred, np.empty_like(problem.y_pred)
    )


def prepare_memcpy(problem: Problem, n_threads: int) -> Call:
    """A copy of the predictions, one read and one write: the limit of a pass over data larger than the cache."""
    return _in_slices(
        lambda y_pred, out: partial(np.copyto, out, y_pred), n_threads, problem.y_pred, np.empty_like(problem.y_pred)
    )


def prepare_subtract(problem: Problem, n_threads: int) -> Call:
    """np.subtract of predictions and targets, two reads and one write: the limit of an element-wise loss."""
    return _in_slices(
        lambda y_pred, y_true, out: partial(np.subtract, y_pred, y_true, out=out),
        n_threads,
        problem.y_pred,
        problem.y_true,
        np.empty_like(problem.y_pred),
    )


YARDSTICKS: dict[str, Callable[[Problem, int], Call]] = {
    "np.exp": prepare_exp,
    "memcpy": prepare_memcpy,
    "np.subtract": prepare_subtract,
}


def _in_slices(call_on: Callable[..., Call], n_threads: int, *arrays: NDArray) -> Call:
    """One NumPy call on a slice of the arrays per thread; NumPy lets go of the GIL in each."""
    flat = [array.reshape(-1, order="A") for array in arrays]
    if not all(np.may_share_memory(view, array) for view, array in zip(flat, arrays, strict=True)):
        raise ValueError("a yardstick needs arrays without gaps")
    n_slices = max(1, min(n_threads, flat[0].size // SMALLEST_SLICE))
    bounds = np.linspace(0, flat[0].size, n_slices + 1).astype(int)
    parts = [call_on(*(array[start:stop] for array in flat)) for start, stop in pairwise(bounds)]
    mine, others = parts[0], parts[1:]
    if not others:
        return mine
    pool = _pool(len(others))

    def call() -> None:
        waiting = [pool.submit(part) for part in others]
        mine()
        wait(waiting)

    return call


@cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads)
