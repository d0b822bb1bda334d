/* The likelihood of a time that is known, or known to lie before, after or between two, and its derivatives: one sample, in double.
 *
 * Times are standardised, z = (log t - y) / s, and z keeps what its steps round off. Of a time between two, a < b are theirs and
 * w = b - a, which is computed as such: it may be all that is left. A probability next to 1 is 1 less what is missing.
 */
#ifndef FASTLOSS_LIFETIMES_H
#define FASTLOSS_LIFETIMES_H

#include "blocks/blocks.h"
#include "maths/pairs.h"
#include "maths/tails.h"

/* Minus the logarithm of the likelihood; its first and second derivative where all z move by one amount; s times that by s */
typedef struct {
    double value, first, second, turn;
} fl_lifetime;

enum { FL_NORMAL, FL_LOGISTIC, FL_EXTREME };

#define FL_LOG_ROOT_2PI 0.91893853320467274
#define FL_ROOT_2PI 2.5066282746310002
#define FL_INVERSE_ROOT_2PI 0.39894228040143265

FL_INLINE fl_pair fl_negative(fl_pair x) { return (fl_pair){-x.head, -x.tail}; }

/* x y, 0 where y is, of an infinite x too */
FL_INLINE double fl_product_or_0(double x, double y) { return y == 0.0 ? 0.0 : x * y; }

static inline fl_pair fl_standardised(double t, double y, double s)
{
    fl_pair log_t = fl_log_exactly(t, 0.0), z = fl_two_sum(log_t.head, -y);
    z = fl_two_sum(z.head, z.tail + log_t.tail);
    return fl_pair_over(z, s);
}

/* The same of n times, and log t + log s, of those that need it: eight at once, where one after the other took half of a sample's
 * time. What is no time is not looked at later. */
static void fl_standardised_times(const double *t, const double *y, double s, fl_pair *z, ptrdiff_t n)
{
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) z[i] = fl_standardised(t[i], y[i], s);
}
static void fl_lifetime_logs(const double *t, double s, double *logs, ptrdiff_t n)
{
    double of_scale = fl_log(s);
    FL_NO_OVERLAP
    for (ptrdiff_t i = 0; i < n; i++) logs[i] = fl_log(t[i]) + of_scale;
}

/* Which of these the times of n samples need. */
typedef struct {
    int lower, upper, logs;
} fl_times_needed;
static inline fl_times_needed fl_need_times(const double *lower, const double *upper, ptrdiff_t n)
{
    int of_lower = 0, of_upper = 0, known = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        of_lower |= lower[i] > 0;
        of_upper |= (upper[i] < FL_INFINITY) & (upper[i] != lower[i]);
        known |= upper[i] == lower[i];
    }
    return (fl_times_needed){of_lower, of_upper, known};
}

/* ---- normal ------------------------------------------------------------------------------------------------------ */

/* R(x) = (1 - Phi(x)) / phi(x), Mills' ratio, and 1 - x R(x), for x >= 0, times 1 + x and its square: polynomials in
 * (x - 4) / (x + 4), interpolated at Chebyshev's points with 60 digits. max 0.9 and 2.2 times 2^-52 of the result */
static inline double fl_mills_of(const double *c, double x)
{
    double t = 1.0 - 8.0 / (x + 4.0), y = c[27];
    if (x < 1e6) t = (x - 4.0) / (x + 4.0);
    for (int k = 26; k >= 0; k--) y = fl_fma(y, t, c[k]);
    return y;
}

