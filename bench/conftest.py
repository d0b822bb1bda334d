"""Options of the benchmarks, and what is written beside their results."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from competitors import available_cpus, limit_cpus, missing_competitors, versions
from measure import keep_freed_memory


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fastloss benchmarks")
    group.addoption("--quick", action="store_true", help="only arrays of at most 1e5 elements")
    group.addoption("--cpus", type=int, metavar="N", help="keep the whole process on N CPUs (default: all of them)")


def pytest_configure(config: pytest.Config) -> None:
    if (cpus := config.getoption("--cpus")) is not None:
        limit_cpus(cpus)
    keep_freed_memory()


def pytest_report_header() -> list[str]:
    missing = missing_competitors()
    left_out = f"; not installed, so left out: {', '.join(missing)}" if missing else ""
    return [f"benchmarks on {available_cpus()} CPUs{left_out}"]


def pytest_benchmark_update_machine_info(machine_info: dict) -> None:
    import fastloss as fl

    machine_info["fastloss"] = fl.build_info()
    machine_info["libraries"] = versions()
    machine_info["threads"] = available_cpus()
