"""Losses of a matrix product: what is particular to arrays that samples share, chunks of rows, and BLAS.

BLAS adds up in an order of its own, so the bound of a gradient is 1e-6 (float32) of its largest number, not some units
in the last place of each.
"""

from __future__ import annotations

import inspect
import math
import os
import pickle
import subprocess
import sys
import threading
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, generator
from oracle import Jet, exact, mp
from test_plain import long_way

import fastloss as fl
from fastloss import blas
from fastloss.kinds import products
from fastloss.runtime import current_engine

LOSS = fl.linear_cross_entropy
NAMES = ("features", "weight", "bias")
#: How far a number may be from the truth, of the largest of its array.
BOUNDS = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 2e-15}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "label_smoothing": {"label_smoothing": 0.1},
    "z_loss": {"z_loss": 1e-3},
    "softcap": {"softcap": 5.0},
    "temperature": {"temperature": 1.7},
    "class_weight": {"class_weight": np.linspace(0.5, 2.0, 7)},
    "ignore_index": {"ignore_index": 3},
    "all": {
        "label_smoothing": 0.1,
        "z_loss": 1e-3,
        "softcap": 5.0,
        "temperature": 1.7,
        "class_weight": np.linspace(0.5, 2.0, 7),
        "ignore_index": 3,
    },
    "smoothing and a class of weight 0": {"label_smoothing": 0.1, "class_weight": np.arange(7.0)},
}
#: Those that both engines have.
IN_FRAME = ("plain", "label_smoothing", "class_weight", "ignore_index", "smoothing and a class of weight 0")
of_options = pytest.mark.parametrize(
    "options", [name for name in OPTIONS if current_engine() == "compiled" or name in IN_FRAME]
)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


@pytest.fixture(params=[None, 2**40], ids=["as it comes", "in chunks"])
def loss(request: Any) -> Any:
    """Return the loss, of which a small layer has a kernel, and as it computes all others."""
    return LOSS.bind(max_bytes=request.param)


def drawn(
    *key: Any, samples: tuple[int, ...] = (40,), classes: int = 7, numbers: int = 5, dtype: Any = np.float32
) -> Any:
    rng = generator("products", *map(str, key))
    y_true = rng.integers(0, classes, samples)
    features = rng.normal(size=(*samples, numbers)).astype(dtype)
    weight, bias = rng.normal(size=(classes, numbers)).astype(dtype), rng.normal(size=classes).astype(dtype)
    assert np.unique(features).size > features.size // 2 and np.unique(y_true).size > 1
    return y_true, features, weight, bias


def expected(y_true: Any, features: Any, weight: Any, bias: Any, **keywords: Any) -> Any:
    """Return what the logits give, all at once and in float64."""
    x, w = features.astype(float).reshape(-1, features.shape[-1]), weight.astype(float)
    logits = x @ w.T + (0 if bias is None else bias.astype(float))
    shape = (*features.shape[:-1], len(w))
    value, gradient = fl.cross_entropy.value_and_grad(y_true, logits.reshape(shape), **keywords)
    rows = gradient.reshape(-1, len(w))
    return value, ((rows @ w).reshape(features.shape), rows.T @ x, rows.sum(0))


def check(got: Any, wanted: Any, dtype: Any) -> None:
    bound = BOUNDS[np.dtype(dtype)]
    for name, own, right in zip(NAMES, got, wanted, strict=False):
        assert own.shape == right.shape and own.dtype == dtype
        assert np.abs(own - right).max() <= bound * np.abs(right).max(), name


def bits(results: Any) -> list[bytes]:
    value, gradients = results
    return [np.asarray(value).tobytes(), *(np.ascontiguousarray(gradient).tobytes() for gradient in gradients)]


# -- what is right ----------------------------------------------------------------------------------------------------


