"""From a function of Python to a formula that Numba compiles well: the same statements, numbers of the compute type.

Numba takes ``0.5`` for a float64 and would compute a float32 loss in float64, at half the speed; ``log1p`` it takes for
a call of libm, which does not vectorise. So the function's syntax tree is rewritten, line numbers kept:

- numbers are cast to the compute type, ``0.5`` -> ``real(0.5)``; not those that count or index (``range(2)``, ``x[0]``)
- the words of ``formulas/vocabulary.py``, called by their bare names or as ``math.log1p`` or ``np.log1p``, become the
  functions of ``vecmath.py``
- numbers that the function takes from its module or an enclosing function are written in: they are fixed from then on
- functions of Python that it calls are translated with it

Everything else is left to Numba.

In the text no name of the user's is one of ours. What is taken from outside, and the functions themselves, get names
that begin with an underscore; no variable has one that does, or the name of a word (`variable`).
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import math
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arguments import shown
from ..formulas import vocabulary

#: What a word may be called in a user's module: the function object itself, from Python, NumPy or here.
_WORD_OF: dict[Any, str] = {
    abs: "abs",
    np.abs: "abs",
    math.fabs: "abs",
    np.fabs: "abs",
    np.where: "where",
    np.clip: "clamp",
}
for _word in vocabulary.WORDS - {"abs", "where", "clamp"}:
    for _module in (math, np, vocabulary):
        if hasattr(_module, _word):
            _WORD_OF[getattr(_module, _word)] = _word
for _word in ("where", "clamp"):
    _WORD_OF[getattr(vocabulary, _word)] = _word

_POWERS = {2: "_square", 3: "_cube", 4: "_fourth"}

#: Numbers that Python has no literals for.
CONSTANTS = {"_infinity": math.inf, "_nan": math.nan}


def written(number: float) -> str:
    """Return a number as it is written in a formula."""
    if math.isfinite(number):
        return repr(number)
    return "_nan" if math.isnan(number) else "_infinity" if number > 0 else "-_infinity"


def variable(name: str) -> str:
    """Return what a variable of the user's is called in a formula: another name for each, and never one of ours."""
    ours = name in vocabulary.WORDS or name == "real" or name.startswith(("_", "own_"))
    return f"own_{name}" if ours else name


class FormulaError(TypeError):
    """A function that cannot become a loss; the message says where and why."""


class Formula:
    """A function of Python, rewritten: ready to be compiled for either type.

    Parameters
    ----------
    text : str
        The rewritten functions; the last is called, the others are its helpers.
    name : str
    arguments : tuple of str
        As the user calls them.
    results : int
        How many values it returns.
    names : tuple of (str, str or None, object)
        What it takes from outside besides numbers: its name in the text; that of a module, or None and the object, such
        as a compiled function of others.
    parts : tuple of Formula
        Formulas that it calls as ``part0``, ``part1`` …
    file, line
        Where its reader finds it.
    """

    def __init__(
        self,
        text: str,
        name: str,
        arguments: tuple[str, ...],
        results: int,
        names: tuple[tuple[str, str | None, Any], ...] = (),
        parts: tuple[Formula, ...] = (),
        file: str = "<fastloss>",
        line: int = 1,
    ) -> None:
        self.text, self.name, self.arguments, self.results = text, name, arguments, results
        self.names, self.parts, self.file, self.line = names, parts, file, line
        self.modules: list[ast.Module] | None = None  # with the lines of the user's file, for messages

    @property
    def identity(self) -> tuple[Any, ...]:
        """What `restored_formula` makes it from; equal for equal formulas."""
        parts = tuple(part.identity for part in self.parts)
        return self.text, self.name, self.arguments, self.results, self.names, parts, self.file, self.line

    @property
    def cacheable(self) -> bool:
        """Whether it depends on nothing but its text."""
        return all(module is not None for _, module, _ in self.names) and all(part.cacheable for part in self.parts)

    @property
    def may_raise(self) -> bool:
        """Whether it calls or indexes what is not fastloss's own."""
        return bool(self.names) or "[" in self.text or any(part.may_raise for part in self.parts)

    @property
    def whole_text(self) -> str:
        """All that it depends on, where it is cacheable."""
        return "\n\n".join([*(part.whole_text for part in self.parts), repr(self.names), self.text])

    def place(self, line: int | None = None) -> str:
        """Return how a reader finds a line of it."""
        return f"{self.file}:{self.line if line is None else line}"

    def function(self, names: dict[str, Any], decorate: Callable[[Any], Any] = lambda function: function) -> Any:
        """Return the function, with these names for its words, it and its helpers decorated."""
        names = {**names, **CONSTANTS, "__name__": __name__}
        for name, module_name, value in self.names:
            names[name] = value if module_name is None else importlib.import_module(module_name)
        function = None
        for module in self.modules or [ast.parse(self.text)]:
            exec(compile(module, self.file, "exec"), names)
            for node in module.body:
                assert isinstance(node, ast.FunctionDef)
                function = names[node.name] = decorate(names[node.name])
        return function


