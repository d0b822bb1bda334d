"""How things are timed: all sides in turn, A B C A B C …, so that a busy moment of the machine hits all sides alike."""

from __future__ import annotations

import ctypes
import gc
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHORTEST_SAMPLE = 1e-3
# The OpenMP threads of torch, scikit-learn and fastloss spin for some milliseconds after a call and would slow whoever
# comes next on the same CPUs; each library brings its own threads.
SETTLE = 0.01


def keep_freed_memory() -> None:
    """Tell glibc to keep what is freed, so that nobody pays for fresh pages from the system in every call.

    Libraries without an out= argument allocate their results anew. Whether glibc hands arrays around its threshold of
    32 MiB back to the system depends on what ran before, and changes their time by a factor of 2 to 4 between two runs.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        m_trim_threshold, m_mmap_max = -1, -4  # malloc.h
        mallopt(m_mmap_max, 0)
        mallopt(m_trim_threshold, 2**31 - 1)


def processor() -> str:
    """The name of the processor, as Linux knows it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def interleaved(calls: Mapping[str, Callable[[], Any]], rounds: int, settle: float = 0.0) -> dict[str, NDArray]:
    """Seconds per call of each side in each round; a sample repeats short calls until it lasts about a millisecond."""
    repeats = {name: _repeats(call) for name, call in calls.items()}
    seconds = {name: np.empty(rounds) for name in calls}
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(rounds):
            for name, call in calls.items():
                if settle:
                    time.sleep(settle)
                if repeats[name] > 1 or settle:
                    call()  # caches, branch predictors and sleeping threads belong to this side again
                seconds[name][turn] = _sample(call, repeats[name])
    finally:
        if collecting:
            gc.enable()
    return seconds


def _repeats(call: Callable[[], Any]) -> int:
    """Warm up, and find how many calls last a millisecond."""
    call()
    number = 1
    while (elapsed := _sample(call, number) * number) < SHORTEST_SAMPLE:
        number = max(2 * number, int(1.2 * number * SHORTEST_SAMPLE / max(elapsed, 1e-7)))
    return number


def _sample(call: Callable[[], Any], number: int) -> float:
    start = time.perf_counter()
    for _ in repeat(None, number):
        call()
    return (time.perf_counter() - start) / number


@dataclass(frozen=True)
class Spread:
    """Median and quartiles over the rounds."""

    median: float
    lower: float
    upper: float

    @classmethod
    def of(cls, samples: NDArray) -> Spread:
        lower, median, upper = np.quantile(samples, (0.25, 0.5, 0.75))
        return cls(float(median), float(lower), float(upper))

    @classmethod
    def ratio(cls, numerator: NDArray, denominator: NDArray) -> Spread:
        """The ratio of two sides, round by round: what disturbs a whole round cancels."""
        return cls.of(numerator / denominator)

    def __str__(self) -> str:
        return f"{self.median:#7.3g}  [{self.lower:#.3g}, {self.upper:#.3g}]"
