# Plackett's and Cox's likelihoods: each event is the row that was chosen among those that come at its place or later. The rows lie in
# their order, those that are tied beside each other.
#
# Sums of exponentials run from the last row to the first. Each is S e^M, where M is the largest score so far: S is at most the number
# of rows and at least 1 (in a run, see below, e^-600; with weights, at most their sum and at least the least of them, in a run of which
# scores lie closer), so it neither overflows nor vanishes, and M never falls on the way. What a row
# gets of the events before it is e^s times the sum of 1 / R over them. It runs from the first row to the last, as A e^-M; M never
# rises on this way, so A is scaled down only. Both sums keep what each addition rounds off.
#
# An event alone at its place has the loss log(1 + later / own) and the slope -later / (later + own), so that a certain one keeps its
# digits: nothing is subtracted from 1. Efron's sums of d tied events are (R without D) + (1 - k / d) D, k < d, with no difference
# either.
#
# A run of rows whose scores lie within 600 of the largest so far has one unit: its exponentials and logarithms are sweeps, and only
# the sums go from row to row. A run ends where a place does. Rows that are farther apart, of which e^s in one unit would underflow,
# go one by one.
#
# Weights of rows multiply exponentials. An event's own loss is multiplied by its weight, that of tied events by their mean weight.

from libc.stdint cimport uint32_t, uint64_t

cdef extern from "groups/ordered.h" nogil:
    enum: FL_RUN
    double fl_group_range(const double*, Py_ssize_t, double, double*) noexcept
    void fl_group_exp(const double*, double, double*, Py_ssize_t) noexcept
    void fl_group_weigh(double*, const double*, Py_ssize_t) noexcept
    double fl_log_beside(double, double) noexcept
    void fl_group_behind(const double*, double*, double*, double*, Py_ssize_t) noexcept
    void fl_group_before(const double*, double*, double*, double*, Py_ssize_t) noexcept
    void fl_group_inverse(const double*, const double*, const unsigned char*, double*, Py_ssize_t) noexcept
    void fl_group_alone(const double*, const unsigned char*, const double*, double*, double*, Py_ssize_t) noexcept
    void fl_group_slopes(const double*, const unsigned char*, const double*, double*, double, Py_ssize_t) noexcept
    double fl_group_sum(const double*, Py_ssize_t, double*) noexcept
    void fl_group_log(double*, Py_ssize_t) noexcept
    void fl_group_pages(void*, size_t) noexcept
    void fl_group_gather(const void*, bint, const uint64_t*, double*, Py_ssize_t) noexcept
    void fl_group_scatter(const double*, const uint64_t*, void*, bint, Py_ssize_t) noexcept

cdef extern from "groups/sort.h" nogil:
    enum: FL_KEY_F64
    uint64_t* fl_group_sort(const void*, int, bint, Py_ssize_t, uint64_t*, uint64_t*, unsigned char*, const int*) noexcept

cdef enum:
    ORDERED_COLUMNS = 11         # of numbers of a group: scratch

cdef struct Running:             # a sum: what it is, and what was rounded off
    double high, low


cdef inline void add_to(Running* sum, double x) noexcept nogil:
    cdef double total = sum.high + x, back = total - sum.high
    sum.low += (sum.high - (total - back)) + (x - back)
    sum.high = total


cdef inline void scale_by(Running* sum, double factor) noexcept nogil:
    """Multiply by a factor; the product's own rounding is kept too."""
    cdef fl_pair product = fl_two_product(sum.high, factor)
    sum.low = sum.low * factor + product.tail
    sum.high = product.head


cdef inline double exp_of_difference(double x, double y) noexcept nogil:
    """e^(x - y), with what the difference rounds off: of one of -300 it would be the last 8 bits of the result."""
    cdef fl_pair difference = fl_two_sum(x, -y)
    return fl_exp_sum(difference.head, difference.tail)


cdef inline double total_of(const Running* sum) noexcept nogil:
    return sum.high + sum.low