@of_floats
@pytest.mark.parametrize("form", ["index", "soft"])
def test_the_textbook(loss: Any, dtype: Any, form: str) -> None:
    """Value and all gradients of a small layer, against the definition in mpmath."""
    y_true, features, weight, bias = drawn("textbook", form, dtype, samples=(4,), classes=3, numbers=2, dtype=dtype)
    rng = generator("textbook weights", form)
    if form == "soft":
        y_true = (rng.multinomial(8, [0.5, 0.25, 0.25], 4) / 8).astype(dtype)
    given = {"label_smoothing": 0.25, "temperature": 1.5, "z_loss": 0.125} if current_engine() == "compiled" else {}
    sample_weight = np.array([1.0, 0.5, 2.0, 0.25])
    textbook = oracle.ORACLE["linear_cross_entropy"]
    arrays = {"features": features, "weight": weight, "bias": bias}

    def mean(varied: str, place: tuple[int, ...]) -> Any:
        """Return the mean as a jet of one number."""
        numbers = {name: [[exact(x) for x in np.ravel(row)] for row in array] for name, array in arrays.items()}
        numbers[varied][place[0]][place[1] if len(place) > 1 else 0] = Jet(
            exact(arrays[varied][place]), mp.mpf(1), mp.mpf(0)
        )
        total = mp.mpf(0)
        own = {name: exact(value) for name, value in ({"label_smoothing": 0.0} | given).items()}
        for i in range(4):
            target = [exact(y) for y in y_true[i]] if form == "soft" else int(y_true[i])
            terms = textbook(
                target, numbers["features"][i], numbers["weight"], [b for (b,) in numbers["bias"]], [1, 1, 1], **own
            )
            for term in oracle.listed(terms):
                total = total + exact(sample_weight[i]) * term
        return total / exact(sample_weight.sum())

    value, gradients = loss.value_and_grad(y_true, **arrays, sample_weight=sample_weight, **given)
    bound = BOUNDS[np.dtype(dtype)]
    with mp.workdps(50):
        for name, gradient in zip(NAMES, gradients, strict=True):
            truth = {place: oracle.as_jet(mean(name, place)) for place in np.ndindex(gradient.shape)}
            largest = max(abs(float(jet.first)) for jet in truth.values())
            for place, jet in truth.items():
                assert abs(float(exact(gradient[place]) - jet.first)) <= bound * largest, (name, place)
        right = next(iter(truth.values())).value
        assert abs(float(exact(value) - right)) <= bound / 2 * abs(float(right))


@of_floats
@of_options
def test_every_option_is_that_of_cross_entropy(loss: Any, options: str, dtype: Any) -> None:
    y_true, features, weight, bias = drawn(options, dtype=dtype)
    keywords = OPTIONS[options]
    value, gradients = loss.value_and_grad(y_true, features, weight, bias, **keywords)
    right, wanted = expected(y_true, features, weight, bias, **keywords)
    assert abs(value - right) <= BOUNDS[np.dtype(dtype)] * abs(right)
    check(gradients, wanted, dtype)


@of_floats
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_many_chunks_of_rows(reduction: str, dtype: Any) -> None:
    """More rows than a chunk has, and more classes than a tile; weights, masks and soft targets among them."""
    y_true, features, weight, bias = drawn(reduction, samples=(1300,), classes=2100, numbers=9, dtype=dtype)
    rng = generator("many", reduction)
    keywords = {"sample_weight": rng.integers(0, 4, 1300) / 4, "where": rng.random(1300) < 0.8, "reduction": reduction}
    value, gradients = LOSS.value_and_grad(y_true, features, weight, bias, **keywords)
    right, wanted = expected(y_true, features, weight, bias, **keywords)
    np.testing.assert_allclose(value, right, rtol=1e-5 if dtype == np.float32 else 1e-13)
    check(gradients, wanted, dtype)
    left_out = ~keywords["where"] | (keywords["sample_weight"] == 0)
    assert left_out.any() and not gradients[0][left_out].any() and not np.signbit(gradients[0][left_out]).any()


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_halves_are_computed_in_float32_and_rounded_once(loss: Any, dtype: Any) -> None:
    y_true, *arrays = drawn("halves", dtype=dtype)
    wide = [array.astype(np.float32) for array in arrays]
    value, gradients = loss.value_and_grad(y_true, *arrays)
    right, wanted = loss.value_and_grad(y_true, *wide)
    assert value == right
    for own, single in zip(gradients, wanted, strict=True):
        assert own.dtype == dtype
        np.testing.assert_array_equal(own, single.astype(dtype))
    places = tuple(np.empty(array.shape, np.float32) for array in arrays)
    loss.value_and_grad(y_true, *arrays, out=(None, places))
    for own, single in zip(places, wanted, strict=True):
        np.testing.assert_array_equal(own, single)


