"""Write what repeats the catalogue: the stub, and the page of losses with its pictures. None of it is in git.

    python tools/write_generated.py                # src/fastloss/__init__.pyi and build/docs/losses.md
    python tools/write_generated.py --stub FILE    # the stub alone, to that file: what the build does

Needs neither a compiler nor a build: the rows are plain Python. The pictures need mpmath and NumPy, the stub nothing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastloss.rows import Parameter, PenaltyRow, Row

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "fastloss"
STUB, DOCS = PACKAGE / "__init__.pyi", ROOT / "build" / "docs" / "losses.md"

#: Public names that are no losses, by the module that types them.
RUNTIME = ("build_info", "engine", "get_num_threads", "num_threads", "set_num_threads")
OF_TAGS, OF_FRAMES = ("crf_marginals", "crf_viterbi"), ("ctc_align", "ctc_decode")
OVER_CLASSES, ELEMENTWISE = ("log_softmax", "logsumexp", "softmax"), ("log_sigmoid", "sigmoid", "softplus")

STUB_HEAD = """\
# Written by tools/write_generated.py from the catalogue.
from collections.abc import Sequence
from inspect import Signature
from typing import Any, Literal, TypeAlias, TypedDict, Unpack, overload, type_check_only

from numpy.typing import ArrayLike, DTypeLike, NDArray

from . import interop as interop
from . import jit as jit
from . import metrics as metrics
from .documentation import losses as losses
from .multitask import uncertainty_weighted as uncertainty_weighted
from .parts import Partial
from .penalties import Penalty as Penalty
{penalties}
from .pictures import plot as plot
from .reports import report as report
from .rows import Row
{runtime}

__all__ = {names}

__version__: str

_Array: TypeAlias = NDArray[Any]
_Out: TypeAlias = _Array | tuple[_Array | None]
_Reduction: TypeAlias = Literal["mean", "sum", "none"]
_Names: TypeAlias = tuple[str, ...] | list[str]

@type_check_only
class _Bound(TypedDict, total=False):
    normalizer: float | None
    n_threads: int | None

@type_check_only
class _Samples(TypedDict, total=False):
    sample_weight: ArrayLike | None
    where: ArrayLike | None

@type_check_only
class _Given(_Bound, _Samples, total=False): ...

@type_check_only
class _Curvature(TypedDict, total=False):
    curvature: Literal["exact", "gauss_newton", "abs"]
    hess_factor: float
    hess_floor: float

@type_check_only
class _GivenHessian(_Given, _Curvature, total=False): ...

class Loss:
    __name__: str
    __qualname__: str
    def __init__(self, row: Row, bound: dict[str, Any] | None = None) -> None: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> Literal[
        "points", "rows", "scores", "hazards", "lifetimes", "vectors", "totals", "regions", "errors", "products",
        "batches", "sets", "sequences", "groups", "sum",
    ]: ...
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
    def hvp(self, *args: Any, **keywords: Any) -> Any: ...
    def hess_matrix(self, *args: Any, **keywords: Any) -> Any: ...
    def inverse_link(
        self, scores: ArrayLike, *, out: _Array | None = None, n_threads: int | None = None, **parameters: Any
    ) -> _Array: ...
    def partial(self, *args: Any, **keywords: Any) -> Partial: ...
    def normalizer(
        self, y_true: ArrayLike | None = None, *, shape: int | Sequence[int] | None = None, dtype: DTypeLike = ...,
        **keywords: Any,
    ) -> float: ...
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
"""

PARAMETER_TYPES = {
    "element": "ArrayLike",
    "number": "float",
    "per_class": "ArrayLike | None",
    "factor": "ArrayLike | None",
    "index": "int | None",
    "axis": "int",
    "labels": "tuple[int, int]",
    "subset": 'Literal["all", "present"] | Sequence[int]',
    "switch": "bool",
    "numbers": "float | Sequence[float]",
    "pixels": "ArrayLike | None",
    "mask": "ArrayLike | None",
}
MEAN_OR_SUM = '"mean", "sum"'
#: Method: whether it returns a value, and how many arrays after it.
METHODS = {
    "__call__": (True, 0),
    "grad": (False, 1),
    "value_and_grad": (True, 1),
    "grad_and_hess": (False, 2),
    "value_grad_hess": (True, 2),
}


def catalogue() -> dict[str, Row]:
    """Return the rows, without the compiled modules that ``import fastloss`` would load."""
    package = types.ModuleType("fastloss")
    package.__path__ = [str(PACKAGE)]
    sys.modules["fastloss"] = package
    rows: dict[str, Row] = importlib.import_module("fastloss.catalogue").CATALOGUE
    return rows


def shown(value: object) -> str:
    """Return a default as the stub has it: text in double quotes."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def aliases() -> dict[str, str]:
    """Return the second names of losses, after `catalogue`."""
    names: dict[str, str] = importlib.import_module("fastloss.catalogue").ALIASES
    return names


