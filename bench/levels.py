"""Compare the levels of the CPU on one machine: each loss at v3 beside v4, and PyTorch held to AVX2 beside v3.

    python bench/levels.py              about a minute; without PyTorch its column stays empty

A level is chosen when a library is imported: there is a process for each, and they are asked in turn. One thread,
value and gradient into given memory. `v3 / v4` is the time at v3 divided by that at v4, `torch / v3` says how many
times faster fastloss is at v3. In brackets: the quartiles over the rounds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import numpy as np

from competitors import installed_competitors, limit_cpus
from measure import Spread, interleaved, keep_freed_memory
from workloads import Workload

WORKLOADS = (
    Workload("cross_entropy", (4096, 1000)),
    Workload("cross_entropy", (8192, 100)),
    Workload("cross_entropy", (65536, 10)),
    Workload("cross_entropy", (65536, 10), "float64"),
    Workload("binary_cross_entropy", (10**5,)),
    Workload("binary_focal", (10**5,)),
    Workload("huber", (10**5,)),
)
#: The library and what holds it to a level, by the name of the side.
SIDES = {
    "v4": ("fastloss", {"FASTLOSS_ISA": "v4"}),
    "v3": ("fastloss", {"FASTLOSS_ISA": "v3"}),
    "torch": ("torch", {"FASTLOSS_ISA": "v3", "ATEN_CPU_CAPABILITY": "avx2"}),
}


def answer(library: str) -> None:
    """In a process of one level: prepare each workload, and time it once for each line that is read."""
    limit_cpus(1)
    keep_freed_memory()
    for workload in WORKLOADS:
        call = installed_competitors()[library].prepare(workload.problem(), 1)
        print("ready" if call else "none", flush=True)
        while call and sys.stdin.readline().strip() == "again":
            print(interleaved({library: call}, rounds=1)[library][0], flush=True)


class Side:
    """A process of one level."""

    def __init__(self, library: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--answer", library],
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self) -> bool:
        """Wait for the next workload; whether the library has it."""
        return self._read() == "ready"

    def seconds(self) -> float:
        self._write("again")
        return float(self._read())

    def end(self) -> None:
        self._write("next")

    def _write(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"the process of {self._process.args} ended: is the level one of this CPU's?")
        return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--answer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.answer:
        answer(options.answer)
        return
    sides = {
        name: Side(library, environment)
        for name, (library, environment) in SIDES.items()
        if library in installed_competitors()
    }
    print(f"{'loss':34} {'v3 / v4':>24} {'torch / v3':>24}")
    for workload in WORKLOADS:
        present = [name for name, side in sides.items() if side.begin()]
        seconds = {name: np.empty(options.rounds) for name in present}
        for turn in range(options.rounds):
            for name in present:
                seconds[name][turn] = sides[name].seconds()
        for name in present:
            sides[name].end()
        shown = [
            str(Spread.ratio(seconds[a], seconds[b])) if a in seconds else "-"
            for a, b in (("v3", "v4"), ("torch", "v3"))
        ]
        print(f"{workload.name:34} {shown[0]:>24} {shown[1]:>24}", flush=True)


if __name__ == "__main__":
    main()
