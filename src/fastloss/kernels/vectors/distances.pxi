# Losses of Euclidean distances.

cdef inline bint length_of(const real* a, const real* b, Py_ssize_t n, fl_pair square, fl_pair* length) noexcept nogil:
    """|a - b|, of its square; False where that may have lost digits."""
    if real is float:
        if not square.head < INFINITY:
            return False
    elif not (in_range(square.head) or (square.head == 0 and same_rows(a, b, n))):
        return False
    length[0] = root_of_pair(a, square)
    return True


cdef inline bint distance_of(const real* a, const real* b, Py_ssize_t n, fl_pair* square, fl_pair* length) noexcept nogil:
    """|a - b| and its square; False where they may have lost digits."""
    if real is float:
        square[0] = fl_vector_distance_f32(a, b, n)
    else:
        square[0] = fl_vector_distance_f64(a, b, n)
    return length_of(a, b, n, square[0], length)


cdef inline double over_length(const real* tag, double x, fl_pair length) noexcept nogil:
    """x / length, rounded once; 0 where the length is."""
    return 0 if length.head == 0 else quotient_of_pairs(tag, pair_of(x), length).head


cdef void distance_sums(const float** rows, Py_ssize_t columns, fl_pair* sums) noexcept nogil:
    sums[0] = fl_vector_distance_f32(rows[0], rows[1], columns)


# ---- contrastive: y d^2 / 2 + (1 - y) max(0, margin - d)^2 / 2, y in {0, 1}

cdef bint contrastive(const real* tag, const Sample* s, double* value) noexcept nogil:
    cdef const real* a = row_of(tag, s, 0)
    cdef const real* b = row_of(tag, s, 1)
    cdef double margin = s.parameter[0], x = s.multiplier
    cdef fl_pair square
    cdef fl_pair length
    cdef fl_pair left
    if real is float:
        square = s.sums[0]
    else:
        square = fl_vector_distance_f64(a, b, s.columns)
    if not length_of(a, b, s.columns, square, &length):
        return False
    if s.target == 1:
        value[0] = 0.5 * square.head
    elif s.target == 0:
        left = sum_of_pairs(tag, pair_of(margin), negative_pair(length))
        if cancels(s, left.head, margin):
            return False
        if left.head <= 0:
            left = pair_of(0)
        elif not in_range(left.head * left.head):
            return False
        value[0] = 0.5 * left.head * left.head
        x = -product_of_pairs(tag, pair_of(x), left).head
        x = over_length(tag, x, length)
    else:
        value[0] = NAN
        return True
    if s.gradient[0] == NULL or s.gradient[1] == NULL or x == 0:
        leave_difference(tag, s, 0, x, a, b)
        leave_difference(tag, s, 1, x, b, a)
    elif real is float:
        fl_vector_opposites_f32(<float*>s.gradient[0], <float*>s.gradient[1], x, a, b, s.columns)
    else:
        fl_vector_opposites_f64(<double*>s.gradient[0], <double*>s.gradient[1], x, a, b, s.columns)
    return True


cdef bint contrastive_f32(const Sample* s, double* value) noexcept nogil:
    return contrastive(<const float*>NULL, s, value)

cdef bint contrastive_f64(const Sample* s, double* value) noexcept nogil:
    return contrastive(<const double*>NULL, s, value)


cdef bint contrastive_exact(const Sample* s, double* value) noexcept nogil:
    cdef const double* a = <const double*>s.array[0]
    cdef const double* b = <const double*>s.array[1]
    cdef fl_wide x = wide_multiplier(s), length, left
    cdef fl_wide loss = fl_wide_distance(a, b, s.columns)
    if s.target == 0:
        length = root_of_wide(loss)
        left = minus(wide(s.parameter[0]), length)
        if left.head <= 0:
            value[0] = 0
            leave_zeros(<const double*>NULL, s, 2)
            return True
        loss = times(left, left)
        x = negative(times(x, over(left, length))) if length.head > 0 else wide(0)
    elif s.target != 1:
        loss = wide(NAN)
    value[0] = number_of(times(times(loss, wide(0.5)), wide(s.weight)))
    leave_wide_differences(s, 0, x, a, b, wide(0), NULL, NULL)
    leave_wide_differences(s, 1, x, b, a, wide(0), NULL, NULL)
    return True


# ---- triplet: max(0, D(a, p) - D(a, n) + margin), D the distance or its square
#
# With `swap` D(p, n) takes the place of D(a, n) where it is smaller: that is the same loss with anchor and positive
# exchanged. Where the two are equal the gradient is the mean of both. Of the gradient by the anchor,
#     (a - p) / d_p - (a - n) / d_n,
# little is left where p is near n. With the shorter of the two differences, `near`, and the longer distance, `far`, it is
#     (n - p) / far + near (1 / d_p - 1 / d_n)

