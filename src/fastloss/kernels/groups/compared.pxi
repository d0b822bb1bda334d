# Rows of a group that are compared with each other, pair by pair: O(n^2) time, O(n) memory. Of two rows with one target the order
# does not matter, so they are no pair.
#
# RankNet and the hinge weigh all pairs alike. LambdaRank weighs each by what NDCG would change if its rows changed places, as the scores
# rank them now: rows that are tied keep their order. The weights are held constant in the derivatives.

cdef extern from "groups/compare.h" nogil:
    double FL_LN2
    ctypedef struct fl_ranked:
        const double* score
        const double* target
        const double* gain
        const double* discount
    ctypedef struct fl_pair_weight:
        double factor
        bint divided
    void fl_logistic_pairs(const fl_ranked*, const fl_pair_weight*, Py_ssize_t, Py_ssize_t, Py_ssize_t, double, double*, double*, double*,
                           bint) noexcept
    void fl_hinge_pairs(const fl_ranked*, Py_ssize_t, Py_ssize_t, Py_ssize_t, double, double*, double*) noexcept
    void fl_weigh_pairs(const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t, double*, double*, double*) noexcept
    void fl_soft_ranks(const fl_ranked*, Py_ssize_t, Py_ssize_t, double, double*, double*) noexcept
    void fl_descending(const double*, Py_ssize_t*, Py_ssize_t*, Py_ssize_t) noexcept

cdef enum:
    COMPARED_COLUMNS = 11        # of numbers of a group: scratch

cdef struct Compared:            # a group, in the order in which its rows are compared
    fl_ranked row
    Py_ssize_t* place
    double* w                    # the weights of rows; NULL: all are 1
    double* gradient
    double* hessian
    double* loss                 # of the pairs of one row, and their derivatives
    double* pull
    double* bend


cdef void gather(const double* x, const Py_ssize_t* place, Py_ssize_t n, double* sorted) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        sorted[i] = x[place[i]]


cdef Compared compared(const GroupsCall* call, Py_ssize_t start, Py_ssize_t n, const double* key, double* scratch) noexcept nogil:
    """Bring the rows of a group into descending order of a key."""
    cdef Compared group
    cdef double* score = scratch
    cdef double* target = scratch + n
    cdef double* gain = scratch + 2 * n
    group.gradient, group.hessian = scratch + 3 * n, scratch + 4 * n
    group.loss, group.pull, group.bend = scratch + 5 * n, scratch + 6 * n, scratch + 7 * n
    group.place = <Py_ssize_t*>(scratch + 8 * n)
    fl_descending(key, group.place, <Py_ssize_t*>(scratch + 9 * n), n)
    gather(<const double*>call.scores.data + start, group.place, n, score)
    gather(<const double*>call.target.data + start, group.place, n, target)
    group.row.score, group.row.target = score, target
    group.row.gain = group.row.discount = group.w = NULL
    if weights_of(call, start, n) != NULL:
        group.w = scratch + 10 * n
        gather(weights_of(call, start, n), group.place, n, group.w)
    if call.gain.data != NULL:
        gather(<const double*>call.gain.data + start, group.place, n, gain)
        group.row.gain = gain
        group.row.discount = <const double*>call.discount.data
    memset(group.gradient, 0, 2 * n * sizeof(double))
    return group


cdef double best_gain(const GroupsCall* call, const double* target, Py_ssize_t start, Py_ssize_t n, double* scratch) noexcept nogil:
    """The largest DCG that the rows of a group can have. Of what is truncated too: the first ones of the best order."""
    cdef Py_ssize_t* place = <Py_ssize_t*>scratch
    cdef const double* gain = <const double*>call.gain.data + start
    cdef const double* discount = <const double*>call.discount.data
    cdef double total = 0
    cdef Py_ssize_t i
    fl_descending(target, place, place + n, n)
    for i in range(min(n, call.truncation)):
        total += gain[place[i]] * discount[i]
    return total


cdef double close_group(const GroupsCall* call, Py_ssize_t number, const Compared* group, Py_ssize_t start, Py_ssize_t n, double loss,
                        double factor) noexcept nogil:
    """Leave the derivatives of a group in the order in which its rows came."""
    cdef double weight = weight_of_group(call, number) * factor, scale = scale_of_group(call, weight)
    cdef Py_ssize_t i
    if call.gradient.data != NULL:
        for i in range(n):
            (<double*>call.gradient.data)[start + group.place[i]] = scale * group.gradient[i]
    if call.hessian.data != NULL:
        for i in range(n):
            (<double*>call.hessian.data)[start + group.place[i]] = scale * group.hessian[i]
    return finish_group(call, number, loss, weight)


