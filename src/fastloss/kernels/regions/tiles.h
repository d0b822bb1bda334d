/*
 * The sums over a tile of pixels that overlaps consist of, and the gradient of a tile, one class after the other.
 *
 * p is the probability of the class at a pixel, q = 1 - p, y the target. A class has three sums, in which nothing cancels:
 *     overlap  sum p y        wrong  sum p (1 - y)        missed  sum q y
 * and where probabilities and targets are squared (`squared`)
 *     overlap  sum p y        wrong  sum (p - y)^2        missed  sum y (y - p)
 * A gradient is made of three slopes of each class, g = a y + b (1 - y) + c (p - y): the derivative by p.
 *
 * Each may weigh pixels by w. A pixel with y < 0 is left out. A tile has whole steps of FL_LANES pixels: what is behind the last is left out too. The
 * lanes of a tile add up in the compute type, at most FL_REGION_STEPS numbers each; tiles add up in double.
 */
#ifndef FL_REGION_REAL
#ifndef FASTLOSS_REGION_TILES_H
#define FASTLOSS_REGION_TILES_H
#include <stddef.h>
#include <string.h>
#include "blocks/blocks.h"
#include "points/formulas.h"

enum { FL_REGION_AHEAD = 3 /* classes */, FL_REGION_STEPS = 8, FL_REGION_MOST = FL_REGION_STEPS * FL_LANES_f32 };

/* A sweep over a tile is a function of its own: tests/test_machine_code.py finds it. */
#if defined(__GNUC__)
#define FL_REGION_SWEEP static __attribute__((noinline))
#else
#define FL_REGION_SWEEP static
#endif

#define FL_REGION_REAL float
#define FL_REGION_NAME(name) name##_f32
#define FL_REGION_MATH(name) name##f
#define FL_REGION_LANES FL_LANES_f32
#include "regions/tiles.h"
#undef FL_REGION_REAL
#undef FL_REGION_NAME
#undef FL_REGION_MATH
#undef FL_REGION_LANES

#define FL_REGION_REAL double
#define FL_REGION_NAME(name) name##_f64
#define FL_REGION_MATH(name) name
#define FL_REGION_LANES FL_LANES_f64
#include "regions/tiles.h"
#undef FL_REGION_REAL
#undef FL_REGION_NAME
#undef FL_REGION_MATH
#undef FL_REGION_LANES

#endif
#else /* for FL_REGION_REAL */

#define REAL FL_REGION_REAL
#define WHERE FL_REGION_MATH(fl_where)
#define LANES FL_REGION_LANES

/* What one pixel adds to the sums of its class, in lane j; `weighted` is known where this is compiled. */
#define FL_REGION_WEIGHED(number) (weighted ? w[j] * (number) : (number))
#define FL_REGION_ADD(p, q, y, left_out)                                                                               \
    {                                                                                                                  \
        REAL d = ((REAL)1 - (y)) * (p) - (y) * (q);                                                                    \
        sum[0][j] += WHERE(left_out, 0, FL_REGION_WEIGHED((p) * (y)));                                                 \
        sum[1][j] += WHERE(left_out, 0, FL_REGION_WEIGHED(squared ? d * d : ((REAL)1 - (y)) * (p)));                   \
        sum[2][j] += WHERE(left_out, 0, FL_REGION_WEIGHED(squared ? -d * (y) : (q) * (y)));                                              \
    }

/* ---- binary, multilabel: each class for itself ------------------------------------------------------------------- */

FL_INLINE void FL_REGION_NAME(fl_region_sigmoid_step)(const REAL *x, const REAL *y, const REAL *z, const REAL *w, int squared, int weighted,
                                                      REAL (*sum)[LANES])
{
    for (int j = 0; j < LANES; j++) {
        REAL larger = (REAL)1 / ((REAL)1 + z[j]), smaller = z[j] * larger;
        REAL p = WHERE(x[j] > 0, larger, smaller), q = WHERE(x[j] > 0, smaller, larger);
        FL_REGION_ADD(p, q, y[j], y[j] < 0)
    }
}

FL_INLINE void FL_REGION_NAME(fl_region_add)(REAL (*sum)[LANES], double *total)
{
    for (int k = 0; k < 3; k++) total[k] += FL_REGION_NAME(fl_block_sum)(sum[k], LANES);
}

