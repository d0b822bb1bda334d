# Rows of which a step of the ordinary computation may leave the range of a double where the result does not: huge scores,
# parameters or weights, or a probability next to underflow that a large weight multiplies. Such rows are rare. They are
# computed one number after the other, in numbers of any size and twice the digits (wide.h), by formulas that need not look
# out for either. Which rows they are, their numbers, weights and parameters decide alone: a row has the same bits wherever
# it lies.

cdef struct ExtremeRow:
    const RowLossCall* own
    const double* x              # the prediction
    const double* y              # the target as given; NULL where there is a label
    int64_t label
    fl_wide weight               # of the value; of the derivatives:
    fl_wide multiplier
    double value                 # it and these are left weighted and scaled, wanted or not
    double* gradient
    double* hessian

cdef inline bint positive(fl_wide a) noexcept nogil:
    return a.head > 0


cdef fl_wide share_of(const ExtremeRow* r, Py_ssize_t c) noexcept nogil:
    """The weight of class c in the loss of the row."""
    cdef fl_wide share = wide(<double>(c == r.label)) if r.y == NULL else wide(r.y[c])
    if r.own.rows.smoothing != 0:
        share = times(share, minus(wide(1), wide(r.own.rows.smoothing)))
        share = plus(share, over(wide(r.own.rows.smoothing), wide(<double>r.own.classes)))
    if r.own.rows.dense and r.own.rows.class_weight != NULL:
        share = times(share, wide(r.own.rows.class_weight[c]))
    return share if r.own.factor == NULL else times(share, wide(r.own.factor[c]))


cdef void leave_value(ExtremeRow* r, fl_wide value) noexcept nogil:
    r.value = number_of(times(value, r.weight))


cdef void leave(ExtremeRow* r, Py_ssize_t c, fl_wide gradient, fl_wide hessian) noexcept nogil:
    r.gradient[c] = number_of(times(gradient, r.multiplier))
    r.hessian[c] = number_of(times(hessian, r.multiplier))


# ---- softmax ---------------------------------------------------------------------------------------------------

cdef struct WideSoftmax:
    double softcap               # NaN: none
    fl_wide temperature
    Py_ssize_t top               # the first of the largest scores
    fl_wide largest              # that score, capped and divided by the temperature
    fl_wide rest                 # the sum of the exponentials of all others
    fl_wide whole                # and of its own, which is 1
    fl_wide log_sum              # log(whole)

cdef struct WideClass:
    fl_wide p, q                 # q = 1 - p
    fl_wide surprisal            # -log p; infinite for a class that is absent
    fl_wide first, second        # derivatives of the cap


cdef fl_wide wide_tanh(fl_wide u) noexcept nogil:
    """Of u >= 0:  -h / (2 + h),  h = e^-2u - 1."""
    cdef fl_wide h = expm1_of(times(wide(-2), u))
    return over(negative(h), plus(wide(2), h))


cdef fl_wide capped(fl_wide x, double softcap) noexcept nogil:
    """softcap tanh(x / softcap); x where there is no cap."""
    cdef fl_wide u = over(x, wide(softcap))
    if softcap != softcap:
        return x
    return times(wide(softcap), wide_tanh(u) if positive(u) else negative(wide_tanh(negative(u))))


cdef fl_wide capped_distance(double x, double y, double softcap) noexcept nogil:
    """Of x and the smaller y, capped. Where both are near the cap the tanh are not: with x and y > 0, each over the cap,
    tanh x - tanh y = 2 e^-2y (1 - e^-2(x - y)) / ((1 + e^-2x) (1 + e^-2y)),  and so with -y and -x."""
    cdef fl_wide cap = wide(softcap), distance = minus(wide(x), wide(y)), near, far_
    if softcap != softcap:
        return distance
    if x > 0 and y < 0:
        return minus(capped(wide(x), softcap), capped(wide(y), softcap))
    near = exp_of(times(wide(-2), over(wide(min(abs_(x), abs_(y))), cap)))
    far_ = exp_of(times(wide(-2), over(wide(max(abs_(x), abs_(y))), cap)))
    distance = negative(expm1_of(times(wide(-2), over(distance, cap))))
    distance = over(times(times(wide(2), near), distance), times(plus(wide(1), near), plus(wide(1), far_)))
    return times(cap, distance)


cdef void wide_class(const ExtremeRow* r, const WideSoftmax* s, Py_ssize_t c, WideClass* found) noexcept nogil:
    """Everything about the probability of a class; the score is capped first."""
    cdef fl_wide distance = over(capped_distance(r.x[s.top], r.x[c], s.softcap), s.temperature), cap = wide(s.softcap), decay
    found.first, found.second = wide(1), wide(0)
    if s.softcap == s.softcap:
        decay = exp_of(times(wide(-2), over(wide(abs_(r.x[c])), cap)))
        found.first = over(times(wide(4), decay), square(plus(wide(1), decay)))
        found.second = times(wide(-2), over(times(capped(wide(r.x[c]), s.softcap), found.first), square(cap)))
    if c == s.top:
        found.p, found.q = over(wide(1), s.whole), over(s.rest, s.whole)
        found.surprisal = s.log_sum
    else:
        found.p = exp_of(negative(distance))
        found.q = over(minus(s.whole, found.p), s.whole)
        found.p = over(found.p, s.whole)
        found.surprisal = plus(distance, s.log_sum)


cdef void wide_softmax(const ExtremeRow* r, double softcap, double temperature, WideSoftmax* s) noexcept nogil:
    cdef WideClass found
    cdef Py_ssize_t c
    s.softcap, s.temperature = softcap, wide(temperature)
    s.top = 0
    for c in range(1, r.own.classes):
        if r.x[c] > r.x[s.top]:
            s.top = c
    s.largest = over(capped(wide(r.x[s.top]), softcap), s.temperature)
    s.rest, s.whole, s.log_sum = wide(0), wide(1), wide(0)   # so that p of a class is its exponential
    for c in range(r.own.classes):
        if c != s.top:
            wide_class(r, s, c, &found)
            s.rest = plus(s.rest, found.p)
    s.whole = plus(wide(1), s.rest)
    s.log_sum = log1p_of(s.rest)


