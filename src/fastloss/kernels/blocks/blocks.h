/* Block primitives: one sweep over a contiguous run, with a fixed number of lanes, so that a result depends on the
 * numbers and their places in the run alone: not on alignment, threads, or the width of the machine's registers.
 *
 * Element i belongs to lane i % FL_LANES; lanes are added pairwise at the end. A run of 64 floats is a loop that compilers
 * vectorise; 16 they unroll into scalar code. The file includes itself once for each type.
 *
 * `#pragma GCC ivdep`: input and output are the same array or do not overlap (the caller checks), which is all that the
 * loops need. */
#ifndef FL_REAL

#ifndef FASTLOSS_BLOCKS_H
#define FASTLOSS_BLOCKS_H
#include <math.h>
#include <stddef.h>
#include "blocks/ahead.h"
#include "maths/tails.h"
#include "maths/vecmath.h"

#if defined(__GNUC__) && !defined(__clang__)
#define FL_NO_OVERLAP _Pragma("GCC ivdep")
#elif defined(__clang__)
#define FL_NO_OVERLAP _Pragma("clang loop vectorize(assume_safety)")
#else
#define FL_NO_OVERLAP
#endif

/* weight (scale + scale_tail) / (1 + rest + tail), rounded once where there is an FMA: the remainder of each step is kept. */
FL_INLINE double fl_ratio(double weight, double scale, double scale_tail, double rest, double tail)
{
    double sum = 1.0 + rest, added = sum - 1.0;
    double sum_tail = (1.0 - (sum - added)) + (rest - added) + tail;
    double product = weight * scale;
    double product_tail = fl_fma(weight, scale, -product) + weight * scale_tail;
    double ratio = product / sum;
    return ratio + (fl_fma(-ratio, sum, product) + (product_tail - ratio * sum_tail)) / sum;
}

enum {
    FL_LANES_f32 = 64, FL_LANES_f64 = 32, /* numbers that a primitive works on at once */
    FL_BLOCK_f32 = 1024, FL_BLOCK_f64 = 512 /* elements of a block of an element-wise loss: its buffers stay in the first-level cache */
};

/* Eight lanes. An array of lanes that is cleared and added up in steps of a loop is cleared by a call or by `rep stos`, and added
 * up one after the other: a third of the time of a block of squared errors. */
#if defined(__GNUC__)
typedef double fl_eight __attribute__((vector_size(64), aligned(8), may_alias));
#define FL_CLEAR_EIGHT(lane) *(fl_eight *)(lane) = (fl_eight){0};
#define FL_ADD_EIGHT(lane, other) *(fl_eight *)(lane) += *(const fl_eight *)(other);
#else
#define FL_CLEAR_EIGHT(lane) for (int j = 0; j < 8; j++) (lane)[j] = 0;
#define FL_ADD_EIGHT(lane, other) for (int j = 0; j < 8; j++) (lane)[j] += (other)[j];
#endif
#define FL_CLEAR_32(lane) FL_CLEAR_EIGHT(lane) FL_CLEAR_EIGHT((lane) + 8) FL_CLEAR_EIGHT((lane) + 16) FL_CLEAR_EIGHT((lane) + 24)
#define FL_ADD_32(lane, other)                                                                                        \
    FL_ADD_EIGHT(lane, other) FL_ADD_EIGHT((lane) + 8, (other) + 8) FL_ADD_EIGHT((lane) + 16, (other) + 16)           \
    FL_ADD_EIGHT((lane) + 24, (other) + 24)

FL_INLINE void fl_clear_lanes_f64(double *lane) { FL_CLEAR_32(lane) }
FL_INLINE void fl_clear_lanes_f32(double *lane) { FL_CLEAR_32(lane) FL_CLEAR_32(lane + 32) }

/* The sum of the lanes, pairwise. */
FL_INLINE double fl_add_lanes_f64(double *lane)
{
    FL_ADD_EIGHT(lane, lane + 16)
    FL_ADD_EIGHT(lane + 8, lane + 24)
    FL_ADD_EIGHT(lane, lane + 8)
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}
FL_INLINE double fl_add_lanes_f32(double *lane)
{
    FL_ADD_32(lane, lane + 32)
    return fl_add_lanes_f64(lane);
}

/* (d + error) (inverse + inverse_tail), what is left of it in `tail`: without an FMA that of a double is lost. */
FL_INLINE float fl_quotient_f32(float d, float error, double inverse, double inverse_tail, float *tail)
{
    double product = (double)d * inverse;
    float head = (float)product;
    (void)inverse_tail;
    *tail = (float)((product - (double)head) + (double)error * inverse);
    return head;
}
FL_INLINE double fl_quotient_f64(double d, double error, double inverse, double inverse_tail, double *tail)
{
    double head = d * inverse;
    *tail = fl_fma(d, inverse, -head) + (d * inverse_tail + error * inverse);
    return head;
}

