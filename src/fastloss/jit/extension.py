"""Losses inside the user's own compiled functions: what Numba has to know of a `Loss`.

Numba calls `register` before it compiles anything (entry point ``numba_extensions``), so a file that says
``import fastloss as fl`` needs nothing else for ``fl.huber.value_and_grad(y_true, y_pred)`` to be compiled in it.

A loss is a constant of the compiled function, its parameters with it. The loops are the same formulas and kernels as
everywhere, on the calling thread alone: who wants more threads writes ``prange`` around them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core.errors import NumbaTypeError
from numba.core.imputils import lower_constant
from numba.extending import (
    NativeValue,
    models,
    overload_method,
    register_model,
    typeof_impl,
    unbox,
)

from ..loss import Loss, _changed, limits_of
from ..runtime import kernels
from . import rows, softmax
from .compiling import NUMBA_REALS, REALS, compiled_formula
from .elementwise import GRADIENT, HESSIAN, VALUE, kernels_of
from .translate import CONSTANTS, written
from .vecmath import inline, strict

#: The methods that compiled functions may call, and the results of each.
METHODS = {
    "grad": GRADIENT,
    "value_and_grad": VALUE | GRADIENT,
    "grad_and_hess": GRADIENT | HESSIAN,
    "value_grad_hess": VALUE | GRADIENT | HESSIAN,
}


class LossType(types.Opaque):  # type: ignore[misc]
    """The type of one loss: losses of other parameters are of other types."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss
        super().__init__(f"Loss({loss!r})")

    @property
    def key(self) -> Any:
        """What makes two of them equal."""
        return self.loss


register_model(LossType)(models.OpaqueModel)


@typeof_impl.register(Loss)
def _type_of(loss: Loss, context: Any) -> LossType:
    return LossType(loss)


@lower_constant(LossType)
def _constant(context: Any, builder: Any, loss_type: Any, value: Any) -> Any:
    return context.get_dummy_value()


@unbox(LossType)
def _unbox(loss_type: Any, value: Any, c: Any) -> Any:
    return NativeValue(c.context.get_dummy_value())


# -- what is compiled -------------------------------------------------------------------------------------------------


def _constants(loss: Loss) -> str:
    """Return the parameters of an element-wise loss as the end of a list of arguments."""
    values = loss._row.constants(loss.parameters)
    if any(isinstance(value, np.ndarray) for value in values):
        raise NumbaTypeError(f"{loss.name}: only parameters that are numbers can be used in compiled functions")
    return "".join(f", real({written(value)})" for value in values)


def _check(loss: Loss, double: bool) -> list[str]:
    """Return the lines that raise for what is outside the domain of targets and predictions, if it has ends."""
    dtype = REALS[double].type
    low, high, ends_only, least_predicted, most_predicted, rounding = limits_of(loss._row, loss.parameters, dtype)
    most_predicted += rounding * float(np.finfo(dtype).eps)
    lines: list[str] = []
    for array, (least, most), domain in (
        ("y_true", (low, high), loss._row.targets(loss.parameters)),
        ("y_pred", (least_predicted, most_predicted), loss._row.predictions(loss.parameters)),
    ):
        outside = [f"x {sign} {written(end)}" for sign, end in (("<", least), (">", most)) if np.isfinite(end)]
        if ends_only and array == "y_true":
            outside = [f"(x != {written(least)} and x != {written(most)} and x == x)"]
        if outside:
            hint = f"; {domain.hint}" if domain.hint else ""
            lines += [
                f"    for x in {array}:",
                f"        if {' or '.join(outside)}:",
                f"            raise ValueError({f'{array} has a number that is not {domain.description}{hint}'!r})",
            ]
    return ["def check(y_true, y_pred):", *lines] if lines else []


def _returned(want: int) -> str:
    names = ((VALUE, "value"), (GRADIENT, "gradient"), (HESSIAN, "hessian"))
    return ", ".join(name for flag, name in names if want & flag)


def _made(lines: list[str], names: dict[str, Any]) -> Any:
    names |= {"np": np, **CONSTANTS}
    exec("\n".join(lines), names)
    return names["implementation"]


