/*
 * Sums over the numbers of one row or two, and gradients made of differences of rows: what distances and cosines of given
 * vectors consist of.
 *
 * Everything is computed in double. Of float32 rows (_f32) a sum is a plain sum of doubles: squares and products are exact
 * there. Of float64 rows (_f64) each lane carries what its differences, products and sums round off, and a sum is an fl_pair
 * of about 100 bits. Number i belongs to lane i % FL_VECTOR_LANES. The lanes are added pairwise.
 *
 * Gradients are rounded once, after a double that has two or three roundings. One may lie exactly over a row that it reads.
 */
#ifndef FL_VECTOR_REAL
#ifndef FASTLOSS_VECTOR_SUMS_H
#define FASTLOSS_VECTOR_SUMS_H
#include <stddef.h>
#include <string.h>
#include "blocks/blocks.h"
#include "maths/pairs.h"
#include "maths/tails.h"

enum { FL_VECTOR_LANES = 32 };

/* A sweep over a row is a function of its own: losses share its code, and tests/test_machine_code.py finds it. */
#if defined(__GNUC__)
#define FL_SWEEP static __attribute__((noinline))
#else
#define FL_SWEEP static
#endif

/* The sum over the lanes, pairwise; written out, so that no loop over one or two lanes is left. */
#define FL_VECTOR_FOLD(width)                                                                                          \
    for (int j = 0; j < (width); j++) head[j] += head[j + (width)];
FL_INLINE fl_pair fl_vector_plain_total(double *head)
{
    FL_VECTOR_FOLD(16) FL_VECTOR_FOLD(8) FL_VECTOR_FOLD(4) FL_VECTOR_FOLD(2) FL_VECTOR_FOLD(1)
    return (fl_pair){head[0], 0.0};
}
#undef FL_VECTOR_FOLD

/* The same, of numbers and of what they have lost */
#define FL_VECTOR_FOLD(width)                                                                                          \
    for (int j = 0; j < (width); j++) {                                                                                \
        double sum = head[j] + head[j + (width)], part = sum - head[j];                                                \
        tail[j] += tail[j + (width)] + ((head[j] - (sum - part)) + (head[j + (width)] - part));                        \
        head[j] = sum;                                                                                                 \
    }
FL_INLINE fl_pair fl_vector_careful_total(double *head, double *tail)
{
    FL_VECTOR_FOLD(16) FL_VECTOR_FOLD(8) FL_VECTOR_FOLD(4) FL_VECTOR_FOLD(2) FL_VECTOR_FOLD(1)
    return fl_two_sum(head[0], fl_abs(head[0]) < FL_INFINITY ? tail[0] : 0.0);
}
#undef FL_VECTOR_FOLD

#define FL_VECTOR_REAL float
#define FL_VECTOR_NAME(name) name##_f32
#define FL_VECTOR_EXACT 0
#include "vectors/sums.h"
#undef FL_VECTOR_REAL
#undef FL_VECTOR_NAME
#undef FL_VECTOR_EXACT

#define FL_VECTOR_REAL double
#define FL_VECTOR_NAME(name) name##_f64
#define FL_VECTOR_EXACT 1
#include "vectors/sums.h"
#undef FL_VECTOR_REAL
#undef FL_VECTOR_NAME
#undef FL_VECTOR_EXACT

#endif
#else /* for FL_VECTOR_REAL */

/* head + tail + x y + more */
#if FL_VECTOR_EXACT
#define FL_VECTOR_TOTAL(head, tail) fl_vector_careful_total(head, tail)
#define FL_VECTOR_ADD(head, tail, x, y, more)                                                                          \
    {                                                                                                                  \
        double product = (x) * (y), lost = fl_product_tail((x), (y)) + (more);                                         \
        double sum = (head) + product, part = sum - (head);                                                            \
        (tail) += (((head) - (sum - part)) + (product - part)) + lost;                                                 \
        (head) = sum;                                                                                                  \
    }
#else
#define FL_VECTOR_TOTAL(head, tail) fl_vector_plain_total(head)
#define FL_VECTOR_ADD(head, tail, x, y, more) (head) = fl_fma((x), (y), (head));
#endif

FL_INLINE void FL_VECTOR_NAME(fl_vector_distance_step)(const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b, double *head, double *tail)
{
    (void)tail;
    for (int j = 0; j < FL_VECTOR_LANES; j++) {
        double x = a[j], y = b[j], r = x - y;
        FL_VECTOR_ADD(head[j], tail[j], r, r, 2.0 * r * fl_difference_tail(x, y))
    }
}

/* Lanes of one sum each: of an array of three, gcc adds up one number after the other. */
FL_INLINE void FL_VECTOR_NAME(fl_vector_products_step)(const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b, double *aa, double *aa_tail,
                                                       double *ab, double *ab_tail, double *bb, double *bb_tail)
{
    (void)aa_tail, (void)ab_tail, (void)bb_tail;
    for (int j = 0; j < FL_VECTOR_LANES; j++) {
        double x = a[j], y = b[j];
        FL_VECTOR_ADD(aa[j], aa_tail[j], x, x, 0.0)
        FL_VECTOR_ADD(ab[j], ab_tail[j], x, y, 0.0)
        FL_VECTOR_ADD(bb[j], bb_tail[j], y, y, 0.0)
    }
}

