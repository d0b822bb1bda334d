# Losses that are functions of the probability of the true class: cross-entropy, focal, poly-1, generalized.
#
# Losses of the softmax are functions of what cross-entropy has without cancellation (softmax.pxi): with
#
#     l_c = -log p_c = (m - x_c) + log1p(rest),    p_c = e_c / (1 + rest),    q_c = 1 - p_c = ((1 - e_c) + rest) / (1 + rest)
#
# and f a function of log p_c,  A = -f'(log p_c) >= 0,  B = f''(log p_c),  the loss  sum_c y_c f(log p_c)  has
#
#     gradient_j = p_j sum_{c != j} y_c A_c  -  y_j A_j q_j
#     Hessian_j  = p_j^2 sum_{c != j} y_c B_c  +  y_j B_j q_j^2  +  p_j q_j sum_c y_c A_c
#
# because d log p_c / dx_j = [c = j] - p_j and its derivative is -p_j q_j. B is O(p l): where p is next to underflow, a
# logarithm of several hundred multiplies it, and weights multiply both p and q, so that products are formed with 2^128 p
# and 2^128 q, which have all their digits.

cdef struct CrossEntropy:
    char _

cdef struct Focal:
    char _

cdef struct Poly1:
    char _

cdef struct Generalized:
    char _

ctypedef fused Confidence:
    CrossEntropy
    Focal
    Poly1
    Generalized


cdef inline void confidence(Confidence* tag, double parameter, double p, double scaled_p, double q, double surprisal, double tail,
                            double* slope, double* offset, double* a, double* bq) noexcept nogil:
    """f = slope l + offset; A; 2^128 B q. The slope stands apart because l alone may be too large for a double where y l is not."""
    cdef double power, scaled_pl
    if Confidence is CrossEntropy:
        # f = l
        slope[0], offset[0], a[0], bq[0] = 1, 0, 1, 0
    elif Confidence is Focal:
        # l the surprisal:  f = q^g l,  A = q^g (1 + g p l / q),  B q = g q^g (2 p + (g p - 1) p l / q);  l / q -> 1 where q -> 0
        power = fl_power(q, parameter)
        scaled_pl = where_(scaled_p == 0, <double>0, scaled_p * where_(q == 0, <double>1, surprisal / q))
        slope[0], offset[0] = power, 0
        a[0] = power * (1 + parameter * (scaled_pl * SCALE_DOWN))
        bq[0] = parameter * power * (2 * scaled_p + (parameter * p - 1) * scaled_pl)
    elif Confidence is Poly1:
        # f = l + epsilon q,  A = 1 + epsilon p,  B = -epsilon p
        slope[0], offset[0], a[0], bq[0] = 1, parameter * q, 1 + parameter * p, -parameter * scaled_p * q
    elif Confidence is Generalized:
        # f = (1 - p^k) / k,  A = p^k,  B = -k p^k
        power = fl_exp_of_product(-parameter, surprisal, tail)
        slope[0], offset[0], a[0] = 0, -expm1_(-parameter * surprisal) / parameter, power
        bq[0] = -parameter * (power * SCALE_UP) * q


cdef inline double times_q(double a, double q, double scaled_q) noexcept nogil:
    """a q: a subnormal q has lost digits, and a would make that show."""
    return where_(q < 1e-300, a * scaled_q * SCALE_DOWN, a * q)


cdef void class_factors(const RowLossCall* call, const Tile* t, double* factor) noexcept nogil:
    """The factor of the true class of each row."""
    cdef Py_ssize_t i
    for i in range(LANES):
        factor[i] = 1 if call.factor == NULL else call.factor[<Py_ssize_t>t.label[i]]


