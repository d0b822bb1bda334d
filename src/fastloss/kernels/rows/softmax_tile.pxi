# The softmax of a tile: its exponentials and their sums, as softmax.pxi forms them, and what is kept beside them so that
# nothing is lost where a probability is next to 0 or 1.

#: 2^128, and 2^128 e^-128
cdef double SCALE_UP = 3.402823669209385e38
cdef double SCALE_DOWN = 2.938735877055719e-39
cdef double SCALE_OF_EXP = 8.752774935389831e-18


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


cdef inline void quotient_softmax(Tile* t, double* tails, double temperature) noexcept nogil:
    """Exponentials of (x + tails) / temperature and their sums; see `multiplied_softmax`."""
    cdef fl_pair one
    one.head, one.tail = 1, 0
    multiplied_softmax(t, tails, fl_pair_over(one, temperature))


cdef void multiplied_softmax(Tile* t, double* tails, fl_pair factor) noexcept nogil:
    """Exponentials of (x + tails) factor and their sums; x becomes that product's distance below the largest.

    Both are kept as unevaluated sums: one rounding at distance 20 costs 8 to 16 ULP of the exponential.
    """
    cdef double* x = t.x
    cdef double* e = t.e
    cdef double* a = t.a
    cdef double m_tail[LANES]
    cdef double rest[LANES]
    cdef double tail[LANES]
    cdef double ties[LANES]
    cdef fl_pair d
    cdef Py_ssize_t k, i, j
    cdef bint tied
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
            d = fl_pair_product(d, factor)
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
    cdef Py_ssize_t k, i, group
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
            tiny_head[i] += tiny_tail[i]
            rest[i] = where_(rest[i] < tiny_rest(x), tiny_head[i] * 2.5722093726424148e-56, rest[i])
    for group in range(t.groups):
        for i in range(group * GROUP, group * GROUP + GROUP):
            rest[i] = checked_rest(t.m[i], rest[i], ties[i])
            t.rest[i] = rest[i]
            t.scaled_rest[i] = where_(rest[i] < tiny_rest(x), tiny_head[i] * SCALE_OF_EXP, rest[i] * SCALE_UP)
            t.whole[i] = 1 + rest[i]
            t.inverse[i] = probability_factor(rest[i], tail[i])
            t.log_sum[i] = log1p_(rest[i])
            pair = fl_log_pair(t.whole[i])
            pair = fl_two_sum(pair.head, pair.tail + ((rest[i] - (t.whole[i] - 1)) + tail[i]) / t.whole[i])
            # The logarithm of 1 + rest has an absolute error, log1p a relative one.
            t.log_head[i] = where_(rest[i] < 0.125, t.log_sum[i], pair.head)
            t.log_tail[i] = where_(rest[i] < 0.125, <double>0, pair.tail)
    spread(t, t.rest)
    spread(t, t.scaled_rest)
    spread(t, t.whole)
    spread(t, t.inverse)
    spread(t, t.log_sum)
    spread(t, t.log_head)
    spread(t, t.log_tail)
