/* The two sweeps of a wide float row whose speed compilers do not reach: intrinsics, level v4 only.
 *
 * exp(x - m) is formed without the difference. With c = ln(2) / 32, n = round(x / c), k = round(m / c):
 *
 *     r = x - n c,  s = m - k c                    each exact to 2^-31, by two FMAs
 *     exp(x - m) = 2^((n - k) / 32) exp(r - s)     |r - s| <= c
 *     2^((n - k) / 32) = T[(n - k) mod 32] 2^floor((n - k) / 32)
 *
 * so that neither x - m nor its rounding error is needed, and x = m gives exactly 1. T lies in two registers, scalef
 * multiplies by the power of two and rounds a subnormal once. exp(t) = 1 + t + t^2 (c2 + c3 t), minimax on |t| <= c,
 * error 0.03 ULP; the result is within 1.1 ULP. Measured, in cache: 0.12 ns an element, the general primitive 0.45. */
#ifndef FASTLOSS_BLOCKS_AVX512_H
#define FASTLOSS_BLOCKS_AVX512_H
#include <immintrin.h>

/* Beyond it n needs more bits than the magic number leaves. */
#define FL_AVX512_LARGEST 9e4f
/* exp(-105) is less than half of the smallest subnormal number */
#define FL_AVX512_REACH 105.0f

static const float fl_table_f32[32] = { /* 2^(j / 32) */
    0x1.000000p+0f, 0x1.059b0ep+0f, 0x1.0b5586p+0f, 0x1.11301ep+0f, 0x1.172b84p+0f, 0x1.1d4874p+0f, 0x1.2387a6p+0f, 0x1.29e9e0p+0f,
    0x1.306fe0p+0f, 0x1.371a74p+0f, 0x1.3dea64p+0f, 0x1.44e086p+0f, 0x1.4bfdaep+0f, 0x1.5342b6p+0f, 0x1.5ab07ep+0f, 0x1.6247ecp+0f,
    0x1.6a09e6p+0f, 0x1.71f75ep+0f, 0x1.7a1148p+0f, 0x1.82589ap+0f, 0x1.8ace54p+0f, 0x1.93737cp+0f, 0x1.9c4918p+0f, 0x1.a5503cp+0f,
    0x1.ae89fap+0f, 0x1.b7f770p+0f, 0x1.c199bep+0f, 0x1.cb720ep+0f, 0x1.d5818ep+0f, 0x1.dfc974p+0f, 0x1.ea4afap+0f, 0x1.f50766p+0f,
};

/* n = round(32 x / ln 2) / 32 with 12582912 / 32 on top, whose low bits are those of 32 n; r = x - n ln 2. */
#define FL_AVX512_REDUCE(x, shifted, r)                                                                \
    __m512 shifted = _mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p+0f), _mm512_set1_ps(393216.0f));   \
    __m512 r;                                                                                          \
    {                                                                                                  \
        __m512 n = _mm512_sub_ps(shifted, _mm512_set1_ps(393216.0f));                                  \
        r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e430p-1f), x);                                    \
        r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-0x1.05c610p-29f), r);                                  \
    }

typedef struct {
    __m512 table_low, table_high, m, lowest, k, s;
} fl_row_f32;

FL_INLINE fl_row_f32 fl_row_avx512(__m512 m)
{
    fl_row_f32 row;
    FL_AVX512_REDUCE(m, shifted, s)
    row.table_low = _mm512_loadu_ps(fl_table_f32);
    row.table_high = _mm512_loadu_ps(fl_table_f32 + 16);
    row.m = m;
    row.lowest = _mm512_sub_ps(m, _mm512_set1_ps(FL_AVX512_REACH));
    row.k = _mm512_sub_ps(shifted, _mm512_set1_ps(393216.0f));
    row.s = s;
    return row;
}

FL_INLINE __m512 fl_exp_below_avx512(const fl_row_f32 *row, __m512 x)
{
    x = _mm512_max_ps(row->lowest, x); /* the second operand where one is NaN: NaN stays */
    FL_AVX512_REDUCE(x, shifted, r)
    __m512 t = _mm512_sub_ps(r, row->s);
    __m512 places = _mm512_sub_ps(shifted, row->k);
    __m512 power = _mm512_permutex2var_ps(row->table_low, _mm512_castps_si512(places), row->table_high);
    __m512 q = _mm512_fmadd_ps(t, _mm512_set1_ps(0x1.55573ep-3f), _mm512_set1_ps(0x1.000220p-1f));
    q = _mm512_fmadd_ps(_mm512_mul_ps(t, t), q, t);
    q = _mm512_fmadd_ps(q, power, power);
    return _mm512_scalef_ps(q, _mm512_sub_ps(places, _mm512_set1_ps(393216.0f)));
}

/* The same for 16 rows of a tile, each with its own m, which may be of any size: the difference and its rounding error
 * (fl_difference_f32) are reduced together. */