def penalties() -> dict[str, PenaltyRow]:
    """Return the rows of the penalties, after `catalogue`."""
    rows: dict[str, PenaltyRow] = importlib.import_module("fastloss.catalogue").PENALTIES
    return rows


def parameter_type(parameter: Parameter) -> str:
    """Return the type of a parameter in a signature."""
    if parameter.kind == "choice":
        return f"Literal[{', '.join(map(shown, parameter.domain.options))}]"  # type: ignore[attr-defined]
    text = PARAMETER_TYPES[parameter.kind]
    return f"{text} | None" if parameter.default is None and "None" not in text else text


def class_name(row: Row) -> str:
    """Return the name of a loss's own class in the stub: huber -> _Huber."""
    return "_" + row.name.title().replace("_", "")


def joined(types: tuple[str, ...]) -> str:
    """Return the type of one result, or of a tuple of several."""
    return types[0] if len(types) == 1 else f"tuple[{', '.join(types)}]"


def defaults(row: Row) -> str:
    """Return the call of a loss with all defaults: a stub says only of what type keywords are."""
    own = [f"{p.name}={shown(p.default)}" for p in row.parameters]
    shared = ["sample_weight=None", "where=None", 'reduction="mean"', "normalizer=None", "out=None", "n_threads=None"]
    wrt = ["wrt=None"] if len(row.differentiated) > 1 else []
    arrays = [f"{operand.name}=None" if operand.optional else operand.name for operand in row.operands]
    return f"{row.name}({', '.join([*arrays, '*', *own, *shared, *wrt])})"


def arrays_of(row: Row) -> list[str]:
    """Return the arrays that a call takes, each with its type."""
    return [f"{o.name}: ArrayLike{' | None = None' if o.optional else ''}" for o in row.operands]


#: The same of a loss of a target and a prediction that has a name of its own.
Y_PRED = ["y_true: ArrayLike", "y_pred: ArrayLike"]


def signature(method: str, arrays: Iterable[str], keywords: Iterable[str], returned: str) -> str:
    """Return the text of one signature."""
    given = ", ".join(["self", *arrays, "*", *keywords])
    return f"def {method}({given}) -> {returned}: ..."


def stub_of_several(row: Row, method: str, keywords: str) -> list[str]:
    """Return all overloads of a method of a loss with several predictions: by what `wrt`, `reduction` and `out` are."""
    has_value, derivatives = METHODS[method]
    names, any_wrt = arrays_of(row), "wrt: str | _Names | None = None"
    values = [(f'reduction: Literal[{MEAN_OR_SUM}] = "mean"', ("float",)), ('reduction: Literal["none"]', ("_Array",))]
    as_given = any(operand.optional for operand in row.differentiated)
    all_of_them = "tuple[_Array, ...]" if as_given else joined(("_Array",) * len(row.differentiated))
    gradients = [("wrt: None = None", all_of_them)]
    gradients += [("wrt: str", "_Array"), ("wrt: _Names", "tuple[_Array, ...]")]
    texts = [
        signature(
            method, names, (reduction, "out: None = None", wrt, keywords), joined((*value, *(gradient,) * derivatives))
        )
        for reduction, value in (values if has_value else [('reduction: _Reduction = "mean"', ())])
        for wrt, gradient in (gradients if derivatives else [(any_wrt, "")])
    ]
    any_out = "out: _Array | tuple[Any, ...]"
    texts.append(signature(method, names, ('reduction: _Reduction = "mean"', any_out, any_wrt, keywords), "Any"))
    return overloads(texts)