cdef inline void include_score(Running* sum, double* largest, double s, double w) noexcept nogil:
    """Add w e^s to a sum in units of e^largest, which is -infinity where the sum is empty."""
    if s > largest[0]:
        if largest[0] != -INFINITY:
            scale_by(sum, exp_of_difference(largest[0], s))
        largest[0] = s
        add_to(sum, w)
    else:
        add_to(sum, w * exp_of_difference(s, largest[0]))


cdef struct Ordered:             # a group, while its rows are gone through from the last to the first
    double* s                    # after a run has been gone through, in it what `e` was
    const unsigned char* tied    # whether a row is at the place of the one before
    const unsigned char* event
    const double* w              # the weights of rows; NULL: all are 1
    double* gradient             # NULL: not wanted; on the way back, of an event what it has of itself
    double* inverse              # of a first row of a place: the sum of 1 / R over its events; of others in a run 0
    double* largest              # the same: M of it and of those later; kept of rows that go one by one
    double* e                    # of the rows of a run e^(s - M), times their weights
    double* after                # the sum of those behind each; -1 of tied rows but an only event; then losses
    double* risk                 # of its tied events: the sums that those terms are logarithms of
    double* runs                 # of each run where it begins, and its M: NaN if its rows went one by one
    Py_ssize_t run               # how many there are
    bint efron
    double m
    Running sum, loss


cdef inline double weight_of(const Ordered* o, Py_ssize_t i) noexcept nogil:
    return o.w[i] if o.w != NULL else 1


cdef inline double weighed_exp(const Ordered* o, Py_ssize_t i, double m) noexcept nogil:
    return weight_of(o, i) * exp_of_difference(o.s[i], m)


cdef inline double mean_of_dead(const Ordered* o, Py_ssize_t i, Py_ssize_t end, Py_ssize_t d) noexcept nogil:
    """The mean weight of the events of a place."""
    cdef double total = 0
    cdef Py_ssize_t j
    if o.w == NULL:
        return 1
    for j in range(i, end):
        total += o.w[j] if o.event[j] else 0
    return total / d


cdef inline Py_ssize_t first_of_place(const Ordered* o, Py_ssize_t end) noexcept nogil:
    """The first of the rows at the place of the last one before `end`."""
    cdef Py_ssize_t i = end - 1
    while i > 0 and o.tied[i]:
        i -= 1
    return i


cdef void one_place(Ordered* o, Py_ssize_t i, Py_ssize_t end) noexcept nogil:
    """The rows of one place, each exponential in the unit that suits it."""
    cdef double m_after = o.m, after = total_of(&o.sum), dead, ratio, part, own, by_efron, gap, later, w
    cdef Py_ssize_t j, k, d = 0
    cdef Running of_dead
    for j in range(end - 1, i - 1, -1):
        d += o.event[j]
        include_score(&o.sum, &o.m, o.s[j], weight_of(o, j))
    later = total_of(&o.sum)
    o.inverse[i], o.largest[i] = 0, o.m
    if d == 1:
        j = i
        while not o.event[j]:
            j += 1
        w = weight_of(o, j)
        if end - i > 1:          # what is censored at its place counts as later
            of_dead.high = after * exp_of_difference(m_after, o.m) if after > 0 else 0
            of_dead.low = 0
            for k in range(end - 1, i - 1, -1):
                if k != j:
                    add_to(&of_dead, weighed_exp(o, k, o.m))
            after, m_after = total_of(&of_dead), o.m
        gap = m_after - o.s[j]
        if after > 0 and gap > 30:  # the inverse ratio, which never overflows
            part = w * exp_of_difference(o.s[j], m_after)
            ratio = part / after
            add_to(&o.loss, w * (gap + log_(after + part)))
        else:
            ratio = after * exp_of_difference(m_after, o.s[j]) if after > 0 else 0
            add_to(&o.loss, w * fl_log_beside(ratio, w))
            ratio /= w
        o.inverse[i] = w / later
        if o.gradient != NULL:
            o.gradient[j] = -w / (1 + ratio) if gap > 30 and after > 0 else -w * (ratio / (1 + ratio))
    elif d > 1:
        of_dead.high = of_dead.low = 0
        for j in range(end - 1, i - 1, -1):
            if o.event[j]:
                add_to(&of_dead, weighed_exp(o, j, o.m))
        dead = total_of(&of_dead)
        own, w = later, mean_of_dead(o, i, end, d)
        if o.efron:              # all but the dead: nothing is subtracted
            of_dead.high = after * exp_of_difference(m_after, o.m) if after > 0 else 0
            of_dead.low = 0
            for j in range(end - 1, i - 1, -1):
                if not o.event[j]:
                    add_to(&of_dead, weighed_exp(o, j, o.m))
            own = total_of(&of_dead)
        of_dead.high = of_dead.low = 0
        sum_of_ties(&of_dead, o.risk, own, dead, d, o.efron, w, &by_efron)
        o.inverse[i] = total_of(&of_dead)
        fl_group_log(o.risk, d)
        for k in range(d):
            add_to(&o.loss, w * o.risk[k])
        for j in range(i, end):
            if o.event[j]:
                w = weight_of(o, j)
                add_to(&o.loss, w * (o.m - o.s[j]))
                if o.gradient != NULL:
                    o.gradient[j] = weighed_exp(o, j, o.m) * by_efron - w


