"""What each rank of `test_mpi.py` does: ``mpiexec -n 3 python mpi_ranks.py``."""

from __future__ import annotations

import doctest
import sys
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

sys.path.insert(0, str(Path(__file__).parents[1]))

import cases

import fastloss as fl
from fastloss.interop import mpi
from fastloss.kinds import fuses

WORLD = MPI.COMM_WORLD


def share(n: int, rank: int = WORLD.rank, size: int = WORLD.size) -> slice:
    """The samples of a rank: not the same number each, and with three ranks the last one has none."""
    ends = np.minimum(np.arange(size + 1) ** 2 * n // max(1, (size - (size == 3)) ** 2), n)
    return slice(int(ends[rank]), int(ends[rank + 1]) if rank + 1 < size or size == 3 else n)


def of_rank(array: Any) -> Any:
    return array[share(len(array))] if np.ndim(array) else array


def same(found: Any, wanted: Any) -> None:
    """Gradients to the bit, values within 4 units in the last place and the same on all ranks."""
    value, gradients = found
    assert len(set(WORLD.allgather(value))) == 1
    assert abs(value - wanted[0]) <= 4 * np.spacing(abs(wanted[0])), (value, wanted[0])
    one, other = (x if isinstance(x, tuple) else (x,) for x in (gradients, wanted[1]))
    for ours, whole in zip(one, other, strict=True):
        assert cases.bits(ours) == cases.bits(of_rank(whole))


def raised(function: Any) -> str:
    """What is raised: by all ranks the same."""
    try:
        function()
    except (TypeError, ValueError, RuntimeError) as error:
        texts = set(WORLD.allgather(f"{type(error).__name__}: {error}"))
        assert len(texts) == 1, texts
        return texts.pop()
    raise AssertionError("nothing was raised")


def test_every_loss() -> None:
    for variant in cases.all_variants():
        row = variant.row
        if row.couples or variant.parameters != "default" or (len(row.terms) > 1 and not fuses(row.kind)):
            continue
        rng = cases.generator("mpi", str(variant))
        has_vectors = variant.rowwise or row.axes == "D"
        inputs = cases.draw(variant, (50, 5) if has_vectors else (50,), np.dtype(np.float32), rng)
        weight = rng.random(50)
        # Of one sign: a sum of others may cancel.
        losses = inputs.loss(*inputs.arrays.values(), reduction="none")
        where = losses > 0 if (losses > 0).sum() > 9 else losses < 0
        keywords = {"sample_weight": weight, "where": where}
        own = {name: of_rank(array) for name, array in keywords.items()}
        arrays = [of_rank(array) for array in inputs.arrays.values()]
        wanted = inputs.loss.value_and_grad(*inputs.arrays.values(), **keywords)
        same(mpi.value_and_grad(inputs.loss, *arrays, **own), wanted)
        if row.typical:
            same((mpi.value(inputs.loss, *arrays, **own), mpi.grad(inputs.loss, *arrays, **own)), wanted)


def test_ways_to_divide() -> None:
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 5, 40), rng.normal(size=(40, 5)).astype(np.float32)
    for options in (
        {"class_weight": np.arange(1.0, 6) / 7}, {"ignore_index": 2},
        {"label_smoothing": 0.1, "class_weight": np.arange(5.0)}, {"normalizer": 3.0}, {"reduction": "sum"},
        {"where": False},
    ):  # fmt: skip
        wanted = fl.cross_entropy.value_and_grad(labels, logits, **options)
        same(mpi.value_and_grad(fl.cross_entropy, of_rank(labels), of_rank(logits), **options), wanted)
        bindable = {k: v for k, v in options.items() if k != "where"}
        bound, rest = fl.cross_entropy.bind(**bindable), {k: v for k, v in options.items() if k == "where"}
        same(mpi.value_and_grad(bound, of_rank(labels), of_rank(logits), **rest), wanted)
    value, gradient = mpi.value_and_grad(fl.huber, 0.0, of_rank(logits), reduction="none")
    assert cases.bits(value) == cases.bits(of_rank(fl.huber(0.0, logits, reduction="none")))
    out = np.empty_like(of_rank(logits))
    _, gradient = mpi.value_and_grad(fl.cross_entropy, of_rank(labels), of_rank(logits), out=(None, out))
    assert gradient is out and cases.bits(out) == cases.bits(of_rank(fl.cross_entropy.grad(labels, logits)))
    half = WORLD.Split(WORLD.rank % 2)
    alone = mpi.value(fl.huber, 0.0, logits[:4] + WORLD.rank % 2, comm=half)
    assert abs(alone - fl.huber(0.0, logits[:4] + WORLD.rank % 2)) <= 1e-15 * alone


