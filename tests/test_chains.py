"""The loss of chains of tags: against all chains, and against recursions; layouts, lengths, and what is refused."""

from __future__ import annotations

import itertools
import pickle
from typing import Any

import cases
import ml_dtypes
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator
from mpmath import mp, mpf
from oracle import Jet, exact

import fastloss as fl
from fastloss.runtime import current_engine

pytestmark = pytest.mark.skipif(current_engine() == "numba", reason="no kernel of this engine")
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
SHARED = ("transitions", "start", "end")
crf = fl.linear_chain_crf


def drawn(*key: Any, sizes: tuple[int, int, int] = (5, 7, 4), dtype: Any = np.float32) -> dict[str, Any]:
    """Return the arrays of a batch: lengths differ, and what is behind them is no number, or no tag."""
    arrays = fl.kinds.draw(crf._row, sizes, dtype, generator("chains", *map(str, key)))
    behind = np.arange(sizes[1]) >= arrays["lengths"][:, None]
    arrays["y_true"][behind], arrays["emissions"][behind] = -7, np.nan
    return arrays


# -- what is right ----------------------------------------------------------------------------------------------------


@of_floats
def test_the_textbook(dtype: Any) -> None:
    """Value and all four gradients of tiny lattices, against the sum over all chains."""
    arrays = drawn("textbook", sizes=(3, 3, 2), dtype=dtype)
    arrays["lengths"], weight = np.array([3, 1, 2]), np.array([1.0, 0.5, 2.0])
    arrays["emissions"] = generator("textbook").normal(size=(3, 3, 2)).astype(dtype)
    arrays["y_true"] = np.array([[1, 0, 0], [1, -7, -7], [0, 1, -7]])
    names = ("emissions", *SHARED)

    def loss(varied: str = "", place: tuple[int, ...] = ()) -> Jet:
        given = {name: np.vectorize(exact, otypes=[object])(arrays[name]) for name in names}
        if varied:
            given[varied][place] = Jet(given[varied][place], mpf(1), mpf(0))
        total = oracle.as_jet(mpf(0))
        for n, frames in enumerate(arrays["lengths"]):
            own = (given["emissions"][n, :frames], *(given[name] for name in SHARED))
            tags = [int(tag) for tag in arrays["y_true"][n, :frames]]
            total = total + oracle.as_jet(oracle.linear_chain_crf(tags, *own)) * (
                exact(weight[n]) / exact(weight.sum())
            )
        return total

    value, gradients = crf.value_and_grad(**arrays, sample_weight=weight)
    with mp.workdps(40):
        right = float(loss().value)
        assert abs(value - right) <= 4 * np.finfo(float).eps * right
        for name, gradient in zip(names, gradients, strict=True):
            assert (gradient.shape, gradient.dtype) == (arrays[name].shape, dtype)
            slopes = np.zeros(gradient.shape)
            for place in np.ndindex(gradient.shape):
                if name != "emissions" or place[1] < arrays["lengths"][place[0]]:
                    slopes[place] = float(loss(name, place).first)
            # Of what is shared, the largest: terms of both signs are added up.
            largest = np.abs(slopes) if name == "emissions" else np.abs(slopes).max()
            assert (np.abs(gradient - slopes) <= 4 * np.finfo(dtype).eps * largest).all()


def recursion(arrays: dict[str, Any]) -> tuple[Any, Any, Any, Any]:
    """Return the loss of one sequence, its gradients by emissions and transitions, and what the latter is a sum of."""
    raw = arrays["emissions"][0]
    frames, tags = raw.shape
    e = [[exact(x) for x in row] for row in raw]
    for j in range(tags):
        e[0][j] += exact(arrays["start"][j])
        e[-1][j] += exact(arrays["end"][j])
    score = e[0][arrays["y_true"][0, 0]]
    for t in range(1, frames):
        i, j = arrays["y_true"][0, t - 1 : t + 1]
        score += exact(arrays["transitions"][i, j]) + e[t][j]
    e = [[mp.exp(x) for x in row] for row in e]
    between = [[mp.exp(exact(x)) for x in row] for row in arrays["transitions"]]
    a, b = [e[0]], [[mpf(1)] * tags]
    for t in range(1, frames):
        a.append([e[t][j] * mp.fsum(a[-1][i] * between[i][j] for i in range(tags)) for j in range(tags)])
        after = [p * q for p, q in zip(e[-t], b[0], strict=True)]
        b.insert(0, [mp.fsum(between[i][j] * after[j] for j in range(tags)) for i in range(tags)])
    total = mp.fsum(a[-1])
    by_emissions = np.array([[p * q / total for p, q in zip(*rows, strict=True)] for rows in zip(a, b, strict=True)])
    of_frames = np.full((frames, tags, tags), mpf(0))
    for t, tag in enumerate(arrays["y_true"][0]):
        by_emissions[t, tag] -= 1
        if t > 0:
            for i, j in itertools.product(range(tags), repeat=2):
                of_frames[t, i, j] = a[t - 1][i] * between[i][j] * e[t][j] * b[t][j] / total
            of_frames[t, arrays["y_true"][0, t - 1], tag] -= 1
    return mp.log(total) - score, by_emissions, of_frames.sum(0), np.abs(of_frames).sum(0)


