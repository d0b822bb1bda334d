/* The element types of arrays: copying them between strided and contiguous memory, widening them to the type that a
 * kernel computes in, narrowing results. Every function works on a run of n elements and knows nothing of shapes.
 *
 * Memory of unknown alignment is read and written by memcpy of a constant size: one mov, and no undefined behaviour. */
#ifndef FASTLOSS_DTYPES_H
#define FASTLOSS_DTYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__F16C__)
#include <immintrin.h>
#endif

/* The order is known to arrays.py (DTYPES). */
enum fl_dtype {
    FL_BOOL, FL_INT8, FL_UINT8, FL_INT16, FL_UINT16, FL_INT32, FL_UINT32, FL_INT64, FL_UINT64,
    FL_FLOAT16, FL_BFLOAT16, FL_FLOAT32, FL_FLOAT64
};

#define FL_LABEL_IGNORED (-1)
#define FL_LABEL_BAD (-2)

/* ---- strided <-> contiguous ---------------------------------------------------------------------------------- */

static inline uint16_t fl_swap16(uint16_t x) { return (uint16_t)((x >> 8) | (x << 8)); }
static inline uint32_t fl_swap32(uint32_t x) { return ((uint32_t)fl_swap16((uint16_t)x) << 16) | fl_swap16((uint16_t)(x >> 16)); }
static inline uint64_t fl_swap64(uint64_t x) { return ((uint64_t)fl_swap32((uint32_t)x) << 32) | fl_swap32((uint32_t)(x >> 32)); }
static inline uint8_t fl_swap8(uint8_t x) { return x; }

#define FL_COPY_LOOP(bits, destination, destination_stride, source, source_stride)                     \
    for (ptrdiff_t i = 0; i < n; i++) {                                                                \
        uint##bits##_t x;                                                                              \
        memcpy(&x, (source) + i * (source_stride), sizeof x);                                          \
        if (swapped) x = fl_swap##bits(x);                                                             \
        memcpy((destination) + i * (destination_stride), &x, sizeof x);                                \
    }

#define FL_COPY(destination, destination_stride, source, source_stride)                                \
    switch (itemsize) {                                                                                \
    case 1: FL_COPY_LOOP(8, destination, destination_stride, source, source_stride) break;             \
    case 2: FL_COPY_LOOP(16, destination, destination_stride, source, source_stride) break;            \
    case 4: FL_COPY_LOOP(32, destination, destination_stride, source, source_stride) break;            \
    default: FL_COPY_LOOP(64, destination, destination_stride, source, source_stride) break;           \
    }

/* One of two columns: a loop of vectors, for the stride is a constant. */
#define FL_EVERY_OTHER(bits)                                                                           \
    {                                                                                                  \
        const char *restrict source = from;                                                            \
        char *restrict target = to;                                                                    \
        for (ptrdiff_t i = 0; i < n; i++) {                                                            \
            uint##bits##_t x;                                                                          \
            memcpy(&x, source + i * 2 * (ptrdiff_t)sizeof x, sizeof x);                                \
            memcpy(target + i * (ptrdiff_t)sizeof x, &x, sizeof x);                                    \
        }                                                                                              \
    }

static inline void fl_gather(char *to, const char *from, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t itemsize, int swapped)
{
    if (stride == itemsize && !swapped) memcpy(to, from, (size_t)(n * itemsize));
    else if (stride == 8 && itemsize == 4 && !swapped) FL_EVERY_OTHER(32)
    else if (stride == 16 && itemsize == 8 && !swapped) FL_EVERY_OTHER(64)
    else FL_COPY(to, (ptrdiff_t)sizeof x, from, stride)
}

static inline void fl_scatter(char *to, ptrdiff_t stride, const char *from, ptrdiff_t n, ptrdiff_t itemsize, int swapped)
{
    if (stride == itemsize && !swapped) memcpy(to, from, (size_t)(n * itemsize));
    else FL_COPY(to, stride, from, (ptrdiff_t)sizeof x)
}

/* ---- half precision, one number at a time ---------------------------------------------------------------------- */

static inline float fl_float_of_bits(uint32_t bits) { float x; memcpy(&x, &bits, sizeof x); return x; }
static inline uint32_t fl_bits_of_float(float x) { uint32_t bits; memcpy(&bits, &x, sizeof bits); return bits; }

static inline float fl_bfloat16_to_float(uint16_t h) { return fl_float_of_bits((uint32_t)h << 16); }

/* Round to nearest, ties to even; a NaN stays one (its payload could round to infinity). */
static inline uint16_t fl_float_to_bfloat16(float x)
{
    uint32_t bits = fl_bits_of_float(x);
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    uint32_t nan = ((bits >> 16) & 0x8000) | 0x7fc0;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? nan : rounded);
}

/* Exponent and mantissa moved into a float's place are the number times 2^-112: one exact product puts it right,
 * subnormals included. */
