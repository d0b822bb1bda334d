"""Write what repeats the catalogue: stub, ``docs/losses.md``, its pictures, README's table, stubtest's exceptions.

    python tools/write_generated.py            # after a change of a row
    python tools/write_generated.py --check    # exit code 1 when a file is not what would be written

Needs neither a compiler nor a build: the rows are plain Python. Pictures of losses over classes need mpmath and NumPy.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastloss.rows import Parameter, PenaltyRow, Row

from picture import pictures

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "fastloss"
STUB, DOCS, README = PACKAGE / "__init__.pyi", ROOT / "docs" / "losses.md", ROOT / "README.md"
PICTURES = ROOT / "docs" / "losses"
ALLOWED = ROOT / "tools" / "stubtest-allowed.txt"
MARKS = "<!-- losses: written by tools/write_generated.py -->", "<!-- end of losses -->"

#: Public names that are no losses, by the module that types them.
RUNTIME = ("build_info", "engine", "get_num_threads", "num_threads", "set_num_threads")
OVER_CLASSES, ELEMENTWISE = ("log_softmax", "logsumexp", "softmax"), ("log_sigmoid", "sigmoid", "softplus")

STUB_HEAD = """\
# Written by tools/write_generated.py from the catalogue: change a row, or that file.
from inspect import Signature
from typing import Any, Literal, TypeAlias, overload, type_check_only

from numpy.typing import ArrayLike, NDArray

from . import jit as jit
from .documentation import losses as losses
from .multitask import uncertainty_weighted as uncertainty_weighted
from .penalties import Penalty as Penalty
{penalties}
from .rows import Row
{runtime}

__all__ = {names}

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
"""

#: What stubtest may find: the differences that are meant.
STUBTEST = """\
# Written by tools/write_generated.py. What `python -m mypy.stubtest` may find, each with its reason.

# Of the class it is a text, of a loss another one, written when somebody asks: a descriptor, which stubtest calls.
fastloss\\.loss\\.Loss\\.__doc__

# Cython's
fastloss\\._cpu\\.__test__

# An alias, which has no other form at run time.
fastloss\\.reductions\\.Reduction

# Only a loss that has derivatives by its parameters has it, and its class in the stub.
fastloss\\.Loss\\.parameter_grads

# Private, without a stub, and cached.
fastloss\\.algebra\\.(_unbound|row_of_sum)

