"""Markers, the part of the suite that runs, and the seed: printed at the top and beside every failure."""

from __future__ import annotations

import zlib
from collections import defaultdict

import cases
import hypothesis
import pytest

# What an earlier run found must not decide what this one tries: the seed alone does.
hypothesis.settings.register_profile("suite", database=None, deadline=None, print_blob=True)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--one-in", type=int, default=1, help="run one test in this many; the seed says which")
    parser.addoption("--thorough", action="store_true", help="every combination, also for losses that share a loop")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.option.hypothesis_seed = config.option.hypothesis_seed or str(cases.SEED)
    config.addinivalue_line("markers", "compact: the part of the suite that runs again for each ISA level of the CPU")
    config.addinivalue_line(
        "markers",
        "rotating(*names, most, of_whole=None): at most so many tests of a loss (and of each value of these names); "
        "of typical losses so many, or all",
    )
    config.addinivalue_line("markers", "big: needs more than 2^31 elements; runs with -m big only")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "big" not in config.getoption("-m"):
        deselect(config, items, {item for item in items if "big" in item.keywords})
    if not config.getoption("--thorough"):
        deselect(config, items, resting(items))
    one_in = config.getoption("--one-in")
    # By name, not by position: every fourth test of a table whose last column is the dtype is a test of one dtype.
    deselect(config, items, {item for item in items if (zlib.crc32(item.nodeid.encode()) - cases.SEED) % one_in})


def resting(items: list[pytest.Item]) -> set[pytest.Item]:
    """Return the tests whose turn it is not.

    Every check runs for every loss. But of its layouts, sizes and types a loss that shares its loop with others takes a
    few, another loss others: with all of them 48 losses would take an hour. The seed says which.
    """
    groups = defaultdict(list)
    for item in items:
        marker = item.get_closest_marker("rotating")
        values = item.callspec.params if hasattr(item, "callspec") else {}
        if marker and "variant" in values:
            most = marker.kwargs.get("of_whole") if values["variant"].row.typical else marker.kwargs["most"]
            check = (item.nodeid.partition("[")[0], *(str(values.get(name)) for name in ("variant", *marker.args)))
            groups[check, most].append(item)

    def turn(item: pytest.Item) -> int:
        return zlib.crc32(f"{cases.SEED} {item.nodeid}".encode())

    return {item for (_, most), group in groups.items() if most for item in sorted(group, key=turn)[most:]}


def deselect(config: pytest.Config, items: list[pytest.Item], unwanted: set[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if item in unwanted])
    items[:] = [item for item in items if item not in unwanted]


def pytest_report_header() -> str:
    return f"FASTLOSS_TEST_SEED={cases.SEED} (set it to repeat this run), kernels {cases.fl.build_info()['isa']}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    report = yield
    if report.failed:
        report.sections.append(("seed", f"FASTLOSS_TEST_SEED={cases.SEED} repeats it"))
    return report
