# The transducer (RNN-T): the sum over all ways through a grid of frames and labels, a softmax at each node.
#
# From node (t, u) the blank leads to (t + 1, u), label u to (t, u + 1), and the blank of the last node ends.
#
# - The softmax of a node is swept over twice: for its sum, and once more for the gradient; nothing but a few numbers of a node is
#   kept between. The blank and the label are left out of the sweep and made in double.
# - Each way takes a blank in every frame and each label once. So all blanks of a frame, and all that is said of a label, may be
#   multiplied by a number of their own: powers of 2 that bring the largest near 1. What is left to rescale is a row at a time.
# - Lattice, certificate and logarithms are as in ctc.h: cells below 2^-1000 become 0, and if no cell of the way back reaches 2^840,
#   that weighs less than 2^-160 of the total.
# - Of a class with p > 1/2 the gradient is minus the sum of all others, so that nodes that are right keep their digits.
# - A loss near 0 is -log(1 - what fails), added up node by node: other classes, and a blank that ends before the last label.

cdef extern from "sequences/rnnt.h" nogil:
    void fl_rnnt_apart_f32(const float*, float*, int32_t, int32_t, int32_t) noexcept
    void fl_rnnt_apart_f64(const double*, double*, int64_t, int64_t, int64_t) noexcept

cdef extern from "sequences/softmax.h" nogil:
    void fl_bits_with(uint16_t*, Py_ssize_t) noexcept
    double fl_exp_sum_of_bits(const float*, const uint16_t*, float, Py_ssize_t, const fl_ahead*) noexcept
    void fl_exp_times(const float*, float, double, float*, Py_ssize_t, const fl_ahead*) noexcept

cdef double LEAST_FLOAT = ldexp(1, -151), LEAST_DOUBLE = ldexp(1, -1073) / 4     # less rounds to 0

cdef enum:
    CLASSES_IN_RUNS = 256        # a row of more is swept over in up to three runs

cdef struct RnntCall:
    Operand logits, gradient, labels, label_start, frames, first_node, share, impossible, weight, value
    Operand decoder, decoder_gradient, first_frame, first_place      # of sums of scores (rnnt_joined.pxi): logits are those of frames
    Py_ssize_t decoder_stride[2]
    Py_ssize_t decoder_gradient_stride[2]
    Py_ssize_t logits_stride[3]      # of a sequence, of a frame and of a node; packed: of a node
    Py_ssize_t gradient_stride[3]
    Py_ssize_t classes
    int64_t blank, most_nodes, most_frames, most_labels, padded_frames, padded_nodes
    bint packed, normalized, impossible_is_zero
    double fast, denominator, value_factor
    int stop                     # set: the call is to end, whatever it leaves

cdef struct Grid:                # of one sequence
    Py_ssize_t frames, labels, n     # n nodes in a frame
    const int64_t* label
    double* blank                # of each node: the probability of the blank, in the unit of the frame; then of that step among all ways
    double* next                 # the same of the label
    double* p                    # their probabilities, which the gradient needs again
    double* r
    double* a
    double* m                    # the largest logit, the sum of exponentials of all classes, and that of the others
    double* all
    double* others
    double* factor               # of each frame: what its row is rescaled by
    double* unit                 # what its blanks are multiplied by
    double* of_label             # and what is said of each label
    double* b                    # two rows of the way back
    double* b2
    bint lost


cdef Py_ssize_t lay_out_grid(Py_ssize_t nodes, Py_ssize_t frames, Py_ssize_t labels, Grid* q, char* memory) noexcept nogil:
    """Deal out scratch; return how many bytes that takes."""
    cdef double* number = <double*>memory
    if q != NULL:
        q.frames, q.labels, q.n = frames, labels, labels + 1
        q.blank, number = number, number + nodes
        q.next, number = number, number + nodes
        q.p, number = number, number + nodes
        q.r, number = number, number + nodes
        q.a, number = number, number + nodes
        q.m, number = number, number + nodes
        q.all, number = number, number + nodes
        q.others, number = number, number + nodes
        q.factor, number = number, number + frames
        q.unit, number = number, number + frames
        q.of_label, number = number, number + labels + 1
        q.b, number = number, number + labels + 2
        q.b2 = number
    return (8 * nodes + 2 * frames + 3 * (labels + 2)) * <Py_ssize_t>sizeof(double)


