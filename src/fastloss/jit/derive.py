"""Gradient and Hessian of a loss whose author gave the value alone.

The function is run once with symbols in place of numbers. What it does to them is recorded as a graph, in which equal
expressions are one node; the graph is differentiated by the rules of the vocabulary, twice, and written down again as a
formula: one statement for each node, compiled into the same pass as any other.

The value keeps the operations that were written, in their order, and with them its accuracy: an algebra system that
brings expressions into a form of its own would give that up.

Where a loss has a kink, a derivative is the mean of those on its two sides: 0 for ``abs(r)`` at r = 0, and 2 for the
second one of ``abs(r)**2``. It is the mean of finished derivatives, not a derivative made of means: the sign of r is -1
and 1 beside 0, so its square is 1 there, though the mean of the signs is 0. Therefore `abs` and `clamp` (with it `max`
and `min`) are differentiated once for each side, every choice made as it is on that side. Which way a choice goes there
is told by the first derivative of what is compared, or by the second where the first is 0. ``where`` is no kink: its
author says which branch holds, often because the other is no number there.

Of several predictions a second derivative by two of them is taken on both sides of a kink in the direction of the first
one: so ``abs(a - b)**2`` has -2, whatever a and b are.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import math
import operator
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .formula import Formula, FormulaError, written
from .translate import is_number, variable

_BINARY = {"+", "-", "*", "/"}
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
#: The side of a point on which a derivative is taken: below and above.
_SIDES = (-1.0, 1.0)


class Unknown(Exception):
    """Something that a symbol cannot do."""


class Node:
    """A number that is not known yet."""

    __hash__ = object.__hash__

    def __init__(self, graph: Graph, operation: str, arguments: tuple[Any, ...]) -> None:
        self.graph, self.operation, self.arguments = graph, operation, arguments

    def __neg__(self) -> Node:
        return self.graph.negative(self)

    def __pos__(self) -> Node:
        return self

    def __bool__(self) -> bool:
        raise Unknown("a choice by if, and, or, not; write where(condition, x, y)")

    def __float__(self) -> float:
        raise Unknown("a function of Python or NumPy that knows numbers only")

    __int__ = __index__ = __float__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # a question whether this is a number of some other kind
            raise AttributeError(name)
        raise Unknown(f"the derivative of the function {name} is not known")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        known = _UFUNCS.get(ufunc) if method == "__call__" and not keywords else None
        if known is None:
            raise Unknown(f"the derivative of np.{ufunc.__name__} is not known")
        return known(*map(self.graph.node, inputs))

    def __array_function__(self, function: Any, *rest: Any) -> Any:
        raise Unknown(f"the derivative of np.{function.__name__} is not known")


def _operator(operation: str, *, swapped: bool = False) -> Callable[[Node, Any], Node]:
    def operate(self: Node, other: Any) -> Node:
        left, right = self, self.graph.node(other)
        return self.graph.binary(operation, *((right, left) if swapped else (left, right)))

    return operate


for _name, _symbol in (("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/")):
    setattr(Node, f"__{_name}__", _operator(_symbol))
    setattr(Node, f"__r{_name}__", _operator(_symbol, swapped=True))
for _name, _symbol in zip(("lt", "le", "gt", "ge", "eq", "ne"), _COMPARISONS, strict=True):
    setattr(Node, f"__{_name}__", _operator(_symbol))


def _not_known(symbol: str) -> Callable[..., Node]:
    def operate(*arguments: Any) -> Node:
        raise Unknown(f"the derivative of {symbol} is not known")

    return operate


for _name, _symbol in (
    *(("floordiv", "//"), ("mod", "%"), ("pow", "a power"), ("matmul", "@"), ("and", "&"), ("or", "|"), ("xor", "^")),
    *(("round", "round"), ("trunc", "trunc"), ("floor", "floor"), ("ceil", "ceil"), ("divmod", "divmod")),
):
    setattr(Node, f"__{_name}__", _not_known(_symbol))
    setattr(Node, f"__r{_name}__", _not_known(_symbol))

#: What NumPy makes of a symbol beside one of its own numbers, and those of its functions that are known.
_UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.maximum: lambda *nodes: nodes[0].graph.extreme("max", *nodes),
    np.minimum: lambda *nodes: nodes[0].graph.extreme("min", *nodes),
}


class Graph:
    """The nodes of one formula; equal ones are one."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[Any, ...], Node] = {}
        self._derivatives: dict[tuple[Node, float, Node], dict[Node, Node]] = {}
        self.simplifies = False  # what its author wrote stays as it is

    def make(self, operation: str, *arguments: Any) -> Node:
        """Return the node of an operation, which has no simpler form."""
        key = operation, *(id(a) if isinstance(a, Node) else a for a in arguments)
        if key not in self._nodes:
            self._nodes[key] = Node(self, operation, arguments)
        return self._nodes[key]

    def number(self, value: float) -> Node:
        """Return a constant."""
        return self.make("number", float(value), math.copysign(1.0, value))  # 0 and -0 are two

    def node(self, value: Any) -> Node:
        """Return a node as it is, a number as a constant."""
        if isinstance(value, Node):
            return value
        if is_number(value) or isinstance(value, bool):
            return self.number(value)
        raise Unknown(f"{type(value).__name__} {value!r}")

    def binary(self, operation: str, a: Node, b: Node) -> Node:
        """Return a operation b; in a derivative what is 0 or 1 by its form is left out."""
        if not self.simplifies:
            return self.make(operation, a, b)
        zero, one = self.number(0), self.number(1)
        match operation:
            case "+" if a is zero or b is zero:
                return b if a is zero else a
            case "-" if b is zero:
                return a
            case "-" if a is zero:
                return self.negative(b)
            case "*" if a is zero or b is zero:
                return zero
            case "*" if a is one or b is one:
                return b if a is one else a
            case "/" if a is zero or b is one:
                return a
        return self.make(operation, a, b)

    def negative(self, a: Node) -> Node:
        """Return -a."""
        if a.operation == "-x":
            (inner,) = a.arguments
            return inner  # type: ignore[no-any-return]
        return a if a is self.number(0) else self.make("-x", a)

    def word(self, name: str) -> Callable[..., Node]:
        """Return a word of the vocabulary as a function of nodes."""

        def call(*arguments: Any) -> Node:
            nodes = [self.node(argument) for argument in arguments]
            if name == "where" and nodes[1] is nodes[2]:
                return nodes[1]
            return self.make(name, *nodes)

        return call

    def extreme(self, name: str, *values: Any) -> Node:
        """Return the largest or the least of some numbers, NaN if one is."""
        first, *others = map(self.node, values)
        where, clamp = self.word("where"), self.word("clamp")
        for other in others:
            bounded = clamp(first, other, math.inf) if name == "max" else clamp(first, -math.inf, other)
            first = where(other == other, bounded, other)
        return first

    def derivative(self, of: Node, by: Node, side: float, along: Node) -> Node:
        """Return the derivative of a node by another, on one side of each kink: where `along` is a little off."""
        known = self._derivatives.setdefault((by, side, along), {by: self.number(1)})
        if of in known:
            return known[of]
        for node in in_order([of]):
            if node not in known:
                inner = [known.get(argument, self.number(0)) for argument in node.arguments]
                moves = any(d is not self.number(0) for d in inner)
                known[node] = self.rule(node, inner, side, along) if moves else self.number(0)
        return known[of]

    def mean_derivative(self, of: Sequence[Node], by: Node, along: Node) -> tuple[list[Node], Node]:
        """Return the derivatives of a node on both sides (of what it is on either), and their mean."""
        sides = [self.derivative(node, by, side, along) for node, side in zip(of, _SIDES, strict=True)]
        return sides, sides[0] if sides[0] is sides[1] else self.make("mean", *sides)

    def towards(self, side: float, along: Node, of: Node, less: Node | None = None) -> Node:
        """Return a number with the sign of a node, or of a difference, on one side of its 0; 0 if it stays 0."""
        slope = self.derivative(of, along, side, along)
        if less is not None:
            slope = self.binary("-", slope, self.derivative(less, along, side, along))
        zero, moved = self.number(0), slope if side > 0 else self.negative(slope)
        if slope.operation == "number":
            return self.number(side * (slope.arguments[0] > 0) - side * (slope.arguments[0] < 0))
        curvature = self.derivative(slope, along, side, along)
        return moved if curvature is zero else self.word("where")(self.binary("==", slope, zero), curvature, moved)

    def rule(self, node: Any, inner: Sequence[Any], side: float, along: Node) -> Any:
        """Return the derivative of an operation, given those of its arguments."""
        x, *rest = node.arguments
        dx = inner[0]
        where = self.word("where")
        match node.operation:
            case "+":
                return dx + inner[1]
            case "-":
                return dx - inner[1]
            case "*" if x is rest[0]:
                return 2.0 * x * dx
            case "*":
                return dx * rest[0] + x * inner[1]
            case "/":
                return (dx - node * inner[1]) / rest[0]
            case "-x":
                return -dx
            case "where":
                return where(x, inner[1], inner[2])
            case "abs":
                return self.make("sign", x, self.towards(side, along, x)) * dx
            case "clamp":
                (low, high), (_, of_low, of_high) = rest, inner
                below = self.make("below", x, low, self.towards(side, along, x, low))
                above = self.make("below", high, x, self.towards(side, along, high, x))
                return where(below, of_low, where(above, of_high, self.make("kept", x, dx)))
            case "kept":
                return self.make("kept", x, inner[1]) if inner[1] is not self.number(0) else inner[1]
            case "sqrt":
                slope = 0.5 / node * dx
                if dx.operation == "number":
                    return slope
                # The root of a square has a kink at 0: the derivatives on its two sides are opposite, both orders.
                return where(x == 0.0, where(dx == 0.0, 0.0, slope), slope)
        if node.operation in RULES:
            return RULES[node.operation](self.word, *node.arguments) * dx
        if node.operation in _CHOICES:
            return self.number(0)
        raise Unknown(f"the derivative of {node.operation} is not known")


