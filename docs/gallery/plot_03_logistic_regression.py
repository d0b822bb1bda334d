"""
Logistic regression with SciPy: L-BFGS and Newton-CG
====================================================

The same problem by two optimisers of SciPy: one takes value and gradient, the other also the Hessian times a vector,
which ``hvp`` gives without making the Hessian. The penalty is ``fl.l2``.
"""

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import fastloss as fl

X, y = load_breast_cancer(return_X_y=True)
X = np.column_stack([np.ones(len(X)), StandardScaler().fit_transform(X)])
loss = fl.binary_cross_entropy.bind(reduction="sum")
C = 0.1


def value_and_grad(weights):
    value, grad = loss.value_and_grad(y, X @ weights)
    gradient = X.T @ grad
    value += fl.l2(weights[1:], strength=1 / C)
    gradient[1:] += fl.l2.grad(weights[1:], strength=1 / C)
    return value, gradient


def hessian_times(weights, vector):
    product = X.T @ loss.hvp(y, X @ weights, X @ vector)
    product[1:] += fl.l2.grad(vector[1:], strength=1 / C)  # of a square the gradient is linear
    return product


peer = LogisticRegression(C=C, tol=1e-10, max_iter=10_000).fit(X[:, 1:], y)
expected = np.r_[peer.intercept_, peer.coef_[0]]

for method, more in (("L-BFGS-B", {}), ("Newton-CG", {"hessp": hessian_times})):
    found = minimize(value_and_grad, np.zeros(31), jac=True, method=method, tol=1e-9, **more)
    print(f"{method:10} value {found.fun:.6f}, {found.nit} iterations, accuracy {((X @ found.x > 0) == y).mean():.4f}")
    assert np.allclose(found.x, expected, atol=2e-3)

# %%
# An L1 penalty makes weights exactly 0. By proximal gradient descent: a step along the gradient of the loss, then every
# weight moves towards 0 and stops there.

weights = np.zeros(31)
for _ in range(2000):
    value, grad = fl.binary_cross_entropy.value_and_grad(y, X @ weights)
    weights -= 0.1 * (X.T @ grad)
    weights[1:] = np.sign(weights[1:]) * np.maximum(np.abs(weights[1:]) - 0.1 * 0.02, 0)
print(f"{np.count_nonzero(weights[1:])} of 30 weights are not 0, accuracy {((X @ weights > 0) == y).mean():.4f}")
assert np.count_nonzero(weights[1:]) < 15 and ((X @ weights > 0) == y).mean() > 0.95
