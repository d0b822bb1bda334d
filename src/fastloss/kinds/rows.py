"""Losses of rows along an axis of classes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import as_axis, describe, dtype_number
from ..domains import limits_of_types
from ..drawing import held_by_rows, target_of_rows
from ..rows import Domain, Row, RowTarget, Term
from ..runtime import current_engine, kernels, threads_for
from ..samples import check_products
from ..targets import check_row_predictions, check_row_targets
from .base import DIAGONAL, MATRIX, METHODS, PRODUCT, Array, Call, Kind, Results, no_numba_kernel
from .masked import broadcast_mask, check_classes, masked_loop

MOST_CLASSES: int = kernels.frame.SHARED["FEW"]  # of a matrix: its rows lie in the lanes


class Plan(NamedTuple):
    """A call as the kernels take it, the classes on the last axis."""

    call: Call
    y_true: Array
    y_pred: Array
    weights: Array | None
    where: Array | None
    axis: int  # of the caller's arrays, counted from the end
    columns: int
    classes: int  # labels: columns, and the levels beyond
    form: str
    in_frame: bool  # labels, weights and smoothing alone, in softmax.pxi's frame
    own: tuple[Any, ...]  # of a loss of ROW_LOSSES
    jit: tuple[Any, ...]
    threads: int
    mask: Array | None = None  # of the classes that a row has; in the shape of y_pred

    def last(self, array: Array | None) -> Any:
        """Return an array of the caller with its classes on the last axis."""
        return array if array is None or self.axis == -1 else np.moveaxis(array, self.axis, -1)

    def cut(self, piece: Any) -> Plan:
        """Return the plan of some of the samples."""
        y_true, y_pred = self.y_true[piece], self.y_pred[piece]
        weights, where = (None if array is None else array[piece] for array in (self.weights, self.where))
        threads = threads_for(self.call.request.n_threads, y_pred.size)
        return self._replace(y_true=y_true, y_pred=y_pred, weights=weights, where=where, axis=-1, threads=threads)

    def loop(
        self,
        inspect: bool,
        denominator: float,
        results: Results | None = None,
        factor: float = 1.0,
        weight_sum: Any = None,
    ) -> float:
        """Run all rows; return the sum of their weighted losses, or (`inspect`) of their weights."""
        if self.mask is not None:
            return masked_loop(self, inspect, denominator, results, factor, weight_sum)
        call = self.call
        parameters, double_precision = call.request.parameters, call.request.double_precision
        smoothing, class_weight = parameters.get("label_smoothing", 0.0), parameters.get("class_weight")
        ignore_index, want = parameters.get("ignore_index"), 0 if inspect else call.request.want
        rows = math.prod(self.y_pred.shape[:-1])
        arrays = {"logits": self.y_pred, "y_true": self.y_true, "weight": self.weights, "where": self.where}
        second: dict[str, Any] = {}
        if results is not None and call.request.second == MATRIX:
            (matrix,) = results.hessians.values()
            if not matrix.size:
                return 0.0
            arrays["hessian"], second = matrix[..., 0, :], {"matrix_stride": matrix.strides[-2]}
        elif results is not None:
            arrays["value"] = results.value
            for name, written in (("gradient", results.gradients), ("hessian", results.hessians)):
                arrays[name] = next(map(self.last, written.values()), None)
            if call.request.second == PRODUCT:
                arrays["vector"] = next(map(self.last, call.request.vectors.values()))
        asked = {
            "want": want,
            "double_precision": double_precision,
            "samples": rows,
            "denominator": denominator,
            "smoothing": smoothing,
            "class_weight": class_weight,
            "ignore_index": ignore_index,
            "inspect": inspect,
            "threads": self.threads,
            "value_factor": factor,
            "weight_sum": weight_sum,
            "curvature": call.request.curvature.described(),
        }
        described = {name: describe(array) for name, array in arrays.items()}
        total: float
        if self.in_frame:
            total = kernels.rows.rows(
                described,
                task=kernels.rows.TASKS["cross_entropy"],
                classes=self.classes,
                given_dense=self.form != "index",
                jit=() if inspect else self.jit,
                **asked,
            )
        else:
            row = call.request.row
            given, numbers, class_factor = self.own
            total = kernels.rows.row_losses(
                described,
                loss=kernels.rows.ROW_LOSSES.index(row.name),
                classes=self.columns,
                label_classes=self.classes,
                form=form_number(row.target, self.form),
                given=given,
                parameters=numbers,
                factor=class_factor,
                limits=call.limits,
                **asked,
                **second,
            )
        return total


class Rows(Kind):
    """One loss for each row of classes, which is never copied into another place."""

    name = "rows"

    def plan(self, call: Call) -> Plan:
        request = call.request
        row, given = request.row, request.parameters
        y_true, y_pred = (call.arrays.by_name[operand.name] for operand in row.operands)
        axis = as_axis(given["axis"], y_pred.ndim)
        columns, form = y_pred.shape[axis], call.arrays.form
        soft, target = form != "index", row.target
        assert isinstance(target, RowTarget)
        if form == "number":  # the same for each column
            y_true = np.broadcast_to(np.expand_dims(y_true, axis), y_pred.shape)
        classes = columns + target.levels
        class_weight, ignore_index = given.get("class_weight"), given.get("ignore_index")
        if class_weight is not None and class_weight.size != classes:
            raise ValueError(f"class_weight has {class_weight.size} weights; there are {classes} classes")
        if soft and ignore_index is not None:
            raise ValueError(
                "ignore_index goes with class indices; y_true holds probabilities: use where= to leave rows out"
            )
        if not soft and y_true.dtype.itemsize == 2 and dtype_number(y_true.dtype) in (9, 10):
            y_true = y_true.astype(np.float32)
        if request.second == MATRIX and columns > MOST_CLASSES:
            raise ValueError(
                f"{row.prediction} has {columns} classes; hess_matrix is for at most {MOST_CLASSES}. "
                "hvp multiplies the Hessian by a vector"
            )
        mask = given.get("class_mask")
        if mask is not None:
            mask = broadcast_mask(mask, row.prediction, y_pred.shape)
            if given.get("softcap") is not None:
                raise ValueError("class_mask does not go with softcap: a class that is left out has no logit to cap")
        of_softmax = row.kernels is None and takes_frame(row, {**given, "class_mask": None})
        in_frame = (of_softmax or row.kernels is not None) and request.second == DIAGONAL
        plan = Plan(
            call, y_true, y_pred, call.weights.weights, call.weights.where, axis, columns, classes, form, in_frame,
            () if in_frame else _own(row, given, columns), (), threads_for(request.n_threads, y_pred.size),
        )  # fmt: skip
        return plan._replace(
            y_true=plan.last(y_true) if soft else y_true,
            y_pred=plan.last(y_pred),
            jit=_jit(call, of_softmax and mask is None, classes, soft),
            mask=plan.last(mask),
        )

    def explain(self, plan: Plan) -> None:
        call = plan.call
        request, double_precision = call.request, call.request.double_precision
        row, weights, left_out = request.row, plan.weights, call.weights.left_out
        y_true, y_pred = (call.arrays.by_name[operand.name] for operand in row.operands)
        assert isinstance(row.target, RowTarget)
        check_row_targets(y_true, plan.form, row.target, plan.classes, plan.axis, weights, left_out)
        class_weight = request.parameters.get("class_weight")
        if class_weight is not None and plan.form == "index":
            check_products(y_true, weights, class_weight, left_out, double_precision)
        if plan.mask is not None:
            check_classes(plan)
        domain = row.predictions(request.parameters)
        check_row_predictions(row.prediction, y_pred, domain, plan.axis, weights, left_out, double_precision)

    def draw(
        self,
        row: Row,
        sizes: tuple[int, ...],
        dtype: Any,
        rng: np.random.Generator,
        form: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Array]:
        target, holds = row.target, (parameters or {}).get("given", row.holds)
        assert isinstance(target, RowTarget)
        y_pred = held_by_rows(holds, rng.normal(scale=3, size=sizes)).astype(dtype)
        y_true = target_of_rows(form or target.forms[0], sizes, sizes[-1] + target.levels, rng)
        return {"y_true": y_true.astype(dtype) if y_true.dtype.kind == "f" else y_true, row.prediction: y_pred}

    def check_scale(self, plan: Plan, number: float, total: float) -> None:
        super().check_scale(plan, number, total)
        request = plan.call.request
        class_weight, normalizer = request.parameters.get("class_weight"), request.normalizer
        if class_weight is not None and plan.form == "index" and normalizer is not None:
            check_products(
                plan.y_true, plan.weights, class_weight, plan.call.weights.left_out,
                plan.call.request.double_precision, normalizer, total,
            )  # fmt: skip

    def check_second(self, row: Row, second: str) -> None:
        method = METHODS[second]
        if not row.has_products:
            raise TypeError(
                f"{row.name} has no {method}: of the losses over classes only cross_entropy has a kernel for more than "
                "the diagonal of its Hessian, which grad_and_hess returns"
            )
        if current_engine() == "numba":
            raise no_numba_kernel(f"{row.name}.{method}")

    def fast_path(
        self, row: Row, parameters: Mapping[str, Any], terms: list[Term], factor: float, alone: bool
    ) -> tuple[Any, Any]:
        if not alone or terms[0].row.kernels is not None or terms[0].parameters.get("class_mask") is not None:
            return None, None
        row, parameters = terms[0].row, terms[0].parameters
        loss, own = as_plain(row, parameters)
        if np.ndim(own["class_factor"]) == 0 and own["class_factor"] is not None:
            return None, None  # as long as there are classes
        second = kernels.rows.ROW_LOSSES.index(row.name) if row.has_products else -1
        return kernels.rows.PlainRows(*loss, **own, factor=factor, second_loss=second), None


def as_plain(row: Row, parameters: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return a loss as the short way takes it: its number and limits, and by name what its parameters are."""
    target = row.target
    assert isinstance(target, RowTarget)
    chosen, numbers, class_factor = row_parameters(row, parameters)
    dense = [form for form in target.forms if form != "index"]
    number = -1 if takes_frame(row, parameters) else kernels.rows.ROW_LOSSES.index(row.name)
    return (number, *limits_of_types(row, parameters)), {
        "axis": parameters["axis"],
        "levels": target.levels,
        "by_index": "index" in target.forms,
        "dense_form": -1 if not dense else form_number(target, dense[0]),
        "smoothing": parameters.get("label_smoothing", 0.0),
        "ignore_index": parameters.get("ignore_index"),
        "given": chosen,
        "parameters": numbers,
        "class_weight": parameters.get("class_weight"),
        "class_factor": class_factor,
    }