# ---- functions of the true class's probability ------------------------------------------------------------------

cdef void wide_confidence(Confidence* tag, double parameter, const WideClass* c, fl_wide* f, fl_wide* a, fl_wide* bq) noexcept nogil:
    """f, A and B q: see confidence.pxi."""
    cdef fl_wide k = wide(parameter), power, pl
    if Confidence is CrossEntropy:
        f[0], a[0], bq[0] = c.surprisal, wide(1), wide(0)
    elif Confidence is Focal:
        power = wide(parameter == 0)
        if positive(c.q):
            power = exp_of(negative(times(k, log1p_of(over(c.p, c.q)))))
        pl = wide(0)
        if positive(c.p):        # p l / q: p where q is 0
            pl = over(times(c.p, c.surprisal), c.q) if positive(c.q) else c.p
        f[0] = wide(0) if power.head == 0 else times(power, c.surprisal)
        a[0] = times(power, plus(wide(1), times(k, pl)))
        bq[0] = times(times(k, power), plus(times(wide(2), c.p), times(minus(times(k, c.p), wide(1)), pl)))
    elif Confidence is Poly1:
        f[0], a[0] = plus(c.surprisal, times(k, c.q)), plus(wide(1), times(k, c.p))
        if parameter < 0:
            a[0] = minus(plus(wide(1), k), times(k, c.q))
        bq[0] = negative(times(k, times(c.p, c.q)))
    elif Confidence is Generalized:
        power = negative(times(k, c.surprisal))
        f[0], a[0] = negative(over(expm1_of(power), k)), exp_of(power)
        bq[0] = negative(times(k, times(a[0], c.q)))


cdef void extreme_confidence(Confidence* tag, double parameter, double z_loss, double softcap, double temperature,
                             ExtremeRow* r) noexcept nogil:
    """The sums of `of_probabilities`, whatever the target is; around them the options of cross-entropy."""
    cdef WideSoftmax s
    cdef WideClass c
    cdef fl_wide f, a, bq, share, value = wide(0), total = wide(0), a_rest = wide(0), a_top = wide(0)
    cdef fl_wide b_rest = wide(0), bq_top = wide(0), gradient, hessian, others, log_total, z = wide(z_loss)
    cdef Py_ssize_t k
    cdef bint gauss_newton = by_gauss_newton(&r.own.rows.curvature)     # as in confidence.pxi and cross_entropy.pxi
    wide_softmax(r, softcap, temperature, &s)
    for k in range(r.own.classes):
        share = share_of(r, k)
        if share.head == 0:
            continue
        wide_class(r, &s, k, &c)
        wide_confidence(tag, parameter, &c, &f, &a, &bq)
        bq = wide(0) if gauss_newton else bq
        value = plus(value, times(share, f))
        total = plus(total, share)
        if k == s.top:
            a_top, bq_top = times(share, a), times(share, bq)
        else:
            a_rest, b_rest = plus(a_rest, times(share, a)), plus(b_rest, over(times(share, bq), c.q))
    log_total = plus(s.largest, s.log_sum)
    leave_value(r, plus(value, times(z, times(total, square(log_total)))) if z_loss != 0 else value)
    z = times(times(wide(2), z), total)
    for k in range(r.own.classes):
        share = share_of(r, k)
        wide_class(r, &s, k, &c)
        a = bq = wide(0)
        if share.head != 0:
            wide_confidence(tag, parameter, &c, &f, &a, &bq)
            a, bq = times(share, a), wide(0) if gauss_newton else times(share, bq)
        others, hessian = a_rest, b_rest
        if k != s.top:
            others = minus(plus(a_rest, a_top), a)
            hessian = minus(b_rest, over(bq, c.q))
        gradient = minus(times(c.p, others), times(a, c.q))
        hessian = times(c.p, hessian)
        if k != s.top and positive(s.rest):   # p / q of the largest class is 1 / rest
            hessian = plus(hessian, times(bq_top, over(times(c.p, s.whole), s.rest)))
        hessian = plus(plus(times(bq, c.q), times(c.p, hessian)), times(times(c.p, c.q), plus(a_rest, a_top)))
        if z_loss != 0 and positive(c.p):
            others = times(c.p, log_total)
            gradient = plus(gradient, times(z, others))
            hessian = plus(hessian, times(z, square(c.p) if gauss_newton else plus(square(c.p), times(others, c.q))))
        gradient, hessian = over(gradient, s.temperature), over(hessian, square(s.temperature))
        hessian = times(hessian, square(c.first))
        hessian = hessian if gauss_newton else plus(hessian, times(gradient, c.second))
        leave(r, k, times(gradient, c.first), hessian)


cdef void extreme_cross_entropy(ExtremeRow* r) noexcept nogil:
    cdef const double* parameter = r.own.parameter
    extreme_confidence(<CrossEntropy*>NULL, 0, parameter[0], parameter[1], parameter[2], r)

cdef void extreme_focal(ExtremeRow* r) noexcept nogil:
    extreme_confidence(<Focal*>NULL, r.own.parameter[0], 0, NAN, 1, r)

cdef void extreme_poly1(ExtremeRow* r) noexcept nogil:
    extreme_confidence(<Poly1*>NULL, r.own.parameter[0], 0, NAN, 1, r)

cdef void extreme_generalized(ExtremeRow* r) noexcept nogil:
    extreme_confidence(<Generalized*>NULL, r.own.parameter[0], 0, NAN, 1, r)


