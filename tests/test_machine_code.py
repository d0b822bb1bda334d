"""The machine code of the installed kernels: a loop that falls back to scalar code gives the same numbers, but slowly.

Nothing else notices that: one condition that becomes a branch, one function that is not inlined, one array too many
to check for overlap, and the compiler leaves a loop as it is, for one formula, one type, one level, one combination of
results. BCE with gradient took 17 ns an element once, in place of 1.
"""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import pytest

import fastloss as fl
from fastloss.runtime import MODULES, kernels


def why_not() -> str:
    """Return why the machine code cannot be read here, or nothing."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return f"the levels v2, v3, v4 are those of x86-64; this is {sys.platform} on {platform.machine()}"
    if not fl.build_info()["compiler"].startswith("GNU"):
        return f"written for what gcc makes of the loops; the compiler was {fl.build_info()['compiler']}"
    return "" if shutil.which("objdump") else "no objdump (package binutils) to disassemble with"


if why_not():
    pytest.skip(why_not(), allow_module_level=True)


def modules() -> dict[str, Path]:
    """Return the files of the compiled modules that are installed, also of levels that this CPU lacks."""
    found = {}
    for name in ("cpu", *(f"{part}_{level}" for part in MODULES for level in ("v2", "v3", "v4"))):
        spec = importlib.util.find_spec(f"fastloss._{name}")
        if spec is not None and spec.origin is not None:
            found[name] = Path(spec.origin)
    return found


FILES = modules()
LEVELS = [name.removeprefix("frame_") for name in FILES if name.startswith("frame_")]
KINDS = [name for name in FILES if name.startswith(MODULES[1:])]
#: What a register is called that is as wide as the level's registers are.
WIDEST = {"v2": "%xmm", "v3": "%ymm", "v4": "%zmm"}
#: Cython numbers the types of ``ctypedef fused real`` in its symbols; the suffix is that of an instruction on vectors.
REALS = {"float32": (0, "ps"), "float64": (1, "pd")}
BITS = {"float32": "f32", "float64": "f64"}
#: ``want`` as in frame.pxd, and how many arrays its loop stores.
STORES = {"value": 1, "gradient": 1, "value_gradient": 2, "gradient_hessian": 2, "value_gradient_hessian": 3}
STORES |= {"hessian": 1, "hessian_cross": 3}
#: An exponential has 10 products and more, a logarithm 17; what is done with them has fewer.
TRANSCENDENTAL = 9

#: Loops of a row kernel that multiply and store: gradient for labels and for probabilities, Hessian, target and others.
#: As many as gcc 12 makes at the level with the fewest; to be lowered where the source has fewer.
RESULT_LOOPS = {("few", "float32"): 5, ("few", "float64"): 5, ("wide", "float32"): 5, ("wide", "float64"): 4}

PREFIXES = {"rep", "repz", "repnz", "lock", "notrack", "bnd", "data16", "cs", "ds", "{vex}", "{evex}"}
ARITHMETIC = re.compile(r"v?(add|sub|mul|div|sqrt|min|max|fn?m(?:add|sub)(?:132|213|231))(ss|sd|ps|pd)")
STORE = re.compile(r"v?mov([au]p[sd]|dq[au]\d*|ntps|ntpd|ntdq)")
#: n is shifted into the exponent of a float or a double; in blocks_avx2.h n is in 8ths.
POWER_OF_TWO = re.compile(r"(shl|v?psll[dq]) \$0x(17|34),|vpslld \$0x14,|vpsllq \$0x11,|vscalef")


class Instruction(NamedTuple):
    address: int
    name: str
    operands: str

    @property
    def target(self) -> int | None:
        """Where a jump goes, if that is written in it."""
        found = re.match(r"([0-9a-f]+) <", self.operands)
        return int(found[1], 16) if found else None

    @property
    def called(self) -> str:
        """The name of the function called, or the register that points to it."""
        found = re.search(r"<([^>+]*)", self.operands)
        return found[1] if found else self.operands


@dataclass(frozen=True)
class Code:
    """Instructions that run together: a block, or a loop."""

    instructions: tuple[Instruction, ...]

    def arithmetic(self, kinds: str, register: str = "") -> list[str]:
        """Return the operations on numbers of the types ``kinds`` (the end of the instruction: ps, pd, ss, sd)."""
        found = [(ARITHMETIC.fullmatch(line.name), line.operands) for line in self.instructions]
        return [match[1] for match, operands in found if match and match[2] in kinds and register in operands]

    def products(self, kinds: str, register: str = "") -> int:
        return sum(operation.startswith(("mul", "fm", "fnm")) for operation in self.arithmetic(kinds, register))

    def amounts(self, kinds: str, register: str = "") -> Counter[str]:
        """Return how many products, quotients and sums there are."""
        kind = {"mul": "product", "fma": "product", "fna": "product", "fms": "product", "fnm": "product", "add": "sum"}
        kind |= {"sub": "sum", "div": "quotient", "sqr": "root", "min": "", "max": ""}
        amounts = Counter(kind[operation[:3]] for operation in self.arithmetic(kinds, register))
        del amounts[""]
        return amounts

    def comparisons(self, kind: str, register: str) -> int:
        compare = re.compile(rf"v?(max|min|cmp\w*){kind}")
        return sum(compare.fullmatch(line.name) is not None and register in line.operands for line in self.instructions)

    def powers_of_two(self, register: str = "") -> list[str]:
        """Return what makes 2^n from the bits of n: one such instruction for each exponential."""
        return [
            f"{line.address:x}: {line.name} {line.operands}"
            for line in self.instructions
            if POWER_OF_TWO.match(f"{line.name} {line.operands}") and register in line.operands
        ]

    def stores(self, register: str) -> int:
        """Return the number of stores of full registers, but for those that only save one in the stack frame."""
        return sum(
            STORE.fullmatch(line.name) is not None
            and line.operands.startswith(register)
            and re.search(r"(\(%rsp\)|,-0x[0-9a-f]+\(%rbp\))$", line.operands) is None
            and line.operands.endswith((")", "}"))
            for line in self.instructions
        )

    def calls(self) -> list[str]:
        return [line.called for line in self.instructions if line.name.startswith("call")]


@dataclass(frozen=True)
class Loop(Code):
    """A natural loop: the blocks that lead back to its header without leaving it."""

    header: int
    innermost: bool

    def is_vector(self, register: str) -> bool:
        """Whether nothing in it is done for one number at a time."""
        used = any(register in line.operands for line in self.instructions)
        return self.innermost and used and not self.arithmetic("ss sd") and not self.calls()

    def __str__(self) -> str:
        return f"{self.instructions[0].address:x} to {self.instructions[-1].address:x}"


class Function:
    """The blocks of a function, and its loops."""

    def __init__(self, name: str, instructions: list[Instruction]) -> None:
        self.name = name
        first, last = instructions[0].address, instructions[-1].address
        jumps = [line for line in instructions if line.name.startswith("j")]
        starts = {line.target for line in jumps if line.target is not None and first <= line.target <= last} | {first}
        self.blocks: list[list[Instruction]] = []
        ended = True
        for line in instructions:
            if ended or line.address in starts:
                self.blocks.append([])
            self.blocks[-1].append(line)
            ended = line.name.startswith(("j", "ret"))
        number = {block[0].address: k for k, block in enumerate(self.blocks)}
        self.fall_through: list[int | None] = []
        self.jump: list[int | None] = []
        for k, block in enumerate(self.blocks):
            end = block[-1]
            goes_on = not end.name.startswith(("jmp", "ret", "ud2", "hlt")) and k + 1 < len(self.blocks)
            self.fall_through.append(k + 1 if goes_on else None)
            self.jump.append(number.get(end.target or -1) if end.name.startswith("j") else None)

    def next_blocks(self, block: int) -> Iterator[int]:
        for following in (self.fall_through[block], self.jump[block]):
            if following is not None:
                yield following

    def __str__(self) -> str:
        return self.name

    @cached_property
    def looped(self) -> list[Code]:
        """The blocks that are part of a loop."""
        inside = {line.address for loop in self.loops for line in loop.instructions}
        return [Code(tuple(block)) for block in self.blocks if block[0].address in inside]

    @cached_property
    def loops(self) -> list[Loop]:
        count = len(self.blocks)
        before: list[list[int]] = [[] for _ in range(count)]
        padding = {k for k, block in enumerate(self.blocks) if all(line.name.startswith("nop") for line in block)}
        for block in range(count):
            for following in self.next_blocks(block):
                if block not in padding or before[block]:  # behind the end of a path there is none to what follows
                    before[following].append(block)
        # A set of blocks is an int, one bit for each. What only a table of jumps leads to is a beginning, too.
        dominators = [(1 << count) - 1 if before[block] else 1 << block for block in range(count)]
        dominators[0] = 1
        changed = True
        while changed:
            changed = False
            for block in range(1, count):
                common = (1 << count) - 1 if before[block] else 0
                for earlier in before[block]:
                    common &= dominators[earlier]
                common |= 1 << block
                changed |= common != dominators[block]
                dominators[block] = common
        bodies: dict[int, set[int]] = {}
        for block in range(count):
            for header in self.next_blocks(block):
                if block in before[header] and dominators[block] >> header & 1:
                    body = bodies.setdefault(header, {header})
                    waiting = [block]
                    while waiting:
                        inside = waiting.pop()
                        if inside not in body:
                            body.add(inside)
                            waiting += before[inside]
        return [
            Loop(
                tuple(line for block in sorted(body) for line in self.blocks[block]),
                header,
                innermost=not any(other in body for other in bodies if other != header),
            )
            for header, body in sorted(bodies.items())
        ]


class Module:
    """The functions of one compiled module."""

    def __init__(self, path: Path) -> None:
        command = ["objdump", "-d", "--no-show-raw-insn", str(path)]
        text = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
        self.path = path
        self.code: dict[str, list[Instruction]] = {}
        lines: list[Instruction] = []
        for line in text.splitlines():
            if line.endswith(">:"):
                lines = self.code.setdefault(line[line.index("<") + 1 : -2], [])
            elif line.startswith(" "):
                address, _, rest = line.partition(":\t")
                words = rest.partition("#")[0].split()
                while len(words) > 1 and words[0] in PREFIXES:
                    del words[0]
                if words:
                    lines.append(Instruction(int(address, 16), words[0], " ".join(words[1:])))
        self.functions: dict[str, Function] = {}

    def instructions(self) -> Iterable[Instruction]:
        return (line for lines in self.code.values() for line in lines)

    def find(self, pattern: str) -> Function:
        """Return the function whose name matches, without what gcc adds to a specialised copy of it."""
        names = [name for name in self.code if re.fullmatch(pattern + r"(\.(constprop|isra|part)\.\d+)*", name)]
        assert names, (
            f"{self.path.name} has no function {pattern}: renamed, or stripped (pyproject.toml: install.strip = false)"
        )
        assert len(names) == 1, f"{names} all match {pattern}"
        return self.function(names[0])

    def function(self, name: str) -> Function:
        first = self.code[name][0]
        if first.name == "jmp" and first.called in self.code:  # two formulas that are the same share one loop
            return self.function(first.called)
        if name not in self.functions:
            self.functions[name] = Function(name, self.code[name])
        return self.functions[name]

    def with_called(self, function: Function) -> list[Function]:
        """Return the function and all of this module that it calls, but for what reads and writes the user's arrays."""
        names = [function.name]
        for name in names:
            for line in self.code[name]:
                called = line.called if line.name.startswith(("call", "jmp")) else ""
                if (
                    called in self.code
                    and called not in names
                    and not re.search(r"@plt|(load|store)(_\w+)?(\.|$)", called)
                ):
                    names.append(called)
        return [self.function(name) for name in names]