cdef inline char* node_of(const RnntCall* call, const Operand* operand, const Py_ssize_t* strides, Py_ssize_t sequence, Py_ssize_t n,
                          Py_ssize_t t, Py_ssize_t u) noexcept nogil:
    if call.packed:
        return operand.data + ((<const int64_t*>call.first_node.data)[sequence] + t * n + u) * strides[2]
    return operand.data + sequence * strides[0] + t * strides[1] + u * strides[2]


cdef inline const real* logits_of_node(const RnntCall* call, const char* data, real* buffer) noexcept nogil:
    if class_run_in_place(buffer, &call.logits, data):
        return <const real*>data
    load_run(&call.logits, data, call.logits.class_stride, call.classes, buffer)
    return buffer


cdef inline double exponential(Grid* q, double d) noexcept nogil:
    """That of a logit less the largest; below e^-600 it is 0, and it is noted where that may matter."""
    q.lost |= (d < -600) & (d > -2000)
    return where_(d < -600, <double>0, exp_(d))


cdef inline void gradients_of_step(double here, double p, double r, double rest, double* blank, double* label) noexcept nogil:
    """The gradients of the blank and of the label at a node, which hold how probable these steps are among all ways; `p` and `r` are
    their probabilities, `rest` that of all others times that of the node."""
    blank[0] = here * p - blank[0]
    label[0] = here * r - label[0]
    if p > 0.5:
        blank[0] = 0 - (rest + label[0])
    elif r > 0.5:
        label[0] = 0 - (rest + blank[0])


include "sequences/rnnt_joined.pxi"


cdef inline const fl_ahead* ahead_of_node(const RnntCall* call, const Grid* q, Py_ssize_t sequence, Py_ssize_t t, Py_ssize_t u,
                                          bint writes, fl_ahead* next_node) noexcept nogil:
    """What the sweep over a node has to ask for on its way: the node behind it, if there is one and one is wide."""
    if call.classes < CLASSES_IN_RUNS or (u == q.labels and t == q.frames - 1):
        return NULL
    t, u = (t, u + 1) if u < q.labels else (t + 1, <Py_ssize_t>0)
    memset(next_node, 0, sizeof(next_node[0]))
    next_node.place[FL_READ] = node_of(call, &call.logits, call.logits_stride, sequence, q.n, t, u)
    next_node.size[FL_READ] = call.logits.itemsize
    if writes and call.gradient.data != call.logits.data:
        next_node.place[FL_WRITE] = node_of(call, &call.gradient, call.gradient_stride, sequence, q.n, t, u)
        next_node.size[FL_WRITE] = call.gradient.itemsize
    return next_node


cdef double sum_of_others(const RnntCall* call, const real* x, real m, Py_ssize_t label, real* e, const fl_ahead* ahead) noexcept nogil:
    """The sum of exponentials of all classes but the blank and the label, -1 if there is none; `e` is lost."""
    cdef Py_ssize_t first = min(<Py_ssize_t>call.blank, label), last = max(<Py_ssize_t>call.blank, label), C = call.classes
    cdef double ties = 0, total
    if first < 0:
        first = last
    if C < CLASSES_IN_RUNS:
        if real is float:
            fl_rnnt_apart_f32(x, e, <int32_t>C, <int32_t>first, <int32_t>last)
        else:
            fl_rnnt_apart_f64(x, e, C, first, last)
        total = sweep(<const real*>e, e, m, C, &ties, ahead, 0)
        return total + ties
    # What is between them, and on either side: a row need not be copied.
    total = sweep(x, e, m, first, &ties, ahead, 0) + sweep(x + last + 1, e, m, C - last - 1, &ties, ahead, last + 1)
    if last > first + 1:
        total += sweep(x + first + 1, e, m, last - first - 1, &ties, ahead, first + 1)
    return total + ties


