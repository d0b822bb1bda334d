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

#include "maths/vecmath.h"

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

/*
 * log(1 + f + d) + n ln 2 as an unevaluated sum,  sqrt(1/2) <= 1 + f <= sqrt(2),  |d| <= ulp(f)
 * 2 s + s^3 G(s^2),  s = (f + d) / (2 + f + d): s and its cube with their tails, so that only s^5 is rounded
 * G: minimax, |error| <= 2^-33.4 of the result
 */
FL_INLINE fl_pairf fl_log_reducedf(float n, float f, float d)
{
    float both = f + d; /* next to 1, where f has few digits, d has as many more */
    d -= both - f;
    f = both;
    float v = 2.0f + f, v_tail = f - (v - 2.0f);
    float inverse = 1.0f / v;
    float s = f * inverse;
    float s_tail = (((f - s * v) - fl_product_tailf(s, v)) + (d - s * (v_tail + d))) * inverse;
    float t = fl_absf(f) < 0x1p-30f ? 0.0f : s; /* its cube would be subnormal */
    float z = t * t, z_tail = fl_product_tailf(t, t) + 2.0f * t * s_tail;
    float cube = t * z, cube_tail = fl_product_tailf(t, z) + (t * z_tail + s_tail * z);
    float third = cube * 0x1.555554p-1f;
    float third_tail = fl_product_tailf(cube, 0x1.555554p-1f) + cube_tail * 0x1.555554p-1f;
    float g = 0x1.e2f406p-3f;
    g = fl_fmaf(g, z, 0x1.243930p-2f);
    g = fl_fmaf(g, z, 0x1.999acap-2f);

    float base = n * FL_LN2_HEADF;
    float sum = base + 2.0f * s, sum_tail = 2.0f * s - (sum - base);
    float whole = sum + third, whole_tail = third - (whole - sum);
    float small = 2.0f * s_tail + third_tail + fl_fmaf(n, FL_LN2_TAILF, cube * z * g);
    small += sum_tail + whole_tail;
    fl_pairf y;
    y.head = whole + small;
    y.tail = small - (y.head - whole);
    return y;
}

/* log(x + tail) as an unevaluated sum,  |tail| <= ulp(x);  log(x) where x is 0, infinite or negative, or NaN */
FL_INLINE fl_pairf fl_log_exactlyf(float x, float tail)
{
    int ordinary = (x > 0.0f) & (x < FL_INFINITYF);
    uint32_t bits = fl_bitsf(ordinary ? x : 1.0f);
    uint32_t tiny_bits = fl_bitsf(fl_from_bitsf(bits | FL_ONE_BITSF) - 1.0f);
    int tiny = bits < 0x00800000u;
    bits = tiny ? tiny_bits : bits;
    uint32_t shifted = bits - FL_SQRT_HALF_BITSF + FL_ONE_BITSF;
    float bias = tiny ? 127.0f + 126.0f : 127.0f;
    float f = fl_from_bitsf(bits - (shifted & 0xff800000u) + FL_ONE_BITSF) - 1.0f;
    float n = (float)(int32_t)(shifted >> 23) - bias;
    int large = n > 126.0f; /* 2^-n would be subnormal */
    uint32_t exponent = (shifted & 0xff800000u) - (large ? (2u << 23) : 0);
    float d = (large ? 0.25f * tail : tail) * fl_from_bitsf(2 * FL_ONE_BITSF - exponent);
    d = tiny ? 0.0f : d; /* a subnormal number has no tail */
    fl_pairf y = fl_log_reducedf(n, f, d);
    float outside = x == 0.0f ? -FL_INFINITYF : FL_NANF;
    outside = x == FL_INFINITYF ? x : outside;
    y.head = ordinary ? y.head : outside;
    y.tail = ordinary ? y.tail : 0.0f;
    return y;
}

/* log(x + tail), of a sum that keeps what the rounding of x lost:  max 0.52 ULP */
FL_INLINE float fl_log_sumf(float x, float tail)
{
    return fl_log_exactlyf(x, tail).head;
}

/* what the rounding of log_sum lost: the two are log(x + tail) to 0.01 ULP, and cost no more than one of them */
FL_INLINE float fl_log_sum_tailf(float x, float tail)
{
    return fl_log_exactlyf(x, tail).tail;
}

