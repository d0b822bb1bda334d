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


cdef inline void clipping(const RowLossCall* call, double* low, double* high, double* almost) noexcept nogil:
    """Between what probabilities are clipped, and the logarithm of the higher."""
    cdef double clip = call.parameter[0]
    low[0], high[0], almost[0] = 0, 1, 0
    if clip == clip:
        low[0], high[0] = clip, 1 - clip
        almost[0] = log1p_(-clip)   # log(high) would be the logarithm of a rounded number


cdef void log_loss_of_label(const RowLossCall* call, const double* true_x, double* value, double* first, double* second) noexcept nogil:
    cdef double low, high, almost, p
    cdef bint inside
    cdef Py_ssize_t i
    clipping(call, &low, &high, &almost)
    for i in range(LANES):
        p = at_most_1(true_x[i])
        inside = (p >= low) & (p <= high)
        p = clamp_(p, low, high)
        value[i] = -where_(true_x[i] > high, almost, log_(p))
        first[i] = where_(inside, -1 / p, <double>0)
        second[i] = where_(inside, 1 / p / p, <double>0)


cdef void categorical_log_loss_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (-log p_c), p clipped to [clip, 1 - clip] where that is asked for; constant, so of gradient 0, outside."""
    cdef double low, high, almost, p, y
    cdef double* x = t.x
    cdef double* target = t.y
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* term = t.c
    cdef bint inside
    cdef Py_ssize_t j
    if not call.rows.dense:
        label_rows(call, t, log_loss_of_label)
        return
    clipping(call, &low, &high, &almost)
    for j in range(t.steps * LANES):
        p = at_most_1(x[j])
        inside = (p >= low) & (p <= high)
        p = clamp_(p, low, high)
        term[j] = where_(target[j] == 0, <double>0, -target[j] * where_(x[j] > high, almost, log_(p)))
        y = where_(inside, target[j], <double>0)
        gradient[j] = where_(y == 0, <double>0, -y / p)
        hessian[j] = where_(y == 0, <double>0, y / p / p)
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
        return
    for j in range(t.steps * LANES):
        gradient[j] = 0 - y[j]
        term[j] = where_(y[j] == 0, <double>0, -y[j] * x[j])
    clear_hessian(call, t)
    class_sum(t, term, t.value)
