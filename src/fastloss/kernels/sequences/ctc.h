/* The lattice of CTC, in doubles, of one sequence.
 *
 * States are blank i (before label i) in B[i], and label i in Y[i], i = 0 .. L; there is no label L. Before the first frame B[0] = 1.
 *
 *     B'[i] = (B[i] + Y[i-1]) e_blank        Y'[i] = (Y[i] + B[i] + skip[i] Y[i-1]) e[i]
 *
 * The lattice holds probabilities, not logarithms: there is no exponential and no logarithm in a cell. Every fourth frame it is
 * multiplied by a power of 2 that brings the largest cell to 2^830; cells below 2^-1000 become 0. The way back takes the same
 * factors and begins with 1 over the total, so that forward x backward is the posterior. If no cell of the way back reaches
 * 2^840, whatever was dropped weighs less than 2^-160 of the total, below every float: that is the certificate. A sequence
 * without it is done again in logarithms.
 *
 * A row is [8 zeros][Y: n][B: n][e: n + 8], n = L + 1 rounded up to 8: what comes before Y[0] is read. */
#ifndef FASTLOSS_CTC_H
#define FASTLOSS_CTC_H
#include "points/formulas.h"
#include "sequences/octets.h"

#define FL_CTC_LEAST 0x1p-1000
#define FL_CTC_LN2 0.6931471805599453
enum { FL_CTC_BEFORE = 8, FL_CTC_HIGH = 830, FL_CTC_CERTAIN = 840 };

/* e = x + apart; e may be x. What is -infinity in `apart` becomes that: written one by one among numbers that the sweep reads at once,
 * they made it wait, for a tenth of a frame of 32 classes. */
#define FL_CTC_APART(real, suffix)                                                                                 \
    static inline void fl_ctc_apart_##suffix(const real *x, const real *apart, real *e, ptrdiff_t n)               \
    {                                                                                                              \
        _Pragma("GCC ivdep") for (ptrdiff_t c = 0; c < n; c++) e[c] = x[c] + apart[c];                             \
    }
FL_CTC_APART(float, f32)
FL_CTC_APART(double, f64)

/* A frame of a row onwards: `f` the factor of its cells, `fb` that times the blank's emission. They come before the product: the
 * other way round it could underflow though the result is needed. Return the largest cell. */
static inline double fl_ctc_step(const double *row, const double *skip, double f, double fb, double *next, ptrdiff_t n)
{
    const double *Y = row + FL_CTC_BEFORE, *B = Y + n, *e = B + n;
    double *Y1 = next + FL_CTC_BEFORE, *B1 = Y1 + n;
    fl_octet top = fl_octet_of(0);
    fl_octet_to(next, top);
    for (ptrdiff_t i = 0; i < n; i += 8) {
        fl_octet before = fl_octet_at(Y + i - 1), blank = fl_octet_at(B + i);
        fl_octet b = fl_octet_by(fl_octet_add(blank, before), fb);
        fl_octet y = fl_octet_add(fl_octet_add(fl_octet_at(Y + i), blank), fl_octet_times(fl_octet_at(skip + i), before));
        y = fl_octet_times(y, fl_octet_by(fl_octet_at(e + i), f));
        top = fl_octet_larger(b, fl_octet_larger(y, top));
        fl_octet_to(B1 + i, fl_octet_without(b, fl_octet_below(b, FL_CTC_LEAST))); /* a NaN stays */
        fl_octet_to(Y1 + i, fl_octet_without(y, fl_octet_below(y, FL_CTC_LEAST)));
    }
    return fl_octet_largest(top);
}

/* The same backwards: `row` is that before the frame, `after` that behind it. Leaves the posteriors of labels; returns that of the
 * blanks. `most`, 8 lanes: the largest number before small ones became 0. */
