/* The softmax of one row of floats, where AVX-512 is: a sum that is exact to 2^-28, over some of the classes, and exponentials.
 *
 * exp(x - m) = P + P (e^t - 1): the table of blocks_avx512.h has P, a float, and t is at most 0.011. So P is added up in double, and what
 * is beside it in float: neither needs what its rounding took off. What P lacks to the power of 2 that it stands for is a part of t.
 * x - m is not formed, as in fl_exp_below_avx512, for which m is at most FL_AVX512_LARGEST_f32. An exponential took a quarter less
 * time than in fl_block_exp_exactly, which has to know the ties of the largest, too. */
#ifndef FASTLOSS_SOFTMAX_H
#define FASTLOSS_SOFTMAX_H
#include "blocks/exactly.h"

/* A bit for each class that is summed over, and none behind the last one. */
enum { FL_BITS = 16 };
static inline ptrdiff_t fl_bits_words(ptrdiff_t classes) { return (classes + FL_BITS - 1) / FL_BITS; }
static inline void fl_bits_of_all(uint16_t *bits, ptrdiff_t classes)
{
    for (ptrdiff_t k = 0; k < classes / FL_BITS; k++) bits[k] = UINT16_MAX;
    if (classes % FL_BITS) bits[classes / FL_BITS] = (uint16_t)((1u << classes % FL_BITS) - 1);
}
static inline void fl_bits_with(uint16_t *bits, ptrdiff_t c) { bits[c / FL_BITS] |= (uint16_t)(1u << c % FL_BITS); }
static inline void fl_bits_without(uint16_t *bits, ptrdiff_t c) { bits[c / FL_BITS] &= (uint16_t)~(1u << c % FL_BITS); }

#if defined(__AVX512F__)
static inline int fl_has_bits(float m) { return fl_absf(m) < FL_AVX512_LARGEST_f32; }

/* log(2^(j / 32) / fl_table_f32[j]) */
static const float fl_table_lack_f32[32] = {
    0.0f, -0x1.947416p-25f, 0x1.8d96d4p-25f, -0x1.dda2fep-25f, -0x1.9c0c22p-27f, -0x1.a2fbb4p-25f, 0x1.964902p-25f, -0x1.2b0dbcp-25f,
    0x1.125002p-25f, -0x1.cde8cep-26f, 0x1.370be4p-25f, 0x1.336de2p-30f, -0x1.0a3552p-25f, -0x1.c541b6p-26f, -0x1.00d8acp-27f, -0x1.6cb284p-25f,
    0x1.26055cp-26f, 0x1.8b2bb8p-26f, -0x1.05cb44p-25f, -0x1.1c2142p-26f, 0x1.67a1cap-28f, -0x1.348e56p-25f, 0x1.a3b5e4p-28f, -0x1.0b7ec8p-25f,
    -0x1.f9c306p-27f, -0x1.e4c886p-26f, -0x1.6961b4p-28f, -0x1.b5151ep-28f, -0x1.a5217cp-28f, -0x1.ab7132p-26f, 0x1.61428ep-28f, -0x1.2ad5f8p-27f,
};

/* As fl_fetch, but line by line: its calls for 64 numbers at a time took a tenth of the time. */
typedef struct {
    const char *reads, *writes;
    ptrdiff_t reading, writing;
} fl_line;
FL_INLINE fl_line fl_line_of(const fl_ahead *ahead)
{
    if (!ahead) return (fl_line){NULL, NULL, 0, 0};
    int second = ahead->place[FL_WRITE] ? FL_WRITE : FL_READ;
    return (fl_line){ahead->place[FL_READ], ahead->place[second], ahead->size[FL_READ], ahead->size[second]};
}
FL_INLINE void fl_fetch_line(const fl_line *line, ptrdiff_t i)
{
    __builtin_prefetch(line->reads + i * line->reading, 0, 3);
    __builtin_prefetch(line->writes + i * line->writing, 1, 3);
}

