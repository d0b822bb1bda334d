"""What every call promises, whatever the loss: the same bits from every layout, thread count and entry point; weights,
masks, reductions and ``out=`` as documented. All of it runs over the catalogue: a new row is covered when it appears.
"""

from __future__ import annotations

import array
import math
import pickle
from typing import Any

import cases
import numpy as np
import pytest
from accuracy import as_held
from cases import BLOCK, FLOATS, HALVES, LAYOUTS, METHODS, SIZES, Inputs, Variant, bits, draw, generator
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import fastloss as fl

LOSS_VARIANTS = list(cases.variants())
VARIANTS = [*LOSS_VARIANTS, *cases.sums()]
ROWWISE = [variant for variant in LOSS_VARIANTS if variant.rowwise]
POINTWISE = [variant for variant in LOSS_VARIANTS if not variant.rowwise]
INDEXED = [variant for variant in ROWWISE if variant.target == "index"]
#: Losses that take class indices as well as probabilities of the classes.
SMOOTHED = [v for v in INDEXED if v.parameters == "default" and "label_smoothing" in v.loss.parameters]
SOFT = [v for v in ROWWISE if v.parameters == "default" and "label_smoothing" in v.loss.parameters]
PAIRS = [variant for variant in POINTWISE if variant.row.axes == "2"]
LOSSES = [getattr(fl, row.name) for row in cases.ROWS]

every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_dtype = pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
compact = pytest.mark.compact
pytestmark = pytest.mark.rotating(most=6)


def drawn(variant: Variant, shape: tuple[int, ...], dtype: Any = np.float32) -> tuple[Inputs, np.random.Generator]:
    rng = generator(str(variant), shape, str(dtype))
    return draw(variant, shape, dtype, rng), rng


def contiguous(inputs: Inputs) -> Inputs:
    return inputs.replace(y_true=np.ascontiguousarray(inputs.y_true), y_pred=np.ascontiguousarray(inputs.y_pred))


def positive_zero(results: Any) -> bool:
    return bool((np.asarray(results) == 0).all() and not np.signbit(results).any())


# -- layouts ----------------------------------------------------------------------------------------------------------