static inline double fl_ctc_back(const double *row, const double *after, const double *skip, double f, double fb, const double *Y,
                                 const double *B, double *Y2, double *B2, double *labels, double *most, ptrdiff_t n)
{
    const double *e = row + FL_CTC_BEFORE + 2 * n, *aY = after + FL_CTC_BEFORE, *aB = aY + n;
    fl_octet top = fl_octet_at(most), blanks = fl_octet_of(0);
    for (ptrdiff_t i = 0; i < n; i += 8) {
        fl_octet y = fl_octet_at(Y + i), b = fl_octet_at(B + i);
        fl_octet own = fl_octet_times(fl_octet_by(fl_octet_at(e + i), f), y);
        fl_octet next = fl_octet_times(fl_octet_times(fl_octet_by(fl_octet_at(skip + i + 1), f), fl_octet_at(e + i + 1)), fl_octet_at(Y + i + 1));
        fl_octet blank = fl_octet_add(own, fl_octet_by(b, fb));
        fl_octet label = fl_octet_add(fl_octet_add(own, fl_octet_by(fl_octet_at(B + i + 1), fb)), next);
        fl_octet_to(labels + i, fl_octet_times(fl_octet_at(aY + i), y));
        blanks = fl_octet_add(blanks, fl_octet_times(fl_octet_at(aB + i), b));
        top = fl_octet_larger(blank, fl_octet_larger(label, top));
        fl_octet_to(B2 + i, fl_octet_without(blank, fl_octet_below(blank, FL_CTC_LEAST)));
        fl_octet_to(Y2 + i, fl_octet_without(label, fl_octet_below(label, FL_CTC_LEAST)));
    }
    fl_octet_to(most, top);
    return fl_octet_sum(blanks);
}

/* From posteriors of n classes to the differences p - posterior, p = e inverse. That of a class with p > 1/2 is minus the sum of all
 * others: of them `rest` is what the lattice does not need. */
static inline void fl_ctc_differences(const double *e, double inverse, double rest, double *posterior, ptrdiff_t n)
{
    fl_octet top = fl_octet_of(0), sum = top;
    double largest;
    ptrdiff_t place = 0;
    for (ptrdiff_t d = 0; d < n; d += 8) {
        fl_octet p = fl_octet_by(fl_octet_at(e + d), inverse);
        top = fl_octet_larger(p, top);
        fl_octet_to(posterior + d, fl_octet_add(p, fl_octet_by(fl_octet_at(posterior + d), -1)));
    }
    largest = fl_octet_largest(top);
    if (!(largest > 0.5)) return;
    while (e[place] * inverse != largest) place++;
    for (ptrdiff_t d = 0; d < n; d += 8) sum = fl_octet_add(sum, fl_octet_without(fl_octet_at(posterior + d), fl_octet_lane(place - d)));
    posterior[place] = -(rest + fl_octet_sum(sum));
}

/* The power of 2 that brings a number near 2^830. */
static inline int fl_ctc_rescaling(double top)
{
    int k;
    if (!(top > 0 && top < INFINITY)) return 0;
    (void)frexp(top, &k);
    k = FL_CTC_HIGH + 1 - k;
    return k > 1000 ? 1000 : k;
}

/* ---- in logarithms: no limit of range ---- */

/* log(e^a + e^b), of which both may be -infinity */
FL_INLINE double fl_ctc_log_add(double a, double b)
{
    double d = a == b ? 0.0 : a > b ? b - a : a - b;
    return (a > b ? a : b) + fl_log1p_unit(fl_exp(d));
}

static inline void fl_ctc_log_step(const double *row, const double *skip, double blank, double *next, ptrdiff_t n)
{
    const double *restrict Y = row + FL_CTC_BEFORE, *restrict B = Y + n, *restrict e = B + n, *restrict s = skip;
    double *restrict Y1 = next + FL_CTC_BEFORE, *restrict B1 = Y1 + n;
    for (int j = 0; j < FL_CTC_BEFORE; j++) next[j] = -INFINITY;
    for (ptrdiff_t i = 0; i < n; i++) {
        double before = Y[i - 1];
        B1[i] = fl_ctc_log_add(B[i], before) + blank;
        Y1[i] = fl_ctc_log_add(fl_ctc_log_add(Y[i], B[i]), s[i] != 0 ? before : -INFINITY) + e[i];
    }
}

