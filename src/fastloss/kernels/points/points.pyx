# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of points: element-wise losses and their sums, of one array or of several, penalties, functions of each element."""

include "frame/shared.pxi"

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
        void* stage[3]
        void* value
        void* gradient[2]
        void* hessian[2]
        void* cross
        const fl_ahead* ahead
    ctypedef void (*column_loop "fl_column_loop")(const Columns*, Py_ssize_t steps) noexcept nogil
    ctypedef double (*sum_loop "fl_sum_loop")(const Columns*, Py_ssize_t steps) noexcept nogil
    ctypedef struct Program "fl_program":
        column_loop f32[8]
        column_loop f64[8]
        sum_loop sum_f32[8]
        sum_loop sum_f64[8]
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


include "points/block.pxi"
include "formulas.pxi"
include "points/sums.pxi"

#: The number of each loop.
NUMBERS = {name: number for number, name in enumerate(POINTWISE)}


def pointwise(Formulas formulas not None, dict arrays not None, *, int want, bint double_precision, Py_ssize_t size,
              tuple limits not None, double scale=1, bint inspect=False, bint in_place=False, int threads=1, bint accumulate=False,
              double value_factor=1, ExactSum weight_sum=None, object curvature=None):
    """Run an element-wise loss, or a sum of some; return the sum of the weighted values, or (`inspect`) that of the weights,
    NaN if invalid.

    `arrays`: y_true, y_pred, weight, where, value, gradient, hessian, each (array, dtype, swapped), all of one shape; of a second
    prediction (the first parameter) second_gradient and second_hessian. With a vector, and a second_vector, the Hessian times it
    is what is left in place of the Hessian's diagonal, and the only result. `limits`: the domain of y_true (least, largest,
    whether only these two), and of y_pred (least, largest). `scale`: of gradient and Hessian; `value_factor`: of values that go
    to an array. `accumulate`: the gradient is added to what is there. `weight_sum`: where the sum of the weights is left too.
    `curvature`: None, or what `curvature_of` takes.
    """
    cdef PointwiseCall call
    cdef bint multiplied = arrays.get("vector") is not None
    set_formulas(&call, formulas.formula, formulas.count)
    call.want, call.size, call.scale, call.value_factor = want, size, scale, value_factor
    call.limits, call.in_place, call.accumulate = limits_of(limits), in_place, accumulate
    call.weight_sum = NULL if weight_sum is None else &weight_sum.sum
    call.curvature = curvature_of(curvature)
    arrays = arrays.copy()
    take(&call.y_true, arrays, "y_true", False)
    need(&call.y_pred, arrays, "y_pred", False)
    take(&call.weight, arrays, "weight", False)
    take(&call.where, arrays, "where", False)
    take(&call.value, arrays, "value", False)
    take(&call.gradient, arrays, "gradient", False)
    take(&call.hessian, arrays, "hessian", False)
    take(&call.second_gradient, arrays, "second_gradient", False)
    take(&call.second_hessian, arrays, "second_hessian", False)
    take(&call.vector[0], arrays, "vector", False)
    take(&call.vector[1], arrays, "second_vector", False)
    check_all_taken(arrays)
    if multiplied:
        return run_product(&call, double_precision, threads)
    return run_points_call(&call, double_precision, inspect, threads)


cdef double run_product(PointwiseCall* call, bint double_precision, int threads) except? -1.0:
    """Run the Hessian times a vector: each term has a multiplier of its own, as in a sum."""
    call.want, call.is_sum, call.uniform = GRADIENT | HESSIAN, True, False
    return run_points_call(call, double_precision, False, threads, product_block_f64 if double_precision else product_block_f32)


cdef double run_points_call(PointwiseCall* call, bint double_precision, bint inspect, int threads,
                            block_function function=NULL) except? -1.0:
    cdef Py_ssize_t block = block_size(<const double*>NULL) if double_precision else block_size(<const float*>NULL)
    cdef Py_ssize_t blocks = (call.size + block - 1) // block
    cdef double few[(1 + FORMULA_PARAMETERS) * BLOCK_DOUBLES + CACHE_LINE]
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


include "points/plain.pxi"
include "points/plain_functions.pxi"
include "points/capi.pxi"
