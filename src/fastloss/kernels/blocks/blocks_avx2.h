/* The sweeps whose speed compilers do not reach: intrinsics for AVX2, level v3 only. The file includes itself once for
 * each type.
 *
 * As in blocks_avx512.h exp(x - m) is formed without the difference; here c = ln(2) / 8, n = round(x / c - k):
 *
 *     k = round(m / c),  s = m - k c,  r = x - (n + k) c      each exact to 2^-29 (2^-58), by two FMAs
 *     exp(x - m) = 2^(n / 8) exp(r - s)                        |r - s| <= c
 *
 * FMA leaves n in the low bits of `shifted`, if k is a part of the magic number that rounds. 2^(n / 8) is a table's number
 * with n added to its bits above the mantissa's first three; the table has that sum's surplus, j in these three, taken off.
 * permutevar8x32 looks up 8 floats, or the halves of 8 doubles. exp(t) = 1 + t + t^2 q(t), q minimax on |t| <= c, error
 * 0.05 ULP; the result is within 1.1 ULP.
 *
 * AVX2 has no scalef, and nearly all numbers are in a range that needs none: a sweep looks at the least number of 64 first,
 * and goes the careful way, with clamps and subnormal results, only where it must. Both ways give the same bits. */
#ifndef FL_REAL

#ifndef FASTLOSS_BLOCKS_AVX2_H
#define FASTLOSS_BLOCKS_AVX2_H
#include <immintrin.h>

/* The bits of 2^(j / 8), less j << 20; in the high half of a double less j << 17, and less those of 1. */
static const int32_t fl_powers_f32[8] = {
    0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7, 0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7,
};
static const int32_t fl_powers_high_f64[8] = {0, -0x08d48, -0x0f902, -0x14026, -0x15f62, -0x1531b, -0x11761, -0x0a7e8};
static const uint32_t fl_powers_low_f64[8] = {
    0x00000000, 0x3c7d517b, 0x0a31b715, 0xd5362a27, 0x667f3bcd, 0x422aa0db, 0x995ad3ad, 0xdcfba487,
};

/* What the rounded powers lack, as a part of them, so that exp alone is within 0.62 ULP, and 0.79 where the result
 * is subnormal (all floats, 4e7 doubles); of doubles the high halves. */
static const float fl_powers_rest_f32[8] = {
    0.0f, -0x1.9c0c22p-27f, 0x1.125002p-25f, -0x1.0a3552p-25f, 0x1.26055cp-26f, 0x1.67a1cap-28f, -0x1.f9c306p-27f, -0x1.a5217cp-28f,
};
static const uint32_t fl_powers_rest_f64[8] = {
    0x00000000, 0xbc801b16, 0x3c834d75, 0x3c7690cf, 0xbc93b3f0, 0x3c8db730, 0x3c8c1a78, 0x3c74a386,
};

/* From here on 8 - n: n numbers, and none. */
static const int32_t fl_left_f32[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
static const int64_t fl_left_f64[8] = {-1, -1, -1, -1};

typedef struct {
    __m256i powers, rest;
} fl_table_f32;
typedef struct {
    __m256i powers_low, powers_high, rest;
} fl_table_f64;

FL_INLINE __m256i fl_load_bits(const void *from)
{
    return _mm256_loadu_si256((const __m256i *)from);
}
FL_INLINE fl_table_f32 fl_table_avx2_f32(void)
{
    fl_table_f32 table = {fl_load_bits(fl_powers_f32), fl_load_bits(fl_powers_rest_f32)};
    return table;
}
FL_INLINE fl_table_f64 fl_table_avx2_f64(void)
{
    fl_table_f64 table = {fl_load_bits(fl_powers_low_f64), fl_load_bits(fl_powers_high_f64), fl_load_bits(fl_powers_rest_f64)};
    return table;
}

/* 2^(n / 8), and its rest. Of a double's bits the upper half but three is the same for every n, so that it looks up zeros. */
FL_INLINE __m256i fl_power_avx2_f32(const fl_table_f32 *table, __m256 shifted, __m256 *rest)
{
    __m256i n = _mm256_castps_si256(shifted);
    if (rest) *rest = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(table->rest, n));
    return _mm256_add_epi32(_mm256_permutevar8x32_epi32(table->powers, n), _mm256_slli_epi32(n, 20));
}
FL_INLINE __m256i fl_power_avx2_f64(const fl_table_f64 *table, __m256d shifted, __m256d *rest)
{
    __m256i n = _mm256_castpd_si256(shifted), n_high = _mm256_slli_epi64(n, 32);
    if (rest) *rest = _mm256_castsi256_pd(_mm256_permutevar8x32_epi32(table->rest, n_high));
    __m256i low = _mm256_permutevar8x32_epi32(table->powers_low, n);
    __m256i high = _mm256_permutevar8x32_epi32(table->powers_high, n_high);
    return _mm256_add_epi64(_mm256_add_epi64(low, high), _mm256_slli_epi64(n_high, 17));
}

