"""The examples of the documentation run, and do what they say."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


def main_of(name: str, **changed: Any) -> Any:
    """Run an example, with some of its constants changed."""
    module = runpy.run_path(str(EXAMPLES / f"{name}.py"))
    main = module["main"]
    main.__globals__.update(changed)
    return main()


@pytest.mark.slow
def test_siamese_digits() -> None:
    """Both losses bring digits of one kind together: 0.87 at the beginning, 0.97 after all steps."""
    pytest.importorskip("sklearn")
    found = main_of("siamese_digits", STEPS=120)
    assert set(found) == {"by_triplets", "by_batches"} and min(found.values()) > 0.93


def test_bigram_language_model() -> None:
    losses = main_of("bigram_language_model", STEPS=15)
    assert losses[0] > 7.5 and losses[-1] < 0.6 * losses[0]


def test_digit_strings() -> None:
    """Two of three whole strings are read after all steps."""
    pytest.importorskip("sklearn")
    losses, right = main_of("digit_strings", STEPS=400)
    assert np.mean(losses[-20:]) < 0.1 * losses[0] and right > 0.2


@pytest.mark.slow
def test_blobs() -> None:
    """What is small is found sooner with the overlap in the loss: 0.51 and 0.44 after all steps."""
    found = main_of("blobs", STEPS=100)
    assert found["dice + cross_entropy"] > max(0.4, found["cross_entropy"])


def test_tagger() -> None:
    """sklearn-crfsuite 0.5 finds the same least sum of losses and penalties: 895.599433."""
    pytest.importorskip("scipy")
    least, right, alone = main_of("tagger")
    assert abs(least - 895.599433) < 2e-6
    assert right > 0.84 > alone + 0.1
