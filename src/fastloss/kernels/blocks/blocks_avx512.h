/* The sweeps whose speed compilers do not reach: intrinsics, level v4 only. The file includes itself
 * once for each type.
 *
 * exp(x - m) is formed without the difference. With c = ln(2) / 32 (double: / 16), n = round(x / c), k = round(m / c):
 *
 *     r = x - n c,  s = m - k c                    each exact to 2^-31 (2^-60), by two FMAs
 *     exp(x - m) = 2^((n - k) / 32) exp(r - s)     |r - s| <= c
 *     2^((n - k) / 32) = T[(n - k) mod 32] 2^floor((n - k) / 32)
 *
 * so that neither x - m nor its rounding error is needed, and x = m gives exactly 1. T lies in two registers, scalef
 * multiplies by the power of two and rounds a subnormal once. exp(t) = 1 + t + t^2 q(t), q minimax on |t| <= c, error
 * 0.03 ULP; the result is within 1.1 ULP. Measured, in cache: 0.12 ns an element, the general primitive 0.45. */
#ifndef FL_REAL

#ifndef FASTLOSS_BLOCKS_AVX512_H
#define FASTLOSS_BLOCKS_AVX512_H
#include <immintrin.h>

static const float fl_table_f32[32] = { /* 2^(j / 32) */
    0x1.000000p+0f, 0x1.059b0ep+0f, 0x1.0b5586p+0f, 0x1.11301ep+0f, 0x1.172b84p+0f, 0x1.1d4874p+0f, 0x1.2387a6p+0f, 0x1.29e9e0p+0f,
    0x1.306fe0p+0f, 0x1.371a74p+0f, 0x1.3dea64p+0f, 0x1.44e086p+0f, 0x1.4bfdaep+0f, 0x1.5342b6p+0f, 0x1.5ab07ep+0f, 0x1.6247ecp+0f,
    0x1.6a09e6p+0f, 0x1.71f75ep+0f, 0x1.7a1148p+0f, 0x1.82589ap+0f, 0x1.8ace54p+0f, 0x1.93737cp+0f, 0x1.9c4918p+0f, 0x1.a5503cp+0f,
    0x1.ae89fap+0f, 0x1.b7f770p+0f, 0x1.c199bep+0f, 0x1.cb720ep+0f, 0x1.d5818ep+0f, 0x1.dfc974p+0f, 0x1.ea4afap+0f, 0x1.f50766p+0f,
};
static const double fl_table_f64[16] = { /* 2^(j / 16) */
    0x1.0000000000000p+0, 0x1.0b5586cf9890fp+0, 0x1.172b83c7d517bp+0, 0x1.2387a6e756238p+0,
    0x1.306fe0a31b715p+0, 0x1.3dea64c123422p+0, 0x1.4bfdad5362a27p+0, 0x1.5ab07dd485429p+0,
    0x1.6a09e667f3bcdp+0, 0x1.7a11473eb0187p+0, 0x1.8ace5422aa0dbp+0, 0x1.9c49182a3f090p+0,
    0x1.ae89f995ad3adp+0, 0x1.c199bdd85529cp+0, 0x1.d5818dcfba487p+0, 0x1.ea4afa2a490dap+0,
};

/* What the rounded powers lack, so that exp alone is within 0.76 ULP. */
static const float fl_table_tail_f32[32] = {
    0.0f, -0x1.9d4f52p-25f, 0x1.9f3122p-25f, -0x1.fdb496p-25f, -0x1.c15742p-27f, -0x1.d2e8cap-25f,
    0x1.ceac48p-25f, -0x1.5c0424p-25f, 0x1.4636e2p-25f, -0x1.18aac6p-25f, 0x1.824684p-25f, 0x1.8624b4p-30f,
    -0x1.593abcp-25f, -0x1.2c561p-25f, -0x1.5bd5ecp-27f, -0x1.f8b55p-25f, 0x1.9fcef4p-26f, 0x1.1d8beep-25f,
    -0x1.829fdp-25f, -0x1.accc7cp-26f, 0x1.15506ep-27f, -0x1.e64744p-25f, 0x1.51f848p-27f, -0x1.b83b54p-25f,
    -0x1.a94b14p-26f, -0x1.a09438p-25f, -0x1.3d56b2p-27f, -0x1.8837ccp-27f, -0x1.822dbcp-27f, -0x1.908c94p-25f,
    0x1.52486cp-27f, -0x1.246ebp-26f,
};
static const double fl_table_tail_f64[16] = {
    0.0, 0x1.8a62e4adc610bp-54, -0x1.19041b9d78a76p-55, 0x1.9b07eb6c70573p-54,
    0x1.6f46ad23182e4p-55, 0x1.ada0911f09ebcp-55, 0x1.d4397afec42e2p-56, 0x1.6324c054647adp-54,
    -0x1.bdd3413b26456p-54, -0x1.41577ee04992fp-55, 0x1.6e9f156864b27p-54, 0x1.c7c46b071f2bep-56,
    0x1.7a1cd345dcc81p-54, 0x1.11065895048ddp-55, 0x1.2ed02d75b3707p-55, -0x1.e9c23179c2893p-54,
};

/* Logarithms, float32 alone. x = 2^n m, 0.75 <= m < 1.5, and of the 32 parts of that interval, told apart by the first five bits
 * of the fraction, each has a c near 1 / m:
 *
 *     log(x) = n ln(2) - log(c) + log(1 + f),  f = m c - 1,  |f| < 1/31
 *
 * Next to 1 c is 1 and f exact. The other c are chosen so that log(c) is nearly a float: it is right to 0.001 ULP. */
