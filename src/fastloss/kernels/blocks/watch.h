/*
 * A call that takes long, computed by a thread of its own, while the one that called looks at signals.
 *
 * Only Python's main thread handles signals, and only between two of its instructions. So that a block may take longer than anybody
 * wants to wait for Ctrl-C, the main thread does not compute: it waits, and looks for signals now and then. Where one raises it sets
 * a flag, which the kernel reads every so often, and waits for the end. No kernel asks for Python's lock.
 */
#ifndef FL_WATCH_H
#define FL_WATCH_H

/* Whether a kernel is to end, whatever it leaves. */
static inline int fl_stopped(const int *stop)
{
#if defined(__GNUC__)
    return __atomic_load_n(stop, __ATOMIC_RELAXED);
#else
    return *(const volatile int *)stop;
#endif
}

static inline void fl_stop(int *stop)
{
#if defined(__GNUC__)
    __atomic_store_n(stop, 1, __ATOMIC_RELAXED);
#else
    *(volatile int *)stop = 1;
#endif
}

typedef void (*fl_long_work)(void *work);

#if !defined(_WIN32)
#include <pthread.h>
#include <signal.h>
#include <time.h>

#define FL_WATCHED_STACK ((size_t)1 << 20)

typedef struct {
    fl_long_work run;
    void *work;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int over;
} fl_watched;

static void *fl_run_watched(void *given)
{
    fl_watched *watched = given;
    watched->run(watched->work);
    pthread_mutex_lock(&watched->lock);
    watched->over = 1;
    pthread_cond_signal(&watched->changed);
    pthread_mutex_unlock(&watched->lock);
    return NULL;
}

/* Start the work; 0: there can be no thread. */
static int fl_watch(fl_watched *watched, fl_long_work run, void *work)
{
    pthread_attr_t attributes;
    pthread_condattr_t clock;
    sigset_t none, before;
    int started;
    watched->run = run, watched->work = work, watched->over = 0;
    pthread_mutex_init(&watched->lock, NULL);
    pthread_condattr_init(&clock);
#if defined(__linux__)
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC); /* no wait becomes longer where somebody sets the time */
#endif
    pthread_cond_init(&watched->changed, &clock);
    pthread_condattr_destroy(&clock);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, FL_WATCHED_STACK);
    /* Signals are for the threads that there were; what a thread does itself is its own. */
    sigfillset(&none);
    sigdelset(&none, SIGSEGV), sigdelset(&none, SIGBUS), sigdelset(&none, SIGFPE), sigdelset(&none, SIGILL);
    pthread_sigmask(SIG_SETMASK, &none, &before);
    started = pthread_create(&watched->thread, &attributes, fl_run_watched, watched) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (!started) {
        pthread_cond_destroy(&watched->changed);
        pthread_mutex_destroy(&watched->lock);
    }
    return started;
}

/* Wait for the end, at most some milliseconds; whether it is over. */
static int fl_wait_watched(fl_watched *watched, int milliseconds)
{
    struct timespec until;
    int over, late = 0;
#if defined(__linux__)
    clock_gettime(CLOCK_MONOTONIC, &until);
#else
    clock_gettime(CLOCK_REALTIME, &until);
#endif
    until.tv_nsec += 1000000L * milliseconds;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&watched->lock);
    while (!watched->over && !late) late = pthread_cond_timedwait(&watched->changed, &watched->lock, &until) != 0;
    over = watched->over;
    pthread_mutex_unlock(&watched->lock);
    return over;
}

/* Wait until the thread has ended. */
static void fl_end_watch(fl_watched *watched)
{
    pthread_join(watched->thread, NULL);
    pthread_cond_destroy(&watched->changed);
    pthread_mutex_destroy(&watched->lock);
}
#else
typedef struct { int none; } fl_watched;
static int fl_watch(fl_watched *watched, fl_long_work run, void *work) { (void)watched, (void)run, (void)work; return 0; }
static int fl_wait_watched(fl_watched *watched, int milliseconds) { (void)watched, (void)milliseconds; return 1; }
static void fl_end_watch(fl_watched *watched) { (void)watched; }
#endif

#endif
