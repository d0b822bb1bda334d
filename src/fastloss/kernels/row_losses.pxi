# Losses over rows of classes, beside plain cross-entropy: one generic block, one function for each loss.
#
# A function sees a tile: steps of LANES numbers, in which a lane is a row of few classes, and every step one class; or in
# which all lanes belong to one wide row, whose classes lie one behind the other. Its loops are the same for both: what
# belongs to a row (its label, its largest logit, a sum) is a number for each lane, and a sum over the classes
# (`class_sum`) goes over the steps, then, in a wide row, over the lanes. Behind the classes of a wide row the last step
# is filled up with classes that are absent: a logit of -infinity, a probability of 0.
#
# Everything is computed in double, whatever the element type: a row's scalars are powers, logarithms and differences, whose
# rounding error each class of the row would inherit. The block reads labels, weights and masks, brings prediction and
# target into the tile, calls the loss's function, which leaves the value of each row and the unscaled gradient and
# Hessian diagonal, and writes those times weight / denominator. So a function knows neither layouts nor dtypes nor weights,
# and what it makes of a row with a NaN is not looked at.
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
# logarithm of several hundred multiplies it, so that products are formed with 2^128 p, which has all its digits.

cdef extern from "rows.h" nogil:
    ctypedef struct fl_pair:
        double head, tail
    double fl_exp_sum(double, double) noexcept
    fl_pair fl_two_sum(double, double) noexcept
    fl_pair fl_two_product(double, double) noexcept
    fl_pair fl_pair_sum(fl_pair, fl_pair) noexcept
    fl_pair fl_pair_over(fl_pair, double) noexcept
    fl_pair fl_pair_product(fl_pair, fl_pair) noexcept
    fl_pair fl_log_pair(double) noexcept
    fl_pair fl_tanh_pair(fl_pair) noexcept
    double fl_exp_of_product(double, double, double) noexcept
    double fl_power(double, double) noexcept
    double fl_half_violation(double, double, double) noexcept

cdef enum:
    LANES = 32                   # doubles of a step: 256 bytes, as the lanes of every block primitive
    TILE_ARRAYS = 12
    SPARSE_STEPS = 512

cdef enum Given:                 # what the prediction of a divergence is; the order of its parameter's options
    LOGITS
    LOG_PROBABILITIES
    PROBABILITIES

cdef enum Form:                  # what y_true is
    CLASS_INDEX
    CLASS_PROBABILITIES          # of class_index losses: their sum is a weight
    DISTRIBUTION                 # of divergences
    SHARES                       # a number in [0, 1] for each class
    MEMBERS                      # 0 or 1 for each class

cdef struct RowLossCall:
    RowsCall rows                # its `classes` are those that a label may name
    int loss                     # its number in ROW_LOSSES
    Py_ssize_t classes           # of the prediction
    int form
    int given
    double parameter[MAX_PARAMETERS]
    const double* factor         # one for each class; NULL: all 1

cdef struct Tile:
    Py_ssize_t steps
    bint wide                    # the lanes are classes of one row
    double stride                # number i of step k belongs to class k stride + offset[i]
    double offset[LANES]
    # A number for each class and row.
    double* x                    # the prediction
    double* y                    # the weight of each class, unless the target is a label
    double* gradient
    double* hessian
    double* e                    # and further scratch
    double* a
    double* b
    double* c
    double* d
    double* f
    double* g
    double* h
    # A number for each row.
    double label[LANES]
    double value[LANES]
    double m[LANES]
    double rest[LANES]
    double whole[LANES]          # 1 + rest
    double inverse[LANES]
    double log_sum[LANES]        # log1p(rest); with twice the digits:
    double log_head[LANES]
    double log_tail[LANES]
    double top[LANES]            # a class with e = 1

# Leaves the value of each lane's row, and gradient and Hessian where the call wants them.
ctypedef void (*row_function)(const RowLossCall*, Tile*) noexcept nogil

#: 2^128, and 2^128 e^-128
cdef double SCALE_UP = 3.402823669209385e38
cdef double SCALE_DOWN = 2.938735877055719e-39
cdef double SCALE_OF_EXP = 8.752774935389831e-18


cdef void across_lanes(double* head, double* tail) noexcept nogil:
    """The sum over the lanes, in each lane."""
    cdef Py_ssize_t width = LANES // 2, i
    while width:
        for i in range(width):
            tail[i] += tail[i + width]
            add_exactly(head[i + width], &head[i], &tail[i])
        width //= 2
    for i in range(1, LANES):
        head[i] = head[0]
        tail[i] = tail[0]


cdef inline void sum_up(const Tile* t, double* head, double* tail, double* total) noexcept nogil:
    cdef Py_ssize_t i
    if t.wide:
        across_lanes(head, tail)
    for i in range(LANES):
        total[i] = head[i] + where_(abs_(head[i]) < INFINITY, tail[i], <double>0)