def restored_formula(*identity: Any) -> Formula:
    """Return a formula from its `identity`."""
    text, name, arguments, results, names, parts, file, line = identity
    restored = tuple(restored_formula(*part) for part in parts)
    return Formula(text, name, arguments, results, names, restored, file, line)


def translate(function: Callable[..., Any], *, by_rows: bool = False) -> Formula:
    """Return the formula of a function of Python."""
    if not isinstance(function, types.FunctionType):
        raise FormulaError(f"a loss is made of a plain function, written with def, not of {shown(function)}")
    outside = _Outside()
    translation = _Translation(function, by_rows, outside)
    text = "\n\n".join(ast.unparse(helper.tree) for helper in outside.functions)
    code = function.__code__
    formula = Formula(
        text,
        function.__name__,
        tuple(inspect.signature(function).parameters),
        _results(function, translation.tree),
        tuple(outside.taken),
        (),
        code.co_filename,
        translation.tree.lineno,
    )
    trees = [ast.Module([helper.tree], []) for helper in outside.functions]
    if all(helper.function.__code__.co_filename == code.co_filename for helper in outside.functions):
        formula.modules = [ast.fix_missing_locations(tree) for tree in trees]
    return formula


def source_of(function: Callable[..., Any]) -> tuple[ast.FunctionDef, int]:
    """Return the syntax tree of a function, with the line numbers of its file."""
    try:
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise FormulaError(
            f"the source of {function.__name__} cannot be read; define it in a file, a notebook or a doctest"
        ) from None
    indent = len(lines[0]) - len(lines[0].lstrip())
    text = "".join(line[indent:] if line[:indent].isspace() or not indent else line for line in lines)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            ast.increment_lineno(node, max(first, 1) - 1)
            return node, max(first, 1)
    raise FormulaError(f"{function.__name__} must be a plain function, written with def")


