"""Losses and functions inside of the user's own compiled functions: the same results and errors as outside."""

from __future__ import annotations

import functools
import math
import pickle
import re
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
from cases import FLOATS, bits, generator

import fastloss as fl

numba = pytest.importorskip("numba")

import test_jit  # noqa: E402
from test_jit import POINTWISE, beyond, cauchy, in_another_process, short_gradient, tempered  # noqa: E402  it needs Numba

pytestmark = pytest.mark.slow

of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def compiled(loss: Any, method: str, names: Any, **written: Any) -> Any:
    """Return a compiled function that calls a loss with keywords of these names, others written in the call."""
    return _compiled(loss, method, tuple(names), tuple(written.items()))


@functools.cache
def _compiled(loss: Any, method: str, names: tuple[str, ...], written: tuple[tuple[str, Any], ...]) -> Any:
    given = ", ".join(["y_true", "y_pred", *(f"{name}={name}" for name in names)])
    constants = "".join(f", {name}={value!r}" for name, value in written)
    called = "loss" if method == "__call__" else f"loss.{method}"
    namespace = {"loss": loss}
    exec(f"def calling({', '.join(('y_true', 'y_pred', *names))}): return {called}({given}{constants})", namespace)
    return numba.njit(namespace["calling"])


def both(loss: Any, method: str, y_true: Any, y_pred: Any, keywords: dict[str, Any], **written: Any) -> Any:
    """Return what a call gives inside of a compiled function, and outside on the same engine."""
    inside = compiled(loss, method, keywords, **written)(y_true, y_pred, *keywords.values())
    with fl.engine("numba"):
        outside = getattr(loss, method)(y_true, y_pred, **keywords, **written)
    return tuple(r if isinstance(r, tuple) else (r,) for r in (inside, outside))


def agree(inside: Any, outside: Any, rtol: float = 0.0, classes: int = -1) -> None:
    """Expect the same bits of arrays, unless a tolerance is given; sums are rounded at other places.

    The tolerance is in units of the largest number of a row: where a target is spread over the classes, a gradient is
    the difference of two terms, each of which is rounded.
    """
    assert len(inside) == len(outside)
    for result, expected in zip(inside, outside, strict=True):
        assert np.shape(result) == np.shape(expected)
        if np.ndim(expected) == 0:
            np.testing.assert_allclose(result, expected, rtol=rtol or 1e-13)
        elif rtol:
            unit = np.abs(expected)
            unit = unit.max(classes, keepdims=True, initial=0) if np.ndim(expected) == 2 else unit
            assert (np.abs(result - expected) <= rtol * unit).all()
        else:
            assert bits(np.ascontiguousarray(result)) == bits(np.ascontiguousarray(expected))


# -- element-wise losses ----------------------------------------------------------------------------------------------

#: What is asked for, and the keywords besides those of the loss.
FORMS = {
    "plain call": ("__call__", (), {}),
    "sum": ("grad_and_hess", ("sample_weight",), {"reduction": "sum"}),
    "each": ("value_grad_hess", ("sample_weight", "where"), {"reduction": "none"}),
    "over a normalizer": ("value_and_grad", ("where", "normalizer"), {}),
    "weighted mean": ("value_grad_hess", ("shared",), {}),
    "each of a plain call": ("__call__", (), {"reduction": "none"}),
}


#: Each loss, with other parameters than its defaults where it has some: a call takes seconds to compile.
_HAVE_OTHERS = {variant.row.name for variant in POINTWISE if variant.parameters == "other"}
GIVEN = [v for v in POINTWISE if v.parameters == "other" or v.row.name not in _HAVE_OTHERS]


@pytest.mark.rotating(most=1, of_whole=2)
@of_float
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("variant", GIVEN, ids=str)
def test_a_call_inside_is_the_call_outside(variant: cases.Variant, form: str, dtype: Any) -> None:
    method, names, written = FORMS[form]
    rng = generator("inside", str(variant), form)
    inputs = cases.draw(variant, (6, 10), dtype, rng)
    y_true, y_pred = inputs.y_true[:, ::2], inputs.y_pred[:, ::2]
    labels = {name: value for name, value in inputs.keywords.items() if name == "labels"}
    keywords = {name: value for name, value in inputs.keywords.items() if name != "labels"}
    others = {
        "sample_weight": rng.integers(0, 3, (6, 5)) * 0.25, "where": rng.random((6, 5)) < 0.7, "normalizer": 7.5,
        "shared": rng.integers(1, 3, (6, 1)),
    }  # fmt: skip
    keywords |= {"sample_weight" if name == "shared" else name: others[name] for name in names}
    agree(*both(variant.loss.bind(**labels), method, y_true, y_pred, keywords, **written))


@fl.jit.pointwise
def scaled(y_true, y_pred, n=2.0, run=1.0, weight=1.0, where_=0.0):
    return n * run * weight * (y_pred - y_true) ** 2 + where_