static inline float fl_float16_to_float(uint16_t h)
{
    uint32_t magnitude = (uint32_t)(h & 0x7fff) << 13;
    uint32_t special = (h & 0x7c00) == 0x7c00 ? 0x7f800000 | magnitude : 0;
    uint32_t scaled = fl_bits_of_float(fl_float_of_bits(magnitude) * 0x1p112f);
    return fl_float_of_bits((special ? special : scaled) | (uint32_t)(h & 0x8000) << 16);
}

/* Adding a power of two whose last place is the half's last place rounds to it; the sum's low bits are the mantissa. */
static inline uint16_t fl_float_to_float16(float x)
{
    uint32_t bits = fl_bits_of_float(x), magnitude = bits & 0x7fffffff, sign = (bits >> 16) & 0x8000;
    uint32_t normal = (magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    uint32_t subnormal = fl_bits_of_float(fl_float_of_bits(magnitude) + 0.5f) - 0x3f000000;
    uint32_t half = magnitude < 0x38800000 ? subnormal : normal;
    half = magnitude >= 0x477ff000 ? 0x7c00 : half; /* 65520 and more */
    half = magnitude > 0x7f800000 ? 0x7e00 : half;
    return (uint16_t)(half | sign);
}

/* double -> float, rounded to odd where inexact: a second rounding to a half then gives what one rounding would. */
static inline float fl_double_to_float_odd(double x)
{
    float nearest = (float)x;
    uint32_t bits = fl_bits_of_float(nearest);
    double magnitude = x < 0 ? -x : x, rounded = nearest < 0 ? -(double)nearest : (double)nearest;
    if (rounded == magnitude || x != x || (bits & 1)) return nearest;
    return fl_float_of_bits(rounded < magnitude ? bits + 1 : bits - 1);
}

/* ---- runs of half precision ------------------------------------------------------------------------------------ */

static inline void fl_widen_float16(const char *from, float *to, ptrdiff_t n)
{
    ptrdiff_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= n; i += 16) _mm512_storeu_ps(to + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(from + 2 * i))));
#elif defined(__F16C__)
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(to + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(from + 2 * i))));
#endif
    for (; i < n; i++) {
        uint16_t h;
        memcpy(&h, from + 2 * i, sizeof h);
        to[i] = fl_float16_to_float(h);
    }
}

static inline void fl_narrow_float16(const float *from, char *to, ptrdiff_t n)
{
    ptrdiff_t i = 0;
#if defined(__AVX512F__)
    for (; i + 16 <= n; i += 16) _mm256_storeu_si256((__m256i *)(to + 2 * i), _mm512_cvtps_ph(_mm512_loadu_ps(from + i), 0));
#elif defined(__F16C__)
    for (; i + 8 <= n; i += 8) _mm_storeu_si128((__m128i *)(to + 2 * i), _mm256_cvtps_ph(_mm256_loadu_ps(from + i), 0));
#endif
    for (; i < n; i++) {
        uint16_t h = fl_float_to_float16(from[i]);
        memcpy(to + 2 * i, &h, sizeof h);
    }
}

/* ---- contiguous run of any type -> compute type ------------------------------------------------------------------ */

#define FL_WIDEN_CASE(tag, type, expression)                                                           \
    case tag:                                                                                          \
        for (ptrdiff_t i = 0; i < n; i++) {                                                            \
            type x;                                                                                    \
            memcpy(&x, from + i * (ptrdiff_t)sizeof x, sizeof x);                                      \
            to[i] = expression;                                                                        \
        }                                                                                              \
        break;

#define FL_WIDEN_COMMON(real)                                                                          \
    FL_WIDEN_CASE(FL_BOOL, uint8_t, (real)(x != 0))                                                    \
    FL_WIDEN_CASE(FL_INT8, int8_t, (real)x)                                                            \
    FL_WIDEN_CASE(FL_UINT8, uint8_t, (real)x)                                                          \
    FL_WIDEN_CASE(FL_INT16, int16_t, (real)x)                                                          \
    FL_WIDEN_CASE(FL_UINT16, uint16_t, (real)x)                                                        \
    FL_WIDEN_CASE(FL_INT32, int32_t, (real)x)                                                          \
    FL_WIDEN_CASE(FL_UINT32, uint32_t, (real)x)                                                        \
    FL_WIDEN_CASE(FL_INT64, int64_t, (real)x)                                                          \
    FL_WIDEN_CASE(FL_UINT64, uint64_t, (real)x)                                                        \
    FL_WIDEN_CASE(FL_BFLOAT16, uint16_t, (real)fl_bfloat16_to_float(x))                                \
    FL_WIDEN_CASE(FL_FLOAT32, float, (real)x)                                                          \
    FL_WIDEN_CASE(FL_FLOAT64, double, (real)x)

static inline void fl_widen_f32(int dtype, const char *from, float *to, ptrdiff_t n)
{
    switch (dtype) {
    case FL_FLOAT16: fl_widen_float16(from, to, n); break;
    FL_WIDEN_COMMON(float)
    }
}

