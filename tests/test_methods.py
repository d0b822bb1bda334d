"""Losses, bound losses, sums and their methods as objects that others look at: names, signatures, texts, identity."""

from __future__ import annotations

import copy
import doctest
import functools
import gc
import inspect
import pickle
import subprocess
import sys
import weakref
from collections.abc import Callable
from typing import Any

import cases
import numpy as np
import pytest
from cases import bits, generator

import fastloss as fl
from fastloss import kinds
from fastloss.catalogue import ALIASES, PENALTIES

RESULTS = ("grad", "value_and_grad", "grad_and_hess", "value_grad_hess")
METHODS = (*RESULTS, "bind", "point", "parameter_grads", "inverse_link")


def methods_of(loss: Any) -> list[str]:
    """Return the methods that a loss has: derivatives by parameters where there are such."""
    return [name for name in METHODS if hasattr(loss, name)]


LOSSES = [getattr(fl, row.name) for row in cases.ROWS]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)
each_method = pytest.mark.parametrize("method", METHODS)


@fl.jit.pointwise
def mine(y_true: float, y_pred: float, c: float = 1.0) -> Any:
    r = y_pred - y_true
    return c * r * r, 2 * c * r


def made() -> dict[str, fl.Loss]:
    """Return losses of every origin."""

    @fl.jit.rowwise
    def inner(y_true: int, logits: np.ndarray, power: float = 1.0) -> Any:
        return logits[y_true] * power, 0 * logits

    return {
        "of the package": fl.huber,
        "over rows": fl.cross_entropy,
        "bound": fl.huber.bind(delta=2.0),
        "bound to an array": fl.cross_entropy.bind(class_weight=[1.0, 2.0]),
        "of two columns": fl.gaussian_nll,
        "a root": fl.root_mean_squared_error,
        "a sum": 0.5 * fl.huber + fl.squared_error,
        "of the user": mine,
        "of the user, bound": mine.bind(c=3.0),
        "of the user, over rows": inner,
    }


MADE = made()
each_origin = pytest.mark.parametrize("loss", MADE.values(), ids=MADE.keys())


# -- what they are called ---------------------------------------------------------------------------------------------


@each_loss
def test_a_loss_of_the_package_is_found_where_it_says(loss: fl.Loss) -> None:
    assert (loss.__name__, loss.__qualname__, loss.__module__) == (loss.name, loss.name, "fastloss")
    for name in methods_of(loss):
        method = getattr(loss, name)
        assert (method.__name__, method.__qualname__, method.__module__) == (name, f"{loss.name}.{name}", "fastloss")
        found: Any = sys.modules[method.__module__]
        for part in method.__qualname__.split("."):
            found = getattr(found, part)
        assert found == method
        assert method.__self__ is loss


def test_names_of_losses_of_other_origins() -> None:
    names = {key: (loss.__name__, loss.__qualname__, loss.__module__) for key, loss in MADE.items()}
    assert names["bound"] == ("huber", "huber", "fastloss")
    assert names["a sum"] == ("huber + squared_error", "huber + squared_error", "fastloss")
    assert names["of the user"] == names["of the user, bound"] == ("mine", "mine", __name__)
    assert names["of the user, over rows"] == ("inner", "made.<locals>.inner", __name__)
    assert MADE["of the user"].grad.__qualname__ == "mine.grad"
    assert MADE["of the user"].grad.__module__ == __name__
    assert repr(MADE["bound"].grad) == "fastloss.huber.bind(delta=2.0).grad"


@pytest.mark.parametrize("name", PENALTIES)
def test_a_penalty_has_names_and_signatures(name: str) -> None:
    penalty = getattr(fl, name)
    own = ("ratio",) if name == "elastic_net" else ()
    assert (penalty.__name__, penalty.__qualname__, penalty.__module__) == (name, name, "fastloss")
    assert list(inspect.signature(penalty).parameters) == ["parameter", *own, "strength", "n_threads"]
    for method in ("grad", "value_and_grad"):
        found = getattr(penalty, method)
        assert (found.__name__, found.__qualname__, found.__module__) == (method, f"{name}.{method}", "fastloss")
        names = ["parameter", *own, "strength", "out", "accumulate", "n_threads"]
        assert list(inspect.signature(found).parameters) == names
        assert found.__doc__.startswith("Return ")
        assert pickle.loads(pickle.dumps(found)) == found
        weights, gradient = np.array([3.0, -4.0]), np.ones(2)
        bound = inspect.signature(found).bind(weights, strength=0.5, out=gradient, accumulate=True)
        bound.apply_defaults()
        found(*bound.args, **bound.kwargs)
        assert bits(gradient) == bits(1 + penalty.grad(weights, strength=0.5))


