"""The sweeps of blocks.h at each level: plain loops, or intrinsics that must keep the same order of lanes and sums.

Compiled here with the project's flags, as vecmath.h is in test_vecmath.py.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
import vecmath_library
from vecmath_library import BOUNDS as BOUNDS_OF_HEADER
from vecmath_library import LEVELS, Library, Reference, address

pytestmark = pytest.mark.skipif(vecmath_library.compiler() is None, reason="no C compiler: blocks.h cannot be built")

SWEEPS = "".join(
    f"""
void loop_exp{suffix}(ptrdiff_t n, const {real} *x, {real} *y)
{{ fl_block_exp_{bits}(x, y, n); }}
void loop_exp_minus_abs{suffix}(ptrdiff_t n, const {real} *x, {real} *y)
{{ memcpy(y, x, n * sizeof *y); fl_block_exp_minus_abs_{bits}(y, y, n); }}
void loop_log{suffix}(ptrdiff_t n, const {real} *x, {real} *y) {{ fl_block_log_{bits}(x, y, n); }}
void loop_log1p{suffix}(ptrdiff_t n, const {real} *x, {real} *y) {{ fl_block_log1p_{bits}(x, y, n); }}
void loop_log1p_unit{suffix}(ptrdiff_t n, const {real} *x, {real} *y) {{ fl_block_log1p_unit_{bits}(x, y, n); }}
void loop_expm1{suffix}(ptrdiff_t n, const {real} *x, {real} *y) {{ fl_block_expm1_{bits}(x, y, n); }}
void loop_head{suffix}(ptrdiff_t n, const {real} *x, {real} *y)
{{ {real} *tails = malloc(n * sizeof *y); fl_block_exp_minus_abs_pair_{bits}(x, y, tails, n); free(tails); }}
void loop_tail{suffix}(ptrdiff_t n, const {real} *x, {real} *y)
{{ {real} *heads = malloc(n * sizeof *y); fl_block_exp_minus_abs_pair_{bits}(x, heads, y, n); free(heads); }}
double row{suffix}(const {real} *x, {real} m, {real} *e, ptrdiff_t n, double *ties)
{{ return fl_block_exp_sum_{bits}(x, m, e, n, ties, NULL, 0); }}
void lanes{suffix}(const {real} *x, const {real} *m, {real} *e, {real} *sum, {real} *ties)
{{ fl_lanes_exp_{bits}(x, m, e, sum, ties); }}
{real} largest{suffix}(const {real} *x, ptrdiff_t n) {{ return fl_block_max_{bits}(x, n); }}
void transpose{suffix}(const {real} *from, ptrdiff_t from_stride, {real} *to, ptrdiff_t to_stride,
                       ptrdiff_t rows, ptrdiff_t columns)
{{ fl_transpose_{bits}(from, from_stride, to, to_stride, rows, columns); }}
"""
    for suffix, real, bits in (("f", "float", "f32"), ("", "double", "f64"))
)
SOURCE = f'#include <stddef.h>\n#include <stdlib.h>\n#include <string.h>\n#include "blocks/blocks.h"\n{SWEEPS}'

#: ULP of exp and exp(-|x|), and of exp(x - m): tables of intrinsics (blocks_avx2.h, blocks_avx512.h), else vecmath.h's.
BOUNDS = {"v3": (0.8, 1.11), "v4": (0.8, 1.11)}
PLAIN_BOUNDS = {True: (0.92, 0.94), False: (1.20, 1.20)}

each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])
#: Where a result is next to overflow or underflow, and the largest |m| of the sweeps without the difference.
REACH = {np.float32: 104.0, np.float64: 746.0}
NORMAL = {np.float32: 86.0, np.float64: 706.0}
LARGEST = {np.float32: 9e4, np.float64: 1e9}
LANES = {np.float32: 64, np.float64: 32}
LENGTHS = (1, 3, 4, 5, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, 100, 128, 250, 511, 513, 1000)


class Sweeps:
    """The sweeps of one level."""

    def __init__(self, level: str, library: Library) -> None:
        self.level, self.library = level, library

    def bounds(self) -> tuple[float, float]:
        return BOUNDS.get(self.level, PLAIN_BOUNDS[LEVELS[self.level].fma])

    def function(self, name: str, dtype: Any, returns: Any = None) -> Any:
        function = self.library.functions[name + suffix(dtype)]
        function.restype = returns
        return function

    def exp(self, name: str, x: np.ndarray) -> np.ndarray:
        return self.library(name + suffix(x.dtype), x)

    def row(self, x: np.ndarray) -> tuple[np.ndarray, float, float]:
        """Return the exponentials of a row below its largest number, their sum and the number of ties."""
        e, ties = np.full_like(x, -7), ctypes.c_double(0)
        m = real(x.dtype)(self.largest(x))
        total = self.function("row", x.dtype, ctypes.c_double)(
            address(x), m, address(e), ctypes.c_ssize_t(x.size), ctypes.byref(ties)
        )
        return e, total, ties.value

    def lanes(self, x: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        e, total, ties = np.full_like(x, -7), np.full_like(x, 0.25), np.full_like(x, 3)
        self.function("lanes", x.dtype)(*map(address, (x, m, e, total, ties)))
        return e, total, ties

    def largest(self, x: np.ndarray) -> float:
        return float(self.function("largest", x.dtype, real(x.dtype))(address(x), ctypes.c_ssize_t(x.size)))


def suffix(dtype: Any) -> str:
    return "f" if dtype == np.float32 else ""


def real(dtype: Any) -> Any:
    return ctypes.c_float if dtype == np.float32 else ctypes.c_double


def wide(dtype: Any) -> Any:
    return np.float64 if dtype == np.float32 else np.longdouble


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def levels(folder: Path) -> list[Sweeps]:
    # gcc would warn of loops of the transposition that inlining shows to be empty.
    flags = ["-Wno-unused-function", "-Wno-aggressive-loop-optimizations"]
    return [Sweeps(level, Library(level, folder, SOURCE, flags)) for level in vecmath_library.available_levels(folder)]


@pytest.fixture(scope="module")
def reference(folder: Path) -> Reference:
    return Reference(folder)


def skip_without_digits(dtype: Any, reference: Reference) -> None:
    if dtype == np.float64 and not reference.has_long_double:
        pytest.skip("long double is no wider than double here")


def assert_same_bits(computed: np.ndarray, expected: np.ndarray) -> None:
    integer = np.uint32 if expected.dtype == np.float32 else np.uint64
    np.testing.assert_array_equal(computed.view(integer), expected.view(integer))


def drawn(key: str, dtype: Any, count: int) -> np.ndarray:
    """Return differences of logits, a few kinds of them one after another: near 0, ordinary, far, next to underflow."""
    rng = cases.generator("blocks", key, np.dtype(dtype).name)
    reach, normal = REACH[dtype], NORMAL[dtype]
    ranges = [(0, 0.1), (0, 3), (0, 40), (0, normal), (0, reach), (normal, 1.01 * reach)]
    return np.concatenate([-rng.uniform(low, high, count) for low, high in ranges]).astype(dtype)


# ---- exp and exp(-|x|)


@each_dtype
@pytest.mark.parametrize("name", ["exp", "exp_minus_abs"])
def test_exponentials_are_within_their_bounds(name, dtype, levels, reference):
    skip_without_digits(dtype, reference)
    x = drawn(name, dtype, 20_000)
    x = np.concatenate([x, -x, np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-40, -1e-40], dtype)])
    truth = reference.true_values(name + suffix(dtype), x)
    for sweeps in levels:
        for order in (slice(None), cases.generator("blocks order", name).permutation(x.size)):
            error, place = reference.worst(truth[order].copy(), sweeps.exp(name, x[order].copy()))
            assert error <= sweeps.bounds()[0], f"{sweeps.level}: {error:.4f} ULP at {float(x[order][place]).hex()}"


@each_dtype
@pytest.mark.parametrize("name", ["exp", "exp_minus_abs"])
def test_an_exponential_does_not_depend_on_its_neighbours(name, dtype, levels):
    """Near a number whose exponential is subnormal, 0 or infinite a sweep takes the careful way, if it has two."""
    x = drawn(f"neighbours {name}", dtype, 100)[:400]
    for sweeps in levels:
        expected = sweeps.exp(name, x)
        for other in (np.inf, -np.inf, np.nan, -REACH[dtype] + 2, 2 * REACH[dtype]):
            crowded = np.insert(x, np.arange(0, x.size, 5), other).astype(dtype)
            stays = np.delete(np.arange(crowded.size), np.arange(0, x.size, 5) + np.arange(x.size // 5))
            assert_same_bits(sweeps.exp(name, crowded)[stays], expected)
        for length in LENGTHS:
            assert_same_bits(sweeps.exp(name, x[:length].copy()), expected[:length])


# ---- the other functions that formulas have sweeps of

#: ULP, of the tables of AVX-512: measured 1.47, 1.53, 1.10, 1.60. The zero of -0 is 0 there.
TABLES = {"log": 1.6, "log1p": 1.6, "log1p_unit": 1.15, "expm1": 1.65}


def arguments(name: str, dtype: Any) -> np.ndarray:
    """Return numbers near 0, near 1, near -1, ordinary, and of every size, of those that a function is defined on."""
    rng, info = cases.generator("sweeps", name, np.dtype(dtype).name), np.finfo(dtype)
    sizes = np.exp2(rng.uniform(-140, 120, 20_000))
    signs = rng.choice([-1, 1], sizes.size)
    own = {
        "log": [sizes, rng.uniform(0.4, 2, 100_000), [0.0, -1.0, info.smallest_subnormal]],
        "log1p": [sizes, -sizes[sizes < 1], rng.uniform(-0.9999, 5, 100_000), [-1.0, -2.0, 1 - info.epsneg]],
        "log1p_unit": [sizes[sizes <= 1], rng.random(100_000), [0.0, 1.0]],
        "expm1": [(sizes * signs)[sizes < 80], rng.uniform(-2, 2, 100_000), rng.uniform(-50, 95, 20_000), [-300.0]],
    }[name]
    ends = [np.nan] if name == "log1p_unit" else [np.inf, -np.inf, np.nan]
    return np.concatenate([*own, ends]).astype(dtype)


@each_dtype
@pytest.mark.parametrize("name", TABLES)
def test_the_sweeps_of_formulas_are_within_their_bounds(name, dtype, levels, reference):
    skip_without_digits(dtype, reference)
    x = arguments(name, dtype)
    truth = reference.true_values(name + suffix(dtype), x)
    for sweeps in levels:
        tables = sweeps.level == "v4" and dtype == np.float32
        bound = TABLES[name] if tables else BOUNDS_OF_HEADER[name + suffix(dtype)][not LEVELS[sweeps.level].fma]
        error, place = reference.worst(truth.copy(), sweeps.exp(name, x.copy()))
        assert error <= bound, f"{sweeps.level}: {error:.4f} ULP at {float(x[place]).hex()}"
        for length in LENGTHS:
            assert_same_bits(sweeps.exp(name, x[:length].copy()), sweeps.exp(name, x)[:length])


@each_dtype
def test_the_sweep_of_an_exponential_and_its_tail(dtype, levels, reference):
    skip_without_digits(dtype, reference)
    x = np.concatenate([drawn("pair", dtype, 20_000), np.array([0.0, np.inf, -np.inf, np.nan], dtype)])
    truth = reference.true_values("exp_minus_abs" + suffix(dtype), x).astype(wide(dtype))
    for sweeps in levels:
        heads, tails = sweeps.exp("head", x), sweeps.exp("tail", x)
        normal = abs(x) < NORMAL[dtype]
        assert reference.worst(truth.copy(), heads)[0] <= 0.8  # a subnormal number is rounded twice
        assert reference.worst(truth[normal].copy(), heads[normal].copy())[0] <= 0.53
        full = abs(x) < 0.9 * NORMAL[dtype]  # beyond it tails are subnormal numbers
        both = heads[full].astype(wide(dtype)) + tails[full]
        assert (abs(both / truth[full] - 1) < 0.03 * np.finfo(dtype).eps).all()
        assert (tails[abs(x) > 1.02 * NORMAL[dtype]] == 0).all()


# ---- exp(x - m) and its sum


def sum_of_lanes(e: np.ndarray, counts: np.ndarray) -> float:
    """Return the sum in the order that the README of the kernels promises."""
    lanes = LANES[e.dtype.type]
    filled = np.zeros(-(-e.size // lanes) * lanes, e.dtype)
    filled[: e.size] = np.where(counts, e, 0)
    total = np.zeros(lanes)
    for start in range(0, filled.size, 8 * lanes):
        part = np.zeros(lanes, e.dtype)
        for step in filled[start : start + 8 * lanes].reshape(-1, lanes):
            part += step
        total += part
    while total.size > 1:
        total = total[: total.size // 2] + total[total.size // 2 :]
    return float(total[0])


@each_dtype
@pytest.mark.parametrize("scale", [0.0, 1.0, 40.0, 0.9, 0.999, 1.1, 1e20])
def test_the_exponentials_of_a_row(dtype, scale, levels, reference):
    skip_without_digits(dtype, reference)
    rng = cases.generator("blocks row", np.dtype(dtype).name, scale)
    for length in LENGTHS:
        m = dtype(rng.choice([-1, 1]) * (scale if scale in (0, 1, 40) else scale * LARGEST[dtype]))
        x = np.minimum(m + rng.permutation(drawn(f"row {length}", dtype, length))[:length], m).astype(dtype)
        x[rng.random(length) < 0.1] = m
        x[rng.random(length) < 0.05] = -np.inf
        x[rng.integers(length)] = m
        truth = np.exp(x.astype(wide(dtype)) - m.astype(wide(dtype)))
        for sweeps in levels:
            e, total, ties = sweeps.row(x)
            error, place = reference.worst(truth, e)
            assert error <= sweeps.bounds()[1], f"{sweeps.level}: {error:.4f} ULP at {x[place]!r} of {m!r}"
            assert (e[x == m] == 1).all()
            assert ties == (x == m).sum()
            assert total == sum_of_lanes(e, x != m), f"{sweeps.level}, {length} classes"


@each_dtype
def test_the_exponentials_of_a_row_do_not_depend_on_its_other_classes(dtype, levels):
    x = drawn("row neighbours", dtype, 60)[:300] + dtype(1.7)
    x[0] = 1.7
    for sweeps in levels:
        expected = sweeps.row(x)[0]
        for other in (-np.inf, np.nan, 2 - REACH[dtype], -1e30):
            crowded = np.insert(x, np.arange(0, x.size, 5), other).astype(dtype)
            stays = np.delete(np.arange(crowded.size), np.arange(0, x.size, 5) + np.arange(x.size // 5))
            e = sweeps.row(crowded)[0]
            assert_same_bits(e[stays], expected)
            assert np.isnan(np.delete(e, stays)).all() if np.isnan(other) else (np.delete(e, stays) < 1e-40).all()


@each_dtype
@pytest.mark.parametrize("m", [np.inf, -np.inf])
def test_a_row_whose_largest_number_is_infinite(dtype, m, levels):
    x = np.full(70, -np.inf, dtype)
    x[3] = x[66] = m
    for sweeps in levels:
        e, total, ties = sweeps.row(x)
        np.testing.assert_array_equal(e, np.where(x == m, 1, 0))
        assert (total, ties) == (0, (x == m).sum())


# ---- rows in the lanes


@each_dtype
def test_one_class_of_rows_in_the_lanes(dtype, levels, reference):
    skip_without_digits(dtype, reference)
    rng = cases.generator("blocks lanes", np.dtype(dtype).name)
    lanes = LANES[dtype]
    differences = rng.permutation(drawn("lanes", dtype, 200 * lanes))
    for k in range(200):
        m = (rng.choice([0, 1, 30, 1e5, 1e12]) * rng.uniform(-1, 1, lanes)).astype(dtype)
        span = differences[k * lanes :][:lanes] if k % 2 else differences[k * lanes :][:lanes] / dtype(16)
        x = np.minimum(m + span, m).astype(dtype)
        tie = rng.random(lanes) < 0.3
        x[tie] = m[tie]
        truth = np.exp(x.astype(wide(dtype)) - m.astype(wide(dtype)))
        for sweeps in levels:
            e, total, ties = sweeps.lanes(x, m)
            error, place = reference.worst(truth, e)
            assert error <= sweeps.bounds()[1], f"{sweeps.level}: {error:.4f} ULP at {x[place]!r} of {m[place]!r}"
            assert (e[x == m] == 1).all()
            np.testing.assert_array_equal(total, dtype(0.25) + np.where(x == m, 0, e))
            np.testing.assert_array_equal(ties, 3 + (x == m))


@each_dtype
def test_a_row_in_the_lanes_does_not_depend_on_its_neighbours(dtype, levels):
    lanes = LANES[dtype]
    m = cases.generator("blocks lanes alone").uniform(-5, 5, lanes).astype(dtype)
    x = (m + drawn("lanes alone", dtype, lanes)[lanes : 2 * lanes]).astype(dtype)
    inf, nan = np.inf, np.nan
    others = [(-inf, inf, 0), (inf, inf, 1), (-inf, -inf, 1), (nan, 1, nan), (-inf, 1, 0), (-1e30, 1, 0)]
    for sweeps in levels:
        expected = sweeps.lanes(x, m)
        for x_other, m_other, e_other in others:
            at = slice(1, None, 3)
            crowded_x, crowded_m = x.copy(), m.copy()
            crowded_x[at], crowded_m[at] = x_other, m_other
            computed = sweeps.lanes(crowded_x, crowded_m)
            np.testing.assert_array_equal(computed[0][at], np.full_like(x[at], e_other))
            for part, of_alone in zip(computed, expected, strict=True):
                assert_same_bits(np.delete(part, np.arange(lanes)[at]), np.delete(of_alone, np.arange(lanes)[at]))


# ---- the largest number, and transposition


@each_dtype
@pytest.mark.parametrize("length", LENGTHS)
def test_the_largest_number(dtype, length, levels):
    rng = cases.generator("blocks largest", np.dtype(dtype).name, length)
    for place in {0, length - 1, *rng.integers(0, length, 8)}:
        x = (-1 - rng.random(length)).astype(dtype)
        x[rng.random(length) < 0.2] = np.nan
        x[rng.random(length) < 0.2] = -np.inf
        x[place] = -0.5
        assert [sweeps.largest(x) for sweeps in levels] == [-0.5] * len(levels)
    nothing = np.full(length, np.nan, dtype)
    assert [sweeps.largest(nothing) for sweeps in levels] == [-np.inf] * len(levels)


@each_dtype
@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 6, 7, 10])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 7, 8, 24, 30, 32, 64])
@pytest.mark.parametrize("gap", [0, 1])
def test_transposition(dtype, rows, columns, gap, levels):
    for shape in {(rows, columns), (columns, rows)}:
        source = np.full((shape[0], shape[1] + gap), -7, dtype)
        source[:, : shape[1]] = np.arange(1, rows * columns + 1).reshape(shape)
        expected = np.full((shape[1], shape[0] + gap), -7, dtype)
        expected[:, : shape[0]] = source[:, : shape[1]].T
        for sweeps in levels:
            target = np.full_like(expected, -7)
            sizes = map(ctypes.c_ssize_t, (source.shape[1], target.shape[1], *shape))
            stride, target_stride, row_count, column_count = sizes
            sweeps.function("transpose", dtype)(
                address(source), stride, address(target), target_stride, row_count, column_count
            )
            np.testing.assert_array_equal(target, expected)
