"""
Quantile bands
==============

Three quantiles of noise that grows with x, each a linear model of a few functions of x. Between the outer two lie 80%
of the data, wherever the noise is large or small.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

import fastloss as fl

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(0, 10, 2000))
y = np.sin(x) + 0.1 * (1 + x) * rng.normal(size=2000)
X = np.column_stack([np.ones_like(x), x / 10, np.sin(x), np.cos(x)])

figure, axes = plt.subplots(layout="constrained")
axes.plot(x, y, ".", color="lightgrey", markersize=3)
bands = {}
for level in (0.1, 0.5, 0.9):
    loss = fl.quantile.bind(alpha=level)

    def objective(weights, loss=loss):
        value, grad = loss.value_and_grad(y, X @ weights)
        return value, X.T @ grad

    bands[level] = X @ minimize(objective, np.zeros(4), jac=True, method="L-BFGS-B").x
    share = (y <= bands[level]).mean()
    print(f"{level:.0%} quantile: {share:.1%} of the data are below it")
    assert abs(share - level) < 0.02
    axes.plot(x, bands[level], label=f"{level:.0%}")
for low, high in ((0, 5), (5, 10)):
    part = (x >= low) & (x < high)
    inside = ((bands[0.1] < y) & (y < bands[0.9]))[part].mean()
    print(f"x from {low} to {high}: {inside:.1%} lie between 10% and 90%")
    assert abs(inside - 0.8) < 0.05
axes.legend()
plt.show()