# -- signatures -------------------------------------------------------------------------------------------------------


@each_loss
def test_every_method_has_the_signature_of_its_loss(loss: fl.Loss) -> None:
    of_call = inspect.signature(loss)
    asked = {} if loss._row.no_hessian else {"curvature": "exact", "hess_factor": 1.0, "hess_floor": 0.0}
    for method in RESULTS:
        keywords = asked if "hess" in method else {}
        parameters = list(of_call.parameters.values())
        parameters += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=keywords[name]) for name in keywords
        ]
        assert inspect.signature(getattr(loss, method)) == of_call.replace(parameters=parameters)
    own = {name: p for name, p in of_call.parameters.items() if name in loss.parameters}
    names = list(of_call.parameters)
    assert list(inspect.signature(loss.bind).parameters) == [*own, "reduction", "normalizer", "n_threads"]
    assert list(inspect.signature(loss.point).parameters) == ["y_true", "y_pred", *own]
    if hasattr(loss, "parameter_grads"):
        assert list(inspect.signature(loss.parameter_grads).parameters) == [name for name in names if name != "out"]
    for method in methods_of(loss):
        parameters = inspect.signature(getattr(loss, method)).parameters.values()
        assert all(p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in parameters)
        assert all(p.default == own[p.name].default for p in parameters if p.name in own)


@each_origin
def test_what_the_signature_says_can_be_given(loss: fl.Loss) -> None:
    """All of it at once, each keyword with its default."""
    y_true, y_pred = np.array([1, 0]), np.zeros((2, 2)) if loss._row.axes else np.ones(2)
    for method in (loss, loss.grad, loss.value_and_grad):
        bound = inspect.signature(method).bind(y_true, y_pred)
        bound.apply_defaults()
        assert bits(method(*bound.args, **bound.kwargs)) == bits(method(y_true, y_pred))
    assert loss.bind(**{name: p.default for name, p in inspect.signature(loss.bind).parameters.items()}) == loss


def test_defaults_are_those_of_a_bound_loss() -> None:
    assert inspect.signature(fl.huber.bind(delta=2.0).grad_and_hess).parameters["delta"].default == 2.0
    assert inspect.signature(mine.bind(c=3.0).point).parameters["c"].default == 3.0


# -- what a loss is bound to ------------------------------------------------------------------------------------------

BOUND = [
    {"reduction": "sum"},
    {"reduction": "none"},
    {"normalizer": 64.0},
    {"n_threads": 1},
    {"n_threads": 3, "reduction": "sum"},
    {"normalizer": 0.5, "n_threads": 2},
]


def arguments_of(loss: fl.Loss) -> tuple[np.ndarray, ...]:
    """Return six samples; of classes two, as losses of the user may want."""
    sizes = (6, 2) if loss._row.axes == "C" else (6,)
    return tuple(kinds.draw(loss._row, sizes, np.float64, generator("methods")).values())


def possible(loss: fl.Loss, keywords: dict[str, Any]) -> bool:
    return not loss._row.couples or "reduction" not in keywords


