# A decision for each class: the mean (multilabel) or the sum (ordinal, hazards) of binary cross-entropies.

cdef void decisions(const RowLossCall* call, Tile* t, double factor) noexcept nogil:
    """factor (y log(1 + e^-x) + (1 - y) log(1 + e^x)) of each class; neither side cancels where y is 0 or 1."""
    cdef double* target = t.y
    cdef double* x = t.x
    cdef double* term = t.c
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double y, above, below, e, log_sum, inverse
    cdef Py_ssize_t j
    for j in range(t.steps * LANES):
        # With e = exp(-|x|): log(1 + e^x) = max(x, 0) + log1p(e), and y max(-x, 0) + (1 - y) max(x, 0) has no e.
        y = target[j]
        e = exp_minus_abs_(x[j])
        log_sum = log1p_unit_(e)
        above = where_(x[j] > 0, 1 - y, y)      # of the side that the score is on: what is wrong with it
        term[j] = (where_(above == 0, <double>0, above * abs_(x[j])) + log_sum) * factor
        inverse = 1 / (1 + e)
        below = e * inverse                     # the smaller of the two probabilities
        gradient[j] = where_(x[j] > 0, (1 - y) - below, below - y) * factor
        hessian[j] = below * inverse * factor
    class_sum(t, term, t.value)


cdef void multilabel_soft_margin_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """The mean over the classes of binary cross-entropy."""
    decisions(call, t, 1.0 / call.classes)


cdef void ordinal_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """x_k is the logit of "above level k": the sum over k of the binary cross-entropy of that decision."""
    cdef Py_ssize_t k, i
    for k in range(t.steps):
        for i in range(LANES):
            t.y[k * LANES + i] = where_(k * t.stride + t.offset[i] < t.label[i], <double>1, <double>0)
    decisions(call, t, 1)


cdef void logistic_hazard_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """x_k is the logit of the hazard of interval k: a decision for each up to the last that was seen. The label is twice that one,
    and 1 more of an event. Later ones are absent."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double place
    cdef Py_ssize_t k, i
    for k in range(t.steps):
        for i in range(LANES):
            place = 2 * (k * t.stride + t.offset[i])
            y[k * LANES + i] = where_(place + 1 == t.label[i], <double>1, <double>0)
            x[k * LANES + i] = where_(place > t.label[i], -<double>INFINITY, x[k * LANES + i])
    decisions(call, t, 1)


add_row_loss("multilabel_soft_margin", 96, multilabel_soft_margin_rows, extreme_multilabel_soft_margin)
add_row_loss("ordinal", 96, ordinal_rows, extreme_ordinal)
add_row_loss("logistic_hazard", 96, logistic_hazard_rows, extreme_logistic_hazard)