def test_types_that_differ_are_computed_in_the_widest(loss: Any) -> None:
    y_true, features, weight, bias = drawn("mixed")
    value, gradients = loss.value_and_grad(y_true, features, weight.astype(np.float64), bias)
    right, wanted = loss.value_and_grad(y_true, *(array.astype(np.float64) for array in (features, weight, bias)))
    assert value == right
    assert [gradient.dtype for gradient in gradients] == [np.float32, np.float64, np.float32]
    for own, double in zip(gradients, wanted, strict=True):
        np.testing.assert_array_equal(own, double.astype(own.dtype))


# -- the same whatever it is asked for --------------------------------------------------------------------------------


@of_floats
def test_any_number_of_threads(dtype: Any) -> None:
    y_true, *arrays = drawn("threads", samples=(2500,), classes=900, numbers=17, dtype=dtype)
    once = bits(LOSS.value_and_grad(y_true, *arrays, n_threads=1))
    for n_threads in (2, 3, 8):
        assert bits(LOSS.value_and_grad(y_true, *arrays, n_threads=n_threads)) == once


def test_what_is_not_asked_for_changes_nothing() -> None:
    y_true, *arrays = drawn("asked", samples=(700,))
    value, gradients = LOSS.value_and_grad(y_true, *arrays)
    assert LOSS(y_true, *arrays) == value
    by_name = dict(zip(NAMES, gradients, strict=True))
    for wrt in ("features", "weight", "bias"):
        np.testing.assert_array_equal(LOSS.grad(y_true, *arrays, wrt=wrt), by_name[wrt])
    backwards = LOSS.grad(y_true, *arrays, wrt=("bias", "features"))
    for name, gradient in zip(("bias", "features"), backwards, strict=True):
        np.testing.assert_array_equal(gradient, by_name[name])


def test_without_a_bias(loss: Any) -> None:
    y_true, features, weight, bias = drawn("no bias")
    value, gradients = loss.value_and_grad(y_true, features, weight)
    assert len(gradients) == 2
    right, wanted = loss.value_and_grad(y_true, features, weight, np.zeros_like(bias))
    assert value == right
    for own, zero in zip(gradients, wanted, strict=False):
        np.testing.assert_array_equal(own, zero)
    with pytest.raises(
        ValueError, match=r"'bias' is no prediction of linear_cross_entropy; these are features, weight"
    ):
        loss.grad(y_true, features, weight, wrt="bias")


@pytest.mark.parametrize("layout", ["transposed weight", "shifted", "fortran", "negative", "big-endian"])
def test_layouts(loss: Any, layout: str) -> None:
    """Samples of several axes that do not lie in one piece, as those of a text without its last word."""
    y_true, features, weight, bias = drawn("layouts", samples=(6, 11))
    right, wanted = expected(y_true[:, :-1], features[:, :-1], weight, bias)
    y_true, features = y_true[:, :-1], features[:, :-1]
    if layout == "transposed weight":
        weight = np.ascontiguousarray(weight.T).T
    elif layout == "fortran":
        features, weight = np.asfortranarray(features), np.asfortranarray(weight)
    elif layout == "negative":
        features, weight, bias = (np.ascontiguousarray(a[..., ::-1])[..., ::-1] for a in (features, weight, bias))
    elif layout == "big-endian":
        features, weight, bias = (a.astype(">f4") for a in (features, weight, bias))
    value, gradients = loss.value_and_grad(y_true, features, weight, bias)
    assert abs(value - right) < 1e-6 * right
    check(gradients, wanted, np.float32)
    nothing = loss.value_and_grad(y_true, features, weight, bias, reduction="none")[0]
    assert nothing.shape == (6, 10)
    np.testing.assert_allclose(nothing.mean(), right, rtol=1e-6)