cdef void of_label(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    """The true class is known: a few numbers for the whole row."""
    cdef double parameter = call.parameter[0], p, e, share
    cdef double* exponential = t.e
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double true_x[LANES]
    cdef double true_e[LANES]
    cdef double factor[LANES]
    cdef double slope[LANES]
    cdef double offset[LANES]
    cdef double a[LANES]
    cdef double bq[LANES]
    cdef double scaled[LANES]
    cdef double below[LANES]
    cdef double at_true[LANES]   # gradient and Hessian
    cdef double curvature[LANES]
    cdef double scaled_p, q, scaled_q
    cdef fl_pair surprisal
    cdef Py_ssize_t k, i, group
    at_class(t, t.x, t.label, true_x)
    at_class(t, exponential, t.label, true_e)
    class_factors(call, t, factor)
    for group in range(t.groups):
        for i in range(group * GROUP, group * GROUP + GROUP):
            p = true_e[i] * t.inverse[i]
            scaled_p = scaled_exponential(true_e[i], true_x[i], t.m[i]) * t.inverse[i]
            below[i] = complement(true_e[i], t.rest[i], t.whole[i])
            q = below[i] * t.inverse[i]
            scaled_q = where_(true_e[i] == 1, t.scaled_rest[i], below[i] * SCALE_UP) * t.inverse[i]
            surprisal = distance(t.m[i], true_x[i], t.log_head[i], t.log_tail[i])
            confidence(tag, parameter, p, scaled_p, q, surprisal.head, surprisal.tail, &slope[i], &offset[i], &a[i], &bq[i])
            a[i] *= factor[i]
            bq[i] *= factor[i]
            t.value[i] = factor[i] * (where_(slope[i] == 0, <double>0, slope[i] * surprisal.head) + offset[i])
            scaled[i] = a[i] * t.inverse[i]
            at_true[i] = -times_q(a[i], q, scaled_q)
            curvature[i] = where_(q < 0.5, scaled_q * (bq[i] * SCALE_DOWN + a[i] * p), q * (bq[i] + a[i] * scaled_p)) * SCALE_DOWN
            below[i] = where_(below[i] == 0, <double>1, below[i])   # then every other e is 0
            bq[i] *= SCALE_DOWN
    spread(t, scaled)
    spread(t, a)
    spread(t, bq)
    spread(t, below)
    if call.rows.want & GRADIENT:
        for k in range(t.steps):
            for i in range(LANES):
                gradient[k * LANES + i] = exponential[k * LANES + i] * scaled[i]
        set_class(t, gradient, t.label, at_true)
    if call.rows.want & HESSIAN:
        for k in range(t.steps):
            for i in range(LANES):
                e = exponential[k * LANES + i]
                share = a[i] * (complement(e, t.rest[i], t.whole[i]) * t.inverse[i]) + bq[i] * (e / below[i])
                hessian[k * LANES + i] = e * t.inverse[i] * share
        set_class(t, hessian, t.label, curvature)


cdef void of_probabilities(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    """The target is a weight y for each class."""
    cdef double parameter = call.parameter[0]
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* e = t.e
    cdef double* term = t.c
    cdef double* ya = t.a
    cdef double p, q, slope, offset, a, bq, weight
    cdef fl_pair surprisal
    cdef Py_ssize_t k, i, j
    if call.factor != NULL:
        for k in range(t.steps):
            for i in range(LANES):
                j = k if not t.wide else k * LANES + i
                y[k * LANES + i] *= call.factor[j] if j < call.classes else <double>0
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            weight = y[j]
            p = e[j] * t.inverse[i]
            q = complement(e[j], t.rest[i], t.whole[i]) * t.inverse[i]
            surprisal = distance(t.m[i], x[j], t.log_head[i], t.log_tail[i])
            confidence(tag, parameter, p, p * SCALE_UP, q, surprisal.head, surprisal.tail, &slope, &offset, &a, &bq)
            slope *= weight
            slope = where_(slope == 0, <double>0, weighted_difference(slope, t.m[i], x[j]) + slope * t.log_sum[i])
            term[j] = where_(weight == 0, <double>0, slope + weight * offset)
            ya[j] = where_(weight == 0, <double>0, weight * a)
    class_sum(t, term, t.value)
    derivatives_of_probabilities(tag, call, t)


cdef void derivatives_of_probabilities(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    """Of y A, for each class in `a`. The sums leave out the largest class and it is added where it belongs: for a model
    that is right they would cancel against it.

    B of that class is never formed, because B q over a q next to 0 may be infinite; its part p_j^2 B is formed as
    p_j (p_j / q) B q, and p_j / q = e_j / rest is at most 1. The q of every other class is at least 1/2."""
    cdef double parameter = call.parameter[0], stride = t.stride
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* e = t.e
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* ya = t.a
    cdef double* yb = t.b        # 2^128 y B
    cdef double* ybq = t.d       # 2^128 y B q
    cdef double* scaled_e = t.f
    cdef double a_others[LANES]
    cdef double b_others[LANES]
    cdef double a_top[LANES]
    cdef double bq_top[LANES]
    cdef double below[LANES]     # rest; 1 where that is 0: then every other e is
    cdef double p, q, scaled_q, scaled_pq, slope, offset, a, bq, others, weight
    cdef fl_pair surprisal
    cdef Py_ssize_t k, i, j
    cdef bint is_top
    if not call.rows.want & (GRADIENT | HESSIAN):
        return
    find_first(t, e, NULL, t.top)
    sum_without(t, ya, t.top, a_others)
    at_class(t, ya, t.top, a_top)
    if call.rows.want & GRADIENT:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                is_top = k * stride + t.offset[i] == t.top[i]
                q = where_(is_top, t.rest[i], complement(e[j], t.rest[i], t.whole[i])) * t.inverse[i]
                scaled_q = where_(is_top, t.scaled_rest[i] * t.inverse[i], q * SCALE_UP)
                others = all_but(is_top, a_others[i], a_top[i], ya[j])
                gradient[j] = e[j] * t.inverse[i] * others - times_q(ya[j], q, scaled_q)
    if not call.rows.want & HESSIAN:
        return
    scale_exponentials(t, scaled_e)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            weight = y[j]
            p = e[j] * t.inverse[i]
            q = complement(e[j], t.rest[i], t.whole[i]) * t.inverse[i]
            surprisal = distance(t.m[i], x[j], t.log_head[i], t.log_tail[i])
            confidence(tag, parameter, p, scaled_e[j] * t.inverse[i], q, surprisal.head, surprisal.tail, &slope, &offset, &a, &bq)
            ybq[j] = where_(weight == 0, <double>0, weight * bq)
            yb[j] = where_((weight == 0) | (q == 0), <double>0, weight * bq / q)
    sum_without(t, yb, t.top, b_others)
    at_class(t, ybq, t.top, bq_top)
    for i in range(LANES):
        below[i] = where_(t.rest[i] == 0, <double>1, t.rest[i])
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = k * stride + t.offset[i] == t.top[i]
            p = e[j] * t.inverse[i]
            q = where_(is_top, t.rest[i], complement(e[j], t.rest[i], t.whole[i])) * t.inverse[i]
            scaled_pq = where_(is_top, p * (t.scaled_rest[i] * t.inverse[i]), scaled_e[j] * t.inverse[i] * q)
            others = p * where_(is_top, b_others[i], b_others[i] - yb[j])
            others += where_(is_top, <double>0, bq_top[i] * (e[j] / below[i]))
            hessian[j] = ((ybq[j] * q + p * others) + scaled_pq * (a_others[i] + a_top[i])) * SCALE_DOWN


cdef void confidence_rows(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    tile_softmax(t)
    if call.form == CLASS_INDEX and not call.rows.dense:
        of_label(tag, call, t)
    else:
        of_probabilities(tag, call, t)


cdef void categorical_focal_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    confidence_rows(<Focal*>NULL, call, t)

cdef void poly1_cross_entropy_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    confidence_rows(<Poly1*>NULL, call, t)

cdef void generalized_cross_entropy_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    confidence_rows(<Generalized*>NULL, call, t)
