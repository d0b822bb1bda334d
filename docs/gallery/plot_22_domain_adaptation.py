"""
Domain adaptation: digits of another scanner
============================================

Labels are there for one scanner alone; the images of another one are pale, blurred and noisy. ``mmd`` pulls the
features of both towards one distribution, without a label of the second, and more of its digits are read right.
``coral`` looks at covariances alone: it does not see that all images have become paler.
"""

import numpy as np
from sklearn.datasets import load_digits

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
images = (pixels / 16).reshape(-1, 8, 8)
rng = np.random.default_rng(0)
other = images[900:]
other = 0.5 * (other + np.roll(other, 1, axis=2)) * 0.6 + 0.3 + rng.normal(scale=0.1, size=other.shape)
X, y, X_other, y_other = images[:900].reshape(-1, 64), digits[:900], other.reshape(-1, 64), digits[900:]


def features(parameters, X):
    return np.tanh(X @ parameters[0])


def train(adapt=None, strength=0.0):
    rng = np.random.default_rng(1)
    parameters = [rng.normal(scale=0.2, size=(64, 32)), rng.normal(scale=0.2, size=(32, 10))]
    velocities = [np.zeros_like(p) for p in parameters]
    for _ in range(250):
        batch, unlabelled = rng.integers(len(X), size=128), rng.integers(len(X_other), size=128)
        images, others = X[batch], X_other[unlabelled]
        h, h_other = features(parameters, images), features(parameters, others)
        by_logits = fl.cross_entropy.grad(y[batch], h @ parameters[1])
        by_h, by_other = by_logits @ parameters[1].T, np.zeros_like(h_other)
        if adapt is not None:
            pulls = adapt.grad(h, h_other)
            by_h, by_other = by_h + strength * pulls[0], strength * pulls[1]
        grads = [images.T @ (by_h * (1 - h**2)) + others.T @ (by_other * (1 - h_other**2)), h.T @ by_logits]
        for velocity, grad in zip(velocities, grads, strict=True):
            velocity *= 0.9
            velocity -= 0.1 * grad
        parameters = [p + v for p, v in zip(parameters, velocities, strict=True)]
    return (features(parameters, X_other) @ parameters[1]).argmax(1) == y_other


mmd = fl.mmd.bind(bandwidths=(1.0, 2.0, 4.0, 8.0))
right = {"labels alone": train(), "with mmd": train(mmd, 1.0), "with coral": train(fl.coral, 1000.0)}
for name, read in right.items():
    print(f"{name:12} {read.mean():.3f} of the other scanner's digits")
assert right["with mmd"].mean() > max(right["labels alone"].mean(), right["with coral"].mean()) + 0.04
