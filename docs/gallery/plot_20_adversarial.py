"""
Adversarial training: TRADES on digits
======================================

An image may be changed a little, so that people see no difference, and the model sees another digit. ``trades`` (Zhang
et al. 2019) adds to the cross-entropy how far what the model says of such an image is from what it says of the
original, with a gradient for each.
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


def by_images(parameters, hidden, by_logits):
    return by_logits @ parameters[1].T * (hidden > 0) @ parameters[0].T


def attacked(parameters, images, labels, steps=7):
    """Move images against the model, by at most EPSILON in each pixel."""
    moved = images.copy()
    for _ in range(steps):
        hidden, logits = forward(parameters, moved)
        uphill = by_images(parameters, hidden, fl.cross_entropy.grad(labels, logits))
        moved = np.clip(moved + 0.05 * np.sign(uphill), images - EPSILON, images + EPSILON)
    return moved


def train(strength):
    rng = np.random.default_rng(0)
    parameters = [rng.normal(scale=0.15, size=(64, 64)), rng.normal(scale=0.1, size=(64, 10))]
    velocities = [np.zeros_like(p) for p in parameters]
    for _ in range(20):
        for batch in np.array_split(rng.permutation(len(X)), 20):
            images, labels = X[batch], y[batch]
            hidden, logits = forward(parameters, images)
            moved = attacked(parameters, images, labels, steps=4) if strength else images
            hidden_moved, logits_moved = forward(parameters, moved)
            natural, adversarial = fl.trades.grad(labels, logits, logits_moved, beta=strength)
            work = (images, hidden, natural), (moved, hidden_moved, adversarial)
            for velocity in velocities:
                velocity *= 0.9
            for image, hidden, by_logits in work:
                velocities[1] -= 0.1 * hidden.T @ by_logits
                velocities[0] -= 0.1 * image.T @ (by_logits @ parameters[1].T * (hidden > 0))
            parameters = [p + v for p, v in zip(parameters, velocities, strict=True)]
    return parameters


def right(parameters, images):
    return (forward(parameters, images)[1].argmax(1) == y_test).mean()


robust = {}
for strength in (0.0, 3.0):
    parameters = train(strength)
    robust[strength] = right(parameters, attacked(parameters, X_test, y_test))
    print(
        f"strength {strength}: {right(parameters, X_test):.3f} of clean images, {robust[strength]:.3f} of attacked ones"
    )
assert robust[3.0] > robust[0.0] + 0.05