cdef void sums_of_nodes(const real* tag, const RnntCall* call, Grid* q, Py_ssize_t sequence, real* logits, real* e,
                        uint16_t* bits) noexcept nogil:
    """The largest logit of each node, the sum of its exponentials, and the probabilities of the blank and of the label."""
    cdef Py_ssize_t t, u, k = 0
    cdef int64_t own
    cdef fl_ahead next_node
    cdef const fl_ahead* ahead
    cdef const real* x
    cdef real m
    cdef double blank, label, all
    q.lost = False
    fl_bits_of_all(bits, call.classes)
    fl_bits_without(bits, call.blank)
    for t in range(q.frames):
        if fl_stopped(&call.stop):
            break
        for u in range(q.n):
            own = q.label[u] if u < q.labels else -1
            x = logits_of_node(call, node_of(call, &call.logits, call.logits_stride, sequence, q.n, t, u), logits)
            m, all = 0, 1
            q.others[k] = 0
            if not call.normalized:
                if real is float:
                    m = fl_block_max_f32(x, call.classes)
                else:
                    m = fl_block_max_f64(x, call.classes)
                ahead = ahead_of_node(call, q, sequence, t, u, False, &next_node)
                if real is float:
                    if fl_has_bits(m):
                        if own >= 0:
                            fl_bits_without(bits, own)
                        q.others[k] = fl_exp_sum_of_bits(x, bits, m, call.classes, ahead)
                        if own >= 0:
                            fl_bits_with(bits, own)
                    else:
                        q.others[k] = sum_of_others(call, x, m, own, e, ahead)
                else:
                    q.others[k] = sum_of_others(call, x, m, own, e, ahead)
            blank = exponential(q, <double>x[call.blank] - m)
            label = exponential(q, <double>x[own] - m) if own >= 0 else 0
            if not call.normalized:
                all = q.others[k] + blank + label
                if not abs_(m) < INFINITY:
                    all = NAN
            elif not x[call.blank] < INFINITY or (u < q.labels and not x[q.label[u]] < INFINITY):
                all = NAN
            q.m[k], q.all[k] = m, all
            q.blank[k] = q.p[k] = blank / all
            q.next[k] = q.r[k] = label / all
            k += 1


cdef inline double power_for(double largest, int64_t* exponent) noexcept nogil:
    """The power of 2 that brings a number to between 1/2 and 1."""
    cdef int k
    if not (largest > 0 and largest < INFINITY):
        return 1
    frexp(largest, &k)
    exponent[0] -= k
    return ldexp(1, -k)


cdef int64_t set_units(Grid* q) noexcept nogil:
    """Choose units; return the exponent of all of them together."""
    cdef Py_ssize_t t, u
    cdef int64_t exponent = 0
    cdef double largest
    for u in range(q.labels):
        q.of_label[u] = 0
    for t in range(q.frames):
        largest = 0
        for u in range(q.n):
            largest = max(largest, q.blank[t * q.n + u])
        q.unit[t] = power_for(largest, &exponent)
        for u in range(q.labels):
            q.of_label[u] = max(q.of_label[u], q.next[t * q.n + u])
    for u in range(q.labels):
        q.of_label[u] = power_for(q.of_label[u], &exponent)
    return exponent


