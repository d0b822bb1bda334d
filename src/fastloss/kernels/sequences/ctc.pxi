# Connectionist temporal classification: the sum over all alignments of a label sequence with the frames of a sequence of logits.
#
# - The sweep over the classes of a frame is in the compute type, its sum in double: it leaves the exponentials in the gradient.
#   The classes that the lattice needs, those of the labels and the blank, are left out of it and made in double. The sum of all
#   multiplies each path alike, so it cancels in the posteriors.
# - The lattice is in ctc.h. Its rows are kept for a block of frames; of earlier blocks only the first row is, and the block is made
#   again on the way back: the cache holds the lattice, not the memory.
# - The gradient of a frame is p - posterior. Of a class with p > 1/2 it is minus the sum of all others, so that frames that are
#   right keep their digits, and rows add up to 0.
# - A loss near 0 is -log(1 - what fails), which is added up frame by frame; nothing is subtracted.
#
# A sequence has the same bits alone and in any batch, on any number of threads and in every layout: all depends on its own numbers.

from libc.stdint cimport uint16_t

cdef extern from "sequences/ctc.h" nogil:
    enum: FL_CTC_BEFORE, FL_CTC_HIGH
    double FL_CTC_LN2
    void fl_ctc_apart_f32(const float*, const float*, float*, Py_ssize_t) noexcept
    void fl_ctc_apart_f64(const double*, const double*, double*, Py_ssize_t) noexcept
    double fl_ctc_step(const double*, const double*, double, double, double*, Py_ssize_t) noexcept
    double fl_ctc_back(const double*, const double*, const double*, double, double, const double*, const double*, double*, double*,
                       double*, double*, Py_ssize_t) noexcept
    void fl_ctc_differences(const double*, double, double, double*, Py_ssize_t) noexcept
    int fl_ctc_rescaling(double) noexcept
    double fl_ctc_log_add(double, double) noexcept
    void fl_ctc_log_step(const double*, const double*, double, double*, Py_ssize_t) noexcept
    void fl_ctc_log_back(const double*, const double*, const double*, double, double, const double*, const double*, double*, double*,
                         double*, double*, Py_ssize_t) noexcept
    double fl_ctc_leaving(const double*, double*, const double*, int64_t, double, const int64_t*, const double*, Py_ssize_t) noexcept

