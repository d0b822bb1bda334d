"""What only a fresh process shows: the time of the import, and memory that tracemalloc does not see."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_IMPORT = """
import time
import numpy
start = time.perf_counter()
import fastloss
print(time.perf_counter() - start)
"""

# VmHWM is the peak of this address space alone; ru_maxrss starts at the peak of the parent process. The first call
# starts the threads and loads the code.
_PEAK = """
import sys
from pathlib import Path
import numpy as np
import fastloss as fl

loss, dtype, axis, n_threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
shape = tuple(map(int, sys.argv[5:]))
keywords = {"n_threads": n_threads}
y_pred = np.ones(shape, dtype)
grad = np.ones(shape, dtype)
if loss == "cross_entropy":
    keywords["axis"] = axis
    y_true = np.zeros(y_pred.size // shape[axis], np.int64)
    small, small_true = (slice(8), slice(8)), slice(8)
else:
    y_true = np.zeros(shape, dtype)
    small = small_true = slice(100_000)

def memory(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) * 1024

value_and_grad = getattr(fl, loss).value_and_grad
value_and_grad(y_true[small_true], y_pred[small], out=(None, grad[small]), **keywords)
try:
    Path("/proc/self/clear_refs").write_text("5")
except OSError:
    pass
before = memory("VmRSS:")
value_and_grad(y_true, y_pred, out=(None, grad), **keywords)
print(memory("VmHWM:") - before)
"""


def import_seconds(rounds: int) -> NDArray:
    """Seconds that `import fastloss` takes after `import numpy`, in fresh interpreters."""
    _run(_IMPORT)  # byte code and libraries into the page cache
    return np.array([float(_run(_IMPORT)) for _ in range(rounds)])


def peak_bytes(loss: str, shape: tuple[int, ...], dtype: str, axis: int, n_threads: int) -> int | None:
    """Bytes that one call needs beyond its inputs and outputs; None where the system does not tell."""
    if not Path("/proc/self/status").exists():
        return None
    return int(_run(_PEAK, loss, dtype, str(axis), str(n_threads), *map(str, shape)))


def _run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