@cache
def module(name: str) -> Module:
    return Module(FILES[name])


def point_loop(level: str, real: str, loss: str, want: str) -> Function:
    return module(f"points_{level}").find(f"{loss}_{BITS[real]}_{want}")


def is_of_each_row(level: str, function: Function) -> bool:
    """Tell whether what looks like a loop is computed once for a row.

    At v2 and v4 gcc 12 lays the few numbers of a wide row, a logarithm and an exponential among them, out before a jump
    back.
    """
    return level in ("v2", "v4") and "wide_row" in function.name


def row_functions(level: str, real: str, kernel: str) -> list[Function]:
    code = module(f"rows_{level}")
    return code.with_called(code.find(rf"__pyx_fuse_{REALS[real][0]}__pyx_f_\w+_{kernel}_block"))


each_level = pytest.mark.parametrize("level", LEVELS)
each_real = pytest.mark.parametrize("real", REALS)
each_row_kernel = pytest.mark.parametrize("kernel", ["few", "wide"])


# ---- element-wise losses

BY_PARAMETERS = {f"{row.name}_by_{parameter.name}" for row in fl.losses() for parameter in row.learned}
each_loop = pytest.mark.parametrize(
    ("loss", "want", "real"),
    [
        pytest.param(loss, want, real, id=f"{loss}-{want}-{real}")
        for loss, wants in kernels.points.LOOPS.items()
        for want in wants
        for real in REALS
        if real == "float64" or loss not in BY_PARAMETERS  # which are computed in float64 alone
    ],
)