static const float fl_log_inverse_f32[32] = { /* c */
    0x1.000000p+0f, 0x1.e92c00p-1f, 0x1.da4400p-1f, 0x1.ce3800p-1f, 0x1.c04800p-1f, 0x1.b5a000p-1f, 0x1.a8d400p-1f, 0x1.9ef000p-1f,
    0x1.93b800p-1f, 0x1.890800p-1f, 0x1.820800p-1f, 0x1.7aa800p-1f, 0x1.711c00p-1f, 0x1.68e000p-1f, 0x1.5fac00p-1f, 0x1.5a6000p-1f,
    0x1.52d600p+0f, 0x1.4ad400p+0f, 0x1.43bc00p+0f, 0x1.3f4c00p+0f, 0x1.37fc00p+0f, 0x1.31c800p+0f, 0x1.2dda00p+0f, 0x1.277800p+0f,
    0x1.210000p+0f, 0x1.1bb600p+0f, 0x1.191800p+0f, 0x1.136e00p+0f, 0x1.0eb000p+0f, 0x1.0b1c00p+0f, 0x1.059600p+0f, 0x1.000000p+0f,
};
static const float fl_log_table_f32[32] = { /* -log(c) */
    0.0f, 0x1.75a49ap-5f, 0x1.3993e8p-4f, 0x1.a2f706p-4f, 0x1.102fdep-3f, 0x1.41756cp-3f, 0x1.7e3d16p-3f, 0x1.ae7b9ep-3f,
    0x1.e69e0ep-3f, 0x1.0ec82ep-2f, 0x1.212f1ep-2f, 0x1.34efc0p-2f, 0x1.4f15cep-2f, 0x1.663022p-2f, 0x1.80a41ep-2f, 0x1.902e90p-2f,
    -0x1.1f1114p-2f, -0x1.06935ep-2f, -0x1.e0c276p-3f, -0x1.c47e38p-3f, -0x1.950b68p-3f, -0x1.6bea10p-3f, -0x1.516c9cp-3f, -0x1.25a75ep-3f,
    -0x1.f0a30cp-4f, -0x1.a4fb04p-4f, -0x1.7f052ep-4f, -0x1.2ba482p-4f, -0x1.c90306p-5f, -0x1.5c00a4p-5f, -0x1.61a7cep-6f, 0.0f,
};
/* log(1 + x) = log(1 + j / 16) + log(1 + f),  f = (x - j / 16) / (1 + j / 16),  0 <= x <= 1 */
static const float fl_unit_inverse_f32[32] = { /* 1 / (1 + j / 16) */
    0x1.000000p+0f, 0x1.e1e1e2p-1f, 0x1.c71c72p-1f, 0x1.af286cp-1f, 0x1.99999ap-1f, 0x1.861862p-1f, 0x1.745d18p-1f, 0x1.642c86p-1f,
    0x1.555556p-1f, 0x1.47ae14p-1f, 0x1.3b13b2p-1f, 0x1.2f684cp-1f, 0x1.24924ap-1f, 0x1.1a7b96p-1f, 0x1.111112p-1f, 0x1.084210p-1f,
    0x1.000000p-1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
};
static const float fl_unit_table_f32[32] = { /* log(1 + j / 16) */
    0.0f, 0x1.f0a30cp-5f, 0x1.e27076p-4f, 0x1.5ff308p-3f, 0x1.c8ff7cp-3f, 0x1.1675cap-2f, 0x1.4618bcp-2f, 0x1.739d80p-2f,
    0x1.9f323ep-2f, 0x1.c8ff7cp-2f, 0x1.f128f6p-2f, 0x1.0be72ep-1f, 0x1.1e85f6p-1f, 0x1.307d74p-1f, 0x1.41d8fep-1f, 0x1.52a2d2p-1f,
    0x1.62e430p-1f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
};
static const float fl_unit_tail_f32[32] = { /* what its rounding lost */
    0.0f, 0x1.162a66p-37f, 0x1.c55e5cp-29f, -0x1.eb0d86p-28f, 0x1.e6a688p-29f, 0x1.7574c2p-27f, 0x1.0e2f62p-29f, -0x1.288600p-27f,
    0x1.97f30ap-27f, 0x1.e6a688p-28f, -0x1.43e44ep-32f, 0x1.094aa0p-27f, -0x1.8fbf30p-29f, -0x1.961de8p-26f, 0x1.08ce56p-26f, 0x1.96f16ap-27f,
    -0x1.05c610p-29f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
    0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
};

enum {
    FL_OF_LOG = 0x03530422 /* what fixupimm makes of what log is asked of: -inf of 0, inf of inf, NaN of what is below 0 */
};

typedef struct {
    __m512 inverse_low, inverse_high, log_low, log_high;
} fl_logs;

FL_INLINE fl_logs fl_logs_avx512(const float *inverse, const float *table)
{
    fl_logs logs = {
        _mm512_loadu_ps(inverse), _mm512_loadu_ps(inverse + 16), _mm512_loadu_ps(table), _mm512_loadu_ps(table + 16),
    };
    return logs;
}

/* log(1 + f),  |f| <= 1/31:  f + f^2 q(f), q minimax, |error| <= 2^-31 of the result. f^2 alone might be subnormal, and slow. */
FL_INLINE __m512 fl_log_near_avx512(__m512 f)
{
    __m512 q = _mm512_fmadd_ps(_mm512_set1_ps(0x1.9a059cp-3f), f, _mm512_set1_ps(-0x1.003a48p-2f));
    q = _mm512_fmadd_ps(q, f, _mm512_set1_ps(0x1.555552p-2f));
    q = _mm512_fmadd_ps(q, f, _mm512_set1_ps(-0x1.fffffcp-2f));
    return _mm512_fmadd_ps(_mm512_mul_ps(q, f), f, f);
}

/* n ln(2) - log(c) + log(1 + f),  and what log makes of x where that is no number */
FL_INLINE __m512 fl_log_sum_avx512(const fl_logs *logs, __m512i part, __m512 n, __m512 f, __m512 x)
{
    __m512 of_c = _mm512_permutex2var_ps(logs->log_low, part, logs->log_high);
    __m512 head = _mm512_fmadd_ps(n, _mm512_set1_ps(FL_LN2_HEADF), of_c);
    __m512 rest = _mm512_fmadd_ps(n, _mm512_set1_ps(FL_LN2_TAILF), fl_log_near_avx512(f));
    return _mm512_fixupimm_ps(_mm512_add_ps(head, rest), x, _mm512_set1_epi32(FL_OF_LOG), 0);
}

FL_INLINE __m512 fl_log_avx512(const fl_logs *logs, __m512 x)
{
    __m512 m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_src), n = _mm512_getexp_ps(x), one = _mm512_set1_ps(1.0f);
    n = _mm512_mask_add_ps(n, _mm512_cmp_ps_mask(m, one, _CMP_LT_OQ), n, one);
    __m512i part = _mm512_srli_epi32(_mm512_castps_si512(m), 18);
    __m512 f = _mm512_fmsub_ps(m, _mm512_permutex2var_ps(logs->inverse_low, part, logs->inverse_high), one);
    return fl_log_sum_avx512(logs, part, n, f, x);
}