static inline double fl_mills(double x)
{
    static const double c[28] = {
        0x1.2eea40b9abcabp+0, -0x1.f06f3d0b9e634p-3, 0x1.1f7901bed41d3p-5, 0x1.25a4eb031bf54p-4,
        -0x1.4a947b618cb7bp-4, 0x1.704e20a1b6eedp-5, -0x1.9ae19ffc0cd71p-7, -0x1.775d4f0de131fp-11,
        0x1.c89d7dff2ffb2p-10, -0x1.f06620ef554cap-13, -0x1.cdd352398c114p-13, 0x1.bed2b6d06130ap-15,
        0x1.1e8b384f2fb08p-15, -0x1.209bc86f2d565p-17, -0x1.b7c355e5e83f7p-18, 0x1.0eabe6c587b08p-20,
        0x1.7520fde73e681p-20, 0x1.e136b442aac8cp-27, -0x1.32fc0190cc6a1p-22, -0x1.0da3d6d02680ap-24,
        0x1.abfff0033b08dp-25, 0x1.bec463729ca33p-26, -0x1.9bdb082f28611p-28, -0x1.dd18021c151adp-28,
        0x1.12f0da97601c4p-32, 0x1.4dd5deb6a29d2p-30, 0x1.0be58b5d15dfap-35, -0x1.d5c4c03e1a25ep-34,
    };
    return fl_mills_of(c, x);
}

static inline double fl_mills_rest(double x)
{
    static const double c[28] = {
        0x1.55b2f17e942a7p+0, -0x1.63306e6d1422bp-2, -0x1.61a6f28fb6193p-3, 0x1.6a084c18381fbp-2,
        -0x1.c524c0ae21abcp-3, 0x1.bc4bba86e0206p-6, 0x1.cb6e5a184083fp-5, -0x1.3e9888120fd8bp-5,
        0x1.328d74b56feb5p-8, 0x1.7e3f04d953201p-8, -0x1.fb76da84cde53p-10, -0x1.ce8deae2d1e00p-11,
        0x1.bef2b8194f8a1p-12, 0x1.6df189213bbb8p-13, -0x1.534091076f6afp-14, -0x1.6cf8a37845ed0p-15,
        0x1.a37852a3a9051p-17, 0x1.85de6c3267f26p-17, -0x1.a58fce89612a9p-21, -0x1.851a2439013cap-19,
        -0x1.d114cf664834ep-22, 0x1.450ac3e3bf6bep-21, 0x1.d7652ebd4faebp-23, -0x1.8c851cdff546dp-24,
        -0x1.c30b2ca3df070p-25, 0x1.0fabb57c79db5p-27, 0x1.876af47c6c917p-28, -0x1.163c66b577f56p-33,
    };
    return fl_mills_of(c, x);
}

/* phi(x) */
static inline double fl_normal_density(fl_pair x)
{
    if (!(fl_abs(x.head) < 40.0)) return x.head == x.head ? 0.0 : x.head;
    fl_pair square = fl_two_product(x.head, x.head);
    return FL_INVERSE_ROOT_2PI * fl_exp_sum(-0.5 * square.head, -0.5 * square.tail - x.head * x.tail);
}

/* 1 - Phi(|x|) */
static inline double fl_normal_tail(fl_pair x)
{
    double size = fl_abs(x.head);
    return size < 40.0 ? fl_normal_density(x) * (fl_mills(size) / (1.0 + size)) : 0.0;
}

FL_INLINE double fl_half_square(fl_pair x)
{
    return 0.5 * x.head * x.head + (fl_abs(x.head) < 1e100 ? x.head * x.tail : 0.0);
}

/* erf(x / sqrt(2)) = 2 Phi(x) - 1 */
FL_INLINE double fl_normal_centre(double x) { return fl_erf(0.70710678118654752 * x); }

/* -log(1 - Phi(x)) */
static inline fl_lifetime fl_normal_after(fl_pair x)
{
    fl_lifetime y;
    double missing = 0.0, by = 1.0 + x.head, mills = 1.0;
    int near = fl_abs(x.head) < 0.7; /* next to log 2 */
    if (x.head >= 0.0) {
        mills = fl_mills(x.head);
        y.first = by / mills;
    } else {
        missing = fl_normal_tail(x);
        y.first = fl_normal_density(x) / (near ? 0.5 - 0.5 * fl_normal_centre(x.head) : 1.0 - missing);
    }
    if (near)
        y.value = 0.69314718055994531 - fl_log1p(-fl_normal_centre(x.head));
    else
        y.value = x.head >= 0.0 ? fl_half_square(x) + fl_log(FL_ROOT_2PI * (by / mills)) : -fl_log1p(-missing);
    if (x.head < 0.5)
        y.second = fl_product_or_0(y.first - x.head, y.first);
    else
        y.second = fl_mills_rest(x.head) / (mills * mills);
    y.turn = -fl_product_or_0(x.head, y.first);
    return y;
}

