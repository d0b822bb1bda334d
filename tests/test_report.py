"""`fastloss.report`: what it says of a loss is what the loss, and textbook formulas, say of the same samples."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastloss as fl
from fastloss.__main__ import main
from fastloss.pictures import example

LOSSES = [getattr(fl, row.name) for row in fl.losses()]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)


def classified(count: int = 400, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    y_true = rng.integers(classes, size=count)
    logits = rng.normal(scale=2, size=(count, classes))
    logits[np.arange(count), y_true] += 1.5
    return y_true, logits


@each_loss
def test_every_loss_has_a_report(loss: fl.Loss) -> None:
    arrays = list(example(loss).values())
    found = fl.report(loss, *arrays)
    assert found.value == pytest.approx(loss(*arrays), rel=1e-12)
    if found.losses is not None:
        expected = np.asarray(loss(*arrays, reduction="none"))
        assert np.array_equal(found.losses[np.isfinite(found.losses)], expected[np.isfinite(found.losses)])
        assert found.total == pytest.approx(loss(*arrays, reduction="sum"), rel=1e-12)
    assert loss.name in str(found) and loss.name in found._repr_html_()
    assert json.loads(json.dumps(found.to_dict()))["value"] == found.value


def test_a_gradient_is_that_of_its_sample() -> None:
    """Each class of each image of a loss of regions; each row of scores along the first axis."""
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(size=(2, 5, 5, 4)), rng.integers(5, size=(2, 5, 4))  # as many rows of pixels as classes
    found = fl.report(fl.dice.bind(mode="multiclass"), labels, logits)
    grad = fl.dice.grad(labels, logits, mode="multiclass", reduction="none")
    assert found.norms == pytest.approx(np.sqrt((grad**2).sum((2, 3))), rel=1e-12)
    cosines, classes = rng.uniform(-0.9, 0.9, (3, 7)), rng.integers(3, size=7)
    found = fl.report(fl.cosface.bind(axis=0), classes, cosines)
    grad = fl.cosface.grad(classes, cosines, axis=0, reduction="none")
    assert found.norms == pytest.approx(np.sqrt((grad**2).sum(0)), rel=1e-12)


def test_the_numbers_of_classes_are_those_of_their_samples() -> None:
    y_true, logits = classified()
    weight = np.random.default_rng(1).exponential(size=len(y_true))
    found = fl.report(fl.cross_entropy, y_true, logits, sample_weight=weight, class_names=["a", "b", "c", "d"])
    losses, grad = fl.cross_entropy.value_and_grad(y_true, logits, sample_weight=weight, reduction="none")
    norms = np.sqrt((grad**2).sum(1))
    right = logits.argmax(1) == y_true
    by_name = sorted(found.groups, key=lambda group: group.name)
    assert [group.name for group in by_name] == ["a", "b", "c", "d"]
    for k, group in enumerate(by_name):
        mine = y_true == k
        assert group.count == mine.sum()
        assert group.mean == pytest.approx(losses[mine].mean(), rel=1e-12)
        assert group.share == pytest.approx(losses[mine].sum() / losses.sum(), rel=1e-12)
        assert group.norm == pytest.approx(norms[mine].mean(), rel=1e-12)
        assert group.norm_share == pytest.approx(norms[mine].sum() / norms.sum(), rel=1e-12)
        assert group.accuracy == pytest.approx(right[mine].mean(), rel=1e-12)
    assert found.groups == tuple(sorted(found.groups, key=lambda group: -group.share))
    assert [sample.index[0] for sample in found.top] == np.argsort(-losses)[:5].tolist()
    assert found.top[0].share == pytest.approx(losses.max() / losses.sum(), rel=1e-12)
    assert found.weight == pytest.approx(weight.sum(), rel=1e-12)


def test_groups_are_any_labels() -> None:
    y_true, y_pred = np.zeros(6), np.array([1.0, 1, 3, 0, 0, 0])
    found = fl.report(fl.squared_error, y_true, y_pred, by=["x", "x", "y", "x", "z", "z"])
    assert [(group.name, group.count, group.share) for group in found.groups] == [
        ("y", 1, 9 / 11), ("x", 3, 2 / 11), ("z", 2, 0.0),
    ]  # fmt: skip
    assert found.no_gradient == 0.5 and found.half == 1 / 6
    assert found.calibration is None and found.groups[0].accuracy is None


def test_what_is_left_out_is_in_no_number() -> None:
    y_true, logits = classified(40)
    where = np.arange(40) % 3 > 0
    bad = logits.copy()
    bad[~where] = np.nan
    found = fl.report(fl.cross_entropy, y_true, bad, where=where)
    alone = fl.report(fl.cross_entropy, y_true[where], logits[where])
    assert found.left_out == 14 and found.count == 26
    assert (
        found.groups == alone.groups and found.quantiles == alone.quantiles and found.calibration == alone.calibration
    )
    assert [np.flatnonzero(where)[s.index[0]] for s in alone.top] == [s.index[0] for s in found.top]
    ignored = fl.report(fl.cross_entropy, np.where(where, y_true, -100), bad, ignore_index=-100)
    assert ignored.groups == alone.groups and ignored.value == pytest.approx(alone.value, rel=1e-14)


def test_calibration_is_that_of_the_definition() -> None:
    y_true, logits = classified(2000)
    p = fl.softmax(logits)
    sure, right = p.max(1), p.argmax(1) == y_true
    ece = 0.0
    for b in range(15):
        mine = (sure > b / 15) & (sure <= (b + 1) / 15)
        ece += mine.mean() * abs(sure[mine].mean() - right[mine].mean()) if mine.any() else 0.0
    for loss, given in ((fl.cross_entropy, logits), (fl.categorical_log_loss, p), (fl.nll, np.log(p))):
        found = fl.report(loss, y_true, given).calibration
        assert found is not None
        assert found.ece == pytest.approx(ece, rel=1e-9)
        assert found.accuracy == right.mean() and found.confidence == pytest.approx(sure.mean(), rel=1e-9)
    moved = fl.report(fl.cross_entropy, y_true.reshape(2, 1000), np.moveaxis(logits.reshape(2, 1000, 4), 2, 1), axis=1)
    assert moved.calibration is not None and moved.calibration.ece == pytest.approx(ece, rel=1e-9)
    hot = fl.report(fl.cross_entropy, y_true, 3 * logits, temperature=3.0).calibration
    assert hot is not None and hot.ece == pytest.approx(ece, rel=1e-6)


def test_two_classes_are_calibrated_by_the_likelier_one() -> None:
    y_true, logits = np.array([1, 1, 0, 0]), np.log([9.0, 1 / 9, 1 / 9, 1 / 9])
    for loss, given in ((fl.binary_cross_entropy, logits), (fl.binary_log_loss, [0.9, 0.1, 0.1, 0.1])):
        found = fl.report(loss, y_true, given)
        assert found.calibration is not None and [group.name for group in found.groups] == ["1", "0"]
        assert found.calibration.accuracy == 0.75
        assert found.calibration.ece == pytest.approx(0.15, rel=1e-12)


def test_samples_of_several_axes_and_soft_targets() -> None:
    y_true, logits = classified(24)
    whole = fl.report(fl.cross_entropy, y_true, logits)
    soft = fl.report(fl.cross_entropy, np.eye(4)[y_true].reshape(4, 6, 4), logits.reshape(4, 6, 4))
    assert [(g.name, g.count, g.accuracy) for g in soft.groups] == [(g.name, g.count, g.accuracy) for g in whole.groups]
    assert [np.ravel_multi_index(s.index, (4, 6)) for s in soft.top] == [s.index[0] for s in whole.top]


def test_a_loss_that_is_not_finite_is_counted_apart() -> None:
    found = fl.report(fl.categorical_log_loss, [0, 0, 1], [[0.5, 0.5], [0.0, 1.0], [0.5, 0.5]])
    assert found.value == np.inf and found.infinite == 1 and "not finite" in str(found)
    assert found.quantiles[1.0] == pytest.approx(np.log(2), rel=1e-15)
    assert sum(group.count for group in found.groups) == 2


def test_a_root_of_a_mean_has_gradients_alone() -> None:
    found = fl.report(fl.root_mean_squared_error, [0.0, 0.0, 0.0], [0.0, 3.0, 4.0], by=["a", "a", "b"])
    assert found.losses is None and found.total is None
    assert [group.name for group in found.groups] == ["b", "a"]
    assert [group.norm_share for group in found.groups] == pytest.approx([4 / 7, 3 / 7], rel=1e-14)


def test_sums_have_the_losses_of_their_terms() -> None:
    y_true, y_pred = np.zeros(4), np.array([0.5, 2.0, -3.0, 0.0])
    found = fl.report(0.5 * fl.squared_error + fl.huber, y_true, y_pred)
    assert found.value == pytest.approx(0.5 * fl.squared_error(y_true, y_pred) + fl.huber(y_true, y_pred), rel=1e-14)
    assert found.top[0].index == (2,) and found.top[0].loss == 4.5 + 2.5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"by": [1, 2]}, "by has shape"),
        ({"top": -1}, "top = -1"),
        ({"reduction": "sum"}, "reduction"),
        ({"class_names": ["a", "b"]}, "class_names has 2 names; there is a class 2"),
    ],
)
def test_bad_arguments_are_refused(given: dict[str, Any], message: str) -> None:
    y_true, logits = classified(40)
    with pytest.raises((TypeError, ValueError), match=message):
        fl.report(fl.cross_entropy, y_true, logits, **given)


class Tables(HTMLParser):
    """What is in a page: tags that are opened and closed in pairs, and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.cells = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.cells += tag in ("td", "th")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_notebook_shows_whole_tables_and_escapes_names() -> None:
    y_true, logits = classified(40)
    page = Tables(fl.report(fl.cross_entropy, y_true, logits, class_names=["<b>", "&", "c", "d"])._repr_html_())
    assert not page.open and page.cells > 60
    assert "&lt;b&gt;" in fl.report(fl.cross_entropy, y_true, logits, class_names=["<b>", "&", "c", "d"])._repr_html_()


