"""Build step: translate the formulas of ``catalogue/*.py`` into C.

    python write_formulas.py FORMULAS_FOLDER OUTPUT_FOLDER

A formula is a decorated function of scalars (``@pointwise(...)``): assignments, then one return of value, gradient and
Hessian diagonal, and of a dictionary of what else there is: the derivatives by its parameters, its full value, and
what `curvature="gauss_newton"` has in place of the Hessian.
Assignment -> a variable of the type of numbers (of a condition: ``int``), number -> a cast (a bare literal is a double
and would promote float32), call -> the primitive of the same name, or the steps of a plain function of the same file.
What is outside that language is refused with file and line. `parts` tells of formulas that return something else. A
formula of two predictions returns a pair for the gradient, and three for the second derivatives: the two of the
diagonal, then that by both.

``formulas.c`` holds an inline function for each formula and type, a loop over it for each choice of results, and the
table from a loss's number to its loops. ``formulas.pxi`` says in Python which loops there are. C and not Cython: what
Cython made of the loops was two fifths of what the compiler had to read.

An assignment ``name = exp(...)``, or of a logarithm, becomes a stage: a sweep over the block of its own, whose result
the formula, or a later stage, then reads. One loop over the whole formula is a chain of a hundred steps for each
vector, which a processor cannot overlap; two shorter ones take half the time (docs/adr/0004).

An assignment ``name = seldom(condition)`` is false in the loops, which leave out what it selects. They note where it
was true: then a block is computed once more by the loop of the whole formula (docs/adr/0011).
"""

from __future__ import annotations

import ast
import copy
import re
import sys
from collections import Counter
from pathlib import Path
from typing import ClassVar, NamedTuple

MAX_PARAMETERS = 4  # as in points/columns.h
MAX_STAGES = 3  # as in points/columns.h
#: Words that are a sweep of their own: fl_block_exp_f32 …
#: A head takes its tail along, where the formula has that of the same argument.
STAGED = ("exp_minus_abs_head", "exp", "exp_minus_abs", "expm1", "log", "log1p", "log1p_unit", "log1pmx")
DERIVED = ("log", "log1p", "log_sum", "log_sum_tail")  # that, of parameters alone, are computed once for all elements
#: A formula of these words alone, of so many operations, is light: it takes less time than its value takes to be stored
#: and read again. Its loops add their values up as they go (docs/adr/0009).
LIGHT = frozenset({"abs", "clamp", "difference_tail", "seldom", "where"})
MAX_LIGHT = 36
#: What C keeps for itself, and Python leaves to formulas as names.
KEYWORDS = frozenset(
    """auto case char const default do double enum extern float goto inline int long register restrict short signed
    sizeof static struct switch typedef union unsigned void volatile""".split()  # noqa: SIM905
)


def vocabulary(folder: Path) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words of a formula, and those of them that are compiled as functions of one argument."""
    constants = {}
    for node in ast.parse((folder / "vocabulary.py").read_text("utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value
            if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "frozenset":
                value = value.args[0]
            if isinstance(value, ast.Set | ast.Tuple):
                constants[node.targets[0].id] = ast.literal_eval(value)
    return frozenset(constants["WORDS"]), (*constants["ELEMENTWISE_FUNCTIONS"], *constants["LINK_FUNCTIONS"])


class Expression(ast.NodeVisitor):
    """Write one expression as C, where ``REAL`` and ``_REAL`` stand for a type and the end of its primitives' names."""

    symbols: ClassVar[dict[type[ast.AST], str]] = {
        ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.USub: "-",
        ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
        # Both sides are computed: where there are branches for `and` and `or`, gcc leaves the loop scalar.
        ast.And: "&", ast.Or: "|", ast.Not: "!",
    }  # fmt: skip

    def __init__(self, path: Path, words: frozenset[str], known: set[str]) -> None:
        self.path, self.words, self.known = path, words, known

    def refuse(self, node: ast.AST, what: str) -> SystemExit:
        return SystemExit(f"{self.path}:{getattr(node, 'lineno', '?')}: {what}; a formula may use {sorted(self.words)}")

    def generic_visit(self, node: ast.AST) -> str:
        raise self.refuse(node, f"{type(node).__name__} is not in the language of formulas")

    def visit_Constant(self, node: ast.Constant) -> str:
        if node.value is None:
            return "FL_NOT_GIVEN_REAL"
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.refuse(node, f"{node.value!r} is not a number")
        return f"((REAL){node.value!r})"

    def visit_Name(self, node: ast.Name) -> str:
        if node.id not in self.known:
            raise self.refuse(node, f"the name {node.id} is not defined")
        return node.id

    def visit_Call(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name) or node.func.id not in self.words or node.keywords:
            raise self.refuse(node, f"the call {ast.unparse(node)} is not in the vocabulary")
        arguments = ", ".join(self.visit(argument) for argument in node.args)
        return f"fl_{node.func.id}_REAL({arguments})"

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
    """One formula in C."""

    name: str
    plain: str  # the formula whose gradient and Hessian are the same: itself, but of a full value
    kind: str
    first: str | None  # the target, or a fixed array in its place
    predictions: list[str]  # what the derivatives are by
    parameters: list[str]
    derived: dict[str, str]  # what is made of parameters alone, by its name
    body: list[str]  # the assignments that the results need and that are neither stages nor derived
    rare: bool  # whether one of them is `seldom`
    stages: list[Stage]
    results: list[list[str]]  # value; gradients; Hessian diagonals, and of two predictions what is off the diagonal


