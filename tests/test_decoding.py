"""Labels read off frames, and the frames of labels: against all alignments, and what is refused."""

from __future__ import annotations

import doctest
import itertools
from typing import Any

import numpy as np
import pytest
from cases import FLOATS, HALVES, bits, generator
from numpy.testing import assert_array_equal

import fastloss as fl
from fastloss.runtime import current_engine

pytestmark = pytest.mark.skipif(current_engine() == "numba", reason="no kernel of this engine")
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def drawn(*key: Any, sizes: tuple[int, int, int] = (6, 5, 3), spread: float = 1.0, dtype: Any = np.float64) -> Any:
    """Return logits and their lengths; what is behind them is NaN."""
    rng = generator("decoding", *map(str, key))
    lengths = rng.integers(0, sizes[1] + 1, size=sizes[0])
    lengths[:2] = sizes[1]
    logits = rng.normal(scale=spread, size=sizes).astype(dtype)
    logits[np.arange(sizes[1]) >= lengths[:, None]] = np.nan
    return logits, lengths


def log_probabilities(x: Any) -> Any:
    wide = np.asarray(x, float)
    return wide - np.logaddexp.reduce(wide, axis=-1, keepdims=True)


def merged(path: Any, blank: int = 0) -> tuple[int, ...]:
    """Return the labels of an alignment."""
    return tuple(c for k, c in enumerate(path) if c != blank and (k == 0 or c != path[k - 1]))


def of_all_paths(x: Any, blank: int = 0) -> dict[tuple[int, ...], list[tuple[float, tuple[int, ...]]]]:
    """Return all alignments of one sequence with their scores, by their labels."""
    scores, found = log_probabilities(x), dict[Any, Any]()
    for path in itertools.product(range(x.shape[1]), repeat=len(x)):
        found.setdefault(merged(path, blank), []).append((sum(scores[np.arange(len(x)), list(path)]), path))
    return found


# -- which labels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [0, 1, -1])
@of_floats
def test_the_likeliest_classes(dtype: Any, blank: int) -> None:
    logits, lengths = drawn("greedy", blank, sizes=(8, 9, 4), dtype=dtype)
    labels, scores = fl.ctc_decode(logits, lengths, blank=blank)
    for n, length in enumerate(lengths):
        own = logits[n, :length]
        assert tuple(labels[n]) == merged(own.argmax(-1).tolist(), blank % 4)
        assert labels[n].dtype == np.int64
        np.testing.assert_allclose(scores[n], log_probabilities(own).max(-1, initial=-np.inf).sum(), rtol=1e-13, atol=0)


@pytest.mark.parametrize("spread", [0.3, 1.0, 5.0])
@pytest.mark.parametrize("blank", [0, 2])
def test_a_beam_that_holds_all_finds_the_most_probable(blank: int, spread: float) -> None:
    logits, lengths = drawn("beam", blank, spread, sizes=(12, 5, 3), spread=spread)
    labels, scores = fl.ctc_decode(logits, lengths, beam_width=200, blank=blank)
    for n, length in enumerate(lengths):
        totals = {
            own: float(np.logaddexp.reduce([score for score, _ in paths]))
            for own, paths in of_all_paths(logits[n, :length], blank).items()
        }
        best = max(totals, key=totals.__getitem__)
        assert tuple(labels[n]) == best
        np.testing.assert_allclose(scores[n], totals[best], rtol=1e-12, atol=1e-13)
    counts = [len(own) for own in labels]
    losses = fl.ctc(labels, logits, None, lengths, blank=blank, reduction="none")
    assert sum(counts) > 10
    np.testing.assert_allclose(scores, -losses, rtol=1e-12, atol=1e-13)