/* What numbers are reduced by: the places of m, as FL_REDUCE makes them, and s, what is left of it. */
typedef struct {
    __m512 inverse, start, magic, ln2, ln2_low, s, lowest;
} fl_reduction;
FL_INLINE fl_reduction fl_reduction_of(float largest)
{
    fl_reduction r;
    __m512 m = _mm512_set1_ps(largest);
    r.magic = _mm512_set1_ps(393216.0f), r.inverse = _mm512_set1_ps(0x1.715476p+0f);
    r.ln2 = _mm512_set1_ps(0x1.62e430p-1f), r.ln2_low = _mm512_set1_ps(-0x1.05c610p-29f);
    r.lowest = _mm512_sub_ps(m, _mm512_set1_ps(105.0f)); /* less is 0 */
    __m512 places = _mm512_sub_ps(_mm512_fmadd_ps(m, r.inverse, r.magic), r.magic);
    r.start = _mm512_sub_ps(r.magic, places);
    r.s = _mm512_fnmadd_ps(places, r.ln2_low, _mm512_fnmadd_ps(places, r.ln2, m));
    return r;
}
/* What is left of numbers but for s; the place in the table and the power of 2 lie in `shifted`. */
FL_INLINE __m512 fl_reduced(const fl_reduction *r, __m512 number, __m512 *shifted)
{
    *shifted = _mm512_fmadd_ps(number, r->inverse, r->start);
    __m512 whole = _mm512_sub_ps(*shifted, r->start);
    return _mm512_fnmadd_ps(whole, r->ln2_low, _mm512_fnmadd_ps(whole, r->ln2, number));
}

