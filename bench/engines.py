"""Measure the Numba engine: its kernels beside the compiled ones, losses of users, sums, and what a first call costs.

    python bench/engines.py                     everything, about a minute
    python bench/engines.py --case 'ce-*'       some cases; --rounds N, --first-calls alone

One thread, value and gradient, out= given. Ratios of times taken in turn in one run; in brackets the quartiles.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import fastloss as fl
import numpy as np

from compare import Row, machine, print_machine, print_summary
from measure import Spread, interleaved, keep_freed_memory
from workloads import Workload

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


def huber_in_numpy(y_true: Any, y_pred: Any, out: Any) -> Any:
    r = y_pred - y_true
    g = np.clip(r, -1, 2)
    np.divide(g, g.size, out=out)
    return (g * (r - 0.5 * g)).mean(), out


def charbonnier_in_numpy(y_true: Any, y_pred: Any, out: Any) -> Any:
    r = y_pred - y_true
    root = np.sqrt(r * r + np.float32(1e-6))
    np.divide(r / root, r.size, out=out)
    return root.mean(), out


def cauchy_in_numpy(y_true: Any, y_pred: Any, out: Any) -> Any:
    r = y_pred - y_true
    np.divide(r / (1 + r * r), r.size, out=out)
    return (0.5 * np.log1p(r * r)).mean(), out


def prepared(loss: fl.Loss, workload: Workload, engine: str = "compiled") -> Callable[[], Any]:
    problem = workload.problem()
    out = (None, np.empty_like(problem.y_pred))

    def call() -> Any:
        return loss.value_and_grad(problem.y_true, problem.y_pred, out=out, n_threads=1)

    def through_numba() -> Any:
        with fl.engine("numba"):
            return call()

    return through_numba if engine == "numba" else call


def ratio(
    name: str, quantity: str, over: Callable[[], Any], under: Callable[[], Any], bound: float, rounds: int, **how: Any
) -> Row:
    seconds = interleaved({"over": over, "under": under}, rounds)
    return Row(name, 1, quantity, Spread.ratio(seconds["over"], seconds["under"]), bound, **how)


def measure_kernels(name: str, workload: Workload, bound: float, rounds: int) -> Row:
    loss = getattr(fl, workload.loss)
    sides = prepared(loss, workload, "numba"), prepared(loss, workload)
    return ratio(name, "Numba / compiled", *sides, bound, rounds)


def measure_of_users(rounds: int) -> Iterator[tuple[str, Callable[[], Row]]]:
    for dtype in ("float32", "float64"):
        workload = Workload("squared_error", (10**7,), dtype)
        problem = workload.problem()
        out = np.empty_like(problem.y_pred)

        def subtract(problem: Any = problem, out: Any = out) -> Any:
            return np.subtract(problem.y_pred, problem.y_true, out=out)

        for loss in (charbonnier, asymmetric_huber):
            name = f"user-{loss.name}-1e7-{dtype}"

            def of_user(loss=loss, workload=workload, subtract=subtract, name=name) -> Row:
                return ratio(name, "of the user / np.subtract", prepared(loss, workload), subtract, 1.3, rounds)

            yield name, of_user
    for loss, formula in (
        (cauchy, cauchy_in_numpy), (charbonnier, charbonnier_in_numpy), (asymmetric_huber, huber_in_numpy),
    ):  # fmt: skip
        for size in (10**5, 10**7):
            workload = Workload("squared_error", (size,))
            name = f"numpy-{loss.name}-{workload.size}"

            def against_numpy(loss=loss, formula=formula, workload=workload, name=name) -> Row:
                problem = workload.problem()
                out = np.empty_like(problem.y_pred)
                return ratio(
                    name, "NumPy formula / of the user", lambda: formula(problem.y_true, problem.y_pred, out),
                    prepared(loss, workload), 5, rounds, at_most=False,
                )  # fmt: skip

            yield name, against_numpy
    for first, second in ((fl.squared_error, fl.huber), (fl.huber, fl.log_cosh), (fl.pseudo_huber, cauchy)):
        for size in (10**5, 10**7):
            workload = Workload("squared_error", (size,))
            name = f"sum-{first.name}-{second.name}-{workload.size}"

            def of_sum(first=first, second=second, workload=workload, name=name) -> Row:
                total = 0.7 * first + 0.3 * second
                sides = {loss.name: prepared(loss, workload, "numba") for loss in (total, first, second)}
                seconds = interleaved(sides, rounds)
                dearer = max((first.name, second.name), key=lambda side: float(np.median(seconds[side])))
                return Row(name, 1, "sum / the dearer term", Spread.ratio(seconds[total.name], seconds[dearer]), 1.2)

            yield name, of_sum


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
    cases = [
        (name, lambda name=name, workload=workload, bound=bound: measure_kernels(name, workload, bound, options.rounds))
        for name, workload, bound in KERNELS
    ]
    for name, measure in [*cases, *measure_of_users(options.rounds)] if not options.first_calls else []:
        if options.case is None or any(fnmatchcase(name, pattern) for pattern in options.case):
            rows.append(measure())
            print(rows[-1], flush=True)
    if options.case is None:
        for row in measure_first_calls():
            print(row, flush=True)
    print_summary(rows)
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
