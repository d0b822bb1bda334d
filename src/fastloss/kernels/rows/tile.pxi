# What the losses over rows share: what a call of one is, the tile it sees, and sums and look-ups over a tile's classes.
#
# A function sees a tile: steps of LANES numbers, in which a lane is a row of few classes, and every step one class; or in
# which all lanes belong to one wide row, whose classes lie one behind the other. Its loops are the same for both: what
# belongs to a row (its label, its largest logit, a sum) is a number for each lane, and a sum over the classes
# (`class_sum`) goes over the steps, then, in a wide row, over the lanes. Behind the classes of a wide row the last step
# is filled up with classes that are absent: a logit of -infinity, a probability of 0.
#
# Everything is computed in double, whatever the element type: a row's scalars are powers, logarithms and differences, whose
# rounding error each class of the row would inherit. The block reads labels, weights and masks, brings prediction and
# target into the tile, calls the loss's function, which leaves the value of each row and the unscaled gradient and
# Hessian diagonal, and writes those times weight / denominator. So a function knows neither layouts nor dtypes nor weights,
# and what it makes of a row with a NaN is not looked at.

cdef enum:
    LANES = 32                   # doubles of a step: 256 bytes, as the lanes of every block primitive
    GROUP = 8
    TILE_ARRAYS = 14
    ROW_PARAMETERS = 6           # numbers that a loss over rows has for parameters, at most

#: 2^128 and what it comes from, for products with a vector (`lift_products`), where a multiplier is more than 2^-64.
cdef double LIFT = 3.402823669209385e38
cdef double LIFT_DOWN = 2.938735877055719e-39
cdef double ROOT_OF_LIFT = 1.8446744073709552e19
cdef double LEAST_LIFTED = 5.421010862427522e-20
cdef double LARGEST_DOUBLE = 1.7976931348623157e308

cdef double LEAST_SQUARED = 4.909093465297727e-91   # 2^-300: of a probability that is divided by twice where a weight may be 2^64

cdef enum Given:                 # what the prediction of a divergence is; the order of its parameter's options
    LOGITS
    LOG_PROBABILITIES
    PROBABILITIES
    COSINES                      # of scores alone

cdef enum Form:                  # what y_true is
    CLASS_INDEX
    CLASS_PROBABILITIES          # of class_index losses: their sum is a weight
    DISTRIBUTION                 # of divergences
    SHARES                       # a number in [0, 1] for each class
    MEMBERS                      # 0 or 1 for each class
    NO_TARGET
    NUMBER                       # of the row: the same in all columns

cdef struct RowLossCall:
    RowsCall rows                # its `classes` are those that a label may name
    int loss                     # its number in ROW_LOSSES
    Py_ssize_t classes           # of the prediction
    int form
    int given
    Limits limits                # of its prediction
    double parameter[ROW_PARAMETERS]
    double most_score            # of larger ones a row is extreme
    bint to_float                # results are rounded to that: a rounding in double does not show
    bint exactly                 # an exponent is so large that it makes the roundings of a probability show
    const double* factor         # one for each class; NULL: all 1
    int second                   # what `rows.hessian` takes
    Operand vector               # by which the Hessian is multiplied
    Operand beside               # a second row of scores of each sample; its gradient takes the place of the Hessian
    Py_ssize_t matrix_stride     # bytes between the rows of a matrix; rows.hessian is its first row

cdef enum Second:                # of the second derivatives
    DIAGONAL
    TIMES_VECTOR
    MATRIX

cdef struct Tile:
    Py_ssize_t steps
    bint wide                    # the lanes are classes of one row
    Py_ssize_t groups            # of GROUP lanes: what is computed once for a row is computed for these, then spread
    double stride                # number i of step k belongs to class k stride + offset[i]
    double offset[LANES]
    # A number for each class and row.
    double* x                    # the prediction
    double* y                    # the weight of each class, unless the target is a label; or the second row of scores
    double* gradient
    double* hessian
    double* e                    # and further scratch
    double* a
    double* b
    double* c
    double* d
    double* f
    double* g
    double* h
    double* extreme_gradient     # of rows that are computed apart
    double* extreme_hessian
    # A number for each row.
    double label[LANES]
    double value[LANES]          # in units of the square of
    double root_unit[LANES]      # which is 1, but for a value that may be too large for a double before it is weighted
    double lift[LANES]           # the part of a row's multiplier that its loss has to include: products with it do not vanish
    double doubtful[LANES]       # not 0 where such a product had lost digits before
    double m[LANES]
    double rest[LANES]
    double scaled_rest[LANES]    # 2^128 rest, with all its digits also where that is subnormal
    double whole[LANES]          # 1 + rest
    double inverse[LANES]
    double log_sum[LANES]        # log1p(rest); with twice the digits:
    double log_head[LANES]
    double log_tail[LANES]
    double top[LANES]            # a class with e = 1
    double log_total[LANES]      # of cross-entropy: log(sum e^z),
    double total[LANES]          # the sum of the target,
    double outer[LANES]          # the factor of what is off the Hessian's diagonal

