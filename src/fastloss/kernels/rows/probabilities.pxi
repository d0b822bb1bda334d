# Losses of the true class's probability or log-probability as given: no softmax.

cdef void label_rows(const RowLossCall* call, Tile* t, label_function function) noexcept nogil:
    """The true class is known: everything else is 0."""
    cdef double true_x[LANES]
    cdef double first[LANES]
    cdef double second[LANES]
    at_class(t, t.x, t.label, true_x)
    function(call, true_x, t.value, first, second)
    if call.rows.want & GRADIENT:
        clear(t, t.gradient)
        set_class(t, t.gradient, t.label, first)
    if call.rows.want & HESSIAN:
        clear(t, t.hessian)
        set_class(t, t.hessian, t.label, second)


cdef inline double at_most_1(double probability) noexcept nogil:
    """A probability that rounding may have left above 1."""
    return where_(probability > 1, <double>1, probability)


cdef inline double clip_of(const RowLossCall* call) noexcept nogil:
    """How near to 0 and 1 probabilities may be; 0 where they are not clipped."""
    return call.parameter[0] if call.parameter[0] == call.parameter[0] else 0


cdef inline double clipped(double probability, double clip, bint* above, bint* inside) noexcept nogil:
    """The probability, at least `clip`; whether it is above 1 - clip, which may be no number of the type, or neither."""
    cdef double p = at_most_1(probability)
    above[0] = 1 - p < clip
    inside[0] = (p >= clip) & (1 - p >= clip)
    return where_(p < clip, clip, p)


cdef inline double over_square(double y, double p) noexcept nogil:
    """y / p^2: the square may be 0 where the quotient is not, or y / p have lost digits."""
    cdef double quotient = y / p
    return where_(quotient < 1e-290, y / (p * p), quotient / p)


cdef void log_loss_of_label(const RowLossCall* call, const double* true_x, double* value, double* first, double* second) noexcept nogil:
    cdef double clip = clip_of(call), almost = log1p_(-clip), p   # log(1 - clip) would be the logarithm of a rounded number
    cdef bint above, inside
    cdef Py_ssize_t i
    for i in range(LANES):
        p = clipped(true_x[i], clip, &above, &inside)
        value[i] = -where_(above, almost, log_(p))
        first[i] = where_(inside, -1 / p, <double>0)
        second[i] = where_(inside, 1 / p / p, <double>0)


cdef void categorical_log_loss_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (-log p_c), p clipped to [clip, 1 - clip] where that is asked for; constant, so of gradient 0, outside."""
    cdef double clip = clip_of(call), almost = log1p_(-clip), p, y
    cdef double* x = t.x
    cdef double* target = t.y
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* term = t.c
    cdef bint above, inside
    cdef Py_ssize_t j
    if not call.rows.dense:
        label_rows(call, t, log_loss_of_label)
        return
    for j in range(t.steps * LANES):
        p = clipped(x[j], clip, &above, &inside)
        term[j] = where_(target[j] == 0, <double>0, -target[j] * where_(above, almost, log_(p)))
        y = where_(inside, target[j], <double>0)
        gradient[j] = where_(y == 0, <double>0, -y / p)
        hessian[j] = where_(y == 0, <double>0, over_square(y, p))
    class_sum(t, term, t.value)


cdef void nll_of_label(const RowLossCall* call, const double* true_x, double* value, double* first, double* second) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(LANES):
        value[i] = -true_x[i]
        first[i] = -1
        second[i] = 0


cdef void nll_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (-x_c): linear."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* gradient = t.gradient
    cdef double* term = t.c
    cdef Py_ssize_t j
    if not call.rows.dense:
        label_rows(call, t, nll_of_label)
        flat_hessian(call, t)
        return
    for j in range(t.steps * LANES):
        gradient[j] = 0 - y[j]
        term[j] = where_(y[j] == 0, <double>0, -y[j] * x[j])
    flat_hessian(call, t)
    class_sum(t, term, t.value)


add_row_loss("categorical_log_loss", 128, categorical_log_loss_rows, extreme_log_loss, log_loss_of_label)
add_row_loss("nll", 128, nll_rows, extreme_nll, nll_of_label)
