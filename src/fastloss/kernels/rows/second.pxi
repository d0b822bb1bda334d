# Second derivatives of a row beyond their diagonal: the Hessian times a vector, and the whole matrix.
#
# With z = softcap tanh(x / softcap), p = softmax(z / t), L = log(sum e^(z / t)), T the sum of the row's target, lambda the
# z-loss and z', z'' the derivatives of the cap, cross-entropy has the Hessian
#
#     H_jk = z'_j z'_k / t^2  T ((1 + 2 lambda L) (p_j [j = k] - p_j p_k) + 2 lambda p_j p_k)  +  [j = k] g_j z''_j / t
#
# g the gradient by z / t. So with u_k = z'_k v_k and <p, u> = sum_k p_k u_k its product with a vector v is
#
#     z'_j / t^2  T (a_j + 2 lambda (L a_j + p_j <p, u>))  +  g_j z''_j v_j / t,
#     a_j = p_j (u_j - <p, u>) = sum_k p_j p_k (u_j - u_k)
#
# The difference u_j - <p, u> cancels where one class has all of the probability, and where elements of the vector are
# nearly equal. Both it and the mean are formed from d_k = u_k - c, c the element nearest to the mean: |d_j| is at most
# twice |u_j - <p, u>|, and sum_k p_k |d_k| at most four times sum_k p_k |u_j - u_k|, whatever j. So the rounding errors are
# those of the terms of the last sum. Of the largest class the d of the others alone are subtracted: 1 - p_top is at hand.
# In float32, which is computed in double, c is the element of the largest class: its p is at least 1 / C, so that |d_j| is at
# most C times the sum.

cdef void nearest_element(const Tile* t, const double* numbers, const double* base, const double* wanted, double* nearest) noexcept nogil:
    """The number of each row that lies nearest to base + wanted."""
    cdef double least[LANES]
    cdef double apart
    cdef Py_ssize_t k, i
    for i in range(LANES):
        least[i], nearest[i] = INFINITY, base[i]
    for k in range(t.steps):
        for i in range(LANES):
            apart = abs_((numbers[k * LANES + i] - base[i]) - wanted[i])
            nearest[i] = where_(apart < least[i], numbers[k * LANES + i], nearest[i])
            least[i] = where_(apart < least[i], apart, least[i])
    if t.wide:
        for i in range(1, LANES):
            if least[i] < least[0]:
                least[0], nearest[0] = least[i], nearest[i]
        spread(t, nearest)