@pytest.mark.parametrize("keywords", BOUND, ids=str)
@pytest.mark.parametrize("loss", [*LOSSES, *MADE.values()], ids=repr)
def test_what_is_bound_is_what_a_call_takes_unless_it_says_otherwise(loss: fl.Loss, keywords: dict[str, Any]) -> None:
    if not possible(loss, keywords):
        return
    bound, (y_true, y_pred) = loss.bind(**keywords), arguments_of(loss)
    weight = np.arange(6.0)
    results = ["__call__", *RESULTS[: 2 if loss._row.made_by and loss.kind == "rows" else 4]]
    for method in results:
        of_bound, of_loss = getattr(bound, method), getattr(loss, method)
        for others in ({}, {"sample_weight": weight}, {"where": weight > 2}):
            expected = bits(of_loss(y_true, y_pred, **others, **keywords))
            assert bits(of_bound(y_true, y_pred, **others)) == expected
            unbound = {name: {"reduction": "mean"}.get(name) for name in keywords}
            assert bits(of_bound(y_true, y_pred, **others, **unbound)) == bits(of_loss(y_true, y_pred, **others))
        other = {"reduction": "mean", "normalizer": 3.0}
        assert bits(of_bound(y_true, y_pred, **other)) == bits(of_loss(y_true, y_pred, **other))
    if keywords.get("reduction") != "none":
        gradient = np.empty_like(y_pred)
        value, returned = bound.value_and_grad(y_true, y_pred, out=(None, gradient))
        assert returned is gradient
        assert bits((value, gradient)) == bits(loss.value_and_grad(y_true, y_pred, **keywords))


@pytest.mark.parametrize("keywords", BOUND, ids=str)
@pytest.mark.parametrize("engine", ["compiled", "numba"])
def test_what_is_bound_holds_on_both_engines_and_both_ways(engine: str, keywords: dict[str, Any]) -> None:
    """The second call may go the short way, which the first has opened."""
    with fl.engine(engine):
        for loss in (fl.huber, fl.cross_entropy, mine, MADE["a sum"]):
            y_true, y_pred = arguments_of(loss)
            for dtype in (np.float32, np.float64):
                y_true = y_true.astype(dtype) if loss._row.of_numbers else y_true
                for _ in range(2):
                    got = loss.bind(**keywords).value_and_grad(y_true, y_pred.astype(dtype))
                    assert bits(got) == bits(loss.value_and_grad(y_true, y_pred.astype(dtype), **keywords))


@pytest.mark.parametrize("keywords", BOUND, ids=str)
@each_origin
def test_what_is_bound_is_part_of_what_a_loss_is(loss: fl.Loss, keywords: dict[str, Any]) -> None:
    if not possible(loss, keywords):
        return
    bound = loss.bind(**keywords)
    assert bound.keywords == keywords
    assert bound.parameters.keys() == loss.parameters.keys()
    assert bound != loss
    assert bound.grad != loss.grad
    assert bound == loss.bind(**dict(reversed(keywords.items())))
    assert hash(bound) == hash(loss.bind(**keywords))
    assert all(f"{name}={value!r}" in repr(bound) for name, value in keywords.items())
    for copied in (pickle.loads(pickle.dumps(bound)), copy.deepcopy(bound)):
        assert copied == bound
        assert copied.keywords == keywords
    assert bound.bind(**{name: {"reduction": "mean"}.get(name) for name in keywords}) == loss
    for method in (bound, *(getattr(bound, name) for name in RESULTS), bound.bind):
        defaults = {name: p.default for name, p in inspect.signature(method).parameters.items()}
        assert defaults["reduction"] == keywords.get("reduction", "mean")
        assert defaults["normalizer"] == keywords.get("normalizer")
        assert defaults["n_threads"] == keywords.get("n_threads")
    for name, value in keywords.items():
        assert f"default={value!r}\n" in bound.__doc__.partition(f"\n{name} : ")[2]