class Stage(NamedTuple):
    """An exponential or a logarithm that is swept before the rest of its formula, or what one is made of."""

    name: str
    word: str  # "" where the column holds the argument of the next stage, which the formula needs too
    body: list[str]
    argument: str
    reads: list[str]  # the stages before it that it is made of
    results: list[int]  # which of value, gradients and Hessians are made of it
    tail: str = ""  # the stage that the sweep of a head fills too


class Head(NamedTuple):
    """The first arguments of a formula; parameters follow."""

    first: str | None
    predictions: list[str]
    others: list[str]  # fixed arrays besides the first, which are parameters to the loops

    @property
    def names(self) -> list[str]:
        """The first, if there is one, and the predictions."""
        return [*([] if self.first is None else [self.first]), *self.predictions]


#: Those of formulas that say no more, by the decorator above.
HEADS = {
    "pointwise": Head("y_true", ["y_pred"], []),
    "root_mean": Head("y_true", ["y_pred"], []),
    "penalty": Head(None, ["parameter"], []),
    "by_default": Head("y_true", ["y_pred"], []),
}


def head_of(kind: str, function: ast.FunctionDef) -> Head:
    """Return the first arguments of a formula: ``@of_arrays(target(), fixed("…"), prediction("…"), …)`` lists them.

    `function` is the one below that decorator, of a form that of its loss.
    """
    if kind in HEADS:
        return HEADS[kind]
    if kind == "of_columns":  # two columns of one prediction, each under a name of its own
        first, *others = (argument.arg for argument in function.args.args)
        return Head(first, others[:2], [])
    given: list[str] = []
    predictions: list[str] = []
    for decorator in function.decorator_list:
        for array in decorator.args if isinstance(decorator, ast.Call) else ():
            assert isinstance(array, ast.Call)
            assert isinstance(array.func, ast.Name)
            place = 2 if array.func.id == "target" else 0
            name = ast.literal_eval(array.args[place]) if len(array.args) > place else "y_true"
            (predictions if array.func.id == "prediction" else given).append(name)
    return Head(given[0] if given else None, predictions, given[1:])


def parts(head: Head, function: ast.FunctionDef, result: ast.expr) -> dict[str, list[list[ast.expr]]] | None:
    """Return the loops that a formula asks for, by name: value, gradients and Hessians of each; None in any other form.

    A derivative by a parameter is a loop of its own, where it takes the place of the value; "full" is a value with more
    terms, which goes with the same gradient and Hessian; "gauss_newton" is a loop of a Hessian alone, behind that
    of the others.
    """
    if not isinstance(result, ast.Tuple):
        return None
    name, elements, others = function.name, list(result.elts), {}
    several = [element.elts for element in elements[1:] if isinstance(element, ast.Tuple)]
    derivatives = elements[-1]
    if isinstance(derivatives, ast.Dict):
        elements.pop()
        parameters = [argument.arg for argument in function.args.args[2:]]
        for key, derivative in zip(derivatives.keys, derivatives.values, strict=True):
            if not isinstance(key, ast.Constant) or key.value not in ("full", "gauss_newton", *parameters):
                return None
            if key.value == "gauss_newton":
                each = derivative.elts if isinstance(derivative, ast.Tuple) else [derivative]
                if len(each) != len(head.predictions):
                    return None
                others[f"{name}_gauss_newton"] = [[], [], each]
            elif key.value == "full":
                others[f"{name}_full"] = [[derivative], *(several or [[element] for element in elements[1:]])]
            else:
                others[f"{name}_by_{key.value}"] = [[derivative]]
    if len(elements) != 3:
        return None
    if len(head.predictions) == 1:
        return {name: [[element] for element in elements], **others}
    return {name: [[elements[0]], *several], **others} if [len(each) for each in several] == [2, 3] else None


