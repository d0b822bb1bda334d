/* Asking memory for rows of several arrays at once (blocks/ahead.h). A file of its own: every module is built of that one. */
#ifndef FASTLOSS_VECTOR_AHEAD_H
#define FASTLOSS_VECTOR_AHEAD_H
#include <stddef.h>

/* Line by line of all of them: array by array it took a tenth longer. Of fewer than three the last is asked for again, which
 * costs less than a loop over them. */
static inline void fl_fetch_rows(const char *const *place, int arrays, ptrdiff_t offset, ptrdiff_t bytes, int write)
{
#ifdef __GNUC__
    __asm__ volatile(""); /* else gcc finds that this has no effect, and leaves it out (blocks/ahead.h) */
#endif
    if (!arrays) return;
    const char *first = place[0] + offset, *second = place[arrays > 1] + offset, *third = place[arrays - 1] + offset;
    for (ptrdiff_t line = 0; line < bytes; line += 64) {
        if (write) {
            __builtin_prefetch(first + line, 1, 3);
            __builtin_prefetch(second + line, 1, 3);
            __builtin_prefetch(third + line, 1, 3);
        } else {
            __builtin_prefetch(first + line, 0, 3);
            __builtin_prefetch(second + line, 0, 3);
            __builtin_prefetch(third + line, 0, 3);
        }
    }
}
#endif