cdef void class_sum(const Tile* t, const double* terms, double* total) noexcept nogil:
    """The sum over the classes of each row."""
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef Py_ssize_t k, i
    for i in range(LANES):
        head[i] = tail[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            add_exactly(terms[k * LANES + i], &head[i], &tail[i])
    sum_up(t, head, tail, total)


cdef void sum_without(const Tile* t, const double* terms, const double* left_out, double* total) noexcept nogil:
    """The sum over the classes of each row but one."""
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef double stride = t.stride
    cdef Py_ssize_t k, i
    for i in range(LANES):
        head[i] = tail[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            add_exactly(where_(k * stride + t.offset[i] == left_out[i], <double>0, terms[k * LANES + i]), &head[i], &tail[i])
    sum_up(t, head, tail, total)


cdef void class_max(const Tile* t, const double* numbers, double* largest) noexcept nogil:
    cdef Py_ssize_t k, i
    if t.wide:
        largest[0] = fl_block_max_f64(numbers, t.steps * LANES)
        for i in range(1, LANES):
            largest[i] = largest[0]
        return
    for i in range(LANES):
        largest[i] = -INFINITY
    for k in range(t.steps):
        for i in range(LANES):
            largest[i] = where_(numbers[k * LANES + i] > largest[i], numbers[k * LANES + i], largest[i])


cdef void at_class(const Tile* t, const double* numbers, const double* label, double* chosen) noexcept nogil:
    """The number of one class of each row."""
    cdef Py_ssize_t k, i
    if t.wide:
        for i in range(LANES):
            chosen[i] = numbers[<Py_ssize_t>label[0]]
        return
    for i in range(LANES):
        chosen[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            chosen[i] = where_(label[i] == k, numbers[k * LANES + i], chosen[i])


cdef void find_first(const Tile* t, const double* numbers, const double* wanted, double* place) noexcept nogil:
    """The first class whose number is the one wanted (1 if none is given), 0 if there is no such."""
    cdef double here
    cdef Py_ssize_t k, i
    for i in range(LANES):
        place[i] = INFINITY
    for k in range(t.steps):
        for i in range(LANES):
            here = k * t.stride + t.offset[i]
            here = where_(numbers[k * LANES + i] == (1 if wanted == NULL else wanted[i]), here, INFINITY)
            place[i] = where_(here < place[i], here, place[i])
    if t.wide:
        for i in range(1, LANES):
            place[0] = min(place[0], place[i])
        for i in range(1, LANES):
            place[i] = place[0]
    for i in range(LANES):
        place[i] = where_(place[i] < INFINITY, place[i], <double>0)


cdef void class_factors(const RowLossCall* call, const Tile* t, double* factor) noexcept nogil:
    """The factor of the true class of each row."""
    cdef Py_ssize_t i
    for i in range(LANES):
        factor[i] = 1 if call.factor == NULL else call.factor[<Py_ssize_t>t.label[i]]


cdef inline void clear(const Tile* t, double* numbers) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(t.steps * LANES):
        numbers[i] = 0


cdef inline void clear_hessian(const RowLossCall* call, const Tile* t) noexcept nogil:
    if call.rows.want & HESSIAN:
        clear(t, t.hessian)


cdef inline fl_pair pair_difference(fl_pair a, fl_pair b) noexcept nogil:
    b.head = -b.head
    b.tail = -b.tail
    return fl_pair_sum(a, b)


# ---- functions of the probability of the true class -------------------------------------------------------------

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


cdef inline fl_pair distance(double m, double x, double log_head, double log_tail) noexcept nogil:
    """-log p of a class, from its logit."""
    cdef fl_pair difference, log_pair
    difference = fl_two_sum(m, -x)
    difference.head = where_(x == m, <double>0, difference.head)
    difference.tail = where_(x == m, <double>0, difference.tail)
    log_pair.head, log_pair.tail = log_head, log_tail
    return fl_pair_sum(difference, log_pair)


cdef inline double scaled_exponential(double e, double x, double m) noexcept nogil:
    """2^128 exp(x - m), also where e = exp(x - m) is subnormal: e^128 takes it away from there."""
    cdef fl_pair d = fl_two_sum(x, -m), moved
    moved = fl_two_sum(d.head, 128)
    return where_(e < 1e-300, fl_exp_sum(moved.head, moved.tail + d.tail) * SCALE_OF_EXP, e * SCALE_UP)


cdef void scale_exponentials(const Tile* t, double* scaled) noexcept nogil:
    """2^128 e."""
    cdef const double* e = t.e
    cdef const double* x = t.x
    cdef Py_ssize_t k, i
    cdef int64_t tiny = 0
    for i in range(t.steps * LANES):
        scaled[i] = e[i] * SCALE_UP
        tiny |= e[i] < 1e-300
    if tiny:
        for k in range(t.steps):
            for i in range(LANES):
                scaled[k * LANES + i] = scaled_exponential(e[k * LANES + i], x[k * LANES + i], t.m[i])


cdef void tile_softmax(Tile* t) noexcept nogil:
    """Exponentials of x and their sums."""
    cdef double* x = t.x
    cdef double* e = t.e
    cdef double part[LANES]
    cdef double rest[LANES]
    cdef double tail[LANES]
    cdef double ties[LANES]
    cdef double block_ties = 0
    cdef Py_ssize_t group, k, i, n
    class_max(t, x, t.m)
    for i in range(LANES):
        rest[i] = tail[i] = ties[i] = 0
    if t.wide:                   # a sweep over a row needs no difference: see blocks_avx512.h
        for group in range((t.steps * LANES + CHUNK - 1) // CHUNK):
            n = min(<Py_ssize_t>CHUNK, t.steps * LANES - group * CHUNK)
            add_exactly(fl_block_exp_sum_f64(x + group * CHUNK, t.m[0], e + group * CHUNK, n, &block_ties, NULL, 0), &rest[0], &tail[0])
        ties[0] = block_ties
        finish_softmax(t, rest, tail, ties, NULL)
        return
    for group in range((t.steps + CLASS_GROUP - 1) // CLASS_GROUP):
        for i in range(LANES):
            part[i] = 0
        for k in range(group * CLASS_GROUP, min((group + 1) * CLASS_GROUP, t.steps)):
            fl_lanes_exp_f64(x + k * LANES, t.m, e + k * LANES, part, ties)
        for i in range(LANES):
            add_exactly(part[i], &rest[i], &tail[i])
    finish_softmax(t, rest, tail, ties, NULL)


cdef void quotient_softmax(Tile* t, double* tails, double temperature) noexcept nogil:
    """Exponentials of (x + tails) / temperature and their sums; x becomes that quotient's distance below the largest.

    Both are kept as unevaluated sums: one rounding at distance 20 costs 8 to 16 ULP of the exponential.
    """
    cdef double* x = t.x
    cdef double* e = t.e
    cdef double* a = t.a
    cdef double m_tail[LANES]
    cdef double rest[LANES]
    cdef double tail[LANES]
    cdef double ties[LANES]
    cdef fl_pair d, one, inverse
    cdef Py_ssize_t k, i, j
    cdef bint tied
    one.head, one.tail = 1, 0
    inverse = fl_pair_over(one, temperature)
    class_max(t, x, t.m)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            a[j] = where_(x[j] == t.m[i], tails[j], -INFINITY)
    class_max(t, a, m_tail)
    for i in range(LANES):
        rest[i] = tail[i] = ties[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            tied = a[j] == m_tail[i]
            d = fl_two_sum(x[j], -t.m[i])
            d.tail += tails[j] - m_tail[i]
            d = fl_pair_product(d, inverse)
            x[j] = where_(tied, <double>0, d.head)
            tails[j] = where_(tied, <double>0, d.tail)
            e[j] = where_(tied, <double>1, fl_exp_sum(d.head, d.tail))
            ties[i] += where_(tied, <double>1, <double>0)
            add_exactly(where_(tied, <double>0, e[j]), &rest[i], &tail[i])
    for i in range(LANES):       # the largest distance is 0, but for a row without probabilities
        t.m[i] = where_(abs_(t.m[i]) < INFINITY, <double>0, t.m[i])
    finish_softmax(t, rest, tail, ties, tails)
    for i in range(LANES):
        t.m[i] = 0


cdef void finish_softmax(Tile* t, double* rest, double* tail, double* ties, const double* tails) noexcept nogil:
    """`rest`, the sum of the exponentials but for ties; what is made of it once for each row."""
    cdef double* x = t.x
    cdef double* e = t.e
    cdef double none[LANES]
    cdef double tiny_head[LANES]
    cdef double tiny_tail[LANES]
    cdef double before
    cdef fl_pair pair, d
    cdef Py_ssize_t k, i
    cdef bint tiny = False
    for i in range(LANES):
        none[i] = tiny_head[i] = tiny_tail[i] = 0
    if t.wide:
        across_lanes(rest, tail)
        across_lanes(ties, none)
    for i in range(LANES):
        add_exactly(ties[i] - 1, &rest[i], &tail[i])
        before = rest[i]
        rest[i] += tail[i]
        tail[i] += before - rest[i]
        tiny |= rest[i] < tiny_rest(x)
    if tiny and (t.steps > 1 or t.wide):   # next to underflow: each exponential is made e^128 times as large (see fl_block_tiny_sum)
        for k in range(t.steps):
            for i in range(LANES):
                d = fl_two_sum(x[k * LANES + i], -t.m[i])
                pair = fl_two_sum(d.head, 128)
                before = d.tail if tails == NULL else tails[k * LANES + i]
                before = fl_exp_sum(pair.head, pair.tail + before)
                add_exactly(where_(e[k * LANES + i] == 1, <double>0, before), &tiny_head[i], &tiny_tail[i])
        if t.wide:
            across_lanes(tiny_head, tiny_tail)
        for i in range(LANES):
            tail[i] = where_(rest[i] < tiny_rest(x), <double>0, tail[i])
            rest[i] = where_(rest[i] < tiny_rest(x), (tiny_head[i] + tiny_tail[i]) * 2.5722093726424148e-56, rest[i])
    for i in range(LANES):
        rest[i] = checked_rest(t.m[i], rest[i], ties[i])
        t.rest[i] = rest[i]
        t.whole[i] = 1 + rest[i]
        t.inverse[i] = probability_factor(rest[i], tail[i])
        t.log_sum[i] = log1p_(rest[i])
        pair = fl_log_pair(t.whole[i])
        pair = fl_two_sum(pair.head, pair.tail + ((rest[i] - (t.whole[i] - 1)) + tail[i]) / t.whole[i])
        # The logarithm of 1 + rest has an absolute error, log1p a relative one.
        t.log_head[i] = where_(rest[i] < 0.125, t.log_sum[i], pair.head)
        t.log_tail[i] = where_(rest[i] < 0.125, <double>0, pair.tail)


cdef void of_label(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    """The true class is known: a few numbers for the whole row."""
    cdef double parameter = call.parameter[0], stride = t.stride, p, e, rest, whole, share
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
    cdef double at_label[LANES]
    cdef double scaled_p, q
    cdef fl_pair surprisal
    cdef Py_ssize_t k, i
    at_class(t, t.x, t.label, true_x)
    at_class(t, exponential, t.label, true_e)
    class_factors(call, t, factor)
    for i in range(LANES):
        p = true_e[i] * t.inverse[i]
        scaled_p = scaled_exponential(true_e[i], true_x[i], t.m[i]) * t.inverse[i]
        below[i] = complement(true_e[i], t.rest[i], t.whole[i])
        q = below[i] * t.inverse[i]
        surprisal = distance(t.m[i], true_x[i], t.log_head[i], t.log_tail[i])
        confidence(tag, parameter, p, scaled_p, q, surprisal.head, surprisal.tail, &slope[i], &offset[i], &a[i], &bq[i])
        a[i] *= factor[i]
        bq[i] *= factor[i]
        t.value[i] = factor[i] * (where_(slope[i] == 0, <double>0, slope[i] * surprisal.head) + offset[i])
        scaled[i] = a[i] * t.inverse[i]
        true_x[i] = -a[i] * q
        at_label[i] = q * (bq[i] + a[i] * scaled_p) * SCALE_DOWN
        below[i] = where_(below[i] == 0, <double>1, below[i])   # then every other e is 0
        bq[i] *= SCALE_DOWN
    if call.rows.want & GRADIENT:
        for k in range(t.steps):
            for i in range(LANES):
                e = exponential[k * LANES + i] * scaled[i]
                gradient[k * LANES + i] = where_(k * stride + t.offset[i] == t.label[i], true_x[i], e)
    if call.rows.want & HESSIAN:
        for k in range(t.steps):
            for i in range(LANES):
                e = exponential[k * LANES + i]
                share = e * t.inverse[i] * (a[i] * (complement(e, t.rest[i], t.whole[i]) * t.inverse[i]) + bq[i] * (e / below[i]))
                hessian[k * LANES + i] = where_(k * stride + t.offset[i] == t.label[i], at_label[i], share)


cdef void of_probabilities(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    """The target is a weight y for each class. The sums leave out the largest class and it is added where it belongs:
    for a model that is right they would cancel against it."""
    cdef double parameter = call.parameter[0], stride = t.stride
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* e = t.e
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* term = t.c
    cdef double* ya = t.a        # y A
    cdef double* yb = t.b        # y B
    cdef double* ybq = t.d       # 2^128 y B q
    cdef double* scaled_e = t.f
    cdef double a_others[LANES]
    cdef double b_others[LANES]
    cdef double a_top[LANES]
    cdef double b_top[LANES]
    cdef double p, scaled_p, q, slope, offset, a, bq, others, weight
    cdef fl_pair surprisal
    cdef Py_ssize_t k, i, j
    cdef bint is_top
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
                others = where_(is_top, a_others[i], (a_others[i] + a_top[i]) - ya[j])
                gradient[j] = e[j] * t.inverse[i] * others - ya[j] * q
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
            yb[j] = where_((weight == 0) | (q == 0), <double>0, weight * (bq * SCALE_DOWN) / q)
    sum_without(t, yb, t.top, b_others)
    at_class(t, yb, t.top, b_top)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = k * stride + t.offset[i] == t.top[i]
            p = e[j] * t.inverse[i]
            scaled_p = scaled_e[j] * t.inverse[i]
            q = where_(is_top, t.rest[i], complement(e[j], t.rest[i], t.whole[i])) * t.inverse[i]
            others = where_(is_top, b_others[i], (b_others[i] + b_top[i]) - yb[j])
            hessian[j] = ((ybq[j] * q + p * scaled_p * others) + scaled_p * q * (a_others[i] + a_top[i])) * SCALE_DOWN


cdef void confidence_rows(Confidence* tag, const RowLossCall* call, Tile* t) noexcept nogil:
    tile_softmax(t)
    if call.form == CLASS_INDEX and not call.rows.dense:
        of_label(tag, call, t)
    else:
        of_probabilities(tag, call, t)


# ---- cross-entropy with options ---------------------------------------------------------------------------------

cdef void cross_entropy_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """Cross-entropy of z = softcap tanh(x / softcap) / temperature, and z_loss log(sum e^z)^2: the loss of z, and the chain
    rule around it:  gradient = g z',  Hessian = h z'^2 + g z''."""
    cdef double z_loss = call.parameter[0], softcap = call.parameter[1], temperature = call.parameter[2]
    cdef bint capped = softcap == softcap
    cdef double* x = t.x
    cdef double* e = t.e
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* first = t.g     # z' and z'' of a cap
    cdef double* second = t.h
    cdef double* tails = t.d
    cdef double log_total[LANES]
    cdef double total[LANES]
    cdef double decay, p, q, g
    cdef fl_pair u, v, one, inverse
    cdef CrossEntropy* tag = NULL
    cdef Py_ssize_t k, i, j
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
    class_max(t, x, log_total)
    if capped or temperature != 1:
        quotient_softmax(t, tails, temperature)
    else:
        tile_softmax(t)
    for i in range(LANES):
        log_total[i] = log_total[i] / temperature + t.log_sum[i]
        total[i] = 1
    if call.rows.dense:
        class_sum(t, t.y, total)
        of_probabilities(tag, call, t)
    else:
        of_label(tag, call, t)
    if z_loss != 0:
        for i in range(LANES):
            t.value[i] += z_loss * total[i] * log_total[i] * log_total[i]
            total[i] *= 2 * z_loss
    if z_loss != 0 and call.rows.want & GRADIENT:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                p = e[j] * t.inverse[i]
                gradient[j] += total[i] * where_(p == 0, <double>0, p * log_total[i])
    if z_loss != 0 and call.rows.want & HESSIAN:
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                p = e[j] * t.inverse[i]
                q = complement(e[j], t.rest[i], t.whole[i]) * t.inverse[i]
                g = where_(p == 0, <double>0, p * log_total[i])
                hessian[j] += total[i] * (p * p + g * q)
    if call.rows.want & GRADIENT and temperature != 1:
        for j in range(t.steps * LANES):
            gradient[j] *= 1 / temperature
    if call.rows.want & HESSIAN:
        for j in range(t.steps * LANES):
            hessian[j] *= 1 / (temperature * temperature)
        if capped:               # every call that wants the Hessian wants the gradient
            for j in range(t.steps * LANES):
                hessian[j] = hessian[j] * first[j] * first[j] + gradient[j] * second[j]
    if call.rows.want & GRADIENT and capped:
        for j in range(t.steps * LANES):
            gradient[j] *= first[j]


cdef void categorical_focal_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    confidence_rows(<Focal*>NULL, call, t)

cdef void poly1_cross_entropy_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    confidence_rows(<Poly1*>NULL, call, t)

cdef void generalized_cross_entropy_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    confidence_rows(<Generalized*>NULL, call, t)


# ---- probabilities and log-probabilities given ------------------------------------------------------------------

cdef void categorical_log_loss_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (-log p_c), p clipped to [clip, 1 - clip] where that is asked for; constant, so of gradient 0, outside."""
    cdef double clip = call.parameter[0], low = -INFINITY, high = INFINITY, almost = 0, p, y
    cdef double* x = t.x
    cdef double* target = t.y
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double* term = t.c
    cdef double true_x[LANES]
    cdef double first[LANES]
    cdef double second[LANES]
    cdef bint inside
    cdef Py_ssize_t i, j
    if clip == clip:
        low, high = clip, 1 - clip
        almost = log1p_(-clip)   # log(high) would be the logarithm of a rounded number
    if not call.rows.dense:
        at_class(t, x, t.label, true_x)
        for i in range(LANES):
            p = clamp_(true_x[i], low, high)
            inside = (true_x[i] >= low) & (true_x[i] <= high)
            t.value[i] = -where_(true_x[i] > high, almost, log_(p))
            first[i] = where_(inside, -1 / p, <double>0)
            second[i] = where_(inside, 1 / p / p, <double>0)
        at_label(call, t, first, second)
        return
    for j in range(t.steps * LANES):
        p = clamp_(x[j], low, high)
        inside = (x[j] >= low) & (x[j] <= high)
        term[j] = where_(target[j] == 0, <double>0, -target[j] * where_(x[j] > high, almost, log_(p)))
        y = where_(inside, target[j], <double>0)
        gradient[j] = where_(y == 0, <double>0, -y / p)
        hessian[j] = where_(y == 0, <double>0, y / p / p)
    class_sum(t, term, t.value)


cdef void at_label(const RowLossCall* call, Tile* t, const double* first, const double* second) noexcept nogil:
    """Derivatives with respect to the true class alone."""
    cdef double stride = t.stride
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef Py_ssize_t k, i
    if call.rows.want & GRADIENT:
        for k in range(t.steps):
            for i in range(LANES):
                gradient[k * LANES + i] = where_(k * stride + t.offset[i] == t.label[i], first[i], <double>0)
    if call.rows.want & HESSIAN:
        for k in range(t.steps):
            for i in range(LANES):
                hessian[k * LANES + i] = where_(k * stride + t.offset[i] == t.label[i], second[i], <double>0)


cdef void nll_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c y_c (-x_c): linear."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* gradient = t.gradient
    cdef double* term = t.c
    cdef double first[LANES]
    cdef double second[LANES]
    cdef Py_ssize_t i, j
    for i in range(LANES):
        first[i] = -1
        second[i] = 0
    if not call.rows.dense:
        at_class(t, x, t.label, t.value)
        for i in range(LANES):
            t.value[i] = -t.value[i]
        at_label(call, t, first, second)
        return
    for j in range(t.steps * LANES):
        gradient[j] = 0 - y[j]
        term[j] = where_(y[j] == 0, <double>0, -y[j] * x[j])
    clear_hessian(call, t)
    class_sum(t, term, t.value)


# ---- margins between scores -------------------------------------------------------------------------------------

cdef inline double step(double violation) noexcept nogil:
    """Derivative of max(0, violation): at the kink the midpoint of the subgradient."""
    return where_(violation > 0, <double>1, where_(violation == 0, <double>0.5, <double>0))


cdef inline double above_zero(double violation) noexcept nogil:
    """max(0, violation); NaN stays."""
    return where_(violation < 0, <double>0, violation)


cdef void multiclass_hinge_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """max(0, 1 + max_{j != y} x_j - x_y); several largest other scores share the gradient."""
    cdef double* x = t.x
    cdef double* gradient = t.gradient
    cdef double* tied = t.c
    cdef double stride = t.stride, classes = call.classes, half, place
    cdef double own[LANES]
    cdef double largest[LANES]
    cdef double ties[LANES]
    cdef double share[LANES]
    cdef Py_ssize_t k, i, j
    clear_hessian(call, t)
    at_class(t, x, t.label, own)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            x[j] = where_(k * stride + t.offset[i] == t.label[i], -INFINITY, x[j])
    class_max(t, x, largest)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            place = k * stride + t.offset[i]
            tied[j] = where_((x[j] == largest[i]) & (place != t.label[i]) & (place < classes), <double>1, <double>0)
    class_sum(t, tied, ties)
    for i in range(LANES):
        half = fl_half_violation(0.5, largest[i], own[i])
        half = where_(ties[i] == 0, <double>-1, half)   # one class alone
        t.value[i] = above_zero(half) * 2
        own[i] = step(half)
        share[i] = where_(ties[i] == 0, <double>0, own[i] / ties[i])
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            gradient[j] = where_(k * stride + t.offset[i] == t.label[i], -own[i], where_(tied[j] == 1, share[i], <double>0))


cdef void multi_margin_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_{j != y} max(0, margin + x_j - x_y)^p / C,  p 1 or 2. Each term is divided by a power of 2 that is at least 2 C,
    which is exact, before they are added: one term alone may overflow where the mean does not."""
    cdef bint squared = call.parameter[0] == 2, is_label
    cdef double half_margin = 0.5 * call.parameter[1], stride = t.stride, half, factor, small = 1
    cdef double* x = t.x
    cdef double* slope = t.b
    cdef double* curved = t.a
    cdef double* term = t.c
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double own[LANES]
    cdef double total[LANES]
    cdef Py_ssize_t k, i, j
    while small * call.classes > 1:
        small *= 0.5
    factor = 1 / (call.classes * small)
    at_class(t, x, t.label, own)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_label = k * stride + t.offset[i] == t.label[i]
            half = fl_half_violation(half_margin, x[j], own[i])
            half = where_(is_label, <double>-1, half)
            slope[j] = step(half) * small
            half = above_zero(half)
            term[j] = half * small
            if squared:
                slope[j] = half * small
                term[j] = half * small * (2 * half)
                curved[j] = where_(half > 0, 2.0 / call.classes, <double>0)
    class_sum(t, term, total)
    for i in range(LANES):
        t.value[i] = total[i] * 2 * factor
    if squared:
        factor *= 4
    class_sum(t, slope, total)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            gradient[j] = where_(k * stride + t.offset[i] == t.label[i], -total[i], slope[j]) * factor
    if not call.rows.want & HESSIAN:
        return
    if not squared:
        clear_hessian(call, t)
        return
    class_sum(t, curved, total)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            hessian[j] = where_(k * stride + t.offset[i] == t.label[i], total[i], curved[j])


cdef void multilabel_margin_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum over members j and others i of max(0, 1 + x_i - x_j) / C: of few classes pair by pair, of many sorted."""
    cdef double factor = 1.0 / call.classes, half
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* gradient = t.gradient
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef double pull[LANES]
    cdef Py_ssize_t k, j, i
    cdef bint pair
    clear(t, gradient)
    clear_hessian(call, t)
    if t.wide:
        t.value[0] = sorted_multilabel_margin(call, t)
        return
    for i in range(LANES):
        head[i] = tail[i] = 0
    for j in range(t.steps):
        for i in range(LANES):
            pull[i] = 0
        for k in range(t.steps):
            for i in range(LANES):
                pair = (y[j * LANES + i] == 1) & (y[k * LANES + i] == 0)
                half = fl_half_violation(0.5, x[k * LANES + i], x[j * LANES + i])
                half = where_(pair, half, <double>-1)
                pull[i] += step(half)
                gradient[k * LANES + i] += step(half)
                add_exactly(above_zero(half) * factor, &head[i], &tail[i])
        for i in range(LANES):
            gradient[j * LANES + i] -= pull[i]
    for i in range(LANES):
        t.value[i] = 2 * (head[i] + where_(abs_(head[i]) < INFINITY, tail[i], <double>0))
    for i in range(t.steps * LANES):
        gradient[i] *= factor


cdef void sort_ascending(const double* key, int64_t* order, int64_t* spare, Py_ssize_t n) noexcept nogil:
    """Order the `n` places in `order` by their keys: merge sort, bottom up, of runs of 8 sorted by insertion; stable."""
    cdef Py_ssize_t start, middle, end, i, j, k, width = 8
    cdef int64_t place
    cdef int64_t* source = order
    cdef int64_t* target = spare
    for start in range((n + 7) // 8):
        for i in range(start * 8 + 1, min(start * 8 + 8, n)):
            place = order[i]
            j = i
            while j > start * 8 and key[order[j - 1]] > key[place]:
                order[j] = order[j - 1]
                j -= 1
            order[j] = place
    while width < n:
        start = 0
        while start < n:
            middle = min(start + width, n)
            end = min(middle + width, n)
            i, j = start, middle
            for k in range(start, end):
                if i < middle and (j >= end or key[source[i]] <= key[source[j]]):
                    target[k] = source[i]
                    i += 1
                else:
                    target[k] = source[j]
                    j += 1
            start = end
        source, target = target, source
        width *= 2
    if source != order:
        memcpy(order, source, n * sizeof(int64_t))


cdef Py_ssize_t gather_members(const double* y, double member, int64_t* order, Py_ssize_t classes) noexcept nogil:
    cdef Py_ssize_t c, n = 0
    for c in range(classes):
        if y[c] == member:
            order[n] = c
            n += 1
    return n


cdef double sorted_multilabel_margin(const RowLossCall* call, Tile* t) noexcept nogil:
    """In O(C log C): members and others are sorted. From one other to the next larger one the sum over the members that it
    violates grows by (members violated) x (difference), and by the violations of new members: all terms are >= 0, so
    that nothing cancels."""
    cdef Py_ssize_t classes = call.classes, members, others, i, j = 0, k = 0
    cdef double factor = 1.0 / classes, half, running = 0, running_tail = 0, value = 0, tail = 0
    cdef int64_t* member = <int64_t*>t.a
    cdef int64_t* spare = <int64_t*>t.b
    cdef int64_t* other
    cdef double* x = t.x
    cdef double* gradient = t.gradient
    members = gather_members(t.y, 1, member, classes)
    other = member + members
    others = gather_members(t.y, 0, other, classes)
    if members == 0 or others == 0:
        return 0
    sort_ascending(x, member, spare, members)
    sort_ascending(x, other, spare, others)
    if ((x[member[0]] == -INFINITY and x[other[0]] == -INFINITY)
            or (x[member[members - 1]] == INFINITY and x[other[others - 1]] == INFINITY)):
        return NAN
    for i in range(others):
        if j > 0:
            add_exactly(j * factor * fl_half_violation(0, x[other[i]], x[other[i - 1]]), &running, &running_tail)
        while j < members:
            half = fl_half_violation(0.5, x[other[i]], x[member[j]])
            if half <= 0:
                break
            add_exactly(factor * half, &running, &running_tail)
            j += 1
        while k < members and fl_half_violation(0.5, x[other[i]], x[member[k]]) >= 0:
            k += 1
        add_exactly(running, &value, &tail)
        tail += running_tail
        gradient[other[i]] = 0.5 * factor * (j + k)
    j = k = 0
    for i in range(members):     # others below the margin of a member, and those not above it
        while j < others and fl_half_violation(0.5, x[other[j]], x[member[i]]) <= 0:
            j += 1
        while k < others and fl_half_violation(0.5, x[other[k]], x[member[i]]) < 0:
            k += 1
        gradient[member[i]] = -0.5 * factor * ((others - j) + (others - k))
    return INFINITY if value == INFINITY else 2 * (value + tail)


# ---- a decision for each class ----------------------------------------------------------------------------------

cdef void decisions(const RowLossCall* call, Tile* t, double factor) noexcept nogil:
    """factor (y log(1 + e^-x) + (1 - y) log(1 + e^x)) of each class; neither side cancels where y is 0 or 1."""
    cdef double* target = t.y
    cdef double* x = t.x
    cdef double* term = t.c
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double y, above, below, e, log_sum, inverse
    cdef Py_ssize_t j
    for j in range(t.steps * LANES):
        # With e = exp(-|x|): log(1 + e^x) = max(x, 0) + log1p(e), and y max(-x, 0) + (1 - y) max(x, 0) has no e.
        y = target[j]
        e = exp_minus_abs_(x[j])
        log_sum = log1p_unit_(e)
        above = where_(x[j] > 0, 1 - y, y)      # of the side that the score is on: what is wrong with it
        term[j] = (where_(above == 0, <double>0, above * abs_(x[j])) + log_sum) * factor
        inverse = 1 / (1 + e)
        below = e * inverse                     # the smaller of the two probabilities
        gradient[j] = where_(x[j] > 0, (1 - y) - below, below - y) * factor
        hessian[j] = below * inverse * factor
    class_sum(t, term, t.value)


cdef void multilabel_soft_margin_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """The mean over the classes of binary cross-entropy."""
    decisions(call, t, 1.0 / call.classes)


cdef void ordinal_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """x_k is the logit of "above level k": the sum over k of the binary cross-entropy of that decision."""
    cdef Py_ssize_t k, i
    for k in range(t.steps):
        for i in range(LANES):
            t.y[k * LANES + i] = where_(k * t.stride + t.offset[i] < t.label[i], <double>1, <double>0)
    decisions(call, t, 1)


# ---- sparse maps onto the probabilities -------------------------------------------------------------------------

cdef inline fl_pair below_top(double x, double m, double scale) noexcept nogil:
    """scale (x - m), for a scale that is a power of two; 0 at the largest, infinite or not."""
    cdef fl_pair d = fl_two_sum(scale * x, -scale * m)
    d.head = where_(x == m, <double>0, d.head)
    d.tail = where_(x == m, <double>0, d.tail)
    return d


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
    cdef double stride = t.stride
    cdef double tau[LANES]
    cdef double tau_tail[LANES]
    cdef double own[LANES]
    cdef double others[LANES]
    cdef double count[LANES]
    cdef fl_pair threshold
    cdef Py_ssize_t k, i, j
    sparse_threshold(call, t, False, tau, tau_tail)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            threshold.head, threshold.tail = tau[i], tau_tail[i]
            u[j] = pair_difference(below_top(x[j], t.m[i], 1), threshold).head
            p[j] = where_(u[j] > 0, u[j], <double>0)
            positive[j] = where_(u[j] > 0, <double>1, <double>0)
            square[j] = p[j] * p[j]
    at_class(t, u, t.label, own)
    sum_without(t, p, t.label, others)
    sum_without(t, square, t.label, t.value)
    class_sum(t, positive, count)
    for i in range(LANES):
        others[i] = where_(own[i] > 0, others[i], <double>1)
        t.value[i] = 0.5 * (t.value[i] + others[i] * others[i]) - where_(own[i] > 0, <double>0, own[i])
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            p[j] = where_(k * stride + t.offset[i] == t.label[i], -others[i], p[j])
            t.hessian[j] = positive[j] * ((count[i] - 1) / count[i])


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
    cdef fl_pair threshold
    cdef Py_ssize_t k, i, j
    cdef bint is_top
    sparse_threshold(call, t, True, tau, tau_tail)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            threshold.head, threshold.tail = tau[i], tau_tail[i]
            u[j] = pair_difference(below_top(x[j], t.m[i], 0.5), threshold).head
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
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            gradient[j] = where_(k * stride + t.offset[i] == t.label[i], -others[i], gradient[j])
    if call.rows.want & HESSIAN:
        sum_without(t, positive, t.top, others)
        at_class(t, positive, t.top, largest)
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                is_top = k * stride + t.offset[i] == t.top[i]
                part = where_(is_top, others[i], (others[i] + largest[i]) - positive[j])
                hessian[j] = positive[j] * (part / (others[i] + largest[i]))


# ---- divergences between distributions --------------------------------------------------------------------------

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
        of_probabilities(<CrossEntropy*>NULL, call, t)   # its gradient needs no difference of a row's total and y
        for k in range(t.steps):
            for i in range(LANES):
                j = k * LANES + i
                y = target[j]
                q = weighted_difference(y, t.m[i], x[j]) + y * (log_(y) + t.log_sum[i])
                term[j] = where_(y == 0, <double>0, q)
    elif call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            y = target[j]
            term[j] = where_(y == 0, <double>0, y * (log_(y) - x[j]))
            gradient[j] = 0 - y
        clear_hessian(call, t)
    else:
        for j in range(t.steps * LANES):
            y, q = target[j], x[j]
            term[j] = where_(y == 0, <double>0, y * (log_(y) - log_(q)))
            gradient[j] = where_(y == 0, <double>0, -y / q)
        if call.rows.want & HESSIAN:
            for j in range(t.steps * LANES):
                y, q = target[j], x[j]
                hessian[j] = where_(y == 0, <double>0, y / q / q)
    class_sum(t, term, t.value)


cdef void prediction_as_probabilities(const RowLossCall* call, Tile* t) noexcept nogil:
    """q into a, -log q into b, q - y into c: without cancellation also where both are next to 1."""
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* e = t.e
    cdef double* q = t.a
    cdef double* minus_log = t.b
    cdef double* excess = t.c
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
            q[j] = exp_(x[j])
            minus_log[j] = -x[j]
            excess[j] = q[j] - y[j]
    else:
        for j in range(t.steps * LANES):
            q[j] = x[j]
            minus_log[j] = -log_(x[j])
            excess[j] = q[j] - y[j]


cdef inline double log_ratio(double part, double excess, double weight, double minus_log_part) noexcept nogil:
    """log(part / (part + weight excess)): near 0 where there is none; by logarithms where the quotient is huge."""
    cdef double relative = weight * (excess / part)
    return where_(relative < 1e15, -log1p_(relative), -minus_log_part - log_(part + weight * excess))


cdef void js_divergence_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """b KL(y, m) + (1 - b) KL(q, m),  m = b y + (1 - b) q. With D its derivative with respect to q, E the second,

        D_c = (1 - b) log(q_c / m_c)                     q_c E_c = b (1 - b) y_c / m_c,  W_c = q_c^2 E_c
        of log q:   gradient = q D                       Hessian = q D + W
        of logits:  gradient_j = q_j (D_j - mean of D)   Hessian_j = (1 - 2 q_j) gradient_j + (1 - q_j)^2 W_j + q_j^2 sum_{c != j} W_c

    and for the largest q, which may be next to 1,  D_j - mean = (1 - q_j) D_j - sum_{c != j} q_c D_c.
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
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double others[LANES]
    cdef double top[LANES]
    cdef double w_others[LANES]
    cdef double w_top[LANES]
    cdef double d_top[LANES]
    cdef bint is_top
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
        slope = log_ratio(q, -excess[j], beta, minus_log[j])
        d[j] = where_((y[j] == 0) & (q == 0), -log1p_(-beta), slope) * (1 - beta)
        w[j] = where_(y[j] == 0, <double>0, beta * (1 - beta) * y[j] / mixed)
        qd[j] = where_(scaled_q[j] == 0, <double>0, scaled_q[j] * d[j])   # 0 log 0
        slope = beta * y[j] * log_ratio(y[j], excess[j], 1 - beta, -log_(y[j]))
        excess[j] = where_(y[j] == 0, <double>0, slope) + qd[j] * SCALE_DOWN
    class_sum(t, excess, t.value)
    if call.given == PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = d[j]
            hessian[j] = where_(y[j] == 0, <double>0, w[j] / probability[j])
        return
    if call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = qd[j] * SCALE_DOWN
            hessian[j] = (qd[j] + scaled_q[j] * w[j]) * SCALE_DOWN
        return
    sum_without(t, qd, t.top, others)
    at_class(t, qd, t.top, top)
    at_class(t, d, t.top, d_top)
    for j in range(t.steps * LANES):
        w[j] *= scaled_q[j]
    sum_without(t, w, t.top, w_others)
    at_class(t, w, t.top, w_top)
    for i in range(LANES):
        others[i] *= SCALE_DOWN
        top[i] *= SCALE_DOWN
        w_others[i] *= SCALE_DOWN
        w_top[i] *= SCALE_DOWN
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            is_top = k * stride + t.offset[i] == t.top[i]
            q = probability[j]
            scaled = qd[j] - scaled_q[j] * (others[i] + top[i])
            rest = t.rest[i] * t.inverse[i]
            slope = where_(is_top, scaled_q[j] * (rest * d_top[i] - others[i]), scaled)
            gradient[j] = slope * SCALE_DOWN
            scaled = (1 - 2 * q) * (slope + w[j]) + q * scaled_q[j] * (w_others[i] + w_top[i])
            mixed = (1 - 2 * q) * slope + rest * rest * w[j] + q * scaled_q[j] * w_others[i]
            hessian[j] = where_(is_top, mixed, scaled) * SCALE_DOWN


cdef void total_variation_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_c |y_c - q_c| / 2; the derivative of |.| at 0 is 0. From logits, with the mass of q above, below and at the target:

        gradient_j = q_j (D_j - mean of D),  D = 1/2, -1/2 or 0;   D_j - mean = (at + 2 below) / 2,  -(at + 2 above) / 2,
        or (below - above) / 2;   Hessian_j = (1 - 2 q_j) gradient_j
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
    cdef Py_ssize_t k, i, j
    prediction_as_probabilities(call, t)
    for j in range(t.steps * LANES):
        d[j] = step(excess[j]) - 0.5
        excess[j] = 0.5 * abs_(excess[j])
    class_sum(t, excess, t.value)
    if call.given == PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = d[j]
        clear_hessian(call, t)
        return
    if call.given == LOG_PROBABILITIES:
        for j in range(t.steps * LANES):
            gradient[j] = d[j] * q[j]
            hessian[j] = d[j] * q[j]
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


# ---- the generic block ------------------------------------------------------------------------------------------

#: The rows of the catalogue that are computed here, in the order of `row_functions`.
ROW_LOSSES = (
    "cross_entropy", "categorical_log_loss", "nll", "categorical_focal", "poly1_cross_entropy", "generalized_cross_entropy",
    "multiclass_hinge", "multi_margin", "multilabel_margin", "multilabel_soft_margin", "sparsemax", "entmax15", "ordinal",
    "kl_divergence", "js_divergence", "total_variation",
)
cdef enum: ROW_LOSS_COUNT = 16
cdef row_function row_functions[ROW_LOSS_COUNT]
row_functions[:] = [
    cross_entropy_rows, categorical_log_loss_rows, nll_rows, categorical_focal_rows, poly1_cross_entropy_rows, generalized_cross_entropy_rows,
    multiclass_hinge_rows, multi_margin_rows, multilabel_margin_rows, multilabel_soft_margin_rows, sparsemax_rows, entmax15_rows, ordinal_rows,
    kl_divergence_rows, js_divergence_rows, total_variation_rows,
]


cdef inline Py_ssize_t steps_of(Py_ssize_t classes) noexcept nogil:
    return classes if classes <= FEW else (classes + LANES - 1) // LANES


cdef void lay_out(const RowLossCall* call, double* scratch, Tile* t) noexcept nogil:
    cdef Py_ssize_t size, i
    t.steps = steps_of(call.classes)
    t.wide = call.classes > FEW
    t.stride = LANES if t.wide else 1
    for i in range(LANES):
        t.offset[i] = i if t.wide else 0
    size = t.steps * LANES
    t.x, t.y, t.gradient, t.hessian = scratch, scratch + size, scratch + 2 * size, scratch + 3 * size
    t.e, t.a, t.b, t.c = scratch + 4 * size, scratch + 5 * size, scratch + 6 * size, scratch + 7 * size
    t.d, t.f, t.g, t.h = scratch + 8 * size, scratch + 9 * size, scratch + 10 * size, scratch + 11 * size


cdef void load_lanes(const Operand* operand, Py_ssize_t first, Py_ssize_t n, const Tile* t, double* numbers) noexcept nogil:
    """The rows of a tile of few classes, rows in the lanes; beyond the last row 0."""
    cdef float* narrow_tile = <float*>t.a
    cdef Py_ssize_t k, i
    if not native(narrow_tile, operand):
        load_tile(operand, first, n, t.steps, <const double*>NULL, numbers, t.b)
        return
    load_tile(operand, first, n, t.steps, <const float*>NULL, narrow_tile, <float*>t.b)
    for k in range(t.steps):
        for i in range(LANES):
            numbers[k * LANES + i] = narrow_tile[k * 2 * LANES + i]


cdef void load_wide(const Operand* operand, Py_ssize_t row, Py_ssize_t classes, double absent, const Tile* t, double* numbers) noexcept nogil:
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    load_run(operand, operand.data + sample_offset(operand, row, index), operand.class_stride, classes, numbers)
    for c in range(classes, t.steps * LANES):
        numbers[c] = absent


cdef void load_target(const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, const int64_t* labels, Tile* t) noexcept nogil:
    """The label of each row, or the weight of each class, given or made from labels. A wide row is row `first`."""
    cdef double* y = t.y
    cdef Py_ssize_t k, i
    for i in range(LANES):
        t.label[i] = <double>labels[0 if t.wide else i]
    if not call.rows.dense:
        return
    if call.rows.given_dense and t.wide:
        load_wide(&call.rows.y_true, first, call.classes, 0, t, y)
    elif call.rows.given_dense:
        load_lanes(&call.rows.y_true, first, n, t, y)
    else:
        for k in range(t.steps):
            for i in range(LANES):
                y[k * LANES + i] = where_(k * t.stride + t.offset[i] == t.label[i], <double>1, <double>0)


cdef void weigh_target(const RowLossCall* call, Tile* t) noexcept nogil:
    """Label smoothing and class weights."""
    cdef double* y = t.y
    cdef Py_ssize_t k, i
    if call.rows.dense and (call.rows.smoothing != 0 or call.rows.class_weight != NULL):
        for k in range(t.steps):
            for i in range(LANES):
                if not t.wide:
                    y[k * LANES + i] = target_weight(y, &call.rows, k, y[k * LANES + i])
                elif k * LANES + i < call.classes:
                    y[k * LANES + i] = target_weight(y, &call.rows, k * LANES + i, y[k * LANES + i])


cdef void run_tile(const RowLossCall* call, Tile* t) noexcept nogil:
    """The loss; a row with a NaN, or whose value is NaN, is NaN in all its results."""
    cdef double lost[LANES]
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double none[LANES]
    cdef Py_ssize_t k, i
    cdef int64_t any_lost = 0
    for i in range(LANES):
        lost[i] = none[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            lost[i] += where_(t.x[k * LANES + i] != t.x[k * LANES + i], <double>1, <double>0)
    if call.rows.given_dense:
        for k in range(t.steps):
            for i in range(LANES):
                lost[i] += where_(t.y[k * LANES + i] != t.y[k * LANES + i], <double>1, <double>0)
    if t.wide:
        across_lanes(lost, none)
    row_functions[call.loss](call, t)
    if t.wide:
        for i in range(1, LANES):
            t.value[i] = t.value[0]
    for i in range(LANES):
        t.value[i] = where_(lost[i] != 0, <double>NAN, t.value[i])
        any_lost |= t.value[i] != t.value[i]
    if any_lost:
        for k in range(t.steps):
            for i in range(LANES):
                gradient[k * LANES + i] = where_(t.value[i] != t.value[i], <double>NAN, gradient[k * LANES + i])
                hessian[k * LANES + i] = where_(t.value[i] != t.value[i], <double>NAN, hessian[k * LANES + i])


cdef void store_lanes(const real* tag, const Operand* operand, Py_ssize_t first, Py_ssize_t n, const Tile* t,
                      const double* result, const double* multiplier) noexcept nogil:
    """result x multiplier, rounded to the compute type, then to that of the array; +0 where the multiplier is 0."""
    cdef Py_ssize_t lanes = lanes_of(tag), k, i
    cdef real* rounded = <real*>t.a
    for k in range(t.steps):
        for i in range(LANES):
            rounded[k * lanes + i] = where_(multiplier[i] == 0, <real>0, <real>(result[k * LANES + i] * multiplier[i]))
    store_tile(operand, first, n, t.steps, <real*>NULL, rounded, <real*>t.b)


cdef void store_wide(const real* tag, const RowLossCall* call, const Operand* operand, Py_ssize_t row, const Tile* t,
                     const double* result, double multiplier) noexcept nogil:
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    cdef char* data = operand.data + sample_offset(operand, row, index)
    cdef real* target = <real*>t.a
    if class_run_in_place(tag, operand, data):
        target = <real*>data
    if multiplier == 0:
        for c in range(call.classes):
            target[c] = 0
    else:
        for c in range(call.classes):
            target[c] = <real>(result[c] * multiplier)
    if target != <real*>data:
        store_run(operand, data, operand.class_stride, call.classes, target)


cdef double few_row_losses(const real* tag, const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, Tile* t) noexcept nogil:
    """A tile of rows of few classes."""
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef double multiplier[LANES]
    cdef Py_ssize_t i
    for i in range(LANES):
        label[i] = 0
        weight[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    load_lanes(&call.rows.logits, first, n, t, t.x)
    load_target(call, first, n, label, t)
    weigh_target(call, t)
    run_tile(call, t)
    for i in range(LANES):
        value[i] = <real>t.value[i]
        multiplier[i] = weight[i] * call.rows.scale
        multiplier[i] = where_(weight[i] == 0, <double>0, multiplier[i])
    if call.rows.want & GRADIENT:
        store_lanes(tag, &call.rows.gradient, first, n, t, t.gradient, multiplier)
    if call.rows.want & HESSIAN:
        store_lanes(tag, &call.rows.hessian, first, n, t, t.hessian, multiplier)
    if not call.rows.want & VALUE:
        return 0
    if call.rows.value.data != NULL:
        weigh(value, weight, n)
        store(&call.rows.value, 0, first, n, value)
        return 0
    return sum_of(value, weight, n)


cdef double wide_row_losses(const real* tag, const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, Tile* t) noexcept nogil:
    """Wide rows, one after the other."""
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef double multiplier, absent = 0 if call.given == PROBABILITIES else -INFINITY
    cdef Py_ssize_t i
    for i in range(n):
        label[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    for i in range(n):
        value[i] = 0
        multiplier = 0
        if weight[i] != 0:
            load_wide(&call.rows.logits, first + i, call.classes, absent, t, t.x)
            load_target(call, first + i, 1, label + i, t)
            weigh_target(call, t)
            run_tile(call, t)
            value[i] = <real>t.value[0]
            multiplier = weight[i] * call.rows.scale
        if call.rows.want & GRADIENT:
            store_wide(tag, call, &call.rows.gradient, first + i, t, t.gradient, multiplier)
        if call.rows.want & HESSIAN:
            store_wide(tag, call, &call.rows.hessian, first + i, t, t.hessian, multiplier)
    if not call.rows.want & VALUE:
        return 0
    if call.rows.value.data != NULL:
        weigh(value, weight, n)
        store(&call.rows.value, 0, first, n, value)
        return 0
    return sum_of(value, weight, n)


cdef inline Py_ssize_t row_losses_at_once(Py_ssize_t classes) noexcept nogil:
    return LANES if classes <= FEW else WIDE_ROWS


cdef double row_loss_block(const real* tag, const RowLossCall* call, Py_ssize_t block, double* scratch) noexcept nogil:
    cdef Py_ssize_t size = row_losses_at_once(call.classes), first = block * size, n = min(size, call.rows.rows - first)
    cdef Tile t
    lay_out(call, scratch, &t)
    if t.wide:
        return wide_row_losses(tag, call, first, n, &t)
    return few_row_losses(tag, call, first, n, &t)


cdef double row_loss_inspected(const real* tag, const RowLossCall* call, Py_ssize_t block, double* scratch) noexcept nogil:
    """The sum of a block's weights, NaN where a weight or a target is outside its domain."""
    cdef Py_ssize_t size = row_losses_at_once(call.classes), first = block * size
    cdef Py_ssize_t n = min(size, call.rows.rows - first), i
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef double total = 0
    cdef Tile t
    if call.rows.weight.data != NULL and not weights_valid(load(&call.rows.weight, 0, first, n, weight), n):
        return NAN
    for i in range(max(<Py_ssize_t>LANES, n)):
        label[i] = 0
        weight[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    lay_out(call, scratch, &t)
    if not t.wide:
        load_target(call, first, n, label, &t)
        targets_inspected(call, &t)
    for i in range(n):
        if weight[i] == 0:
            continue
        if t.wide:
            load_target(call, first + i, 1, label, &t)
            targets_inspected(call, &t)
        total += weight[i] * t.value[0 if t.wide else i]
    return total


cdef void targets_inspected(const RowLossCall* call, Tile* t) noexcept nogil:
    """1 for each row, or the sum of its weighted target; NaN where that is outside its domain."""
    cdef double* y = t.y
    cdef bint adds_up = call.form == DISTRIBUTION or call.form == CLASS_PROBABILITIES, members = call.form == MEMBERS, wrong
    cdef double most = INFINITY if adds_up else 1
    cdef double number
    cdef double bad[LANES]
    cdef double none[LANES]
    cdef double row_total[LANES]
    cdef double tail[LANES]
    cdef Py_ssize_t k, i
    for i in range(LANES):
        bad[i] = none[i] = row_total[i] = tail[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            number = y[k * LANES + i]
            wrong = (number < 0) | (number > most) | (members & (number != 0) & (number != 1) & (number == number))
            bad[i] += where_(wrong, <double>1, <double>0)
            add_exactly(number, &row_total[i], &tail[i])
    sum_up(t, bad, none, bad)
    sum_up(t, row_total, tail, row_total)
    for i in range(LANES):
        t.value[i] = where_(bad[i] == 0, <double>1, <double>NAN)
    if not adds_up:
        return
    for i in range(LANES):
        t.value[i] = where_((row_total[i] > 1 + SUM_TOLERANCE) | (row_total[i] < 1 - SUM_TOLERANCE), <double>NAN, t.value[i])
    if call.form == DISTRIBUTION:
        return
    weigh_target(call, t)
    class_sum(t, y, row_total)
    for i in range(LANES):       # a NaN in a soft target makes its row NaN, not the denominator of all others
        t.value[i] *= where_(row_total[i] == row_total[i], row_total[i], <double>1)


cdef double row_loss_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_block(<const float*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_block(<const double*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_inspected(<const float*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_inspected(<const double*>NULL, <const RowLossCall*>call, block, <double*>scratch)


cdef double run_row_losses(RowLossCall* call, bint double_precision, bint inspect, int threads) except? -1.0:
    cdef Py_ssize_t size = row_losses_at_once(call.classes)
    cdef block_function function = row_loss_block_f64 if double_precision else row_loss_block_f32
    if inspect:
        function = row_loss_inspected_f64 if double_precision else row_loss_inspected_f32
        if call.form == CLASS_INDEX:
            return run_rows_call(&call.rows, double_precision, True, threads)
    return run_blocks(function, call, (call.rows.rows + size - 1) // size, size * call.classes, threads,
                      TILE_ARRAYS * steps_of(call.classes) * LANES * sizeof(double))
