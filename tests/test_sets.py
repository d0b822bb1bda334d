"""Losses of two sets of vectors."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator
from oracle import Jet, exact, mp
from test_plain import long_way

import fastloss as fl
from fastloss.kinds import sets
from fastloss.runtime import current_engine, kernels

ROWS = [row for row in fl.losses() if row.kind == "sets"]
#: Parameters besides the defaults.
OTHERS = {
    "mmd": [{"bandwidths": (0.5, 2.0, 8.0)}, {"biased": True}, {"bandwidths": [0.25, 1.0], "biased": True}],
    "coral": [],
}
#: How far a gradient may be from the truth, of its largest number: exponentials of -30 have lost five bits.
BOUNDS = {np.dtype(np.float32): 2.0**-23, np.dtype(np.float64): 2e-14}

of_rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_cases = pytest.mark.parametrize(
    ("row", "given"),
    [(row, own) for row in ROWS for own in ({}, *OTHERS[row.name])],
    ids=lambda x: getattr(x, "name", ""),
)


def drawn(row: Any, *key: Any, shape: tuple[int, ...] = (24, 5), dtype: Any = np.float32) -> list[np.ndarray]:
    return list(fl.kinds.draw(row, shape, dtype, generator("sets", row.name, *map(str, key))).values())


def loss_of(row: Any) -> Any:
    return getattr(fl, row.name)


def terms(row: Any, source: Any, target: Any, **given: Any) -> float:
    """Return the size of what the value is the difference of."""
    if row.name == "mmd":
        return 4.0 * np.size(given.get("bandwidths", 1.0))
    return sum(float((np.cov(points, rowvar=False) ** 2).sum()) for points in (source, target)) / source.shape[1] ** 2


def hold_to_textbook(row: Any, source: Any, target: Any, slack: float = 1.0, **given: Any) -> None:
    """Hold value and gradients to the definition in mpmath: all pairs, by double loops."""
    known = loss_of(row).parameters | given
    own = {
        name: [exact(x) for x in np.atleast_1d(value)] if name == "bandwidths" else value
        for name, value in known.items()
    }
    value, gradients = loss_of(row).value_and_grad(source, target, **given)
    bound = slack * BOUNDS[source.dtype]
    with mp.workdps(60):
        exactly = [[[exact(x) for x in vector] for vector in points] for points in (source, target)]
        right = oracle.ORACLE[row.name](*exactly, **own)
        assert abs(float(exact(value) - right)) <= slack * 4e-15 * terms(row, source, target, **given)
        for k, gradient in enumerate(gradients):
            truth = np.empty(gradient.shape)
            for i, j in np.ndindex(gradient.shape):
                number = exactly[k][i][j]
                exactly[k][i][j] = Jet(number, mp.mpf(1), mp.mpf(0))
                truth[i, j] = float(oracle.as_jet(oracle.ORACLE[row.name](*exactly, **own)).first)
                exactly[k][i][j] = number
            assert np.abs(gradient - truth).max() <= bound * np.abs(truth).max()


# -- what is right ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["small", "by BLAS"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a kernel compute small sets, or BLAS as it does all others."""
    if request.param == "small":
        yield
        return
    monkeypatch.setattr(kernels.vectors, "SMALL_SETS", (0, 0, 0))
    with long_way():
        yield


@of_floats
@of_cases
@pytest.mark.usefixtures("way")
def test_the_textbook(row: Any, given: dict[str, Any], dtype: Any) -> None:
    arrays = drawn(row, "textbook", given, shape=(5, 2), dtype=dtype)
    hold_to_textbook(row, *arrays, **given)


@of_floats
@of_rows
@pytest.mark.usefixtures("way")
def test_vectors_far_from_0(row: Any, dtype: Any) -> None:
    """The mean is taken off: what is left of the distances are their own digits."""
    source, target = drawn(row, "far", shape=(5, 2), dtype=dtype)
    hold_to_textbook(row, source + dtype.type(4096), target + dtype.type(4096), 16.0)


@of_rows
@pytest.mark.usefixtures("way")
def test_vectors_near_each_other(row: Any) -> None:
    """Points of clusters that are small beside the distances between them: their own distances do not cancel."""
    rng = generator("near", row.name)
    source = np.array([[0.0, 0.0], [1000.0, -500.0], [0.0, 0.0], [1000.0, -500.0]]) + rng.normal(
        scale=1e-3, size=(4, 2)
    )
    target = np.array([[0.0, 0.0], [1000.0, -500.0], [1000.0, -500.0]]) + rng.normal(scale=1e-3, size=(3, 2))
    given = {"bandwidths": 1e-3} if row.name == "mmd" else {}
    # One unit of the points is 1e-13, of which a bandwidth has 1e10.
    hold_to_textbook(row, source, target, 1e6, **given)


