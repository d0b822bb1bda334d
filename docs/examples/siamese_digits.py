"""Embeddings of handwritten digits: a small network in NumPy, trained by triplets, then by all pairs of a batch.

Digits of one kind are to lie near each other. `triplet` compares an image with one like it and one unlike it; `supcon`
compares it with all others of its batch. What is printed is how often the nearest neighbour among the training images
has the right label, for images that were not trained on.

    python docs/examples/siamese_digits.py
"""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import fastloss as fl

HIDDEN, NUMBERS, BATCH, STEPS, RATE = 64, 16, 256, 300, 3e-3


class Network:
    """Two layers, and Adam."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.weights = [
            rng.normal(scale=0.2, size=(64, HIDDEN)).astype(np.float32),
            rng.normal(scale=0.2, size=(HIDDEN, NUMBERS)).astype(np.float32),
        ]
        self.means = [np.zeros((2, *w.shape), np.float32) for w in self.weights]
        self.steps = 0

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return np.maximum(images @ self.weights[0], 0) @ self.weights[1]

    def learn(self, images: np.ndarray, gradient: np.ndarray) -> None:
        """Go one step against the gradient by the embeddings of some images."""
        hidden = np.maximum(images @ self.weights[0], 0)
        behind = (gradient @ self.weights[1].T) * (hidden > 0)
        self.steps += 1
        for weights, (first, second), g in zip(
            self.weights, self.means, (images.T @ behind, hidden.T @ gradient), strict=True
        ):
            first += 0.1 * (g - first)
            second += 0.01 * (g * g - second)
            scale = np.sqrt(1 - 0.99**self.steps) / (1 - 0.9**self.steps)
            weights -= RATE * scale * first / (np.sqrt(second) + 1e-8)


def by_triplets(network: Network, images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> float:
    """Learn from one batch of triplets; return the loss."""
    anchor = rng.integers(len(images), size=BATCH)
    positive, negative = (
        np.array([rng.choice(np.flatnonzero((labels == labels[i]) == alike)) for i in anchor])
        for alike in (True, False)
    )
    places = np.concatenate([anchor, positive, negative])
    embeddings = network(images[places])
    loss, gradients = fl.triplet.value_and_grad(*np.split(embeddings, 3))
    network.learn(images[places], np.concatenate(gradients))
    return loss


def by_batches(network: Network, images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> float:
    """Learn from one batch, all against all; return the loss."""
    places = rng.choice(len(images), size=BATCH, replace=False)
    loss, gradient = fl.supcon.value_and_grad(labels[places], network(images[places]))
    network.learn(images[places], gradient)
    return loss


def accuracy(network: Network, images: np.ndarray, labels: np.ndarray, of: tuple[np.ndarray, np.ndarray]) -> float:
    """Return how often the nearest of the known images, by the cosine, has the right label."""
    known, new = network(images), network(of[0])
    cosines = new @ (known / np.linalg.norm(known, axis=1, keepdims=True)).T
    return float((labels[cosines.argmax(axis=1)] == of[1]).mean())


def main() -> dict[str, float]:
    """Train both ways, and print what came of it."""
    digits = load_digits()
    images = (digits.data / 16).astype(np.float32)
    train, test, labels, wanted = train_test_split(images, digits.target, test_size=0.3, random_state=0)
    found = {}
    for step in (by_triplets, by_batches):
        rng = np.random.default_rng(0)
        network = Network(rng)
        before = accuracy(network, train, labels, (test, wanted))
        losses = [step(network, train, labels, rng) for _ in range(STEPS)]
        found[step.__name__] = accuracy(network, train, labels, (test, wanted))
        print(
            f"{step.__name__:12} loss {losses[0]:.3f} -> {losses[-1]:.3f}, "
            f"nearest neighbours right {before:.3f} -> {found[step.__name__]:.3f}"
        )
    return found


if __name__ == "__main__":
    main()
