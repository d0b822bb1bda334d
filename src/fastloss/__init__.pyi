# Written by tools/write_generated.py from the catalogue: change a row, or that file.
from inspect import Signature
from typing import Any, Literal, TypeAlias, overload, type_check_only

from numpy.typing import ArrayLike, NDArray

from . import jit as jit
from .documentation import losses as losses
from .multitask import uncertainty_weighted as uncertainty_weighted
from .penalties import Penalty as Penalty
from .penalties import elastic_net as elastic_net
from .penalties import l1 as l1
from .penalties import l2 as l2
from .rows import Row
from .runtime import build_info as build_info
from .runtime import engine as engine
from .runtime import get_num_threads as get_num_threads
from .runtime import num_threads as num_threads
from .runtime import set_num_threads as set_num_threads

__all__ = [
    "Loss",
    "Penalty",
    "absolute_error",
    "absolute_percentage_error",
    "asymmetric",
    "binary_cross_entropy",
    "binary_focal",
    "binary_log_loss",
    "bradley_terry",
    "brier",
    "build_info",
    "categorical_focal",
    "categorical_log_loss",
    "cauchy",
    "cross_entropy",
    "elastic_net",
    "engine",
    "entmax15",
    "expectile",
    "exponential",
    "fair",
    "gamma",
    "gaussian_nll",
    "geman_mcclure",
    "general_robust",
    "generalized_cross_entropy",
    "get_num_threads",
    "half_squared_error",
    "hinge",
    "huber",
    "js_divergence",
    "kl_divergence",
    "l1",
    "l2",
    "laplace_nll",
    "log_cosh",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "losses",
    "margin_ranking",
    "modified_huber",
    "multi_margin",
    "multiclass_hinge",
    "multilabel_margin",
    "multilabel_soft_margin",
    "negative_binomial",
    "nll",
    "num_threads",
    "ordinal",
    "perceptron",
    "pinball",
    "poisson",
    "poly1_binary_cross_entropy",
    "poly1_cross_entropy",
    "ppo_clip",
    "pseudo_huber",
    "quantile",
    "root_mean_squared_error",
    "set_num_threads",
    "sigmoid",
    "smooth_l1",
    "soft_margin",
    "softmax",
    "softplus",
    "sparsemax",
    "squared_error",
    "squared_hinge",
    "squared_log_error",
    "total_variation",
    "tukey_biweight",
    "tweedie",
    "uncertainty_weighted",
    "welsch",
]

__version__: str

_Array: TypeAlias = NDArray[Any]
_Out: TypeAlias = _Array | tuple[_Array | None]
_Reduction: TypeAlias = Literal["mean", "sum", "none"]
_Names: TypeAlias = tuple[str, ...] | list[str]