@pytest.mark.skipif(current_engine() != "compiled", reason="the short way is that of the compiled engine")
@of_floats
@pytest.mark.parametrize("shape", [(2, 1), (31, 10), (32, 33), (63, 128)], ids=str)
def test_the_short_way_has_the_bits_of_the_long_one(shape: tuple[int, int], dtype: Any) -> None:
    args = drawn(ROWS[0], "short", shape=shape, dtype=dtype)
    for loss in (fl.mmd, fl.mmd.bind(bandwidths=(0.5, 2.0), biased=True), fl.coral):
        for own in (
            {},
            {"sample_weight": np.array(0.75)},
            {"normalizer": 3.0},
            {"reduction": "sum"},
            {"wrt": "target"},
        ):
            for method, want in (("__call__", 1), ("grad", 2), ("value_and_grad", 3)):
                with long_way():
                    expected = getattr(loss, method)(*args, **own)
                assert bits(getattr(loss, method)(*args, **own)) == bits(expected)
                assert loss._short.run(want, tuple(args), {**loss.keywords, **own}) is not None
        expected = loss.grad(*args)
        places = tuple(array.copy() for array in args)
        assert loss.grad(*places, out=places)[0] is places[0]
        assert bits(places) == bits(expected)


@pytest.mark.parametrize("power", [-300, -40, 40, 240])
@of_rows
def test_sizes_of_vectors(row: Any, power: int) -> None:
    """Numbers that are a power of 2 larger change nothing but the size of the results."""
    source, target = drawn(row, "sizes", dtype=np.float64)
    (value, gradients), own = loss_of(row).value_and_grad(source, target), {}
    if row.name == "mmd":
        own = {"bandwidths": 2.0**power} if abs(power) < 249 else {"bandwidths": 1.0}
    if row.name == "mmd" and abs(power) > 249:
        right = loss_of(row)(source * 0, target * 0, **own)
        assert abs(loss_of(row)(source * 2.0**power, target * 2.0**power, **own) - right) < 1e-15
        return
    again, larger = loss_of(row).value_and_grad(source * 2.0**power, target * 2.0**power, **own)
    of_value, of_gradient = (0, -power) if row.name == "mmd" else (4 * power, 3 * power)
    assert again == np.ldexp(value, of_value)
    for one, other in zip(gradients, larger, strict=True):
        np.testing.assert_array_equal(np.ldexp(one, of_gradient), other)


@of_rows
def test_float32_is_float64_rounded_once(row: Any) -> None:
    for dtype in (np.dtype(np.float32), *HALVES):
        source, target = drawn(row, "rounded", dtype=dtype)
        value, gradients = loss_of(row).value_and_grad(source, target)
        right, wanted = loss_of(row).value_and_grad(source.astype(float), target.astype(float))
        assert value == right
        for own, whole in zip(gradients, wanted, strict=True):
            assert own.dtype == dtype
            np.testing.assert_array_equal(own, whole.astype(dtype))


@of_rows
def test_the_same_set_twice(row: Any) -> None:
    source, _ = drawn(row, "same", dtype=np.float64)
    given = {"biased": True} if row.name == "mmd" else {}
    value, gradients = loss_of(row).value_and_grad(source, source.copy(), **given)
    assert abs(value) <= 4e-15 and max(np.abs(gradient).max() for gradient in gradients) <= 1e-15


def test_identical_vectors() -> None:
    one, more = np.ones((3, 2)), np.ones((4, 2))
    value, gradients = fl.mmd.value_and_grad(one, more)
    assert value == 0 and not any(gradient.any() for gradient in gradients)
    value, gradients = fl.coral.value_and_grad(one, more)
    assert value == 0 and not any(gradient.any() for gradient in gradients)
    assert fl.mmd(np.zeros((2, 0)), np.zeros((3, 0))) == fl.coral(np.zeros((2, 0)), np.zeros((3, 0))) == 0
    far = [array * 1e300 for array in drawn(ROWS[0], "far", dtype=np.float64)]
    value, gradients = fl.mmd.value_and_grad(*far, bandwidths=1e-75)  # of which nothing is left beside the points
    assert value == 0 and not any(gradient.any() for gradient in gradients)
    for width in (1e-75, 1e75):
        value, gradients = fl.mmd.value_and_grad(*drawn(ROWS[0], "ends", dtype=np.float64), bandwidths=width)
        assert math.isfinite(value) and all(np.isfinite(gradient).all() for gradient in gradients)