@each_level
@each_loop
def test_the_loop_of_a_formula_is_vector_code(level: str, real: str, loss: str, want: str) -> None:
    if (loss, want) in (("exponential", "value"), ("l1", "value")):
        return  # its stage, copied; a sign bit
    function, (_, suffix), register = point_loop(level, real, loss, want), REALS[real], WIDEST[level]
    vector = [loop for loop in function.loops if loop.is_vector(register) and loop.arithmetic(suffix, register)]
    stored = sum(loop.stores(register) for loop in vector)
    # A stage that is a result is copied.
    copies = [called for code in function.looped for called in code.calls() if called.startswith(("memmove", "memcpy"))]
    stored += len(copies)
    assert stored >= STORES[want], (
        f"{function}: not vector code: {stored} of {STORES[want]} results are stored from full {register} registers"
    )
    scalar = [loop for loop in function.loops if loop.innermost and loop.arithmetic({"ps": "ss", "pd": "sd"}[suffix])]
    assert not scalar, f"{function} has a scalar loop beside the one of vectors"


@each_level
@pytest.mark.parametrize(
    ("loss", "want", "real"),
    [(loss, want, real) for loss, wants in kernels.points.SUMMED.items() for want in wants for real in REALS],
)
def test_a_loop_that_adds_values_up_is_vector_code(level: str, real: str, loss: str, want: str) -> None:
    function, (_, suffix), register = point_loop(level, real, loss, f"{want}_sum"), REALS[real], WIDEST[level]
    # The lanes are unrolled where they fit into the registers: a block of a longer loop, which asks memory too.
    vector = [block for block in function.looped if "add" in block.arithmetic("pd", register)]
    assert vector
    assert want == "value" or sum(block.stores(register) for block in vector)
    assert not [loop for loop in function.loops if loop.arithmetic({"ps": "ss", "pd": "sd"}[suffix])]
    assert not [name for loop in function.loops for name in loop.calls()]


