"""Softmax cross-entropy written for Numba: a second implementation, from the derivation at the head of
``kernels/rows/softmax.pxi`` and not from its code.

With m the largest logit, e_j = exp(x_j - m), and `rest` the sum of all e_j but that of one largest logit:

    loss = (m - x_t) + log1p(rest),   p_j = e_j / (1 + rest),   1 - p_j = ((1 - e_j) + rest) / (1 + rest)

`cross_entropy_row` takes one row, of a pointer or of an array; `cross_entropy_tile` takes a tile of rows in the lanes,
which is faster up to 64 classes. Sums over a row are added in chunks of 512 by a function of its own, the only one that
may regroup: in vectors, and exactly between chunks.
"""

from __future__ import annotations

import functools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
from numba import types

from ..kinds.base import GRADIENT, HESSIAN, VALUE
from ..runtime import kernels
from .compiling import NUMBA_REALS, REALS, compile_kernel
from .formula import Formula
from .vecmath import FUNCTIONS, bits_of, fma, from_bits, inline, strict

FEW: int = kernels.frame.SHARED["FEW"]
CHUNK = 512  # terms that are added up before the sum goes on with its rounding errors

#: LLVM may add the terms of these in any order, in vectors; NaN and infinities stay what they are.
summing = strict(fastmath={"reassoc", "nsz"}, no_cpython_wrapper=True)

# -- sums ---------------------------------------------------------------------------------------------------------


@inline
def two_sum(total, tail, term):
    """Return total + term and tail + what rounding took off it (Knuth); nothing, where the sum is infinite."""
    after = total + term
    added = after - total
    error = (total - (after - added)) + (term - added)
    return after, (tail + error if abs(after) < math.inf else tail)


@summing
def sum_of(y, first, last):
    total = 0.0
    for j in range(first, last):
        total += np.float64(y[j])
    return total


@inline
def ratio(a, b, b_tail):
    """Return a / (b + b_tail), rounded once where there is a fused multiply-add."""
    q = a / b
    return q + (fma(-q, b, a) - q * b_tail) / b


