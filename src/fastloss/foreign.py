"""Arrays of other libraries: what NumPy would read of them without a word, and should not.

None of these libraries is imported: an argument is known by what its type can do, whoever it is of.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


def kind_of(value: Any) -> str:
    """Return what a message calls the type of a thing: ``pandas.Series``."""
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    return kind.__name__ if library == "builtins" else f"{library}.{kind.__name__}"


def is_foreign(kind: type) -> bool:
    """Tell whether things of a type may be arrays of another library."""
    return kind is not np.ndarray and kind.__module__.partition(".")[0] not in ("builtins", "numpy")


def refuse(name: str, value: Any) -> None:
    """Raise for what has to be computed, copied or filled first, which its owner has to know of."""
    kind = type(value)  # not the object, whose columns may have any names
    lazy = (
        hasattr(kind, "compute") and hasattr(kind, "chunks") and value.chunks is not None
    )  # dask, cubed, xarray of them
    if lazy or (hasattr(kind, "__dask_graph__") and value.__dask_graph__() is not None):
        raise TypeError(
            f"{name} ({kind_of(value)}) is not computed yet; pass {name}.compute(), which has to fit into memory, "
            "or call the loss for each block"
        )
    if hasattr(kind, "collect_schema") and not hasattr(kind, "__array__"):
        raise TypeError(f"{name} ({kind_of(value)}) is not computed yet; pass {name}.collect()")
    if hasattr(kind, "nnz") and (hasattr(kind, "toarray") or hasattr(kind, "todense")):
        dense = "toarray" if hasattr(kind, "toarray") else "todense"
        raise TypeError(f"{name} ({kind_of(value)}) is sparse; pass {name}.{dense}()")
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        refuse_tensor(name, value)
    place = missing(value)
    if place is not None:
        fill = "fillna" if hasattr(kind, "fillna") else "fill_null"
        raise ValueError(
            f"{name}{place} is missing, which is no number and would become NaN; fill it ({name}.{fill}(…)) and leave "
            "its sample out with where=, or drop the sample from every argument"
        )


def refuse_tensor(name: str, tensor: Any) -> None:
    """Raise for a tensor of PyTorch that NumPy does not read, or that would lose its history."""
    if tensor.device.type != "cpu":
        raise TypeError(f"{name} is a tensor on the device {tensor.device}; pass {name}.cpu()")
    if not str(tensor.layout).endswith("strided"):
        raise TypeError(f"{name} is a tensor with the layout {tensor.layout}; pass {name}.to_dense()")
    if tensor.requires_grad:
        raise TypeError(
            f"{name} is a tensor that requires a gradient, which PyTorch would not see through a loss of NumPy; pass "
            f"{name}.detach(), and hand the gradient of a loss on: y_pred.backward(torch.from_numpy(gradient))"
        )
    if tensor.is_floating_point() and str(tensor.dtype).removeprefix("torch.") not in ("float16", "float32", "float64"):
        without_copy = f", or {name}.view(torch.int16).numpy().view(ml_dtypes.bfloat16), which copies nothing"
        raise TypeError(
            f"{name} is a tensor of {tensor.dtype}, which NumPy does not have; pass {name}.float()"
            + (without_copy if str(tensor.dtype) == "torch.bfloat16" else "")
        )


def missing(value: Any) -> str | None:
    """Return the place of the first missing value, None if there is none.

    A NaN in a column of floats is a number. A missing value is none: pandas keeps a mask for those of its own types,
    and so do polars and Arrow.
    """
    columns = columns_of(value)
    masks = [mask_of(column) for column in ([value] if columns is None else columns)]
    found = [(int(mask.argmax()), k) for k, mask in enumerate(masks) if mask is not None and mask.any()]
    if not found:
        return None
    row, column = min(found)
    if columns is not None:
        return f"[{row}, {column}]"
    shape = np.shape(masks[0])  # type: ignore[arg-type]
    return f"[{', '.join(str(int(k)) for k in np.unravel_index(row, shape))}]"


def columns_of(value: Any) -> list[Any] | None:
    """Return the columns of a table, None of what is one column itself."""
    kind = type(value)
    for name in ("iter_columns", "itercolumns"):  # polars and narwhals, Arrow
        if hasattr(kind, name):
            return list(getattr(value, name)())
    if hasattr(kind, "iloc") and value.ndim == 2:
        return [value.iloc[:, k] for k in range(value.shape[1])]
    return None


def mask_of(column: Any) -> np.ndarray[Any, Any] | None:
    """Return where a column has no value; None if it has all, or no way to have none."""
    kind = type(column)
    if hasattr(kind, "null_count"):
        count = column.null_count() if callable(column.null_count) else column.null_count
        if not isinstance(count, int | np.integer):  # of an expression
            return None
        if count == 0:
            # A column of arrays has its missing values inside of them.
            return mask_of(column.explode()) if hasattr(getattr(column, "dtype", None), "inner") else None
        return np.asarray(column.is_null())
    dtype = getattr(column, "dtype", None)
    if dtype is None or isinstance(dtype, np.dtype) or type(dtype).__name__ == "SparseDtype":
        return None
    for name in ("isna", "isnull"):  # pandas and what is made of it, xarray
        if hasattr(kind, name):
            return np.asarray(getattr(column, name)())
    return None


# ---- labels -----------------------------------------------------------------------------------------------------


class Labels(NamedTuple):
    """What an array says of one of its axes: its name and the labels of its places, where it has them."""

    name: Any
    index: Any
    length: int


def labels_of(value: Any) -> tuple[Labels, ...] | None:
    """Return the labels of the axes of a pandas object or of an xarray, None of any other array."""
    kind = type(value)
    if kind is np.ndarray or not is_foreign(kind):
        return None
    if hasattr(kind, "iloc") and hasattr(kind, "axes"):
        return tuple(Labels(None, index, len(index)) for index in value.axes)
    if hasattr(kind, "dims") and hasattr(kind, "indexes") and hasattr(kind, "sizes"):
        return tuple(Labels(dim, value.indexes.get(dim), value.sizes[dim]) for dim in value.dims)
    return None


def check_pairing(arguments: Mapping[str, Any], dimensions: int, class_axis: int | None = None) -> None:
    """Raise where arguments are paired by position though their labels differ.

    `dimensions` are those of the prediction. What has one less lacks the axis of the classes, if there is one; else it
    belongs to the last axes.
    """
    found = {name: labels for name, value in arguments.items() if (labels := labels_of(value))}
    if len(found) < 2:
        return
    known: list[list[tuple[str, int, Labels]]] = [[] for _ in range(dimensions)]
    for name, axes in found.items():
        places = list(range(dimensions))
        if len(axes) == dimensions - 1 and class_axis in range(-dimensions, dimensions):
            del places[class_axis]  # type: ignore[arg-type]
        for k, (place, labels) in enumerate(zip(reversed(places), reversed(axes), strict=False)):
            own = len(axes) - 1 - k
            for other, its, theirs in known[place]:
                if labels.length == theirs.length:
                    compare((other, its, theirs), (name, own, labels))
            known[place].append((name, own, labels))


def compare(one: tuple[str, int, Labels], other: tuple[str, int, Labels]) -> None:
    """Raise if the labels of two axes differ that are paired."""
    (first, axis, a), (second, its, b) = one, other
    remedy = f"align them first, or pass {second}.to_numpy() to pair them as they stand"
    if None not in (a.name, b.name) and a.name != b.name:
        raise ValueError(
            f"axis {axis} of {first}, {a.name!r}, would be paired with axis {its} of {second}, {b.name!r}; {remedy}"
        )
    if a.index is None or b.index is None or a.index.equals(b.index):
        return
    at = next((k for k, (x, y) in enumerate(zip(a.index, b.index, strict=True)) if x is not y and x != y), 0)
    raise ValueError(
        f"{first} and {second} would be paired by position, but their labels differ: {shown(a.index[at])} and "
        f"{shown(b.index[at])} at place {at} (axis {axis} of {first}, axis {its} of {second}); {remedy}"
    )


def shown(label: Any) -> str:
    """Return a label as its owner would write it."""
    if isinstance(label, tuple):  # of an index of several levels
        return f"({', '.join(map(shown, label))})"
    return repr(label.item() if isinstance(label, np.generic) else label)


def check_class_order(name: str, value: Any) -> None:
    """Raise if what has one number for each class has other labels than 0, 1, 2 …"""
    labels = labels_of(value)
    if not labels or labels[0].index is None:
        return
    for place, label in enumerate(labels[0].index):
        if label != place:
            raise ValueError(
                f"{name} has a number for each class in their order, but its label at place {place} is {shown(label)}; "
                f"pass {name}.sort_index(), or {name}.to_numpy() if it is in the order of the classes"
            )
