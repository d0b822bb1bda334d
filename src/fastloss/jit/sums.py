"""Sums of element-wise losses as one formula, which Numba compiles: for its engine, and for compiled functions."""

from __future__ import annotations

import functools
from typing import Any

from ..rows import Row
from .elementwise import kernels_of_formula
from .translate import Formula, translate_own
from .user import PointwiseSource


def formula_of(row: Row) -> Formula:
    """Return the formula of an element-wise loss, with its Hessian where there is one."""
    if isinstance(row.kernels, PointwiseSource):
        return row.kernels.complete
    return _of_function(row.function, row.entry)


@functools.cache
def _of_function(function: Any, entry: str) -> Formula:
    return translate_own(function, entry)


@functools.lru_cache(256)
def formula_of_sum(rows: tuple[Row, ...]) -> Formula:
    """Return the formula of a sum, from those of its terms: it takes the factor of each, then its parameters."""
    parts = tuple(formula_of(row) for row in rows)
    arguments, lines = ["y_true", "y_pred"], []
    results = min(part.results for part in parts)
    for k, part in enumerate(parts):
        own = [f"parameter{k}_{p}" for p in range(len(part.arguments) - 2)]
        arguments += [f"factor{k}", *own]
        given = ", ".join(["y_true", "y_pred", *own])
        lines.append(f"    {', '.join(f'result{k}_{r}' for r in range(part.results))} = part{k}({given})")
    for r in range(results):
        for k in range(len(rows)):
            # A term of factor 0 is left out: 0 times infinity would be NaN.
            term = f"where(factor{k} == real(0), real(0), factor{k} * result{k}_{r})"
            lines.append(f"    sum_{r} = {f'sum_{r} + {term}' if k else term}")
    name = "_and_".join(row.name for row in rows if row.name.isidentifier())[:60]
    given = ", ".join(f"sum_{r}" for r in range(results))
    text = "\n".join([f"def _{name}({', '.join(arguments)}):", *lines, f"    return {given}"])
    return Formula(text, name, tuple(arguments), results, parts=parts)


def kernels_of_sum(rows: tuple[Row, ...]) -> Any:
    """Return the compiled loops of a sum."""
    return kernels_of_formula(formula_of_sum(rows))
