"""Losses of errors in their order: against the definition, the authors' formula, and themselves in other layouts."""

from __future__ import annotations

from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator
from oracle import Jet, exact, mp, mpf
from test_plain import long_way

import fastloss as fl
from fastloss.runtime import current_engine

LOSSES = [getattr(fl, row.name) for row in fl.losses() if row.kind == "errors"]
of_losses = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
SHAPES = {"lovasz_hinge": (4, 2, 3), "lovasz_softmax": (4, 3, 2, 3)}


def drawn(loss: Any, *key: Any, dtype: Any = np.float64, shape: Any = None) -> tuple[Any, Any]:
    rng = generator("lovasz", loss.name, *map(str, key))
    return tuple(fl.kinds.draw(loss._row, shape or SHAPES[loss.name], dtype, rng).values())


def flat(loss: Any, y_true: Any, logits: Any) -> tuple[list[Any], list[Any]]:
    """Return the exact targets and scores of the pixels of one image."""
    if loss.name == "lovasz_hinge":
        return [int(y) for y in y_true.flat], [exact(x) for x in logits.flat]
    return y_true.ravel().tolist(), [[exact(x) for x in row] for row in logits.reshape(len(logits), -1).T]


def textbook(loss: Any, targets: list[Any], scores: list[Any], classes: Any = "present") -> Any:
    if loss.name == "lovasz_hinge":
        return oracle.ORACLE[loss.name](targets, scores)
    counted = sorted(set(targets)) if isinstance(classes, str) and classes == "present" else classes
    counted = range(len(scores[0])) if isinstance(counted, str) else counted
    return oracle.ORACLE[loss.name](targets, scores, counted)


def check(loss: Any, y_true: Any, logits: Any, value: Any, gradient: Any, **options: Any) -> None:
    """Hold one image to the definition: the value to its digits, slopes to those of the largest."""
    eps = np.finfo(logits.dtype).eps
    targets, scores = flat(loss, y_true, logits)
    with mp.workdps(60):
        right = oracle.as_jet(textbook(loss, targets, scores, **options)).value
        assert abs(exact(value) - right) <= (6 if logits.dtype == np.float64 else 1) * eps * abs(right)
        rows = [scores] if loss.name == "lovasz_hinge" else list(map(list, zip(*scores, strict=True)))
        slopes = []
        for c, row in enumerate(rows):
            for k in range(len(row)):
                varied = [list(other) for other in rows]
                varied[c][k] = Jet(row[k], mpf(1), mpf(0))
                own = varied[0] if loss.name == "lovasz_hinge" else list(map(list, zip(*varied, strict=True)))
                slopes.append(oracle.as_jet(textbook(loss, targets, own, **options)).first)
        largest = max(map(abs, slopes))
        for found, slope in zip(gradient.flat, slopes, strict=True):
            # 6.1 of softmax, where what pulls a class both ways is larger than what is left
            assert abs(exact(found) - slope) <= 10 * eps * largest, (found, slope)


@of_floats
@of_losses
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_the_definition(loss: Any, scale: float, dtype: Any) -> None:
    y_true, logits = drawn(loss, scale, dtype, dtype=dtype)
    logits *= dtype.type(scale)
    value, gradient = loss.value_and_grad(y_true, logits, reduction="none")
    for k in range(len(logits)):
        check(loss, y_true[k], logits[k], value[k], gradient[k])


@pytest.mark.parametrize("classes", ["all", "present", (2, 0)])
def test_the_classes_that_count(classes: Any) -> None:
    y_true, logits = drawn(fl.lovasz_softmax, "classes")
    y_true[0], y_true[1] = 1, 0  # others are absent
    value, gradient = fl.lovasz_softmax.value_and_grad(y_true, logits, classes=classes, reduction="none")
    for k in range(len(logits)):
        check(fl.lovasz_softmax, y_true[k], logits[k], value[k], gradient[k], classes=classes)


def test_an_image_without_the_class_loses_its_largest_error() -> None:
    logits = np.array([[-3.0, 0.5, -0.25]])
    value, gradient = fl.lovasz_hinge.value_and_grad(np.zeros((1, 3)), logits)
    assert value == 1.5
    assert gradient.tolist() == [[0, 1, 0]]


def test_decisions_lose_what_the_index_does() -> None:
    """Errors of 0 and 1: the loss is 1 less intersection over union."""
    y_true, found = np.array([[1, 1, 1, 0, 0, 1]]), np.array([[1, 0, 1, 1, 0, 1]])
    logits = np.where(y_true == found, 1, 0) * (2 * y_true - 1.0)
    assert fl.lovasz_hinge(y_true, logits) == pytest.approx(1 - 3 / 5, rel=1e-15)
    certain = np.stack([-200.0 * found + 100, 200.0 * found - 100], axis=1)
    both = (1 - 3 / 5) + (1 - 1 / 3)
    assert fl.lovasz_softmax(y_true, certain) == pytest.approx(both / 2, rel=1e-15)


