"""PyTorch: our modules beside its own, gradients of first and second order, graphs."""

from __future__ import annotations

import copy
import doctest
import os
import pickle
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import fastloss as fl

torch = pytest.importorskip("torch")
own = pytest.importorskip("fastloss.interop.torch")

# What torch.compile says of Python 3.13.0, which is no fault of a graph.
pytestmark = pytest.mark.filterwarnings("ignore:Guards may run slower")

REDUCTIONS = ("mean", "sum", "none")


def numbers(*shape: int, seed: int = 0, dtype: Any = None) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype or torch.float64)


def both(ours: Any, theirs: Any, inputs: list[Any], target: Any, tolerance: float = 1e-12) -> None:
    """Compare value and gradients with those of torch's module."""
    results = []
    for module in (ours, theirs):
        given = [x.clone().requires_grad_() for x in inputs]
        value = module(*given, target)
        weights = torch.arange(1.0, 1 + value.numel(), dtype=value.dtype).reshape(value.shape)
        (value * weights).sum().backward()
        results.append([value.detach(), *(x.grad for x in given)])
    for one, other in zip(*results, strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        # Beside 0 it is torch's digits that are lost, where it subtracts: ours are held to the truth elsewhere.
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)
    assert all(result.abs().max() > 0 for result in results[0])


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_losses_of_elements(reduction: str, dtype: Any) -> None:
    x, y = numbers(5, 4, dtype=dtype), numbers(5, 4, seed=1, dtype=dtype)
    tolerance = 1e-12 if dtype == torch.float64 else 2e-6
    for name, options in (
        ("MSELoss", {}), ("L1Loss", {}), ("HuberLoss", {"delta": 0.5}), ("SmoothL1Loss", {"beta": 0.5}),
        ("SmoothL1Loss", {"beta": 0.0}),
    ):  # fmt: skip
        both(
            getattr(own, name)(reduction=reduction, **options),
            getattr(torch.nn, name)(reduction=reduction, **options),
            [x], y, tolerance,
        )  # fmt: skip
    signs = torch.where(y > 0, 1.0, -1.0).to(dtype)
    both(own.SoftMarginLoss(reduction=reduction), torch.nn.SoftMarginLoss(reduction=reduction), [x], signs, tolerance)
    weight, pos_weight = numbers(4, seed=2, dtype=dtype).abs(), numbers(4, seed=3, dtype=dtype).abs()
    for options in ({}, {"weight": weight}, {"pos_weight": pos_weight}, {"weight": weight, "pos_weight": pos_weight}):
        names = ("BCEWithLogitsLoss", {"reduction": reduction, **options})
        ours, theirs = (getattr(library, names[0])(**names[1]) for library in (own, torch.nn))
        both(ours, theirs, [x], torch.sigmoid(y), tolerance)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(6, 4), (3, 4, 2, 5)], ids=str)
def test_losses_over_classes(shape: tuple[int, ...], reduction: str) -> None:
    x = numbers(*shape)
    labels = torch.randint(0, 4, (shape[0], *shape[2:]), generator=torch.Generator().manual_seed(1))
    labels[0] = 1
    ignored = labels.clone()
    ignored[1] = -100
    soft, weight = torch.softmax(numbers(*shape, seed=2), dim=1), numbers(4, seed=3).abs()
    for options in ({}, {"weight": weight}, {"label_smoothing": 0.1}, {"weight": weight, "label_smoothing": 0.1}):
        ours, theirs = (library.CrossEntropyLoss(reduction=reduction, **options) for library in (own, torch.nn))
        for target in (labels, ignored, soft):
            both(ours, theirs, [x], target)
    for options in ({}, {"weight": weight}, {"ignore_index": 1}):
        ours, theirs = (library.NLLLoss(reduction=reduction, **options) for library in (own, torch.nn))
        for target in (labels, ignored) if "ignore_index" not in options else (labels,):
            both(ours, theirs, [torch.log_softmax(x, dim=1)], target)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_margins_and_counts(reduction: str) -> None:
    x, weight = numbers(6, 4), numbers(4, seed=3).abs()
    labels = torch.randint(0, 4, (6,), generator=torch.Generator().manual_seed(1))
    for options in ({}, {"p": 2, "margin": 0.5}, {"weight": weight}):
        ours, theirs = (library.MultiMarginLoss(reduction=reduction, **options) for library in (own, torch.nn))
        both(ours, theirs, [x], labels)
        both(ours, theirs, [x[0]], labels[0])
    for name, target in (("MultiLabelSoftMarginLoss", (x > 0).double()), ("PoissonNLLLoss", (4 * x.abs()).round())):
        both(getattr(own, name)(reduction=reduction), getattr(torch.nn, name)(reduction=reduction), [x], target)
    soft = (x > 0).double()
    for given in (x, x[0]):
        ours, theirs = (library.MultiLabelSoftMarginLoss(weight, reduction=reduction) for library in (own, torch.nn))
        both(ours, theirs, [given], soft if given.ndim > 1 else soft[0])
    named = torch.tensor([[2, 0, -1, 1], [-1, 0, 1, 2], [3, 2, 1, 0], [1, -1, -1, -1], [0, 3, -1, 3], [2, -1, 0, 0]])
    ours, theirs = (library.MultiLabelMarginLoss(reduction=reduction) for library in (own, torch.nn))
    both(ours, theirs, [x], named)
    both(ours, theirs, [x[0]], named[0])
    with pytest.raises(ValueError, match=r"y_true\[0, 2\] = 2"):
        ours(x[:1], torch.tensor([[2, 2, -1, 1]]))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("full", [False, True])
