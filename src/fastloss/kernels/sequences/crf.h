/* A chain of tags, of which each depends on the one before: sums over all chains, and the best of them.
 *
 *     a'[j] = e[j] sum_i a[i] M[i][j]        b[i] = sum_j M[i][j] e'[j] b'[j]
 *
 * The matrices have rows of w numbers, the number of tags K rounded up to 8. What is behind K counts for nothing: its
 * transitions are 0, or -infinity in logarithms. As in CTC's lattice there are probabilities, rescaled by powers of 2. */
#ifndef FASTLOSS_CRF_H
#define FASTLOSS_CRF_H
#include "points/formulas.h"
#include "sequences/octets.h"
#include "maths/products.h"

/* Below e^-700 an exponential is 0; one of more than e^-2000 may matter all the same: then 1 is returned. */
static inline int fl_crf_exponentials(const double *x, double top, double *out, ptrdiff_t n)
{
    int lost = 0;
    for (ptrdiff_t j = 0; j < n; j++) {
        double d = x[j] - top, e = fl_exp(d);
        lost |= (d < -700) & (d > -2000);
        out[j] = d < -700 ? 0 : e;
    }
    return lost;
}

/* A frame of K numbers as a row of w, -infinity behind them; whether one of them is NaN or infinite. Of `x` w numbers are read. */
static inline int fl_crf_row(const double *x, double *row, ptrdiff_t K, ptrdiff_t w)
{
    fl_octet top = fl_octet_of(-INFINITY);
    int bad = 0;
    for (ptrdiff_t j = 0; j < w; j += 8) {
        fl_octet each = fl_octet_with(fl_octet_at(x + j), fl_octet_lanes_from(K - j), top);
        bad |= fl_octet_any_beyond(each, INFINITY);
        fl_octet_to(row + j, each);
    }
    return bad;
}

/* The reverse, times a factor: w numbers are written, of which the next row takes some back. */
static inline void fl_crf_packed(const double *row, double factor, double *x, ptrdiff_t w)
{
    for (ptrdiff_t j = 0; j < w; j += 8) fl_octet_to(x + j, fl_octet_by(fl_octet_at(row + j), factor));
}

/* sum_i v[i] M[i][k], of 8 columns k, and of 16: the sums stay in registers, two to a column, that none waits for the one before.
 * The first row of an odd number begins them. */
FL_INLINE fl_octet fl_crf_eight(const double *v, const double *M, ptrdiff_t K, ptrdiff_t w)
{
    fl_octet a = fl_octet_by(fl_octet_at(M), K & 1 ? v[0] : 0), b = fl_octet_of(0);
    M += (K & 1) * w;
    for (ptrdiff_t i = K & 1; i < K; i += 2, M += 2 * w) {
        a = fl_octet_fma(v[i], fl_octet_at(M), a);
        b = fl_octet_fma(v[i + 1], fl_octet_at(M + w), b);
    }
    return fl_octet_add(a, b);
}

FL_INLINE void fl_crf_sixteen(const double *v, const double *M, ptrdiff_t K, ptrdiff_t w, fl_octet *first, fl_octet *second)
{
    double begin = K & 1 ? v[0] : 0;
    fl_octet a = fl_octet_by(fl_octet_at(M), begin), c = fl_octet_by(fl_octet_at(M + 8), begin), b = fl_octet_of(0), d = b;
    M += (K & 1) * w;
    for (ptrdiff_t i = K & 1; i < K; i += 2, M += 2 * w) {
        a = fl_octet_fma(v[i], fl_octet_at(M), a);
        c = fl_octet_fma(v[i], fl_octet_at(M + 8), c);
        b = fl_octet_fma(v[i + 1], fl_octet_at(M + w), b);
        d = fl_octet_fma(v[i + 1], fl_octet_at(M + w + 8), d);
    }
    *first = fl_octet_add(a, b);
    *second = fl_octet_add(c, d);
}

