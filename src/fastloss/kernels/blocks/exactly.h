/* Exponentials of rows of floats, made in double where a rounding of a float would show: where the sum of a row is raised to
 * a power, or where a cap multiplies the roundings of what is exponentiated. */
#ifndef FASTLOSS_EXACTLY_H
#define FASTLOSS_EXACTLY_H
#include "blocks/blocks.h"

/* exp(x) to 2^-34, for |x| <= 700:  e^r = 1 + r + r^2 q(r),  q minimax. */
FL_INLINE double fl_exp_short(double x)
{
    double shifted = fl_fma(x, 0x1.71547652b82fep+0, 6755399441055744.0);
    double n = shifted - 6755399441055744.0;
    double r = fl_fma(n, -0x1.62e42fefa39efp-1, x);
    double r2 = r * r;
    double q01 = fl_fma(0x1.5555544292a6dp-3, r, 0x1.0000003a46ecbp-1);
    double q23 = fl_fma(0x1.1112714247bb9p-7, r, 0x1.55548d731835cp-5);
    double q45 = fl_fma(0x1.9f086125235e2p-13, r, 0x1.6d8d536775266p-10);
    double q = fl_fma(fl_fma(q45, r2, q23), r2, q01);
    double p = fl_fma(r, fl_fma(r, q, 1.0), 1.0);
    return fl_from_bits(fl_bits(p) + (fl_bits(shifted) << 52)); /* of a NaN the low bits are 0: it stays */
}

/* exp(x - m) */
FL_INLINE double fl_exp_apart(double x, double m)
{
    double d = x - m, e = fl_exp_short(d < -700.0 ? -700.0 : d);
    return d < -700.0 ? 0.0 : e;
}

#if defined(__AVX512F__)
/* exp(x - m) as fl_exp_difference_avx512 makes it, and what its rounding took off it: their sum is within 2^-28. */
FL_INLINE __m512 fl_exp_with_rest_avx512(const fl_powers_f32 *table, __m512 x, __m512 m, __m512 *lost)
{
    __m512 u = _mm512_sub_ps(_mm512_setzero_ps(), m), magic = _mm512_set1_ps(393216.0f);
    __m512 high = _mm512_min_ps(u, x), low = _mm512_max_ps(u, x);
    __m512 d = _mm512_add_ps(high, low);
    __m512 error = _mm512_sub_ps(low, _mm512_sub_ps(d, high));
    __mmask16 reached = _mm512_cmp_ps_mask(d, _mm512_set1_ps(-105.0f), _CMP_NLT_UQ); /* NaN too */
    __m512 shifted = _mm512_fmadd_ps(d, _mm512_set1_ps(0x1.715476p+0f), magic), n = _mm512_sub_ps(shifted, magic);
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0x1.62e430p-1f), d);
    r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-0x1.05c610p-29f), r);
    __m512 power = _mm512_permutex2var_ps(table->low, _mm512_castps_si512(shifted), table->high);
    __m512 tail = _mm512_permutex2var_ps(table->tail_low, _mm512_castps_si512(shifted), table->tail_high);
    __m512 rise = _mm512_fmadd_ps(fl_rise_f32(_mm512_add_ps(r, error)), power, tail);
    __m512 e = _mm512_add_ps(power, rise);
    *lost = _mm512_maskz_scalef_ps(reached, _mm512_sub_ps(rise, _mm512_sub_ps(e, power)), n);
    return _mm512_maskz_scalef_ps(reached, e, n);
}

/* 16 exponentials of the classes that are `left`, into e. Those below the largest are added, with what they lost; returns the
 * others. */
FL_INLINE __mmask16 fl_add_exactly_avx512(const fl_powers_f32 *table, const float *x, __m512 m, __mmask16 left, float *e, __m512d *sum,
                                          __m512 *rest)
{
    __m512 here = _mm512_maskz_loadu_ps(left, x), lost, exponential = fl_exp_with_rest_avx512(table, here, m, &lost);
    __mmask16 tied = (__mmask16)(left & _mm512_cmp_ps_mask(here, m, _CMP_EQ_OQ)), below = (__mmask16)(left & ~tied);
    __m512 term = _mm512_maskz_mov_ps(below, exponential);
    _mm512_mask_storeu_ps(e, left, _mm512_mask_mov_ps(exponential, tied, _mm512_set1_ps(1.0f)));
    sum[0] = _mm512_add_pd(sum[0], _mm512_cvtps_pd(_mm512_castps512_ps256(term)));
    sum[1] = _mm512_add_pd(sum[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(term, 1)));
    *rest = _mm512_mask_add_ps(*rest, below, *rest, lost);
    return tied;
}

