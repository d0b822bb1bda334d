"""The parameters of a loss, as callers give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .arrays import as_array
from .domains import check_digits, check_held, outside, refuse
from .foreign import check_class_order
from .rows import LABELS, Parameter, counted
from .scalars import as_index, as_number, shown

#: Kinds of parameters that are numbers to compute with.
_NUMBERS = frozenset({"element", "number", "factor", "per_class"})


def as_parameter(parameter: Parameter, value: Any) -> Any:
    """Return a parameter's value, checked against its domain: a float, an int, None, or an array."""
    if value is None and (parameter.default is None or parameter.domain == counted):
        return None
    if parameter.kind == "labels":
        return as_labels(parameter.name, value)
    if parameter.kind == "subset":
        return as_subset(parameter, value)
    if parameter.kind == "numbers":
        return as_numbers(parameter, value)
    if parameter.kind in ("index", "axis"):
        return as_index(parameter.name, value)
    if parameter.kind == "choice":
        if not isinstance(value, str):
            raise TypeError(f"{parameter.name} must be {parameter.domain.description}, not {shown(value)}")
        value = str.__str__(value)
        if value not in parameter.domain:
            raise ValueError(f"{parameter.name} = {shown(value)} is not {parameter.domain.description}")
        return value
    if parameter.kind == "switch":
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"{parameter.name} = {shown(value)} is not {parameter.domain.description}")
        return bool(value)
    if parameter.kind == "mask":
        mask = as_array(parameter.name, value, "bool")
        if mask.dtype != np.bool_:
            raise TypeError(f"{parameter.name} has dtype {mask.dtype}; it must be bool")
        return mask
    if parameter.kind in ("per_class", "factor"):
        if isinstance(value, str | Mapping):
            raise TypeError(
                f"{parameter.name} = {shown(value)} is not an array with a number for each class, in their order: pass "
                "[weights[c] for c in range(C)], or if balanced len(y_true) / (C * np.bincount(y_true, minlength=C))"
            )
        check_class_order(parameter.name, value)
    may_be_number = parameter.kind != "per_class"
    if may_be_number and (parameter.kind == "number" or value is None or np.isscalar(value)):
        number = as_number(parameter.name, value)
        if number not in parameter.domain:
            raise ValueError(f"{parameter.name} = {shown(value)} is not {parameter.domain.description}")
        if parameter.kind == "element":
            check_digits(parameter.name, number, parameter.domain, double_precision=True)
        return number
    array = as_array(parameter.name, value)
    if may_be_number and array.dtype == np.bool_:
        raise TypeError(f"{parameter.name} has dtype bool; it must hold real numbers")
    of_any_shape = parameter.kind in ("element", "pixels")
    if not of_any_shape and array.ndim != 1 and not (may_be_number and array.ndim == 0):
        raise ValueError(
            f"{parameter.name} has {array.ndim} dimensions; it must have one, with a number for each class"
        )
    refuse(parameter.name, array, outside(array, parameter.domain), parameter.domain)
    if parameter.kind == "element":
        check_digits(parameter.name, array, parameter.domain, double_precision=True)
    if array.ndim == 0:
        return float(array)
    return array if of_any_shape else array.astype(np.float64)


def as_subset(parameter: Parameter, value: Any) -> Any:
    """Return which classes count: "all", "present", or a tuple of their indices."""
    must = f"{parameter.name} = {shown(value)} is not {parameter.domain.description}"
    if isinstance(value, str):
        if value not in ("all", "present"):
            raise ValueError(must)
        return str.__str__(value)
    if not isinstance(value, list | tuple | range | np.ndarray):
        raise TypeError(must)
    indices = tuple(as_index(f"{parameter.name}[{k}]", item) for k, item in enumerate(value))
    if not indices or min(indices) < 0 or len(set(indices)) < len(indices):
        raise ValueError(must)
    return indices


def as_numbers(parameter: Parameter, value: Any) -> tuple[float, ...]:
    """Return one number or several as a tuple."""
    several = isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)
    if several and not len(value):
        raise ValueError(f"{parameter.name} is empty; it must be a number, or several")
    numbers = []
    for k, item in enumerate(value if several else [value]):
        place = f"{parameter.name}[{k}]" if several else parameter.name
        number = as_number(place, item)
        if number not in parameter.domain:
            raise ValueError(f"{place} = {shown(item)} is not {parameter.domain.description}")
        numbers.append(number)
    return tuple(numbers)


def as_labels(name: str, value: Any) -> tuple[int, int]:
    """Return the labels of two classes as one of the two pairs that there are."""
    try:
        labels = tuple(np.asarray(value).tolist())
    except (TypeError, ValueError, OverflowError):
        labels = ()
    for known in LABELS:
        if labels == known:
            return known
    raise ValueError(f"{name} = {shown(value)} is neither (0, 1) nor (-1, 1): the negative class comes first")


def check_held_parameters(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> None:
    """Raise for the first parameter that holds a number which float32 cannot stand for."""
    for parameter in parameters:
        if values[parameter.name] is None:
            continue
        if parameter.kind == "element":
            check_digits(parameter.name, values[parameter.name], parameter.domain, double_precision=False)
        elif parameter.kind in _NUMBERS:
            check_held(parameter.name, values[parameter.name], parameter.domain)
