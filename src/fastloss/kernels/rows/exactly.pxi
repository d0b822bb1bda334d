# Rows of floats whose exponentials and their sum are made in double, in the sweeps of softmax.pxi: of logits that are capped, and
# of losses that are functions of the probability of the true class (confidence.pxi), which raise the sum to a power.
#
# A loss of the true class leaves a few numbers for each row, and gradient and Hessian are those of cross-entropy but for them:
#
#     gradient_j = each e_j,    Hessian_j = e_j (lean ((1 - e_j) + rest) + bend e_j),    and at the true class two numbers of their own
#
# Of z = softcap tanh(x / softcap) all that cross-entropy needs is the distance from the largest, over the temperature. It takes
# the place of the logits, beside a largest of 0. Around the loss of z is the chain rule:  gradient = g z',  Hessian = h z'^2 + g z''.
#
# A row with a logit beyond MOST_CAPPED caps is computed apart, but one far below: its slope is 0, that of -infinity too.

cdef extern from "blocks/exactly.h" nogil:
    ctypedef struct fl_cap:
        double twice, reach
    float fl_tanhf(float) noexcept
    double fl_cap_share(double, double*) noexcept
    void fl_lanes_cap(const fl_cap*, const float*, double*) noexcept
    double fl_exp_apart(double, double) noexcept
    void fl_lanes_exp_exactly(const float*, const float*, float*, double*, float*) noexcept
    double fl_block_exp_exactly(const float*, float, float*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept
    void fl_lanes_exp_capped(const fl_cap*, const float*, const float*, const double*, float*, double*, float*, float*, float*) noexcept
    double fl_block_exp_capped(const fl_cap*, const float*, float, float*, Py_ssize_t, double*, float*, float*, const fl_ahead*,
                               Py_ssize_t) noexcept

cdef enum:
    MOST_CAPPED = 40
    FLAT_CAPPED = 60             # caps from which on a slope is 0
    PLAIN_REACH = 84             # of distances up to that no exponential is next to underflow
    CAPPED_ARRAYS = 3            # of numbers for each logit

#: Numbers for each logit of a tile or a row.
cdef struct Capped:
    fl_cap cap
    float* distance              # none is above 0; NULL: that of the label is all that is wanted
    float* slope                 # z'
    float* tangent               # tanh(x / softcap)


cdef inline const fl_cap* cap_of(const Capped* capped) noexcept nogil:
    """NULL: the logits are not capped."""
    return NULL if capped.slope == NULL else &capped.cap


cdef inline double sum_in_double(const Capped* capped, const float* x, Py_ssize_t start, Py_ssize_t n, float m, float* e,
                                 double* ties, const fl_ahead* ahead) noexcept nogil:
    """Of some classes of a wide row: the sum of the exponentials but for ties."""
    if cap_of(capped) == NULL:
        return fl_block_exp_exactly(x, m, e, n, ties, ahead, start)
    return fl_block_exp_capped(&capped.cap, x, m, e, n, ties, NULL if capped.distance == NULL else capped.distance + start,
                               capped.slope + start, ahead, start)


cdef inline bint in_double(const RowsCall* call) noexcept nogil:
    return call.graded or has_cap(call)


cdef inline bint has_cap(const RowsCall* call) noexcept nogil:
    return call.softcap == call.softcap


cdef inline Capped capped_arrays(const RowsCall* call, float* numbers, Py_ssize_t size) noexcept nogil:
    cdef Capped capped
    memset(&capped, 0, sizeof(capped))
    if has_cap(call):
        capped.cap.twice, capped.cap.reach = 2 / call.softcap, 2 * call.softcap * call.inverse
        capped.distance, capped.slope, capped.tangent = numbers if call.dense else NULL, numbers + size, numbers + 2 * size
    return capped


cdef inline Py_ssize_t capped_scratch(const RowsCall* call, Py_ssize_t size) noexcept nogil:
    """Numbers of scratch for the arrays of so many logits."""
    return CAPPED_ARRAYS * size if has_cap(call) else 0


cdef inline double capped_level(const RowsCall* call, float m) noexcept nogil:
    """A logit that is capped, over the temperature."""
    cdef double growth
    return call.softcap * (1 - 2 * fl_cap_share(m * (2 / call.softcap), &growth)) * call.inverse


cdef void sums_in_double(const RowsCall* call, const Capped* capped, const float* x, float* e, float* m, float* rest, float* tail,
                         float* ties) noexcept nogil:
    """As tile_sums."""
    cdef Py_ssize_t lanes = lanes_of(x), c, i, at
    cdef double top[TILE_ROWS]
    cdef double total[TILE_ROWS]
    cdef const fl_cap* cap = cap_of(capped)
    tile_largest(x, call.classes, m)
    if cap != NULL:
        fl_lanes_cap(cap, m, top)
    for i in range(lanes):
        total[i] = ties[i] = 0
    for c in range(call.classes):
        at = c * lanes
        if cap == NULL:
            fl_lanes_exp_exactly(x + at, m, e + at, total, ties)
        else:
            fl_lanes_exp_capped(cap, x + at, m, top, e + at, total, ties, NULL if capped.distance == NULL else capped.distance + at,
                                capped.slope + at)
    for i in range(lanes):
        total[i] += <double>ties[i] - 1
        rest[i] = <float>total[i]
        tail[i] = <float>(total[i] - rest[i])


cdef inline float capped_apart(const RowsCall* call, float m, float x) noexcept nogil:
    """By how much a capped logit is above another, over the temperature."""
    cdef double twice = 2 / call.softcap, growth
    return <float>((fl_cap_share(x * twice, &growth) - fl_cap_share(m * twice, &growth)) * (2 * call.softcap * call.inverse))


cdef void capped_tangents(const RowsCall* call, const Capped* capped, const float* x, Py_ssize_t n) noexcept nogil:
    cdef float inverse = <float>(1 / call.softcap)
    cdef float part[LANES]          # always so many: what is left over would be computed one by one
    cdef Py_ssize_t start = 0, i, count
    while start < n:
        count = min(<Py_ssize_t>LANES, n - start)
        for i in range(LANES):
            part[i] = 0
        for i in range(count):
            part[i] = x[start + i] * inverse
        for i in range(LANES):
            part[i] = fl_tanhf(part[i])
        memcpy(capped.tangent + start, part, count * sizeof(float))
        start += LANES


cdef void chain_rule(const RowsCall* call, const Capped* capped, Py_ssize_t n, float* gradient, float* hessian) noexcept nogil:
    """Of n numbers. `hessian`: NULL where nobody wants it."""
    cdef float second, factor = <float>(-2 / call.softcap)
    cdef bint gauss_newton = by_gauss_newton(&call.curvature)
    cdef const float* slope = capped.slope
    cdef const float* tangent = capped.tangent
    cdef Py_ssize_t i
    if hessian != NULL:
        for i in range(n):
            second = where_(gauss_newton, <float>0, gradient[i] * (factor * tangent[i]))
            hessian[i] = (hessian[i] * slope[i] + second) * slope[i]
    for i in range(n):
        gradient[i] *= slope[i]


cdef inline float least_capped(const RowsCall* call, float m, double weight, float* flat) noexcept nogil:
    """The least logit of a row that is not extreme, beside those below `flat`."""
    flat[0] = <float>(-FLAT_CAPPED * call.softcap)
    if not shows(<const float*>NULL, call, weight) or 2 * call.softcap * call.inverse <= PLAIN_REACH:
        return <float>(-MOST_CAPPED * call.softcap)
    flat[0] = -INFINITY
    return max(<float>(-MOST_CAPPED * call.softcap), <float>(m + far_begin(<const float*>NULL) * call.temperature))


cdef bint find_capped_extremes(const RowsCall* call, const float* x, const float* m, const float* weight, Py_ssize_t n,
                               bint* extreme) noexcept nogil:
    """As find_extremes."""
    cdef Py_ssize_t lanes = lanes_of(x), c, i
    cdef float most = <float>(MOST_CAPPED * call.softcap)
    cdef float least[TILE_ROWS]
    cdef float flat[TILE_ROWS]
    cdef float found[TILE_ROWS]
    cdef bint any_ = False
    for i in range(lanes):
        found[i] = call.always or not m[i] >= -most
        least[i] = least_capped(call, m[i], weight[i] if i < n else 0, &flat[i])
    for c in range(call.classes):
        for i in range(lanes):
            found[i] += where_(((x[c * lanes + i] >= least[i]) | (x[c * lanes + i] < flat[i])) & (x[c * lanes + i] <= most), <float>0, <float>1)
    for i in range(n):
        extreme[i] = found[i] != 0 and weight[i] != 0
        any_ |= extreme[i]
    return any_


cdef bint is_capped_extreme(const RowsCall* call, const float* x, float m, double weight) noexcept nogil:
    """The same of one row."""
    cdef float most = <float>(MOST_CAPPED * call.softcap), flat, least = least_capped(call, m, weight, &flat)
    cdef int found = call.always or not m >= -most
    cdef Py_ssize_t c
    for c in range(call.classes):
        found |= not (((x[c] >= least) | (x[c] < flat)) & (x[c] <= most))
    return found and weight != 0


#: What a loss of the true class leaves of each row of a tile: see above. They are weighted and scaled.
cdef struct Graded:
    double value[TILE_ROWS]
    float each[TILE_ROWS]
    float own[TILE_ROWS]
    double lean[TILE_ROWS]
    double bend[TILE_ROWS]
    float own_curvature[TILE_ROWS]


cdef void grade(const RowsCall* call, Py_ssize_t n, const double* x, const double* m, const double* rest, const double* weight,
                const int64_t* label, Graded* found) noexcept nogil:
    """Of n rows, whose `x` is that of their true class. In double: what a pair of them would keep does not show in a float."""
    cdef const RowLossCall* own = <const RowLossCall*>call.own
    cdef Tile t
    cdef double true_x[LANES]
    cdef double true_e[LANES]
    cdef double largest[LANES]
    cdef double others[LANES]
    cdef double factor[LANES]
    cdef Confident of
    cdef Py_ssize_t start = 0, i, k, count, group
    t.steps, t.wide, t.groups = 0, n < GROUP, LANES // GROUP if n > GROUP else 1
    while start < n:
        count = min(<Py_ssize_t>LANES, n - start)
        for i in range(LANES):
            k = min(start + i, n - 1)
            true_x[i], largest[i], others[i], t.label[i], t.lift[i] = x[k], m[k], rest[k], <double>label[k], 1
        for group in range(t.groups):
            for i in range(group * GROUP, group * GROUP + GROUP):
                true_e[i] = where_(true_x[i] == largest[i], <double>1, fl_exp_apart(true_x[i], largest[i]))
                t.m[i], t.rest[i], t.whole[i] = largest[i], others[i], 1 + others[i]
                t.inverse[i] = 1 / (1 + others[i])
                t.scaled_rest[i] = others[i] * SCALE_UP
                t.log_head[i] = t.log_sum[i] = log1p_(others[i])
                t.log_tail[i] = 0
        row_table[own.loss].graded(own, &t, true_x, true_e, &of)
        for i in range(count):
            factor[i] = where_(t.value[i] == t.value[i], weight[start + i] * call.scale, <double>NAN)
        for i in range(count):
            found.value[start + i] = t.value[i]
            found.each[start + i] = <float>(of.scaled[i] * factor[i])
            found.own[start + i] = <float>(of.at_true[i] * factor[i])
        if call.want & HESSIAN:
            for i in range(count):
                found.own_curvature[start + i] = <float>(of.curvature[i] * factor[i])
                found.lean[start + i] = of.a[i] * t.inverse[i] * t.inverse[i] * factor[i]
                found.bend[start + i] = of.bq[i] / of.below[i] * t.inverse[i] * factor[i]
        start += LANES


cdef void grade_tile(const RowsCall* call, Py_ssize_t n, const float* x, const float* m, const float* rest, const float* tail,
                     const float* weight, const float* label, Graded* found) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(x), i
    cdef double true_x[TILE_ROWS]
    cdef double largest[TILE_ROWS]
    cdef double sum_[TILE_ROWS]
    cdef double of_sample[TILE_ROWS]
    cdef int64_t place[TILE_ROWS]
    for i in range(lanes):
        place[i] = <int64_t>label[i]
        true_x[i] = x[place[i] * lanes + i]
        largest[i], sum_[i], of_sample[i] = m[i], <double>rest[i] + <double>tail[i], weight[i]
    grade(call, n, true_x, largest, sum_, of_sample, place, found)


cdef void graded_curvature(const Graded* found, const float* e, const float* rest, const float* tail, const float* weight, const float* label,
                           Py_ssize_t classes, float* hessian) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(e), c, i
    cdef double h, sum_
    for c in range(classes):
        for i in range(lanes):
            sum_ = <double>rest[i] + <double>tail[i]
            h = e[c * lanes + i]
            h *= complement(h, sum_, 1 + sum_) * found.lean[i] + h * found.bend[i]
            h = where_(label[i] == c, <double>found.own_curvature[i], h)
            hessian[c * lanes + i] = where_(weight[i] == 0, <float>0, <float>h)


cdef double graded_row(const RowsCall* call, Py_ssize_t row, int64_t label, float* weight, const float* x, float m, double rest, float* e,
                       float* hessian, double* total) noexcept nogil:
    """A wide row, as wide_row; the exponentials of its gradient are scaled in their place."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    cdef double h, sum_ = rest, largest = m, true_x = x[label], of_sample = weight[0]
    cdef float value
    cdef char* data
    cdef Graded found
    grade(call, 1, &true_x, &largest, &sum_, &of_sample, &label, &found)
    round_values(found.value, NULL, 1, weight, &value)
    total[0] = 0                 # there is no logarithm to add
    if call.want & HESSIAN:
        data = call.hessian.data + sample_offset(&call.hessian, row, index)
        if class_run_in_place(x, &call.hessian, data):
            hessian = <float*>data
        for c in range(call.classes):
            h = e[c]
            hessian[c] = <float>(h * (complement(h, sum_, 1 + sum_) * found.lean[0] + h * found.bend[0]))
        hessian[label] = found.own_curvature[0]
        store_curvature(call, hessian, data)
    if call.want & GRADIENT:
        for c in range(call.classes):
            e[c] *= found.each[0]
        e[label] = found.own[0]
        data = call.gradient.data + sample_offset(&call.gradient, row, index)
        if e != <float*>data:
            store_run(&call.gradient, data, call.gradient.class_stride, call.classes, e)
    return value
