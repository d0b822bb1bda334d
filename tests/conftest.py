"""Markers, the part of the suite that runs, and the seed: printed at the top and beside every failure."""

from __future__ import annotations

import zlib

import cases
import hypothesis
import pytest

# What an earlier run found must not decide what this one tries: the seed alone does.
hypothesis.settings.register_profile("suite", database=None, deadline=None, print_blob=True)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--one-in", type=int, default=1, help="run one test in this many; the seed says which")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.option.hypothesis_seed = config.option.hypothesis_seed or str(cases.SEED)
    config.addinivalue_line("markers", "compact: the part of the suite that runs again for each ISA level of the CPU")
    config.addinivalue_line("markers", "big: needs more than 2^31 elements; runs with -m big only")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "big" not in config.getoption("-m"):
        deselect(config, items, {item for item in items if "big" in item.keywords})
    one_in = config.getoption("--one-in")
    # By name, not by position: every fourth test of a table whose last column is the dtype is a test of one dtype.
    deselect(config, items, {item for item in items if (zlib.crc32(item.nodeid.encode()) - cases.SEED) % one_in})


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
