"""What people read about a loss, written from its row in the catalogue: docstrings, and the table of all losses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from .catalogue import CATALOGUE
from .rows import FIXED, LENGTHS, PREDICTION, TARGET, Operand, Parameter, PenaltyRow, Row, RowTarget, cosine, real

if TYPE_CHECKING:
    from .loss import Loss

_WIDTH = 88

#: What every loss takes besides: entry and description.
_KEYWORDS = {
    "sample_weight : array_like, optional": (
        "The weight of each sample, finite and >= 0: a number, or an array of {samples}, with length 1 on each axis "
        "whose samples share a weight: for two axes, ``w[:, None]`` has one for each index of the first. A sample of "
        "weight 0 is left out: it adds nothing, and its gradient is +0, even where its input is NaN."
    ),
    "where : array_like of bool, optional": (
        "Which samples count, in a shape that `sample_weight` may have. A sample that does not count has gradient +0."
    ),
    "reduction : {{'mean', 'sum', 'none'}}, default={reduction}": (
        "'mean': sum of weight x loss over the sum of the weights. 'sum': sum of weight x loss. 'none': weight x loss "
        "of each sample. Gradient and Hessian are those of the returned value ('none': those of the sum)."
    ),
    "normalizer : float, {normalizer}": "A number > 0 by which the mean divides, in place of the sum of the weights.",
    "out : ndarray or tuple of ndarray and None, optional": (
        "Where to write: an array, or a tuple with one place for each result, None where a new array is wanted. {over}"
    ),
    "n_threads : int, {n_threads}": (
        "How many threads may run, at least 1; by default as many as `get_num_threads` returns. The result has the "
        "same bits for any number of threads."
    ),
    "wrt : str or tuple of str, optional": (
        "The arrays by which the loss is differentiated: a name, or a tuple of names in the order of the results; by "
        "default {predictions}. No other derivative is computed."
    ),
}

#: What methods that return the diagonal of the Hessian take besides.
_CURVATURE = {
    "curvature : {{'exact', 'gauss_newton', 'abs'}}, default='exact'": (
        "What the returned Hessian is made of: its exact diagonal, the absolute value of that, or what Gauss-Newton "
        "and iteratively reweighted least squares have in its place, which is never negative, and 1 where a loss has "
        "no curvature at all."
    ),
    "hess_factor : float, default=1.0": "A number > 0 that multiplies the Hessian.",
    "hess_floor : float, default=0.0": (
        "The least that the Hessian is, after the factor; 0 for no floor: an exact Hessian may be below 0. Samples "
        "that are left out keep +0."
    ),
}

#: The results of a method, by their names; that of a call stands alone, and its type is its name.
_RESULTS = {
    "value": (
        "float or ndarray",
        "The value: a float for 'mean' and 'sum' (0.0 where nothing is left to average), for 'none' an array of {shape}"
        " and of the type of `{prediction}`; or the array given as `out`.",
    ),
    "gradient": (
        "ndarray",
        "The gradient of the value with respect to `{prediction}`, of its shape and type; or the array given as `out`.",
    ),
    "hessian": ("ndarray", "The diagonal of the Hessian, of the same shape and type; or the array given as `out`."),
}
#: The same of a loss with several predictions.
_BY_SEVERAL = {
    "value": (
        _RESULTS["value"][0],
        _RESULTS["value"][1].replace("type of `{prediction}`", "widest type of {of_samples}"),
    ),
    "gradient": (
        "tuple of ndarray",
        "The gradients with respect to {predictions}, each of that array's shape and type; or the arrays given as "
        "`out`. With `wrt` those that it names, and of a name alone an array, not a tuple.",
    ),
    "hessian": ("tuple of ndarray", "The diagonals of the Hessian, likewise."),
}
_OF_METHODS = {
    "__call__": ("value",),
    "grad": ("gradient",),
    "value_and_grad": ("value", "gradient"),
    "grad_and_hess": ("gradient", "hessian"),
    "value_grad_hess": ("value", "gradient", "hessian"),
}

_RAISES = {
    "TypeError, ValueError": (
        "If an argument has a wrong type, shape, value or domain, or if arrays overlap in memory. The message names "
        "the argument and the first bad element. No output has been written then."
    ),
    "MemoryError": "If there is no memory for the results.",
}

_METHODS = """\
These methods take the same arguments, and return other results of one pass over the data:

