# Divergences between distributions: Kullback-Leibler, Jensen-Shannon, total variation.

cdef void kl_divergence_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (log y_c - log q_c). From logits: cross-entropy without the entropy of y."""
    cdef double* x = t.x
    cdef double* target = t.y
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* term = t.c
    cdef double y, q
    cdef Py_ssize_t k, i, j
    if call.given == LOGITS:
        tile_softmax(t)
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                y = target[j]
                q = weighted_difference(y, t.m[i], x[j]) + y * (log_(y) + t.log_sum[i])
                term[j] = where_(y == 0, <double>0, q)
        memcpy(t.a, target, t.steps * LANES * sizeof(double))
        derivatives_of_probabilities(<CrossEntropy*>NULL, call, t)   # they need no difference of a row's total and y
    elif call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            y = target[j]
            term[j] = where_(y == 0, <double>0, y * (log_(y) - x[j]))
            gradient[j] = 0 - y
        flat_hessian(call, t)
    else:
        for j in range(t.steps * LANES):
            y, q = target[j], at_most_1(x[j])
            term[j] = where_(y == 0, <double>0, y * (log_(y) - log_(q)))
            gradient[j] = where_(y == 0, <double>0, -y / q)
        if call.rows.want & HESSIAN:
            for j in range(t.steps * LANES):
                y, q = target[j], at_most_1(x[j])
                hessian[j] = where_(y == 0, <double>0, over_square(y, q))
    class_sum(t, term, t.value)


cdef void prediction_as_probabilities(const RowLossCall* call, Tile* t) noexcept nogil:
    """q into a, -log q into b, q - y into c: without cancellation also where both are next to 1."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* e = t.e
    cdef double* q = t.a
    cdef double* minus_log = t.b
    cdef double* excess = t.c
    cdef double p
    cdef bint is_top
    cdef Py_ssize_t k, i, j
    if call.given == LOGITS:
        tile_softmax(t)
        find_first(t, e, NULL, t.top)
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                q[j] = e[j] * t.inverse[i]
                minus_log[j] = finite_difference(t.m[i], x[j]) + t.log_sum[i]
                is_top = (k * t.stride + t.offset[i] == t.top[i]) & (t.rest[i] < 1)
                excess[j] = where_(is_top, (1 - y[j]) - t.rest[i] * t.inverse[i], q[j] - y[j])
        return
    if call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            p = exp_(x[j])
            q[j] = p
            minus_log[j] = -x[j]
            excess[j] = where_(x[j] > -0.25, (1 - y[j]) + expm1_(x[j]), p - y[j])
    else:
        for j in range(t.steps * LANES):
            q[j] = at_most_1(x[j])
            excess[j] = q[j] - y[j]
        for j in range(t.steps * LANES):   # apart: gcc would branch for the logarithm of 1
            minus_log[j] = -log_(q[j])


cdef inline double log_of_share(double part, double other, double excess, double own_weight, double weight,
                                double minus_log_part) noexcept nogil:
    """log(part / m),  m = own_weight part + weight other,  excess = other - part: by the excess where m is next to `part`;
    by a sum of positive terms where m is far below, which the weight takes nothing off; by logarithms where m is far above."""
    cdef double relative = weight * (excess / part)
    cdef bint below = relative < -0.5
    cdef double logarithm = log_(where_(below, own_weight + weight * (other / part), own_weight * part + weight * other))
    logarithm += where_(below, <double>0, minus_log_part)
    return -where_((relative >= -0.5) & (relative < 1e15), log1p_(relative), logarithm)


cdef inline double log_curvature(double part, double other, double excess, double own_weight, double weight,
                                 double log_share) noexcept nogil:
    """weight other / m + log(part / m),  m = own_weight part + weight other. Where m is above `part` the two are of opposite
    sign, and with u = weight excess / m, which is below 1, they are  weight part / m - (-log(1 - u) - u)."""
    cdef double m = own_weight * part + weight * other
    cdef double u = weight * (excess / m)
    cdef double beyond = where_(u < 0.5, -log1pmx_(-u), -log_share - u)
    cdef double share = where_(other == 0, <double>0, weight * (other / m))   # m too may be 0
    return where_(excess > 0, weight * (part / m) - beyond, share + log_share)


