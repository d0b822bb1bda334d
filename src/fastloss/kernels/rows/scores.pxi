# Losses of one or two rows of scores for each sample: the entropy of their softmax, how far two are apart.
#
# With p the softmax of one row, q that of another, u = log(p / q) and w = e^u - 1 = p / q - 1 the divergence is
#
#     KL(p, q) = sum_k p_k u_k = sum_k (p_k u_k - p_k + q_k) = sum_k q_k ((1 + w_k) log(1 + w_k) - w_k)
#
# because both add up to 1. No term of the second sum is below 0, so nothing cancels where the rows are nearly equal; u is the
# difference of the scores' distances from the largest, less the logarithm of the quotient of the two sums of exponentials.
#
# Rows of float32 are computed in double, roughly: distances, u and q - p then have all digits that a float keeps, without tails and
# without w, and the terms by a short series where u is so small that p u - (p - q) would have lost them.

cdef double LEAST_LOG_QUOTIENT = 0.00390625      # 2^-8: of smaller ones the series has all digits of a float
cdef double MOST_ROUGH_TEMPERATURE = 16          # a larger one would take u below what a double has of its two logarithms


cdef void softmax_of_scores(bint rough, Tile* t, double* tails, double temperature) noexcept nogil:
    """Exponentials of x / temperature and their sums; x becomes that quotient's distance below the largest, an unevaluated sum
    with its tails."""
    cdef double* x = t.x
    cdef double factor = 1 / temperature
    cdef fl_pair d
    cdef Py_ssize_t k, i, j
    if rough:
        clear(t, tails)
        if temperature != 1:
            for j in range(t.steps * LANES):
                x[j] *= factor
        tile_softmax(t)
        for k in range(t.steps):
            for i in range(LANES):
                x[k * LANES + i] = 0 - finite_difference(t.m[i], x[k * LANES + i])
        for i in range(LANES):
            t.m[i] = 0
        return
    if temperature != 1:
        for j in range(t.steps * LANES):
            tails[j] = 0
        quotient_softmax(t, tails, temperature)
        for j in range(t.steps * LANES):
            tails[j] = where_(abs_(x[j]) < INFINITY, tails[j], <double>0)
        return
    tile_softmax(t)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            d = fl_two_sum(x[j], -t.m[i])
            tails[j] = where_((x[j] != t.m[i]) & (abs_(d.head) < INFINITY), d.tail, <double>0)
            x[j] = where_(x[j] == t.m[i], <double>0, d.head)
    for i in range(LANES):
        t.m[i] = 0


cdef void divergence_of_floats(const Tile* p, const Tile* q, double* u, double* term, double* total) noexcept nogil:
    """KL(p, q) and log(p / q), of rows of float32."""
    cdef const double* x = p.x
    cdef const double* y = q.x
    cdef const double* e = p.e
    cdef const double* f = q.e
    cdef double log_quotient[LANES]
    cdef double share, other, series, whole
    cdef Py_ssize_t k, i, j
    for i in range(LANES):
        log_quotient[i] = p.log_sum[i] - q.log_sum[i]
    for k in range(p.steps):
        for i in range(LANES):
            j = k * LANES + i
            u[j] = (x[j] - y[j]) - log_quotient[i]
            share, other = e[j] * p.inverse[i], f[j] * q.inverse[i]
            series = other * (u[j] * u[j]) * (0.5 + u[j] * (0.3333333333333333 + u[j] * 0.125))
            whole = where_(share == 0, other, share * u[j] - (share - other))
            term[j] = where_(abs_(u[j]) < LEAST_LOG_QUOTIENT, series, whole)
    class_sum(p, term, total)


