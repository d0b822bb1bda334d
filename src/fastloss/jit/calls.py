"""A call of a loss inside of a compiled function: the text of what it becomes, for the types that it is given.

What is known when the caller is compiled is in the text: the loss and its defaults, which keywords are given and
whether as numbers or as arrays, the reduction. What is left are checks and loops, on the calling thread, by the same
formulas and kernels as everywhere. They do what `call.py` does, in its order: all is checked before there is a
result, and weight, mask and denominator become one multiplier of each sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.errors import NumbaTypeError

from .. import reductions
from ..domains import check_held
from ..kinds.base import GRADIENT, HESSIAN, VALUE
from ..kinds.rows import changed
from ..loss import Loss
from ..parameters import check_held_parameters
from ..rows import FRAME, PREDICTION, TARGET, Domain, Parameter
from ..runtime import kernels
from ..samples import WEIGHT
from ..targets import SUM_TOLERANCE
from . import rows, softmax
from .compiling import NUMBA_REALS, REALS, compiled_formula
from .elementwise import kernels_of
from .formula import CONSTANTS, Formula, written
from .vecmath import inline, strict

#: What a call takes besides the parameters of the loss. Threads and outputs are whose who calls from Python.
KEYWORDS = ("sample_weight", "where", "reduction", "normalizer")
#: What has to be written in the call, as it decides of types.
_WRITTEN = ("reduction", "axis")


# -- what is wrong when the function runs -----------------------------------------------------------------------------


class _BadArgument(ValueError):
    """An error whose message is made in Python, from numbers: compiled code makes no text of them."""

    def __reduce__(self) -> Any:
        return ValueError, self.args


class BadNumber(_BadArgument):
    """A number that is outside of its domain; `place` is where it is in an array, -1 where there is none."""

    def __init__(self, name: str, place: int, shape: tuple[int, ...], number: float, what: str) -> None:
        super().__init__(f"{_named(name, place, shape)} = {number} {what}")


class BadHeld(_BadArgument):
    """A number that is outside of its domain, or becomes 0 or infinite in the type that is computed with."""

    def __init__(
        self, name: str, place: int, shape: tuple[int, ...], number: float, double: bool, description: str,
        low: float, high: float, low_open: bool, high_open: bool,
    ) -> None:  # fmt: skip
        domain = Domain(description, low, high, low_open, high_open)
        message = f"{_named(name, place, shape)} = {number} is not {description}"
        try:
            check_held(_named(name, place, shape), number, domain, double)
        except ValueError as error:
            message = str(error)
        super().__init__(message)


def _named(name: str, place: int, shape: tuple[int, ...]) -> str:
    return name if place < 0 else f"{name}[{', '.join(map(str, np.unravel_index(place, shape)))}]"


class BadLabel(_BadArgument):
    """A label that is no class."""

    def __init__(self, place: int, label: int, classes: int) -> None:
        valid = "only 0" if classes == 1 else f"0 to {classes - 1}"
        super().__init__(
            f"y_true[{place}] = {label} is not a class of {classes} ({valid}); pass ignore_index={label} to skip it"
        )


class BadShape(_BadArgument):
    """An array whose shape does not fit to another one's."""

    def __init__(self, name: str, shape: tuple[int, ...], text: str, other: tuple[int, ...], end: str = "") -> None:
        super().__init__(f"{name} has shape {tuple(shape)}{text} {tuple(other)}{end}")


# -- arguments --------------------------------------------------------------------------------------------------------

_SHARED = ". It must have that shape, or length 1 on each axis whose samples share a value"


@strict
def to_samples(name: Any, array: Any, shape: Any) -> Any:
    """Return an array of one element for each sample, or of length 1 on some axes, as a contiguous one of all."""
    fits = True
    for k in range(len(shape)):
        fits &= array.shape[k] == shape[k] or array.shape[k] == 1
    if not fits:
        raise BadShape(name, array.shape, ", the samples have shape", shape, _SHARED)
    whole = array if array.shape == shape else np.broadcast_to(array, shape).copy()
    return whole.ravel()


def is_real(kind: Any) -> bool:
    """Tell whether a type of Numba is that of real numbers; those of truth values are not."""
    return isinstance(kind, types.Integer | types.Float)


