"""Measure the Numba engine: its kernels beside the compiled ones, losses of users, sums, and what a first call costs.

    python bench/engines.py                     everything, about a minute
    python bench/engines.py --case 'ce-*'       some cases; --rounds N, --first-calls alone

Value and gradient, out= given. Ratios of times taken in turn in one run; in brackets the quartiles.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import fastloss as fl
import numpy as np

from compare import Row, machine, print_machine, print_summary
from competitors import assert_same_result, available_cpus
from measure import SETTLE, Spread, interleaved, keep_freed_memory
from workloads import Workload
from yardsticks import YARDSTICKS

#: How much longer the Numba kernel may take than the compiled one: with an exponential, and without.
WITH_EXPONENTIAL, PLAIN = 2.5, 1.6

KERNELS = [
    *(
        (f"ce-{rows}x{classes}-{dtype}", Workload("cross_entropy", (rows, classes), dtype), WITH_EXPONENTIAL)
        for dtype in ("float32", "float64")
        for rows, classes in ((65536, 3), (65536, 10), (2048, 1000), (256, 8192))
    ),
    *(
        (f"{loss}-{dtype}", Workload(loss, (100_000,), dtype), bound)
        for dtype in ("float32", "float64")
        for loss, bound in (
            ("binary_cross_entropy", WITH_EXPONENTIAL), ("log_cosh", WITH_EXPONENTIAL), ("poisson", WITH_EXPONENTIAL),
            ("squared_error", PLAIN), ("huber", PLAIN), ("pseudo_huber", PLAIN), ("tukey_biweight", PLAIN),
        )
    ),
]  # fmt: skip


@fl.jit.pointwise
def charbonnier(y_true, y_pred, epsilon=1e-3):
    """A loss of a user, without a transcendental function."""
    r = y_pred - y_true
    root = sqrt(r * r + epsilon * epsilon)  # noqa: F821  a word of fastloss
    return root, r / root


@fl.jit.pointwise
def asymmetric_huber(y_true, y_pred, delta=1.0, over=2.0):
    r = y_pred - y_true
    g = clamp(r, -delta, over * delta)  # noqa: F821
    return g * (r - 0.5 * g), g


@fl.jit.pointwise
def cauchy(y_true, y_pred, c=1.0):
    r = (y_pred - y_true) / c
    return 0.5 * c * c * log1p(r * r), c * r / (1 + r * r)  # noqa: F821


def charbonnier_in_numpy(y_true: Any, y_pred: Any, epsilon: float = 1e-3) -> Any:
    r = y_pred - y_true
    root = np.sqrt(r * r + epsilon * epsilon)
    return root.mean(), r / root / r.size


def asymmetric_huber_in_numpy(y_true: Any, y_pred: Any, delta: float = 1.0, over: float = 2.0) -> Any:
    r = y_pred - y_true
    g = np.clip(r, -delta, over * delta)
    return (g * (r - 0.5 * g)).mean(), g / r.size


def cauchy_in_numpy(y_true: Any, y_pred: Any, c: float = 1.0) -> Any:
    r = (y_pred - y_true) / c
    return (0.5 * c * c * np.log1p(r * r)).mean(), c * r / (1 + r * r) / r.size


def prepared(loss: fl.Loss, workload: Workload, engine: str = "compiled", threads: int = 1) -> Callable[[], Any]:
    problem = workload.problem()
    out = (None, np.empty_like(problem.y_pred))

    def call() -> Any:
        return loss.value_and_grad(problem.y_true, problem.y_pred, out=out, n_threads=threads)

    def through_numba() -> Any:
        with fl.engine("numba"):
            return call()

    return through_numba if engine == "numba" else call


@dataclass(frozen=True)
class Measurement:
    """Two sides of a ratio, on some threads."""

    name: str
    quantity: str
    sides: Callable[[int], dict[str, Callable[[], Any]]]  # the first is divided by the dearest of the others
    bound: float | None
    at_most: bool = True
    threads: int = 1

    def row(self, rounds: int) -> Row:
        sides = self.sides(self.threads)
        seconds = interleaved(sides, rounds, settle=SETTLE if self.threads > 1 else 0.0)
        first, *others = sides
        dearest = max(others, key=lambda side: float(np.median(seconds[side])))
        measured = Spread.ratio(seconds[first], seconds[dearest])
        return Row(self.name, self.threads, self.quantity, measured, self.bound, self.at_most)


def of_kernels() -> Iterator[Measurement]:
    for name, workload, bound in KERNELS:
        loss = getattr(fl, workload.loss)

        def sides(threads: int, loss: fl.Loss = loss, workload: Workload = workload) -> Any:
            return {engine: prepared(loss, workload, engine, threads) for engine in ("numba", "compiled")}

        yield Measurement(name, "Numba / compiled", sides, bound)


def of_users() -> Iterator[Measurement]:
    for dtype in ("float32", "float64"):
        workload = Workload("squared_error", (10**7,), dtype)
        for loss in (charbonnier, asymmetric_huber):

            def sides(threads: int, loss: fl.Loss = loss, workload: Workload = workload) -> Any:
                subtract = YARDSTICKS["np.subtract"](workload.problem(), threads)
                return {"of the user": prepared(loss, workload, threads=threads), "np.subtract": subtract}

            for threads in sorted({1, available_cpus()}):
                bound = 1.3 if threads == available_cpus() else None
                quantity = "of the user / np.subtract"
                yield Measurement(f"user-{loss.name}-1e7-{dtype}", quantity, sides, bound, threads=threads)


def against_numpy() -> Iterator[Measurement]:
    formulas = (charbonnier_in_numpy, asymmetric_huber_in_numpy, cauchy_in_numpy)
    for loss, formula in zip((charbonnier, asymmetric_huber, cauchy), formulas, strict=True):
        for size in (10**5, 10**7):
            workload = Workload("squared_error", (size,))

            def sides(threads: int, loss: fl.Loss = loss, formula: Any = formula, workload: Workload = workload) -> Any:
                problem = workload.problem()
                assert_same_result(
                    formula(problem.y_true, problem.y_pred), prepared(loss, workload)(), np.dtype(np.float32)
                )
                return {
                    "NumPy": lambda: formula(problem.y_true, problem.y_pred),
                    "of the user": prepared(loss, workload, threads=threads),
                }

            name, bound = f"numpy-{loss.name}-{workload.size}", 5 if size == 10**7 else None
            threads = available_cpus()
            yield Measurement(name, "NumPy formula / of the user", sides, bound, at_most=False, threads=threads)


def of_sums() -> Iterator[Measurement]:
    # Two losses that compute as long as they wait for memory cost their sum: no bound for the last.
    for engine, first, second, bound in (
        ("compiled", fl.squared_error, fl.huber, 1.4), ("compiled", fl.huber, fl.log_cosh, 1.4),
        ("numba", fl.squared_error, fl.huber, 1.2), ("numba", fl.huber, fl.log_cosh, 1.2),
        ("numba", fl.pseudo_huber, cauchy, None),
    ):  # fmt: skip
        for size in (10**5, 10**7):
            workload = Workload("squared_error", (size,))

            def sides(
                threads: int, engine: str = engine, first: fl.Loss = first, second: fl.Loss = second,
                workload: Workload = workload,
            ) -> Any:  # fmt: skip
                total = 0.7 * first + 0.3 * second
                return {loss.name: prepared(loss, workload, engine, threads) for loss in (total, first, second)}

            name = f"sum-{first.name}-{second.name}-{workload.size}-{engine}"
            yield Measurement(name, "sum / the dearer term", sides, bound)


_FIRST_CALL = """
import sys, time
sys.path.insert(0, sys.argv[1])
import numpy as np
import fastloss as fl
x = np.ones(10, np.float32)
start = time.perf_counter()
import numba
print(time.perf_counter() - start)
import fastloss.jit.elementwise, fastloss.jit.softmax
with fl.engine("numba"):
    calls = {
        "huber": lambda: fl.huber.value_and_grad(x, x),
        "binary_cross_entropy": lambda: fl.binary_cross_entropy.value_and_grad(x, x),
        "cross_entropy": lambda: fl.cross_entropy.value_and_grad(np.zeros(1, int), x[None]),
    }
    for call in calls.values():
        start = time.perf_counter()
        call()
        print(time.perf_counter() - start)
