"""
Quantile bands
==============

Three quantiles of noise that grows with x: a linear model of a few functions of x with three outputs, and ``quantiles``
with a level for each. Between the outer two lie 80% of the data, wherever the noise is large or small.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

import fastloss as fl

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(0, 10, 2000))
y = np.sin(x) + 0.1 * (1 + x) * rng.normal(size=2000)
X = np.column_stack([np.ones_like(x), x / 10, np.sin(x), np.cos(x)])

levels = 0.1, 0.5, 0.9
loss = fl.quantiles.bind(levels=levels)


def objective(weights):
    value, grad = loss.value_and_grad(y, X @ weights.reshape(4, 3))
    return value, (X.T @ grad).ravel()


bands = X @ minimize(objective, np.zeros(12), jac=True, method="L-BFGS-B").x.reshape(4, 3)
figure, axes = plt.subplots(layout="constrained")
axes.plot(x, y, ".", color="lightgrey", markersize=3)
for level, band in zip(levels, bands.T, strict=True):
    share = (y <= band).mean()
    print(f"{level:.0%} quantile: {share:.1%} of the data are below it")
    assert abs(share - level) < 0.02
    axes.plot(x, band, label=f"{level:.0%}")
for low, high in ((0, 5), (5, 10)):
    part = (x >= low) & (x < high)
    inside = ((bands[:, 0] < y) & (y < bands[:, 2]))[part].mean()
    print(f"x from {low} to {high}: {inside:.1%} lie between 10% and 90%")
    assert abs(inside - 0.8) < 0.05
axes.legend()
plt.show()
