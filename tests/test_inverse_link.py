"""`Loss.inverse_link`: the predictions that raw scores stand for."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, LAYOUTS, bits, generator

import fastloss as fl

FUNCTIONS = {"sigmoid": fl.sigmoid, "softmax": fl.softmax, "identity": np.array}
SIGMOID = {
    "binary_cross_entropy", "soft_margin", "binary_focal", "asymmetric", "poly1_binary_cross_entropy", "exponential",
    "multilabel_soft_margin", "ordinal", "dice", "jaccard", "tversky", "focal_tversky", "generalized_dice",
}  # fmt: skip
SOFTMAX = {
    "cross_entropy", "categorical_focal", "poly1_cross_entropy", "generalized_cross_entropy",
    "kl_divergence", "js_divergence", "total_variation",
}  # fmt: skip
EXP = {"poisson", "gamma", "tweedie", "negative_binomial", "nll"}
#: Two columns: a location and the logarithm of a scale, but of a rate's logarithm and a logit.
COLUMNS = {"gaussian_nll", "beta_nll", "laplace_nll", "student_t_nll", "crps_gaussian", "zero_inflated_poisson"}
#: Scores of no distribution, and losses that take other arrays than scores.
NONE = {
    "hinge", "squared_hinge", "modified_huber", "perceptron",
    "multiclass_hinge", "multi_margin", "multilabel_margin", "sparsemax", "entmax15",
}  # fmt: skip
LINKED = [getattr(fl, row.name) for row in cases.ROWS if hasattr(getattr(fl, row.name), "inverse_link")]
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def test_who_has_one() -> None:
    for row in cases.ROWS:
        loss = getattr(fl, row.name)
        found = loss._row.links(loss.parameters)
        if row.several or row.name in NONE:
            assert not found and not hasattr(loss, "inverse_link") and "inverse_link" not in dir(loss)
            with pytest.raises(AttributeError, match=f"{row.name} has no inverse link"):
                loss.inverse_link([0.0])
            continue
        expected = {"sigmoid": SIGMOID, "softmax": SOFTMAX, "exp": EXP}
        functions = [name for name, names in expected.items() if row.name in names] or ["identity"]
        if row.name in COLUMNS:
            functions = ["exp", "sigmoid"] if row.name == "zero_inflated_poisson" else ["identity", "exp"]
        assert [link.function for link in found] == functions
        assert "inverse_link" in dir(loss) and "inverse_link(scores)" in loss.__doc__


@of_float
def test_exponentials_against_the_truth(dtype: Any) -> None:
    """0.82 ULP of float32 and 0.80 of float64 were measured."""
    scores = generator("exp", str(dtype)).normal(scale=30, size=999).astype(dtype)
    for score, result in zip(scores, fl.poisson.inverse_link(scores), strict=True):
        with oracle.enough_digits((0, score), dtype):
            exact = oracle.mp.exp(oracle.exact(score))
            assert oracle.ulps(result, oracle.Truth(exact, exact), dtype) <= 2, score


@of_float
def test_the_gradient_vanishes_where_targets_are_the_prediction(dtype: Any) -> None:
    """So it does of each likelihood with its own link, whatever else it is made of."""
    scores = generator("link", str(dtype)).normal(size=(50, 3)).astype(dtype)
    near = 8 * np.finfo(dtype).eps
    for loss in (fl.poisson, fl.gamma, fl.tweedie, fl.negative_binomial, 0.5 * fl.poisson + 2 * fl.gamma, fl.huber):
        predicted = loss.inverse_link(scores)
        gradient = loss.grad(predicted, scores, reduction="sum")
        assert (np.abs(gradient) <= near * np.maximum(predicted, 1)).all(), loss
    for loss in (fl.binary_cross_entropy, fl.soft_margin, fl.exponential):
        p = loss.inverse_link(scores).astype(np.float64)
        of_ones, of_zeros = (loss.grad(np.full_like(p, y), scores, reduction="sum") for y in (1.0, 0.0))
        assert (np.abs(p * of_ones + (1 - p) * of_zeros) <= near * (np.abs(of_ones) + np.abs(of_zeros))).all(), loss
    for loss in (
        fl.cross_entropy, fl.cross_entropy.bind(temperature=1.7), fl.cross_entropy.bind(softcap=1.1, temperature=0.5),
        fl.kl_divergence,
    ):  # fmt: skip
        gradient = loss.grad(loss.inverse_link(scores), scores, reduction="sum")
        assert (np.abs(gradient) <= near * 2).all(), loss
        assert np.abs(loss.grad(loss.inverse_link(scores * 1.01), scores, reduction="sum")).max() > near * 9, loss
    y_pred = np.stack([scores, scores[::-1]], -1)
    location, scale = np.moveaxis(fl.gaussian_nll.inverse_link(y_pred), -1, 0)
    _, by_scale = np.moveaxis(fl.gaussian_nll.grad(location + scale, y_pred, reduction="sum"), -1, 0)
    assert (np.abs(by_scale) <= near * (1 + np.abs(location) / scale)).all()
    np.testing.assert_array_equal(location, scores)


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("loss", LINKED, ids=lambda loss: loss.name)
def test_every_dtype_layout_and_place(loss: fl.Loss, dtype: Any) -> None:
    columns = len(loss._row.links(loss.parameters))
    scores = generator("places", loss.name).normal(size=(7, 5, 2)).astype(dtype)
    keywords = {"axis": 1} if "axis" in loss.parameters else {}
    expected = loss.inverse_link(scores, **keywords)
    assert expected.shape == scores.shape and expected.dtype == scores.dtype
    if (
        columns == 1
        and dtype not in HALVES
        and (function := FUNCTIONS.get(loss._row.links(loss.parameters)[0].function))
    ):
        divided = scores / loss._row.links(loss.parameters)[0].divisor
        assert bits(expected) == bits(function(divided.astype(dtype), **(keywords if function is fl.softmax else {})))
    if dtype in HALVES:
        wide = loss.inverse_link(scores.astype(np.float32), **keywords)
        assert bits(expected) == bits(cases.rounded_once(wide, dtype))
    for name, layout in LAYOUTS.items():
        if cases.fits(name, dtype):
            laid = layout(scores)
            expected_of = loss.inverse_link(np.ascontiguousarray(laid), **keywords)
            assert bits(loss.inverse_link(laid, **keywords)) == bits(expected_of), name
    assert bits(loss.inverse_link(scores, n_threads=2, **keywords)) == bits(expected)
    assert bits(loss.bind(n_threads=1).inverse_link(scores, **keywords)) == bits(expected)
    for place in (np.empty_like(scores), np.empty((7, 5, 4), dtype)[..., ::2], scores):
        assert loss.inverse_link(scores, out=place, **keywords) is place
        assert bits(np.ascontiguousarray(place)) == bits(expected)


def test_what_changes_it() -> None:
    scores = generator("changes").normal(size=(6, 4))
    for loss in (fl.kl_divergence, fl.js_divergence):
        assert bits(loss.inverse_link(scores, given="log_probs")) == bits(fl.poisson.inverse_link(scores))
        assert bits(loss.bind(given="probs").inverse_link(scores)) == bits(scores)
        assert bits(loss.inverse_link(scores, axis=0)) == bits(fl.softmax(scores, axis=0))
    assert bits(fl.dice.inverse_link(scores, mode="multiclass")) == bits(fl.softmax(scores, axis=1))
    assert bits(fl.dice.inverse_link(scores)) == bits(fl.sigmoid(scores))
    mask = generator("mask").random((6, 4)) < 0.6
    mask[:, 1] = True
    absent = np.where(mask, scores, -np.inf)
    for axis in (0, 1):
        expected = fl.softmax(absent.T if axis == 0 else absent, axis=axis)
        given = (scores.T, mask.T) if axis == 0 else (scores, mask)
        got = fl.cross_entropy.inverse_link(given[0], class_mask=given[1], axis=axis)
        assert bits(got) == bits(expected) and not got[~given[1]].any()
    place = scores.copy()
    assert fl.cross_entropy.bind(class_mask=mask[0]).inverse_link(place, out=place) is place
    assert bits(place) == bits(fl.softmax(np.where(mask[0], scores, -np.inf)))
    capped = fl.softmax(3.0 * np.tanh(scores / 3.0) / 0.5)
    assert bits(fl.cross_entropy.inverse_link(scores, softcap=3.0, temperature=0.5)) == bits(capped)
    half = scores.astype(np.float16)
    wide = fl.cross_entropy.inverse_link(half.astype(np.float32), temperature=1.7)
    assert bits(fl.cross_entropy.inverse_link(half, temperature=1.7)) == bits(wide.astype(np.float16))
    both = fl.cross_entropy + 0.5 * fl.dice.bind(mode="multiclass").bind(axis=-1)
    assert bits(both.inverse_link(scores)) == bits(fl.softmax(scores))
    assert bits(both.inverse_link(scores, axis=0)) == bits(fl.softmax(scores, axis=0))
    assert not hasattr(fl.huber + fl.poisson, "inverse_link")
    assert not hasattr(fl.cross_entropy + fl.cross_entropy.bind(temperature=2.0), "inverse_link")
    assert fl.poisson.inverse_link(0) == 1.0 and fl.poisson.inverse_link([1, 0]).dtype == np.float64
    with np.errstate(all="raise"):
        assert fl.exponential.inverse_link([np.inf, 1e308, -np.inf]).tolist() == [1.0, 1.0, 0.0]
        assert fl.poisson.inverse_link([1e4, -1e4]).tolist() == [np.inf, 0.0]
        assert np.isnan(fl.gaussian_nll.inverse_link([[np.nan, 1.0]])).tolist() == [[True, False]]


def test_it_is_a_method_like_others() -> None:
    method = fl.cross_entropy.bind(temperature=2.0).inverse_link
    assert str(inspect.signature(method)) == (
        "(scores, *, softcap=None, temperature=2.0, class_mask=None, axis=-1, out=None, n_threads=None)"
    )
    assert str(inspect.signature(fl.huber.inverse_link)) == "(scores, *, out=None, n_threads=None)"
    assert pickle.loads(pickle.dumps(method)) == method
    assert "Return the predictions" in method.__doc__


def test_what_is_refused() -> None:
    place = np.zeros(3)
    for call, error, text in (
        (lambda: fl.huber.inverse_link([0.0], delta=2.0), TypeError, "has no keyword 'delta'; it has \\[\\]"),
        (lambda: fl.cross_entropy.inverse_link([0.0], temperature=0), ValueError, "temperature = 0 is not > 0"),
        (lambda: fl.cross_entropy.inverse_link(0.0), ValueError, "scores has no dimensions"),
        (lambda: fl.cross_entropy.inverse_link([0.0], axis=1), ValueError, "axis"),
        (lambda: fl.gaussian_nll.inverse_link([0.0, 1.0, 2.0]), ValueError, r"scores has shape \(3,\).*2 columns"),
        (lambda: fl.cross_entropy.inverse_link([0.0, 1.0], class_mask=[True] * 3), ValueError, "class_mask"),
        (lambda: fl.cross_entropy.inverse_link([0.0], class_mask=[True], softcap=2), ValueError, "not go with softcap"),
        (lambda: (2 * fl.cross_entropy.bind(class_mask=[True])).inverse_link([0.0]), TypeError, "no class_mask"),
        (lambda: fl.poisson.inverse_link("one"), TypeError, "scores"),
        (lambda: fl.poisson.inverse_link([0.0], n_threads=0), ValueError, "n_threads = 0"),
        (lambda: fl.gaussian_nll.inverse_link([0.0, 1.0], n_threads=0), ValueError, "n_threads = 0"),
        (lambda: fl.huber.inverse_link([1.0], out=place), ValueError, "out has shape"),
        (lambda: fl.exponential.inverse_link(np.zeros(3), out=place[:2]), ValueError, "out has shape"),
        (lambda: fl.kl_divergence.inverse_link([1.0], given="scores"), ValueError, "given = 'scores'"),
    ):
        with pytest.raises(error, match=text):
            call()
    memory = np.arange(4.0)
    for loss in (fl.huber, fl.poisson, fl.exponential):
        with pytest.raises(ValueError, match="out overlaps scores"):
            loss.inverse_link(memory[1:], out=memory[:-1])
    assert memory.tolist() == [0.0, 1.0, 2.0, 3.0] and not place.any()
