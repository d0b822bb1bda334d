"""Functions beside the losses: what users need at prediction time, from the same kernels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arrays import as_axis, as_prediction, describe
from .domains import NO_LIMITS
from .kinds.base import GRADIENT, VALUE
from .outputs import as_output, check_overlaps, split_out
from .rows import Link
from .runtime import checked_threads, kernels, threads_for
from .scalars import as_index


def _output(
    out: Any, x: np.ndarray[Any, Any], shape: tuple[int, ...], called: str = "x"
) -> tuple[np.ndarray[Any, Any], Any, bool]:
    """Return the array to write to, the caller's own if there is one, and whether that is `x` itself."""
    (given,) = split_out(out, ("result",))
    if given is None:
        dtype = x.dtype.newbyteorder("=")
        return (np.empty_like(x, dtype, subok=False) if shape == x.shape else np.empty(shape, dtype)), None, False
    array = as_output("out", given, shape)
    in_place = check_overlaps({"out": array}, {called: x}, {"out": called} if shape == x.shape else None)
    return array, given, in_place


def _returned(result: np.ndarray[Any, Any], given: Any) -> Any:
    if given is not None:
        return given
    return result if result.ndim else result[()]


def _threads(n_threads: Any, size: int) -> int:
    return threads_for(None if n_threads is None else checked_threads("n_threads", n_threads), size)


def _elementwise(name: str, x: Any, out: Any, n_threads: Any, called: str = "x") -> Any:
    loop = kernels.points.NUMBERS[name]
    quick = kernels.points.plain_function(loop, x, out, n_threads)
    if quick is not None:
        return quick
    kernels.frame.check_stack()
    array = as_prediction(called, x)
    threads = _threads(n_threads, array.size)
    result, given, in_place = _output(out, array, array.shape, called)
    kernels.points.pointwise(
        kernels.points.one_formula(loop),
        {"y_pred": describe(array), "value": describe(result)},
        want=VALUE,
        double_precision=array.dtype.type is np.float64,
        size=array.size,
        limits=NO_LIMITS,
        in_place=in_place,
        threads=threads,
    )
    return _returned(result, given)


def _over_classes(name: str, x: Any, axis: Any, out: Any, n_threads: Any, called: str = "x") -> Any:
    task, by_row = kernels.rows.TASKS[name], name == "logsumexp"
    quick = kernels.rows.plain_function(task, x, axis, out, n_threads)
    if quick is not None:
        return quick
    kernels.frame.check_stack()
    array = as_prediction(called, x)
    if array.ndim == 0:
        raise ValueError(f"{called} has no dimensions; it needs an axis of classes")
    axis = as_axis(as_index("axis", axis), array.ndim)
    classes, place = array.shape[axis], array.ndim + axis
    shape = array.shape[:place] + array.shape[place + 1 :]
    rows = math.prod(shape)
    if classes == 0 and rows:
        raise ValueError(f"{called} has shape {array.shape}: rows of no classes")
    threads = _threads(n_threads, array.size)
    result, given, _ = _output(out, array, shape if by_row else array.shape, called)
    written = {"value": describe(result)} if by_row else {"gradient": describe(np.moveaxis(result, axis, -1))}
    kernels.rows.rows(
        {"logits": describe(np.moveaxis(array, axis, -1)), **written},
        task=task,
        want=VALUE if by_row else GRADIENT,
        double_precision=array.dtype.type is np.float64,
        samples=rows,
        classes=classes,
        threads=threads,
    )
    return _returned(result, given)


def _predictions(link: Link, scores: Any, axis: int, out: Any, n_threads: Any) -> Any:
    """Return what one link makes of scores that have been checked."""
    if link.divisor != 1 or link.cap is not None:
        wide = scores.astype(np.float64 if scores.dtype.type is np.float64 else np.float32)
        with np.errstate(all="ignore"):
            if link.cap is not None:
                wide = link.cap * np.tanh(wide / link.cap)
            wide = wide / link.divisor
        result, given, _ = _output(out, scores, scores.shape, "scores")
        _predictions(Link(link.function), wide, axis, result, n_threads)
        return _returned(result, given)
    if link.function == "softmax":
        return _over_classes("softmax", scores, axis, out, n_threads, "scores")
    if link.function != "identity":
        return _elementwise(link.function, scores, out, n_threads, "scores")
    result, given, _ = _output(out, scores, scores.shape, "scores")
    with np.errstate(all="ignore"):
        np.copyto(result, scores, casting="unsafe")
    return _returned(result, given)


def predictions(links: tuple[Link, ...], scores: Any, axis: int, mask: Any, out: Any, n_threads: Any) -> Any:
    """Return what a loss's links make of raw scores: a link of all of them, or one for each of the last axis.

    Classes that `mask` leaves out are as absent as those of a score of -infinity.
    """
    array = as_prediction("scores", scores)
    if mask is not None:
        from .kinds.masked import broadcast_mask  # of few calls

        if links[0].cap is not None:
            raise ValueError("class_mask does not go with softcap: a class that is left out has no logit to cap")
        array = np.where(broadcast_mask(mask, "scores", array.shape), array, array.dtype.type(-np.inf))
    if n_threads is not None:
        n_threads = checked_threads("n_threads", n_threads)
    if len(links) == 1:
        return _predictions(links[0], array, axis, out, n_threads)
    if not array.ndim or array.shape[-1] != len(links):
        raise ValueError(f"scores has shape {array.shape}; its last axis has to have {len(links)} columns")
    result, given, _ = _output(out, array, array.shape, "scores")
    for column, link in enumerate(links):
        _predictions(link, array[..., column], axis, result[..., column], n_threads)
    return _returned(result, given)


