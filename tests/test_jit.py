"""The engine that compiles at run time: its primitives, its loops, and how it is asked for.

What every call promises is tested by the same suite as for the compiled engine, under ``FASTLOSS_ENGINE=numba``.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import math
import os
import pickle
import platform
import re
import subprocess
import sys
import tempfile
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
import vecmath_library
from accuracy import bounds, measure, truths_of
from cases import FLOATS, METHODS, bits, generator
from mpmath import mp, mpf
from vecmath_library import BOUNDS, ONE_ARGUMENT, Reference

import fastloss as fl
from fastloss.catalogue import vocabulary

numba = pytest.importorskip("numba")

from fastloss.jit import compiling, derive, vecmath  # noqa: E402  they need Numba
from fastloss.jit.elementwise import PointwiseKernels, kernels_of  # noqa: E402

POINTWISE = [variant for variant in cases.variants() if variant.row.of_numbers]
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
every_variant = pytest.mark.parametrize("variant", POINTWISE, ids=str)


# -- primitives -------------------------------------------------------------------------------------------------------


def test_every_word_of_a_formula_has_a_primitive() -> None:
    for words in vecmath.WORDS.values():
        assert set(words) == vocabulary.WORDS


def looped(function: Any) -> Any:
    @numba.njit(error_model="numpy")
    def loop(x: Any, y: Any) -> None:
        for i in range(x.size):
            y[i] = function(x[i])

    return loop


def any_floats(dtype: Any, count: int) -> np.ndarray:
    """Return numbers of every kind: any bits, the range that matters, and both ends of it."""
    rng = generator("any floats", dtype)
    integer = np.uint32 if dtype == np.float32 else np.uint64
    numbers = [
        rng.integers(0, 1 << 8 * dtype.itemsize, count, dtype=integer).view(dtype),
        rng.normal(scale=5, size=count).astype(dtype),
        rng.uniform(-750, 720, count).astype(dtype),
        rng.uniform(-110, 95, count).astype(dtype),
        (rng.choice([-1, 1], count) * np.exp2(rng.uniform(-70, 10, count))).astype(dtype),
        np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan], dtype),
    ]
    return np.concatenate(numbers)


@pytest.mark.skipif(vecmath_library.compiler() is None, reason="no C compiler: nothing to hold it against")
@of_float
@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_a_primitive_keeps_the_bound_of_the_header(name: str, dtype: np.dtype) -> None:
    x = vecmath_library.in_domain(name, any_floats(dtype, 100_000))
    y = np.empty_like(x)
    looped(vecmath.WORDS[dtype][name])(x, y)
    name += "f" if dtype == np.float32 else ""
    with tempfile.TemporaryDirectory() as folder:
        reference = Reference(Path(folder))
        worst, place = reference.worst(reference.true_values(name, x), y)
    assert worst <= BOUNDS[name][0 if vecmath._HAS_FMA else 1], f"{name}({x[place]!r}) = {y[place]!r}"


def packed_instructions(assembly: str, dtype: Any) -> int:
    """Return how many instructions compute with several numbers of a type at once; scalar code has none."""
    kind = "ps" if dtype == np.float32 else "pd"
    return len(re.findall(rf"\tv?(?:add|sub|mul|div|fn?m(?:add|sub)\d*|sqrt){kind}\t.*[yz]mm", assembly))


needs_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="looks at the instructions of x86-64")


@needs_x86
@of_float
@pytest.mark.parametrize("name", ONE_ARGUMENT)
def test_a_loop_over_a_primitive_is_vector_code(name: str, dtype: np.dtype) -> None:
    loop = looped(vecmath.WORDS[dtype][name])
    loop(np.ones(3, dtype), np.ones(3, dtype))
    assert packed_instructions(next(iter(loop.inspect_asm().values())), dtype) >= 8


# -- element-wise losses ----------------------------------------------------------------------------------------------


def results_of(inputs: cases.Inputs, engine: str, method: str = "value_grad_hess", **keywords: Any) -> Any:
    with fl.engine(engine):
        return inputs(method, **keywords)


@of_float
@every_variant
def test_both_engines_agree(variant: cases.Variant, dtype: Any) -> None:
    """To the bounds of both, 6 ULP each at most: polynomials are not evaluated in the same order.

    Where terms of the input cancel, Numba's results are held to the truth, in units of the largest term.
    """
    tolerance = 12 * float(np.finfo(dtype).eps)
    inputs = cases.draw(variant, (2 * cases.BLOCK + 3,), dtype, generator(str(variant)))
    places = range(0, inputs.y_pred.size, 41)
    if any(truth.scale > abs(truth.exact) for i in places for truth in truths_of(inputs, i)[0]):
        with fl.engine("numba"):
            measure(inputs, dtype, places).check(bounds(variant, dtype))
        return
    for result, expected in zip(results_of(inputs, "numba"), results_of(inputs, "compiled"), strict=True):
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=0)


@pytest.mark.slow
@needs_x86
@of_float
@pytest.mark.parametrize("variant", [v for v in POINTWISE if v.parameters == "default"], ids=str)
def test_a_compiled_loop_is_vector_code(variant: cases.Variant, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "cache_folder", lambda: None)  # what comes from there has no text
    kernel = PointwiseKernels(kernels_of(variant.row).formula).kernel(7, dtype == np.float64, True)
    assert packed_instructions(kernel.inspect_asm(), dtype) >= 2


@pytest.mark.slow
@every_variant
def test_every_method_and_plain_calls_through_numba(variant: cases.Variant) -> None:
    inputs = cases.draw(variant, (130, 3), np.float32, generator(str(variant)))
    loss = variant.loss.bind(**inputs.keywords)
    with fl.engine("numba"):
        expected = dict(zip(("value", "grad", "hess"), inputs(reduction="mean"), strict=True))
        for _ in range(2):  # the first call compiles, the second goes the short way
            for method, parts in METHODS.items():
                results = getattr(loss, method)(inputs.y_true, inputs.y_pred)
                assert bits(results) == bits(
                    tuple(expected[part] for part in parts) if len(parts) > 1 else expected[parts[0]]
                )


# -- asking for it ----------------------------------------------------------------------------------------------------


def in_another_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_the_engine_is_chosen_for_a_block_and_put_back() -> None:
    from fastloss.runtime import current_engine

    before = current_engine()
    with fl.engine("numba"):
        assert current_engine() == "numba"
        with fl.engine("compiled"):
            assert current_engine() == "compiled"
        assert current_engine() == "numba"
    assert current_engine() == before
    with pytest.raises(ValueError, match="'cuda' is not an engine"), fl.engine("cuda"):
        pass


def test_the_environment_names_the_engine() -> None:
    code = "import sys, fastloss as fl; print('numba' in sys.modules, fl.huber([0.0], [3.0]), 'numba' in sys.modules)"
    assert in_another_process(code, FASTLOSS_ENGINE="numba").stdout == "False 2.5 True\n"
    assert in_another_process(code, FASTLOSS_ENGINE="compiled").stdout == "False 2.5 False\n"
    assert "FASTLOSS_ENGINE: 'gpu' is not an engine" in in_another_process(code, FASTLOSS_ENGINE="gpu").stderr


def test_without_numba_an_error_says_how_to_install_it() -> None:
    code = """
import sys
sys.modules["numba"] = None
sys.meta_path.insert(0, type("None", (), {"find_spec": lambda self, name, path=None, target=None: None})())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "numba" else found(name, *rest)
import fastloss as fl
try:
    with fl.engine("numba"):
        pass
except ImportError as error:
    print(error)
"""
    done = in_another_process(code)
    assert done.stdout == "the engine 'numba' needs Numba: python -m pip install 'numba>=0.61'\n", done.stderr


# -- losses of users --------------------------------------------------------------------------------------------------

STRETCH = 3  # a number of the module, fixed when the decorator runs


def squared_of(x: Any) -> Any:
    return x * x


def module_of(folder: Path, name: str, text: str) -> Any:
    """Return a module of this text."""
    path = folder / f"{name}.py"
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@fl.jit.pointwise
def cauchy(y_true, y_pred, c=1.0):
    """Cauchy loss."""
    r = (y_pred - y_true) / c
    return 0.5 * c * c * log1p(r * r), c * r / (1 + r * r)  # noqa: F821  a word of fastloss


@fl.jit.pointwise
def all_words(y_true, y_pred, a=fl.jit.positive(0.5)):  # noqa: B008  a domain with its default
    r = a * (y_pred - y_true)
    smooth = np.exp(-0.1 * r * r) + np.expm1(0.1 * r) + np.log1p(r * r) + math.log(2.0 + r**2) + np.tanh(r)
    shapes = sigmoid(r) + softplus(r) - log_sigmoid(r) + sqrt(1 + r**4) + r**3 / 9  # noqa: F821
    kinks = abs(r - 0.3) + clamp(r, -1, 1.5) + where(r > 0.1, r * r, -r)  # noqa: F821
    return smooth + shapes + kinks + STRETCH * squared_of(r) if r < 1e3 else r


@fl.jit.pointwise
def half_square(y_true, y_pred):
    r = y_pred - y_true
    return 0.5 * r * r, r, 1


@needs_x86
def test_a_users_loss_of_float32_is_computed_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of Python in its text would make float64 of it, at half the speed."""
    monkeypatch.setattr(compiling, "cache_folder", lambda: None)
    for loss in (cauchy, all_words, half_square):  # derived in part, as a whole, and as it was written
        assembly = PointwiseKernels(loss._row.kernels.complete).kernel(7, False, True).inspect_asm()
        assert packed_instructions(assembly, np.dtype(np.float32)) >= 3
        assert packed_instructions(assembly, np.dtype(np.float64)) == 0


