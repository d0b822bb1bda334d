"""Build fastloss for 64-bit Arm on an x86-64 Debian, and run tests there under qemu: ``python tools/aarch64.py``.

    python tools/aarch64.py                          the sample below: some minutes
    python tools/aarch64.py -k huber tests/test_contract.py        what pytest is given

It needs the packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross and qemu-user-static, and a network: apt-get fetches
Debian's Python of arm64 and its libraries, which are unpacked and not installed, pip the wheels of what tests need. The
compiler runs at full speed, only Python is emulated. Nothing outside of the folder build/aarch64 is written.

Emulation shows that results are right and that loops are vector code. It says nothing of speed.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "aarch64"
TREE = WORK / "tree"  # a Debian of arm64, as far as Python needs one
SITE = WORK / "site"
DEBIAN = ("python3.11", "libgomp1", "libstdc++6")
FROM_PIP = ("numpy", "pytest", "hypothesis", "mpmath", "ml-dtypes", "scipy")
GLIBC = ("2_28", "2_27", "2_17")
SAMPLES = (
    ("tests/test_vecmath.py", "tests/test_tails.py", "tests/test_blocks.py", "tests/test_neon.py"),
    ("tests/test_special_values.py", "tests/test_functions.py", "tests/test_fuzz.py", "--one-in=4"),
    ("tests/test_accuracy.py", "tests/test_contract.py", "--one-in=40"),
    (
        "tests/test_groups.py",
        "tests/test_survival.py",
        "tests/test_sequences.py",
        "tests/test_segmentation.py",
        "--one-in=8",
    ),
)
TOOLCHAIN = """
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
"""


def run(*command: str | Path, **environment: str) -> None:
    """Run a command; what fails ends this program."""
    done = subprocess.run(command, env=os.environ | environment, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}")


def fetch_python() -> None:
    """Unpack Debian's Python of arm64, with folders of apt's own: what the machine has installed stays as it is."""
    apt = WORK / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures": "arm64",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "Debug::NoLocking": "true",
    }
    config = apt / "apt.conf"
    config.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()), "utf-8")
    run("apt-get", "-q", "update", APT_CONFIG=str(config))
    run("apt-get", "-q", "install", "-y", "--download-only", *DEBIAN, APT_CONFIG=str(config))
    for package in sorted((apt / "cache" / "archives").glob("*.deb")):
        run("dpkg-deb", "-x", package, TREE)


def fetch_packages() -> None:
    """Unpack the wheels of arm64 that the tests need."""
    platforms = [f"--platform=manylinux_{version}_aarch64" for version in GLIBC]
    target = ["--only-binary=:all:", "--python-version=3.11", "--target", SITE]
    run(sys.executable, "-m", "pip", "install", "-q", *platforms, *target, *FROM_PIP)


def build() -> None:
    """Compile the wheel with Debian's cross compiler, and unpack it beside the others."""
    (WORK / "toolchain.cmake").write_text(TOOLCHAIN, "utf-8")
    options = [f"cmake.args=-DCMAKE_TOOLCHAIN_FILE={WORK}/toolchain.cmake", f"build-dir={WORK}/build"]
    platform = {"_PYTHON_HOST_PLATFORM": "linux-aarch64"}
    dist = WORK / "dist"
    settings = [part for option in options for part in ("-C", option)]
    if importlib.util.find_spec("scikit_build_core"):  # who works on the package has what builds it
        settings.append("--no-build-isolation")
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", dist, *settings, ROOT, **platform)
    (wheel,) = dist.glob("*.whl")
    run(sys.executable, ROOT / "tools" / "check_wheel.py", wheel)
    platforms = ["--platform=linux_aarch64", "--python-version=3.11", "--only-binary=:all:"]
    run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--upgrade", *platforms, "--target", SITE, wheel)


def emulated(*arguments: str) -> None:
    """Run Python on the emulated processor; the compiler that tests call is that of this one."""
    run(
        "qemu-aarch64-static",
        TREE / "usr" / "bin" / "python3.11",
        *arguments,
        QEMU_LD_PREFIX=str(TREE),
        PYTHONPATH=str(SITE),
        PYTHONDONTWRITEBYTECODE="1",
        CC="aarch64-linux-gnu-gcc",
        OBJDUMP="aarch64-linux-gnu-objdump",
    )


def main(given: list[str]) -> None:
    """Fetch what is not there yet, build, and run the tests."""
    if not TREE.exists():
        fetch_python()
    if not SITE.exists():
        fetch_packages()
    build()
    emulated("-m", "fastloss", "info")
    pytest = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    if given:
        emulated(*pytest, *given)
        return
    for sample in SAMPLES:
        emulated(*pytest, *sample)


if __name__ == "__main__":
    main(sys.argv[1:])
