/*
 * What roundings lost, and functions of unevaluated sums: f(x) + f_tail(x) is the result in nearly twice the digits.
 *
 * A loss multiplies the relative error of what it puts into an exponential by the exponent: exp(-u) at u = 80 has lost
 * 40 ULP where u was rounded once. So a formula carries the tail of u along, and gives both to `exp_sum`.
 *
 * As in vecmath.h: straight-line code, the whole type as domain, fl_xxx is float64 and fl_xxxf float32, bounds measured.
 */
#ifndef FASTLOSS_TAILS_H
#define FASTLOSS_TAILS_H

#include "vecmath.h"

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMAF)
#define FL_HAS_FMA 1
#else
#define FL_HAS_FMA 0
#endif

/* ------------------------------------------------------------------------------------------------ float32 */

/* x - y = (x - y rounded) + tail, exactly (Knuth 1969); NaN where the difference is infinite */
FL_INLINE float fl_difference_tailf(float x, float y)
{
    float difference = x - y;
    float part = difference - x;
    return (x - (difference - part)) - (y + part);
}

/*
 * x y = (x y rounded) + tail, exactly where nothing is subnormal
 * Without a fused multiply-add each factor is cut in two (Dekker 1971): at a bit, not by a product that could overflow.
 */
FL_INLINE float fl_product_tailf(float x, float y)
{
    float product = x * y;
#if FL_HAS_FMA
    return fl_fmaf(x, y, -product);
#else
    float x_head = fl_from_bitsf(fl_bitsf(x) & 0xfffff000u), x_rest = x - x_head;
    float y_head = fl_from_bitsf(fl_bitsf(y) & 0xfffff000u), y_rest = y - y_head;
    return ((x_head * y_head - product) + x_head * y_rest + x_rest * y_head) + x_rest * y_rest;
#endif
}

/* x / y = (x / y rounded) + tail: the remainder is exact, the tail rounded once; NaN where anything is infinite */
FL_INLINE float fl_quotient_tailf(float x, float y)
{
    float quotient = x / y;
    return ((x - quotient * y) - fl_product_tailf(quotient, y)) / y;
}

/*
 * log(1 + f + d) - f = -f^2/2 + f^3 P(f) + d / (1 + f),   sqrt(1/2) <= 1 + f <= sqrt(2),  |d| <= ulp(f)
 * P: minimax, |error| <= 2^-28.1 of the result: fl_logf needs that only of the whole logarithm.
 */
FL_INLINE float fl_log_restf(float f, float d)
{
    float p = -0x1.f434e2p-5f;
    p = fl_fmaf(p, f, 0x1.b27746p-4f);
    p = fl_fmaf(p, f, -0x1.b7be96p-4f);
    p = fl_fmaf(p, f, 0x1.c3dfd0p-4f);
    p = fl_fmaf(p, f, -0x1.fd6b5cp-4f);
    p = fl_fmaf(p, f, 0x1.2495a6p-3f);
    p = fl_fmaf(p, f, -0x1.556012p-3f);
    p = fl_fmaf(p, f, 0x1.9999a0p-3f);
    p = fl_fmaf(p, f, -0x1.ffffe4p-3f);
    p = fl_fmaf(p, f, 0x1.555556p-2f);
    p = fl_fmaf(p, f, -0.5f);
    return fl_fmaf(f * f, p, fl_fmaf(-d, f, d));
}

/* a logarithm as n ln 2 + f + rest,  f exact */
typedef struct {
    float n, f, rest;
} fl_log_partsf;

/* n ln 2 + f + rest as an unevaluated sum, to 0.3 ULP of its head */
FL_INLINE fl_pairf fl_log_sumf(fl_log_partsf parts)
{
    float base = parts.n * FL_LN2_HEADF;
    float large = base + parts.f;
    float small = (parts.f - (large - base)) + fl_fmaf(parts.n, FL_LN2_TAILF, parts.rest);
    fl_pairf y;
    y.head = large + small;
    y.tail = small - (y.head - large);
    return y;
}

/* log(1 + x),  1 + x = 2^n (1 + f + d) as in fl_log1pf;  -1 < x < inf,  |x| >= 2^-60 or x = 0 */
FL_INLINE fl_log_partsf fl_log1p_splitf(float x)
{
    uint32_t shifted = fl_bitsf(1.0f + x) - FL_SQRT_HALF_BITSF + FL_ONE_BITSF;
    float four_scale = fl_from_bitsf(0x80000000u - (shifted & 0xff800000u));
    float a = fl_fmaf(four_scale, 0.25f, -1.0f);
    float b = four_scale * x * 0.25f;
    float f = a + b;
    float b_part = f - a;
    float d = (b - b_part) + (a - (f - b_part));
    fl_log_partsf parts = {(float)(int32_t)(shifted >> 23) - 127.0f, f, fl_log_restf(f, d)};
    return parts;
}