- ``{name}.grad``: the gradient with respect to {predictions}
- ``{name}.value_and_grad``: value, gradient
{of_hessian}
{shapes}
{of_link}\
``{name}.bind(...)`` returns this loss with other defaults for parameters, `reduction`, `normalizer`, `n_threads`."""


_OF_HESSIAN = """\
- ``{name}.grad_and_hess``: gradient, diagonal of the Hessian
- ``{name}.value_grad_hess``: value, gradient, diagonal of the Hessian
"""


def _listed(operands: Sequence[Operand]) -> str:
    """Return arrays of a loss as a list of names."""
    *others, last = (f"`{operand.name}`" for operand in operands)
    return f"{', '.join(others)} and {last}" if others else last


_PRODUCT = "- ``{name}.hvp``: the Hessian times a vector, which is the argument after the prediction\n"
_OF_LINK = {
    "identity": "the scores themselves",
    "exp": "their exponential",
    "sigmoid": "their sigmoid",
    "softmax": "their softmax",
}
_LINK = "``{name}.inverse_link(scores)`` makes predictions of the raw scores of a model: {of_scores}."
_MATRIX = "- ``{name}.hess_matrix``: the Hessian of each row of at most 64 classes\n"


def _entry(head: str, description: str) -> str:
    """Return an entry of a numpydoc section."""
    from textwrap import fill

    indent = " " * 4
    return (
        f"{head}\n{fill(description, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)}"
    )


def _entries(texts: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return the entries of a section, their {fields} filled in."""
    return "\n".join(_entry(head.format(**names), text.format(**names)) for head, text in texts.items())


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _symbols(row: Row) -> str:
    """Return what the one-letter names of a formula stand for."""
    import re

    words = set(re.findall(r"[A-Za-z]+", row.formula.replace("_", " ")))
    if row.several:
        return ""
    of_columns = {column.symbol: f"{column.symbol} = y_pred[..., {k}]" for k, column in enumerate(row.core)}
    of_all = {"r": "r = y_pred - y_true", "x": f"x = {row.prediction}", "s": "s = y_pred", "y": "y = y_true"}
    meaning = of_all | of_columns
    if any(parameter.kind == "labels" for parameter in row.parameters):
        meaning |= {"t": "t = 1 for the positive label and -1 for the negative"}
    return ", ".join(text for letter, text in meaning.items() if letter in words)


def _shown(value: Any) -> str:
    """Return a default as it is written in a signature, an array in one line."""
    return " ".join(repr(value).split())


def _given(default: Any) -> str:
    """Return what the head of an entry says of a default."""
    return "optional" if default is None else f"default={_shown(default)}"


def _parameter(parameter: Parameter, default: Any, row: Row | PenaltyRow) -> str:
    """Return the entry of one of the loss's own parameters."""
    kinds = {
        "element": "float or array_like",
        "number": "float",
        "per_class": "array_like",
        "factor": "float or array_like",
        "index": "int",
        "axis": "int",
        "choice": "str",
        "switch": "bool",
        "labels": "(0, 1) or (-1, 1)",
        "subset": "str or sequence of int",
        "numbers": "float or sequence of float",
        "pixels": "float or array_like",
        "mask": "array_like of bool",
    }
    text = _sentence(parameter.description or f"a parameter of {row.name}")
    if parameter.kind == "per_class":
        text += f"; of shape (C,), each {parameter.domain.description}"
    elif parameter.kind == "factor":
        text += f"; an array has the shape (C,), each {parameter.domain.description}"
    elif parameter.kind == "pixels":
        text += (
            "; of the shape of the pixels, without the axis of classes, with length 1 on each axis whose pixels share "
            f"one, each {parameter.domain.description}"
        )
    elif parameter.kind == "mask":
        text += "; it broadcasts to the shape of the logits"
    elif parameter.kind == "numbers":
        text += f"; each must be {parameter.domain.description}"
    elif parameter.kind in ("element", "number", "choice"):
        text += f"; it must be {parameter.domain.description}"
    if parameter.kind == "element":
        of = "parameter" if isinstance(row, PenaltyRow) else row.prediction
        text += f". An array broadcasts to the shape of `{of}` as in NumPy: of one dimension, it is for the last axis"
    return _entry(f"{parameter.name} : {kinds[parameter.kind]}, {_given(default)}", f"{text}.")


