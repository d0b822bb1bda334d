/*
 * How many threads can be created now.
 *
 * Where memory (RLIMIT_AS) or the number of processes runs out, libgomp ends the whole process from within a parallel
 * region: "Thread creation failed". So the threads that a region needs beyond those that the last one left waiting are
 * created here first, all at once, and joined; a call runs on as many as there could be. Costs some 10 microseconds a
 * thread, and only where more are asked for than before, when libgomp is about to create them as well.
 */
#ifndef FL_THREADS_H
#define FL_THREADS_H

#if defined(_OPENMP) && !defined(_WIN32)
#include <pthread.h>
#include <stdlib.h>

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
    if (more > 0) {
        pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
        pthread_t *threads = malloc(sizeof *threads * (size_t)more);
        pthread_mutex_lock(&gate);
        while (threads && created < more && pthread_create(&threads[created], NULL, fl_wait_at, &gate) == 0) created++;
        pthread_mutex_unlock(&gate);
        for (int i = 0; i < created; i++) pthread_join(threads[i], NULL);
        free(threads);
        wanted = fl_threads_waiting + created;
    }
    fl_threads_waiting = wanted;
    return wanted;
}
#else
static int fl_threads_possible(int wanted) { return wanted; }
#endif

#endif
