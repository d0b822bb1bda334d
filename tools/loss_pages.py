"""Write a page of the documentation for each loss, with a picture, from its row in the catalogue; none is in git."""

from __future__ import annotations

import functools
import json
import re
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import formula_tex
import numpy as np
from numpydoc.docscrape_sphinx import SphinxDocString

import fastloss as fl
from fastloss import pictures
from fastloss.catalogue import ALIASES, CATALOGUE, PENALTIES
from fastloss.habits import _HABITS

if TYPE_CHECKING:
    from fastloss.rows import PenaltyRow, Row

#: What ``bench/losses.py`` found.
MEASURED = Path(__file__).parents[1] / "docs" / "speed" / "losses.json"
#: What a chapter of the catalogue is called; one that is not here has the name of its module.
TITLES = {
    "regression": "Regression",
    "binary": "Two classes",
    "classes": "Rows of classes",
    "likelihoods": "Likelihoods",
    "divergences": "Divergences",
    "preference": "Preferences and policies",
    "adversarial": "Adversarial training",
    "contrastive": "Batches of embeddings",
    "metric": "Given vectors",
    "segmentation": "Regions of images",
    "products": "Linear layers of many classes",
    "transfer": "Sets of vectors",
    "penalties": "Penalties of parameters",
}


def chapters() -> dict[str, list[str]]:
    """Return the losses by the module that declares them, in the order of the catalogue."""
    found: dict[str, list[str]] = {}
    modules = [module for name, module in sorted(sys.modules.items()) if name.startswith("fastloss.catalogue.")]
    for name, row in CATALOGUE.items():
        where = next((m for m in modules if any(v is row for v in vars(m).values())), None)
        chapter = "others" if where is None else where.__name__.rpartition(".")[2]
        found.setdefault(chapter, []).append(name)
    found["penalties"] = list(PENALTIES)
    return found


def heading(text: str, line: str = "=") -> list[str]:
    """Return a heading."""
    return [text, line * len(text), ""]


def linked(source: str) -> str:
    """Return a source with its DOI, or its number at arXiv, as a link."""
    source = re.sub(r"doi:(10\.\d+/[^\s,<>]+[^\s,;<>])(?=[\s,;]|$)", r"`doi:\1 <https://doi.org/\1>`__", source)
    source = re.sub(r"(?<!`)doi:(10\.\d+/\S*<\S*)", with_signs, source)
    return re.sub(r"arXiv:(\d+\.\d+)", r"`arXiv:\1 <https://arxiv.org/abs/\1>`__", source)


def elsewhere(name: str) -> Iterator[str]:
    """Yield what a loss is called in other libraries, and what is different there."""
    ours = {names: habit for names, habit in _HABITS.items() if habit.ours == name}
    for names, habit in ours.items():
        written = ", ".join(f"``{each}``" for each in names.split())
        note = re.sub(r"(fl[.]\w+(?:[.]\w+)*|\w+=[^\s,;.]*)", r"``\1``", habit.note)
        yield f"- {written}" + (f". {note}." if note else "")
    for module in sorted({habit.torch for habit in ours.values()} - {""}):
        yield f"- ``fl.interop.torch.{module}`` takes the arguments of PyTorch's module."
    for metric in sorted({habit.metric for habit in ours.values()} - {""}):
        yield f"- ``fl.metrics.{metric}`` takes the arguments of scikit-learn's function."


@functools.cache
def measurements() -> dict[str, Any]:
    """Return what was measured: of each loss, and on what."""
    found: dict[str, Any] = json.loads(MEASURED.read_text("utf-8"))
    return found


def measured(name: str) -> list[str]:
    """Return error and speed of a loss, in words; one that was not measured yet has none."""
    found = measurements()
    if name not in found["losses"]:
        return []
    error, speed = found["losses"][name]["error"], found["losses"][name]["speed"]
    shapes = [f"``{array}`` {tuple(shape)}" for array, shape in speed["shapes"].items() if shape]
    made = found["made on"]
    of_rows = name in CATALOGUE and CATALOGUE[name].axes != ""
    units = "the last place of the largest number of their row" if of_rows else "their last place"
    return [
        *heading("Measured", "-"),
        "- Error in float32, of ordinary numbers: 99 of 100 values are "
        f"{within(error['value'], 'their last place')}; 99 of 100 numbers of the gradient are "
        f"{within(error['gradient'], units)}.",
        f"- Time in float32, on one thread: value and gradient take {speed['ns']:g} ns for each number of the",
        f"  gradient, {speed['over_exp']:g} times as long as ``np.exp`` of as many numbers. Shapes:"
        f" {', '.join(shapes)}.",
        "",
        f"Measured on {made['date']} on {made['processor']}, level ``{made['isa']}``, by ``python bench/losses.py``.",
        "The numbers of all losses are in :download:`losses.json </speed/losses.json>`. Where terms cancel, a result",
        "is small, and so are its units. :doc:`/accuracy` and :doc:`/speed` say what is promised.",
        "",
    ]


