/* A chain of tags, of which each depends on the one before: sums over all chains, and the best of them.
 *
 *     a'[j] = e[j] sum_i a[i] M[i][j]        b[i] = sum_j M[i][j] e'[j] b'[j]
 *
 * The matrices have rows of w numbers, the number of tags K rounded up to 8. What is behind K counts for nothing: its
 * transitions are 0, or -infinity in logarithms. As in CTC's lattice there are probabilities, rescaled by powers of 2. */
#ifndef FASTLOSS_CRF_H
#define FASTLOSS_CRF_H
#include "points/formulas.h"
#include "sequences/products.h"

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

/* out[j] = sum_i v[i] M[i][j]. Sums stay in registers: four of them, that none waits for the one before. */
static inline void fl_crf_sums(const double *v, const double *M, double *out, ptrdiff_t K, ptrdiff_t w)
{
    for (ptrdiff_t j = 0; j < w; j += 8) {
        double s[8] = {0}, p[8] = {0}, q[8] = {0}, u[8] = {0};
        const double *restrict r = M + j;
        for (ptrdiff_t i = 0; i < K; i += 4, r += 4 * w) { /* a loop for the last ones gcc would make scalar: they are rows of zeros here */
            ptrdiff_t left = K - i;
            double a = v[i], b = left > 1 ? v[i + 1] : 0, c = left > 2 ? v[i + 2] : 0, d = left > 3 ? v[i + 3] : 0;
            const double *restrict r1 = left > 1 ? r + w : r, *restrict r2 = left > 2 ? r + 2 * w : r, *restrict r3 = left > 3 ? r + 3 * w : r;
            for (int k = 0; k < 8; k++) s[k] = fl_fma(a, r[k], s[k]);
            for (int k = 0; k < 8; k++) p[k] = fl_fma(b, r1[k], p[k]);
            for (int k = 0; k < 8; k++) q[k] = fl_fma(c, r2[k], q[k]);
            for (int k = 0; k < 8; k++) u[k] = fl_fma(d, r3[k], u[k]);
        }
        for (int k = 0; k < 8; k++) out[j + k] = (s[k] + p[k]) + (q[k] + u[k]);
    }
}

static inline double fl_crf_larger(double x, double y) { return x > y ? x : y; }

/* out[j] = max_i v[i] + L[i][j] */
static inline void fl_crf_best(const double *v, const double *L, double *out, ptrdiff_t K, ptrdiff_t w)
{
    double *restrict best = out;
    ptrdiff_t i = 0;
    for (ptrdiff_t j = 0; j < w; j++) best[j] = -INFINITY;
    for (; i + 4 <= K; i += 4) {
        const double *restrict r = L + i * w, *restrict s = r + w, *restrict p = s + w, *restrict q = p + w;
        double a = v[i], b = v[i + 1], c = v[i + 2], d = v[i + 3];
        for (ptrdiff_t j = 0; j < w; j++) {
            double one = fl_crf_larger(a + r[j], b + s[j]), other = fl_crf_larger(c + p[j], d + q[j]);
            best[j] = fl_crf_larger(fl_crf_larger(one, other), best[j]);
        }
    }
    for (; i < K; i++) {
        const double *restrict r = L + i * w;
        double a = v[i];
        for (ptrdiff_t j = 0; j < w; j++) best[j] = fl_crf_larger(a + r[j], best[j]);
    }
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

/* A frame onwards, of all chains but the labelled one: h[j] = sum_i a[i] M[i][j] of those, `gold` the weight of the labelled one,
 * `m` the row of M of its tag, `now` its next tag. A chain that has left it, and is on its tag again, is one of the others. */
static inline double fl_crf_onwards(const double *h, double gold, const double *m, const double *e, double *out, ptrdiff_t now, ptrdiff_t w)
{
    double *restrict row = out;
    for (ptrdiff_t j = 0; j < w; j++) row[j] = (h[j] + gold * m[j]) * e[j];
    row[now] = h[now] * e[now];
    return gold * m[now] * e[now];
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

/* The sum of w numbers. A block's sum has 32 lanes, of which 8 tags use few. */
static inline double fl_crf_total(const double *x, ptrdiff_t w)
{
    if (w > 8) return fl_block_sum_f64(x, w);
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

static inline double fl_crf_max(const double *x, ptrdiff_t w)
{
    double top[8];
    for (int k = 0; k < 8; k++) top[k] = x[k];
    for (ptrdiff_t j = 8; j < w; j += 8)
        for (int k = 0; k < 8; k++) top[k] = x[j + k] > top[k] ? x[j + k] : top[k];
    for (int k = 0; k < 4; k++) top[k] = top[k + 4] > top[k] ? top[k + 4] : top[k];
    for (int k = 0; k < 2; k++) top[k] = top[k + 2] > top[k] ? top[k + 2] : top[k];
    return top[1] > top[0] ? top[1] : top[0];
}
#endif
