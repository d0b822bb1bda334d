"""Modules of PyTorch: one for any loss, and those of ``torch.nn`` by name."""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ...catalogue import CATALOGUE
from ...loss import Loss
from ..common import as_loss
from .calls import enter, leave, run


class FusedLoss(nn.Module):
    """Any loss of fastloss as a module of PyTorch.

    Parameters
    ----------
    loss : Loss
        A loss: `fl.huber`, `fl.triplet`, `fl.linear_cross_entropy`, a sum of losses, one of your own.
    **options
        Its parameters, `reduction`, and `normalizer`.

    Examples
    --------
    >>> import torch
    >>> import fastloss as fl
    >>> loss = fl.interop.torch.FusedLoss(fl.tukey_biweight, c=2.0)
    >>> y_pred = torch.tensor([1.0, 3.0], requires_grad=True)
    >>> loss(torch.tensor([0.0, 0.0]), y_pred).backward()
    >>> [round(g, 4) for g in y_pred.grad.tolist()]
    [0.2812, 0.0]
    """

    def __init__(self, loss: Loss, **options: Any) -> None:
        super().__init__()
        self.loss = as_loss(loss).bind(**options)
        self.reduction: str = self.loss.keywords.get("reduction", "mean")
        self._enter()

    def _enter(self) -> None:
        """Enter what this module calls."""
        self._number = self._entered(self.loss)

    def _entered(self, loss: Loss) -> int:
        """Give a call of a loss a number, by which graphs know it."""
        number = enter(loss)
        weakref.finalize(self, leave, number)
        return number

    def forward(self, *arrays: Tensor, **options: Any) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        *arrays : Tensor
            In the order of a call of the loss: targets first. An array that may be left away may be None, or given by
            its name.
        **options
            `sample_weight`, `where`, as arrays or tensors that are not differentiated, and other keywords of a call.

        Returns
        -------
        Tensor
            The value, of the type of the first prediction; it can be differentiated by all predictions, and twice where
            the loss has `hvp`.
        """
        operands, others = self.loss._row.operands, ()
        if any(operand.optional for operand in operands):
            others = tuple(options.pop(operand.name, None) for operand in operands[len(arrays) :])
        for name, value in options.items():
            if isinstance(value, Tensor) and value.requires_grad:
                raise RuntimeError(f"{name} requires a gradient, which the loss does not have: detach {name}")
        return self._run(options, (*arrays, *others))

    def _run(self, options: dict[str, Any], arrays: tuple[Any, ...], number: int | None = None) -> Tensor:
        return run(self._number if number is None else number, arrays, options)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._enter()

    def extra_repr(self) -> str:
        """Return what is shown of it.

        Returns
        -------
        str
            The loss.
        """
        return repr(self.loss)


class _OfTorch(FusedLoss):
    """A loss with the arguments of torch's: input, then target."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input, target : Tensor
            As torch's module of this name takes them.

        Returns
        -------
        Tensor
            The value.
        """
        return self._run({}, (target, input))


def _named(name: str) -> Loss:
    """Return a loss of the package."""
    return Loss(CATALOGUE[name])


def _refuse_old(size_average: Any, reduce: Any) -> None:
    if size_average is not None or reduce is not None:
        raise TypeError("size_average and reduce are those of old versions of PyTorch: pass reduction=")


class _OfDifference(_OfTorch):
    """A loss of the difference of input and target, which is differentiated by both."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input, target : Tensor
            Of one shape.

        Returns
        -------
        Tensor
            The value.
        """
        if target.requires_grad:
            input, target = input - target, torch.zeros_like(input)
        return self._run({}, (target, input))


class MSELoss(_OfDifference):
    """The mean of squared errors, as ``torch.nn.MSELoss``."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("squared_error"), reduction=reduction)


class L1Loss(_OfDifference):
    """The mean of absolute errors, as ``torch.nn.L1Loss``."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("absolute_error"), reduction=reduction)


class HuberLoss(_OfDifference):
    """Huber loss, as ``torch.nn.HuberLoss``."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(_named("huber"), reduction=reduction, delta=delta)


class SmoothL1Loss(_OfDifference):
    """Huber loss over beta, as ``torch.nn.SmoothL1Loss``; of a beta of 0 that is `L1Loss`."""

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        _refuse_old(size_average, reduce)
        if beta == 0:
            super().__init__(_named("absolute_error"), reduction=reduction)
        else:
            super().__init__(_named("smooth_l1"), reduction=reduction, beta=beta)