@compact
@of_dtype
@pytest.mark.parametrize("shape", [(37, 3), (70, 10), (5, 3, 65), (9, 1000)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
@every_variant
def test_every_layout_gives_the_bits_of_the_contiguous_copy(
    variant: Variant, layout: str, shape: tuple[int, ...], dtype: Any
) -> None:
    if not cases.fits(layout, dtype):
        pytest.skip("ml_dtypes has no byte order")
    inputs, rng = drawn(variant, shape, dtype)
    arrange = LAYOUTS[layout]
    y_pred, y_true = arrange(inputs.y_pred), inputs.y_true if "stride 0" in layout else arrange(inputs.y_true)
    weight = rng.random(inputs.samples)
    where = rng.random(inputs.samples) < 0.8
    arranged = inputs.replace(y_true=y_true, y_pred=y_pred)
    expected = contiguous(arranged)("value_grad_hess", n_threads=1, sample_weight=weight, where=where)
    before = bits(arranged.y_pred)
    assert bits(
        arranged(
            "value_grad_hess",
            n_threads=1,
            sample_weight=arrange(weight) if "stride 0" not in layout else weight,
            where=where,
        )
    ) == bits(expected)
    assert bits(arranged.y_pred) == before


@compact
@of_float
@every_variant
def test_a_memory_mapped_file_gives_the_bits_of_its_copy(variant: Variant, dtype: Any, tmp_path: Any) -> None:
    inputs, _ = drawn(variant, (130, 10), dtype)
    mapped = cases.memory_mapped(tmp_path)
    assert bits(inputs.replace(y_true=mapped(inputs.y_true), y_pred=mapped(inputs.y_pred))()) == bits(inputs())


@of_float
@pytest.mark.parametrize("offset", range(0, 64, 4))
@every_variant
def test_every_offset_into_a_cache_line(variant: Variant, offset: int, dtype: Any) -> None:
    inputs, _ = drawn(variant, (13, 17), dtype)
    buffer = np.zeros(inputs.y_pred.nbytes + 128, np.uint8)
    start = -buffer.ctypes.data % 64 + offset
    moved = buffer[start : start + inputs.y_pred.nbytes].view(dtype).reshape(inputs.y_pred.shape)
    moved[...] = inputs.y_pred
    assert bits(inputs.replace(y_pred=moved)()) == bits(inputs())


@of_float
@every_variant
def test_targets_and_weights_of_any_real_dtype(variant: Variant, dtype: Any) -> None:
    """Numbers that both dtypes can hold give the same bits whatever dtype they come in."""
    inputs, rng = drawn(variant, (50, 10), dtype)
    weight = rng.integers(0, 5, inputs.samples)
    expected = None
    if variant.target == "index":
        kinds = (
            np.int8,
            np.int16,
            np.int32,
            np.int64,
            np.uint8,
            np.uint16,
            np.uint32,
            np.uint64,
            np.intp,
            np.float32,
            np.float64,
        )
    else:
        domain = variant.row.targets(variant.loss.parameters | inputs.keywords)
        y_true = cases.whole_numbers(domain, (50, 10), rng).astype(float)
        inputs.y_true = np.eye(10)[rng.integers(10, size=50)] if variant.rowwise else y_true
        kinds = (np.float64, np.float32, *HALVES, np.int8, np.uint64, np.bool_)
        kinds = [kind for kind in kinds if (inputs.y_true.astype(kind) == inputs.y_true).all()]
    for kind in kinds:
        got = bits(inputs.replace(y_true=inputs.y_true.astype(kind))(sample_weight=weight))
        expected = expected or got
        assert got == expected, kind
    for kind in (np.float64, np.float32, *HALVES, np.uint8, np.int64):
        assert bits(inputs(sample_weight=weight.astype(kind))) == expected, kind


@every_variant
def test_integers_and_lists_are_converted_to_float64(variant: Variant) -> None:
    inputs, rng = drawn(variant, (12, 3))
    inputs.y_pred = cases.whole_numbers(variant.predicted, inputs.y_pred.shape, rng)
    expected = bits(inputs.replace(y_pred=inputs.y_pred.astype(float))())
    assert expected[0][0] == np.float64
    for y_pred in (inputs.y_pred, inputs.y_pred.astype(np.int8), inputs.y_pred.astype(np.uint8).astype(np.int8)):
        assert bits(inputs.replace(y_pred=y_pred)()) == expected
    loss, keywords = variant.loss, {"reduction": "none", **inputs.keywords}
    assert bits(loss.value_grad_hess(inputs.y_true.tolist(), inputs.y_pred.tolist(), **keywords)) == expected
    flags = inputs.y_pred > 0
    assert bits(inputs.replace(y_pred=flags)()) == bits(inputs.replace(y_pred=flags.astype(float))())


class Foreign:
    """An array of another library, known by its ``__array__`` alone."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        assert copy is not True
        return self.data if dtype is None else self.data.astype(dtype)


class Exchanged:
    """An array of another library, known by DLPack alone."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data

    def __dlpack__(self, **keywords: Any) -> Any:
        return self.data.__dlpack__(**keywords)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.data.__dlpack_device__()


class Subclass(np.ndarray):
    """Any subclass that keeps the meaning of its elements."""


@pytest.mark.parametrize(
    "wrap", [Foreign, Exchanged, memoryview, lambda a: a.view(Subclass)], ids=["array", "dlpack", "buffer", "subclass"]
)
@every_variant
def test_arrays_of_others(variant: Variant, wrap: Any) -> None:
    inputs, _ = drawn(variant, (20, 5))
    assert bits(inputs.replace(y_true=wrap(inputs.y_true), y_pred=wrap(inputs.y_pred))()) == bits(inputs())


def test_an_array_of_the_standard_library() -> None:
    assert fl.squared_error(array.array("f", [1, 2]), array.array("f", [3, 5]), reduction="sum") == 13


@of_dtype
@every_variant
def test_a_new_gradient_has_the_memory_order_and_the_dtype_of_y_pred(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (6, 5, 4), dtype)
    for order in ("C", "F"):
        grad, hess = inputs.replace(y_pred=np.asarray(inputs.y_pred, order=order))("grad_and_hess")
        for result in (grad, hess):
            assert type(result) is np.ndarray
            assert result.dtype == dtype
            assert result.flags[f"{order}_CONTIGUOUS"]
            assert result.flags.writeable


# -- the same bits ----------------------------------------------------------------------------------------------------


@pytest.mark.rotating(most=2, of_whole=6)
@compact
@of_float
@pytest.mark.parametrize("classes", [1, 3, 10, 300, 70_000])
@pytest.mark.parametrize("reduction", ["none", "mean"])
@every_variant
def test_any_number_of_threads(variant: Variant, reduction: str, classes: int, dtype: Any) -> None:
    shape = (max(3, 140_000 // classes) + 7, classes) if variant.rowwise else (140_007 // classes, classes)
    inputs, rng = drawn(variant, shape, dtype)
    keywords = {"reduction": reduction, "sample_weight": rng.random(inputs.samples)}
    expected = bits(inputs(n_threads=1, **keywords))
    for n_threads in (2, 3, 7, 64, None):
        assert bits(inputs(n_threads=n_threads, **keywords)) == expected, n_threads
    assert bits(inputs(n_threads=2, **keywords)) == expected  # run to run


@compact
@of_dtype
@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("last", [1, 2, 10, 65, 1000])
@every_variant
def test_fused_and_separate_calls(variant: Variant, last: int, reduction: str, dtype: Any) -> None:
    inputs, rng = drawn(variant, (29, last), dtype)
    keywords = {"reduction": reduction, "sample_weight": rng.random(inputs.samples)}
    together = dict(zip(("value", "grad", "hess"), inputs(**keywords), strict=True))
    for method, parts in METHODS.items():
        results = inputs(method, **keywords)
        for part, result in zip(parts, results if len(parts) > 1 else (results,), strict=True):
            assert bits(result) == bits(together[part]), (method, part)


@pytest.mark.rotating("method", most=1, of_whole=5)
@compact
@of_dtype
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(29, 1), (29, 10), (3, 5, 65), (7,), (2000, 40)], ids=str)
@every_variant
def test_a_plain_call_and_one_that_names_every_keyword(
    variant: Variant, shape: tuple[int, ...], method: str, dtype: Any
) -> None:
    """Calls without weights take a shorter way through the library: it has to lead to the same bits."""
    inputs, _ = drawn(variant, (1,) * variant.refuses_one_row + shape, dtype)
    loss = variant.loss.bind(**inputs.keywords)
    call, y_true, y_pred = getattr(loss, method), inputs.y_true, inputs.y_pred
    every = {"sample_weight": None, "where": None, "normalizer": None, "out": None, "n_threads": None}
    for reduction in ("mean", "sum", "none"):
        expected = call(y_true, y_pred, reduction=reduction, **every)
        assert type(expected) is type(call(y_true, y_pred, reduction=reduction))
        assert bits(call(y_true, y_pred, reduction=reduction)) == bits(expected)
        assert bits(call(y_true, y_pred, reduction=reduction, n_threads=2)) == bits(expected)
        assert bits(call(y_true, y_pred=y_pred, reduction=reduction)) == bits(expected)
        arrays = tuple(np.full_like(y_pred, 113) if part != "value" else None for part in METHODS[method])
        results = call(y_true, y_pred, reduction=reduction, out=arrays)
        assert bits(results) == bits(expected)
        for place, result in zip(arrays, results if len(arrays) > 1 else (results,), strict=True):
            assert place is None or result is place
    assert bits(call(y_true, y_pred)) == bits(call(y_true, y_pred, reduction="mean", **every))


@compact
@of_float
@pytest.mark.parametrize("classes", [10, 64, 65, 300])
@pytest.mark.parametrize("regime", cases.ROW_REGIMES)
@pytest.mark.parametrize("variant", [v for v in ROWWISE if v.parameters == "default"], ids=str)
def test_every_regime_in_place_and_in_other_layouts(variant: Variant, regime: str, classes: int, dtype: Any) -> None:
    """What is computed twice, or in another way, in rare rows has the same bits too."""
    inputs, _ = drawn(variant, (24, classes), dtype)
    y_true, logits = cases.rows_of(regime, dtype, 24, classes)
    inputs.y_pred = as_held(variant.holds, logits)
    if variant.target == "index":
        inputs.y_true = y_true
    for reduction in ("none", "mean"):
        expected = inputs(reduction=reduction)
        for layout in ("fortran", "stepped", "class axis first"):
            y_pred = LAYOUTS[layout](inputs.y_pred)
            assert bits(inputs.replace(y_pred=y_pred)(reduction=reduction)) == bits(expected), layout
            assert bits(inputs.replace(y_pred=y_pred)("grad", reduction=reduction, out=y_pred)) == bits(expected[1])
        y_pred = inputs.y_pred.copy()
        assert bits(inputs.replace(y_pred=y_pred)(reduction=reduction, out=(None, y_pred, None))) == bits(expected)
        assert bits(inputs("value_and_grad", reduction=reduction)) == bits(expected[:2])
        assert bits(inputs("__call__", reduction=reduction)) == bits(expected[0])
        alone = inputs.take(slice(7, 8))
        if reduction == "none":
            assert bits(alone()) == bits(tuple(result[7:8] for result in expected))


@compact
@of_float
@pytest.mark.parametrize("classes", [1, 2, 3, 10, 63, 64, 65, 130, 1000])
@pytest.mark.parametrize("variant", ROWWISE, ids=str)
def test_a_row_alone_and_in_a_batch(variant: Variant, classes: int, dtype: Any) -> None:
    inputs, _ = drawn(variant, (150, classes), dtype)
    value, grad, hess = inputs()
    for i in (0, 1, 62, 63, 64, 65, 127, 128, 149):
        assert bits(inputs.take(slice(i, i + 1))()) == bits((value[i : i + 1], grad[i : i + 1], hess[i : i + 1])), i


@compact
@of_float
@pytest.mark.parametrize("size", SIZES)
@every_variant
def test_every_size_is_the_beginning_of_a_larger_one(variant: Variant, size: int, dtype: Any) -> None:
    inputs, rng = drawn(variant, (2 * BLOCK + 3, 5) if variant.rowwise else (2 * BLOCK + 3,), dtype)
    weight = rng.random(inputs.samples)
    expected = tuple(result[:size] for result in inputs(sample_weight=weight))
    assert bits(inputs.take(slice(size))(sample_weight=weight[:size])) == bits(expected)


@compact
@of_float
@every_variant
def test_shuffled_samples_give_shuffled_results(variant: Variant, dtype: Any) -> None:
    """Every sample passes through another lane or tail; repeated samples give repeated bits."""
    inputs, rng = drawn(variant, (701, 10) if variant.rowwise else (7001,), dtype)
    order = rng.integers(inputs.samples[0], size=inputs.samples[0] + 13)
    assert bits(inputs.take(order)()) == bits(tuple(result[order] for result in inputs()))


@settings(max_examples=60)
@given(data=st.data())
def test_any_numbers_give_the_bits_they_give_alone(data: st.DataObject) -> None:
    """Special numbers beside ordinary ones, in every place of a vector."""
    variant = data.draw(st.sampled_from(VARIANTS))
    dtype = data.draw(st.sampled_from(FLOATS))
    info = np.finfo(dtype)
    special = [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        info.max,
        -info.max,
        info.tiny,
        info.smallest_subnormal,
        1.0,
        1 + info.eps,
        88.72,
        88.73,
        -103.9,
        709.7,
        -745.1,
    ]
    rows = data.draw(st.sampled_from([1, 2, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65]))
    classes = data.draw(st.sampled_from([1, 2, 3, 10, 65]))
    inputs, rng = drawn(variant, (rows, classes), dtype)
    with np.errstate(over="ignore"):
        chosen = np.array(special, dtype)
    chosen = np.array([x for x in chosen if x != x or float(x) in variant.predicted], dtype)
    places = rng.random(inputs.y_pred.shape) < data.draw(st.sampled_from([0.0, 0.1, 0.5]))
    inputs.y_pred[places] = rng.choice(chosen, places.sum())
    results = inputs()
    order = data.draw(st.permutations(range(rows)))
    assert bits(inputs.take(list(order))()) == bits(tuple(result[list(order)] for result in results))
    i = data.draw(st.integers(0, rows - 1))
    assert bits(inputs.take(slice(i, i + 1))()) == bits(tuple(result[i : i + 1] for result in results))


# -- weights and masks ------------------------------------------------------------------------------------------------


@compact
@of_float
@every_variant
def test_weight_two_doubles_and_weight_one_changes_nothing(variant: Variant, dtype: Any) -> None:
    inputs, rng = drawn(variant, (130, 10), dtype)
    for reduction in ("none", "sum"):
        plain = inputs(reduction=reduction)
        assert bits(inputs(reduction=reduction, sample_weight=1)) == bits(plain)
        assert bits(inputs(reduction=reduction, sample_weight=np.full(inputs.samples, 2.0))) == bits(
            tuple(2 * x for x in plain)
        )
    weight = rng.random(inputs.samples)
    mean = inputs(reduction="mean", sample_weight=weight)
    assert bits(inputs(reduction="mean", sample_weight=2 * weight)) == bits(mean)


@compact
@of_float
@pytest.mark.parametrize("variant", LOSS_VARIANTS, ids=str)  # what cancels in a sum is rounded elsewhere
def test_a_weight_multiplies(variant: Variant, dtype: Any) -> None:
    """The value with one rounding; gradient and Hessian, whose factors are multiplied first, with more on each side."""
    inputs, rng = drawn(variant, (130, 10), dtype)
    weight = rng.random(inputs.samples).astype(dtype)
    each = weight[..., None] if inputs.samples != inputs.y_pred.shape else weight
    ulps_of_value = 2 if "class_weight" in inputs.keywords else 1  # the product of two weights is rounded too
    for got, plain, w, ulps in zip(
        inputs(sample_weight=weight), inputs(), (weight, each, each), (ulps_of_value, 4, 6), strict=True
    ):
        expected = np.longdouble(plain) * np.longdouble(w)
        assert (abs(got - expected) <= ulps * np.spacing(abs(expected).astype(dtype))).all()


@every_variant
def test_a_weight_is_broadcast_to_the_samples(variant: Variant) -> None:
    inputs, rng = drawn(variant, (6, 5, 4))
    samples = inputs.samples
    ones = (1,) * (len(samples) - 1)
    for shape in ((), (*ones, samples[-1]), (6, *ones), (1, *ones), samples):
        weight = rng.random(shape)
        where = rng.random(shape) < 0.7
        expected = bits(
            inputs(sample_weight=np.broadcast_to(weight, samples).copy(), where=np.broadcast_to(where, samples).copy())
        )
        assert bits(inputs(sample_weight=weight, where=where)) == expected, shape
        mean = bits(inputs(reduction="mean", sample_weight=np.broadcast_to(weight, samples).copy()))
        assert bits(inputs(reduction="mean", sample_weight=weight)) == mean, shape


@pytest.mark.rotating("how", most=1, of_whole=4)
@compact
@of_float
@pytest.mark.parametrize("how", ["where", "weight 0", "both"])
@pytest.mark.parametrize("last", [1, 3, 10, 65, 1000])
@every_variant
def test_a_place_that_is_left_out(variant: Variant, how: str, last: int, dtype: Any) -> None:
    """Value and gradient exactly +0 even where its input is NaN, its label or its masked weight nonsense; nothing else
    changes."""
    inputs, rng = drawn(variant, (90, last), dtype)
    keep = rng.random(inputs.samples) < 0.6
    weight = rng.integers(1, 9, inputs.samples) / 4
    expected = inputs(sample_weight=weight)
    assert keep.any()
    assert not keep.all()
    poisoned = inputs.replace(y_true=inputs.y_true.copy(), y_pred=inputs.y_pred.copy())
    poisoned.y_pred[~keep] = rng.choice([np.nan, np.inf, -np.inf, 1e30], size=poisoned.y_pred[~keep].shape)
    poisoned.y_true[~keep] = last + 5 if variant.target == "index" else 7
    unread = np.where(keep, weight, rng.choice([np.nan, np.inf, -np.inf, -1, 1e-300, 1e300], size=keep.shape))
    keywords = {
        "where": {"where": keep, "sample_weight": unread},
        "weight 0": {"sample_weight": np.where(keep, weight, 0)},
        "both": {"where": keep, "sample_weight": np.where(keep | (rng.random(keep.shape) < 0.5), weight, 0)},
    }[how]
    got = poisoned(**keywords)
    for result, whole in zip(got, expected, strict=True):
        assert bits(result[keep]) == bits(whole[keep])
        assert positive_zero(result[~keep])
    for reduction in ("sum", "mean"):
        value, grad, hess = poisoned(reduction=reduction, **keywords)
        if inputs.loss.kind == "rows" or keep.ndim == 1:
            alone = inputs.take(keep)("value_grad_hess", reduction=reduction, sample_weight=weight[keep])
            assert value == pytest.approx(alone[0], rel=1e-6 if dtype == np.float32 else 1e-14, abs=0)
            for result, left in zip((grad, hess), alone[1:], strict=True):
                if reduction == "sum":
                    assert bits(result[keep]) == bits(left)
                else:  # the denominator's sum has other blocks
                    np.testing.assert_allclose(result[keep], left, rtol=4 * float(np.finfo(dtype).eps), atol=0)
        else:
            assert math.isfinite(value)
        assert positive_zero(grad[~keep])
        assert positive_zero(hess[~keep])


@compact
@of_float
@pytest.mark.parametrize("method", METHODS)
@every_variant
def test_nothing_left_to_average(variant: Variant, method: str, dtype: Any) -> None:
    """All masked, all weights 0, an empty batch: value 0.0 and gradient 0, never NaN."""
    inputs, _ = drawn(variant, (40, 10), dtype)
    inputs.y_pred[::2] = np.nan
    empty = inputs.take(slice(0))
    for reduction in ("mean", "sum", "none"):
        for call, keywords in (
            (inputs, {"where": False}),
            (inputs, {"sample_weight": 0}),
            (inputs, {"where": np.zeros(inputs.samples, bool)}),
            (empty, {}),
        ):
            results = call(method, reduction=reduction, **keywords)
            for part, result in zip(
                METHODS[method], results if isinstance(results, tuple) else (results,), strict=True
            ):
                assert positive_zero(result), part
                if part == "value" and reduction != "none":
                    assert isinstance(result, float)
                else:
                    assert result.dtype == dtype
                    assert result.shape == (call.samples if part == "value" else call.y_pred.shape)


@every_variant
def test_inputs_are_never_written(variant: Variant) -> None:
    inputs, rng = drawn(variant, (40, 10))
    weight = rng.random(inputs.samples)
    where = rng.random(inputs.samples) < 0.5
    before = bits(inputs.y_pred), bits(inputs.y_true), bits(weight), bits(where)
    inputs(sample_weight=weight, where=where)
    inputs(sample_weight=weight, where=where, reduction="mean")
    assert (bits(inputs.y_pred), bits(inputs.y_true), bits(weight), bits(where)) == before


# -- reductions -------------------------------------------------------------------------------------------------------


@compact
@of_float
@every_variant
def test_gradient_and_hessian_belong_to_the_returned_value(variant: Variant, dtype: Any) -> None:
    """With "none" they are those of the sum; a normalizer that is a power of two divides them exactly."""
    inputs, _ = drawn(variant, (64, 16), dtype)
    _, grad, hess = inputs(reduction="none")
    total, *of_sum = inputs(reduction="sum")
    assert bits(tuple(of_sum)) == bits((grad, hess))
    value, *of_mean = inputs(reduction="mean", normalizer=64)
    assert value == total / 64
    assert bits(tuple(of_mean)) == bits((grad / dtype.type(64), hess / dtype.type(64)))


@compact
@of_float
@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS if v.parameters == "default" and not (v.rowwise and v.target == "soft")], ids=str
)
def test_the_mean_divides_by_the_sum_of_the_weights(variant: Variant, dtype: Any) -> None:
    inputs, rng = drawn(variant, (64, 16), dtype)
    weight = rng.integers(0, 5, inputs.samples)
    for keywords, denominator in (
        ({}, math.prod(inputs.samples)),
        ({"sample_weight": weight}, weight.sum()),
        ({"where": weight > 1}, (weight > 1).sum()),
    ):
        expected = inputs(reduction="mean", normalizer=denominator, **keywords)
        assert bits(inputs(reduction="mean", **keywords)) == bits(expected)
        assert bits(inputs(**keywords | {"reduction": "mean"})) == bits(expected)
        assert bits(inputs.loss(inputs.y_true, inputs.y_pred, **keywords)) == bits(expected[0])  # "mean" is the default
    value = inputs("__call__", reduction="sum", sample_weight=weight)
    assert inputs("__call__", reduction="mean", sample_weight=weight) == pytest.approx(
        value / weight.sum(), rel=4e-16, abs=0
    )


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v.parameters == "default"], ids=str)
def test_micro_batches_add_up_with_a_normalizer(variant: Variant) -> None:
    inputs, _ = drawn(variant, (96, 10), np.float64)
    count = math.prod(inputs.samples)
    value, grad, hess = inputs(reduction="mean", normalizer=count)
    parts = [inputs.take(slice(start, start + 32))(reduction="mean", normalizer=count) for start in (0, 32, 64)]
    assert sum(part[0] for part in parts) == pytest.approx(value, rel=1e-14, abs=0)
    assert bits(np.concatenate([part[1] for part in parts])) == bits(grad)
    assert bits(np.concatenate([part[2] for part in parts])) == bits(hess)


