/* Columns of numbers that a loop reads and writes. No two that are passed as these overlap, one being written: so a loop
 * needs no second, scalar form for the case that they do, and none of the checks that choose between the two. */
#ifndef FL_COLUMNS_H
#define FL_COLUMNS_H
typedef const float *restrict fl_in_f32;
typedef const double *restrict fl_in_f64;
typedef float *restrict fl_out_f32;
typedef double *restrict fl_out_f64;
#endif