cdef void extreme_cross_entropy_product(ExtremeRow* r) noexcept nogil:
    """Of the vector that lies in `hessian`, in its place: see second.pxi. The centre is the element of the largest class;
    what the difference then loses of twice the digits is nothing."""
    cdef double z_loss = r.own.parameter[0]
    cdef WideSoftmax s
    cdef WideClass c
    cdef fl_wide z = times(wide(2), wide(z_loss)), total = wide(0), at_top = wide(0), mean = wide(0), u_top, log_total, share
    cdef fl_wide v, a, gradient
    cdef Py_ssize_t k
    wide_softmax(r, r.own.parameter[1], r.own.parameter[2], &s)
    wide_class(r, &s, s.top, &c)
    u_top = times(c.first, wide(r.hessian[s.top]))
    for k in range(r.own.classes):
        share = share_of(r, k)
        if k == s.top:
            at_top = share
            continue
        total = plus(total, share)
        wide_class(r, &s, k, &c)
        mean = plus(mean, times(c.p, minus(times(c.first, wide(r.hessian[k])), u_top)))
    log_total = plus(s.largest, s.log_sum)
    for k in range(r.own.classes):
        share = share_of(r, k)
        wide_class(r, &s, k, &c)
        v = wide(r.hessian[k])
        gradient = minus(times(c.p, total if k == s.top else minus(plus(total, at_top), share)), times(share, c.q))
        a = negative(mean) if k == s.top else minus(minus(times(c.first, v), u_top), mean)
        a = times(c.p, a)
        if z_loss != 0 and positive(c.p):
            a = plus(a, times(z, plus(times(log_total, a), times(c.p, plus(u_top, mean)))))
            gradient = plus(gradient, times(times(z, plus(total, at_top)), times(c.p, log_total)))
        a = times(over(times(plus(total, at_top), a), square(s.temperature)), c.first)
        a = plus(a, times(over(times(gradient, c.second), s.temperature), v))
        r.gradient[k], r.hessian[k] = 0, number_of(times(a, r.multiplier))
    r.value = 0


# ---- divergences -----------------------------------------------------------------------------------------------

cdef void wide_prediction(const ExtremeRow* r, const WideSoftmax* s, Py_ssize_t c, WideClass* found) noexcept nogil:
    """q, 1 - q and -log q of a class, from whatever is given: `p`, `q` and `surprisal` of what is found."""
    cdef double x = r.x[c]
    if r.own.given == LOGITS:
        wide_class(r, s, c, found)
    elif r.own.given == LOG_PROBABILITIES:
        found.p, found.q = exp_of(wide(x)), negative(expm1_of(wide(x)))
        found.surprisal = wide(-x)
    else:
        found.p, found.q = wide(at_most_1(x)), minus(wide(1), wide(at_most_1(x)))
        found.surprisal = negative(log_of(found.p))


cdef inline fl_wide flat_curvature(const ExtremeRow* r) noexcept nogil:
    """As flat_hessian."""
    return wide(1 if by_gauss_newton(&r.own.rows.curvature) else 0)


cdef void extreme_kl_divergence(ExtremeRow* r) noexcept nogil:
    cdef WideSoftmax s
    cdef WideClass c
    cdef fl_wide y, value = wide(0)
    cdef Py_ssize_t k
    if r.own.given == LOGITS:
        wide_softmax(r, NAN, 1, &s)
        extreme_confidence(<CrossEntropy*>NULL, 0, 0, NAN, 1, r)
    for k in range(r.own.classes):
        y = wide(r.y[k])
        if positive(y):
            wide_prediction(r, &s, k, &c)
            value = plus(value, times(y, plus(log_of(y), c.surprisal)))
        if r.own.given == LOG_PROBABILITIES:
            leave(r, k, negative(y), flat_curvature(r))
        elif r.own.given == PROBABILITIES:
            y = over(y, c.p) if positive(y) else y
            leave(r, k, negative(y), over(y, c.p) if positive(y) else y)
    leave_value(r, value)


cdef fl_wide wide_log_of_share(fl_wide part, fl_wide other, fl_wide own_weight, fl_wide weight) noexcept nogil:
    """log(part / m),  m = own_weight part + weight other."""
    cdef fl_wide relative
    if part.head == 0:
        return negative(log_of(own_weight)) if other.head == 0 else wide(-INFINITY)
    relative = over(times(weight, minus(other, part)), part)
    if number_of(relative) > -0.5:
        return negative(log1p_of(relative))
    return negative(log_of(plus(own_weight, over(times(weight, other), part))))


cdef fl_wide wide_log_curvature(fl_wide part, fl_wide other, fl_wide own_weight, fl_wide weight) noexcept nogil:
    """weight other / m + log(part / m): as log_curvature."""
    cdef fl_wide m = plus(times(own_weight, part), times(weight, other)), log_share, u, beyond
    cdef int k
    log_share = wide_log_of_share(part, other, own_weight, weight)
    if minus(other, part).head <= 0:
        return log_share if other.head == 0 else plus(over(times(weight, other), m), log_share)
    u = over(times(weight, minus(other, part)), m)
    beyond = wide(0)
    if u.exponent < -20:         # -log(1 - u) - u = u^2 / 2 + u^3 / 3 + ...
        for k in range(7, 1, -1):
            beyond = times(u, plus(over(wide(1), wide(k)), beyond))
        beyond = times(u, beyond)
    else:
        beyond = minus(negative(log_share), u)
    return minus(over(times(weight, part), m), beyond)