/* What is left of a row behind its whole steps, filled up with 0 */
#define FL_VECTOR_REST(row, i, n)                                                                                      \
    FL_VECTOR_REAL row##_rest[FL_VECTOR_LANES] = {0};                                                                  \
    memcpy(row##_rest, row + (i), (size_t)((n) - (i)) * sizeof(FL_VECTOR_REAL));

/* Lanes of a sum, and of what it has lost, which of float32 rows is nothing */
#if FL_VECTOR_EXACT
#define FL_VECTOR_LANES_OF(sum)                                                                                        \
    double sum[FL_VECTOR_LANES], sum##_tail[FL_VECTOR_LANES];                                                          \
    fl_clear_lanes_f64(sum);                                                                                           \
    fl_clear_lanes_f64(sum##_tail);
#else
#define FL_VECTOR_LANES_OF(sum)                                                                                        \
    double sum[FL_VECTOR_LANES], *sum##_tail = NULL;                                                                   \
    fl_clear_lanes_f64(sum);
#endif

/* sum (a - b)^2 */
FL_SWEEP fl_pair FL_VECTOR_NAME(fl_vector_distance)(const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b, ptrdiff_t n)
{
    FL_VECTOR_LANES_OF(sum)
    ptrdiff_t i = 0;
    for (; i + FL_VECTOR_LANES <= n; i += FL_VECTOR_LANES) FL_VECTOR_NAME(fl_vector_distance_step)(a + i, b + i, sum, sum_tail);
    if (i < n) {
        FL_VECTOR_REST(a, i, n)
        FL_VECTOR_REST(b, i, n)
        FL_VECTOR_NAME(fl_vector_distance_step)(a_rest, b_rest, sum, sum_tail);
    }
    return FL_VECTOR_TOTAL(sum, sum_tail);
}

/* sum a a, sum a b, sum b b */
FL_SWEEP void FL_VECTOR_NAME(fl_vector_products)(const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b, ptrdiff_t n, fl_pair *products)
{
    FL_VECTOR_LANES_OF(aa)
    FL_VECTOR_LANES_OF(ab)
    FL_VECTOR_LANES_OF(bb)
    ptrdiff_t i = 0;
    for (; i + FL_VECTOR_LANES <= n; i += FL_VECTOR_LANES)
        FL_VECTOR_NAME(fl_vector_products_step)(a + i, b + i, aa, aa_tail, ab, ab_tail, bb, bb_tail);
    if (i < n) {
        FL_VECTOR_REST(a, i, n)
        FL_VECTOR_REST(b, i, n)
        FL_VECTOR_NAME(fl_vector_products_step)(a_rest, b_rest, aa, aa_tail, ab, ab_tail, bb, bb_tail);
    }
    products[0] = FL_VECTOR_TOTAL(aa, aa_tail);
    products[1] = FL_VECTOR_TOTAL(ab, ab_tail);
    products[2] = FL_VECTOR_TOTAL(bb, bb_tail);
}

/* Whether the rows hold the same numbers */
FL_SWEEP int FL_VECTOR_NAME(fl_vector_equal)(const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b, ptrdiff_t n)
{
    int found = 0;
    for (ptrdiff_t i = 0; i < n; i++) found |= !(a[i] == b[i]);
    return !found;
}

/* Whether no number of a row meets one of the other, where both are not 0 */
FL_SWEEP int FL_VECTOR_NAME(fl_vector_disjoint)(const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b, ptrdiff_t n)
{
    int found = 0;
    for (ptrdiff_t i = 0; i < n; i++) found |= !(a[i] == 0) & !(b[i] == 0);
    return !found;
}

FL_SWEEP void FL_VECTOR_NAME(fl_vector_fill)(FL_VECTOR_REAL *out, double number, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] = (FL_VECTOR_REAL)number;
}

/* out = x (a - b) */
FL_SWEEP void FL_VECTOR_NAME(fl_vector_difference)(FL_VECTOR_REAL *out, double x, const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b,
                                                 ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) out[i] = (FL_VECTOR_REAL)(x * ((double)a[i] - (double)b[i]));
}

/* out = x (a - b) + y (c - d) */
FL_SWEEP void FL_VECTOR_NAME(fl_vector_differences)(FL_VECTOR_REAL *out, double x, const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *b,
                                                  double y, const FL_VECTOR_REAL *c, const FL_VECTOR_REAL *d, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++)
        out[i] = (FL_VECTOR_REAL)fl_fma(x, (double)a[i] - (double)b[i], y * ((double)c[i] - (double)d[i]));
}

/* x (b - share a), with the tails of double rows */
#if FL_VECTOR_EXACT
#define FL_VECTOR_RESIDUAL(x, a, share, b)                                                                             \
    ((x) * (((b) - (share).head * (a)) - (fl_product_tail((share).head, (a)) + (share).tail * (a))))
