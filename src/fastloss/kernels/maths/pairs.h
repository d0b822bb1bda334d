/* Arithmetic of a single row, in double for every element type: a row's scalars are powers, logarithms and small differences
 * of large numbers, whose error every class of the row inherits. What must not round is an unevaluated sum (fl_pair). */
#ifndef FASTLOSS_ROWS_H
#define FASTLOSS_ROWS_H
#include "maths/vecmath.h"

/* a b exactly, barring underflow. Without an FMA by Veltkamp's splitting (Dekker 1971, doi:10.1007/BF01397083). */
FL_INLINE fl_pair fl_two_product(double a, double b)
{
    fl_pair y;
    y.head = a * b;
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMAF)
    y.tail = __builtin_fma(a, b, -y.head);
#else
    double a_split = a * 134217729.0, b_split = b * 134217729.0;
    double a_high = a_split - (a_split - a), b_high = b_split - (b_split - b);
    double a_low = a - a_high, b_low = b - b_high;
    y.tail = a_low * b_low - (((y.head - a_high * b_high) - a_low * b_high) - a_high * b_low);
    y.tail = y.tail == y.tail ? y.tail : 0.0;  /* the splitting overflows beyond 2^996 */
#endif
    return y;
}

/* a + b exactly (Knuth's TwoSum); the tail is 0 where the sum is infinite */
FL_INLINE fl_pair fl_two_sum(double a, double b)
{
    fl_pair y;
    y.head = a + b;
    double a_part = y.head - b, b_part = y.head - a_part;
    y.tail = (a - a_part) + (b - b_part);
    y.tail = fl_abs(y.head) < FL_INFINITY ? y.tail : 0.0;
    return y;
}

FL_INLINE fl_pair fl_pair_sum(fl_pair a, fl_pair b)
{
    fl_pair y = fl_two_sum(a.head, b.head);
    return fl_two_sum(y.head, y.tail + (a.tail + b.tail));
}

/* a / n */
FL_INLINE fl_pair fl_pair_over(fl_pair a, double n)
{
    double quotient = a.head / n;
    fl_pair product = fl_two_product(quotient, n);
    double rest = (((a.head - product.head) - product.tail) + a.tail) / n;
    return fl_two_sum(quotient, fl_abs(quotient) < FL_INFINITY ? rest : 0.0);
}

/* a b, to about 2^-102 */
FL_INLINE fl_pair fl_pair_product(fl_pair a, fl_pair b)
{
    fl_pair product = fl_two_product(a.head, b.head);
    double rest = product.tail + (a.head * b.tail + a.tail * b.head);
    return fl_two_sum(product.head, fl_abs(product.head) < FL_INFINITY ? rest : 0.0);
}

/* a / b, to about 2^-102 */
FL_INLINE fl_pair fl_pair_quotient(fl_pair a, fl_pair b)
{
    double quotient = a.head / b.head;
    fl_pair product = fl_two_product(quotient, b.head);
    double rest = ((((a.head - product.head) - product.tail) + a.tail) - quotient * b.tail) / b.head;
    return fl_two_sum(quotient, fl_abs(quotient) < FL_INFINITY ? rest : 0.0);
}

/*
 * exp(hi + lo) to 2^-61, for -700 <= hi <= 0; below as fl_exp_sum.  hi + lo = n ln 2 + r, and the powers of r that matter,
 *     e^r = 1 + r + r^2 / 2 + r^3 / 6 + r^4 (1 / 4! + ...),
 * are pairs, but for the last.
 */
