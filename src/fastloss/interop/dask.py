"""Losses of Dask's arrays, chunk by chunk: lazy values and gradients, with the bits of one call on all samples.

The denominator of the mean comes first, from targets and weights alone, added up without rounding. Then a task for each
chunk computes its value and its gradient in one pass: predictions are read once.
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..arrays import as_axis, broadcast
from ..call import read, resolve, weigh
from ..kinds.base import GRADIENT, VALUE
from ..loss import Loss
from ..operands import AXES
from ..parts import Partial, check_has_parts, weights_of
from ..reductions import added_up
from ..rows import PREDICTION, Operand, RowTarget
from .common import as_loss

try:
    import dask.array as da
except ImportError as error:
    raise ImportError("fastloss.interop.dask needs Dask: python -m pip install 'dask[array]'") from error


def value(loss: Loss, *arrays: Any, **keywords: Any) -> Any:
    """Return the value of a loss of arrays in chunks, not computed yet.

    Parameters
    ----------
    loss : Loss
        A sum over samples: any loss but `root_mean_squared_error`, those that compare the vectors of a batch, those
        whose samples share an array, and those of regions, whose `partial` adds up what chunks of images have.
    *arrays : dask.array.Array or array_like
        As in a call of the loss: at least one of them an array of Dask, whose chunks the others get. The classes, or
        the numbers of a vector, are in one chunk.
    **keywords
        Parameters, `sample_weight`, `where`, `reduction`, `normalizer`, and `n_threads`: 1, since workers are many.

    Returns
    -------
    dask.array.Array
        Of no dimensions; with ``reduction="none"`` of the samples.

    Raises
    ------
    TypeError, ValueError
        For arguments that a call refuses. What is wrong with their numbers is said where they are computed, with the
        place in the chunk, and the place where that begins.

    Examples
    --------
    >>> import dask.array as da
    >>> import fastloss as fl
    >>> y_true, y_pred = da.zeros(6, chunks=2), da.arange(6.0, chunks=2)
    >>> float(fl.interop.dask.value(fl.squared_error, y_true, y_pred).compute())
    9.166666666666666
    """
    return _Call(loss, VALUE, arrays, keywords).value()


def grad(loss: Loss, *arrays: Any, **keywords: Any) -> Any:
    """Return the gradient of a loss of arrays in chunks, not computed yet.

    Parameters
    ----------
    loss : Loss
        As `value` takes it.
    *arrays, **keywords
        As `value` takes them, and `wrt`.

    Returns
    -------
    dask.array.Array or tuple of them
        In the shape and the chunks of the prediction, of several a tuple: the bits of one call on all samples.

    Examples
    --------
    >>> import dask.array as da
    >>> import fastloss as fl
    >>> y_true, y_pred = da.zeros(4, chunks=2), da.arange(4.0, chunks=2)
    >>> fl.interop.dask.grad(fl.squared_error, y_true, y_pred).compute()
    array([0. , 0.5, 1. , 1.5])
    """
    return _Call(loss, GRADIENT, arrays, keywords).gradients()


def value_and_grad(loss: Loss, *arrays: Any, **keywords: Any) -> tuple[Any, Any]:
    """Return value and gradient of a loss of arrays in chunks, not computed yet.

    Compute both at once (``dask.compute(value, gradient)``): then predictions are read once.

    Parameters
    ----------
    loss : Loss
        As `value` takes it.
    *arrays, **keywords
        As `value` takes them, and `wrt`.

    Returns
    -------
    tuple
        As `value` and `grad` return them.

    Examples
    --------
    >>> import dask
    >>> import dask.array as da
    >>> import fastloss as fl
    >>> logits = da.zeros((4, 2), chunks=(2, 2))
    >>> value, gradient = fl.interop.dask.value_and_grad(fl.cross_entropy, [0, 1, 1, 0], logits)
    >>> value, gradient = dask.compute(value, gradient)
    >>> round(float(value), 6), gradient.tolist()[0]
    (0.693147, [-0.125, 0.125])
    """
    call = _Call(loss, VALUE | GRADIENT, arrays, keywords)
    return call.value(), call.gradients()


class _Chunk(NamedTuple):
    """What is done with the arrays of a chunk; a worker is sent it."""

    loss: Loss
    want: int
    names: tuple[str, ...]  # of the arrays of a chunk, in the order in which they are given
    keywords: dict[str, Any]  # of all chunks
    dtype: str  # that weights are rounded to

    def _named(self, blocks: list[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the arrays of the loss, and the keywords."""
        given = dict(zip(self.names, blocks, strict=True))
        operands = {operand.name: given.pop(operand.name, None) for operand in self.loss._row.operands}
        return operands, {**self.keywords, **given}

    def weights(self, *blocks: Any) -> Partial:
        """Return the weights of a chunk; the last array holds its bounds."""
        *arrays, bounds = (_one(block) for block in blocks)
        operands, keywords = self._named(arrays)
        known = {*self.loss._parameters, "sample_weight", "where"}
        own = {name: given for name, given in keywords.items() if name in known}
        shape = tuple(int(last - first) for first, last in bounds.reshape(-1, 2))
        part: Partial = _placed(bounds, lambda: weights_of(self.loss, operands.get("y_true"), shape, self.dtype, own))
        return part

    def results(self, *blocks: Any) -> Any:
        """Return the value of a chunk, its gradient, or both; the last array holds its bounds."""
        *arrays, bounds = (_one(block) for block in blocks)
        operands, keywords = self._named(arrays)
        if isinstance(keywords.get("normalizer"), Partial):
            keywords["normalizer"] = keywords["normalizer"].weight or 1.0  # where no sample is left all results are 0
        method = {VALUE: Loss.__call__, GRADIENT: Loss.grad, VALUE | GRADIENT: Loss.value_and_grad}[self.want]
        return _placed(bounds, lambda: method(self.loss, *operands.values(), **keywords))