@functools.cache
def _of_elements(loss: Loss, want: int, double: bool) -> Callable[..., Any]:
    """Return a method of an element-wise loss over arrays: the mean, gradient and Hessian as it has them."""
    formula = kernels_of(loss._row).formula
    if want & HESSIAN and formula.results < 3:
        raise NumbaTypeError(f"{loss.name} has no Hessian")
    check = _check(loss, double)
    results = ", ".join(["v", "g", "h"][: formula.results])
    lines = [
        "def implementation(self, y_true, y_pred):",
        "    if y_true.shape != y_pred.shape:",
        "        raise ValueError('y_true and y_pred must have the same shape')",
        "    targets, predictions = y_true.ravel(), y_pred.ravel()",
        "    n = predictions.size",
        "    scale = real(1 / n) if n else real(0)",
        "    values = np.empty(n if wants_value else 0, real)",
        "    gradients, hessians = np.empty(n, real), np.empty(n if wants_hessian else 0, real)",
        *(["    check(targets, predictions)"] if check else []),
        "    fill(targets, predictions, values, gradients, hessians, scale)",
        "    value = total_of(values) / n if n else 0.0",
        "    gradient = gradients.reshape(y_pred.shape)",
        *(["    hessian = hessians.reshape(y_pred.shape)"] if want & HESSIAN else []),
        f"    return {_returned(want)}",
        "def fill(targets, predictions, values, gradients, hessians, scale):",
        "    for i in range(predictions.size):",
        f"        {results} = formula(real(targets[i]), predictions[i]{_constants(loss)})",
        *(["        values[i] = real(v)"] if want & VALUE else []),
        "        gradients[i] = real(g) * scale",
        *(["        hessians[i] = real(h) * scale"] if want & HESSIAN else []),
        *check,
    ]
    names: dict[str, Any] = {
        "real": NUMBA_REALS[double], "formula": compiled_formula(formula, double),
        "wants_value": bool(want & VALUE), "wants_hessian": bool(want & HESSIAN), "total_of": total_of,
    }  # fmt: skip
    implementation = _made(lines, names)
    names["fill"] = strict(names["fill"])
    if check:
        names["check"] = strict(names["check"])
    return implementation  # type: ignore[no-any-return]


@strict
def total_of(values: Any) -> Any:
    """Return the sum, its blocks added with their rounding errors."""
    total, tail = 0.0, 0.0
    for first in range(0, values.size, softmax.CHUNK):
        last = min(first + softmax.CHUNK, values.size)
        total, tail = softmax.two_sum(total, tail, softmax.sum_of(values, first, last))
    return total + tail


@functools.cache
def _of_rows(loss: Loss, want: int, double: bool) -> Callable[..., Any]:
    """Return a method of a loss over rows, for class indices: the mean, gradient and Hessian as it has them."""
    own = () if loss._row.kernels is None else loss._row.kernels().formula.arguments[2:]
    changed = [name for name in _changed(loss._row, loss.parameters) if name not in own]
    if changed:
        raise NumbaTypeError(f"{loss.name} in a compiled function takes its defaults, not another {changed[0]}")
    names: dict[str, Any] = {"real": NUMBA_REALS[double]}
    if loss._row.kernels is None:
        if loss.name != "cross_entropy":
            raise NumbaTypeError(f"{loss.name} has no Numba kernel: it cannot be used in compiled functions")
        names["row"] = softmax.functions(double).row
        call = f"row({want}, False, logits[i], logits[i], label, 1 / n, gradient[i], hessian[i], classes)"
        lines = [f"        total += {call}"]
    else:
        formula = loss._row.kernels().formula
        if want & HESSIAN and formula.results < 3:
            raise NumbaTypeError(f"{loss.name} has no Hessian")
        names["formula"] = rows.compiled_formula(formula, double)
        constants = "".join(f", real({written(loss.parameters[name])})" for name in own)
        results = ", ".join(["v", "g", "h"][: formula.results])
        lines = [f"        {results} = formula(label, logits[i].copy(){constants})", "        total += v"]
        for flag, name, short in ((GRADIENT, "gradient", "g"), (HESSIAN, "hessian", "h")):
            if want & flag:
                wrong = f"{formula.name} ({formula.place()}) {kernels.JIT_FAILURES[rows.WRONG_SIZE[name]]}"
                lines += [
                    f"        if len({short}) != classes:",
                    f"            raise ValueError({wrong!r})",
                    "        for c in range(classes):",
                    f"            {name}[i, c] = real({short}[c]) * real(1 / n)",
                ]
    implementation = _made(
        [
            "def implementation(self, y_true, y_pred):",
            "    n, classes = y_pred.shape",
            "    if y_true.shape != (n,):",
            "        raise ValueError('y_true must have one class for each row of the logits')",
            "    logits = np.ascontiguousarray(y_pred)",
            "    gradient, hessian = np.empty((n, classes), real), np.empty((n, classes), real)",
            "    value = fill(y_true, logits, gradient, hessian) / n if n else 0.0",
            f"    return {_returned(want)}",
            "def fill(y_true, logits, gradient, hessian):",
            "    n, classes = logits.shape",
            "    total = 0.0",
            "    for i in range(n):",
            "        label = np.int64(y_true[i])",
            "        if label < 0 or label >= classes:",
            "            raise ValueError('y_true has a label that is not a class')",
            *lines,
            "    return total",
        ],
        names,
    )
    names["fill"] = strict(names["fill"])
    return implementation  # type: ignore[no-any-return]


