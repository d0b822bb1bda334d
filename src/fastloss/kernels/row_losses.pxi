# Losses over rows of classes, beside plain cross-entropy: one generic block, one function for each loss.
#
# Every row is computed in double, whatever the element type: a row's scalars are powers, logarithms and differences, whose
# rounding error each class of the row would inherit. The block reads labels, weights and masks, brings prediction and
# target of a row into scratch as contiguous doubles, calls the loss's function, which returns the value and leaves the
# unscaled gradient and Hessian diagonal beside them, and writes those times weight / denominator. So a function knows
# neither layouts nor dtypes nor weights, and no row with a NaN reaches it.
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
# because d log p_c / dx_j = [c = j] - p_j and its derivative is -p_j q_j.

cdef extern from "rows.h" nogil:
    ctypedef struct fl_pair:
        double head, tail
    double fl_exp_sum(double, double) noexcept
    fl_pair fl_two_sum(double, double) noexcept
    fl_pair fl_two_product(double, double) noexcept
    fl_pair fl_pair_sum(fl_pair, fl_pair) noexcept
    fl_pair fl_log_pair(double) noexcept
    double fl_exp_of_product(double, double, double) noexcept
    double fl_power(double, double) noexcept
    double fl_half_violation(double, double, double) noexcept

cdef enum:
    SCRATCH_ROWS = 10            # of doubles, for each thread

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

cdef struct Row:
    int64_t label
    double* x                    # the prediction
    double* y                    # the weight of each class, unless the target is a label
    double* gradient
    double* hessian
    double* e                    # and further scratch
    double* a
    double* b
    double* c
    int64_t* order
    int64_t* spare
    double m, rest, whole, inverse, log_sum
    Py_ssize_t top               # a class with e = 1
    fl_pair log_pair             # log1p(rest)

# Returns the value; writes gradient and Hessian where the call wants them.
ctypedef double (*row_function)(const RowLossCall*, Row*) noexcept nogil