/* Adds the sums of n pixels to `total`; z: room for n numbers; w: their weights, or NULL. */
FL_REGION_SWEEP void FL_REGION_NAME(fl_region_sigmoid_sums)(const REAL *x, const REAL *y, REAL *z, const REAL *w, ptrdiff_t n, int squared,
                                                            double *total)
{
    REAL sum[3][LANES] = {{0}};
    FL_REGION_NAME(fl_block_exp_minus_abs)(x, z, n);
#define FL_REGION_STEP(squares, weights)                                                                               \
    for (ptrdiff_t i = 0; i < n; i += LANES)                                                                           \
        FL_REGION_NAME(fl_region_sigmoid_step)(x + i, y + i, z + i, (weights) ? w + i : w, squares, weights, sum);
    if (squared && w) { FL_REGION_STEP(1, 1) }
    else if (squared) { FL_REGION_STEP(1, 0) }
    else if (w) { FL_REGION_STEP(0, 1) }
    else { FL_REGION_STEP(0, 0) }
#undef FL_REGION_STEP
    FL_REGION_NAME(fl_region_add)(sum, total);
}

/* The gradient of n pixels; it may lie exactly over x or z. */
FL_REGION_SWEEP void FL_REGION_NAME(fl_region_sigmoid_gradient)(const REAL *x, const REAL *y, REAL *z, ptrdiff_t n, const double *slope,
                                                                REAL *gradient)
{
    REAL a = (REAL)slope[0], b = (REAL)slope[1], c = (REAL)slope[2];
    FL_REGION_NAME(fl_block_exp_minus_abs)(x, z, n);
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) {
        REAL larger = (REAL)1 / ((REAL)1 + z[i]), smaller = z[i] * larger;
        REAL p = WHERE(x[i] > 0, larger, smaller), q = WHERE(x[i] > 0, smaller, larger), rest = (REAL)1 - y[i];
        REAL g = (a * y[i] + b * rest) + c * (rest * p - y[i] * q);
        gradient[i] = WHERE(y[i] < 0, 0, larger * smaller * g);
    }
}

/* ---- multiclass: a softmax of the classes of each pixel ---------------------------------------------------------- */

/* Ask memory for n numbers, which need not begin with a line. */
FL_INLINE void FL_REGION_NAME(fl_region_ask)(const REAL *place, ptrdiff_t n, int writes)
{
    enum { LINE = 64 / sizeof(REAL) };
    for (ptrdiff_t i = 0; i < n + LINE; i += LINE) {
        const REAL *of_line = place + (i < n ? i : n - 1);
        if (writes) __builtin_prefetch(of_line, 1, 3);
        else __builtin_prefetch(of_line, 0, 3);
    }
}

/* e^(x - m) of each class, m the largest x of a pixel; 1 over their sum, 0 where the pixel is left out; and 1 less the
 * probability of the largest, which cancels if it is taken from that. x lies `stride` numbers from class to class, e n.
 *
 * The classes of a pixel lie far from each other in memory: m is found class after class, which copies them to where they lie close.
 * `next`: the next tile, or NULL; it is asked for step by step. Dice of 8 x 21 x 256 x 256 went from 15.6 to 11.6 ms by
 * these two and by what asks for the gradient below; asked for at once, half of a tile was waited for. */
FL_REGION_SWEEP void FL_REGION_NAME(fl_region_softmax)(const REAL *x, ptrdiff_t stride, const REAL *y, ptrdiff_t classes, ptrdiff_t n,
                                                       REAL *e, REAL *inverse, REAL *rest, const REAL *next)
{
    REAL *m = inverse;
    for (ptrdiff_t i = 0; i < n; i++) m[i] = -(REAL)INFINITY;
    for (ptrdiff_t k = 0; k < classes; k++) {
        FL_NO_OVERLAP
        for (ptrdiff_t i = 0; i < n; i++) {
            REAL here = x[k * stride + i];
            m[i] = here > m[i] ? here : m[i];
            e[k * n + i] = here;
        }
    }
    for (ptrdiff_t i = 0; i < n; i += LANES) {
        REAL sum[LANES] = {0}, ties[LANES] = {0};
        for (ptrdiff_t k = 0; k < classes; k++) {
            if (next) FL_REGION_NAME(fl_region_ask)(next + k * stride + i, LANES, 0);
            FL_REGION_NAME(fl_lanes_exp)(e + k * n + i, m + i, e + k * n + i, sum, ties);
        }
        for (int j = 0; j < LANES; j++) {
            REAL others = sum[j] + (ties[j] - (REAL)1), over = (REAL)1 / (others + (REAL)1);
            inverse[i + j] = WHERE(y[i + j] < 0, 0, over);
            rest[i + j] = others * over;
        }
    }
}

