"""
Strings of digits, read without knowing where each digit is
===========================================================

Connectionist temporal classification adds up all ways to spread a string over the frames of a picture. The network
says, for each window of eight columns, which digit it sees or none; nobody tells it where one begins.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import fastloss as fl

images, digits = load_digits(return_X_y=True)
images = (images.reshape(-1, 8, 8) / 16).astype(np.float32)
rng = np.random.default_rng(0)


def strings(first, last, count):
    pages, labels = np.zeros((count, 8, 55), np.float32), []
    for page in pages:
        chosen, at = rng.integers(first, last, size=rng.integers(3, 5)), 4
        for k in chosen:
            page[:, at : at + 8] += images[k]
            at += 9 + rng.integers(3)
        labels.append(digits[chosen] + 1)  # class 0 is the blank
    windows = np.lib.stride_tricks.sliding_window_view(pages, 8, axis=2)
    frames = np.moveaxis(windows, 2, 1)[:, ::2].reshape(count, -1, 64)
    return pages, np.concatenate([frames, np.ones((*frames.shape[:2], 1), np.float32)], -1), labels


weights = [rng.normal(scale=0.1, size=shape).astype(np.float32) for shape in ((65, 96), (96, 11))]
means, squares = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
losses = []
for step in range(1, 501):
    _, x, labels = strings(0, 1400, 24)
    hidden = np.maximum(x @ weights[0], 0)
    value, by_scores = fl.ctc.value_and_grad(labels, hidden @ weights[1])
    by_hidden = (by_scores @ weights[1].T) * (hidden > 0)
    slopes = [np.tensordot(a, b, ([0, 1], [0, 1])) for a, b in ((x, by_hidden), (hidden, by_scores))]
    for w, g, m, v in zip(weights, slopes, means, squares, strict=True):  # Adam
        m += 0.1 * (g - m)
        v += 0.01 * (g * g - v)
        w -= 0.004 * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
    losses.append(value)

pages, x, labels = strings(1400, len(digits), 200)
scores = np.maximum(x @ weights[0], 0) @ weights[1]
read, _ = fl.ctc_decode(scores)
right = np.mean([np.array_equal(one, other) for one, other in zip(read, labels, strict=True)])
print(f"loss {losses[0]:.1f} -> {np.mean(losses[-20:]):.2f}; {right:.0%} of strings of new digits are read whole")

figure, (top, below) = plt.subplots(2, figsize=(7, 3.6), layout="constrained")
top.imshow(pages[0], cmap="gray_r", aspect="auto")
top.set_title(f"it says {labels[0] - 1}, read {np.asarray(read[0]) - 1}")
below.imshow(fl.softmax(scores[0]).T, aspect="auto", cmap="viridis")
below.set(xlabel="frame", ylabel="class (0: blank)")
plt.show()
assert np.mean(losses[-20:]) < 0.1 * losses[0] and right > 0.3
