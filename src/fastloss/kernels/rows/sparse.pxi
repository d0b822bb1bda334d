# Sparse maps onto the probabilities: sparsemax and 1.5-entmax.

cdef enum:
    SPARSE_STEPS = 512           # of Newton, at most

cdef inline fl_pair pair_difference(fl_pair a, fl_pair b) noexcept nogil:
    b.head = -b.head
    b.tail = -b.tail
    return fl_pair_sum(a, b)


cdef inline fl_pair below_top(double x, double m, double scale) noexcept nogil:
    """scale (x - m), for a scale that is a power of two; 0 at the largest, infinite or not."""
    cdef fl_pair d = fl_two_sum(scale * x, -scale * m)
    d.head = where_(x == m, <double>0, d.head)
    d.tail = where_(x == m, <double>0, d.tail)
    return d


cdef inline double above_threshold(double x, double m, double scale, double tau, double tau_tail) noexcept nogil:
    cdef fl_pair threshold
    threshold.head, threshold.tail = tau, tau_tail
    return pair_difference(below_top(x, m, scale), threshold).head


cdef void sparse_threshold(const RowLossCall* call, Tile* t, bint squares, double* tau, double* tau_tail) noexcept nogil:
    """tau with  sum_c max(0, d_c - tau) = 1,  d = x - m, or (`squares`)  sum_c max(0, d_c - tau)^2 = 1,  d = (x - m) / 2.

    The sum, or the root of the sum of squares, is a convex function that falls with tau: Newton's steps end left of
    the solution wherever they begin, and every eighth is taken from the middle of where tau can be, which bounds their
    number. The last steps are taken in unevaluated sums: tau with all its digits, which the differences d - tau need.
    """
    cdef double* x = t.x
    cdef double scale = 0.5 if squares else 1, d, u, excess, step_
    cdef double high[LANES]
    cdef double point[LANES]
    cdef double count[LANES]
    cdef double total[LANES]
    cdef double square[LANES]
    cdef double none[LANES]
    cdef double ties[LANES]
    cdef double error_head[LANES]
    cdef double error_tail[LANES]
    cdef double before[LANES]
    cdef fl_pair pair, error, threshold
    cdef Py_ssize_t k, i, turn
    cdef int64_t moving
    class_max(t, x, t.m)
    for i in range(LANES):
        tau[i] = -1
        high[i] = 0
        ties[i] = none[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            ties[i] += where_(x[k * LANES + i] == t.m[i], <double>1, <double>0)
    if t.wide:
        across_lanes(ties, none)
    for turn in range(SPARSE_STEPS):
        for i in range(LANES):
            point[i] = 0.5 * (tau[i] + high[i]) if turn % 8 == 7 else tau[i]
            count[i] = total[i] = square[i] = 0
        for k in range(t.steps):
            for i in range(LANES):
                d = scale * x[k * LANES + i] - scale * t.m[i]
                u = where_(x[k * LANES + i] == t.m[i], <double>0, d) - point[i]
                u = where_(u > 0, u, <double>0)
                count[i] += where_(u > 0, <double>1, <double>0)
                total[i] += u
                square[i] += u * u
        if t.wide:
            for i in range(LANES):
                none[i] = 0
            across_lanes(count, none)
            across_lanes(total, none)
            across_lanes(square, none)
        moving = 0
        for i in range(LANES):
            u = sqrt_(square[i])
            excess = u - 1 if squares else total[i] - 1
            step_ = excess * u / total[i] if squares else excess / count[i]
            high[i] = where_(excess < 0, point[i], high[i])
            step_ = point[i] + step_
            moving |= step_ > tau[i] + 1e-15
            tau[i] = where_(step_ > tau[i], step_, tau[i])
        if not moving and turn % 8 != 7:
            break
    for i in range(LANES):
        tau_tail[i] = count[i] = 0
    for turn in range(SPARSE_STEPS):
        for i in range(LANES):
            before[i] = count[i]
            count[i] = total[i] = error_tail[i] = 0
            error_head[i] = 0 if t.wide and i > 0 else -1
        for k in range(t.steps):
            for i in range(LANES):
                pair = below_top(x[k * LANES + i], t.m[i], scale)
                threshold.head, threshold.tail = tau[i], tau_tail[i]
                threshold = pair_difference(pair, threshold)
                if squares:
                    pair = fl_two_product(threshold.head, threshold.head)
                    pair.tail += 2 * threshold.head * threshold.tail
                u = where_(threshold.head > 0, threshold.head, <double>0)
                count[i] += where_(threshold.head > 0, <double>1, <double>0)
                total[i] += u
                error.head, error.tail = error_head[i], error_tail[i]
                pair.head = where_(threshold.head > 0, pair.head, <double>0)
                pair.tail = where_(threshold.head > 0, pair.tail, <double>0)
                error = fl_pair_sum(error, pair)
                error_head[i], error_tail[i] = error.head, error.tail
        if t.wide:
            for i in range(LANES):
                none[i] = 0
            across_lanes(error_head, error_tail)
            across_lanes(count, none)
            across_lanes(total, none)
        moving = 0
        for i in range(LANES):
            if squares:
                error = fl_two_sum(error_head[i] / (2 * total[i]), error_tail[i] / (2 * total[i]))
                threshold.head, threshold.tail = tau[i], tau_tail[i]
                threshold = fl_pair_sum(threshold, error)
            else:                # the mean of d over the support, less 1 / count
                error = fl_two_sum(error_head[i], error_tail[i])
                threshold = fl_pair_over(error, count[i])
            tau[i], tau_tail[i] = threshold.head, threshold.tail
            moving |= count[i] != before[i]
        if not moving:
            break
    for i in range(LANES):       # no probabilities
        tau[i] = where_((t.m[i] == -INFINITY) | ((t.m[i] == INFINITY) & (ties[i] > 1)), <double>NAN, tau[i])


cdef inline void set_huge(Tile* t, Py_ssize_t i, double own, double quarter) noexcept nogil:
    """The value of a true class far below the largest: nothing else counts, and it alone may be too large for a double."""
    cdef bint huge = (own < -HUGE_HALF) & (quarter < INFINITY)
    t.root_unit[i] = where_(huge, <double>2, <double>1)
    t.value[i] = where_(huge, quarter, t.value[i])


cdef void sparsemax_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """p = max(0, x - tau), tau such that p adds up to 1.

    With u = x - tau, so that p = u on the support and u <= 0 beyond:   loss = sum_c (p_c - y_c)^2 / 2 - [y beyond] u_y,
    the sum that Martins and Astudillo print without its cancelling terms. 1 - p_y is the sum of the other p.
    """
    cdef double* x = t.x
    cdef double* u = t.a
    cdef double* p = t.gradient
    cdef double* square = t.c
    cdef double* positive = t.b
    cdef double tau[LANES]
    cdef double tau_tail[LANES]
    cdef double own[LANES]
    cdef double true_x[LANES]
    cdef double others[LANES]
    cdef double count[LANES]
    cdef Py_ssize_t k, i, j
    sparse_threshold(call, t, False, tau, tau_tail)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            u[j] = above_threshold(x[j], t.m[i], 1, tau[i], tau_tail[i])
            p[j] = where_(u[j] > 0, u[j], <double>0)
            positive[j] = where_(u[j] > 0, <double>1, <double>0)
            square[j] = p[j] * p[j]
    at_class(t, u, t.label, own)
    at_class(t, x, t.label, true_x)
    sum_without(t, p, t.label, others)
    sum_without(t, square, t.label, t.value)
    class_sum(t, positive, count)
    for i in range(LANES):
        others[i] = where_(own[i] > 0, others[i], <double>1)
        t.value[i] = 0.5 * (t.value[i] + others[i] * others[i]) - where_(own[i] > 0, <double>0, own[i])
        set_huge(t, i, own[i], 0.25 * t.m[i] - 0.25 * true_x[i])
    for k in range(t.steps):
        for i in range(LANES):
            t.hessian[k * LANES + i] = positive[k * LANES + i] * ((count[i] - 1) / count[i])
    for i in range(LANES):
        others[i] = -others[i]
    set_class(t, p, t.label, others)


cdef void entmax15_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """p = u^2, u = max(0, x / 2 - tau), tau such that p adds up to 1.

        loss = 2/3 sum_{c != y} u_c^3  +  2/3 (1 - u_y)^2 (2 + u_y)      1 - u_y = sum of the other p / (1 + u_y)
               (the last term 4/3 - 2 (z_y - tau) for y beyond the support)
        dp_j / dx_j = u_j - u_j^2 / sum u = u_j sum_{c != j} u_c / sum u
    """
    cdef double* x = t.x
    cdef double* u = t.a
    cdef double* positive = t.b
    cdef double* cube = t.c
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double stride = t.stride
    cdef double tau[LANES]
    cdef double tau_tail[LANES]
    cdef double own[LANES]
    cdef double others[LANES]
    cdef double largest[LANES]
    cdef double part
    cdef Py_ssize_t k, i, j
    cdef bint is_top
    sparse_threshold(call, t, True, tau, tau_tail)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            u[j] = above_threshold(x[j], t.m[i], 0.5, tau[i], tau_tail[i])
            positive[j] = where_(u[j] > 0, u[j], <double>0)
            gradient[j] = positive[j] * positive[j]
            cube[j] = gradient[j] * positive[j]
    find_first(t, x, t.m, t.top)
    at_class(t, u, t.label, own)
    sum_without(t, gradient, t.label, others)
    sum_without(t, cube, t.label, t.value)
    for i in range(LANES):
        others[i] = where_(own[i] > 0, others[i], <double>1)
        part = others[i] / (1 + own[i])
        part = where_(own[i] > 0, part * part * (2 + own[i]), 2 - 3 * own[i])
        t.value[i] = (2.0 / 3) * (part + t.value[i])
        set_huge(t, i, own[i], -0.5 * own[i])
    for i in range(LANES):
        others[i] = -others[i]
    set_class(t, gradient, t.label, others)
    if call.rows.want & HESSIAN:
        sum_without(t, positive, t.top, others)
        at_class(t, positive, t.top, largest)
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                is_top = k * stride + t.offset[i] == t.top[i]
                part = all_but(is_top, others[i], largest[i], positive[j])
                hessian[j] = positive[j] * (part / (others[i] + largest[i]))


add_row_loss("sparsemax", 256, sparsemax_rows, NULL)
add_row_loss("entmax15", 256, entmax15_rows, NULL)
