# ListNet: cross-entropy of two softmaxes over the rows of a group. Minus the logarithm of the largest row's probability is
# log(1 + others), so that a list that is right keeps its digits. A row of weight w is w rows, of which each has e^s.

cdef double largest_of(const double* x, Py_ssize_t n, Py_ssize_t* place) noexcept nogil:
    cdef Py_ssize_t i
    place[0] = 0
    for i in range(1, n):
        if x[i] > x[place[0]]:
            place[0] = i
    return x[place[0]]


cdef double exponentials(const double* x, const double* w, Py_ssize_t n, double m, Py_ssize_t top, double* e) noexcept nogil:
    """Leave w e^(x - m); return the sum of all but that of the largest, which is w."""
    cdef Running others
    cdef Py_ssize_t i
    others.high = others.low = 0
    for i in range(n):
        e[i] = (w[i] if w != NULL else 1) * exp_of_difference(x[i], m)
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
    cdef const double* w = weights_of(call, start, n)
    cdef double m, others, rest, above, p, q, least, largest, longest
    cdef Running loss
    if no_group(call, group, start, n, &value):
        return value
    if n == 0:
        return finish_group(call, group, 0, weight)
    m = largest_of(s, n, &top)
    others = exponentials(s, w, n, m, top, of_scores)
    least = largest_of(y, n, &first)
    rest = exponentials(y, w, n, least, first, of_target)
    largest, longest = w[top] if w != NULL else 1, w[first] if w != NULL else 1
    above = fl_log_beside(others, largest)
    loss.high = loss.low = 0
    for i in range(n):
        p, q = of_scores[i] / (largest + others), of_target[i] / (longest + rest)
        if q > 0:
            add_to(&loss, q * ((m - s[i]) + above))
        if gradient != NULL:
            if i == top and i == first:
                # Of two that are nearly 1, what is left of each is subtracted.
                p = rest / (longest + rest) - others / (largest + others)
                gradient[i] = scale * p
            else:
                gradient[i] = scale * (p - q)
    return finish_group(call, group, total_of(&loss), weight)
