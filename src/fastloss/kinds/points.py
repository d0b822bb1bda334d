"""Losses that are a formula of the numbers of each sample, and sums of some: one pass over all arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import broadcast, describe
from ..domains import limits_of_types
from ..reductions import reduced, scale
from ..rows import Columns, Operand, Row, Term
from ..runtime import current_engine, kernels, threads_for
from ..targets import check_elements
from .base import GRADIENT, HESSIAN, PRODUCT, VALUE, Array, Call, Kind, Results, no_numba_kernel, places_of


class Plan(NamedTuple):
    """A call as the kernels take it."""

    call: Call
    columns: Columns
    size: int
    parameters: tuple[Any, ...]  # numbers, and arrays described
    limits: tuple[Any, ...]
    threads: int

    def loop(
        self,
        formulas: Any,
        factor_of_derivatives: float,
        want: int,
        results: Results | None,
        factor: float = 1.0,
        inspect: bool = False,
        weight_sum: Any = None,
    ) -> float:
        """Run the loop of a formula over all samples; return the sum."""
        call, arrays = self.call, self.call.arrays.by_name

        def column(of: Mapping[str, Array] | None, k: int) -> Any:
            name, part = self.columns.predictions[k]
            array = None if of is None else of.get(name)
            return None if array is None else describe(array[part])

        gradients, hessians = (None, None) if results is None else (results.gradients, results.hessians)
        operands = {
            "y_true": None if self.columns.first is None else describe(arrays[self.columns.first]),
            "y_pred": column(arrays, 0),
            "weight": describe(call.weights.weights),
            "where": describe(call.weights.where),
            "value": None if results is None else describe(results.value),
        }
        multiplied = not inspect and call.request.second == PRODUCT
        for k, prefix in enumerate(("", "second_")[: len(self.columns.predictions)]):
            operands |= {f"{prefix}gradient": column(gradients, k), f"{prefix}hessian": column(hessians, k)}
            if multiplied:
                operands[f"{prefix}vector"] = column(call.request.vectors, k)
        total: float = kernels.points.pointwise(
            formulas,
            operands,
            want=want,
            double_precision=call.request.double_precision,
            size=self.size,
            scale=factor_of_derivatives,
            limits=self.limits,
            inspect=inspect,
            in_place=call.outputs.in_place,
            threads=self.threads,
            value_factor=factor,
            weight_sum=weight_sum,
            curvature=None if inspect else call.request.curvature.described(),
        )
        return total


class Points(Kind):
    """One loss for each sample: a formula of its numbers."""

    name = "points"
    fuses = True

    def plan(self, call: Call) -> Plan:
        request, arrays = call.request, call.arrays
        row, samples = request.row, arrays.samples
        columns = row.columns
        names = [parameter.name for parameter in row.parameters if parameter.kind == "element"]
        given = tuple(
            describe(broadcast(name, value, samples)) if isinstance(value, np.ndarray) else value
            for name, value in zip(names, row.constants(request.parameters), strict=True)
        )
        second = tuple(describe(arrays.by_name[name][part]) for name, part in columns.predictions[1:])
        others = tuple(describe(arrays.by_name[name]) for name in columns.others)
        size = math.prod(samples)
        return Plan(call, columns, size, second + others + given, call.limits, threads_for(request.n_threads, size))

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        limits, weights = plan.limits, plan.call.weights
        limited = any(map(math.isfinite, limits[:2] + limits[3:5]))
        if weights.weights is None and weights.where is None and not limited and weight_sum is None:
            return float(plan.size)
        predictions = len(plan.columns.predictions)  # all of which are looked at, whatever the formula
        looked_at = kernels.points.Formulas(((0, plan.parameters[: predictions - 1], 1.0, predictions, (), False),))
        return plan.loop(looked_at, 0.0, 0, None, inspect=True, weight_sum=weight_sum)

    def explain(self, plan: Plan) -> None:
        call = plan.call
        request, arrays = call.request, call.arrays
        weights, left_out = call.weights.weights, call.weights.left_out
        domains = {operand.name: operand.domain for operand in request.row.operands if not operand.axes}
        if not request.row.several:
            domains["y_true"] = request.chosen.targets(request.parameters)
            if request.row.prediction in domains:
                domains[request.row.prediction] = request.row.predictions(request.parameters)
        for name, domain in domains.items():
            check_elements(name, arrays.by_name[name], domain, weights, left_out, request.double_precision)

    def draw_numbers(self, operand: Operand, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        numbers = super().draw_numbers(operand, shape, rng)
        if operand.axes:
            numbers[..., 1] /= 3  # the logarithm of a scale: by three times as much scales would lie 1e8 apart
        return numbers

    def check_second(self, row: Row, second: str) -> None:
        if second != PRODUCT:
            one = "sample" if row.axes or row.several else "element"
            raise TypeError(
                f"{row.name} has no hess_matrix: no {one} depends on another one. grad_and_hess returns the diagonal "
                "of its Hessian, hvp the Hessian times a vector"
            )

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        denominator, want = number / factor, plan.call.request.want
        if plan.call.request.second == PRODUCT:  # what its block runs: of two predictions HESSIAN is the whole of it
            want = HESSIAN if len(plan.columns.predictions) > 1 else GRADIENT | HESSIAN
        total = plan.loop(self.formulas(plan, want), scale(denominator), want, results, factor)
        return reduced(total, denominator)

    def formulas(self, plan: Plan, want: int) -> Any:
        """Return what the kernels compute for each sample."""
        request, parameters = plan.call.request, plan.parameters
        row, engine = request.chosen, current_engine()
        if engine == "numba" and request.curvature.by_gauss_newton:
            for term in [term for _, term in row.terms] or [row]:
                if f"{term.formula_name}_gauss_newton" in kernels.points.NUMBERS:
                    raise no_numba_kernel(f"{term.name} with curvature='gauss_newton'")
        if engine == "numba" or (row.kernels is not None and not row.terms):
            weights = plan.call.weights
            uniform = all_numbers(parameters) and weights.weights is None and weights.where is None
            address = jit_loop(plan, row, want, uniform)
            if uniform and request.fast_jit is not None:
                request.fast_jit.set_loop(0, plan.call.request.double_precision, want, address)
            return kernels.points.Formulas((formula_of(row, parameters, loops=(address, address), uniform=uniform),))
        if not row.terms:
            return kernels.points.Formulas((formula_of(row, parameters),))
        arrays = len(plan.columns.predictions) - 1 + len(plan.columns.others)  # that all terms read
        shared, given, terms = parameters[:arrays], iter(parameters[arrays:]), []
        for k, (_, term) in enumerate(row.terms):
            factor = next(given)
            own = tuple(next(given) for parameter in term.parameters if parameter.kind == "element")
            read = (*shared, *own)
            if term.kernels is None:
                terms.append(formula_of(term, read, factor))
                continue
            address = jit_loop(plan, term, want, all_numbers(read))
            if request.fast is not None:
                request.fast.set_loop(k, plan.call.request.double_precision, want, address)
            terms.append(formula_of(term, read, factor, (address, address), all_numbers(read)))
        return kernels.points.Formulas(tuple(terms))

    def by_parameters(self, plan: Plan, denominator: float) -> dict[str, Any]:
        """Return the derivatives by the parameters: each is a formula of its own, whose values are summed."""
        row, derivatives = plan.call.request.row, dict[str, Any]()
        for parameter in row.learned:
            given = plan.call.request.parameters[parameter.name]
            if given is None:
                continue
            shape = np.shape(given)
            by_each = shape != () and math.prod(shape) != 1
            value: Any = np.empty(plan.call.arrays.samples) if by_each else None
            number = kernels.points.NUMBERS[f"{row.name}_by_{parameter.name}"]
            total: Any = plan.loop(
                kernels.points.one_formula(number, plan.parameters), 1.0, VALUE, Results(value, {}, {})
            )
            if value is not None:
                extended = (1,) * (value.ndim - len(shape)) + shape
                axes = tuple(k for k, n in enumerate(extended) if n == 1)
                total = value.sum(axis=axes, keepdims=True).reshape(shape)
            total = total / denominator if denominator else 0.0 * total
            derivatives[parameter.name] = np.full(shape, total) if shape and not by_each else total
        return derivatives

    def fast_path(
        self, row: Row, parameters: Mapping[str, Any], terms: list[Term], factor: float, alone: bool
    ) -> tuple[Any, Any]:
        given, values = (terms[0].row, terms[0].parameters) if alone else (row, parameters)
        constants = given.constants(values)
        limits = limits_of_types(given.chosen(values), values)
        _, predictions, others = given.columns
        if given.axes or given.several or has_arrays(constants):
            if not alone or given.kernels is not None:
                return None, None
            arrays = len(predictions) - 1 + len(others)  # each call's own, which the formula takes for parameters
            described = tuple(describe(value) if isinstance(value, np.ndarray) else value for value in constants)
            number, read, *rest = formula_of(given, (*(0.0,) * arrays, *described))
            own = iter(value for value in constants if isinstance(value, np.ndarray))
            held = tuple((k, next(own)) for k, value in enumerate(read) if isinstance(value, tuple))
            numbers = tuple(0.0 if isinstance(value, tuple) else value for value in read)
            fixed = tuple(map(given.place_of, others))
            return kernels.points.PlainPoints(
                kernels.points.Formulas(((number, numbers, *rest),)), *limits, factor, **places_of(given), fixed=fixed,
                paired=bool(given.axes), arrays=held,
            ), None  # fmt: skip
        by_numba = formula_of(given, constants, loops=())
        jit = kernels.points.PlainPoints(kernels.points.Formulas((by_numba,)), *limits, factor, any_engine=True)
        if alone and given.kernels is not None:
            return jit, jit
        compiled = tuple(
            formula_of(t.row, t.row.constants(t.parameters), t.factor, None if t.row.kernels is None else ())
            for t in terms
        )
        return kernels.points.PlainPoints(kernels.points.Formulas(compiled), *limits, factor), jit


def has_arrays(constants: tuple[Any, ...]) -> bool:
    """Tell whether a number that a formula takes is another one for each sample."""
    return any(isinstance(value, np.ndarray) for value in constants)


def all_numbers(parameters: tuple[Any, ...]) -> bool:
    """Tell whether no parameter is an array."""
    return not any(isinstance(parameter, tuple) for parameter in parameters)


def jit_loop(plan: Plan, row: Row, want: int, uniform: bool) -> int:
    """Return the address of the loop that Numba compiles."""
    from ..jit.elementwise import kernels_of

    return kernels_of(row).address(want, plan.call.request.double_precision, uniform)


def formula_of(
    row: Row, constants: tuple[Any, ...], factor: Any = 1.0, loops: tuple[int, ...] | None = None, uniform: bool = True
) -> tuple[Any, ...]:
    """Return a term as ``kernels.points.Formulas`` takes it; with `loops` as one that is compiled at run time."""
    predictions = len(row.columns.predictions)
    if loops is not None:
        return -1, constants, factor, predictions, loops, uniform
    name, constants = row.loop(constants)
    return kernels.points.NUMBERS[name], constants, factor, predictions, (), False