#: What has a weight of its own, by the axes of the prediction, where that is not each element.
_SAMPLES = {
    "C": "the rows",
    "D": "the vectors without their last axis",
    "2": "the targets",
    "TC": "the sequences, (N,)",
    "TUC": "the sequences, (N,)",
    "R": "the regions",
    "G": "the groups",
    "ND": "the pairs of sets, those axes before the last two",
    "mixed": "the samples, if all terms have the same",
}


def _fuses(row: Row) -> bool:
    """Tell whether a sum of such losses is one pass; asked of sums alone, which are made where kernels are loaded."""
    from .kinds import fuses

    return fuses(row.kind)


def _has_axis(row: Row) -> bool:
    """Tell whether a caller says along which axis the classes lie."""
    return any(parameter.kind == "axis" for parameter in row.parameters)


def _samples(row: Row) -> str | None:
    """Return what has a weight of its own, None where that is each element."""
    if row.axes == "D" and _has_axis(row):
        return _SAMPLES["C"]
    return _SAMPLES.get("mixed" if row.mixed else row.axes)


_HELD = {"probs": "Probabilities", "log_probs": "Log-probabilities"}

#: Targets and predictions of two rows of three classes.
_ROWS = {
    "index": "[0, 2]",
    "number": "[1.0, 2.5]",
    "numbers": "[[0.0, 1.0, 2.0], [-0.5, 2.5, 3.0]]",
    "soft": "[[0.5, 0.5, 0.0], [0.0, 0.25, 0.75]]",
    "shares": "[[1, 0, 1], [0, 0, 1]]",
    "members": "[[1, 0, 1], [0, 0, 1]]",
    "logits": "[[2.0, 1.5, 0.0], [0.5, 0.0, 1.0]]",
    "probs": "[[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]",
    "log_probs": "[[-0.5, -1.5, -1.75], [-2.0, -2.0, -0.25]]",
}


def _operands(row: Row) -> str:
    """Return the entries of target and prediction."""
    types = "float32, float64, float16 or bfloat16; integers are computed as float64"
    if row.several:
        shape = f"the shape of `{row.prediction}`"
        samples, any_shape = shape, "of any shape"
        if row.axes == "D" and not _has_axis(row):
            samples, any_shape = f"{shape} without its last axis", "of any shape, each vector along the last axis"
        if row.against:
            any_shape = "of the shape (N, D)"
        if row.axes == "ND":
            any_shape, shape = "of the shape (..., N, D)", "the shape (..., M, D)"
        if row.ragged:
            any_shape = (
                "one for each row"
                if row.axes == "G"
                else f"of the shape (N, {'T, U + 1' if row.axes == 'TUC' else 'T'}, C), or as the notes say"
            )
        entries = []
        for operand in row.operands:
            text = _sentence(operand.description or operand.name)
            if isinstance(operand.domain, RowTarget):
                text += "; see the notes for their shapes."
            elif operand.shared:
                lengths = ", ".join(operand.axes) + "," * (len(operand.axes) == 1)
                text += f"; {f'of the shape ({lengths})' if lengths else 'a number'}, which all samples share."
            elif operand.role == LENGTHS:
                text += ": integers." if row.axes == "G" else ": integers of the shape (N,)."
            elif operand.role != PREDICTION and operand.axes == "G":
                domain = f", each {operand.domain.description}" if operand.domain != real else ""
                text += f"{domain}; one for each row."
            elif operand.role == PREDICTION or operand.axes == "D":
                if operand.axes == "UC":
                    shape = "the shape (N, U + 1, C), or as the notes say"
                text += f"; {any_shape}: {types}." if operand.name == row.prediction else f"; of {shape}."
            else:
                domain = f": each {operand.domain.description}" if operand.domain != real else ""
                text += f"{domain}; of {samples}, or one number for all."
            optional = ", optional" if operand.optional else ""
            entries.append(_entry(f"{operand.name} : array_like{optional}", text))
        return "\n".join(entries)
    if row.mixed:
        target = "Targets, as every term takes them."
        prediction = f"Predictions, as every term takes them: {types}."
    elif row.core:
        domain = "" if row.target == real else f", each {row.target.description}"
        target = f"Targets{domain}; of the shape of `y_pred` without its last axis, or one number for all."
        columns = " and ".join(f"{column.name}s `y_pred[..., {k}]`" for k, column in enumerate(row.core))
        prediction = f"{_sentence(columns)}, the last axis being {len(row.core)}: {types}."
    elif row.axes == "R":
        target = f"Targets, each {row.target.description}; see the notes for their shapes."
        prediction = f"Predictions, one for each pixel and class; see the notes for their shapes: {types}."
    elif row.axes != "C":
        target = f"Targets, each {row.target.description}; of the shape of `{row.prediction}`, or one number for all."
        domain = "" if row.predicted == real else f", each {row.predicted.description}"
        prediction = f"Predictions{domain}, of any shape: {types}."
    else:
        target = f"Targets: {row.target.each}{row.target.description}; see the notes for their shapes."
        prediction = f"Predictions, one for each class, of any shape with a class axis: {types}."
        if row.prediction == "y_pred" and row.holds != "logits":
            prediction = prediction.replace("Predictions", _HELD.get(row.holds, "Predictions"), 1)
    if row.prediction != "y_pred":
        prediction = prediction.replace("Predictions", "Raw scores, not probabilities", 1)
        prediction += " The name `y_pred` is accepted too."
    elif row.holds == "log_mean":
        prediction = prediction.replace("Predictions", "Logarithms of the predicted means", 1)
    elif row.input == "probabilities":
        prediction = prediction.replace("Predictions", "Probabilities", 1)
    return _entry("y_true : array_like", target) + "\n" + _entry(f"{row.prediction} : array_like", prediction)


