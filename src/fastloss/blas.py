"""The threads of the BLAS that NumPy multiplies matrices with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

_lock = Lock()
_holders = 0
_limits: Any = None
_controller: Any = None


def can_be_held() -> bool:
    """Tell whether BLAS can be held to one thread: where threadpoolctl is installed."""
    return _controller_of_blas() is not None


def _controller_of_blas() -> Any:
    """Return what sets the threads of BLAS, False where there is none; it is looked for once."""
    global _controller
    if _controller is None:
        try:
            from threadpoolctl import ThreadpoolController
        except ImportError:
            _controller = False
        else:
            _controller = ThreadpoolController()
    return _controller or None


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS to one thread, where that can be done.

    Its number of threads is the process's: the first of several that hold it sets it, the last puts it back.
    """
    global _holders, _limits
    with _lock:
        controller = _controller_of_blas()
        if _holders == 0 and controller is not None:
            _limits = controller.limit(limits=1, user_api="blas")
        _holders += 1
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0 and _limits is not None:
                _limits.restore_original_limits()
                _limits = None
