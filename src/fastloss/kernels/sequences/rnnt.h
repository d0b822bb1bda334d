/* A transducer whose scores are sums: e^(x + y) is e^x e^y, so the sums over classes at all nodes of a grid are a product of two
 * matrices, and so are the gradients. */
#ifndef FASTLOSS_RNNT_H
#define FASTLOSS_RNNT_H
#include "maths/products.h"

/* A row with -infinity in two places. Written there after a copy, they made the sweep wait, which reads many numbers at once. */
#define FL_RNNT_APART(real, integer, suffix)                                                                               \
    static inline void fl_rnnt_apart_##suffix(const real *x, real *out, integer n, integer first, integer last)            \
    {                                                                                                                      \
        real *restrict e = out;                                                                                            \
        for (integer c = 0; c < n; c++) e[c] = (c == first) | (c == last) ? -FL_INFINITYF : x[c];                          \
    }
FL_RNNT_APART(float, int32_t, f32)
FL_RNNT_APART(double, int64_t, f64)

/* Below e^-350 an exponential is 0: a product of two is no subnormal number then. A NaN stays. */
static inline void fl_rnnt_floor(double *e, ptrdiff_t n)
{
    for (ptrdiff_t j = 0; j < n; j++) e[j] = e[j] < 0x1p-505 ? 0 : e[j];
}

/* into[i][j] += sum_k a(k, i) h[k][j] for i < I and j < J, in tiles of 4 rows and 8 columns: a(k, i) = a[k of_k + i of_i]. Rows of h
 * may be read up to the next multiple of 8. */
static inline void fl_rnnt_products(const double *a, ptrdiff_t of_k, ptrdiff_t of_i, const double *h, ptrdiff_t row, double *into, ptrdiff_t width,
                                      ptrdiff_t K, ptrdiff_t I, ptrdiff_t J)
{
    for (ptrdiff_t i = 0; i < I; i += 4)
        for (ptrdiff_t j = 0; j < J; j += 8) {
            double s[4][8];
            const double *x[4];
            for (int r = 0; r < 4; r++) x[r] = a + (i + r < I ? i + r : I - 1) * of_i;
            fl_product_tile(x[0], x[1], x[2], x[3], of_k, h + j, row, K, s);
            for (int r = 0; r < 4 && i + r < I; r++)
                for (int c = 0; c < 8 && j + c < J; c++) into[(i + r) * width + j + c] += s[r][c];
        }
}
#endif