@of_floats
def test_in_place(dtype: Any) -> None:
    """Each gradient over its own array, in many chunks."""
    y_true, *arrays = drawn("in place", samples=(1700,), classes=600, dtype=dtype)
    value, gradients = LOSS.value_and_grad(y_true, *arrays)
    for k, name in enumerate(NAMES):
        copies = [array.copy() for array in arrays]
        again, own = LOSS.value_and_grad(y_true, *copies, wrt=name, out=(None, copies[k]))
        assert again == value and own is copies[k]
        np.testing.assert_array_equal(own, gradients[k])
    copies = [array.copy() for array in arrays]
    LOSS.value_and_grad(y_true, *copies, out=(None, tuple(copies)))
    for own, right in zip(copies, gradients, strict=True):
        np.testing.assert_array_equal(own, right)
    with pytest.raises(ValueError, match=r"out\[1\]\[0\] \(gradient by features\) overlaps weight"):
        square = np.ones((5, 5), dtype)
        LOSS.value_and_grad(np.zeros(5, int), np.ones((5, 5), dtype), square, out=(None, (square, None)))


def test_out_of_any_layout() -> None:
    y_true, *arrays = drawn("out", samples=(1100,), classes=30)
    value, gradients = LOSS.value_and_grad(y_true, *arrays)
    places = tuple(np.full((*array.shape, 2), 7, np.float32)[..., 0] for array in arrays)
    number = np.empty(())
    returned = LOSS.value_and_grad(y_true, *arrays, out=(number, places))
    assert returned[0] is number and number == value
    for own, right, place in zip(places, gradients, returned[1], strict=True):
        assert own is place
        np.testing.assert_array_equal(own, right)


@pytest.mark.skipif(current_engine() != "compiled", reason="the short way is that of the compiled engine")
@of_floats
@of_options
@pytest.mark.parametrize("sizes", [(32, 7, 10), (9, 7, 1), (64, 7, 64)], ids=str)
def test_the_short_way_has_the_bits_of_the_long_one(sizes: tuple[int, int, int], options: str, dtype: Any) -> None:
    samples, classes, numbers = sizes
    given = drawn("short", sizes, samples=(samples,), classes=classes, numbers=numbers, dtype=dtype)
    rng, loss = generator("short", sizes, options, str(dtype)), LOSS.bind(**OPTIONS[options])
    weight, where = rng.random(samples) + 0.1, rng.random(samples) < 0.7
    where[-1], weight[:-1:3] = True, 0
    given[0][-1] = 0  # a label that counts
    shares = rng.multinomial(8, np.full(classes, 1 / classes), samples) / 8
    calls: list[dict[str, Any]] = [{}, {"sample_weight": weight}, {"where": where, "sample_weight": weight}]
    calls += [{"normalizer": 3.0}, {"reduction": "sum"}, {"reduction": "none", "where": where}]
    soft = [] if loss.parameters["ignore_index"] is not None else [(shares.astype(dtype), *given[1:])]
    for args in (given, given[:3], *soft):
        for keywords in calls:
            with long_way():
                right = loss.value_and_grad(*args, **keywords)
            assert bits(loss.value_and_grad(*args, **keywords)) == bits(right)
            assert loss._short.run(3, args, {**loss.keywords, **keywords}) is not None
        with long_way():
            right, part = loss.value_and_grad(*args), loss.partial(*args)
        assert loss.partial(*args) == part and loss.try_partial(args, {}) is not None
        strided = [np.repeat(array, 2, axis=-1)[..., ::2] for array in args[1:]]
        assert bits(loss.value_and_grad(args[0], *strided)) == bits(right)
        own = loss.grad(*args, wrt=("weight", "features"))
        assert bits((right[0], own)) == bits((right[0], right[1][1::-1]))
        copies = [array.copy() for array in args[1:]]
        loss.grad(args[0], *copies, out=tuple(copies))
        assert bits((right[0], copies)) == bits(right)


