"""What a kind of loss is: its methods, all about the shape of its loop, and what they are given."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..domains import limits_of
from ..drawing import numbers_of, target_of
from ..operands import resolve_axes, samples_of
from ..reductions import added, reduced
from ..rows import PREDICTION, TARGET, Operand, Row, Term
from ..runtime import current_engine, kernels
from ..samples import LeftOut, check_multipliers

VALUE: int = kernels.frame.SHARED["VALUE"]
GRADIENT: int = kernels.frame.SHARED["GRADIENT"]
HESSIAN: int = kernels.frame.SHARED["HESSIAN"]
#: What is wanted of second derivatives.
DIAGONAL, PRODUCT, MATRIX = "diagonal", "product", "matrix"

Array = np.ndarray[Any, Any]


class Curvature(NamedTuple):
    """What the diagonal of a Hessian is to be: max(floor, factor x curvature)."""

    mode: str = "exact"  # "abs": its absolute value, "gauss_newton": what is positive for every loss
    factor: float = 1.0
    floor: float = 0.0  # 0: none, so that an exact Hessian below 0 stays

    @property
    def by_gauss_newton(self) -> bool:
        """Whether another formula may take the place of the Hessian's."""
        return self.mode == "gauss_newton"

    def of_term(self) -> Curvature:
        """Return what is asked of each term of a sum, whose results are added up before factor and floor."""
        return Curvature(self.mode if self.by_gauss_newton else "exact")

    def described(self) -> tuple[bool, bool, float, float] | None:
        """Return it as the kernels take it."""
        if self == EXACT:
            return None
        # A factor of a loss below 0 turns the sign of what is added up: the absolute value brings it back.
        return self.mode != "exact", self.by_gauss_newton, self.factor, self.floor or -math.inf

    def shaped(self, hessian: Array) -> Array:
        """Return it of an exact Hessian, as a kernel does (``kernels/frame/curvature.pxi``)."""
        asked = self.described()
        if asked is None:
            return hessian
        absolute, _, factor, floor = asked
        hessian = ((np.abs(hessian) if absolute else hessian) * np.float64(factor)).astype(hessian.dtype)
        return np.where(hessian < floor, hessian.dtype.type(floor), hessian)


#: The Hessian as it is.
EXACT = Curvature()


class Request(NamedTuple):
    """What a call asks for: names, numbers and types are checked, shapes are not."""

    row: Row
    chosen: Row  # the row whose formula the parameters ask for
    want: int  # VALUE | GRADIENT | HESSIAN
    arrays: Mapping[str, Array]  # in the order of the row's operands
    double_precision: bool  # it is computed in float64
    parameters: Mapping[str, Any]
    reduction: str
    normalizer: float | None
    n_threads: int | None
    sample_weight: Any
    where: Any
    out: Any
    wrt: tuple[str, ...]  # the predictions whose derivatives are wanted, in this order
    bare: bool  # a derivative is an array, not a tuple of arrays
    fast: Any  # the short ways of the loss, which learn the loops that this call compiles; None: of other parameters
    fast_jit: Any
    second: str = DIAGONAL
    vectors: Mapping[str, Array] = {}  # what the Hessian is multiplied by, of each prediction
    curvature: Curvature = EXACT

    def inside(
        self, row: Row, want: int, parameters: Mapping[str, Any], wrt: tuple[str, ...], **others: Any
    ) -> Request:
        """Return what a loss is asked for that is computed inside of this call, of arrays that this call makes."""
        return self._replace(
            row=row, chosen=row, want=want, parameters=parameters, wrt=wrt, bare=len(wrt) == 1, arrays={},
            sample_weight=None, where=None, out=None, fast=None, fast_jit=None, second=DIAGONAL, curvature=EXACT,
            **others,
        )  # fmt: skip


class Arrays(NamedTuple):
    """The arrays of a call, their axes resolved."""

    by_name: Mapping[str, Array]  # targets are broadcast
    samples: tuple[int, ...]
    form: str  # which of its forms a target of rows of classes has


class Weights(NamedTuple):
    """What belongs to each sample."""

    weights: Array | None
    where: Array | None
    left_out: LeftOut


class Outputs(NamedTuple):
    """Where results go that the caller gave arrays for."""

    value: Array | None
    reduced: Array | None  # the same of one number
    gradients: Mapping[str, Array | None]  # of each prediction whose derivatives are wanted
    hessians: Mapping[str, Array | None]
    given: Any  # the caller's own objects, which are what is returned
    in_place: bool  # some gradient is written over its prediction, or a product over its vector


class Results(NamedTuple):
    """Where results go; None: not wanted."""

    value: Array | None
    gradients: Mapping[str, Array]
    hessians: Mapping[str, Array]


class Call(NamedTuple):
    """Everything about a call before its numbers were looked at."""

    request: Request
    arrays: Arrays
    weights: Weights
    outputs: Outputs

    @property
    def limits(self) -> tuple[float, float, bool, float, float, float]:
        """The domains of target and prediction as the kernels check them."""
        return limits_of(self.request.chosen, self.request.parameters, self.compute_type.type)

    @property
    def compute_type(self) -> np.dtype[Any]:
        """The type that the call is computed in."""
        return np.dtype(np.float64 if self.request.double_precision else np.float32)


def sample_weights(call: Call) -> Array:
    """Return the weight of each sample as it is computed with, 0 of what is left out."""
    samples, given = call.arrays.samples, call.weights.weights
    kept = call.weights.left_out.kept(samples, given)
    if given is None:
        return kept.astype(np.float64)
    with np.errstate(all="ignore"):
        return np.where(kept, given.astype(call.compute_type).astype(np.float64), 0.0)


