"""Discs and squares in noisy images, found by a small network in NumPy: Dice loss plus cross-entropy, in one sum.

Most pixels are background. Printed is intersection over union, the mean of three classes, for images that are new.

    python docs/examples/blobs.py
"""

from __future__ import annotations

import numpy as np

import fastloss as fl

SIZE, BLURS, HIDDEN, BATCH, STEPS, RATE = 48, (1.0, 2.0, 4.0), 16, 4, 150, 1e-2


def drawn(rng: np.random.Generator, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features of the pixels, (N, H, W, F), and their classes: 0 nothing, 1 a disc, 2 a square."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    labels = np.zeros((images, SIZE, SIZE), np.uint8)
    for image in labels:
        for kind in (1, 2):
            down, across = (abs(axis - rng.integers(8, SIZE - 8)) for axis in (rows, columns))
            image[(np.hypot(down, across) if kind == 1 else np.maximum(down, across)) <= 3] = kind
    pixels = np.choose(labels, (0.0, 1.0, -1.0)) + rng.normal(scale=1.5, size=labels.shape)
    squares = np.fft.fftfreq(SIZE)[:, None] ** 2 + np.fft.rfftfreq(SIZE) ** 2
    filters = [np.exp(-2 * (np.pi * blur) ** 2 * squares) for blur in BLURS]
    blurred = [np.fft.irfft2(np.fft.rfft2(pixels) * each, (SIZE, SIZE)) for each in filters]
    return np.stack([np.ones_like(pixels), pixels, *blurred], axis=-1).astype(np.float32), labels


def main() -> dict[str, float]:
    """Train with each loss from the same start."""
    results = {}
    both = fl.dice.bind(mode="multiclass", axis=-1) + fl.cross_entropy
    for name, loss in (("cross_entropy", fl.cross_entropy), ("dice + cross_entropy", both)):
        rng = np.random.default_rng(0)
        layers = [rng.normal(scale=0.3, size=s).astype(np.float32) for s in ((2 + len(BLURS), HIDDEN), (HIDDEN, 3))]
        first, second = ([np.zeros_like(w) for w in layers] for _ in range(2))
        for step in range(1, STEPS + 1):
            features, labels = drawn(rng, BATCH)
            hidden = np.maximum(features @ layers[0], 0)
            gradient = loss.grad(labels, hidden @ layers[1])  # of a value of the whole batch, (N, H, W, 3)
            behind = (gradient @ layers[1].T) * (hidden > 0)
            pairs = ((features, behind), (hidden, gradient))
            slopes = [a.reshape(-1, a.shape[-1]).T @ b.reshape(-1, b.shape[-1]) for a, b in pairs]
            for w, m, v, g in zip(layers, first, second, slopes, strict=True):  # Adam
                m += 0.1 * (g - m)
                v += 0.01 * (g * g - v)
                w -= RATE * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.99**step)) + 1e-8)
        features, there = drawn(np.random.default_rng(1), 50)
        found = (np.maximum(features @ layers[0], 0) @ layers[1]).argmax(-1)
        shares = [((found == k) & (there == k)).sum() / ((found == k) | (there == k)).sum() for k in range(3)]
        results[name] = float(np.mean(shares))
        print(f"{name:>21}: overlap {results[name]:.3f}")
    return results


if __name__ == "__main__":
    main()