#: Operations that give one of a few numbers.
_CHOICES = (*_COMPARISONS, "sign", "below")

#: The derivative of each word of one argument that has no kink.
RULES: dict[str, Callable[..., Any]] = {
    "exp": lambda word, x: word("exp")(x),
    "expm1": lambda word, x: word("exp")(x),
    "log": lambda word, x: 1.0 / x,
    "log1p": lambda word, x: 1.0 / (1.0 + x),
    "sigmoid": lambda word, x: word("sigmoid")(x) * word("sigmoid")(-x),
    "softplus": lambda word, x: word("sigmoid")(x),
    "log_sigmoid": lambda word, x: word("sigmoid")(-x),
    # 1 - tanh^2 would cancel.
    "tanh": lambda word, x: 4.0 * (word("sigmoid")(2.0 * x) * word("sigmoid")(-2.0 * x)),
    "_square": lambda word, x: 2.0 * x,
    "_cube": lambda word, x: 3.0 * word("_square")(x),
    "_fourth": lambda word, x: 4.0 * word("_cube")(x),
}


#: The words that have a derivative.
WORDS = (*RULES, "abs", "clamp", "sqrt", "where")


def _extreme_of(graph: Graph, name: str) -> Callable[..., Any]:
    """Return `max` or `min`, of symbols too."""

    def extreme(*values: Any, **keywords: Any) -> Any:
        if not any(isinstance(value, Node) for value in values):
            return getattr(builtins, name)(*values, **keywords)
        if keywords or len(values) == 1:
            raise Unknown(f"{name} of other than numbers")
        return graph.extreme(name, *values)

    return extreme