cdef void divergence(bint rough, const Tile* p, const Tile* q, const double* p_tails, const double* q_tails, double* u, double* term,
                     double* total) noexcept nogil:
    """KL(p, q), of what `softmax_of_scores` leaves of both, and log(p / q) of each class."""
    cdef const double* x = p.x
    cdef const double* y = q.x
    cdef const double* e = p.e
    cdef const double* f = q.e
    cdef double log_quotient[LANES]
    cdef double log_tail[LANES]
    cdef double share, other, w, below
    cdef bint near
    cdef fl_pair d
    cdef Py_ssize_t k, i, j
    if rough:
        divergence_of_floats(p, q, u, term, total)
        return
    for j in range(p.steps * LANES):     # a difference of exponentials by that of their exponents, where these are near
        d = fl_two_sum(x[j], -y[j])
        w = d.head + where_(abs_(d.head) < INFINITY, d.tail + (p_tails[j] - q_tails[j]), <double>0)
        near = abs_(w) < 0.5
        w = expm1_(where_(near, w, <double>0))
        term[j] = where_(near, f[j] * w, e[j] - f[j])
    class_sum(p, term, log_quotient)
    for i in range(LANES):
        w = log_quotient[i] * q.inverse[i]
        near = abs_(w) < 0.5
        w = log1p_(where_(near, w, <double>0))
        d = fl_two_sum(p.log_head[i], -q.log_head[i])
        log_quotient[i] = where_(near, w, d.head)
        log_tail[i] = where_(near, <double>0, d.tail + (p.log_tail[i] - q.log_tail[i]))
    for k in range(p.steps):
        for i in range(LANES):
            j = k * LANES + i
            d = fl_two_sum(x[j], -y[j])
            d.tail += p_tails[j] - q_tails[j]
            share = fl_two_sum(d.head, -log_quotient[i]).head
            other = fl_two_sum(d.head, -log_quotient[i]).tail
            u[j] = share + where_(abs_(share) < INFINITY, other + (d.tail - log_tail[i]), <double>0)
            share, other = e[j] * p.inverse[i], f[j] * q.inverse[i]
            near = abs_(u[j]) < 0.5
            w = expm1_(where_(near, u[j], <double>0))
            below = other * ((1 + w) * log1pmx_(w) + w * w)
            w = where_(share == 0, other, share * u[j] - (share - other))
            term[j] = where_(near, below, w)
    class_sum(p, term, total)


cdef void leave_excess(bint rough, const Tile* p, const Tile* q, const double* u, double factor, double* gradient) noexcept nogil:
    """factor (q - p), the gradient of the divergence by the scores of q: by log(p / q) where the two are near each other."""
    cdef const double* e = p.e
    cdef const double* f = q.e
    cdef double share, other, w
    cdef bint near
    cdef Py_ssize_t k, i, j
    if rough:
        for k in range(p.steps):
            for i in range(LANES):
                j = k * LANES + i
                share, other = e[j] * p.inverse[i], f[j] * q.inverse[i]
                w = p.rest[i] * p.inverse[i] - q.rest[i] * q.inverse[i]    # of what both are left by their largest, 1 - p and 1 - q
                gradient[j] = factor * where_((e[j] == 1) & (f[j] == 1), w, other - share)
        return
    for k in range(p.steps):
        for i in range(LANES):
            j = k * LANES + i
            share, other = e[j] * p.inverse[i], f[j] * q.inverse[i]
            near = abs_(u[j]) < 0.5
            w = expm1_(where_(near, u[j], <double>0))
            gradient[j] = factor * where_(near, -(other * w), other - share)


cdef void entropy_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """-sum_k p_k log p_k = sum_k p_k d_k + log(sum_k e^(-d_k)), d the distance from the largest score: nothing cancels.

        gradient_j = p_j (d_j - sum_k p_k d_k)
    """
    cdef double* d = t.x
    cdef double* e = t.e
    cdef double* tails = t.d
    cdef double* term = t.c
    cdef double* scaled = t.b
    cdef double* gradient = t.gradient
    cdef double mean[LANES]
    cdef double share
    cdef Py_ssize_t k, i, j
    softmax_of_scores(call.to_float, t, tails, 1)
    if call.rows.want & GRADIENT:
        scale_exponentials(t, scaled)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            share = e[j] * t.inverse[i]
            d[j] = -(d[j] + tails[j])
            term[j] = where_(share == 0, <double>0, share * d[j])
    class_sum(t, term, mean)
    for i in range(LANES):
        t.value[i] = mean[i] + t.log_sum[i]
    if not call.rows.want & GRADIENT:
        return
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            share = scaled[j] * t.inverse[i]
            gradient[j] = where_(share == 0, <double>0, share * (d[j] - mean[i])) * SCALE_DOWN


