# What the losses of vectors share: the sample they see, sums over its rows, and how they leave a gradient.

cdef extern from "vectors/sums.h" nogil:
    fl_pair fl_vector_distance_f32(const float*, const float*, Py_ssize_t) noexcept
    fl_pair fl_vector_distance_f64(const double*, const double*, Py_ssize_t) noexcept
    void fl_vector_distances_f32(const float*, const float*, const float*, Py_ssize_t, fl_pair*) noexcept
    void fl_vector_products_f32(const float*, const float*, Py_ssize_t, fl_pair*) noexcept
    void fl_vector_products_f64(const double*, const double*, Py_ssize_t, fl_pair*) noexcept
    bint fl_vector_equal_f32(const float*, const float*, Py_ssize_t) noexcept
    bint fl_vector_equal_f64(const double*, const double*, Py_ssize_t) noexcept
    bint fl_vector_disjoint_f32(const float*, const float*, Py_ssize_t) noexcept
    bint fl_vector_disjoint_f64(const double*, const double*, Py_ssize_t) noexcept
    void fl_vector_fill_f32(float*, double, Py_ssize_t) noexcept
    void fl_vector_fill_f64(double*, double, Py_ssize_t) noexcept
    void fl_vector_difference_f32(float*, double, const float*, const float*, Py_ssize_t) noexcept
    void fl_vector_difference_f64(double*, double, const double*, const double*, Py_ssize_t) noexcept
    void fl_vector_opposites_f32(float*, float*, double, const float*, const float*, Py_ssize_t) noexcept
    void fl_vector_opposites_f64(double*, double*, double, const double*, const double*, Py_ssize_t) noexcept
    void fl_vector_differences_f32(float*, double, const float*, const float*, double, const float*, const float*, Py_ssize_t) noexcept
    void fl_vector_differences_f64(double*, double, const double*, const double*, double, const double*, const double*, Py_ssize_t) noexcept
    void fl_vector_residuals_f32(float*, float*, double, const float*, fl_pair, const float*, fl_pair, Py_ssize_t) noexcept
    void fl_vector_triplet_f32(float*, float*, float*, const double*, bint, const float*, const float*, const float*, Py_ssize_t) noexcept
    void fl_vector_residual_f32(float*, double, const float*, fl_pair, const float*, Py_ssize_t) noexcept
    void fl_vector_residuals_f64(double*, double*, double, const double*, fl_pair, const double*, fl_pair, Py_ssize_t) noexcept
    void fl_vector_triplet_f64(double*, double*, double*, const double*, bint, const double*, const double*, const double*, Py_ssize_t) noexcept
    void fl_vector_residual_f64(double*, double, const double*, fl_pair, const double*, Py_ssize_t) noexcept

cdef extern from "vectors/wide_sums.h" nogil:
    ctypedef struct fl_residual:
        pass
    fl_wide root_of_wide "fl_wide_sqrt"(fl_wide) noexcept
    fl_wide fl_wide_distance(const double*, const double*, Py_ssize_t) noexcept
    fl_wide fl_wide_gap(const double*, const double*, const double*, Py_ssize_t) noexcept
    fl_wide fl_wide_dot(const double*, const double*, Py_ssize_t) noexcept
    void fl_wide_differences(double*, fl_wide, const double*, const double*, fl_wide, const double*, const double*, Py_ssize_t) noexcept
    fl_residual fl_wide_residual(const double*, const double*, Py_ssize_t) noexcept
    fl_wide fl_wide_residual_square(const fl_residual*, Py_ssize_t) noexcept
    void fl_wide_residual_times(double*, fl_wide, const fl_residual*, Py_ssize_t) noexcept

cdef enum:
    MOST_VECTORS = 3             # arrays of a loss
    VECTOR_PARAMETERS = 3        # numbers that it has for parameters, at most
    VECTOR_SUMS = 3              # over its rows, at most

