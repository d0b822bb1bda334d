"""Losses of groups of rows, which are ordered or compared in their group. Which rows are a group, in which order?

The kernels bring the rows of a group into the order that its loss needs, and compute it in float64.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import describe
from ..domains import outside
from ..reductions import reduced
from ..rows import FIXED, TARGET, Row, real
from ..runtime import current_engine, kernels, threads_for
from .base import (
    GRADIENT,
    HESSIAN,
    VALUE,
    Array,
    Arrays,
    Call,
    Kind,
    Request,
    Results,
    no_numba_kernel,
    places_of,
    sample_weights,
    sum_of_weights,
)

#: A kernel numbers the rows of a group in 32 bits.
_MOST = 2**32 - 1
_FROM = ("groups", "group_ids", "group_offsets")
#: The parameter that distances of scores go by, as a loss calls it.
_OF_DISTANCES = ("sigma", "margin", "temperature")

#: A list of more has no short way.
_MOST_PLACES = 1024


class Plan(NamedTuple):
    """A call as the kernels take it."""

    call: Call
    offsets: Array  # where each group begins; and the end
    weights: Array  # of each group, 0 where it is left out
    threads: int

    def read(self) -> Array:
        """Return which rows count: those of a weight, in groups of a weight."""
        read = np.repeat(self.weights != 0, np.diff(self.offsets))
        of_rows = self.call.arrays.by_name.get("row_weight")
        return read if of_rows is None else read & (of_rows != 0)

    def present(self) -> Present:
        """Return the rows that are there: those of weight 0 are not."""
        by_name, offsets = self.call.arrays.by_name, self.offsets
        of_rows = by_name.get("row_weight")
        if of_rows is None:
            return Present(by_name, offsets, None)
        places = None
        if not of_rows.all():
            places = np.flatnonzero(of_rows)
            offsets = np.searchsorted(places, offsets).astype(np.int64)
            by_name = {name: a if name in _FROM else a[places] for name, a in by_name.items()}
        own = dict(by_name)
        if (by_name["row_weight"] == 1).all():
            del own["row_weight"]
        return Present(own, offsets, places)


class Present(NamedTuple):
    """Rows that a kernel is given."""

    by_name: Mapping[str, Array]
    offsets: Array
    places: Array | None  # where each is among all; None: all are there


class Groups(Kind):
    """One loss for each group."""

    name = "groups"

    def resolve(self, request: Request) -> Arrays:
        arrays = dict(request.arrays)
        scores = arrays[request.row.prediction]
        if scores.ndim != 1:
            raise ValueError(f"scores has shape {scores.shape}; it needs one axis, the groups one behind the other")
        for operand in request.row.operands:
            shape = scores.shape if operand.name not in arrays else arrays[operand.name].shape
            if operand.role in (TARGET, FIXED) and shape != scores.shape:
                raise ValueError(f"{operand.name} has shape {shape}, scores has {scores.shape}; they must be equal")
        given = [name for name in _FROM if name in arrays]
        if len(given) > 1:
            raise TypeError(
                f"{request.row.name} takes one of groups, group_ids and group_offsets, not {' and '.join(given)}"
            )
        rows = len(scores)
        offsets = np.array([0, rows], np.int64) if not given else _OFFSETS[given[0]](_whole(given[0], arrays), rows)
        for name in given:
            del arrays[name]
        arrays["group_offsets"] = offsets
        return Arrays(arrays, (len(offsets) - 1,), "")

    def plan(self, call: Call) -> Plan:
        offsets, truncation = call.arrays.by_name["group_offsets"], call.request.parameters.get("truncation")
        if truncation is not None and truncation < 1:
            raise ValueError(f"truncation = {truncation} is not at least 1")
        threads = threads_for(call.request.n_threads, 16 * int(offsets[-1]))
        return Plan(call, offsets, sample_weights(call), threads)

    def inspect(self, plan: Plan, weight_sum: Any = None) -> float:
        return math.nan if self._bad(plan) is not None else sum_of_weights(plan.weights, weight_sum)

    def explain(self, plan: Plan) -> None:
        bad = self._bad(plan)
        if bad is not None:
            name, place, what = bad
            raise ValueError(f"{name}[{place}] = {plan.call.arrays.by_name[name][place]} is not {what}")

    def _bad(self, plan: Plan) -> tuple[str, int, str] | None:
        """Return the first target, or weight, that counts and is outside of its domain: where, and what it must be."""
        read: Array | None = None
        for operand in plan.call.request.row.operands:
            array = plan.call.arrays.by_name.get(operand.name)
            if operand.role not in (TARGET, FIXED) or array is None:
                continue
            domain = operand.domain
            if domain.ends_only:
                wrong = (array != domain.low) & (array != domain.high)
            else:
                wrong = ~np.isfinite(array) if domain == real else outside(array, domain)
            if not wrong.any():
                continue
            read = plan.read() if read is None else read
            bad = np.flatnonzero(wrong & read)
            if bad.size:
                what = "a finite number" if (domain.low, domain.high) == (-math.inf, math.inf) else domain.description
                return operand.name, int(bad[0]), what
        return None

    def run(self, plan: Plan, results: Results, number: float, factor: float) -> float:
        call, present = plan.call, plan.present()
        row, parameters, want = call.request.row, call.request.parameters, call.request.want
        if current_engine() == "numba":
            raise no_numba_kernel(row.name)
        offsets, scores = present.offsets, present.by_name[row.prediction]
        most = int(np.diff(offsets).max(initial=0))
        if most > _MOST:
            raise ValueError(f"a group has {most} rows; it may have at most {_MOST}")
        own, type_of_keys = _of_rows(row, parameters, present, most)
        dtype = np.dtype(np.float32 if own.get("keys") is not None and scores.dtype == np.float32 else np.float64)
        values = np.zeros(len(offsets) - 1)
        gradient = hessian = None
        if want & GRADIENT:
            gradient = results.gradients[row.prediction]
            if gradient.dtype != dtype or not gradient.flags.carray or present.places is not None:
                gradient = np.empty(len(scores), dtype)
        if want & HESSIAN:
            hessian = np.empty(len(scores))
        with np.errstate(all="ignore"):
            arrays = {
                "scores": np.require(scores, dtype, ("C", "A")),
                "gradient": gradient,
                "hessian": hessian,
                "offsets": offsets,
                "share": np.ones(len(values)),
                "weight": plan.weights,
                "value": values,
                **own,
            }
            total: float = kernels.groups.groups(
                {name: describe(array) for name, array in arrays.items()},
                loss=row.of_group,
                **_asked(parameters),
                type_of_keys=type_of_keys,
                samples=len(values),
                most=most,
                denominator=number / factor,
                threads=plan.threads,
            )
            if results.value is not None:
                results.value[...] = values * factor + 0.0
            if gradient is not None and gradient is not results.gradients[row.prediction]:
                _put(results.gradients[row.prediction], gradient, present.places)
            if hessian is not None:
                shaped = call.request.curvature.shaped(hessian.astype(call.compute_type))
                shaped[~np.repeat(plan.weights != 0, np.diff(offsets))] = 0
                _put(results.hessians[row.prediction], shaped, present.places)
        return reduced(total, number / factor)

    def short_way(self, row: Row, parameters: Mapping[str, Any], factor: float) -> Any:
        if parameters.get("truncation") is not None and parameters["truncation"] < 1:
            return None  # which the long way refuses
        targets = [operand.domain for operand in row.operands if operand.role == TARGET]
        return kernels.groups.PlainGroups(
            row.of_group,
            tuple((*domain.bounds(np.float64), domain.ends_only, -math.inf, math.inf, 0.0) for domain in targets),
            factor,
            ordered_by=row.ordered_by,
            by_event=parameters.get("per") == "event",
            exponential=parameters.get("gain") == "exponential",
            discount=_discounts(_MOST_PLACES) if "gain" in parameters else None,
            operands=row.names,
            results=VALUE | GRADIENT | (0 if row.no_hessian else HESSIAN),
            **_asked(parameters),
            **places_of(row),
        )

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        """Return groups of several lengths, with some ties and, of events, some that are censored."""
        (rows,) = sizes
        cuts = np.sort(rng.integers(0, rows + 1, size=rows // 20))
        drawn: dict[str, Array] = {}
        for operand in row.operands:
            if operand.role == TARGET:
                domain = operand.domain
                whole = rng.integers(0, 2, rows) if domain.ends_only else rng.integers(0, 5, rows)
                drawn[operand.name] = whole.astype(dtype)
        drawn[row.prediction] = rng.normal(scale=3, size=rows).astype(dtype)
        drawn["groups"] = np.diff(np.concatenate([[0], cuts, [rows]]))
        return drawn


def _asked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a loss as the kernels take them."""
    return {
        "efron": parameters.get("ties") == "efron",
        "sigma": next((parameters[name] for name in _OF_DISTANCES if name in parameters), 1.0),
        "truncation": parameters.get("truncation"),
        "normalize": parameters.get("normalize", False),
        "by_pair": parameters.get("per") == "pair",
    }


