"""
A network of two layers in NumPy
================================

Handwritten digits, 64 pixels to 10 classes, by mini-batches and momentum. ``fl.cross_entropy`` gives the gradient by
the logits; back-propagation is three lines. ``fl.report`` shows which digits are hard.
"""

from itertools import pairwise

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split((pixels / 16).astype(np.float32), digits, random_state=0, stratify=digits)

rng = np.random.default_rng(0)
sizes = (64, 64, 10)
layers = [rng.normal(scale=np.sqrt(2 / a), size=(a, b)).astype(np.float32) for a, b in pairwise(sizes)]
biases = [np.zeros(b, np.float32) for b in sizes[1:]]
velocities = [np.zeros_like(p) for p in layers + biases]

for _ in range(30):
    for batch in np.array_split(rng.permutation(len(X)), len(X) // 64):
        hidden = np.maximum(X[batch] @ layers[0] + biases[0], 0)
        logits = hidden @ layers[1] + biases[1]
        value, by_logits = fl.cross_entropy.value_and_grad(y[batch], logits)
        by_hidden = by_logits @ layers[1].T * (hidden > 0)
        gradients = [X[batch].T @ by_hidden, hidden.T @ by_logits, by_hidden.sum(0), by_logits.sum(0)]
        for parameter, velocity, gradient in zip(layers + biases, velocities, gradients, strict=True):
            velocity *= 0.9
            velocity -= 0.05 * gradient
            parameter += velocity

logits = np.maximum(X_test @ layers[0] + biases[0], 0) @ layers[1] + biases[1]
accuracy = (logits.argmax(1) == y_test).mean()
print(f"accuracy on {len(y_test)} digits that were not trained on: {accuracy:.3f}\n")
assert accuracy > 0.96

found = fl.report(fl.cross_entropy, y_test, logits)
print(found)
picture = found.plot()