/* log_sum for 1 <= x <= 2, in two thirds of the steps:  max 0.52 ULP */
FL_INLINE fl_pairf fl_log_unit_exactlyf(float x, float tail)
{
    int above = x > 0x1.6a09e6p+0f;
    float half = above ? 0.5f : 1.0f;
    return fl_log_reducedf(above ? 1.0f : 0.0f, half * x - 1.0f, half * tail);
}

FL_INLINE float fl_log_sum_unitf(float x, float tail)
{
    return fl_log_unit_exactlyf(x, tail).head;
}

FL_INLINE float fl_log_sum_unit_tailf(float x, float tail)
{
    return fl_log_unit_exactlyf(x, tail).tail;
}

/* log(1 + x) = n ln 2 + log(1 + f + d),  f exact */
typedef struct {
    float n, f, d;
} fl_log_partsf;

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
    fl_log_partsf parts = {(float)(int32_t)(shifted >> 23) - 127.0f, f, d};
    return parts;
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
    float y = fl_fmaf(parts.n, FL_LN2_TAILF, fl_log_restf(parts.f, parts.d)) - ((x - parts.n * FL_LN2_HEADF) - parts.f);
    float outside = x <= -1.0f ? (x == -1.0f ? -FL_INFINITYF : FL_NANF) : -x;
    outside = tiny ? -0.5f * x * x : outside;
    return ordinary ? y : outside;
}

/*
 * e^-|x| as an unevaluated sum
 * e^r = 1 + r + r^2/2 + r^3/6 + ...: all terms that are shown with their tails
 */
FL_INLINE fl_pairf fl_exp_minus_abs_exactlyf(float x)
{
    float size = fl_absf(x);
    size = size > 104.0f ? 104.0f : size;
    fl_exp_partsf parts = fl_exp_reducef(-size, 0.0f);
    float r = parts.r;
    float t = fl_absf(r) < 0x1p-30f ? 0.0f : r; /* its cube would be subnormal */
    float square = t * t, square_tail = fl_product_tailf(t, t);
    float cube = t * square, cube_tail = fl_product_tailf(t, square) + t * square_tail;
    float sixth = cube * 0x1.555554p-3f, sixth_tail = fl_product_tailf(cube, 0x1.555554p-3f) + cube_tail * 0x1.555554p-3f;
    float q = 0x1.a032d4p-13f;
    q = fl_fmaf(q, r, 0x1.6d727p-10f);
    q = fl_fmaf(q, r, 0x1.11125ap-7f);
    q = fl_fmaf(q, r, 0x1.5554ccp-5f);

    float first = 1.0f + r, first_tail = r - (first - 1.0f);
    float second = first + 0.5f * square, second_tail = 0.5f * square - (second - first);
    float p = second + sixth, p_tail = sixth - (p - second);
    p_tail += first_tail + second_tail + ((0.5f * square_tail + sixth_tail) + fl_fmaf(parts.r_tail, p, square * square * q));
    float whole = p + p_tail;
    float scale = fl_from_bitsf(parts.exponent + FL_ONE_BITSF);
    float tail = (p_tail - (whole - p)) * scale;
    fl_pairf y;
    y.head = x == x ? fl_from_bitsf(fl_scale_down_bitsf(whole, parts.exponent)) : x;
    y.tail = fl_absf(x) < 87.25f ? tail : 0.0f; /* a subnormal number has none */
    return y;
}

/* e^-|x|:  max 0.51 ULP (without FMA 0.51) */
FL_INLINE float fl_exp_minus_abs_headf(float x)
{
    return fl_exp_minus_abs_exactlyf(x).head;
}

/* what the rounding of exp_minus_abs_head lost: the two are e^-|x| to 0.01 ULP, and cost no more than one of them */
FL_INLINE float fl_exp_minus_abs_tailf(float x)
{
    return fl_exp_minus_abs_exactlyf(x).tail;
}

/*
 * e^x = exp_fraction(x) 2^exp_exponent(x),  n = round(x / ln 2): for a factor that is too large or too small for a float
 * |x| beyond 300 is taken for that
 */
FL_INLINE float fl_exp_exponentf(float x)
{
    float near = fl_absf(x) < 300.0f ? x : (x > 0.0f ? 300.0f : -300.0f);
    return fl_fmaf(near, 0x1.715476p+0f, 12582912.0f) - 12582912.0f;
}