#if defined(__SSE2__)
#include <immintrin.h>
#define FL_TRANSPOSE_TILE 4
static inline void fl_transpose_tile_f32(const float *from, ptrdiff_t from_stride, float *to, ptrdiff_t to_stride)
{
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_stride);
    __m128 c = _mm_loadu_ps(from + 2 * from_stride), d = _mm_loadu_ps(from + 3 * from_stride);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(to, a);
    _mm_storeu_ps(to + to_stride, b);
    _mm_storeu_ps(to + 2 * to_stride, c);
    _mm_storeu_ps(to + 3 * to_stride, d);
}
#if defined(__AVX__)
#define FL_TRANSPOSE_TALL 8
/* 8 rows of 4: each half of a register transposes a tile by itself. */
static inline void fl_transpose_tall_f32(const float *from, ptrdiff_t from_stride, float *to, ptrdiff_t to_stride)
{
    __m256 a = _mm256_loadu2_m128(from + 4 * from_stride, from);
    __m256 b = _mm256_loadu2_m128(from + 5 * from_stride, from + from_stride);
    __m256 c = _mm256_loadu2_m128(from + 6 * from_stride, from + 2 * from_stride);
    __m256 d = _mm256_loadu2_m128(from + 7 * from_stride, from + 3 * from_stride);
    __m256 ab = _mm256_unpacklo_ps(a, b), cd = _mm256_unpacklo_ps(c, d);
    _mm256_storeu_ps(to, _mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(1, 0, 1, 0)));
    _mm256_storeu_ps(to + to_stride, _mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 2, 3, 2)));
    ab = _mm256_unpackhi_ps(a, b), cd = _mm256_unpackhi_ps(c, d);
    _mm256_storeu_ps(to + 2 * to_stride, _mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(1, 0, 1, 0)));
    _mm256_storeu_ps(to + 3 * to_stride, _mm256_shuffle_ps(ab, cd, _MM_SHUFFLE(3, 2, 3, 2)));
}
#endif
static inline void fl_transpose_4_by_2(const float *from, ptrdiff_t from_stride, float *to, ptrdiff_t to_stride)
{
    __m128 zero = _mm_setzero_ps();
    __m128 first = _mm_loadh_pi(_mm_loadl_pi(zero, (const __m64 *)from), (const __m64 *)(from + from_stride));
    __m128 second = _mm_loadh_pi(_mm_loadl_pi(zero, (const __m64 *)(from + 2 * from_stride)), (const __m64 *)(from + 3 * from_stride));
    _mm_storeu_ps(to, _mm_shuffle_ps(first, second, _MM_SHUFFLE(2, 0, 2, 0)));
    _mm_storeu_ps(to + to_stride, _mm_shuffle_ps(first, second, _MM_SHUFFLE(3, 1, 3, 1)));
}
static inline void fl_transpose_2_by_4(const float *from, ptrdiff_t from_stride, float *to, ptrdiff_t to_stride)
{
    __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + from_stride);
    __m128 low = _mm_unpacklo_ps(a, b), high = _mm_unpackhi_ps(a, b);
    _mm_storel_pi((__m64 *)to, low);
    _mm_storeh_pi((__m64 *)(to + to_stride), low);
    _mm_storel_pi((__m64 *)(to + 2 * to_stride), high);
    _mm_storeh_pi((__m64 *)(to + 3 * to_stride), high);
}
#endif

#define FL_REAL float
#define FL_NAME(name) name##_f32
#define FL_MATH(name) name##f
#define FL_WORD uint32_t
#define FL_LANES FL_LANES_f32
#define FL_OFFSET 32
#define FL_EXP_OF_MINUS_OFFSET 1.2664165549094176e-14
#include "blocks/blocks.h"
#undef FL_REAL
#undef FL_NAME
#undef FL_MATH
#undef FL_WORD
#undef FL_LANES
#undef FL_RUN
#undef FL_OFFSET
#undef FL_EXP_OF_MINUS_OFFSET

#if defined(__SSE2__)
#undef FL_TRANSPOSE_TILE
#define FL_TRANSPOSE_TILE 2
#if defined(__AVX__)
#undef FL_TRANSPOSE_TALL
#define FL_TRANSPOSE_TALL 4
static inline void fl_transpose_tall_f64(const double *from, ptrdiff_t from_stride, double *to, ptrdiff_t to_stride)
{
    __m256d a = _mm256_loadu2_m128d(from + 2 * from_stride, from);
    __m256d b = _mm256_loadu2_m128d(from + 3 * from_stride, from + from_stride);
    _mm256_storeu_pd(to, _mm256_unpacklo_pd(a, b));
    _mm256_storeu_pd(to + to_stride, _mm256_unpackhi_pd(a, b));
}
#endif
static inline void fl_transpose_tile_f64(const double *from, ptrdiff_t from_stride, double *to, ptrdiff_t to_stride)
{
    __m128d a = _mm_loadu_pd(from), b = _mm_loadu_pd(from + from_stride);
    _mm_storeu_pd(to, _mm_unpacklo_pd(a, b));
    _mm_storeu_pd(to + to_stride, _mm_unpackhi_pd(a, b));
}
#endif

