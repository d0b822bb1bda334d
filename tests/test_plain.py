"""The short way of plain calls (``kernels/frame/plain.pxi``): what is plain takes it, with the bits of the long way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from types import SimpleNamespace
from typing import Any

import cases
import numpy as np
import pytest
from cases import FLOATS, HALVES, METHODS, Inputs, Variant, arrays_of, bits, generator

import fastloss as fl
from fastloss.drawing import numbers_of
from fastloss.kinds import draw
from fastloss.rows import Domain
from fastloss.runtime import current_engine

WANT = {
    "__call__": 1,
    "grad": 2,
    "value_and_grad": 3,
    "grad_and_hess": 6,
    "value_grad_hess": 7,
    "hvp": 8,
    "hess_matrix": 16,
}
VARIANTS = [*cases.variants(), *cases.sums()]

pytestmark = [
    pytest.mark.skipif(current_engine() != "compiled", reason="the short way is that of the compiled engine"),
]
every_variant = pytest.mark.parametrize("variant", VARIANTS, ids=str)


def long_way() -> AbstractContextManager[None]:
    """Close the short way, which is closed for all who run inside `engine`, and stay on the engine."""
    return fl.engine(current_engine())


def fused(variant: Variant) -> bool:
    """Whether a loss is one call of a kernel: not a sum of several of them."""
    return not variant.row.terms or len(variant.row.terms) == 1 or variant.row.of_numbers


def short_of(loss: Any, method: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Return what the short way makes of a call, None where it leaves the call to the long way."""
    return loss._short.run(WANT[method], args, {**loss.keywords, **keywords})