def test_weights_are_added_without_rounding() -> None:
    """Not even where those of one rank alone could not be divided by."""
    y_pred, tiny, small = np.arange(1.0, 41), np.ones(40), np.full(40, 2.0**-53)
    tiny[share(40, rank=0)], small[0] = 1e-310, 1.0
    for weight in [small, tiny][: WORLD.size]:
        wanted = fl.squared_error.value_and_grad(0.0, y_pred, sample_weight=weight)
        same(mpi.value_and_grad(fl.squared_error, 0.0, of_rank(y_pred), sample_weight=of_rank(weight)), wanted)


def test_what_samples_share() -> None:
    """Gradients by weight and bias are added over the ranks; those by the features have the bits of one process."""
    rng = np.random.default_rng(1)
    labels, features = rng.integers(0, 7, 40), rng.normal(size=(40, 3))
    weight, bias = rng.normal(size=(7, 3)), rng.normal(size=7)
    wanted = fl.linear_cross_entropy.value_and_grad(labels, features, weight, bias)
    value, by = mpi.value_and_grad(fl.linear_cross_entropy, of_rank(labels), of_rank(features), weight, bias)
    assert abs(value - wanted[0]) <= 1e-14
    np.testing.assert_allclose(by[0], of_rank(wanted[1][0]), rtol=1e-12)
    for ours, whole in zip(by[1:], wanted[1][1:], strict=True):
        np.testing.assert_allclose(ours, whole, rtol=1e-12)
    arrays = of_rank(labels), of_rank(features), weight
    np.testing.assert_allclose(mpi.grad(fl.linear_cross_entropy, *arrays, bias, wrt="bias"), wanted[1][2], rtol=1e-12)
    wanted = fl.linear_cross_entropy.grad(labels, features, weight)
    np.testing.assert_allclose(mpi.grad(fl.linear_cross_entropy, *arrays)[1], wanted[1], rtol=1e-12)


def test_one_rank_that_is_wrong_stops_all() -> None:
    """Before anything is written, and without a rank that waits for ever."""
    labels, logits, last = np.zeros(4, np.int64), np.zeros((4, 3), np.float32), WORLD.size - 1
    out = np.full_like(logits, 7.0)
    bad = labels.copy()
    bad[2] = 3 * (WORLD.rank == last)
    for want in (mpi.grad, mpi.value_and_grad):
        place = out if want is mpi.grad else (None, out)
        text = raised(lambda want=want, place=place: want(fl.cross_entropy, bad, logits, out=place))
        assert text.startswith(f"ValueError: rank {last}: y_true[2] = 3 is not a class of 3"), text
        assert (out == 7.0).all()
    assert raised(lambda: mpi.value(fl.cross_entropy, bad, logits)).startswith(f"ValueError: rank {last}: y_true[2]")
    assert "TypeError: rank 0: huber has no keyword 'dleta'" in raised(lambda: mpi.value(fl.huber, 0.0, 1.0, dleta=2))
    assert "root_mean_squared_error has no parts" in raised(lambda: mpi.value(fl.root_mean_squared_error, 0.0, [1.0]))
    assert "loss must be a loss of fastloss" in raised(lambda: mpi.value("huber", 0.0, [1.0]))
    assert "out= is for the gradient" in raised(lambda: mpi.value(fl.huber, 0.0, [1.0], out=np.empty(())))
    # One that fails where all was checked: here for want of memory.
    real = fl.Loss.grad
    try:
        if WORLD.rank == last:
            fl.Loss.grad = None  # type: ignore[method-assign, assignment]
        assert raised(lambda: mpi.grad(fl.huber, 0.0, [1.0])).startswith(f"TypeError: rank {last}: 'NoneType'")
    finally:
        fl.Loss.grad = real  # type: ignore[method-assign]
    if WORLD.size > 1:
        for one, other in (
            (fl.huber, fl.squared_error), (fl.huber, fl.huber.bind(delta=2.0)),
            (fl.huber, fl.huber.bind(reduction="sum")),
        ):  # fmt: skip
            text = raised(lambda one=one, other=other: mpi.value(one if WORLD.rank else other, 0.0, [1.0]))
            assert text.startswith(f"ValueError: rank 1 asks for {one!r}.__call__ with"), text
        text = raised(lambda: (mpi.grad if WORLD.rank else mpi.value)(fl.huber, 0.0, [1.0]))
        assert "rank 1 asks for fastloss.huber.grad" in text


