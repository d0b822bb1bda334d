"""Losses of several arrays, those of users too: several gradients, their names and places, and types that differ.

What those of the package promise as all losses do is in ``test_contract.py``, in more shapes and types.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import accuracy
import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, METHODS, arrays_of, bits, every_method, generator
from own_losses import OWN
from test_plain import long_way

import fastloss as fl
from fastloss.rows import FIXED, PREDICTION, TARGET, RowTarget
from fastloss.runtime import current_engine

#: On the engine of Numba those that it has kernels of.
ROWS = [row for row in cases.OF_SAMPLES if row.several and (row.kind == "points" or current_engine() == "compiled")]
ROWS += [loss._row for loss in OWN]
of_rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
PAIRED = [row for row in ROWS if len(row.differentiated) > 1]
of_paired = pytest.mark.parametrize("row", PAIRED, ids=lambda row: row.name)


def methods_of(row: Any) -> dict[str, Any]:
    return {name: parts for name, parts in METHODS.items() if not (row.no_hessian and "hess" in parts)}


def every_result(row: Any) -> Any:
    return getattr(fl.Loss(row), every_method(row))


def as_tuple(derivative: Any) -> tuple[Any, ...]:
    return derivative if isinstance(derivative, tuple) else (derivative,)


# -- accuracy ---------------------------------------------------------------------------------------------------------

#: Far from 0 and near it, and near each other: what is left of a difference has to be right.
REGIMES: dict[str, Callable[[dict[str, Any], np.random.Generator], None]] = {}


def regime(function: Any) -> Any:
    REGIMES[function.__name__] = function
    return function


@regime
def ordinary(arrays: dict[str, Any], rng: np.random.Generator) -> None:
    """As drawn."""


@regime
def large(arrays: dict[str, Any], rng: np.random.Generator) -> None:
    for array in arrays.values():
        if np.unique(array).size > 2:
            array *= 30


@regime
def tiny(arrays: dict[str, Any], rng: np.random.Generator) -> None:
    for array in arrays.values():
        if np.unique(array).size > 2:
            array *= array.dtype.type(2.0**-20)


@regime
def near_each_other(arrays: dict[str, Any], rng: np.random.Generator) -> None:
    continuous = [array for array in arrays.values() if np.unique(array).size > 2]
    for array in continuous[1:]:
        array[...] = continuous[0] * (1 + rng.integers(-8, 9, array.shape) * np.finfo(array.dtype).eps)


POINTS = [row for row in ROWS if row.kind == "points" and not row.axes and row.name in oracle.ORACLE]


VARIANTS = list(cases.variants_of(POINTS))


@of_floats
@pytest.mark.parametrize("regime", REGIMES)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_result_is_right(variant: cases.Variant, regime: str, dtype: Any) -> None:
    """4 units in the last place, or what the loss says of itself, against the textbook in mpmath: values, and gradients
    and Hessians by each array.
    """
    rng = generator("several", variant.row.name, regime, dtype)
    inputs = cases.draw(variant, (60,), dtype, rng)
    REGIMES[regime](inputs.arrays, rng)
    accuracy.measure(inputs, dtype).check(accuracy.widened(variant, dtype, dict.fromkeys(accuracy.PARTS, 4)))


# -- what belongs to samples ------------------------------------------------------------------------------------------


@of_floats
@of_rows
def test_weights_masks_and_reductions(row: Any, dtype: Any) -> None:
    """The mean is that of weighted losses over the weights; what is left out adds nothing, whatever it holds."""
    rng = generator("several weights", row.name, dtype)
    arrays, samples = arrays_of(row, (7, 30), dtype, rng), (7, 30)
    weight, where = rng.integers(0, 4, samples) / 4, rng.random(samples) < 0.7
    kept = where & (weight > 0)
    assert 0 < kept.sum() < kept.size
    loss, method = fl.Loss(row), every_result(row)
    each = loss(*arrays.values(), reduction="none").astype(np.float64)
    plain = method(*arrays.values(), reduction="sum")[1:]
    for operand in row.operands:
        if operand.role != TARGET:
            arrays[operand.name][~kept] = np.nan
    value, *derivatives = method(*arrays.values(), sample_weight=weight, where=where)
    total = (weight * where).sum()
    assert value == pytest.approx((each * weight)[kept].sum() / total, rel=1e-5)
    for derivative, of_sum in zip(derivatives, plain, strict=True):
        for own, whole, operand in zip(as_tuple(derivative), as_tuple(of_sum), row.differentiated, strict=True):
            scale = weight[..., None] if operand.axes else weight
            expected = whole.astype(np.float64) * scale / total
            unit = np.finfo(dtype).smallest_subnormal  # below which nothing is left to compare
            np.testing.assert_allclose(own[kept], expected[kept], rtol=1e-5, atol=unit)
            assert not own[~kept].any()
            assert not np.signbit(own[~kept]).any()
    nothing = loss.value_and_grad(*arrays.values(), where=False)
    assert nothing[0] == 0
    assert not any(own.any() for own in as_tuple(nothing[1]))
    none = loss(*arrays.values(), reduction="none", where=where, sample_weight=weight)
    assert none.shape == samples
    assert not none[~kept].any()
    normalized = loss.grad(*arrays.values(), sample_weight=weight, where=where, normalizer=float(total))
    assert bits(normalized) == bits(derivatives[0])


@of_rows
def test_a_nan_stays_in_its_sample(row: Any) -> None:
    rng = generator("several nan", row.name)
    arrays = arrays_of(row, (40,), np.float64, rng)
    method = every_result(row)
    clean = method(*arrays.values(), reduction="none")
    for operand in row.operands:
        if operand.role == TARGET:
            continue
        spoilt = dict(arrays, **{operand.name: arrays[operand.name].copy()})
        spoilt[operand.name][3] = np.nan
        value, *derivatives = method(*spoilt.values(), reduction="none")
        assert np.isnan(value[3])
        assert np.isfinite(np.delete(value, 3)).all()
        for derivative, before in zip(derivatives, clean[1:], strict=True):
            for own, other in zip(as_tuple(derivative), as_tuple(before), strict=True):
                assert row.made_by or np.isnan(own[3]).all()  # what a user's formula makes of it is its own affair
                assert bits(np.delete(own, 3, 0)) == bits(np.delete(other, 3, 0))


# -- the same bits ----------------------------------------------------------------------------------------------------


@of_floats
@of_rows
def test_the_layout_of_each_array_changes_nothing(row: Any, dtype: Any) -> None:
    rng = generator("several layouts", row.name, dtype)
    arrays = arrays_of(row, (9, 130), dtype, rng)
    for operand in row.operands:
        for name, laid_out in cases.LAYOUTS.items():
            given = dict(arrays, **{operand.name: laid_out(arrays[operand.name])})
            copied = dict(given, **{operand.name: given[operand.name].copy()})
            results = [bits(every_result(row)(*each.values())) for each in (given, copied)]
            assert results[0] == results[1], (operand.name, name)


@of_rows
def test_threads_and_batches_change_nothing(row: Any) -> None:
    rng = generator("several threads", row.name)
    arrays = arrays_of(row, (70_000,), np.float32, rng)
    results = [every_result(row)(*arrays.values(), n_threads=n, reduction="sum") for n in (1, 2, 5)]
    assert bits(results[0]) == bits(results[1]) == bits(results[2])
    some = every_result(row)(*(array[1000:1100] for array in arrays.values()), reduction="sum")
    for derivative, whole in zip(some[1:], results[0][1:], strict=True):
        for own, of_all in zip(as_tuple(derivative), as_tuple(whole), strict=True):
            assert bits(own) == bits(of_all[1000:1100])


@of_rows
def test_methods_agree(row: Any) -> None:
    rng = generator("several methods", row.name)
    arrays = arrays_of(row, (100,), np.float32, rng)
    loss = fl.Loss(row)
    whole = dict(zip(("value", "grad", "hess"), every_result(row)(*arrays.values()), strict=False))
    for name, parts in methods_of(row).items():
        results = getattr(loss, name)(*arrays.values()) if name != "__call__" else loss(*arrays.values())
        results = results if len(parts) > 1 else (results,)
        for part, result in zip(parts, results, strict=True):
            assert bits(result) == bits(whole[part]), (name, part)
    if row.no_hessian:
        with pytest.raises(TypeError, match="has no diagonal of the Hessian"):
            loss.grad_and_hess(*arrays.values())


@pytest.mark.parametrize("half", HALVES, ids=str)
@of_rows
def test_types_of_each_array(row: Any, half: Any) -> None:
    """Each gradient has its own array's type; everything is computed in the widest."""
    rng = generator("several types", row.name, half)
    arrays = arrays_of(row, (50,), np.float32, rng)
    narrow = {name: array.astype(half) for name, array in arrays.items()}
    loss = fl.Loss(row)
    value, gradient = loss.value_and_grad(*narrow.values())
    wide = loss.value_and_grad(*(array.astype(np.float32) for array in narrow.values()))
    assert bits(value) == bits(wide[0])
    for own, other in zip(as_tuple(gradient), as_tuple(wide[1]), strict=True):
        assert own.dtype == half
        assert bits(own) == bits(cases.rounded_once(other, half))
    first, *others = row.differentiated
    mixed = dict(arrays, **{first.name: arrays[first.name].astype(np.float64)})
    gradients = as_tuple(loss.grad(*mixed.values()))
    assert [own.dtype for own in gradients] == [np.float64, *[np.float32] * len(others)]
    doubles = loss.grad(*(array.astype(np.float64) for array in mixed.values()))
    for own, other in zip(gradients, as_tuple(doubles), strict=True):
        assert bits(own) == bits(other.astype(own.dtype))


