"""Tag the words of sentences: a linear-chain conditional random field, fitted by maximum likelihood.

A grammar of five tags makes sentences of a small language, in which most words may be of several tags: what a word is
depends on the one before. Scores of each word and tag, and of each pair of tags, are the parameters.
`fastloss.linear_chain_crf` has the gradients of both, and L-BFGS of SciPy does the rest.

    python docs/examples/tagger.py
"""

import numpy as np
from scipy.optimize import minimize

import fastloss as fl

TAGS = ("article", "adjective", "noun", "verb", "adverb")
#: How often a tag follows another, the rows being those before; and how often a sentence begins with it.
FOLLOWS = np.array(
    [[0, 4, 6, 0, 0], [0, 1, 8, 0, 1], [2, 0, 1, 6, 1], [5, 1, 2, 0, 2], [2, 3, 0, 5, 0]], float
) / 10  # fmt: skip
BEGINS = np.array([6, 1, 2, 0, 1]) / 10
WORDS, LONGEST, PENALTY = 40, 12, 0.5


def sentences(count, rng):
    """Return words and tags (N, T), and how long each sentence is."""
    of_tag = np.random.default_rng(7).dirichlet(np.full(WORDS, 0.15), len(TAGS))  # the same language for all
    tags, lengths = np.zeros((count, LONGEST), int), rng.integers(3, LONGEST + 1, count)
    words = np.zeros_like(tags)
    for n in range(count):
        for t in range(lengths[n]):
            tags[n, t] = rng.choice(len(TAGS), p=FOLLOWS[tags[n, t - 1]] if t else BEGINS)
            words[n, t] = rng.choice(WORDS, p=of_tag[tags[n, t]])
    return words, tags, lengths


def fit(words, tags, lengths):
    """Return scores of words (W, K) and of pairs of tags (K, K), and the least sum of losses and penalties."""
    shapes = (WORDS, len(TAGS)), (len(TAGS), len(TAGS))

    def split(theta):
        return theta[: np.prod(shapes[0])].reshape(shapes[0]), theta[np.prod(shapes[0]) :].reshape(shapes[1])

    def objective(theta):
        by_word, by_pair = split(theta)
        loss, (slopes, of_pairs) = fl.linear_chain_crf.value_and_grad(
            tags, by_word[words], by_pair, lengths=lengths, reduction="sum"
        )
        of_words = np.zeros(shapes[0])
        np.add.at(of_words, words, slopes)  # behind the end of a sentence the slopes are 0
        gradient = np.concatenate([of_words.ravel(), of_pairs.ravel()])
        return loss + PENALTY * theta @ theta, gradient + 2 * PENALTY * theta

    start = np.zeros(sum(map(np.prod, shapes)))
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"ftol": 1e-12, "maxiter": 500})
    return *split(found.x), found.fun


def main():
    rng = np.random.default_rng(0)
    words, tags, lengths = sentences(300, rng)
    by_word, by_pair, least = fit(words, tags, lengths)
    words, tags, lengths = sentences(300, rng)
    inside = np.arange(LONGEST) < lengths[:, None]
    best, _ = fl.crf_viterbi(by_word[words], by_pair, lengths=lengths)
    right = float((best == tags)[inside].mean())
    alone = float((by_word[words].argmax(-1) == tags)[inside].mean())
    probable = fl.crf_marginals(by_word[words], by_pair, lengths=lengths).max(-1)[inside].mean()
    print(f"loss and penalty {least:.4f}")
    print(f"right tags of other sentences: {right:.1%}, expected {probable:.1%}; by scores of words alone {alone:.1%}")
    print("a verb follows an article by a score of", round(float(by_pair[0, 3] - by_pair[0].max()), 1))
    return least, right, alone


if __name__ == "__main__":
    main()