def test_everything_that_a_call_takes() -> None:
    rng = generator("takes")
    y_true, y_pred = rng.normal(size=(2, 30))
    for loss, keywords in (
        (scaled, {"n": 3.0, "run": 2, "weight": np.float32(0.5), "where_": True + 1}),  # names of the text
        (scaled, {"n": rng.random(30), "run": rng.random(1), "sample_weight": 2}),
        (cauchy.bind(c=2.0), {"where": np.array([True])}),
        (0.5 * fl.huber + 2 * cauchy, {"huber_delta": 0.25, "cauchy_c": 4.0, "cauchy_factor": 0.5}),
        (fl.huber.bind(reduction="sum", n_threads=1), {"delta": 2.0}),
        (fl.huber.bind(normalizer=4.0, delta=3), {"sample_weight": np.arange(30)}),
    ):
        agree(*both(loss, "value_and_grad", y_true, y_pred, keywords))
    agree(*both(fl.huber, "value_and_grad", y_true.astype(np.float32).astype(int), y_pred, {}))
    agree(*both(fl.huber.bind(reduction="sum"), "__call__", y_true, y_pred, {}, reduction="mean"))
    agree(*both(fl.huber, "grad", 0.5, y_pred, {"delta": 0.5}))
    agree(*both(fl.brier, "grad", y_true > 0, abs(y_pred) / 8, {}))
    for shape in ((0,), (0, 3), (1, 1), (2, 3, 4)):
        x = rng.normal(size=shape)
        agree(*both(fl.huber, "value_and_grad", x, 2 * x, {"sample_weight": np.ceil(abs(x))}))
    agree(*both(fl.huber, "value_grad_hess", y_true, y_pred, {"where": np.zeros(30, bool)}))
    in_part = np.where(y_true > 0, y_pred, np.nan)
    agree(*both(fl.huber, "value_and_grad", y_true, in_part, {"sample_weight": (y_true > 0) * 1.0}))

    @numba.njit
    def by_other_names(y_true, logits, weight=None, delta=2.0, reduction="sum"):
        return (
            fl.binary_cross_entropy(logits=logits, y_true=y_true, sample_weight=weight),
            fl.huber(y_true, logits, delta=delta, reduction=reduction),
        )

    labels = (y_true > 0) * 1.0
    expected = fl.binary_cross_entropy(labels, y_pred), fl.huber(labels, y_pred, delta=2.0, reduction="sum")
    np.testing.assert_allclose(by_other_names(labels, y_pred), expected, rtol=1e-14)
    assert fl.huber.point(0.0, 3.0, delta=2.0) == compiled(fl.huber, "point", ["delta"])(0.0, 3.0, 2.0)


def in_keywords_alone(y_true: Any, y_pred: Any) -> Any:
    return (
        fl.huber(y_true, y_pred, delta=2.0),
        fl.huber(y_true, y_pred, normalizer=2.0),
        fl.huber(y_true, y_pred, sample_weight=3.0, delta=1.5, reduction="sum"),
        fl.huber(y_true, y_pred, delta=1.5, sample_weight=3.0, reduction="sum"),
        fl.huber(y_true, y_pred, sample_weight=2, reduction="sum"),
        fl.huber(y_true, y_pred, sample_weight=3, reduction="sum"),
        fl.huber(y_true, y_pred, reduction="sum"),
        fl.huber(y_true, y_pred, reduction="mean"),
        fl.huber(y_pred=y_true, y_true=3 * y_pred),
        fl.huber(y_true, y_pred),
    )


def test_calls_of_one_function_that_differ_in_keywords_alone() -> None:
    """Numba knew them by the types of their arguments: `normalizer=2.0` was computed as `delta=2.0`."""
    y_true, y_pred = generator("keywords alone").normal(scale=3, size=(2, 20))
    np.testing.assert_allclose(
        numba.njit(in_keywords_alone)(y_true, y_pred), in_keywords_alone(y_true, y_pred), rtol=1e-14
    )


@pytest.mark.parametrize("parallel", [False, True])
def test_calls_in_loops_of_threads_and_from_the_cache(parallel: bool, tmp_path: Path) -> None:
    """A function that calls losses may be `parallel=True`, and be kept on disk by Numba."""
    code = f"""
import numba, numpy as np
import fastloss as fl

@numba.njit(parallel={parallel}, cache=True)
def each(y_true, y_pred, delta):
    values, gradients = np.empty(len(y_pred)), np.empty_like(y_pred)
    for i in numba.prange(len(y_pred)):
        values[i], gradients[i] = fl.huber.value_and_grad(y_true[i], y_pred[i], delta=delta, sample_weight=2.0)
        values[i] += fl.softplus(y_pred[i, 0]) + fl.huber(y_true[i], y_pred[i], normalizer=2.0)
    return values, gradients

if __name__ == "__main__":
    y_true, y_pred = np.random.default_rng(1).normal(scale=3, size=(2, 9, 5))
    values, gradients = each(y_true, y_pred, 2.0)
    for result, right in zip(each(y_true, y_pred, 2.0), each.py_func(y_true, y_pred, 2.0), strict=True):
        np.testing.assert_allclose(result, right, rtol=1e-14)
    print("from the cache", sum(each.stats.cache_hits.values()))
"""
    (tmp_path / "kept.py").write_text(code)
    run = f"import runpy; runpy.run_path({str(tmp_path / 'kept.py')!r}, run_name='__main__')"
    for hits in range(2):
        done = in_another_process(run, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_NUM_THREADS="2")
        assert done.stdout == f"from the cache {hits}\n", done.stderr