@pytest.mark.skipif(current_engine() != "compiled", reason="the short way is that of the compiled engine")
@of_floats
@of_rows
def test_the_short_way_gives_the_bits_of_the_long_one(row: Any, dtype: Any) -> None:
    """Plain calls do not pass the checks in Python; other calls of the same loss do."""
    rng = generator("several short", row.name, dtype)
    plain, samples = fl.Loss(row), (6, 50)
    arrays = arrays_of(row, samples, dtype, rng)
    weight, where = rng.random(samples), rng.random(samples) < 0.8
    for loss in (plain, 3 * plain, plain.bind(reduction="sum")):
        for keywords in (
            {},
            {"reduction": "none"},
            {"sample_weight": weight},
            {"where": where, "n_threads": 2},
            {"normalizer": 7.0, "sample_weight": weight},
        ):
            if "reduction" in loss.keywords and "normalizer" in keywords:
                continue
            for name in methods_of(row):
                short = getattr(loss, name)(*arrays.values(), **keywords)
                with long_way():
                    long = getattr(loss, name)(*arrays.values(), **keywords)
                assert bits(short) == bits(long), (name, keywords)


# -- wrt, out, names --------------------------------------------------------------------------------------------------


@of_paired
def test_wrt_asks_for_some_gradients_in_its_order(row: Any) -> None:
    rng = generator("several wrt", row.name)
    arrays = arrays_of(row, (33,), np.float64, rng)
    loss = fl.Loss(row)
    names = [operand.name for operand in row.differentiated]
    value, gradients = loss.value_and_grad(*arrays.values())
    by_name = dict(zip(names, gradients, strict=True))
    for name in names:
        assert bits(loss.grad(*arrays.values(), wrt=name)) == bits(by_name[name])
        assert bits(loss.value_and_grad(*arrays.values(), wrt=(name,))) == bits((value, (by_name[name],)))
    backwards = tuple(reversed(names))
    assert bits(loss.grad(*arrays.values(), wrt=backwards)) == bits(tuple(by_name[name] for name in backwards))
    assert bits(loss.grad(*arrays.values(), wrt=list(names))) == bits(gradients)
    assert loss(*arrays.values(), wrt=names[0]) == value
    if not row.no_hessian:
        hessians = loss.grad_and_hess(*arrays.values())[1]
        assert bits(loss.value_grad_hess(*arrays.values(), wrt=names[-1])[2]) == bits(hessians[-1])
    for bad, error, text in (
        ("y_pred", ValueError, "'y_pred' is no prediction"),
        ((names[0], names[0]), ValueError, "twice"),
        ((), ValueError, "wrt is empty"),
        (3, TypeError, "wrt must be the name"),
        ((names[0], 3), TypeError, "wrt must be the name"),
    ):
        with pytest.raises(error, match=text):
            loss.grad(*arrays.values(), wrt=bad)


