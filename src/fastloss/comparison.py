"""``python -m fastloss bench``: a few losses on this machine, beside the formulas that people write in NumPy."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import fastloss as fl

from .kinds.base import Array

_SECONDS = 0.5  # for each of the three that are compared
_BARS = 40


class Case(NamedTuple):
    """A loss, the arrays that it is measured with, and the same in NumPy: value and gradient of the mean."""

    loss: Any
    arrays: tuple[Array, Array]
    by_numpy: Callable[[Array, Array], tuple[Any, Array]]


class Times(NamedTuple):
    """Seconds of one call: the median."""

    name: str
    numpy: float
    one_thread: float
    all_threads: float


def _squared_error(y: Array, x: Array) -> tuple[Any, Array]:
    r = x - y
    return np.mean(r * r), 2 * r / np.float32(r.size)


def _huber(y: Array, x: Array) -> tuple[Any, Array]:
    r = x - y
    g = np.clip(r, -1, 1)
    return np.mean(g * (r - 0.5 * g)), g / np.float32(r.size)


def _binary_cross_entropy(y: Array, x: Array) -> tuple[Any, Array]:
    e = np.exp(-np.abs(x))
    p = np.where(x > 0, 1, e) / (1 + e)
    return np.mean(np.maximum(x, 0) - x * y + np.log1p(e)), (p - y) / np.float32(x.size)


def _cross_entropy(y: Array, x: Array) -> tuple[Any, Array]:
    shifted = x - x.max(1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(1, keepdims=True)
    rows = np.arange(len(x))
    value = np.mean(np.log(total[:, 0]) - shifted[rows, y])
    e /= total
    e[rows, y] -= 1
    e /= np.float32(len(x))
    return value, e


def cases() -> list[Case]:
    """Return what is measured, in float32."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=2**20).astype(np.float32)
    others = rng.normal(size=2**20).astype(np.float32)
    labels = (others > 0).astype(np.float32)
    logits = rng.normal(scale=2, size=(8192, 128)).astype(np.float32)
    return [
        Case(fl.squared_error, (others, numbers), _squared_error),
        Case(fl.huber, (others, numbers), _huber),
        Case(fl.binary_cross_entropy, (labels, numbers), _binary_cross_entropy),
        Case(fl.cross_entropy, (rng.integers(128, size=8192), logits), _cross_entropy),
    ]


def measure(case: Case, seconds: float = _SECONDS) -> Times:
    """Measure one loss, the three ways in turn so that what disturbs one disturbs all."""
    y_true, y_pred = case.arrays

    def by_threads(n: int) -> Callable[[], Any]:
        return lambda: case.loss.value_and_grad(y_true, y_pred, n_threads=n)

    def in_numpy() -> Any:
        return case.by_numpy(y_true, y_pred)

    ways = (in_numpy, by_threads(1), by_threads(fl.get_num_threads()))
    times: list[list[float]] = [[], [], []]
    values = [way()[0] for way in ways]
    np.testing.assert_allclose(values[1:], values[0], rtol=1e-4)
    end = time.perf_counter() + 3 * seconds
    while time.perf_counter() < end or len(times[0]) < 5:
        for way, found in zip(ways, times, strict=True):
            start = time.perf_counter()
            way()
            found.append(time.perf_counter() - start)
    return Times(case.loss.name, *(median(found) for found in times))


def main(output: Path | None = None, seconds: float = _SECONDS) -> list[Times]:
    """Measure all cases, print them, and draw them where a path says."""
    threads = fl.get_num_threads()
    info = fl.build_info()
    print(f"value and gradient in float32; kernels for {info['isa']}, {threads} thread{'s' * (threads > 1)}")
    print("times of one call in ms, the median; bars: how many times as long NumPy takes\n")
    print(f"{'loss':22} {'NumPy':>8} {'1 thread':>9} {f'{threads} threads':>10}   NumPy / all threads")
    found = []
    all_of_them = cases()
    for k, case in enumerate(all_of_them):
        if sys.stderr.isatty():
            print(f"measuring {k + 1} of {len(all_of_them)}: {case.loss.name} …", end="\r", file=sys.stderr, flush=True)
        times = measure(case, seconds)
        found.append(times)
        ratio = times.numpy / times.all_threads
        bar = "█" * min(round(2 * ratio), _BARS)
        print(
            f"{times.name:22} {1e3 * times.numpy:8.2f} {1e3 * times.one_thread:9.2f} {1e3 * times.all_threads:10.2f}"
            f"   {ratio:5.1f} {bar}"
        )
    if output is not None:
        _draw(found, threads, output)
        print(f"\nwrote {output}")
    return found


def _draw(found: list[Times], threads: int, output: Path) -> None:
    from .pictures import COLOURS, _figure

    figure, [panel] = _figure(1, 1)
    figure.set_size_inches(7, 3.5)
    places = np.arange(len(found))
    ways = (("NumPy", "numpy"), ("fastloss, 1 thread", "one_thread"), (f"fastloss, {threads} threads", "all_threads"))
    for k, (label, name) in enumerate(ways):
        lengths = [1e3 * getattr(times, name) for times in found]
        panel.barh(places + 0.27 * (k - 1), lengths, 0.25, color=COLOURS[k], label=label)
    panel.set_yticks(places, [times.name for times in found])
    panel.invert_yaxis()
    panel.set_xlabel("ms a call: value and gradient, float32")
    panel.legend(fontsize="small")
    figure.savefig(output, dpi=150)