def derivative_in_high_precision(y_true: float, y_pred: float, order: int) -> float:
    def value(x: Any) -> Any:
        r = mpf(0.5) * (x - mpf(y_true))
        smooth = mp.exp(-mpf(0.1) * r * r) + mp.expm1(mpf(0.1) * r) + mp.log(1 + r * r) + mp.log(2 + r**2) + mp.tanh(r)
        shapes = 1 / (1 + mp.exp(-r)) + mp.log(1 + mp.exp(r)) + mp.log(1 + mp.exp(-r)) + mp.sqrt(1 + r**4) + r**3 / 9
        kinks = abs(r - mpf(0.3)) + min(max(r, -1), mpf(1.5)) + (r * r if r > mpf(0.1) else -r)
        return smooth + shapes + kinks + 3 * r * r

    with mp.workdps(40):
        return float(mp.diff(value, mpf(y_pred), order))


def test_derivatives_of_a_value_alone_are_the_derivatives() -> None:
    rng = generator("derived")
    y_true, y_pred = rng.normal(size=40), rng.normal(scale=4, size=40)
    value, grad, hess = all_words.value_grad_hess(y_true, y_pred, reduction="none")
    for order, results in enumerate((value, grad, hess)):
        expected = [derivative_in_high_precision(y, x, order) for y, x in zip(y_true, y_pred, strict=True)]
        np.testing.assert_allclose(results, expected, rtol=1e-12)


def test_a_hessian_is_derived_from_the_gradient() -> None:
    x = np.linspace(-3, 3, 31)
    np.testing.assert_allclose(
        cauchy.value_grad_hess(0.0, x, reduction="none", c=2.0)[2], (1 - x * x / 4) / (1 + x * x / 4) ** 2, rtol=1e-13
    )


#: Losses with kinks at 0 and at 1 or -1, of a residual u and a parameter c.
KINKS = {
    "absolute": "3 * abs(u)",
    "negative slope": "abs(-2 * u)",
    "slope of any sign": "abs(c * u) + abs((c - 3) * u)",
    "square of it": "abs(u)**2",
    "powers of it": "abs(u)**3 + 2 * abs(u)**4 + (abs(u) + 1)**2",
    "function of it": "exp(abs(u)) + log1p(abs(u)) - tanh(3 * abs(u)) + sqrt(1 + abs(u))",
    "two kinks in one place": "abs(u) * abs(2 * u) + abs(u) * abs(-u) * c",
    "kink of a kink": "abs(abs(abs(u)) - 1)",
    "kink of a square": "abs(u**2) + abs(u * u - 1) + abs(-u * u)",
    "kink of a higher power": "abs(u**4) + abs(u**3)",
    "clamp": "clamp(u, -1, 1)",
    "square of clamp": "clamp(u, -1, 1)**2 + clamp(u, 0, 2)**2",
    "ends that move": "clamp(u, 2 * u, u * u)",
    "no room between the ends": "clamp(u, 0, 0) + abs(u)",
    "positive part": "clamp(u, 0, math.inf) + max(u, 0)**2 + max(0, u, -u)",
    "largest and least": "max(u, c * u, 1) - min(u, -u) * np.maximum(u, 0) + np.minimum(1, abs(u))",
    "root of a square": "sqrt(u**2) + sqrt(4 * u * u)",
    "root of a square and more": "sqrt(u * u + u**3 / 4) + sqrt(1 + u * u)",
    "root of what is 0 for long": "sqrt(clamp(u, 0, 0)) + u * u",
    "quantile": "max(0.25 * u, -0.75 * u)",
    "times a smooth one": "abs(u) * exp(u) + (1 + u) * abs(u - 1) * abs(u)",
}


def on_both_sides(text: str, u: float, c: float, order: int) -> list[float]:
    """Return the derivatives below and above a point, from values in 80 digits: right to 15 digits at least."""
    words = {
        "exp": mp.exp, "log1p": mp.log1p, "tanh": mp.tanh, "sqrt": mp.sqrt, "c": mpf(c), "math": math,
        "np": types.SimpleNamespace(maximum=max, minimum=min),
        "clamp": lambda x, low, high: low if x < low else min(x, high),
    }  # fmt: skip
    with mp.workdps(80):
        exact = eval(f"lambda u: {text}", words)
        sides = (mp.diff(exact, mpf(u), order, direction=side, h=mpf(10) ** -20) for side in (-1, 1))
        return [0.0 if abs(side) < 1e-18 else float(side) for side in sides]


@of_float
@pytest.mark.parametrize("name", KINKS)
def test_a_derivative_at_a_kink_is_the_mean_of_those_on_both_sides(name: str, dtype: Any, tmp_path: Path) -> None:
    """The sign of 0 had the slope of what it was the sign of: 3 |r| had a Hessian of 3 at 0, and |r|^2 had none."""
    text = f"""
import math, numpy as np, fastloss as fl
@fl.jit.pointwise
def loss(y_true, y_pred, c=2.0):
    u = y_pred - y_true
    return {KINKS[name]}
"""
    loss = module_of(tmp_path, "kinks", text).loss
    points = dtype.type([-2, -1, -0.5, 0, 0.5, 1, 2])
    for c in (2.0, 3.0, -1.0, 0.0):
        results = loss.value_grad_hess(dtype.type(0), points, reduction="none", c=c)
        for order, found in enumerate(results[1:], 1):
            for u, result in zip(points, found, strict=True):
                below, above = on_both_sides(KINKS[name], float(u), c, order)
                tolerance = 40 * float(np.finfo(dtype).eps) * max(abs(below), abs(above))
                assert abs(result - (below + above) / 2) <= tolerance, (order, u, c, result, below, above)


def test_where_takes_the_derivative_of_the_branch_that_holds() -> None:
    """Its author says which one that is: the other may be no number there."""

    @fl.jit.pointwise
    def branches(y_true, y_pred, delta=1.0):
        r = abs(y_pred - y_true)
        return where(r <= delta, 0.5 * r * r, delta * (r - 0.5 * delta)) + where(r == 0, 0, log(r) * r * r)  # noqa: F821

    value, grad, hess = branches.value_grad_hess(0.0, [0.0, 1.0, -1.0], reduction="none")
    assert value.tolist() == [0, 0.5, 0.5]
    assert grad.tolist() == [0, 1 + 1, -1 - 1]
    assert hess.tolist() == [1, 1 + 3, 1 + 3]


def test_what_is_0_by_its_form_stays_in_the_value() -> None:
    """It was left out with its NaN."""

    @fl.jit.pointwise
    def with_nan(y_true, y_pred):
        r = y_pred - y_true
        return where(r > 0, r, 0 * r) + 0  # noqa: F821

    value, grad, _ = with_nan.value_grad_hess(0.0, [np.nan, np.inf, -1.0], reduction="none")
    np.testing.assert_array_equal(value, [np.nan, np.inf, 0])
    np.testing.assert_array_equal(grad, [0, 1, 0])
    largest = fl.jit.pointwise(of_maxima)
    for x in ([np.nan, 1.0], [1.0, np.nan]):
        assert math.isnan(largest(*x))
        assert math.isnan(clamped.grad(*x))


def of_maxima(y_true, y_pred):
    return max(y_true, y_pred) + min(y_true, y_pred)


@fl.jit.pointwise
def clamped(y_true, y_pred):
    return clamp(y_pred - y_true, -1, 1)  # noqa: F821


def test_every_word_that_users_are_told_of_has_a_derivative() -> None:
    told = set(re.findall(r"``(\w+)``", fl.jit.pointwise.__doc__)) & vocabulary.WORDS
    assert len(told) >= 12
    assert set(derive.WORDS) >= told


def test_the_accuracy_of_a_users_loss_is_that_of_its_own_text() -> None:
    """float32 stays float32, and the derived gradient keeps the order of operations."""
    x = np.float32([3e38, 1e-30, 1.0])
    assert half_square.grad(0.0, x, reduction="none").tolist() == x.tolist()
    assert cauchy.grad(np.float32(0), np.float32([1e-30]), reduction="sum")[0] == np.float32(1e-30)


WRITTEN = {"cauchy": cauchy, "half_square": half_square, "all_words": all_words}


@of_float
@pytest.mark.parametrize("loss", WRITTEN.values(), ids=WRITTEN)
def test_a_users_loss_is_a_loss_like_any_other(loss: Any, dtype: Any) -> None:
    rng = generator("like any other", loss.name, dtype)
    y_true, y_pred = rng.normal(size=(150, 7)).astype(dtype), rng.normal(scale=3, size=(150, 7)).astype(dtype)
    weight, where = rng.random((150, 7)), rng.random((150, 7)) < 0.8
    value, grad, hess = loss.value_grad_hess(y_true, y_pred, reduction="none")
    weighted = loss.value_grad_hess(y_true, y_pred, reduction="none", sample_weight=weight, where=where)
    for plain, result in zip((value, grad, hess), weighted, strict=True):
        assert plain.dtype == result.dtype == dtype
        np.testing.assert_allclose(result, plain * (weight * where).astype(dtype), rtol=4 * np.finfo(dtype).eps)
    mean, of_mean = loss.value_and_grad(y_true, y_pred)
    assert mean == pytest.approx(value.mean(dtype=float), rel=1e-6, abs=0)
    np.testing.assert_allclose(of_mean, grad / dtype.type(value.size), rtol=4 * np.finfo(dtype).eps)
    for layout in cases.LAYOUTS.values():
        arranged = layout(y_true), layout(y_pred)
        expected = loss.value_grad_hess(*map(np.ascontiguousarray, arranged), reduction="none")
        assert bits(loss.value_grad_hess(*arranged, reduction="none")) == bits(expected)
    out = np.full_like(y_pred, 113)
    assert loss.grad(y_true, y_pred, out=out) is out
    assert bits(out) == bits(of_mean)
    in_place = y_pred.copy()
    assert bits(loss.grad(y_true, in_place, out=in_place)) == bits(of_mean)
    half = y_pred.astype(np.float16)
    assert bits(loss.grad(y_true, half)) == bits(loss.grad(y_true, half.astype(np.float32)).astype(np.float16))
    with pytest.raises(ValueError, match="y_true has shape"):
        loss(y_true[:3], y_pred)