def beam_search(x: Any, width: int) -> tuple[Any, float]:
    """Return what a beam finds: the recursion with a dictionary, as Hannun and others print it."""
    beam = {(): (0.0, -np.inf)}
    for row in log_probabilities(x):
        found: dict[Any, list[float]] = {}

        def add(own: Any, place: int, score: float, found: Any = found) -> None:
            both = found.setdefault(own, [-np.inf, -np.inf])
            both[place] = np.logaddexp(both[place], score)

        for own, (by_blank, by_label) in beam.items():
            total = np.logaddexp(by_blank, by_label)
            add(own, 0, total + row[0])
            for c in range(1, len(row)):
                if own and own[-1] == c:
                    add(own, 1, by_label + row[c])
                    add((*own, c), 1, by_blank + row[c])
                else:
                    add((*own, c), 1, total + row[c])
        best = sorted(found, key=lambda own: -np.logaddexp(*found[own]))[:width]
        beam = {own: (found[own][0], found[own][1]) for own in best}
    best = max(beam, key=lambda own: np.logaddexp(*beam[own]))
    return best, float(np.logaddexp(*beam[best]))


@pytest.mark.parametrize("width", [1, 2, 4, 6])
def test_narrow_beams(width: int) -> None:
    """Label sequences leave the beam and come back; each is one, however it is reached."""
    logits, lengths = drawn("narrow", width, sizes=(60, 16, 3), spread=2.0)
    labels, scores = fl.ctc_decode(logits, lengths, beam_width=width)
    for n, length in enumerate(lengths):
        right, score = beam_search(logits[n, :length], width)
        assert tuple(labels[n]) == right
        np.testing.assert_allclose(scores[n], score, rtol=1e-11, atol=1e-12)


def test_far_apart_and_forbidden() -> None:
    """Scores beyond the range of exponentials, and classes that are forbidden."""
    rng = generator("decoding", "far")
    logits = rng.normal(scale=1e3, size=(3, 40, 6)) + 1e6
    logits[np.arange(3)[:, None], np.arange(40), rng.integers(0, 6, (3, 40))] += 1e5
    for width in (None, 5):
        labels, scores = fl.ctc_decode(logits, beam_width=width)
        assert [tuple(own) for own in labels] == [merged(own.argmax(-1).tolist()) for own in logits]
        assert (np.abs(scores) < 1e-3).all()
    logits = rng.normal(size=(1, 12, 3))
    logits[..., 1] = -np.inf
    for width in (None, 1, 9):
        assert not (fl.ctc_decode(logits, beam_width=width)[0][0] == 1).any()


def test_scores_of_long_sequences() -> None:
    """10,000 frames: probabilities leave every range."""
    logits = generator("decoding", "long").normal(size=(1, 10_000, 4))
    labels, scores = fl.ctc_decode(logits, beam_width=3)
    loss = fl.ctc(labels, logits)
    assert -scores[0] * (1 + 1e-12) >= loss > -0.5 * scores[0]  # the beam has not seen all of their alignments


# -- where they are ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [0, 2])
@of_floats
def test_the_best_alignment(dtype: Any, blank: int) -> None:
    logits, lengths = drawn("align", blank, sizes=(20, 6, 3), dtype=dtype)
    rng = generator("align", blank)
    lengths = np.maximum(lengths, 3)
    logits = np.where(np.isnan(logits), rng.normal(size=logits.shape), logits).astype(dtype)
    classes = [c for c in range(3) if c != blank]
    labels = [rng.choice(classes, size=rng.integers(0, 3)) for _ in lengths]
    first, last, scores = fl.ctc_align(labels, logits, None, lengths, blank=blank)
    ends = np.cumsum([len(own) for own in labels])
    assert len(first) == ends[-1]
    for n, (own, end) in enumerate(zip(labels, ends, strict=True)):
        score, path = max(of_all_paths(logits[n, : lengths[n]], blank)[tuple(own)])
        np.testing.assert_allclose(scores[n], score, rtol=1e-13, atol=0)
        begins = [t for t, c in enumerate(path) if c != blank and (t == 0 or path[t - 1] != c)]
        stops = [t for t, c in enumerate(path) if c != blank and (t == len(path) - 1 or path[t + 1] != c)]
        assert_array_equal(first[end - len(own) : end], begins)
        assert_array_equal(last[end - len(own) : end], stops)
    padded, counts = np.full((20, 3), -7), np.array([len(own) for own in labels])
    padded[np.arange(3) < counts[:, None]] = np.concatenate(labels)
    again = fl.ctc_align(padded, logits, counts, lengths, blank=blank)
    inside = np.arange(3) < counts[:, None]
    for found, flat in zip(again[:2], (first, last), strict=True):
        assert_array_equal(found[inside], flat)
        assert (found[~inside] == -1).all()
    assert bits(again[2]) == bits(scores)


