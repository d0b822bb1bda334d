/* Arithmetic of a single row, in double for every element type: a row's scalars are powers, logarithms and small differences
 * of large numbers, whose error every class of the row inherits. What must not round is an unevaluated sum (fl_pair). */
#ifndef FASTLOSS_ROWS_H
#define FASTLOSS_ROWS_H
#include "vecmath.h"

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
