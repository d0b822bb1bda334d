"""Build two wheels of the same sources at once: neither disturbs the other, and they are the same file, byte for byte.

    python tools/build_twice.py

One ISA level without optimisation, which takes a minute. Nothing is written beside the sources.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUICK = ("cmake.define.FASTLOSS_ISA_LEVELS=plain", "cmake.define.FASTLOSS_EXTRA_FLAGS=-O0")


def files() -> set[Path]:
    """Return what there is in the source tree, but for what Git keeps and Python caches."""
    return {path for path in ROOT.rglob("*") if not {".git", "__pycache__"}.intersection(path.parts)}


def main() -> int:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}
    settings = [argument for setting in QUICK for argument in ("-C", setting)]
    before = files()
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder, name) for name in ("one", "other")]
        builds = [
            subprocess.Popen(
                [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", *settings, "--wheel-dir", place, ROOT],
                env=environment,
            )
            for place in places
        ]
        codes = [build.wait() for build in builds]  # of both, before their folder goes
        if any(codes):
            return 1
        wheels = [path.read_bytes() for place in places for path in place.glob("*.whl")]
    problems = ["the wheels differ"] * (wheels[0] != wheels[1])
    problems += [f"{path.relative_to(ROOT)} was written" for path in sorted(files() - before)]
    print("\n".join(problems) or "two builds at once: the same wheel")
    return len(problems)


if __name__ == "__main__":
    sys.exit(main())
