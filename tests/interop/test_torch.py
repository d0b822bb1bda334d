"""PyTorch: our modules beside its own, gradients of first and second order, graphs."""

from __future__ import annotations

import copy
import doctest
import pickle
import sys
from typing import Any

import numpy as np
import pytest

import fastloss as fl

torch = pytest.importorskip("torch")
own = pytest.importorskip("fastloss.interop.torch")

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
    with pytest.raises(TypeError, match="has no weight of the classes here"):
        own.MultiLabelSoftMarginLoss(weight=weight)
    for options in ({"log_input": False}, {"full": True}):
        with pytest.raises(TypeError, match="log_input=True and full=False only"):
            own.PoissonNLLLoss(**options)


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


@pytest.mark.parametrize("compiled", [False, True], ids=["", "compiled"])
def test_a_scaled_loss_of_halves_keeps_small_gradients(compiled: bool) -> None:
    """Of 2,000 rows most gradients are below what float16 holds, until they are scaled up."""
    pytest.importorskip("ml_dtypes")
    x, labels = (3 * numbers(2000, 50, dtype=torch.float32)).half().requires_grad_(), torch.arange(2000) % 50
    module = own.FusedLoss(fl.cross_entropy)

    def scaled(x: Any) -> Any:
        return module(labels, x).float() * 16384

    scaled = torch.compile(scaled, fullgraph=True, backend="aot_eager") if compiled else scaled
    (gradient,) = torch.autograd.grad(scaled(x), x)
    assert gradient.dtype == torch.float16 and (gradient == 0).float().mean() < 0.02


def test_whole_numbers() -> None:
    value = own.MSELoss()(torch.full((3,), 3), torch.full((3,), 0.5))
    assert value.item() == 6.25


def test_inputs_that_do_not_lie_in_one_piece() -> None:
    x = numbers(5, 6).T[::2].detach().requires_grad_()
    labels = torch.tensor([0, 1, 2])
    both(own.CrossEntropyLoss(), torch.nn.CrossEntropyLoss(), [x.detach()], labels)


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
    result = doctest.testmod(sys.modules["fastloss.interop.torch"])
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


def test_arrays_that_samples_share_have_no_gradient_of_each_loss() -> None:
    y_true, features = torch.tensor([0, 1, 2]), numbers(3, 2)
    weight = numbers(3, 2).requires_grad_()  # as many classes as samples: broadcasting would not notice
    loss = own.FusedLoss(fl.linear_cross_entropy, reduction="none")
    assert loss(y_true, features, weight.detach()).shape == (3,)
    with pytest.raises(ValueError, match="linear_cross_entropy with reduction='none' has no gradient by weight"):
        loss(y_true, features, weight)


def test_chains_of_tags() -> None:
    """Gradients of all arrays, in autograd; of emissions also of each loss."""
    rng = np.random.default_rng(1)
    y_true, lengths = torch.tensor(rng.integers(0, 4, (5, 6))), torch.tensor([6, 1, 4, 5, 2])
    leaves = [numbers(*shape).requires_grad_() for shape in ((5, 6, 4), (4, 4), (4,), (4,))]
    own.FusedLoss(fl.linear_chain_crf)(y_true, *leaves, lengths).backward()
    arrays = [leaf.detach().numpy() for leaf in leaves]
    expected = fl.linear_chain_crf.grad(y_true.numpy(), *arrays, lengths.numpy())
    for leaf, gradient in zip(leaves, expected, strict=True):
        assert leaf.grad is not None
        np.testing.assert_array_equal(leaf.grad.numpy(), gradient)
    weights, emissions = torch.tensor(rng.uniform(0.5, 2, 5), dtype=torch.float32), leaves[0].detach().requires_grad_()
    each = own.FusedLoss(fl.linear_chain_crf, reduction="none")
    (each(y_true, emissions, *(leaf.detach() for leaf in leaves[1:]), lengths) * weights).sum().backward()
    (expected, *_) = fl.linear_chain_crf.grad(
        y_true.numpy(), *arrays, lengths.numpy(), reduction="sum", sample_weight=weights.numpy()
    )
    np.testing.assert_allclose(emissions.grad.numpy(), expected, rtol=3e-7, atol=0)