FL_INLINE fl_pair fl_exp_pair(double hi, double lo)
{
    double x = hi >= -700.0 ? hi : -700.0;
    double shifted = fl_fma(x, 0x1.71547652b82fep+0, 6755399441055744.0);
    double n = shifted - 6755399441055744.0;
    fl_pair r = fl_two_sum(fl_fma(n, -FL_LN2_HEAD, x), fl_fma(n, -FL_LN2_TAIL, lo));
    fl_pair square = fl_pair_product(r, r);
    fl_pair sixth = {0x1.5555555555555p-3, 0x1.5555555555555p-57};
    fl_pair cube = fl_pair_product(fl_pair_product(square, r), sixth);
    double high = 0x1.ae7f3e733b81fp-41;
    high = fl_fma(high, r.head, 0x1.93974a8c07c9dp-37);
    high = fl_fma(high, r.head, 0x1.6124613a86d09p-33);
    high = fl_fma(high, r.head, 0x1.1eed8eff8d898p-29);
    high = fl_fma(high, r.head, 0x1.ae64567f544e4p-26);
    high = fl_fma(high, r.head, 0x1.27e4fb7789f5cp-22);
    high = fl_fma(high, r.head, 0x1.71de3a556c734p-19);
    high = fl_fma(high, r.head, 0x1.a01a01a01a01ap-16);
    high = fl_fma(high, r.head, 0x1.a01a01a01a01ap-13);
    high = fl_fma(high, r.head, 0x1.6c16c16c16c17p-10);
    high = fl_fma(high, r.head, 0x1.1111111111111p-7);
    high = fl_fma(high, r.head, 0x1.5555555555555p-5);
    high *= square.head * square.head;
    fl_pair a = fl_two_sum(r.head, 0.5 * square.head);
    fl_pair b = fl_two_sum(a.head, cube.head);
    fl_pair c = fl_two_sum(b.head, high);
    double tail = c.tail + (b.tail + (a.tail + (r.tail + (0.5 * square.tail + cube.tail))));
    fl_pair y = fl_two_sum(1.0, c.head);
    y = fl_two_sum(y.head, y.tail + tail);
    double scale = fl_from_bits((fl_bits(shifted) << 52) + FL_ONE_BITS);
    double rounded = fl_exp_sum(hi, lo);
    y.head = hi >= -700.0 ? y.head * scale : rounded;
    y.tail = hi >= -700.0 ? y.tail * scale : 0.0;
    return y;
}

/*
 * log(1 + u) to 2^-61, for u >= 0; beyond 2^1000 as for that.  1 + u = 2^n (1 + f),  s = f / (2 + f),
 *     log(1 + f) = 2 s + s^3 (2 / 3) + s^5 (2 / 5 + ...);  f is u itself where n = 0
 */
FL_INLINE fl_pair fl_log1p_pair(fl_pair u)
{
    int huge = u.head > 0x1p1000;
    u.head = huge ? 0x1p1000 : u.head;
    u.tail = huge ? 0.0 : u.tail;
    fl_pair w = fl_two_sum(1.0, u.head);
    w = fl_two_sum(w.head, w.tail + u.tail);
    uint64_t shifted = fl_bits(w.head) - FL_SQRT_HALF_BITS + FL_ONE_BITS;
    double n = fl_from_bits((shifted >> 52) | FL_TWO_TO_52_BITS) - (0x1p52 + 1023.0);
    double scale = fl_from_bits(0x7fe0000000000000ull - (shifted & 0xfff0000000000000ull));  /* 2^-n */
    fl_pair f = fl_two_sum(w.head * scale - 1.0, w.tail * scale);
    f.head = n == 0.0 ? u.head : f.head;
    f.tail = n == 0.0 ? u.tail : f.tail;
    fl_pair below = fl_two_sum(2.0, f.head);
    below.tail += f.tail;
    fl_pair s = fl_pair_quotient(f, below);
    fl_pair z = fl_pair_product(s, s);
    fl_pair two_thirds = {0x1.5555555555555p-1, 0x1.5555555555555p-55};
    fl_pair cube = fl_pair_product(fl_pair_product(s, z), two_thirds);
    double high = 0x1.47ae147ae147bp-4;
    high = fl_fma(high, z.head, 0x1.642c8590b2164p-4);
    high = fl_fma(high, z.head, 0x1.8618618618618p-4);
    high = fl_fma(high, z.head, 0x1.af286bca1af28p-4);
    high = fl_fma(high, z.head, 0x1.e1e1e1e1e1e1ep-4);
    high = fl_fma(high, z.head, 0x1.1111111111111p-3);
    high = fl_fma(high, z.head, 0x1.3b13b13b13b14p-3);
    high = fl_fma(high, z.head, 0x1.745d1745d1746p-3);
    high = fl_fma(high, z.head, 0x1.c71c71c71c71cp-3);
    high = fl_fma(high, z.head, 0x1.2492492492492p-2);
    high = fl_fma(high, z.head, 0x1.999999999999ap-2);
    high *= s.head * (z.head * z.head);
    fl_pair a = fl_two_sum(n * FL_LN2_HEAD, 2.0 * s.head);
    fl_pair b = fl_two_sum(a.head, cube.head);
    fl_pair c = fl_two_sum(b.head, high);
    return fl_two_sum(c.head, c.tail + (b.tail + (a.tail + (2.0 * s.tail + (cube.tail + n * FL_LN2_TAIL)))));
}

