"""
Counts, with a dispersion that is learned
=========================================

Counts that vary more than Poisson's. The negative binomial has a dispersion for that; it is learned with the weights,
by ``parameter_grads``. ``full=True`` adds the terms that depend on the dispersion.
"""

import numpy as np
from scipy.optimize import minimize

import fastloss as fl

rng = np.random.default_rng(0)
X = np.column_stack([np.ones(3000), rng.normal(size=(3000, 2))])
truth, dispersion = np.array([1.0, 0.5, -0.3]), 0.8
mean = np.exp(X @ truth)
y = rng.poisson(mean * rng.gamma(1 / dispersion, dispersion, size=3000)).astype(float)


def objective(parameters):
    weights, d = parameters[:3], np.exp(parameters[3])
    value, grad = fl.negative_binomial.value_and_grad(y, X @ weights, dispersion=d, full=True)
    by = fl.negative_binomial.parameter_grads(y, X @ weights, dispersion=d, full=True)
    return value, np.r_[X.T @ grad, by["dispersion"] * d]


found = minimize(objective, np.zeros(4), jac=True, method="BFGS")
learned = np.exp(found.x[3])
print(f"weights {found.x[:3].round(3)} (true: {truth}), dispersion {learned:.3f} (true: {dispersion})")
assert np.allclose(found.x[:3], truth, atol=0.1) and abs(learned - dispersion) < 0.1

expected = fl.negative_binomial.inverse_link(X @ found.x[:3])
print(f"variance of y over its mean: {((y - expected) ** 2 / expected).mean():.2f}; Poisson's would be 1")
assert ((y - expected) ** 2 / expected).mean() > 2
