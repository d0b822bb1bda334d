# Losses of the true class's probability or log-probability as given: no softmax.

cdef void categorical_log_loss_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (-log p_c), p clipped to [clip, 1 - clip] where that is asked for; constant, so of gradient 0, outside."""
    cdef double clip = call.parameter[0], low = -INFINITY, high = INFINITY, almost = 0, p, y
    cdef double* x = t.x
    cdef double* target = t.y
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* term = t.c
    cdef double true_x[LANES]
    cdef double first[LANES]
    cdef double second[LANES]
    cdef bint inside
    cdef Py_ssize_t i, j
    if clip == clip:
        low, high = clip, 1 - clip
        almost = log1p_(-clip)   # log(high) would be the logarithm of a rounded number
    if not call.rows.dense:
        at_class(t, x, t.label, true_x)
        for i in range(LANES):
            p = clamp_(true_x[i], low, high)
            inside = (true_x[i] >= low) & (true_x[i] <= high)
            t.value[i] = -where_(true_x[i] > high, almost, log_(p))
            first[i] = where_(inside, -1 / p, <double>0)
            second[i] = where_(inside, 1 / p / p, <double>0)
        at_label(call, t, first, second)
        return
    for j in range(t.steps * LANES):
        p = clamp_(x[j], low, high)
        inside = (x[j] >= low) & (x[j] <= high)
        term[j] = where_(target[j] == 0, <double>0, -target[j] * where_(x[j] > high, almost, log_(p)))
        y = where_(inside, target[j], <double>0)
        gradient[j] = where_(y == 0, <double>0, -y / p)
        hessian[j] = where_(y == 0, <double>0, y / p / p)
    class_sum(t, term, t.value)


cdef void at_label(const RowLossCall* call, Tile* t, const double* first, const double* second) noexcept nogil:
    """Derivatives with respect to the true class alone."""
    if call.rows.want & GRADIENT:
        clear(t, t.gradient)
        set_class(t, t.gradient, t.label, first)
    if call.rows.want & HESSIAN:
        clear(t, t.hessian)
        set_class(t, t.hessian, t.label, second)


cdef void nll_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (-x_c): linear."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* gradient = t.gradient
    cdef double* term = t.c
    cdef double first[LANES]
    cdef double second[LANES]
    cdef Py_ssize_t i, j
    for i in range(LANES):
        first[i] = -1
        second[i] = 0
    if not call.rows.dense:
        at_class(t, x, t.label, t.value)
        for i in range(LANES):
            t.value[i] = -t.value[i]
        at_label(call, t, first, second)
        return
    for j in range(t.steps * LANES):
        gradient[j] = 0 - y[j]
        term[j] = where_(y[j] == 0, <double>0, -y[j] * x[j])
    clear_hessian(call, t)
    class_sum(t, term, t.value)
