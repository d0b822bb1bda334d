# The targets of softmax.pxi: looked at before anything is computed, or block by block where all results are new arrays.

cdef inline double row_of_shares(const real* y, Py_ssize_t classes, int* negative) noexcept nogil:
    if real is float:
        return fl_block_shares_f32(y, classes, negative)
    else:
        return fl_block_shares_f64(y, classes, negative)


cdef bint wrong_sum(double total, bint negative) noexcept nogil:
    return negative or total > 1 + SUM_TOLERANCE or total < 1 - SUM_TOLERANCE


cdef inline double row_weight_of(const RowsCall* call, const real* y, Py_ssize_t stride, int64_t label, double total) noexcept nogil:
    """What a target adds up to once it is smoothed and its classes are weighted; `y`: NULL where it is a label."""
    cdef double row_weight = 0, row_tail = 0, smoothed
    cdef Py_ssize_t c
    if call.divergence:
        return 1
    if call.class_weight == NULL:
        return (1 - call.smoothing) * total + call.smoothing
    for c in range(call.classes):
        smoothed = (<double>y[c * stride] if y != NULL else <double>(label == c)) * (1 - call.smoothing)
        add_exactly(call.class_weight[c] * (smoothed + call.smoothing / call.classes), &row_weight, &row_tail)
    return row_weight + row_tail


cdef inline double weighed_once(double weight, double row_weight) noexcept nogil:
    """A NaN in a soft target makes its row NaN, not the denominator of all others."""
    return where_(weight == 0, weight, weight * where_(row_weight == row_weight, row_weight, <double>1))


cdef bint tile_of_shares(const RowsCall* call, Py_ssize_t first, Py_ssize_t n, const real* weight, real* y,
                         double* total) noexcept nogil:
    """The sum of each row of a tile of targets, which is left in `y`; whether one of them that counts is wrong."""
    cdef Py_ssize_t lanes = lanes_of(y), c, i
    cdef double tail[TILE_ROWS]
    cdef real least[TILE_ROWS]
    cdef bint bad = False
    load_tile(&call.y_true, first, n, call.classes, <const real*>NULL, y, y + lanes * call.classes)
    for i in range(lanes):
        total[i] = tail[i] = least[i] = 0
    for c in range(call.classes):
        for i in range(lanes):
            least[i] = where_(y[c * lanes + i] < least[i], y[c * lanes + i], least[i])
            if real is float:    # a double has the digits of many of them
                total[i] += y[c * lanes + i]
            else:
                add_exactly(<double>y[c * lanes + i], &total[i], &tail[i])
    for i in range(n):
        total[i] = where_(total[i] < INFINITY, total[i] + tail[i], total[i])     # of an infinite sum the tail is a NaN
        bad |= weight[i] != 0 and wrong_sum(total[i], least[i] < 0)
    return bad


cdef extern from "blocks/watch.h" nogil:
    void fl_stop(int* stop) noexcept

cdef enum Looked:               # what a look at the targets and weights of some rows has found
    REFUSED                      # one is outside its domain
    ONE_EACH                     # every row weighs 1
    WEIGHED                      # the rows weigh what was left


cdef Looked look_at(const real* tag, const RowsCall* call, Py_ssize_t first, Py_ssize_t n, real* y, double* weighed) noexcept nogil:
    """Look at some rows, and leave what each weighs: its weight x the sum of a soft target. `y`: room for targets."""
    cdef Py_ssize_t i
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef real buffer[INSPECTED_ROWS]
    cdef real weight[INSPECTED_ROWS]
    cdef int64_t label[INSPECTED_ROWS]
    cdef const real* w = load_weights(&call.weight, &call.where, first, n, buffer)
    cdef const real* target = NULL
    cdef double row_weight
    cdef double total[TILE_ROWS]
    cdef bint bad = False, outside, few = in_lanes(tag, call.classes)
    cdef int negative
    cdef char* data
    copy_weights(w, n, weight)
    if not call.given_dense:
        outside = load_labels(call, first, n, label)
        if outside:
            for i in range(n):
                bad |= (label[i] == FL_LABEL_BAD) & (weight[i] != 0)
            if bad:
                return REFUSED
        elif w == NULL and call.class_weight == NULL:
            return ONE_EACH
        weigh_labels(call, n, outside, label, weight)
    if not weights_valid(weight, n):
        return REFUSED
    if call.given_dense and few and tile_of_shares(call, first, n, weight, y, total):
        return REFUSED
    for i in range(n):
        weighed[i] = weight[i]
    if call.dense and call.class_weight == NULL and (few or not call.given_dense):
        for i in range(n):
            row_weight = row_weight_of(call, target, 1, 0, total[i] if call.given_dense else 1)
            weighed[i] = weighed_once(weight[i], row_weight)
        return WEIGHED
    for i in range(n if call.dense else 0):
        if weight[i] == 0:
            continue
        row_weight = 1
        if call.given_dense and few:
            target, row_weight = y + i, total[i]
        elif call.given_dense:
            data = call.y_true.data + sample_offset(&call.y_true, first + i, index)
            target = <const real*>data
            if not class_run_in_place(tag, &call.y_true, data):
                target = y
                load_run(&call.y_true, data, call.y_true.class_stride, call.classes, y)
            row_weight = row_of_shares(target, call.classes, &negative)
            if wrong_sum(row_weight, negative):
                return REFUSED
        row_weight = row_weight_of(call, target, lanes_of(tag) if few else 1, label[i] if not call.given_dense else 0, row_weight)
        weighed[i] = weighed_once(weight[i], row_weight)
    return WEIGHED


cdef double rows_inspected(const real* tag, const RowsCall* call, Py_ssize_t block, char* scratch) noexcept nogil:
    """Weigh a block (`run_inspection`); NaN where a weight or a target is outside its domain."""
    cdef Py_ssize_t size = rows_inspected_at_once(tag, call), first = block * size
    cdef Py_ssize_t n = min(size, call.rows - first)
    cdef double weighed[INSPECTED_ROWS]
    cdef Looked found = look_at(tag, call, first, n, <real*>(scratch + EXACT_BYTES), weighed)
    if found == WEIGHED:
        return weigh_rows(scratch, weighed, n)
    return <double>n if found == ONE_EACH else NAN


cdef bint refuses(const RowsCall* call, Py_ssize_t first, Py_ssize_t n, real* y) noexcept nogil:
    """Look at rows that are about to be computed, each of which weighs 1; whether some target is refused, which is noted."""
    cdef Py_ssize_t size = rows_inspected_at_once(y, call), at = first
    cdef double weighed[INSPECTED_ROWS]
    while at < first + n:
        if look_at(y, call, at, min(size, first + n - at), y, weighed) == REFUSED:
            fl_stop(call.refused)
            return True
        at += size
    return False
