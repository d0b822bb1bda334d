"""
Chunks of Dask, with the bits of one call
=========================================

The arrays are in chunks, which Dask computes in parallel, or on many machines. The denominator of the mean comes first,
from labels and weights alone; so the gradient has the bits of one call on everything.
"""

import dask
import dask.array as da
import numpy as np

import fastloss as fl

rng = np.random.default_rng(0)
labels = rng.integers(100, size=20_000)
logits = rng.normal(size=(20_000, 100)).astype(np.float32)
weight = rng.exponential(size=20_000)

chunks = (da.from_array(labels, 3000), da.from_array(logits, (3000, 100)))
value, gradient = fl.interop.dask.value_and_grad(
    fl.cross_entropy, *chunks, sample_weight=da.from_array(weight, 3000), ignore_index=7
)
print("nothing is computed yet:", gradient)
value, gradient = dask.compute(value, gradient)

whole, expected = fl.cross_entropy.value_and_grad(labels, logits, sample_weight=weight, ignore_index=7)
print(f"value {float(value):.6f}, of one call {whole:.6f}")
assert np.array_equal(gradient, expected) and np.isclose(float(value), whole, rtol=1e-12)