def keywords_of(inputs: Inputs, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Yield keywords as they mostly are."""
    samples = inputs.samples
    yield {}
    yield {"sample_weight": rng.random(samples)}
    yield {"sample_weight": rng.random(samples).astype(np.float32), "where": rng.random(samples) < 0.7}
    yield {"sample_weight": rng.integers(1, 4, samples), "normalizer": 3.0}
    yield {"where": rng.random(samples) < 0.7, "reduction": "sum", "n_threads": 2}
    yield {"reduction": "none", "sample_weight": rng.random((1,) * len(samples))}
    yield {"reduction": "none", "where": rng.random(samples) < 0.7}
    yield {"normalizer": 7}


@pytest.mark.compact
@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("shape", [(29, 10), (3, 5, 65)], ids=str)
@every_variant
def test_the_short_way_has_the_bits_of_the_long_one(variant: Variant, shape: tuple[int, ...], dtype: Any) -> None:
    rng = generator("plain", str(variant), shape, str(dtype))
    inputs = cases.draw(variant, shape, dtype, rng)
    loss = variant.loss.bind(**inputs.keywords)
    if any(np.ndim(value) for value in loss.parameters.values()) and loss._short is None:
        return  # an array of parameters: one for each sample, or for each class
    taken = 0
    for method in METHODS:
        for keywords in keywords_of(inputs, rng):
            call = getattr(loss, method)
            with long_way():
                expected = call(inputs.y_true, inputs.y_pred, **keywords)
            result = call(inputs.y_true, inputs.y_pred, **keywords)
            assert bits(result) == bits(expected), keywords
            if loss._short is not None:
                taken += short_of(loss, method, (inputs.y_true, inputs.y_pred), keywords) is not None
    if fused(variant):
        assert taken == len(METHODS) * 8


def same_both_ways(loss: Any, method: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Return the results of a call, which the short way takes, and with the bits of the long one."""
    call = getattr(loss, method)
    with long_way():
        expected = call(*args, **keywords)
    result = call(*args, **keywords)
    assert bits(result) == bits(expected), (method, keywords)
    assert short_of(loss, method, args, keywords) is not None, (method, keywords)
    return result


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@every_variant
def test_hessians_times_vectors_and_whole_ones(variant: Variant, dtype: Any) -> None:
    row, rng = variant.row, generator("plain hvp", str(variant), str(dtype))
    inputs = cases.draw(variant, (29, 10), dtype, rng)
    loss, args = variant.loss.bind(**inputs.keywords), (inputs.y_true, inputs.y_pred)
    if loss._short is None or not (row.has_products or row.whole_hessian):
        return
    vector = rng.normal(size=inputs.y_pred.shape).astype(dtype)
    for keywords in keywords_of(inputs, rng):
        if row.whole_hessian:
            same_both_ways(loss, "hess_matrix", args, keywords)
        if not row.has_products:
            continue
        product = same_both_ways(loss, "hvp", (*args, vector), keywords)
        assert bits(same_both_ways(loss, "hvp", args, {**keywords, "vector": vector})) == bits(product)
        for out in (np.empty_like(product), vector.copy()):  # the last one exactly over the vector
            given = out if np.may_share_memory(out, vector) else vector
            assert loss.hvp(*args, given, **keywords, out=out) is out
            assert bits(out) == bits(product)
        place = vector.copy()
        assert short_of(loss, "hvp", (*args, place), {**keywords, "out": place}) is place
        assert bits(place) == bits(product)


@every_variant
def test_parts(variant: Variant) -> None:
    rng = generator("plain parts", str(variant))
    inputs = cases.draw(variant, (29, 10), np.float32, rng)
    loss, args = variant.loss.bind(**inputs.keywords), (inputs.y_true, inputs.y_pred)
    if loss._short is None or variant.row.kind == "totals":
        return
    for keywords in keywords_of(inputs, rng):
        if keywords.keys() & {"reduction", "normalizer"}:
            continue
        with long_way():
            expected = loss.partial(*args, **keywords)
            assert loss.try_partial(args, keywords) is None
        assert loss.partial(*args, **keywords) == expected
        assert loss.try_partial(args, keywords) is not None or len(variant.row.terms) == 1
        assert loss.bind(reduction="sum").partial(*args, **keywords) == expected


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@every_variant
def test_what_is_asked_of_the_hessian(variant: Variant, dtype: Any) -> None:
    rng = generator("plain curvature", str(variant), str(dtype))
    inputs = cases.draw(variant, (29, 10), dtype, rng)
    loss, args = variant.loss.bind(**inputs.keywords), (inputs.y_true, inputs.y_pred)
    if loss._short is None or variant.row.terms:  # the fuzzer asks sums
        return
    for mode in ("exact", "abs", "gauss_newton"):
        same_both_ways(loss, "grad_and_hess", args, {"curvature": mode, "hess_factor": 2, "hess_floor": 1e-3})
    same_both_ways(
        loss, "value_grad_hess", args, {"curvature": "gauss_newton", "sample_weight": rng.random(inputs.samples)}
    )


def test_a_number_of_numpy_is_a_number() -> None:
    y_true, y_pred = np.zeros(4), np.linspace(-2, 2, 4)
    for _ in range(4):
        for number in (np.float64(0.5), np.float32(0.5), np.float16(0.5), np.longdouble(0.5)):
            assert fl.huber(y_true, y_pred, delta=number) == fl.huber(y_true, y_pred, delta=0.5)
    fresh = fl.huber.bind()
    for _ in range(2):
        fresh(y_true, y_pred, delta=np.float32(0.75))
    before = fresh(y_true, y_pred, delta=0.75)  # what it remembers is one loss
    assert fresh(y_true, y_pred, delta=np.float64(0.75)) == before


#: Losses whose samples are no axes of their predictions, and the shape of one.
SHAPES = {"G": (40,), "TC": (3, 9, 5), "TUC": (3, 7, 4, 5), "R": (3, 4, 6, 5)}
FOUND = [row for row in fl.losses() if row.axes in SHAPES and getattr(fl, row.name)._short]
#: Losses of several arrays of samples, each of which has a short way of its own.
OWN = [row for row in fl.losses() if row.kind in ("scores", "lifetimes", "hazards")]


@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=str)
@pytest.mark.parametrize("row", FOUND, ids=lambda row: row.name)
def test_samples_that_are_found(row: Any, dtype: Any) -> None:
    rng = generator("plain found", row.name, str(dtype))
    plain = getattr(fl, row.name)
    others = [dict(zip((p.name for p in row.choices), options, strict=True)) for options in cases.other_options(row)]
    losses = [(plain, {}), (-2 * plain, {}), *((plain.bind(**other), other) for other in others)]
    for loss, other in losses:
        arrays = draw(row, SHAPES[row.axes], dtype, rng, parameters=other)
        args, optional = tuple(arrays.values()), {operand.name for operand in row.operands if operand.optional}
        samples = np.shape(loss(*args, reduction="none"))
        if not samples or loss._short is None:  # one sample; a factor
            continue
        asked: Any = SimpleNamespace(samples=samples)
        whole = list(keywords_of(asked, rng))
        for keywords in whole:
            keywords.get("where", np.ones(1))[...].flat[0] = True  # where nothing is left the long way answers
        methods = [name for name, want in WANT.items() if want < 8 and not (want & 4 and row.no_hessian)]
        for method in methods if loss is plain else ["value_and_grad"]:
            for keywords in whole:
                same_both_ways(loss, method, args, keywords)
        some = {name: array for name, array in arrays.items() if name in optional}
        needed = args[: len(args) - len(some)]
        assert bits(same_both_ways(loss, "grad", needed, some)) == bits(loss.grad(**arrays))
        for bad in ({**some, "y_true": args[0]}, {name: array + 100 for name, array in some.items()} or {"sigma_": 1}):
            with long_way(), pytest.raises((TypeError, ValueError)) as expected:
                loss(*needed, **bad)
            with pytest.raises(type(expected.value), match=re.escape(str(expected.value))):
                loss(*needed, **bad)


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("row", OWN, ids=lambda row: row.name)
def test_rows_of_scores_and_times(row: Any, dtype: Any) -> None:
    rng = generator("plain own", row.name, str(dtype))
    plain = getattr(fl, row.name)
    others = [dict(zip((p.name for p in row.choices), options, strict=True)) for options in cases.other_options(row)]
    asked: Any = SimpleNamespace(samples=(3, 7))
    for loss in [plain, -2 * plain, *(plain.bind(**other) for other in others)]:
        args = tuple(arrays_of(row, (3, 7), dtype, rng).values())
        for keywords in keywords_of(asked, rng):
            for method, want in WANT.items():
                if want < 8 and not (want & 4 and row.no_hessian):
                    same_both_ways(loss, method, args, keywords)
                    same_both_ways(loss, method, tuple(map(np.asfortranarray, args)), keywords)
                    if "axis" in plain.parameters:
                        moved = tuple(a if a.ndim == 2 else np.moveaxis(a, -1, 0) for a in args)
                        same_both_ways(loss.bind(axis=0), method, moved, keywords)


