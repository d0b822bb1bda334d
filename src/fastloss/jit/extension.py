"""Losses inside the user's own compiled functions: what Numba has to know of a `Loss` and of the functions beside it.

Numba calls `register` before it compiles anything (entry point ``numba_extensions``), so a file that says
``import fastloss as fl`` needs nothing else for ``fl.huber.value_and_grad(y_true, y_pred)`` to be compiled in it.

A loss is a constant of the compiled function, its parameters with it. What its calls become is in `calls`.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import types
from numba.core.errors import NumbaTypeError
from numba.core.imputils import lower_constant
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import (
    NativeValue,
    lower_getattr_generic,
    models,
    overload,
    register_model,
    typeof_impl,
    unbox,
)

from .. import functions
from ..catalogue.vocabulary import ELEMENTWISE_FUNCTIONS
from ..kinds.base import GRADIENT, HESSIAN, VALUE
from ..loss import Loss
from . import softmax
from .calls import Arguments, BadNumber, BadShape, arrays_call, elementwise_call, is_real, point_call, rows_call
from .compiling import NUMBA_REALS, REALS
from .vecmath import WORDS, strict

#: What compiled functions may call of a loss, and the results of each.
METHODS = {
    "__call__": VALUE,
    "grad": GRADIENT,
    "value_and_grad": VALUE | GRADIENT,
    "grad_and_hess": GRADIENT | HESSIAN,
    "value_grad_hess": VALUE | GRADIENT | HESSIAN,
    "point": VALUE | GRADIENT | HESSIAN,
}


# -- losses -----------------------------------------------------------------------------------------------------------


@functools.cache
def _compiled(loss: Loss, method: str, by_place: tuple[Any, ...], by_name: tuple[tuple[str, Any], ...]) -> Any:
    """Return the compiled function of a call."""
    row = loss._row
    has_formula = row.function is not None or row.kernels is not None
    if row.axes in ("D", "2", "R") or row.ragged or (row.several and not has_formula):
        raise NumbaTypeError(
            f"{loss!r} cannot be called in compiled functions: no loss of vectors, of sequences, of regions, of "
            "lifetimes, or of a location and a scale in one array, can; call it in a block `with numba.objmode(...):`, "
            "or from Python"
        )
    call = Arguments(loss, method, by_place, dict(by_name))
    if method == "point":
        return point_call(call, METHODS[method])
    if row.terms and not row.of_numbers and not row.several:
        raise NumbaTypeError(
            f"{loss!r} cannot be called in compiled functions: of factors and sums only those of element-wise "
            "losses can"
        )
    if row.several:
        return arrays_call(call, METHODS[method])
    if row.of_numbers:
        return elementwise_call(call, METHODS[method])
    if row.axes == "C":
        return rows_call(call, METHODS[method])
    raise NumbaTypeError(f"{loss.name} cannot be called in compiled functions")


class MethodType(types.Callable, types.Opaque):
    """The type of a method of one loss. It has a function for each choice of keywords and types."""

    def __init__(self, loss: Loss, method: str) -> None:
        self.loss, self.method = loss, method
        self._made: dict[Any, Any] = {}
        super().__init__(f"{loss!r}.{method}")

    @property
    def key(self) -> Any:
        """What makes two of them equal."""
        return self.loss, self.method

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """Return the signature of a call, compiled."""
        function = types.Dispatcher(_compiled(self.loss, self.method, tuple(args), tuple(kws.items())))
        signature = function.get_call_type(context, args, kws)
        self._made[_key_of(signature)] = function.get_overload(signature)
        return signature

    def get_call_signatures(self) -> Any:
        """Return nothing: which calls there are, the types of the arguments tell."""
        return (), True

    def get_impl_key(self, signature: Any) -> Any:
        """Return what Numba finds the compiled function by."""
        return self._made[_key_of(signature)]


def _key_of(signature: Any) -> Any:
    """Return what tells a call from others of the same method: `delta=2.0` and `normalizer=2.0` are of equal types."""
    return signature.args, tuple(signature.pysig.parameters)


class LossType(MethodType):
    """The type of one loss: losses of other parameters are of other types. It is called too."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss, "__call__")


for _type in (MethodType, LossType):
    register_model(_type)(models.OpaqueModel)


