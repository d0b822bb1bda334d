"""Losses that users write: `pointwise` and `rowwise` make one of a function of Python."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, overload

from ..call import CURVATURE, KEYWORDS
from ..catalogue import CATALOGUE
from ..loss import Loss
from ..rows import FIXED, FRAME, PREDICTION, TARGET, Declared, Domain, Operand, Parameter, Row, real
from ..scalars import as_number, shown
from .derive import with_derivatives
from .formula import ONE_OF_EACH, Formula, FormulaError, Places, restored_formula
from .translate import place_of, source_of, translate


class PointwiseSource:
    """The formula of a user's loss, and its kernels once they are asked for: Numba is imported then."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula

    @functools.cached_property
    def complete(self) -> Formula:
        """The formula with its Hessian, given or derived; as it is where that cannot be derived."""
        try:
            return self.formula if self.formula.results == 3 else with_derivatives(self.formula)
        except FormulaError:
            if self.formula.results == 1:
                raise
            return self.formula

    def check(self) -> None:
        """Raise where the value alone was given and no gradient can be derived."""
        if self.formula.results == 1:
            self.complete  # noqa: B018  # raises

    def __call__(self) -> Any:
        from .elementwise import kernels_of_formula

        return kernels_of_formula(self.complete)


def check_numba() -> None:
    """Raise unless Numba is there."""
    if find_spec("numba") is None:
        raise ImportError("a loss of your own needs Numba: python -m pip install 'numba>=0.61'")


#: What calls of every loss take.
_TAKEN = frozenset({"self", "y_true", "y_pred", "logits", *KEYWORDS, *CURVATURE})
#: What calls of losses of several arrays take besides them, and their methods.
_TAKEN_OF_SEVERAL = frozenset({"self", *KEYWORDS, *CURVATURE, "wrt", "vector", "shape", "dtype"})
#: As many predictions as the kernels have places for (``kernels/points/columns.h``).
_MOST_PREDICTIONS = 2


def _check_name(function: Callable[..., Any], what: str, name: str, taken: frozenset[str]) -> None:
    if name in taken:
        raise FormulaError(
            f"{place_of(function)} has {what} {name}, which every loss has already: give it another name"
        )


def arrays_of(
    function: Callable[..., Any], predictions: Any, target: Domain | None
) -> tuple[tuple[Operand, ...], Places]:
    """Return the arrays that a function of several takes: its arguments without a default."""
    names = (predictions,) if isinstance(predictions, str) else predictions
    if not isinstance(names, tuple | list) or not names or not all(isinstance(name, str) for name in names):
        raise TypeError(f"predictions must be the name of an argument, or a tuple of some, not {shown(predictions)}")
    if len(set(names)) < len(names):
        raise ValueError(f"predictions = {shown(predictions)} has a name twice")
    if len(names) > _MOST_PREDICTIONS:
        raise ValueError(f"predictions = {shown(predictions)}: a loss has at most {_MOST_PREDICTIONS}")
    found = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    listed = ", ".join(p.name for p in found)
    for name in names:
        if name not in [p.name for p in found]:
            raise ValueError(
                f"predictions = {shown(predictions)}: {name!r} is no argument without a default of "
                f"{function.__name__}; these are {listed or 'none'}"
            )
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD for p in found):
        raise FormulaError(f"{place_of(function)} must take its arrays by place: {listed}")
    for p in found:
        _check_name(function, "an array", p.name, _TAKEN_OF_SEVERAL)
    fixed = [p.name for p in found if p.name not in names]
    if "y_true" in fixed[1:]:
        raise FormulaError(f"{place_of(function)} must take y_true before {fixed[0]}, which is not differentiated")
    if target is not None and "y_true" not in fixed:
        raise TypeError(f"target is the interval of y_true, which {function.__name__} does not take: it takes {listed}")
    roles = {p.name: PREDICTION if p.name in names else FIXED if p.name != "y_true" else TARGET for p in found}
    arrays = tuple(
        Operand(name, role, "", target if role == TARGET and target is not None else real)
        for name, role in roles.items()
    )
    return arrays, Places(len(arrays), tuple(list(roles).index(name) for name in roles if name in names))


