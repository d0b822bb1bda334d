/* A row of a group against others: the loss of each pair, and its derivatives, as loops that vectorise. */
#ifndef FASTLOSS_COMPARE_H
#define FASTLOSS_COMPARE_H

#include "maths/pairs.h"
#include "maths/vecmath.h"

#define FL_LN2 0x1.62e42fefa39efp-1

/* What the rows of a group have, in the order in which they are compared. */
typedef struct {
    const double *score, *target, *gain, *discount; /* of place k, 1 / log2(2 + k) */
} fl_ranked;

/* What a pair is multiplied by: |difference of gains| |difference of discounts| factor, over 0.01 + |distance| if `divided`. */
typedef struct {
    double factor;
    int divided;
} fl_pair_weight;

FL_INLINE double fl_weight_of_pair(const fl_ranked *row, const fl_pair_weight *by, ptrdiff_t i, ptrdiff_t j, double distance)
{
    double gains = fl_abs(row->gain[i] - row->gain[j]);
    /* The difference of two discounts, of which places far down have nearly equal ones: i is above j. */
    double apart = fl_log1p((double)(j - i) / (2.0 + (double)i)) / FL_LN2;
    return gains * (apart * row->discount[i] * row->discount[j]) * by->factor / (by->divided ? 0.01 + distance : 1.0);
}

/* 1 where row i is to be above row j, -1 where it is to be below, 0 where neither. */
FL_INLINE double fl_right_order(const fl_ranked *row, ptrdiff_t i, ptrdiff_t j)
{
    return (double)((row->target[i] > row->target[j]) - (row->target[i] < row->target[j]));
}

/* log(1 + e^-x), x = sigma d, d the distance of two scores in their right order: loss, slope by d and curvature. What the
 * difference and the product round off goes along: of a d of 300 it would be the last 8 bits of e^-d. */
FL_INLINE void fl_logistic_pairs(const fl_ranked *row, const fl_pair_weight *by, ptrdiff_t i, ptrdiff_t from, ptrdiff_t n, double sigma,
                                 double *restrict loss, double *restrict pull, double *restrict bend, int weighted)
{
    for (ptrdiff_t k = 0; k < n; k++) {
        double order = fl_right_order(row, i, from + k);
        fl_pair d = fl_two_sum(row->score[i], -row->score[from + k]);
        fl_pair x = fl_two_product(order * sigma, d.head);
        double tail = x.tail + order * sigma * d.tail, size = fl_abs(x.head);
        tail = tail - tail == 0.0 ? tail : 0.0; /* of a difference that overflows */
        double t = fl_exp_sum(-size, x.head > 0.0 ? -tail : tail), whole = 1.0 + t;
        double wrong = (x.head > 0.0 ? t : 1.0) / whole;
        double w = weighted ? fl_weight_of_pair(row, by, i, from + k, fl_abs(d.head)) : 1.0;
        w = order == 0.0 ? 0.0 : w;
        loss[k] = w * ((x.head > 0.0 ? 0.0 : size - tail) + fl_log1p(t));
        loss[k] = order == 0.0 ? 0.0 : loss[k];
        pull[k] = w * sigma * wrong * order;
        bend[k] = w * sigma * sigma * (t / (whole * whole));
    }
}

/* max(0, margin - d) */
FL_INLINE void fl_hinge_pairs(const fl_ranked *row, ptrdiff_t i, ptrdiff_t from, ptrdiff_t n, double margin, double *restrict loss,
                              double *restrict pull)
{
    for (ptrdiff_t k = 0; k < n; k++) {
        double order = fl_right_order(row, i, from + k);
        fl_pair d = fl_two_sum(row->score[i], -row->score[from + k]);
        double head = order * d.head, tail = order * d.tail;
        double left = (margin - head) - (tail - tail == 0.0 ? tail : 0.0);
        int counts = (left > 0.0) & (order != 0.0);
        loss[k] = counts ? left : 0.0;
        pull[k] = counts ? order : 0.0;
    }
}

/* Pairs of weights: what each has times those of both rows. */
FL_INLINE void fl_weigh_pairs(const double *w, ptrdiff_t i, ptrdiff_t from, ptrdiff_t n, double *restrict loss, double *restrict pull,
                              double *restrict bend)
{
    for (ptrdiff_t k = 0; k < n; k++) {
        double both = w[i] * w[from + k];
        loss[k] *= both, pull[k] *= both, bend[k] *= both;
    }
}

/* 1 / (1 + e^(-d / T)), d = s_j - s_i: what the rank of i has of each row, and its slope by d. Of those above i in the best order,
 * what is short of 1. */
FL_INLINE void fl_soft_ranks(const fl_ranked *row, ptrdiff_t i, ptrdiff_t n, double inverse, double *restrict part,
                             double *restrict slope)
{
    for (ptrdiff_t j = 0; j < n; j++) {
        fl_pair d = fl_two_sum(row->score[j], -row->score[i]), x = fl_two_product(inverse, d.head);
        double tail = x.tail + inverse * d.tail;
        tail = tail - tail == 0.0 ? tail : 0.0;
        double t = fl_exp_sum(-fl_abs(x.head), x.head > 0.0 ? -tail : tail), whole = 1.0 + t;
        double above = (x.head > 0.0 ? 1.0 : t) / whole, below = (x.head > 0.0 ? t : 1.0) / whole;
        part[j] = j < i ? -below : above;
        part[j] = j == i ? 0.0 : part[j];
        slope[j] = j == i ? 0.0 : t / (whole * whole) * inverse;
    }
}

/* The places of n keys from the largest to the least, ties in their order: merging runs of 1, 2, 4 … */
static inline void fl_descending(const double *key, ptrdiff_t *place, ptrdiff_t *spare, ptrdiff_t n)
{
    ptrdiff_t *from = place, *to = spare;
    for (ptrdiff_t i = 0; i < n; i++) from[i] = i;
    for (ptrdiff_t width = 1; width < n; width *= 2) {
        for (ptrdiff_t start = 0; start < n; start += 2 * width) {
            ptrdiff_t middle = start + width < n ? start + width : n, end = start + 2 * width < n ? start + 2 * width : n;
            for (ptrdiff_t a = start, b = middle, k = start; k < end; k++)
                to[k] = b == end || (a < middle && key[from[a]] >= key[from[b]]) ? from[a++] : from[b++];
        }
        ptrdiff_t *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != place) memcpy(place, from, n * sizeof(*place));
}
#endif