SEVERAL = [row for row in cases.OF_SAMPLES if len(row.differentiated) > 1 and getattr(fl, row.name)._short]


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("row", SEVERAL, ids=lambda row: row.name)
def test_several_predictions(row: Any, dtype: Any) -> None:
    """`wrt`, nested `out`, in place."""
    rng = generator("plain several", row.name, str(dtype))
    arrays = arrays_of(row, (12,), dtype, rng)
    args, names = tuple(arrays.values()), [operand.name for operand in row.differentiated]
    weight = rng.random(12)
    for loss in (getattr(fl, row.name), 3 * getattr(fl, row.name), getattr(fl, row.name).bind(reduction="none")):
        for own in ({}, {"sample_weight": weight}):
            gradients = same_both_ways(loss, "grad", args, own)
            for wrt in (names[0], names[-1], (names[1],), tuple(names[::-1]), tuple(names)):
                some = same_both_ways(loss, "grad", args, {**own, "wrt": wrt})
                listed = (some,) if isinstance(wrt, str) else some
                asked = (wrt,) if isinstance(wrt, str) else wrt
                assert bits(listed) == bits(tuple(gradients[names.index(name)] for name in asked))
                outs = tuple(None if k == 1 else np.empty_like(arrays[name]) for k, name in enumerate(asked))
                given = outs[0] if isinstance(wrt, str) else outs
                results = same_both_ways(loss, "value_and_grad", args, {**own, "wrt": wrt, "out": (None, given)})[1]
                results = (results,) if isinstance(wrt, str) else results
                assert all(out is None or out is result for out, result in zip(outs, results, strict=True))
                assert bits(results) == bits(listed)
            places = {name: arrays[name].copy() for name in names}
            result = short_of(loss, "grad", tuple((arrays | places).values()), {**own, "out": tuple(places.values())})
            assert bits(result) == bits(gradients)
            assert all(own is place for own, place in zip(result, places.values(), strict=True))
            assert short_of(loss, "grad", args, {"out": (arrays[names[1]], None, None)[: len(names)]}) is None
            crossed = (*(arrays[name] for name in names[::-1]),)  # each over another one
            assert short_of(loss, "grad", args, {"out": crossed}) is None or len(names) % 2
            assert short_of(loss, "grad", args, {"wrt": (names[0], names[0])}) is None
            assert short_of(loss, "grad", args, {"wrt": ()}) is None
        if row.has_products and loss.keywords == {}:
            vectors = tuple(rng.normal(size=12).astype(dtype) for _ in names)
            products = same_both_ways(loss, "hvp", (*args, vectors), {})
            assert short_of(loss, "hvp", (*args, vectors), {"out": vectors}) is not None
            assert bits(vectors) == bits(products)


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("shape", [(10,), (29, 1), (29, 10), (1, 1)], ids=str)
@every_variant
def test_parameters_that_are_arrays(variant: Variant, shape: tuple[int, ...], dtype: Any) -> None:
    row, rng = variant.row, generator("plain arrays", str(variant), shape, str(dtype))
    elements = [parameter for parameter in row.parameters if parameter.kind == "element"]
    if row.terms or row.kind != "points" or not elements:
        return
    inputs = cases.draw(variant, (29, 10), dtype, rng)
    if inputs.samples != (29, 10):
        shape = shape[: len(inputs.samples)]
    arrays = {p.name: numbers_of(p.domain, shape, rng) for p in elements if p.domain.low < p.domain.high}
    if inputs.samples != (29, 10) and shape not in ((1,), inputs.samples):
        return
    loss = variant.loss.bind(**inputs.keywords)
    args = (inputs.y_true, inputs.y_pred)
    try:
        bound = loss.bind(**arrays)
    except ValueError:
        return  # no array of these numbers may be given
    for method in METHODS:
        for keywords in ({}, {"sample_weight": rng.random(inputs.samples), "reduction": "none"}):
            same_both_ways(bound, method, args, keywords)
    with pytest.raises(ValueError, match="does not broadcast"):
        loss.bind(**{name: np.full(7, array.flat[0]) for name, array in arrays.items()})(*args)


