/* A run of the rows of a group whose scores are not too far apart for one unit e^m: what needs exponentials and logarithms of each
 * row, as loops that vectorise. */
#ifndef FASTLOSS_ORDERED_H
#define FASTLOSS_ORDERED_H
#include <stddef.h>
#include <stdint.h>
#include "blocks/blocks.h"
#include "maths/pairs.h"
#include "points/formulas.h"

#if defined(__GNUC__)
#define FL_GROUP_SWEEP static __attribute__((noinline))
#else
#define FL_GROUP_SWEEP static
#endif

#if defined(__linux__)
#include <sys/mman.h>
#endif

/* Ask for large pages. A million rows touch 38 MB of scratch, which in pages of 4 KiB took the system longer than all of the rest. */
static void fl_group_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t size = (uintptr_t)1 << 21, first = ((uintptr_t)memory + size - 1) & ~(size - 1);
    const uintptr_t end = ((uintptr_t)memory + bytes) & ~(size - 1);
    if (end > first + 2 * size) (void)madvise((void *)first, end - first, MADV_HUGEPAGE); /* what it returns changes nothing */
#else
    (void)memory, (void)bytes;
#endif
}

enum { FL_RUN = 512 };                       /* rows of a run, where no tie makes it longer */

/* The least of n numbers, and the largest of them and of m. */
FL_GROUP_SWEEP double fl_group_range(const double *s, ptrdiff_t n, double m, double *largest)
{
    double low[FL_LANES_f64], high[FL_LANES_f64], least = s[0];
    for (int j = 0; j < FL_LANES_f64; j++) low[j] = s[0], high[j] = m;
    ptrdiff_t i = 0;
    for (; i + FL_LANES_f64 <= n; i += FL_LANES_f64)
        for (int j = 0; j < FL_LANES_f64; j++) {
            low[j] = s[i + j] < low[j] ? s[i + j] : low[j];
            high[j] = s[i + j] > high[j] ? s[i + j] : high[j];
        }
    for (int j = 0; i < n; i++, j++) {
        low[j] = s[i] < low[j] ? s[i] : low[j];
        high[j] = s[i] > high[j] ? s[i] : high[j];
    }
    for (int j = 0; j < FL_LANES_f64; j++) {
        least = low[j] < least ? low[j] : least;
        m = high[j] > m ? high[j] : m;
    }
    *largest = m;
    return least;
}

/* e^(s - m), with what the difference rounds off */
FL_GROUP_SWEEP void fl_group_exp(const double *s, double m, double *e, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) e[i] = fl_exp_sum(s[i] - m, fl_difference_tail(s[i], m));
}

/* x times the weights of rows */
FL_GROUP_SWEEP void fl_group_weigh(double *x, const double *w, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) x[i] *= w[i];
}

/* log(w + ratio), which is log1p(ratio) where w is 1 */
FL_INLINE double fl_log_beside(double ratio, double w)
{
    return w < 0.5 ? fl_log(w + ratio) : fl_log1p(ratio + (w - 1));
}

/* Before each row the sum of those behind it, of which head and tail hold what is behind the last, and in the end all. */
FL_GROUP_SWEEP void fl_group_behind(const double *e, double *after, double *head, double *tail, ptrdiff_t n)
{
    double high = *head, low = *tail;
    for (ptrdiff_t i = n - 1; i >= 0; i--) {
        double total = high + e[i], back = total - high;
        after[i] = high + low;
        low += (high - (total - back)) + (e[i] - back);
        high = total;
    }
    *head = high, *tail = low;
}

/* The same from the first row on: the sum of those before it. */
FL_GROUP_SWEEP void fl_group_before(const double *x, double *before, double *head, double *tail, ptrdiff_t n)
{
    double high = *head, low = *tail;
    for (ptrdiff_t i = 0; i < n; i++) {
        double total = high + x[i], back = total - high;
        before[i] = high + low;
        low += (high - (total - back)) + (x[i] - back);
        high = total;
    }
    *head = high, *tail = low;
}