def _example_points(row: Row) -> tuple[list[float], list[float]]:
    """Return two targets and two predictions of an element-wise loss."""
    least = 1.0 if "|y|" in row.formula else 0.0  # an error relative to a target of 0 says nothing
    y_true = [y for y in (0.0, 1.0, 2.0, -1.0) if y in row.target and abs(y) >= least][:2]
    return y_true, [0.5, 3.0 if 3.0 in row.predicted else 0.75]


def _example_arrays(row: Row) -> dict[str, str]:
    """Return code of a few numbers, or vectors, for each array of a loss of several."""
    by_axes: dict[str, Iterator[Any]] = {
        "": iter(([2.0, -0.5], [0.5, -1.0], [-1.0, 0.25], [1.5, -2.0])),
        "D": iter(([[2.0, -0.5], [1.0, 0.0]], [[0.5, 1.0], [1.0, 1.0]], [[1.0, 0.25], [-3.0, 2.0]])),
        "CD": iter(([[1.0, 0.0], [0.5, -0.5], [0.0, 2.0]],)),
        "C": iter(([0.0, 0.25, -1.0], [0.5, 0.0, 0.0])),
        "CC": iter(([[1.0, 0.0, -1.0], [0.5, -0.5, 0.0], [0.0, 2.0, 0.0]],)),
        "UC": iter(("[[[0.0, 1.0, 0.5], [0.5, 0.0, -1.0], [1.0, 0.0, 0.0]]] * 2",)),
        "TUC": iter(("[[[[0.0, 2.0, 1.0], [1.0, 0.5, -1.0], [0.5, 0.0, 3.0]]] * 4] * 2",)),
        "TC": iter(("[[[0.0, 2.0, 1.0], [1.0, 0.5, -1.0], [0.5, 0.0, 3.0], [2.0, 0.0, 0.0]]] * 2",)),
        "G": iter(([2.0, -0.5, 1.0, 0.5, 0.0],)),
        "S": iter(([[1, 2], [2, 0]],)),
        "ND": iter(([[2.0, -0.5], [1.0, 0.0]],)),
        "MD": iter(([[0.5, 1.0], [1.0, 1.0], [-1.0, 0.25]],)),
    }
    of_pairs = row.against and sum(operand.axes == "D" for operand in row.operands) == 1
    if of_pairs:  # each vector has one that is like it, and others
        by_axes["D"] = iter(([[2.0, -0.5], [1.0, 0.0], [0.5, 1.0], [0.0, 1.0]],))

    def example(operand: Operand) -> Any:
        if operand.role == LENGTHS:
            of = next(o for o in row.operands if o.lengths == operand.name)
            if of.axes == "G":
                return [3, 2]
            return [2, 1] if of.role == TARGET else [4, 3]
        if operand.lengths:
            return next(by_axes[operand.axes])
        if isinstance(operand.domain, RowTarget):
            return "[0, 1]" if row.axes == "D" and not row.shares else _ROWS[operand.domain.forms[0]]
        if operand.role == TARGET and operand.axes == "G":
            return [3.0, 1.0, 2.0, 1.0, 2.0] if operand.domain == real else [min(operand.domain.high, 2.0), 0, 1, 1, 0]
        if operand.role == TARGET and operand.domain == real:
            return [1, 1, 2, 2] if of_pairs else [1, 1]
        if operand.role == TARGET:
            return [min(operand.domain.high, 1.0), operand.domain.low + operand.domain.low_open]
        if operand.shared and not operand.axes:
            return 1.0
        numbers = next(by_axes[operand.axes])
        if operand.domain is cosine:
            return [[0.75, -0.5], [0.5, 0.0]]
        below_zero = "og-prob" in operand.description or operand.description.startswith("those")
        if not operand.axes and (below_zero or operand.domain != real):
            return [-abs(x) for x in numbers]
        return numbers

    return {operand.name: str(example(operand)) for operand in _said(row)}


