"""Chains of tags: against all chains, and against a recursion in mpmath; layouts, lengths, and what is refused."""

from __future__ import annotations

import doctest
import itertools
from typing import Any

import numpy as np
import pytest
from cases import FLOATS, HALVES, bits, generator
from mpmath import mp
from numpy.testing import assert_array_equal
from oracle import exact

import fastloss as fl
from fastloss.runtime import current_engine

pytestmark = pytest.mark.skipif(current_engine() == "numba", reason="no kernel of this engine")
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def drawn(*key: Any, sizes: tuple[int, int, int] = (5, 7, 4), spread: float = 1.0, dtype: Any = np.float32) -> Any:
    """Return a batch and a model: lengths differ, and what is behind them is NaN."""
    rng = generator("tagging", *map(str, key))
    samples, frames, tags = sizes
    lengths = rng.integers(1, frames + 1, size=samples)
    emissions = rng.normal(scale=spread, size=sizes).astype(dtype)
    emissions[np.arange(frames) >= lengths[:, None]] = np.nan
    model = {"transitions": rng.normal(scale=spread, size=(tags, tags)).astype(dtype), "lengths": lengths}
    model |= {name: rng.normal(scale=spread, size=tags).astype(dtype) for name in ("start", "end")}
    return emissions, model


def score(chain: Any, x: Any, model: Any) -> Any:
    """Return the score of a chain of one sequence, without rounding."""
    total = exact(model["start"][chain[0]]) + exact(model["end"][chain[-1]])
    total += sum(exact(x[t, tag]) for t, tag in enumerate(chain))
    return total + sum(exact(model["transitions"][i, j]) for i, j in itertools.pairwise(chain))


def recursion(x: Any, model: Any) -> Any:
    """Return the probability of each tag in each frame of one sequence."""
    frames, tags = x.shape
    between = [[mp.exp(exact(c)) for c in row] for row in model["transitions"]]
    e = [[mp.exp(exact(c)) for c in row] for row in x]
    e[0] = [c * mp.exp(exact(s)) for c, s in zip(e[0], model["start"], strict=True)]
    e[-1] = [c * mp.exp(exact(s)) for c, s in zip(e[-1], model["end"], strict=True)]
    a, b = [e[0]], [[mp.mpf(1)] * tags]
    for t in range(1, frames):
        a.append([e[t][j] * mp.fsum(a[-1][i] * between[i][j] for i in range(tags)) for j in range(tags)])
        after = [p * q for p, q in zip(e[-t], b[0], strict=True)]
        b.insert(0, [mp.fsum(between[i][j] * after[j] for j in range(tags)) for i in range(tags)])
    total = mp.fsum(a[-1])
    return [[p * q / total for p, q in zip(*rows, strict=True)] for rows in zip(a, b, strict=True)]


# -- what is right ----------------------------------------------------------------------------------------------------


@of_floats
def test_all_chains(dtype: Any) -> None:
    """Probabilities and the best chain of tiny sequences, against every chain there is."""
    emissions, model = drawn("all chains", sizes=(6, 4, 3), dtype=dtype)
    marginals, (tags, scores) = fl.crf_marginals(emissions, **model), fl.crf_viterbi(emissions, **model)
    for n, length in enumerate(model["lengths"]):
        chains = list(itertools.product(range(3), repeat=int(length)))
        with mp.workdps(50):
            totals = [score(chain, emissions[n], model) for chain in chains]
            best = max(range(len(chains)), key=totals.__getitem__)
            weights = [mp.exp(total) for total in totals]
            whole = mp.fsum(weights)
            for t, tag in itertools.product(range(length), range(3)):
                part = mp.fsum(w for w, c in zip(weights, chains, strict=True) if c[t] == tag)
                right = float(part / whole)
                assert abs(float(marginals[n, t, tag]) - right) <= np.finfo(dtype).eps * 4 * right
        assert tuple(tags[n, :length]) == chains[best]
        assert abs(scores[n] - float(totals[best])) <= 1e-14 * sum(map(abs, map(float, totals)))
        assert (tags[n, length:] == -1).all()
        assert bits(marginals[n, length:]) == bits(np.zeros_like(marginals[n, length:]))


#: What emissions and transitions are multiplied by, and the relative error of a probability. Where a logarithm is
#: large, an exponential has lost the digits that rounding took from it.
REGIMES = {"ordinary": (1.0, 4e-15), "far": (100.0, 1e-12), "very far": (1e4, 1e-10), "flat": (1e-3, 4e-15)}