/* 1 over the sum at each event, of itself and those behind it; 0 of others */
FL_GROUP_SWEEP void fl_group_inverse(const double *e, const double *after, const unsigned char *event, double *inverse, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) inverse[i] = fl_where(event[i] != 0, 1 / (after[i] + e[i]), 0);
}

/* Of an event alone at its place the loss log(1 + after / e), in the place of `after`, and the slope; of others, and where `after`
 * is below 0, the loss is 0. `slope` may be NULL. Of rows with weights, which e has too, the loss is w log(w + w after / e). */
FL_GROUP_SWEEP void fl_group_alone(const double *e, const unsigned char *event, const double *w, double *after, double *slope,
                                   ptrdiff_t n)
{
    if (w) {
        FL_NO_OVERLAP
        for (ptrdiff_t i = 0; i < n; i++) {
            int alone = (event[i] != 0) & (after[i] >= 0);
            double ratio = fl_where(alone, after[i] / e[i], 0);
            if (slope) slope[i] = fl_where(alone, -w[i] * (ratio / (1 + ratio)), slope[i]);
            after[i] = fl_where(alone, w[i] * fl_log_beside(w[i] * ratio, w[i]), 0);
        }
        return;
    }
    if (slope) {
        FL_NO_OVERLAP
        for (ptrdiff_t i = 0; i < n; i++) {
            double ratio = after[i] / e[i];
            slope[i] = fl_where((event[i] != 0) & (after[i] >= 0), -(ratio / (1 + ratio)), slope[i]);
        }
    }
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) after[i] = fl_log1p(fl_where((event[i] != 0) & (after[i] >= 0), after[i] / e[i], 0));
}

/* What the rows of a run have of the events before them: scale (slope + e before), slope of events alone */
FL_GROUP_SWEEP void fl_group_slopes(const double *e, const unsigned char *event, const double *before, double *slope, double scale,
                                    ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) slope[i] = scale * (fl_where(event[i] != 0, slope[i], 0) + e[i] * before[i]);
}

/* The sum of n numbers, and what was rounded off it */
FL_GROUP_SWEEP double fl_group_sum(const double *x, ptrdiff_t n, double *rest)
{
    double high[FL_LANES_f64] = {0}, low[FL_LANES_f64] = {0}, total = 0, lost = 0;
    ptrdiff_t i = 0;
    for (; i + FL_LANES_f64 <= n; i += FL_LANES_f64)
        for (int j = 0; j < FL_LANES_f64; j++) {
            double sum = high[j] + x[i + j], back = sum - high[j];
            low[j] += (high[j] - (sum - back)) + (x[i + j] - back);
            high[j] = sum;
        }
    for (int j = 0; i < n; i++, j++) {
        double sum = high[j] + x[i], back = sum - high[j];
        low[j] += (high[j] - (sum - back)) + (x[i] - back);
        high[j] = sum;
    }
    for (int j = 0; j < FL_LANES_f64; j++) {
        double sum = total + high[j], back = sum - total;
        lost += ((total - (sum - back)) + (high[j] - back)) + low[j];
        total = sum;
    }
    *rest = lost;
    return total;
}

/* log x, in its place */
FL_GROUP_SWEEP void fl_group_log(double *x, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) x[i] = fl_log(x[i]);
}

/* What rows have, in their order (the lower halves of `rows`), and the way back. `narrow`: they are floats. */
static void fl_group_gather(const void *x, int narrow, const uint64_t *rows, double *sorted, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t row = (uint32_t)rows[i];
        sorted[i] = narrow ? (double)((const float *)x)[row] : ((const double *)x)[row];
    }
}

static void fl_group_scatter(const double *sorted, const uint64_t *rows, void *x, int narrow, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        uint32_t row = (uint32_t)rows[i];
        if (narrow) ((float *)x)[row] = (float)sorted[i];
        else ((double *)x)[row] = sorted[i];
    }
}
#endif