/* tanh(x.head + x.tail) as fl_tanh forms it, with the remainder of its quotient; 1 to 2^-86 for |x| > 30 */
FL_INLINE fl_pair fl_tanh_pair(fl_pair x)
{
    double size = fl_abs(x.head);
    int tiny = size < 0x1p-60;
    size = size > 30.0 ? 30.0 : size;
    fl_pair h = fl_half_expm1(tiny ? 0.0 : -2.0 * size);
    double v = 1.0 + h.head;
    double v_tail = (h.head - (v - 1.0)) + h.tail;
    double q = -h.head / v;
    fl_pair product = fl_two_product(q, v);
    double rest = ((((-h.head - product.head) - product.tail) - h.tail) - q * v_tail) / v;
    rest += (1.0 - q) * (1.0 + q) * __builtin_copysign(1.0, x.head) * x.tail;
    fl_pair y = fl_two_sum(q, rest);
    y.head = tiny ? x.head : __builtin_copysign(y.head, x.head);
    y.tail = tiny ? x.tail : __builtin_copysign(1.0, x.head) * y.tail;
    return y;
}

/* log(x) for x > 0: n ln 2 exactly, and the logarithm of a number near 1, whose error is below 2^-54 */
FL_INLINE fl_pair fl_log_pair(double x)
{
    uint64_t bits = fl_bits(x);
    uint64_t tiny_bits = fl_bits(fl_from_bits(bits | FL_ONE_BITS) - 1.0);
    int tiny = bits < 0x0010000000000000ull;
    bits = tiny ? tiny_bits : bits;
    uint64_t shifted = bits - FL_SQRT_HALF_BITS + FL_ONE_BITS;
    double bias = tiny ? 1023.0 + 1022.0 : 1023.0;
    double n = fl_from_bits((shifted >> 52) | FL_TWO_TO_52_BITS) - (0x1p52 + bias);
    double f = fl_from_bits(bits - (shifted & 0xfff0000000000000ull) + FL_ONE_BITS) - 1.0;
    fl_pair y = fl_two_sum(n * FL_LN2_HEAD, fl_log_core(f, 0.0, 0.0));
    return fl_two_sum(y.head, y.tail + n * FL_LN2_TAIL);
}

/* exp(factor (head + tail)) */
FL_INLINE double fl_exp_of_product(double factor, double head, double tail)
{
    fl_pair t = fl_two_product(factor, head);
    return fl_exp_sum(t.head, t.tail + factor * tail);
}

/* x^y for x >= 0, y >= 0: 1 where y is 0, 0 where only x is; NaN stays NaN. About 1 ULP, and y / 10 more. */
FL_INLINE double fl_power(double x, double y)
{
    fl_pair logarithm = fl_log_pair(x);
    double power = fl_exp_of_product(y, logarithm.head, logarithm.tail);
    power = x == 0.0 ? 0.0 : power;
    power = y == 0.0 ? 1.0 : power;
    return x == x ? power : x;
}

/* (margin + other - own) / 2, rounded once; halved, because the difference of two large scores overflows */
FL_INLINE double fl_half_violation(double half_margin, double other, double own)
{
    fl_pair difference = fl_two_sum(0.5 * other, -0.5 * own);
    fl_pair sum = fl_two_sum(difference.head, half_margin);
    return sum.head + (sum.tail + difference.tail);
}
#endif