cdef void distillation_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """T^2 KL(p, q), p the softmax of the teacher's scores over T, q that of the student's; gradient T (q - p)."""
    cdef double temperature = call.parameter[0]
    cdef double* u = t.b
    cdef bint rough = call.to_float and temperature <= MOST_ROUGH_TEMPERATURE
    cdef Tile teacher = t[0]
    cdef Py_ssize_t i
    teacher.x, teacher.e = t.y, t.f
    softmax_of_scores(rough, t, t.d, temperature)
    softmax_of_scores(rough, &teacher, t.g, temperature)
    divergence(rough, &teacher, t, t.g, t.d, u, t.c, t.value)
    for i in range(LANES):
        t.value[i] *= temperature * temperature
    if call.rows.want & GRADIENT:
        leave_excess(rough, &teacher, t, u, temperature, t.gradient)


cdef void trades_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """-log p_y + beta KL(p, q), p the softmax of the scores, q that of the adversarial ones, whose gradient is beta (q - p) and is
    left in place of a Hessian. With D = KL(p, q) and S the sum of p u over the other classes

        gradient_j = p_j - [j = y] + beta p_j (u_j - D),    u_j - D = (1 - p_j) u_j - S
    """
    cdef double beta = call.parameter[0]
    cdef double* e = t.e
    cdef double* u = t.b
    cdef double* term = t.c
    cdef double* scaled = t.h
    cdef double* gradient = t.gradient
    cdef double divergence_of[LANES]
    cdef double others[LANES]
    cdef double at_top[LANES]
    cdef double at_label[LANES]
    cdef double distance_below[LANES]
    cdef double share, slope, rest
    cdef bint is_top, is_label
    cdef Tile adversarial = t[0]
    cdef Py_ssize_t k, i, j
    adversarial.x, adversarial.e = t.y, t.f
    softmax_of_scores(call.to_float, t, t.d, 1)
    softmax_of_scores(call.to_float, &adversarial, t.g, 1)
    divergence(call.to_float, t, &adversarial, t.d, t.g, u, term, divergence_of)
    at_class(t, t.x, t.label, distance_below)
    at_class(t, t.d, t.label, at_label)
    for i in range(LANES):
        t.value[i] = (t.log_sum[i] - (distance_below[i] + at_label[i])) + where_(beta == 0, <double>0, beta * divergence_of[i])
    if call.rows.want & HESSIAN:
        leave_excess(call.to_float, t, &adversarial, u, beta, t.hessian)
    if not call.rows.want & GRADIENT:
        return
    scale_exponentials(t, scaled)
    find_first(t, e, NULL, t.top)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            share = e[j] * t.inverse[i]
            term[j] = where_(share == 0, <double>0, share * u[j])
    sum_without(t, term, t.top, others)
    at_class(t, term, t.top, at_top)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = k * t.stride + t.offset[i] == t.top[i]
            is_label = k * t.stride + t.offset[i] == t.label[i]
            share = scaled[j] * t.inverse[i]
            rest = t.rest[i] * t.inverse[i]
            slope = where_(rest == 0, <double>0, rest * u[j]) - others[i]
            slope = where_(is_top, slope, u[j] - (others[i] + at_top[i]))
            slope = where_(u[j] == INFINITY, u[j], slope)
            slope = where_((share == 0) | (beta == 0), <double>0, share * (beta * slope)) * SCALE_DOWN
            rest = where_(is_top, rest, 1 - share * SCALE_DOWN)
            gradient[j] = slope + where_(is_label, -rest, share * SCALE_DOWN)


cdef inline void scaled_by_margin(const RowLossCall* call, Tile* t, const double* true_tail) noexcept nogil:
    """Value and gradient of cross-entropy of scale (x + tails), the true class's tail apart. `true_tail`: of each row."""
    cdef double scale = call.parameter[1]
    cdef double* x = t.x
    cdef double* e = t.e
    cdef double* tails = t.d
    cdef double* gradient = t.gradient
    cdef double distance[LANES]
    cdef double distance_tail[LANES]
    cdef double p, rest
    cdef bint is_top, is_label
    cdef fl_pair factor
    cdef Py_ssize_t k, i, j
    if call.to_float:            # a rounding in double does not show
        for j in range(t.steps * LANES):
            x[j] *= scale
        softmax_of_scores(True, t, tails, 1)
    else:
        clear(t, tails)
        set_class(t, tails, t.label, true_tail)
        factor.head, factor.tail = scale, 0
        multiplied_softmax(t, tails, factor)
    at_class(t, x, t.label, distance)
    at_class(t, tails, t.label, distance_tail)
    for i in range(LANES):
        t.value[i] = t.log_sum[i] - (distance[i] + distance_tail[i])
    if not call.rows.want & GRADIENT:
        return
    find_first(t, e, NULL, t.top)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = k * t.stride + t.offset[i] == t.top[i]
            is_label = k * t.stride + t.offset[i] == t.label[i]
            p = e[j] * t.inverse[i]
            rest = where_(is_top, t.rest[i] * t.inverse[i], 1 - p)
            gradient[j] = scale * where_(is_label, -rest, p)