def test_likelihoods(reduction: str, full: bool) -> None:
    x, means, counts = numbers(6, 4), numbers(6, 4, seed=1).exp(), (4 * numbers(6, 4, seed=2).abs()).round()
    for options, given in (({}, x), ({"log_input": False}, means), ({"log_input": False, "eps": 0.5}, means)):
        ours, theirs = (
            library.PoissonNLLLoss(full=full, reduction=reduction, **options) for library in (own, torch.nn)
        )
        both(ours, theirs, [given], counts)
    for eps in (1e-6, 0.5):
        ours, theirs = (library.GaussianNLLLoss(full=full, eps=eps, reduction=reduction) for library in (own, torch.nn))
        for var in (means, means[:, :1], means[:1]):
            both(lambda x, var, y, f=ours: f(x, y, var), lambda x, var, y, f=theirs: f(x, y, var), [x, var], x.flip(0))
            both(lambda x, y, f=ours: f(y, x, means), lambda x, y, f=theirs: f(y, x, means), [x], x.flip(0))
        both(lambda x, y, f=ours: f(x, y, 0.7), lambda x, y, f=theirs: f(x, y, 0.7), [x], x.flip(0))
    hidden = means.clone()
    hidden[0, 0], hidden[1, 1] = torch.nan, -1.0  # of which the least is NaN
    below = "var has a number below 0"
    for var, message in ((-means, below), (hidden, below), (means[:, :2], r"var has shape \(6, 2\)")):
        with pytest.raises(ValueError, match=message):
            own.GaussianNLLLoss()(x, x, var)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_probabilities_of_decisions(reduction: str) -> None:
    x, y = torch.sigmoid(numbers(6, 4)), torch.sigmoid(numbers(6, 4, seed=1))
    for options in ({}, {"weight": numbers(4, seed=2).abs()}, {"weight": numbers(6, 1, seed=2).abs()}):
        ours, theirs = (library.BCELoss(reduction=reduction, **options) for library in (own, torch.nn))
        both(ours, theirs, [x], y)
    wrong, right = torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=torch.float64), torch.tensor([1.0, 0.0, 0.0, 1.0])
    wrong.requires_grad_()
    value = own.BCELoss(reduction=reduction)(wrong, right.double()).sum()
    torch.testing.assert_close(value.item(), 126 * np.log(2) * (2 if reduction != "mean" else 0.5))
    assert not torch.autograd.grad(value, wrong)[0][:2].any()


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_triplets(reduction: str) -> None:
    vectors = [numbers(6, 5, seed=k) / 4 for k in range(3)]

    def given(module: Any) -> Any:
        return lambda *arrays: module(*arrays[:3])  # no target

    for options in ({}, {"margin": 2.0}, {"eps": 0.1}, {"swap": True}, {"swap": True, "eps": 0.1}, {"p": 1.0}):
        ours, theirs = (library.TripletMarginLoss(reduction=reduction, **options) for library in (own, torch.nn))
        both(given(ours), given(theirs), vectors, None)
        both(given(ours), given(theirs), [vector[0] for vector in vectors], None)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_linear_layers(reduction: str) -> None:
    x, labels = numbers(6, 5), torch.tensor([0, 3, 2, 1, 1, 0])
    class_weight = numbers(4, seed=3).abs()
    for options in (
        {}, {"bias": True}, {"weight": class_weight}, {"label_smoothing": 0.1}, {"ignore_index": 1},
        {"weight": class_weight, "label_smoothing": 0.1, "bias": True}, {"out_features": (2,), "weight": class_weight},
    ):  # fmt: skip
        ours, theirs = (
            library.LinearCrossEntropyLoss(5, 4, dtype=torch.float64, reduction=reduction, **options)
            for library in (own, torch.nn)
        )
        ours.load_state_dict(theirs.state_dict())
        soft = torch.softmax(numbers(6, 4, *options.get("out_features", ()), seed=1), 1)
        targets = [labels, soft] if "out_features" not in options else [labels.reshape(6, 1).expand(6, 2), soft]
        for target in targets[:1] if "ignore_index" in options else targets:
            both(ours, theirs, [x], target)
            for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
                torch.testing.assert_close(one.grad, other.grad)
            ours.zero_grad()
            theirs.zero_grad()
        if "out_features" not in options:
            both(ours, theirs, [x[1]], labels[1])
            ours.zero_grad()
            theirs.zero_grad()
    with pytest.raises(ValueError, match="ignore_index is for targets that are class indices"):
        own.LinearCrossEntropyLoss(5, 4, ignore_index=1)(x.float(), torch.softmax(numbers(6, 4), 1).float())