cdef enum: ANCHOR, POSITIVE, NEGATIVE


cdef void triplet_sums(const float** rows, Py_ssize_t columns, fl_pair* sums) noexcept nogil:
    fl_vector_distances_f32(rows[ANCHOR], rows[POSITIVE], rows[NEGATIVE], columns, sums)


cdef inline void leave_triplet(const real* tag, const Sample* s, int anchor, int positive, const double* factor, bint p_is_nearer,
                               const real* a, const real* p, const real* n) noexcept nogil:
    """The gradients of distances; `factor`: of (p - a), (a - n), (n - p) and near."""
    cdef void* by_a = s.gradient[anchor]
    cdef void* by_p = s.gradient[positive]
    cdef void* by_n = s.gradient[NEGATIVE]
    if by_a == NULL or by_p == NULL or by_n == NULL:
        leave_difference(tag, s, positive, factor[0], p, a)
        leave_difference(tag, s, NEGATIVE, factor[1], a, n)
        leave_differences(tag, s, anchor, factor[2], n, p, factor[3], a, p if p_is_nearer else n)
    elif real is float:
        fl_vector_triplet_f32(<float*>by_a, <float*>by_p, <float*>by_n, factor, p_is_nearer, a, p, n, s.columns)
    else:
        fl_vector_triplet_f64(<double*>by_a, <double*>by_p, <double*>by_n, factor, p_is_nearer, a, p, n, s.columns)


cdef bint triplet(const real* tag, const Sample* s, double* value) noexcept nogil:
    cdef double margin = s.parameter[0], multiplier = s.multiplier, left, apart, x, y
    cdef bint squared = s.parameter[1] != 0, tie = False, p_is_nearer
    cdef int anchor = ANCHOR, positive = POSITIVE
    cdef const real* a = row_of(tag, s, ANCHOR)
    cdef const real* p = row_of(tag, s, POSITIVE)
    cdef const real* n = row_of(tag, s, NEGATIVE)
    cdef fl_pair square_p, length_p, square_n, length_n, square, length, between
    cdef double factor[4]
    if real is float:
        square_p, square_n = s.sums[0], s.sums[1]
    else:
        square_p, square_n = fl_vector_distance_f64(a, p, s.columns), fl_vector_distance_f64(a, n, s.columns)
    if not (length_of(a, p, s.columns, square_p, &length_p) and length_of(a, n, s.columns, square_n, &length_n)):
        return False
    if s.parameter[2] != 0:
        if not distance_of(p, n, s.columns, &square, &length):
            return False
        apart = sum_of_pairs(tag, square, negative_pair(square_n)).head
        tie = square_p.head == 0
        if not tie and cancels(s, apart, max(square.head, square_n.head)):
            return False
        if not tie and apart < 0:
            anchor, positive = positive, anchor
            a, p = p, a
            square_n, length_n = square, length
    if squared:
        between = sum_of_pairs(tag, square_p, negative_pair(square_n))
        apart = max(square_p.head, square_n.head)
    else:
        between = sum_of_pairs(tag, length_p, negative_pair(length_n))
        apart = max(length_p.head, length_n.head)
        # The gradient by the anchor needs this difference, whatever the margin.
        if cancels(s, between.head, apart) and not same_rows(p, n, s.columns):
            if not distance_of(p, n, s.columns, &square, &length) or length.head < s.least * apart:
                return False
    left = sum_of_pairs(tag, between, pair_of(margin)).head
    if cancels(s, left, max(apart, abs_(margin))):
        return False
    value[0] = max(left, <double>0)
    if left < 0:
        leave_zeros(tag, s, 3)
        return True
    # A sum of 0 is trusted where all three points are the same, and there the gradients are 0.
    if squared and not tie:
        leave_difference(tag, s, anchor, 2 * multiplier, n, p)
        leave_difference(tag, s, positive, 2 * multiplier, p, a)
        leave_difference(tag, s, NEGATIVE, 2 * multiplier, a, n)
    elif squared:
        leave_differences(tag, s, ANCHOR, multiplier, n, p, multiplier, a, p)
        leave_differences(tag, s, POSITIVE, multiplier, p, a, multiplier, n, a)
        leave_differences(tag, s, NEGATIVE, multiplier, a, n, multiplier, p, n)
    else:
        x = over_length(tag, multiplier, length_p)
        y = over_length(tag, multiplier, length_n)
        if tie:
            leave_differences(tag, s, ANCHOR, x, a, p, 0.5 * y, n, a)
            leave_differences(tag, s, POSITIVE, x, p, a, 0.5 * y, n, p)
            leave_differences(tag, s, NEGATIVE, 0.5 * y, a, n, 0.5 * y, p, n)
            return True
        if x == 0 or y == 0:
            leave_difference(tag, s, positive, x, p, a)
            leave_difference(tag, s, NEGATIVE, y, a, n)
            leave_differences(tag, s, anchor, x, a, p, y, n, a)
            return True
        between = product_of_pairs(tag, pair_of(-multiplier), between)
        between = quotient_of_pairs(tag, between, product_of_pairs(tag, length_p, length_n))
        p_is_nearer = length_p.head <= length_n.head
        factor[:] = [x, y, y if p_is_nearer else x, between.head]
        leave_triplet(tag, s, anchor, positive, factor, p_is_nearer, a, p, n)
    return True


