"""Losses for models of PyTorch, on the CPU: modules, with gradients of first and second order.

`FusedLoss` makes a module of any loss. The others have the names, the arguments and the conventions of ``torch.nn``.
Value and gradient come from one pass in the forward direction; ``backward`` hands the gradient on.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

import numpy as np

from ..arrays import as_axis, without_axis
from ..catalogue import CATALOGUE
from ..loss import Loss
from ..rows import PREDICTION
from ..runtime import threads_for
from .common import as_loss

try:
    import torch
    from torch import Tensor, nn
except ImportError as error:
    raise ImportError("fastloss.interop.torch needs PyTorch: python -m pip install torch") from error


class _Call:
    """What is called, but for its arrays."""

    def __init__(self, loss: Loss, options: dict[str, Any]) -> None:
        self.loss, self.options, self.row = loss, options, loss._row
        #: The places of the predictions among the arrays.
        self.predictions = [k for k, operand in enumerate(self.row.operands) if operand.role == PREDICTION]
        #: The axis that a prediction has beyond its samples, if it has one.
        self.axis: int = (loss.parameters | options).get("axis", -1)

    def samples(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of the samples, given that of the first prediction."""
        if self.row.ragged:
            return (shape[self.sequences(len(shape))],)
        return without_axis(shape, as_axis(self.axis, len(shape))) if self.row.differentiated[0].axes else shape

    def sequences(self, dimensions: int) -> int:
        """Return the axis of the sequences, of a prediction that has frames and classes besides."""
        if dimensions != 3:
            raise NotImplementedError(
                f"{self.row.name} of sequences one behind the other has no gradient of each loss: pass padded ones"
            )
        return -5 - as_axis((self.loss.parameters | self.options).get("time_axis", -2), 3, "time_axis")

    def times(self, by_value: Tensor, gradient: Tensor) -> Tensor:
        """Return the gradient of what was made of the value."""
        if by_value.ndim and self.row.ragged:
            along = [1, 1, 1]
            along[self.sequences(gradient.ndim)] = -1
            by_value = by_value.reshape(along)
        if by_value.ndim and gradient.ndim > by_value.ndim:
            by_value = by_value.unsqueeze(self.axis)
        return gradient * by_value.to(gradient.dtype)

    def given(self, arrays: tuple[Any, ...]) -> tuple[list[Any], dict[str, Any]]:
        """Return arrays and keywords as the loss takes them."""
        numbers = [None if array is None else view(array) for array in arrays]
        size = max(array.size for array in numbers if array is not None)
        threads = min(threads_for(self.loss.keywords.get("n_threads"), size), torch.get_num_threads())
        return numbers, {"n_threads": threads, **self.options}

    def value_and_grads(self, arrays: tuple[Any, ...], wanted: list[int]) -> tuple[Tensor, list[Tensor]]:
        """Return the value, and the gradients by the arrays at some places."""
        numbers, options = self.given(arrays)
        first = arrays[self.predictions[0]].dtype
        dtype = first if first.is_floating_point else torch.get_default_dtype()
        if not wanted:
            return _tensor(self.loss(*numbers, **options), dtype), []
        shared = [self.row.operands[k].name for k in wanted if self.row.operands[k].shared]
        if shared and (self.loss.keywords | self.options).get("reduction") == "none":
            raise ValueError(
                f"{self.row.name} with reduction='none' has no gradient by {', '.join(shared)}, which all samples "
                "share, of each loss: it is 'mean' or 'sum', with sample_weight"
            )
        gradients = [_place_for(arrays[k]) for k in wanted]
        out: Any = tuple(map(view, gradients))
        if len(self.predictions) > 1:
            options["wrt"] = tuple(self.row.operands[k].name for k in wanted)
        else:
            (out,) = out
        value, _ = self.loss.value_and_grad(*numbers, out=(None, out), **options)
        return _tensor(value, dtype), gradients

    def product(self, arrays: tuple[Any, ...], vector: Tensor) -> Tensor:
        """Return the Hessian times a vector."""
        numbers, options = self.given(arrays)
        product = torch.empty_like(vector, memory_format=torch.contiguous_format)
        self.loss.hvp(*numbers, view(vector), out=view(product), **options)
        return product


def view(tensor: Tensor) -> Any:
    """Return a NumPy array of the memory of a tensor.

    Parameters
    ----------
    tensor : Tensor
        A tensor on the CPU; one of bfloat16 needs ml_dtypes.

    Returns
    -------
    ndarray
        Its numbers, not a copy.

    Raises
    ------
    ValueError
        For a tensor on another device.
    """
    tensor = tensor.detach()
    if not tensor.is_cpu:
        raise ValueError(f"fastloss computes on the CPU; a tensor is on {tensor.device}: pass tensor.cpu()")
    if tensor.dtype is not torch.bfloat16:
        return tensor.numpy()
    try:
        from ml_dtypes import bfloat16
    except ImportError as error:
        raise ImportError("tensors of bfloat16 need ml_dtypes: python -m pip install ml-dtypes") from error
    return tensor.view(torch.int16).numpy().view(bfloat16)