def outcome(call: Any, *args: Any, **keywords: Any) -> Any:
    """Return the bits of what a call returns, or what it says is wrong."""
    try:
        return bits(call(*args, **keywords))
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("each", [1e-320, 1e-310, 1e-200, 1e-30, 1e30, 1e306, 1e308])
@every_variant
def test_weights_whose_sum_is_tiny_or_huge(variant: Variant, each: float) -> None:
    """Without a look at the sum of the weights its reciprocal was infinite, and so was the gradient."""
    inputs = cases.draw(variant, (24, 6), np.float64, generator("tiny sums", str(variant), each))
    loss, args = variant.loss.bind(**inputs.keywords), (inputs.y_true, inputs.y_pred)
    for keywords in ({"sample_weight": np.full(inputs.samples, each)}, {"sample_weight": each}):
        with long_way():
            expected = outcome(loss.value_and_grad, *args, **keywords)
        assert outcome(loss.value_and_grad, *args, **keywords) == expected
    if each in (1e-320, 1e308) and variant.row.kind not in ("sum", "totals"):
        assert isinstance(expected, str) or inputs.samples == ()


LOOKED_AT = [v for v in VARIANTS if v.row.kind in ("points", "rows") and not v.row.several]


@pytest.mark.compact
@pytest.mark.parametrize(
    ("shape", "place", "dtype"),
    [((1100, 2), 0, np.float32), ((1100, 2), 1, np.float64), ((12, 150), 0.5, np.float32)],
    ids=str,
)
@pytest.mark.parametrize("variant", LOOKED_AT, ids=str)
def test_a_target_outside_its_domain_is_refused_in_any_block(
    variant: Variant, shape: tuple[int, int], place: float, dtype: Any
) -> None:
    """Where arrays are new, targets are looked at in the pass that computes; else before anything is written."""
    rng = generator("refused", str(variant), shape, place)
    inputs = cases.draw(variant, shape, dtype, rng)
    loss, row = variant.loss.bind(**inputs.keywords), variant.row
    labels = inputs.y_true.dtype.kind in "bu"
    y_true = inputs.y_true.astype(np.int64) if labels else inputs.y_true
    y_true.reshape(-1)[round(place * (y_true.size - 1))] = -7
    args = (y_true, inputs.y_pred)
    targets = [each.target for each in ([term for _, term in row.terms] or [row.chosen(loss._parameters)])]
    refused = any(not isinstance(target, Domain) or -7 not in target for target in targets)
    vector = np.ones_like(inputs.y_pred)
    methods = ["__call__", "value_and_grad", "value_grad_hess"]
    methods += ["hvp"] * row.has_products + ["hess_matrix"] * (row.whole_hessian and shape[1] == 2)
    for method in methods:
        call, own = getattr(loss, method), (*args, vector) if method == "hvp" else args
        for keywords in ({}, {"reduction": "none", "n_threads": 2}):
            with long_way():
                expected = outcome(call, *own, **keywords)
            assert isinstance(expected, str) == refused
            assert outcome(call, *own, **keywords) == expected
            if refused and loss._short is not None:
                assert short_of(loss, method, own, keywords) is None
    given = np.full_like(inputs.y_pred, 0.25)
    if refused:
        assert outcome(loss.grad, *args, out=given) == outcome(loss.grad, *args)
        assert np.all(given == 0.25)


