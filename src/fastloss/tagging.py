"""Chains of tags at prediction time: what a linear-chain conditional random field says of a sequence."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .arrays import as_array, as_prediction, describe, first_true, place
from .kinds.crf import check_shape, frames_of, tables_of
from .kinds.ragged import first_frames, strides_of
from .outputs import as_output, check_overlaps, split_out
from .runtime import checked_threads, kernels, threads_for

_Array = np.ndarray[Any, Any]
#: What the kernel notes of a sequence all of whose chains are forbidden (kernels/sequences/crf.pxi).
_NO_CHAIN = 2


class _Chains(NamedTuple):
    """A batch as the kernels take it."""

    emissions: _Array
    frames: _Array  # how many each sequence has
    first: _Array  # the first of each, of packed sequences; else 0
    tables: _Array
    edges: _Array
    largest_score: float
    threads: int

    @property
    def padded(self) -> int:
        """How many frames there is room for in each sequence, 0 of packed ones."""
        return 0 if self.emissions.ndim == 2 else self.emissions.shape[1]

    def run(self, results: dict[str, _Array]) -> None:
        """Run the kernel, which writes to `results`."""
        marginals = results.get("marginals")
        arrays = {
            "emissions": self.emissions, "frames": self.frames, "first_frame": self.first, "tables": self.tables,
            "edges": self.edges, **results,
        }  # fmt: skip
        kernels.sequences.crf(
            {name: describe(array) for name, array in arrays.items()},
            samples=len(self.frames),
            classes=self.emissions.shape[-1],
            width=self.tables.shape[-1],
            most_frames=int(self.frames.max(initial=0)),
            padded_frames=self.padded,
            emission_strides=strides_of(self.emissions),
            marginal_strides=strides_of(marginals),
            largest_score=self.largest_score,
            threads=self.threads,
        )


def _score(name: str, value: Any, shape: tuple[int, ...]) -> _Array:
    """Return scores of the model in float64, checked: numbers, or -infinity for what is forbidden."""
    array = as_array(name, value)
    check_shape(name, array, shape)
    with np.errstate(all="ignore"):
        scores = array.astype(np.float64)
    bad = first_true(~(scores < np.inf))
    if bad is not None:
        raise ValueError(f"{place(name, bad, shape)} is {scores.flat[bad]}; a score is a number, or -inf")
    return scores


def _read(emissions: Any, transitions: Any, start: Any, end: Any, lengths: Any, n_threads: Any) -> _Chains:
    kernels.frame.check_stack()
    scores = as_prediction("emissions", emissions)
    frames = frames_of(scores, None if lengths is None else as_array("lengths", lengths, "integer"))
    tags = scores.shape[-1]
    between = _score("transitions", transitions, (tags, tags))
    edges = (
        None if value is None else _score(name, value, (tags,)) for name, value in (("start", start), ("end", end))
    )
    threads = threads_for(None if n_threads is None else checked_threads("n_threads", n_threads), scores.size * tags)
    return _Chains(scores, frames, first_frames(frames, scores.ndim == 2), *tables_of(between, *edges), threads)


def crf_marginals(
    emissions: Any,
    transitions: Any,
    *,
    start: Any = None,
    end: Any = None,
    lengths: Any = None,
    out: Any = None,
    n_threads: int | None = None,
) -> Any:
    """Probability of each tag in each frame of a linear-chain conditional random field.

    A chain of tags has the score start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_t-1, y_t] + end[y_T]; its
    probability is e^score over the sum of those of all chains.

    Parameters
    ----------
    emissions : array_like
        Scores of each tag, of a real type: of the shape (N, T, K), or (sum of T, K), the sequences one behind the
        other. Halves and integers too are computed in float64, as all others are.
    transitions : array_like
        Scores (K, K), from the tag of the row to that of the column; -infinity forbids one.
    start, end : array_like, optional
        Scores (K,) of the first and of the last tag.
    lengths : array_like of int, optional
        How many frames each sequence has; by default as many as there is room for. Those behind are not read.
    out : ndarray, optional
        Where to write the result; it may be `emissions` itself.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    ndarray
        Probabilities, of the shape and type of `emissions`; 0 behind the last frame of a sequence. A sequence with NaN
        or infinity in a frame, or all of whose chains are forbidden, becomes NaN.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape, length, score, or overlap of `out`; nothing was written then.

    See Also
    --------
    crf_viterbi : The most probable chain.

    Notes
    -----
    The probabilities of a frame add up to 1. Those below 2^-150, less than every float32 has, may have lost digits,
    or be 0.

    References
    ----------
    Sutton and McCallum 2012, doi:10.1561/2200000013

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> stay = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> fl.crf_marginals([[[2.0, 0.0], [0.0, 0.0], [0.0, 1.0]]], stay).round(3)
    array([[[0.81 , 0.19 ],
            [0.643, 0.357],
            [0.487, 0.513]]])
    """
    chains = _read(emissions, transitions, start, end, lengths, n_threads)
    x = chains.emissions
    (given,) = split_out(out, ("result",))
    if given is None:
        result = np.empty(x.shape, x.dtype.newbyteorder("="))
    else:
        result = as_output("out", given, x.shape)
        check_overlaps({"out": result}, {"emissions": x}, {"out": "emissions"})
    chains.run({"marginals": result})
    return result if given is None else given


def crf_viterbi(
    emissions: Any,
    transitions: Any,
    *,
    start: Any = None,
    end: Any = None,
    lengths: Any = None,
    n_threads: int | None = None,
) -> tuple[_Array, _Array]:
    """Most probable chain of tags of a linear-chain conditional random field, and its score.

    Parameters
    ----------
    emissions : array_like
        Scores of each tag, of a real type: of the shape (N, T, K), or (sum of T, K), the sequences one behind the
        other. They are added up in float64.
    transitions : array_like
        Scores (K, K), from the tag of the row to that of the column; -infinity forbids one.
    start, end : array_like, optional
        Scores (K,) of the first and of the last tag.
    lengths : array_like of int, optional
        How many frames each sequence has; by default as many as there is room for. Those behind are not read.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    tags : ndarray of int64
        Of the shape of `emissions` without its last axis; -1 behind the last frame of a sequence. Of chains with the
        same score it is the one whose last tag is the smallest, then the one before it, and so on.
    scores : ndarray of float64
        The score of each chain; 0 of a sequence without frames.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape, length or score, and for a sequence all of whose chains are forbidden.

    See Also
    --------
    crf_marginals : The probability of each tag.

    References
    ----------
    Viterbi 1967, doi:10.1109/TIT.1967.1054010

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> stay = np.array([[1.0, -1.0], [-1.0, 1.0]])
    >>> tags, scores = fl.crf_viterbi([[[2.0, 0.0], [0.0, 0.5], [0.0, 1.0]]], stay)
    >>> tags
    array([[0, 0, 0]])
    >>> scores
    array([4.])
    """
    chains = _read(emissions, transitions, start, end, lengths, n_threads)
    tags = np.full(chains.emissions.shape[:-1], -1, np.int64)
    scores, status = np.zeros(len(chains.frames)), np.zeros(len(chains.frames), np.uint8)
    chains.run({"tags": tags, "scores": scores, "status": status})
    bad = first_true(status != 0)
    if bad is not None:
        _explain(chains, bad, status[bad] == _NO_CHAIN)
    return tags, scores


def _explain(chains: _Chains, sequence: int, forbidden: bool) -> None:
    """Raise for a sequence that has no best chain."""
    if forbidden:
        raise ValueError(f"all chains of sequence {sequence} have a score of -inf")
    x, length = chains.emissions, int(chains.frames[sequence])
    frames = x[chains.first[sequence] :] if x.ndim == 2 else x[sequence]
    index = first_true(~(frames[:length] < np.inf))
    assert index is not None
    t, tag = divmod(index, x.shape[-1])
    at = f"{chains.first[sequence] + t}" if x.ndim == 2 else f"{sequence}, {t}"
    raise ValueError(f"emissions[{at}, {tag}] is {frames[t, tag]}; a score is a number, or -inf")
