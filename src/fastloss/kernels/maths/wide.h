/* Numbers of any size in twice the digits: (head + tail) 2^exponent, head in [1, 2) or its negative, 0, an infinity or NaN.
 *
 * They are for rows in which a step of an ordinary computation would leave the range of a double where the result does not:
 * one number after the other, exact to about 2^-100. Exponents are whole numbers of any size; an infinity, which stands for
 * an argument that is infinite, has none. */
#ifndef FASTLOSS_WIDE_H
#define FASTLOSS_WIDE_H
#include "maths/pairs.h"

typedef struct {
    double head, tail, exponent;
} fl_wide;

/* 2^n for -1022 <= n <= 1023 */
static inline double fl_power_of_2(double n)
{
    return fl_from_bits((uint64_t)((int64_t)n + 1023) << 52);
}

/* The largest power of 2 that is no larger than a normal number */
static inline double fl_power_within(double x)
{
    return fl_from_bits(fl_bits(x) & 0x7ff0000000000000ull);
}

static fl_wide fl_wide_of_pair(fl_pair number, double exponent)
{
    fl_pair sum = fl_two_sum(number.head, number.tail);
    double size = fl_abs(sum.head);
    if (!(size > 0.0 && size < FL_INFINITY))
        return (fl_wide){sum.head, 0.0, 0.0};
    if (size < 0x1p-900) {
        sum.head *= 0x1p120;
        sum.tail *= 0x1p120;
        exponent -= 120.0;
    }
    double n = (double)(int64_t)((fl_bits(sum.head) >> 52) & 0x7ff) - 1023.0, half = n >= 0.0 ? 1.0 : 0.0;
    double scale = fl_power_of_2(half - n) * (half ? 0.5 : 1.0); /* 2^-n in two steps: 2^-1023 is no normal number */
    return (fl_wide){sum.head * scale, sum.tail * scale, exponent + n};
}

static fl_wide fl_wide_of(double x)
{
    return fl_wide_of_pair((fl_pair){x, 0.0}, 0.0);
}

/* The number as a double, rounded once but for what a subnormal result loses of a tail. */
static double fl_wide_number(fl_wide x)
{
    double exponent = x.exponent, outer = exponent < 0.0 ? -100.0 : 100.0;
    exponent = exponent < -1100.0 ? -1100.0 : exponent;
    exponent = exponent > 1100.0 ? 1100.0 : exponent;
    return (x.head + x.tail) * fl_power_of_2(exponent - outer) * fl_power_of_2(outer);
}

static fl_wide fl_wide_negative(fl_wide x)
{
    return (fl_wide){-x.head, -x.tail, x.exponent};
}

static fl_wide fl_wide_product(fl_wide x, fl_wide y)
{
    return fl_wide_of_pair(fl_pair_product((fl_pair){x.head, x.tail}, (fl_pair){y.head, y.tail}), x.exponent + y.exponent);
}

static fl_wide fl_wide_quotient(fl_wide x, fl_wide y)
{
    return fl_wide_of_pair(fl_pair_quotient((fl_pair){x.head, x.tail}, (fl_pair){y.head, y.tail}), x.exponent - y.exponent);
}

static fl_wide fl_wide_sum(fl_wide x, fl_wide y)
{
    if (x.head == 0.0) return y;
    if (y.head == 0.0) return x;
    fl_wide large = x.exponent >= y.exponent ? x : y, small = x.exponent >= y.exponent ? y : x;
    double shift = small.exponent - large.exponent;
    if (!(fl_abs(x.head) < FL_INFINITY && fl_abs(y.head) < FL_INFINITY)) return (fl_wide){x.head + y.head, 0.0, 0.0};
    if (shift < -300.0) return large;
    double scale = fl_power_of_2(shift);
    fl_pair sum = fl_pair_sum((fl_pair){large.head, large.tail}, (fl_pair){small.head * scale, small.tail * scale});
    return fl_wide_of_pair(sum, large.exponent);
}

