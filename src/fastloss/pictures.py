"""Pictures by matplotlib: of losses as functions of a prediction, and of a report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from .kinds import draw
from .kinds.base import Array
from .rows import FIXED, PREDICTION, TARGET, Row, RowTarget

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .loss import Loss
    from .reports import Report

#: Colours that people tell apart who see no red or no green (Okabe & Ito 2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
RESULTS = ("value", "gradient", "curvature")
#: Even: no place is in the middle, where a kink is.
_POINTS = 400
#: Sizes that losses of vectors and of longer samples may be drawn in: what suits a loss is tried.
_SIZES = ((4, 3), (2, 5, 4), (6,), (2, 4, 3, 5))
#: Of three classes, the first of which is the true one, or has the largest share.
_TARGETS = {"index": 0, "number": 0.0, "soft": (0.6, 0.3, 0.1), "shares": (0.75, 0.0, 1.0), "members": (1, 0, 1)}
#: The predictions for the other classes.
_OTHERS = {"probs": (0.2, 0.1), "log_probs": (-1.0, -2.0)}


class Curve(NamedTuple):
    """A loss along one number of its first prediction, the others fixed."""

    label: str
    name: str  # of the prediction
    x: Array
    value: Array
    gradient: Array
    curvature: Array
    by_differences: bool  # the curvature is that of the gradients, not the loss's own


def plot(
    *losses: Loss,
    x: Any = None,
    y_true: Any = None,
    results: Sequence[str] = RESULTS,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """Draw value, gradient and curvature of losses over a prediction.

    A loss of several numbers is drawn along the first number of its first prediction: a loss over classes over the
    prediction for one of three classes, one of vectors over a coordinate, with the others fixed.

    Parameters
    ----------
    *losses : Loss
        What to draw, in one picture. `bind` says other parameters.
    x : array_like, optional
        The predictions, increasing. By default where the losses change their shapes.
    y_true : array_like, optional
        The target, of one sample. By default 0, or 1 of a loss that is relative to it; the first class of classes.
    results : sequence of {'value', 'gradient', 'curvature'}
        What is drawn, each in axes of its own. The curvature of a loss without a Hessian is the difference of its
        gradients, and dashed.
    axes : sequence of matplotlib.axes.Axes, optional
        Where to draw, one for each result; by default a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        A figure that belongs to no window; a notebook shows it, and it has ``savefig``.

    Raises
    ------
    ImportError
        Without matplotlib, which ``pip install 'fastloss[plot]'`` brings.
    TypeError, ValueError
        For what is no loss, no result, or a target that the loss refuses.

    Examples
    --------
    >>> import fastloss as fl
    >>> figure = fl.plot(fl.huber, fl.huber.bind(delta=3.0), fl.log_cosh)  # doctest: +SKIP
    >>> figure.savefig("losses.svg")  # doctest: +SKIP
    """
    from .loss import Loss

    for loss in losses:
        if not isinstance(loss, Loss):
            raise TypeError(f"plot draws losses, not {type(loss).__name__}: fl.plot(fl.huber, fl.log_cosh)")
    if not losses:
        raise TypeError("plot needs a loss: fl.plot(fl.huber)")
    wanted = (results,) if isinstance(results, str) else tuple(results)
    for result in wanted:
        if result not in RESULTS:
            raise ValueError(f"results = {results!r}: {result!r} is not one of {', '.join(RESULTS)}")
    if x is None:
        ranges = [_range(loss._row) for loss in losses]
        places = _between(max(low for low, _ in ranges), min(high for _, high in ranges))
    else:
        places = np.asarray(x, np.float64)
        if places.ndim != 1 or len(places) < 2 or not (np.diff(places) > 0).all():
            raise ValueError("x must be two or more increasing numbers")
    curves = [curve(loss, places, y_true) for loss in losses]
    if axes is None:
        figure, panels = _figure(1, len(wanted))
    else:
        panels = list(axes)
        figure = cast("Figure", panels[0].figure)
        if len(panels) != len(wanted):
            raise ValueError(f"axes has {len(panels)} axes; results has {len(wanted)}")
    for panel, result in zip(panels, wanted, strict=True):
        for k, drawn in enumerate(curves):
            dashed = result == "curvature" and drawn.by_differences
            y = _broken(getattr(drawn, result))
            panel.plot(drawn.x, y, "--" if dashed else "-", color=COLOURS[k % len(COLOURS)], label=drawn.label)
        panel.set_title(result)
        panel.set_xlabel(" / ".join(dict.fromkeys(drawn.name for drawn in curves)))
        panel.grid(visible=True, alpha=0.3)
        _limit(panel, [getattr(drawn, result) for drawn in curves])
    panels[0].legend(fontsize="small")
    return figure


def curve(loss: Loss, places: Array | None = None, y_true: Any = None) -> Curve:
    """Return a loss along the first number of its first prediction."""
    row = loss._row
    if places is None:
        places = _between(*_range(row))
    arrays = example(loss, y_true)
    first = row.differentiated[0].name
    keywords: dict[str, Any] = {"reduction": "mean"}
    if len(row.differentiated) > 1:
        keywords["wrt"] = first
    place = (0,) * arrays[first].ndim
    found = np.empty((3, len(places)))
    try:
        loss.grad_and_hess(*arrays.values(), **keywords)
        has_hessian = True
    except TypeError:  # a kind without one, or a loss of one's own
        has_hessian = False
    for k, x in enumerate(places):
        arrays[first][place] = x
        if not has_hessian:
            value, gradient = loss.value_and_grad(*arrays.values(), **keywords)
            found[:2, k] = value, gradient[place]
        else:
            value, gradient, hessian = loss.value_grad_hess(*arrays.values(), **keywords)
            found[:, k] = value, gradient[place], hessian[place]
    if not has_hessian:
        found[2] = np.gradient(found[1], places)
    return Curve(_short(loss), first, places, found[0], found[1], found[2], not has_hessian)


def _short(loss: Loss) -> str:
    return repr(loss).replace("fastloss.", "")


def example(loss: Loss, y_true: Any = None) -> dict[str, Array]:
    """Return arrays of a few samples of a loss, plain ones where its kind has such, else ordinary ones."""
    row, rng = loss._row, np.random.default_rng(0)
    known = {"": ((2 if row.couples else 1,),), "2": ((1,),), "C": ((1, 3),)}
    arrays: dict[str, Array] = {}
    for sizes in known.get(row.axes, _SIZES):
        try:
            arrays = draw(row, sizes, np.float64, rng, "", loss.parameters)
            loss(*arrays.values())
            break
        except (ValueError, IndexError):
            continue
    arrays = {name: array if array.flags.writeable else array.copy() for name, array in arrays.items()}
    target = next((operand.name for operand in row.operands if operand.role == TARGET), None)
    if row.axes == "C" and isinstance(row.target, RowTarget):
        arrays[row.prediction][0, 1:] = _OTHERS.get(row.holds, (0.0, -1.0))
        if target is not None:
            arrays[target][...] = 1 if row.target.levels else _TARGETS[row.target.forms[0]]
    elif row.axes in ("", "2"):
        for name, number in _numbers(row, loss.parameters).items():
            arrays[name][...] = number
        if row.couples:
            arrays[row.prediction][1] += 1
    if y_true is not None:
        if target is None:
            raise TypeError(f"{row.name} has no target: plot takes no y_true")
        arrays[target] = np.broadcast_to(np.asarray(y_true), arrays[target].shape)
    return arrays


def _numbers(row: Row, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return plain numbers for the arrays of a loss of points."""
    numbers: dict[str, Any] = {}
    fixed = [operand.name for operand in row.operands if operand.role == FIXED]
    for operand in row.operands:
        if operand.role == TARGET:
            domain = operand.domain if row.several else row.targets(parameters)
            numbers[operand.name] = 0.0 if domain.low == -math.inf and "|y|" not in row.formula else 1.0
        elif operand.role == PREDICTION or operand.name not in fixed[:1]:
            numbers[operand.name] = -1.0 if operand.domain.high < 1 else 0.0
        else:
            numbers[operand.name] = -1.0 if operand.domain.high < 1 else 1.0
        if operand.role != TARGET and numbers[operand.name] not in operand.domain:
            numbers[operand.name] = 0.5 if 0.5 in operand.domain else operand.domain.low + 1
    return numbers


