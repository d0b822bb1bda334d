# What every loss of groups does with a group: what it counts for, and when there is nothing to compute.

cdef bint all_finite(const real* s, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef bint finite = True
    for i in range(n):
        finite &= s[i] - s[i] == 0
    return finite


cdef bint finite_scores(const GroupsCall* call, Py_ssize_t start, Py_ssize_t n) noexcept nogil:
    if call.narrow:
        return all_finite(<const float*>call.scores.data + start, n)
    return all_finite(<const double*>call.scores.data + start, n)


cdef void fill(const Operand* results, Py_ssize_t start, Py_ssize_t n, double x) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(start, start + n if results.data != NULL else start):
        if results.itemsize == sizeof(float):
            (<float*>results.data)[i] = <float>x
        else:
            (<double*>results.data)[i] = x


cdef const double* weights_of(const GroupsCall* call, Py_ssize_t start, Py_ssize_t n) noexcept nogil:
    """The weights of the rows of a group, NULL where all are 1."""
    cdef const double* w = <const double*>call.row_weight.data
    cdef Py_ssize_t i
    for i in range(start, start + n if w != NULL else start):
        if w[i] != 1:
            return w + start
    return NULL


cdef double finish_group(const GroupsCall* call, Py_ssize_t group, double loss, double weight) noexcept nogil:
    loss *= weight
    (<double*>call.value.data)[group] = loss
    return loss


cdef double weight_of_group(const GroupsCall* call, Py_ssize_t group) noexcept nogil:
    """What its loss is multiplied by."""
    return (<const double*>call.weight.data)[group] * (<const double*>call.share.data)[group]


cdef double scale_of_group(const GroupsCall* call, double weight) noexcept nogil:
    """What its derivatives are multiplied by."""
    return weight / call.denominator if call.denominator != 0 else 0


cdef bint no_group(const GroupsCall* call, Py_ssize_t number, Py_ssize_t start, Py_ssize_t n, double* value) noexcept nogil:
    """Whether a group is left out, or has a score that is not finite: then its results are there."""
    cdef bint left_out = (<const double*>call.weight.data)[number] == 0
    if not left_out and finite_scores(call, start, n):
        return False
    value[0] = finish_group(call, number, 0 if left_out else NAN, 0 if left_out else 1)
    fill(&call.gradient, start, n, 0 if left_out else NAN)
    fill(&call.hessian, start, n, 0 if left_out else NAN)
    return True