def test_a_bound_keyword_is_kept_as_what_it_was() -> None:
    class Text(str):
        pass

    bound = fl.huber.bind(reduction=Text("mean"), normalizer=np.float32(8), n_threads=np.int8(2))
    assert bound.keywords == {"normalizer": 8.0, "n_threads": 2}
    assert {type(value) for value in bound.keywords.values()} == {float, int}
    assert bound == fl.huber.bind(normalizer=8, n_threads=2)
    assert fl.huber.bind(reduction="mean", n_threads=None, delta=1.0) == fl.huber
    bound.keywords["n_threads"] = 7
    assert bound.keywords["n_threads"] == 2


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"reduction": "average"}, ValueError, "reduction='average' is not one of"),
        ({"reduction": None}, TypeError, "reduction must be"),
        ({"normalizer": 0}, ValueError, "normalizer = 0 is not"),
        ({"normalizer": "one"}, TypeError, "normalizer must be"),
        ({"n_threads": 0}, ValueError, "n_threads = 0 is not"),
        ({"n_threads": True}, TypeError, "n_threads must be"),
        ({"normalizer": 2, "reduction": "sum"}, ValueError, "normalizer replaces .* has to be None"),
        ({"sample_weight": [1.0]}, TypeError, "cannot be bound to 'sample_weight'; it can to .*'n_threads'"),
        ({"where": True}, TypeError, "cannot be bound to 'where'"),
        ({"out": None}, TypeError, "cannot be bound to 'out'"),
        ({"gamma": 2}, TypeError, "cannot be bound to 'gamma'"),
    ],
    ids=str,
)
@each_origin
def test_what_cannot_be_bound_is_refused_at_once(
    loss: fl.Loss, keywords: dict[str, Any], error: type[Exception], message: str
) -> None:
    if not possible(loss, keywords):
        error, message = (TypeError, ValueError), "reduction"
    with pytest.raises(error, match=message):
        loss.bind(**keywords)


def test_bound_keywords_that_do_not_go_together() -> None:
    with pytest.raises(ValueError, match="has to be None"):
        fl.huber.bind(normalizer=2.0).bind(reduction="sum")
    with pytest.raises(ValueError, match="has to be None"):
        fl.huber.bind(normalizer=2.0)([0.0], [1.0], reduction="sum")
    assert fl.huber.bind(normalizer=2.0)([0.0], [1.0], reduction="sum", normalizer=None) == 0.5
    with pytest.raises(ValueError, match=r"is the root of a mean: it has no reduction='sum'"):
        fl.root_mean_squared_error.bind(reduction="sum")


@pytest.mark.parametrize("keywords", BOUND, ids=str)
def test_a_point_is_one_place_whatever_is_bound(keywords: dict[str, Any]) -> None:
    for loss in (fl.huber, mine, MADE["a sum"]):
        assert loss.bind(**keywords).point(0.0, 3.0) == loss.point(0.0, 3.0)


def test_derivatives_by_parameters_are_those_of_the_bound_value() -> None:
    y_true, y_pred = [0.0, 1.0], [1.0, 4.0]
    by = {
        name: fl.general_robust.bind(**keywords).parameter_grads(y_true, y_pred)["scale"]
        for name, keywords in (("mean", {}), ("sum", {"reduction": "sum"}), ("tenth", {"normalizer": 10}))
    }
    assert by["sum"] == 2 * by["mean"] == pytest.approx(10 * by["tenth"], rel=1e-15)
    bound = fl.general_robust.bind(reduction="none")
    with pytest.raises(ValueError, match="reduction='none' has no derivatives"):
        bound.parameter_grads(y_true, y_pred)
    assert bound.parameter_grads(y_true, y_pred, reduction="sum")["scale"] == by["sum"]


def test_tasks_are_reduced_as_their_losses_are_bound() -> None:
    y_true, y_pred = [[0.0, 1.0, 2.0], [1, 0]], [[1.0, 3.0, 2.5], [[0.5, 2.0], [1.0, 0.0]]]
    for keywords in ({"reduction": "sum"}, {"normalizer": 7.0}, {"n_threads": 1}):
        losses = [fl.huber.bind(**keywords), fl.cross_entropy.bind(**keywords)]
        for s in ([0.0, 0.0], [1.5, -2.0], [-120.0, 120.0]):
            value, gradients, _ = fl.uncertainty_weighted(losses).value_and_grad(y_true, y_pred, s)
            weights = np.exp(-np.array(s)) * [0.5, 1.0]
            expected = [loss.value_and_grad(*each) for loss, *each in zip(losses, y_true, y_pred, strict=True)]
            total = sum(w * e[0] for w, e in zip(weights, expected, strict=True)) + sum(s) / 2
            assert value == pytest.approx(total, rel=1e-14)
            for got, weight, (_, gradient) in zip(gradients, weights, expected, strict=True):
                np.testing.assert_allclose(got, weight * gradient, rtol=1e-14)
    with pytest.raises(ValueError, match="has a value for each sample; a task has one"):
        fl.uncertainty_weighted([fl.huber, fl.huber.bind(reduction="none")])