def test_clusters_of_rare_classes() -> None:
    options = {"in_features": 8, "n_classes": 20, "cutoffs": [4, 10], "div_value": 2.0, "head_bias": True}
    ours, theirs = (library.AdaptiveLogSoftmaxWithLoss(**options, dtype=torch.float64) for library in (own, torch.nn))
    ours.load_state_dict(theirs.state_dict())
    x = numbers(9, 8)
    for rows, labels in (
        (x, torch.tensor([0, 3, 4, 9, 10, 19, 2, 5, 11])), (x, torch.zeros(9, dtype=torch.int64)),
        (x[0], torch.tensor(12)), (x[0], torch.tensor(1)),
    ):  # fmt: skip
        found = []
        for module in (ours, theirs):
            given = rows.clone().requires_grad_()
            output, loss = module(given, labels)
            module.zero_grad()
            (loss + (output * torch.arange(1.0, 1 + output.numel()).reshape(output.shape)).sum()).backward()
            # A cluster without a sample has no gradient here, or one of 0 there.
            found.append(
                [output.detach(), loss.detach(), given.grad]
                + [torch.zeros_like(p) if p.grad is None else p.grad for p in module.parameters()]
            )
        for one, other in zip(*found, strict=True):
            torch.testing.assert_close(one, other)
    torch.testing.assert_close(ours.log_prob(x), theirs.log_prob(x))
    with pytest.raises(ValueError, match=r"target\[1\] = 20 is not a class of 20"):
        ours(x[:2], torch.tensor([0, 20]))
    with pytest.raises(ValueError, match="they must be"):
        ours(x, torch.tensor([0, 1]))


def test_every_loss_of_torch_has_a_module() -> None:
    import inspect

    losses = [name for name in dir(torch.nn) if "Loss" in name and name != "NLLLoss2d"]
    assert set(losses) <= set(own.__all__)
    for name in losses:
        theirs, ours = (inspect.signature(getattr(library, name).__init__).parameters for library in (torch.nn, own))
        for parameter, default in ((p.name, p.default) for p in theirs.values()):
            assert ours[parameter].default == default, (name, parameter)


#: What torch's own tests draw and fastloss refuses: signs of 0, classes that are named twice, shares that do
#: not add up to 1.
REFUSED = r"y_true\[\d+\] = 0 is not -1 or 1|sums to .* over the classes|y_true\[.*\] = [2-9] is not 0 or 1"