def parameters_of(function: Callable[..., Any], arrays: int) -> tuple[Parameter, ...]:
    """Return the parameters after the arrays, each with its default and domain."""
    found = list(inspect.signature(function).parameters.values())
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    if len(found) < arrays or any(p.kind not in kinds for p in found) or found[arrays - 1].kind is not kinds[0]:
        raise FormulaError(f"{function.__name__} must take y_true, y_pred and parameters with defaults")
    for parameter in found[arrays:]:
        _check_name(function, "a parameter", parameter.name, _TAKEN)
    parameters = []
    for parameter in found[arrays:]:
        default = parameter.default
        if isinstance(default, Declared):
            parameters.append(
                Parameter(parameter.name, default.default, default.domain, "element", default.description)
            )
        elif isinstance(default, int | float) and not isinstance(default, bool):
            parameters.append(Parameter(parameter.name, as_number(parameter.name, default), real))
            if parameters[-1].default not in real:
                raise FormulaError(f"{function.__name__}: the default of {parameter.name}, {default}, is no number")
        else:
            raise FormulaError(
                f"{function.__name__}: the parameter {parameter.name} needs a default that is a number; a function of "
                "several arrays needs predictions=, the names of those that the loss is differentiated by"
            )
    return tuple(parameters)


def _interval(target: Any) -> Domain:
    """Return the domain of targets that `pointwise` was given."""
    if target is None:
        return real
    if not isinstance(target, tuple | list) or len(target) != 2:
        raise TypeError(f"target must be a pair of numbers (lowest, highest), or None, not {shown(target)}")
    low, high = (as_number("target", end) for end in target)
    if not low < high:
        raise ValueError(f"target = {shown(target)} is not an interval: its first number must be less than its second")
    return Domain(f"in [{low:g}, {high:g}]", low, high)


def _described(function: Callable[..., Any], target: Domain, arrays: int = 2) -> dict[str, Any]:
    """Return what the row of a loss says of its function."""
    summary, _, notes = inspect.cleandoc(function.__doc__ or "").partition("\n\n")
    tree = source_of(function)
    returns = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    value = returns[-1].elts[0] if isinstance(returns[-1], ast.Tuple) else returns[-1]
    return {
        "name": function.__name__,
        "summary": summary or f"A loss of the user: {function.__qualname__} of {function.__module__}.",
        "notes": notes,
        "formula": " ".join(ast.unparse(value).split()),
        "source": f"{function.__module__}.{function.__qualname__}",
        "module": function.__module__,
        "qualname": function.__qualname__,
        "target": target,
        "parameters": parameters_of(function, arrays),
    }


def _pointwise_row(identity: tuple[Any, ...], described: tuple[tuple[str, Any], ...], formula: Formula) -> Row:
    return Row(
        kind="points",
        kernels=PointwiseSource(formula),
        made_by=(restored_pointwise_row, identity, described),
        **dict(described),
    )


def restored_pointwise_row(identity: tuple[Any, ...], described: tuple[tuple[str, Any], ...]) -> Row:
    """Return the row of a loss that was pickled."""
    return _pointwise_row(identity, described, restored_formula(*identity))


