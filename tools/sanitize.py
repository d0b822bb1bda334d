"""Build the kernels under a sanitizer, and run tests and fuzzer on them.

    python tools/sanitize.py address            gcc's address and undefined-behaviour sanitizers
    python tools/sanitize.py thread             clang's thread sanitizer
    python tools/sanitize.py address --one-in 20 --cases 2000        a sample

The package is built into a temporary folder; the tests are those of the environment that this program runs in.

gcc's thread sanitizer is of no use here: it does not know the barriers of libgomp and reports races where there are
none. clang's knows those of libomp through its tool archer; on Debian they are in the packages clang-16, libomp-16-dev
and libclang-rt-16-dev.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PRELOAD = "LD_PRELOAD"


class Sanitizer(NamedTuple):
    compiler: str
    flags: tuple[str, ...]
    environment: dict[str, str]
    tests: tuple[str, ...]
    chosen: str  # of these tests, an expression for pytest's -k
    wrapper: tuple[str, ...] = ()


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def address() -> Sanitizer:
    compiler = shutil.which("gcc") or sys.exit("needs gcc")
    libraries = [output(compiler, f"-print-file-name={name}") for name in ("libasan.so", "libstdc++.so")]
    return Sanitizer(
        compiler,
        ("-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"),
        {
            PRELOAD: " ".join(libraries),
            # With the usual redzone an index 48 bytes beyond an array of 96 is not noticed. Python's small objects stay
            # where they are: arrays and our scratch come from malloc anyway, and an hour holds 20 times as many calls.
            "ASAN_OPTIONS": "detect_leaks=0:redzone=2048:allocator_may_return_null=1",
        },
        (
            "fuzz",
            "special_values",
            "arguments",
            "functions",
            "contract",
            "process",
            "sequences",
            "chains",
            "transducers",
            "decoding",
            "segmentation",
            "groups",
        ),
        # Python's own allocations under a limit, and what a sanitizer itself does at import, are not of interest.
        "not memory and not import and not interrupted",
    )


def thread() -> Sanitizer:
    names = ("clang", *(f"clang-{version}" for version in range(22, 14, -1)))
    compiler = next(filter(None, map(shutil.which, names)), None) or sys.exit("needs clang")
    runtime = Path(output(compiler, "-print-runtime-dir"))
    library, archer = runtime / f"libclang_rt.tsan-{os.uname().machine}.so", runtime.parents[3] / "libarcher.so"
    for path in (library, archer):
        if not path.exists():
            sys.exit(f"needs {path}: the packages libclang-rt and libomp of this version of clang")
    return Sanitizer(
        compiler,
        ("-O1", "-g", "-fsanitize=thread", "-shared-libsan"),
        {
            PRELOAD: str(library),
            "OMP_TOOL_LIBRARIES": str(archer),
            "TSAN_OPTIONS": "exitcode=66 ignore_noninstrumented_modules=1",
        },
        ("contract", "process"),
        "number_of_threads or threads_at_once or control_registers",
        ("setarch", "-R"),  # its shadow memory has no place for randomised addresses
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sanitizer", choices=("address", "thread"))
    parser.add_argument("--one-in", type=int, default=1, help="run one test in this many")
    parser.add_argument("--cases", type=int, default=200_000, help="cases of the fuzzer")
    parser.add_argument("--level", default="", help="the ISA level to build; by default all of them")
    given = parser.parse_args()
    sanitizer = {"address": address, "thread": thread}[given.sanitizer]()
    with tempfile.TemporaryDirectory() as site:
        install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", site]
        settings = [f"cmake.define.FASTLOSS_EXTRA_FLAGS={';'.join(sanitizer.flags)}", f"build-dir={site}/build"]
        settings += [f"cmake.define.FASTLOSS_ISA_LEVELS={given.level}"] * bool(given.level)
        options = [option for setting in settings for option in ("-C", setting)]
        subprocess.run([*install, *options, str(ROOT)], env=os.environ | {"CC": sanitizer.compiler}, check=True)

        environment = os.environ | sanitizer.environment | {"PYTHONPATH": site, "PYTHONDONTWRITEBYTECODE": "1"}
        tests = [str(ROOT / "tests" / f"test_{name}.py") for name in sanitizer.tests]
        commands = [["-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", f"--one-in={given.one_in}"]]
        commands[0] += ["-k", sanitizer.chosen, *tests]
        commands.append([str(ROOT / "tests" / "fuzz.py"), f"--cases={given.cases}"])
        for command in commands:
            whole = [*sanitizer.wrapper, sys.executable, *command]
            done = subprocess.run(whole, env=environment, cwd=site, check=False)
            if done.returncode:
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
