# Losses of the cosine of two vectors.
#
# cos = a.b / (|a| |b|), and its gradients are
#     (b - (a.b / a.a) a) / (|a| |b|),    (a - (a.b / b.b) b) / (|a| |b|)
# Near a cosine of 1 little is left of 1 - cos and of these differences. `careful` knows them to 2^-98 of their terms, `exact`
# takes them from what is left of one row beside the other, r = b - (a.b / a.a) a:
#     1 - cos = |r|^2 / (|b|^2 (1 + cos))

cdef enum Alignment:             # what is known without arithmetic
    NO_ALIGNMENT
    ZERO_VECTOR                  # the cosine is taken for 0, the gradients for 0
    PARALLEL                     # two equal rows
    ORTHOGONAL                   # no product is other than 0

cdef struct Cosine:
    int alignment
    fl_pair cosine
    fl_pair rest                 # 1 - cos
    fl_pair first_share          # a.b / a.a
    fl_pair second_share         # a.b / b.b
    fl_pair lengths              # |a| |b|


cdef inline bint cosine_of(const real* tag, const Sample* s, Cosine* found) noexcept nogil:
    """False where something may have lost digits."""
    cdef const real* a = row_of(tag, s, 0)
    cdef const real* b = row_of(tag, s, 1)
    cdef fl_pair sums[VECTOR_SUMS]
    cdef const fl_pair* products = sums
    found.alignment = NO_ALIGNMENT
    found.cosine = pair_of(0)
    found.rest = pair_of(1)
    if real is float:
        products = s.sums
        if not (products[0].head < INFINITY and products[2].head < INFINITY):
            return False
        if products[0].head == 0 or products[2].head == 0:
            found.alignment = ZERO_VECTOR
            return True
        found.lengths = pair_of(sqrt(products[0].head * products[2].head))
    else:
        fl_vector_products_f64(a, b, s.columns, sums)
        if not (LEAST_FACTOR < products[0].head < MOST_FACTOR and LEAST_FACTOR < products[2].head < MOST_FACTOR):
            return False
        found.lengths = product_of_pairs(tag, root_of_pair(tag, products[0]), root_of_pair(tag, products[2]))
    found.first_share = quotient_of_pairs(tag, products[1], products[0])
    found.second_share = quotient_of_pairs(tag, products[1], products[2])
    found.cosine = quotient_of_pairs(tag, products[1], found.lengths)
    found.rest = sum_of_pairs(tag, pair_of(1), negative_pair(found.cosine))
    if abs_(found.cosine.head) < s.least:
        found.alignment = ORTHOGONAL
        found.cosine, found.rest = pair_of(0), pair_of(1)
        return never_meet(a, b, s.columns)
    if 1 - abs_(found.cosine.head) < s.least:
        found.alignment = PARALLEL
        found.cosine, found.rest = pair_of(1), pair_of(0)
        return same_rows(a, b, s.columns)
    return True


cdef void cosine_sums(const float** rows, Py_ssize_t columns, fl_pair* sums) noexcept nogil:
    fl_vector_products_f32(rows[0], rows[1], columns, sums)


cdef inline void leave_cosine_gradients(const real* tag, const Sample* s, const Cosine* found, double slope) noexcept nogil:
    """Of something that changes with the cosine by `slope`."""
    cdef const real* a = row_of(tag, s, 0)
    cdef const real* b = row_of(tag, s, 1)
    cdef double x
    if slope == 0 or found.alignment in (ZERO_VECTOR, PARALLEL):
        leave_zeros(tag, s, 2)
        return
    x = quotient_of_pairs(tag, pair_of(s.multiplier * slope), found.lengths).head
    if s.gradient[0] == NULL or s.gradient[1] == NULL:
        leave_residual(tag, s, 0, x, a, found.first_share, b)
        leave_residual(tag, s, 1, x, b, found.second_share, a)
    elif real is float:
        fl_vector_residuals_f32(<float*>s.gradient[0], <float*>s.gradient[1], x, a, found.first_share, b, found.second_share, s.columns)
    else:
        fl_vector_residuals_f64(<double*>s.gradient[0], <double*>s.gradient[1], x, a, found.first_share, b, found.second_share, s.columns)


cdef struct WideCosine:
    fl_wide cosine
    fl_wide rest
    fl_wide lengths
    fl_residual first            # of b beside a
    fl_residual second