def test_the_command_says_what_the_function_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    y_true, logits = classified(40)
    for name, array in (("y", y_true), ("x", logits), ("by", np.array(["u", "v"])[y_true % 2]), ("w", np.ones(40))):
        np.save(tmp_path / f"{name}.npy", array)
    files = [str(tmp_path / "y.npy"), str(tmp_path / "x.npy")]
    options = ["--by", str(tmp_path / "by.npy"), "--sample-weight", str(tmp_path / "w.npy")]
    outputs = ["--html", str(tmp_path / "out.html"), "--json", str(tmp_path / "out.json")]
    assert main(["report", "--loss", "cross_entropy(temperature=2.0)", *files, *options, *outputs]) == 0
    found = fl.report(
        fl.cross_entropy.bind(temperature=2.0),
        y_true,
        logits,
        by=np.array(["u", "v"])[y_true % 2],
        sample_weight=np.ones(40),
    )
    assert capsys.readouterr().out == f"{found}\n"
    assert json.loads((tmp_path / "out.json").read_text("utf-8")) == json.loads(json.dumps(found.to_dict()))
    assert not Tables((tmp_path / "out.html").read_text("utf-8")).open
    assert main(["report", "--loss", "no_loss", *files]) == 1
    assert main(["report", "--loss", "huber", files[0], str(tmp_path / "missing.npy")]) == 1
    assert re.search(r"no_loss.*\n.*missing", capsys.readouterr().err)


def test_neither_import_nor_a_report_loads_matplotlib() -> None:
    code = """
import sys
import fastloss as fl
assert not {"fastloss.reports", "fastloss.pictures", "matplotlib"} & set(sys.modules)
fl.report(fl.huber, [0.0], [1.0])
fl.plot
assert "matplotlib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
