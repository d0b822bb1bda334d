"""
Regression by four optimisers, by hand
======================================

A line through 200 points, by gradient descent on the mean squared error: plain, with momentum, by RMSProp and by Adam.
fastloss gives value and gradient with respect to the predictions; the chain rule, ``X.T @``, and the rest are NumPy.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastloss as fl

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(200), rng.uniform(0, 10, 200)])
y = X @ [3.0, 0.5] + rng.normal(scale=0.3, size=200)
best = np.linalg.lstsq(X, y)[0]
least = fl.squared_error(y, X @ best)


def plain(gradient, state, step):
    return 0.02 * gradient


def momentum(gradient, state, step):
    state["velocity"] = 0.9 * state.get("velocity", 0) + gradient
    return 0.005 * state["velocity"]


def rmsprop(gradient, state, step):
    state["squares"] = 0.9 * state.get("squares", 0) + 0.1 * gradient**2
    return 0.1 / np.sqrt(1 + step) * gradient / (np.sqrt(state["squares"]) + 1e-8)


def adam(gradient, state, step):
    state["mean"] = 0.9 * state.get("mean", 0) + 0.1 * gradient
    state["squares"] = 0.999 * state.get("squares", 0) + 0.001 * gradient**2
    mean, squares = state["mean"] / (1 - 0.9 ** (step + 1)), state["squares"] / (1 - 0.999 ** (step + 1))
    return 0.05 * mean / (np.sqrt(squares) + 1e-8)


figure, axes = plt.subplots(layout="constrained")
for rule in (plain, momentum, rmsprop, adam):
    weights, state, values = np.zeros(2), {}, []
    for step in range(1000):
        value, gradient = fl.squared_error.value_and_grad(y, X @ weights)
        values.append(value - least)
        weights -= rule(X.T @ gradient, state, step)
    print(f"{rule.__name__:10} {weights.round(3)}  mse {value:.4f}")
    assert np.allclose(weights, best, atol=0.02)
    axes.semilogy(np.maximum(values, 1e-12), label=rule.__name__)
axes.set(xlabel="step", ylabel="mse above the least", title="least squares gives " + str(best.round(3)))
axes.legend()
plt.show()
