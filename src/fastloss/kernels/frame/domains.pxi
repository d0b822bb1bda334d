# The domains of targets and predictions, as a kernel checks them.

cdef Limits limits_of(tuple given):
    cdef Limits limits
    limits.low, limits.high, limits.ends_only, limits.predicted_low, limits.predicted_high, limits.rounding = given
    return limits


cdef inline bint inside(const real* x, const real* weight, double low, double high, bint ends_only, Py_ssize_t n) noexcept nogil:
    if real is float:
        if ends_only:
            return fl_block_either_f32(x, weight, <float>low, <float>high, n)
        return fl_block_inside_f32(x, weight, <float>low, <float>high, n)
    else:
        if ends_only:
            return fl_block_either_f64(x, weight, low, high, n)
        return fl_block_inside_f64(x, weight, low, high, n)


cdef inline double epsilon_of(int dtype) noexcept nogil:
    """The distance of 1 and the number after it."""
    if dtype == FLOAT16:
        return 0.0009765625
    if dtype == BFLOAT16:
        return 0.0078125
    return 1.1920928955078125e-07 if dtype == FLOAT32 else 2.220446049250313e-16


cdef inline double highest_prediction(const Limits* limits, const Operand* y_pred) noexcept nogil:
    return limits.predicted_high + limits.rounding * epsilon_of(y_pred.dtype)
