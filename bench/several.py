"""Losses of several arrays beside a copy of as many arrays as they read and write.

python bench/several.py                  # float32, one thread
python bench/several.py --dtype float64 --threads 2
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np

from competitors import limit_cpus
from measure import Spread, interleaved, keep_freed_memory

#: Samples of a loss of points, and as many as the numbers of one of vectors; rows and columns of that.
POINTS, MANY_POINTS, VECTORS = (10**6,), (12_800_000,), (100_000, 128)


def copies(arrays: list[np.ndarray], places: list[np.ndarray]) -> None:
    """Copy each array to its place."""
    for array, place in zip(arrays, places, strict=True):
        np.copyto(place, array)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--loss", default="", help="this one alone")
    options = parser.parse_args()
    limit_cpus(options.threads)
    keep_freed_memory()
    import fastloss as fl
    from fastloss.kinds import draw

    print(f"{'loss':22} {'value and gradients / copy':>28}   {'value / copy':>24}   {options.dtype}")
    alone = [row for row in fl.losses() if not (row.shares or row.against or row.ragged or row.axes == "ND")]
    several = [row for row in alone if row.several and options.loss in ("", row.name)]
    measured = [(row, sizes) for row in several for sizes in ([VECTORS] if row.axes else [POINTS, MANY_POINTS])]
    for row, sizes in measured:
        arrays = draw(row, sizes, np.dtype(options.dtype), np.random.default_rng(2024))
        predictions = [arrays[operand.name] for operand in row.differentiated]
        places = [np.empty_like(array) for array in predictions]
        out = tuple(places) if len(places) > 1 else places[0]
        loss = getattr(fl, row.name)
        calls = {
            "both": partial(loss.value_and_grad, *arrays.values(), out=(None, out)),
            "value": partial(loss, *arrays.values()),
            "copy": partial(copies, predictions, [np.empty_like(array) for array in predictions]),
        }
        seconds = interleaved(calls, options.rounds, settle=0.01)
        # The copy reads and writes each prediction; the loss reads the other arrays, too.
        whole = sum(array.nbytes for array in arrays.values())
        written = sum(array.nbytes for array in predictions)
        shown = []
        for name, moved in (("both", whole + written), ("value", whole)):
            spread = Spread.of(seconds[name] / (seconds["copy"] * moved / (2 * written)))
            shown.append(f"{spread.median:.2f} ({spread.lower:.2f} to {spread.upper:.2f})")
        name = row.name if sizes == VECTORS else f"{row.name}, {sizes[0] / 1e6:g} M"
        print(f"{name:22} {shown[0]:>28}   {shown[1]:>24}")


if __name__ == "__main__":
    main()
