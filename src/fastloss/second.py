"""Second derivatives beyond the diagonal: the Hessian times a vector, and the matrix of each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .arrays import as_array
from .call import CURVATURE, evaluate, read, vector_name
from .kinds.base import HESSIAN, MATRIX, METHODS, PRODUCT
from .rows import Row

if TYPE_CHECKING:
    from .loss import Loss


def product(loss: Loss, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """Return the Hessian of a loss's value times a vector, which is given behind the arrays of the call, or by name."""
    row, others = loss._row, dict(keywords)
    arrays = len(row.operands)
    if len(args) > arrays + 1:
        names = ", ".join(operand.name for operand in row.operands)
        raise TypeError(
            f"{row.name}.hvp takes {names} and vector, then keywords; {len(args)} arguments were given by place"
        )
    if len(args) > arrays:
        if "vector" in others:
            raise TypeError(f"{row.name}.hvp got vector twice")
        others["vector"] = args[-1]
    if "vector" not in others:
        raise TypeError(f"{row.name}.hvp needs vector")
    vector = others.pop("vector")
    return _evaluate(loss, PRODUCT, args[:arrays], others, _vectors(row, vector))


def matrix(loss: Loss, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> Any:
    """Return the Hessian of each row."""
    return _evaluate(loss, MATRIX, args, keywords, {})


def _evaluate(
    loss: Loss,
    second: str,
    args: tuple[Any, ...],
    keywords: Mapping[str, Any],
    given: Mapping[str, Any],
) -> Any:
    method = METHODS[second]
    for name in ("wrt", *CURVATURE):
        if name in keywords:
            raise TypeError(f"{loss.name}.{method} has no keyword {name!r}")
    if loss._row.no_hessian:
        raise TypeError(f"{loss.name} has no {method}: {loss._row.no_hessian}")
    vectors = {name: as_array(vector_name(loss._row, name), vector) for name, vector in given.items()}
    by_name = {vector_name(loss._row, name): vector for name, vector in given.items()}
    request = read(loss, HESSIAN, args, keywords, vectors=by_name)
    for name, array in vectors.items():
        prediction = request.arrays[name]
        if array.shape != prediction.shape:
            shown = vector_name(request.row, name)
            raise ValueError(f"{shown} has shape {array.shape}, {name} has {prediction.shape}; they must be equal")
    return evaluate(request._replace(second=second, vectors=vectors))


def _vectors(row: Row, vector: Any) -> dict[str, Any]:
    """Return what the Hessian is multiplied by, of each prediction."""
    names = tuple(operand.name for operand in row.differentiated)
    given = (vector,) if len(names) == 1 else vector
    if not isinstance(given, tuple | list) or len(given) != len(names):
        raise TypeError(f"vector must be a tuple of {len(names)} arrays, one for each of {', '.join(names)}")
    return dict(zip(names, given, strict=True))
