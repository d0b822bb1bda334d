"""How a loss is declared: its row in the catalogue, written above its formula."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Domain:
    """The real numbers that an argument may take: an interval, each end in or out, or its two ends alone.

    A number above the higher end, by no more than `rounding` times the epsilon of the type that it comes in, is taken
    for that end.
    """

    description: str
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    ends_only: bool = False
    hint: str = ""
    rounding: float = 0.0

    @property
    def each(self) -> str:
        """What comes before the description of a target."""
        return "each "

    @property
    def forms(self) -> tuple[str, ...]:
        """What targets may look like: the two ends ("hard"), what is between 0 and 1 ("soft"), or numbers ("real")."""
        if self.ends_only:
            return ("hard",)
        return ("hard", "soft") if (self.low, self.high) == (0, 1) else ("real",)

    def __contains__(self, value: Any) -> bool:
        if self.ends_only:
            return value in (self.low, self.high)
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return bool(above and below)

    def has_any(self, value: Any) -> bool:
        """Tell whether a number is in the domain, or one of an array."""
        return value in self if isinstance(value, float | int) else any(float(number) in self for number in value.flat)

    def bounds(self, dtype: Any) -> tuple[float, float]:
        """Return the least and the largest number of a float type that are inside."""
        if not (self.low_open or self.high_open):
            return self.low, self.high
        import numpy as np

        with np.errstate(all="ignore"):  # the number after 0 is subnormal
            low, high = dtype(self.low), dtype(self.high)
            return (
                float(np.nextafter(low, high)) if self.low_open else self.low,
                float(np.nextafter(high, low)) if self.high_open else self.high,
            )


@dataclass(frozen=True)
class RowTarget(Domain):
    """What `y_true` may be for rows of classes.

    `forms` are the shapes it may have: "index" (a class for each row: the shape without the class axis), "number" (any
    number for each row), "soft" (probabilities that add up to 1), "shares" (a number in [0, 1] for each class) or
    "members" (0 or 1 for each class); the last three have the shape of `y_pred`. `levels` is how many labels there are
    beyond the columns of `y_pred`.
    """

    forms: tuple[str, ...] = ("index", "soft")
    levels: int = 0

    @property
    def each(self) -> str:
        return "for each class, " if self.of_columns else ""

    @property
    def of_columns(self) -> bool:
        """Whether it has a number for each column of `y_pred` that says nothing of the others."""
        return self.forms[0] in ("shares", "members")


@dataclass(frozen=True)
class OrZero(Domain):
    """An interval above 0, or 0."""

    def __contains__(self, value: Any) -> bool:
        return value == 0 or super().__contains__(value)


@dataclass(frozen=True)
class Options(Domain):
    """One of a few values."""

    options: tuple[Any, ...] = ()

    def __contains__(self, value: Any) -> bool:
        return value in self.options


real = Domain("a real number")
unit = Domain("in [0, 1]", 0.0, 1.0)
#: The target of a loss over classes: class indices, or a probability for every class.
classes = RowTarget("class indices, or probabilities of the classes", 0.0, 1.0)
class_indices = RowTarget("class indices", 0.0, 1.0, forms=("index",))
levels = RowTarget("levels, from 0 to the number of columns", 0.0, 1.0, forms=("index",), levels=1)
probabilities = RowTarget("probabilities of the classes, each row adding up to 1", 0.0, 1.0, forms=("soft",))
shares = RowTarget("in [0, 1]", 0.0, 1.0, forms=("shares",))
members = RowTarget("0 or 1", 0.0, 1.0, ends_only=True, forms=("members",))
#: The target of a loss over rows of predictions of one number.
number_of_row = RowTarget("a real number", forms=("number",))

#: The target of a loss of regions.
masks = Domain(
    "in [0, 1], or with mode='multiclass' a class index",
    0.0,
    1.0,
    hint="ignore_index= leaves pixels out, mode='multiclass' takes class indices",
)

#: The labels that two classes may have, and what y_true may then be.
LABELS = {
    (0, 1): Domain("0 or 1", 0.0, 1.0, ends_only=True, hint="labels=(-1, 1) is for targets -1 and 1"),
    (-1, 1): Domain("-1 or 1", -1.0, 1.0, ends_only=True, hint="labels=(0, 1) is for targets 0 and 1"),
}
labelled = LABELS[0, 1]
signs = Domain("-1 or 1", -1.0, 1.0, ends_only=True)
#: A probability that was computed: a quotient by a sum, or 1 less others, may be above 1.
probability = Domain(unit.description, 0.0, 1.0, rounding=4.0)
#: What will be clipped, unless it is far from being a probability: a logit, say.
_CLIPPED = Domain(unit.description, -0.01, 1.01, rounding=4.0)
#: What a prediction may be, by what it holds. Logits less the logarithm of the sum of their exponentials may be above
#: 0, by half a unit in the last place of a logit: 0.004 for 8 in float16.
log_probability = Domain("the logarithm of a probability, <= 0", high=0.01)
#: A cosine that was computed: a rounded product of rounded vectors.
cosine = Domain("in [-1, 1]", -1.01, 1.01)
_PREDICTIONS = {"probs": probability, "log_probs": log_probability}
#: What the prediction of a loss is, in words, by what its row says that it holds.
_INPUTS = {
    "numbers": "numbers",
    "logits": "logits",
    "log_probs": "log-probabilities",
    "probs": "probabilities",
    "log_mean": "logarithms of means",
    "cosines": "cosines",
}
non_negative = Domain(">= 0", 0.0)

#: Of a parameter whose limits at both ends are losses too.
_EXTENDED = Domain("a real number, or -inf or inf")
_POSITIVE = Domain("> 0 and finite", 0.0, math.inf, low_open=True, high_open=True)
_NON_NEGATIVE = Domain(">= 0 and finite", 0.0, math.inf, high_open=True)
#: What weighs a row of a group: products of two of them, times exponentials, are numbers of float64.
_ROW_WEIGHTS = OrZero("0, or from 1e-100 to 1e100", 1e-100, 1e100)
#: What weighs a pixel: sums of them, squared, are numbers of float64.
_PIXELS = Domain(">= 0 and at most 1e100", 0.0, 1e100)
_FINITE = Domain("finite", low_open=True, high_open=True)
#: Of a parameter that may be None, whatever its default.
counted = Domain("a whole number, or None")
_INNER = Domain("> 0 and < 1", 0.0, 1.0, low_open=True, high_open=True)


#: The largest target, and parameter, of a likelihood with all of its terms.
MOST_OF_FULL = 1e15


class Parameter(NamedTuple):
    """A parameter of a loss: what it may be, and its default.

    `kind` is "element" for a real number (or an array that broadcasts to `y_pred`'s shape) that the formula reads,
    "number" for one real number, "per_class" for one non-negative weight for each class, "factor" for a number or one
    for each class, "index" for an integer, "choice" for one of a few names, "switch" for True or False, "labels"
    for what `y_true` holds for two classes, "subset" for "all", "present" or a tuple of class indices, "numbers" for
    real numbers, one or more, as a tuple, "pixels" for a weight of each pixel, "mask" for an array of bool. Where an
    "element" may be None, the formula reads NaN. Of one that is `learned` the formula returns the derivative too.
    `usual` is a value that is common beside the default, of one for which not any number of its domain would do: a cap
    that is as small as logits are leaves nothing of them.
    """

    name: str
    default: float | str | bool | tuple[float, ...] | None
    domain: Domain
    kind: str = "element"
    description: str = ""
    learned: bool = False
    usual: float | None = None


#: What an array is to a loss: given and checked; differentiated; read, but not differentiated; how long others are.
TARGET, PREDICTION, FIXED, LENGTHS = "target", "prediction", "fixed", "lengths"


class Operand(NamedTuple):
    """An array that a loss takes in every call.

    `axes` are those that it has after the axes of the samples: none, "C" for classes (where the caller says), "D" for
    the numbers of a vector, "N" and "M" for the vectors of a set, "S" for the labels of a sequence and "T" for its
    frames, "G" for the rows of a group, or a number, for so many numbers of each sample. What is `shared` by all
    samples has these axes alone. What is `optional` may be None: then it is the number `default`, and there is no
    derivative by it. Of what has another length in each sample, `lengths` is the array that says which.
    """

    name: str
    role: str
    axes: str = ""
    domain: Domain = real
    description: str = ""
    shared: bool = False
    optional: bool = False
    default: float = 0.0
    lengths: str = ""


def target(domain: Domain = real, description: str = "", name: str = "y_true") -> Operand:
    """Declare the target of a loss of several arrays."""
    return Operand(name, TARGET, "", domain, description)


def prediction(name: str, description: str = "", axes: str = "", domain: Domain = real) -> Operand:
    """Declare an array by which a loss is differentiated; of points all of them have one domain."""
    return Operand(name, PREDICTION, axes, domain, description)


def shared(name: str, description: str, axes: str, default: float | None = None) -> Operand:
    """Declare an array that all samples share, by which a loss is differentiated; with a default it may be None."""
    return Operand(name, PREDICTION, axes, real, description, True, default is not None, default or 0.0)


def fixed(name: str, description: str = "", axes: str = "") -> Operand:
    """Declare an array that a loss reads and is not differentiated by."""
    return Operand(name, FIXED, axes, real, description)


def lengths(name: str, description: str) -> Operand:
    """Declare how long others are in each sample; it may be None."""
    return Operand(name, LENGTHS, "", Domain("a whole number >= 0", 0.0), description, optional=True)


def sequence_of_labels(name: str, description: str, domain: Domain, lengths: str) -> Operand:
    """Declare a target of as many labels as `lengths` says."""
    return Operand(name, TARGET, "S", domain, description, lengths=lengths)


def group_of_targets(name: str, description: str, domain: Domain = real) -> Operand:
    """Declare a target that each row of a group has."""
    return Operand(name, TARGET, "G", domain, description)


def group_of_scores(name: str, description: str) -> Operand:
    """Declare a prediction of one number for each row of a group."""
    return Operand(name, PREDICTION, "G", real, description, lengths="groups")


def group_of_weights(name: str, description: str) -> Operand:
    """Declare what each row of a group counts for; it may be None."""
    return Operand(name, FIXED, "G", _ROW_WEIGHTS, description, optional=True, default=1.0)


def sequence_of_rows(name: str, description: str, lengths: str) -> Operand:
    """Declare a prediction of a row of classes for each of as many frames as `lengths` says."""
    return Operand(name, PREDICTION, "TC", real, description, lengths=lengths)


def places_of_rows(name: str, description: str, lengths: str) -> Operand:
    """Declare a prediction of a row of classes for each place in as many labels as `lengths` says, and one more."""
    return Operand(name, PREDICTION, "UC", real, description, lengths=lengths)


def grid_of_rows(name: str, description: str, lengths: str) -> Operand:
    """Declare a prediction of a row of classes for each frame, of as many as `lengths` says, and place in labels."""
    return Operand(name, PREDICTION, "TUC", real, description, lengths=lengths)


class Declared(NamedTuple):
    """Domain and default of a parameter whose name is still to come."""

    default: float | str | bool | tuple[float, ...] | None
    domain: Domain
    kind: str = "element"
    description: str = ""
    learned: bool = False
    usual: float | None = None


def learned(parameter: Declared) -> Declared:
    """Declare a parameter by which there is a derivative: the formula returns it after the Hessian, by its name."""
    return parameter._replace(learned=True)


def usually(parameter: Declared, value: float) -> Declared:
    """Declare what a parameter often is, beside its default."""
    return parameter._replace(usual=value)


def positive(default: float | None, description: str = "", kind: str = "element") -> Declared:
    """Declare a parameter > 0."""
    return Declared(default, _POSITIVE, kind, description)


def number(default: float | None, domain: Domain, description: str = "") -> Declared:
    """Declare a parameter that is one number."""
    return Declared(default, domain, "number", description)


def class_factors(description: str) -> Declared:
    """Declare an optional factor >= 0: a number, or one for each class."""
    return Declared(None, _NON_NEGATIVE, "factor", description)


def choice(*options: str, description: str = "") -> Declared:
    """Declare a parameter that is one of a few names, the first by default."""
    domain = Options(f"one of {', '.join(map(repr, options))}", options=options)
    return Declared(options[0], domain, "choice", description)


def switch(default: bool, description: str = "") -> Declared:
    """Declare a parameter that is True or False."""
    return Declared(default, Domain("True or False"), "switch", description)


def finite(default: float, description: str = "", kind: str = "element") -> Declared:
    """Declare a parameter that may be any finite number."""
    return Declared(default, _FINITE, kind, description)


def extended(default: float, description: str = "") -> Declared:
    """Declare a parameter that may be any number, infinite ones included."""
    return Declared(default, _EXTENDED, description=description)


def at_least_zero(default: float, description: str = "", kind: str = "element") -> Declared:
    """Declare a parameter >= 0."""
    return Declared(default, _NON_NEGATIVE, kind, description)


def interval(default: float, low: float, high: float, description: str = "") -> Declared:
    """Declare a parameter between two numbers, these included."""
    return Declared(default, Domain(f"in [{low:g}, {high:g}]", low, high), description=description)


def fraction(default: float | None, description: str = "", kind: str = "element") -> Declared:
    """Declare a parameter in [0, 1]."""
    return Declared(default, unit, kind, description)


def inner_fraction(default: float, description: str = "") -> Declared:
    """Declare a parameter between 0 and 1."""
    return Declared(default, _INNER, description=description)


def zero_or_between(default: float, low: float, high: float, description: str = "") -> Declared:
    """Declare a parameter that is 0, or between two numbers, these included."""
    return Declared(default, OrZero(f"0, or in [{low:g}, {high:g}]", low, high), description=description)


def above(low: float) -> Domain:
    """Return the domain of what is greater than a number."""
    return Domain(f"> {low:g}", low, low_open=True)


def inner_fractions(description: str) -> Declared:
    """Declare a parameter between 0 and 1: a number, or one for each column; or None."""
    return Declared(None, _INNER, "factor", description)


def class_weights(description: str) -> Declared:
    """Declare an optional weight >= 0 for each class."""
    return Declared(None, _NON_NEGATIVE, "per_class", description)


def two_labels() -> Declared:
    """Declare what `y_true` holds for the negative and the positive class."""
    text = "what `y_true` holds for the negative and for the positive class"
    return Declared((0, 1), Domain("(0, 1) or (-1, 1)"), "labels", text)


def class_subset(description: str) -> Declared:
    """Declare which classes count: all, those that are present, or some by their indices."""
    return Declared("all", Domain("'all', 'present' or class indices, each once"), "subset", description)


def numbers_between(low: float, high: float, description: str, *default: float) -> Declared:
    """Declare a parameter that is a number, or several."""
    return Declared(default, Domain(f"between {low:g} and {high:g}", low, high), "numbers", description)


def class_index(description: str) -> Declared:
    """Declare an optional integer among the class indices."""
    return Declared(None, real, "index", description)


def class_number(default: int, description: str) -> Declared:
    """Declare a parameter that names a class."""
    return Declared(default, real, "index", description)


def count(default: int | None, description: str) -> Declared:
    """Declare a parameter that is a whole number, or None."""
    return Declared(default, counted, "index", description)


def class_mask(description: str) -> Declared:
    """Declare which classes each row has: an array of bool, or None for all."""
    return Declared(None, real, "mask", description)


def time_axis(description: str) -> Declared:
    """Declare the axis of the frames of a sequence."""
    return Declared(-2, real, "axis", description)


class Term(NamedTuple):
    """A loss in a sum.

    `name` is what its parameters begin with in the sum, `parameters` what they are, under their own names.
    """

    name: str
    row: Row
    factor: Any
    parameters: dict[str, Any]


def common(domains: Iterable[tuple[str, Domain]], what: str) -> Domain:
    """Return the narrowest of the domains of some losses, which has to lie within the others."""
    domains = list(domains)

    def narrowness(domain: Domain) -> tuple[Any, ...]:
        return domain.low, domain.low_open, -domain.high, domain.high_open, domain.ends_only

    narrowest = max((domain for _, domain in domains), key=narrowness)
    for name, domain in domains:
        inside = domain.low <= narrowest.low <= narrowest.high <= domain.high
        if domain.ends_only:
            inside = narrowest.ends_only and (narrowest.low, narrowest.high) == (domain.low, domain.high)
        if not inside:
            raise ValueError(f"{name} takes {what} {domain.description}; the other losses do not")
    return narrowest


class Link(NamedTuple):
    """What makes predictions of raw scores, over `divisor`: "identity", "exp", "sigmoid" or "softmax" (`functions`).

    Of a `cap` c, the scores are c tanh(score / c) before that.
    """

    function: str
    divisor: float = 1.0
    cap: float | None = None


IDENTITY, EXP, SIGMOID, SOFTMAX = map(Link, ("identity", "exp", "sigmoid", "softmax"))
#: The link of a loss whose row names none, by what its prediction holds; logits have one where the row says so.
_LINKS = {"numbers": IDENTITY, "log_mean": EXP, "log_probs": EXP, "probs": IDENTITY}


class Column(NamedTuple):
    """What the numbers of a sample are side by side on the last axis of a prediction, each of them."""

    name: str
    link: Link
    symbol: str  # in formulas
    beside: float  # what it is where the loss is drawn over another column


LOCATION_AND_SCALE = (Column("location", IDENTITY, "m", 1.0), Column("log-scale", EXP, "s", 0.0))


#: The parameters that the frame of cross-entropy computes by itself, of a loss that uses it.
FRAME = frozenset({"class_weight", "ignore_index", "label_smoothing", "axis"})


class Columns(NamedTuple):
    """What a formula reads, as the kernels order it."""

    first: str | None  # the target, or a fixed array in its place
    predictions: tuple[tuple[str, Any], ...]  # up to two: an array, and which of its elements
    others: tuple[str, ...]  # fixed arrays besides, which the kernels take for parameters


@dataclass(frozen=True)
class Row:
    """A row of the catalogue: everything about a loss but its loops.

    Attributes
    ----------
    name, summary, formula, source : str
        What a reader needs; `summary` is the first line of the docstring, `notes` the rest of it.
    kind : str
        "points", "rows", "scores", "hazards", "lifetimes", "vectors", "totals", "regions", "errors",
        "products", "batches", "sets", "sequences", "groups" or "sum".
        The shape of its loop (``kinds/``): a formula of the numbers of each sample; rows along an axis of classes; one
        or two rows of scores of each sample; rows of hazards, up to an interval of time; two times, between which an
        event lies; rows of several arrays; a function of sums over all samples; a function of the sums over each
        region; errors of pixels in their order; rows of a product of two matrices; vectors of a batch against all
        others; sets of vectors against each other; paths through the frames of a sequence; rows that are ordered or
        compared inside of their group; or a sum of losses of several kinds.
    target : Domain
        What `y_true` may be.
    parameters : tuple of Parameter
        In the order of the interface.
    prediction : {"y_pred", "logits"}
        What the second argument is called in the field.
    holds : {"numbers", "logits", "log_probs", "probs", "log_mean", "cosines"}
        What that argument is; of a loss with a parameter `given`, what it is by default.
    link : Link, mapping of str to Link, or None
        What makes predictions of raw scores (`Loss.inverse_link`); a mapping has one for each value of a choice. None
        where the scores are those of no distribution, as of a hinge.
    predicted : Domain
        What it may be.
    function : callable or None
        The formula, a function of scalars that returns value, gradient and Hessian diagonal, then a dictionary of the
        derivatives by its parameters, if it has any that are learned; None of rows of classes.
    by_default : callable, bool or None
        A formula of target and prediction alone that gives the same where every parameter has its default; True: the
        loss's own, compiled with the defaults.
    fuller : Row or None
        The same loss with the terms that `full=True` adds to its value: the formula returns that value in its
        dictionary too, as "full".
    entry : str
        The entry of the formula's dictionary that is the value, in place of the first of what it returns.
    forms : mapping of tuple to Row
        The same loss with another formula, by the values of its choices; what is not here has the row's own formula.
    ranges : list of (str, Domain, Row)
        The same loss with another formula and other targets, where a parameter is in a domain.
    special : mapping of tuple to str
        Which compiled loop makes the results where the formula's parameters are these numbers, and reads none of them.
    kernels : object or None
        What compiles the loss at run time where it is not part of the package (``fastloss.jit``).
    made_by : tuple or None
        How another process makes such a row again: a function and its arguments.
    module, qualname : str
        Where a function that a loss was made of is; of a loss of the package, where that is.
    terms : tuple of (str, Row)
        The losses that it is a sum of, if it is one, each after the name that its parameters begin with.
    summed : callable or None
        What makes the row of a sum of the rows of its terms.
    arrays : tuple of Operand
        The arrays that a call takes, where they are not a target and a prediction; see `operands`.
    axes : {"", "C", "D", "2", "TC", "TUC", "R", "G", "ND"}
        What axes that prediction has after those of the samples; "R": a sample is a region, which its kind finds,
        "G": a group of rows, "ND": a set of vectors.
    core : tuple of Column
        What lies side by side on the last axis of its prediction, of axes "2"; else empty.
    of_sums : callable or None
        Of a loss of regions, which function of the sums over each it is, by its parameters.
    together : bool
        Of such a loss, whether a sample is all classes of an image together, not each class.
    of_rows : Row or None
        Of a loss of products, the loss over rows that is computed of the product.
    against : tuple of (str, str)
        Of a loss of batches, which arrays are compared: each vector of the first with all of the second.
    positive : {"", "place", "half", "class"}
        Of such a loss, which of these a vector belongs to: the one in its place, the one half of the batch away, or all
        others of its class.
    counted : {"positive", "all"}
        Of such a loss, which vectors have a loss: those that belong to another one, or all.
    of_pairs : tuple of str
        Of such a loss that is no softmax but another function of the similarities of a vector
        (``kernels/vectors/batches.h``), the numbers which that takes.
    of_group : str
        Of a loss of groups, by which name its kernel is found (``kernels/groups/groups.pyx``).
    ordered_by : {"", "time", "relevance"}
        Of such a loss, what the rows of a group are ordered by before that: their times, or their targets, the largest
        first.
    lattice : {"", "alignments", "chains", "grids", "sums"}
        Of a loss of sequences, what its paths are: alignments of labels with frames, chains of tags, or ways through a
        grid of frames and labels, whose scores are given or the sums of those of frames and of places in the labels.
    in_frame : frozenset of str
        Of a loss over rows, the parameters that the frame of cross-entropy computes by itself
        (``kernels/rows/softmax.pxi``); with others its own function computes it (``kernels/rows/cross_entropy.pxi``).
    whole_hessian : bool
        Of a loss over rows, whether a kernel multiplies its Hessian by a vector (``kernels/rows/second.pxi``).
    no_hessian : str
        Why it has no diagonal of the Hessian; empty where it has one.
    detached : str
        What its derivatives hold constant, so that they are not those of its value; empty of most.
    couples : bool
        Whether samples depend on each other: there is a mean, no sum, and no part of a batch.
    ulps : dict
        By how many units in the last place a result may be wrong, where that is more than of most losses: "value",
        "grad" or "hess", all of them where none is named; before it "float32" or "float64" for one type, and "unfused"
        for levels without a fused multiply-add. What was measured stands beside it.
    typical : bool
        Whether it stands for the losses that share its loop: tests that would take too long for all run for it.
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
    holds: str = "numbers"
    link: Link | Mapping[str, Link] | None = field(default=None, compare=False)
    predicted: Domain = real
    function: Callable[..., Any] | None = field(default=None, compare=False)
    by_default: Callable[..., Any] | bool | None = field(default=None, compare=False)
    fuller: Row | None = field(default=None, compare=False)
    entry: str = ""
    forms: dict[tuple[str, ...], Row] = field(default_factory=dict, compare=False)
    ranges: list[tuple[str, Domain, Row]] = field(default_factory=list, compare=False)
    special: Mapping[tuple[float, ...], str] = field(default_factory=dict, compare=False)
    kernels: Any = field(default=None, compare=False)
    made_by: tuple[Any, ...] | None = None
    module: str = "fastloss"
    qualname: str = ""
    terms: tuple[tuple[str, Row], ...] = field(default=(), compare=False)
    summed: Callable[[tuple[Row, ...]], Row] | None = field(default=None, compare=False)
    arrays: tuple[Operand, ...] = ()
    axes: str = ""
    core: tuple[Column, ...] = ()
    of_sums: Callable[..., Overlap] | None = field(default=None, compare=False)
    together: bool = False
    of_rows: Row | None = None
    against: tuple[tuple[str, str], ...] = ()
    positive: str = ""
    counted: str = "positive"
    of_pairs: tuple[str, ...] = ()
    of_group: str = ""
    ordered_by: str = ""
    lattice: str = ""
    in_frame: frozenset[str] = frozenset()
    whole_hessian: bool = False
    no_hessian: str = ""
    detached: str = ""
    couples: bool = False
    ulps: Mapping[str, float] = field(default_factory=dict, compare=False)
    typical: bool = False

    @property
    def mixed(self) -> bool:
        """Whether it is a sum of losses of several kinds, which no kind computes alone."""
        return len({(row.kind, row.axes) for _, row in self.terms}) > 1

    @property
    def has_products(self) -> bool:
        """Whether its Hessian can be multiplied by a vector."""
        return (self.kind == "points" and not self.no_hessian) or self.whole_hessian

    @functools.cached_property
    def operands(self) -> tuple[Operand, ...]:
        """The arrays that a call takes, in their order."""
        return self.arrays or (
            Operand("y_true", TARGET, "", self.target),
            Operand(self.prediction, PREDICTION, self.axes, self.predicted, ", ".join(c.name for c in self.core)),
        )

    @functools.cached_property
    def differentiated(self) -> tuple[Operand, ...]:
        """The arrays by which it is differentiated."""
        return tuple(operand for operand in self.operands if operand.role == PREDICTION)

    @functools.cached_property
    def columns(self) -> Columns:
        """The numbers of a sample that its formula reads, of a loss of points."""
        given = [operand.name for operand in self.operands if operand.role != PREDICTION]
        predictions = tuple(
            (operand.name, part)
            for operand in self.differentiated
            for part in ([(..., k) for k in range(len(self.core))] if self.core else [...])
        )
        return Columns(given[0] if given else None, predictions, tuple(given[1:]))

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """What the arrays of a call are called."""
        return tuple(operand.name for operand in self.operands)

    def place_of(self, name: str) -> int:
        """Return which of the arrays of a call one is."""
        return self.names.index(name)

    @property
    def several(self) -> bool:
        """Whether a call takes other arrays than a target and a prediction."""
        return bool(self.arrays)

    @functools.cached_property
    def shares(self) -> bool:
        """Whether its samples share an array."""
        return any(operand.shared for operand in self.operands)

    @functools.cached_property
    def ragged(self) -> bool:
        """Whether its samples have lengths of their own."""
        return any(operand.lengths for operand in self.operands)

    @property
    def of_numbers(self) -> bool:
        """Whether a sample is a target and a prediction, a number each, and the loss a formula of them."""
        return self.kind == "points" and not self.axes and not self.several

    @property
    def learned(self) -> tuple[Parameter, ...]:
        """The parameters by which there are derivatives; of a sum see its terms."""
        return tuple(parameter for parameter in self.parameters if parameter.learned)

    def parts(self, parameters: Mapping[str, Any]) -> list[Term]:
        """Return the terms of a sum, given the parameters of a call."""

        def own(name: str, parameter: Parameter) -> Any:  # the axis of the classes is that of all
            return parameters[parameter.name if parameter.kind == "axis" else f"{name}_{parameter.name}"]

        return [
            Term(name, row, parameters[f"{name}_factor"], {p.name: own(name, p) for p in row.parameters})
            for name, row in self.terms
        ]

    def chosen(self, parameters: Mapping[str, Any]) -> Row:
        """Return the row whose formula the parameters of a call ask for: this one, a form, or that of `full=True`."""
        if self.summed is not None and any(row.fuller is not None or row.forms or row.ranges for _, row in self.terms):
            return self.summed(tuple(part.row.chosen(part.parameters) for part in self.parts(parameters)))
        if self.forms:
            return self.forms.get(tuple(parameters[parameter.name] for parameter in self.choices), self)
        for name, domain, row in self.ranges:
            if domain.has_any(parameters[name]):  # then all have to be there
                return row
        return self.fuller if self.fuller is not None and parameters["full"] else self

    @property
    def choices(self) -> tuple[Parameter, ...]:
        """The parameters that are one of a few names."""
        return tuple(parameter for parameter in self.parameters if parameter.kind == "choice")

    def form(self, *options: str, **held: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare the formula of other values of the choices, all of them in their order.

        `held` are parameters that the form has no use for, and the value that they have to keep.
        """
        chosen = " and ".join(f"{p.name}='{option}'" for p, option in zip(self.choices, options, strict=True))
        domains = {name: Domain(f"{value:g}: {chosen} does not use it", value, value) for name, value in held.items()}
        parameters = tuple(p._replace(domain=domains.get(p.name, p.domain)) for p in self.parameters)

        def declared(function: Callable[..., Any]) -> Callable[..., Any]:
            self.forms[options] = replace(self, function=function, parameters=parameters, forms={})
            return function

        return declared

    def within(self, target: Domain, **domain: Domain) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare the formula of a parameter in a domain, and the target there.

        Of a parameter that is an array, all numbers have to be in that domain where one is.
        """
        ((name, held),) = domain.items()
        parameters = tuple(p._replace(domain=held) if p.name == name else p for p in self.parameters)

        def declared(function: Callable[..., Any]) -> Callable[..., Any]:
            row = replace(self, function=function, target=target, parameters=parameters, ranges=[], special={})
            self.ranges.append((name, held, row))
            return function

        return declared

    @property
    def formulas(self) -> tuple[Row, ...]:
        """The rows whose formulas the choices of a loss have, and the ranges of its parameters: itself first."""
        return (self, *self.forms.values(), *(row for _, _, row in self.ranges))

    @property
    def formula_name(self) -> str:
        """What its compiled loops are called."""
        return self.name if self.function is None else self.function.__name__

    @property
    def input(self) -> str:
        """What the second argument is: logits, probabilities … A number would be accepted as any of them."""
        if self.several:
            return ", ".join(operand.name for operand in self.operands)
        for parameter in self.parameters:
            if parameter.name == "given":
                first, *others = (_INPUTS[option] for option in getattr(parameter.domain, "options", ()))
                return f"{first} (or {', '.join(others)}: `given`)"
        if self.core:
            return " and ".join(f"{column.name}s" for column in self.core)
        if self.prediction == "logits":
            return "logits"
        return "probabilities" if self.predicted is probability else _INPUTS[self.holds]

    def targets(self, parameters: Mapping[str, Any]) -> Domain:
        """Return what `y_true` may be, given the parameters of a call."""
        if self.terms:
            parts = self.parts(parameters)
            return common(((part.name, part.row.targets(part.parameters)) for part in parts), "targets")
        labels = [parameters[parameter.name] for parameter in self.parameters if parameter.kind == "labels"]
        return LABELS[labels[0]] if labels else self.target

    def predictions(self, parameters: Mapping[str, Any]) -> Domain:
        """Return what the prediction may be, given the parameters of a call."""
        if self.terms:
            parts = self.parts(parameters)
            return common(((part.name, part.row.predictions(part.parameters)) for part in parts), "predictions")
        domain = _PREDICTIONS.get(parameters.get("given", self.holds), self.predicted)
        if domain is not probability:
            return domain
        clip = parameters.get("clip")
        clips = clip is not None and (clip > 0 if isinstance(clip, int | float) else bool((clip > 0).all()))
        return _CLIPPED if clips else domain

    def links(self, parameters: Mapping[str, Any]) -> tuple[Link, ...]:
        """Return what makes predictions of raw scores: one link, or one for each column; empty where there is none.

        A sum has that of its terms, where it is one.
        """
        if self.terms:
            found = {part.row.links(part.parameters) for part in self.parts(parameters)}
            return found.pop() if len(found) == 1 else ()
        if self.core:
            return tuple(column.link for column in self.core)
        link = self.link
        if isinstance(link, Mapping):
            link = next(link[parameters[choice.name]] for choice in self.choices if _is_of(choice, link))
        if link is SOFTMAX:  # of the scores that the loss makes of its logits
            link = Link("softmax", parameters.get("temperature", 1.0), parameters.get("softcap"))
        return () if link is None else (link,)

    @property
    def read_by_link(self) -> tuple[Parameter, ...]:
        """The parameters that its link depends on."""
        if self.terms:
            return self.parameters
        return tuple(
            parameter
            for parameter in self.parameters
            if self.link is not None
            and (
                parameter.kind in ("axis", "mask")
                or parameter.name in ("temperature", "softcap")
                or (isinstance(self.link, Mapping) and _is_of(parameter, self.link))
            )
        )

    def constants(self, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what the formula reads after target and prediction."""
        read = (parameters[parameter.name] for parameter in self.parameters if parameter.kind == "element")
        return tuple(math.nan if value is None else value for value in read)

    def loop(self, constants: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
        """Return which compiled loop makes the results of these constants, and those of them that it reads."""
        if self.by_default is not None and constants == self.constants({p.name: p.default for p in self.parameters}):
            return f"{self.formula_name}_by_default", ()
        for numbers, loop in self.special.items():
            if constants == numbers:
                return loop, ()
        return f"{self.formula_name}_{self.entry}" if self.entry else self.formula_name, constants


def _is_of(parameter: Parameter, values: Iterable[str]) -> bool:
    """Tell whether a parameter is the choice that has these values."""
    return isinstance(parameter.domain, Options) and parameter.domain.options == tuple(values)


def _docstring(function: Callable[..., Any]) -> tuple[str, str]:
    import inspect

    summary, _, notes = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
    return summary, notes


def _named(parameters: dict[str, Declared]) -> tuple[Parameter, ...]:
    return tuple(Parameter(name, *declared) for name, declared in parameters.items())


def pointwise(
    *,
    target: Domain,
    formula: str,
    source: str,
    prediction: str = "y_pred",
    predicted: Domain = real,
    by_default: Callable[..., Any] | bool | None = None,
    kind: str = "points",
    axes: str = "",
    holds: str = "numbers",
    link: Link | None = None,
    full: str | None = None,
    special: Mapping[tuple[float, ...], str] | None = None,
    couples: bool = False,
    ulps: Mapping[str, float] | None = None,
    typical: bool = False,
    **parameters: Declared,
) -> Callable[[Callable[..., Any]], Row]:
    """Declare an element-wise loss: the decorated function is its formula, the result its row in the catalogue.

    `full` is what the parameter of that name adds to the value, where the loss has one. What it adds keeps its digits
    for a target of at most `MOST_OF_FULL`, and parameters between 1 over that and that.
    """
    if full is not None:
        parameters["full"] = switch(False, full)

    def row(function: Callable[..., Any]) -> Row:
        summary, notes = _docstring(function)
        given = "logits" if prediction == "logits" else holds
        own = Row(
            function.__name__,
            kind,
            summary,
            formula,
            source,
            target,
            _named(parameters),
            prediction,
            notes,
            given,
            link or _LINKS.get(given),
            predicted,
            function,
            by_default,
            axes=axes,
            special=special or {},
            couples=couples,
            ulps=ulps or {},
            typical=typical,
        )
        if full is None:
            return own
        held: dict[str, Any] = {"low": 1 / MOST_OF_FULL, "high": MOST_OF_FULL, "low_open": False, "high_open": False}
        between = f"between {1 / MOST_OF_FULL:g} and {MOST_OF_FULL:g}, as full=True needs it"
        known = tuple(
            p._replace(domain=replace(p.domain, description=between, **held)) if p.kind == "element" else p
            for p in own.parameters
        )
        at_most = f"{own.target.description} and at most {MOST_OF_FULL:g}, as full=True needs it"
        counts = replace(own.target, description=at_most, high=MOST_OF_FULL, high_open=False)
        return replace(own, fuller=replace(own, by_default=None, entry="full", parameters=known, target=counts))

    return row


def of_columns(
    *columns: Column,
    formula: str,
    source: str,
    target: Domain = real,
    full: str | None = None,
    detached: str = "",
    ulps: Mapping[str, float] | None = None,
    **parameters: Declared,
) -> Callable[[Callable[..., Any]], Row]:
    """Declare a loss of two numbers side by side, as a location and the logarithm of a scale.

    The formula takes the target and each of the columns, then the parameters. It returns the value, the two gradients,
    and the two second derivatives. `full` is what the parameter of that name adds to the value, where the loss has one:
    to any target, where any number is one, because it depends on none there; else as in `pointwise`.
    """
    own: dict[str, Any] = parameters
    declared = pointwise(target=target, formula=formula, source=source, axes="2", full=full, ulps=ulps, **own)

    def row(function: Callable[..., Any]) -> Row:
        plain = declared(function)
        made = replace(plain, detached=detached, core=columns, fuller=None)
        if plain.fuller is None:
            return made
        counts = plain.fuller if target is not real else plain
        return replace(made, fuller=replace(made, entry="full", target=counts.target, parameters=counts.parameters))

    return row


def _target_and_prediction(arrays: tuple[Operand, ...]) -> tuple[Domain, Operand]:
    """Return what the target may be, any number where there is none, and the first prediction."""
    domain = next((operand.domain for operand in arrays if operand.role == TARGET), real)
    return domain, next(operand for operand in arrays if operand.role == PREDICTION)


def of_arrays(
    *arrays: Operand,
    formula: str,
    source: str,
    no_hessian: str = "",
    ulps: Mapping[str, float] | None = None,
    **parameters: Declared,
) -> Callable[[Callable[..., Any]], Row]:
    """Declare a loss of points of other arrays than a target and a prediction, in the order in which a call takes them.

    The formula takes the target, or else the first of the fixed arrays, if there is any; then the predictions, at most
    two; then the other fixed arrays, and the parameters. It returns the value, the gradients and the second derivatives
    by each prediction: a tuple of two where there are two.
    """

    def row(function: Callable[..., Any]) -> Row:
        summary, notes = _docstring(function)
        target, first = _target_and_prediction(arrays)
        return Row(
            function.__name__, "points", summary, formula, source, target, _named(parameters),
            first.name, notes, predicted=first.domain,
            function=function, arrays=arrays, no_hessian=no_hessian, ulps=ulps or {},
        )  # fmt: skip

    return row


def of_vectors(
    *arrays: Operand, name: str, summary: str, formula: str, source: str, notes: str = "", **parameters: Declared
) -> Row:
    """Declare a loss of given vectors, whose loops are kernels of their own (``kernels/vectors/``).

    The arrays are a target, if there is one, then the vectors, by each of which it is differentiated.
    """
    target, first = _target_and_prediction(arrays)
    return Row(
        name, "vectors", summary, formula, source, target, _named(parameters), first.name, notes,
        arrays=arrays, axes="D", no_hessian="a distance of vectors has a full matrix of second derivatives",
    )  # fmt: skip


def of_hazards(*arrays: Operand, name: str, summary: str, formula: str, source: str, notes: str = "") -> Row:
    """Declare a loss over rows of hazards, whose loop is a kernel of rows (``kernels/rows/decisions.pxi``).

    The arrays are the last interval that was seen, whether it had an event, and a score for each interval.
    """
    target, first = _target_and_prediction(arrays)
    return Row(name, "hazards", summary, formula, source, target, (), first.name, notes, arrays=arrays, axes="D")


def of_scores(
    *arrays: Operand, name: str, summary: str, formula: str, source: str, notes: str = "", **parameters: Declared
) -> Row:
    """Declare a loss of one or two rows of scores of each sample, whose loops are kernels of rows
    (``kernels/rows/scores.pxi``).

    The arrays are labels, if there are any, then the rows. By the first prediction, and by a second one, it is
    differentiated.
    """
    target, first = _target_and_prediction(arrays)
    axis = Parameter("axis", -1, real, "axis", "the axis of the classes, which is never copied into another place")
    return Row(
        name, "scores", summary, formula, source, target, (*_named(parameters), axis), first.name, notes,
        "cosines" if first.domain is cosine else "logits", predicted=first.domain,
        arrays=arrays, axes="D", no_hessian="a softmax of scores has a full matrix of second derivatives",
    )  # fmt: skip


def of_lifetimes(
    *arrays: Operand,
    name: str,
    summary: str,
    formula: str,
    source: str,
    ulps: Mapping[str, float],
    notes: str = "",
    **parameters: Declared,
) -> Row:
    """Declare a loss of times between which an event lies, whose loop is a kernel (``groups/lifetimes.pxi``)."""
    target, first = _target_and_prediction(arrays)
    return Row(
        name, "lifetimes", summary, formula, source, target, _named(parameters), first.name, notes,
        arrays=arrays, ulps=ulps,
    )  # fmt: skip


def of_products(
    loss: Row, *, name: str, summary: str, formula: str, source: str, notes: str = "", **parameters: Declared
) -> Row:
    """Declare a loss over rows of the logits that features and weights have as their product.

    It takes the parameters of the loss over rows, but for the axis, and its own.
    """
    arrays = (
        Operand("y_true", TARGET, "", loss.target, "class indices, or probabilities of the classes"),
        prediction("features", "the features of each sample", "D"),
        shared("weight", "the weights of each class", "CD"),
        shared("bias", "what is added to the logits of each class", "C", default=0.0),
    )
    own = (*(p for p in loss.parameters if p.kind not in ("axis", "mask")), *_named(parameters))
    return Row(
        name, "products", summary, formula, source, loss.target, own, "features", notes,
        arrays=arrays, axes="D", of_rows=loss,
        no_hessian="the second derivatives of a product are a matrix of all of its factors",
    )  # fmt: skip


def of_batches(
    *arrays: Operand,
    name: str,
    against: tuple[tuple[str, str], ...],
    positive: str,
    summary: str,
    formula: str,
    source: str,
    notes: str = "",
    counted: str = "positive",
    of_pairs: tuple[str, ...] = (),
    holds_constant: str = "",
    **parameters: Declared,
) -> Row:
    """Declare a loss of vectors that are compared with all others of their batch.

    It is a softmax over the similarities of a vector with all others, or another function of them, a kernel of the
    loss's name (``kernels/vectors/batches.h``). `of_pairs` names the numbers that it takes: what all share comes first.
    """
    target, first = _target_and_prediction(arrays)
    return Row(
        name, "batches", summary, formula, source, target, _named(parameters), first.name, notes,
        arrays=arrays, axes="D", against=against, positive=positive, counted=counted, of_pairs=of_pairs,
        detached=holds_constant,
        no_hessian="the second derivatives of a batch are a matrix of all of its vectors",
    )  # fmt: skip


def of_sets(
    *arrays: Operand, name: str, summary: str, formula: str, source: str, notes: str = "", **parameters: Declared
) -> Row:
    """Declare a loss of two sets of vectors, whose function is in ``kinds/sets.py``."""
    target, first = _target_and_prediction(arrays)
    return Row(
        name, "sets", summary, formula, source, target, _named(parameters), first.name, notes,
        arrays=arrays, axes="ND",
        no_hessian="the second derivatives of a set are a matrix of all of its vectors",
    )  # fmt: skip


def of_sequences(
    *arrays: Operand,
    name: str,
    lattice: str,
    summary: str,
    formula: str,
    source: str,
    notes: str = "",
    **parameters: Declared,
) -> Row:
    """Declare a loss of sequences, whose loops are kernels of their own (``kernels/sequences/``)."""
    target, first = _target_and_prediction(arrays)
    return Row(
        name, "sequences", summary, formula, source, target, _named(parameters), first.name, notes, "logits",
        arrays=arrays, axes=first.axes, lattice=lattice,
        no_hessian="the second derivatives of a sequence are a matrix of all of its frames",
    )  # fmt: skip


def of_groups(
    *arrays: Operand,
    name: str,
    summary: str,
    formula: str,
    source: str,
    of_group: str,
    ordered_by: str = "",
    has_hessian: bool = False,
    detached: str = "",
    notes: str = "",
    **parameters: Declared,
) -> Row:
    """Declare a loss of groups of rows, whose loops are kernels of their own (``kernels/groups/``).

    The arrays are one number for each row, the groups one behind the other.
    """
    target, first = _target_and_prediction(arrays)
    return Row(
        name, "groups", summary, formula, source, target, _named(parameters), first.name, notes,
        arrays=(
            *arrays,
            lengths("groups", "how many rows each group has; without any of these three all rows are one group"),
            lengths("group_ids", "of each row a number that its group has, in ascending order, in place of `groups`"),
            lengths("group_offsets", "where each group begins, and the end of the last, in place of `groups`"),
            group_of_weights("row_weight", "what each row counts for in its group; one of weight 0 is absent"),
        ),
        axes=first.axes, of_group=of_group, ordered_by=ordered_by, detached=detached,
        no_hessian="" if has_hessian else "the second derivatives of a group are a matrix of all of its rows",
    )  # fmt: skip


class Overlap(NamedTuple):
    """Tversky's index: a loss of regions is a power of 1 less it (``kernels/regions/overlap.h``)."""

    alpha: float  # weighs what is wrongly found
    beta: float  # weighs what is missed
    smooth: float  # is added to numerator and denominator
    gamma: float = 1.0  # the power


def of_regions(
    *,
    name: str,
    of_sums: Callable[..., Overlap],
    summary: str,
    formula: str,
    source: str,
    notes: str = "",
    together: bool = False,
    **parameters: Declared,
) -> Row:
    """Declare a loss of the overlap of regions: a function of sums over the pixels of each.

    `of_sums` takes the loss's own parameters, and tells which index it is. Of classes `together` there is one for all,
    whose sums are weighed by one over the square of each class's size.
    """
    own = {
        "mode": choice("binary", "multilabel", "multiclass", description="what the arrays are; see the notes"),
        **parameters,
        "over": choice("image", "batch", description="whether each image has its own regions, or all together"),
        "classes": class_subset("the classes that count: all, those that `y_true` has some of, or those of a list"),
        "class_weight": class_weights("multiplies the weights of the regions of each class"),
        "ignore_index": class_index("pixels with this target are left out"),
        "pixel_weight": Declared(None, _PIXELS, "pixels", "multiplies what a pixel adds to the sums over its region"),
    }
    axis = Parameter("axis", 1, real, "axis", "the axis of the classes, which is never copied into another place")
    return Row(
        name, "regions", summary, formula, source, masks, (*_named(own), axis), "logits", notes, "logits",
        {"binary": SIGMOID, "multilabel": SIGMOID, "multiclass": SOFTMAX}, axes="R", of_sums=of_sums, together=together,
        no_hessian="the second derivatives of a region are a matrix of all of its pixels",
    )  # fmt: skip


def of_errors(
    *,
    name: str,
    target: Domain,
    over_classes: bool,
    summary: str,
    formula: str,
    source: str,
    notes: str = "",
) -> Row:
    """Declare a loss of the errors of pixels in their order, whose functions are in ``kinds/errors.py``.

    It is one of masks, or `over_classes`: of class indices.
    """
    own = {
        "over": choice("image", "batch", description="whether the pixels of each image are sorted, or all together"),
        "ignore_index": class_index("pixels with this target are left out"),
    }
    parameters = _named(own)
    if over_classes:
        axis = Parameter("axis", 1, real, "axis", "the axis of the classes")
        present = class_subset("the classes whose losses are averaged: all, those of an image's `y_true`, or a list")
        parameters = (*_named({"classes": present._replace(default="present")}), *parameters, axis)
    return Row(
        name, "errors", summary, formula, source, target, parameters, "logits", notes, "logits", axes="R",
        no_hessian="errors in their order have no curvature that could be told pixel by pixel",
    )  # fmt: skip


def root_mean(*, formula: str, source: str) -> Callable[[Callable[..., Any]], Row]:
    """Declare the square root of a mean, whose formula is evaluated twice: for the mean, and knowing it.

    The formula takes target, prediction, a power of 2 (`unit`) that keeps squares from overflowing, the root in that
    unit, the sample's weight, and 1 over the denominator of the mean. It returns the square, in that unit, and gradient
    and Hessian diagonal of the root but for a factor weight / denominator.
    """
    return pointwise(target=real, formula=formula, source=source, kind="totals", couples=True)


def by_default() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a formula of target and prediction alone: that of a loss whose parameters have their defaults."""
    return lambda function: function


class PenaltyRow(NamedTuple):
    """A penalty of the parameters of a model: what `Row` is to a loss."""

    name: str
    summary: str
    formula: str
    source: str
    parameters: tuple[Parameter, ...]
    notes: str
    function: Callable[..., Any]


def penalty(*, formula: str, source: str, **parameters: Declared) -> Callable[[Callable[..., Any]], PenaltyRow]:
    """Declare a penalty of each number in an array of parameters.

    The formula takes that number, the strength (a power of 2: what is left of it comes later), and the parameters.
    """

    def row(function: Callable[..., Any]) -> PenaltyRow:
        summary, notes = _docstring(function)
        return PenaltyRow(function.__name__, summary, formula, source, _named(parameters), notes, function)

    return row


def rowwise(
    *,
    name: str,
    summary: str,
    formula: str,
    source: str,
    target: RowTarget = classes,
    holds: str = "logits",
    link: Link | Mapping[str, Link] | None = None,
    notes: str = "",
    in_frame: frozenset[str] = frozenset(),
    whole_hessian: bool = False,
    ulps: Mapping[str, float] | None = None,
    typical: bool = False,
    **parameters: Declared,
) -> Row:
    """Declare a loss over rows of classes, whose loops are kernels of their own (``kernels/rows/``)."""
    axis = Parameter("axis", -1, real, "axis", "the axis of the classes, which is never copied into another place")
    prediction = "logits" if holds == "logits" and "given" not in parameters else "y_pred"
    own = (*_named(parameters), axis)
    return Row(
        name, "rows", summary, formula, source, target, own, prediction, notes, holds, link or _LINKS.get(holds),
        axes="C", in_frame=in_frame, whole_hessian=whole_hessian, ulps=ulps or {}, typical=typical,
    )  # fmt: skip
