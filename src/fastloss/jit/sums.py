"""Sums of element-wise losses as one formula, which Numba compiles: for its engine, and for compiled functions."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from ..rows import Row
from .elementwise import kernels_of, kernels_of_formula
from .formula import Formula


@functools.lru_cache(256)
def formula_of_sum(rows: tuple[Row, ...]) -> Formula:
    """Return the formula of a sum, from those of its terms: it takes the factor of each, then its parameters."""
    parts = tuple(kernels_of(row).formula for row in rows)
    places = parts[0].places
    arrays = [f"array{k}" for k in range(places.arrays)]
    arguments, lines = [*arrays], []
    for k, part in enumerate(parts):
        own = [f"parameter{k}_{p}" for p in range(len(part.parameters))]
        arguments += [f"factor{k}", *own]
        results = part.as_returned(lambda name: f"{name}_of_{k}")  # noqa: B023
        lines.append(f"    {results} = part{k}({', '.join([*arrays, *own])})")
    name = "_and_".join(row.name for row in rows if row.name.isidentifier())[:60]
    total = Formula("", name, tuple(arguments), min(part.results for part in parts), parts=parts, places=places)
    for result in itertools.chain(*total.returned):
        for k in range(len(rows)):
            # A term of factor 0 is left out: 0 times infinity would be NaN.
            term = f"where(factor{k} == real(0), real(0), factor{k} * {result}_of_{k})"
            lines.append(f"    sum_{result} = {f'sum_{result} + {term}' if k else term}")
    last = f"    return {total.as_returned('sum_{}'.format)}"
    total.text = "\n".join([f"def _{name}({', '.join(arguments)}):", *lines, last])
    return total


def kernels_of_sum(rows: tuple[Row, ...]) -> Any:
    """Return the compiled loops of a sum."""
    return kernels_of_formula(formula_of_sum(rows))