@of_cases
def test_the_same_in_torch(row: Any, given: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    source, target = (torch.tensor(a, requires_grad=True) for a in drawn(row, "torch", shape=(60, 7), dtype=np.float64))
    if row.name == "coral":
        right = ((torch.cov(source.T) - torch.cov(target.T)) ** 2).sum() / (4 * 7 * 7)
    else:
        widths = torch.tensor(np.atleast_1d(given.get("bandwidths", 1.0)))

        def kernels(a: Any, b: Any) -> Any:
            squares = ((a[:, None] - b) ** 2).sum(-1)
            return torch.exp(-squares[..., None] / (2 * widths**2)).sum(-1)

        def inside(points: Any) -> Any:
            n, all_pairs = len(points), kernels(points, points)
            if given.get("biased"):
                return all_pairs.mean()
            return (all_pairs.sum() - all_pairs.diagonal().sum()) / (n * (n - 1))

        right = inside(source) + inside(target) - 2 * kernels(source, target).mean()
    right.backward()
    value, gradients = loss_of(row).value_and_grad(source.detach().numpy(), target.detach().numpy(), **given)
    assert abs(value - right.item()) <= 1e-14
    for own, other in zip(gradients, (source, target), strict=True):
        assert np.abs(own - other.grad.numpy()).max() <= 1e-12 * np.abs(own).max()


# -- the same whatever it is asked for --------------------------------------------------------------------------------


@of_rows
def test_any_number_of_threads_and_chunks(row: Any) -> None:
    """More vectors than a chunk has."""
    arrays = drawn(row, "threads", shape=(1500, 80))
    value, gradients = loss_of(row).value_and_grad(*arrays, n_threads=1)
    again, own = loss_of(row).value_and_grad(*arrays, n_threads=2)
    assert again == value
    for one, two in zip(gradients, own, strict=True):
        np.testing.assert_array_equal(one, two)
    if "max_bytes" in loss_of(row).parameters:
        again, own = loss_of(row).value_and_grad(*arrays, max_bytes=64 * 1501 * 8)
        assert abs(again - value) <= 1e-15
        for one, two in zip(gradients, own, strict=True):
            assert np.abs(one - two).max() <= 2.0**-23 * np.abs(one).max()


def test_coral_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks far from 0, and from each other, that do not divide the vectors."""
    arrays = [array + 4096 for array in drawn(ROWS[1], "chunks", shape=(50, 3), dtype=np.float64)]
    arrays[0][:20] += 64
    value, gradients = fl.coral.value_and_grad(*arrays)
    monkeypatch.setattr(kernels.vectors, "SMALL_SETS", (0, 0, 0))
    monkeypatch.setattr(sets, "_FEWEST_VECTORS", 8)
    monkeypatch.setattr(sets, "_CHUNK_NUMBERS", 1)
    for threads in (1, 2):
        with long_way():
            again, own = fl.coral.value_and_grad(*arrays, n_threads=threads)
        assert abs(again - value) <= 1e-14 * terms(ROWS[1], *arrays)
        for one, other in zip(gradients, own, strict=True):
            assert np.abs(one - other).max() <= 1e-12 * np.abs(one).max()


@of_rows
def test_several_pairs_are_one_after_the_other(row: Any) -> None:
    """Weights, masks and reductions are of pairs of sets."""
    source, target = drawn(row, "several", shape=(3, 2, 6, 4))
    weight = np.array([[1.0, 0.5], [0.0, 2.0], [0.25, 1.0]])
    kept = np.array([[True, True], [True, True], [True, False]])
    alone = np.array([[loss_of(row)(source[k, i], target[k, i]) for i in range(2)] for k in range(3)])
    values, gradients = loss_of(row).value_and_grad(
        source, target, sample_weight=weight, where=kept, reduction="none", n_threads=1
    )
    np.testing.assert_array_equal(values, np.where(kept, weight * alone, 0).astype(np.float32))
    value, of_mean = loss_of(row).value_and_grad(source, target, sample_weight=weight, where=kept)
    assert abs(value - (weight * alone)[kept].sum() / 3.75) <= 1e-14
    for k in range(3):
        for i in range(2):
            own = loss_of(row).grad(source[k, i], target[k, i])
            for one, whole, mean in zip(own, gradients, of_mean, strict=True):
                factor = weight[k, i] * kept[k, i]
                np.testing.assert_allclose(whole[k, i], factor * one, rtol=2.0**-22, atol=0)
                np.testing.assert_allclose(mean[k, i], factor / 3.75 * one, rtol=2.0**-22, atol=0)
    source[1, 0] = np.nan
    target[2, 1] = np.nan
    again, own = loss_of(row).value_and_grad(source, target, sample_weight=weight, where=kept)
    assert again == value
    for one, two in zip(of_mean, own, strict=True):
        np.testing.assert_array_equal(one, two)
    nothing, own = loss_of(row).value_and_grad(source, target, where=np.zeros((3, 2), bool))
    assert nothing == 0.0 and not any(gradient.any() for gradient in own)
    assert loss_of(row)(source[:0], target[:0]) == 0.0


@of_rows
def test_what_is_asked_for(row: Any) -> None:
    source, target = drawn(row, "asked")
    loss = loss_of(row)
    value, gradients = loss.value_and_grad(source, target)
    assert loss(source, target) == value
    for name, gradient in zip(("source", "target"), gradients, strict=True):
        np.testing.assert_array_equal(loss.grad(source, target, wrt=name), gradient)
    twice, double = (2 * loss).value_and_grad(source, target)
    assert twice == 2 * value
    for one, two in zip(gradients, double, strict=True):
        np.testing.assert_array_equal(2 * one, two)
    strided = np.repeat(np.asfortranarray(source), 2, axis=1)[::-1, ::2][::-1]
    places = source.copy(), target.copy()
    for first in (strided, places[0]):
        again, own = loss.value_and_grad(first, places[1], out=(None, places if first is places[0] else None))
        assert again == value
        for one, two in zip(gradients, own, strict=True):
            np.testing.assert_array_equal(one, two)
    assert own[0] is places[0] and own[1] is places[1]
    bound = loss.bind(normalizer=2.0)
    assert pickle.loads(pickle.dumps(bound)) == bound and bound(source, target) == value / 2
    source[2, 1] = np.nan
    value, gradients = loss.value_and_grad(source, target)
    assert math.isnan(value) and np.isnan(gradients[0]).any()


# -- what is refused --------------------------------------------------------------------------------------------------


@of_rows
def test_what_is_wrong_is_named(row: Any) -> None:
    source, target = drawn(row, "wrong")
    loss = loss_of(row)
    out = np.full_like(source, 7), np.full_like(target, 7)
    text = r"target has shape \(25, 4\), source has \(24, 5\); all axes but the last but one must be equal"
    with pytest.raises(ValueError, match=text):
        loss.grad(source, target[:, 1:], out=(out[0], out[1][:, 1:].copy()))
    with pytest.raises(ValueError, match=r"source has shape \(5,\); it must have two axes: vectors and numbers"):
        loss(source[0], target)
    with pytest.raises(ValueError, match=r"source has shape \(1, 5\), 1 vector in a set; "):
        loss.grad(source[:1], target, out=(out[0][:1], out[1]))
    with pytest.raises(ValueError, match=r"target has shape \(0, 5\), 0 vectors in a set; "):
        loss(source, target[:0])
    with pytest.raises(ValueError, match=r"sample_weight.* = -1.0"):
        loss.grad(source, target, sample_weight=-1.0, out=out)
    with pytest.raises(ValueError, match=r"sample_weight has shape \(24,\), the samples have shape \(\)"):
        loss(source, target, sample_weight=np.ones(24))
    with pytest.raises(TypeError, match=f"{row.name} has no parts"):
        loss.partial(source, target)
    with pytest.raises(TypeError, match=f"{row.name} has no .*: the second derivatives of a set"):
        loss.value_grad_hess(source, target)
    assert (out[0] == 7).all() and (out[1] == 7).all()


def test_faults_of_mmd() -> None:
    source, target = drawn(ROWS[0], "mmd")
    for bad in (0.0, -1.0, np.inf, np.nan, 1e-76):
        with pytest.raises(ValueError, match=rf"bandwidths = {bad} is not between 1e-75 and 1e\+75"):
            fl.mmd(source, target, bandwidths=bad)
        with pytest.raises(ValueError, match=rf"bandwidths\[1\] = {bad} is not between"):
            fl.mmd(source, target, bandwidths=[1.0, bad])
    with pytest.raises(ValueError, match="bandwidths is empty; it must be a number, or several"):
        fl.mmd(source, target, bandwidths=())
    with pytest.raises(TypeError, match=r"bandwidths\[0\]"):
        fl.mmd(source, target, bandwidths=["a"])
    with pytest.raises(ValueError, match="max_bytes = 100 is too little"):
        fl.mmd(source, target, max_bytes=100, where=False)
    assert fl.mmd.bind(bandwidths=np.array([1.0, 2.0])).parameters["bandwidths"] == (1.0, 2.0)
    assert fl.mmd(source[:1], target[:1], biased=True) > 0


def test_nothing_is_as_large_as_all_pairs() -> None:
    before = "x = rng.standard_normal((6000, 16), np.float32); fl.mmd.value_and_grad(x[:64], x[:64], n_threads=1)"
    peak = cases.peak_of("fl.mmd.value_and_grad(x, x, n_threads=1)", before)
    assert peak <= 256 * 6000 * 8 + 16 * 6000 * 17 * 8 + 2**24  # 275 MiB all pairs


def test_the_functions_are_those_of_the_rows() -> None:
    assert set(sets._FUNCTIONS) == {row.name for row in ROWS}
