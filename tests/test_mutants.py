"""The list of bugs to plant stays one: each of them still fits the sources, exactly once."""

from __future__ import annotations

import pytest
from mutants import MUTANTS, ROOT, Mutant, planted_together

pytestmark = pytest.mark.skipif(not (ROOT / "CMakeLists.txt").exists(), reason="needs the repository")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_source(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text("utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old


def test_mutants_have_names_of_their_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 25


def test_mutants_of_different_losses_are_planted_together() -> None:
    groups = planted_together(MUTANTS)
    assert sorted(mutant.name for group in groups for mutant in group) == sorted(mutant.name for mutant in MUTANTS)
    assert len(groups) < len(MUTANTS)
    for group in groups:
        names = [mutant.loss for mutant in group]
        assert len(group) == 1 or all(one not in other for one in names for other in names if one is not other)
