# Running the blocks of a call on some threads, and adding up what they return in one order.

import threading

cdef extern from "blocks/threads.h" nogil:
    int fl_threads_possible(int wanted) noexcept
    bint fl_stack_is_short() noexcept

cdef extern from "blocks/deal.h" nogil:
    int fl_impatient
    bint fl_worth_a_try()
    void fl_deal(fl_piece run, void* work, Py_ssize_t first, Py_ssize_t last, int threads, fl_share* shares) noexcept


cdef extern from "blocks/watch.h" nogil:
    ctypedef struct fl_watched:
        pass
    ctypedef void (*fl_long_work)(void* work) noexcept
    void fl_stop(int* stop) noexcept
    bint fl_watch(fl_watched* watched, fl_long_work run, void* work) noexcept
    bint fl_wait_watched(fl_watched* watched, int milliseconds) noexcept
    void fl_end_watch(fl_watched* watched) noexcept


cdef int check_count(str what, Py_ssize_t count, Py_ssize_t most) except -1:
    """Raise where there are more than an array of a fixed size has room for."""
    if count > most:
        raise ValueError(f"fastloss: {count} {what}; there is room for {most}")
    return 0


def set_impatient(bint impatient):
    """Whether calls run on one thread for a while where several had to wait for one another; tests want them all."""
    global fl_impatient
    fl_impatient = impatient


cdef void deal(fl_piece run, void* work, Py_ssize_t first, Py_ssize_t last, int threads, fl_share* shares) noexcept nogil:
    """Run pieces of work on some threads."""
    fl_deal(run, work, first, last, threads, shares)


cdef int threads_now(Py_ssize_t wanted) noexcept nogil:
    """How many threads a region of at most so many gets now."""
    return fl_threads_possible(<int>wanted) if wanted > 1 and fl_worth_a_try() else 1


def check_stack():
    """Raise where this thread's stack is too short for a call, before anything is done that takes much of it."""
    if fl_stack_is_short():
        raise MemoryError("fastloss: this thread has too little stack left; a call needs 96 KiB (see threading.stack_size)")


cdef enum:
    MAX_SPANS = 4096
    SMALL_SCRATCH = 1 << 14      # bytes of the stack; more is allocated: a thread may have no more than 128 KiB
    ELEMENTS_BETWEEN_SIGNALS = 1 << 24   # some 20 ms of work: Ctrl-C is answered between two stretches of it
    WATCHED_ELEMENTS = 1 << 22   # more of blocks that may take long, 5 ms or more, are worth a thread that looks at signals
    WAIT_FOR_SIGNALS = 40        # milliseconds between two looks


cdef inline char* whole_lines(char* memory) noexcept nogil:
    """The first line of the cache that begins in `memory`: no vector lies across two, no line belongs to two threads."""
    return memory + -<size_t>memory % CACHE_LINE


cdef double add_pairwise(const double* x, Py_ssize_t n) noexcept nogil:
    if n == 1:
        return x[0]
    cdef Py_ssize_t half = n // 2
    return add_pairwise(x, half) + add_pairwise(x + half, n - half)


cdef double run_span(block_function function, void* call, Py_ssize_t first, Py_ssize_t count, void* scratch) noexcept nogil:
    """Run blocks and add their results pairwise, as they come: after block k the sums of its finished pairs are added."""
    cdef double waiting[64]
    cdef Py_ssize_t block, done
    cdef int depth = 0
    for block in range(count):
        waiting[depth] = function(call, first + block, scratch)
        depth += 1
        done = block + 1
        while done % 2 == 0:
            waiting[depth - 2] += waiting[depth - 1]
            depth -= 1
            done //= 2
    while depth > 1:
        waiting[depth - 2] += waiting[depth - 1]
        depth -= 1
    return waiting[0]


cdef inline Py_ssize_t span_of(Py_ssize_t blocks) noexcept nogil:
    """How many blocks are dealt together: it depends on their number alone."""
    cdef Py_ssize_t span = 1
    while span * MAX_SPANS < blocks:
        span *= 2
    return span


cdef struct Spans:
    block_function function
    void* call
    Py_ssize_t blocks, span
    char* scratch                # of the first thread; those of the others follow
    Py_ssize_t scratch_size
    double* partial              # what each span returns
    int threads
    fl_share* shares             # of each thread


