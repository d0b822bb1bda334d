"""
Adversarial training: TRADES on digits
======================================

An image may be changed so little that people see no difference, and the model another digit. ``trades`` (Zhang et al.
2019) adds to the cross-entropy how far what the model says of it is from what it says of the original.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(pixels / 16, digits, random_state=0, stratify=digits)
EPSILON = 0.15


def forward(parameters, images):
    hidden = np.maximum(images @ parameters[0], 0)
    return hidden, hidden @ parameters[1]


def attacked(parameters, images, labels, steps=7):
    """Move images against the model, by at most EPSILON in each pixel."""
    moved = images.copy()
    for _ in range(steps):
        hidden, logits = forward(parameters, moved)
        by_hidden = fl.cross_entropy.grad(labels, logits) @ parameters[1].T
        uphill = by_hidden * (hidden > 0) @ parameters[0].T
        moved = np.clip(moved + 0.05 * np.sign(uphill), images - EPSILON, images + EPSILON)
    return moved


def train(strength):
    rng = np.random.default_rng(0)
    parameters = [rng.normal(scale=0.15, size=(64, 64)), rng.normal(scale=0.1, size=(64, 10))]
    velocities = [0.0, 0.0]
    for batch in (batch for _ in range(20) for batch in np.array_split(rng.permutation(len(X)), 20)):
        images, labels = X[batch], y[batch]
        both = np.concatenate([images, attacked(parameters, images, labels, steps=4) if strength else images])
        hidden, logits = forward(parameters, both)
        by_logits = np.concatenate(fl.trades.grad(labels, *np.split(logits, 2), beta=strength))
        slopes = both.T @ (by_logits @ parameters[1].T * (hidden > 0)), hidden.T @ by_logits
        velocities = [0.9 * v - 0.1 * slope for v, slope in zip(velocities, slopes, strict=True)]
        parameters = [p + v for p, v in zip(parameters, velocities, strict=True)]
    return parameters


def right(parameters, images):
    return (forward(parameters, images)[1].argmax(1) == y_test).mean()


robust = {}
for strength in (0.0, 3.0):
    parameters = train(strength)
    robust[strength] = right(parameters, attacked(parameters, X_test, y_test))
    print(f"strength {strength}: {right(parameters, X_test):.3f} of clean images, {robust[strength]:.3f} of attacked")
assert robust[3.0] > robust[0.0] + 0.05