# Value and derivatives of each row that depend on the prediction for its true class alone.
ctypedef void (*label_function)(const RowLossCall*, const double* true_x, double* value, double* first, double* second) noexcept nogil

# Leaves the value of each lane's row, and gradient and Hessian where the call wants them.
ctypedef void (*row_function)(const RowLossCall*, Tile*) noexcept nogil

# It computes a row by itself, in numbers of any exponent: one in which a step of the function above would be lost.
cdef struct ExtremeRow
ctypedef void (*extreme_function)(ExtremeRow*) noexcept nogil

# What a loss of the probability of its true class leaves of each lane's row, beside its value.
cdef struct Confident:
    double scaled[LANES]         # the factor of an exponential in the gradient
    double at_true[LANES]        # gradient and Hessian of the true class
    double curvature[LANES]
    double a[LANES]
    double bq[LANES]
    double below[LANES]          # of the sum of the exponentials, what is not the true class's

ctypedef void (*graded_function)(const RowLossCall*, Tile*, const double* true_x, const double* true_e, Confident*) noexcept nogil

# Whether softmax.pxi computes the loss, in the compute type: then it is told what of it is not plain cross-entropy.
ctypedef bint (*sweep_function)(const RowLossCall*, RowsCall*, bint double_precision) noexcept nogil

cdef enum: MOST_ROW_LOSSES = 64

cdef struct RowLoss:
    row_function rows
    extreme_function extreme     # NULL: it has no rows that are computed apart
    label_function of_label      # where it depends on the prediction for the true class alone, if a label is given; or NULL
    row_function second          # what multiplies its Hessian by a vector, or leaves it whole; or NULL
    extreme_function extreme_product
    sweep_function swept         # or NULL
    graded_function graded       # or NULL
    # Up to how many classes the rows lie in the lanes: what is done once for a row then costs 32 rows no more than one, but the
    # arrays of a tile outgrow the second-level cache. Measured on Zen 4, time of rows in the lanes / of classes in the lanes:
    # focal 0.6 at 128 classes and 1.0 at 256, hinge 0.9 and 1.5, KL divergence 0.9 and 1.1 (of log-probabilities 1.0 and 1.3);
    # sparsemax and entmax 0.8 and 0.9, because more is done once for a row; multilabel soft margin and ordinal, where nothing
    # is, 1.0 at 96 classes. Rows of multilabel margin are sorted where they are wide: faster from 64 classes on.
    Py_ssize_t most_in_lanes

cdef RowLoss row_table[MOST_ROW_LOSSES]

#: The rows of the catalogue that are computed here, in the order of `row_table`: each is entered beside its function.
ROW_LOSSES = []
#: Those whose Hessian can be multiplied by a vector, or left whole.
SECOND_DERIVATIVES = []
cdef int PLAIN_CROSS_ENTROPY     # its number


cdef int add_row_loss(str name, Py_ssize_t most_in_lanes, row_function rows, extreme_function extreme, label_function of_label=NULL,
                      row_function second=NULL, extreme_function extreme_product=NULL, sweep_function swept=NULL,
                      graded_function graded=NULL) except -1:
    """Enter a loss; return its number."""
    cdef int number = <int>len(ROW_LOSSES)
    check_count("losses over rows", number + 1, MOST_ROW_LOSSES)
    row_table[number] = RowLoss(rows=rows, extreme=extreme, of_label=of_label, second=second, extreme_product=extreme_product,
                                swept=swept, graded=graded, most_in_lanes=most_in_lanes)
    ROW_LOSSES.append(name)
    if second != NULL:
        SECOND_DERIVATIVES.append(name)
    return number


cdef inline void fold_lanes(double* head, double* tail, Py_ssize_t width) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(width):
        tail[i] += tail[i + width]
        add_exactly(head[i + width], &head[i], &tail[i])


cdef void across_lanes(double* head, double* tail) noexcept nogil:
    """The sum over the lanes, in each lane."""
    cdef double h[LANES]         # nobody else's: nothing to check for overlap
    cdef double s[LANES]
    cdef Py_ssize_t i
    memcpy(h, head, LANES * sizeof(double))
    memcpy(s, tail, LANES * sizeof(double))
    fold_lanes(h, s, 16)
    fold_lanes(h, s, 8)
    fold_lanes(h, s, 4)
    fold_lanes(h, s, 2)
    fold_lanes(h, s, 1)
    for i in range(LANES):
        head[i] = h[0]
        tail[i] = s[0]


