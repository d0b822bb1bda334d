/* A tile of a product of two matrices. */
#ifndef FASTLOSS_PRODUCTS_H
#define FASTLOSS_PRODUCTS_H
#include "maths/vecmath.h"

/* s[r][c] = sum_k x_r[k of_k] y[k row + c], 4 rows and 8 columns. An array of its own for each row stays in registers: of one for all
 * gcc 12 made shuffles, which took 4 to 10 times as long (6 products a nanosecond, not 27). */
static inline void fl_product_tile(const double *x0, const double *x1, const double *x2, const double *x3, ptrdiff_t of_k, const double *y,
                                   ptrdiff_t row, ptrdiff_t K, double (*s)[8])
{
    double s0[8] = {0}, s1[8] = {0}, s2[8] = {0}, s3[8] = {0};
    const double *restrict z = y;
    for (ptrdiff_t k = 0; k < K; k++, z += row) {
        double a = x0[k * of_k], b = x1[k * of_k], c = x2[k * of_k], d = x3[k * of_k];
        for (int j = 0; j < 8; j++) s0[j] = fl_fma(a, z[j], s0[j]);
        for (int j = 0; j < 8; j++) s1[j] = fl_fma(b, z[j], s1[j]);
        for (int j = 0; j < 8; j++) s2[j] = fl_fma(c, z[j], s2[j]);
        for (int j = 0; j < 8; j++) s3[j] = fl_fma(d, z[j], s3[j]);
    }
    for (int j = 0; j < 8; j++) s[0][j] = s0[j], s[1][j] = s1[j], s[2][j] = s2[j], s[3][j] = s3[j];
}
#endif