cdef void extreme_js_divergence(ExtremeRow* r) noexcept nogil:
    """D, W, H, S and U: see js_divergence_rows."""
    cdef double beta = r.own.parameter[0]
    cdef fl_wide b = wide(beta), a = minus(wide(1), wide(beta))
    cdef fl_wide y, q, d, w, h, value = wide(0), qd_rest = wide(0), qd_top = wide(0), w_all = wide(0), h_rest = wide(0), w_rest = wide(0)
    cdef fl_wide m, gradient, hessian, w_top = wide(0), w_others
    cdef WideSoftmax s
    cdef WideClass c
    cdef Py_ssize_t k, turn
    cdef bint gauss_newton = by_gauss_newton(&r.own.rows.curvature)
    s.top = -1
    if r.own.given == LOGITS:
        wide_softmax(r, NAN, 1, &s)
    for turn in range(2):
        for k in range(r.own.classes):
            wide_prediction(r, &s, k, &c)
            y, q = wide(r.y[k]), c.p
            m = plus(times(b, y), times(a, q))
            d = times(a, wide_log_of_share(q, y, a, b))
            w = h = gradient = wide(0)                      # gradient: q D
            if positive(q):
                h = times(times(a, q), wide_log_curvature(q, y, a, b))
                w = over(times(times(b, a), times(y, q)), m)
                gradient = times(q, d)
            if turn == 0:
                if positive(y):
                    value = plus(value, times(times(b, y), wide_log_of_share(y, q, b, a)))
                value = plus(value, gradient)
                w_all = plus(w_all, w)
                if k == s.top:
                    qd_top, w_top = gradient, w
                else:
                    w_rest = plus(w_rest, w)
                    qd_rest, h_rest = plus(qd_rest, gradient), plus(h_rest, h)
            elif r.own.given == LOG_PROBABILITIES:
                leave(r, k, gradient, w if gauss_newton else h)
            elif r.own.given == PROBABILITIES:
                leave(r, k, d, over(over(times(times(b, a), y), m), q) if positive(y) else wide(0))
            elif k == s.top:
                hessian = plus(times(minus(c.q, c.p), gradient), minus(times(c.q, w), times(q, qd_rest)))
                hessian = plus(times(c.q, hessian), times(square(q), h_rest))
                gradient = minus(times(c.q, gradient), times(q, qd_rest))
            else:
                m = times(q, plus(qd_rest, qd_top))
                hessian = plus(times(minus(c.q, c.p), minus(h, m)), times(square(q), w_all))
                gradient = minus(gradient, m)
            if turn == 1 and r.own.given == LOGITS:
                w_others = w_rest if k == s.top else plus(minus(w_rest, w), w_top)
                if gauss_newton:
                    hessian = plus(times(square(c.q), w), times(square(q), w_others))
                leave(r, k, gradient, hessian)
    leave_value(r, value)


cdef void extreme_total_variation(ExtremeRow* r) noexcept nogil:
    """The masses at, above and below the target: see total_variation_rows."""
    cdef fl_wide y, excess, value = wide(0), at = wide(0), above = wide(0), below = wide(0), slope, curvature
    cdef fl_wide squares_of_others, squares = wide(0), of_top = wide(0)    # of the masses: of all but the largest, of that
    cdef WideSoftmax s
    cdef WideClass c
    cdef Py_ssize_t k, turn
    if r.own.given == LOGITS:
        wide_softmax(r, NAN, 1, &s)
    for turn in range(2):
        for k in range(r.own.classes):
            wide_prediction(r, &s, k, &c)
            y = wide(r.y[k])
            excess = minus(c.p, y) if c.p.exponent < -1 else minus(minus(wide(1), y), c.q)
            if turn == 0:
                value = plus(value, excess if positive(excess) else negative(excess))
                if excess.head > 0:
                    above = plus(above, c.p)
                elif excess.head < 0:
                    below = plus(below, c.p)
                else:
                    at = plus(at, c.p)
                if r.own.given == LOGITS and k == s.top:
                    of_top = square(c.p)
                else:
                    squares = plus(squares, square(c.p))
                continue
            slope = wide(0.5 if excess.head > 0 else -0.5 if excess.head < 0 else 0)
            if r.own.given == PROBABILITIES:
                leave(r, k, slope, flat_curvature(r))
                continue
            if r.own.given == LOGITS:
                slope = times(wide(0.5), minus(below, above))
                if excess.head != 0:
                    slope = plus(times(wide(0.5), at), below if excess.head > 0 else above)
                    slope = slope if excess.head > 0 else negative(slope)
            slope = times(c.p, slope)
            curvature = times(minus(c.q, c.p), slope) if r.own.given == LOGITS else slope
            if by_gauss_newton(&r.own.rows.curvature):
                curvature = square(c.p)
                if r.own.given == LOGITS:
                    squares_of_others = squares if k == s.top else plus(minus(squares, curvature), of_top)
                    curvature = times(curvature, plus(square(c.q), squares_of_others))
            leave(r, k, slope, curvature)
    leave_value(r, times(wide(0.5), value))


# ---- no softmax ------------------------------------------------------------------------------------------------

cdef void extreme_log_loss(ExtremeRow* r) noexcept nogil:
    cdef double clip = clip_of(r.own), p
    cdef fl_wide share, value = wide(0), quotient
    cdef bint above, inside
    cdef Py_ssize_t k
    for k in range(r.own.classes):
        share = share_of(r, k)
        if share.head == 0:
            leave(r, k, share, share)
            continue
        p = clipped(r.x[k], clip, &above, &inside)
        value = minus(value, times(share, log1p_of(wide(-clip)) if above else log_of(wide(p))))
        quotient = over(share, wide(p)) if inside else wide(0)
        leave(r, k, negative(quotient), over(quotient, wide(p)))
    leave_value(r, value)


