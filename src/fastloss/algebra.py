"""Factors and sums of losses. Each takes losses and is a loss.

A sum of element-wise losses, or of losses of a location and a scale, is one pass over the data
(``kernels/points/sums.pxi``). Any other sum is computed term by term: its value is the sum of what the terms return,
each with its own reduction, and so are its gradient and its Hessian, which are added up in double and rounded once. A
factor alone goes into the multiplier that every gradient has anyway.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from . import reductions
from .arrays import as_axis, describe, without_axis
from .loss import _KEYWORDS, Loss, _Call, folds, restored_row
from .rows import Parameter, Row, RowTarget, Term, common, finite
from .runtime import kernels, threads_for
from .samples import as_mask, as_weights

#: The kinds of losses whose sums are one pass.
FUSED = frozenset({"pointwise", "location_scale"})


def added(numbers: Iterable[float]) -> float:
    """Return the sum of numbers in their order: from Python 3.12 on sum() is compensated, and has other bits."""
    return functools.reduce(operator.add, numbers, 0.0)


# ---- making one -------------------------------------------------------------------------------------------------


def terms_of(loss: Loss) -> list[Term]:
    """Return what a loss is a sum of."""
    row = loss._row
    return row.parts(loss._parameters) if row.terms else [Term(row.name, row, 1.0, loss._parameters)]


def combined(losses: Iterable[Loss]) -> Loss:
    """Return the sum of some losses."""
    return _loss_of(_merged(term for loss in losses for term in terms_of(loss)))


def scaled(loss: Loss, changed: Callable[[Any], Any]) -> Loss:
    """Return a loss with other factors, each made of the one that it has."""
    return _loss_of([term._replace(factor=changed(term.factor)) for term in terms_of(loss)])


def _merged(terms: Iterable[Term]) -> list[Term]:
    """Return the terms with those added up that differ in nothing but their factors, if these are numbers."""
    found: dict[Any, Term] = {}
    for term in terms:
        if isinstance(term.factor, np.ndarray):
            found[len(found)] = term
            continue
        key = term.row, tuple(map(_identity, term.parameters.values()))
        other = found.get(key)
        found[key] = term if other is None else term._replace(factor=other.factor + term.factor)
    return list(found.values())


def _identity(value: Any) -> Any:
    return (value.shape, value.dtype.str, value.tobytes()) if isinstance(value, np.ndarray) else value


def _loss_of(terms: Sequence[Term]) -> Loss:
    row = row_of_sum(tuple(term.row for term in terms))
    _common([(term.row.name, term.row.targets(term.parameters)) for term in terms], "targets")
    _common([(term.row.name, term.row.predictions(term.parameters)) for term in terms], "predictions")
    values: dict[str, Any] = {}
    for (name, _), term in zip(row.terms, terms, strict=True):
        values[f"{name}_factor"] = term.factor
        for parameter in term.row.parameters:
            value = term.parameters[parameter.name]
            if parameter.kind != "axis":
                values[f"{name}_{parameter.name}"] = value
            elif values.setdefault(parameter.name, value) != value:
                raise TypeError(
                    f"the losses have their classes on axis {values[parameter.name]} and on axis {value}; "
                    "bind all of them to one axis"
                )
    return Loss(row, values)


@functools.lru_cache(256)
def row_of_sum(rows: tuple[Row, ...]) -> Row:
    """Return the row of a sum; the factors are parameters of it, and so are those of each term."""
    names, kinds = _names(rows), {row.kind for row in rows}
    kind = kinds.pop() if len(kinds) == 1 else "sum"
    factor_kind = "element" if kind in FUSED else "number"
    parameters: list[Parameter] = []
    axis: list[Parameter] = []
    for name, row in zip(names, rows, strict=True):
        parameters.append(Parameter(f"{name}_factor", 1.0, finite(1.0).domain, factor_kind, f"the factor of {name}"))
        parameters += [dataclasses.replace(p, name=f"{name}_{p.name}") for p in row.parameters if p.kind != "axis"]
        axis = axis or [p for p in row.parameters if p.kind == "axis"]
    predictions, held = {row.prediction for row in rows}, {row.holds for row in rows}
    listed = " + ".join(row.name for row in rows)
    fuses = kind == "pointwise"
    return Row(
        name=listed if len(rows) > 1 else f"factor * {listed}",
        kind=kind,
        summary=f"A sum of losses, each with a factor: {listed}." if len(rows) > 1 else f"{listed} with a factor.",
        formula=" + ".join(f"{name}_factor ({row.formula})" for name, row in zip(names, rows, strict=True)),
        source="; ".join(dict.fromkeys(row.source for row in rows)),
        target=_target_of(rows),
        parameters=(*parameters, *axis),
        prediction=predictions.pop() if len(predictions) == 1 else "y_pred",
        holds=held.pop() if len(held) == 1 else "numbers",
        predicted=_common([(row.name, row.predicted) for row in rows], "predictions"),
        kernels=functools.partial(_kernels_of_sum, rows) if fuses else None,
        made_by=(restored_sum, *(row.made_by or row.name for row in rows)),
        terms=tuple(zip(names, rows, strict=True)),
        summed=row_of_sum,
    )


def _names(rows: Sequence[Row]) -> list[str]:
    """Return what the parameters of each term begin with: its name, with a number where that tells them apart."""
    names: list[str] = []
    known = {"y_true", "y_pred", "logits", "axis", *_KEYWORDS}  # of every call
    for row in rows:
        own = ["factor", *(parameter.name for parameter in row.parameters)]
        if len(set(own)) < len(own):
            raise TypeError(f"{row.name} has a parameter 'factor', as every loss in a sum has: give it another name")
        others = {other.name for other in rows} - {row.name}
        name, count = row.name, 1
        while name in {*names, *others} or not known.isdisjoint(f"{name}_{of_own}" for of_own in own):
            count += 1
            name = f"{row.name}_{count}"
        names.append(name)
        known.update(f"{name}_{of_own}" for of_own in own)
    return names


def _common(domains: Sequence[tuple[str, Any]], what: str) -> Any:
    try:
        return common(domains, what)
    except ValueError as error:
        raise TypeError(str(error)) from None


def _target_of(rows: Sequence[Row]) -> Any:
    """Return what `y_true` may be; raise where nothing suits all losses."""
    # One target for each sample, or one for each prediction: what each loss takes.
    shapes = [
        {form == "index" for form in row.target.forms}
        if isinstance(row.target, RowTarget)
        else {row.kind == "location_scale"}
        for row in rows
    ]
    if not set.intersection(*shapes):
        first, second = (next(row for row, of in zip(rows, shapes, strict=True) if of == {x}) for x in (True, False))
        what = first.target.description if first.kind == "rowwise" else "one target for a location and a scale"
        raise TypeError(
            f"{first.name} takes {what}, {second.name} one target for each prediction: no target suits both"
        )
    return _common([(row.name, row.target) for row in rows], "targets")


def _kernels_of_sum(rows: tuple[Row, ...]) -> Any:
    from .jit.sums import kernels_of_sum

    return kernels_of_sum(rows)


def restored_sum(*origins: Any) -> Row:
    """Return the row of a sum that was pickled."""
    return row_of_sum(tuple(restored_row(origin) for origin in origins))


def shown(loss: Loss) -> str:
    """Return a sum as it is written."""
    texts = []
    for term in terms_of(loss):
        defaults = {p.name: p.default for p in term.row.parameters}
        bound = {k: v for k, v in term.parameters.items() if _identity(v) != _identity(defaults[k])}
        text = repr(Loss(term.row, bound))
        alone = len(loss._row.terms) == 1
        as_it_is = not alone and np.ndim(term.factor) == 0 and term.factor == 1
        texts.append(text if as_it_is else f"{' '.join(repr(term.factor).split())} * {text}")
    text = " + ".join(texts)
    keywords = ", ".join(f"{name}={value!r}" for name, value in loss._keywords.items())
    return f"({text}).bind({keywords})" if keywords else text


# ---- calling one ------------------------------------------------------------------------------------------------


def run(call: _Call) -> Any:
    """Return the results of a call of a sum."""
    terms = call.row.parts(call.parameters)
    if len(terms) == 1:
        (term,) = terms
        alone = _call_of(call, term, call.options)
        alone.short, alone.jit = call.short, call.jit
        compute = _named(call, term, alone.checked)
        alone.factor = call.factor * term.factor if np.ndim(term.factor) == 0 else 0.0
        if folds(alone.factor) and alone.holds_factor():
            return compute()
    if call.row.kind in FUSED:
        return call.pointwise()()
    return _term_by_term(call, terms)


@functools.lru_cache(256)
def _unbound(row: Row) -> Loss:
    return Loss(row)


def _call_of(call: _Call, term: Term, options: dict[str, Any], in_float64: bool = False) -> _Call:
    """Return the call of one term."""
    keywords = {**term.parameters, **options}
    return _Call(_unbound(term.row), call.want, (call.y_true, call.y_pred), keywords, in_float64)


def _named(call: _Call, term: Term, function: Callable[[], Any]) -> Any:
    """Return what a function returns; a message of a term names it, and its parameters as they are called here."""
    try:
        return function()
    except (TypeError, ValueError) as error:
        text = str(error)
        for parameter in term.row.parameters:
            if parameter.kind != "axis":
                text = re.sub(rf"(?<![\w.]){parameter.name}(?= ?=|\[| has )", f"{term.name}_{parameter.name}", text)
        kind = ValueError if isinstance(error, ValueError) else TypeError
        of_all = len(call.row.terms) == 1 or text.startswith(("sample_weight", "where"))
        raise kind(text if of_all else f"{term.name}: {text}") from None


def _samples(row: Row, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Return the shape of what has a weight of its own."""
    if row.kind == "rowwise" and shape:
        return without_axis(shape, as_axis(axis, len(shape)))
    return shape[:-1] if row.kind == "location_scale" else shape