#define FL_REAL double
#define FL_NAME(name) name##_f64
#define FL_MATH(name) name
#define FL_WORD uint64_t
#define FL_LANES FL_LANES_f64
#define FL_OFFSET 128
#define FL_EXP_OF_MINUS_OFFSET 2.5722093726424148e-56
#include "blocks/blocks.h"
#undef FL_REAL
#undef FL_NAME
#undef FL_MATH
#undef FL_WORD
#undef FL_LANES
#undef FL_RUN
#undef FL_OFFSET
#undef FL_EXP_OF_MINUS_OFFSET

/* What intrinsics have in place of the plain forms. Which of two equivalent primitives runs depends on the row's largest number,
 * never on where the row lies. */
#define FL_WITH(isa, type, real, absolute, largest)                                                                   \
    static inline real fl_block_max_##type(const real *x, ptrdiff_t n) { return fl_##isa##_max_##type(x, n); }        \
    static inline double fl_block_exp_sum_##type(const real *x, real m, real *e, ptrdiff_t n, double *ties,           \
                                                 const fl_ahead *ahead, ptrdiff_t first)                              \
    {                                                                                                                 \
        return absolute(m) < largest ? fl_##isa##_exp_sum_##type(x, m, e, n, ties, ahead, first)                      \
                                     : fl_general_exp_sum_##type(x, m, e, n, ties, ahead, first);                     \
    }                                                                                                                 \
    static inline void fl_block_exp_##type(const real *x, real *y, ptrdiff_t n)                                       \
    {                                                                                                                 \
        fl_##isa##_exp_##type(x, y, n, 0);                                                                            \
    }                                                                                                                 \
    static inline void fl_block_exp_minus_abs_##type(const real *x, real *y, ptrdiff_t n)                             \
    {                                                                                                                 \
        fl_##isa##_exp_##type(x, y, n, 1);                                                                            \
    }                                                                                                                 \
    static inline void fl_lanes_exp_##type(const real *x, const real *m, real *e, real *sum, real *ties)              \
    {                                                                                                                 \
        fl_##isa##_lanes_exp_##type(x, m, e, sum, ties);                                                              \
    }                                                                                                                 \
    static inline void fl_transpose_##type(const real *from, ptrdiff_t from_stride, real *to, ptrdiff_t to_stride,    \
                                           ptrdiff_t rows, ptrdiff_t columns)                                         \
    {                                                                                                                 \
        if (!fl_##isa##_transpose_##type(from, from_stride, to, to_stride, rows, columns))                            \
            fl_general_transpose_##type(from, from_stride, to, to_stride, rows, columns);                             \
    }
#if defined(__AVX512F__)
#include "blocks/blocks_avx512.h"
FL_WITH(avx512, f32, float, fl_absf, FL_AVX512_LARGEST_f32)
FL_WITH(avx512, f64, double, fl_abs, FL_AVX512_LARGEST_f64)
#elif defined(__AVX2__) && defined(__FMA__)
#include "blocks/blocks_avx2.h"
FL_WITH(avx2, f32, float, fl_absf, FL_AVX2_LARGEST_f32)
FL_WITH(avx2, f64, double, fl_abs, FL_AVX2_LARGEST_f64)
#else
#define fl_block_max_f32 fl_general_max_f32
#define fl_block_max_f64 fl_general_max_f64
#define fl_block_exp_sum_f32 fl_general_exp_sum_f32
#define fl_block_exp_sum_f64 fl_general_exp_sum_f64
#define fl_block_exp_f32 fl_general_exp_f32
#define fl_block_exp_f64 fl_general_exp_f64
#define fl_block_exp_minus_abs_f32 fl_general_exp_minus_abs_f32
#define fl_block_exp_minus_abs_f64 fl_general_exp_minus_abs_f64
#define fl_transpose_f32 fl_general_transpose_f32
#define fl_transpose_f64 fl_general_transpose_f64
#define fl_lanes_exp_f32 fl_general_lanes_exp_f32
#define fl_lanes_exp_f64 fl_general_lanes_exp_f64
#endif
#undef FL_WITH

/* What AVX-512 alone has. */
#if defined(__AVX512F__)
#define FL_WITH_AVX512(type, real)                                                                                    \
    static inline double fl_block_exp_sum_over_##type(const real *x, real m, double inverse, double inverse_tail,     \
                                                      real *e, ptrdiff_t n, double *ties, const fl_ahead *ahead,      \
                                                      ptrdiff_t first)                                                \
    {                                                                                                                 \
        return fl_avx512_exp_sum_over_##type(x, m, (real)inverse, (real)(inverse - (real)inverse + inverse_tail), e,  \
                                             n, ties, ahead, first);                                                  \
    }                                                                                                                 \
    static inline void fl_lanes_exp_over_##type(const real *x, const real *m, double inverse, double inverse_tail,    \
                                                real *e, real *sum, real *ties)                                       \
    {                                                                                                                 \
        fl_avx512_lanes_exp_over_##type(x, m, (real)inverse, (real)(inverse - (real)inverse + inverse_tail), e, sum,  \
                                        ties);                                                                        \
    }                                                                                                                 \
    static inline double fl_block_distance_##type(const real *y, const real *x, real m, ptrdiff_t n, double *total)   \
    {                                                                                                                 \
        return y ? fl_avx512_distance_##type(y, x, m, n, total, 1) : fl_avx512_distance_##type(x, x, m, n, total, 0); \
    }