def test_probabilities_a_little_above_1_inside() -> None:
    for dtype in (np.float32, np.float64):
        y_pred = np.array([0.5, 1 + 3 * np.finfo(dtype).eps, 1.0], dtype)
        y_true = np.array([0, 1, 1], dtype)
        agree(*both(fl.binary_log_loss, "value_and_grad", y_true, y_pred, {}))
        y_pred[1] = 1.005
        agree(*both(fl.binary_log_loss, "value_and_grad", y_true, y_pred, {"clip": 1e-3}))
        for keywords in ({}, {"clip": 0.0}):
            wrong_inside(ValueError, fl.binary_log_loss, "grad", y_true, y_pred, keywords)


def wrong_inside(error: Any, loss: Any, method: str, y_true: Any, y_pred: Any, keywords: Any, **written: Any) -> None:
    """Expect the error that the call outside gives, to the letter."""
    with pytest.raises(error) as outside:
        getattr(loss, method)(y_true, y_pred, **keywords, **written)
    with pytest.raises(error, match=f"^{re.escape(str(outside.value))}$") as inside:
        compiled(loss, method, keywords, **written)(y_true, y_pred, *keywords.values())
    assert str(pickle.loads(pickle.dumps(inside.value))) == str(outside.value)


def test_what_is_wrong_inside_is_said_as_outside() -> None:
    x = np.arange(6.0)
    for keywords in (
        {"sample_weight": np.array([1, 2, -1, 0, 0, 0])},
        {"sample_weight": np.where(x == 4, np.nan, x)},
        {"sample_weight": np.where(x == 4, np.inf, 1.0)},
        {"sample_weight": np.ones(5)},
        {"sample_weight": -2.0},
        {"where": np.ones(7, bool)},
        {"delta": 0.0},
        {"delta": math.inf},
        {"delta": math.nan},
        {"delta": np.where(x == 3, -1.0, 1.0)},
        {"normalizer": 0.0},
        {"normalizer": -math.inf},
        {"sample_weight": np.full(6, 1e-310)},
    ):
        wrong_inside(ValueError, fl.huber, "value_and_grad", x, x, keywords)
    wrong_inside(ValueError, fl.huber, "grad", x, x[:5], {})
    wrong_inside(ValueError, fl.huber, "grad", x, x.reshape(2, 3), {})
    wrong_inside(ValueError, fl.huber, "grad", x.astype(np.float32), x.astype(np.float32), {"sample_weight": x * 1e-50})
    wrong_inside(ValueError, fl.huber, "grad", x.astype(np.float32), x.astype(np.float32), {"delta": 1e-50})
    wrong_inside(ValueError, fl.huber, "grad", x, x.astype(np.float32), {"normalizer": 1e-42})
    wrong_inside(ValueError, fl.brier, "grad", x.reshape(2, 3), x.reshape(2, 3), {})
    wrong_inside(ValueError, fl.brier, "grad", x / 8, np.array([0, 1, 0.5, -1, 2, 0]), {})
    wrong_inside(ValueError, fl.hinge, "grad", np.array([0, 1, 1, 0, 2]), np.ones(5), {})
    # What nothing reads may be anything.
    weight = np.where(x == 3, 0.0, 1.0)
    agree(
        *both(
            fl.brier,
            "value_and_grad",
            np.where(x == 3, 7, x / 8),
            np.where(x == 3, -9, x / 8),
            {"sample_weight": weight},
        )
    )
    bad = {"sample_weight": np.where(x == 3, -1.0, 1.0), "where": x != 3}
    agree(*both(fl.brier, "value_and_grad", np.where(x == 3, 7, x / 8), x / 8, bad))


