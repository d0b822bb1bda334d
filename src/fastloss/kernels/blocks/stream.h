/*
 * Storing results around the caches. A store that misses reads the line first; an array that is larger than the caches is
 * then read for nothing, and pushes out what is needed. What is stored around them has to be fenced before other threads
 * may read it. In place, or where the array would stay in a cache, ordinary stores are faster.
 */
#ifndef FASTLOSS_STREAM_H
#define FASTLOSS_STREAM_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes of an array from which on this pays: a last-level cache does not hold it. */
enum { FL_STREAM_FROM = 1 << 25 };

#if defined(__SSE2__)
#include <emmintrin.h>
#define FL_STREAMS 1

/* Copy from a buffer in the cache. A line of which only a part is stored around the cache costs more than one that is read
 * first: what lies before and after the whole lines of the target is stored as ever. */
static void fl_stream(char *target, const char *source, ptrdiff_t bytes)
{
    ptrdiff_t head = (ptrdiff_t)(-(uintptr_t)target % 64), i;
    if (head > bytes) head = bytes;
    memcpy(target, source, (size_t)head);
    for (i = head; i + 64 <= bytes; i += 64)
        for (int j = 0; j < 64; j += (int)sizeof(__m128i))
            _mm_stream_si128((__m128i *)(target + i + j), _mm_loadu_si128((const __m128i *)(source + i + j)));
    memcpy(target + i, source + i, (size_t)(bytes - i));
}

static inline void fl_stream_end(void) { _mm_sfence(); }

/* Ask for the line where a stream will end, if that is within one: its last part is stored as ever, and the fence would wait for
 * the line. */
static inline void fl_stream_ask(const char *end)
{
    if ((uintptr_t)end % 64) _mm_prefetch(end, _MM_HINT_T0);
}
#else
#define FL_STREAMS 0
static void fl_stream(char *target, const char *source, ptrdiff_t bytes) { memcpy(target, source, (size_t)bytes); }
static inline void fl_stream_end(void) { }
static inline void fl_stream_ask(const char *end) { (void)end; }
#endif

#endif
