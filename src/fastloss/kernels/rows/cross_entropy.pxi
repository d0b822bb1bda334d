# Cross-entropy with the options that the kernels of softmax.pxi lack: a cap of the logits, a z-loss with a large factor,
# a temperature far from 1.

cdef inline bint is_capped(const RowLossCall* call) noexcept nogil:
    return call.parameter[1] == call.parameter[1]


cdef inline void capped_softmax(const RowLossCall* call, Tile* t) noexcept nogil:
    """The softmax of z = softcap tanh(x / softcap) / temperature, the logarithm of its sum, and the sum of the target.
    The derivatives of the cap are left in `g` and `h`."""
    cdef double softcap = call.parameter[1], temperature = call.parameter[2]
    cdef bint capped = is_capped(call)
    cdef double* x = t.x
    cdef double* first = t.g
    cdef double* second = t.h
    cdef double* tails = t.d
    cdef double decay
    cdef fl_pair u, v, one, inverse
    cdef Py_ssize_t i, j
    if capped:
        one.head, one.tail = 1, 0
        inverse = fl_pair_over(one, softcap)
        for j in range(t.steps * LANES):
            u.head, u.tail = x[j], 0
            u = fl_pair_product(u, inverse)
            decay = fl_exp_sum(-2 * abs_(u.head), where_(u.head < 0, 2 * u.tail, -2 * u.tail))   # 1 - tanh^2 would cancel
            u = fl_tanh_pair(u)
            first[j] = 4 * decay / ((1 + decay) * (1 + decay))
            second[j] = -2 * u.head * first[j] * inverse.head
            v = fl_two_product(softcap, u.head)
            v = fl_two_sum(v.head, v.tail + softcap * u.tail)
            x[j] = v.head
            tails[j] = v.tail
        if t.wide:               # a class that is absent stays so
            for j in range(call.classes, t.steps * LANES):
                x[j] = -INFINITY
    elif temperature != 1:
        clear(t, tails)
    class_max(t, x, t.log_total)
    if capped or temperature != 1:
        quotient_softmax(t, tails, temperature)
    else:
        tile_softmax(t)
    for i in range(LANES):
        t.log_total[i] = t.log_total[i] / temperature + t.log_sum[i]
        t.total[i] = 1
    if call.rows.dense:
        class_sum(t, t.y, t.total)


cdef void add_z_gradient(const RowLossCall* call, Tile* t) noexcept nogil:
    """Add the gradient of the z-loss to that of z."""
    cdef double z_loss = call.parameter[0], p
    cdef double pull[LANES]
    cdef double* e = t.e
    cdef double* gradient = t.gradient
    cdef Py_ssize_t k, i, j
    if z_loss == 0:
        return
    for i in range(LANES):
        pull[i] = t.total[i] * (2 * z_loss)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            p = e[j] * t.inverse[i]
            gradient[j] += pull[i] * where_(p == 0, <double>0, p * t.log_total[i])


cdef void cross_entropy_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """Cross-entropy of z = softcap tanh(x / softcap) / temperature, and z_loss log(sum e^z)^2: the loss of z, and the chain
    rule around it:  gradient = g z',  Hessian = h z'^2 + g z''. Gauss and Newton leave out z'', and of the z-loss, a square, the
    second derivative of what is squared."""
    cdef double z_loss = call.parameter[0], temperature = call.parameter[2]
    cdef bint capped = is_capped(call), gauss_newton = by_gauss_newton(&call.rows.curvature)
    cdef double* e = t.e
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* first = t.g     # z' and z'' of a cap
    cdef double* second = t.h
    cdef double p, q, g
    cdef double pull[LANES]
    cdef CrossEntropy* tag = NULL
    cdef Py_ssize_t k, i, j
    capped_softmax(call, t)
    if call.rows.dense:
        of_probabilities(tag, call, t)
    else:
        of_label(tag, call, t)
    if z_loss != 0:
        for i in range(LANES):
            t.value[i] += z_loss * t.total[i] * t.log_total[i] * t.log_total[i]
            pull[i] = t.total[i] * (2 * z_loss)
    if call.rows.want & GRADIENT:
        add_z_gradient(call, t)
    if z_loss != 0 and call.rows.want & HESSIAN:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                p = e[j] * t.inverse[i]
                q = complement(e[j], t.rest[i], t.whole[i]) * t.inverse[i]
                g = where_((p == 0) | gauss_newton, <double>0, p * t.log_total[i])
                hessian[j] += pull[i] * (p * p + g * q)
    if call.rows.want & GRADIENT and temperature != 1:
        for j in range(t.steps * LANES):
            gradient[j] *= 1 / temperature
    if call.rows.want & HESSIAN:
        for j in range(t.steps * LANES):
            hessian[j] *= 1 / (temperature * temperature)
        if capped:               # every call that wants the Hessian wants the gradient
            for j in range(t.steps * LANES):
                hessian[j] = hessian[j] * first[j] * first[j] + where_(gauss_newton, <double>0, gradient[j] * second[j])
    if call.rows.want & GRADIENT and capped:
        for j in range(t.steps * LANES):
            gradient[j] *= first[j]


#: A z-loss of a larger factor would show the roundings of exponentials: of log(sum e^x) near 0 they are all there is.
cdef double LARGEST_SWEPT_Z = 0.015625

#: A quotient by a temperature between this and its inverse has no more of a size than what is divided.
cdef double LEAST_SWEPT_TEMPERATURE = 0.015625

#: Of a cap between these, times the logits of a float, nothing leaves the range of a float. What two capped logits can be
#: apart multiplies the error of an exponential of 2^-34, and their own is not to vanish from a double.
cdef double LEAST_SWEPT_CAP = 9.5367431640625e-07
cdef double MOST_SWEPT_CAP = 1024
cdef double MOST_SWEPT_REACH = 512


cdef bint cross_entropy_swept(const RowLossCall* call, RowsCall* rows, bint double_precision) noexcept nogil:
    cdef double z_loss = call.parameter[0], softcap = call.parameter[1], temperature = call.parameter[2]
    if is_capped(call) and (double_precision or not LEAST_SWEPT_CAP <= softcap <= MOST_SWEPT_CAP
                            or 2 * softcap > MOST_SWEPT_REACH * temperature):
        return False
    if z_loss > LARGEST_SWEPT_Z or not LEAST_SWEPT_TEMPERATURE <= temperature <= 1 / LEAST_SWEPT_TEMPERATURE:
        return False
    if temperature != 1 and double_precision and not FL_FUSED:   # it has the tail of a quotient by an FMA
        return False
    rows.z_loss, rows.softcap = z_loss, softcap
    set_temperature(rows, temperature)
    return True


PLAIN_CROSS_ENTROPY = add_row_loss("cross_entropy", 128, cross_entropy_rows, extreme_cross_entropy, NULL, cross_entropy_second,
                                   extreme_cross_entropy_product, cross_entropy_swept)