@each_level
@each_real
def test_targets_are_looked_at_in_vectors(level: str, real: str) -> None:
    """The least and the most number of each lane, and the largest product of the distances from both labels."""
    (kind, suffix), register = REALS[real], WIDEST[level]
    function = module(f"points_{level}").find(rf"__pyx_fuse_{kind}__pyx_f_\w+_within_domains")
    found = [loop.arithmetic(suffix, register) for loop in function.loops if loop.is_vector(register)]
    assert any("min" in names and "max" in names for names in found), found
    assert any("mul" in names and "max" in names for names in found), found


@each_level
@each_loop
def test_no_loop_of_a_formula_calls_a_function(level: str, real: str, loss: str, want: str) -> None:
    loops = point_loop(level, real, loss, want).loops
    called = [name for loop in loops for name in loop.calls()]
    # A copy of a stage; memory asked for, once for the eight steps of an inner loop.
    calls = [name for name in called if name != "memmove@plt" and not name.startswith("fl_ask")]
    assert not calls
    vector = [loop for loop in loops if loop.innermost and loop.is_vector(WIDEST[level])]
    assert not [name for loop in vector for name in loop.calls()]


@each_level
@pytest.mark.parametrize(
    ("loss", "real"),
    [
        (loss, real)
        for loss in kernels.points.STAGED
        for real in REALS
        if real == "float64" or loss not in BY_PARAMETERS
    ],
)
def test_the_sweeps_of_a_formula_fill_the_registers(level: str, real: str, loss: str) -> None:
    """Exponentials and logarithms; beside them there may be a scalar loop for the last few."""
    want = next(want for want in ("value_gradient", *kernels.points.LOOPS[loss]) if want in kernels.points.LOOPS[loss])
    functions = module(f"points_{level}").with_called(point_loop(level, real, loss, want))
    blocks = [block for function in functions for block in function.looped]
    exponentials = [word for word in kernels.points.STAGED[loss] if word.startswith("exp")]
    assert not exponentials or any(block.powers_of_two(WIDEST[level]) for block in blocks)
    # A logarithm is a polynomial, at each level: of three products in AVX-512.
    kind = REALS[real][1]
    assert any(block.products(kind, WIDEST[level]) > 3 for block in blocks)