def _method(name: str, want: int) -> None:
    @overload_method(LossType, name)
    def method(self: Any, y_true: Any, y_pred: Any) -> Any:
        loss = self.loss
        for keyword in ("reduction", "normalizer"):
            if keyword in loss._keywords:
                raise NumbaTypeError(f"{loss!r}.{name} in a compiled function is that of the mean; bind no {keyword}")
        arrays = isinstance(y_true, types.Array) and isinstance(y_pred, types.Array)
        if not arrays or y_pred.dtype not in (types.float32, types.float64):
            raise NumbaTypeError(
                f"{loss.name}.{name} takes arrays, y_pred of float32 or float64, not {y_true}, {y_pred}"
            )
        double = y_pred.dtype == types.float64
        if loss._row.terms and loss.kind != "pointwise":
            raise NumbaTypeError(
                f"{loss!r} cannot be called in compiled functions: of factors and sums only those of element-wise "
                "losses can"
            )
        if loss.kind == "pointwise":
            implementation = _of_elements(loss, want, double)
        elif loss.kind != "rowwise":
            raise NumbaTypeError(f"{loss.name} cannot be called in compiled functions")
        else:
            if y_pred.ndim != 2 or y_true.ndim != 1 or not isinstance(y_true.dtype, types.Integer):
                raise NumbaTypeError(f"{loss.name}.{name} takes class indices (n,) and logits (n, classes)")
            implementation = _of_rows(loss, want, double)

        def of_arrays(self: Any, y_true: Any, y_pred: Any) -> Any:
            return implementation(self, y_true, y_pred)

        implementation = strict(implementation)
        return of_arrays


for _name, _want in METHODS.items():
    _method(_name, _want)


@overload_method(LossType, "point")
def _point(self: Any, y_true: Any, y_pred: Any) -> Any:
    loss = self.loss
    if loss.kind != "pointwise" or not isinstance(y_true, types.Number) or not isinstance(y_pred, types.Number):
        raise NumbaTypeError(f"{loss.name}.point takes two numbers, of an element-wise loss; not {y_true}, {y_pred}")
    double = (y_true, y_pred) != (types.float32, types.float32)
    formula = kernels_of(loss._row).formula
    if formula.results < 3:
        raise NumbaTypeError(f"{loss.name} has no Hessian, which is the third of what point returns")
    names = {"real": NUMBA_REALS[double], "formula": compiled_formula(formula, double)}
    implementation = _made(
        [
            "def implementation(self, y_true, y_pred):",
            f"    v, g, h = formula(real(y_true), real(y_pred){_constants(loss)})",
            "    return real(v), real(g), real(h)",
        ],
        names,
    )
    implementation = inline(implementation)

    def of_numbers(self: Any, y_true: Any, y_pred: Any) -> Any:
        return implementation(self, y_true, y_pred)

    return of_numbers


def register() -> None:
    """Be imported: that is what Numba's entry point is for."""