def translate(path: Path, function: ast.FunctionDef, kind: str, words: frozenset[str], head: Head) -> list[Translated]:
    """Return the loops of one formula."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in KEYWORDS:
            node.id += "_"
    names = [argument.arg for argument in function.args.args]
    expression = Expression(path, words, set(names))
    first = [*head.names, *head.others]
    parameters = names[len(head.names) :]
    most = MAX_PARAMETERS - (len(head.predictions) - 1)  # a second prediction takes the place of one
    if names[: len(first)] != first or len(parameters) > most:
        raise expression.refuse(
            function, f"{function.name} must take {', '.join(first)} and at most {most} other parameters"
        )
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    assignments: list[tuple[str, ast.expr, str]] = []
    ctypes: dict[str, str] = {}
    for statement in body[:-1]:
        if not (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
        ):
            raise expression.refuse(statement, "only assignments to one name may come before the return")
        name = statement.targets[0].id
        text = expression.visit(statement.value)
        ctype = "int" if is_condition(statement.value) else "REAL"
        if ctypes.setdefault(name, ctype) != ctype:
            raise expression.refuse(statement, f"{name} is a condition here and a number there")
        line = f"    {name} = {text};" if name in expression.known else f"    {ctype} {name} = {text};"
        assignments.append((name, statement.value, line))
        expression.known.add(name)
    last = body[-1] if body else function
    loops = parts(head, function, last.value) if isinstance(last, ast.Return) and last.value else None
    if loops is None:
        raise expression.refuse(last, "a formula ends with a return of value, gradient and Hessian diagonal")

    once = Counter([*names, *(name for name, _, _ in assignments)])
    values = {name: value for name, value, _ in assignments if once[name] == 1}
    derived = {name: expression.visit(value) for name, value in values.items() if is_derived(value, set(parameters))}
    at_end = [element for results in loops.values() for elements in results for element in elements]
    calls = staged(values, {name for name in once if once[name] > 1}, derived, at_end)
    stages: list[Stage] = []
    for name, call in calls.items():
        if tail_of(call):
            stages[-1] = stages[-1]._replace(word="exp_minus_abs_pair", tail=name)
            stages.append(Stage(name, "", [], "", [], []))
            continue
        word, argument = swept(call) or ("", call)
        before = {stage.name for stage in stages}
        needed = needs(argument, {other: value for other, value in values.items() if other not in before})
        lines = [line for other, _, line in assignments if other in needed - before - {*derived}]
        if any("fl_seldom_REAL(" in line for line in lines):
            lines = ["    FL_NOTHING_SEEN;", *lines, "    (void)fl_seen;"]
        stages.append(Stage(name, word, lines, expression.visit(argument), sorted(needed & before), []))
    if len(parameters) + len(derived) > most:
        raise expression.refuse(function, f"{function.name} has more than {most} parameters and derived columns")

    def stages_of(results: list[list[ast.expr]]) -> list[Stage]:
        of_each = [set().union(*(needs_any(element, assignments) for element in elements)) for elements in results]
        kept = []
        for stage in stages:
            names = {stage.name, stage.tail} | {head.name for head in stages if head.tail == stage.name}
            kept.append(stage._replace(results=[k for k, of in enumerate(of_each) if names & of]))
        return [stage for stage in kept if stage.results]

    def body_of(results: list[list[ast.expr]]) -> list[str]:
        needed = {name for elements in results for element in elements for name in names_in(element)}
        lines = []
        for name, value, line in reversed(assignments):
            if name in needed and name not in calls and name not in derived:
                lines.append(line)
                needed |= names_in(value)
        return lines[::-1]

    kinds = {
        name: "by_parameter" if len(results) == 1 else kind if results[0] else "gauss_newton"
        for name, results in loops.items()
    }
    bodies = {name: body_of(results) for name, results in loops.items()}
    return [
        Translated(
            name,
            plain=function.name if name == f"{function.name}_full" else name,
            kind=kinds[name],
            first=head.first,
            predictions=head.predictions,
            parameters=parameters,
            derived=derived,
            body=bodies[name],
            rare=name == function.name and any("fl_seldom_REAL(" in line for line in bodies[name]),
            stages=stages_of(results),
            results=[[expression.visit(element) for element in elements] for elements in results],
        )
        for name, results in loops.items()
    ]


def by_default(function: ast.FunctionDef) -> ast.FunctionDef | None:
    """Return a formula with the defaults of its parameters for numbers, where its row says ``by_default=True``.

    The compiler leaves out what they leave out; the steps are the same, and so are the bits.
    """
    given = {
        keyword.arg: keyword.value
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        for keyword in decorator.keywords
    }
    told = given.get("by_default")
    if not (isinstance(told, ast.Constant) and told.value is True):
        return None
    own = copy.deepcopy(function)
    own.name, own.decorator_list = f"{function.name}_by_default", []
    numbers: list[ast.stmt] = []
    for argument in own.args.args[2:]:
        value = given[argument.arg]
        while isinstance(value, ast.Call):
            value = value.args[0]
        numbers.append(ast.Assign([ast.Name(argument.arg, ast.Store())], value, lineno=function.lineno))
    own.args.args = own.args.args[:2]
    own.body = [*own.body[:1], *numbers, *own.body[1:]]
    result = own.body[-1]
    assert isinstance(result, ast.Return)
    assert isinstance(result.value, ast.Tuple)
    elements, last = result.value.elts[:3], result.value.elts[-1]
    if isinstance(last, ast.Dict):  # derivatives by parameters are computed by the formula itself
        kept = [
            (key, value)
            for key, value in zip(last.keys, last.values, strict=True)
            if isinstance(key, ast.Constant) and key.value == "gauss_newton"
        ]
        elements += [ast.Dict([key for key, _ in kept], [value for _, value in kept])] if kept else []
    result.value.elts = elements
    return own


def names_in(node: ast.AST) -> set[str]:
    """Return the names in an expression."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def assigned_in(node: ast.AST) -> set[str]:
    """Return the names that a function assigns to."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def staged(
    values: dict[str, ast.expr], changing: set[str], derived: dict[str, str], at_end: list[ast.expr]
) -> dict[str, ast.expr]:
    """Return the assignments that become stages: the first exponentials and logarithms, of what never changes.

    Where the rest of the formula needs the argument of one too, it is kept: a stage without a sweep.
    """
    stages: dict[str, ast.expr] = {}
    for name, value in values.items():
        found = swept(value)
        if found is None or needs(value, values) & changing or name in derived:
            continue
        word, argument = found
        more: dict[str, ast.expr] = {}
        if word == "exp_minus_abs_head":
            tails = [(other, call) for other, call in values.items() if tail_of(call, argument)]
            more = dict(tails[:1])
        others = {other: expression for other, expression in values.items() if other not in (name, *stages)}
        first: dict[str, ast.expr] = {}
        if isinstance(argument, ast.Name) and argument.id in others:
            apart = {**others, argument.id: ast.Constant(0)}
            if any(argument.id in needs(element, apart) for element in at_end):
                first = {argument.id: values[argument.id]}
        if len(stages) + len(first) + 1 + len(more) <= MAX_STAGES:
            stages |= {**first, name: value, **more}
    return stages


def tail_of(node: ast.expr, argument: ast.expr | None = None) -> bool:
    """Tell whether an expression is the tail that goes with a swept head: that of this argument, if there is one."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "exp_minus_abs_tail"):
        return False
    return argument is None or ast.unparse(node.args[0]) == ast.unparse(argument)