/* The integrals over [-1, 1] of u^k e^(-x u - v u^2 / 2), halved, k = 0, 1, 2, for 0 <= x <= 1/2, v <= 1/4: the exponential is
 * the sum of (-u)^n g_n,  (n + 1) g_(n + 1) = x g_n - v g_(n - 1), which are Hermite's polynomials over n! */
static inline void fl_short_integrals(double x, double v, double *integral)
{
    double before = 0.0, g = 1.0;
    integral[0] = integral[1] = integral[2] = 0.0;
    for (int n = 0; n < 24; n += 2) {
        integral[0] += g / (n + 1);
        integral[2] += g / (n + 3);
        double odd = (x * g - v * before) / (n + 1);
        integral[1] -= odd / (n + 3);
        before = odd;
        g = (x * odd - v * g) / (n + 2);
    }
}

static inline fl_lifetime fl_normal_between(fl_pair a, fl_pair b, double w)
{
    fl_pair middle = fl_pair_sum(a, b);
    double sign = middle.head < 0.0 ? -1.0 : 1.0, h;
    fl_lifetime y;
    if (middle.head < 0.0) { /* the mirror image */
        fl_pair c = a;
        a = fl_negative(b), b = fl_negative(c), middle = fl_negative(middle);
    }
    middle.head *= 0.5, middle.tail *= 0.5;
    h = w * middle.head; /* phi(b) is phi(a) e^-h */
    if (w <= 1.0 && h <= 1.0) {
        double integral[3], share, spread;
        fl_short_integrals(0.5 * h, 0.25 * w * w, integral);
        share = integral[1] / integral[0];
        spread = 0.25 * w * w * (integral[2] / integral[0] - share * share);
        y.value = fl_half_square(middle) + (FL_LOG_ROOT_2PI - fl_log(w * integral[0]));
        y.first = middle.head + (0.5 * w * share + middle.tail);
        y.second = 1.0 - spread;
        y.turn = y.second - y.first * y.first;
    } else if (a.head >= 0.0) {
        double e = fl_exp_sum(-h, 0.0), mills_b = fl_mills(b.head) / (1.0 + b.head), by = 1.0 + a.head;
        double inside = fl_mills(a.head) / by - mills_b * e;
        if (!(inside > 0.0)) /* infinitely far away */
            return (fl_lifetime){FL_INFINITY, sign * a.head, 1.0, 1.0 - a.head * a.head};
        double rest_b = fl_mills_rest(b.head) / ((1.0 + b.head) * (1.0 + b.head)) + w * mills_b;
        double mean = (fl_mills_rest(a.head) / (by * by) - fl_product_or_0(rest_b, e)) / inside; /* of z - a */
        y.value = fl_half_square(a) + fl_log(FL_ROOT_2PI / inside);
        y.first = -fl_expm1(-h) / inside;
        y.second = y.first * mean + fl_product_or_0(w, e) / inside;
        y.turn = fl_product_or_0(w, e) / inside - a.head * y.first;
    } else {
        double missing = fl_normal_tail(a) + fl_normal_tail(b), p = 1.0 - missing;
        double at_a = fl_normal_density(a), at_b = fl_normal_density(b);
        y.value = -fl_log1p(-missing);
        if (missing > 0.4) { /* a < 0 < b */
            p = 0.5 * (fl_normal_centre(b.head) - fl_normal_centre(a.head));
            y.value = -fl_log(p);
        }
        y.first = at_a == 0.0 ? 0.0 : -fl_expm1(-h) * at_a / p;
        y.turn = (fl_product_or_0(b.head, at_b) - fl_product_or_0(a.head, at_a)) / p;
        y.second = y.first * y.first + y.turn;
    }
    y.first *= sign;
    return y;
}

/* ---- logistic ---------------------------------------------------------------------------------------------------- */

/* e^-|x|, and with it 1 / (1 + e^-x) */
FL_INLINE double fl_logistic_small(fl_pair x) { return fl_exp_sum(-fl_abs(x.head), x.head > 0.0 ? -x.tail : x.tail); }

