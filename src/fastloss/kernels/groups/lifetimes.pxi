# Times until an event that are known, or known to lie before, after or between two: one formula for each sample, which decides by its
# times. All is double; results are rounded to the compute type once.

cdef extern from "groups/lifetimes.h" nogil:
    ctypedef struct fl_lifetime:
        double value, first, second, turn
    enum: FL_NORMAL
    enum: FL_LOGISTIC
    enum: FL_EXTREME
    ctypedef struct fl_times_needed:
        int lower, upper, logs
    fl_times_needed fl_need_times(const double*, const double*, Py_ssize_t) noexcept
    void fl_standardised_times(const double*, const double*, double, fl_pair*, Py_ssize_t) noexcept
    void fl_lifetime_logs(const double*, double, double*, Py_ssize_t) noexcept
    fl_lifetime fl_lifetime_of(int, double, double, double, double, fl_pair, fl_pair, double) noexcept

cdef enum:
    LIFETIMES = 256              # samples of a block

cdef struct LifetimesCall:
    Operand lower, upper, prediction, weight, where, value, gradient, hessian
    Py_ssize_t samples
    double scale, denominator, value_factor
    int distribution
    bint double_precision, by_scale
    Curvature curvature


cdef inline double rounded(const LifetimesCall* call, double x) noexcept nogil:
    return x if call.double_precision else <double><float>x


cdef double lifetimes_block(void* given, Py_ssize_t block, void* scratch) noexcept nogil:
    cdef const LifetimesCall* call = <const LifetimesCall*>given
    cdef Py_ssize_t first = block * LIFETIMES, n = min(<Py_ssize_t>LIFETIMES, call.samples - first), i
    cdef double buffer[4][LIFETIMES]
    cdef double value[LIFETIMES]
    cdef double gradient[LIFETIMES]
    cdef double hessian[LIFETIMES]
    cdef float narrow_hessian[LIFETIMES]
    cdef const double* lower = load(&call.lower, 0, first, n, buffer[0])
    cdef const double* upper = load(&call.upper, 0, first, n, buffer[1])
    cdef const double* prediction = load(&call.prediction, 0, first, n, buffer[2])
    cdef const double* weight = load_weights(&call.weight, &call.where, first, n, buffer[3])
    cdef double s = call.scale, w, multiplier
    cdef fl_pair a[LIFETIMES]
    cdef fl_pair b[LIFETIMES]
    cdef double logs[LIFETIMES]
    cdef fl_times_needed needed = fl_need_times(lower, upper, n)
    cdef fl_lifetime found
    if needed.lower:
        fl_standardised_times(lower, prediction, s, a, n)
    if needed.upper:
        fl_standardised_times(upper, prediction, s, b, n)
    if needed.logs:
        fl_lifetime_logs(lower, s, logs, n)
    for i in range(n):
        w = 1 if weight == NULL else rounded(call, weight[i])
        if w == 0:
            value[i] = gradient[i] = hessian[i] = narrow_hessian[i] = 0
            continue
        found = fl_lifetime_of(call.distribution, lower[i], upper[i], prediction[i], s, a[i], b[i], logs[i])
        multiplier = w / call.denominator if call.denominator != 0 else 0
        value[i] = w * (found.turn / s if call.by_scale else rounded(call, found.value))
        gradient[i] = rounded(call, rounded(call, -found.first / s) * multiplier + 0)
        hessian[i] = rounded(call, rounded(call, found.second / s / s) * multiplier + 0)
        narrow_hessian[i] = <float>hessian[i]
    if call.gradient.data != NULL:
        store(&call.gradient, 0, first, n, gradient)
    if call.hessian.data != NULL:
        if call.double_precision:
            shape_hessian(&call.curvature, <const double*>NULL, hessian, n)
        else:
            shape_hessian(&call.curvature, <const float*>NULL, narrow_hessian, n)
        for i in range(n):
            if not call.double_precision:
                hessian[i] = narrow_hessian[i]
            if weight != NULL and weight[i] == 0:
                hessian[i] = 0
        store(&call.hessian, 0, first, n, hessian)
    if call.value.data != NULL:
        for i in range(n):
            buffer[0][i] = rounded(call, value[i] * call.value_factor + 0)
        store(&call.value, 0, first, n, buffer[0])
    return fl_block_sum_f64(value, n)


