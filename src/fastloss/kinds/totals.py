"""Losses that are a function of sums over all samples: a first pass sums, a second makes the gradient.

The one that there is is the root of a mean of squares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..arrays import describe
from ..domains import limits_of_types
from ..reductions import reduced, scale
from ..rows import Row, Term
from ..runtime import kernels
from .base import METHODS, VALUE, Call, Results
from .points import Plan, Points, formula_of


class Totals(Points):
    """One loss for all samples: the root of the mean of a formula."""

    name = "totals"
    fuses = False

    def check_second(self, row: Row, second: str) -> None:
        raise TypeError(
            f"{row.name} has no {METHODS[second]}: each of its samples depends on all others. grad_and_hess returns "
            "the diagonal of its Hessian"
        )

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        """Compute in two passes, as the gradient needs the value.

        A first pass in which squares left the range of the compute type is made again in another unit, a power of 2.
        """
        call = plan.call
        double_precision, want = call.request.double_precision, call.request.want

        def mean(unit: float) -> float:
            return reduced(plan.loop(self._formulas(plan, VALUE, unit), 1.0, VALUE, None), number)

        large, small, least = (2.0**-560, 2.0**600, 2.0**-960) if double_precision else (2.0**-70, 2.0**95, 2.0**-100)
        unit, square = 1.0, mean(1.0)
        if square == math.inf:
            unit, square = large, mean(large)
        elif square < least and number:
            unit, again = small, mean(small)
            unit, square = (unit, again) if again < math.inf else (1.0, square)
        root = math.sqrt(square) if square >= 0 else math.nan
        value = factor * (root / unit)
        if not want & ~VALUE:
            return value
        outweighs = _one_at_infinity(call) if root == math.inf else None  # before the gradient takes y_pred's place
        # The unit in which the root is about 1, as far as the compute type has it.
        bound = 1000 if double_precision else 120
        exponent = 0 if not 0 < root < math.inf else math.frexp(root)[1] - round(math.log2(unit))
        unit_of_root = 2.0 ** max(-bound, min(bound, -exponent))
        scaled = math.inf if root == 0 else root * (unit_of_root / unit)
        weights = call.weights.weights
        weight = 1.0 if weights is None else describe(weights)
        inverse = scale(number)
        formulas = self._formulas(plan, want & ~VALUE, unit_of_root, scaled, weight, inverse)
        plan.loop(formulas, factor * inverse, want & ~VALUE, results._replace(value=None))
        if outweighs is not None:
            place, sign = outweighs
            own = 1.0 if weights is None else float(weights[place])
            for gradient in results.gradients.values():
                gradient[place] = sign * factor * math.sqrt(own * inverse)
            for hessian in results.hessians.values():
                hessian[place] = call.request.curvature.floor  # there the exact one is 0
        return value

    def _formulas(
        self, plan: Plan, want: int, unit: float, root: float = 1.0, weight: Any = 1.0, inverse: float = 1.0
    ) -> Any:
        """Return the formula in a unit, with the root in that unit; of the mean of its values only the unit counts."""
        return self.formulas(plan._replace(parameters=(unit, root, weight, inverse)), want)

    def fast_path(
        self, row: Row, parameters: Mapping[str, Any], terms: list[Term], factor: float, alone: bool
    ) -> tuple[Any, Any]:
        if not alone:
            return None, None
        given, values = terms[0].row, terms[0].parameters
        limits = limits_of_types(given, values)
        formulas = kernels.points.Formulas((formula_of(given, (1.0, 1.0, 1.0, 1.0)),))
        return kernels.points.PlainRoot(formulas, *limits, factor), None


def _one_at_infinity(call: Call) -> tuple[Any, float] | None:
    """Return where the only infinite residual is, and its sign: the root goes there as that residual alone does."""
    y_true, y_pred = (call.arrays.by_name[operand.name] for operand in call.request.row.operands)
    kept = call.weights.left_out.kept(y_pred.shape, call.weights.weights)
    places = np.argwhere(kept & ~(np.isfinite(y_pred) & np.isfinite(y_true)))
    if len(places) != 1:
        return None
    place = tuple(places[0])
    residual = float(y_pred[place]) - float(y_true[place])
    return None if math.isnan(residual) else (place, math.copysign(1.0, residual))