cdef void sum_from_center(const Tile* t, const double* u, const double* center, double* total) noexcept nogil:
    """The sum of e_k (u_k - c) over all classes but the largest."""
    cdef const double* e = t.e
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef double term
    cdef Py_ssize_t k, i
    for i in range(LANES):
        head[i] = tail[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            term = e[k * LANES + i] * (u[k * LANES + i] - center[i])
            add_exactly(where_(k * t.stride + t.offset[i] == t.top[i], <double>0, term), &head[i], &tail[i])
    sum_up(t, head, tail, total)


cdef void cross_entropy_product(const RowLossCall* call, Tile* t) noexcept nogil:
    """The Hessian times the vector that lies in `hessian`, in its place; `lift` times as large."""
    cdef double z_loss = call.parameter[0], temperature = call.parameter[2]
    cdef bint capped = is_capped(call)
    cdef double* e = t.e
    cdef double* gradient = t.gradient
    cdef double* vector = t.hessian
    cdef double* u = t.b if capped else t.hessian
    cdef double* first = t.g
    cdef double* second = t.h
    cdef double u_top[LANES]
    cdef double mean[LANES]
    cdef double none[LANES]
    cdef double center[LANES]
    cdef double others[LANES]
    cdef double at_top[LANES]
    cdef double factor[LANES]
    cdef double p, a, d_top
    cdef CrossEntropy* tag = NULL
    cdef Py_ssize_t k, i, j
    cdef bint is_top
    capped_softmax(call, t)
    if capped:                   # whose second derivative the gradient multiplies
        if call.rows.dense:
            of_probabilities(tag, call, t)
        else:
            of_label(tag, call, t)
        add_z_gradient(call, t)
    for i in range(LANES):       # nothing but a row of no probabilities has no value
        t.value[i] = t.rest[i]
        mean[i] = none[i] = 0
        factor[i] = t.total[i] / (temperature * temperature)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            u[j] = vector[j] * t.lift[i]
    if capped:
        for j in range(t.steps * LANES):
            u[j] *= first[j]
    find_first(t, e, NULL, t.top)
    at_class(t, u, t.top, u_top)
    for k in range(t.steps):
        for i in range(LANES):
            mean[i] += e[k * LANES + i] * (u[k * LANES + i] - u_top[i])
    if t.wide:
        across_lanes(mean, none)
    if call.to_float:
        memcpy(center, u_top, sizeof(center))
        memcpy(others, mean, sizeof(others))
    else:
        for i in range(LANES):
            mean[i] *= t.inverse[i]
        nearest_element(t, u, u_top, mean, center)
        sum_from_center(t, u, center, others)
    for i in range(LANES):
        d_top = u_top[i] - center[i]
        at_top[i] = (t.rest[i] * d_top - others[i]) * t.inverse[i]
        mean[i] = (d_top + others[i]) * t.inverse[i]      # of the distances from the centre
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = k * t.stride + t.offset[i] == t.top[i]
            p = e[j] * t.inverse[i]
            a = p * where_(is_top, at_top[i], (u[j] - center[i]) - mean[i])
            if z_loss != 0:
                a += 2 * z_loss * (where_(a == 0, <double>0, a * t.log_total[i]) + p * (center[i] + mean[i]))
            u[j] = a * factor[i]
    if capped:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                vector[j] = u[j] * first[j] + gradient[j] * (1 / temperature) * second[j] * (vector[j] * t.lift[i])


cdef void cross_entropy_second(const RowLossCall* call, Tile* t) noexcept nogil:
    """The product, or what the matrix is made of: its diagonal, and a number of each class and one of the row, whose
    products are the other entries."""
    cdef double z_loss = call.parameter[0], temperature = call.parameter[2]
    cdef double* e = t.e
    cdef double* share = t.f
    cdef Py_ssize_t k, i, j
    if call.second == TIMES_VECTOR:
        cross_entropy_product(call, t)
        return
    cross_entropy_rows(call, t)
    for k in range(t.steps):
        for i in range(LANES):
            share[k * LANES + i] = e[k * LANES + i] * t.inverse[i] * ROOT_OF_LIFT
    if is_capped(call):
        for j in range(t.steps * LANES):
            share[j] *= t.g[j]
    for i in range(LANES):
        t.outer[i] = t.total[i] / (temperature * temperature) * (2 * z_loss * (1 - t.log_total[i]) - 1)


cdef void store_matrix(const real* tag, const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, const Tile* t,
                       const double* multiplier) noexcept nogil:
    """The matrix of each row of a tile, rounded. Entries that mirror each other are the same product: the same bits."""
    cdef Py_ssize_t lanes = lanes_of(tag), row, k, i
    cdef real* rounded = <real*>t.a
    cdef const double* share = t.f
    cdef const double* diagonal = t.hessian
    cdef double outer[LANES]
    cdef double entry
    cdef Operand operand = call.rows.hessian
    for i in range(LANES):
        outer[i] = where_(t.value[i] != t.value[i], <double>NAN, t.outer[i] * (multiplier[i] * LIFT_DOWN))
    for row in range(t.steps):
        for k in range(t.steps):
            for i in range(LANES):
                entry = share[row * LANES + i] * share[k * LANES + i]
                entry = where_((entry == 0) & (t.value[i] == t.value[i]), <double>0, entry * outer[i])
                rounded[k * lanes + i] = where_(multiplier[i] == 0, <real>0, <real>entry)
        for i in range(LANES):
            entry = diagonal[row * LANES + i] * multiplier[i]
            rounded[row * lanes + i] = where_(multiplier[i] == 0, <real>0, <real>entry)
        operand.data = call.rows.hessian.data + row * call.matrix_stride
        store_tile(&operand, first, n, t.steps, <real*>NULL, rounded, <real*>t.b)


cdef void lift_products(Tile* t, double* multiplier) noexcept nogil:
    """Products of small probabilities and a vector are made larger by a power of 2 than the row's multiplier would make
    them: one that vanished before a large multiplier would be missed. It changes no bit of an ordinary result."""
    cdef Py_ssize_t i
    for i in range(LANES):
        t.lift[i] = multiplier[0] if t.wide else multiplier[i]
    for i in range(LANES):
        t.lift[i] = where_(t.lift[i] > LEAST_LIFTED, LIFT, <double>1)
    for i in range(1 if t.wide else LANES):
        multiplier[i] /= t.lift[i]


cdef void size_with_vector(const RowLossCall* call, const Tile* t, double* weight, Py_ssize_t n) noexcept nogil:
    """What multiplies a row's exponentials: the weight times the largest element of the vector, if that is above 1."""
    cdef double largest[LANES]
    cdef double size
    cdef Py_ssize_t k, i
    if call.second != TIMES_VECTOR:
        return
    for i in range(LANES):
        largest[i] = 1
    for k in range(t.steps):
        for i in range(LANES):
            size = abs_(t.hessian[k * LANES + i])
            largest[i] = where_((size > largest[i]) & (size < INFINITY), size, largest[i])
    if t.wide:
        for i in range(1, LANES):
            largest[0] = max(largest[0], largest[i])
    for i in range(1 if t.wide else n):
        weight[i] = min(weight[i] * largest[i], LARGEST_DOUBLE)