FL_INLINE fl_powers_f32 fl_powers_avx512(void)
{
    fl_powers_f32 table = {_mm512_loadu_ps(fl_table_f32), _mm512_loadu_ps(fl_table_f32 + 16), _mm512_loadu_ps(fl_table_tail_f32),
                           _mm512_loadu_ps(fl_table_tail_f32 + 16)};
    return table;
}

/* As fl_lanes_exp_f32; the sum is one of doubles, and of exponentials that are exact to 2^-28 before they are left. */
static inline void fl_lanes_exp_exactly(const float *x, const float *m, float *e, double *sum, float *ties)
{
    fl_powers_f32 table = fl_powers_avx512();
    for (int j = 0; j < FL_LANES_f32; j += 16) {
        __m512d lane[2] = {_mm512_loadu_pd(sum + j), _mm512_loadu_pd(sum + j + 8)};
        __m512 count = _mm512_loadu_ps(ties + j), rest = _mm512_setzero_ps();
        __mmask16 tied = fl_add_exactly_avx512(&table, x + j, _mm512_loadu_ps(m + j), (__mmask16)-1, e + j, lane, &rest);
        _mm512_storeu_pd(sum + j, _mm512_add_pd(lane[0], _mm512_cvtps_pd(_mm512_castps512_ps256(rest))));
        _mm512_storeu_pd(sum + j + 8, _mm512_add_pd(lane[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(rest, 1))));
        _mm512_storeu_ps(ties + j, _mm512_mask_add_ps(count, tied, count, _mm512_set1_ps(1.0f)));
    }
}

/* The same of a run of one row, whose largest logit is m, as fl_block_exp_sum. */
static inline double fl_block_exp_exactly(const float *x, float m, float *e, ptrdiff_t n, double *ties, const fl_ahead *ahead,
                                          ptrdiff_t first)
{
    fl_powers_f32 table = fl_powers_avx512();
    __m512 largest = _mm512_set1_ps(m), rest[4];
    __m512d lane[8];
    unsigned equal = 0;
    for (int j = 0; j < 4; j++) {
        rest[j] = _mm512_setzero_ps();
        lane[2 * j] = lane[2 * j + 1] = _mm512_setzero_pd();
    }
    for (ptrdiff_t i = 0; i < n; i += 64) {
        fl_fetch(ahead, first + i, 64);
        for (int j = 0; j < 4; j++) {
            ptrdiff_t at = i + 16 * j, count = n - at < 16 ? n - at : 16;
            if (count <= 0) break; /* of 30 classes half of the work */
            __mmask16 left = (__mmask16)((1u << count) - 1);
            __mmask16 tied = fl_add_exactly_avx512(&table, x + at, largest, left, e + at, lane + 2 * j, rest + j);
            if (__builtin_expect(tied != 0, 0)) equal += (unsigned)__builtin_popcount(tied);
        }
    }
    for (int j = 0; j < 4; j++) {
        lane[2 * j] = _mm512_add_pd(lane[2 * j], _mm512_cvtps_pd(_mm512_castps512_ps256(rest[j])));
        lane[2 * j + 1] = _mm512_add_pd(lane[2 * j + 1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(rest[j], 1)));
    }
    *ties += (double)equal;
    return fl_add_registers_avx512(lane, 8);
}
#else
/* As fl_lanes_exp_f32; the sum is one of doubles, and so is each exponential before it is left. */
static inline void fl_lanes_exp_exactly(const float *x, const float *m, float *e, double *sum, float *ties)
{
    FL_NO_OVERLAP
    for (int j = 0; j < FL_LANES_f32; j++) {
        double exponential = fl_exp_apart(x[j], m[j]);
        sum[j] += x[j] == m[j] ? 0.0 : exponential;
        ties[j] += x[j] == m[j] ? 1.0f : 0.0f;
        e[j] = x[j] == m[j] ? 1.0f : (float)exponential;
    }
}

/* The same of a run of one row, whose largest logit is m, as fl_block_exp_sum. */
static inline double fl_block_exp_exactly(const float *x, float m, float *e, ptrdiff_t n, double *ties, const fl_ahead *ahead,
                                          ptrdiff_t first)
{
    enum { LANES = FL_LANES_f32 };
    float largest[LANES], tie[LANES] = {0}, last[LANES];
    double sum[LANES] = {0};
    ptrdiff_t i = 0;
    for (int j = 0; j < LANES; j++) largest[j] = m;
    for (; i + LANES <= n; i += LANES) {
        fl_fetch(ahead, first + i, LANES);
        fl_lanes_exp_exactly(x + i, largest, e + i, sum, tie);
    }
    if (i < n) {
        for (int j = 0; j < LANES; j++) last[j] = i + j < n ? x[i + j] : m;
        fl_lanes_exp_exactly(last, largest, last, sum, tie);
        for (int j = 0; i + j < n; j++) e[i + j] = last[j];
        *ties -= (double)(LANES - (n - i)); /* of the last step, those that are no class */
    }
    for (int j = 0; j < LANES; j++) *ties += (double)tie[j];
    return fl_add_lanes_f32(sum);
}
#endif