cdef extern from "blocks/exactly.h" nogil:
    double fl_block_exp_exactly(const float*, float, float*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept

cdef extern from "sequences/softmax.h" nogil:
    Py_ssize_t fl_bits_words(Py_ssize_t) noexcept
    void fl_bits_of_all(uint16_t*, Py_ssize_t) noexcept
    void fl_bits_without(uint16_t*, Py_ssize_t) noexcept
    bint fl_has_bits(float) noexcept
    double fl_exp_of_bits(const float*, const uint16_t*, float, float*, Py_ssize_t, const fl_ahead*) noexcept

cdef extern from "blocks/watch.h" nogil:
    bint fl_stopped(const int* stop) noexcept

cdef extern from "math.h" nogil:
    double frexp(double, int*) noexcept
    double ldexp(double, int) noexcept

cdef double CERTAIN = 7.331455181024007e252          # 2^840
cdef double MOST_PRODUCT = 8.452712498170644e270     # 2^900
cdef double SMALL_LOSS[2]    # a loss below, in float32 for each frame, is added up: it has the digits that a logarithm near 0 lacks
SMALL_LOSS[:] = [1e-7, 0.5]

cdef enum:
    LATTICE_DOUBLES = 1 << 17    # of the rows of a block: 1 MiB
    FRAMES_AHEAD = 4             # in arrays (T, N, C) the frames of a sequence lie far from each other
    CLASSES_AHEAD = 512

cdef struct CtcCall:
    Operand logits, gradient, labels, label_start, frames, first_frame, share, impossible, weight, value
    Py_ssize_t logits_stride[2]      # of a sequence and of a frame
    Py_ssize_t gradient_stride[2]
    Py_ssize_t classes
    int64_t blank, most_frames, most_labels, padded_frames
    bint normalized, impossible_is_zero
    double denominator, value_factor
    int stop                     # set: the call is to end, whatever it leaves

cdef struct Lattice:             # of one sequence
    Py_ssize_t frames, labels, n, row, block, distinct, width
    int64_t blank
    const int64_t* label
    int64_t* slot                # the number of a class among the distinct ones, -1: it is none
    int64_t* classes             # the distinct ones, the blank last
    int64_t* id                  # the number of each label's class
    uint16_t* bits               # one for each class that is no label and no blank
    double* first                # the first row of each block of frames
    double* rows                 # those of a block
    double* work
    double* skip                 # whether a label may follow the one before it without a blank between them
    double* needed               # the logits of the distinct classes, of each frame
    double* e                    # their exponentials
    double* of_frame             # what a frame has of each class
    double* m                    # of a frame: its largest logit, the sum of all exponentials, that of the others, the factor
    double* all
    double* others
    double* factor
    double largest               # cell of a row
    bint in_logarithms, lost


cdef inline Py_ssize_t eights(Py_ssize_t n) noexcept nogil:
    return (n + 7) // 8 * 8


cdef inline Py_ssize_t frames_at_once(Py_ssize_t frames, Py_ssize_t row) noexcept nogil:
    """Frames of a block: a whole number of rescalings."""
    return max(<Py_ssize_t>8, min(eights(frames + 1), LATTICE_DOUBLES // row // 8 * 8))


cdef Py_ssize_t lay_out_lattice(const CtcCall* call, Py_ssize_t frames, Py_ssize_t labels, Lattice* q, char* memory) noexcept nogil:
    """Deal out scratch; return how many bytes that takes."""
    cdef Py_ssize_t n = eights(labels + 1), row = 3 * n + 2 * FL_CTC_BEFORE, width = eights(min(labels, call.classes) + 1)
    cdef Py_ssize_t block = frames_at_once(frames, row)
    cdef double* number = <double*>memory
    cdef int64_t* place
    q.frames, q.labels, q.n, q.row, q.block, q.width, q.blank = frames, labels, n, row, block, width, call.blank
    q.first, number = number, number + (frames // block + 2) * row
    q.rows, number = number, number + (block + 1) * row
    q.work, number = number, number + 7 * (n + 8)
    q.skip, number = number, number + n + 8
    q.needed, number = number, number + (frames + 1) * width
    q.e, number = number, number + (frames + 1) * width
    q.of_frame, number = number, number + width
    q.m, number = number, number + frames
    q.all, number = number, number + frames
    q.others, number = number, number + frames
    q.factor, number = number, number + frames
    place = <int64_t*>number
    q.slot, place = place, place + call.classes
    q.classes, place = place, place + width
    q.id, place = place, place + labels
    q.bits = <uint16_t*>place
    return <char*>(place + fl_bits_words(call.classes) // 4 + 1) - memory


cdef Py_ssize_t ctc_scratch(const CtcCall* call, Py_ssize_t itemsize) noexcept nogil:
    """Bytes of the longest sequence: its lattice, the logits and the exponentials of a frame, what keeps the classes apart."""
    cdef Lattice q
    cdef char origin
    return lay_out_lattice(call, call.most_frames, call.most_labels, &q, &origin) + 3 * (call.classes + 8) * itemsize


cdef void set_labels(const CtcCall* call, Lattice* q) noexcept nogil:
    """Which classes the labels have."""
    cdef Py_ssize_t i
    cdef int64_t c
    for i in range(call.classes):
        q.slot[i] = -1
    memset(q.skip, 0, (q.n + 8) * sizeof(double))
    q.distinct = 0
    for i in range(q.labels):
        c = q.label[i]
        if q.slot[c] < 0:
            q.slot[c] = q.distinct
            q.classes[q.distinct] = c
            q.distinct += 1
        q.id[i] = q.slot[c]
        q.skip[i] = 1 if i > 0 and c != q.label[i - 1] else 0
    q.classes[q.distinct] = q.blank
    fl_bits_of_all(q.bits, call.classes)
    for i in range(q.distinct + 1):
        fl_bits_without(q.bits, q.classes[i])


cdef inline char* frame_of(const Operand* operand, const Py_ssize_t* strides, Py_ssize_t sequence, Py_ssize_t first, Py_ssize_t t) noexcept nogil:
    return operand.data + sequence * strides[0] + (first + t) * strides[1]


cdef inline const fl_ahead* ask_ahead(const CtcCall* call, const Lattice* q, Py_ssize_t sequence, Py_ssize_t first, Py_ssize_t t,
                                      fl_ahead* next_frame) noexcept nogil:
    """Ask for a frame that comes soon; or, where one is wide, return what the sweep over this one has to ask for on its way."""
    cdef bint wide = call.classes > CLASSES_AHEAD
    cdef Py_ssize_t coming = t + (1 if wide else FRAMES_AHEAD)
    if coming >= q.frames:
        return NULL
    memset(next_frame, 0, sizeof(next_frame[0]))
    next_frame.place[FL_READ] = frame_of(&call.logits, call.logits_stride, sequence, first, coming)
    next_frame.size[FL_READ] = call.logits.itemsize
    if call.gradient.data != NULL and call.gradient.data != call.logits.data:
        next_frame.place[FL_WRITE] = frame_of(&call.gradient, call.gradient_stride, sequence, first, coming)
        next_frame.size[FL_WRITE] = call.gradient.itemsize
    if wide:
        return next_frame
    fl_fetch(next_frame, 0, call.classes)
    return NULL


cdef inline const real* logits_of(const CtcCall* call, const char* data, real* buffer) noexcept nogil:
    """The logits of a frame, in the compute type."""
    if class_run_in_place(buffer, &call.logits, data):
        return <const real*>data
    load_run(&call.logits, data, call.logits.class_stride, call.classes, buffer)
    return buffer


cdef inline double sweep(const real* x, real* e, real m, Py_ssize_t classes, double* ties, const fl_ahead* ahead,
                         Py_ssize_t start) noexcept nogil:
    """Exponentials into `e`, which may be x: their sum, but for those of the largest, which are added to `ties`. `start`: the place
    of the first among those that are asked for ahead."""
    if real is float:
        return fl_block_exp_exactly(x, m, e, classes, ties, ahead, start)
    else:
        return fl_block_exp_sum_f64(x, m, e, classes, ties, ahead, start)


cdef void take_needed(const real* x, Lattice* q, Py_ssize_t t) noexcept nogil:
    """Keep the logits that the lattice needs."""
    cdef double* needed = q.needed + t * q.width
    cdef Py_ssize_t d
    for d in range(q.distinct + 1):
        needed[d] = x[q.classes[d]]
    for d in range(q.distinct + 1, q.width):
        needed[d] = -INFINITY


cdef double emissions(Lattice* q, Py_ssize_t t) noexcept nogil:
    """The exponentials of the distinct classes of a frame into `e`: their sum. Below e^-600 they are 0: one of more than e^-2000 may
    matter all the same; further down nothing does, beside 2^830 and 2^840."""
    cdef const double* needed = q.needed + t * q.width
    cdef double* e = q.e + t * q.width
    cdef double ties = 0, total, d, m = q.m[t]
    cdef int64_t lost = 0
    cdef Py_ssize_t k
    total = fl_block_exp_sum_f64(needed, m, e, q.width, &ties, NULL, 0)
    for k in range(q.width):
        d = needed[k] - m
        lost |= (d < -600) & (d > -2000)
        e[k] = where_(d < -600, <double>0, e[k])
    q.lost |= lost != 0
    return total + ties


cdef double sum_apart(const real* x, const CtcCall* call, const Lattice* q, real m, const real* apart, real* e,
                      const fl_ahead* ahead) noexcept nogil:
    """Exponentials of the classes that the lattice does not need into `e`, 0 for the others; their sum."""
    cdef Py_ssize_t classes = call.classes, d
    cdef double ties = 0, total
    if classes > CLASSES_AHEAD:
        if e != x:
            memcpy(e, x, classes * sizeof(real))
        for d in range(q.distinct + 1):
            e[q.classes[d]] = -INFINITY
    elif real is float:
        fl_ctc_apart_f32(x, apart, e, classes)
    else:
        fl_ctc_apart_f64(x, apart, e, classes)
    total = sweep(<const real*>e, e, m, classes, &ties, ahead, 0)
    return total + ties


cdef void softmax_of_frame(const real* x, const CtcCall* call, Lattice* q, Py_ssize_t t, const real* apart, real* e, double scale,
                           const fl_ahead* ahead) noexcept nogil:
    """The softmax of a frame times `scale` into `e`, which may be x, but for the classes that the lattice needs: `apart` is -infinity
    for each of them, 0 for others."""
    cdef Py_ssize_t classes = call.classes, c
    cdef real m, factor
    take_needed(x, q, t)
    if call.normalized:
        q.m[t] = fl_block_max_f64(q.needed + t * q.width, q.width)
        if q.m[t] == -INFINITY:      # whatever it is, all is 0
            q.m[t] = 0
        q.all[t], q.others[t] = 1, 0
        emissions(q, t)
        memset(e, 0, classes * sizeof(real))
        return
    if real is float:
        m = fl_block_max_f32(x, classes)
    else:
        m = fl_block_max_f64(x, classes)
    q.m[t] = m
    if real is float:
        if fl_has_bits(m):
            q.others[t] = fl_exp_of_bits(x, q.bits, m, e, classes, ahead)
        else:
            q.others[t] = sum_apart(x, call, q, m, apart, e, ahead)
    else:
        q.others[t] = sum_apart(x, call, q, m, apart, e, ahead)
    q.all[t] = q.others[t] + emissions(q, t)
    if m == -INFINITY:
        q.all[t] = NAN
    factor = <real>(scale / q.all[t])
    for c in range(classes):
        e[c] *= factor


cdef void spread_emissions(Lattice* q, Py_ssize_t t, double* row) noexcept nogil:
    """The emission of each label, behind the cells of a row."""
    cdef const double* e = q.e + t * q.width
    cdef double* own = row + FL_CTC_BEFORE + 2 * q.n
    cdef double none = -INFINITY if q.in_logarithms else 0
    cdef Py_ssize_t i
    if q.in_logarithms:
        e = q.of_frame
        for i in range(q.distinct + 1):
            q.of_frame[i] = q.needed[t * q.width + i] - q.m[t]
            if q.needed[t * q.width + i] == q.m[t]:
                q.of_frame[i] = 0
    for i in range(q.labels):
        own[i] = e[q.id[i]]
    for i in range(q.labels, q.n + FL_CTC_BEFORE):
        own[i] = none


cdef void begin_lattice(Lattice* q) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(q.row):
        q.first[i] = -INFINITY if q.in_logarithms else 0
    q.largest = ldexp(1, FL_CTC_HIGH)
    q.first[FL_CTC_BEFORE + q.n] = 0 if q.in_logarithms else q.largest


cdef void next_row(Lattice* q, Py_ssize_t t, double* row, bint anew) noexcept nogil:
    """The row behind frame t, whose emissions are spread; `anew`: its factor is chosen, too."""
    if q.in_logarithms:
        fl_ctc_log_step(row, q.skip, q.of_frame[q.distinct], row + q.row, q.n)
        return
    if anew:
        q.factor[t] = 1 if t % 4 else ldexp(1, fl_ctc_rescaling(q.largest))
    q.largest = fl_ctc_step(row, q.skip, q.factor[t], q.factor[t] * q.e[t * q.width + q.distinct], row + q.row, q.n)


cdef double loss_of_total(Lattice* q, double* total, bint normalized) noexcept nogil:
    """The loss, from the last row and the sums of the frames; `total`: that of all paths, as the way back divides by it."""
    cdef const double* end = q.rows + (q.frames - q.block * (q.frames // q.block)) * q.row + FL_CTC_BEFORE
    cdef double product = 1, part, of_frames = 0, last = end[q.n + q.labels]
    cdef int64_t exponent = 0
    cdef int k
    cdef Py_ssize_t t
    if q.labels and q.in_logarithms:
        last = fl_ctc_log_add(last, end[q.labels - 1])
    elif q.labels:
        last += end[q.labels - 1]
    total[0] = last
    for t in range(q.frames):
        if normalized:
            of_frames -= q.m[t]
            continue
        product *= q.all[t]
        if product > MOST_PRODUCT:
            product = frexp(product, &k)
            exponent += k
    if q.in_logarithms:
        return (log_(product) + exponent * FL_CTC_LN2 - last) + of_frames
    for t in range(0, q.frames, 4):
        frexp(q.factor[t], &k)
        exponent += k - 1
    exponent += FL_CTC_HIGH
    if not last > 0:
        return INFINITY if last == 0 and product == product else NAN
    part = frexp(last, &k)
    exponent -= k
    product = frexp(product / part, &k)
    exponent += k
    if product < 0.75:           # near 1 the logarithm has what is left
        product, exponent = 2 * product, exponent - 1
    return (log_(product) + exponent * FL_CTC_LN2) + of_frames


cdef void write_frame(const real* tag, const CtcCall* call, Lattice* q, Py_ssize_t t, const double* labels, double blanks, real* row,
                      double scale) noexcept nogil:
    """(p - posterior) x scale of the classes that the lattice needs."""
    cdef double inverse = 1 / q.all[t]
    cdef double* difference = q.of_frame
    cdef Py_ssize_t d, i
    memset(difference, 0, eights(q.distinct + 1) * sizeof(double))
    for i in range(q.labels):
        difference[q.id[i]] += labels[i]
    difference[q.distinct] = blanks
    if call.normalized:
        scale = -scale
    else:
        fl_ctc_differences(q.e + t * q.width, inverse, q.others[t] * inverse, difference, eights(q.distinct + 1))
    for d in range(q.distinct + 1):
        row[q.classes[d]] = <real>(scale * difference[d])


cdef double what_fails(const CtcCall* call, Lattice* q) noexcept nogil:
    """The probability of all that is no alignment: what leaves the lattice, and what does not end in a final state."""
    cdef Py_ssize_t states = 2 * q.labels + 1, t, s, d
    cdef double* a = q.rows      # two rows of it: a block has eight
    cdef double* next = q.rows + eights(states)
    cdef double* swapped
    cdef double fails = 0
    memset(a, 0, states * sizeof(double))
    a[0] = 1
    for t in range(q.frames):
        if fl_stopped(&call.stop):
            break
        for d in range(q.distinct + 1):
            q.of_frame[d] = q.e[t * q.width + d] / q.all[t]
        fails += fl_ctc_leaving(a, next, q.of_frame, q.distinct, q.others[t] / q.all[t], q.id, q.skip, states)
        swapped = a
        a = next
        next = swapped
    for s in range(states - 2):
        fails += a[s]
    return fails


cdef bint whole_way(const real* tag, const CtcCall* call, Lattice* q, Py_ssize_t sequence, Py_ssize_t first, bint anew, double scale,
                    real* logits, real* exponentials, const real* apart, bint direct, bint writes, double* loss) noexcept nogil:
    """Forwards, and back with the gradient if it `writes` that; whether the loss is certain. `direct`: the gradient is written where
    it is on the way forwards, but for a few classes; else frame by frame on the way back. `anew`: the frames have not been looked
    at."""
    cdef Py_ssize_t n = q.n, begin, end, t, i, k, blocks = q.frames // q.block + 1
    cdef double* row
    cdef double* Y = q.work
    cdef double* B = Y + n + 8
    cdef double* Y2 = B + n + 8
    cdef double* B2 = Y2 + n + 8
    cdef double* labels = B2 + n + 8
    cdef double* blanks = labels + n + 8
    cdef double* swapped
    cdef double most[8]
    cdef double total, of_blanks, none = -INFINITY if q.in_logarithms else 0
    cdef const fl_ahead* ahead
    cdef fl_ahead next_frame
    cdef const real* x
    cdef real* e
    cdef char* place
    q.lost = False
    begin_lattice(q)
    for k in range(blocks):
        begin = k * q.block
        end = min(begin + q.block, q.frames)
        memcpy(q.rows, q.first + k * q.row, q.row * sizeof(double))
        row = q.rows
        for t in range(begin, end):
            if fl_stopped(&call.stop):
                return True
            if anew:
                ahead = ask_ahead(call, q, sequence, first, t, &next_frame)
                x = logits_of(call, frame_of(&call.logits, call.logits_stride, sequence, first, t), logits)
                e = exponentials
                if direct and writes:
                    e = <real*>frame_of(&call.gradient, call.gradient_stride, sequence, first, t)
                softmax_of_frame(x, call, q, t, apart, e, scale, ahead)
            spread_emissions(q, t, row)
            next_row(q, t, row, True)
            row += q.row
        if end < q.frames or end == begin + q.block:
            memcpy(q.first + (k + 1) * q.row, row, q.row * sizeof(double))
    loss[0] = loss_of_total(q, &total, call.normalized)
    if loss[0] != loss[0]:
        return True
    if q.in_logarithms:
        if total == -INFINITY:
            return True
    elif q.lost or not total > 0:
        return False
    for i in range(n + 8):
        Y[i] = B[i] = Y2[i] = B2[i] = none
    for i in range(8):
        most[i] = 0
    B[q.labels] = 0 if q.in_logarithms else 1 / total
    if q.labels:
        Y[q.labels - 1] = B[q.labels]
    for k in range(blocks - 1, -1, -1):
        begin = k * q.block
        end = min(begin + q.block, q.frames)
        if k < blocks - 1:       # of the last block the rows are still there
            memcpy(q.rows, q.first + k * q.row, q.row * sizeof(double))
            for t in range(begin, end):
                spread_emissions(q, t, q.rows + (t - begin) * q.row)
                next_row(q, t, q.rows + (t - begin) * q.row, False)
        for t in range(end - 1, begin - 1, -1):
            if fl_stopped(&call.stop):
                return True
            row = q.rows + (t - begin) * q.row
            if q.in_logarithms:
                fl_ctc_log_back(row, row + q.row, q.skip, q.needed[t * q.width + q.distinct] - q.m[t], total, Y, B, Y2, B2, labels, blanks, n)
                of_blanks = fl_block_sum_f64(blanks, n)
            else:
                of_blanks = fl_ctc_back(row, row + q.row, q.skip, q.factor[t], q.factor[t] * q.e[t * q.width + q.distinct], Y, B, Y2, B2,
                                        labels, most, n)
            if writes:
                place = frame_of(&call.gradient, call.gradient_stride, sequence, first, t)
                e = <real*>place
                if not direct:
                    x = logits_of(call, frame_of(&call.logits, call.logits_stride, sequence, first, t), logits)
                    e = exponentials
                    softmax_of_frame(x, call, q, t, apart, e, scale, NULL)
                write_frame(tag, call, q, t, labels, of_blanks, e, scale)
                if not direct:
                    store_run(&call.gradient, place, call.gradient.class_stride, call.classes, exponentials)
            swapped = Y
            Y = Y2
            Y2 = swapped
            swapped = B
            B = B2
            B2 = swapped
    return q.in_logarithms or fl_block_max_f64(most, 8) < CERTAIN


cdef void fill_frames(const real* tag, const CtcCall* call, Py_ssize_t sequence, Py_ssize_t first, Py_ssize_t begin, Py_ssize_t end,
                      real number, real* row) noexcept nogil:
    cdef Py_ssize_t t, c
    if call.gradient.data == NULL or begin >= end:
        return
    for c in range(call.classes):
        row[c] = number
    for t in range(begin, end):
        store_run(&call.gradient, frame_of(&call.gradient, call.gradient_stride, sequence, first, t), call.gradient.class_stride,
                  call.classes, row)


cdef double ctc_block(const real* tag, const CtcCall* call, Py_ssize_t sequence, char* scratch) noexcept nogil:
    cdef const int64_t* start = <const int64_t*>call.label_start.data
    cdef Py_ssize_t frames = (<const int64_t*>call.frames.data)[sequence], first = (<const int64_t*>call.first_frame.data)[sequence]
    cdef Py_ssize_t labels = start[sequence + 1] - start[sequence], padded = max(frames, <Py_ssize_t>call.padded_frames)
    cdef Py_ssize_t i, repeats = 0
    cdef real rounded[1]
    cdef double weight = (<const double*>call.weight.data)[sequence] * (<const double*>call.share.data)[sequence]
    cdef double scale = weight / call.denominator if call.denominator != 0 else 0, loss = 0, fails
    cdef bint direct, writes, impossible = False
    cdef Lattice q
    cdef real* logits
    cdef real* exponentials
    cdef real* apart
    scratch += lay_out_lattice(call, frames, labels, &q, scratch)
    logits = <real*>scratch
    exponentials = logits + call.classes + 8
    apart = exponentials + call.classes + 8
    if weight != 0:
        q.label = <const int64_t*>call.labels.data + start[sequence]
        for i in range(1, labels):
            repeats += q.label[i] == q.label[i - 1]
        if frames < labels + repeats:
            loss, impossible = INFINITY, True
        elif frames > 0:
            set_labels(call, &q)
            for i in range(call.classes):
                apart[i] = 0
            for i in range(q.distinct + 1):
                apart[q.classes[i]] = -INFINITY
            direct = True
            for i in range(frames):  # whether each lies as the kernel computes
                direct &= class_run_in_place(tag, &call.gradient, frame_of(&call.gradient, call.gradient_stride, sequence, first, i))
            if call.gradient.data == NULL:
                direct = True
            writes = call.gradient.data != NULL
            # What is not direct may be written over the logits, which an uncertain loss has to read again.
            q.in_logarithms = False
            q.in_logarithms = not whole_way(tag, call, &q, sequence, first, True, scale, logits, exponentials, apart, direct,
                                            writes and direct, &loss)
            if q.in_logarithms or (writes and not direct):
                whole_way(tag, call, &q, sequence, first, False, scale, logits, exponentials, apart, direct, writes, &loss)
            if not call.normalized and loss < (SMALL_LOSS[0] * frames if sizeof(real) == 4 else SMALL_LOSS[1]):
                q.in_logarithms = False
                fails = what_fails(call, &q)
                loss = -log1p_(-fails)
            impossible = loss == INFINITY
        if impossible:
            (<unsigned char*>call.impossible.data)[sequence] = 1
            loss = 0 if call.impossible_is_zero else INFINITY
        if impossible or loss != loss:
            fill_frames(tag, call, sequence, first, 0, frames, <real>0 if impossible and call.impossible_is_zero else <real>NAN, exponentials)
        fill_frames(tag, call, sequence, first, frames, padded, <real>0, exponentials)
        loss *= weight
    else:
        fill_frames(tag, call, sequence, first, 0, padded, <real>0, exponentials)
    if call.value.data != NULL:
        rounded[0] = <real>(loss * call.value_factor + 0)
        store(&call.value, 0, sequence, 1, rounded)
    return loss


cdef double ctc_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return ctc_block(<const float*>NULL, <const CtcCall*>call, block, <char*>scratch)

cdef double ctc_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return ctc_block(<const double*>NULL, <const CtcCall*>call, block, <char*>scratch)
