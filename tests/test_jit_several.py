"""Losses of several arrays that users write: against exact numbers, and what is refused.

What every loss of several arrays promises, ``test_several.py`` tests of them too.
"""

from __future__ import annotations

import pickle
import re
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, arrays_of, bits, every_method, generator
from mpmath import mp, mpf

import fastloss as fl

numba = pytest.importorskip("numba")

from own_losses import OWN  # noqa: E402  it needs Numba

of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
every_loss = pytest.mark.parametrize("loss", OWN, ids=lambda loss: loss.name)
#: In units of the last place of the largest term. Measured, with 4 seeds: 2.2.
MOST = 4


def drawn(loss: Any, size: int, dtype: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Multiples of 1/8: differences of them are exact, so that what is measured are the formulas that were derived."""
    return {
        operand.name: (rng.integers(1 if operand.role == "target" else -24, 40, size) / 8).astype(dtype)
        for operand in loss._row.operands
    }


def derivative(loss: Any, numbers: dict[str, Any], by: tuple[str, ...]) -> oracle.Truth:
    """The derivative by some of the predictions, one after the other, and the largest of those of its terms."""
    names, at = list(numbers), [oracle.exact(number) for number in numbers.values()]
    parameters = [mpf(value) for value in loss.parameters.values()]
    order = tuple(by.count(name) for name in names)
    count = len(OWN[loss](*at, *parameters))
    terms = [
        mp.diff(lambda *given, k=k: OWN[loss](*given, *parameters)[k], tuple(at), order)
        if any(order)
        else OWN[loss](*at, *parameters)[k]
        for k in range(count)
    ]
    return oracle.Truth(sum(terms), max(map(abs, terms)))


@of_float
@every_loss
def test_every_result_and_product_is_right(loss: Any, dtype: Any) -> None:
    rng, size = generator("own", loss.name, dtype), 25
    arrays = drawn(loss, size, dtype, rng)
    names = [operand.name for operand in loss._row.differentiated]
    vectors = [(rng.integers(-9, 9, size) / 4).astype(dtype) for _ in names]
    value, *both = loss.value_grad_hess(*arrays.values(), reduction="none")
    product = loss.hvp(*arrays.values(), tuple(vectors) if len(names) > 1 else vectors[0], reduction="none")
    gradient, hessian, product = (each if isinstance(each, tuple) else (each,) for each in (*both, product))
    with mp.workdps(60):
        for i in range(size):
            numbers = {name: array[i] for name, array in arrays.items()}
            assert oracle.ulps(value[i], derivative(loss, numbers, ()), dtype) <= MOST
            for k, name in enumerate(names):
                assert oracle.ulps(gradient[k][i], derivative(loss, numbers, (name,)), dtype) <= MOST, name
                assert oracle.ulps(hessian[k][i], derivative(loss, numbers, (name, name)), dtype) <= MOST, name
                terms = [
                    (derivative(loss, numbers, (name, other)), oracle.exact(vector[i]))
                    for other, vector in zip(names, vectors, strict=True)
                ]
                truth = oracle.Truth(
                    sum(of.exact * number for of, number in terms), max(abs(of.scale * number) for of, number in terms)
                )
                assert oracle.ulps(product[k][i], truth, dtype) <= MOST, name


@pytest.mark.parametrize("other", [0.0, -3.0])
@pytest.mark.parametrize("factor", [1.0, -2.0])
def test_a_kink_is_passed_on_both_sides_by_both_predictions(factor: float, other: float) -> None:
    """Where a and b are equal, abs(a - b)**2 has the derivatives of (a - b)**2; so has each part of a difference."""

    @fl.jit.pointwise(predictions=("a", "b"))
    def squared(a, b):
        return abs(a - b) ** 2

    @fl.jit.pointwise(predictions=("a", "b"))
    def larger(a, b):
        return max(a, b) ** 2  # at a = b the mean of a^2 and b^2, each on its side

    a, b = [other, other + 1], [other, other]
    of = {"reduction": "sum"}
    value, gradient, hessian = (factor * squared).value_grad_hess(a, b, **of)
    assert value == factor
    assert [part.tolist() for part in gradient] == [[0, 2 * factor], [0, -2 * factor]]
    assert [part.tolist() for part in hessian] == [[2 * factor, 2 * factor]] * 2
    product = (factor * squared).hvp(a, b, ([1.0, 1.0], [3.0, 3.0]), **of)
    assert [part.tolist() for part in product] == [[-4 * factor, -4 * factor], [4 * factor, 4 * factor]]
    _, gradient, hessian = larger.value_grad_hess(a, b, **of)
    assert [part.tolist() for part in gradient] == [[other, 2 * a[1]], [other, 0]]
    assert [part.tolist() for part in hessian] == [[1, 2], [1, 0]]
    product = larger.hvp(a, b, ([1.0, 1.0], [3.0, 3.0]), **of)
    assert [part.tolist() for part in product] == [[1, 2], [3, 0]]


def test_a_call_of_the_kernels_of_both_engines_has_the_same_bits() -> None:
    for loss in OWN:
        arrays = drawn(loss, 700, np.float32, generator("own engines", loss.name)).values()
        expected = bits(loss.value_grad_hess(*arrays))
        for engine in ("compiled", "numba"):
            with fl.engine(engine):
                assert bits(loss.value_grad_hess(*arrays)) == expected


def test_it_is_pickled_bound_and_shown_as_any_loss() -> None:
    for loss in OWN:
        assert pickle.loads(pickle.dumps(3 * loss)) == 3 * loss
        assert repr(loss) == loss.name
        assert loss.kind == "points"
        assert loss.input.split(", ") == [operand.name for operand in loss._row.operands]
        for method in ("value_and_grad", "hvp", "bind"):
            assert getattr(loss, method).__doc__
    one = next(loss for loss in OWN if loss.parameters)
    name, default = next(iter(one.parameters.items()))
    assert one.bind(**{name: default}) == one
    assert one.bind(**{name: default + 1}) != one


def test_what_calls_took_before_is_what_is_pickled() -> None:
    """A loss of a target and a prediction is made again of what was pickled before there were others."""

    @fl.jit.pointwise
    def squared(y_true, y_pred, c=2.0):
        return c * (y_pred - y_true) ** 2

    _, identity, described = squared._row.made_by
    assert len(identity) == 8
    assert "arrays" not in dict(described)


def test_an_exception_leaves_nan_in_all_derivatives() -> None:
    @numba.njit
    def reciprocal(x):
        if x == 0:
            raise ZeroDivisionError
        return 1 / x

    @fl.jit.pointwise(predictions=("a", "b"))
    def of_helper(a, b):
        r = reciprocal(a)
        return b * r, (-b * r * r, r), (2 * b * r * r * r, 0, -r * r)

    value, gradient = of_helper.value_and_grad([2.0, 0.0, 4.0], [1.0, 1.0, 2.0], reduction="none")
    np.testing.assert_array_equal(value, [0.5, np.nan, 0.5])
    np.testing.assert_array_equal(gradient, [[-0.25, np.nan, -0.125], [0.5, np.nan, 0.25]])


def squared_distance(a, b, scale=1.0):
    return scale * (a - b) ** 2


def with_target(offset, y_true, p):
    return (p - y_true - offset) ** 2


def by_name(a, *, b):
    return a - b


def named_vector(vector, a):
    return vector * a


def flat(a, b):
    return a - b, 1, -1


def unequal(a, b):
    return a - b, (1, -1), (0, 0)


@pytest.mark.parametrize(
    ("function", "keywords", "error", "text"),
    [
        (squared_distance, {"predictions": 3}, TypeError, "predictions must be the name of an argument, or a tuple"),
        (squared_distance, {"predictions": ()}, TypeError, "predictions must be the name of an argument, or a tuple"),
        (squared_distance, {"predictions": ("a", 3)}, TypeError, "predictions must be the name of an argument"),
        (squared_distance, {"predictions": ("a", "a")}, ValueError, "has a name twice"),
        (squared_distance, {"predictions": ("a", "b", "c")}, ValueError, "a loss has at most 2"),
        (squared_distance, {"predictions": "c"}, ValueError, "'c' is no argument .* squared_distance; these are a, b"),
        (squared_distance, {"predictions": "scale"}, ValueError, "'scale' is no argument without a default"),
        (squared_distance, {"predictions": "a", "target": (0, 1)}, TypeError, "target is the interval of y_true, whi"),
        (squared_distance, {"predictions": "a", "prediction": "logits"}, TypeError, "predictions names all"),
        (with_target, {"predictions": "p"}, TypeError, "with_target .* must take y_true before offset"),
        (by_name, {"predictions": "a"}, TypeError, "by_name .* must take its arrays by place: a, b"),
        (named_vector, {"predictions": "a"}, TypeError, "named_vector .* has an array vector, which every loss has"),
        (flat, {"predictions": ("a", "b")}, TypeError, r"flat .*:\d+\) must return a tuple of 2 as gradient"),
        (unequal, {"predictions": ("a", "b")}, TypeError, r"must return a tuple of 3 as Hessian: .* then by both"),
        (with_target, {}, TypeError, "the parameter p needs a default .* needs predictions=, the names"),
    ],
)
def test_what_is_refused(function: Any, keywords: dict[str, Any], error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        fl.jit.pointwise(**keywords)(function)


# -- calls in compiled functions --------------------------------------------------------------------------------------

SEVERAL = [row for row in cases.OF_SAMPLES if row.several]
OF_POINTS = [row for row in SEVERAL if row.kind == "points"] + [loss._row for loss in OWN]
OF_VECTORS = [row for row in SEVERAL if row.kind != "points"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "dtype"),
    [
        (row, FLOATS[k % 2]) for k, row in enumerate(OF_POINTS)
    ],  # each is compiled for some seconds: the types take turns
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_a_call_in_a_compiled_function_is_the_call_outside(row: Any, dtype: Any) -> None:
    rng = generator("several compiled", row.name, dtype)
    arrays = arrays_of(row, (6, 9), dtype, rng)
    weight, where = rng.integers(0, 3, (6, 9)) / 2, rng.random((6, 9)) < 0.8
    names, loss, every = ", ".join(arrays), fl.Loss(row), every_method(row)
    calls = [(loss, f"loss.{every}", keywords) for keywords in ("", ", sample_weight=w, where=m, reduction='none'")]
    calls += [(loss, "loss.grad", ", sample_weight=w, normalizer=7.0"), (-3 * loss, f"loss.{every}", "")]
    for given, called, keywords in calls:
        text = f"lambda {names}, w, m: {called}({names}{keywords})"
        inside = numba.njit(eval(text, {"loss": given}))(*arrays.values(), weight, where)
        with fl.engine("numba"):
            outside = eval(text, {"loss": given})(*arrays.values(), weight, where)
        for result, expected in zip(flat(inside), flat(outside), strict=True):
            assert np.shape(result) == np.shape(expected)
            if given is loss and np.ndim(expected):
                assert bits(result) == bits(expected), (called, keywords)
            else:  # sums are rounded at other places, and so are factors
                np.testing.assert_allclose(result, expected, rtol=1e-13 if given is loss else 4 * np.finfo(dtype).eps)


def flat(results: Any) -> list[Any]:
    return [one for result in results for one in flat(result)] if isinstance(results, tuple) else [results]


@pytest.mark.slow
@pytest.mark.parametrize("row", OF_POINTS, ids=lambda row: row.name)
def test_what_is_wrong_in_a_compiled_function_is_said_as_outside(row: Any) -> None:
    arrays = arrays_of(row, (9,), np.float64, generator("several compiled", row.name))
    loss = fl.Loss(row)
    inside = numba.njit(eval(f"lambda {', '.join(arrays)}: loss({', '.join(arrays)})", {"loss": loss}))
    for operand in row.operands:
        wrong = [dict(arrays, **{operand.name: arrays[operand.name][:5]})] if operand.name != row.prediction else []
        if np.isfinite(operand.domain.low):
            spoilt = arrays[operand.name].copy()
            spoilt[3] = -7
            wrong.append(dict(arrays, **{operand.name: spoilt}))
        for given in wrong:
            with pytest.raises(ValueError, match=f"^{operand.name}") as outside:
                loss(**given)
            with pytest.raises(ValueError, match=f"^{re.escape(str(outside.value))}$"):
                inside(*given.values())
    for given, text in (
        (dict(arrays, **{row.prediction: np.arange(9)}), f"takes an array of float32 or float64 for {row.prediction}"),
        (dict(arrays, **{row.prediction: np.zeros((3, 3))}), "dimensions"),
    ):
        with pytest.raises(numba.core.errors.TypingError, match=text):
            inside(*given.values())


@pytest.mark.parametrize("row", OF_VECTORS, ids=lambda row: row.name)
def test_compiled_functions_say_that_they_cannot_call_losses_of_vectors(row: Any) -> None:
    """However many arrays they are given: the text was about `y_true` and keywords."""
    arrays = arrays_of(row, (9,), np.float64, generator("several compiled", row.name))

    def functions(loss: Any) -> Any:
        return numba.njit(lambda *given: loss(*given)), numba.njit(lambda *given: loss.grad(*given))

    for loss in (fl.Loss(row), 2 * fl.Loss(row)):
        for function in functions(loss):
            for given in (arrays.values(), list(arrays.values())[:2]):
                with pytest.raises(numba.core.errors.TypingError, match=r"no loss of vectors, .* call it in a block"):
                    function(*given)
