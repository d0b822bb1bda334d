"""pytest-benchmark over catalogue x shape x library: value and gradient of the mean loss.

pytest bench --quick                                     small arrays
pytest bench -k "cross_entropy and 8192x1000"            one workload, every library
pytest bench --benchmark-json=results.json               everything, for report.py
"""

from __future__ import annotations

from functools import lru_cache

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from competitors import (
    COMPETITORS,
    Call,
    assert_same_result,
    available_cpus,
    installed_competitors,
    prepare_fastloss,
    prepare_numpy,
)
from workloads import Problem, Workload, catalogue

# Warnings that other libraries give when they are imported are not ours to treat as errors.
pytestmark = pytest.mark.filterwarnings("default")

#: By the axes that a prediction has after those of the samples.
SHAPES = {
    "C": ((32, 10), (65536, 3), (65536, 10), (8192, 1000), (2048, 8192), (256, 50257)),
    "": ((10**3,), (10**5,), (10**6,), (10**7,)),
    "2": ((10**3, 2), (10**6, 2)),
}
SMALL = {"C": (65, 7), "": (1001,), "2": (1001, 2)}
QUICK_ELEMENTS = 10**5
# Compiles for half a minute for each shape: compare.py --targets measures it.
LEFT_OUT = ("torch.compile",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    quick = metafunc.config.getoption("--quick")
    libraries = [name for name in installed_competitors() if name not in LEFT_OUT]
    workloads = []
    for name, row in catalogue().items():
        shapes = SHAPES[row.axes] if metafunc.function is test_value_and_grad else (SMALL[row.axes],)
        workloads += [Workload(name, shape) for shape in shapes]
    combinations = [
        pytest.param(workload, library, id=f"{workload.name}-{library}")
        for workload in workloads
        for library in libraries
        if workload.elements <= QUICK_ELEMENTS or not quick
    ]
    metafunc.parametrize(("workload", "library"), combinations)


@lru_cache(maxsize=1)
def problem_of(workload: Workload) -> Problem:
    """The arrays of the latest workload, shared by its libraries."""
    return workload.problem()


def prepare(workload: Workload, library: str) -> Call:
    """A call that is known to give what fastloss gives, or a skipped test."""
    problem = problem_of(workload)
    call = COMPETITORS[library].prepare(problem, available_cpus())
    if call is None:
        pytest.skip(f"{library} has no {workload.name}")
    assert_same_result(call(), prepare_fastloss(problem, available_cpus())(), problem.y_pred.dtype)
    return call


def test_libraries_agree(workload: Workload, library: str) -> None:
    """Nobody is timed on another function; fastloss itself is held against the plain formula."""
    call = prepare(workload, library)
    problem = problem_of(workload)
    formula = prepare_numpy(problem, 1)
    if library == "fastloss" and formula is not None:
        assert_same_result(call(), formula(), problem.y_pred.dtype)


def test_value_and_grad(benchmark: BenchmarkFixture, workload: Workload, library: str) -> None:
    call = prepare(workload, library)
    benchmark.group = workload.name
    benchmark.extra_info.update(
        loss=workload.loss,
        shape=list(workload.shape),
        elements=workload.elements,
        bytes=workload.bytes,
        dtype=workload.dtype,
        library=library,
        threads=1 if library in ("numpy", "scipy") else available_cpus(),
    )
    benchmark(call)