@of_float
def test_what_is_left_out_of_a_users_loss_may_be_anything(dtype: Any) -> None:
    y_pred = np.array([1, np.nan, np.inf, 3, -np.inf], dtype)
    for keywords in ({"sample_weight": [1, 0, 0, 2, 0]}, {"where": [True, False, False, True, False]}):
        value, grad, hess = cauchy.value_grad_hess(np.zeros(5, dtype), y_pred, reduction="sum", **keywords)
        assert np.isfinite(value)
        assert grad[[1, 2, 4]].tolist() == hess[[1, 2, 4]].tolist() == [0, 0, 0]
        assert not np.signbit(grad[[1, 2, 4]]).any()
    assert cauchy.grad(np.zeros(5, dtype), y_pred, reduction="sum", where=False).tolist() == [0] * 5


@pytest.mark.parametrize("loss", WRITTEN.values(), ids=WRITTEN)
def test_a_users_loss_has_the_same_bits_on_any_number_of_threads(loss: Any) -> None:
    rng = generator("threads", loss.name)
    y_true, y_pred = rng.normal(size=200_001), rng.normal(size=200_001)
    expected = bits(loss.value_grad_hess(y_true, y_pred, n_threads=1))
    for n_threads in (2, 3, 8):
        assert bits(loss.value_grad_hess(y_true, y_pred, n_threads=n_threads)) == expected
    with ThreadPoolExecutor(8) as pool:  # Numba's workqueue would abort the process here
        assert {bits(r) for r in pool.map(lambda _: loss.value_grad_hess(y_true, y_pred), range(16))} == {expected}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_users_loss_works_in_the_child_of_a_fork() -> None:
    code = """
import os, sys
import numpy as np
sys.path.insert(0, {folder!r})
from test_jit import cauchy
y, x = np.zeros(300_000), np.ones(300_000)
before = cauchy(y, x, n_threads=2)
child = os.fork()
if child == 0:
    os._exit(0 if cauchy(y, x, n_threads=2) == before else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = in_another_process(code.format(folder=str(Path(__file__).parent)))
    assert done.stdout == "0\n", done.stderr


@pytest.mark.parametrize("loss", [*WRITTEN.values(), 0.5 * fl.huber + 2 * cauchy.bind(c=3.0)], ids=str)
def test_a_users_loss_is_pickled_with_its_source(loss: Any) -> None:
    again = pickle.loads(pickle.dumps(loss))
    assert again == loss
    assert hash(again) == hash(loss)
    assert loss != fl.huber
    x = np.linspace(-2, 2, 9)
    assert bits(again.grad(0.0, x)) == bits(loss.grad(0.0, x))
    code = f"import pickle, sys; print(pickle.loads(bytes.fromhex('{pickle.dumps(loss).hex()}'))([0.0], [1.5]))"
    done = in_another_process(code)
    assert float(done.stdout) == loss([0.0], [1.5]), done.stderr


def test_parameters_of_a_users_loss_have_domains_and_defaults() -> None:
    assert cauchy.parameters == {"c": 1.0}
    assert cauchy.bind(c=2) == cauchy.bind(c=2.0) != cauchy
    assert repr(cauchy.bind(c=2)) == "cauchy.bind(c=2.0)"
    assert cauchy.name == "cauchy"
    assert cauchy.formula == "0.5 * c * c * log1p(r * r)"
    assert "Cauchy loss." in cauchy.__doc__
    each = cauchy.grad(np.zeros(3), np.ones(3), c=[1.0, 2.0, 3.0], reduction="none")
    assert each.tolist() == [cauchy.grad(0.0, 1.0, c=c) for c in (1.0, 2.0, 3.0)]
    with pytest.raises(ValueError, match="a = -1 is not > 0"):
        all_words([0.0], [1.0], a=-1)
    with pytest.raises(TypeError, match="cauchy has no keyword 'd'"):
        cauchy([0.0], [1.0], d=1)


def test_targets_of_a_users_loss_may_be_bounded() -> None:
    @fl.jit.pointwise(target=(0, 1), prediction="logits")
    def logistic(y_true, logits):
        return softplus(logits) - y_true * logits  # noqa: F821

    np.testing.assert_allclose(
        logistic.grad([0.0, 1.0], logits=[1.0, 1.0], reduction="sum"), [0.731059, -0.268941], 1e-5
    )
    with pytest.raises(ValueError, match=re.escape("y_true[1] = 2.0 is not in [0, 1]")):
        logistic([0.0, 2.0], [1.0, 1.0])


def refused(function: Any, where: int, pattern: str) -> None:
    """Expect an error that names the line of the function, counted from its first."""
    line = function.__code__.co_firstlineno + where
    with pytest.raises(TypeError, match=re.escape(f"{function.__name__} ({__file__}:{line})") + ".*" + pattern):
        fl.jit.pointwise(function).value_and_grad([0.0], [1.0])


def test_what_cannot_be_compiled_is_told_of_the_users_function() -> None:
    def branch(y_true, y_pred):
        r = y_pred - y_true
        if r > 0:
            return r
        return -r

    def unknown(y_true, y_pred):
        return erfc(y_pred)  # noqa: F821

    def attribute(y_true, y_pred):
        r = y_pred - y_true
        return r, r.size

    def sine(y_true, y_pred):
        return np.sin(y_pred)

    def nothing(y_true, y_pred):
        return

    def of_a_list(y_true, y_pred):
        return LIST[0] * y_pred, 1

    refused(branch, 2, r"write where\(condition, x, y\).*return the gradient")
    refused(unknown, 1, "the name erfc is not defined; a loss may use abs, clamp, exp, expm1, log, log1p, log_sigmoid")
    refused(attribute, 2, "attribute 'size' of type float64")
    refused(sine, 1, "derivative.*return the gradient")
    refused(nothing, 1, "must return the value")
    refused(of_a_list, 1, "LIST is of type list; write a number or a tuple")

    def alone(y_true):
        return y_true

    def without_default(y_true, y_pred, c):
        return c * y_pred

    with pytest.raises(TypeError, match="alone must take y_true, y_pred"):
        fl.jit.pointwise(alone)
    with pytest.raises(TypeError, match="the parameter c needs a default"):
        fl.jit.pointwise(without_default)
    with pytest.raises(TypeError, match="written with def"):
        fl.jit.pointwise(lambda y_true, y_pred: y_pred)


def test_a_branch_is_fine_where_the_gradient_is_given() -> None:
    @fl.jit.pointwise
    def positive_part(y_true, y_pred):
        if y_pred > 0:
            return y_pred, 1
        return 0, 0

    value, grad = positive_part.value_and_grad(0.0, np.float32([-1, 2]), reduction="none")
    assert (value.tolist(), grad.tolist()) == ([0, 2], [0, 1])
    with pytest.raises(TypeError, match=r"positive_part .* returns no Hessian"):
        positive_part.grad_and_hess([0.0], [1.0])


#: What formulas, loops and derivatives call things: words, casts, helpers, temporaries, terms.
OUR_NAMES = (
    *sorted(vocabulary.WORDS - {"where"}),  # a keyword of every call
    *("real", "_square", "_infinity", "_nan", "numpy", "_numpy", "math", "own_exp", "own_real", "_1", "_2", "t1", "t2"),
    *("_doubled", "doubled", "formula", "kernel", "value", "gradient", "hessian", "value_i", "factor", "multiplier"),
    *("parameters", "parameter0", "part0", "factor0", "y", "x", "n", "i", "want", "nan", "names", "max", "float64"),
)


@pytest.mark.parametrize("names", [OUR_NAMES[k : k + 8] for k in range(0, len(OUR_NAMES), 8)], ids=" ".join)
def test_parameters_and_variables_may_have_any_name(names: tuple[str, ...], tmp_path: Path) -> None:
    """Temporaries of derivatives were called t1, t2, ...: they took the place of parameters of that name."""
    text = f"""
import math as python_math
import numpy as np
import fastloss as fl

def doubled(argument, *, {names[0]}):
    return 2 * argument * {names[0]}

helper = doubled

def of(y_true, y_pred, {", ".join(f"{name}={k + 1}.0" for k, name in enumerate(names))}):
    r = y_pred - y_true
    total = {" + ".join(f"{k + 1} * {name} * r" for k, name in enumerate(names))}
    {names[-1]} = np.log1p(r * r) + helper(r, {names[0]}={names[0]}) + (total if r > 0 else np.inf)
    return {names[-1]} + r**2 + python_math.sqrt(np.fabs(r))