/* log(1 + x):  f = (1 + x) 2^-n c - 1 = x (2^-n c) + (2^-n c - 1), where the difference is exact as long as that matters: c has
 * 16 bits. Four times 2^-n is used, and c / 4: 2^-127 is not a normal number. */
FL_INLINE __m512 fl_log1p_avx512(const fl_logs *logs, __m512 x)
{
    __m512 one = _mm512_set1_ps(1.0f), sum = _mm512_add_ps(one, x);
    __m512i bits = _mm512_castps_si512(sum), shifted = _mm512_sub_epi32(bits, _mm512_set1_epi32(0x3f400000)); /* 0.75 */
    __m512i part = _mm512_srli_epi32(bits, 18), exponent = _mm512_and_si512(shifted, _mm512_set1_epi32((int)0xff800000));
    __m512 n = _mm512_cvtepi32_ps(_mm512_srai_epi32(shifted, 23));
    __m512 scale = _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_set1_epi32(0x40800000), exponent));
    __m512 c = _mm512_mul_ps(_mm512_permutex2var_ps(logs->inverse_low, part, logs->inverse_high), _mm512_set1_ps(0.25f));
    __m512 scaled = _mm512_mul_ps(scale, c);
    return fl_log_sum_avx512(logs, part, n, _mm512_fmadd_ps(x, scaled, _mm512_sub_ps(scaled, one)), sum);
}

/* log(1 + x),  0 <= x <= 1:  x + 1.5 2^23 / 16 has j in its low bits. Beyond it is what the bits make of it; NaN stays. */
FL_INLINE __m512 fl_log1p_unit_avx512(const fl_logs *logs, __m512 tail_low, __m512 tail_high, __m512 x)
{
    __m512 shifted = _mm512_add_ps(x, _mm512_set1_ps(786432.0f));
    __m512 d = _mm512_sub_ps(x, _mm512_sub_ps(shifted, _mm512_set1_ps(786432.0f)));
    __m512i part = _mm512_castps_si512(shifted);
    __m512 f = _mm512_mul_ps(d, _mm512_permutex2var_ps(logs->inverse_low, part, logs->inverse_high));
    __m512 rest = _mm512_add_ps(_mm512_permutex2var_ps(tail_low, part, tail_high), fl_log_near_avx512(f));
    return _mm512_add_ps(_mm512_permutex2var_ps(logs->log_low, part, logs->log_high), rest);
}

/* exp(x) - 1 = (2^n T - 1) + 2^n (T rise + tail of T), the difference with what its rounding lost; where x is large, 1 from exp(x) */
FL_INLINE __m512 fl_expm1_avx512(__m512 low, __m512 high, __m512 tail_low, __m512 tail_high, __m512 x)
{
    __m512 one = _mm512_set1_ps(1.0f), magic = _mm512_set1_ps(393216.0f);
    x = _mm512_min_ps(_mm512_set1_ps(105.0f), _mm512_max_ps(_mm512_set1_ps(-40.0f), x)); /* a NaN, second, stays */
    __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p+0f), magic), n = _mm512_sub_ps(shifted, magic);
    __m512 t = _mm512_fnmadd_ps(n, _mm512_set1_ps(-0x1.05c610p-29f), _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e430p-1f), x));
    __m512i place = _mm512_castps_si512(shifted);
    __m512 power = _mm512_permutex2var_ps(low, place, high), tail = _mm512_permutex2var_ps(tail_low, place, tail_high);
    __m512 q = _mm512_fmadd_ps(t, _mm512_set1_ps(0x1.555556p-5f), _mm512_set1_ps(0x1.555556p-3f));
    q = _mm512_fmadd_ps(t, q, _mm512_set1_ps(0.5f));
    __m512 rise = _mm512_fmadd_ps(_mm512_fmadd_ps(_mm512_mul_ps(q, t), t, t), power, tail);
    __m512 whole = _mm512_scalef_ps(power, n), rest = _mm512_scalef_ps(rise, n);
    __m512 d = _mm512_sub_ps(whole, one), part = _mm512_sub_ps(d, whole);
    __m512 lost = _mm512_sub_ps(_mm512_sub_ps(whole, _mm512_sub_ps(d, part)), _mm512_add_ps(one, part));
    __m512 y = _mm512_add_ps(d, _mm512_add_ps(rest, lost));
    __mmask16 large = _mm512_cmp_ps_mask(x, _mm512_set1_ps(40.0f), _CMP_GT_OQ);
    return _mm512_mask_mov_ps(y, large, _mm512_scalef_ps(_mm512_add_ps(power, rise), n));
}

/* e^-|x| = head + tail: as fl_exp_avx512, and what the last rounding lost; the tail of a subnormal number is 0. */
static __attribute__((noinline)) void fl_avx512_exp_minus_abs_pair_f32(const float *from, float *to, float *tails, ptrdiff_t n)
{
    __m512 low = _mm512_loadu_ps(fl_table_f32), high = _mm512_loadu_ps(fl_table_f32 + 16);
    __m512 tail_low = _mm512_loadu_ps(fl_table_tail_f32), tail_high = _mm512_loadu_ps(fl_table_tail_f32 + 16);
    __m512 magic = _mm512_set1_ps(393216.0f);
    for (ptrdiff_t i = 0; i < n; i += 16) {
        __mmask16 left = (__mmask16)(n - i >= 16 ? -1 : (1 << (n - i)) - 1);
        __m512 x = _mm512_or_ps(_mm512_maskz_loadu_ps(left, from + i), _mm512_set1_ps(-0.0f));
        __mmask16 reached = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-105.0f), _CMP_NLT_UQ); /* NaN too */
        __mmask16 normal = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.25f), _CMP_GT_OQ);
        __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p+0f), magic), n_of = _mm512_sub_ps(shifted, magic);
        __m512 t = _mm512_fnmadd_ps(n_of, _mm512_set1_ps(0x1.62e430p-1f), x);
        __m512 reduced = _mm512_fnmadd_ps(n_of, _mm512_set1_ps(-0x1.05c610p-29f), t);
        __m512i place = _mm512_castps_si512(shifted);
        __m512 power = _mm512_permutex2var_ps(low, place, high), rest = _mm512_permutex2var_ps(tail_low, place, tail_high);
        __m512 q = _mm512_fmadd_ps(reduced, _mm512_set1_ps(0x1.555556p-5f), _mm512_set1_ps(0x1.555556p-3f));
        q = _mm512_fmadd_ps(reduced, q, _mm512_set1_ps(0.5f));
        __m512 rise = _mm512_fmadd_ps(_mm512_mul_ps(q, reduced), reduced, reduced);
        __m512 added = _mm512_fmadd_ps(rise, power, rest), sum = _mm512_add_ps(power, added);
        __m512 lost = _mm512_sub_ps(added, _mm512_sub_ps(sum, power));
        _mm512_mask_storeu_ps(to + i, left, _mm512_maskz_scalef_ps(reached, sum, n_of));
        _mm512_mask_storeu_ps(tails + i, left, _mm512_maskz_scalef_ps(normal, lost, n_of));
    }
}

