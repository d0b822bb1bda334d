/* What pieces of work are to those who deal them out (deal.h) and to those who have some. */
#ifndef FL_SHARE_H
#define FL_SHARE_H

#include <stddef.h>
#include <stdint.h>

typedef ptrdiff_t fl_size;

/* What one thread still has to do: a line of the cache each. */
typedef struct {
    fl_size next, end;
    char rest_of_line[64 - 2 * sizeof(fl_size)];
} fl_share;

/* Runs one piece of `work`; `thread` is less than the number of threads. */
typedef void (*fl_piece)(void *work, fl_size piece, int thread);

#endif
