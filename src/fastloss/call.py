"""A call of a loss in steps: read, resolve, weigh, place, check, compute. What each finds out is a frozen value.

Nothing is written before everything is checked: `check` ends with the denominator, `compute` begins with the arrays for
the results.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import reductions
from .domains import check_held
from .foreign import check_pairing, is_foreign
from .kinds import kind_of
from .kinds.base import (
    DIAGONAL,
    EXACT,
    GRADIENT,
    HESSIAN,
    MATRIX,
    PRODUCT,
    VALUE,
    Array,
    Arrays,
    Call,
    Curvature,
    Outputs,
    Request,
    Results,
    Weights,
)
from .operands import read_arrays
from .outputs import as_output, check_overlaps, split_out, split_several
from .parameters import as_parameter, check_held_parameters
from .rows import Domain, Row
from .runtime import checked_threads, kernels
from .samples import LeftOut, as_mask, as_weights, check_weights
from .scalars import as_number, shown

if TYPE_CHECKING:
    from .loss import Loss

KEYWORDS = ("sample_weight", "where", "reduction", "normalizer", "out", "n_threads")
#: What a call takes besides where it returns the diagonal of a Hessian, and what that is where nobody asks.
CURVATURE = {"curvature": "exact", "hess_factor": 1.0, "hess_floor": 0.0}
#: Those of `KEYWORDS` that a loss can be bound to: what is no array.
BINDABLE = ("reduction", "normalizer", "n_threads")
_RESULTS = ((VALUE, "value"), (GRADIENT, "gradient"), (HESSIAN, "hessian"))


def keywords_of(row: Row) -> tuple[str, ...]:
    """Return what a call of a loss takes besides its arrays and parameters."""
    return (*KEYWORDS, "wrt") if len(row.differentiated) > 1 else KEYWORDS


# ---- read -------------------------------------------------------------------------------------------------------


def read(
    loss: Loss,
    want: int,
    args: tuple[Any, ...],
    keywords: Mapping[str, Any],
    in_float64: bool = False,
    vectors: Mapping[str, Any] = {},
) -> Request:
    """Return what a call asks for: arrays by name, parameters and options checked.

    `vectors` are arrays as they were given, of a prediction's shape, whose labels have to be the call's too.
    """
    kernels.frame.check_stack()
    row = loss._row
    given, parameters, options = _sorted(loss, args, keywords)
    changed = [parameter for parameter in row.parameters if parameter.name in keywords] if keywords else []
    for parameter in changed:
        parameters[parameter.name] = as_parameter(parameter, keywords[parameter.name])
    chosen = checked_choice(row, parameters) if changed else loss._chosen
    reduction, normalizer, n_threads = as_keywords(row, options).values()
    if want & HESSIAN and row.no_hessian:
        raise TypeError(f"{row.name} has no diagonal of the Hessian: {row.no_hessian}")
    curvature = as_curvature(row, want, options)
    arrays = read_arrays(row, given)
    wrt, bare = as_wrt(row, options.get("wrt"), arrays)
    given_at_all = (*given.values(), *keywords.values(), *vectors.values())
    if sum(is_foreign(type(value)) for value in given_at_all) > 1:  # else there are no two that have labels
        _check_pairing(row, given, keywords, parameters, arrays, vectors)
    # A number that all samples share is computed with in the type of the arrays.
    predictions = [arrays[o.name] for o in row.differentiated if o.name in arrays and (o.axes or not o.shared)]
    double_precision = in_float64 or any(array.dtype.type is np.float64 for array in predictions)
    if not double_precision:
        check_held_parameters(changed if loss._in_float32 else row.parameters, parameters)
        if curvature is not EXACT:
            check_held("hess_factor", curvature.factor, _FACTOR)
            check_held("hess_floor", curvature.floor, _FLOOR)
    own = chosen is loss._chosen  # else the short ways call the loops of another formula
    return Request(
        row, chosen, want, arrays, double_precision, parameters, reduction, normalizer, n_threads,
        options.get("sample_weight"), options.get("where"), options.get("out"), wrt, bare,
        loss._short if own else None, loss._jit if own else None, curvature=curvature,
    )  # fmt: skip


def _sorted(
    loss: Loss, args: tuple[Any, ...], keywords: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the arrays, parameters and options of a call, with what the loss is bound to."""
    row = loss._row
    names = row.names
    if len(args) > len(names):
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        raise TypeError(f"{row.name} takes {listed}, then keywords; {len(args)} arguments were given by place")
    given = dict(zip(names, args, strict=False))
    parameters, options = dict(loss._parameters), dict(loss._keywords)
    known = keywords_of(row) if keywords else ()
    for name, value in keywords.items():
        if name in parameters:
            parameters[name] = value
        elif name in known or name in CURVATURE:
            options[name] = value
        elif name in names or (name == "y_pred" and not row.several):
            place = name if name in names else row.prediction
            if place in given:
                raise TypeError(f"{row.name} got {name} twice")
            given[place] = value
        else:
            raise TypeError(f"{row.name} has no keyword {name!r}; it has {[*parameters, *known]}")
    for operand in row.operands:
        if operand.optional:
            given.setdefault(operand.name, None)
        elif operand.name not in given:
            raise TypeError(f"{row.name} needs {operand.name}")
    return given, parameters, options