class SoftMarginLoss(_OfTorch):
    """Logistic loss of targets -1 and 1, as ``torch.nn.SoftMarginLoss``."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("soft_margin"), reduction=reduction, labels=(-1, 1))


class _OfDecisions(_OfTorch):
    """Binary cross-entropy; with `weight` its mean divides by the number of elements, not by the sum of the weights."""

    def __init__(self, loss: Loss, weight: Tensor | None, reduction: str, **options: Any) -> None:
        super().__init__(loss, reduction=reduction, **options)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of targets in [0, 1].

        Parameters
        ----------
        input, target : Tensor
            Of one shape.

        Returns
        -------
        Tensor
            The value.
        """
        return self._run(self._weights(input), (target, input))

    def _weights(self, input: Tensor) -> dict[str, Any]:
        if self.weight is None:
            return {}
        options: dict[str, Any] = {"sample_weight": self.weight.expand(input.shape)}
        if self.reduction == "mean":
            options["normalizer"] = max(input.numel(), 1)
        return options


class BCELoss(_OfDecisions):
    """Binary cross-entropy of probabilities, as ``torch.nn.BCELoss``.

    Of a probability of 0 or 1 that is wrong the loss is 126 log 2 = 87.3, for which torch has 100, and the gradient 0.
    Everywhere else it is that of the formula, where torch's is at most 1e12.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("binary_log_loss"), weight, reduction, clip=2.0**-126)


class BCEWithLogitsLoss(_OfDecisions):
    """Binary cross-entropy of logits, as ``torch.nn.BCEWithLogitsLoss``."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("binary_cross_entropy"), weight, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def _weights(self, input: Tensor) -> dict[str, Any]:
        own = {} if self.pos_weight is None else {"pos_weight": self.pos_weight}
        return super()._weights(input) | own


class _OfClasses(_OfTorch):
    """A loss over classes, which are on the second axis, or on the only one."""

    def __init__(self, loss: Loss, weight: Tensor | None, ignore_index: int, **options: Any) -> None:
        self.ignore_index = ignore_index
        super().__init__(loss, **options)
        self.register_buffer("weight", weight)

    def _enter(self) -> None:
        """Enter the loss on each axis, of class indices and of probabilities: bound, it goes the short way."""
        super()._enter()
        self._of_forms = {
            (axis, by_index): self._entered(
                self.loss.bind(axis=axis, **({"ignore_index": self.ignore_index} if by_index else {}))
            )
            for axis in (0, 1)
            for by_index in (True, False)
        }

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input : Tensor
            Of the shape (C,), (N, C) or (N, C, ...).
        target : Tensor
            Class indices, of that shape without the axis of the classes; or probabilities of that shape.

        Returns
        -------
        Tensor
            The value; 0 where all samples are ignored, for which torch returns NaN.
        """
        axis = 0 if input.ndim == 1 else 1
        by_index = target.ndim != input.ndim or not (target.is_floating_point() and target.shape == input.shape)
        if not by_index and input.ndim == 1:  # one sample, not as many of two classes
            value = self.forward(input.unsqueeze(0), target.unsqueeze(0))
            return value.squeeze(0) if value.ndim else value
        weight, options = self._buffers["weight"], {}
        if weight is not None:
            samples = input.numel() // max(input.shape[axis], 1)
            options = _class_weights(self.loss, weight, target if by_index else None, self.ignore_index, samples)
        return self._run(options, (target, input), self._of_forms[axis, by_index])


def _class_weights(
    loss: Loss, weight: Tensor | None, labels: Tensor | None, ignore_index: int, samples: int
) -> dict[str, Any]:
    """Return the weights of classes as options of a call, and what torch divides by where it is not their sum."""
    if weight is None:
        return {}
    options: dict[str, Any] = {"class_weight": weight}
    if loss.keywords.get("reduction", "mean") == "mean":
        if labels is None:  # probabilities: by the number of samples
            options["normalizer"] = max(samples, 1)
        elif loss.parameters.get("label_smoothing"):
            # By the weights of the labels, not by those of the smoothed targets.
            kept = (labels != ignore_index) & (labels >= 0) & (labels < len(weight))
            total = weight[torch.where(kept, labels, 0)].double().mul(kept).sum()
            options["normalizer"] = torch.where(total > 0, total, 1.0)
    return options


class CrossEntropyLoss(_OfClasses):
    """Cross-entropy of logits, as ``torch.nn.CrossEntropyLoss``, with its ways to divide."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(
            _named("cross_entropy"), weight, ignore_index, reduction=reduction, label_smoothing=label_smoothing
        )