def in_order(nodes: Sequence[Node]) -> list[Node]:
    """Return all that some nodes depend on, arguments first."""
    found: dict[Node, None] = {}
    waiting: list[tuple[Node, bool]] = [(node, False) for node in reversed(nodes)]
    while waiting:
        node, ready = waiting.pop()
        if ready:
            found[node] = None
        elif node not in found:
            waiting.append((node, True))
            waiting += [(a, False) for a in reversed(node.arguments) if isinstance(a, Node) and a not in found]
    return list(found)


def _text(formula: Formula, results: Mapping[str, Node]) -> str:
    """Return a function that computes some nodes; what it names begins with an underscore, but for its arguments."""
    shown: dict[Node, str] = {}
    lines = [f"def _derived({', '.join(map(variable, formula.arguments))}):"]
    for node in in_order([*results.values()]):
        inner = [shown[a] for a in node.arguments if isinstance(a, Node)]
        match node.operation:
            case "number" | "symbol":
                value, *_ = node.arguments
                shown[node] = f"real({written(value)})" if node.operation == "number" else value
                continue
            case "-x":
                expression = f"-{inner[0]}"
            case "sign":  # of x, NaN of NaN; where x is 0, of where it goes
                x, towards = inner
                if node.arguments[1].operation != "number":
                    towards = f"where({towards} > real(0), real(1), where({towards} < real(0), real(-1), real(0)))"
                rest = f"where({x} < real(0), real(-1), where({x} == real(0), {towards}, {x}))"
                expression = f"where({x} > real(0), real(1), {rest})"
            case "below":  # x < y, or about to be
                x, y, towards = inner
                expression = f"({x} < {y}) | (({x} - {y} == real(0)) & ({towards} < real(0)))"
            case "kept":  # of x that is a number
                x, result = inner
                expression = f"where({x} == {x}, {result}, {x})"
            case "mean":
                below, above = inner
                expression = f"where({below} == {above}, {above}, real(0.5) * {below} + real(0.5) * {above})"
            case operation if operation in _BINARY or operation in _COMPARISONS:
                expression = f"{inner[0]} {operation} {inner[1]}"
            case operation:
                expression = f"{operation}({', '.join(inner)})"
        shown[node] = f"_{len(lines)}"
        lines.append(f"    {shown[node]} = {expression}")
    return "\n".join([*lines, f"    return {formula.as_returned(lambda name: shown[results[name]])}"])