class Loss:
    __name__: str
    __qualname__: str
    def __init__(self, row: Row, bound: dict[str, Any] | None = None) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal["points", "rows", "totals", "sum"]: ...
    @property
    def input(self) -> str: ...
    @property
    def formula(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def keywords(self) -> dict[str, Any]: ...
    @property
    def __signature__(self) -> Signature: ...
    def __call__(self, *args: Any, **keywords: Any) -> Any: ...
    def grad(self, *args: Any, **keywords: Any) -> Any: ...
    def value_and_grad(self, *args: Any, **keywords: Any) -> Any: ...
    def grad_and_hess(self, *args: Any, **keywords: Any) -> Any: ...
    def value_grad_hess(self, *args: Any, **keywords: Any) -> Any: ...
    def bind(self, **defaults: Any) -> Loss: ...
    def point(self, y_true: float, y_pred: float, **parameters: Any) -> tuple[float, float, float]: ...
    def __mul__(self, factor: float) -> Loss: ...
    def __rmul__(self, factor: float) -> Loss: ...
    def __truediv__(self, divisor: float) -> Loss: ...
    def __neg__(self) -> Loss: ...
    def __add__(self, other: Loss | Literal[0]) -> Loss: ...
    def __radd__(self, other: Literal[0]) -> Loss: ...
    def __sub__(self, other: Loss) -> Loss: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

@type_check_only
class _CrossEntropy(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, z_loss: float = 0.0, softcap: float | None = None, temperature: float = 1.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., z_loss: float = ..., softcap: float | None = ..., temperature: float = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _CrossEntropy: ...
    @overload
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., z_loss: float = ..., softcap: float | None = ..., temperature: float = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _CategoricalLogLoss(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, clip: float | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., clip: float | None = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _CategoricalLogLoss: ...
    @overload
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., clip: float | None = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Nll(Loss):
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
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
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
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
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
    @overload  # type: ignore[override]
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Nll: ...
    @overload
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _CategoricalFocal(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: float = 2.0, alpha: ArrayLike | None = None, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, gamma: float = ..., alpha: ArrayLike | None = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _CategoricalFocal: ...
    @overload
    def bind(self, *, gamma: float = ..., alpha: ArrayLike | None = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Poly1CrossEntropy(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, epsilon: float = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Poly1CrossEntropy: ...
    @overload
    def bind(self, *, epsilon: float = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _GeneralizedCrossEntropy(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        q: float = 0.7, class_weight: ArrayLike | None = None, ignore_index: int | None = None, label_smoothing: float = 0.0, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, q: float = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _GeneralizedCrossEntropy: ...
    @overload
    def bind(self, *, q: float = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., label_smoothing: float = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _MulticlassHinge(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _MulticlassHinge: ...
    @overload
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _MultiMargin(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        p: float = 1.0, margin: float = 1.0, class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, p: float = ..., margin: float = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _MultiMargin: ...
    @overload
    def bind(self, *, p: float = ..., margin: float = ..., class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _MultilabelMargin(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _MultilabelMargin: ...
    @overload
    def bind(self, *, axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _MultilabelSoftMargin(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _MultilabelSoftMargin: ...
    @overload
    def bind(self, *, axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Sparsemax(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Sparsemax: ...
    @overload
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Entmax15(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Entmax15: ...
    @overload
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Ordinal(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        class_weight: ArrayLike | None = None, ignore_index: int | None = None, axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Ordinal: ...
    @overload
    def bind(self, *, class_weight: ArrayLike | None = ..., ignore_index: int | None = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _KlDivergence(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, given: Literal["logits", "log_probs", "probs"] = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _KlDivergence: ...
    @overload
    def bind(self, *, given: Literal["logits", "log_probs", "probs"] = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _JsDivergence(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: float = 0.5, given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, beta: float = ..., given: Literal["logits", "log_probs", "probs"] = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _JsDivergence: ...
    @overload
    def bind(self, *, beta: float = ..., given: Literal["logits", "log_probs", "probs"] = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _TotalVariation(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        given: Literal["logits", "log_probs", "probs"] = "logits", axis: int = -1,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, given: Literal["logits", "log_probs", "probs"] = ..., axis: int = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _TotalVariation: ...
    @overload
    def bind(self, *, given: Literal["logits", "log_probs", "probs"] = ..., axis: int = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

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
    @overload  # type: ignore[override]
    def bind(self, *, pos_weight: ArrayLike = ..., label_smoothing: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _BinaryCrossEntropy: ...
    @overload
    def bind(self, *, pos_weight: ArrayLike = ..., label_smoothing: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _BinaryLogLoss(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        clip: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, clip: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _BinaryLogLoss: ...
    @overload
    def bind(self, *, clip: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Brier(Loss):
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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Brier: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Hinge(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Hinge: ...
    @overload
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _SquaredHinge(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _SquaredHinge: ...
    @overload
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _ModifiedHuber(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _ModifiedHuber: ...
    @overload
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Exponential(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Exponential: ...
    @overload
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _SoftMargin(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _SoftMargin: ...
    @overload
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Perceptron(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Perceptron: ...
    @overload
    def bind(self, *, labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _BinaryFocal(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma: ArrayLike = 2.0, alpha: ArrayLike | None = None, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, gamma: ArrayLike = ..., alpha: ArrayLike | None = ..., labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _BinaryFocal: ...
    @overload
    def bind(self, *, gamma: ArrayLike = ..., alpha: ArrayLike | None = ..., labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Asymmetric(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        gamma_pos: ArrayLike = 1.0, gamma_neg: ArrayLike = 4.0, clip: ArrayLike = 0.05, labels: tuple[int, int] = (0, 1),
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, gamma_pos: ArrayLike = ..., gamma_neg: ArrayLike = ..., clip: ArrayLike = ..., labels: tuple[int, int] = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Asymmetric: ...
    @overload
    def bind(self, *, gamma_pos: ArrayLike = ..., gamma_neg: ArrayLike = ..., clip: ArrayLike = ..., labels: tuple[int, int] = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Poly1BinaryCrossEntropy(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, logits: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        epsilon: ArrayLike = 2.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, epsilon: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Poly1BinaryCrossEntropy: ...
    @overload
    def bind(self, *, epsilon: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Poisson(Loss):
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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Poisson: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Gamma(Loss):
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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Gamma: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Tweedie(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        power: ArrayLike = 1.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, power: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Tweedie: ...
    @overload
    def bind(self, *, power: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _NegativeBinomial(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        dispersion: ArrayLike = 1.0, full: bool = False,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, dispersion: ArrayLike = ..., full: bool = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _NegativeBinomial: ...
    @overload
    def bind(self, *, dispersion: ArrayLike = ..., full: bool = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _GaussianNll(Loss):
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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _GaussianNll: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _LaplaceNll(Loss):
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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _LaplaceNll: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _SquaredError: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _HalfSquaredError: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _RootMeanSquaredError(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def bind(self, *, reduction: Literal["mean"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _RootMeanSquaredError: ...  # type: ignore[override]

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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _AbsoluteError: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

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
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, delta: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Huber: ...
    @overload
    def bind(self, *, delta: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _SmoothL1(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        beta: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, beta: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _SmoothL1: ...
    @overload
    def bind(self, *, beta: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _PseudoHuber(Loss):
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
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, delta: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _PseudoHuber: ...
    @overload
    def bind(self, *, delta: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _LogCosh(Loss):
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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _LogCosh: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Quantile(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, alpha: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Quantile: ...
    @overload
    def bind(self, *, alpha: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Expectile(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 0.5,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, alpha: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Expectile: ...
    @overload
    def bind(self, *, alpha: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _SquaredLogError(Loss):
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
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _SquaredLogError: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _AbsolutePercentageError(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        floor: ArrayLike = 2.220446049250313e-16,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, floor: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _AbsolutePercentageError: ...
    @overload
    def bind(self, *, floor: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Fair(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.3998,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Fair: ...
    @overload
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Cauchy(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.3849,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Cauchy: ...
    @overload
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _GemanMcclure(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _GemanMcclure: ...
    @overload
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _Welsch(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 2.9846,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _Welsch: ...
    @overload
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _TukeyBiweight(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        c: ArrayLike = 4.6851,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _TukeyBiweight: ...
    @overload
    def bind(self, *, c: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _GeneralRobust(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, y_pred: ArrayLike, *,
        alpha: ArrayLike = 1.0, scale: ArrayLike = 1.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...
    @overload  # type: ignore[override]
    def bind(self, *, alpha: ArrayLike = ..., scale: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _GeneralRobust: ...
    @overload
    def bind(self, *, alpha: ArrayLike = ..., scale: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _MarginRanking(Loss):
    @overload
    def __call__(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> _Array: ...
    @overload
    def grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[_Array, ...]: ...
    @overload
    def grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[float, tuple[_Array, _Array]]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[float, tuple[_Array, ...]]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[_Array, tuple[_Array, _Array]]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[_Array, tuple[_Array, ...]]: ...
    @overload
    def value_and_grad(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[tuple[_Array, _Array], tuple[_Array, _Array]]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[tuple[_Array, ...], tuple[_Array, ...]]: ...
    @overload
    def grad_and_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[float, tuple[_Array, _Array], tuple[_Array, _Array]]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[float, tuple[_Array, ...], tuple[_Array, ...]]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[_Array, tuple[_Array, _Array], tuple[_Array, _Array]]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[_Array, tuple[_Array, ...], tuple[_Array, ...]]: ...
    @overload
    def value_grad_hess(
        self, y_true: ArrayLike, first: ArrayLike, second: ArrayLike, *,
        margin: ArrayLike = 0.0,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload  # type: ignore[override]
    def bind(self, *, margin: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _MarginRanking: ...
    @overload
    def bind(self, *, margin: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _BradleyTerry(Loss):
    @overload
    def __call__(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> _Array: ...
    @overload
    def grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[_Array, ...]: ...
    @overload
    def grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def value_and_grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[float, tuple[_Array, _Array]]: ...
    @overload
    def value_and_grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[float, tuple[_Array, ...]]: ...
    @overload
    def value_and_grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[_Array, tuple[_Array, _Array]]: ...
    @overload
    def value_and_grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[_Array, tuple[_Array, ...]]: ...
    @overload
    def value_and_grad(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def grad_and_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[tuple[_Array, _Array], tuple[_Array, _Array]]: ...
    @overload
    def grad_and_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def grad_and_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[tuple[_Array, ...], tuple[_Array, ...]]: ...
    @overload
    def grad_and_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload
    def value_grad_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[float, tuple[_Array, _Array], tuple[_Array, _Array]]: ...
    @overload
    def value_grad_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[float, tuple[_Array, ...], tuple[_Array, ...]]: ...
    @overload
    def value_grad_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: None = None,
    ) -> tuple[_Array, tuple[_Array, _Array], tuple[_Array, _Array]]: ...
    @overload
    def value_grad_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: str,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
        wrt: _Names,
    ) -> tuple[_Array, tuple[_Array, ...], tuple[_Array, ...]]: ...
    @overload
    def value_grad_hess(
        self, chosen: ArrayLike, rejected: ArrayLike, *,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Array | tuple[Any, ...], n_threads: int | None = None,
        wrt: str | _Names | None = None,
    ) -> Any: ...
    @overload  # type: ignore[override]
    def bind(self, *, reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _BradleyTerry: ...
    @overload
    def bind(self, *, reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

@type_check_only
class _PpoClip(Loss):
    @overload
    def __call__(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: None = None, n_threads: int | None = None,
    ) -> float: ...
    @overload
    def __call__(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def __call__(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: _Out, n_threads: int | None = None,
    ) -> _Array: ...
    def grad(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: _Out | None = None, n_threads: int | None = None,
    ) -> _Array: ...
    @overload
    def value_and_grad(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array]: ...
    @overload
    def value_and_grad(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_and_grad(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    def grad_and_hess(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: _Reduction = "mean",
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[float, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["none"],
        normalizer: float | None = None, out: tuple[_Array | None, _Array | None, _Array | None] | None = None, n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload
    def value_grad_hess(
        self, advantage: ArrayLike, old_log_prob: ArrayLike, log_prob: ArrayLike, *,
        low: ArrayLike = 0.2, high: ArrayLike = 0.2,
        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, reduction: Literal["mean", "sum"] = "mean",
        normalizer: float | None = None, out: tuple[_Array, _Array | None, _Array | None], n_threads: int | None = None,
    ) -> tuple[_Array, _Array, _Array]: ...
    @overload  # type: ignore[override]
    def bind(self, *, low: ArrayLike = ..., high: ArrayLike = ..., reduction: Literal["mean", "sum"] = ..., normalizer: float | None = ..., n_threads: int | None = ...) -> _PpoClip: ...
    @overload
    def bind(self, *, low: ArrayLike = ..., high: ArrayLike = ..., reduction: Literal["none"], normalizer: float | None = ..., n_threads: int | None = ...) -> Loss: ...

pinball: _Quantile
cross_entropy: _CrossEntropy
"""Softmax cross-entropy of logits, for class indices or for a probability of each class.

log(sum_c e^x_c) - x_y;  with probabilities  sum_c y_c (log(sum_k e^x_k) - x_c)
"""
categorical_log_loss: _CategoricalLogLoss
"""Cross-entropy of probabilities: minus the logarithm of the probability that was given to the true class.

-log(x_y);  with probabilities  -sum_c y_c log(x_c)
"""
nll: _Nll
"""Negative log-likelihood of log-probabilities: minus that of the true class.

-x_y;  with probabilities  -sum_c y_c x_c
"""
categorical_focal: _CategoricalFocal
"""Focal loss over the classes of a softmax: cross-entropy whose weight falls where the model is right.

(1 - p_y)^gamma (-log p_y),  p = softmax(x);  with probabilities  sum_c y_c (1 - p_c)^gamma (-log p_c)
"""
poly1_cross_entropy: _Poly1CrossEntropy
"""Poly-1: cross-entropy with another coefficient for the first term of its series in 1 - p.

-log p_y + epsilon (1 - p_y),  p = softmax(x);  with probabilities  sum_c y_c (-log p_c + epsilon (1 - p_c))
"""
generalized_cross_entropy: _GeneralizedCrossEntropy
"""Generalized cross-entropy: bounded, so that wrong labels pull less; between cross-entropy and 1 - p.

(1 - p_y^q) / q,  p = softmax(x);  with probabilities  sum_c y_c (1 - p_c^q) / q
"""
multiclass_hinge: _MulticlassHinge
"""Hinge loss of Crammer and Singer: the best other score has to stay 1 below that of the true class.

max(0, 1 + max_{c != y} x_c - x_y)
"""
multi_margin: _MultiMargin
"""Margin loss against every other class, as PyTorch's `multi_margin_loss`.

sum_{c != y} max(0, margin + x_c - x_y)^p / C
"""
multilabel_margin: _MultilabelMargin
"""Margin loss between classes that apply and classes that do not, as PyTorch's `multilabel_margin_loss`.

sum_{j: y_j = 1} sum_{i: y_i = 0} max(0, 1 + x_i - x_j) / C
"""
multilabel_soft_margin: _MultilabelSoftMargin
"""Binary cross-entropy of each class, averaged over them, as PyTorch's `multilabel_soft_margin_loss`.

sum_c (y_c log(1 + e^-x_c) + (1 - y_c) log(1 + e^x_c)) / C
"""
sparsemax: _Sparsemax
"""Loss of sparsemax, the Euclidean projection of the scores onto the probabilities, which gives zeros.

-x_y + sum_{c: p_c > 0} (x_c^2 - tau^2) / 2 + 1/2,  p = max(0, x - tau), sum_c p_c = 1
"""
entmax15: _Entmax15
"""Loss of 1.5-entmax, half way between softmax and sparsemax: sparse, and smooth where it is not 0.

sum_c (p_c - [c = y]) x_c + 4/3 (1 - sum_c p_c^1.5),  p = max(0, x / 2 - tau)^2, sum_c p_c = 1
"""
ordinal: _Ordinal
"""Cumulative logits of an ordered target: binary cross-entropy of each decision "above level k", added up.

sum_k ([y > k] log(1 + e^-x_k) + [y <= k] log(1 + e^x_k)),  k from 0 to C - 1
"""
kl_divergence: _KlDivergence
"""Kullback-Leibler divergence of the prediction q from the target y, KL(y || q).

sum_c y_c log(y_c / q_c)
"""
js_divergence: _JsDivergence
"""Jensen-Shannon divergence of target y and prediction q, with the weight beta on the target.

beta KL(y || m) + (1 - beta) KL(q || m),  m = beta y + (1 - beta) q
"""
total_variation: _TotalVariation
"""Total variation distance of target y and prediction q: half of the sum of absolute differences.

sum_c |y_c - q_c| / 2
"""
binary_cross_entropy: _BinaryCrossEntropy
"""Binary cross-entropy of logits (sigmoid cross-entropy, logistic loss), for any target in [0, 1].

(1 - y) log(1 + e^x) + pos_weight y log(1 + e^-x)
"""
binary_log_loss: _BinaryLogLoss
"""Binary cross-entropy of probabilities.

-(y log p + (1 - y) log(1 - p)),  p = y_pred
"""
brier: _Brier
"""Brier score of the probability of the positive class: between 0 and 1.

(p - y)^2,  p = y_pred
"""
hinge: _Hinge
"""Hinge loss, of labels t = -1 or 1.

max(0, 1 - t x)
"""
squared_hinge: _SquaredHinge
"""Squared hinge loss, of labels t = -1 or 1.

max(0, 1 - t x)^2
"""
modified_huber: _ModifiedHuber
"""Modified Huber loss of a classifier, of labels t = -1 or 1: a squared hinge with a linear tail.

max(0, 1 - t x)^2 where t x >= -1, else -4 t x
"""
exponential: _Exponential
"""Exponential loss (AdaBoost), of labels t = -1 or 1.

e^(-t x)
"""
soft_margin: _SoftMargin
"""Soft margin (logistic) loss, of labels t = -1 or 1.

log(1 + e^(-t x))
"""
perceptron: _Perceptron
"""Perceptron loss, of labels t = -1 or 1.

max(0, -t x)
"""
binary_focal: _BinaryFocal
"""Focal loss of a two-class decision, from logits.

-(1 - p_t)^gamma log p_t;  times alpha or 1 - alpha where alpha is given
"""
asymmetric: _Asymmetric
"""Asymmetric loss of multi-label classification, from logits: a focal loss with a margin for negative samples.

positive: -(1 - p)^gamma_pos log p;  negative: -p_m^gamma_neg log(1 - p_m);  p_m = max(p - clip, 0)
"""
poly1_binary_cross_entropy: _Poly1BinaryCrossEntropy
"""Binary cross-entropy with a first polynomial term, from logits.

(1 - y) log(1 + e^x) + y log(1 + e^-x) + epsilon (1 - p_t),  p_t = y p + (1 - y) (1 - p),  p = sigmoid(x)
"""
poisson: _Poisson
"""Poisson loss of the logarithm s of the predicted mean.

e^s - y s
"""
gamma: _Gamma
"""Gamma loss of the logarithm s of the predicted mean, for targets above 0.

s + y e^-s
"""
tweedie: _Tweedie
"""Tweedie loss of the logarithm s of the predicted mean, k = power.

-y e^((1 - k) s) / (1 - k) + e^((2 - k) s) / (2 - k)
"""
negative_binomial: _NegativeBinomial
"""Negative binomial loss (NB2) of the logarithm s of the predicted mean, a = dispersion.

(y + 1 / a) log(1 + a e^s) - y s
"""
gaussian_nll: _GaussianNll
"""Negative log-likelihood of a normal distribution: m the mean, s the logarithm of the standard deviation.

s + (y - m)^2 e^(-2s) / 2
"""
laplace_nll: _LaplaceNll
"""Negative log-likelihood of a Laplace distribution: m the median, s the logarithm of the scale.

s + |y - m| e^-s
"""
squared_error: _SquaredError
"""Squared error.

r^2
"""
half_squared_error: _HalfSquaredError
"""Half of the squared error: its gradient is the residual itself.

r^2 / 2
"""
root_mean_squared_error: _RootMeanSquaredError
"""Square root of the mean squared error: one loss for all samples.

sqrt(mean of r^2)
"""
absolute_error: _AbsoluteError
"""Absolute error.

|r|
"""
huber: _Huber
"""Huber's loss: quadratic near 0, linear in the tails.

r^2 / 2 where |r| <= delta, else delta (|r| - delta / 2)
"""
smooth_l1: _SmoothL1
"""Smooth L1 loss: quadratic near 0, absolute error in the tails.

r^2 / (2 beta) where |r| <= beta, else |r| - beta / 2
"""
pseudo_huber: _PseudoHuber
"""Pseudo-Huber loss: a smooth `huber`, with all derivatives continuous.

delta^2 (sqrt(1 + (r / delta)^2) - 1)
"""
log_cosh: _LogCosh
"""Logarithm of the hyperbolic cosine of the residual: r^2 / 2 near 0, |r| - log 2 far away.

log(cosh(r))
"""
quantile: _Quantile
"""Quantile loss, or pinball loss: its minimiser is the alpha-quantile of the target.

(1 - alpha) r where r > 0, else -alpha r
"""
expectile: _Expectile
"""Expectile loss: an asymmetric squared error.

(1 - alpha) r^2 where r > 0, else alpha r^2
"""
squared_log_error: _SquaredLogError
"""Squared logarithmic error, of targets and predictions above -1.

(log(1 + y_pred) - log(1 + y_true))^2
"""
absolute_percentage_error: _AbsolutePercentageError
"""Absolute error relative to the target, as a fraction.

|r| / max(|y|, floor)
"""
fair: _Fair
"""Fair's loss: r^2 / 2 near 0, c |r| less a logarithm far away.

c^2 (|r| / c - log(1 + |r| / c))
"""
cauchy: _Cauchy
"""Cauchy (Lorentzian) loss: r^2 / 2 near 0, a logarithm far away.

c^2 / 2 log(1 + (r / c)^2)
"""
geman_mcclure: _GemanMcclure
"""Geman-McClure loss: r^2 / 2 near 0, at most c^2 / 2.

r^2 / 2 / (1 + (r / c)^2)
"""
welsch: _Welsch
"""Welsch (Leclerc) loss: r^2 / 2 near 0, at most c^2 / 2.

c^2 / 2 (1 - e^(-(r / c)^2))
"""
tukey_biweight: _TukeyBiweight
"""Tukey's biweight (bisquare): r^2 / 2 near 0, constant beyond c.

c^2 / 6 (1 - (1 - (r / c)^2)^3) where |r| <= c, else c^2 / 6
"""
general_robust: _GeneralRobust
"""General robust loss of Barron: one family from squared error to losses that ignore outliers.

|alpha - 2| / alpha (((r / scale)^2 / |alpha - 2| + 1)^(alpha / 2) - 1)
"""
margin_ranking: _MarginRanking
"""Margin ranking loss: a pair of scores, of which one has to be ahead of the other by a margin.

max(0, margin - y (first - second))
"""
bradley_terry: _BradleyTerry
"""Negative log-likelihood of the Bradley-Terry model: what a reward model is trained with.

-log(1 / (1 + e^-(chosen - rejected)))
"""
ppo_clip: _PpoClip
"""Clipped surrogate objective of PPO, to be minimised: A the advantage, rho the ratio of the probabilities.

max(-rho A, -clip(rho, 1 - low, 1 + high) A), rho = e^(log_prob - old_log_prob)
"""

def log_softmax(x: ArrayLike, *, axis: int = -1, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def logsumexp(x: ArrayLike, *, axis: int = -1, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def softmax(x: ArrayLike, *, axis: int = -1, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def log_sigmoid(x: ArrayLike, *, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def sigmoid(x: ArrayLike, *, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
def softplus(x: ArrayLike, *, out: _Out | None = None, n_threads: int | None = None) -> _Array: ...
