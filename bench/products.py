"""Losses of matrix products beside the products that they cannot do without.

taskset -c 0 python bench/products.py                 # BLAS on one thread, too: it counts CPUs when NumPy is loaded
taskset -c 0 python bench/products.py --rounds 5      # more rounds
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np

from competitors import limit_cpus
from measure import Spread, interleaved, keep_freed_memory

#: Samples, numbers and classes of linear layers; samples and numbers of batches.
LAYERS = ((1024, 768, 50257), (2048, 512, 32000), (65536, 64, 1000), (100_000, 784, 10))
BATCHES = ((4096, 256), (4096, 128), (16384, 128))
ROWS = 512


def layer(samples: int, numbers: int, classes: int) -> dict[str, Callable[[], Any]]:
    """Return what computes a layer: the three products alone, ours, and NumPy with all logits at once."""
    import fastloss as fl

    rng = np.random.default_rng(2024)
    features = rng.standard_normal((samples, numbers), np.float32)
    weight, bias = rng.standard_normal((classes, numbers), np.float32) * np.float32(0.3), np.zeros(classes, np.float32)
    y_true = rng.integers(0, classes, samples)
    logits = np.empty((samples, classes), np.float32)
    out = np.empty_like(features), np.empty_like(weight), np.empty_like(bias)

    def products() -> None:
        np.matmul(features, weight.T, out=logits)
        np.matmul(logits, weight, out=out[0])
        np.matmul(logits.T, features, out=out[1])

    def at_once() -> None:
        x = np.matmul(features, weight.T, out=logits)
        x += bias
        x -= x.max(axis=1, keepdims=True)
        np.exp(x, out=x)
        x /= x.sum(axis=1, keepdims=True)
        x[np.arange(samples), y_true] -= 1
        x /= samples
        np.matmul(x, weight, out=out[0])
        np.matmul(x.T, features, out=out[1])
        x.sum(axis=0, out=out[2])

    def ours() -> None:
        fl.linear_cross_entropy.value_and_grad(y_true, features, weight, bias, out=(None, out), n_threads=1)

    return {"products": products, "linear_cross_entropy": ours, "NumPy, all logits": at_once}


def batch(samples: int, numbers: int) -> dict[str, Callable[[], Any]]:
    """Return what computes losses of a batch: the three products alone, in chunks, and ours."""
    import fastloss as fl

    rng = np.random.default_rng(2024)
    first = rng.standard_normal((samples, numbers), np.float32)
    second = first + rng.standard_normal((samples, numbers), np.float32)
    labels, buffer, out = np.arange(samples) % 100, np.empty((ROWS, samples), np.float32), np.empty_like(first)

    def products() -> None:
        for start in range(0, samples, ROWS):
            rows = first[start : start + ROWS]
            similarities = np.matmul(rows, second.T, out=buffer[: len(rows)])
            np.matmul(similarities, second, out=out[start : start + ROWS])
            similarities.T @ rows

    return {
        "products": products,
        "info_nce": lambda: fl.info_nce.value_and_grad(first, second, n_threads=1),
        "symmetric_info_nce": lambda: fl.symmetric_info_nce.value_and_grad(first, second, n_threads=1),
        "nt_xent": lambda: fl.nt_xent.value_and_grad(first, n_threads=1),
        "supcon": lambda: fl.supcon.value_and_grad(labels, first, n_threads=1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    limit_cpus(1)
    keep_freed_memory()
    for make, cases in ((layer, LAYERS), (batch, BATCHES)):
        for sizes in cases:
            seconds = interleaved(make(*sizes), options.rounds, settle=0.01)
            products = seconds.pop("products")
            shown = ", ".join(f"{name} {Spread.of(each / products).median:.2f}" for name, each in seconds.items())
            took = f"three products {1e3 * np.median(products):.0f} ms = 1"
            print(f"{' x '.join(map(str, sizes)):>20}: {took}; {shown}")


if __name__ == "__main__":
    main()