def test_what_cannot_be_compiled_inside() -> None:
    x = np.ones((3, 2))

    def refused(message: str, loss: Any, method: str, y_true: Any, y_pred: Any, *given: Any, **keywords: Any) -> None:
        with pytest.raises(numba.TypingError, match=message):
            compiled(loss, method, keywords)(y_true, y_pred, *keywords.values())

    refused(
        "huber.grad needs reduction written in the call, as it decides of types",
        fl.huber,
        "grad",
        x,
        x,
        reduction="sum",
    )
    refused(
        r"huber.grad has no keyword 'out' in a compiled function; it has \['delta', ", fl.huber, "grad", x, x, out=x
    )
    refused("huber has no keyword 'n_threads'", fl.huber, "__call__", x, x, n_threads=1)
    refused("huber.point has no keyword 'sample_weight'", fl.huber, "point", 1.0, 1.0, sample_weight=1.0)
    refused("huber.grad takes real numbers for delta, not bool", fl.huber, "grad", x, x, delta=True)
    refused("huber.grad takes a number for delta, not None", fl.huber, "grad", x, x, delta=None)
    refused(
        "huber.grad takes real numbers for sample_weight, not array.complex",
        fl.huber,
        "grad",
        x,
        x,
        sample_weight=x + 1j,
    )
    refused("huber.grad takes truth values for where", fl.huber, "grad", x, x, where=x)
    refused(
        r"sample_weight has 1 dimensions, the samples have 2. It must have as many",
        fl.huber,
        "grad",
        x,
        x,
        sample_weight=x[0],
    )
    refused("huber.grad takes a real number for normalizer", fl.huber, "grad", x, x, normalizer=x)
    refused(
        "hinge.grad takes no labels in a compiled function; bind it: hinge.bind", fl.hinge, "grad", x, x, labels=(-1, 1)
    )
    refused("takes arrays, y_pred of float32 or float64, not", fl.huber, "grad", x, np.ones((3, 2), int))
    refused("takes real numbers for y_true, not", fl.huber, "grad", x + 1j, x)
    refused("gaussian_nll cannot be called in compiled functions", fl.gaussian_nll, "grad", x[:, 0], x)
    refused("root_mean_squared_error cannot be called", fl.root_mean_squared_error, "__call__", x, x)
    for written, message in (
        ({"reduction": "max"}, "reduction='max' is not one of"),
        ({"reduction": "sum", "normalizer": 2.0}, "normalizer replaces the denominator of the mean"),
        ({"reduction": 1}, "reduction must be 'mean', 'sum' or 'none', not 1"),
    ):
        with pytest.raises(numba.TypingError, match=message):
            compiled(fl.huber, "grad", (), **written)(x, x)

    @numba.njit
    def too_many(x):
        return fl.huber(x, x, x)

    @numba.njit
    def too_few(x):
        return fl.huber(x)

    @numba.njit
    def twice(x):
        return fl.binary_cross_entropy(x, x, logits=x)

    for function, message in (
        (too_many, "takes y_true and y_pred, then keywords"),
        (too_few, "needs y_pred"),
        (twice, "got logits twice"),
    ):
        with pytest.raises(numba.TypingError, match=message):
            function(x)


# -- losses over rows -------------------------------------------------------------------------------------------------


@fl.jit.rowwise
def of_labels(y_true, logits, scale=1.0):
    gradient = 2 * scale * logits
    gradient[y_true] += scale
    return scale * ((logits * logits).sum() + logits[y_true]), gradient, np.full(len(logits), 2 * scale)


@fl.jit.rowwise
def of_shares(y_true, logits, scale=1.0):
    return scale * (y_true * logits).sum(), scale * y_true, scale * y_true * y_true


@of_float
@pytest.mark.parametrize("classes", [1, 3, 70])
def test_cross_entropy_inside(classes: int, dtype: Any) -> None:
    rng = generator("rows inside", classes, dtype)
    n = 40
    labels, logits = rng.integers(classes, size=n), rng.normal(scale=3, size=(n, classes)).astype(dtype)
    soft = cases.soft_rows(classes, n, rng, dtype)
    weight, where = rng.integers(0, 3, n) * 0.5, rng.random(n) < 0.8
    of_class = rng.integers(1, 9, classes) / 4
    rtol = 16 * float(np.finfo(dtype).eps)
    forms: tuple[tuple[str, Any, dict[str, Any], dict[str, Any]], ...] = (
        ("__call__", labels, {}, {}),
        ("value_grad_hess", labels, {"sample_weight": weight}, {}),
        ("value_grad_hess", labels, {"sample_weight": weight, "where": where}, {"reduction": "none"}),
        ("value_and_grad", labels, {"class_weight": of_class, "ignore_index": 0}, {"reduction": "mean"}),
        ("value_and_grad", labels, {"label_smoothing": 0.25, "normalizer": 3.0}, {}),
        ("value_grad_hess", labels, {"label_smoothing": 0.25, "class_weight": of_class, "sample_weight": 2}, {}),
        ("value_grad_hess", soft, {}, {}),
        ("__call__", soft, {"class_weight": of_class, "sample_weight": weight}, {"reduction": "sum"}),
        ("value_and_grad", soft, {"label_smoothing": 0.5}, {"reduction": "none"}),
    )
    for method, y_true, keywords, written in forms[dtype == np.float64 :: 2]:  # each in one type: it takes 2 s
        agree(*both(fl.cross_entropy, method, y_true, logits, keywords, **written), rtol=rtol)
    turned = np.ascontiguousarray(logits.T)
    agree(*both(fl.cross_entropy, "value_grad_hess", labels, turned, {}, axis=0), rtol=rtol, classes=0)
    bound = fl.cross_entropy.bind(
        axis=0, class_weight=np.arange(1.0, 1 + classes), label_smoothing=0.25, reduction="sum"
    )
    agree(*both(bound, "value_and_grad", soft.T, turned, {"sample_weight": weight}), rtol=rtol, classes=0)
    agree(*both(bound.bind(ignore_index=0), "grad", labels, turned, {"sample_weight": weight}), rtol=rtol, classes=0)