cdef void cosface_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """Cross-entropy of scale (cos - margin [the true class])."""
    cdef double margin = call.parameter[0]
    cdef double cosine[LANES]
    cdef double tail[LANES]
    cdef fl_pair z
    cdef Py_ssize_t i
    at_class(t, t.x, t.label, cosine)
    for i in range(LANES):
        z = fl_two_sum(cosine[i], -margin)
        cosine[i], tail[i] = z.head, z.tail
    set_class(t, t.x, t.label, cosine)
    scaled_by_margin(call, t, tail)


cdef void arcface_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """Cross-entropy of scale z, z the cosines but for the true class, whose angle theta is made larger by the margin m:

        z = cos(theta + m) = cos cos m - sin(theta) sin m,                 z' = cos m + cos sin m / sin(theta)
        z = cos - m sin m,                                                 z' = 1,     where theta + m > pi

    sin(theta) = sqrt(1 - cos^2), and the difference, keep twice the digits: the scale multiplies what they lose. At a cosine of
    1 the slope is that of the largest number below.
    """
    cdef double below_1 = 0.99999994039535522 if call.to_float else 0.99999999999999989
    cdef double cosine[LANES]
    cdef double tail[LANES]
    cdef double slope[LANES]
    cdef fl_pair of_cosine, of_sine, of_far, sine, z, product
    cdef double c, head
    cdef bint far
    cdef Py_ssize_t i
    of_cosine.head, of_cosine.tail = call.parameter[2], call.parameter[3]
    of_sine.head, of_sine.tail = call.parameter[4], call.parameter[5]
    of_far = fl_two_product(-call.parameter[0], of_sine.head)
    of_far.tail -= call.parameter[0] * of_sine.tail
    at_class(t, t.x, t.label, cosine)
    for i in range(LANES):
        c = where_(cosine[i] > 1, <double>1, cosine[i])
        z = fl_two_sum(c, of_cosine.head)
        far = z.head + (z.tail + of_cosine.tail) < 0
        # at the cosine, the value
        sine = sine_of(where_(far, <double>0, c))
        sine = fl_pair_product(sine, of_sine)
        product.head, product.tail = c, 0
        product = fl_pair_product(product, of_cosine)
        sine.head, sine.tail = -sine.head, -sine.tail
        z = fl_pair_sum(product, sine)
        product = fl_two_sum(c, of_far.head)
        product.tail += of_far.tail
        cosine[i] = where_(far, product.head, z.head)
        tail[i] = where_(far, product.tail, z.tail)
        # and the slope
        c = where_(c > below_1, below_1, c)
        sine = sine_of(where_(far, <double>0, c))
        product.head, product.tail = c, 0
        product = fl_pair_quotient(fl_pair_product(product, of_sine), sine)
        product = fl_pair_sum(product, of_cosine)
        slope[i] = where_(far, <double>1, product.head)
    set_class(t, t.x, t.label, cosine)
    scaled_by_margin(call, t, tail)
    if call.rows.want & GRADIENT:
        at_class(t, t.gradient, t.label, cosine)
        for i in range(LANES):
            cosine[i] *= slope[i]
        set_class(t, t.gradient, t.label, cosine)


cdef inline fl_pair sine_of(double c) noexcept nogil:
    """sqrt(1 - c^2) >= 0."""
    cdef fl_pair square = fl_two_product(c, c), root, one
    one.head, one.tail = 1, 0
    square.head, square.tail = -square.head, -square.tail
    square = fl_pair_sum(one, square)
    root.head = sqrt_(where_(square.head > 0, square.head, <double>0))
    one = fl_two_product(root.head, root.head)
    root.tail = where_(root.head > 0, (((square.head - one.head) - one.tail) + square.tail) / (2 * root.head), <double>0)
    return root


add_row_loss("entropy", 128, entropy_rows, NULL)
add_row_loss("distillation", 128, distillation_rows, NULL)
add_row_loss("trades", 128, trades_rows, NULL)
add_row_loss("cosface", 128, cosface_rows, NULL)
add_row_loss("arcface", 128, arcface_rows, NULL)