def _discounts(places: int) -> Array:
    """Return what the first places of a list count."""
    discounts: Array = 1 / np.log2(np.arange(2.0, 2 + places))
    return discounts


def _put(results: Array, numbers: Array, places: Array | None) -> None:
    """Write what rows have, and 0 for those that are absent."""
    if places is not None:
        results[...] = 0
    results[... if places is None else places] = numbers


def _of_rows(row: Row, parameters: Mapping[str, Any], present: Present, most: int) -> tuple[dict[str, Array], int]:
    """Return the arrays that a kernel needs besides scores, and the type of its keys."""
    by_name, offsets, type_of_keys = present.by_name, present.offsets, 0
    weight = by_name.get("row_weight")
    own: dict[str, Array] = {}
    if weight is not None:
        own["row_weight"] = np.ascontiguousarray(weight, np.float64)
    if row.ordered_by == "time":
        own["keys"], type_of_keys = _keys(by_name["time"])
        event = by_name["event"] == 1
        own["event"] = np.ascontiguousarray(event).view(np.uint8)
        if parameters["per"] == "event":
            numbers = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))[event]
            events = np.bincount(numbers, None if weight is None else weight[event], len(offsets) - 1)
            own["share"] = 1 / np.where(events > 0, events, 1)
    elif row.ordered_by == "relevance":
        own["keys"], type_of_keys = _keys(by_name["y_true"])
    else:
        own["target"] = np.ascontiguousarray(by_name["y_true"], np.float64)
    if "gain" in parameters:
        own["gain"] = _gains(own["target"], parameters["gain"])
        own["discount"] = _discounts(most)
        if weight is not None and row.of_group == "approximate":
            own["gain"] = own["gain"] * own["row_weight"]
    return own, type_of_keys


