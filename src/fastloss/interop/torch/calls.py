"""A call of a loss as PyTorch's autograd and graphs see it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ...arrays import as_axis, without_axis
from ...loss import Loss
from ...rows import PREDICTION
from ...runtime import SERIAL_BELOW, threads_for

try:
    import torch
    from torch import Tensor
except ImportError as error:
    raise ImportError("fastloss.interop.torch needs PyTorch: python -m pip install torch") from error


HALVES = (torch.float16, torch.bfloat16)


class Call:
    """What is called, but for its arrays."""

    def __init__(self, loss: Loss, options: dict[str, Any] | None = None) -> None:
        self.loss, self.options, self.row = loss, options or {}, loss._row
        #: The places of the predictions among the arrays.
        self.predictions = [k for k, operand in enumerate(self.row.operands) if operand.role == PREDICTION]
        self.alone = len(self.predictions) == 1
        self.differentiated = loss.value_and_grad  # bound once: 0.1 us
        #: What needs a gradient in the commonest case, as `Fused` is told: all predictions, and nothing else.
        self.usual = (False, *(operand.role == PREDICTION for operand in self.row.operands))
        #: The axis that a prediction has beyond its samples, if it has one.
        self.axis: int = (loss.parameters | self.options).get("axis", -1)
        self.n_threads: int | None = loss.keywords.get("n_threads")
        #: Whether there is a value for each sample.
        self.none = (loss.keywords | self.options).get("reduction") == "none"
        #: Whether it is one that `of_few` takes.
        self.plain = not (self.none or self.options or self.n_threads) and self.usual == (False, False, True)
        #: Whether the gradient of the value of one sample lies in one place, and in no other sample's.
        self.apart = self.row.axes in ("", "C", "D", "2") and not self.row.shares and not self.row.against

    def samples(self, shape: tuple[int, ...]) -> tuple[int, ...] | None:
        """Return the shape of the value of each sample, given that of the first prediction; None: it does not say."""
        axes = self.row.axes
        if axes == "TC" and len(shape) == 3:  # the axis that is neither that of the frames nor the last
            return (shape[-5 - as_axis((self.loss.parameters | self.options).get("time_axis", -2), 3, "time_axis")],)
        if axes == "TUC" and len(shape) == 4:
            return shape[:1]
        if axes not in ("", "C", "D", "2"):
            return None
        return without_axis(shape, as_axis(self.axis, len(shape))) if axes else shape

    def times(self, by_value: Tensor, gradient: Tensor) -> Tensor:
        """Return the gradient of what was made of the value."""
        if by_value.ndim and gradient.ndim > by_value.ndim:
            by_value = by_value.unsqueeze(self.axis)
        return gradient * by_value.to(gradient.dtype)

    def given(self, arrays: tuple[Any, ...]) -> tuple[list[Any], dict[str, Any]]:
        """Return arrays and keywords as the loss takes them."""
        numbers: list[Any] = []
        size = 0
        for array in arrays:
            if array is None:
                numbers.append(None)
                continue
            number = view(array)
            numbers.append(number)
            if number.size > size:
                size = number.size
        options = {name: _as_option(value) for name, value in self.options.items()} if self.options else {}
        threads, of_torch = threads_for(self.n_threads, size), torch.get_num_threads()
        if of_torch < threads or not self.apart:  # else the loss finds the same number, and a keyword costs 0.6 us
            options["n_threads"] = min(threads, of_torch)
        return numbers, options

    def of_few(self, target: Tensor, prediction: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return value and gradient of the commonest call, of few numbers, 2 us sooner than others; None: not these."""
        dtype = prediction.dtype
        if not (dtype is torch.float32 or dtype is torch.float64) or prediction.numel() >= SERIAL_BELOW:
            return None
        if not prediction.is_contiguous():
            return None
        try:
            numbers = target.numpy(), prediction.numpy()
        except (TypeError, RuntimeError):  # `view` knows why
            return None
        value, gradient = self.differentiated(*numbers)
        return torch.scalar_tensor(value, dtype=dtype), torch.from_numpy(np.asarray(gradient))

    def value_and_grads(self, arrays: tuple[Any, ...], wanted: list[int]) -> tuple[Tensor, list[Tensor]]:
        """Return the value, and the gradients by the arrays at some places."""
        first = arrays[self.predictions[0]].dtype
        dtype = first if first.is_floating_point else torch.get_default_dtype()
        numbers, options = self.given(arrays)
        if not wanted:
            return _tensor(self.loss(*numbers, **options), dtype), []
        value, gradients = self._differentiated(numbers, options, arrays, wanted)
        return _tensor(value, dtype), gradients

    def grads_of_sum(self, arrays: tuple[Any, ...], wanted: list[int], by_value: Tensor) -> list[Tensor]:
        """Return the gradients of the sum of the samples' values, each times a number.

        No weight is below 0, so they may be the difference of those of two sums. Nor is one 0 where samples are
        compared with each other: without weight a sample would be left out of the others' values, too.
        """
        numbers, options = self.given(arrays)
        weights, factors = options.get("sample_weight"), view(by_value)
        factors = factors.astype(np.promote_types(factors.dtype, np.float32))
        parts = [factors]
        if self.row.against and not (factors > 0).all():
            level = 2 * np.abs(factors).max()
            parts = [factors + level, np.full_like(factors, level)]
        elif not (factors >= 0).all():
            parts = [np.maximum(factors, 0), np.maximum(-factors, 0)]
        of_parts = []
        for part in parts:
            weighed = part if weights is None else part * np.asarray(weights, part.dtype)
            options = {**options, "reduction": "sum", "sample_weight": weighed}
            of_parts.append(self._differentiated(numbers, options, arrays, wanted)[1])
        return of_parts[0] if len(parts) == 1 else [one.sub_(other) for one, other in zip(*of_parts, strict=True)]

    def _differentiated(
        self, numbers: list[Any], options: dict[str, Any], arrays: tuple[Any, ...], wanted: list[int]
    ) -> tuple[Any, list[Tensor]]:
        alone = self.alone
        if not alone:
            options = {**options, "wrt": tuple(self.row.operands[k].name for k in wanted)}
        for k in wanted:
            if arrays[k].dtype in HALVES or not arrays[k].is_contiguous():  # graphs want a contiguous gradient
                break
        else:  # an array that the call makes takes 2 us less than a tensor that is made for it
            value, found = self.differentiated(*numbers, **options)
            if alone:
                return value, [torch.from_numpy(np.asarray(found))]
            return value, [torch.from_numpy(np.asarray(gradient)) for gradient in found]
        gradients = [place_for(arrays[k]) for k in wanted]
        out: Any = view(gradients[0]) if alone else tuple(map(view, gradients))
        value, _ = self.loss.value_and_grad(*numbers, out=(None, out), **options)
        return value, gradients

    def products(self, arrays: tuple[Any, ...], place: int, vector: Tensor) -> list[Tensor]:
        """Return the second derivatives by one prediction and each of them, times a vector."""
        numbers, options = self.given(arrays)
        vectors = [vector if k == place else torch.zeros_like(vector) for k in self.predictions]
        products = [torch.empty_like(vector) for _ in vectors]
        given: tuple[Any, Any] = tuple(map(view, vectors)), tuple(map(view, products))
        if len(vectors) == 1:
            given = given[0][0], given[1][0]
        self.loss.hvp(*numbers, given[0], out=given[1], **options)
        return products


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
    try:
        return tensor.numpy()  # what else there is it refuses, and looking costs a call of few rows more than this
    except (TypeError, RuntimeError):
        if tensor.requires_grad:  # which it refuses where gradients are recorded
            return view(tensor.detach())
        if not tensor.is_cpu:
            raise ValueError(
                f"fastloss computes on the CPU; a tensor is on {tensor.device}: pass tensor.cpu()"
            ) from None
        if tensor.dtype is not torch.bfloat16:
            raise
    try:
        from ml_dtypes import bfloat16
    except ImportError as error:
        raise ImportError("tensors of bfloat16 need ml_dtypes: python -m pip install ml-dtypes") from error
    return tensor.view(torch.int16).numpy().view(bfloat16)


