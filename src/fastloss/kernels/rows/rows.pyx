# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of rows: softmax cross-entropy and its like, every other loss over rows of classes, softmax itself."""

include "frame/shared.pxi"

include "rows/softmax.pxi"
include "rows/wide.pxi"
include "rows/inspect.pxi"
include "rows/losses.pxi"
include "rows/exactly.pxi"
include "rows/jit.pxi"


def rows(dict arrays not None, *, int task, int want, bint double_precision, Py_ssize_t samples, Py_ssize_t classes,
         double denominator=1, bint given_dense=False, double smoothing=0, object class_weight=None, object ignore_index=None,
         bint inspect=False, int threads=1, tuple jit=(), double value_factor=1, ExactSum weight_sum=None, object curvature=None):
    """Run a loss over rows of classes; return the sum of the weighted values, or (`inspect`) that of the weights.

    `arrays`: logits, y_true, weight, where, value, gradient, hessian, each (array, dtype, swapped); the class axis, where there is
    one, is the last. `class_weight`: None or a contiguous float64 array. `jit`: the address of a `jit_row`, or of a `jit_tile`,
    which takes the place of `task`; which of the two (JitRows), its parameters, what messages call it. `value_factor`: of values
    that go to an array. `weight_sum`, `curvature`: as `pointwise`.
    """
    cdef RowsCall call
    cdef Doubles class_weights = Doubles(class_weight)
    set_rows(&call, arrays.copy(), task, want, samples, classes, denominator, given_dense, smoothing, class_weights, ignore_index,
             value_factor, weight_sum, curvature)
    if jit:
        address, kind, parameters, shown = jit
        return run_jit_rows(&call, address, kind, parameters, shown, double_precision, threads)
    return run_rows_call(&call, double_precision, inspect, threads)


cdef int set_rows(RowsCall* call, dict arrays, int task, int want, Py_ssize_t samples, Py_ssize_t classes, double denominator, bint given_dense,
                  double smoothing, Doubles class_weights, object ignore_index, double value_factor, ExactSum weight_sum,
                  object curvature) except -1:
    """Describe what all losses over rows have: their arrays, weights and labels."""
    call.task, call.want, call.rows, call.classes = task, want, samples, classes
    call.value_factor, call.weight_sum, call.refused = value_factor, NULL if weight_sum is None else &weight_sum.sum, NULL
    call.z_loss = 0
    set_temperature(call, 1)
    call.curvature = curvature_of(curvature)
    set_scale(call, denominator)
    call.given_dense, call.smoothing = given_dense, smoothing
    call.dense = given_dense or smoothing != 0
    call.divergence, call.own, call.softcap, call.graded, call.slope = False, NULL, NAN, False, 1
    call.class_weight = class_weights.data
    call.ignoring = ignore_index is not None
    call.ignored = ignore_index if call.ignoring else 0
    need(&call.logits, arrays, "logits", True)
    if task == CROSS_ENTROPY:
        need(&call.y_true, arrays, "y_true", given_dense)
    else:
        call.y_true.data = NULL
    take(&call.weight, arrays, "weight", False)
    take(&call.where, arrays, "where", False)
    take(&call.value, arrays, "value", False)
    take(&call.gradient, arrays, "gradient", True)
    take(&call.hessian, arrays, "hessian", True)
    return check_all_taken(arrays)


def row_losses(dict arrays not None, *, int loss, int want, bint double_precision, Py_ssize_t samples, Py_ssize_t classes,
               Py_ssize_t label_classes, int form, int given, tuple parameters not None, tuple limits not None, object factor=None,
               double denominator=1, double smoothing=0, object class_weight=None, object ignore_index=None, bint inspect=False,
               int threads=1, object matrix_stride=None, double value_factor=1, ExactSum weight_sum=None, object curvature=None):
    """Run one of ROW_LOSSES; return the sum of the weighted values, or (`inspect`) that of the weights, NaN if invalid.

    As `rows`; among the arrays may be "beside", a second row of scores, whose gradient is left in place of the Hessian. `form` is
    a Form, `given` a Given, `parameters` the loss's numbers (NaN where one is None), `factor` None or
    a contiguous float64 array, as `class_weight` is; of `limits` those of predictions count. With a vector among the arrays, the
    Hessian times it is what is left in place of the Hessian's diagonal; with a `matrix_stride` it is the Hessian, of whose
    matrices the first row is given and the bytes between rows. Each is the only result, of SECOND_DERIVATIVES alone.
    """
    cdef RowLossCall call
    cdef Doubles class_weights = Doubles(class_weight), factors = Doubles(factor)
    cdef bint multiplied = arrays.get("vector") is not None
    cdef int k
    if not 0 <= loss < len(ROW_LOSSES):
        raise ValueError(f"fastloss: there is no loss number {loss}")
    arrays = arrays.copy()
    take(&call.vector, arrays, "vector", True)
    take(&call.beside, arrays, "beside", True)
    set_rows(&call.rows, arrays, SOFTMAX if form == NO_TARGET else CROSS_ENTROPY, want, samples, label_classes, denominator,
             form not in (CLASS_INDEX, NO_TARGET), smoothing, class_weights, ignore_index, value_factor, weight_sum, curvature)
    call.loss, call.classes, call.form, call.given, call.limits = loss, classes, form, given, limits_of(limits)
    call.factor = factors.data
    check_count("parameters", len(parameters), ROW_PARAMETERS)
    for k in range(ROW_PARAMETERS):
        call.parameter[k] = parameters[k] if k < len(parameters) else NAN
    set_second(&call, DIAGONAL, 0)
    if multiplied:
        set_second(&call, TIMES_VECTOR, 0)
    elif matrix_stride is not None:
        set_second(&call, MATRIX, matrix_stride)
        check_count("classes", classes, FEW)
    if call.second and row_table[loss].second == NULL:
        raise ValueError(f"fastloss: {ROW_LOSSES[loss]} has no products with its Hessian")
    return run_row_losses(&call, double_precision, inspect, threads)