def method_stub(row: Row, method: str, keywords: str) -> str:
    """Return all overloads of a method: by what `reduction` and `out` are, then once more for the name `y_pred`."""
    if len(row.differentiated) > 1:
        return stub_of_several(row, method, keywords)
    has_value, arrays = METHODS[method]
    array, place = ("_Array",) * arrays, ("_Array | None",) * arrays
    any_out = "_Out" if has_value + arrays == 1 else joined(("_Array | None",) * (has_value + arrays))
    mean_only = row.couples
    average = f'reduction: Literal[{shown("mean") if mean_only else MEAN_OR_SUM}] = "mean"'
    if has_value:
        # The value is a float unless `out` has an array for it.
        new_value = f"tuple[{', '.join(('None', *place))}] | None"
        forms = [
            (average, f"out: {new_value if arrays else 'None'} = None", joined(("float", *array))),
            ('reduction: Literal["none"]', f"out: {any_out} | None = None", joined(("_Array", *array))),
            (average, f"out: {any_out.replace('_Array | None', '_Array', 1)}", joined(("_Array", *array))),
        ]
        forms = [form for form in forms if not (mean_only and "none" in form[0])]
    else:
        forms = [
            (average if mean_only else 'reduction: _Reduction = "mean"', f"out: {any_out} | None = None", joined(array))
        ]
    names = [arrays_of(row)]
    if row.prediction != "y_pred" and not row.several:
        names.append(Y_PRED)
    return overloads(
        [signature(method, given, (*form, keywords), returned) for given in names for *form, returned in forms]
    )


def second_stub(row: Row, method: str, vector: str, keywords: str) -> list[str]:
    """Return a method that returns second derivatives; `vector` follows the arrays of a call."""
    several = len(row.differentiated) > 1
    out = "tuple[_Array | None, ...]" if several else "_Out"
    names = [arrays_of(row)]
    if row.prediction != "y_pred" and not row.several:
        names.append(Y_PRED)
    given = ('reduction: _Reduction = "mean"', f"out: {out} | None = None", keywords)
    texts = [signature(method, arrays, given, joined(("_Array",) * len(row.differentiated))) for arrays in names]
    return overloads([text.replace(", *,", f"{vector}, *,", 1) for text in texts])


def overloads(texts: list[str]) -> list[str]:
    """Return the lines of a method, or of all its overloads."""
    if len(texts) == 1:
        return [f"    {texts[0]}"]
    return [line for text in texts for line in ("    @overload", f"    {text}")]


def loss_stub(row: Row) -> str:
    """Return the class of one loss, and what its calls and `bind` take by keyword."""
    name, mean_only = class_name(row), row.couples
    lines, bound, given, of_hessian = [], "_Bound", "_Given", "_GivenHessian"
    if row.parameters:
        bound, given = f"{name}Bound", f"{name}Given"
        lines += ["@type_check_only", f"class {bound}(_Bound, total=False):"]
        lines += [f"    {p.name}: {parameter_type(p)}" for p in row.parameters]
        lines += ["", "@type_check_only", f"class {given}({bound}, _Samples, total=False): ...", ""]
        if not row.no_hessian:
            of_hessian = f"{name}GivenHessian"
            lines += ["@type_check_only", f"class {of_hessian}({given}, _Curvature, total=False): ...", ""]
    lines += ["@type_check_only", f"class {name}(Loss):"]
    for method in METHODS:
        if not (row.no_hessian and "hess" in method):
            lines += method_stub(row, method, f"**keywords: Unpack[{of_hessian if 'hess' in method else given}]")
    if row.has_products:
        vectors = "tuple[ArrayLike, ...]" if len(row.differentiated) > 1 else "ArrayLike"
        lines += second_stub(row, "hvp", f", vector: {vectors}", f"**keywords: Unpack[{given}]")
    if row.whole_hessian:
        lines += second_stub(row, "hess_matrix", "", f"**keywords: Unpack[{given}]")
    if row.learned:
        lines += ["    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ..."]
    if row.links({p.name: p.default for p in row.parameters}):
        own = "".join(f", {p.name}: {parameter_type(p)} = {shown(p.default)}" for p in row.read_by_link)
        given = f"scores: ArrayLike, *, out: _Array | None = None, n_threads: int | None = None{own}"
        lines += [f"    def inverse_link(self, {given}) -> _Array: ...  # type: ignore[override]"]
    # A loss that is bound to return arrays has no signature of its own: its value is no float.
    average = f"def bind(self, *, reduction: Literal[{shown('mean') if mean_only else MEAN_OR_SUM}] = ..., "
    binds = [f"{average}**keywords: Unpack[{bound}]) -> {name}: ..."]
    if not mean_only:
        binds += [f'def bind(self, *, reduction: Literal["none"], **keywords: Unpack[{bound}]) -> Loss: ...']
    first, *others = overloads(binds)
    lines += [f"{first}  # type: ignore[override]", *others]
    return "\n".join(lines) + "\n"