cdef void wide_cosine_of(const Sample* s, WideCosine* found) noexcept nogil:
    cdef const double* a = <const double*>s.array[0]
    cdef const double* b = <const double*>s.array[1]
    cdef fl_wide first = fl_wide_dot(a, a, s.columns), second = fl_wide_dot(b, b, s.columns)
    found.cosine, found.rest, found.lengths = wide(0), wide(1), wide(0)
    if not (finite(first.head) and finite(second.head)):
        found.cosine = found.rest = wide(NAN)
    elif first.head != 0 and second.head != 0:
        found.lengths = root_of_wide(times(first, second))
        found.cosine = over(fl_wide_dot(a, b, s.columns), found.lengths)
        found.first = fl_wide_residual(a, b, s.columns)
        found.second = fl_wide_residual(b, a, s.columns)
        found.rest = minus(wide(1), found.cosine)
        if found.cosine.head > 0:
            found.rest = over(over(fl_wide_residual_square(&found.first, s.columns), second), plus(wide(1), found.cosine))


cdef void leave_wide_cosine_gradients(const Sample* s, const WideCosine* found, double slope) noexcept nogil:
    cdef fl_wide x
    if slope == 0 or found.lengths.head == 0:
        leave_zeros(<const double*>NULL, s, 2)
        return
    x = over(times(wide_multiplier(s), wide(slope)), found.lengths)
    leave_wide_residual(s, 0, x, &found.first)
    leave_wide_residual(s, 1, x, &found.second)


# ---- cosine_distance: 1 - cos

cdef bint cosine_distance(const real* tag, const Sample* s, double* value) noexcept nogil:
    cdef Cosine found
    if not cosine_of(tag, s, &found):
        return False
    value[0] = found.rest.head
    leave_cosine_gradients(tag, s, &found, -1)
    return True


cdef bint cosine_distance_f32(const Sample* s, double* value) noexcept nogil:
    return cosine_distance(<const float*>NULL, s, value)

cdef bint cosine_distance_f64(const Sample* s, double* value) noexcept nogil:
    return cosine_distance(<const double*>NULL, s, value)


cdef bint cosine_distance_exact(const Sample* s, double* value) noexcept nogil:
    cdef WideCosine found
    wide_cosine_of(s, &found)
    value[0] = number_of(times(found.rest, wide(s.weight)))
    leave_wide_cosine_gradients(s, &found, -1)
    return True


# ---- cosine_embedding: 1 - cos where y = 1, max(0, cos - margin) where y = -1

cdef bint cosine_embedding(const real* tag, const Sample* s, double* value) noexcept nogil:
    cdef Cosine found
    cdef double margin = s.parameter[0], left
    if s.target == 1:
        return cosine_distance(tag, s, value)
    if s.target != -1:
        value[0] = NAN
        return True
    if not cosine_of(tag, s, &found):
        return False
    left = sum_of_pairs(tag, found.cosine, pair_of(-margin)).head
    if cancels(s, left, max(abs_(found.cosine.head), abs_(margin))):
        return False
    value[0] = max(left, <double>0)
    leave_cosine_gradients(tag, s, &found, slope_at(left))
    return True


cdef bint cosine_embedding_f32(const Sample* s, double* value) noexcept nogil:
    return cosine_embedding(<const float*>NULL, s, value)

cdef bint cosine_embedding_f64(const Sample* s, double* value) noexcept nogil:
    return cosine_embedding(<const double*>NULL, s, value)


cdef bint cosine_embedding_exact(const Sample* s, double* value) noexcept nogil:
    cdef WideCosine found
    cdef fl_wide left, margin = wide(s.parameter[0])
    if s.target == 1:
        return cosine_distance_exact(s, value)
    wide_cosine_of(s, &found)
    left = minus(found.cosine, margin)
    if found.cosine.head > 0:
        left = minus(minus(wide(1), margin), found.rest)
    if s.target != -1:
        left = wide(NAN)
    value[0] = number_of(times(left, wide(s.weight))) if not left.head <= 0 else 0
    leave_wide_cosine_gradients(s, &found, slope_at(left.head))
    return True


add_vector_loss("cosine_distance", 2, (), cosine_sums, cosine_distance_f32, cosine_distance_f64, cosine_distance_exact)
add_vector_loss("cosine_embedding", 2, (-1, 1), cosine_sums, cosine_embedding_f32, cosine_embedding_f64, cosine_embedding_exact)
