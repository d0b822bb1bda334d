"""The quick subset, which ``python -m pytest`` runs, leaves out no loss and no kind; what is named runs whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import conftest
import pytest

import fastloss as fl


def test_every_loss_is_tried_in_the_quick_subset(request: pytest.FixtureRequest) -> None:
    items = request.session.items
    if len({item.path for item in items}) < len(list(Path(__file__).parent.glob("test_*.py"))):
        pytest.skip("a part of the suite runs")
    chosen = conftest.quick(items)
    tried = Counter(name for item in chosen for name in conftest.losses_of(item))
    rare = {row.name: tried[row.name] for row in fl.losses() if tried[row.name] < 6}
    assert not rare, f"tests of each loss: {rare}"
    functions = {item.nodeid.partition("[")[0] for item in items if "slow" not in item.keywords}
    assert functions == {item.nodeid.partition("[")[0] for item in chosen}
    assert all("slow" not in item.keywords for item in chosen) and conftest.quick(chosen) == chosen


def test_a_test_is_chosen_once_for_each_loss_and_slow_ones_never() -> None:
    def item(nodeid: str, *keywords: str, **values: Any) -> Any:
        return SimpleNamespace(nodeid=nodeid, keywords=keywords, callspec=SimpleNamespace(params=values))

    row = fl.losses()[0]
    of_row = [item(f"f[{n}]", variant=SimpleNamespace(row=row), n=n) for n in range(5)]
    of_name = [item(f"f[huber-{n}]", loss="huber") for n in range(5)]
    others = [item(f"g[{n}]", n=n) for n in range(5)]
    slow = [item("h[1]", "slow", loss="huber")]
    chosen = conftest.quick([*of_row, *of_name, *others, *slow])
    assert [sum(one in group for one in chosen) for group in (of_row, of_name, others, slow)] == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("changed", "quick"),
    [
        ({}, True),
        ({"full": True}, False),
        ({"thorough": True}, False),
        ({"one_in": 10}, False),
        ({"file_or_dir": ["tests/test_fuzz.py"]}, False),
        ({"keyword": "huber"}, False),
        ({"markexpr": "big"}, False),
    ],
)
def test_who_asks_for_tests_gets_all_of_these(changed: dict[str, Any], quick: bool) -> None:
    asked = {"file_or_dir": [], "keyword": "", "markexpr": "", "full": False, "thorough": False, "one_in": 1} | changed
    config: Any = SimpleNamespace(getoption=asked.__getitem__)
    assert conftest.is_quick(config) is quick
