"""How a loss is declared: its row in the catalogue, written above its formula."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Domain:
    """The real numbers that an argument may take: an interval, each end in or out."""

    description: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below


real = Domain("a real number")
unit = Domain("in [0, 1]", 0.0, 1.0)
#: The target of a loss over classes: class indices, or a probability for every class.
classes = Domain("class indices, or probabilities of the classes", 0.0, 1.0)

_POSITIVE = Domain("> 0 and finite", 0.0, math.inf, low_open=True, high_open=True)
_NON_NEGATIVE = Domain(">= 0 and finite", 0.0, math.inf, high_open=True)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a loss: what it may be, and its default.

    `kind` is "element" for a real number (or an array that broadcasts to `y_pred`'s shape) that the formula reads,
    "number" for one real number, "per_class" for one non-negative weight for each class, "index" for an integer.
    """

    name: str
    default: float | None
    domain: Domain
    kind: str = "element"
    description: str = ""


@dataclass(frozen=True)
class Declared:
    """Domain and default of a parameter whose name is still to come."""

    default: float | None
    domain: Domain
    kind: str = "element"
    description: str = ""


def positive(default: float, description: str = "") -> Declared:
    """Declare a parameter > 0."""
    return Declared(default, _POSITIVE, description=description)


def fraction(default: float, description: str = "", kind: str = "element") -> Declared:
    """Declare a parameter in [0, 1]."""
    return Declared(default, unit, kind, description)


def class_weights(description: str) -> Declared:
    """Declare an optional weight >= 0 for each class."""
    return Declared(None, _NON_NEGATIVE, "per_class", description)


def class_index(description: str) -> Declared:
    """Declare an optional integer among the class indices."""
    return Declared(None, real, "index", description)


@dataclass(frozen=True)
class Row:
    """A row of the catalogue: everything about a loss but its loops.

    Attributes
    ----------
    name, summary, formula, source : str
        What a reader needs; `summary` is the first line of the docstring, `notes` the rest of it.
    kind : {"pointwise", "rowwise"}
        One loss for each element, or one for each row of classes.
    target : Domain
        What `y_true` may be.
    parameters : tuple of Parameter
        In the order of the interface.
    prediction : {"y_pred", "logits"}
        What the second argument is called in the field.
    function : callable or None
        The formula of a pointwise loss: a function of scalars that returns value, gradient and Hessian diagonal.
    kernels : object or None
        What compiles the loss at run time where it is not part of the package (``fastloss.jit``).
    made_by : tuple or None
        How another process makes such a row again: a function and its arguments.
    """

    name: str
    kind: str
    summary: str
    formula: str
    source: str
    target: Domain
    parameters: tuple[Parameter, ...] = ()
    prediction: str = "y_pred"
    notes: str = ""
    function: Callable[..., Any] | None = field(default=None, compare=False)
    kernels: Any = field(default=None, compare=False)
    made_by: tuple[Any, ...] | None = None


def _docstring(function: Callable[..., Any]) -> tuple[str, str]:
    import inspect

    summary, _, notes = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
    return summary, notes


def _named(parameters: dict[str, Declared]) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, p.default, p.domain, p.kind, p.description) for name, p in parameters.items())


def pointwise(
    *, target: Domain, formula: str, source: str, prediction: str = "y_pred", **parameters: Declared
) -> Callable[[Callable[..., Any]], Row]:
    """Declare an element-wise loss: the decorated function is its formula, the result its row in the catalogue."""

    def row(function: Callable[..., Any]) -> Row:
        summary, notes = _docstring(function)
        return Row(
            function.__name__,
            "pointwise",
            summary,
            formula,
            source,
            target,
            _named(parameters),
            prediction,
            notes,
            function,
        )

    return row


def rowwise(*, name: str, summary: str, formula: str, source: str, notes: str = "", **parameters: Declared) -> Row:
    """Declare a loss over rows of classes, whose loops are a kernel of their own (``kernels/softmax.pxi``)."""
    axis = Parameter("axis", -1, real, "axis", "the axis of the classes, which is never copied into another place")
    return Row(name, "rowwise", summary, formula, source, classes, (*_named(parameters), axis), "logits", notes)
