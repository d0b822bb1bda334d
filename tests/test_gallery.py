"""The examples of the gallery run, and what they assert holds; a third of them in turn, all with ``--thorough``."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterator
from pathlib import Path

import cases
import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

GALLERY = Path(__file__).parents[1] / "docs" / "gallery"
EXAMPLES = sorted(GALLERY.glob("plot_*.py"))
#: Those that take longer than a few seconds run with ``--thorough`` alone.
LONG = (
    "label_smoothing",
    "metric_learning",
    "gan",
    "torch",
    "distillation",
    "adversarial",
    "keras",
    "domain_adaptation",
)

each_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)


@pytest.fixture
def no_window() -> Iterator[None]:
    with matplotlib.rc_context({"backend": "agg"}):
        yield
    import matplotlib.pyplot as plt

    plt.close("all")


@each_example
@pytest.mark.filterwarnings("ignore:.*non-interactive")
def test_an_example_does_what_it_says(path: Path, request: pytest.FixtureRequest, no_window: None) -> None:
    turn = (EXAMPLES.index(path) - cases.SEED) % 3 == 0 and not path.stem.endswith(LONG)
    if not turn and not request.config.getoption("--thorough"):
        pytest.skip("another one's turn")
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                pytest.importorskip(name.name)
    with np.errstate(over="ignore"):
        runpy.run_path(str(path), run_name="__main__")


@each_example
def test_an_example_is_short_and_checks_what_it_claims(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 60
    assert any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(text)))
