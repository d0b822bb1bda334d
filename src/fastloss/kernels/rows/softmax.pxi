# Rows of classes: softmax cross-entropy and the functions that share its sums.
#
# With m the largest logit of a row, e_j = exp(x_j - m), and `rest` the sum of all e_j but that of ONE largest logit
# (whose e is exactly 1; ties stay in the sum):
#
#     loss         = (m - x_t) + log1p(rest)                t the target
#     p_j          = e_j / (1 + rest)
#     1 - p_j      = ((1 - e_j) + rest) / (1 + rest)        all terms >= 0: nothing cancels
#     gradient_j   = p_j,  at the target  p_t - 1 = -((1 - e_t) + rest) / (1 + rest)
#     Hessian_j    = p_j (1 - p_j)
#
# A model that is right keeps all its digits: logsumexp(x) - x_t and p_t - 1 would lose them. Infinite logits fall out of
# the same lines, because e is 1 by comparison where x = m; `rest` is made NaN where no probability exists.
#
# A target of probabilities y (soft targets, smoothed labels, class weights w: y_c := w_c y_c), Y the sum of y:
#
#     loss         = sum_c y_c (m - x_c)  +  Y log1p(rest)                      all terms >= 0
#     gradient_c   = Y p_c - y_c,  at a logit with p_c > 1/2  (Y - y_c) - Y rest / (1 + rest)
#     Hessian_c    = Y p_c (1 - p_c)
#
# A z-loss adds  Y z L^2,  L = log(sum e^x) = m + log1p(rest).  With `pull` = 2 z L,  p in the gradient becomes
# (1 + pull) p,  and the Hessian  Y ((1 + pull) p (1 - p) + 2 z p^2).
#
# A temperature T: of x / T, whose exponentials are made of x - m over T; the gradient is over T, the Hessian over T^2.
#
# The target of a label that is smoothed by s has s / C everywhere but at the label: Y is 1, and one sum of the m - x_c
# is all that it adds.
#
# Up to FEW classes (of floats twice as many) a tile of rows is transposed so that rows lie in the lanes; with more, classes do. Which of the two
# runs, and the order in which a row is added up, depends on the number of classes alone.

