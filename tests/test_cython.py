"""The kernels in the Cython code of others: ``cimport fastloss`` builds, and gives the bits of the losses' methods."""

from __future__ import annotations

import importlib.util
import itertools
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
from cases import FLOATS, bits, generator
from test_jit import cauchy
from vecmath_library import compiler

import fastloss as fl

pytest.importorskip("Cython")
if compiler() is None or platform.system() != "Linux":
    pytest.skip("needs a C compiler", allow_module_level=True)

FOLDER = Path(__file__).resolve().parent
EXAMPLE = FOLDER.parent / "docs" / "examples" / "linear_model.pyx"
RESULTS = ("value", "gradient", "hessian")
SUBSETS = [set(chosen) for n in range(1, 4) for chosen in itertools.combinations(RESULTS, n)]

of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def built(source: Path, folder: Path) -> Any:
    """Return the module that Cython and a C compiler make of a file: it knows fastloss as it is installed."""
    shutil.copy(source, folder)
    run = {"cwd": folder, "check": True, "capture_output": True, "text": True}
    subprocess.run([sys.executable, "-m", "cython", "-3", "--warning-errors", source.name], **run)
    library = folder / f"{source.stem}{sysconfig.get_config_var('EXT_SUFFIX')}"
    subprocess.run(
        [*compiler(), "-shared", "-fPIC", "-O1", "-fopenmp", f"-I{sysconfig.get_path('include')}", f"{source.stem}.c",
         "-o", library],
        **run,
    )  # fmt: skip
    spec = importlib.util.spec_from_file_location(source.stem, library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return built(FOLDER / "cython_calls.pyx", tmp_path_factory.mktemp("calls"))


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return built(EXAMPLE, tmp_path_factory.mktemp("example"))


def same(found: tuple[int, float], arrays: dict[str, np.ndarray], expected: dict[str, Any], want: set[str]) -> None:
    """Expect what was wanted, to the bit, and what was not untouched."""
    status, value = found
    assert status == 0
    assert value == (expected["value"] if "value" in want else 113)
    for name, array in arrays.items():
        assert bits(array) == bits(expected[name] if name in want else np.full_like(array, 113)), name


def results(loss: Any, y_true: Any, y_pred: Any, denominator: float) -> dict[str, Any]:
    """Return what the methods give: the value is that of the sum."""
    found = loss.value_grad_hess(y_true, y_pred, normalizer=denominator, n_threads=1)
    total = loss(y_true, y_pred, reduction="sum", n_threads=1)
    return dict(zip(RESULTS, (total, *found[1:]), strict=True))


SNIPPET = """\
# cython: language_level=3
{imports}

def read(const double[::1] y_true, const double[::1] y_pred, double[::1] gradient):
    cdef Py_ssize_t n = y_pred.shape[0]
    cdef double total
    cdef int status
{body}
    return status, mean
"""


@pytest.mark.parametrize("text", ["docs/own-losses.md", "src/fastloss/__init__.pxd"])
def test_the_snippet_in_the_documents_returns_the_mean_beside_its_gradient(text: str, tmp_path: Path) -> None:
    path = FOLDER.parent / text
    if not path.exists():
        pytest.skip("needs the repository")
    found = re.search(r"^ *cimport fastloss\n.*?^ *mean = [^\n]*\n", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"{text} has no snippet that ends with the mean"
    imports, _, body = textwrap.dedent(found[0]).partition("\n\n")
    (tmp_path / "snippet.pyx").write_text(SNIPPET.format(imports=imports, body=textwrap.indent(body, "    ")), "utf-8")
    folder = tmp_path / "built"
    folder.mkdir()
    y_true, y_pred = generator("snippet").normal(scale=3, size=(2, 7))
    gradient = np.empty(7)
    status, mean = built(tmp_path / "snippet.pyx", folder).read(y_true, y_pred, gradient)
    assert status == 0
    assert bits((mean, gradient)) == bits(fl.huber.bind(delta=2.0).value_and_grad(y_true, y_pred))


def test_a_kernel_is_of_no_reduction(calls: Any) -> None:
    """The caller says by the denominator what gradients are divided by: what a loss is bound to would be lost."""
    y_true, y_pred, gradient, hessian = np.zeros(3), np.arange(3.0), np.empty(3), np.empty(3)
    for keywords in ({"reduction": "sum"}, {"normalizer": 4.0}):
        with pytest.raises(TypeError, match=f"has no kernel for Cython.*bind no {next(iter(keywords))}"):
            calls.pointwise(fl.huber.bind(**keywords), y_true, y_pred, 1.0, {"value"}, gradient, hessian)
    alone = fl.huber.bind(n_threads=1)  # as every call from there
    assert calls.pointwise(alone, y_true, y_pred, 1.0, {"value"}, gradient, hessian) == (0, 2.0)


POINTWISE = [variant for variant in cases.variants_of(cases.ROWS) if variant.row.of_numbers]


@of_float
@pytest.mark.parametrize("variant", POINTWISE, ids=str)
def test_every_element_wise_loss_gives_the_bits_of_its_methods(calls: Any, variant: Any, dtype: Any) -> None:
    inputs = cases.draw(variant, (1100,), dtype, generator(str(variant), dtype))
    numbers = {name: value for name, value in inputs.keywords.items() if np.ndim(value) == 0 or name == "labels"}
    loss = variant.loss.bind(**numbers)
    y_true = np.ascontiguousarray(inputs.y_true, dtype)
    expected = results(loss, y_true, inputs.y_pred, 64.0)
    for want in SUBSETS if variant.parameters == "default" else SUBSETS[-1:]:
        arrays = {name: np.full(1100, 113, dtype) for name in RESULTS[1:]}
        found = calls.pointwise(loss, y_true, inputs.y_pred, 64.0, want, *arrays.values())
        same(found, arrays, expected, want)


@of_float
@pytest.mark.parametrize("loss", [cauchy.bind(c=2.0), 0.5 * fl.huber + 2 * cauchy], ids=str)
def test_losses_of_the_user_and_sums(calls: Any, loss: Any, dtype: Any) -> None:
    rng = generator("user", dtype)
    y_true, y_pred = rng.normal(size=(2, 3000)).astype(dtype)
    expected = results(loss, y_true, y_pred, 3.0)
    for want in SUBSETS:
        arrays = {name: np.full(3000, 113, dtype) for name in RESULTS[1:]}
        same(calls.pointwise(loss, y_true, y_pred, 3.0, want, *arrays.values()), arrays, expected, want)


@of_float
@pytest.mark.parametrize("classes", [1, 3, 64, 65, 3000])
def test_cross_entropy(calls: Any, classes: int, dtype: Any) -> None:
    rows = 1200 if classes < 65 else 40
    y_true, logits = cases.rows_of("spread 10", dtype, rows, classes)
    expected = results(fl.cross_entropy, y_true, logits, rows)
    for want in SUBSETS:
        arrays = {name: np.full_like(logits, 113) for name in RESULTS[1:]}
        same(calls.cross_entropy(y_true, logits, rows, want, *arrays.values()), arrays, expected, want)


@of_float
def test_a_gradient_in_place(calls: Any, dtype: Any) -> None:
    rng = generator("in place", dtype)
    y_true, y_pred = rng.normal(size=(2, 3000)).astype(dtype)
    expected = fl.huber.grad(y_true, y_pred, reduction="sum")
    assert calls.pointwise(fl.huber, y_true, y_pred, 1.0, {"gradient"}, y_pred, y_pred)[0] == 0
    assert bits(y_pred) == bits(expected)
    for classes in (10, 100):
        y_true, logits = cases.rows_of("spread 1", dtype, 300, classes)
        expected = fl.cross_entropy.grad(y_true, logits, reduction="sum")
        assert calls.cross_entropy(y_true, logits, 1.0, {"gradient"}, logits, logits)[0] == 0
        assert bits(logits) == bits(expected)


def test_what_is_refused_is_refused_before_anything_is_written(calls: Any) -> None:
    out, x = np.full(3000, 113.0), np.ones(3000)
    y = np.ones(3000)
    y[2999] = 2
    everything = set(RESULTS)
    assert calls.pointwise(fl.binary_cross_entropy, y, x, 1.0, everything, out, out) == (
        calls.STATUS["BAD_TARGET"],
        113,
    )
    assert calls.pointwise(fl.brier, x, y, 1.0, everything, out, out) == (calls.STATUS["BAD_TARGET"], 113)

    @fl.jit.pointwise
    def branching(y_true, y_pred):
        if y_pred > 0:
            return y_pred, 1
        return 0, 0

    assert calls.pointwise(branching, x, x, 1.0, everything, out, out) == (calls.STATUS["NO_HESSIAN"], 113)
    assert calls.pointwise(branching, x, x, 1.0, {"value"}, out, out) == (0, 3000)
    logits = np.ones((1000, 3))
    for bad in (-1, 3):
        labels = np.zeros(1000, np.int64)
        labels[999] = bad
        rows = out.reshape(1000, 3)
        found = calls.cross_entropy(labels, logits, 1.0, everything, rows, rows)
        assert found == (calls.STATUS["BAD_TARGET"], 113)
    assert (out == 113).all()
    assert len(set(calls.STATUS.values()) - {0}) == 3


def test_what_has_no_kernel(calls: Any) -> None:
    for loss in (fl.cross_entropy, fl.huber.bind(delta=[1.0, 2.0])):
        with pytest.raises(TypeError, match="only element-wise losses with numbers for parameters"):
            calls.empty(loss)
    with pytest.raises(TypeError, match="3 is not a loss of fastloss"):
        calls.empty(3)
    assert calls.empty(fl.huber) == (0, 0.0)


def test_the_example_trains_a_model(example: Any) -> None:
    rng = generator("example")
    x = rng.normal(size=(500, 3))
    truth = np.array([2.0, -1.0, 0.5])
    y_true = x @ truth
    y_true[::50] += 100  # outliers, which Huber's loss does not follow
    np.testing.assert_allclose(example.fit(fl.huber, x, y_true), truth, atol=0.1)
    assert np.abs(example.fit(fl.squared_error, x, y_true) - truth).max() > 0.5
    with pytest.raises(ValueError, match="not made for"):
        example.fit(fl.binary_cross_entropy, x, y_true)


def test_the_example_shares_the_work_among_threads(example: Any) -> None:
    rng = generator("prange")
    y_true, y_pred = rng.normal(size=(2, 200_000)).astype(np.float32)
    gradient = np.empty_like(y_pred)
    for n_threads in (1, 2):
        value = example.mean_and_gradient(fl.huber, y_true, y_pred, gradient, n_threads)
        expected = fl.huber.value_and_grad(y_true, y_pred)
        assert value == pytest.approx(expected[0], rel=1e-14, abs=0)
        assert bits(gradient) == bits(expected[1])
