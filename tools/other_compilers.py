"""Compile the kernels for musl and for Windows, and hold the functions of vecmath.h to their bounds there.

    python tools/other_compilers.py musl       needs musl-gcc (Debian: musl-tools)
    python tools/other_compilers.py windows    needs x86_64-w64-mingw32-gcc (gcc-mingw-w64-x86-64), and wine to run

The C files are those that a build has left: ``pip install -C build-dir=build/dev .`` in this checkout, or ``--from``.
For Windows the modules that Cython writes need headers of its Python (``--headers``: a folder with the files of
CPython's ``Include`` and its ``PC/pyconfig.h``); without them only the loops of the formulas are compiled, not the
frame and the other kinds. Nothing is linked to a Python, so no test of the package runs. What runs is a program of
its own, which compares each function with the wider one of the C library.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
KERNELS = ROOT / "src" / "fastloss" / "kernels"
sys.path.insert(0, str(ROOT / "tests"))

import vecmath_library as library  # noqa: E402


class Target(NamedTuple):
    """A compiler, and how to run what it makes: nothing in front, an emulator, or not at all."""

    compiler: tuple[str, ...]
    emulator: tuple[str, ...]
    openmp: bool


TARGETS = {
    "musl": Target(("musl-gcc", "-static"), (), True),
    "windows": Target(("x86_64-w64-mingw32-gcc", "-static"), ("wine",), False),
}

#: Every so many of all float32 numbers; of float64 as many, spread over the bits alike.
STEP = 4099
MAIN = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define COUNT (ptrdiff_t)((UINT64_C(1) << 32) / %(step)d)
static float x32[COUNT], lo32[COUNT], y32[COUNT];
static double x64[COUNT], lo64[COUNT], y64[COUNT], t32[COUNT];
static long double t64[COUNT];
static ptrdiff_t place, kept;
int main(void)
{
%(body)s
    return 0;
}
"""
FILL = """
    kept = 0;
    for (ptrdiff_t i = 0; i < COUNT; i++) {
        uint%(bits)d_t number = (uint%(bits)d_t)(i * UINT64_C(%(step)d)) << %(shift)d;
        memcpy(&x%(bits)d[kept], &number, %(bytes)d);
        if (%(domain)s) kept++;
    }
"""
CHECK = """
    loop_%(name)s(kept, x%(bits)d, y%(bits)d);
    true_%(name)s(kept, x%(bits)d, t%(bits)d);
    printf("%(name)s %%.3f\\n", worst%(suffix)s(kept, t%(bits)d, y%(bits)d, &place));
"""


def program() -> str:
    """Return a program that prints the largest error of each function of one number, in ULP."""
    body = ""
    for name in library.BOUNDS:
        if "sum" in name:
            continue
        bits, suffix = (32, "f") if library.in_float32(name) else (64, "")
        low, high = library.DOMAIN.get(name.removesuffix("f"), (None, None))
        x = f"x{bits}[kept]"
        domain = "1" if low is None else f"{x} >= {low} && {x} <= {high}"
        values = {"bits": bits, "bytes": bits // 8, "shift": bits - 32, "step": STEP, "domain": domain}
        body += FILL % values + CHECK % {"name": name, "bits": bits, "suffix": suffix}
    return library.LOOPS + library.TRUTH + MAIN % {"step": STEP, "body": body}


def compiled(target: Target, source: Path, output: Path, *flags: str) -> str:
    """Compile a file; return what the compiler wrote."""
    command = [*target.compiler, *library.FLAGS, *flags, f"-I{KERNELS}", str(source), "-o", str(output), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-4000:]}")
    return done.stderr


def kernels(target: Target, build: Path, headers: Path | None, folder: Path) -> None:
    """Compile the loops of the formulas, and what Cython wrote if there are headers of this target's Python."""
    files = [build / "generated" / "formulas.c"]
    files += [] if headers is None else [path for path in sorted(build.glob("_*.c")) if path.name != "_cpu.c"]
    macros = ('-DFL_ISA="v3"', '-DFL_COMPILER="other"', '-DFL_FLAGS=""', "-DCYTHON_COMPRESS_STRINGS=0",
              "-DCYTHON_INLINE=inline __attribute__((always_inline))", "-DPy_LIMITED_API=0x030B0000")  # fmt: skip
    for path in files:
        flags = ["-c", "-march=x86-64-v3", "-Wall", "-Wno-unused-function", f"-I{build / 'generated'}", *macros]
        flags += ["-fopenmp"] * target.openmp + ([] if headers is None else [f"-I{headers}"])
        warnings = compiled(target, path, folder / "kernel.o", *flags)
        print(f"{path.name}: compiled, {warnings.count('warning:')} warnings", flush=True)


def functions(target: Target, folder: Path) -> None:
    """Run the program for each level with and without a fused multiply-add."""
    source = folder / "vecmath.c"
    source.write_text(program(), "utf-8")
    for level in ("v2", "v3"):
        compiled(target, source, folder / "vecmath.exe", *library.LEVELS[level].flags)
        if target.emulator and shutil.which(target.emulator[0]) is None:
            print(f"{level}: compiled and not run: there is no {target.emulator[0]}")
            continue
        command = [*target.emulator, str(folder / "vecmath.exe")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        errors = {name: float(error) for name, error in map(str.split, done.stdout.splitlines())}
        over = {name: error for name, error in errors.items() if not error <= library.BOUNDS[name][level == "v2"]}
        worst = max(errors.values())
        print(f"{level}: {len(errors)} functions, at most {worst:.3f} ULP; beyond bounds: {over or 'none'}", flush=True)
        if over:
            sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--from", dest="build", type=Path, help="the folder of a build")
    parser.add_argument("--headers", type=Path, help="the folder of Python.h for Windows")
    given = parser.parse_args()
    target = TARGETS[given.target]
    if shutil.which(target.compiler[0]) is None:
        sys.exit(f"there is no {target.compiler[0]}")
    builds = sorted((ROOT / "build").glob("*/generated/formulas.c"), key=lambda path: path.stat().st_mtime)
    build = given.build or (builds[-1].parent.parent if builds else None)
    if build is None:
        sys.exit("there is no build: python -m pip install --no-build-isolation -C build-dir=build/dev .")
    headers = given.headers or (Path(sysconfig.get_path("include")) if given.target == "musl" else None)
    with tempfile.TemporaryDirectory() as folder:
        functions(target, Path(folder))
        kernels(target, build, headers, Path(folder))


if __name__ == "__main__":
    main()
