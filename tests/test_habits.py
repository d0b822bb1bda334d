"""The names of other libraries: what the error about them says is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fastloss as fl
from fastloss import habits

NAMES = [name for names in habits._HABITS for name in names.split()]


def classes_for_torch() -> set[str]:
    """Return the names of the modules of PyTorch, whether there is PyTorch or not."""
    tree = ast.parse((Path(fl.__file__).parent / "interop" / "torch" / "modules.py").read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def test_no_name_is_said_twice_and_there_are_many() -> None:
    keys = [habits._key(name) for name in NAMES]
    assert len(set(keys)) == len(keys) > 100


@pytest.mark.parametrize("habit", habits._HABITS.values(), ids=lambda habit: habit.ours)
def test_what_is_recommended_exists(habit: habits.Habit) -> None:
    assert callable(getattr(fl, habit.ours))
    assert not habit.torch or habit.torch in classes_for_torch()
    assert not habit.metric or callable(getattr(fl.metrics, habit.metric))
    words = [word.strip("().,'") for word in habit.note.split() if word.startswith("fl.")]
    for word in words:
        assert callable(getattr(fl, word.removeprefix("fl."))), word


@pytest.mark.parametrize("name", NAMES)
def test_an_error_names_what_stands_for_a_name(name: str) -> None:
    """A name that the package has is none that has to be learned; without its ending it may be."""
    habit = habits.found(name)
    assert habit is not None
    if not hasattr(fl, name):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}': use fl.{habit.ours}\\("):
            getattr(fl, name)


@pytest.mark.parametrize(
    ("name", "ours", "words"),
    [
        ("mse", "squared_error", ["returns the mean", "interop.torch.MSELoss", "metrics.mean_squared_error"]),
        ("mae_loss", "absolute_error", ["L1Loss"]),
        ("cross_entropy_loss", "cross_entropy", ["takes logits", "fl.binary_log_loss", "CrossEntropyLoss"]),
        ("log_loss", "binary_log_loss", ["takes probabilities", "clip="]),
        ("BCELoss", "binary_cross_entropy", ["takes logits", "Of probabilities it is fl.binary_log_loss"]),
        ("BCEWithLogitsLoss", "binary_cross_entropy", ["interop.torch.BCEWithLogitsLoss"]),
        ("SparseCategoricalCrossentropy", "cross_entropy", ["from_logits=True"]),
        ("TripletMarginLoss", "triplet", ["anchor, positive, negative"]),
        ("PoissonLoss", "poisson", ["logarithms of means"]),
        ("LogCosh", "log_cosh", ["returns the mean"]),
        ("weight_decay", "l2", ["a penalty: it returns the sum"]),
    ],
)
def test_conventions_are_told(name: str, ours: str, words: list[str]) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(fl, name)
    assert f"use fl.{ours}(" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_what_nobody_has_is_not_explained() -> None:
    with pytest.raises(AttributeError, match=r"^module 'fastloss' has no attribute 'nonsense'$"):
        fl.nonsense  # type: ignore[attr-defined]


def test_nothing_is_loaded_before_a_name_is_missed() -> None:
    code = """
import sys, fastloss as fl
names = ["fastloss.habits", "fastloss.metrics", "fastloss.interop"]
names += ["dask", "jax", "keras", "mpi4py", "pandas", "scipy", "sklearn", "torch"]
loaded = lambda: [name for name in names if name in sys.modules]
print(loaded())
hasattr(fl, "__wrapped__"), fl.metrics.mean_squared_error([0.0], [1.0]), fl.metrics.log_loss([0, 1], [0.1, 0.9])
print(loaded())
hasattr(fl, "mse_loss")
print(loaded())
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == ["[]", "['fastloss.metrics']", "['fastloss.habits', 'fastloss.metrics']"]