def _said(row: Row) -> list[Operand]:
    """Return the arrays of an example: all, but for other ways to say how long something is, and weights."""
    said = {operand.lengths for operand in row.operands}
    return [
        operand
        for operand in row.operands
        if operand.name in said or not (operand.role == LENGTHS or (operand.role == FIXED and operand.optional))
    ]


def _example_arguments(row: Row) -> list[str]:
    """Return the first lines of a doctest."""
    lines = [">>> import fastloss as fl"]
    if row.several:
        return [*lines, *(f">>> {name} = {numbers}" for name, numbers in _example_arrays(row).items())]
    if isinstance(row.target, RowTarget):
        return [*lines, f">>> y_true = {_ROWS[row.target.forms[0]]}", f">>> {row.prediction} = {_ROWS[row.holds]}"]
    if row.axes == "R":
        return [*lines, f">>> y_true = {_ROWS['members']}", f">>> {row.prediction} = {_ROWS[row.holds]}"]
    if row.core:
        names = " and ".join(column.name for column in row.core)
        given = f"[0.0, 1.0], [[0.5, 0.0], [3.0, -1.0]]  # {names} of each"
    else:
        y_true, y_pred = _example_points(row)
        given = f"{y_true}, {y_pred}"
    return [*lines, f">>> y_true, {row.prediction} = {given}"]


def _answered(lines: Sequence[str]) -> str:
    """Return a doctest of lines of code, each expression followed by what it gives."""
    import ast

    from .runtime import engine

    names: dict[str, Any] = {}
    answered = []
    for line in lines:
        answered.append(line)
        code = line.removeprefix(">>> ")
        with engine("compiled"):  # the other one has not every loss
            if isinstance(ast.parse(code).body[0], ast.Expr):
                answered.append(repr(eval(code, names)))
            else:
                exec(code, names)
    return "\n".join(answered)


def _example(row: Row, method: str) -> str:
    """Return a doctest. What it prints for an element-wise loss comes from the formula, not from the kernels."""
    if row.terms:
        return _example_of_sum(row, method)
    if row.made_by is not None:  # not of the package: its function's text may have one
        return ""
    lines = _example_arguments(row)
    call = f"({', '.join(operand.name for operand in _said(row))})"
    several = len(row.differentiated) > 1
    if method != "__call__":
        results = _OF_METHODS[method]
        lines.append(f">>> {', '.join(results)} = fl.{row.name}.{method}{call}")
        lines.append(f">>> [array.shape for array in {results[-1]}]" if several else f">>> {results[-1]}.shape")
        return _answered(lines)
    both = f">>> value, gradient = fl.{row.name}.value_and_grad{call}"
    if row.function is not None and row.of_numbers and not row.several:
        y_true, y_pred = _example_points(row)
        defaults = row.constants({parameter.name: parameter.default for parameter in row.parameters})
        points = [row.function(y, x, *defaults)[:3] for y, x in zip(y_true, y_pred, strict=True)]
        value = round(sum(point[0] for point in points) / 2, 6)
        gradient = [round(point[1] / 2, 6) for point in points]
        lines += [f">>> round(fl.{row.name}{call}, 6)", f"{value}", both]
        lines += [">>> gradient.round(6).tolist()", f"{gradient}"]
        return "\n".join(lines)
    lines += [both, ">>> round(value, 6)"]
    short = row.differentiated[0].axes not in ("TC", "TUC")
    numbers = ".round(4).tolist()" if short else ".shape"
    if several:
        lines.append(">>> [array.shape for array in gradient]")
        lines.append(f">>> fl.{row.name}.grad{call[:-1]}, wrt={row.prediction!r}){numbers}")
    else:
        lines.append(f">>> gradient{numbers}")
    if row.axes in ("C", "R", "G"):
        lines.append(f">>> fl.{row.name}{call[:-1]}, reduction='none').round(6).tolist()")
    return _answered(lines)