def _term_by_term(call: _Call, terms: Sequence[Term]) -> Any:
    """Check every term, then compute each into arrays of its own, and add these up."""
    samples = [_samples(term.row, call.y_pred.shape, call.parameters.get("axis", -1)) for term in terms]
    for term, other in zip(terms, samples, strict=True):
        if other != samples[0]:
            differ = f"the samples of {terms[0].name} have the shape {samples[0]}, those of {term.name} {other}"
            for option in ("sample_weight", "where"):
                if not any(call.options.get(option) is none for none in (None, True)):
                    raise ValueError(f"{option} does not go with this sum: {differ}")
            if call.reduction == "none":
                raise ValueError(f"reduction='none' does not go with this sum: {differ}")
    call.weights, _ = as_weights("sample_weight", call.options.get("sample_weight"), samples[0])
    call.where = as_mask(call.options.get("where"), samples[0])
    call.outputs(samples[0])
    shared = {name: value for name, value in call.options.items() if name in ("reduction", "normalizer", "n_threads")}
    shared |= {"sample_weight": call.weights, "where": call.where}
    parts = [(term, part := _call_of(call, term, shared), _named(call, term, part.checked)) for term in terms]
    call.allocate()

    # A term of factor 0 is left out: 0 times infinity would be NaN.
    counting = [(term.factor * call.factor, part, compute) for term, part, compute in parts if term.factor != 0]
    add = _in_pieces if call.row.kind == "rowwise" else _as_a_whole
    return call.finish(add(call, counting), 1.0)