@of_rows
def test_out_nests_as_the_results_do(row: Any) -> None:
    rng = generator("several out", row.name)
    arrays = arrays_of(row, (44,), np.float32, rng)
    loss = fl.Loss(row)
    value, gradient = loss.value_and_grad(*arrays.values(), reduction="none")
    given_value = np.empty(44, np.float64)
    places = tuple(np.empty(arrays[operand.name].shape, np.float64) for operand in row.differentiated)
    nested = places if len(places) > 1 else places[0]
    result = loss.value_and_grad(*arrays.values(), reduction="none", out=(given_value, nested))
    assert result[0] is given_value
    assert all(own is place for own, place in zip(as_tuple(result[1]), places, strict=True))
    assert bits(given_value.astype(np.float32)) == bits(value)
    for own, other in zip(places, as_tuple(gradient), strict=True):
        assert bits(own.astype(np.float32)) == bits(other)
    alone = loss.grad(*arrays.values(), reduction="none", out=nested)
    assert all(own is place for own, place in zip(as_tuple(alone), places, strict=True))
    if len(places) > 1:
        some = loss.grad(*arrays.values(), reduction="none", out=(None, *places[1:]))
        assert some[0] is not places[0]
        assert some[1] is places[1]
        assert bits(some[0]) == bits(gradient[0])
        with pytest.raises(TypeError, match=r"must be a tuple of \d places"):
            loss.grad(*arrays.values(), out=places[0])
        with pytest.raises(ValueError, match=r"out \(gradient\) has 1 places; it needs \d"):
            loss.grad(*arrays.values(), out=places[:1])
        with pytest.raises(ValueError, match=f"gradient by {row.differentiated[1].name}.* has shape"):
            loss.grad(*arrays.values(), out=(None, np.empty(3), *[None] * (len(places) - 2)))


