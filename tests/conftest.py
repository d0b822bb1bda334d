"""Markers, and the seed of the run: printed at the top and beside every failure."""

from __future__ import annotations

import cases
import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "compact: the part of the suite that runs again for each ISA level of the CPU")
    config.addinivalue_line("markers", "big: needs more than 2^31 elements; runs with -m big only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "big" in config.getoption("-m"):
        return
    chosen = [item for item in items if "big" not in item.keywords]
    config.hook.pytest_deselected(items=[item for item in items if "big" in item.keywords])
    items[:] = chosen


def pytest_report_header() -> str:
    return f"FASTLOSS_TEST_SEED={cases.SEED} (set it to repeat this run), kernels {cases.fl.build_info()['isa']}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    report = yield
    if report.failed:
        report.sections.append(("seed", f"FASTLOSS_TEST_SEED={cases.SEED} repeats it"))
    return report
