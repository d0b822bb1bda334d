"""
A loss from a paper in five lines
=================================

The wing loss for landmarks of faces (Feng et al. 2018): logarithmic near 0, linear beyond. Numba compiles the formula,
and it has what all losses have: weights, masks, gradients, float32, threads, sums with others.
"""

import math

import numpy as np

import fastloss as fl


@fl.jit.pointwise
def wing(y_true, y_pred, width=2.0, bend=0.5):
    r = abs(y_pred - y_true)
    sign = math.copysign(1.0, y_pred - y_true)
    if r < width:
        return width * math.log1p(r / bend), sign * width / (bend + r)
    return r - width + width * math.log1p(width / bend), sign


y_true, y_pred = np.zeros(5), np.array([-4.0, -1.0, 0.5, 1.0, 3.0])
value, grad = wing.value_and_grad(y_true, y_pred, sample_weight=[1, 1, 2, 1, 1])
print(f"value {value:.4f}, gradient {grad.round(3)}")

step = 1e-6
moved = [wing(y_true, y_pred + step * e, sample_weight=[1, 1, 2, 1, 1]) for e in np.eye(5)]
assert np.allclose((np.array(moved) - value) / step, grad, rtol=1e-4)

both = wing + 0.1 * fl.squared_error
print("a sum is a loss, too:", round(both(y_true, y_pred), 4))

picture = fl.plot(wing, wing.bind(bend=0.1), fl.huber, x=np.linspace(-4.01, 4, 400), results=("value", "gradient"))