def _add_results(call: _Call, factors: Sequence[float], results: Sequence[Any], total: Any) -> None:
    """Write the sum of factor x result."""
    described = tuple(map(describe, results))
    threads = threads_for(call.n_threads, total.size)
    kernels.add_results(call.double_precision, total.size, tuple(factors), described, describe(total), threads)


def _total(factors: Sequence[float], values: Sequence[float]) -> float:
    return added(factor * value for factor, value in zip(factors, values, strict=True))


def _as_a_whole(call: _Call, counting: Sequence[tuple[float, _Call, Callable[[], Any]]]) -> float:
    """Compute one term after the other; add up their results; return the value, where it is reduced."""
    factors, values = [factor for factor, _, _ in counting], []
    for k, (_, part, compute) in enumerate(counting):
        part.result_type = compute_type(call)
        if k == 0:
            own = {name: _room_of(call, name, getattr(call, name)) for name, _ in part.fresh}
            vars(part).update({name: array for name, array in own.items() if array is not None})
            part.fresh = [(name, shape) for name, shape in part.fresh if own[name] is None]
        compute()
        values.append(part.reduced_total)
    for name in ("value", "gradient", "hessian"):
        if getattr(call, name) is not None:
            _add_results(call, factors, [getattr(part, name) for _, part, _ in counting], getattr(call, name))
    return _total(factors, values)