/* 0, inf or NaN for -inf, inf, NaN;  max 0.90 ULP (without FMA 1.20) */
FL_INLINE float fl_exp_fractionf(float x)
{
    float near = fl_absf(x) < 300.0f ? x : (x > 0.0f ? 300.0f : -300.0f);
    float n = fl_fmaf(near, 0x1.715476p+0f, 12582912.0f) - 12582912.0f;
    float r = fl_fmaf(n, -0x1.7f7d1cp-20f, fl_fmaf(n, -0x1.62e4p-1f, near));
    float q = 0x1.a032d4p-13f;
    q = fl_fmaf(q, r, 0x1.6d727p-10f);
    q = fl_fmaf(q, r, 0x1.11125ap-7f);
    q = fl_fmaf(q, r, 0x1.5554ccp-5f);
    q = fl_fmaf(q, r, 0x1.555554p-3f);
    q = fl_fmaf(q, r, 0.5f);
    float p = fl_fmaf(r, fl_fmaf(r, q, 1.0f), 1.0f);
    float outside = x < 0.0f ? 0.0f : x; /* -inf, inf, NaN */
    return fl_absf(x) < FL_INFINITYF ? p : outside;
}

/* 2^n for whole n, -126 <= n <= 126 */
FL_INLINE float fl_power_of_twof(float n)
{
    return fl_from_bitsf((fl_bitsf(n + 12582912.0f) << 23) + FL_ONE_BITSF);
}

FL_INLINE float fl_clampedf(float n)
{
    return n > 126.0f ? 126.0f : (n < -126.0f ? -126.0f : n);
}

/* x 2^n for whole n, which may be far outside of the range of the exponents */
FL_INLINE float fl_scaledf(float x, float n)
{
    float first = fl_clampedf(n);
    float second = fl_clampedf(n - first);
    float third = fl_clampedf(n - first - second);
    return x * fl_power_of_twof(first) * fl_power_of_twof(second) * fl_power_of_twof(third);
}

/*
 * log(x / y) for x, y > 0, whatever the size of the quotient:  x / y = 2^n a / b,  1 <= a, b < 2;  a - b is exact
 * -inf, inf or NaN where x / y is 0, infinite or NaN because x or y is 0 or infinite;  NaN for x < 0 or y < 0
 * max 0.95 ULP (without FMA 0.95)
 */