# Private to the Numba engine, without a stub: operators set by a loop, cached functions, NumPy's types as attributes.
fastloss\\.jit\\.(compiling|derive|elementwise|extension|rows|softmax|sums|translate|vecmath)\\..*
"""

PARAMETER_TYPES = {
    "element": "ArrayLike",
    "number": "float",
    "per_class": "ArrayLike | None",
    "factor": "ArrayLike | None",
    "index": "int | None",
    "axis": "int",
    "labels": "tuple[int, int]",
    "switch": "bool",
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


def signature(
    row: Row, method: str, arrays: Sequence[str], reduction: str, out: str, returned: str, wrt: str = ""
) -> str:
    """Return the text of one signature."""
    own = ", ".join(f"{p.name}: {parameter_type(p)} = {shown(p.default)}" for p in row.parameters)
    return (
        f"    def {method}(\n"
        f"        self, {', '.join(f'{name}: ArrayLike' for name in arrays)}, *,\n"
        + (f"        {own},\n" if own else "")
        + f"        sample_weight: ArrayLike | None = None, where: ArrayLike | None = None, {reduction},\n"
        f"        normalizer: float | None = None, {out}, n_threads: int | None = None,\n"
        + (f"        wrt: {wrt},\n" if wrt else "")
        + f"    ) -> {returned}: ...\n"
    )


def stub_of_several(row: Row, method: str) -> str:
    """Return all overloads of a method of a loss with several predictions: by what `wrt`, `reduction` and `out` are."""
    has_value, derivatives = METHODS[method]
    names, any_wrt = [operand.name for operand in row.operands], "str | _Names | None = None"
    values = [(f'reduction: Literal[{MEAN_OR_SUM}] = "mean"', ("float",)), ('reduction: Literal["none"]', ("_Array",))]
    gradients = [("None = None", joined(("_Array",) * len(row.differentiated)))]
    gradients += [("str", "_Array"), ("_Names", "tuple[_Array, ...]")]
    texts = [
        signature(row, method, names, reduction, "out: None = None", joined((*value, *(gradient,) * derivatives)), wrt)
        for reduction, value in (values if has_value else [('reduction: _Reduction = "mean"', ())])
        for wrt, gradient in (gradients if derivatives else [(any_wrt, "")])
    ]
    any_out = "out: _Array | tuple[Any, ...]"
    texts.append(signature(row, method, names, 'reduction: _Reduction = "mean"', any_out, "Any", any_wrt))
    return "".join(f"    @overload\n{text}" for text in texts)


def method_stub(row: Row, method: str) -> str:
    """Return all overloads of a method: by what `reduction` and `out` are, then once more for the name `y_pred`."""
    if len(row.differentiated) > 1:
        return stub_of_several(row, method)
    has_value, arrays = METHODS[method]
    array, place = ("_Array",) * arrays, ("_Array | None",) * arrays
    any_out = "_Out" if has_value + arrays == 1 else joined(("_Array | None",) * (has_value + arrays))
    mean_only = row.kind == "totals"
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
    names = [[operand.name for operand in row.operands]]
    if row.prediction != "y_pred" and not row.several:
        names.append(["y_true", "y_pred"])
    texts = [signature(row, method, arrays_of_call, *form) for arrays_of_call in names for form in forms]
    return "".join(f"    @overload\n{text}" for text in texts) if len(texts) > 1 else texts[0]


def loss_stub(row: Row) -> str:
    """Return the class of one loss."""
    own = "".join(f"{p.name}: {parameter_type(p)} = ..., " for p in row.parameters)
    shared = "normalizer: float | None = ..., n_threads: int | None = ..."
    mean_only = row.kind == "totals"
    # A loss that is bound to return arrays has no signature of its own: its value is no float.
    forms = [(f"reduction: Literal[{shown('mean') if mean_only else MEAN_OR_SUM}] = ...", class_name(row))]
    forms += [] if mean_only else [('reduction: Literal["none"]', "Loss")]
    binds = [f"    def bind(self, *, {own}{reduction}, {shared}) -> {returned}: ...\n" for reduction, returned in forms]
    bind = "".join(f"    @overload\n{text}" for text in binds) if len(binds) > 1 else binds[0]
    first = bind.partition("\n")[0]
    bind = bind.replace(first, f"{first}  # type: ignore[override]", 1)
    methods = "".join(method_stub(row, method) for method in METHODS if not (row.no_hessian and "hess" in method))
    if row.learned:
        methods += "    def parameter_grads(self, *args: Any, **keywords: Any) -> dict[str, Any]: ...\n"
    return f"@type_check_only\nclass {class_name(row)}(Loss):\n{methods}{bind}"


def stub(rows: dict[str, Row]) -> str:
    """Return the text of ``__init__.pyi``."""
    functions = ("losses", "uncertainty_weighted", *RUNTIME, *OVER_CLASSES, *ELEMENTWISE)
    names = sorted(["Loss", "Penalty", *functions, *rows, *aliases(), *penalties()])
    listed = "[\n" + "".join(f'    "{name}",\n' for name in names) + "]"
    runtime = "\n".join(f"from .runtime import {name} as {name}" for name in RUNTIME)
    imported = "\n".join(f"from .penalties import {name} as {name}" for name in sorted(penalties()))
    blocks = [STUB_HEAD.format(names=listed, runtime=runtime, penalties=imported), *map(loss_stub, rows.values())]
    blocks.append(
        "".join(f"{alias}: {class_name(rows[name])}\n" for alias, name in aliases().items())
        + "".join(f'{row.name}: {class_name(row)}\n"""{row.summary}\n\n{row.formula}\n"""\n' for row in rows.values())
    )
    rest = "out: _Out | None = None, n_threads: int | None = None"
    functions = [f"def {name}(x: ArrayLike, *, axis: int = -1, {rest}) -> _Array: ..." for name in OVER_CLASSES]
    functions += [f"def {name}(x: ArrayLike, *, {rest}) -> _Array: ..." for name in ELEMENTWISE]
    return "\n".join(blocks) + "\n" + "\n".join(functions) + "\n"


def parameter_text(parameter: Parameter) -> str:
    """Return name and default as in a signature."""
    return f"`{parameter.name}={parameter.default!r}`"


def table(rows: dict[str, Row]) -> str:
    """Return the table at the head of ``docs/losses.md``."""
    lines = ["| loss | input is | value of one sample | parameters |", "|---|---|---|---|"]
    for row in rows.values():
        formula = row.formula.replace("|", "\\|")
        own = ", ".join(map(parameter_text, row.parameters))
        lines.append(f"| [`{row.name}`](#{row.name}) | {row.input} | `{formula}` | {own} |".replace("|  |", "| |"))
    return "\n".join(lines)


def section(row: Row) -> str:
    """Return the part of ``docs/losses.md`` about one loss."""
    sample = {
        "": "for each element",
        "C": "for each row of classes",
        "2": "for each location and log-scale, which are the last axis of `y_pred`",
    }[row.axes]
    sample = "for all samples" if row.kind == "totals" else sample
    lines = [
        f"## {row.name}",
        "",
        row.summary,
        "",
        f"    {row.formula}",
        "",
        *(
            line
            for name in pictures(row)
            for line in (f"![{row.name}: value, gradient and Hessian](losses/{name}.svg)", "")
        ),
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
        domain = "" if parameter.kind in ("index", "axis", "choice", "switch") else f"; {parameter.domain.description}"
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
    """Return the part of ``docs/losses.md`` about one penalty."""
    own = [f"- {parameter_text(p)}: {p.description}; {p.domain.description}" for p in row.parameters]
    lines = [f"### {row.name}", "", row.summary, "", f"    {row.formula}", "", *own, f"- source: {row.source}"]
    return "\n".join([*lines, *(["", row.notes] if row.notes else [])]) + "\n"


def docs(rows: dict[str, Row]) -> str:
    """Return the text of ``docs/losses.md``."""
    head = (
        "# Losses\n\n"
        "<!-- Written by tools/write_generated.py from the catalogue: change a row, or that file. -->\n\n"
        "In formulas `r = y_pred - y_true`, `y` is the target and `x` the raw score (`logits`); of a location and a\n"
        "scale, `m = y_pred[..., 0]` and `s = y_pred[..., 1]`. What all losses share\n"
        "(weights, masks, reductions, `out=`, threads) is in [calls.md](calls.md#keywords).\n"
    )
    of_penalties = [
        "# Penalties\n\n"
        "Of an array of a model's parameters, w each number in it: `fl.l2(weights, strength=1e-4)`. On request the\n"
        "gradient is added to that of the loss: `fl.l2.grad(weights, strength=1e-4, out=gradient, accumulate=True)`.\n",
        *map(penalty_section, penalties().values()),
    ]
    return "\n".join([head, table(rows) + "\n", *map(section, rows.values()), *of_penalties])


def families() -> str:
    """Return the table of the README: the losses by family, each with its place in ``docs/losses.md``."""
    found: dict[str, list[Row]] = importlib.import_module("fastloss.catalogue").FAMILIES
    lines = ["| family | losses |", "|---|---|"]
    for family, rows in found.items():
        lines.append(f"| {family} | {', '.join(f'[`{row.name}`](docs/losses.md#{row.name})' for row in rows)} |")
    names = ", ".join(f"[`{name}`](docs/losses.md#{name})" for name in penalties())
    return "\n".join([*lines, f"| penalties of parameters | {names} |"])


def readme(text: str) -> str:
    """Return the README with its table of losses renewed."""
    before, first, rest = text.partition(MARKS[0])
    _, last, after = rest.partition(MARKS[1])
    if not (first and last):
        raise SystemExit(f"{README} has no place for the losses, between {MARKS[0]} and {MARKS[1]}")
    return f"{before}{first}\n{families()}\n{last}{after}"


def main() -> int:
    """Write the files, or check them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a file is stale")
    check = parser.parse_args().check
    rows = catalogue()
    stale = 0
    texts = {
        STUB: stub(rows),
        DOCS: docs(rows),
        README: readme(README.read_text("utf-8")),
        ALLOWED: STUBTEST,
    }
    texts |= {PICTURES / f"{name}.svg": text for row in rows.values() for name, text in pictures(row).items()}
    for path, text in texts.items():
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/write_generated.py", file=sys.stderr)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
