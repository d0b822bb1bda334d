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

ONE_ARGUMENT = ("log1pmx", "exp_minus_abs_head", "exp_minus_abs_tail", "exp_exponent", "exp_fraction")
TWO_ARGUMENTS = (
    "difference_tail", "product_tail", "quotient_tail", "log_sum", "log_sum_tail", "log_sum_unit", "log_sum_unit_tail",
    "log_ratio", "scaled",
)  # fmt: skip
LOOPS = (
    """
#include <stddef.h>
#include "maths/tails.h"
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
@pytest.mark.parametrize("word", ["log_sum of 1 + y", "log_sum", "log_sum_unit"])
def test_a_logarithm_and_its_tail(word: str, dtype: np.dtype, libraries: object) -> None:
    """An exponent of 1e3 multiplies the error of both together: 0.0018 ULP measured, and 0.501 of the head alone."""
    rng = cases.generator(word, dtype)
    info = np.finfo(dtype)
    y = None
    if word == "log_sum":
        x = np.exp2(rng.uniform(info.minexp, info.maxexp - 0.01, 1200)).astype(dtype)
        x[::3] = rng.uniform(0.5, 2, 400)
        tail = (np.spacing(x) * rng.uniform(-0.5, 0.5, 1200)).astype(dtype)
    else:  # in twice the digits
        y = np.exp2(rng.uniform(-100, 0 if word == "log_sum_unit" else 40, 600))
        y = np.concatenate([y, rng.uniform(0 if word == "log_sum_unit" else -0.9, 1, 600)]).astype(dtype)
        x = dtype.type(1) + y
        part = x - dtype.type(1)
        tail = (dtype.type(1) - (x - part)) + (y - part)
    name = word.partition(" ")[0]
    for library in libraries.values():
        heads, tails = (library(in_c(of, dtype), x, tail) for of in (name, f"{name}_tail"))
        with mp.workdps(90):
            for i, (head, rest) in enumerate(zip(map(float, heads), map(float, tails), strict=True)):
                exact = mp.log(mpf(float(x[i])) + mpf(float(tail[i]))) if y is None else mp.log1p(mpf(float(y[i])))
                unit = oracle.spacing(exact, dtype)
                assert abs(exact - mpf(head)) <= 0.51 * unit, (x[i], tail[i])
                assert abs(exact - mpf(head) - mpf(rest)) <= 0.005 * unit, (x[i], tail[i])


@of_float
def test_an_exponential_and_its_tail(dtype: np.dtype, libraries: object) -> None:
    """0.0026 ULP measured, and 0.503 of the head alone."""
    rng = cases.generator("exp_minus_abs_tail", dtype)
    far = 70 if dtype == np.float32 else 670  # beyond, the tail is subnormal
    x = np.concatenate([rng.uniform(-far, far, 600), rng.uniform(-1, 1, 300), np.exp2(rng.uniform(-60, 3, 300))])
    x = x.astype(dtype)
    for library in libraries.values():
        heads, tails = (library(in_c(f"exp_minus_abs_{of}", dtype), x) for of in ("head", "tail"))
        with mp.workdps(60):
            for a, head, tail in zip(*(map(float, array) for array in (x, heads, tails)), strict=True):
                exact = mp.exp(-abs(mpf(a)))
                unit = oracle.spacing(exact, dtype)
                assert abs(exact - mpf(head)) <= 0.51 * unit, a
                assert abs(exact - mpf(head) - mpf(tail)) <= 0.006 * unit, a


@of_float
def test_a_fraction_and_an_exponent(dtype: np.dtype, libraries: object) -> None:
    """e^x = fraction 2^exponent, also where e^x is no number: of what it is multiplied by the product may be one."""
    rng = cases.generator("exp_fraction", dtype)
    far = 270.0 if dtype == np.float32 else 1900.0
    x = np.concatenate([rng.uniform(-far, far, 600), rng.uniform(-1, 1, 200)]).astype(dtype)
    for level, library in libraries.items():
        fractions, exponents = (library(in_c(name, dtype), x) for name in ("exp_fraction", "exp_exponent"))
        assert (exponents == np.rint(exponents)).all()
        bound = stated(in_c("exp_fraction", dtype), level)
        with mp.workdps(60):
            for a, fraction, exponent in zip(*(map(float, array) for array in (x, fractions, exponents)), strict=True):
                exact = mp.exp(mpf(a)) / mpf(2) ** int(exponent)
                assert abs(exact - mpf(fraction)) <= bound * oracle.spacing(exact, dtype), a
        tiny, largest = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
        given = np.array([1.5, tiny, tiny, largest, largest, -3, 0, np.inf, np.nan, 1, 1], dtype)
        by = np.array([3, far, 2 * far, -far, -far / 2, -2, 900, -900, 1, 3000, -3000], dtype).round()
        with np.errstate(all="ignore"):
            expected = np.array([np.ldexp(np.longdouble(g), int(n)) for g, n in zip(given, by, strict=True)]).astype(
                dtype
            )
        np.testing.assert_array_equal(library(in_c("scaled", dtype), given, by), expected)
        at_ends = library(in_c("exp_fraction", dtype), np.array([-np.inf, np.inf, np.nan], dtype))
        np.testing.assert_array_equal(at_ends, [0, np.inf, np.nan])


def stated(name: str, level: str) -> float:
    """Return the bound in the comment above a function."""
    text = (vecmath_library.header_folder() / "maths" / "tails.h").read_text()
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
    info = np.finfo(dtype)
    low, high = np.log2(float(info.smallest_subnormal)), info.maxexp - 0.01
    x, y = (np.exp2(rng.uniform(low, high, count)).astype(dtype) for _ in range(2))
    close = np.exp2(rng.uniform(-1, 1, count) * rng.choice([1, 1e-3, 1e-6], count))
    y[::2] = np.maximum((x * close)[::2], info.smallest_subnormal)
    return x, np.minimum(y, info.max)


@of_float
@pytest.mark.parametrize("name", ["log1pmx", "log_ratio"])
def test_a_function_keeps_its_bound(name: str, dtype: np.dtype, libraries: object) -> None:
    function = {"log1pmx": lambda x: mp.log1p(x) - x, "log_ratio": lambda x, y: mp.log(x / y)}[name]
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
    "log_ratio": [
        *((1.0, 1.0, 0.0), (TINY, TINY, 0.0), (0.0, 1.0, -INF), (1.0, 0.0, INF), (INF, 1.0, INF), (1.0, INF, -INF)),
        *((INF, INF, NAN), (0.0, 0.0, NAN), (-1.0, 1.0, NAN), (1.0, -1.0, NAN), (NAN, 1.0, NAN), (1.0, NAN, NAN)),
    ],
    "log_sum": [(0.0, 0.0, -INF), (INF, NAN, INF), (-1.0, 0.0, NAN), (NAN, 0.0, NAN), (1.0, 0.0, 0.0)],
    "log_sum_tail": [(0.0, 0.0, 0.0), (INF, NAN, 0.0), (-1.0, 0.0, 0.0), (1.0, 0.0, 0.0)],
    "exp_minus_abs_head": [(0.0, 1.0), (INF, 0.0), (-INF, 0.0), (1e4, 0.0), (NAN, NAN)],
    "exp_minus_abs_tail": [(0.0, 0.0), (INF, 0.0), (-INF, 0.0), (1e4, 0.0), (NAN, 0.0)],
    "log_sum_unit": [(1.0, 0.0, 0.0), (NAN, 0.0, NAN)],
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