def stub(rows: dict[str, Row]) -> str:
    """Return the text of ``__init__.pyi``."""
    functions = (
        "losses",
        "plot",
        "report",
        "uncertainty_weighted",
        *RUNTIME,
        *OVER_CLASSES,
        *ELEMENTWISE,
        *OF_TAGS,
        *OF_FRAMES,
    )
    names = sorted(["Loss", "Penalty", *functions, *rows, *aliases(), *penalties()])
    listed = "[\n" + "".join(f'    "{name}",\n' for name in names) + "]"
    runtime = "\n".join(f"from .runtime import {name} as {name}" for name in RUNTIME)
    imported = "\n".join(f"from .penalties import {name} as {name}" for name in sorted(penalties()))
    blocks = [STUB_HEAD.format(names=listed, runtime=runtime, penalties=imported), *map(loss_stub, rows.values())]
    blocks.append(
        "".join(f"{alias}: {class_name(rows[name])}\n" for alias, name in aliases().items())
        + "".join(
            f'{row.name}: {class_name(row)}\n"""{row.summary}\n\n{row.formula}\n\n{defaults(row)}\n"""\n'
            for row in rows.values()
        )
    )
    rest = "out: _Out | None = None, n_threads: int | None = None"
    functions = [f"def {name}(x: ArrayLike, *, axis: int = -1, {rest}) -> _Array: ..." for name in OVER_CLASSES]
    functions += [f"def {name}(x: ArrayLike, *, {rest}) -> _Array: ..." for name in ELEMENTWISE]
    of_chain = ", ".join(f"{name}: ArrayLike | None = None" for name in ("start", "end", "lengths"))
    results = (rest, "_Array"), ("n_threads: int | None = None", "tuple[_Array, _Array]")
    for name, (others, result) in zip(OF_TAGS, results, strict=True):
        functions.append(
            f"def {name}(emissions: ArrayLike, transitions: ArrayLike, *, {of_chain}, {others}) -> {result}: ..."
        )
    of_frames = "blank: int = 0, time_axis: int = -2, given: Literal['logits', 'log_probs'] = 'logits', "
    of_frames += "n_threads: int | None = None"
    functions += [
        "def ctc_align(y_true: ArrayLike | Sequence[ArrayLike], logits: ArrayLike, "
        "label_lengths: ArrayLike | None = None, logit_lengths: ArrayLike | None = None, *, "
        f"{of_frames}) -> tuple[_Array, _Array, _Array]: ...",
        "def ctc_decode(logits: ArrayLike, logit_lengths: ArrayLike | None = None, *, beam_width: int | None = None, "
        f"{of_frames}) -> tuple[list[_Array], _Array]: ...",
    ]
    return "\n".join(blocks) + "\n" + "\n".join(functions) + "\n"


def parameter_text(parameter: Parameter) -> str:
    """Return name and default as in a signature."""
    return f"`{parameter.name}={parameter.default!r}`"


def table(rows: dict[str, Row]) -> str:
    """Return the table at the head of the page."""
    lines = ["| loss | input is | value of one sample | parameters |", "|---|---|---|---|"]
    for row in rows.values():
        formula = row.formula.replace("|", "\\|")
        own = ", ".join(map(parameter_text, row.parameters))
        lines.append(f"| [`{row.name}`](#{row.name}) | {row.input} | `{formula}` | {own} |".replace("|  |", "| |"))
    return "\n".join(lines)