def _placed(bounds: Any, function: Callable[[], Any]) -> Any:
    """Return what a function does; a message of a chunk says where in the samples it begins."""
    try:
        return function()
    except (TypeError, ValueError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        first = ", ".join(str(int(start)) for start in bounds.reshape(-1, 2)[:, 0])
        raise kind(f"{error} [in the chunk that begins at sample {first}]") from None


def _all(blocks: Any) -> list[Any]:
    """Return the blocks along the axes that a result does not have."""
    return [block for part in blocks for block in _all(part)] if isinstance(blocks, list) else [blocks]


def _one(blocks: Any) -> Any:
    """Return a block that is the only one along the axes that a result does not have."""
    (block,) = _all(blocks)
    return block


def _sum_of(parts: Any) -> Partial:
    return sum(_all(parts), start=Partial())


def _picked(results: Any, places: tuple[int, ...], dimensions: int) -> Any:
    """Return one of the results of a chunk; the value of a sum over it is a chunk of one number."""
    found = _one(results)
    for place in places:
        found = found[place]
    array = np.asarray(found)
    return array if array.ndim else array.reshape((1,) * dimensions)


def _added(values: Any) -> Any:
    return np.asarray(added_up(values.ravel().tolist()))


class _Call:
    """A call, checked for all but the numbers in its arrays, and its graph."""

    def __init__(self, loss: Any, want: int, arrays: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
        self.loss, self.want, self.row = as_loss(loss), want, as_loss(loss)._row
        if self.row.axes == "R":
            raise TypeError(
                f"{self.row.name} cannot be computed in chunks: its samples are images, or all of them together; of "
                f"images add up fastloss.{self.row.name}.partial, called for each chunk"
            )
        check_has_parts(self.row)
        if self.row.shares:
            shared = ", ".join(operand.name for operand in self.row.operands if operand.shared)
            raise TypeError(f"{self.row.name} cannot be computed in chunks: its samples share {shared}")
        if self.row.ragged:
            raise TypeError(f"{self.row.name} cannot be computed in chunks: its samples have lengths of their own")
        if "out" in keywords:
            raise TypeError("what is computed later has no keyword 'out'")
        names = [operand.name for operand in self.row.operands]
        given = {self.row.prediction if name == "y_pred" else name: array for name, array in keywords.items()}
        self.given = dict(zip(names, arrays, strict=False)) | given
        # The checks of a call, on arrays of the same shapes and types without memory.
        places = [self._without_numbers(name, array) for name, array in zip(names, arrays, strict=False)]
        named = {name: self._without_numbers(name, array) for name, array in given.items()}
        self.request = read(self.loss, want, (*places, *arrays[len(places) :]), named)
        self.arrays = resolve(self.request)
        weigh(self.request, self.arrays)
        self.axis = self.request.parameters.get("axis", -1)
        self.samples = self.arrays.samples
        self.letters = string.ascii_lowercase[: len(self.samples)]
        self.first = self._letters(self.row.differentiated[0])
        self.chunks = self._chunks()
        self.results = self._results()

    def _without_numbers(self, name: str, array: Any) -> Any:
        """Return an array that has the shape and the type of one that is cut, and no memory; others as they are."""
        cut = [operand.name for operand in self.row.operands] + ["sample_weight", "where"]
        cut += [parameter.name for parameter in self.row.parameters if parameter.kind == "element"]
        if name not in cut or not isinstance(array, da.Array):
            return array
        if any(math.isnan(length) for length in array.shape):
            raise ValueError(f"{name} has chunks of unknown lengths; pass {name}.compute_chunk_sizes()")
        number: Any = 1.0
        for parameter in self.row.parameters:
            if parameter.name == name:
                number = next(x for x in (parameter.default, 0.5, 1.0) if x is not None and x in parameter.domain)
        dtype = array.dtype
        if dtype.kind in "biu" and any(operand.name == name for operand in self.row.differentiated):
            dtype = np.dtype(np.float64)  # as a call reads it
        return np.broadcast_to(np.asarray(number, dtype), array.shape)

    def _letters(self, operand: Operand) -> str:
        """Return the axes of an array as letters, those of the samples first in their order."""
        like_prediction = isinstance(operand.domain, RowTarget) and self.arrays.form not in ("", "index", "number")
        axes = self.row.differentiated[0].axes if like_prediction else operand.axes
        if not axes:
            return self.letters
        place = -1 if axes.isdigit() else as_axis(self.axis, len(self.samples) + 1)
        place += len(self.samples) + 1
        return self.letters[:place] + "Z" + self.letters[place:]

    def _chunks(self) -> tuple[tuple[int, ...], ...]:
        """Return the chunks of the samples: those of the first array in chunks, a prediction before all others."""
        operands = [operand for operand in self.row.operands if operand.name in self.arrays.by_name]
        lazy = [o for o in operands if isinstance(self.given.get(o.name), da.Array) and self.given[o.name].ndim]
        if not lazy:
            names = " and ".join(operand.name for operand in operands)
            raise TypeError(f"no array of Dask is among {names}: call fastloss.{self.row.name} itself")
        for operand in lazy:
            place = self._letters(operand).find("Z")
            if place >= 0 and self.given[operand.name].numblocks[place] > 1:
                axes = self.row.differentiated[0].axes
                raise ValueError(
                    f"{operand.name} has {self.given[operand.name].numblocks[place]} chunks along its "
                    f"{AXES.get(axes, 'numbers')}, axis {place}, which have to be in one: pass "
                    f"{operand.name}.rechunk({{{place}: -1}})"
                )
        first = min(lazy, key=lambda operand: operand.role != PREDICTION)
        by_letter = dict(zip(self._letters(first), self.given[first.name].chunks, strict=True))
        return tuple(by_letter[letter] for letter in self.letters)

    def _cut(self, array: Any, letters: str, shape: tuple[int, ...]) -> Any:
        """Return an array in the chunks of the samples."""
        if not isinstance(array, da.Array):
            array = da.from_array(np.asarray(array), chunks=-1)
        by_letter = dict(zip(self.letters, self.chunks, strict=True))
        if array.shape != shape:
            array = da.broadcast_to(array, shape)
        return array.rechunk(tuple(by_letter.get(letter, (n,)) for letter, n in zip(letters, shape, strict=True)))

    def _arrays(self) -> dict[str, tuple[Any, str]]:
        """Return what is cut: the arrays of the loss, weights, masks, and parameters that differ between samples."""
        found = {}
        for operand in self.row.operands:
            if operand.name in self.arrays.by_name:
                own, letters = self.given[operand.name], self._letters(operand)
                own = own if isinstance(own, da.Array) else self.request.arrays[operand.name]
                found[operand.name] = self._cut(own, letters, self.arrays.by_name[operand.name].shape), letters
        for name in ("sample_weight", "where"):
            own = self.given.get(name)
            if own is not None and own is not True:
                found[name] = self._cut(own, self.letters, self.samples), self.letters
        for parameter in self.row.parameters:
            like = self.request.parameters[parameter.name]
            if parameter.kind == "element" and isinstance(like, np.ndarray):
                broadcast(parameter.name, like, self.samples)
                own = self.given.get(parameter.name)
                own = own if isinstance(own, da.Array) else like
                found[parameter.name] = self._cut(own, self.letters, self.samples), self.letters
        return found

    def _bounds(self) -> tuple[Any, str]:
        """Return where each chunk begins and ends, on each axis of the samples."""
        ends = [np.cumsum((0, *lengths)) for lengths in self.chunks]
        bounds = np.empty((*map(len, self.chunks), 2 * len(ends)), np.int64)
        for axis, end in enumerate(ends):
            along = (-1, *(1,) * (len(ends) - axis - 1))
            bounds[..., 2 * axis], bounds[..., 2 * axis + 1] = end[:-1].reshape(along), end[1:].reshape(along)
        return da.from_array(bounds, chunks=(*(1,) * len(ends), -1)), self.letters + "Y"

    def _results(self) -> Any:
        """Return an array whose chunks are results: value, gradient, or a tuple of both."""
        cut, bounds = self._arrays(), self._bounds()
        threads = self.given.get("n_threads", self.loss.keywords.get("n_threads"))
        keywords = {n: v for n, v in self.given.items() if n not in cut and n not in self.arrays.by_name}
        optional = {operand.name for operand in self.row.operands}
        keywords = {n: v for n, v in keywords.items() if n not in optional} | {"n_threads": threads or 1}
        dtype = "float64" if self.request.double_precision else "float32"
        if self.request.reduction == "mean" and self.request.normalizer is None:
            counted = [p.name for p in self.row.parameters if p.kind in ("per_class", "index")]
            of_weights = {n: cut[n] for n in ("y_true", "sample_weight", "where") if n in cut}
            if {"sample_weight", "where"} & of_weights.keys() or any(
                self.request.parameters[name] is not None for name in counted
            ):
                chunk = _Chunk(self.loss, self.want, tuple(of_weights), keywords, dtype)
                parts = self._blockwise(chunk.weights, self.letters, [*of_weights.values(), bounds], object)
                cut["normalizer"] = self._blockwise(_sum_of, "", [(parts, self.letters)], object), ""
            else:
                keywords["normalizer"] = float(math.prod(self.samples) or 1)
        chunk = _Chunk(self.loss, self.want, tuple(cut), keywords, dtype)
        return self._blockwise(chunk.results, self.first, [*cut.values(), bounds], object)

    @staticmethod
    def _blockwise(function: Any, letters: str, arrays: list[tuple[Any, str]], dtype: Any, **options: Any) -> Any:
        pairs = [x for array in arrays for x in array]
        meta = np.empty((0,) * len(letters), dtype)
        return da.blockwise(function, letters, *pairs, dtype=dtype, meta=meta, align_arrays=False, **options)

    def value(self) -> Any:
        """Return the value."""
        picked = functools.partial(_picked, places=(0,) if self.want & GRADIENT else ())
        arrays = [(self.results, self.first)]
        if self.request.reduction == "none":
            floats = [
                self.request.arrays[o.name].dtype for o in self.row.differentiated if o.name in self.request.arrays
            ]
            widest = max(floats, key=lambda dtype: dtype.itemsize).newbyteorder("=")
            return self._blockwise(picked, self.letters, arrays, widest, dimensions=len(self.letters))
        ones = dict.fromkeys(self.first, 1)
        values = self._blockwise(picked, self.first, arrays, np.float64, adjust_chunks=ones, dimensions=len(self.first))
        return self._blockwise(_added, "", [(values, self.first)], np.float64, concatenate=True)

    def gradients(self) -> Any:
        """Return the gradient, of several predictions a tuple."""
        of_all = (1,) if self.want & VALUE else ()
        found = []
        for place, name in enumerate(self.request.wrt):
            operand = next(operand for operand in self.row.operands if operand.name == name)
            dtype = self.request.arrays[name].dtype.newbyteorder("=")
            picked = functools.partial(_picked, places=of_all if self.request.bare else (*of_all, place))
            arrays = [(self.results, self.first)]
            letters = self._letters(operand)
            found.append(self._blockwise(picked, letters, arrays, dtype, dimensions=len(letters)))
        return found[0] if self.request.bare else tuple(found)
