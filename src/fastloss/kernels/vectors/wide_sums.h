/*
 * The sums of sums.h in numbers of any exponent and twice the digits (maths/wide.h), and what is left of a row beside another:
 * for rows whose ordinary sums leave the range of a double, or whose results are what is left where almost everything cancels.
 */
#ifndef FASTLOSS_VECTOR_WIDE_SUMS_H
#define FASTLOSS_VECTOR_WIDE_SUMS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "maths/wide.h"

static fl_wide fl_wide_difference(double a, double b)
{
    return fl_wide_sum(fl_wide_of(a), fl_wide_of(-b));
}

/* The root of x >= 0, by one step of Newton's from the root of the head: exact where x is the square of a double. */
static fl_wide fl_wide_sqrt(fl_wide x)
{
    if (!(x.head > 0.0 && x.head < FL_INFINITY)) return x;
    double half = (double)(int64_t)(0.5 * x.exponent);
    double factor = x.exponent - 2.0 * half == 0.0 ? 1.0 : 2.0; /* 2^-1 is 2 2^-2 */
    half -= x.exponent < 2.0 * half ? 1.0 : 0.0;
    double head = factor * x.head, root = fl_sqrt(head);
    fl_pair square = fl_two_product(root, root);
    double rest = (((head - square.head) - square.tail) + factor * x.tail) / (2.0 * root);
    return fl_wide_of_pair((fl_pair){root, rest}, half);
}

/* sum (a - b)^2 */
static fl_wide fl_wide_distance(const double *a, const double *b, ptrdiff_t n)
{
    fl_wide sum = {0.0, 0.0, 0.0};
    for (ptrdiff_t i = 0; i < n; i++) {
        fl_wide difference = fl_wide_difference(a[i], b[i]);
        sum = fl_wide_sum(sum, fl_wide_product(difference, difference));
    }
    return sum;
}

/* A sum of products of doubles without rounding: an integer in units of 2^-2148, in digits of 32 bits. */
enum { FL_WIDE_PRODUCT_DIGITS = 136, FL_WIDE_PRODUCT_CARRIES = 1 << 20 };

typedef struct {
    int64_t digit[FL_WIDE_PRODUCT_DIGITS];
} fl_wide_products;

/* |x| = mantissa 2^(place - 1074) */
static uint64_t fl_wide_mantissa(double x, int *place)
{
    uint64_t bits = fl_bits(x), mantissa = bits & 0xfffffffffffff;
    int exponent = (int)(bits >> 52) & 0x7ff;
    *place = exponent ? exponent - 1 : 0;
    return exponent ? mantissa | 0x10000000000000 : mantissa;
}

/* Add 2^doublings x y, of finite numbers. */
static void fl_wide_products_add(fl_wide_products *sum, double x, double y, int doublings)
{
    int at_x, at_y;
    unsigned __int128 product = (unsigned __int128)fl_wide_mantissa(x, &at_x) * fl_wide_mantissa(y, &at_y);
    int place = at_x + at_y + doublings;
    int64_t sign = (x < 0.0) == (y < 0.0) ? 1 : -1, *digit = sum->digit + place / 32;
    for (int k = 0; k < 4; k++) {
        uint64_t part = (uint64_t)(uint32_t)(product >> 32 * k) << place % 32;
        digit[k] += sign * (int64_t)(uint32_t)part;
        digit[k + 1] += sign * (int64_t)(part >> 32);
    }
}

/* Bring all digits but the last, which has the sign, below 2^32. */
static void fl_wide_products_carry(fl_wide_products *sum)
{
    for (int k = 0; k < FL_WIDE_PRODUCT_DIGITS - 1; k++) {
        int64_t low = sum->digit[k] & 0xffffffff;
        sum->digit[k + 1] += (sum->digit[k] - low) / 4294967296;
        sum->digit[k] = low;
    }
}

/* Its first digits above 0: 97 bits at least. */
static fl_wide fl_wide_products_total(fl_wide_products *sum)
{
    fl_wide total = {0.0, 0.0, 0.0};
    fl_wide_products_carry(sum);
    double sign = sum->digit[FL_WIDE_PRODUCT_DIGITS - 1] < 0 ? -1.0 : 1.0;
    if (sign < 0.0) {
        for (int k = 0; k < FL_WIDE_PRODUCT_DIGITS; k++) sum->digit[k] = -sum->digit[k];
        fl_wide_products_carry(sum);
    }
    int top = FL_WIDE_PRODUCT_DIGITS - 1;
    while (top > 3 && sum->digit[top] == 0) top--;
    for (int k = top; k > top - 4; k--)
        total = fl_wide_sum(total, fl_wide_of_pair((fl_pair){sign * (double)sum->digit[k], 0.0}, 32.0 * k - 2148.0));
    return total;
}