def by_the_authors(there: Any, errors: Any) -> float:
    """``lovasz_grad`` and the sum, as their code has them."""
    order = np.argsort(-errors, kind="stable")
    truth = there[order].astype(float)
    intersection, union = truth.sum() - truth.cumsum(), truth.sum() + (1 - truth).cumsum()
    jaccard = 1 - intersection / union
    jaccard[1:] -= jaccard[:-1].copy()
    return float(np.maximum(errors[order], 0) @ jaccard)


@of_losses
def test_large_images_are_the_authors(loss: Any) -> None:
    shape = (2, 90, 100) if loss.name == "lovasz_hinge" else (2, 4, 90, 100)
    y_true, logits = drawn(loss, "large", shape=shape)
    values = loss(y_true, logits, reduction="none")
    for k, value in enumerate(values):
        if loss.name == "lovasz_hinge":
            expected = by_the_authors(y_true[k].ravel() == 1, (1 - (2 * y_true[k] - 1) * logits[k]).ravel())
        else:
            p = np.exp(logits[k]) / np.exp(logits[k]).sum(axis=0)
            there = [y_true[k].ravel() == c for c in range(4)]
            expected = np.mean([by_the_authors(t, np.abs(t - p[c].ravel())) for c, t in enumerate(there)])
        assert value == pytest.approx(expected, rel=1e-11)


def test_nothing_cancels_in_an_image_that_is_right() -> None:
    """Each error is e^-60 / (1 + e^-60)."""
    labels = np.array([[0, 1, 1, 0]])
    logits = np.stack([30 - 60.0 * labels, 60.0 * labels - 30], axis=1)
    assert fl.lovasz_softmax(labels, logits) == pytest.approx(np.exp(-60.0), rel=4e-16)


@of_losses
def test_the_batch_together(loss: Any) -> None:
    y_true, logits = drawn(loss, "batch")
    value, gradient = loss.value_and_grad(y_true, logits, over="batch")
    one = np.moveaxis(logits, 1, 0).reshape(1, 3, -1) if loss.name == "lovasz_softmax" else logits.reshape(1, -1)
    expected, slopes = loss.value_and_grad(y_true.reshape(1, -1), one)
    assert value == expected
    moved = np.moveaxis(gradient, 1, 0) if loss.name == "lovasz_softmax" else gradient
    assert bits(moved.reshape(one.shape)) == bits(slopes)


@of_floats
@of_losses
def test_layouts_and_places_change_nothing(loss: Any, dtype: Any) -> None:
    y_true, logits = drawn(loss, "layouts", dtype=dtype)
    expected = loss.value_and_grad(y_true, logits)
    for name, laid_out in cases.LAYOUTS.items():
        if "stride 0" not in name:
            assert bits(loss.value_and_grad(laid_out(y_true), laid_out(logits))) == bits(expected), name
    place = logits.copy()
    assert bits(loss.value_and_grad(y_true, place, out=(None, place))) == bits(expected)
    assert bits(place) == bits(expected[1])
    if loss.name == "lovasz_softmax":
        last = np.moveaxis(logits, 1, -1).copy()
        value, gradient = loss.value_and_grad(y_true, last, axis=-1)
        assert bits((value, np.moveaxis(gradient, -1, 1))) == bits(expected)


@pytest.mark.skipif(current_engine() != "compiled", reason="the short way is that of the compiled engine")
@of_floats
@of_losses
@pytest.mark.parametrize("over", ["image", "batch"])
def test_the_short_way_has_the_bits_of_the_long_one(over: str, loss: Any, dtype: Any) -> None:
    for shape in (SHAPES[loss.name], (2, 3, 1100), (4, 3)):
        y_true, logits = drawn(loss, "short", shape, dtype=dtype, shape=shape)
        images, axis = len(logits), {} if loss.name == "lovasz_hinge" else {"axis": -1}
        weight, where = np.array([0.5, 0.0, 2.0, 1.0])[:images], np.array([True, True, False, True])[:images]
        given = [{}, {"sample_weight": weight, "where": where}, {"reduction": "none", "sample_weight": weight}]
        given = [{}, {"reduction": "sum"}] if over == "batch" else given
        for own in ({}, {"ignore_index": 1}, {"classes": "all"} if axis else {}, axis):
            bound = loss.bind(over=over, **own)
            labels = y_true if own != axis or not axis else y_true.reshape(images, -1)
            x = logits if own != axis or not axis else logits.reshape(images, shape[1], -1).transpose(0, 2, 1)
            for keywords in given:
                with long_way():
                    expected = bound.value_and_grad(labels, x, **keywords)
                assert bits(bound.value_and_grad(labels, x, **keywords)) == bits(expected)
                assert bound._short.run(3, (labels, x), {**bound.keywords, **keywords}) is not None
            if over == "image":
                with long_way():
                    part = bound.partial(labels, x)
                assert bound.partial(labels, x) == part and bound.try_partial((labels, x), {}) is not None


@pytest.mark.parametrize("half", HALVES, ids=str)
@of_losses
def test_half_precision(loss: Any, half: Any) -> None:
    y_true, logits = drawn(loss, "half", dtype=np.float32)
    narrow = logits.astype(half)
    gradient = loss.grad(y_true, narrow)
    assert gradient.dtype == half
    wide = loss.grad(y_true, narrow.astype(np.float64))
    assert bits(gradient) == bits(cases.rounded_once(wide, half))


