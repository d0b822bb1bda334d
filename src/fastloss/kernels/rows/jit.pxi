# Rows of classes whose loss is compiled at run time (fastloss.jit): loading, weights and storing are those of softmax.pxi,
# what is computed between them is a function at some address.

# One row: logits, its target as probabilities or as a label, the factor of gradient and Hessian. Returns 0, or the place of
# what went wrong in JIT_FAILURES; then it may have written none of its results.
ctypedef int64_t (*jit_row)(const void* logits, const void* y_true, int64_t label, double factor, const double* parameters,
                            double* value, void* gradient, void* hessian, Py_ssize_t classes) noexcept nogil

JIT_FAILURES = (
    "",
    "cannot be computed: an index outside of an array, arrays of different lengths, or a function that raises",
    "must return a gradient of one element for each of the logits",
    "must return a Hessian of one element for each of the logits",
)

cdef extern from *:
    """
    static inline void fl_note_failure(int* place, int failure) { __atomic_store_n(place, failure, __ATOMIC_RELAXED); }
    """
    void fl_note_failure(int* place, int failure) noexcept nogil

# A tile of rows in the lanes, as few_block has them; `labels` are numbers of the lanes' own type. The factors are followed by
# 3 more rows of lanes, `spare` has 8: what the function computes for each row.
ctypedef void (*jit_tile)(const void* logits, const void* y_true, const void* labels, double* factor, void* value,
                          void* gradient, void* hessian, void* spare, Py_ssize_t classes) noexcept nogil

cdef enum JitRows:
    JIT_COPIED                       # a jit_row that gets copies: a user's, who may write into them
    JIT_IN_PLACE                     # a jit_row of fastloss's own
    JIT_TILES                    # a jit_tile

cdef enum:
    SPARE_ROWS = 8               # what jit/softmax.py notes of each row of a tile


cdef struct JitRowsCall:
    RowsCall rows
    size_t address
    int kind
    const double* parameters
    int* failure                     # of any row, by any thread


