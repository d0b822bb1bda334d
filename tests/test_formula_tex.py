"""Formulas of rows become TeX that says the same: no name, number or word is lost, and every bracket closes."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fastloss.catalogue import CATALOGUE, PENALTIES

TOOL = Path(__file__).parents[1] / "tools" / "formula_tex.py"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="needs the repository")


@pytest.fixture(scope="module")
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("formula_tex", TOOL)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def said(text: str) -> Counter[str]:
    """Return the names and numbers of a formula, or of its TeX without the commands that only place them."""
    placing = "text operatorname frac sqrt begin end left right quad sum prod in langle rangle parallel cdot le ge ne"
    plain = re.sub(
        rf"\\(?:{placing.replace(' ', '|')})\b|{{cases}}|where|else|\b(?:sum|prod|sqrt)(?![a-z])| in(?= )", " ", text
    )
    return Counter(re.findall(r"\d+(?:\.\d+)?|[A-Za-z]+", plain))


@pytest.mark.parametrize("row", [*CATALOGUE.values(), *PENALTIES.values()], ids=lambda row: row.name)
def test_a_formula_keeps_what_it_says(tool: Any, row: Any) -> None:
    names = {array.name for array in getattr(row, "operands", ())} | {one.name for one in row.parameters}
    found = tool.displays(row.formula, names)
    whole = " ".join(found)
    assert said(whole) == said(row.formula)
    for tex in found:
        assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}")
        assert len(re.findall(r"\\left\b", tex)) == len(re.findall(r"\\right\b", tex))
        bare = re.sub(r"\\(?:left|right)\W", "", tex)
        assert not re.search(r"[()\[\]|]", bare), "a bracket that is part of none"
    assert whole.count("frac") + len(re.findall(r"(?<!\\)/", whole)) == row.formula.count("/")


@pytest.mark.parametrize(
    ("formula", "tex"),
    [
        ("r^2 / 2", [r"\frac{{r}^{2}}{2}"]),
        ("e^-x_c / (1 - k)", [r"\frac{{e}^{-x_{c}}}{1 - k}"]),
        ("sum_{c != y} x_c / C", [r"\sum_{c \ne y} \frac{x_{c}}{C}"]),
        ("c^2 / 2 log(1 + |r|)", [r"\frac{{c}^{2}}{2} \, \log \left( 1 + \left| r \right| \right)"]),
        ("1 / sum_i exp(s_i)", [r"\frac{1}{\sum_{i} \exp \left( s_{i} \right)}"]),
        ("e^(q_i . k_j / T)", [r"{e}^{q_{i} \cdot k_{j} / T}"]),
        ("z_i . z_i' / T", [r"\frac{z_{i} \cdot z_{i}'}{T}"]),
        ("first[y_t-1] + s_ip", [r"\text{first} \left[ y_{t-1} \right] + s_{ip}"]),
        ("<first, second> - 1", [r"\left\langle \text{first} , \text{second} \right\rangle - 1"]),
        ("max(0, r) where r > 0, else -alpha r",
         [r"\begin{cases} \max \left( 0 , r \right) & \text{where } r > 0 \\ - \alpha \, r & \text{else} \end{cases}"]),
        ("1 - cos, cos = a b,  P: the others", [r"1 - \cos", r"\cos = a \, b", r"P : \text{ the others }"]),
        ("-sigma (x - y)", [r"- \sigma \, \left( x - y \right)"]),
        ("log p / log2(1 + r_i)", [r"\frac{\log \, p}{\log_{2} \left( 1 + r_{i} \right)}"]),
        ("prod p_tu(step) - cosine_y", [r"\prod p_{tu} \left( \text{ step } \right) - \text{cosine}_{y}"]),
        ("hard: x;  with weights  w x", [r"\text{hard: }\quad x", r"\text{with weights: }\quad w \, x"]),
    ],
)  # fmt: skip
def test_the_grammar(tool: Any, formula: str, tex: list[str]) -> None:
    assert tool.displays(formula, ("first", "second")) == tex