#define FL_SWEEP(name, tables, result)                                                                                  \
    static __attribute__((noinline)) void fl_avx512_##name##_f32(const float *from, float *to, ptrdiff_t n)                                \
    {                                                                                                                   \
        tables;                                                                                                         \
        ptrdiff_t i = 0;                                                                                                \
        for (; i + 16 <= n; i += 16) {                                                                                  \
            __m512 x = _mm512_loadu_ps(from + i);                                                                       \
            _mm512_storeu_ps(to + i, result);                                                                           \
        }                                                                                                               \
        if (i < n) {                                                                                                    \
            __mmask16 left = (__mmask16)((1 << (n - i)) - 1);                                                           \
            __m512 x = _mm512_maskz_loadu_ps(left, from + i);                                                           \
            _mm512_mask_storeu_ps(to + i, left, result);                                                                \
        }                                                                                                               \
    }
FL_SWEEP(log, fl_logs logs = fl_logs_avx512(fl_log_inverse_f32, fl_log_table_f32), fl_log_avx512(&logs, x))
FL_SWEEP(log1p, fl_logs logs = fl_logs_avx512(fl_log_inverse_f32, fl_log_table_f32), fl_log1p_avx512(&logs, x))
FL_SWEEP(log1p_unit,
         fl_logs logs = fl_logs_avx512(fl_unit_inverse_f32, fl_unit_table_f32);
         __m512 low = _mm512_loadu_ps(fl_unit_tail_f32); __m512 high = _mm512_loadu_ps(fl_unit_tail_f32 + 16),
         fl_log1p_unit_avx512(&logs, low, high, x))
FL_SWEEP(expm1,
         __m512 low = _mm512_loadu_ps(fl_table_f32); __m512 high = _mm512_loadu_ps(fl_table_f32 + 16);
         __m512 tail_low = _mm512_loadu_ps(fl_table_tail_f32); __m512 tail_high = _mm512_loadu_ps(fl_table_tail_f32 + 16),
         fl_expm1_avx512(low, high, tail_low, tail_high, x))
#undef FL_SWEEP

