"""Dask: the bits of one call, one read of the predictions, and what is refused."""

from __future__ import annotations

import doctest
import importlib
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
from cases import bits, draw, generator

import fastloss as fl
from fastloss.kinds import fuses

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
own = pytest.importorskip("fastloss.interop.dask")

#: Losses that are sums over samples.
WITH_PARTS = [v for v in cases.all_variants() if not v.row.couples and (len(v.row.terms) < 2 or fuses(v.row.kind))]


def compute(*lazy: Any) -> Any:
    results = dask.compute(*lazy, scheduler="synchronous")
    return results[0] if len(results) == 1 else results


def flat(results: Any) -> tuple[Any, ...]:
    return tuple(array for result in results for array in (result if isinstance(result, tuple) else (result,)))


def calls(variant: Any) -> tuple[Any, list[Any], dict[str, Any]]:
    """A call, its arrays as Dask has them, some of them as they are, and weights."""
    rng = generator("dask", str(variant))
    dtype = rng.choice([np.float32, np.float64])
    has_vectors = variant.rowwise or variant.row.axes == "D"
    inputs = draw(variant, (9, 4, 5) if has_vectors else (9, 4), dtype, rng)
    assert inputs.samples == (9, 4)
    keywords = {"sample_weight": rng.random((9, 4)), "where": rng.random((9, 4)) < 0.8, **inputs.keywords}
    first = inputs.row.differentiated[0].name
    arrays = [
        da.from_array(array, chunks=((4, 4, 1), (1, 3), -1)[: array.ndim])
        if name == first or rng.random() < 0.5
        else array
        for name, array in inputs.arrays.items()
    ]
    return inputs, arrays, keywords


@pytest.mark.parametrize("variant", WITH_PARTS, ids=str)
def test_every_loss_has_the_bits_of_one_call(variant: Any) -> None:
    """Gradients, and the values of samples; their mean within 4 units in the last place of what it is made of."""
    inputs, arrays, keywords = calls(variant)
    for reduction in ("none", "mean"):
        value, gradient = own.value_and_grad(inputs.loss, *arrays, reduction=reduction, **keywords)
        found = compute(value, gradient)
        wanted = inputs.loss.value_and_grad(*inputs.arrays.values(), reduction=reduction, **keywords)
        for lazy, array in zip(flat((value, gradient)), flat(found), strict=True):
            assert lazy.shape == array.shape and lazy.dtype == array.dtype
        assert bits(flat(found[1:])) == bits(flat(wanted[1:]))
        if reduction == "none":
            assert bits(found[0]) == bits(wanted[0])
            losses = wanted[0] * keywords["sample_weight"] * keywords["where"]
            cancelled = np.abs(losses).sum() / np.abs(losses.sum())
        else:
            assert abs(found[0] - wanted[0]) <= 4 * np.spacing(abs(wanted[0]) * cancelled)


@pytest.mark.parametrize("variant", WITH_PARTS[::7], ids=str)
def test_each_function_alone(variant: Any) -> None:
    inputs, arrays, keywords = calls(variant)
    both = compute(*own.value_and_grad(inputs.loss, *arrays, reduction="sum", **keywords))
    assert bits(compute(own.value(inputs.loss, *arrays, reduction="sum", **keywords))) == bits(both[0])
    alone = own.grad(inputs.loss, *arrays, reduction="sum", **keywords)
    assert bits(flat([compute(alone)])) == bits(flat(both[1:]))