def swept(node: ast.expr) -> tuple[str, ast.expr] | None:
    """Return the word and the argument of a call of a word that has a sweep."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in STAGED:
        return node.func.id, node.args[0]
    return None


def is_derived(node: ast.expr, parameters: set[str]) -> bool:
    """Tell whether an expression is a logarithm or a quotient made of parameters alone."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return bool(names_in(node)) and names_in(node) <= parameters
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in DERIVED
        and set().union(*map(names_in, node.args)) <= parameters
    )


def needs(node: ast.AST, values: dict[str, ast.expr]) -> set[str]:
    """Return the names that an expression is made of, directly or not."""
    found: set[str] = set()
    for name in names_in(node):
        if name not in found:
            found |= {name} | (needs(values[name], values) if name in values else set())
    return found


def needs_any(node: ast.AST, assignments: list[tuple[str, ast.expr, str]]) -> set[str]:
    """Return the names that an expression at the end of a formula is made of, those that change among them."""
    found = names_in(node)
    for name, value, _ in reversed(assignments):
        if name in found:
            found |= names_in(value)
    return found


def is_condition(node: ast.AST) -> bool:
    """Tell whether an expression is true or false."""
    return (
        isinstance(node, ast.Compare | ast.BoolOp)
        or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        or is_seldom(node)
    )