def sum_of_weights(weights: Array, weight_sum: Any = None) -> float:
    """Return their sum as `Kind.inspect` does: NaN if any is bad, and without rounding in `weight_sum`."""
    if not (np.isfinite(weights) & (weights >= 0)).all():
        return math.nan
    if weight_sum is not None:
        weight_sum.add(weights)
    return added(weights)


#: The methods that ask for second derivatives beyond the diagonal.
METHODS = {PRODUCT: "hvp", MATRIX: "hess_matrix"}


def no_numba_kernel(shown: str) -> NotImplementedError:
    """Return the error of a call that the Numba engine cannot compute."""
    return NotImplementedError(f"{shown} has no Numba kernel; call it outside fastloss.engine('numba')")


def places_of(row: Row) -> dict[str, Any]:
    """Return where a call has its arrays, as the short ways take it: how many, the predictions, what is the target."""
    predictions = tuple(operand.name for operand in row.differentiated)
    first = row.columns.first
    return {
        "arguments": len(row.operands),
        "predictions": tuple(map(row.place_of, predictions)),
        "names": predictions,
        "target": -1 if first is None else row.place_of(first),
    }


class Kind(ABC):
    """A shape of a loop. What is the same for all kinds is in ``call.py``."""

    name: str
    fuses = False  # a sum of such losses is one pass
    compiled_alone = False  # its `loop` has no counterpart that Numba compiles

    def resolve(self, request: Request) -> Arrays:
        """Return the arrays with their axes told apart: targets broadcast, lengths of one type."""
        return Arrays(*resolve_axes(request.row, request.arrays, request.parameters.get("axis", -1)))

    def samples(self, row: Row, prediction: Array, parameters: Mapping[str, Any]) -> tuple[int, ...]:
        """Return the shape of the samples that a prediction has."""
        return samples_of(row.differentiated[0], prediction, parameters.get("axis", -1))

    @abstractmethod
    def plan(self, call: Call) -> Any:
        """Return what the kernels have to know besides the results, as a value that holds the call."""

    def inspect(self, plan: Any, weight_sum: Any = None) -> float:
        """Return the sum of the weights, NaN if any number is outside its domain.

        `weight_sum` is a ``kernels.frame.ExactSum``, for who wants it without rounding.
        """
        total: float = plan.loop(True, 0.0, weight_sum=weight_sum)
        return total

    @abstractmethod
    def explain(self, plan: Any) -> None:
        """Raise for the first target or prediction that is outside its domain."""

    def run(self, plan: Any, results: Results, number: float, factor: float) -> float:
        """Compute `factor` times the loss; return the value, where it is one number.

        `number` is what the sum of the weighted losses is divided by.
        """
        if self.compiled_alone and current_engine() == "numba":
            raise no_numba_kernel(plan.call.request.row.name)
        denominator = number / factor
        return reduced(plan.loop(False, denominator, results, factor), denominator)

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return ordinary arrays of a loss, by the names of its operands: for tests, benchmarks and docs alike.

        `sizes` is the shape of the first prediction, without an axis whose length is fixed. `form` is one of those that
        the target has (``row.target.forms``); by default the first. `parameters` are those that are not the row's
        defaults: labels, and what predictions hold, are among them.
        """
        given = {parameter.name: parameter.default for parameter in row.parameters} | dict(parameters or {})
        drawn = {}
        for operand in sorted(row.operands, key=lambda operand: operand.role != PREDICTION):  # the target is the last
            if operand.role == TARGET:
                domain = operand.domain if row.several else row.targets(given)
                array = target_of(domain, form or row.target.forms[0], self.shape_of(row, operand, sizes), rng)
            else:
                array = self.draw_numbers(operand, self.shape_of(row, operand, sizes), rng)
            drawn[operand.name] = array.astype(dtype)
        return {operand.name: drawn[operand.name] for operand in row.operands}

    def draw_numbers(self, operand: Operand, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return ordinary numbers for a prediction, or for what is read beside it."""
        return numbers_of(operand.domain, shape, rng)

    def shape_of(self, row: Row, operand: Operand, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of an array, given the `sizes` of `draw`."""
        if operand.axes.isdigit():
            return (*sizes, int(operand.axes))
        return sizes if operand.axes == row.axes or row.axes.isdigit() else sizes[:-1]

    def check_second(self, row: Row, second: str) -> None:
        """Raise where a loss has no such second derivatives: PRODUCT or MATRIX. Here, none has."""
        raise TypeError(f"{row.name} has no {METHODS[second]}: {row.no_hessian}")

    def check_scale(self, plan: Any, number: float, total: float) -> None:
        """Raise for the first weight that the denominator makes infinite; `total` is the sum of the weights."""
        call: Call = plan.call
        weights, left_out = call.weights.weights, call.weights.left_out
        if weights is not None and call.request.normalizer is not None:
            check_multipliers(weights, number, total, left_out, call.request.double_precision)

    def by_parameters(self, plan: Any, denominator: float) -> dict[str, Any]:
        """Return the derivatives by the parameters that are learned; here, there are none."""
        return {}

    def fast_path(
        self, row: Row, parameters: Mapping[str, Any], terms: list[Term], factor: float, alone: bool
    ) -> tuple[Any, Any]:
        """Return what tries calls the short way on each engine (``kernels/frame/plain.pxi``), None where there is none.

        `terms` are those of a sum. `alone`: there is one, and `factor` is its.
        """
        return self.short_way(terms[0].row, terms[0].parameters, factor) if alone else None, None

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        """Return the short way of a loss times a factor on the compiled engine, None where there is none."""
        return None