def _example_of_sum(row: Row, method: str) -> str:
    """Return a doctest, with targets and predictions that every term takes; nothing if some are losses of users."""
    rows = [term for _, term in row.terms]
    if any(term.made_by is not None for term in rows):
        return ""
    held = next((holds for holds in ("log_probs", "probs") if any(term.holds == holds for term in rows)), "logits")
    if any(term.axes == "2" for term in rows):
        y_true, y_pred = (
            "[0, 1]",
            "[[-0.5, -1.0], [-3.0, -0.5]]" if held == "log_probs" else "[[0.5, 0.5], [0.25, 0.75]]",
        )
    elif all(isinstance(term.target, RowTarget) and {"index", "number"} & {*term.target.forms} for term in rows):
        y_true, y_pred = _ROWS["index"], _ROWS[held]
    elif any(term.axes == "C" for term in rows):
        inside = held == "logits" and row.predicted != real  # as the losses of one probability are
        y_true, y_pred = "[[1, 0, 0], [0, 0, 1]]", _ROWS["probs" if inside else held]
    else:
        y_true, y_pred = map(str, _example_points(row))
    total = " + ".join(f"fl.{term.name}" for term in rows)
    lines = [
        ">>> import fastloss as fl",
        f">>> loss = {total if len(rows) > 1 else f'2 * {total}'}",
        f">>> y_true, {row.prediction} = {y_true}, {y_pred}",
    ]
    method = "value_and_grad" if method == "__call__" else method
    results, call = _OF_METHODS[method], f"(y_true, {row.prediction})"
    lines.append(f">>> {', '.join(results)} = loss.{method}{call}")
    if "value" in results:
        return "\n".join([*lines, f">>> value == loss{call}", "True"])
    return "\n".join([*lines, f">>> bool((gradient == loss.value_and_grad{call}[1]).all())", "True"])


def _of_link(row: Row, defaults: Mapping[str, Any]) -> str:
    """Return the sentence about predictions of raw scores."""
    links = row.links(defaults)
    if not links:
        return ""
    texts = [
        _OF_LINK[link.function].replace("their", "the", 1) + f" of {1 / link.divisor:g} times the scores"
        if link.divisor != 1
        else _OF_LINK[link.function]
        for link in links
    ]
    if len(links) > 1:
        texts = [f"of {column.name}s {text}" for column, text in zip(row.core, texts, strict=True)]
    from textwrap import fill

    text = _LINK.format(name=f"({row.name})" if row.terms else row.name, of_scores=", ".join(texts))
    return fill(text, _WIDTH, break_on_hyphens=False, break_long_words=False) + "\n"