@pytest.mark.filterwarnings("ignore")  # torch's own
@pytest.mark.parametrize(
    "name", [name for name in own.__all__ if getattr(own, name) is not getattr(torch.nn, name, own.FusedLoss)]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_inputs_of_torch_s_own_tests(name: str, dtype: Any) -> None:
    pytest.importorskip("expecttest")
    from torch.testing._internal.common_modules import module_db

    infos = [info for info in module_db if info.module_cls.__name__ == name]
    if not infos:
        pytest.skip("torch has none")
    torch.manual_seed(0)
    cases = infos[0].module_inputs_func(infos[0], "cpu", dtype, True, True)
    compared = 0
    for case in cases[:: max(len(cases) // 120, 1)]:
        made, given = case.constructor_input, case.forward_input
        options = {
            key: value.detach().abs() if isinstance(value, torch.Tensor) else value
            for key, value in made.kwargs.items()
        }
        modules = [getattr(library, name)(*made.args, **options) for library in (own, torch.nn)]
        modules[0].load_state_dict(modules[1].state_dict())
        found: list[list[Any]] = []
        for module in modules:
            arrays = [x.detach().clone() if isinstance(x, torch.Tensor) else x for x in given.args]
            differentiated = [
                x.requires_grad_()
                for k, x in enumerate(arrays)
                if isinstance(x, torch.Tensor) and given.args[k].requires_grad and not (k and "Cross" in name)
            ]
            try:
                value = module(*(x.log_softmax(-1) if name == "CTCLoss" and x is arrays[0] else x for x in arrays))
            except ValueError as error:
                assert re.search(REFUSED, str(error)), error
                break
            value.sum().backward()
            found.append([value.detach(), *(x.grad for x in differentiated)])
        if len(found) == 2 and not found[1][0].isnan().any():  # torch's mean of nothing, which is 0 here
            for one, other in zip(*found, strict=True):
                rough = {"rtol": 1e-4, "atol": 1e-4} if name == "CTCLoss" and dtype == torch.float32 else {}
                torch.testing.assert_close(one, other, **rough)
            compared += 1
    assert compared > len(cases[:120]) / 2 or name in ("MarginRankingLoss", "MultiLabelMarginLoss")


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_one_sample_without_an_axis(reduction: str) -> None:
    x, label, soft = numbers(5), torch.tensor(2), torch.softmax(numbers(5, seed=1), dim=0)
    for options in ({}, {"label_smoothing": 0.1}, {"weight": numbers(5, seed=2).abs()}):
        ours, theirs = (library.CrossEntropyLoss(reduction=reduction, **options) for library in (own, torch.nn))
        both(ours, theirs, [x], label)
        both(ours, theirs, [x], soft)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_of_pairs(reduction: str) -> None:
    x, y = numbers(6, 5), numbers(6, 5, seed=1)
    signs = torch.tensor([1.0, -1, 1, -1, 1, -1], dtype=torch.float64)
    for margin in (0.0, 0.3):
        ours, theirs = (library.MarginRankingLoss(margin=margin, reduction=reduction) for library in (own, torch.nn))
        both(ours, theirs, [x[:, 0], y[:, 0]], signs)
        ours, theirs = (library.CosineEmbeddingLoss(margin=margin, reduction=reduction) for library in (own, torch.nn))
        both(ours, theirs, [x, y], signs)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["huber", "binary_cross_entropy", "cross_entropy", "poisson", "kl_divergence"])
def test_gradients_of_first_and_second_order(name: str, reduction: str) -> None:
    loss = getattr(fl, name)
    x = numbers(4, 3).requires_grad_()
    y = torch.tensor([0, 2, 1, 1]) if name == "cross_entropy" else torch.softmax(numbers(4, 3, seed=1), dim=1)
    options = {"temperature": 1.5, "label_smoothing": 0.1} if name == "cross_entropy" else {}
    module = own.FusedLoss(loss, reduction=reduction, **options)
    assert torch.autograd.gradcheck(lambda x: module(y, x), (x,))
    if loss._row.has_products:
        assert torch.autograd.gradgradcheck(lambda x: module(y, x), (x,))
    else:
        assert loss._row.axes == "C"
        (gradient,) = torch.autograd.grad(module(y, x).sum(), x, create_graph=True)
        with pytest.raises(RuntimeError, match="kl_divergence has no second derivatives for PyTorch"):
            torch.autograd.grad(gradient.sum(), x)


def test_any_loss() -> None:
    """Several predictions, arrays that may be left away, weights as tensors."""
    anchor, positive, negative = (numbers(6, 5, seed=k).requires_grad_() for k in range(3))
    triplet = own.FusedLoss(fl.triplet, margin=2.0)
    assert torch.autograd.gradcheck(triplet, (anchor, positive, negative))
    value = triplet(anchor.detach(), positive, negative.detach())
    (gradient,) = torch.autograd.grad(value, positive)
    arrays = [x.detach().numpy() for x in (anchor, positive, negative)]
    np.testing.assert_array_equal(gradient, fl.triplet.grad(*arrays, margin=2.0, wrt="positive"))
    linear, labels = own.FusedLoss(fl.linear_cross_entropy), torch.tensor([0, 1, 1, 0, 1, 0])
    weight, bias = numbers(2, 5, seed=4).requires_grad_(), numbers(2, seed=5).requires_grad_()
    theirs = torch.nn.functional.cross_entropy(torch.nn.functional.linear(anchor, weight, bias), labels)
    ours = linear(labels, anchor, weight, bias)
    torch.testing.assert_close(ours, theirs)
    for one, other in zip(
        torch.autograd.grad(ours, (anchor, weight, bias)),
        torch.autograd.grad(theirs, (anchor, weight, bias)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)
    torch.autograd.grad(linear(labels, anchor, weight), (anchor, weight))
    sample_weight = torch.tensor([1.0, 2, 0, 1, 1, 3], dtype=torch.float64)
    huber = own.FusedLoss(fl.huber)
    value = huber(labels.double(), anchor[:, 0], sample_weight=sample_weight)
    expected = fl.huber(labels.numpy(), arrays[0][:, 0], sample_weight=sample_weight.numpy())
    assert value.item() == expected


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_halves(dtype: Any) -> None:
    pytest.importorskip("ml_dtypes")
    x, labels = numbers(8, 5, dtype=torch.float32).to(dtype).requires_grad_(), torch.arange(8) % 5
    for reduction in REDUCTIONS:
        value = own.CrossEntropyLoss(reduction=reduction)(x, labels)
        assert value.dtype == dtype
        wide = torch.nn.functional.cross_entropy(x.detach().float(), labels, reduction=reduction)
        torch.testing.assert_close(value.detach(), wide.to(dtype))
        (gradient,) = torch.autograd.grad(value.sum(), x)
        assert gradient.dtype == dtype


@pytest.mark.parametrize("rows", [200, 2000])
@pytest.mark.parametrize("compiled", [False, True], ids=["", "compiled"])
def test_a_scaled_loss_of_halves_keeps_small_gradients(compiled: bool, rows: int) -> None:
    """Of 2,000 rows most gradients are below what float16 holds, until they are scaled up."""
    pytest.importorskip("ml_dtypes")
    x, labels = (3 * numbers(rows, 50, dtype=torch.float32)).half().requires_grad_(), torch.arange(rows) % 50
    module = own.FusedLoss(fl.cross_entropy)

    def scaled(x: Any) -> Any:
        return module(labels, x).float() * 16384

    scaled = torch.compile(scaled, fullgraph=True, backend="aot_eager") if compiled else scaled
    (gradient,) = torch.autograd.grad(scaled(x), x)
    assert gradient.dtype == torch.float16 and (gradient == 0).float().mean() < 0.02


MODULES: dict[str, tuple[Any, ...]] = {
    "MSELoss": (), "L1Loss": (), "HuberLoss": (), "SmoothL1Loss": (), "KLDivLoss": (), "GaussianNLLLoss": (),
    "PoissonNLLLoss": (), "BCELoss": (), "BCEWithLogitsLoss": (), "CrossEntropyLoss": (), "NLLLoss": (),
    "MultiMarginLoss": (), "MultiLabelMarginLoss": (), "MultiLabelSoftMarginLoss": (), "SoftMarginLoss": (),
    "HingeEmbeddingLoss": (), "MarginRankingLoss": (), "CosineEmbeddingLoss": (), "TripletMarginLoss": (),
    "LinearCrossEntropyLoss": (5, 5),
}  # fmt: skip


def arguments_of(name: str, dtype: Any) -> tuple[list[Any], tuple[Any, ...]]:
    """Return what a module is differentiated by, and what it takes besides."""
    x, y, z = (numbers(6, 5, seed=k, dtype=torch.float64).to(dtype) for k in range(3))
    labels, signs = torch.arange(6) % 5, torch.where(y > 0, 1.0, -1.0).to(dtype)
    shares = torch.sigmoid(y)
    return {
        "KLDivLoss": ([torch.log_softmax(x, -1)], (shares,)), "GaussianNLLLoss": ([x], (y, shares)),
        "PoissonNLLLoss": ([x], (shares,)), "BCELoss": ([torch.sigmoid(x)], (shares,)),
        "BCEWithLogitsLoss": ([x], (shares,)), "CrossEntropyLoss": ([x], (labels,)),
        "NLLLoss": ([torch.log_softmax(x, -1)], (labels,)), "MultiMarginLoss": ([x], (labels,)),
        "MultiLabelMarginLoss": ([x], (torch.tensor([[0, 2, -1, 0, 0]] * 6),)),
        "MultiLabelSoftMarginLoss": ([x], ((y > 0).to(dtype),)), "SoftMarginLoss": ([x], (signs,)),
        "HingeEmbeddingLoss": ([x], (signs,)), "MarginRankingLoss": ([x, y], (signs,)),
        "CosineEmbeddingLoss": ([x, y], (signs[:, 0],)), "TripletMarginLoss": ([x, y, z], ()),
        "LinearCrossEntropyLoss": ([x], (labels,)),
    }.get(name, ([x], (y,)))  # fmt: skip


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("reduction", ["mean", "none"])
@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_gradients_and_graphs(name: str, reduction: str) -> None:
    module = getattr(own, name)(*MODULES[name], reduction=reduction).double()
    inputs, others = arguments_of(name, torch.float64)
    inputs = [x.requires_grad_() for x in inputs]

    def function(*inputs: Any) -> Any:
        return module(*inputs, *others)

    assert torch.autograd.gradcheck(function, inputs)
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    weights = torch.arange(1.0, 1 + function(*inputs).numel(), dtype=torch.float64).reshape(function(*inputs).shape)
    found = [torch.autograd.grad((f(*inputs) * weights).sum(), inputs) for f in (compiled, function)]
    torch.testing.assert_close(compiled(*inputs), function(*inputs), rtol=0, atol=0)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)
    torch.compiler.reset()


@pytest.mark.parametrize("name", ["BCEWithLogitsLoss", "BCELoss", "CrossEntropyLoss", "NLLLoss", "MultiMarginLoss"])
def test_weights_in_a_graph(name: str) -> None:
    options: dict[str, Any] = {"weight": numbers(5, seed=7).abs()}
    if name == "BCEWithLogitsLoss":
        options["pos_weight"] = numbers(5, seed=8).abs()
    if name == "CrossEntropyLoss":
        options["label_smoothing"] = 0.1
    ours, theirs = (getattr(library, name)(**options) for library in (own, torch.nn))
    (x,), (target,) = arguments_of(name, torch.float64)
    both(torch.compile(ours, fullgraph=True, backend="aot_eager"), theirs, [x], target)
    torch.compiler.reset()


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_halves_of_every_module(dtype: Any) -> None:
    """Torch computes parts of its losses in the half: the truth is its result of the same numbers in float32."""
    pytest.importorskip("ml_dtypes")
    for name, made in MODULES.items():
        ours = getattr(own, name)(*made).to(dtype)
        theirs = getattr(torch.nn, name)(*made)
        theirs.load_state_dict(ours.state_dict())
        inputs, others = arguments_of(name, dtype)
        found = []
        for module, wide in ((ours, False), (theirs.float(), True)):
            given = [(x.float() if wide else x).detach().requires_grad_() for x in inputs]
            rest = [x.float() if wide and x.is_floating_point() else x for x in others]
            value = module(*given, *rest)
            found.append([value.detach().to(dtype), *(g.to(dtype) for g in torch.autograd.grad(value, given))])
        step = torch.finfo(dtype).eps
        loose = 16 if name in ("GaussianNLLLoss", "KLDivLoss", "HingeEmbeddingLoss") else 2  # torch's ops on halves
        for one, other in zip(*found, strict=True):
            assert one.dtype == dtype
            torch.testing.assert_close(one, other, rtol=loose * step, atol=loose * step * other.abs().max().item())


@pytest.mark.parametrize("name", ["huber", "binary_cross_entropy", "bradley_terry", "gaussian_nll", "poisson"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_second_order(name: str, reduction: str) -> None:
    """Of two predictions too, whose mixed derivatives are not 0."""
    module = own.FusedLoss(getattr(fl, name), reduction=reduction)
    x, y = numbers(4, 2).requires_grad_(), torch.sigmoid(numbers(4, 2, seed=1))
    inputs = (x, y.requires_grad_()) if name == "bradley_terry" else (x,)
    others = {"bradley_terry": (), "gaussian_nll": (y[:, 0],)}.get(name, (y,))
    assert torch.autograd.gradgradcheck(lambda *inputs: module(*others, *inputs), inputs)


def test_values_of_samples_that_share_what_they_depend_on() -> None:
    """Each number that the value of a sample is multiplied by reaches all arrays on which it depends."""
    labels, masks = torch.tensor([0, 1, 1, 2]), (numbers(3, 2, 4, seed=5) > 0).double()
    cases: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
        "linear_cross_entropy": ((labels,), (numbers(4, 5), numbers(4, 5, seed=1), numbers(4, seed=2))),
        "info_nce": ((), (numbers(4, 4), numbers(4, 4, seed=1))),
        "supcon": ((torch.tensor([0, 1, 1, 0]),), (numbers(4, 3),)),
        "dice": ((masks,), (numbers(3, 2, 4),)),
        "multi_similarity": ((torch.tensor([0, 1, 1, 0]),), (numbers(4, 3),)),
        "linear_chain_crf": ((torch.tensor([[0, 1, 2], [2, 2, 1]]),), (numbers(2, 3, 3), numbers(3, 3, seed=1))),
        "listnet": ((torch.arange(4.0, dtype=torch.float64),), (numbers(4),)),
    }
    for name, (targets, inputs) in cases.items():
        module = own.FusedLoss(getattr(fl, name), reduction="none")
        given = [x.clone().requires_grad_() for x in inputs]

        def function(*inputs: Any, module: Any = module, targets: Any = targets) -> Any:
            return module(*targets, *inputs)

        assert torch.autograd.gradcheck(function, given), name
        (gradient,) = torch.autograd.grad(function(*given).square().sum(), given[0], create_graph=True)
        with pytest.raises(RuntimeError, match=f"{name} has no second derivatives for PyTorch"):
            torch.autograd.grad(gradient.sum(), given[0])
    module = own.FusedLoss(fl.linear_cross_entropy, reduction="none")
    arrays = [x.clone().requires_grad_() for x in cases["linear_cross_entropy"][1]]
    weights = torch.tensor([1.0, -2.0, 0.0, 3.0], dtype=torch.float64)
    compiled = torch.compile(
        lambda *arrays: (module(labels, *arrays) * weights).sum(), fullgraph=True, backend="aot_eager"
    )
    theirs = torch.nn.functional.cross_entropy(arrays[0] @ arrays[1].T + arrays[2], labels, reduction="none") * weights
    found = [torch.autograd.grad(value, arrays) for value in (compiled(*arrays), theirs.sum())]
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("compiled", [False, True], ids=["", "compiled"])
def test_what_is_not_differentiated_is_refused(compiled: bool) -> None:
    """A gradient that is left out without a word is a wrong one."""
    x, y = numbers(4).requires_grad_(), torch.sigmoid(numbers(4, seed=1)).requires_grad_()
    module = own.BCEWithLogitsLoss()
    called = torch.compile(module, fullgraph=True, backend="aot_eager") if compiled else module
    with pytest.raises(Exception, match="y_true of binary_cross_entropy requires a gradient"):
        called(x, y)
    with torch.no_grad():
        assert module(x, y) == module(x.detach(), y.detach())
    with pytest.raises(RuntimeError, match="sample_weight requires a gradient"):
        own.FusedLoss(fl.huber)(y.detach(), x, sample_weight=y)
    for name in ("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"):
        ours, theirs = (getattr(library, name)() for library in (own, torch.nn))
        both(lambda x, y, f=ours: f(y, x), lambda x, y, f=theirs: f(y, x), [x.detach()], y.detach())


def test_whole_numbers() -> None:
    value = own.MSELoss()(torch.full((3,), 3), torch.full((3,), 0.5))
    assert value.item() == 6.25


def test_a_number_alone() -> None:
    both(own.HuberLoss(), torch.nn.HuberLoss(), [numbers()], numbers(seed=1))


def test_inputs_that_do_not_lie_in_one_piece() -> None:
    x = numbers(5, 6).T[::2].detach().requires_grad_()
    labels = torch.tensor([0, 1, 2])
    module = own.CrossEntropyLoss()
    both(module, torch.nn.CrossEntropyLoss(), [x.detach()], labels)
    assert torch.autograd.grad(module(x, labels), x)[0].is_contiguous()
    # What a graph is told of an operation's results has to hold: their strides, too.
    for given in (x, x.contiguous().detach().requires_grad_(), x.detach().bfloat16().requires_grad_()):
        arguments = module._of_forms[1, True], "1", "0 1", [labels, given], "", []
        torch.library.opcheck(
            torch.ops.fastloss.value_and_grads, arguments, test_utils=["test_schema", "test_faketensor"]
        )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_graph_has_the_loss_as_one_operation(reduction: str) -> None:
    x, labels = numbers(6, 4).requires_grad_(), torch.arange(6) % 4
    module = own.FusedLoss(fl.cross_entropy, reduction=reduction, label_smoothing=0.1)
    compiled = torch.compile(lambda x: (2 * module(labels, x)).sum(), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), (2 * module(labels, x)).sum())
    (one,), (other,) = (torch.autograd.grad(f(x), x) for f in (compiled, lambda x: (2 * module(labels, x)).sum()))
    torch.testing.assert_close(one, other)


def test_a_module_of_torch_s_own_name_in_a_graph() -> None:
    x, labels = numbers(6, 4).requires_grad_(), torch.arange(6) % 4
    module = own.CrossEntropyLoss(label_smoothing=0.1)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    (one,), (other,) = (torch.autograd.grad(f(x, labels), x) for f in (compiled, module))
    torch.testing.assert_close(one, other)


def test_modules_are_modules() -> None:
    module = own.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]), label_smoothing=0.1)
    assert list(module.state_dict()) == ["weight"] and "cross_entropy.bind(" in repr(module)
    x, labels = numbers(3, 2, dtype=torch.float32), torch.tensor([0, 1, 1])
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert again(x, labels) == module(x, labels)
        assert again.loss == module.loss
    with pytest.raises(TypeError, match="size_average and reduce are those of old versions"):
        own.MSELoss(size_average=True)
    with pytest.raises(TypeError, match=r"loss must be a loss of fastloss, as fl.huber, not str"):
        own.FusedLoss("huber")
    with pytest.raises(ValueError, match=r"y_true\[1\] = 2 is not a class of 2"):
        module(x, torch.tensor([0, 2, 1]))
    with pytest.raises(ValueError, match=r"fastloss computes on the CPU; a tensor is on meta"):
        module(x.to("meta"), labels)