@pytest.mark.skipif(current_engine() != "compiled", reason="the short way is that of the compiled engine")
def test_one_sample_without_axes() -> None:
    _, features, weight, bias = drawn("one sample")
    args = np.asarray(3), features[0], weight, bias
    with long_way():
        right = LOSS.value_and_grad(*args, reduction="sum")
    assert bits(LOSS.value_and_grad(*args, reduction="sum")) == bits(right)
    assert right[1][0].shape == (5,)


# -- samples that are left out ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["where", "sample_weight", "ignore_index", "class_weight"])
def test_what_is_left_out_is_not_multiplied(loss: Any, how: str) -> None:
    """Whatever it holds, and whatever the weights of the classes: 0 times infinity is no number."""
    y_true, features, weight, bias = drawn(how, samples=(600,))
    left_out = generator("left out", how).random(600) < 0.4
    keywords: dict[str, Any] = {}
    if how == "where":
        keywords["where"] = ~left_out
    elif how == "sample_weight":
        keywords["sample_weight"] = np.where(left_out, 0.0, 1.0)
    else:
        y_true[left_out] = 6
        left_out = y_true == 6
        keywords = {"ignore_index": 6} if how == "ignore_index" else {"class_weight": [1.0] * 6 + [0.0]}
    value, gradients = loss.value_and_grad(y_true[~left_out], features[~left_out], weight, bias)
    features[left_out] = np.nan
    features[np.flatnonzero(left_out)[0]] = np.inf
    again, own = loss.value_and_grad(y_true, features, weight, bias, **keywords)
    assert abs(again - value) <= 1e-7 * value
    assert not own[0][left_out].any() and not np.signbit(own[0][left_out]).any()
    check([own[0][~left_out], *own[1:]], gradients, np.float32)
    values = loss(y_true, features, weight, bias, reduction="none", **keywords)
    assert not values[left_out].any() and values[~left_out].all()


def test_nothing_left() -> None:
    y_true, *arrays = drawn("nothing")
    value, gradients = LOSS.value_and_grad(y_true, *arrays, where=np.zeros(40, bool))
    assert value == 0.0
    for gradient in gradients:
        assert not gradient.any()
    _, features, weight, bias = drawn("empty")
    value, gradients = LOSS.value_and_grad(np.zeros(0, int), features[:0], weight, bias)
    assert value == 0.0 and gradients[0].shape == (0, 5)
    assert not gradients[1].any() and not gradients[2].any()


def test_a_nan_is_seen(loss: Any) -> None:
    y_true, features, weight, bias = drawn("nan")
    features[3, 2] = np.nan
    value, gradients = loss.value_and_grad(y_true, features, weight, bias)
    assert math.isnan(value) and np.isnan(gradients[0][3]).all() and np.isnan(gradients[1]).all()
    assert np.isfinite(np.delete(gradients[0], 3, axis=0)).all()


# -- parts, bound losses, factors -------------------------------------------------------------------------------------


def test_micro_batches_add_up() -> None:
    y_true, features, weight, bias = drawn("parts", samples=(60,), dtype=np.float64)
    keywords = {"class_weight": np.linspace(0.5, 2, 7), "ignore_index": 2}
    whole = LOSS.normalizer(y_true, **keywords)
    assert whole == fl.cross_entropy.normalizer(y_true, **keywords)
    assert LOSS.bind(**keywords).normalizer(y_true) == whole
    value, gradients = LOSS.value_and_grad(y_true, features, weight, bias, **keywords)
    pieces = [slice(0, 23), slice(23, 60)]
    parts = [LOSS.value_and_grad(y_true[p], features[p], weight, bias, normalizer=whole, **keywords) for p in pieces]
    assert abs(sum(part[0] for part in parts) - value) <= 1e-15 * abs(value)
    check([np.concatenate([part[1][0] for part in parts])], gradients, np.float64)
    np.testing.assert_allclose(sum(part[1][1] for part in parts), gradients[1], rtol=1e-13, atol=0)
    total = sum(LOSS.partial(y_true[p], features[p], weight, bias, **keywords) for p in pieces)
    assert total.weight == whole and abs(total.value - value) <= 1e-15 * abs(value)