cdef bint ways_by_factors(const RnntCall* call, Grid* q, double* loss) noexcept nogil:
    """The loss, and in `blank` and `next` how probable each step is among all ways; False: there is no certificate."""
    cdef Py_ssize_t t, u, n = q.n, k
    cdef int64_t exponent = set_units(q)
    cdef double top = ldexp(1, FL_CTC_HIGH), before, total, blank, label, highest = 0
    cdef double* row = NULL
    cdef double* last
    cdef double* swapped
    cdef int power
    exponent += FL_CTC_HIGH
    for t in range(q.frames):
        if fl_stopped(&call.stop):
            return True
        last, row = row, q.a + t * n
        power = 0 if top > LOW_ROW and top < HIGH_ROW else fl_ctc_rescaling(top)
        q.factor[t] = ldexp(1, power)
        exponent += power
        before, top = 0, 0
        for u in range(n):
            blank = (<double>1 if u == 0 else 0) * ldexp(1, FL_CTC_HIGH) if t == 0 else (
                last[u] * (q.factor[t] * (q.unit[t - 1] * q.blank[(t - 1) * n + u])))
            label = before * (q.of_label[u - 1] * q.next[t * n + u - 1]) if u > 0 else 0
            before = blank + label
            before = where_(before < LEAST_CELL, <double>0, before)
            row[u] = before
            top = max(top, before)
    k = q.frames * n - 1
    blank = q.unit[q.frames - 1] * q.blank[k]
    total = row[n - 1] * blank
    if q.lost or not total > 0:
        if total != total:
            loss[0] = NAN
            return True
        return False
    total = frexp(total, &power)
    loss[0] = (exponent - power) * FL_CTC_LN2 - log_(total)
    total = ldexp(total, power)
    for t in range(q.frames - 1, -1, -1):
        if fl_stopped(&call.stop):
            return True
        row = q.a + t * n
        before = 0
        for u in range(n - 1, -1, -1):
            k = t * n + u
            if t < q.frames - 1:
                blank = (q.factor[t + 1] * (q.unit[t] * q.blank[k])) * q.b[u]
            else:
                blank = blank / total if u == n - 1 else 0
            label = (q.of_label[u] * q.next[k]) * before if u < n - 1 else 0
            q.blank[k], q.next[k] = row[u] * blank, row[u] * label
            before = blank + label
            highest = max(highest, before)
            before = where_(before < LEAST_CELL, <double>0, before)
            q.b2[u] = before
        swapped = q.b
        q.b = q.b2
        q.b2 = swapped
    return highest < CERTAIN


cdef void ways_by_logarithms(const RnntCall* call, Grid* q, double* loss) noexcept nogil:
    """The same without limits of range; `blank` and `next` hold logarithms of the probabilities."""
    cdef Py_ssize_t t, u, n = q.n, k = 0
    cdef double total, blank, label, sum
    for t in range(q.frames):
        if fl_stopped(&call.stop):
            return
        for u in range(n):
            k = t * n + u
            blank = q.a[k - n] + q.blank[k - n] if t > 0 else (<double>0 if u == 0 else -INFINITY)
            label = q.a[k - 1] + q.next[k - 1] if u > 0 else -INFINITY
            q.a[k] = fl_ctc_log_add(blank, label)
    total = q.a[k] + q.blank[k]
    loss[0] = -total
    if not total > -INFINITY:
        return
    for t in range(q.frames - 1, -1, -1):
        if fl_stopped(&call.stop):
            return
        sum = 0
        for u in range(n - 1, -1, -1):
            k = t * n + u
            blank = q.blank[k] + (q.b[u] if t < q.frames - 1 else (<double>0 if u == n - 1 else -INFINITY))
            label = q.next[k] + q.b2[u + 1] if u < n - 1 else -INFINITY
            q.b2[u] = fl_ctc_log_add(blank, label)
            q.blank[k] = exp_((q.a[k] + blank) - total)
            q.next[k] = exp_((q.a[k] + label) - total)
            sum += q.blank[k]
        # A logarithm of 1e5 has lost five digits, but all of a frame lost much the same; each way takes one of its blanks.
        for u in range(n):
            q.b[u] = q.b2[u]
            q.blank[t * n + u] /= sum
            q.next[t * n + u] /= sum


cdef inline void scores_of_node(const real* tag, const RnntCall* call, const Grid* q, const Joined* j, Py_ssize_t sequence, Py_ssize_t t,
                                Py_ssize_t u, real* logits, double* blank, double* label) noexcept nogil:
    """Those of the blank and of the label, less the largest."""
    cdef Py_ssize_t k = t * q.n + u
    cdef const real* x
    if real is double:
        if call.decoder.data != NULL:
            blank[0], label[0] = j.of_blank[k] - q.m[k], j.of_label[k] - q.m[k]
            return
    x = logits_of_node(call, node_of(call, &call.logits, call.logits_stride, sequence, q.n, t, u), logits)
    blank[0] = <double>x[call.blank] - q.m[k]
    label[0] = <double>x[q.label[u]] - q.m[k] if u < q.labels else -INFINITY


