"""From a function of Python to a formula that Numba compiles well: the same statements, numbers of the compute type.

Numba takes ``0.5`` for a float64 and would compute a float32 loss in float64, at half the speed; ``log1p`` it takes for
a call of libm, which does not vectorise. So the function's syntax tree is rewritten, line numbers kept:

- numbers are cast to the compute type, ``0.5`` -> ``real(0.5)``; not those that count or index (``range(2)``, ``x[0]``)
- the words of ``formulas/vocabulary.py``, called by their bare names or as ``math.log1p`` or ``np.log1p``, become the
  functions of ``vecmath.py``
- numbers that the function takes from its module or an enclosing function are written in: they are fixed from then on
- functions of Python that it calls are translated with it

Everything else is left to Numba.
"""

from __future__ import annotations

import ast
import builtins
import hashlib
import inspect
import math
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

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

_KEPT_BUILTINS = frozenset({"bool", "enumerate", "float", "int", "len", "max", "min", "range", "sum", "zip"})
_POWERS = {2: "_square", 3: "_cube", 4: "_fourth"}


class FormulaError(TypeError):
    """A function that cannot become a loss; the message says where and why."""


def place(function: Callable[..., Any], line: int) -> str:
    """Return how a reader finds a line."""
    return f"{function.__code__.co_filename}:{line}"


class Formula:
    """A function of Python, ready to be compiled for either type.

    Attributes
    ----------
    name : str
    arguments : tuple of str
    text : str
        Its rewritten source, helper functions first: with what it is compiled from, that is all it depends on where
        `cacheable`.
    results : int
        How many values it returns.
    cacheable : bool
        Whether it depends on nothing but its text: no array, no compiled function from elsewhere.
    """

    def __init__(self, function: Callable[..., Any], *, by_rows: bool = False) -> None:
        self.function = function
        self.name = function.__name__
        self.arguments = tuple(inspect.signature(function).parameters)
        self._trees: dict[str, ast.FunctionDef] = {}
        self._names: dict[str, Any] = {}
        self._files: dict[str, str] = {}
        self.cacheable = True
        tree = _Translation(self, function, by_rows).tree
        self.results = _results(function, tree)
        self.text = "\n\n".join(ast.unparse(helper) for helper in self._trees.values())
        self.digest = hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def namespace(self, words: dict[str, Any], real: Any, decorate: Callable[[Any], Any]) -> Any:
        """Return the function compiled with these words for these numbers, each function of it decorated."""
        names = {**self._names, **words, "real": real, "__name__": __name__}
        for name, tree in self._trees.items():
            module = ast.fix_missing_locations(ast.Module([tree], []))
            exec(compile(module, self._files[name], "exec"), names)
            names[name] = decorate(names[name])
        return names[name]


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


class _Translation(ast.NodeTransformer):
    """Rewrite one function, and with it those that it calls."""

    def __init__(self, formula: Formula, function: Callable[..., Any], by_rows: bool) -> None:
        self.formula, self.function, self.by_rows = formula, function, by_rows
        self.tree, _ = source_of(function)
        closure = inspect.getclosurevars(function)
        self.outside = {**function.__globals__, **closure.nonlocals}
        self.local = set(function.__code__.co_varnames) | set(function.__code__.co_cellvars)
        self.tree.decorator_list = []
        self.tree.returns = None
        for argument in self.tree.args.args:
            argument.annotation = None
        self.tree.args.defaults = []
        self.tree.args.kw_defaults = []
        if ast.get_docstring(self.tree) is not None:
            self.tree.body = self.tree.body[1:] or [ast.Pass()]
        self.tree.body = [self.visit(statement) for statement in self.tree.body]
        formula._trees[self.tree.name] = self.tree
        formula._files[self.tree.name] = function.__code__.co_filename

    def refuse(self, node: ast.AST, what: str) -> FormulaError:
        line = getattr(node, "lineno", self.tree.lineno)
        return FormulaError(f"{self.function.__name__} ({place(self.function, line)}): {what}")

    def number(self, node: ast.expr, value: float) -> ast.expr:
        cast = ast.Call(ast.Name("real", ast.Load()), [ast.Constant(value)], [])
        return ast.copy_location(cast, node)

    def call(self, node: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), node)

    # -- numbers ------------------------------------------------------------------------------------------------------

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        return self.number(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        counts = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
        if self.by_rows and counts:  # a place among the classes, perhaps
            return node
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.visit(node.value)
        node.slice = _Names(self).visit(node.slice)
        return node

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
        return self.call(node, "pow", base, self.visit(exponent))

    # -- names --------------------------------------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.local or not isinstance(node.ctx, ast.Load):
            return node
        if node.id not in self.outside:
            if node.id in _KEPT_BUILTINS or hasattr(builtins, node.id):
                return node
            raise self.refuse(node, f"the name {node.id} is not defined")
        return self.constant(node, node.id, self.outside[node.id])

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        value, found = self.static(node)
        if found and isinstance(value, int | float | np.number) and not isinstance(value, bool):
            return self.number(node, float(value))
        node.value = self.visit(node.value)
        return node

    def constant(self, node: ast.expr, name: str, value: Any) -> ast.expr:
        if isinstance(value, int | float | np.number) and not isinstance(value, bool):
            return self.number(node, float(value))
        if not isinstance(value, types.ModuleType):
            self.formula.cacheable = False
        self.formula._names[name] = value
        return node

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
            words = ", ".join(sorted(vocabulary.WORDS))
            raise self.refuse(node, f"the name {name} is not defined; a loss may use {words}")
        arguments = [self.visit(argument) for argument in node.args]
        if word is not None:
            if node.keywords:
                raise self.refuse(node, f"{word} takes its arguments by place")
            return self.call(node, word, *arguments)
        node.args = arguments
        node.keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if found and isinstance(target, types.FunctionType) and target.__module__.partition(".")[0] != "numpy":
            if target.__name__ not in self.formula._trees:
                _Translation(self.formula, target, self.by_rows)
            node.func = ast.copy_location(ast.Name(target.__name__, ast.Load()), node.func)
        elif found and name is not None and not hasattr(builtins, name):
            self.constant(node.func, name, target)
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
                self.outer.formula._names[node.id] = value
        return node

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
        line = counts.get(0, tree.lineno)
        raise FormulaError(
            f"{function.__name__} ({place(function, line)}) must return the value, or value and gradient, or value, "
            "gradient and Hessian, wherever it returns"
        )
    return next(iter(counts))
