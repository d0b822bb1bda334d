"""What a call costs where other processes want the CPUs: the default number of threads beside one thread.

    python bench/busy.py                    2 busy processes for each CPU
    python bench/busy.py --processes 0      none: the machine should be idle

A call on several threads ends with its last one. On a busy machine that one may wait milliseconds for its turn, so
fastloss falls back to one thread while it sees such waits (``kernels/blocks/deal.h``). The aim, beside one thread: at
most 1.2 in the median with 2 busy processes for each CPU.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import fastloss as fl
import numpy as np

from competitors import available_cpus
from measure import Spread

Call = Callable[[int | None], object]
SLICE = 0.05  # seconds of one side, then the other's turn: longer than a turn of the system's scheduler


def calls() -> Iterator[tuple[str, Call]]:
    """Yield calls that take a number of threads; those of one thread last from 0.1 ms to 10 ms."""
    random = np.random.default_rng(1)
    for rows, classes in ((65536, 10), (2048, 1000)):
        labels = random.integers(0, classes, rows)
        logits = random.normal(size=(rows, classes)).astype(np.float32)
        yield f"cross_entropy {rows} x {classes}", _call(fl.cross_entropy, labels, logits)
    for size in (10**5, 10**6, 10**7):
        y_pred = random.normal(size=size).astype(np.float32)
        yield (
            f"binary_cross_entropy {size:.0e}",
            _call(fl.binary_cross_entropy, (y_pred > 0).astype(np.float32), y_pred),
        )
        yield f"squared_error {size:.0e}", _call(fl.squared_error, y_pred[::-1].copy(), y_pred)


def _call(loss: fl.Loss, y_true: np.ndarray, y_pred: np.ndarray) -> Call:
    gradient = np.empty_like(y_pred)
    return lambda n_threads: loss.value_and_grad(y_true, y_pred, out=(None, gradient), n_threads=n_threads)


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """Keep so many processes computing."""
    others = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _ in range(count)]
    try:
        time.sleep(0.5)
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def measure(call: Call, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the seconds of each call on one thread, and on as many as it likes, in turns of 50 ms."""
    taken: dict[int | None, list[float]] = {1: [], None: []}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for n_threads, times in taken.items():
            turn = time.perf_counter() + SLICE
            while (start := time.perf_counter()) < turn:
                call(n_threads)
                times.append(time.perf_counter() - start)
    return np.array(taken[1]), np.array(taken[None])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--processes", type=int, default=2 * available_cpus(), help="how many (default: 2 for each CPU)"
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="of each case")
    options = parser.parse_args()
    print(f"{options.processes} busy processes on {available_cpus()} CPUs; milliseconds of a call, median [quartiles]")
    print(f"{'':30}{'one thread':>27}{'default':>27}  {'median':>7} {'mean':>7}")
    with busy_processes(options.processes):
        for name, call in calls():
            one, default = measure(call, options.seconds)
            sides = f"{Spread.of(1e3 * one)!s:>27}{Spread.of(1e3 * default)!s:>27}"
            median, mean = np.median(default) / np.median(one), default.mean() / one.mean()
            print(f"{name:30}{sides}  {median:7.2f} {mean:7.2f}")


if __name__ == "__main__":
    main()