cdef void make_logarithms(const real* tag, const RnntCall* call, Grid* q, const Joined* j, Py_ssize_t sequence, real* logits) noexcept nogil:
    """Logarithms of the probabilities of each node, after its sums."""
    cdef Py_ssize_t t, u, k = 0
    cdef double of_all
    for t in range(q.frames):
        if fl_stopped(&call.stop):
            break
        for u in range(q.n):
            scores_of_node(tag, call, q, j, sequence, t, u, logits, &q.blank[k], &q.next[k])
            of_all = log_(q.all[k])
            q.blank[k] -= of_all
            q.next[k] -= of_all
            k += 1


cdef double what_fails_of(const real* tag, const RnntCall* call, Grid* q, const Joined* j, Py_ssize_t sequence, real* logits) noexcept nogil:
    """The probability of all that is no way to the labels; `a` is lost."""
    cdef Py_ssize_t t, u, n = q.n, k = 0
    cdef double fails = 0, blank = 0, label = 0
    memset(q.a, 0, q.frames * n * sizeof(double))
    q.a[0] = 1
    for t in range(q.frames):
        if fl_stopped(&call.stop):
            break
        for u in range(n):
            scores_of_node(tag, call, q, j, sequence, t, u, logits, &blank, &label)
            blank = q.a[k] * (exp_(blank) / q.all[k])
            fails += q.a[k] * (q.others[k] / q.all[k])
            if t < q.frames - 1:
                q.a[k + n] += blank
            elif u < n - 1:
                fails += blank
            if u < n - 1:
                q.a[k + 1] += q.a[k] * (exp_(label) / q.all[k])
            k += 1
    return fails


cdef inline void multiply_row(real* e, double by, Py_ssize_t classes) noexcept nogil:
    cdef real factor = <real>by
    cdef Py_ssize_t c
    for c in range(classes):
        e[c] *= factor


cdef void write_node(const real* tag, const RnntCall* call, Grid* q, Py_ssize_t k, Py_ssize_t u, double scale, const real* x,
                     real* e, const fl_ahead* ahead) noexcept nogil:
    """The gradient of a node into `e`, which may be x."""
    cdef double blank = q.blank[k], label = q.next[k] * (1 + call.fast), here, rest, ties = 0
    cdef real m = <real>q.m[k]
    here = blank + label
    if call.normalized:
        memset(e, 0, call.classes * sizeof(real))
        e[call.blank] = <real>(0 - blank * scale)
        if u < q.labels:
            e[q.label[u]] = <real>(0 - label * scale)
        return
    # Where all numbers round to 0 the logits are not read again.
    if abs_(here * scale) < (LEAST_FLOAT if sizeof(real) == 4 else LEAST_DOUBLE):
        memset(e, 0, call.classes * sizeof(real))
        return
    rest = here * (q.others[k] / q.all[k])
    gradients_of_step(here, q.p[k], q.r[k], rest, &blank, &label)
    # Nothing adds these up: exponentials of floats to 1 ULP will do, which take half the time.
    if real is float:
        if fl_has_bits(m):
            fl_exp_times(x, m, here * scale / q.all[k], e, call.classes, ahead)
        else:
            fl_block_exp_sum_f32(x, m, e, call.classes, &ties, ahead, 0)
            multiply_row(e, here * scale / q.all[k], call.classes)
    else:
        fl_block_exp_sum_f64(x, m, e, call.classes, &ties, ahead, 0)
        multiply_row(e, here * scale / q.all[k], call.classes)
    e[call.blank] = <real>(blank * scale)
    if u < q.labels:
        e[q.label[u]] = <real>(label * scale)