@functools.cache
def functions(double: bool) -> SimpleNamespace:
    """Return the functions of a row for one type."""
    dtype = REALS[double]
    real, number = NUMBA_REALS[double], dtype.type
    unsigned = types.uint64 if double else types.uint32
    exp_sum, exp_sum_below, log1p = FUNCTIONS[dtype].exp_sum, FUNCTIONS[dtype].exp_sum_below, FUNCTIONS[dtype].log1p
    log1p_double = FUNCTIONS[REALS[True]].log1p
    zero, half, one, two = number(0), number(0.5), number(1), number(2)
    infinity, nan = number(math.inf), number(math.nan)
    # Subnormal terms keep few bits: a sum of such is made again from terms lifted by e^offset, normal numbers.
    offset = number(128.0 if double else 32.0)
    lowering = math.exp(-float(offset))
    tiny = math.exp(-665.0) if double else math.exp(-62.5)

    @inline
    def difference(x, m):
        """Return x - m and what rounding took off it, for x <= m."""
        u = -m
        high, low = (x, u) if x < u else (u, x)
        d = high + low
        return d, low - (d - high)

    @inline
    def exp_below(x, m):
        d, error = difference(x, m)
        e = exp_sum_below(d, error)
        return one if x == m else e

    @inline
    def exp_lifted(x, m):
        d, error = difference(x, m)
        return exp_sum(d + offset, error)

    @inline
    def finite_difference(m, x):
        return zero if x == m else m - x

    @inline
    def weighted_difference(y, m, x):
        """Return y (m - x), also where the difference alone overflows; 0 where y is, whatever x."""
        d = finite_difference(m, x)
        product = (y * (half * m - half * x)) * two if d == infinity else y * d
        return zero if y == zero else product

    @summing
    def sum_weighted_difference(y, x, m, first, last):
        total = 0.0
        for j in range(first, last):
            total += np.float64(weighted_difference(y[j], m, x[j]))
        return total

    signed = types.int64 if double else types.int32
    sign_places, magnitude = (63, 2**63 - 1) if double else (31, 2**31 - 1)
    lowest_key = -(2**63) if double else -(2**31)

    @inline
    def key_of(x):
        """Return a whole number that is in the order of x, which LLVM finds the largest of in vectors; NaN is above."""
        bits = signed(bits_of(x))
        return signed(bits ^ (signed(bits >> sign_places) & signed(magnitude)))

    @inline
    def largest(x, classes):
        best = signed(lowest_key)
        for j in range(classes):
            key = key_of(x[j])
            best = key if key > best else best
        return from_bits(unsigned(best ^ (signed(best >> sign_places) & signed(magnitude))))

    @summing
    def sum_below(e, x, m, first, last):
        """Return the sum of e where x < m, and how many are m."""
        total, ties = zero, zero
        for j in range(first, last):
            total += zero if x[j] == m else e[j]
            ties += one if x[j] == m else zero
        return total, ties

    @inline
    def row_sums(x, e, classes):
        """Fill e, and return the largest logit and `rest` with its tail: NaN for a row of no probabilities."""
        m = largest(x, classes)
        for j in range(classes):
            e[j] = exp_below(x[j], m)
        rest, tail, ties = 0.0, 0.0, 0.0
        for first in range(0, classes, CHUNK):
            part, equal = sum_below(e, x, m, first, min(first + CHUNK, classes))
            rest, tail = two_sum(rest, tail, np.float64(part))
            ties += np.float64(equal)
        rest, tail = two_sum(rest, tail, ties - 1.0)
        if rest + tail < tiny and classes > 1:
            total = 0.0
            for j in range(classes):
                total += 0.0 if x[j] == m else np.float64(exp_lifted(x[j], m))
            rest, tail = total * lowering, 0.0
        if m == -infinity or (m == infinity and ties > 1.0):
            rest = math.nan
        sum_ = rest + tail
        return m, sum_, tail + (rest - sum_)

    @inline
    def write_row(want, dense, x, y, label, factor, e, hessian, classes, m, rest, tail, total):
        """Write Hessian and gradient, e being both the exponentials and the gradient."""
        whole = 1.0 + rest
        whole_tail = (rest - (whole - 1.0)) + tail if rest < 1.0 else (1.0 - (whole - rest)) + tail
        k = ratio(factor, whole, whole_tail)
        if want & HESSIAN:
            h = ratio(k, whole, whole_tail) * total
            for j in range(classes):
                others = rest if e[j] == one else whole - np.float64(e[j])
                hessian[j] = real(np.float64(e[j]) * others * h)
        if want & GRADIENT:
            if dense:
                share = ratio(total, whole, whole_tail)
                for j in range(classes):
                    p = np.float64(e[j])
                    right = e[j] == one and rest < 1.0
                    g = (total - np.float64(y[j])) - rest * share if right else p * share - np.float64(y[j])
                    e[j] = real(g * factor)
            else:
                others = rest if e[label] == one else whole - np.float64(e[label])
                scaled = real(k)
                for j in range(classes):
                    e[j] = e[j] * scaled
                e[label] = real(-others * k)

    @inline
    def cross_entropy_row(want, dense, x, y, label, factor, e, hessian, classes):
        """Return the loss of one row; gradient (into e) and Hessian are multiplied by the factor."""
        m, rest, tail = row_sums(x, e, classes)
        total, value = 1.0, 0.0
        log_sum = log1p_double(rest) if double else np.float64(log1p(real(rest)))
        if dense:
            total, value, total_tail, value_tail = 0.0, 0.0, 0.0, 0.0
            for first in range(0, classes, CHUNK):
                last = min(first + CHUNK, classes)
                total, total_tail = two_sum(total, total_tail, sum_of(y, first, last))
                distance = sum_weighted_difference(y, x, m, first, last)
                value, value_tail = two_sum(value, value_tail, distance)
            total += total_tail
            value += value_tail + total * log_sum
        else:
            value = np.float64(finite_difference(m, x[label])) + log_sum
        write_row(want, dense, x, y, label, factor, e, hessian, classes, m, rest, tail, total)
        return value

    @inline
    def softmax_row(x, e, classes):
        """Fill e with the probabilities of a row."""
        _, rest, tail = row_sums(x, e, classes)
        whole = 1.0 + rest
        whole_tail = (rest - (whole - 1.0)) + tail if rest < 1.0 else (1.0 - (whole - rest)) + tail
        for j in range(classes):
            e[j] = real(ratio(np.float64(e[j]), whole, whole_tail))
        return whole

    @inline
    def log_softmax_row(x, e, classes):
        """Fill e with their logarithms."""
        m, rest, _ = row_sums(x, e, classes)
        log_sum = log1p_double(rest)
        for j in range(classes):
            e[j] = real(-(np.float64(finite_difference(m, x[j])) + log_sum))
        return log_sum

    @inline
    def logsumexp_row(x, e, classes):
        """Return the logarithm of the sum of the exponentials of a row; e is filled with something."""
        m, rest, _ = row_sums(x, e, classes)
        return real(m if abs(m) == infinity else np.float64(m) + log1p_double(rest))

    lanes = 256 // dtype.itemsize
    group = 8  # classes that are added up before the sum goes on with its rounding errors

    @inline
    def cross_entropy_tile(want, dense, x, y, label, factor, value, e, hessian, spare, classes):
        """The same for a tile: element [class][row], `lanes` rows."""
        # Rows of `spare`: largest, rest, tail of it, ties, sum of a group; of targets: total, distance, share.
        m, rest, tail, ties, part, total, distance = 0, lanes, 2 * lanes, 3 * lanes, 4 * lanes, 5 * lanes, 6 * lanes
        for i in range(lanes):
            spare[m + i] = -infinity
            spare[rest + i] = zero
            spare[tail + i] = zero
            spare[ties + i] = zero
        for c in range(classes):
            for i in range(lanes):
                spare[m + i] = x[c * lanes + i] if x[c * lanes + i] > spare[m + i] else spare[m + i]
        for first in range(0, classes, group):
            for i in range(lanes):
                spare[part + i] = zero
            for c in range(first, min(first + group, classes)):
                for i in range(lanes):
                    equal = x[c * lanes + i] == spare[m + i]
                    exponential = exp_below(x[c * lanes + i], spare[m + i])
                    e[c * lanes + i] = exponential
                    spare[part + i] += zero if equal else exponential
                    spare[ties + i] += one if equal else zero
            for i in range(lanes):
                spare[rest + i], spare[tail + i] = two_sum(spare[rest + i], spare[tail + i], spare[part + i])
        lift = False
        for i in range(lanes):
            total_i, tail_i = two_sum(spare[rest + i], spare[tail + i], spare[ties + i] - one)
            rest_i = total_i + tail_i
            spare[tail + i] = tail_i + (total_i - rest_i)
            lift |= rest_i < tiny
            none = spare[m + i] == -infinity or (spare[m + i] == infinity and spare[ties + i] > one)
            spare[rest + i] = nan if none else rest_i
        if lift and classes > 1:
            for i in range(lanes):
                if spare[rest + i] < tiny:
                    lifted = 0.0
                    for c in range(classes):
                        equal = x[c * lanes + i] == spare[m + i]
                        lifted += 0.0 if equal else np.float64(exp_lifted(x[c * lanes + i], spare[m + i]))
                    spare[rest + i] = real(lifted * lowering)
                    spare[tail + i] = zero
        if dense:
            for i in range(lanes):
                sum_, sum_tail, away, away_tail = 0.0, 0.0, 0.0, 0.0
                for c in range(classes):
                    sum_, sum_tail = two_sum(sum_, sum_tail, np.float64(y[c * lanes + i]))
                    term = np.float64(weighted_difference(y[c * lanes + i], spare[m + i], x[c * lanes + i]))
                    away, away_tail = two_sum(away, away_tail, term)
                spare[total + i] = real(sum_ + sum_tail)
                log_sum = np.float64(log1p(spare[rest + i]))
                value[i] = real((away + away_tail) + (sum_ + sum_tail) * log_sum)
        elif want & VALUE:
            for i in range(lanes):
                spare[distance + i] = zero
            for c in range(classes):
                for i in range(lanes):
                    spare[distance + i] = x[c * lanes + i] if label[i] == real(c) else spare[distance + i]
            for i in range(lanes):
                value[i] = finite_difference(spare[m + i], spare[distance + i]) + log1p(spare[rest + i])
        # Rows of doubles after the factors: factor / (1 + rest), that of the Hessian, total / (1 + rest).
        scaled, of_hessian, share = lanes, 2 * lanes, 3 * lanes
        for i in range(lanes):
            rest_i, tail_i, total_i = np.float64(spare[rest + i]), np.float64(spare[tail + i]), 1.0
            if dense:
                total_i = np.float64(spare[total + i])
            whole = 1.0 + rest_i
            whole_tail = tail_i + (rest_i - (whole - 1.0) if rest_i < 1.0 else 1.0 - (whole - rest_i))
            factor[scaled + i] = ratio(factor[i], whole, whole_tail)
            factor[of_hessian + i] = ratio(factor[scaled + i], whole, whole_tail) * total_i
            factor[share + i] = ratio(total_i, whole, whole_tail)
        if want & HESSIAN:
            for c in range(classes):
                for i in range(lanes):
                    rest_i, e_i = np.float64(spare[rest + i]), np.float64(e[c * lanes + i])
                    others = rest_i if e_i == 1.0 else (1.0 + rest_i) - e_i
                    h = e_i * others * factor[of_hessian + i]
                    hessian[c * lanes + i] = zero if factor[i] == 0.0 else real(h)
        if want & GRADIENT and dense:
            for c in range(classes):
                for i in range(lanes):
                    rest_i, e_i = np.float64(spare[rest + i]), np.float64(e[c * lanes + i])
                    total_i, y_i = np.float64(spare[total + i]), np.float64(y[c * lanes + i])
                    right = (total_i - y_i) - rest_i * factor[share + i]
                    g = right if (e_i == 1.0) & (rest_i < 1.0) else e_i * factor[share + i] - y_i
                    e[c * lanes + i] = zero if factor[i] == 0.0 else real(g * factor[i])
        elif want & GRADIENT:
            for i in range(lanes):
                spare[part + i] = real(factor[scaled + i])
            for c in range(classes):
                for i in range(lanes):
                    e_i, rest_i = e[c * lanes + i], spare[rest + i]
                    others = rest_i if e_i == one else (one + rest_i) - e_i
                    g = (-others if label[i] == real(c) else e_i) * spare[part + i]
                    e[c * lanes + i] = zero if factor[i] == 0.0 else g

    return SimpleNamespace(
        row=cross_entropy_row, tile=cross_entropy_tile, lanes=lanes,
        softmax=softmax_row, log_softmax=log_softmax_row, logsumexp=logsumexp_row,
    )  # fmt: skip