# ---- rows of classes


@each_level
@each_real
@each_row_kernel
def test_exponentials_of_a_row_kernel_fill_the_registers(level: str, real: str, kernel: str) -> None:
    functions = row_functions(level, real, kernel)
    full = [text for f in functions for block in f.looped for text in block.powers_of_two(WIDEST[level])]
    assert full
    looped = [block for f in functions if not is_of_each_row(level, f) for block in f.looped]
    assert not [text for block in looped for text in block.powers_of_two() if text not in full]


@each_level
@each_real
@each_row_kernel
def test_no_row_kernel_computes_one_logarithm_at_a_time(level: str, real: str, kernel: str) -> None:
    """Nor anything else that is as long."""
    scalar = [
        f"{function}, the loop {loop}"
        for function in row_functions(level, real, kernel)
        for loop in function.loops
        if loop.innermost and loop.products("ss sd") >= TRANSCENDENTAL and not is_of_each_row(level, function)
    ]
    assert not scalar


@each_level
@each_real
def test_no_loop_over_rows_in_the_lanes_selects_one_number_at_a_time(level: str, real: str) -> None:
    """As the look-up of the labels' logits did once, by what one comparison leaves in a register.

    What calls a function on its way is the choice of rows that a cap leaves too little of, once for each row.
    """
    scalar = [
        f"{function}, the loop {loop}"
        for function in row_functions(level, real, "few")
        if re.search(r"few_(block|tile)", function.name)
        for loop in function.loops
        if loop.innermost and not loop.calls() and any(line.name == "setnp" for line in loop.instructions)
    ]
    assert not scalar


@each_level
@each_real
@each_row_kernel
def test_a_row_kernel_has_its_short_loops_as_vector_code(level: str, real: str, kernel: str) -> None:
    suffix, register = REALS[real][1], WIDEST[level]
    functions = row_functions(level, real, kernel)
    loops = [loop for function in functions for loop in function.loops if loop.is_vector(register)]
    # 64 lanes may also be a straight run of instructions in a longer loop.
    blocks = [block for function in functions for block in function.looped if not block.powers_of_two()]
    found = {
        "largest": sum(loop.comparisons(suffix, register) > 0 == loop.products(suffix) for loop in loops),
        "sum": sum("add" in loop.arithmetic("pd", register) and not loop.products("pd") for loop in loops),
        "result": sum(0 < block.products("ps pd", register) <= 5 * block.stores(register) for block in blocks),
    }
    required = {"largest": 1, "sum": 1, "result": RESULT_LOOPS[kernel, real]}
    assert all(found[what] >= required[what] for what in required), f"vector loops: {found}, at least {required}"


# ---- losses over tiles of rows

#: Operations of a loop that is worth looking at: a logarithm has 40, the derivatives of a row 10 for each class.
LONG = 10
#: Sorted, element by element.
SCALAR_BY_NATURE = {"multilabel_margin_rows", "sort_ascending"}


def one_each(scalar: list[Loop]) -> list[Loop]:
    """Return the long ones; where branches split a loop of the source into several, side by side, the longest."""
    chosen: list[Loop] = []
    for loop in sorted(scalar, key=lambda loop: loop.instructions[0].address):
        if loop.amounts("sd").total() < LONG:
            continue
        if chosen and loop.instructions[0].address - chosen[-1].instructions[-1].address < 64:
            chosen[-1] = max(chosen[-1], loop, key=lambda loop: loop.amounts("sd").total())
        else:
            chosen.append(loop)
    return chosen