derived = fl.jit.pointwise(of)
"""
    loss = module_of(tmp_path, "any_names", text).derived
    weights = np.arange(1.0, len(names) + 1)

    def expected(r: float, p: np.ndarray) -> tuple[float, ...]:
        slope = (weights * p).sum() + 2 * p[0]
        value = math.log1p(r * r) + slope * r + r * r + math.sqrt(r)
        return value, 2 * r / (1 + r * r) + slope + 2 * r + 0.5 / math.sqrt(r)

    for p in (weights, 1 / weights):
        for r in (1.0, 2.5):
            found = loss.value_and_grad([0.5], [r + 0.5], **dict(zip(names, p, strict=True)))
            np.testing.assert_allclose((found[0], found[1][0]), expected(r, p), rtol=1e-13)


def tenfold(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **keywords: Any) -> Any:
        return 10 * function(*args, **keywords)

    return wrapper


def tenfold_without_a_trace(function: Any) -> Any:
    def multiplied(y_true, y_pred):
        return 10 * function(y_true, y_pred)

    return multiplied


def twice(y_true, y_pred):
    return 2 * (y_pred - y_true)


@tenfold
def ten_of(x):
    return x


def test_a_wrapped_function_is_refused() -> None:
    """What the wrapper does was dropped without a word: the text of the inner function was compiled."""

    def of_a_helper(y_true, y_pred):
        return ten_of(y_pred - y_true)

    line = tenfold.__code__.co_firstlineno + 1
    for function, name in ((tenfold(twice), "twice"), (of_a_helper, "ten_of")):
        for make in (fl.jit.pointwise, fl.jit.rowwise):
            message = f"{name} ({__file__}:{line}) wraps another function. A loss is made of the text of one function"
            with pytest.raises(TypeError, match=re.escape(message)):
                make(function)
    signed = module_function(twice)
    signed.__signature__ = inspect.signature(picky.py_func)
    with pytest.raises(TypeError, match="wraps another function"):
        fl.jit.pointwise(signed)
    assert fl.jit.pointwise(twice)([0.0], [1.0]) == 2
    assert fl.jit.pointwise(tenfold_without_a_trace(twice))([0.0], [1.0]) == 20  # its text says all


def module_function(function: Any, **changes: Any) -> Any:
    """Return a copy of a function, its code changed."""
    code = function.__code__.replace(**changes)
    return types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__)


def test_a_text_that_is_not_the_functions_is_refused(tmp_path: Path) -> None:
    """The numbers of the new text were returned for the old function."""
    text = "def of(y_true, y_pred):\n    return helped(2 * (y_pred - y_true))\n\ndef helped(x):\n    return x\n"
    module = module_of(tmp_path, "edited", text)
    assert fl.jit.pointwise(module.of)([0.0], [1.0]) == 2

    def of_another(y_true, y_pred):
        return module.helped(y_pred) - y_true

    assert fl.jit.pointwise(of_another)([0.0], [1.0]) == 1
    for changed, wrong in (
        (text.replace("2", "99"), ["of"]),
        (text.replace("return x", "return 99 * x"), ["helped"]),
        ("\n" + text, ["of", "helped"]),
        (text[:20], ["of", "helped"]),  # no program
        ("", ["of", "helped"]),
    ):
        (tmp_path / "edited.py").write_text(changed)
        for make in (fl.jit.pointwise, fl.jit.rowwise):
            for name in wrong:
                message = rf"{name} \(.*edited.py:\d\) is not what is written there|source of {name} cannot be read"
                with pytest.raises(TypeError, match=message):
                    make(of_another if name == "helped" else module.of)
    (tmp_path / "edited.py").write_text(text)
    assert fl.jit.pointwise(module.of)([0.0], [1.0]) == 2


def test_code_that_is_not_the_texts_is_refused() -> None:
    names = {}
    exec(compile("def made(y_true, y_pred): return 3 * y_pred", __file__, "exec"), names)
    constants = tuple(99 if constant == 2 else constant for constant in twice.__code__.co_consts)
    for function in (names["made"], module_function(twice, co_consts=constants)):
        with pytest.raises(
            TypeError, match="is not what is written there: the file was changed after it was imported, or"
        ):
            fl.jit.pointwise(function)
    exec("def made(y_true, y_pred): return 3 * y_pred", names)
    with pytest.raises(
        TypeError, match="the source of made cannot be read; define it in a file, a notebook or a doctest"
    ):
        fl.jit.pointwise(names["made"])
    copied = module_function(
        twice, co_firstlineno=twice.__code__.co_firstlineno, co_linetable=b""
    )  # -X no_debug_ranges
    assert fl.jit.pointwise(copied)([0.0], [1.0]) == 2


def test_the_text_of_a_function_is_found_wherever_it_is_written() -> None:
    class Losses:
        """A namespace.

        Two lines.
        """

        slope = 2.0

        @staticmethod
        def of_a_class(y_true, y_pred, c=1.0):
            """A loss.

            Indented text.
            """
            return Losses.slope * c * (y_pred - y_true)

    def enclosing(slope):
        def of_a_closure(y_true, y_pred):
            """A loss."""
            return slope * (y_pred - y_true)

        return of_a_closure

    assert fl.jit.pointwise(Losses.of_a_class)([0.0], [1.0]) == 2
    assert [fl.jit.pointwise(enclosing(slope))([0.0], [1.0]) for slope in (2.0, 3.0)] == [2, 3]
    renamed = module_function(twice)
    renamed.__name__ = "another name"
    assert fl.jit.pointwise(renamed).value_and_grad([0.0], [1.0]) == (2, np.array([2]))
    assert fl.jit.pointwise(renamed).name == "another name"

    def early(y_true, y_pred):
        return late * y_pred

    with pytest.raises(TypeError, match=r"early .*: the name late is not defined"):
        fl.jit.pointwise(early)
    late = 2


def test_what_a_loss_takes_from_another_module_is_that_of_when_it_was_made(tmp_path: Path) -> None:
    """A compiled function was looked up by its name in the first call, and the loop kept on disk under that name."""
    text = "import numba\nSLOPE = {0}\nTABLE = [1.0]\n@numba.njit\ndef sloped(x):\n    return {0} * x\n"
    other = module_of(tmp_path, "other", text.format(2.0))

    def made() -> Any:
        @fl.jit.pointwise
        def of_another_module(y_true, y_pred):
            return other.sloped(y_pred - y_true), other.SLOPE

        return of_another_module

    loss = made()
    assert loss._row.kernels.formula.cacheable is False
    other.sloped, other.SLOPE = module_of(tmp_path, "other", text.format(5.0)).sloped, 5.0
    assert loss.value_and_grad([0.0], [1.0]) == (2, np.array([2]))
    assert made().value_and_grad([0.0], [1.0]) == (5, np.array([5]))

    def of_its_list(y_true, y_pred):
        return other.TABLE[0] * y_pred, 1

    refused(of_its_list, 1, "other.TABLE is of type list; write a number or a tuple")


NOTEBOOK = """
import fastloss as fl, linecache
def cell(number, text):
    file = f"<ipython-input-{number}>"
    linecache.cache[file] = len(text), None, text.splitlines(True), file
    linecache.checkcache = lambda filename=None: None  # as IPython has it
    exec(compile(text, file, "exec"), globals())
helping = "def helper(x):\\n    return {} * x\\n\\n\\n"
losing = "@fl.jit.pointwise\\ndef loss(y_true, y_pred):\\n    return helper(y_pred)\\n"
cell(1, helping.format(2) + losing)
first = loss
print(loss([0.0], [1.0]))
cell(2, helping.format(3))
print(loss([0.0], [1.0]))
cell(3, losing)
print(loss([0.0], [1.0]), first([0.0], [1.0]))
"""


def test_a_cell_of_a_notebook_that_is_run_again() -> None:
    done = in_another_process(NOTEBOOK)
    assert done.stdout == "2.0\n2.0\n3.0 2.0\n", done.stderr


def test_helpers_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    """They were known by their names: the second was silently the first, and one of the loss's own name the loss."""
    text = "def f(x): return {} * x\ndef namesakes(x): return {} * x\n"
    first, second = (module_of(tmp_path, name, text.format(k, k + 1)) for name, k in (("first", 2), ("second", 100)))

    def again(x):
        return 3 * first.f(x)

    @fl.jit.pointwise
    def namesakes(y_true, y_pred):
        r = y_pred - y_true
        return first.f(r) + second.f(r) + second.namesakes(r) + first.namesakes(r) + again(r), 0

    assert namesakes([0.0], [1.0]) == 2 + 100 + 101 + 3 + 6
    assert pickle.loads(pickle.dumps(namesakes))([0.0], [1.0]) == namesakes([0.0], [1.0])


def factorial(x):
    return x * factorial(x - 1)


def checked(x):
    assert x > 0
    return x


@pytest.mark.parametrize("thing", [3, "x", None, len, functools.partial(abs), fl.huber, [1], int], ids=repr)
@pytest.mark.parametrize("make", [fl.jit.pointwise(), fl.jit.rowwise], ids=["pointwise", "rowwise"])
def test_what_is_no_function_is_refused(make: Any, thing: Any) -> None:
    with pytest.raises(TypeError, match="plain function, written with def"):
        make(thing)


