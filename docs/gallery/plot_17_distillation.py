"""
Distillation: a small model learns from a large one
===================================================

A teacher of 500 trees has seen 600 labelled images. The student, a linear model, gets 60 labels, or what the teacher
says of 600 images without labels: probabilities, which ``kl_divergence`` takes as targets.
"""

import numpy as np
from scipy.optimize import minimize
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import train_test_split

import fastloss as fl

pixels, digits = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(pixels / 16, digits, random_state=0, stratify=digits, train_size=1200)
teacher = ExtraTreesClassifier(500, random_state=0).fit(X[:600], y[:600])
X, y = X[600:], y[600:]
soft = teacher.predict_proba(X)
print(f"teacher: {teacher.score(X_test, y_test):.3f}")


def fit(loss, targets, images):
    def objective(flat):
        weights = flat.reshape(64, 10)
        value, grad = loss.value_and_grad(targets, images @ weights)
        gradient = fl.l2.grad(weights, strength=1e-3, out=images.T @ grad, accumulate=True)
        return value + fl.l2(weights, strength=1e-3), gradient.ravel()

    return minimize(objective, np.zeros(640), jac=True, method="L-BFGS-B").x.reshape(64, 10)


alone = fit(fl.cross_entropy, y[:60], X[:60])
taught = fit(fl.kl_divergence, soft, X)
accuracy = [((X_test @ weights).argmax(1) == y_test).mean() for weights in (alone, taught)]
print(f"student: {accuracy[0]:.3f} by 60 labels, {accuracy[1]:.3f} by the teacher")
assert accuracy[1] > accuracy[0]