cdef void js_divergence_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """b KL(y, m) + (1 - b) KL(q, m),  m = b y + (1 - b) q. With D its derivative with respect to q, E the second,

        D_c = (1 - b) log(q_c / m_c)                     q_c E_c = b (1 - b) y_c / m_c,  W_c = q_c^2 E_c
        of log q:   gradient = q D                       Hessian = q D + W
        of logits:  gradient_j = q_j (D_j - mean of D)   Hessian_j = (1 - 2 q_j) (q_j (D_j - mean) + W_j) + q_j^2 sum_c W_c

    Where y is above q, q D and W nearly cancel: their sum H is formed as one. For a q_j next to 1, with r = 1 - q_j, S the
    sum of q D and U that of H over the other classes,

        gradient_j = q_j (r D_j - S)                     Hessian_j = r ((1 - 2 q_j) q_j D_j + r W_j - q_j S) + q_j^2 U

    Gauss and Newton leave out the second derivatives of q: W of log q; (1 - q_j)^2 W_j + q_j^2 sum_{c != j} W_c of logits.
    """
    cdef double beta = call.parameter[0], stride = t.stride, q, scaled, mixed, slope, rest
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* probability = t.a
    cdef double* minus_log = t.b
    cdef double* excess = t.c
    cdef double* scaled_q = t.f
    cdef double* d = t.d
    cdef double* qd = t.b        # 2^128 q D
    cdef double* w = t.e         # 2^128 W; q E where the probabilities are given
    cdef double* h = t.g         # log(q / m); then 2^128 H
    cdef double* term = t.h
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double others[LANES]
    cdef double top[LANES]
    cdef double h_others[LANES]
    cdef double total[LANES]
    cdef double d_top[LANES]
    cdef bint is_top, gauss_newton = by_gauss_newton(&call.rows.curvature)
    cdef Py_ssize_t k, i, j
    if beta == 0 or beta == 1:   # the limits: 0, even between distributions of which one is infinitely surprising
        clear(t, gradient)
        clear_hessian(call, t)
        for i in range(LANES):
            t.value[i] = 0
        return
    prediction_as_probabilities(call, t)
    if call.given == LOGITS:
        scale_exponentials(t, scaled_q)
        for k in range(t.steps):
            for i in range(LANES):
                scaled_q[k * LANES + i] *= t.inverse[i]
    elif call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            scaled_q[j] = scaled_exponential(probability[j], x[j], 0)
    else:
        for j in range(t.steps * LANES):
            scaled_q[j] = probability[j] * SCALE_UP
    for j in range(t.steps * LANES):
        q = probability[j]
        mixed = beta * y[j] + (1 - beta) * q
        slope = log_of_share(q, y[j], -excess[j], 1 - beta, beta, minus_log[j])
        h[j] = where_((y[j] == 0) & (q == 0), -log1p_(-beta), slope)
        d[j] = h[j] * (1 - beta)
        w[j] = where_(y[j] == 0, <double>0, beta * (1 - beta) * y[j] / mixed)
        qd[j] = where_(scaled_q[j] == 0, <double>0, scaled_q[j] * d[j])   # 0 log 0
        slope = beta * y[j] * log_of_share(y[j], q, excess[j], beta, 1 - beta, -log_(y[j]))
        term[j] = where_(y[j] == 0, <double>0, slope) + qd[j] * SCALE_DOWN
    class_sum(t, term, t.value)
    if call.given == PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = d[j]
            hessian[j] = where_(y[j] == 0, <double>0, w[j] / probability[j])
        return
    if call.rows.want & HESSIAN:
        for j in range(t.steps * LANES):
            scaled = log_curvature(probability[j], y[j], -excess[j], 1 - beta, beta, h[j])
            h[j] = where_(scaled_q[j] == 0, <double>0, scaled_q[j] * ((1 - beta) * scaled))
    if call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = qd[j] * SCALE_DOWN
            hessian[j] = (scaled_q[j] * w[j] if gauss_newton else h[j]) * SCALE_DOWN
        return
    sum_without(t, qd, t.top, others)
    at_class(t, qd, t.top, top)
    at_class(t, d, t.top, d_top)
    for j in range(t.steps * LANES):
        w[j] *= scaled_q[j]
    class_sum(t, w, total)
    sum_without(t, w if gauss_newton else h, t.top, h_others)
    for i in range(LANES):
        others[i] *= SCALE_DOWN
        top[i] *= SCALE_DOWN
        h_others[i] *= SCALE_DOWN
        total[i] *= SCALE_DOWN
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = (k * stride + t.offset[i] == t.top[i]) & (t.rest[i] < 1)
            q = probability[j]
            scaled = qd[j] - scaled_q[j] * (others[i] + top[i])
            rest = t.rest[i] * t.inverse[i]
            slope = where_(is_top, scaled_q[j] * (rest * d_top[i] - others[i]), scaled)
            gradient[j] = slope * SCALE_DOWN
            scaled = (1 - 2 * q) * (h[j] - scaled_q[j] * (others[i] + top[i])) + q * scaled_q[j] * total[i]
            mixed = rest * ((1 - 2 * q) * qd[j] + rest * w[j] - scaled_q[j] * others[i]) + q * scaled_q[j] * h_others[i]
            hessian[j] = where_(is_top, mixed, scaled) * SCALE_DOWN
    if not gauss_newton:
        return
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = (k * stride + t.offset[i] == t.top[i]) & (t.rest[i] < 1)
            q = probability[j]
            rest = where_(is_top, t.rest[i] * t.inverse[i], 1 - q)
            scaled = q * scaled_q[j] * where_(is_top, h_others[i], total[i] - w[j] * SCALE_DOWN)
            hessian[j] = (w[j] * rest * rest + scaled) * SCALE_DOWN