class NLLLoss(_OfClasses):
    """Negative log-likelihood of log-probabilities, as ``torch.nn.NLLLoss``."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("nll"), weight, ignore_index, reduction=reduction)


class MultiMarginLoss(_OfTorch):
    """Hinge loss over classes, as ``torch.nn.MultiMarginLoss``: with `weight` its mean divides by the samples, too."""

    def __init__(
        self,
        p: float = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("multi_margin"), reduction=reduction, p=float(p), margin=margin)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input : Tensor
            Scores, of the shape (N, C) or (C,).
        target : Tensor
            Class indices, of the shape (N,) or ().

        Returns
        -------
        Tensor
            The value.
        """
        options: dict[str, Any] = {}
        if self.weight is not None:
            options["class_weight"] = self.weight
            if self.reduction == "mean":
                options["normalizer"] = max(target.numel(), 1)
        return self._run(options, (target, input))


class MultiLabelMarginLoss(_OfTorch):
    """Margin loss between classes that apply and those that do not, as ``torch.nn.MultiLabelMarginLoss``."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("multilabel_margin"), reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input : Tensor
            Scores, of the shape (N, C) or (C,).
        target : Tensor
            Of that shape: the classes that apply, each once, then a negative number.

        Returns
        -------
        Tensor
            The value.
        """
        named = (target >= 0).long().cumprod(-1)
        members = torch.zeros_like(target).scatter_add(-1, target * named, named)  # 2 of a class named twice: refused
        return self._run({}, (members, input))