def regime(name: str, tags: int, dtype: Any) -> dict[str, Any]:
    """Return the arrays of one sequence."""
    rng, frames = generator("chains", name, tags, dtype), 12
    arrays = fl.kinds.draw(crf._row, (1, frames, tags), np.float64, rng)
    y, x, between = arrays["y_true"][0], arrays["emissions"], arrays["transitions"]
    arrays["lengths"][:] = frames
    word, _, number = name.partition(" ")
    if word == "confident":
        x[0, np.arange(frames), y] += float(number)
    elif word == "wrong":
        x[0, np.arange(frames), y] -= float(number)
    elif word == "spread":
        x *= float(number)
        between *= float(number)
    elif word == "offset":
        x += float(number)
    elif word == "apart":  # tags keep to themselves, and who is likely changes: factors of pairs leave the range
        between[:] = np.where(np.eye(tags) == 1, 0, -1e5)
        x[0, : frames // 2, 1:] -= float(number)
        x[0, frames // 2 :, 0] -= float(number)
        y[:] = tags - 1
    elif word == "masks":
        keep = np.zeros_like(between, bool)
        keep[y[:-1], y[1:]] = True
        between[~keep & (rng.random(between.shape) < 0.4)] = float(number)
    return {key: array.astype(dtype) if array.dtype.kind == "f" else array for key, array in arrays.items()}


REGIMES = (
    "random", "confident 12", "confident 25", "confident 45", "confident 250", "wrong 20", "wrong 100", "spread 30",
    "spread 100", "spread 1e4", "offset 1e4", "apart 100", "apart 170", "masks -1000", "masks -1e4", "masks -1e30",
    "masks -inf",
)  # fmt: skip


@of_floats
@pytest.mark.parametrize("tags", [2, 9])
@pytest.mark.parametrize("name", REGIMES)
def test_every_regime(name: str, tags: int, dtype: Any) -> None:
    arrays = regime(name, tags, dtype)
    value, (by_emissions, by_transitions, by_start, by_end) = crf.value_and_grad(**arrays)
    eps = np.finfo(float).eps
    with mp.workdps(300 if "250" in name or "100" in name or "170" in name else 60):
        loss, slopes, of_pairs, terms = recursion(arrays)
        # 12 frames, so many roundings; an exponential or a logarithm has lost as much as what it is of is large.
        size = float(np.ptp(arrays["emissions"].astype(float), axis=-1).max())
        size += float(np.ptp(arrays["transitions"].astype(float))) if name.startswith("spread") else 0.0
        bound = (24 + 8 * size) * eps
        assert value > 0 or loss == 0
        assert abs(exact(value) - loss) <= (16 + 4 * size) * eps * loss
        unit, least = (0.0, 2.0**-150 * min(loss, 1)) if dtype == np.float64 else (float(np.finfo(dtype).eps), 1e-37)
        for found, right in zip(by_emissions[0].ravel(), slopes.ravel(), strict=True):
            wrong = abs(exact(found) - right)
            assert wrong <= (bound + 0.75 * unit) * abs(right) or abs(right) < least
        largest = max(terms.ravel())
        for found, right in zip(by_transitions.ravel(), of_pairs.ravel(), strict=True):
            wrong = abs(exact(found) - right)
            assert wrong <= (bound + unit) * largest or largest < least
        for row in by_emissions[0]:  # 1.2 was the most
            total = abs(float(mp.fsum(map(exact, row))))
            assert total <= max(4 * float(np.finfo(dtype).eps) * float(np.abs(row).max()), 1e-37 * (unit > 0))
    assert bits(by_start) == bits(by_emissions[0, 0])
    assert bits(by_end) == bits(by_emissions[0, -1])


@pytest.mark.parametrize("cost", [63.9, 80.0])  # what is beyond the range by little, and by so much that inf shows it
@pytest.mark.parametrize("end", [-1.0, 20.0])  # with 20, what is dropped is too little to be missed in any sum
@pytest.mark.parametrize("label", [0, 1])
def test_a_chain_that_only_logarithms_see(label: int, cost: float, end: float) -> None:
    """The second tag is unlikely to begin with and certain in the end: on the way it leaves the range."""
    frames = 40
    x = np.zeros((1, frames, 2))
    x[0, : frames // 2, 1], x[0, frames // 2 :, 0] = -cost, -cost
    check_apart({"emissions": x, "end": np.array([end, 0.0]), "y_true": np.full((1, frames), label)})


@pytest.mark.parametrize("label", [0, 1, 2])
def test_exponentials_that_are_too_small(label: int) -> None:
    """The likeliest chain has one, the others have several that are not."""
    x = np.zeros((1, 3, 3))
    x[0, :2, 1], x[0, :2, 2], x[0, 2, 0] = -400, -397.5, -790
    check_apart({"emissions": x, "y_true": np.full((1, 3), label)})


def check_apart(arrays: dict[str, Any]) -> None:
    """Hold tags that keep to themselves to the truth."""
    tags = arrays["emissions"].shape[-1]
    given = {
        "transitions": np.where(np.eye(tags) == 1, 0, -1e5),
        "start": np.zeros(tags),
        "end": np.zeros(tags),
    } | arrays
    value, (by_emissions, by_transitions, *_) = crf.value_and_grad(**given)
    with mp.workdps(50):
        loss, slopes, of_pairs, _ = recursion(given)
    np.testing.assert_allclose(value, float(loss), rtol=1e-12)
    np.testing.assert_allclose(by_emissions[0], slopes.astype(float), rtol=1e-12, atol=0)
    np.testing.assert_allclose(by_transitions, of_pairs.astype(float), rtol=1e-11, atol=0)


def test_a_peer() -> None:
    """The recursion in logarithms, differentiated by PyTorch."""
    torch = pytest.importorskip("torch")
    arrays = drawn("peer", sizes=(6, 20, 7), dtype=np.float64)
    arrays["emissions"] = np.nan_to_num(arrays["emissions"])
    x, between, start, end = leaves = [
        torch.tensor(arrays[name], requires_grad=True) for name in ("emissions", *SHARED)
    ]
    losses = []
    for n, frames in enumerate(arrays["lengths"]):
        y = arrays["y_true"][n, :frames]
        row, score = start + x[n, 0], start[y[0]] + x[n, 0, y[0]]
        for t in range(1, frames):
            row = torch.logsumexp(row[:, None] + between, 0) + x[n, t]
            score = score + between[y[t - 1], y[t]] + x[n, t, y[t]]
        losses.append(torch.logsumexp(row + end, 0) - score - end[y[-1]])
    torch.stack(losses).mean().backward()
    value, gradients = crf.value_and_grad(**arrays)
    np.testing.assert_allclose(value, torch.stack(losses).mean().item(), rtol=1e-13)
    for leaf, gradient in zip(leaves, gradients, strict=True):
        theirs = leaf.grad.numpy()
        assert np.abs(gradient - theirs).max() <= 1e-13 * np.abs(theirs).max()


# -- the same bits ----------------------------------------------------------------------------------------------------


@of_floats
def test_every_layout_has_the_same_bits(dtype: Any) -> None:
    arrays = drawn("layouts", sizes=(6, 8, 5), dtype=dtype)
    arrays["emissions"][1] *= 300  # one that is done in logarithms
    emissions, lengths = arrays["emissions"], arrays["lengths"]
    value, gradients = crf.value_and_grad(**arrays)
    assert bits(crf(**arrays)) == bits(value)
    assert bits(crf.grad(**arrays)) == bits(gradients)
    for name, gradient in zip(("emissions", *SHARED), gradients, strict=True):
        assert bits(crf.grad(**arrays, wrt=name)) == bits(gradient)
    spread = np.empty((6, 16, 10), dtype)
    spread[:, ::2, ::2] = emissions
    for other in (
        np.asfortranarray(emissions),
        emissions[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
        spread[:, ::2, ::2],
        emissions.astype(emissions.dtype.newbyteorder()),
        np.ascontiguousarray(np.swapaxes(emissions, 0, 1)).swapaxes(0, 1),
    ):
        turned = {**arrays, "emissions": other, "transitions": np.asfortranarray(arrays["transitions"])}
        again, own = crf.value_and_grad(**turned)
        assert (bits(again), bits(own)) == (bits(value), bits(gradients))
        place = other.copy(order="K") if other.base is None else other
        model = {name: arrays[name].copy() for name in SHARED}
        out = (place, *model.values())
        assert crf.grad(**{**arrays, **model, "emissions": place}, out=out) == out
        assert bits(tuple(np.asarray(each, dtype) for each in out)) == bits(gradients)
    inside = np.arange(8) < lengths[:, None]
    for packed in (
        {"y_true": arrays["y_true"][inside], "emissions": emissions[inside]},
        {"y_true": arrays["y_true"], "emissions": emissions[inside]},
    ):
        again, own = crf.value_and_grad(**{**arrays, **packed})
        assert (bits(again), bits(own[1:])) == (bits(value), bits(gradients[1:]))
        assert bits(own[0]) == bits(gradients[0][inside])


def test_labels_in_every_form() -> None:
    arrays = drawn("labels")
    want = bits(crf.value_and_grad(**arrays))
    rows = [row[:n].astype(np.int32) for row, n in zip(arrays["y_true"], arrays["lengths"], strict=True)]
    assert bits(crf.value_and_grad(**{**arrays, "y_true": rows, "lengths": None})) == want
    assert bits(crf.value_and_grad(**{**arrays, "y_true": np.concatenate(rows)})) == want
    for kind in (np.int8, np.uint16, np.int32):
        assert bits(crf.value_and_grad(**{**arrays, "y_true": np.concatenate(rows).astype(kind)})) == want


@of_floats
def test_threads_and_batches_change_no_bit(dtype: Any) -> None:
    """Of more sequences than there are parts, and of some."""
    for samples in (150, 9):
        arrays = drawn("threads", samples, sizes=(samples, 30, 11), dtype=dtype)
        arrays["emissions"][4] *= 300  # in logarithms, beside one that is not
        value, gradients = crf.value_and_grad(**arrays, n_threads=1)
        for threads in (2, 3):
            again, own = crf.value_and_grad(**arrays, n_threads=threads)
            assert (bits(again), bits(own)) == (bits(value), bits(gradients))
        losses, (slopes, *_) = crf.value_and_grad(**arrays, reduction="none")
        for n in (0, 3, 4, 5, 8):
            alone = {**arrays, **{name: arrays[name][n : n + 1] for name in ("y_true", "emissions", "lengths")}}
            loss, (slope, *_) = crf.value_and_grad(**alone, reduction="none")
            assert (bits(loss[0]), bits(slope[0])) == (bits(losses[n]), bits(slopes[n]))


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_halves(half: Any) -> None:
    arrays = drawn("halves")
    names = ("emissions", *SHARED)
    rounded = {**arrays, **{name: arrays[name].astype(half) for name in names}}
    value, gradients = crf.value_and_grad(**rounded)
    wide = {**arrays, **{name: rounded[name].astype(np.float64) for name in names}}
    again, own = crf.value_and_grad(**wide)
    assert value == again
    assert bits(gradients[0]) == bits(cases.rounded_once(own[0], half))
    for gradient, right in zip(gradients[1:], own[1:], strict=True):
        assert gradient.dtype == half
        assert (np.abs(gradient.astype(float) - right) <= float(ml_dtypes.finfo(half).eps) * np.abs(right).max()).all()


# -- weights, and what has no number ----------------------------------------------------------------------------------


def test_weights_masks_and_reductions() -> None:
    arrays = drawn("weights", dtype=np.float64)
    arrays["y_true"][3, 0], arrays["emissions"][3] = 99, np.nan  # of a sequence that is left out nothing is read
    weight, where = np.array([2.0, 0.5, 0.0, 1.0, 1.5]), np.array([True, True, True, False, True])
    kept = np.where(where, weight, 0)
    losses, gradients = crf.value_and_grad(**arrays, sample_weight=weight, where=where, reduction="none")
    own = crf(**arrays, where=where, reduction="none")
    assert bits(losses) == bits(own * kept)
    value, mean = crf.value_and_grad(**arrays, sample_weight=weight, where=where)
    np.testing.assert_allclose(value, losses.sum() / kept.sum(), rtol=1e-15)
    total, whole = crf.value_and_grad(**arrays, sample_weight=weight, where=where, reduction="sum")
    np.testing.assert_allclose(total, losses.sum(), rtol=1e-15)
    assert bits(whole) == bits(gradients)
    for gradient, summed in zip(mean, whole, strict=True):
        assert np.abs(gradient * kept.sum() - summed).max() <= 1e-15 * np.abs(summed).max()
    turned = (-1.0 * crf).grad(**arrays, sample_weight=weight, where=where, reduction="sum")
    for n in (2, 3):
        assert bits(gradients[0][n]) == bits(turned[0][n]) == bits(np.zeros((7, 4)))
    alone = [n for n in range(5) if kept[n]]
    few = {**arrays, **{name: arrays[name][alone] for name in ("y_true", "emissions", "lengths")}}
    for gradient, right in zip(
        whole[1:], crf.grad(**few, sample_weight=weight[alone], reduction="sum")[1:], strict=True
    ):
        assert np.abs(gradient - right).max() <= 1e-15 * np.abs(right).max()


def test_no_edges_are_edges_of_zero() -> None:
    arrays = drawn("edges")
    arrays["start"][:] = arrays["end"][:] = 0
    value, gradients = crf.value_and_grad(**arrays)
    again, own = crf.value_and_grad(**{**arrays, "start": None, "end": None})
    assert (bits(again), bits(own)) == (bits(value), bits(gradients[:2]))


def test_nothing_to_do() -> None:
    for emissions in (np.zeros((0, 3, 2)), np.zeros((3, 0, 2))):
        value, (slopes, between) = crf.value_and_grad(np.zeros(emissions.shape[:2], int), emissions, np.ones((2, 2)))
        assert (value, slopes.shape) == (0, emissions.shape)
        assert bits(between) == bits(np.zeros((2, 2)))
    losses, (slopes, between) = crf.value_and_grad(
        np.zeros((2, 3), int), np.full((2, 3, 2), np.nan), np.ones((2, 2)), lengths=[0, 0], reduction="none"
    )
    assert bits(losses) == bits(np.zeros(2))
    assert bits(slopes) == bits(np.zeros((2, 3, 2)))
    assert bits(between) == bits(np.zeros((2, 2)))
    value, (slopes, between) = crf.value_and_grad(np.zeros((1, 3), int), np.ones((1, 3, 1)), np.ones((1, 1)))
    assert (value, slopes.any(), between.any()) == (0, False, False)  # there is one chain


def test_what_has_no_number_stays_in_its_sequence() -> None:
    arrays = drawn("nan", sizes=(3, 4, 3))
    arrays["lengths"][:] = (4, 3, 1)
    arrays["emissions"][:] = np.nan_to_num(arrays["emissions"])
    arrays["y_true"][:] = np.maximum(arrays["y_true"], 0)
    right, (slopes, *_) = crf.value_and_grad(**arrays, reduction="none")
    for bad in (np.nan, np.inf, -np.inf):
        given = {**arrays, "emissions": arrays["emissions"].copy()}
        given["emissions"][1, 2, arrays["y_true"][1, 2]] = bad
        losses, (found, *shared) = crf.value_and_grad(**given, reduction="none")
        assert np.isnan(losses[1]) if bad != -np.inf else losses[1] == np.inf
        assert np.isnan(found[1, :3]).all()
        assert not found[1, 3].any()
        assert (bits(losses[::2]), bits(found[::2])) == (bits(right[::2]), bits(slopes[::2]))
        assert all(np.isnan(gradient).all() for gradient in shared)
    for name, touched in (("transitions", [True, True, False]), ("start", [True] * 3), ("end", [True] * 3)):
        given = {**arrays, name: np.full_like(arrays[name], np.nan)}
        losses, (found, *_) = crf.value_and_grad(**given, reduction="none")
        assert (np.isnan(losses) == touched).all()
        assert (np.isnan(found[:, 0, 0]) == touched).all()
    given = {**arrays, "transitions": arrays["transitions"].copy()}
    i, j = arrays["y_true"][1, 1:3]
    given["transitions"][i, j] = -np.inf
    assert crf(**given, reduction="none")[1] == np.inf


def test_a_forbidden_transition_has_no_gradient() -> None:
    arrays = drawn("forbidden", sizes=(1, 9, 3))
    arrays["y_true"][0], arrays["lengths"][:] = [0, 1, 2] * 3, 9
    arrays["emissions"] = generator("forbidden").normal(size=(1, 9, 3))
    arrays["transitions"][1, 1] = -np.inf
    value, (_, between, *_) = crf.value_and_grad(**arrays)
    assert np.isfinite(value)
    assert bits(between[1, 1]) == bits(np.zeros((), between.dtype)[()])
    assert np.isfinite(between).all()


# -- what is refused, and what else a loss can do ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"emissions": np.zeros(5)}, ValueError, r"emissions has shape \(5,\); it needs three axes"),
        ({"emissions": np.zeros((2, 5, 0))}, ValueError, "frames of no tags"),
        ({"emissions": np.zeros((10, 4))}, ValueError, "need lengths; of one sequence pass"),
        ({"transitions": np.zeros((4, 3))}, ValueError, r"transitions has shape \(4, 3\); it must have \(4, 4\)"),
        ({"start": np.zeros(5)}, ValueError, r"start has shape \(5,\); it must have \(4,\)"),
        ({"end": np.zeros(5)}, ValueError, r"end has shape \(5,\); it must have \(4,\)"),
        ({"lengths": [1, 6]}, ValueError, r"lengths\[1\] = 6; emissions has 5"),
        ({"lengths": [1, -1]}, ValueError, r"lengths\[1\] = -1; a length is at least 0"),
        ({"lengths": [1.0, 2.0]}, TypeError, "lengths has dtype float64"),
        ({"y_true": np.zeros((2, 4), int)}, ValueError, r"y_true has shape \(2, 4\); it must have \(2, 5\), or"),
        ({"y_true": np.zeros((3, 5), int)}, ValueError, r"y_true has shape \(3, 5\)"),
        ({"y_true": np.zeros(9, int)}, ValueError, r"one behind the other \(10,\): a tag for each frame"),
        ({"y_true": np.zeros((2, 5))}, TypeError, "y_true has dtype float64; tags are integers"),
        ({"y_true": [[0, 1, 2, 3, 4], [0] * 5]}, ValueError, r"y_true\[4\] = 4 is not in \[0, 4\)"),
        ({"y_true": np.array([[0] * 5, [0, -1, 0, 0, 0]])}, ValueError, r"y_true\[1, 1\] = -1 is not in \[0, 4\)"),
        ({"sample_weight": [1.0, -1.0]}, ValueError, r"sample_weight\[1\] = -1"),
        ({"where": [True, False, True]}, ValueError, "where"),
        ({"wrt": "lengths"}, ValueError, "'lengths' is no prediction"),
        ({"wrt": "start"}, ValueError, "'start' is no prediction"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {
        "y_true": np.zeros((2, 5), int), "emissions": np.zeros((2, 5, 4)), "transitions": np.zeros((4, 4)), **changes
    }  # fmt: skip
    with pytest.raises(error, match=message):
        crf.value_and_grad(**given)
    if "wrt" not in changes:
        out = np.full(np.shape(given["emissions"]), 7.0)
        with pytest.raises(error, match=message):
            crf.value_and_grad(**given, out=(None, (out,) + (None,) * (1 + ("start" in given) + ("end" in given))))
        assert (out == 7).all()


def test_bound_pickled_scaled_and_summed() -> None:
    arrays = drawn("whole")
    value, gradients = crf.value_and_grad(**arrays)
    bound = pickle.loads(pickle.dumps(crf.bind(reduction="sum", normalizer=None)))
    assert bound.parameters == crf.parameters
    np.testing.assert_allclose(bound(**arrays), 5 * value, rtol=1e-15)
    again, own = (-2 * crf).value_and_grad(**arrays)
    np.testing.assert_allclose(again, -2 * value, rtol=1e-15)
    for gradient, right in zip(own, gradients, strict=True):
        np.testing.assert_allclose(gradient, -2 * right, rtol=1e-6)
    with pytest.raises(TypeError, match="linear_chain_crf has no diagonal of the Hessian"):
        crf.grad_and_hess(**arrays)
