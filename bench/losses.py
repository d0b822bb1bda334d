"""Measure error and speed of every loss and penalty, and write docs/speed/losses.json, which their pages show.

The error is that of float32 beside float64, on the same numbers: tests hold float64 to its own last digits, so all of
the difference is float32's. The speed is the time of value and gradient on one thread, over that of np.exp of as
many numbers as have a gradient, both measured in turn.
"""

from __future__ import annotations

import argparse
import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np

from competitors import limit_cpus
from measure import interleaved, keep_freed_memory, processor

FILE = Path(__file__).parents[1] / "docs" / "speed" / "losses.json"
#: What `draw` is asked for, by the axes of a prediction: for speed, and for errors.
SIZES = {
    "": ((10**6,), (20_000,)),
    "2": ((10**6 // 2,), (20_000,)),
    "C": ((8192, 128), (500, 30)),
    "D": ((1024, 128), (100, 16)),
    "G": ((8192,), (500,)),
    "R": ((8, 4, 128, 128), (4, 3, 16, 16)),
    "ND": ((512, 64), (40, 8)),
    "TC": ((16, 200, 32), (8, 30, 8)),
    "TUC": ((8, 60, 20, 32), (6, 12, 5, 8)),
}
ROUNDS = 15


def arrays_of(row: Any, sizes: tuple[int, ...], seed: int) -> dict[str, Any]:
    """Return ordinary arrays, in float32."""
    from fastloss.kinds import draw

    arrays = draw(row, sizes, np.dtype(np.float32), np.random.default_rng(seed))
    return {name: a.astype(np.float32) if a.dtype == bool else a for name, a in arrays.items()}


def widened(value: Any) -> Any:
    """Return the same numbers in float64."""
    return value.astype(np.float64) if isinstance(value, np.ndarray) and value.dtype == np.float32 else value


def parameters(loss: Any) -> dict[str, Any]:
    """Return parameters that float32 holds: the defaults of a loss, rounded."""
    found = {p.name: p.default for p in loss._row.parameters if p.kind in ("element", "number")}
    return {name: float(np.float32(value)) for name, value in found.items() if isinstance(value, float)}


def several(results: Any) -> tuple[Any, ...]:
    """Return the gradients, of one array or of several."""
    return results if isinstance(results, tuple) else (results,)


def units(got: Any, exact: Any, of_row: bool = False) -> Any:
    """Return the error of each number, in units of the last place in float32, its own or its row's largest number's."""
    exact = np.asarray(exact, np.float64)
    size = np.abs(exact)
    if of_row and exact.ndim:
        size = np.max(size, axis=-1, keepdims=True, initial=0.0)
    unit = np.spacing(size.astype(np.float32)).astype(np.float64)
    return (np.abs(np.asarray(got, np.float64) - exact) / unit).ravel()


def error_of(loss: Any, sizes: tuple[int, ...]) -> dict[str, float]:
    """Return what 99 of 100 errors of value and gradient stay below: where terms cancel, the last ones say little."""
    errors: dict[str, list[Any]] = {"value": [], "gradient": []}
    own = loss.bind(**parameters(loss), **({} if loss._row.couples else {"reduction": "none"}))
    for seed in range(4):
        arrays = arrays_of(loss._row, sizes, seed)
        value, gradients = own.value_and_grad(**arrays)
        exact, exact_gradients = own.value_and_grad(**{name: widened(a) for name, a in arrays.items()})
        if loss._row.couples:  # one number, which Python holds in float64
            value = np.float32(value)
        errors["value"].append(units(value, exact))
        for got, right in zip(several(gradients), several(exact_gradients), strict=True):
            errors["gradient"].append(units(got, right, of_row=loss._row.axes != ""))
    return quantiles(errors)


def speed_of(loss: Any, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Return the time of value and gradient for each number of the gradient, and over np.exp of as many."""
    arrays = arrays_of(loss._row, sizes, 0)
    _, gradients = loss.value_and_grad(**arrays)
    in_place = all(isinstance(g, np.ndarray) for g in several(gradients))  # that by one number is a number
    keywords: dict[str, Any] = {"out": (None, gradients)} if in_place else {}
    x = np.random.default_rng(0).normal(size=sum(np.size(g) for g in several(gradients))).astype(np.float32)
    y = np.empty_like(x)
    calls = {
        "own": lambda: loss.value_and_grad(**arrays, **keywords, n_threads=1),
        "exponentials": lambda: np.exp(x, out=y),
    }
    shapes = {operand.name: list(np.shape(arrays[operand.name])) for operand in loss._row.differentiated}
    return {"shapes": shapes, **ratio(calls, x.size)}


def of_penalty(penalty: Any) -> dict[str, Any]:
    """Return error and speed of a penalty, which takes one array."""
    errors: dict[str, list[Any]] = {"value": [], "gradient": []}
    for seed in range(4):
        w = np.random.default_rng(seed).normal(size=20_000).astype(np.float32)
        value, gradient = penalty.value_and_grad(w)
        exact, exact_gradient = penalty.value_and_grad(w.astype(np.float64))
        errors["value"].append(units(np.float32(value), exact))
        errors["gradient"].append(units(gradient, exact_gradient))
    w = np.random.default_rng(0).normal(size=10**6).astype(np.float32)
    out = np.empty_like(w)
    calls = {
        "own": lambda: penalty.value_and_grad(w, out=out, n_threads=1),
        "exponentials": lambda: np.exp(w, out=out),
    }
    return {"error": quantiles(errors), "speed": {"shapes": {"parameter": list(w.shape)}, **ratio(calls, w.size)}}


def quantiles(errors: dict[str, list[Any]]) -> dict[str, float]:
    """Return what 99 of 100 errors stay below."""
    return {what: round(float(np.quantile(np.concatenate(e), 0.99)), 2) for what, e in errors.items()}


def ratio(calls: dict[str, Any], size: int) -> dict[str, float]:
    """Return the time of the first call for each number, and over that of the second."""
    own, exponentials = (float(np.median(each)) for each in interleaved(calls, ROUNDS).values())
    return {"ns": rounded(own / size * 1e9), "over_exp": rounded(own / exponentials)}


def rounded(number: float) -> float:
    """Return two digits of a number: the third differs from run to run."""
    return float(f"{number:.2g}")


def main() -> None:
    """Measure what the arguments name, by default all losses, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loss", nargs="*", help="only these; the others stay as they are")
    parser.add_argument("--output", type=Path, default=FILE)
    options = parser.parse_args()
    limit_cpus(1)
    keep_freed_memory()
    import fastloss as fl
    from fastloss.catalogue import CATALOGUE, PENALTIES

    before = json.loads(options.output.read_text("utf-8"))["losses"] if options.output.is_file() else {}
    found: dict[str, Any] = {}
    for name in [*CATALOGUE, *PENALTIES]:
        if options.loss is None or name in options.loss:
            loss = getattr(fl, name)
            if name in PENALTIES:
                found[name] = of_penalty(loss)
            else:
                large, small = SIZES[loss._row.axes]
                found[name] = {"error": error_of(loss, small), "speed": speed_of(loss, large)}
            print(name, found[name], flush=True)
        elif name in before:
            found[name] = before[name]
    about = {
        "fastloss": fl.__version__,
        "date": f"{datetime.date.today()}",
        "isa": fl.build_info()["isa"],
        "processor": processor(),
        "numpy": np.__version__,
    }
    losses = ",\n".join(f"  {json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in found.items())
    options.output.write_text(f'{{"made on": {json.dumps(about)},\n "losses": {{\n{losses}\n}}}}\n', "utf-8")


if __name__ == "__main__":
    main()