def softmax(x: Any, *, axis: int = -1, out: Any = None, n_threads: int | None = None) -> Any:
    """Softmax: e^x_j / sum_c e^x_c over an axis of classes.

    Parameters
    ----------
    x : array_like
        Logits, of a real type; float16 and bfloat16 are computed in float32, integers in float64.
    axis : int
        The axis of the classes.
    out : ndarray, optional
        Where to write the result; it may be `x` itself.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    ndarray
        Probabilities, of the shape and type of `x`.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape, axis, or overlap of `out`; nothing was written then.

    Notes
    -----
    A row with NaN, with two infinities, or of -infinity alone has no probabilities: it becomes NaN.

    References
    ----------
    Bridle 1990, doi:10.1007/978-3-642-76153-9_28

    Examples
    --------
    >>> import fastloss as fl
    >>> fl.softmax([1.0, 1.0])
    array([0.5, 0.5])
    """
    return _over_classes("softmax", x, axis, out, n_threads)


def log_softmax(x: Any, *, axis: int = -1, out: Any = None, n_threads: int | None = None) -> Any:
    """Logarithm of the softmax: x_j - log(sum_c e^x_c), accurate where the probability is next to 1.

    Parameters
    ----------
    x : array_like
        Logits, of a real type; float16 and bfloat16 are computed in float32, integers in float64.
    axis : int
        The axis of the classes.
    out : ndarray, optional
        Where to write the result; it may be `x` itself.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    ndarray
        Logarithms <= 0, of the shape and type of `x`.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape, axis, or overlap of `out`; nothing was written then.

    References
    ----------
    Blanchard, Higham and Higham 2021, doi:10.1093/imanum/draa038

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> fl.log_softmax(np.float32([20.0, 0.0]))
    array([-2.0611537e-09, -2.0000000e+01], dtype=float32)
    """
    return _over_classes("log_softmax", x, axis, out, n_threads)


def logsumexp(x: Any, *, axis: int = -1, out: Any = None, n_threads: int | None = None) -> Any:
    """Logarithm of a sum of exponentials: log(sum_c e^x_c).

    Parameters
    ----------
    x : array_like
        Exponents, of a real type; float16 and bfloat16 are computed in float32, integers in float64.
    axis : int
        The axis to sum over.
    out : ndarray, optional
        Where to write the result.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    ndarray or scalar
        Of the shape of `x` without the axis.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape, axis, or overlap of `out`; nothing was written then.

    References
    ----------
    Blanchard, Higham and Higham 2021, doi:10.1093/imanum/draa038

    Examples
    --------
    >>> import fastloss as fl
    >>> round(float(fl.logsumexp([1000.0, 1000.0])), 6)
    1000.693147
    """
    return _over_classes("logsumexp", x, axis, out, n_threads)


def sigmoid(x: Any, *, out: Any = None, n_threads: int | None = None) -> Any:
    """Logistic sigmoid: 1 / (1 + e^-x).

    Parameters
    ----------
    x : array_like
        Of a real type; float16 and bfloat16 are computed in float32, integers in float64.
    out : ndarray, optional
        Where to write the result; it may be `x` itself.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    ndarray or scalar
        In [0, 1], of the shape and type of `x`.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, or shape or overlap of `out`; nothing was written then.

    References
    ----------
    Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x

    Examples
    --------
    >>> import fastloss as fl
    >>> float(fl.sigmoid(0.0))
    0.5
    """
    return _elementwise("sigmoid", x, out, n_threads)


def log_sigmoid(x: Any, *, out: Any = None, n_threads: int | None = None) -> Any:
    """Logarithm of the logistic sigmoid: -log(1 + e^-x).

    Parameters
    ----------
    x : array_like
        Of a real type; float16 and bfloat16 are computed in float32, integers in float64.
    out : ndarray, optional
        Where to write the result; it may be `x` itself.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    ndarray or scalar
        At most 0, of the shape and type of `x`.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, or shape or overlap of `out`; nothing was written then.

    References
    ----------
    Cox 1958, doi:10.1111/j.2517-6161.1958.tb00292.x

    Examples
    --------
    >>> import fastloss as fl
    >>> float(fl.log_sigmoid(-1000.0))
    -1000.0
    """
    return _elementwise("log_sigmoid", x, out, n_threads)


def softplus(x: Any, *, out: Any = None, n_threads: int | None = None) -> Any:
    """Softplus: log(1 + e^x).

    Parameters
    ----------
    x : array_like
        Of a real type; float16 and bfloat16 are computed in float32, integers in float64.
    out : ndarray, optional
        Where to write the result; it may be `x` itself.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    ndarray or scalar
        At least 0, of the shape and type of `x`.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, or shape or overlap of `out`; nothing was written then.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia 2001, Advances in Neural Information Processing Systems 13

    Examples
    --------
    >>> import fastloss as fl
    >>> float(fl.softplus(1000.0))
    1000.0
    """
    return _elementwise("softplus", x, out, n_threads)