class RowwiseSource:
    """The function of a user's loss over rows, and its kernels once they are asked for."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula

    def __call__(self) -> Any:
        from .rows import kernels_of_formula

        return kernels_of_formula(self.formula)


def _rowwise_row(identity: tuple[Any, ...], described: tuple[tuple[str, Any], ...], formula: Formula) -> Row:
    return Row(
        kind="rows",
        axes="C",
        in_frame=FRAME,
        kernels=RowwiseSource(formula),
        made_by=(restored_rowwise_row, identity, described),
        **dict(described),
    )


def restored_rowwise_row(identity: tuple[Any, ...], described: tuple[tuple[str, Any], ...]) -> Row:
    """Return the row of a loss that was pickled."""
    return _rowwise_row(identity, described, restored_formula(*identity))


def rowwise(function: Callable[..., Any], /) -> Loss:
    """Make a loss of a function of one row: its target, its logits, and parameters with defaults.

    The result is a `Loss` like `fastloss.cross_entropy`: weights, masks, ``class_weight``, ``ignore_index``,
    ``label_smoothing``, ``axis``, reductions, ``out=``, dtypes, strides, threads.

    Parameters
    ----------
    function : callable
        It takes the class index of a row, or its probabilities as an array, whichever it is called with; the logits of
        the row, an array of its own that it may write into; and numbers. It returns the value and the gradient, an
        array, or value, gradient and diagonal of the Hessian. ``exp``, ``log1p`` and the other words of
        `fastloss.jit.pointwise` take arrays too.

    Returns
    -------
    Loss
        Its name is that of the function. The first call compiles it, and keeps what was compiled on disk.

    Raises
    ------
    TypeError
        For a function that cannot be compiled, or that returns the value alone: of a function of arrays no derivative
        is found. It cannot raise, as compiled code calls it: it returns ``nan``.
    ValueError
        When it is called: if its gradient has not one element for each of the logits, or if it reads outside of an
        array.
    ImportError
        If Numba is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> import fastloss as fl
    >>> @fl.jit.rowwise
    ... def squared_probability(y_true, logits, power=2.0):
    ...     e = exp(logits - logits.max())
    ...     p = e / e.sum()
    ...     rest = 1 - p[y_true]
    ...     gradient = power * rest ** (power - 1) * p[y_true] * p
    ...     gradient[y_true] -= power * rest ** (power - 1) * p[y_true]
    ...     return rest**power, gradient
    >>> value, gradient = squared_probability.value_and_grad([0], [[1.0, 1.0]])
    >>> value, gradient.tolist()
    (0.25, [[-0.25, 0.25]])
    """
    check_numba()
    formula = translate(function, by_rows=True)
    if formula.results == 1:
        raise FormulaError(
            f"{formula.name} ({formula.place()}) returns the value alone; the derivatives of a row are not found: "
            "return the gradient after the value"
        )
    described = _described(function, real)
    numbers = tuple(parameter._replace(kind="number") for parameter in described["parameters"])
    known = CATALOGUE["cross_entropy"]
    shared = tuple(p for p in known.parameters if p.name in SHARED)
    for parameter in numbers:
        if parameter.name in SHARED:
            raise FormulaError(
                f"{formula.name} ({formula.place()}) takes {parameter.name}, which every loss over rows has already: "
                "what it means is done before the function sees its target"
            )
    described |= {"parameters": (*numbers, *shared), "target": known.target, "prediction": "logits"}
    items = tuple(described.items())
    return Loss(_rowwise_row(formula.identity, items, formula))


#: The parameters of cross-entropy that every loss over rows has.
SHARED = ("class_weight", "ignore_index", "label_smoothing", "axis")


@overload
def pointwise(function: Callable[..., Any], /) -> Loss: ...
@overload
def pointwise(
    function: None = None,
    /,
    *,
    target: tuple[float, float] | None = None,
    prediction: str = "y_pred",
    predictions: str | tuple[str, ...] | None = None,
) -> Callable[[Callable[..., Any]], Loss]: ...
def pointwise(
    function: Callable[..., Any] | None = None,
    /,
    *,
    target: tuple[float, float] | None = None,
    prediction: str = "y_pred",
    predictions: str | tuple[str, ...] | None = None,
) -> Any:
    """Make a loss of a function of one target, one prediction, and parameters with defaults; or of other arrays.

    The result is a `Loss` like any other: weights, masks, reductions, ``out=``, dtypes, strides, threads, `bind`.

    Parameters
    ----------
    function : callable
        It returns the value, or value and gradient, or value, gradient and second derivative. Derivatives that it does
        not return are derived from those that it does; where that is impossible, an error names the line. It may use
        arithmetic, comparisons, functions of its own kind, and ``exp``, ``expm1``, ``log``, ``log1p``, ``sqrt``,
        ``tanh``, ``sigmoid``, ``softplus``, ``log_sigmoid``, ``abs``, ``where``, ``clamp``, with or without ``math.``
        or ``np.``: those are fastloss's own, which vectorise. All that it takes from outside is fixed then. It is
        compiled from its text: a function that wraps another, or whose file was changed since, is refused.
    target : tuple of two floats, optional
        The interval that targets lie in; others raise. By default any number.
    prediction : {"y_pred", "logits"}
        What the second argument is called besides `y_pred`.
    predictions : str or tuple of str, optional
        Of a loss of other arrays than a target and a prediction: the names of the arguments by which it is
        differentiated, one or two. Then all arguments without a default are arrays, which calls take in this order, or
        by name. `y_true` is the target; the others that are no predictions are read and no more. Of two predictions the
        function returns the gradient as a tuple, in the order of the arguments, and the Hessian as a tuple of three: by
        the first twice, by the second twice, by both. A call returns the first two of these; `hvp` multiplies by all.

    Returns
    -------
    Loss
        Its name is that of the function. The first call compiles it, and keeps what was compiled on disk.

    Raises
    ------
    TypeError
        For a function that cannot be compiled; the message names its line. It cannot raise, as compiled code calls it:
        it returns ``nan``, which is also what a sample gets if something that the function calls raises.
    ValueError
        For an interval that is none, and for `predictions` that are no arguments.
    ImportError
        If Numba is not installed.

    Notes
    -----
    At a kink of ``abs``, ``clamp``, `max` and `min` a derivative is the mean of those on both sides: that of ``abs(r)``
    is 0 at r = 0, the second one of ``abs(r)**2`` is 2. ``where`` has the derivatives of the branch that holds.

    Examples
    --------
    >>> import fastloss as fl
    >>> @fl.jit.pointwise
    ... def cauchy(y_true, y_pred, c=1.0):
    ...     r = (y_pred - y_true) / c
    ...     return 0.5 * c * c * log1p(r * r), c * r / (1 + r * r)
    >>> value, gradient = cauchy.value_and_grad([0.0, 0.0], [1.0, 3.0], reduction="sum")
    >>> round(value, 6), gradient.tolist()
    (1.497866, [0.5, 0.3])
    >>> cauchy.bind(c=2.0).parameters
    {'c': 2.0}

    The value alone is enough where it can be differentiated:

    >>> @fl.jit.pointwise
    ... def log_cosh(y_true, y_pred):
    ...     r = y_pred - y_true
    ...     return softplus(2 * r) - r - log(2.0)
    >>> log_cosh.grad([0.0], [1.0]).round(6).tolist()
    [0.761594]

    A loss of pairs, each of which has a margin:

    >>> @fl.jit.pointwise(predictions=("chosen", "rejected"))
    ... def preference(chosen, rejected, margin, beta=1.0):
    ...     return softplus(-beta * (chosen - rejected - margin))
    >>> value, (by_chosen, by_rejected) = preference.value_and_grad([2.0], [1.0], margin=[1.0])
    >>> round(value, 6), by_chosen.tolist(), by_rejected.tolist()
    (0.693147, [-0.5], [0.5])
    """
    if function is None:
        return functools.partial(_pointwise, target=target, prediction=prediction, predictions=predictions)
    return _pointwise(function, target, prediction, predictions)


def _pointwise(
    function: Callable[..., Any], target: tuple[float, float] | None, prediction: str, predictions: Any
) -> Loss:
    check_numba()
    domain = _interval(target)
    if not isinstance(prediction, str):
        raise TypeError(f"prediction must be 'y_pred' or 'logits', not {shown(prediction)}")
    if prediction not in ("y_pred", "logits"):
        raise ValueError(f"prediction = {shown(prediction)} is not 'y_pred' or 'logits'")
    arrays: tuple[Operand, ...] = ()
    places = ONE_OF_EACH
    if predictions is not None:
        if prediction != "y_pred":
            raise TypeError("prediction is for a loss of a target and a prediction; predictions names all")
        arrays, places = arrays_of(function, predictions, None if target is None else domain)
        prediction = next(operand.name for operand in arrays if operand.role == PREDICTION)
    formula = translate(function, places=places)
    own = {"prediction": prediction, **({"arrays": arrays} if arrays else {})}
    described = tuple((_described(function, domain, places.arrays) | own).items())
    row = _pointwise_row(formula.identity, described, formula)
    row.kernels.check()
    return Loss(row)
