# What every kernel does with the samples of a block: their weights and masks.

cdef inline const real* load_weights(const Operand* weight, const Operand* where, Py_ssize_t first, Py_ssize_t count,
                                     real* buffer) noexcept nogil:
    """The weight of each sample, 0 where it is masked; NULL where every weight is 1."""
    cdef const real* w
    cdef const real* kept
    cdef real mask[SAMPLES]
    cdef Py_ssize_t i
    if where.data == NULL:
        return NULL if weight.data == NULL else load(weight, 0, first, count, buffer)
    kept = load(where, 0, first, count, mask)
    if weight.data == NULL:
        for i in range(count):
            buffer[i] = kept[i]
    else:
        w = load(weight, 0, first, count, buffer)
        for i in range(count):
            buffer[i] = where_(kept[i] != 0, w[i], <real>0)
    return buffer


cdef inline const real* multipliers(const real* weight, double scale, Py_ssize_t count, real* buffer) noexcept nogil:
    """weight x scale, rounded once: what a gradient is multiplied by when it is written."""
    cdef Py_ssize_t i
    if weight == NULL:
        for i in range(count):
            buffer[i] = <real>scale
    else:
        for i in range(count):
            buffer[i] = <real>(<double>weight[i] * scale)
    return buffer


cdef inline bint weights_valid(const real* weight, Py_ssize_t count) noexcept nogil:
    """Whether each weight is finite and >= 0."""
    cdef bint valid = True
    cdef Py_ssize_t i
    for i in range(count):
        valid &= (weight[i] >= 0) & (weight[i] < INFINITY)
    return valid


cdef inline double sum_of(const real* values, const real* weight, Py_ssize_t count) noexcept nogil:
    if real is float:
        if weight == NULL:
            return fl_block_sum_f32(values, count)
        return fl_block_dot_f32(values, weight, count)
    else:
        if weight == NULL:
            return fl_block_sum_f64(values, count)
        return fl_block_dot_f64(values, weight, count)


cdef inline bint any_nan(const real* values, Py_ssize_t count) noexcept nogil:
    if real is float:
        return fl_block_nan_f32(values, count)
    else:
        return fl_block_nan_f64(values, count)


cdef inline void weigh(real* values, const real* weight, Py_ssize_t count) noexcept nogil:
    if weight == NULL:
        return
    if real is float:
        fl_block_weigh_f32(values, weight, count)
    else:
        fl_block_weigh_f64(values, weight, count)


cdef inline void multiply(real* values, double factor, Py_ssize_t count) noexcept nogil:
    """values x factor, rounded once; of what is left out +0, whatever the factor."""
    cdef Py_ssize_t i
    if factor != 1:
        for i in range(count):
            values[i] = <real>(values[i] * factor + 0)


cdef inline double weigh_exactly(void* scratch, const real* weight, Py_ssize_t n) noexcept nogil:
    """Add the weights of a block to the sum of a function that inspects; return what that returns, NaN where one is negative or
    not finite. NULL: all are 1."""
    cdef double wide[SAMPLES]
    cdef Py_ssize_t i
    if weight == NULL:
        return n
    if real is float:
        if fl_exact_add_floats(<fl_exact*>scratch, weight, n):
            return 0
    if not weights_valid(weight, n):
        return NAN
    for i in range(n):
        wide[i] = weight[i]
    fl_exact_add(<fl_exact*>scratch, wide, n)
    return 0


cdef inline double weigh_rows(void* scratch, double* weight, Py_ssize_t n) noexcept nogil:
    """The same of weights that were multiplied; what a function that inspects returns, infinity or NaN where one is."""
    cdef double part[8]          # a single sum would wait for each of its additions
    cdef double total = 0
    cdef Py_ssize_t i, k
    memset(part, 0, sizeof(part))
    for i in range(n // 8):
        for k in range(8):
            part[k] += weight[8 * i + k]
    for k in range(8):
        total += part[k]
    for i in range(n - n % 8, n):
        total += weight[i]
    if not total < INFINITY:
        return total
    fl_exact_add(<fl_exact*>scratch, weight, n)
    return 0
