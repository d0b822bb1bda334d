"""Classes that some rows do not have: `class_mask` of cross_entropy. The truth is the row without them."""

from __future__ import annotations

import functools
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, METHODS, bits, generator

import fastloss as fl

compiled = pytest.mark.skipif(cases.current_engine() != "compiled", reason="the engine of Numba has no kernel of it")
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "smoothed": {"label_smoothing": 0.1},
    "weighted": {"class_weight": np.arange(1, 8) / 4},
    "smoothed and weighted": {"label_smoothing": 0.3, "class_weight": np.arange(1, 8) / 4},
    "language model": {"z_loss": 1e-3, "temperature": 1.7},
}
ROW = fl.cross_entropy._row


def drawn(shape: tuple[int, ...], dtype: Any, *key: Any, soft: bool = False) -> tuple[Any, Any, Any]:
    """Return targets, logits with NaN where a class is absent, and the mask."""
    rng = generator("class mask", shape, str(dtype), soft, *key)
    logits, labels = rng.normal(scale=3, size=shape).astype(dtype), rng.integers(shape[-1], size=shape[:-1])
    mask = rng.random(shape) < 0.6
    np.put_along_axis(mask, labels[..., None], True, -1)
    if not soft:
        return labels, np.where(mask, logits, dtype.type(np.nan)), mask
    target = rng.random(shape) * mask
    target /= target.sum(-1, keepdims=True)
    return target.astype(dtype), np.where(mask, logits, dtype.type(np.nan)), mask


@compiled
@of_floats
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("options", OPTIONS)
def test_every_digit_is_right(options: str, soft: bool, dtype: Any) -> None:
    """Within the bounds of cross-entropy, against the textbook of the row that has fewer classes."""
    y_true, logits, mask = drawn((6, 7), dtype, options, soft=soft)
    given = OPTIONS[options]
    results = fl.cross_entropy.value_grad_hess(y_true, logits, class_mask=mask, reduction="none", **given)
    bounds = (4, 5, 8) if dtype == np.float32 else (6, 6, 8)
    for i, there in enumerate(mask):
        kept = np.flatnonzero(there)
        own = dict(given, class_weight=given["class_weight"][kept]) if "class_weight" in given else given
        sample = {
            "y_true": y_true[i][kept] if soft else int(np.searchsorted(kept, y_true[i])),
            "logits": logits[i][kept],
        }
        truths = oracle.truth(ROW, sample, [("logits", k) for k in range(len(kept))], dtype, **own)
        for k, truth in zip(kept, truths, strict=True):
            for result, of_part, bound in zip(results, truth, bounds, strict=True):
                computed = result[i] if result.ndim == 1 else result[i, k]
                assert oracle.ulps(computed, of_part, dtype) <= bound
        for derivative in results[1:]:
            assert not derivative[i][~there].any()
            assert not np.signbit(derivative[i][~there]).any()


@compiled
@of_floats
@pytest.mark.parametrize("method", [*METHODS, "hess_matrix", "hvp"])
def test_it_is_a_logit_of_minus_infinity(method: str, dtype: Any) -> None:
    """The same bits, in any method, wherever a reduction or a weight comes in."""
    labels, logits, mask = drawn((40, 9), dtype)
    below = np.where(mask, logits, dtype.type(-np.inf))
    weight = generator("class mask weights").integers(0, 4, 40) / 4
    vector = generator("class mask vector").normal(size=(40, 9)).astype(dtype)
    given = {"vector": vector} if method == "hvp" else {}
    zeroed = {name: np.where(mask, array, dtype.type(0)) for name, array in given.items()}
    spoilt = {name: np.where(mask, array, dtype.type(np.nan)) for name, array in given.items()}
    call = getattr(fl.cross_entropy, method)
    for keywords in (
        {},
        {"reduction": "sum", "sample_weight": weight},
        {"where": weight > 0.3, "ignore_index": 3},
        {"normalizer": 7.0, "class_weight": np.arange(9) / 8},
    ):
        expected = call(labels, below, **zeroed, **keywords)
        found = call(labels, logits, **spoilt, class_mask=mask, **keywords)
        for own, other in zip(*(r if isinstance(r, tuple) else (r,) for r in (found, expected)), strict=True):
            assert np.array_equal(own, other)
    if method not in ("hess_matrix", "hvp"):
        factor = -2 * fl.cross_entropy.bind(class_mask=mask)
        results = getattr(factor, method)(labels, logits, reduction="none")
        for own in results if isinstance(results, tuple) else (results,):
            assert not np.signbit(own[np.asarray(own) == 0]).any()


@compiled
@pytest.mark.parametrize("dtype", [*FLOATS, *HALVES], ids=str)
@pytest.mark.parametrize("layout", [name for name in cases.LAYOUTS if "stride 0" not in name])
def test_layouts_and_types(layout: str, dtype: Any) -> None:
    if not cases.fits(layout, dtype):
        pytest.skip("it has no other byte order")
    labels, logits, mask = drawn((13, 20), np.dtype(np.float32), "layouts")
    logits = logits.astype(dtype)
    expected = bits(fl.cross_entropy.value_grad_hess(labels, logits, class_mask=mask))
    lay_out = cases.LAYOUTS[layout]
    assert bits(fl.cross_entropy.value_grad_hess(labels, lay_out(logits), class_mask=lay_out(mask))) == expected
    first = fl.cross_entropy.value_and_grad(labels, lay_out(logits).T, class_mask=lay_out(mask).T, axis=0)
    last = fl.cross_entropy.value_and_grad(labels, lay_out(logits), class_mask=lay_out(mask))
    assert bits((first[0], first[1].T)) == bits(last)
    own = logits.copy()
    value, gradient = fl.cross_entropy.value_and_grad(labels, own, class_mask=mask, out=(None, own))
    assert gradient is own
    assert bits((value, gradient)) == expected[:2]