def _place_for(array: Tensor) -> Tensor:
    """Return where a gradient goes before that of the value multiplies it: a half would lose what is scaled up."""
    dtype = torch.float32 if array.dtype in (torch.float16, torch.bfloat16) else array.dtype
    return torch.empty_like(array, memory_format=torch.contiguous_format, dtype=dtype)


def _tensor(value: Any, dtype: torch.dtype) -> Tensor:
    """Return a value as a tensor."""
    if not isinstance(value, np.ndarray):
        return torch.tensor(value, dtype=dtype)
    if value.dtype.name == "bfloat16":
        return torch.from_numpy(value.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(value)


class _Fused(torch.autograd.Function):
    """A loss; its gradient is computed with it."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *arrays: Any) -> Tensor:
        wanted = [k for k in call.predictions if ctx.needs_input_grad[1 + k]]
        value, gradients = call.value_and_grads(arrays, wanted)
        ctx.call, ctx.wanted = call, wanted
        ctx.save_for_backward(*gradients, *arrays)
        return value

    @staticmethod
    def backward(ctx: Any, *by: Tensor) -> Any:
        (by_value,) = by
        gradients, arrays = ctx.saved_tensors[: len(ctx.wanted)], ctx.saved_tensors[len(ctx.wanted) :]
        results: list[Any] = [None] * len(arrays)
        for k, gradient in zip(ctx.wanted, gradients, strict=True):
            if torch.is_grad_enabled():  # somebody will differentiate once more
                results[k] = _Gradient.apply(ctx.call, k, by_value, gradient, *arrays)
            else:
                results[k] = _times(ctx.call, by_value, gradient).to(arrays[k].dtype)
        return None, *results


class _Gradient(torch.autograd.Function):
    """The gradient of a loss, times that of its value; its own derivative is a product with the Hessian."""

    @staticmethod
    def forward(ctx: Any, call: _Call, place: int, by_value: Tensor, gradient: Tensor, *arrays: Any) -> Tensor:
        ctx.call, ctx.place = call, place
        ctx.save_for_backward(by_value, gradient, *arrays)
        return _times(call, by_value, gradient).to(arrays[place].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, vector: Tensor) -> Any:
        by_value, gradient, *arrays = ctx.saved_tensors
        row = ctx.call.row
        if not row.has_products or len(row.differentiated) > 1:
            raise RuntimeError(f"{row.name} has no second derivatives for PyTorch: {row.no_hessian or 'it has no hvp'}")
        results: list[Any] = [None] * len(arrays)
        results[ctx.place] = ctx.call.product(
            tuple(arrays), _times(ctx.call, by_value, vector).to(vector.dtype).contiguous()
        )
        by_sample = vector * gradient
        if by_value.ndim == 0:
            by_sample = by_sample.sum()
        elif by_sample.ndim > by_value.ndim:
            by_sample = by_sample.sum(dim=ctx.call.axis)
        return None, None, by_sample, None, *results


def _times(call: _Call, by_value: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient of what was made of the value, where numbers can be looked at."""
    if by_value.ndim == 0 and by_value.item() == 1.0:  # loss.backward(): no second pass over memory
        return gradient
    return call.times(by_value, gradient)


# ---- under torch.compile --------------------------------------------------------------------------------------------

_numbers = itertools.count()
_calls: dict[int, _Call] = {}


@torch.library.custom_op("fastloss::value_and_grads", mutates_args=())
def _operation(number: int, arrays: list[Tensor]) -> list[Tensor]:
    """Return the value and all gradients: a graph knows a call by its number."""
    call = _calls[number]
    value, gradients = call.value_and_grads(tuple(arrays), call.predictions)
    return [value, *gradients]


@_operation.register_fake
def _(number: int, arrays: list[Tensor]) -> list[Tensor]:
    call = _calls[number]
    predictions = [arrays[k] for k in call.predictions]
    none = call.loss.keywords.get("reduction", "mean") == "none"
    value = predictions[0].new_empty(call.samples(tuple(predictions[0].shape)) if none else ())
    return [value, *map(_place_for, predictions)]


def _setup(ctx: Any, inputs: Any, output: Any) -> None:
    ctx.number, ctx.dtypes = inputs[0], [array.dtype for array in inputs[1]]
    ctx.save_for_backward(*output[1:])


def _backward(ctx: Any, by: Any) -> Any:
    call = _calls[ctx.number]
    results: list[Any] = [None] * len(ctx.dtypes)
    for k, gradient in zip(call.predictions, ctx.saved_tensors, strict=True):
        results[k] = call.times(by[0], gradient).to(ctx.dtypes[k])
    return None, results


_operation.register_autograd(_backward, setup_context=_setup)


# ---- modules --------------------------------------------------------------------------------------------------------


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
        self._enter()

    def _enter(self) -> None:
        """Enter what this module calls."""
        self._number = self._entered(self.loss)

    def _entered(self, loss: Loss) -> int:
        """Give a call of a loss a number, by which graphs know it."""
        number = next(_numbers)
        _calls[number] = _Call(loss, {})
        weakref.finalize(self, _calls.pop, number, None)
        return number

    def forward(self, *arrays: Tensor, **options: Any) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        *arrays : Tensor
            In the order of a call of the loss: targets first. An array that may be left away may be None.
        **options
            `sample_weight`, `where`, as arrays or tensors that are not differentiated, and other keywords of a call.

        Returns
        -------
        Tensor
            The value, of the type of the first prediction; it can be differentiated by all predictions, and twice where
            the loss has `hvp`.
        """
        given = {name: view(value) if isinstance(value, Tensor) else value for name, value in options.items()}
        count = len(self.loss._row.operands)
        missing = [None] * (count - len(arrays)) if any(o.optional for o in self.loss._row.operands) else []
        return self._run(given, (*arrays, *missing))

    def _run(self, options: dict[str, Any], arrays: tuple[Any, ...], number: int | None = None) -> Tensor:
        number = self._number if number is None else number
        if torch.compiler.is_compiling() and not options and all(array is not None for array in arrays):
            value: Tensor = _operation(number, list(arrays))[0]
            return value
        call = _calls[number]
        result: Tensor = _Fused.apply(_Call(call.loss, options) if options else call, *arrays)
        return result

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


class MSELoss(_OfTorch):
    """The mean of squared errors, as ``torch.nn.MSELoss``."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("squared_error"), reduction=reduction)


class L1Loss(_OfTorch):
    """The mean of absolute errors, as ``torch.nn.L1Loss``."""

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("absolute_error"), reduction=reduction)


