/*
 * Sums of numbers >= 0 without rounding: of the weights of a call, or of all calls that a batch was cut into.
 *
 * The sum is an integer in units of 2^-1074, in digits of 32 bits that have room for 2^31 carries each. Integers may be added
 * in any order, by any thread: the sum, and what it is rounded to, depend on the numbers alone.
 *
 * A block is not added number by number. All that lies on a grid coarse enough for the sum of the block to be exact in
 * double is split off and added up, then what is left of each number, on a finer grid: one grid for float32 weights of about
 * one size, two for float64 (Rump, Ogita & Oishi 2008, doi:10.1137/050645671).
 */
#ifndef FL_EXACT_H
#define FL_EXACT_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FL_EXACT_DIGITS = 70, FL_EXACT_BLOCK = 1024, FL_EXACT_LANES = 32 };

typedef struct {
    int64_t digit[FL_EXACT_DIGITS];
    int64_t used; /* anything was added */
} fl_exact;

static void fl_exact_carry(fl_exact *sum)
{
    int64_t carry = 0;
    for (int k = 0; k < FL_EXACT_DIGITS; k++) {
        int64_t digit = sum->digit[k] + carry;
        carry = digit >> 32;
        sum->digit[k] = digit & 0xffffffff;
    }
}

/* Add one finite number, of either sign while the sum stays >= 0. */
static void fl_exact_add_one(fl_exact *sum, double x)
{
    uint64_t bits, mantissa;
    memcpy(&bits, &x, 8);
    int exponent = (int)(bits >> 52) & 0x7ff;
    mantissa = bits & 0xfffffffffffff;
    if (exponent)
        mantissa |= 0x10000000000000;
    else
        exponent = 1;
    int place = (exponent - 1) / 32;
    unsigned __int128 wide = (unsigned __int128)mantissa << (exponent - 1) % 32;
    int64_t sign = bits >> 63 ? -1 : 1;
    for (int k = 0; k < 3; k++)
        sum->digit[place + k] += sign * (int64_t)(uint32_t)(wide >> 32 * k);
    sum->used = 1;
}

/* Add at most FL_EXACT_BLOCK finite numbers >= 0, which are lost: what is left of them is 0. The largest of what is left is found
 * on the way, in lanes: one number after the other took 3 ns for each, ten times a light loss. */
static void fl_exact_add(fl_exact *sum, double *x, ptrdiff_t n)
{
    double most = 0, size[FL_EXACT_LANES];
    ptrdiff_t whole = n - n % FL_EXACT_LANES;
    for (int k = 0; k < FL_EXACT_LANES; k++)
        size[k] = 0;
    for (ptrdiff_t i = 0; i < whole; i += FL_EXACT_LANES)
        for (int k = 0; k < FL_EXACT_LANES; k++)
            size[k] = x[i + k] > size[k] ? x[i + k] : size[k];
    for (ptrdiff_t i = whole; i < n; i++)
        size[0] = x[i] > size[0] ? x[i] : size[0];
    for (;;) {
        double total[FL_EXACT_LANES], grid;
        for (int k = 0; k < FL_EXACT_LANES; k++)
            most = size[k] > most ? size[k] : most;
        if (most == 0)
            return;
        uint64_t bits;
        memcpy(&bits, &most, 8);
        int64_t exponent = (int64_t)(bits >> 52) + 11; /* of a number above the sum of FL_EXACT_BLOCK such */
        if (exponent < 64 || exponent > 2045) {
            for (ptrdiff_t i = 0; i < n; i++)
                fl_exact_add_one(sum, x[i]);
            fl_exact_carry(sum);
            return;
        }
        bits = (uint64_t)exponent << 52;
        memcpy(&grid, &bits, 8);
        for (int k = 0; k < FL_EXACT_LANES; k++)
            total[k] = size[k] = 0;
        for (ptrdiff_t i = 0; i < whole; i += FL_EXACT_LANES)
            for (int k = 0; k < FL_EXACT_LANES; k++) {
                double part = (x[i + k] + grid) - grid, left = x[i + k] - part, above = __builtin_fabs(left);
                total[k] += part;
                size[k] = above > size[k] ? above : size[k];
                x[i + k] = left;
            }
        for (ptrdiff_t i = whole; i < n; i++) {
            double part = (x[i] + grid) - grid, left = x[i] - part, above = __builtin_fabs(left);
            total[0] += part;
            size[0] = above > size[0] ? above : size[0];
            x[i] = left;
        }
        for (int k = 1; k < FL_EXACT_LANES; k++)
            total[0] += total[k];
        fl_exact_add_one(sum, total[0]);
        most = 0;
    }
}