cdef struct Sample:
    Py_ssize_t columns
    const void* array[MOST_VECTORS]       # float for `plain`, else double
    const fl_pair* sums                   # over these rows, for `plain`
    void* gradient[MOST_VECTORS]          # NULL where none is wanted
    double target
    double weight
    double denominator
    double multiplier                     # weight / denominator, of the gradients
    double least                          # what has to be left of a difference for it to be trusted
    const double* parameter

# Leaves the value, for `exact` weighted, and gradients times the multiplier. A value of NaN makes the gradients NaN.
ctypedef bint (*sample_function)(const Sample*, double* value) noexcept nogil

# Leaves the sums over rows of float32 that `plain` needs.
ctypedef void (*sums_function)(const float** rows, Py_ssize_t columns, fl_pair* sums) noexcept nogil

cdef struct VectorLoss:
    int arrays
    bint has_target
    double target[2]             # the two numbers that a target may be
    sums_function sums
    sample_function plain, careful, exact

cdef enum: MOST_VECTOR_LOSSES = 16
cdef VectorLoss vector_losses[MOST_VECTOR_LOSSES]
#: The number of each loss of given vectors.
VECTOR_LOSSES = {}

# Between these, sums of squares of float64 rows keep all their digits.
cdef double LEAST_SQUARE = 1.499696813895631e-241     # 2^-800
cdef double MOST_SQUARE = 8.452712498170644e+270      # 2^900
# Between the roots of these, lengths may be multiplied.
cdef double LEAST_FACTOR = 3.2033329522929615e-145    # 2^-480
cdef double MOST_FACTOR = 3.1217485503159922e+144     # 2^480


cdef void add_vector_loss(str name, int arrays, tuple targets, sums_function sums, sample_function plain,
                          sample_function careful, sample_function exact) except *:
    """Enter a loss; `targets`: the two numbers that a target may be, or nothing."""
    cdef VectorLoss* loss = &vector_losses[len(VECTOR_LOSSES)]
    check_count("losses of vectors", len(VECTOR_LOSSES) + 1, MOST_VECTOR_LOSSES)
    loss.arrays, loss.has_target = arrays, len(targets) > 0
    if loss.has_target:
        loss.target[0], loss.target[1] = targets
    loss.sums, loss.plain, loss.careful, loss.exact = sums, plain, careful, exact
    VECTOR_LOSSES[name] = len(VECTOR_LOSSES)


cdef const VectorLoss* vector_loss(int number) except NULL:
    """The loss of a number."""
    if not 0 <= number < len(VECTOR_LOSSES):
        raise ValueError(f"fastloss: there is no loss of vectors number {number}")
    return &vector_losses[number]


cdef inline const real* row_of(const real* tag, const Sample* s, int k) noexcept nogil:
    return <const real*>s.array[k]


cdef inline bint same_rows(const real* a, const real* b, Py_ssize_t n) noexcept nogil:
    if real is float:
        return fl_vector_equal_f32(a, b, n)
    else:
        return fl_vector_equal_f64(a, b, n)


cdef inline bint never_meet(const real* a, const real* b, Py_ssize_t n) noexcept nogil:
    if real is float:
        return fl_vector_disjoint_f32(a, b, n)
    else:
        return fl_vector_disjoint_f64(a, b, n)


cdef inline bint in_range(double x) noexcept nogil:
    return LEAST_SQUARE < x < MOST_SQUARE


cdef inline bint cancels(const Sample* s, double difference, double term) noexcept nogil:
    """Whether too little is left of the term."""
    return abs_(difference) < s.least * term


cdef inline fl_pair pair_of(double x) noexcept nogil:
    cdef fl_pair pair
    pair.head, pair.tail = x, 0
    return pair


cdef inline fl_pair negative_pair(fl_pair x) noexcept nogil:
    x.head, x.tail = -x.head, -x.tail
    return x


cdef inline fl_pair sum_of_pairs(const real* tag, fl_pair a, fl_pair b) noexcept nogil:
    """a + b, of heads alone where there are no tails."""
    if real is float:
        return pair_of(a.head + b.head)
    else:
        return fl_pair_sum(a, b)


