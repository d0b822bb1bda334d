# Plackett's and Cox's likelihoods: each event is the row that was chosen among those that come at its place or later. The rows lie in
# their order; those that are tied share a number.
#
# Sums of exponentials run from the last row to the first. Each is S e^M, where M is the largest score so far: S is between 1 and the
# number of rows, so it neither overflows nor vanishes, and M never falls on the way. What a row gets of the events before it is
# e^s times the sum of 1 / R over them. It runs from the first row to the last, as A e^-M; M never rises on this way, so A is scaled
# down only. Both sums keep what each addition rounds off.
#
# An event alone at its place has the loss log(1 + later / own) and the slope -later / (later + own), so that a certain one keeps its
# digits: nothing is subtracted from 1. Efron's sums of d tied events are (R without D) + (1 - k / d) D, k < d, with no difference
# either.

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


cdef inline void include_score(Running* sum, double* largest, double s) noexcept nogil:
    """Add e^s to a sum in units of e^largest, which is -infinity where the sum is empty."""
    if s > largest[0]:
        if largest[0] != -INFINITY:
            scale_by(sum, exp_of_difference(largest[0], s))
        largest[0] = s
        add_to(sum, 1)
    else:
        add_to(sum, exp_of_difference(s, largest[0]))


cdef bint all_finite(const double* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef bint finite = True
    for i in range(n):
        finite &= s[i] - s[i] == 0
    return finite


cdef double finish_group(const GroupsCall* call, Py_ssize_t group, double loss, double weight) noexcept nogil:
    loss *= weight
    (<double*>call.value.data)[group] = loss
    return loss


cdef double ordered_group(void* given, Py_ssize_t group, void* scratch) noexcept nogil:
    cdef const GroupsCall* call = <const GroupsCall*>given
    cdef const int64_t* offsets = <const int64_t*>call.offsets.data
    cdef Py_ssize_t start = offsets[group], n = offsets[group + 1] - start, i, j, end, k, d
    cdef const double* s = <const double*>call.scores.data + start
    cdef const int64_t* tie = <const int64_t*>call.tie.data + start
    cdef const unsigned char* event = <const unsigned char*>call.event.data + start
    cdef double* gradient = <double*>call.gradient.data + start if call.gradient.data != NULL else NULL
    cdef double* largest = <double*>scratch      # M of the rows at a place or later
    cdef double* later = largest + n             # their sum, in units of e^M: of a first row of its place, all rows there included
    cdef double* inverse = later + n             # of the first row of a place: the sum of 1 / R over its events
    cdef double weight = (<const double*>call.weight.data)[group] * (<const double*>call.share.data)[group]
    cdef double scale = weight / call.denominator if call.denominator != 0 else 0
    cdef double m = -INFINITY, m_after, after, dead, ratio, part, r, own, by_efron, a_unit = 0, e, gap
    cdef Running sum, a, of_dead, loss
    if (<const double*>call.weight.data)[group] == 0:
        if gradient != NULL:
            memset(gradient, 0, n * sizeof(double))
        return finish_group(call, group, 0, 0)
    if not all_finite(s, n):
        for i in range(n if gradient != NULL else 0):
            gradient[i] = NAN
        return finish_group(call, group, NAN, weight)
    loss.high = loss.low = sum.high = sum.low = 0
    end = n
    while end > 0:               # a place after the other, from the last; its rows are i to end - 1
        i = end - 1
        while i > 0 and tie[i - 1] == tie[end - 1]:
            i -= 1
        m_after, after = m, total_of(&sum)
        d = 0
        for j in range(end - 1, i - 1, -1):
            d += event[j]
            include_score(&sum, &m, s[j])
        inverse[i] = 0
        largest[i], later[i] = m, total_of(&sum)
        if d == 1:
            j = i
            while not event[j]:
                j += 1
            if end - i > 1:      # what is censored at its place counts as later
                of_dead.high = after * exp_of_difference(m_after, m) if after > 0 else 0
                of_dead.low = 0
                for k in range(end - 1, i - 1, -1):
                    if k != j:
                        add_to(&of_dead, exp_of_difference(s[k], m))
                after, m_after = total_of(&of_dead), m
            gap = m_after - s[j]
            if after == 0:
                ratio = 0
            elif gap > 30:       # the inverse ratio, which never overflows
                part = exp_of_difference(s[j], m_after)
                ratio = part / after
                add_to(&loss, gap + log_(after + part))
            else:
                ratio = after * exp_of_difference(m_after, s[j])
                add_to(&loss, log1p_(ratio))
            inverse[i] = 1 / later[i]
            if gradient != NULL:
                gradient[j] = -1 / (1 + ratio) if gap > 30 and after > 0 else -(ratio / (1 + ratio))
        elif d > 1:
            of_dead.high = of_dead.low = 0
            for j in range(end - 1, i - 1, -1):
                if event[j]:
                    add_to(&of_dead, exp_of_difference(s[j], m))
            dead = total_of(&of_dead)
            own = later[i]
            if call.efron:       # all but the dead: nothing is subtracted
                of_dead.high = after * exp_of_difference(m_after, m) if after > 0 else 0
                of_dead.low = 0
                for j in range(end - 1, i - 1, -1):
                    if not event[j]:
                        add_to(&of_dead, exp_of_difference(s[j], m))
                own = total_of(&of_dead)
            of_dead.high = of_dead.low = 0
            sum_of_ties(&loss, &of_dead, own, dead, d, call.efron, &by_efron)
            inverse[i] = total_of(&of_dead)
            for j in range(i, end):
                if event[j]:
                    add_to(&loss, m - s[j])
                    if gradient != NULL:
                        gradient[j] = exp_of_difference(s[j], m) * by_efron - 1
        end = i
    if gradient != NULL:
        a.high = a.low = 0
        i = 0
        while i < n:
            end = i + 1
            while end < n and tie[end] == tie[i]:
                end += 1
            if a.high > 0 and a_unit != largest[i]:
                scale_by(&a, exp_of_difference(largest[i], a_unit))
            a_unit = largest[i]
            part = total_of(&a)
            r = inverse[i]
            add_to(&a, r)
            own = total_of(&a)
            for j in range(i, end):
                e = exp_of_difference(s[j], a_unit)
                if event[j]:     # its own place is there already
                    gradient[j] = scale * (gradient[j] + e * part)
                else:
                    gradient[j] = scale * (e * own)
            i = end
    return finish_group(call, group, total_of(&loss), weight)


cdef void sum_of_ties(Running* loss, Running* inverse, double rest, double dead, Py_ssize_t d, bint efron, double* of_dead) noexcept nogil:
    """The d terms of tied events: log of each sum, 1 over it, and what each of the dead has of these."""
    cdef Py_ssize_t k
    cdef double r, left
    cdef Running own
    own.high = own.low = 0
    if not efron:                # Breslow: `rest` is the whole sum
        add_to(loss, d * log_(rest))
        add_to(inverse, d / rest)
        of_dead[0] = d / rest
        return
    for k in range(d):
        left = <double>(d - k) / d
        r = rest + left * dead
        add_to(loss, log_(r))
        add_to(inverse, 1 / r)
        add_to(&own, left / r)
    of_dead[0] = total_of(&own)