class Arguments:
    """What a call is given: the types, by the names that they have in the text."""

    def __init__(self, loss: Loss, method: str, by_place: tuple[Any, ...], by_name: Mapping[str, Any]) -> None:
        self.loss, self.row = loss, loss._row.chosen(loss._parameters)
        self.shown = loss.name if method == "__call__" else f"{loss.name}.{method}"
        listed = [operand.name for operand in self.row.operands]
        names = tuple(listed) if self.row.several else ("y_true", "y_pred")
        if len(by_place) > len(names):
            raise NumbaTypeError(f"{self.shown} takes {', '.join(listed[:-1])} and {listed[-1]}, then keywords")
        own = [parameter.name for parameter in self.row.parameters]
        known = {*names, self.row.prediction, *own, *(KEYWORDS if method != "point" else ())}
        self.names: list[str] = []  # as the caller has them
        self.kinds: dict[str, Any] = {}
        for name, kind in (*zip(names, by_place, strict=False), *by_name.items()):
            if name not in known:
                raise NumbaTypeError(
                    f"{self.shown} has no keyword {name!r} in a compiled function; it has {sorted(known)}"
                )
            place = _place(self, name)
            if place in self.kinds:
                raise NumbaTypeError(f"{self.shown} got {name} twice")
            self.names.append(name)
            self.kinds[place] = numba.typeof(kind.value) if isinstance(kind, types.Omitted) else kind
        for name in names:
            if name not in self.kinds:
                raise NumbaTypeError(f"{self.shown} needs {self.row.prediction if name == 'y_pred' else name}")
        self.written = {name: self._written(name) for name in _WRITTEN if name in self.kinds}
        # None is nothing given, where that is the default.
        self.given = {
            name: types.unliteral(kind)
            for name, kind in self.kinds.items()
            if name not in self.written and not isinstance(kind, types.NoneType)
        }
        for name in own:
            if isinstance(self.kinds.get(name), types.NoneType) and self.parameter(name).default is not None:
                raise NumbaTypeError(f"{self.shown} takes a number for {name}, not None")

    def _written(self, name: str) -> Any:
        kind = self.kinds[name]
        value = getattr(kind, "literal_value", None)
        if value is None:
            raise NumbaTypeError(f"{self.shown} needs {name} written in the call, as it decides of types; not {kind}")
        return value

    def parameter(self, name: str) -> Parameter:
        """Return a parameter of the loss."""
        return next(parameter for parameter in self.row.parameters if parameter.name == name)

    def local(self, name: str) -> str:
        """Return what an argument is called in the text."""
        own = [parameter.name for parameter in self.row.parameters]
        arrays = [operand.name for operand in self.row.operands] if self.row.several else []
        if name in own:
            return f"parameter{own.index(name)}"
        return f"array{arrays.index(name)}" if name in arrays else name

    def is_array(self, name: str) -> bool:
        """Tell whether an argument is an array."""
        return isinstance(self.given[name], types.Array)

    def reduction(self) -> str:
        """Return the reduction, given or bound."""
        default = self.loss.keywords.get("reduction", "mean")
        normalizer = "0" if self.normalizer() else None
        try:
            reduction, _ = reductions.as_reduction(self.written.get("reduction", default), normalizer and 1.0)
        except (TypeError, ValueError) as error:
            raise NumbaTypeError(f"{self.shown}: {error}") from None
        return reduction

    def normalizer(self) -> str:
        """Return the text of the normalizer, given or bound; nothing where there is none."""
        if "normalizer" in self.given:
            self.number("normalizer")
            return "normalizer"
        bound = None if "normalizer" in self.kinds else self.loss.keywords.get("normalizer")
        return "" if bound is None else written(bound)

    def number(self, name: str) -> None:
        """Raise unless an argument is a real number."""
        if not is_real(self.given[name]):
            raise NumbaTypeError(f"{self.shown} takes a real number for {name}, not {self.given[name]}")

    def of_samples(self, name: str, ndim: int, right: Callable[[Any], bool], what: str) -> None:
        """Raise unless an argument is a number, or an array with the samples' number of dimensions."""
        kind = self.given[name]
        element = kind.dtype if isinstance(kind, types.Array) else kind
        if not right(element):
            raise NumbaTypeError(f"{self.shown} takes {what} for {name}, not {kind}")
        if isinstance(kind, types.Array) and kind.ndim != ndim:
            raise NumbaTypeError(
                f"{self.shown}: {name} has {kind.ndim} dimensions, the samples have {ndim}. It must have as many, of "
                "length 1 where samples share a value"
            )


def _inside(text: str, domain: Domain) -> str:
    """Return the text of the question whether a number is in a domain."""
    low, high = (">" if domain.low_open else ">="), ("<" if domain.high_open else "<=")
    return f"{text} {low} {written(domain.low)} and {text} {high} {written(domain.high)}"


def _raised(name: str, place: str, shape: str, text: str, domain: Domain) -> str:
    """Return the text that raises for a number that `_bad` has found."""
    low, high = written(domain.low), written(domain.high)
    described = f"{domain.description!r}, {low}, {high}, {domain.low_open}, {domain.high_open}"
    return f"raise BadHeld({name!r}, {place}, {shape}, {text}, double, {described})"


def _bad(text: str, domain: Domain) -> str:
    """Return the text of the question whether a number is outside of its domain, or becomes 0 or infinite as a real."""
    held = f"real({text})"
    lost = f"(({held} == 0) != ({text} == 0)) or (abs({held}) == _infinity) != (abs({text}) == _infinity)"
    return f"not ({_inside(text, domain)}) or not ({_inside(held, domain)}) or {lost}"


