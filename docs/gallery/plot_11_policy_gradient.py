"""
A policy gradient on a bandit
=============================

Ten arms with unknown rewards, and a policy that is a softmax. ``policy_gradient`` takes one step on what the policy has
tried, ``ppo_clip`` several, and stops where the policy has moved too far. Both give the gradient by the logarithms of
the probabilities of the actions.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastloss as fl

means = np.random.default_rng(0).normal(size=10)
best = means.argmax()


def learn(steps_each):
    rng, logits, chance = np.random.default_rng(1), np.zeros(10), []
    for _ in range(150):
        old = fl.log_softmax(logits)
        actions = rng.choice(10, size=64, p=np.exp(old))
        rewards = means[actions] + rng.normal(size=64)
        advantage = (rewards - rewards.mean()) / (rewards.std() + 1e-8)
        for _ in range(steps_each):
            log_prob = fl.log_softmax(logits)[actions]
            if steps_each == 1:
                grad = fl.policy_gradient.grad(advantage, log_prob)
            else:
                grad = fl.ppo_clip.grad(advantage, old[actions], log_prob)
            # the derivative of log softmax: 1 for the action, less the probability of each
            logits = logits - 0.5 * grad @ (np.eye(10)[actions] - fl.softmax(logits))
        chance.append(np.exp(old[best]))
    return chance


figure, axes = plt.subplots(layout="constrained")
for name, steps_each in (("policy_gradient, 1 step", 1), ("ppo_clip, 4 steps", 4)):
    chance = learn(steps_each)
    print(f"{name:24} chance of the best arm: {chance[20]:.2f} after 20 rounds, {chance[-1]:.2f} after 150")
    assert chance[-1] > 0.8
    axes.plot(chance, label=name)
axes.set(xlabel="round", ylabel="chance of the best arm")
axes.legend()
plt.show()