class _Outside:
    """What functions take from outside: one name in the text for each object, whatever it is called there."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}
        self._used = {*_POWERS.values(), *CONSTANTS}
        self.taken: list[tuple[str, str | None, Any]] = []
        self.functions: list[_Translation] = []  # those of Python, each after those that it calls

    def name_of(self, thing: Any, shown: str) -> tuple[str, bool]:
        """Return the name of an object, and whether it is a new one."""
        new = id(thing) not in self._names
        if new:
            base = name = f"_{shown.replace('.', '_')}"
            count = 1
            while name in self._used:
                count += 1
                name = f"{base}_{count}"
            self._used.add(name)
            self._names[id(thing)] = name
        return self._names[id(thing)], new

    def take(self, thing: Any, shown: str) -> str:
        """Return the name of an object that the text uses as it is."""
        module = thing.__name__ if isinstance(thing, types.ModuleType) else None
        name, new = self.name_of(thing, module or shown)
        if new:
            self.taken.append((name, module, thing if module is None else None))
        return name


class _Translation(ast.NodeTransformer):
    """Rewrite one function, and with it those that it calls."""

    def __init__(self, function: Callable[..., Any], by_rows: bool, outside: _Outside) -> None:
        self.function, self.by_rows, self.shared = function, by_rows, outside
        self.tree, _ = source_of(function)
        name, _ = outside.name_of(function, self.tree.name)
        closure = inspect.getclosurevars(function)
        self.outside = {**function.__globals__, **closure.nonlocals}
        self.local = set(function.__code__.co_varnames) | set(function.__code__.co_cellvars)
        self.tree.name = name
        self.tree.decorator_list = []
        self.tree.returns = None
        given = self.tree.args
        given.args += given.kwonlyargs  # by place is how they are passed on
        given.kwonlyargs, given.defaults, given.kw_defaults = [], [], []
        self.tree.args = self.visit(given)
        if ast.get_docstring(self.tree) is not None:
            self.tree.body = self.tree.body[1:] or [ast.Pass()]
        self.tree.body = [self.visit(statement) for statement in self.tree.body]
        outside.functions.append(self)

    def refuse(self, node: ast.AST, what: str) -> FormulaError:
        line = getattr(node, "lineno", self.tree.lineno)
        return FormulaError(f"{self.function.__name__} ({self.function.__code__.co_filename}:{line}): {what}")

    def number(self, node: ast.expr, value: float) -> ast.expr:
        constant = ast.parse(written(value), mode="eval").body
        return ast.copy_location(ast.Call(ast.Name("real", ast.Load()), [constant], []), node)

    def call(self, node: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), node)

    # -- statements ---------------------------------------------------------------------------------------------------

    def visit_Raise(self, node: ast.Raise | ast.Assert) -> ast.AST:
        raise self.refuse(node, "a loss cannot raise: it is called by compiled code; return nan")

    visit_Assert = visit_Raise

    # -- numbers ------------------------------------------------------------------------------------------------------

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        return self.number(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        counts = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
        if self.by_rows and counts:  # a place among the classes, perhaps
            node.targets = [self.visit(target) for target in node.targets]
            return node
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)
        node.slice = _Names(self).visit(node.slice)
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        if self.by_rows:
            return self.generic_visit(node)
        # Both sides of it are computed, without a branch: so the loop vectorises.
        return self.call(node, "where", self.visit(node.test), self.visit(node.body), self.visit(node.orelse))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.Pow):
            return self.power(node)
        return self.generic_visit(node)

    def power(self, node: ast.BinOp) -> ast.expr:
        base = self.visit(node.left)
        exponent = node.right
        if isinstance(exponent, ast.Constant):
            if isinstance(exponent.value, int) and exponent.value in _POWERS:
                return self.call(node, _POWERS[exponent.value], base)
            if exponent.value == 0.5:
                return self.call(node, "sqrt", base)
        if self.by_rows:  # Numba's own
            return ast.copy_location(ast.BinOp(base, node.op, self.visit(exponent)), node)
        raise self.refuse(node, "a power other than 2, 3, 4 or 0.5; write exp(p * log(x))")

    # -- names --------------------------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.local or not isinstance(node.ctx, ast.Load):
            node.id = variable(node.id)
            return node
        if node.id not in self.outside:
            if hasattr(builtins, node.id):
                return node
            raise self.refuse(node, f"the name {node.id} is not defined")
        return self.constant(node, node.id, self.outside[node.id])

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = variable(node.arg), None
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        value, found = self.static(node)
        if found and isinstance(value, int | float | np.number) and not isinstance(value, bool):
            return self.number(node, float(value))
        node.value = self.visit(node.value)
        return node

    def constant(self, node: ast.expr, name: str, value: Any) -> ast.expr:
        if isinstance(value, int | float | np.number) and not isinstance(value, bool):
            return self.number(node, float(value))
        try:
            hash(value)
        except TypeError:  # it may change, and what was compiled would not
            raise self.refuse(node, f"{name} is of type {type(value).__name__}; write a number or a tuple") from None
        return ast.copy_location(ast.Name(self.shared.take(value, name), ast.Load()), node)

    def static(self, node: ast.expr) -> tuple[Any, bool]:
        """Return the object that a name or a dotted name stands for outside the function, and whether there is one."""
        if isinstance(node, ast.Name) and node.id not in self.local:
            if node.id in self.outside:
                return self.outside[node.id], True
            return (getattr(builtins, node.id), True) if hasattr(builtins, node.id) else (None, False)
        if isinstance(node, ast.Attribute):
            value, found = self.static(node.value)
            if found and hasattr(value, node.attr):
                return getattr(value, node.attr), True
        return None, False

    # -- calls --------------------------------------------------------------------------------------------------------

    def visit_Call(self, node: ast.Call) -> ast.AST:
        target, found = self.static(node.func)
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name == "range" and found and target is range:
            node.args = [_Names(self).visit(argument) for argument in node.args]
            return node
        word = self.word(target) if found else name if name in vocabulary.WORDS and name not in self.local else None
        if not found and word is None and name is not None and name not in self.local:
            from .derive import RULES

            words = ", ".join(sorted({"clamp", "where", *(word for word in RULES if not word.startswith("_"))}))
            raise self.refuse(node, f"the name {name} is not defined; a loss may use {words}")
        arguments = [self.visit(argument) for argument in node.args]
        if word is not None:
            if node.keywords:
                raise self.refuse(node, f"{word} takes its arguments by place")
            return self.call(node, word, *arguments)
        node.args = arguments
        node.keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if found and isinstance(target, types.FunctionType) and target.__module__.partition(".")[0] != "numpy":
            helper, new = self.shared.name_of(target, target.__name__)
            if new:
                _Translation(target, self.by_rows, self.shared)
            elif all(translation.function is not target for translation in self.shared.functions):
                raise self.refuse(node, f"{target.__name__} calls itself")
            node.func = ast.copy_location(ast.Name(helper, ast.Load()), node.func)
            named = {keyword.arg for keyword in node.keywords}
            for parameter in list(inspect.signature(target).parameters.values())[len(node.args) :]:
                if parameter.default is not parameter.empty and parameter.name not in named:
                    default = self.constant(node, parameter.name, parameter.default)
                    node.keywords.append(ast.keyword(parameter.name, default))
            for keyword in node.keywords:
                keyword.arg = keyword.arg and variable(keyword.arg)
        else:
            node.func = self.visit(node.func)
        return node

    def word(self, target: Any) -> str | None:
        try:
            return _WORD_OF.get(target)
        except TypeError:  # not hashable: no function
            return None


class _Names(ast.NodeTransformer):
    """Inside an index or a range: numbers count and stay what they are."""

    def __init__(self, outer: _Translation) -> None:
        self.outer = outer

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value, found = self.outer.static(node)
        if found and not hasattr(builtins, node.id):
            try:
                return ast.copy_location(ast.Constant(operator.index(value)), node)
            except TypeError:
                pass
        return self.outer.visit_Name(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.outer.visit(node.value)
        node.slice = self.visit(node.slice)
        return node


def _results(function: Callable[..., Any], tree: ast.FunctionDef) -> int:
    """Return how many values every return statement of a function gives."""
    counts: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Return):
            counts[len(node.value.elts) if isinstance(node.value, ast.Tuple) else 1 if node.value else 0] = node.lineno
    if len(counts) != 1 or not set(counts) <= {1, 2, 3}:
        place = f"{function.__code__.co_filename}:{counts.get(0, tree.lineno)}"
        raise FormulaError(
            f"{function.__name__} ({place}) must return the value, or value and gradient, or value, gradient and "
            "Hessian, the same wherever it returns"
        )
    return next(iter(counts))