LABELS = np.random.default_rng(0).integers(0, 5, 40)
LOGITS = np.random.default_rng(1).normal(size=(40, 5)).astype(np.float32)
CHUNKED = da.from_array(LOGITS, chunks=(13, -1))


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize(
    "options",
    [{}, {"class_weight": np.arange(1.0, 6) / 7}, {"ignore_index": 2}, {"label_smoothing": 0.1}, {"axis": 0},
     {"class_weight": np.arange(5.0), "label_smoothing": 0.1, "ignore_index": 1}, {"normalizer": 3.0}],
    ids=lambda options: " ".join(options) or "plain",
)  # fmt: skip
def test_ways_to_divide(options: dict[str, Any], scheduler: str) -> None:
    """Whatever the denominator is made of, it is that of one call, to the bit."""
    logits, lazy = (LOGITS.T, da.from_array(LOGITS.T, chunks=(-1, 13))) if "axis" in options else (LOGITS, CHUNKED)
    wanted = fl.cross_entropy.value_and_grad(LABELS, logits, **options)
    for labels in (LABELS, da.from_array(LABELS, chunks=7)):
        value, gradient = own.value_and_grad(fl.cross_entropy, labels, lazy, **options)
        assert gradient.chunks == lazy.chunks
        found = dask.compute(value, gradient, scheduler=scheduler)
        assert bits(found[1]) == bits(wanted[1])
        assert abs(found[0] - wanted[0]) <= 4 * np.spacing(wanted[0])


def test_what_differs_between_samples_is_cut_too() -> None:
    """Parameters, weights along one axis, a target that is one number, a mask, what a loss is bound to."""
    rng = np.random.default_rng(2)
    y = rng.normal(size=(6, 4))
    lazy = da.from_array(y, chunks=(4, 3))
    delta, rows = rng.uniform(0.5, 2.0, (6, 4)), rng.random((6, 1))
    where = y > -1
    for keywords in (
        {"delta": delta}, {"delta": da.from_array(delta, chunks=5)}, {"delta": delta[0]}, {"sample_weight": rows},
        {"sample_weight": da.from_array(rows, chunks=2), "where": da.from_array(where, chunks=1)}, {"where": True},
        {"where": False}, {"sample_weight": 0.0}, {"n_threads": 2},
    ):  # fmt: skip
        given = {name: compute(array) if isinstance(array, da.Array) else array for name, array in keywords.items()}
        wanted = fl.huber.value_and_grad(0.5, y, **given)
        found = compute(*own.value_and_grad(fl.huber, 0.5, lazy, **keywords))
        assert bits(found[1]) == bits(wanted[1]) and found[0] == pytest.approx(wanted[0], rel=1e-15, abs=0)
    bound = fl.huber.bind(delta=delta, reduction="sum")
    assert bits(compute(own.grad(bound, y_true=0.5, y_pred=lazy))) == bits(bound.grad(0.5, y))
    assert compute(own.value(fl.huber, lazy, y + 1)) == 0.5
    assert own.grad(fl.huber, 0, da.zeros((10**7, 10**7), np.int8, chunks=10**6)).shape == (10**7, 10**7)  # no memory
    whole = da.arange(6, chunks=4)
    assert own.grad(fl.squared_error, 0, whole).dtype == np.float64
    assert compute(own.grad(fl.squared_error, 0, whole)).tolist() == fl.squared_error.grad(0, np.arange(6)).tolist()
    by = own.grad(fl.margin_ranking, da.ones(6, chunks=4), whole, np.zeros(6), wrt="second")
    assert bits(compute(by)) == bits(fl.margin_ranking.grad(np.ones(6), np.arange(6), np.zeros(6), wrt="second"))
    nothing = own.value_and_grad(fl.huber, 0.0, da.zeros((0, 3), chunks=2))
    assert [np.shape(x) for x in compute(*nothing)] == [(), (0, 3)] and compute(nothing[0]) == 0.0


def test_values_beyond_all_numbers() -> None:
    """The sum of chunks is what one call has: infinite, or NaN."""
    for y_pred in ([1e308, 1e308, 1e308, 1e308], [1e200, 0.0, 0.0, 1e200], [np.nan, 0.0, 0.0, 1.0]):
        for loss in (fl.absolute_error, fl.squared_error):
            with np.errstate(all="ignore"):
                wanted = loss(0.0, np.array(y_pred), reduction="sum")
                found = compute(own.value(loss, 0.0, da.from_array(np.array(y_pred), chunks=1), reduction="sum"))
            assert found == wanted or (np.isnan(found) and np.isnan(wanted))


