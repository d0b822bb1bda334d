"""The functions of vecmath.h, level by level, against the C library's wider types and against mpmath.

Every bound is in ULP and none has an absolute tolerance. The loops are compiled here, with the project's flags, because
the kernels export losses and not these primitives.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cases
import mpmath
import numpy as np
import pytest
import vecmath_library
from vecmath_library import BOUNDS, FLAGS, LEVELS, LOOPS, ONE_ARGUMENT, Library, Reference, in_float32

pytestmark = pytest.mark.skipif(vecmath_library.compiler() is None, reason="no C compiler: vecmath.h cannot be built")

FLOAT32 = [name for name in BOUNDS if in_float32(name)]
FLOAT64 = [name for name in BOUNDS if not in_float32(name)]

TEXTBOOK = {
    "exp": mpmath.exp,
    "exp_minus_abs": lambda x: mpmath.exp(-abs(x)),
    "log": mpmath.log,
    "log1p_unit": lambda x: mpmath.log(1 + x),
    "log1p": lambda x: mpmath.log(1 + x),
    "expm1": lambda x: mpmath.exp(x) - 1,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "log_sigmoid": lambda x: -mpmath.log(1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
    "erf": mpmath.erf,
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.fixture(scope="module")
def levels(folder: Path) -> list[str]:
    return vecmath_library.available_levels(folder)


@pytest.fixture(scope="module")
def libraries(folder: Path, levels: list[str]) -> dict[str, Library]:
    return {level: Library(level, folder) for level in levels}


@pytest.fixture(scope="module")
def reference(folder: Path) -> Reference:
    return Reference(folder)


def bound(name: str, level: str) -> float:
    return BOUNDS[name][0 if LEVELS[level].fma else 1]


def neighbours(points: list[float], dtype: type, reach: int) -> np.ndarray:
    """Return the numbers up to `reach` steps away from each point, in a dtype."""
    integer = np.int32 if dtype is np.float32 else np.int64
    bits = np.array(points, dtype).view(integer)[:, None] + np.arange(-reach, reach + 1, dtype=integer)
    return bits.view(dtype).ravel()


def arguments64(key: str, count: int) -> np.ndarray:
    """Return float64 arguments of every kind: all magnitudes, the working ranges, and the neighbours of each border."""
    rng = cases.generator("vecmath", key)
    signs = rng.choice([-1.0, 1.0], count)
    reductions = (rng.integers(-1074, 1024, 64) + 0.5) * np.log(2.0)
    borders = [
        *(
            1.0,
            -1.0,
            0.5,
            2.0,
            np.sqrt(0.5),
            np.sqrt(2.0),
            np.sqrt(0.5) - 1,
            np.sqrt(2.0) - 1,
            20.0,
            22.0,
            40.0,
            -40.0,
            -60.0,
        ),
        *(2.0**-1022, -(2.0**-1022), 2.0**-60, -(2.0**-60), 1e-300, 1e300, 2.0**1023, 2.0**52, 2.0**53, 2.0**54),
        *(709.782712893384, 710.0, -708.3964185322641, -745.1332191019411, -746.0, 18.714973875118524, 88.7, -103.97),
        *(np.log(np.sqrt(2.0) - 1), -np.log(np.sqrt(2.0) - 1)),
    ]
    return np.concatenate(
        [
            rng.integers(0, 1 << 64, count, dtype=np.uint64).view(np.float64),
            rng.uniform(-1, 1, count),
            rng.uniform(-5, 5, count),
            rng.uniform(-45, 45, count),
            rng.uniform(-750, 715, count),
            rng.uniform(-746, -707, count),
            rng.uniform(0.5, 2, count),
            signs * np.exp2(rng.uniform(-60, 10, count)),
            signs * rng.integers(0, 1 << 52, count) * 2.0**-1074,
            1 + rng.integers(-4096, 4096, count) * 2.0**-53,
            neighbours([*borders, *reductions], np.float64, 40),
            np.array(
                [
                    0.0,
                    -0.0,
                    np.inf,
                    -np.inf,
                    np.nan,
                    2.0**-1074,
                    -(2.0**-1074),
                    np.finfo(float).max,
                    np.finfo(float).min,
                ]
            ),
        ]
    )


def sum_arguments(dtype: type, key: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return differences of two numbers (what softmax takes) with the rounding error, both in a dtype."""
    rng = cases.generator("vecmath sum", key)
    largest = 715.0 if dtype is np.float64 else 90.0
    hi = np.concatenate(
        [rng.uniform(-1, 1, count), rng.uniform(-40, 0, count), rng.uniform(-1.07 * largest, largest, count)]
    ).astype(dtype)
    lo = (np.spacing(hi) * rng.uniform(-1, 1, hi.size)).astype(dtype)
    edge = neighbours([-87.33654 if dtype is np.float32 else -708.3964185322641], dtype, 40)
    top = neighbours([88.72284 if dtype is np.float32 else 709.782712893384], dtype, 40)
    hi = np.concatenate([hi, *[edge, top] * 3])
    lo = np.concatenate([lo, *(np.abs(np.spacing(hi[lo.size :].reshape(3, -1))) * np.array([[-1], [0], [1]], dtype))])
    return hi, lo.astype(dtype)


