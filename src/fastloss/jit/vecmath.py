"""The elementary functions of ``kernels/maths/vecmath.h`` for Numba: the same steps, constants and error bounds.

LLVM vectorises a loop over these as gcc does over the header's: no tables, no branches, no library calls. (Numba's own
``np.exp`` is a call of libm for each element: 6 ns beside 0.5.) The steps are explained in the header, under the same
names; only the order in which a polynomial is evaluated is LLVM's business here (Horner) and gcc's there.

One text serves both types. What differs, the constants, is a class for each: `Float32`, `Float64`; `WORDS` has the
functions of each type by the names of ``catalogue/vocabulary.py``.

No function here is compiled with fast-math flags: LLVM would take (x + M) - M for x, and any comparison with NaN for
false. Choices are conditional expressions, which become selects; `min` and `max` would lose a NaN.
"""

from __future__ import annotations

import functools
import math
from types import SimpleNamespace
from typing import Any

import numba
import numpy as np
from llvmlite import binding
from numba import types
from numba.extending import intrinsic

# A function that does not say what it wants takes fast-math flags, error model and inlining from whichever function is
# the first to call it, and keeps them for all others: seen as an infinite loss, after a sum that may be regrouped had
# called `weighted_difference` first.
strict = functools.partial(numba.njit, fastmath=False, forceinline=False, error_model="numpy")
inline = functools.partial(numba.njit, fastmath=False, forceinline=True, error_model="numpy", no_cpython_wrapper=True)

_HAS_FMA = bool(
    binding.get_host_cpu_features().get("fma") or binding.get_process_triple().startswith(("aarch64", "arm64"))
)


@intrinsic
def bits_of(typing_context: Any, x: Any) -> Any:
    """Return the bits of a float as an unsigned integer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return {types.float32: types.uint32, types.float64: types.uint64}[x](x), generate


@intrinsic
def from_bits(typing_context: Any, bits: Any) -> Any:
    """Return the float that has these bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return {types.uint32: types.float32, types.uint64: types.float64}[bits](bits), generate


