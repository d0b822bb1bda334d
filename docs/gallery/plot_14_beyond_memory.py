"""
Data larger than memory
=======================

The arrays lie in files and are read piece by piece. ``partial`` gives what a piece adds to the mean over all, and
``normalizer`` the denominator, so that the gradient of each piece has the bits of one call on everything.
"""

import tempfile
from pathlib import Path

import numpy as np

import fastloss as fl

rng = np.random.default_rng(0)
folder = Path(tempfile.mkdtemp())
labels = rng.integers(10, size=50_000)
logits = rng.normal(scale=2, size=(50_000, 10)).astype(np.float32)
weight = rng.exponential(size=50_000)
for name, array in (("labels", labels), ("logits", logits), ("weight", weight)):
    np.save(folder / f"{name}.npy", array)


def pieces():
    """Yield labels, logits and weights, 4,096 samples at a time; only these are read."""
    files = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("labels", "logits", "weight")]
    for start in range(0, len(files[0]), 4096):
        yield [array[start : start + 4096] for array in files]


value = sum(fl.cross_entropy.partial(y, x, sample_weight=w) for y, x, w in pieces())
print(f"mean {value.value:.6f} over weights of {value.weight:.1f}")

gradient = np.lib.format.open_memmap(folder / "gradient.npy", "w+", np.float32, logits.shape)
at = 0
for y, x, w in pieces():
    place = gradient[at : at + len(y)]
    fl.cross_entropy.grad(y, x, sample_weight=w, normalizer=value.weight, out=place)
    at += len(y)

whole, expected = fl.cross_entropy.value_and_grad(labels, logits, sample_weight=weight)
assert np.isclose(value.value, whole, rtol=1e-12)
assert np.array_equal(gradient, expected)
print("the gradient in the file has the bits of one call on all data")
