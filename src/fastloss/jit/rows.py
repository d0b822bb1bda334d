"""Losses over rows of classes compiled by Numba (``kernels/jit_rows.pxi`` calls them)."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numba import carray, types
from numba.extending import overload

from ..formulas.declare import Row
from . import softmax
from .compiling import NUMBA_REALS, REALS, compile_kernel
from .elementwise import GRADIENT, HESSIAN, MAX_PARAMETERS, VALUE
from .translate import Formula, FormulaError
from .vecmath import POWERS, WORDS, strict

#: How a kernel takes rows, as kernels/jit_rows.pxi: a user's gets copies, which it may write into.
COPIED, IN_PLACE, TILES = 0, 1, 2


def kernel_of(
    row: Row, parameters: dict[str, Any], want: int, double: bool, classes: int, soft: bool
) -> tuple[int, int, tuple[float, ...]]:
    """Return the address of a kernel, a user's or that of cross-entropy, how it takes rows, and its parameters."""
    dense = soft or parameters["label_smoothing"] != 0
    if row.kernels is not None:
        address: int = row.kernels().address(want, double, dense)
        return address, COPIED, tuple(parameters[name] for name in row.kernels().formula.arguments[2:])
    tiles = classes <= softmax.FEW
    return softmax.kernel(want, double, dense, tiles).address, TILES if tiles else IN_PLACE, ()


# -- losses of users --------------------------------------------------------------------------------------------------


@functools.cache
def array_words(double: bool) -> dict[str, Any]:
    """Return the words of one argument for numbers and for arrays of them, element by element."""
    return {
        name: word if name in ("where", "clamp") else _for_arrays(name, word, NUMBA_REALS[double])
        for name, word in WORDS[REALS[double]].items()
        if name in _UNARY or name in ("where", "clamp")
    }


_UNARY = ("abs", "exp", "expm1", "log", "log1p", "log_sigmoid", "sigmoid", "softplus", "sqrt", "tanh")


def _for_arrays(name: str, word: Any, real: Any) -> Any:
    def of_any(x: Any) -> Any:
        raise NotImplementedError  # what runs is what Numba compiles

    @overload(of_any)
    def choose(x: Any) -> Any:
        if isinstance(x, types.Array) and x.ndim == 1:

            def of_array(x: Any) -> Any:
                result = np.empty(x.size, real)
                for i in range(x.size):
                    result[i] = word(real(x[i]))
                return result

            return of_array

        def of_number(x: Any) -> Any:
            return word(real(x))

        return of_number if isinstance(x, types.Number) else None

    return of_any


class RowKernels:
    """The compiled forms of one loss of a user over rows."""

    def __init__(self, formula: Formula) -> None:
        if len(formula.arguments) - 2 > MAX_PARAMETERS:
            raise FormulaError(
                f"{formula.name} has {len(formula.arguments) - 2} parameters; a loss has at most {MAX_PARAMETERS}"
            )
        self.formula = formula
        self.kernel = functools.lru_cache(maxsize=None)(self._kernel)

    def address(self, want: int, double: bool, soft: bool) -> int:
        """Return where the function is that gives these results of one row."""
        if want & HESSIAN and self.formula.results < 3:
            raise FormulaError(
                f"{self.formula.name} ({self.formula.place()}) returns no Hessian; "
                "return its diagonal after the gradient"
            )
        address: int = self.kernel(want, double, soft).address
        return address

    def _kernel(self, want: int, double: bool, soft: bool) -> Any:
        real = NUMBA_REALS[double]
        pointer = types.CPointer(real)
        doubles = types.CPointer(types.float64)
        results = ("value", "of_gradient", "of_hessian")[: self.formula.results]
        given = "".join(f", real(parameters[{k}])" for k in range(len(self.formula.arguments) - 2))
        lines = [
            "def kernel(logits, target, label, factor, parameters, gradient, hessian, classes):",
            f"    y_true = {'carray(target, classes)' if soft else 'label'}",
            f"    {', '.join(results)} = formula(y_true, carray(logits, classes){given})",
        ]
        for flag, name in ((GRADIENT, "gradient"), (HESSIAN, "hessian")):
            if want & flag:
                lines += ["    for c in range(classes):", f"        {name}[c] = real(of_{name}[c]) * real(factor)"]
        lines += [f"    return float64({'value' if want & VALUE else '0.0'})"]
        names = {**POWERS, **array_words(double), "real": real}
        compiled = self.formula.function(names, strict)
        names = {"formula": compiled, "real": real, "carray": carray, "float64": types.float64}
        signature = types.float64(pointer, pointer, types.int64, types.float64, doubles, pointer, pointer, types.intp)
        return compile_kernel("\n".join(lines) + "\n", signature, names, self.formula)


_of_formula: dict[tuple[Any, ...], RowKernels] = {}


def kernels_of_formula(formula: Formula) -> RowKernels:
    """Return the compiled forms of a formula: those of an equal one, if it has been asked for."""
    return _of_formula.setdefault(formula.identity, RowKernels(formula))