"""


def measure_first_calls() -> Iterator[Row]:
    """What importing Numba and each first call costs, nothing on disk yet and then found there."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o700)
        for state in ("compiled", "found on disk"):
            done = subprocess.run(
                [sys.executable, "-c", _FIRST_CALL, folder], capture_output=True, text=True, check=True,
                env={**os.environ, "FASTLOSS_CACHE_DIR": folder},
            )  # fmt: skip
            names = ("import numba", "huber", "binary_cross_entropy", "cross_entropy")
            for name, seconds in zip(names, map(float, done.stdout.split()), strict=True):
                quantity = "import" if name == "import numba" else f"first call, {state}"
                yield Row(f"first-{name}", 1, quantity, Spread(seconds, seconds, seconds), unit="s")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", metavar="PATTERN", help="a case or a pattern; may be repeated")
    parser.add_argument("--rounds", type=int, default=15, metavar="N")
    parser.add_argument("--first-calls", action="store_true", help="only what the first calls cost")
    options = parser.parse_args()
    keep_freed_memory()
    print_machine(machine())
    rows = []
    for measurement in [*of_kernels(), *of_users(), *against_numpy(), *of_sums()] if not options.first_calls else []:
        if options.case is None or any(fnmatchcase(measurement.name, pattern) for pattern in options.case):
            rows.append(measurement.row(options.rounds))
            print(rows[-1], flush=True)
    if options.case is None:
        for row in measure_first_calls():
            print(row, flush=True)
    print_summary(rows)
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