def section(row: Row, drawn: Iterable[str]) -> str:
    """Return the part of the page about one loss."""
    sample = {
        "": "for each element",
        "C": "for each row of classes",
        "D": "for each vector along the last axis",
        "R": "for each region",
        "2": f"for each {' and '.join(column.name for column in row.core)}, which are the last axis of `y_pred`",
        "TC": "for each sequence",
        "TUC": "for each sequence",
        "G": "for each group",
        "ND": "for each pair of sets",
    }[row.axes]
    sample = "for all samples" if row.couples else sample
    lines = [
        f"## {row.name}",
        "",
        row.summary,
        "",
        f"    {row.formula}",
        "",
        *(line for name in drawn for line in (f"![{row.name}: value, gradient and Hessian](losses/{name}.svg)", "")),
        f"- called as `fl.{row.name}({', '.join(operand.name for operand in row.operands)})`; "
        f"one loss {sample} ({row.kind})",
    ]
    if row.several:
        for operand in row.operands:
            how = " (differentiated)" if operand.role == "prediction" else ""
            lines.append(f"- `{operand.name}`: {operand.description}{how}")
    else:
        scores = ", raw scores, not probabilities" if row.input == "logits" else ""
        lines += [f"- `{row.prediction}`: {row.input}{scores}"]
        lines += [f"- `y_true`: {row.target.each}{row.target.description}"]
    for parameter in row.parameters:
        domain = (
            ""
            if parameter.kind in ("index", "axis", "choice", "switch", "mask")
            else f"; {parameter.domain.description}"
        )
        lines.append(f"- {parameter_text(parameter)}: {parameter.description}{domain}")
    if row.learned:
        names = " and ".join(f"`{parameter.name}`" for parameter in row.learned)
        lines += [f"- `fl.{row.name}.parameter_grads` gives the derivatives by {names}, for learning them with a model"]
    lines += [f"- source: {row.source}"]
    other = [f"`{alias}`" for alias, name in aliases().items() if name == row.name]
    if other:
        lines += [f"- also called {' and '.join(other)}"]
    if row.notes:
        lines += ["", row.notes]
    return "\n".join(lines) + "\n"


def penalty_section(row: PenaltyRow) -> str:
    """Return the part of the page about one penalty."""
    own = [f"- {parameter_text(p)}: {p.description}; {p.domain.description}" for p in row.parameters]
    lines = [f"### {row.name}", "", row.summary, "", f"    {row.formula}", "", *own, f"- source: {row.source}"]
    return "\n".join([*lines, *(["", row.notes] if row.notes else [])]) + "\n"


def docs(rows: dict[str, Row], drawn: dict[str, dict[str, str]]) -> str:
    """Return the text of the page of losses."""
    head = (
        "# Losses\n\n"
        "<!-- Written by tools/write_generated.py from the catalogue. -->\n\n"
        "In formulas `r = y_pred - y_true`, `y` is the target and `x` the raw score (`logits`); of a location and a\n"
        "scale, `m = y_pred[..., 0]` and `s = y_pred[..., 1]`. What all losses share\n"
        "(weights, masks, reductions, `out=`, threads) is in docs/calls.md.\n"
    )
    of_penalties = [
        "# Penalties\n\n"
        "Of an array of a model's parameters, w each number in it: `fl.l2(weights, strength=1e-4)`. On request the\n"
        "gradient is added to that of the loss: `fl.l2.grad(weights, strength=1e-4, out=gradient, accumulate=True)`.\n",
        *map(penalty_section, penalties().values()),
    ]
    return "\n".join(
        [head, table(rows) + "\n", *(section(row, drawn[row.name]) for row in rows.values()), *of_penalties]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stub", type=Path, metavar="FILE", help="write the stub alone, to this file")
    path = parser.parse_args().stub
    rows = catalogue()
    texts = {path or STUB: stub(rows)}
    if path is None:
        from picture import pictures  # which needs packages that a build does not have

        drawn = {row.name: pictures(row) for row in rows.values()}
        texts[DOCS] = docs(rows, drawn)
        texts |= {DOCS.parent / "losses" / f"{name}.svg": text for row in drawn.values() for name, text in row.items()}
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    print(f"wrote {', '.join(map(str, list(texts)[:2]))}{' and its pictures' if len(texts) > 1 else ''}")


if __name__ == "__main__":
    main()
