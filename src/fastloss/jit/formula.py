"""A formula: a function of Python, rewritten, that is compiled for either type; which of its arguments are what."""

from __future__ import annotations

import ast
import functools
import importlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from ..catalogue import vocabulary
from ..rows import Row

#: Numbers that Python has no literals for.
CONSTANTS = {"_infinity": math.inf, "_nan": math.nan}


def written(number: float) -> str:
    """Return a number as it is written in a formula."""
    if math.isfinite(number):
        return repr(number)
    return "_nan" if math.isnan(number) else "_infinity" if number > 0 else "-_infinity"


class FormulaError(TypeError):
    """A function that cannot become a loss; the message says where and why."""


class Places(NamedTuple):
    """Which of its first arguments a formula takes as arrays, and by which of these it is differentiated."""

    arrays: int = 2
    predictions: tuple[int, ...] = (1,)

    @property
    def fixed(self) -> tuple[int, ...]:
        """The arrays that are no prediction."""
        return tuple(place for place in range(self.arrays) if place not in self.predictions)


#: A target and a prediction.
ONE_OF_EACH = Places()


def places_of(row: Row) -> Places:
    """Return the places of a formula of the package: target, predictions, fixed arrays."""
    first, predictions, others = row.columns
    start = int(first is not None)
    end = start + len(predictions)
    return Places(end + len(others), tuple(range(start, end)))


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
        What it returns: 1 for the value, 2 for value and gradient, 3 for these and the Hessian. Of several predictions
        the gradient is a tuple, and the Hessian is the diagonal, then what is off it.
    names : tuple of (str, str or None, object)
        What it takes from outside besides numbers: its name in the text; that of a module, or None and the object, such
        as a compiled function of others.
    parts : tuple of Formula
        Formulas that it calls as ``part0``, ``part1`` …
    file, line
        Where its reader finds it.
    places : Places
        Which of the arguments are arrays; the others are parameters.
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
        places: Places = ONE_OF_EACH,
    ) -> None:
        self.text, self.name, self.arguments, self.results = text, name, arguments, results
        self.names, self.parts, self.file, self.line = names, parts, file, line
        self.places = Places(*places)
        self.modules: list[ast.Module] | None = None  # with the lines of the user's file, for messages

    @property
    def identity(self) -> tuple[Any, ...]:
        """What `restored_formula` makes it from; equal for equal formulas."""
        parts = tuple(part.identity for part in self.parts)
        # Of a target and a prediction it is what it was when they were all there was: losses were pickled then.
        places = () if self.places == ONE_OF_EACH else (tuple(self.places),)
        return self.text, self.name, self.arguments, self.results, self.names, parts, self.file, self.line, *places

    @property
    def parameters(self) -> tuple[str, ...]:
        """The arguments that are no arrays."""
        return self.arguments[self.places.arrays :]

    @property
    def returned(self) -> list[list[str]]:
        """Names for what it returns: the value; the gradients; the second derivatives."""
        each = range(len(self.places.predictions))
        off_diagonal = ["cross"] if len(each) > 1 else []
        every = [["value"], [f"gradient{k}" for k in each], [*(f"hessian{k}" for k in each), *off_diagonal]]
        return every[: self.results]

    def as_returned(self, shown: Callable[[str], str]) -> str:
        """Return the text of what it returns, with other names for its results."""
        groups = [[shown(name) for name in names] for names in self.returned]
        return ", ".join(names[0] if len(names) == 1 else f"({', '.join(names)})" for names in groups)

    def given(self, first: str, prediction: str, number: Callable[[int], str]) -> str:
        """Return the text of its arguments, from what a loop reads.

        Apart from the first array that is no prediction, and the first prediction, these are numbers in the order of
        `Row.columns`: another prediction, other arrays, parameters.
        """
        predictions, fixed = self.places.predictions, self.places.fixed
        others = [*predictions[1:], *fixed[1:], *range(self.places.arrays, len(self.arguments))]
        texts = {place: number(k) for k, place in enumerate(others)}
        texts |= {predictions[0]: prediction, **dict.fromkeys(fixed[:1], first)}
        return ", ".join(texts[place] for place in range(len(self.arguments)))

    @property
    def numbers(self) -> int:
        """How many numbers these are."""
        return len(self.arguments) - 1 - min(1, len(self.places.fixed))

    @property
    def cacheable(self) -> bool:
        """Whether it depends on nothing but its text."""
        return all(module is not None for _, module, _ in self.names) and all(part.cacheable for part in self.parts)

    @functools.cached_property
    def may_raise(self) -> bool:
        """Whether it does anything but compute with numbers, by functions that are fastloss's own."""
        plain = not self.names and all(map(_is_plain, ast.walk(ast.parse(self.text))))
        return not plain or any(part.may_raise for part in self.parts)

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


#: What no exception comes from.
_PLAIN = (
    *(ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign),
    *(ast.If, ast.IfExp, ast.For, ast.While, ast.Break, ast.Continue, ast.Pass, ast.Expr, ast.Tuple, ast.Constant),
    *(ast.Name, ast.expr_context, ast.BinOp, ast.operator, ast.UnaryOp, ast.unaryop, ast.BoolOp, ast.boolop),
    *(ast.Compare, ast.cmpop, ast.keyword),
)
_PLAIN_BUILTINS = ("bool", "float", "int", "max", "min", "range")


def _is_plain(node: ast.AST) -> bool:
    """Tell whether no exception comes from a node of a formula's text, if none comes from those in it."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        ours = name in vocabulary.WORDS or name in (*_PLAIN_BUILTINS, "real") or name.startswith(("_", "part"))
        return ours and not (name == "range" and len(node.args) == 3)  # whose step may be 0
    return isinstance(node, _PLAIN)


def restored_formula(*identity: Any) -> Formula:
    """Return a formula from its `identity`."""
    text, name, arguments, results, names, parts, *rest = identity
    return Formula(text, name, arguments, results, names, tuple(restored_formula(*part) for part in parts), *rest)
