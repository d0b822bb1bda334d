"""Markers, the part of the suite that runs, and the seed: printed at the top and beside every failure."""

from __future__ import annotations

import gc
import zlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import cases
import hypothesis
import pytest

LOSSES = frozenset(row.name for row in cases.fl.losses())

# What an earlier run found must not decide what this one tries: the seed alone does.
hypothesis.settings.register_profile("suite", database=None, deadline=None, print_blob=True)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the suite, of which plain pytest runs a quick subset")
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
    config.addinivalue_line("markers", "slow: compiles for seconds, or starts the suite again; not in the quick subset")
    config.addinivalue_line("markers", "big: needs more than 2^31 elements; runs with -m big only")
    config.addinivalue_line("markers", "disk: writes gigabytes of files; runs with -m disk only")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Collect 190,000 tests without looking through them for garbage again and again, nor later while tests run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    if is_quick(config):  # before pytest orders all by their fixtures, which takes seconds
        choose(config, items)
    yield  # what -k and -m leave
    if not is_quick(config):
        choose(config, items)


def choose(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that run."""
    for marker in ("big", "disk"):
        if marker not in config.getoption("-m"):
            deselect(config, items, {item for item in items if marker in item.keywords})
    if not config.getoption("--thorough"):
        deselect(config, items, resting(items))
    if is_quick(config):
        chosen = set(quick(items))
        deselect(config, items, {item for item in items if item not in chosen})
    one_in = config.getoption("--one-in")
    # By name, not by position: every fourth test of a table whose last column is the dtype is a test of one dtype.
    deselect(config, items, {item for item in items if (zlib.crc32(item.nodeid.encode()) - cases.SEED) % one_in})


def is_quick(config: pytest.Config) -> bool:
    """Tell whether the quick subset runs. Who names files or tests, or asks for a part of the suite, gets that."""
    options = ("file_or_dir", "keyword", "markexpr", "full", "thorough")
    return not any(config.getoption(name) for name in options) and config.getoption("one_in") == 1


def quick(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return each test once for each loss that it is about, or once if about none; the seed chooses the values."""
    chosen: dict[Any, pytest.Item] = {}
    for item in sorted(items, key=turn):
        if "slow" not in item.keywords:
            chosen.setdefault((item.nodeid.partition("[")[0], losses_of(item)), item)
    return list(chosen.values())


def losses_of(item: pytest.Item) -> frozenset[str]:
    """Return the names of the losses among the parameters of a test."""
    values = item.callspec.params.values() if hasattr(item, "callspec") else ()
    names = (getattr(value, "name", value) for value in (getattr(value, "row", value) for value in values))
    return LOSSES.intersection(name for name in names if isinstance(name, str))


def turn(item: pytest.Item) -> int:
    """Return a number that says whose turn it is: that of the smallest."""
    return zlib.crc32(f"{cases.SEED} {item.nodeid}".encode())


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

    return {item for (_, most), group in groups.items() if most for item in sorted(group, key=turn)[most:]}


def deselect(config: pytest.Config, items: list[pytest.Item], unwanted: set[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if item in unwanted])
    items[:] = [item for item in items if item not in unwanted]


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> str:
    if is_quick(config):
        return "each test once for each loss, in two to four minutes; python -m pytest --full: all, in about 25 minutes"
    return "all tests: about 25 minutes" if config.getoption("--full") and not config.option.file_or_dir else ""


def pytest_report_header() -> str:
    return f"FASTLOSS_TEST_SEED={cases.SEED} (set it to repeat this run), kernels {cases.fl.build_info()['isa']}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    report = yield
    if report.failed:
        report.sections.append(("seed", f"FASTLOSS_TEST_SEED={cases.SEED} repeats it"))
    return report
