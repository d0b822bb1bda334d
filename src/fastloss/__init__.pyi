# Written by tools/write_generated.py from the catalogue: change a row, or that file.
from inspect import Signature
from typing import Any, Literal, TypeAlias, overload, type_check_only

from numpy.typing import ArrayLike, NDArray

from . import jit as jit
from .documentation import losses as losses
from .formulas.declare import Row
from .multitask import uncertainty_weighted as uncertainty_weighted
from .runtime import build_info as build_info
from .runtime import engine as engine
from .runtime import get_num_threads as get_num_threads
from .runtime import num_threads as num_threads
from .runtime import set_num_threads as set_num_threads

__all__ = [
    "Loss",
    "absolute_error",
    "binary_cross_entropy",
    "build_info",
    "cross_entropy",
    "engine",
    "get_num_threads",
    "half_squared_error",
    "huber",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "losses",
    "num_threads",
    "set_num_threads",
    "sigmoid",
    "softmax",
    "softplus",
    "squared_error",
    "uncertainty_weighted",
]

__version__: str

_Array: TypeAlias = NDArray[Any]
_Out: TypeAlias = _Array | tuple[_Array | None]
_Reduction: TypeAlias = Literal["mean", "sum", "none"]

class Loss:
    def __init__(self, row: Row, bound: dict[str, Any] | None = None) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal["pointwise", "rowwise"]: ...
    @property
    def formula(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def __signature__(self) -> Signature: ...
    def __call__(self, *args: Any, **keywords: Any) -> Any: ...
    def grad(self, *args: Any, **keywords: Any) -> Any: ...
    def value_and_grad(self, *args: Any, **keywords: Any) -> Any: ...
    def grad_and_hess(self, *args: Any, **keywords: Any) -> Any: ...
    def value_grad_hess(self, *args: Any, **keywords: Any) -> Any: ...
    def bind(self, **parameters: Any) -> Loss: ...
    def point(self, y_true: float, y_pred: float, **parameters: Any) -> tuple[float, float, float]: ...
    def __mul__(self, factor: float) -> Loss: ...
    def __rmul__(self, factor: float) -> Loss: ...
    def __add__(self, other: Loss | Literal[0]) -> Loss: ...
    def __radd__(self, other: Literal[0]) -> Loss: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

@type_check_only
class _CrossEntropy(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ...) -> _CrossEntropy: ...  # type: ignore[override]

@type_check_only
class _BinaryCrossEntropy(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        pos_weight: ArrayLike = 1.0, label_smoothing: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def bind(self, *, pos_weight: ArrayLike = ..., label_smoothing: ArrayLike = ...) -> _BinaryCrossEntropy: ...  # type: ignore[override]

@type_check_only
class _SquaredError(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def bind(self) -> _SquaredError: ...  # type: ignore[override]

@type_check_only
class _HalfSquaredError(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def bind(self) -> _HalfSquaredError: ...  # type: ignore[override]

@type_check_only
class _AbsoluteError(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def bind(self) -> _AbsoluteError: ...  # type: ignore[override]

@type_check_only
class _Huber(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        delta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def bind(self, *, delta: ArrayLike = ...) -> _Huber: ...  # type: ignore[override]

cross_entropy: _CrossEntropy
"""Softmax cross-entropy of logits, for class indices or for a probability of each class.

log(sum_c e^x_c) - x_y;  with probabilities  sum_c y_c (log(sum_k e^x_k) - x_c)
"""
binary_cross_entropy: _BinaryCrossEntropy
"""Binary cross-entropy of logits (sigmoid cross-entropy, logistic loss), for any target in [0, 1].

(1 - y) log(1 + e^x) + pos_weight y log(1 + e^-x)
"""
squared_error: _SquaredError
"""Squared error.

r^2
"""
half_squared_error: _HalfSquaredError
"""Half of the squared error: its gradient is the residual itself.

r^2 / 2
"""
absolute_error: _AbsoluteError
"""Absolute error.

|r|
"""
huber: _Huber
"""Huber's loss: quadratic near 0, linear in the tails.

r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2)
"""

def log_softmax(x: ArrayLike, *, axis: int = -1, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def logsumexp(x: ArrayLike, *, axis: int = -1, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def softmax(x: ArrayLike, *, axis: int = -1, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def log_sigmoid(x: ArrayLike, *, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def sigmoid(x: ArrayLike, *, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def softplus(x: ArrayLike, *, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