#else
#define FL_VECTOR_RESIDUAL(x, a, share, b) ((x) * fl_fma(-(share).head, (a), (b)))
#endif

/* out = x (b - share a) */
FL_SWEEP void FL_VECTOR_NAME(fl_vector_residual)(FL_VECTOR_REAL *out, double x, const FL_VECTOR_REAL *a, fl_pair share,
                                                 const FL_VECTOR_REAL *b, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) {
        double part = a[i], whole = b[i];
        out[i] = (FL_VECTOR_REAL)FL_VECTOR_RESIDUAL(x, part, share, whole);
    }
}

/*
 * What follows gives the bits of several of the sweeps above in one: half of their time goes into making doubles of float32
 * rows.
 *
 * first = x (b - share_a a), second = x (a - share_b b)
 */
FL_SWEEP void FL_VECTOR_NAME(fl_vector_residuals)(FL_VECTOR_REAL *first, FL_VECTOR_REAL *second, double x, const FL_VECTOR_REAL *a,
                                                  fl_pair share_a, const FL_VECTOR_REAL *b, fl_pair share_b, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) {
        double u = a[i], v = b[i];
        first[i] = (FL_VECTOR_REAL)FL_VECTOR_RESIDUAL(x, u, share_a, v);
        second[i] = (FL_VECTOR_REAL)FL_VECTOR_RESIDUAL(x, v, share_b, u);
    }
}

/* first = x (a - b), second = x (b - a) */
FL_SWEEP void FL_VECTOR_NAME(fl_vector_opposites)(FL_VECTOR_REAL *first, FL_VECTOR_REAL *second, double x, const FL_VECTOR_REAL *a,
                                                  const FL_VECTOR_REAL *b, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) {
        double u = a[i], v = b[i];
        first[i] = (FL_VECTOR_REAL)(x * (u - v));
        second[i] = (FL_VECTOR_REAL)(x * (v - u));
    }
}

/* The sums of two distances, squares[0] of sum (a - p)^2 and squares[1] of sum (a - n)^2 */
#if !FL_VECTOR_EXACT
FL_SWEEP void FL_VECTOR_NAME(fl_vector_distances)(const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *p, const FL_VECTOR_REAL *n,
                                                  ptrdiff_t columns, fl_pair *squares)
{
    FL_VECTOR_LANES_OF(to_p)
    FL_VECTOR_LANES_OF(to_n)
    ptrdiff_t i = 0;
    for (; i + FL_VECTOR_LANES <= columns; i += FL_VECTOR_LANES)
        for (int j = 0; j < FL_VECTOR_LANES; j++) {
            double x = a[i + j], r = x - (double)p[i + j], s = x - (double)n[i + j];
            to_p[j] = fl_fma(r, r, to_p[j]);
            to_n[j] = fl_fma(s, s, to_n[j]);
        }
    if (i < columns) {
        FL_VECTOR_REST(a, i, columns)
        FL_VECTOR_REST(p, i, columns)
        FL_VECTOR_REST(n, i, columns)
        FL_VECTOR_NAME(fl_vector_distance_step)(a_rest, p_rest, to_p, to_p_tail);
        FL_VECTOR_NAME(fl_vector_distance_step)(a_rest, n_rest, to_n, to_n_tail);
    }
    squares[0] = FL_VECTOR_TOTAL(to_p, to_p_tail);
    squares[1] = FL_VECTOR_TOTAL(to_n, to_n_tail);
}
#endif

/* by_p = x (p - a), by_n = y (a - n), by_a = w (n - p) + z (a - p), or, where p is no nearer than n, w (n - p) + z (a - n) */
FL_SWEEP void FL_VECTOR_NAME(fl_vector_triplet)(FL_VECTOR_REAL *by_a, FL_VECTOR_REAL *by_p, FL_VECTOR_REAL *by_n, const double *factor,
                                                int p_is_nearer, const FL_VECTOR_REAL *a, const FL_VECTOR_REAL *p,
                                                const FL_VECTOR_REAL *n, ptrdiff_t columns)
{
    const double x = factor[0], y = factor[1], w = factor[2], z = factor[3];
#define FL_VECTOR_TRIPLET(near)                                                                                        \
    FL_NO_OVERLAP                                                                                                      \
    for (ptrdiff_t i = 0; i < columns; i++) {                                                                          \
        double u = a[i], v = p[i], t = n[i];                                                                           \
        by_p[i] = (FL_VECTOR_REAL)(x * (v - u));                                                                       \
        by_n[i] = (FL_VECTOR_REAL)(y * (u - t));                                                                       \
        by_a[i] = (FL_VECTOR_REAL)fl_fma(w, t - v, z * (u - near));                                                    \
    }
    if (p_is_nearer) {
        FL_VECTOR_TRIPLET(v)
    } else {
        FL_VECTOR_TRIPLET(t)
    }
#undef FL_VECTOR_TRIPLET
}

#undef FL_VECTOR_RESIDUAL
#undef FL_VECTOR_ADD
#undef FL_VECTOR_TOTAL
#undef FL_VECTOR_REST
#undef FL_VECTOR_LANES_OF
#endif
