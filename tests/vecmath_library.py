"""The functions of vecmath.h, compiled for each instruction set level, and the C library's wider ones as truth."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

#: Largest error in ULP with a fused multiply-add and without: the numbers of the comments in vecmath.h.
BOUNDS = {
    "expf": (0.87, 1.16),
    "exp_sumf": (0.94, 1.18),
    "exp_minus_absf": (0.87, 1.16),
    "logf": (0.96, 0.96),
    "log1pf": (0.96, 0.96),
    "log1p_unitf": (1.30, 1.30),
    "expm1f": (0.80, 0.86),
    "sigmoidf": (1.34, 1.53),
    "softplusf": (1.49, 1.72),
    "log_sigmoidf": (1.49, 1.72),
    "tanhf": (1.17, 1.23),
    "erff": (1.98, 2.11),
    "exp": (0.92, 1.20),
    "exp_sum": (0.94, 1.20),
    "exp_minus_abs": (0.92, 1.17),
    "log": (0.97, 0.97),
    "log1p": (0.92, 0.95),
    "log1p_unit": (1.30, 1.30),
    "expm1": (0.96, 1.03),
    "sigmoid": (1.35, 1.60),
    "softplus": (1.60, 1.75),
    "log_sigmoid": (1.60, 1.75),
    "tanh": (1.29, 1.30),
    "erf": (2.07, 2.26),
}

#: How the project compiles its kernels (CMakeLists.txt), without the level.
FLAGS = ["-std=c11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]


class Level(NamedTuple):
    flags: list[str]
    fma: bool
    features: tuple[str, ...] = ()
    register: str = ""


LEVELS = {
    "v2": Level(["-march=x86-64-v2"], False, ("sse4.2", "popcnt"), "xmm"),
    "v3": Level(["-march=x86-64-v3"], True, ("avx2", "fma", "bmi2"), "ymm"),
    "v4": Level(["-march=x86-64-v4", "-mprefer-vector-width=512"], True, ("avx512f", "avx512dq", "avx512vl"), "zmm"),
    "neon": Level([], True, register="v"),
    "plain": Level([], False),
}

ONE_ARGUMENT = (
    "exp", "exp_minus_abs", "log", "log1p", "log1p_unit", "expm1", "sigmoid", "softplus", "log_sigmoid", "tanh", "erf"
)  # fmt: skip

#: What a function is defined on, where that is not the whole type.
DOMAIN = {"log1p_unit": (0.0, 1.0)}

LOOPS = """
#include <stddef.h>
#include "maths/tails.h"
#define LOOP(name, real) \\
    void loop_##name(ptrdiff_t n, const real *restrict x, real *restrict y) \\
    { for (ptrdiff_t i = 0; i < n; i++) y[i] = fl_##name(x[i]); }
#define LOOP_OF_SUM(name, real) \\
    void loop_##name(ptrdiff_t n, const real *restrict hi, const real *restrict lo, real *restrict y) \\
    { for (ptrdiff_t i = 0; i < n; i++) y[i] = fl_##name(hi[i], lo[i]); }
LOOP(log1pmxf, float)
LOOP_OF_SUM(exp_sumf, float)
LOOP_OF_SUM(exp_sum, double)
""" + "".join(f"LOOP({name}f, float)\nLOOP({name}, double)\n" for name in ONE_ARGUMENT)

# float32 results are held against float64, float64 results against the 64 digits of an x87 long double. 1 ULP is the
# spacing of the numbers at the truth; infinity stands for the number after the largest one. hi + lo would round even in
# a long double, so exp(hi + lo) = exp(hi) + exp(hi) (exp(lo) - 1).
TRUTH = """
#include <float.h>
#include <math.h>
#include <stddef.h>
#define TRUTH(name, real, wide, formula) \\
    void true_##name(ptrdiff_t n, const real *argument, wide *truth) \\
    { for (ptrdiff_t i = 0; i < n; i++) { wide x = argument[i]; truth[i] = formula; } }
#define TRUTHS(suffix, real, wide, w) \\
    TRUTH(exp##suffix, real, wide, exp##w(x)) \\
    TRUTH(exp_minus_abs##suffix, real, wide, exp##w(-fabs##w(x))) \\
    TRUTH(log##suffix, real, wide, log##w(x)) \\
    TRUTH(log1p##suffix, real, wide, log1p##w(x)) \\
    TRUTH(log1p_unit##suffix, real, wide, log1p##w(x)) \\
    TRUTH(expm1##suffix, real, wide, expm1##w(x)) \\
    TRUTH(sigmoid##suffix, real, wide, x < 0 ? exp##w(x) / (1 + exp##w(x)) : 1 / (1 + exp##w(-x))) \\
    TRUTH(softplus##suffix, real, wide, x > 0 ? x + log1p##w(exp##w(-x)) : log1p##w(exp##w(x))) \\
    TRUTH(log_sigmoid##suffix, real, wide, x < 0 ? x - log1p##w(exp##w(x)) : -log1p##w(exp##w(-x))) \\
    TRUTH(tanh##suffix, real, wide, tanh##w(x)) \\
    TRUTH(erf##suffix, real, wide, erf##w(x)) \\
    void true_exp_sum##suffix(ptrdiff_t n, const real *hi, const real *lo, wide *truth) \\
    { for (ptrdiff_t i = 0; i < n; i++) truth[i] = exp##w(hi[i]) + exp##w(hi[i]) * expm1##w(lo[i]); }
#define WORST(suffix, real, wide, w, digits, lowest, above_largest) \\
    double worst##suffix(ptrdiff_t n, const wide *truth, const real *y, ptrdiff_t *place) \\
    { \\
        double worst = 0; \\
        for (ptrdiff_t i = 0; i < n; i++) { \\
            wide t = truth[i], error, value = isinf(y[i]) ? copysign##w(above_largest, y[i]) : (wide)y[i]; \\
            if (isnan(t) || isnan(y[i])) \\
                error = isnan(t) && isnan(y[i]) ? 0 : INFINITY; \\
            else if (y[i] == 0 && !signbit(y[i]) != !signbit(t)) \\
                error = INFINITY; \\
            else if (fabs##w(t) >= above_largest) \\
                error = isinf(y[i]) && !signbit(y[i]) == !signbit(t) ? 0 : INFINITY; \\
            else { \\
                int exponent = t == 0 ? lowest : ilogb##w(t); \\
                error = fabs##w(value - t) / ldexp##w(1, (exponent < lowest ? lowest : exponent) - digits); \\
            } \\
            if ((double)error > worst) { worst = (double)error; *place = i; } \\
        } \\
        return worst; \\
    }
TRUTHS(f, float, double,)
TRUTH(log1pmxf, float, double, fabs(x) < 1e-4 ? x * x * (x * (1 / 3.0 + x * (x / 5 - 0.25)) - 0.5) \\
                                              : x > 1e300 ? -x : log1p(x) - x)
WORST(f, float, double, , 23, -126, 0x1p128)
#if LDBL_MANT_DIG >= 64
TRUTHS(, double, long double, l)
WORST(, double, long double, l, 52, -1022, 0x1p1024L)
#endif
int long_double_digits(void) { return LDBL_MANT_DIG; }
"""

FEATURES = "int main(void) { return !(%s); }\n"


def in_float32(name: str) -> bool:
    """Tell the type of a function by its name: erf is in float64, erff in float32."""
    return name.endswith("f") and name != "erf"


def in_domain(name: str, x: np.ndarray) -> np.ndarray:
    """Return those of the arguments that a function is defined on."""
    low, high = DOMAIN.get(name.removesuffix("f"), (-np.inf, np.inf))
    negative = np.signbit(x) if low == 0 else x < low  # an argument that cannot be negative is not -0 either
    return x[~(negative | (x > high)) | np.isnan(x)]


def compiler() -> list[str] | None:
    """Return the command of a C compiler, or None."""
    for command in (os.environ.get("CC"), sysconfig.get_config_var("CC"), "cc", "gcc", "clang"):
        words = (command or "").split()
        if words and shutil.which(words[0]):
            return words
    return None


def header_folder() -> Path:
    """Return the folder of the kernels: the source tree, else the installed package."""
    tree = Path(__file__).resolve().parent.parent / "src" / "fastloss" / "kernels"
    if (tree / "maths" / "vecmath.h").exists():
        return tree
    import fastloss

    return Path(fastloss.__file__).parent / "kernels"


def run_compiler(source: str, target: Path, *arguments: str) -> str:
    """Compile a text and return what the compiler wrote to stderr."""
    command = [*compiler(), *arguments, f"-I{header_folder()}", "-x", "c", "-", "-o", str(target), "-lm"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr}")
    return done.stderr


def available_levels(folder: Path) -> list[str]:
    """Return the levels that this processor has."""
    if platform.machine() not in {"x86_64", "AMD64"}:
        return ["neon" if platform.machine() in {"aarch64", "arm64"} else "plain"]
    names = [name for name, level in LEVELS.items() if level.features]
    levels = []
    for name in names:
        test = " && ".join(f'__builtin_cpu_supports("{feature}")' for feature in LEVELS[name].features)
        run_compiler(FEATURES % test, folder / f"has_{name}")
        if subprocess.run([folder / f"has_{name}"], check=False).returncode == 0:
            levels.append(name)
    return levels


def address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


class Library:
    """The functions of vecmath.h, or of other loops, as array functions of one level."""

    def __init__(self, level: str, folder: Path, loops: str = LOOPS, more: Sequence[str] = ()) -> None:
        target = folder / f"vecmath_{level}.so"
        flags = [*FLAGS, *LEVELS[level].flags, "-Wall", "-Wextra", "-Werror", *more, "-fPIC", "-shared"]
        run_compiler(loops, target, *flags)
        self.functions = ctypes.CDLL(str(target))

    def __call__(self, name: str, *arguments: np.ndarray) -> np.ndarray:
        dtype = np.float32 if in_float32(name) else np.float64
        arrays = [np.ascontiguousarray(argument, dtype) for argument in arguments]
        y = np.empty_like(arrays[0])
        function = self.functions[f"loop_{name}"]
        function.restype = None
        function(ctypes.c_ssize_t(y.size), *map(address, arrays), address(y))
        return y


class Reference:
    """The C library's functions in the next wider type, and the comparison with them."""

    def __init__(self, folder: Path) -> None:
        target = folder / "truth.so"
        run_compiler(TRUTH, target, "-std=c11", "-O2", "-ffp-contract=off", "-fPIC", "-shared")
        self.functions = ctypes.CDLL(str(target))
        self.has_long_double = self.functions.long_double_digits() >= 64

    def true_values(self, name: str, *arguments: np.ndarray) -> np.ndarray:
        truth = np.empty(arguments[0].shape, np.float64 if in_float32(name) else np.longdouble)
        function = self.functions[f"true_{name}"]
        function.restype = None
        function(ctypes.c_ssize_t(truth.size), *map(address, arguments), address(truth))
        return truth

    def worst(self, truth: np.ndarray, y: np.ndarray) -> tuple[float, int]:
        """Return the largest error in ULP and its index."""
        function: Any = self.functions["worstf" if y.dtype == np.float32 else "worst"]
        function.restype = ctypes.c_double
        place = ctypes.c_ssize_t(0)
        return function(ctypes.c_ssize_t(y.size), address(truth), address(y), ctypes.byref(place)), place.value