@pytest.mark.parametrize("layout", cases.LAYOUTS)
@every_variant
def test_layouts_of_inputs(variant: Variant, layout: str) -> None:
    rng = generator("plain layouts", str(variant), layout)
    inputs = cases.draw(variant, (24, 6), np.float32, rng)
    loss, arrange = variant.loss.bind(**inputs.keywords), cases.LAYOUTS[layout]
    y_true = inputs.y_true if "stride 0" in layout else arrange(inputs.y_true)
    args = y_true, arrange(inputs.y_pred)
    weight, where = rng.random(inputs.samples), rng.random(inputs.samples) < 0.7
    for keywords in ({}, {"sample_weight": weight, "where": where, "reduction": "none"}):
        with long_way():
            expected = loss.value_grad_hess(*args, **keywords)
        result = loss.value_grad_hess(*args, **keywords)
        assert bits(result) == bits(expected)
        assert [array.strides for array in result[1:]] == [array.strides for array in expected[1:]]


@pytest.mark.parametrize(
    "labels", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float64"]
)
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.1}, {"ignore_index": 2}, {"temperature": 2.0}], ids=str)
def test_types_of_labels(labels: str, options: dict[str, Any]) -> None:
    rng = generator("labels", labels, str(options))
    y_true, logits = rng.integers(0, 5, 40).astype(labels), rng.normal(size=(40, 5)).astype(np.float32)
    loss = fl.cross_entropy.bind(**options)
    result = short_of(loss, "value_and_grad", (y_true, logits), {})
    with long_way():
        assert bits(result) == bits(loss.value_and_grad(y_true, logits))


@pytest.mark.parametrize(
    ("loss", "parameters"),
    [
        (fl.huber, {"delta": 0.5}),
        (fl.huber, {"delta": 2}),
        (fl.cross_entropy, {"label_smoothing": 0.1}),
        (fl.cross_entropy, {"ignore_index": 1, "z_loss": 0.1}),
        (fl.cross_entropy, {"ignore_index": None}),
        (fl.categorical_focal, {"gamma": 1.5}),
        (fl.kl_divergence, {"given": "logits"}),
    ],
    ids=str,
)
def test_parameters_of_a_call_take_the_short_way_from_the_third_call_on(loss: Any, parameters: dict[str, Any]) -> None:
    variant = next(v for v in VARIANTS if v.row is loss._row)
    inputs = cases.draw(variant, (12, 4), np.float64, generator("parameters", loss.name))
    fresh = loss.bind(reduction="sum")
    with long_way():
        expected = fresh.value_and_grad(inputs.y_true, inputs.y_pred, **parameters)
    for _ in range(4):
        assert bits(fresh.value_and_grad(inputs.y_true, inputs.y_pred, **parameters)) == bits(expected)
    with long_way():
        again = loss.bind(**parameters)(inputs.y_true, inputs.y_pred)
    assert loss(inputs.y_true, inputs.y_pred, **parameters) == again