def assert_diverse(x: np.ndarray) -> None:
    """An input generator that has gone dull would let everything pass."""
    exponents = np.unique(np.frexp(x[np.isfinite(x)])[1])
    assert np.unique(x).size > x.size // 4
    assert exponents.size > 200
    tiny = np.finfo(x.dtype).tiny
    assert ((x > 0) & (x < tiny)).any() and ((x < 0) & (x > -tiny)).any()


def assert_within_bounds(
    name: str, arguments: tuple[np.ndarray, ...], truth: np.ndarray, libraries: dict[str, Library], reference: Reference
) -> None:
    for level, library in libraries.items():
        error, place = reference.worst(truth, library(name, *arguments))
        at = [float(argument[place]).hex() for argument in arguments]
        assert error <= bound(name, level), f"{name} at {level}: {error:.4f} ULP at {at}"


@pytest.mark.parametrize("name", [name for name in FLOAT32 if name != "exp_sumf"])
def test_float32_over_a_strided_sample_of_all_arguments(name, libraries, reference):
    stride = 1021
    offset = cases.generator("vecmath", name).integers(stride)
    strided = np.arange(offset, 1 << 32, stride, dtype=np.uint64).astype(np.uint32).view(np.float32)
    borders = [
        1.0,
        -1.0,
        2.0**-126,
        -(2.0**-126),
        88.72284,
        -87.33655,
        -103.97208,
        20.0,
        -20.0,
        10.0,
        2.0**-60,
        0.41421356,
    ]
    x = np.concatenate([strided, neighbours(borders, np.float32, 2000)])
    assert_diverse(x)
    x = vecmath_library.in_domain(name, x)
    assert_within_bounds(name, (x,), reference.true_values(name, x), libraries, reference)


@pytest.mark.parametrize("name", [name for name in FLOAT64 if name != "exp_sum"])
def test_float64_against_long_double(name, libraries, reference):
    if not reference.has_long_double:
        pytest.skip("long double is no wider than double here; mpmath is still asked")
    x = arguments64(name, 50_000)
    assert_diverse(x)
    x = vecmath_library.in_domain(name, x)
    assert_within_bounds(name, (x,), reference.true_values(name, x), libraries, reference)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exp_of_a_sum_keeps_the_tail(dtype, libraries, reference):
    name = "exp_sumf" if dtype is np.float32 else "exp_sum"
    if dtype is np.float64 and not reference.has_long_double:
        pytest.skip("long double is no wider than double here")
    hi, lo = sum_arguments(dtype, name, 100_000)
    assert np.unique(hi).size > hi.size // 4
    assert_within_bounds(name, (hi, lo), reference.true_values(name, hi, lo), libraries, reference)


def ulp_error(y: float, truth: mpmath.mpf, dtype: type) -> float:
    """Return |y - truth| in units of the spacing of `dtype` at the truth, without any rounding."""
    info = np.finfo(dtype)
    if not np.isfinite(y):
        y, correct = (
            np.copysign(1.0, y),
            abs(truth) >= mpmath.ldexp(2 - mpmath.ldexp(1, -info.nmant - 1), info.maxexp - 1),
        )
        return 0.0 if correct and y == mpmath.sign(truth) else np.inf
    if truth == 0:
        return 0.0 if y == 0 else np.inf
    exponent = max(int(mpmath.frexp(truth)[1]) - 1, int(info.minexp))
    return float(abs(mpmath.mpf(float(y)) - truth) / mpmath.ldexp(1, exponent - info.nmant))