cdef inline void add_all(Running* sum, const double* x, Py_ssize_t n) noexcept nogil:
    cdef double rest = 0
    add_to(sum, fl_group_sum(x, n, &rest))
    sum.low += rest


cdef inline Py_ssize_t next_tie(const unsigned char* tied, Py_ssize_t i, Py_ssize_t stop) noexcept nogil:
    """The first row from i on that is at the place of the one before; `stop` where there is none."""
    while i < stop and not tied[i]:
        i += 1
    return i


cdef inline Py_ssize_t end_of_place(const unsigned char* tied, Py_ssize_t i, Py_ssize_t stop) noexcept nogil:
    while i < stop and tied[i]:
        i += 1
    return i


cdef Py_ssize_t one_tie(Ordered* o, Py_ssize_t start, Py_ssize_t i, Py_ssize_t end, double m, double* risk) noexcept nogil:
    """The rows of a place of several, of a run that begins at `start`, where each was taken for one alone; return how many sums of
    `risk` were left."""
    cdef const double* e = o.e - start             # they are of this run alone
    cdef double* after = o.after - start
    cdef double dead, own, by_efron, w
    cdef Py_ssize_t j, k, d = 0
    cdef bint slopes = o.gradient != NULL
    cdef Running later, part
    later.high, later.low = after[end - 1], 0      # those that come later; in `part` also who is censored here
    part = later
    for j in range(end - 1, i - 1, -1):
        d += o.event[j]
        after[j] = -1
        add_to(&later, e[j])
        if not o.event[j]:
            add_to(&part, e[j])
        if slopes:
            o.inverse[j] = 0
    own = total_of(&part)
    if d == 1:
        j = i
        while not o.event[j]:
            j += 1
        after[j] = own
        if slopes:
            o.inverse[i] = weight_of(o, j) / total_of(&later)
    elif d > 1:
        part.high = part.low = 0
        for j in range(end - 1, i - 1, -1):
            if o.event[j]:
                add_to(&part, e[j])
        dead = total_of(&part)
        part.high = part.low = 0
        w = mean_of_dead(o, i, end, d)
        sum_of_ties(&part, risk, own if o.efron else total_of(&later), dead, d, o.efron, w, &by_efron)
        if slopes:
            o.inverse[i] = total_of(&part)
        if o.w != NULL:
            fl_group_log(risk, d)
            for k in range(d):
                add_to(&o.loss, w * risk[k])
        for j in range(i, end):
            if o.event[j]:
                w = weight_of(o, j)
                add_to(&o.loss, w * (m - o.s[j]))
                if slopes:
                    o.gradient[j] = e[j] * by_efron - w
    return d if d > 1 and o.w == NULL else 0