FL_INLINE float fl_log_ratiof(float x, float y)
{
    int ordinary = (x > 0.0f) & (x < FL_INFINITYF) & (y > 0.0f) & (y < FL_INFINITYF);
    int x_tiny = x < 0x1p-126f, y_tiny = y < 0x1p-126f;
    uint32_t x_bits = fl_bitsf(x_tiny ? x * 0x1p64f : x), y_bits = fl_bitsf(y_tiny ? y * 0x1p64f : y);
    float n = (float)(int32_t)(x_bits >> 23) - (float)(int32_t)(y_bits >> 23);
    n += (y_tiny ? 64.0f : 0.0f) - (x_tiny ? 64.0f : 0.0f);
    float a = fl_from_bitsf((x_bits & 0x007fffffu) | FL_ONE_BITSF), b = fl_from_bitsf((y_bits & 0x007fffffu) | FL_ONE_BITSF);
    int above = a > 0x1.6a09e6p+0f * b, below = b > 0x1.6a09e6p+0f * a;
    n += (above ? 1.0f : 0.0f) - (below ? 1.0f : 0.0f);
    a = above ? 0.5f * a : a;
    b = below ? 0.5f * b : b;
    float f = (a - b) / b;
    float y_log = fl_log_coref(f, fl_quotient_tailf(a - b, b), n);
    float quotient = x / y;
    float outside = quotient == 0.0f ? -FL_INFINITYF : FL_NANF;
    outside = quotient == FL_INFINITYF ? FL_INFINITYF : outside;
    return ordinary ? y_log : outside;
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

/*
 * log(1 + f + d) + n ln 2 as an unevaluated sum,  sqrt(1/2) <= 1 + f <= sqrt(2),  |d| <= ulp(f)
 * 2 s + s^3 G(s^2),  s = (f + d) / (2 + f + d): s and its cube with their tails, so that only s^5 is rounded
 * G: minimax, |error| <= 2^-63.6 of the result
 */
FL_INLINE fl_pair fl_log_reduced(double n, double f, double d)
{
    double both = f + d; /* next to 1, where f has few digits, d has as many more */
    d -= both - f;
    f = both;
    double v = 2.0 + f, v_tail = f - (v - 2.0);
    double inverse = 1.0 / v;
    double s = f * inverse;
    double s_tail = (((f - s * v) - fl_product_tail(s, v)) + (d - s * (v_tail + d))) * inverse;
    double t = fl_abs(f) < 0x1p-30 ? 0.0 : s; /* its cube would be subnormal */
    double z = t * t, z_tail = fl_product_tail(t, t) + 2.0 * t * s_tail;
    double cube = t * z, cube_tail = fl_product_tail(t, z) + (t * z_tail + s_tail * z);
    double third = cube * 0x1.5555555555555p-1;
    double third_tail = fl_product_tail(cube, 0x1.5555555555555p-1) + cube_tail * 0x1.5555555555555p-1;
    double g = 0x1.0f6141297ea4ep-3;
    g = fl_fma(g, z, 0x1.0f5d003112e3ap-3);
    g = fl_fma(g, z, 0x1.3b20a8e8a409dp-3);
    g = fl_fma(g, z, 0x1.745cde4688049p-3);
    g = fl_fma(g, z, 0x1.c71c7258c267fp-3);
    g = fl_fma(g, z, 0x1.249249242b773p-2);
    g = fl_fma(g, z, 0x1.9999999999deep-2);

    double base = n * FL_LN2_HEAD;
    double sum = base + 2.0 * s, sum_tail = 2.0 * s - (sum - base);
    double whole = sum + third, whole_tail = third - (whole - sum);
    double small = 2.0 * s_tail + third_tail + fl_fma(n, FL_LN2_TAIL, cube * z * g);
    small += sum_tail + whole_tail;
    fl_pair y;
    y.head = whole + small;
    y.tail = small - (y.head - whole);
    return y;
}

/* log(x + tail) as an unevaluated sum,  |tail| <= ulp(x);  log(x) where x is 0, infinite or negative, or NaN */
FL_INLINE fl_pair fl_log_exactly(double x, double tail)
{
    int ordinary = (x > 0.0) & (x < FL_INFINITY);
    uint64_t bits = fl_bits(ordinary ? x : 1.0);
    uint64_t tiny_bits = fl_bits(fl_from_bits(bits | FL_ONE_BITS) - 1.0);
    int tiny = bits < 0x0010000000000000ull;
    bits = tiny ? tiny_bits : bits;
    uint64_t shifted = bits - FL_SQRT_HALF_BITS + FL_ONE_BITS;
    double bias = tiny ? 1023.0 + 1022.0 : 1023.0;
    double f = fl_from_bits(bits - (shifted & 0xfff0000000000000ull) + FL_ONE_BITS) - 1.0;
    double n = fl_from_bits((shifted >> 52) | FL_TWO_TO_52_BITS) - (0x1p52 + bias);
    int large = n > 1022.0; /* 2^-n would be subnormal */
    uint64_t exponent = (shifted & 0xfff0000000000000ull) - (large ? (2ull << 52) : 0);
    double d = (large ? 0.25 * tail : tail) * fl_from_bits(2 * FL_ONE_BITS - exponent);
    d = tiny ? 0.0 : d; /* a subnormal number has no tail */
    fl_pair y = fl_log_reduced(n, f, d);
    double outside = x == 0.0 ? -FL_INFINITY : FL_NAN;
    outside = x == FL_INFINITY ? x : outside;
    y.head = ordinary ? y.head : outside;
    y.tail = ordinary ? y.tail : 0.0;
    return y;
}

/* log(x + tail), of a sum that keeps what the rounding of x lost:  max 0.51 ULP */
FL_INLINE double fl_log_sum(double x, double tail)
{
    return fl_log_exactly(x, tail).head;
}

/* what the rounding of log_sum lost: the two are log(x + tail) to 0.01 ULP, and cost no more than one of them */
FL_INLINE double fl_log_sum_tail(double x, double tail)
{
    return fl_log_exactly(x, tail).tail;
}

/* log_sum for 1 <= x <= 2, in two thirds of the steps:  max 0.51 ULP */
FL_INLINE fl_pair fl_log_unit_exactly(double x, double tail)
{
    int above = x > 0x1.6a09e6p+0;
    double half = above ? 0.5 : 1.0;
    return fl_log_reduced(above ? 1.0 : 0.0, half * x - 1.0, half * tail);
}

FL_INLINE double fl_log_sum_unit(double x, double tail)
{
    return fl_log_unit_exactly(x, tail).head;
}

FL_INLINE double fl_log_sum_unit_tail(double x, double tail)
{
    return fl_log_unit_exactly(x, tail).tail;
}

typedef struct {
    double n, f, d;
} fl_log_parts;

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
    fl_log_parts parts = {n, f, d};
    return parts;
}

