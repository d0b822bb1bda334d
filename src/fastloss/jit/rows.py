"""Losses over rows of classes compiled by Numba (``kernels/rows/jit.pxi`` calls them)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numba import carray, types
from numba.extending import overload

from ..kinds.base import GRADIENT, HESSIAN, VALUE
from ..rows import Row
from . import softmax
from .compiling import NUMBA_REALS, REALS, compile_kernel
from .formula import Formula, FormulaError
from .vecmath import POWERS, WORDS, strict

#: How a kernel takes rows, as kernels/rows/jit.pxi: a user's gets copies, which it may write into.
COPIED, IN_PLACE, TILES = 0, 1, 2
#: What the function of a row returns: 0, or what went wrong (`kernels.rows.JIT_FAILURES` has the words).
RAISED, WRONG_SIZE = 1, {"gradient": 2, "hessian": 3}


def kernel_of(
    row: Row, parameters: Mapping[str, Any], want: int, double: bool, classes: int, soft: bool
) -> tuple[int, int, tuple[float, ...], str]:
    """Return the address of a kernel, a user's or that of cross-entropy, how it takes rows, parameters and name."""
    dense = soft or parameters["label_smoothing"] != 0
    if row.kernels is not None:
        address: int = row.kernels().address(want, double, dense)
        formula = row.kernels().formula
        shown = f"{formula.name} ({formula.place()})"
        return address, COPIED, tuple(parameters[name] for name in formula.arguments[2:]), shown
    tiles = classes <= softmax.FEW
    return softmax.kernel(want, double, dense, tiles).address, TILES if tiles else IN_PLACE, (), ""


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


def compiled_formula(formula: Formula, double: bool) -> Any:
    """Return the function of a row for other compiled functions. No index of it reads outside of an array."""
    words = {**POWERS, **array_words(double), "real": NUMBA_REALS[double]}
    return formula.function(words, functools.partial(strict, boundscheck=True))


class RowKernels:
    """The compiled forms of one loss of a user over rows."""

    def __init__(self, formula: Formula) -> None:
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
        results = ("of_value", "of_gradient", "of_hessian")[: self.formula.results]
        given = ["carray(target, classes)" if soft else "label", "carray(logits, classes)"]
        given += [f"real(parameters[{k}])" for k in range(len(self.formula.arguments) - 2)]
        lines = [
            "def kernel(logits, target, label, factor, parameters, value, gradient, hessian, classes):",
            f"    given = ({', '.join(given)})",  # Numba understands no more than 30 inside of a try
            "    try:",
            f"        {', '.join(results)} = formula(*given)",
        ]
        for flag, name in ((GRADIENT, "gradient"), (HESSIAN, "hessian")):
            if want & flag:
                lines += [
                    f"        if len(of_{name}) != classes:",
                    f"            return {WRONG_SIZE[name]}",
                    "        for c in range(classes):",
                    f"            {name}[c] = real(of_{name}[c]) * real(factor)",
                ]
        lines += [
            f"        value[0] = float64({'of_value' if want & VALUE else '0.0'})",
            "    except Exception:",  # nobody would get it
            f"        return {RAISED}",
            "    return 0",
        ]
        names = {
            "formula": compiled_formula(self.formula, double),
            "real": real,
            "carray": carray,
            "float64": types.float64,
        }
        return compile_kernel("\n".join(lines) + "\n", softmax.row_signature(double), names, self.formula)


_of_formula: dict[tuple[Any, ...], RowKernels] = {}


def kernels_of_formula(formula: Formula) -> RowKernels:
    """Return the compiled forms of a formula: those of an equal one, if it has been asked for."""
    return _of_formula.setdefault(formula.identity, RowKernels(formula))
