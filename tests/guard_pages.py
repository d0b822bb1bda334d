"""Every array of a call ends on a page that may not be touched: a vector that reads or writes past the end dies here.

``python tests/guard_pages.py`` prints "untouched"; each loss and type takes a part of the sizes, which together cover
every tail of a vector of 64 bytes. ``--all`` takes every size up to three vectors, so that arrays begin at every offset
that their type can have.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
import sys
from typing import Any

import cases
import numpy as np

import fastloss as fl

PAGE = mmap.PAGESIZE


def guarded(a: np.ndarray, before: bool) -> np.ndarray:
    """Return a copy of a contiguous array that ends where a forbidden page begins, or begins where one ends."""
    size = -(-max(a.nbytes, 1) // PAGE) * PAGE
    memory = mmap.mmap(-1, size + 2 * PAGE)
    whole = np.frombuffer(memory, np.uint8)
    for page in (whole.ctypes.data, whole.ctypes.data + PAGE + size):
        assert ctypes.CDLL(None, use_errno=True).mprotect(ctypes.c_void_p(page), ctypes.c_size_t(PAGE), 0) == 0
    start = PAGE if before else PAGE + size - a.nbytes
    copy = whole[start : start + a.nbytes].view(a.dtype).reshape(a.shape)
    copy[...] = a
    return copy


def call(variant: cases.Variant, shape: tuple[int, ...], dtype: Any, before: bool) -> None:
    rng = cases.generator(str(variant), shape, str(dtype))
    inputs = cases.draw(variant, shape, dtype, rng)
    weight, where = rng.random(inputs.samples).astype(dtype), rng.random(inputs.samples) < 0.7
    expected = inputs(sample_weight=weight, where=where)
    near = inputs.replace(y_true=guarded(inputs.y_true, before), y_pred=guarded(inputs.y_pred, before))
    out = tuple(guarded(result, before) for result in expected)
    got = near(sample_weight=guarded(weight, before), where=guarded(where, before), out=out)
    assert cases.bits(got) == cases.bits(expected)
    near("__call__", reduction="mean")
    near("grad", out=near.y_pred)


def call_function(name: str, shape: tuple[int, ...], dtype: Any, before: bool) -> None:
    x = cases.generator(name, shape, str(dtype)).normal(size=shape).astype(dtype)
    function = getattr(fl, name)
    expected = function(x)
    assert cases.bits(function(guarded(x, before), out=guarded(expected, before))) == cases.bits(expected)


def call_sequences(loss: Any, sizes: tuple[int, ...], dtype: Any, before: bool) -> None:
    """Every array of a loss of sequences, padded and, of those that may be, packed; then each result over its array."""
    arrays = fl.kinds.draw(loss._row, sizes, dtype, cases.generator(loss.name, sizes, str(dtype)))
    names = [operand.name for operand in loss._row.differentiated]
    frames = arrays[loss._row.operands[-1].name]  # their lengths are the last
    packed = dict(arrays)
    if len(sizes) == 3:
        packed[names[0]] = np.concatenate([own[:n] for own, n in zip(arrays[names[0]], frames, strict=True)])
    for given in (arrays, packed):
        expected = loss.value_and_grad(**given, reduction="none")
        near = {name: guarded(array, before) for name, array in given.items()}
        weight = guarded(np.ones(len(expected[0]), dtype), before)
        value, gradients = expected
        several = isinstance(gradients, tuple)
        by = tuple(guarded(own, before) for own in gradients) if several else guarded(gradients, before)
        got = loss.value_and_grad(**near, sample_weight=weight, reduction="none", out=(guarded(value, before), by))
        assert cases.bits(got) == cases.bits(expected)
        loss(**near)
        loss.grad(**near, out=tuple(near[name] for name in names) if several else near[names[0]])


def read_sequences(sizes: tuple[int, ...], dtype: Any, before: bool) -> None:
    """The functions at prediction time."""
    speech = fl.kinds.draw(fl.ctc._row, sizes, dtype, cases.generator("decode", sizes))
    chains = fl.kinds.draw(fl.linear_chain_crf._row, sizes, dtype, cases.generator("tags", sizes))
    lengths = {"logit_lengths": guarded(speech["logit_lengths"], before)}
    logits = guarded(speech["logits"], before)
    for width in (None, 3):
        fl.ctc_decode(logits, beam_width=width, **lengths)
    labels = {name: guarded(speech[name], before) for name in ("y_true", "label_lengths")}
    try:
        fl.ctc_align(logits=logits, **labels, **lengths)
    except ValueError as error:  # of labels that repeat, or of one class, no path may be left
        assert "sequence" in str(error)
    model = {name: guarded(chains[name], before) for name in ("emissions", "transitions", "start", "end", "lengths")}
    fl.crf_viterbi(**model)
    marginals = fl.crf_marginals(**model)
    assert cases.bits(fl.crf_marginals(**model, out=guarded(marginals, before))) == cases.bits(marginals)


def main(every_size: bool) -> None:
    sizes = (*range(1, 195), cases.BLOCK + 1) if every_size else (*range(1, 20), 31, 33, 63, 65, 127, cases.BLOCK + 1)
    widths = (*range(1, 195), 1000) if every_size else (5, 63, 64, 65, 66, 67, 70, 79, 81, 97, 127, 130, 1000)
    step = 1 if every_size else 5  # another part for each loss, type and side
    turn = itertools.count()
    for variant in cases.variants():
        for dtype in (*cases.FLOATS, *(cases.HALVES if every_size else cases.HALVES[:1])):
            for before in (False, True):
                first = next(turn) % step
                for n in sizes[first::step]:
                    call(variant, (n, 3) if variant.rowwise else (n,), dtype, before)
                for classes in widths[first::step]:
                    call(variant, (2, classes), dtype, before)
    for name in ("softmax", "log_softmax", "logsumexp", "sigmoid", "log_sigmoid", "softplus"):
        for dtype in (*cases.FLOATS, *cases.HALVES):
            for shape in ((1, 3), (7, 3), (65, 3), (2, 65), (3, 79), (1, cases.BLOCK + 1)):
                call_function(name, shape, dtype, before=False)
                call_function(name, shape, dtype, before=True)
    numbers = range(2, 40) if every_size else (2, 3, 5, 8, 9, 16, 17, 33)
    for loss in (fl.Loss(row) for row in fl.losses() if row.kind == "sequences"):
        for dtype in (*cases.FLOATS, *cases.HALVES[:1]):
            for before in (False, True):
                first = next(turn) % (1 if every_size else 2)
                for classes in (*numbers, 65, 130, 300)[first :: 1 if every_size else 2]:
                    for frames in (1, 4, 9):
                        nodes = (frames // 2 + 1,) if loss._row.axes == "TUC" else ()
                        call_sequences(loss, (2, frames, *nodes, classes), dtype, before)
    for dtype in cases.FLOATS:
        for before in (False, True):
            for classes in numbers:
                read_sequences((2, 5, classes), dtype, before)
    print("untouched")


if __name__ == "__main__":
    main("--all" in sys.argv)
