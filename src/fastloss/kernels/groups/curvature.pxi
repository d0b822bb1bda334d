# The diagonal of the Hessian of an ordered loss: for each row the sum of p (1 - p) over the terms of the events that it is at risk at.
#
# A term is mean log r, r = R + left D: R the sum over those at risk who do not die there, D that of the d who do, left = 1 - k / d of
# Efron, 1 of Breslow. With e = w e^s a row of R has e (R - e + left D) / r^2 of it, and one of D left e (R + left (D - e)) / r^2. A
# difference cancels only where e is more than half, which of R, or D, is one row at most: of that the sum of the others is kept.
#
# Summed over events, a row has e (A - e B), A and B the sums of 1 / r and 1 / r^2 over those before it. The events at which it is more
# than half of R lie beside each other, right before it: they are left out there and added by themselves.

cdef struct AtRisk:              # rows, in units of e^m
    double m, top                # top: the largest, and where it is; -1: there is no row
    Py_ssize_t place
    Running others               # the sum without it


cdef void raise_unit(AtRisk* rows, const Ordered* o, double m) noexcept nogil:
    if rows.place >= 0 and m > rows.m:
        scale_by(&rows.others, exp_of_difference(rows.m, m))
        rows.top = weighed_exp(o, rows.place, m)
    rows.m = max(m, rows.m)


cdef void join_row(AtRisk* rows, const Ordered* o, Py_ssize_t j) noexcept nogil:
    cdef double e
    raise_unit(rows, o, o.s[j])
    e = weighed_exp(o, j, rows.m)
    if rows.place < 0 or e > rows.top:
        add_to(&rows.others, rows.top)
        rows.top, rows.place = e, j
    else:
        add_to(&rows.others, e)


cdef inline AtRisk nobody() noexcept nogil:
    return AtRisk(-INFINITY, 0, -1, Running(0, 0))


cdef void curvature_of_events(const GroupsCall* call, const Ordered* o, Py_ssize_t n, double* first, double* second, double* unit,
                              Py_ssize_t* owner, double* hessian) noexcept nogil:
    """From the last row to the first: of each place, at its first row, the sums of 1 / r and 1 / r^2, their unit, and the row that is
    more than half of R, -1: none. Rows have what they have of their own places, and of those where they are more than half."""
    cdef AtRisk rest = nobody(), dead
    cdef Py_ssize_t end = n, i, j, k, d
    cdef double m, mean, left, r, x, of_rest, of_dead, e
    cdef Running a, b, shared, squared, alone = Running(0, 0)
    cdef Py_ssize_t of_alone = -1
    while end > 0 and not fl_stopped(&call.stop):
        i, d, dead = first_of_place(o, end), 0, nobody()
        for j in range(end - 1, i - 1, -1):
            hessian[j] = 0
            d += o.event[j]
            join_row(&dead if o.event[j] else &rest, o, j)
        first[i], owner[i] = 0, -1
        if d:
            m = max(rest.m, dead.m)
            raise_unit(&rest, o, m)
            raise_unit(&dead, o, m)
            of_rest, of_dead, mean = rest.top + total_of(&rest.others), dead.top + total_of(&dead.others), mean_of_dead(o, i, end, d)
            a = b = shared = squared = Running(0, 0)
            for k in range(d):
                left = <double>(d - k) / d if o.efron else 1
                r = of_rest + left * of_dead
                x = mean / r
                add_to(&a, x)
                x /= r
                add_to(&b, x)
                add_to(&shared, left * x)
                add_to(&squared, left * left * x)
            first[i], second[i], unit[i] = total_of(&a), total_of(&b), m
            for j in range(i, end):
                if o.event[j]:
                    e = weighed_exp(o, j, m)
                    x = total_of(&dead.others) if j == dead.place else of_dead - e
                    hessian[j] = e * (of_rest * total_of(&shared) + x * total_of(&squared))
            if rest.place >= 0 and 2 * rest.top > r:
                owner[i] = rest.place
                if owner[i] != of_alone:
                    if of_alone >= 0:
                        hessian[of_alone] += total_of(&alone)
                    of_alone, alone = owner[i], Running(0, 0)
                add_to(&alone, rest.top * (total_of(&rest.others) * second[i] + of_dead * total_of(&shared)))
            for j in range(end - 1, i - 1, -1):
                if o.event[j]:
                    join_row(&rest, o, j)
        end = i
    if of_alone >= 0:
        hessian[of_alone] += total_of(&alone)


cdef void curvature_of_ordered(const GroupsCall* call, Ordered* o, Py_ssize_t n, double scale, double* hessian) noexcept nogil:
    """The same from the first row to the last: what each has of the events before it. `o` has the scores; the rest is overwritten."""
    cdef double* first = o.inverse
    cdef double* second = o.largest
    cdef double* units = o.e
    cdef Py_ssize_t* owner = <Py_ssize_t*>o.after
    cdef Running a = Running(0, 0), b = Running(0, 0)
    cdef double m = 0, kept_m = 0, kept_a = 0, kept_b = 0, factor, u, x, y, e
    cdef double before_a, before_b
    cdef Py_ssize_t i = 0, j, end, kept = -1
    curvature_of_events(call, o, n, first, second, units, owner, hessian)
    while i < n and not fl_stopped(&call.stop):
        end = end_of_place(o.tied, i + 1, n)
        if first[i] > 0 and m != units[i]:
            if a.high > 0:
                factor = exp_of_difference(units[i], m)
                scale_by(&a, factor)
                scale_by(&b, factor)
                scale_by(&b, factor)
            m = units[i]
        before_a, before_b = total_of(&a), total_of(&b)
        if first[i] > 0:
            if owner[i] >= 0 and owner[i] != kept:
                kept, kept_a, kept_b, kept_m = owner[i], before_a, before_b, m
            add_to(&a, first[i])
            add_to(&b, second[i])
        for j in range(i, end):
            x, y, u = total_of(&a), total_of(&b), m
            if j == kept:
                x, y, u = kept_a, kept_b, kept_m
            elif o.event[j]:
                x, y = before_a, before_b
            if x > 0:
                e = weighed_exp(o, j, u)
                hessian[j] += e * (x - e * y)
            hessian[j] *= scale
        i = end