static inline void fl_widen_f64(int dtype, const char *from, double *to, ptrdiff_t n)
{
    switch (dtype) {
    FL_WIDEN_CASE(FL_FLOAT16, uint16_t, (double)fl_float16_to_float(x))
    FL_WIDEN_COMMON(double)
    }
}

/* ---- compute type -> contiguous run of a float type --------------------------------------------------------------- */

#define FL_NARROW_CASE(tag, type, expression)                                                          \
    case tag:                                                                                          \
        for (ptrdiff_t i = 0; i < n; i++) {                                                            \
            type x = expression;                                                                       \
            memcpy(to + i * (ptrdiff_t)sizeof x, &x, sizeof x);                                        \
        }                                                                                              \
        break;

static inline void fl_narrow_f32(int dtype, const float *from, char *to, ptrdiff_t n)
{
    switch (dtype) {
    case FL_FLOAT16: fl_narrow_float16(from, to, n); break;
    FL_NARROW_CASE(FL_BFLOAT16, uint16_t, fl_float_to_bfloat16(from[i]))
    FL_NARROW_CASE(FL_FLOAT32, float, from[i])
    FL_NARROW_CASE(FL_FLOAT64, double, from[i])
    }
}

static inline void fl_narrow_f64(int dtype, const double *from, char *to, ptrdiff_t n)
{
    switch (dtype) {
    FL_NARROW_CASE(FL_FLOAT16, uint16_t, fl_float_to_float16(fl_double_to_float_odd(from[i])))
    FL_NARROW_CASE(FL_BFLOAT16, uint16_t, fl_float_to_bfloat16(fl_double_to_float_odd(from[i])))
    FL_NARROW_CASE(FL_FLOAT32, float, (float)from[i])
    FL_NARROW_CASE(FL_FLOAT64, double, from[i])
    }
}

/* ---- class indices --------------------------------------------------------------------------------------------- */

/* A label read here is in [0, n_classes), or one of the two negative marks: nothing that indexes by it can leave its row,
 * whatever another thread does to the array between the check and the kernel. Returns whether there is a mark. No && and no
 * branch: such a loop is not one of vectors. */
#define FL_LABEL_CASE(tag, type, declarations, whole, number)                                          \
    case tag:                                                                                          \
        for (ptrdiff_t i = 0; i < n; i++) {                                                            \
            type x;                                                                                    \
            memcpy(&x, from + i * (ptrdiff_t)sizeof x, sizeof x);                                      \
            declarations                                                                               \
            int64_t label = whole ? number : -1;                                                       \
            int inside = (uint64_t)label < (uint64_t)n_classes;                                        \
            int ignore = ignoring & whole & (label == ignored);                                        \
            int64_t read = inside ? label : FL_LABEL_BAD;                                              \
            to[i] = ignore ? FL_LABEL_IGNORED : read;                                                  \
            marks += !inside | ignore;                                                                 \
        }                                                                                              \
        break;
#define FL_LABEL_OF_INTEGER(tag, type) FL_LABEL_CASE(tag, type, , 1, (int64_t)x)
/* Of what is no whole number, or beyond 64 bits, the whole part is not the number itself. */
#define FL_LABEL_OF_REAL(tag, type)                                                                    \
    FL_LABEL_CASE(tag, type, int fits = (x >= (type)-0x1p63) & (x < (type)0x1p63);                     \
                  int64_t part = (int64_t)(fits ? x : 0);, (x == (type)part), part)

static inline int fl_labels(int dtype, const char *from, int64_t *to, ptrdiff_t n, int64_t n_classes, int ignoring, int64_t ignored)
{
    int64_t marks = 0;
    switch (dtype) {
    FL_LABEL_CASE(FL_BOOL, uint8_t, , 1, (x != 0))
    FL_LABEL_OF_INTEGER(FL_INT8, int8_t)
    FL_LABEL_OF_INTEGER(FL_UINT8, uint8_t)
    FL_LABEL_OF_INTEGER(FL_INT16, int16_t)
    FL_LABEL_OF_INTEGER(FL_UINT16, uint16_t)
    FL_LABEL_OF_INTEGER(FL_INT32, int32_t)
    FL_LABEL_OF_INTEGER(FL_UINT32, uint32_t)
    FL_LABEL_OF_INTEGER(FL_INT64, int64_t)
    FL_LABEL_CASE(FL_UINT64, uint64_t, , (x <= INT64_MAX), (int64_t)x)
    FL_LABEL_OF_REAL(FL_FLOAT32, float)
    FL_LABEL_OF_REAL(FL_FLOAT64, double)
    default: /* halves are widened by the caller */
        for (ptrdiff_t i = 0; i < n; i++) to[i] = FL_LABEL_BAD;
        marks = n;
    }
    return marks != 0;
}
#endif
