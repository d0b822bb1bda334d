"""Factors and sums of losses. Each takes losses and is a loss.

A sum of element-wise losses, or of losses of a location and a scale, is one pass over the data
(``kernels/points/sums.pxi``). Any other sum is computed term by term: its value is the sum of what the terms return,
each with its own reduction, and so are its gradient and its Hessian, which are added up in double and rounded once. A
factor alone goes into the multiplier that every gradient has anyway.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from . import reductions
from .arrays import as_axis, describe
from .call import CURVATURE, KEYWORDS, Checked, allocate, check, compute, finish, place, read
from .call import by_parameters as by_parameters_of
from .kinds import fuses, kind_of
from .kinds.base import DIAGONAL, PRODUCT, Arrays, Call, Curvature, Request, Results, Weights
from .kinds.rows import Plan as RowsPlan
from .loss import Loss, folds, restored_row
from .rows import Parameter, Row, RowTarget, Term, common, finite
from .runtime import kernels, threads_for
from .samples import LeftOut, as_mask, as_weights


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
    for row in rows:
        if row.several and len(rows) > 1:
            listed = ", ".join(operand.name for operand in row.operands)
            raise TypeError(f"{row.name} takes {listed}; a sum is of losses of one target and one prediction")
    names, kinds = _names(rows), {(row.kind, row.axes) for row in rows}
    kind, axes = kinds.pop() if len(kinds) == 1 else ("sum", "")
    fused = fuses(kind)
    factor_kind = "element" if fused else "number"
    parameters: list[Parameter] = []
    axis: list[Parameter] = []
    for name, row in zip(names, rows, strict=True):
        parameters.append(Parameter(f"{name}_factor", 1.0, finite(1.0).domain, factor_kind, f"the factor of {name}"))
        parameters += [p._replace(name=f"{name}_{p.name}") for p in row.parameters if p.kind != "axis"]
        axis = axis or [p for p in row.parameters if p.kind == "axis"]
    predictions, held = {row.prediction for row in rows}, {row.holds for row in rows}
    listed = " + ".join(row.name for row in rows)
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
        kernels=functools.partial(_kernels_of_sum, rows) if fused else None,
        made_by=(restored_sum, *(row.made_by or row.name for row in rows)),
        terms=tuple(zip(names, rows, strict=True)),
        summed=row_of_sum,
        arrays=rows[0].arrays,
        axes=axes,
        core=rows[0].core if axes else (),
        of_rows=rows[0].of_rows,
        lattice=rows[0].lattice,
        no_hessian=next((row.no_hessian for row in rows if row.no_hessian), ""),
        couples=kind == rows[0].kind and rows[0].couples,
    )


def _names(rows: Sequence[Row]) -> list[str]:
    """Return what the parameters of each term begin with: its name, with a number where that tells them apart."""
    names: list[str] = []
    known = {"y_true", "y_pred", "logits", "axis", *KEYWORDS, *CURVATURE}  # of every call
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
        {form in ("index", "number") for form in row.target.forms}
        if isinstance(row.target, RowTarget)
        else {row.axes == "2", row.axes in ("2", "R")}  # of regions its parameters say which
        for row in rows
    ]
    if not set.intersection(*shapes):
        first, second = (next(row for row, of in zip(rows, shapes, strict=True) if of == {x}) for x in (True, False))
        what = (
            first.target.description if isinstance(first.target, RowTarget) else "one target for a location and a scale"
        )
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


def evaluate(request: Request, factor: float) -> Any:
    """Return the results of a call of a sum, times a factor."""
    terms = request.row.parts(request.parameters)
    if len(terms) == 1:
        (term,) = terms
        alone = request_of(request, term, request.out, request.sample_weight, request.where)
        checked = named(request.row, term, lambda: check(alone._replace(fast=request.fast, fast_jit=request.fast_jit)))
        of_all = factor * term.factor if np.ndim(term.factor) == 0 else 0.0
        if folds(of_all) and checked.holds(of_all):
            return compute(checked, of_all)
    if fuses(request.row.kind):
        return compute(check(request), factor)
    return _term_by_term(request, terms, factor)


@functools.lru_cache(256)
def _unbound(row: Row) -> Loss:
    return Loss(row)


def request_of(request: Request, term: Term, out: Any, weight: Any, where: Any, in_float64: bool = False) -> Request:
    """Return what a call of one term asks for."""
    keywords = {
        **term.parameters, "reduction": request.reduction, "normalizer": request.normalizer,
        "n_threads": request.n_threads, "sample_weight": weight, "where": where, "out": out,
    }  # fmt: skip
    if len(term.row.differentiated) > 1:
        keywords["wrt"] = request.wrt[0] if request.bare else request.wrt
    arrays = tuple(request.arrays.values())
    if term.row.several:  # of which some may not be there
        arrays, keywords = (), keywords | dict(request.arrays)
    asked = read(_unbound(term.row), request.want, arrays, keywords, in_float64)
    vectors = zip((operand.name for operand in term.row.differentiated), request.vectors.values(), strict=False)
    return asked._replace(second=request.second, vectors=dict(vectors), curvature=request.curvature)


def named(row: Row, term: Term, function: Callable[[], Any]) -> Any:
    """Return what a function returns; a message of a term names it, and its parameters as this sum has them."""
    try:
        return function()
    except (TypeError, ValueError) as error:
        text = str(error)
        for parameter in term.row.parameters:
            if parameter.kind != "axis":
                text = re.sub(rf"(?<![\w.]){parameter.name}(?= ?=|\[| has )", f"{term.name}_{parameter.name}", text)
        kind = ValueError if isinstance(error, ValueError) else TypeError
        of_all = len(row.terms) == 1 or text.startswith(("sample_weight", "where"))
        raise kind(text if of_all else f"{term.name}: {text}") from None


def _term_by_term(request: Request, terms: Sequence[Term], factor: float) -> Any:
    """Check every term, then compute each into arrays of its own, and add these up."""
    prediction = request.arrays[request.row.prediction]
    samples = [kind_of(term.row).samples(term.row, prediction, term.parameters) for term in terms]
    for term, other in zip(terms, samples, strict=True):
        if other != samples[0]:
            differ = f"the samples of {terms[0].name} have the shape {samples[0]}, those of {term.name} {other}"
            for option, given in (("sample_weight", request.sample_weight), ("where", request.where)):
                if not any(given is none for none in (None, True)):
                    raise ValueError(f"{option} does not go with this sum: {differ}")
            if request.reduction == "none":
                raise ValueError(f"reduction='none' does not go with this sum: {differ}")
    weights, _ = as_weights("sample_weight", request.sample_weight, samples[0])
    where = as_mask(request.where, samples[0])
    arrays, of_samples = Arrays(request.arrays, samples[0], ""), Weights(weights, where, LeftOut(where))
    call = Call(request, arrays, of_samples, place(request, arrays, of_samples))
    of_terms = request._replace(curvature=request.curvature.of_term())
    parts = [
        (term, named(request.row, term, lambda: check(request_of(of_terms, term, None, weights, where))))  # noqa: B023
        for term in terms
    ]
    results = allocate(call)

    # A term of factor 0 is left out: 0 times infinity would be NaN.
    counting = [(term.factor * factor, checked) for term, checked in parts if term.factor != 0]
    in_pieces = bool(counting) and all(isinstance(checked.plan, RowsPlan) for _, checked in counting)
    in_pieces &= request.second == DIAGONAL
    kept = _kept(call, [checked for _, checked in parts])
    return finish(call, results, (_in_pieces if in_pieces else _as_a_whole)(call, results, counting, kept))


#: The results of a call by what they are: "value", ("gradient", 0) … Terms may have other names for a prediction.
Every = dict[Any, np.ndarray[Any, Any]]


def _every(results: Results) -> Every:
    """Return the arrays for the results."""
    every: Every = {("gradient", k): array for k, array in enumerate(results.gradients.values())}
    every |= {("hessian", k): array for k, array in enumerate(results.hessians.values())}
    return every if results.value is None else {"value": results.value, **every}


def _results(request: Request, every: Every) -> Results:
    """Return them as a kind takes them."""
    gradients, hessians = (
        {name: every[of, k] for k, name in enumerate(request.wrt) if (of, k) in every} for of in ("gradient", "hessian")
    )
    return Results(every.get("value"), gradients, hessians)


def _kept(call: Call, terms: Sequence[Checked]) -> np.ndarray[Any, Any] | None:
    """Return which elements of the Hessian some term does not leave out, where a floor would have to know."""
    found = [(checked.call.arrays.samples, checked.call.weights) for checked in terms]
    if not call.request.curvature.floor or all(
        weights.weights is None and weights.left_out.where is None and weights.left_out.ignore_index is None
        for _, weights in found
    ):
        return None
    shape = call.arrays.by_name[call.request.row.prediction].shape
    kept = np.zeros(shape, np.bool_)
    for (samples, weights), checked in zip(found, terms, strict=True):
        of_term = weights.left_out.kept(samples, weights.weights)
        core = checked.call.request.row.axes
        if core:
            of_term = np.expand_dims(of_term, as_axis(call.request.parameters.get("axis", -1), len(shape)))
        kept |= of_term
    return kept


def _add_results(
    call: Call,
    key: Any,
    factors: Sequence[float],
    results: Sequence[np.ndarray[Any, Any]],
    total: np.ndarray[Any, Any],
    kept: np.ndarray[Any, Any] | None,
) -> None:
    """Write the sum of factor x result: of the Hessian, what is asked of it."""
    described = tuple(map(describe, results))
    threads = threads_for(call.request.n_threads, total.size)
    curvature = call.request.curvature if key[0] == "hessian" else Curvature()
    if curvature.by_gauss_newton:
        factors = [abs(factor) for factor in factors]
    kernels.points.add_results(
        call.request.double_precision, total.size, tuple(factors), described, describe(total), threads,
        curvature.described(), describe(kept) if curvature.floor else None,
    )  # fmt: skip


def _total(factors: Sequence[float], values: Sequence[float]) -> float:
    return added(factor * value for factor, value in zip(factors, values, strict=True))


def _as_a_whole(
    call: Call, total: Results, counting: Sequence[tuple[float, Checked]], kept: np.ndarray[Any, Any] | None
) -> float:
    """Compute one term after the other; add up their results; return the value, where it is reduced."""
    factors, values, computed = [factor for factor, _ in counting], [], []
    for k, (_, checked) in enumerate(counting):
        room = {key: array for key, array in _every(total).items() if k == 0 and _has_room(call, key, array)}
        results = allocate(checked.call, call.compute_type, _results(checked.call.request, room))
        kind = kind_of(checked.call.request.row)
        values.append(kind.run(checked.plan, results, checked.number, 1.0) or 0.0)
        computed.append(_every(results))
    for key, array in _every(total).items():
        _add_results(call, key, factors, [results[key] for results in computed], array, kept)
    return _total(factors, values)


def _has_room(call: Call, key: Any, array: np.ndarray[Any, Any]) -> bool:
    """Tell whether the first term may use the array of a sum: it is of the compute type, and no term reads it."""
    in_place = call.outputs.in_place and (key[0] == "gradient" or call.request.second == PRODUCT)
    return not in_place and array.dtype == call.compute_type


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


def _in_pieces(
    call: Call, total: Results, counting: Sequence[tuple[float, Checked]], kept: np.ndarray[Any, Any] | None
) -> float:
    """Compute all terms of some rows, then of the next: the data are read once, and the results added up in a cache."""
    factors, plans = [factor for factor, _ in counting], [checked.plan for _, checked in counting]
    axis = call.request.parameters.get("axis", -1)
    totals = {key: array if key == "value" else np.moveaxis(array, axis, -1) for key, array in _every(total).items()}
    buffers: dict[Any, np.ndarray[Any, Any]] = {}

    def room(k: int, key: Any, wanted: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return where term k leaves a result: the first where the sum goes, if it may."""
        if k == 0 and _has_room(call, key, wanted):
            return wanted
        if (k, key) not in buffers or buffers[k, key].shape != wanted.shape:
            buffers[k, key] = np.empty(wanted.shape, call.compute_type)
        return buffers[k, key]

    y_pred = np.moveaxis(call.request.arrays[call.request.row.prediction], axis, -1)
    sums: list[list[float]] = [[] for _ in counting]
    for piece in _pieces(y_pred.shape[:-1], y_pred.shape[-1]):
        wanted = {key: array[piece] for key, array in totals.items()}
        results = [{key: room(k, key, array) for key, array in wanted.items()} for k in range(len(counting))]
        for k, (_, checked) in enumerate(counting):
            own = _results(checked.call.request, results[k])
            sums[k].append(plans[k].cut(piece).loop(False, checked.number, own))
        for key, array in wanted.items():
            counted = None if kept is None else np.moveaxis(kept, axis, -1)[piece]
            _add_results(call, key, factors, [of_term[key] for of_term in results], array, counted)
    values = [reductions.reduced(_pairwise(sums[k]), checked.number) or 0.0 for k, (_, checked) in enumerate(counting)]
    return _total(factors, values)


def _pairwise(numbers: Sequence[float]) -> float:
    """Return the sum of numbers, as the kernels add up blocks."""
    if len(numbers) <= 2:
        return added(numbers)
    half = len(numbers) // 2
    return _pairwise(numbers[:half]) + _pairwise(numbers[half:])


def by_parameters(request: Request) -> dict[str, Any]:
    """Return the derivatives by the factors, and by the parameters of the terms that have them."""
    derivatives: dict[str, Any] = {}
    for term in request.row.parts(request.parameters):
        name = f"{term.name}_factor"
        if np.ndim(term.factor):
            raise ValueError(f"{name} is an array; parameter_grads takes factors that are numbers")
        part = request_of(request, term, None, request.sample_weight, request.where, in_float64=True)
        derivatives[name] = named(request.row, term, lambda: compute(check(part)))  # noqa: B023
        if term.row.learned and part.chosen.fuller is None:
            for own, derivative in by_parameters_of(part).items():
                derivatives[f"{term.name}_{own}"] = term.factor * derivative if term.factor else 0.0 * derivative
    return derivatives
