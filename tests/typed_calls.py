"""What a type checker must know about a call. mypy reads this file (``nox -s typing``); test_catalogue.py runs it."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import fastloss as fl

Array = NDArray[Any]


def returned_types() -> None:
    """A reduced value is a float unless `out` takes it; all else are arrays."""
    y_true, logits = np.array([0, 1]), np.zeros((2, 3), np.float32)
    value, grad = np.empty(()), np.empty_like(logits)
    assert_type(fl.cross_entropy(y_true, logits), float)
    assert_type(fl.cross_entropy(y_true, y_pred=logits, axis=-1), float)
    assert_type(fl.cross_entropy(y_true, logits, class_weight=[1, 2, 3], reduction="sum"), float)
    assert_type(fl.cross_entropy(y_true, logits, reduction="none"), Array)
    assert_type(fl.cross_entropy(y_true, logits, out=value), Array)
    assert_type(fl.cross_entropy.grad(y_true=y_true, logits=logits, ignore_index=1), Array)
    assert_type(fl.cross_entropy.value_and_grad(y_true, logits, out=(None, grad)), tuple[float, Array])
    assert_type(fl.cross_entropy.value_and_grad(y_true, logits, out=(value, None)), tuple[Array, Array])
    assert_type(fl.cross_entropy.value_grad_hess(y_true, logits, reduction="none"), tuple[Array, Array, Array])
    assert_type(fl.huber([0.0, 1.0], [0.5, 3.0], delta=2.0, sample_weight=[1, 2], where=[True, False]), float)
    assert_type(fl.huber.grad_and_hess(0.0, [0.5, 3.0], delta=[1.0, 2.0]), tuple[Array, Array])
    assert_type(fl.softmax(logits, axis=0, out=grad), Array)
    features, weight = np.zeros((2, 4)), np.zeros((3, 4))
    assert_type(fl.linear_cross_entropy.value_and_grad(y_true, features, weight), tuple[float, tuple[Array, ...]])
    assert_type(fl.linear_cross_entropy.grad(y_true, features, weight, [0, 0, 0], wrt="bias"), Array)


def losses_as_objects() -> None:
    """A loss can be bound, passed on, and asked for what it is."""

    def name_of(loss: fl.Loss) -> str:
        return loss.name

    bound = fl.huber.bind(delta=2.0)
    assert_type(bound([0.0], [1.0]), float)
    assert_type(name_of(bound), str)
    assert_type(bound.parameters, dict[str, Any])
    assert_type(bound.inverse_link([1.0], n_threads=1), Array)
    assert_type(fl.cross_entropy.inverse_link([1.0, 2.0], axis=0, temperature=2.0, out=np.zeros(2)), Array)
    assert_type((2 * fl.poisson).inverse_link(1.0), Array)
    assert_type([row.formula for row in fl.losses()], list[str])
    with fl.num_threads(1):
        assert_type(fl.get_num_threads(), int)


def refused() -> None:
    """What a type checker refuses (mypy --strict warns about an ignore that is not needed)."""
    y = np.zeros(2)
    fl.huber(y)  # type: ignore[call-overload]
    fl.huber(y, y, gamma=1.0)  # type: ignore[call-overload]
    fl.huber(y, y, reduction="average")  # type: ignore[call-overload]
    fl.squared_error(y, logits=y)  # type: ignore[call-overload]
    fl.huber.bind(gamma=1.0)  # type: ignore[call-overload]
    fl.huber.inverse_link(y, axis=0)  # type: ignore[call-arg]