def test_parameters_that_are_equal_are_not_the_same() -> None:
    """1, 1.0 and True; 0.0 and -0.0; what is refused is refused each time."""
    y_true, y_pred = np.zeros(4), np.linspace(-2, 2, 4)
    for _ in range(4):
        assert fl.huber(y_true, y_pred, delta=1) == fl.huber(y_true, y_pred, delta=1.0)
        with pytest.raises(TypeError, match="delta must be a real number, not True"):
            fl.huber(y_true, y_pred, delta=True)
        with pytest.raises(ValueError, match=r"delta = 0\.0 is not"):
            fl.huber(y_true, y_pred, delta=0.0)
        with pytest.raises(ValueError, match=r"delta = -0\.0 is not"):
            fl.huber(y_true, y_pred, delta=-0.0)
        with pytest.raises(TypeError, match="huber has no keyword 'gamma'"):
            fl.huber(y_true, y_pred, gamma=1.0)


def test_parameters_without_end() -> None:
    """A parameter that is another one in each call is not remembered for ever."""
    y_true, y_pred = np.zeros(3), np.array([0.5, 2.0, 9.0])
    for k in range(1, 400):
        for _ in range(3):
            assert fl.huber(y_true, y_pred, delta=float(k)) == fl.huber.bind(delta=float(k))(y_true, y_pred)


def test_outputs_in_any_place() -> None:
    """Of the right shape but not in C order, of another type, over a weight: the long way decides, and says so."""
    rng = generator("outputs")
    y_true, y_pred, weight = rng.normal(size=(6, 4)), rng.normal(size=(6, 4)), rng.random((6, 4))
    expected = fl.huber.grad(y_true, y_pred, sample_weight=weight)
    for out in (np.empty((4, 6)).T, np.empty((6, 4), np.float32), np.empty((12, 4))[::2]):
        assert fl.huber.grad(y_true, y_pred, sample_weight=weight, out=out) is out
        assert bits(np.asarray(out, out.dtype)) == bits(expected.astype(out.dtype))
    with pytest.raises(ValueError, match="overlaps sample_weight"):
        fl.huber.grad(y_true, y_pred, sample_weight=weight, out=weight)
    with pytest.raises(ValueError, match="overlaps y_true"):
        fl.huber.grad(y_true, y_pred, out=y_true)
    with pytest.raises(ValueError, match="overlaps y_pred"):
        fl.huber.value_and_grad(y_true[:5], y_pred[:5], out=(None, y_pred[1:]))
    values = np.empty((6, 4))
    assert fl.huber(y_true, y_pred, reduction="none", out=values) is values
    with pytest.raises(ValueError, match="overlaps"):
        fl.huber.value_and_grad(y_true, y_pred, reduction="none", out=(values, values))
    before = bits(y_pred)
    assert bits(fl.huber.grad(y_true, y_pred)) == bits(fl.huber.grad(y_true, y_pred.copy(), out=y_pred) * 1)
    assert bits(y_pred) != before


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp", "sigmoid", "log_sigmoid", "softplus"])
def test_functions(name: str, dtype: Any) -> None:
    function, rng = getattr(fl, name), generator(name, str(dtype))
    of_classes = name in ("softmax", "log_softmax", "logsumexp")
    for shape in ((7, 10), (4, 65, 3), (9,)):
        x = rng.normal(size=shape).astype(dtype)
        for axis in range(-len(shape), len(shape) if of_classes else 1 - len(shape)):
            options = {"axis": axis} if of_classes else {}
            with long_way():
                expected = function(x, **options)
            assert bits(function(x, **options)) == bits(expected)
            out = np.empty_like(expected)
            if out.ndim:
                assert function(x, **options, out=out) is out
                assert bits(out) == bits(expected)
        if name != "logsumexp":
            place = x.copy()
            assert function(place, out=place) is place
            assert bits(place) == bits(function(x))
    with pytest.raises(TypeError, match="axis must be an int") if of_classes else pytest.raises(TypeError):
        function(rng.normal(size=(3, 4)), axis=None)


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
def test_the_root_of_a_mean(dtype: Any) -> None:
    rng, loss = generator("root", str(dtype)), 2 * fl.root_mean_squared_error
    for size in (1e-3, 1.0, 1e4, 1e-30, 1e30):  # of the last two the squares are nothing, or infinite, in some types
        with np.errstate(all="ignore"):
            y_true, y_pred = (
                (rng.normal(size=(9, 5)) * size).astype(dtype),
                (rng.normal(size=(9, 5)) * size).astype(dtype),
            )
        weight, where = rng.random((9, 5)).astype(np.float32), rng.random((9, 5)) < 0.7
        every: list[dict[str, Any]] = [{}, {"sample_weight": weight}, {"where": where}, {"normalizer": 3.0}]
        for own in (fl.root_mean_squared_error, loss):
            for keywords in (*every, {"sample_weight": weight, "where": where, "normalizer": 2}):
                for method in METHODS:
                    with long_way():
                        expected = getattr(own, method)(y_true, y_pred, **keywords)
                    assert bits(getattr(own, method)(y_true, y_pred, **keywords)) == bits(expected)
                    if size == 1:
                        assert short_of(own, method, (y_true, y_pred), keywords) is not None
    place = y_pred.copy()
    assert bits(fl.root_mean_squared_error.grad(y_true, place, out=place)) == bits(
        fl.root_mean_squared_error.grad(y_true, y_pred)
    )
    with pytest.raises(ValueError, match="root of a mean"):
        fl.root_mean_squared_error(y_true, y_pred, reduction="sum")