cdef double lifetimes_inspected(void* given, Py_ssize_t block, void* scratch) noexcept nogil:
    """Weigh a block (`run_inspection`); NaN where a weight is none, or times that count are not in their order."""
    cdef const LifetimesCall* call = <const LifetimesCall*>given
    cdef Py_ssize_t first = block * LIFETIMES, n = min(<Py_ssize_t>LIFETIMES, call.samples - first), i
    cdef double buffer[3][LIFETIMES]
    cdef double rounded_weight[LIFETIMES]
    cdef const double* lower = load(&call.lower, 0, first, n, buffer[0])
    cdef const double* upper = load(&call.upper, 0, first, n, buffer[1])
    cdef const double* weight = load_weights(&call.weight, &call.where, first, n, buffer[2])
    cdef bint bad = False
    for i in range(n):
        if weight == NULL or weight[i] != 0:
            bad |= (lower[i] < 0) | (lower[i] == INFINITY) | (upper[i] <= 0) | (upper[i] < lower[i])
    if bad:
        return NAN
    if weight == NULL:
        return weigh_exactly(scratch, weight, n)
    for i in range(n):
        rounded_weight[i] = rounded(call, weight[i])
    return weigh_exactly(scratch, <const double*>rounded_weight, n)


#: The number of each distribution.
DISTRIBUTIONS = {"normal": FL_NORMAL, "logistic": FL_LOGISTIC, "extreme": FL_EXTREME}


def lifetimes(dict arrays not None, *, str distribution not None, double scale, bint double_precision, Py_ssize_t samples,
              double denominator=1, bint inspect=False, bint by_scale=False, int threads=1, double value_factor=1,
              ExactSum weight_sum=None, object curvature=None):
    """Run the likelihood of times; return the sum of the weighted values, or (`inspect`) that of the weights, NaN if invalid.

    `arrays`: lower, upper, prediction, weight, where, value, gradient, hessian, each (array, dtype, swapped). `by_scale`: the sum is
    that of the derivatives by the scale. `value_factor`, `weight_sum`, `curvature`: as `pointwise`.
    """
    cdef LifetimesCall call
    arrays = arrays.copy()
    call.samples, call.scale, call.denominator, call.value_factor = samples, scale, denominator, value_factor
    call.distribution, call.double_precision, call.by_scale = DISTRIBUTIONS[distribution], double_precision, by_scale
    call.curvature = curvature_of(curvature)
    need(&call.lower, arrays, "lower", False)
    need(&call.upper, arrays, "upper", False)
    need(&call.prediction, arrays, "prediction", False)
    take(&call.weight, arrays, "weight", False)
    take(&call.where, arrays, "where", False)
    take(&call.value, arrays, "value", False)
    take(&call.gradient, arrays, "gradient", False)
    take(&call.hessian, arrays, "hessian", False)
    check_all_taken(arrays)
    return run_lifetimes(&call, inspect, threads, NULL if weight_sum is None else &weight_sum.sum)


cdef double run_lifetimes(LifetimesCall* call, bint inspect, int threads, fl_exact* sum) except? -1.0:
    cdef Py_ssize_t blocks = (call.samples + LIFETIMES - 1) // LIFETIMES
    if inspect:
        return run_inspection(lifetimes_inspected, call, blocks, LIFETIMES, threads, 0, sum)
    return run_blocks(lifetimes_block, call, blocks, 16 * LIFETIMES, threads, 0)
