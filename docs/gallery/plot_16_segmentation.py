"""
Segmentation of small regions: Dice beside cross-entropy
========================================================

Faint discs in noise cover 3% of each image. A filter of 9 x 9 numbers and a bias finds them. Cross-entropy counts every
pixel, Dice the overlap of each image; their sum is a loss, too.
"""

import matplotlib.pyplot as plt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.optimize import minimize

import fastloss as fl

rng = np.random.default_rng(0)
rows, columns = np.mgrid[:48, :48]
masks = np.zeros((24, 48, 48))
for mask in masks:
    for y, x, radius in zip(*rng.integers(6, 42, (2, 2)), rng.integers(2, 5, 2), strict=True):
        mask[np.hypot(rows - y, columns - x) <= radius] = 1
images = masks + rng.normal(scale=1.5, size=masks.shape)
windows = sliding_window_view(np.pad(images, ((0, 0), (4, 4), (4, 4))), (9, 9), axis=(1, 2)).reshape(24, 48, 48, 81)
features = np.concatenate([windows, np.ones((24, 48, 48, 1))], -1)
seen, unseen = slice(0, 16), slice(16, 24)
print(f"{masks.mean():.1%} of the pixels belong to discs")


def fit(loss, start):
    def objective(weights):
        value, grad = loss.value_and_grad(masks[seen], features[seen] @ weights)
        return value, np.tensordot(grad, features[seen], 3)

    return minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x


def overlap(weights):
    found = features[unseen] @ weights > 0
    truth = masks[unseen] > 0
    return (2 * (found & truth).sum((1, 2)) / (found.sum((1, 2)) + truth.sum((1, 2)))).mean()


first = fit(fl.binary_cross_entropy, np.zeros(82))
both = fit(fl.dice + 0.05 * fl.binary_cross_entropy, first)
print(f"overlap on images that were not seen: {overlap(first):.3f} by cross-entropy, {overlap(both):.3f} with Dice")
assert overlap(both) > 1.05 * overlap(first)

figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
pictures = (images[16], features[16] @ first > 0, features[16] @ both > 0)
for panel, picture, title in zip(axes, pictures, ("image", "cross-entropy", "with Dice"), strict=True):
    panel.imshow(picture, cmap="gray")
    panel.contour(masks[16], [0.5], colors="tab:orange", linewidths=1)
    panel.set_title(title)
    panel.set_axis_off()
plt.show()