def test_the_examples_run() -> None:
    result = doctest.testmod(sys.modules[own.FusedLoss.__module__])
    assert result.attempted and not result.failed


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_sequences(reduction: str, zero_infinity: bool) -> None:
    rng = np.random.default_rng([REDUCTIONS.index(reduction), zero_infinity])
    frames, samples, classes = 7, 7, 5  # as many of both: an axis that is taken for the other would not be noticed else
    logits = numbers(frames, samples, classes)
    targets, labels = torch.tensor(rng.integers(1, classes, (samples, 3))), torch.tensor([3, 2, 1, 0, 3, 3, 2])
    lengths = torch.tensor([7, 6, 3, 2, 7, 1 if zero_infinity else 7, 5])
    weights = torch.tensor(rng.uniform(0.5, 2, samples))
    found = []
    for library in (own, torch.nn):
        module = library.CTCLoss(reduction=reduction, zero_infinity=zero_infinity)
        leaf = logits.clone().requires_grad_()
        value = module(torch.log_softmax(leaf, -1), targets, lengths, labels)
        (value * weights if reduction == "none" else value).sum().backward()
        found.append((value.detach(), leaf.grad))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)
    alone = [
        library.CTCLoss(reduction=reduction)(torch.log_softmax(logits[:, 0], -1), targets[0], (frames,), (3,))
        for library in (own, torch.nn)
    ]
    torch.testing.assert_close(*alone)
    joined = torch.cat([row[:n] for row, n in zip(targets, labels, strict=True)])
    torch.testing.assert_close(
        own.CTCLoss(zero_infinity=zero_infinity)(torch.log_softmax(logits, -1), joined, lengths, labels),
        torch.nn.CTCLoss(zero_infinity=zero_infinity)(torch.log_softmax(logits, -1), joined, lengths, labels),
    )