def test_defaults_that_are_no_numbers_are_refused() -> None:
    def too_large(y_true, y_pred, c=10**400):
        return c * (y_pred - y_true), c

    def undefined(y_true, y_pred, c=math.nan):
        return c * (y_pred - y_true), c

    with pytest.raises(ValueError, match=r"^c = about 10\*\*400 is too large"):
        fl.jit.pointwise(too_large)
    with pytest.raises(TypeError, match=r"^undefined: the default of c, nan, is no number"):
        fl.jit.pointwise(undefined)
    with pytest.raises(TypeError, match=r"^prediction must be"):
        fl.jit.pointwise(prediction=np.array(["a", "b"]))(undefined)


def test_a_gradient_that_cannot_be_derived_is_refused_without_assertions_too(tmp_path: Path) -> None:
    (tmp_path / "branching.py").write_text(
        """
import fastloss as fl
try:
    @fl.jit.pointwise
    def branching(y_true, y_pred):
        if y_pred > y_true:
            return y_pred - y_true
        return 2 * (y_true - y_pred)
except TypeError as error:
    print("refused")
"""
    )
    for flags in ([], ["-O"], ["-OO"]):
        command = [sys.executable, *flags, str(tmp_path / "branching.py")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.stdout == "refused\n", done.stderr


def test_a_loss_that_raises_is_refused() -> None:
    """Compiled code of ours calls it, which no exception comes through: the rest of a block was never written."""

    def raising(y_true, y_pred):
        r = y_pred - y_true
        if r > 2:
            raise ValueError("too far")
        return r * r, 2 * r

    def asserting(y_true, y_pred):
        assert y_true > 0
        return y_pred, 1

    def by_a_helper(y_true, y_pred):
        return checked(y_pred), 1

    def calling_itself(y_true, y_pred):
        return factorial(y_pred), 1

    refused(raising, 3, "a loss cannot raise: .* return nan")
    refused(asserting, 1, "a loss cannot raise")
    with pytest.raises(
        TypeError, match=re.escape(f"checked ({__file__}:{checked.__code__.co_firstlineno + 1}): a loss")
    ):
        fl.jit.pointwise(by_a_helper)
    line = factorial.__code__.co_firstlineno + 1
    with pytest.raises(TypeError, match=re.escape(f"factorial ({__file__}:{line}): factorial calls itself")):
        fl.jit.pointwise(calling_itself)
    with pytest.raises(TypeError, match=r"raising .* a loss cannot raise"):
        fl.jit.rowwise(raising)


@numba.njit
def picky(x):
    if x > 2:
        raise ValueError("too far")
    return x


TABLE = (1.0, 2.0, 3.0)
LIST = list(TABLE)


def test_a_result_is_nan_where_what_a_loss_calls_raises() -> None:
    @fl.jit.pointwise
    def calling(y_true, y_pred):
        return picky(y_pred), 1

    @fl.jit.pointwise
    def of_table(y_true, y_pred):
        return TABLE[int(y_true)] * y_pred, 1

    @fl.jit.pointwise
    def of_array(y_true, y_pred):
        return np.array([1.0, 2.0, 3.0])[int(y_true)] * y_pred, 1

    y_pred = np.arange(5.0)
    value, grad = calling.value_and_grad(0.0, y_pred, reduction="none")
    np.testing.assert_array_equal(value, [0, 1, 2, np.nan, np.nan])
    np.testing.assert_array_equal(grad, [1, 1, 1, np.nan, np.nan])
    for loss in (of_table, of_array):
        value, grad = loss.value_and_grad(y_pred, y_pred, reduction="none")
        np.testing.assert_array_equal(value, [0, 2, 6, np.nan, np.nan])
        np.testing.assert_array_equal(grad, [1, 1, 1, np.nan, np.nan])


def loop_of_no_steps(step):
    total = 0.0
    for k in range(0, 3, int(step)):
        total += k
    return total


@of_float
@pytest.mark.parametrize("n_threads", [1, 2])
def test_every_sample_that_raises_is_nan(n_threads: int, dtype: Any) -> None:
    """From Python 3.12 on all that came after a block's second sample that raised was memory never written."""

    @fl.jit.pointwise
    def calling(y_true, y_pred):
        return picky(y_pred), y_true, picky(y_true)

    @fl.jit.pointwise
    def stepping(y_true, y_pred):
        return loop_of_no_steps(y_pred), y_pred, y_pred

    y_pred = generator("raising", dtype).integers(0, 6, 3 * cases.BLOCK).astype(dtype)
    for loss, right in ((calling, y_pred <= 2), (stepping, y_pred != 0)):
        for weight in (None, np.ones(y_pred.size)):
            keywords = {"reduction": "none", "sample_weight": weight, "n_threads": n_threads}
            for result in loss.value_grad_hess(y_pred, y_pred, **keywords):
                assert np.isfinite(result[right]).all()
                assert np.isnan(result[~right]).all()


def test_a_try_that_may_catch_nothing_is_refused() -> None:
    """What is caught in a loop depends on the version of Python: Numba loses count of what a try encloses."""

    def in_a_loop(y_true, y_pred):
        total = 0.0
        for k in range(3):
            try:
                total += picky(y_pred + k)
            except Exception:
                total += 10.0
        return total, 1.0

    def a_second(y_true, y_pred):
        try:
            first = picky(y_pred)
        except Exception:
            first = 1.0
        try:
            return first + picky(y_true), 1.0
        except Exception:
            return first, 1.0

    refused(in_a_loop, 3, "a second try, or one in a loop, may catch nothing; put it into a function")
    refused(a_second, 5, "a second try, or one in a loop")
    with pytest.raises(TypeError, match="a second try, or one in a loop"):
        fl.jit.rowwise(in_a_loop)

    @fl.jit.pointwise
    def in_helpers(y_true, y_pred):
        return caught(y_pred) + caught(y_pred + 1), 1.0

    # Symbols in place of numbers raise too: where a Hessian was looked for, the value was that of the except.
    assert in_helpers(np.zeros(4), np.arange(4.0), reduction="none").tolist() == [1, 3, 12, 20]

    def to_derive(y_true, y_pred):
        return caught(y_pred - y_true)

    refused(
        to_derive, 0, "no derivative can be found here .a try, which catches what symbols raise.; return the gradient"
    )


def caught(x):
    try:
        return picky(x)
    except Exception:
        return 10.0


@pytest.mark.parametrize(
    "name", ["square", "cube", "fourth", "_square", "infinity", "nan", "derived", "part0", "_1", "real"]
)
def test_a_loss_a_helper_and_a_parameter_may_have_the_name_of_a_power(name: str, tmp_path: Path) -> None:
    """The derived function took the place of what it called."""
    text = """
import math
import fastloss as fl

@fl.jit.pointwise
def {name}(y_true, y_pred):
    r = y_pred - y_true
    return r**2 + r**3 + r**4 + where(r > math.inf, math.inf, 0)

one = {name}

def {name}(x):
    return x**2 + x**3 + x**4

@fl.jit.pointwise
def of_a_helper(y_true, y_pred):
    return {name}(y_pred - y_true) + 0 * (y_pred**2 + y_pred**3 + y_pred**4)

@fl.jit.pointwise
def of_parameters(y_true, y_pred, {name}=1.0):
    r = y_pred - y_true
    return {name} * (r**2 + r**3 + r**4)
"""
    module = module_of(tmp_path, "powers", text.format(name=name))
    for loss in (module.one, module.of_a_helper, module.of_parameters, 2 * module.one / 2):
        assert [float(np.asarray(x).item()) for x in loss.value_grad_hess([1.0], [3.0])] == [28, 48, 62]


EXPONENT = 2


def test_powers_are_known_however_they_are_written() -> None:
    @fl.jit.pointwise
    def powers(y_true, y_pred):
        r = y_pred - y_true
        squares = r**2.0 + r**EXPONENT + np.square(r) + pow(r, 2) + np.power(r, 2.0) + math.pow(r, EXPONENT)
        return squares + r**3.0 + r**4.0 + r**0.5 + pow(r, 0.5)

    value, grad, hess = powers.value_grad_hess([0.0], [4.0])
    assert (value, grad.item(), hess.item()) == (6 * 16 + 64 + 256 + 4, 48 + 48 + 256 + 0.5, 12 + 24 + 192 - 0.0625)


def test_functions_of_fastloss_are_words() -> None:
    @fl.jit.pointwise
    def logistic(y_true, y_pred):
        return fl.softplus(y_pred) - y_true * fl.sigmoid(y_pred) + fl.log_sigmoid(y_pred)

    x = np.linspace(-3, 3, 7)
    s = fl.sigmoid(x)
    np.testing.assert_allclose(logistic.grad(1.0, x, reduction="none"), s - s * (1 - s) + 1 - s, rtol=1e-14)


@fl.jit.pointwise
def another(y_true, y_pred):
    return (y_pred - y_true) ** 2


square_by_lambda = lambda x: x * x  # noqa: E731


def test_functions_that_a_loss_cannot_have_are_named() -> None:
    def of_a_lambda(y_true, y_pred):
        doubled = lambda x: 2 * x  # noqa: E731
        return doubled(y_pred)

    def of_an_inner_function(y_true, y_pred):
        def doubled(x):
            return 2 * x

        return doubled(y_pred)

    def of_a_lambda_outside(y_true, y_pred):
        return square_by_lambda(y_pred)

    def of_a_loss(y_true, y_pred):
        return 2 * fl.huber(y_true, y_pred)

    def of_a_gradient(y_true, y_pred):
        return another(y_true, y_pred), fl.huber.grad(y_true, y_pred)

    def of_an_import(y_true, y_pred):
        import math

        return math.exp(y_pred)

    def of_a_power(y_true, y_pred):
        return (y_pred - y_true) ** 5

    def assigning(y_true, y_pred):
        global STRETCH
        STRETCH = 2.0
        return y_pred

    refused(of_a_lambda, 1, "a function inside of a loss cannot be compiled; define it outside of it, with def")
    refused(of_an_inner_function, 1, "a function inside of a loss cannot be compiled")
    refused(
        of_a_loss, 1, r"fl.huber is a loss, and no loss can call another. A sum of losses is one \(0.5 \* fl.huber \+"
    )
    refused(of_a_gradient, 1, r"another is a loss.*another.point\(y_true, y_pred\) gives value, slope and curvature")
    refused(of_an_import, 1, "a loss cannot import")
    refused(of_a_power, 1, r"a power other than 2, 3, 4 or 0.5; write exp\(p \* log\(x\)\), for x > 0")
    refused(assigning, 1, "a loss cannot assign to what is outside of it")
    line = square_by_lambda.__code__.co_firstlineno
    with pytest.raises(TypeError, match=re.escape(f"<lambda> ({__file__}:{line}) is a lambda; a loss, and what")):
        fl.jit.pointwise(of_a_lambda_outside)

    @fl.jit.pointwise
    def of_points(y_true, y_pred):
        value, slope, _ = fl.huber.point(y_true, y_pred)
        return 2 * value + another.point(y_true, y_pred)[0], 2 * slope + 2 * (y_pred - y_true)

    assert of_points.value_and_grad([0.0], [3.0]) == (14, np.array([8]))


def test_constants_may_be_infinite_or_nan() -> None:
    @fl.jit.pointwise
    def limited(y_true, y_pred):
        r = y_pred - y_true
        return where(r > 2, math.inf, where(r > 0, r * r, where(r > -2, -math.inf, math.nan)))  # noqa: F821

    for loss in (limited, pickle.loads(pickle.dumps(limited))):
        value, grad = loss.value_and_grad(0.0, [3.0, 1.0, -1.0, -3.0], reduction="none")
        np.testing.assert_array_equal(value, [np.inf, 1, -np.inf, np.nan])
        np.testing.assert_array_equal(grad, [0, 2, 0, 0])


def with_defaults(x, factor=3.0, *, power=2.0, exp=0.0):
    return factor * power * x + exp


def test_parameters_may_be_keyword_only() -> None:
    @fl.jit.pointwise
    def keyword_only(y_true, y_pred, a=1.0, *, c=2.0):
        return a + c * (y_pred - y_true)

    @fl.jit.pointwise
    def of_helpers(y_true, y_pred):
        r = y_pred - y_true
        return with_defaults(r) + 10 * with_defaults(r, 1.0, exp=y_true) + 100 * with_defaults(r, power=1.0)

    assert of_helpers.value_and_grad([0.0], [2.0])[0] == 12 + 40 + 600
    assert of_helpers.grad([0.0], [2.0]).tolist() == [6 + 20 + 300]

    assert keyword_only.value_and_grad([0.0], [3.0])[0] == 7
    assert keyword_only.grad([0.0], [3.0], c=5.0).tolist() == [5]


@pytest.mark.parametrize("decorate", [fl.jit.pointwise, fl.jit.rowwise], ids=["pointwise", "rowwise"])
@pytest.mark.parametrize(
    "name",
    ["sample_weight", "where", "reduction", "normalizer", "out", "n_threads", "self", "y_true", "y_pred", "logits"],
)
def test_a_parameter_is_no_keyword_of_every_loss(name: str, decorate: Any, tmp_path: Path) -> None:
    text = f"def taking(a, b, {name}=2.0):\n    return {name} * b, b\n"
    function = module_of(tmp_path, "taking", text).taking
    with pytest.raises(
        TypeError, match=rf"taking \(.*taking.py:1\) has a parameter {name}, which every loss has already"
    ):
        decorate(function)


def test_labels_of_a_users_loss_are_a_parameter_like_any_other() -> None:
    @fl.jit.pointwise
    def labelled(y_true, y_pred, labels=2.0):
        return labels * (y_pred - y_true)

    assert labelled([0.0], [3.0]) == 6


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"prediction": "score"}, ValueError, "prediction = 'score' is not 'y_pred' or 'logits'"),
        ({"target": (1, 0)}, ValueError, "target = (1, 0) is not an interval"),
        ({"target": (0, math.nan)}, ValueError, "target = (0, nan) is not an interval"),
        ({"target": (0, 1, 2)}, TypeError, "target must be a pair of numbers"),
        ({"target": 1.0}, TypeError, "target must be a pair of numbers"),
        ({"target": ("0", 1)}, TypeError, "target must be a real number, not '0'"),
    ],
)
def test_options_of_pointwise_are_checked(options: Any, error: Any, message: str) -> None:
    def plain(y_true, y_pred):
        return y_pred - y_true

    with pytest.raises(error, match=re.escape(message)):
        fl.jit.pointwise(**options)(plain)