/* The sum of exponentials of the classes that have a bit; if it `stores`, they go to `e`, and 0 for the others. e may be x. */
FL_INLINE double fl_any_exp_of_bits(const float *x, const uint16_t *bits, float largest, float *e, ptrdiff_t n, const fl_ahead *ahead, int stores)
{
    enum { RUN = 256 }; /* floats that are added up as floats: 16 in a lane, of 64 equal ones the sum lost 2^-26 */
    __m512 table_low = _mm512_loadu_ps(fl_table_f32), table_high = _mm512_loadu_ps(fl_table_f32 + 16);
    const fl_reduction r = fl_reduction_of(largest);
    __m512 s_low = _mm512_sub_ps(r.s, _mm512_loadu_ps(fl_table_lack_f32)), s_high = _mm512_sub_ps(r.s, _mm512_loadu_ps(fl_table_lack_f32 + 16));
    __m512d lane[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
    fl_line line = fl_line_of(ahead);
    for (ptrdiff_t i = 0; i < n;) {
        __m512 rest = _mm512_setzero_ps();
        ptrdiff_t end = n - i < RUN ? n : i + RUN;
        for (; i < end; i += 16) {
            __mmask16 here = bits[i / 16];
            __m512 number = _mm512_maskz_loadu_ps(here, x + i);
            __mmask16 reached = _mm512_mask_cmp_ps_mask(here, number, r.lowest, _CMP_NLT_UQ); /* NaN too */
            __m512 shifted, t = fl_reduced(&r, number, &shifted);
            __m512i place = _mm512_castps_si512(shifted);
            t = _mm512_sub_ps(t, _mm512_permutex2var_ps(s_low, place, s_high));
            __m512 power = _mm512_permutex2var_ps(table_low, place, table_high);
            __m512 head = _mm512_maskz_scalef_ps(reached, power, _mm512_sub_ps(shifted, r.magic));
            __m512 tail = _mm512_maskz_mul_ps(reached, fl_rise_f32(t), head);
            if (ahead) fl_fetch_line(&line, i);
            if (stores && i + 16 <= n) _mm512_storeu_ps(e + i, _mm512_add_ps(head, tail));
            else if (stores) _mm512_mask_storeu_ps(e + i, (__mmask16)((1u << (n - i)) - 1), _mm512_add_ps(head, tail));
            rest = _mm512_add_ps(rest, tail);
            lane[0] = _mm512_add_pd(lane[0], _mm512_cvtps_pd(_mm512_castps512_ps256(head)));
            lane[1] = _mm512_add_pd(lane[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(head, 1)));
        }
        lane[0] = _mm512_add_pd(lane[0], _mm512_cvtps_pd(_mm512_castps512_ps256(rest)));
        lane[1] = _mm512_add_pd(lane[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(rest, 1)));
    }
    return fl_add_registers_avx512(lane, 2);
}
static double fl_exp_of_bits(const float *x, const uint16_t *bits, float m, float *e, ptrdiff_t n, const fl_ahead *ahead)
{
    return fl_any_exp_of_bits(x, bits, m, e, n, ahead, 1);
}
static double fl_exp_sum_of_bits(const float *x, const uint16_t *bits, float m, ptrdiff_t n, const fl_ahead *ahead)
{
    return fl_any_exp_of_bits(x, bits, m, NULL, n, ahead, 0);
}

/* e = factor exp(x - m), within 1.2 ULP: the table is multiplied by the factor, in double, and rounded once. e may be x. */
static void fl_exp_times(const float *x, float largest, double factor, float *e, ptrdiff_t n, const fl_ahead *ahead)
{
    int power = 0;
    __m512d f = _mm512_set1_pd(frexp(factor, &power));
    const fl_reduction r = fl_reduction_of(largest);
    __m512 table[2], end = _mm512_sub_ps(r.magic, _mm512_set1_ps((float)power));
    fl_line line = fl_line_of(ahead);
    for (int j = 0; j < 2; j++) {
        __m256 half[2];
        for (int k = 0; k < 2; k++) {
            __m512d whole = _mm512_cvtps_pd(_mm256_loadu_ps(fl_table_f32 + 16 * j + 8 * k));
            whole = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm256_loadu_ps(fl_table_lack_f32 + 16 * j + 8 * k)), whole, whole);
            half[k] = _mm512_cvtpd_ps(_mm512_mul_pd(whole, f));
        }
        table[j] = _mm512_insertf32x8(_mm512_castps256_ps512(half[0]), half[1], 1);
    }
    for (ptrdiff_t i = 0; i < n; i += 16) {
        __mmask16 here = (__mmask16)(n - i >= 16 ? -1 : (1 << (n - i)) - 1);
        __m512 number = _mm512_maskz_loadu_ps(here, x + i);
        __mmask16 reached = _mm512_cmp_ps_mask(number, r.lowest, _CMP_NLT_UQ); /* NaN too */
        __m512 shifted, t = _mm512_sub_ps(fl_reduced(&r, number, &shifted), r.s);
        __m512 of_place = _mm512_permutex2var_ps(table[0], _mm512_castps_si512(shifted), table[1]);
        if (ahead) fl_fetch_line(&line, i);
        __m512 result = _mm512_maskz_scalef_ps(reached, _mm512_fmadd_ps(fl_rise_f32(t), of_place, of_place), _mm512_sub_ps(shifted, end));
        if (i + 16 <= n) _mm512_storeu_ps(e + i, result);
        else _mm512_mask_storeu_ps(e + i, here, result);
    }
}
#else
static inline int fl_has_bits(float m) { (void)m; return 0; }
static inline double fl_exp_of_bits(const float *x, const uint16_t *bits, float m, float *e, ptrdiff_t n, const fl_ahead *ahead)
{
    (void)x, (void)bits, (void)m, (void)e, (void)n, (void)ahead;
    return NAN;
}
static inline double fl_exp_sum_of_bits(const float *x, const uint16_t *bits, float m, ptrdiff_t n, const fl_ahead *ahead)
{
    (void)x, (void)bits, (void)m, (void)n, (void)ahead;
    return NAN;
}
static inline void fl_exp_times(const float *x, float m, double factor, float *e, ptrdiff_t n, const fl_ahead *ahead)
{
    (void)x, (void)m, (void)factor, (void)e, (void)n, (void)ahead;
}
#endif
#endif