/* what log1p(x) lost: log1p(x) + log1p_tail(x) is log(1 + x);  max 0.3 ULP of log1p(x) */
FL_INLINE float fl_log1p_tailf(float x)
{
    int ordinary = (x > -1.0f) & (x < FL_INFINITYF) & (fl_absf(x) >= 0x1p-60f);
    fl_log_partsf parts = fl_log1p_splitf(ordinary ? x : 0.0f);
    fl_pairf y = fl_log_sumf(parts);
    float tail = (y.head - fl_log1pf(ordinary ? x : 0.0f)) + y.tail;
    return ordinary ? tail : 0.0f;
}

/*
 * log(1 + x) - x = rest + n ln 2 - (x - f): where x and f cancel their difference is exact
 * max 3.11 ULP (without FMA 3.25)
 */
FL_INLINE float fl_log1pmxf(float x)
{
    int tiny = fl_absf(x) < 0x1p-60f;
    int ordinary = (x > -1.0f) & (x < FL_INFINITYF) & !tiny;
    fl_log_partsf parts = fl_log1p_splitf(ordinary ? x : 0.0f);
    float y = fl_fmaf(parts.n, FL_LN2_TAILF, parts.rest) - ((x - parts.n * FL_LN2_HEADF) - parts.f);
    float outside = x <= -1.0f ? (x == -1.0f ? -FL_INFINITYF : FL_NANF) : -x;
    outside = tiny ? -0.5f * x * x : outside;
    return ordinary ? y : outside;
}

/*
 * x^y = exp(y log x) for x >= 0, NaN for x < 0;  log x = n ln 2 + log(1 + f) as in fl_logf, as an unevaluated sum
 * x^0 = 1;  max 1.70 ULP (without FMA 1.90) for |y| <= 8, more beyond
 */
FL_INLINE float fl_positive_powerf(float x, float y)
{
    int ordinary = (x > 0.0f) & (x < FL_INFINITYF);
    uint32_t bits = fl_bitsf(ordinary ? x : 1.0f);
    uint32_t tiny_bits = fl_bitsf(fl_from_bitsf(bits | FL_ONE_BITSF) - 1.0f);
    int tiny = bits < 0x00800000u;
    bits = tiny ? tiny_bits : bits;
    uint32_t shifted = bits - FL_SQRT_HALF_BITSF + FL_ONE_BITSF;
    float bias = tiny ? 127.0f + 126.0f : 127.0f;
    float f = fl_from_bitsf(bits - (shifted & 0xff800000u) + FL_ONE_BITSF) - 1.0f;
    fl_log_partsf parts = {(float)(int32_t)(shifted >> 23) - bias, f, fl_log_restf(f, 0.0f)};
    fl_pairf l = fl_log_sumf(parts);
    float head = y * l.head;
    float power = fl_exp_sumf(head, fl_product_tailf(y, l.head) + y * l.tail);
    float at_zero = y > 0.0f ? 0.0f : FL_INFINITYF;
    float at_infinity = y > 0.0f ? FL_INFINITYF : 0.0f;
    power = x == 0.0f ? at_zero : power;
    power = x == FL_INFINITYF ? at_infinity : power;
    power = y == 0.0f ? 1.0f : power;
    return (x >= 0.0f) & (y == y) ? power : FL_NANF;
}

/* ------------------------------------------------------------------------------------------------ float64 */

FL_INLINE double fl_difference_tail(double x, double y)
{
    double difference = x - y;
    double part = difference - x;
    return (x - (difference - part)) - (y + part);
}

/* without FMA to 2^-104 of the product: the lower halves have 27 bits each */
FL_INLINE double fl_product_tail(double x, double y)
{
    double product = x * y;
#if FL_HAS_FMA
    return fl_fma(x, y, -product);
#else
    double x_head = fl_from_bits(fl_bits(x) & 0xfffffffff8000000ull), x_rest = x - x_head;
    double y_head = fl_from_bits(fl_bits(y) & 0xfffffffff8000000ull), y_rest = y - y_head;
    return ((x_head * y_head - product) + x_head * y_rest + x_rest * y_head) + x_rest * y_rest;
#endif
}

FL_INLINE double fl_quotient_tail(double x, double y)
{
    double quotient = x / y;
    return ((x - quotient * y) - fl_product_tail(quotient, y)) / y;
}

/*
 * log(1 + f + d) - f = s f^2/2 + s^3 G(s^2) - f^2/2 + d / (1 + f),   s = f / (2 + f)
 * G: minimax, |error| <= 2^-60.5 of the result
 */