def test_losses_of_sequences_of_logits() -> None:
    rng = np.random.default_rng(0)
    logits = torch.tensor(rng.normal(size=(5, 5, 4)), dtype=torch.float32, requires_grad=True)
    y_true, weights = (
        torch.tensor(rng.integers(1, 4, (5, 2))),
        torch.tensor(rng.uniform(0.5, 2, 5), dtype=torch.float32),
    )
    (own.FusedLoss(fl.ctc, reduction="none")(y_true, logits) * weights).sum().backward()
    expected = fl.ctc.grad(y_true.numpy(), logits.detach().numpy(), reduction="sum", sample_weight=weights.numpy())
    np.testing.assert_allclose(logits.grad.numpy(), expected, rtol=3e-7, atol=0)


def test_arrays_that_may_be_left_away_are_given_by_name() -> None:
    rng = np.random.default_rng(1)
    scores, weight = rng.normal(size=5), np.array([1, 2, 0.5, 0, 1])
    time, event, sizes = np.array([3.0, 1, 2, 2, 4]), np.array([1.0, 1, 1, 0, 1]), np.array([3, 2])
    found = torch.tensor(scores, requires_grad=True)
    targets = torch.tensor(time), torch.tensor(event)
    own.FusedLoss(fl.cox)(*targets, found, groups=torch.tensor(sizes), row_weight=torch.tensor(weight)).backward()
    expected = fl.cox.grad(time, event, scores, groups=sizes, row_weight=weight)
    assert (found.grad.numpy() == expected).all()

    start = torch.tensor(rng.normal(size=3), requires_grad=True)
    tags, emissions, transitions = rng.integers(0, 3, (2, 4)), rng.normal(size=(2, 4, 3)), rng.normal(size=(3, 3))
    given = torch.tensor(tags), torch.tensor(emissions), torch.tensor(transitions)
    own.FusedLoss(fl.linear_chain_crf)(*given, start=start).backward()
    expected = fl.linear_chain_crf.grad(tags, emissions, transitions, start.detach().numpy(), wrt="start")
    assert (start.grad.numpy() == expected).all()


