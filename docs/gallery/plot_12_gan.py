"""
A generative adversarial network in two dimensions
==================================================

The data lie on a ring. Generator and discriminator are small networks of NumPy; ``fl.gan`` has the losses of both.
The generator learns from the gradient that the discriminator passes back to its inputs.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastloss as fl

rng = np.random.default_rng(0)


class Network:
    def __init__(self, *sizes):
        shapes = zip(sizes[:-1], sizes[1:], strict=True)
        self.layers = [[rng.normal(scale=(2 / a) ** 0.5, size=(a, b)), np.zeros(b)] for a, b in shapes]
        self.squares = [[np.zeros_like(p) for p in layer] for layer in self.layers]

    def __call__(self, x):
        self.inputs = [x]
        for weights, bias in self.layers[:-1]:
            x = x @ weights + bias
            self.inputs.append(x := np.maximum(x, 0.2 * x))
        return x @ self.layers[-1][0] + self.layers[-1][1]

    def back(self, gradient, rate=0.0):
        for layer, squares, x in zip(self.layers[::-1], self.squares[::-1], self.inputs[::-1], strict=True):
            behind = gradient @ layer[0].T
            for k, g in enumerate((x.T @ gradient, gradient.sum(0)) if rate else ()):
                squares[k] += 0.01 * (g * g - squares[k])
                layer[k] -= rate * g / (np.sqrt(squares[k]) + 1e-8)
            gradient = behind * np.where(x > 0, 1, 0.2)
        return behind


def real(count):
    angle = rng.uniform(0, 2 * np.pi, count)
    return np.column_stack([np.cos(angle), np.sin(angle)]) * rng.normal(2, 0.1, (count, 1))


generator, discriminator, is_real = Network(4, 48, 48, 2), Network(2, 48, 48, 1), np.repeat([[1.0], [0.0]], 128, axis=0)
for _ in range(4000):
    scores = discriminator(np.vstack([real(128), generator(rng.normal(size=(128, 4)))]))
    discriminator.back(fl.gan.grad(is_real, scores), rate=1e-3)
    scores = discriminator(generator(rng.normal(size=(128, 4))))
    generator.back(discriminator.back(fl.gan.grad(np.zeros((128, 1)), scores, role="generator")), rate=5e-4)

made = generator(rng.normal(size=(1000, 4)))
radius = np.hypot(*made.T)
print(f"radius of what is made: {radius.mean():.2f} +- {radius.std():.2f}; of the data 2.00 +- 0.10")
assert abs(radius.mean() - 2) < 0.4
plt.plot(*real(1000).T, ".", markersize=3, label="data")
plt.plot(*made.T, ".", markersize=3, label="made by the generator")
plt.legend(loc="center", markerscale=3)
plt.axis("equal")
plt.show()
