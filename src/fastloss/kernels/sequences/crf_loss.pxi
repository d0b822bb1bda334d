# The loss of chains of tags: minus the log-likelihood of the labelled chain, and its gradient. In double, whatever the type.
#
# - The labelled chain is kept apart: `gold` is its weight up to a frame, the lattice holds all other chains. So the loss is
#   log1p(others / gold), and 1 - the posterior of a labelled tag, or pair of tags, is a sum of others: nothing is subtracted.
# - Otherwise it is the way on and back of crf.pxi, with its certificate; here it holds for the loss, too, where that is near 0.
# - A labelled chain that is too unlikely for the range has its score in logarithms: by how much it is less than the best, frame by
#   frame, so that large scores do not cancel.
# - The gradient of transitions is a product of two matrices for each sequence: the way on, and the way back behind it.
#
# What all sequences share is added up for each part of the batch, in the order of its sequences; Python adds the parts. So it has
# the same bits on any number of threads.

cdef extern from "sequences/crf.h" nogil:
    void fl_crf_packed(const double*, double, double*, Py_ssize_t) noexcept
    double fl_crf_onwards(const double*, double, const double*, const double*, const double*, double*, Py_ssize_t, Py_ssize_t,
                          Py_ssize_t) noexcept
    void fl_crf_backwards(const double*, const double*, double, double*, double*, double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    void fl_crf_end(double, double, double*, double*, double*, double*, Py_ssize_t) noexcept
    double fl_crf_slopes(const double*, double, double*, Py_ssize_t, Py_ssize_t) noexcept
    void fl_crf_labelled_pairs(const double*, double, const double*, const double*, const double*, double, double, double*, Py_ssize_t,
                               Py_ssize_t, Py_ssize_t) noexcept
    void fl_crf_pairs(const double*, const double*, const double*, double, double*, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void fl_crf_pairs_of_frame(const double*, const double*, const double*, double, double*, Py_ssize_t, Py_ssize_t) noexcept

cdef double LOW_ROW = ldexp(1, 700), HIGH_ROW = ldexp(1, 832)    # between them a row is not rescaled
cdef double LEAST_LOSS = ldexp(1, -150)
cdef double SAFE_FACTOR = ldexp(1, 150)                          # times a cell of a row, and some of these added up, it is in range

cdef enum:
    FRAMES_OF_PAIRS = 256        # of a product: those of 50 tags lie in the cache of the core, which they go through once for each tile

cdef struct ChainCall:
    CrfCall of
    Operand gradient, parts, labels, label_start, weight, value
    Py_ssize_t gradient_stride[2]
    Py_ssize_t samples, in_part      # sequences of all, and of a part
    double largest_score, denominator, value_factor
    bint bad_transitions, bad_edges, of_pairs

cdef struct LabelledChain:       # of one sequence
    Py_ssize_t sequence, first, frames
    const int64_t* tag           # the labels
    double* others               # of each frame: the weights of all chains but the labelled one, by their tag
    double* e                    # the scores, their exponentials, and what these become on the way back
    double* slope                # the gradient, but for weight and denominator
    double* gold                 # the weight of the labelled chain
    double* factor
    double* b
    double* h
    double* pairs                # of two neighbouring frames, in logarithms
    double largest[8]            # of what goes from the way back into pairs
    double most[8]               # of the way back in the unit of what was dropped
    double loss, behind, weight, scale
    int64_t exponent
    bint has_ways                # the loss is one of numbers
    bint by_factors              # and its ways by factors have not failed yet


cdef Py_ssize_t lay_out_chain(const ChainCall* call, Py_ssize_t frames, LabelledChain* q, char* memory) noexcept nogil:
    """Deal out scratch; return how many bytes that takes."""
    cdef Py_ssize_t w = call.of.width
    cdef double* number = <double*>memory
    if q != NULL:
        q.frames = frames
        q.others, number = number, number + frames * w
        q.e, number = number, number + frames * w
        q.slope, number = number, number + frames * w
        q.gold, number = number, number + frames
        q.factor, number = number, number + frames
        q.b, number = number, number + w
        q.h, number = number, number + w
        q.pairs = number
    return (3 * frames * w + 2 * frames + 2 * w + call.of.classes * w) * <Py_ssize_t>sizeof(double)


cdef bint is_forbidden(const ChainCall* call, const LabelledChain* q) noexcept nogil:
    """Whether the labelled chain has a score of -infinity."""
    cdef const double* scores = table_of(&call.of, SCORES)
    cdef Py_ssize_t t, w = call.of.width
    cdef bint forbidden = False
    for t in range(q.frames):
        forbidden |= q.e[t * w + q.tag[t]] == -INFINITY
        if t > 0:
            forbidden |= scores[q.tag[t - 1] * w + q.tag[t]] == -INFINITY
    return forbidden


cdef bint set_slopes(const ChainCall* call, LabelledChain* q, Py_ssize_t t, double labelled) noexcept nogil:
    """Make the gradient of a frame of the weights of the tags, of which that of the label is `labelled` more; False: they are lost."""
    cdef double* slope = q.slope + t * call.of.width
    cdef double rest, total
    cdef Py_ssize_t j, w = call.of.width, now = q.tag[t]
    labelled += slope[now]
    slope[now] = 0
    rest = fl_crf_total(slope, w)
    total = rest + labelled      # 1, but for rounding and for what was dropped
    if not (total > 0.5 and total < 2):
        return False
    for j in range(w):
        slope[j] /= total
    slope[now] = 0 - rest / total
    return True


# What no frame has to wait for is made for all frames apart from the ways on and back, which are nothing but waiting.

cdef bint begin_by_factors(const ChainCall* call, LabelledChain* q) noexcept nogil:
    """Exponentials of the scores, and by how much those of the labelled chain are less than the best; whether none is lost."""
    cdef Py_ssize_t t, j, w = call.of.width, now
    cdef double top, less, behind = 0
    cdef bint lost
    cdef const double* scores = table_of(&call.of, SCORES)
    cdef double* e
    for t in range(q.frames):
        if fl_stopped(&call.of.stop):
            return False
        e, now = q.e + t * w, q.tag[t]
        top = fl_crf_max(e, w)
        less = top - e[now]
        if t > 0:
            less += call.largest_score - scores[q.tag[t - 1] * w + now]
        behind += less
        for j in range(w):
            e[j] -= top
    for j in range(8):
        q.most[j] = q.largest[j] = 0
    q.behind, q.exponent = behind, 0
    lost = call.of.lost and q.frames > 1
    lost |= fl_crf_exponentials(q.e, 0, q.e, q.frames * w) != 0
    return not lost


cdef inline void frame_onwards(const ChainCall* call, LabelledChain* q, Py_ssize_t t) noexcept nogil:
    cdef Py_ssize_t j, w = call.of.width, now = q.tag[t]
    cdef const double* factors = table_of(&call.of, FACTORS)
    cdef const double* m
    cdef double* row = q.others + t * w
    cdef double* e = q.e + t * w
    cdef double top
    cdef int power
    if t > 0:
        m = factors + q.tag[t - 1] * w
        q.gold[t] = q.gold[t - 1] * m[now] * e[now]
        top = max(fl_crf_onwards(row - w, q.gold[t - 1], factors, m, e, row, now, call.of.classes, w), q.gold[t])
        q.gold[t] = where_(q.gold[t] < LEAST_CELL, <double>0, q.gold[t])
    else:
        memcpy(row, e, w * sizeof(double))
        q.gold[0], row[now], top = row[now], 0, 1
    q.factor[t] = 1
    if not (top > LOW_ROW and top < HIGH_ROW):
        power = fl_ctc_rescaling(top)
        q.exponent += power
        q.factor[t] = ldexp(1, power)
        q.gold[t] *= q.factor[t]
        for j in range(w):
            row[j] *= q.factor[t]


cdef bint turn(const ChainCall* call, LabelledChain* q) noexcept nogil:
    """The loss, and the last frame of the way back; False: nothing is left."""
    cdef Py_ssize_t t = q.frames - 1, w = call.of.width
    cdef double dev = fl_crf_total(q.others + t * w, w), total = dev + q.gold[t]
    if not total > 0:
        return False
    if q.gold[t] > 0 and dev / q.gold[t] < MOST_PRODUCT:
        q.loss = log1p_(dev / q.gold[t])
    else:
        q.loss = (log_(total) - q.exponent * FL_CTC_LN2) + q.behind
    fl_crf_end(1 / total, q.factor[t], q.e + t * w, q.slope + t * w, q.most, q.largest, w)
    return True


cdef bint end_by_factors(const ChainCall* call, LabelledChain* q) noexcept nogil:
    """The gradient of the scores; in `e` is what goes from the way back into pairs. False: there is no certificate."""
    cdef Py_ssize_t t, w = call.of.width
    cdef double total
    for t in range(q.frames):
        if fl_stopped(&call.of.stop):
            return True
        total = fl_crf_slopes(q.others + t * w, q.gold[t], q.slope + t * w, q.tag[t], w)
        if not (total > 0.5 and total < 2):
            return False
    # What was dropped may not matter beside the loss either, nor may what is below 2^-240 in a pair, which underflows.
    return call.of.classes == 1 or (q.loss > LEAST_LOSS and fl_crf_max(q.most, 8) < CERTAIN * min(<double>1, q.loss))


cdef void ways_of_chains(const ChainCall* call, LabelledChain* chains, Py_ssize_t count) noexcept nogil:
    """The ways on and back of some sequences: a frame of each in turn."""
    cdef const double* factors_back = table_of(&call.of, FACTORS_BACK)
    cdef Py_ssize_t t, k, w = call.of.width, frames = 0
    cdef LabelledChain* q
    for k in range(count):
        frames = max(frames, chains[k].frames if chains[k].by_factors else 0)
    for t in range(frames):
        if fl_stopped(&call.of.stop):
            return
        for k in range(count):
            q = &chains[k]
            if q.by_factors and t < q.frames:
                frame_onwards(call, q, t)
    for k in range(count):
        if chains[k].by_factors:
            chains[k].by_factors = turn(call, &chains[k])
    for t in range(frames - 2, -1, -1):
        if fl_stopped(&call.of.stop):
            return
        for k in range(count):
            q = &chains[k]
            if q.by_factors and t < q.frames - 1:
                fl_crf_backwards(q.e + (t + 1) * w, factors_back, q.factor[t], q.e + t * w, q.slope + t * w, q.most, q.largest,
                                 call.of.classes, w)


cdef void pairs_by_factors(const ChainCall* call, LabelledChain* q, double scale, double* into) noexcept nogil:
    """Add the gradient of the transitions, after `end_by_factors`."""
    cdef const double* factors = table_of(&call.of, FACTORS)
    cdef const double* back = table_of(&call.of, FACTORS_BACK)
    cdef bint beyond = not fl_crf_max(q.largest, 8) < SAFE_FACTOR
    cdef Py_ssize_t t, w = call.of.width, before, now
    cdef double* row
    cdef double* h
    for t in range(1, q.frames):
        if fl_stopped(&call.of.stop):
            return
        row, h, before, now = q.others + (t - 1) * w, q.e + t * w, q.tag[t - 1], q.tag[t]
        fl_crf_labelled_pairs(row, q.gold[t - 1], h, factors + before * w, back + now * w, q.slope[t * w + now], scale,
                              into + before * w, before, now, w)
        row[before] = 0
        if beyond and not fl_crf_max(h, w) < SAFE_FACTOR:
            fl_crf_pairs_of_frame(row, h, factors, scale, into, call.of.classes, w)
            memset(row, 0, w * sizeof(double))
    t = 0
    while t < q.frames - 1 and not fl_stopped(&call.of.stop):
        fl_crf_pairs(q.others + t * w, q.e + (t + 1) * w, factors, scale, into, min(<Py_ssize_t>FRAMES_OF_PAIRS, q.frames - 1 - t),
                     call.of.classes, w)
        t += FRAMES_OF_PAIRS


cdef void loss_by_logarithms(const ChainCall* call, LabelledChain* q, double* loss) noexcept nogil:
    """The same without limits of range."""
    cdef Py_ssize_t t, j, w = call.of.width, now
    cdef const double* scores = table_of(&call.of, SCORES)
    cdef double top, gold, d
    cdef double* row = q.others
    cdef double* x
    for t in range(q.frames):
        if fl_stopped(&call.of.stop):
            return
        row, x, now = q.others + t * w, q.e + t * w, q.tag[t]
        if t > 0:
            fl_crf_log_sums(row - w, scores, row, call.of.classes, w)
            gold = q.gold[t - 1]
            for j in range(w):
                top = -INFINITY if j == now else gold + scores[q.tag[t - 1] * w + j]
                row[j] = fl_ctc_log_add(row[j], top) + x[j]
            gold = gold + scores[q.tag[t - 1] * w + now] + x[now]
        else:
            memcpy(row, x, w * sizeof(double))
            gold, row[now] = row[now], -INFINITY
        top = max(fl_crf_max(row, w), gold)
        for j in range(w):
            row[j] -= top
        q.gold[t] = gold - top
    top = fl_crf_max(row, w)
    if top == -INFINITY:
        loss[0] = 0
    else:
        fl_crf_exponentials(row, top, q.h, w)
        d = (top - q.gold[q.frames - 1]) + log_(fl_crf_total(q.h, w))
        loss[0] = max(d, <double>0) + log1p_(exp_(-d if d > 0 else d))
    for j in range(w):
        q.b[j] = 0
    for t in range(q.frames - 1, -1, -1):
        if fl_stopped(&call.of.stop):
            return
        row, x, now = q.others + t * w, q.e + t * w, q.tag[t]
        for j in range(w):
            q.slope[t * w + j] = row[j] + q.b[j]
        gold = q.gold[t] + q.b[now]
        top = max(fl_crf_max(q.slope + t * w, w), gold)
        d = 0
        for j in range(w):
            q.slope[t * w + j] = exp_(q.slope[t * w + j] - top)
            d += q.slope[t * w + j]
        gold = exp_(gold - top)
        d += gold
        for j in range(w):
            q.slope[t * w + j] /= d
        set_slopes(call, q, t, gold / d)
        for j in range(w):
            x[j] += q.b[j]
        if t > 0:
            fl_crf_log_sums(x, table_of(&call.of, SCORES_BACK), q.b, call.of.classes, w)
            top = fl_crf_max(q.b, w)
            for j in range(w):
                q.b[j] -= top


cdef void pairs_by_logarithms(const ChainCall* call, LabelledChain* q, double scale, double* into) noexcept nogil:
    """Add the gradient of the transitions, after `loss_by_logarithms`."""
    cdef const double* scores = table_of(&call.of, SCORES)
    cdef Py_ssize_t t, i, j, w = call.of.width, size = call.of.classes * w, pair
    cdef double top, others, labelled
    cdef double* row
    cdef double* h
    for t in range(1, q.frames):
        if fl_stopped(&call.of.stop):
            return
        row, h, pair = q.others + (t - 1) * w, q.e + t * w, q.tag[t - 1] * w + q.tag[t]
        row[q.tag[t - 1]] = fl_ctc_log_add(row[q.tag[t - 1]], q.gold[t - 1])
        for i in range(call.of.classes):
            for j in range(w):
                q.pairs[i * w + j] = (row[i] + scores[i * w + j]) + h[j]
        top = fl_crf_max(q.pairs, size)
        for j in range(size):
            q.pairs[j] = exp_(q.pairs[j] - top)
        labelled, q.pairs[pair] = q.pairs[pair], 0
        others = fl_block_sum_f64(q.pairs, size)
        top = others + labelled
        for j in range(size):
            into[j] += q.pairs[j] / top * scale
        into[pair] -= others / top * scale


cdef void begin_chain(const ChainCall* call, Py_ssize_t sequence, LabelledChain* q, char* scratch) noexcept nogil:
    """Load a sequence, and what is known of its loss before any way."""
    q.sequence, q.first = sequence, (<const int64_t*>call.of.first_frame.data)[sequence]
    lay_out_chain(call, (<const int64_t*>call.of.frames.data)[sequence], q, scratch)
    q.tag = <const int64_t*>call.labels.data + (<const int64_t*>call.label_start.data)[sequence]
    q.weight, q.loss, q.has_ways, q.by_factors = (<const double*>call.weight.data)[sequence], 0, False, False
    q.scale = q.weight / call.denominator if call.denominator != 0 else 0
    if q.weight == 0 or q.frames == 0:
        return
    if (load_emissions(&call.of, sequence, q.first, q.frames, q.e, q.others, True) or call.bad_edges
            or (call.bad_transitions and q.frames > 1)):
        q.loss = NAN
    elif is_forbidden(call, q):
        q.loss = INFINITY
    else:
        q.has_ways, q.by_factors = True, begin_by_factors(call, q)


cdef void store_slopes(const ChainCall* call, LabelledChain* q) noexcept nogil:
    """Store the gradient of the scores; `others` is lost. Of a weight of 0 it is +0, whatever the sign of the denominator."""
    cdef Py_ssize_t t, j, classes = call.of.classes, w = call.of.width, stride = call.gradient.class_stride
    cdef bint run = stride == call.gradient.itemsize and call.gradient_stride[1] == classes * stride
    for t in range(q.frames):
        fl_crf_packed(q.slope + t * w, q.scale if q.weight != 0 else 1, q.others + t * classes, w)
    for j in range(w):
        q.h[j] = 0
    if run and q.frames > 0:
        store_run(&call.gradient, frame_of(&call.gradient, call.gradient_stride, q.sequence, q.first, 0), stride, q.frames * classes,
                  q.others)
    for t in range(q.frames if run else 0, max(q.frames, <Py_ssize_t>call.of.padded_frames)):
        store_run(&call.gradient, frame_of(&call.gradient, call.gradient_stride, q.sequence, q.first, t), stride, classes,
                  q.others + t * classes if t < q.frames else q.h)


cdef double end_chain(const ChainCall* call, LabelledChain* q, double* into) noexcept nogil:
    """Add to `into` what a sequence has of the gradients that all share. Return its weighted loss."""
    cdef Py_ssize_t j, frames = q.frames, w = call.of.width, size = call.of.classes * w
    cdef double rounded[1]
    cdef bint pairs = into != NULL and call.of_pairs and frames > 1
    if q.weight == 0:
        memset(q.slope, 0, frames * w * sizeof(double))
    elif frames > 0:
        q.by_factors = q.by_factors and end_by_factors(call, q)
        if q.has_ways and not q.by_factors:
            load_emissions(&call.of, q.sequence, q.first, frames, q.e, q.others, True)
            loss_by_logarithms(call, q, &q.loss)
        if fl_stopped(&call.of.stop):
            return 0
        if not q.loss < INFINITY:
            for j in range(frames * w):
                q.slope[j] = NAN
            for j in range(size if pairs else 0):
                into[j] = NAN
        elif pairs and q.by_factors:
            pairs_by_factors(call, q, q.scale, into)
        elif pairs:
            pairs_by_logarithms(call, q, q.scale, into)
        for j in range(w if into != NULL else 0):
            into[size + j] += q.slope[j] * q.scale
            into[size + w + j] += q.slope[(frames - 1) * w + j] * q.scale
    # Last, as the gradient may take the place of the emissions.
    if call.gradient.data != NULL:
        store_slopes(call, q)
    q.loss *= q.weight
    if call.value.data != NULL:
        rounded[0] = q.loss * call.value_factor + 0
        store(&call.value, 0, q.sequence, 1, rounded)
    return q.loss


cdef double chain_block(void* pointer, Py_ssize_t part, void* scratch) noexcept nogil:
    cdef const ChainCall* call = <const ChainCall*>pointer
    cdef Py_ssize_t sequence = part * call.in_part, end = min(sequence + call.in_part, call.samples), k, count
    cdef Py_ssize_t each = lay_out_chain(call, call.of.most_frames, NULL, NULL)
    cdef double total = 0
    cdef double* into = NULL
    cdef LabelledChain chains[CHAINS_AT_ONCE]
    if call.parts.data != NULL:
        into = <double*>call.parts.data + part * (call.of.classes + 2) * call.of.width
    while sequence < end and not fl_stopped(&call.of.stop):
        count = min(call.of.at_once, end - sequence)
        for k in range(count):
            begin_chain(call, sequence + k, &chains[k], <char*>scratch + k * each)
        ways_of_chains(call, chains, count)
        for k in range(count):
            total += end_chain(call, &chains[k], into)
        sequence += count
    return total