FL_WITH_AVX512(f32, float)
FL_WITH_AVX512(f64, double)
#undef FL_WITH_AVX512
#else
#define fl_block_exp_sum_over_f32 fl_general_exp_sum_over_f32
#define fl_block_exp_sum_over_f64 fl_general_exp_sum_over_f64
#define fl_lanes_exp_over_f32 fl_general_lanes_exp_over_f32
#define fl_lanes_exp_over_f64 fl_general_lanes_exp_over_f64
#define fl_block_distance_f32 fl_general_distance_f32
#define fl_block_distance_f64 fl_general_distance_f64
#endif

/* The logarithms of a formula: intrinsics for floats, in AVX-512. */
#if defined(__AVX512F__)
#define fl_block_log_f32 fl_avx512_log_f32
#define fl_block_log1p_f32 fl_avx512_log1p_f32
#define fl_block_log1p_unit_f32 fl_avx512_log1p_unit_f32
#define fl_block_expm1_f32 fl_avx512_expm1_f32
#define fl_block_exp_minus_abs_pair_f32 fl_avx512_exp_minus_abs_pair_f32
#else
#define fl_block_log_f32 fl_general_log_f32
#define fl_block_log1p_f32 fl_general_log1p_f32
#define fl_block_log1p_unit_f32 fl_general_log1p_unit_f32
#define fl_block_expm1_f32 fl_general_expm1_f32
#define fl_block_exp_minus_abs_pair_f32 fl_general_exp_minus_abs_pair_f32
#endif
#define fl_block_log1pmx_f32 fl_general_log1pmx_f32
#define fl_block_log1pmx_f64 fl_general_log1pmx_f64
#define fl_block_log_f64 fl_general_log_f64
#define fl_block_log1p_f64 fl_general_log1p_f64
#define fl_block_log1p_unit_f64 fl_general_log1p_unit_f64
#define fl_block_expm1_f64 fl_general_expm1_f64
#define fl_block_exp_minus_abs_pair_f64 fl_general_exp_minus_abs_pair_f64
#endif

#else /* the primitives, for FL_REAL */

/*
 * Sum of x, in double. Four numbers of a lane are added in pairs before they go to its sum: what is the same in every
 * sample (a loss that has become constant) would be rounded alike in each addition, 3 ULP of the sum for 1025 doubles.
 */
static inline double FL_NAME(fl_block_sum)(const FL_REAL *x, ptrdiff_t n)
{
    double lane[FL_LANES];
    ptrdiff_t i = 0;
    FL_NAME(fl_clear_lanes)(lane);
    for (; i + 4 * FL_LANES <= n; i += 4 * FL_LANES)
        for (int j = 0; j < FL_LANES; j++)
            lane[j] += ((double)x[i + j] + (double)x[i + j + FL_LANES])
                       + ((double)x[i + j + 2 * FL_LANES] + (double)x[i + j + 3 * FL_LANES]);
    for (; i + FL_LANES <= n; i += FL_LANES)
        for (int j = 0; j < FL_LANES; j++) lane[j] += (double)x[i + j];
    for (int j = 0; i + j < n; j++) lane[j] += (double)x[i + j];
    return FL_NAME(fl_add_lanes)(lane);
}

/* Sum of x w, in double, in the order of fl_block_sum: weights of 1 change no bit. Where w is 0 the bits of x are cleared, even
 * those of a NaN: of a choice between two products NEON gets a loop with a branch. */
static inline double FL_NAME(fl_block_dot)(const FL_REAL *x, const FL_REAL *w, ptrdiff_t n)
{
    double lane[FL_LANES];
    ptrdiff_t i = 0;
    FL_NAME(fl_clear_lanes)(lane);
#define FL_PRODUCT(k) ((double)FL_MATH(fl_from_bits)(FL_MATH(fl_bits)(x[k]) & -(FL_WORD)(w[k] != 0)) * (double)w[k])
    for (; i + 4 * FL_LANES <= n; i += 4 * FL_LANES)
        for (int j = 0; j < FL_LANES; j++)
            lane[j] += (FL_PRODUCT(i + j) + FL_PRODUCT(i + j + FL_LANES))
                       + (FL_PRODUCT(i + j + 2 * FL_LANES) + FL_PRODUCT(i + j + 3 * FL_LANES));
    for (; i + FL_LANES <= n; i += FL_LANES)
        for (int j = 0; j < FL_LANES; j++) lane[j] += FL_PRODUCT(i + j);
    for (int j = 0; i + j < n; j++) lane[j] += FL_PRODUCT(i + j);
#undef FL_PRODUCT
    return FL_NAME(fl_add_lanes)(lane);
}