def test_an_alignment_through_a_maze() -> None:
    """One alignment is far better than all others, at the place of each label: 400 labels."""
    rng = generator("decoding", "maze")
    frames, labels = 1000, rng.integers(1, 6, size=400)
    gap = 1 + (labels[1:] == labels[:-1])
    first = np.concatenate([[0], np.cumsum(gap)])
    first += np.cumsum(rng.random(400) < 0.5)
    path = np.zeros(frames, int)
    path[first] = labels
    logits = rng.normal(scale=100, size=(1, frames, 6))
    logits[0, np.arange(frames), path] = 1000
    begins, ends, _ = fl.ctc_align(labels[None], logits)
    assert_array_equal(begins[0], first)
    assert_array_equal(ends[0], first)


# -- the same bits, and what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*FLOATS, *HALVES], ids=str)
def test_layouts_threads_and_packing(dtype: Any) -> None:
    logits, lengths = drawn("layouts", sizes=(9, 8, 6))
    logits, y_true = logits.astype(dtype), [[1, 2]] * 9
    kept = lengths >= 2
    labels = [fl.ctc_decode(logits, lengths, beam_width=width) for width in (None, 4)]
    aligned = fl.ctc_align(y_true[: kept.sum()], logits[kept], None, lengths[kept])
    first = np.ascontiguousarray(np.swapaxes(logits, 0, 1))
    spread = np.asfortranarray(logits)[:, :, ::-1].copy(order="K")[:, :, ::-1]
    packed = logits[np.arange(8) < lengths[:, None]]
    for given, more in ((first, {"time_axis": 0}), (spread, {}), (packed, {}), (logits, {"n_threads": 3})):
        for width, (right, scores) in zip((None, 4), labels, strict=True):
            found, again = fl.ctc_decode(given, lengths, beam_width=width, **more)
            assert bits(again) == bits(scores)
            assert [own.tolist() for own in found] == [own.tolist() for own in right]
    of_time = np.ascontiguousarray(np.swapaxes(logits[kept], 0, 1))
    assert bits(fl.ctc_align(y_true[: kept.sum()], of_time, None, lengths[kept], time_axis=0)) == bits(aligned)
    assert bits(fl.ctc_align(y_true[: kept.sum()], logits[kept], None, lengths[kept], n_threads=3)) == bits(aligned)


def test_log_probabilities() -> None:
    logits, lengths = drawn("given", sizes=(5, 9, 4))
    logits[np.isnan(logits)] = 0
    own = log_probabilities(logits)
    for width in (None, 5):
        (labels, scores), (again, others) = (
            fl.ctc_decode(logits, lengths, beam_width=width),
            fl.ctc_decode(own, lengths, beam_width=width, given="log_probs"),
        )
        assert [row.tolist() for row in labels] == [row.tolist() for row in again]
        np.testing.assert_allclose(others, scores, rtol=1e-13, atol=1e-15)
    several = fl.ctc_align([[1], [2]], logits[:2]), fl.ctc_align([[1], [2]], own[:2], given="log_probs")
    np.testing.assert_allclose(several[0][2], several[1][2], rtol=1e-13)


