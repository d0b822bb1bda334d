"""Build step: translate ``formulas/*.py`` into Cython.

    python write_formulas.py FORMULAS_FOLDER OUTPUT.pxi

A formula is a decorated function of scalars (``@pointwise(...)``): assignments, then one return of value, gradient and
Hessian diagonal. Assignment -> ``cdef real`` (of a condition: ``cdef bint``), number -> ``<real>`` cast (a bare literal
is a double and would promote float32), call -> the primitive of the same name. What is outside that language is refused
with file and line. `parts` tells of formulas that return something else.

The output holds one inline function for each formula, an empty tag type for each (`Point`, a fused type: the generic
loop of ``pointwise.pxi`` is compiled once for each tag), and the table from a loss's number to its loop.

An assignment ``name = exp(...)`` becomes a stage where its argument needs no other stage: a sweep over the block of its
own, whose result the formula then reads. One loop over the whole formula is a chain of a hundred steps for each vector,
which a processor cannot overlap; two shorter ones take half the time (docs/adr/0004).
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from pathlib import Path
from typing import ClassVar, NamedTuple

MAX_PARAMETERS = 4  # the parameter pointers that the loop of pointwise.pxi takes
MAX_STAGES = 2  # and its stages
STAGED = {"exp": "EXP", "exp_minus_abs": "EXP_MINUS_ABS"}  # words that are a sweep of their own: enum Stage there


def vocabulary(folder: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words of a formula, and those of them that are public functions of one argument."""
    constants = {}
    for node in ast.parse((folder / "vocabulary.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "frozenset":
                value = value.args[0]
            if isinstance(value, ast.Set | ast.Tuple):
                constants[node.targets[0].id] = ast.literal_eval(value)
    return frozenset(constants["WORDS"]), tuple(constants["ELEMENTWISE_FUNCTIONS"])


class Expression(ast.NodeVisitor):
    """Write one expression as Cython text."""

    symbols: ClassVar[dict[type[ast.AST], str]] = {
        ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "-",
        ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
        # Both sides are computed: where Cython writes branches for `and` and `or`, gcc leaves the loop scalar.
        ast.And: "&", ast.Or: "|", ast.Not: "not ",
    }  # fmt: skip

    def __init__(self, path: Path, words: frozenset[str], known: set[str]) -> None:
        self.path, self.words, self.known = path, words, known

    def refuse(self, node: ast.AST, what: str) -> SystemExit:
        return SystemExit(f"{self.path}:{getattr(node, 'lineno', '?')}: {what}; a formula may use {sorted(self.words)}")

    def generic_visit(self, node: ast.AST) -> str:
        raise self.refuse(node, f"{type(node).__name__} is not in the language of formulas")

    def visit_Constant(self, node: ast.Constant) -> str:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.refuse(node, f"{node.value!r} is not a number")
        return f"(<real>{node.value!r})"

    def visit_Name(self, node: ast.Name) -> str:
        if node.id not in self.known:
            raise self.refuse(node, f"the name {node.id} is not defined")
        return node.id

    def visit_Call(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name) or node.func.id not in self.words or node.keywords:
            raise self.refuse(node, f"the call {ast.unparse(node)} is not in the vocabulary")
        arguments = ", ".join(self.visit(argument) for argument in node.args)
        return f"{node.func.id}_({arguments})"

    def visit_BinOp(self, node: ast.BinOp) -> str:
        return f"({self.visit(node.left)} {self.symbol(node, node.op)} {self.visit(node.right)})"

    def visit_UnaryOp(self, node: ast.UnaryOp) -> str:
        return f"({self.symbol(node, node.op)}{self.visit(node.operand)})"

    def visit_BoolOp(self, node: ast.BoolOp) -> str:
        return "(" + f" {self.symbol(node, node.op)} ".join(self.visit(value) for value in node.values) + ")"

    def visit_Compare(self, node: ast.Compare) -> str:
        if len(node.ops) != 1:
            raise self.refuse(node, "chained comparisons are not in the language of formulas")
        return f"({self.visit(node.left)} {self.symbol(node, node.ops[0])} {self.visit(node.comparators[0])})"

    def symbol(self, node: ast.AST, operator: ast.AST) -> str:
        if type(operator) not in self.symbols:  # an operator has no line of its own
            raise self.refuse(node, f"the operator {type(operator).__name__} is not in the language of formulas")
        return self.symbols[type(operator)]


class Translated(NamedTuple):
    """One formula in Cython."""

    name: str
    lines: list[str]
    parameters: int
    stages: list[str]  # the word of each

    def call(self) -> str:
        """Return the call of the formula in a loop over i."""
        arguments = [f"parameter{k}[i]" for k in range(self.parameters)]
        arguments += [f"stage{k}[i]" for k in range(len(self.stages))]
        return f"formula_{self.name}({', '.join(['y_true', 'y_pred', *arguments, 'value', 'gradient', 'hessian'])})"

    def argument(self, stage: int) -> str:
        """Return the call that gives the argument of a stage."""
        arguments = [f"parameter{k}[i]" for k in range(self.parameters)]
        return f"argument{stage}_{self.name}({', '.join(['y_true', 'y_pred', *arguments])})"


#: The first arguments of a formula, by the decorator above it; parameters follow.
HEADS = {
    "pointwise": ("y_true", "y_pred"),
    "root_mean": ("y_true", "y_pred"),
    "location_scale": ("y_true", "location", "log_scale"),
    "penalty": ("parameter",),
    "by_parameters": ("y_true", "y_pred"),
}


def parts(kind: str, function: ast.FunctionDef, result: ast.expr) -> dict[str, list[ast.expr]] | None:
    """Return the loops that a formula asks for, by name: value, gradient and Hessian of each; None in any other form.

    A formula of a location and a scale gives two losses that differ in what the derivatives are by. One of derivatives
    by parameters gives as many losses as there are parameters: the derivative takes the place of the value.
    """
    if not isinstance(result, ast.Tuple):
        return None
    name, elements, zero = function.name, result.elts, ast.Constant(0)
    if kind == "by_parameters":
        names = [argument.arg for argument in function.args.args[2:]]
        by_each = [[element, zero, zero] for element in elements]
        return dict(zip([f"{name}_{p}" for p in names], by_each, strict=True)) if len(names) == len(elements) else None
    if len(elements) != 3:
        return None
    if kind != "location_scale":
        return {name: elements}
    pairs = [pair.elts for pair in elements[1:] if isinstance(pair, ast.Tuple) and len(pair.elts) == 2]
    if len(pairs) != 2:
        return None
    return {f"{name}{end}": [elements[0], *(pair[k] for pair in pairs)] for k, end in enumerate(("", "_by_log_scale"))}


def translate(path: Path, function: ast.FunctionDef, kind: str, words: frozenset[str]) -> list[Translated]:
    """Return the loops of one formula."""
    names, head = [argument.arg for argument in function.args.args], HEADS[kind]
    expression = Expression(path, words, set(names))
    if tuple(names[: len(head)]) != head or len(names) > 2 + MAX_PARAMETERS:
        raise expression.refuse(
            function, f"{function.name} must take {', '.join(head)} and at most {MAX_PARAMETERS} parameters"
        )
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    assignments: list[tuple[str, ast.expr, str]] = []
    for statement in body[:-1]:
        if not (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            raise expression.refuse(statement, "only assignments to one name may come before the return")
        name = statement.targets[0].id
        text = expression.visit(statement.value)
        ctype = "bint" if is_condition(statement.value) else "real"
        line = f"    {name} = {text}" if name in expression.known else f"    cdef {ctype} {name} = {text}"
        assignments.append((name, statement.value, line))
        expression.known.add(name)
    last = body[-1] if body else function
    wanted = parts(kind, function, last.value) if isinstance(last, ast.Return) and last.value else None
    if wanted is None:
        raise expression.refuse(last, "a formula ends with a return of value, gradient and Hessian diagonal")

    arguments = names if head[0] == "y_true" else ["no_target", *names]
    once = Counter([*names, *(name for name, _, _ in assignments)])
    values = {name: value for name, value, _ in assignments if once[name] == 1}
    stages = staged(values, {name for name in once if once[name] > 1})
    return [
        translated(name, arguments, assignments, values, stages, results, expression)
        for name, results in wanted.items()
    ]


def translated(
    name: str,
    arguments: list[str],
    assignments: list[tuple[str, ast.expr, str]],
    values: dict[str, ast.expr],
    stages: dict[str, ast.Call],
    results: list[ast.expr],
    expression: Expression,
) -> Translated:
    """Return one loop of a formula."""
    scalars = [f"real {argument}" for argument in arguments]
    lines: list[str] = []
    for number, call in enumerate(stages.values()):
        needed = needs(call.args[0], values)
        lines += [
            f"cdef inline real argument{number}_{name}({', '.join(scalars)}) noexcept nogil:",
            *(line for other, _, line in assignments if other in needed),
            f"    return {expression.visit(call.args[0])}",
            "",
        ]
    given = ", ".join([*scalars, *(f"real {stage}" for stage in stages)])
    lines += [
        f"cdef inline void formula_{name}({given}, real* out_value, real* out_gradient, real* out_hessian) "
        "noexcept nogil:",
        *(line for assigned, _, line in assignments if assigned not in stages),
    ]
    for result, value in zip(("value", "gradient", "hessian"), results, strict=True):
        lines.append(f"    out_{result}[0] = {expression.visit(value)}")
    words_of_stages = [STAGED[call.func.id] for call in stages.values() if isinstance(call.func, ast.Name)]
    return Translated(name, lines, len(arguments) - 2, words_of_stages)


def staged(values: dict[str, ast.expr], changing: set[str]) -> dict[str, ast.Call]:
    """Return the assignments that become stages: the first exponentials that need no other, nor a name that changes."""
    stages: dict[str, ast.Call] = {}
    for name, value in values.items():
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Name)
            and value.func.id in STAGED
            and not needs(value, values) & {*stages, *changing}
            and len(stages) < MAX_STAGES
        ):
            stages[name] = value
    return stages


def needs(node: ast.AST, values: dict[str, ast.expr]) -> set[str]:
    """Return the names that an expression is made of, directly or not."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and part.id not in found:
            found |= {part.id} | (needs(values[part.id], values) if part.id in values else set())
    return found


def is_condition(node: ast.AST) -> bool:
    """Tell whether an expression is true or false."""
    return isinstance(node, ast.Compare | ast.BoolOp) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    )


def formula_kind(node: ast.AST) -> str | None:
    """Return the decorator above a formula, as ``pointwise`` of ``@pointwise(...)``; None of anything else."""
    if isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name) and decorator.func.id in HEADS:
                return decorator.func.id
    return None


def tag(name: str) -> str:
    """Return the tag's name: huber -> Huber, squared_error -> SquaredError."""
    return name.title().replace("_", "")


def returned(of_tag: dict[str, str], otherwise: str) -> list[str]:
    """Return what a function does that returns something of some tags."""
    lines = []
    for number, (name, value) in enumerate(of_tag.items()):
        lines += [f"    {'elif' if number else 'if'} Point is {name}:", f"        return {value}"]
    return [*lines, "    else:", f"        return {otherwise}"]


def write(folder: Path) -> str:
    """Return the text of formulas.pxi."""
    words, functions = vocabulary(folder)
    formulas = [
        formula
        for path in sorted(folder.glob("*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and (kind := formula_kind(node)) is not None
        for formula in translate(path, node, kind, words)
    ]
    bodies = [line for formula in formulas for line in (*formula.lines, "")]
    dispatch = {formula.name: formula.call() for formula in formulas}
    for name in functions:
        dispatch[name] = f"value[0] = {name}_(y_pred); gradient[0] = 0; hessian[0] = 0"
    names = list(dispatch)

    lines = ["# Written by write_formulas.py from formulas/*.py at build time: change those.", ""]
    for name in names:
        lines += [f"cdef struct {tag(name)}:", "    char _"]
    lines += ["", "ctypedef fused Point:", *(f"    {tag(name)}" for name in names), "", *bodies]
    pointers = ", ".join(f"const real* parameter{k}" for k in range(MAX_PARAMETERS))
    stage_pointers = ", ".join(f"const real* stage{k}" for k in range(MAX_STAGES))
    lines += [
        f"cdef inline void point(Point* tag, real y_true, real y_pred, {pointers}, {stage_pointers}, Py_ssize_t i,",
        "                       real* value, real* gradient, real* hessian) noexcept nogil:",
    ]
    for number, (name, call) in enumerate(dispatch.items()):
        lines += [f"    {'elif' if number else 'if'} Point is {tag(name)}:", f"        {call}"]
    for stage in range(MAX_STAGES):
        having = [formula for formula in formulas if len(formula.stages) > stage]
        lines += ["", f"cdef inline int word{stage}(Point* tag) noexcept nogil:"]
        lines += returned({tag(formula.name): formula.stages[stage] for formula in having}, "NO_STAGE")
        lines += [
            "",
            f"cdef inline real argument{stage}(Point* tag, real y_true, real y_pred, {pointers}, Py_ssize_t i) "
            "noexcept nogil:",
        ]
        lines += returned({tag(formula.name): formula.argument(stage) for formula in having}, "0")
    lines += ["", f"POINTWISE = {tuple(names)!r}", f"cdef enum: POINT_COUNT = {len(names)}"]
    for real in ("float", "double"):
        lines += [f"cdef {real}_block {real}_blocks[POINT_COUNT]"]
        lines += [
            f"{real}_blocks[{number}] = <{real}_block> point_block[{tag(name)}, {real}]"
            for number, name in enumerate(names)
        ]
        lines += [f"cdef {real}_stage {real}_stages[POINT_COUNT]"]  # NULL where there is none
        lines += [
            f"{real}_stages[{names.index(formula.name)}] = <{real}_stage> stage_block[{tag(formula.name)}, {real}]"
            for formula in formulas
            if formula.stages
        ]
    lines += ["", f"STAGED = {tuple(formula.name for formula in formulas if formula.stages)!r}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(write(Path(sys.argv[1])), "utf-8")
