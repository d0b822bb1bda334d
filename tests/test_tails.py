"""The functions of tails.h, level by level: what roundings lost, exactly, and what comes of it, within its bound."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cases
import numpy as np
import oracle
import pytest
import vecmath_library
from mpmath import mp, mpf
from vecmath_library import LEVELS, Library

pytestmark = pytest.mark.skipif(vecmath_library.compiler() is None, reason="no C compiler: tails.h cannot be built")

ONE_ARGUMENT = ("log1pmx", "log1p", "log1p_tail")
TWO_ARGUMENTS = ("difference_tail", "product_tail", "quotient_tail", "positive_power")
LOOPS = (
    """
#include <stddef.h>
#include "tails.h"
#define ONE(name, real) \\
    void loop_##name(ptrdiff_t n, const real *restrict x, real *restrict z) \\
    { for (ptrdiff_t i = 0; i < n; i++) z[i] = fl_##name(x[i]); }
#define TWO(name, real) \\
    void loop_##name(ptrdiff_t n, const real *restrict x, const real *restrict y, real *restrict z) \\
    { for (ptrdiff_t i = 0; i < n; i++) z[i] = fl_##name(x[i], y[i]); }
"""
    + "".join(f"ONE({name}f, float)\nONE({name}, double)\n" for name in ONE_ARGUMENT)
    + "".join(f"TWO({name}f, float)\nTWO({name}, double)\n" for name in TWO_ARGUMENTS)
)

of_float = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)


@pytest.fixture(scope="module")
def libraries() -> Iterator[dict[str, Library]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield {level: Library(level, folder, LOOPS) for level in vecmath_library.available_levels(folder)}


def in_c(name: str, dtype: np.dtype) -> str:
    return name + ("f" if dtype == np.float32 else "")


def pairs(key: str, dtype: np.dtype, count: int, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of both signs and all magnitudes up to 2^size, every third pair close together."""
    rng = cases.generator("tails", key, dtype)
    x, y = (
        (rng.choice([-1, 1], count) * rng.uniform(1, 2, count) * np.exp2(rng.uniform(-size, size, count))).astype(dtype)
        for _ in range(2)
    )
    y[::3] = x[::3] * rng.uniform(0.5, 2, x[::3].shape).astype(dtype)
    assert np.unique(x).size > count // 2
    assert np.unique(y).size > count // 2
    return x, y


@of_float
@pytest.mark.parametrize(
    ("name", "operation"), [("difference_tail", mp.fsub), ("product_tail", mp.fmul), ("quotient_tail", mp.fdiv)]
)
def test_the_tail_is_what_the_rounding_lost(name: str, operation: object, dtype: np.dtype, libraries: object) -> None:
    """Exactly, but that the tail of a quotient is rounded, and that of a product in float64 without FMA."""
    x, y = pairs(name, dtype, 3000, 25)
    heads = {"difference_tail": x - y, "product_tail": x * y, "quotient_tail": x / y}[name]
    for library in libraries.values():
        tails = library(in_c(name, dtype), x, y)
        assert (tails != 0).mean() > 0.5
        with mp.workdps(60):
            for a, b, head, tail in zip(*(map(float, array) for array in (x, y, heads, tails)), strict=True):
                lost = operation(mpf(a), mpf(b), exact=True) if name != "quotient_tail" else mpf(a) / mpf(b)
                lost -= mpf(head)
                allowed = abs(lost) * float(np.finfo(dtype).eps) if name == "quotient_tail" else 0
                if dtype == np.float64 and name != "difference_tail":
                    allowed += abs(head) * 2.0**-103
                assert abs(lost - mpf(tail)) <= allowed, (a, b)


@of_float
def test_a_logarithm_and_its_tail(dtype: np.dtype, libraries: object) -> None:
    rng = cases.generator("log1p_tail", dtype)
    sizes = np.exp2(rng.uniform(-60, 60, 1500))
    x = np.concatenate([sizes, -rng.random(500), rng.uniform(-0.9, 2, 1500)]).astype(dtype)
    bound = 0.3
    for library in libraries.values():
        heads, tails = library(in_c("log1p", dtype), x), library(in_c("log1p_tail", dtype), x)
        worst = 0.0
        with mp.workdps(60):
            for a, head, tail in zip(*(map(float, array) for array in (x, heads, tails)), strict=True):
                error = abs(mp.log1p(mpf(a)) - mpf(head) - mpf(tail)) / oracle.spacing(mpf(head), dtype)
                worst = max(worst, float(error))
        assert worst <= bound


def stated(name: str, level: str) -> float:
    """Return the bound in the comment above a function."""
    text = (vecmath_library.header_folder() / "tails.h").read_text()
    comment = re.search(rf"/\*((?:(?!\*/).)*)\*/\nFL_INLINE \w+ fl_{name}\(", text, re.DOTALL)
    assert comment, name
    found = re.search(r"max ([\d.]+) ULP \(without FMA ([\d.]+)\)", comment[1])
    assert found, f"{name}: no bound in its comment"
    return float(found[1 if LEVELS[level].fma else 2])


def arguments(name: str, dtype: np.dtype, count: int) -> tuple[np.ndarray, ...]:
    rng = cases.generator(name, dtype)
    if name == "log1pmx":
        return (
            np.concatenate(
                [
                    rng.choice([-1, 1], count) * np.exp2(rng.uniform(-60, 0, count)),
                    rng.uniform(-0.9999, 4, count),
                    np.exp2(rng.uniform(0, 100, count)),
                ]
            ).astype(dtype),
        )
    x = np.exp2(rng.uniform(-140, 120, count)).astype(dtype)
    x[::2] = rng.uniform(0.25, 4, x[::2].shape)
    return x, rng.uniform(-8, 8, count).astype(dtype)


@of_float
@pytest.mark.parametrize("name", ["log1pmx", "positive_power"])
def test_a_function_keeps_its_bound(name: str, dtype: np.dtype, libraries: object) -> None:
    function = {"log1pmx": lambda x: mp.log1p(x) - x, "positive_power": mp.power}[name]
    given = arguments(name, dtype, 1500)
    assert all(np.unique(array).size > array.size // 2 for array in given)
    with mp.workdps(80):
        truths = [function(*map(mpf, map(float, point))) for point in zip(*given, strict=True)]
        for level, library in libraries.items():
            computed = library(in_c(name, dtype), *given)
            errors = [oracle.ulps(y, oracle.Truth(t, t), dtype) for y, t in zip(computed, truths, strict=True)]
            worst = int(np.argmax(errors))
            place = [float(array[worst]).hex() for array in given]
            assert errors[worst] <= stated(in_c(name, dtype), level), f"{level}: {errors[worst]:.3f} ULP at {place}"


INF, NAN, TINY = np.inf, np.nan, 2.0**-149
SPECIAL = {
    "log1pmx": [(0.0, 0.0), (-0.0, 0.0), (-1.0, -INF), (-1.5, NAN), (INF, -INF), (-INF, NAN), (NAN, NAN)],
    "positive_power": [
        *((0.0, 0.5, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, INF), (INF, 0.5, INF), (INF, 0.0, 1.0), (INF, -1.0, 0.0)),
        *((1.0, 7.0, 1.0), (TINY, 1.0, TINY), (-1.0, 2.0, NAN), (NAN, 1.0, NAN), (1.0, NAN, NAN), (2.0, 1e4, INF)),
        *((0.5, 1e4, 0.0), (-0.0, 0.5, 0.0)),
    ],
}


@of_float
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name: str, dtype: np.dtype, libraries: object) -> None:
    *given, expected = np.array(SPECIAL[name], dtype).T
    for library in libraries.values():
        np.testing.assert_array_equal(library(in_c(name, dtype), *given), expected)


@of_float
def test_exact_results_have_no_tail(dtype: np.dtype, libraries: object) -> None:
    x = cases.generator("no tail", dtype).integers(1, 1000, 100).astype(dtype)
    for library in libraries.values():
        for name in ("difference_tail", "product_tail"):
            assert not library(in_c(name, dtype), x, x[::-1].copy()).any()
        assert not library(in_c("quotient_tail", dtype), x * 8, np.full_like(x, 4)).any()


def test_the_header_compiles_without_warnings_for_the_plain_target() -> None:
    flags = ["-std=c11", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c"]
    with tempfile.TemporaryDirectory() as folder:
        vecmath_library.run_compiler(LOOPS, Path(folder) / "plain.o", *flags)