@typeof_impl.register(Loss)
def _type_of(loss: Loss, context: Any) -> LossType:
    return LossType(loss)


@lower_constant(LossType)
def _constant(context: Any, builder: Any, loss_type: Any, value: Any) -> Any:
    return context.get_dummy_value()


@unbox(LossType)
def _unbox(loss_type: Any, value: Any, c: Any) -> Any:
    return NativeValue(c.context.get_dummy_value())


@infer_getattr
class _Methods(AttributeTemplate):
    key = LossType

    def generic_resolve(self, loss_type: LossType, name: str) -> Any:
        return MethodType(loss_type.loss, name) if name in METHODS and name != "__call__" else None


@lower_getattr_generic(LossType)
def _method(context: Any, builder: Any, loss_type: Any, value: Any, name: str) -> Any:
    return context.get_dummy_value()


# -- functions --------------------------------------------------------------------------------------------------------


def _of_numbers(name: str, x: Any) -> bool:
    """Return whether a function of numbers, or of an array of them, computes in double."""
    kind = x.dtype if isinstance(x, types.Array) else x
    if not (is_real(kind) or kind == types.boolean) or kind == types.float16:
        raise NumbaTypeError(f"{name} takes real numbers or arrays of them, of float32, float64 or integers; not {x}")
    return bool(kind != types.float32)


@functools.cache
def _elements(name: str, double: bool) -> Any:
    real, word = NUMBA_REALS[double], WORDS[REALS[double]][name]

    @strict
    def fill(x: Any, y: Any) -> None:
        for i in range(x.size):
            y[i] = word(real(x[i]))

    return fill


def _elementwise(name: str) -> None:
    @overload(getattr(functions, name))
    def of(x: Any) -> Any:
        double = _of_numbers(name, x)
        real, word, fill = NUMBA_REALS[double], WORDS[REALS[double]][name], _elements(name, double)

        def of_array(x: Any) -> Any:
            y = np.empty(x.size, real)
            fill(x.ravel(), y)
            return y.reshape(x.shape)

        def of_number(x: Any) -> Any:
            return word(real(x))

        return of_array if isinstance(x, types.Array) else of_number


for _name in ELEMENTWISE_FUNCTIONS:
    _elementwise(_name)


@functools.cache
def _rows(name: str, double: bool) -> Any:
    """Return the function that makes of each row of a matrix another row, or a number in its first place."""
    real, row = NUMBA_REALS[double], getattr(softmax.functions(double), name)

    @strict
    def rows(x: Any) -> Any:
        n, classes = x.shape
        if classes == 0 and n > 0:
            raise BadShape("x", x.shape, ": rows of no classes in", x.shape)
        y, sums = np.empty((n, classes), real), np.empty(n, real)
        for i in range(n):
            sums[i] = row(x[i], y[i], classes)
        return y, sums

    return rows


def _over_classes(name: str, reduces: bool) -> None:
    @overload(getattr(functions, name))
    def of(x: Any, axis: Any = -1) -> Any:
        double = _of_numbers(name, x)
        if not isinstance(x, types.Array) or x.ndim not in (1, 2):
            raise NumbaTypeError(f"{name} takes arrays of one or two dimensions in a compiled function, not {x}")
        dtype, rows, ndim, end = REALS[double], _rows(name, double), x.ndim, -x.ndim

        @strict
        def check(axis: Any) -> None:
            if axis < end or axis >= ndim:
                raise BadNumber("axis", -1, (1,), axis, f"is out of range for an array of {ndim} dimensions")

        def of_row(x: Any, axis: Any = -1) -> Any:
            check(axis)
            y, sums = rows(np.ascontiguousarray(x.astype(dtype)).reshape((1, x.size)))
            return sums[0] if reduces else y[0]

        def of_rows(x: Any, axis: Any = -1) -> Any:
            check(axis)
            last = axis == -1 or axis == 1
            y, sums = rows(np.ascontiguousarray(x.astype(dtype) if last else x.astype(dtype).T))
            if reduces:
                return sums
            return y if last else np.ascontiguousarray(y.T)

        return of_row if ndim == 1 else of_rows


for _name in ("softmax", "log_softmax"):
    _over_classes(_name, reduces=False)
_over_classes("logsumexp", reduces=True)


def register() -> None:
    """Be imported: that is what Numba's entry point is for."""