static const int32_t fl_lanes_f32[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const int64_t fl_lanes_f64[8] = {0, 1, 2, 3, 4, 5, 6, 7};

/* exp(t) - 1 */
FL_INLINE __m512 fl_rise_f32(__m512 t)
{
    __m512 q = _mm512_fmadd_ps(t, _mm512_set1_ps(0x1.55573ep-3f), _mm512_set1_ps(0x1.000220p-1f));
    return _mm512_fmadd_ps(_mm512_mul_ps(t, t), q, t);
}
FL_INLINE __m512d fl_rise_f64(__m512d t)
{
    __m512d square = _mm512_mul_pd(t, t);
    __m512d q01 = _mm512_fmadd_pd(t, _mm512_set1_pd(0x1.555555555565ep-3), _mm512_set1_pd(0x1.000000000010fp-1));
    __m512d q23 = _mm512_fmadd_pd(t, _mm512_set1_pd(0x1.11111107da259p-7), _mm512_set1_pd(0x1.55555547f87f9p-5));
    __m512d q45 = _mm512_fmadd_pd(t, _mm512_set1_pd(0x1.a020759744028p-13), _mm512_set1_pd(0x1.6c1cc14f81409p-10));
    return _mm512_fmadd_pd(square, _mm512_fmadd_pd(_mm512_fmadd_pd(q45, square, q23), square, q01), t);
}

/* The sum of the lanes' doubles, pairwise as fl_add_lanes does. */
FL_INLINE double fl_add_registers_avx512(__m512d *lane, int registers)
{
    /* A loop over widths that halve gcc does not unroll: the lanes lay in memory, and took half of the time of 30 classes. */
    if (registers >= 8)
        for (int j = 0; j < 4; j++) lane[j] = _mm512_add_pd(lane[j], lane[j + 4]);
    if (registers >= 4)
        for (int j = 0; j < 2; j++) lane[j] = _mm512_add_pd(lane[j], lane[j + 2]);
    if (registers >= 2) lane[0] = _mm512_add_pd(lane[0], lane[1]);
    __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(lane[0]), _mm512_extractf64x4_pd(lane[0], 1));
    __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

/* 64 doubles, in 8 registers, += 64 floats, in 4, which become 0: see FL_RUN in blocks.h. */
FL_INLINE void fl_flush_f32(__m512d *lane, __m512 *sum)
{
    for (int j = 0; j < 4; j++) {
        lane[2 * j] = _mm512_add_pd(lane[2 * j], _mm512_cvtps_pd(_mm512_castps512_ps256(sum[j])));
        lane[2 * j + 1] = _mm512_add_pd(lane[2 * j + 1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(sum[j], 1)));
        sum[j] = _mm512_setzero_ps();
    }
}
/* Numbers as doubles: one register or two. */
FL_INLINE void fl_as_doubles_f32(__m512d *wide, __m512 x)
{
    wide[0] = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    wide[1] = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}
FL_INLINE void fl_as_doubles_f64(__m512d *wide, __m512d x) { wide[0] = x; }
FL_INLINE void fl_flush_f64(__m512d *lane, __m512d *sum)
{
    for (int j = 0; j < 4; j++) {
        lane[j] = _mm512_add_pd(lane[j], sum[j]);
        sum[j] = _mm512_setzero_pd();
    }
}

#define FL_REAL float
#define FL_NAME(name) name##_f32
#define FL_V(name) _mm512_##name##_ps
#define FL_VECTOR __m512
#define FL_MASK __mmask16
#define FL_WIDTH 16
#define FL_COMPARE _mm512_cmp_ps_mask
#define FL_AS_INDEX _mm512_castps_si512
#define FL_I(name) _mm512_##name##_epi32
#define FL_I_GE _mm512_cmpge_epi32_mask
#define FL_MAGIC 393216.0f /* 1.5 2^23 / 32: a sum with it is a whole number of 32nds */
#define FL_INVERSE_LN2 0x1.715476p+0f
#define FL_LN2_HIGH 0x1.62e430p-1f
#define FL_LN2_LOW (-0x1.05c610p-29f)
#define FL_REACH 105.0f  /* exp(-105) is less than half of the smallest subnormal number */
#include "blocks/blocks_avx512.h"
#undef FL_REAL
#undef FL_NAME
#undef FL_V
#undef FL_VECTOR
#undef FL_MASK
#undef FL_WIDTH
#undef FL_COMPARE
#undef FL_AS_INDEX
#undef FL_I
#undef FL_I_GE
#undef FL_MAGIC
#undef FL_INVERSE_LN2
#undef FL_LN2_HIGH
#undef FL_LN2_LOW
#undef FL_REACH

#define FL_REAL double
#define FL_NAME(name) name##_f64
#define FL_V(name) _mm512_##name##_pd
#define FL_VECTOR __m512d
#define FL_MASK __mmask8
#define FL_WIDTH 8
#define FL_COMPARE _mm512_cmp_pd_mask
#define FL_AS_INDEX _mm512_castpd_si512
#define FL_I(name) _mm512_##name##_epi64
#define FL_I_GE _mm512_cmpge_epi64_mask
#define FL_MAGIC 422212465065984.0 /* 1.5 2^52 / 16 */
#define FL_INVERSE_LN2 0x1.71547652b82fep+0
#define FL_LN2_HIGH 0x1.62e42fefa39efp-1
#define FL_LN2_LOW 0x1.abc9e3b39803fp-56
#define FL_REACH 746.0
#include "blocks/blocks_avx512.h"
#undef FL_REAL
#undef FL_NAME
#undef FL_V
#undef FL_VECTOR
#undef FL_MASK
#undef FL_WIDTH
#undef FL_COMPARE
#undef FL_AS_INDEX
#undef FL_I
#undef FL_I_GE
#undef FL_MAGIC
#undef FL_INVERSE_LN2
#undef FL_LN2_HIGH
#undef FL_LN2_LOW
#undef FL_REACH

/* Largest |m| of the sweep without the difference: beyond it n needs more bits than the magic number leaves. */
#define FL_AVX512_LARGEST_f32 9e4f
#define FL_AVX512_LARGEST_f64 1e9
#endif

#else /* the sweeps, for FL_REAL */

/* shifted: n ln(2) is x but for r, and the low bits of shifted are those of n in units of the table's step */
#define FL_REDUCE(x, shifted, r)                                                                       \
    FL_VECTOR shifted = FL_V(fmadd)(x, FL_V(set1)(FL_INVERSE_LN2), FL_V(set1)(FL_MAGIC));              \
    FL_VECTOR r;                                                                                       \
    {                                                                                                  \
        FL_VECTOR n = FL_V(sub)(shifted, FL_V(set1)(FL_MAGIC));                                        \
        r = FL_V(fnmadd)(n, FL_V(set1)(FL_LN2_HIGH), x);                                               \
        r = FL_V(fnmadd)(n, FL_V(set1)(FL_LN2_LOW), r);                                                \
    }

/* 2^places e^t, places as FL_REDUCE leaves them; 0 where it is out of reach, whatever t is there: some processors take 150
 * cycles for a result that underflows, and masked logits are whole rows of them. */
FL_INLINE FL_VECTOR FL_NAME(fl_power_avx512)(FL_MASK reached, FL_VECTOR table_low, FL_VECTOR table_high, FL_VECTOR places, FL_VECTOR t)
{
    FL_VECTOR power = FL_V(permutex2var)(table_low, FL_AS_INDEX(places), table_high);
    FL_VECTOR q = FL_V(fmadd)(FL_NAME(fl_rise)(t), power, power);
    return FL_V(maskz_scalef)(reached, q, FL_V(sub)(places, FL_V(set1)(FL_MAGIC)));
}

typedef struct {
    FL_VECTOR table_low, table_high, m, lowest, k, s;
} FL_NAME(fl_row);

FL_INLINE FL_NAME(fl_row) FL_NAME(fl_row_avx512)(FL_VECTOR m)
{
    FL_NAME(fl_row) row;
    FL_REDUCE(m, shifted, s)
    row.table_low = FL_V(loadu)(FL_NAME(fl_table));
    row.table_high = FL_V(loadu)(FL_NAME(fl_table) + FL_WIDTH);
    row.m = m;
    row.lowest = FL_V(sub)(m, FL_V(set1)(FL_REACH));
    row.k = FL_V(sub)(shifted, FL_V(set1)(FL_MAGIC));
    row.s = s;
    return row;
}

FL_INLINE FL_VECTOR FL_NAME(fl_exp_below_avx512)(const FL_NAME(fl_row) *row, FL_VECTOR x)
{
    FL_MASK reached = FL_COMPARE(x, row->lowest, _CMP_NLT_UQ); /* NaN too */
    FL_REDUCE(x, shifted, r)
    return FL_NAME(fl_power_avx512)(reached, row->table_low, row->table_high, FL_V(sub)(shifted, row->k), FL_V(sub)(r, row->s));
}

/* The same for the rows of a tile, each with its own m, which may be of any size: the difference and its rounding error
 * (fl_difference) are reduced together. `divided`: both times inverse + inverse_tail. */
FL_INLINE FL_VECTOR FL_NAME(fl_exp_difference_avx512)(FL_VECTOR table_low, FL_VECTOR table_high, FL_VECTOR x, FL_VECTOR m,
                                                      FL_VECTOR inverse, FL_VECTOR inverse_tail, int divided)
{
    FL_VECTOR u = FL_V(sub)(FL_V(setzero)(), m);
    FL_VECTOR high = FL_V(min)(u, x), low = FL_V(max)(u, x); /* x second: a NaN stays */
    FL_VECTOR d = FL_V(add)(high, low);
    FL_VECTOR error = FL_V(sub)(low, FL_V(sub)(d, high));
    if (divided) {
        FL_VECTOR quotient = FL_V(mul)(d, inverse);
        error = FL_V(fmadd)(error, inverse, FL_V(fmadd)(d, inverse_tail, FL_V(fmsub)(d, inverse, quotient)));
        d = quotient;
    }
    FL_MASK reached = FL_COMPARE(d, FL_V(set1)(-FL_REACH), _CMP_NLT_UQ); /* NaN too */
    FL_REDUCE(d, shifted, r)
    return FL_NAME(fl_power_avx512)(reached, table_low, table_high, shifted, FL_V(add)(r, error));
}

typedef struct {
    FL_VECTOR low, high, tail_low, tail_high;
} FL_NAME(fl_powers);

/* exp(x), or exp(-|x|): x is a number as it is given, so that its reduction is all there is to carry, and what the table's
 * numbers lack. Beyond the clamp scalef makes infinity of it. */
FL_INLINE FL_VECTOR FL_NAME(fl_exp_avx512)(const FL_NAME(fl_powers) *table, FL_VECTOR x, int minus_abs)
{
    if (minus_abs) x = FL_V(or)(x, FL_V(set1)((FL_REAL)-0.0));
    else x = FL_V(min)(FL_V(set1)(FL_REACH), x); /* the second operand where one is NaN: NaN stays */
    FL_MASK reached = FL_COMPARE(x, FL_V(set1)(-FL_REACH), _CMP_NLT_UQ); /* NaN too */
    FL_REDUCE(x, shifted, t)
    FL_VECTOR power = FL_V(permutex2var)(table->low, FL_AS_INDEX(shifted), table->high);
    FL_VECTOR tail = FL_V(permutex2var)(table->tail_low, FL_AS_INDEX(shifted), table->tail_high);
    FL_VECTOR result = FL_V(add)(power, FL_V(fmadd)(FL_NAME(fl_rise)(t), power, tail));
    return FL_V(maskz_scalef)(reached, result, FL_V(sub)(shifted, FL_V(set1)(FL_MAGIC)));
}

static inline void FL_NAME(fl_avx512_exp)(const FL_REAL *x, FL_REAL *y, ptrdiff_t n, int minus_abs)
{
    FL_NAME(fl_powers) table = {
        FL_V(loadu)(FL_NAME(fl_table)), FL_V(loadu)(FL_NAME(fl_table) + FL_WIDTH),
        FL_V(loadu)(FL_NAME(fl_table_tail)), FL_V(loadu)(FL_NAME(fl_table_tail) + FL_WIDTH),
    };
    ptrdiff_t i = 0;
    for (; i + FL_WIDTH <= n; i += FL_WIDTH)
        FL_V(storeu)(y + i, FL_NAME(fl_exp_avx512)(&table, FL_V(loadu)(x + i), minus_abs));
    if (i < n) {
        FL_MASK left = (FL_MASK)((1 << (n - i)) - 1);
        FL_V(mask_storeu)(y + i, left, FL_NAME(fl_exp_avx512)(&table, FL_V(maskz_loadu)(left, x + i), minus_abs));
    }
}

FL_INLINE void FL_NAME(fl_any_lanes_exp_avx512)(const FL_REAL *x, const FL_REAL *m, FL_VECTOR inverse, FL_VECTOR inverse_tail,
                                                int divided, FL_REAL *e, FL_REAL *sum, FL_REAL *ties)
{
    FL_VECTOR table_low = FL_V(loadu)(FL_NAME(fl_table)), table_high = FL_V(loadu)(FL_NAME(fl_table) + FL_WIDTH);
    FL_VECTOR one = FL_V(set1)(1);
    for (int j = 0; j < 4 * FL_WIDTH; j += FL_WIDTH) {
        FL_VECTOR here = FL_V(loadu)(x + j), largest = FL_V(loadu)(m + j);
        FL_VECTOR exponential = FL_NAME(fl_exp_difference_avx512)(table_low, table_high, here, largest, inverse, inverse_tail, divided);
        FL_MASK tied = FL_COMPARE(here, largest, _CMP_EQ_OQ), below = (FL_MASK)~tied;
        FL_VECTOR so_far = FL_V(loadu)(sum + j), count = FL_V(loadu)(ties + j);
        FL_V(storeu)(sum + j, FL_V(mask_add)(so_far, below, so_far, exponential));
        FL_V(storeu)(ties + j, FL_V(mask_add)(count, tied, count, one));
        FL_V(storeu)(e + j, FL_V(mask_mov)(exponential, tied, one));
    }
}

static inline void FL_NAME(fl_avx512_lanes_exp)(const FL_REAL *x, const FL_REAL *m, FL_REAL *e, FL_REAL *sum, FL_REAL *ties)
{
    FL_NAME(fl_any_lanes_exp_avx512)(x, m, FL_V(setzero)(), FL_V(setzero)(), 0, e, sum, ties);
}
static inline void FL_NAME(fl_avx512_lanes_exp_over)(const FL_REAL *x, const FL_REAL *m, FL_REAL inverse, FL_REAL inverse_tail,
                                                     FL_REAL *e, FL_REAL *sum, FL_REAL *ties)
{
    FL_NAME(fl_any_lanes_exp_avx512)(x, m, FL_V(set1)(inverse), FL_V(set1)(inverse_tail), 1, e, sum, ties);
}

FL_INLINE FL_VECTOR FL_NAME(fl_exp_of_row_avx512)(const FL_NAME(fl_row) *row, FL_VECTOR x, FL_VECTOR inverse, FL_VECTOR inverse_tail,
                                                  int divided)
{
    return divided ? FL_NAME(fl_exp_difference_avx512)(row->table_low, row->table_high, x, row->m, inverse, inverse_tail, 1)
                   : FL_NAME(fl_exp_below_avx512)(row, x);
}

FL_INLINE double FL_NAME(fl_any_exp_sum_avx512)(const FL_REAL *x, FL_REAL m, FL_REAL of_inverse, FL_REAL of_tail, int divided,
                                                FL_REAL *e, ptrdiff_t n, double *ties, const fl_ahead *ahead, ptrdiff_t first)
{
    enum { LANES = 4 * FL_WIDTH, REGISTERS = LANES / 8, RUN = 8 * LANES };
    FL_NAME(fl_row) row = FL_NAME(fl_row_avx512)(FL_V(set1)(m));
    FL_VECTOR inverse = FL_V(set1)(of_inverse), inverse_tail = FL_V(set1)(of_tail);
    FL_VECTOR sum[4] = {FL_V(setzero)(), FL_V(setzero)(), FL_V(setzero)(), FL_V(setzero)()};
    __m512d lane[REGISTERS];
    uint64_t equal = 0;
    ptrdiff_t i = 0;
    for (int j = 0; j < REGISTERS; j++) lane[j] = _mm512_setzero_pd();
    for (; i + LANES <= n; i += LANES) {
        uint64_t tied = 0;
        fl_fetch(ahead, first + i, LANES);
        for (int j = 0; j < 4; j++) {
            FL_VECTOR here = FL_V(loadu)(x + i + FL_WIDTH * j);
            FL_VECTOR exponential = FL_NAME(fl_exp_of_row_avx512)(&row, here, inverse, inverse_tail, divided);
            FL_MASK below = FL_COMPARE(here, row.m, _CMP_NEQ_UQ);
            if (divided) exponential = FL_V(mask_mov)(FL_V(set1)(1), below, exponential); /* m may be infinite */
            sum[j] = FL_V(mask_add)(sum[j], below, sum[j], exponential);
            FL_V(storeu)(e + i + FL_WIDTH * j, exponential);
            tied |= (uint64_t)(FL_MASK)~below << (FL_WIDTH * j);
        }
        if (__builtin_expect(tied != 0, 0)) equal += (uint64_t)__builtin_popcountll(tied);
        if ((i & (RUN - 1)) == RUN - LANES) FL_NAME(fl_flush)(lane, sum);
    }
    for (int j = 0; i < n; i += FL_WIDTH, j++) {
        FL_MASK left = (FL_MASK)(n - i >= FL_WIDTH ? -1 : (1 << (n - i)) - 1);
        FL_VECTOR here = FL_V(maskz_loadu)(left, x + i);
        FL_VECTOR exponential = FL_NAME(fl_exp_of_row_avx512)(&row, here, inverse, inverse_tail, divided);
        if (divided) exponential = FL_V(mask_mov)(FL_V(set1)(1), FL_COMPARE(here, row.m, _CMP_NEQ_UQ), exponential);
        FL_MASK tied = (FL_MASK)(left & FL_COMPARE(here, row.m, _CMP_EQ_OQ));
        sum[j] = FL_V(mask_add)(sum[j], (FL_MASK)(left & ~tied), sum[j], exponential);
        FL_V(mask_storeu)(e + i, left, exponential);
        equal += (uint64_t)__builtin_popcount((unsigned)tied);
    }
    FL_NAME(fl_flush)(lane, sum);
    *ties += (double)equal;
    return fl_add_registers_avx512(lane, REGISTERS);
}
static inline double FL_NAME(fl_avx512_exp_sum)(const FL_REAL *x, FL_REAL m, FL_REAL *e, ptrdiff_t n, double *ties,
                                                const fl_ahead *ahead, ptrdiff_t first)
{
    return FL_NAME(fl_any_exp_sum_avx512)(x, m, 1, 0, 0, e, n, ties, ahead, first);
}
static inline double FL_NAME(fl_avx512_exp_sum_over)(const FL_REAL *x, FL_REAL m, FL_REAL inverse, FL_REAL inverse_tail, FL_REAL *e,
                                                     ptrdiff_t n, double *ties, const fl_ahead *ahead, ptrdiff_t first)
{
    return FL_NAME(fl_any_exp_sum_avx512)(x, m, inverse, inverse_tail, 1, e, n, ties, ahead, first);
}

/* lane += x */
FL_INLINE void FL_NAME(fl_add_wide_avx512)(__m512d *lane, FL_VECTOR x)
{
    enum { REGISTERS = FL_WIDTH / 8 };
    __m512d wide[REGISTERS];
    FL_NAME(fl_as_doubles)(wide, x);
    for (int k = 0; k < REGISTERS; k++) lane[k] = _mm512_add_pd(lane[k], wide[k]);
}

/* As fl_general_distance; four numbers of a lane are added before they go to its sum, as in fl_block_sum. Distances are added as
 * they are: none is below 0, so nothing cancels, and converting each of them took half of the time. */
FL_INLINE double FL_NAME(fl_avx512_distance)(const FL_REAL *y, const FL_REAL *x, FL_REAL m, ptrdiff_t n, double *total, int weighted)
{
    enum { LANES = 4 * FL_WIDTH, REGISTERS = LANES / 8, EACH = FL_WIDTH / 8 };
    FL_VECTOR largest = FL_V(set1)(m);
    __m512d lane[REGISTERS], share[REGISTERS];
    ptrdiff_t i = 0;
    for (int j = 0; j < REGISTERS; j++) lane[j] = share[j] = _mm512_setzero_pd();
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int j = 0; j < 4; j++) {
            FL_VECTOR d[4];
            __m512d of_y[2][EACH];
            for (int k = 0; k < EACH; k++) of_y[0][k] = of_y[1][k] = _mm512_setzero_pd();
            for (int quarter = 0; quarter < 4; quarter++) {
                ptrdiff_t at = i + quarter * LANES + j * FL_WIDTH;
                d[quarter] = FL_V(sub)(largest, FL_V(loadu)(x + at));
                if (weighted) {
                    FL_VECTOR of_class = FL_V(loadu)(y + at);
                    d[quarter] = FL_V(mul)(of_class, d[quarter]);
                    FL_NAME(fl_add_wide_avx512)(of_y[quarter / 2], of_class);
                }
            }
            FL_NAME(fl_add_wide_avx512)(lane + EACH * j, FL_V(add)(FL_V(add)(d[0], d[1]), FL_V(add)(d[2], d[3])));
            if (weighted)
                for (int k = 0; k < EACH; k++)
                    share[EACH * j + k] = _mm512_add_pd(share[EACH * j + k], _mm512_add_pd(of_y[0][k], of_y[1][k]));
        }
    for (; i < n; i += LANES)
        for (int j = 0; j < 4; j++) {
            ptrdiff_t at = i + j * FL_WIDTH, count = n - at < 0 ? 0 : n - at < FL_WIDTH ? n - at : FL_WIDTH;
            FL_MASK left = (FL_MASK)((1u << count) - 1);
            FL_VECTOR d = FL_V(maskz_sub)(left, largest, FL_V(maskz_loadu)(left, x + at));
            if (weighted) {
                FL_VECTOR of_class = FL_V(maskz_loadu)(left, y + at);
                d = FL_V(mul)(of_class, d);
                FL_NAME(fl_add_wide_avx512)(share + EACH * j, of_class);
            }
            FL_NAME(fl_add_wide_avx512)(lane + EACH * j, d);
        }
    if (weighted) *total = fl_add_registers_avx512(share, REGISTERS);
    return fl_add_registers_avx512(lane, REGISTERS);
}