/* softcap tanh(x / softcap) = softcap (1 - 2 s),  s = 1 / (1 + e^t),  t = 2 x / softcap; beyond 88 that of 88. The quotient is
 * one of floats, and a step of Newton's. */
FL_INLINE double fl_cap_share(double t, double *growth)
{
    double d = fl_exp_short(t < -88.0 ? -88.0 : t > 88.0 ? 88.0 : t);
    double s = (double)(1.0f / (float)(1.0 + d));
    *growth = d;
    return fl_fma(fl_fma(-(1.0 + d), s, 1.0), s, s);
}

typedef struct {
    double twice; /* t of a logit of 1 */
    double reach; /* the distance of two capped logits, over the temperature, whose s are 1 apart */
} fl_cap;

/* s of the largest logit of each lane */
static inline void fl_lanes_cap(const fl_cap *cap, const float *m, double *top)
{
    double growth;
    for (int j = 0; j < FL_LANES_f32; j++) top[j] = fl_cap_share(m[j] * cap->twice, &growth);
}

/* As fl_lanes_exp_exactly, of logits that are capped. Leaves also their distances from the largest, unless that is NULL, and the
 * slope of the cap, 1 - tanh^2 = 4 s^2 e^t. */
FL_INLINE void fl_any_lanes_exp_capped(const fl_cap *cap, const float *x, const float *m, const double *top, float *e,
                                       double *sum, float *ties, float *distance, float *slope, int apart)
{
    double twice = cap->twice, reach = cap->reach;
    FL_NO_OVERLAP
    for (int j = 0; j < FL_LANES_f32; j++) {
        double t = x[j] * twice, growth, s = fl_cap_share(t, &growth);
        double d = reach * (top[j] - s);
        d = d > 0.0 ? 0.0 : d;
        double exponential = fl_exp_short(d);
        sum[j] += x[j] == m[j] ? 0.0 : exponential;
        ties[j] += x[j] == m[j] ? 1.0f : 0.0f;
        e[j] = x[j] == m[j] ? 1.0f : (float)exponential;
        if (apart) distance[j] = (float)d;
        slope[j] = fl_abs(t) > 88.0 ? 0.0f : (float)(4.0 * growth * s * s);
    }
}
static inline void fl_lanes_exp_capped(const fl_cap *cap, const float *x, const float *m, const double *top, float *e,
                                       double *sum, float *ties, float *distance, float *slope)
{
    if (distance) fl_any_lanes_exp_capped(cap, x, m, top, e, sum, ties, distance, slope, 1);
    else fl_any_lanes_exp_capped(cap, x, m, top, e, sum, ties, distance, slope, 0);
}

/* The same of a run of one row, as fl_block_exp_exactly. */
static inline double fl_block_exp_capped(const fl_cap *cap, const float *x, float m, float *e, ptrdiff_t n, double *ties,
                                         float *distance, float *slope, const fl_ahead *ahead, ptrdiff_t first)
{
    enum { LANES = FL_LANES_f32 };
    float largest[LANES], tie[LANES] = {0}, last[3][LANES];
    double top[LANES], sum[LANES] = {0};
    ptrdiff_t i = 0;
    for (int j = 0; j < LANES; j++) largest[j] = m;
    fl_lanes_cap(cap, largest, top);
    for (; i + LANES <= n; i += LANES) {
        fl_fetch(ahead, first + i, LANES);
        fl_lanes_exp_capped(cap, x + i, largest, top, e + i, sum, tie, distance ? distance + i : distance, slope + i);
    }
    if (i < n) {
        for (int j = 0; j < LANES; j++) last[0][j] = i + j < n ? x[i + j] : m;
        fl_lanes_exp_capped(cap, last[0], largest, top, last[0], sum, tie, distance ? last[1] : distance, last[2]);
        for (int j = 0; i + j < n; j++) {
            e[i + j] = last[0][j];
            if (distance) distance[i + j] = last[1][j];
            slope[i + j] = last[2][j];
        }
        *ties -= (double)(LANES - (n - i)); /* of the last step, those that are no class */
    }
    for (int j = 0; j < LANES; j++) *ties += (double)tie[j];
    return fl_add_lanes_f32(sum);
}
#endif