cdef double row_sum(const double* x, Py_ssize_t n) noexcept nogil:
    cdef double total = 0, tail = 0
    cdef Py_ssize_t chunk
    for chunk in range((n + CHUNK - 1) // CHUNK):
        add_exactly(fl_block_sum_f64(x + chunk * CHUNK, min(<Py_ssize_t>CHUNK, n - chunk * CHUNK)), &total, &tail)
    return total + where_(abs_(total) < INFINITY, tail, <double>0)


cdef double sum_without(double* x, Py_ssize_t n, Py_ssize_t place) noexcept nogil:
    cdef double kept = x[place], total
    x[place] = 0
    total = row_sum(x, n)
    x[place] = kept
    return total


cdef inline void fill(double* x, double value, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t c
    for c in range(n):
        x[c] = value


cdef bint any_nan(const double* x, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t c
    cdef int64_t found = 0
    for c in range(n):
        found |= x[c] != x[c]
    return found != 0


cdef inline fl_pair pair_difference(fl_pair a, fl_pair b) noexcept nogil:
    b.head = -b.head
    b.tail = -b.tail
    return fl_pair_sum(a, b)


cdef inline fl_pair pair_over(fl_pair a, double n) noexcept nogil:
    """a / n."""
    cdef double quotient = a.head / n
    cdef fl_pair product = fl_two_product(quotient, n)
    return fl_two_sum(quotient, (((a.head - product.head) - product.tail) + a.tail) / n)


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


cdef inline void confidence(Confidence* tag, const RowLossCall* call, double p, double q, double surprisal, double tail,
                            double* slope, double* offset, double* a, double* bq) noexcept nogil:
    """f = slope l + offset; A; B q. The slope stands apart because l alone may be too large for a double where y l is not."""
    cdef double parameter = call.parameter[0], power, pl
    if Confidence is CrossEntropy:
        # f = l
        slope[0], offset[0], a[0], bq[0] = 1, 0, 1, 0
    elif Confidence is Focal:
        # l the surprisal:  f = q^g l,  A = q^g (1 + g p l / q),  B q = g q^g (2 p + (g p - 1) p l / q);  l / q -> 1 where q -> 0
        power = fl_power(q, parameter)
        pl = where_(p == 0, <double>0, p * where_(q == 0, <double>1, surprisal / q))
        slope[0], offset[0] = power, 0
        a[0] = power * (1 + parameter * pl)
        bq[0] = parameter * power * (2 * p + (parameter * p - 1) * pl)
    elif Confidence is Poly1:
        # f = l + epsilon q,  A = 1 + epsilon p,  B = -epsilon p
        slope[0], offset[0], a[0], bq[0] = 1, parameter * q, 1 + parameter * p, -parameter * p * q
    elif Confidence is Generalized:
        # f = (1 - p^k) / k,  A = p^k,  B = -k p^k
        power = fl_exp_of_product(-parameter, surprisal, tail)
        slope[0], offset[0], a[0], bq[0] = 0, -expm1_(-parameter * surprisal) / parameter, power, -parameter * power * q


cdef inline fl_pair distance(double m, double x, fl_pair log_pair) noexcept nogil:
    """-log p of a class, from its logit."""
    cdef fl_pair difference
    difference = fl_two_sum(m, -x)
    difference.head = where_(x == m, <double>0, difference.head)
    difference.tail = where_(x == m, <double>0, difference.tail)
    return fl_pair_sum(difference, log_pair)


cdef double exponentials(const double* x, Py_ssize_t classes, double* e, double* rest, double* tail, double* ties) noexcept nogil:
    """Largest number; e = exp(x - m); the sum of the rest, chunks added in their order."""
    cdef double m = fl_block_max_f64(x, classes), part
    cdef Py_ssize_t chunk, start
    rest[0] = tail[0] = ties[0] = 0
    for chunk in range((classes + CHUNK - 1) // CHUNK):
        start = chunk * CHUNK
        add_exactly(fl_block_exp_sum_f64(x + start, m, e + start, min(<Py_ssize_t>CHUNK, classes - start), ties), rest, tail)
    add_exactly(ties[0] - 1, rest, tail)
    part = rest[0]
    rest[0] += tail[0]
    tail[0] += part - rest[0]
    return m


cdef void row_softmax(const RowLossCall* call, Row* row, double temperature) noexcept nogil:
    """Exponentials of x / temperature and their sum. Other temperatures than 1 leave x as its distance below the largest."""
    cdef Py_ssize_t classes = call.classes, c
    cdef double tail = 0, ties = 0, m
    cdef fl_pair d, product
    if temperature == 1:
        m = row.m = exponentials(row.x, classes, row.e, &row.rest, &tail, &ties)
        if row.rest < tiny_rest(row.e):
            row.rest = tiny_sum(row.x, m, classes)
            tail = 0
    else:
        # The quotient is kept as an unevaluated sum: one rounding at distance 20 costs 8 to 16 ULP of the exponential.
        m = fl_block_max_f64(row.x, classes)
        for c in range(classes):
            d = fl_two_sum(row.x[c], -m)
            row.a[c] = d.head / temperature
            product = fl_two_product(row.a[c], temperature)
            row.b[c] = (((d.head - product.head) - product.tail) + d.tail) / temperature
            row.b[c] = where_(row.b[c] == row.b[c], row.b[c], <double>0)
            row.a[c] = where_(row.x[c] == m, <double>0, row.a[c])
            row.e[c] = where_(row.x[c] == m, <double>1, fl_exp_sum(row.a[c], row.b[c]))
        ties = 0
        for c in range(classes):
            ties += row.x[c] == m
        row.top = top_class(row.e, classes)
        row.rest = sum_without(row.e, classes, row.top)
        if row.rest < tiny_rest(row.e):
            row.rest = tiny_quotients(row, classes)
        for c in range(classes):
            row.x[c] = row.a[c]
        row.m = 0
    row.rest = checked_rest(m, row.rest, ties)
    row.top = top_class(row.e, classes)
    row.whole = 1 + row.rest
    row.inverse = probability_factor(row.rest, tail)
    row.log_sum = log1p_(row.rest)
    row.log_pair = fl_log_pair(row.whole)
    row.log_pair = fl_two_sum(row.log_pair.head, row.log_pair.tail + ((row.rest - (row.whole - 1)) + tail) / row.whole)
    if row.rest < 0.125:         # the logarithm of 1 + rest has an absolute error, log1p a relative one
        row.log_pair.head = row.log_sum
        row.log_pair.tail = 0


cdef double tiny_quotients(Row* row, Py_ssize_t classes) noexcept nogil:
    """The sum of exponentials next to underflow, each made e^128 times as large (see fl_block_tiny_sum)."""
    cdef Py_ssize_t c
    cdef fl_pair d
    for c in range(classes):
        d = fl_two_sum(row.a[c], 128)
        row.c[c] = fl_exp_sum(d.head, d.tail + row.b[c])
    return sum_without(row.c, classes, row.top) * 2.5722093726424148e-56


cdef Py_ssize_t top_class(const double* e, Py_ssize_t classes) noexcept nogil:
    cdef Py_ssize_t c
    for c in range(classes):
        if e[c] == 1:
            return c
    return 0                     # a row without probabilities


cdef double of_label(Confidence* tag, const RowLossCall* call, Row* row) noexcept nogil:
    """The true class is known: four numbers for the whole row."""
    cdef Py_ssize_t classes = call.classes, t = row.label, c
    cdef double rest = row.rest, whole = row.whole, inverse = row.inverse   # not read through a pointer: loops vectorise
    cdef double p = row.e[t] * inverse, below = complement(row.e[t], rest, whole), q = below * inverse
    cdef double factor = 1 if call.factor == NULL else call.factor[t]
    cdef double slope, offset, a, bq, scaled
    cdef fl_pair surprisal = distance(row.m, row.x[t], row.log_pair)
    confidence(tag, call, p, q, surprisal.head, surprisal.tail, &slope, &offset, &a, &bq)
    a *= factor
    bq *= factor
    if call.rows.want & GRADIENT:
        scaled = a * inverse
        for c in range(classes):
            row.gradient[c] = row.e[c] * scaled
        row.gradient[t] = -a * q
    if call.rows.want & HESSIAN:
        if below == 0:
            below = 1            # then every other e is 0
        for c in range(classes):
            scaled = row.e[c] * inverse
            row.hessian[c] = scaled * (a * (complement(row.e[c], rest, whole) * inverse) + bq * (row.e[c] / below))
        row.hessian[t] = q * (bq + a * p)
    return factor * (where_(slope == 0, <double>0, slope * surprisal.head) + offset)


cdef double of_probabilities(Confidence* tag, const RowLossCall* call, Row* row) noexcept nogil:
    """The target is a weight y for each class. The sums leave out the largest class and it is added where it belongs:
    for a model that is right they would cancel against it."""
    cdef Py_ssize_t classes = call.classes, top = row.top, c
    cdef double rest = row.rest, whole = row.whole, inverse = row.inverse, m = row.m, log_sum = row.log_sum
    cdef double y, p, q, slope, offset, a, bq, a_others, b_others, a_total, b_total
    cdef fl_pair surprisal, log_pair = row.log_pair
    if call.factor != NULL:
        for c in range(classes):
            row.y[c] *= call.factor[c]
    for c in range(classes):
        y = row.y[c]
        p = row.e[c] * inverse
        q = complement(row.e[c], rest, whole) * inverse
        surprisal = distance(m, row.x[c], log_pair)
        confidence(tag, call, p, q, surprisal.head, surprisal.tail, &slope, &offset, &a, &bq)
        slope *= y
        row.c[c] = where_(slope == 0, <double>0, weighted_difference(slope, m, row.x[c]) + slope * log_sum)
        row.c[c] = where_(y == 0, <double>0, row.c[c] + y * offset)
        row.a[c] = where_(y == 0, <double>0, y * a)
        row.b[c] = where_((y == 0) | (q == 0), <double>0, y * bq / q)
        row.hessian[c] = where_(y == 0, <double>0, y * bq)
    a_others = sum_without(row.a, classes, top)
    a_total = a_others + row.a[top]
    if call.rows.want & GRADIENT:
        for c in range(classes):
            p = row.e[c] * inverse
            q = complement(row.e[c], rest, whole) * inverse
            row.gradient[c] = p * (a_total - row.a[c]) - row.a[c] * q
        q = rest * inverse
        row.gradient[top] = inverse * a_others - row.a[top] * q
    if call.rows.want & HESSIAN:
        b_others = sum_without(row.b, classes, top)
        b_total = b_others + row.b[top]
        bq = row.hessian[top]
        for c in range(classes):
            p = row.e[c] * inverse
            q = complement(row.e[c], rest, whole) * inverse
            row.hessian[c] = (row.hessian[c] * q + p * p * (b_total - row.b[c])) + p * q * a_total
        p = inverse
        q = rest * inverse
        row.hessian[top] = (bq * q + p * p * b_others) + p * q * a_total
    return row_sum(row.c, classes)


cdef double confidence_row(Confidence* tag, const RowLossCall* call, Row* row) noexcept nogil:
    row_softmax(call, row, 1)
    if call.form == CLASS_INDEX and not call.rows.dense:
        return of_label(tag, call, row)
    return of_probabilities(tag, call, row)


# ---- cross-entropy with options ---------------------------------------------------------------------------------

cdef double cross_entropy_row(const RowLossCall* call, Row* row) noexcept nogil:
    """Cross-entropy of z = softcap tanh(x / softcap) / temperature, and z_loss log(sum e^z)^2: the loss of z, and the chain
    rule around it:  gradient = g z',  Hessian = h z'^2 + g z''."""
    cdef Py_ssize_t classes = call.classes, c
    cdef double z_loss = call.parameter[0], softcap = call.parameter[1], temperature = call.parameter[2]
    cdef bint capped = softcap == softcap
    cdef double* first = <double*>row.order   # z' and z'' of a cap
    cdef double* second = <double*>row.spare
    cdef double value, decay, total = 1, log_total, p, q, g, rest, whole, inverse
    cdef fl_pair u
    cdef CrossEntropy* tag = NULL
    if capped:
        for c in range(classes):
            value = tanh_(row.x[c] / softcap)
            u.head, u.tail = abs_(row.x[c]), 0
            u = pair_over(u, softcap)
            decay = fl_exp_sum(-2 * u.head, -2 * u.tail)   # 1 - tanh^2 would cancel
            first[c] = 4 * decay / ((1 + decay) * (1 + decay))
            second[c] = -2 * value * first[c] / softcap
            row.x[c] = softcap * value
    log_total = fl_block_max_f64(row.x, classes) / temperature
    row_softmax(call, row, temperature)
    log_total += row.log_sum
    rest, whole, inverse = row.rest, row.whole, row.inverse
    if call.rows.dense:
        total = row_sum(row.y, classes)
        value = of_probabilities(tag, call, row)
    else:
        value = of_label(tag, call, row)
    if z_loss != 0:
        value += z_loss * total * log_total * log_total
        if call.rows.want & (GRADIENT | HESSIAN):
            for c in range(classes):
                p = row.e[c] * inverse
                q = complement(row.e[c], rest, whole) * inverse
                g = where_(p == 0, <double>0, p * log_total)
                row.gradient[c] += 2 * z_loss * total * g
                row.hessian[c] += 2 * z_loss * total * (p * p + g * q)
    if call.rows.want & HESSIAN:
        for c in range(classes):
            row.hessian[c] /= temperature * temperature
        if capped:
            for c in range(classes):
                row.hessian[c] = row.hessian[c] * first[c] * first[c] + row.gradient[c] / temperature * second[c]
    if call.rows.want & GRADIENT:
        for c in range(classes):
            row.gradient[c] /= temperature
        if capped:
            for c in range(classes):
                row.gradient[c] *= first[c]
    return value


cdef double categorical_focal_row(const RowLossCall* call, Row* row) noexcept nogil:
    return confidence_row(<Focal*>NULL, call, row)

cdef double poly1_cross_entropy_row(const RowLossCall* call, Row* row) noexcept nogil:
    return confidence_row(<Poly1*>NULL, call, row)

cdef double generalized_cross_entropy_row(const RowLossCall* call, Row* row) noexcept nogil:
    return confidence_row(<Generalized*>NULL, call, row)


# ---- probabilities and log-probabilities given ------------------------------------------------------------------

cdef double categorical_log_loss_row(const RowLossCall* call, Row* row) noexcept nogil:
    """sum_c y_c (-log p_c), p clipped to [clip, 1 - clip] where that is asked for; constant, so of gradient 0, outside."""
    cdef Py_ssize_t classes = call.classes, c, first = 0, last = classes
    cdef double clip = call.parameter[0], low = -INFINITY, high = INFINITY, p, y, inside
    if clip == clip:
        low, high = clip, 1 - clip
    if not call.rows.dense:
        fill(row.gradient, 0, classes)
        fill(row.hessian, 0, classes)
        first, last = row.label, row.label + 1
    for c in range(first, last):
        y = row.y[c] if call.rows.dense else <double>1
        p = clamp_(row.x[c], low, high)
        inside = <double>((row.x[c] >= low) & (row.x[c] <= high))
        row.c[c] = where_(y == 0, <double>0, -y * log_(p))
        y = where_(inside == 0, <double>0, y)
        row.gradient[c] = where_(y == 0, <double>0, -y / p)
        row.hessian[c] = where_(y == 0, <double>0, y / p / p)
    return row_sum(row.c, classes) if call.rows.dense else row.c[row.label]


cdef double nll_row(const RowLossCall* call, Row* row) noexcept nogil:
    """sum_c y_c (-x_c): linear."""
    cdef Py_ssize_t classes = call.classes, c
    fill(row.hessian, 0, classes)
    if not call.rows.dense:
        fill(row.gradient, 0, classes)
        row.gradient[row.label] = -1
        return -row.x[row.label]
    for c in range(classes):
        row.gradient[c] = 0 - row.y[c]
        row.c[c] = where_(row.y[c] == 0, <double>0, -row.y[c] * row.x[c])
    return row_sum(row.c, classes)


# ---- margins between scores -------------------------------------------------------------------------------------

cdef inline double step(double violation) noexcept nogil:
    """Derivative of max(0, violation): at the kink the midpoint of the subgradient."""
    return where_(violation > 0, <double>1, where_(violation == 0, <double>0.5, <double>0))


cdef double multiclass_hinge_row(const RowLossCall* call, Row* row) noexcept nogil:
    """max(0, 1 + max_{j != y} x_j - x_y); several largest other scores share the gradient."""
    cdef Py_ssize_t classes = call.classes, t = row.label, c
    cdef double own = row.x[t], largest, ties = 0, half, share
    fill(row.hessian, 0, classes)
    row.x[t] = -INFINITY
    largest = fl_block_max_f64(row.x, classes)
    if classes == 1:
        fill(row.gradient, 0, classes)
        return 0
    half = fl_half_violation(0.5, largest, own)
    if half != half:
        return NAN
    for c in range(classes):
        ties += (row.x[c] == largest) & (c != t)
    share = step(half)
    for c in range(classes):
        row.gradient[c] = where_(row.x[c] == largest, share / ties, <double>0)
    row.gradient[t] = -share
    return max(half * 2, <double>0)


cdef double multi_margin_row(const RowLossCall* call, Row* row) noexcept nogil:
    """sum_{j != y} max(0, margin + x_j - x_y)^p / C,  p 1 or 2. Each term is divided by a power of 2 that is at least 2 C,
    which is exact, before they are added: one term alone may overflow where the mean does not."""
    cdef Py_ssize_t classes = call.classes, t = row.label, c
    cdef bint squared = call.parameter[0] == 2
    cdef double half_margin = 0.5 * call.parameter[1], own = row.x[t], half, factor
    cdef double value, total, small = 1
    while small * classes > 1:
        small *= 0.5
    factor = 1 / (classes * small)
    for c in range(classes):
        half = fl_half_violation(half_margin, row.x[c], own)
        row.b[c] = step(half) * small
        half = where_(half < 0, <double>0, half)
        row.a[c] = half
        row.c[c] = half * small
        if squared:
            row.b[c] = row.c[c]
            row.c[c] *= 2 * half
    row.a[t] = row.b[t] = row.c[t] = 0
    value = row_sum(row.c, classes) * 2 * factor
    if squared:
        factor *= 4
    total = row_sum(row.b, classes)
    for c in range(classes):
        row.gradient[c] = row.b[c] * factor
    row.gradient[t] = -total * factor
    if call.rows.want & HESSIAN:
        if squared:
            for c in range(classes):
                row.hessian[c] = where_(row.a[c] > 0, 2.0 / classes, <double>0)
            row.hessian[t] = row_sum(row.hessian, classes)
        else:
            fill(row.hessian, 0, classes)
    return value


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


cdef double multilabel_margin_row(const RowLossCall* call, Row* row) noexcept nogil:
    """sum over members j and others i of max(0, 1 + x_i - x_j) / C, in O(C log C).

    Both are sorted. From one other to the next larger one the sum over the members that it violates grows by
    (members violated) x (difference), and by the violations of new members: all terms are >= 0, so that nothing cancels.
    """
    cdef Py_ssize_t classes = call.classes, members, others, i, j = 0, k = 0
    cdef double factor = 1.0 / classes, half, running = 0, running_tail = 0, value = 0, tail = 0
    cdef int64_t* member = row.order
    cdef int64_t* other
    cdef double* x = row.x
    fill(row.gradient, 0, classes)
    fill(row.hessian, 0, classes)
    members = gather_members(row.y, 1, member, classes)
    other = member + members
    others = gather_members(row.y, 0, other, classes)
    if members == 0 or others == 0:
        return 0
    sort_ascending(x, member, row.spare, members)
    sort_ascending(x, other, row.spare, others)
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
        row.gradient[other[i]] = 0.5 * factor * (j + k)
    j = k = 0
    for i in range(members):     # others below the margin of a member, and those not above it
        while j < others and fl_half_violation(0.5, x[other[j]], x[member[i]]) <= 0:
            j += 1
        while k < others and fl_half_violation(0.5, x[other[k]], x[member[i]]) < 0:
            k += 1
        row.gradient[member[i]] = -0.5 * factor * ((others - j) + (others - k))
    return INFINITY if value == INFINITY else 2 * (value + tail)


# ---- a decision for each class ----------------------------------------------------------------------------------

cdef inline void decisions(const RowLossCall* call, Row* row, double factor) noexcept nogil:
    """factor (y log(1 + e^-x) + (1 - y) log(1 + e^x)) of each class, into c; neither side cancels where y is 0 or 1."""
    cdef Py_ssize_t c
    cdef double y, above, below
    for c in range(call.classes):
        y = row.y[c]
        row.c[c] = (where_(y == 0, <double>0, y * softplus_(-row.x[c]))
                    + where_(y == 1, <double>0, (1 - y) * softplus_(row.x[c]))) * factor
        above, below = sigmoid_(row.x[c]), sigmoid_(-row.x[c])
        row.gradient[c] = ((1 - y) * above - y * below) * factor
        row.hessian[c] = above * below * factor


cdef double multilabel_soft_margin_row(const RowLossCall* call, Row* row) noexcept nogil:
    """The mean over the classes of binary cross-entropy."""
    decisions(call, row, 1.0 / call.classes)
    return row_sum(row.c, call.classes)


cdef double ordinal_row(const RowLossCall* call, Row* row) noexcept nogil:
    """x_k is the logit of "above level k": the sum over k of the binary cross-entropy of that decision."""
    cdef Py_ssize_t c
    for c in range(call.classes):
        row.y[c] = <double>(c < row.label)
    decisions(call, row, 1)
    return row_sum(row.c, call.classes)


# ---- sparse maps onto the probabilities -------------------------------------------------------------------------

cdef inline fl_pair below_top(const Row* row, double x, double scale) noexcept nogil:
    """scale (x - m), for a scale that is a power of two; 0 at the largest, infinite or not."""
    cdef double m = row.m
    cdef fl_pair d = fl_two_sum(scale * x, -scale * m)
    d.head = where_(x == m, <double>0, d.head)
    d.tail = where_(x == m, <double>0, d.tail)
    return d


cdef Py_ssize_t candidates(const RowLossCall* call, Row* row, double scale) noexcept nogil:
    """Places whose scale (x - m) is above -1, in descending order: only those can have a probability (tau >= m - 1).
    -1 where a row has no probabilities."""
    cdef Py_ssize_t c, n = 0, ties = 0, i
    cdef int64_t place
    row.m = fl_block_max_f64(row.x, call.classes)
    for c in range(call.classes):
        if below_top(row, row.x[c], scale).head > -1:
            row.order[n] = c
            n += 1
            ties += row.x[c] == row.m
    if row.m == -INFINITY or (row.m == INFINITY and ties > 1):
        return -1
    sort_ascending(row.x, row.order, row.spare, n)
    for i in range(n // 2):
        place = row.order[i]
        row.order[i] = row.order[n - 1 - i]
        row.order[n - 1 - i] = place
    return n


cdef double sparsemax_row(const RowLossCall* call, Row* row) noexcept nogil:
    """p = max(0, x - tau), tau such that p adds up to 1.

    With u = x - tau, so that p = u on the support and u <= 0 beyond:   loss = sum_c (p_c - y_c)^2 / 2 - [y beyond] u_y,
    the sum that Martins and Astudillo print without its cancelling terms. 1 - p_y is the sum of the other p.
    """
    cdef Py_ssize_t classes = call.classes, t = row.label, n, k = 0, c, i
    cdef fl_pair total, next_total, d, tau, product
    cdef double own, others, value
    n = candidates(call, row, 1)
    if n < 0:
        return NAN
    total.head, total.tail = -1, 0          # sum of the d of the support, minus 1
    tau = total
    for i in range(n):
        d = below_top(row, row.x[row.order[i]], 1)
        product = fl_two_product(i, d.head)
        product.tail += i * d.tail
        if pair_difference(product, total).head <= 0:   # i d <= sum - 1: the threshold of those before is not below d
            break
        total = fl_pair_sum(total, d)
        k = i + 1
    tau = pair_over(total, k)
    fill(row.gradient, 0, classes)
    fill(row.hessian, 0, classes)
    for i in range(k):
        c = row.order[i]
        row.gradient[c] = pair_difference(below_top(row, row.x[c], 1), tau).head
        row.hessian[c] = 1 - 1.0 / k
    own = pair_difference(below_top(row, row.x[t], 1), tau).head
    others = sum_without(row.gradient, classes, t) if own > 0 else <double>1
    row.gradient[t] = 0
    for c in range(classes):
        row.c[c] = row.gradient[c] * row.gradient[c]
    row.gradient[t] = -others
    value = 0.5 * (row_sum(row.c, classes) + others * others)
    return value if own > 0 else value - own


cdef double entmax15_row(const RowLossCall* call, Row* row) noexcept nogil:
    """p = u^2, u = max(0, x / 2 - tau), tau such that p adds up to 1.

    Of the k largest z = x / 2, tau = mean - sqrt((1 - sum (z - mean)^2) / k); the support is the largest k whose tau is
    below their smallest. One Newton step in unevaluated sums then gives tau all its digits, which the differences need.

        loss = 2/3 sum_{c != y} u_c^3  +  2/3 (1 - u_y)^2 (2 + u_y)      1 - u_y = sum of the other p / (1 + u_y)
               (the last term 4/3 - 2 (z_y - tau) for y beyond the support)
        dp_j / dx_j = u_j - u_j^2 / sum u = u_j sum_{c != j} u_c / sum u
    """
    cdef Py_ssize_t classes = call.classes, t = row.label, n, k = 0, c, i
    cdef fl_pair d, tau, error, square
    cdef double mean = 0, squares = 0, step_ = 0, spread, threshold = -1, u, own, others, total, value, delta
    n = candidates(call, row, 0.5)
    if n < 0:
        return NAN
    for i in range(n):           # Welford's running mean and sum of squares: no cancellation
        u = below_top(row, row.x[row.order[i]], 0.5).head
        delta = u - mean
        step_ = mean + delta / (i + 1)
        spread = squares + delta * (u - step_)
        if spread >= 1 or (i > 0 and step_ - sqrt_((1 - spread) / (i + 1)) >= u):
            break
        mean, squares = step_, spread
        k = i + 1
        threshold = mean - sqrt_((1 - squares) / k)
    tau.head, tau.tail = threshold, 0
    for n in range(2):           # sum (z - tau)^2 - 1, over twice the sum of z - tau
        error.head, error.tail, total = -1, 0, 0
        for i in range(k):
            d = pair_difference(below_top(row, row.x[row.order[i]], 0.5), tau)
            if d.head > 0:
                square = fl_two_product(d.head, d.head)
                square.tail += 2 * d.head * d.tail
                error = fl_pair_sum(error, square)
                total += d.head
        tau = fl_pair_sum(tau, fl_two_sum(error.head / (2 * total), error.tail / (2 * total)))
    fill(row.a, 0, classes)
    for i in range(k):
        u = pair_difference(below_top(row, row.x[row.order[i]], 0.5), tau).head
        row.a[row.order[i]] = where_(u > 0, u, <double>0)
    for c in range(classes):
        row.gradient[c] = row.a[c] * row.a[c]
        row.c[c] = row.gradient[c] * row.a[c]
    own = pair_difference(below_top(row, row.x[t], 0.5), tau).head
    others = sum_without(row.gradient, classes, t) if own > 0 else <double>1
    if own > 0:
        value = others / (1 + own)
        value = value * value * (2 + own)
    else:
        value = 2 - 3 * own
    value = (2.0 / 3) * (value + sum_without(row.c, classes, t))
    row.gradient[t] = -others
    if call.rows.want & HESSIAN:
        others = sum_without(row.a, classes, row.order[0])
        total = others + row.a[row.order[0]]
        for c in range(classes):
            row.hessian[c] = row.a[c] * ((total - row.a[c]) / total)
        row.hessian[row.order[0]] = row.a[row.order[0]] * (others / total)
    return value


# ---- divergences between distributions --------------------------------------------------------------------------

cdef double kl_divergence_row(const RowLossCall* call, Row* row) noexcept nogil:
    """sum_c y_c (log y_c - log q_c). From logits: cross-entropy without the entropy of y."""
    cdef Py_ssize_t classes = call.classes, c
    cdef double y, q, m, log_sum
    if call.given == LOGITS:
        row_softmax(call, row, 1)
        m, log_sum = row.m, row.log_sum
        of_probabilities(<CrossEntropy*>NULL, call, row)
        for c in range(classes):
            y = row.y[c]
            q = weighted_difference(y, m, row.x[c]) + y * (log_(y) + log_sum)
            row.c[c] = where_(y == 0, <double>0, q)
        return row_sum(row.c, classes)
    for c in range(classes):
        y = row.y[c]
        if call.given == LOG_PROBABILITIES:
            row.c[c] = where_(y == 0, <double>0, y * (log_(y) - row.x[c]))
            row.gradient[c] = 0 - y
            row.hessian[c] = 0
        else:
            q = row.x[c]
            row.c[c] = where_(y == 0, <double>0, y * (log_(y) - log_(q)))
            row.gradient[c] = where_(y == 0, <double>0, -y / q)
            row.hessian[c] = where_(y == 0, <double>0, y / q / q)
    return row_sum(row.c, classes)


cdef void prediction_as_probabilities(const RowLossCall* call, Row* row) noexcept nogil:
    """q into a, -log q into b, q - y into c: without cancellation also where both are next to 1."""
    cdef Py_ssize_t c
    cdef double inverse, m, log_sum
    if call.given == LOGITS:
        row_softmax(call, row, 1)
        inverse, m, log_sum = row.inverse, row.m, row.log_sum
        for c in range(call.classes):
            row.a[c] = row.e[c] * inverse
            row.b[c] = finite_difference(m, row.x[c]) + log_sum
            row.c[c] = row.a[c] - row.y[c]
        if row.rest < 1:
            row.c[row.top] = (1 - row.y[row.top]) - row.rest * inverse
        return
    for c in range(call.classes):
        if call.given == LOG_PROBABILITIES:
            row.a[c] = exp_(row.x[c])
            row.b[c] = -row.x[c]
        else:
            row.a[c] = row.x[c]
            row.b[c] = -log_(row.x[c])
        row.c[c] = row.a[c] - row.y[c]


cdef inline double log_ratio(double part, double excess, double weight, double minus_log_part) noexcept nogil:
    """log(part / (part + weight excess)): near 0 where there is none; by logarithms where the quotient is huge."""
    cdef double relative = weight * (excess / part)
    return where_(relative < 1e15, -log1p_(relative), -minus_log_part - log_(part + weight * excess))


cdef double js_divergence_row(const RowLossCall* call, Row* row) noexcept nogil:
    """b KL(y, m) + (1 - b) KL(q, m),  m = b y + (1 - b) q. With D its derivative with respect to q, E the second,

        D_c = (1 - b) log(q_c / m_c)                     q_c E_c = b (1 - b) y_c / m_c,  W_c = q_c^2 E_c
        of log q:   gradient = q D                       Hessian = q D + W
        of logits:  gradient_j = q_j (D_j - mean of D)   Hessian_j = (1 - 2 q_j) gradient_j + (1 - q_j)^2 W_j + q_j^2 sum_{c != j} W_c

    and for the largest q, which may be next to 1,  D_j - mean = (1 - q_j) D_j - sum_{c != j} q_c D_c.
    """
    cdef Py_ssize_t classes = call.classes, top, c
    cdef double b = call.parameter[0], y, q, mixed, mean, others, curvature
    if b == 0 or b == 1:         # the limits: 0, even between distributions of which one is infinitely surprising
        fill(row.gradient, 0, classes)
        fill(row.hessian, 0, classes)
        return 0
    prediction_as_probabilities(call, row)
    for c in range(classes):
        y, q = row.y[c], row.a[c]
        mixed = b * y + (1 - b) * q
        row.e[c] = where_((y == 0) & (q == 0), -log1p_(-b), log_ratio(q, -row.c[c], b, row.b[c])) * (1 - b)
        row.hessian[c] = where_(y == 0, <double>0, b * (1 - b) * y / mixed)
        row.b[c] = where_(q == 0, <double>0, q * row.e[c])   # 0 log 0
        row.c[c] = where_(y == 0, <double>0, b * y * log_ratio(y, row.c[c], 1 - b, -log_(y))) + row.b[c]
    if call.given == PROBABILITIES:
        for c in range(classes):
            row.gradient[c] = row.e[c]
            row.hessian[c] = where_(row.y[c] == 0, <double>0, row.hessian[c] / row.a[c])
        return row_sum(row.c, classes)
    if call.given == LOG_PROBABILITIES:
        for c in range(classes):
            row.gradient[c] = row.b[c]
            row.hessian[c] = row.b[c] + row.a[c] * row.hessian[c]
        return row_sum(row.c, classes)
    top = row.top
    for c in range(classes):
        row.hessian[c] *= row.a[c]
    others = sum_without(row.b, classes, top)
    mean = others + row.b[top]
    for c in range(classes):
        row.gradient[c] = row.b[c] - row.a[c] * mean
    q = row.rest * row.inverse
    row.gradient[top] = row.a[top] * (q * row.e[top] - others)
    others = sum_without(row.hessian, classes, top)
    curvature = others + row.hessian[top]
    mixed = q * q * row.hessian[top] + row.a[top] * row.a[top] * others
    for c in range(classes):
        q = row.a[c]
        row.hessian[c] = (1 - 2 * q) * (row.gradient[c] + row.hessian[c]) + q * q * curvature
    row.hessian[top] = (1 - 2 * row.a[top]) * row.gradient[top] + mixed
    return row_sum(row.c, classes)


cdef double total_variation_row(const RowLossCall* call, Row* row) noexcept nogil:
    """sum_c |y_c - q_c| / 2; the derivative of |.| at 0 is 0. From logits, with the mass of q above, below and at the target:

        gradient_j = q_j (D_j - mean of D),  D = 1/2, -1/2 or 0;   D_j - mean = (at + 2 below) / 2,  -(at + 2 above) / 2,
        or (below - above) / 2;   Hessian_j = (1 - 2 q_j) gradient_j
    """
    cdef Py_ssize_t classes = call.classes, c
    cdef double difference, above, below, at
    prediction_as_probabilities(call, row)
    for c in range(classes):
        row.e[c] = step(row.c[c]) - 0.5
        row.c[c] = 0.5 * abs_(row.c[c])
    if call.given != LOGITS:
        for c in range(classes):
            row.gradient[c] = row.e[c] if call.given == PROBABILITIES else row.e[c] * row.a[c]
            row.hessian[c] = 0 if call.given == PROBABILITIES else row.gradient[c]
        return row_sum(row.c, classes)
    for c in range(classes):
        row.b[c] = where_(row.e[c] > 0, row.a[c], <double>0)
    above = row_sum(row.b, classes)
    for c in range(classes):
        row.b[c] = where_(row.e[c] < 0, row.a[c], <double>0)
    below = row_sum(row.b, classes)
    for c in range(classes):
        row.b[c] = where_(row.e[c] == 0, row.a[c], <double>0)
    at = row_sum(row.b, classes)
    for c in range(classes):
        difference = where_(row.e[c] < 0, -(0.5 * at + above), 0.5 * (below - above))
        difference = where_(row.e[c] > 0, 0.5 * at + below, difference)
        row.gradient[c] = row.a[c] * difference
        row.hessian[c] = (1 - 2 * row.a[c]) * row.gradient[c]
    return row_sum(row.c, classes)


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
    cross_entropy_row, categorical_log_loss_row, nll_row, categorical_focal_row, poly1_cross_entropy_row, generalized_cross_entropy_row,
    multiclass_hinge_row, multi_margin_row, multilabel_margin_row, multilabel_soft_margin_row, sparsemax_row, entmax15_row, ordinal_row,
    kl_divergence_row, js_divergence_row, total_variation_row,
]


cdef void load_target(const RowLossCall* call, Py_ssize_t place, int64_t label, Row* row) noexcept nogil:
    """The weight of each class, where the target is one, given or made from a label."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    cdef char* data
    row.label = label
    if call.rows.given_dense:
        data = call.rows.y_true.data + sample_offset(&call.rows.y_true, place, index)
        load_run(&call.rows.y_true, data, call.rows.y_true.class_stride, call.classes, row.y)
    elif call.rows.dense:
        fill(row.y, 0, call.classes)
        row.y[label] = 1
    if call.rows.dense and (call.rows.smoothing != 0 or call.rows.class_weight != NULL):
        for c in range(call.classes):
            row.y[c] = target_weight(row.y, &call.rows, c, row.y[c])


cdef void store_row(const real* tag, const RowLossCall* call, const Operand* operand, Py_ssize_t place, double* result,
                    double multiplier, double* buffer) noexcept nogil:
    """result x multiplier, rounded to the compute type, then to that of the array."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    cdef char* data = operand.data + sample_offset(operand, place, index)
    cdef real* target = <real*>buffer
    if class_run_in_place(tag, operand, data):
        target = <real*>data
    for c in range(call.classes):
        target[c] = <real>(result[c] * multiplier)
    if target != <real*>data:
        store_run(operand, data, operand.class_stride, call.classes, target)


cdef double row_loss_block(const real* tag, const RowLossCall* call, Py_ssize_t block, double* scratch) noexcept nogil:
    cdef Py_ssize_t size = rows_inspected_at_once(tag, call.rows.classes), first = block * size, classes = call.classes
    cdef Py_ssize_t n = min(size, call.rows.rows - first), i
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef double loss, multiplier
    cdef Row row
    row.x, row.y, row.gradient, row.hessian = scratch, scratch + classes, scratch + 2 * classes, scratch + 3 * classes
    row.e, row.a, row.b, row.c = scratch + 4 * classes, scratch + 5 * classes, scratch + 6 * classes, scratch + 7 * classes
    row.order, row.spare = <int64_t*>(scratch + 8 * classes), <int64_t*>(scratch + 9 * classes)
    for i in range(n):
        label[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    for i in range(n):
        value[i] = 0
        if weight[i] == 0:
            fill(row.gradient, 0, classes)
            if call.rows.want & GRADIENT:
                store_row(tag, call, &call.rows.gradient, first + i, row.gradient, 0, row.e)
            if call.rows.want & HESSIAN:
                store_row(tag, call, &call.rows.hessian, first + i, row.gradient, 0, row.e)
            continue
        load_run(&call.rows.logits, call.rows.logits.data + sample_offset(&call.rows.logits, first + i, index),
                 call.rows.logits.class_stride, classes, row.x)
        load_target(call, first + i, label[i], &row)
        loss = NAN
        if not (any_nan(row.x, classes) or (call.rows.given_dense and any_nan(row.y, classes))):
            loss = row_functions[call.loss](call, &row)
        if loss != loss:
            fill(row.gradient, NAN, classes)
            fill(row.hessian, NAN, classes)
        value[i] = <real>loss
        multiplier = weight[i] * call.rows.scale
        if call.rows.want & GRADIENT:
            store_row(tag, call, &call.rows.gradient, first + i, row.gradient, multiplier, row.e)
        if call.rows.want & HESSIAN:
            store_row(tag, call, &call.rows.hessian, first + i, row.hessian, multiplier, row.e)
    if not call.rows.want & VALUE:
        return 0
    if call.rows.value.data != NULL:
        weigh(value, weight, n)
        store(&call.rows.value, 0, first, n, value)
        return 0
    return sum_of(value, weight, n)


cdef double row_loss_inspected(const real* tag, const RowLossCall* call, Py_ssize_t block, double* scratch) noexcept nogil:
    """The sum of a block's weights, NaN where a weight or a target is outside its domain."""
    cdef Py_ssize_t size = rows_inspected_at_once(tag, call.rows.classes), first = block * size
    cdef Py_ssize_t n = min(size, call.rows.rows - first), i, c
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef double total = 0, y, row_total
    cdef int64_t bad
    cdef Row row
    if call.form == CLASS_INDEX or call.form == CLASS_PROBABILITIES:
        return rows_inspected(tag, &call.rows, block, <real*>scratch)
    if call.rows.weight.data != NULL and not weights_valid(load(&call.rows.weight, 0, first, n, weight), n):
        return NAN
    load_rows(tag, &call.rows, first, n, label, weight)
    row.y = scratch
    for i in range(n):
        if weight[i] == 0:
            continue
        total += weight[i]
        load_target(call, first + i, 0, &row)
        bad = 0
        for c in range(call.classes):
            y = row.y[c]
            bad |= (y < 0) | ((y > 1) & (call.form != DISTRIBUTION)) | ((call.form == MEMBERS) & (y != 0) & (y != 1) & (y == y))
        row_total = row_sum(row.y, call.classes)
        if bad or (call.form == DISTRIBUTION and (row_total > 1 + SUM_TOLERANCE or row_total < 1 - SUM_TOLERANCE)):
            return NAN
    return total


cdef double row_loss_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_block(<const float*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_block(<const double*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_inspected(<const float*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_inspected(<const double*>NULL, <const RowLossCall*>call, block, <double*>scratch)


cdef double run_row_losses(RowLossCall* call, bint double_precision, bint inspect, int threads) except? -1.0:
    cdef Py_ssize_t size = rows_inspected_at_once(<const float*>NULL, call.rows.classes)
    if double_precision:
        size = rows_inspected_at_once(<const double*>NULL, call.rows.classes)
    cdef block_function function
    if inspect:
        function = row_loss_inspected_f64 if double_precision else row_loss_inspected_f32
    else:
        function = row_loss_block_f64 if double_precision else row_loss_block_f32
    return run_blocks(function, call, (call.rows.rows + size - 1) // size, size * call.classes, threads,
                      SCRATCH_ROWS * call.classes * sizeof(double))