@each_level
@pytest.mark.parametrize("loss", kernels.rows.ROW_LOSSES)
def test_each_long_loop_of_a_loss_over_rows_is_there_as_vector_code(level: str, loss: str) -> None:
    """gcc keeps a scalar copy of a loop for arrays that might overlap: beside each, there is its vector code.

    That is the copy of 32 lanes unrolled, or a loop: a block with at least 3/4 of its products, quotients and sums (gcc
    forms some of them twice in the branches of the scalar one), and no two scalar loops share one.
    """
    code = module(f"rows_{level}")
    missing = []
    for function in code.with_called(code.find(rf"__pyx_f_\w+?_rows_v\d_{loss}_rows")):
        if any(name in function.name for name in SCALAR_BY_NATURE):
            continue
        free = [Code(tuple(block)).amounts("pd", WIDEST[level]) for block in function.blocks]
        scalar = [loop for loop in function.loops if loop.innermost and loop.amounts("sd")]
        assert not [called for loop in scalar for called in loop.calls() if called[:3] != "fl_"]
        for loop in sorted(one_each(scalar), key=lambda loop: -loop.amounts("sd").total()):
            wanted = loop.amounts("sd")
            twins = [found for found in free if all(4 * found[kind] >= 3 * wanted[kind] for kind in wanted)]
            if twins:
                free.remove(min(twins, key=lambda found: ((found - wanted) + (wanted - found)).total()))
            else:
                missing.append(f"{function}, the loop {loop}: {dict(wanted)}")
    assert not missing


# ---- losses of given vectors

#: The sweeps over rows, and the products for each number: the least that is in a loop of vectors.
SWEEPS = {
    "distance": 1, "distances": 2, "products": 3, "difference": 1, "opposites": 2, "differences": 2, "residual": 2,
    "residuals": 4, "triplet": 4,
}  # fmt: skip


@each_level
@pytest.mark.parametrize(
    ("sweep", "real"),
    [(sweep, real) for sweep in SWEEPS for real in REALS if (sweep, real) != ("distances", "float64")],
)
def test_each_sweep_over_vectors_is_vector_code(level: str, real: str, sweep: str) -> None:
    """In doubles for either type. Beside it only the last few lanes are added one after the other."""
    function, register = module(f"vectors_{level}").find(f"fl_vector_{sweep}_{BITS[real]}"), WIDEST[level]
    vector = [
        loop for loop in function.loops if loop.is_vector(register) and loop.products("pd", register) >= SWEEPS[sweep]
    ]
    assert vector
    assert sweep in ("distance", "distances", "products") or any(loop.stores(register) for loop in vector)
    assert not [loop for loop in function.loops if loop.innermost and loop.products("sd")]
    assert not [called for loop in function.loops for called in loop.calls()]


# ---- losses of regions

#: The sweeps over a tile, and the products for each number: the least that is in a loop of vectors.
TILES = {"sigmoid_sums": 3, "sigmoid_gradient": 5, "class_sums": 1, "softmax_gradient": 2}


@each_level
@each_real
@pytest.mark.parametrize("sweep", TILES)
def test_each_sweep_over_a_tile_is_vector_code(level: str, real: str, sweep: str) -> None:
    kind, register = REALS[real][1], WIDEST[level]
    function = module(f"regions_{level}").find(f"fl_region_{sweep}_{BITS[real]}")
    vector = [
        loop for loop in function.loops if loop.is_vector(register) and loop.products(kind, register) >= TILES[sweep]
    ]
    assert vector
    assert "gradient" not in sweep or any(loop.stores(register) for loop in vector)
    scalar = "ss" if real == "float32" else "sd"
    assert not [loop for loop in function.loops if loop.innermost and loop.products(scalar)]


# ---- losses of groups

#: Of the loop over the pairs of a row: exponential, logarithms, quotients.
OF_PAIRS = {"compared_group": 40, "approximate_group": 20}


@each_level
@pytest.mark.parametrize("name", OF_PAIRS)
def test_pairs_of_a_group_are_compared_in_vectors(level: str, name: str) -> None:
    function, register = module(f"groups_{level}").find(rf"\w*_{name}"), WIDEST[level]
    assert any(loop.is_vector(register) and loop.products("pd", register) >= OF_PAIRS[name] for loop in function.loops)


# ---- losses of groups

#: The sweeps over a run of rows, and the products for each number: the least that is in a loop of vectors.
RUNS = {"exp": 10, "alone": 10, "log": 8, "slopes": 2, "weigh": 1}


@each_level
@pytest.mark.parametrize("sweep", RUNS)
def test_each_sweep_over_a_run_of_rows_is_vector_code(level: str, sweep: str) -> None:
    function, register = module(f"groups_{level}").find(f"fl_group_{sweep}"), WIDEST[level]
    vector = [loop for loop in function.loops if loop.is_vector(register)]
    assert [loop for loop in vector if loop.products("pd", register) >= RUNS[sweep] and loop.stores(register)]
    assert not [called for loop in function.loops for called in loop.calls()]


