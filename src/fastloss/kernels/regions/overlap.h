/*
 * What a region's loss is of its three sums (tiles.h), I, FP and FN: a power of 1 less Tversky's index.
 *
 *     value = (fault / whole)^gamma        fault = alpha FP + beta FN        whole = I + fault + smooth
 *
 * Squared, what is wrong is the sum of (p - y)^2, which is FP + FN. Of classes that are taken together, each sum is one over the
 * classes, weighed by factor / T^2, where T = I + FN is the size of a target; a class that is absent weighs nothing.
 */
#ifndef FASTLOSS_REGION_OVERLAP_H
#define FASTLOSS_REGION_OVERLAP_H
#include <stddef.h>
#include "maths/pairs.h"

typedef struct {
    double alpha, beta, smooth, gamma;
    int squared, together;
} fl_overlap;

/* What the sums of a class are multiplied by, before those of all classes are added up. */
static inline double fl_share_of_class(const double *sums, double factor)
{
    double size = sums[0] + sums[2];
    double divisor = size + (size == 0.0);
    return factor * (size > 0.0) / (divisor * divisor);
}

/*
 * The loss of one class, or of `classes` together, and the slopes a, b and c (tiles.h) of each, which may take the place of the
 * sums. 0/0 is 0, unless a sum is NaN. `factors`: of the classes, NULL where all are 1.
 */
static double fl_region_loss(const fl_overlap *of, const double *sums, ptrdiff_t classes, const double *factors, double *slopes)
{
    double overlap = 0, wrong = 0, missed = 0, beta = of->squared ? of->beta - of->alpha : of->beta;
    int known = 1;
    for (ptrdiff_t c = 0; c < classes; c++) {
        const double *s = sums + 3 * c;
        double share = of->together ? fl_share_of_class(s, factors ? factors[c] : 1.0) : 1.0;
        overlap += share * s[0], wrong += share * s[1], missed += share * s[2];
        known &= s[0] == s[0] && s[1] == s[1] && s[2] == s[2];
    }
    double fault = of->alpha * wrong + beta * missed, whole = overlap + fault + of->smooth;
    double value = fault / whole, found = (overlap + of->smooth) / whole, slope = 1;
    int nothing = value != value && known;
    double by_overlap = -value / whole, by_wrong = of->alpha * found / whole, by_missed = beta * found / whole;
    if (of->gamma != 1) slope = of->gamma * fl_power(value, of->gamma - 1), value = fl_power(value, of->gamma);
    for (ptrdiff_t c = 0; c < classes; c++) {
        const double *s = sums + 3 * c;
        double share = of->together ? fl_share_of_class(s, factors ? factors[c] : 1.0) : 1.0;
        /* What is 0 stays 0, though a slope may be infinite. That of targets has no part in a gradient where there are none, and
         * may be so large that it would ask for doubles. */
        int left_out = nothing || (share == 0 && value == value), there = s[0] != 0 || s[2] != 0;
        double a = left_out || !there ? 0.0 : share * (slope * by_overlap - slope * by_missed);
        double b = left_out ? 0.0 : share * (slope * by_wrong);
        slopes[3 * c] = a, slopes[3 * c + 1] = of->squared ? 0.0 : b, slopes[3 * c + 2] = of->squared ? 2 * b : 0.0;
    }
    return nothing ? 0.0 : value;
}
#endif
