"""Error of every float32 function of one number in vecmath.h and tails.h over all 2^32 arguments, at every level.

python tests/exhaustive_vecmath.py [function ...]     about 2 minutes per function on one core

The truth is the C library's float64 function, whose own error is below 1e-8 of a float32 ULP. A NaN where the truth is
none (or the other way round), a wrong infinity and a wrong sign of zero count as an infinite error.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from test_tails import stated
from vecmath_library import BOUNDS, LEVELS, Library, Reference, available_levels, in_domain, in_float32

CHUNK = 1 << 20


def worst_errors(name: str, libraries: dict[str, Library], reference: Reference) -> dict[str, tuple[float, float]]:
    """Return for each level the largest error in ULP and its argument."""
    worst = dict.fromkeys(libraries, (0.0, 0.0))
    for start in range(0, 1 << 32, CHUNK):
        x = np.arange(start, start + CHUNK, dtype=np.uint64).astype(np.uint32).view(np.float32)
        x = in_domain(name, x)
        if not x.size:
            continue
        truth = reference.true_values(name, x)
        for level, library in libraries.items():
            error, place = reference.worst(truth, library(name, x))
            if error > worst[level][0]:
                worst[level] = error, float(x[place])
    return worst


def main(names: list[str]) -> int:
    """Print a table and return the number of broken bounds."""
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        libraries = {level: Library(level, Path(folder)) for level in available_levels(Path(folder))}
        reference = Reference(Path(folder))
        for name in names:
            began = time.perf_counter()
            for level, (error, x) in worst_errors(name, libraries, reference).items():
                bound = BOUNDS[name][0 if LEVELS[level].fma else 1] if name in BOUNDS else stated(name, level)
                broken += not error <= bound
                print(f"{name:12} {level}  {error:.4f} ULP at {x.hex()}  bound {bound}", flush=True)
            print(f"{name:12} took {time.perf_counter() - began:.0f} s", flush=True)
    return broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [*(name for name in BOUNDS if in_float32(name) and name != "exp_sumf"), "log1pmxf"]))