/* exp(t) - 1 - rest */
FL_INLINE __m256 fl_rise_avx2_f32(__m256 t, __m256 t_and_rest)
{
    __m256 q = _mm256_fmadd_ps(t, _mm256_set1_ps(0x1.552106p-5f), _mm256_set1_ps(0x1.5571e8p-3f));
    q = _mm256_fmadd_ps(t, q, _mm256_set1_ps(0x1.000006p-1f));
    return _mm256_fmadd_ps(_mm256_mul_ps(t, t), q, t_and_rest);
}
FL_INLINE __m256d fl_rise_avx2_f64(__m256d t, __m256d t_and_rest)
{
    __m256d square = _mm256_mul_pd(t, t);
    __m256d q01 = _mm256_fmadd_pd(t, _mm256_set1_pd(0x1.5555555557e85p-3), _mm256_set1_pd(0x1.0000000000006p-1));
    __m256d q23 = _mm256_fmadd_pd(t, _mm256_set1_pd(0x1.111110a15d5d0p-7), _mm256_set1_pd(0x1.5555555541af5p-5));
    __m256d q45 = _mm256_fmadd_pd(t, _mm256_set1_pd(0x1.a030cb45abe1cp-13), _mm256_set1_pd(0x1.6c16c382319c6p-10));
    __m256d q456 = _mm256_fmadd_pd(square, _mm256_set1_pd(0x1.a000b61aef5a2p-16), q45);
    return _mm256_fmadd_pd(square, _mm256_fmadd_pd(_mm256_fmadd_pd(q456, square, q23), square, q01), t_and_rest);
}

