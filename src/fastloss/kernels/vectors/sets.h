/*
 * The maximum mean discrepancy of two small sets of vectors, in double, and the distance of their covariances. Distances are
 * made of differences: nothing cancels, wherever the sets lie. Vectors lie in the lanes, as in batches.h; those that are one of the
 * pair after the other in rows. For a covariance all lie in rows, each of whole steps of lanes.
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

/* Lay out vectors in rows, less their mean: twice, as the first one is rounded. */
FL_SWEEP void fl_set_centre(const double *vectors, double *rows, ptrdiff_t count, ptrdiff_t columns)
{
    const ptrdiff_t width = fl_batch_width(columns);
    double mean[FL_BATCH_NUMBERS];
    for (ptrdiff_t i = 0; i < count; i++)
        for (ptrdiff_t k = 0; k < width; k++) rows[i * width + k] = k < columns ? vectors[i * columns + k] : 0.0;
    for (int turn = 0; turn < 2; turn++) {
        FL_BATCH_EACH(k, width) mean[k] = 0;
        for (ptrdiff_t i = 0; i < count; i++) FL_BATCH_EACH(k, width) mean[k] += rows[i * width + k];
        FL_BATCH_EACH(k, width) mean[k] /= (double)count;
        for (ptrdiff_t i = 0; i < count; i++) FL_BATCH_EACH(k, width) rows[i * width + k] -= mean[k];
    }
}

/* Leaves the difference of the covariances of two sets of centred rows; returns the sum of its squares. */
static double fl_set_covariances(const double *first, ptrdiff_t firsts, const double *second, ptrdiff_t seconds, ptrdiff_t columns,
                                 double *apart)
{
    const ptrdiff_t width = fl_batch_width(columns);
    double other[FL_BATCH_NUMBERS];
    for (ptrdiff_t k = 0; k < columns; k++) {
        double *row = apart + k * width;
        fl_batch_sum(row, first + k, first, firsts, width, width);
        fl_batch_sum(other, second + k, second, seconds, width, width);
        FL_BATCH_EACH(j, width) row[j] = row[j] / (double)(firsts - 1) - other[j] / (double)(seconds - 1);
    }
    return fl_block_dot_f64(apart, apart, columns * width);
}
#endif
