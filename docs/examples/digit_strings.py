"""Read strings of digits without being told where each digit is: connectionist temporal classification.

Digits of scikit-learn stand side by side, at distances that vary. A frame is a window of eight columns; a network of
two layers, in NumPy, gives scores of the ten digits and of the blank. `fastloss.ctc` needs to know nothing but which
digits come in which order.

    python docs/examples/digit_strings.py
"""

import numpy as np
from sklearn.datasets import load_digits

import fastloss as fl

STEPS, BATCH, HIDDEN, WIDTH = 1200, 32, 128, 64


def strings(images, digits, count, rng):
    """Return frames (count, T, 64), and the digits of each string, as classes 1 to 10: class 0 is the blank."""
    pages, labels = np.zeros((count, 8, WIDTH + 7), np.float32), []
    for page in pages:
        chosen, at = rng.integers(len(images), size=rng.integers(3, 6)), 4
        for k in chosen:
            page[:, at : at + 8] += images[k]
            at += 9 + rng.integers(3)
        labels.append(digits[chosen] + 1)
    windows = np.lib.stride_tricks.sliding_window_view(pages, 8, axis=2)
    return np.moveaxis(windows, 2, 1)[:, ::2].reshape(count, -1, 64), labels


def main():
    images, digits = load_digits(return_X_y=True)
    images = images.reshape(-1, 8, 8).astype(np.float32) / 16
    rng = np.random.default_rng(0)
    weights = [rng.normal(scale=0.1, size=shape).astype(np.float32) for shape in ((65, HIDDEN), (HIDDEN + 1, 11))]
    moments, losses = [[np.zeros_like(w), np.zeros_like(w)] for w in weights], []

    def forward(x):
        x = np.concatenate([x, np.ones((*x.shape[:-1], 1), np.float32)], -1)
        h = np.maximum(x @ weights[0], 0)
        h = np.concatenate([h, np.ones((*h.shape[:-1], 1), np.float32)], -1)
        return x, h, h @ weights[1]

    for step in range(1, STEPS + 1):
        x, labels = strings(images[:1400], digits[:1400], BATCH, rng)
        x, h, scores = forward(x)
        loss, by_scores = fl.ctc.value_and_grad(labels, scores)
        by_hidden = (by_scores @ weights[1].T)[..., :-1] * (h[..., :-1] > 0)
        slopes = np.einsum("nti,ntj->ij", x, by_hidden), np.einsum("nti,ntj->ij", h, by_scores)
        for w, g, (m, v) in zip(weights, slopes, moments, strict=True):  # Adam
            m += 0.1 * (g - m)
            v += 0.01 * (g * g - v)
            w -= 0.003 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
        losses.append(loss)
    x, labels = strings(images[1400:], digits[1400:], 200, rng)
    found, _ = fl.ctc_decode(forward(x)[2], beam_width=8)
    right = float(np.mean([np.array_equal(y, f) for y, f in zip(labels, found, strict=True)]))
    print(
        f"loss {losses[0]:.1f} -> {np.mean(losses[-20:]):.2f}; whole strings of other digits that are read: {right:.0%}"
    )
    print("read", (found[0] - 1).tolist(), "where it says", (labels[0] - 1).tolist())
    return losses, right


if __name__ == "__main__":
    main()