cdef void extreme_nll(ExtremeRow* r) noexcept nogil:
    cdef fl_wide share, value = wide(0)
    cdef Py_ssize_t k
    for k in range(r.own.classes):
        share = share_of(r, k)
        if share.head != 0:
            value = minus(value, times(share, wide(r.x[k])))
        leave(r, k, negative(share), flat_curvature(r))
    leave_value(r, value)


cdef enum: OF_CLASSES, OF_LEVELS, OF_HAZARDS       # what is decided

cdef void extreme_decisions(ExtremeRow* r, int of) noexcept nogil:
    """A decision for each class: see `decisions`."""
    cdef fl_wide y, x, e, above, value = wide(0), factor = wide(1)
    cdef Py_ssize_t k
    if of == OF_CLASSES:
        factor = over(factor, wide(<double>r.own.classes))
    for k in range(r.own.classes):
        if of == OF_HAZARDS and 2 * k > r.label:
            leave(r, k, wide(0), wide(0))
            continue
        y = wide(r.y[k] if of == OF_CLASSES else <double>(k < r.label) if of == OF_LEVELS else <double>(2 * k + 1 == r.label))
        x = wide(abs_(r.x[k]))
        e = exp_of(negative(x))
        above = minus(wide(1), y) if r.x[k] > 0 else y
        if above.head != 0:
            value = plus(value, times(above, x))
        value = plus(value, log1p_of(e))
        x = over(e, plus(wide(1), e))
        above = minus(above, x)
        above = above if r.x[k] > 0 else negative(above)
        leave(r, k, times(above, factor), times(times(x, over(wide(1), plus(wide(1), e))), factor))
    leave_value(r, times(value, factor))


cdef void extreme_multilabel_soft_margin(ExtremeRow* r) noexcept nogil:
    extreme_decisions(r, OF_CLASSES)

cdef void extreme_ordinal(ExtremeRow* r) noexcept nogil:
    extreme_decisions(r, OF_LEVELS)

cdef void extreme_logistic_hazard(ExtremeRow* r) noexcept nogil:
    extreme_decisions(r, OF_HAZARDS)


cdef void extreme_multi_margin(ExtremeRow* r) noexcept nogil:
    """sum_{j != y} max(0, margin + x_j - x_y)^p / C"""
    cdef bint squared = r.own.parameter[0] == 2
    cdef fl_wide classes = wide(<double>r.own.classes), own = wide(r.x[r.label]), value = wide(0), violation, slope
    cdef fl_wide slopes = wide(0), curvatures = wide(0), curvature
    cdef Py_ssize_t k
    for k in range(r.own.classes):
        if k == r.label:
            continue
        violation = plus(minus(wide(r.x[k]), own), wide(r.own.parameter[1]))
        slope, curvature = wide(step(violation.head)), flat_curvature(r)
        violation = wide(0) if violation.head <= 0 else violation   # NaN stays
        if squared:
            curvature = wide(2 if positive(violation) else 0)
            slope = times(wide(2), violation)
        value = plus(value, square(violation) if squared else violation)
        slope, curvature = over(slope, classes), over(curvature, classes) if squared else curvature
        slopes, curvatures = plus(slopes, slope), plus(curvatures, curvature)
        leave(r, k, slope, curvature)
    leave(r, r.label, negative(slopes), curvatures if squared else flat_curvature(r))
    leave_value(r, over(value, classes))


# ---- the rows --------------------------------------------------------------------------------------------------

cdef double extreme_row(const RowLossCall* call, Py_ssize_t row, int64_t label, double weight, const double* x, double* y,
                        double* gradient, double* hessian) noexcept nogil:
    """Value, gradient and Hessian of a row, weighted and scaled. `y`: scratch for its target. Or the product with the vector
    that lies in `hessian`, in its place."""
    cdef ExtremeRow r
    cdef extreme_function function = row_table[call.loss].extreme_product if call.second != DIAGONAL else row_table[call.loss].extreme
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    cdef bint lost = False
    r.own, r.x, r.y, r.label = call, x, NULL, label
    r.gradient, r.hessian = gradient, hessian
    r.weight = wide(weight)
    r.multiplier = times(r.weight, plus(wide(call.rows.scale), wide(call.rows.scale_tail)))
    if call.rows.given_dense:
        r.y = y
        load_run(&call.rows.y_true, call.rows.y_true.data + sample_offset(&call.rows.y_true, row, index),
                 call.rows.y_true.class_stride, call.classes, y)
    for c in range(call.classes):
        lost |= x[c] != x[c] or (call.rows.given_dense and y[c] != y[c]) or (call.second != DIAGONAL and not finite(hessian[c]))
    r.value = NAN
    if not lost:
        function(&r)
    if r.value != r.value:
        for c in range(call.classes):
            gradient[c] = hessian[c] = NAN
    return r.value


cdef double mended_row(const real* x, Py_ssize_t stride, double m, bint by_tile, const RowsCall* call, Py_ssize_t row, int64_t label, double weight,
                       real* gradient, real* hessian, Py_ssize_t result_stride, double* scratch) noexcept nogil:
    """The same for a row of softmax.pxi: one of float32 has room enough in the ordinary computation in double, and so has one
    of float64 that is to be computed `by_tile`."""
    cdef Py_ssize_t classes = call.classes, c
    cdef RowLossCall own
    cdef double value
    cdef double* of_gradient
    cdef double* of_hessian
    cdef Tile t
    memset(&own, 0, sizeof(own))
    if call.own != NULL:
        own = (<const RowLossCall*>call.own)[0]
    else:
        own.loss, own.classes, own.given = PLAIN_CROSS_ENTROPY, classes, LOGITS
        own.form = CLASS_PROBABILITIES if call.given_dense else CLASS_INDEX
        own.parameter[0], own.parameter[1], own.parameter[2] = 0, NAN, 1
    own.rows = call[0]
    if real is float or by_tile or not finite(m):
        lay_out(&own, scratch, True, &t)
        for c in range(t.steps * LANES):
            t.x[c] = x[c * stride] if c < classes else -INFINITY
        load_target(&own, row, 1, &label, &t)
        weigh_target(&own, &t)
        run_tile(&own, &t)
        value, of_gradient, of_hessian = t.value[0] * weight, t.gradient, t.hessian
        for c in range(classes):
            of_gradient[c] *= weight * call.scale
            of_hessian[c] *= weight * call.scale
    else:
        of_gradient, of_hessian = scratch + 2 * classes, scratch + 3 * classes
        for c in range(classes):
            scratch[c] = x[c * stride]
        value = extreme_row(&own, row, label, weight, scratch, scratch + classes, of_gradient, of_hessian)
    for c in range(classes):
        if call.want & GRADIENT:
            gradient[c * result_stride] = <real>of_gradient[c]
        if call.want & HESSIAN:
            hessian[c * result_stride] = <real>of_hessian[c]
    return value