@pytest.mark.parametrize("name", ONE_ARGUMENT)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_the_textbook_formula_in_mpmath(name, dtype, libraries):
    drawn = arguments64(f"textbook {name}", 120)
    with np.errstate(all="ignore"):
        x = np.unique(np.concatenate([drawn, drawn / 8.0]).astype(dtype))
    x = vecmath_library.in_domain(name, x)
    x = x[np.isfinite(x) & (x > {"log": 0.0, "log1p": -1.0}.get(name, -np.inf))]
    x = cases.generator("vecmath textbook", name).choice(x, min(x.size, 300), replace=False)
    name_in_c = name + ("f" if dtype is np.float32 else "")
    # 1 + x, 1 + exp(x) and exp(x) - 1 need the bits between 1 and the smallest subnormal, and more than 53 below it
    with mpmath.workprec(1300):
        truths = [TEXTBOOK[name](mpmath.mpf(float(argument))) for argument in x]
        for level, library in libraries.items():
            for argument, y, truth in zip(x, library(name_in_c, x), truths, strict=True):
                error = ulp_error(y, truth, dtype)
                assert error <= bound(name_in_c, level), f"{level}: {error:.4f} ULP at {float(argument).hex()}"


INF, NAN, TINY, HUGE = np.inf, np.nan, 2.0**-149, 2.0**100
THROUGH_ZERO = [(0.0, 0.0), (-0.0, -0.0), (TINY, TINY), (-TINY, -TINY), (NAN, NAN)]
SPECIAL = {
    "exp": [(0.0, 1), (-0.0, 1), (INF, INF), (-INF, 0.0), (NAN, NAN), (TINY, 1), (-TINY, 1), (HUGE, INF), (-HUGE, 0.0)],
    "exp_minus_abs": [(0.0, 1), (-0.0, 1), (INF, 0.0), (-INF, 0.0), (NAN, NAN), (TINY, 1), (HUGE, 0.0), (-HUGE, 0.0)],
    "log": [(0.0, -INF), (-0.0, -INF), (INF, INF), (-INF, NAN), (NAN, NAN), (1, 0.0), (-1, NAN), (-TINY, NAN)],
    "log1p": [*THROUGH_ZERO, (INF, INF), (-INF, NAN), (-1, -INF), (-1.5, NAN)],
    "log1p_unit": [(0.0, 0.0), (TINY, TINY), (NAN, NAN)],
    "expm1": [*THROUGH_ZERO, (INF, INF), (-INF, -1), (HUGE, INF), (-HUGE, -1)],
    "sigmoid": [(0.0, 0.5), (-0.0, 0.5), (INF, 1), (-INF, 0.0), (NAN, NAN), (HUGE, 1), (-HUGE, 0.0)],
    "softplus": [(INF, INF), (-INF, 0.0), (NAN, NAN), (HUGE, HUGE), (-HUGE, 0.0)],
    "log_sigmoid": [(INF, -0.0), (-INF, -INF), (NAN, NAN), (HUGE, -0.0), (-HUGE, -HUGE)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (NAN, NAN), (INF, 1), (-INF, -1), (HUGE, 1), (-HUGE, -1)],
    "tanh": [*THROUGH_ZERO, (INF, 1), (-INF, -1), (HUGE, 1), (-HUGE, -1)],
}


