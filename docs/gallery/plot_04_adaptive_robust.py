"""
A robust loss that learns how robust to be
==========================================

Barron's general loss has a shape ``alpha``: 2 is the squared error, 1 is smooth absolute error, 0 is Cauchy's, -2 is
Geman and McClure's. As a density its alpha can be learned with the model. The density needs a normaliser, the logarithm
of an integral, without which a smaller alpha would always win; it is a table here.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize

import fastloss as fl

rng = np.random.default_rng(0)
x = np.linspace(-2, 2, 300)
X = np.column_stack([np.ones(300), x])
y = X @ [1.0, 2.0] + rng.normal(scale=0.2, size=300)
wild = rng.random(300) < 0.2
y[wild] += rng.exponential(8, wild.sum())

# log of the integral of exp(-loss(r)), for alphas in [0, 2], as Barron (2019) tabulates it
alphas, r = np.linspace(0, 2, 41), np.sinh(np.linspace(-12, 12, 20_001))
integrals = [np.log(np.trapezoid(np.exp(-fl.general_robust(0 * r, r, alpha=a, reduction="none")), r)) for a in alphas]


def negative_log_likelihood(parameters):
    weights, alpha, scale = parameters[:2], 2 / (1 + np.exp(-parameters[2])), np.exp(parameters[3])
    value, grad = fl.general_robust.value_and_grad(y, X @ weights, alpha=alpha, scale=scale)
    by = fl.general_robust.parameter_grads(y, X @ weights, alpha=alpha, scale=scale)
    below, slope = np.interp(alpha, alphas, integrals), np.gradient(integrals, alphas)
    by_alpha = by["alpha"] + np.interp(alpha, alphas, slope)
    gradient = [*(X.T @ grad), by_alpha * alpha * (2 - alpha) / 2, by["scale"] * scale + 1]
    return value + below + parameters[3], np.array(gradient)


found = minimize(negative_log_likelihood, [0.0, 0.0, 0.0, 0.0], jac=True, method="BFGS").x
alpha, scale = 2 / (1 + np.exp(-found[2])), np.exp(found[3])
squares = np.linalg.lstsq(X, y)[0]
print(f"learned: {found[:2].round(3)}, alpha {alpha:.3f}, scale {scale:.3f}; least squares: {squares.round(3)}")
assert np.allclose(found[:2], [1, 2], atol=0.06) and alpha < 0.5 and abs(squares[0] - 1) > 1

figure, axes = plt.subplots(layout="constrained")
axes.plot(x, y, ".", color="grey", markersize=4)
axes.plot(x, X @ squares, label="least squares")
axes.plot(x, X @ found[:2], label=f"general_robust, alpha {alpha:.2f} learned")
axes.set_ylim(-6, 20)
axes.legend()
plt.show()