cdef inline Py_ssize_t mending_scratch(Py_ssize_t classes) noexcept nogil:
    """Doubles that `mended_row` needs."""
    return TILE_ARRAYS * ((classes + LANES - 1) // LANES) * LANES


# ---- which rows they are ---------------------------------------------------------------------------------------

cdef double LARGEST_FACTOR = 1.8446744073709552e19   # 2^64

#: The square of a larger one, times a z-loss, may leave the range of a double.
cdef double MOST_SWEPT_SCORE = 1073741824


cdef inline bint ordinary(double factor) noexcept nogil:
    """Whether a few factors of such a size may be multiplied by each other: 0, or 2^-64 to 2^64."""
    return factor == 0 or 1 / LARGEST_FACTOR <= abs_(factor) <= LARGEST_FACTOR


cdef inline double headroom(double factor) noexcept nogil:
    """log2 of a factor, rounded up; 0 for one that is at most 1."""
    return wide(factor).exponent + 1 if factor > 1 else 0


cdef void note_extremes(const real* tag, RowsCall* call, Py_ssize_t classes) noexcept nogil:
    """What weights, smoothing and the mean's denominator make of the rows of a call."""
    cdef double most = 1, least = 1
    cdef Py_ssize_t c
    call.wary = call.task == CROSS_ENTROPY and (call.weight.data != NULL or call.class_weight != NULL or call.scale > 1
                                                or call.z_loss != 0 or divided(call))
    call.always = call.dense and not ordinary(call.smoothing)
    if call.dense and call.class_weight != NULL:
        for c in range(classes):
            most = max(most, call.class_weight[c])
            least = min(least, call.class_weight[c] if call.class_weight[c] > 0 else 1)
            call.always |= not ordinary(call.class_weight[c])
    call.headroom = headroom(most) + 2 * headroom(call.inverse) + 2 * headroom(1 / call.softcap) + headroom(call.slope)
    call.least_target = (7.52316384526264e-37 if sizeof(real) == 4 else 1.1830521861667747e-271) / least
    call.always &= call.wary or call.smoothing != 0
    call.wary |= call.always


cdef inline double far_end(const real* tag, const RowsCall* call, double weight) noexcept nogil:
    """The distance of a score from the largest at which weight x exponential vanishes, if there are distances at which the
    exponential alone has lost digits that its product shows; else where those begin."""
    cdef double room = headroom(max(weight, weight * call.scale)) + call.headroom
    if room <= 1:                # a factor of 2 shows no more than a rounding more
        return far_begin(tag)
    return (-104 if sizeof(real) == 4 else -746) - 0.6931471805599453 * room


cdef inline double far_begin(const real* tag) noexcept nogil:
    return -85 if sizeof(real) == 4 else -600


cdef inline bint far(real distance, real end, real begin) noexcept nogil:
    return (distance > end) & (distance < begin)


cdef inline bint huge(real x, real most) noexcept nogil:
    return (abs_(x) > most) & (abs_(x) < INFINITY)


cdef inline double most_score(const real* tag) noexcept nogil:
    """2^120, 2^1000: of larger scores the difference or the loss may be infinite where the weighted loss is not."""
    return 1.329227995784916e36 if sizeof(real) == 4 else 1.0715086071862673e301


cdef inline bint shows(const real* tag, const RowsCall* call, double weight) noexcept nogil:
    """Whether a weight shows digits that a subnormal number has lost."""
    return far_end(tag, call, weight) != far_begin(tag)


cdef inline double most_ordinary(const real* tag) noexcept nogil:
    """Of scores of no larger size none is far from another, or huge."""
    return -0.49 * far_begin(tag)


cdef bint any_between(const real* x, Py_ssize_t n, real low, real high) noexcept nogil:
    """Whether the size of any number is."""
    cdef int of_floats = 0       # as wide as what is compared: the loop has no conversions
    cdef int64_t of_doubles = 0
    cdef Py_ssize_t i
    for i in range(n):
        if real is float:
            of_floats |= (abs_(x[i]) > low) & (abs_(x[i]) < high)
        else:
            of_doubles |= (abs_(x[i]) > low) & (abs_(x[i]) < high)
    return of_floats != 0 or of_doubles != 0


cdef bint find_extremes(const RowsCall* call, const real* x, Py_ssize_t steps, const real* m, const real* weight,
                        Py_ssize_t n, bint* extreme) noexcept nogil:
    """Which of the rows in the lanes are extreme; whether any is. Infinite scores are for the ordinary computation."""
    cdef Py_ssize_t lanes = lanes_of(x), k, i
    cdef real end[TILE_ROWS]
    cdef real found[TILE_ROWS]
    cdef real begin = <real>(far_begin(x) * call.temperature), most = <real>most_score(x)
    cdef bint any_ = False
    memset(extreme, 0, lanes * sizeof(bint))
    if not call.always and not any_between(x, steps * lanes, <real>(most_ordinary(x) * call.temperature), INFINITY):
        return False
    for i in range(lanes):
        found[i] = call.always
        end[i] = <real>(far_end(x, call, weight[i] if i < n else 0) * call.temperature)
    for k in range(steps):
        for i in range(lanes):
            found[i] += where_(far(x[k * lanes + i] - m[i], end[i], begin) | huge(x[k * lanes + i], most), <real>1, <real>0)
    for i in range(n):
        extreme[i] = found[i] != 0 and weight[i] != 0 and finite(m[i])
        any_ |= extreme[i]
    return any_


cdef inline bint strong_z(const RowsCall* call, double m) noexcept nogil:
    """Whether the z-loss of a row may be infinite where the weighted loss is not, or is: then the sweep would multiply its
    probabilities by it."""
    return call.z_loss != 0 and m > -INFINITY and abs_(m) > MOST_SWEPT_SCORE


cdef bint find_small_targets(const RowsCall* call, const real* y, Py_ssize_t steps, const real* m, const real* weight,
                             Py_ssize_t n, bint* extreme) noexcept nogil:
    """Which of the rows in the lanes, too, have a target so small that its products may lose digits which a weight shows;
    whether any row is extreme now."""
    cdef Py_ssize_t lanes = lanes_of(y), k, i
    cdef real found[TILE_ROWS]
    cdef real least = <real>call.least_target
    cdef bint any_ = False
    memset(found, 0, sizeof(found))
    if not any_between(y, steps * lanes, 0, least):
        steps = 0
    for k in range(steps):
        for i in range(lanes):
            found[i] += where_((y[k * lanes + i] > 0) & (y[k * lanes + i] < least), <real>1, <real>0)
    for i in range(n):
        if found[i] != 0 and weight[i] != 0 and finite(m[i]) and shows(y, call, weight[i]):
            extreme[i] = True
        any_ |= extreme[i]
    return any_


cdef inline bint has_small_target(const RowsCall* call, const real* y, double weight) noexcept nogil:
    """The same of one row."""
    return shows(y, call, weight) and any_between(y, call.classes, 0, <real>call.least_target)


cdef bint is_extreme(const RowsCall* call, const real* x, double m, double weight, double distance) noexcept nogil:
    """Whether a row is, of which the weighted distance of the target from the largest score is known: no other score can
    make the loss too large."""
    cdef real end, begin = <real>(far_begin(x) * call.temperature), top = <real>m
    cdef int found = False
    cdef Py_ssize_t c
    if weight == 0 or not finite(m):
        return False
    if call.always or distance > most_score(x):
        return True
    if not shows(x, call, weight) or not any_between(x, call.classes, <real>(most_ordinary(x) * call.temperature), INFINITY):
        return False
    end = <real>(far_end(x, call, weight) * call.temperature)
    for c in range(call.classes):
        found |= far(x[c] - top, end, begin)
    return found


cdef void note_row_extremes(RowLossCall* call, bint double_precision) noexcept nogil:
    """What the parameters make of the rows of a loss; in float32 nothing, because it is computed in double."""
    cdef RowsCall* rows = &call.rows
    cdef double most = 1
    cdef Py_ssize_t k
    call.most_score = most_score(<const double*>NULL)
    rows.wary = False
    if not double_precision or row_table[call.loss].extreme == NULL:
        return
    note_extremes(<const double*>NULL, rows, rows.classes)
    if call.factor != NULL:
        for k in range(call.classes):
            most = max(most, call.factor[k])
            rows.always |= not ordinary(call.factor[k])
    rows.headroom += headroom(most)
    if row_table[call.loss].of_label == NULL:   # what clips is no factor
        for k in range(ROW_PARAMETERS):
            rows.always |= call.parameter[k] == call.parameter[k] and not ordinary(call.parameter[k])
    if call.loss == PLAIN_CROSS_ENTROPY:
        if call.parameter[0] != 0:
            call.most_score = MOST_SWEPT_SCORE
            rows.headroom += headroom(call.parameter[0] * call.most_score)
        if call.parameter[1] == call.parameter[1]:
            rows.headroom += 2 * headroom(1 / call.parameter[1])
        rows.headroom += 2 * headroom(1 / call.parameter[2])
    elif row_table[call.loss].extreme == extreme_multi_margin and call.parameter[0] == 2:
        call.most_score = 3.273390607896142e150          # 2^500
    elif row_table[call.loss].extreme == extreme_focal:
        rows.always |= call.parameter[0] > 1048576       # g p - 1 needs more than double where g p is next to 1
    elif row_table[call.loss].extreme == extreme_poly1:
        rows.headroom += headroom(1 + call.parameter[0])
    rows.wary |= rows.always or rows.headroom > 1 or call.factor != NULL or call.loss == PLAIN_CROSS_ENTROPY


cdef inline bint of_decisions(const RowLossCall* call) noexcept nogil:
    """Whether the size of a score counts, not its distance from the largest."""
    cdef extreme_function function = row_table[call.loss].extreme
    return call.form == SHARES or function == extreme_ordinal or function == extreme_logistic_hazard


cdef inline double most_weight(const RowLossCall* call) noexcept nogil:
    return LARGEST_FACTOR / max(<double>1, call.rows.scale)


cdef inline double exponent_unit(const RowLossCall* call) noexcept nogil:
    """What scores are divided by before their exponentials."""
    return call.parameter[2] if call.loss == PLAIN_CROSS_ENTROPY else 1


cdef void count_extremes(const RowLossCall* call, const Tile* t, const double* m, const double* end, double* found) noexcept nogil:
    """Count in each lane of a tile the numbers that make its row extreme."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double unit = exponent_unit(call), begin = unit * far_begin(x)
    cdef double least = call.rows.least_target, most = call.most_score, distance
    cdef Py_ssize_t k, i, j
    if of_decisions(call):
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                found[i] += where_(far(-abs_(x[j]), end[i], begin) | huge(x[j], most), <double>1, <double>0)
    else:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                found[i] += where_(far(x[j] - m[i], end[i], begin) | huge(x[j], most), <double>1, <double>0)
    if call.loss == PLAIN_CROSS_ENTROPY and call.parameter[1] == call.parameter[1]:
        for k in range(t.steps):     # of a capped score e^-2|x / softcap| is next to underflow
            for i in range(LANES):
                distance = -2 * unit * (abs_(x[k * LANES + i]) / call.parameter[1])
                found[i] += where_(far(distance, end[i], begin), <double>1, <double>0)
    if call.given == PROBABILITIES:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                found[i] += where_((x[j] > 0) & (x[j] < LEAST_SQUARED), <double>1, <double>0)
    if call.rows.given_dense:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                found[i] += where_((y[j] > 0) & (y[j] < least) & (end[i] != begin), <double>1, <double>0)


cdef inline bint of_label_alone(const RowLossCall* call) noexcept nogil:
    """Whether of each row the prediction for its true class counts and no other."""
    return row_table[call.loss].of_label != NULL and not call.rows.dense


cdef inline bint extreme_label(const RowLossCall* call, double true_x, double weight) noexcept nogil:
    """Whether such a row is extreme. Whoever computes it asks here: what the other classes hold must not change a bit."""
    return (call.rows.always or weight > most_weight(call)
            or (call.given == PROBABILITIES and 0 < true_x < LEAST_SQUARED))


cdef bint may_be_extreme(const RowLossCall* call, const Tile* t, const double* weight, Py_ssize_t n) noexcept nogil:
    """Whether any row of a tile may be; a quick look, that finds nothing in ordinary ones."""
    cdef Py_ssize_t size = t.steps * LANES
    cdef double most = most_ordinary(t.x)
    if call.loss == PLAIN_CROSS_ENTROPY and call.parameter[1] < 1:
        most *= call.parameter[1]
    most *= min(exponent_unit(call), <double>1)
    return (call.rows.always or any_between(weight, n, most_weight(call), INFINITY) or any_between(t.x, size, most, INFINITY)
            or (call.given == PROBABILITIES and any_between(t.x, size, 0, LEAST_SQUARED))
            or (call.rows.given_dense and any_between(t.y, size, 0, call.rows.least_target)))


cdef bint find_row_extremes(const RowLossCall* call, Tile* t, const double* weight, Py_ssize_t n, bint* extreme) noexcept nogil:
    """Which rows of a tile are extreme, before its loss and its target's weights are computed. Of a wide tile one is looked
    at, and its weight."""
    cdef bint has_exponentials = row_table[call.loss].extreme != extreme_multi_margin
    cdef double m[LANES]
    cdef double end[LANES]
    cdef double found[LANES]
    cdef double none[LANES]
    cdef bint any_ = False
    cdef Py_ssize_t i, j
    if not may_be_extreme(call, t, weight, n):
        return False
    if of_label_alone(call):
        at_class(t, t.x, t.label, m)
        for i in range(1 if t.wide else n):
            extreme[i] = weight[i] != 0 and extreme_label(call, m[i], weight[i])
            any_ |= extreme[i]
        return any_
    memset(m, 0, sizeof(m))
    memset(none, 0, sizeof(none))
    if call.given == LOGITS and not of_decisions(call):
        class_max(t, t.x, m)
    for i in range(LANES):
        j = 0 if t.wide else i
        end[i] = far_end(t.x, &call.rows, weight[j] if j < n else 0) if has_exponentials else far_begin(t.x)
        end[i] *= exponent_unit(call)
        found[i] = call.rows.always or (j < n and weight[j] > most_weight(call))
    count_extremes(call, t, m, end, found)
    if t.wide:
        across_lanes(found, none)
    for i in range(1 if t.wide else n):
        extreme[i] = found[i] != 0 and weight[i] != 0 and finite(m[i])
        any_ |= extreme[i]
    return any_


cdef inline bint lifts(const RowLossCall* call) noexcept nogil:
    cdef extreme_function function = row_table[call.loss].extreme
    return function == extreme_focal or function == extreme_poly1 or function == extreme_generalized


cdef void lift_rows(const RowLossCall* call, Tile* t, double* multiplier) noexcept nogil:
    """Leave the power of 2 of a multiplier above 1 to the loss: its slope may be so small that the product with an
    exponential vanishes. It changes no bit of a result that is an ordinary number."""
    cdef Py_ssize_t i
    if not lifts(call):
        return
    for i in range(LANES):
        t.lift[i] = multiplier[0] if t.wide else multiplier[i]
    for i in range(LANES):
        t.lift[i] = where_((t.lift[i] > 1) & (t.lift[i] <= LARGEST_FACTOR), power_within(t.lift[i]), <double>1)
    for i in range(1 if t.wide else LANES):
        multiplier[i] /= t.lift[i]


cdef bint find_doubtful(const RowLossCall* call, const Tile* t, const double* weight, Py_ssize_t n, bint* extreme) noexcept nogil:
    """Which rows of a tile have a slope that has lost digits which a weight shows; whether any has."""
    cdef Py_ssize_t i, k
    cdef double doubtful
    cdef bint any_ = False
    if not any_between(t.doubtful, LANES, 0, INFINITY):
        return False
    for i in range(1 if t.wide else n):
        doubtful = 0
        for k in range(LANES if t.wide else 1):
            doubtful += t.doubtful[i + k]
        if doubtful != 0 and weight[i] != 0 and finite(t.m[i]) and shows(t.x, &call.rows, weight[i]):
            extreme[i] = any_ = True
    return any_