FL_INLINE double fl_logistic_of(fl_pair x)
{
    double e = fl_logistic_small(x);
    return (x.head > 0.0 ? 1.0 : e) / (1.0 + e);
}

/* log(1 + e^x) */
static inline fl_lifetime fl_logistic_after(fl_pair x)
{
    double e = fl_logistic_small(x), whole = 1.0 + e;
    fl_lifetime y;
    y.value = (x.head > 0.0 ? x.head + x.tail : 0.0) + fl_log1p(e);
    y.first = (x.head > 0.0 ? 1.0 : e) / whole;
    y.second = e / whole / whole;
    y.turn = -fl_product_or_0(x.head, y.first);
    return y;
}

static inline fl_lifetime fl_logistic_between(fl_pair a, fl_pair b, double w)
{
    fl_lifetime after = fl_logistic_after(a), before = fl_logistic_after(fl_negative(b)), y;
    fl_pair sum = fl_pair_sum(a, b);
    double sign = sum.head > 0.0 ? -1.0 : 1.0;
    double both = (1.0 + fl_exp_sum(sign * a.head, sign * a.tail)) * (1.0 + fl_exp_sum(sign * b.head, sign * b.tail));
    double c = fl_expm1(sign * sum.head);
    y.value = after.value + before.value - fl_log(-fl_expm1(-w));
    y.first = sign * (c + (1.0 + c) * (sign * sum.tail)) / both;
    y.second = after.second + before.second;
    y.turn = after.turn + before.turn + (w < 700.0 ? w / fl_expm1(w) : 0.0);
    return y;
}

/* ---- the smallest extreme value: times of Weibull -------------------------------------------------------------------- */

/* e^x, of which e^-k keeps its digits */
static inline fl_pair fl_extreme_hazard(fl_pair x)
{
    fl_pair one = {1.0, 0.0}, k;
    if (x.head < -700.0 || x.head > 10.0) return (fl_pair){fl_exp_sum(x.head, x.tail), 0.0};
    k = fl_exp_pair(-fl_abs(x.head), x.head > 0.0 ? -x.tail : x.tail);
    return x.head > 0.0 ? fl_pair_quotient(one, k) : k;
}

/* r = k / (e^k - 1), 1 - r, and r (r + k - 1), which is minus the derivative of r by log k */
typedef struct {
    double r, short_of_1, bend;
} fl_extreme_slopes;

static inline fl_extreme_slopes fl_extreme_slopes_of(fl_pair k)
{
    fl_extreme_slopes y = {0.0, 1.0, 0.0};
    if (k.head < 2.0) { /* k e^k - (e^k - 1) = sum of k^n (n - 1) / n! */
        double term = 1.0, above = 1.0, first = 0.0, second = 0.0; /* all over k */
        for (int n = 2; n < 30; n++) {
            term *= k.head / n;
            above += term, first += term, second += (n - 1) * term;
        }
        y.r = 1.0 / above;
        y.short_of_1 = first / above;
        y.bend = y.r * (second / above);
    } else if (k.head < 800.0) {
        double e = fl_exp_sum(-k.head, -k.tail);
        y.r = k.head * e / (1.0 - e);
        y.short_of_1 = 1.0 - y.r;
        y.bend = y.r * (y.r + (k.head - 1.0));
    }
    return y;
}

/* -log(1 - e^-k); of a k next to 0 its logarithm is given */
static inline double fl_extreme_log(fl_pair k, double log_k)
{
    if (k.head > 1.0) return k.head < 800.0 ? -fl_log1p(-fl_exp_sum(-k.head, -k.tail)) : 0.0;
    return -log_k - (k.head > 0.0 ? fl_log(-fl_expm1(-k.head) / k.head) : 0.0);
}

static inline fl_lifetime fl_extreme_after(fl_pair x)
{
    double k = fl_exp_sum(x.head, x.tail);
    return (fl_lifetime){k, k, k, -fl_product_or_0(x.head, k)};
}