class HuberLoss(_OfTorch):
    """Huber loss, as ``torch.nn.HuberLoss``."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(_named("huber"), reduction=reduction, delta=delta)


class SmoothL1Loss(_OfTorch):
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


class BCEWithLogitsLoss(_OfTorch):
    """Binary cross-entropy of logits, as ``torch.nn.BCEWithLogitsLoss``.

    With `weight` the mean divides by the number of elements, as there, not by the sum of the weights.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        _refuse_old(size_average, reduce)
        super().__init__(_named("binary_cross_entropy"), reduction=reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Return the loss of logits and targets in [0, 1].

        Parameters
        ----------
        input, target : Tensor
            Of one shape.

        Returns
        -------
        Tensor
            The value.
        """
        options: dict[str, Any] = {}
        if self.pos_weight is not None:
            options["pos_weight"] = view(self.pos_weight) if self.pos_weight.ndim else float(self.pos_weight)
        if self.weight is not None:
            options["sample_weight"] = np.broadcast_to(view(self.weight), tuple(input.shape))
            if self.loss.keywords.get("reduction", "mean") == "mean":
                options["normalizer"] = max(input.numel(), 1)
        return self._run(options, (target, input))


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
        by_index = not (target.is_floating_point() and target.shape == input.shape)
        options: dict[str, Any] = {}
        mean = self.loss.keywords.get("reduction", "mean") == "mean"
        if self.weight is not None:
            options["class_weight"] = view(self.weight)
        if not by_index and input.ndim == 1:  # one sample, not as many of two classes
            value = self.forward(input.unsqueeze(0), target.unsqueeze(0))
            return value.squeeze(0) if value.ndim else value
        if mean and self.weight is not None and not by_index:  # torch divides by the number of samples
            options["normalizer"] = max(input.numel() // max(input.shape[axis], 1), 1)
        elif mean and self.weight is not None and self.loss.parameters.get("label_smoothing"):
            # Torch divides by the weights of the labels, not by those of the smoothed targets.
            kept = target[(target != self.ignore_index) & (target >= 0) & (target < len(self.weight))]
            options["normalizer"] = float(self.weight[kept].sum(dtype=torch.float64)) or 1.0
        return self._run(options, (target, input), self._of_forms[axis, by_index])


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
            options["class_weight"] = view(self.weight)
            if self.loss.keywords.get("reduction", "mean") == "mean":
                options["normalizer"] = max(target.numel(), 1)
        return self._run(options, (target, input))


class MultiLabelSoftMarginLoss(_OfTorch):
    """The mean of binary cross-entropies of classes, as ``torch.nn.MultiLabelSoftMarginLoss`` without `weight`."""

    def __init__(
        self, weight: None = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        _refuse_old(size_average, reduce)
        if weight is not None:
            raise TypeError("MultiLabelSoftMarginLoss has no weight of the classes here: BCEWithLogitsLoss has one")
        super().__init__(_named("multilabel_soft_margin"), reduction=reduction)


class PoissonNLLLoss(_OfTorch):
    """Poisson loss of the logarithms of means, as ``torch.nn.PoissonNLLLoss`` with its defaults."""

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
        if not log_input or full:
            raise TypeError("PoissonNLLLoss has log_input=True and full=False only: pass logarithms of means")
        super().__init__(_named("poisson"), reduction=reduction)


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