/* sum (a - b)^2 - sum (a - c)^2 = sum b b - c c + 2 a c - 2 a b. Of terms near 1 less than 2^-60 may be left: sums of twice the
 * digits of a double were wrong by 30 units in the last place. */
static fl_wide fl_wide_gap(const double *a, const double *b, const double *c, ptrdiff_t n)
{
    fl_wide_products sum;
    memset(&sum, 0, sizeof(sum));
    for (ptrdiff_t i = 0; i < n; i++) {
        fl_wide_products_add(&sum, b[i], b[i], 0);
        fl_wide_products_add(&sum, -c[i], c[i], 0);
        fl_wide_products_add(&sum, a[i], c[i], 1);
        fl_wide_products_add(&sum, -a[i], b[i], 1);
        if (i % FL_WIDE_PRODUCT_CARRIES == FL_WIDE_PRODUCT_CARRIES - 1) fl_wide_products_carry(&sum);
    }
    return fl_wide_products_total(&sum);
}

/* sum a b */
static fl_wide fl_wide_dot(const double *a, const double *b, ptrdiff_t n)
{
    fl_wide sum = {0.0, 0.0, 0.0};
    for (ptrdiff_t i = 0; i < n; i++) sum = fl_wide_sum(sum, fl_wide_product(fl_wide_of(a[i]), fl_wide_of(b[i])));
    return sum;
}

/* out = x (a - b) + y (c - d); c is NULL where there is no second term */
static void fl_wide_differences(double *out, fl_wide x, const double *a, const double *b, fl_wide y, const double *c, const double *d,
                                ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        fl_wide first = fl_wide_product(x, fl_wide_difference(a[i], b[i]));
        if (c) first = fl_wide_sum(first, fl_wide_product(y, fl_wide_difference(c[i], d[i])));
        out[i] = fl_wide_number(first);
    }
}

/*
 * What is left of b beside a:  b - (a.b / a.a) a.  With the largest number of a, a_k, and
 *     q_i = a_k b_i - b_k a_i,     b - (a.b / a.a) a = (q - (a.q / a.a) a) / a_k
 * Products of two doubles are exact, so each q_i has all its digits, however parallel the rows are. In the second step at
 * most a factor of the number of columns cancels, because q_k is 0 and a_k is the largest.
 */
typedef struct {
    const double *a, *b;
    ptrdiff_t pivot;
    fl_wide share;               /* a.q / a.a */
} fl_residual;

static fl_wide fl_wide_crossed(const fl_residual *r, ptrdiff_t i)
{
    fl_wide first = fl_wide_product(fl_wide_of(r->a[r->pivot]), fl_wide_of(r->b[i]));
    return fl_wide_sum(first, fl_wide_product(fl_wide_of(-r->b[r->pivot]), fl_wide_of(r->a[i])));
}

/* a is not all 0 */
static fl_residual fl_wide_residual(const double *a, const double *b, ptrdiff_t n)
{
    fl_residual r = {a, b, 0, {0.0, 0.0, 0.0}};
    for (ptrdiff_t i = 1; i < n; i++) r.pivot = fl_abs(a[i]) > fl_abs(a[r.pivot]) ? i : r.pivot;
    for (ptrdiff_t i = 0; i < n; i++)
        r.share = fl_wide_sum(r.share, fl_wide_product(fl_wide_of(a[i]), fl_wide_crossed(&r, i)));
    r.share = fl_wide_quotient(r.share, fl_wide_dot(a, a, n));
    return r;
}

static fl_wide fl_wide_residual_at(const fl_residual *r, ptrdiff_t i)
{
    fl_wide rest = fl_wide_sum(fl_wide_crossed(r, i), fl_wide_negative(fl_wide_product(r->share, fl_wide_of(r->a[i]))));
    return fl_wide_quotient(rest, fl_wide_of(r->a[r->pivot]));
}

/* The square of its length */
static fl_wide fl_wide_residual_square(const fl_residual *r, ptrdiff_t n)
{
    fl_wide sum = {0.0, 0.0, 0.0};
    for (ptrdiff_t i = 0; i < n; i++) {
        fl_wide rest = fl_wide_residual_at(r, i);
        sum = fl_wide_sum(sum, fl_wide_product(rest, rest));
    }
    return sum;
}

/* out = x times it */
static void fl_wide_residual_times(double *out, fl_wide x, const fl_residual *r, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) out[i] = fl_wide_number(fl_wide_product(x, fl_wide_residual_at(r, i)));
}
#endif
