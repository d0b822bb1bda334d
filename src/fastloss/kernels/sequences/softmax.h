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

/* The sum of exponentials of the classes that have a bit; they go to `e`, and 0 for the others. e may be x. */
static double fl_exp_of_bits(const float *x, const uint16_t *bits, float largest, float *e, ptrdiff_t n, const fl_ahead *ahead)
{
    enum { RUN = 1024 }; /* floats that are added up as floats: 64 in a lane */
    __m512 table_low = _mm512_loadu_ps(fl_table_f32), table_high = _mm512_loadu_ps(fl_table_f32 + 16);
    __m512 m = _mm512_set1_ps(largest), magic = _mm512_set1_ps(393216.0f), inverse = _mm512_set1_ps(0x1.715476p+0f);
    __m512 ln2 = _mm512_set1_ps(0x1.62e430p-1f), ln2_low = _mm512_set1_ps(-0x1.05c610p-29f), lowest = _mm512_sub_ps(m, _mm512_set1_ps(105.0f));
    __m512 places = _mm512_sub_ps(_mm512_fmadd_ps(m, inverse, magic), magic); /* of m, as FL_REDUCE makes them: what is left is s */
    __m512 s = _mm512_fnmadd_ps(places, ln2_low, _mm512_fnmadd_ps(places, ln2, m)), start = _mm512_sub_ps(magic, places);
    __m512 s_low = _mm512_sub_ps(s, _mm512_loadu_ps(fl_table_lack_f32)), s_high = _mm512_sub_ps(s, _mm512_loadu_ps(fl_table_lack_f32 + 16));
    __m512d lane[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
    /* Of each line in turn: what is asked for by fl_fetch 64 numbers at a time took a tenth of the time. */
    int coming = ahead ? ahead->place[FL_WRITE] ? FL_WRITE : FL_READ : 0;
    const char *reads = ahead ? ahead->place[FL_READ] : NULL, *writes = ahead ? ahead->place[coming] : NULL;
    ptrdiff_t reading = ahead ? ahead->size[FL_READ] : 0, writing = ahead ? ahead->size[coming] : 0;
    for (ptrdiff_t i = 0; i < n;) {
        __m512 rest = _mm512_setzero_ps();
        ptrdiff_t end = n - i < RUN ? n : i + RUN;
        for (; i < end; i += 16) {
            __mmask16 here = bits[i / 16];
            __m512 number = _mm512_maskz_loadu_ps(here, x + i);
            __mmask16 reached = _mm512_mask_cmp_ps_mask(here, number, lowest, _CMP_NLT_UQ); /* NaN too */
            __m512 shifted = _mm512_fmadd_ps(number, inverse, start), whole = _mm512_sub_ps(shifted, start);
            __m512 t = _mm512_fnmadd_ps(whole, ln2_low, _mm512_fnmadd_ps(whole, ln2, number));
            __m512i place = _mm512_castps_si512(shifted);
            t = _mm512_sub_ps(t, _mm512_permutex2var_ps(s_low, place, s_high));
            __m512 power = _mm512_permutex2var_ps(table_low, place, table_high);
            __m512 head = _mm512_maskz_scalef_ps(reached, power, _mm512_sub_ps(shifted, magic));
            __m512 tail = _mm512_maskz_mul_ps(reached, fl_rise_f32(t), head);
            if (ahead) {
                __builtin_prefetch(reads + i * reading, 0, 3);
                __builtin_prefetch(writes + i * writing, 1, 3);
            }
            if (i + 16 <= n) _mm512_storeu_ps(e + i, _mm512_add_ps(head, tail));
            else _mm512_mask_storeu_ps(e + i, (__mmask16)((1u << (n - i)) - 1), _mm512_add_ps(head, tail));
            rest = _mm512_add_ps(rest, tail);
            lane[0] = _mm512_add_pd(lane[0], _mm512_cvtps_pd(_mm512_castps512_ps256(head)));
            lane[1] = _mm512_add_pd(lane[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(head, 1)));
        }
        lane[0] = _mm512_add_pd(lane[0], _mm512_cvtps_pd(_mm512_castps512_ps256(rest)));
        lane[1] = _mm512_add_pd(lane[1], _mm512_cvtps_pd(_mm512_extractf32x8_ps(rest, 1)));
    }
    return fl_add_registers_avx512(lane, 2);
}
#else
static inline int fl_has_bits(float m) { (void)m; return 0; }
static inline double fl_exp_of_bits(const float *x, const uint16_t *bits, float m, float *e, ptrdiff_t n, const fl_ahead *ahead)
{
    (void)x, (void)bits, (void)m, (void)e, (void)n, (void)ahead;
    return NAN;
}
#endif
#endif
