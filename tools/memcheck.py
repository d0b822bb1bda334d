"""Run every loss once under valgrind, on the installed package: no read of memory that nothing was written to, no leak.

    python tools/memcheck.py

Valgrind shows a CPU without AVX-512, so the kernels of the level below run. Python and NumPy have reports of their own:
those count that have a frame of the kernels, or of the function in which every number of a result is looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
SMOKE = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import cases
from cases import fl
calls = 0
for variant in cases.variants():
    for dtype in (*cases.FLOATS, cases.HALVES[0]):
        for shape in ((7, 5), (2, 70)):
            rng = cases.generator(str(variant))
            inputs = cases.draw(variant, shape, dtype, rng)
            weight, where = rng.random(inputs.samples), rng.random(inputs.samples) < 0.8
            stepped = inputs.replace(y_pred=cases.LAYOUTS["stepped"](inputs.y_pred))
            for results in (inputs(), inputs(reduction="mean", sample_weight=weight, where=where), stepped("grad")):
                # valgrind tells of a branch on what was never written: `is_integer` has one
                for result in results if isinstance(results, tuple) else (results,):
                    sum(map(float.is_integer, np.ravel(result).tolist()))
                calls += 1
    try:
        inputs("grad", sample_weight=-1)
    except ValueError:
        calls += 1
for name in ("softmax", "log_softmax", "logsumexp", "sigmoid", "log_sigmoid", "softplus"):
    for shape in ((7, 5), (2, 70)):
        sum(np.ravel(getattr(fl, name)(np.ones(shape, np.float32))).tolist())
        calls += 1
print(fl.build_info()["isa"], calls, "calls")
"""


def is_ours(frame: ElementTree.Element) -> bool:
    module = re.search(r"fastloss/_\w+\.", frame.findtext("obj") or "")
    return module is not None or (frame.findtext("fn") or "").startswith("float_is_integer")


def main() -> int:
    valgrind = shutil.which("valgrind") or sys.exit("needs valgrind")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            valgrind,
            "--xml=yes",
            f"--xml-file={report}",
            "--leak-check=full",
            "--show-leak-kinds=definite",
        ]
        environment = os.environ | {"PYTHONMALLOC": "malloc", "FASTLOSS_ISA": "", "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, sys.executable, "-c", SMOKE, str(TESTS)], env=environment, check=True)
        errors = ElementTree.parse(report).getroot().findall("error")
        ours = [error for error in errors if any(is_ours(frame) for frame in error.iter("frame"))]
        for error in ours:
            what = error.findtext("what") or error.findtext("xwhat/text")
            print(
                what,
                *(f"    {frame.findtext('fn')} ({frame.findtext('obj')})" for frame in error.iter("frame")),
                sep="\n",
            )
        print(f"{len(errors)} reports, {len(ours)} of them ours")
    return len(ours)


if __name__ == "__main__":
    sys.exit(main())