def docstring(row: Row, defaults: Mapping[str, Any] | None = None, method: str = "__call__") -> str:
    """Return the numpydoc text of a loss, or of one of the methods that return its results.

    Parameters
    ----------
    row : Row
        Its row in the catalogue.
    defaults : mapping, optional
        What its parameters and keywords are bound to; by default what the row says.
    method : str
        The name of a method; by default it is the text of the loss itself.

    Returns
    -------
    str
        The whole text, examples included.
    """
    defaults = {parameter.name: parameter.default for parameter in row.parameters} | dict(defaults or {})
    names = {
        "name": f"({row.name})" if row.terms else row.name,
        "prediction": row.prediction,
        "predictions": _listed(row.differentiated),
        "of_samples": _listed([operand for operand in row.differentiated if not operand.shared]),
        "over": (
            f"The gradient may be written over `{row.prediction}` itself."
            if len(row.differentiated) == 1
            else "The place of the gradients is a tuple, too. Each may be written over its own array."
        ),
        "shapes": (
            f"{'The gradient has' if row.no_hessian else 'Gradient and Hessian have'} the shape and type of "
            f"`{row.prediction}`, unless `out` says otherwise."
            if len(row.differentiated) == 1
            else "With respect to several arrays, a gradient is a tuple of arrays; `wrt` names those that are wanted."
        ),
        "samples": f"the shape of {_samples(row) or f'`{row.prediction}`'}",
        "reduction": repr(defaults.get("reduction", "mean")),
        **{name: _given(defaults.get(name)) for name in ("normalizer", "n_threads")},
        "shape": f"the shape of {_samples(row)}" if _samples(row) else "the shape",
    }
    own = [_parameter(parameter, defaults[parameter.name], row) for parameter in row.parameters]
    symbols = _symbols(row)
    methods = ((_OF_HESSIAN, not row.no_hessian), (_PRODUCT, row.has_products), (_MATRIX, row.whole_hessian))
    names["of_hessian"] = "".join(text.format(**names) for text, there in methods if there)
    names["of_link"] = _of_link(row, defaults)
    of_results = _RESULTS | _BY_SEVERAL if len(row.differentiated) > 1 else _RESULTS
    results = {name: (kind, text.format(**names)) for name, (kind, text) in of_results.items()}
    keywords = {head: text for head, text in _KEYWORDS.items() if head[:3] != "wrt" or len(row.differentiated) > 1}
    if "hessian" in _OF_METHODS[method]:
        keywords |= _CURVATURE
    if method == "__call__":
        summary, returned = row.summary, _entry(*results["value"])
        notes = f"{row.notes}\n\n{_METHODS.format(**names)}".lstrip()
    else:
        wanted = _OF_METHODS[method]
        words = [name if name != "hessian" else "diagonal of the Hessian" for name in wanted]
        listed = " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
        passes = "" if row.terms and not _fuses(row) else ", in one pass over the data"
        summary = f"{_sentence(listed)} of `{row.name}`{passes}."
        returned = "\n".join(_entry(f"{name} : {results[name][0]}", results[name][1]) for name in wanted)
        notes = f"{row.summary}\n\n{row.notes}".rstrip()
    sections = {
        "Parameters": "\n".join([_operands(row), *own, _entries(keywords, names)]),
        "Returns": returned,
        "Raises": _entries(_RAISES, names),
        "Notes": notes,
        "References": row.source,
        "Examples": _example(row, method),
    }
    formula = f"``{row.formula}``" + (f"\nwith {symbols}." if symbols else "")
    parts = [f"{title}\n{'-' * len(title)}\n{text}" for title, text in sections.items() if text]
    texts = [summary, formula, *parts]
    return "\n\n".join(texts) + "\n"


def method_docstring(row: Row, defaults: Mapping[str, Any], method: str) -> str | None:
    """Return the text of a method, None of one that does not return the results of a call.

    Parameters
    ----------
    row : Row
        The row of the loss.
    defaults : mapping
        What its parameters and keywords are bound to.
    method : str
        The name of the method.

    Returns
    -------
    str or None
        The whole text, examples included.
    """
    if row.no_hessian and "hessian" in _OF_METHODS.get(method, ()):
        return f"Raise TypeError: `{row.name}` has no diagonal of the Hessian, as {row.no_hessian}."
    return docstring(row, defaults, method) if method in _OF_METHODS else None


_PENALTY = """\
{summary}

``sum of {formula}`` over each number w of the array, times `strength`.

Parameters
----------
parameter : array_like
    Any array of real numbers.
{own}strength : float, default=1.0
    A factor >= 0 of value and gradient.
n_threads : int, optional
    As for losses.

Returns
-------
float
    The value.

Notes
-----
{notes}- ``{name}.grad``: the gradient, of the shape and type of `parameter`
- ``{name}.value_and_grad``: value, gradient, from one pass

Both also take `out`, an array for the gradient, and ``accumulate=True``, which adds the gradient to what `out` holds:
that of the loss, for instance.

References
----------
{source}

Examples
--------
>>> import numpy as np, fastloss as fl
>>> weights, gradient = np.array([3.0, -4.0, 0.0]), np.ones(3)
>>> round(fl.{name}(weights, strength=0.5), 6)
{value}
>>> fl.{name}.grad(weights, strength=0.5, out=gradient, accumulate=True).tolist()
{gradient}
"""