cdef void total_variation_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c |y_c - q_c| / 2; the derivative of |.| at 0 is 0. From logits, with the mass of q above, below and at the target:

        gradient_j = q_j (D_j - mean of D),  D = 1/2, -1/2 or 0;   D_j - mean = (at + 2 below) / 2,  -(at + 2 above) / 2,
        or (below - above) / 2;   Hessian_j = (1 - 2 q_j) gradient_j

    That of Gauss and Newton is that of sum_c (y_c - q_c)^2 / 2: 1, q_j^2 of log q, q_j^2 ((1 - q_j)^2 + sum_{c != j} q_c^2).
    """
    cdef double* q = t.a
    cdef double* excess = t.c
    cdef double* d = t.e
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double above[LANES]
    cdef double below[LANES]
    cdef double at[LANES]
    cdef double above_tail[LANES]
    cdef double below_tail[LANES]
    cdef double at_tail[LANES]
    cdef double difference
    cdef bint is_top, gauss_newton = by_gauss_newton(&call.rows.curvature)
    cdef Py_ssize_t k, i, j
    prediction_as_probabilities(call, t)
    for j in range(t.steps * LANES):
        d[j] = step(excess[j]) - 0.5
        excess[j] = 0.5 * abs_(excess[j])
    class_sum(t, excess, t.value)
    if call.given == PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = d[j]
        flat_hessian(call, t)
        return
    if call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = d[j] * q[j]
            hessian[j] = q[j] * q[j] if gauss_newton else d[j] * q[j]
        return
    for i in range(LANES):
        above[i] = below[i] = at[i] = above_tail[i] = below_tail[i] = at_tail[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            add_exactly(where_(d[j] > 0, q[j], <double>0), &above[i], &above_tail[i])
            add_exactly(where_(d[j] < 0, q[j], <double>0), &below[i], &below_tail[i])
            add_exactly(where_(d[j] == 0, q[j], <double>0), &at[i], &at_tail[i])
    sum_up(t, above, above_tail, above)
    sum_up(t, below, below_tail, below)
    sum_up(t, at, at_tail, at)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            difference = where_(d[j] < 0, -(0.5 * at[i] + above[i]), 0.5 * (below[i] - above[i]))
            difference = where_(d[j] > 0, 0.5 * at[i] + below[i], difference)
            gradient[j] = q[j] * difference
            hessian[j] = (1 - 2 * q[j]) * gradient[j]
    if not gauss_newton:
        return
    for j in range(t.steps * LANES):
        excess[j] = q[j] * q[j]
    sum_without(t, excess, t.top, above)
    at_class(t, excess, t.top, at)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = (k * t.stride + t.offset[i] == t.top[i]) & (t.rest[i] < 1)
            difference = where_(is_top, t.rest[i] * t.inverse[i], 1 - q[j])
            difference = difference * difference + where_(is_top, above[i], above[i] + (at[i] - excess[j]))
            hessian[j] = excess[j] * difference


cdef bint kl_divergence_swept(const RowLossCall* call, RowsCall* rows, bint double_precision) noexcept nogil:
    """Of logits it is cross-entropy, and its target's entropy is taken off."""
    rows.divergence = call.given == LOGITS and not double_precision
    return rows.divergence


add_row_loss("kl_divergence", 128, kl_divergence_rows, extreme_kl_divergence, NULL, NULL, NULL, kl_divergence_swept)
add_row_loss("js_divergence", 128, js_divergence_rows, extreme_js_divergence)
add_row_loss("total_variation", 128, total_variation_rows, extreme_total_variation)