cdef void run_of_places(Ordered* o, Py_ssize_t start, Py_ssize_t stop, double m) noexcept nogil:
    """The rows of some places in one unit e^m. Sweeps take each row for one alone at its place; ties are mended after them."""
    cdef Py_ssize_t n = stop - start, i, end, ties = 0
    cdef bint slopes = o.gradient != NULL
    if o.m != m:
        if o.m != -INFINITY:
            scale_by(&o.sum, exp_of_difference(o.m, m))
        o.m = m
    fl_group_exp(o.s + start, m, o.e, n)
    if o.w != NULL:
        fl_group_weigh(o.e, o.w + start, n)
    fl_group_behind(o.e, o.after, &o.sum.high, &o.sum.low, n)
    if slopes:
        fl_group_inverse(o.e, o.after, o.event + start, o.inverse + start, n)
        if o.w != NULL:
            fl_group_weigh(o.inverse + start, o.w + start, n)
    i = next_tie(o.tied, start + 1, stop)
    while i < stop:
        end = end_of_place(o.tied, i, stop)
        ties += one_tie(o, start, i - 1, end, m, o.risk + ties)
        i = next_tie(o.tied, end, stop)
    fl_group_alone(o.e, o.event + start, o.w + start if o.w != NULL else NULL, o.after, o.gradient + start if slopes else NULL, n)
    memcpy(o.s + start, o.e, n * sizeof(double))
    fl_group_log(o.risk, ties)
    add_all(&o.loss, o.after, n)
    add_all(&o.loss, o.risk, ties)


cdef void gradient_of_places(const Ordered* o, Py_ssize_t start, Py_ssize_t stop, Running* a, double* unit, double scale) noexcept nogil:
    """What the rows of some places have of the events before them, place by place, each in its unit."""
    cdef double m, before, own, e
    cdef Py_ssize_t i = start, j, end
    while i < stop:
        end = end_of_place(o.tied, i + 1, stop)
        m = o.largest[i]
        if a.high > 0 and unit[0] != m:
            scale_by(a, exp_of_difference(m, unit[0]))
        unit[0] = m
        before = total_of(a)
        add_to(a, o.inverse[i])
        own = total_of(a)
        for j in range(i, end):
            e = weighed_exp(o, j, m)
            # an event's own place is there already
            o.gradient[j] = scale * (o.gradient[j] + e * before) if o.event[j] else scale * (e * own)
        i = end


cdef void gradient_of_ordered(const GroupsCall* call, const Ordered* o, Py_ssize_t n, double scale) noexcept nogil:
    """From the first row to the last: what each has of the events before it."""
    cdef double unit = 0, m, earlier, own
    cdef Py_ssize_t i, j, end, run, start, stop
    cdef double* before
    cdef Running a
    a.high = a.low = 0
    for run in range(o.run - 1, -1, -1):
        if fl_stopped(&call.stop):
            return
        start = <Py_ssize_t>o.runs[2 * run]
        stop = <Py_ssize_t>o.runs[2 * run - 2] if run > 0 else n
        m = o.runs[2 * run + 1]
        if m != m:
            gradient_of_places(o, start, stop, &a, &unit, scale)
            continue
        if a.high > 0 and unit != m:
            scale_by(&a, exp_of_difference(m, unit))
        unit = m
        fl_group_before(o.inverse + start, o.after, &a.high, &a.low, stop - start)
        before = o.after - start
        # Of a place all have what its first row has; those that are censored also what is its own, which the second has.
        i = next_tie(o.tied, start + 1, stop)
        while i < stop:
            end = end_of_place(o.tied, i, stop)
            earlier, own = before[i - 1], before[i]
            for j in range(i - 1, end):
                before[j] = earlier if o.event[j] else own
            i = next_tie(o.tied, end, stop)
        fl_group_slopes(o.s + start, o.event + start, o.after, o.gradient + start, scale, stop - start)