@intrinsic
def fma(typing_context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a b + c, rounded once where the machine can: the C library's fma would cost 60 ns."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if _HAS_FMA:
            return builder.fma(*arguments)
        return builder.fadd(builder.fmul(arguments[0], arguments[1]), arguments[2])

    return a(a, b, c), generate


@intrinsic
def square_root(typing_context: Any, x: Any) -> Any:
    """Return the square root, one instruction."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        root = builder.module.declare_intrinsic("llvm.sqrt", [arguments[0].type])
        return builder.call(root, arguments)

    return x(x), generate


def _floats(real: Any, texts: str) -> tuple[Any, ...]:
    return tuple(real(float.fromhex(text)) for text in texts.split())


class Float32:
    """What the functions need to know of float32: types, layout of the bits, borders, coefficients (highest first)."""

    real, unsigned, signed = np.float32, types.uint32, types.int32
    numba_real, as_unsigned, as_signed = types.float32, np.uint32, np.int32
    mantissa, bias, bits = 23, 127, 32
    sqrt_half_bits = 0x3F3504F3
    inverse_ln2, ln2_head, ln2_tail = "0x1.715476p+0", "0x1.62e4p-1", "0x1.7f7d1cp-20"
    lowest, highest, expm1_lowest, decay_end, tanh_end = 104.0, 89.0, 30.0, 20.0, 10.0
    exp = "0x1.a032d4p-13 0x1.6d727p-10 0x1.11125ap-7 0x1.5554ccp-5 0x1.555554p-3 0x1p-1"
    log = "0x1.31e1a0p-2 0x1.995ed0p-2 0x1.55557ap-1"
    log_unit = "0x1.f1738cp-3 0x1.b6e6bap-3 0x1.2508b4p-2 0x1.9996b6p-2 0x1.555558p-1"
    log_unit_tiny = 2.0**-30
    log_rest = (
        "-0x1.f434e2p-5 0x1.b27746p-4 -0x1.b7be96p-4 0x1.c3dfd0p-4 -0x1.fd6b5cp-4 0x1.2495a6p-3 "
        "-0x1.556012p-3 0x1.9999a0p-3 -0x1.ffffe4p-3 0x1.555556p-2 -0x1p-1"
    )
    log_third, log_fifth = "0x1.555554p-1", "0x1.e2f406p-3 0x1.243930p-2 0x1.999acap-2"
    tail_end, exponent_end, wide_head, wide_tail = 87.25, 300.0, "0x1.62e4p-1", "0x1.7f7d1cp-20"
    rest_bits = 12
    erf_near = "-0x1.61de7p-11 0x1.4f2c7ep-8 -0x1.b7a896p-6 0x1.ce2acep-4 -0x1.81273ap-2 0x1.06eba8p-3"
    erf_far = "-0x1.9c78b6p-13 -0x1.f2009ep-6 0x1.156a12p-4 -0x1.36623cp-3 0x1.f66488p-3 -0x1.4e1856p-2 0x1.6e977cp-3"
    erf_end = 4.0


class Float64:
    """What the functions need to know of float64."""

    real, unsigned, signed = np.float64, types.uint64, types.int64
    numba_real, as_unsigned, as_signed = types.float64, np.uint64, np.int64
    mantissa, bias, bits = 52, 1023, 64
    sqrt_half_bits = 0x3FE6A09E667F3BCD
    inverse_ln2, ln2_head, ln2_tail = "0x1.71547652b82fep+0", "0x1.62e42fefa38p-1", "0x1.ef35793c7673p-45"
    lowest, highest, expm1_lowest, decay_end, tanh_end = 746.0, 710.0, 60.0, 40.0, 22.0
    exp = (
        "0x1.1ee890b0205ffp-29 0x1.af5e760272790p-26 0x1.27e5362563510p-22 0x1.71ddf87e1eeb0p-19 "
        "0x1.a01a017bca974p-16 0x1.a01a01afd4245p-13 0x1.6c16c16c1f06bp-10 0x1.111111110f6c8p-7 "
        "0x1.5555555555540p-5 0x1.5555555555559p-3 0x1p-1"
    )
    log = (
        "0x1.2f044028aeecep-3 0x1.39a1dae75b483p-3 0x1.74663d869a4cfp-3 0x1.c71c5210cd675p-3 "
        "0x1.24924941e70fep-2 0x1.999999997fe90p-2 0x1.5555555555592p-1"
    )
    log_unit = (
        "0x1.5c5be370d4580p-3 0x1.55cf9c3884486p-4 0x1.efd17e0ec05adp-4 0x1.10682fc5c8d16p-3 0x1.3b1dd39bb88eep-3 "
        "0x1.745cb45a6d475p-3 0x1.c71c741a01f2ap-3 0x1.24924920911a0p-2 0x1.99999999a06c4p-2 0x1.5555555555535p-1"
    )
    log_unit_tiny = 2.0**-60
    log_rest = (
        "0x1.0db9af108d4b0p-3 0x1.0f8e4975a63ccp-3 0x1.3b1e5683b6275p-3 0x1.745cecc7c9941p-3 "
        "0x1.c71c7226fe020p-3 0x1.249249245919fp-2 0x1.9999999999b93p-2 0x1.5555555555555p-1"
    )
    log_third = "0x1.5555555555555p-1"
    log_fifth = (
        "0x1.0f6141297ea4ep-3 0x1.0f5d003112e3ap-3 0x1.3b20a8e8a409dp-3 0x1.745cde4688049p-3 "
        "0x1.c71c7258c267fp-3 0x1.249249242b773p-2 0x1.9999999999deep-2"
    )
    tail_end, exponent_end, wide_head, wide_tail = 708.0, 2000.0, "0x1.62e42fefap-1", "0x1.cf79abc9e3b3ap-40"
    rest_bits = 27
    erf_near = (
        "0x1.89e449ae7fe4p-27 -0x1.5641e23dbb51ep-23 0x1.b90cc4a8efe35p-20 -0x1.f4c5b37f6c0e9p-17 "
        "0x1.f9a2ad77916dbp-14 -0x1.c02db110c0b51p-11 0x1.565bcd03118f2p-8 -0x1.b82ce312556d3p-6 "
        "0x1.ce2f21a042473p-4 -0x1.812746b0379e1p-2 0x1.06eba8214db69p-3"
    )
    erf_far = (
        "-0x1.60e317d67e9dbp-19 -0x1.0965751f863a7p-16 -0x1.5d877c7a6aba5p-16 0x1.eb47b7620867bp-15 "
        "0x1.655bb930a3251p-15 -0x1.39821cf92a871p-11 0x1.72f3278e252bdp-11 0x1.17c7a76ed6a2cp-8 "
        "-0x1.8fa591f4c97cbp-6 0x1.258b13ac412b6p-4 -0x1.336ffbee73a83p-3 0x1.f6ff2041139eep-3 "
        "-0x1.4e102b9cf81fep-2 0x1.6e9827d229d2cp-3"
    )
    erf_end = 6.0


def _polynomial(real: Any, texts: str) -> Any:
    """Return a function that evaluates a polynomial by Horner's rule: a loop over a constant tuple is unrolled."""
    coefficients = _floats(real, texts)
    first, others = coefficients[0], coefficients[1:]

    @inline
    def polynomial(x):
        q = first
        for coefficient in others:
            q = fma(q, x, coefficient)
        return q

    return polynomial


def _functions(of: Any) -> SimpleNamespace:
    """Return the functions for one type."""
    real, unsigned, signed = of.numba_real, of.unsigned, of.signed
    number, bits, integer = of.real, of.as_unsigned, of.as_signed
    zero, quarter, half, one, two = number(0), number(0.25), number(0.5), number(1), number(2)
    infinity, nan = number(math.inf), number(math.nan)
    magic = number(1.5 * 2.0**of.mantissa)
    inverse_ln2, ln2_head, ln2_tail = _floats(number, f"{of.inverse_ln2} {of.ln2_head} {of.ln2_tail}")
    minus_ln2_head, minus_ln2_tail = number(-ln2_head), number(-ln2_tail)
    lowest, highest, expm1_lowest = number(of.lowest), number(of.highest), number(-of.expm1_lowest)
    decay_end, tanh_end = number(of.decay_end), number(of.tanh_end)
    tiny_end = number(2.0**-60)
    unit_tiny_end = number(of.log_unit_tiny)
    mantissa = bits(of.mantissa)
    one_bits = bits(of.bias << of.mantissa)
    half_bits = bits((of.bias - 1) << of.mantissa)
    sqrt_half_bits = bits(of.sqrt_half_bits)
    exponent_mask = bits(((1 << (of.bits - of.mantissa)) - 1) << of.mantissa)
    sign_bit = bits(1 << (of.bits - 1))
    magnitude_bits = bits((1 << (of.bits - 1)) - 1)
    lift = bits((of.bias - 1) << of.mantissa)  # exponent of 2^126, or 2^1022
    least_normal = integer(1 << of.mantissa)
    least_normal_bits = bits(1 << of.mantissa)
    infinity_bits = integer((2 * of.bias + 1) << of.mantissa)
    infinity_unsigned = bits((2 * of.bias + 1) << of.mantissa)
    # k under the bits of 2^mantissa is the float 2^mantissa + k, for whole k below it: AVX2 cannot convert int64.
    whole_bits, whole = bits((of.bias + of.mantissa) << of.mantissa), 2.0**of.mantissa
    whole_bias, whole_tiny_bias = number(whole + of.bias), number(whole + 2 * of.bias - 1)
    exp_polynomial, log_polynomial = _polynomial(number, of.exp), _polynomial(number, of.log)
    log_unit_polynomial = _polynomial(number, of.log_unit)
    rest_polynomial = _polynomial(number, of.log_rest)
    third, wide_head, wide_tail = _floats(number, f"{of.log_third} {of.wide_head} {of.wide_tail}")
    erf_near_polynomial, erf_far_polynomial = _polynomial(number, of.erf_near), _polynomial(number, of.erf_far)
    three, three_quarters, erf_end = number(3), number(0.75), number(of.erf_end)
    log_fifth_polynomial = _polynomial(number, of.log_fifth)
    # e^r = 1 + r + r^2/2 + r^3 (sixth + r q): exp without its first two coefficients
    *highest_powers, sixth, _ = of.exp.split()
    (sixth,) = _floats(number, sixth)
    exp_tail_polynomial = _polynomial(number, " ".join(highest_powers))
    tail_end, exponent_end, largest_power = number(of.tail_end), number(of.exponent_end), number(of.bias - 1)
    cube_end = number(2.0**-30)
    two_bits, two_steps = bits(2 * of.bias << of.mantissa), bits(2 << of.mantissa)
    least, lifted, lifted_by = number(2.0 ** (1 - of.bias)), number(2.0**64), number(64)
    fraction_mask, root_two = bits((1 << of.mantissa) - 1), number(float.fromhex("0x1.6a09e6p+0"))
    head_mask = bits((1 << of.bits) - (1 << of.rest_bits))

    @inline
    def exp_reduce(x, correction):
        shifted = fma(x, inverse_ln2, magic)
        n = shifted - magic
        coarse = fma(n, minus_ln2_head, x)
        fine = fma(n, minus_ln2_tail, correction)
        r = coarse + fine
        r_tail = fine - (r - coarse)
        return r, r_tail, exp_polynomial(r), unsigned(bits_of(shifted) << mantissa)

    @inline
    def scale_down_bits(p, exponent):
        normal = unsigned(bits_of(p) + exponent)
        subnormal = unsigned(bits_of(from_bits(unsigned(normal + lift)) + one) - one_bits)
        return subnormal if signed(normal) < least_normal else normal

    @inline
    def exp_sum(hi, lo):
        lo = lo if abs(hi) <= lowest else zero
        hi = -lowest if hi < -lowest else hi
        hi = highest if hi > highest else hi
        r, _, q, exponent = exp_reduce(hi, lo)
        p = fma(r, fma(r, q, one), one)
        result = scale_down_bits(p, exponent)
        result = infinity_unsigned if signed(result) > infinity_bits else result
        return from_bits(result) if p == p else p

    @inline
    def exp_sum_below(hi, lo):
        """Return `exp_sum` for hi <= 0 or NaN, where nothing overflows: in four fifths of the steps."""
        far = hi < -lowest
        r, _, q, exponent = exp_reduce(-lowest if far else hi, zero if far else lo)
        p = fma(r, fma(r, q, one), one)
        return from_bits(scale_down_bits(p, exponent)) if p == p else p

    @inline
    def exp(x):
        return exp_sum(x, zero)

    @inline
    def exp_minus_abs(x):
        return exp_sum_below(-abs(x), zero)

    @inline
    def log_core(f, d, n):
        s = f / (two + f)
        z = s * s
        rest = fma(-s, fma(-z, log_polynomial(z), f), fma(-d, f, d))
        base = n * ln2_head
        head = base + f
        tail = f - (head - base)
        return head + (tail + fma(n, ln2_tail, rest))

    @inline
    def log1p_unit_rest(f, d):
        large = zero if f < unit_tiny_end else f
        s = large / (two + large)
        z = s * s
        return fma(-s, fma(-z, log_unit_polynomial(z), large), fma(-half * d, large, d))

    @inline
    def log1p_unit(x):
        return x + log1p_unit_rest(x, zero)

    @inline
    def log(x):
        given = bits_of(x)
        tiny_bits = bits_of(from_bits(unsigned(given | one_bits)) - one)
        tiny = given < least_normal_bits
        given = tiny_bits if tiny else given
        shifted = unsigned(given - sqrt_half_bits + one_bits)
        n = from_bits(unsigned((shifted >> mantissa) | whole_bits)) - (whole_tiny_bias if tiny else whole_bias)
        f = from_bits(unsigned(given - (shifted & exponent_mask) + one_bits)) - one
        y = log_core(f, zero, n)
        y = y if x < infinity else x
        outside = -infinity if x == zero else nan
        return y if x > zero else outside

    @inline
    def log1p(x):
        tiny = abs(x) < tiny_end
        x_or_zero = zero if tiny else x
        shifted = unsigned(bits_of(one + x_or_zero) - sqrt_half_bits + one_bits)
        n = from_bits(unsigned((shifted >> mantissa) | whole_bits)) - whole_bias
        four_scale = from_bits(unsigned(sign_bit - (shifted & exponent_mask)))
        a = fma(four_scale, quarter, -one)
        b = four_scale * x_or_zero * quarter
        f = a + b
        b_part = f - a
        d = (b - b_part) + (a - (f - b_part))
        y = log_core(f, d, n)
        y = y if x < infinity else x
        y = x if tiny else y
        outside = -infinity if x == -one else nan
        return outside if x <= -one else y

    @inline
    def half_expm1(x):
        r, r_tail, q, exponent = exp_reduce(x, zero)
        rise = r * q
        rest = fma(rise, r, r)
        rest_tail = fma(rise, r, r - rest) + fma(r_tail, rest, r_tail)
        scale = from_bits(unsigned(exponent + half_bits))
        a = scale - half
        a_part = a - scale
        a_tail = (scale - (a - a_part)) - (half + a_part)
        b = scale * rest
        head = a + b
        return head, (b - (head - a)) + fma(scale, rest_tail, a_tail)

    @inline
    def expm1(x):
        tiny = abs(x) < tiny_end
        clamped = expm1_lowest if x < expm1_lowest else x
        clamped = zero if tiny else clamped
        clamped = highest if clamped > highest else clamped
        head, tail = half_expm1(clamped)
        y = two * (head + tail)
        return x if tiny else y

    @inline
    def exp_decay(x):
        size = abs(x)
        size = lowest if size > lowest else size
        r, _, q, exponent = exp_reduce(-size, zero)
        slope = fma(r, q, one)
        p = fma(r, slope, one)
        p_tail = fma(r, slope, one - p)
        scale = from_bits(unsigned(exponent + one_bits))
        scale = zero if abs(x) > decay_end else scale
        return p * scale, p_tail * scale, from_bits(scale_down_bits(p, exponent))

    @inline
    def sigmoid(x):
        e, e_tail, rounded = exp_decay(x)
        v = one + e
        v_tail = (e - (v - one)) + e_tail
        u = e if x < zero else one
        u_tail = e_tail if x < zero else zero
        q = u / v
        reciprocal = one - q if x < zero else q
        y = q + (u_tail - q * v_tail) * reciprocal
        limit = rounded if x < zero else one
        return limit if abs(x) > decay_end else y

    @inline
    def softplus(x):
        e, e_tail, rounded = exp_decay(x)
        positive = x if x > zero else zero
        larger = positive if positive > e else e
        smaller = e if positive > e else positive
        head = larger + smaller
        tail = smaller - (head - larger)
        y = head + (tail + log1p_unit_rest(e, e_tail))
        return positive + rounded if abs(x) > decay_end else y

    @inline
    def log_sigmoid(x):
        return -softplus(-x)

    @inline
    def tanh(x):
        size = abs(x)
        size = tanh_end if size > tanh_end else size
        tiny = size < tiny_end
        size = zero if tiny else size
        h, h_tail = half_expm1(-two * size)
        v = one + h
        v_tail = (h - (v - one)) + h_tail
        q = -h / v
        y = q - (h_tail + q * v_tail) * (one + q)
        y = from_bits(unsigned((bits_of(y) & magnitude_bits) | (bits_of(x) & sign_bit)))
        return x if tiny else y

    # What roundings lost: kernels/maths/tails.h.

    @inline
    def difference_tail(x, y):
        x, y = real(x), real(y)
        difference = x - y
        part = difference - x
        return (x - (difference - part)) - (y + part)

    if _HAS_FMA:

        @inline
        def product_tail(x, y):
            x, y = real(x), real(y)
            return fma(x, y, -(x * y))

    else:

        @inline
        def product_tail(x, y):
            x, y = real(x), real(y)
            product = x * y
            x_head, y_head = from_bits(bits_of(x) & head_mask), from_bits(bits_of(y) & head_mask)
            x_rest, y_rest = x - x_head, y - y_head
            return ((x_head * y_head - product) + x_head * y_rest + x_rest * y_head) + x_rest * y_rest

    @inline
    def quotient_tail(x, y):
        x, y = real(x), real(y)
        quotient = x / y
        return ((x - quotient * y) - product_tail(quotient, y)) / y

    if number is np.float32:

        @inline
        def log_rest(f, d):
            return fma(f * f, rest_polynomial(f), fma(-d, f, d))

    else:

        @inline
        def log_rest(f, d):
            s = f / (two + f)
            z = s * s
            half_square = half * f * f
            return fma(s, fma(z, rest_polynomial(z), half_square), fma(-d, f, d) - half_square)

    @inline
    def log_pair(n, f, d):
        both = f + d
        d = d - (both - f)
        f = both
        v = two + f
        v_tail = f - (v - two)
        inverse = one / v
        s = f * inverse
        s_tail = (((f - s * v) - product_tail(s, v)) + (d - s * (v_tail + d))) * inverse
        t = zero if abs(f) < cube_end else s
        z = t * t
        z_tail = product_tail(t, t) + two * t * s_tail
        cube = t * z
        cube_tail = product_tail(t, z) + (t * z_tail + s_tail * z)
        part = cube * third
        part_tail = product_tail(cube, third) + cube_tail * third
        base = n * ln2_head
        total = base + two * s
        total_tail = two * s - (total - base)
        whole = total + part
        whole_tail = part - (whole - total)
        small = two * s_tail + part_tail + fma(n, ln2_tail, cube * z * log_fifth_polynomial(z))
        small += total_tail + whole_tail
        head = whole + small
        return head, small - (head - whole)

    @inline
    def log_exactly(x, tail):
        x, tail = real(x), real(tail)
        ordinary = (x > zero) & (x < infinity)
        given = bits_of(x if ordinary else one)
        tiny_bits = bits_of(from_bits(unsigned(given | one_bits)) - one)
        tiny = given < least_normal_bits
        given = tiny_bits if tiny else given
        shifted = unsigned(given - sqrt_half_bits + one_bits)
        n = from_bits(unsigned((shifted >> mantissa) | whole_bits)) - (whole_tiny_bias if tiny else whole_bias)
        f = from_bits(unsigned(given - (shifted & exponent_mask) + one_bits)) - one
        large = n > largest_power
        exponent = unsigned(shifted & exponent_mask)
        exponent = unsigned(exponent - two_steps) if large else exponent
        d = (quarter * tail if large else tail) * from_bits(unsigned(two_bits - exponent))
        d = zero if tiny else d
        head, rest = log_pair(n, f, d)
        outside = -infinity if x == zero else nan
        outside = x if x == infinity else outside
        return (head if ordinary else outside), (rest if ordinary else zero)

    @inline
    def log_sum(x, tail):
        head, _ = log_exactly(x, tail)
        return head

    @inline
    def log_sum_tail(x, tail):
        _, rest = log_exactly(x, tail)
        return rest

    @inline
    def log_unit_exactly(x, tail):
        x, tail = real(x), real(tail)
        above = x > root_two
        by = half if above else one
        return log_pair(one if above else zero, by * x - one, by * tail)

    @inline
    def log_sum_unit(x, tail):
        head, _ = log_unit_exactly(x, tail)
        return head

    @inline
    def log_sum_unit_tail(x, tail):
        _, rest = log_unit_exactly(x, tail)
        return rest

    @inline
    def log1p_split(x):
        shifted = unsigned(bits_of(one + x) - sqrt_half_bits + one_bits)
        four_scale = from_bits(unsigned(sign_bit - (shifted & exponent_mask)))
        a = fma(four_scale, quarter, -one)
        b = four_scale * x * quarter
        f = a + b
        b_part = f - a
        d = (b - b_part) + (a - (f - b_part))
        return from_bits(unsigned((shifted >> mantissa) | whole_bits)) - whole_bias, f, d

    @inline
    def log1pmx(x):
        x = real(x)
        tiny = abs(x) < tiny_end
        ordinary = (x > -one) & (x < infinity) & (not tiny)
        n, f, d = log1p_split(x if ordinary else zero)
        y = fma(n, ln2_tail, log_rest(f, d)) - ((x - n * ln2_head) - f)
        below = -infinity if x == -one else nan
        outside = below if x <= -one else -x
        outside = -half * x * x if tiny else outside
        return y if ordinary else outside

    @inline
    def exp_minus_abs_exactly(x):
        x = real(x)
        size = abs(x)
        size = lowest if size > lowest else size
        r, r_tail, _, exponent = exp_reduce(-size, zero)
        t = zero if abs(r) < cube_end else r
        square = t * t
        square_tail = product_tail(t, t)
        cube = t * square
        cube_tail = product_tail(t, square) + t * square_tail
        part = cube * sixth
        part_tail = product_tail(cube, sixth) + cube_tail * sixth
        first = one + r
        first_tail = r - (first - one)
        second = first + half * square
        second_tail = half * square - (second - first)
        p = second + part
        p_tail = part - (p - second)
        rest = fma(r_tail, p, square * square * exp_tail_polynomial(r))
        p_tail += first_tail + second_tail + ((half * square_tail + part_tail) + rest)
        whole = p + p_tail
        tail = (p_tail - (whole - p)) * from_bits(unsigned(exponent + one_bits))
        head = from_bits(scale_down_bits(whole, exponent)) if x == x else x
        return head, (tail if abs(x) < tail_end else zero)

    @inline
    def exp_minus_abs_head(x):
        head, _ = exp_minus_abs_exactly(x)
        return head

    @inline
    def exp_minus_abs_tail(x):
        _, tail = exp_minus_abs_exactly(x)
        return tail

    @inline
    def exp_exponent(x):
        x = real(x)
        near = x if abs(x) < exponent_end else (exponent_end if x > zero else -exponent_end)
        return fma(near, inverse_ln2, magic) - magic

    @inline
    def exp_fraction(x):
        x = real(x)
        near = x if abs(x) < exponent_end else (exponent_end if x > zero else -exponent_end)
        n = fma(near, inverse_ln2, magic) - magic
        r = fma(n, -wide_tail, fma(n, -wide_head, near))
        p = fma(r, fma(r, exp_polynomial(r), one), one)
        outside = zero if x < zero else x
        return p if abs(x) < infinity else outside

    @inline
    def power_of_two(n):
        return from_bits(unsigned(unsigned(bits_of(n + magic) << mantissa) + one_bits))

    @inline
    def clamped(n):
        return largest_power if n > largest_power else (-largest_power if n < -largest_power else n)

    @inline
    def scaled(x, n):
        x, n = real(x), real(n)
        first = clamped(n)
        second = clamped(n - first)
        third = clamped(n - first - second)
        return x * power_of_two(first) * power_of_two(second) * power_of_two(third)

    @inline
    def log_ratio(x, y):
        x, y = real(x), real(y)
        ordinary = (x > zero) & (x < infinity) & (y > zero) & (y < infinity)
        x_tiny, y_tiny = x < least, y < least
        x_bits, y_bits = bits_of(x * lifted if x_tiny else x), bits_of(y * lifted if y_tiny else y)
        x_exponent = from_bits(unsigned((x_bits >> mantissa) | whole_bits))
        n = x_exponent - from_bits(unsigned((y_bits >> mantissa) | whole_bits))
        n += (lifted_by if y_tiny else zero) - (lifted_by if x_tiny else zero)
        a = from_bits(unsigned((x_bits & fraction_mask) | one_bits))
        b = from_bits(unsigned((y_bits & fraction_mask) | one_bits))
        above, below = a > root_two * b, b > root_two * a
        n += (one if above else zero) - (one if below else zero)
        a = half * a if above else a
        b = half * b if below else b
        y_log = log_core((a - b) / b, quotient_tail(a - b, b), n)
        quotient = x / y
        outside = -infinity if quotient == zero else nan
        outside = infinity if quotient == infinity else outside
        return y_log if ordinary else outside

    @inline
    def erf(x):
        x = real(x)
        size = abs(x)
        small = size if size < three_quarters else three_quarters
        z = zero if size < tiny_end else small * small
        near = fma(size, erf_near_polynomial(z), size)
        large = size if size > three_quarters else three_quarters
        large = erf_end if size > erf_end else large
        square = large * large
        r, _, q, exponent = exp_reduce(-square, -fma(large, large, -square))
        bell = from_bits(unsigned(bits_of(fma(r, fma(r, q, one), one)) + exponent))
        y = near if size < three_quarters else one - bell * erf_far_polynomial((large - three) / (large + three))
        y = -y if x < zero else y
        return y if size > zero else x

    @inline
    def sqrt(x):
        return square_root(real(x))

    @inline
    def absolute(x):
        return abs(x)

    @inline
    def where(condition, x, y):
        return real(x) if condition else real(y)

    @inline
    def seldom(condition):
        return condition

    @inline
    def clamp(x, low, high):
        return low if x < low else (high if x > high else x)

    words = {
        "abs": absolute, "clamp": clamp, "difference_tail": difference_tail, "erf": erf, "exp": exp,
        "exp_exponent": exp_exponent, "exp_fraction": exp_fraction, "exp_minus_abs": exp_minus_abs,
        "exp_minus_abs_head": exp_minus_abs_head,
        "exp_minus_abs_tail": exp_minus_abs_tail, "exp_sum": exp_sum, "expm1": expm1, "log": log, "log1p": log1p,
        "log1p_unit": log1p_unit, "log1pmx": log1pmx, "log_ratio": log_ratio, "log_sigmoid": log_sigmoid,
        "log_sum": log_sum, "log_sum_tail": log_sum_tail, "log_sum_unit": log_sum_unit,
        "log_sum_unit_tail": log_sum_unit_tail, "product_tail": product_tail, "quotient_tail": quotient_tail,
        "scaled": scaled, "seldom": seldom, "sigmoid": sigmoid, "softplus": softplus, "sqrt": sqrt, "tanh": tanh,
        "where": where,
    }  # fmt: skip
    return SimpleNamespace(
        words=words, exp_sum=exp_sum, exp_sum_below=exp_sum_below, **{name: words[name] for name in ("exp", "log1p")}
    )


FUNCTIONS = {np.dtype(of.real): _functions(of) for of in (Float32, Float64)}
WORDS: dict[np.dtype[Any], dict[str, Any]] = {dtype: functions.words for dtype, functions in FUNCTIONS.items()}


@inline
def _square(x):
    return x * x


@inline
def _cube(x):
    return x * x * x


@inline
def _fourth(x):
    return (x * x) * (x * x)


#: What ``x**2``, ``x**3`` and ``x**4`` are translated to.
POWERS = {"_square": _square, "_cube": _cube, "_fourth": _fourth}
