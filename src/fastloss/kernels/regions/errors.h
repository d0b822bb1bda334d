/*
 * Lovász's extension of Jaccard's index, of the pixels of one region, in double.
 *
 * Errors are sorted, the largest first, and each is multiplied by what the index loses with its pixel: of t pixels of the class, of
 * which h are not wrong yet, and w others that are, it is h / (t + w). One pixel of the class takes off 1 / (t + w), another one
 * h / (t + w) - h / (t + w + 1). Classes lie one after the other, as the labels of the pixels.
 */
#ifndef FASTLOSS_ERRORS_H
#define FASTLOSS_ERRORS_H
#include "blocks/blocks.h"
#include "groups/sort.h"
#include "maths/pairs.h"

typedef struct {
    ptrdiff_t pixels, classes;
    double *label;                /* of each pixel */
    double *x;                    /* classes * pixels: the scores, and then what a kernel makes of them */
    double *slope;                /* the same: the derivatives by the scores */
    double *first, *second, *error, *term; /* room for a number of each pixel */
    uint64_t *order, *spare;
    ptrdiff_t *place;
    unsigned char *tied;
    unsigned char *counted;       /* the classes whose losses are averaged */
    const int *stop;
} fl_errors;

/* The loss of a class whose pixels have a label, and its slope by each error; `more` pixels of the class have none. */
static double fl_region_class_of_errors(const fl_errors *of, const double *label, double class, ptrdiff_t n, ptrdiff_t more, double *slope)
{
    const uint64_t *order = fl_group_sort(of->error, FL_KEY_F64, 1, n, of->order, of->spare, of->tied, of->stop);
    ptrdiff_t total = more, found = 0;
    if (fl_stopped(of->stop)) return 0; /* the order may hold anything */
    for (ptrdiff_t i = 0; i < n; i++) total += label[i] == class;
    for (ptrdiff_t k = 0; k < n; k++) {
        if (k % FL_ROWS_BETWEEN_LOOKS == 0 && fl_stopped(of->stop)) return 0;
        ptrdiff_t i = (ptrdiff_t)(uint32_t)order[k];
        int there = label[i] == class;
        found += there;
        double joined = (double)(total + k + 1 - found), before = joined > 2.0 ? joined - 1.0 : 1.0;
        double lost = (there ? 1.0 : (double)(total - found) / before) / joined;
        if (!total && !k) lost = 1.0; /* of a class that is not there the first wrong pixel takes off all */
        slope[i] = lost;
        of->term[k] = lost == 0.0 ? 0.0 : of->error[i] * lost; /* an error may be infinite */
    }
    return fl_block_sum_f64(of->term, n);
}

static double fl_region_no_number(const fl_errors *of)
{
    for (ptrdiff_t i = 0; i < of->pixels * of->classes; i++) of->slope[i] = FL_NAN;
    return FL_NAN;
}

/* Errors max(0, 1 - (2 y - 1) x); those that are 0 count for nothing, and need no order. At the kink the slope is half. */
static double fl_region_hinge_errors(const fl_errors *of)
{
    double *label = of->first, *slope = of->second;
    ptrdiff_t wrong = 0, more = 0;
    for (ptrdiff_t i = 0; i < of->pixels; i++) {
        if (i % FL_ROWS_BETWEEN_LOOKS == 0 && fl_stopped(of->stop)) return 0;
        double x = of->x[i], error = of->label[i] == 1.0 ? 1.0 - x : 1.0 + x;
        if (x != x) return fl_region_no_number(of);
        of->slope[i] = 0;
        if (error >= 0)
            of->error[wrong] = error, label[wrong] = of->label[i], of->place[wrong++] = i;
        else
            more += of->label[i] == 1.0;
    }
    double loss = fl_region_class_of_errors(of, label, 1.0, wrong, more, slope);
    for (ptrdiff_t k = 0; k < wrong; k++)
        of->slope[of->place[k]] = (label[k] == 1.0 ? -slope[k] : slope[k]) * (of->error[k] == 0 ? 0.5 : 1.0);
    return loss;
}

/* Errors 1 - p of a class's own pixels and p of others, and their mean over the classes that count (`present`: those that are there).
 * Nothing is 1 less a share: what is left beside the largest is a sum of its own. */
static double fl_region_softmax_errors(const fl_errors *of, int present, int wants)
{
    const ptrdiff_t n = of->pixels, classes = of->classes;
    double *restrict others = of->first, *restrict largest = of->second, *restrict sum = of->term;
    ptrdiff_t *largest_at = of->place, counted = 0;
    int bad = 0;
    for (ptrdiff_t i = 0; i < n; i++) largest[i] = of->x[i], largest_at[i] = 0, others[i] = 0;
    for (ptrdiff_t c = 1; c < classes; c++) {
        const double *x = of->x + c * n;
        for (ptrdiff_t i = 0; i < n; i++) {
            int larger = x[i] > largest[i];
            largest[i] = larger ? x[i] : largest[i];
            largest_at[i] = larger ? c : largest_at[i];
        }
    }
    for (ptrdiff_t c = 0; c < classes && !fl_stopped(of->stop); c++) {
        double *restrict x = of->x + c * n;
        for (ptrdiff_t i = 0; i < n; i++) x[i] -= largest[i];
        fl_block_exp_f64(x, x, n);
        for (ptrdiff_t i = 0; i < n; i++) {
            bad |= x[i] != x[i];
            others[i] += largest_at[i] == c ? 0.0 : x[i];
        }
    }
    if (bad) return fl_region_no_number(of);
    if (present) {
        memset(of->counted, 0, (size_t)classes);
        for (ptrdiff_t i = 0; i < n; i++) of->counted[(ptrdiff_t)of->label[i]] = 1;
    }
    double total = 0, lost = 0;
    for (ptrdiff_t c = 0; c < classes && !fl_stopped(of->stop); c++) {
        double *slope = of->slope + c * n, own = (double)c;
        const double *x = of->x + c * n;
        if (!of->counted[c]) {
            for (ptrdiff_t i = 0; i < n; i++) slope[i] = 0;
            continue;
        }
        for (ptrdiff_t i = 0; i < n; i++) {
            double whole = 1.0 + others[i], missing = largest_at[i] == c ? others[i] : whole - x[i];
            of->error[i] = (of->label[i] == own ? missing : x[i]) / whole;
        }
        fl_pair added = fl_two_sum(total, fl_region_class_of_errors(of, of->label, own, n, 0, slope));
        total = added.head, lost += added.tail, counted++;
        for (ptrdiff_t i = 0; i < n; i++) slope[i] = of->label[i] == own ? -slope[i] : slope[i];
    }
    if (wants && !fl_stopped(of->stop)) {
        /* Of a pixel that is certain, what the slopes have beyond that of the largest is all there is. */
        for (ptrdiff_t i = 0; i < n; i++) largest[i] = of->slope[largest_at[i] * n + i], sum[i] = 0;
        for (ptrdiff_t c = 0; c < classes; c++) {
            double *restrict slope = of->slope + c * n, *restrict x = of->x + c * n;
            for (ptrdiff_t i = 0; i < n; i++) {
                x[i] /= 1.0 + others[i];
                slope[i] -= largest[i];
                sum[i] += slope[i] * x[i];
            }
        }
        for (ptrdiff_t c = 0; c < classes; c++) {
            double *restrict slope = of->slope + c * n, *restrict x = of->x + c * n;
            for (ptrdiff_t i = 0; i < n; i++) slope[i] = (slope[i] - sum[i]) * x[i] / (double)counted;
        }
    }
    return (total + lost) / (double)counted;
}
#endif
