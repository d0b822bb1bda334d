"""Samples of different lengths: where does a sequence begin, and how long is it?

A batch is padded, its samples on one axis and its frames on another, or packed, one sequence behind the other. The
kernels see no difference: they are told the first frame of each sequence, and how many it has.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .base import Array


def strides_of(array: Array | None) -> tuple[int, int]:
    """Return those of sequences and of frames; packed sequences have one base."""
    if array is None:
        return 0, 0
    return (0, array.strides[0]) if array.ndim == 2 else (array.strides[0], array.strides[1])


def first_frames(frames: Array, packed: bool) -> Array:
    """Return where each sequence begins: behind the one before it, or of padded ones at 0."""
    return np.cumsum(frames) - frames if packed else np.zeros(len(frames), np.int64)


def lengths_of(
    given: Mapping[str, Array],
    name: str,
    of: str,
    array: Array,
    room: int | None = None,
    samples: int | None = None,
    parts: str = "sequences",
) -> Array:
    """Return how long each sample of an array is, checked.

    Those of a padded array are at most as long as there is `room`, and are so by default. Without room the samples lie
    one behind the other: then their lengths have to be given, and add up to the array's.
    """
    lengths = given.get(name)
    if lengths is None:
        if room is not None:
            return np.full(len(array) if samples is None else samples, room, np.int64)
        raise ValueError(
            f"{of} has shape {array.shape}: {parts} one behind the other need {name}; of one sequence pass {of}[None]"
        )
    if lengths.dtype.kind not in "iu" and lengths.size:
        raise TypeError(f"{name} has dtype {lengths.dtype}; lengths are integers")
    if lengths.ndim != 1 or (samples is not None and len(lengths) != samples):
        there = "one axis" if samples is None else f"the shape ({samples},), one for each sequence"
        raise ValueError(f"{name} has shape {lengths.shape}; it must have {there}")
    bad = np.flatnonzero((lengths < 0) | (lengths > (np.iinfo(np.int64).max if room is None else room)))
    if bad.size:
        beyond = f"{of} has {room}" if room is not None and lengths[bad[0]] > 0 else "a length is at least 0"
        raise ValueError(f"{name}[{bad[0]}] = {lengths[bad[0]]}; {beyond}")
    if room is None and sum(map(int, lengths)) != len(array):
        raise ValueError(f"{name} adds up to {sum(map(int, lengths))}; {of} has {len(array)}")
    return lengths.astype(np.int64)


def check_integers(labels: Array, what: str) -> None:
    """Raise where labels are of another type."""
    if labels.dtype.kind not in "iub" and labels.size:
        raise TypeError(f"y_true has dtype {labels.dtype}; {what} are integers")


def label_lengths_of(arrays: Mapping[str, Array], samples: int, axis: str) -> Array:
    """Return how many labels each sequence has, checked as the labels are, whose second axis a message calls `axis`."""
    labels = arrays["y_true"]
    check_integers(labels, "labels")
    if labels.ndim not in (1, 2):
        raise ValueError(f"y_true has shape {labels.shape}; it must have ({samples}, {axis}), or one axis")
    if labels.ndim == 2 and len(labels) != samples:
        raise ValueError(f"y_true has shape {labels.shape}; there are {samples} sequences of logits")
    room = labels.shape[1] if labels.ndim == 2 else None
    return lengths_of(arrays, "label_lengths", "y_true", labels, room, samples, "labels")


def joined(labels: Array, counts: Array) -> tuple[Array, Array]:
    """Return labels one sequence behind the other, and where those of each begin; and the end."""
    if labels.ndim == 2:
        labels = labels[np.arange(labels.shape[1]) < counts[:, None]]
    return labels.astype(np.int64), np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def shares_of(per: str, counts: Array, frames: Array) -> Array:
    """Return what the loss of each sequence is multiplied by: 1 over the length that it is divided by, if by any."""
    lengths = {"sequence": None, "label": counts, "frame": frames}[per]
    return np.ones(len(counts)) if lengths is None else 1 / np.maximum(lengths, 1)


def bad_labels(labels: Array, start: Array, weights: Array, classes: int, blank: int | None = None) -> Array:
    """Return which labels of sequences that count are no classes, or the blank."""
    bad: Array = (labels < 0) | (labels >= classes)
    if blank is not None:
        bad |= labels == blank
    if bad.any():
        bad &= np.repeat(weights, np.diff(start)) != 0
    return bad


def explain_labels(
    given: Array, labels: Array, start: Array, bad: Array, classes: int, blank: int | None = None
) -> None:
    """Raise for the first bad label, at its place in the array that was given."""
    if not bad.any():
        return
    k = int(np.argmax(bad))
    sequence = int(np.searchsorted(start, k, side="right")) - 1
    place = f"{sequence}, {k - start[sequence]}" if given.ndim == 2 else f"{k}"
    why = "the blank" if labels[k] == blank else f"not in [0, {classes})"
    raise ValueError(f"y_true[{place}] = {labels[k]} is {why}")
