/*
 * How many threads can be created now, and whether this one has the stack for a call.
 *
 * Where memory (RLIMIT_AS) or the number of processes runs out, libgomp ends the whole process from within a parallel
 * region: "Thread creation failed". So the threads that a region needs beyond those that the last one left waiting are
 * created here first, all at once, and joined; a call runs on as many as there could be. Costs some 10 microseconds a
 * thread, and only where more are asked for than before, when libgomp is about to create them as well.
 *
 * A stack that ends within a call ends the process, too. Python's threads may have 32 KiB (threading.stack_size), those of
 * OpenMP as little as OMP_STACKSIZE says: then a call raises, or runs on one thread.
 */
#ifndef FL_THREADS_H
#define FL_THREADS_H

/* What a call may take of a stack: the frames that call one another add up to 90,208 bytes (gdb; gcc's -fstack-usage). */
#define FL_STACK_OF_A_CALL (96 << 10)

#if defined(__linux__)
#include <pthread.h>
#include <stdint.h>

/* The last byte of this thread's stack; 0 if it was not looked up yet, 1 if it cannot be found. */
static _Thread_local uintptr_t fl_stack_end;

static __attribute__((noinline)) void fl_stack_find_end(void)
{
    pthread_attr_t attributes;
    void *lowest;
    size_t size, guard;
    fl_stack_end = 1;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    if (pthread_attr_getstack(&attributes, &lowest, &size) == 0 && pthread_attr_getguardsize(&attributes, &guard) == 0)
        fl_stack_end = (uintptr_t)lowest + guard;
    pthread_attr_destroy(&attributes);
}

static inline int fl_stack_is_short(void)
{
    if (fl_stack_end == 0) fl_stack_find_end();
    return (uintptr_t)__builtin_frame_address(0) - fl_stack_end < FL_STACK_OF_A_CALL;
}
#else
static inline int fl_stack_is_short(void) { return 0; }
#endif

#if defined(_OPENMP) && !defined(_WIN32)
#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The stack that OpenMP gives its threads, in bytes; 0: as many as any other thread. Read at import, as OpenMP does unless
   another package loaded it before. */
static size_t fl_stack_of_openmp;

static __attribute__((constructor)) void fl_stack_read_openmp(void)
{
    const char *text = getenv("OMP_STACKSIZE"), *units = "bkmg", *unit;
    char *end;
    if (text == NULL) text = getenv("GOMP_STACKSIZE");
    if (text == NULL) return;
    unsigned long long number = strtoull(text, &end, 10);
    if (end == text) return;
    while (isspace((unsigned char)*end)) end++;
    unit = *end ? strchr(units, tolower((unsigned char)*end++)) : units + 1;   /* kibibytes, if nothing is said */
    while (unit && *end && isspace((unsigned char)*end)) end++;
    if (unit == NULL || *end) return;
    int shift = 10 * (int)(unit - units);
    fl_stack_of_openmp = number > SIZE_MAX >> shift ? SIZE_MAX : (size_t)number << shift;
}

/* OpenMP keeps a pool of its own for each thread that opens regions: this counts the threads of the last one. */
static _Thread_local int fl_threads_waiting = 1;

static void *fl_wait_at(void *gate)
{
    pthread_mutex_lock(gate);
    pthread_mutex_unlock(gate);
    return NULL;
}

/* Call it right before a region of at most so many threads; at most `wanted`, at least 1. */
static int fl_threads_possible(int wanted)
{
    int more = wanted - fl_threads_waiting, created = 0;
    if (fl_stack_of_openmp && fl_stack_of_openmp < FL_STACK_OF_A_CALL) return 1;
    if (more > 0) {
        pthread_attr_t attributes;
        pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
        pthread_t *threads = malloc(sizeof *threads * (size_t)more);
        pthread_attr_init(&attributes);
        int fits = fl_stack_of_openmp == 0 || pthread_attr_setstacksize(&attributes, fl_stack_of_openmp) == 0;
        pthread_mutex_lock(&gate);
        while (fits && threads && created < more && pthread_create(&threads[created], &attributes, fl_wait_at, &gate) == 0)
            created++;
        pthread_mutex_unlock(&gate);
        for (int i = 0; i < created; i++) pthread_join(threads[i], NULL);
        free(threads);
        pthread_attr_destroy(&attributes);
        wanted = fl_threads_waiting + created;
    }
    fl_threads_waiting = wanted;
    return wanted;
}
#else
static int fl_threads_possible(int wanted) { return wanted; }
#endif

#endif