cdef void run_one_span(void* work, Py_ssize_t s, int thread) noexcept nogil:
    cdef Spans* spans = <Spans*>work
    cdef Py_ssize_t first = s * spans.span
    spans.partial[s] = run_span(spans.function, spans.call, first, min(spans.span, spans.blocks - first),
                                spans.scratch + thread * spans.scratch_size)


cdef void run_spans(Spans* spans, Py_ssize_t first, Py_ssize_t last, int threads) noexcept nogil:
    cdef Py_ssize_t s
    if threads == 1:
        for s in range(first, last):
            run_one_span(spans, s, 0)
    else:
        fl_deal(run_one_span, spans, first, last, threads, spans.shares)


cdef void run_every_span(void* work) noexcept nogil:
    """All of them, on a thread that has no pool of others yet."""
    cdef Spans* spans = <Spans*>work
    run_spans(spans, 0, (spans.blocks + spans.span - 1) // spans.span, threads_now(spans.threads))


cdef int run_watched(Spans* spans, int* stop) except -1:
    """Run all spans on another thread, and look at signals meanwhile; False: there is none, nothing was done."""
    cdef fl_watched watched
    cdef bint over
    with nogil:
        over = not fl_watch(&watched, run_every_span, spans)
    if over:
        return False
    try:
        while not over:
            with nogil:
                over = fl_wait_watched(&watched, WAIT_FOR_SIGNALS)
            if not over:
                PyErr_CheckSignals()
    finally:
        fl_stop(stop)            # of no matter to who is at the end
        with nogil:
            fl_end_watch(&watched)
    return True


cdef double run_inspection(block_function function, void* call, Py_ssize_t blocks, Py_ssize_t elements, int threads,
                           Py_ssize_t scratch_size, fl_exact* sum) except? -1.0:
    """Run a function that inspects on every block; return the sum of the weights, rounded once, or NaN if any number is bad.

    The function adds weights to the fl_exact that its scratch begins with, or returns how many samples have the weight 1,
    or NaN. `sum`: where the sum is left without rounding, if anybody asks for it.
    """
    cdef fl_exact own
    cdef double total
    sum = &own if sum == NULL else sum
    memset(sum, 0, sizeof(fl_exact))
    total = run_blocks(function, call, blocks, elements, threads, EXACT_BYTES + scratch_size, sum)
    if not total < INFINITY:
        return total
    fl_exact_add_one(sum, total)
    return fl_exact_value(sum)


cdef class ExactSum:
    """The sum of the weights of a call, without rounding."""

    def __init__(self):
        memset(&self.sum, 0, sizeof(fl_exact))

    def add(self, weights):
        """Add some weights."""
        cdef double weight
        for weight in weights:
            fl_exact_add_one(&self.sum, weight)

    def units(self):
        """The sum, in units of 2^-1074."""
        cdef unsigned char digits[4 * FL_EXACT_DIGITS]
        fl_exact_value(&self.sum)                    # which carries: `add` does not
        fl_exact_bytes(&self.sum, digits)
        return int.from_bytes(digits[:4 * FL_EXACT_DIGITS], "little")


cdef double run_blocks(block_function function, void* call, Py_ssize_t blocks, Py_ssize_t elements, int threads,
                       Py_ssize_t scratch_size, fl_exact* sum=NULL) except? -1.0:
    """Run every block and return the sum of what they return: the same bits for any number of threads.

    Blocks are dealt in spans. `elements` is the work in one block. `sum`: the scratch of each thread begins with a sum, and
    this is that of all.
    """
    cdef char small_scratch[SMALL_SCRATCH + CACHE_LINE]
    cdef char* memory
    cdef double result
    if blocks == 0:
        return 0.0
    if blocks == 1 and scratch_size <= SMALL_SCRATCH and elements <= ELEMENTS_BETWEEN_SIGNALS:
        memory = whole_lines(small_scratch)
        if sum != NULL:
            memset(memory, 0, sizeof(fl_exact))
        with nogil:
            result = function(call, 0, memory)
        if sum != NULL:
            fl_exact_add_sum(sum, <const fl_exact*>memory)
        return result
    return run_dealt(function, call, blocks, elements, threads, scratch_size, sum, NULL)


cdef double run_stoppable(block_function function, void* call, int* stop, Py_ssize_t blocks, Py_ssize_t elements, int threads,
                          Py_ssize_t scratch_size) except? -1.0:
    """The same of blocks that may take long: they end where `stop` is no longer 0, which it is set to here."""
    stop[0] = 0
    if blocks == 0 or elements <= WATCHED_ELEMENTS // blocks:
        return run_blocks(function, call, blocks, elements, threads, scratch_size)
    return run_dealt(function, call, blocks, elements, threads, scratch_size, NULL, stop)


cdef double run_dealt(block_function function, void* call, Py_ssize_t blocks, Py_ssize_t elements, int threads,
                      Py_ssize_t scratch_size, fl_exact* sum, int* stop) except? -1.0:
    """Run blocks with scratch of their own. `stop`: they end where it is set; NULL: they take no notice of anything."""
    cdef Spans work
    cdef Py_ssize_t spans, first, last, s, stretch, for_each
    cdef char* memory
    cdef double result
    cdef bint watched = stop != NULL and threading.get_ident() == threading.main_thread().ident    # it handles signals
    work.function, work.call, work.blocks, work.span = function, call, blocks, span_of(blocks)
    spans = (blocks + work.span - 1) // work.span
    # Who runs a region has to know how many threads there can be.
    threads = <int>min(<Py_ssize_t>threads, spans) if watched else threads_now(min(<Py_ssize_t>threads, spans))
    work.scratch_size = (scratch_size + CACHE_LINE - 1) // CACHE_LINE * CACHE_LINE
    for_each = work.scratch_size + <Py_ssize_t>sizeof(fl_share)
    work.partial = <double*>malloc(spans * sizeof(double))
    memory = <char*>malloc(for_each * threads + CACHE_LINE)
    while memory == NULL and threads > 1:   # where there is little memory, fewer threads
        threads //= 2
        memory = <char*>malloc(for_each * threads + CACHE_LINE)
    if work.partial == NULL or memory == NULL:
        free(work.partial)
        free(memory)
        raise MemoryError("fastloss: no memory for the scratch space of the call")
    work.scratch = whole_lines(memory)
    work.threads, work.shares = threads, <fl_share*>(work.scratch + threads * work.scratch_size)
    if sum != NULL:
        for s in range(threads):
            memset(work.scratch + s * work.scratch_size, 0, sizeof(fl_exact))
    stretch = max(<Py_ssize_t>threads, ELEMENTS_BETWEEN_SIGNALS // (work.span * elements) + 1)
    try:
        first = 0
        if watched:
            if run_watched(&work, stop):
                first = spans
            threads = 1          # where there can be no thread to wait for, there are no others
        while first < spans:
            last = min(first + stretch, spans)
            with nogil:
                run_spans(&work, first, last, threads)
            first = last
            if first < spans:
                PyErr_CheckSignals()
        result = add_pairwise(work.partial, spans)
        if sum != NULL:
            for s in range(threads):
                fl_exact_add_sum(sum, <const fl_exact*>(work.scratch + s * work.scratch_size))
    finally:
        free(work.partial)
        free(memory)
    return result


cdef int run_blocks_here(block_function function, void* call, Py_ssize_t blocks, Py_ssize_t scratch_size, double* total) noexcept nogil:
    """As `run_blocks` with one thread, with the same sum; without a look at signals, for which the GIL would be needed."""
    cdef char small_scratch[SMALL_SCRATCH + CACHE_LINE]
    cdef char* memory = NULL
    cdef double* partial
    cdef Py_ssize_t span = span_of(blocks), spans = (blocks + span - 1) // span, s
    total[0] = 0
    if blocks == 0:
        return OK
    if blocks == 1 and scratch_size <= SMALL_SCRATCH:
        total[0] = function(call, 0, whole_lines(small_scratch))
        return OK
    partial = <double*>malloc(spans * sizeof(double))
    memory = <char*>malloc(scratch_size + CACHE_LINE)
    if partial == NULL or memory == NULL:
        free(partial)
        free(memory)
        return NO_MEMORY
    for s in range(spans):
        partial[s] = run_span(function, call, s * span, min(span, blocks - s * span), whole_lines(memory))
    total[0] = add_pairwise(partial, spans)
    free(partial)
    free(memory)
    return OK
