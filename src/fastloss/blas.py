"""The threads of the BLAS that NumPy multiplies matrices with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_holding = Lock()
_controller: Any = None
_limits: Any = None  # of who holds it


def _controller_of_blas() -> Any:
    """Return what sets the threads of BLAS, None where threadpoolctl is not installed; it is looked for once."""
    global _controller
    if _controller is None:
        try:
            from threadpoolctl import ThreadpoolController
        except ImportError:
            _controller = False
        else:
            _controller = ThreadpoolController().select(user_api="blas")
    return _controller or None


@contextmanager
def one_thread() -> Iterator[bool]:
    """Hold BLAS to one thread; tell whether it is.

    Its number of threads is the process's, and threadpoolctl lets one thread set it. So the first of several calls
    holds it, and gives it back when it ends, though others may still run: what was set never stays.
    Calls of several threads at once may so have other bits than one alone.
    """
    global _limits
    controller = _controller_of_blas()
    if controller is None:
        yield False
    elif not _holding.acquire(blocking=False):
        yield _is_one(controller)
    else:
        try:
            with controller.limit(limits=1) as _limits:
                yield _is_one(controller)
        finally:
            _limits = None
            _holding.release()


def _is_one(controller: Any) -> bool:
    return all(pool["num_threads"] == 1 for pool in controller.info())


def _after_fork() -> None:
    """Give back in a child what a thread held that it does not have."""
    global _holding, _limits
    _holding = Lock()
    if _limits is not None:
        _limits.restore_original_limits()
        _limits = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