def test_weights_of_classes_that_change_in_place() -> None:
    rng = generator("class weights")
    y_true, logits, weight = rng.integers(0, 4, 30), rng.normal(size=(30, 4)), np.array([1.0, 2.0, 0.5, 3.0])
    for k in range(8):
        weight[k % 4] += 1
        for _ in range(3):
            given = fl.cross_entropy.grad(y_true, logits, class_weight=weight)
            assert bits(given) == bits(fl.cross_entropy.bind(class_weight=weight.tolist()).grad(y_true, logits))
    with pytest.raises(ValueError, match="class_weight has 3 weights"):
        fl.cross_entropy.grad(y_true, logits, class_weight=weight[:3])


@pytest.mark.parametrize("dtype", FLOATS + HALVES, ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"strength": 0.3}, {"strength": 1e-40}, {"ratio": 0.25, "strength": 5.0}], ids=str
)
@pytest.mark.parametrize("name", ["l1", "l2", "elastic_net"])
def test_penalties(name: str, options: dict[str, Any], dtype: Any) -> None:
    if "ratio" in options and name != "elastic_net":
        with pytest.raises(TypeError, match="no keyword 'ratio'"):
            getattr(fl, name)(np.ones(3, dtype), **options)
        return
    penalty, w = getattr(fl, name), generator(name, str(dtype)).normal(size=(40, 30)).astype(dtype)
    if options.get("strength") == 1e-40 and np.dtype(dtype).itemsize < 8:
        with pytest.raises(ValueError, match="strength"):
            penalty(w, **options)
        return
    for parameter in (w, w.T, w[::2, ::3]):
        with long_way():
            value, gradient = penalty.value_and_grad(parameter, **options)
            twice = penalty.grad(parameter, **options, out=gradient.copy(order="C"), accumulate=True)
        assert penalty(parameter, **options) == value
        assert bits(penalty.grad(parameter, **options)) == bits(gradient)
        assert penalty.grad(parameter, **options).strides == gradient.strides
        out = np.array(gradient, order="C")
        assert penalty.grad(parameter, **options, out=out, accumulate=True) is out
        assert bits(out) == bits(twice)
    place = w.copy()
    with pytest.raises(ValueError, match="cannot be accumulated"):
        penalty.grad(place, out=place, accumulate=True)
    assert penalty.grad(place, **options, out=place) is place
    assert bits(place) == bits(penalty.grad(w, **options))