static inline fl_lifetime fl_extreme_before(fl_pair x)
{
    fl_pair k = fl_extreme_hazard(x);
    fl_extreme_slopes slopes = fl_extreme_slopes_of(k);
    return (fl_lifetime){fl_extreme_log(k, x.head + x.tail), -slopes.r, slopes.bend, fl_product_or_0(x.head, slopes.r)};
}

static inline fl_lifetime fl_extreme_between(fl_pair a, fl_pair b, double w)
{
    fl_pair k = fl_extreme_hazard(a), between = {k.head * fl_expm1(w), 0.0};
    double logarithm;
    fl_lifetime y;
    if (w > 1.0) between = fl_pair_sum(fl_extreme_hazard(b), fl_negative(k));
    fl_extreme_slopes slopes = fl_extreme_slopes_of(between);
    logarithm = between.head > 1e-300 ? fl_log(between.head) : a.head + (w > 40.0 ? w : fl_log(fl_expm1(w)));
    y.value = k.head + fl_extreme_log(between, logarithm);
    y.first = k.head - slopes.r;
    if (fl_abs(a.head) < 0.5) y.first = (fl_expm1(a.head) + k.head * a.tail) + slopes.short_of_1;
    y.second = k.head + slopes.bend;
    y.turn = fl_product_or_0(a.head, slopes.r) - fl_product_or_0(a.head, k.head) + w * slopes.r / -fl_expm1(-w);
    return y;
}

/* ---- one sample -------------------------------------------------------------------------------------------------- */

/* A time t with the density f(z) / (s t); `logs`: log t + log s */
static inline fl_lifetime fl_known_time(int distribution, fl_pair z, double logs)
{
    fl_lifetime y;
    if (distribution == FL_NORMAL)
        y = (fl_lifetime){fl_half_square(z) + FL_LOG_ROOT_2PI, z.head, 1.0, 0.0};
    else if (distribution == FL_LOGISTIC) {
        double e = fl_logistic_small(z), whole = 1.0 + e, below = fl_expm1(-fl_abs(z.head));
        below += e * (z.head > 0.0 ? -z.tail : z.tail);
        y.value = fl_abs(z.head) + 2.0 * fl_log1p(e);
        y.first = __builtin_copysign(-below / whole, z.head);
        y.second = 2.0 * (e / whole / whole);
    } else {
        double e = fl_exp_sum(z.head, z.tail);
        y.value = e < FL_INFINITY ? e - z.head : e;
        y.first = fl_expm1(z.head) + (e < FL_INFINITY ? e * z.tail : 0.0);
        y.second = e;
    }
    y.value += logs;
    y.turn = 1.0 - fl_product_or_0(z.head, y.first);
    return y;
}

/* `a` and `b` are the times standardised */
static inline fl_lifetime fl_lifetime_of(int distribution, double lower, double upper, double prediction, double s, fl_pair a, fl_pair b,
                                         double logs)
{
    if (lower != lower || upper != upper || prediction != prediction) return (fl_lifetime){FL_NAN, FL_NAN, FL_NAN, FL_NAN};
    if (lower == 0.0 && upper == FL_INFINITY) return (fl_lifetime){0.0, 0.0, 0.0, 0.0};
    if (lower == upper) return fl_known_time(distribution, a, logs);
    if (upper == FL_INFINITY)
        return distribution == FL_NORMAL ? fl_normal_after(a) : distribution == FL_LOGISTIC ? fl_logistic_after(a) : fl_extreme_after(a);
    if (lower == 0.0) {
        if (distribution == FL_EXTREME) return fl_extreme_before(b);
        fl_lifetime y = distribution == FL_NORMAL ? fl_normal_after(fl_negative(b)) : fl_logistic_after(fl_negative(b));
        y.first = -y.first; /* the mirror image */
        return y;
    }
    double apart = upper <= 2.0 * lower ? fl_log1p((upper - lower) / lower) : fl_log_ratio(upper, lower), w = apart / s;
    return distribution == FL_NORMAL     ? fl_normal_between(a, b, w)
           : distribution == FL_LOGISTIC ? fl_logistic_between(a, b, w)
                                         : fl_extreme_between(a, b, w);
}
#endif
