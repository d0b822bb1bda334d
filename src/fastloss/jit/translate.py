"""From a function of Python to a formula that Numba compiles well: the same statements, numbers of the compute type.

Numba takes ``0.5`` for a float64 and would compute a float32 loss in float64, at half the speed; ``log1p`` it takes for
a call of libm, which does not vectorise. So the function's syntax tree is rewritten, line numbers kept:

- numbers are cast to the compute type, ``0.5`` -> ``real(0.5)``; not those that count: in an index, in ``range(2)``, in
  the shape of ``np.zeros(3)``, and, over rows, in variables that are used there
- the words of ``catalogue/vocabulary.py``, called by their bare names or as ``math.log1p`` or ``np.log1p``, become the
  functions of ``vecmath.py``
- numbers that the function takes from a module or an enclosing function are written in: they are fixed from then on
- functions of Python that it calls are translated with it

Everything else is left to Numba.

The text is the file's, and the function may be another one: a wrapper, or what the file held when it was imported. So
the text is compiled once more and has to give the function's own code (`source_of`).

In the text no name of the user's is one of ours. What is taken from outside, and the functions themselves, get names
that begin with an underscore; no variable has one that does, or the name of a word (`variable`).
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import copy
import functools
import inspect
import linecache
import math
import operator
import types
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .. import functions
from ..catalogue import vocabulary
from ..loss import Loss
from ..scalars import shown
from .formula import CONSTANTS, ONE_OF_EACH, Formula, FormulaError, Places, written

#: What a word may be called in a user's module: the function object itself, from Python, NumPy or here.
_WORD_OF: dict[Any, str] = {
    abs: "abs",
    np.abs: "abs",
    math.fabs: "abs",
    np.fabs: "abs",
    np.where: "where",
    np.clip: "clamp",
    np.square: "_square",
}
for _word in vocabulary.WORDS - {"abs", "where", "clamp"}:
    for _module in (math, np, vocabulary, functions):
        if hasattr(_module, _word):
            _WORD_OF[getattr(_module, _word)] = _word
for _word in ("where", "clamp"):
    _WORD_OF[getattr(vocabulary, _word)] = _word

_POWERS: dict[Any, str] = {2: "_square", 3: "_cube", 4: "_fourth"}
#: Functions that are powers, by their second argument.
_POWER_FUNCTIONS = (pow, math.pow, np.power, np.float_power)

#: The functions of NumPy whose first arguments are a shape or a range, and how many of them.
_SHAPED: dict[Any, int] = {np.zeros: 1, np.ones: 1, np.empty: 1, np.full: 1, np.eye: 2, np.identity: 1, np.arange: 3}
_SHAPED_NAMES = ("range", *(function.__name__ for function in _SHAPED))

#: Modules whose functions change with their versions only, which a loop on disk is kept apart by.
_LASTING = ("math", "numpy")


def variable(name: str) -> str:
    """Return what a variable of the user's is called in a formula: another name for each, and never one of ours."""
    ours = name in vocabulary.WORDS or name == "real" or name.startswith(("_", "own_"))
    return f"own_{name}" if ours else name