/* `total`: the logarithm of that of all paths. A logarithm of 1e5 has lost five digits, but all cells of a frame lost much the
 * same: it is their sum that they are divided by. */
static inline void fl_ctc_log_back(const double *row, const double *after, const double *skip, double blank, double total, const double *Y,
                                   const double *B, double *Y2, double *B2, double *labels, double *blanks, ptrdiff_t n)
{
    const double *restrict e = row + FL_CTC_BEFORE + 2 * n, *restrict s = skip, *restrict y = Y, *restrict b = B;
    const double *restrict aY = after + FL_CTC_BEFORE, *restrict aB = aY + n;
    double *restrict nY = Y2, *restrict nB = B2, *restrict pY = labels, *restrict pB = blanks;
    double sum = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double own = e[i] + y[i];
        pY[i] = fl_exp((aY[i] + y[i]) - total);
        pB[i] = fl_exp((aB[i] + b[i]) - total);
        nB[i] = fl_ctc_log_add(own, blank + b[i]);
        nY[i] = fl_ctc_log_add(fl_ctc_log_add(own, blank + b[i + 1]), s[i + 1] != 0 ? e[i + 1] + y[i + 1] : -INFINITY);
    }
    for (ptrdiff_t i = 0; i < n; i++) sum += pY[i] + pB[i];
    for (ptrdiff_t i = 0; i < n; i++) {
        pY[i] /= sum;
        pB[i] /= sum;
    }
}

/* ---- a loss near 0: what fails, as a sum ---- */

/* The number of the class of a state: of blanks the last. States 2 i are blanks, 2 i + 1 labels. */
static inline int64_t fl_ctc_class(const int64_t *id, int64_t distinct, ptrdiff_t s) { return s & 1 ? id[s / 2] : distinct; }

/* The mass that leaves the lattice in a frame: from state s all classes lead out but those of itself, of the next, and of the one
 * after that. `p`: the probabilities of the `distinct` labels and, last, of the blank; `rest` that of all other classes. Of the four
 * most probable at least one leads out: so what is taken off is no more than what is left. Moves `a` on to `next`. */
static inline double fl_ctc_leaving(const double *a, double *next, const double *p, int64_t distinct, double rest, const int64_t *id,
                                    const double *skip, ptrdiff_t states)
{
    int64_t top[4], found = 0;
    double few = 0, fails = 0;
    for (int64_t d = 0; d <= distinct; d++) {
        int64_t k = found < 4 ? found++ : (p[d] > p[top[3]] ? 3 : 4);
        if (k == 4) continue;
        for (; k > 0 && p[d] > p[top[k - 1]]; k--) top[k] = top[k - 1];
        top[k] = d;
    }
    for (int64_t d = 0; d <= distinct; d++) {
        int among = 0;
        for (int64_t k = 0; k < found; k++) among |= top[k] == d;
        few += among ? 0 : p[d];
    }
    for (ptrdiff_t s = 0; s < states; s++) next[s] = 0;
    for (ptrdiff_t s = 0; s < states; s++) {
        int64_t own[3];
        int leads[4] = {0}, count = 0;
        double out = few;
        if (a[s] == 0) continue;
        own[count++] = fl_ctc_class(id, distinct, s);
        if (s + 1 < states) own[count++] = fl_ctc_class(id, distinct, s + 1);
        if ((s & 1) && s + 2 < states && skip[s / 2 + 1] != 0) own[count++] = fl_ctc_class(id, distinct, s + 2);
        for (int j = 0; j < count; j++) {
            int among = 0;
            for (int64_t k = 0; k < found; k++)
                if (top[k] == own[j]) among = leads[k] = 1;
            if (!among) out -= p[own[j]];
            next[s + j] += a[s] * p[own[j]];
        }
        if (out < 0) out = 0;
        for (int64_t k = 0; k < found; k++) out += leads[k] ? 0 : p[top[k]];
        fails += a[s] * (out + rest);
    }
    return fails;
}
#endif