def test_sums_keep_what_their_losses_are_bound_to() -> None:
    y_true, y_pred = [0.0, 1.0], [3.0, 1.5]
    bound = [fl.huber.bind(reduction="sum", n_threads=1), fl.squared_error.bind(n_threads=1, reduction="sum")]
    for total, expected in (
        (bound[0] + bound[1], 2.625 + 9.25),
        (2 * bound[0], 5.25),
        (bound[0] / 2, 1.3125),
        (-bound[0], -2.625),
        (bound[0] - bound[1], 2.625 - 9.25),
        (sum(bound), 2.625 + 9.25),
    ):
        assert total.keywords == {"reduction": "sum", "n_threads": 1}
        assert total(y_true, y_pred) == expected
        assert pickle.loads(pickle.dumps(total)) == total
    with pytest.raises(ValueError, match=r"bound to \{'reduction': 'sum', 'n_threads': 1\} and to \{\}; bind the sum"):
        bound[0] + fl.squared_error


def test_compiled_functions_know_what_a_loss_is_bound_to() -> None:
    """They may be the mean alone; then they do not return that of another loss."""
    numba = pytest.importorskip("numba")
    y_true, y_pred = np.zeros(3), np.arange(3.0)
    threads, total, part = (fl.huber.bind(**k) for k in ({"n_threads": 1}, {"reduction": "sum"}, {"normalizer": 9.0}))

    @numba.njit
    def of_threads(y_true: Any, y_pred: Any) -> Any:
        return threads.value_and_grad(y_true, y_pred), total.point(0.0, 3.0)

    (value, gradient), point = of_threads(y_true, y_pred)
    assert value == fl.huber(y_true, y_pred)
    assert bits(gradient) == bits(fl.huber.grad(y_true, y_pred))
    assert point == fl.huber.point(0.0, 3.0)

    @numba.njit
    def of_total(y_true: Any, y_pred: Any) -> Any:
        return total.value_and_grad(y_true, y_pred)

    @numba.njit
    def of_part(y_true: Any, y_pred: Any) -> Any:
        return part.value_and_grad(y_true, y_pred)

    for function, loss in ((of_total, total), (of_part, part)):
        try:
            value, gradient = function(y_true, y_pred)
        except numba.TypingError as error:
            assert "is that of the mean; bind no" in str(error)
        else:
            assert value == loss(y_true, y_pred)
            assert bits(gradient) == bits(loss.grad(y_true, y_pred))


# -- texts ------------------------------------------------------------------------------------------------------------


@each_loss
def test_the_text_of_a_method_names_its_results_and_has_an_example_that_runs(loss: fl.Loss) -> None:
    results = {"value": "float or ndarray", "gradient": "ndarray", "hessian": "ndarray"}
    for name, wanted in zip(RESULTS, ("gradient", "value gradient", "gradient hessian", [*results]), strict=True):
        text = getattr(loss, name).__doc__
        returned = text.partition("Returns\n-------\n")[2].partition("\n\n")[0]
        wanted = wanted.split() if isinstance(wanted, str) else wanted
        assert [line for line in returned.splitlines() if not line.startswith(" ")] == [
            f"{result} : {results[result]}" for result in wanted
        ]
        assert all(f"\n{parameter} : " in text for parameter in inspect.signature(loss).parameters)
        test = doctest.DocTestParser().get_doctest(text, {}, f"{loss.name}.{name}", None, None)
        printed: list[str] = []
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=printed.append)
        assert result.attempted == 4 + (loss.kind == "rows")
        assert not result.failed, "".join(printed)


@pytest.mark.parametrize("name", [f"{loss}.{method}" for loss in ("huber", "nll") for method in RESULTS])
def test_the_text_of_a_method_passes_numpydoc(name: str) -> None:
    validate = pytest.importorskip("numpydoc.validate", reason="numpydoc is not installed: pip install '.[lint]'")
    found = validate.validate(f"fastloss.{name}")["errors"]
    ignored = {"SS05", "ES01", "SA01", "EX01", "GL01", "GL02", "GL03", "YD01"}  # as in test_catalogue.py
    assert [error for error in found if error[0] not in ignored] == []