def is_seldom(node: ast.AST) -> bool:
    """Tell whether an expression is a condition that seldom holds."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "seldom"


def formula_kind(node: ast.AST) -> str | None:
    """Return the decorator above a formula, as ``pointwise`` of ``@pointwise(...)``; None of anything else."""
    if isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            name = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(name, ast.Name) and (name.id in HEADS or name.id in ("of_arrays", "of_columns")):
                return name.id
    return None


def form_of(node: ast.AST) -> str | None:
    """Return the loss of which a formula is another form, ``gan`` of ``@gan.form(...)``, or a range; None of others."""
    if isinstance(node, ast.FunctionDef):
        for decorator in node.decorator_list:
            name = decorator.func if isinstance(decorator, ast.Call) else decorator
            if isinstance(name, ast.Attribute) and name.attr in ("form", "within") and isinstance(name.value, ast.Name):
                return name.value.id
    return None


class Renamed(ast.NodeTransformer):
    """Write something else for names."""

    def __init__(self, names: dict[str, ast.expr]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        other = copy.deepcopy(self.names.get(node.id, node))
        if isinstance(other, ast.Name):
            other.ctx = node.ctx
        return ast.copy_location(other, node)


class Helped(ast.NodeTransformer):
    """Write the steps of helpers, to stand before what calls them.

    A helper is a function of the same file without a decorator, written as a formula is. It returns one number, and
    stands anywhere in what a name is set to, or several, as in ``far, h = helper(z, 0.5)``. What it assigns stands
    behind the name it is called for, ``rest`` becomes ``least_rest``, unless it is returned. A call of anything but
    names and numbers is left to be refused: another expression would be computed wherever it is read.
    """

    def __init__(self, helpers: dict[str, ast.FunctionDef], target: str) -> None:
        self.helpers, self.target = helpers, target
        self.steps: list[ast.stmt] = []

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        result = f"{self.target}_{ast.unparse(node.func)}"
        return ast.Name(result, ast.Load()) if self.write(node, [result]) else node

    def write(self, call: ast.Call, results: list[str]) -> bool:
        """Write the steps that leave what a call returns under names; whether it is the call of a helper."""
        if not (isinstance(call.func, ast.Name) and call.func.id in self.helpers) or call.keywords:
            return False
        helper = self.helpers[call.func.id]
        parameters, own = [argument.arg for argument in helper.args.args], assigned_in(helper)
        *steps, last = helper.body[1:]
        assert isinstance(last, ast.Return)
        assert last.value is not None
        values = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        simple = all(isinstance(given, ast.Name | ast.Constant) for given in call.args)
        if not simple or len(parameters) != len(call.args) or len(values) != len(results):
            return False
        names: dict[str, ast.expr] = {local: ast.Name(f"{results[0]}_{local}") for local in own}
        ends = {}
        for value, result in zip(values, results, strict=True):
            if isinstance(value, ast.Name) and value.id in own and result not in names_in(call):
                names[value.id] = ast.Name(result)
            else:
                ends[result] = value
        renamed = Renamed({**names, **dict(zip(parameters, call.args, strict=True))})
        self.steps += [renamed.visit(copy.deepcopy(step)) for step in steps]
        for result, value in ends.items():
            end = renamed.visit(copy.deepcopy(value))
            self.steps.append(ast.Assign([ast.Name(result, ast.Store())], end, lineno=call.lineno))
        return True


def with_helpers(body: list[ast.stmt], helpers: dict[str, ast.FunctionDef]) -> list[ast.stmt]:
    """Return the statements of a formula, with those of helpers in place of their calls."""
    written: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Assign):
            target = statement.targets[0]
            results = [ast.unparse(name) for name in (target.elts if isinstance(target, ast.Tuple) else [target])]
            helped = Helped(helpers, results[0])
            if isinstance(statement.value, ast.Call) and helped.write(statement.value, results):
                written += helped.steps
                continue
            statement.value = helped.visit(statement.value)
            written += helped.steps
        written.append(statement)
    return written


def formulas_in(path: Path) -> list[tuple[ast.FunctionDef, str, Head]]:
    """Return the formulas of a file: the function, its kind, and its first arguments."""
    found: dict[str, tuple[ast.FunctionDef, str, Head]] = {}
    helpers: dict[str, ast.FunctionDef] = {}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            kind, loss = formula_kind(node), form_of(node)
            node.body = with_helpers(node.body, helpers)
            if kind is not None:
                found[node.name] = node, kind, head_of(kind, node)
                own = by_default(node)
                if own is not None:
                    found[own.name] = own, "by_default", HEADS["by_default"]
            elif loss is not None:
                found[node.name] = (node, *found[loss][1:])
            elif not node.decorator_list:
                helpers[node.name] = node
    return list(found.values())


#: What calls ask for together, and the numbers of that: VALUE = 1, GRADIENT = 2, HESSIAN = 4. A Hessian without its
#: gradient, which Cython code may ask for, comes with it. Of two predictions it is the whole block of a sample.
WANTS = {
    "value": (1,),
    "gradient": (2,),
    "value_gradient": (3,),
    "gradient_hessian": (4, 6),
    "value_gradient_hessian": (5, 7),
    "hessian_cross": (4,),
}
#: The results that a loop of `gauss_newton` has.
ALONE = {"hessian": (4,)}
RESULTS = ("value", "gradient", "hessian", "cross")
#: What is ever asked for of a kind of formula: each is a loop of its own, in which what is not wanted is not computed.
WANTED = {
    "pointwise": tuple(WANTS),
    "of_columns": tuple(WANTS),
    "of_arrays": tuple(WANTS),
    "root_mean": ("value", "gradient", "gradient_hessian"),
    "penalty": ("value", "gradient", "value_gradient"),
    "by_parameter": ("value",),
    "by_default": tuple(WANTS),
    "function": ("value",),
    "gauss_newton": tuple(ALONE),
}


BITS = {"float": "f32", "double": "f64"}


def reals(kind: str) -> tuple[str, ...]:
    """Return the types that a kind of formula has loops for: derivatives by parameters are computed in float64."""
    return ("double",) if kind == "by_parameter" else ("float", "double")


def typed(lines: list[str], real: str) -> list[str]:
    """Return lines of C for one type of numbers."""
    return [line.replace("_REAL", "f" if real == "float" else "").replace("REAL", real) for line in lines]


def function(head: str, arguments: list[str], body: list[str]) -> list[str]:
    """Return a function in C."""
    return [f"{head}({', '.join(arguments)})", "{", *body, "}", ""]


def loop(formula: Translated, real: str) -> list[str]:
    """Return the loops of a formula for one type, and its sweeps over exponentials."""
    bits = BITS[real]
    first = [] if formula.first is None else [formula.first]
    name, given = f"{formula.name}_{bits}", [*first, *formula.predictions, *formula.parameters, *formula.derived]
    slots = dict.fromkeys(first, "y_true")
    slots |= {argument: f"prediction[{k}]" for k, argument in enumerate(formula.predictions)}
    slots |= {argument: f"parameter[{k}]" for k, argument in enumerate([*formula.parameters, *formula.derived])}
    slots |= {stage.name: f"stage[{k}]" for k, stage in enumerate(formula.stages)}
    lines = []
    if formula.derived:
        lines += function(
            f"static void {name}_derive", ["const fl_columns *columns", "ptrdiff_t n"],
            [
                *(
                    f"    fl_out_{bits} of_{derived} = (fl_out_{bits})columns->{slots[derived]};"
                    for derived in formula.derived
                ),
                "    for (ptrdiff_t i = 0; i < n; i++) {",
                *(
                    f"        {real} {argument} = ((fl_in_{bits})columns->{slots[argument]})[i];"
                    for argument in formula.parameters
                    if any(re.search(rf"\b{argument}\b", text) for text in formula.derived.values())
                ),
                *typed([f"        of_{derived}[i] = {text};" for derived, text in formula.derived.items()], real),
                "    }",
            ],
        )  # fmt: skip
    for k, stage in enumerate(formula.stages):
        of_stage = [*given, *stage.reads]
        inputs = ", ".join(f"{argument}[i]" for argument in of_stage)
        if not stage.argument:
            continue  # a tail
        sweep, at, tail = f"    fl_block_{stage.word}_{bits}", stage.argument, "tail, " if stage.tail else ""
        if stage.word and at in of_stage:
            lines_of_stage = [f"{sweep}({at}, stage, {tail}n);"]
        else:
            lines += function(
                f"FL_INLINE {real} {name}_argument{k}",
                ["int fl_whole", *(f"{real} {argument}" for argument in of_stage)],
                typed(["    (void)fl_whole;", *stage.body, f"    return {at};"], real),
            )
            lines_of_stage = [
                f"    for (ptrdiff_t i = 0; i < n; i++) stage[i] = {name}_argument{k}(whole, {inputs});",
                *([f"{sweep}(stage, stage, {tail}n);"] if stage.word else []),
            ]
        columns_of_stage = [
            *(f"fl_in_{bits} {argument}" for argument in of_stage),
            f"fl_out_{bits} stage",
            *([f"fl_out_{bits} tail"] if stage.tail else []),
            "ptrdiff_t n",
        ]
        lines += function(f"FL_INLINE void {name}_any_stage{k}", ["int whole", *columns_of_stage], lines_of_stage)
        passed = ", ".join([*of_stage, "stage", *(["tail"] if stage.tail else []), "n"])
        lines += function(
            f"static void {name}_stage{k}",
            columns_of_stage,
            [f"    {name}_any_stage{k}({0 if formula.rare else 1}, {passed});"],
        )
    read = [*given, *(stage.name for stage in formula.stages)]
    outs = ["value"] if formula.results[0] else []
    for result, each in zip(("gradient", "hessian"), formula.results[1:], strict=False):
        outs += [f"{result}{k}" if k < len(formula.predictions) else "cross" for k in range(len(each))]
    expressions = [text for elements in formula.results for text in elements]
    lines += function(
        f"FL_INLINE int {name}_at",
        ["int fl_whole", *(f"{real} {argument}" for argument in read), *(f"{real} *out_{out}" for out in outs)],
        typed(
            [
                "    FL_NOTHING_SEEN;", "    (void)fl_whole;", *formula.body,
                *(f"    *out_{out} = {text};" for out, text in zip(outs, expressions, strict=True)),
                "    return fl_seen;",
            ],
            real,
        ),
    )  # fmt: skip
    columns_read = [*read, "multiplier"]
    at = ", ".join([*(f"{argument}[i]" for argument in read), *(f"&at_{out}" for out in outs)])
    at_once = f"{name}_at(1, {at});"
    call = f"seen |= {name}_at(0, {at});" if formula.rare else at_once
    declared = f"{real} {', '.join(f'at_{out}' for out in outs)};"
    stored = {
        out: typed([f"{out}[i] = fl_where_REAL(multiplier[i] == 0, 0, at_{out} * multiplier[i]);"], real)[0]
        for out in outs
    }
    if "value" in stored:
        stored["value"] = "value[i] = at_value;"
    store = {out: f"if (wants_{out.rstrip('01')}) {text}" for out, text in stored.items()}
    loop_of, seen_of, returned = "void", [], []
    if formula.rare:
        loop_of, seen_of, returned = "int", ["    int seen = 0;"], ["    return seen;"]
    lines += function(
        f"FL_INLINE {loop_of} {name}_loop",
        [
            *(f"int wants_{result}" for result in RESULTS), *(f"fl_in_{bits} {argument}" for argument in columns_read),
            *(f"fl_out_{bits} {out}" for out in outs), "const fl_ahead *ahead", "ptrdiff_t steps",
        ],
        [
            *seen_of,
            "    for (ptrdiff_t begun = 0; begun < steps; begun += FL_STEPS_FETCHED) {",
            "        ptrdiff_t start = begun * FL_STEP, left = steps - begun;",
            "        ptrdiff_t end = start + (left < FL_STEPS_FETCHED ? left : FL_STEPS_FETCHED) * FL_STEP;",
            "        fl_fetch(ahead, start, FL_STEPS_FETCHED * FL_STEP);",
            "        for (ptrdiff_t i = start; i < end; i++) {",
            f"            {declared}",
            f"            {call}",
            *(f"            {store[out]}" for out in outs),
            "        }",
            "    }",
            *returned,
        ],
    )  # fmt: skip
    slots["multiplier"] = "multiplier"
    slots |= {out: out if out in ("value", "cross") else f"{out[:-1]}[{out[-1]}]" for out in outs}
    columns = [f"columns->{slots[argument]}" for argument in [*columns_read, *outs]]

    def stage_calls(flags: list[str], of_stage: str = "stage{k}(") -> list[str]:
        """Return the sweeps that some results need: flags[k] is "1" where they are wanted."""
        calls = []
        for k, stage in enumerate(formula.stages):
            if stage.argument and any(flags[min(result, 2)] == "1" for result in stage.results):
                places = [f"columns->{slots[argument]}" for argument in [*given, *stage.reads]]
                places += [f"columns->{slots[column]}" for column in (stage.name, stage.tail) if column]
                calls.append(f"    {name}_{of_stage.format(k=k)}{', '.join(places)}, steps * FL_STEP);")
        return calls

    if formula.rare:
        lines += function(
            f"static __attribute__((noinline)) void {name}_whole",
            [*(f"int wants_{result}" for result in RESULTS), "const fl_columns *columns", "ptrdiff_t steps"],
            [
                *stage_calls(["1", "1", "1"], "any_stage{k}(1, "),
                *(f"    fl_in_{bits} {argument} = columns->{slots[argument]};" for argument in columns_read),
                f"    {real} {', '.join(f'of_{out}[FL_STEPS_FETCHED * FL_STEP]' for out in outs)};",
                "    for (ptrdiff_t begun = 0; begun < steps; begun += FL_STEPS_FETCHED) {",
                "        ptrdiff_t start = begun * FL_STEP, left = steps - begun;",
                "        ptrdiff_t end = start + (left < FL_STEPS_FETCHED ? left : FL_STEPS_FETCHED) * FL_STEP;",
                "        for (ptrdiff_t i = start; i < end; i++) {",
                f"            {declared}",
                f"            {at_once}",
                *(f"            of_{text.replace('[i]', '[i - start]', 1)}" for text in stored.values()),
                "        }",
                *(
                    f"        if (wants_{out.rstrip('01')}) "
                    f"memcpy(({real} *)columns->{slots[out]} + start, of_{out}, (end - start) * sizeof({real}));"
                    for out in outs
                ),
                "    }",
            ],
        )  # fmt: skip
    for want in wanted(formula):
        flags = [str(int(result in want.split("_"))) for result in RESULTS]
        run = f"{name}_loop({', '.join([*flags, *columns, 'columns->ahead'])}, steps)"
        if formula.rare:
            run = f"if ({run}) {name}_whole({', '.join(flags)}, columns, steps)"
        lines += function(
            f"static void {name}_{want}", ["const fl_columns *columns", "ptrdiff_t steps"],
            [*stage_calls(flags), f"    {run};"],
        )  # fmt: skip
    for want in combined(formula):
        derivatives = f"{formula.plain}_{bits}_{want.removeprefix('value_')}"
        lines += function(
            f"static void {name}_{want}", ["const fl_columns *columns", "ptrdiff_t steps"],
            [f"    {name}_value(columns, steps);", f"    {derivatives}(columns, steps);"],
        )  # fmt: skip
    if summed(formula):
        gradients = [out for out in outs if out.startswith("gradient")]
        arguments = [
            *(f"fl_in_{bits} {argument}" for argument in columns_read), *(f"fl_out_{bits} {out}" for out in gradients),
        ]  # fmt: skip
        lanes, line = f"FL_LANES_{bits}", 64 // {"f32": 4, "f64": 8}[bits]
        four = []  # in one function, not four calls of one: then gcc checks whether their arrays overlap
        for k in range(4):
            element = f"[i + {k} * {lanes}]"
            four += [
                "            {",
                f"                {declared}",
                f"                {call.replace('[i]', element)}",
                *(f"                {store[out].replace('[i]', element)}" for out in gradients),
                f"                at[{k}] = (double)at_value;",
                "            }",
            ]
        lines += function(
            f"FL_INLINE double {name}_added",
            [
                "int wants_gradient", *arguments, *(["int *was_seen"] * formula.rare), "const fl_ahead *ahead",
                "ptrdiff_t steps",
            ],
            [
                *seen_of,
                "    const int asks_to_write = wants_gradient && ahead && ahead->place[FL_WRITE];",
                f"    double lane[{lanes}];",
                f"    fl_clear_lanes_{bits}(lane);",
                # As many lanes at a time as a line of the cache has numbers, and few lines of memory asked for at once:
                # 80, of 256 pairs, waited for each other. One loop: gcc would unroll one over parts of the lanes.
                f"    for (ptrdiff_t done = 0; done < steps * FL_STEP; done += 4 * {line}) {{",
                f"        ptrdiff_t first_lane = done / 4 % {lanes}, start = done - done % (4 * {lanes}) + first_lane;",
                # No call: it would keep the lanes in memory. Expected: what takes long is far.
                *(
                    f"        if (__builtin_expect({asked}, 1)) "
                    f"for (ptrdiff_t i = done; i < done + 4 * {line}; i += {line}) "
                    f"__builtin_prefetch({column} + i + FL_BLOCK_{bits}, {written}, 3);"
                    for asked, written, columns_asked in (
                        ("ahead != NULL", 0, [*first, *formula.predictions]),
                        ("asks_to_write", 1, gradients),
                    )
                    for column in columns_asked
                ),
                f"        for (ptrdiff_t i = start, j = first_lane; j < first_lane + {line}; i++, j++) {{",
                "            double at[4];",
                *four,
                "            lane[j] += (at[0] + at[1]) + (at[2] + at[3]);",
                "        }",
                "    }",
                *(["    *was_seen = seen;"] * formula.rare),
                f"    return fl_add_lanes_{bits}(lane);",
            ],
        )  # fmt: skip
        columns = [f"columns->{slots[argument]}" for argument in [*columns_read, *gradients]]
        for want in summed(formula):
            seen = ["&seen"] if formula.rare else []
            passed = ", ".join([str(int("gradient" in want)), *columns, *seen, "columns->ahead", "steps"])
            wants = ", ".join(str(int(result in want.split("_"))) for result in RESULTS)
            lines += function(
                f"static double {name}_{want}_sum", ["const fl_columns *columns", "ptrdiff_t steps"],
                [
                    "    int seen;",
                    f"    double sum = {name}_added({passed});",
                    "    if (!seen) return sum;",
                    f"    {name}_whole({wants}, columns, steps);",
                    f"    return fl_block_sum_{bits}(columns->value, steps * FL_STEP);",
                ]
                if formula.rare
                else [f"    return {name}_added({passed});"],
            )  # fmt: skip
    return lines


def wants_of(formula: Translated) -> list[str]:
    """Return what is ever asked for of a formula: one of one prediction has nothing off the diagonal."""
    return [want for want in WANTED[formula.kind] if want != "hessian_cross" or len(formula.predictions) > 1]


def wanted(formula: Translated) -> tuple[str, ...]:
    """Return the loops that a formula has of its own: of a full value that of the value alone."""
    return ("value",) if formula.plain != formula.name else tuple(wants_of(formula))


def combined(formula: Translated) -> tuple[str, ...]:
    """Return the results that a full value has in two loops: those with derivatives took a tenth of the build."""
    return tuple(want for want in wants_of(formula) if want.startswith("value_") and want not in wanted(formula))


def summed(formula: Translated) -> tuple[str, ...]:
    """Return the results for which a formula has a loop that adds its values up."""
    lines = [*formula.body, *(element for elements in formula.results[:2] for element in elements)]
    words = {word for line in lines for word in re.findall(r"fl_(\w+)_REAL", line)}
    operations = sum(len(re.findall(r" [-+*/<>=]+ |fl_", line)) for line in lines)
    if formula.kind == "by_parameter" or formula.stages or not words <= LIGHT or operations > MAX_LIGHT:
        return ()
    return tuple(want for want in wanted(formula) if want in ("value", "value_gradient"))


def staged_words(formula: Translated) -> list[str]:
    """Return the words that a formula has sweeps of."""
    return sorted({stage.word for stage in formula.stages} - {""})


def table(formula: Translated) -> str:
    """Return the loops of a formula as `fl_program`."""
    predictions = len(formula.predictions)
    parameters = len(formula.parameters) + len(formula.derived)
    fields = [f".predictions = {predictions}, .parameters = {parameters}, .derived = {len(formula.derived)}"]
    for bits in map(BITS.__getitem__, reals(formula.kind)):
        if formula.derived:
            fields += [f".derive_{bits} = {formula.name}_{bits}_derive"]
        loops = {asked: want for want in wants_of(formula) for asked in (WANTS | ALONE)[want]}
        for asked, want in loops.items():
            owner = formula.name if want in (*wanted(formula), *combined(formula)) else formula.plain
            fields += [f".{bits}[{asked}] = {owner}_{bits}_{want}"]
        fields += [f".sum_{bits}[{WANTS[want][0]}] = {formula.name}_{bits}_{want}_sum" for want in summed(formula)]
    return f"    {{{', '.join(fields)}}}, /* {formula.name} */"


def translated(folder: Path) -> list[Translated]:
    """Return what is computed for each element, in the order of their numbers."""
    words, functions = vocabulary(folder)
    formulas = [
        formula
        for path in sorted(folder.glob("*.py"))
        for node, kind, head in formulas_in(path)
        for formula in translate(path, node, kind, words, head)
    ]
    return formulas + [
        Translated(name, name, "function", None, ["x"], [], {}, [], False, [], [[f"fl_{name}_REAL(x)"]])
        for name in functions
    ]


def write(folder: Path) -> str:
    """Return the text of formulas.c."""
    formulas = translated(folder)
    lines = [
        "/* Written by write_formulas.py from the files of catalogue/ at build time: change those. */",
        '#include "points/formulas.h"', "",
    ]  # fmt: skip
    for formula in formulas:
        for real in reals(formula.kind):
            lines += loop(formula, real)
    return "\n".join([*lines, "const fl_program fl_programs[] = {", *map(table, formulas), "};"]) + "\n"


def write_names(folder: Path) -> str:
    """Return the text of formulas.pxi."""
    formulas = translated(folder)
    places = {formula.name: place for place, formula in enumerate(formulas)}
    return (
        "# Written by write_formulas.py from the files of catalogue/ at build time: change those.\n"
        f"POINTWISE = {tuple(formula.name for formula in formulas)!r}\n"
        f"LOOPS = { ({formula.name: wanted(formula) for formula in formulas})!r}\n"
        f"GAUSS_NEWTON = {tuple(places.get(f'{formula.plain}_gauss_newton', 0) for formula in formulas)!r}\n"
        f"STAGED = { ({formula.name: words for formula in formulas if (words := staged_words(formula))})!r}\n"
        f"SUMMED = { ({formula.name: wants for formula in formulas if (wants := summed(formula))})!r}\n"
    )


if __name__ == "__main__":
    (Path(sys.argv[2]) / "formulas.c").write_text(write(Path(sys.argv[1])), "utf-8")
    (Path(sys.argv[2]) / "formulas.pxi").write_text(write_names(Path(sys.argv[1])), "utf-8")