FL_INLINE double fl_log_rest(double f, double d)
{
    double s = f / (2.0 + f);
    double z = s * s;
    double g = 0x1.0db9af108d4b0p-3;
    g = fl_fma(g, z, 0x1.0f8e4975a63ccp-3);
    g = fl_fma(g, z, 0x1.3b1e5683b6275p-3);
    g = fl_fma(g, z, 0x1.745cecc7c9941p-3);
    g = fl_fma(g, z, 0x1.c71c7226fe020p-3);
    g = fl_fma(g, z, 0x1.249249245919fp-2);
    g = fl_fma(g, z, 0x1.9999999999b93p-2);
    g = fl_fma(g, z, 0x1.5555555555555p-1);
    double half_square = 0.5 * f * f;
    return fl_fma(s, fl_fma(z, g, half_square), fl_fma(-d, f, d) - half_square);
}

typedef struct {
    double n, f, rest;
} fl_log_parts;

FL_INLINE fl_pair fl_log_sum(fl_log_parts parts)
{
    double base = parts.n * FL_LN2_HEAD;
    double large = base + parts.f;
    double small = (parts.f - (large - base)) + fl_fma(parts.n, FL_LN2_TAIL, parts.rest);
    fl_pair y;
    y.head = large + small;
    y.tail = small - (y.head - large);
    return y;
}

FL_INLINE fl_log_parts fl_log1p_split(double x)
{
    uint64_t shifted = fl_bits(1.0 + x) - FL_SQRT_HALF_BITS + FL_ONE_BITS;
    double four_scale = fl_from_bits(0x8000000000000000ull - (shifted & 0xfff0000000000000ull));
    double a = fl_fma(four_scale, 0.25, -1.0);
    double b = four_scale * x * 0.25;
    double f = a + b;
    double b_part = f - a;
    double d = (b - b_part) + (a - (f - b_part));
    double n = fl_from_bits((shifted >> 52) | FL_TWO_TO_52_BITS) - (0x1p52 + 1023.0);
    fl_log_parts parts = {n, f, fl_log_rest(f, d)};
    return parts;
}

/* max 0.3 ULP of log1p(x) */
FL_INLINE double fl_log1p_tail(double x)
{
    int ordinary = (x > -1.0) & (x < FL_INFINITY) & (fl_abs(x) >= 0x1p-60);
    fl_log_parts parts = fl_log1p_split(ordinary ? x : 0.0);
    fl_pair y = fl_log_sum(parts);
    double tail = (y.head - fl_log1p(ordinary ? x : 0.0)) + y.tail;
    return ordinary ? tail : 0.0;
}

/* max 2.40 ULP (without FMA 2.80) */
FL_INLINE double fl_log1pmx(double x)
{
    int tiny = fl_abs(x) < 0x1p-60;
    int ordinary = (x > -1.0) & (x < FL_INFINITY) & !tiny;
    fl_log_parts parts = fl_log1p_split(ordinary ? x : 0.0);
    double y = fl_fma(parts.n, FL_LN2_TAIL, parts.rest) - ((x - parts.n * FL_LN2_HEAD) - parts.f);
    double outside = x <= -1.0 ? (x == -1.0 ? -FL_INFINITY : FL_NAN) : -x;
    outside = tiny ? -0.5 * x * x : outside;
    return ordinary ? y : outside;
}

/*
 * x^y = exp(y log x) for x >= 0, NaN for x < 0;  log x = n ln 2 + log(1 + f) as in fl_log, as an unevaluated sum
 * x^0 = 1;  max 1.35 ULP (without FMA 1.50) for |y| <= 8, more beyond
 */
FL_INLINE double fl_positive_power(double x, double y)
{
    int ordinary = (x > 0.0) & (x < FL_INFINITY);
    uint64_t bits = fl_bits(ordinary ? x : 1.0);
    uint64_t tiny_bits = fl_bits(fl_from_bits(bits | FL_ONE_BITS) - 1.0);
    int tiny = bits < 0x0010000000000000ull;
    bits = tiny ? tiny_bits : bits;
    uint64_t shifted = bits - FL_SQRT_HALF_BITS + FL_ONE_BITS;
    double bias = tiny ? 1023.0 + 1022.0 : 1023.0;
    double f = fl_from_bits(bits - (shifted & 0xfff0000000000000ull) + FL_ONE_BITS) - 1.0;
    fl_log_parts parts = {fl_from_bits((shifted >> 52) | FL_TWO_TO_52_BITS) - (0x1p52 + bias), f, fl_log_rest(f, 0.0)};
    fl_pair l = fl_log_sum(parts);
    double head = y * l.head;
    double power = fl_exp_sum(head, fl_product_tail(y, l.head) + y * l.tail);
    double at_zero = y > 0.0 ? 0.0 : FL_INFINITY;
    double at_infinity = y > 0.0 ? FL_INFINITY : 0.0;
    power = x == 0.0 ? at_zero : power;
    power = x == FL_INFINITY ? at_infinity : power;
    power = y == 0.0 ? 1.0 : power;
    return (x >= 0.0) & (y == y) ? power : FL_NAN;
}

#endif