def test_a_loss_like_any_other() -> None:
    y_true, *arrays = drawn("like any other")
    bound = LOSS.bind(label_smoothing=0.1, reduction="sum", max_bytes=10**6)
    again = pickle.loads(pickle.dumps(bound))
    assert again == bound and hash(again) == hash(bound) and again(y_true, *arrays) == bound(y_true, *arrays)
    assert list(inspect.signature(LOSS).parameters)[:4] == ["y_true", *NAMES]
    assert inspect.signature(LOSS).parameters["bias"].default is None
    double = 2 * LOSS
    value, gradients = LOSS.value_and_grad(y_true, *arrays)
    twice, own = double.value_and_grad(y_true, *arrays)
    assert twice == 2 * value
    for one, two in zip(gradients, own, strict=True):
        np.testing.assert_array_equal(2 * one, two)
    with pytest.raises(TypeError, match="a sum is of losses of one target and one prediction"):
        LOSS + fl.cross_entropy
    for method in ("hvp", "hess_matrix", "grad_and_hess"):
        with pytest.raises(TypeError, match=r"linear_cross_entropy has no .*: the second derivatives of a product"):
            getattr(LOSS, method)(y_true, *arrays, *([arrays] if method == "hvp" else []))


# -- memory and threads -----------------------------------------------------------------------------------------------

BEFORE = """
x, w = rng.standard_normal(({rows}, {numbers}), np.float32), rng.standard_normal(({classes}, {numbers}), np.float32)
y, out = rng.integers(0, {classes}, {rows}), (np.zeros_like(x), np.zeros_like(w))
fl.linear_cross_entropy.value_and_grad(y[:8], x[:8], w, n_threads=1, max_bytes={most} or None)
"""


@pytest.mark.parametrize("most", [0, 2**22], ids=["by default", "max_bytes"])
def test_the_logits_are_never_held_at_once(most: int) -> None:
    rows, classes, numbers = 6000, 8000, 32  # 183 MiB of logits
    before = BEFORE.format(rows=rows, classes=classes, numbers=numbers, most=most)
    call = "fl.linear_cross_entropy.value_and_grad(y, x, w, out=(None, out), n_threads=1"
    chunk = most or 512 * classes * 4
    assert cases.peak_of(f"{call}, max_bytes={most or None})", before) <= chunk + 2**23


def test_max_bytes() -> None:
    y_true, *arrays = drawn("max_bytes", samples=(300,), classes=50)
    value, gradients = LOSS.value_and_grad(y_true, *arrays)
    again, own = LOSS.value_and_grad(y_true, *arrays, max_bytes=64 * 50 * 4)
    assert abs(again - value) <= 1e-7 * value
    check(own, gradients, np.float32)
    with pytest.raises(ValueError, match=r"max_bytes = 12799 is too little: the logits of 64 rows of .* take 12800"):
        LOSS(y_true, *arrays, max_bytes=64 * 50 * 4 - 1)
    with pytest.raises(ValueError, match=r"max_bytes = 0 is not > 0"):
        LOSS(y_true, *arrays, max_bytes=0)
    assert LOSS(y_true[:5], arrays[0][:5], *arrays[1:], max_bytes=5 * 50 * 4) > 0


def test_threads_are_held_and_given_back() -> None:
    threadpoolctl = pytest.importorskip("threadpoolctl")

    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    started, release, held = threading.Event(), threading.Event(), []

    def hold() -> None:
        with blas.one_thread() as alone:
            held.append(alone)
            started.set()
            release.wait(10)

    other = threading.Thread(target=hold)
    with blas.one_thread() as alone, blas.one_thread() as again:
        assert alone and again and set(threads()) <= {1}
        other.start()
        assert started.wait(10) and held == [True]
    assert threads() == before
    release.set()
    other.join()
    assert threads() == before
    with blas.one_thread() as alone:
        assert alone
    assert threads() == before


