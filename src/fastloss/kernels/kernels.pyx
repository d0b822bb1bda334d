# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The compiled engine. One source; compiled once for each ISA level. README.md beside this file is its contract.

Nothing here decides what a call means: shapes, types and overlaps were checked before (``call.py``), and what is passed
is an array as unsigned integers of its item size with the number of its element type.
"""

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_SIMPLE, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport INFINITY, NAN, fabs, frexp, ldexp, signbit, sqrt
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset

ctypedef fused real:
    float
    double

cdef enum:
    VALUE = 1                    # results of a call
    GRADIENT = 2
    HESSIAN = 4
    WANT_PRODUCT = 8             # the Hessian times a vector
    WANT_MATRIX = 16             # the whole Hessian of each row
    SAMPLES = 1024               # in a block, at most
    BLOCK_BYTES = 4096           # of numbers in a block of an element-wise loss: its buffers stay in the first-level cache
    BLOCK_DOUBLES = 512          # the same as doubles
    LANES_BYTES = 256            # of numbers that a block primitive works on at once
    CACHE_LINE = 64
    SERIAL_BELOW = 1 << 16       # elements: fewer are not worth a second thread
    MAX_PLAIN_THREADS = 1 << 30

# How far the sum of a soft target's row may be from 1: bfloat16 probabilities add up to about 0.4 %.
cdef double SUM_TOLERANCE = 1e-2

cdef extern from *:
    """
    #if defined(_OPENMP)
    #include <omp.h>
    #define FL_OPENMP 1
    #else
    #define FL_OPENMP 0
    #define omp_get_max_threads() 1
    #define omp_in_parallel() 0
    #endif
    """
    int FL_OPENMP
    int omp_get_max_threads() noexcept nogil
    int omp_in_parallel() noexcept nogil
    const char* FL_ISA
    const char* FL_COMPILER
    const char* FL_FLAGS

cdef extern from "blocks/dtypes.h" nogil:
    enum:
        BOOL "FL_BOOL"
        INT8 "FL_INT8"
        UINT8 "FL_UINT8"
        INT16 "FL_INT16"
        UINT16 "FL_UINT16"
        INT32 "FL_INT32"
        UINT32 "FL_UINT32"
        INT64 "FL_INT64"
        UINT64 "FL_UINT64"
        FLOAT16 "FL_FLOAT16"
        BFLOAT16 "FL_BFLOAT16"
        FLOAT32 "FL_FLOAT32"
        FLOAT64 "FL_FLOAT64"
        FL_LABEL_BAD
    void fl_gather(char*, const char*, Py_ssize_t, Py_ssize_t, Py_ssize_t, int) noexcept
    void fl_scatter(char*, Py_ssize_t, const char*, Py_ssize_t, Py_ssize_t, int) noexcept
    void fl_widen_f32(int, const char*, float*, Py_ssize_t) noexcept
    void fl_widen_f64(int, const char*, double*, Py_ssize_t) noexcept
    void fl_narrow_f32(int, const float*, char*, Py_ssize_t) noexcept
    void fl_narrow_f64(int, const double*, char*, Py_ssize_t) noexcept
    bint fl_labels(int, const char*, int64_t*, Py_ssize_t, int64_t, int, int64_t) noexcept

cdef extern from "blocks/ahead.h" nogil:
    enum: FL_READ, FL_READ_TOO, FL_WRITE, FL_PLACES
    ctypedef struct fl_ahead:
        const char* place[3]
        Py_ssize_t size[3]
        int shift
    void fl_fetch(const fl_ahead*, Py_ssize_t, Py_ssize_t) noexcept

cdef extern from "blocks/blocks.h" nogil:
    double fl_ratio(double, double, double, double, double) noexcept
    double fl_fma(double, double, double) noexcept
    double fl_block_sum_f32(const float*, Py_ssize_t) noexcept
    double fl_block_sum_f64(const double*, Py_ssize_t) noexcept
    double fl_block_dot_f32(const float*, const float*, Py_ssize_t) noexcept
    double fl_block_dot_f64(const double*, const double*, Py_ssize_t) noexcept
    void fl_block_weigh_f32(float*, const float*, Py_ssize_t) noexcept
    void fl_block_weigh_f64(double*, const double*, Py_ssize_t) noexcept
    bint fl_block_inside_f32(const float*, const float*, float, float, Py_ssize_t) noexcept
    bint fl_block_inside_f64(const double*, const double*, double, double, Py_ssize_t) noexcept
    bint fl_block_nan_f32(const float*, Py_ssize_t) noexcept
    bint fl_block_nan_f64(const double*, Py_ssize_t) noexcept
    bint fl_block_either_f32(const float*, const float*, float, float, Py_ssize_t) noexcept
    bint fl_block_either_f64(const double*, const double*, double, double, Py_ssize_t) noexcept
    float fl_block_max_f32(const float*, Py_ssize_t) noexcept
    double fl_block_max_f64(const double*, Py_ssize_t) noexcept
    void fl_lanes_exp_f32(const float*, const float*, float*, float*, float*) noexcept
    void fl_lanes_exp_f64(const double*, const double*, double*, double*, double*) noexcept
    void fl_transpose_f32(const float*, Py_ssize_t, float*, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void fl_transpose_f64(const double*, Py_ssize_t, double*, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    double fl_block_exp_sum_f32(const float*, float, float*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept
    double fl_block_exp_sum_f64(const double*, double, double*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept
    double fl_block_tiny_sum_f32(const float*, float, Py_ssize_t) noexcept
    double fl_block_tiny_sum_f64(const double*, double, Py_ssize_t) noexcept


cdef inline Py_ssize_t lanes_of(const real* tag) noexcept nogil:
    """Lanes of a block primitive."""
    return LANES_BYTES // sizeof(real)

cdef inline Py_ssize_t block_size(const real* tag) noexcept nogil:
    """Elements of a block."""
    return BLOCK_BYTES // sizeof(real)


cdef extern from "points/columns.h" nogil:
    enum:
        STEP "FL_STEP"
        STEPS_FETCHED "FL_STEPS_FETCHED"
        FORMULA_PARAMETERS "FL_PARAMETERS"
        COLUMNS "FL_COLUMNS"
    ctypedef struct Columns "fl_columns":
        const void* y_true
        const void* multiplier
        const void* prediction[2]
        const void* parameter[FORMULA_PARAMETERS]
        void* stage[2]
        void* value
        void* gradient[2]
        void* hessian[2]
        void* cross
        const fl_ahead* ahead
    ctypedef void (*column_loop "fl_column_loop")(const Columns*, Py_ssize_t steps) noexcept nogil
    ctypedef struct Program "fl_program":
        column_loop f32[8]
        column_loop f64[8]
        int predictions, parameters, derived
        column_loop derive_f32, derive_f64
    const Program* programs "fl_programs"

# The same loop compiled at run time (fastloss.jit), for one formula, one choice of results, one type: no tag, no want.
# `parameters` holds one number for each parameter, or BLOCK_BYTES where there is one for each element; a second prediction
# is the first of them, and only for it are the last three arrays there. No two pointers overlap that something is written
# through.
ctypedef void (*jit_block)(const void* y_true, const void* y_pred, const void* multiplier, const void* parameters,
                           void* value, void* gradient, void* hessian, void* second_gradient, void* second_hessian,
                           void* cross, Py_ssize_t n) noexcept nogil


include "frame/numbers.pxi"
include "points/vocabulary.pxi"
include "frame/layout.pxi"
include "frame/samples.pxi"
include "frame/curvature.pxi"
include "points/block.pxi"
include "formulas.pxi"
include "points/sums.pxi"
include "frame/run.pxi"
include "rows/softmax.pxi"
include "rows/losses.pxi"
include "rows/jit.pxi"
include "vectors/vectors.pxi"
include "frame/plain.pxi"
include "points/plain.pxi"
include "rows/plain.pxi"
include "vectors/plain.pxi"
include "frame/plain_functions.pxi"
include "frame/methods.pxi"
include "frame/capi.pxi"


def pointwise(Formulas formulas not None, int want, bint double_precision, Py_ssize_t size, double scale, tuple limits, bint inspect,
              bint in_place, tuple operands, int threads, bint accumulate=False, double value_factor=1, tuple vector=(),
              ExactSum weight_sum=None, object curvature=None):
    """Run an element-wise loss, or a sum of some; return the sum of the weighted values, or (`inspect`) that of the weights,
    NaN if invalid.

    `limits`: the domain of y_true (least, largest, whether only these two), and of y_pred (least, largest).
    `operands`: y_true, y_pred, weight, where, value, gradient, hessian, each None or (array, dtype, swapped), all of one
    shape; gradient and Hessian by the first parameter are two more. `accumulate`: the gradient is added to what is there.
    `value_factor`: of values that go to an array. `vector`: an operand for each prediction; the Hessian times it is then
    what is left in place of the Hessian's diagonal, and the only result. `weight_sum`: where the sum of the weights is left too.
    `curvature`: None, or what `curvature_of` takes.
    """
    cdef PointwiseCall call
    cdef Operand* places[9]
    cdef Py_ssize_t k
    cdef bint multiplied = len(vector) > 0
    set_formulas(&call, formulas.formula, formulas.count)
    call.want, call.size, call.scale, call.value_factor = want, size, scale, value_factor
    call.limits, call.in_place, call.accumulate = limits_of(limits), in_place, accumulate
    call.weight_sum = NULL if weight_sum is None else &weight_sum.sum
    call.curvature = curvature_of(curvature)
    places[:] = [&call.y_true, &call.y_pred, &call.weight, &call.where, &call.value, &call.gradient, &call.hessian,
                 &call.second_gradient, &call.second_hessian]
    check_count("operands", len(operands), 9)
    for k in range(len(operands)):
        set_from(places[k], operands[k], False)
    check_count("vectors", len(vector), 2)
    for k in range(2):
        set_from(&call.vector[k], vector[k] if k < len(vector) else None, False)
    if multiplied:
        return run_product(&call, double_precision, threads)
    return run_points_call(&call, double_precision, inspect, threads)


cdef double run_product(PointwiseCall* call, bint double_precision, int threads) except? -1.0:
    """Run the Hessian times a vector: each term has a multiplier of its own, as in a sum."""
    call.want, call.is_sum, call.uniform = GRADIENT | HESSIAN, True, False
    return run_points_call(call, double_precision, False, threads, product_block_f64 if double_precision else product_block_f32)


cdef Limits limits_of(tuple given):
    cdef Limits limits
    limits.low, limits.high, limits.ends_only, limits.predicted_low, limits.predicted_high, limits.rounding = given
    return limits


cdef double run_points_call(PointwiseCall* call, bint double_precision, bint inspect, int threads,
                            block_function function=NULL) except? -1.0:
    cdef Py_ssize_t block = block_size(<const double*>NULL) if double_precision else block_size(<const float*>NULL)
    cdef Py_ssize_t blocks = (call.size + block - 1) // block
    cdef double few[(1 + FORMULA_PARAMETERS) * BLOCK_DOUBLES]
    cdef double* constants = few
    if inspect:
        return run_inspection(points_inspected_f64 if double_precision else points_inspected_f32, call, blocks, block, threads, 0,
                              call.weight_sum)
    if function == NULL:
        function = points_block_f64 if double_precision else points_block_f32
    if call.terms > 1:
        constants = <double*>malloc(constants_size(call) * sizeof(double))
        if constants == NULL:
            raise MemoryError("fastloss: no memory for the parameters of the call")
    try:
        set_constants(call, double_precision, constants)
        return run_blocks(function, call, blocks, block, threads,
                          points_scratch(<const double*>NULL, call) if double_precision
                          else points_scratch(<const float*>NULL, call))
    finally:
        if constants != few:
            free(constants)


def rows(int task, int want, bint double_precision, Py_ssize_t n_rows, Py_ssize_t classes, double denominator, bint given_dense,
         double smoothing, object class_weight, object ignore_index, bint inspect, tuple operands, int threads,
         size_t jit=0, int jit_rows=0, tuple jit_parameters=(), str jit_shown="", double value_factor=1, ExactSum weight_sum=None,
         object curvature=None):
    """Run a loss over rows of classes; return the sum of the weighted values, or (`inspect`) that of the weights.

    `operands`: logits, y_true, weight, where, value, gradient, hessian, each None or (array, dtype, swapped); the class
    axis, where there is one, is the last. `class_weight`: None or a contiguous float64 array. `jit`: the address of a
    `jit_row`, or of a `jit_tile`, which takes the place of `task`; `jit_rows` says which (JitRows), `jit_shown` what
    messages call it. `value_factor`: of values that go to an array. `weight_sum`, `curvature`: as `pointwise`.
    """
    cdef RowsCall call
    cdef Operand* places[7]
    cdef ClassNumbers class_weights = ClassNumbers(class_weight)
    cdef int k
    call.task, call.want, call.rows, call.classes = task, want, n_rows, classes
    call.value_factor, call.weight_sum = value_factor, NULL if weight_sum is None else &weight_sum.sum
    call.curvature = curvature_of(curvature)
    set_scale(&call, denominator)
    call.given_dense, call.smoothing = given_dense, smoothing
    call.dense = given_dense or smoothing != 0
    call.class_weight = class_weights.data
    call.ignoring = ignore_index is not None
    call.ignored = ignore_index if call.ignoring else 0
    places[:] = [&call.logits, &call.y_true, &call.weight, &call.where, &call.value, &call.gradient, &call.hessian]
    check_count("operands", len(operands), 7)
    for k in range(<int>len(operands)):
        set_from(places[k], operands[k], k == 0 or k >= 5 or (k == 1 and given_dense))
    if jit:
        return run_jit_rows(&call, jit, jit_rows, jit_parameters, jit_shown, double_precision, threads)
    return run_rows_call(&call, double_precision, inspect, threads)


def row_losses(int loss, int want, bint double_precision, Py_ssize_t n_rows, Py_ssize_t classes, Py_ssize_t label_classes,
               double denominator, int form, double smoothing, object class_weight, object ignore_index,
               int given, tuple parameters, object factor, tuple limits, bint inspect, tuple operands, int threads,
               double value_factor=1, object vector=None, object matrix_stride=None, ExactSum weight_sum=None,
               object curvature=None):
    """Run one of ROW_LOSSES; return the sum of the weighted values, or (`inspect`) that of the weights, NaN if invalid.

    As `rows`; `form` is a Form, `given` a Given, `parameters` the loss's numbers (NaN where one is None), `factor` None or
    a contiguous float64 array, as `class_weight` is; of `limits` those of predictions count. With a `vector`, an operand, the
    Hessian times it is what is left in place of the Hessian's diagonal; with a `matrix_stride` it is the Hessian, of whose
    matrices the first row is given and the bytes between rows. Each is the only result, of SECOND_DERIVATIVES alone.
    """
    cdef RowLossCall call
    cdef Operand* places[7]
    cdef ClassNumbers class_weights = ClassNumbers(class_weight), factors = ClassNumbers(factor)
    cdef int k
    call.loss, call.classes, call.form, call.given, call.limits = loss, classes, form, given, limits_of(limits)
    call.rows.task, call.rows.want, call.rows.rows, call.rows.classes = CROSS_ENTROPY, want, n_rows, label_classes
    call.rows.value_factor, call.rows.weight_sum = value_factor, NULL if weight_sum is None else &weight_sum.sum
    call.rows.curvature = curvature_of(curvature)
    set_scale(&call.rows, denominator)
    call.rows.given_dense, call.rows.smoothing = form != CLASS_INDEX, smoothing
    call.rows.dense = form != CLASS_INDEX or smoothing != 0
    call.rows.class_weight, call.factor = class_weights.data, factors.data
    call.rows.ignoring = ignore_index is not None
    call.rows.ignored = ignore_index if call.rows.ignoring else 0
    check_count("parameters", len(parameters), ROW_PARAMETERS)
    for k in range(ROW_PARAMETERS):
        call.parameter[k] = parameters[k] if k < len(parameters) else NAN
    places[:] = [&call.rows.logits, &call.rows.y_true, &call.rows.weight, &call.rows.where, &call.rows.value,
                 &call.rows.gradient, &call.rows.hessian]
    check_count("operands", len(operands), 7)
    for k in range(<int>len(operands)):
        set_from(places[k], operands[k], k == 0 or k >= 5 or (k == 1 and form != CLASS_INDEX))
    set_from(&call.vector, vector, True)
    set_second(&call, DIAGONAL, 0)
    if vector is not None:
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


def vectors(int loss, bint double_precision, Py_ssize_t samples, Py_ssize_t columns, double denominator, tuple parameters,
            bint inspect, tuple operands, int threads, double value_factor=1, ExactSum weight_sum=None):
    """Run one of VECTOR_LOSSES; return the sum of the weighted values, or (`inspect`) that of the weights, NaN if invalid.

    `operands`: y_true (None where the loss has none), each array, weight, where, value, then a gradient for each array,
    each None or (array, dtype, swapped); the vectors are the last axis. What is None is not computed. A gradient may lie
    exactly over an array. `denominator`: the gradients are divided by it, and 0 where it is 0. `parameters`: the numbers
    of the loss in their order, of a choice its place among the options. `value_factor`: of values that go to an array.
    """
    cdef VectorCall call
    cdef Operand* places[4 + 2 * MOST_VECTORS]
    cdef int k, arrays
    call.loss = vector_loss(loss)
    arrays = call.loss.arrays
    call.samples, call.columns = samples, columns
    call.denominator, call.value_factor = denominator, value_factor
    call.weight_sum = NULL if weight_sum is None else &weight_sum.sum
    check_count("parameters", len(parameters), VECTOR_PARAMETERS)
    for k in range(VECTOR_PARAMETERS):
        call.parameter[k] = parameters[k] if k < len(parameters) else 0
    places[0] = &call.target
    for k in range(arrays):
        places[1 + k], places[4 + arrays + k] = &call.array[k], &call.gradient[k]
    places[1 + arrays], places[2 + arrays], places[3 + arrays] = &call.weight, &call.where, &call.value
    if len(operands) != 4 + 2 * arrays:
        raise ValueError(f"fastloss: {len(operands)} operands; the loss has {4 + 2 * arrays}")
    for k in range(4 + 2 * arrays):
        set_from(places[k], operands[k], 1 <= k <= arrays or k >= 4 + arrays)
    return run_vectors(&call, double_precision, inspect, threads)


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
        return call.classes if call.given_dense else 0
    if call.classes > FEW:
        wide_row = wide_scratch(tag, call.classes)
        if call.wary:
            wide_row += 2 + mending_scratch(call.classes) * <Py_ssize_t>(sizeof(double) // sizeof(real))
        return wide_row
    if (staged(tag, &call.logits, call.classes) or (call.want & GRADIENT and staged(tag, &call.gradient, call.classes))
            or (call.want & HESSIAN and staged(tag, &call.hessian, call.classes))):
        return tiles + 3 * rows_per_block(tag, call.classes) * call.classes   # stages of logits, gradient and Hessian
    return tiles


cdef double run_rows_of(const real* tag, RowsCall* call, block_function function, bint inspect, int threads) except? -1.0:
    cdef Py_ssize_t size = rows_inspected_at_once(tag, call.classes) if inspect else rows_per_block(tag, call.classes)
    call.team, call.shares = 1, NULL
    if not inspect and call.classes > FEW and call.rows < min(<Py_ssize_t>threads, chunks_of(call.classes)):
        call.team, threads = threads_now(min(<Py_ssize_t>threads, chunks_of(call.classes))), 1
        call.shares = <fl_share*>malloc(call.team * sizeof(fl_share))
        if call.shares == NULL:
            call.team = 1
    try:
        if inspect:
            return run_inspection(function, call, (call.rows + size - 1) // size, size * call.classes, threads,
                                  rows_scratch(tag, call, inspect) * <Py_ssize_t>sizeof(real), call.weight_sum)
        return run_blocks(function, call, (call.rows + size - 1) // size, size * call.classes, threads,
                          rows_scratch(tag, call, inspect) * <Py_ssize_t>sizeof(real))
    finally:
        free(call.shares)


#: The numbers that Python needs to know: this is where they are set.
SHARED = {
    "VALUE": VALUE, "GRADIENT": GRADIENT, "HESSIAN": HESSIAN, "WANT_PRODUCT": WANT_PRODUCT, "WANT_MATRIX": WANT_MATRIX,
    "CROSS_ENTROPY": CROSS_ENTROPY, "SOFTMAX": SOFTMAX, "LOG_SOFTMAX": LOG_SOFTMAX, "LOGSUMEXP": LOGSUMEXP,
    "CLASS_INDEX": CLASS_INDEX, "CLASS_PROBABILITIES": CLASS_PROBABILITIES, "DISTRIBUTION": DISTRIBUTION, "SHARES": SHARES,
    "MEMBERS": MEMBERS,
    "SUM_TOLERANCE": SUM_TOLERANCE, "SERIAL_BELOW": SERIAL_BELOW,
    "EPSILON": {dtype: epsilon_of(dtype) for dtype in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)},
}


def limits():
    """What fastloss.jit has to know: the bytes of a block, the classes of a tile."""
    return BLOCK_BYTES, FEW


def openmp_threads():
    """Threads that OpenMP would give a parallel region opened here: it follows OMP_NUM_THREADS and threadpoolctl."""
    return 1 if omp_in_parallel() else omp_get_max_threads()


def build():
    """What the compiler was and was told."""
    return {
        "isa": FL_ISA.decode(),
        "compiler": FL_COMPILER.decode(),
        "compile_flags": FL_FLAGS.decode(),
        "openmp": bool(FL_OPENMP),
    }