def _check_pairing(
    row: Row,
    given: Mapping[str, Any],
    keywords: Mapping[str, Any],
    parameters: Mapping[str, Any],
    arrays: Mapping[str, Array],
    vectors: Mapping[str, Any],
) -> None:
    """Raise where arguments are paired by position though their labels differ."""
    paired = {operand.name: given[operand.name] for operand in row.operands if not operand.shared}
    if row.of_rows is not None and arrays["y_true"].ndim == arrays[row.prediction].ndim:
        del paired["y_true"]  # probabilities of classes, beside numbers of features
    paired |= {name: keywords[name] for name in ("sample_weight", "where") if name in keywords}
    paired |= {p.name: keywords[p.name] for p in row.parameters if p.kind == "element" and p.name in keywords}
    paired |= vectors
    core = row.differentiated[0].axes
    check_pairing(paired, arrays[row.prediction].ndim, parameters.get("axis", -1) if core else None)


def as_wrt(row: Row, wrt: Any, arrays: Mapping[str, Array]) -> tuple[tuple[str, ...], bool]:
    """Return the predictions whose derivatives are wanted, and whether one is returned as it is, not in a tuple.

    By default these are all that were given.
    """
    names = tuple(operand.name for operand in row.differentiated if operand.name in arrays)
    if wrt is None:
        return names, len(names) == 1
    wanted = (wrt,) if isinstance(wrt, str) else wrt
    if not isinstance(wanted, tuple | list) or not all(isinstance(name, str) for name in wanted):
        raise TypeError(f"wrt must be the name of a prediction, or a tuple of some, not {shown(wrt)}")
    for place, name in enumerate(wanted):
        if name not in names:
            raise ValueError(
                f"wrt = {shown(wrt)}: {name!r} is no prediction of {row.name}; these are {', '.join(names)}"
            )
        if name in wanted[:place]:
            raise ValueError(f"wrt = {shown(wrt)} has {name!r} twice")
    if not wanted:
        raise ValueError(f"wrt is empty; the predictions of {row.name} are {', '.join(names)}")
    return tuple(wanted), isinstance(wrt, str)