/* Add at most FL_EXACT_BLOCK floats if all are finite, >= 0, and of about one size, and say so. The least above 0 is at least 2^-17 of
 * the largest: all are multiples of 2^-40 of it, which a double holds together with their sum. As integers the bits of such
 * floats are in their order; those of any other number, -0 too, are above them, and those of 0, less 1. */
static int fl_exact_add_floats(fl_exact *sum, const float *x, ptrdiff_t n)
{
    enum { LANES = 64 };
    uint32_t most[LANES], least[LANES];
    double total[LANES];
    float lowest, highest;
    ptrdiff_t whole = n - n % LANES;
    for (int k = 0; k < LANES; k++) {
        most[k] = 0;
        least[k] = UINT32_MAX;
        total[k] = 0;
    }
#define FL_TAKE(k, at)                                       \
    do {                                                     \
        uint32_t bits;                                       \
        memcpy(&bits, &(at), sizeof(bits));                  \
        most[k] = bits > most[k] ? bits : most[k];           \
        least[k] = bits - 1 < least[k] ? bits - 1 : least[k]; \
        total[k] += (double)(at);                            \
    } while (0)
    for (ptrdiff_t i = 0; i < whole; i += LANES)
        for (int k = 0; k < LANES; k++) FL_TAKE(k, x[i + k]);
    for (int k = 0; whole + k < n; k++) FL_TAKE(k, x[whole + k]);
#undef FL_TAKE
    for (int width = LANES / 2; width; width /= 2)
        for (int k = 0; k < width; k++) {
            most[k] = most[k + width] > most[k] ? most[k + width] : most[k];
            least[k] = least[k + width] < least[k] ? least[k + width] : least[k];
            total[k] += total[k + width];
        }
    if (most[0] >= 0x7f800000) return 0;
    least[0] = least[0] < most[0] ? least[0] + 1 : 0x7f800000; /* all are 0: none is the least */
    memcpy(&lowest, least, sizeof(lowest));
    memcpy(&highest, most, sizeof(highest));
    if ((double)lowest < (double)highest * 0x1p-17 || lowest < 0x1p-120f) return 0;
    fl_exact_add_one(sum, total[0]);
    return 1;
}

static void fl_exact_add_sum(fl_exact *sum, const fl_exact *other)
{
    if (!other->used)
        return;
    fl_exact part = *other;
    fl_exact_carry(&part); /* each digit below 2^32 again, before many such are added */
    for (int k = 0; k < FL_EXACT_DIGITS; k++)
        sum->digit[k] += part.digit[k];
    sum->used = 1;
}

/* The digits of a sum that is carried, least first, as bytes. */
static void fl_exact_bytes(const fl_exact *sum, unsigned char *bytes)
{
    for (int k = 0; k < 4 * FL_EXACT_DIGITS; k++)
        bytes[k] = (unsigned char)(sum->digit[k / 4] >> 8 * (k % 4));
}

/* The sum rounded once, to nearest, ties to even. It is carried first. */
static double fl_exact_value(fl_exact *sum)
{
    int top = FL_EXACT_DIGITS - 1;
    if (!sum->used)
        return 0;
    fl_exact_carry(sum);
    while (top > 2 && sum->digit[top] == 0)
        top--;
    unsigned __int128 wide = (unsigned __int128)sum->digit[top] << 64 | (unsigned __int128)sum->digit[top - 1] << 32 |
                             (unsigned __int128)sum->digit[top - 2];
    uint64_t lost = 0;
    int shift = 0;
    for (int k = 0; k < top - 2; k++)
        lost |= (uint64_t)sum->digit[k];
    while (wide >> 64) {
        lost |= (uint64_t)(wide & 1);
        wide >>= 1;
        shift++;
    }
    return ldexp((double)((uint64_t)wide | (lost != 0)), shift + 32 * (top - 2) - 1074);
}

#endif
