"""The first cases of the fuzzer; ``python tests/fuzz.py`` runs any number of them."""

from __future__ import annotations

import fuzz
import pytest


@pytest.mark.compact
@pytest.mark.parametrize("first", range(0, 2000, 100))
def test_random_calls(first: int) -> None:
    for number in range(first, first + 100):
        fuzz.run_case(number)
