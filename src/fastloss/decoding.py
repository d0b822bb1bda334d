"""Labels in the frames of a sequence at prediction time: which they are, and where."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .arrays import as_array, as_prediction, describe, first_true
from .catalogue.speech import ctc
from .kinds.ctc import checked_blank, of_time, refuse_short, resolved
from .kinds.ragged import bad_labels, explain_labels, first_frames, joined, strides_of
from .operands import read_arrays
from .parameters import as_parameter
from .runtime import checked_threads, kernels, threads_for
from .scalars import as_index, shown

_Array = np.ndarray[Any, Any]
#: What the kernel notes of a sequence (kernels/sequences/decode.pxi).
_NO_ALIGNMENT = 2


class _Frames(NamedTuple):
    """Scores as the kernel takes them."""

    given: _Array
    logits: _Array  # sequences, frames and classes in this order
    frames: _Array
    blank: int
    normalized: bool
    time_axis: int
    threads: int | None

    def run(self, what: str, results: dict[str, _Array], work: int, width: int = 0, most_labels: int = 0) -> _Array:
        """Run the kernel, which writes to `results`; return the score of each sequence."""
        scores, status = np.zeros(len(self.frames)), np.zeros(len(self.frames), np.uint8)
        classes = self.logits.shape[-1]
        first = first_frames(self.frames, self.logits.ndim == 2)
        arrays = {
            "logits": self.logits, "frames": self.frames, "first_frame": first, "status": status, "score": scores,
            **results,
        }  # fmt: skip
        kernels.sequences.decode(
            {name: describe(array) for name, array in arrays.items()},
            what=what,
            samples=len(self.frames),
            classes=classes,
            blank=self.blank,
            most_frames=int(self.frames.max(initial=0)),
            most_labels=most_labels,
            width=width,
            strides=strides_of(self.logits),
            normalized=self.normalized,
            threads=threads_for(self.threads, int(self.frames.sum()) * work),
        )
        bad = first_true(status != 0)
        if bad is not None:
            if status[bad] == _NO_ALIGNMENT:
                raise ValueError(f"all alignments of sequence {bad} have a score of -inf")
            self.explain(bad, int(first[bad]))
        return scores

    def explain(self, sequence: int, first: int) -> None:
        """Raise for the first frame of a sequence whose scores are none."""
        own = self.logits[first:] if self.logits.ndim == 2 else self.logits[sequence]
        own = own[: self.frames[sequence]]
        with np.errstate(all="ignore"):
            t = int(np.argmax(~(own < np.inf).all(-1) | (own == -np.inf).all(-1)))
        c = int(np.argmax(~(own[t] < np.inf)))
        where = [first + t] if self.logits.ndim == 2 else [sequence, t]
        if self.logits.ndim == 3 and self.time_axis in (0, -3):
            where.reverse()
        at = ", ".join(map(str, where))
        if own[t, c] < np.inf:
            raise ValueError(f"all of logits[{at}] is -inf: no class has a score")
        raise ValueError(f"logits[{at}, {c}] is {own[t, c]}; a score is a number, or -inf")


def _read(
    given: dict[str, Any], blank: Any, time_axis: Any, holds: Any, n_threads: Any
) -> tuple[_Frames, dict[str, _Array]]:
    """Return scores, and the other arrays with their lengths, checked."""
    kernels.frame.check_stack()
    parameters = {parameter.name: parameter for parameter in ctc.parameters}
    if "y_true" in given:
        arrays = read_arrays(ctc, given)
    else:
        arrays = {"logits": as_prediction("logits", given["logits"])}
        if given["logit_lengths"] is not None:
            arrays["logit_lengths"] = as_array("logit_lengths", given["logit_lengths"], "integer")
    blank = as_parameter(parameters["blank"], blank)
    axis = as_parameter(parameters["time_axis"], time_axis)
    normalized = as_parameter(parameters["given"], holds) == "log_probs"
    arrays = resolved(arrays, axis)
    logits, frames = arrays["logits"], arrays["logit_lengths"]
    threads = None if n_threads is None else checked_threads("n_threads", n_threads)
    blank = checked_blank(blank, logits, len(frames))
    return _Frames(logits, of_time(logits, axis), frames, blank, normalized, axis, threads), arrays


def ctc_decode(
    logits: Any,
    logit_lengths: Any = None,
    *,
    beam_width: int | None = None,
    blank: int = 0,
    time_axis: int = -2,
    given: str = "logits",
    n_threads: int | None = None,
) -> tuple[list[_Array], _Array]:
    """Labels of each sequence, of a model that was trained with `ctc`, and their score.

    Parameters
    ----------
    logits : array_like
        Scores of each class, the blank among them, in each frame, of a real type: of the shape (N, T, C), or
        (sum of T, C), the sequences one behind the other. All is computed in float64.
    logit_lengths : array_like of int, optional
        How many frames each sequence has; by default as many as there is room for. Those behind are not read.
    beam_width : int, optional
        How many label sequences a beam search goes on with after each frame. By default there is none: the labels are
        those of the likeliest class of each frame.
    blank : int, default=0
        The class that stands for no label; from the end, if negative.
    time_axis : int, default=-2
        The axis of the frames: -2, or 0 of arrays (T, N, C).
    given : {'logits', 'log_probs'}, default='logits'
        What `logits` holds: scores, whose softmax is taken, or logarithms of probabilities.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    labels : list of ndarray of int64
        The labels of each sequence, as `ctc` takes them. Of classes with the same score it is the first.
    scores : ndarray of float64
        The logarithm of a probability: without a beam that of the alignment of the likeliest classes, with one that of
        the labels, as far as the beam has seen their alignments.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape or length, and for a frame with NaN or infinity, or of -infinity alone.

    See Also
    --------
    ctc_align : The frames of given labels.

    Notes
    -----
    The beam holds label sequences, not alignments: what several alignments have in common is added up. A beam that is
    as wide as there are label sequences finds the most probable one.

    References
    ----------
    Graves, Fernandez, Gomez and Schmidhuber 2006, doi:10.1145/1143844.1143891; Hannun, Maas, Jurafsky and Ng 2014,
    arXiv:1408.2873

    Examples
    --------
    Each frame is likeliest a blank; the label 1 in any of them is likelier than none.

    >>> import numpy as np
    >>> import fastloss as fl
    >>> logits = np.log([[[0.6, 0.4], [0.6, 0.4]]])
    >>> labels, scores = fl.ctc_decode(logits)
    >>> labels[0].tolist(), np.exp(scores).round(2).tolist()
    ([], [0.36])
    >>> labels, scores = fl.ctc_decode(logits, beam_width=4)
    >>> labels[0].tolist(), np.exp(scores).round(2).tolist()
    ([1], [0.64])
    """
    width = 0 if beam_width is None else as_index("beam_width", beam_width)
    if beam_width is not None and width < 1:
        raise ValueError(f"beam_width = {shown(beam_width)} is not at least 1")
    frames, _ = _read({"logits": logits, "logit_lengths": logit_lengths}, blank, time_axis, given, n_threads)
    start = np.cumsum(frames.frames) - frames.frames
    found, count = np.zeros(int(frames.frames.sum()), np.int64), np.zeros(len(start), np.int64)
    results = {"start": start, "found": found, "count": count}
    classes = frames.logits.shape[-1]
    if not width:
        scores = frames.run("greedy", results, classes)
    else:
        # A sequence of T frames has fewer label sequences than this.
        most = min(width, max(classes, 2) ** min(int(frames.frames.max(initial=0)) + 1, 62))
        scores = frames.run("beam", results, classes + most * most, most)
    return [found[s : s + n].copy() for s, n in zip(start, count, strict=True)], scores


def ctc_align(
    y_true: Any,
    logits: Any,
    label_lengths: Any = None,
    logit_lengths: Any = None,
    *,
    blank: int = 0,
    time_axis: int = -2,
    given: str = "logits",
    n_threads: int | None = None,
) -> tuple[_Array, _Array, _Array]:
    """First and last frame of each label in the likeliest alignment, of a model that was trained with `ctc`.

    Parameters
    ----------
    y_true : array_like
        The labels of each sequence, as `ctc` takes them: integers of the shape (N, S), or one sequence behind the
        other, or a list of arrays.
    logits : array_like
        Scores of each class, the blank among them, in each frame, of a real type: of the shape (N, T, C), or
        (sum of T, C), the sequences one behind the other. All is computed in float64.
    label_lengths : array_like of int, optional
        How many labels each sequence has; by default as many as `y_true` has room for.
    logit_lengths : array_like of int, optional
        How many frames each sequence has; by default as many as there is room for. Those behind are not read.
    blank : int, default=0
        The class that stands for no label; from the end, if negative.
    time_axis : int, default=-2
        The axis of the frames: -2, or 0 of arrays (T, N, C).
    given : {'logits', 'log_probs'}, default='logits'
        What `logits` holds: scores, whose softmax is taken, or logarithms of probabilities.
    n_threads : int, optional
        At least 1; by default as many as `get_num_threads` says.

    Returns
    -------
    first, last : ndarray of int64
        The frames of each label, counted from the first of its sequence. Of the shape (N, S), -1 behind the last label
        of a sequence; or of one axis, as `y_true`, also where that is a list.
    scores : ndarray of float64
        The logarithm of the probability of each alignment.

    Raises
    ------
    TypeError, ValueError
        For a wrong type, shape, length or label, for a frame with NaN or infinity, and for labels that no alignment
        fits.

    See Also
    --------
    ctc_decode : The labels, where they are not known.

    References
    ----------
    Viterbi 1967, doi:10.1109/TIT.1967.1054010; Graves, Fernandez, Gomez and Schmidhuber 2006,
    doi:10.1145/1143844.1143891

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> logits = np.log([[[0.2, 0.7, 0.1], [0.2, 0.7, 0.1], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]])
    >>> first, last, scores = fl.ctc_align(np.array([[1, 2]]), logits)
    >>> first.tolist(), last.tolist(), np.exp(scores).round(4).tolist()
    ([[0, 3]], [[1, 3]], [0.3136])
    """
    arrays = {"y_true": y_true, "logits": logits, "label_lengths": label_lengths, "logit_lengths": logit_lengths}
    frames, arrays = _read(arrays, blank, time_axis, given, n_threads)
    counts, shape = arrays["label_lengths"], arrays["y_true"].shape
    labels, start = joined(arrays["y_true"], counts)
    classes = frames.logits.shape[-1]
    bad = bad_labels(labels, start, np.ones(len(counts)), classes, frames.blank)
    explain_labels(arrays["y_true"], labels, start, bad, classes, frames.blank)
    refuse_short(labels, start, frames.frames)
    first, last = np.full(len(labels), -1), np.full(len(labels), -1)
    results = {"labels": labels, "label_start": start, "first": first, "last": last}
    most = int(counts.max(initial=0))
    scores = frames.run("align", results, classes + most, most_labels=most)
    if len(shape) == 1:
        return first, last, scores
    inside, places = np.arange(shape[1]) < counts[:, None], (np.full(shape, -1), np.full(shape, -1))
    for padded, flat in zip(places, (first, last), strict=True):
        padded[inside] = flat
    return *places, scores