@compiled
def test_threads_chunks_and_shapes() -> None:
    """Calls of more than one chunk: of many samples, along any of their axes, of one long row, of none."""
    labels, logits, mask = drawn((3, 9000, 40), np.dtype(np.float32), "chunks")
    whole = [
        bits(fl.cross_entropy.value_and_grad(labels, logits, class_mask=mask, label_smoothing=0.1, n_threads=n))
        for n in (1, 2)
    ]
    assert whole[0] == whole[1]
    some = fl.cross_entropy.grad(
        labels[1, 70:90], logits[1, 70:90], class_mask=mask[1, 70:90], label_smoothing=0.1, normalizer=27000.0
    )
    every = fl.cross_entropy.grad(labels, logits, class_mask=mask, label_smoothing=0.1, normalizer=27000.0)
    assert bits(some) == bits(every[1, 70:90])
    none = fl.cross_entropy(labels, logits, class_mask=mask, reduction="none")
    assert none.mean(dtype=np.float64) == pytest.approx(fl.cross_entropy(labels, logits, class_mask=mask), rel=1e-6)
    one = mask[0, :1].copy()
    one[:, labels[0, 0]] = True
    assert np.isfinite(fl.cross_entropy(labels[0, 0], logits[0, 0], class_mask=mask[0, 0]))
    of_all = np.arange(40) < 30
    kept = labels < 30
    clean = np.nan_to_num(logits)
    found = fl.cross_entropy.grad(labels, clean, class_mask=of_all, where=kept)
    expected = fl.cross_entropy.grad(np.where(kept, labels, 0), clean[..., :30], where=kept)
    np.testing.assert_allclose(found[..., :30], expected, rtol=1e-5, atol=1e-12)
    assert not found[..., 30:].any()
    assert fl.cross_entropy(np.zeros(0, int), np.zeros((0, 4)), class_mask=np.zeros(4, bool)) == 0


@compiled
def test_bad_masks_are_named() -> None:
    labels, logits, mask = drawn((6, 5), np.dtype(np.float64), "bad")
    out = np.full_like(logits, 7)
    grad = functools.partial(fl.cross_entropy.grad, out=out)
    with pytest.raises(TypeError, match="class_mask has dtype float64; it must be bool"):
        grad(labels, logits, class_mask=mask * 1.0)
    with pytest.raises(ValueError, match=r"class_mask has shape \(3, 5\); it must broadcast to the shape of logits"):
        grad(labels, logits, class_mask=mask[:3])
    with pytest.raises(ValueError, match="class_mask does not go with softcap"):
        grad(labels, logits, class_mask=mask, softcap=30.0)
    bad = mask.copy()
    bad[2, labels[2]] = False
    with pytest.raises(ValueError, match=rf"y_true\[2\] = {labels[2]} is a class that class_mask leaves out"):
        grad(labels, logits, class_mask=bad)
    with pytest.raises(ValueError, match=r"y_true\[4\] = 9 is not a class of 5"):
        grad(np.where(np.arange(6) == 4, 9, labels), logits, class_mask=mask)
    target = np.eye(5)[labels]
    with pytest.raises(ValueError, match=rf"y_true\[2, {labels[2]}\] = 1.0 is the probability of a class"):
        grad(target, logits, class_mask=bad)
    with pytest.raises(ValueError, match=rf"y_true\[{labels[2]}, 2\] = 1.0 is the probability of a class"):
        fl.cross_entropy(target.T, logits.T, class_mask=bad.T, axis=0)
    assert (out == 7).all()
    assert np.isfinite(fl.cross_entropy(labels, logits, class_mask=bad, where=np.arange(6) != 2))
    assert np.isfinite(fl.cross_entropy(labels, logits, class_mask=bad, ignore_index=int(labels[2])))
    with pytest.raises(TypeError, match="class_mask"):
        fl.linear_cross_entropy(labels, logits, np.eye(5), class_mask=mask)


@compiled
def test_it_is_bound_and_added_as_other_parameters_are() -> None:
    labels, logits, mask = drawn((6, 5), np.dtype(np.float64), "bound")
    bound = fl.cross_entropy.bind(class_mask=mask)
    expected = fl.cross_entropy.value_and_grad(labels, logits, class_mask=mask)
    assert bits(bound.value_and_grad(labels, logits)) == bits(expected)
    total = 2 * bound + fl.categorical_focal
    clean = np.nan_to_num(logits)
    value = 2 * bound(labels, clean) + fl.categorical_focal(labels, clean)
    assert total(labels, clean) == pytest.approx(value, rel=1e-14)


def test_the_engine_of_numba_has_no_kernel_of_it() -> None:
    pytest.importorskip("numba")
    labels, logits, mask = drawn((6, 5), np.dtype(np.float64), "numba")
    with fl.engine("numba"), pytest.raises(NotImplementedError, match="cross_entropy with class_mask has no Numba"):
        fl.cross_entropy(labels, logits, class_mask=mask)


@compiled
def test_torch_has_the_same() -> None:
    torch = pytest.importorskip("torch")
    labels, logits, mask = drawn((9, 6), np.dtype(np.float64), "torch")
    tensor = torch.tensor(np.nan_to_num(logits), requires_grad=True)
    filled = tensor.masked_fill(torch.tensor(~mask), -torch.inf)
    value = torch.nn.functional.cross_entropy(filled, torch.tensor(labels))
    value.backward()
    own, gradient = fl.cross_entropy.value_and_grad(labels, logits, class_mask=mask)
    assert own == pytest.approx(value.item(), rel=1e-14)
    np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-12, atol=1e-18)
