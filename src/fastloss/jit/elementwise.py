"""Element-wise losses compiled by Numba: the loop of a block of any formula (``kernels/points/block.pxi`` calls it)."""

from __future__ import annotations

import functools
from typing import Any

from numba import types

from ..kinds.base import GRADIENT, HESSIAN, VALUE
from ..rows import Row
from ..runtime import kernels
from .compiling import NUMBA_REALS, compile_kernel, compiled_formula, never_raising
from .formula import Formula, FormulaError, Places, places_of
from .translate import translate_own

BLOCK_BYTES: int = kernels.frame.SHARED["BLOCK_BYTES"]


def loop_text(formula: Formula, want: int, double: bool, uniform: bool) -> str:
    """Return the source of the loop over a block, with what is not wanted left out.

    A uniform loop reads one multiplier and one number for each parameter, for all elements.
    """
    size = BLOCK_BYTES // (8 if double else 4)
    lines = [f"def kernel(first, prediction, multiplier, parameters, {', '.join(_OUTPUTS)}, n):"]
    if uniform:
        lines += ["    factor = multiplier[0]"]
        lines += [f"    parameter{k} = parameters[{k}]" for k in range(formula.numbers)]
    lines += ["    for i in range(n):"]
    if not uniform:
        lines += ["        factor = multiplier[i]"]
        lines += [f"        parameter{k} = parameters[{k * size} + i]" for k in range(formula.numbers)]
    given = formula.given("first[i]", "prediction[i]", "parameter{}".format)
    lines += [f"        {formula.as_returned('{}_i'.format)} = formula({given})"]
    if want & VALUE:
        lines += ["        value[i] = real(value_i)"]
    # A sample of weight 0 is left out, not multiplied: 0 times infinity would be NaN.
    for flag, names in zip((GRADIENT, HESSIAN), formula.returned[1:], strict=False):
        for name in names:
            if want & flag and (name != "cross" or want == HESSIAN):
                lines += [f"        {name}[i] = real(0) if factor == real(0) else real({name}_i) * factor"]
    return "\n".join(lines) + "\n"


#: The results as a `jit_block` takes them (``kernels/points/points.pyx``): those by a second prediction are the last.
_OUTPUTS = ("value", "gradient0", "hessian0", "gradient1", "hessian1", "cross")


class PointwiseKernels:
    """The loops of one formula, one for each choice of results, type and kind of parameters; compiled when asked."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.kernel = functools.lru_cache(maxsize=None)(self._kernel)

    def _kernel(self, want: int, double: bool, uniform: bool) -> Any:
        real = NUMBA_REALS[double]
        pointer = types.CPointer(real)
        formula = compiled_formula(self.formula, double)
        if self.formula.may_raise:
            formula = never_raising(formula, self.formula, real)
        names = {"formula": formula, "real": real}
        text = loop_text(self.formula, want, double, uniform)
        return compile_kernel(text, types.void(*[pointer] * (4 + len(_OUTPUTS)), types.intp), names, self.formula)

    def address(self, want: int, double: bool, uniform: bool) -> int:
        """Return where the loop is that gives these results."""
        if want & HESSIAN and self.formula.results < 3:
            raise FormulaError(
                f"{self.formula.name} ({self.formula.place()}) returns no Hessian, and none can be derived from its "
                "gradient; return it after the gradient"
            )
        address: int = self.kernel(want, double, uniform).address
        return address

    def loops(self) -> tuple[tuple[int, int], bool]:
        """Return the loops for both types that give all there is, and whether that includes a Hessian."""
        has_hessian = self.formula.results == 3
        want = VALUE | GRADIENT | (HESSIAN if has_hessian else 0)
        return (self.address(want, False, True), self.address(want, True, True)), has_hessian


_of_formula: dict[tuple[Any, ...], PointwiseKernels] = {}


def kernels_of_formula(formula: Formula) -> PointwiseKernels:
    """Return the loops of a formula: those of an equal one, if it has been asked for."""
    return _of_formula.setdefault(formula.identity, PointwiseKernels(formula))


@functools.cache
def _of_function(function: Any, entry: str, places: Places) -> PointwiseKernels:
    return PointwiseKernels(translate_own(function, entry, places))


def kernels_of(row: Row) -> PointwiseKernels:
    """Return the loops of a loss of points."""
    return _of_function(row.function, row.entry, places_of(row)) if row.kernels is None else row.kernels()
