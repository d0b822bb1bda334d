"""
Metric learning: triplets, then whole batches
=============================================

Digits of one kind are to lie near each other. ``triplet`` compares an image with one like it and one unlike it;
``supcon`` compares it with all others of its batch. What counts is the nearest neighbour of an unseen image.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(pixels / 16, digits, random_state=0, stratify=digits, test_size=0.5)
places = [np.flatnonzero(y == digit) for digit in range(10)]


def right(weights):
    near, seen = X_test @ weights, X @ weights
    distances = (near**2).sum(1)[:, None] - 2 * near @ seen.T + (seen**2).sum(1)
    return (y[distances.argmin(1)] == y_test).mean()


def by_triplets(weights, rng):
    anchor = rng.integers(len(X), size=256)
    positive = np.array([rng.choice(places[label]) for label in y[anchor]])
    negative = np.array([rng.choice(places[label]) for label in (y[anchor] + rng.integers(1, 10, 256)) % 10])
    images = X[anchor], X[positive], X[negative]
    value, grads = fl.triplet.value_and_grad(*(each @ weights for each in images))
    return value, sum(each.T @ grad for each, grad in zip(images, grads, strict=True))


def by_batches(weights, rng):
    batch = rng.integers(len(X), size=256)
    value, grad = fl.supcon.value_and_grad(y[batch], X[batch] @ weights)
    return value, X[batch].T @ grad


for learn in (by_triplets, by_batches):
    rng = np.random.default_rng(0)
    weights, velocity = rng.normal(scale=0.3, size=(64, 8)), np.zeros((64, 8))
    before = right(weights)
    for _ in range(150):
        value, gradient = learn(weights, rng)
        velocity = 0.9 * velocity - 0.02 * gradient
        weights += velocity
    print(f"{learn.__name__:12} loss {value:.3f}; right neighbours: {before:.3f}, then {right(weights):.3f}")
    assert right(weights) > max(before, 0.92)
