"""Draw a loss: value, gradient and Hessian diagonal over the prediction, as SVG that is the same on every machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastloss.formulas.declare import Row

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 44, 116, 16, 36
LOWEST, HIGHEST = -3.0, 5.0
#: Colours that people tell apart who see no red or no green (Okabe & Ito 2008).
CURVES = (("value", "#0072B2"), ("gradient", "#D55E00"), ("Hessian", "#009E73"))
POINTS = 480


def target_of(row: Row) -> float:
    """Return the target that is drawn: 0 of a real number, else 1, and 1 where something is relative to the target."""
    return 0.0 if row.target.low == -math.inf and "|y|" not in row.formula else 1.0


def range_of(row: Row) -> tuple[float, float]:
    """Return the predictions that are drawn: where the loss changes its shape."""
    if row.predicted.high == 1:
        return 0.0, 1.0
    if row.predicted.low == -1:
        return -1.0, 5.0
    scale = max([1.0, *(p.default for p in row.parameters if p.name == "c" and isinstance(p.default, float))])
    return -max(4.0, 1.7 * scale), max(4.0, 1.7 * scale)


def sampled(row: Row) -> list[tuple[float, tuple[float, ...]]]:
    """Return predictions and what the formula makes of them; the middle of each step, where no kink is."""
    assert row.function is not None
    low, high = range_of(row)
    target = target_of(row)
    constants = row.constants({parameter.name: parameter.default for parameter in row.parameters})
    step = (high - low) / POINTS
    places = [low + (k + 0.5) * step for k in range(POINTS)]
    return [(x, tuple(row.function(target, x, *constants))) for x in places]


def polylines(
    places: list[float], values: list[float], to_x: Callable[[float], float], to_y: Callable[[float], float]
) -> list[str]:
    """Return the points of each stretch that is inside the picture; a jump interrupts the line."""
    stretches: list[list[str]] = [[]]
    before = math.nan
    for x, y in zip(places, values, strict=True):
        jump = abs(y - before) > 0.3
        if not LOWEST <= y <= HIGHEST or jump:
            stretches.append([])
        if LOWEST <= y <= HIGHEST:
            stretches[-1].append(f"{to_x(x):.1f},{to_y(y):.1f}")
        before = y
    return [" ".join(stretch) for stretch in stretches if len(stretch) > 1]


def picture(row: Row) -> str:
    """Return the picture of a pointwise loss with its default parameters."""
    points = sampled(row)
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
    for k, (name, colour) in enumerate(CURVES):
        lines += [
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
            for line in polylines(places, [results[k] for _, results in points], to_x, to_y)
        ]
        y = TOP + 14 + 20 * k
        lines.append(f'<path d="M{WIDTH - RIGHT + 12} {y - 4}h18" stroke="{colour}" stroke-width="2"/>')
        lines.append(f'<text x="{WIDTH - RIGHT + 36}" y="{y}" fill="#222">{name}</text>')
    caption = f"{row.prediction} (y_true = {target_of(row):g})"
    lines.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle" fill="#222">{caption}</text>'
    )
    return "\n".join([*lines, "</svg>"]) + "\n"