cdef double compared_group(void* given, Py_ssize_t number, void* scratch) noexcept nogil:
    """RankNet, the hinge of pairs, LambdaRank."""
    cdef const GroupsCall* call = <const GroupsCall*>given
    cdef const int64_t* offsets = <const int64_t*>call.offsets.data
    cdef Py_ssize_t start = offsets[number], n = offsets[number + 1] - start, rows, i, j, first, count
    cdef const double* target = <const double*>call.target.data + start
    cdef bint ranked = call.gain.data != NULL
    cdef Compared group
    cdef fl_pair_weight by
    cdef double loss = 0, best, factor = 1, pulls = 0, pairs = 0
    if no_group(call, number, start, n, &loss):
        return loss
    by.factor, by.divided, rows = 1, False, n
    if ranked:
        best = best_gain(call, target, start, n, <double*>scratch)
        by.factor, rows = 1 / best if best > 0 else 0, min(n, call.truncation)
    group = compared(call, start, n, <const double*>call.scores.data + start if ranked else target, <double*>scratch)
    if ranked and n > 0:
        by.divided = call.normalize and group.row.score[0] != group.row.score[n - 1]
    first = 0
    for i in range(rows):
        if fl_stopped(&call.stop):
            break
        if ranked:
            first = i + 1
        else:                    # behind those of one target
            while first < n and group.row.target[first] >= group.row.target[i]:
                first += 1
        count = n - first
        if count <= 0:
            continue
        if call.hinge:
            fl_hinge_pairs(&group.row, i, first, count, call.sigma, group.loss, group.pull)
            memset(group.bend, 0, count * sizeof(double))
        elif ranked:
            fl_logistic_pairs(&group.row, &by, i, first, count, call.sigma, group.loss, group.pull, group.bend, True)
        else:
            fl_logistic_pairs(&group.row, &by, i, first, count, call.sigma, group.loss, group.pull, group.bend, False)
        if group.w != NULL:
            fl_weigh_pairs(group.w, i, first, count, group.loss, group.pull, group.bend)
        loss += fl_block_sum_f64(group.loss, count)
        group.gradient[i] -= fl_block_sum_f64(group.pull, count)
        group.hessian[i] += fl_block_sum_f64(group.bend, count)
        for j in range(count):
            group.gradient[first + j] += group.pull[j]
            group.hessian[first + j] += group.bend[j]
        if call.by_pair:
            pairs += count if group.w == NULL else group.w[i] * fl_block_sum_f64(group.w + first, count)
        if ranked and call.normalize:
            for j in range(count):
                group.pull[j] = abs_(group.pull[j])
            pulls += 2 * fl_block_sum_f64(group.pull, count)
    if ranked and call.normalize and pulls > 0:
        factor = log1p_(pulls) / (pulls * FL_LN2)
    if pairs > 0:
        factor = 1 / pairs
    return close_group(call, number, &group, start, n, loss, factor)


cdef double approximate_group(void* given, Py_ssize_t number, void* scratch) noexcept nogil:
    """1 - NDCG of ranks that are sums of sigmoids. The rows lie in their best order, so that a list that is right keeps its digits:
    its loss is a sum of what each rank is away from the best."""
    cdef const GroupsCall* call = <const GroupsCall*>given
    cdef const int64_t* offsets = <const int64_t*>call.offsets.data
    cdef Py_ssize_t start = offsets[number], n = offsets[number + 1] - start, i, j
    cdef const double* key = <const double*>call.target.data + start
    cdef Compared group
    cdef double loss = 0, best = 0, away, rank, whole, log_best, log_rank, slope, inverse = 1 / call.sigma
    if no_group(call, number, start, n, &loss):
        return loss
    if weights_of(call, start, n) != NULL:  # gains are weighted, and their order is another
        key = <const double*>call.gain.data + start
    group = compared(call, start, n, key, <double*>scratch)
    for i in range(n):
        best += group.row.gain[i] * group.row.discount[i]
    for i in range(n if best > 0 else 0):
        if fl_stopped(&call.stop):
            break
        fl_soft_ranks(&group.row, i, n, inverse, group.pull, group.bend)
        away = fl_block_sum_f64(group.pull, n)
        whole = 2 + i            # 1 + the rank in the best order
        rank = whole + away
        log_best, log_rank = log_(whole), log_(rank)
        loss += group.row.gain[i] / best * FL_LN2 * (log1p_(away / whole) / (log_best * log_rank))
        slope = group.row.gain[i] / best * FL_LN2 / (rank * log_rank * log_rank)
        for j in range(n):
            group.gradient[j] += slope * group.bend[j]
        group.gradient[i] -= slope * fl_block_sum_f64(group.bend, n)
    return close_group(call, number, &group, start, n, loss, 1)
