/* What the loop of a formula takes, and the loops of all formulas: formulas.c, which write_formulas.py writes, has them. */
#ifndef FASTLOSS_COLUMNS_H
#define FASTLOSS_COLUMNS_H

#include "blocks/ahead.h"

enum {
    FL_STEP = 16, /* elements: a vector of the narrower type fills a register of any level, or several */
    FL_STEPS_FETCHED = 8, /* for which memory is asked at once */
    FL_PARAMETERS = 4, /* of a formula of the package, at most: write_formulas.py refuses more */
    FL_STAGES = 3, /* of a formula, at most: as write_formulas.py has it too */
    FL_COLUMNS = 17 /* of a formula, at most */
};

/* Columns of numbers that a loop reads and writes. No two that are passed as these overlap, one being written: so a loop
 * needs no second, scalar form for the case that they do, and none of the checks that choose between the two. */
typedef const float *restrict fl_in_f32;
typedef const double *restrict fl_in_f64;
typedef float *restrict fl_out_f32;
typedef double *restrict fl_out_f64;

/* What a formula reads and writes: a column for each of its arguments and results, all of one size and one type. */
typedef struct {
    const void *y_true, *multiplier, *prediction[2], *parameter[FL_PARAMETERS];
    void *stage[FL_STAGES], *value, *gradient[2], *hessian[2];
    void *cross; /* the second derivative by both predictions */
    const fl_ahead *ahead;
} fl_columns;

/* One loop of a formula, over whole steps. */
typedef void (*fl_column_loop)(const fl_columns *, ptrdiff_t steps);

/* The same, which adds the values up as it goes and returns their sum, to the bit what fl_block_sum makes of them. The
 * elements are a multiple of four numbers for each lane. Of `ahead` it only sees whether it is there, and whether what
 * is written is asked for: its columns go on behind the block. */
typedef double (*fl_sum_loop)(const fl_columns *, ptrdiff_t steps);

/* The loops of one formula, by what is wanted; no loop that adds up where it would gain nothing. */
typedef struct {
    fl_column_loop f32[8], f64[8];
    fl_sum_loop sum_f32[8], sum_f64[8];
    int predictions, parameters;
    int derived; /* the last so many of the parameters are made of the others, once for all elements */
    fl_column_loop derive_f32, derive_f64; /* of so many elements, not steps */
} fl_program;

#ifdef __GNUC__
#pragma GCC visibility push(hidden)
#endif
extern const fl_program fl_programs[]; /* in the order of POINTWISE */
#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#endif