/* The sum of x, in double, in the order of fl_block_sum; whether there is a number below 0. */
static inline double FL_NAME(fl_block_shares)(const FL_REAL *x, ptrdiff_t n, int *negative)
{
    double lane[FL_LANES] = {0};
    FL_REAL least[FL_LANES] = {0};
    ptrdiff_t i = 0;
    int found = 0;
    for (; i + 4 * FL_LANES <= n; i += 4 * FL_LANES)
        for (int j = 0; j < FL_LANES; j++) {
            FL_REAL a = x[i + j], b = x[i + j + FL_LANES], c = x[i + j + 2 * FL_LANES], d = x[i + j + 3 * FL_LANES];
            lane[j] += ((double)a + (double)b) + ((double)c + (double)d);
            least[j] = a < least[j] ? a : least[j]; /* a NaN is passed over */
            least[j] = b < least[j] ? b : least[j];
            least[j] = c < least[j] ? c : least[j];
            least[j] = d < least[j] ? d : least[j];
        }
    for (; i + FL_LANES <= n; i += FL_LANES)
        for (int j = 0; j < FL_LANES; j++) {
            lane[j] += (double)x[i + j];
            least[j] = x[i + j] < least[j] ? x[i + j] : least[j];
        }
    for (int j = 0; i + j < n; j++) {
        lane[j] += (double)x[i + j];
        least[j] = x[i + j] < least[j] ? x[i + j] : least[j];
    }
    for (int j = 0; j < FL_LANES; j++) found |= least[j] < 0;
    *negative = found;
    return FL_NAME(fl_add_lanes)(lane);
}

/* The first place of a number in x; n where it is not there. */
static inline ptrdiff_t FL_NAME(fl_block_find)(const FL_REAL *x, FL_REAL number, ptrdiff_t n)
{
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES) {
        int found = 0;
        for (int j = 0; j < FL_LANES; j++) found |= x[i + j] == number;
        if (found) break;
    }
    while (i < n && x[i] != number) i++;
    return i;
}

/* x w in place, +0 where w is 0. */
static inline void FL_NAME(fl_block_weigh)(FL_REAL *x, const FL_REAL *w, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) x[i] = w[i] == 0 ? (FL_REAL)0 : x[i] * w[i];
}

static inline void FL_NAME(fl_block_fill)(FL_REAL *x, FL_REAL value, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) x[i] = value;
}

/* Whether every x is in [low, high] or NaN, where w (if there is one) is not 0. Without weights the least and the most of
 * each lane are compared at the end: masks of comparisons take twice the time. */
static inline int FL_NAME(fl_block_inside)(const FL_REAL *x, const FL_REAL *w, FL_REAL low, FL_REAL high, ptrdiff_t n)
{
    enum { WIDTH = FL_LANES_f64 }; /* of both types: a loop of 16 numbers becomes scalar code, ten times as slow */
    FL_REAL least[WIDTH], most[WIDTH];
    int outside = 0;
    ptrdiff_t i = 0;
    if (w) {
        for (; i < n; i++) outside |= ((x[i] < low) | (x[i] > high)) & (w[i] != 0);
        return !outside;
    }
    for (int j = 0; j < WIDTH; j++) least[j] = low, most[j] = high;
    for (; i + WIDTH <= n; i += WIDTH)
        for (int j = 0; j < WIDTH; j++) {
            least[j] = x[i + j] < least[j] ? x[i + j] : least[j];
            most[j] = x[i + j] > most[j] ? x[i + j] : most[j];
        }
    for (int j = 0; j < WIDTH; j++) outside |= (least[j] < low) | (most[j] > high);
    for (; i < n; i++) outside |= (x[i] < low) | (x[i] > high);
    return !outside;
}

/* Whether there is a NaN */
static inline int FL_NAME(fl_block_nan)(const FL_REAL *x, ptrdiff_t n)
{
    int found = 0;
    for (ptrdiff_t i = 0; i < n; i++) found |= x[i] != x[i];
    return found;
}

/* Whether every x is low, high or NaN, where w (if there is one) is not 0. Of numbers as near to 1 as -1, 0 and 1 the product
 * of both distances is 0 where one is, and nowhere else. */