def test_users_rows_inside() -> None:
    rng = generator("users rows inside")
    labels, logits, soft = rng.integers(4, size=20), rng.normal(size=(20, 4)), cases.soft_rows(4, 20, rng, np.float64)
    for keywords, written in (
        ({"scale": 2.0, "sample_weight": rng.integers(0, 2, 20)}, {}),
        ({"ignore_index": 1, "class_weight": np.arange(1.0, 5)}, {"reduction": "none"}),
    ):
        agree(*both(of_labels, "value_grad_hess", labels, logits, keywords, **written))
    for y_true, keywords, rtol in (
        (soft, {"scale": 3}, 0.0),
        (labels, {"label_smoothing": 0.25}, 0.0),
        (soft, {"class_weight": np.arange(1.0, 5)}, 1e-15),  # the sum of the weights is rounded at other places
    ):
        agree(*both(of_shares, "value_grad_hess", y_true, logits, keywords), rtol=rtol)
        agree(*both(of_shares, "__call__", y_true, logits, keywords, reduction="none"), rtol=rtol)


def test_what_is_wrong_with_rows_inside() -> None:
    labels, logits, soft = np.array([0, 2, 1]), np.zeros((3, 3)), np.eye(3)
    for y_true, keywords in (
        (np.array([0, 3, 1]), {}),
        (np.array([0, -1, 1]), {"ignore_index": 1}),
        (labels, {"sample_weight": np.array([1, 1, np.nan])}),
        (labels, {"sample_weight": np.ones(2)}),
        (labels, {"label_smoothing": 1.5}),
        (labels, {"class_weight": np.array([1, -1.0, 1])}),
    ):
        wrong_inside(ValueError, fl.cross_entropy, "grad", y_true, logits, keywords)
    for y_true, keywords, message in (
        (labels[:2], {}, "y_true has shape (2,); for logits of shape (3, 3); it must have one class for each row"),
        (soft[:2], {}, "y_true has shape (2, 3); for logits of shape (3, 3)"),
        (soft * 1.5, {}, "the sum of the soft target y_true[0] = 1.5 is not 1"),
        (soft - 0.5, {}, "y_true[0, 1] = -0.5 is < 0: no probability"),
        (labels, {"class_weight": np.ones(4)}, "class_weight has shape (4,); one number for each class has shape (3,)"),
        (
            labels,
            {"class_weight": np.full(3, 1e300), "sample_weight": 1e300},
            "class_weight[0] = 1e+300 times the weight",
        ),
    ):
        with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
            compiled(fl.cross_entropy, "grad", keywords)(y_true, logits, *keywords.values())
    # What nothing reads may be anything.
    for keywords in (
        {"sample_weight": np.array([1, 0, 1])},
        {"where": np.array([True, False, True])},
        {"ignore_index": 7},
    ):
        agree(*both(fl.cross_entropy, "value_and_grad", np.array([0, 7, 1]), logits, keywords), rtol=1e-14)

    def refused(message: str, *arguments: Any, **keywords: Any) -> None:
        loss, y_true, y_pred = arguments
        with pytest.raises(numba.TypingError, match=message):
            compiled(loss, "grad", keywords)(y_true, y_pred, *keywords.values())

    ce = fl.cross_entropy
    refused(
        "cross_entropy in a compiled function takes its defaults, not another temperature",
        ce,
        labels,
        logits,
        temperature=2.0,
    )
    refused("takes its defaults, not another temperature", ce.bind(temperature=2.0), labels, logits)
    refused("multi_margin has no Numba kernel", fl.multi_margin, labels, logits)
    refused(r"takes class indices \(n,\) or probabilities \(n, classes\), and logits", ce, np.ones(3), logits)
    refused(r"takes class indices", ce, labels, logits[0])
    refused("takes an integer for ignore_index", ce, labels, logits, ignore_index=1.0)
    refused("takes one number for each class for class_weight", ce, labels, logits, class_weight=2.0)
    refused("needs axis written in the call", ce, labels, logits, axis=0)
    refused("ignore_index goes with class indices", ce, soft, logits, ignore_index=1)
    refused("takes a real number for label_smoothing", ce, labels, logits, label_smoothing=np.ones(2))
    with pytest.raises(numba.TypingError, match="axis = 2 is out of range"):
        compiled(ce, "grad", (), axis=2)(labels, logits)
    with pytest.raises(numba.TypingError, match="tempered has no Hessian"):
        compiled(tempered, "grad_and_hess", ())(labels, logits)


# -- functions --------------------------------------------------------------------------------------------------------


@numba.njit
def all_functions(x):
    rows = fl.softmax(x), fl.log_softmax(x), fl.logsumexp(x)
    return rows, (fl.sigmoid(x), fl.log_sigmoid(x), fl.softplus(x))


