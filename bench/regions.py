"""Losses of the overlap of regions beside one pass of a loss of pixels.

python bench/regions.py                  # one thread
python bench/regions.py --rounds 20      # more rounds
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

from competitors import limit_cpus
from measure import Spread, interleaved, keep_freed_memory

#: Images, classes and pixels.
BINARY, MULTICLASS = (16, 1, 512, 512), (8, 21, 256, 256)


def binary() -> dict[str, Callable[[], Any]]:
    """Return what computes value and gradient of masks of one class; binary cross-entropy is 1."""
    import fastloss as fl

    rng = np.random.default_rng(2024)
    logits, out = rng.standard_normal(BINARY, np.float32), np.empty(BINARY, np.float32)
    y_true = (rng.random(BINARY) < 0.3).astype(np.float32)
    masks = y_true.astype(np.uint8)
    given = {"out": (None, out), "n_threads": 1}
    return {
        "binary_cross_entropy": lambda: fl.binary_cross_entropy.value_and_grad(y_true, logits, **given),
        "dice": lambda: fl.dice.value_and_grad(y_true, logits, **given),
        "dice of uint8": lambda: fl.dice.value_and_grad(masks, logits, **given),
        "focal_tversky": lambda: fl.focal_tversky.value_and_grad(y_true, logits, gamma=1.5, **given),
    }


def multiclass(last: bool) -> dict[str, Callable[[], Any]]:
    """Return the same of class indices, the classes on axis 1 or on the last; cross-entropy is 1."""
    import fastloss as fl

    rng = np.random.default_rng(2024)
    logits = rng.standard_normal(MULTICLASS, np.float32)
    logits = np.ascontiguousarray(np.moveaxis(logits, 1, -1)) if last else logits
    labels = rng.integers(MULTICLASS[1], size=(MULTICLASS[0], *MULTICLASS[2:]))
    given = {"axis": -1 if last else 1, "out": (None, np.empty_like(logits)), "n_threads": 1}
    dice, generalized = (loss.bind(mode="multiclass") for loss in (fl.dice, fl.generalized_dice))
    return {
        "cross_entropy": lambda: fl.cross_entropy.value_and_grad(labels, logits, **given),
        "dice": lambda: dice.value_and_grad(labels, logits, **given),
        "dice squared": lambda: dice.value_and_grad(labels, logits, squared=True, **given),
        "generalized_dice": lambda: generalized.value_and_grad(labels, logits, **given),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    limit_cpus(1)
    keep_freed_memory()
    for name, calls in (
        ("binary", binary()),
        ("classes on axis 1", multiclass(False)),
        ("classes on the last", multiclass(True)),
    ):
        seconds = interleaved(calls, options.rounds, settle=0.01)
        first, base = next(iter(seconds.items()))
        del seconds[first]
        shown = ", ".join(f"{other} {Spread.of(each / base).median:.2f}" for other, each in seconds.items())
        print(f"{name:>20}: {first} {1e3 * np.median(base):.1f} ms = 1; {shown}")


if __name__ == "__main__":
    main()