@pytest.mark.parametrize("tags", [1, 2, 9, 17])
@pytest.mark.parametrize("regime", REGIMES)
def test_against_a_recursion(regime: str, tags: int) -> None:
    """Each probability keeps its digits, in float64, and also where only logarithms have the range for it."""
    spread, bound = REGIMES[regime]
    emissions, model = drawn(regime, tags, sizes=(2, 12, tags), spread=spread, dtype=np.float64)
    if regime == "very far":
        emissions[0, 0, 0], model["transitions"][0, -1] = -1e30, -1e4
    marginals = fl.crf_marginals(emissions, **model)
    with mp.workdps(50):
        for n, length in enumerate(model["lengths"]):
            right = np.array(recursion(emissions[n, :length], model), dtype=object)
            for found, wanted in zip(marginals[n, :length].flat, right.flat, strict=True):
                if wanted > 2.0**-150:
                    assert abs(found - float(wanted)) <= bound * float(wanted)
                else:  # the docs promise no digits
                    assert 0 <= found < 2.0**-149
    assert np.allclose(marginals[0, 0].sum(), 1, rtol=1e-15, atol=0)


@pytest.mark.parametrize("cost", [63.9, 80.0])  # what is beyond the range by little, and by so much that inf shows it
@pytest.mark.parametrize("end", [-1.0, 20.0])  # with 20, what is dropped is too little to be missed in any sum
def test_a_chain_that_only_logarithms_see(cost: float, end: float) -> None:
    """The second tag is unlikely to begin with and certain in the end: on the way it leaves the range."""
    frames = 40
    emissions = np.zeros((1, frames, 2))
    emissions[0, : frames // 2, 1], emissions[0, frames // 2 :, 0] = -cost, -cost
    model = {"transitions": np.array([[0.0, -1e5], [-1e5, 0.0]]), "start": np.zeros(2), "end": np.array([end, 0.0])}
    with mp.workdps(50):
        right = np.array(recursion(emissions[0], model), dtype=float)
    np.testing.assert_allclose(fl.crf_marginals(emissions, **model)[0], right, rtol=1e-12, atol=0)


def test_a_forbidden_transition() -> None:
    """A chain that is not allowed has no probability, and is not the best."""
    emissions, model = drawn("forbidden", sizes=(3, 6, 3), dtype=np.float64)
    model["transitions"][0, 0] = model["transitions"][1, 2] = -np.inf
    tags, _ = fl.crf_viterbi(emissions, **model)
    for n, length in enumerate(model["lengths"]):
        assert not {(0, 0), (1, 2)} & set(itertools.pairwise(tags[n, :length]))
        with mp.workdps(50):
            model_of_one = model | {"transitions": np.maximum(model["transitions"], -1e6)}
            right = np.array(recursion(emissions[n, :length], model_of_one), dtype=float)
        np.testing.assert_allclose(fl.crf_marginals(emissions, **model)[n, :length], right, rtol=1e-13, atol=0)


def test_chains_of_the_same_score() -> None:
    """The smallest last tag is taken, then the smallest before it."""
    tags, scores = fl.crf_viterbi(np.zeros((1, 4, 3)), np.zeros((3, 3)))
    assert_array_equal(tags, np.zeros((1, 4)))
    assert scores[0] == 0


# -- the same bits, whatever the layout -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*FLOATS, *HALVES], ids=str)
def test_layouts_threads_and_packing(dtype: Any) -> None:
    """Neither strides, byte order, threads nor the other sequences of a batch change a bit."""
    emissions, model = drawn("layouts", sizes=(9, 8, 11), dtype=np.float32)
    emissions = emissions.astype(dtype)
    lengths = model["lengths"]
    marginals, (tags, scores) = fl.crf_marginals(emissions, **model), fl.crf_viterbi(emissions, **model)
    assert marginals.dtype == dtype
    laid_out = np.moveaxis(np.ascontiguousarray(np.moveaxis(emissions, 0, -1)), -1, 0)[:, :, ::-1]
    for given in (laid_out[:, :, ::-1], np.asfortranarray(emissions)):
        for threads in (1, 2, 3):
            assert bits(fl.crf_marginals(given, **model, n_threads=threads)) == bits(marginals)
            found = fl.crf_viterbi(given, **model, n_threads=threads)
            assert_array_equal(found[0], tags)
            assert bits(found[1]) == bits(scores)
    packed = np.concatenate([row[:length] for row, length in zip(emissions, lengths, strict=True)])
    inside = np.arange(8) < lengths[:, None]
    assert bits(fl.crf_marginals(packed, **model)) == bits(marginals[inside])
    assert_array_equal(fl.crf_viterbi(packed, **model)[0], tags[inside])
    alone = {**model, "lengths": lengths[3:4]}
    assert bits(fl.crf_marginals(emissions[3:4], **alone)[0]) == bits(marginals[3])


def test_out() -> None:
    """Results go where they are asked for: into an array of any strides, or over the emissions."""
    emissions, model = drawn("out", dtype=np.float32)
    right = fl.crf_marginals(emissions, **model)
    apart = np.full(emissions.shape[::-1], 7.0).T
    assert fl.crf_marginals(emissions, **model, out=apart) is apart
    assert_array_equal(apart.astype(np.float32), right)
    assert fl.crf_marginals(emissions, **model, out=emissions) is emissions
    assert bits(emissions) == bits(right)


def test_nothing_to_do() -> None:
    """No sequences, no frames, sequences of length 0."""
    between = np.zeros((2, 2))
    assert fl.crf_marginals(np.zeros((0, 3, 2)), between).shape == (0, 3, 2)
    assert fl.crf_viterbi(np.zeros((3, 0, 2)), between)[0].shape == (3, 0)
    tags, scores = fl.crf_viterbi(np.full((2, 2, 2), np.nan), between, lengths=[0, 0])
    assert_array_equal(tags, np.full((2, 2), -1))
    assert_array_equal(scores, [0, 0])
    assert_array_equal(fl.crf_marginals(np.full((2, 2, 2), np.nan), between, lengths=[0, 0]), np.zeros((2, 2, 2)))


# -- what is refused --------------------------------------------------------------------------------------------------


def test_nan_stays_in_its_sequence() -> None:
    """Probabilities of a sequence with NaN, or without a chain that is allowed, are NaN; others are not."""
    emissions, model = drawn("nan", sizes=(3, 4, 3))
    model["lengths"] = np.array([4, 3, 4])
    emissions[:] = np.where(np.isnan(emissions), 0, emissions)
    right = fl.crf_marginals(emissions, **model)
    for bad in (np.nan, np.inf):
        emissions[1, 2, 0] = bad
        found = fl.crf_marginals(emissions, **model)
        assert np.isnan(found[1, :3]).all()
        assert_array_equal(found[1, 3], 0)
        assert bits(found[::2]) == bits(right[::2])
        with pytest.raises(ValueError, match=rf"^emissions\[1, 2, 0\] is {bad}; a score is a number"):
            fl.crf_viterbi(emissions, **model)
    emissions[1, 2] = -np.inf
    assert np.isnan(fl.crf_marginals(emissions, **model)[1, :3]).all()
    with pytest.raises(ValueError, match="all chains of sequence 1 have a score of -inf"):
        fl.crf_viterbi(emissions, **model)
    packed = np.zeros((3, 3))
    packed[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"^emissions\[2, 1\] is nan"):
        fl.crf_viterbi(packed, np.zeros((3, 3)), lengths=[2, 1])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"emissions": np.zeros(3)}, r"emissions has shape \(3,\); it needs three axes"),
        ({"emissions": np.zeros((2, 3, 0))}, "frames of no tags"),
        ({"emissions": np.zeros((3, 2))}, "need lengths; of one sequence pass"),
        ({"emissions": np.zeros((3, 2)), "lengths": [1, 1]}, "lengths adds up to 2; emissions has 3"),
        ({"lengths": [1, 4]}, r"lengths\[1\] = 4; emissions has 3"),
        ({"lengths": [-1, 2]}, r"lengths\[0\] = -1; a length is at least 0"),
        ({"lengths": [1]}, r"lengths has shape \(1,\)"),
        ({"lengths": [1.0, 2.0]}, "lengths has dtype float64; lengths are integers"),
        ({"transitions": np.zeros((2, 3))}, r"transitions has shape \(2, 3\); it must have \(2, 2\)"),
        ({"transitions": [[0, np.nan], [0, 0]]}, r"transitions\[0, 1\] is nan; a score is a number"),
        ({"start": [0, np.inf]}, r"start\[1\] is inf; a score is a number"),
        ({"end": [0.0]}, r"end has shape \(1,\); it must have \(2,\)"),
        ({"n_threads": 0}, "n_threads"),
    ],
)
def test_what_is_refused(changed: dict[str, Any], message: str) -> None:
    """Wrong arguments are named before anything is written."""
    given = {"emissions": np.zeros((2, 3, 2)), "transitions": np.zeros((2, 2)), **changed}
    out = np.full(np.shape(given["emissions"]), 7.0)
    with pytest.raises((TypeError, ValueError), match=message):
        fl.crf_marginals(**given, out=out)
    assert (out == 7).all()
    with pytest.raises((TypeError, ValueError), match=message):
        fl.crf_viterbi(**given)


def test_the_examples() -> None:
    for function in (fl.crf_marginals, fl.crf_viterbi):
        test = doctest.DocTestParser().get_doctest(function.__doc__ or "", {}, function.__name__, None, 0)
        assert test.examples
        assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
