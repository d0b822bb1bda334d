"""The engine that compiles at run time: its primitives, its loops, and how it is asked for.

What every call promises is tested by the same suite as for the compiled engine, under ``FASTLOSS_ENGINE=numba``.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
import vecmath_library
from cases import FLOATS, METHODS, bits, generator
from vecmath_library import BOUNDS, ONE_ARGUMENT, Reference

import fastloss as fl
from fastloss.formulas import vocabulary

numba = pytest.importorskip("numba")

from fastloss.jit import compiling, vecmath  # noqa: E402  they need Numba
from fastloss.jit.pointwise import PointwiseKernels  # noqa: E402
from fastloss.jit.translate import Formula  # noqa: E402

POINTWISE = [variant for variant in cases.variants() if not variant.rowwise]
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

    Where terms of the input cancel (soft targets, smoothing) the unit is that of the largest term, about 1.
    """
    cancels = variant.target == "soft" or variant.parameters == "other"
    tolerance = 12 * float(np.finfo(dtype).eps)
    inputs = cases.draw(variant, (2 * cases.BLOCK + 3,), dtype, generator(str(variant)))
    for result, expected in zip(results_of(inputs, "numba"), results_of(inputs, "compiled"), strict=True):
        np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance if cancels else 0)


@needs_x86
@of_float
@pytest.mark.parametrize("variant", [v for v in POINTWISE if v.parameters == "default"], ids=str)
def test_a_compiled_loop_is_vector_code(variant: cases.Variant, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "cache_folder", lambda: None)  # what comes from there has no text
    kernel = PointwiseKernels(Formula(variant.row.function)).kernel(7, dtype == np.float64, True)
    assert packed_instructions(kernel.inspect_asm(), dtype) >= 2


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
    assert done.stdout == "the engine 'numba' needs Numba: pip install 'fastloss[numba]'\n", done.stderr