def as_keywords(row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `reduction`, `normalizer` and `n_threads`, checked: those of a call, or those that a loss is bound to."""
    reduction, normalizer = reductions.as_reduction(given.get("reduction", "mean"), given.get("normalizer"))
    for each in (row, *(term for _, term in row.terms)):
        if each.couples and reduction != "mean":
            raise ValueError(f"{each.name} is the root of a mean: it has no reduction={reduction!r}")
    n_threads = given.get("n_threads")
    threads = None if n_threads is None else checked_threads("n_threads", n_threads)
    return {"reduction": reduction, "normalizer": normalizer, "n_threads": threads}


_FACTOR = Domain("a finite number > 0", 0.0, math.inf, low_open=True, high_open=True)
_FLOOR = Domain("a finite number >= 0", 0.0, math.inf, high_open=True)


def as_curvature(row: Row, want: int, given: Mapping[str, Any]) -> Curvature:
    """Return what the diagonal of a Hessian is to be, checked."""
    asked = {name: given[name] for name in CURVATURE if name in given} if given else {}
    if not asked:
        return EXACT
    if not want & HESSIAN:
        raise TypeError(
            f"{next(iter(asked))} is for methods that return the diagonal of the Hessian: {row.name}.grad_and_hess and "
            f"{row.name}.value_grad_hess"
        )
    mode, factor, floor = (asked.get(name, default) for name, default in CURVATURE.items())
    if not isinstance(mode, str):
        raise TypeError(f"curvature must be 'exact', 'gauss_newton' or 'abs', not {shown(mode)}")
    mode = str.__str__(mode)
    if mode not in ("exact", "gauss_newton", "abs"):
        raise ValueError(f"curvature = {shown(mode)} is not one of 'exact', 'gauss_newton', 'abs'")
    for each in [term for _, term in row.terms] or [row]:
        if mode == "gauss_newton" and each.kernels is not None:
            raise TypeError(
                f"{each.name} has no curvature='gauss_newton': it is a loss of your own, of which only the exact "
                "Hessian is known; 'abs' takes its absolute value, hess_floor what is at least wanted"
            )
    numbers = []
    for name, value, domain in (("hess_factor", factor, _FACTOR), ("hess_floor", floor, _FLOOR)):
        numbers.append(as_number(name, value))
        if numbers[-1] not in domain:
            raise ValueError(f"{name} = {shown(value)} is not {domain.description}")
    return Curvature(mode, *numbers)


def checked_choice(row: Row, parameters: Mapping[str, Any]) -> Row:
    """Return the row that parameters choose, which may refuse some that the loss itself does not."""
    chosen = row.chosen(parameters)
    if chosen is not row:
        for parameter in chosen.parameters:
            as_parameter(parameter, parameters[parameter.name])
    return chosen


# ---- resolve, weigh, place --------------------------------------------------------------------------------------


def resolve(request: Request) -> Arrays:
    """Return the arrays with their axes told apart."""
    return kind_of(request.row).resolve(request)


def weigh(request: Request, arrays: Arrays) -> Weights:
    """Return what belongs to each sample."""
    weights, may_vanish = as_weights("sample_weight", request.sample_weight, arrays.samples)
    where = as_mask(request.where, arrays.samples)
    ignored = request.parameters.get("ignore_index") if arrays.form == "index" else None
    left_out = LeftOut(where, arrays.by_name.get("y_true"), ignored)
    if may_vanish and weights is not None and not request.double_precision:
        check_weights("sample_weight", weights, request.double_precision, left_out)
    return Weights(weights, where, left_out)


def place(request: Request, arrays: Arrays, weights: Weights) -> Outputs:
    """Return where the caller wants results, checked against what else is in memory."""
    if request.out is None:
        gradients = dict.fromkeys(request.wrt if request.want & GRADIENT else ())
        hessians = dict.fromkeys(request.wrt if request.want & HESSIAN else ())
        return Outputs(None, None, gradients, hessians, (None,) * request.want.bit_count(), False)
    wanted = [(flag, name) for flag, name in _RESULTS if request.want & flag]
    if request.second != DIAGONAL:
        wanted = [(HESSIAN, request.second)]
    if not request.bare and len(wanted) == 1 and not request.want & VALUE:
        given = [request.out]  # as it is returned: no tuple of one tuple
    else:
        given = split_out(request.out, tuple(name for _, name in wanted))
    value = reduced = None
    outputs: dict[str, Array] = {}
    in_place: dict[str, str] = {}
    derivatives: dict[int, dict[str, Array | None]] = {GRADIENT: {}, HESSIAN: {}}
    for position, ((flag, name), output) in enumerate(zip(wanted, given, strict=True)):
        shown_as = f"out ({name})" if len(wanted) == 1 else f"out[{position}] ({name})"
        if flag == VALUE:
            if output is not None:
                none = request.reduction == "none"
                outputs[shown_as] = as_output(shown_as, output, arrays.samples if none else ())
                value, reduced = (outputs[shown_as], None) if none else (None, outputs[shown_as])
            continue
        places = (output,) if request.bare else split_several(shown_as, output, request.wrt)
        for k, (prediction, array) in enumerate(zip(request.wrt, places, strict=True)):
            own = shown_as if request.bare else f"{shown_as.partition(' ')[0]}[{k}] ({name} by {prediction})"
            if array is not None:
                array = outputs[own] = as_output(own, array, _derivative_shape(request, arrays, prediction))
                if flag == GRADIENT:
                    in_place[own] = prediction
                elif request.second == PRODUCT:
                    in_place[own] = vector_name(request.row, prediction)
            derivatives[flag][prediction] = array
    is_in_place = False
    if outputs:
        inputs: dict[str, Any] = dict(arrays.by_name) | {"sample_weight": weights.weights, "where": weights.where}
        inputs |= {name: given for name, given in request.parameters.items() if isinstance(given, np.ndarray)}
        inputs |= {vector_name(request.row, name): vector for name, vector in request.vectors.items()}
        is_in_place = check_overlaps(outputs, inputs, in_place)
    return Outputs(value, reduced, derivatives[GRADIENT], derivatives[HESSIAN], given, is_in_place)


def vector_name(row: Row, prediction: str) -> str:
    """Return what messages call the vector of a prediction."""
    names = [operand.name for operand in row.differentiated]
    return "vector" if len(names) == 1 else f"vector[{names.index(prediction)}]"


def _derivative_shape(request: Request, arrays: Arrays, prediction: str) -> tuple[int, ...]:
    """Return the shape of derivatives: that of their prediction, or a matrix for each sample."""
    shape: tuple[int, ...] = arrays.by_name[prediction].shape
    if request.second != MATRIX:
        return shape
    classes = shape[request.parameters["axis"]]
    return (*arrays.samples, classes, classes)


# ---- check, compute ---------------------------------------------------------------------------------------------


class Checked(NamedTuple):
    """A call of which everything is checked."""

    call: Call
    plan: Any
    total: float  # the sum of the weights
    number: float  # what the sum of the weighted losses is divided by

    def holds(self, factor: float) -> bool:
        """Tell whether a factor times any multiplier of a gradient is a number of the compute type."""
        largest = self.total / self.number if self.number else 0.0
        return largest * abs(factor) < (2.0**1020 if self.call.request.double_precision else 2.0**120)


def check(request: Request, weight_sum: Any = None) -> Checked:
    """Check everything, and find the denominator; `weight_sum`: an ``ExactSum`` for the sum of the weights."""
    kind = kind_of(request.row)
    if request.second != DIAGONAL:
        kind.check_second(request.row, request.second)
    arrays = resolve(request)
    weights = weigh(request, arrays)
    call = Call(request, arrays, weights, place(request, arrays, weights))
    plan = kind.plan(call)
    total = kind.inspect(plan, weight_sum)
    if total != total:
        if weights.weights is not None:
            check_weights("sample_weight", weights.weights, request.double_precision, weights.left_out)
        kind.explain(plan)
        raise ValueError("y_true or sample_weight was changed by another thread while it was checked")
    # Weights are multiplied by the scale in float64; where samples depend on each other the scale is a parameter.
    in_float64 = request.double_precision or (request.normalizer is None and not request.row.couples)
    number = reductions.denominator(request.reduction, request.normalizer, total, in_float64)
    kind.check_scale(plan, number, total)
    return Checked(call, plan, total, number)


def compute(checked: Checked, factor: float = 1.0) -> Any:
    """Return the results of a call, times a factor."""
    call = checked.call
    results = allocate(call)
    value = kind_of(call.request.row).run(checked.plan, results, checked.number, factor)
    return finish(call, results, value)


def evaluate(request: Request, factor: float = 1.0) -> Any:
    """Return the results of a call, times a factor."""
    if request.row.terms:
        from .algebra import evaluate as evaluate_sum

        return evaluate_sum(request, factor)
    return compute(check(request), factor)


def by_parameters(request: Request) -> dict[str, Any]:
    """Return the derivatives by the parameters of a loss."""
    if request.chosen.fuller is not None:
        names = " and ".join(parameter.name for parameter in request.row.learned)
        raise ValueError(
            f"the value of {request.row.name} lacks terms that depend on {names}, without which it cannot be learned; "
            "full=True adds them"
        )
    checked = check(request)
    with np.errstate(all="ignore"):
        derivatives: dict[str, Any] = kind_of(request.row).by_parameters(checked.plan, checked.number)
    return derivatives


NO_RESULTS = Results(None, {}, {})


def allocate(call: Call, dtype: Any = None, own: Results = NO_RESULTS) -> Results:
    """Return the arrays for the results: the caller's, `own`, or new ones, a gradient in the order of its prediction.

    They are of the predictions' types, unless `dtype` says another.
    """
    request, by_name, outputs = call.request, call.arrays.by_name, call.outputs

    def like(prediction: str) -> Array:
        array = by_name[prediction]
        if request.second == MATRIX:
            shape = _derivative_shape(request, call.arrays, prediction)
            return np.empty(shape, dtype or array.dtype.newbyteorder("="))
        return np.empty_like(array, dtype or array.dtype.newbyteorder("="), subok=False)

    value = own.value if outputs.value is None else outputs.value
    if value is None and request.want & VALUE and request.reduction == "none":
        predictions = [by_name[o.name].dtype for o in request.row.differentiated if o.name in by_name and not o.shared]
        widest = max(predictions, key=lambda t: t.itemsize)
        first = by_name[request.row.prediction]
        if first.shape == call.arrays.samples:
            value = np.empty_like(first, dtype or widest.newbyteorder("="), subok=False)
        else:
            value = np.empty(call.arrays.samples, dtype or widest.newbyteorder("="))

    def derivatives(given: Mapping[str, Array | None], own: Mapping[str, Array]) -> dict[str, Array]:
        found = {name: own.get(name) if array is None else array for name, array in given.items()}
        return {name: like(name) if array is None else array for name, array in found.items()}

    gradients, hessians = derivatives(outputs.gradients, own.gradients), derivatives(outputs.hessians, own.hessians)
    return Results(value, gradients, hessians)


def finish(call: Call, results: Results, value: float) -> Any:
    """Return the results in their order: the caller's own arrays where there are some."""
    request, returned = call.request, list[Any]()
    given = iter(call.outputs.given)
    if request.want & VALUE:
        own = next(given)
        if request.reduction == "none":
            returned.append(_returned(results.value, own))
        else:
            value = value or 0.0  # not -0.0 where nothing is left, whatever the factor
            if call.outputs.reduced is not None:
                with np.errstate(over="ignore", under="ignore"):
                    call.outputs.reduced[()] = value
            returned.append(value if own is None else own)
    for flag, arrays in ((GRADIENT, results.gradients), (HESSIAN, results.hessians)):
        if not request.want & flag:
            continue
        own = next(given)
        if request.bare:
            returned.append(_returned(arrays[request.wrt[0]], own))
        else:
            places = (None,) * len(request.wrt) if own is None else own
            returned.append(
                tuple(_returned(arrays[name], place) for name, place in zip(request.wrt, places, strict=True))
            )
    return returned[0] if len(returned) == 1 else tuple(returned)


def _returned(array: Array | None, own: Any) -> Any:
    """Return a result: the caller's array, or a new one, which is a number where it has no dimensions."""
    if own is not None:
        return own
    assert array is not None
    return array if array.ndim else array[()]