def _needed(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return a formula without the assignments that its results are not made of, which Numba would compile."""
    kept: list[ast.stmt] = []
    read: set[str] = set()
    for statement in reversed(body):
        if isinstance(statement, ast.Assign):
            names = _stored(statement.targets)
            if not names & read:
                continue
            read -= names
        kept.append(statement)
        read |= {
            part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
        }
    return kept[::-1]


def translate_own(function: Callable[..., Any], entry: str = "", places: Places = ONE_OF_EACH) -> Formula:
    """Return the formula of a loss of the package, without its dictionary; an entry of that may be the value."""
    tree = source_of(function)
    result = tree.body[-1]
    assert isinstance(result, ast.Return)
    assert isinstance(result.value, ast.Tuple)
    first, *derivatives = result.value.elts[:3]
    if entry:
        others = result.value.elts[3]
        assert isinstance(others, ast.Dict)
        named = zip(others.keys, others.values, strict=True)
        first = next(value for key, value in named if isinstance(key, ast.Constant) and key.value == entry)
    result.value.elts = [first, *derivatives]
    tree.body = _needed(tree.body)
    return translate(function, tree=tree, places=places)


def translate(
    function: Callable[..., Any],
    *,
    by_rows: bool = False,
    tree: ast.FunctionDef | None = None,
    places: Places = ONE_OF_EACH,
) -> Formula:
    """Return the formula of a function of Python, of which the syntax tree may be given."""
    if not isinstance(function, types.FunctionType):
        raise FormulaError(f"a loss is made of a plain function, written with def, not of {shown(function)}")
    outside = _Outside()
    translation = _Translation(function, by_rows, outside, tree)
    text = "\n\n".join(ast.unparse(helper.tree) for helper in outside.functions)
    code = function.__code__
    formula = Formula(
        text,
        function.__name__,
        tuple(inspect.signature(function).parameters),
        _results(function, translation.tree, len(places.predictions)),
        tuple(outside.taken),
        (),
        code.co_filename,
        translation.tree.lineno,
        places,
    )
    trees = [ast.Module([helper.tree], []) for helper in outside.functions]
    if all(helper.function.__code__.co_filename == code.co_filename for helper in outside.functions):
        formula.modules = [ast.fix_missing_locations(tree) for tree in trees]
    return formula


def place_of(function: Callable[..., Any]) -> str:
    """Return how a reader finds a function."""
    return f"{function.__name__} ({function.__code__.co_filename}:{function.__code__.co_firstlineno})"


def source_of(function: Callable[..., Any]) -> ast.FunctionDef:
    """Return the syntax tree of a function, from a text that is certain to be its own."""
    code = function.__code__
    if hasattr(function, "__wrapped__") or hasattr(function, "__signature__"):
        raise FormulaError(
            f"{place_of(function)} wraps another function. A loss is made of the text of one function: make it of the "
            "function that is wrapped, and write into that what the wrapper does"
        )
    if code.co_name == "<lambda>":
        raise FormulaError(f"{place_of(function)} is a lambda; a loss, and what it calls, must be written with def")
    text = _text_of(function)
    if not text:
        raise FormulaError(
            f"the source of {function.__name__} cannot be read; define it in a file, a notebook or a doctest"
        )
    trees, codes = _functions_in(text, code.co_filename, code.co_flags & _FUTURE)
    place = code.co_name, code.co_firstlineno
    if place not in trees or (_essence(code) not in codes[place] and not _asserts(trees[place])):
        raise FormulaError(
            f"{place_of(function)} is not what is written there: the file was changed after it was imported, or the "
            "function is made of another text. Import it again (start Python anew), or define it in a file, a notebook "
            "or a doctest"
        )
    return copy.deepcopy(trees[place])


#: The flags of what ``from __future__ import`` changes: an example of a doctest has those of the examples before it.
_FUTURE = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


def _text_of(function: Callable[..., Any]) -> str:
    """Return the text of the file, cell or example that a function is from; nothing where there is none."""
    file = function.__code__.co_filename
    linecache.checkcache(file)
    lines = linecache.getlines(file, function.__globals__)
    if not lines:
        try:
            lines, _ = inspect.findsource(function)  # from Python 3.13 on it knows of `python -c` too
        except (OSError, TypeError):
            return ""
    return "".join(lines)


@functools.lru_cache(maxsize=4)
def _functions_in(text: str, file: str, flags: int) -> tuple[dict[Any, ast.FunctionDef], dict[Any, list[Any]]]:
    """Return the functions of a text by name and first line: their syntax trees, and what they are compiled to."""
    trees: dict[Any, ast.FunctionDef] = {}
    codes: dict[Any, list[Any]] = {}
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # a cell of a notebook may have one
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the file has been compiled before: whoever it concerns was warned
        try:
            module = compile(text, file, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
            compiled = compile(text, file, "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError):  # what the file holds now is no program
            return {}, {}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            trees[node.name, first] = node
    for code in _all_codes(compiled):
        codes.setdefault((code.co_name, code.co_firstlineno), []).append(_essence(code))
    return trees, codes


def _all_codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_codes(constant)


def _essence(code: types.CodeType) -> types.CodeType:
    """Return a code object without its places in the file, which some interpreters keep and others do not."""
    constants = tuple(_essence(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_consts=constants, co_linetable=b"", co_firstlineno=1)


def _asserts(tree: ast.FunctionDef) -> bool:
    """Tell whether a function has an assertion: pytest makes other code of it, and a loss may have none."""
    return any(isinstance(node, ast.Assert) for node in ast.walk(tree))


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

    def __init__(
        self, function: Callable[..., Any], by_rows: bool, outside: _Outside, tree: ast.FunctionDef | None = None
    ) -> None:
        self.function, self.by_rows, self.shared = function, by_rows, outside
        self.tree = source_of(function) if tree is None else tree
        name, _ = outside.name_of(function, self.tree.name)
        self.outside = {**function.__globals__, **_enclosed(function)}
        self.local = _locals(function.__code__, self.tree)
        self.counting = _counting(self.tree) if by_rows else set()
        self.catching = self.looping = False  # whether there was a `try`, and whether this is inside of a loop
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
        try:
            value = float(value)
        except OverflowError:
            raise self.refuse(node, f"{shown(value)} is too large for a float") from None
        constant = ast.parse(written(value), mode="eval").body
        return ast.copy_location(ast.Call(ast.Name("real", ast.Load()), [constant], []), node)

    def call(self, node: ast.expr, name: str, *arguments: ast.expr) -> ast.expr:
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), list(arguments), []), node)

    # -- statements ---------------------------------------------------------------------------------------------------

    def visit_Raise(self, node: ast.Raise | ast.Assert) -> ast.AST:
        raise self.refuse(node, "a loss cannot raise: it is called by compiled code; return nan")

    visit_Assert = visit_Raise

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef) -> ast.AST:
        raise self.refuse(node, "a function inside of a loss cannot be compiled; define it outside of it, with def")

    visit_AsyncFunctionDef = visit_Lambda = visit_ClassDef = visit_FunctionDef

    def visit_Global(self, node: ast.Global | ast.Nonlocal) -> ast.AST:
        raise self.refuse(node, "a loss cannot assign to what is outside of it")

    visit_Nonlocal = visit_Global

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> ast.AST:
        raise self.refuse(node, "a loss cannot import; import outside of it")

    visit_ImportFrom = visit_Import

    def visit_Try(self, node: ast.Try | ast.TryStar) -> ast.AST:
        # From Python 3.12 on Numba lets the second exception of a call through: see compiling.never_raising.
        if self.catching or self.looping:
            raise self.refuse(
                node, "a second try, or one in a loop, may catch nothing; put it into a function that the loss calls"
            )
        self.catching = True
        return self.generic_visit(node)

    visit_TryStar = visit_Try

    def visit_For(self, node: ast.For | ast.While) -> ast.AST:
        outer, self.looping = self.looping, True
        self.generic_visit(node)
        self.looping = outer
        return node

    visit_While = visit_For

    def visit_ListComp(self, node: Any) -> ast.AST:
        outer = self.local
        first = node.generators[0]
        first.iter = self.visit(first.iter)  # the only part that does not see the variables
        self.local = outer | set(_stored(first.target for first in node.generators))
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr):
                setattr(node, field, self.visit(value))
        for k, generator in enumerate(node.generators):
            generator.target = self.visit(generator.target)
            generator.iter = self.visit(generator.iter) if k else generator.iter
            generator.ifs = [self.visit(condition) for condition in generator.ifs]
        self.local = outer
        return node  # type: ignore[no-any-return]

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    # -- numbers ------------------------------------------------------------------------------------------------------

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        return self.number(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        whole = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
        if not (self.by_rows and whole):  # a place among the classes, perhaps
            node.value = self.value_for(node.targets, node.value)
        node.targets = [self.visit(target) for target in node.targets]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        value = self.value_for([node.target], node.value)
        return ast.copy_location(ast.Assign([self.visit(node.target)], value), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        value = self.value_for([node.target], node.value)
        node.target, node.value = self.visit(node.target), value
        return node

    def value_for(self, targets: list[ast.expr], value: ast.expr) -> ast.expr:
        """Return what variables are set to; numbers stay what they are in those that count."""
        target = targets[0]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            value.elts = [self.value_for([t], v) for t, v in zip(target.elts, value.elts, strict=True)]
            return value
        counting = bool(stored := _stored(targets)) and stored <= self.counting
        changed: ast.expr = (_Names(self) if counting else self).visit(value)
        return changed

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
        known = self.known_power(node, node.left, node.right)
        if known is not None:
            return known
        if self.by_rows:  # Numba's own
            return ast.copy_location(ast.BinOp(self.visit(node.left), node.op, self.visit(node.right)), node)
        raise self.refuse(node, "a power other than 2, 3, 4 or 0.5; write exp(p * log(x)), for x > 0")

    def known_power(self, node: ast.expr, base: ast.expr, exponent: ast.expr) -> ast.expr | None:
        """Return a power that is a product or a root, None for any other."""
        number, found = (exponent.value, True) if isinstance(exponent, ast.Constant) else self.static(exponent)
        if found and is_number(number):
            if number in _POWERS:
                return self.call(node, _POWERS[number], self.visit(base))
            if number == 0.5:
                return self.call(node, "sqrt", self.visit(base))
        return None

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
        if found and is_number(value):
            return self.number(node, value)
        owner, _ = self.static(node.value)
        if found and isinstance(owner, types.ModuleType) and owner.__name__.partition(".")[0] not in _LASTING:
            return self.constant(node, ast.unparse(node), value)
        node.value = self.visit(node.value)
        return node

    def constant(self, node: ast.expr, name: str, value: Any) -> ast.expr:
        if is_number(value):
            return self.number(node, value)
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
            from .derive import WORDS

            words = ", ".join(sorted(word for word in WORDS if not word.startswith("_")))
            raise self.refuse(node, f"the name {name} is not defined; a loss may use {words}")
        self.check_no_loss(node, target)
        if len(node.args) == 2 and not node.keywords and any(target is power for power in _POWER_FUNCTIONS):
            known = self.known_power(node, *node.args)
            if known is not None:
                return known
        shape = _SHAPED.get(target, 0) if isinstance(target, types.FunctionType | types.BuiltinFunctionType) else 0
        node.args = [_Names(self).visit(x) if k < shape else self.visit(x) for k, x in enumerate(node.args)]
        if word is not None:
            if node.keywords:
                raise self.refuse(node, f"{word} takes its arguments by place")
            return self.call(node, word, *node.args)
        for keyword in node.keywords:
            keyword.value = (_Names(self) if shape and keyword.arg == "shape" else self).visit(keyword.value)
        if isinstance(target, types.FunctionType) and not _is_of_numba(target):
            return self.call_of_helper(node, target)
        node.func = self.visit(node.func)
        return node

    def check_no_loss(self, node: ast.Call, target: Any) -> None:
        """Refuse the call of a loss, but for its value, slope and curvature at one point."""
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr != "point":
            owner, _ = self.static(called.value)
            called, target = (called.value, owner) if isinstance(owner, Loss) else (called, target)
        if isinstance(target, Loss):
            shown = ast.unparse(called)
            raise self.refuse(
                node,
                f"{shown} is a loss, and no loss can call another. A sum of losses is one (0.5 * {shown} + another); "
                f"where that is not enough, {shown}.point(y_true, y_pred) gives value, slope and curvature, and the "
                "gradient has to be returned after the value",
            )

    def call_of_helper(self, node: ast.Call, target: types.FunctionType) -> ast.Call:
        """Return the call of a function of Python, which is translated with this one."""
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
        return node

    def word(self, target: Any) -> str | None:
        try:
            return _WORD_OF.get(target)
        except TypeError:  # not hashable: no function
            return None


class _Names(ast.NodeTransformer):
    """Where something is counted: numbers stay what they are."""

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

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        value, found = self.outer.static(node)
        if found:
            try:
                return ast.copy_location(ast.Constant(operator.index(value)), node)
            except TypeError:
                pass
        return self.outer.visit_Attribute(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        node.value = self.outer.visit(node.value)
        node.slice = self.visit(node.slice)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if hasattr(builtins, getattr(node.func, "id", "")):  # min, max, len: of what counts
            return self.generic_visit(node)
        return self.outer.visit_Call(node)


def is_number(value: Any) -> bool:
    """Tell whether a value is a real number, which is written into a formula."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _is_of_numba(function: types.FunctionType) -> bool:
    """Tell whether Numba knows a function by itself: those of NumPy, and fastloss's own (`extension`)."""
    return function.__module__.partition(".")[0] == "numpy" or function.__module__ == functions.__name__


def _enclosed(function: Callable[..., Any]) -> dict[str, Any]:
    """Return what a function takes from those that enclose it; not what these will define later."""
    found = {}
    cells: tuple[types.CellType, ...] = getattr(function, "__closure__", None) or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        with contextlib.suppress(ValueError):
            found[name] = cell.cell_contents
    return found


def _stored(targets: Iterable[ast.AST]) -> set[str]:
    """Return the variables that some parts of a program set."""
    nodes = (node for target in targets for node in ast.walk(target))
    return {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


def _locals(code: types.CodeType, tree: ast.FunctionDef) -> set[str]:
    """Return the variables of a function. Those of a comprehension are its own, for Python 3.12 and later too."""
    inside = _stored(node.target for node in ast.walk(tree) if isinstance(node, ast.comprehension))
    outside = {argument.arg for argument in ast.walk(tree.args) if isinstance(argument, ast.arg)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.comprehension):
            outside |= _stored(c for c in ast.iter_child_nodes(node) if isinstance(c, ast.Name))
    return set(code.co_varnames + code.co_cellvars) - (inside - outside)


def _counting(tree: ast.FunctionDef) -> set[str]:
    """Return the variables that hold whole numbers alone and are used to count: in an index, a range, a shape."""
    given: dict[str, list[ast.AST | None]] = {}  # what each is set to; None for what may be anything

    def set_to(target: ast.AST, value: ast.AST | None) -> None:
        if isinstance(target, ast.Name):
            given.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for pair in zip(target.elts, value.elts, strict=True):
                set_to(*pair)
        else:
            for name in _stored([target]):
                given.setdefault(name, []).append(None)

    used: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    set_to(target, value)
            case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                set_to(target, value)
            case ast.AugAssign(target=target, op=op, value=value):
                set_to(target, ast.BinOp(ast.Name(getattr(target, "id", ""), ast.Load()), op, value))
            case ast.For(target=ast.Tuple(elts=[first, *rest]), iter=ast.Call(func=ast.Name(id="enumerate"))):
                set_to(first, ast.Constant(0))
                set_to(ast.Tuple(rest), None)
            case ast.For(target=target, iter=iterator) | ast.comprehension(target=target, iter=iterator):
                set_to(target, iterator)
            case ast.Subscript(slice=index):
                used |= _read(index)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in _SHAPED_NAMES:
                used |= _read(*node.args, *(keyword.value for keyword in node.keywords))

    def counts(value: ast.AST | None) -> bool:
        match value:
            case ast.Constant(value=int()):
                return not isinstance(value.value, bool)
            case ast.Name(id=name):
                return name in found
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return counts(operand)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.FloorDiv() | ast.Mod(), left=left, right=right):
                return counts(left) and counts(right)
            case ast.Call(func=ast.Name(id="len" | "int" | "range")) | ast.Attribute(attr="size"):
                return True
        return False

    found = set(given)
    while wrong := {name for name in found if not all(map(counts, given[name]))}:
        found -= wrong
    while more := {name for known in found & used for name in _read(*filter(None, given[known]))} - used:
        used |= more
    return found & used


def _read(*parts: ast.AST) -> set[str]:
    """Return the names that some parts of a program read."""
    nodes = (node for part in parts for node in ast.walk(part))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _results(function: Callable[..., Any], tree: ast.FunctionDef, predictions: int) -> int:
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
    if predictions > 1:
        _check_nesting(function, tree, predictions)
    return next(iter(counts))


def _check_nesting(function: Callable[..., Any], tree: ast.FunctionDef, predictions: int) -> None:
    """Raise where the derivatives by several predictions are not written as tuples: what they are, decides of loops."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            derivatives = node.value.elts[1:]
            for derivative, (what, count) in zip(
                derivatives, (("gradient", predictions), ("Hessian", predictions + 1)), strict=False
            ):
                if not isinstance(derivative, ast.Tuple) or len(derivative.elts) != count:
                    place = f"{function.__code__.co_filename}:{node.lineno}"
                    raise FormulaError(
                        f"{function.__name__} ({place}) must return a tuple of {count} as {what}: by each prediction"
                        + (", then by both" if what == "Hessian" else "")
                    )
