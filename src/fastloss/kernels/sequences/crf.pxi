# Chains of tags: how probable each tag is at each place, and which chain is the most probable. In double, whatever the type.
#
# - The way on and back is in probabilities, each row brought near 2^830 by a power of 2. Cells below 2^-1000 become 0 before
#   that. The way back begins with 1 over the total and takes the same powers; where none of its cells reaches 2^840, in the unit
#   of what was dropped, that weighs less than 2^-160 for each cell. Without that certificate the sequence is done in logarithms.
# - The probabilities of a place are divided by their sum, so that rounding on the way is left out of it, and they add up to 1.
# - In logarithms each row loses its largest, for the same reason: no logarithm becomes large.
#
# A sequence has the same bits alone and in any batch, on any number of threads and in every layout.

cdef extern from "sequences/crf.h" nogil:
    bint fl_crf_row(const double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    int fl_crf_exponentials(const double*, double, double*, Py_ssize_t) noexcept
    void fl_crf_sums(const double*, const double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    void fl_crf_best_onwards(const double*, const double*, double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    Py_ssize_t fl_crf_where(const double*, const double*, double, Py_ssize_t) noexcept
    void fl_crf_log_sums(const double*, const double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    double fl_crf_total(const double*, Py_ssize_t) noexcept
    double fl_crf_max(const double*, Py_ssize_t) noexcept

cdef double LEAST_CELL = ldexp(1, -1000)

cdef enum:
    CHAINS_AT_ONCE = 2           # while one waits for its next frame the other goes on: the way of few tags is nothing but waiting
    BYTES_AT_ONCE = 1 << 19      # of what a chain keeps: more is not in the cache of a core for two of them

cdef enum Chain:                 # what is noted of a sequence
    CHAIN_IS_BAD = 1             # an emission is NaN or +infinity
    NO_CHAIN = 2                 # all chains have a score of -infinity

cdef struct CrfCall:
    Operand emissions, marginals, tags, scores, frames, first_frame, tables, edges, status
    Py_ssize_t emission_stride[2]    # of a sequence and of a frame
    Py_ssize_t marginal_stride[2]
    Py_ssize_t classes, width, most_frames, padded_frames, samples
    Py_ssize_t at_once           # sequences that are computed together; no bit depends on it
    bint lost                    # an exponential of a transition is too small
    int stop                     # set: the call is to end, whatever it leaves

cdef enum Table:                 # of (classes x width) numbers: scores from row to column, and the reverse; their exponentials
    SCORES, SCORES_BACK, FACTORS, FACTORS_BACK


cdef inline const double* table_of(const CrfCall* call, Table table) noexcept nogil:
    return <const double*>call.tables.data + table * call.classes * call.width


cdef inline Py_ssize_t chains_at_once(const CrfCall* call, Py_ssize_t scratch) noexcept nogil:
    """How many are computed together where each takes so much scratch."""
    return CHAINS_AT_ONCE if call.width <= 32 and scratch <= BYTES_AT_ONCE else 1


cdef bint load_emissions(const CrfCall* call, Py_ssize_t sequence, Py_ssize_t first, Py_ssize_t frames, double* x, double* packed,
                         bint centred) noexcept nogil:
    """The scores of each frame, with those of the edges; whether they are ones that chains can be compared by. `centred`: the first
    and the last frame lose their largest before the scores of the edge are added, which a large one would round. `packed` is lost,
    as large as x: frames, one behind the other."""
    cdef const double* start = <const double*>call.edges.data
    cdef const double* end = start + call.width
    cdef Py_ssize_t t, j, w = call.width, classes = call.classes, stride = call.emissions.class_stride
    cdef bint bad = False, run = stride == call.emissions.itemsize and call.emission_stride[1] == classes * stride
    cdef double* row
    cdef double top
    for t in range(1 if run else frames):
        if fl_stopped(&call.stop):
            return False
        load_run(&call.emissions, frame_of(&call.emissions, call.emission_stride, sequence, first, t), stride,
                 frames * classes if run else classes, packed + t * classes)
    for t in range(frames):
        row = x + t * w
        bad |= fl_crf_row(packed + t * classes, row, classes, w)
        if centred and (t == 0 or t == frames - 1):
            top = fl_crf_max(row, w)
            for j in range(classes if top > -INFINITY else 0):
                row[j] -= top
    for j in range(classes):
        x[j] += start[j]
        x[(frames - 1) * w + j] += end[j]
    return bad


cdef bint marginals_by_factors(const CrfCall* call, Py_ssize_t frames, double* a, double* e, double* factor, double* b,
                               double* h) noexcept nogil:
    """Probabilities into `a`, from scores in `e`, which are lost; False: there is no certificate."""
    cdef Py_ssize_t t, j, w = call.width
    cdef double top, highest = 0, total
    cdef bint lost = call.lost
    cdef double* row
    cdef double* emission
    for t in range(frames):
        if fl_stopped(&call.stop):
            return True
        row, emission = a + t * w, e + t * w
        top = fl_crf_max(emission, w)
        if top == -INFINITY:
            return False
        lost |= fl_crf_exponentials(emission, top, emission, w) != 0
        if t > 0:
            fl_crf_sums(row - w, table_of(call, FACTORS), h, call.classes, w)
            for j in range(w):
                row[j] = h[j] * emission[j]
        else:
            for j in range(w):
                row[j] = emission[j]
        factor[t] = ldexp(1, fl_ctc_rescaling(fl_crf_max(row, w)))
        for j in range(w):
            row[j] = where_(row[j] < LEAST_CELL, <double>0, row[j] * factor[t])
    if lost:
        return False
    row = a + (frames - 1) * w
    total = fl_crf_total(row, w)
    if not total > 0:
        return False
    for j in range(w):
        b[j] = 1 / total
    for t in range(frames - 1, -1, -1):
        if fl_stopped(&call.stop):
            return True
        row, emission = a + t * w, e + t * w
        for j in range(w):
            row[j] *= b[j]
        total = fl_crf_total(row, w)
        if not (total > 0.5 and total < 2):      # it is 1 but for rounding, and for what was dropped
            return False
        for j in range(w):
            row[j] /= total
            b[j] *= factor[t]
        top = fl_crf_max(b, w)
        highest = where_(top > highest, top, highest)
        for j in range(w):
            h[j] = b[j] * emission[j]
        fl_crf_sums(h, table_of(call, FACTORS_BACK), b, call.classes, w)
    return highest < CERTAIN


cdef bint marginals_by_logarithms(const CrfCall* call, Py_ssize_t frames, double* a, const double* x, double* b,
                                  double* h) noexcept nogil:
    """The same without limits of range; False: there is no chain."""
    cdef Py_ssize_t t, j, w = call.width
    cdef double top, total
    cdef double* row
    for t in range(frames):
        if fl_stopped(&call.stop):
            return True
        row = a + t * w
        if t > 0:
            fl_crf_log_sums(row - w, table_of(call, SCORES), row, call.classes, w)
            for j in range(w):
                row[j] += x[t * w + j]
        else:
            memcpy(row, x, w * sizeof(double))
        top = fl_crf_max(row, w)
        if top == -INFINITY:
            return False
        for j in range(w):
            row[j] -= top
    for j in range(w):
        b[j] = 0
    for t in range(frames - 1, -1, -1):
        if fl_stopped(&call.stop):
            return True
        row = a + t * w
        for j in range(w):
            row[j] += b[j]
        top = fl_crf_max(row, w)
        fl_crf_exponentials(row, top, row, w)
        total = fl_crf_total(row, w)
        for j in range(w):
            row[j] /= total
            h[j] = x[t * w + j] + b[j]
        if t > 0:
            fl_crf_log_sums(h, table_of(call, SCORES_BACK), b, call.classes, w)
            top = fl_crf_max(b, w)
            for j in range(w):
                b[j] -= top
    return True


cdef double marginals_block(void* pointer, Py_ssize_t sequence, void* scratch) noexcept nogil:
    cdef const CrfCall* call = <const CrfCall*>pointer
    cdef Py_ssize_t frames = (<const int64_t*>call.frames.data)[sequence], first = (<const int64_t*>call.first_frame.data)[sequence]
    cdef Py_ssize_t t, j, w = call.width
    cdef double* a = <double*>scratch
    cdef double* x = a + call.most_frames * w
    cdef double* b = x + call.most_frames * w
    cdef double* h = b + w
    cdef double* factor = h + w
    cdef bint found = False
    if frames > 0:
        if not load_emissions(call, sequence, first, frames, x, a, True):
            found = marginals_by_factors(call, frames, a, x, factor, b, h)
            if not found:
                load_emissions(call, sequence, first, frames, x, a, True)
                found = marginals_by_logarithms(call, frames, a, x, b, h)
        if fl_stopped(&call.stop):
            return 0
        if not found:
            for j in range(frames * w):
                a[j] = NAN
    for j in range(w):
        h[j] = 0
    # Last, as the results may take the place of the emissions.
    for t in range(max(frames, call.padded_frames)):
        store_run(&call.marginals, frame_of(&call.marginals, call.marginal_stride, sequence, first, t), call.marginals.class_stride,
                  call.classes, a + t * w if t < frames else h)
    return 0


cdef struct BestChain:           # of one sequence
    Py_ssize_t sequence, frames, tag
    int64_t* tags
    double* x                    # the scores, and those of the best chain up to each tag
    double* into                 # of the best chain into each tag


cdef void begin_best_chain(const CrfCall* call, BestChain* q) noexcept nogil:
    """Load the scores; without frames there is no chain to find."""
    cdef Py_ssize_t first = (<const int64_t*>call.first_frame.data)[q.sequence]
    q.frames = (<const int64_t*>call.frames.data)[q.sequence]
    q.tags = <int64_t*>call.tags.data + first + q.sequence * call.padded_frames
    (<double*>call.scores.data)[q.sequence] = 0
    if q.frames > 0 and load_emissions(call, q.sequence, first, q.frames, q.x, q.into, False):
        (<unsigned char*>call.status.data)[q.sequence] = CHAIN_IS_BAD
        q.frames = 0


cdef void end_best_chain(const CrfCall* call, BestChain* q) noexcept nogil:
    """Find the tag that the best chain ends with."""
    cdef Py_ssize_t w = call.width, last = (q.frames - 1) * w
    cdef double best
    if q.frames == 0:
        return
    best = fl_crf_max(q.x + last, w)
    (<double*>call.scores.data)[q.sequence] = best
    if best == -INFINITY:
        (<unsigned char*>call.status.data)[q.sequence] = NO_CHAIN
        q.frames = 0
        return
    q.tag = 0
    while q.x[last + q.tag] < best:
        q.tag += 1
    q.tags[q.frames - 1] = q.tag


cdef double viterbi_block(void* pointer, Py_ssize_t block, void* scratch) noexcept nogil:
    cdef const CrfCall* call = <const CrfCall*>pointer
    cdef Py_ssize_t t, k, w = call.width, count = min(call.at_once, call.samples - block * call.at_once), frames = 0
    cdef const double* scores = table_of(call, SCORES)
    cdef const double* scores_back = table_of(call, SCORES_BACK)
    cdef BestChain chains[CHAINS_AT_ONCE]
    cdef BestChain* q
    for k in range(count):
        q = &chains[k]
        q.sequence, q.x = block * call.at_once + k, <double*>scratch + 2 * k * call.most_frames * w
        q.into = q.x + call.most_frames * w
        begin_best_chain(call, q)
        frames = max(frames, q.frames)
    for t in range(1, frames):
        if fl_stopped(&call.stop):
            return 0
        for k in range(count):
            q = &chains[k]
            if t < q.frames:
                fl_crf_best_onwards(q.x + (t - 1) * w, scores, q.into + t * w, q.x + t * w, call.classes, w)
    for k in range(count):
        end_best_chain(call, &chains[k])
    for t in range(frames - 2, -1, -1):
        for k in range(count):
            q = &chains[k]
            if t < q.frames - 1:
                # Which tag leads here is looked up again: it is asked for one tag of a frame, and known for none.
                q.tag = fl_crf_where(q.x + t * w, scores_back + q.tag * w, q.into[(t + 1) * w + q.tag], w)
                q.tags[t] = q.tag
    return 0