def test_predictions_are_read_once_by_tasks_of_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    read, threads = [], []

    def source(block_info: Any = None) -> Any:
        (first, last), _ = block_info[None]["array-location"]
        read.append(first)
        return LOGITS[first:last]

    real = own.Loss.value_and_grad

    def spied(*arrays: Any, **keywords: Any) -> Any:
        threads.append(keywords["n_threads"])
        return real(*arrays, **keywords)

    lazy = da.map_blocks(source, chunks=CHUNKED.chunks, dtype=np.float32, meta=np.empty((0, 0), np.float32))
    weight = np.linspace(0.1, 1.0, 40)
    lazy_results = own.value_and_grad(fl.cross_entropy, LABELS, lazy, sample_weight=weight)
    assert not read  # nothing is computed unasked
    monkeypatch.setattr(own.Loss, "value_and_grad", spied)
    _, gradient = compute(*lazy_results)
    assert sorted(read) == [0, 13, 26, 39] and threads == [1, 1, 1, 1]
    monkeypatch.undo()
    assert bits(gradient) == bits(fl.cross_entropy.grad(LABELS, LOGITS, sample_weight=weight))


def test_a_graph_can_be_sent_to_a_worker() -> None:
    value, gradient = own.value_and_grad(fl.cross_entropy.bind(label_smoothing=0.1), LABELS, CHUNKED)
    (restored,) = dask.compute(pickle.loads(pickle.dumps(gradient)), scheduler="synchronous")
    assert bits(restored) == bits(compute(gradient))
    again = own.value(fl.cross_entropy.bind(label_smoothing=0.1), LABELS, CHUNKED)
    assert compute(again) == compute(value)


def test_images_are_added_up_as_the_message_says() -> None:
    rng = np.random.default_rng(5)
    y_true, logits = (rng.random((6, 8, 8)) > 0.5).astype(float), rng.normal(size=(6, 8, 8))
    chunks = [da.from_array(array, chunks=(2, 8, 8)) for array in (y_true, logits)]
    with pytest.raises(TypeError, match=r"dice cannot be computed in chunks: .* add up fastloss.dice.partial"):
        own.value(fl.dice, *chunks)
    blocks = zip(*(array.to_delayed().ravel() for array in chunks), strict=True)
    parts = dask.compute(*(dask.delayed(fl.dice.partial)(*pair) for pair in blocks))
    assert sum(parts).value == pytest.approx(fl.dice(y_true, logits), rel=1e-15)


