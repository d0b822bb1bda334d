"""The loss object: what users call, bind, add up, compare and pickle."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from . import call, parts, second
from .arrays import bits_of_bfloat16
from .call import BINDABLE, as_keywords, checked_choice, keywords_of
from .catalogue import CATALOGUE
from .documentation import LazyDocstring, method_docstring
from .domains import limits_of
from .functions import predictions
from .kinds import kind_of
from .kinds.base import GRADIENT, HESSIAN, VALUE
from .kinds.points import formula_of
from .parameters import as_parameter, check_held_parameters
from .parts import Partial
from .rows import Row, Term
from .runtime import current_engine, kernels, threads_for
from .scalars import as_number

kernels.frame.connect(np.ndarray, np.floating, np.empty, np.empty_like, threads_for, bits_of_bfloat16)

Function = TypeVar("Function", bound=Callable[..., Any])


def method(want: int = 0) -> Callable[[Function], Function]:
    """Make a function of a class a method with a signature of its own for each object (``kernels/frame/methods.pxi``).

    `want` are the results of a loss that it returns, for the short way; its function is what runs where there is none.
    """
    return lambda function: kernels.frame.MethodOf(function, want)


class _Learning(kernels.frame.MethodOf):  # type: ignore[misc, name-defined]
    """A method of losses that have parameters to learn; the others do not have it."""

    def __get__(self, loss: Any, kind: Any) -> Any:
        if loss is not None and not learns(loss._row):
            raise AttributeError(f"{loss.name} has no derivatives by its parameters")
        return super().__get__(loss, kind)


class _Linked(kernels.frame.MethodOf):  # type: ignore[misc, name-defined]
    """A method of losses whose raw scores stand for a prediction; the others do not have it."""

    def __get__(self, loss: Any, kind: Any) -> Any:
        if loss is not None and not loss._row.links(loss._parameters):
            raise AttributeError(f"{loss.name} has no inverse link: it says of no function what scores stand for")
        return super().__get__(loss, kind)


class Loss(kernels.frame.QuickLoss):  # type: ignore[misc, name-defined]  # it calls _evaluate where there is no short way
    """A loss function: call it for the value, its methods give gradient and Hessian diagonal, each in one pass.

    Losses are not made by users; they are attributes of the package (`fastloss.huber`), and `bind` makes one with other
    defaults. A loss is immutable, hashable, picklable, and equal to every loss of the same name and defaults.

    Attributes
    ----------
    name, kind, input, formula, source : str
    parameters : dict
        The defaults of its parameters.
    keywords : dict
        The keywords of every call that it is bound to: `reduction`, `normalizer`, `n_threads`.
    """

    __doc__ = LazyDocstring(__doc__)
    _row: Row
    _bound: dict[str, Any]
    _parameters: dict[str, Any]
    _keywords: dict[str, Any]
    _chosen: Row  # whose formula its parameters ask for
    _in_float32: bool  # whether its parameters can be computed with there

    def __init__(self, row: Row, bound: dict[str, Any] | None = None) -> None:
        declared = {parameter.name: parameter for parameter in row.parameters}
        given = {}
        for name, value in (bound or {}).items():
            if name in declared:
                given[name] = _frozen(as_parameter(declared[name], value))
            elif name not in BINDABLE:
                can = [*declared, *BINDABLE]
                raise TypeError(f"{row.name} cannot be bound to {name!r}; it can to {can}")
        keywords = as_keywords(row, bound or {})
        set_ = object.__setattr__
        set_(self, "_row", row)
        # In the order in which they were given: what `repr` shows.
        set_(self, "_bound", {name: given.get(name, keywords.get(name)) for name in bound or {}})
        set_(self, "_parameters", {name: given.get(name, parameter.default) for name, parameter in declared.items()})
        set_(self, "_keywords", {name: value for name, value in keywords.items() if value != _UNBOUND[name]})
        set_(self, "_chosen", checked_choice(row, self._parameters))
        try:
            check_held_parameters(row.parameters, self._parameters)
            set_(self, "_in_float32", True)
        except ValueError:
            set_(self, "_in_float32", False)
        if row.terms:
            row.targets(self._parameters), row.predictions(self._parameters)  # raise where one does not suit all
        super().__init__(self._keywords)
        # What others call a function by; help and pickle find a loss of the package there.
        set_(self, "__name__", row.name)
        set_(self, "__qualname__", row.qualname or row.name)
        set_(self, "__module__", row.module)

    @property
    def _short(self) -> Any:
        """What tries a call first (``kernels/frame/plain.pxi``), or None."""
        return self._short_ways()[0]

    @property
    def _jit(self) -> Any:
        """The same on the engine "numba"."""
        return self._short_ways()[1]

    def _short_ways(self) -> tuple[Any, Any]:
        """Return both, made when they are first asked for: with them the kernels of the loss's kind are loaded."""
        ways: tuple[Any, Any] | None = self.__dict__.get("_ways")
        if ways is None:
            made = _short_ways_of(self._row, self._parameters) if self._in_float32 else (None, None)
            ways = self.__dict__.setdefault("_ways", made)  # all threads take those of the first
        return ways

    @property
    def name(self) -> str:
        """Its name in the package."""
        return self._row.name

    @property
    def kind(self) -> str:
        """What it is a loss of.

        ``'points'``: the numbers of each sample, ``'rows'``: each row of classes, ``'vectors'``: the rows of
        several arrays, ``'totals'``: all elements together, ``'regions'``: the pixels of a class together,
        ``'products'``: each row of a product of two matrices, ``'batches'``: vectors against all others of their batch,
        ``'sets'``: two sets of vectors, ``'sequences'``: paths through the frames of each, ``'groups'``: rows ordered
        or compared inside of each, ``'sum'``: a sum of losses of several kinds.
        """
        return self._row.kind

    @property
    def input(self) -> str:
        """What its second argument is: logits, probabilities, logarithms of means …"""
        return self._row.input

    @property
    def formula(self) -> str:
        """The value of one sample."""
        return self._row.formula

    @property
    def source(self) -> str:
        """Where it was published."""
        return self._row.source

    @property
    def parameters(self) -> dict[str, Any]:
        """The defaults of its parameters."""
        return {
            name: value.view() if isinstance(value, np.ndarray) else value for name, value in self._parameters.items()
        }

    @property
    def keywords(self) -> dict[str, Any]:
        """The keywords of every call that it is bound to."""
        return dict(self._keywords)

    @method(GRADIENT)
    def grad(self, *args: Any, **keywords: Any) -> Any:
        """Return the gradient of the value with respect to the prediction; arguments as in a call of the loss."""
        return self._evaluate(GRADIENT, args, keywords)

    @method(VALUE | GRADIENT)
    def value_and_grad(self, *args: Any, **keywords: Any) -> Any:
        """Return value and gradient, from one pass over the data; arguments as in a call of the loss."""
        return self._evaluate(VALUE | GRADIENT, args, keywords)

    @method(GRADIENT | HESSIAN)
    def grad_and_hess(self, *args: Any, **keywords: Any) -> Any:
        """Return gradient and diagonal of the Hessian, from one pass; arguments as in a call of the loss."""
        return self._evaluate(GRADIENT | HESSIAN, args, keywords)

    @method(VALUE | GRADIENT | HESSIAN)
    def value_grad_hess(self, *args: Any, **keywords: Any) -> Any:
        """Return value, gradient and diagonal of the Hessian, from one pass; arguments as in a call of the loss."""
        return self._evaluate(VALUE | GRADIENT | HESSIAN, args, keywords)

    @method(kernels.frame.SHARED["WANT_PRODUCT"])
    def hvp(self, *args: Any, **keywords: Any) -> Any:
        """Return the Hessian of the value times a vector, from one pass over the data.

        The Hessian H is that of the value which a call with the same arguments returns, with its weights and its
        denominator. It is never made. An element-wise loss multiplies its second derivative by the element of the
        vector v; a loss of a location and a scale multiplies the 2 x 2 matrix of each sample by two elements. With the
        probabilities p and the weight w of a row, over the denominator, `cross_entropy` has

            (H v)_j = w p_j sum_k p_k (v_j - v_k)

        and what follows of that with `z_loss`, `softcap`, `temperature` and targets that do not add up to 1.

        Parameters
        ----------
        *args
            The arrays of a call: target and prediction. Then the vector: real numbers, in the shape of the prediction.
            It may be given by name, as `vector`. A loss of several predictions takes a tuple of vectors.
        **keywords
            As in a call of the loss. `out` may be the vector itself. With ``reduction='none'`` the Hessian is that of
            the sum.

        Returns
        -------
        ndarray
            Of the shape and type of the prediction, a tuple of several; or the array given as `out`. A sample of weight
            0 has +0. A row of classes of whose vector a number is not finite has NaN.

        Raises
        ------
        TypeError
            Of a loss whose Hessian cannot be multiplied: `root_mean_squared_error`, losses of given vectors as
            `triplet`, and losses over classes but `cross_entropy`.

        Examples
        --------
        >>> import fastloss as fl
        >>> fl.half_squared_error.hvp([0.0, 0.0], [1.0, 3.0], [2.0, 4.0]).tolist()
        [1.0, 2.0]
        >>> fl.cross_entropy.hvp([0, 1], [[1.0, 1.0], [3.0, 3.0]], [[1.0, 0.0], [1.0, 1.0]], reduction="sum").tolist()
        [[0.25, -0.25], [0.0, 0.0]]
        """
        return second.product(self, args, keywords)

    @method(kernels.frame.SHARED["WANT_MATRIX"])
    def hess_matrix(self, *args: Any, **keywords: Any) -> Any:
        """Return the whole Hessian of each row, from one pass: of `cross_entropy`, for at most 64 classes.

        With the probabilities p and the weight w of a row, over the denominator, it is w (diag(p) - p p^T), and what
        follows of that with `z_loss`, `softcap`, `temperature` and targets that do not add up to 1. Rows do not depend
        on each other.

        Parameters
        ----------
        *args, **keywords
            As in a call of the loss. `out` has the shape of the result.

        Returns
        -------
        ndarray
            Of the shape (..., C, C): that of the rows, then the classes twice, whatever the axis of the classes. Each
            matrix is exactly symmetric. A row of weight 0 has +0.

        Raises
        ------
        TypeError
            Of any other loss.
        ValueError
            For more than 64 classes.

        Examples
        --------
        >>> import fastloss as fl
        >>> fl.cross_entropy.hess_matrix([0], [[1.0, 1.0]]).tolist()
        [[[0.25, -0.25], [-0.25, 0.25]]]
        """
        return second.matrix(self, args, keywords)

    @_Learning
    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]:
        """Return the derivatives of the value with respect to the loss's own parameters, to learn them with a model.

        A loss has this method where it has such parameters: `delta` of `huber`, `gamma` of `binary_focal` … A sum has
        those of its terms, and its factors.

        Parameters
        ----------
        *args, **keywords
            As in a call of the loss, without `out`; `reduction` is "mean" or "sum".

        Returns
        -------
        dict
            For each parameter that is a number a float, or where it is an array one of its shape; one that is None has
            no derivative, nor in a sum `dispersion` without `full=True`. Computed in float64.

        Examples
        --------
        >>> import fastloss as fl
        >>> by = fl.general_robust.parameter_grads([0.0, 0.0], [1.0, 3.0], alpha=1.0, scale=2.0)
        >>> {name: round(derivative, 6) for name, derivative in by.items()}
        {'alpha': 0.040694, 'scale': -0.367921}
        """
        if "out" in keywords:
            raise TypeError("parameter_grads has no keyword 'out'")
        request = call.read(self, VALUE, args, keywords, in_float64=True)
        if request.reduction == "none":
            raise ValueError("reduction='none' has no derivatives by the parameters; it is 'mean' or 'sum'")
        if request.row.terms:
            from .algebra import by_parameters

            return by_parameters(request)
        return call.by_parameters(request)

    @_Linked
    def inverse_link(self, scores: Any, *, out: Any = None, n_threads: int | None = None, **parameters: Any) -> Any:
        """Return the predictions that raw scores stand for: what a model of this loss predicts with.

        It is the exponential of the scores for losses of logarithms of means as `poisson`, the sigmoid or the softmax
        for losses of logits, and the scores themselves for losses of numbers as `huber`. Of several columns each has
        its own: `gaussian_nll` has locations, and the exponentials of log-scales. `exponential` has the sigmoid of
        twice the score, where its mean is least; `cross_entropy` heeds its `softcap` and `temperature`. Of
        `ordinal` each column is the probability that the target is above that level.

        Parameters
        ----------
        scores : array_like
            What the loss takes as its prediction.
        out : ndarray, optional
            Where to write the result; it may be `scores` itself.
        n_threads : int, optional
            At least 1; by default what the loss is bound to, or as many as `get_num_threads` says.
        **parameters
            Parameters of the loss that change what scores stand for: `axis`, `class_mask`, `given`, `mode`, `softcap`,
            `temperature`.

        Returns
        -------
        ndarray or scalar
            Of the shape and type of `scores`, or the array given as `out`.

        Raises
        ------
        AttributeError
            Of a loss whose scores stand for no prediction, as `hinge`.
        TypeError, ValueError
            For a wrong type, shape, axis, parameter, or overlap of `out`; nothing was written then.

        Examples
        --------
        >>> import fastloss as fl
        >>> fl.binary_cross_entropy.inverse_link([0.0, 1000.0]).tolist()
        [0.5, 1.0]
        >>> fl.gaussian_nll.inverse_link([[3.0, 0.0]]).tolist()
        [[3.0, 1.0]]
        """
        row = self._row
        declared = {parameter.name: parameter for parameter in row.read_by_link}
        for name in parameters:
            if name not in declared:
                raise TypeError(f"inverse_link of {self.name} has no keyword {name!r}; it has {[*declared]}")
        given = {name: as_parameter(declared[name], value) for name, value in parameters.items()}
        own = self._parameters | given
        masks = [own[p.name] for p in row.parameters if p.kind == "mask" and own[p.name] is not None]
        if row.terms and masks:
            raise TypeError(f"inverse_link of {self.name} takes no class_mask: ask it of the loss that has one")
        threads = self._keywords.get("n_threads") if n_threads is None else n_threads
        return predictions(row.links(own), scores, own.get("axis", -1), next(iter(masks), None), out, threads)

    @method()
    def partial(self, *args: Any, **keywords: Any) -> Partial:
        """Return what some samples add to the mean over all: parts add up.

        For data that come in chunks, or lie on several machines. The sum of the weights is carried without rounding, so
        that the `weight` of all parts together is the denominator of one call over all data, to the bit.

        Parameters
        ----------
        *args, **keywords
            As in a call of the loss, without `reduction`, `normalizer`, `out` and `wrt`.

        Returns
        -------
        Partial
            Its `value` is the mean over the samples that are in it, its `weight` their weights. Parts are added with
            ``+`` and ``sum()``, compare equal by what is in them, and can be pickled.

        Raises
        ------
        TypeError
            For a loss that is no sum over samples, as the root of a mean, or of regions with ``over="batch"``.

        Examples
        --------
        >>> import fastloss as fl
        >>> y_true, y_pred = [0.0, 1.0, 2.0], [0.5, 1.0, 4.0]
        >>> parts = [fl.squared_error.partial(y_true[:1], y_pred[:1]), fl.squared_error.partial(y_true[1:], y_pred[1:])]
        >>> whole = sum(parts)
        >>> whole.value == fl.squared_error(y_true, y_pred), whole.weight
        (True, 3.0)
        """
        return parts.partial(self, args, keywords)

    @method()
    def normalizer(self, y_true: Any = None, *, shape: Any = None, dtype: Any = np.float64, **keywords: Any) -> float:
        """Return the denominator that the mean would have, from targets and weights alone.

        A gradient of some samples that is given it as `normalizer` has the bits of these samples in one call over all.

        Parameters
        ----------
        y_true : array_like, optional
            The targets, where the loss has some.
        shape : tuple of int, optional
            The shape of the samples, where the targets do not tell it: of a loss without targets, or over rows whose
            targets are whole numbers in floating point (of `y_true`'s own shape they are class indices), or of regions
            whose targets are class indices: (images, classes).
        dtype : dtype
            The type of the predictions: weights are rounded to the type that it is computed in.
        **keywords
            `sample_weight`, `where`, and the parameters of the loss, as in a call.

        Returns
        -------
        float
            What the sum of the weighted losses is divided by.

        Raises
        ------
        TypeError, ValueError
            For arguments that a call refuses, and for a loss that is no sum over samples, as the root of a mean.

        Examples
        --------
        >>> import fastloss as fl
        >>> fl.cross_entropy.normalizer([0, 2, -1], class_weight=[1.0, 1.0, 0.5], ignore_index=-1)
        1.5
        """
        return parts.normalizer(self, y_true, shape, dtype, keywords)

    @method()
    def bind(self, **defaults: Any) -> Loss:
        """Return this loss with other defaults: of its own parameters, and of keywords that every call takes.

        Parameters
        ----------
        **defaults
            Any of its parameters, `reduction`, `normalizer` and `n_threads`. A call may give others.

        Returns
        -------
        Loss
            It compares equal to every loss of the same name and defaults.

        Examples
        --------
        >>> import fastloss as fl
        >>> gentle = fl.huber.bind(delta=5.0, reduction="sum")
        >>> gentle
        fastloss.huber.bind(delta=5.0, reduction='sum')
        >>> gentle([0.0, 0.0], [10.0, 1.0])
        38.0
        >>> gentle([0.0, 0.0], [10.0, 1.0], reduction="mean")
        19.0
        """
        return Loss(self._row, {**self._bound, **defaults})

    @method()
    def point(self, y_true: float, y_pred: float, **parameters: Any) -> tuple[float, float, float]:
        """Return value, gradient and second derivative at one place, as three floats.

        Compiled functions of Numba may call it on their own numbers, in a loop of their own; see `fastloss.jit`.

        Examples
        --------
        >>> import fastloss as fl
        >>> fl.huber.point(0.0, 3.0, delta=1.0)
        (2.5, 1.0, 0.0)
        """
        if not self._row.of_numbers:
            raise TypeError(f"{self.name} is not a loss of one number; it has no value at one place")
        numbers = as_number("y_true", y_true), as_number(self._row.prediction, y_pred)
        value, gradient, hessian = self.value_grad_hess(*numbers, reduction="sum", normalizer=None, **parameters)
        return value, float(gradient), float(hessian)

    def _prepared(self) -> Any:
        """Return what compiled code of others is handed: ``kernel_of`` of ``__init__.pxd``."""
        row = self._row
        for name in ("reduction", "normalizer"):
            if name in self._keywords:
                raise TypeError(
                    f"{self!r} has no kernel for Cython, where the caller says what gradients are divided by, "
                    f"and values are sums: bind no {name}"
                )
        if not row.of_numbers or any(isinstance(value, np.ndarray) for value in row.constants(self._parameters)):
            raise TypeError(
                f"{self!r} has no kernel for Cython: only element-wise losses with numbers for parameters have"
            )
        if "prepared" not in self.__dict__:
            terms, factor, _ = terms_of(row, self._parameters)
            formulas, has_hessian = [], True
            for term in terms:
                loops, complete = (None, True) if term.row.kernels is None else term.row.kernels().loops()
                formulas.append(formula_of(term.row, term.row.constants(term.parameters), term.factor, loops))
                has_hessian &= complete
            chosen = row.chosen(self._parameters)
            limits = limits_of(chosen, self._parameters, np.float32), limits_of(chosen, self._parameters, np.float64)
            prepared = kernels.points.PreparedLoss(
                kernels.points.Formulas(tuple(formulas)), *limits, factor, has_hessian
            )
            self.__dict__["prepared"] = prepared  # for as long as the loss lives
        return self.__dict__["prepared"]

    # ---- sums ---------------------------------------------------------------------------------------------------

    def __mul__(self, factor: Any) -> Any:
        if not _is_real(factor):
            return NotImplemented
        number = as_number("the factor of a loss", factor)
        if not math.isfinite(number):
            raise ValueError(f"the factor of a loss = {factor} is not finite")
        from .algebra import scaled

        return scaled(self, lambda own: own * number).bind(**self._keywords)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Any:
        if not _is_real(divisor):
            return NotImplemented
        number = as_number("the divisor of a loss", divisor)
        if not math.isfinite(number) or number == 0:
            raise ValueError(f"the divisor of a loss = {divisor} is not finite, or is 0")
        from .algebra import scaled

        return scaled(self, lambda own: own / number).bind(**self._keywords)

    def __neg__(self) -> Loss:
        return self * -1  # type: ignore[no-any-return]

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Loss):
            return self if isinstance(other, int) and other == 0 else NotImplemented
        from .algebra import combined

        if self._keywords != other._keywords:
            raise ValueError(
                f"the losses of a sum are bound to {self._keywords} and to {other._keywords}; bind the sum instead"
            )
        return combined([self, other]).bind(**self._keywords)

    __radd__ = __add__  # 0 + loss: what sum() begins with

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, Loss) else NotImplemented

    def _scaled(self, want: int, args: tuple[Any, ...], factor: float) -> Any:
        """Return the mean times a factor >= 0, and its gradient."""
        request = call.read(self, want, args, {})
        if 2.0**-64 < factor < 2.0**64:
            return call.evaluate(request, factor)
        # The factor over the number of samples may not be a number of the compute type: it is multiplied afterwards.
        result = call.evaluate(request)
        value, gradient = result if want & GRADIENT else (result, None)
        value = factor * value if value and factor else 0.0
        if gradient is None:
            return value
        with np.errstate(all="ignore"):
            product = np.where((gradient == 0) | (factor == 0), 0, gradient.astype(np.float64) * factor)
            return value, product.astype(gradient.dtype)[()]

    # ---- identity -----------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a loss is immutable; {self.name}.bind(...) makes one with other parameters")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a loss is immutable; {name} cannot be deleted")

    def __repr__(self) -> str:
        if self._row.terms:
            from .algebra import shown

            return shown(self)
        bound = ", ".join(f"{name}={value!r}" for name, value in self._bound.items())
        name = self.name if self._row.made_by else f"fastloss.{self.name}"
        return f"{name}.bind({bound})" if bound else name

    def __reduce__(self) -> Any:
        views = self.parameters
        bound = {name: views.get(name, value) for name, value in self._bound.items()}
        return _restored, (self._row.made_by or self.name, bound)

    def _identity(self) -> tuple[Any, ...]:
        return (
            self.name,
            self._row.made_by,
            *(
                (v.shape, v.dtype.str, v.tobytes()) if isinstance(v, np.ndarray) else v
                for v in self._parameters.values()
            ),
            *(self._keywords.get(name) for name in BINDABLE),
        )

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Loss) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity())

    def __dir__(self) -> list[str]:
        absent = {"parameter_grads": not learns(self._row), "inverse_link": not self._row.links(self._parameters)}
        return [name for name in super().__dir__() if not absent.get(name)]

    # ---- what others read of it ---------------------------------------------------------------------------------

    @property
    def __signature__(self) -> inspect.Signature:
        return self._signature_of("__call__")

    def _signature_of(self, method: str) -> inspect.Signature:
        """Return what a method of this loss takes."""
        positional, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
        operands = [] if method == "bind" else [operand.name for operand in self._row.operands]
        operands = {"point": ["y_true", "y_pred"], "inverse_link": ["scores"]}.get(method, operands)
        of_calls = {"bind": BINDABLE, "point": (), **_OF_PARTS}.get(method, keywords_of(self._row))
        own = self.parameters
        if method == "inverse_link":
            own = {parameter.name: own[parameter.name] for parameter in self._row.read_by_link}
        keywords = own | {name: self._keywords.get(name, _UNBOUND.get(name)) for name in of_calls}
        if method in ("grad_and_hess", "value_grad_hess") and not self._row.no_hessian:
            keywords |= call.CURVATURE
        if method == "hvp":
            operands.append("vector")
        if method in ("hvp", "hess_matrix"):
            keywords.pop("wrt", None)
        if method == "parameter_grads":
            del keywords["out"]
        if method == "normalizer":
            keywords |= {"shape": None, "dtype": np.float64}
            targets = [inspect.Parameter("y_true", positional, default=None)]
        else:
            optional = {operand.name: None for operand in self._row.operands if operand.optional}
            targets = [
                inspect.Parameter(name, positional, default=optional.get(name, inspect.Parameter.empty))
                for name in operands
            ]
        return inspect.Signature(
            targets + [inspect.Parameter(name, keyword, default=default) for name, default in keywords.items()]
        )

    def _text_of(self, method: str) -> str | None:
        """Return the docstring of a method of this loss."""
        text: str | None = (
            method_docstring(self._row, self._parameters | self._keywords, method)
            or getattr(type(self), method).__doc__
        )
        return text

    # ---- the way of a call --------------------------------------------------------------------------------------

    def _evaluate(self, want: int, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        if self._jit is not None and current_engine() == "numba":
            result = self._jit.run(want, args, {**self._keywords, **keywords})
            if result is not None:
                return result
        return call.evaluate(call.read(self, want, args, keywords))


#: The keywords of the methods about parts, besides parameters.
_OF_PARTS = {
    "partial": ("sample_weight", "where", "n_threads"),
    "normalizer": ("sample_weight", "where"),
    "inverse_link": ("out", "n_threads"),
}
#: What they are where nothing is bound.
_UNBOUND = {"reduction": "mean", "normalizer": None, "n_threads": None}


def learns(row: Row) -> bool:
    """Tell whether a loss has derivatives by parameters."""
    return bool(row.learned) or any(term.learned for _, term in row.terms)


def _is_real(value: Any) -> bool:
    """Tell whether a loss can be multiplied by it: a real number, and no truth value."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.complexfloating)


def _frozen(value: Any) -> Any:
    """Return a parameter as nobody can change it any more: an array is copied to memory that cannot be written to."""
    return np.ndarray(value.shape, value.dtype, value.tobytes()) if isinstance(value, np.ndarray) else value


def folds(factor: float) -> bool:
    """Tell whether a factor goes into the multiplier of every gradient: neither is lost in the product of both."""
    return 2.0**-32 < abs(factor) < 2.0**32


def terms_of(row: Row, parameters: dict[str, Any]) -> tuple[list[Term], float, bool]:
    """Return the terms of a sum and a factor of all; whether there is one, a loss without a factor of its own."""
    parts = row.parts(parameters) if row.terms else [Term(row.name, row, 1.0, parameters)]
    terms = [part._replace(row=part.row.chosen(part.parameters)) for part in parts]
    if len(terms) > 1 or isinstance(terms[0].factor, np.ndarray) or not folds(terms[0].factor):
        return terms, 1.0, False
    return [terms[0]._replace(factor=1.0)], terms[0].factor, True


def _short_ways_of(row: Row, parameters: dict[str, Any]) -> tuple[Any, Any]:
    """Return what tries a call the short way (``kernels/frame/plain.pxi``) on each engine, None where there is none.

    Loops that are compiled at run time are known to it once the long way has set them.
    """
    if row.mixed:
        return None, None
    ways: tuple[Any, Any] = kind_of(row).fast_path(row, parameters, *terms_of(row, parameters))
    return ways


def restored_row(origin: str | tuple[Any, ...]) -> Row:
    """Return the row of a loss that was pickled: of the catalogue by its name, any other by what makes it again."""
    if isinstance(origin, str):
        return CATALOGUE[origin]
    make, *arguments = origin
    row: Row = make(*arguments)
    return row


def _restored(origin: str | tuple[Any, ...], bound: dict[str, Any]) -> Loss:
    return Loss(restored_row(origin), bound)
