/*
 * The maximum mean discrepancy of two small sets of vectors, in double. Distances are made of differences: nothing cancels,
 * wherever the sets lie. Vectors lie in the lanes, as in batches.h; those that are one of the pair after the other in rows.
 */
#ifndef FASTLOSS_SETS_H
#define FASTLOSS_SETS_H
#include "vectors/batches.h"

enum { FL_SET_WIDTHS = 8 };

/*
 * Returns the sum of the kernels of all pairs of one vector of each set, but of a vector with itself (`within`). Adds to
 * `pull` the derivatives by the numbers of the second one, times `factor`; NULL: they are not wanted.
 */
FL_SWEEP double fl_set_kernels(const double *first, ptrdiff_t firsts, const double *second, ptrdiff_t seconds, ptrdiff_t columns,
                               int within, const double *bandwidths, int count, double factor, double *pull)
{
    const ptrdiff_t width = fl_batch_width(seconds);
    double square[FL_BATCH_MOST], each[FL_BATCH_MOST], slope[FL_BATCH_MOST], total = 0;
    for (ptrdiff_t i = 0; i < firsts; i++) {
        const double *x = first + i * columns;
        FL_BATCH_EACH(j, width) square[j] = j < seconds ? 0.0 : FL_INFINITY, slope[j] = 0;
        for (ptrdiff_t k = 0; k < columns; k++)
            FL_BATCH_EACH(j, width) {
                double apart = x[k] - second[k * width + j];
                square[j] = fl_fma(apart, apart, square[j]);
            }
        if (within) square[i] = FL_INFINITY;
        for (int b = 0; b < count; b++) {
            double over = 1.0 / bandwidths[b] / bandwidths[b], half = 0.5 * over;
            /* Not 0, by which infinity would be no number. */
            half = half < 1e-300 ? 1e-300 : half;
            FL_BATCH_EACH(j, width) each[j] = square[j] * -half;
            fl_block_exp_f64(each, each, width);
            total += fl_block_sum_f64(each, width);
            FL_BATCH_EACH(j, width) slope[j] = fl_fma(each[j], over, slope[j]);
        }
        if (!pull) continue;
        FL_BATCH_EACH(j, width) slope[j] *= factor;
        for (ptrdiff_t k = 0; k < columns; k++)
            FL_BATCH_EACH(j, width) {
                double apart = x[k] - second[k * width + j];
                pull[k * width + j] = fl_fma(slope[j], apart, pull[k * width + j]);
            }
    }
    return total;
}
#endif
