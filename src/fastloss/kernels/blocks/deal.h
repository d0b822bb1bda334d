/*
 * Dealing out the pieces of a call to some threads, on a machine that others may be using too.
 *
 * Each thread owns a run of pieces, the same in every call of this size, so that what it wrote is in its own cache. It
 * takes its pieces in small deals; when it has none left it takes deals of others: a thread that comes late finds
 * nothing to do. Which thread computes a piece changes no bit.
 *
 * A parallel region ends when its last thread has been there, even if it had nothing to do. Where other processes want
 * the CPUs, that thread waits for a turn, milliseconds long: two threads then take ten or a hundred times as long as one.
 * So the caller measures how long it waited at the end, beside how long it worked. After a wait that was no gain, calls
 * run on one thread for a while (a pause), then one tries again; pauses grow while tries fail. On an idle machine there
 * is next to no wait, and no pause.
 */
#ifndef FL_DEAL_H
#define FL_DEAL_H

#include "blocks/share.h"

#if defined(_OPENMP)
#include <omp.h>

enum { FL_DEALS = 16 };                     /* a thread's own pieces are taken in so many deals */

/* All times in seconds. A wait below FL_SHORT_WAIT is that of a thread that was asleep: waking takes some 5 to 20 us. */
#define FL_SHORT_WAIT 50e-6
#define FL_PAUSE_OF_A_WAIT 16.0             /* so a failed try costs at most 6 % of the time */
#define FL_LONGEST_PAUSE 1.0

/* Shared by all threads of the process; each is read and written whole, and none has to fit another. */
static double fl_pause_ends, fl_pause;
static int fl_impatient = 1;

static inline double fl_load(const double *x)
{
    double value;
    __atomic_load(x, &value, __ATOMIC_RELAXED);
    return value;
}

static inline void fl_save(double *x, double value) { __atomic_store(x, &value, __ATOMIC_RELAXED); }

/* Whether several threads are worth a try now. */
static inline int fl_worth_a_try(void)
{
    double ends = fl_load(&fl_pause_ends);
    return ends == 0 || !__atomic_load_n(&fl_impatient, __ATOMIC_RELAXED) || omp_get_wtime() >= ends;
}

/* The caller began a region at `start`, was done with its pieces at `done`, and the region ended at `end`. */
static void fl_judge(double start, double done, double end)
{
    double wait = end - done, ended = fl_load(&fl_pause_ends), pause = fl_load(&fl_pause), least;
    if (wait < FL_SHORT_WAIT || 2 * wait < done - start) return;
    /* Tries that go well for longer than the last pause were worth it: begin anew. */
    pause = ended == 0 || start - ended > pause ? 0 : 2 * pause;
    least = FL_PAUSE_OF_A_WAIT * wait;
    if (pause < least) pause = least;
    if (pause > FL_LONGEST_PAUSE) pause = FL_LONGEST_PAUSE;
    fl_save(&fl_pause, pause);
    fl_save(&fl_pause_ends, end + pause);
}

static inline void fl_run_deals(fl_share *share, fl_size deal, fl_piece run, void *work, int thread)
{
    for (;;) {
        fl_size piece = __atomic_fetch_add(&share->next, deal, __ATOMIC_RELAXED), last = piece + deal;
        if (piece >= share->end) return;
        if (last > share->end) last = share->end;
        for (; piece < last; piece++) run(work, piece, thread);
    }
}

/* Runs the pieces from `first` to `last`, not included, on several threads; `shares` has one place for each. */
static void fl_deal(fl_piece run, void *work, fl_size first, fl_size last, int threads, fl_share *shares)
{
    double start = omp_get_wtime(), done = start;
    fl_size deal = (last - first) / ((fl_size)threads * FL_DEALS) + 1;
    for (int t = 0; t < threads; t++) {
        shares[t].next = first + (last - first) / threads * t + ((last - first) % threads) * t / threads;
        shares[t].end = first + (last - first) / threads * (t + 1) + ((last - first) % threads) * (t + 1) / threads;
    }
    #pragma omp parallel num_threads(threads)
    {
        int own = omp_get_thread_num();
        for (int k = 0; k < threads; k++) fl_run_deals(&shares[(own + k) % threads], deal, run, work, own);
        if (own == 0) done = omp_get_wtime();
    }
    fl_judge(start, done, omp_get_wtime());
}
#else
static int fl_impatient = 1;
static inline int fl_worth_a_try(void) { return 1; }

static void fl_deal(fl_piece run, void *work, fl_size first, fl_size last, int threads, fl_share *shares)
{
    (void)threads, (void)shares;
    for (; first < last; first++) run(work, first, 0);
}
#endif

#endif
