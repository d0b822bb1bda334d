/* Rows of a group in the order of their keys, those of one key in the order of their numbers. */
#ifndef FASTLOSS_SORT_H
#define FASTLOSS_SORT_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "blocks/watch.h"

enum { FL_KEY_F32, FL_KEY_F64, FL_KEY_I64 };
enum { FL_ROWS_BETWEEN_LOOKS = 1 << 20 }; /* at whether to stop: some 5 ms */

/* A key as a number without a sign, in the same order; of a float the lower half is 0. -0 is 0. */
static inline uint64_t fl_group_key(const void *keys, int type, uint64_t flip, ptrdiff_t i)
{
    const uint64_t sign = (uint64_t)1 << 63;
    uint64_t bits = 0;
    if (type == FL_KEY_F32) {
        float x = ((const float *)keys)[i] + 0.0f;
        uint32_t half;
        memcpy(&half, &x, sizeof(half));
        bits = (uint64_t)(half ^ ((half >> 31 ? ~(uint32_t)0 : 0) | (uint32_t)1 << 31)) << 32;
    } else if (type == FL_KEY_F64) {
        double x = ((const double *)keys)[i] + 0.0;
        memcpy(&bits, &x, sizeof(bits));
        bits ^= (bits >> 63 ? ~(uint64_t)0 : 0) | sign;
    } else {
        bits = (uint64_t)((const int64_t *)keys)[i] ^ sign;
    }
    return bits ^ flip;
}

/* Where the next look is due, from row i on. */
static inline ptrdiff_t fl_next_look(ptrdiff_t i, ptrdiff_t n) { return n - i < FL_ROWS_BETWEEN_LOOKS ? n : i + FL_ROWS_BETWEEN_LOOKS; }

/* Numbers by their upper halves, those of one in their order, digit by digit; return where they are, in a or b: all of them, if in no
 * order, where it was stopped. The lower halves of numbers with one upper half ascend. */
static uint64_t *fl_group_halves(uint64_t *a, uint64_t *b, ptrdiff_t n, const int *stop)
{
    uint32_t counts[4][256];
    if (n <= 32) {
        for (ptrdiff_t i = 1, at; i < n; i++) {
            uint64_t x = a[i];
            for (at = i; at > 0 && a[at - 1] > x; at--) a[at] = a[at - 1];
            a[at] = x;
        }
        return a;
    }
    memset(counts, 0, sizeof(counts));
    for (ptrdiff_t i = 0, end; i < n; i = end) {
        if (fl_stopped(stop)) return a;
        end = fl_next_look(i, n);
        for (ptrdiff_t j = i; j < end; j++)
            for (int digit = 0; digit < 4; digit++) counts[digit][a[j] >> (32 + 8 * digit) & 255]++;
    }
    for (int digit = 0; digit < 4; digit++) {
        uint32_t *count = counts[digit], first = 0;
        int shift = 32 + 8 * digit;
        if (count[a[0] >> shift & 255] == (uint64_t)n) continue; /* all have it */
        for (int k = 0; k < 256; k++) {
            uint32_t own = count[k];
            count[k] = first;
            first += own;
        }
        for (ptrdiff_t i = 0, end; i < n; i = end) {
            if (fl_stopped(stop)) return a;
            end = fl_next_look(i, n);
            for (ptrdiff_t j = i; j < end; j++) b[count[a[j] >> shift & 255]++] = a[j];
        }
        uint64_t *sorted = b;
        b = a;
        a = sorted;
    }
    return a;
}

/* Sort n < 2^32 rows, in the memory of a and b; return which of them has, in its lower halves, the rows. `tied`: whether each has the
 * key of the one before. Keys of 64 bits are sorted by their upper halves, then those of one by the lower. */
static uint64_t *fl_group_sort(const void *keys, int type, int descending, ptrdiff_t n, uint64_t *a, uint64_t *b, unsigned char *tied,
                               const int *stop)
{
    const uint64_t upper = ~(uint64_t)0 << 32, flip = descending ? ~(uint64_t)0 : 0;
    for (ptrdiff_t i = 0, end; i < n; i = end) {
        if (fl_stopped(stop)) return a;
        end = fl_next_look(i, n);
        for (ptrdiff_t j = i; j < end; j++) a[j] = (fl_group_key(keys, type, flip, j) & upper) | (uint64_t)j;
    }
    uint64_t *rows = fl_group_halves(a, b, n, stop), *spare = rows == a ? b : a;
    for (ptrdiff_t k = 0, end; k < n && !fl_stopped(stop); k = end) {
        tied[k] = 0;
        for (end = k + 1; end < n && rows[end] >> 32 == rows[k] >> 32;) tied[end++] = 1;
        if (end - k == 1 || type == FL_KEY_F32) continue;
        for (ptrdiff_t i = k; i < end; i++) {
            uint64_t row = rows[i] & ~upper;
            rows[i] = fl_group_key(keys, type, flip, (ptrdiff_t)row) << 32 | row;
        }
        uint64_t *sorted = fl_group_halves(rows + k, spare + k, end - k, stop);
        if (sorted != rows + k) memcpy(rows + k, sorted, (size_t)(end - k) * sizeof(*rows));
        for (ptrdiff_t i = k + 1; i < end; i++) tied[i] = rows[i] >> 32 == rows[i - 1] >> 32;
    }
    return rows;
}
#endif