def classes_of(n: int, rank: int = WORLD.rank) -> slice:
    """The classes of a rank: not as many on each, and on the second one of three none."""
    ends = [0, n] if WORLD.size == 1 else [0, n // 3, n // 3, n] if WORLD.size == 3 else [*range(WORLD.size), n]
    return slice(ends[rank], ends[rank + 1])


def ulps(found: Any, wanted: Any) -> float:
    """The largest error, in units in the last place of what is wanted, which is not rounded."""
    return float((np.abs(found - wanted) / np.spacing(np.abs(wanted).astype(found.dtype))).max())


def test_classes() -> None:
    """Within 4 units in the last place of one process, which are held to the truth in float64."""
    rng = np.random.default_rng(3)
    n, classes = 60, 13
    labels = rng.integers(0, classes, n)
    logits = rng.normal(scale=4, size=(n, classes))
    logits[np.arange(n), labels] += np.where(np.arange(n) % 2, 30, 0)  # every second row is sure
    own, weight = classes_of(classes), rng.random(n)
    weight[3] = 0
    by_class = rng.random(classes).astype(np.float32)
    by_class[4] = 0
    for dtype, bound in ((np.float32, 4), (np.float64, 64), (np.float16, 1)):
        given = logits.astype(dtype)
        truth = given.astype(np.float64)
        for options in (
            {}, {"sample_weight": weight.astype(np.float32)}, {"ignore_index": 2}, {"label_smoothing": 0.1},
            {"where": weight > 0.5}, {"reduction": "sum"}, {"normalizer": 7.0},
            {"sample_weight": weight.astype(np.float32), "label_smoothing": 0.3, "ignore_index": 5}, {"where": False},
            {"class_weight": by_class, "where": weight > 0.5},
            {"class_weight": by_class, "label_smoothing": 0.1, "ignore_index": 2},
            {"class_weight": by_class, "sample_weight": weight.astype(np.float32), "reduction": "sum"},
            {"class_weight": 0 * by_class, "label_smoothing": 0.1},
        ):  # fmt: skip
            of_own = {"class_weight": options["class_weight"][own]} if "class_weight" in options else {}
            passed = options | of_own
            wanted = fl.cross_entropy.value_and_grad(labels, truth, **options)
            value, gradient = mpi.value_and_grad(fl.cross_entropy, labels, given[:, own], over="classes", **passed)
            assert len(set(WORLD.allgather(value))) == 1
            assert abs(value - wanted[0]) <= 1e-14 * abs(wanted[0])
            assert gradient.dtype == dtype and gradient.shape == given[:, own].shape
            if not gradient.size:
                continue
            part = wanted[1][:, own]
            if "label_smoothing" in options:  # what is subtracted is as large as the largest
                assert np.abs(gradient - part).max() <= 2 * np.finfo(dtype).eps * np.abs(wanted[1]).max()
            elif dtype == np.float16:
                assert np.abs(gradient - part).max() <= 1e-3 * np.abs(wanted[1]).max()
            else:
                assert ulps(gradient, part) <= bound, (dtype, options, ulps(gradient, part))
    logits[:, 4] = -np.inf  # of no weight: not even a smoothed target wants it
    options = {"label_smoothing": 0.1, "ignore_index": 4}
    found = mpi.value(
        fl.cross_entropy.bind(**options), labels, logits[:, own], over="classes", class_weight=by_class[own]
    )
    wanted = fl.cross_entropy(labels, logits, class_weight=by_class, **options)
    assert abs(found - wanted) <= 1e-13 * wanted
    logits[:, 4] = 0
    each = mpi.value(fl.cross_entropy.bind(reduction="none"), labels, logits[:, own], over="classes")
    np.testing.assert_allclose(each, fl.cross_entropy(labels, logits, reduction="none"), rtol=1e-13)
    alone = mpi.grad(fl.cross_entropy, labels, logits[:, own], over="classes", wrt="logits")
    np.testing.assert_allclose(alone, fl.cross_entropy.grad(labels, logits)[:, own], rtol=1e-12)


def test_classes_of_a_linear_layer() -> None:
    """The gradient by the features comes from all ranks, those by weights and biases belong to each."""
    rng = np.random.default_rng(4)
    by_class = WORLD.bcast(rng.random(11))
    n, classes = 50, 11
    labels, features = rng.integers(0, classes, n), rng.normal(size=(n, 6))
    weight, bias, own = rng.normal(size=(classes, 6)), rng.normal(size=classes), classes_of(classes)
    for arrays, blocks in (
        ((features, weight, bias), (features, weight[own], bias[own])), ((features, weight), (features, weight[own])),
    ):  # fmt: skip
        for options in (
            {}, {"label_smoothing": 0.2, "ignore_index": 3}, {"sample_weight": rng.random(n)},
            {"class_weight": by_class}, {"class_weight": by_class, "label_smoothing": 0.2},
        ):  # fmt: skip
            options = WORLD.bcast(options)
            passed = options | ({"class_weight": by_class[own]} if "class_weight" in options else {})
            wanted = fl.linear_cross_entropy.value_and_grad(labels, *arrays, **options)
            value, by = mpi.value_and_grad(fl.linear_cross_entropy, labels, *blocks, over="classes", **passed)
            assert abs(value - wanted[0]) <= 1e-13 * wanted[0] and len(by) == len(arrays)
            for ours, whole, part in zip(by, wanted[1], (slice(None), own, own), strict=False):
                np.testing.assert_allclose(ours, whole[part], rtol=1e-10, atol=1e-12 * np.abs(whole).max())
    by_weight, by_features = mpi.grad(
        fl.linear_cross_entropy, labels, features, weight[own], over="classes", wrt=("weight", "features")
    )
    assert by_weight.shape == weight[own].shape and by_features.shape == features.shape


def test_labels_of_classes_that_no_rank_has() -> None:
    """All raise, and what only one rank has wrong as well."""
    labels, logits, last = np.array([0, 2, 40]), np.zeros((3, 4), np.float32), WORLD.size - 1
    text = raised(lambda: mpi.grad(fl.cross_entropy, labels, logits, over="classes"))
    assert text == f"ValueError: y_true[2] = 40 is not a class of {4 * WORLD.size}, of all ranks"
    labels[2] = 1
    assert f"rank {last}: logits has shape (3,)" in raised(
        lambda: mpi.grad(fl.cross_entropy, labels, logits[:, 0] if WORLD.rank == last else logits, over="classes")
    )
    weight = np.array([1.0, -1.0 if WORLD.rank == last else 1.0, 1.0])
    assert f"rank {last}: sample_weight[1] = -1" in raised(
        lambda: mpi.grad(fl.cross_entropy, labels, logits, over="classes", sample_weight=weight)
    )
    for message, loss, options in (
        ("class_weight has 3 weights; this rank has 4 classes", fl.cross_entropy.bind(class_weight=np.ones(3)), {}),
        ("rank 0: class_weight[1] = -1 is not >= 0", fl.cross_entropy, {"class_weight": [1, -1, 1, 1]}),
        ("temperature is not for classes over ranks", fl.cross_entropy, {"temperature": 2.0}),
        ("out is not for classes over ranks", fl.cross_entropy, {"out": logits}),
        ("over = 'classes' of nll; it is 'samples', or 'classes' of", fl.nll, {}),
        ("wrt = 'weight'; it is some of logits", fl.cross_entropy, {"wrt": "weight"}),
    ):
        text = raised(lambda loss=loss, options=options: mpi.grad(loss, labels, logits, over="classes", **options))
        assert message in text, text
    assert "over = 'rows'" in raised(lambda: mpi.grad(fl.cross_entropy, labels, logits, over="rows"))
    if WORLD.size > 1:
        own = {} if WORLD.rank == last else {"class_weight": np.ones(4)}
        assert f"rank 0 has class_weight, rank {last} has none" in raised(
            lambda: mpi.grad(fl.cross_entropy, labels, logits, over="classes", **own)
        )
        other = labels + (WORLD.rank == last)
        assert f"rank {last} has other samples than rank 0" in raised(
            lambda: mpi.grad(fl.cross_entropy, other, logits, over="classes")
        )
        text = raised(lambda: mpi.grad(fl.cross_entropy, labels, logits, over="classes" if WORLD.rank else "samples"))
        assert "rank 1 asks for" in text and "over='classes'" in text


def test_examples() -> None:
    if WORLD.size == 1:
        results = doctest.testmod(mpi)
        assert results.attempted and not results.failed


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            WORLD.Barrier()
            if not WORLD.rank:
                print(f"{name}: {WORLD.size} ranks", flush=True)