@of_floats
@of_rows
def test_each_gradient_may_take_the_place_of_its_array(row: Any, dtype: Any) -> None:
    rng = generator("several in place", row.name, dtype)
    arrays = arrays_of(row, (1500,), dtype, rng)
    loss = fl.Loss(row)
    expected = loss.value_and_grad(*arrays.values())
    own = {name: array.copy() for name, array in arrays.items()}
    places = tuple(own[operand.name] for operand in row.differentiated)
    result = loss.value_and_grad(*own.values(), out=(None, places if len(places) > 1 else places[0]))
    assert bits(result) == bits(expected)
    assert all(a is b for a, b in zip(as_tuple(result[1]), places, strict=True))
    if len(places) > 1:
        own = {name: array.copy() for name, array in arrays.items()}
        first, second = (own[operand.name] for operand in row.differentiated[:2])
        others = (None,) * (len(places) - 2)
        before = bits(tuple(own.values()))
        with pytest.raises(ValueError, match="overlaps"):
            loss.grad(*own.values(), out=(second, first, *others))
        with pytest.raises(ValueError, match="overlaps"):
            loss.grad(*own.values(), out=(first, first, *others))
        assert bits(tuple(own.values())) == before


@of_rows
def test_arrays_by_place_and_by_name(row: Any) -> None:
    rng = generator("several names", row.name)
    arrays = arrays_of(row, (12,), np.float64, rng)
    loss = fl.Loss(row)
    expected = bits(loss.value_and_grad(*arrays.values()))
    assert bits(loss.value_and_grad(**arrays)) == expected
    first, *others = arrays
    assert bits(loss.value_and_grad(arrays[first], **{name: arrays[name] for name in others})) == expected
    with pytest.raises(TypeError, match=f"got {first} twice"):
        loss(*arrays.values(), **{first: arrays[first]})
    with pytest.raises(TypeError, match=f"{row.name} needs {[first, *others][-1]}"):
        loss(*list(arrays.values())[:-1])
    with pytest.raises(TypeError, match="arguments were given by place"):
        loss(*arrays.values(), arrays[first])
    with pytest.raises(TypeError, match="has no keyword 'y_prediction'"):
        loss(*arrays.values(), y_prediction=1)
    import inspect

    names = list(inspect.signature(loss).parameters)
    assert names[: len(arrays)] == list(arrays)
    assert ("wrt" in names) == (len(row.differentiated) > 1)
    assert pickle.loads(pickle.dumps(loss)) == loss
    assert fl.Loss(row) == loss