LOADED = """
import numpy as np
import torch
import fastloss as fl

class Rows(torch.utils.data.Dataset):
    def __len__(self):
        return 64

    def __getitem__(self, index):
        x = np.random.default_rng(index).normal(size=(400, 1000)).astype(np.float32)  # as large as takes two threads
        return torch.from_numpy(x), index, fl.cross_entropy(np.arange(400), x)

fl.set_num_threads(2)
module = fl.interop.torch.CrossEntropyLoss()

def value(x):
    leaf = x.reshape(-1, 1000).clone().requires_grad_()
    result = module(leaf, torch.arange(len(leaf)) % 400)
    result.backward()
    return result.item(), leaf.grad.sum().item()

before = value(torch.stack([Rows()[k][0] for k in range(4)]))
seen = 0
for _ in range(2):  # the workers of the second epoch are forked from a process whose threads computed
    for x, index, there in torch.utils.data.DataLoader(
        Rows(), batch_size=4, num_workers=2, multiprocessing_context="fork"
    ):
        if not index[0]:
            assert value(x) == before
        assert [fl.cross_entropy(np.arange(400), row.numpy()) for row in x] == there.tolist()
        seen += len(x)
print(seen)
"""


def test_a_call_has_no_more_threads_than_torch() -> None:
    x, before = torch.zeros(1 << 17), (fl.get_num_threads(), torch.get_num_threads())
    try:
        fl.set_num_threads(2)
        for of_torch, few, many in ((1, {}, {"n_threads": 1}), (2, {}, {})):
            torch.set_num_threads(of_torch)
            call = own.calls.Call(fl.squared_error)
            assert [call.given((y, y))[1] for y in (x[:8], x)] == [few, many]
        assert own.calls.Call(fl.linear_cross_entropy).given((x[:8],))[1] == {"n_threads": 1}  # as large is no array
    finally:
        fl.set_num_threads(before[0]), torch.set_num_threads(before[1])


def test_transforms_of_functions_are_refused_in_the_words_of_torch() -> None:
    x, module = numbers(4, 3), own.CrossEntropyLoss()
    with pytest.raises(RuntimeError, match="setup_context"):
        torch.func.grad(lambda x: module(x, torch.tensor([0, 1, 2, 0])))(x)
    with pytest.raises(RuntimeError, match="setup_context"):
        torch.vmap(lambda row: module(row, torch.tensor(0)))(x)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_workers_of_a_data_loader_are_forks_of_a_process_with_threads() -> None:
    """They compute losses, as their parent does before, meanwhile and after: nobody waits for a thread that is gone."""
    command = [sys.executable, "-W", "ignore", "-c", LOADED]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.stdout == "128\n", ended.stdout + ended.stderr