def _room_of(call: _Call, name: str, total: Any) -> Any:
    """Return the array of a sum if the first term may use it: it is of the compute type, and not the prediction."""
    in_place = name == "gradient" and call.in_place
    return None if in_place or total is None or total.dtype != compute_type(call) else total


def compute_type(call: _Call) -> np.dtype[Any]:
    """Return the type that a call is computed in."""
    return np.dtype(np.float64 if call.double_precision else np.float32)


#: Elements of a piece: what all terms make of it stays in a cache.
_PIECE = 1 << 17


def _pieces(samples: tuple[int, ...], classes: int) -> Iterator[tuple[Any, ...]]:
    """Return indices of the samples that cut them into pieces, which depend on their number alone."""
    most, rest, axis = max(1, _PIECE // max(classes, 1)), 1, len(samples)
    while axis and rest * samples[axis - 1] <= most:
        axis -= 1
        rest *= samples[axis]
    if axis == 0:
        yield (...,)
        return
    step = max(1, most // rest)
    for outer in np.ndindex(samples[: axis - 1]):
        for first in range(0, samples[axis - 1], step):
            yield (*outer, slice(first, first + step))


def _in_pieces(call: _Call, counting: Sequence[tuple[float, _Call, Callable[[], Any]]]) -> float:
    """Compute all terms of some rows, then of the next: the data are read once, and the results added up in a cache."""
    axis = call.parameters["axis"]

    def last(array: Any) -> Any:
        return array if array is None else np.moveaxis(array, axis, -1)

    y_pred = last(call.y_pred)
    totals = {"value": call.value, "gradient": last(call.gradient), "hessian": last(call.hessian)}
    factors = [factor for factor, _, _ in counting]
    buffers: dict[Any, np.ndarray[Any, Any]] = {}

    def room(k: int, name: str, total: Any) -> Any:
        """Return where term k leaves a result: the first where the sum goes, if it may."""
        if total is None:
            return None
        if k == 0 and _room_of(call, name, total) is not None:
            return total
        if (k, name) not in buffers or buffers[k, name].shape != total.shape:
            buffers[k, name] = np.empty(total.shape, compute_type(call))
        return buffers[k, name]

    sums: list[list[float]] = [[] for _ in counting]
    for piece in _pieces(y_pred.shape[:-1], y_pred.shape[-1]):
        wanted = {name: None if total is None else total[piece] for name, total in totals.items()}
        results = [{name: room(k, name, total) for name, total in wanted.items()} for k in range(len(counting))]
        for k, (_, part, _) in enumerate(counting):
            sums[k].append(part.run_rows(False, part.divisor, piece, tuple(results[k].values())))
        for name, total in wanted.items():
            if total is not None:
                _add_results(call, factors, [of_term[name] for of_term in results], total)
    values = [reductions.reduced(_pairwise(sums[k]), part.divisor) for k, (_, part, _) in enumerate(counting)]
    return _total(factors, values)


def _pairwise(numbers: Sequence[float]) -> float:
    """Return the sum of numbers, as the kernels add up blocks."""
    if len(numbers) <= 2:
        return added(numbers)
    half = len(numbers) // 2
    return _pairwise(numbers[:half]) + _pairwise(numbers[half:])


def by_parameters(call: _Call) -> dict[str, Any]:
    """Return the derivatives by the factors, and by the parameters of the terms that have them."""
    derivatives: dict[str, Any] = {}
    for term in call.row.parts(call.parameters):
        name = f"{term.name}_factor"
        if np.ndim(term.factor):
            raise ValueError(f"{name} is an array; parameter_grads takes factors that are numbers")
        part = _call_of(call, term, call.options, in_float64=True)
        derivatives[name] = _named(call, term, part.run)
        if term.row.learned and part.chosen.fuller is None:
            for own, derivative in part.by_parameters().items():
                derivatives[f"{term.name}_{own}"] = term.factor * derivative if term.factor else 0.0 * derivative
    return derivatives