def _range(row: Row) -> tuple[float, float]:
    """Return the predictions that are drawn: where the loss changes its shape."""
    if row.holds == "cosines":
        return -1.0, 1.0
    if row.holds == "probs" or row.predicted.high == 1:
        return 0.0, 1.0
    if row.holds == "log_probs" or row.predicted.high < 1:  # log-probabilities
        return -5.0, 0.0
    if row.predicted.low > -math.inf:
        return row.predicted.low, row.predicted.low + 6
    if row.axes == "C":
        return -5.0, 5.0
    scale = max([1.0, *(p.default for p in row.parameters if p.name == "c" and isinstance(p.default, float))])
    return -max(4.0, 1.7 * scale), max(4.0, 1.7 * scale)


def _between(low: float, high: float) -> Array:
    """Return the middles of the steps between two numbers: neither an end nor the middle is among them."""
    places: Array = low + (np.arange(_POINTS) + 0.5) * ((high - low) / _POINTS)
    return places


def _broken(y: Array) -> Array:
    """Return a line that is interrupted where it jumps."""
    steps = np.abs(np.diff(y))
    finite = steps[np.isfinite(steps)]
    if finite.size < 50:  # so few that a step is no jump
        return y
    around = np.maximum(np.r_[0, steps[:-1]], np.r_[steps[1:], 0])
    jumps = (steps > 20 * around) & (steps > 0.05 * finite.sum())
    broken = y.astype(np.float64)
    broken[1:][jumps] = math.nan
    return broken


