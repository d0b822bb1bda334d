# Predictions of several quantiles of one target: the mean over them of the quantile loss, each at its own level.

cdef void spread_columns(const Tile* t, const double* numbers, double* spread_) noexcept nogil:
    """A number of each column, for each number of the tile."""
    cdef Py_ssize_t k, i
    if t.wide:
        memcpy(spread_, numbers, t.steps * LANES * sizeof(double))
        return
    for k in range(t.steps):
        for i in range(LANES):
            spread_[k * LANES + i] = numbers[k]


cdef void quantiles_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """|x_k - y| times 1 - level_k above the target, level_k below, over the number of columns; halves: no difference overflows.
    Where no levels are given, nothing is taken off 1: it would cost digits next to 1."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* below = t.a
    cdef double* above = t.b
    cdef double* midst = t.d
    cdef double* term = t.c
    cdef double* gradient = t.gradient
    cdef double* level = t.e
    cdef double columns = call.classes, share = 1 / columns, r, slope, number
    cdef Py_ssize_t size = t.steps * LANES, k, j
    flat_hessian(call, t)
    for k in range(call.classes):
        number = call.factor[k] if call.factor != NULL else (k + 0.5) / columns
        level[k] = number
        t.f[k] = 1 - number if call.factor != NULL else (columns - k - 0.5) / columns
        t.g[k] = 0.5 - number if call.factor != NULL else (columns - 1 - 2 * k) / (2 * columns)
    spread_columns(t, level, below)
    spread_columns(t, t.f, above)
    spread_columns(t, t.g, midst)
    for j in range(size):
        r = x[j] - y[j]
        slope = where_(r > 0, above[j], where_(r < 0, -below[j], midst[j] + r))
        gradient[j] = slope * share
        term[j] = abs_((0.5 * x[j] - 0.5 * y[j]) * slope) * (2 * share)
    for j in range(call.classes if t.wide else size, size):
        term[j] = 0              # columns that are absent
    class_sum(t, term, t.value)


add_row_loss("quantiles", 96, quantiles_rows, NULL)