cdef double ordered_group(void* given, Py_ssize_t group, void* scratch) noexcept nogil:
    cdef const GroupsCall* call = <const GroupsCall*>given
    cdef const int64_t* offsets = <const int64_t*>call.offsets.data
    cdef Py_ssize_t start = offsets[group], n = offsets[group + 1] - start, i, end
    cdef double weight = weight_of_group(call, group), scale = scale_of_group(call, weight), value = 0
    cdef double least, m, span
    cdef uint64_t* a = <uint64_t*>scratch
    cdef uint64_t* b = a + n
    cdef uint64_t* rows
    cdef unsigned char* tied = <unsigned char*>(b + n)
    cdef unsigned char* event = tied + n
    cdef double* columns = <double*>scratch + 3 * n
    cdef const double* w = weights_of(call, start, n)
    cdef Ordered o
    if no_group(call, group, start, n, &value):
        return value
    fl_group_pages(scratch, ORDERED_COLUMNS * n * sizeof(double))
    rows = fl_group_sort(call.keys.data + start * call.keys.itemsize, call.type_of_keys, call.event.data == NULL, n, a, b, tied,
                         &call.stop)
    if fl_stopped(&call.stop):
        return 0
    o.s = <double*>(b if rows == a else a)
    fl_group_gather(call.scores.data + start * call.scores.itemsize, call.narrow, rows, o.s, n)
    if call.event.data != NULL:
        for i in range(n):
            event[i] = (<const unsigned char*>call.event.data)[start + <uint32_t>rows[i]]
    else:                        # each row is one, at a place of its own
        memset(tied, 0, n)
        memset(event, 1, n)
    o.tied, o.event, o.w, o.gradient = tied, event, NULL, NULL
    if w != NULL:
        fl_group_gather(w, False, rows, columns, n)
        o.w = columns
    if call.gradient.data != NULL:
        o.gradient = columns + n
    span = 600 if o.w == NULL else 150  # weights lie within 1e200 of each other
    o.efron = call.efron
    # Of all but `inverse` little is touched, as a rule: what a process has never touched, it is first given by the system, page by
    # page, which takes longer than all else.
    o.inverse = columns + 2 * n
    o.largest = o.inverse + n
    o.e = o.largest + n
    o.after = o.e + n
    o.risk = o.after + n
    o.runs = o.risk + n
    o.run = 0
    o.m = -INFINITY
    o.sum.high = o.sum.low = o.loss.high = o.loss.low = 0
    end = n
    while end > 0:
        if fl_stopped(&call.stop):
            return 0
        i = first_of_place(&o, max(end - FL_RUN, 0) + 1)
        least = fl_group_range(o.s + i, end - i, o.m, &m)
        o.runs[2 * o.run], o.runs[2 * o.run + 1] = i, m
        o.run += 1
        if m - least < span and (o.m == -INFINITY or m - o.m < span):
            run_of_places(&o, i, end, m)
            end = i
        else:
            o.runs[2 * o.run - 1] = NAN
            while end > i:
                one_place(&o, first_of_place(&o, end), end)
                end = first_of_place(&o, end)
    if o.gradient != NULL:
        gradient_of_ordered(call, &o, n, scale)
    if call.hessian.data != NULL:
        fl_group_gather(call.scores.data + start * call.scores.itemsize, call.narrow, rows, o.s, n)
        curvature_of_ordered(call, &o, n, scale, o.risk)
        fl_group_scatter(o.risk, rows, <double*>call.hessian.data + start, False, n)
    if o.gradient != NULL:
        fl_group_scatter(o.gradient, rows, call.gradient.data + start * call.gradient.itemsize, call.narrow, n)
    return finish_group(call, group, total_of(&o.loss), weight)


cdef void sum_of_ties(Running* inverse, double* risk, double rest, double dead, Py_ssize_t d, bint efron, double mean,
                      double* of_dead) noexcept nogil:
    """The d terms of tied events: the sums that they are logarithms of, their mean weight over each, and what each of the dead has of
    these."""
    cdef Py_ssize_t k
    cdef double r, left
    cdef Running own
    own.high = own.low = 0
    if not efron:                # Breslow: `rest` is the whole sum
        for k in range(d):
            risk[k] = rest
        of_dead[0] = mean * d / rest
        add_to(inverse, of_dead[0])
        return
    for k in range(d):
        left = <double>(d - k) / d
        r = rest + left * dead
        risk[k] = r
        add_to(inverse, mean / r)
        add_to(&own, mean * left / r)
    of_dead[0] = total_of(&own)