def test_what_is_refused() -> None:
    """What can be known of shapes, types and names is said at once, the rest with its place."""
    with pytest.raises(TypeError, match=r"^loss must be a loss of fastloss, as fl.huber, not str"):
        own.value("huber", 0.0, CHUNKED)
    with pytest.raises(
        TypeError, match=r"no array of Dask is among y_true and logits: call fastloss.cross_entropy itself"
    ):
        own.value(fl.cross_entropy, LABELS, LOGITS)
    with pytest.raises(TypeError, match="root_mean_squared_error has no parts: it is no sum over samples"):
        own.value(fl.root_mean_squared_error, 0.0, CHUNKED)
    with pytest.raises(TypeError, match="info_nce has no parts"):
        own.value(fl.info_nce, CHUNKED, CHUNKED)
    with pytest.raises(
        TypeError, match="linear_cross_entropy cannot be computed in chunks: its samples share weight, bias"
    ):
        own.value(fl.linear_cross_entropy, LABELS, CHUNKED, np.zeros((5, 5), np.float32))
    with pytest.raises(
        ValueError, match=r"logits has 2 chunks along its classes, axis 1, .*: pass logits.rechunk\({1: -1}\)"
    ):
        own.value(fl.cross_entropy, LABELS, CHUNKED.rechunk((13, 3)))
    with pytest.raises(ValueError, match="y_true has 5 chunks along its classes, axis 1"):
        own.value(fl.cross_entropy, da.full((40, 5), 0.2, chunks=1), CHUNKED)
    with pytest.raises(ValueError, match=r"y_pred has chunks of unknown lengths; pass y_pred.compute_chunk_sizes\(\)"):
        own.value(fl.huber, 0.0, CHUNKED[CHUNKED[:, 0] > 0])
    with pytest.raises(TypeError, match="has no keyword 'out'"):
        own.grad(fl.huber, 0.0, CHUNKED, out=None)
    with pytest.raises(TypeError, match="huber has no keyword 'dleta'"):
        own.grad(fl.huber, 0.0, CHUNKED, dleta=1.0)
    with pytest.raises(TypeError, match="3 arguments were given by place"):
        own.grad(fl.huber, 0.0, CHUNKED, CHUNKED)
    with pytest.raises(TypeError, match="huber needs y_pred"):
        own.grad(fl.huber, CHUNKED)
    with pytest.raises(ValueError, match=r"y_true has shape \(39,\); for logits of shape \(40, 5\)"):
        own.grad(fl.cross_entropy, da.from_array(LABELS[1:]), CHUNKED)
    with pytest.raises(ValueError, match=r"sample_weight has shape \(5,\)"):
        own.grad(fl.cross_entropy, LABELS, CHUNKED, sample_weight=da.ones(5))
    with pytest.raises(ValueError, match=r"delta has shape \(3,\), which does not broadcast"):
        own.grad(fl.huber, 0.0, CHUNKED, delta=da.ones(3))
    with pytest.raises(TypeError, match=r"class_weight .* is not computed yet"):
        own.grad(fl.cross_entropy, LABELS, CHUNKED, class_weight=da.ones(5))
    bad = LABELS.copy()
    bad[30] = 7
    for keywords in ({}, {"ignore_index": 0}):
        with pytest.raises(
            ValueError, match=r"^y_true\[4\] = 7 is not a class .* \[in the chunk that begins at sample 26\]"
        ):
            compute(own.grad(fl.cross_entropy, bad, CHUNKED, **keywords))
    weight = np.ones((40, 5))
    weight[39, 2] = -1
    with pytest.raises(ValueError, match=r"^sample_weight\[0, 2\] = -1.0 .* begins at sample 39, 0\]"):
        compute(own.value(fl.huber, 0.0, CHUNKED, sample_weight=da.from_array(weight, chunks=3)))


def test_examples() -> None:
    results = doctest.testmod(own)
    assert results.attempted and not results.failed


def test_it_says_how_to_install_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fastloss.interop.dask")
    monkeypatch.setitem(sys.modules, "dask.array", None)
    with pytest.raises(ImportError, match=r"fastloss.interop.dask needs Dask: python -m pip install 'dask\[array\]'"):
        importlib.import_module("fastloss.interop.dask")


DYING = """
import os, sys
from pathlib import Path
import dask, dask.array as da, numpy as np
from distributed import Client, LocalCluster, get_worker
import fastloss as fl

def fatal(block, mark):  # the worker that comes here first ends as if it had been killed
    if block.shape[0] and get_worker():
        try:
            (Path(mark)).mkdir()
        except FileExistsError:
            return block
        os._exit(9)

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 5, 4000), rng.normal(size=(4000, 5)).astype(np.float32)
    weight = rng.random(4000)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
        lazy = da.from_array(logits, chunks=(500, 5))
        value, gradient = fl.interop.dask.value_and_grad(fl.cross_entropy, labels, lazy, sample_weight=weight)
        mixed = da.map_blocks(fatal, gradient, sys.argv[1], dtype=gradient.dtype, meta=np.empty((0, 0), np.float32))
        value, gradient = dask.compute(value, mixed)
    wanted = fl.cross_entropy.value_and_grad(labels, logits, sample_weight=weight)
    assert Path(sys.argv[1]).exists()
    assert gradient.tobytes() == wanted[1].tobytes() and abs(value - wanted[0]) <= 4 * np.spacing(wanted[0])
    print("same bits")
"""


