"""Losses of the overlap of regions, against their definitions and against themselves in every other layout and type."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator
from oracle import Jet, exact, mp
from test_plain import long_way

import fastloss as fl
from fastloss.runtime import current_engine, kernels

ROWS = [row for row in fl.losses() if row.kind == "regions"]
MODES = {"binary": (2, 2, 3), "multilabel": (2, 3, 2, 2), "multiclass": (2, 3, 2, 2)}
FORMS = [
    ("binary", "hard"),
    ("binary", "soft"),
    ("multilabel", "hard"),
    ("multiclass", "labels"),
    ("multiclass", "soft"),
]
#: The shapes that are larger than a tile, and than a piece.
LARGE = {"binary": (3, 40, 500), "multilabel": (3, 2, 130, 131), "multiclass": (3, 4, 130, 131)}
#: How far a value may be from the truth, relative to it, and a gradient, relative to the largest of its array.
#: Measured with 20 seeds: values 7.5e-8 and 4.3e-16, gradients 3.7e-7 and 7.5e-16. Of shares of classes that exclude
#: each other terms of both signs cancel: 1.9e-15.
VALUES = {np.dtype(np.float32): 2.4e-7, np.dtype(np.float64): 1e-15}
GRADIENTS = {np.dtype(np.float32): 4.8e-7, np.dtype(np.float64): 9e-16}

pytestmark = pytest.mark.skipif(current_engine() != "compiled", reason="losses of regions have no Numba kernel")
of_rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
of_modes = pytest.mark.parametrize("mode", MODES)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def loss_of(row: Any, **bound: Any) -> Any:
    return getattr(fl, row.name).bind(**bound)


def drawn(
    row: Any, mode: str, *key: Any, shape: Any = None, dtype: Any = np.float32, form: str = ""
) -> tuple[Any, Any]:
    """Return targets and logits; `form` "soft": shares of every class."""
    rng = generator("regions", row.name, mode, form, *map(str, key))
    shape = MODES[mode] if shape is None else shape
    soft = "soft" if form == "soft" and mode != "multiclass" else "hard"
    y_true, logits = fl.kinds.draw(row, shape, dtype, rng, soft, {"mode": mode}).values()
    if form == "soft" and mode == "multiclass":
        shares = rng.integers(1, 16, size=shape).astype(np.float64)
        y_true = (shares / shares.sum(1, keepdims=True)).astype(dtype)
    return y_true, logits


def others(row: Any, classes: int) -> dict[str, Any]:
    """Return parameters that are not the defaults, each of which changes the loss."""
    numbers = {"smooth": 0.75, "alpha": 0.25, "beta": 0.625, "gamma": 1.5}
    given = {p.name: numbers[p.name] for p in row.parameters if p.name in numbers}
    return given | {"class_weight": [0.5, 2.0, 1.0][:classes]}


# -- what is right ----------------------------------------------------------------------------------------------------


def regions_of(y_true: Any, probs: Any, mode: str, over: str) -> Iterator[tuple[Any, Any]]:
    """Give for each image, or once, the targets and the probabilities of the pixels of each class."""
    classes = 1 if mode == "binary" else len(probs[0])
    images = [
        [(y, p)] if mode == "binary" else list(zip(y, p, strict=True)) for y, p in zip(y_true, probs, strict=True)
    ]
    groups = [images] if over == "batch" else [[image] for image in images]
    for group in groups:
        yield (
            [[y for image in group for y in image[k][0]] for k in range(classes)],
            [[p for image in group for p in image[k][1]] for k in range(classes)],
        )


def truth(row: Any, y_true: Any, logits: Any, mode: str, given: dict[str, Any], sample_weight: Any) -> Any:
    """Return the mean by the textbook; `logits` hold numbers of mpmath, or jets. Space has one axis."""
    if mode == "multiclass":
        probs = []
        for image in logits:
            pixels = [oracle.softmaxes(pixel) for pixel in zip(*image, strict=True)]
            probs.append([[pixel[k] for pixel in pixels] for k in range(len(image))])
        if np.ndim(y_true) < 3:
            y_true = [[[int(y == k) for y in image] for k in range(len(logits[0]))] for image in y_true]
    elif mode == "binary":
        probs = [oracle.sigmoids(image) for image in logits]
    else:
        probs = [[oracle.sigmoids(x) for x in image] for image in logits]
    y_true = np.vectorize(exact, otypes=[object])(np.asarray(y_true)).tolist()
    over = given.get("over", "image")
    own = {
        p.name: given.get(p.name, p.default) for p in row.parameters if p.name in ("alpha", "beta", "gamma", "smooth")
    }
    own = {name: exact(value) for name, value in own.items()}
    if "squared" in {p.name for p in row.parameters}:
        own["squared"] = given.get("squared", False)
    classes = 1 if mode == "binary" else len(logits[0])
    class_weight = [exact(w) for w in given.get("class_weight", [1.0] * classes)]
    total, weights = mp.mpf(0), mp.mpf(0)
    images = list(regions_of(y_true, probs, mode, over))
    of_pixels = [
        list(map(exact, each)) for each in np.reshape(given.get("pixel_weight", np.ones(0)), (len(images), -1))
    ]
    for image, (y, p) in enumerate(images):
        losses = oracle.ORACLE[row.name](y, p, **own, weights=class_weight, of_pixels=of_pixels[image])
        of_image = np.reshape(sample_weight, (len(images), -1))[image]
        if row.together:
            total, weights = total + exact(of_image[0]) * losses, weights + exact(of_image[0])
            continue
        for w, k, loss in zip(of_image, class_weight, losses, strict=True):
            total, weights = total + exact(w) * k * loss, weights + exact(w) * k
    return total / weights


def check_truth(row: Any, y_true: Any, logits: Any, mode: str, given: dict[str, Any]) -> None:
    cancels = mode == "multiclass" and np.ndim(y_true) == np.ndim(logits)
    value_bound, bound = VALUES[logits.dtype], GRADIENTS[logits.dtype] * (4 if cancels else 1)
    loss = loss_of(row, mode=mode, **given)
    values = loss(y_true, logits, reduction="none")
    weight = generator("weights", row.name).integers(1, 9, size=np.shape(values)) / 8
    value, gradient = loss.value_and_grad(y_true, logits, sample_weight=weight)
    assert loss(y_true, logits, sample_weight=weight) == value
    flat = np.reshape(logits, (*np.shape(logits)[: 1 if mode == "binary" else 2], -1))
    targets = np.reshape(y_true, (len(y_true), -1) if np.ndim(y_true) < np.ndim(logits) else flat.shape)

    def at(place: Any) -> Any:
        exactly = np.vectorize(exact, otypes=[object])(flat).tolist()
        inner = exactly
        for k in place[:-1]:
            inner = inner[k]
        inner[place[-1]] = Jet(inner[place[-1]], mp.mpf(1), mp.mpf(0))
        return oracle.as_jet(truth(row, targets, exactly, mode, given, weight))

    with mp.workdps(60):
        jets = {place: at(place) for place in np.ndindex(flat.shape)}
        right = next(iter(jets.values())).value
        assert abs(exact(value) - right) <= value_bound * abs(right)
        largest = max(abs(jet.first) for jet in jets.values())
        for place, jet in jets.items():
            assert abs(exact(gradient.reshape(flat.shape)[place]) - jet.first) <= bound * largest, place


@of_floats
@pytest.mark.parametrize("over", ["image", "batch"])
@pytest.mark.parametrize(("mode", "form"), FORMS)
@of_rows
def test_the_textbook(row: Any, mode: str, form: str, over: str, dtype: Any) -> None:
    """Value and gradient of small images, against the definition in mpmath."""
    y_true, logits = drawn(row, mode, "textbook", over, dtype=dtype, form=form)
    if form != "soft":
        y_true.reshape(len(y_true), -1)[:, :3] = [0, 1, 1]
    choices = [{}, others(row, 1 if mode == "binary" else 3)]
    if "squared" in loss_of(row).parameters:
        choices += [{"squared": True}, {"squared": True, **others(row, 1 if mode == "binary" else 3)}]
    pixels = logits.shape if mode == "binary" else (logits.shape[0], *logits.shape[2:])
    weight = generator("pixels", row.name, mode, form).integers(0, 9, size=pixels) / 4
    weight.reshape(len(weight), -1)[:, :3] = [0.5, 1, 2]
    choices += [{**choices[-1], "pixel_weight": weight}]
    for given in choices:
        check_truth(row, y_true, logits, mode, {"over": over, **given})


@of_floats
@pytest.mark.parametrize("distance", [12.0, 40.0, 95.0, 300.0])
@pytest.mark.parametrize("mode", ["binary", "multiclass"])
@of_rows
def test_a_model_that_is_sure_keeps_its_digits(row: Any, mode: str, distance: float, dtype: Any) -> None:
    """1 - overlap / size has lost them all; floats hold no probability of e^-95, and none of e^-300."""
    y_true, logits = drawn(row, mode, "sure", distance, dtype=dtype)
    y_true.reshape(len(y_true), -1)[:, :3] = [0, 1, 1 if mode == "binary" else 2]
    if mode == "binary":
        logits[...] = np.where(y_true > 0, distance, -distance) * (1 + np.abs(logits) / 64)
    else:
        right = np.expand_dims(y_true, 1) == np.arange(3).reshape(3, 1, 1)
        logits[...] = logits / 8 + np.where(right, distance, 0)
    loss = loss_of(row, mode=mode, over="batch")
    value, gradient = loss.value_and_grad(y_true, logits)
    flat = logits.reshape((2, -1) if mode == "binary" else (2, 3, -1))
    weight = np.ones(np.shape(loss(y_true, logits, reduction="none")))
    with mp.workdps(600):
        exactly = np.vectorize(exact, otypes=[object])(flat).tolist()
        right = truth(row, y_true.reshape(2, -1), exactly, mode, {"over": "batch"}, weight)
        assert 0 < right < 1e-3
        assert abs(exact(value) - right) <= 4 * VALUES[np.dtype(dtype)] * right
    assert np.isfinite(gradient).all()


@of_floats
@of_modes
@of_rows
def test_large_images(row: Any, mode: str, dtype: Any) -> None:
    """Larger than a tile and a piece, against float64 and NumPy."""
    y_true, logits = drawn(row, mode, "large", shape=LARGE[mode], dtype=dtype)
    assert math.prod(LARGE[mode][1 if mode == "binary" else 2 :]) > 2**14
    value, gradient = loss_of(row, mode=mode).value_and_grad(y_true, logits)
    x = logits.astype(float).reshape(3, 1 if mode == "binary" else LARGE[mode][1], -1)
    y = y_true.reshape(x.shape) if mode != "multiclass" else y_true.reshape(3, 1, -1) == np.arange(4).reshape(4, 1)
    e = np.exp(x - x.max(1, keepdims=True)) if mode == "multiclass" else np.exp(x)
    p = e / (e.sum(1, keepdims=True) if mode == "multiclass" else 1 + e)
    overlap, wrong, missed = (p * y).sum(-1), (p * (1 - y)).sum(-1), ((1 - p) * y).sum(-1)
    share = {"jaccard": 1.0}.get(row.name, 0.5)
    if row.together:
        w = 1 / y.sum(-1) ** 2
        right = (w * (wrong + missed)).sum(-1) / (w * (2 * overlap + wrong + missed)).sum(-1)
    else:
        fault = share * (wrong + missed)
        right = fault / (overlap + fault)
    assert abs(value - right.mean()) <= (1e-7 if dtype == np.float32 else 4e-14) * value
    wide = loss_of(row, mode=mode).grad(y_true, logits.astype(float))
    assert np.abs(gradient - wide).max() <= 4 * GRADIENTS[np.dtype(dtype)] * np.abs(wide).max()


def by_numpy(row: Any, y_true: Any, logits: Any, mode: str, axis: int, given: dict[str, Any]) -> Any:
    """Return the loss of each sample by the definition, in float64, of arrays without what is ignored."""
    x = np.expand_dims(logits, -1) if mode == "binary" else np.moveaxis(logits, axis, -1)
    e = np.exp(x - x.max(-1, keepdims=True)) if mode == "multiclass" else np.exp(x)
    p = e / e.sum(-1, keepdims=True) if mode == "multiclass" else e / (1 + e)
    ignored = given.get("ignore_index")
    kept = np.ones(p.shape) if ignored is None else y_true != ignored
    if mode == "multiclass":
        y = (y_true[..., None] == np.arange(x.shape[-1])).astype(float)
        kept = kept if ignored is None else np.broadcast_to(kept[..., None], p.shape)
    else:
        y = np.expand_dims(y_true, -1) if mode == "binary" else np.moveaxis(y_true, axis, -1)
        kept = kept if ignored is None else kept[..., None] if mode == "binary" else np.moveaxis(kept, axis, -1)
    axes = tuple(range(0 if given["over"] == "batch" else 1, x.ndim - 1))
    kept = kept * np.asarray(given.get("pixel_weight", 1.0))[..., None]
    squared, smooth = given.get("squared", False), given["smooth"]
    overlap = (p * y * kept).sum(axes)
    found, there = (((z * z if squared else z) * kept).sum(axes) for z in (p, y))
    if row.together:
        w = np.where(there > 0, 1 / np.maximum(there, 1e-9) ** 2, 0) * given.get("class_weight", 1.0)
        return 1 - (2 * (w * overlap).sum(-1) + smooth) / ((w * (found + there)).sum(-1) + smooth)
    if row.name == "dice":
        loss = 1 - (2 * overlap + smooth) / (found + there + smooth)
    elif row.name == "jaccard":
        loss = 1 - (overlap + smooth) / (found + there - overlap + smooth)
    else:
        whole = overlap + given["alpha"] * (found - overlap) + given["beta"] * (there - overlap)
        loss = (1 - (overlap + smooth) / (whole + smooth)) ** given.get("gamma", 1.0)
    loss = loss * given.get("class_weight", 1.0)
    return loss[..., 0] if mode == "binary" else loss


@pytest.mark.parametrize("row", [row for row in ROWS if "squared" in loss_of(row).parameters], ids=lambda row: row.name)
def test_a_tiny_share_that_is_found_whole_is_present(row: Any) -> None:
    """The two parts of the sum of its square cancel."""
    y_true, logits = np.array([[1e-25, 0.0], [0.0, 0.0]]), np.array([[60.0, -3.0], [60.0, -3.0]])
    values = loss_of(row, squared=True, classes="present")(y_true, logits, reduction="none")
    assert abs(values[0] - 1) < 1e-6 and values[1] == 0
    assert loss_of(row, squared=True, classes="present").grad(y_true, logits)[0].any()


@pytest.mark.parametrize("number", range(60))
def test_random_calls(number: int) -> None:
    """Any shape, mode, layout and parameters: the definition, and of floats what doubles give."""
    rng = generator("random calls", number)
    row, mode = ROWS[rng.integers(len(ROWS))], str(rng.choice([*MODES]))
    space = tuple(rng.integers(1, 24, size=rng.integers(1, 4)))
    classes = int(rng.integers(1, 40 if rng.random() < 0.2 else 6))
    shape = (int(rng.integers(1, 4)), *space)
    axis = 1
    if mode != "binary":
        axis = int(rng.integers(1, len(shape) + 1))
        shape = (*shape[:axis], classes, *shape[axis:])
    logits = rng.normal(scale=3, size=shape)
    y_true: Any = rng.random(shape) < 0.4 if rng.random() < 0.5 else rng.random(shape)
    if mode == "multiclass":
        y_true = rng.integers(classes, size=(*shape[:axis], *shape[axis + 1 :]))
    names = [p.name for p in row.parameters]
    given: dict[str, Any] = {"over": str(rng.choice(["image", "batch"])), "smooth": float(rng.choice([0.125, 2.0]))}
    for name, low, high in (("alpha", 0, 2), ("beta", 0.1, 2), ("gamma", 1, 3)):
        given |= {name: rng.uniform(low, high)} if name in names else {}
    given |= {"squared": bool(rng.random() < 0.5)} if "squared" in names else {}
    if given.get("squared") and "beta" in names:  # what is missed less than what is wrongly found cancels
        given["beta"] += given["alpha"]
    if mode != "binary" and rng.random() < 0.4:
        given["class_weight"] = rng.uniform(0.5, 2, size=classes)
    if rng.random() < 0.4:
        y_true = np.where(rng.random(y_true.shape) < 0.2, 9, y_true.astype(float))
        given["ignore_index"] = 9
        y_true = y_true.astype(np.int64) if mode == "multiclass" else y_true
    if rng.random() < 0.5:
        pixels = shape if mode == "binary" else (*shape[:axis], *shape[axis + 1 :])
        given["pixel_weight"] = rng.integers(1, 9, size=[n if rng.random() < 0.7 else 1 for n in pixels]) / 4
    if mode != "multiclass" and np.isin(y_true, (0, 1, 9)).all():
        y_true = y_true.astype(str(rng.choice(["int8", "uint32", ">i8", "float32", "float64"])))
    loss = loss_of(row, mode=mode, axis=axis, **given)
    right = by_numpy(row, y_true, logits, mode, axis, given)
    values, gradient = loss.value_and_grad(y_true, logits, reduction="none")
    np.testing.assert_allclose(values, right, rtol=1e-11, atol=0)  # 1 - x of the definition has lost digits
    floats = logits.astype(np.float32)
    values, wanted = loss.value_and_grad(y_true, floats.astype(float), reduction="none")
    turned = np.moveaxis(np.moveaxis(floats, axis - 1, 0).copy()[..., ::-1].copy()[..., ::-1], 0, axis - 1)
    single, gradient = loss.value_and_grad(y_true, turned, reduction="none", n_threads=2)
    np.testing.assert_allclose(single, values, rtol=5e-7, atol=0)
    assert np.abs(gradient - wanted).max() <= 1e-6 * np.abs(wanted).max()
    assert bits(loss.value_and_grad(y_true, floats, reduction="none")) == bits((single, gradient))


@of_floats
@of_modes
@of_rows
def test_a_pixel_of_weight_0_is_not_read(row: Any, mode: str, dtype: Any) -> None:
    """It is as if it were not there, whatever is; larger than a tile, and behind its last whole step."""
    y_true, logits = drawn(
        row, mode, "pixel of weight 0", shape=(2, 37, 31) if mode == "binary" else (2, 3, 37, 31), dtype=dtype
    )
    rng = generator("pixels", row.name, mode)
    weight = rng.integers(0, 3, size=(2, 37, 31)).astype(dtype)
    loss = loss_of(row, mode=mode)
    value, gradient = loss.value_and_grad(y_true, logits, pixel_weight=weight)
    nothing = np.broadcast_to(weight == 0 if mode == "binary" else (weight == 0)[:, None], logits.shape)
    bad = np.where(nothing, np.nan, logits).astype(dtype)
    again, own = loss.value_and_grad(y_true, bad, pixel_weight=weight)
    assert again == value and bits(own) == bits(gradient)
    assert not own[nothing].any() and not np.signbit(own[nothing]).any()
    both = loss.value_and_grad(y_true, bad, pixel_weight=weight.astype(">f8"), n_threads=2)
    turned = np.asfortranarray(np.repeat(weight, 2, axis=1))[:, ::2]
    assert bits(both) == bits(loss.value_and_grad(y_true, bad, pixel_weight=turned)) == bits((value, gradient))
    of_axes = rng.integers(1, 5, size=(2, 1, 31))
    whole = np.repeat(of_axes, 37, axis=1).astype(float)
    assert bits(loss.value_and_grad(y_true, logits, pixel_weight=of_axes)) == bits(
        loss.value_and_grad(y_true, logits, pixel_weight=whole)
    )
    plain, right = loss.value_and_grad(y_true, logits)
    for factor in (4.0, 2.0**-30, 2.0**126, 2.0**-140):  # of all pixels: a factor of both sides of a fraction
        same, own = loss.value_and_grad(y_true, logits, pixel_weight=factor)
        assert abs(same - plain) <= 4 * VALUES[np.dtype(dtype)] * plain
        assert np.abs(own - right).max() <= 4 * GRADIENTS[np.dtype(dtype)] * np.abs(right).max()


@of_rows
def test_weights_of_pixels_that_are_refused(row: Any) -> None:
    y_true, logits = drawn(row, "multiclass", "refused weights")
    loss, out, weight = loss_of(row, mode="multiclass"), np.full(logits.shape, 7, np.float32), np.ones((2, 2, 2))
    for bad in (-1.0, np.nan, np.inf, 2e100):
        weight[1, 0, 1] = bad
        with pytest.raises(ValueError, match=r"pixel_weight\[1, 0, 1\] = \S+ is not >= 0 and at most 1e100"):
            loss.grad(y_true, logits, pixel_weight=weight, out=out)
    text = r"pixel_weight has shape \(2, 3, 2, 2\), the pixels have shape \(2, 2, 2\)\. It must have that shape, or"
    with pytest.raises(ValueError, match=text):
        loss.grad(y_true, logits, pixel_weight=np.ones(logits.shape), out=out)
    with pytest.raises(ValueError, match=r"pixel_weight has shape \(2, 1, 3\), the pixels have shape \(2, 2, 2\)"):
        loss.grad(y_true, logits, pixel_weight=np.ones((2, 1, 3)), out=out)
    with pytest.raises(ValueError, match=r"out \(gradient\) overlaps pixel_weight"):
        loss_of(row).grad(y_true, logits[:, 0], pixel_weight=out[:, 0], out=out[:, 0])
    assert (out == 7).all()
    loss = loss_of(row, mode="multiclass", pixel_weight=np.arange(8.0).reshape(2, 2, 2))
    assert pickle.loads(pickle.dumps(loss))(y_true, logits) == loss(y_true, logits) > 0


def test_weights_of_pixels_in_a_sum() -> None:
    y_true, logits = drawn(ROWS[0], "multiclass", "sum")
    weight = generator("weights in a sum").integers(1, 5, size=(2, 2, 2)) / 2
    both = fl.dice.bind(mode="multiclass") + fl.cross_entropy.bind(axis=1)
    found = both(y_true, logits, dice_pixel_weight=weight)
    apart = fl.dice(y_true, logits, mode="multiclass", pixel_weight=weight) + fl.cross_entropy(y_true, logits, axis=1)
    assert abs(found - apart) <= 1e-6 * apart


# -- what others compute ----------------------------------------------------------------------------------------------


def test_conventions_of_other_libraries() -> None:
    """Their formulas, by their arguments, written out; docs of the losses say the same."""
    rng = generator("conventions")
    logits, labels = rng.normal(size=(3, 4, 9, 8)), rng.integers(3, size=(3, 9, 8))  # the last class is absent
    e = np.exp(logits)
    p, y = e / e.sum(1, keepdims=True), np.moveaxis(np.eye(4)[labels], -1, 1)
    own = {"mode": "multiclass"}

    def near(mine: Any, theirs: Any) -> None:
        np.testing.assert_allclose(mine, theirs, rtol=1e-14, atol=0)

    # segmentation_models_pytorch: DiceLoss, JaccardLoss, TverskyLoss(mode="multiclass", from_logits=True)
    overlap, found, there = ((x).sum((0, 2, 3)) for x in (p * y, p, y))
    present = there > 0
    near(fl.dice(labels, logits, over="batch", classes="present", reduction="sum", **own) / 4,
         ((1 - 2 * overlap / np.maximum(found + there, 1e-7)) * present).mean())  # fmt: skip
    smooth = 0.5  # its Dice is Tversky's with halves
    near(fl.dice(labels, logits, over="batch", classes="present", reduction="sum", smooth=2 * smooth, **own) / 4,
         ((1 - (overlap + smooth) / ((found + there) / 2 + smooth)) * present).mean())  # fmt: skip
    near(fl.jaccard(labels, logits, over="batch", classes="present", reduction="sum", **own) / 4,
         ((1 - overlap / np.maximum(found + there - overlap, 1e-7)) * present).mean())  # fmt: skip
    theirs = 1 - overlap / np.maximum(overlap + 0.3 * (found - overlap) + 0.7 * (there - overlap), 1e-7)
    near(fl.tversky(labels, logits, over="batch", classes="present", reduction="sum", alpha=0.3, beta=0.7, **own) / 4,
         (theirs * present).mean())  # fmt: skip
    # MONAI: DiceLoss(softmax=True, to_onehot_y=True), also with squared_pred, jaccard and include_background
    overlap, found, there = ((x).sum((2, 3)) for x in (p * y, p, y))
    smooth = 1e-5
    near(fl.dice(labels, logits, smooth=smooth, **own), (1 - (2 * overlap + smooth) / (found + there + smooth)).mean())
    near(fl.dice(labels, logits, smooth=smooth, squared=True, **own),
         (1 - (2 * overlap + smooth) / ((p * p).sum((2, 3)) + there + smooth)).mean())  # fmt: skip
    # its jaccard doubles the denominator, and the overlap: its smooth is twice that of here
    near(fl.jaccard(labels, logits, smooth=smooth / 2, **own),
         (1 - (2 * overlap + smooth) / (2 * (found + there - overlap) + smooth)).mean())  # fmt: skip
    near(fl.dice(labels, logits, smooth=smooth, classes=[1, 2, 3], **own),
         (1 - (2 * overlap + smooth) / (found + there + smooth))[:, 1:].mean())  # fmt: skip
    whole = overlap + 0.3 * (found - overlap) + 0.7 * (there - overlap)
    near(fl.tversky(labels, logits, alpha=0.3, beta=0.7, smooth=smooth, **own),
         (1 - (overlap + smooth) / (whole + smooth)).mean())  # fmt: skip
    # Keras: Dice() of a whole batch, all classes of it; here one class of all
    one, of_one = logits[:, 0], y[:, 0]
    sigmoid = 1 / (1 + np.exp(-one))
    near(fl.dice(of_one, one, over="batch"), 1 - 2 * (sigmoid * of_one).sum() / (sigmoid.sum() + of_one.sum()))


# -- the same in every layout, type and number of threads -------------------------------------------------------------


def layouts(array: np.ndarray) -> dict[str, np.ndarray]:
    stepped = np.repeat(array, 2, axis=-1)[..., ::2]
    return {
        "Fortran": np.asfortranarray(array),
        "stepped": stepped,
        "negative": np.flip(np.flip(array).copy()),
        "swapped": array.astype(array.dtype.newbyteorder("S")),
        "images last": np.moveaxis(np.moveaxis(array, 0, -1).copy(), -1, 0),
        "classes last": np.moveaxis(np.moveaxis(array, 1, -1).copy(), -1, 1),
        "wider": np.repeat(array, 2, axis=1)[:, ::2] if array.ndim > 3 else stepped,
        "misaligned": np.frombuffer(b"x" + array.tobytes(), array.dtype, offset=1).reshape(array.shape),
    }


@of_floats
@pytest.mark.parametrize("squared", [False, True], ids=["plain", "squared"])
@of_modes
def test_layouts_and_threads_change_no_bit(mode: str, squared: bool, dtype: Any) -> None:
    """Of one loss: all have the same loops."""
    shape = {"binary": (2, 41, 501), "multilabel": (2, 3, 131, 131), "multiclass": (2, 3, 131, 131)}[mode]
    y_true, logits = drawn(ROWS[0], mode, "layouts", shape=shape, dtype=dtype)
    loss = loss_of(ROWS[0], mode=mode, squared=squared)
    expected = loss.value_and_grad(y_true, logits, n_threads=1)
    assert bits(loss.value_and_grad(y_true, logits, n_threads=2)) == bits(expected)
    for name, other in layouts(logits).items():
        assert bits(loss.value_and_grad(y_true, other)) == bits(expected), name
        targets = layouts(y_true)[name]
        assert bits(loss.value_and_grad(targets, logits)) == bits(expected), name
        out = np.empty_like(other, dtype=other.dtype) if name != "misaligned" else None
        value, gradient = loss.value_and_grad(y_true, logits, out=(None, out))
        assert bits((value, np.asarray(gradient))) == bits(expected), name
        if out is not None:
            place = out
            place[...] = other
            assert bits(loss.value_and_grad(y_true, place, out=(None, place))) == bits(expected), name
    if mode != "binary":
        for axis in (-1, 2):
            moved = np.moveaxis(logits, 1, axis)
            masks = y_true if mode == "multiclass" else np.moveaxis(y_true, 1, axis)
            value, gradient = loss.value_and_grad(masks, np.ascontiguousarray(moved), axis=axis)
            assert bits((value, np.moveaxis(gradient, axis, 1))) == bits(expected)


@of_rows
def test_many_classes(row: Any) -> None:
    """A tile of more classes has fewer pixels."""
    rng = generator("many classes")
    logits = rng.normal(size=(2, 70, 301)).astype(np.float32)
    labels = rng.integers(70, size=(2, 301))
    loss = loss_of(row, mode="multiclass", smooth=1.0)
    value, gradient = loss.value_and_grad(labels, logits)
    masks = np.moveaxis(np.eye(70, dtype=np.float32)[labels], -1, 1)
    again, by_masks = loss.value_and_grad(masks, logits)
    assert abs(value - again) <= 2e-7 * value
    assert np.abs(gradient - by_masks).max() <= 1e-6 * np.abs(gradient).max()
    wide = loss.grad(labels, logits.astype(float))
    assert np.abs(gradient - wide).max() <= 1e-6 * np.abs(wide).max()


INTEGERS = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]


@pytest.mark.parametrize("form", [*INTEGERS, "float16", "float32", "float64", ">i4", ">i8", ">f4"])
@of_modes
def test_targets_of_any_type(mode: str, form: str) -> None:
    (row,) = (row for row in ROWS if row.name == "dice")
    y_true, logits = drawn(row, mode, "targets", shape=LARGE[mode])
    y_true = y_true.astype(np.int64) % 2
    expected = bits(fl.dice.value_and_grad(y_true, logits, mode=mode))
    assert bits(fl.dice.value_and_grad(y_true.astype(form), logits, mode=mode)) == expected
    assert bits(fl.dice.value_and_grad(y_true.astype(form)[..., ::-1][..., ::-1], logits, mode=mode)) == expected
    if form != "bool":
        some = y_true.copy()
        some[:, ::3] = 100
        left_out = fl.dice.value_and_grad(some, logits, mode=mode, ignore_index=100)
        assert bits(fl.dice.value_and_grad(some.astype(form), logits, mode=mode, ignore_index=100)) == bits(left_out)
        assert bits(left_out) != expected


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@of_modes
@of_rows
def test_halves(row: Any, mode: str, dtype: Any) -> None:
    """Computed in float32, each result rounded once."""
    y_true, logits = drawn(row, mode, "halves", shape=LARGE[mode], dtype=dtype)
    loss = loss_of(row, mode=mode)
    value, gradient = loss.value_and_grad(y_true, logits, reduction="sum")
    right, wanted = loss.value_and_grad(y_true, logits.astype(np.float32), reduction="sum")
    assert value == right and gradient.dtype == dtype
    np.testing.assert_array_equal(gradient, wanted.astype(dtype))
    assert np.isfinite(gradient.astype(float)).all()


# -- what is left out -------------------------------------------------------------------------------------------------


@of_modes
@of_rows
def test_pixels_that_are_ignored(row: Any, mode: str) -> None:
    """As if they were not there, whatever their logits are."""
    y_true, logits = drawn(row, mode, "ignored", shape=LARGE[mode])
    y_true = y_true.astype(np.int16)
    kept = generator("kept").random(LARGE[mode][-1]) < 0.7
    loss = loss_of(row, mode=mode)
    right, wanted = loss.value_and_grad(y_true[..., kept], logits[..., kept])
    y_true[..., ~kept] = -1
    logits[..., ~kept] = np.nan
    value, gradient = loss.value_and_grad(y_true, logits, ignore_index=-1)
    assert abs(value - right) <= 1e-7 * right
    assert np.abs(gradient[..., kept] - wanted).max() <= 1e-6 * np.abs(wanted).max()
    assert not gradient[..., ~kept].any() and not np.signbit(gradient[..., ~kept]).any()


@pytest.mark.parametrize("mode", ["binary", "multiclass"])
@pytest.mark.parametrize(
    ("form", "ignored", "other"),
    [
        ("int32", 2**24, 2**24 + 1),
        ("int64", 2**53, 2**53 + 1),
        ("uint64", 2**62, 2**62 + 1),
        ("float64", 255, 255.00001),
    ],
)
def test_what_is_ignored_is_compared_as_it_is_given(mode: str, form: str, ignored: int, other: Any) -> None:
    """In float32, and some in float64, both are one number."""
    logits = np.zeros((1, 4) if mode == "binary" else (1, 2, 4), np.float32)
    y_true = np.array([[0, 1, ignored, 1]], form)
    assert fl.dice(y_true, logits, mode=mode, ignore_index=ignored) > 0
    y_true[0, 1] = other
    with pytest.raises(ValueError, match=r"y_true\[0, 1\] = "):
        fl.dice(y_true, logits, mode=mode, ignore_index=ignored)


def test_an_ignored_label_that_no_float_is() -> None:
    y_true = np.array([[0.0, 1.0, 2.0**53]])
    with pytest.raises(ValueError, match=r"y_true\[0, 2\]"):
        fl.dice(y_true, np.zeros((1, 3)), ignore_index=2**53 + 1)


@pytest.mark.parametrize("how", ["where", "sample_weight"])
@of_modes
@of_rows
def test_samples_that_are_left_out(row: Any, mode: str, how: str) -> None:
    y_true, logits = drawn(row, mode, "left out", how, shape=LARGE[mode])
    loss = loss_of(row, mode=mode)
    values = loss(y_true, logits, reduction="none")
    kept = np.ones(values.shape, bool)
    kept[1] = False
    right, wanted = loss.value_and_grad(y_true[[0, 2]], logits[[0, 2]])
    logits[1], y_true[1] = np.nan, 77
    keywords = {how: kept if how == "where" else kept.astype(float)}
    value, gradient = loss.value_and_grad(y_true, logits, **keywords)
    assert value == right
    np.testing.assert_array_equal(gradient[[0, 2]], wanted)
    assert not gradient[1].any() and not np.signbit(gradient[1]).any()
    assert not loss(y_true, logits, reduction="none", **keywords)[1].any()


def test_classes_that_count() -> None:
    rng = generator("classes")
    logits, labels = rng.normal(size=(2, 4, 50)), rng.integers(3, size=(2, 50))  # the last class is absent
    labels[0] %= 2
    loss = fl.dice.bind(mode="multiclass")
    values = loss(labels, logits, reduction="none")
    present = np.array([[1, 1, 0, 0], [1, 1, 1, 0]], bool)
    assert (values[~present] == 1).all()
    for given, counts in (({"classes": "present"}, present), ({"classes": [2, 0]}, np.array([[1, 0, 1, 0]] * 2, bool))):
        right, wanted = loss.value_and_grad(labels, logits, where=counts)
        value, gradient = loss.value_and_grad(labels, logits, **given)
        assert value == right
        np.testing.assert_array_equal(gradient, wanted)
        np.testing.assert_array_equal(loss(labels, logits, reduction="none", **given), np.where(counts, values, 0))
    weighted = loss(labels, logits, class_weight=[1, 2, 0, 4], reduction="none")
    np.testing.assert_array_equal(weighted, values * [1, 2, 0, 4])
    both = loss(labels, logits, class_weight=[1, 2, 0, 4], sample_weight=[[2.0], [1.0]])
    own = np.array([[2.0], [1.0]]) * [1, 2, 0, 4]
    assert abs(both - (own * values).sum() / own.sum()) <= 1e-15
    masks = rng.random((2, 4, 50)) < [[[0.5], [0.5], [0.5], [0.0]]]
    several = fl.dice(masks, logits, mode="multilabel", classes="present")
    assert several == fl.dice(masks[:, :3], logits[:, :3], mode="multilabel")
    assert fl.generalized_dice(labels, logits, mode="multiclass", classes=[0, 1]) == fl.generalized_dice(
        labels, logits, mode="multiclass", class_weight=[1, 1, 0, 0]
    )


@pytest.mark.parametrize("over", ["image", "batch"])
@of_modes
@of_rows
def test_the_short_way_has_the_bits_of_the_long_one(row: Any, mode: str, over: str) -> None:
    """Also where an image has several pieces, and where a class is in none."""
    loss = loss_of(row, mode=mode, over=over, classes="present")
    for shape, dtype in (((3, 4, 5, 7), np.float32), ((3, 4, 5, 7), np.float64), ((2, 3, 16400), np.float32)):
        y_true, logits = drawn(row, mode, shape, dtype, shape=shape, dtype=dtype)
        y_true[0] = y_true[0] % 2 if mode == "multiclass" else 0
        rng = generator("plain regions", row.name, mode, over, shape, str(dtype))
        samples = np.shape(loss(y_true, logits, reduction="none"))
        weight, where = np.asarray(rng.random(samples)), np.asarray(rng.random(samples) < 0.9)
        where[...] |= not where.any()
        methods: list[tuple[str, Any]] = [("value_and_grad", {}), ("__call__", {"reduction": "none"})]
        methods += [("partial", {})] if over == "image" else []
        for keywords in ({}, {"sample_weight": weight}, {"where": where}):
            for method, own in methods:
                call = getattr(loss, method)
                with long_way():
                    expected = call(y_true, logits, **keywords, **own)
                result = call(y_true, logits, **keywords, **own)
                assert result == expected if method == "partial" else bits(result) == bits(expected)
            assert loss.try_partial((y_true, logits), keywords) is not None


@of_rows
def test_images_of_one_pixel_without_an_axis(row: Any) -> None:
    y_true, logits = drawn(row, "multiclass", "one pixel", shape=(9, 4))
    loss = loss_of(row, mode="multiclass", smooth=1.0)
    value, gradient = loss.value_and_grad(y_true[:, None], logits[..., None])
    with long_way():
        assert bits(loss.value_and_grad(y_true, logits)) == bits((value, gradient[..., 0]))


# -- special values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*FLOATS, *HALVES], ids=str)
@of_modes
@of_rows
def test_nothing_there(row: Any, mode: str, dtype: Any) -> None:
    """Empty masks, full ones, one pixel, no pixels, no images; far logits: never a NaN."""
    loss = loss_of(row, mode=mode)
    for size in (1, 5):
        for far in (0.0, 3.0, 30.0, 200.0, 6e4):
            for y in (0, 1):
                shape = (2, size) if mode == "binary" else (2, 2, size)
                for sign in (-1, 1):
                    logits = np.full(shape, sign * far, dtype)
                    if mode == "multiclass":
                        logits[:, 1] = 0
                    y_true = np.full((2, size) if mode == "multiclass" else shape, y)
                    for smooth in (0.0, 1e-30, 1.0):
                        value, gradient = loss.value_and_grad(y_true, logits, smooth=smooth)
                        assert 0 <= value <= 1
                        assert np.isfinite(gradient.astype(float)).all()
    for shape in ((0, 4), (2, 0)) if mode == "binary" else ((0, 3, 4), (2, 3, 0)):
        y_true = np.zeros((shape[0], shape[-1]) if mode == "multiclass" else shape)
        value, gradient = loss.value_and_grad(y_true, np.zeros(shape, dtype))
        assert value == 0.0 and gradient.shape == shape
        for over in ("image", "batch"):
            assert not loss(y_true, np.zeros(shape, dtype), over=over, reduction="none").any()


def test_an_empty_mask() -> None:
    """What is found where nothing is there is a loss of 1, however little; that is found only by a far step."""
    logits = np.full((1, 6), -200.0, np.float32)
    empty = np.zeros((1, 6))
    value, gradient = fl.dice.value_and_grad(empty, logits)
    assert value == 1.0 and not gradient.any()
    assert fl.dice(empty, np.full((1, 6), -np.inf)) == 0.0
    value, gradient = fl.dice.value_and_grad(empty, logits + 200, smooth=1.0)
    assert value == 3 / 4 and (gradient > 0).all()
    assert fl.dice(empty, logits, ignore_index=0) == 0.0


@of_rows
def test_infinities_and_nan(row: Any) -> None:
    loss = loss_of(row)
    y_true = np.array([[0.0, 1.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    logits = np.array([[-np.inf, np.inf, 1.0], [0.5, 1.0, np.nan], [0.0, 0.5, 1.0]])
    values, gradient = loss.value_and_grad(y_true, logits, reduction="none")
    assert np.isnan(values).tolist() == [False, True, False]
    assert np.isnan(gradient).all(axis=1).tolist() == [False, True, False]
    assert np.isfinite(gradient[[0, 2]]).all() and not gradient[0, :2].any()
    targets = np.where(np.isnan(logits), np.nan, y_true)
    assert np.isnan(loss(targets, np.zeros((3, 3)), reduction="none")).tolist() == [False, True, False]
    rows = np.array([[[-np.inf, 1.0], [0.0, -np.inf], [0.0, 0.5]]])
    value, gradient = loss.value_and_grad(np.array([[1, 2]]), rows, mode="multiclass", classes=[1, 2])
    assert math.isfinite(value) and np.isfinite(gradient).all()
    assert gradient[0, 0, 0] == gradient[0, 1, 1] == 0


# -- asked for in every way -------------------------------------------------------------------------------------------


@of_modes
@of_rows
def test_reductions_factors_and_copies(row: Any, mode: str) -> None:
    y_true, logits = drawn(row, mode, "reductions", shape=LARGE[mode])
    loss = loss_of(row, mode=mode)
    values, of_none = loss.value_and_grad(y_true, logits, reduction="none")
    total, of_sum = loss.value_and_grad(y_true, logits, reduction="sum")
    mean, gradient = loss.value_and_grad(y_true, logits)
    assert values.dtype == np.float32 and values.shape == (
        (3,) if row.together or mode == "binary" else LARGE[mode][:2]
    )
    np.testing.assert_array_equal(of_none, of_sum)
    assert abs(values.sum(dtype=float) - total) <= 1e-7 * total
    assert mean == total / values.size
    assert np.abs(of_sum / np.float32(values.size) - gradient).max() <= 8e-7 * np.abs(gradient).max()
    np.testing.assert_array_equal(loss.grad(y_true, logits), gradient)
    twice, double = (2 * loss).value_and_grad(y_true, logits)
    assert twice == 2 * mean
    np.testing.assert_array_equal(double, 2 * gradient)
    halved, half = loss.value_and_grad(y_true, logits, normalizer=2.0 * values.size)
    assert halved == mean / 2
    np.testing.assert_array_equal(half, gradient / 2)
    again = pickle.loads(pickle.dumps(loss.bind(over="batch", classes=[0])))
    assert again == loss.bind(over="batch", classes=(0,)) and again(y_true, logits) >= 0
    assert loss.bind(over="batch")(y_true, logits, reduction="none").shape == (
        () if row.together or mode == "binary" else LARGE[mode][1:2]
    )


def test_small_and_large_multipliers() -> None:
    """Slopes that float32 does not have are no slopes of infinity or 0."""
    y_true, logits = np.array([[0.0, 1.0, 1.0]]), np.array([[0.5, -1.0, 2.0]], np.float32)
    right = fl.dice.grad(y_true, logits.astype(float), reduction="sum")
    for power in (-120, 100):
        gradient = fl.dice.grad(y_true, logits, sample_weight=2.0**power, reduction="sum")
        np.testing.assert_allclose(gradient.astype(float) * 2.0**-power, right, rtol=3e-7, atol=0)


def test_slopes_of_sums_that_are_nearly_nothing() -> None:
    """1 over such a sum is beyond float32, or beyond float64: there nothing is exact any more, and nothing NaN."""
    y_true, logits = np.array([[1, 0, 0]]), np.array([[-95.0, -94.0, -96.0]])
    loss = fl.tversky.bind(alpha=1.0, beta=0.0)
    value, gradient = loss.value_and_grad(y_true, logits.astype(np.float32))
    right, wanted = loss.value_and_grad(y_true, logits)
    assert value == right and 0.1 < np.abs(wanted).max() < 1
    np.testing.assert_array_equal(gradient, wanted.astype(np.float32))
    value, gradient = loss.value_and_grad(y_true, logits - 625)
    assert 0 < value < 1 and np.isfinite(gradient).all()


def test_sums_of_losses() -> None:
    """What most train with."""
    rng = generator("sums")
    logits, labels = rng.normal(size=(2, 3, 8, 9)).astype(np.float32), rng.integers(3, size=(2, 8, 9))
    loss = 0.5 * fl.dice.bind(mode="multiclass") + fl.cross_entropy.bind(axis=1)
    value, gradient = loss.value_and_grad(labels, logits)
    one, of_one = fl.dice.value_and_grad(labels, logits, mode="multiclass")
    two, of_two = fl.cross_entropy.value_and_grad(labels, logits, axis=1)
    assert abs(value - (0.5 * one + two)) <= 1e-15 * value
    assert np.abs(gradient - (0.5 * of_one + of_two)).max() <= 2e-7 * np.abs(gradient).max()
    place = logits.copy()
    again, in_place = loss.value_and_grad(labels, place, out=(None, place))
    assert again == value and in_place is place
    np.testing.assert_array_equal(place, gradient)
    masks = labels == 1
    both = fl.dice + fl.binary_cross_entropy
    assert (
        abs(both(masks, logits[:, 0]) - fl.dice(masks, logits[:, 0]) - fl.binary_cross_entropy(masks, logits[:, 0]))
        < 1e-15
    )
    with pytest.raises(ValueError, match=r"reduction='none' does not go with this sum: the samples of dice have the"):
        both(masks, logits[:, 0], reduction="none")
    with pytest.raises(ValueError, match="sample_weight does not go with this sum"):
        both(masks, logits[:, 0], sample_weight=np.ones((2, 8, 9)))
    with pytest.raises(ValueError, match=r"dice: y_true\[.*\] = 255 is not in \[0, 1\]"):
        both(np.where(masks, 255, 0), logits[:, 0])


# -- what is refused --------------------------------------------------------------------------------------------------


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a class that is none": ({"y_true": [[0, 3, 1]]}, r"y_true\[0, 1\] = 3 is not a class of 3 \(0 to 2\)"),
    "a negative class": ({"y_true": [[0, -1, 1]]}, r"y_true\[0, 1\] = -1 is not a class of 3"),
    "half a class": ({"y_true": [[0, 0.5, 1]]}, r"y_true\[0, 1\] = 0.5 is not a class index"),
    "a mask of 255": (
        {"y_true": [[[0, 255, 1]] * 3], "mode": "multilabel"},
        r"y_true\[0, 0, 1\] = 255 is not in \[0, 1\]",
    ),
    "a share beyond 1": (
        {"y_true": [[[0, 0, 0], [0.5, 1.5, 1], [0, 0, 0]]]},
        r"y_true\[0, 1, 1\] = 1.5 is not in \[0, 1\]",
    ),
    "another shape": ({"y_true": [[0, 1]]}, r"y_true has shape \(1, 2\); for logits of shape \(1, 3, 3\) and mode='mu"),
    "labels for two classes": ({"mode": "binary"}, "and mode='binary' it must have shape .*mode='multiclass' takes"),
    "axis of images": ({"axis": 0}, "axis = 0 is that of the images"),
    "no such axis": ({"axis": 3}, "axis = 3 is out of range"),
    "too many weights": ({"class_weight": [1.0, 2.0]}, "class_weight has 2 weights; there are 3 classes"),
    "a class beyond": ({"classes": [0, 3]}, "classes has 3; there are 3 classes"),
    "a class twice": ({"classes": [0, 0]}, r"classes = \[0, 0\] is not 'all', 'present' or class indices"),
    "no classes": ({"classes": []}, r"classes = \[\] is not 'all'"),
    "some classes": ({"classes": "some"}, "classes = 'some' is not 'all'"),
    "a mode": ({"mode": "softmax"}, "mode = 'softmax' is not one of 'binary'"),
    "a smooth": ({"smooth": -1.0}, "smooth = -1.0 is not >= 0"),
    "a weight": ({"sample_weight": [[1.0, -1.0, 1.0]]}, r"sample_weight\[0, 1\] = -1.0"),
    "weights of pixels": ({"sample_weight": np.ones((1, 4))}, "the samples have shape"),
    "shares and an index": (
        {"y_true": np.full((1, 3, 3), 0.3), "ignore_index": 9},
        "ignore_index goes with class indices",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named(case: str) -> None:
    given, message = WRONG[case]
    arguments: dict[str, Any] = {"y_true": [[0, 1, 2]], "logits": np.zeros((1, 3, 3)), "mode": "multiclass"} | given
    out = np.full((1, 3, 3), 7.0)
    with pytest.raises(ValueError, match=message):
        fl.dice.value_and_grad(**arguments, out=(None, out))
    assert (out == 7).all()


def test_more_that_is_wrong() -> None:
    with pytest.raises(ValueError, match=r"it must have shape \(2, 1, 4\); y_true\[:, None\] has it"):
        fl.dice(np.zeros((2, 4)), np.zeros((2, 1, 4)))
    with pytest.raises(ValueError, match=r"logits has shape \(\); with mode='binary' it needs axes: one of images"):
        fl.dice(0.0, 0.0)
    with pytest.raises(ValueError, match=r"logits has shape \(4,\); with mode='multilabel' it needs axes"):
        fl.dice(np.zeros(4), np.zeros(4), mode="multilabel")
    with pytest.raises(ValueError, match=r"there are no classes on axis 1"):
        fl.dice(np.zeros((2, 4), int), np.zeros((2, 0, 4)), mode="multiclass")
    with pytest.raises(TypeError, match=r"classes\[0\] must be an int"):
        fl.dice.bind(classes=[True])
    with pytest.raises(TypeError, match="classes = 1 is not"):
        fl.dice.bind(classes=1)
    with pytest.raises(ValueError, match=r"gamma = 0\.5 is not >= 1"):
        fl.focal_tversky.bind(gamma=0.5)
    with pytest.raises(TypeError, match="dice has no parts with over='batch'"):
        fl.dice.partial([[0, 1]], [[0.0, 1.0]], over="batch")
    with pytest.raises(TypeError, match="dice has no diagonal of the Hessian: the second derivatives of a region"):
        fl.dice.value_grad_hess([[0, 1]], [[0.0, 1.0]])
    with pytest.raises(TypeError, match="dice has no hvp"):
        fl.dice.hvp([[0, 1]], [[0.0, 1.0]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match=r"overlap|memory"):
        both = np.zeros((2, 6))
        fl.dice.grad(np.zeros((2, 5)), both[:, 1:], out=both[:, :-1])


def test_it_is_not_called_in_compiled_functions() -> None:
    numba = pytest.importorskip("numba")

    @numba.njit
    def calling(y_true, logits):  # type: ignore[no-untyped-def]
        return fl.dice(y_true, logits)

    with pytest.raises(numba.TypingError, match=r"cannot be called in compiled functions: no loss of .* regions"):
        calling(np.zeros((1, 3)), np.zeros((1, 3)))


def test_pieces() -> None:
    """An image is cut in the same way whatever it lies in."""
    assert [kernels.regions.pieces(n, 3) for n in (0, 1, 2**14, 2**14 + 1)] == [0, 1, 1, 2]


@pytest.mark.parametrize("classes", (3, 16, 17, 21, 64))
def test_images_have_the_bits_of_rows(classes: int) -> None:
    """Classes of an image are copied and asked for in another order than rows, more than 16 in yet another."""
    rng = np.random.default_rng(classes)
    logits = rng.standard_normal((2, classes, 25, 41), np.float32)
    rows = np.ascontiguousarray(np.moveaxis(logits, 1, -1))
    labels = rng.integers(classes, size=(2, 25, 41))
    for loss in (fl.cross_entropy, fl.dice.bind(mode="multiclass")):
        value, gradient = loss.value_and_grad(labels, rows, axis=-1)
        again, of_images = loss.value_and_grad(labels, logits, axis=1)
        assert again == value
        np.testing.assert_array_equal(np.moveaxis(of_images, 1, -1), gradient)
