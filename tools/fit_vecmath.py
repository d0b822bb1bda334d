"""The polynomials of vecmath.h: minimax by Remez's exchange, then rounded to the type they are evaluated in.

python tools/fit_vecmath.py        prints the coefficients, lowest power first, and the errors before and after rounding

Rounding each coefficient by itself loses up to 2 bits of a short float32 polynomial; trying the neighbours of pairs of
coefficients gets most of it back.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import mpmath as mp
import numpy as np

mp.mp.dps = 60

Function = Callable[[mp.mpf], mp.mpf]


def remez(target: Function, weight: Function, degree: int, low: mp.mpf, high: mp.mpf) -> list[mp.mpf]:
    """Return the coefficients of the polynomial with the smallest largest weight * |target - polynomial|."""
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * mp.mpf(i) / 600) for i in range(601)]
    values = [(target(x), weight(x)) for x in grid]
    chosen = [round((2 * i + 1) * 600 / (2 * (degree + 2))) for i in range(degree + 2)]
    coefficients: list[mp.mpf] = []
    for _ in range(12):
        system = mp.matrix(degree + 2)
        right = mp.matrix(degree + 2, 1)
        for row, i in enumerate(chosen):
            value, unit = values[i]
            for power in range(degree + 1):
                system[row, power] = unit * grid[i] ** power
            system[row, degree + 1] = (-1) ** row
            right[row] = unit * value
        solution = mp.lu_solve(system, right)
        coefficients = [solution[power] for power in range(degree + 1)]
        errors = [
            unit * (value - mp.polyval(coefficients[::-1], x)) for x, (value, unit) in zip(grid, values, strict=True)
        ]
        extremes: list[int] = []
        for i, error in enumerate(errors):
            if not extremes or (error > 0) != (errors[extremes[-1]] > 0):
                extremes.append(i)
            elif abs(error) > abs(errors[extremes[-1]]):
                extremes[-1] = i
        while len(extremes) > degree + 2:
            extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
        if len(extremes) < degree + 2 or max(map(abs, errors)) < 1.001 * abs(solution[degree + 1]):
            break
        chosen = extremes
    return coefficients


def rounded(coefficient: mp.mpf, digits: int) -> tuple[mp.mpf, mp.mpf]:
    """Return the nearest number of so many binary digits, and the spacing there."""
    exponent = mp.frexp(coefficient)[1]
    unit = mp.ldexp(1, exponent - digits)
    return mp.nint(coefficient / unit) * unit, unit


def fit(name: str, target: Function, weight: Function, degree: int, low: mp.mpf, high: mp.mpf, digits: int) -> None:
    """Print the coefficients of one polynomial."""
    ideal = remez(target, weight, degree, low, high)
    points = [low + (high - low) * mp.mpf(i) / 800 for i in range(801)]
    ideal_error = np.array([float(weight(x) * (target(x) - mp.polyval(ideal[::-1], x))) for x in points])
    basis = np.array([[float(weight(x) * x**power) for power in range(degree + 1)] for x in points])
    pairs = [rounded(coefficient, digits) for coefficient in ideal]
    unit = np.array([float(spacing) for _, spacing in pairs])
    change = np.array([float(number - coefficient) for (number, _), coefficient in zip(pairs, ideal, strict=True)])
    steps = np.zeros(degree + 1, int)
    best, improved = np.abs(ideal_error - basis @ change).max(), True
    while improved:
        improved = False
        for i, j in itertools.combinations(range(degree + 1), 2):
            for by_i, by_j in itertools.product(range(-3, 4), repeat=2):
                trial = steps.copy()
                trial[i] += by_i
                trial[j] += by_j
                worst = np.abs(ideal_error - basis @ (change + trial * unit)).max()
                if worst < 0.9999 * best:
                    best, steps, improved = worst, trial, True
    print(f"{name}: 2^{np.log2(np.abs(ideal_error).max()):.1f}, with {digits} digits 2^{np.log2(best):.1f}")
    for (number, spacing), step in zip(pairs, steps, strict=True):
        print("   ", float(number + int(step) * spacing).hex())


def exp_rest(r: mp.mpf) -> mp.mpf:
    """Q of e^r = 1 + r + r^2 q(r)."""
    return (mp.expm1(r) - r) / r**2 if abs(r) > mp.mpf("1e-20") else mp.mpf(1) / 2 + r / 6


def log_rest(f: mp.mpf) -> mp.mpf:
    """P of log(1 + f) = f - f^2/2 + f^3 P(f)."""
    return (mp.log1p(f) - f + f * f / 2) / f**3 if abs(f) > mp.mpf("1e-15") else mp.mpf(1) / 3 - f / 4


def atanh_rest(z: mp.mpf) -> mp.mpf:
    """G of 2 atanh(s) = 2 s + s^3 G(s^2)."""
    s = mp.sqrt(z)
    return (2 * mp.atanh(s) / s - 2) / z if z > mp.mpf("1e-20") else mp.mpf(2) / 3 + 2 * z / 5


def erf_near(z: mp.mpf) -> mp.mpf:
    """P of erf(x) = x + x P(x^2)."""
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1 if z > mp.mpf("1e-20") else 2 / mp.sqrt(mp.pi) * (1 - z / 3) - 1


def erf_far(t: mp.mpf) -> mp.mpf:
    """G of erf(x) = 1 - e^(-x^2) G(t), t = (x - 3) / (x + 3)."""
    x = 3 * (1 + t) / (1 - t)
    return mp.erfc(x) * mp.exp(x * x)


if __name__ == "__main__":
    edge = mp.log(2) / 2 * mp.mpf("1.0001")
    below, above = (mp.sqrt(0.5) - 1) * mp.mpf("1.0001"), (mp.sqrt(2) - 1) * mp.mpf("1.0001")
    widest = (above / (2 + above)) ** 2

    def against_expm1(r: mp.mpf) -> mp.mpf:
        return abs(r * r / mp.expm1(r)) if r else mp.mpf(0)

    def against_atanh(z: mp.mpf) -> mp.mpf:
        return z * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))) if z else mp.mpf(0)

    def against_log1pmx(f: mp.mpf) -> mp.mpf:
        return abs(f**3 / (mp.log1p(f) - f)) if abs(f) > mp.mpf("1e-20") else mp.mpf(0)

    def against_atanh_rest(z: mp.mpf) -> mp.mpf:
        s = mp.sqrt(z)
        f = 2 * s / (1 - s)
        return s**3 / (f - mp.log1p(f)) if z > mp.mpf("1e-30") else mp.mpf(0)

    fit("q, float32", exp_rest, against_expm1, 5, -edge, edge, 24)
    fit("q, float64", exp_rest, against_expm1, 10, -edge, edge, 53)
    fit("G, float32", atanh_rest, against_atanh, 2, mp.mpf(0), widest, 24)
    fit("G, float64", atanh_rest, against_atanh, 6, mp.mpf(0), widest, 53)
    fit("G on the unit interval, float32", atanh_rest, against_atanh, 4, mp.mpf(0), mp.mpf(1) / 9, 24)
    fit("G on the unit interval, float64", atanh_rest, against_atanh, 9, mp.mpf(0), mp.mpf(1) / 9, 53)
    fit("P of tails.h, float32", log_rest, against_log1pmx, 9, below, above, 24)
    fit("G of tails.h, float64", atanh_rest, against_atanh_rest, 7, mp.mpf(0), widest, 53)

    def against_erf_near(z: mp.mpf) -> mp.mpf:
        x = mp.sqrt(z)
        return x / mp.erf(x) if z > mp.mpf("1e-20") else mp.sqrt(mp.pi) / 2

    def against_erf_far(t: mp.mpf) -> mp.mpf:
        x = 3 * (1 + t) / (1 - t)
        return mp.exp(-x * x) / mp.erf(x)

    nearest, farthest, end = mp.mpf("0.75") ** 2, mp.mpf("-0.6"), mp.mpf(1) / 3
    fit("P of erf, float32", erf_near, against_erf_near, 5, mp.mpf(0), nearest, 24)
    fit("P of erf, float64", erf_near, against_erf_near, 10, mp.mpf(0), nearest, 53)
    fit("G of erf, float32", erf_far, against_erf_far, 6, farthest, mp.mpf(1) / 7, 24)
    fit("G of erf, float64", erf_far, against_erf_far, 13, farthest, end, 53)