def test_a_worker_that_dies(tmp_path: Path) -> None:
    """What it had computed is computed again, by another one."""
    pytest.importorskip("distributed")
    script = tmp_path / "dying.py"
    script.write_text(DYING)
    command = [sys.executable, str(script), str(tmp_path / "mark")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.stdout == "same bits\n", ended.stdout + ended.stderr


OUT_OF_CORE = """
import json, os, resource, sys
import dask, dask.array as da, numpy as np
from distributed import Client, LocalCluster
import fastloss as fl

ROWS, CLASSES, CHUNK = 400_000, 1000, 8_000  # 1.6 GB, in chunks of 32 MB

class Rows:  # of a file, read and written in pieces, as those of a store are
    shape, dtype, ndim = (ROWS, CLASSES), np.dtype(np.float32), 2
    def __init__(self, path):
        self.path = path
    def __getitem__(self, place):
        first, end, _ = place[0].indices(ROWS)
        count = (end - first) * CLASSES
        return np.fromfile(self.path, np.float32, count, offset=first * CLASSES * 4).reshape(-1, CLASSES)
    def __setitem__(self, place, rows):
        with open(self.path, "r+b") as file:
            file.seek(place[0].indices(ROWS)[0] * CLASSES * 4)
            rows.tofile(file)

def process():
    return os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

if __name__ == "__main__":
    folder, workers = sys.argv[1], int(sys.argv[2])
    logits, gradient = Rows(folder + "/logits"), Rows(folder + "/gradient")
    rng = np.random.default_rng(0)
    labels, weight = rng.integers(0, CLASSES, ROWS), rng.random(ROWS)
    for rows in (logits, gradient):
        with open(rows.path, "wb") as file:
            file.truncate(ROWS * CLASSES * 4)
    for first in range(0, ROWS, CHUNK):
        logits[first : first + CHUNK,] = rng.standard_normal((CHUNK, CLASSES), np.float32)
    cluster = LocalCluster(n_workers=workers, threads_per_worker=1, memory_limit="600MB", dashboard_address=None)
    with cluster, Client(cluster) as client:
        before = {pid for pid, _ in client.run(process).values()}
        lazy = da.from_array(logits, chunks=(CHUNK, CLASSES))
        value, by_logits = fl.interop.dask.value_and_grad(fl.cross_entropy, labels, lazy, sample_weight=weight)
        value, _ = dask.compute(value, da.store(by_logits, gradient, lock=False, compute=False))
        after = client.run(process).values()
    total, values = fl.cross_entropy.normalizer(labels, sample_weight=weight, dtype=np.float32), []
    for first in range(0, ROWS, CHUNK):
        piece = slice(first, first + CHUNK)
        one = {"sample_weight": weight[piece], "normalizer": total, "n_threads": 1}
        alone = fl.cross_entropy.value_and_grad(labels[piece], logits[piece,], **one)
        assert alone[1].tobytes() == gradient[piece,].tobytes(), first
        values.append(alone[0])
    same, peaks = {pid for pid, _ in after} == before, [peak for _, peak in after]
    print(json.dumps({"value": value.item(), "of parts": sum(values), "same workers": same, "peaks": peaks}))
"""


@pytest.mark.disk
@pytest.mark.parametrize("workers", [1, 2])
def test_data_larger_than_the_memory_of_the_workers(workers: int, tmp_path: Path) -> None:
    """1.6 GB in and 1.6 GB out, by workers that Dask ends at 600 MB: none is, and the bits are those of one process."""
    pytest.importorskip("distributed")
    (tmp_path / "script.py").write_text(OUT_OF_CORE)
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path), str(workers)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600)
    for name in ("logits", "gradient"):
        (tmp_path / name).unlink(missing_ok=True)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    print(found)
    assert found["same workers"] and max(found["peaks"]) * 1024 < 600e6, found
    assert abs(found["value"] - found["of parts"]) <= 4 * np.spacing(np.float32(found["value"]))
