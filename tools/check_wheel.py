"""Check what is in a wheel: ``python tools/check_wheel.py dist/*.whl``.

Every module of the package and nothing else; extension modules that need the C library and OpenMP alone, with no path
of the machine they were built on; the licence; no more bytes than a package of formulas may have.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"
#: Bytes of a wheel, at most: three levels of the kernels of all kinds. 7,145,178 were measured; the budget is 8 MB.
MOST_BYTES = 7_500_000
#: Read at build time only.
BUILD_STEPS = {"fastloss/kernels/points/write_formulas.py", "fastloss/kernels/frame/frame.pxd"}
#: Written by the build.
STUB = "fastloss/__init__.pyi"
METADATA = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")
#: The compiled modules of each ISA level: the frame, and a kind in each folder.
PARTS = sorted(path.stem for path in (SOURCE / "fastloss" / "kernels").glob("*/*.pyx"))
EXTENSION = re.compile(rf"fastloss/_(cpu|({'|'.join(PARTS)})_(v2|v3|v4|neon|plain))\.[\w.-]+\.(so|pyd)")
#: What auditwheel brings along.
BUNDLED = re.compile(r"fastloss\.libs/libgomp-\w+\.so[\d.]*|fastloss-[\d.]+\.dist-info/sboms/auditwheel\.cdx\.json")
LIBRARIES = re.compile(
    r"lib(c|m|gomp|gomp-\w+|omp|pthread|gcc_s|dl)\.so[\d.]*|ld-linux[\w-]*\.so\.\d|libc\.musl-\w+\.so\.1"
)


def expected_files(stem: str) -> set[str]:
    modules = {
        path.relative_to(SOURCE).as_posix()
        for pattern in ("*.py", "*.pyi", "*.pxd", "*.cc", "py.typed")
        for path in (SOURCE / "fastloss").rglob(pattern)
    }
    return (modules - BUILD_STEPS) | {STUB} | {f"{stem}.dist-info/{name}" for name in METADATA}


def wrong_in_library(path: Path) -> Iterator[str]:
    """Tell what a shared library must not have: a path of the building machine, a library that nobody expects."""
    shown = subprocess.run(["readelf", "--dynamic", path], capture_output=True, text=True, check=True).stdout
    for kind, value in re.findall(r"\((NEEDED|RPATH|RUNPATH)\).*\[(.*)\]", shown):
        if kind == "NEEDED" and not LIBRARIES.fullmatch(value):
            yield f"{path.name} needs {value}"
        if kind != "NEEDED" and not value.startswith("$ORIGIN"):
            yield f"{path.name} has {kind} {value}"


def wrong_in(wheel: Path) -> Iterator[str]:
    if wheel.stat().st_size > MOST_BYTES:
        yield f"{wheel.stat().st_size} bytes are more than {MOST_BYTES}"
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        names = {name for name in archive.namelist() if not name.endswith("/")}
        compiled = {name for name in names if EXTENSION.fullmatch(name) or BUNDLED.fullmatch(name)}
        expected = expected_files("-".join(wheel.name.split("-")[:2]))
        yield from (f"{name} is missing" for name in sorted(expected - names))
        yield from (f"{name} does not belong there" for name in sorted(names - expected - compiled))
        found = [match.groups() for match in map(EXTENSION.fullmatch, sorted(names)) if match]
        levels = {level for _, _, level, _ in found if level} or {"plain"}
        yield from (f"no kernels of {part} for {level}" for part in PARTS for level in sorted(levels)
                    if not any((part, level) == (of, at) for _, of, at, _ in found))  # fmt: skip
        if shutil.which("readelf"):
            for name in sorted(name for name in compiled if ".so" in name):
                yield from wrong_in_library(Path(archive.extract(name, folder)))


def main(wheels: list[str]) -> int:
    problems = [f"{wheel}: {problem}" for wheel in wheels for problem in wrong_in(Path(wheel))]
    print("\n".join(problems) if problems else f"{', '.join(wheels)}: as it should be")
    return len(problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
