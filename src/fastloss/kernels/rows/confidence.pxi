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
# because d log p_c / dx_j = [c = j] - p_j and its derivative is -p_j q_j. Gauss and Newton take B for 0: what is left is
# cross-entropy's Hessian with each class weighted by A. B is O(p l): where p is next to underflow, a
# logarithm of several hundred multiplies it, and weights multiply both p and q, so that products are formed with 2^128 p
# and 2^128 q, which have all their digits.
#
# A power q^g has g times the error of q, and where it is a normal number g log q is up to 745. For large g it is formed as
#
#     q^g = exp(-g log(1 + e_c / b_c)),     b_c the sum of all exponentials but e_c,
#
# from exponentials, sums, quotient and logarithm to 2^-61.

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


#: The exponents of a power of q up to which it is formed from q itself, for float32 and for float64.
cdef double LARGEST_PLAIN_EXPONENT[2]
LARGEST_PLAIN_EXPONENT[:] = [1048576, 4]


cdef void powers_of_label(const RowLossCall* call, const Tile* t, const double* q, double* power) noexcept nogil:
    """q^g of the true class of each row."""
    cdef double parameter = call.parameter[0]
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef double own_head[LANES]
    cdef double own_tail[LANES]
    cdef double none[LANES]
    cdef fl_pair e, sum_
    cdef Py_ssize_t k, i
    cdef bint own
    if not call.exactly:
        for i in range(LANES):
            power[i] = fl_power(q[i], parameter)
        return
    for i in range(LANES):
        head[i] = tail[i] = own_head[i] = own_tail[i] = none[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            e = exponential_pair(t.x[k * LANES + i], t.m[i])
            own = k * t.stride + t.offset[i] == t.label[i]
            own_head[i] += where_(own, e.head, <double>0)
            own_tail[i] += where_(own, e.tail, <double>0)
            sum_.head, sum_.tail = head[i], tail[i]
            e.head = where_(own, <double>0, e.head)
            e.tail = where_(own, <double>0, e.tail)
            sum_ = fl_pair_sum(sum_, e)
            head[i], tail[i] = sum_.head, sum_.tail
    if t.wide:
        across_lanes(head, tail)
        across_lanes(own_head, none)
        across_lanes(own_tail, none)
    for i in range(LANES):
        e.head, e.tail = own_head[i], own_tail[i]
        power[i] = power_of_rest(e, fl_two_sum(head[i], tail[i]), parameter)


cdef void powers_of_classes(const RowLossCall* call, Tile* t, double* power) noexcept nogil:
    """q^g of each class. That of the largest from the sum of the others, of which nothing is taken off."""
    cdef double parameter = call.parameter[0]
    cdef double* e_tail = t.h
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef fl_pair e, sum_, one
    cdef Py_ssize_t k, i, j
    cdef bint is_top
    if not call.exactly:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                power[j] = fl_power(complement(t.e[j], t.rest[i], t.whole[i]) * t.inverse[i], parameter)
        return
    one.head, one.tail = 1, 0
    find_first(t, t.e, NULL, t.top)
    for i in range(LANES):
        head[i] = tail[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            e = exponential_pair(t.x[j], t.m[i])
            power[j], e_tail[j] = e.head, e.tail
            is_top = k * t.stride + t.offset[i] == t.top[i]
            sum_.head, sum_.tail = head[i], tail[i]
            e.head = where_(is_top, <double>0, e.head)
            e.tail = where_(is_top, <double>0, e.tail)
            sum_ = fl_pair_sum(sum_, e)
            head[i], tail[i] = sum_.head, sum_.tail
    if t.wide:
        across_lanes(head, tail)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = k * t.stride + t.offset[i] == t.top[i]
            sum_ = fl_two_sum(head[i], tail[i])
            e.head, e.tail = where_(is_top, <double>0, -power[j]), where_(is_top, <double>0, -e_tail[j])
            e = fl_pair_sum(e, one)
            sum_ = fl_pair_sum(sum_, e)
            sum_.head = where_(is_top, head[i], sum_.head)
            sum_.tail = where_(is_top, tail[i], sum_.tail)
            e.head, e.tail = power[j], e_tail[j]
            power[j] = power_of_rest(e, sum_, parameter)


cdef inline fl_pair exponential_pair(double x, double m) noexcept nogil:
    """exp(x - m) to 2^-61; 1 where they are equal, infinities too."""
    cdef fl_pair d = fl_two_sum(x, -m), e
    e = fl_exp_pair(d.head, d.tail)
    e.head = where_(x == m, <double>1, e.head)
    e.tail = where_(x == m, <double>0, e.tail)
    return e


cdef inline double power_of_rest(fl_pair e, fl_pair others, double exponent) noexcept nogil:
    """(others / (e + others))^exponent, for an exponent > 0."""
    cdef fl_pair logarithm = fl_log1p_pair(fl_pair_quotient(e, others))
    return fl_exp_of_product(-exponent, logarithm.head, logarithm.tail)


cdef inline void confidence(Confidence* tag, double parameter, double power, double p, double scaled_p, double q, double surprisal,
                            double tail, double* slope, double* offset, double* a, double* bq) noexcept nogil:
    """f = slope l + offset; A; 2^128 B q. The slope stands apart because l alone may be too large for a double where y l is
    not. `power`: q^g of focal loss."""
    cdef double scaled_pl
    if Confidence is CrossEntropy:
        # f = l
        slope[0], offset[0], a[0], bq[0] = 1, 0, 1, 0
    elif Confidence is Focal:
        # l the surprisal:  f = q^g l,  A = q^g (1 + g p l / q),  B q = g q^g (2 p + (g p - 1) p l / q);  l / q -> 1 where q -> 0
        scaled_pl = where_(scaled_p == 0, <double>0, scaled_p * where_(q == 0, <double>1, surprisal / q))
        slope[0], offset[0] = power, 0
        a[0] = power * (1 + parameter * (scaled_pl * SCALE_DOWN))
        bq[0] = parameter * power * (2 * scaled_p + (parameter * p - 1) * scaled_pl)
    elif Confidence is Poly1:
        # f = l + epsilon q,  A = 1 + epsilon p,  B = -epsilon p
        slope[0], offset[0], bq[0] = 1, parameter * q, -parameter * scaled_p * q
        a[0] = where_(parameter < 0, (1 + parameter) - parameter * q, 1 + parameter * p)   # 1 - p would cancel
    elif Confidence is Generalized:
        # f = (1 - p^k) / k,  A = p^k,  B = -k p^k
        slope[0], offset[0], a[0] = 0, -expm1_(-parameter * surprisal) / parameter, fl_exp_of_product(-parameter, surprisal, tail)
        bq[0] = -parameter * (a[0] * SCALE_UP) * q


#: 2^-960: a smaller slope or focal loss has lost digits, or soon will, which a weight may show.
cdef double LEAST_SLOPE = 1.0261342003245941e-289


cdef inline double times_q(double a, double q, double scaled_q) noexcept nogil:
    """a q: a subnormal q has lost digits, and a would make that show."""
    return where_(q < 1e-300, a * scaled_q * SCALE_DOWN, a * q)


cdef void class_factors(const RowLossCall* call, const Tile* t, double* factor) noexcept nogil:
    """The factor of the true class of each row."""
    cdef Py_ssize_t i
    for i in range(LANES):
        factor[i] = 1
    if call.factor != NULL:      # apart: see `copy_weights`
        for i in range(LANES):
            factor[i] = call.factor[<Py_ssize_t>t.label[i]]


cdef void numbers_of_label(Confidence* tag, const RowLossCall* call, Tile* t, const double* true_x, const double* true_e,
                           Confident* found) noexcept nogil:
    """The true class is known: a few numbers for the whole row."""
    cdef double parameter = call.parameter[0], p, scaled_p, scaled_q, slope, offset
    cdef double factor[LANES]
    cdef double q[LANES]
    cdef double power[LANES]
    cdef double below[LANES]
    cdef bint doubtful, gauss_newton = by_gauss_newton(&call.rows.curvature)
    cdef fl_pair surprisal
    cdef Py_ssize_t i, group
    class_factors(call, t, factor)
    for i in range(LANES):
        below[i] = complement(true_e[i], t.rest[i], t.whole[i])
        q[i] = below[i] * t.inverse[i]
        power[i] = 1
    if Confidence is Focal:
        powers_of_label(call, t, q, power)
    for group in range(t.groups):
        for i in range(group * GROUP, group * GROUP + GROUP):
            p = true_e[i] * t.inverse[i]
            scaled_p = scaled_exponential(true_e[i], true_x[i], t.m[i]) * t.inverse[i]
            scaled_q = where_(true_e[i] == 1, t.scaled_rest[i], below[i] * SCALE_UP) * t.inverse[i]
            surprisal = distance(t.m[i], true_x[i], t.log_head[i], t.log_tail[i])
            confidence(tag, parameter, power[i], p, scaled_p, q[i], surprisal.head, surprisal.tail, &slope, &offset, &found.a[i], &found.bq[i])
            found.bq[i] = where_(gauss_newton, <double>0, found.bq[i])
            if Confidence is not CrossEntropy:
                doubtful = found.a[i] < LEAST_SLOPE
                if Confidence is Focal:
                    doubtful |= (slope * surprisal.head < LEAST_SLOPE) & (q[i] > 0)
                t.doubtful[i] = where_(doubtful, <double>1, <double>0)
                found.a[i] *= t.lift[i]
                found.bq[i] *= t.lift[i]
            found.a[i] *= factor[i]
            found.bq[i] *= factor[i]
            t.value[i] = factor[i] * (where_(slope == 0, <double>0, slope * surprisal.head) + offset)
            found.scaled[i] = found.a[i] * t.inverse[i]
            found.at_true[i] = -times_q(found.a[i], q[i], scaled_q)
            found.curvature[i] = where_(q[i] < 0.5, scaled_q * (found.bq[i] * SCALE_DOWN + found.a[i] * p),
                                        q[i] * (found.bq[i] + found.a[i] * scaled_p)) * SCALE_DOWN
            found.below[i] = where_(below[i] == 0, <double>1, below[i])   # then every other e is 0
            found.bq[i] *= SCALE_DOWN


cdef void of_label(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    cdef double e, share
    cdef double* exponential = t.e
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double true_x[LANES]
    cdef double true_e[LANES]
    cdef Confident found
    cdef Py_ssize_t k, i
    at_class(t, t.x, t.label, true_x)
    at_class(t, exponential, t.label, true_e)
    numbers_of_label(tag, call, t, true_x, true_e, &found)
    spread(t, found.scaled)
    spread(t, found.a)
    spread(t, found.bq)
    spread(t, found.below)
    if call.rows.want & GRADIENT:
        for k in range(t.steps):
            for i in range(LANES):
                gradient[k * LANES + i] = exponential[k * LANES + i] * found.scaled[i]
        set_class(t, gradient, t.label, found.at_true)
    if call.rows.want & HESSIAN:
        for k in range(t.steps):
            for i in range(LANES):
                e = exponential[k * LANES + i]
                share = found.a[i] * (complement(e, t.rest[i], t.whole[i]) * t.inverse[i]) + found.bq[i] * (e / found.below[i])
                hessian[k * LANES + i] = e * t.inverse[i] * share
        set_class(t, hessian, t.label, found.curvature)


cdef void of_probabilities(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    """The target is a weight y for each class."""
    cdef double parameter = call.parameter[0]
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* e = t.e
    cdef double* term = t.c
    cdef double* ya = t.a
    cdef double* power = t.g     # of focal loss, for its derivatives too
    cdef double p, q, slope, offset, a, bq, weight
    cdef fl_pair surprisal
    cdef Py_ssize_t k, i, j
    if call.factor != NULL:
        for k in range(t.steps):
            for i in range(LANES):
                j = k if not t.wide else k * LANES + i
                y[k * LANES + i] *= call.factor[j] if j < call.classes else <double>0
    if Confidence is Focal:
        powers_of_classes(call, t, power)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            weight = y[j]
            p = e[j] * t.inverse[i]
            q = complement(e[j], t.rest[i], t.whole[i]) * t.inverse[i]
            surprisal = distance(t.m[i], x[j], t.log_head[i], t.log_tail[i])
            confidence(tag, parameter, power[j], p, p * SCALE_UP, q, surprisal.head, surprisal.tail, &slope, &offset, &a, &bq)
            slope *= weight
            slope = where_(slope == 0, <double>0, weighted_difference(slope, t.m[i], x[j]) + slope * t.log_sum[i])
            term[j] = where_(weight == 0, <double>0, slope + weight * offset)
            if Confidence is not CrossEntropy:
                t.doubtful[i] += where_((weight != 0) & (a < LEAST_SLOPE), <double>1, <double>0)
                weight *= t.lift[i]
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
    cdef double* power = t.g
    cdef double a_others[LANES]
    cdef double b_others[LANES]
    cdef double a_top[LANES]
    cdef double bq_top[LANES]
    cdef double below[LANES]     # rest; 1 where that is 0: then every other e is
    cdef double p, q, scaled_q, scaled_pq, slope, offset, a, bq, others, weight
    cdef fl_pair surprisal
    cdef Py_ssize_t k, i, j
    cdef bint is_top, gauss_newton = by_gauss_newton(&call.rows.curvature)
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
            if Confidence is not CrossEntropy:
                weight *= t.lift[i]
            p = e[j] * t.inverse[i]
            q = complement(e[j], t.rest[i], t.whole[i]) * t.inverse[i]
            surprisal = distance(t.m[i], x[j], t.log_head[i], t.log_tail[i])
            confidence(tag, parameter, power[j], p, scaled_e[j] * t.inverse[i], q, surprisal.head, surprisal.tail, &slope, &offset, &a, &bq)
            bq = where_(gauss_newton, <double>0, bq)
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


cdef void categorical_focal_graded(const RowLossCall* call, Tile* t, const double* true_x, const double* true_e, Confident* found) noexcept nogil:
    numbers_of_label(<Focal*>NULL, call, t, true_x, true_e, found)

cdef void poly1_cross_entropy_graded(const RowLossCall* call, Tile* t, const double* true_x, const double* true_e, Confident* found) noexcept nogil:
    numbers_of_label(<Poly1*>NULL, call, t, true_x, true_e, found)

cdef void generalized_cross_entropy_graded(const RowLossCall* call, Tile* t, const double* true_x, const double* true_e,
                                           Confident* found) noexcept nogil:
    numbers_of_label(<Generalized*>NULL, call, t, true_x, true_e, found)


#: A greater slope shows digits that an exponential next to underflow has lost.
cdef double MOST_SWEPT_SLOPE = 1024


cdef bint graded_swept(const RowLossCall* call, RowsCall* rows, double slope) noexcept nogil:
    """Whether the rows of a loss whose slope A is at most that are graded, as `grade` says."""
    cdef Py_ssize_t k
    cdef double most = 1, least = 1
    if rows.dense or call.exactly:
        return False
    for k in range(call.classes if call.factor != NULL else 0):
        most, least = max(most, call.factor[k]), min(least, call.factor[k])
    if slope * most > MOST_SWEPT_SLOPE or least < 1 / MOST_SWEPT_SLOPE:
        return False
    rows.graded, rows.slope = True, slope * most
    return True


cdef bint categorical_focal_swept(const RowLossCall* call, RowsCall* rows, bint double_precision) noexcept nogil:
    return not double_precision and graded_swept(call, rows, 1 + call.parameter[0])

cdef bint poly1_cross_entropy_swept(const RowLossCall* call, RowsCall* rows, bint double_precision) noexcept nogil:
    return not double_precision and graded_swept(call, rows, 1 + max(<double>0, call.parameter[0]))

cdef bint generalized_cross_entropy_swept(const RowLossCall* call, RowsCall* rows, bint double_precision) noexcept nogil:
    return not double_precision and graded_swept(call, rows, 1)


add_row_loss("categorical_focal", 128, categorical_focal_rows, extreme_focal, NULL, NULL, NULL, categorical_focal_swept,
             categorical_focal_graded)
add_row_loss("poly1_cross_entropy", 128, poly1_cross_entropy_rows, extreme_poly1, NULL, NULL, NULL, poly1_cross_entropy_swept,
             poly1_cross_entropy_graded)
add_row_loss("generalized_cross_entropy", 128, generalized_cross_entropy_rows, extreme_generalized, NULL, NULL, NULL,
             generalized_cross_entropy_swept, generalized_cross_entropy_graded)