@pytest.mark.parametrize("missing", [True, False], ids=["without threadpoolctl", "BLAS is not to be had"])
def test_where_blas_is_not_held(missing: bool, monkeypatch: Any) -> None:
    """One thread, and the same numbers."""
    y_true, *arrays = drawn("alone", samples=(1300,), classes=700)
    if missing:
        monkeypatch.setattr(blas, "_controller", False)
    else:
        pytest.importorskip("threadpoolctl")
        monkeypatch.setattr(blas, "_is_one", lambda controller: False)
    started = []
    begin = products._Work.run
    monkeypatch.setattr(products._Work, "run", lambda work: started.append(work.plan.threads) or begin(work))
    value, gradients = LOSS.value_and_grad(y_true, *arrays, n_threads=2)
    assert started == [1]
    right, wanted = expected(y_true, *arrays)
    assert abs(value - right) <= 1e-6 * right
    check(gradients, wanted, np.float32)


def test_an_error_in_a_thread_is_raised(monkeypatch: Any) -> None:
    y_true, *arrays = drawn("error", samples=(1300,), classes=700)

    def fail(*args: Any) -> None:
        raise MemoryError("no memory")

    monkeypatch.setattr(products._Work, "add_products", fail)
    for n_threads in (1, 2):
        with pytest.raises(MemoryError, match="no memory"):
            LOSS.grad(y_true, *arrays, n_threads=n_threads)


# -- what is refused --------------------------------------------------------------------------------------------------


SINGLE = np.zeros((7, 6), np.float32)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"weight": SINGLE},
            r"weight has shape \(7, 6\), features has \(40, 5\): weight has 6 numbers, features has 5",
        ),
        ({"weight": SINGLE[:, 0]}, r"weight has shape \(7,\); it must have 2 axes: classes and numbers"),
        ({"bias": SINGLE[0]}, r"bias has shape \(6,\), weight has \(7, 5\): bias has 6 classes, weight has 7"),
        ({"bias": SINGLE}, r"bias has shape \(7, 6\); it must have 1 axis: classes"),
        ({"y_true": np.zeros(39, int)}, r"y_true has shape \(39,\); for the logits of shape \(40, 7\)"),
        ({"y_true": np.full(40, 7)}, r"y_true\[0\] = 7 is not a class of 7 \(0 to 6\)"),
        ({"y_true": np.full((40, 7), 0.5)}, r"y_true\[0\] sums to 3.5 over the classes"),
        ({"features": np.float32(1)}, r"features has no dimensions"),
        ({"weight": SINGLE[:0, :5], "bias": None}, r"the logits have shape \(40, 0\): rows of no classes"),
        ({"class_weight": [1.0, 2.0]}, r"class_weight has 2 weights; there are 7 classes"),
        ({"sample_weight": np.full(40, -1.0)}, r"sample_weight\[0\] = -1.0"),
    ],
    ids=lambda given: "" if isinstance(given, str) else "-".join(given),
)
def test_what_is_wrong_is_named_before_anything_is_written(changed: dict[str, Any], message: str) -> None:
    arrays = dict(zip(("y_true", *NAMES), drawn("wrong"), strict=True))
    out = tuple(np.full_like(arrays[name], 7) for name in NAMES)
    keywords = {"out": out[:2] if changed.get("bias", 0) is None else out}
    with pytest.raises(ValueError, match=message):
        LOSS.grad(**(arrays | keywords | changed))
    assert all((place == 7).all() for place in out)


def test_it_is_what_cross_entropy_takes() -> None:
    own = {parameter.name: parameter for parameter in LOSS._row.parameters}
    others = {parameter.name: parameter for parameter in cases.row_of(fl.cross_entropy).parameters}
    assert set(own) - set(others) == {"max_bytes"} and set(others) - set(own) == {"axis", "class_mask"}
    assert all(own[name] == others[name] for name in set(own) & set(others))


