"""
Label smoothing where labels are wrong
======================================

A fifth of the labels is wrong. A model that is trained long believes them. With smoothed labels more of its predictions
are right, and it is less sure than it could be: the reliability curve lies above the diagonal. ``fl.report`` draws
both.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(pixels / 16, digits, random_state=0, stratify=digits)
rng = np.random.default_rng(0)
wrong = rng.random(len(y)) < 0.2
y = np.where(wrong, rng.integers(10, size=len(y)), y)

right, pictures = {}, {}
for smoothing in (0.0, 0.2):
    rng = np.random.default_rng(1)
    first, second = rng.normal(scale=0.15, size=(64, 64)), rng.normal(scale=0.1, size=(64, 10))
    loss = fl.cross_entropy.bind(label_smoothing=smoothing)
    v1, v2 = np.zeros_like(first), np.zeros_like(second)
    for _ in range(300):
        hidden = np.maximum(X @ first, 0)
        grad = loss.grad(y, hidden @ second)
        behind = grad @ second.T * (hidden > 0)
        v1, v2 = 0.9 * v1 - 0.3 * (X.T @ behind), 0.9 * v2 - 0.3 * (hidden.T @ grad)
        first, second = first + v1, second + v2
    found = fl.report(fl.cross_entropy, y_test, np.maximum(X_test @ first, 0) @ second)
    calibration = found.calibration
    right[smoothing] = calibration.accuracy
    print(
        f"smoothing {smoothing}: accuracy {calibration.accuracy:.3f}, confidence {calibration.confidence:.3f}, "
        f"ECE {calibration.ece:.3f}, cross-entropy {found.value:.3f}"
    )
    pictures[smoothing] = found.plot()
assert right[0.2] > right[0.0]
before, after = pictures.values()