static inline FL_REAL FL_NAME(fl_avx512_max)(const FL_REAL *x, ptrdiff_t n)
{
    FL_VECTOR lane[4];
    ptrdiff_t i = 0;
    for (int j = 0; j < 4; j++) lane[j] = FL_V(set1)(-(FL_REAL)INFINITY);
    for (; i + 4 * FL_WIDTH <= n; i += 4 * FL_WIDTH)
        for (int j = 0; j < 4; j++) lane[j] = FL_V(max)(FL_V(loadu)(x + i + FL_WIDTH * j), lane[j]);
    for (; i < n; i += FL_WIDTH) {
        FL_MASK left = (FL_MASK)(n - i >= FL_WIDTH ? -1 : (1 << (n - i)) - 1);
        lane[0] = FL_V(mask_max)(lane[0], left, FL_V(maskz_loadu)(left, x + i), lane[0]);
    }
    return FL_V(reduce_max)(FL_V(max)(FL_V(max)(lane[0], lane[1]), FL_V(max)(lane[2], lane[3])));
}

/* Rows of 2 or 3 classes that lie one after another, taken apart into classes, and put together again. Lane i of a result
 * is a lane of two or three registers: `first` picks it from the first two, `second` from that or the third. */
FL_INLINE FL_VECTOR FL_NAME(fl_pick_avx512)(const FL_REAL *a, const FL_REAL *b, const FL_REAL *c, int registers,
                                            __m512i first, __m512i second)
{
    FL_VECTOR picked = FL_V(permutex2var)(FL_V(loadu)(a), first, FL_V(loadu)(b));
    return registers == 3 ? FL_V(permutex2var)(picked, second, FL_V(loadu)(c)) : picked;
}