def assert_same_numbers(computed: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(computed, expected)
    known = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(computed[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("name", ONE_ARGUMENT)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_special_values(name, dtype, libraries):
    x, expected = np.array(SPECIAL[name], dtype).T
    for library in libraries.values():
        assert_same_numbers(library(name + ("f" if dtype is np.float32 else ""), x), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exp_of_a_sum_forgives_a_tail_of_nan_where_the_head_is_infinite(dtype, libraries):
    hi = np.array([-INF, INF, NAN, -INF, INF, -HUGE, HUGE, NAN, -INF], dtype)
    lo = np.array([NAN, NAN, NAN, 0, 0, NAN, NAN, 0, -INF], dtype)
    expected = np.array([0, INF, NAN, 0, INF, 0, INF, NAN, 0], dtype)
    for library in libraries.values():
        assert_same_numbers(library("exp_sumf" if dtype is np.float32 else "exp_sum", hi, lo), expected)


@pytest.mark.parametrize("name", BOUNDS)
def test_an_element_has_the_same_bits_wherever_it_stands(name, libraries):
    dtype, integer = (np.float32, np.uint32) if in_float32(name) else (np.float64, np.uint64)
    x = cases.generator("vecmath bits", name).uniform(-30, 30, 150).astype(dtype)
    arguments = (x, np.spacing(x) * dtype(0.4)) if "sum" in name else (x,)
    for library in libraries.values():
        whole = library(name, *arguments).view(integer)
        for start, stop in [(0, 1), (1, 2), (1, 8), (3, 20), (5, 38), (149, 150), (7, 150)]:
            part = library(name, *(argument[start:stop] for argument in arguments)).view(integer)
            np.testing.assert_array_equal(part, whole[start:stop])


@pytest.mark.parametrize("name", BOUNDS)
def test_levels_with_fma_agree_to_the_bit(name, libraries):
    fused = [library for level, library in libraries.items() if LEVELS[level].fma]
    if len(fused) < 2:
        pytest.skip("this processor has fewer than two levels with FMA")
    x = arguments64(f"levels {name}", 2000)
    with np.errstate(all="ignore"):
        x = x.astype(np.float32) if in_float32(name) else x
        arguments = (x, np.spacing(x) * x.dtype.type(0.4)) if "sum" in name else (x,)
    first, *others = [library(name, *arguments) for library in fused]
    for other in others:
        assert_same_numbers(other, first)


def test_every_loop_is_vector_code(folder, levels):
    """Each loop of each level multiplies in whole registers and calls nothing; a scalar loop would do neither."""
    if levels == ["plain"]:
        pytest.skip("nobody knows the registers of this processor")
    for level in levels:
        target = folder / f"{level}.s"
        vecmath_library.run_compiler(LOOPS, target, *FLAGS, *LEVELS[level].flags, "-S")
        bodies = re.split(r"^loop_(\w+):$", target.read_text(), flags=re.MULTILINE)[1:]
        functions = dict(zip(bodies[::2], bodies[1::2], strict=True))
        assert set(functions) == {*BOUNDS, "log1pmxf"}
        for name, body in functions.items():
            body = body.split(".cfi_endproc")[0]
            single = in_float32(name)
            product = rf"\bv?(?:mul|fn?madd\d+){'ps' if single else 'pd'}\s.*%{LEVELS[level].register}"
            if level == "neon":
                product = rf"\b(?:fmul|fml[as])\s+v\d+\.{'4s' if single else '2d'}"
            assert re.search(product, body), f"{name} at {level} is scalar code"
            calls = re.findall(r"\b(?:call\s.*|jmp\s+\w+@.*|bl\s.*)", body)
            assert not calls, f"{name} at {level} calls {calls}"


def test_header_compiles_without_warnings_for_the_plain_target(folder):
    flags = ["-std=c11", "-O1", "-ffp-contract=off", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-c"]
    vecmath_library.run_compiler(LOOPS, folder / "plain.o", *flags)


def test_header_refuses_fast_math(folder):
    with pytest.raises(RuntimeError, match="do not compile it with -ffast-math"):
        vecmath_library.run_compiler(LOOPS, folder / "fast.o", "-std=c11", "-O1", "-ffast-math", "-c")


def test_bounds_are_those_of_the_comments():
    """The comment above a function ends in its measured bounds; `BOUNDS` repeats them."""
    text = (vecmath_library.header_folder() / "maths" / "vecmath.h").read_text()
    for name, (fma, plain) in BOUNDS.items():
        comment = re.search(rf"/\*((?:(?!\*/).)*)\*/\nFL_INLINE \w+ fl_{name}\(", text, re.DOTALL)
        assert comment, name
        stated = re.search(r"max ([\d.]+) ULP \(without FMA ([\d.]+)\)", comment[1])
        assert stated, f"{name}: no bound in its comment"
        assert (float(stated[1]), float(stated[2])) == (fma, plain), name
