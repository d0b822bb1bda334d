/*
 * Elementary functions as straight-line code, so that a plain loop over an array becomes vector code:
 *
 *     for (i = 0; i < n; i++) y[i] = fl_expf(x[i]);
 *
 * No tables, no branches, no library calls: sums, products, quotients, selects, and integer operations on the bits.
 * Polynomials are evaluated in pairs (Estrin) where that was measured to be faster: a loss is one long chain of
 * dependent steps, and a processor holds only two or three iterations of it at a time.
 * gcc -O3 -fno-math-errno -fno-trapping-math vectorises every function at x86-64-v2, v3 and v4; so does clang.
 *
 * The domain is the whole type: signed zeros, subnormal arguments and results, infinities, NaN. Nothing is flushed to
 * zero, the floating-point environment is neither read nor changed, rounding to nearest is assumed. Where f(x) = x to
 * the last bit (|x| < 2^-60, 2^-30 if fourth powers occur) the steps see 0 instead: powers of a tiny number are
 * subnormal, and slow.
 *
 * The rounding errors of the first steps are kept (head + tail is an unevaluated sum) and added at the end. So the
 * compiler must neither regroup sums (-ffast-math) nor fuse a * b + c where it likes (-ffp-contract=off): fl_fma is
 * the only place where a target with a fused multiply-add differs from one without. Then all compilers and levels with
 * FMA give the same bits (gcc 12 and clang 22, v3 and v4: compared), and so do all without.
 *
 * Names: fl_xxx is float64, fl_xxxf is float32; 2^n is the power of two that was split off.
 * The polynomials are minimax fits (tools/fit_vecmath.py prints them).
 * The ULP bounds are measured. float32: the worst of all 2^32 arguments (tests/exhaustive_vecmath.py), rounded up;
 * float64: the worst of 4e7 arguments drawn where the error is largest, and 0.02 more.
 */
#ifndef FASTLOSS_VECMATH_H
#define FASTLOSS_VECMATH_H

#include <float.h>
#include <stdint.h>
#include <string.h>

/* A loop that calls a function stays scalar, and compilers stop inlining what they think is large. */
#if defined(__GNUC__)
#define FL_INLINE static inline __attribute__((always_inline))
#else
#define FL_INLINE static inline
#endif

#ifdef __FAST_MATH__
#error "vecmath.h relies on IEEE arithmetic: do not compile it with -ffast-math"
#endif
#if defined(FLT_EVAL_METHOD) && (FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 2)
#error "vecmath.h needs float and double arithmetic without excess precision"
#endif

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__FP_FAST_FMAF)
#define FL_FUSED 1
#define fl_fmaf(a, b, c) __builtin_fmaf((a), (b), (c))
#define fl_fma(a, b, c) __builtin_fma((a), (b), (c))
#else
#define FL_FUSED 0
/* the C library's fmaf costs 60 ns an element; every use below is right with two roundings, too */
#define fl_fmaf(a, b, c) ((a) * (b) + (c))
#define fl_fma(a, b, c) ((a) * (b) + (c))
#endif

#define fl_absf(x) __builtin_fabsf(x)
#define fl_abs(x) __builtin_fabs(x)
#define fl_sqrtf(x) __builtin_sqrtf(x)
#define fl_sqrt(x) __builtin_sqrt(x)
#define FL_INFINITYF __builtin_inff()
#define FL_INFINITY __builtin_inf()
#define FL_NANF __builtin_nanf("")
#define FL_NAN __builtin_nan("")

/* ------------------------------------------------------------------------------------------------ float32 */