cdef double jit_tile_block(const JitRowsCall* jit, Py_ssize_t block, real* scratch) noexcept nogil:
    """A tile of rows. `scratch` has one each of logits, target, gradient, Hessian, and one to spare, of SPARE_ROWS at least;
    behind them is what `mended_row` needs."""
    cdef const RowsCall* call = &jit.rows
    cdef Py_ssize_t lanes = lanes_of(scratch), first = block * lanes, classes = call.classes
    cdef Py_ssize_t n = min(lanes, call.rows - first), i
    cdef real* x = scratch
    cdef real* y = scratch + lanes * classes
    cdef real* gradient = scratch + 2 * lanes * classes
    cdef real* hessian = scratch + 3 * lanes * classes
    cdef real* spare = scratch + 4 * lanes * classes
    cdef double* mending = <double*>(scratch + (4 * classes + max(classes, <Py_ssize_t>SPARE_ROWS)) * lanes)
    cdef real value[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real label[TILE_ROWS]
    cdef real m[TILE_ROWS]
    cdef bint extreme[TILE_ROWS]
    cdef bint any_extreme = False
    cdef double factor[4 * TILE_ROWS]
    cdef int64_t labels[TILE_ROWS]

    load_rows(scratch, call, first, n, labels, weight)
    load_tile(&call.logits, first, n, classes, <const real*>NULL, x, spare)
    for i in range(lanes):
        if i >= n:
            weight[i] = 0
            labels[i] = 0
        factor[i] = weight[i] * call.scale
        label[i] = 0 if call.given_dense else <real>labels[i]
    if call.wary:
        tile_largest(x, classes, m)
        any_extreme = find_extremes(call, x, classes, m, weight, n, extreme)
    if call.dense:
        load_dense_tile(call, first, n, labels, y, spare)
        if call.wary and call.given_dense:
            any_extreme = find_small_targets(call, y, classes, m, weight, n, extreme)
        weigh_dense_tile(call, y)
    (<jit_tile>jit.address)(x, y, label, factor, value, gradient, hessian, spare, classes)
    for i in range(n if any_extreme else 0):
        if extreme[i]:
            value[i] = <real>mended_row(x + i, lanes, m[i], False, call, first + i, labels[i], weight[i], gradient + i, hessian + i, lanes, mending)
            weight[i] = 1
    if call.want & GRADIENT:
        store_tile(&call.gradient, first, n, classes, <real*>NULL, gradient, spare)
    if call.want & HESSIAN:
        for i in range(classes):
            shape_hessian(&call.curvature, weight, hessian + i * lanes, lanes)
        store_tile(&call.hessian, first, n, classes, <real*>NULL, hessian, spare)
    return finished_values(call, first, n, value, weight)


cdef double jit_row_block(const JitRowsCall* jit, Py_ssize_t block, real* scratch) noexcept nogil:
    """Row by row. `scratch` has a row each of logits, target, gradient and Hessian."""
    cdef const RowsCall* call = &jit.rows
    cdef Py_ssize_t size = rows_at_once(scratch, call.classes), first = block * size, classes = call.classes
    cdef Py_ssize_t n = min(size, call.rows - first), i
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef int64_t failure
    cdef double loss, distance = 0, total
    cdef bint small_target = False
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef real m = 0
    cdef real* x
    cdef real* y = scratch + classes
    cdef real* gradient
    cdef real* hessian
    cdef char* data
    cdef char* gradient_data = NULL
    cdef char* hessian_data = NULL
    load_rows(scratch, call, first, n, label, weight)
    for i in range(n):
        value[i] = 0
        if weight[i] == 0:
            if call.want & GRADIENT:
                clear_row(scratch, call, &call.gradient, first + i, scratch)
            if call.want & HESSIAN:
                clear_row(scratch, call, &call.hessian, first + i, scratch)
            continue
        x, gradient, hessian = scratch, scratch + 2 * classes, scratch + 3 * classes
        data = call.logits.data + sample_offset(&call.logits, first + i, index)
        if jit.kind == JIT_IN_PLACE and class_run_in_place(scratch, &call.logits, data):
            x = <real*>data
        else:
            load_run(&call.logits, data, call.logits.class_stride, classes, x)
        if call.want & GRADIENT:
            gradient_data = call.gradient.data + sample_offset(&call.gradient, first + i, index)
            if class_run_in_place(scratch, &call.gradient, gradient_data) and gradient_data != data:
                gradient = <real*>gradient_data
        if call.want & HESSIAN:
            hessian_data = call.hessian.data + sample_offset(&call.hessian, first + i, index)
            if class_run_in_place(scratch, &call.hessian, hessian_data):
                hessian = <real*>hessian_data
        if call.dense:
            load_dense_row(call, first + i, label[i], y)
            small_target = call.wary and call.given_dense and has_small_target(call, y, weight[i])
            weigh_dense_row(call, y)
        if call.wary:
            m = largest_of(x, classes)
            distance = dense_distance(x, y, classes, &total) if call.dense else finite_difference(m, x[label[i]])
        if call.wary and (is_extreme(call, x, m, weight[i], distance) or (small_target and finite(m))):
            value[i] = <real>wide_row_apart(call, first + i, label[i], &weight[i], x, m, False, scratch + 2 * classes, scratch + 3 * classes,
                                            <double*>(scratch + 4 * classes))
            continue
        failure = (<jit_row>jit.address)(x, y, 0 if call.given_dense else label[i], weight[i] * call.scale, jit.parameters,
                                         &loss, gradient, hessian, classes)
        if failure:
            fl_note_failure(jit.failure, <int>failure)
            continue
        value[i] = <real>loss
        if call.want & GRADIENT and gradient != <real*>gradient_data:
            store_run(&call.gradient, gradient_data, call.gradient.class_stride, classes, gradient)
        if call.want & HESSIAN:
            shape_hessian(&call.curvature, <const real*>NULL, hessian, classes)
        if call.want & HESSIAN and hessian != <real*>hessian_data:
            store_run(&call.hessian, hessian_data, call.hessian.class_stride, classes, hessian)
    return finished_values(call, first, n, value, weight)


cdef double jit_rows_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    if (<const JitRowsCall*>call).kind == JIT_TILES:
        return jit_tile_block(<const JitRowsCall*>call, block, <float*>scratch)
    return jit_row_block(<const JitRowsCall*>call, block, <float*>scratch)

cdef double jit_rows_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    if (<const JitRowsCall*>call).kind == JIT_TILES:
        return jit_tile_block(<const JitRowsCall*>call, block, <double*>scratch)
    return jit_row_block(<const JitRowsCall*>call, block, <double*>scratch)


cdef double run_jit_rows(const RowsCall* rows, size_t address, int kind, tuple parameters, str shown, bint double_precision,
                         int threads) except? -1.0:
    cdef JitRowsCall jit
    cdef int failure = 0
    cdef double total
    cdef Numbers numbers = Numbers(parameters)
    jit.rows, jit.address, jit.kind, jit.failure = rows[0], address, kind, &failure
    jit.parameters = numbers.data
    cdef Py_ssize_t scratch = 4 * rows.classes * <Py_ssize_t>sizeof(double)
    jit.rows.wary = False
    if kind != JIT_COPIED and double_precision:
        note_extremes(<const double*>NULL, &jit.rows, rows.classes)
    elif kind != JIT_COPIED:
        note_extremes(<const float*>NULL, &jit.rows, rows.classes)
    if kind == JIT_TILES:
        scratch = LANES_BYTES * (4 * rows.classes + max(rows.classes, <Py_ssize_t>SPARE_ROWS))
    if jit.rows.wary:
        scratch += mending_scratch(rows.classes) * <Py_ssize_t>sizeof(double)
    cdef Py_ssize_t size = rows_at_once(<const float*>NULL, rows.classes)
    if double_precision:
        size = rows_at_once(<const double*>NULL, rows.classes)
    cdef block_function function = jit_rows_block_f64 if double_precision else jit_rows_block_f32
    total = run_blocks(function, &jit, (rows.rows + size - 1) // size, size * rows.classes, threads, scratch)
    if failure:
        raise ValueError(f"{shown} {JIT_FAILURES[failure]}")
    return total