FL_INLINE REAL FL_REGION_NAME(fl_region_other)(REAL e, REAL p, REAL rest) { return WHERE(e == 1, rest, (REAL)1 - p); }

FL_INLINE void FL_REGION_NAME(fl_region_class_step)(const REAL *e, const REAL *inverse, const REAL *rest, const REAL *y, const REAL *w, REAL label,
                                                    int by_label, int squared, int weighted, REAL (*sum)[LANES])
{
    for (int j = 0; j < LANES; j++) {
        int left_out = inverse[j] == 0;
        REAL p = e[j] * inverse[j], q = FL_REGION_NAME(fl_region_other)(e[j], p, rest[j]);
        if (by_label) {
            int is = y[j] == label;
            REAL d = WHERE(is, q, p);
            sum[0][j] += WHERE(is, FL_REGION_WEIGHED(p), 0);
            sum[1][j] += WHERE(left_out | (is & !squared), 0, FL_REGION_WEIGHED(squared ? d * d : p));
            sum[2][j] += WHERE(is, FL_REGION_WEIGHED(q), 0);
        } else
            FL_REGION_ADD(p, q, y[j], left_out)
    }
}

/* Adds the sums of a class. `y`: labels, -1 where a pixel is left out, or the targets of this class; w: weights, or NULL. */
FL_REGION_SWEEP void FL_REGION_NAME(fl_region_class_sums)(const REAL *e, const REAL *inverse, const REAL *rest, const REAL *y, const REAL *w,
                                                          REAL label, int by_label, int squared, ptrdiff_t n, double *total)
{
    REAL sum[3][LANES] = {{0}};
#define FL_REGION_STEP(labels, squares, weights)                                                                       \
    for (ptrdiff_t i = 0; i < n; i += LANES)                                                                           \
        FL_REGION_NAME(fl_region_class_step)(e + i, inverse + i, rest + i, y + i, (weights) ? w + i : w, label, labels, squares, weights, sum);
    if (w && by_label && squared) { FL_REGION_STEP(1, 1, 1) }
    else if (w && by_label) { FL_REGION_STEP(1, 0, 1) }
    else if (w && squared) { FL_REGION_STEP(0, 1, 1) }
    else if (w) { FL_REGION_STEP(0, 0, 1) }
    else if (by_label && squared) { FL_REGION_STEP(1, 1, 0) }
    else if (by_label) { FL_REGION_STEP(1, 0, 0) }
    else if (squared) { FL_REGION_STEP(0, 1, 0) }
    else { FL_REGION_STEP(0, 0, 0) }
#undef FL_REGION_STEP
    FL_REGION_NAME(fl_region_add)(sum, total);
}

/* The derivative by the probability of a class at pixel i. */
#define FL_REGION_SLOPE                                                                                                \
    REAL p = e[k * n + i] * inverse[i], g;                                                                             \
    if (by_label && !squared)                                                                                          \
        g = WHERE(y[i] == (REAL)k, a, b);                                                                              \
    else {                                                                                                             \
        REAL q = FL_REGION_NAME(fl_region_other)(e[k * n + i], p, rest[i]);                                            \
        REAL own = by_label ? WHERE(y[i] == (REAL)k, 1, 0) : y[k * n + i];                                             \
        g = (a * own + b * ((REAL)1 - own)) + c * (((REAL)1 - own) * p - own * q);                                     \
    }
#define FL_REGION_SLOPES REAL a = (REAL)slope[3 * k], b = (REAL)slope[3 * k + 1], c = (REAL)slope[3 * k + 2];