# -- compiled loops on disk -------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_loop_is_found_on_disk_by_the_next_process(tmp_path: Path) -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import fastloss as fl
from fastloss.jit import compiling
from test_jit import cauchy
made = []
original = compiling._Kernel._compile_uncached
compiling._Kernel._compile_uncached = lambda self: (made.append(self), original(self))[1]
print(cauchy([0.0], [1.0]), (fl.huber + cauchy)([0.0], [1.0]), len(made))
"""
    first, second = (in_another_process(code, FASTLOSS_CACHE_DIR=str(tmp_path)) for _ in range(2))
    assert first.stdout.split()[-1] == "1", first.stderr
    assert second.stdout.split()[-1] == "0", second.stderr
    assert first.stdout.split()[:-1] == second.stdout.split()[:-1]
    tmp_path.chmod(0o777)  # anybody could put machine code there
    assert in_another_process(code, FASTLOSS_CACHE_DIR=str(tmp_path)).stdout.split()[-1] == "1"


SUM = """import fastloss as fl
with fl.engine("numba"):
    print((0.5 * fl.huber + 0.1 * fl.squared_error)([0.0], [3.0]))
"""


@pytest.mark.slow
def test_nobody_else_writes_where_loops_are_kept(tmp_path: Path) -> None:
    """Numba makes a folder of its own in there, and Python objects that are loaded from it can be programs."""
    folder = tmp_path / "cache"
    open_to_all = "import os; os.umask(0); "
    assert in_another_process(open_to_all + SUM, FASTLOSS_CACHE_DIR=str(folder)).stdout == "2.15\n"
    kept = list((folder / "__pycache__").iterdir())
    assert kept
    assert (folder / "__pycache__").stat().st_mode & 0o777 == 0o700
    show = "from fastloss.cached import cache_folder; print(cache_folder())"
    assert in_another_process(show, FASTLOSS_CACHE_DIR=str(folder)).stdout == f"{folder}\n"
    (folder / "__pycache__").chmod(0o777)
    assert in_another_process(show, FASTLOSS_CACHE_DIR=str(folder)).stdout == "None\n"
    (folder / "__pycache__").rename(tmp_path / "elsewhere")
    (folder / "__pycache__").symlink_to(tmp_path / "elsewhere")
    assert in_another_process(show, FASTLOSS_CACHE_DIR=str(folder)).stdout == "None\n"


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_file_of_a_loop_is_replaced(tmp_path: Path, damage: bytes) -> None:
    def kept() -> list[Path]:
        done = in_another_process(SUM, FASTLOSS_CACHE_DIR=str(tmp_path))
        assert done.stdout == "2.15\n", done.stderr
        return [path for path in (tmp_path / "__pycache__").iterdir() if path.suffix == ".nbi"]

    first = kept()
    assert first
    for path in first:
        path.write_bytes(damage)
    assert not kept()
    assert kept() == first
    for path in first:  # which cannot be deleted as a file
        path.unlink()
        path.mkdir()
    assert kept() == first
    for path in first:
        path.rmdir()
    assert kept() == first
    assert all(path.read_bytes() != damage for path in first)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of the size of files")
@pytest.mark.parametrize("most", [100, 12000])
def test_a_disk_that_is_full(tmp_path: Path, most: int) -> None:
    code = f"""
import resource, signal
import fastloss.jit, numba
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
{SUM}
"""
    done = in_another_process(code, FASTLOSS_CACHE_DIR=str(tmp_path))
    assert done.stdout == "2.15\n", done.stderr
    assert not [path for path in tmp_path.iterdir() if path.suffix not in (".py", "")]  # no drafts


def test_a_user_without_a_home_has_no_cache() -> None:
    """As in a container whose user is a number alone: every loss raised RuntimeError."""
    code = """
import pathlib
def home():
    raise RuntimeError("Could not determine home directory.")