def takes_frame(row: Row, parameters: Mapping[str, Any]) -> bool:
    """Tell whether the frame of cross-entropy computes a loss with these parameters by itself."""
    return bool(row.in_frame) and row.in_frame.issuperset(changed(row, parameters))


def changed(row: Row, parameters: Mapping[str, Any]) -> list[str]:
    """Return the names of the parameters that do not have the row's default."""
    return [
        p.name
        for p in row.parameters
        if (parameters.get(p.name) is not None if p.default is None else parameters[p.name] != p.default)
    ]


def form_number(target: Domain, form: str) -> int:
    """Return the Form of kernels/rows/tile.pxi."""
    number: int = kernels.rows.FORMS["distribution" if target.forms == ("soft",) else form]
    return number


def row_parameters(row: Row, parameters: Mapping[str, Any]) -> tuple[int, tuple[float, ...], Any]:
    """Return a loss's own parameters as the row kernels take them: what is given, numbers, a factor of the classes."""
    chosen, numbers, factor = row.holds, [], None
    for parameter in row.parameters:
        value = parameters[parameter.name]
        if parameter.kind == "choice":
            chosen = value
        elif parameter.kind == "factor":
            factor = value
        elif parameter.kind == "number" and parameter.name != "label_smoothing":
            numbers.append(math.nan if value is None else value)
    return {"log_probs": 1, "probs": 2}.get(chosen, 0), tuple(numbers), factor