/* max 2.40 ULP (without FMA 2.80) */
FL_INLINE double fl_log1pmx(double x)
{
    int tiny = fl_abs(x) < 0x1p-60;
    int ordinary = (x > -1.0) & (x < FL_INFINITY) & !tiny;
    fl_log_parts parts = fl_log1p_split(ordinary ? x : 0.0);
    double y = fl_fma(parts.n, FL_LN2_TAIL, fl_log_rest(parts.f, parts.d)) - ((x - parts.n * FL_LN2_HEAD) - parts.f);
    double outside = x <= -1.0 ? (x == -1.0 ? -FL_INFINITY : FL_NAN) : -x;
    outside = tiny ? -0.5 * x * x : outside;
    return ordinary ? y : outside;
}

/*
 * e^-|x| as an unevaluated sum
 * e^r = 1 + r + r^2/2 + r^3/6 + ...: all terms that are shown with their tails
 */
FL_INLINE fl_pair fl_exp_minus_abs_exactly(double x)
{
    double size = fl_abs(x);
    size = size > 746.0 ? 746.0 : size;
    fl_exp_parts parts = fl_exp_reduce(-size, 0.0);
    double r = parts.r;
    double t = fl_abs(r) < 0x1p-30 ? 0.0 : r; /* its cube would be subnormal */
    double square = t * t, square_tail = fl_product_tail(t, t);
    double cube = t * square, cube_tail = fl_product_tail(t, square) + t * square_tail;
    double sixth = cube * 0x1.5555555555559p-3, sixth_tail = fl_product_tail(cube, 0x1.5555555555559p-3) + cube_tail * 0x1.5555555555559p-3;
    double q = 0x1.1ee890b0205ffp-29;
    q = fl_fma(q, r, 0x1.af5e760272790p-26);
    q = fl_fma(q, r, 0x1.27e5362563510p-22);
    q = fl_fma(q, r, 0x1.71ddf87e1eeb0p-19);
    q = fl_fma(q, r, 0x1.a01a017bca974p-16);
    q = fl_fma(q, r, 0x1.a01a01afd4245p-13);
    q = fl_fma(q, r, 0x1.6c16c16c1f06bp-10);
    q = fl_fma(q, r, 0x1.111111110f6c8p-7);
    q = fl_fma(q, r, 0x1.5555555555540p-5);

    double first = 1.0 + r, first_tail = r - (first - 1.0);
    double second = first + 0.5 * square, second_tail = 0.5 * square - (second - first);
    double p = second + sixth, p_tail = sixth - (p - second);
    p_tail += first_tail + second_tail + ((0.5 * square_tail + sixth_tail) + fl_fma(parts.r_tail, p, square * square * q));
    double whole = p + p_tail;
    double scale = fl_from_bits(parts.exponent + FL_ONE_BITS);
    double tail = (p_tail - (whole - p)) * scale;
    fl_pair y;
    y.head = x == x ? fl_from_bits(fl_scale_down_bits(whole, parts.exponent)) : x;
    y.tail = fl_abs(x) < 708.0 ? tail : 0.0; /* a subnormal number has none */
    return y;
}

/* e^-|x|:  max 0.51 ULP (without FMA 0.51) */
FL_INLINE double fl_exp_minus_abs_head(double x)
{
    return fl_exp_minus_abs_exactly(x).head;
}

/* what the rounding of exp_minus_abs_head lost: the two are e^-|x| to 0.01 ULP, and cost no more than one of them */
FL_INLINE double fl_exp_minus_abs_tail(double x)
{
    return fl_exp_minus_abs_exactly(x).tail;
}

/*
 * e^x = exp_fraction(x) 2^exp_exponent(x),  n = round(x / ln 2): for a factor that is too large or too small for a float
 * |x| beyond 2000 is taken for that
 */
FL_INLINE double fl_exp_exponent(double x)
{
    double near = fl_abs(x) < 2000.0 ? x : (x > 0.0 ? 2000.0 : -2000.0);
    return fl_fma(near, 0x1.71547652b82fep+0, 6755399441055744.0) - 6755399441055744.0;
}