cdef inline void set_second(RowLossCall* call, int second, Py_ssize_t matrix_stride) noexcept nogil:
    """Say what a second derivative is; `matrix_stride`: the bytes between the rows of a matrix."""
    call.second, call.matrix_stride = second, matrix_stride
    if second == TIMES_VECTOR:
        call.rows.want = GRADIENT     # which the product is made with
    elif second == MATRIX:
        call.rows.want = GRADIENT | HESSIAN


cdef void set_scale(RowsCall* call, double denominator) noexcept nogil:
    """1 / denominator with its rounding error; 0 where nothing is left to average."""
    call.scale = call.scale_tail = 0
    if denominator != 0:
        call.scale = 1 / denominator
        call.scale_tail = fl_fma(-call.scale, denominator, 1) / denominator


cdef double run_rows_call(RowsCall* call, bint double_precision, bint inspect, int threads) except? -1.0:
    if double_precision:
        note_extremes(<const double*>NULL, call, call.classes)
        return run_rows_of(<const double*>NULL, call, rows_inspected_f64 if inspect else rows_block_f64, inspect, threads)
    note_extremes(<const float*>NULL, call, call.classes)
    return run_rows_of(<const float*>NULL, call, rows_inspected_f32 if inspect else rows_block_f32, inspect, threads)


cdef Py_ssize_t rows_scratch(const real* tag, const RowsCall* call, bint inspect) noexcept nogil:
    """How many numbers of scratch a block of rows needs."""
    cdef Py_ssize_t tiles = few_scratch(tag, call), wide_row
    if inspect:
        # a tile and what loads it, or a row
        return (2 * lanes_of(tag) if in_lanes(tag, call.classes) else 1) * call.classes if call.given_dense else 0
    if not in_lanes(tag, call.classes):
        wide_row = wide_scratch(tag, call.classes)
        if call.wary:
            wide_row += 2 + mending_scratch(call.classes) * <Py_ssize_t>(sizeof(double) // sizeof(real)) + capped_scratch(call, call.classes)
        return wide_row
    if (staged(tag, &call.logits, call.classes) or (call.want & GRADIENT and staged(tag, &call.gradient, call.classes))
            or (call.want & HESSIAN and staged(tag, &call.hessian, call.classes))):
        return tiles + 3 * rows_per_block(tag, call.classes) * call.classes   # stages of logits, gradient and Hessian
    return tiles


cdef double run_rows_of(const real* tag, RowsCall* call, block_function function, bint inspect, int threads) except? -1.0:
    cdef Py_ssize_t size = rows_inspected_at_once(tag, call) if inspect else rows_per_block(tag, call.classes)
    cdef Py_ssize_t scratch = rows_scratch(tag, call, inspect)
    if call.refused != NULL:
        scratch = max(scratch, rows_scratch(tag, call, True))
    scratch *= sizeof(real)
    call.team, call.shares = 1, NULL
    if not inspect and not in_lanes(tag, call.classes) and call.rows < min(<Py_ssize_t>threads, chunks_of(call.classes)):
        call.team, threads = threads_now(min(<Py_ssize_t>threads, chunks_of(call.classes))), 1
        call.shares = <fl_share*>malloc(call.team * sizeof(fl_share))
        if call.shares == NULL:
            call.team = 1
    try:
        if inspect:
            return run_inspection(function, call, (call.rows + size - 1) // size, size * call.classes, threads, scratch,
                                  call.weight_sum)
        return run_blocks(function, call, (call.rows + size - 1) // size, size * call.classes, threads, scratch)
    finally:
        free(call.shares)


include "rows/plain.pxi"
include "rows/products.pxi"
include "rows/plain_functions.pxi"
include "rows/capi.pxi"


#: What Python calls the numbers above: of each Task, of each Form.
TASKS = {"cross_entropy": CROSS_ENTROPY, "softmax": SOFTMAX, "log_softmax": LOG_SOFTMAX, "logsumexp": LOGSUMEXP}
FORMS = {
    "index": CLASS_INDEX, "soft": CLASS_PROBABILITIES, "distribution": DISTRIBUTION, "shares": SHARES, "members": MEMBERS,
    "none": NO_TARGET,
    "number": NUMBER,
}
