"""
Neighbours help: a linear-chain conditional random field
========================================================

Sequences of noisy digits, in which a digit is mostly the one before plus or minus one. A linear-chain field has scores
of pictures and of pairs of neighbours; ``linear_chain_crf`` has the gradients of both, and L-BFGS fits them.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_digits

import fastloss as fl

images, digits = load_digits(return_X_y=True)
rng = np.random.default_rng(0)
STEPS, K = 8, 10


def sequences(first, last, count):
    of_digit = [first + np.flatnonzero(digits[first:last] == k) for k in range(K)]
    labels = np.empty((count, STEPS), int)
    labels[:, 0] = rng.integers(0, K, count)
    for t in range(1, STEPS):
        step = np.where(rng.random(count) < 0.9, rng.choice([-1, 1], count), rng.integers(0, K, count))
        labels[:, t] = (labels[:, t - 1] + step) % K
    chosen = np.array([[rng.choice(of_digit[k]) for k in row] for row in labels])
    x = images[chosen] / 16 + rng.normal(scale=0.6, size=(count, STEPS, 64))
    return np.concatenate([x, np.ones((count, STEPS, 1))], -1), labels


def fit(neighbours):
    def objective(theta):
        weights, pairs = np.split(theta.reshape(-1, K), [65])
        loss = fl.linear_chain_crf.bind(reduction="sum")
        value, (slopes, by_pairs) = loss.value_and_grad(labels, x @ weights, neighbours * pairs)
        gradient = np.concatenate([np.tensordot(x, slopes, ([0, 1], [0, 1])), neighbours * by_pairs]).ravel()
        return value + 0.5 * theta @ theta, gradient + theta

    found = minimize(objective, np.zeros((65 + K) * K), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return np.split(found.x.reshape(-1, K), [65])


x, labels = sequences(0, 1400, 400)
(alone, _), (weights, pairs) = fit(0), fit(1)  # without scores of pairs it is a softmax for each
x, labels = sequences(1400, len(digits), 200)
by_itself = (x @ alone).argmax(-1)
best, _ = fl.crf_viterbi(x @ weights, pairs)
right = [(read == labels).mean() for read in (by_itself, best)]
print(f"right digits: each by itself {right[0]:.1%}, with its neighbours {right[1]:.1%}")

figure, axes = plt.subplots(1, STEPS, figsize=(8, 1.5), layout="constrained")
row = np.argmax((best == labels).sum(1) - (by_itself == labels).sum(1))
for t, axis in enumerate(axes):
    axis.imshow(x[row, t, :64].reshape(8, 8), cmap="gray_r")
    axis.set_title(f"it is {labels[row, t]}\nalone: {by_itself[row, t]}\nin a row: {best[row, t]}", fontsize=9)
    axis.axis("off")
plt.show()
assert right[1] > right[0] + 0.05
