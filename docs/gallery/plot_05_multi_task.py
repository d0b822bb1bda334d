"""
Two tasks whose weights are learned
===================================

One model predicts two numbers: one in kilometres, the other in millimetres, whose squared errors are a million million
times as large. ``fl.uncertainty_weighted`` learns a weight for each from its own noise (Kendall, Gal and Cipolla 2018).
"""

import numpy as np
from scipy.optimize import minimize

import fastloss as fl

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 5))
truth = rng.normal(size=(5, 2)) * [1e-3, 1e3]
noise = np.array([2e-4, 5e2])
Y = X @ truth + rng.normal(size=(400, 2)) * noise
tasks = fl.uncertainty_weighted([fl.squared_error, fl.squared_error])
unit = np.abs(Y).max(0)  # what the numbers that the optimiser sees are counted in


def objective(parameters):
    weights, log_variance = parameters[:10].reshape(5, 2) * unit, parameters[10:]
    predictions = X @ weights
    value, grads, by_log_variance = tasks.value_and_grad(list(Y.T), list(predictions.T), log_variance)
    gradient = X.T @ np.column_stack(grads) * unit
    return value, np.r_[gradient.ravel(), by_log_variance]


start = np.r_[np.zeros(10), np.log(Y.var(0))]
found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000})
weights, learned = found.x[:10].reshape(5, 2) * unit, np.exp(found.x[10:] / 2)
for k, name in enumerate(("kilometres", "millimetres")):
    error = np.abs(weights[:, k] - truth[:, k]).max() / np.abs(truth[:, k]).max()
    print(f"{name:12} noise {noise[k]:.1e}, learned {learned[k]:.1e}; largest error of a weight {error:.1%}")
    assert abs(learned[k] / noise[k] - 1) < 0.15 and error < 0.1