cdef double rnnt_block(const real* tag, const RnntCall* call, Py_ssize_t sequence, char* scratch) noexcept nogil:
    cdef const int64_t* start = <const int64_t*>call.label_start.data
    cdef Py_ssize_t frames = (<const int64_t*>call.frames.data)[sequence], labels = start[sequence + 1] - start[sequence]
    cdef Py_ssize_t t, u, k, n = labels + 1
    cdef real rounded[1]
    cdef double weight = (<const double*>call.weight.data)[sequence] * (<const double*>call.share.data)[sequence]
    cdef double scale = weight / call.denominator if call.denominator != 0 else 0, loss = 0
    cdef bint impossible = False, direct, joined = False
    cdef Grid q
    cdef Joined j
    cdef fl_ahead next_node
    cdef real* logits
    cdef real* e
    cdef real* row
    cdef uint16_t* bits
    cdef real filling = 0
    cdef const real* x
    cdef char* place
    scratch += lay_out_grid(frames * n, frames, labels, &q, scratch)
    if real is double:
        joined = call.decoder.data != NULL
        if joined:
            scratch += lay_out_joined(call, frames * n, frames, labels, &j, scratch)
            j.first_frame = (<const int64_t*>call.first_frame.data)[sequence]
            j.first_place = (<const int64_t*>call.first_place.data)[sequence]
    logits = <real*>scratch
    e = logits + call.classes + 8
    bits = <uint16_t*>(e + call.classes + 8)
    if weight != 0:
        q.label = <const int64_t*>call.labels.data + start[sequence]
        if frames == 0:
            loss, impossible = INFINITY, True
        else:
            if joined:
                sums_of_joined(call, &q, &j, sequence)
            else:
                sums_of_nodes(tag, call, &q, sequence, logits, e, bits)
            if not ways_by_factors(call, &q, &loss):
                make_logarithms(tag, call, &q, &j, sequence, logits)
                ways_by_logarithms(call, &q, &loss)
            if not call.normalized and loss < (SMALL_LOSS[0] * (frames + labels) if sizeof(real) == 4 else SMALL_LOSS[1]):
                loss = -log1p_(-what_fails_of(tag, call, &q, &j, sequence, logits))
            impossible = loss == INFINITY
        if impossible:
            (<unsigned char*>call.impossible.data)[sequence] = 1
            loss = 0 if call.impossible_is_zero else INFINITY
        if loss != loss or (impossible and not call.impossible_is_zero):
            filling = NAN
    if joined:
        direct = weight != 0 and not impossible and loss == loss
        if direct:
            gradients_of_joined(call, &q, &j, sequence, scale)
        fill_joined(call, &j, sequence, filling, not direct, j.row)
    elif call.gradient.data != NULL:
        for t in range(max(frames, <Py_ssize_t>call.padded_frames)):
            if fl_stopped(&call.stop):
                break
            for u in range(max(n, <Py_ssize_t>call.padded_nodes)):
                place = node_of(call, &call.gradient, call.gradient_stride, sequence, n, t, u)
                direct = class_run_in_place(tag, &call.gradient, place)
                row = <real*>place if direct else e
                if t < frames and u < n and weight != 0 and not impossible and loss == loss:
                    x = logits_of_node(call, node_of(call, &call.logits, call.logits_stride, sequence, n, t, u), logits)
                    write_node(tag, call, &q, t * n + u, u, scale, x, row, ahead_of_node(call, &q, sequence, t, u, True, &next_node))
                else:
                    for k in range(call.classes):
                        row[k] = filling if t < frames and u < n else 0
                if not direct:
                    store_run(&call.gradient, place, call.gradient.class_stride, call.classes, row)
    loss *= weight
    if call.value.data != NULL:
        rounded[0] = <real>(loss * call.value_factor + 0)
        store(&call.value, 0, sequence, 1, rounded)
    return loss


cdef double rnnt_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return rnnt_block(<const float*>NULL, <const RnntCall*>call, block, <char*>scratch)

cdef double rnnt_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return rnnt_block(<const double*>NULL, <const RnntCall*>call, block, <char*>scratch)