/* The sum of the lanes' doubles, pairwise as fl_add_lanes does. */
FL_INLINE double fl_add_registers_avx2(__m256d *lane, int registers)
{
    for (int width = registers / 2; width; width /= 2)
        for (int j = 0; j < width; j++) lane[j] = _mm256_add_pd(lane[j], lane[j + width]);
    __m128d two = _mm_add_pd(_mm256_castpd256_pd128(lane[0]), _mm256_extractf128_pd(lane[0], 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

/* 64 doubles, in 16 registers, += 64 floats, in 8, which become 0: see FL_RUN in blocks.h. */
FL_INLINE void fl_flush_f32(__m256d *lane, __m256 *sum)
{
    for (int j = 0; j < 8; j++) {
        lane[2 * j] = _mm256_add_pd(lane[2 * j], _mm256_cvtps_pd(_mm256_castps256_ps128(sum[j])));
        lane[2 * j + 1] = _mm256_add_pd(lane[2 * j + 1], _mm256_cvtps_pd(_mm256_extractf128_ps(sum[j], 1)));
        sum[j] = _mm256_setzero_ps();
    }
}
FL_INLINE void fl_flush_f64(__m256d *lane, __m256d *sum)
{
    for (int j = 0; j < 8; j++) {
        lane[j] = _mm256_add_pd(lane[j], sum[j]);
        sum[j] = _mm256_setzero_pd();
    }
}

FL_INLINE float fl_largest_avx2_f32(__m256 x)
{
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
FL_INLINE double fl_largest_avx2_f64(__m256d x)
{
    __m128d two = _mm_max_pd(_mm256_castpd256_pd128(x), _mm256_extractf128_pd(x, 1));
    return _mm_cvtsd_f64(_mm_max_sd(two, _mm_unpackhi_pd(two, two)));
}

/* Rows of 2 or 3 classes that lie one after another, taken apart into classes, and put together again: 8 floats or 4
 * doubles of a class at a time. AVX2 shuffles inside halves of registers, so a half holds half of the rows: it is loaded
 * and stored by itself, which no shuffle does. */
#define FL_HALVES(v, from, distance) _mm256_loadu2_m128##v((from) + (distance), from)
#define FL_STORE_HALVES(v, to, distance, x) _mm256_storeu2_m128##v((to) + (distance), to, x)

FL_INLINE void fl_split_2_avx2_f32(const float *from, float *to, ptrdiff_t stride)
{
    __m256 a = FL_HALVES(, from, 8), b = FL_HALVES(, from + 4, 8);
    _mm256_storeu_ps(to, _mm256_shuffle_ps(a, b, 0x88));
    _mm256_storeu_ps(to + stride, _mm256_shuffle_ps(a, b, 0xdd));
}
FL_INLINE void fl_merge_2_avx2_f32(const float *from, ptrdiff_t stride, float *to)
{
    __m256 a = _mm256_loadu_ps(from), b = _mm256_loadu_ps(from + stride);
    FL_STORE_HALVES(, to, 8, _mm256_unpacklo_ps(a, b));
    FL_STORE_HALVES(, to + 4, 8, _mm256_unpackhi_ps(a, b));
}
/* 0 1 2 0 | 1 2 0 1 | 2 0 1 2: four rows in three quarters. Each class has one number in each place but for two in one quarter. */
FL_INLINE void fl_split_3_avx2_f32(const float *from, float *to, ptrdiff_t stride)
{
    __m256 a = FL_HALVES(, from, 12), b = FL_HALVES(, from + 4, 12), c = FL_HALVES(, from + 8, 12);
    __m256 first = _mm256_blend_ps(_mm256_blend_ps(a, b, 0x44), c, 0x22);
    __m256 second = _mm256_blend_ps(_mm256_blend_ps(b, a, 0x22), c, 0x44);
    __m256 third = _mm256_blend_ps(_mm256_blend_ps(c, b, 0x22), a, 0x44);
    _mm256_storeu_ps(to, _mm256_permute_ps(first, _MM_SHUFFLE(1, 2, 3, 0)));
    _mm256_storeu_ps(to + stride, _mm256_permute_ps(second, _MM_SHUFFLE(2, 3, 0, 1)));
    _mm256_storeu_ps(to + 2 * stride, _mm256_permute_ps(third, _MM_SHUFFLE(3, 0, 1, 2)));
}
FL_INLINE void fl_merge_3_avx2_f32(const float *from, ptrdiff_t stride, float *to)
{
    __m256 first = _mm256_permute_ps(_mm256_loadu_ps(from), _MM_SHUFFLE(1, 2, 3, 0));
    __m256 second = _mm256_permute_ps(_mm256_loadu_ps(from + stride), _MM_SHUFFLE(2, 3, 0, 1));
    __m256 third = _mm256_permute_ps(_mm256_loadu_ps(from + 2 * stride), _MM_SHUFFLE(3, 0, 1, 2));
    FL_STORE_HALVES(, to, 12, _mm256_blend_ps(_mm256_blend_ps(first, second, 0x22), third, 0x44));
    FL_STORE_HALVES(, to + 4, 12, _mm256_blend_ps(_mm256_blend_ps(second, third, 0x22), first, 0x44));
    FL_STORE_HALVES(, to + 8, 12, _mm256_blend_ps(_mm256_blend_ps(third, first, 0x22), second, 0x44));
}
FL_INLINE void fl_split_2_avx2_f64(const double *from, double *to, ptrdiff_t stride)
{
    __m256d a = FL_HALVES(d, from, 4), b = FL_HALVES(d, from + 2, 4);
    _mm256_storeu_pd(to, _mm256_unpacklo_pd(a, b));
    _mm256_storeu_pd(to + stride, _mm256_unpackhi_pd(a, b));
}
FL_INLINE void fl_merge_2_avx2_f64(const double *from, ptrdiff_t stride, double *to)
{
    __m256d a = _mm256_loadu_pd(from), b = _mm256_loadu_pd(from + stride);
    FL_STORE_HALVES(d, to, 4, _mm256_unpacklo_pd(a, b));
    FL_STORE_HALVES(d, to + 2, 4, _mm256_unpackhi_pd(a, b));
}
/* 0 1 | 2 0 | 1 2: two rows */
FL_INLINE void fl_split_3_avx2_f64(const double *from, double *to, ptrdiff_t stride)
{
    __m256d a = FL_HALVES(d, from, 6), b = FL_HALVES(d, from + 2, 6), c = FL_HALVES(d, from + 4, 6);
    _mm256_storeu_pd(to, _mm256_blend_pd(a, b, 10));
    _mm256_storeu_pd(to + stride, _mm256_shuffle_pd(a, c, 5));
    _mm256_storeu_pd(to + 2 * stride, _mm256_blend_pd(b, c, 10));
}
FL_INLINE void fl_merge_3_avx2_f64(const double *from, ptrdiff_t stride, double *to)
{
    __m256d first = _mm256_loadu_pd(from), second = _mm256_loadu_pd(from + stride), third = _mm256_loadu_pd(from + 2 * stride);
    FL_STORE_HALVES(d, to, 6, _mm256_unpacklo_pd(first, second));
    FL_STORE_HALVES(d, to + 2, 6, _mm256_blend_pd(third, first, 10));
    FL_STORE_HALVES(d, to + 4, 6, _mm256_unpackhi_pd(second, third));
}

#define FL_REAL float
#define FL_NAME(name) name##_f32
#define FL_V(name) _mm256_##name##_ps
#define FL_VECTOR __m256
#define FL_WIDTH 8
#define FL_INTEGER int32_t
#define FL_I(name) _mm256_##name##_epi32
#define FL_I_SET1 _mm256_set1_epi32
#define FL_BITS _mm256_castps_si256
#define FL_OF_BITS _mm256_castsi256_ps
#define FL_MANTISSA 23
#define FL_MAGIC 1572864.0f /* 1.5 2^23 / 8: a sum with it is a whole number of 8ths */
#define FL_INVERSE_LN2 0x1.715476p+0f
#define FL_LN2_HIGH 0x1.62e430p-1f
#define FL_LN2_LOW (-0x1.05c610p-29f)
#define FL_SAFE 87.0f    /* exp(-87) and exp(87) are normal numbers */
#define FL_REACH 105.0f  /* exp(-105) is less than half of the smallest subnormal number */
#define FL_LEAST_EXPONENT 126
#define FL_SMALLEST_UP 0x1p-62f /* the smallest normal number, 2^64 times */
#include "blocks/blocks_avx2.h"

#define FL_REAL double
#define FL_NAME(name) name##_f64
#define FL_V(name) _mm256_##name##_pd
#define FL_VECTOR __m256d
#define FL_WIDTH 4
#define FL_INTEGER int64_t
#define FL_I(name) _mm256_##name##_epi64
#define FL_I_SET1 _mm256_set1_epi64x
#define FL_BITS _mm256_castpd_si256
#define FL_OF_BITS _mm256_castsi256_pd
#define FL_MANTISSA 52
#define FL_MAGIC ((0x1.8p52 + 0x1p31 + 8 * 1023) / 8) /* the low half stays positive; and the exponent of 1 */
#define FL_INVERSE_LN2 0x1.71547652b82fep+0
#define FL_LN2_HIGH 0x1.62e42fefa39efp-1
#define FL_LN2_LOW 0x1.abc9e3b39803fp-56
#define FL_SAFE 708.0
#define FL_REACH 746.0
#define FL_LEAST_EXPONENT 1022
#define FL_SMALLEST_UP 0x1p-958
#include "blocks/blocks_avx2.h"

/* Largest |m| of the sweep without the difference: beyond it n needs more bits than the magic number leaves. */
#define FL_AVX2_LARGEST_f32 9e4f
#define FL_AVX2_LARGEST_f64 1e9
#endif

#else /* the sweeps, for FL_REAL */

/* x less a whole number of 8ths of ln(2), which is shifted - magic */
FL_INLINE FL_VECTOR FL_NAME(fl_reduce_avx2)(FL_VECTOR x, FL_VECTOR magic, FL_VECTOR *shifted)
{
    *shifted = FL_V(fmadd)(x, FL_V(set1)(FL_INVERSE_LN2), magic);
    FL_VECTOR n = FL_V(sub)(*shifted, magic);
    FL_VECTOR r = FL_V(fnmadd)(n, FL_V(set1)(FL_LN2_HIGH), x);
    return FL_V(fnmadd)(n, FL_V(set1)(FL_LN2_LOW), r);
}

FL_INLINE FL_VECTOR FL_NAME(fl_2_to_avx2)(int exponent)
{
    return FL_OF_BITS(FL_I(slli)(FL_I_SET1(exponent + FL_LEAST_EXPONENT + 1), FL_MANTISSA));
}

FL_INLINE int FL_NAME(fl_any_less_avx2)(FL_VECTOR a, FL_VECTOR b)
{
    return FL_V(movemask)(FL_V(cmp)(a, b, _CMP_LT_OQ));
}

/* x 2^-64, rounded once: where that is subnormal, as fl_scale_down_bits does. */
FL_INLINE FL_VECTOR FL_NAME(fl_down_avx2)(FL_VECTOR x)
{
    FL_VECTOR least = FL_V(set1)(FL_SMALLEST_UP), one = FL_V(set1)(1);
    FL_VECTOR normal = FL_V(mul)(FL_V(max)(least, x), FL_V(set1)((FL_REAL)0x1p-64)); /* x second: a NaN stays */
    FL_VECTOR places = FL_V(mul)(FL_V(min)(least, x), FL_NAME(fl_2_to_avx2)(FL_LEAST_EXPONENT - 64));
    FL_VECTOR tiny = FL_OF_BITS(FL_I(sub)(FL_BITS(FL_V(add)(places, one)), FL_BITS(one)));
    return FL_V(blendv)(normal, tiny, FL_V(cmp)(x, least, _CMP_LT_OQ));
}

/* 2^(n / 8) e^t, n as the reduction leaves it; careful: n may be so low that the result is subnormal. */
FL_INLINE FL_VECTOR FL_NAME(fl_raise_avx2)(const FL_NAME(fl_table) *table, FL_VECTOR shifted, FL_VECTOR t, int careful)
{
    __m256i power = FL_NAME(fl_power_avx2)(table, shifted, 0);
    if (careful) power = FL_I(add)(power, FL_I(slli)(FL_I_SET1(64), FL_MANTISSA));
    FL_VECTOR result = FL_V(fmadd)(FL_NAME(fl_rise_avx2)(t, t), FL_OF_BITS(power), FL_OF_BITS(power));
    return careful ? FL_NAME(fl_down_avx2)(result) : result;
}

typedef struct {
    FL_NAME(fl_table) table;
    FL_VECTOR m, s, magic;
} FL_NAME(fl_row);

FL_INLINE FL_VECTOR FL_NAME(fl_exp_below_avx2)(const FL_NAME(fl_row) *row, FL_VECTOR x, int careful)
{
    FL_VECTOR shifted;
    if (careful) x = FL_V(max)(FL_V(sub)(row->m, FL_V(set1)(FL_REACH)), x); /* x second: a NaN stays */
    FL_VECTOR r = FL_NAME(fl_reduce_avx2)(x, row->magic, &shifted);
    return FL_NAME(fl_raise_avx2)(&row->table, shifted, FL_V(sub)(r, row->s), careful);
}

/* exp(x - m), added to the sum where x < m, counted in `equal` where x == m. */
FL_INLINE FL_VECTOR FL_NAME(fl_add_exp_avx2)(const FL_NAME(fl_row) *row, FL_VECTOR x, FL_VECTOR *sum, __m256i *equal, int careful)
{
    FL_VECTOR exponential = FL_NAME(fl_exp_below_avx2)(row, x, careful);
    FL_VECTOR tied = FL_V(cmp)(x, row->m, _CMP_EQ_OQ);
    *sum = FL_V(add)(*sum, FL_V(andnot)(tied, exponential));
    *equal = FL_I(sub)(*equal, FL_BITS(tied));
    return exponential;
}

static inline double FL_NAME(fl_avx2_exp_sum)(const FL_REAL *x, FL_REAL m, FL_REAL *e, ptrdiff_t n, double *ties,
                                              const fl_ahead *ahead, ptrdiff_t first)
{
    enum { LANES = 8 * FL_WIDTH, REGISTERS = LANES / 4, RUN = 8 * LANES };
    FL_NAME(fl_row) row = {FL_NAME(fl_table_avx2)(), FL_V(set1)(m), FL_V(set1)(m), FL_V(set1)(FL_MAGIC)};
    FL_VECTOR shifted, safe = FL_V(sub)(row.m, FL_V(set1)(FL_SAFE));
    row.s = FL_NAME(fl_reduce_avx2)(row.m, row.magic, &shifted);
    row.magic = FL_V(sub)(row.magic, FL_V(sub)(shifted, row.magic));
    FL_VECTOR sum[8];
    __m256d lane[REGISTERS];
    __m256i equal = _mm256_setzero_si256();
    FL_INTEGER count[FL_WIDTH], tied = 0;
    ptrdiff_t i = 0;
    for (int j = 0; j < 8; j++) sum[j] = FL_V(setzero)();
    for (int j = 0; j < REGISTERS; j++) lane[j] = _mm256_setzero_pd();
#define FL_SWEEP(careful)                                                                                               \
    for (int j = 0; j < 8; j++) {                                                                                       \
        FL_VECTOR here = FL_V(loadu)(x + i + FL_WIDTH * j);                                                             \
        FL_V(storeu)(e + i + FL_WIDTH * j, FL_NAME(fl_add_exp_avx2)(&row, here, &sum[j], &equal, careful));             \
    }
    for (; i + LANES <= n; i += LANES) {
        FL_VECTOR least = row.m;
        fl_fetch(ahead, first + i, LANES);
        for (int j = 0; j < 8; j++) least = FL_V(min)(FL_V(loadu)(x + i + FL_WIDTH * j), least); /* least second: it is no NaN */
        if (__builtin_expect(FL_NAME(fl_any_less_avx2)(least, safe), 0)) FL_SWEEP(1)
        else FL_SWEEP(0)
        if ((i & (RUN - 1)) == RUN - LANES) FL_NAME(fl_flush)(lane, sum);
    }
#undef FL_SWEEP
    for (int j = 0; i < n; i += FL_WIDTH, j++) {
        ptrdiff_t missing = n - i < FL_WIDTH ? FL_WIDTH - (n - i) : 0;
        __m256i left = fl_load_bits(FL_NAME(fl_left) + missing);
        FL_VECTOR here = missing ? FL_V(blendv)(row.m, FL_V(maskload)(x + i, left), FL_OF_BITS(left)) : FL_V(loadu)(x + i);
        FL_VECTOR exponential;
        if (__builtin_expect(FL_NAME(fl_any_less_avx2)(here, safe), 0))
            exponential = FL_NAME(fl_add_exp_avx2)(&row, here, &sum[j], &equal, 1);
        else exponential = FL_NAME(fl_add_exp_avx2)(&row, here, &sum[j], &equal, 0);
        if (missing) FL_V(maskstore)(e + i, left, exponential);
        else FL_V(storeu)(e + i, exponential);
        tied -= (FL_INTEGER)missing; /* what is missing is m, and does not count */
    }
    FL_NAME(fl_flush)(lane, sum);
    _mm256_storeu_si256((__m256i *)count, equal);
    for (int j = 0; j < FL_WIDTH; j++) tied += count[j];
    *ties += (double)tied;
    return fl_add_registers_avx2(lane, REGISTERS);
}

/* The same for the rows of a tile, each with its own m, which may be of any size: the difference and its rounding error
 * (fl_difference) are reduced together. */
static inline void FL_NAME(fl_avx2_lanes_exp)(const FL_REAL *x, const FL_REAL *m, FL_REAL *e, FL_REAL *sum, FL_REAL *ties)
{
    FL_NAME(fl_table) table = FL_NAME(fl_table_avx2)();
    FL_VECTOR one = FL_V(set1)(1), sign = FL_V(set1)((FL_REAL)-0.0), magic = FL_V(set1)(FL_MAGIC), shifted;
    for (int j = 0; j < 8 * FL_WIDTH; j += FL_WIDTH) {
        FL_VECTOR here = FL_V(loadu)(x + j), largest = FL_V(loadu)(m + j);
        FL_VECTOR u = FL_V(xor)(largest, sign);
        FL_VECTOR high = FL_V(min)(u, here), low = FL_V(max)(u, here); /* here second: a NaN stays */
        FL_VECTOR d = FL_V(add)(high, low), error = FL_V(sub)(low, FL_V(sub)(d, high));
        FL_VECTOR tied = FL_V(cmp)(here, largest, _CMP_EQ_OQ), exponential;
        FL_VECTOR safe = FL_V(cmp)(d, FL_V(set1)(-FL_SAFE), _CMP_GE_OQ);
        if (__builtin_expect(FL_V(movemask)(safe) == (1 << FL_WIDTH) - 1, 1)) {
            FL_VECTOR r = FL_NAME(fl_reduce_avx2)(d, magic, &shifted);
            exponential = FL_NAME(fl_raise_avx2)(&table, shifted, FL_V(add)(r, error), 0);
        } else {
            FL_VECTOR lowest = FL_V(set1)(-FL_REACH);
            error = FL_V(and)(FL_V(cmp)(d, lowest, _CMP_GE_OQ), error);
            FL_VECTOR r = FL_NAME(fl_reduce_avx2)(FL_V(max)(lowest, d), magic, &shifted);
            exponential = FL_NAME(fl_raise_avx2)(&table, shifted, FL_V(add)(r, error), 1);
            exponential = FL_V(blendv)(exponential, one, tied);
        }
        FL_V(storeu)(sum + j, FL_V(add)(FL_V(loadu)(sum + j), FL_V(andnot)(tied, exponential)));
        FL_V(storeu)(ties + j, FL_V(add)(FL_V(loadu)(ties + j), FL_V(and)(tied, one)));
        FL_V(storeu)(e + j, exponential);
    }
}

/* exp(x), or exp(-|x|): x is a number as it is given, so that its reduction is all there is to carry, and what the table's
 * numbers lack. */
FL_INLINE FL_VECTOR FL_NAME(fl_exp_avx2)(const FL_NAME(fl_table) *table, FL_VECTOR x, int minus_abs, int careful)
{
    FL_VECTOR shifted, rest, given;
    if (minus_abs) x = FL_V(or)(x, FL_V(set1)((FL_REAL)-0.0));
    given = x;
    if (careful) {
        if (!minus_abs) x = FL_V(min)(FL_V(set1)(FL_REACH), x); /* the second operand where one is NaN: NaN stays */
        x = FL_V(max)(FL_V(set1)(-FL_REACH), x);
    }
    FL_VECTOR t = FL_NAME(fl_reduce_avx2)(x, FL_V(set1)(FL_MAGIC), &shifted);
    __m256i power = FL_NAME(fl_power_avx2)(table, shifted, &rest);
    FL_VECTOR rise = FL_NAME(fl_rise_avx2)(t, FL_V(add)(t, rest));
    if (careful) {
        __m256i up = FL_I(slli)(FL_I_SET1(64), FL_MANTISSA);
        FL_VECTOR small = FL_OF_BITS(FL_I(add)(power, up)), large = FL_OF_BITS(FL_I(sub)(power, up));
        small = FL_NAME(fl_down_avx2)(FL_V(fmadd)(rise, small, small));
        if (minus_abs) return small;
        large = FL_V(mul)(FL_V(fmadd)(rise, large, large), FL_V(set1)((FL_REAL)0x1p64));
        return FL_V(blendv)(large, small, given);
    }
    return FL_V(fmadd)(rise, FL_OF_BITS(power), FL_OF_BITS(power));
}

static inline void FL_NAME(fl_avx2_exp)(const FL_REAL *x, FL_REAL *y, ptrdiff_t n, int minus_abs)
{
    FL_NAME(fl_table) table = FL_NAME(fl_table_avx2)();
    FL_VECTOR sign = FL_V(set1)((FL_REAL)-0.0), safe = FL_V(set1)(FL_SAFE);
    for (ptrdiff_t i = 0; i < n; i += 8 * FL_WIDTH) {
        int registers = n - i < 8 * FL_WIDTH ? (int)(n - i) / FL_WIDTH : 8, j;
        FL_VECTOR largest = FL_V(setzero)();
        for (j = 0; j < registers; j++)
            largest = FL_V(max)(FL_V(andnot)(sign, FL_V(loadu)(x + i + FL_WIDTH * j)), largest); /* NaN is passed over */
        if (__builtin_expect(FL_NAME(fl_any_less_avx2)(safe, largest), 0))
            for (j = 0; j < registers; j++) {
                ptrdiff_t at = i + FL_WIDTH * j;
                FL_V(storeu)(y + at, FL_NAME(fl_exp_avx2)(&table, FL_V(loadu)(x + at), minus_abs, 1));
            }
        else
            for (j = 0; j < registers; j++) {
                ptrdiff_t at = i + FL_WIDTH * j;
                FL_V(storeu)(y + at, FL_NAME(fl_exp_avx2)(&table, FL_V(loadu)(x + at), minus_abs, 0));
            }
        if (registers < 8 && i + FL_WIDTH * registers < n) {
            ptrdiff_t at = i + FL_WIDTH * registers;
            __m256i left = fl_load_bits(FL_NAME(fl_left) + FL_WIDTH - (n - i - FL_WIDTH * registers));
            FL_V(maskstore)(y + at, left, FL_NAME(fl_exp_avx2)(&table, FL_V(maskload)(x + at, left), minus_abs, 1));
        }
    }
}

static inline FL_REAL FL_NAME(fl_avx2_max)(const FL_REAL *x, ptrdiff_t n)
{
    FL_VECTOR lane[8], none = FL_V(set1)(-(FL_REAL)INFINITY);
    ptrdiff_t i = 0;
    for (int j = 0; j < 8; j++) lane[j] = none;
    for (; i + 8 * FL_WIDTH <= n; i += 8 * FL_WIDTH)
        for (int j = 0; j < 8; j++) lane[j] = FL_V(max)(FL_V(loadu)(x + i + FL_WIDTH * j), lane[j]);
    for (; i + FL_WIDTH <= n; i += FL_WIDTH) lane[0] = FL_V(max)(FL_V(loadu)(x + i), lane[0]);
    if (i < n) {
        __m256i left = fl_load_bits(FL_NAME(fl_left) + FL_WIDTH - (n - i));
        lane[1] = FL_V(max)(FL_V(blendv)(none, FL_V(maskload)(x + i, left), FL_OF_BITS(left)), lane[1]);
    }
    for (int width = 4; width; width /= 2)
        for (int j = 0; j < width; j++) lane[j] = FL_V(max)(lane[j], lane[j + width]);
    return FL_NAME(fl_largest_avx2)(lane[0]);
}

/* to[column][row] = from[row][column] where the rows, or in the result the columns, are 2 or 3 and lie close together;
 * 0 where they do not, and nothing was done. */
static inline int FL_NAME(fl_avx2_transpose)(const FL_REAL *from, ptrdiff_t from_stride, FL_REAL *to, ptrdiff_t to_stride,
                                             ptrdiff_t rows, ptrdiff_t columns)
{
    if (columns == 2 && from_stride == 2 && rows % FL_WIDTH == 0)
        for (ptrdiff_t row = 0; row < rows; row += FL_WIDTH) FL_NAME(fl_split_2_avx2)(from + 2 * row, to + row, to_stride);
    else if (columns == 3 && from_stride == 3 && rows % FL_WIDTH == 0)
        for (ptrdiff_t row = 0; row < rows; row += FL_WIDTH) FL_NAME(fl_split_3_avx2)(from + 3 * row, to + row, to_stride);
    else if (rows == 2 && to_stride == 2 && columns % FL_WIDTH == 0)
        for (ptrdiff_t row = 0; row < columns; row += FL_WIDTH) FL_NAME(fl_merge_2_avx2)(from + row, from_stride, to + 2 * row);
    else if (rows == 3 && to_stride == 3 && columns % FL_WIDTH == 0)
        for (ptrdiff_t row = 0; row < columns; row += FL_WIDTH) FL_NAME(fl_merge_3_avx2)(from + row, from_stride, to + 3 * row);
    else return 0;
    return 1;
}

#undef FL_REAL
#undef FL_NAME
#undef FL_V
#undef FL_VECTOR
#undef FL_WIDTH
#undef FL_INTEGER
#undef FL_I
#undef FL_I_SET1
#undef FL_BITS
#undef FL_OF_BITS
#undef FL_MANTISSA
#undef FL_MAGIC
#undef FL_INVERSE_LN2
#undef FL_LN2_HIGH
#undef FL_LN2_LOW
#undef FL_SAFE
#undef FL_REACH
#undef FL_LEAST_EXPONENT
#undef FL_SMALLEST_UP
#endif
