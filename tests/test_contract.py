"""What every call promises, whatever the loss: the same bits from every layout, thread count and entry point; weights,
masks, reductions and ``out=`` as documented. All of it runs over the catalogue: a new row is covered when it appears.
"""

from __future__ import annotations

import math
import pickle
from array import array as Buffer
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
from fastloss.rows import FIXED, TARGET

#: Of one target and one prediction, which most of the special tests below are about; and every loss, and sums of some.
LOSS_VARIANTS = list(cases.variants())
VARIANTS = list(cases.all_variants())
#: Those whose samples do not depend on each other.
APART = [variant for variant in VARIANTS if not variant.row.couples]
ROWWISE = [variant for variant in LOSS_VARIANTS if variant.rowwise]
POINTWISE = [variant for variant in LOSS_VARIANTS if not variant.rowwise]
INDEXED = [variant for variant in ROWWISE if variant.target == "index"]
#: Losses that take class indices as well as probabilities of the classes.
SMOOTHED = [v for v in INDEXED if v.parameters == "default" and "label_smoothing" in v.loss.parameters]
SOFT = [v for v in ROWWISE if v.parameters == "default" and "label_smoothing" in v.loss.parameters]
PAIRS = [variant for variant in POINTWISE if variant.row.axes == "2"]
LOSSES = [getattr(fl, row.name) for row in cases.ROWS]

every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)
every_variant_apart = pytest.mark.parametrize("variant", APART, ids=str)
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_dtype = pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
compact = pytest.mark.compact
pytestmark = pytest.mark.rotating(most=6)


def drawn(variant: Variant, shape: tuple[int, ...], dtype: Any = np.float32) -> tuple[Inputs, np.random.Generator]:
    rng = generator(str(variant), shape, str(dtype))
    return draw(variant, shape, dtype, rng), rng


def differentiated(inputs: Inputs) -> list[str]:
    return [operand.name for operand in inputs.row.differentiated]


def reductions_of(variant: Variant, *wanted: str) -> tuple[str, ...]:
    """Return those of some reductions that a loss has."""
    return ("mean",) if variant.row.couples else wanted


def flat(results: Any) -> tuple[Any, ...]:
    """Return the results of a call one after the other, derivatives by several arrays among them."""
    return tuple(one for result in results for one in flat(result)) if isinstance(results, tuple) else (results,)


def results_of(inputs: Inputs, method: str, **keywords: Any) -> dict[tuple[str, str], Any]:
    """Return what a method returns, by part and array."""
    results = inputs(method, **keywords)
    returned = inputs.methods[method]
    return dict(zip(returned, results if len(returned) > 1 else (results,), strict=True))


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
    """Of each array of a call, of weights and of a mask; then of all of them."""
    if not cases.fits(layout, dtype):
        pytest.skip("ml_dtypes has no byte order")
    inputs, rng = drawn(variant, shape, dtype)
    given = {"sample_weight": rng.random(inputs.samples), "where": rng.random(inputs.samples) < 0.8}
    plain = inputs.arrays | given
    arranged = {name: LAYOUTS[layout](array) for name, array in plain.items()}
    if variant.target == "soft" and layout == "columns stride 0" and variant.row.axes == "C":
        arranged["y_true"] = plain["y_true"]  # which add up to 1
    before = bits(tuple(arranged.values()))
    for names in ((name,) for name in plain) if "stride 0" in layout else (*((name,) for name in plain), tuple(plain)):
        arrays, copies = dict(plain), dict(plain)
        for name in names:
            arrays[name], copies[name] = arranged[name], np.ascontiguousarray(arranged[name])
        results = [
            inputs.replace(**{name: of[name] for name in inputs.arrays})(
                n_threads=1, **{name: of[name] for name in given}
            )
            for of in (arrays, copies)
        ]
        assert bits(results[0]) == bits(results[1]), names
    assert bits(tuple(arranged.values())) == before


@compact
@of_float
@every_variant
def test_a_memory_mapped_file_gives_the_bits_of_its_copy(variant: Variant, dtype: Any, tmp_path: Any) -> None:
    inputs, _ = drawn(variant, (130, 10), dtype)
    mapped = cases.memory_mapped(tmp_path)
    assert bits(inputs.each(mapped)()) == bits(inputs())


