"""
A language model whose logits are never held
============================================

Which word follows a word? A vector stands for each word, and the logits of the next are its product with the weights of
all words. ``linear_cross_entropy`` makes loss and gradients chunk by chunk, so that words times samples never stand in
memory.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastloss as fl

WORDS, NUMBERS, TEXT = 500, 16, 8192
rng = np.random.default_rng(0)
following = rng.integers(WORDS, size=(WORDS, 4))  # after each word one of four comes
text = [0]
for choice in rng.choice(4, size=TEXT, p=[0.7, 0.1, 0.1, 0.1]):
    text.append(following[text[-1], choice] if len(text) % 8 else rng.integers(WORDS))
before, after = np.array(text[:-1]), np.array(text[1:])

vectors, weight = (rng.normal(scale=0.1, size=(WORDS, NUMBERS)).astype(np.float32) for _ in range(2))
bias = np.zeros(WORDS, np.float32)
parameters = (vectors, weight, bias)
means = [np.zeros((2, *array.shape), np.float32) for array in parameters]
perplexities = []
for step in range(1, 61):
    loss, (by_features, *grads) = fl.linear_cross_entropy.value_and_grad(after, vectors[before], weight, bias)
    by_vectors = np.zeros_like(vectors)
    np.add.at(by_vectors, before, by_features)
    for array, (first, second), g in zip(parameters, means, (by_vectors, *grads), strict=True):
        first += 0.1 * (g - first)
        second += 0.01 * (g * g - second)
        scale = np.sqrt(1 - 0.99**step) / (1 - 0.9**step)
        array -= 0.05 * scale * first / (np.sqrt(second) + 1e-8)
    perplexities.append(np.exp(loss))
print(f"perplexity {perplexities[0]:.0f} at first, {perplexities[-1]:.1f} after 60 steps")
assert perplexities[0] > 0.9 * WORDS and perplexities[-1] < 0.1 * WORDS
plt.semilogy(perplexities)
plt.xlabel("step")
plt.ylabel("perplexity")
plt.show()