cdef inline void sum_up(const Tile* t, double* head, double* tail, double* total) noexcept nogil:
    cdef Py_ssize_t i
    if t.wide:
        across_lanes(head, tail)
    for i in range(LANES):
        total[i] = head[i] + where_(abs_(head[i]) < INFINITY, tail[i], <double>0)


cdef void class_sum(const Tile* t, const double* terms, double* total) noexcept nogil:
    """The sum over the classes of each row."""
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef Py_ssize_t k, i
    for i in range(LANES):
        head[i] = tail[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            add_exactly(terms[k * LANES + i], &head[i], &tail[i])
    sum_up(t, head, tail, total)


cdef void class_max(const Tile* t, const double* numbers, double* largest) noexcept nogil:
    cdef Py_ssize_t k, i
    if t.wide:
        largest[0] = fl_block_max_f64(numbers, t.steps * LANES)
        for i in range(1, LANES):
            largest[i] = largest[0]
        return
    for i in range(LANES):
        largest[i] = -INFINITY
    for k in range(t.steps):
        for i in range(LANES):
            largest[i] = where_(numbers[k * LANES + i] > largest[i], numbers[k * LANES + i], largest[i])


cdef inline Py_ssize_t class_place(const Tile* t, const double* label, Py_ssize_t i) noexcept nogil:
    """Where the number of a class of row i is, in the arrays of a tile."""
    return <Py_ssize_t>label[0] if t.wide else <Py_ssize_t>label[i] * LANES + i


cdef void at_class(const Tile* t, const double* numbers, const double* label, double* chosen) noexcept nogil:
    """The number of one class of each row."""
    cdef Py_ssize_t i
    for i in range(LANES):
        chosen[i] = numbers[class_place(t, label, i)]


cdef void set_class(const Tile* t, double* numbers, const double* label, const double* chosen) noexcept nogil:
    """The number of one class of each row is the one given."""
    cdef Py_ssize_t i
    for i in range(1 if t.wide else <Py_ssize_t>LANES):
        numbers[class_place(t, label, i)] = chosen[i]


cdef void sum_without(const Tile* t, double* terms, const double* left_out, double* total) noexcept nogil:
    """The sum over the classes of each row but one."""
    cdef double kept[LANES]
    cdef double nothing[LANES]
    cdef Py_ssize_t i
    for i in range(LANES):
        nothing[i] = 0
    at_class(t, terms, left_out, kept)
    set_class(t, terms, left_out, nothing)
    class_sum(t, terms, total)
    set_class(t, terms, left_out, kept)


cdef void find_first(const Tile* t, const double* numbers, const double* wanted, double* place) noexcept nogil:
    """The first class whose number is the one wanted (1 if none is given), 0 if there is no such."""
    cdef double sought[LANES]
    cdef Py_ssize_t k, i
    cdef int64_t found
    for i in range(LANES):
        place[i] = 0
        sought[i] = 1
    if wanted != NULL:           # apart: see `copy_weights`
        memcpy(sought, wanted, LANES * sizeof(double))
    if not t.wide:
        for k in range(t.steps - 1, -1, -1):
            for i in range(LANES):
                place[i] = where_(numbers[k * LANES + i] == sought[i], <double>k, place[i])
        return
    for k in range(t.steps):
        found = 0
        for i in range(LANES):
            found |= numbers[k * LANES + i] == sought[0]
        if found:
            for i in range(LANES - 1, -1, -1):
                if numbers[k * LANES + i] == sought[0]:
                    place[0] = k * LANES + i
            break
    for i in range(1, LANES):
        place[i] = place[0]


cdef inline void spread(const Tile* t, double* numbers) noexcept nogil:
    """The number of a wide row, in each lane."""
    cdef Py_ssize_t i
    if t.wide:
        for i in range(1, LANES):
            numbers[i] = numbers[0]


cdef inline double all_but(bint is_left_out, double others, double left_out, double term) noexcept nogil:
    """The sum without one term, of the sum `others` that lacks the largest, `left_out`: only that one is never taken off."""
    return where_(is_left_out, others, (others + left_out) - term)


cdef inline void clear(const Tile* t, double* numbers) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(t.steps * LANES):
        numbers[i] = 0


cdef inline void clear_hessian(const RowLossCall* call, const Tile* t) noexcept nogil:
    if call.rows.want & HESSIAN:
        clear(t, t.hessian)


cdef inline void flat_hessian(const RowLossCall* call, const Tile* t) noexcept nogil:
    """The Hessian of a loss without curvature: 0; 1 where one is asked for that is positive."""
    cdef double* hessian = t.hessian
    cdef double number = 1 if by_gauss_newton(&call.rows.curvature) else 0
    cdef Py_ssize_t j
    if call.rows.want & HESSIAN:
        for j in range(t.steps * LANES):
            hessian[j] = number