static inline int FL_NAME(fl_block_either)(const FL_REAL *x, const FL_REAL *w, FL_REAL low, FL_REAL high, ptrdiff_t n)
{
    enum { WIDTH = FL_LANES_f64 };
    FL_REAL most[WIDTH] = {0};
    int outside = 0;
    ptrdiff_t i = 0;
    if (w) {
        for (; i < n; i++) outside |= (x[i] != low) & (x[i] != high) & (x[i] == x[i]) & (w[i] != 0);
        return !outside;
    }
    for (; i + WIDTH <= n; i += WIDTH)
        for (int j = 0; j < WIDTH; j++) {
            FL_REAL product = FL_MATH(fl_abs)((x[i + j] - low) * (x[i + j] - high));
            most[j] = product > most[j] ? product : most[j];
        }
    for (int j = 0; j < WIDTH; j++) outside |= most[j] > 0;
    for (; i < n; i++) outside |= (x[i] != low) & (x[i] != high) & (x[i] == x[i]);
    return !outside;
}

/* y = f(x), which may be in place: the stages of a formula. */
#define FL_STAGE(word)                                                                                                \
    static inline void FL_NAME(fl_general_##word)(const FL_REAL *x, FL_REAL *y, ptrdiff_t n)                          \
    {                                                                                                                 \
        FL_NO_OVERLAP                                                                                                 \
        for (ptrdiff_t i = 0; i < n; i++) y[i] = FL_MATH(fl_##word)(x[i]);                                            \
    }
FL_STAGE(exp)
FL_STAGE(exp_minus_abs)
FL_STAGE(log)
FL_STAGE(log1p)
FL_STAGE(log1p_unit)
FL_STAGE(expm1)
FL_STAGE(log1pmx)
#undef FL_STAGE
/* e^-|x| as head and tail; the tails may take the place of x. */
static inline void FL_NAME(fl_general_exp_minus_abs_pair)(const FL_REAL *x, FL_REAL *heads, FL_REAL *tails, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) {
        FL_MATH(fl_pair) pair = FL_MATH(fl_exp_minus_abs_exactly)(x[i]);
        heads[i] = pair.head;
        tails[i] = pair.tail;
    }
}

/* Largest x; NaN is passed over, -infinity where there is nothing else. */
static inline FL_REAL FL_NAME(fl_general_max)(const FL_REAL *x, ptrdiff_t n)
{
    FL_REAL lane[FL_LANES];
    for (int j = 0; j < FL_LANES; j++) lane[j] = -(FL_REAL)INFINITY;
    ptrdiff_t i = 0;
    for (; i + FL_LANES <= n; i += FL_LANES)
        for (int j = 0; j < FL_LANES; j++) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
    for (int j = 0; i + j < n; j++) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
    for (int width = FL_LANES / 2; width; width /= 2)
        for (int j = 0; j < width; j++) lane[j] = lane[j + width] > lane[j] ? lane[j + width] : lane[j];
    return lane[0];
}

/* x - m = *d + *error exactly, for x <= m.
 *
 * The difference rounds, and at distance 20 that one rounding costs 8 to 16 ULP of the exponential: so its error is
 * carried. With u = -m and high = min(x, u), low = max(x, u), |high| >= |low| holds whenever x <= m: if m <= 0 then
 * x <= m <= 0 <= u gives |x| >= |u|, and if m > 0 the smaller of x and u is the negative one of larger magnitude.
 * That is what Fast2Sum asks for:   d = high + low,   error = low - (d - high). */
FL_INLINE FL_REAL FL_NAME(fl_difference)(FL_REAL x, FL_REAL m, FL_REAL *error)
{
    FL_REAL u = -m;
    FL_REAL high = x < u ? x : u, low = x < u ? u : x;
    FL_REAL d = high + low;
    *error = low - (d - high);
    return d;
}

/* exp(x - m) for x <= m, exactly 1 where x == m (infinities included). `divided`: exp((x - m) (inverse + inverse_tail)). */
FL_INLINE FL_REAL FL_NAME(fl_exp_below)(FL_REAL x, FL_REAL m, double inverse, double inverse_tail, int divided)
{
    FL_REAL error, d = FL_NAME(fl_difference)(x, m, &error);
    if (divided) d = FL_NAME(fl_quotient)(d, error, inverse, inverse_tail, &error);
    FL_REAL e = FL_MATH(fl_exp_sum)(d, error);
    return x == m ? (FL_REAL)1 : e;
}

/* The larger of two numbers in each lane; NaN in x is passed over. */
static inline void FL_NAME(fl_lanes_max)(const FL_REAL *x, FL_REAL *m)
{
    FL_NO_OVERLAP
    for (int j = 0; j < FL_LANES; j++) m[j] = x[j] > m[j] ? x[j] : m[j];
}

/* One class of a tile of rows in the lanes: e = exp(x - m), added to `sum` where x < m, counted in `ties` where x == m. */
FL_INLINE void FL_NAME(fl_any_lanes_exp)(const FL_REAL *x, const FL_REAL *m, double inverse, double inverse_tail, int divided,
                                         FL_REAL *e, FL_REAL *sum, FL_REAL *ties)
{
    FL_NO_OVERLAP
    for (int j = 0; j < FL_LANES; j++) {
        FL_REAL exponential = FL_NAME(fl_exp_below)(x[j], m[j], inverse, inverse_tail, divided);
        sum[j] += x[j] == m[j] ? (FL_REAL)0 : exponential;
        ties[j] += x[j] == m[j] ? (FL_REAL)1 : (FL_REAL)0;
        e[j] = exponential;
    }
}
static inline void FL_NAME(fl_general_lanes_exp)(const FL_REAL *x, const FL_REAL *m, FL_REAL *e, FL_REAL *sum, FL_REAL *ties)
{
    FL_NAME(fl_any_lanes_exp)(x, m, 1, 0, 0, e, sum, ties);
}
static inline void FL_NAME(fl_general_lanes_exp_over)(const FL_REAL *x, const FL_REAL *m, double inverse, double inverse_tail,
                                                      FL_REAL *e, FL_REAL *sum, FL_REAL *ties)
{
    FL_NAME(fl_any_lanes_exp)(x, m, inverse, inverse_tail, 1, e, sum, ties);
}

/* to[column][row] = from[row][column]; strides in elements. Tiles of 4 x 4 (double: 2 x 2), two at a
 * time where registers hold two, then 4 x 2 and 2 x 4. */
static inline void FL_NAME(fl_general_transpose)(const FL_REAL *from, ptrdiff_t from_stride, FL_REAL *to, ptrdiff_t to_stride,
                                         ptrdiff_t rows, ptrdiff_t columns)
{
    ptrdiff_t column = 0, row;
#ifdef FL_TRANSPOSE_TILE
    for (; column + FL_TRANSPOSE_TILE <= columns; column += FL_TRANSPOSE_TILE) {
        const FL_REAL *here = from + column;
        FL_REAL *there = to + column * to_stride;
        row = 0;
#ifdef FL_TRANSPOSE_TALL
        for (; row + FL_TRANSPOSE_TALL <= rows; row += FL_TRANSPOSE_TALL)
            FL_NAME(fl_transpose_tall)(here + row * from_stride, from_stride, there + row, to_stride);
#endif
        for (; row + FL_TRANSPOSE_TILE <= rows; row += FL_TRANSPOSE_TILE)
            FL_NAME(fl_transpose_tile)(here + row * from_stride, from_stride, there + row, to_stride);
#if FL_TRANSPOSE_TILE == 4
        if (row + 2 <= rows) {
            fl_transpose_2_by_4(here + row * from_stride, from_stride, there + row, to_stride);
            row += 2;
        }
#endif
        for (; row < rows; row++)
            for (int j = 0; j < FL_TRANSPOSE_TILE; j++) there[j * to_stride + row] = here[row * from_stride + j];
    }
#if FL_TRANSPOSE_TILE == 4
    if (column + 2 <= columns) {
        for (row = 0; row + 4 <= rows; row += 4)
            fl_transpose_4_by_2(from + row * from_stride + column, from_stride, to + column * to_stride + row, to_stride);
        for (; row < rows; row++)
            for (int j = 0; j < 2; j++) to[(column + j) * to_stride + row] = from[row * from_stride + column + j];
        column += 2;
    }
#endif
#endif
    for (; column < columns; column++)
        for (row = 0; row < rows; row++) to[column * to_stride + row] = from[row * from_stride + column];
}

/* The sum of exp(x - m) over x < m where every term is next to underflow, in double.
 *
 * Subnormal terms keep few bits, and each loses half of its last place. exp(x - m + FL_OFFSET) is a normal number, and
 * the offset costs nothing: x - m is below -FL_OFFSET, so that its sum with a whole number has no more bits than it. */
static inline double FL_NAME(fl_block_tiny_sum)(const FL_REAL *x, FL_REAL m, ptrdiff_t n)
{
    double lane[FL_LANES] = {0};
    FL_REAL rest[FL_LANES];
    for (ptrdiff_t i = 0; i < n; i += FL_LANES) {
        for (int j = 0; j < FL_LANES; j++) rest[j] = i + j < n ? x[i + j] : -(FL_REAL)INFINITY;
        for (int j = 0; j < FL_LANES; j++) {
            FL_REAL error, d = FL_NAME(fl_difference)(rest[j], m, &error);
            FL_REAL e = FL_MATH(fl_exp_sum)(d + FL_OFFSET, error);
            lane[j] += rest[j] == m ? 0.0 : (double)e;
        }
    }
    return FL_NAME(fl_add_lanes)(lane) * FL_EXP_OF_MINUS_OFFSET;
}

/* Terms that a lane adds up in FL_REAL before it is added to the double of its lane: one term may outweigh all others, and
 * then every addition after it rounds at its weight. */
#define FL_RUN (8 * FL_LANES)

/* The sum of y (m - x), in double, and that of y in `total`. Where y is NULL it is 1, and nobody asks for its sum. Not finite
 * where a difference is none, be y 0 or not. Four terms are added before they become doubles: none is below 0, so nothing
 * cancels. */
static inline double FL_NAME(fl_general_distance)(const FL_REAL *y, const FL_REAL *x, FL_REAL m, ptrdiff_t n, double *total)
{
    enum { QUARTER = FL_RUN / 4 };
    FL_REAL term[FL_RUN];
    double sum = 0;
    ptrdiff_t start = 0;
#define FL_TERM(at) (y ? y[at] * (m - x[at]) : m - x[at])
#define FL_FOUR_TERMS(at) ((FL_TERM(at) + FL_TERM((at) + QUARTER)) + (FL_TERM((at) + 2 * QUARTER) + FL_TERM((at) + 3 * QUARTER)))
    for (; start + FL_RUN <= n; start += FL_RUN) {
        if (y)
            for (ptrdiff_t j = 0; j < QUARTER; j++) term[j] = FL_FOUR_TERMS(start + j);
        else
            for (ptrdiff_t j = 0; j < QUARTER; j++) term[j] = FL_FOUR_TERMS(start + j);
        sum += FL_NAME(fl_block_sum)(term, QUARTER);
    }
    if (y)
        for (ptrdiff_t j = 0; start + j < n; j++) term[j] = FL_TERM(start + j);
    else
        for (ptrdiff_t j = 0; start + j < n; j++) term[j] = FL_TERM(start + j);
    sum += FL_NAME(fl_block_sum)(term, n - start);
#undef FL_FOUR_TERMS
#undef FL_TERM
    if (y) *total = FL_NAME(fl_block_sum)(y, n);
    return sum;
}

/* e = exp(x - m), m the largest x (e may be x). Returns the sum over x < m, in double; `ties` counts x == m. `first`: the
 * number of x[0] in its row, whose successor is fetched meanwhile. */
FL_INLINE double FL_NAME(fl_any_exp_sum)(const FL_REAL *x, FL_REAL m, double inverse, double inverse_tail, int divided, FL_REAL *e,
                                         ptrdiff_t n, double *ties, const fl_ahead *ahead, ptrdiff_t first)
{
    double lane[FL_LANES] = {0};
    FL_REAL tie[FL_LANES] = {0}, rest[FL_LANES];
    for (ptrdiff_t start = 0; start < n; start += FL_RUN) {
        FL_REAL sum[FL_LANES] = {0};
        ptrdiff_t end = n - start < FL_RUN ? n : start + FL_RUN, i = start;
        for (; i + FL_LANES <= end; i += FL_LANES) {
            fl_fetch(ahead, first + i, FL_LANES);
            FL_NO_OVERLAP
            for (int j = 0; j < FL_LANES; j++) {
                FL_REAL exponential = FL_NAME(fl_exp_below)(x[i + j], m, inverse, inverse_tail, divided);
                sum[j] += x[i + j] == m ? (FL_REAL)0 : exponential;
                tie[j] += x[i + j] == m ? (FL_REAL)1 : (FL_REAL)0;
                e[i + j] = exponential;
            }
        }
        if (i < end) {
            for (int j = 0; j < FL_LANES; j++) rest[j] = i + j < n ? x[i + j] : -(FL_REAL)INFINITY;
            FL_NO_OVERLAP
            for (int j = 0; j < FL_LANES; j++) {
                FL_REAL exponential = FL_NAME(fl_exp_below)(rest[j], m, inverse, inverse_tail, divided);
                sum[j] += rest[j] == m ? (FL_REAL)0 : exponential;
                tie[j] += (rest[j] == m) & (i + j < n) ? (FL_REAL)1 : (FL_REAL)0;
                rest[j] = exponential;
            }
            for (int j = 0; i + j < n; j++) e[i + j] = rest[j];
        }
        for (int j = 0; j < FL_LANES; j++) lane[j] += (double)sum[j];
    }
    double total = FL_NAME(fl_add_lanes)(lane);
    for (int j = 0; j < FL_LANES; j++) lane[j] = (double)tie[j];
    *ties += FL_NAME(fl_add_lanes)(lane);
    return total;
}
static inline double FL_NAME(fl_general_exp_sum)(const FL_REAL *x, FL_REAL m, FL_REAL *e, ptrdiff_t n, double *ties,
                                                 const fl_ahead *ahead, ptrdiff_t first)
{
    return FL_NAME(fl_any_exp_sum)(x, m, 1, 0, 0, e, n, ties, ahead, first);
}
/* The same of exp((x - m) (inverse + inverse_tail)). */
static inline double FL_NAME(fl_general_exp_sum_over)(const FL_REAL *x, FL_REAL m, double inverse, double inverse_tail, FL_REAL *e,
                                                      ptrdiff_t n, double *ties, const fl_ahead *ahead, ptrdiff_t first)
{
    return FL_NAME(fl_any_exp_sum)(x, m, inverse, inverse_tail, 1, e, n, ties, ahead, first);
}
#endif