# -- out= -------------------------------------------------------------------------------------------------------------


@compact
@of_dtype
@pytest.mark.parametrize("last", [1, 10, 65, 1000])
@every_variant
def test_out_takes_the_results(variant: Variant, last: int, dtype: Any) -> None:
    inputs, _ = drawn(variant, (23, last), dtype)
    expected = inputs()
    out = tuple(np.full_like(result, 113) for result in expected)
    results = inputs(out=out)
    assert all(result is place for result, place in zip(results, out, strict=True))
    assert bits(out) == bits(expected)
    grad = np.full_like(expected[1], 113)
    value, got, hess = inputs(out=(None, grad, None))
    assert got is grad
    assert bits((value, got, hess)) == bits(expected)
    single = np.full_like(expected[1], 113)
    assert inputs("grad", out=single) is single
    assert bits(single) == bits(expected[1])
    assert inputs("grad", out=(single,)) is single
    value = np.full_like(expected[0], 113)
    assert inputs("__call__", out=value) is value
    assert bits(value) == bits(expected[0])


@compact
@pytest.mark.parametrize("given", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("wanted", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("last", [3, 100])
@every_variant
def test_out_of_another_dtype(variant: Variant, last: int, wanted: Any, given: Any) -> None:
    """The result in the compute dtype, rounded once."""
    inputs, _ = drawn(variant, (23, last), given)
    compute = np.promote_types(given, np.float32) if given in FLOATS else np.dtype(np.float32)
    wide = inputs.replace(y_pred=inputs.y_pred.astype(compute))
    out = tuple(np.full(shape, 113, wanted) for shape in (inputs.samples, inputs.y_pred.shape, inputs.y_pred.shape))
    inputs(out=out)
    assert bits(out) == bits(tuple(cases.rounded_once(result, wanted) for result in wide()))


@compact
@of_float
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if "stride 0" not in name and name != "read-only"])
@pytest.mark.parametrize("last", [3, 10, 100])
@every_variant
def test_out_of_any_layout(variant: Variant, last: int, layout: str, dtype: Any) -> None:
    """Written in place, and nothing between its elements."""
    inputs, _ = drawn(variant, (23, last), dtype)
    expected = inputs()
    out = tuple(LAYOUTS[layout](np.full(result.shape, 113, dtype)) for result in expected)
    bases = [whole(result) for result in out]
    before = [base.copy() for base in bases]
    results = inputs(out=out)
    assert all(result is place for result, place in zip(results, out, strict=True))
    assert bits(out) == bits(expected)
    for result, base, old in zip(out, bases, before, strict=True):
        result[...] = 113
        assert base.tobytes() == old.tobytes()


