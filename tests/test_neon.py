"""The machine code of the kernels for 64-bit Arm: the loops of the formulas compute whole registers.

What ``test_machine_code.py`` reads on x86-64, as far as branches and registers are alike: ``tools/aarch64.py`` runs it
under emulation, with the disassembler that ``OBJDUMP`` names.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec

import pytest

import fastloss as fl
from fastloss.runtime import kernels

OBJDUMP = os.environ.get("OBJDUMP") or "objdump"

if fl.build_info()["isa"] != "neon" or platform.system() != "Linux" or shutil.which(OBJDUMP) is None:
    pytest.skip("reads what gcc makes of the loops for 64-bit Arm", allow_module_level=True)

#: What numbers of a whole register are called, and one alone.
PACKED = {"f32": ".4s", "f64": ".2d"}
ARITHMETIC = r"f(?:n?m?(?:add|sub|mul|la|ls)|div|sqrt|max|min|abd)(?:nm)?"
BY_PARAMETERS = {f"{row.name}_by_{parameter.name}" for row in fl.losses() for parameter in row.learned}
COPIES = {("exponential", "value"), ("l1", "value")}  # of a stage; of all bits but one


@cache
def functions() -> dict[str, list[tuple[int, str]]]:
    """Return the instructions of each function of the module of points, with their addresses."""
    spec = find_spec("fastloss._points_neon")
    assert spec is not None and spec.origin is not None
    command = [OBJDUMP, "-d", "--no-show-raw-insn", spec.origin]
    text = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout
    found: dict[str, list[tuple[int, str]]] = {}
    lines: list[tuple[int, str]] = []
    for line in text.splitlines():
        if line.endswith(">:"):
            lines = found.setdefault(line[line.index("<") + 1 : -2], [])
        elif line.startswith(" "):
            address, _, instruction = line.partition(":\t")
            lines.append((int(address, 16), instruction.partition("//")[0].strip()))
    return found


def loops(name: str) -> list[list[str]]:
    """Return the loops of a function that have none inside: what lies between a branch back and where it goes."""
    lines = functions()[name]
    if found := re.match(r"b\t[0-9a-f]+ <(\w+)>", lines[0][1]):
        return loops(found[1])  # two formulas that are the same share one loop
    spans = set()
    for address, instruction in lines:
        found = re.match(r"(?:b|b\.\w+|cbn?z\t\w+,|tbn?z\t\w+, #\d+,)\s+([0-9a-f]+) <", instruction)
        if found and lines[0][0] <= int(found[1], 16) <= address:
            spans.add((int(found[1], 16), address))
    inner = [(a, b) for a, b in spans if not any((a, b) != (c, d) and a <= c and d <= b for c, d in spans)]
    return [[instruction for address, instruction in lines if a <= address <= b] for a, b in inner]


@pytest.mark.parametrize("real", PACKED)
@pytest.mark.parametrize(
    ("loss", "want"), [(loss, want) for loss, wants in kernels.points.LOOPS.items() for want in wants]
)
def test_the_loop_of_a_formula_is_vector_code(loss: str, want: str, real: str) -> None:
    if (real == "f32" and loss in BY_PARAMETERS) or (loss, want) in COPIES:
        pytest.skip("computed in float64 alone, or copied")
    of_vectors, scalar = 0, []
    for loop in loops(f"{loss}_{real}_{want}"):
        packed = [line for line in loop if re.match(rf"{ARITHMETIC}\s+v\d+\{PACKED[real]}", line)]
        of_vectors += bool(packed) and any(re.match(r"st[rp]\s+q", line) for line in loop)
        scalar += [line for line in loop if re.match(rf"{ARITHMETIC}\s+[sd]\d", line)]
    assert of_vectors, "no loop stores whole registers"
    assert not scalar, "a scalar loop beside the one of vectors"