@of_losses
def test_weights_masks_and_what_is_left_out(loss: Any) -> None:
    y_true, logits = drawn(loss, "weights")
    each, slopes = loss.value_and_grad(y_true, logits, reduction="none")
    weight = np.array([1.0, 0.0, 0.5, 2.0])
    spoilt, targets = logits.copy(), y_true.astype(float)
    spoilt[1], targets[1] = np.nan, 7
    value, gradient = loss.value_and_grad(targets, spoilt, sample_weight=weight)
    assert value == pytest.approx((weight * each).sum() / 3.5, rel=1e-15)
    np.testing.assert_allclose(gradient, slopes * (weight / 3.5).reshape(-1, *(1,) * (logits.ndim - 1)), rtol=4e-16)
    assert not np.signbit(gradient[1]).any()
    spoilt[1], targets[1] = logits[1], y_true[1]
    spoilt[2] = np.nan
    value, gradient = loss.value_and_grad(targets, spoilt, reduction="none")
    assert np.isnan(value[2]) and np.isnan(gradient[2]).all()
    assert bits(np.delete(value, 2)) == bits(np.delete(each, 2))


@of_losses
def test_pixels_that_are_ignored(loss: Any) -> None:
    y_true, logits = drawn(loss, "ignored")
    y_true = y_true.astype(int)
    y_true[:, 0, 1], y_true[3] = 255, 255
    value, gradient = loss.value_and_grad(y_true, logits, ignore_index=255, reduction="none")
    assert value[3] == 0 and not gradient[3].any() and not gradient[..., 0, 1].any()
    for k in range(3):
        kept = y_true[k] != 255
        few = y_true[k][kept][None], logits[k][..., kept][None]
        expected, slopes = loss.value_and_grad(*few)
        assert value[k] == expected
        assert bits(gradient[k][..., kept][None]) == bits(slopes)
    with pytest.raises(ValueError, match=r"y_true\[0, 0, 1\] = 255"):
        loss(y_true, logits)


def test_what_is_refused() -> None:
    y_true, logits = drawn(fl.lovasz_hinge, "refused")
    for number in (0.5, np.nan, 2.0, -1.0):
        spoilt = y_true.copy()
        spoilt[1, 0, 2] = number
        out = np.full_like(logits, 7)
        with pytest.raises(ValueError, match=rf"y_true\[1, 0, 2\] = {number} is not 0 or 1"):
            fl.lovasz_hinge.grad(spoilt, logits, out=out)
        assert (out == 7).all()
    with pytest.raises(ValueError, match="y_true has shape"):
        fl.lovasz_hinge(y_true[:, 0], logits)
    labels, scores = drawn(fl.lovasz_softmax, "refused")
    with pytest.raises(ValueError, match=r"y_true has shape .*it must have \(4, 2, 3\)"):
        fl.lovasz_softmax(scores, scores)
    with pytest.raises(ValueError, match="classes has 3; there are 3 classes"):
        fl.lovasz_softmax(labels, scores, classes=[3])
    with pytest.raises(ValueError, match="axis = 0 is that of the images"):
        fl.lovasz_softmax(labels, scores, axis=0)
    with pytest.raises(ValueError, match="needs axes"):
        fl.lovasz_softmax(labels, scores[0, 0, 0])
    with pytest.raises(ValueError, match="the samples have shape"):
        fl.lovasz_softmax(labels, scores, sample_weight=np.ones(3))
    with pytest.raises(TypeError, match="has no diagonal of the Hessian"):
        fl.lovasz_softmax.grad_and_hess(labels, scores)


def test_no_images_and_no_pixels() -> None:
    assert fl.lovasz_hinge(np.zeros((0, 3)), np.zeros((0, 3))) == 0
    assert fl.lovasz_hinge(np.zeros((2, 0)), np.zeros((2, 0))) == 0
    assert fl.lovasz_softmax(np.zeros((2, 0), int), np.zeros((2, 3, 0))) == 0


def test_it_goes_with_losses_of_pixels() -> None:
    labels, scores = drawn(fl.lovasz_softmax, "sum")
    total = fl.lovasz_softmax + 0.5 * fl.cross_entropy.bind(axis=1)
    value, gradient = total.value_and_grad(labels, scores)
    first, by_first = fl.lovasz_softmax.value_and_grad(labels, scores)
    second, by_second = fl.cross_entropy.value_and_grad(labels, scores, axis=1)
    assert value == pytest.approx(first + 0.5 * second, rel=1e-15)
    np.testing.assert_allclose(gradient, by_first + 0.5 * by_second, rtol=0, atol=1e-15 * np.abs(gradient).max())


def test_infinite_scores() -> None:
    """An infinite error that the index loses nothing with, after another that took it all."""
    value, gradient = fl.lovasz_hinge.value_and_grad([[1, 0]], np.array([[-np.inf, np.inf]]))
    assert value == np.inf
    assert gradient.tolist() == [[-1, 0]]