/* WITH(sums, j) for each 8 columns from j on. */
#define FL_CRF_COLUMNS(v, M, K, w, WITH)                                     \
    do {                                                                     \
        ptrdiff_t column = 0;                                                \
        for (; column + 16 <= (w); column += 16) {                           \
            fl_octet first, second;                                          \
            fl_crf_sixteen(v, (M) + column, K, w, &first, &second);          \
            WITH(first, column);                                             \
            WITH(second, column + 8);                                        \
        }                                                                    \
        if (column < (w)) WITH(fl_crf_eight(v, (M) + column, K, w), column); \
    } while (0)

/* out[j] = sum_i v[i] M[i][j] */
static inline void fl_crf_sums(const double *v, const double *M, double *out, ptrdiff_t K, ptrdiff_t w)
{
#define FL_CRF_STORE(sums, j) fl_octet_to(out + (j), sums)
    FL_CRF_COLUMNS(v, M, K, w, FL_CRF_STORE);
#undef FL_CRF_STORE
}

/* max_i v[i] + L[i][k], of 8 columns k */
FL_INLINE fl_octet fl_crf_best_8(const double *v, const double *L, ptrdiff_t K, ptrdiff_t w)
{
    fl_octet a = fl_octet_of(-INFINITY), b = a;
    ptrdiff_t i = 0;
    for (; i + 2 <= K; i += 2, L += 2 * w) {
        a = fl_octet_larger(fl_octet_add(fl_octet_of(v[i]), fl_octet_at(L)), a);
        b = fl_octet_larger(fl_octet_add(fl_octet_of(v[i + 1]), fl_octet_at(L + w)), b);
    }
    if (i < K) a = fl_octet_larger(fl_octet_add(fl_octet_of(v[i]), fl_octet_at(L)), a);
    return fl_octet_larger(b, a);
}

/* out[j] = max_i v[i] + L[i][j] */
static inline void fl_crf_best(const double *v, const double *L, double *out, ptrdiff_t K, ptrdiff_t w)
{
    for (ptrdiff_t j = 0; j < w; j += 8) fl_octet_to(out + j, fl_crf_best_8(v, L + j, K, w));
}

/* The same into `best`, and added to a frame. */
static inline void fl_crf_best_onwards(const double *v, const double *L, double *best, double *row, ptrdiff_t K, ptrdiff_t w)
{
    for (ptrdiff_t j = 0; j < w; j += 8) {
        fl_octet each = fl_crf_best_8(v, L + j, K, w);
        fl_octet_to(best + j, each);
        fl_octet_to(row + j, fl_octet_add(fl_octet_at(row + j), each));
    }
}

/* The first i with v[i] + L[i] = best. */
static inline ptrdiff_t fl_crf_where(const double *v, const double *L, double best, ptrdiff_t w)
{
    for (ptrdiff_t i = 0; i < w; i += 8) {
        int k = fl_octet_first(fl_octet_add(fl_octet_at(v + i), fl_octet_at(L + i)), best);
        if (k < 8) return i + k;
    }
    return 0; /* a number changed meanwhile */
}

/* out[j] = log sum_i exp(v[i] + L[i][j]) */
static inline void fl_crf_log_sums(const double *v, const double *L, double *out, ptrdiff_t K, ptrdiff_t w)
{
    fl_crf_best(v, L, out, K, w);
    for (ptrdiff_t j = 0; j < w; j += 8) {
        double sum[8] = {0}, top[8];
        for (int k = 0; k < 8; k++) top[k] = out[j + k] == -INFINITY ? 0 : out[j + k];
        for (ptrdiff_t i = 0; i < K; i++)
            for (int k = 0; k < 8; k++) sum[k] += fl_exp((v[i] + L[i * w + j + k]) - top[k]);
        for (int k = 0; k < 8; k++) out[j + k] = sum[k] > 0 ? top[k] + fl_log(sum[k]) : -INFINITY;
    }
}