def penalty_docstring(row: PenaltyRow) -> str:
    """Return the numpydoc text of a penalty; what its example prints comes from the formula.

    Parameters
    ----------
    row : PenaltyRow
        Its row.

    Returns
    -------
    str
        The whole text.
    """
    own = "".join(_parameter(p, p.default, row) + "\n" for p in row.parameters)
    points = [row.function(w, 1.0, *(p.default for p in row.parameters)) for w in (3.0, -4.0, 0.0)]
    return _PENALTY.format(
        name=row.name,
        summary=row.summary,
        formula=row.formula,
        source=row.source,
        own=own,
        notes=f"{row.notes}\n\n" if row.notes else "",
        value=0.5 * sum(point[0] for point in points),
        gradient=[1 + 0.5 * point[1] for point in points],
    )


class LazyDocstring:
    """The ``__doc__`` of `Loss`: of the class its own text, of a loss that of its row, written when somebody asks."""

    def __init__(self, of_class: str | None) -> None:
        self.of_class = of_class

    def __get__(self, loss: Loss | None, owner: type[Loss] | None = None) -> str | None:
        return self.of_class if loss is None else docstring(loss._row, loss._parameters | loss._keywords)


# ---- the catalogue as a table ---------------------------------------------------------------------------------------


def _cells(row: Row) -> tuple[str, str, str, str]:
    own = ", ".join(f"{parameter.name}={_shown(parameter.default)}" for parameter in row.parameters)
    return row.name, f"{row.kind}: {row.input}", row.formula, own


class Losses(Sequence[Row]):
    """The rows of the catalogue: a sequence that prints as a table.

    Parameters
    ----------
    rows : sequence of Row
        What it holds.
    """

    columns = ("name", "kind: input", "formula", "parameters")

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = tuple(rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Losses: ...
    def __getitem__(self, index: int | slice) -> Row | Losses:
        return Losses(self._rows[index]) if isinstance(index, slice) else self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __str__(self) -> str:
        from shutil import get_terminal_size
        from textwrap import wrap

        table = [self.columns, *map(_cells, self._rows)]
        widths = [max(len(cells[column]) for cells in table) for column in range(4)]
        words = (word for cells in table for word in cells[1].replace("-", "- ").split())
        widths[1] = max(len(self.columns[1]), *map(len, words))
        # What does not fit is broken inside its cell; two spaces stand between columns.
        room = max(get_terminal_size((120, 24)).columns, 72) - widths[0] - widths[1] - 6
        narrow, wide = sorted((2, 3), key=widths.__getitem__)
        widths[narrow] = min(widths[narrow], room // 2)
        widths[wide] = min(widths[wide], room - widths[narrow])
        lines = []
        for cells in table:
            broken = [wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
            for line in range(max(map(len, broken))):
                parts = [part[line] if line < len(part) else "" for part in broken]
                lines.append("  ".join(f"{part:{width}}" for part, width in zip(parts, widths, strict=True)).rstrip())
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from html import escape

        def line(cells: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "\n".join(line(_cells(row), "td") for row in self._rows)
        return f"<table>\n<thead>\n{line(self.columns, 'th')}\n</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def losses() -> Losses:
    """Return the catalogue: one row for each loss.

    Returns
    -------
    sequence of rows
        Each has ``name``, ``kind``, ``input`` (what the second argument is), ``target``, ``parameters``, ``formula``
        and ``source``. Printed, it is a table.

    Examples
    --------
    >>> import fastloss as fl
    >>> [row.name for row in fl.losses() if row.axes == "C"]  # doctest: +ELLIPSIS
    ['cross_entropy', ..., 'quantiles']
    >>> fl.losses()[0].input
    'logits'
    >>> print(fl.losses()[:1])  # doctest: +ELLIPSIS
    name           kind: input  formula ...
    """
    return Losses(tuple(CATALOGUE.values()))
