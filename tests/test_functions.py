"""The functions beside the losses: softmax, log_softmax, logsumexp over an axis; sigmoid, log_sigmoid, softplus."""

from __future__ import annotations

from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, LAYOUTS, bits, generator
from numpy.testing import assert_array_equal

import fastloss as fl

ROWS = ("softmax", "log_softmax", "logsumexp")
ELEMENTS = ("sigmoid", "log_sigmoid", "softplus")
BOUND = {"float32": 4, "float64": 4, "softmax float64": 6}

of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_dtype = pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
any_function = pytest.mark.parametrize("name", ROWS + ELEMENTS)
compact = pytest.mark.compact


def drawn(name: str, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    x = generator(name, shape, str(dtype)).normal(scale=4, size=shape).astype(dtype)
    assert np.unique(x).size > x.size // 8
    return x


def test_a_formula_for_every_function() -> None:
    assert set(oracle.FUNCTIONS) == {*ROWS, *ELEMENTS}


def truth(name: str, *arguments: Any) -> oracle.Truth:
    result = oracle.FUNCTIONS[name](*arguments)
    return oracle.Truth(result, abs(result))


@compact
@of_float
@pytest.mark.parametrize("classes", [1, 2, 3, 10, 64, 65, 1000])
@pytest.mark.parametrize("regime", cases.ROW_REGIMES)
@pytest.mark.parametrize("name", ROWS)
def test_rows_against_the_truth(name: str, regime: str, classes: int, dtype: Any) -> None:
    """The terms of logsumexp, the largest logit and log1p of the rest, may cancel: its unit is that of the larger."""
    y_true, logits = cases.rows_of(regime, dtype, 16 if classes < 64 else 3, classes)
    results = getattr(fl, name)(logits)
    assert results.dtype == dtype
    limit = BOUND.get(f"{name} {dtype}", BOUND[str(dtype)])
    for row, result, target in zip(logits, results, y_true, strict=True):
        with oracle.enough_digits(row, dtype):
            if name == "logsumexp":
                exact = truth(name, [oracle.exact(x) for x in oracle.fold(row, [int(row.argmax())])])
                largest = abs(oracle.exact(row.max()))
                assert oracle.ulps(result, oracle.Truth(exact.exact, max(exact.scale, largest)), dtype) <= limit
                continue
            places = sorted({int(target), int(row.argmax()), int(row.argmin()), classes - 1})
            kept = [oracle.exact(x) for x in oracle.fold(row, places)]
            for place, class_ in enumerate(places):
                assert oracle.ulps(result[class_], truth(name, kept, place), dtype) <= limit, (class_, row)


@compact
@of_float
@pytest.mark.parametrize("regime", cases.LOGIT_REGIMES)
@pytest.mark.parametrize("name", ELEMENTS)
def test_elements_against_the_truth(name: str, regime: str, dtype: Any) -> None:
    x = cases.LOGIT_REGIMES[regime](generator(name, regime), dtype, 333).astype(dtype)
    assert np.unique(x).size > 100
    results = getattr(fl, name)(x)
    assert results.dtype == dtype
    for i in range(0, 333, 7):
        with oracle.enough_digits((0, x[i]), dtype):
            assert oracle.ulps(results[i], truth(name, oracle.exact(x[i])), dtype) <= 4, x[i]


@compact
@pytest.mark.parametrize("half", HALVES, ids=str)
@pytest.mark.parametrize("last", [3, 65])
@any_function
def test_halves_are_float32_rounded_once(name: str, last: int, half: Any) -> None:
    x = drawn(name, (40, last), half)
    function = getattr(fl, name)
    assert bits(function(x)) == bits(cases.rounded_once(function(x.astype(np.float32)), half))


@compact
@of_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("last", [3, 10, 100])
@any_function
def test_every_layout(name: str, last: int, layout: str, dtype: Any) -> None:
    if not cases.fits(layout, dtype):
        pytest.skip("ml_dtypes has no byte order")
    x = LAYOUTS[layout](drawn(name, (70, last), dtype))
    function = getattr(fl, name)
    expected = bits(function(np.ascontiguousarray(x)))
    assert bits(function(x)) == expected
    for n_threads in (1, 2, 3):
        assert bits(function(x, n_threads=n_threads)) == expected


@compact
@of_float
@any_function
def test_any_number_of_threads(name: str, dtype: Any) -> None:
    x = drawn(name, (30_011, 10), dtype)
    function = getattr(fl, name)
    expected = bits(function(x, n_threads=1))
    for n_threads in (2, 3, 7, None):
        assert bits(function(x, n_threads=n_threads)) == expected


@compact
@of_dtype
@pytest.mark.parametrize("name", ROWS)
def test_any_axis(name: str, dtype: Any) -> None:
    x = drawn(name, (5, 4, 7), dtype)
    function = getattr(fl, name)
    assert bits(function(x)) == bits(function(x, axis=-1))
    for axis in (-3, -2, -1, 0, 1, 2):
        moved = function(np.ascontiguousarray(np.moveaxis(x, axis, -1)))
        expected = moved if name == "logsumexp" else np.moveaxis(moved, -1, axis)
        assert bits(function(x, axis=axis)) == bits(expected)


@compact
@pytest.mark.parametrize("wanted", FLOATS + HALVES, ids=str)
@of_dtype
@any_function
def test_out(name: str, dtype: Any, wanted: Any) -> None:
    x = drawn(name, (70, 10), dtype)
    function = getattr(fl, name)
    wide = function(x.astype(np.promote_types(dtype, np.float32) if dtype in FLOATS else np.float32))
    expected = bits(cases.rounded_once(wide, wanted))
    for layout in (np.array, *(LAYOUTS[key] for key in ("fortran", "stepped", "negative strides", "misaligned"))):
        out = layout(np.full(wide.shape, 113, wanted))
        assert function(x, out=out) is out
        assert bits(out) == expected


@of_dtype
@pytest.mark.parametrize("name", [n for n in ROWS + ELEMENTS if n != "logsumexp"])
def test_in_place(name: str, dtype: Any) -> None:
    x = drawn(name, (70, 10), dtype)
    function = getattr(fl, name)
    expected = bits(function(x))
    for layout in (np.array, LAYOUTS["fortran"], LAYOUTS["stepped"]):
        y = layout(x)
        assert function(y, out=y) is y
        assert bits(y) == expected


@any_function
def test_integers_lists_and_scalars(name: str) -> None:
    function = getattr(fl, name)
    x = np.arange(-3, 3).reshape(2, 3)
    assert bits(function(x)) == bits(function(x.astype(float)))
    assert bits(function(x.tolist())) == bits(function(x.astype(float)))
    if name in ELEMENTS:
        assert isinstance(function(np.float32(1)), np.float32)
        assert isinstance(function(1.0), float)
    else:
        assert bits(np.asarray(function(x[0]))) == bits(function(x.astype(float))[0])


@compact
@of_float
@pytest.mark.parametrize("size", cases.SIZES)
@any_function
def test_every_size(name: str, size: int, dtype: Any) -> None:
    x = drawn(name, (1030, 3), dtype)
    function = getattr(fl, name)
    assert bits(function(x[:size])) == bits(function(x)[:size])


@of_float
@any_function
def test_a_new_result_has_the_memory_order_of_its_input(name: str, dtype: Any) -> None:
    x = np.asfortranarray(drawn(name, (12, 5), dtype))
    assert getattr(fl, name)(x).flags.f_contiguous


@compact
@of_float
@pytest.mark.parametrize("classes", [2, 3, 10, 1000])
def test_special_rows(classes: int, dtype: Any) -> None:
    x = generator(classes).normal(size=(6, classes)).astype(dtype)
    x[0, 1] = np.nan
    x[1, 0] = -np.inf
    x[2] = -np.inf
    x[3, 1] = np.inf
    x[4, :2] = np.inf
    softmax, log_softmax, logsumexp = fl.softmax(x), fl.log_softmax(x), fl.logsumexp(x)
    assert_array_equal(softmax[[0, 2, 4]], np.nan)
    assert softmax[1, 0] == 0
    assert np.isfinite(softmax[1]).all()
    assert_array_equal(softmax[3], np.eye(classes)[1])
    assert_array_equal(log_softmax[[0, 2]], np.nan)
    assert_array_equal(log_softmax[4, :2], np.nan)
    assert log_softmax[1, 0] == -np.inf
    assert log_softmax[3, 1] == 0
    assert_array_equal(np.delete(log_softmax[3], 1), -np.inf)
    assert np.isnan(logsumexp[0])
    assert_array_equal(logsumexp[2:5], [-np.inf, np.inf, np.inf])
    assert np.isfinite(logsumexp[[1, 5]]).all()


@compact
@of_float
@pytest.mark.parametrize("size", [4, 64, 70])
def test_special_elements(size: int, dtype: Any) -> None:
    x = np.resize(np.array([np.inf, -np.inf, np.nan, 0], dtype), size)
    assert_array_equal(fl.sigmoid(x), np.resize([1, 0, np.nan, 0.5], size))
    assert_array_equal(fl.log_sigmoid(x)[:3], [0, -np.inf, np.nan])
    assert_array_equal(fl.softplus(x)[:3], [np.inf, 0, np.nan])


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"out": np.zeros((2, 4), np.float32)}, ValueError, r"out\b.*\(2, 4\)"),
        ({"out": np.zeros((2, 3), np.int32)}, TypeError, r"out\b.*int32"),
        ({"out": [0.0]}, TypeError, r"out\b"),
        ({"out": np.broadcast_to(np.float32(0), (2, 3))}, ValueError, r"out\b.*read-only|read-only.*out\b"),
        ({"n_threads": 0}, ValueError, r"n_threads\b.*0"),
        ({"n_threads": 1.5}, TypeError, r"n_threads\b"),
    ],
    ids=str,
)
@any_function
def test_refused(name: str, keywords: dict[str, Any], error: type[Exception], message: str) -> None:
    if name == "logsumexp" and "out" in keywords:
        keywords = {"out": keywords["out"][..., 0] if isinstance(keywords["out"], np.ndarray) else keywords["out"]}
        message = message.replace(r"\(2, 4\)", "")
        if isinstance(keywords["out"], np.ndarray) and keywords["out"].flags.writeable and error is ValueError:
            keywords = {"out": np.zeros(3, np.float32)}
    with pytest.raises(error, match=message):
        getattr(fl, name)(np.ones((2, 3), np.float32), **keywords)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    ("axis", "error"), [(2, ValueError), (-3, ValueError), (1.5, TypeError), (None, TypeError), ("last", TypeError)]
)
def test_axes_that_are_refused(name: str, axis: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"axis\b"):
        getattr(fl, name)(np.ones((2, 3)), axis=axis)


@pytest.mark.parametrize("name", ROWS)
def test_rows_without_classes_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="class"):
        getattr(fl, name)(np.ones((2, 0)))
    assert getattr(fl, name)(np.ones((0, 3))).size == 0


@any_function
@pytest.mark.parametrize(
    "x", [None, ["a", "b"], np.array([1j, 2]), np.array([1, None]), np.longdouble([1, 2])], ids=str
)
def test_inputs_that_are_refused(name: str, x: Any) -> None:
    with pytest.raises(TypeError):
        getattr(fl, name)(x)
