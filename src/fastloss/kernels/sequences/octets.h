/* Eight doubles at a time, in as many registers as the level needs for them. Where loops are short, and of each two numbers one is
 * selected, gcc makes no vectors of loops over lanes: a lattice of 9 tags took three times as long. */
#ifndef FASTLOSS_OCTETS_H
#define FASTLOSS_OCTETS_H
#include "maths/vecmath.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* A vector wider than the level's registers would go through memory. */
#if defined(__AVX512F__)
enum { FL_BYTES_OF_PART = 64 };
#elif defined(__AVX2__)
enum { FL_BYTES_OF_PART = 32 };
#else
enum { FL_BYTES_OF_PART = 16 };
#endif
enum { FL_NUMBERS_OF_PART = FL_BYTES_OF_PART / 8, FL_PARTS_OF_EIGHT = 64 / FL_BYTES_OF_PART };

typedef double fl_part __attribute__((vector_size(FL_BYTES_OF_PART), aligned(8), may_alias));
typedef int64_t fl_part_bits __attribute__((vector_size(FL_BYTES_OF_PART), aligned(8), may_alias));
typedef struct {
    fl_part part[FL_PARTS_OF_EIGHT];
} fl_octet;
typedef struct {
    fl_part_bits part[FL_PARTS_OF_EIGHT]; /* of a lane all bits or none */
} fl_octet_bits;

#define FL_EACH_PART for (int p = 0; p < FL_PARTS_OF_EIGHT; p++)

FL_INLINE fl_octet fl_octet_at(const double *x)
{
    fl_octet y;
    FL_EACH_PART y.part[p] = *(const fl_part *)(x + p * FL_NUMBERS_OF_PART);
    return y;
}
FL_INLINE void fl_octet_to(double *x, fl_octet a) { FL_EACH_PART *(fl_part *)(x + p * FL_NUMBERS_OF_PART) = a.part[p]; }
FL_INLINE fl_octet fl_octet_of(double x)
{
    fl_octet y;
    FL_EACH_PART y.part[p] = (fl_part){0} + x;
    return y;
}
FL_INLINE fl_octet fl_octet_add(fl_octet a, fl_octet b)
{
    FL_EACH_PART a.part[p] += b.part[p];
    return a;
}
FL_INLINE fl_octet fl_octet_times(fl_octet a, fl_octet b)
{
    FL_EACH_PART a.part[p] *= b.part[p];
    return a;
}
FL_INLINE fl_octet fl_octet_by(fl_octet a, double x)
{
    FL_EACH_PART a.part[p] *= x;
    return a;
}

/* x a + b */
FL_INLINE fl_octet fl_octet_fma(double x, fl_octet a, fl_octet b)
{
#if defined(__AVX512F__)
    b.part[0] = (fl_part)_mm512_fmadd_pd(_mm512_set1_pd(x), (__m512d)a.part[0], (__m512d)b.part[0]);
#elif defined(__AVX2__) && defined(__FMA__)
    FL_EACH_PART b.part[p] = (fl_part)_mm256_fmadd_pd(_mm256_set1_pd(x), (__m256d)a.part[p], (__m256d)b.part[p]);
#else
    FL_EACH_PART b.part[p] = (fl_part){fl_fma(x, a.part[p][0], b.part[p][0]), fl_fma(x, a.part[p][1], b.part[p][1])};
#endif
    return b;
}

/* a > b ? a : b */
FL_INLINE fl_octet fl_octet_larger(fl_octet a, fl_octet b)
{
#if defined(__AVX512F__)
    b.part[0] = (fl_part)_mm512_max_pd((__m512d)a.part[0], (__m512d)b.part[0]);
#elif defined(__AVX2__)
    FL_EACH_PART b.part[p] = (fl_part)_mm256_max_pd((__m256d)a.part[p], (__m256d)b.part[p]);
#elif defined(__SSE2__)
    FL_EACH_PART b.part[p] = (fl_part)_mm_max_pd((__m128d)a.part[p], (__m128d)b.part[p]);
#else
    FL_EACH_PART
    {
        fl_part_bits where = a.part[p] > b.part[p];
        b.part[p] = (fl_part)(((fl_part_bits)a.part[p] & where) | ((fl_part_bits)b.part[p] & ~where));
    }
#endif
    return b;
}

/* b in the lanes that are selected, elsewhere a */
FL_INLINE fl_octet fl_octet_with(fl_octet a, fl_octet_bits where, fl_octet b)
{
    FL_EACH_PART a.part[p] = (fl_part)(((fl_part_bits)b.part[p] & where.part[p]) | ((fl_part_bits)a.part[p] & ~where.part[p]));
    return a;
}
FL_INLINE fl_octet fl_octet_without(fl_octet a, fl_octet_bits where)
{
    FL_EACH_PART a.part[p] = (fl_part)((fl_part_bits)a.part[p] & ~where.part[p]);
    return a;
}

FL_INLINE fl_octet_bits fl_octet_below(fl_octet a, double x)
{
    fl_octet_bits where;
    FL_EACH_PART where.part[p] = a.part[p] < x;
    return where;
}

static const int64_t fl_octet_lanes[8] = {0, 1, 2, 3, 4, 5, 6, 7};

/* Lane k, if there is one. */
FL_INLINE fl_octet_bits fl_octet_lane(int64_t k)
{
    fl_octet_bits where;
    FL_EACH_PART where.part[p] = *(const fl_part_bits *)(fl_octet_lanes + p * FL_NUMBERS_OF_PART) == k;
    return where;
}

/* Lane k and those behind it. */
FL_INLINE fl_octet_bits fl_octet_lanes_from(int64_t k)
{
    fl_octet_bits where;
    FL_EACH_PART where.part[p] = *(const fl_part_bits *)(fl_octet_lanes + p * FL_NUMBERS_OF_PART) >= k;
    return where;
}

/* The first lane that is x, 8: none is. */
FL_INLINE int fl_octet_first(fl_octet a, double x)
{
#if defined(__AVX512F__)
    return __builtin_ctz((unsigned)_mm512_cmp_pd_mask((__m512d)a.part[0], _mm512_set1_pd(x), _CMP_EQ_OQ) | 0x100u);
#else
    int first = 8;
    for (int k = 7; k >= 0; k--) first = a.part[k / FL_NUMBERS_OF_PART][k % FL_NUMBERS_OF_PART] == x ? k : first;
    return first;
#endif
}

/* Whether some lane is x or more, or is NaN. */
FL_INLINE int fl_octet_any_beyond(fl_octet a, double x)
{
#if defined(__AVX512F__)
    return _mm512_cmp_pd_mask((__m512d)a.part[0], _mm512_set1_pd(x), _CMP_NLT_UQ) != 0;
#else
    int64_t all = -1;
    FL_EACH_PART
    {
        fl_part_bits below = a.part[p] < x;
        for (int k = 0; k < FL_NUMBERS_OF_PART; k++) all &= below[k];
    }
    return all == 0;
#endif
}

FL_INLINE double fl_octet_sum(fl_octet a)
{
    double x[8];
    fl_octet_to(x, a);
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

FL_INLINE double fl_octet_largest(fl_octet a)
{
    double x[8];
    fl_octet_to(x, a);
    for (int k = 0; k < 4; k++) x[k] = x[k + 4] > x[k] ? x[k + 4] : x[k];
    for (int k = 0; k < 2; k++) x[k] = x[k + 2] > x[k] ? x[k + 2] : x[k];
    return x[1] > x[0] ? x[1] : x[0];
}
#endif