cdef bint triplet_f32(const Sample* s, double* value) noexcept nogil:
    return triplet(<const float*>NULL, s, value)

cdef bint triplet_f64(const Sample* s, double* value) noexcept nogil:
    return triplet(<const double*>NULL, s, value)


cdef bint triplet_exact(const Sample* s, double* value) noexcept nogil:
    cdef fl_wide multiplier = wide_multiplier(s), margin = wide(s.parameter[0]), nothing = wide(0)
    cdef fl_wide square_p, square_n, length_p, length_n, between, left, x, y, z, half
    cdef bint squared = s.parameter[1] != 0, tie = False
    cdef int anchor = ANCHOR, positive = POSITIVE
    cdef Py_ssize_t columns = s.columns
    cdef const double* a = <const double*>s.array[ANCHOR]
    cdef const double* p = <const double*>s.array[POSITIVE]
    cdef const double* n = <const double*>s.array[NEGATIVE]
    square_p = fl_wide_distance(a, p, columns)
    square_n = fl_wide_distance(a, n, columns)
    if s.parameter[2] != 0:
        left = fl_wide_distance(p, n, columns)
        between = fl_wide_gap(n, a, p, columns) if finite(left.head) and finite(square_n.head) else minus(square_n, left)
        tie = between.head == 0
        if between.head > 0:
            anchor, positive = positive, anchor
            a, p = p, a
            square_n = left
        elif between.head != between.head:   # of two infinities, or a NaN
            square_n = left if left.head != left.head else square_n
            tie = square_n.head == square_n.head
    length_p, length_n = root_of_wide(square_p), root_of_wide(square_n)
    if not (finite(square_p.head) and finite(square_n.head)):
        between = minus(square_p, square_n)
    else:
        between = fl_wide_gap(a, p, n, columns)
        if not squared and between.head != 0:
            between = over(between, plus(length_p, length_n))
    left = plus(between, margin)
    if left.head < 0:
        value[0] = 0
        leave_zeros(<const double*>NULL, s, 3)
        return True
    value[0] = number_of(times(left, wide(s.weight)))
    multiplier = times(multiplier, wide(slope_at(left.head)))
    if squared:
        if tie:
            leave_wide_differences(s, ANCHOR, multiplier, n, p, multiplier, a, p)
            leave_wide_differences(s, POSITIVE, multiplier, p, a, multiplier, n, a)
            leave_wide_differences(s, NEGATIVE, multiplier, a, n, multiplier, p, n)
        else:
            multiplier = times(multiplier, wide(2))
            leave_wide_differences(s, anchor, multiplier, n, p, nothing, NULL, NULL)
            leave_wide_differences(s, positive, multiplier, p, a, nothing, NULL, NULL)
            leave_wide_differences(s, NEGATIVE, multiplier, a, n, nothing, NULL, NULL)
        return True
    x = over_wide_length(multiplier, length_p)
    y = over_wide_length(multiplier, length_n)
    if tie:
        half = times(y, wide(0.5))
        leave_wide_differences(s, ANCHOR, x, a, p, half, n, a)
        leave_wide_differences(s, POSITIVE, x, p, a, half, n, p)
        leave_wide_differences(s, NEGATIVE, half, a, n, half, p, n)
        return True
    leave_wide_differences(s, positive, x, p, a, nothing, NULL, NULL)
    leave_wide_differences(s, NEGATIVE, y, a, n, nothing, NULL, NULL)
    if x.head == 0 or y.head == 0:       # a distance of 0, or an infinite one
        leave_wide_differences(s, anchor, x, a, p, y, n, a)
        return True
    z = negative(over(times(multiplier, between), times(length_p, length_n)))
    if not less(length_n, length_p):
        leave_wide_differences(s, anchor, y, n, p, z, a, p)
    else:
        leave_wide_differences(s, anchor, x, n, p, z, a, n)
    return True


cdef inline fl_wide over_wide_length(fl_wide x, fl_wide length) noexcept nogil:
    """x / length; 0 where the length is 0 or infinite."""
    return over(x, length) if length.head > 0 and finite(length.head) else wide(0)


add_vector_loss("triplet", 3, (), triplet_sums, triplet_f32, triplet_f64, triplet_exact)
add_vector_loss("contrastive", 2, (0, 1), distance_sums, contrastive_f32, contrastive_f64, contrastive_exact)