@of_rows
def test_bad_arguments_are_named(row: Any) -> None:
    rng = generator("several bad", row.name)
    arrays = arrays_of(row, (6, 4), np.float64, rng)
    loss = fl.Loss(row)
    first = row.differentiated[0].name
    for operand in row.operands:
        if operand.name != first:
            with pytest.raises(ValueError, match=f"{operand.name} has shape"):
                loss(**dict(arrays, **{operand.name: arrays[operand.name][:5]}))
        with pytest.raises(TypeError, match=f"{operand.name} "):
            loss(**dict(arrays, **{operand.name: np.array(["a"] * 24).reshape(6, 4)}))
        if operand.role == TARGET and np.isfinite(operand.domain.low):
            spoilt = arrays[operand.name].copy()
            spoilt[2, 1] = -7
            with pytest.raises(ValueError, match=rf"{operand.name}\[2, 1\] = -7(\.0)? is not"):
                loss(**dict(arrays, **{operand.name: spoilt}))
            masked = np.ones((6, 4), bool)
            masked[2, 1] = False
            assert np.isfinite(loss(**dict(arrays, **{operand.name: spoilt}), where=masked))
    with pytest.raises(ValueError, match="the samples have shape"):
        loss(*arrays.values(), sample_weight=np.ones(6))
    with pytest.raises(ValueError, match=r"sample_weight\[1, 2\] = -1"):
        weight = np.ones((6, 4))
        weight[1, 2] = -1
        loss(*arrays.values(), sample_weight=weight)


@of_rows
def test_one_number_stands_for_all_samples_where_nothing_is_differentiated(row: Any) -> None:
    rng = generator("several scalars", row.name)
    arrays = arrays_of(row, (20,), np.float64, rng)
    loss = fl.Loss(row)
    for operand in row.operands:
        if operand.role in (TARGET, FIXED) and not operand.axes and not isinstance(operand.domain, RowTarget):
            one = dict(arrays, **{operand.name: 1.0})
            whole = dict(arrays, **{operand.name: np.ones(20)})
            assert bits(loss.value_and_grad(**one)) == bits(loss.value_and_grad(**whole))
        if operand.role == PREDICTION and operand.name != row.prediction:
            with pytest.raises(ValueError, match=f"{operand.name} has shape"):
                loss(**dict(arrays, **{operand.name: 1.0}))


@of_rows
def test_a_factor_scales_it_and_a_sum_refuses_it(row: Any) -> None:
    rng = generator("several factor", row.name)
    arrays = arrays_of(row, (50,), np.float64, rng)
    loss = fl.Loss(row)
    value, gradient = loss.value_and_grad(*arrays.values())
    for factor in (4.0, -0.5, 2.0**-40):
        scaled_value, scaled_gradient = (factor * loss).value_and_grad(*arrays.values())
        assert scaled_value == factor * value
        for own, other in zip(as_tuple(scaled_gradient), as_tuple(gradient), strict=True):
            assert own.shape == other.shape
            assert (own == factor * other).all()
    with pytest.raises(TypeError, match="a sum is of losses of one target and one prediction"):
        loss + fl.huber
    with pytest.raises(TypeError, match="is not a loss of one number"):
        loss.point(0.0, 1.0)


# -- what a user meets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [2.0, 2.0**50, 0.0])
@of_paired
def test_a_factor_leaves_wrt_alone(row: Any, factor: float) -> None:
    """A loss with a factor returned the gradients of all its predictions where the name of one was asked for."""
    rng = generator("several factor wrt", row.name)
    arrays = arrays_of(row, (9,), np.float64, rng)
    scaled = factor * fl.Loss(row)
    gradients = scaled.grad(*arrays.values())
    for operand, gradient in zip(row.differentiated, gradients, strict=True):
        assert bits(scaled.grad(*arrays.values(), wrt=operand.name)) == bits(gradient)
        assert bits(scaled.value_and_grad(*arrays.values(), wrt=(operand.name,))[1]) == bits((gradient,))
        place = np.empty_like(gradient)
        assert scaled.grad(*arrays.values(), wrt=operand.name, out=place) is place
        assert bits(place) == bits(gradient)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kind in ("vectors", "scores")], ids=lambda row: row.name)
def test_the_other_engine_has_no_kernel_of_rows(row: Any) -> None:
    pytest.importorskip("numba")
    arrays = arrays_of(row, (9,), np.float64, generator("several numba", row.name))
    loss = fl.Loss(row)
    places = tuple(np.full_like(arrays[operand.name], 7) for operand in row.differentiated)
    with fl.engine("numba"), pytest.raises(NotImplementedError, match=f"{row.name} has no Numba kernel"):
        loss.grad(*arrays.values(), out=places if len(places) > 1 else places[0])
    assert all((place == 7).all() for place in places)