FL_INLINE __m512 fl_exp_difference_avx512(__m512 table_low, __m512 table_high, __m512 x, __m512 m)
{
    __m512 u = _mm512_sub_ps(_mm512_setzero_ps(), m);
    __m512 high = _mm512_min_ps(u, x), low = _mm512_max_ps(u, x); /* x second: a NaN stays */
    __m512 d = _mm512_add_ps(high, low);
    __m512 error = _mm512_sub_ps(low, _mm512_sub_ps(d, high));
    __m512 lowest = _mm512_set1_ps(-FL_AVX512_REACH);
    error = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(d, lowest, _CMP_GE_OQ), error);
    d = _mm512_max_ps(lowest, d);
    FL_AVX512_REDUCE(d, shifted, r)
    __m512 t = _mm512_add_ps(r, error);
    __m512 power = _mm512_permutex2var_ps(table_low, _mm512_castps_si512(shifted), table_high);
    __m512 q = _mm512_fmadd_ps(t, _mm512_set1_ps(0x1.55573ep-3f), _mm512_set1_ps(0x1.000220p-1f));
    q = _mm512_fmadd_ps(_mm512_mul_ps(t, t), q, t);
    q = _mm512_fmadd_ps(q, power, power);
    return _mm512_scalef_ps(q, _mm512_sub_ps(shifted, _mm512_set1_ps(393216.0f)));
}

static inline void fl_lanes_exp_avx512(const float *x, const float *m, float *e, float *sum, float *ties)
{
    __m512 table_low = _mm512_loadu_ps(fl_table_f32), table_high = _mm512_loadu_ps(fl_table_f32 + 16);
    __m512 one = _mm512_set1_ps(1.0f);
    for (int j = 0; j < 64; j += 16) {
        __m512 here = _mm512_loadu_ps(x + j), largest = _mm512_loadu_ps(m + j);
        __m512 exponential = fl_exp_difference_avx512(table_low, table_high, here, largest);
        __mmask16 tied = _mm512_cmp_ps_mask(here, largest, _CMP_EQ_OQ);
        __m512 so_far = _mm512_loadu_ps(sum + j), count = _mm512_loadu_ps(ties + j);
        _mm512_storeu_ps(sum + j, _mm512_mask_add_ps(so_far, _knot_mask16(tied), so_far, exponential));
        _mm512_storeu_ps(ties + j, _mm512_mask_add_ps(count, tied, count, one));
        _mm512_storeu_ps(e + j, _mm512_mask_mov_ps(exponential, tied, one));
    }
}

/* lane[j], 64 doubles, += sum, 64 floats, which becomes 0: see FL_RUN in blocks.h. */
FL_INLINE void fl_flush_avx512(double *lane, __m512 *sum)
{
    for (int j = 0; j < 4; j++) {
        __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(sum[j])), high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(sum[j], 1));
        _mm512_storeu_pd(lane + 16 * j, _mm512_add_pd(_mm512_loadu_pd(lane + 16 * j), low));
        _mm512_storeu_pd(lane + 16 * j + 8, _mm512_add_pd(_mm512_loadu_pd(lane + 16 * j + 8), high));
        sum[j] = _mm512_setzero_ps();
    }
}

static inline double fl_exp_sum_avx512(const float *x, float m, float *e, ptrdiff_t n, double *ties)
{
    fl_row_f32 row = fl_row_avx512(_mm512_set1_ps(m));
    __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    double lane[64] = {0};
    uint64_t equal = 0;
    ptrdiff_t i = 0;
    for (; i + 64 <= n; i += 64) {
        uint64_t below = 0;
        for (int j = 0; j < 4; j++) {
            __m512 here = _mm512_loadu_ps(x + i + 16 * j);
            __m512 exponential = fl_exp_below_avx512(&row, here);
            __mmask16 counts = _mm512_cmp_ps_mask(here, row.m, _CMP_NEQ_UQ);
            sum[j] = _mm512_mask_add_ps(sum[j], counts, sum[j], exponential);
            _mm512_storeu_ps(e + i + 16 * j, exponential);
            below |= (uint64_t)counts << (16 * j);
        }
        if (__builtin_expect(~below != 0, 0)) equal += (uint64_t)__builtin_popcountll(~below);
        if ((i & 511) == 448) fl_flush_avx512(lane, sum);
    }
    for (int j = 0; i < n; i += 16, j++) {
        __mmask16 left = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        __m512 here = _mm512_maskz_loadu_ps(left, x + i);
        __m512 exponential = fl_exp_below_avx512(&row, here);
        __mmask16 counts = _mm512_mask_cmp_ps_mask(left, here, row.m, _CMP_NEQ_UQ);
        sum[j] = _mm512_mask_add_ps(sum[j], counts, sum[j], exponential);
        _mm512_mask_storeu_ps(e + i, left, exponential);
        equal += (uint64_t)__builtin_popcount((unsigned)(left & ~counts));
    }
    fl_flush_avx512(lane, sum);
    *ties += (double)equal;
    return fl_add_lanes_f32(lane);
}

static inline float fl_max_avx512(const float *x, ptrdiff_t n)
{
    __m512 lane[4];
    ptrdiff_t i = 0;
    for (int j = 0; j < 4; j++) lane[j] = _mm512_set1_ps(-__builtin_inff());
    for (; i + 64 <= n; i += 64)
        for (int j = 0; j < 4; j++) lane[j] = _mm512_max_ps(_mm512_loadu_ps(x + i + 16 * j), lane[j]);
    for (; i < n; i += 16) {
        __mmask16 left = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        lane[0] = _mm512_mask_max_ps(lane[0], left, _mm512_maskz_loadu_ps(left, x + i), lane[0]);
    }
    return _mm512_reduce_max_ps(_mm512_max_ps(_mm512_max_ps(lane[0], lane[1]), _mm512_max_ps(lane[2], lane[3])));
}
#endif