/* rows: a multiple of FL_WIDTH */
FL_INLINE void FL_NAME(fl_avx512_split)(const FL_REAL *from, FL_REAL *to, ptrdiff_t to_stride, ptrdiff_t rows, int classes)
{
    __m512i lane = _mm512_loadu_si512(FL_NAME(fl_lanes)), width = FL_I(set1)(FL_WIDTH);
    for (int c = 0; c < classes; c++) {
        __m512i place = FL_I(add)(FL_I(mullo)(lane, FL_I(set1)(classes)), FL_I(set1)(c));
        __m512i second = FL_I(mask_sub)(lane, FL_I_GE(place, FL_I(set1)(2 * FL_WIDTH)), place, width);
        for (ptrdiff_t row = 0; row < rows; row += FL_WIDTH) {
            const FL_REAL *here = from + row * classes;
            FL_V(storeu)(to + c * to_stride + row,
                         FL_NAME(fl_pick_avx512)(here, here + FL_WIDTH, here + 2 * FL_WIDTH, classes, place, second));
        }
    }
}
FL_INLINE void FL_NAME(fl_avx512_merge)(const FL_REAL *from, ptrdiff_t from_stride, FL_REAL *to, ptrdiff_t rows, int classes)
{
    __m512i lane = _mm512_loadu_si512(FL_NAME(fl_lanes)), width = FL_I(set1)(FL_WIDTH);
    for (int k = 0; k < classes; k++) {
        __m512i place = FL_I(add)(lane, FL_I(set1)(k * FL_WIDTH));
        __m512i row_of = classes == 2 ? FL_I(srli)(place, 1) : FL_I(srli)(FL_I(mullo)(place, FL_I(set1)(43)), 7); /* place / 3 */
        __m512i class_of = FL_I(sub)(place, FL_I(mullo)(row_of, FL_I(set1)(classes)));
        __m512i first = FL_I(add)(FL_I(mullo)(class_of, width), row_of);
        __m512i second = FL_I(mask_add)(lane, FL_I_GE(class_of, FL_I(set1)(2)), row_of, width);
        for (ptrdiff_t row = 0; row < rows; row += FL_WIDTH) {
            const FL_REAL *here = from + row;
            FL_V(storeu)(to + row * classes + k * FL_WIDTH,
                         FL_NAME(fl_pick_avx512)(here, here + from_stride, here + 2 * from_stride, classes, first, second));
        }
    }
}

/* to[column][row] = from[row][column] where the rows, or in the result the columns, are 2 or 3 and lie close together;
 * 0 where they do not, and nothing was done. */
static inline int FL_NAME(fl_avx512_transpose)(const FL_REAL *from, ptrdiff_t from_stride, FL_REAL *to, ptrdiff_t to_stride,
                                               ptrdiff_t rows, ptrdiff_t columns)
{
    if (columns == 2 && from_stride == 2 && rows % FL_WIDTH == 0) FL_NAME(fl_avx512_split)(from, to, to_stride, rows, 2);
    else if (columns == 3 && from_stride == 3 && rows % FL_WIDTH == 0) FL_NAME(fl_avx512_split)(from, to, to_stride, rows, 3);
    else if (rows == 2 && to_stride == 2 && columns % FL_WIDTH == 0) FL_NAME(fl_avx512_merge)(from, from_stride, to, columns, 2);
    else if (rows == 3 && to_stride == 3 && columns % FL_WIDTH == 0) FL_NAME(fl_avx512_merge)(from, from_stride, to, columns, 3);
    else return 0;
    return 1;
}
#undef FL_REDUCE
#endif