/* 0, inf or NaN for -inf, inf, NaN;  max 0.90 ULP (without FMA 1.20) */
FL_INLINE double fl_exp_fraction(double x)
{
    double near = fl_abs(x) < 2000.0 ? x : (x > 0.0 ? 2000.0 : -2000.0);
    double n = fl_fma(near, 0x1.71547652b82fep+0, 6755399441055744.0) - 6755399441055744.0;
    double r = fl_fma(n, -0x1.cf79abc9e3b3ap-40, fl_fma(n, -0x1.62e42fefap-1, near));
    double q = 0x1.1ee890b0205ffp-29;
    q = fl_fma(q, r, 0x1.af5e760272790p-26);
    q = fl_fma(q, r, 0x1.27e5362563510p-22);
    q = fl_fma(q, r, 0x1.71ddf87e1eeb0p-19);
    q = fl_fma(q, r, 0x1.a01a017bca974p-16);
    q = fl_fma(q, r, 0x1.a01a01afd4245p-13);
    q = fl_fma(q, r, 0x1.6c16c16c1f06bp-10);
    q = fl_fma(q, r, 0x1.111111110f6c8p-7);
    q = fl_fma(q, r, 0x1.5555555555540p-5);
    q = fl_fma(q, r, 0x1.5555555555559p-3);
    q = fl_fma(q, r, 0.5);
    double p = fl_fma(r, fl_fma(r, q, 1.0), 1.0);
    double outside = x < 0.0 ? 0.0 : x; /* -inf, inf, NaN */
    return fl_abs(x) < FL_INFINITY ? p : outside;
}

/* 2^n for whole n, -1022 <= n <= 1022 */
FL_INLINE double fl_power_of_two(double n)
{
    return fl_from_bits((fl_bits(n + 6755399441055744.0) << 52) + FL_ONE_BITS);
}

FL_INLINE double fl_clamped(double n)
{
    return n > 1022.0 ? 1022.0 : (n < -1022.0 ? -1022.0 : n);
}

/* x 2^n for whole n, which may be far outside of the range of the exponents */
FL_INLINE double fl_scaled(double x, double n)
{
    double first = fl_clamped(n);
    double second = fl_clamped(n - first);
    double third = fl_clamped(n - first - second);
    return x * fl_power_of_two(first) * fl_power_of_two(second) * fl_power_of_two(third);
}

/*
 * log(x / y) for x, y > 0, whatever the size of the quotient:  x / y = 2^n a / b,  1 <= a, b < 2;  a - b is exact
 * -inf, inf or NaN where x / y is 0, infinite or NaN because x or y is 0 or infinite;  NaN for x < 0 or y < 0
 * max 0.95 ULP (without FMA 0.95)
 */
FL_INLINE double fl_log_ratio(double x, double y)
{
    int ordinary = (x > 0.0) & (x < FL_INFINITY) & (y > 0.0) & (y < FL_INFINITY);
    int x_tiny = x < 0x1p-1022, y_tiny = y < 0x1p-1022;
    uint64_t x_bits = fl_bits(x_tiny ? x * 0x1p64 : x), y_bits = fl_bits(y_tiny ? y * 0x1p64 : y);
    double n = (fl_from_bits((x_bits >> 52) | FL_TWO_TO_52_BITS) - 0x1p52) - (fl_from_bits((y_bits >> 52) | FL_TWO_TO_52_BITS) - 0x1p52);
    n += (y_tiny ? 64.0 : 0.0) - (x_tiny ? 64.0 : 0.0);
    double a = fl_from_bits((x_bits & 0x000fffffffffffffull) | FL_ONE_BITS), b = fl_from_bits((y_bits & 0x000fffffffffffffull) | FL_ONE_BITS);
    int above = a > 0x1.6a09e6p+0 * b, below = b > 0x1.6a09e6p+0 * a;
    n += (above ? 1.0 : 0.0) - (below ? 1.0 : 0.0);
    a = above ? 0.5 * a : a;
    b = below ? 0.5 * b : b;
    double f = (a - b) / b;
    double y_log = fl_log_core(f, fl_quotient_tail(a - b, b), n);
    double quotient = x / y;
    double outside = quotient == 0.0 ? -FL_INFINITY : FL_NAN;
    outside = quotient == FL_INFINITY ? FL_INFINITY : outside;
    return ordinary ? y_log : outside;
}

#endif
