"""What a call runs on: the kernels of one ISA level, and how many threads."""

from __future__ import annotations

import importlib
import math
import operator
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from threading import Lock, RLock
from typing import Any

import numpy as np

from . import _cpu
from .scalars import shown

_MAX_THREADS = 2**31 - 1


#: The compiled modules of a level: what all calls share, and one for each kind of losses.
MODULES = ("frame", "points", "rows", "vectors", "regions", "sequences", "groups")


class _Kernels:
    """The compiled modules of one ISA level, loaded on first use; of the frame that is as the package is imported."""

    def __init__(self, level: str) -> None:
        self._level = level
        self._loading = RLock()
        if hasattr(os, "register_at_fork"):
            # No thread is inside of an import when a process forks: the child would wait for it for ever.
            os.register_at_fork(before=self._wait, after_in_parent=self._go_on, after_in_child=self._begin_anew)

    def __getattr__(self, name: str) -> Any:
        if name not in MODULES:
            raise AttributeError(f"there are no kernels of {name!r}")
        with self._loading:
            if name != "frame":
                self.frame.check_stack()
            module = importlib.import_module(f"._{name}_{self._level}", __package__)
            setattr(self, name, module)
        return module

    def _wait(self) -> None:
        self._loading.acquire()

    def _go_on(self) -> None:
        self._loading.release()

    def _begin_anew(self) -> None:
        self._loading = RLock()


def _choose_level() -> str:
    levels = _cpu.isa_levels()
    if not levels:
        raise ImportError("fastloss needs an x86-64 CPU with SSE4.2 (level x86-64-v2)")
    level = os.environ.get("FASTLOSS_ISA") or levels[0]
    if level not in levels:
        raise ImportError(f"FASTLOSS_ISA={level} is not a level that this CPU and this build have: {', '.join(levels)}")
    return level


kernels = _Kernels(_choose_level())

#: Below this many elements a call takes less than about 50 µs on one thread: waking others would cost more than
#: it saves.
SERIAL_BELOW: int = kernels.frame.SHARED["SERIAL_BELOW"]


def checked_threads(name: str, value: Any) -> int:
    """Return a number of threads given by the user as an int, or raise."""
    if isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be an int >= 1, not {shown(value)}")
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int >= 1, not {shown(value)}") from None
    if not 1 <= number <= _MAX_THREADS:
        raise ValueError(f"{name} = {shown(number)} is not in [1, {_MAX_THREADS}]")
    return number


ENGINES = ("compiled", "numba")


def _checked_engine(name: Any) -> str:
    """Return the name of an engine, or raise."""
    if name not in ENGINES:
        raise ValueError(f"{shown(name)} is not an engine; there are {' and '.join(map(repr, ENGINES))}")
    if name == "numba" and find_spec("numba") is None:
        raise ImportError("the engine 'numba' needs Numba: python -m pip install 'numba>=0.61'")
    return str(name)


def _environment_engine() -> str:
    name = os.environ.get("FASTLOSS_ENGINE") or ENGINES[0]
    try:
        return _checked_engine(name)
    except ValueError as error:
        raise ImportError(f"FASTLOSS_ENGINE: {error}") from None


_process_engine = _environment_engine()
_context_engine: ContextVar[str | None] = ContextVar("fastloss_engine", default=None)
_engine_lock = Lock()
_engines_asked_for = 0


def _hear_of_engines(more: int) -> None:
    """Close the short way of plain calls while anybody, in any thread, is inside `engine`: it does not look."""
    global _engines_asked_for
    with _engine_lock:
        _engines_asked_for += more
        kernels.frame.set_short_way(_engines_asked_for <= 0 and _process_engine == "compiled")


_hear_of_engines(0)


def current_engine() -> str:
    """Return the engine that a call made here runs on."""
    return _context_engine.get() or _process_engine


@contextmanager
def engine(name: str) -> Iterator[None]:
    """Run the losses inside a ``with`` block on another engine, in this thread or task only.

    Both engines compile the same formulas, and results agree to a few units in the last place. The engine "numba"
    compiles a loss on its first call, so it is of use to compare the two; a loss of your own (`fastloss.jit`) needs no
    choice of engine.

    Parameters
    ----------
    name : {"compiled", "numba"}
        The kernels that were built with the package, or those that Numba compiles here. ``FASTLOSS_ENGINE`` names the
        one that a process begins with.

    Raises
    ------
    ImportError
        If Numba is not installed.

    Examples
    --------
    >>> import fastloss as fl
    >>> with fl.engine("numba"):
    ...     fl.huber([0.0, 1.0], [3.0, 1.5])
    1.3125
    """
    token = _context_engine.set(_checked_engine(name))
    _hear_of_engines(+1)
    try:
        yield
    finally:
        _hear_of_engines(-1)
        _context_engine.reset(token)