def test_nothing_to_do() -> None:
    for width in (None, 3):
        labels, scores = fl.ctc_decode(np.zeros((0, 3, 2)), beam_width=width)
        assert (labels, scores.shape) == ([], (0,))
        labels, scores = fl.ctc_decode(np.full((2, 4, 3), np.nan), [0, 0], beam_width=width)
        assert [own.tolist() for own in labels] == [[], []]
        assert bits(scores) == bits(np.zeros(2))
        assert fl.ctc_decode(np.zeros((1, 5, 1)), beam_width=width)[0][0].size == 0  # the blank alone
    first, last, scores = fl.ctc_align(np.zeros((2, 0), int), np.zeros((2, 0, 3)))
    assert (first.shape, last.shape) == ((2, 0), (2, 0))
    assert bits(scores) == bits(np.zeros(2))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"logits": np.zeros(5)}, ValueError, r"logits has shape \(5,\); it needs three axes"),
        ({"logits": np.zeros((2, 5, 0))}, ValueError, "frames of no classes"),
        ({"logits": np.zeros((10, 4))}, ValueError, "need logit_lengths"),
        ({"logit_lengths": [1, 6]}, ValueError, r"logit_lengths\[1\] = 6; logits has 5"),
        ({"logit_lengths": [1.0, 2.0]}, TypeError, "logit_lengths has dtype float64"),
        ({"blank": 4}, ValueError, "blank = 4 is not a class: there are 4"),
        ({"time_axis": 2}, ValueError, "time_axis = 2 is that of the classes"),
        ({"given": "probs"}, ValueError, "given = 'probs' is not one of"),
        ({"n_threads": 0}, ValueError, "n_threads"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {"logits": np.zeros((2, 5, 4)), **changes}
    with pytest.raises(error, match=message):
        fl.ctc_decode(**given)
    with pytest.raises(error, match=message):
        fl.ctc_align(y_true=[[1], [2]], **given)


def test_what_else_is_refused() -> None:
    zeros = np.zeros((2, 5, 4))
    for width, error in ((0, ValueError), (-3, ValueError), (1.5, TypeError), ("wide", TypeError)):
        with pytest.raises(error, match="beam_width"):
            fl.ctc_decode(zeros, beam_width=width)  # type: ignore[arg-type]
    for labels, message in (
        ([[1], [0]], r"y_true\[1\] = 0 is the blank"),
        ([[1], [4]], r"y_true\[1\] = 4 is not in \[0, 4\)"),
        ([[1, 1, 2], [1, 1, 1]], "sequence 0 has 3 frames; its 3 labels need 4"),
    ):
        with pytest.raises(ValueError, match=message):
            fl.ctc_align(labels, zeros, None, [3, 5])
    for bad, at in ((np.nan, "logits[1, 2, 0] is nan"), (np.inf, "logits[1, 2, 0] is inf")):
        spoiled = zeros.copy()
        spoiled[1, 2, 0] = bad
        for call in (
            lambda x: fl.ctc_decode(x),
            lambda x: fl.ctc_decode(x, beam_width=2),
            lambda x: fl.ctc_align([[1], [2]], x),
        ):
            with pytest.raises(ValueError) as error_of:
                call(spoiled)
            assert str(error_of.value).startswith(at)
    spoiled = zeros.copy()
    spoiled[1, 2] = -np.inf
    with pytest.raises(ValueError, match=r"all of logits\[1, 2\] is -inf"):
        fl.ctc_decode(spoiled)
    with pytest.raises(ValueError, match=r"all of logits\[2, 1\] is -inf"):
        fl.ctc_decode(np.swapaxes(spoiled, 0, 1), time_axis=0)
    with pytest.raises(ValueError, match=r"all of logits\[7\] is -inf"):
        fl.ctc_decode(spoiled.reshape(10, 4), [5, 5])
    spoiled = zeros.copy()
    spoiled[1, :, 2] = -np.inf
    with pytest.raises(ValueError, match="all alignments of sequence 1 have a score of -inf"):
        fl.ctc_align([[1], [2]], spoiled)


def test_the_examples() -> None:
    for function in (fl.ctc_decode, fl.ctc_align):
        test = doctest.DocTestParser().get_doctest(function.__doc__ or "", {}, function.__name__, None, 0)
        assert test.examples
        assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
