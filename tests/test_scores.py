"""Losses of rows of scores: entropy, distillation, TRADES, margins of cosines. ``test_several.py`` has them, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, bits, generator

import fastloss as fl
from fastloss.kinds import draw

pytestmark = pytest.mark.skipif(cases.current_engine() != "compiled", reason="they have no kernels of Numba")

INF = np.inf
ROWS = [row for row in fl.losses() if row.kind == "scores"]
of_rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
PARAMETERS: dict[str, tuple[dict[str, float], ...]] = {
    "entropy": ({},),
    "distillation": ({}, {"temperature": 1.0}, {"temperature": 0.7}),
    "trades": ({}, {"beta": 0.3}),
    "arcface": ({}, {"margin": 0.3, "scale": 30.1}, {"margin": 0.0, "scale": 1.0}),
    "cosface": ({}, {"margin": 0.1, "scale": 30.1}),
}


def is_largest(x: Any) -> Any:
    return x == x.max(-1, keepdims=True)


#: What is made of drawn rows: the row of `prediction`, and the other one.
REGIMES: dict[str, Callable[[Any, Any, np.random.Generator], tuple[Any, Any]]] = {
    "ordinary": lambda x, other, rng: (x, other),
    "large": lambda x, other, rng: (x * 20, other * 20),
    "tiny": lambda x, other, rng: (x * 2.0**-20, other * 2.0**-20),
    "nearly equal": lambda x, other, rng: (x, x * (1 + rng.integers(-8, 9, x.shape) * np.finfo(x.dtype).eps)),
    "near each other": lambda x, other, rng: (x, x + 1e-3 * (other - x)),
    "moved": lambda x, other, rng: (x + 50, x + 1e-5 * (other - x)),
    "confident": lambda x, other, rng: (x + 40 * is_largest(x), other + 30 * is_largest(x)),
    "of two minds": lambda x, other, rng: (x + 40 * is_largest(x), other + 40 * is_largest(-x)),
}


def drawn(row: Any, sizes: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> dict[str, Any]:
    return draw(row, sizes, dtype, rng)


def changed(row: Any, arrays: dict[str, Any], regime: str, rng: np.random.Generator) -> dict[str, Any]:
    """Return arrays of a regime."""
    others = [operand.name for operand in row.operands if operand.axes and operand.name != row.prediction]
    x, dtype = arrays[row.prediction], arrays[row.prediction].dtype
    rows = REGIMES[regime](x, arrays[others[0]] if others else x, rng)
    if row.holds == "cosines":
        rows = [np.minimum(np.tanh(rows[0] / 3), 1 - np.finfo(dtype).epsneg)]  # at 1 the slope is infinite
    named = dict(zip((row.prediction, *others), (each.astype(dtype) for each in rows), strict=False))
    return {name: named.get(name, array) for name, array in arrays.items()}


def worst(row: Any, arrays: dict[str, Any], dtype: Any, **given: Any) -> tuple[float, float]:
    """Return the largest errors of value and gradients, in units in the last place."""
    value, gradients = getattr(fl, row.name).value_and_grad(*arrays.values(), reduction="none", **given)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    names = [operand.name for operand in row.differentiated]
    columns = arrays[row.prediction].shape[-1]
    of_value = of_gradient = 0.0
    for i in range(len(value)):
        places = [(name, c) for name in names for c in range(columns)]
        if columns > 10:
            kept = {int(arrays[row.prediction][i].argmax()), columns - 1}
            places = [place for place in places if place[1] in kept]
        sample = {name: array[i] for name, array in arrays.items()}
        truths = oracle.truth(row, sample, places, dtype, **given)
        for (name, c), (of_whole, first, _) in zip(places, truths, strict=True):
            of_value = max(of_value, oracle.ulps(value[i], of_whole, dtype))
            of_gradient = max(of_gradient, oracle.ulps(gradients[names.index(name)][i, c], first, dtype))
    return of_value, of_gradient


@of_floats
@pytest.mark.parametrize("regime", REGIMES)
@of_rows
def test_every_digit_is_right(row: Any, regime: str, dtype: Any) -> None:
    """Units in the last place of the largest term. Measured over 20 runs: values 3.1, gradients 4.1 in float64."""
    rng = generator("scores", row.name, regime, str(dtype))
    for given in PARAMETERS[row.name]:
        for columns, count in ((2, 2), (7, 1), (150, 1)):
            arrays = changed(row, drawn(row, (count, columns), dtype, rng), regime, rng)
            errors = worst(row, arrays, dtype, **given)
            assert errors[0] <= 4, (given, columns, errors, cases.SEED)
            assert errors[1] <= (4 if dtype == np.float32 else 6), (given, columns, errors, cases.SEED)


@of_floats
def test_a_divergence_of_nearly_equal_rows_keeps_its_digits(dtype: Any) -> None:
    """The sum of p log(p / q) is of second order, its terms are of first: right to its own last digits, not theirs."""
    row = next(row for row in ROWS if row.name == "distillation")
    rng = generator("near scores", str(dtype))
    for temperature in (1.0, 2.0, 1e10):
        arrays = changed(row, drawn(row, (8, 6), dtype, rng), "nearly equal", rng)
        value = fl.distillation(*arrays.values(), temperature=temperature, reduction="none")
        assert (value > 0).all()
        for i in range(len(value)):
            sample = {name: array[i] for name, array in arrays.items()}
            ((truth, _, _),) = oracle.truth(row, sample, [("logits", 0)], dtype, temperature=temperature)
            assert oracle.ulps(value[i], oracle.Truth(truth.exact, abs(truth.exact)), dtype) <= 4


@of_floats
def test_rows_that_are_the_same(dtype: Any) -> None:
    """No divergence and no gradient, not one of the last digit."""
    x = generator("same scores", str(dtype)).normal(scale=9, size=(7, 33)).astype(dtype)
    assert fl.distillation(x, x) == 0
    assert not fl.distillation.grad(x, x).any()
    labels = np.arange(7)
    value, (natural, adversarial) = fl.trades.value_and_grad(labels, x, x.copy())
    expected, gradient = fl.cross_entropy.value_and_grad(labels, x)
    assert value == pytest.approx(expected, rel=4 * float(np.finfo(dtype).eps))
    assert not adversarial.any()
    np.testing.assert_allclose(natural, gradient, rtol=8 * np.finfo(dtype).eps)


@of_floats
@pytest.mark.parametrize("columns", [1, 4, 200])
def test_ends(columns: int, dtype: Any) -> None:
    """Even rows, rows of one class, rows that are sure, rows without a probability."""
    even = np.full((1, columns), 3, dtype)
    value, gradient = fl.entropy.value_and_grad(even)
    assert value == pytest.approx(np.log(columns), rel=2 * float(np.finfo(dtype).eps))
    assert not gradient.any()
    sure = np.full((1, columns), -INF, dtype)
    sure[0, -1] = 2
    value, gradient = fl.entropy.value_and_grad(sure)
    assert value == 0
    assert not gradient.any()
    assert np.isnan(fl.entropy(np.full((1, columns), -INF, dtype)))
    assert fl.distillation(sure, sure) == 0
    if columns > 1:
        assert 0 < fl.distillation(sure, even) < INF
        assert fl.distillation(even, sure) == INF
        value, (natural, adversarial) = fl.trades.value_and_grad([columns - 1], even, sure, reduction="none")
        assert value[0] == INF
        assert natural[0, 0] == INF
        assert natural[0, -1] == -INF
        assert np.isfinite(adversarial).all()
    value, (natural, _) = fl.trades.value_and_grad([columns - 1], even, sure, beta=0.0)
    assert value == pytest.approx(np.log(columns), rel=2 * float(np.finfo(dtype).eps))
    assert np.isfinite(natural).all()


def test_labels_are_those_of_classes() -> None:
    x = np.zeros((3, 4))
    places = (np.full_like(x, 7), np.full_like(x, 7))
    for bad in (4, -1):
        with pytest.raises(ValueError, match=rf"y_true\[1\] = {bad} is not a class of 4"):
            fl.trades.grad([0, bad, 2], x, x, out=places)
    with pytest.raises(ValueError, match=r"y_true has shape \(3, 4\); for logits of shape \(3, 4\)"):
        fl.trades.grad(x, x, x, out=places)
    with pytest.raises(ValueError, match=r"adversarial_logits has shape \(3, 5\)"):
        fl.trades.grad([0, 1, 2], x, np.zeros((3, 5)), out=places)
    with pytest.raises(ValueError, match="rows of no classes"):
        fl.entropy(np.zeros((3, 0)))
    assert all((place == 7).all() for place in places)
    value, gradients = fl.trades.value_and_grad([0, 9, 2], x, x, where=[True, False, True])
    assert value == pytest.approx(np.log(4))
    assert not gradients[0][1].any()
    assert fl.entropy(np.zeros((0, 4))) == 0
    for kind in (np.uint8, np.int16, np.float16, np.uint64):
        assert bits(fl.trades.grad(np.array([0, 1, 2], kind), x, x)) == bits(fl.trades.grad([0, 1, 2], x, x))


@of_floats
@pytest.mark.parametrize("columns", [4, 200])
def test_cosines_at_their_ends(columns: int, dtype: Any) -> None:
    """At 1 the gradient is that at the number below; where the angle would be beyond pi the loss is linear."""
    cosines = np.linspace(-0.5, 0.5, columns).astype(dtype)[None]
    below = cosines.copy()
    cosines[0, 1], below[0, 1] = 1, 1 - np.finfo(dtype).epsneg
    margin, scale = 0.5, 8.0
    value, gradient = fl.arcface.value_and_grad([1], cosines, margin=margin, scale=scale)
    _, other = fl.arcface.value_and_grad([1], below, margin=margin, scale=scale)
    assert 1e2 < -gradient[0, 1] < INF
    np.testing.assert_allclose(gradient, other, rtol=2e-3)  # the probabilities move on, by the slope times the step
    z = scale * cosines[0].astype(float)
    z[1] = scale * np.cos(margin)
    assert value == pytest.approx(np.log(np.exp(z).sum()) - z[1], rel=1e-6)
    for loss in (fl.arcface, fl.cosface):
        beyond = cosines.copy()
        beyond[0, 1], beyond[0, 0] = 1.004, -1.004
        assert np.isfinite(loss.grad([1], beyond)).all()
        beyond[0, 0] = -1.02
        with pytest.raises(ValueError, match=r"cosines\[0, 0\] = -1.0\d* .*in \[-1, 1\]"):
            loss.grad([1], beyond)
        assert np.isfinite(loss.grad([[1], [1]], np.stack([cosines, beyond]), where=[[True], [False]])).all()
    far = cosines.copy()
    far[0, 1] = -0.95
    value, gradient = fl.arcface.value_and_grad([1], far, margin=margin, scale=scale)
    moved, expected = fl.cosface.value_and_grad([1], far, margin=margin * np.sin(margin), scale=scale)
    assert value == pytest.approx(moved, rel=4 * float(np.finfo(dtype).eps))
    np.testing.assert_allclose(gradient, expected, rtol=8 * np.finfo(dtype).eps)
    with pytest.raises(ValueError, match=r"margin = 3.1 .* in \[0, 3\]"):
        fl.arcface([1], cosines, margin=3.1)


@pytest.mark.parametrize("columns", [5, 300])
def test_torch_has_the_same(columns: int) -> None:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    rng = generator("scores of torch", columns)
    x, other, labels = rng.normal(size=(9, columns)), rng.normal(size=(9, columns)), rng.integers(columns, size=9)
    natural, adversarial = (torch.tensor(each, requires_grad=True) for each in (x, other))
    logs = [functional.log_softmax(each, -1) for each in (natural, adversarial)]
    value = functional.cross_entropy(natural, torch.tensor(labels))
    value = value + 6 * functional.kl_div(logs[1], logs[0].exp(), reduction="batchmean")
    value.backward()
    own, gradients = fl.trades.value_and_grad(labels, x, other)
    assert own == pytest.approx(value.item(), rel=1e-13)
    for gradient, tensor in zip(gradients, (natural, adversarial), strict=True):
        np.testing.assert_allclose(gradient, tensor.grad.numpy(), rtol=1e-10, atol=1e-16)
    student = torch.tensor(x, requires_grad=True)
    logs = [functional.log_softmax(each / 3, -1) for each in (student, torch.tensor(other))]
    value = 9 * functional.kl_div(logs[0], logs[1], reduction="batchmean", log_target=True)
    value.backward()
    own, gradient = fl.distillation.value_and_grad(other, x, temperature=3.0)
    assert own == pytest.approx(value.item(), rel=1e-13)
    np.testing.assert_allclose(gradient, student.grad.numpy(), rtol=1e-10, atol=1e-16)
    cosines = torch.tensor(np.tanh(x), requires_grad=True)
    for margin in ("angle", "cosine"):  # as pytorch-metric-learning has them
        true = cosines[torch.arange(9), torch.tensor(labels)]
        moved = torch.cos(torch.acos(true) + 0.5) if margin == "angle" else true - 0.35
        moved = torch.where(true < -np.cos(0.5), true - 0.5 * np.sin(0.5), moved) if margin == "angle" else moved
        one_hot = functional.one_hot(torch.tensor(labels), columns)
        value = functional.cross_entropy(64 * (cosines + one_hot * (moved - true)[:, None]), torch.tensor(labels))
        cosines.grad = None
        value.backward()
        loss = fl.arcface if margin == "angle" else fl.cosface
        own, gradient = loss.value_and_grad(labels, np.tanh(x))
        assert own == pytest.approx(value.item(), rel=1e-12)
        np.testing.assert_allclose(gradient, cosines.grad.numpy(), rtol=1e-10, atol=1e-15)
    logits = torch.tensor(x, requires_grad=True)
    value = torch.distributions.Categorical(logits=logits).entropy().mean()
    value.backward()
    own, gradient = fl.entropy.value_and_grad(x)
    assert own == pytest.approx(value.item(), rel=1e-13)
    np.testing.assert_allclose(gradient, logits.grad.numpy(), rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("dtype", [*FLOATS, *cases.HALVES], ids=str)
@pytest.mark.parametrize("columns", [5, 300])
@of_rows
def test_classes_along_any_axis(row: Any, columns: int, dtype: Any) -> None:
    """The bits are those of the last one, and so is what is refused; nothing is copied into another place."""
    rng = generator("axis of scores", row.name, columns, str(dtype))
    arrays, loss = draw(row, (2, 3, columns), dtype, rng), getattr(fl, row.name)
    weight = rng.random((2, 3))
    expected = loss.value_and_grad(*arrays.values(), sample_weight=weight)
    wide = [operand.name for operand in row.operands if operand.axes]
    for axis in (0, 1, -3, -1):
        moved = [np.moveaxis(a, -1, axis) if name in wide else a for name, a in arrays.items()]
        got = loss.value_and_grad(*moved, axis=axis, sample_weight=weight)
        back = [np.moveaxis(g, axis, -1) for g in (got[1] if isinstance(got[1], tuple) else (got[1],))]
        assert bits(got[0]) == bits(expected[0])
        assert bits(tuple(back)) == bits(expected[1] if isinstance(expected[1], tuple) else (expected[1],))
        assert bits(loss.bind(axis=axis)(*moved, reduction="none")) == bits(loss(*arrays.values(), reduction="none"))
        places = [np.full_like(moved[list(arrays).index(o.name)], 7) for o in row.differentiated]
        out = tuple(places) if len(places) > 1 else places[0]
        loss.grad(*moved, axis=axis, sample_weight=weight, out=out)
        assert bits(tuple(np.moveaxis(place, axis, -1) for place in places)) == bits(tuple(back))
        shape = {} if "y_true" in arrays else {"shape": (2, 3)}
        number = loss.normalizer(*moved[: len(shape) == 0], axis=axis, sample_weight=weight, dtype=dtype, **shape)
        assert number == loss.partial(*moved, axis=axis, sample_weight=weight).weight
    with pytest.raises(ValueError, match=r"axis = 3 is out of range|axis = 3 .* 3 dimensions"):
        loss(*arrays.values(), axis=3)
    if row.holds == "cosines":
        cosines = np.zeros((2, columns, 3), dtype)
        cosines[1, 4, 2] = 2
        with pytest.raises(ValueError, match=r"cosines\[1, 4, 2\] = 2"):
            loss(np.zeros((2, 3), int), cosines, axis=1)