@pytest.mark.parametrize("size", [1.0, 2.0**70], ids=["ordinary", "large weights"])
def test_logits_far_apart(loss: Any, size: float) -> None:
    """Probabilities that are subnormal numbers: they keep their digits, and do not slow products down."""
    y_true, features, weight, bias = drawn("far apart", samples=(50,), numbers=9)
    bias = np.array([0, 0, 0, 0, 0, 0, -88], np.float32)  # a probability of 1e-38, over 50
    y_true[:] = np.arange(50) % 6
    features *= 1 / np.float32(size)
    weight *= np.float32(size)
    value, gradients = loss.value_and_grad(y_true, features, weight, bias)
    right, wanted = expected(y_true, features, weight, bias)
    assert abs(value - right) <= 1e-6 * right
    check(gradients, wanted, np.float32)
    assert 0 < np.abs(wanted[2][6]) < 1e-37
    if size == 1:
        assert abs(gradients[2][6] - wanted[2][6]) <= 1e-4 * np.abs(wanted[2][6])


@pytest.mark.parametrize(
    "keywords",
    [
        {"sample_weight": 1e27, "reduction": "sum"},
        {"normalizer": 1e-28},
        {"class_weight": np.full(50, 1e28)},
        {"z_loss": 1e27},
    ],
    ids=lambda given: "-".join(given),
)
def test_large_multipliers_of_logits_far_apart(keywords: dict[str, Any]) -> None:
    y_true, features, weight, _ = drawn("multipliers", samples=(300,), classes=50, numbers=4)
    if current_engine() != "compiled" and "z_loss" in keywords:
        pytest.skip("no kernel of Numba")
    features *= 20
    _, gradients = LOSS.value_and_grad(y_true, features, weight, **keywords)
    _, wanted = expected(y_true, features, weight, None, **keywords)
    check(gradients, wanted[:2], np.float32)


def test_threads_have_the_context_of_the_call() -> None:
    """The engine, and what NumPy does where numbers are infinite."""
    y_true, features, weight, bias = drawn("context", samples=(3000,), classes=400, numbers=8)
    for name in ("compiled", "numba"):
        with fl.engine(name):
            values = [LOSS(y_true, features, weight, bias, n_threads=n) for n in (1, 2)]
        assert values[0] == values[1]
    features[5] = np.inf
    for n_threads in (1, 2):
        value, _ = LOSS.value_and_grad(y_true, features, weight, bias, n_threads=n_threads)  # a warning is an error
        assert math.isnan(value)


def test_no_threads_at_the_end_of_the_interpreter() -> None:
    code = """
import atexit, numpy as np, fastloss as fl
y, x, w = np.zeros(3000, int), np.ones((3000, 8), np.float32), np.ones((400, 8), np.float32)
atexit.register(lambda: print(round(fl.linear_cross_entropy(y, x, w, n_threads=2), 3)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == f"{math.log(400):.3f}".rstrip("0"), done.stderr


def test_a_child_has_its_own_blas() -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork")
    code = """
import os, sys, warnings
from fastloss import blas
import numpy as np
warnings.simplefilter("ignore")
with blas.one_thread():
    child = os.fork()
    if not child:
        with blas.one_thread() as alone:
            pass
        os._exit(0 if not blas._holding.locked() else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_no_classes_and_no_samples() -> None:
    assert LOSS(np.zeros(0, int), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0)) == 0.0


def test_probabilities_and_features_with_names_of_their_own() -> None:
    pandas = pytest.importorskip("pandas")
    _, features, weight, bias = drawn("pandas", samples=(6,), classes=5)
    soft = np.full((6, 5), 0.2)
    frames = pandas.DataFrame(soft, columns=list("vwxyz")), pandas.DataFrame(features, columns=list("abcde"))
    assert LOSS(*frames, weight, bias) == LOSS(soft, features, weight, bias)
    with pytest.raises(ValueError, match="label"):
        LOSS(pandas.Series(np.zeros(6, int), index=[1, 0, 2, 3, 4, 5]), frames[1], weight)


def test_the_normalizer_has_the_name_of_the_loss() -> None:
    with pytest.raises(TypeError, match="normalizer of linear_cross_entropy needs y_true"):
        LOSS.normalizer()
    with pytest.raises(TypeError, match="max_bytes"):
        LOSS.normalizer([0, 1], max_bytes="x")
    assert LOSS.normalizer([0, 1], class_weight=[1.0, 3.0]) == 4.0