@numba.njit
def over_an_axis(x, axis):
    return fl.softmax(x, axis), fl.log_softmax(x, axis=axis), fl.logsumexp(x, axis=axis)


@numba.njit
def of_a_number(x):
    return fl.sigmoid(x), fl.log_sigmoid(x), fl.softplus(x)


ROWS, ELEMENTS = ("softmax", "log_softmax", "logsumexp"), ("sigmoid", "log_sigmoid", "softplus")


def as_outside(name: str, result: Any, x: Any, **axis: int) -> None:
    """Expect what a function gives outside: to 8 ULP, those of the sum of exponentials in units of its terms."""
    expected = getattr(fl, name)(x, **axis)
    unit = np.abs(expected)
    if name == "logsumexp":  # the largest number and the logarithm of the rest may cancel
        unit = np.maximum(unit, np.abs(x.max(axis.get("axis", -1)).astype(expected.dtype)))
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(np.where(finite, 0, result), np.where(finite, 0, expected))
    with np.errstate(invalid="ignore"):
        assert (np.abs(result - expected) <= 8 * np.finfo(expected.dtype).eps * unit)[finite].all()
    assert np.ndim(result) == 0 or (result.dtype, result.shape) == (expected.dtype, expected.shape)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_functions_inside(dtype: Any) -> None:
    rng = generator("functions inside", dtype)
    infinity = math.inf
    special = np.array(
        [[0, math.nan, 1], [infinity, 0, 1], [infinity, infinity, 0], [-infinity] * 3, [-infinity, 2, 1000]]
    )
    arrays = [rng.normal(scale=9, size=shape) for shape in ((7,), (5, 4), (4, 600), (0,), (0, 3), (1, 1))]
    arrays += [special, special[1]] if np.dtype(dtype).kind == "f" else []
    for x in (array.astype(dtype)[::-1] for array in arrays):
        for axis in range(-x.ndim, x.ndim):
            if x.shape[axis] == 0:
                with pytest.raises(ValueError, match="rows of no classes"):
                    over_an_axis(x, axis)
                continue
            for name, result in zip(ROWS, over_an_axis(x, axis), strict=True):
                as_outside(name, result, x, axis=axis)
        if x.shape[-1]:
            for names, results in zip((ROWS, ELEMENTS), all_functions(x), strict=True):
                for name, result in zip(names, results, strict=True):
                    as_outside(name, result, x)
    for number in (dtype(1), dtype(0)):
        for name, result in zip(ELEMENTS, of_a_number(number), strict=True):
            as_outside(name, result, number)
    returned = np.float32 if dtype == np.float32 else np.float64
    assert str(of_a_number.nopython_signatures[-1].return_type) == f"UniTuple({np.dtype(returned)} x 3)"


def test_what_functions_inside_refuse() -> None:
    for axis in (2, -3):
        with pytest.raises(ValueError, match=rf"^axis = {axis} is out of range for an array of 2 dimensions"):
            over_an_axis(np.ones((2, 2)), axis)
    with pytest.raises(numba.TypingError, match="sigmoid takes real numbers or arrays of them"):
        of_a_number(1j)
    with pytest.raises(numba.TypingError, match="softmax takes arrays of one or two dimensions in a compiled function"):
        all_functions(np.ones((2, 2, 2)))


def test_functions_inside_of_a_users_loss() -> None:
    @fl.jit.rowwise
    def of_softmax(y_true, logits):
        p = fl.softmax(logits)
        gradient = p.copy()
        gradient[y_true] -= 1
        return -fl.log_softmax(logits)[y_true], gradient

    logits, labels = generator("of softmax").normal(size=(9, 4)), np.arange(9) % 4
    for result, expected in zip(
        of_softmax.value_and_grad(labels, logits), fl.cross_entropy.value_and_grad(labels, logits), strict=True
    ):
        np.testing.assert_allclose(result, expected, rtol=1e-13)


# -- what was there before --------------------------------------------------------------------------------------------

gentle = fl.huber.bind(delta=2.0)


@numba.njit
def in_one_function(y_true, y_pred):
    return fl.huber.value_and_grad(y_true, y_pred), gentle.grad(y_true, y_pred), cauchy.value_grad_hess(y_true, y_pred)


@numba.njit
def at_a_point(y_true, y_pred):
    return fl.huber.point(y_true, y_pred), cauchy.point(y_true, y_pred)


@numba.njit
def over_rows(y_true, logits):
    return fl.cross_entropy.value_grad_hess(y_true, logits), tempered.value_and_grad(y_true, logits)


@numba.njit
def logistic(y_true, logits):
    return fl.binary_cross_entropy.value_and_grad(y_true, logits)