def _own(row: Row, parameters: Mapping[str, Any], columns: int) -> tuple[int, tuple[float, ...], Any]:
    """Return a loss's own parameters, with a factor for each class."""
    chosen, numbers, factor = row_parameters(row, parameters)
    if factor is not None:
        factor = np.full(columns, factor) if np.ndim(factor) == 0 else factor
        if factor.size != columns:
            name = next(parameter.name for parameter in row.parameters if parameter.kind == "factor")
            what = ("classes", "factors") if "classes" in row.target.description else ("columns", "numbers")
            raise ValueError(f"{name} has {factor.size} {what[1]}; there are {columns} {what[0]}")
    return chosen, numbers, factor


def _jit(call: Call, of_softmax: bool, classes: int, soft: bool) -> tuple[Any, ...]:
    """Return what `kernels.rows.rows` has to know of a kernel that Numba compiles; nothing on the other engine."""
    row, parameters = call.request.row, call.request.parameters
    if row.kernels is None and current_engine() == "compiled":
        return ()
    if row.kernels is None and not of_softmax:
        options = [name for name in changed(row, parameters) if name not in row.in_frame] if row.in_frame else []
        given = f" with {' and '.join(options)}" if options else ""
        raise no_numba_kernel(f"{row.name}{given}")
    from ..jit.rows import kernel_of

    want, double_precision = call.request.want, call.request.double_precision
    compiled: tuple[Any, ...] = kernel_of(row, parameters, want, double_precision, classes, soft)
    return compiled