def whole(a: np.ndarray) -> np.ndarray:
    """Return the array that owns the memory."""
    while isinstance(a.base, np.ndarray):
        a = a.base
    return a


@compact
@of_dtype
@pytest.mark.parametrize("layout", ["contiguous", "fortran", "stepped", "negative strides"])
@pytest.mark.parametrize("last", [1, 3, 10, 65, 1000])
@every_variant
def test_the_gradient_in_place(variant: Variant, last: int, layout: str, dtype: Any) -> None:
    inputs, rng = drawn(variant, (2 * BLOCK // last + 19, last), dtype)
    weight = rng.random(inputs.samples)
    for reduction in ("none", "mean"):
        expected = inputs(reduction=reduction, sample_weight=weight)
        y_pred = inputs.y_pred.copy() if layout == "contiguous" else LAYOUTS[layout](inputs.y_pred)
        results = inputs.replace(y_pred=y_pred)(reduction=reduction, sample_weight=weight, out=(None, y_pred, None))
        assert results[1] is y_pred
        assert bits(results) == bits(expected)
        y_pred = inputs.y_pred.copy()
        inputs.replace(y_pred=y_pred)("grad", reduction=reduction, sample_weight=weight, out=y_pred)
        assert bits(y_pred) == bits(expected[1])


@of_float
@every_variant
def test_a_reduced_value_into_an_array_without_axes(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (23, 10), dtype)
    for reduction in ("mean", "sum"):
        expected, grad = inputs("value_and_grad", reduction=reduction)
        for kind in FLOATS:
            out = np.full((), 113, kind)
            value, got = inputs("value_and_grad", reduction=reduction, out=(out, None))
            assert value is out
            assert out == kind.type(expected)
            assert bits(got) == bits(grad)


# -- shapes and axes --------------------------------------------------------------------------------------------------


@compact
@of_dtype
@pytest.mark.parametrize("shape", [(3, 5, 4, 6), (70, 5, 8), (2, 100, 9), (66, 2)], ids=str)
@pytest.mark.parametrize("variant", ROWWISE, ids=str)
def test_any_axis_gives_the_bits_of_the_last(variant: Variant, shape: tuple[int, ...], dtype: Any) -> None:
    for axis in range(-len(shape), len(shape)):
        classes = shape[axis]
        rest = tuple(n for i, n in enumerate(shape) if i != axis % len(shape))
        inputs, rng = drawn(variant, (*rest, classes), dtype)
        weight = rng.random(rest)
        value, *expected = inputs(sample_weight=weight)
        y_true = (
            inputs.y_true if variant.target == "index" else np.ascontiguousarray(np.moveaxis(inputs.y_true, -1, axis))
        )
        moved = inputs.replace(y_pred=np.ascontiguousarray(np.moveaxis(inputs.y_pred, -1, axis)), y_true=y_true)
        got_value, *got = moved(sample_weight=weight, axis=axis)
        assert bits(got_value) == bits(value)
        assert bits(tuple(np.moveaxis(x, axis, -1) for x in got)) == bits(tuple(expected)), axis


@compact
@of_float
@pytest.mark.parametrize("variant", ROWWISE, ids=str)
def test_one_row_without_an_axis_of_samples(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (1, 10), dtype)
    expected = inputs()
    if variant.refuses_one_row:
        with pytest.raises(ValueError, match="one row is y_true"):
            inputs.take(0)()
        return
    value, grad, hess = inputs.take(0)()
    assert bits((np.asarray(value)[None], grad[None], hess[None])) == bits(expected)
    assert isinstance(value, np.generic)
    assert inputs.take(0)("__call__", reduction="mean") == inputs("__call__", reduction="mean")


@of_float
@pytest.mark.parametrize("variant", [v for v in POINTWISE if v not in PAIRS], ids=str)
def test_a_single_element_gives_scalars(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (1,), dtype)
    results = inputs.replace(y_true=inputs.y_true[0], y_pred=inputs.y_pred[0])()
    assert all(isinstance(result, np.generic) and result.dtype == dtype for result in results)
    assert bits(tuple(np.asarray(result)[None] for result in results)) == bits(inputs())


@of_float
@pytest.mark.parametrize("variant", POINTWISE, ids=str)
def test_one_target_for_all(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (40, 3), dtype)
    one = inputs.y_true[0, 0]
    expected = bits(inputs.replace(y_true=np.full(inputs.samples, one))())
    assert bits(inputs.replace(y_true=one)()) == expected
    assert bits(inputs.replace(y_true=float(one))()) == expected


@pytest.mark.parametrize("variant", [v for v in POINTWISE if v.parameters == "other"], ids=str)
def test_parameters_may_be_arrays(variant: Variant) -> None:
    """Any array that broadcasts to `y_pred`'s shape; each place then has the bits of its own scalar."""
    inputs, rng = drawn(variant, (30, 4), np.float64)
    for parameter in variant.row.parameters:
        if parameter.kind != "element":
            continue
        name, value = parameter.name, inputs.keywords[parameter.name]
        another = next(factor * value for factor in (0.5, 1.5) if factor * value in parameter.domain)
        for shape in ((4,), (30, 1), (30, 4), (1,), ()):
            values = rng.choice([value, another], shape)
            results = inputs(**{name: values})
            each = np.broadcast_to(values, (30, 4))
            for scalar in np.unique(each):
                expected = inputs(**{name: scalar})
                assert bits(tuple(x[each == scalar] for x in results)) == bits(
                    tuple(x[each == scalar] for x in expected)
                ), (name, shape)


@every_variant
def test_the_prediction_may_be_given_by_name(variant: Variant) -> None:
    inputs, _ = drawn(variant, (20, 5))
    expected = bits(inputs())
    names = {"y_pred", variant.row.prediction}
    for name in names:
        for call in (
            variant.loss.value_grad_hess(inputs.y_true, **{name: inputs.y_pred}, reduction="none", **inputs.keywords),
            variant.loss.value_grad_hess(
                y_true=inputs.y_true, **{name: inputs.y_pred}, reduction="none", **inputs.keywords
            ),
        ):
            assert bits(call) == expected


# -- classes ----------------------------------------------------------------------------------------------------------


@compact
@of_float
@pytest.mark.parametrize("classes", [1, 2, 10, 65, 1000])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "class weights"])
@pytest.mark.parametrize("smoothing", [0.0, 0.125])
@pytest.mark.parametrize("variant", SMOOTHED, ids=str)
def test_one_hot_and_index_targets_give_the_same_number(
    variant: Variant, smoothing: float, weighted: bool, classes: int, dtype: Any
) -> None:
    inputs, rng = drawn(variant, (40, classes), dtype)
    keywords = {"label_smoothing": smoothing, "sample_weight": rng.random(40)}
    if weighted:
        keywords["class_weight"] = rng.integers(0, 9, classes) / 4 + 0.25
    eps = np.finfo(dtype).eps
    for kind in (dtype, np.int64, bool):
        one_hot = inputs.replace(y_true=np.eye(classes, dtype=kind)[inputs.y_true])
        for reduction in ("none", "sum", "mean"):
            value, grad, hess = inputs(reduction=reduction, **keywords)
            other = one_hot(reduction=reduction, **keywords)
            np.testing.assert_allclose(other[0], value, rtol=8 * eps, atol=0)
            # Of a loss that is not convex the Hessian is a difference.
            size = 0 if inputs.loss == fl.cross_entropy else abs(hess).max()
            np.testing.assert_allclose(other[2], hess, rtol=8 * eps, atol=8 * eps * size)
            assert abs(other[1] - grad).max() <= 8 * eps * max(abs(grad).max(), np.finfo(dtype).tiny)