/* e^r - 1 for |r| <= 0.4, of relative error 2^-100:  r (1 + r / 2 (1 + r / 3 (...))) */
static fl_pair fl_wide_expm1_near(fl_pair r)
{
    fl_pair y = {1.0, 0.0};
    for (int k = 26; k > 1; k--) y = fl_pair_sum((fl_pair){1.0, 0.0}, fl_pair_over(fl_pair_product(y, r), (double)k));
    return fl_pair_product(y, r);
}

/* e^x; beyond 2^20 it is 0, or so large that it is infinite whatever it is multiplied by */
static fl_wide fl_wide_exp(fl_wide x)
{
    if (x.exponent > 20.0 || fl_abs(x.head) == FL_INFINITY)
        return x.head < 0.0 ? (fl_wide){0.0, 0.0, 0.0} : (fl_wide){1.0, 0.0, 1e15};
    if (x.exponent < -200.0) return (fl_wide){1.0, 0.0, 0.0};
    double scale = fl_power_of_2(x.exponent);
    fl_pair r = {x.head * scale, x.tail * scale};
    double shifted = r.head * 0x1.71547652b82fep+0 + 6755399441055744.0, n = shifted - 6755399441055744.0;
    r = fl_pair_sum(r, fl_two_product(-n, 0x1.62e42fefa39efp-1));
    r = fl_pair_sum(r, fl_two_product(-n, 0x1.abc9e3b39803fp-56));
    r = fl_pair_sum(r, (fl_pair){n * -0x1.7b57a079a1934p-111, 0.0});
    return fl_wide_of_pair(fl_pair_sum((fl_pair){1.0, 0.0}, fl_wide_expm1_near(r)), n);
}

static fl_wide fl_wide_expm1(fl_wide x)
{
    if (x.exponent < -200.0) return x;
    if (x.exponent >= -2.0) return fl_wide_sum(fl_wide_exp(x), fl_wide_of(-1.0));
    double scale = fl_power_of_2(x.exponent);
    return fl_wide_of_pair(fl_wide_expm1_near((fl_pair){x.head * scale, x.tail * scale}), 0.0);
}

/* log(1 + x) for -1/2 < x < 1: a step of Newton's from the double */
static fl_wide fl_wide_log1p_near(fl_wide x)
{
    if (x.exponent < -200.0) return x;
    fl_wide near = fl_wide_of(fl_log1p(fl_wide_number(x)));
    fl_wide rest = fl_wide_sum(x, fl_wide_negative(fl_wide_expm1(near)));
    return fl_wide_sum(near, fl_wide_quotient(rest, fl_wide_exp(near)));
}

/* log x for x >= 0 */
static fl_wide fl_wide_log(fl_wide x)
{
    if (!(x.head > 0.0 && x.head < FL_INFINITY))
        return (fl_wide){x.head == 0.0 ? -FL_INFINITY : x.head, 0.0, 0.0};
    double n = x.exponent + (x.head > 1.5 ? 1.0 : 0.0), scale = x.head > 1.5 ? 0.5 : 1.0;
    fl_pair f = fl_pair_sum((fl_pair){x.head * scale, x.tail * scale}, (fl_pair){-1.0, 0.0});
    fl_wide ln2 = {2.0 * 0x1.62e42fefa39efp-1, 2.0 * 0x1.abc9e3b39803fp-56, -1.0};
    return fl_wide_sum(fl_wide_product(fl_wide_of(n), ln2), fl_wide_log1p_near(fl_wide_of_pair(f, 0.0)));
}

/* log(1 + x) for x > -1 */
static fl_wide fl_wide_log1p(fl_wide x)
{
    if (x.exponent < -1.0) return fl_wide_log1p_near(x);
    return fl_wide_log(fl_wide_sum(fl_wide_of(1.0), x));
}
#endif
