"""Sums of element-wise losses, each with a factor, as one loss: one loop, one read of the data."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ..formulas.declare import Domain, Parameter, Row, finite
from ..loss import _KEYWORDS, Loss, restored_row
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


class Term(NamedTuple):
    """A loss in a sum: its row, its factor, the values of its parameters."""

    row: Row
    factor: Any
    values: tuple[Any, ...]


def terms_of(loss: Loss) -> list[Term]:
    """Return what a loss is a sum of."""
    row = loss._row
    if row.kind != "pointwise" or any(parameter.kind != "element" for parameter in row.parameters):
        raise TypeError(f"{row.name} cannot be part of a sum: only element-wise losses with numbers for parameters can")
    if not isinstance(row.kernels, SumSource):
        return [Term(row, 1.0, tuple(loss.parameters.values()))]
    values = iter(loss.parameters.values())
    return [Term(part, next(values), tuple(next(values) for _ in part.parameters)) for part in row.kernels.rows]


class SumSource(PointwiseSource):
    """The formula of a sum, from those of its terms."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        parts = tuple(formula_of(row) for row in rows)
        arguments, lines = ["y_true", "y_pred"], []
        results = min(part.results for part in parts)
        for k, (row, part) in enumerate(zip(rows, parts, strict=True)):
            own = [f"parameter{k}_{p}" for p in range(len(row.parameters))]
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


def _prefixes(rows: Sequence[Row]) -> list[str]:
    """Return what the parameters of each term begin with: its name, with a number where that tells them apart."""
    prefixes: list[str] = []
    known = {"y_true", "y_pred", "logits", *_KEYWORDS}  # of every call
    for row in rows:
        own = ["factor", *(parameter.name for parameter in row.parameters)]
        if len(set(own)) < len(own):
            raise TypeError(f"{row.name} has a parameter 'factor', as every loss in a sum has: give it another name")
        others = {other.name for other in rows} - {row.name}
        prefix, count = row.name, 1
        while prefix in {*prefixes, *others} or not known.isdisjoint(f"{prefix}_{name}" for name in own):
            count += 1
            prefix = f"{row.name}_{count}"
        prefixes.append(prefix)
        known.update(f"{prefix}_{name}" for name in own)
    return prefixes


@functools.cache
def row_of_sum(rows: tuple[Row, ...]) -> Row:
    """Return the row of a sum; the factors are parameters of it, and so are those of each term."""
    names, prefixes = [row.name for row in rows], _prefixes(rows)
    parameters: list[Parameter] = []
    for prefix, row in zip(prefixes, rows, strict=True):
        parameters.append(Parameter(f"{prefix}_factor", 1.0, finite(1.0).domain, description=f"the factor of {prefix}"))
        parameters += [dataclasses.replace(p, name=f"{prefix}_{p.name}") for p in row.parameters]
    predictions = {row.prediction for row in rows}
    return Row(
        name=" + ".join(names),
        kind="pointwise",
        summary=f"A sum of losses in one pass: {' + '.join(names)}.",
        formula=" + ".join(f"{prefix}_factor ({row.formula})" for prefix, row in zip(prefixes, rows, strict=True)),
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


def _loss_of(terms: Sequence[Term]) -> Loss:
    check_numba()
    row = row_of_sum(tuple(term.row for term in terms))
    values = [value for term in terms for value in (term.factor, *term.values)]
    return Loss(row, {parameter.name: value for parameter, value in zip(row.parameters, values, strict=True)})


def combined(losses: Iterable[Loss]) -> Loss:
    """Return the sum of some losses."""
    return _loss_of([term for loss in losses for term in terms_of(loss)])


def scaled(loss: Loss, changed: Callable[[float], float]) -> Loss:
    """Return a loss with other factors, each made of the one that it has."""
    return _loss_of([term._replace(factor=changed(term.factor)) for term in terms_of(loss)])