@compact
@of_float
@pytest.mark.parametrize("classes", [2, 10, 65])
@pytest.mark.parametrize("variant", [v for v in INDEXED if v.parameters == "default"], ids=str)
def test_a_class_weight_multiplies_the_weight_of_the_sample(variant: Variant, classes: int, dtype: Any) -> None:
    inputs, rng = drawn(variant, (40, classes), dtype)
    class_weight = rng.integers(1, 9, classes + variant.row.target.levels) / 4
    sample_weight = rng.integers(1, 9, 40) / 4
    for reduction in ("none", "sum", "mean"):
        expected = inputs(reduction=reduction, sample_weight=sample_weight * class_weight[inputs.y_true])
        got = inputs(reduction=reduction, sample_weight=sample_weight, class_weight=class_weight)
        assert bits(got) == bits(expected), reduction
        assert bits(
            inputs(reduction=reduction, sample_weight=sample_weight, class_weight=class_weight.tolist())
        ) == bits(expected)


@compact
@of_float
@pytest.mark.parametrize("ignored", [0, 4, 9, -100, -1, 10, 255, 2**40])
@pytest.mark.parametrize("variant", [v for v in INDEXED if v.parameters == "default"], ids=str)
def test_ignored_rows_are_as_if_they_were_not_there(variant: Variant, ignored: int, dtype: Any) -> None:
    inputs, rng = drawn(variant, (60, 10), dtype)
    skip = rng.random(60) < 0.3
    inputs.y_true[skip] = ignored
    inputs.y_pred[skip] = rng.choice([np.nan, np.inf, -np.inf], size=inputs.y_pred[skip].shape)
    skip = inputs.y_true == ignored
    weight = rng.integers(1, 9, 60) / 4
    weight[skip] = rng.choice([np.nan, np.inf, -np.inf, -1, 1e-300, 1e300], size=skip.sum())
    for reduction in ("none", "sum", "mean"):
        value, grad, hess = inputs(reduction=reduction, ignore_index=ignored, sample_weight=weight)
        alone = inputs.take(~skip)(reduction=reduction, sample_weight=weight[~skip])
        assert bits((grad[~skip], hess[~skip])) == bits(alone[1:])
        assert positive_zero(grad[skip])
        assert positive_zero(hess[skip])
        if reduction == "none":
            assert bits(value[~skip]) == bits(alone[0])
            assert positive_zero(value[skip])
        else:
            assert value == pytest.approx(alone[0], rel=1e-6 if dtype == np.float32 else 1e-14, abs=0)
    inputs.y_true[:] = ignored
    assert [*map(positive_zero, inputs(reduction="mean", ignore_index=ignored))] == [True] * 3


