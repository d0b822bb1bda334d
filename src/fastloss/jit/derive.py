"""Gradient and Hessian of a loss whose author gave the value alone.

The function is run once with symbols in place of numbers. What it does to them is recorded as a graph, in which equal
expressions are one node; the graph is differentiated by the rules of the vocabulary, twice, and written down again as a
formula: one statement for each node, compiled into the same pass as any other.

The value keeps the order of operations in which it was written, and with it its accuracy: an algebra system that brings
expressions into a form of its own would give that up.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

from .translate import Formula, FormulaError, variable, written

_BINARY = {"+", "-", "*", "/"}
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


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
        raise Unknown("a choice by if, and, or, not, min or max; write where(condition, x, y)")

    def __float__(self) -> float:
        raise Unknown("a function of Python or NumPy that knows numbers only")

    __int__ = __index__ = __float__

    def __getattr__(self, name: str) -> Any:
        what = "a function of NumPy, or a method" if name.startswith("__array") else f"the function {name}"
        raise Unknown(f"the derivative of {what} is not known")


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


class Graph:
    """The nodes of one formula; equal ones are one."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[Any, ...], Node] = {}

    def make(self, operation: str, *arguments: Any) -> Node:
        """Return the node of an operation, which has no simpler form."""
        key = operation, *(id(a) if isinstance(a, Node) else a for a in arguments)
        if key not in self._nodes:
            self._nodes[key] = Node(self, operation, arguments)
        return self._nodes[key]

    def number(self, value: float) -> Node:
        """Return a constant."""
        return self.make("number", float(value))

    def node(self, value: Any) -> Node:
        """Return a node as it is, a number as a constant."""
        if isinstance(value, Node):
            return value
        if isinstance(value, int | float):
            return self.number(value)
        raise Unknown(f"{type(value).__name__} {value!r}")

    def binary(self, operation: str, a: Node, b: Node) -> Node:
        """Return a operation b; what is 0 or 1 by its form is left out."""
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

    def derivative(self, of: Node, by: Node) -> Node:
        """Return the derivative of a node by another."""
        known: dict[Node, Node] = {by: self.number(1)}
        for node in in_order([of]):
            if node not in known:
                inner = [known.get(argument, self.number(0)) for argument in node.arguments]
                moves = any(d is not self.number(0) for d in inner)
                known[node] = self.rule(node, inner) if moves else self.number(0)
        return known[of]

    def rule(self, node: Any, inner: Sequence[Any]) -> Any:
        """Return the derivative of an operation, given those of its arguments."""
        x, *rest = node.arguments
        dx = inner[0]
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
                return self.word("where")(x, inner[1], inner[2])
            case "clamp":
                where = self.word("where")
                return where(x < rest[0], inner[1], where(x > rest[1], inner[2], dx))
        if node.operation in RULES:
            return RULES[node.operation](self.word, *node.arguments) * dx
        if node.operation in _COMPARISONS:
            return self.number(0)
        raise Unknown(f"the derivative of {node.operation} is not known")


def _sign(word: Any, x: Any) -> Any:
    where = word("where")
    return where(x > 0.0, 1.0, where(x < 0.0, -1.0, x))  # NaN stays NaN


#: The derivative of each word of one argument.
RULES: dict[str, Callable[..., Any]] = {
    "abs": _sign,
    "exp": lambda word, x: word("exp")(x),
    "expm1": lambda word, x: word("exp")(x),
    "log": lambda word, x: 1.0 / x,
    "log1p": lambda word, x: 1.0 / (1.0 + x),
    "sqrt": lambda word, x: 0.5 / word("sqrt")(x),
    "sigmoid": lambda word, x: word("sigmoid")(x) * word("sigmoid")(-x),
    "softplus": lambda word, x: word("sigmoid")(x),
    "log_sigmoid": lambda word, x: word("sigmoid")(-x),
    # 1 - tanh^2 would cancel.
    "tanh": lambda word, x: 4.0 * (word("sigmoid")(2.0 * x) * word("sigmoid")(-2.0 * x)),
    "_square": lambda word, x: 2.0 * x,
    "_cube": lambda word, x: 3.0 * word("_square")(x),
    "_fourth": lambda word, x: 4.0 * word("_cube")(x),
}


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


def _text(name: str, arguments: Sequence[str], results: Sequence[Node]) -> str:
    """Return a function that computes some nodes; what it names begins with an underscore, but for its arguments."""
    shown: dict[Node, str] = {}
    lines = [f"def _{name}({', '.join(arguments)}):"]
    for node in in_order(results):
        inner = [shown[a] for a in node.arguments if isinstance(a, Node)]
        match node.operation:
            case "number" | "symbol":
                (value,) = node.arguments
                shown[node] = f"real({written(value)})" if node.operation == "number" else value
                continue
            case "-x":
                expression = f"-{inner[0]}"
            case operation if operation in _BINARY or operation in _COMPARISONS:
                expression = f"{inner[0]} {operation} {inner[1]}"
            case operation:
                expression = f"{operation}({', '.join(inner)})"
        shown[node] = f"_{len(lines)}"
        lines.append(f"    {shown[node]} = {expression}")
    return "\n".join([*lines, f"    return {', '.join(shown[node] for node in results)}"])


def traced(formula: Formula) -> tuple[Graph, Node, list[Node]]:
    """Return the graph of a formula, the node of its prediction, and its results."""
    graph = Graph()
    symbols = [graph.make("symbol", variable(name)) for name in formula.arguments]
    words = {name: graph.word(name) for name in (*RULES, "where", "clamp")}
    try:
        results = formula.function({**words, "real": float})(*symbols)
        nodes = [graph.node(result) for result in (results if isinstance(results, tuple) else (results,))]
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == formula.file]
        line = frames[-1].lineno if frames and formula.modules else formula.line
        what = str(error) if isinstance(error, Unknown) else f"{type(error).__name__}: {error}"
        raise FormulaError(
            f"{formula.name} ({formula.place(line)}): no derivative can be found here ({what}); "
            "return the gradient after the value"
        ) from None
    return graph, symbols[1], nodes


def with_derivatives(formula: Formula) -> Formula:
    """Return a formula that gives value, gradient and Hessian, of one that lacks the last or both."""
    graph, prediction, nodes = traced(formula)
    try:
        while len(nodes) < 3:
            nodes.append(graph.derivative(nodes[-1], prediction))
    except Unknown as error:
        raise FormulaError(
            f"{formula.name} ({formula.place()}): {error}; return the gradient after the value"
        ) from None
    text = _text(formula.name, [variable(name) for name in formula.arguments], nodes)
    return Formula(text, formula.name, formula.arguments, 3, file=formula.file, line=formula.line)
