"""Penalties of the parameters of a model, with their gradients: what is added to a loss."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from .arrays import as_prediction, broadcast, describe
from .catalogue import PENALTIES
from .documentation import penalty_docstring
from .domains import NO_LIMITS, check_digits
from .foreign import check_pairing
from .kinds.base import GRADIENT, VALUE
from .loss import method
from .outputs import as_output, check_overlaps
from .parameters import as_parameter
from .rows import Parameter, PenaltyRow, at_least_zero
from .runtime import checked_threads, kernels, threads_for
from .scalars import shown

_STRENGTH = Parameter("strength", 1.0, at_least_zero(1.0).domain, "number")


class Penalty:
    """A penalty of an array of parameters: call it for the value, its methods give the gradient.

    Penalties are attributes of the package (`fastloss.l2`).

    Attributes
    ----------
    name, formula, source : str
    """

    def __init__(self, row: PenaltyRow) -> None:
        self._row = row
        self.name, self.formula, self.source = row.name, row.formula, row.source
        self.__doc__ = penalty_docstring(row)
        self.__name__, self.__qualname__, self.__module__ = row.name, row.name, "fastloss"

    @property
    def _loop(self) -> int:
        number: int = kernels.points.NUMBERS[self.name]
        return number

    @property
    def __signature__(self) -> inspect.Signature:
        return self._signature_of("__call__")

    def _signature_of(self, method: str) -> inspect.Signature:
        """Return what a method of this penalty takes."""
        keywords = {p.name: p.default for p in (*self._row.parameters, _STRENGTH)}
        keywords |= (
            {"n_threads": None} if method == "__call__" else {"out": None, "accumulate": False, "n_threads": None}
        )
        return inspect.Signature(
            [inspect.Parameter("parameter", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
            + [
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
                for name, default in keywords.items()
            ]
        )

    def _text_of(self, method: str) -> str | None:
        """Return the docstring of a method of this penalty."""
        text: str | None = getattr(type(self), method).__doc__
        return text

    def __repr__(self) -> str:
        return f"fastloss.{self.name}"

    def __reduce__(self) -> Any:
        return _penalty, (self.name,)

    def __call__(self, parameter: Any, *, strength: float = 1.0, n_threads: int | None = None, **own: Any) -> float:
        value, _ = self._evaluate(VALUE, parameter, strength, None, False, n_threads, own)
        return value

    @method()
    def grad(
        self,
        parameter: Any,
        *,
        strength: float = 1.0,
        out: Any = None,
        accumulate: bool = False,
        n_threads: int | None = None,
        **own: Any,
    ) -> Any:
        """Return the gradient; `accumulate` adds it to what `out` holds. Arguments as in a call of the penalty."""
        _, gradient = self._evaluate(GRADIENT, parameter, strength, out, accumulate, n_threads, own)
        return gradient

    @method()
    def value_and_grad(
        self,
        parameter: Any,
        *,
        strength: float = 1.0,
        out: Any = None,
        accumulate: bool = False,
        n_threads: int | None = None,
        **own: Any,
    ) -> tuple[float, Any]:
        """Return value and gradient, from one pass; `accumulate` adds the gradient to what `out` holds."""
        return self._evaluate(VALUE | GRADIENT, parameter, strength, out, accumulate, n_threads, own)

    def _quick(
        self, want: int, parameter: Any, strength: Any, out: Any, accumulate: Any, n_threads: Any, own: dict[str, Any]
    ) -> tuple[float, Any] | None:
        """Return what a plain call returns (``kernels/frame/plain.pxi``), None where it is not plain."""
        if type(parameter) is not np.ndarray or type(strength) is not float or not 1e-30 < strength < 1e30:
            return None
        numbers: tuple[Any, ...] = ()
        if self._row.parameters:
            numbers = tuple(own.get(p.name, p.default) for p in self._row.parameters)
            if not all(type(n) is float and n in p.domain for n, p in zip(numbers, self._row.parameters, strict=True)):
                return None
        # Within these bounds a number has all its digits in every type.
        if not all(1e-30 < number < 1e30 for number in numbers if number):
            return None
        known = {p.name for p in self._row.parameters}
        if not known.issuperset(own) or n_threads is not None or type(accumulate) is not bool or type(out) is tuple:
            return None
        quick: tuple[float, Any] | None = kernels.points.plain_penalty(
            self._loop, want, parameter, strength, numbers, out, accumulate, threads_for(None, parameter.size)
        )
        return quick

    def _evaluate(
        self, want: int, parameter: Any, strength: Any, out: Any, accumulate: Any, n_threads: Any, own: dict[str, Any]
    ) -> tuple[float, Any]:
        quick = self._quick(want, parameter, strength, out, accumulate, n_threads, own)
        if quick is not None:
            return quick
        kernels.frame.check_stack()
        declared = {p.name: p for p in self._row.parameters}
        for name in own:
            if name not in declared:
                raise TypeError(f"{self.name} has no keyword {name!r}")
        chosen = [as_parameter(p, own.get(name, p.default)) for name, p in declared.items()]
        factor = as_parameter(_STRENGTH, strength)
        if not isinstance(accumulate, bool):
            raise TypeError(f"accumulate must be True or False, not {shown(accumulate)}")
        if accumulate and out is None:
            raise ValueError("accumulate=True adds to what out holds; pass out=")
        threads = None if n_threads is None else checked_threads("n_threads", n_threads)
        array = as_prediction("parameter", parameter)
        check_pairing({"parameter": parameter, **own}, array.ndim)
        in_place, gradient = False, None
        if want & GRADIENT:
            if out is None:
                gradient = np.empty_like(array, array.dtype.newbyteorder("="), subok=False)
            else:
                gradient = as_output("out", out, array.shape)
                inputs = {"parameter": array}
                inputs |= {p.name: value for p, value in zip(declared.values(), chosen, strict=True) if np.ndim(value)}
                in_place = check_overlaps({"out": gradient}, inputs, {"out": "parameter"})
                if in_place and accumulate:
                    raise ValueError("out is parameter itself; a gradient cannot be accumulated there")
        # What is added to a float64 array is computed in float64.
        double = np.float64 in (array.dtype.type, None if gradient is None else gradient.dtype.type)
        for p, value in zip((*declared.values(), _STRENGTH), (*chosen, factor), strict=True):
            check_digits(p.name, value, p.domain, double)
        described = [
            describe(broadcast(p.name, value, array.shape)) if isinstance(value, np.ndarray) else value
            for p, value in zip(declared.values(), chosen, strict=True)
        ]
        # The formula multiplies by a power of 2: w^2 may be too large for a float where strength w^2 is not.
        mantissa, exponent = math.frexp(factor)
        formula = kernels.points.one_formula(self._loop, (math.ldexp(1.0, exponent - 1), *described))
        total = kernels.points.pointwise(
            formula,
            {"y_pred": describe(array), "gradient": describe(gradient)},
            want=want,
            double_precision=double,
            size=array.size,
            scale=2 * mantissa,
            limits=NO_LIMITS,
            in_place=in_place,
            threads=threads_for(threads, array.size),
            accumulate=accumulate,
        )
        value = 2 * mantissa * total if factor else 0.0
        if out is not None or gradient is None:
            return value, out
        return value, gradient if gradient.ndim else gradient[()]


def _penalty(name: str) -> Penalty:
    """Return a penalty that was pickled."""
    return _BY_NAME[name]


_BY_NAME = {name: Penalty(row) for name, row in PENALTIES.items()}
l1, l2, elastic_net = (_BY_NAME[name] for name in ("l1", "l2", "elastic_net"))