@compact
@of_float
@pytest.mark.parametrize("variant", SOFT, ids=str)
def test_soft_targets_divide_by_the_weight_of_their_classes(variant: Variant, dtype: Any) -> None:
    """The mean divides by the sum over samples of sample_weight times the sum over classes of class_weight y."""
    inputs, rng = drawn(variant, (40, 10), dtype)
    y_true = inputs.y_true if variant.target == "soft" else np.eye(10)[inputs.y_true]
    sample_weight, class_weight = rng.random(40), rng.integers(1, 9, 10) / 4
    for smoothing in (0.0, 0.125):
        keywords = {"sample_weight": sample_weight, "class_weight": class_weight, "label_smoothing": smoothing}
        smoothed = y_true.astype(float) * (1 - smoothing) + smoothing / 10
        denominator = (sample_weight[:, None] * class_weight * smoothed).sum()
        total, mean = (inputs("__call__", reduction=reduction, **keywords) for reduction in ("sum", "mean"))
        assert mean == pytest.approx(total / denominator, rel=1e-6 if dtype == np.float32 else 1e-14, abs=0)


@compact
@of_float
@pytest.mark.parametrize(
    "variant", [v for v in VARIANTS if v.parameters == "default" and "label_smoothing" in v.loss.parameters], ids=str
)
def test_label_smoothing_is_a_smoothed_target(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (40, 10), dtype)
    y_true = np.eye(10)[inputs.y_true] if variant.target == "index" else inputs.y_true.astype(float)
    smoothed = (0.75 * y_true + 0.25 / (10 if variant.rowwise else 2)).astype(dtype)
    eps = np.finfo(dtype).eps
    for got, expected in zip(inputs(label_smoothing=0.25), inputs.replace(y_true=smoothed)(), strict=True):
        assert (abs(got - expected) <= 8 * eps * np.maximum(abs(expected), abs(expected).max())).all()