def within(error: float, units: str) -> str:
    """Return an error in words."""
    return f"within {error:.1f} units of {units}" if round(error, 1) else "right to the last bit"


def with_signs(doi: re.Match[str]) -> str:
    """Return a link to a DOI with signs that an address has to escape."""
    return f"`doi:{doi[1]} <https://doi.org/{urllib.parse.quote(doi[1])}>`__"


def escaped(line: str) -> str:
    """Return a line in which bars are absolute values, not substitutions; code is left as it is."""
    if line.lstrip().startswith((">>>", "...", ".. ")):
        return line
    parts = re.split(r"(``.*?``)", line)
    return "".join(part if part.startswith("``") else part.replace("|", "\\|") for part in parts)


def displayed(row: Row | PenaltyRow) -> list[str]:
    """Return the formula of a row in TeX."""
    names = {array.name for array in getattr(row, "operands", ())} | {one.name for one in row.parameters}
    return [line for tex in formula_tex.displays(row.formula, names) for line in (".. math::", "", f"    {tex}", "")]


def drawn(x: Any, lines: Any, label: str, path: Path, *, dashed: bool = False) -> None:
    """Draw value, gradient and curvature in one picture, which a phone can show."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 3), layout="constrained")
    axes = figure.subplots()
    for result, line, colour in zip(pictures.RESULTS, lines, pictures.COLOURS, strict=False):
        style = "--" if dashed and result == "curvature" else "-"
        width = {"value": 1.5, "gradient": 3.5, "curvature": 6.0}[result] if covered(line, lines) else 1.5
        look = {"linewidth": width, "alpha": 0.5 if width > 1.5 else 1.0, "zorder": 2 + 1 / width}
        axes.plot(x, pictures._broken(line), style, color=colour, label=result, **look)
    axes.set_ylim(*limits(lines))
    axes.set_xlabel(label)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.savefig(path, metadata={"Date": None})


def limits(lines: Any) -> tuple[float, float]:
    """Return what a picture shows: all of the value but for a pole, and of other lines what is not far beyond it."""
    value = lines[0][np.isfinite(lines[0])]
    low, high = np.quantile(value, (0.01, 0.99))
    if value.max() - value.min() < 3 * (high - low):  # no pole
        low, high = value.min(), value.max()
    low, high = min(low, 0.0), max(high, 0.0)
    size = max(high - low, 1e-3)
    others = np.concatenate([line[np.isfinite(line)] for line in lines[1:]])
    low = min(low, max(others.min(), low - 1.5 * size))
    high = max(high, min(others.max(), high + 1.5 * size))
    room = 0.05 * (high - low)
    return low - room, high + room


def covered(line: Any, lines: Any) -> bool:
    """Tell whether a line lies on another one, away from 0, for a tenth of the picture: it is broad and pale then."""
    low, high = limits(lines)
    near = [np.abs(line - other) < 0.01 * (high - low) for other in lines if other is not line]
    return bool(max(np.mean(each & (np.abs(line) > 0.05 * (high - low))) for each in near) > 0.1)


def drawn_loss(name: str, path: Path) -> None:
    """Draw a loss by its first prediction."""
    found = pictures.curve(getattr(fl, name))
    lines = (found.value, found.gradient, found.curvature)
    drawn(found.x, lines, found.name, path, dashed=found.by_differences)


def drawn_penalty(name: str, path: Path) -> None:
    """Draw value and gradient of a penalty by one parameter."""
    x = pictures._between(-2.0, 2.0)  # not 0 itself, where a gradient jumps
    results = [getattr(fl, name).value_and_grad(x[k : k + 1]) for k in range(x.size)]
    drawn(x, tuple(np.array([(value, *gradient) for value, gradient in results]).T), "parameter", path)


def body(text: str) -> tuple[list[str], list[str]]:
    """Return what a docstring says right below its formula, and its sections, as reStructuredText."""
    parsed = SphinxDocString(text, config={"show_class_members": False})
    # What is at the head of the page already.
    parsed["Signature"], parsed["Summary"], parsed["References"] = "", [""], []
    first, below = parsed["Extended Summary"][:1], list[str]()
    if first and first[0].startswith("``"):
        rest = parsed["Extended Summary"][1:]
        end = rest.index("") if "" in rest else len(rest)
        below, parsed["Extended Summary"] = rest[:end], rest[end:]
    return list(map(escaped, below)), list(map(escaped, str(parsed).splitlines()))


def page(row: Row) -> str:
    """Return the page of a loss."""
    arrays = ", ".join(operand.name for operand in row.operands)
    learned = ", ".join(f"``{parameter.name}``" for parameter in row.learned)
    other = ", ".join(f"``{alias}``" for alias, name in ALIASES.items() if name == row.name)
    facts = [
        ("formula as text", f"``{row.formula}``"),
        ("call", f"``fl.{row.name}({arrays})``"),
        ("input", row.input if row.input != arrays else ""),  # no more than the call says
        ("also called", other),
        ("learned with a model", learned),
        (
            "second derivatives",
            f"none: {row.no_hessian}"
            if row.no_hessian
            else "the diagonal"
            + (", ``hvp``" if row.has_products else "")
            + (", ``hess_matrix``" if row.whole_hessian else ""),
        ),
        ("source", linked(row.source)),
    ]
    lines = [*found_by(row.name), f".. _loss-{row.name}:", "", *heading(row.name), escaped(row.summary), ""]
    below, sections = body(getattr(fl, row.name).__doc__)
    lines += [
        *displayed(row),
        *below,
        "",
        f".. image:: pictures/{row.name}.svg",
        f"   :alt: value, gradient and curvature of {row.name}",
        "",
    ]
    lines += [".. list-table::", "   :widths: 20 80", "   :class: facts", ""]
    lines += [line for name, text in facts if text for line in (f"   * - {name}", f"     - {text}")]
    names = list(elsewhere(row.name))
    lines += ["", *sections]
    if names:
        lines += [
            "",
            *heading("In other libraries", "-"),
            "Names of this loss in other libraries and programs, which :doc:`/coming-from/index` goes through:",
            "",
            *names,
        ]
    lines += ["", *measured(row.name)]
    return "\n".join(lines) + "\n"


def found_by(name: str) -> list[str]:
    """Return what the search finds a page by first: the words of a name, which itself is one word."""
    words = name.split("_")
    entries = dict.fromkeys([" ".join(words), *(word for word in words if len(word) > 2)])
    return [".. index::", *(f"   ! single: {entry}" for entry in entries), ""]


def page_of_penalty(row: PenaltyRow) -> str:
    """Return the page of a penalty."""
    lines = [
        *found_by(row.name),
        f".. _loss-{row.name}:",
        "",
        *heading(row.name),
        escaped(row.summary),
        "",
        *displayed(row),
        f".. image:: pictures/{row.name}.svg",
        f"   :alt: value and gradient of {row.name}",
        "",
    ]
    lines += [f"Source: {linked(row.source)}", "", *body(getattr(fl, row.name).__doc__)[1]]
    return "\n".join([*lines, "", *measured(row.name)]) + "\n"


def index(found: dict[str, list[str]]) -> str:
    """Return the page that leads to all others: a table for each chapter."""
    lines = [
        *heading("Losses"),
        "In formulas ``r = y_pred - y_true``, ``y`` is the target and ``x`` the raw score (``logits``). :doc:`/calls`",
        "says what all losses share: weights, masks, reductions, ``out=``, threads. :doc:`/which-loss` helps",
        "to choose.",
        "",
    ]
    for chapter, names in found.items():
        title = TITLES.get(chapter, chapter.replace("_", " ").capitalize())
        lines += [*heading(title, "-"), ".. list-table::", "   :widths: 25 75", ""]
        for name in names:
            row: Any = CATALOGUE.get(name) or PENALTIES[name]
            lines += [f"   * - :doc:`{name}`", f"     - {escaped(row.summary)}"]
        lines += ["", ".. toctree::", "   :hidden:", f"   :caption: {title}", "", *(f"   {name}" for name in names), ""]
    return "\n".join(lines)


def write_if_changed(path: Path, text: str) -> None:
    """Write a file; one that is as it was keeps its time, and Sphinx what it made of it."""
    if not path.is_file() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")


def write(folder: Path) -> None:
    """Write all pages and pictures."""
    import matplotlib

    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    write_if_changed(folder / "index.rst", index(chapters()))
    for name, row in PENALTIES.items():
        write_if_changed(folder / f"{name}.rst", page_of_penalty(row))
    thumb = fl.plot(fl.huber, fl.half_squared_error, fl.log_cosh, fl.cauchy, results="value")
    thumb.savefig(folder / "pictures" / "thumb.png", dpi=100)
    with matplotlib.rc_context({"svg.hashsalt": "fastloss", "svg.fonttype": "path"}):
        for name, row in CATALOGUE.items():
            write_if_changed(folder / f"{name}.rst", page(row))
            drawn_loss(name, folder / "pictures" / f"{name}.svg")
        for name in PENALTIES:
            drawn_penalty(name, folder / "pictures" / f"{name}.svg")
