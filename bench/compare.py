"""Compare fastloss with the limits of the machine and with other libraries: ratios, each measured in one run.

    python bench/compare.py                       a table in about two minutes, with whatever is installed
    python bench/compare.py --targets             every target, long cases and torch.compile included; large arrays
                                                  with the default heap, too
    python bench/compare.py --case 'ce-*x10*'     some cases
    python bench/compare.py --scaling             rows, classes and elements over five orders of magnitude
    python bench/compare.py --catalogue           every loss beside each library that has it; --case chooses some

`fastloss / X` is the time of fastloss divided by that of X (smaller is better), `X / fastloss` says how many times
faster fastloss is than X (larger is better). In brackets: the quartiles over the rounds.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fresh_process
from cases import ALL, CASES, CHOSEN, Case, best_layouts, geometric_mean, of_catalogue, sweep
from competitors import (
    Call,
    Competitor,
    assert_same_result,
    available_cpus,
    installed_competitors,
    limit_cpus,
    missing_competitors,
    prepare_fastloss,
    versions,
)
from measure import SETTLE, Spread, interleaved, keep_freed_memory, processor
from workloads import Problem, Workload
from yardsticks import YARDSTICKS

FORMAT = "fastloss-compare"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "torch.compile", "entmax", "jax")
# NumPy and SciPy run on one thread: most targets do not count a victory over them.
FAST_PEERS = LIBRARIES[2:]
#: Who is asked for every loss of the catalogue: libraries that offer losses.
CATALOGUE_PEERS = ("scipy", "scikit-learn", "torch", "entmax", "jax")
#: Other workloads of fastloss itself that a case is measured against, by what they change of its own.
PLAIN: dict[str, dict[str, Any]] = {
    "plain": {},
    "float32": {"dtype": "float32"},
    "cross_entropy": {"loss": "cross_entropy"},
}
BOUNDED = {"peers": FAST_PEERS, "every library": LIBRARIES}
MIB = 2**20
#: Where the quartiles of one call against itself have to be, or there is no verdict; asked again after so many cases.
QUIET, CASES_BETWEEN_NOISE = (0.9, 1.1), 12
#: Arrays that a default heap takes from the system anew in each call, and pays for their pages.
LARGE = 32 * MIB


@dataclass(frozen=True)
class Row:
    """One line of the table: a ratio (or a quantity with a unit) and what it should be."""

    case: str
    threads: int
    quantity: str
    measured: Spread
    bound: float | None = None
    at_most: bool = True
    unit: str = ""
    steady: bool = True  # whether the machine was, the last time that it was asked

    @property
    def met(self) -> bool | None:
        if self.bound is None or not self.steady:
            return None
        return self.measured.median <= self.bound if self.at_most else self.measured.median >= self.bound

    @property
    def quiet(self) -> bool:
        """Whether this, a call measured against itself, is near 1: else a ratio says nothing about the code."""
        low, high = QUIET
        return low <= self.measured.lower and self.measured.upper <= high

    def __str__(self) -> str:
        target = "" if self.bound is None else f"{'<=' if self.at_most else '>='} {self.bound:.3g}"
        verdict = {None: "withheld" if self.bound and not self.steady else "", True: "met", False: "NOT MET"}[self.met]
        measured = f"{self.measured} {self.unit}".rstrip()
        return f"{self.case:32} {self.threads:2}  {self.quantity:31} {measured:28} {target:8} {verdict}".rstrip()


def measure_case(case: Case, peers: dict[str, Competitor], rounds: int) -> Iterator[Row]:
    """Time fastloss and everything that this case is measured against, in turn, and give the ratios."""
    threads = available_cpus() if case.threads == ALL else case.threads
    problem = case.workload.problem()
    calls: dict[str, Call] = {"fastloss": prepare_fastloss(problem, threads)}
    wanted = case.at_most | case.at_least
    for name in wanted:
        calls |= _baseline(name, case.workload, problem, threads)
    if wanted.keys() & BOUNDED.keys():
        calls |= _peer_calls(problem, threads, peers, calls["fastloss"])
    seconds = interleaved(calls, rounds, settle=SETTLE if threads > 1 else 0.0)

    for name, bound in case.at_most.items():
        sides = [side for side in seconds if side == name or side.startswith(f"{name}:")]
        fastest = min(sides, key=lambda side: float(np.median(seconds[side])))
        measured = Spread.ratio(seconds["fastloss"], seconds[fastest])
        yield Row(case.name, threads, f"fastloss / {name}", measured, bound)
    for name, bound in case.at_least.items():
        for side in peers if name in BOUNDED else [name]:
            if side in seconds:
                measured = Spread.ratio(seconds[side], seconds["fastloss"])
                bounded = side in BOUNDED.get(name, [name])
                yield Row(case.name, threads, f"{side} / fastloss", measured, bound if bounded else None, at_most=False)


def _baseline(name: str, workload: Workload, problem: Problem, threads: int) -> dict[str, Call]:
    """The calls behind one name of `Case.at_most` or `Case.at_least`."""
    if name in BOUNDED:
        return {}
    if name in YARDSTICKS:
        return {name: YARDSTICKS[name](problem, threads)}
    if name == "one thread":
        return {name: prepare_fastloss(problem, 1)}
    if name in PLAIN:
        other = replace(workload, variation="", **PLAIN[name])
        return {name: prepare_fastloss(other.problem(), threads)}
    if name == "best layout":
        return {f"{name}:{other.name}": prepare_fastloss(other.problem(), threads) for other in best_layouts(workload)}
    raise ValueError(f"nothing is called {name!r}")


def _peer_calls(problem: Problem, threads: int, peers: dict[str, Competitor], fastloss: Call) -> dict[str, Call]:
    calls = {}
    for name, peer in peers.items():
        try:
            call = peer.prepare(problem, threads)
            result = None if call is None else call()
        except (ImportError, RuntimeError) as error:  # as torch.compile without a C++ compiler
            print(f"{name} is left out: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        if call is not None and result is not None:
            assert_same_result(result, fastloss(), problem.y_pred.dtype)
            calls[name] = call
    return calls


def measure_noise(rounds: int) -> Iterator[Row]:
    """The same call on both sides: how far a ratio strays here for no reason."""
    problem = Workload("squared_error", (10**6,)).problem()
    for threads in sorted({1, available_cpus()}):
        first, second = (YARDSTICKS["np.exp"](problem, threads) for _ in range(2))
        seconds = interleaved({"first": first, "second": second}, rounds, settle=SETTLE if threads > 1 else 0.0)
        yield Row("noise", threads, "np.exp / np.exp", Spread.ratio(seconds["first"], seconds["second"]))


def measure_heap(rounds: int) -> Iterator[Row]:
    """Memory beyond inputs and outputs: a little for each thread and class, none for each sample and class."""
    threads = available_cpus()
    workloads = (
        ("heap-ce-2048x8192", "cross_entropy", (2048, 8192), "float32", -1, 8192),
        ("heap-ce-2048x8192-float16", "cross_entropy", (2048, 8192), "float16", -1, 8192),
        ("heap-ce-8192x2048-axis0", "cross_entropy", (8192, 2048), "float32", 0, 8192),
        ("heap-ce-1000000x10", "cross_entropy", (1_000_000, 10), "float32", -1, 10),
        ("heap-squared-1e7", "squared_error", (10_000_000,), "float32", -1, 1),
    )
    for name, loss, shape, dtype, axis, classes in workloads:
        peaks = [fresh_process.peak_bytes(loss, shape, dtype, axis, threads) for _ in range(min(rounds, 3))]
        known = [peak / MIB for peak in peaks if peak is not None]
        if known:
            # Two doubles for each thread and class, and a MiB for the allocator, the stacks and the sums of blocks.
            bound = 1 + 16 * threads * classes / MIB
            yield Row(name, threads, "beyond the outputs", Spread.of(np.array(known)), bound, unit="MiB")


def measure_import(rounds: int) -> Iterator[Row]:
    """The price of `import fastloss` for who has imported NumPy."""
    measured = Spread.of(1000 * fresh_process.import_seconds(rounds))
    yield Row("import", 1, "beyond import numpy", measured, 30.0, unit="ms")


def measure_means(rows: list[Row]) -> Iterator[Row]:
    """The geometric mean, over the cases, of the advantage over the fastest peer of each."""
    fastest: dict[str, Spread] = {}
    for row in rows:
        name, _, subject = row.quantity.partition(" / ")
        if subject == "fastloss" and name in FAST_PEERS and row.steady:
            known = fastest.get(row.case, row.measured)
            fastest[row.case] = min(known, row.measured, key=lambda spread: spread.median)
    if len(fastest) > 1:
        spreads = fastest.values()
        mean = Spread(*(geometric_mean([getattr(s, at) for s in spreads]) for at in ("median", "lower", "upper")))
        yield Row(
            f"geometric mean of {len(fastest)} cases", available_cpus(), "fastest peer / fastloss", mean, 4.0, False
        )


def measure_targets(cases: list[Case], everything: bool, rounds: int) -> Iterator[Row]:
    """All rows of the table, in its order, as they become known."""
    peers = {
        name: peer
        for name, peer in installed_competitors().items()
        if name != "fastloss" and (everything or name != "torch.compile")
    }
    rows: list[Row] = []
    steady: dict[int, bool] = {}  # by the number of threads
    for count, case in enumerate(cases):
        if case.threads > available_cpus():
            print(f"{case.name} is left out: it needs {case.threads} CPUs", file=sys.stderr)
            continue
        if count % CASES_BETWEEN_NOISE == 0:
            noise = list(measure_noise(rounds))
            steady = {row.threads: row.quiet for row in noise}
            yield from noise
        for row in measure_case(case, peers, rounds):
            rows.append(replace(row, steady=steady.get(row.threads, True)))
            yield rows[-1]
    yield from measure_means(rows)


def measure_scaling(rounds: int) -> Iterator[dict[str, Any]]:
    """Nanoseconds per element of fastloss, the limits and two peers, for every workload of the sweep."""
    threads = available_cpus()
    peers = {name: peer for name, peer in installed_competitors().items() if name in ("numpy", "torch")}
    for workload in sweep():
        problem = workload.problem()
        calls: dict[str, Call] = {"fastloss, one thread": prepare_fastloss(problem, 1)}
        if threads > 1:
            calls["fastloss"] = prepare_fastloss(problem, threads)
        calls["np.exp, one thread"] = YARDSTICKS["np.exp"](problem, 1)
        calls["memcpy"] = YARDSTICKS["memcpy"](problem, threads)
        calls |= _peer_calls(problem, threads, peers, calls["fastloss, one thread"])
        seconds = interleaved(calls, rounds, settle=SETTLE if threads > 1 else 0.0)
        yield {
            "loss": workload.loss,
            "shape": list(workload.shape),
            "elements": workload.elements,
            "threads": threads,
            "ns_per_element": {side: asdict(_per_element(taken, workload)) for side, taken in seconds.items()},
        }


def measure_catalogue(patterns: list[str] | None, rounds: int) -> Iterator[dict[str, Any]]:
    """Every loss: its time over that of a copy, and the time of each library that has it over its own."""
    peers = {name: peer for name, peer in installed_competitors().items() if name in CATALOGUE_PEERS}
    for case in chosen(of_catalogue(), patterns):
        rows = list(measure_case(case, peers, rounds))
        over = {row.quantity.partition(" / ")[0]: row.measured for row in rows[1:]}
        fastest = min(over, key=lambda name: over[name].median, default=None)
        yield {
            "loss": case.name,
            "size": case.workload.size,
            "threads": rows[0].threads,
            "over_memcpy": asdict(rows[0].measured),
            "peers_over_fastloss": {name: asdict(spread) for name, spread in over.items()},
            "fastest": fastest,
        }


def print_entry_of_catalogue(entry: dict[str, Any]) -> None:
    over = entry["peers_over_fastloss"]
    sides = "".join(f"{over[name]['median']:14.2f}" if name in over else f"{'-':>14}" for name in CATALOGUE_PEERS)
    fastest = f"{over[entry['fastest']]['median']:#.3g} ({entry['fastest']})" if over else "nobody else has it"
    print(f"{entry['loss']:28}{entry['over_memcpy']['median']:10.2f}{sides}   {fastest}", flush=True)


def _per_element(seconds: NDArray, workload: Workload) -> Spread:
    return Spread.of(seconds * (1e9 / workload.elements))


def machine() -> dict[str, Any]:
    """What a reader must know about where the numbers come from."""
    import fastloss as fl

    return {
        "date": f"{datetime.date.today()}",
        "platform": platform.platform(),
        "processor": processor(),
        "cpus": available_cpus(),
        "load_average": list(os.getloadavg()) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "libraries": versions(),
        "fastloss": fl.build_info(),
    }


def print_machine(facts: dict[str, Any]) -> None:
    build = facts["fastloss"]
    print(f"{facts['processor']}, {facts['cpus']} CPUs; fastloss {build['version']} ({build['isa']})")
    print(", ".join(f"{name} {version}" for name, version in facts["libraries"].items() if name != "fastloss"))
    if missing := missing_competitors():
        print(f"not installed, so left out: {', '.join(missing)}")
    if facts["load_average"] and facts["load_average"][0] > 0.3:
        print(f"NOT IDLE: {facts['load_average'][0]:.1f} processes ran in the last minute; the ratios are noisy")
    print()


def select_cases(patterns: list[str] | None, everything: bool) -> list[Case]:
    """The cases of the default table, those of all targets, or those that match a pattern."""
    if patterns is None:
        return list(CASES) if everything else [case for case in CHOSEN if not case.long]
    return chosen(CASES, patterns)


def chosen(cases: Iterable[Case], patterns: list[str] | None) -> list[Case]:
    """The cases that match a pattern, all of them where none is given."""
    matching = [case for case in cases if patterns is None or any(fnmatchcase(case.name, p) for p in patterns)]
    if not matching:
        raise SystemExit(f"no case matches {', '.join(patterns or [])}; --list shows them")
    return matching


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--targets", action="store_true", help="measure every target; exit code 1 when one is not met")
    what.add_argument("--scaling", action="store_true", help="measure nanoseconds per element over sizes")
    what.add_argument("--catalogue", action="store_true", help="measure every loss beside each library that has it")
    what.add_argument("--list", action="store_true", help="list the cases")
    parser.add_argument(
        "--case", action="append", metavar="NAME", help="a case, or a pattern as 'ce-*'; may be repeated"
    )
    parser.add_argument(
        "--threads", type=int, metavar="N", help="keep the whole process on N CPUs (default: all of them)"
    )
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="rounds of each case (default: 15)")
    parser.add_argument("--fresh-pages", action="store_true", help="let the allocator give memory back between calls")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results for report.py")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    if options.list:
        print("\n".join(case.name for case in CASES))
        return 0
    if options.threads is not None:
        limit_cpus(options.threads)
    if not options.fresh_pages:
        keep_freed_memory()
    facts = machine()
    print_machine(facts)
    results: dict[str, Any] = {
        "format": FORMAT,
        "machine": facts,
        "rounds": options.rounds,
        "fresh_pages": options.fresh_pages,
    }
    rows: list[Row] = []
    missed_again = False
    if options.scaling:
        results["scaling"] = []
        for entry in measure_scaling(options.rounds):
            results["scaling"].append(entry)
            print_scaling(entry)
    elif options.catalogue:
        results["catalogue"] = []
        heads = "".join(f"{name:>14}" for name in CATALOGUE_PEERS)
        print(f"{'':28}{'fastloss /':>10}{'/ fastloss:':>14}\n{'loss':28}{'memcpy':>10}{heads}   fastest")
        for entry in measure_catalogue(options.case, options.rounds):
            results["catalogue"].append(entry)
            print_entry_of_catalogue(entry)
    else:
        cases = select_cases(options.case, options.targets)
        for row in all_rows(cases, options):
            rows.append(row)
            print(row, flush=True)
        if options.targets and not options.fresh_pages:
            print("\nThe large arrays again, in a process whose heap gives memory back between calls:", flush=True)
            large = [f"--case={case.name}" for case in cases if case.workload.bytes >= LARGE]
            again = [sys.executable, __file__, "--targets", "--fresh-pages", f"--rounds={options.rounds}", *large]
            missed_again = bool(large) and subprocess.run(again, check=False).returncode != 0
        results["rows"] = [asdict(row) | {"met": row.met} for row in rows]
        print_summary(rows)
    if options.json is not None:
        options.json.write_text(json.dumps(results, indent=1))
    missed = missed_again or any(row.met is False for row in rows)
    return int(options.targets and missed)


def all_rows(cases: list[Case], options: argparse.Namespace) -> Iterator[Row]:
    yield from measure_targets(cases, options.targets, options.rounds)
    if options.case is None:
        yield from measure_heap(options.rounds)
        yield from measure_import(options.rounds)


def print_summary(rows: list[Row]) -> None:
    judged = [row for row in rows if row.met is not None]
    if judged:
        print(f"\n{sum(row.met is True for row in judged)} of {len(judged)} targets met")
    withheld = sum(not row.steady and row.bound is not None for row in rows)
    if withheld:
        print(f"{withheld} verdicts withheld: the machine was not quiet")


def print_scaling(entry: dict[str, Any]) -> None:
    size = Workload(entry["loss"], tuple(entry["shape"])).name
    sides = "   ".join(f"{side} {spread['median']:#.3g}" for side, spread in entry["ns_per_element"].items())
    print(f"{size:32} ns per element:  {sides}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