def traced(formula: Formula) -> tuple[Graph, list[Node], dict[str, Node]]:
    """Return the graph of a formula, the nodes of its predictions, and its results by their names."""
    graph = Graph()
    symbols = [graph.make("symbol", variable(name)) for name in formula.arguments]
    words = {name: graph.word(name) for name in WORDS}
    words |= {name: _extreme_of(graph, name) for name in ("max", "min")}
    try:
        if any(isinstance(node, ast.Try) for node in ast.walk(ast.parse(formula.text))):
            raise Unknown("a try, which catches what symbols raise")
        results = formula.function({**words, "real": float})(*symbols)
        every = results if isinstance(results, tuple) else (results,)
        flat = [one for result in every for one in (result if isinstance(result, tuple) else (result,))]
        nodes = dict(zip(itertools.chain(*formula.returned), map(graph.node, flat), strict=True))
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == formula.file]
        line = frames[-1].lineno if frames and formula.modules else formula.line
        what = str(error) if isinstance(error, Unknown) else f"{type(error).__name__}: {error}"
        if type(error).__module__.startswith("numba"):
            what = "a function of Numba, which knows numbers only"
        raise FormulaError(
            f"{formula.name} ({formula.place(line)}): no derivative can be found here ({what}); "
            "return the gradient after the value"
        ) from None
    return graph, [symbols[place] for place in formula.places.predictions], nodes


def with_derivatives(formula: Formula) -> Formula:
    """Return a formula that gives value, gradient and Hessian, of one that lacks the last or both."""
    graph, predictions, nodes = traced(formula)
    complete = Formula(
        "", formula.name, formula.arguments, 3, file=formula.file, line=formula.line, places=formula.places
    )
    _, gradients, hessians = complete.returned
    graph.simplifies = True
    try:
        for k, (gradient, prediction) in enumerate(zip(gradients, predictions, strict=True)):
            if gradient in nodes:
                sides = [nodes[gradient]] * len(_SIDES)
            else:
                sides, nodes[gradient] = graph.mean_derivative([nodes["value"]] * len(_SIDES), prediction, prediction)
            _, nodes[hessians[k]] = graph.mean_derivative(sides, prediction, prediction)
            if k == 0:
                for name, other in zip(hessians[len(gradients) :], predictions[1:], strict=True):
                    _, nodes[name] = graph.mean_derivative(sides, other, prediction)
    except Unknown as error:
        raise FormulaError(
            f"{formula.name} ({formula.place()}): {error}; return the gradient after the value"
        ) from None
    complete.text = _text(complete, nodes)
    return complete