@of_float
def test_losses_in_compiled_functions(dtype: Any) -> None:
    rng = generator("njit", dtype)
    y_true, y_pred = (rng.normal(size=(50, 30)).astype(dtype) for _ in range(2))
    for layout in (np.ascontiguousarray, lambda a: a[::2, ::-1]):
        y, x = layout(y_true), layout(y_pred)
        (value, grad), of_gentle, of_cauchy = in_one_function(y, x)
        assert value == pytest.approx(fl.huber(y, x), rel=1e-15, abs=0)
        np.testing.assert_array_equal(grad, fl.huber.grad(y, x))
        np.testing.assert_array_equal(of_gentle, gentle.grad(y, x))
        for result, expected in zip(of_cauchy, cauchy.value_grad_hess(y, x), strict=True):
            np.testing.assert_allclose(result, expected, rtol=1e-14 if dtype == np.float64 else 1e-6)
        assert grad.dtype == dtype
    logits, labels = rng.normal(scale=4, size=(40, 12)).astype(dtype), rng.integers(12, size=40)
    of_rows, of_user = over_rows(labels, logits)
    for result, expected in zip(of_rows, fl.cross_entropy.value_grad_hess(labels, logits), strict=True):
        np.testing.assert_allclose(result, expected, rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_allclose(of_user[1], tempered.grad(labels, logits), rtol=1e-5, atol=1e-9)


focal, signed_hinge = fl.binary_focal.bind(labels=(-1, 1)), fl.hinge.bind(labels=(-1, 1))


@numba.njit
def with_domains(signs, shares, above, y_pred):
    return (
        focal.value_and_grad(signs, y_pred),
        signed_hinge.value_and_grad(signs, y_pred),
        fl.brier.value_and_grad(shares, shares),
        fl.squared_log_error.value_and_grad(above, above),
    )


@of_float
def test_domains_and_labels_in_compiled_functions(dtype: Any) -> None:
    rng = generator("domains", dtype)
    signs, shares = rng.choice([-1, 1], 90).astype(dtype), rng.random(90).astype(dtype)
    above, y_pred = (rng.random(90) - 0.5).astype(dtype), rng.normal(scale=3, size=90).astype(dtype)
    expected = (
        focal.value_and_grad(signs, y_pred),
        signed_hinge.value_and_grad(signs, y_pred),
        fl.brier.value_and_grad(shares, shares),
        fl.squared_log_error.value_and_grad(above, above),
    )
    for (value, grad), (right, right_grad) in zip(with_domains(signs, shares, above, y_pred), expected, strict=True):
        assert value == pytest.approx(right, rel=4 * float(np.finfo(dtype).eps), abs=0)
        np.testing.assert_allclose(grad, right_grad, rtol=12 * np.finfo(dtype).eps)
    bad = dtype.type(0.5), dtype.type(1.5), dtype.type(-1)
    for place, (number, message) in enumerate(
        zip(
            bad,
            (
                "y_true[7] = 0.5 is not -1 or 1; labels=(0, 1)",
                "y_true[7] = 1.5 is not in [0, 1]",
                "y_true[7] = -1.0 is not > -1",
            ),
            strict=True,
        )
    ):
        arrays = [signs.copy(), shares.copy(), above.copy()]
        arrays[place][7] = number
        with pytest.raises(ValueError, match=re.escape(message)):
            with_domains(*arrays, y_pred)
    signs[3] = np.nan
    assert np.isnan(with_domains(signs, shares, above, y_pred)[0][0])


def test_points_in_compiled_functions() -> None:
    expected = fl.huber.point(0.5, 3.0), cauchy.point(0.5, 3.0)
    np.testing.assert_allclose(at_a_point(0.5, 3.0), expected, rtol=1e-15)
    np.testing.assert_allclose(at_a_point(np.float32(0.5), np.float32(3.0)), expected, rtol=1e-6)
    assert fl.huber.point(0.0, 3.0) == (2.5, 1.0, 0.0)
    with pytest.raises(TypeError, match="not a loss of one number"):
        fl.cross_entropy.point(0, 1)


endless = fl.general_robust.bind(alpha=-np.inf)


@fl.jit.rowwise
def capped(y_true, logits, cap=1.0, floor=0.0):
    return min(max(logits[y_true], floor), cap), logits


uncapped = capped.bind(cap=np.inf, floor=-np.inf)


@numba.njit
def of_infinite_parameters(y_true, y_pred, labels, logits):
    return (
        endless.value_and_grad(y_true, y_pred),
        endless.point(y_true[0], y_pred[0]),
        uncapped.grad(labels, logits),
        (uncapped.value_and_grad(labels, logits)[0]),
    )


def test_infinite_parameters_in_compiled_functions() -> None:
    """-inf was written as inf; over rows neither could be compiled."""
    y_true, y_pred, labels, logits = np.zeros(3), np.array([0.5, 1, 2]), np.array([1, 0]), np.array([[1, -9.0], [7, 1]])
    (value, grad), point, rows_grad, rows_value = of_infinite_parameters(y_true, y_pred, labels, logits)
    assert value == pytest.approx(endless(y_true, y_pred), rel=1e-15, abs=0)
    np.testing.assert_allclose(grad, endless.grad(y_true, y_pred), rtol=1e-15)
    np.testing.assert_allclose(point, endless.point(y_true[0], y_pred[0]), rtol=1e-15)
    np.testing.assert_array_equal(rows_grad, uncapped.grad(labels, logits))
    assert rows_value == uncapped(labels, logits) == -1


@numba.njit
def of_short_gradient(y_true, logits):
    return short_gradient.grad(y_true, logits)


@numba.njit
def of_index_beyond(y_true, logits):
    return beyond.grad(y_true, logits)


def test_rows_in_compiled_functions_are_looked_at() -> None:
    labels, logits = np.zeros(2, int), np.ones((2, 3))
    with pytest.raises(
        ValueError, match=re.escape(f"short_gradient ({test_jit.__file__}:") + r"\d+\) must return a gradient of one"
    ):
        of_short_gradient(labels, logits)
    with pytest.raises(IndexError):
        of_index_beyond(labels, logits)
    np.testing.assert_array_equal(of_index_beyond(labels, np.ones((2, 6))), np.full((2, 6), 0.5))


def test_numba_finds_the_losses_without_an_import_of_ours() -> None:
    code = """
import numba, numpy as np
import fastloss as fl

@numba.njit
def f(y_true, y_pred):
    return fl.squared_error.value_and_grad(y_true, y_pred)

print(f(np.zeros(2), np.ones(2)))
"""
    done = in_another_process(code, PYTHONWARNINGS="error")
    assert done.stdout == "(1.0, array([1., 1.]))\n", done.stderr


def test_fast_math_of_a_users_function_stays_out_of_the_losses(tmp_path: Path) -> None:
    """A function compiled by Numba takes the flags of its first caller: exp would return powers of two from then on."""
    code = """
import numba, numpy as np
import fastloss as fl

@fl.jit.pointwise
def of_user(y_true, y_pred):
    return exp(y_pred) + softplus(y_true), exp(y_pred)

@fl.jit.rowwise
def of_rows(y_true, logits):
    return logits[y_true], exp(logits)

@numba.njit(fastmath=True)
def in_fast_function(y, x, labels, logits):
    points = fl.binary_cross_entropy.point(y[0], x[0]), of_user.point(y[0], x[0]), fl.huber.point(y[0], x[0])
    results = fl.binary_cross_entropy.value_and_grad(y, x), of_user.value_and_grad(y, x)
    return points, results, fl.cross_entropy.value_and_grad(labels, logits), of_rows.value_and_grad(labels, logits)

def flat(x):
    return [y for part in x for y in flat(part)] if isinstance(x, tuple) else [np.asarray(x)]

rng = np.random.default_rng(1)
for dtype in (np.float64, np.float32):
    x = rng.normal(scale=5, size=1000).astype(dtype)
    y = (rng.random(1000) < 0.5).astype(dtype)
    labels, logits = np.arange(100) % 5, x[:500].reshape(100, 5)
    in_fast_function(y, x, labels, logits)
    with fl.engine("numba"):
        points = fl.binary_cross_entropy.point(y[0], x[0]), of_user.point(y[0], x[0]), fl.huber.point(y[0], x[0])
        results = fl.binary_cross_entropy.value_and_grad(y, x), of_user.value_and_grad(y, x)
        rows = fl.cross_entropy.value_and_grad(labels, logits), of_rows.value_and_grad(labels, logits)
    expected = points, results, *rows
    tolerance = 20 * np.finfo(dtype).eps
    for found, right in zip(flat(in_fast_function(y, x, labels, logits)), flat(expected), strict=True):
        np.testing.assert_allclose(found, right, rtol=tolerance)
    np.testing.assert_allclose(flat(expected)[-1] * 100, np.exp(logits), rtol=tolerance)
    t = 2 * y - 1.0
    np.testing.assert_allclose(flat(results)[1] * 1000, -t / (1 + np.exp(t * x)), rtol=10 * tolerance)
    x[0] = np.nan
    assert all(np.isnan(point).all() for point in in_fast_function(y, x, labels, logits)[0][:2])
    with fl.engine("numba"):
        assert np.isnan(fl.binary_cross_entropy(y, x))
        assert np.isnan(of_user(y, x))

# A sum that may be regrouped is compiled first, and what it calls must not be regrouped for it.
share, logits = np.zeros((1, 65), np.float32), np.full((1, 65), -2.4e38, np.float32)
share[0, :3], logits[0, :3] = (0.0128718, 0.6452658, 0.3418624), (-2.493997e38, 1.732492e38, 2.8605872e38)
with fl.engine("numba"):
    for classes in (65, 3):
        assert 7.9e37 < fl.cross_entropy(share[:, :classes], logits[:, :classes]) < 8.0e37, classes
print("done")
"""
    (tmp_path / "fast.py").write_text(code)
    run = f"import runpy; runpy.run_path({str(tmp_path / 'fast.py')!r})"
    done = in_another_process(run, FASTLOSS_CACHE_DIR=str(tmp_path))
    assert done.stdout == "done\n", done.stderr
