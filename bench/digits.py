"""Draw how many digits of a loss are right where the model is right, which is where the usual formula loses them.

    python bench/digits.py --output docs/accuracy/digits.png

Rows of two classes in float32, logits (margin, 0), class 0: the loss is log(1 + e^-margin), the gradient at the target
-1 / (1 + e^margin). Both are exact to float64 here, which is 9 digits more than float32 holds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastloss as fl
import numpy as np
from scipy.special import log_softmax

from report import STYLES

MARGINS = np.linspace(0, 80, 8001, dtype=np.float32)
#: A point of the picture is the worst of so many margins side by side.
NEIGHBOURS = 50

Pair = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


def by_fastloss(logits: np.ndarray[Any, Any]) -> Pair:
    """Return the loss of each row, and the gradient at its target."""
    loss, gradient = fl.cross_entropy.value_and_grad(np.zeros(len(logits), int), logits, reduction="none")
    return loss, gradient[:, 0]


def by_numpy(logits: np.ndarray[Any, Any]) -> Pair:
    """Return the same by the usual formula: the largest logit is subtracted, and the rest is as textbooks have it."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    total = exponentials.sum(axis=1)
    return np.log(total) - shifted[:, 0], exponentials[:, 0] / total - 1


def by_scipy(logits: np.ndarray[Any, Any]) -> Pair:
    """Return the same by SciPy's logarithm of the softmax."""
    logarithms = log_softmax(logits, axis=1)
    return -logarithms[:, 0], np.exp(logarithms[:, 0]) - 1


SIDES: dict[str, Callable[[np.ndarray[Any, Any]], Pair]] = {
    "fastloss": by_fastloss,
    "numpy": by_numpy,
    "scipy": by_scipy,
}


def digits(found: np.ndarray[Any, Any], exact: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return how many decimal digits are right, the worst of each group of neighbours."""
    errors = np.abs(found.astype(np.float64) / exact - 1)
    right = -np.log10(np.clip(errors, np.finfo(np.float32).eps / 2, 1))
    return right[: len(right) // NEIGHBOURS * NEIGHBOURS].reshape(-1, NEIGHBOURS).min(axis=1)


def draw(path: Path) -> None:
    """Draw loss and gradient side by side, a line for each way to compute them."""
    from matplotlib.figure import Figure

    logits = np.column_stack([MARGINS, np.zeros_like(MARGINS)])
    margins = MARGINS.astype(np.float64)
    exact = np.log1p(np.exp(-margins)), -1 / (1 + np.exp(margins))
    places = margins[NEIGHBOURS // 2 :: NEIGHBOURS]
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for side, compute in SIDES.items():
        colour, _ = STYLES[side]
        style = {"color": colour, "linestyle": "--" if side == "scipy" else "-", "linewidth": 2.0, "label": side}
        for axes, found, truth in zip(panels, compute(logits), exact, strict=True):
            right = digits(found, truth)
            axes.plot(places[: len(right)], right, **style)
    for axes, title in zip(panels, ("loss", "gradient at the target"), strict=True):
        axes.set_title(title)
        axes.set_xlabel("margin: logit of the true class minus the other")
        axes.set_ylim(-0.2, 8)
        axes.grid(color="#DDDDDD")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("correct digits, float32")
    panels[1].legend(frameon=False)
    figure.savefig(path, dpi=100)


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("digits.png"), metavar="PATH", help="where to draw")
    draw(parser.parse_args().output)


if __name__ == "__main__":
    main()