# -- a loss is an object ----------------------------------------------------------------------------------------------


@every_loss
def test_a_loss_describes_itself(loss: Any) -> None:
    row = next(row for row in fl.losses() if row.name == loss.name)
    assert getattr(fl, loss.name) is loss
    assert (loss.kind, loss.formula, loss.source) == (row.kind, row.formula, row.source)
    assert loss.kind in ("points", "rows", "totals")
    assert dict(loss.parameters) == {parameter.name: parameter.default for parameter in row.parameters}
    assert loss.name in repr(loss)
    assert loss.formula
    assert loss.source


@every_loss
def test_a_loss_is_picklable_hashable_and_comparable(loss: Any) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(loss, protocol))
        assert again == loss
        assert hash(again) == hash(loss)
    assert loss.bind() == loss
    assert [other for other in LOSSES if other == loss] == [loss]
    assert loss != "loss"


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v.parameters == "other"], ids=str)
def test_bound_parameters_are_defaults(variant: Variant) -> None:
    inputs, _ = drawn(variant, (40, 10))
    bound = variant.loss.bind(**inputs.keywords)
    for name, value in inputs.keywords.items():
        assert_array_equal(bound.parameters[name], value)
    assert bits(bound.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none")) == bits(inputs())
    assert bound.name == variant.loss.name
    again = pickle.loads(pickle.dumps(bound))
    same = variant.loss.bind(**inputs.keywords)
    assert again == bound == same
    assert hash(again) == hash(bound) == hash(same)
    assert bound != variant.loss
    assert bits(again.value_grad_hess(inputs.y_true, inputs.y_pred, reduction="none")) == bits(inputs())
    defaults = dict(variant.loss.parameters)
    plain = {name: defaults[name] for name in inputs.keywords}
    y_true = np.maximum(inputs.y_true, 0) if "labels" in plain else inputs.y_true
    assert bits(bound.value_grad_hess(y_true, inputs.y_pred, reduction="none", **plain)) == bits(
        inputs.replace(y_true=y_true, keywords={})()
    )
    assert variant.loss.parameters == defaults


def test_a_loss_cannot_be_changed() -> None:
    """Its domains were checked, it is a key of dictionaries, and compiled code was made for it."""
    for loss, name in ((fl.huber, "delta"), (fl.cross_entropy, "class_weight"), (fl.categorical_focal, "alpha")):
        given = np.array([1.0, 2.0])
        bound = loss.bind(**{name: given})
        before, expected = hash(bound), loss.bind(**{name: [1.0, 2.0]})
        given[0] = -5
        for held in (
            bound.parameters[name],
            bound.bind().parameters[name],
            pickle.loads(pickle.dumps(bound)).parameters[name],
        ):
            assert held.tolist() == [1, 2]
            with pytest.raises(ValueError, match="read-only"):
                held[0] = -7
        assert hash(bound) == before
        assert bound == expected
        bound.parameters[name] = None  # of the caller's own dictionary
        assert bound == expected
    with pytest.raises(AttributeError, match="immutable"):
        fl.huber.name = "other"
    with pytest.raises(AttributeError, match="immutable"):
        del fl.huber._row
    assert fl.huber([0.0], [1.0]) == 0.5


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_a_value_that_a_half_cannot_hold_is_no_warning(half: Any) -> None:
    out = np.zeros((), half)
    with np.errstate(all="raise"):
        for residual, expected in ((1e30, np.inf), (1e-30, 0)):
            assert fl.squared_error([0.0], [residual], out=out) is out
            assert out == expected


def test_binding_twice_keeps_what_was_bound() -> None:
    once = fl.binary_cross_entropy.bind(pos_weight=3.0)
    assert once.bind(label_smoothing=0.1) == fl.binary_cross_entropy.bind(pos_weight=3.0, label_smoothing=0.1)


def test_squared_errors_differ_by_the_half() -> None:
    assert fl.squared_error([0.0], [3.0]) == 9
    assert fl.half_squared_error([0.0], [3.0]) == 4.5
    assert fl.huber([0.0], [3.0], delta=1.0) == 2.5
    assert fl.absolute_error([0.0], [3.0]) == 3


# -- threads ----------------------------------------------------------------------------------------------------------


def test_the_number_of_threads_is_set_and_put_back() -> None:
    before = fl.get_num_threads()
    assert before >= 1
    with fl.num_threads(3):
        assert fl.get_num_threads() == 3
        with fl.num_threads(1):
            assert fl.get_num_threads() == 1
        assert fl.get_num_threads() == 3
    assert fl.get_num_threads() == before
    with pytest.raises(KeyError), fl.num_threads(2):
        raise KeyError
    assert fl.get_num_threads() == before
    fl.set_num_threads(2)
    assert fl.get_num_threads() == 2
    fl.set_num_threads(None)
    assert fl.get_num_threads() == before


def test_build_info_says_what_runs() -> None:
    info = fl.build_info()
    assert {
        "version",
        "isa",
        "isa_available",
        "compiler",
        "compile_flags",
        "openmp",
        "threads",
        "python",
        "numpy",
    } <= set(info)
    assert info["isa"] in info["isa_available"]
    assert info["version"] == fl.__version__
    assert info["numpy"] == np.__version__
    assert isinstance(info["openmp"], bool)
    assert "-ffast-math" not in str(info["compile_flags"])