def _as_option(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value
    return view(value) if value.ndim else value.item()


def place_for(array: Tensor) -> Tensor:
    """Return where a gradient goes before that of the value multiplies it: a half would lose what is scaled up."""
    dtype = torch.float32 if array.dtype in HALVES else array.dtype
    return torch.empty_like(array, memory_format=torch.contiguous_format, dtype=dtype)


def _tensor(value: Any, dtype: torch.dtype) -> Tensor:
    """Return a value as a tensor."""
    if not isinstance(value, np.ndarray):
        return torch.scalar_tensor(value, dtype=dtype)
    if value.dtype.name == "bfloat16":
        return torch.from_numpy(value.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(value)


def _refuse(call: Call, place: int) -> None:
    """Raise for an array that somebody wants a gradient of, and that has none."""
    name = call.row.operands[place].name
    others = ", ".join(operand.name for operand in call.row.differentiated)
    raise RuntimeError(
        f"{name} of {call.row.name} requires a gradient, but the loss is differentiated by {others} only: detach {name}"
    )


class Fused(torch.autograd.Function):
    """A loss; its gradient is computed with it."""

    @staticmethod
    def forward(ctx: Any, call: Call, *arrays: Any) -> Tensor:
        needed, wanted = ctx.needs_input_grad, call.predictions
        if needed == call.usual:
            found = call.of_few(*arrays) if call.plain else None
            if found:
                ctx.known = call, wanted, 1
                ctx.save_for_backward(found[1], *arrays)
                return found[0]
        else:
            wanted = [k for k in wanted if needed[1 + k]]
            if sum(needed) > len(wanted):
                _refuse(call, next(k for k in range(len(arrays)) if needed[1 + k] and k not in wanted))
        at_once = call.apart or not call.none
        value, gradients = call.value_and_grads(arrays, wanted if at_once else [])
        ctx.known = call, wanted, len(gradients)
        ctx.save_for_backward(*gradients, *arrays)
        return value

    @staticmethod
    def backward(ctx: Any, *by: Tensor) -> Any:
        (by_value,), (call, wanted, number), saved = by, ctx.known, ctx.saved_tensors
        if number == 1 and call.alone and not torch.is_grad_enabled():  # the commonest case: half a microsecond less
            only: list[Any] = [None] * len(saved)
            only[1 + wanted[0]] = _times(call, by_value, saved[0])  # the engine rounds it to the type of the prediction
            return tuple(only)
        gradients, arrays = saved[:number], saved[number:]
        results: list[Any] = [None] * (1 + len(arrays))
        if number < len(wanted):
            found = _OfSum.apply(call, wanted, by_value, *arrays)
        elif torch.is_grad_enabled():  # somebody will differentiate once more
            found = [
                _Gradient.apply(call, k, by_value, gradient, *arrays)
                for k, gradient in zip(wanted, gradients, strict=True)
            ]
        else:
            found = [_times(call, by_value, gradient) for gradient in gradients]
        for k, gradient in zip(wanted, found, strict=True):
            dtype = arrays[k].dtype
            results[1 + k] = gradient if gradient.dtype is dtype else gradient.to(dtype)
        return tuple(results)


#: What `Fused.apply` ends in.
_apply = super(torch.autograd.Function, Fused).apply


def _no_second(call: Call) -> RuntimeError:
    return RuntimeError(f"{call.row.name} has no second derivatives for PyTorch: {call.row.no_hessian or 'no hvp'}")


class _OfSum(torch.autograd.Function):
    """The gradients of the sum of the samples' values, each times a number, where samples share what they depend on."""

    @staticmethod
    def forward(ctx: Any, call: Call, wanted: list[int], by_value: Tensor, *arrays: Any) -> tuple[Tensor, ...]:
        ctx.call = call
        return tuple(call.grads_of_sum(arrays, wanted, by_value))

    @staticmethod
    def backward(ctx: Any, *vectors: Tensor) -> Any:
        raise _no_second(ctx.call)


class _Gradient(torch.autograd.Function):
    """The gradient of a loss, times that of its value; its own derivative is a product with the Hessian."""

    @staticmethod
    def forward(ctx: Any, call: Call, place: int, by_value: Tensor, gradient: Tensor, *arrays: Any) -> Tensor:
        ctx.call, ctx.place = call, place
        ctx.save_for_backward(by_value, gradient, *arrays)
        # A copy where they are the same: what a Function returns must not be what it was given.
        return _times(call, by_value, gradient).to(arrays[place].dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, vector: Tensor) -> Any:
        by_value, gradient, *arrays = ctx.saved_tensors
        call = ctx.call
        if not call.row.has_products:
            raise _no_second(call)
        results: list[Any] = [None] * len(arrays)
        weighed = _times(call, by_value, vector).to(vector.dtype).contiguous()
        for k, product in zip(call.predictions, call.products(tuple(arrays), ctx.place, weighed), strict=True):
            results[k] = product
        by_sample = vector * gradient
        if by_value.ndim == 0:
            by_sample = by_sample.sum()
        elif by_sample.ndim > by_value.ndim:
            by_sample = by_sample.sum(dim=call.axis)
        return None, None, by_sample, None, *results


def _times(call: Call, by_value: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient of what was made of the value, where numbers can be looked at."""
    if by_value.ndim == 0 and by_value.item() == 1.0:  # loss.backward(): no second pass over memory
        return gradient
    return call.times(by_value, gradient)


# ---- under torch.compile --------------------------------------------------------------------------------------------
#
# An operation of a graph takes numbers, texts and tensors. It knows a call by its number; `places` says which arrays of
# the call are given, `names` which keywords the `options` are, `wanted` the places of what it is differentiated by.
# These are texts because autograd takes an empty list of numbers for one of tensors.

_numbers = itertools.count()
_calls: dict[int, Call] = {}


def enter(loss: Loss) -> int:
    """Give a call of a loss a number."""
    number = next(_numbers)
    _calls[number] = Call(loss)
    return number


def leave(number: int) -> None:
    """Forget a call."""
    _calls.pop(number, None)


def entered(number: int) -> Call:
    """Return the call of a number."""
    return _calls[number]


def _listed(text: str) -> list[int]:
    return [int(place) for place in text.split()]


def _as_called(
    number: int, places: str, arrays: list[Tensor], names: str, options: list[Tensor]
) -> tuple[Call, tuple[Any, ...]]:
    call = _calls[number]
    given: list[Any] = [None] * len(call.row.operands)
    for k, array in zip(_listed(places), arrays, strict=True):
        given[k] = array
    if options:
        call = Call(call.loss, dict(zip(names.split(), options, strict=True)))
    return call, tuple(given)


@torch.library.custom_op("fastloss::value_and_grads", mutates_args=())
def _operation(
    number: int, wanted: str, places: str, arrays: list[Tensor], names: str, options: list[Tensor]
) -> list[Tensor]:
    """Return the value and gradients."""
    call, given = _as_called(number, places, arrays, names, options)
    value, gradients = call.value_and_grads(given, _listed(wanted))
    return [value, *gradients]


@_operation.register_fake
def _(number: int, wanted: str, places: str, arrays: list[Tensor], names: str, options: list[Tensor]) -> list[Tensor]:
    call, given = _as_called(number, places, arrays, names, options)
    first = given[call.predictions[0]]
    dtype = first.dtype if first.is_floating_point() else torch.get_default_dtype()
    shape = call.samples(tuple(first.shape)) if call.none else ()
    return [first.new_empty(shape, dtype=dtype), *(place_for(given[k]) for k in _listed(wanted))]


@torch.library.custom_op("fastloss::grads_of_sum", mutates_args=())
def _of_sum(
    number: int,
    wanted: str,
    by_value: Tensor,
    places: str,
    arrays: list[Tensor],
    names: str,
    options: list[Tensor],
) -> list[Tensor]:
    """Return gradients of the sum of the samples' values, each times a number."""
    call, given = _as_called(number, places, arrays, names, options)
    return call.grads_of_sum(given, _listed(wanted), by_value)


@_of_sum.register_fake
def _(
    number: int,
    wanted: str,
    by_value: Tensor,
    places: str,
    arrays: list[Tensor],
    names: str,
    options: list[Tensor],
) -> list[Tensor]:
    _, given = _as_called(number, places, arrays, names, options)
    return [place_for(given[k]) for k in _listed(wanted)]


def _setup(ctx: Any, inputs: Any, output: Any) -> None:
    number, wanted, places, arrays, names, options = inputs
    ctx.known, ctx.dtypes = (number, wanted, places, names), [array.dtype for array in arrays]
    ctx.gradients, ctx.arrays, ctx.options = len(output) - 1, len(arrays), len(options)
    later = [] if ctx.gradients else [*arrays, *options]
    ctx.save_for_backward(*output[1:], *later)


def _backward(ctx: Any, by: Any) -> Any:
    number, wanted, places, names = ctx.known
    saved, given = list(ctx.saved_tensors), _listed(places)
    results: list[Any] = [None] * ctx.arrays
    if ctx.gradients:
        gradients = [_calls[number].times(by[0], gradient) for gradient in saved]
    else:
        arrays, options = saved[: ctx.arrays], saved[ctx.arrays :]
        wanted = " ".join(str(k) for k in _calls[number].predictions if k in given)
        gradients = _of_sum(number, wanted, by[0], places, arrays, names, options)
    for k, gradient in zip(map(given.index, _listed(wanted)), gradients, strict=True):
        results[k] = gradient.to(ctx.dtypes[k])
    return None, None, None, results, None, [None] * ctx.options


_operation.register_autograd(_backward, setup_context=_setup)


def in_graph(number: int, arrays: tuple[Any, ...], options: dict[str, Any]) -> Tensor | None:
    """Return the value as one operation of a graph; None where a graph cannot have it."""
    call = _calls[number]
    first = arrays[call.predictions[0]]
    if call.none and call.samples(tuple(first.shape)) is None:
        return None
    if any(isinstance(value, bool) or not isinstance(value, (Tensor, int, float)) for value in options.values()):
        return None
    places = [k for k, array in enumerate(arrays) if array is not None]
    differentiated = [k for k in places if arrays[k].requires_grad] if torch.is_grad_enabled() else []
    for k in differentiated:
        if k not in call.predictions:
            _refuse(call, k)
    numbers = [
        value if isinstance(value, Tensor) else torch.full((), value, dtype=torch.float64) for value in options.values()
    ]
    wanted = " ".join(map(str, differentiated if call.apart or not call.none else []))
    given = [arrays[k] for k in places]
    value: Tensor = _operation(number, wanted, " ".join(map(str, places)), given, " ".join(options), numbers)[0]
    return value


@torch.compiler.disable
def _run_outside(call: Call, arrays: tuple[Any, ...]) -> Tensor:
    result: Tensor = Fused.apply(call, *arrays)
    return result


def run(number: int, arrays: tuple[Any, ...], options: dict[str, Any]) -> Tensor:
    """Return the value of a call that can be differentiated."""
    if torch.compiler.is_compiling():
        value = in_graph(number, arrays, options)
        return _run_outside(Call(_calls[number].loss, options), arrays) if value is None else value
    call = Call(_calls[number].loss, options) if options else _calls[number]
    if not torch.is_grad_enabled():
        return call.value_and_grads(arrays, [])[0]
    # `Function.apply` itself looks at its arguments on behalf of torch.func, in Python, for more than a microsecond.
    apply = Fused.apply if torch._C._are_functorch_transforms_active() else _apply
    result: Tensor = apply(call, *arrays)
    return result