class MultiLabelSoftMarginLoss(_OfTorch):
    """The mean of binary cross-entropies of classes, as ``torch.nn.MultiLabelSoftMarginLoss``."""

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("multilabel_soft_margin"), reduction=reduction)
        self.register_buffer("weight", weight)
        self._of_classes = FusedLoss(_named("binary_cross_entropy"), reduction=reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input, target : Tensor
            Of one shape, (N, C) or (C,); targets 0 and 1.

        Returns
        -------
        Tensor
            The value.
        """
        if self.weight is None:
            return self._run({}, (target, input))
        classes, reduction = max(input.shape[-1], 1), self.reduction
        options: dict[str, Any] = {"sample_weight": self.weight.expand(input.shape)}
        if reduction == "none":
            return self._of_classes(target, input, **options).mean(-1)
        options["normalizer"] = max(input.numel(), 1) if reduction == "mean" else classes
        return self._of_classes(target, input, reduction="mean", **options)


class PoissonNLLLoss(_OfTorch):
    """Poisson loss, as ``torch.nn.PoissonNLLLoss``; of means it takes the logarithms first."""

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("poisson"), reduction=reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input, target : Tensor
            Of one shape: means or their logarithms, and targets of at least 0.

        Returns
        -------
        Tensor
            The value.
        """
        value = self._run({}, (target, input if self.log_input else (input + self.eps).log()))
        if not self.log_input:  # the loss of input + eps has one eps more
            value = value - (self.eps * input.numel() if self.reduction == "sum" else self.eps)
        if self.full:  # Stirling's approximation of log(target!)
            more = torch.where(target > 1, target, 1)
            value = value + _reduced(
                torch.where(target > 1, more * more.log() - more + 0.5 * (2 * math.pi * more).log(), 0.0),
                self.reduction,
            )
        return value


def _reduced(losses: Tensor, reduction: str) -> Tensor:
    """Return what is made of a tensor of losses."""
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


class GaussianNLLLoss(FusedLoss):
    """Negative log-likelihood of a normal distribution of some variance, as ``torch.nn.GaussianNLLLoss``.

    It is computed of the logarithm of the standard deviation, in one pass behind that logarithm. As there a variance
    below `eps` counts as `eps`, and has the gradient of one of `eps`.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(_named("gaussian_nll"), reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input, target : Tensor
            Means and targets, of one shape.
        var : Tensor or float
            Variances: of that shape, or of length 1 on one axis, or without the last axis.

        Returns
        -------
        Tensor
            The value.
        """
        if not isinstance(var, Tensor):
            var = torch.full_like(input, var)
        # One pass finds the least. Where that is not known, for this is compiled or one is NaN, all are clamped.
        asked = not torch.compiler.is_compiling()
        least = float(var.detach().amin()) if asked and var.numel() else math.nan
        if least < 0 or (asked and math.isnan(least) and (var < 0).any()):
            raise ValueError("var has a number below 0")
        if var.shape != input.shape:
            if var.shape == input.shape[:-1]:
                var = var.unsqueeze(-1)
            elif var.ndim != input.ndim or any(
                own not in (1, whole) for own, whole in zip(var.shape, input.shape, strict=True)
            ):
                raise ValueError(f"var has shape {tuple(var.shape)}, which does not fit {tuple(input.shape)}")
        if target.requires_grad:
            input, target = input - target, torch.zeros_like(input)
        if not least >= self.eps:
            var = var + (var.clamp(min=self.eps) - var).detach()
        # One behind the other: side by side, writing and reading every second number took half of the time.
        pairs = torch.stack([input, var.log().mul_(0.5).expand(input.shape)]).movedim(0, -1)
        value = self._run({}, (target, pairs))
        if self.full:
            constant = 0.5 * math.log(2 * math.pi)
            value = value + (constant * input.numel() if self.reduction == "sum" else constant)
        return value


class _OfPairs(FusedLoss):
    """A loss of two predictions with the arguments of torch's: both inputs, then target."""

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input1, input2, target : Tensor
            As torch's module of this name takes them.

        Returns
        -------
        Tensor
            The value.
        """
        return self._run({}, (target, input1, input2))


class MarginRankingLoss(_OfPairs):
    """Margin ranking loss, as ``torch.nn.MarginRankingLoss``; at the kink it has half of the gradient."""

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("margin_ranking"), reduction=reduction, margin=margin)


class CosineEmbeddingLoss(_OfPairs):
    """Cosine embedding loss, as ``torch.nn.CosineEmbeddingLoss``."""

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("cosine_embedding"), reduction=reduction, margin=margin)


class TripletMarginLoss(FusedLoss):
    """Triplet loss, as ``torch.nn.TripletMarginLoss``; of another `p` than 2 PyTorch computes it."""

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("triplet"), reduction="none" if swap else reduction, margin=margin)
        self.margin, self.p, self.eps, self.swap, self.reduction = margin, p, eps, swap, reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        anchor, positive, negative : Tensor
            Of the shape (N, D) or (D,).

        Returns
        -------
        Tensor
            The value.
        """
        if self.p != 2:
            return nn.functional.triplet_margin_loss(
                anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
            )
        # Torch adds eps to each difference: here the anchor has it, for all differences from it.
        losses = self._run({}, (anchor + self.eps, positive, negative))
        if not self.swap:
            return losses
        # With the nearer of both distances to the negative the loss is the larger of two. In the other one positive +
        # eps is the anchor, and anchor + 2 eps as far from it as torch has positive and anchor.
        other = self._run({}, (positive + self.eps, anchor + 2 * self.eps, negative))
        return _reduced(torch.maximum(losses, other), self.reduction)


#: PyTorch's own. The first two are sums of terms in which a softmax has no part: of whole distributions `FusedLoss` of
#: `fl.kl_divergence` is the loss. The last one calls your function.
KLDivLoss = nn.KLDivLoss
HingeEmbeddingLoss = nn.HingeEmbeddingLoss
TripletMarginWithDistanceLoss = nn.TripletMarginWithDistanceLoss


class LinearCrossEntropyLoss(FusedLoss):
    """Cross-entropy of a linear layer that it holds, as ``torch.nn.LinearCrossEntropyLoss``.

    The logits of all samples are never held at once, so `options`, which says in what chunks torch computes them, has
    no effect. With `out_features` they are, as there. Weights of another layer are given to
    ``FusedLoss(fl.linear_cross_entropy)``.
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: Any = None,
    ) -> None:
        self.ignore_index = ignore_index
        super().__init__(_named("linear_cross_entropy"), reduction=reduction, label_smoothing=label_smoothing)
        self.num_classes, self.out_features, self.options = num_classes, tuple(out_features), options
        self.linear = nn.Linear(
            in_features, math.prod(self.out_features, start=num_classes), bias=bias, device=device, dtype=dtype
        )
        self.register_buffer("weight", weight)
        if self.out_features:
            ignored = -100 if ignore_index is None else ignore_index
            self._of_logits = CrossEntropyLoss(weight, None, ignored, None, reduction, label_smoothing)
            self._of_logits.register_buffer("weight", weight, persistent=False)  # state_dict has it once, as torch's

    def _enter(self) -> None:
        """Enter the loss of class indices and of probabilities."""
        super()._enter()
        self._by_index = self._entered(
            self.loss.bind(ignore_index=-100 if self.ignore_index is None else self.ignore_index)
        )

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        input : Tensor
            Features, of the shape (N, in_features) or (in_features,).
        target : Tensor
            Class indices, of the shape (N, ...) or (), with `out_features` behind N; or probabilities, with an axis of
            the classes behind N too, or alone.

        Returns
        -------
        Tensor
            The value; 0 where all samples are ignored, for which torch returns NaN.
        """
        by_index = target.ndim < input.ndim + len(self.out_features)
        if not by_index and self.ignore_index is not None:
            raise ValueError("ignore_index is for targets that are class indices; these are probabilities")
        if self.out_features:
            logits = self.linear(input).unflatten(-1, (self.num_classes, *self.out_features))
            value: Tensor = self._of_logits(logits, target)
            return value
        rows = input if input.ndim > 1 else input.unsqueeze(0)
        targets = target if input.ndim > 1 else target.unsqueeze(0)
        ignored = -100 if self.ignore_index is None else self.ignore_index
        options = _class_weights(self.loss, self.weight, targets if by_index else None, ignored, len(rows))
        arrays = targets, rows, self.linear.weight, self.linear.bias
        value = self._run(options, arrays, self._by_index if by_index else self._number)
        return value.squeeze(0) if value.ndim and input.ndim == 1 else value


class Adaptive(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` returns."""

    output: Tensor  #: the log-probability of each target
    loss: Tensor  #: the mean of their negatives


class AdaptiveLogSoftmaxWithLoss(nn.AdaptiveLogSoftmaxWithLoss):
    """Cross-entropy of frequent classes and of clusters of rare ones, as ``torch.nn.AdaptiveLogSoftmaxWithLoss``.

    The logarithms of the softmax of head and clusters are never held; ``log_prob`` and ``predict`` are torch's.
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(in_features, n_classes, cutoffs, div_value, head_bias, device, dtype)
        self._losses = FusedLoss(_named("cross_entropy"), reduction="none")

    def forward(self, input_: Tensor, target_: Tensor) -> Adaptive:
        """Return the log-probabilities of the targets and the loss.

        Parameters
        ----------
        input_, target_ : Tensor
            Of the shapes (N, in_features) and (N,), or (in_features,) and ().

        Returns
        -------
        Adaptive
            Log-probabilities of the shape of the targets, and the mean of their negatives.
        """
        if target_.ndim > 1 or input_.ndim != target_.ndim + 1 or input_.shape[:-1] != target_.shape:
            raise ValueError(
                f"input has shape {tuple(input_.shape)} and target {tuple(target_.shape)}; "
                "they must be (N, in_features) and (N,), or (in_features,) and ()"
            )
        rows, labels = input_.reshape(-1, self.in_features), target_.reshape(-1)
        bad = ((labels < 0) | (labels >= self.n_classes)).nonzero()
        if len(bad):
            raise ValueError(f"target[{int(bad[0])}] = {int(labels[bad[0]])} is not a class of {self.n_classes}")
        in_head, of_clusters = labels.clone(), rows.new_zeros(len(rows))
        for k, (low, high) in enumerate(pairwise(self.cutoffs)):
            places = ((labels >= low) & (labels < high)).nonzero().squeeze(1)
            if len(places):
                in_head[places] = self.shortlist_size + k
                losses = self._losses(labels[places] - low, self.tail[k](rows[places]))
                of_clusters = of_clusters.index_add(0, places, losses)
        losses = self._losses(in_head, self.head(rows)) + of_clusters
        return Adaptive(-losses.reshape(target_.shape), losses.mean())


class CTCLoss(FusedLoss):
    """Connectionist temporal classification, as ``torch.nn.CTCLoss``.

    The gradient is that by the log-probabilities; behind a log-softmax it is the same as PyTorch's.
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(
            _named("ctc"), given="log_probs", time_axis=0, blank=blank, reduction=reduction,
            per="label" if reduction == "mean" else "sequence", impossible="zero" if zero_infinity else "inf",
        )  # fmt: skip

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        log_probs, targets : Tensor
            As torch's module takes them: (T, N, C), and (N, S) or one behind the other; or (T, C) and (S,).
        input_lengths, target_lengths : Tensor or sequence of int
            How many frames and labels each sequence has.

        Returns
        -------
        Tensor
            The value.
        """
        frames, labels = (torch.as_tensor(lengths).reshape(-1) for lengths in (input_lengths, target_lengths))
        if log_probs.ndim == 3:
            return self._run({}, (targets, log_probs, labels, frames))
        value = self._run({}, (targets.reshape(1, -1), log_probs.unsqueeze(1), labels, frames))
        return value.reshape(())
