/* Products of small matrices, for rows of classes that are one (rows/products.pxi). */
#ifndef FASTLOSS_ROW_PRODUCTS_H
#define FASTLOSS_ROW_PRODUCTS_H
#include "maths/products.h"

enum { FL_PRODUCT_ROWS = 4, FL_PRODUCT_COLUMNS = 8 };

/* out[r][c] = sum_k x[r of_row + k of_k] y[k row + c], in whole tiles: all matrices have room for these. `row`: also of `out`. */
static void fl_block_product(double *out, const double *x, ptrdiff_t of_row, ptrdiff_t of_k, const double *y, ptrdiff_t row, ptrdiff_t rows,
                             ptrdiff_t columns, ptrdiff_t K)
{
    double s[FL_PRODUCT_ROWS][FL_PRODUCT_COLUMNS];
    for (ptrdiff_t r = 0; r < rows; r += FL_PRODUCT_ROWS, x += FL_PRODUCT_ROWS * of_row)
        for (ptrdiff_t c = 0; c < columns; c += FL_PRODUCT_COLUMNS) {
            fl_product_tile(x, x + of_row, x + 2 * of_row, x + 3 * of_row, of_k, y + c, row, K, s);
            for (int i = 0; i < FL_PRODUCT_ROWS; i++) memcpy(out + (r + i) * row + c, s[i], sizeof(s[i]));
        }
}
#endif