def _checks_of_parameters(call: Arguments, kinds: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the lines that check the parameters that are given, and the functions that these lines call."""
    lines: list[str] = []
    functions: list[str] = []
    for parameter in call.row.parameters:
        if parameter.name not in call.given or parameter.kind not in kinds:
            continue
        name, local = parameter.name, call.local(parameter.name)
        if not call.is_array(name):
            lines += [
                f"    if {_bad(local, parameter.domain)}:",
                f"        {_raised(name, '-1', '(1,)', local, parameter.domain)}",
            ]
            continue
        lines.append(f"    check_{local}({local}.ravel(), {local}.shape)")
        functions += [
            f"def check_{local}(numbers, shape):",
            "    for i in range(numbers.size):",
            f"        if {_bad('numbers[i]', parameter.domain)}:",
            f"            {_raised(name, 'i', 'shape', 'numbers[i]', parameter.domain)}",
        ]
    return lines, functions


def _denominator(call: Arguments, total: str, double: bool) -> list[str]:
    """Return the lines that set `denominator` and `scale`."""
    normalizer = call.normalizer()
    if call.reduction() != "mean":
        return ["    denominator, scale = 1.0, 1.0"]
    in_float64 = double or not normalizer  # weights are multiplied by the scale in float64
    low, high = reductions.RECIPROCALS[in_float64]
    what = repr(
        f"is not between {low:.3g} and {high:.3g}; computed in float{64 if in_float64 else 32}, its reciprocal is not "
        "a normal number"
    )
    lines = [f"    denominator = float({normalizer or total})"]
    shown = "normalizer" if normalizer else "the sum of the sample weights"
    if normalizer:
        lines += [
            "    if not (denominator > 0 and denominator < _infinity):",
            "        raise BadNumber('normalizer', -1, (1,), denominator, 'is not a finite number > 0')",
        ]
    return [
        *lines,
        f"    if denominator != 0 and not (denominator > {low!r} and denominator < {high!r}):",
        f"        raise BadNumber({shown!r}, -1, (1,), denominator, {what})",
        "    scale = 1.0 / denominator if denominator != 0 else 0.0",
    ]


def _weighing(call: Arguments) -> list[str]:
    """Return the functions that make multipliers of weights and mask, and that look at them over a normalizer."""
    weight, mask = (name in call.given for name in ("sample_weight", "where"))
    element = {name: f"{name}[i]" if name in call.given and call.is_array(name) else name for name in call.given}
    given = "".join(f", {name}" for name in ("sample_weight", "where") if name in call.given)
    lines = [f"def weigh(multiplier, shape{given}):", "    for i in range(multiplier.size):"]
    if mask:
        lines += [f"        if not {element['where']}:", "            multiplier[i] = real(0)", "            continue"]
    if weight:
        number = element["sample_weight"]
        lines += [
            f"        if {_bad(number, WEIGHT)}:",
            f"            {_raised('sample_weight', 'i', 'shape', number, WEIGHT)}",
        ]
    lines += [
        f"        multiplier[i] = real({element['sample_weight'] if weight else '1'})",
        "def check_multipliers(multiplier, shape, scale):",
        "    for i in range(multiplier.size):",
        "        if real(np.float64(multiplier[i]) * scale) == _infinity:",
        "            raise BadNumber('sample_weight', i, shape, multiplier[i], 'over the normalizer is too large')",
    ]
    return lines


def _made(call: Arguments, lines: list[str], names: dict[str, Any], decorate: Any = strict) -> Any:
    """Return the function of the caller's arguments that calls `run` of some lines."""
    names |= {
        "np": np, "BadNumber": BadNumber, "BadHeld": BadHeld, "BadLabel": BadLabel, "BadShape": BadShape,
        "double": names["real"] == types.float64, "to_samples": to_samples,
        "total_of": total_of, "two_sum": softmax.two_sum, **CONSTANTS, "__name__": __name__,
    }  # fmt: skip
    exec("\n".join(lines), names)
    for name in [line[4:].partition("(")[0] for line in lines if line.startswith("def ")]:
        names[name] = decorate(names[name])
    run = "run"
    while run in call.names:
        run += "_"
    passed = ", ".join(name for name in call.names if _place(call, name) in call.given)
    caller: dict[str, Any] = {run: names["run"]}
    exec(f"def call({', '.join(call.names)}):\n    return {run}({passed})", caller)
    return decorate(caller["call"])


def _place(call: Arguments, name: str) -> str:
    return "y_pred" if name == call.row.prediction and not call.row.several else name


def _locals(call: Arguments) -> str:
    """Return the arguments of `run`, in the order of the caller's."""
    places = [_place(call, name) for name in call.names]
    return ", ".join(call.local(place) for place in places if place in call.given)


def _returned(want: int) -> str:
    names = ((VALUE, "value"), (GRADIENT, "gradient"), (HESSIAN, "hessian"))
    return ", ".join(name for flag, name in names if want & flag)


@strict
def total_of(values: Any) -> Any:
    """Return the sum, its blocks added with their rounding errors."""
    total, tail = 0.0, 0.0
    for first in range(0, values.size, softmax.CHUNK):
        last = min(first + softmax.CHUNK, values.size)
        total, tail = softmax.two_sum(total, tail, softmax.sum_of(values, first, last))
    return total + tail


#: What has no weight is neither looked at nor multiplied.
_KEPT = "multiplier[i] != 0 and "
_LEFT_OUT = "real(0) if factor == real(0) else "


# -- element-wise losses ----------------------------------------------------------------------------------------------


def _formula(call: Arguments, want: int) -> Formula:
    formula: Formula = kernels_of(call.row).formula
    if want & HESSIAN and formula.results < 3:
        raise NumbaTypeError(f"{call.loss.name} has no Hessian")
    return formula


def _constants(call: Arguments, element: Callable[[str], str]) -> list[str]:
    """Return what the formula takes after its arrays."""
    texts = []
    bound = call.loss._parameters
    for parameter in call.row.parameters:
        if parameter.kind != "element":
            continue
        if parameter.name in call.given:
            texts.append(f"real({element(parameter.name)})")
            continue
        value = None if parameter.name in call.kinds else bound[parameter.name]
        if isinstance(value, np.ndarray):
            raise NumbaTypeError(
                f"{call.loss.name}: only parameters that are numbers can be bound in compiled functions"
            )
        texts.append(f"real({written(math.nan if value is None else value)})")
    return texts


def _outside(domain: Domain, dtype: Any) -> str:
    """Return the text of the question whether a number z is outside of a domain; nothing where none can be."""
    low, high = domain.bounds(dtype)
    if domain.ends_only:
        return f"z != {written(low)} and z != {written(high)} and z == z"
    high += domain.rounding * float(np.finfo(dtype).eps)
    ends = ((f"z < {written(low)}", low), (f"z > {written(high)}", high))
    return " or ".join(text for text, end in ends if np.isfinite(end))


def _clips(call: Arguments, clipped: list[str]) -> str:
    """Return the text of the question whether probabilities are clipped."""
    return " and ".join(f"({call.local(name)} > 0)" + (".all()" if call.is_array(name) else "") for name in clipped)


def _clipped(call: Arguments) -> list[str]:
    """Return the parameters that the call gives and that decide of what the prediction may be."""
    parameters, predictions = call.loss.parameters, call.row.predictions
    own = [parameter.name for parameter in call.row.parameters if parameter.kind == "element"]
    return [
        n for n in own if n in call.given and predictions(parameters | {n: 0.0}) != predictions(parameters | {n: 0.5})
    ]


def _domain_check(call: Arguments, double: bool, weighted: bool) -> list[str]:
    """Return the function that raises for what is outside the domain of targets and predictions, if it has ends."""
    row, parameters, dtype = call.row, call.loss.parameters, REALS[double].type
    domains = [("y", "y_true", row.targets(parameters), "")]
    clipped = _clipped(call)
    for clip, choice in ((0.5, "clips and "), (0.0, "not clips and ")) if clipped else ((0.0, ""),):
        domain = row.predictions(parameters | dict.fromkeys(clipped, clip))
        domains.append(("x", row.prediction, domain, choice))
    lines: list[str] = []
    for array, shown, domain, choice in domains:
        outside = _outside(domain, dtype)
        if outside:
            what = f"is not {domain.description}" + (f"; {domain.hint}" if domain.hint else "")
            kept = _KEPT if weighted else ""
            lines += [
                "    for i in range(x.size):",
                f"        z = real({array}[i])",
                f"        if {choice}{kept}({outside}):",
                f"            raise BadNumber({shown!r}, i, shape, {array}[i], {what!r})",
            ]
    return [f"def check(y, x, shape, clips{', multiplier' if weighted else ''}):", *lines] if lines else []


def elementwise_call(call: Arguments, want: int) -> Any:
    """Return what an element-wise loss over arrays becomes."""
    y_true, y_pred = call.given["y_true"], call.given["y_pred"]
    target = y_true.dtype if isinstance(y_true, types.Array) else y_true
    if not isinstance(y_pred, types.Array) or y_pred.dtype not in (types.float32, types.float64):
        raise NumbaTypeError(f"{call.shown} takes arrays, y_pred of float32 or float64, not {y_true}, {y_pred}")
    if not is_real(target) and target != types.boolean:
        raise NumbaTypeError(f"{call.shown} takes real numbers for y_true, not {y_true}")
    double = y_pred.dtype == types.float64
    _check_held(call, double)
    _check_kinds(call)
    for name in call.given:
        if name == "where":
            call.of_samples(name, y_pred.ndim, lambda kind: kind == types.boolean, "truth values")
        elif name not in ("y_true", "y_pred", "normalizer"):
            call.of_samples(name, y_pred.ndim, is_real, "real numbers")
    formula, reduction = _formula(call, want), call.reduction()
    weighted = not {"sample_weight", "where"}.isdisjoint(call.given)
    reduced = reduction != "none"
    arrays = [name for name in call.given if name not in ("y_true", "y_pred") and call.is_array(name)]
    results = ", ".join(["v", "g", "h"][: formula.results])
    constants = _constants(call, lambda name: call.local(name) + ("[i]" if call.is_array(name) else ""))
    own = "".join(f", {call.local(p.name)}" for p in call.row.parameters if p.name in call.given)
    checks, functions = _checks_of_parameters(call, ("element",))
    check = _domain_check(call, double, weighted)
    rounded = call.row.predictions(call.loss.parameters)
    prediction = "x[i]"
    if rounded.rounding and math.isfinite(rounded.high):  # a little above the end is the end
        prediction = f"(real({written(rounded.high)}) if x[i] > real({written(rounded.high)}) else x[i])"
    also = ", multiplier" if weighted else ""

    lines = [f"def run({_locals(call)}):", "    shape, n = y_pred.shape, y_pred.size"]
    if isinstance(y_true, types.Array):
        lines += [
            "    if y_true.shape != shape:",
            f"        raise BadShape('y_true', y_true.shape, {f', {call.row.prediction} has'!r}, shape, "
            "'; they must be equal')",
            "    y, x = y_true.ravel(), y_pred.ravel()",
        ]
    else:
        lines += ["    y, x = np.full(n, y_true), y_pred.ravel()"]
    lines += checks
    lines += [f"    {call.local(name)} = to_samples({name!r}, {call.local(name)}, shape)" for name in arrays]
    if weighted:
        given = "".join(f", {name}" for name in ("sample_weight", "where") if name in call.given)
        lines += ["    multiplier = np.empty(n, real)", f"    weigh(multiplier, shape{given})"]
        functions += _weighing(call)
    lines += [f"    check(y, x, shape, {_clips(call, _clipped(call)) or 'False'}{also})"] if check else []
    lines += _denominator(call, "total_of(multiplier)" if weighted else "n", double)
    if weighted and call.normalizer():
        lines += ["    check_multipliers(multiplier, shape, scale)"]
    lines += [
        f"    values = np.empty({'n' if want & VALUE else 0}, {'np.float64' if weighted and reduced else 'real'})",
        f"    gradients = np.empty({'n' if want & GRADIENT else 0}, real)",
        f"    hessians = np.empty({'n' if want & HESSIAN else 0}, real)",
        f"    fill(y, x, values, gradients, hessians, scale{also}{own})",
    ]
    if want & VALUE:
        value = "total_of(values) / denominator if denominator != 0 else 0.0" if reduced else "values.reshape(shape)"
        lines += [f"    value = {value}"]
    lines += ["    gradient = gradients.reshape(shape)"] if want & GRADIENT else []
    lines += ["    hessian = hessians.reshape(shape)"] if want & HESSIAN else []
    lines += [f"    return {_returned(want)}", *functions, *check]
    lines += [
        f"def fill(y, x, values, gradients, hessians, scale{also}{own}):",
        "    factor = real(scale)",
        "    for i in range(x.size):",
        f"        {results} = formula({', '.join(['real(y[i])', prediction, *constants])})",
    ]
    if weighted:
        lines += ["        weight = multiplier[i]", "        factor = real(np.float64(weight) * scale)"]
    if want & VALUE and not weighted:
        lines += ["        values[i] = real(v)"]
    elif want & VALUE:
        zero, product = (
            ("0.0", "np.float64(weight) * np.float64(real(v))") if reduced else ("real(0)", "real(v) * weight")
        )
        lines += [f"        values[i] = {zero} if weight == real(0) else {product}"]
    for flag, array, short in ((GRADIENT, "gradients", "g"), (HESSIAN, "hessians", "h")):
        if want & flag:
            left_out = _LEFT_OUT if weighted else ""
            lines += [f"        {array}[i] = {left_out}real({short}) * factor"]
    return _made(call, lines, {"real": NUMBA_REALS[double], "formula": compiled_formula(formula, double)})


def arrays_call(call: Arguments, want: int) -> Any:
    """Return what a loss of points of several arrays becomes: as `elementwise_call`, with a tuple of derivatives."""
    row, columns = call.row, call.row.columns
    first = row.differentiated[0].name
    kind = call.given[first]
    for operand in row.operands:
        given = call.given[operand.name]
        element = given.dtype if isinstance(given, types.Array) else given
        if operand.role == PREDICTION and (not isinstance(given, types.Array) or element not in NUMBA_REALS.values()):
            raise NumbaTypeError(f"{call.shown} takes an array of float32 or float64 for {operand.name}, not {given}")
        if operand.role == PREDICTION and element != kind.dtype:
            raise NumbaTypeError(
                f"{call.shown} takes predictions of one type in a compiled function: {first} is {kind}, "
                f"{operand.name} is {given}"
            )
        if not is_real(element) and element != types.boolean:
            raise NumbaTypeError(f"{call.shown} takes real numbers for {operand.name}, not {given}")
        if isinstance(given, types.Array) and given.ndim != kind.ndim:
            raise NumbaTypeError(f"{call.shown}: {operand.name} has {given.ndim} dimensions, {first} has {kind.ndim}")
    double = kind.dtype == types.float64
    _check_held(call, double)
    _check_kinds(call)
    names = [operand.name for operand in row.operands]
    for name in call.given:
        if name == "where":
            call.of_samples(name, kind.ndim, lambda kind: kind == types.boolean, "truth values")
        elif name not in (*names, "normalizer"):
            call.of_samples(name, kind.ndim, is_real, "real numbers")
    formula, reduction = _formula(call, want), call.reduction()
    weighted = not {"sample_weight", "where"}.isdisjoint(call.given)
    reduced = reduction != "none"
    arrays = [call.local(name) for name in names]
    own = [call.local(p.name) for p in row.parameters if p.name in call.given]
    also = ["multiplier"] if weighted else []
    checks, functions = _checks_of_parameters(call, ("element",))

    lines = [f"def run({_locals(call)}):", f"    shape, n = {call.local(first)}.shape, {call.local(first)}.size"]
    for name, array in zip(names, arrays, strict=True):
        if not call.is_array(name):
            lines.append(f"    {array} = np.full(n, {array})")
        else:
            lines += [
                f"    if {array}.shape != shape:",
                f"        raise BadShape({name!r}, {array}.shape, {f', {first} has'!r}, shape, '; they must be equal')",
                f"    {array} = {array}.ravel()",
            ]
    lines += checks
    lines += [
        f"    {call.local(name)} = to_samples({name!r}, {call.local(name)}, shape)"
        for name in call.given
        if name not in names and call.is_array(name)
    ]
    if weighted:
        given = "".join(f", {name}" for name in ("sample_weight", "where") if name in call.given)
        lines += ["    multiplier = np.empty(n, real)", f"    weigh(multiplier, shape{given})"]
        functions += _weighing(call)
    for operand in row.operands:
        outside = _outside(operand.domain, REALS[double].type) if operand.role == TARGET else ""
        if outside:
            array, what = call.local(operand.name), f"is not {operand.domain.description}"
            kept = _KEPT if weighted else ""
            lines.append(f"    check_{array}({', '.join([array, 'shape', *also])})")
            functions += [
                f"def check_{array}({', '.join([array, 'shape', *also])}):",
                f"    for i in range({array}.size):",
                f"        z = real({array}[i])",
                f"        if {kept}({outside}):",
                f"            raise BadNumber({operand.name!r}, i, shape, {array}[i], {what!r})",
            ]
    lines += _denominator(call, "total_of(multiplier)" if weighted else "n", double)
    if weighted and call.normalizer():
        lines += ["    check_multipliers(multiplier, shape, scale)"]
    wanted = [
        (flag, group) for flag, group in zip((GRADIENT, HESSIAN), formula.returned[1:], strict=False) if want & flag
    ]
    results = [name for _, group in wanted for name in group if name != "cross"]
    sums = "np.float64" if weighted and reduced else "real"
    lines += [f"    values = np.empty({'n' if want & VALUE else 0}, {sums})"]
    lines += [f"    {name} = np.empty(n, real)" for name in results]
    taken = ", ".join([*arrays, "values", *results, "scale", *also, *own])
    lines += [f"    fill({taken})"]
    value = "total_of(values) / denominator if denominator != 0 else 0.0" if reduced else "values.reshape(shape)"
    lines += [f"    value = {value}"] if want & VALUE else []
    returned = ["value"] if want & VALUE else []
    for _, group in wanted:
        shaped = [f"{name}.reshape(shape)" for name in group if name != "cross"]
        returned.append(shaped[0] if len(shaped) == 1 else f"({', '.join(shaped)})")
    lines += [f"    return {', '.join(returned)}", *functions]

    read = [*(name for name, _ in columns.predictions[1:]), *columns.others]
    numbers = [f"real({call.local(name)}[i])" for name in read]
    numbers += _constants(call, lambda name: call.local(name) + ("[i]" if call.is_array(name) else ""))
    fixed = "" if columns.first is None else f"real({call.local(columns.first)}[i])"
    given = formula.given(fixed, f"{call.local(first)}[i]", numbers.__getitem__)
    lines += [
        f"def fill({taken}):",
        "    factor = real(scale)",
        f"    for i in range({call.local(first)}.size):",
        f"        {formula.as_returned('{}_i'.format)} = formula({given})",
    ]
    if weighted:
        lines += ["        weight = multiplier[i]", "        factor = real(np.float64(weight) * scale)"]
    if want & VALUE:
        of_weight = "np.float64(weight) * np.float64(real(value_i))" if reduced else "real(value_i) * weight"
        zero = "0.0" if reduced else "real(0)"
        lines += [
            f"        values[i] = {f'{zero} if weight == real(0) else {of_weight}' if weighted else 'real(value_i)'}"
        ]
    left_out = _LEFT_OUT if weighted else ""
    lines += [f"        {name}[i] = {left_out}real({name}_i) * factor" for name in results]
    return _made(call, lines, {"real": NUMBA_REALS[double], "formula": compiled_formula(formula, double)})


def point_call(call: Arguments, want: int) -> Any:
    """Return what value, slope and curvature at one place become: inside of whatever loop the caller has."""
    y_true, y_pred = call.given["y_true"], call.given["y_pred"]
    if not call.row.of_numbers or not all(isinstance(kind, types.Number) for kind in (y_true, y_pred)):
        raise NumbaTypeError(f"{call.shown} takes two numbers, of an element-wise loss; not {y_true}, {y_pred}")
    double = (y_true, y_pred) != (types.float32, types.float32)
    _check_held(call, double)
    _check_kinds(call)
    for name in call.given:
        call.number(name)
    formula = kernels_of(call.row).formula
    if formula.results < 3:
        raise NumbaTypeError(f"{call.loss.name} has no Hessian, which is the third of what point returns")
    checks, _ = _checks_of_parameters(call, ("element",))
    lines = [
        f"def run({_locals(call)}):",
        *checks,
        f"    v, g, h = formula({', '.join(['real(y_true)', 'real(y_pred)', *_constants(call, call.local)])})",
        "    return real(v), real(g), real(h)",
    ]
    names = {"real": NUMBA_REALS[double], "formula": compiled_formula(formula, double)}
    return _made(call, lines, names, inline)


def _check_kinds(call: Arguments) -> None:
    """Raise for a parameter that is no number: it decides of what is compiled."""
    for parameter in call.row.parameters:
        if parameter.name in call.kinds and parameter.kind != "element":
            raise NumbaTypeError(
                f"{call.shown} takes no {parameter.name} in a compiled function; bind it: "
                f"{call.loss.name}.bind({parameter.name}=...)"
            )


def _check_held(call: Arguments, double: bool) -> None:
    """Raise where a default is no number of float32, which is computed with."""
    if not double and not call.loss._in_float32:
        unchanged = [p for p in call.row.parameters if p.name not in call.kinds]
        try:
            check_held_parameters(unchanged, call.loss._parameters)
        except ValueError as error:
            raise NumbaTypeError(f"{call.shown}: {error}") from None


# -- losses over rows -------------------------------------------------------------------------------------------------


def rows_call(call: Arguments, want: int) -> Any:
    """Return what a loss over rows of classes becomes."""
    loss, row = call.loss, call.row
    y_true, y_pred = call.given["y_true"], call.given["y_pred"]
    arrays = all(isinstance(kind, types.Array) for kind in (y_true, y_pred))
    if not arrays or y_pred.dtype not in (types.float32, types.float64):
        raise NumbaTypeError(f"{call.shown} takes arrays, y_pred of float32 or float64, not {y_true}, {y_pred}")
    soft = y_true.ndim == 2
    if y_pred.ndim != 2 or y_true.ndim not in (1, 2) or not isinstance(y_true.dtype, _TARGETS[soft]):
        raise NumbaTypeError(
            f"{call.shown} takes class indices (n,) or probabilities (n, classes), and {row.prediction} (n, classes)"
        )
    own = () if row.kernels is None else row.kernels().formula.arguments[2:]
    shared = {name for name in FRAME if name not in own}
    others = {*changed(row, loss.parameters), *call.kinds} & {p.name for p in row.parameters} - shared - {*own}
    if others:
        raise NumbaTypeError(f"{loss.name} in a compiled function takes its defaults, not another {min(others)}")
    if not row.in_frame:
        raise NumbaTypeError(f"{loss.name} has no Numba kernel: it cannot be used in compiled functions")
    double = y_pred.dtype == types.float64
    _check_held(call, double)
    axis = call.written.get("axis", loss.parameters["axis"])
    if axis not in (-2, -1, 0, 1):
        raise NumbaTypeError(f"{call.shown}: axis = {axis} is out of range for an array of 2 dimensions")
    for name in call.given:
        if name == "where":
            call.of_samples(name, 1, lambda kind: kind == types.boolean, "truth values")
        elif name == "sample_weight":
            call.of_samples(name, 1, is_real, "real numbers")
        elif name == "class_weight":
            if not call.is_array(name) or call.given[name].ndim != 1 or not is_real(call.given[name].dtype):
                raise NumbaTypeError(f"{call.shown} takes one number for each class for class_weight")
        elif name == "ignore_index" and not isinstance(call.given[name], types.Integer):
            raise NumbaTypeError(f"{call.shown} takes an integer for ignore_index, not {call.given[name]}")
        elif name not in ("y_true", "y_pred"):
            call.number(name)
    return _rows_call(call, want, double, soft, axis in (-1, 1), own)


#: What a target may be, by whether it holds probabilities.
_TARGETS = {False: types.Integer, True: (types.Integer, types.Float, types.Boolean)}


def _option(call: Arguments, name: str, names: dict[str, Any]) -> str:
    """Return the text of one of the parameters that all losses over rows have; nothing where there is none."""
    if name in call.given:
        return call.local(name)
    bound = None if name in call.kinds else call.loss._parameters[name]
    if isinstance(bound, np.ndarray):
        names[f"bound_{name}"] = bound
        return f"bound_{name}"
    return "" if bound is None or (bound == 0 and name == "label_smoothing") else repr(bound)


def _rows_call(call: Arguments, want: int, double: bool, soft: bool, last: bool, own: tuple[str, ...]) -> Any:
    names: dict[str, Any] = {"real": NUMBA_REALS[double]}
    ignored, smoothing = _option(call, "ignore_index", names), _option(call, "label_smoothing", names)
    class_weight = _option(call, "class_weight", names)
    dense, reduction = soft or bool(smoothing), call.reduction()
    reduced = reduction != "none"
    weighted = bool(ignored or class_weight or soft) or not {"sample_weight", "where"}.isdisjoint(call.given)
    if soft and ignored:
        raise NumbaTypeError(f"{call.shown}: ignore_index goes with class indices; y_true holds probabilities")
    checks, functions = _checks_of_parameters(call, ("number", "fraction", "per_class"))
    arrays = [name for name in ("sample_weight", "where") if name in call.given and call.is_array(name)]
    extra = "".join(f", {call.local(p.name)}" for p in call.row.parameters if p.name in call.given)
    turned = "" if last else ".T"

    lines = [
        f"def run({_locals(call)}):",
        f"    logits = np.ascontiguousarray(y_pred{turned})",
        "    n, classes = logits.shape",
        "    if classes == 0 and n > 0:",
        f"        raise BadShape({call.row.prediction!r}, y_pred.shape, ': rows of no classes in', y_pred.shape)",
    ]
    shape = "y_pred.shape" if soft else "(n,)"
    lines += [
        f"    if y_true.shape != {shape}:",
        f"        raise BadShape('y_true', y_true.shape, {f'; for {call.row.prediction} of shape'!r}, y_pred.shape,",
        f"                       {'; it must have one class for each row, or one probability for each class'!r})",
        f"    y = np.ascontiguousarray(y_true{turned if soft else ''})",
        *checks,
    ]
    if class_weight:
        lines += [
            f"    if {class_weight}.size != classes:",
            f"        raise BadShape('class_weight', {class_weight}.shape, '; one number for each class has shape', "
            "(classes,))",
        ]
    lines += [f"    {name} = to_samples({name!r}, {name}, (n,))" for name in arrays]
    given = "".join(f", {name}" for name in ("sample_weight", "where") if name in call.given)
    if weighted:
        also = ", multiplier"
        lines += [
            "    multiplier = np.ones(n, real)",
            *([f"    weigh(multiplier, (n,){given})"] if given else []),
            f"    total = look_at(y, multiplier, classes{extra})",
        ]
        functions += _weighing(call) if given or call.normalizer() else []
    else:
        also = ""
        lines += [f"    total = look_at(y, classes{extra})"]
    functions += _rows_looked_at(call, soft, weighted, ignored, smoothing, class_weight, extra)
    lines += _denominator(call, "total", double)
    if weighted and call.normalizer():
        lines += ["    check_multipliers(multiplier, (n,), scale)"]
    lines += [
        f"    values = np.empty({0 if reduced else 'n'}, real)",
        f"    gradients = np.empty(({'n' if want & GRADIENT else 1}, classes), real)",
        f"    hessians = np.empty(({'n' if want & HESSIAN else 1}, classes), real)",
        f"    sum_ = fill(logits, y, values, gradients, hessians, scale{also}{extra})",
    ]
    if want & VALUE:
        lines += [f"    value = {'sum_ / denominator if denominator != 0 else 0.0' if reduced else 'values'}"]
    lines += [f"    gradient = gradients{turned}"] if want & GRADIENT else []
    lines += [f"    hessian = hessians{turned}"] if want & HESSIAN else []
    lines += [f"    return {_returned(want)}", *functions]
    lines += [
        f"def fill(logits, y, values, gradients, hessians, scale{also}{extra}):",
        "    n, classes = logits.shape",
        "    total = 0.0",
        *(["    shares = np.empty(classes, real)"] if dense else []),
        "    for i in range(n):",
    ]
    if weighted:
        zeros = [f"{array}[i, c] = real(0)" for flag, array in _ARRAYS if want & flag]
        lines += [
            "        if multiplier[i] == real(0):",
            *(["            values[i] = real(0)"] if not reduced else []),
            *(["            for c in range(classes):"] if zeros else []),
            *(f"                {zero}" for zero in zeros),
            "            continue",
        ]
    factor = "np.float64(multiplier[i]) * scale" if weighted else "scale"
    lines += [f"        factor = {factor}"]
    lines += ["        label = np.int64(y[i])"] if not soft else []
    if dense:
        share = "np.float64(y[i, c])" if soft else "(1.0 if c == label else 0.0)"
        if smoothing:
            share = f"({share} * (1.0 - {smoothing}) + {smoothing} / classes)"
        if class_weight:
            share += f" * {class_weight}[c]"
        lines += ["        for c in range(classes):", f"            shares[c] = real({share})"]
    lines += (
        _row_of_user(call, want, double, dense, names) if own or call.row.kernels else _row(want, double, dense, names)
    )
    weight = "multiplier[i]" if weighted else "real(1)"
    if want & VALUE:
        lines += [
            f"        total += np.float64({weight}) * np.float64(loss)"
            if reduced
            else f"        values[i] = real(loss) * {weight}"
        ]
    return _made(call, [*lines, "    return total"], names)


_ARRAYS = ((GRADIENT, "gradients"), (HESSIAN, "hessians"))


def _row(want: int, double: bool, dense: bool, names: dict[str, Any]) -> list[str]:
    """Return the lines of cross-entropy's row."""
    names["row"] = softmax.functions(double).row
    target = "shares, 0" if dense else "logits[i], label"
    to = [f"{array}[{'i' if want & flag else 0}]" for flag, array in _ARRAYS]
    return [f"        loss = row({want}, {dense}, logits[i], {target}, factor, {', '.join(to)}, classes)"]


def _row_of_user(call: Arguments, want: int, double: bool, dense: bool, names: dict[str, Any]) -> list[str]:
    """Return the lines of the row of a user's loss."""
    formula = call.row.kernels().formula
    if want & HESSIAN and formula.results < 3:
        raise NumbaTypeError(f"{call.loss.name} has no Hessian")
    names["formula"] = rows.compiled_formula(formula, double)
    bound = call.loss.parameters
    numbers = [
        f", real({call.local(name) if name in call.given else written(bound[name])})" for name in formula.arguments[2:]
    ]
    target = "shares.copy()" if dense else "label"
    results = ", ".join(["loss", "g", "h"][: formula.results])
    lines = [f"        {results} = formula({target}, logits[i].copy(){''.join(numbers)})"]
    for (flag, array), name, short in zip(_ARRAYS, rows.WRONG_SIZE, "gh", strict=True):
        if want & flag:
            wrong = f"{formula.name} ({formula.place()}) {kernels.rows.JIT_FAILURES[rows.WRONG_SIZE[name]]}"
            lines += [
                f"        if len({short}) != classes:",
                f"            raise ValueError({wrong!r})",
                "        for c in range(classes):",
                f"            {array}[i, c] = real({short}[c]) * real(factor)",
            ]
    return lines


def _rows_looked_at(
    call: Arguments, soft: bool, weighted: bool, ignored: str, smoothing: str, class_weight: str, extra: str
) -> list[str]:
    """Return the function that looks at targets and weights, and returns the sum of the weights."""
    lines = [
        f"def look_at(y{', multiplier' if weighted else ''}, classes{extra}):",
        "    total, tail = 0.0, 0.0",
        "    for i in range(len(y)):",
    ]
    if ignored:
        lines += [f"        if y[i] == {ignored}:", "            multiplier[i] = real(0)"]
    if weighted:
        lines += ["        if multiplier[i] == real(0):", "            continue"]
    if not soft:
        lines += [
            "        label = np.int64(y[i])",
            "        if label < 0 or label >= classes:",
            "            raise BadLabel(i, label, classes)",
        ]
    dense = soft or smoothing
    if class_weight and not dense:
        lines += [
            f"        product = real(np.float64(multiplier[i]) * {class_weight}[label])",
            f"        if product == _infinity or (product == 0 and {class_weight}[label] != 0):",
            f"            raise BadNumber('class_weight', label, (classes,), {class_weight}[label], "
            "'times the weight of a sample is no number of the type that is computed with')",
            "        multiplier[i] = product",
        ]
    lines += ["        share = 1.0"]
    if soft:
        lines += [
            "        share, rest = 0.0, 0.0",
            "        for c in range(classes):",
            "            if y[i, c] < 0:",
            "                raise BadNumber('y_true', i * classes + c, y.shape, y[i, c], 'is < 0: no probability')",
            "            share, rest = two_sum(share, rest, np.float64(y[i, c]))",
            "        share += rest",
            f"        if share > {1 + SUM_TOLERANCE!r} or share < {1 - SUM_TOLERANCE!r}:",
            "            raise BadNumber('the sum of the soft target y_true', i, (len(y),), share, 'is not 1')",
        ]
    if dense and class_weight:
        each = "np.float64(y[i, c])" if soft else "(1.0 if c == label else 0.0)"
        if smoothing:
            each = f"({each} * (1.0 - {smoothing}) + {smoothing} / classes)"
        lines += [
            "        share, rest = 0.0, 0.0",
            "        for c in range(classes):",
            f"            share, rest = two_sum(share, rest, {class_weight}[c] * {each})",
            "        share += rest",
        ]
    elif soft and smoothing:
        lines += [f"        share = (1.0 - {smoothing}) * share + {smoothing}"]
    weight = "np.float64(multiplier[i])" if weighted else "1.0"
    # A NaN in a soft target makes its row NaN, not the denominator of all others.
    share = "(share if share == share else 1.0)" if soft else "share"
    lines += [f"        total, tail = two_sum(total, tail, {weight} * {share})", "    return total + tail"]
    return lines