@of_float
@pytest.mark.parametrize("offset", range(0, 64, 4))
@every_variant
def test_every_offset_into_a_cache_line(variant: Variant, offset: int, dtype: Any) -> None:
    inputs, _ = drawn(variant, (13, 17), dtype)
    expected = bits(inputs())
    for name, array in inputs.arrays.items():
        buffer = np.zeros(array.nbytes + 128, np.uint8)
        start = -buffer.ctypes.data % 64 + offset
        moved = buffer[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        moved[...] = array
        assert bits(inputs.replace(**{name: moved})()) == expected, name


@of_float
@every_variant
def test_targets_and_weights_of_any_real_dtype(variant: Variant, dtype: Any) -> None:
    """Numbers that both dtypes can hold give the same bits whatever dtype they come in: in all that is not
    differentiated, as the type of that is computed in."""
    inputs, rng = drawn(variant, (50, 10), dtype)
    weight = rng.integers(0, 5, inputs.samples)
    for operand in inputs.row.operands:
        if operand.role == FIXED:
            inputs.arrays[operand.name] = cases.whole_numbers(
                operand.domain, inputs.arrays[operand.name].shape, rng
            ).astype(dtype)
    expected = bits(inputs(sample_weight=weight))
    for operand in inputs.row.operands:
        if operand.role == FIXED:
            for kind in (np.float64, np.float32, *HALVES, np.int8, np.int64):
                given = inputs.arrays[operand.name].astype(kind)
                assert bits(inputs.replace(**{operand.name: given})(sample_weight=weight)) == expected, kind
    for kind in (np.float64, np.float32, *HALVES, np.uint8, np.int64):
        assert bits(inputs(sample_weight=weight.astype(kind))) == expected, kind
    if "y_true" not in inputs.arrays:
        return
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
        y_true = cases.whole_numbers(domain, inputs.y_true.shape, rng).astype(float)
        inputs.y_true = np.eye(10)[rng.integers(10, size=50)] if variant.rowwise and not variant.one_of_row else y_true
        kinds = (np.float64, np.float32, *HALVES, np.int8, np.uint64, np.bool_)
        kinds = [kind for kind in kinds if (inputs.y_true.astype(kind) == inputs.y_true).all()]
    for kind in kinds:
        got = bits(inputs.replace(y_true=inputs.y_true.astype(kind))(sample_weight=weight))
        expected = expected or got
        assert got == expected, kind


@every_variant
def test_integers_and_lists_are_converted_to_float64(variant: Variant) -> None:
    inputs, rng = drawn(variant, (12, 3))
    names, domain = (
        differentiated(inputs),
        variant.row.differentiated[0].domain if variant.row.several else variant.predicted,
    )
    whole = {name: cases.whole_numbers(domain, inputs.arrays[name].shape, rng) for name in names}
    inputs = inputs.replace(**whole)
    expected = bits(inputs.replace(**{name: array.astype(float) for name, array in whole.items()})())
    assert variant.row.couples or expected[0][0] == np.float64
    for kind in (np.int64, np.int8):
        assert bits(inputs.replace(**{name: array.astype(kind) for name, array in whole.items()})()) == expected
    assert bits(inputs.each(lambda array: array.tolist())()) == expected
    flags = {name: array > 0 for name, array in whole.items()}
    floats = {name: array.astype(float) for name, array in flags.items()}
    assert bits(inputs.replace(**flags)()) == bits(inputs.replace(**floats)())


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
    assert bits(inputs.each(wrap)()) == bits(inputs())


def test_an_array_of_the_standard_library() -> None:
    assert fl.squared_error(Buffer("f", [1, 2]), Buffer("f", [3, 5]), reduction="sum") == 13


@of_dtype
@every_variant
def test_a_new_gradient_has_the_memory_order_and_the_dtype_of_y_pred(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (6, 5, 4), dtype)
    for order in ("C", "F"):
        for result in inputs.each(lambda array: np.asarray(array, order=order))()[1:]:  # noqa: B023
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
    if reduction not in reductions_of(variant, "none", "mean"):
        pytest.skip("it has a mean alone")
    shape = (
        (max(3, 140_000 // classes) + 7, classes) if variant.row.axes in ("C", "D") else (140_007 // classes, classes)
    )
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
    if reduction not in reductions_of(variant, "none", "sum", "mean"):
        pytest.skip("it has a mean alone")
    inputs, rng = drawn(variant, (29, last), dtype)
    keywords = {"reduction": reduction, "sample_weight": rng.random(inputs.samples)}
    together = results_of(inputs, inputs.every, **keywords)
    for method in inputs.methods:
        for part, result in results_of(inputs, method, **keywords).items():
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
    if method not in inputs.methods:
        pytest.skip("it has no Hessian")
    inputs = inputs.replace(loss=variant.loss.bind(**inputs.keywords), keywords={})
    call, arrays, returned = getattr(inputs.loss, method), inputs.arrays, inputs.methods[method]
    every = {"sample_weight": None, "where": None, "normalizer": None, "out": None, "n_threads": None}
    for reduction in reductions_of(variant, "mean", "sum", "none"):
        expected = inputs(method, reduction=reduction, **every)
        assert type(expected) is type(inputs(method, reduction=reduction))
        assert bits(inputs(method, reduction=reduction)) == bits(expected)
        assert bits(inputs(method, reduction=reduction, n_threads=2)) == bits(expected)
        *first, last = arrays
        by_name = call(*(arrays[name] for name in first), **{last: arrays[last]}, reduction=reduction)
        assert bits(flat(by_name)) == bits(flat(expected))
        out = tuple(None if part == "value" else np.full_like(arrays[name], 113) for part, name in returned)
        results = inputs(method, reduction=reduction, out=out)
        assert bits(results) == bits(expected)
        for place, result in zip(out, results if len(out) > 1 else (results,), strict=True):
            assert place is None or result is place
    assert bits(flat(call(*arrays.values()))) == bits(flat(inputs(method, reduction="mean", **every)))


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
@every_variant_apart
def test_every_size_is_the_beginning_of_a_larger_one(variant: Variant, size: int, dtype: Any) -> None:
    inputs, rng = drawn(variant, (2 * BLOCK + 3, 5) if variant.row.axes in ("C", "D") else (2 * BLOCK + 3,), dtype)
    weight = rng.random(inputs.samples)
    expected = tuple(result[:size] for result in inputs(sample_weight=weight))
    assert bits(inputs.take(slice(size))(sample_weight=weight[:size])) == bits(expected)


@compact
@of_float
@every_variant_apart
def test_shuffled_samples_give_shuffled_results(variant: Variant, dtype: Any) -> None:
    """Every sample passes through another lane or tail; repeated samples give repeated bits."""
    inputs, rng = drawn(variant, (701, 10) if variant.row.axes in ("C", "D") else (7001,), dtype)
    order = rng.integers(inputs.samples[0], size=inputs.samples[0] + 13)
    assert bits(inputs.take(order)()) == bits(tuple(result[order] for result in inputs()))


@settings(max_examples=60)
@given(data=st.data())
def test_any_numbers_give_the_bits_they_give_alone(data: st.DataObject) -> None:
    """Special numbers beside ordinary ones, in every place of a vector."""
    variant = data.draw(st.sampled_from(APART))
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
    domain = variant.row.predicted if variant.row.several else variant.predicted
    chosen = np.array([x for x in chosen if x != x or float(x) in domain], dtype)
    for operand in variant.row.operands:
        if operand.role != TARGET:
            array = inputs.arrays[operand.name]
            places = rng.random(array.shape) < data.draw(st.sampled_from([0.0, 0.1, 0.5]))
            array[places] = rng.choice(chosen, places.sum())
    results = inputs()
    order = data.draw(st.permutations(range(rows)))
    assert bits(inputs.take(list(order))()) == bits(tuple(result[list(order)] for result in results))
    i = data.draw(st.integers(0, rows - 1))
    assert bits(inputs.take(slice(i, i + 1))()) == bits(tuple(result[i : i + 1] for result in results))


@compact
@of_float
@every_variant_apart
def test_a_nan_stays_in_its_sample(variant: Variant, dtype: Any) -> None:
    """Of any array that holds numbers: value and gradient of the sample are NaN, all others keep their bits."""
    inputs, _ = drawn(variant, (40, 5) if variant.row.axes in ("C", "D") else (40,), dtype)
    inputs.keywords.pop("ignore_index", None)
    plain, rest = inputs(), np.arange(40) != 3
    for operand in variant.row.operands:
        array = inputs.arrays[operand.name].copy()
        if operand.role == TARGET:
            continue  # it may be an integer, or nothing that the result depends on
        array[(3, *[-1] * (array.ndim - 1))] = np.nan
        results = inputs.replace(**{operand.name: array})()
        for (part, _), got, expected in zip(inputs.methods[inputs.every], results, plain, strict=True):
            assert part == "hess" or np.isnan(got[3]).all(), operand.name  # a constant one may stay
            assert bits(got[rest]) == bits(expected[rest]), operand.name


# -- weights and masks ------------------------------------------------------------------------------------------------


@compact
@of_float
@every_variant
def test_weight_two_doubles_and_weight_one_changes_nothing(variant: Variant, dtype: Any) -> None:
    inputs, rng = drawn(variant, (130, 10), dtype)
    for reduction in reductions_of(variant, "none", "sum"):
        plain = inputs(reduction=reduction)
        assert bits(inputs(reduction=reduction, sample_weight=1)) == bits(plain)
        doubled = plain if variant.row.couples else tuple(2 * x for x in plain)
        assert bits(inputs(reduction=reduction, sample_weight=np.full(inputs.samples, 2.0))) == bits(doubled)
    weight = rng.random(inputs.samples)
    mean = inputs(reduction="mean", sample_weight=weight)
    assert bits(inputs(reduction="mean", sample_weight=2 * weight)) == bits(mean)


@compact
@of_float
@pytest.mark.parametrize("variant", [v for v in APART if not v.row.terms], ids=str)  # a sum rounds what cancels
def test_a_weight_multiplies(variant: Variant, dtype: Any) -> None:
    """The value with one rounding; gradient and Hessian, whose factors are multiplied first, with more on each side."""
    inputs, rng = drawn(variant, (130, 10), dtype)
    weight = rng.random(inputs.samples).astype(dtype)
    # The product of two weights is rounded too, and a value that was made in float64 is rounded on each side.
    vectors = variant.row.kind == "vectors"
    ulps = {"value": 2 if "class_weight" in inputs.keywords or vectors else 1, "grad": 4, "hess": 6}
    plain = results_of(inputs, inputs.every)
    for (part, name), got in results_of(inputs, inputs.every, sample_weight=weight).items():
        own = weight if part == "value" else inputs.per_sample(weight, name)
        expected = np.longdouble(plain[part, name]) * np.longdouble(own)
        size = abs(expected)
        if vectors and part == "grad":  # an element is what is left of two terms
            size = size.max(axis=-1, keepdims=True)
        assert (abs(got - expected) <= ulps[part] * np.spacing(size.astype(dtype))).all(), (part, name)


@every_variant_apart
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
@every_variant_apart
def test_a_place_that_is_left_out(variant: Variant, how: str, last: int, dtype: Any) -> None:
    """Value and gradient exactly +0 even where its input is NaN, its label or its masked weight nonsense; nothing else
    changes."""
    inputs, rng = drawn(variant, (90, last), dtype)
    keep = rng.random(inputs.samples) < 0.6
    weight = rng.integers(1, 9, inputs.samples) / 4
    expected = inputs(sample_weight=weight)
    assert keep.any()
    assert not keep.all()
    poisoned = inputs.each(np.copy)
    for operand in variant.row.operands:
        array = poisoned.arrays[operand.name]
        if operand.role == TARGET:
            array[~keep] = last + 5 if variant.target == "index" else 7
        else:
            array[~keep] = rng.choice([np.nan, np.inf, -np.inf, 1e30], size=array[~keep].shape)
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
        value, *derivatives = poisoned(reduction=reduction, **keywords)
        if keep.ndim == 1:
            alone = inputs.take(keep)(reduction=reduction, sample_weight=weight[keep])
            assert value == pytest.approx(alone[0], rel=1e-6 if dtype == np.float32 else 1e-14, abs=0)
            for result, left in zip(derivatives, alone[1:], strict=True):
                if reduction == "sum":
                    assert bits(result[keep]) == bits(left)
                else:  # the denominator's sum has other blocks
                    np.testing.assert_allclose(result[keep], left, rtol=4 * float(np.finfo(dtype).eps), atol=0)
        else:
            assert math.isfinite(value)
        assert all(positive_zero(result[~keep]) for result in derivatives)


@compact
@of_float
@pytest.mark.parametrize("method", METHODS)
@every_variant
def test_nothing_left_to_average(variant: Variant, method: str, dtype: Any) -> None:
    """All masked, all weights 0, an empty batch: value 0.0 and gradient 0, never NaN."""
    inputs, _ = drawn(variant, (40, 10), dtype)
    if method not in inputs.methods:
        pytest.skip("it has no Hessian")
    for name in differentiated(inputs):
        inputs.arrays[name][::2] = np.nan
    empty = inputs.take(slice(0))
    for reduction in reductions_of(variant, "mean", "sum", "none"):
        for call, keywords in (
            (inputs, {"where": False}),
            (inputs, {"sample_weight": 0}),
            (inputs, {"where": np.zeros(inputs.samples, bool)}),
            (empty, {}),
        ):
            for (part, name), result in results_of(call, method, reduction=reduction, **keywords).items():
                assert positive_zero(result), part
                if part == "value" and reduction != "none":
                    assert isinstance(result, float)
                else:
                    assert result.dtype == dtype
                    assert result.shape == (call.samples if part == "value" else call.arrays[name].shape)


@every_variant
def test_inputs_are_never_written(variant: Variant) -> None:
    inputs, rng = drawn(variant, (40, 10))
    weight = rng.random(inputs.samples)
    where = rng.random(inputs.samples) < 0.5
    before = bits((*inputs.arrays.values(), weight, where))
    inputs(sample_weight=weight, where=where)
    inputs(sample_weight=weight, where=where, reduction="mean")
    assert bits((*inputs.arrays.values(), weight, where)) == before


# -- reductions -------------------------------------------------------------------------------------------------------


@compact
@of_float
@every_variant_apart
def test_gradient_and_hessian_belong_to_the_returned_value(variant: Variant, dtype: Any) -> None:
    """With "none" they are those of the sum; a normalizer that is a power of two divides them exactly."""
    inputs, _ = drawn(variant, (64, 16), dtype)
    _, *derivatives = inputs(reduction="none")
    total, *of_sum = inputs(reduction="sum")
    assert bits(tuple(of_sum)) == bits(tuple(derivatives))
    value, *of_mean = inputs(reduction="mean", normalizer=64)
    assert value == total / 64
    assert bits(tuple(of_mean)) == bits(tuple(result / dtype.type(64) for result in derivatives))


@compact
@of_float
@pytest.mark.parametrize(
    "variant", [v for v in APART if v.parameters == "default" and not (v.rowwise and v.target == "soft")], ids=str
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
        assert bits(inputs.loss(*inputs.arrays.values(), **keywords)) == bits(expected[0])  # "mean" is the default
    value = inputs("__call__", reduction="sum", sample_weight=weight)
    assert inputs("__call__", reduction="mean", sample_weight=weight) == pytest.approx(
        value / weight.sum(), rel=4e-16, abs=0
    )


@pytest.mark.parametrize("variant", [v for v in APART if v.parameters == "default"], ids=str)
def test_micro_batches_add_up_with_a_normalizer(variant: Variant) -> None:
    inputs, _ = drawn(variant, (96, 10), np.float64)
    count = math.prod(inputs.samples)
    value, *derivatives = inputs(reduction="mean", normalizer=count)
    parts = [inputs.take(slice(start, start + 32))(reduction="mean", normalizer=count) for start in (0, 32, 64)]
    assert sum(part[0] for part in parts) == pytest.approx(value, rel=1e-14, abs=0)
    for whole, *of_parts in zip(derivatives, *(part[1:] for part in parts), strict=True):
        assert bits(np.concatenate(of_parts)) == bits(whole)


# -- out= -------------------------------------------------------------------------------------------------------------


@compact
@of_dtype
@pytest.mark.parametrize("last", [1, 10, 65, 1000])
@every_variant_apart
def test_out_takes_the_results(variant: Variant, last: int, dtype: Any) -> None:
    inputs, _ = drawn(variant, (23, last), dtype)
    expected = inputs()
    out = tuple(np.full_like(result, 113) for result in expected)
    results = inputs(out=out)
    assert all(result is place for result, place in zip(results, out, strict=True))
    assert bits(out) == bits(expected)
    for k in range(1, len(expected)):
        place = np.full_like(expected[k], 113)
        results = inputs(out=tuple(place if j == k else None for j in range(len(expected))))
        assert results[k] is place
        assert bits(results) == bits(expected)
    if len(differentiated(inputs)) == 1:
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
@every_variant_apart
def test_out_of_another_dtype(variant: Variant, last: int, wanted: Any, given: Any) -> None:
    """The result in the compute dtype, rounded once."""
    inputs, _ = drawn(variant, (23, last), given)
    compute = np.promote_types(given, np.float32) if given in FLOATS else np.dtype(np.float32)
    wide = inputs.replace(**{name: inputs.arrays[name].astype(compute) for name in differentiated(inputs)})
    out = tuple(np.full(shape, 113, wanted) for shape in inputs.shapes())
    inputs(out=out)
    assert bits(out) == bits(tuple(cases.rounded_once(result, wanted) for result in wide()))


@compact
@of_float
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if "stride 0" not in name and name != "read-only"])
@pytest.mark.parametrize("last", [3, 10, 100])
@every_variant_apart
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
    names = differentiated(inputs)
    for reduction in reductions_of(variant, "none", "mean"):
        expected = inputs(reduction=reduction, sample_weight=weight)
        for overwritten in {tuple(names), *((name,) for name in names)}:
            for method in (inputs.every, "grad"):
                arrange = np.copy if layout == "contiguous" or method == "grad" else LAYOUTS[layout]
                own = {name: arrange(inputs.arrays[name]) for name in names}
                returned = inputs.methods[method]
                out = tuple(own[name] if part == "grad" and name in overwritten else None for part, name in returned)
                results = inputs.replace(**own)(method, reduction=reduction, sample_weight=weight, out=out)
                results = dict(zip(returned, flat(results), strict=True))
                assert all(results["grad", name] is own[name] for name in overwritten)
                wanted = dict(zip(inputs.methods[inputs.every], expected, strict=True))
                assert all(bits(result) == bits(wanted[what]) for what, result in results.items())


@of_float
@every_variant
def test_a_reduced_value_into_an_array_without_axes(variant: Variant, dtype: Any) -> None:
    inputs, _ = drawn(variant, (23, 10), dtype)
    for reduction in reductions_of(variant, "mean", "sum"):
        expected, *gradients = inputs("value_and_grad", reduction=reduction)
        for kind in FLOATS:
            out = np.full((), 113, kind)
            value, *got = inputs("value_and_grad", reduction=reduction, out=(out, *[None] * len(gradients)))
            assert value is out
            assert out == kind.type(expected)
            assert bits(tuple(got)) == bits(tuple(gradients))


# -- what is refused --------------------------------------------------------------------------------------------------


def no_number_of(variant: Variant, inputs: Inputs, name: str) -> Any:
    """Return what is not in the domain of an array, None where every number is."""
    if name == "sample_weight":
        return np.nan
    operand = next(operand for operand in variant.row.operands if operand.name == name)
    if variant.target == "index" and operand.role == TARGET:
        return 4 + variant.row.target.levels
    domain = operand.domain
    if not variant.row.several:
        given = variant.row.targets if operand.role == TARGET else variant.row.predictions
        domain = given({p.name: p.default for p in variant.row.parameters} | inputs.given)
    return 7 if domain.ends_only or domain.high < 7 else domain.low - 1 if math.isfinite(domain.low) else None


@pytest.mark.parametrize("fault", ["shape", "words", "complex", "number"])
@every_variant
def test_the_array_that_is_wrong_is_named(variant: Variant, fault: str) -> None:
    """Before anything is written: each array of a call, and what belongs to its samples."""
    inputs, _ = drawn(variant, (6, 4), np.float64)
    inputs.keywords.pop("ignore_index", None)
    samples = {"sample_weight": np.ones(inputs.samples), "where": np.ones(inputs.samples, bool)}
    places = [np.full_like(inputs.arrays[name], 113) for name in differentiated(inputs)]
    for name, array in (inputs.arrays | samples).items():
        if fault == "number":
            bad = None if name == "where" else no_number_of(variant, inputs, name)
            if bad is None:
                continue
            wrong = array.copy()
            wrong[2] = bad
            error, said = ValueError, rf"\b{name}\[2(, \d)*\] "
        else:
            types = {"words": str, "complex": complex}
            wrong = array[:-1] if fault == "shape" else array.astype(types[fault])
            error, said = ValueError if fault == "shape" else TypeError, rf"\b{name}\b"
        given = {name: wrong}
        own, keywords = (inputs, given) if name in samples else (inputs.replace(**given), {})
        for out in ({}, {"out": tuple(places) if len(places) > 1 else places[0]}):  # the short way, and the long one
            other = "|out" if out and fault == "shape" else ""  # which no longer goes with the prediction
            if fault == "shape" and not out and given.keys() == inputs.arrays.keys():
                continue  # there is no other array that it would not go with
            with pytest.raises(error, match=said + other):
                own("grad", **keywords, **out)
        assert all((place == 113).all() for place in places)


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
        y_true = inputs.y_true if variant.one_of_row else np.ascontiguousarray(np.moveaxis(inputs.y_true, -1, axis))
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
def test_arrays_may_be_given_by_name(variant: Variant) -> None:
    inputs, _ = drawn(variant, (20, 5))
    expected, keywords = bits(inputs()), {"reduction": reductions_of(variant, "none")[0]} | inputs.keywords
    method, first = getattr(inputs.loss, inputs.every), next(iter(inputs.arrays))
    named = [inputs.arrays]
    if not variant.row.several:
        named.append({"y_true": inputs.y_true, "y_pred": inputs.y_pred})
    for arrays in named:
        others = {name: array for name, array in arrays.items() if name != first}
        for results in (method(**arrays, **keywords), method(arrays[first], **others, **keywords)):
            assert bits(flat(results)) == expected


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
    "variant",
    [v for v in VARIANTS if v.parameters == "default" and "label_smoothing" in v.loss.parameters and not v.row.several],
    ids=str,
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
    assert bits(inputs.replace(loss=bound, keywords={})()) == bits(inputs())
    assert bound.name == variant.loss.name
    again = pickle.loads(pickle.dumps(bound))
    same = variant.loss.bind(**inputs.keywords)
    assert again == bound == same
    assert hash(again) == hash(bound) == hash(same)
    assert bound != variant.loss
    assert bits(inputs.replace(loss=again, keywords={})()) == bits(inputs())
    defaults = dict(variant.loss.parameters)
    plain = {name: defaults[name] for name in inputs.keywords}
    given = inputs.replace(y_true=np.maximum(inputs.y_true, 0)) if "labels" in plain else inputs
    assert bits(given.replace(loss=bound, keywords=plain)()) == bits(given.replace(keywords={})())
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


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("offset", [0, 1, 5])
@pytest.mark.parametrize("loss", ["huber", "log_cosh", "margin_ranking"])
def test_gradients_stored_around_the_cache_have_the_bits_of_others(loss: str, offset: int, n_threads: int) -> None:
    """Those of 32 MiB and more, whose lines of the cache begin where they like."""
    size, rng = (1 << 23) + 1027, cases.generator("large", loss, offset)
    function, predictions = getattr(fl, loss), 2 if loss == "margin_ranking" else 1
    y_true = rng.choice(np.float32([-1, 1]), size)
    given = [rng.standard_normal(size, dtype=np.float32) for _ in range(predictions)]
    memory = [np.full(size + 16, 7, dtype=np.float32) for _ in range(predictions)]
    outs = [array[offset : offset + size] for array in memory]
    out = outs[0] if predictions == 1 else tuple(outs)
    function.grad(y_true, *given, reduction="sum", out=out, n_threads=n_threads)
    for start in range(0, size, 1 << 20):
        piece = slice(start, start + (1 << 20))
        expected = function.grad(y_true[piece], *(array[piece] for array in given), reduction="sum")
        for found, right in zip(outs, expected if predictions == 2 else (expected,), strict=True):
            assert (found[piece] == right).all()
    for array in memory:
        assert (array[:offset] == 7).all()
        assert (array[offset + size :] == 7).all()