def _limit(panel: Axes, lines: Iterable[Array]) -> None:
    """Leave out what grows beyond everything else: a pole hides the rest."""
    numbers = np.concatenate([line[np.isfinite(line)] for line in lines])
    if not numbers.size:
        return
    low, high = np.quantile(numbers, (0.01, 0.99))
    room = max(high - low, 1e-3)
    panel.set_ylim(max(numbers.min(), low - room) - 0.06 * room, min(numbers.max(), high + room) + 0.06 * room)


def _figure(rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("pictures need matplotlib: python -m pip install 'fastloss[plot]'") from error
    figure = Figure(figsize=(4.2 * columns, 3.4 * rows), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def draw_report(report: Report) -> Figure:
    """Draw losses, what they add up to, groups and calibration: what of them there is."""
    panels = [(_draw_losses, report.losses is not None or report.norms is not None)]
    panels += [(_draw_shares, report.losses is not None), (_draw_groups, bool(report.groups))]
    panels += [(_draw_calibration, report.calibration is not None)]
    drawn = [function for function, there in panels if there]
    columns = min(len(drawn), 2) or 1
    figure, axes = _figure(math.ceil(len(drawn) / columns) or 1, columns)
    for function, panel in zip(drawn, axes, strict=False):
        function(panel, report)
        panel.grid(visible=True, alpha=0.3)
    for panel in axes[len(drawn) :]:
        panel.set_axis_off()
    figure.suptitle(f"{report.loss}: {report.value:.4g}")
    return figure


def _draw_losses(panel: Axes, report: Report) -> None:
    numbers = report.losses if report.losses is not None else report.norms
    assert numbers is not None
    panel.hist(numbers[np.isfinite(numbers)], bins=50, color=COLOURS[0])
    panel.set_title("loss of a sample" if report.losses is not None else "gradient of a sample")
    panel.set_ylabel("samples")


def _draw_shares(panel: Axes, report: Report) -> None:
    assert report.losses is not None
    sizes = np.sort(np.abs(report.losses[np.isfinite(report.losses)]))[::-1]
    if sizes.size and sizes[0]:
        x = np.arange(sizes.size + 1) / sizes.size
        panel.plot(x, np.r_[0, np.cumsum(sizes)] / sizes.sum(), color=COLOURS[0])
    panel.plot([0, 1], [0, 1], color="#888888", linewidth=1)
    panel.set_title("share of the loss")
    panel.set_xlabel("share of the samples, the largest first")


def _draw_groups(panel: Axes, report: Report) -> None:
    groups = report.groups[:20]
    whole = sum(group.count for group in report.groups)
    places = np.arange(len(groups))
    shares = [(g.norm_share if g.share is None else g.share) or 0.0 for g in groups]
    label = "of the gradient" if groups[0].share is None else "of the loss"
    panel.barh(places - 0.2, shares, 0.4, color=COLOURS[1], label=label)
    panel.barh(places + 0.2, [group.count / whole for group in groups], 0.4, color="#aaaaaa", label="of the samples")
    panel.set_yticks(places, [group.name for group in groups])
    panel.invert_yaxis()
    panel.set_title(f"share of each {report.grouped_by}")
    panel.legend(fontsize="small")


def _draw_calibration(panel: Axes, report: Report) -> None:
    assert report.calibration is not None
    bins = report.calibration.bins
    panel.plot([0, 1], [0, 1], color="#888888", linewidth=1)
    panel.plot([b.confidence for b in bins], [b.accuracy for b in bins], "o-", color=COLOURS[2])
    panel.set_title(f"calibration, ECE {report.calibration.ece:.3f}")
    panel.set_xlabel("confidence")
    panel.set_ylabel("accuracy")
