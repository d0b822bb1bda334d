# ListNet: cross-entropy of two softmaxes over the rows of a group. Minus the logarithm of the largest row's probability is
# log(1 + others), so that a list that is right keeps its digits.

cdef double largest_of(const double* x, Py_ssize_t n, Py_ssize_t* place) noexcept nogil:
    cdef Py_ssize_t i
    place[0] = 0
    for i in range(1, n):
        if x[i] > x[place[0]]:
            place[0] = i
    return x[place[0]] if n else 0


cdef double exponentials(const double* x, Py_ssize_t n, double m, Py_ssize_t top, double* e) noexcept nogil:
    """Leave e^(x - m); return the sum of all but that of the largest, which is 1."""
    cdef Running others
    cdef Py_ssize_t i
    others.high = others.low = 0
    for i in range(n):
        e[i] = exp_of_difference(x[i], m)
        if i != top:
            add_to(&others, e[i])
    return total_of(&others)


cdef double softmax_group(void* given, Py_ssize_t group, void* scratch) noexcept nogil:
    cdef const GroupsCall* call = <const GroupsCall*>given
    cdef const int64_t* offsets = <const int64_t*>call.offsets.data
    cdef Py_ssize_t start = offsets[group], n = offsets[group + 1] - start, i, top, first
    cdef const double* s = <const double*>call.scores.data + start
    cdef const double* y = <const double*>call.target.data + start
    cdef double* gradient = <double*>call.gradient.data + start if call.gradient.data != NULL else NULL
    cdef double* of_scores = <double*>scratch
    cdef double* of_target = of_scores + n
    cdef double weight = weight_of_group(call, group), scale = scale_of_group(call, weight), value = 0
    cdef double m, others, rest, above, p, q, least
    cdef Running loss
    if no_group(call, group, start, n, &value):
        return value
    m = largest_of(s, n, &top)
    others = exponentials(s, n, m, top, of_scores)
    least = largest_of(y, n, &first)
    rest = exponentials(y, n, least, first, of_target)
    above = log1p_(others)
    loss.high = loss.low = 0
    for i in range(n):
        p, q = of_scores[i] / (1 + others), of_target[i] / (1 + rest)
        if q > 0:
            add_to(&loss, q * ((m - s[i]) + above))
        if gradient != NULL:
            if i == top and i == first:
                # Of two that are nearly 1, what is left of each is subtracted.
                p = rest / (1 + rest) - others / (1 + others)
                gradient[i] = scale * p
            else:
                gradient[i] = scale * (p - q)
    return finish_group(call, group, total_of(&loss), weight)