@each_level
def test_the_products_of_a_small_batch_are_vector_code(level: str) -> None:
    """gcc makes a copy of the sum for rows that lie side by side."""
    found, register = module(f"vectors_{level}"), WIDEST[level]
    functions = [found.function(name) for name in found.code if name.startswith("fl_batch_sum")]
    assert functions
    for function in functions:
        loops = [loop for loop in function.loops if loop.is_vector(register)]
        assert any(loop.products("pd", register) >= 4 for loop in loops), function


# ---- whole modules


@pytest.mark.parametrize("name", KINDS)
def test_no_function_of_vecmath_is_called(name: str) -> None:
    """Neither one of ours that should have been inlined, nor one of the C library; a sweep over a block may be, a long
    step of lanes, and what computes an extreme row, or a lifetime, one number after the other."""
    names = {line.called for line in module(name).instructions() if line.name.startswith(("call", "jmp"))}
    mathematics = re.compile(
        r"fl_(?!ask|exact_|batch_|pairs_|set_|block_|vector_|region_|group_|general_|avx2_|avx512_|labels|gather|scatter|widen|narrow|transpose|"
        r"mills|normal_|logistic_|extreme_|known_|lifetime_|short_|standardised|threads_|stack_|deal|wide_|c(?:tc|rf)_|rnnt_|lanes_exp_capped)\w*"
        r"|(exp|log|pow|fma|tanh|sqrt|fmax|fmin)\w*@plt"
    )
    assert not [called for called in names if mathematics.match(called)]


#: Instructions and registers, in the order of the levels that bring them.
AVX = re.compile(
    r"v(?!err|erw|mcall|mrun|mload|msave)\w+|shlx|shrx|sarx|rorx|mulx|andn|bextr|bls[ir]|blsmsk|pdep|pext|lzcnt|movbe"
)
AVX512 = re.compile(r"%zmm|%k[0-7]|%[xy]mm(1[6-9]|2\d|3[01])")
BEYOND_V4 = re.compile(
    r"vpdp\w+|vdpb\w+|vpmadd52\w+|vp(erm[it]2b|ermb|(compress|expand)[bw])|vpopcnt\w+|vgf2p\w+|v?aes\w+|v\w+[ps]h|t[id]p\w+"
)
HALF_CONVERSIONS = {"vcvtph2ps", "vcvtps2ph"}  # of F16C, in v3


def above(level: str, line: Instruction) -> bool:
    """Whether an instruction belongs to a level above this one."""
    if level in ("cpu", "v2"):
        return AVX.fullmatch(line.name) is not None or AVX512.search(line.operands) is not None
    if level == "v3":
        return AVX512.search(line.operands) is not None
    return BEYOND_V4.fullmatch(line.name) is not None and line.name not in HALF_CONVERSIONS


@pytest.mark.parametrize("name", FILES)
def test_no_instruction_of_a_higher_level(name: str) -> None:
    """It would end the process where the CPU lacks it, and no machine with a newer CPU shows that."""
    level = name.rpartition("_")[2]
    names = {line.name for line in module(name).instructions() if above(level, line)}
    assert not names


@pytest.mark.parametrize("name", [name for name in KINDS if not name.startswith("groups")])  # its rows are gathered
def test_memory_is_asked_ahead(name: str) -> None:
    """To gcc that has no effect: it left out all calls of a function that did nothing else, and then the function."""
    assert any(line.name.startswith("prefetch") for line in module(name).instructions())


@pytest.mark.parametrize("name", [name for name in KINDS if not name.endswith("v2")])
def test_levels_with_a_fused_multiply_add_use_it(name: str) -> None:
    assert any(line.name.startswith("vfmadd") for line in module(name).instructions())


@pytest.mark.parametrize("name", FILES)
def test_the_floating_point_environment_is_left_alone(name: str) -> None:
    """Flags as -ffast-math link in code that sets flush-to-zero for the whole process when the module is loaded."""
    names = {line.name for line in module(name).instructions()}
    assert not names & {"ldmxcsr", "vldmxcsr", "stmxcsr", "vstmxcsr", "fldenv", "fldcw", "fxrstor"}
    assert not [code for code in module(name).code if "set_fast_math" in code or "crtfastmath" in code]