def row_signature(double: bool) -> Any:
    """Return the type of a function of one row, ``jit_row`` of ``kernels/rows/jit.pxi``."""
    real, doubles = types.CPointer(NUMBA_REALS[double]), types.CPointer(types.float64)
    return types.int64(real, real, types.int64, types.float64, doubles, doubles, real, real, types.intp)


@functools.cache
def kernel(want: int, double: bool, dense: bool, tiles: bool) -> Any:
    """Return the compiled kernel for these results, this type, and this kind of target and number of classes."""
    own = functions(double)
    formula = Formula("", "cross_entropy", (), 3)
    if tiles:
        text = (
            "def kernel(x, y, label, factor, value, gradient, hessian, spare, classes):\n"
            f"    tile({want}, {dense}, x, y, label, factor, value, gradient, hessian, spare, classes)\n"
        )
        pointer = types.CPointer(NUMBA_REALS[double])
        signature = types.void(*[pointer] * 3, types.CPointer(types.float64), *[pointer] * 4, types.intp)
        return compile_kernel(text, signature, {"tile": own.tile}, formula)
    text = (
        "def kernel(x, y, label, factor, parameters, value, gradient, hessian, classes):\n"
        f"    value[0] = row({want}, {dense}, x, y, label, factor, gradient, hessian, classes)\n"
        "    return 0\n"
    )
    return compile_kernel(text, row_signature(double), {"row": own.row}, formula)