FL_INLINE uint32_t fl_bitsf(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

FL_INLINE float fl_from_bitsf(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#define FL_ONE_BITSF 0x3f800000u
#define FL_SQRT_HALF_BITSF 0x3f3504f3u
#define FL_LN2_HEADF 0x1.62e4p-1f        /* 15 bits: n * head is exact */
#define FL_LN2_TAILF 0x1.7f7d1cp-20f

/* exp(x) = 2^n e^(r + r_tail),  e^r = 1 + r + r^2 q;  exponent = n << 23, ready to be added to the bits of a float */
typedef struct {
    float r, r_tail, q;
    uint32_t exponent;
} fl_exp_partsf;

/*
 * n = round(x / ln 2),  r = x - n ln 2 + correction,  |r| <= ln(2) / 2
 * e^r = 1 + r + r^2 q(r),   q: minimax, |error| <= 2^-30 |e^r - 1|
 * x + 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
 * NaN in, NaN out in r; otherwise |x| <= 104 is needed.
 */
FL_INLINE fl_exp_partsf fl_exp_reducef(float x, float correction)
{
    float shifted = fl_fmaf(x, 0x1.715476p+0f, 12582912.0f);
    float n = shifted - 12582912.0f;
    float coarse = fl_fmaf(n, -FL_LN2_HEADF, x);
    float fine = fl_fmaf(n, -FL_LN2_TAILF, correction);
    float r = coarse + fine;
    float r_tail = fine - (r - coarse);

    float q = 0x1.a032d4p-13f;
    q = fl_fmaf(q, r, 0x1.6d727p-10f);
    q = fl_fmaf(q, r, 0x1.11125ap-7f);
    q = fl_fmaf(q, r, 0x1.5554ccp-5f);
    q = fl_fmaf(q, r, 0x1.555554p-3f);
    q = fl_fmaf(q, r, 0.5f);

    fl_exp_partsf parts = {r, r_tail, q, fl_bitsf(shifted) << 23};
    return parts;
}

/*
 * The bits of p 2^n, rounded once, for 1/2 < p < 2 and n >= -150; beyond the largest number they are above infinity's.
 * Where the result is subnormal, p 2^(n + 126) is a normal number below 1; added to 1 it is rounded at the weight of
 * the smallest subnormal, and the low bits of the sum are the result. So no operation meets a subnormal operand or
 * result, which costs some processors 150 cycles. Of the two the right one is the larger integer: the other has lost
 * its exponent, or the bits below that of 1.
 */
FL_INLINE uint32_t fl_scale_down_bitsf(float p, uint32_t exponent)
{
    uint32_t normal = fl_bitsf(p) + exponent;
    uint32_t subnormal = fl_bitsf(fl_from_bitsf(normal + (126u << 23)) + 1.0f) - FL_ONE_BITSF;
    return (int32_t)normal > (int32_t)subnormal ? normal : subnormal;
}

/*
 * exp(hi + lo),  lo: the rounding error of hi, |lo| <= ulp(hi);   e^r = 1 + r (1 + r q)
 * hi = -inf gives 0, +inf gives inf, NaN gives NaN, whatever lo is (inf - m leaves a NaN in lo).
 * Otherwise lo must be small; a NaN in lo gives NaN.
 * max 0.94 ULP (without FMA 1.18): a subnormal result is rounded a second time, 0.5 + 0.88 / 2
 */
FL_INLINE float fl_exp_sumf(float hi, float lo)
{
    lo = fl_absf(hi) <= 104.0f ? lo : 0.0f;
    hi = hi < -104.0f ? -104.0f : hi;
    hi = hi > 89.0f ? 89.0f : hi;
    fl_exp_partsf parts = fl_exp_reducef(hi, lo);
    float p = fl_fmaf(parts.r, fl_fmaf(parts.r, parts.q, 1.0f), 1.0f);
    uint32_t bits = fl_scale_down_bitsf(p, parts.exponent);
    bits = (int32_t)bits > 0x7f800000 ? 0x7f800000u : bits;
    return p == p ? fl_from_bitsf(bits) : p;
}

/* exp(x) = exp(x + 0):  max 0.87 ULP (without FMA 1.16) */
FL_INLINE float fl_expf(float x)
{
    return fl_exp_sumf(x, 0.0f);
}

/* exp(-|x|): nothing can overflow.  max 0.87 ULP (without FMA 1.16) */
FL_INLINE float fl_exp_minus_absf(float x)
{
    float size = fl_absf(x);
    size = size > 104.0f ? 104.0f : size;
    fl_exp_partsf parts = fl_exp_reducef(-size, 0.0f);
    float p = fl_fmaf(parts.r, fl_fmaf(parts.r, parts.q, 1.0f), 1.0f);
    uint32_t bits = fl_scale_down_bitsf(p, parts.exponent);
    return p == p ? fl_from_bitsf(bits) : p;
}

/*
 * log(1 + f + d) + n ln 2,  |d| <= ulp(f),  sqrt(1/2) <= 1 + f <= sqrt(2)
 * s = f / (2 + f):   log(1 + f) = 2 atanh(s) = 2 s + s z G(z),  z = s^2,   G: minimax, |error| <= 2^-30 |log(1 + f)|
 * 2 s = f - s f,  so that f itself, exact, is the largest term:   log(1 + f) = f - s (f - z G)
 * log(1 + f + d) = log(1 + f) + d / (1 + f)
 * One quotient is cheaper than the 10 terms of a polynomial in f (20 in float64).
 */
FL_INLINE float fl_log_coref(float f, float d, float n)
{
    float s = f / (2.0f + f);
    float z = s * s;
    float g = fl_fmaf(fl_fmaf(0x1.31e1a0p-2f, z, 0x1.995ed0p-2f), z, 0x1.55557ap-1f);
    float rest = fl_fmaf(-s, fl_fmaf(-z, g, f), fl_fmaf(-d, f, d));

    float base = n * FL_LN2_HEADF;
    float head = base + f;
    float tail = f - (head - base);
    return head + (tail + fl_fmaf(n, FL_LN2_TAILF, rest));
}

/*
 * x = 2^n (1 + f),  sqrt(1/2) <= 1 + f < sqrt(2);   1 + f is x with another exponent, so f is exact
 * A subnormal x is m 2^-149: m put below the bits of 1 gives 1 + m 2^-23 = 1 + x 2^126.
 * max 0.96 ULP (without FMA 0.96)
 */
FL_INLINE float fl_logf(float x)
{
    uint32_t bits = fl_bitsf(x);
    uint32_t tiny_bits = fl_bitsf(fl_from_bitsf(bits | FL_ONE_BITSF) - 1.0f);
    int tiny = bits < 0x00800000u;
    bits = tiny ? tiny_bits : bits;
    uint32_t shifted = bits - FL_SQRT_HALF_BITSF + FL_ONE_BITSF;
    float bias = tiny ? 127.0f + 126.0f : 127.0f;
    float n = (float)(int32_t)(shifted >> 23) - bias;
    float f = fl_from_bitsf(bits - (shifted & 0xff800000u) + FL_ONE_BITSF) - 1.0f;
    float y = fl_log_coref(f, 0.0f, n);
    y = x < FL_INFINITYF ? y : x;
    float outside = x == 0.0f ? -FL_INFINITYF : FL_NANF;
    return x > 0.0f ? y : outside;
}

/*
 * 1 + x = 2^n (1 + f + d),   f + d = (2^-n - 1) + 2^-n x: each term exact, the sum with its rounding error
 * 4 * 2^-n is used because 2^-128 is not a normal number.
 * max 0.96 ULP (without FMA 0.96)
 */
FL_INLINE float fl_log1pf(float x)
{
    int tiny = fl_absf(x) < 0x1p-60f;
    float x_or_zero = tiny ? 0.0f : x;
    uint32_t shifted = fl_bitsf(1.0f + x_or_zero) - FL_SQRT_HALF_BITSF + FL_ONE_BITSF;
    float n = (float)(int32_t)(shifted >> 23) - 127.0f;
    float four_scale = fl_from_bitsf(0x80000000u - (shifted & 0xff800000u));
    float a = fl_fmaf(four_scale, 0.25f, -1.0f);
    float b = four_scale * x_or_zero * 0.25f;
    float f = a + b;
    float b_part = f - a;
    float d = (b - b_part) + (a - (f - b_part));
    float y = fl_log_coref(f, d, n);
    y = x < FL_INFINITYF ? y : x;
    y = tiny ? x : y;
    float outside = x == -1.0f ? -FL_INFINITYF : FL_NANF;
    return x <= -1.0f ? outside : y;
}

/*
 * log(1 + f + d) - f,  0 <= f <= 1,  |d| <= ulp(f):   no power of two to split off, a third of the steps of log1p
 * log(1 + f) = f - s (f - z G) as above,   G: minimax, |error| <= 2^-32 |log(1 + f)|
 * d / (1 + f) = d (1 - f/2) to 12 %
 */
FL_INLINE float fl_log1p_unit_restf(float f, float d)
{
    float large = f < 0x1p-30f ? 0.0f : f; /* f is the result below, and z2 would be subnormal */
    float s = large / (2.0f + large);
    float z = s * s, z2 = z * z;
    float g01 = fl_fmaf(0x1.9996b6p-2f, z, 0x1.555558p-1f);
    float g23 = fl_fmaf(0x1.b6e6bap-3f, z, 0x1.2508b4p-2f);
    float g = fl_fmaf(fl_fmaf(0x1.f1738cp-3f, z2, g23), z2, g01);
    return fl_fmaf(-s, fl_fmaf(-z, g, large), fl_fmaf(-0.5f * d, large, d));
}

/* log(1 + x) for 0 <= x <= 1:  max 1.30 ULP (without FMA 1.30) */
FL_INLINE float fl_log1p_unitf(float x)
{
    return x + fl_log1p_unit_restf(x, 0.0f);
}

/* an unevaluated sum */
typedef struct {
    float head, tail;
} fl_pairf;

/*
 * (exp(x) - 1) / 2 = (2^(n-1) - 1/2) + 2^(n-1) (e^r - 1);   halved, because 2^128 overflows
 * NaN in, NaN out in head;  -30 <= x <= 89 otherwise.
 */
FL_INLINE fl_pairf fl_half_expm1f(float x)
{
    fl_exp_partsf parts = fl_exp_reducef(x, 0.0f);
    float rise = parts.r * parts.q;
    float rest = fl_fmaf(rise, parts.r, parts.r);
    float rest_tail = fl_fmaf(rise, parts.r, parts.r - rest) + fl_fmaf(parts.r_tail, rest, parts.r_tail);
    float scale = fl_from_bitsf(parts.exponent + (126u << 23));
    float a = scale - 0.5f;
    float a_part = a - scale;
    float a_tail = (scale - (a - a_part)) - (0.5f + a_part);
    float b = scale * rest;
    fl_pairf y;
    y.head = a + b;
    y.tail = (b - (y.head - a)) + fl_fmaf(scale, rest_tail, a_tail);
    return y;
}

/* exp(x) - 1:  max 0.80 ULP (without FMA 0.86) */
FL_INLINE float fl_expm1f(float x)
{
    int tiny = fl_absf(x) < 0x1p-60f;
    float clamped = x < -30.0f ? -30.0f : x;
    clamped = tiny ? 0.0f : clamped;
    clamped = clamped > 89.0f ? 89.0f : clamped;
    fl_pairf half = fl_half_expm1f(clamped);
    float y = 2.0f * (half.head + half.tail);
    return tiny ? x : y;
}

/*
 * exp(-|x|) = head + tail for |x| <= 20, and head = tail = 0 beyond: their squares would be subnormal, and slow
 * rounded = exp(-|x|) as one number, for every x
 */
typedef struct {
    float head, tail, rounded;
} fl_decayf;

FL_INLINE fl_decayf fl_exp_decayf(float x)
{
    float size = fl_absf(x);
    size = size > 104.0f ? 104.0f : size;
    fl_exp_partsf parts = fl_exp_reducef(-size, 0.0f);
    float slope = fl_fmaf(parts.r, parts.q, 1.0f);
    float p = fl_fmaf(parts.r, slope, 1.0f);
    float p_tail = fl_fmaf(parts.r, slope, 1.0f - p);
    float scale = fl_from_bitsf(parts.exponent + FL_ONE_BITSF);
    scale = fl_absf(x) > 20.0f ? 0.0f : scale;
    fl_decayf decay;
    decay.head = p * scale;
    decay.tail = p_tail * scale;
    decay.rounded = fl_from_bitsf(fl_scale_down_bitsf(p, parts.exponent));
    return decay;
}

/*
 * With e = exp(-|x|):   sigmoid(x) = 1 / (1 + e) for x >= 0,   e / (1 + e) for x < 0
 * (u + u') / (v + v') = q + (u' - q v') / v,  q = u / v;   1 / v = q for x >= 0, 1 - q for x < 0
 * |x| > 20: 1 and e to the last bit.
 * max 1.34 ULP (without FMA 1.53)
 */
FL_INLINE float fl_sigmoidf(float x)
{
    fl_decayf e = fl_exp_decayf(x);
    float v = 1.0f + e.head;
    float v_tail = (e.head - (v - 1.0f)) + e.tail;
    float u = x < 0.0f ? e.head : 1.0f;
    float u_tail = x < 0.0f ? e.tail : 0.0f;
    float q = u / v;
    float reciprocal = x < 0.0f ? 1.0f - q : q;
    float y = q + (u_tail - q * v_tail) * reciprocal;
    float limit = x < 0.0f ? e.rounded : 1.0f;
    return fl_absf(x) > 20.0f ? limit : y;
}

/*
 * log(1 + e^x) = max(x, 0) + log(1 + e),  e = exp(-|x|)
 * max 1.49 ULP (without FMA 1.72)
 */
FL_INLINE float fl_softplusf(float x)
{
    fl_decayf e = fl_exp_decayf(x);
    float positive = x > 0.0f ? x : 0.0f;
    float larger = positive > e.head ? positive : e.head, smaller = positive > e.head ? e.head : positive;
    float head = larger + smaller;
    float tail = smaller - (head - larger);
    float y = head + (tail + fl_log1p_unit_restf(e.head, e.tail));
    return fl_absf(x) > 20.0f ? positive + e.rounded : y;
}

/* log(sigmoid(x)) = -softplus(-x):  max 1.49 ULP (without FMA 1.72) */
FL_INLINE float fl_log_sigmoidf(float x)
{
    return -fl_softplusf(-x);
}

/*
 * With h = (exp(-2 |x|) - 1) / 2:   tanh |x| = q = -h / (1 + h),   and 1 / (1 + h) = 1 + q carries the tails
 * |x| > 10: 1 to the last bit
 * max 1.17 ULP (without FMA 1.23)
 */
FL_INLINE float fl_tanhf(float x)
{
    float size = fl_absf(x);
    size = size > 10.0f ? 10.0f : size;
    int tiny = size < 0x1p-60f;
    size = tiny ? 0.0f : size;
    fl_pairf h = fl_half_expm1f(-2.0f * size);
    float v = 1.0f + h.head;
    float v_tail = (h.head - (v - 1.0f)) + h.tail;
    float q = -h.head / v;
    float y = q - (h.tail + q * v_tail) * (1.0f + q);
    y = __builtin_copysignf(y, x);
    return tiny ? x : y;
}

/*
 * erf(x) = x + x P(x^2) for |x| < 3/4,  1 - e^(-x^2) G(t) beyond,  t = (|x| - 3) / (|x| + 3):  a quotient saves 8 terms
 * P, G: minimax, |error| <= 2^-28.9 erf(x).  |x| > 4: 1 to the last bit
 * max 1.98 ULP (without FMA 2.11)
 */
FL_INLINE float fl_erff(float x)
{
    float size = fl_absf(x);
    float small = size < 0.75f ? size : 0.75f;
    float z = size < 0x1p-60f ? 0.0f : small * small;
    float p = -0x1.61de7p-11f;
    p = fl_fmaf(p, z, 0x1.4f2c7ep-8f);
    p = fl_fmaf(p, z, -0x1.b7a896p-6f);
    p = fl_fmaf(p, z, 0x1.ce2acep-4f);
    p = fl_fmaf(p, z, -0x1.81273ap-2f);
    p = fl_fmaf(p, z, 0x1.06eba8p-3f);
    float near = fl_fmaf(size, p, size);

    float large = size > 4.0f ? 4.0f : (size > 0.75f ? size : 0.75f);
    float t = (large - 3.0f) / (large + 3.0f);
    float g = -0x1.9c78b6p-13f;
    g = fl_fmaf(g, t, -0x1.f2009ep-6f);
    g = fl_fmaf(g, t, 0x1.156a12p-4f);
    g = fl_fmaf(g, t, -0x1.36623cp-3f);
    g = fl_fmaf(g, t, 0x1.f66488p-3f);
    g = fl_fmaf(g, t, -0x1.4e1856p-2f);
    g = fl_fmaf(g, t, 0x1.6e977cp-3f);
    float square = large * large;
    fl_exp_partsf parts = fl_exp_reducef(-square, -fl_fmaf(large, large, -square));
    float bell = fl_from_bitsf(fl_bitsf(fl_fmaf(parts.r, fl_fmaf(parts.r, parts.q, 1.0f), 1.0f)) + parts.exponent);
    float y = size < 0.75f ? near : 1.0f - bell * g;
    return x == x ? __builtin_copysignf(y, x) : x;
}

/* ------------------------------------------------------------------------------------------------ float64 */

FL_INLINE uint64_t fl_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

FL_INLINE double fl_from_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#define FL_ONE_BITS 0x3ff0000000000000ull
#define FL_SQRT_HALF_BITS 0x3fe6a09e667f3bcdull
#define FL_TWO_TO_52_BITS 0x4330000000000000ull    /* | k: the double 2^52 + k; AVX2 cannot convert int64 to double */
#define FL_LN2_HEAD 0x1.62e42fefa38p-1        /* 42 bits: n * head is exact */
#define FL_LN2_TAIL 0x1.ef35793c7673p-45

/* exp(x) = 2^n e^(r + r_tail),  e^r = 1 + r + r^2 q;  exponent = n << 52, ready to be added to the bits of a double */
typedef struct {
    double r, r_tail, q;
    uint64_t exponent;
} fl_exp_parts;

/*
 * n = round(x / ln 2),  r = x - n ln 2 + correction,  |r| <= ln(2) / 2
 * e^r = 1 + r + r^2 q(r),   q: minimax, |error| <= 2^-61 |e^r - 1|
 * x + 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
 * NaN in, NaN out in r; otherwise |x| <= 746 is needed.
 */
FL_INLINE fl_exp_parts fl_exp_reduce(double x, double correction)
{
    double shifted = fl_fma(x, 0x1.71547652b82fep+0, 6755399441055744.0);
    double n = shifted - 6755399441055744.0;
    double coarse = fl_fma(n, -FL_LN2_HEAD, x);
    double fine = fl_fma(n, -FL_LN2_TAIL, correction);
    double r = coarse + fine;
    double r_tail = fine - (r - coarse);

    double r2 = r * r, r4 = r2 * r2;
    double q01 = fl_fma(0x1.5555555555559p-3, r, 0.5);
    double q23 = fl_fma(0x1.111111110f6c8p-7, r, 0x1.5555555555540p-5);
    double q45 = fl_fma(0x1.a01a01afd4245p-13, r, 0x1.6c16c16c1f06bp-10);
    double q67 = fl_fma(0x1.71ddf87e1eeb0p-19, r, 0x1.a01a017bca974p-16);
    double q89 = fl_fma(0x1.af5e760272790p-26, r, 0x1.27e5362563510p-22);
    double high = fl_fma(fl_fma(0x1.1ee890b0205ffp-29, r2, q89), r4, fl_fma(q67, r2, q45));
    double q = fl_fma(high, r4, fl_fma(q23, r2, q01));

    fl_exp_parts parts = {r, r_tail, q, fl_bits(shifted) << 52};
    return parts;
}

/*
 * The bits of p 2^n, rounded once, for 1/2 < p < 2 and n >= -1076; beyond the largest number they are above infinity's.
 * Where the result is subnormal, p 2^(n + 1022) is a normal number below 1; added to 1 it is rounded at the weight of
 * the smallest subnormal, and the low bits of the sum are the result. So no operation meets a subnormal operand or
 * result, which costs some processors 150 cycles. Of the two the right one is the larger integer: the other has lost
 * its exponent, or the bits below that of 1.
 */
FL_INLINE uint64_t fl_scale_down_bits(double p, uint64_t exponent)
{
    uint64_t normal = fl_bits(p) + exponent;
    uint64_t subnormal = fl_bits(fl_from_bits(normal + (1022ull << 52)) + 1.0) - FL_ONE_BITS;
    return (int64_t)normal > (int64_t)subnormal ? normal : subnormal;
}

/*
 * exp(hi + lo),  lo: the rounding error of hi, |lo| <= ulp(hi);   e^r = 1 + r (1 + r q)
 * hi = -inf gives 0, +inf gives inf, NaN gives NaN, whatever lo is (inf - m leaves a NaN in lo).
 * Otherwise lo must be small; a NaN in lo gives NaN.
 * max 0.94 ULP (without FMA 1.20)
 */
FL_INLINE double fl_exp_sum(double hi, double lo)
{
    lo = fl_abs(hi) <= 746.0 ? lo : 0.0;
    hi = hi < -746.0 ? -746.0 : hi;
    hi = hi > 710.0 ? 710.0 : hi;
    fl_exp_parts parts = fl_exp_reduce(hi, lo);
    double p = fl_fma(parts.r, fl_fma(parts.r, parts.q, 1.0), 1.0);
    uint64_t bits = fl_scale_down_bits(p, parts.exponent);
    bits = (int64_t)bits > 0x7ff0000000000000 ? 0x7ff0000000000000ull : bits;
    return p == p ? fl_from_bits(bits) : p;
}

/* exp(x) = exp(x + 0):  max 0.92 ULP (without FMA 1.20) */
FL_INLINE double fl_exp(double x)
{
    return fl_exp_sum(x, 0.0);
}

/* exp(-|x|): nothing can overflow.  max 0.92 ULP (without FMA 1.17) */
FL_INLINE double fl_exp_minus_abs(double x)
{
    double size = fl_abs(x);
    size = size > 746.0 ? 746.0 : size;
    fl_exp_parts parts = fl_exp_reduce(-size, 0.0);
    double p = fl_fma(parts.r, fl_fma(parts.r, parts.q, 1.0), 1.0);
    uint64_t bits = fl_scale_down_bits(p, parts.exponent);
    return p == p ? fl_from_bits(bits) : p;
}

/* log(1 + f + d) + n ln 2, as fl_log_coref;   G: minimax, |error| <= 2^-59 |log(1 + f)| */
FL_INLINE double fl_log_core(double f, double d, double n)
{
    double s = f / (2.0 + f);
    double z = s * s;
    double z2 = z * z;
    double g01 = fl_fma(0x1.999999997fe90p-2, z, 0x1.5555555555592p-1);
    double g23 = fl_fma(0x1.c71c5210cd675p-3, z, 0x1.24924941e70fep-2);
    double g45 = fl_fma(0x1.39a1dae75b483p-3, z, 0x1.74663d869a4cfp-3);
    double g = fl_fma(fl_fma(fl_fma(0x1.2f044028aeecep-3, z2, g45), z2, g23), z2, g01);
    double rest = fl_fma(-s, fl_fma(-z, g, f), fl_fma(-d, f, d));

    double base = n * FL_LN2_HEAD;
    double head = base + f;
    double tail = f - (head - base);
    return head + (tail + fl_fma(n, FL_LN2_TAIL, rest));
}

/*
 * x = 2^n (1 + f),  sqrt(1/2) <= 1 + f < sqrt(2);   1 + f is x with another exponent, so f is exact
 * A subnormal x is m 2^-1074: m put below the bits of 1 gives 1 + m 2^-52 = 1 + x 2^1022.
 * max 0.97 ULP (without FMA 0.97)
 */
FL_INLINE double fl_log(double x)
{
    uint64_t bits = fl_bits(x);
    uint64_t tiny_bits = fl_bits(fl_from_bits(bits | FL_ONE_BITS) - 1.0);
    int tiny = bits < 0x0010000000000000ull;
    bits = tiny ? tiny_bits : bits;
    uint64_t shifted = bits - FL_SQRT_HALF_BITS + FL_ONE_BITS;
    double bias = tiny ? 1023.0 + 1022.0 : 1023.0;
    double n = fl_from_bits((shifted >> 52) | FL_TWO_TO_52_BITS) - (0x1p52 + bias);
    double f = fl_from_bits(bits - (shifted & 0xfff0000000000000ull) + FL_ONE_BITS) - 1.0;
    double y = fl_log_core(f, 0.0, n);
    y = x < FL_INFINITY ? y : x;
    double outside = x == 0.0 ? -FL_INFINITY : FL_NAN;
    return x > 0.0 ? y : outside;
}

/*
 * 1 + x = 2^n (1 + f + d),   f + d = (2^-n - 1) + 2^-n x: each term exact, the sum with its rounding error
 * 4 * 2^-n is used because 2^-1024 is not a normal number.
 * max 0.92 ULP (without FMA 0.95)
 */
FL_INLINE double fl_log1p(double x)
{
    int tiny = fl_abs(x) < 0x1p-60;
    double x_or_zero = tiny ? 0.0 : x;
    uint64_t shifted = fl_bits(1.0 + x_or_zero) - FL_SQRT_HALF_BITS + FL_ONE_BITS;
    double n = fl_from_bits((shifted >> 52) | FL_TWO_TO_52_BITS) - (0x1p52 + 1023.0);
    double four_scale = fl_from_bits(0x8000000000000000ull - (shifted & 0xfff0000000000000ull));
    double a = fl_fma(four_scale, 0.25, -1.0);
    double b = four_scale * x_or_zero * 0.25;
    double f = a + b;
    double b_part = f - a;
    double d = (b - b_part) + (a - (f - b_part));
    double y = fl_log_core(f, d, n);
    y = x < FL_INFINITY ? y : x;
    y = tiny ? x : y;
    double outside = x == -1.0 ? -FL_INFINITY : FL_NAN;
    return x <= -1.0 ? outside : y;
}

/*
 * log(1 + f + d) - f,  0 <= f <= 1,  |d| <= ulp(f):   as fl_log1p_unit_restf
 * G: minimax, |error| <= 2^-59 |log(1 + f)|
 */
FL_INLINE double fl_log1p_unit_rest(double f, double d)
{
    double large = f < 0x1p-60 ? 0.0 : f;
    double s = large / (2.0 + large);
    double z = s * s, z2 = z * z, z4 = z2 * z2;
    double g01 = fl_fma(0x1.99999999a06c4p-2, z, 0x1.5555555555535p-1);
    double g23 = fl_fma(0x1.c71c741a01f2ap-3, z, 0x1.24924920911a0p-2);
    double g45 = fl_fma(0x1.3b1dd39bb88eep-3, z, 0x1.745cb45a6d475p-3);
    double g67 = fl_fma(0x1.efd17e0ec05adp-4, z, 0x1.10682fc5c8d16p-3);
    double g89 = fl_fma(0x1.5c5be370d4580p-3, z, 0x1.55cf9c3884486p-4);
    double g = fl_fma(fl_fma(g89, z4, fl_fma(g67, z2, g45)), z4, fl_fma(g23, z2, g01));
    return fl_fma(-s, fl_fma(-z, g, large), fl_fma(-0.5 * d, large, d));
}

/* log(1 + x) for 0 <= x <= 1:  max 1.30 ULP (without FMA 1.30) */
FL_INLINE double fl_log1p_unit(double x)
{
    return x + fl_log1p_unit_rest(x, 0.0);
}

/* an unevaluated sum */
typedef struct {
    double head, tail;
} fl_pair;

/*
 * (exp(x) - 1) / 2 = (2^(n-1) - 1/2) + 2^(n-1) (e^r - 1);   halved, because 2^1024 overflows
 * NaN in, NaN out in head;  -60 <= x <= 710 otherwise.
 */
FL_INLINE fl_pair fl_half_expm1(double x)
{
    fl_exp_parts parts = fl_exp_reduce(x, 0.0);
    double rise = parts.r * parts.q;
    double rest = fl_fma(rise, parts.r, parts.r);
    double rest_tail = fl_fma(rise, parts.r, parts.r - rest) + fl_fma(parts.r_tail, rest, parts.r_tail);
    double scale = fl_from_bits(parts.exponent + (1022ull << 52));
    double a = scale - 0.5;
    double a_part = a - scale;
    double a_tail = (scale - (a - a_part)) - (0.5 + a_part);
    double b = scale * rest;
    fl_pair y;
    y.head = a + b;
    y.tail = (b - (y.head - a)) + fl_fma(scale, rest_tail, a_tail);
    return y;
}

/* exp(x) - 1:  max 0.96 ULP (without FMA 1.03) */
FL_INLINE double fl_expm1(double x)
{
    int tiny = fl_abs(x) < 0x1p-60;
    double clamped = x < -60.0 ? -60.0 : x;
    clamped = tiny ? 0.0 : clamped;
    clamped = clamped > 710.0 ? 710.0 : clamped;
    fl_pair half = fl_half_expm1(clamped);
    double y = 2.0 * (half.head + half.tail);
    return tiny ? x : y;
}

/*
 * exp(-|x|) = head + tail for |x| <= 40, and head = tail = 0 beyond: their squares would be subnormal, and slow
 * rounded = exp(-|x|) as one number, for every x
 */
typedef struct {
    double head, tail, rounded;
} fl_decay;

FL_INLINE fl_decay fl_exp_decay(double x)
{
    double size = fl_abs(x);
    size = size > 746.0 ? 746.0 : size;
    fl_exp_parts parts = fl_exp_reduce(-size, 0.0);
    double slope = fl_fma(parts.r, parts.q, 1.0);
    double p = fl_fma(parts.r, slope, 1.0);
    double p_tail = fl_fma(parts.r, slope, 1.0 - p);
    double scale = fl_from_bits(parts.exponent + FL_ONE_BITS);
    scale = fl_abs(x) > 40.0 ? 0.0 : scale;
    fl_decay decay;
    decay.head = p * scale;
    decay.tail = p_tail * scale;
    decay.rounded = fl_from_bits(fl_scale_down_bits(p, parts.exponent));
    return decay;
}

/*
 * With e = exp(-|x|):   sigmoid(x) = 1 / (1 + e) for x >= 0,   e / (1 + e) for x < 0
 * (u + u') / (v + v') = q + (u' - q v') / v,  q = u / v;   1 / v = q for x >= 0, 1 - q for x < 0
 * |x| > 40: 1 and e to the last bit.
 * max 1.35 ULP (without FMA 1.60)
 */
FL_INLINE double fl_sigmoid(double x)
{
    fl_decay e = fl_exp_decay(x);
    double v = 1.0 + e.head;
    double v_tail = (e.head - (v - 1.0)) + e.tail;
    double u = x < 0.0 ? e.head : 1.0;
    double u_tail = x < 0.0 ? e.tail : 0.0;
    double q = u / v;
    double reciprocal = x < 0.0 ? 1.0 - q : q;
    double y = q + (u_tail - q * v_tail) * reciprocal;
    double limit = x < 0.0 ? e.rounded : 1.0;
    return fl_abs(x) > 40.0 ? limit : y;
}

/*
 * log(1 + e^x) = max(x, 0) + log(1 + e),  e = exp(-|x|)
 * max 1.60 ULP (without FMA 1.75)
 */
FL_INLINE double fl_softplus(double x)
{
    fl_decay e = fl_exp_decay(x);
    double positive = x > 0.0 ? x : 0.0;
    double larger = positive > e.head ? positive : e.head, smaller = positive > e.head ? e.head : positive;
    double head = larger + smaller;
    double tail = smaller - (head - larger);
    double y = head + (tail + fl_log1p_unit_rest(e.head, e.tail));
    return fl_abs(x) > 40.0 ? positive + e.rounded : y;
}

/* log(sigmoid(x)) = -softplus(-x):  max 1.60 ULP (without FMA 1.75) */
FL_INLINE double fl_log_sigmoid(double x)
{
    return -fl_softplus(-x);
}

/*
 * With h = (exp(-2 |x|) - 1) / 2:   tanh |x| = q = -h / (1 + h),   and 1 / (1 + h) = 1 + q carries the tails
 * |x| > 22: 1 to the last bit
 * max 1.29 ULP (without FMA 1.30)
 */
FL_INLINE double fl_tanh(double x)
{
    double size = fl_abs(x);
    size = size > 22.0 ? 22.0 : size;
    int tiny = size < 0x1p-60;
    size = tiny ? 0.0 : size;
    fl_pair h = fl_half_expm1(-2.0 * size);
    double v = 1.0 + h.head;
    double v_tail = (h.head - (v - 1.0)) + h.tail;
    double q = -h.head / v;
    double y = q - (h.tail + q * v_tail) * (1.0 + q);
    y = __builtin_copysign(y, x);
    return tiny ? x : y;
}

/*
 * erf(x) = x + x P(x^2) for |x| < 3/4,  1 - e^(-x^2) G(t) beyond,  t = (|x| - 3) / (|x| + 3):  a quotient saves 8 terms
 * P, G: minimax, |error| <= 2^-56.2 erf(x).  |x| > 6: 1 to the last bit
 * max 2.07 ULP (without FMA 2.26)
 */
FL_INLINE double fl_erf(double x)
{
    double size = fl_abs(x);
    double small = size < 0.75 ? size : 0.75;
    double z = size < 0x1p-60 ? 0.0 : small * small;
    double p = 0x1.89e449ae7fe4p-27;
    p = fl_fma(p, z, -0x1.5641e23dbb51ep-23);
    p = fl_fma(p, z, 0x1.b90cc4a8efe35p-20);
    p = fl_fma(p, z, -0x1.f4c5b37f6c0e9p-17);
    p = fl_fma(p, z, 0x1.f9a2ad77916dbp-14);
    p = fl_fma(p, z, -0x1.c02db110c0b51p-11);
    p = fl_fma(p, z, 0x1.565bcd03118f2p-8);
    p = fl_fma(p, z, -0x1.b82ce312556d3p-6);
    p = fl_fma(p, z, 0x1.ce2f21a042473p-4);
    p = fl_fma(p, z, -0x1.812746b0379e1p-2);
    p = fl_fma(p, z, 0x1.06eba8214db69p-3);
    double near = fl_fma(size, p, size);

    double large = size > 6.0 ? 6.0 : (size > 0.75 ? size : 0.75);
    double t = (large - 3.0) / (large + 3.0);
    double g = -0x1.60e317d67e9dbp-19;
    g = fl_fma(g, t, -0x1.0965751f863a7p-16);
    g = fl_fma(g, t, -0x1.5d877c7a6aba5p-16);
    g = fl_fma(g, t, 0x1.eb47b7620867bp-15);
    g = fl_fma(g, t, 0x1.655bb930a3251p-15);
    g = fl_fma(g, t, -0x1.39821cf92a871p-11);
    g = fl_fma(g, t, 0x1.72f3278e252bdp-11);
    g = fl_fma(g, t, 0x1.17c7a76ed6a2cp-8);
    g = fl_fma(g, t, -0x1.8fa591f4c97cbp-6);
    g = fl_fma(g, t, 0x1.258b13ac412b6p-4);
    g = fl_fma(g, t, -0x1.336ffbee73a83p-3);
    g = fl_fma(g, t, 0x1.f6ff2041139eep-3);
    g = fl_fma(g, t, -0x1.4e102b9cf81fep-2);
    g = fl_fma(g, t, 0x1.6e9827d229d2cp-3);
    double square = large * large;
    fl_exp_parts parts = fl_exp_reduce(-square, -fl_fma(large, large, -square));
    double bell = fl_from_bits(fl_bits(fl_fma(parts.r, fl_fma(parts.r, parts.q, 1.0), 1.0)) + parts.exponent);
    double y = size < 0.75 ? near : 1.0 - bell * g;
    return x == x ? __builtin_copysign(y, x) : x;
}

#endif
