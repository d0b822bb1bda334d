"""`fastloss.plot` and the pictures of a report: figures are compared by the numbers in them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import fastloss as fl
from fastloss.__main__ import loss_of, main
from fastloss.pictures import curve

pytest.importorskip("matplotlib")

LOSSES = [getattr(fl, row.name) for row in fl.losses()]
each_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)


@each_loss
def test_every_loss_is_drawn(loss: fl.Loss) -> None:
    """The gradient that is drawn is the slope of the value, and the curvature that of the gradient."""
    drawn = curve(loss)
    assert np.isfinite(drawn.value).all() and np.isfinite(drawn.gradient).all()
    assert np.ptp(drawn.value) > 0
    step = drawn.x[1] - drawn.x[0]
    slopes = np.diff(drawn.value) / step
    between = (drawn.gradient[1:] + drawn.gradient[:-1]) / 2
    smooth = np.abs(np.diff(drawn.gradient)) < 0.05 * (1 + np.abs(between))
    assert smooth.mean() > 0.5
    if not loss._row.detached:  # else a weight of the loss that its gradient leaves out
        assert np.allclose(slopes[smooth], between[smooth], rtol=0.02, atol=0.02)


def test_lines_hold_what_the_loss_returns() -> None:
    x = np.linspace(-2, 3, 11)
    figure = fl.plot(fl.huber, fl.huber.bind(delta=2.0), x=x, y_true=0.5)
    assert [panel.get_title() for panel in figure.axes] == ["value", "gradient", "curvature"]
    for k, delta in enumerate((1.0, 2.0)):
        value, gradient = fl.huber.value_and_grad(np.full(11, 0.5), x, delta=delta, reduction="none")
        for panel, expected in zip(figure.axes, (value, gradient), strict=False):
            line = panel.get_lines()[k]
            assert np.array_equal(line.get_xdata(), x) and np.array_equal(line.get_ydata(), expected)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["huber", "huber.bind(delta=2.0)"]


def test_classes_are_drawn_over_the_first() -> None:
    [panel] = fl.plot(fl.cross_entropy, x=[-1.0, 2.0], y_true=1, results="value").axes
    expected = [fl.cross_entropy([1], [[x, 0.0, -1.0]]) for x in (-1.0, 2.0)]
    assert panel.get_lines()[0].get_ydata().tolist() == expected


def test_of_several_samples_the_mean_is_drawn() -> None:
    """The Dice loss is never above 1."""
    drawn = curve(fl.dice)
    assert drawn.value.min() >= 0 and drawn.value.max() <= 1


def test_a_curvature_by_differences_is_dashed() -> None:
    [smooth] = fl.plot(fl.huber, results="curvature").axes
    [differences] = fl.plot(fl.triplet, results="curvature").axes
    assert smooth.get_lines()[0].get_linestyle() == "-"
    assert differences.get_lines()[0].get_linestyle() == "--"


def test_a_loss_of_ones_own_needs_no_hessian() -> None:
    pytest.importorskip("numba")

    @fl.jit.pointwise
    def mine(y_true, y_pred):  # type: ignore[no-untyped-def]
        r = y_pred - y_true
        return r * r, math.copysign(1.0, r) * 2 * abs(r)  # of which no Hessian is derived

    drawn = curve(mine)
    assert drawn.by_differences
    assert np.median(drawn.curvature[drawn.x > 0.1]) == pytest.approx(2, rel=1e-9)


def test_a_jump_interrupts_the_line() -> None:
    [panel] = fl.plot(fl.absolute_error, results="gradient").axes
    y = panel.get_lines()[0].get_ydata()
    assert np.isnan(y).sum() == 1 and set(y[~np.isnan(y)]) == {-1.0, 1.0}


def test_given_axes_are_drawn_on() -> None:
    from matplotlib.figure import Figure

    panels = Figure().subplots(1, 2)
    figure = fl.plot(fl.huber, results=("value", "gradient"), axes=panels)
    assert figure is panels[0].figure and all(panel.get_lines() for panel in panels)
    with pytest.raises(ValueError, match="axes has 2 axes; results has 1"):
        fl.plot(fl.huber, results="value", axes=panels)


@pytest.mark.parametrize(
    ("losses", "given", "message"),
    [
        ((), {}, "needs a loss"),
        (("huber",), {}, "draws losses, not str"),
        ((fl.huber,), {"results": "hessian"}, "'hessian' is not one of"),
        ((fl.huber,), {"x": [1.0, 1.0]}, "increasing"),
        ((fl.bradley_terry,), {"y_true": 1}, "no target"),
    ],
)
def test_bad_arguments_are_refused(losses: tuple[fl.Loss, ...], given: dict[str, object], message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        fl.plot(*losses, **given)


def test_a_report_draws_what_it_says() -> None:
    rng = np.random.default_rng(0)
    y_true, logits = rng.integers(3, size=200), rng.normal(size=(200, 3))
    found = fl.report(fl.cross_entropy, y_true, logits)
    losses, shares, groups, calibration = found.plot().axes
    assert sum(bar.get_height() for bar in losses.patches) == 200
    assert shares.get_lines()[0].get_ydata()[-1] == 1.0
    assert [bar.get_width() for bar in groups.patches[:3]] == [group.share for group in found.groups]
    assert [text.get_text() for text in groups.get_yticklabels()] == [group.name for group in found.groups]
    assert calibration.get_lines()[1].get_ydata().tolist() == [b.accuracy for b in found.calibration.bins]


def test_the_command_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "picture.svg"
    assert main(["plot", "huber", "huber(delta=3)", "--output", str(path)]) == 0
    assert "<svg" in path.read_text("utf-8") and str(path) in capsys.readouterr().out
    assert loss_of("huber(delta=3)") == fl.huber.bind(delta=3.0)
    for text in ("nothing", "huber.bind", "huber(3)", "__import__('os')", "huber("):
        assert main(["plot", text, "--output", str(path)]) == 1


def test_the_benchmark_prints_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from fastloss import comparison

    path = tmp_path / "bench.svg"
    found = comparison.main(path, seconds=0.01)
    assert all(min(times[1:]) > 0 for times in found) and "<svg" in path.read_text("utf-8")
    printed = capsys.readouterr().out
    assert all(times.name in printed for times in found)