pathlib.Path.home = home
from fastloss.cached import cache_folder
print(cache_folder())
"""
    environment = {"FASTLOSS_CACHE_DIR": "", "XDG_CACHE_HOME": ""}
    done = in_another_process(code, **environment)
    assert done.stdout == "None\n", done.stderr


def test_losses_of_one_name_are_kept_apart() -> None:
    def made(other: bool) -> Any:
        if other:

            @fl.jit.pointwise
            def namesake(y_true, y_pred):
                return 3 * (y_pred - y_true), 3
        else:

            @fl.jit.pointwise
            def namesake(y_true, y_pred):
                return 2 * (y_pred - y_true), 2

        return namesake

    assert [made(other)([0.0], [1.0]) for other in (False, True)] == [2, 3]
    assert made(False) != made(True)


# -- sums -------------------------------------------------------------------------------------------------------------


@of_float
def test_a_sum_is_the_sum(dtype: Any) -> None:
    rng = generator("sums", dtype)
    y_true, y_pred = rng.normal(size=3000).astype(dtype), rng.normal(scale=3, size=3000).astype(dtype)
    terms = ((0.75, fl.squared_error), (0.25, fl.huber.bind(delta=2.0)), (2.0, cauchy))
    total = sum(factor * loss for factor, loss in terms)
    parts = [loss.value_grad_hess(y_true, y_pred, reduction="none") for _, loss in terms]
    for k, result in enumerate(total.value_grad_hess(y_true, y_pred, reduction="none")):
        expected = sum(factor * np.float64(part[k]) for (factor, _), part in zip(terms, parts, strict=True))
        scale = sum(factor * abs(np.float64(part[k])) for (factor, _), part in zip(terms, parts, strict=True))
        assert (abs(result - expected) <= 4 * np.finfo(dtype).eps * scale).all()


def test_factors_change_without_compiling() -> None:
    one, other = 0.7 * fl.squared_error + 0.3 * fl.huber.bind(delta=2.0), fl.huber * 0.5
    assert one.parameters == {"squared_error_factor": 0.7, "huber_factor": 0.3, "huber_delta": 2.0}
    again = 0.1 * fl.squared_error + 0.9 * fl.huber
    assert kernels_of(again._row) is kernels_of(one._row)
    assert again != one
    assert one.bind(squared_error_factor=0.1, huber_factor=0.9, huber_delta=1.0) == again
    assert (2 * one).parameters == {"squared_error_factor": 1.4, "huber_factor": 0.6, "huber_delta": 2.0}
    assert other([0.0], [3.0]) == 1.25
    assert (one + other)._row.name == "squared_error + huber + huber"
    assert fl.huber([0.0], [3.0], delta=2.0) * 0.3 + 6.3 == pytest.approx(one([0.0], [3.0]), rel=1e-12, abs=0)
    infinite = 0 * fl.squared_error + fl.huber
    assert infinite([0.0], [1e200]) == fl.huber([0.0], [1e200])


@pytest.mark.rotating(most=1)
@of_float
@pytest.mark.parametrize("variant", [v for v in POINTWISE if v.parameters == "default"], ids=str)
def test_every_loss_may_be_a_term(variant: cases.Variant, dtype: Any) -> None:
    """A parameter called ``scale`` was taken for the factor."""
    inputs = cases.draw(variant, (300,), dtype, generator("terms", str(variant)))
    loss = variant.loss
    chosen = {p.name: cases.other_value(p, 1, generator()) for p in cases.choices(variant.row) if p.kind == "element"}
    total = 0.75 * loss + 2.0 * loss.bind(**chosen)
    if not chosen:
        assert total == 2.75 * loss
    again = (total / 2).bind(**{f"{loss.name}_{name}": value for name, value in chosen.items()})
    parts = [
        part.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none") for part in (loss, loss.bind(**chosen))
    ]
    for k, (result, other) in enumerate(
        zip(*(s.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none") for s in (total, again)), strict=True)
    ):
        by_default, by_choice = (np.float64(part[k]) for part in parts)
        tolerance = 30 * np.finfo(dtype).eps  # two engines, and the factors
        scale = 0.75 * abs(by_default) + 2 * abs(by_choice)
        assert (abs(result - (0.75 * by_default + 2 * by_choice)) <= tolerance * scale).all()
        np.testing.assert_allclose(other, 1.375 * by_choice, rtol=tolerance)


def test_terms_keep_their_parameters_apart() -> None:
    def made(name: str) -> Any:
        def of(y_true, y_pred, scale=2.0, threads=3.0):
            return scale * threads * (y_pred - y_true)

        of.__name__ = name
        return of

    @fl.jit.pointwise
    def huber_2(y_true, y_pred, delta=2.0):
        return delta * (y_pred - y_true)

    @fl.jit.pointwise
    def n(y_true, y_pred, threads=3.0):
        return threads * (y_pred - y_true)

    total = fl.huber + 10 * fl.huber.bind(delta=2.0) + 100 * huber_2
    assert total([0.0], [3.0]) == 2.5 + 40 + 600
    assert list(total.parameters) == [
        f"{prefix}_{name}" for prefix in ("huber", "huber_3", "huber_2") for name in ("factor", "delta")
    ]
    both = 2 * n + fl.general_robust
    assert both.parameters == {
        "n_2_factor": 2.0, "n_2_threads": 3.0,
        "general_robust_factor": 1.0, "general_robust_alpha": 1.0, "general_robust_scale": 1.0,
    }  # fmt: skip
    assert both([0.0], [3.0], n_threads=1) == 18 + fl.general_robust([0.0], [3.0])

    @fl.jit.pointwise
    def weighted(y_true, y_pred, factor=3.0):
        return factor * (y_pred - y_true)

    with pytest.raises(TypeError, match="weighted has a parameter 'factor', as every loss in a sum has"):
        2 * weighted


def test_losses_are_divided_and_subtracted() -> None:
    assert (fl.huber / 2)([0.0], [3.0]) == 1.25
    assert ((fl.huber + 7 * fl.squared_error) / 3).parameters["squared_error_factor"] == 7 / 3
    assert (fl.squared_error - fl.huber)([0.0], [3.0]) == 6.5
    assert (-fl.huber).grad([0.0], [3.0]).tolist() == [-1]
    for number in (math.inf, -math.inf, math.nan, np.float32("inf")):
        with pytest.raises(ValueError, match=f"the factor of a loss = {number} is not finite"):
            number * fl.huber
    with pytest.raises(ValueError, match="huber_factor = inf is not finite"):
        1e300 * (1e300 * fl.huber)
    with pytest.raises(ValueError, match="huber_factor = inf is not finite"):
        (2 * fl.huber).bind(huber_factor=math.inf)
    for number in (0, -0.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=f"the divisor of a loss = {number} is not finite, or is 0"):
            fl.huber / number
    for value in (True, 1j, np.complex128(1), "2", np.True_):
        for operate in (lambda a, b: a * b, lambda a, b: b * a, lambda a, b: a / b):
            with pytest.raises(TypeError, match=r"unsupported operand|can't multiply"):
                operate(fl.huber, value)


def test_what_cannot_be_summed() -> None:
    with pytest.raises(TypeError, match="multiclass_hinge takes class indices, huber one target for each prediction"):
        fl.huber + fl.multiclass_hinge
    with pytest.raises(TypeError, match="unsupported operand"):
        fl.huber + 1
    with pytest.raises(TypeError, match="unsupported operand"):
        {} * fl.huber


def test_uncertainty_weighted_is_the_formula_of_kendall() -> None:
    rng = generator("tasks")
    y = [rng.normal(size=30), rng.integers(4, size=(5, 6)), rng.normal(size=(4, 2))]
    p = [rng.normal(size=30), rng.normal(size=(5, 6, 4)), rng.normal(size=(4, 2))]
    losses, s = [fl.squared_error, fl.cross_entropy, cauchy], rng.normal(size=3)
    tasks = fl.uncertainty_weighted(losses)
    assert tasks.factors == (0.5, 1.0, 0.5)
    value, gradients, of_s = tasks.value_and_grad(y, p, s)
    plain = [loss.value_and_grad(*given) for loss, *given in zip(losses, y, p, strict=True)]
    scales = [factor * np.exp(-x) for factor, x in zip(tasks.factors, s, strict=True)]
    terms = [scale * of_loss for scale, (of_loss, _) in zip(scales, plain, strict=True)]
    assert value == pytest.approx(sum(terms) + s.sum() / 2, rel=1e-14, abs=0)
    assert tasks(y, p, s) == value
    np.testing.assert_allclose(of_s, 0.5 - np.array(terms), rtol=1e-14)
    for scale, gradient, (_, expected) in zip(scales, gradients, plain, strict=True):
        np.testing.assert_allclose(gradient, scale * expected, rtol=1e-14)
    assert pickle.loads(pickle.dumps(tasks)) == tasks
    with pytest.raises(ValueError, match=re.escape("log_variance has shape (2,); there are 3 tasks")):
        tasks(y, p, s[:2])
    with pytest.raises(ValueError, match="y_pred has 1 entries; there are 3 tasks"):
        tasks(y, p[:1], s)
    with pytest.raises(TypeError, match="losses must be losses"):
        fl.uncertainty_weighted([abs])


# -- rows of classes --------------------------------------------------------------------------------------------------


@of_float
@pytest.mark.parametrize("classes", [1, 2, 10, 64, 65, 1300])
@pytest.mark.parametrize(
    "regime", ["spread 1", "right by 15 to 35", "subnormal loss", "wrong", "ties", "near the largest"]
)
def test_both_engines_agree_on_cross_entropy(regime: str, classes: int, dtype: Any) -> None:
    y_true, logits = cases.rows_of(regime, dtype, 70, classes)
    weight = generator("weights").random(70)
    keywords = {"reduction": "none", "sample_weight": weight}
    expected = fl.cross_entropy.value_grad_hess(y_true, logits, **keywords)
    with fl.engine("numba"):
        results = fl.cross_entropy.value_grad_hess(y_true, logits, **keywords)
    for result, other in zip(results, expected, strict=True):
        rtol = 8 * float(np.finfo(dtype).eps)
        np.testing.assert_allclose(result, other, rtol=rtol, atol=2 * float(np.finfo(dtype).smallest_subnormal))


@pytest.mark.parametrize("classes", [5, 100])
def test_special_values_through_numba(classes: int) -> None:
    logits = np.zeros((7, classes), np.float32)
    logits[1, 1] = np.nan
    logits[2] = -np.inf
    logits[3, :2] = np.inf
    logits[4, 0] = logits[5, 1] = np.inf
    logits[6, 1] = -np.inf
    y_true = np.zeros(7, int)
    soft = np.eye(classes)[y_true]
    for target in (y_true, soft):
        expected = fl.cross_entropy.value_grad_hess(target, logits, reduction="none")
        with fl.engine("numba"):
            results = fl.cross_entropy.value_grad_hess(target, logits, reduction="none")
        for result, other in zip(results, expected, strict=True):
            np.testing.assert_allclose(result, other, rtol=1e-6)
    assert np.isnan(expected[0][1:4]).all()
    assert expected[0][4] == 0 < expected[0][5] == np.inf


#: The losses over rows, with these parameters, that have a Numba kernel.
OF_SOFTMAX = {("cross_entropy", "default"), ("cross_entropy", "other")}


@fl.jit.rowwise
def tempered(y_true, logits, temperature=1.0):
    """Cross-entropy with a temperature, as a textbook has it."""
    logits /= temperature  # a copy of its own
    e = exp(logits - logits.max())  # noqa: F821
    p = e / e.sum()
    gradient = p / temperature
    gradient[y_true] -= 1 / temperature
    return -log(p[y_true]), gradient  # noqa: F821


@fl.jit.rowwise
def squared_rows(y_true, logits):
    value = 0.0
    gradient = np.empty(len(logits))
    for c in range(len(logits)):
        r = logits[c] - y_true[c]
        value += r * r
        gradient[c] = 2 * r
    return value, gradient, np.full(len(logits), 2.0)


@of_float
@pytest.mark.parametrize("classes", [3, 64, 200])
def test_a_users_loss_over_rows_is_a_loss_like_any_other(classes: int, dtype: Any) -> None:
    rng = generator("rows", classes, dtype)
    logits, y_true = rng.normal(size=(150, classes)).astype(dtype), rng.integers(classes, size=150)
    before = bits(logits)
    keywords = {"sample_weight": rng.random(150), "class_weight": rng.random(classes), "ignore_index": 1}
    for reduction in ("none", "mean"):
        results = tempered.value_and_grad(y_true, logits, reduction=reduction, **keywords)
        expected = fl.cross_entropy.value_and_grad(y_true, logits, reduction=reduction, **keywords)
        for result, other in zip(results, expected, strict=True):
            np.testing.assert_allclose(result, other, rtol=1e-4, atol=1e-6)
    for n_threads in (1, 2, 3):
        assert bits(tempered.value_and_grad(y_true, logits, n_threads=n_threads, reduction="mean", **keywords)) == bits(
            results
        )
    for layout in cases.LAYOUTS.values():
        arranged = layout(logits)
        plain = tempered.value_and_grad(y_true, np.ascontiguousarray(arranged))
        assert bits(tempered.value_and_grad(y_true, arranged)) == bits(plain)
    assert bits(tempered.grad(y_true, logits.T.copy(), axis=0)) == bits(tempered.grad(y_true, logits).T.copy())
    assert bits(logits) == before
    assert pickle.loads(pickle.dumps(tempered.bind(temperature=2))) == tempered.bind(temperature=2.0)
    in_place = logits.copy()
    assert bits(tempered.grad(y_true, in_place, out=in_place)) == bits(tempered.grad(y_true, logits))
    soft = cases.soft_rows(classes, 150, rng, dtype)
    value, grad, hess = squared_rows.value_grad_hess(soft, logits, reduction="sum")
    np.testing.assert_allclose(value, ((logits - soft) ** 2).sum(dtype=float), rtol=1e-5)
    np.testing.assert_allclose(grad, 2 * (logits - soft), rtol=1e-5)
    assert (hess == 2).all()
    with pytest.raises(TypeError, match=r"tempered .* returns no Hessian"):
        tempered.grad_and_hess(y_true, logits)
    with pytest.raises(ValueError, match=re.escape(f"y_true[0] = {classes} is not a class of {classes}")):
        tempered(y_true * 0 + classes, logits)


@fl.jit.rowwise
def short_gradient(y_true, logits, kept=1.0):
    return logits[0], logits[: int(kept)].copy()


@fl.jit.rowwise
def short_hessian(y_true, logits):
    return logits[0], logits, logits[1:]


@fl.jit.rowwise
def beyond(y_true, logits):
    return logits[5], logits


@fl.jit.rowwise
def of_other_lengths(y_true, logits):
    return 0.0, logits + logits[1:]


@fl.jit.rowwise
def placed(y_true, logits):
    where = 0
    gradient = np.zeros(len(logits))
    gradient[STRETCH] = 0
    gradient[where] = np.inf if logits[where] > math.inf else 1
    return logits[where], gradient


@of_float
@pytest.mark.parametrize("n_threads", [1, 2])
def test_what_a_users_loss_over_rows_returns_is_looked_at(n_threads: int, dtype: Any) -> None:
    """A gradient was read for as many elements as there are classes, whatever its length."""
    labels, logits = np.zeros(20_000, int), np.ones((20_000, 4), dtype)
    for loss, method, what in (
        (short_gradient, "grad", "must return a gradient of one element for each of the logits"),
        (short_gradient.bind(kept=3), "value_and_grad", "must return a gradient of one element"),
        (short_hessian, "grad_and_hess", "must return a Hessian of one element for each of the logits"),
        (beyond, "__call__", "cannot be computed: an index outside of an array"),
        (of_other_lengths, "grad", "cannot be computed: an index outside of an array, arrays of different lengths"),
    ):
        with pytest.raises(ValueError, match=re.escape(f"{loss.name} ({__file__}:") + r"\d+\) " + what):
            getattr(loss, method)(labels, logits, n_threads=n_threads)
    assert short_gradient(labels, logits) == 1  # no gradient is asked for
    assert bits(short_gradient.grad(labels, logits, kept=4)) == bits(logits / 20_000)
    assert bits(short_hessian.grad(labels, logits)) == bits(logits / 20_000)
    assert beyond(labels[:2], np.arange(12).reshape(2, 6).astype(dtype), reduction="sum") == 16
    assert placed.grad([0], np.ones((1, 4), dtype)).tolist() == [[1, 0, 0, 0]]


@fl.jit.rowwise
def counting(y_true, logits):
    table = np.zeros(3)
    more, places = np.ones((2, 3)), np.arange(2)
    n: int = len(logits) - 1
    first, last = 0, -1
    k = 0
    for _ in range(len(logits)):
        k += 1
    table[first] = logits[last] + logits[k - 1] + logits[n] + more[1, 2] + places[1]
    wide = np.full(shape=len(logits) + 1, fill_value=0.5)
    squares = [x * x for x in logits]
    table[1] = sum(squares) + len(wide) + sum(np.array([2 * x for x in logits if x > 0]))
    for i, x in enumerate(logits):
        step = i + 1
        table[2] += wide[step] * x
    return table.sum(), logits


def test_numbers_that_count_stay_whole() -> None:
    """They became real ones; and in Python 3.11 the variable of a comprehension was not known."""
    x = np.array([[1.0, -2.0, 4.0]])
    assert counting([0], x) == 3 * 4 + 1 + 1 + (21 + 4 + 10) + 1.5
    assert counting([0], x.astype(np.float32)) == counting([0], x)

    def of_a_real_index(y_true, logits):
        k = 0.5 * len(logits)
        return logits[k], logits

    with pytest.raises(TypeError, match=r"of_a_real_index .* there is no getitem\(.*write int\(...\) around an index"):
        fl.jit.rowwise(of_a_real_index)([0], x)


def test_a_users_loss_over_rows_needs_its_gradient() -> None:
    def value_alone(y_true, logits):
        return logits[y_true]

    with pytest.raises(TypeError, match=r"value_alone .* return the gradient after the value"):
        fl.jit.rowwise(value_alone)

    def smoothed(y_true, logits, label_smoothing=0.1):
        return logits[y_true], logits

    with pytest.raises(TypeError, match=r"smoothed .* takes label_smoothing, which every loss over rows has already"):
        fl.jit.rowwise(smoothed)


@pytest.mark.parametrize(
    "variant",
    [v for v in cases.variants_of(cases.ROWS) if v.rowwise and (v.row.name, v.parameters) not in OF_SOFTMAX],
    ids=str,
)
def test_a_loss_without_a_numba_kernel_says_so(variant: cases.Variant) -> None:
    inputs = cases.draw(variant, (4, 3), np.float32, generator(str(variant)))
    out = np.full_like(inputs.y_pred, 113)
    name = "cross_entropy with z_loss and softcap and temperature" if variant.parameters == "composed" else None
    with (
        fl.engine("numba"),
        pytest.raises(NotImplementedError, match=f"^{name or variant.row.name} has no Numba kernel; call it outside"),
    ):
        inputs("grad", reduction="mean", out=out)
    assert (out == 113).all()


@pytest.mark.parametrize("loss", [fl.dice, fl.ctc, fl.cosine_distance], ids=str)
def test_the_text_of_a_loss_without_a_numba_kernel_is_the_same_under_that_engine(loss: fl.Loss) -> None:
    texts = loss.__doc__, loss.grad.__doc__
    with fl.engine("numba"):
        assert (loss.__doc__, loss.grad.__doc__) == texts