/* Memory is asked for a class of the gradient while the third before it is computed: images of 2^n pixels have their classes in the same
 * few places of a cache, and what is asked for a whole tile before is gone when it is written.
 *
 * The gradient by x_c is p_c (g_c - sum_k p_k g_k). Where p_c is near 1 little is left of that; the slope of the largest
 * class m is taken off first, so that the sum is over the others: p_c ((g_c - g_m) - sum_k p_k (g_k - g_m)). */
FL_INLINE void FL_REGION_NAME(fl_region_gradient_of)(const REAL *e, const REAL *inverse, const REAL *rest, const REAL *y, int by_label,
                                                     int squared, const double *slope, ptrdiff_t classes, ptrdiff_t n, REAL *gradient,
                                                     ptrdiff_t stride)
{
    REAL largest[FL_REGION_MOST] = {0}, mean[FL_REGION_MOST] = {0};
    for (ptrdiff_t k = 0; k < classes; k++) {
        FL_REGION_SLOPES
        for (ptrdiff_t i = 0; i < n; i++) {
            FL_REGION_SLOPE
            (void)p;
            largest[i] = WHERE(e[k * n + i] == 1, g, largest[i]);
        }
    }
    for (ptrdiff_t k = 0; k < classes; k++) {
        FL_REGION_SLOPES
        for (ptrdiff_t i = 0; i < n; i++) {
            FL_REGION_SLOPE
            mean[i] += p * (g - largest[i]);
        }
        if (stride != n && k >= classes - FL_REGION_AHEAD)
            FL_REGION_NAME(fl_region_ask)(gradient + (k + FL_REGION_AHEAD - classes) * stride, n, 1);
    }
    for (ptrdiff_t k = 0; k < classes; k++) {
        FL_REGION_SLOPES
        if (stride != n && k < classes - FL_REGION_AHEAD)
            FL_REGION_NAME(fl_region_ask)(gradient + (k + FL_REGION_AHEAD) * stride, n, 1);
        FL_NO_OVERLAP
        for (ptrdiff_t i = 0; i < n; i++) {
            FL_REGION_SLOPE
            gradient[k * stride + i] = WHERE(inverse[i] == 0, 0, p * ((g - largest[i]) - mean[i]));
        }
    }
}

/* The gradient of a tile, `stride` numbers from class to class; it may lie over e, as e does. `y`: labels, or the targets of
 * each class, n numbers apart. */
FL_REGION_SWEEP void FL_REGION_NAME(fl_region_softmax_gradient)(const REAL *e, const REAL *inverse, const REAL *rest, const REAL *y,
                                                                int by_label, int squared, const double *slope, ptrdiff_t classes,
                                                                ptrdiff_t n, REAL *gradient, ptrdiff_t stride)
{
    if (by_label && squared) FL_REGION_NAME(fl_region_gradient_of)(e, inverse, rest, y, 1, 1, slope, classes, n, gradient, stride);
    else if (by_label) FL_REGION_NAME(fl_region_gradient_of)(e, inverse, rest, y, 1, 0, slope, classes, n, gradient, stride);
    else if (squared) FL_REGION_NAME(fl_region_gradient_of)(e, inverse, rest, y, 0, 1, slope, classes, n, gradient, stride);
    else FL_REGION_NAME(fl_region_gradient_of)(e, inverse, rest, y, 0, 0, slope, classes, n, gradient, stride);
}

/* Weighs the gradient of a tile, which lies `stride` numbers from class to class; where nothing is read it is 0 already. */
FL_REGION_SWEEP void FL_REGION_NAME(fl_region_weigh)(REAL *gradient, ptrdiff_t stride, ptrdiff_t classes, const REAL *w, ptrdiff_t n)
{
    for (ptrdiff_t k = 0; k < classes; k++) {
        FL_NO_OVERLAP
        for (ptrdiff_t i = 0; i < n; i++) gradient[k * stride + i] *= w[i];
    }
}

#undef FL_REGION_SLOPE
#undef FL_REGION_SLOPES
#undef FL_REGION_WEIGHED
#undef FL_REGION_ADD
#undef REAL
#undef WHERE
#undef LANES
#endif
