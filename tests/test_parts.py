"""Means over data that come in parts: parts add up to one call over all data, their denominators to the bit."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import cases
import numpy as np
import pytest
from cases import FLOATS, HALVES, bits, draw, generator

import fastloss as fl
from fastloss.parts import Partial
from fastloss.runtime import kernels

WITH_PARTS = [v for v in cases.variants() if not v.row.couples and not v.row.terms]
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def exact(numbers: Any) -> Fraction:
    return sum(map(Fraction, np.asarray(numbers, np.float64).ravel().tolist()), start=Fraction(0))


# -- sums without rounding --------------------------------------------------------------------------------------------

SIZES_OF_WEIGHTS = {
    "of one size": lambda rng, n, dtype: rng.random(n),
    "whole": lambda rng, n, dtype: rng.integers(0, 1000, n),
    "of every size": lambda rng, n, dtype: np.ldexp(
        rng.uniform(1, 2, n),
        rng.integers(np.finfo(dtype).minexp - np.finfo(dtype).nmant, np.finfo(dtype).maxexp - 15, n),
    ),
    "one outweighs all": lambda rng, n, dtype: np.where(np.arange(n) == n // 2, 2.0**60, rng.random(n)),
    "the smallest": lambda rng, n, dtype: rng.integers(1, 9, n) * float(np.finfo(dtype).smallest_subnormal),
}


@pytest.mark.parametrize("n", [1, 7, 1024, 1025, 40_000])
@pytest.mark.parametrize("size", SIZES_OF_WEIGHTS)
@of_floats
def test_weights_are_added_without_rounding(size: str, n: int, dtype: Any) -> None:
    rng = generator("exact sums", size, n, dtype)
    weight = SIZES_OF_WEIGHTS[size](rng, n, dtype).astype(dtype)
    assert n < 7 or size == "whole" or np.unique(weight).size > min(n, 9) // 2
    part = fl.squared_error.partial(np.zeros(n), np.zeros(n, dtype), sample_weight=weight)
    total = exact(weight)
    assert Fraction(part._weights, 2**1074) == total
    assert part.weight == float(total)
    low, high = (1e-30, 1e30) if dtype == np.float32 else (1e-300, 1e300)
    if low < total < high:
        assert fl.squared_error.normalizer(np.zeros(n), sample_weight=weight, dtype=dtype) == float(total)


def test_a_sum_is_rounded_to_nearest_and_ties_to_even() -> None:
    for weights in ([1.0, 2.0**-53], [1.0, 2.0**-53, 2.0**-90], [1.0 + 2.0**-52, 2.0**-53], [2.0**600, 2.0**-600, 1.0]):
        number = fl.squared_error.normalizer(np.zeros(len(weights)), sample_weight=weights)
        assert number == float(exact(weights))
    assert fl.squared_error.normalizer(np.zeros(2), sample_weight=[1.0, 2.0**-53]) == 1.0
    assert fl.squared_error.normalizer(np.zeros(3), sample_weight=[1.0, 2.0**-53, 2.0**-90]) == 1.0 + 2.0**-52


def test_weights_of_sequences_and_groups_are_added_without_rounding() -> None:
    """These kinds add them up in Python, one after the other: each addition may carry."""
    rng = generator("exact sums of sequences")
    weight = rng.random(40)
    frames, groups = rng.normal(size=(40, 12, 6)), np.repeat(2, 40)
    part = fl.ctc.partial(rng.integers(1, 5, size=(40, 3)), frames, sample_weight=weight)
    assert Fraction(part._weights, 2**1074) == exact(weight)
    ordered = fl.listnet.partial(rng.random(80), rng.random(80), groups=groups, sample_weight=weight)
    assert ordered.weight == math.fsum(weight)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads_add_the_same_sum(threads: int) -> None:
    rng = generator("exact threads")
    weight = np.ldexp(rng.random(3_000_000), rng.integers(-60, 60, 3_000_000))
    part = fl.squared_error.partial(0.0, np.zeros(weight.size), sample_weight=weight, n_threads=threads)
    assert part._weights == fl.squared_error.partial(0.0, np.zeros(weight.size), sample_weight=weight)._weights
    assert part.weight == math.fsum(weight)


# -- parts ------------------------------------------------------------------------------------------------------------


def arrays_of(variant: Any, dtype: Any, n: int) -> tuple[Any, dict[str, Any]]:
    """A call on n samples, with weights."""
    rng = generator("parts", str(variant), dtype, n)
    inputs = draw(variant, (n, 5) if variant.rowwise else (n,), dtype, rng)
    return inputs, {"sample_weight": rng.random(n) + 0.1}


@of_floats
@pytest.mark.parametrize("variant", WITH_PARTS, ids=str)
def test_parts_add_up(variant: Any, dtype: Any) -> None:
    """Denominators and gradients have the bits of one call; the value is right to 4 units in the last place."""
    inputs, keywords = arrays_of(variant, dtype, 300)
    parameters = {name: value for name, value in inputs.keywords.items() if np.shape(value) != (300,)}
    loss, y_true, y_pred, weight = inputs.loss, inputs.y_true, inputs.y_pred, keywords["sample_weight"]
    with np.errstate(all="ignore"):
        value, gradient = loss.value_and_grad(y_true, y_pred, sample_weight=weight, **parameters)
    number = loss.normalizer(y_true, sample_weight=weight, dtype=dtype, **shape_of(variant, y_true), **parameters)
    pieces = [slice(0, 100), slice(100, 101), slice(101, 300)]
    parts = [loss.partial(y_true[p], y_pred[p], sample_weight=weight[p], **parameters) for p in pieces]
    for order in (parts, parts[::-1]):
        whole = sum(order)
        assert whole.weight == number
        assert abs(whole.value - value) <= 4 * np.spacing(abs(value))
    assert sum(parts) == sum(parts[::-1])
    for piece in pieces:
        own = loss.grad(
            y_true[piece], y_pred[piece], sample_weight=weight[piece], normalizer=number, **parameters
        )  # fmt: skip
        assert bits(own) == bits(gradient[piece])


def shape_of(variant: Any, y_true: Any) -> dict[str, Any]:
    """Class indices in floating point look like a probability of each class of one row."""
    ambiguous = variant.rowwise and variant.target == "index" and y_true.dtype.kind == "f"
    return {"shape": y_true.shape} if ambiguous else {}


@pytest.mark.parametrize("variant", [v for v in WITH_PARTS if v.parameters == "default"][::3], ids=str)
def test_what_is_left_out_has_no_weight(variant: Any) -> None:
    inputs, keywords = arrays_of(variant, np.dtype(np.float64), 60)
    y_true, y_pred, weight = inputs.y_true, inputs.y_pred, keywords["sample_weight"]
    where = np.arange(60) % 3 > 0
    part = inputs.loss.partial(y_true, y_pred, sample_weight=weight, where=where)
    kept = inputs.loss.partial(y_true[where], y_pred[where], sample_weight=weight[where])
    assert part.weight == kept.weight
    nothing = inputs.loss.partial(y_true, y_pred, where=False)
    assert nothing.value == 0
    assert nothing + part == part
    assert inputs.loss.normalizer(y_true, where=False, **shape_of(variant, y_true)) == 0


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_weights_are_rounded_to_the_type_that_is_computed_in(dtype: Any) -> None:
    weight = np.array([0.1, 0.2, 0.7])
    rounded = float(exact(weight.astype(np.float32)))
    assert fl.huber.normalizer([0.0] * 3, sample_weight=weight, dtype=dtype) == rounded
    assert fl.huber.normalizer([0.0] * 3, sample_weight=weight, dtype=np.float32) == rounded
    assert fl.huber.normalizer([0.0] * 3, sample_weight=weight) == float(exact(weight))
    assert fl.huber.partial([0.0] * 3, np.zeros(3, dtype), sample_weight=weight).weight == rounded


def test_class_weights_ignored_labels_and_soft_targets() -> None:
    class_weight = np.array([0.1, 0.7, 1.9])
    assert fl.cross_entropy.normalizer([0, 1, 2, -1], class_weight=class_weight, ignore_index=-1) == float(
        exact(class_weight)
    )
    soft = np.array([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]])
    logits = np.zeros((2, 3))
    for given in ({}, {"class_weight": class_weight}, {"class_weight": class_weight, "label_smoothing": 0.1}):
        part = fl.cross_entropy.partial(soft, logits, **given)
        assert part.weight == fl.cross_entropy.normalizer(soft, **given)
        total = fl.cross_entropy(soft, logits, reduction="sum", **given)
        assert part.value == pytest.approx(total / part.weight, rel=1e-15)
    assert fl.cross_entropy.normalizer(np.array([[0, 1], [1, 0]])) == 4  # whole numbers are indices
    assert fl.cross_entropy.normalizer(np.array([0.0, 2.0]), shape=(2,)) == 2
    assert fl.ordinal.normalizer([0, 3, 1]) == 3
    assert fl.arcface.normalizer([0, 4, 2]) == 3 and fl.arcface.normalizer([], sample_weight=[]) == 0
    assert fl.multilabel_soft_margin.normalizer([[0, 1], [1, 1], [0, 0]]) == 3


def test_losses_without_a_target_and_of_pairs() -> None:
    assert fl.bradley_terry.normalizer(shape=(3, 4)) == 12
    assert fl.bradley_terry.normalizer(shape=5, sample_weight=np.full(5, 0.1)) == float(exact([0.1] * 5))
    part = fl.bradley_terry.partial([1.0, 2.0], [0.0, 3.0])
    assert part.weight == 2
    assert part.value == fl.bradley_terry([1.0, 2.0], [0.0, 3.0])
    assert fl.gaussian_nll.normalizer(np.zeros((2, 3))) == 6
    assert fl.margin_ranking.normalizer([1, -1, 1]) == 3
    assert fl.ppo_clip.normalizer(shape=(7,)) == 7
    weight = np.array([0.1, 0.7])
    assert fl.contrastive.normalizer([1, 0], sample_weight=weight) == float(exact(weight))
    assert fl.triplet.normalizer(shape=(4, 2)) == 8
    part = fl.cosine_distance.partial(np.eye(2), np.ones((2, 2)), sample_weight=weight)
    assert part.weight == float(exact(weight))
    assert part.value == fl.cosine_distance(np.eye(2), np.ones((2, 2)), sample_weight=weight)


def test_sums_and_factors() -> None:
    y_true, y_pred = np.arange(4.0), np.arange(4.0)[::-1] / 3
    total = fl.squared_error + 0.5 * fl.absolute_error
    part = total.partial(y_true[:2], y_pred[:2]) + total.partial(y_true[2:], y_pred[2:])
    assert part.value == pytest.approx(total(y_true, y_pred), rel=1e-15)
    assert total.normalizer(y_true) == 4
    scaled = 3 * fl.cross_entropy
    logits = np.array([[0.5, 1.0], [2.0, 0.0]])
    part = scaled.partial([0, 1], logits, cross_entropy_label_smoothing=0.5)
    assert part.value == pytest.approx(scaled([0, 1], logits, cross_entropy_label_smoothing=0.5), rel=1e-15)


def test_a_factor_of_what_takes_no_factor_in_its_own_pass() -> None:
    """Its normalizer raised a KeyError; its partial took parameters of the loss by their own names, and any factor."""
    logits = np.array([[0.5, 1.0], [2.0, 0.0]])
    scaled, own = 2 * fl.cross_entropy, {"class_weight": [1.0, 0.25], "ignore_index": 7}
    named = {f"cross_entropy_{name}": value for name, value in own.items()}
    weight = [0.5, 0.125, 3.0]
    expected = fl.cross_entropy.normalizer([0, 1, 7], sample_weight=weight, **own)
    assert scaled.normalizer([0, 1, 7], sample_weight=weight, **named) == expected == 0.53125
    assert (2 * fl.triplet).normalizer(shape=(4,), where=[True, False, True, True]) == 3
    assert (2 * fl.ordinal).normalizer([0, 3, 1], dtype=np.float32) == 3
    part = scaled.partial([0, 1], logits, cross_entropy_factor=3, **named)
    assert part.value == pytest.approx(3 * fl.cross_entropy([0, 1], logits, **own), rel=1e-15)
    assert part.weight == 1.25
    assert (0 * fl.cross_entropy).partial([0, 1], np.full((2, 2), np.inf)).value == 0
    for method in ("partial", "normalizer"):
        arrays = ([0, 1], logits)[: 2 if method == "partial" else 1]
        with pytest.raises(TypeError, match="has no keyword 'class_weight'"):
            getattr(scaled, method)(*arrays, class_weight=[1.0, 2.0])
        with pytest.raises(ValueError, match=r"cross_entropy_class_weight\[1\] = -2"):
            getattr(scaled, method)(*arrays, cross_entropy_class_weight=[1.0, -2.0])
        with pytest.raises(ValueError, match="cross_entropy_factor = nan is not finite"):
            getattr(scaled, method)(*arrays, cross_entropy_factor=np.nan)
        with pytest.raises(ValueError, match=r"y_true\[0\] = -1 .* pass cross_entropy_ignore_index=-1"):
            getattr(scaled, method)([-1, 1], *arrays[1:])


def test_a_label_that_is_not_read_may_be_any_number() -> None:
    """It decided how many classes the predictions had to have."""
    normalizer = fl.cross_entropy.normalizer
    assert normalizer([2**62, 1], ignore_index=2**62) == 1
    assert normalizer([2**62, 1], where=[False, True]) == 1
    for loss in (fl.nll, fl.categorical_log_loss):  # whose predictions are looked at, a row of as many classes
        assert loss.normalizer([2**62, 1], where=[False, True]) == 1
        assert loss.normalizer([2**62, 1], ignore_index=2**62) == 1
    for dtype in (np.int64, np.float64):
        assert normalizer(np.array([1, 1, 2**31 - 1], dtype), shape=(3,)) == 3
    for label in (np.nan, np.inf, -np.inf, 1e300):
        assert normalizer([label, 1.0], shape=(2,), where=[False, True]) == 1
        with pytest.raises(ValueError, match=r"y_true\[0\] = "):
            normalizer([label, 1.0], shape=(2,))
    for label in (2**63 - 1, -(2**63), 2**40):
        with pytest.raises(ValueError, match=rf"y_true\[1\] = {label} is not a class"):
            normalizer([1, label])
    with pytest.raises(ValueError, match=r"y_true\[0\] = 18446744073709551615 is not a class"):
        normalizer(np.array([2**64 - 1], np.uint64))


def test_labels_of_targets_and_weights_are_compared() -> None:
    pandas = pytest.importorskip("pandas")
    y_true, weight = pandas.Series([1.0, 2.0], index=[5, 7]), pandas.Series([1.0, 3.0], index=[7, 5])
    assert fl.huber.normalizer(y_true, sample_weight=weight.sort_index()) == 4
    with pytest.raises(ValueError, match="y_true and sample_weight would be paired by position"):
        fl.huber.normalizer(y_true, sample_weight=weight)


def test_a_sum_beyond_all_numbers_is_infinite() -> None:
    """Its quotient raised an OverflowError, and so did repr."""
    part = fl.squared_error.partial([0.0, 0.0], [1.0, 1.0], sample_weight=1e308)
    for both in (part, part + part):
        assert both.weight == np.inf
        assert both.value == np.inf  # their weighted losses left the range of a double
        assert repr(both) == "Partial(value=inf, weight=inf)"
    one = fl.squared_error.partial([0.0], [1.0], sample_weight=1e308)
    assert (one + one).value == 1
    assert (one + one).total == (one + one).weight == np.inf
    minus = (-1 * fl.squared_error).partial([0.0], [1.0], sample_weight=1e308)
    assert (minus + minus).total == -np.inf
    tiny = (1e300 * fl.squared_error).partial([0.0], [1e4], sample_weight=1e-300)
    assert tiny.value == pytest.approx(1e308)
    assert (1e300 * fl.squared_error).partial([0.0], [1e10], sample_weight=1e-300).value == np.inf


def test_what_is_no_number_stays_so() -> None:
    finite, infinite = fl.squared_error.partial([0.0], [1.0]), fl.squared_error.partial([0.0], [np.inf])
    assert infinite.value == np.inf
    assert (finite + infinite).total == np.inf
    assert np.isnan((finite + fl.squared_error.partial([0.0], [np.nan])).value)
    assert (finite + infinite).weight == 2


def test_a_part_is_a_value() -> None:
    part = fl.huber.partial([0.0, 1.0], [3.0, 1.5], sample_weight=[0.25, 0.75])
    again = pickle.loads(pickle.dumps(part))
    assert again == part
    assert hash(again) == hash(part)
    assert part != fl.huber.partial([0.0], [3.0])
    assert part != 0
    assert repr(part) == f"Partial(value={part.value!r}, weight=1.0)"
    assert sum([part]) == part
    assert Partial() + part == part
    assert part.total == part.value
    with pytest.raises(TypeError):
        part + 1.0


def test_what_has_no_parts_says_why() -> None:
    y = np.array([1.0, 2.0])
    with pytest.raises(TypeError, match="root_mean_squared_error has no parts: it is no sum over samples"):
        fl.root_mean_squared_error.partial(y, y)
    with pytest.raises(TypeError, match="has no parts: each of its terms has a denominator of its own"):
        (fl.cross_entropy + fl.multiclass_hinge).normalizer([0, 1])
    with pytest.raises(TypeError, match="has no parts: each of its terms has a denominator of its own"):
        (fl.squared_error + fl.root_mean_squared_error).partial(y, y)
    for name in ("reduction", "normalizer", "out"):
        with pytest.raises(TypeError, match=f"partial has no keyword '{name}'"):
            fl.huber.partial(y, y, **{name: None})
        with pytest.raises(TypeError, match=f"normalizer has no keyword '{name}'"):
            fl.huber.normalizer(y, **{name: None})
    for name in ("n_threads", "wrt", "y_pred", "vector", "gamma"):
        with pytest.raises(TypeError, match=f"normalizer has no keyword '{name}'; it has .*'delta', 'sample_weight'"):
            fl.huber.normalizer(y, **{name: None})
    for loss in (fl.triplet, fl.bradley_terry, fl.ppo_clip, 2 * fl.cosine_distance):
        with pytest.raises(TypeError, match=r"has no targets: its normalizer needs shape"):
            loss.normalizer(y)
    with pytest.raises(TypeError, match="normalizer of huber needs y_true"):
        fl.huber.normalizer(shape=(2,))
    with pytest.raises(TypeError, match="normalizer of bradley_terry needs shape, that of the samples"):
        fl.bradley_terry.normalizer()
    with pytest.raises(TypeError, match="is not that of a prediction"):
        fl.huber.normalizer(y, dtype=int)
    with pytest.raises(TypeError, match="dtype = 'abc' is not that of a prediction"):
        fl.huber.normalizer(y, dtype="abc")
    with pytest.raises(TypeError, match=r"shape = .* is not the shape of an array"):
        fl.bradley_terry.normalizer(shape=(2, -1))
    with pytest.raises(ValueError, match="shape asks for predictions of the shape"):
        fl.bradley_terry.normalizer(shape=(2**62, 4))
    for wrong in ([[0.5, 0.5], [0.0, 1.0]], [0.0, 1.0, 2.0]):
        with pytest.raises(ValueError, match=r"y_true has shape .*, which is not of samples of the shape \(4,\)"):
            fl.cross_entropy.normalizer(wrong, shape=(4,))
    with pytest.raises(ValueError, match="y_true has no dimensions; it needs an axis of classes"):
        fl.multilabel_soft_margin.normalizer(1)
    with pytest.raises(TypeError, match="axis must be an int, not 'a'"):
        fl.cross_entropy.normalizer([0, 1], axis="a")
    with pytest.raises(ValueError, match="class_weight has 0 dimensions"):
        fl.cross_entropy.normalizer([0, 1], class_weight=2.0)
    with pytest.raises(ValueError, match=r"sample_weight\[1\] = -1.0"):
        fl.huber.normalizer(y, sample_weight=[1.0, -1.0])
    with pytest.raises(ValueError, match=r"y_true\[1\] = -1"):
        fl.cross_entropy.normalizer([0, -1])


def test_a_chunked_batch_trains_as_the_whole() -> None:
    """What accumulation over micro-batches is for: the gradient of each, to the bit."""
    rng = generator("chunks")
    logits, y_true = rng.normal(size=(1000, 10)).astype(np.float32), rng.integers(10, size=1000)
    weight = rng.random(1000).astype(np.float32)
    loss = fl.cross_entropy.bind(label_smoothing=0.1)
    whole = loss.grad(y_true, logits, sample_weight=weight)
    number = loss.normalizer(y_true, sample_weight=weight, dtype=np.float32)
    chunks = np.empty_like(logits)
    for first in range(0, 1000, 96):
        piece = slice(first, first + 96)
        loss.grad(y_true[piece], logits[piece], sample_weight=weight[piece], normalizer=number, out=chunks[piece])
    assert bits(chunks) == bits(whole)


def test_a_sum_of_nothing_is_nothing() -> None:
    assert kernels.frame.ExactSum().units() == 0


REGIONS = [
    (fl.dice, {}, "soft"),
    (fl.dice.bind(squared=True), {}, "masks"),
    (fl.tversky.bind(alpha=0.3, beta=0.7), {"mode": "multilabel", "class_weight": [0.3, 1.7, 1.0]}, "soft"),
    (fl.jaccard, {"mode": "multiclass", "ignore_index": -1}, "labels"),
    (fl.focal_tversky.bind(gamma=1.5), {"mode": "multiclass", "classes": "present"}, "labels"),
    (fl.dice, {"mode": "multiclass", "classes": [0, 2]}, "labels"),
    (fl.generalized_dice, {"mode": "multiclass"}, "labels"),
    (fl.lovasz_softmax, {}, "labels"),
    (fl.lovasz_hinge, {}, "masks"),
    (-0.7 * fl.dice, {}, "soft"),
]


@pytest.mark.parametrize(("loss", "given", "form"), REGIONS, ids=str)
def test_the_parts_of_a_loss_of_regions_are_images(loss: Any, given: dict[str, Any], form: str) -> None:
    """Their denominator is that of one call over all images, to the bit, and so are their gradients."""
    rng = generator("parts of images", str(loss), form)
    logits = rng.normal(size=(6, 3, 5, 4))
    y_true = {"labels": rng.integers(3, size=(6, 5, 4)), "masks": rng.integers(2, size=logits.shape)}.get(form)
    y_true = rng.integers(9, size=logits.shape) / 8 if y_true is None else y_true
    if form == "labels":
        y_true[2] = 1  # an image with one class
        if "ignore_index" in given:
            y_true[3, :2] = -1
    whole = loss.partial(y_true, logits, **given)
    samples = loss(y_true, logits, reduction="none", **given).shape
    weight = rng.random(samples)
    for weights in (None, weight):
        keywords = [given | ({} if weights is None else {"sample_weight": weights[k]}) for k in np.arange(6)[:, None]]
        every = given | {"sample_weight": weights}
        parts = [loss.partial(y_true[k : k + 1], logits[k : k + 1], **keywords[k]) for k in range(6)]
        whole = loss.partial(y_true, logits, **every)
        assert sum(parts).weight == sum(reversed(parts)).weight == whole.weight
        assert sum(parts).value == pytest.approx(loss(y_true, logits, **every), rel=1e-15, abs=0)
        shape = {"shape": samples} if form == "labels" else {}
        number = loss.normalizer(y_true, **shape, **every)
        assert number == whole.weight
        grad = loss.grad(y_true, logits, **every)
        for k in range(6):
            own = loss.grad(y_true[k : k + 1], logits[k : k + 1], normalizer=number, **keywords[k])
            assert bits(own[0]) == bits(grad[k])


def test_which_losses_of_regions_have_no_parts() -> None:
    y_true, logits = np.zeros((2, 4), int), np.zeros((2, 3, 4))
    for loss in (fl.dice, fl.lovasz_softmax):
        with pytest.raises(TypeError, match=rf"{loss.name} has no parts with over='batch': it is no sum over images"):
            loss.partial(y_true, logits, over="batch", **({"mode": "multiclass"} if loss is fl.dice else {}))
    with pytest.raises(TypeError, match="has no parts with dice_over='batch'"):
        (2 * fl.dice.bind(over="batch")).partial(np.zeros((2, 4)), np.zeros((2, 4)))
    many = fl.dice.bind(mode="multiclass")
    with pytest.raises(TypeError, match="normalizer of dice needs shape, that of the samples"):
        many.normalizer(y_true)
    assert many.normalizer(y_true, shape=(2, 3)) == many.partial(y_true, logits).weight == 6
    assert many.normalizer(y_true, classes="present") == many.partial(y_true, logits, classes="present").weight == 2
    assert many.normalizer(y_true, class_weight=[1, 2, 3]) == 12
    assert many.normalizer(y_true, classes=[0, 2]) == 4
    assert fl.lovasz_softmax.normalizer(y_true, classes=[0, 2]) == 2
    with pytest.raises(ValueError, match=r"y_true has shape \(2, 4\), which is not of samples of the shape \(3, 3\)"):
        many.normalizer(y_true, shape=(3, 3))