cdef extern from "blocks/blocks.h" nogil:
    float fl_fmaf(float, float, float) noexcept
    enum: FL_FUSED
    double fl_block_exp_sum_over_f32(const float*, float, double, double, float*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept
    double fl_block_exp_sum_over_f64(const double*, double, double, double, double*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept
    void fl_lanes_exp_over_f32(const float*, const float*, double, double, float*, float*, float*) noexcept
    void fl_lanes_exp_over_f64(const double*, const double*, double, double, double*, double*, double*) noexcept
    double fl_block_shares_f32(const float*, Py_ssize_t, int*) noexcept
    double fl_block_shares_f64(const double*, Py_ssize_t, int*) noexcept
    double fl_block_distance_f32(const float*, const float*, float, Py_ssize_t, double*) noexcept
    double fl_block_distance_f64(const double*, const double*, double, Py_ssize_t, double*) noexcept
    Py_ssize_t fl_block_find_f32(const float*, float, Py_ssize_t) noexcept
    Py_ssize_t fl_block_find_f64(const double*, double, Py_ssize_t) noexcept

cdef enum:
    TILE_ROWS = 64               # rows of a tile, at most (a double tile has 32)
    TILES = 8                    # tiles of a block
    WIDE_ROWS = 16               # rows of a block of wide rows, at most
    WIDE_ELEMENTS = 1 << 16      # elements of such a block, or one row: a few huge rows are work for several threads
    CHUNK = 4096                 # classes of a row whose exponentials are one block
    INSPECTED_ROWS = 512         # rows with labels that are inspected at once
    CLASS_GROUP = 8              # classes of a tile that are added up before the sum is continued more precisely

cdef enum Task:
    CROSS_ENTROPY
    SOFTMAX
    LOG_SOFTMAX
    LOGSUMEXP

cdef struct RowsCall:
    int task
    int want                     # VALUE | GRADIENT | HESSIAN
    Py_ssize_t rows, classes
    double scale                 # of gradient and Hessian: 1, or 1 / denominator
    double scale_tail            # what rounding took off it
    double value_factor          # of the values that are stored
    fl_exact* weight_sum         # where that of the weights is left; NULL: nobody asks
    int* refused                 # set where a block has a target outside its domain; NULL: all were looked at before
    bint dense                   # the target is a probability for each class, given or made from labels
    bint given_dense             # y_true holds probabilities
    bint divergence              # whose entropy is taken off the loss; their sum is no weight
    double smoothing
    double z_loss                # factor of log(sum e^x)^2
    double temperature           # by which the logits are divided
    double inverse, inverse_tail  # 1 / temperature
    double softcap               # NaN: none
    bint graded                  # a loss of the true class's probability: see rows/exactly.pxi
    double slope                 # its slope is at most that
    const double* class_weight   # NULL: all 1
    bint ignoring
    long long ignored
    bint wary                    # some rows may be extreme: see rows/extremes.pxi
    bint always                  # all are
    double headroom              # log2 of what a row's target is multiplied by
    double least_target          # a smaller one makes a row extreme
    const void* own              # the RowLossCall that the sweep is a part of; NULL: plain cross-entropy
    int team                     # threads that share each wide row, where there are fewer rows than threads
    fl_share* shares             # a place for each of them
    Curvature curvature          # what is made of the Hessian
    Operand logits, y_true, weight, where, value, gradient, hessian


cdef inline bint in_lanes(const real* tag, Py_ssize_t classes) noexcept nogil:
    """Whether rows of so many classes lie in the lanes. Measured on Sapphire Rapids, time of wide rows = 1: floats of 65 classes
    0.55, 100 0.74, 128 0.96, 160 1.2; doubles of 65 1.03, 100 1.2."""
    return classes <= (2 * FEW if sizeof(real) == 4 else FEW)


cdef inline Py_ssize_t rows_per_block(const real* tag, Py_ssize_t classes) noexcept nogil:
    if in_lanes(tag, classes):
        return TILES * lanes_of(tag)
    return max(<Py_ssize_t>1, min(<Py_ssize_t>WIDE_ROWS, WIDE_ELEMENTS // classes))


cdef inline Py_ssize_t rows_at_once(const real* tag, Py_ssize_t classes) noexcept nogil:
    return lanes_of(tag) if in_lanes(tag, classes) else WIDE_ROWS


cdef inline Py_ssize_t rows_inspected_at_once(const real* tag, const RowsCall* call) noexcept nogil:
    return rows_at_once(tag, call.classes) if call.given_dense else INSPECTED_ROWS


cdef bint load_labels(const RowsCall* call, Py_ssize_t first, Py_ssize_t count, int64_t* labels) noexcept nogil:
    """Read the labels of a block; whether one of them is no class (then marked by a negative number)."""
    cdef char raw[INSPECTED_ROWS * 8]
    cdef const char* source = raw
    if adjoining(&call.y_true) and not call.y_true.swapped:
        source = call.y_true.data + first * call.y_true.itemsize
    else:
        copy_samples(&call.y_true, 0, first, count, raw, False)
    return fl_labels(call.y_true.dtype, source, labels, count, call.classes, call.ignoring, call.ignored)


cdef inline void set_temperature(RowsCall* call, double temperature) noexcept nogil:
    call.temperature, call.inverse = temperature, 1 / temperature
    call.inverse_tail = fl_fma(-call.inverse, temperature, 1) / temperature if FL_FUSED else 0


cdef inline void set_bare_rows(RowsCall* call, int want, Py_ssize_t rows, Py_ssize_t classes) noexcept nogil:
    """Describe cross-entropy of labels without weights, masks or options."""
    call.task, call.want, call.rows, call.classes = CROSS_ENTROPY, want, rows, classes
    call.dense = call.given_dense = call.divergence = call.ignoring = False
    call.own, call.softcap, call.graded, call.slope = NULL, NAN, False, 1
    call.smoothing = call.z_loss = 0
    set_temperature(call, 1)
    call.value_factor = 1
    call.class_weight = NULL
    call.weight_sum, call.refused = NULL, NULL
    call.wary = call.curvature.asked = False
    call.weight.data = call.where.data = call.value.data = NULL


cdef inline bint divided(const RowsCall* call) noexcept nogil:
    """Whether the exponentials are those of the distances of the logits, or of something else."""
    return call.temperature != 1 or in_double(call)


cdef inline bint smoothed_labels(const RowsCall* call) noexcept nogil:
    """Whether the target of a row is one number for each class but the label's."""
    return call.dense and not call.given_dense and call.class_weight == NULL


cdef inline bint labels_alone(const RowsCall* call) noexcept nogil:
    """Whether the labels, checked before, are compared with classes and nothing else: no place is looked up by them."""
    return (call.task == CROSS_ENTROPY and not call.given_dense and not call.ignoring and call.class_weight == NULL
            and adjoining(&call.y_true) and not call.y_true.swapped and aligned(call.y_true.data, call.y_true.itemsize)
            and (call.y_true.dtype == INT64 or call.y_true.dtype == INT32))


cdef inline real product_of_weights(real of_sample, double of_class) noexcept nogil:
    """NaN, which the inspection finds, where the product is no weight of the type: infinite, or, where neither is 0, so small
    that it has lost digits."""
    cdef real product = <real>(of_sample * of_class)
    cdef real least = <real>(1.1754943508222875e-38 if sizeof(real) == 4 else 2.2250738585072014e-308)
    return where_(((product < least) & (of_sample != 0) & (of_class != 0)) | (product == INFINITY), <real>NAN, product)


cdef inline void weigh_labels(const RowsCall* call, Py_ssize_t count, bint outside, int64_t* labels, real* weight) noexcept nogil:
    """Weight 0 where a label is ignored, else times the class weight."""
    cdef Py_ssize_t i
    if outside:
        for i in range(count):   # ignored; or overwritten by another thread since it was checked
            weight[i] = <real>0 if labels[i] < 0 else weight[i]
            labels[i] = 0 if labels[i] < 0 else labels[i]
    if call.class_weight != NULL and not call.dense:
        for i in range(count):
            weight[i] = product_of_weights(weight[i], call.class_weight[labels[i]])


cdef inline void leave_out(const real* weight, Py_ssize_t classes, real* numbers) noexcept nogil:
    """Clear the rows of a tile that have no weight."""
    cdef Py_ssize_t lanes = lanes_of(weight), c, i
    for c in range(classes):
        for i in range(lanes):
            numbers[c * lanes + i] = where_(weight[i] == 0, <real>0, numbers[c * lanes + i])


cdef inline void copy_weights(const real* w, Py_ssize_t count, real* weight) noexcept nogil:
    """All 1 where there are none (NULL). Two loops: of one, gcc makes masked loads, and where their address is NULL each costs
    a Zen 5 a hundred cycles."""
    cdef Py_ssize_t i
    if w == NULL:
        for i in range(count):
            weight[i] = 1
    else:
        memcpy(weight, w, count * sizeof(real))


cdef void load_rows(const real* tag, const RowsCall* call, Py_ssize_t first, Py_ssize_t count,
                    int64_t* labels, real* weight) noexcept nogil:
    """Labels (unless NULL) and weights of a block of rows: sample weight x class weight of the label, 0 where masked or
    ignored."""
    cdef real buffer[TILE_ROWS]
    cdef const real* w = load_weights(&call.weight, &call.where, first, count, buffer)
    cdef Py_ssize_t i
    copy_weights(w, count, weight)
    if call.task == CROSS_ENTROPY and not call.given_dense and labels != NULL:
        weigh_labels(call, count, load_labels(call, first, count, labels), labels, weight)


cdef inline void store_values(const RowsCall* call, Py_ssize_t first, Py_ssize_t n, real* value, const real* weight) noexcept nogil:
    weigh(value, weight, n)
    multiply(value, call.value_factor, n)
    store(&call.value, 0, first, n, value)


cdef inline double finished_values(const RowsCall* call, Py_ssize_t first, Py_ssize_t n, real* value, real* weight) noexcept nogil:
    """Weigh the values of a block of rows; their sum, or 0 where they are stored or not wanted."""
    if not call.want & VALUE:
        return 0
    if call.value.data != NULL:
        store_values(call, first, n, value, weight)
        return 0
    return sum_of(value, weight, n)


cdef inline real target_weight(const real* tag, const RowsCall* call, Py_ssize_t c, real y) noexcept nogil:
    """The weight of class c in the loss: class weight x smoothed probability."""
    cdef double smoothed = y
    if call.smoothing != 0:
        smoothed = smoothed * (1 - call.smoothing) + call.smoothing / call.classes
    if call.class_weight != NULL:
        smoothed *= call.class_weight[c]
    return <real>smoothed


cdef inline real finite_difference(real m, real x) noexcept nogil:
    """m - x, 0 where they are equal (infinities too)."""
    return where_(x == m, <real>0, m - x)


cdef inline real weighted_difference(real y, real m, real x) noexcept nogil:
    """y (m - x), also where the difference alone is too large for a float; 0 where y is, whatever x."""
    cdef real difference = finite_difference(m, x)
    cdef real product = where_(difference == INFINITY, (y * (<real>0.5 * m - <real>0.5 * x)) * 2, y * difference)
    return where_(y == 0, <real>0, product)


cdef inline real product_less(real a, real b, real c) noexcept nogil:
    """a b - c, rounded once where there is an FMA."""
    if real is float:
        return fl_fmaf(a, b, -c)
    else:
        return fl_fma(a, b, -c)


cdef inline real complement(real e, real rest, real whole) noexcept nogil:
    """(1 - e) + rest, with whole = 1 + rest: `rest` contains every e < 1, so that the difference has nothing to lose."""
    return where_(e == 1, rest, whole - e)


cdef inline void add_exactly(real term, real* total, real* tail) noexcept nogil:
    """total + tail + term, what rounding takes off the total added to the tail (Knuth's TwoSum)."""
    cdef real before = total[0]
    cdef real after = before + term
    cdef real added = after - before
    tail[0] += (before - (after - added)) + (term - added)
    total[0] = after


cdef inline double tiny_rest(const real* tag) noexcept nogil:
    """A sum of exponentials below which some of them may be subnormal (a loss next to underflow): it is then made anew."""
    return 8.077935669463161e-28 if sizeof(real) == 4 else 1.0261342003245941e-289


cdef inline double tiny_sum(const real* x, real m, Py_ssize_t classes) noexcept nogil:
    if real is float:
        return fl_block_tiny_sum_f32(x, m, classes)
    else:
        return fl_block_tiny_sum_f64(x, m, classes)


cdef inline real row_factor(real weight, const RowsCall* call, real rest, real tail) noexcept nogil:
    """weight x scale / (1 + rest), what every e_j of a row is multiplied by: rounded once, but for a temperature."""
    if real is float:
        return <float>(weight * call.scale * call.inverse / (1 + <double>rest))
    else:
        return fl_ratio(weight, call.scale, call.scale_tail, rest, tail) * call.inverse


cdef inline real probability_factor(real rest, real tail) noexcept nogil:
    """1 / (1 + rest)."""
    if real is float:
        return <float>(1 / (1 + <double>rest))
    else:
        return fl_ratio(1, 1, 0, rest, tail)


cdef inline double hessian_factor(real weight, const RowsCall* call, double total, real rest, real tail) noexcept nogil:
    """weight x scale x total / (1 + rest)^2, what e ((1 - e) + rest) is multiplied by."""
    if real is float:
        return weight * call.scale * (call.inverse * call.inverse) * total / ((1 + <double>rest) * (1 + <double>rest))
    else:
        return fl_ratio(1, fl_ratio(weight, call.scale, call.scale_tail, rest, tail), 0, rest, tail) * (call.inverse * call.inverse) * total


cdef inline void transpose(const real* source, Py_ssize_t source_stride, real* target, Py_ssize_t target_stride,
                           Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    if real is float:
        fl_transpose_f32(source, source_stride, target, target_stride, rows, columns)
    else:
        fl_transpose_f64(source, source_stride, target, target_stride, rows, columns)


cdef inline bint staged(const real* tag, const Operand* operand, Py_ssize_t classes) noexcept nogil:
    """Whether the rows of a block go through a stage: a copy of the block with each class contiguous.

    A class axis that is not the last puts the classes of a row far apart, often at one distance modulo the size of a cache
    way: pieces of one tile (256 bytes) would push each other out. Pieces of a block are 2 KiB. Measured for images of
    21 classes: 1.9 x the time of the best layout tile by tile.
    """
    return operand.data != NULL and not rows_in_place(tag, operand) and not one_run(operand, classes)


cdef inline real* stage_of(const real* tag, const Operand* operand, Py_ssize_t classes, real* stage) noexcept nogil:
    return stage if staged(tag, operand, classes) else NULL


cdef void load_stage(const Operand* operand, Py_ssize_t first, Py_ssize_t count, Py_ssize_t classes, real* stage) noexcept nogil:
    """stage[c][row]"""
    cdef Py_ssize_t size = TILES * lanes_of(stage), c
    cdef const real* source
    for c in range(classes):
        source = load(operand, c * operand.class_stride, first, count, stage + c * size)
        if source != stage + c * size:
            memcpy(stage + c * size, source, count * sizeof(real))


cdef enum:
    STORED_AHEAD = 3             # classes
    ASKED_EARLY = 16             # classes, at most, of which a place of a cache that images of 2^n pixels share has all


cdef inline bint runs(const Operand* operand) noexcept nogil:
    return operand.dimensions > 0 and operand.strides[operand.dimensions - 1] == operand.itemsize


cdef void store_stage(const Operand* operand, Py_ssize_t first, Py_ssize_t count, Py_ssize_t classes, const real* stage) noexcept nogil:
    """Store a block. Of many classes each is asked for while the third before it is stored: what `fetch_planes` asks for is gone then.

    Cross-entropy of 8 x 21 x 256 x 256 went from 10.7 to 9.0 ms, of 1 x 100 x 300 x 300 from 8.4 to 7.1 ms; softmax of
    8 x 4 x 512 x 512 would take 7.0, not 5.8.
    """
    cdef Py_ssize_t size = TILES * lanes_of(stage), c
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef fl_ahead ahead
    memset(&ahead, 0, sizeof(ahead))
    if classes > ASKED_EARLY and runs(operand):
        ahead.size[FL_WRITE] = operand.itemsize
        ahead.place[FL_WRITE] = operand.data + sample_offset(operand, first, index)
    for c in range(classes + STORED_AHEAD):
        if c < classes and ahead.place[FL_WRITE] != NULL:
            fl_fetch(&ahead, 0, count)
            ahead.place[FL_WRITE] += operand.class_stride
        if c >= STORED_AHEAD:
            store(operand, (c - STORED_AHEAD) * operand.class_stride, first, count, stage + (c - STORED_AHEAD) * size)


cdef void load_tile(const Operand* operand, Py_ssize_t first, Py_ssize_t count, Py_ssize_t classes,
                    const real* stage, real* tile, real* spare) noexcept nogil:
    """tile[c][row], from the stage if there is one; rows beyond `count` are 0."""
    cdef Py_ssize_t lanes = lanes_of(tile), c, row, row_stride
    cdef const real* source
    if stage != NULL:
        for c in range(classes):
            memcpy(tile + c * lanes, stage + c * TILES * lanes, count * sizeof(real))
    elif rows_in_place(tile, operand):
        row_stride = operand.strides[0] if operand.dimensions else 0
        transpose(<const real*>(operand.data + first * row_stride), row_stride // <Py_ssize_t>sizeof(real), tile, lanes, count, classes)
    elif one_run(operand, classes):
        widen(tile, operand.dtype, operand.data + first * classes * operand.itemsize, spare, count * classes)
        transpose(<const real*>spare, classes, tile, lanes, count, classes)
    else:
        for c in range(classes):
            source = load(operand, c * operand.class_stride, first, count, tile + c * lanes)
            if source != tile + c * lanes:
                memcpy(tile + c * lanes, source, count * sizeof(real))
    if count < lanes:
        for c in range(classes):
            for row in range(count, lanes):
                tile[c * lanes + row] = 0


cdef void store_tile(const Operand* operand, Py_ssize_t first, Py_ssize_t count, Py_ssize_t classes,
                     real* stage, const real* tile, real* spare) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(tile), c, row_stride
    if stage != NULL:
        for c in range(classes):
            memcpy(stage + c * TILES * lanes, tile + c * lanes, count * sizeof(real))
    elif rows_in_place(tile, operand):
        row_stride = operand.strides[0] if operand.dimensions else 0
        transpose(tile, lanes, <real*>(operand.data + first * row_stride), row_stride // <Py_ssize_t>sizeof(real), classes, count)
    elif one_run(operand, classes):
        transpose(tile, lanes, spare, classes, classes, count)
        narrow(tile, operand.dtype, <const real*>spare, operand.data + first * classes * operand.itemsize, count * classes)
    else:
        for c in range(classes):
            store(operand, c * operand.class_stride, first, count, tile + c * lanes)


cdef inline void load_dense_tile(const RowsCall* call, Py_ssize_t first, Py_ssize_t n, const int64_t* labels,
                                 real* y, real* spare) noexcept nogil:
    """The target of each row of a tile, from probabilities or from labels."""
    cdef Py_ssize_t lanes = lanes_of(y), classes = call.classes, c, i
    if call.given_dense:
        load_tile(&call.y_true, first, n, classes, <const real*>NULL, y, spare)
    else:
        for c in range(classes):
            for i in range(n):
                y[c * lanes + i] = labels[i] == c
            for i in range(n, lanes):
                y[c * lanes + i] = 0


cdef inline void weigh_dense_tile(const RowsCall* call, real* y) noexcept nogil:
    """Label smoothing and class weights."""
    cdef Py_ssize_t lanes = lanes_of(y), c, i
    if call.smoothing != 0 or call.class_weight != NULL:
        for c in range(call.classes):
            for i in range(lanes):
                y[c * lanes + i] = target_weight(y, call, c, y[c * lanes + i])


# What is computed apart of the extreme rows of a tile (rows/extremes.pxi), behind the four tiles of `few_tile`.
cdef struct Mended:
    void* gradient               # tiles
    void* hessian
    double* scratch
    double value[TILE_ROWS]


cdef inline Mended mended_tiles(real* tiles, const RowsCall* call) noexcept nogil:
    cdef Mended mended
    cdef Py_ssize_t size = lanes_of(tiles) * call.classes
    mended.gradient, mended.hessian = tiles + 4 * size, tiles + 5 * size
    mended.scratch = <double*>(tiles + 6 * size + capped_scratch(call, size))
    return mended


cdef inline Py_ssize_t few_scratch(const real* tag, const RowsCall* call) noexcept nogil:
    """Numbers of scratch of `few_tile`."""
    cdef Py_ssize_t size = lanes_of(tag) * call.classes
    if not call.wary:
        return 4 * size
    return 6 * size + capped_scratch(call, size) + mending_scratch(call.classes) * <Py_ssize_t>(sizeof(double) // sizeof(real))


cdef void take_lanes(Py_ssize_t n, Py_ssize_t classes, const bint* taken, const real* results, real* tile) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(tile), c, i
    for i in range(n):
        if taken[i]:
            for c in range(classes):
                tile[c * lanes + i] = results[c * lanes + i]


cdef void take_values(Py_ssize_t n, const bint* taken, const double* results, real* value, real* weight) noexcept nogil:
    """They are weighted."""
    cdef Py_ssize_t i
    for i in range(n):
        if taken[i]:
            value[i], weight[i] = <real>results[i], 1


cdef inline void lanes_exp(const real* x, const real* m, const RowsCall* call, real* e, real* total, real* ties) noexcept nogil:
    if call.temperature != 1:
        if real is float:
            fl_lanes_exp_over_f32(x, m, call.inverse, call.inverse_tail, e, total, ties)
        else:
            fl_lanes_exp_over_f64(x, m, call.inverse, call.inverse_tail, e, total, ties)
    elif real is float:
        fl_lanes_exp_f32(x, m, e, total, ties)
    else:
        fl_lanes_exp_f64(x, m, e, total, ties)


cdef inline void tile_largest(const real* x, Py_ssize_t classes, real* m) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(x), c, i
    for i in range(lanes):
        m[i] = -INFINITY
    for c in range(classes):
        if real is float:
            fl_lanes_max_f32(x + c * lanes, m)
        else:
            fl_lanes_max_f64(x + c * lanes, m)


cdef void tile_sums(const real* x, const RowsCall* call, real* e, real* m, real* rest, real* tail, real* ties) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(x), classes = call.classes, c, group, i
    cdef real part[TILE_ROWS]
    cdef real row[2 * FEW]
    cdef bint tiny = False
    for i in range(lanes):
        rest[i] = 0
        tail[i] = 0
        ties[i] = 0
    tile_largest(x, classes, m)
    for group in range((classes + CLASS_GROUP - 1) // CLASS_GROUP):
        for i in range(lanes):
            part[i] = 0
        for c in range(group * CLASS_GROUP, min((group + 1) * CLASS_GROUP, classes)):
            lanes_exp(x + c * lanes, m, call, e + c * lanes, part, ties)
        for i in range(lanes):
            add_exactly(part[i], &rest[i], &tail[i])
    for i in range(lanes):
        add_exactly(ties[i] - 1, &rest[i], &tail[i])
        part[i] = rest[i]
        rest[i] += tail[i]
        tail[i] += part[i] - rest[i]
        tiny |= rest[i] < tiny_rest(x)
    if tiny and classes > 1 and call.temperature == 1:
        for i in range(lanes):
            if rest[i] < tiny_rest(x):
                for c in range(classes):
                    row[c] = x[c * lanes + i]
                rest[i] = <real>tiny_sum(row, m[i], classes)
                tail[i] = 0


cdef inline real checked_rest(real m, real rest, real ties) noexcept nogil:
    """`rest`, but NaN for a row of no probabilities: two infinite logits, or -infinity alone."""
    return where_((m == -INFINITY) | ((m == INFINITY) & (ties > 1)), <real>NAN, rest)


cdef inline void load_lane_labels(const RowsCall* call, Py_ssize_t first, Py_ssize_t n, const int64_t* labels,
                                  real* label) noexcept nogil:
    """The label of each row as a number of the lanes' own type, so that lanes are compared with it; beyond the last row 0.

    All that few classes need are 32 bits: AVX2 converts no longer integers.
    """
    cdef Py_ssize_t i
    if not labels_alone(call):
        for i in range(n):
            label[i] = <real><int32_t>labels[i]
    elif call.y_true.dtype == INT64:
        for i in range(n):
            label[i] = <real><int32_t>(<const int64_t*>call.y_true.data)[first + i]
    else:
        for i in range(n):
            label[i] = <real>(<const int32_t*>call.y_true.data)[first + i]
    for i in range(n, lanes_of(label)):
        label[i] = 0


cdef inline void at_label(const real* x, const real* label, Py_ssize_t classes, real* chosen) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(x), c, i
    for i in range(lanes):
        chosen[i] = 0
    for c in range(classes):
        for i in range(lanes):
            chosen[i] = where_(label[i] == c, x[c * lanes + i], chosen[i])


cdef inline bint all_finite(const double* numbers, Py_ssize_t n) noexcept nogil:
    cdef double sum_ = 0
    cdef Py_ssize_t i
    for i in range(n):
        sum_ += 0 * numbers[i]
    return sum_ == 0


cdef inline void add_target(real y, double* total, double* lost) noexcept nogil:
    """Add what a class has of the target. Floats add up without rounding in a double."""
    if real is double:
        add_exactly(y, total, lost)
    else:
        total[0] += y


cdef void tile_distances(const real* x, const real* y, const real* m, Py_ssize_t classes, bint carefully,
                         double* distance, double* total) noexcept nogil:
    """The sum of y (m - x) of each row, and that of y. Where y is NULL it is 1, and nobody asks for its sum. Not `carefully`
    the distance is not finite where one of the differences is none, be y 0 or not. The total is exact, of doubles but for one
    rounding: of a target next to 1 the gradient is what it lacks."""
    cdef Py_ssize_t lanes = lanes_of(x), quads = classes // 4 if y == NULL else 0, c, i
    cdef const real* of_four
    cdef double lost[TILE_ROWS]
    for i in range(lanes):
        distance[i] = total[i] = lost[i] = 0
    for c in range(quads):       # none is below 0, so nothing cancels before they are doubles
        of_four = x + 4 * c * lanes
        for i in range(lanes):
            distance[i] += (((m[i] - of_four[i]) + (m[i] - of_four[lanes + i]))
                            + ((m[i] - of_four[2 * lanes + i]) + (m[i] - of_four[3 * lanes + i])))
    for c in range(4 * quads, classes):
        if y == NULL:
            for i in range(lanes):
                distance[i] += m[i] - x[c * lanes + i]
        elif carefully:
            for i in range(lanes):
                distance[i] += weighted_difference(y[c * lanes + i], m[i], x[c * lanes + i])
                add_target(y[c * lanes + i], &total[i], &lost[i])
        else:
            for i in range(lanes):
                distance[i] += y[c * lanes + i] * (m[i] - x[c * lanes + i])
                add_target(y[c * lanes + i], &total[i], &lost[i])
    if real is double and y != NULL:
        for i in range(lanes):
            total[i] += lost[i]


cdef void tile_distances_of_all(const RowsCall* call, const real* x, const real* y, const real* m,
                                double* distance, double* total) noexcept nogil:
    """The same, also of rows with infinite numbers."""
    cdef double careful_distance[TILE_ROWS]
    cdef double careful_total[TILE_ROWS]
    cdef Py_ssize_t lanes = lanes_of(x), i
    tile_distances(x, y, m, call.classes, False, distance, total)
    if all_finite(distance, lanes):
        return
    tile_distances(x, y, m, call.classes, True, careful_distance, careful_total)
    for i in range(lanes):
        if not finite(distance[i]):
            distance[i], total[i] = careful_distance[i], careful_total[i]


cdef void take_off_entropies(const real* y, Py_ssize_t classes, double* distance) noexcept nogil:
    """Add y log y, summed over the classes of each row."""
    cdef Py_ssize_t lanes = lanes_of(y), c, i
    for c in range(classes):
        for i in range(lanes):
            distance[i] += where_(y[c * lanes + i] == 0, <real>0, y[c * lanes + i] * log_(y[c * lanes + i]))


cdef double minus_entropy(const real* y, Py_ssize_t classes) noexcept nogil:
    """The same sum of one row."""
    cdef real term[SAMPLES]
    cdef Py_ssize_t chunk, start, c, n
    cdef double total = 0
    for chunk in range((classes + SAMPLES - 1) // SAMPLES):
        start = chunk * SAMPLES
        n = min(<Py_ssize_t>SAMPLES, classes - start)
        for c in range(n):
            term[c] = where_(y[start + c] == 0, <real>0, y[start + c] * log_(y[start + c]))
        total += sum_of(term, <const real*>NULL, n)
    return total


cdef inline void divide(double* numbers, Py_ssize_t n, double divisor) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n if divisor != 1 else 0):
        numbers[i] /= divisor


cdef void smoothed_distances(const RowsCall* call, const real* x, const real* m, const real* label, real* y, real* spare,
                             double* distance) noexcept nogil:
    """The same of labels that are smoothed. `y`, `spare`: tiles, for rows with infinite numbers."""
    cdef Py_ssize_t lanes = lanes_of(x), classes = call.classes, i
    cdef double every = call.smoothing / classes, own = 1 - call.smoothing
    cdef double careful[TILE_ROWS]
    cdef double total[TILE_ROWS]
    cdef real target[TILE_ROWS]
    cdef int64_t labels[TILE_ROWS]
    at_label(x, label, classes, target)
    tile_distances(x, <const real*>NULL, m, classes, False, distance, total)
    for i in range(lanes):
        distance[i] = every * distance[i] + own * (<double>m[i] - target[i])
    if all_finite(distance, lanes):
        return
    for i in range(lanes):
        labels[i] = <int64_t>label[i]
    load_dense_tile(call, 0, lanes, labels, y, spare)
    weigh_dense_tile(call, y)
    tile_distances(x, y, m, classes, True, careful, total)
    for i in range(lanes):
        if not finite(distance[i]):
            distance[i] = careful[i]


cdef void few_tile(real* tiles, const RowsCall* call, Py_ssize_t first, const real* logits_stage, real* gradient_stage,
                   real* hessian_stage, double* total) noexcept nogil:
    """One tile; its weighted values are added to `total`, lane by lane. `tiles`: few_scratch."""
    cdef Py_ssize_t lanes = lanes_of(tiles), classes = call.classes
    cdef Py_ssize_t n = min(lanes, call.rows - first), i, c, group
    cdef real* x = tiles
    cdef real* e = tiles + lanes * classes
    cdef real* y = tiles + 2 * lanes * classes
    cdef real* spare = tiles + 3 * lanes * classes
    cdef real m[TILE_ROWS]
    cdef real rest[TILE_ROWS]
    cdef real tail[TILE_ROWS]
    cdef real ties[TILE_ROWS]
    cdef real part[TILE_ROWS]
    cdef real log_sum[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real factor[TILE_ROWS]
    cdef real inverse[TILE_ROWS]
    cdef real whole[TILE_ROWS]
    cdef double exact_factor[TILE_ROWS]
    cdef double total_exactly[TILE_ROWS]
    cdef double distance[TILE_ROWS]
    cdef real target[TILE_ROWS]
    cdef real share[TILE_ROWS]
    cdef real taken[TILE_ROWS]
    cdef real mark[TILE_ROWS]
    cdef real pull[TILE_ROWS]
    cdef real boost[TILE_ROWS]   # 1 + pull
    cdef real reach[TILE_ROWS]   # weight times at most that
    cdef real label[TILE_ROWS]
    cdef double level[TILE_ROWS]  # the largest logit as the exponential has it: capped, divided
    cdef int64_t labels[TILE_ROWS]
    cdef const real* z = x       # the logits, or what the cap makes of them; divided by
    cdef double unit = call.temperature
    cdef Capped capped
    cdef Graded graded
    cdef bint smoothed = smoothed_labels(call), dense = call.dense and not smoothed
    cdef bint gauss_newton = by_gauss_newton(&call.curvature)    # which leaves out the second derivative of what is squared
    cdef Mended mended = mended_tiles(tiles, call)
    cdef real* of_gradient = <real*>mended.gradient
    cdef real* of_hessian = <real*>mended.hessian
    cdef bint extreme[TILE_ROWS]
    cdef bint tiny[TILE_ROWS]    # next to underflow; at a temperature they are computed apart too
    cdef bint any_extreme = False
    cdef real g, top, y_total
    cdef double h, log_total, every = call.smoothing / classes, z_loss = call.z_loss

    load_rows(tiles, call, first, n, NULL if labels_alone(call) else labels, weight)
    load_tile(&call.logits, first, n, classes, logits_stage, x, spare)
    if real is float and in_double(call):
        capped = capped_arrays(call, tiles + 6 * lanes * classes, lanes * classes)
        sums_in_double(call, &capped, x, e, m, rest, tail, ties)
        if call.want & HESSIAN and has_cap(call):
            capped_tangents(call, &capped, x, lanes * classes)
        if capped.distance != NULL:
            z, unit = capped.distance, 1
    else:
        tile_sums(x, call, e, m, rest, tail, ties)
    for i in range(n, lanes):
        weight[i] = 0

    if call.task == LOGSUMEXP:
        for i in range(lanes):
            value[i] = m[i] + log1p_(rest[i])
        store(&call.value, 0, first, n, value)
        return
    for i in range(lanes):
        rest[i] = checked_rest(m[i], rest[i], ties[i])
    if (call.want & VALUE and not call.graded) or call.task == LOG_SOFTMAX or z_loss != 0:
        for i in range(lanes):
            log_sum[i] = log1p_(rest[i])
    if call.task == LOG_SOFTMAX:
        for c in range(classes):
            for i in range(lanes):
                e[c * lanes + i] = -(finite_difference(m[i], x[c * lanes + i]) + log_sum[i])
        store_tile(&call.gradient, first, n, classes, gradient_stage, e, spare)
        return
    if call.task == SOFTMAX:
        for i in range(lanes):
            inverse[i] = probability_factor(rest[i], tail[i])
        for c in range(classes):
            for i in range(lanes):
                e[c * lanes + i] *= inverse[i]
        store_tile(&call.gradient, first, n, classes, gradient_stage, e, spare)
        return

    for i in range(lanes):
        pull[i], boost[i], reach[i], tiny[i] = 0, 1, weight[i], False
    if z_loss != 0:
        for i in range(lanes):
            level[i] = level_of(tiles, call, m[i])
        for i in range(lanes):
            log_total = 2 * z_loss * (level[i] + <double>log_sum[i])
            pull[i] = <real>log_total
            boost[i] = <real>(1 + log_total)
            reach[i] = <real>(weight[i] * (1 + abs_(log_total)))
        for i in range(lanes):   # apart from numbers of another type, which would make it a loop of scalars
            reach[i] = where_(weight[i] == 0, <real>0, reach[i])
    if call.wary:
        if real is float and has_cap(call):
            any_extreme = find_capped_extremes(call, x, m, reach, n, extreme)
        else:
            any_extreme = find_extremes(call, x, classes, m, reach, n, extreme)
        for i in range(n if z_loss != 0 else 0):
            extreme[i] |= weight[i] != 0 and strong_z(call, m[i])
            any_extreme |= extreme[i]
        for i in range(n if divided(call) and classes > 1 else 0):
            tiny[i] = not extreme[i] and weight[i] != 0 and rest[i] < tiny_rest(x)
    if dense:
        load_dense_tile(call, first, n, labels, y, spare)
        if call.wary and call.given_dense:
            any_extreme = find_small_targets(call, y, classes, m, reach, n, extreme)
        weigh_dense_tile(call, y)
    for i in range(n if divided(call) else 0):
        tiny[i] &= not extreme[i]
        extreme[i] |= tiny[i]
        any_extreme |= extreme[i]
    if any_extreme and labels_alone(call):   # in these rows their logits are looked up
        weigh_labels(call, n, load_labels(call, first, n, labels), labels, weight)
    for i in range(n if any_extreme else 0):
        if extreme[i]:
            mended.value[i] = mended_row(x + i, lanes, m[i], tiny[i], call, first + i, labels[i], weight[i], of_gradient + i, of_hessian + i, lanes,
                                         mended.scratch)
    for i in range(lanes if z != x else 0):
        m[i] = 0
    if dense:
        tile_distances_of_all(call, z, y, m, distance, total_exactly)
        divide(distance, lanes, unit)
        if call.divergence and call.want & VALUE:
            take_off_entropies(y, classes, distance)
        if call.want & VALUE:
            for i in range(lanes if call.divergence else 0):     # a difference of terms of about one size
                value[i] = <real>(distance[i] + total_exactly[i] * log1p_(<double>rest[i] + <double>tail[i]))
            for i in range(0 if call.divergence else lanes):
                value[i] = <real>(distance[i] + total_exactly[i] * log_sum[i])
    else:
        load_lane_labels(call, first, n, labels, label)
        if real is float and call.graded:
            grade_tile(call, n, x, m, rest, tail, weight, label, &graded)
            round_values(graded.value, NULL, n, weight, value)
        elif call.want & VALUE and smoothed:
            smoothed_distances(call, z, m, label, y, spare, distance)
            divide(distance, lanes, unit)
            for i in range(lanes):
                value[i] = <real>(distance[i] + log_sum[i])
        elif call.want & VALUE:
            at_label(x, label, classes, target)
            if real is float and has_cap(call):
                for i in range(lanes):
                    value[i] = capped_apart(call, m[i], target[i]) + log_sum[i]
            elif unit == 1:
                for i in range(lanes):
                    value[i] = finite_difference(m[i], target[i]) + log_sum[i]
            else:
                for i in range(lanes):
                    value[i] = <real>(finite_difference(<double>m[i], <double>target[i]) / unit + log_sum[i])
    if call.want & VALUE and z_loss != 0:
        for i in range(lanes):
            log_total = level[i] + <double>log_sum[i]
            h = total_exactly[i] if dense else 1
            value[i] = <real>(value[i] + h * (z_loss * log_total * log_total))

    for i in range(lanes):
        whole[i] = 1 + rest[i]
    # The Hessian first, into the tile of logits, which are no longer needed; then the gradient over e.
    if call.want & HESSIAN:
        for i in range(lanes if not call.graded else 0):
            exact_factor[i] = hessian_factor(weight[i], call, total_exactly[i] if dense else 1, rest[i], tail[i])
        if real is float and call.graded:
            graded_curvature(&graded, e, rest, tail, weight, label, classes, x)
        for c in range(classes if not call.graded else 0):
            for i in range(lanes):
                h = complement(<double>e[c * lanes + i], <double>rest[i], 1 + <double>rest[i])
                h = h * (1 if gauss_newton else boost[i]) + 2 * z_loss * e[c * lanes + i]
                x[c * lanes + i] = where_(weight[i] == 0, <real>0, <real>(e[c * lanes + i] * h * exact_factor[i]))
    if call.want & GRADIENT:
        for i in range(lanes):   # e is that at a class of probability > 1/2, of which the digits of 1 - p are kept
            mark[i] = 1 if rest[i] < 1 else 2
        if dense:
            for i in range(lanes):
                h = 1 + (<double>rest[i] + <double>tail[i])
                factor[i] = <real>(weight[i] * call.scale * call.inverse)
                share[i] = <real>(total_exactly[i] * (1 + <double>pull[i]) / h)
                whole[i] = <real>total_exactly[i]
                taken[i] = <real>(total_exactly[i] * ((<double>rest[i] - pull[i]) / h) - (total_exactly[i] - whole[i]))
            for c in range(classes):
                for i in range(lanes):
                    g, y_total = e[c * lanes + i], y[c * lanes + i]
                    top = (whole[i] - y_total) - taken[i]
                    g = where_(g == mark[i], top, product_less(g, share[i], y_total)) * factor[i]
                    e[c * lanes + i] = where_(weight[i] == 0, <real>0, g)
        elif smoothed:           # (1 + pull) p - y, both times 1 + rest
            for i in range(lanes):
                h = 1 + <double>rest[i]
                factor[i] = row_factor(weight[i], call, rest[i], tail[i])
                share[i] = <real>(every * h)
                target[i] = <real>(((1 - call.smoothing) + every) * h)
                taken[i] = <real>((call.smoothing - every) * h - rest[i] + pull[i])
            for c in range(classes):
                for i in range(lanes):
                    g = e[c * lanes + i]
                    top = where_(g == mark[i], taken[i], product_less(g, boost[i], target[i]))
                    g = where_(label[i] == c, top, product_less(g, boost[i], share[i])) * factor[i]
                    e[c * lanes + i] = where_(weight[i] == 0, <real>0, g)
        elif real is float and call.graded:
            for c in range(classes):
                for i in range(lanes):
                    g = where_(label[i] == c, graded.own[i], e[c * lanes + i] * graded.each[i])
                    e[c * lanes + i] = where_(weight[i] == 0, <real>0, g)
        elif z_loss != 0:
            for i in range(lanes):
                factor[i] = row_factor(weight[i], call, rest[i], tail[i])
            for c in range(classes):
                for i in range(lanes):
                    g = e[c * lanes + i]
                    top = product_less(g, pull[i], complement(g, rest[i], whole[i]))
                    g = where_(label[i] == c, top, g * boost[i]) * factor[i]
                    e[c * lanes + i] = where_(weight[i] == 0, <real>0, g)
        else:
            for i in range(lanes):
                factor[i] = row_factor(weight[i], call, rest[i], tail[i])
            for c in range(classes):
                for i in range(lanes):
                    g = e[c * lanes + i]
                    g = where_(label[i] == c, -complement(g, rest[i], whole[i]), g) * factor[i]
                    e[c * lanes + i] = where_(weight[i] == 0, <real>0, g)
        if real is float and has_cap(call):
            chain_rule(call, &capped, lanes * classes, e, x if call.want & HESSIAN else NULL)
            leave_out(weight, classes, e)        # of a NaN the cap's slope is one
            if call.want & HESSIAN:
                leave_out(weight, classes, x)
        if any_extreme:
            take_lanes(n, classes, extreme, of_gradient, e)
        store_tile(&call.gradient, first, n, classes, gradient_stage, e, spare)
    if call.want & HESSIAN:
        if any_extreme:
            take_lanes(n, classes, extreme, of_hessian, x)
        for c in range(classes):
            shape_hessian(&call.curvature, weight, x + c * lanes, lanes)
        store_tile(&call.hessian, first, n, classes, hessian_stage, x, spare)
    if not call.want & VALUE:
        return
    if any_extreme:
        take_values(n, extreme, mended.value, value, weight)
    if call.value.data != NULL:
        store_values(call, first, n, value, weight)
        return
    for i in range(lanes):   # beyond the last row the weight is 0
        h = <double>value[i] * <double>weight[i]
        total[i] += where_(weight[i] == 0, <double>0, h)


cdef inline void fetch_planes(const RowsCall* call, Py_ssize_t first, Py_ssize_t n) noexcept nogil:
    """Ask for n rows of the next block, class by class, where a class is a run in logits and gradient."""
    cdef const Operand* logits = &call.logits
    cdef const Operand* gradient = &call.gradient
    cdef bint writing = call.want & GRADIENT and gradient.data != logits.data and call.classes <= ASKED_EARLY
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef fl_ahead ahead
    cdef Py_ssize_t c
    if first >= call.rows or not runs(logits) or (writing and not runs(gradient)):
        return
    memset(&ahead, 0, sizeof(ahead))
    ahead.size[FL_READ], ahead.size[FL_WRITE] = logits.itemsize, gradient.itemsize if writing else 0
    ahead.place[FL_READ] = logits.data + sample_offset(logits, first, index)
    if writing:
        ahead.place[FL_WRITE] = gradient.data + sample_offset(gradient, first, index)
    for c in range(call.classes):
        fl_fetch(&ahead, 0, n)
        ahead.place[FL_READ] += logits.class_stride
        if writing:
            ahead.place[FL_WRITE] += gradient.class_stride


cdef double few_block(const real* tag, const RowsCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    cdef Py_ssize_t lanes = lanes_of(tag), size = TILES * lanes, first = block * size, classes = call.classes
    cdef Py_ssize_t n = min(size, call.rows - first), tile, at
    cdef real* stages = scratch + few_scratch(tag, call)
    cdef real* logits = stage_of(tag, &call.logits, classes, stages)
    cdef real* gradient = NULL
    cdef real* hessian = NULL
    cdef double total[TILE_ROWS]
    for at in range(lanes):
        total[at] = 0
    if call.want & GRADIENT:
        gradient = stage_of(tag, &call.gradient, classes, stages + size * classes)
    if call.want & HESSIAN:
        hessian = stage_of(tag, &call.hessian, classes, stages + 2 * size * classes)
    if logits != NULL:
        load_stage(&call.logits, first, n, classes, logits)
    for tile in range((n + lanes - 1) // lanes):
        at = tile * lanes
        if logits != NULL:
            fetch_planes(call, first + size + at, lanes)
        few_tile(scratch, call, first + at, logits + at if logits != NULL else logits,
                 gradient + at if gradient != NULL else gradient, hessian + at if hessian != NULL else hessian, total)
    if gradient != NULL:
        store_stage(&call.gradient, first, n, classes, gradient)
    if hessian != NULL:
        store_stage(&call.hessian, first, n, classes, hessian)
    return fl_block_sum_f64(total, lanes)


cdef double rows_block(const real* tag, const RowsCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    cdef Py_ssize_t size = rows_per_block(tag, call.classes), first = block * size
    if call.refused != NULL and refuses(call, first, min(size, call.rows - first), scratch):
        return NAN
    if in_lanes(tag, call.classes):
        return few_block(tag, call, block, scratch)
    return wide_block(tag, call, block, scratch)

cdef double rows_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return rows_block(<const float*>NULL, <const RowsCall*>call, block, <float*>scratch)

cdef double rows_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return rows_block(<const double*>NULL, <const RowsCall*>call, block, <double*>scratch)

cdef double rows_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return rows_inspected(<const float*>NULL, <const RowsCall*>call, block, <char*>scratch)

cdef double rows_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return rows_inspected(<const double*>NULL, <const RowsCall*>call, block, <char*>scratch)
