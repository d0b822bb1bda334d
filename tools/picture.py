"""Draw a loss: value, gradient and Hessian diagonal over the prediction, as SVG that is the same on every machine.

A loss over classes is drawn over the prediction for one of three classes, the others fixed, from the textbook formula
that the tests hold it to (``tests/oracle.py``).
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastloss.rows import Column, Row

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 44, 116, 16, 36
LOWEST, HIGHEST = -3.0, 5.0
#: Colours that people tell apart who see no red or no green (Okabe & Ito 2008).
CURVES = (("value", "#0072B2"), ("gradient", "#D55E00"), ("Hessian", "#009E73"))
POINTS = 480


def target_of(row: Row) -> float:
    """Return the target that is drawn: 0 of a real number, else 1, and 1 where something is relative to the target."""
    return 0.0 if row.target.low == -math.inf and "|y|" not in row.formula else 1.0


#: The first class is the true one, or that of the largest share; its prediction is what is drawn over.
TARGETS = {"index": 0, "number": 0.0, "soft": (0.6, 0.3, 0.1), "shares": (0.75, 0.0, 1.0), "members": (1, 0, 1)}
#: The predictions for the other classes.
OTHERS = {"logits": (0.0, -1.0), "probs": (0.2, 0.1), "log_probs": (-1.0, -2.0), "numbers": (0.5, 1.0)}
CLASS_POINTS = 240


def target_of_row(row: Row) -> Any:
    """Return the target of the three classes; of an ordered one the level in the middle."""
    return 1 if row.target.levels else TARGETS[row.target.forms[0]]


def others_of(row: Row, by: str) -> dict[str, float]:
    """Return what the other arrays of a loss of several hold: the first given one 1, log-probabilities -1, others 0."""
    given = [operand for operand in row.operands if operand not in row.differentiated]
    others = [o for o in row.operands if o.name != by]
    return {o.name: -1.0 if o.domain.high < 1 else 1.0 if o in given[:1] else 0.0 for o in others}


def part_name(column: Column) -> str:
    """Return what a column is called in the names of files."""
    return column.name.replace("-", "_")


def caption_of(row: Row, by: str) -> str:
    """Return what is below the picture."""
    if row.several:
        return f"{by} ({', '.join(f'{name} = {number:g}' for name, number in others_of(row, by).items())})"
    if row.core:
        beside = ", ".join(f"{column.name} {column.beside:g}" for column in row.core if part_name(column) != by)
        return f"{by.replace('_', '-')} (y_true = {target_of(row):g}, {beside})"
    if row.axes != "C":
        another = ", beside a sample of residual 1" if row.couples else ""
        return f"{by} (y_true = {target_of(row):g}{another})"
    target = target_of_row(row)
    shown = f"{target:g}" if isinstance(target, int | float) else f"({', '.join(f'{y:g}' for y in target)})"
    others = ", ".join(f"{x:g}" for x in OTHERS[row.holds])
    return f"x, in {row.prediction} = (x, {others})  (y_true = {shown})"


def range_of(row: Row) -> tuple[float, float]:
    """Return the predictions that are drawn: where the loss changes its shape."""
    if row.axes == "C":
        return {"logits": (-5.0, 5.0), "probs": (0.0, 1.0), "log_probs": (-5.0, 0.0), "numbers": (-4.0, 4.0)}[row.holds]
    if row.predicted.high == 1:
        return 0.0, 1.0
    if row.predicted.high < 1:  # log-probabilities
        return -5.0, 0.0
    if row.predicted.low == -1:
        return -1.0, 5.0
    scale = max([1.0, *(p.default for p in row.parameters if p.name == "c" and isinstance(p.default, float))])
    return -max(4.0, 1.7 * scale), max(4.0, 1.7 * scale)


def curves(row: Row, by: str) -> Callable[[float], tuple[float, ...]]:
    """Return value, gradient and Hessian as functions of what is drawn: the prediction, or one part of it."""
    assert row.function is not None
    formula, target = row.function, target_of(row)
    constants = row.constants({parameter.name: parameter.default for parameter in row.parameters})
    if row.core:
        k = [part_name(column) for column in row.core].index(by)

        def of_part(x: float) -> tuple[float, ...]:
            numbers = [x if place == k else column.beside for place, column in enumerate(row.core)]
            value, gradient, hessian = formula(target, *numbers, *constants)[:3]
            return value, gradient[k], hessian[k]

        return of_part
    if row.couples:

        def beside_another(x: float) -> tuple[float, ...]:
            root = math.sqrt((x * x + 1) / 2)
            _, gradient, hessian = formula(target, x, 1.0, root, 1.0, 0.5)[:3]
            return root, gradient / 2, hessian / 2

        return beside_another
    if row.several:
        numbers, names = others_of(row, by), {operand.name for operand in row.differentiated}
        given = [number for name, number in numbers.items() if name not in names]
        others = [number for name, number in numbers.items() if name in names]

        def of_first(x: float) -> tuple[float, ...]:
            value, gradient, hessian = formula(*given[:1], x, *others, *given[1:], *constants)[:3]
            return (value, gradient[0], hessian[0]) if others else (value, gradient, hessian)

        return of_first
    return lambda x: tuple(formula(target, x, *constants)[:3])


def sampled(row: Row, by: str) -> list[tuple[float, tuple[float, ...]]]:
    """Return predictions and what the formula makes of them; the middle of each step, where no kink is."""
    if row.axes == "C":
        return sampled_over_classes(row)
    low, high = range_of(row)
    at = curves(row, by)
    step = (high - low) / POINTS
    places = [low + (k + 0.5) * step for k in range(POINTS)]
    return [(x, at(x)) for x in places]


def sampled_over_classes(row: Row) -> list[tuple[float, tuple[float, ...]]]:
    """Return predictions for the first class and what the textbook formula makes of the row."""
    import oracle  # needs mpmath and NumPy, which only this uses

    low, high = range_of(row)
    target, others = target_of_row(row), OTHERS[row.holds]
    step = (high - low) / CLASS_POINTS
    points = []
    for k in range(CLASS_POINTS):
        x = low + (k + 0.5) * step
        sample = {"y_true": target, row.prediction: (x, *others)}
        [truths] = oracle.truth(row, sample, [(row.prediction, 0)], "float64")
        points.append((x, tuple(float(truth.exact) for truth in truths)))
    return points


def polylines(
    places: list[float],
    values: list[float],
    largest_step: float,
    to_x: Callable[[float], float],
    to_y: Callable[[float], float],
) -> list[str]:
    """Return the points of each stretch that is inside the picture; a jump interrupts the line."""
    stretches: list[list[str]] = [[]]
    before = math.nan
    for x, y in zip(places, values, strict=True):
        jump = abs(y - before) > largest_step
        if not LOWEST <= y <= HIGHEST or jump:
            stretches.append([])
        if LOWEST <= y <= HIGHEST:
            stretches[-1].append(f"{to_x(x):.1f},{to_y(y):.1f}")
        before = y
    return [" ".join(stretch) for stretch in stretches if len(stretch) > 1]


def pictures(row: Row) -> dict[str, str]:
    """Return the pictures of a loss by their names; of most that are no formula of numbers or rows there are none."""
    if row.axes in ("D", "ND", "R", "TC", "TUC", "G") or row.kind == "lifetimes":
        return {}
    if row.core:
        return {f"{row.name}_{by}": picture(row, by) for by in map(part_name, row.core)}
    return {row.name: picture(row, row.prediction)}


def picture(row: Row, by: str) -> str:
    """Return the picture of a loss with its default parameters, over one part of the prediction."""
    points = sampled(row, by)
    low, high = range_of(row)
    shown = [y for _, results in points for y in results if LOWEST <= y <= HIGHEST]
    bottom, top = math.floor(min([0.0, *shown])), math.ceil(max([1.0, *shown]))

    def to_x(x: float) -> float:
        return LEFT + (x - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def to_y(y: float) -> float:
        return TOP + (top - y) / (top - bottom) * (HEIGHT - TOP - BOTTOM)

    font = 'font-family="sans-serif" font-size="13"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font}>',
        f"<title>{row.name}: value, gradient and Hessian over the prediction</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for y in range(bottom, top + 1):
        colour = "#888" if y == 0 else "#e4e4e4"
        lines.append(f'<path d="M{LEFT} {to_y(y):.1f}H{WIDTH - RIGHT}" stroke="{colour}"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{to_y(y) + 4:.1f}" text-anchor="end" fill="#444">{y}</text>')
    step = 0.25 if high - low <= 1 else 1 if high - low <= 10 else 2
    ticks = range(math.ceil(low / step), math.floor(high / step) + 1)
    for tick in ticks:
        x = to_x(tick * step)
        colour = "#888" if tick == 0 else "#e4e4e4"
        lines.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{colour}"/>')
        lines.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 17}" text-anchor="middle" fill="#444">{tick * step:g}</text>'
        )
    places = [x for x, _ in points]
    largest_step = 0.1 if row.axes == "C" and row.holds == "logits" else 0.3  # what is more is a jump
    for k, (name, colour) in enumerate(CURVES):
        lines += [
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
            for line in polylines(places, [results[k] for _, results in points], largest_step, to_x, to_y)
        ]
        y = TOP + 14 + 20 * k
        lines.append(f'<path d="M{WIDTH - RIGHT + 12} {y - 4}h18" stroke="{colour}" stroke-width="2"/>')
        lines.append(f'<text x="{WIDTH - RIGHT + 36}" y="{y}" fill="#222">{name}</text>')
    caption = caption_of(row, by)
    lines.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle" fill="#222">{caption}</text>'
    )
    return "\n".join([*lines, "</svg>"]) + "\n"