/* ---- the labelled chain apart from all others ----
 *
 * The number of the label's tag is selected among the 8 that it belongs to, not written after them: who reads 8 numbers at once that
 * were written in two pieces waits until both have reached the cache, in each frame. */

FL_INLINE void fl_crf_onwards_8(fl_octet sums, double gold, const double *m, const double *e, double *row, fl_octet *top, ptrdiff_t now)
{
    fl_octet led = fl_octet_without(fl_octet_by(fl_octet_at(m), gold), fl_octet_lane(now));
    fl_octet a = fl_octet_times(fl_octet_add(sums, led), fl_octet_at(e));
    *top = fl_octet_larger(a, *top);
    fl_octet_to(row, fl_octet_without(a, fl_octet_below(a, 0x1p-1000)));
}

/* A frame onwards, of all chains but the labelled one: `v` are those before it, `gold` is the weight of the labelled one, `m` the row
 * of M of its tag, `now` its next tag. A chain that has left it, and is on its tag again, is one of the others. Return the largest. */
static inline double fl_crf_onwards(const double *v, double gold, const double *M, const double *m, const double *e, double *row,
                                    ptrdiff_t now, ptrdiff_t K, ptrdiff_t w)
{
    fl_octet top = fl_octet_of(0);
#define FL_CRF_ONWARDS(sums, j) fl_crf_onwards_8(sums, gold, m + (j), e + (j), row + (j), &top, now - (j))
    FL_CRF_COLUMNS(v, M, K, w, FL_CRF_ONWARDS);
#undef FL_CRF_ONWARDS
    return fl_octet_largest(top);
}

FL_INLINE void fl_crf_backwards_8(fl_octet sums, double factor, double *e, double *behind, double *most, double *largest)
{
    fl_octet scaled = fl_octet_by(sums, factor), h = fl_octet_times(fl_octet_at(e), scaled);
    fl_octet_to(behind, sums);
    fl_octet_to(e, h);
    fl_octet_to(most, fl_octet_larger(scaled, fl_octet_at(most)));
    fl_octet_to(largest, fl_octet_larger(h, fl_octet_at(largest)));
}

/* A frame back: `h` is what lies behind it. Leaves it in `behind`; `e` becomes what is behind the frame before. `most` and `largest`,
 * 8 lanes: the largest of either. */
static inline void fl_crf_backwards(const double *h, const double *M, double factor, double *e, double *behind, double *most,
                                    double *largest, ptrdiff_t K, ptrdiff_t w)
{
#define FL_CRF_BACKWARDS(sums, j) fl_crf_backwards_8(sums, factor, e + (j), behind + (j), most, largest)
    FL_CRF_COLUMNS(h, M, K, w, FL_CRF_BACKWARDS);
#undef FL_CRF_BACKWARDS
}

/* The last frame of that way: all tags have `b` behind them. */
static inline void fl_crf_end(double b, double factor, double *e, double *behind, double *most, double *largest, ptrdiff_t w)
{
    for (ptrdiff_t j = 0; j < w; j += 8) fl_crf_backwards_8(fl_octet_of(b), factor, e + j, behind + j, most, largest);
}

/* The posteriors of a frame less the label, from the way on and the way back, which they take the place of: their products over the
 * sum of these, which is 1 but for rounding and for what was dropped; of the label, minus the sum of all others. `gold`: the weight of
 * the labelled chain. Return the sum. */
