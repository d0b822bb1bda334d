"""Malformed inputs: each works with the right bits, or raises TypeError / ValueError that names the argument, the place
and the value, before any byte of ``out`` changes.
"""

from __future__ import annotations

import collections
import decimal
import fractions
import re
import warnings
from collections.abc import Callable
from typing import Any

import cases
import numpy as np
import parameters
import pytest
from cases import BLOCK, bits, generator

import fastloss as fl
from fastloss import kinds
from fastloss.catalogue import PENALTIES
from fastloss.drawing import held_by_rows

DIVERGENCES = ("kl_divergence", "js_divergence", "total_variation")
#: Losses of a location and a scale, and the root of a mean, have tests of their own.
LOSSES = [getattr(fl, row.name) for row in fl.losses() if row.of_numbers or row.kind == "rows"]
POINTWISE = [loss for loss in LOSSES if loss._row.of_numbers]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
every_pointwise_loss = pytest.mark.parametrize("loss", POINTWISE, ids=lambda loss: loss.name)

N, C = 20, 10


def inputs_of(loss: Any, dtype: Any = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """Return ordinary predictions, and targets that are whole numbers: every type holds those."""
    rng, form = generator(loss.name, "arguments"), loss._row.target.forms[0]
    y_true, y_pred = kinds.draw(loss._row, (N, C), dtype, rng).values()
    if form == "soft":
        y_true = np.eye(C, dtype=dtype)[rng.integers(C, size=N)]
    elif form != "index":
        y_true = cases.whole_numbers(loss._row.target, y_true.shape, rng).astype(dtype)
    return y_true, y_pred


def refused(
    error: type[Exception] | tuple[type[Exception], ...],
    message: str,
    loss: Any,
    y_true: Any,
    y_pred: Any,
    **keywords: Any,
) -> str:
    """Check that a call raises before it writes anything; return the message."""
    poison, named = None, dict(keywords)
    if "out" not in keywords and isinstance(y_pred, np.ndarray) and y_pred.dtype.kind == "f":
        poison = tuple(np.full(n, 0xA5, np.uint8) for n in (y_pred.nbytes, y_pred.nbytes))
        grad, hess = (p.view(y_pred.dtype.newbyteorder("=")).reshape(y_pred.shape) for p in poison)
        keywords["out"] = (None, grad, hess)
    with pytest.raises(error, match=message) as caught:
        loss.value_grad_hess(y_true, y_pred, **keywords)
    assert caught.type in (TypeError, ValueError)
    if "out" not in named:  # the way of a call without keywords
        with pytest.raises(error, match=message):
            loss(y_true, y_pred, **named)
        with pytest.raises(error, match=message):
            loss.value_and_grad(y_true, y_pred, **named)
    if poison:
        assert all((p == 0xA5).all() for p in poison)
    return str(caught.value)


# -- arguments that change other arguments ----------------------------------------------------------------------------


class Changing:
    """An argument that NumPy asks for its numbers, and that sets another array's dtype and shape when it is asked."""

    def __init__(self, numbers: np.ndarray, other: np.ndarray, **attributes: Any) -> None:
        self.numbers, self.other, self.attributes = numbers, other, attributes

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        for name, value in self.attributes.items():
            setattr(self.other, name, value)
        return self.numbers


@pytest.mark.filterwarnings("ignore:Setting the (dtype|shape):DeprecationWarning")
@pytest.mark.parametrize("attributes", [{"dtype": np.float64}, {"dtype": np.uint8}, {"shape": (C, N)}], ids=str)
@pytest.mark.parametrize("changed", ["y_true", "y_pred", "out", "sample_weight"])
@every_loss
def test_an_argument_that_changes_the_dtype_of_another(loss: Any, changed: str, attributes: dict[str, Any]) -> None:
    """What was checked is what is read and written, whatever becomes of the array that the caller holds."""
    y_true, y_pred = inputs_of(loss)
    samples = y_pred.shape if loss._row.of_numbers else (N,)
    weight, mask = np.full(samples, 2, np.float32), np.ones(samples, bool)
    expected = loss.value_grad_hess(y_true, y_pred, sample_weight=weight)
    memory = np.full((3, N, C), 7, np.float32)
    arrays = {"y_true": y_true.copy(), "y_pred": y_pred.copy(), "out": memory[1], "sample_weight": weight.copy()}
    if "shape" in attributes and arrays[changed].ndim == 1:
        attributes = {"shape": (2, N // 2)}
    others: dict[str, Any] = {"sample_weight": arrays["sample_weight"]}
    if changed == "sample_weight":
        others["where"] = Changing(mask, arrays[changed], **attributes)
    else:
        others["sample_weight"] = Changing(weight, arrays[changed], **attributes)
    results = loss.value_grad_hess(
        arrays["y_true"], arrays["y_pred"], out=(None, None, arrays["out"]), **others
    ) if changed != "out" else None  # fmt: skip
    if results is None:  # it is looked at after the weights: as it is then
        with pytest.raises((TypeError, ValueError), match=r"^out\[2\]"):
            loss.value_grad_hess(arrays["y_true"], arrays["y_pred"], out=(None, None, arrays["out"]), **others)
        assert (memory == 7).all()
        return
    assert bits(results) == bits(expected)
    assert (memory[[0, 2]] == 7).all()


# -- y_pred -----------------------------------------------------------------------------------------------------------

Y_PRED_OF_WRONG_TYPE = {
    "None": None,
    "strings": [["a", "b"], ["c", "d"]],
    "array of strings": np.array([["a", "b"]]),
    "objects": np.array([[1, None]], object),
    "objects that are numbers": np.array([[1.0, 2.0]], object),
    "complex": np.ones((2, 2), complex),
    "structured": np.zeros((2, 2), [("a", "f4")]),
    "long double": np.ones((2, 2), np.longdouble),
    "dates": np.zeros((2, 2), "M8[s]"),
    "durations": np.zeros((2, 2), "m8[s]"),
    "bytes": np.zeros((2, 2), "S3"),
}


@every_loss
@pytest.mark.parametrize("kind", Y_PRED_OF_WRONG_TYPE)
def test_y_pred_of_a_wrong_type(loss: Any, kind: str) -> None:
    y_true = np.zeros(2, int) if loss.kind == "rows" else np.zeros((2, 2))
    name = next(row.prediction for row in fl.losses() if row.name == loss.name)
    refused(TypeError, rf"\b({name}|y_pred)\b", loss, y_true, Y_PRED_OF_WRONG_TYPE[kind])


@every_loss
def test_y_pred_that_is_ragged(loss: Any) -> None:
    refused((TypeError, ValueError), r"\b(logits|y_pred)\b", loss, [0, 1], [[1.0, 2.0], [3.0]])


@every_loss
def test_y_pred_that_is_masked(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    masked = np.ma.masked_array(y_pred, mask=y_pred > np.median(y_pred))
    assert masked.mask.any()
    refused(TypeError, r"where=", loss, y_true, masked)
    rows = list(y_pred)
    rows[3] = masked[3]
    for several in (rows, tuple(rows)):
        refused(TypeError, r"\b(logits|y_pred)\[3\] is a masked array.*where=", loss, y_true, several)


class _Raises:
    """An object that NumPy cannot convert, as a traced array of JAX is one."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __array__(self, *args: Any, **keywords: Any) -> Any:
        raise self.error


class _ErrorOfItsOwn(TypeError):
    def __init__(self, tracer: Any) -> None:
        super().__init__(f"traced {tracer.aval}")


class _Tracer:
    aval = "f32[3]"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (_ErrorOfItsOwn(_Tracer()), TypeError),
        (UnicodeDecodeError("utf-8", b"x", 0, 1, "no text"), ValueError),
        (OverflowError("too large"), ValueError),
        (RuntimeError("on another device"), TypeError),
        (BufferError("not on this device"), TypeError),
    ],
    ids=lambda e: getattr(e, "__name__", type(e).__name__),
)
def test_what_cannot_be_converted(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected, match="y_true cannot be read as an array of numbers") as caught:
        fl.huber(_Raises(error), np.ones(3))
    assert caught.type is expected
    assert str(error) in str(caught.value)
    assert caught.value.__cause__ is error


def test_logits_without_classes() -> None:
    refused(ValueError, r"\b(logits|y_pred)\b.*(axis|class|0-d|dimension)", fl.cross_entropy, 0, np.float32(1))
    refused(ValueError, r"class", fl.cross_entropy, np.zeros(3, int), np.zeros((3, 0), np.float32))
    refused(ValueError, r"class", fl.cross_entropy, np.zeros((3, 0)), np.zeros((3, 0), np.float32))
    assert fl.cross_entropy(np.zeros(0, int), np.zeros((0, 0), np.float32)) == 0


@every_loss
def test_missing_and_unknown_arguments(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    with pytest.raises(TypeError):
        loss(y_true)
    with pytest.raises(TypeError):
        loss()
    with pytest.raises(TypeError):
        loss(y_true, y_pred, y_pred)
    with pytest.raises(TypeError, match=r"y_pred|logits"):
        loss(y_true, y_pred, y_pred=y_pred)
    with pytest.raises(TypeError, match="sample_weights"):
        loss(y_true, y_pred, sample_weights=1.0)
    with pytest.raises(TypeError, match="tau"):
        loss.bind(tau=1.0)


@pytest.mark.parametrize("shape", [(1 << 31, 1 << 29), (1 << 62,)], ids=str)
def test_results_that_no_memory_can_hold(shape: tuple[int, ...]) -> None:
    """The input takes no memory as a stride-0 view; its gradient would: MemoryError, never a crash."""
    with pytest.raises((MemoryError, ValueError)):
        fl.squared_error.grad(np.float32(1), np.broadcast_to(np.float32(1), shape))


# -- class indices ----------------------------------------------------------------------------------------------------

INDEX = [
    (C, ValueError, rf"y_true\[17\] = {C} is not a class of {C} \(0 to {C - 1}\)"),
    (-1, ValueError, r"y_true\[17\] = -1 is not a class"),
    (np.iinfo(np.int64).min, ValueError, r"y_true\[17\] = -9223372036854775808 is not a class"),
    (np.iinfo(np.int64).max, ValueError, r"y_true\[17\] = 9223372036854775807 is not a class"),
    (2**32, ValueError, r"y_true\[17\] = 4294967296 is not a class"),
    (-(2**32), ValueError, r"y_true\[17\] = -4294967296 is not a class"),
]


@pytest.mark.parametrize(("label", "error", "message"), INDEX, ids=str)
@pytest.mark.parametrize("classes_first", [False, True])
def test_a_label_that_is_no_class(label: int, error: type[Exception], message: str, classes_first: bool) -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    y_true[17] = y_true[19] = label
    if classes_first:
        refused(error, message, fl.cross_entropy, y_true, np.ascontiguousarray(y_pred.T), axis=0)
    said = refused(error, message, fl.cross_entropy, y_true, y_pred)
    assert f"ignore_index={label}" in said
    fl.cross_entropy(y_true, y_pred, ignore_index=label)
    with pytest.raises(ValueError, match="y_true\\[17\\]"):
        fl.cross_entropy(y_true, y_pred, ignore_index=label - 1 if label > 0 else label + 1)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8, np.float64])
@pytest.mark.parametrize("classes", [1, 2, 3, 10])
def test_labels_that_count_from_one(kind: Any, classes: int) -> None:
    """To skip the last class would hide what is wrong with all of them."""
    y_true = np.arange(classes, dtype=kind)[::-1] + kind(1)
    said = (
        rf"^y_true\[0\] = {classes} is not a class of {classes} .*y_true - 1 if your classes count from 1: here .* 0$"
    )
    for loss in (fl.cross_entropy, fl.multiclass_hinge, fl.sparsemax):
        refused(ValueError, said, loss, y_true, np.zeros((classes, classes)))
        assert np.isfinite(loss(y_true - kind(1), np.zeros((classes, classes))))
    kept = np.r_[y_true, kind(0)]
    advice = "count from"
    x = np.zeros((classes + 1, classes))
    assert advice not in refused(ValueError, "is not a class", fl.cross_entropy, kept, x)  # class 0 is among them
    assert advice not in refused(ValueError, "is not a class", fl.cross_entropy, y_true + kind(1), x[1:])
    ignoring = refused(ValueError, "is not a class", fl.cross_entropy, np.r_[y_true, kind(200)], x, ignore_index=200)
    assert advice in ignoring
    left_out = refused(ValueError, "is not a class", fl.cross_entropy, kept, x, where=kept > 0)
    assert advice in left_out
    levels = np.arange(classes + 1) + 1
    refused(ValueError, "y_true - 1 if your classes count from 1", fl.ordinal, levels, x)


def test_labels_of_two_classes_that_are_signs() -> None:
    x = np.zeros((4, 2))
    said = r"^y_true\[1\] = -1 is not a class of 2 .*ignore_index=-1 to skip it, or \(y_true \+ 1\) // 2 if -1 and 1"
    refused(ValueError, said, fl.cross_entropy, [1, -1, 1, -1], x)
    assert np.isfinite(fl.cross_entropy((np.array([1, -1, 1, -1]) + 1) // 2, x))
    assert "// 2" not in refused(ValueError, "ignore_index=-1", fl.cross_entropy, [1, -1, 0, -1], x)
    assert "// 2" not in refused(ValueError, "ignore_index=-1", fl.cross_entropy, [1, -1, 1, -1], np.zeros((4, 3)))


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -2, -3])
def test_a_wrong_shape_names_the_axis_that_was_given(axis: int) -> None:
    said = rf"with classes on axis {axis} it must have shape"
    refused(ValueError, said, fl.cross_entropy, np.zeros((7, 7), int), np.zeros((2, 3, 4)), axis=axis)
    refused(ValueError, said, fl.multilabel_margin, np.zeros((7, 7)), np.zeros((2, 3, 4)), axis=axis)


@pytest.mark.parametrize("value", [{0: 1.0, 1: 2.0}, "balanced", collections.OrderedDict(a=1)], ids=str)
def test_class_weights_as_scikit_learn_takes_them(value: Any) -> None:
    y_true, x = np.array([0, 1, 1, 2]), np.zeros((4, 3))
    said = (
        r" = .* is not an array with a number for each class, in their order: pass \[weights\[c\] for c in range\(C\)\]"
    )
    refused(TypeError, "^class_weight" + said, fl.cross_entropy, y_true, x, class_weight=value)
    refused(TypeError, "^alpha" + said, fl.categorical_focal, y_true, x, alpha=value)
    with pytest.raises(TypeError, match="^class_weight" + said):
        fl.cross_entropy.bind(class_weight=value)
    balanced = len(y_true) / (3 * np.bincount(y_true, minlength=3))  # as the message has it
    sklearn = pytest.importorskip("sklearn.utils.class_weight")
    expected = sklearn.compute_class_weight("balanced", classes=np.arange(3), y=y_true)
    assert bits(balanced) == bits(expected)
    assert fl.cross_entropy(y_true, x, class_weight=balanced) == fl.cross_entropy(y_true, x, class_weight=expected)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["a", "b"], r"has dtype <U1; it must be real, and sample_weight\[0\] is the text 'a'$"),
        ("balanced", r"and sample_weight is the text 'balanced'$"),
        ([1.0, None], r"has dtype object; it must be real, and sample_weight\[1\] is missing \(None\)"),
        ([1, 2**70], r"as what it holds is; pass np\.asarray\(sample_weight, dtype=float\)"),
        (np.array([1.0, 2.0], object), r"as what it holds is; pass np\.asarray\(sample_weight, dtype=float\)"),
        ([1, 1j], r"has dtype complex128; it must be real: float16"),
        ([1, fractions.Fraction(1, 2)], r"as what it holds is; pass np\.asarray\(sample_weight, dtype=float\)"),
        ([1, decimal.Decimal("0.5")], r"as what it holds is; pass np\.asarray\(sample_weight, dtype=float\)"),
        ({0: 1.0}, r"and sample_weight has the type dict"),
        (iter([1.0, 2.0]), r"and sample_weight has the type list_iterator"),
        (np.array(["2026-01-01"] * 2, "M8[D]"), r"has dtype datetime64\[D\]; it must be real: float16"),
    ],
    ids=str,
)
def test_what_holds_no_numbers_is_shown(value: Any, said: str) -> None:
    refused(TypeError, f"^sample_weight .*{said}", fl.huber, [0.0, 0.0], np.ones(2), sample_weight=value)


def test_a_mask_of_objects() -> None:
    said = r"^where has dtype object; it must be bool, "
    refused(TypeError, said + r"and where\[1\] is missing \(None\)", fl.huber, [0, 0], np.ones(2), where=[True, None])
    objects = np.array([True, False], object)
    refused(TypeError, said + r"as what it holds is; .*dtype=bool\)$", fl.huber, [0, 0], np.ones(2), where=objects)


def test_a_label_that_is_no_class_in_two_axes_and_unsigned() -> None:
    y_true = np.zeros((3, 4), np.uint64)
    y_true[1, 2] = 2**63
    y_pred = np.zeros((3, 4, 5), np.float32)
    refused(ValueError, r"y_true\[1, 2\] = 9223372036854775808 is not a class of 5", fl.cross_entropy, y_true, y_pred)
    y_true[1, 2] = 2**64 - 1
    refused(ValueError, r"y_true\[1, 2\] = 18446744073709551615 is not a class", fl.cross_entropy, y_true, y_pred)
    small = np.array([0, 1, 255, 3], np.uint8)
    refused(ValueError, r"y_true\[2\] = 255 is not a class of 5", fl.cross_entropy, small, y_pred[0])
    assert fl.cross_entropy(small, y_pred[0], ignore_index=255) == pytest.approx(np.log(5), rel=1e-6, abs=0)
    small = small.astype(np.int8)
    refused(ValueError, r"y_true\[2\] = -1 is not a class of 5", fl.cross_entropy, small, y_pred[0])


def test_the_first_bad_label_is_named_in_c_order() -> None:
    y_true = np.zeros((50, 40), np.int32, order="F")
    y_true[7, 3] = y_true[6, 39] = 9
    refused(ValueError, r"y_true\[6, 39\] = 9", fl.cross_entropy, y_true, np.zeros((50, 40, 3), np.float32))
    y_true = np.zeros(5 * BLOCK, np.int64)
    y_true[[3 * BLOCK + 7, 4 * BLOCK]] = -5
    refused(
        ValueError,
        rf"y_true\[{3 * BLOCK + 7}\] = -5",
        fl.cross_entropy,
        y_true,
        np.zeros((5 * BLOCK, 3), np.float32),
        n_threads=2,
    )


@pytest.mark.parametrize(
    ("label", "said"),
    [(1.7, r"1\.7"), (np.nan, "nan"), (np.inf, "inf"), (-0.5, r"-0\.5"), (1e300, r"(1e\+300|10{16}\d*)")],
)
def test_a_label_that_is_no_integer(label: float, said: str) -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    y_true = y_true.astype(float)
    expected = fl.cross_entropy(y_true.astype(int), y_pred)
    assert fl.cross_entropy(y_true, y_pred) == expected
    y_true[17] = label
    refused(ValueError, rf"y_true\[17\] = {said} is not a class", fl.cross_entropy, y_true, y_pred)


@pytest.mark.parametrize("label", [2**63, 2**64 - 1, 1e300, 2.0**63, -(2.0**64)], ids=str)
def test_no_advice_that_cannot_be_followed(label: Any) -> None:
    """An ignore_index is an int64; what does not fit there cannot be ignored by it."""
    _, y_pred = inputs_of(fl.cross_entropy)
    y_true = np.zeros(N, float if isinstance(label, float) else np.uint64)
    y_true[17] = label
    said = refused(
        ValueError, rf"y_true\[17\] = {re.escape(str(label))} is not a class", fl.cross_entropy, y_true, y_pred
    )
    assert "ignore_index" not in said


@pytest.mark.parametrize("label", [-(2**63), 2**63 - 1024, -(2**62), 2**62])
@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_advice_that_can_be_followed(label: int, dtype: Any) -> None:
    _, y_pred = inputs_of(fl.cross_entropy)
    y_true = np.zeros(N, dtype)
    y_true[17] = label
    assert f"ignore_index={label}" in refused(ValueError, r"y_true\[17\]", fl.cross_entropy, y_true, y_pred)
    expected = fl.cross_entropy(np.zeros(N, int), y_pred, where=np.arange(N) != 17)
    assert fl.cross_entropy(y_true, y_pred, ignore_index=label) == expected


def test_a_true_label_of_another_byte_is_one() -> None:
    """A bool array can hold any byte that is not 0 for True, as a view of integers does."""
    y_true = np.array([0, 1, 2, 255], np.uint8).view(bool)
    y_pred = generator("bytes").normal(size=(4, 3))
    expected = fl.cross_entropy.value_and_grad([0, 1, 1, 1], y_pred)
    assert bits(fl.cross_entropy.value_and_grad(y_true, y_pred)) == bits(expected)
    assert bits(fl.cross_entropy.value_and_grad(y_true, y_pred[:, :2])) == bits(
        fl.cross_entropy.value_and_grad([0, 1, 1, 1], y_pred[:, :2])
    )
    ignoring = fl.cross_entropy(y_true, y_pred, ignore_index=1)
    assert ignoring == fl.cross_entropy([0], y_pred[:1])


@pytest.mark.parametrize("shape", [(N - 1,), (N + 1,), (N, 1), (1, N), (), (N, C - 1), (N, C, 1), (0,)], ids=str)
def test_labels_of_a_wrong_shape(shape: tuple[int, ...]) -> None:
    _, y_pred = inputs_of(fl.cross_entropy)
    refused(ValueError, r"y_true\b.*shape", fl.cross_entropy, np.zeros(shape, int), y_pred)


@pytest.mark.parametrize(
    "y_true",
    [None, ["a"] * N, np.zeros(N, complex), np.zeros(N, object), np.zeros(N, "M8[s]")],
    ids=["None", "str", "complex", "object", "date"],
)
@every_loss
def test_y_true_of_a_wrong_type(loss: Any, y_true: Any) -> None:
    _, y_pred = inputs_of(loss)
    if loss._row.of_numbers and y_true is not None:
        y_true = np.broadcast_to(np.asarray(y_true)[:, None], (N, C))
    refused(TypeError, r"y_true\b", loss, y_true, y_pred)


def test_a_mask_inside_of_a_list_or_behind_an_array_method() -> None:
    class Behind:
        def __array__(self, *_: Any, **__: Any) -> Any:
            return np.ma.masked_array([[1.0, 2.0]], mask=[[True, False]])

    part = np.ma.masked_array([1.0, 2.0], mask=[True, False])
    refused(TypeError, r"^y_pred\[0\]\[0\] is a masked array", fl.huber, np.zeros((2, 1, 2)), [[part], [part]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of NumPy, that a masked number becomes NaN
        refused(TypeError, r"^y_pred\[1\] is a masked array", fl.huber, np.zeros(2), [1.0, np.ma.masked])
    refused(TypeError, r"^y_pred.*masked", fl.huber, np.zeros(2), [1.0, np.ma.masked])
    refused(TypeError, r"^y_pred\[0\] is a masked array", fl.huber, np.zeros((1, 2)), collections.deque([part]))
    for number in (np.ma.masked, np.void(b"7"), np.timedelta64(3, "s"), np.datetime64(3, "s")):
        with pytest.raises(TypeError, match="normalizer"):
            fl.huber([0.0], [1.0], normalizer=number)
    refused(TypeError, "^y_pred is a masked array", fl.huber, np.zeros((1, 2)), Behind())


def test_labels_that_are_masked() -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    refused(TypeError, r"where=", fl.cross_entropy, np.ma.masked_equal(y_true, y_true[3]), y_pred)


def test_labels_are_checked_only_where_they_count() -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    expected = bits(fl.cross_entropy.grad(y_true, y_pred, where=np.arange(N) != 5))
    y_true[5] = 99
    weight = np.ones(N)
    weight[5] = 0
    assert bits(fl.cross_entropy.grad(y_true, y_pred, where=np.arange(N) != 5)) == expected
    assert bits(fl.cross_entropy.grad(y_true, y_pred, sample_weight=weight)) == expected
    refused(ValueError, r"y_true\[5\] = 99", fl.cross_entropy, y_true, y_pred, where=np.arange(N) != 6)


@pytest.mark.parametrize("value", [1.5, 1.0, "4", None, True, [1], np.float32(1)], ids=repr)
def test_ignore_index_is_an_integer_or_none(value: Any) -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    if value is None:
        assert fl.cross_entropy(y_true, y_pred, ignore_index=None) == fl.cross_entropy(y_true, y_pred)
    else:
        refused(TypeError, r"ignore_index\b", fl.cross_entropy, y_true, y_pred, ignore_index=value)
    assert fl.cross_entropy(y_true, y_pred, ignore_index=np.int16(3)) == fl.cross_entropy(
        y_true, y_pred, ignore_index=3
    )


# -- soft targets -----------------------------------------------------------------------------------------------------


def soft_targets() -> tuple[np.ndarray, np.ndarray]:
    rng = generator("soft targets")
    y_true = rng.random((N, C)) + 0.01
    return y_true / y_true.sum(-1, keepdims=True), rng.normal(size=(N, C)).astype(np.float32)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16])
def test_soft_targets_outside_their_domain(kind: Any) -> None:
    y_true, y_pred = soft_targets()
    y_true = y_true.astype(kind)
    fl.cross_entropy(y_true, y_pred)
    negative = y_true.copy()
    negative[7, 3] = -0.25
    refused(ValueError, r"y_true\[7, 3\] = -0\.25\b", fl.cross_entropy, negative, y_pred)
    for factor in (0.5, 1.02, 0.98, 2):
        wrong = y_true.copy()
        wrong[7] *= kind(factor)
        refused(ValueError, r"y_true\[7\].*sum", fl.cross_entropy, wrong, y_pred)
    nearly = y_true.copy()
    nearly[7] *= kind(1.005)
    fl.cross_entropy(nearly, y_pred)
    infinite = y_true.copy()
    infinite[7, 3] = np.inf
    refused(ValueError, r"y_true\[7(, 3)?\]", fl.cross_entropy, infinite, y_pred)


@pytest.mark.parametrize(
    "loss",
    [loss for loss in LOSSES if loss.kind == "rows" and "soft" in loss._row.target.forms],
    ids=lambda x: x.name,
)
def test_a_soft_target_of_one_dimension(loss: Any) -> None:
    """Two arrays of one dimension are mostly samples of two classes, as Keras and scikit-learn take them."""
    y_true, y_pred = np.array([0.0, 1.0, 0.0]), held_by_rows(loss._row.holds, np.array([[0.5, 2.0, 1.0]]))
    if loss.name in DIVERGENCES:  # of two distributions, which are one-dimensional with all who have them
        assert loss(y_true, y_pred[0]) == loss(y_true[None, :], y_pred)
        return
    message = r"^y_true and \w+ have shape \(3,\): one row of 3 classes.*binary_cross_entropy.*binary_log_loss"
    refused(ValueError, message, loss, y_true, y_pred[0])
    assert np.isfinite(loss(y_true[None, :], y_pred))
    assert loss(1, y_pred[0]) == loss([1], y_pred)  # a label is the class of one row


def test_soft_targets_with_a_class_axis_in_front() -> None:
    y_true, y_pred = soft_targets()
    y_true[7, 3] = -0.25
    refused(ValueError, r"y_true\[3, 7\] = -0\.25\b", fl.cross_entropy, y_true.T, y_pred.T, axis=0)


def test_soft_targets_are_checked_only_where_they_count() -> None:
    y_true, y_pred = soft_targets()
    where = np.arange(N) != 4
    expected = bits(fl.cross_entropy.grad(y_true, y_pred, where=where))
    y_true[4] = -9
    assert bits(fl.cross_entropy.grad(y_true, y_pred, where=where)) == expected
    assert bits(fl.cross_entropy.grad(y_true, y_pred, sample_weight=where)) == expected


def test_ignore_index_needs_class_indices() -> None:
    y_true, y_pred = soft_targets()
    refused((TypeError, ValueError), r"ignore_index\b", fl.cross_entropy, y_true, y_pred, ignore_index=3)


@pytest.mark.parametrize("ignored", [None, 0, -1, -100, 255, 2**62, 2**63 - 1, -(2**63)], ids=str)
@pytest.mark.parametrize("code", "?bBhHiIqQefd")
def test_a_label_of_any_type_is_a_class_or_ignored_or_refused(code: str, ignored: int | None) -> None:
    dtype, y_pred = np.dtype(code), generator("labels", code).standard_normal((N, C)).astype(np.float32)
    if dtype.kind == "f":
        largest = float(np.finfo(dtype).max)
        said = [
            -1.0,
            -0.0,
            0.5,
            C - 1,
            C,
            C + 0.5,
            np.nan,
            np.inf,
            -np.inf,
            min(2.0**62, largest),
            min(2.0**63, largest),
        ]
    else:
        limits = np.iinfo(dtype) if dtype.kind in "iu" else None
        said = (
            [0, 1]
            if limits is None
            else [limits.min, limits.max, max(-1, limits.min), 0, C - 1, C, min(255, limits.max)]
        )
    for label in np.array(said, dtype).tolist():
        y_true = np.arange(N).astype(dtype) % (2 if dtype.kind == "b" else C)
        y_true[3] = label
        if label != ignored and label not in range(C):
            refused(ValueError, r"y_true\[3\]", fl.cross_entropy, y_true, y_pred, ignore_index=ignored)
            continue
        grad = fl.cross_entropy.grad(y_true, y_pred, reduction="none", ignore_index=ignored)
        for own, row in zip(y_true.tolist(), grad, strict=True):
            assert (row == 0).all() if own == ignored else (row < 0).nonzero()[0].tolist() == [own]


# -- targets of pointwise losses --------------------------------------------------------------------------------------


@every_pointwise_loss
@pytest.mark.parametrize(
    "shape", [(N,), (C,), (N, 1), (1, C), (N - 1, C), (N, C + 1), (N, C, 1), (1,), (0,), (N * C,)], ids=str
)
def test_no_silent_broadcasting_of_targets(loss: Any, shape: tuple[int, ...]) -> None:
    _, y_pred = inputs_of(loss)
    said = refused(ValueError, r"y_true\b.*shape", loss, np.zeros(shape), y_pred)
    assert str(y_pred.shape) in said


@every_pointwise_loss
def test_a_column_against_a_vector(loss: Any) -> None:
    refused(ValueError, r"y_true\b.*shape", loss, np.zeros(5), np.zeros((5, 1), np.float32))
    refused(ValueError, r"y_true\b.*shape", loss, np.zeros((5, 1)), np.zeros(5, np.float32))


@pytest.mark.parametrize("value", [-0.125, 1.125, 2, -1, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_targets_outside_their_domain(value: float, kind: Any) -> None:
    y_true, y_pred = inputs_of(fl.binary_cross_entropy)
    y_true = y_true.astype(kind)
    y_true[11, 4] = y_true[12, 0] = value
    refused(ValueError, rf"y_true\[11, 4\] = {value:g}(\.0)?\b.*\[0, 1\]", fl.binary_cross_entropy, y_true, y_pred)
    where = np.ones((N, C), bool)
    where[11:13] = False
    fl.binary_cross_entropy(y_true, y_pred, where=where)
    refused(ValueError, rf"y_true\b.*{value:g}", fl.binary_cross_entropy, np.float64(value), y_pred)


def test_a_number_that_rounding_takes_out_of_its_domain() -> None:
    """Computed in float32 it is at the end of its domain, where the loss is infinite."""
    y_true = np.array([0.0, np.nextafter(-1.0, 0.0)])
    assert fl.squared_log_error(y_true, np.zeros(2)) < np.inf
    message = r"y_true\[1\] = -0\.99999.* is not > -1; computed in float32 it is -1"
    refused(ValueError, message, fl.squared_log_error, y_true, np.zeros(2, np.float32))


def test_integer_targets_outside_their_domain() -> None:
    y_true, y_pred = inputs_of(fl.binary_cross_entropy)
    y_true = y_true.astype(np.int8)
    y_true[0, 3] = -1
    refused(ValueError, r"y_true\[0, 3\] = -1\b", fl.binary_cross_entropy, y_true, y_pred)


# -- weights ----------------------------------------------------------------------------------------------------------


@every_loss
@pytest.mark.parametrize("value", [-1.0, -1e-30, np.nan, np.inf, -np.inf])
def test_a_sample_weight_outside_its_domain(loss: Any, value: float) -> None:
    y_true, y_pred = inputs_of(loss)
    weight = np.ones(y_pred.shape if loss._row.of_numbers else N)
    weight[13] = value
    place = r"\[13, 0\]" if weight.ndim == 2 else r"\[13\]"
    refused(ValueError, rf"sample_weight{place} = {value:g}(\.0)?\b", loss, y_true, y_pred, sample_weight=weight)
    refused(ValueError, rf"sample_weight\b.*{value:g}", loss, y_true, y_pred, sample_weight=value)


@pytest.mark.parametrize("loss", [fl.huber, fl.contrastive])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [-1.0, -1e-45, np.nan, np.inf, -np.inf])
def test_a_sample_weight_outside_its_domain_is_found_anywhere(loss: Any, dtype: Any, value: float) -> None:
    n = 1100
    vectors = np.ones((n, 2), dtype)
    arrays = (vectors[:, 0], vectors[:, 0]) if loss is fl.huber else (np.ones(n), vectors, vectors)
    for place in (0, 1, 63, 64, 127, 1000, 1023, 1024, 1087, 1088, 1099):
        weight = np.linspace(0.5, 1.5, n).astype(dtype)
        weight[3] = -0.0
        loss(*arrays, sample_weight=weight)
        weight[place] = value
        with pytest.raises(ValueError, match=rf"^sample_weight\[{place}\] = "):
            loss(*arrays, sample_weight=weight)


@every_loss
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_weight_that_nothing_reads_is_not_looked_at(loss: Any, dtype: Any) -> None:
    """Masked or ignored places may hold anything; the first bad weight is the first that is read."""
    y_true, y_pred = inputs_of(loss, dtype)
    samples = y_pred.shape if loss._row.of_numbers else (N,)
    weight = np.ones(samples)
    expected = None
    indexed = loss.parameters.keys() & {"ignore_index"} and y_true.ndim == 1
    if indexed:
        y_true[y_true == 2] = 1
        y_true[7] = 2
    ways = [{"where": np.arange(weight.size).reshape(samples) // (weight.size // N) != 7}]
    for left_out in ways + [{"ignore_index": 2}] * bool(indexed):
        for reduction in ("mean", "sum", "none"):
            weight[7] = 0
            expected = bits(loss.value_grad_hess(y_true, y_pred, sample_weight=weight, reduction=reduction, **left_out))
            for value in (np.nan, np.inf, -np.inf, -1.0, 1e-300, 1e300):
                weight[7] = value
                got = loss.value_grad_hess(y_true, y_pred, sample_weight=weight, reduction=reduction, **left_out)
                assert bits(got) == expected
        weight[7] = np.nan
        loss(y_true, y_pred, sample_weight=weight, normalizer=1e-30, **left_out)
        weight[13] = np.nan
        refused(ValueError, r"sample_weight\[13(, 0)?\] = nan", loss, y_true, y_pred, sample_weight=weight, **left_out)
        weight[13] = 1


@every_loss
def test_a_negative_zero_is_a_weight_of_zero(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    value, grad = loss.value_and_grad(y_true, y_pred, sample_weight=-0.0)
    assert value == 0
    assert not np.signbit(value)
    assert not np.signbit(grad).any()


@every_loss
@pytest.mark.parametrize("name", ["sample_weight", "where"])
@pytest.mark.parametrize("shape", [(N - 1,), (N + 1,), (2, N, C), (N, 3), (0,)], ids=str)
def test_weights_and_masks_that_do_not_fit(loss: Any, name: str, shape: tuple[int, ...]) -> None:
    y_true, y_pred = inputs_of(loss)
    refused(ValueError, rf"{name}\b.*shape", loss, y_true, y_pred, **{name: np.ones(shape, bool)})


@every_loss
@pytest.mark.parametrize("name", ["sample_weight", "where"])
@pytest.mark.parametrize(("rows", "columns"), [(3, 3), (4, 3), (3, 4), (3, 1), (1, 3)])
def test_a_weight_of_fewer_dimensions_says_which_axis_it_is_for(loss: Any, name: str, rows: int, columns: int) -> None:
    """NumPy would take it for the last one: of a square array, columns would be weighed where rows were meant."""
    shape = (rows, columns, 2) if loss._row.axes else (rows, columns)
    y_true, y_pred = np.ones((rows, columns)), np.full(shape, -0.5 if loss._row.holds == "log_probs" else 0.5)
    if loss.kind == "rows" and not {"index", "number"} & set(loss._row.target.forms):
        y_true = np.tile([0, 1], (rows, columns, 1))
    for axis, length, remedy in ((0, rows, r"\[:, None\]"), (1, columns, r"\[None, :\]")):
        value = np.arange(length) > 0
        said = rf"^{name} has shape \({length},\).*{name}{remedy} has one for each index of axis {axis}"
        refused(ValueError, said, loss, y_true, y_pred, **{name: value})
    ones = np.ones((rows, columns), bool)
    expected = bits(loss.value_grad_hess(y_true, y_pred, **{name: ones}))
    assert bits(loss.value_grad_hess(y_true, y_pred, **{name: ones[:, :1]})) == expected


def test_a_weight_of_more_dimensions_says_how_it_fits() -> None:
    refused(
        ValueError,
        r"sample_weight\.reshape\(\(3,\)\)",
        fl.huber,
        np.zeros(3),
        np.ones(3),
        sample_weight=np.ones((3, 1)),
    )
    refused(
        ValueError, "^where has shape.*share a value$", fl.huber, np.zeros(3), np.ones(3), where=np.ones((3, 3), bool)
    )


@every_loss
@pytest.mark.parametrize(
    "value",
    ["heavy", np.ones(N, complex), np.ones(N, object), np.full(N, None), {}],
    ids=["str", "complex", "object", "None", "dict"],
)
def test_a_sample_weight_of_a_wrong_type(loss: Any, value: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    if loss._row.of_numbers and isinstance(value, np.ndarray):
        value = value[:, None]
    refused(TypeError, r"sample_weight\b", loss, y_true, y_pred, sample_weight=value)


@every_loss
@pytest.mark.parametrize("kind", [float, int, object, "U1"], ids=str)
def test_a_mask_that_is_not_boolean(loss: Any, kind: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    refused(
        TypeError,
        r"where\b.*bool",
        loss,
        y_true,
        y_pred,
        where=np.ones((N, C) if loss._row.of_numbers else N, kind),
    )


# What float32 takes for 0 or for infinity would be left out, or be NaN, without a word.
LOST = [
    (1e-50, "too small", "0.0"),
    (1e39, "not a finite weight >= 0", "inf"),
    (1e300, "not a finite weight >= 0", "inf"),
]


@every_loss
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize(("value", "why", "held"), LOST, ids=str)
def test_a_sample_weight_that_float32_does_not_have(loss: Any, value: float, why: str, held: str, dtype: Any) -> None:
    y_true, y_pred = inputs_of(loss, dtype)
    weight = np.ones(y_pred.shape if loss._row.of_numbers else N)
    weight[5] = 0
    loss(y_true, y_pred, sample_weight=weight)
    weight[13] = value
    place = r"\[13, 0\]" if weight.ndim == 2 else r"\[13\]"
    said = rf" = {re.escape(str(value))} is {why}; computed in float32 it is {held}"
    refused(ValueError, f"sample_weight{place}{said}", loss, y_true, y_pred, sample_weight=weight)
    refused(ValueError, f"sample_weight.*{said}", loss, y_true, y_pred, sample_weight=value)
    refused(ValueError, f"sample_weight{place}{said}", loss, y_true, y_pred, sample_weight=weight.astype(">f8"))
    assert np.isfinite(loss(y_true, y_pred.astype(np.float64), sample_weight=np.minimum(weight, 1e100)))


def test_the_least_weight_of_float32_counts() -> None:
    y_pred = np.float32([1, 3])
    assert fl.squared_error([0, 0], y_pred, sample_weight=[2.0**-149] * 2) == 5
    assert fl.squared_error([0, 0], y_pred, sample_weight=[np.nextafter(2.0**-150, 1)] * 2) == 5
    refused(ValueError, "computed in float32", fl.squared_error, [0, 0], y_pred, sample_weight=[2.0**-150] * 2)


@pytest.mark.parametrize(("value", "held"), [(1e-50, "0.0"), (1e300, "inf")])
def test_class_weights_that_float32_does_not_have(value: float, held: str) -> None:
    for loss in LOSSES:
        if "class_weight" not in loss.parameters:
            continue
        y_true, y_pred = inputs_of(loss)
        weight = np.ones(C + cases.row_of(loss).target.levels)
        weight[3] = value
        said = rf"class_weight\[3\] = {re.escape(str(value))} is .*computed in float32 it is {held}"
        refused(ValueError, said, loss, y_true, y_pred, class_weight=weight)
        refused(ValueError, said, loss.bind(class_weight=weight), y_true, y_pred)
        assert np.isfinite(loss(y_true, y_pred.astype(np.float64), class_weight=np.minimum(weight, 1e100)))


CLASS_WEIGHTED = [
    loss for loss in LOSSES if "class_weight" in loss.parameters and "index" in cases.row_of(loss).target.forms
]


@pytest.mark.parametrize(
    ("dtype", "weight", "said"),
    [
        (np.float32, 1e-30, "too small.*float32"),
        (np.float32, 1e30, "too large.*float32"),
        (np.float64, 1e-200, "too small.*float64"),
        (np.float64, 1e200, "too large.*float64"),
    ],
)
@pytest.mark.parametrize("loss", CLASS_WEIGHTED, ids=lambda loss: loss.name)
def test_a_product_of_weights_that_no_float_holds(loss: Any, dtype: Any, weight: float, said: str) -> None:
    """One float32 takes for 0 would leave the sample out without a word."""
    y_true, y_pred = inputs_of(loss, dtype)
    y_true[4] = 5
    weights, by_class = np.ones(N), np.ones(C + cases.row_of(loss).target.levels)
    weights[4] = by_class[5] = weight
    y_true[:4] = 0
    message = refused(
        ValueError, r"^sample_weight\[4\] = ", loss, y_true, y_pred, sample_weight=weights, class_weight=by_class
    )
    assert re.search(rf"times class_weight\[5\] = .* is {said}", message)
    for left_out in ({"where": np.arange(N) != 4}, {"ignore_index": 5}):
        assert np.isfinite(loss(y_true, y_pred, sample_weight=weights, class_weight=by_class, **left_out))
    weights[4] = 0
    assert np.isfinite(loss(y_true, y_pred, sample_weight=weights, class_weight=by_class))


@pytest.mark.parametrize("loss", CLASS_WEIGHTED, ids=lambda loss: loss.name)
def test_a_class_weight_over_a_normalizer_that_no_float_holds(loss: Any) -> None:
    by_class = np.full(C + cases.row_of(loss).target.levels, 1e20)
    for dtype, factor in ((np.float32, 1e-30), (np.float64, 1e-300)):
        y_true, y_pred = inputs_of(loss, dtype)
        said = rf"^class_weight\[\d+\] = 1e\+20 over normalizer = {factor} is too large"
        refused(ValueError, said, loss, y_true, y_pred, class_weight=by_class, normalizer=factor)
        said = rf"^sample_weight\[0\] = 0.5 times class_weight\[\d+\] = 1e\+20 over normalizer = {factor} is too large"
        halves = np.full(N, 0.5)
        refused(ValueError, said, loss, y_true, y_pred, class_weight=by_class, normalizer=factor, sample_weight=halves)


@every_loss
def test_a_weight_over_a_normalizer_that_no_float_holds(loss: Any) -> None:
    """Times a derivative of 0 it would be NaN."""
    for dtype, weight, normalizer, held in (
        (np.float32, 1e30, 1e-20, "float32"),
        (np.float64, 1e300, 1e-200, "float64"),
    ):
        y_true, y_pred = inputs_of(loss, dtype)
        samples = y_pred.shape if loss._row.of_numbers else (N,)
        weights = np.ones(samples)
        weights[3] = weight
        place = r"sample_weight\[3(, 0)?\]"
        message = rf"^{place} = 1e\+?\d+ over normalizer = 1e-\d+ is too large to compute with in {held}"
        refused(ValueError, message, loss, y_true, y_pred, sample_weight=weights, normalizer=normalizer)
        kept = np.ones(samples, bool)
        kept[3] = False
        assert np.isfinite(loss.grad(y_true, y_pred, sample_weight=weights, normalizer=normalizer, where=kept)).all()


def test_a_weight_that_is_masked() -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    refused(TypeError, r"where=", fl.cross_entropy, y_true, y_pred, sample_weight=np.ma.masked_equal(np.arange(N), 3))


@pytest.mark.parametrize("shape", [(C - 1,), (C + 1,), (N,), (1,), (C, 1), (1, C), ()], ids=str)
def test_class_weights_of_a_wrong_shape(shape: tuple[int, ...]) -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    refused(
        ValueError, rf"class_weight\b.*({C}|dimension)", fl.cross_entropy, y_true, y_pred, class_weight=np.ones(shape)
    )


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_class_weights_outside_their_domain(value: float) -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    weight = np.ones(C)
    weight[3] = value
    refused(
        ValueError, rf"class_weight\[3\] = {value:g}(\.0)?\b", fl.cross_entropy, y_true, y_pred, class_weight=weight
    )
    with pytest.raises(ValueError, match=rf"class_weight\[3\] = {value:g}(\.0)?\b"):
        fl.cross_entropy.bind(class_weight=weight)


@pytest.mark.parametrize(
    "value", ["balanced", {0: 1.0}, np.ones(C, complex), ["a"] * C], ids=["str", "dict", "complex", "strings"]
)
def test_class_weights_of_a_wrong_type(value: Any) -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    refused(TypeError, r"class_weight\b", fl.cross_entropy, y_true, y_pred, class_weight=value)


@every_loss
def test_all_weights_zero_is_zero(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    value, grad = loss.value_and_grad(y_true, y_pred, sample_weight=0)
    assert value == 0
    assert not grad.any()


def test_all_class_weights_zero_is_zero() -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    value, grad = fl.cross_entropy.value_and_grad(y_true, y_pred, class_weight=np.zeros(C))
    assert value == 0
    assert not grad.any()


# -- out --------------------------------------------------------------------------------------------------------------

OUTS: dict[str, tuple[Callable[[], Any], type[Exception] | tuple[type[Exception], ...], str]] = {
    "int32": (lambda: np.zeros((N, C), np.int32), TypeError, r"out\b.*int32"),
    "bool": (lambda: np.zeros((N, C), bool), TypeError, r"out\b.*bool"),
    "complex": (lambda: np.zeros((N, C), complex), TypeError, r"out\b.*complex"),
    "long double": (lambda: np.zeros((N, C), np.longdouble), TypeError, r"out\b.*(longdouble|float128)"),
    "object": (lambda: np.zeros((N, C), object), TypeError, r"out\b.*object"),
    "list": (lambda: [[0.0] * C] * N, TypeError, r"out\b"),
    "number": (lambda: 1.0, TypeError, r"out\b"),
    "short": (
        lambda: np.zeros((N - 1, C), np.float32),
        ValueError,
        rf"out\b.*\({N - 1}, {C}\).*\({N}, {C}\)|out\b.*\({N}, {C}\).*\({N - 1}, {C}\)",
    ),
    "long": (lambda: np.zeros((N, C + 1), np.float32), ValueError, r"out\b.*shape"),
    "flat": (lambda: np.zeros(N * C, np.float32), ValueError, r"out\b.*shape"),
    "more axes": (lambda: np.zeros((N, C, 1), np.float32), ValueError, r"out\b.*shape"),
    "no axes": (lambda: np.zeros((), np.float32), ValueError, r"out\b.*shape"),
    "transposed": (lambda: np.zeros((C, N), np.float32), ValueError, r"out\b.*shape"),
    "read-only": (
        lambda: np.frombuffer(bytes(4 * N * C), np.float32).reshape(N, C),
        ValueError,
        r"out\b.*read-only|read-only.*\bout\b",
    ),
    "masked": (lambda: np.ma.masked_array(np.zeros((N, C), np.float32), np.eye(N, C, dtype=bool)), TypeError, r"out\b"),
}


@every_loss
@pytest.mark.parametrize("kind", OUTS)
def test_an_out_that_cannot_take_the_gradient(loss: Any, kind: str) -> None:
    make, error, message = OUTS[kind]
    y_true, y_pred = inputs_of(loss)
    out = make()
    before = out.tobytes() if isinstance(out, np.ndarray) else out
    value = np.full(N if loss.kind == "rows" else (N, C), 7, np.float32)
    with pytest.raises(error, match=message):
        loss.grad(y_true, y_pred, out=out)
    with pytest.raises(error, match=message):
        loss.value_grad_hess(y_true, y_pred, reduction="none", out=(value, None, out))
    assert (out.tobytes() if isinstance(out, np.ndarray) else out) == before
    assert (value == 7).all()


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_out_that_overlaps_itself(loss: Any, dtype: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    cell = np.full((N, 1), 7, dtype)
    out = np.lib.stride_tricks.as_strided(cell, (N, C), (dtype(0).itemsize, 0))
    refused(ValueError, r"out\b.*overlap", loss, y_true, y_pred, out=(None, out, None))
    buffer = np.full(N + C, 7, dtype)
    sliding = np.lib.stride_tricks.as_strided(buffer, (N, C), (dtype(0).itemsize,) * 2)
    refused(ValueError, r"out\b.*overlap", loss, y_true, y_pred, out=(None, sliding, None))
    assert (cell == 7).all()
    assert (buffer == 7).all()


@every_loss
def test_outs_that_overlap_one_another(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    buffer = np.full((N + 1, C), 7, np.float32)
    for hess in (buffer[:N], buffer[1:], buffer[N - 1 :: -1]):
        refused(ValueError, r"out\b.*overlap", loss, y_true, y_pred, out=(None, buffer[:N], hess))
    assert (buffer == 7).all()
    interleaved = np.full((N, 2 * C), 7, np.float32)  # between one another, but no byte in common
    results = loss.grad_and_hess(y_true, y_pred, out=(interleaved[:, ::2], interleaved[:, 1::2]))
    assert bits(results) == bits(loss.grad_and_hess(y_true, y_pred))


@every_loss
def test_outs_that_overlap_an_input_in_part(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    buffer = np.zeros((N + 1, C), np.float32)
    inside = buffer[:N]
    inside[...] = y_pred
    before = buffer.tobytes()
    for out in (buffer[1:], inside[::-1], inside[:, ::-1]):
        refused(ValueError, r"out\b.*overlap", loss, y_true, inside, out=(None, out, None))
        refused(ValueError, r"out\b.*overlap", loss, y_true, inside, out=(None, None, out))
    narrow = np.zeros((N, C))
    narrow[...] = y_pred
    half = narrow.view(np.float32)[:, ::2]
    refused(
        ValueError, r"out\b.*overlap", loss, y_true, narrow, out=(None, half, None)
    )  # another dtype is not in place
    assert buffer.tobytes() == before


def test_a_length_of_one_may_have_any_stride_in_place() -> None:
    """With and without keywords: the short way takes it too."""
    for keywords in ({}, {"delta": 1.0}):
        y_pred = np.full((5, 1), 3.0)
        out = np.lib.stride_tricks.as_strided(y_pred, (5, 1), (8, 800))
        assert fl.huber.grad(np.zeros((5, 1)), y_pred, out=out, **keywords) is out
        assert (y_pred == 0.2).all()


def test_the_argument_that_an_output_overlaps_is_named() -> None:
    x = np.arange(5.0)
    for function, out in ((fl.softmax, x[::-1]), (fl.sigmoid, x[::-1]), (fl.logsumexp, x[:1].reshape(()))):
        with pytest.raises(ValueError, match=r"^out overlaps x(?!\w)") as caught:
            function(x, out=out)
        assert "gradient" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^out\[1\] \(gradient\) overlaps logits; only out\[1\] \(gradient\) may"):
        fl.binary_cross_entropy.value_and_grad(np.zeros(5), x, out=(None, x[::-1]))
    assert (x == np.arange(5.0)).all()


@every_loss
def test_outs_that_overlap_another_input(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss, np.float64)
    if loss._row.of_numbers:
        refused(ValueError, r"out\b.*overlap", loss, y_true[::-1], y_pred, out=(None, y_true, None))
        weight = np.ones((N, C))
        refused(
            ValueError, r"out\b.*overlap", loss, y_true, y_pred, sample_weight=weight, out=(None, weight[::-1], None)
        )
    else:
        if y_true.shape == y_pred.shape:
            refused(ValueError, r"out\b.*overlap", loss, y_true[::-1], y_pred, out=(None, y_true, None))
        weight = np.ones((N, C))
        refused(
            ValueError,
            r"out\b.*overlap",
            loss,
            y_true,
            y_pred,
            sample_weight=weight[:, 0],
            out=(None, weight, None),
        )


@every_loss
def test_a_value_that_overlaps_an_input(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss, np.float64)
    place = y_pred[:, 0] if loss.kind == "rows" else y_pred[::-1]
    refused(ValueError, r"out\b.*overlap", loss, y_true, y_pred, reduction="none", out=(place, None, None))


@every_loss
@pytest.mark.parametrize("out", [(), (None,), (None, None), (None,) * 4, [None, None, None]], ids=str)
def test_a_tuple_of_the_wrong_length(loss: Any, out: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    refused((TypeError, ValueError), r"out\b", loss, y_true, y_pred, out=out)


@every_loss
def test_one_array_for_several_results(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    refused((TypeError, ValueError), r"out\b.*tuple", loss, y_true, y_pred, out=np.zeros((N, C), np.float32))


@every_loss
def test_an_array_for_a_value_that_is_reduced(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    refused(ValueError, r"out\b.*shape", loss, y_true, y_pred, out=(np.zeros(N, np.float32), None, None))
    refused(
        ValueError, r"out\b.*shape", loss, y_true, y_pred, reduction="none", out=(np.zeros((), np.float32), None, None)
    )


# -- scalars ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
def test_numbers_too_large_for_a_float(sign: int) -> None:
    y, p, many = [0.0], np.ones(1), sign * 10**5000
    said = rf"= about {'-' * (sign < 0)}10\*\*5000 is too large for a float"
    for name in ("delta", "normalizer"):
        with pytest.raises(ValueError, match=rf"^{name} {said}"):
            fl.huber(y, p, **{name: many})
    with pytest.raises(ValueError, match=rf"^strength {said}"):
        fl.l2(p, strength=many)
    with pytest.raises(ValueError, match=rf"^the factor.* {said}"):
        many * fl.huber
    with pytest.raises(ValueError, match=r"^ignore_index = about .*10\*\*5000 does not fit"):
        fl.cross_entropy([0], np.ones((1, 2)), ignore_index=many)


@pytest.mark.parametrize("value", [True, np.bool_(True), [True], np.array(True), np.array([True]), [[True, False]]])
def test_a_truth_value_is_no_parameter(value: Any) -> None:
    y, p = np.zeros(1), np.ones(1)
    with pytest.raises(TypeError, match=r"^delta "):
        fl.huber(y, p, delta=value)
    with pytest.raises(TypeError, match=r"^alpha "):
        fl.categorical_focal([0], np.ones((1, 2)), alpha=value)
    with pytest.raises(TypeError, match=r"^normalizer "):
        fl.huber(y, p, normalizer=value)
    with pytest.raises(TypeError, match=r"^strength "):
        fl.l2(p, strength=value)


def test_a_factor_of_a_loss() -> None:
    for factor in (True, np.bool_(True), 1j, np.complex128(1), "2", None):
        with pytest.raises(TypeError):
            factor * fl.huber
        with pytest.raises(TypeError):
            fl.huber * factor
    for factor in (np.inf, -np.inf, np.nan, np.float32("inf")):
        with pytest.raises(ValueError, match=f"factor.* = {factor} is not finite"):
            fl.huber * factor


@every_loss
@pytest.mark.parametrize("value", ["foo", "", "Mean", "batchmean", None, 1, b"mean", ["mean"], np.array(["mean", "x"])])
def test_a_reduction_that_does_not_exist(loss: Any, value: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    said = refused((TypeError, ValueError), r"reduction\b", loss, y_true, y_pred, reduction=value)
    assert '"mean"' in said or "'mean'" in said


@every_loss
@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, -np.inf, 0.0])
def test_a_normalizer_outside_its_domain(loss: Any, value: float) -> None:
    y_true, y_pred = inputs_of(loss)
    refused(ValueError, rf"normalizer\b.*{value:g}", loss, y_true, y_pred, normalizer=value)


# Its reciprocal is what is computed with.
WITHOUT_RECIPROCAL = [(np.float32, 2e-39), (np.float32, 1e38), (np.float64, 5e-309), (np.float64, 5e307)]


@every_loss
@pytest.mark.parametrize(("dtype", "value"), WITHOUT_RECIPROCAL, ids=str)
def test_a_normalizer_without_a_reciprocal(loss: Any, dtype: Any, value: float) -> None:
    y_true, y_pred = inputs_of(loss, dtype)
    said = rf"normalizer = {re.escape(str(value))} is not between .*; computed in {dtype.__name__}, its reciprocal"
    refused(ValueError, said, loss, y_true, y_pred, normalizer=value)
    for near in (value * 4 if value < 1 else value / 4,):
        got, grad = loss.value_and_grad(y_true, y_pred, normalizer=near, reduction="mean")
        total, whole = loss.value_and_grad(y_true.astype(float), y_pred.astype(float), reduction="sum")
        assert got == pytest.approx(total / near, rel=1e-4, abs=0)
        with np.errstate(over="ignore", under="ignore"):
            expected = (whole / near).astype(dtype)
        ordinary = (abs(expected) > np.finfo(dtype).tiny) & np.isfinite(expected)
        np.testing.assert_allclose(grad[ordinary], expected[ordinary], rtol=1e-4, atol=0)
        assert np.isfinite(grad[np.isfinite(expected)]).all()


@every_loss
def test_a_sum_of_weights_without_a_reciprocal(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss, np.float64)
    for value in (1e-320, 1e308):
        said = r"the sum of the sample weights = .* is not between .*; computed in float64, its reciprocal"
        refused(ValueError, said, loss, y_true, y_pred, sample_weight=value)
        loss.value_and_grad(y_true, y_pred, sample_weight=1e-320, reduction="sum")
    # Weights of float32 are multiplied by a reciprocal of float64.
    y_true, y_pred = inputs_of(loss)
    expected, whole = loss.value_and_grad(y_true, y_pred)
    for value in (2.0**-149, 2.0**127):
        got, grad = loss.value_and_grad(y_true, y_pred, sample_weight=np.float32(value))
        assert got == pytest.approx(expected, rel=1e-5, abs=0)
        np.testing.assert_allclose(grad, whole, rtol=1e-5, atol=0)


@every_loss
def test_a_normalizer_needs_the_mean(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    for reduction in ("sum", "none"):
        refused(ValueError, r"normalizer\b.*mean", loss, y_true, y_pred, normalizer=3, reduction=reduction)
    refused(TypeError, r"normalizer\b", loss, y_true, y_pred, normalizer="3")
    refused((TypeError, ValueError), r"normalizer\b", loss, y_true, y_pred, normalizer=np.ones(3))
    refused(TypeError, r"normalizer\b", loss, y_true, y_pred, normalizer=1j)


@every_loss
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (2**31, ValueError),
        (2**70, ValueError),
        (True, TypeError),
        (1.5, TypeError),
        (1.0, TypeError),
        ("2", TypeError),
        ([2], TypeError),
    ],
    ids=str,
)
def test_a_number_of_threads_that_is_none(loss: Any, value: Any, error: type[Exception]) -> None:
    y_true, y_pred = inputs_of(loss)
    refused(
        error, rf"n_threads\b.*{value!r}".replace("[", r"\[").replace("]", r"\]"), loss, y_true, y_pred, n_threads=value
    )
    with pytest.raises(error, match=r"\bn\b|n_threads"):
        fl.set_num_threads(value)
    with pytest.raises(error, match=r"\bn\b|n_threads"), fl.num_threads(value):
        pass


@pytest.mark.parametrize(
    ("axis", "error"),
    [
        (2, ValueError),
        (-3, ValueError),
        (2**40, ValueError),
        (0.0, TypeError),
        ("0", TypeError),
        (None, TypeError),
        (True, TypeError),
        ((0,), TypeError),
    ],
    ids=str,
)
def test_an_axis_that_does_not_exist(axis: Any, error: type[Exception]) -> None:
    y_true, y_pred = inputs_of(fl.cross_entropy)
    refused(error, r"axis\b", fl.cross_entropy, y_true, y_pred, axis=axis)


def test_an_axis_for_a_loss_of_elements() -> None:
    y_true, y_pred = inputs_of(fl.squared_error)
    refused(TypeError, r"axis\b", fl.squared_error, y_true, y_pred, axis=0)


PARAMETERS = [
    (loss, name)
    for loss in LOSSES
    for name, (_, domain) in parameters.PARAMETERS[loss.name].items()
    if parameters.is_interval(domain)
]
every_parameter = pytest.mark.parametrize(("loss", "name"), PARAMETERS, ids=lambda x: getattr(x, "name", x))


def test_parameters_are_what_their_sources_say() -> None:
    """By a table of the tests, not by the rows that are under test."""
    rows = {row.name: row.parameters for row in (*fl.losses(), *PENALTIES.values())}
    assert {name for name, own in rows.items() if own} <= set(parameters.PARAMETERS)
    for name, expected in parameters.PARAMETERS.items():
        own = {parameter.name: parameter for parameter in rows[name] if parameter.kind != "axis"}
        assert list(own) == list(expected)
        for parameter, (default, domain) in zip(own.values(), expected.values(), strict=True):
            assert repr(parameter.default) == repr(default)
            if parameters.is_interval(domain):
                assert all(value in parameter.domain for value in parameters.inside(domain))
                assert not any(value in parameter.domain for value in parameters.outside(domain))
            elif "|" in domain:
                assert " | ".join(map(str, parameter.domain.options)) == domain
            else:
                assert parameter.kind == {"weights": "per_class"}.get(domain, domain)


@every_parameter
def test_parameters_inside_their_domain(loss: Any, name: str) -> None:
    """Taken, next to the ends too; what a result can be is not asked here."""
    y_true, y_pred = inputs_of(loss, np.float64)
    if loss._row.ranges:  # where targets may have to be above 0
        y_true = np.maximum(y_true, 1)
    for value in parameters.inside(parameters.PARAMETERS[loss.name][name][1]):
        loss.value_grad_hess(y_true, y_pred, **{name: value})
        assert loss.bind(**{name: value}).parameters[name] == value


@every_parameter
def test_parameters_outside_their_domain(loss: Any, name: str) -> None:
    row = next(row for row in fl.losses() if row.name == loss.name)
    parameter = next(p for p in row.parameters if p.name == name)
    y_true, y_pred = inputs_of(loss)
    for value in parameters.outside(parameters.PARAMETERS[loss.name][name][1]):
        said = rf"{name}\b.*{re.escape(str(value))}"
        refused(ValueError, said, loss, y_true, y_pred, **{name: value})
        with pytest.raises(ValueError, match=said):
            loss.bind(**{name: value}).grad(y_true, y_pred)
        if loss._row.of_numbers:
            values = np.full((N, C), 0.5 if parameter.default is None else parameter.default)
            values[3, 4] = value
            said = rf"{name}\[3, 4\] = {re.escape(str(value))} is not"
            refused(ValueError, said, loss, y_true, y_pred, **{name: values})
    for value in ("1", None, 1j, [[1.0] * 3] * 2, [[1.0], []], {}):
        if value is not None or parameter.default is not None:
            refused((TypeError, ValueError), rf"{name}\b", loss, y_true, y_pred, **{name: value})


@pytest.mark.parametrize(
    ("loss", "name"),
    [(loss, name) for loss, name in PARAMETERS if loss._row.of_numbers],
    ids=lambda x: getattr(x, "name", x),
)
def test_a_parameter_that_has_lost_digits(loss: Any, name: str) -> None:
    """Below the least normal number of the compute type no formula can be exact: such a number is refused, 0 is not."""
    domain = parameters.PARAMETERS[loss.name][name][1]
    for dtype in (np.float32, np.float64):
        y_true, y_pred = inputs_of(loss, dtype)
        least = float(np.finfo(dtype).tiny)
        for value in (
            least / 2,
            float(np.nextafter(dtype(least), dtype(0))),
            float(np.finfo(dtype).smallest_subnormal),
        ):
            if not parameters.contains(domain, value):
                continue
            said = rf"{name} = .* is too small, the least is {re.escape(f'{least:.8g}')}"
            refused(ValueError, said, loss, y_true, y_pred, **{name: value})
            values = np.full((N, C), least)
            values[3, 4] = value
            refused(ValueError, said.replace(" =", r"\[3, 4\] ="), loss, y_true, y_pred, **{name: values})
        for value in (least, 0.0):
            if parameters.contains(domain, value):
                loss.value_grad_hess(y_true, y_pred, **{name: value})


@every_parameter
def test_a_parameter_that_float32_does_not_have(loss: Any, name: str) -> None:
    """Refused with float32 predictions by every way of a call; taken with float64."""
    parameter = next(p for p in cases.row_of(loss).parameters if p.name == name)
    near_one = float(np.nextafter(1.0, 0.0))
    values = [x for x in (1e-60, 1e300, -1e300, near_one) if x in parameter.domain]
    lost = [x for x in values if x != near_one or 1.0 not in parameter.domain]
    y_true, y_pred = inputs_of(loss)
    for value in lost:
        held = r"0\.0" if value == 1e-60 else r"1\.0" if value == near_one else "-?inf"
        said = rf"{name} = {re.escape(str(value))} is .*; computed in float32 it is {held}"
        refused(ValueError, said, loss, y_true, y_pred, **{name: value})
        bound = loss.bind(**{name: value})
        refused(ValueError, said, bound, y_true, y_pred)
        with pytest.raises(ValueError, match=said):
            bound.grad(y_true.astype(np.float32), y_pred)  # what is plain goes a shorter way
        bound(y_true, y_pred.astype(np.float64))
        if loss._row.of_numbers:
            array = np.full((N, C), 0.5 if parameter.default is None else parameter.default)
            array[3, 4] = value
            said = rf"{name}\[3, 4\] = {re.escape(str(value))} is .*; computed in float32 it is {held}"
            refused(ValueError, said, loss, y_true, y_pred, **{name: array})
            refused(ValueError, said, loss.bind(**{name: array}), y_true, y_pred)
    for value in set(values) - set(lost):
        loss(y_true, y_pred, **{name: value})


def test_an_infinite_parameter_is_infinite_in_float32_too() -> None:
    y_true, y_pred = inputs_of(fl.general_robust)
    for alpha in (-np.inf, np.inf):
        fl.general_robust(y_true, y_pred, alpha=alpha)


# -- labels, probabilities, targets of one sign -----------------------------------------------------------------------

LABELLED = [loss for loss in LOSSES if "labels" in loss.parameters]
every_labelled_loss = pytest.mark.parametrize("loss", LABELLED, ids=lambda loss: loss.name)


@every_labelled_loss
def test_labels_are_said_not_guessed(loss: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    expected = bits(loss.value_grad_hess(y_true, y_pred))
    signed = 2 * y_true - 1
    for labels in ((-1, 1), [-1, 1], np.array([-1.0, 1.0])):
        assert bits(loss.value_grad_hess(signed, y_pred, labels=labels)) == expected
    assert bits(loss.bind(labels=(-1, 1)).value_grad_hess(signed, y_pred)) == expected
    first = tuple(map(int, np.argwhere(y_true == 0)[0]))
    place = rf"y_true\[{first[0]}, {first[1]}\]"
    refused(ValueError, rf"{place} = -1\.0 is not 0 or 1; labels=\(-1, 1\)", loss, signed, y_pred)
    refused(ValueError, rf"{place} = 0\.0 is not -1 or 1; labels=\(0, 1\)", loss, y_true, y_pred, labels=(-1, 1))
    y_true[3, 4] = 0.5
    refused(ValueError, r"y_true\[3, 4\] = 0\.5 is not 0 or 1", loss, y_true, y_pred)
    weight = np.ones((N, C))
    weight[3, 4] = 0
    loss(y_true, y_pred, sample_weight=weight)


@every_labelled_loss
@pytest.mark.parametrize(
    "labels", [(1, 0), (0, 2), (1, -1), 1, "01", None, (0, 1, 2), [[0, 1]], ((0, 1), 2), (0, [1, 2])], ids=str
)
def test_labels_that_are_none(loss: Any, labels: Any) -> None:
    y_true, y_pred = inputs_of(loss)
    refused(ValueError, r"labels\b.*\(0, 1\).*\(-1, 1\)", loss, y_true, y_pred, labels=labels)


@pytest.mark.parametrize(
    ("name", "place", "bad", "said"),
    [
        ("binary_log_loss", "y_pred", [1.5, -0.25, np.inf], r"in \[0, 1\]"),
        ("brier", "y_pred", [1.5, -0.25], r"in \[0, 1\]"),
        ("squared_log_error", "y_pred", [-1.0, -2.0, -np.inf], "> -1"),
        ("squared_log_error", "y_true", [-1.0, -2.0], "> -1"),
        ("gamma", "y_true", [0.0, -1.0], "> 0"),
        ("poisson", "y_true", [-1.0, -1e-30], ">= 0"),
        ("tweedie", "y_true", [-1.0], ">= 0"),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_elements_outside_their_domain(name: str, place: str, bad: list[float], said: str, dtype: Any) -> None:
    loss = getattr(fl, name)
    for value in bad:
        y_true, y_pred = inputs_of(loss, dtype)
        {"y_true": y_true, "y_pred": y_pred}[place][7, 3] = value
        refused(ValueError, rf"{place}\[7, 3\] = {re.escape(f'{dtype(value)}')} is not {said}", loss, y_true, y_pred)
        loss(y_true, y_pred, where=np.arange(N)[:, None] != 7)


PROBABILITIES = [(1.25, r"in \[0, 1\]"), (-0.25, r"in \[0, 1\]"), (np.inf, r"in \[0, 1\]")]
LOGARITHMS = [(0.25, "the logarithm of a probability, <= 0"), (np.inf, "the logarithm of a probability")]
#: Loss, its keywords, whether it is asked with class indices, bad predictions and what is said of them.
GIVEN = [
    (fl.categorical_log_loss, {}, True, PROBABILITIES),
    (fl.categorical_log_loss, {}, False, PROBABILITIES),
    (fl.categorical_log_loss, {"label_smoothing": 0.125}, True, PROBABILITIES),
    (fl.categorical_log_loss, {"clip": 0.125}, True, PROBABILITIES),
    (fl.nll, {}, True, LOGARITHMS),
    (fl.nll, {}, False, LOGARITHMS),
    *((getattr(fl, name), {"given": "probs"}, False, PROBABILITIES) for name in DIVERGENCES),
    *((getattr(fl, name), {"given": "log_probs"}, False, LOGARITHMS) for name in DIVERGENCES),
]


@pytest.mark.parametrize(("loss", "keywords", "indices", "bad"), GIVEN, ids=lambda x: getattr(x, "name", None))
@pytest.mark.parametrize("classes", [2, 10, 150, 300])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_probabilities_of_rows_outside_their_domain(
    loss: Any, keywords: dict[str, Any], indices: bool, bad: Any, classes: int, dtype: Any
) -> None:
    rng = generator("given", classes)
    holds = keywords.get("given", cases.row_of(loss).holds)
    y_pred = held_by_rows(holds, rng.normal(size=(40, classes))).astype(dtype)
    y_true = rng.integers(classes, size=40) if indices else np.eye(classes, dtype=dtype)[rng.integers(classes, size=40)]
    loss(y_true, y_pred, **keywords)
    kept = np.arange(40) != 33
    for value, said in bad:
        wrong = y_pred.copy()
        column = int(y_true[33]) if indices else classes - 1
        wrong[33, column] = value
        said = rf"y_pred\[33, {column}\] = {re.escape(str(dtype(value)))} is not {said}"
        refused(ValueError, said, loss, y_true, wrong, **keywords)
        across = np.ascontiguousarray(wrong.T)
        turned = rf"y_pred\[{column}, 33\] = {re.escape(str(dtype(value)))} is not"
        refused(ValueError, turned, loss, y_true if indices else y_true.T, across, axis=0, **keywords)
        expected = bits(loss.value_and_grad(y_true, y_pred, where=kept, **keywords))
        assert bits(loss.value_and_grad(y_true, wrong, where=kept, **keywords)) == expected
        loss(y_true, wrong, sample_weight=kept.astype(float), **keywords)
        if indices:
            loss(np.where(kept, y_true, -100), wrong, ignore_index=-100, **keywords)
    missing = y_pred.copy()
    missing[33, int(y_true[33]) if indices else 0] = np.nan
    assert np.isnan(loss(y_true, missing, **keywords))  # for the result to show


#: Losses of probabilities as given, whether with class indices, and whether they clip.
OF_PROBABILITIES = [
    (fl.binary_log_loss, False, True),
    (fl.brier, False, False),
    (fl.categorical_log_loss, True, True),
    (fl.categorical_log_loss, False, True),
    *((getattr(fl, name).bind(given="probs"), False, False) for name in DIVERGENCES),
]


@pytest.mark.parametrize("dtype", [*cases.HALVES, *cases.FLOATS], ids=str)
@pytest.mark.parametrize("classes", [2, 10, 150, 300])
@pytest.mark.parametrize(
    ("loss", "indices", "clips"), OF_PROBABILITIES, ids=lambda x: repr(x) if isinstance(x, fl.Loss) else None
)
def test_a_rounding_above_1_is_taken_for_1(loss: Any, indices: bool, clips: bool, classes: int, dtype: Any) -> None:
    """Up to 4 epsilons of the array's own type; where probabilities are clipped, whatever may be a rounding."""
    ones = np.zeros((40, classes), dtype)
    ones[:, 1] = 1
    y_true = np.ones(40, int) if indices else ones.astype(np.float32)
    epsilon = {np.dtype(np.float16): 2.0**-10, np.dtype(np.float32): 2.0**-23, np.dtype(np.float64): 2.0**-52}.get(
        dtype, 2.0**-7
    )
    expected = bits(loss.value_grad_hess(y_true, ones, reduction="none"))

    def above(by: float) -> np.ndarray:
        wrong = ones.copy()
        wrong[33, 1] = 1 + by
        assert wrong[33, 1] > 1
        return wrong

    for k in (1, 4):
        for call in (loss, loss.bind()):
            assert bits(call.value_grad_hess(y_true, above(k * epsilon), reduction="none")) == expected
            assert bits(call(y_true, above(k * epsilon))) == bits(call(y_true, ones))  # the short way
        # A broadcast array goes the long way, and class by class.
        turned = np.ascontiguousarray(above(k * epsilon).T).T
        assert bits(loss.value_grad_hess(y_true, turned, reduction="none")) == expected
    said = r"y_pred\[33, 1\] = .* is not in \[0, 1\]"
    refused(ValueError, said, loss, y_true, above(8 * epsilon))
    below = ones.copy()
    below[33, 1] = -epsilon
    refused(ValueError, said, loss, y_true, below)
    if not clips:
        return
    for clip in (1e-15, 1e-7, 0.25):
        for call, options in ((loss, {"clip": clip}), (loss.bind(clip=clip), {})):
            expected = bits(call.value_grad_hess(y_true, ones, reduction="none", **options))
            for by in (epsilon, 4 * epsilon, max(2.0**-7, epsilon)):
                assert bits(call.value_grad_hess(y_true, above(by), reduction="none", **options)) == expected
            zero, tiny = ones.copy(), ones.copy()
            zero[33, 1], tiny[33, 1] = 0, -(2.0**-7)
            assert bits(call.value_grad_hess(y_true, tiny, **options)) == bits(
                call.value_grad_hess(y_true, zero, **options)
            )
            assert bits(call(y_true, tiny, **options)) == bits(call(y_true, zero, **options))
            refused(ValueError, said, call, y_true, above(0.0625), **options)
            tiny[33, 1] = -(2.0**-6)
            refused(ValueError, said, call, y_true, tiny, **options)


def test_what_is_clipped_is_said_for_each_element() -> None:
    """Of an array of clips one may be 0, which clips nothing: then no element is forgiven what is below 0."""
    y_true, y_pred = np.ones(4), np.array([0.5, 1.0, -1e-3, 0.25])
    refused(ValueError, r"y_pred\[2\] = -0.001", fl.binary_log_loss, y_true, y_pred, clip=np.array([0, 0.1, 0.1, 0.1]))
    assert np.isfinite(fl.binary_log_loss(y_true, y_pred, clip=np.full(4, 0.1)))


def test_rounding_of_logarithms_of_probabilities_is_forgiven() -> None:
    for dtype in (np.float16, np.float32, np.float64):
        logits = generator("rounding").normal(size=(500, 2)).astype(dtype) * dtype(0.01) + dtype(8)
        logits[:, 0] -= dtype(20)
        log_probs = logits - fl.logsumexp(logits)[:, None]
        fl.nll(np.ones(500, int), log_probs)
        fl.kl_divergence(np.full((500, 2), 0.5), np.minimum(log_probs, 0) + dtype(0.0078125), given="log_probs")


def test_the_least_number_above_an_open_end_is_inside() -> None:
    for dtype in (np.float32, np.float64):
        least = np.finfo(dtype).smallest_subnormal
        assert np.isfinite(fl.gamma(np.full(3, least, dtype), np.zeros(3, dtype)))
        assert np.isfinite(fl.squared_log_error(np.zeros(3, dtype), np.nextafter(np.full(3, -1, dtype), dtype(0))))


# -- what is not what it says ------------------------------------------------------------------------------------------


class Other(str):
    """A text that is equal to what it likes."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return other == "mean"

    def __ne__(self, other: object) -> bool:
        return False


def test_a_reduction_is_what_it_was_when_it_was_checked() -> None:
    memory = np.full(64, 7.0)
    place = memory[8:9].reshape(())
    for text, expected in (("mean", 1.0), ("sum", 20.0)):
        result = fl.squared_error(np.zeros(20), np.ones(20), reduction=Other(text), out=place)
        assert result is place
        assert place == expected
        assert (np.delete(memory, 8) == 7).all()
    with pytest.raises(ValueError, match=r"^reduction="):
        fl.squared_error(np.zeros(20), np.ones(20), reduction=Other("total"), out=place)


def test_a_normalizer_is_asked_once() -> None:
    class Number:
        asked = 0

        def __float__(self) -> float:
            self.asked += 1
            return 4.0

    number = Number()
    assert fl.squared_error(np.zeros(20), np.ones(20), normalizer=number) == 5
    assert number.asked == 1


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")
def test_arrays_of_a_bound_loss_belong_to_it() -> None:
    given = np.full(8, 0.5, np.float32)
    loss = fl.quantile.bind(alpha=given)
    expected, key = loss(np.zeros(8, np.float32), np.ones(8, np.float32)), hash(loss)
    given[:] = 0
    for shown in (
        loss.parameters["alpha"],
        loss.__signature__.parameters["alpha"].default,
        loss.__reduce__()[1][1]["alpha"],
    ):
        with pytest.raises(ValueError, match="WRITEABLE"):
            shown.setflags(write=True)
        shown.shape = (2, 4)
    assert loss(np.zeros(8, np.float32), np.ones(8, np.float32)) == expected
    assert hash(loss) == key
    assert loss.parameters["alpha"].shape == (8,)


# -- what NumPy would say ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["raise", "warn"])
def test_a_refusal_does_not_depend_on_numpys_error_state(state: Any) -> None:
    signaling = np.array([0x7F800001, 0x7F800001], np.uint32).view(np.float32)
    logits = np.zeros((1, 3), np.float32)
    with np.errstate(all=state):
        refused(ValueError, r"^y_true\[0, 1\] = -inf", fl.cross_entropy, [[np.inf, -np.inf, 0]], logits)
        refused(ValueError, r"^y_true\[0\] sums to inf", fl.cross_entropy, [[1e308, 1e308, 0]], logits)
        refused(ValueError, r"^y_true\[0, 0\] = 6", fl.multilabel_soft_margin, np.float16([[60000, 60000, 0]]), logits)
        refused(ValueError, r"^y_true\[0\] = nan", fl.cross_entropy, signaling, np.zeros((2, 3), np.float32))
        refused(ValueError, r"^sample_weight\[0\] = nan", fl.huber, [0.0, 0.0], logits[0, :2], sample_weight=signaling)


def test_labels_beyond_2_to_the_53_are_compared_as_integers() -> None:
    logits = np.zeros((2, 3), np.float32)
    said = r"^y_true\[0\] = 9\S* is not a class"
    for label, ignored in ((2.0**53, 2**53 + 1), (2.0**63, 2**63 - 1)):
        refused(ValueError, said, fl.cross_entropy, [label, 1.0], logits, ignore_index=ignored)
    assert fl.cross_entropy([2.0**53, 1.0], logits, ignore_index=2**53) == pytest.approx(np.log(3))


@pytest.mark.parametrize("text", ["3", b"3", bytearray(b"3"), memoryview(b"3"), np.array("3"), np.str_("3")], ids=repr)
def test_a_text_is_no_number(text: Any) -> None:
    calls: list[Callable[[], Any]] = [
        lambda: fl.huber([0.0], [1.0], normalizer=text),
        lambda: fl.huber.point(text, 0.0),
        lambda: fl.l2([1.0], strength=text),
    ]
    for call, name in zip(calls, ("normalizer", "y_true", "strength"), strict=True):
        with pytest.raises(TypeError, match=name):
            call()


def test_integers_that_python_does_not_write() -> None:
    huge, deep = 10**5000, []
    for _ in range(10**5):
        deep = [deep]
    calls: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (ValueError, "^n_threads = about 10\\*\\*5000", lambda: fl.huber([0.0], [1.0], n_threads=huge)),
        (TypeError, "^reduction must", lambda: fl.huber([0.0], [1.0], reduction=huge)),
        (ValueError, "^normalizer = about", lambda: fl.huber([0.0], [1.0], normalizer=huge)),
        (ValueError, "^y_true = about", lambda: fl.huber.point(huge, 0.0)),
        (ValueError, "^labels = a tuple that is too long to show", lambda: fl.hinge([0.0], [1.0], labels=(0, huge))),
        (TypeError, "^reduction must", lambda: fl.huber([0.0], [1.0], reduction=deep)),
        (TypeError, "^strength must", lambda: fl.l2([1.0], strength=deep)),
        (ValueError, "is not an engine", lambda: fl.engine(huge).__enter__()),
        (TypeError, "^losses must", lambda: fl.uncertainty_weighted(huge)),
        (TypeError, "^accumulate must", lambda: fl.l2.grad([1.0], out=np.zeros(1), accumulate=huge)),
    ]
    for error, message, call in calls:
        with pytest.raises(error, match=message):
            call()
