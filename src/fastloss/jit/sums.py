"""Sums of element-wise losses, each with a factor, as one loss: one loop, one read of the data."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from ..formulas.declare import Domain, Parameter, Row, real
from ..loss import Loss, restored_row
from .translate import Formula
from .user import PointwiseSource, check_numba


def formula_of(row: Row) -> Formula:
    """Return the formula of an element-wise loss, with its Hessian where there is one."""
    if isinstance(row.kernels, PointwiseSource):
        return row.kernels.complete
    return _of_function(row.function)


@functools.cache
def _of_function(function: Any) -> Formula:
    from .translate import translate

    return translate(function)


def terms_of(loss: Loss) -> list[tuple[Row, dict[str, Any]]]:
    """Return the rows that a loss is a sum of, each with its parameters and its factor as ``scale``."""
    row = loss._row
    if row.kind != "pointwise" or any(parameter.kind != "element" for parameter in row.parameters):
        raise TypeError(f"{row.name} cannot be part of a sum: only element-wise losses with numbers for parameters can")
    if not isinstance(row.kernels, SumSource):
        return [(row, {"scale": 1.0, **loss.parameters})]
    values = iter(loss.parameters.values())
    return [(part, {name: next(values) for name in ("scale", *_names(part))}) for part in row.kernels.rows]


def _names(row: Row) -> list[str]:
    return [parameter.name for parameter in row.parameters]


class SumSource(PointwiseSource):
    """The formula of a sum, from those of its terms."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        parts = tuple(formula_of(row) for row in rows)
        arguments, lines, sums = ["y_true", "y_pred"], [], []
        results = min(part.results for part in parts)
        for k, (row, part) in enumerate(zip(rows, parts, strict=True)):
            own = [f"{name}{k}" for name in _names(row)]
            arguments += [f"scale{k}", *own]
            given = ", ".join(["y_true", "y_pred", *own])
            lines.append(f"    {', '.join(f'result{k}_{r}' for r in range(part.results))} = part{k}({given})")
        for r in range(results):
            # A term of factor 0 is left out: 0 times infinity would be NaN.
            terms = [f"where(scale{k} == real(0), real(0), scale{k} * result{k}_{r})" for k in range(len(rows))]
            sums.append(" + ".join(terms))
        name = "_and_".join(row.name for row in rows if row.name.isidentifier())[:60]
        text = "\n".join([f"def {name}({', '.join(arguments)}):", *lines, f"    return {', '.join(sums)}"])
        super().__init__(Formula(text, name, tuple(arguments), results, parts=parts))
        self.rows = rows

    @property
    def complete(self) -> Formula:
        """The formula: its terms have been completed."""
        return self.formula


def _common(rows: Sequence[Row], domains: Sequence[Domain], what: str) -> Domain:
    """Return the narrowest of the domains, which has to lie within the others."""
    narrowest = max(domains, key=lambda domain: (domain.low, domain.low_open, -domain.high, domain.high_open))
    for row, domain in zip(rows, domains, strict=True):
        if not domain.low <= narrowest.low <= narrowest.high <= domain.high:
            raise TypeError(f"{row.name} takes {what} {domain.description}; the other losses do not")
    return narrowest


@functools.cache
def row_of_sum(rows: tuple[Row, ...]) -> Row:
    """Return the row of a sum; the factors are parameters of it, and so are those of each term."""
    names: list[str] = []
    parameters: list[Parameter] = []
    for row in rows:
        count = sum(other == row.name or other.startswith(f"{row.name} ") for other in names)
        names.append(row.name)
        prefix = f"{row.name}_{count + 1}" if count else row.name
        parameters.append(Parameter(f"{prefix}_scale", 1.0, real, description=f"the factor of {prefix}"))
        parameters += [
            Parameter(f"{prefix}_{p.name}", p.default, p.domain, p.kind, p.description) for p in row.parameters
        ]
    predictions = {row.prediction for row in rows}
    return Row(
        name=" + ".join(names),
        kind="pointwise",
        summary=f"A sum of losses in one pass: {' + '.join(names)}.",
        formula=" + ".join(f"{name}_scale ({row.formula})" for name, row in zip(names, rows, strict=True)),
        source="; ".join(dict.fromkeys(row.source for row in rows)),
        target=_common(rows, [row.target for row in rows], "targets"),
        predicted=_common(rows, [row.predicted for row in rows], "predictions"),
        parameters=tuple(parameters),
        prediction=predictions.pop() if len(predictions) == 1 else "y_pred",
        kernels=SumSource(rows),
        made_by=(restored_sum, *(row.made_by or row.name for row in rows)),
    )


def restored_sum(*origins: Any) -> Row:
    """Return the row of a sum that was pickled."""
    return row_of_sum(tuple(restored_row(origin) for origin in origins))


def combined(terms: Sequence[tuple[float, Loss]]) -> Loss:
    """Return the sum of some losses, each with a factor."""
    check_numba()
    rows: list[Row] = []
    values: list[Any] = []
    for factor, loss in terms:
        for row, parameters in terms_of(loss):
            rows.append(row)
            scale = parameters.pop("scale")
            values += [scale * factor, *parameters.values()]
    row = row_of_sum(tuple(rows))
    return Loss(row, dict(zip(_names(row), values, strict=True)))