static inline double fl_crf_slopes(const double *a, double gold, double *b, ptrdiff_t now, ptrdiff_t w)
{
    fl_octet sum = fl_octet_of(0);
    double labelled = gold * b[now] + a[now] * b[now], rest, total, inverse, of_label;
    for (ptrdiff_t j = 0; j < w; j += 8)
        sum = fl_octet_add(sum, fl_octet_without(fl_octet_times(fl_octet_at(a + j), fl_octet_at(b + j)), fl_octet_lane(now - j)));
    rest = fl_octet_sum(sum);
    total = rest + labelled;
    inverse = 1 / total;
    of_label = 0 - rest * inverse;
    for (ptrdiff_t j = 0; j < w; j += 8) {
        fl_octet each = fl_octet_by(fl_octet_times(fl_octet_at(a + j), fl_octet_at(b + j)), inverse);
        fl_octet_to(b + j, fl_octet_with(each, fl_octet_lane(now - j), fl_octet_of(of_label)));
    }
    return total;
}

/* The gradient of the transitions from the label `before` to the next frame. They are apart from the product of all others: 1 - the
 * posterior of the labelled pair is the sum of all others. `a` are the chains of the frame before, `gold` the labelled one; `h` what is
 * behind; `m` the row of the label in M, `back` the column of the next one; `slope` that of the next label. */
static inline void fl_crf_labelled_pairs(const double *a, double gold, const double *h, const double *m, const double *back, double slope,
                                         double scale, double *into, ptrdiff_t before, ptrdiff_t now, ptrdiff_t w)
{
    fl_octet sum = fl_octet_of(0);
    double whole = a[before] + gold, of_pair;
    for (ptrdiff_t j = 0; j < w; j += 8)
        sum = fl_octet_add(sum, fl_octet_without(fl_octet_times(fl_octet_at(a + j), fl_octet_at(back + j)), fl_octet_lane(before - j)));
    of_pair = (slope - fl_octet_sum(sum) * h[now]) * scale;
    for (ptrdiff_t j = 0; j < w; j += 8) {
        fl_octet each = fl_octet_by(fl_octet_times(fl_octet_by(fl_octet_at(m + j), whole), fl_octet_at(h + j)), scale);
        fl_octet_to(into + j, fl_octet_add(fl_octet_at(into + j), fl_octet_with(each, fl_octet_lane(now - j), fl_octet_of(of_pair))));
    }
}

/* into[i][j] += scale M[i][j] sum_t a_t[i] h_t[j], in tiles of 4 rows and 8 columns. */
static inline void fl_crf_pairs(const double *a, const double *h, const double *M, double scale, double *into, ptrdiff_t frames, ptrdiff_t K,
                                ptrdiff_t w)
{
    for (ptrdiff_t i = 0; i < K; i += 4)
        for (ptrdiff_t j = 0; j < w; j += 8) {
            double s[4][8];
            fl_product_tile(a + i, a + i + 1, a + i + 2, a + i + 3, w, h + j, w, frames, s);
            for (int r = 0; r < 4 && i + r < K; r++)
                for (int k = 0; k < 8; k++) into[(i + r) * w + j + k] += s[r][k] * M[(i + r) * w + j + k] * scale;
        }
}

/* The same of one frame, where a[i] h[j] may be too large, though a[i] M[i][j] h[j] is at most 1. */
static inline void fl_crf_pairs_of_frame(const double *a, const double *h, const double *M, double scale, double *into, ptrdiff_t K, ptrdiff_t w)
{
    for (ptrdiff_t i = 0; i < K; i++) {
        double *restrict row = into + i * w;
        for (ptrdiff_t j = 0; j < w; j++) row[j] += (a[i] * M[i * w + j]) * h[j] * scale;
    }
}

static inline double fl_crf_total(const double *x, ptrdiff_t w)
{
    fl_octet sum = fl_octet_of(0);
    for (ptrdiff_t j = 0; j < w; j += 8) sum = fl_octet_add(sum, fl_octet_at(x + j));
    return fl_octet_sum(sum);
}

static inline double fl_crf_max(const double *x, ptrdiff_t w)
{
    fl_octet top = fl_octet_at(x);
    for (ptrdiff_t j = 8; j < w; j += 8) top = fl_octet_larger(fl_octet_at(x + j), top);
    return fl_octet_largest(top);
}
#endif
