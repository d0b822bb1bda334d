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
    int fl_crf_exponentials(const double*, double, double*, Py_ssize_t) noexcept
    void fl_crf_sums(const double*, const double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    void fl_crf_best_onwards(const double*, const double*, double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    Py_ssize_t fl_crf_where(const double*, const double*, double, Py_ssize_t) noexcept
    void fl_crf_log_sums(const double*, const double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    double fl_crf_total(const double*, Py_ssize_t) noexcept
    double fl_crf_max(const double*, Py_ssize_t) noexcept

cdef double LEAST_CELL = ldexp(1, -1000)

cdef enum Chain:                 # what is noted of a sequence
    CHAIN_IS_BAD = 1             # an emission is NaN or +infinity
    NO_CHAIN = 2                 # all chains have a score of -infinity

cdef struct CrfCall:
    Operand emissions, marginals, tags, scores, frames, first_frame, tables, edges, status
    Py_ssize_t emission_stride[2]    # of a sequence and of a frame
    Py_ssize_t marginal_stride[2]
    Py_ssize_t classes, width, most_frames, padded_frames
    bint lost                    # an exponential of a transition is too small
    int stop                     # set: the call is to end, whatever it leaves

cdef enum Table:                 # of (classes x width) numbers: scores from row to column, and the reverse; their exponentials
    SCORES, SCORES_BACK, FACTORS, FACTORS_BACK


cdef inline const double* table_of(const CrfCall* call, Table table) noexcept nogil:
    return <const double*>call.tables.data + table * call.classes * call.width


cdef bint load_emissions(const CrfCall* call, Py_ssize_t sequence, Py_ssize_t first, Py_ssize_t frames, double* x,
                         bint centred) noexcept nogil:
    """The scores of each frame, with those of the edges; whether they are ones that chains can be compared by. `centred`: the first
    and the last frame lose their largest before the scores of the edge are added, which a large one would round."""
    cdef const double* start = <const double*>call.edges.data
    cdef const double* end = start + call.width
    cdef Py_ssize_t t, j, w = call.width
    cdef double* row
    cdef double top
    cdef bint bad = False
    for t in range(frames):
        if fl_stopped(&call.stop):
            return False
        row = x + t * w
        load_run(&call.emissions, frame_of(&call.emissions, call.emission_stride, sequence, first, t), call.emissions.class_stride,
                 call.classes, row)
        for j in range(call.classes):
            bad |= not row[j] < INFINITY
        for j in range(call.classes, w):
            row[j] = -INFINITY
        if centred and (t == 0 or t == frames - 1):
            top = fl_crf_max(row, w)
            for j in range(call.classes if top > -INFINITY else 0):
                row[j] -= top
    for j in range(call.classes):
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
        if not load_emissions(call, sequence, first, frames, x, True):
            found = marginals_by_factors(call, frames, a, x, factor, b, h)
            if not found:
                load_emissions(call, sequence, first, frames, x, True)
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


cdef double viterbi_block(void* pointer, Py_ssize_t sequence, void* scratch) noexcept nogil:
    cdef const CrfCall* call = <const CrfCall*>pointer
    cdef Py_ssize_t frames = (<const int64_t*>call.frames.data)[sequence], first = (<const int64_t*>call.first_frame.data)[sequence]
    cdef Py_ssize_t t, w = call.width, tag = 0
    cdef int64_t* tags = <int64_t*>call.tags.data + first + sequence * call.padded_frames
    cdef const double* scores = table_of(call, SCORES)
    cdef const double* scores_back = table_of(call, SCORES_BACK)
    cdef double* x = <double*>scratch
    cdef double* into = x + call.most_frames * w      # the best chain into each tag
    cdef double best
    (<double*>call.scores.data)[sequence] = 0
    if frames == 0:
        return 0
    if load_emissions(call, sequence, first, frames, x, False):
        (<unsigned char*>call.status.data)[sequence] = CHAIN_IS_BAD
        return 0
    for t in range(1, frames):
        if fl_stopped(&call.stop):
            return 0
        fl_crf_best_onwards(x + (t - 1) * w, scores, into + t * w, x + t * w, call.classes, w)
    best = fl_crf_max(x + (frames - 1) * w, w)
    (<double*>call.scores.data)[sequence] = best
    if best == -INFINITY:
        (<unsigned char*>call.status.data)[sequence] = NO_CHAIN
        return 0
    while x[(frames - 1) * w + tag] < best:
        tag += 1
    tags[frames - 1] = tag
    for t in range(frames - 2, -1, -1):
        # Which tag leads here is looked up again: it is asked for one tag of a frame, and known for none.
        tag = fl_crf_where(x + t * w, scores_back + tag * w, into[(t + 1) * w + tag], w)
        tags[t] = tag
    return 0