def _environment_threads() -> int | None:
    text = os.environ.get("FASTLOSS_NUM_THREADS")
    if not text:
        return None
    try:
        return checked_threads("FASTLOSS_NUM_THREADS", int(text))
    except ValueError as error:
        raise ImportError(f"FASTLOSS_NUM_THREADS={text!r} is not a number of threads: an int >= 1") from error


_threads_at_import = _environment_threads()
_process_threads = _threads_at_import
_context_threads: ContextVar[int | None] = ContextVar("fastloss_num_threads", default=None)
_available: int | None = None
_forked = False


def _after_fork() -> None:
    # A child of a process whose OpenMP pool has started hangs for ever when it opens a parallel region itself.
    global _forked, _engine_lock, _engines_asked_for
    _forked = True
    # Of the threads of the parent this one is left: another may have held the lock, or been inside `engine`.
    _engine_lock, _engines_asked_for = Lock(), 0
    _hear_of_engines(_context_engine.get() is not None)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _cgroup_quota() -> float:
    """CPUs that the control group of this process may use; infinity where nothing limits it."""
    from pathlib import Path  # a tenth of the time that the package takes to import

    quota = math.inf
    try:
        for line in Path("/proc/self/cgroup").read_text("ascii").splitlines():
            _, controllers, group = line.split(":", 2)
            if controllers == "":  # version 2: the limit may be set on any ancestor
                folder = Path("/sys/fs/cgroup") / group.lstrip("/")
                for place in (folder, *folder.parents):
                    if (place / "cpu.max").is_file():
                        limit, period = (place / "cpu.max").read_text("ascii").split()[:2]
                        if limit != "max":
                            quota = min(quota, int(limit) / int(period))
            elif "cpu" in controllers.split(","):
                folder = Path("/sys/fs/cgroup/cpu") / group.lstrip("/")
                folder = folder if folder.is_dir() else Path("/sys/fs/cgroup/cpu")
                limit = (folder / "cpu.cfs_quota_us").read_text("ascii")
                if int(limit) > 0:
                    quota = min(quota, int(limit) / int((folder / "cpu.cfs_period_us").read_text("ascii")))
    except (OSError, ValueError):  # no control groups here, or not of a form known to us: no limit known
        pass
    return quota


def _default_threads() -> int:
    global _available
    if _available is None:
        _available = max(1, math.floor(min(_cgroup_quota(), os.cpu_count() or 1)))
    threads: int = min(_available, kernels.frame.openmp_threads())
    if hasattr(os, "sched_getaffinity"):
        threads = min(threads, len(os.sched_getaffinity(0)))
    return max(1, threads)


def set_num_threads(n: int | None) -> None:
    """Set how many threads a call may use, for the whole process.

    Parameters
    ----------
    n : int or None
        At least 1. None goes back to the default: ``FASTLOSS_NUM_THREADS`` as it was at import, else what OpenMP would
        use (``OMP_NUM_THREADS``, threadpoolctl), at most the CPUs that this process may use (affinity and cgroup
        quota).

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.set_num_threads(1)
    >>> fl.get_num_threads()
    1
    >>> fl.set_num_threads(None)
    """
    global _process_threads
    _process_threads = _threads_at_import if n is None else checked_threads("n", n)


def get_num_threads() -> int:
    """Return how many threads a large call uses when it is not told ``n_threads``.

    Returns
    -------
    int
        At least 1.

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.get_num_threads() >= 1
    True
    """
    return _context_threads.get() or _process_threads or _default_threads()


@contextmanager
def num_threads(n: int) -> Iterator[None]:
    """Limit the threads of the calls inside a ``with`` block, in this thread or task only.

    Parameters
    ----------
    n : int
        At least 1.

    Examples
    --------
    >>> import fastloss as fl
    >>> with fl.num_threads(1):
    ...     fl.get_num_threads()
    1
    """
    token = _context_threads.set(checked_threads("n", n))
    try:
        yield
    finally:
        _context_threads.reset(token)


def threads_for(n_threads: int | None, elements: int) -> int:
    """Return how many threads a call over so many elements runs on."""
    if _forked:
        return 1
    if n_threads is not None:
        return n_threads
    if elements < SERIAL_BELOW:
        return 1
    return get_num_threads()


def build_info() -> dict[str, Any]:
    """Return how fastloss was built and what it runs on here.

    Returns
    -------
    dict
        ``version``, ``isa`` (the level in use), ``isa_available``, ``compiler``, ``compile_flags``, ``openmp`` (False:
        every call runs on one thread), ``threads``, ``python``, ``numpy``.

    Examples
    --------
    >>> import fastloss as fl
    >>> sorted(fl.build_info())
    ['compile_flags', 'compiler', 'isa', 'isa_available', 'numpy', 'openmp', 'python', 'threads', 'version']
    """
    from . import __version__

    return {
        "version": __version__,
        **kernels.frame.build(),
        "isa_available": _cpu.isa_levels(),
        "threads": get_num_threads(),
        "python": platform.python_version(),
        "numpy": np.__version__,
    }
