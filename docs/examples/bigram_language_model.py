"""A language model of one layer: which word follows a word? Its vocabulary never stands beside all samples.

The text is drawn from a chain of 2,000 words, each of which is followed by one of four. A vector of 32 numbers stands
for a word; the logits of the next are its product with the weights of all words. `linear_cross_entropy` makes loss and
gradients chunk by chunk: of 16,384 words the logits would take 125 MiB, those of a chunk take 8.

    python docs/examples/bigram_language_model.py
"""

from __future__ import annotations

import numpy as np

import fastloss as fl

WORDS, NUMBERS, TEXT, STEPS, RATE = 2000, 32, 16384, 40, 0.05


def draw(rng: np.random.Generator) -> np.ndarray:
    """Return a text: after each word one of four comes, the first of them most often."""
    following = rng.integers(WORDS, size=(WORDS, 4))
    text, choices = np.empty(TEXT + 1, np.int64), rng.choice(4, size=TEXT, p=[0.7, 0.1, 0.1, 0.1])
    text[0] = 0
    for place, choice in enumerate(choices):
        # Now and then another word, so that all are met.
        text[place + 1] = following[text[place], choice] if place % 8 else rng.integers(WORDS)
    return text


def main() -> list[float]:
    """Train, and print the perplexity."""
    rng = np.random.default_rng(0)
    text = draw(rng)
    before, after = text[:-1], text[1:]
    vectors = rng.normal(scale=0.1, size=(WORDS, NUMBERS)).astype(np.float32)
    weight = rng.normal(scale=0.1, size=(WORDS, NUMBERS)).astype(np.float32)
    bias = np.zeros(WORDS, np.float32)
    parameters = (vectors, weight, bias)
    means = [np.zeros((2, *array.shape), np.float32) for array in parameters]
    losses = []
    for step in range(1, STEPS + 1):
        loss, (by_features, *gradients) = fl.linear_cross_entropy.value_and_grad(after, vectors[before], weight, bias)
        by_vectors = np.zeros_like(vectors)
        np.add.at(by_vectors, before, by_features)
        for array, (first, second), g in zip(parameters, means, (by_vectors, *gradients), strict=True):
            first += 0.1 * (g - first)
            second += 0.01 * (g * g - second)
            scale = np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
            array -= RATE * scale * first / (np.sqrt(second) + 1e-8)
        losses.append(loss)
        if step % 10 == 1 or step == STEPS:
            print(f"step {step:3}: loss {loss:.3f}, perplexity {np.exp(loss):7.1f}")
    return losses


if __name__ == "__main__":
    main()