@each_origin
def test_every_loss_and_method_has_a_text(loss: fl.Loss) -> None:
    for each in (loss, *(getattr(loss, name) for name in methods_of(loss))):
        assert inspect.getdoc(each)


def test_a_bound_loss_has_its_defaults_in_the_text_of_its_methods() -> None:
    assert "delta : float or array_like, default=2.5" in fl.huber.bind(delta=2.5).grad.__doc__


# -- identity ---------------------------------------------------------------------------------------------------------


@each_origin
def test_a_method_is_equal_to_that_of_an_equal_loss(loss: fl.Loss) -> None:
    other = loss.bind()
    assert other is not loss
    for name in methods_of(loss):
        method = getattr(loss, name)
        assert method == getattr(loss, name) == getattr(other, name)
        assert hash(method) == hash(getattr(other, name))
        assert method not in (loss, None, name)
        for copied in (pickle.loads(pickle.dumps(method)), copy.copy(method), copy.deepcopy(method)):
            assert copied == method
            assert copied.__self__ == loss
    methods = [getattr(loss, name) for name in methods_of(loss)]
    assert len({*methods, *(getattr(other, name) for name in methods_of(other))}) == len(methods)
    assert fl.huber.grad != fl.squared_error.grad
    assert fl.huber.grad != fl.huber.bind(delta=2.0).grad


def test_a_pickled_method_runs_in_another_process() -> None:
    text = pickle.dumps([fl.huber.bind(delta=2.0).grad, fl.pinball.value_and_grad])
    code = "import pickle, sys; print([f([0.0], [5.0], reduction='sum') for f in pickle.load(sys.stdin.buffer)])"
    done = subprocess.run([sys.executable, "-c", code], input=text, capture_output=True, check=True)
    assert done.stdout.split() == b"[array([2.]), (2.5, array([0.5]))]".split()


def test_a_second_name_is_the_same_loss_with_the_same_methods() -> None:
    for alias, name in ALIASES.items():
        assert getattr(fl, alias).grad == getattr(fl, name).grad


@each_origin
def test_a_function_that_wraps_a_loss_looks_like_it(loss: fl.Loss) -> None:
    for each in (loss, loss.grad):

        @functools.wraps(each)
        def wrapper(*args: Any, _each: Callable[..., Any] = each, **keywords: Any) -> Any:
            return _each(*args, **keywords)

        for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
            assert getattr(wrapper, attribute) == getattr(each, attribute)
        assert str(inspect.signature(wrapper)) == str(inspect.signature(each))
        # What the loss has for itself is not the wrapper's: it may change the value.
        assert not any(hasattr(wrapper, name) for name in METHODS)


@each_origin
def test_the_functions_of_the_class_take_the_loss_first(loss: fl.Loss) -> None:
    y_true, y_pred = np.array([1, 0]), np.zeros((2, 2)) if loss._row.axes else np.ones(2)
    for name in RESULTS[:2]:
        assert inspect.isfunction(getattr(fl.Loss, name))
        assert bits(getattr(fl.Loss, name)(loss, y_true, y_pred)) == bits(getattr(loss, name)(y_true, y_pred))


def test_a_method_belongs_to_a_loss() -> None:
    with pytest.raises(TypeError):
        vars(fl.Loss)["grad"].__get__(3, int)
    with pytest.raises(TypeError):
        type(fl.huber.grad)()([0.0], [1.0])
    with pytest.raises(AttributeError):
        fl.huber.grad.__self__ = fl.squared_error


def test_a_method_outlives_the_name_of_its_loss() -> None:
    method = fl.huber.bind(delta=3.0).grad
    gc.collect()
    assert method([0.0], [5.0]).tolist() == [3.0]


def test_a_loss_with_arrays_goes_without_the_garbage_collector() -> None:
    """Its arrays may be large, and a loss may be bound to others in every step."""
    gc.disable()
    try:
        loss = fl.quantile.bind(alpha=[0.25, 0.75])
        for name in methods_of(loss):
            getattr(loss, name)
        loss.grad([0.0, 0.0], [1.0, 1.0])
        gone = weakref.ref(loss)
        del loss
        assert gone() is None
    finally:
        gc.enable()