def _gains(relevance: Array, gain: str) -> Array:
    """Return what rows are worth: 2^y - 1, or y."""
    if gain == "linear":
        return relevance
    whole = relevance == np.rint(relevance)
    return np.where(whole, np.exp2(relevance) - 1, np.expm1(relevance * math.log(2)))


def _keys(array: Array) -> tuple[Array, int]:
    """Return numbers as a kernel sorts them, without a change of their order, and the number of their type."""
    if array.dtype.kind == "u" and array.dtype.itemsize == 8:
        array = (array ^ np.uint64(1 << 63)).view(np.int64)  # as numbers with a sign, in the same order
    kind: type = np.int64 if array.dtype.kind in "iub" else np.float64
    if kind is np.float64 and array.dtype.itemsize < 8:
        kind = np.float32
    return np.ascontiguousarray(array, kind), (np.float32, np.float64, np.int64).index(kind)


def _whole(name: str, arrays: Mapping[str, Array]) -> Array:
    given = arrays[name]
    if given.ndim != 1:
        raise ValueError(f"{name} has shape {given.shape}; it must have one axis")
    if given.dtype.kind not in "iu" and given.size:
        raise TypeError(f"{name} has dtype {given.dtype}; it must hold integers")
    return given


def _by_sizes(sizes: Array, rows: int) -> Array:
    bad = np.flatnonzero((sizes < 0) | (sizes > rows))
    if bad.size:
        beyond = f"there are {rows} rows" if sizes[bad[0]] > 0 else "a group has at least 0 rows"
        raise ValueError(f"groups[{bad[0]}] = {sizes[bad[0]]}; {beyond}")
    whole = sum(map(int, sizes))
    if whole != rows:
        raise ValueError(f"groups adds up to {whole}; scores has {rows} rows")
    return np.concatenate([[0], np.cumsum(sizes.astype(np.int64))]).astype(np.int64)


def _by_ids(ids: Array, rows: int) -> Array:
    if len(ids) != rows:
        raise ValueError(f"group_ids has shape {ids.shape}, scores has ({rows},); they must be equal")
    bad = np.flatnonzero(ids[1:] < ids[:-1])
    if bad.size:
        k = bad[0] + 1
        raise ValueError(f"group_ids[{k}] = {ids[k]} comes after {ids[k - 1]}; they must be in ascending order")
    changes = np.flatnonzero(ids[1:] != ids[:-1]) + 1
    return np.concatenate([[0], changes, [rows] if rows else []]).astype(np.int64)


def _by_offsets(offsets: Array, rows: int) -> Array:
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != rows:
        raise ValueError(f"group_offsets must begin with 0 and end with {rows}, the number of rows")
    bad = np.flatnonzero(offsets[1:] < offsets[:-1])
    if bad.size:
        k = bad[0] + 1
        raise ValueError(f"group_offsets[{k}] = {offsets[k]} is less than the one before it, {offsets[k - 1]}")
    return offsets.astype(np.int64)


_OFFSETS = {"groups": _by_sizes, "group_ids": _by_ids, "group_offsets": _by_offsets}