cdef inline fl_pair product_of_pairs(const real* tag, fl_pair a, fl_pair b) noexcept nogil:
    if real is float:
        return pair_of(a.head * b.head)
    else:
        return fl_pair_product(a, b)


cdef inline fl_pair quotient_of_pairs(const real* tag, fl_pair a, fl_pair b) noexcept nogil:
    if real is float:
        return pair_of(a.head / b.head)
    else:
        return fl_pair_quotient(a, b)


cdef inline fl_pair root_of_pair(const real* tag, fl_pair x) noexcept nogil:
    """The root of x >= 0."""
    cdef fl_pair square
    cdef fl_pair root = pair_of(sqrt(x.head))
    if real is double:
        square = fl_two_product(root.head, root.head)
        root.tail = (((x.head - square.head) - square.tail) + x.tail) / (2 * root.head) if root.head > 0 else 0
    return root


cdef inline void leave_zero(const real* tag, const Sample* s, int k) noexcept nogil:
    if s.gradient[k] != NULL:
        if real is float:
            fl_vector_fill_f32(<float*>s.gradient[k], 0, s.columns)
        else:
            fl_vector_fill_f64(<double*>s.gradient[k], 0, s.columns)


cdef inline void leave_zeros(const real* tag, const Sample* s, int arrays) noexcept nogil:
    cdef int k
    for k in range(arrays):
        leave_zero(tag, s, k)


cdef inline void leave_difference(const real* tag, const Sample* s, int k, double x, const real* a, const real* b) noexcept nogil:
    """The gradient of array k is x (a - b)."""
    if s.gradient[k] == NULL:
        return
    if x == 0:
        leave_zero(tag, s, k)
    elif real is float:
        fl_vector_difference_f32(<float*>s.gradient[k], x, a, b, s.columns)
    else:
        fl_vector_difference_f64(<double*>s.gradient[k], x, a, b, s.columns)


cdef inline void leave_differences(const real* tag, const Sample* s, int k, double x, const real* a, const real* b,
                                   double y, const real* c, const real* d) noexcept nogil:
    """The gradient of array k is x (a - b) + y (c - d)."""
    if s.gradient[k] == NULL:
        return
    if real is float:
        fl_vector_differences_f32(<float*>s.gradient[k], x, a, b, y, c, d, s.columns)
    else:
        fl_vector_differences_f64(<double*>s.gradient[k], x, a, b, y, c, d, s.columns)


cdef inline void leave_residual(const real* tag, const Sample* s, int k, double x, const real* a, fl_pair share,
                                const real* b) noexcept nogil:
    """The gradient of array k is x (b - share a)."""
    if s.gradient[k] == NULL:
        return
    if real is float:
        fl_vector_residual_f32(<float*>s.gradient[k], x, a, share, b, s.columns)
    else:
        fl_vector_residual_f64(<double*>s.gradient[k], x, a, share, b, s.columns)


# ---- the same in numbers of any exponent ---------------------------------------------------------------------------

cdef inline fl_wide wide_multiplier(const Sample* s) noexcept nogil:
    return over(wide(s.weight), wide(s.denominator)) if s.denominator != 0 else wide(0)


cdef inline bint less(fl_wide a, fl_wide b) noexcept nogil:
    return minus(a, b).head < 0


cdef inline void leave_wide_differences(const Sample* s, int k, fl_wide x, const double* a, const double* b,
                                        fl_wide y, const double* c, const double* d) noexcept nogil:
    if s.gradient[k] != NULL:
        fl_wide_differences(<double*>s.gradient[k], x, a, b, y, c, d, s.columns)


cdef inline void leave_wide_residual(const Sample* s, int k, fl_wide x, const fl_residual* rest) noexcept nogil:
    if s.gradient[k] != NULL:
        fl_wide_residual_times(<double*>s.gradient[k], x, rest, s.columns)


cdef inline double slope_at(double x) noexcept nogil:
    """The slope of max(0, x)."""
    return 1 if x > 0 else 0.5 if x == 0 else 0
