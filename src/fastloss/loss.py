"""The loss object, and the one way of a call: check, allocate, run, reduce."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from . import foreign, reductions
from .arrays import as_array, as_axis, as_prediction, bits_of_bfloat16, broadcast, describe, dtype_number, quiet
from .catalogue import CATALOGUE
from .documentation import LazyDocstring, method_docstring
from .outputs import as_output, check_overlaps, split_out
from .parameters import as_parameter, check_held_parameters
from .rows import Row, RowTarget, Term
from .runtime import checked_threads, current_engine, kernels, threads_for
from .samples import LeftOut, as_mask, as_weights, check_multipliers, check_products, check_weights
from .scalars import as_number
from .targets import check_elements, check_row_predictions, check_row_targets, target_form

kernels.connect(np.ndarray, np.empty, np.empty_like, threads_for, bits_of_bfloat16)

VALUE, GRADIENT, HESSIAN = 1, 2, 4  # as in kernels.pyx
_RESULTS = ((VALUE, "value"), (GRADIENT, "gradient"), (HESSIAN, "hessian"))
CROSS_ENTROPY = 0  # Task of kernels/rows/softmax.pxi
_FORMS = {"index": 0, "soft": 1, "shares": 3, "members": 4}  # Form of kernels/rows/tile.pxi
_DISTRIBUTION = 2

Function = TypeVar("Function", bound=Callable[..., Any])

_KEYWORDS = ("sample_weight", "where", "reduction", "normalizer", "out", "n_threads")
#: Those of them that a loss can be bound to: what is no array.
_BINDABLE = ("reduction", "normalizer", "n_threads")


def method(want: int = 0) -> Callable[[Function], Function]:
    """Make a function of a class a method with a signature of its own for each object (``kernels/frame/methods.pxi``).

    `want` are the results of a loss that it returns; then its function is for who calls that of the class.
    """
    return lambda function: kernels.MethodOf(function, want)


class _Learning(kernels.MethodOf):  # type: ignore[misc, name-defined]
    """A method of losses that have parameters to learn; the others do not have it."""

    def __get__(self, loss: Any, kind: Any) -> Any:
        if loss is not None and not learns(loss._row):
            raise AttributeError(f"{loss.name} has no derivatives by its parameters")
        return super().__get__(loss, kind)


class Loss(kernels.QuickLoss):  # type: ignore[misc, name-defined]  # it calls _evaluate where there is no short way
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
    _in_float32: bool  # whether its parameters can be computed with there
    _short: Any
    _jit: Any

    def __init__(self, row: Row, bound: dict[str, Any] | None = None) -> None:
        declared = {parameter.name: parameter for parameter in row.parameters}
        given = {}
        for name, value in (bound or {}).items():
            if name in declared:
                given[name] = _frozen(as_parameter(declared[name], value))
            elif name not in _BINDABLE:
                can = [*declared, *_BINDABLE]
                raise TypeError(f"{row.name} cannot be bound to {name!r}; it can to {can}")
        keywords = as_keywords(row, bound or {})
        set_ = object.__setattr__
        set_(self, "_row", row)
        # In the order in which they were given: what `repr` shows.
        set_(self, "_bound", {name: given.get(name, keywords.get(name)) for name in bound or {}})
        set_(self, "_parameters", {name: given.get(name, parameter.default) for name, parameter in declared.items()})
        set_(self, "_keywords", {name: value for name, value in keywords.items() if value != _UNBOUND[name]})
        checked_choice(row, self._parameters)
        try:
            check_held_parameters(row.parameters, self._parameters)
            set_(self, "_in_float32", True)
        except ValueError:
            set_(self, "_in_float32", False)
        if row.terms:
            row.targets(self._parameters), row.predictions(self._parameters)  # raise where one does not suit all
        short, jit = _short_ways(row, self._parameters) if self._in_float32 else (None, None)
        super().__init__(short, self._keywords)
        set_(self, "_short", short)
        set_(self, "_jit", jit)
        # What others call a function by; help and pickle find a loss of the package there.
        set_(self, "__name__", row.name)
        set_(self, "__qualname__", row.qualname or row.name)
        set_(self, "__module__", row.module)

    @property
    def name(self) -> str:
        """Its name in the package."""
        return self._row.name

    @property
    def kind(self) -> str:
        """What it is a loss of.

        ``'pointwise'``: each element, ``'rowwise'``: each row of classes, ``'location_scale'``: each location and
        log-scale, ``'root_mean'``: all elements together, ``'sum'``: a sum of losses of several kinds.
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
        call = _Call(self, VALUE, args, keywords, in_float64=True)
        if "out" in call.options:
            raise TypeError("parameter_grads has no keyword 'out'")
        if call.reduction == "none":
            raise ValueError("reduction='none' has no derivatives by the parameters; it is 'mean' or 'sum'")
        if call.row.terms:
            from .algebra import by_parameters

            return by_parameters(call)
        return call.by_parameters()

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
        if self.kind != "pointwise":
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
        if row.kind != "pointwise" or any(isinstance(value, np.ndarray) for value in row.constants(self._parameters)):
            raise TypeError(
                f"{self!r} has no kernel for Cython: only element-wise losses with numbers for parameters have"
            )
        if "prepared" not in self.__dict__:
            terms, factor, _ = _terms_of(row, self._parameters)
            formulas, has_hessian = [], True
            for term in terms:
                loops, complete = (None, True) if term.row.kernels is None else term.row.kernels().loops()
                formulas.append(_formula(term.row, term.row.constants(term.parameters), term.factor, loops))
                has_hessian &= complete
            chosen = row.chosen(self._parameters)
            limits = limits_of(chosen, self._parameters, np.float32), limits_of(chosen, self._parameters, np.float64)
            prepared = kernels.PreparedLoss(kernels.Formulas(tuple(formulas)), *limits, factor, has_hessian)
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
        call = _Call(self, want, args, {})
        if 2.0**-64 < factor < 2.0**64:
            call.factor = factor
            return call.run()
        # The factor over the number of samples may not be a number of the compute type: it is multiplied afterwards.
        result = call.run()
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
            *(self._keywords.get(name) for name in _BINDABLE),
        )

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Loss) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity())

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name != "parameter_grads" or learns(self._row)]

    # ---- what others read of it ---------------------------------------------------------------------------------

    @property
    def __signature__(self) -> inspect.Signature:
        return self._signature_of("__call__")

    def _signature_of(self, method: str) -> inspect.Signature:
        """Return what a method of this loss takes."""
        positional, keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
        operands = [] if method == "bind" else ["y_true", "y_pred" if method == "point" else self._row.prediction]
        of_calls = {"bind": _BINDABLE, "point": ()}.get(method, _KEYWORDS)
        keywords = self.parameters | {name: self._keywords.get(name, _UNBOUND.get(name)) for name in of_calls}
        if method == "parameter_grads":
            del keywords["out"]
        return inspect.Signature(
            [inspect.Parameter(name, positional) for name in operands]
            + [inspect.Parameter(name, keyword, default=default) for name, default in keywords.items()]
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
        call = _Call(self, want, args, keywords)
        return call.run()


#: What they are where nothing is bound.
_UNBOUND = {"reduction": "mean", "normalizer": None, "n_threads": None}


def as_keywords(row: Row, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `reduction`, `normalizer` and `n_threads`, checked: those of a call, or those that a loss is bound to."""
    reduction, normalizer = reductions.as_reduction(given.get("reduction", "mean"), given.get("normalizer"))
    for each in (row, *(term for _, term in row.terms)):
        if each.kind == "root_mean" and reduction != "mean":
            raise ValueError(f"{each.name} is the root of a mean: it has no reduction={reduction!r}")
    n_threads = given.get("n_threads")
    threads = None if n_threads is None else checked_threads("n_threads", n_threads)
    return {"reduction": reduction, "normalizer": normalizer, "n_threads": threads}


def learns(row: Row) -> bool:
    """Tell whether a loss has derivatives by parameters."""
    return bool(row.learned) or any(term.learned for _, term in row.terms)


def _is_real(value: Any) -> bool:
    """Tell whether a loss can be multiplied by it: a real number, and no truth value."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.complexfloating)


def _frozen(value: Any) -> Any:
    """Return a parameter as nobody can change it any more: an array is copied to memory that cannot be written to."""
    return np.ndarray(value.shape, value.dtype, value.tobytes()) if isinstance(value, np.ndarray) else value


def _all_numbers(parameters: tuple[Any, ...]) -> bool:
    """Tell whether no parameter is an array."""
    return not any(isinstance(parameter, tuple) for parameter in parameters)


def folds(factor: float) -> bool:
    """Tell whether a factor goes into the multiplier of every gradient: neither is lost in the product of both."""
    return 2.0**-32 < abs(factor) < 2.0**32


def _terms_of(row: Row, parameters: dict[str, Any]) -> tuple[list[Term], float, bool]:
    """Return the terms of a sum and a factor of all; whether there is one, a loss without a factor of its own."""
    parts = row.parts(parameters) if row.terms else [Term(row.name, row, 1.0, parameters)]
    terms = [part._replace(row=part.row.chosen(part.parameters)) for part in parts]
    if len(terms) > 1 or isinstance(terms[0].factor, np.ndarray) or not folds(terms[0].factor):
        return terms, 1.0, False
    return [terms[0]._replace(factor=1.0)], terms[0].factor, True


def _formula(
    row: Row, constants: tuple[Any, ...], factor: Any = 1.0, loops: tuple[int, ...] | None = None, uniform: bool = True
) -> tuple[Any, ...]:
    """Return a term as ``kernels.Formulas`` takes it; with `loops` as one that is compiled at run time."""
    if loops is not None:
        return -1, constants, factor, loops, uniform
    name, constants = row.loop(constants)
    return kernels.POINTWISE.index(name), constants, factor, (), False


def _short_ways(row: Row, parameters: dict[str, Any]) -> tuple[Any, Any]:
    """Return what tries a call the short way (``kernels/frame/plain.pxi``) on each engine, None where there is none.

    Loops that are compiled at run time are known to it once the long way has set them.
    """
    terms, factor, alone = _terms_of(row, parameters)
    given, values = (terms[0].row, terms[0].parameters) if alone else (row, parameters)
    chosen = given.chosen(values)
    limits = limits_of(chosen, values, np.float32), limits_of(chosen, values, np.float64)
    if row.kind == "pointwise":
        if any(isinstance(value, np.ndarray) for value in row.constants(parameters)):
            return None, None
        by_numba = _formula(given, given.constants(values), loops=())
        jit = kernels.PlainPoints(kernels.Formulas((by_numba,)), *limits, factor, True)
        if alone and given.kernels is not None:
            return jit, jit
        compiled = tuple(
            _formula(t.row, t.row.constants(t.parameters), t.factor, None if t.row.kernels is None else ())
            for t in terms
        )
        return kernels.PlainPoints(kernels.Formulas(compiled), *limits, factor), jit
    if row.kind == "location_scale" and alone:
        constants = given.constants(values)
        if any(isinstance(value, np.ndarray) for value in constants):
            return None, None
        pair = _formula(given, (0.0, *constants))  # the log-scale is one of the prediction's
        return kernels.PlainPairs(kernels.Formulas((pair,)), *limits, factor), None
    if row.kind == "root_mean" and alone:
        return kernels.PlainRoot(kernels.Formulas((_formula(given, (1.0, 1.0, 1.0, 1.0)),)), *limits, factor), None
    if row.kind == "rowwise" and alone and given.kernels is None:
        return _short_rows(given, values, limits, factor), None
    return None, None


def _short_rows(row: Row, parameters: dict[str, Any], limits: Any, factor: float) -> Any:
    """Return what tries a call of a loss over rows the short way, None where that does not apply."""
    target = row.target
    assert isinstance(target, RowTarget)
    chosen, numbers, class_factor = row_parameters(row, parameters)
    if np.ndim(class_factor) == 0 and class_factor is not None:
        return None  # as long as there are classes
    dense = [form for form in target.forms if form != "index"]
    in_kernel = row.name == "cross_entropy" and _IN_KERNEL.issuperset(_changed(row, parameters))
    return kernels.PlainRows(
        -1 if in_kernel else kernels.ROW_LOSSES.index(row.name),
        *limits,
        axis=parameters["axis"],
        levels=target.levels,
        by_index="index" in target.forms,
        dense_form=-1 if not dense else form_number(target, dense[0]),
        smoothing=parameters.get("label_smoothing", 0.0),
        ignore_index=parameters.get("ignore_index"),
        given=chosen,
        parameters=numbers,
        class_weight=parameters.get("class_weight"),
        class_factor=class_factor,
        factor=factor,
    )


def form_number(target: RowTarget, form: str) -> int:
    """Return the Form of kernels/rows/tile.pxi."""
    return _DISTRIBUTION if target.forms == ("soft",) else _FORMS[form]


def row_parameters(row: Row, parameters: dict[str, Any]) -> tuple[int, tuple[float, ...], Any]:
    """Return a loss's own parameters as the row kernels take them: what is given, numbers, a factor of the classes."""
    chosen, numbers, factor = row.holds, [], None
    for parameter in row.parameters:
        value = parameters[parameter.name]
        if parameter.kind == "choice":
            chosen = value
        elif parameter.kind == "factor":
            factor = value
        elif parameter.kind == "number" and parameter.name != "label_smoothing":
            numbers.append(math.nan if value is None else value)
    return ("logits", "log_probs", "probs").index(chosen), tuple(numbers), factor


def checked_choice(row: Row, parameters: dict[str, Any]) -> Row:
    """Return the row that parameters choose, which may refuse some that the loss itself does not."""
    chosen = row.chosen(parameters)
    if chosen is not row:
        for parameter in chosen.parameters:
            as_parameter(parameter, parameters[parameter.name])
    return chosen


def limits_of(row: Row, parameters: dict[str, Any], dtype: Any) -> tuple[float, float, bool, float, float, float]:
    """Return the domain of targets and predictions as the kernels check it, in a compute type."""
    target, predicted = row.targets(parameters), row.predictions(parameters)
    return *target.bounds(dtype), target.ends_only, *predicted.bounds(dtype), predicted.rounding


#: The parameters that the kernel of cross-entropy knows; with any other it is one of the losses of `row_losses`.
_IN_KERNEL = frozenset({"class_weight", "ignore_index", "label_smoothing", "axis"})


def _changed(row: Row, parameters: dict[str, Any]) -> list[str]:
    """Return the names of the parameters that do not have the row's default."""
    return [
        p.name
        for p in row.parameters
        if (parameters[p.name] is not None if p.default is None else parameters[p.name] != p.default)
    ]


#: Which elements of the last axis are predictions of their own: all of them alike, or location and scale.
_ALIKE, _COLUMNS = (np.s_[...],), (np.s_[..., 0], np.s_[..., 1])


class _Call:
    """The arguments of one call, sorted; then checked, run and reduced by the method for the kind of loss."""

    def __init__(
        self, loss: Loss, want: int, args: tuple[Any, ...], keywords: dict[str, Any], in_float64: bool = False
    ) -> None:
        kernels.check_stack()
        row = loss._row
        self.row, self.want = row, want
        self.short, self.jit = loss._short, loss._jit  # what may call the loops that are compiled here
        self.factor = 1.0  # of the value, and so of gradient and Hessian
        self.reduced_total = 0.0  # the value, once it is there
        self.columns = _COLUMNS if row.kind == "location_scale" else _ALIKE
        given = dict(zip(("y_true", "y_pred"), args, strict=False))
        if len(args) > 2:
            raise TypeError(
                f"{row.name} takes y_true and {row.prediction}, then keywords; "
                f"{len(args)} arguments were given by place"
            )
        self.parameters = dict(loss._parameters)
        options = dict(loss._keywords)
        for name, value in keywords.items():
            if name in self.parameters:
                self.parameters[name] = value
            elif name in _KEYWORDS:
                options[name] = value
            elif name in ("y_true", "y_pred", row.prediction):
                place = "y_pred" if name == row.prediction else name
                if place in given:
                    raise TypeError(f"{row.name} got {name} twice")
                given[place] = value
            else:
                raise TypeError(f"{row.name} has no keyword {name!r}; it has {[*self.parameters, *_KEYWORDS]}")
        for name, shown in (("y_true", "y_true"), ("y_pred", row.prediction)):
            if name not in given:
                raise TypeError(f"{row.name} needs {shown}")
        for parameter in row.parameters:
            if parameter.name in keywords:
                self.parameters[parameter.name] = as_parameter(parameter, keywords[parameter.name])
        self.chosen = checked_choice(row, self.parameters)
        if self.chosen is not row.chosen(loss._parameters):
            self.short = self.jit = None  # they call the loops of another formula
        self.reduction, self.normalizer, self.n_threads = as_keywords(row, options).values()
        self.options = options
        self.y_true = as_array("y_true", given["y_true"])
        self.y_pred = as_prediction(row.prediction, given["y_pred"])
        self.check_pairing(given, keywords)
        self.double_precision = in_float64 or self.y_pred.dtype.type is np.float64
        self.result_type = self.y_pred.dtype.newbyteorder("=")  # of what is not given as `out`
        if not self.double_precision:
            changed = row.parameters if not loss._in_float32 else [p for p in row.parameters if p.name in keywords]
            check_held_parameters(changed, self.parameters)

    def check_pairing(self, given: dict[str, Any], keywords: dict[str, Any]) -> None:
        """Raise where arguments are paired by position though their labels differ."""
        paired = {"y_true": given["y_true"], self.row.prediction: given["y_pred"]}
        paired |= {name: keywords[name] for name in ("sample_weight", "where") if name in keywords}
        paired |= {p.name: keywords[p.name] for p in self.row.parameters if p.kind == "element" and p.name in keywords}
        class_axis = {"rowwise": self.parameters.get("axis"), "location_scale": -1}.get(self.row.kind)
        foreign.check_pairing(paired, self.y_pred.ndim, class_axis)

    def samples(self, shape: tuple[int, ...]) -> None:
        """Check what goes with each sample, and the outputs."""
        self.weights, may_vanish = as_weights("sample_weight", self.options.get("sample_weight"), shape)
        self.where = as_mask(self.options.get("where"), shape)
        self.left_out = LeftOut(self.where, self.y_true, self.parameters.get("ignore_index"))
        if may_vanish and self.weights is not None and not self.double_precision:
            check_weights("sample_weight", self.weights, self.double_precision, self.left_out)
        self.outputs(shape)

    def outputs(self, shape: tuple[int, ...]) -> None:
        """Check the outputs that are given, and note those that are not."""
        wanted = [(flag, name) for flag, name in _RESULTS if self.want & flag]
        given = split_out(self.options.get("out"), tuple(name for _, name in wanted))
        self.given: dict[str, Any] = {}  # the caller's own, which are what is returned
        self.value = self.gradient = self.hessian = self.reduced_value = None
        outputs: dict[str, np.ndarray[Any, Any]] = {}
        fresh: list[tuple[str, tuple[int, ...]]] = []
        for place, ((flag, name), array) in enumerate(zip(wanted, given, strict=True)):
            shown = f"out ({name})" if len(wanted) == 1 else f"out[{place}] ({name})"
            result_shape = self.y_pred.shape if flag != VALUE else shape if self.reduction == "none" else ()
            if array is not None:
                outputs[shown] = as_output(shown, array, result_shape)
                if flag == VALUE and self.reduction != "none":
                    self.reduced_value = outputs[shown]
                else:
                    setattr(self, name, outputs[shown])
                self.given[name] = array
            elif flag != VALUE or self.reduction == "none":
                fresh.append((name, result_shape))
            if flag == GRADIENT:
                gradient_shown = shown
        self.in_place = False
        if outputs:
            inputs: dict[str, Any] = {"y_true": self.y_true, self.row.prediction: self.y_pred}
            inputs |= {"sample_weight": self.weights, "where": self.where}
            inputs |= {name: value for name, value in self.parameters.items() if isinstance(value, np.ndarray)}
            in_place = (gradient_shown, self.row.prediction) if self.want & GRADIENT else None
            self.in_place = check_overlaps(outputs, inputs, in_place)
        self.fresh = fresh

    def denominator(self, total_weight: float) -> float:
        """Return what the sum of the weighted losses is divided by, apart from the factor."""
        # Weights are multiplied by the scale in float64; the root of a mean has the scale as a parameter.
        in_float64 = self.double_precision or (self.normalizer is None and self.row.kind != "root_mean")
        number = reductions.denominator(self.reduction, self.normalizer, total_weight, in_float64)
        if self.weights is not None and self.normalizer is not None:
            check_multipliers(self.weights, number, total_weight, self.left_out, self.double_precision)
        self.largest = total_weight / number if number else 0.0
        return number

    def holds_factor(self) -> bool:
        """Tell whether the factor times any multiplier of a gradient is a number of the compute type."""
        return self.largest * abs(self.factor) < (2.0**1020 if self.double_precision else 2.0**120)

    def allocate(self) -> None:
        """Make the outputs that were not given: a gradient in the memory order of the prediction."""
        for name, shape in self.fresh:
            like = self.y_pred if shape == self.y_pred.shape else None
            array = (
                np.empty(shape, self.result_type)
                if like is None
                else np.empty_like(like, self.result_type, subok=False)
            )
            setattr(self, name, array)

    def finish(self, total: float, denominator: float) -> Any:
        """Reduce, and return the results in their order."""
        results: list[Any] = []
        for flag, name in _RESULTS:
            if not self.want & flag:
                continue
            if flag == VALUE and self.reduction != "none":
                value = reductions.reduced(total, denominator)
                value = self.reduced_total = value or 0.0  # not -0.0 where nothing is left, whatever the factor
                if self.reduced_value is not None:
                    with np.errstate(over="ignore", under="ignore"):
                        self.reduced_value[()] = value
                results.append(self.given.get(name, value))
            else:
                array = getattr(self, name)
                results.append(self.given[name] if name in self.given else array if array.ndim else array[()])
        return results[0] if len(results) == 1 else tuple(results)

    def run(self) -> Any:
        """Return the results."""
        if self.row.terms:
            from .algebra import run

            return run(self)
        return self.checked()()

    def checked(self) -> Callable[[], Any]:
        """Check everything; return what computes the results, and writes."""
        if self.row.kind == "rowwise":
            return self.rowwise()
        if self.row.kind == "root_mean":
            return self.root_mean()
        return self.pointwise()

    def elements(self) -> tuple[Any, ...]:
        """Check what goes with each element, and the outputs; return the parameters as the kernels take them."""
        shape = self.y_pred.shape
        if len(self.columns) == 2:
            if not shape or shape[-1] != 2:
                raise ValueError(
                    f"{self.row.prediction} has shape {shape}; its last axis must have 2: location, log-scale"
                )
            shape = shape[:-1]
        if self.y_true.shape != shape:
            if self.y_true.ndim:
                whole = "they must be equal" if len(self.columns) == 1 else f"y_true must have {shape}"
                raise ValueError(
                    f"y_true has shape {self.y_true.shape}, {self.row.prediction} has {self.y_pred.shape}; {whole}"
                )
            self.y_true = np.broadcast_to(self.y_true, shape)
        self.samples(shape)
        names = [parameter.name for parameter in self.row.parameters if parameter.kind == "element"]
        given = tuple(
            describe(broadcast(name, value, shape)) if isinstance(value, np.ndarray) else value
            for name, value in zip(names, self.row.constants(self.parameters), strict=True)
        )
        self.limits = limits_of(self.chosen, self.parameters, np.float64 if self.double_precision else np.float32)
        self.threads = threads_for(self.n_threads, self.y_true.size)
        return tuple(describe(self.y_pred[column]) for column in self.columns[1:]) + given

    def loop(self, formulas: Any, scale: float, inspect: bool = False) -> float:
        """Run the loop of a formula over the elements; return the sum."""

        def column(array: np.ndarray[Any, Any] | None, k: int) -> Any:
            return describe(array if array is None or self.columns is _ALIKE else array[self.columns[k]])

        operands = [
            describe(self.y_true), column(self.y_pred, 0), describe(self.weights),
            describe(self.where), describe(self.value),
        ]  # fmt: skip
        for k in range(len(self.columns)):
            operands += [column(self.gradient, k), column(self.hessian, k)]
        total: float = kernels.pointwise(
            formulas, self.want, self.double_precision, self.y_true.size, scale, self.limits, inspect, self.in_place,
            tuple(operands), self.threads, False, self.factor,
        )  # fmt: skip
        return total

    def formulas(self, parameters: tuple[Any, ...]) -> Any:
        """Return what the kernels compute for each element."""
        row, engine = self.chosen, current_engine()
        if engine == "numba" and len(self.columns) == 2:
            raise NotImplementedError(f"{row.name} has no Numba kernel; call it outside fastloss.engine('numba')")
        if engine == "numba" or (row.kernels is not None and not row.terms):
            uniform = _all_numbers(parameters) and self.weights is None and self.where is None
            address = self.jit_loop(row, uniform)
            if uniform and self.jit is not None:
                self.jit.set_loop(0, self.double_precision, self.want, address)
            return kernels.Formulas((_formula(row, parameters, loops=(address, address), uniform=uniform),))
        if not row.terms:
            return kernels.Formulas((_formula(row, parameters),))
        shared = parameters[: len(self.columns) - 1]
        given, terms = iter(parameters[len(shared) :]), []
        for k, (_, term) in enumerate(row.terms):
            factor = next(given)
            own = tuple(next(given) for parameter in term.parameters if parameter.kind == "element")
            if term.kernels is None:
                terms.append(_formula(term, (*shared, *own), factor))
                continue
            address = self.jit_loop(term, uniform=_all_numbers(own))
            if self.short is not None:
                self.short.set_loop(k, self.double_precision, self.want, address)
            terms.append(_formula(term, own, factor, (address, address), _all_numbers(own)))
        return kernels.Formulas(tuple(terms))

    def checked_weight(self) -> float:
        """Check every number that has a domain; return the sum of the weights."""
        limited = any(map(math.isfinite, self.limits[:2] + self.limits[3:5]))
        if self.weights is None and self.where is None and not limited:
            return float(self.y_true.size)
        total = self.loop(kernels.one_formula(0), 0.0, inspect=True)
        if total != total:
            if self.weights is not None:
                check_weights("sample_weight", self.weights, self.double_precision, self.left_out)
            target = self.chosen.targets(self.parameters)
            for name, array, domain in (
                ("y_true", self.y_true, target),
                (self.row.prediction, self.y_pred, self.row.predictions(self.parameters)),
            ):
                if len(self.columns) == 1:
                    check_elements(name, array, domain, self.weights, self.left_out, self.double_precision)
            raise ValueError("y_true or sample_weight was changed by another thread while it was checked")
        return total

    def pointwise(self) -> Callable[[], Any]:
        parameters = self.elements()
        number = self.denominator(self.checked_weight())
        formulas = self.formulas(parameters)

        def compute() -> Any:
            denominator = number / self.factor
            self.allocate()
            return self.finish(self.loop(formulas, reductions.scale(denominator)), denominator)

        return compute

    @quiet
    def by_parameters(self) -> dict[str, Any]:
        """Return the derivatives by the parameters: each is a formula of its own, whose values are summed."""
        if self.chosen.fuller is not None:
            names = " and ".join(parameter.name for parameter in self.row.learned)
            raise ValueError(
                f"the value of {self.row.name} lacks terms that depend on {names}, without which it cannot be learned; "
                "full=True adds them"
            )
        parameters = self.elements()
        denominator = self.denominator(self.checked_weight())
        derivatives: dict[str, Any] = {}
        for parameter in self.row.learned:
            given = self.parameters[parameter.name]
            if given is None:
                continue
            shape = np.shape(given)
            by_each = shape != () and math.prod(shape) != 1
            value: Any = np.empty(self.y_pred.shape) if by_each else None
            self.value = value
            number = kernels.POINTWISE.index(f"{self.row.name}_by_{parameter.name}")
            total: Any = self.loop(kernels.one_formula(number, parameters), 1.0)
            if value is not None:
                extended = (1,) * (value.ndim - len(shape)) + shape
                axes = tuple(k for k, n in enumerate(extended) if n == 1)
                total = value.sum(axis=axes, keepdims=True).reshape(shape)
            total = total / denominator if denominator else 0.0 * total
            derivatives[parameter.name] = np.full(shape, total) if shape and not by_each else total
        return derivatives

    def root_mean(self) -> Callable[[], Any]:
        """Return the root of a mean of squares, in two passes: the gradient needs the value.

        A first pass in which squares left the range of the compute type is made again in another unit, a power of 2.
        """
        self.elements()
        denominator = self.denominator(self.checked_weight())
        return lambda: self.root(denominator)

    def root(self, denominator: float) -> Any:
        want, results = self.want, (self.gradient, self.hessian)
        self.want, self.gradient, self.hessian = VALUE, None, None

        def mean(unit: float) -> float:
            return reductions.reduced(self.loop(self.formulas((unit, 1.0, 1.0, 1.0)), 1.0), denominator)

        large, small, least = (
            (2.0**-560, 2.0**600, 2.0**-960) if self.double_precision else (2.0**-70, 2.0**95, 2.0**-100)
        )
        unit, square = 1.0, mean(1.0)
        if square == math.inf:
            unit, square = large, mean(large)
        elif square < least and denominator:
            unit, again = small, mean(small)
            unit, square = (unit, again) if again < math.inf else (1.0, square)
        root = math.sqrt(square) if square >= 0 else math.nan
        value = self.factor * (root / unit)
        self.want, (self.gradient, self.hessian) = want, results
        outweighs = self.one_at_infinity() if root == math.inf else None  # before the gradient takes y_pred's place
        self.allocate()
        if want & ~VALUE:
            # The unit in which the root is about 1, as far as the compute type has it.
            bound = 1000 if self.double_precision else 120
            exponent = 0 if not 0 < root < math.inf else math.frexp(root)[1] - round(math.log2(unit))
            unit_of_root = 2.0 ** max(-bound, min(bound, -exponent))
            scaled = math.inf if root == 0 else root * (unit_of_root / unit)
            weight = 1.0 if self.weights is None else describe(self.weights)
            self.want = want & ~VALUE
            inverse = reductions.scale(denominator)
            self.loop(self.formulas((unit_of_root, scaled, weight, inverse)), self.factor * inverse)
            self.want = want
            if outweighs is not None:
                place, sign = outweighs
                own = 1.0 if self.weights is None else float(self.weights[place])
                if self.gradient is not None:
                    self.gradient[place] = sign * self.factor * math.sqrt(own * inverse)
                if self.hessian is not None:
                    self.hessian[place] = 0
        return self.finish(value, 1.0)

    def one_at_infinity(self) -> tuple[Any, float] | None:
        """Return where the only infinite residual is, and its sign: the root goes there as that residual alone does."""
        kept = self.left_out.kept(self.y_pred.shape, self.weights)
        places = np.argwhere(kept & ~(np.isfinite(self.y_pred) & np.isfinite(self.y_true)))
        if len(places) != 1:
            return None
        place = tuple(places[0])
        residual = float(self.y_pred[place]) - float(self.y_true[place])
        return None if math.isnan(residual) else (place, math.copysign(1.0, residual))

    def jit_loop(self, row: Row, uniform: bool) -> int:
        """Return the address of the loop that Numba compiles."""
        from .jit.elementwise import kernels_of

        return kernels_of(row).address(self.want, self.double_precision, uniform)

    def jit_rows(self, of_softmax: bool, classes: int, soft: bool) -> tuple[Any, ...]:
        """Return what `kernels.rows` has to know of a kernel that Numba compiles; nothing on the other engine."""
        if self.row.kernels is None and current_engine() == "compiled":
            return ()
        if self.row.kernels is None and not of_softmax:
            options = [name for name in _changed(self.row, self.parameters) if name not in _IN_KERNEL]
            given = f" with {' and '.join(options)}" if self.row.name == "cross_entropy" else ""
            raise NotImplementedError(
                f"{self.row.name}{given} has no Numba kernel; call it outside fastloss.engine('numba')"
            )
        from .jit.rows import kernel_of

        return kernel_of(self.row, self.parameters, self.want, self.double_precision, classes, soft)

    def rowwise(self) -> Callable[[], Any]:
        y_pred, y_true, row, given = self.y_pred, self.y_true, self.row, self.parameters
        if y_pred.ndim == 0:
            raise ValueError(f"{row.prediction} has no dimensions; it needs an axis of classes")
        axis = as_axis(given["axis"], y_pred.ndim)
        columns = y_pred.shape[axis]
        place = y_pred.ndim + axis
        shape = y_pred.shape[:place] + y_pred.shape[place + 1 :]
        rows = y_pred.size // columns if columns else math.prod(shape)
        target = row.target
        assert isinstance(target, RowTarget)
        form = target_form(y_true, row.prediction, y_pred.shape, shape, given["axis"], target)
        soft = form != "index"
        if columns == 0 and rows:
            raise ValueError(f"{row.prediction} has shape {y_pred.shape}: rows of no classes")
        classes = columns + target.levels
        class_weight, ignore_index = given.get("class_weight"), given.get("ignore_index")
        if class_weight is not None and class_weight.size != classes:
            raise ValueError(f"class_weight has {class_weight.size} weights; there are {classes} classes")
        if soft and ignore_index is not None:
            raise ValueError(
                "ignore_index goes with class indices; y_true holds probabilities: use where= to leave rows out"
            )
        if not soft and y_true.dtype.itemsize == 2 and dtype_number(y_true.dtype) in (9, 10):
            y_true = y_true.astype(np.float32)
        of_softmax = row.name == "cross_entropy" and row.kernels is None and _IN_KERNEL.issuperset(_changed(row, given))
        plain = of_softmax or row.kernels is not None  # labels, weights and smoothing alone, in softmax.pxi's frame
        own = () if plain else self.row_parameters(columns)
        limits = limits_of(row, given, np.float64 if self.double_precision else np.float32)
        self.samples(shape)
        smoothing = given.get("label_smoothing", 0.0)
        jit = self.jit_rows(of_softmax, classes, soft)

        def last(array: np.ndarray[Any, Any] | None) -> Any:
            return array if array is None or axis == -1 else np.moveaxis(array, axis, -1)

        def run(inspect: bool, denominator: float, piece: Any = None, results: tuple[Any, ...] = ()) -> float:
            """Run all rows, or a piece of them, whose results are given with the classes last."""
            given: tuple[Any, ...] = last(y_pred), last(y_true) if soft else y_true, self.weights, self.where
            if piece is None:
                results = self.value, last(self.gradient), last(self.hessian)
            else:
                given = tuple(array if array is None else array[piece] for array in given)
            n = rows if piece is None else math.prod(given[0].shape[:-1])
            operands = tuple(map(describe, (*given, *results)))
            threads = threads_for(self.n_threads, n * columns)
            total: float
            if plain:
                total = kernels.rows(
                    CROSS_ENTROPY, self.want, self.double_precision, n, classes, denominator, soft,
                    smoothing, class_weight, ignore_index, inspect, operands, threads, *(() if inspect else jit),
                    value_factor=self.factor,
                )  # fmt: skip
            else:
                number = kernels.ROW_LOSSES.index(row.name)
                total = kernels.row_losses(
                    number, self.want, self.double_precision, n, columns, classes, denominator,
                    form_number(target, form),
                    smoothing, class_weight, ignore_index, *own, limits, inspect, operands, threads,
                    self.factor,
                )  # fmt: skip
            return total

        total_weight = run(True, 0.0)
        if total_weight != total_weight:
            if self.weights is not None:
                check_weights("sample_weight", self.weights, self.double_precision, self.left_out)
            check_row_targets(y_true, form, target, classes, axis, self.weights, self.left_out)
            if class_weight is not None and not soft:
                check_products(y_true, self.weights, class_weight, self.left_out, self.double_precision)
            check_row_predictions(
                row.prediction, y_pred, row.predictions(given), axis, self.weights, self.left_out, self.double_precision
            )
            raise ValueError("y_true or sample_weight was changed by another thread while it was checked")
        number = self.denominator(total_weight)
        if class_weight is not None and not soft and self.normalizer is not None:
            check_products(
                y_true, self.weights, class_weight, self.left_out, self.double_precision, self.normalizer,
                total_weight,
            )  # fmt: skip

        def compute() -> Any:
            denominator = number / self.factor
            self.allocate()
            return self.finish(run(False, denominator), denominator)

        self.run_rows, self.divisor = run, number
        return compute

    def row_parameters(self, columns: int) -> tuple[int, tuple[float, ...], Any]:
        """Return a loss's own parameters as the row kernels take them: what is given, numbers, a factor per class."""
        chosen, numbers, factor = row_parameters(self.row, self.parameters)
        if factor is not None:
            factor = np.full(columns, factor) if np.ndim(factor) == 0 else factor
            if factor.size != columns:
                name = next(parameter.name for parameter in self.row.parameters if parameter.kind == "factor")
                raise ValueError(f"{name} has {factor.size} factors; there are {columns} classes")
        return chosen, numbers, factor


def restored_row(origin: str | tuple[Any, ...]) -> Row:
    """Return the row of a loss that was pickled: of the catalogue by its name, any other by what makes it again."""
    if isinstance(origin, str):
        return CATALOGUE[origin]
    make, *arguments = origin
    row: Row = make(*arguments)
    return row


def _restored(origin: str | tuple[Any, ...], bound: dict[str, Any]) -> Loss:
    return Loss(restored_row(origin), bound)
