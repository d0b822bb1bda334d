# What the Cython code of others calls (``cimport fastloss``): the same blocks, on the calling thread, without the GIL.
#
# src/fastloss/__init__.pxd declares these functions and says what they do. Cython finds them by name and signature when the
# module of a user is imported; a pointer is all that the two sides share, so that a struct may grow.

cdef extern from *:
    """
    typedef struct fl_kernel fl_kernel;
    """
    ctypedef struct fl_kernel:
        pass

cdef struct Prepared:            # what a fl_kernel is: an element-wise loss with its parameters, or a sum of some
    const Formula* formulas
    Py_ssize_t terms
    Limits limits[2]             # in float32 and in float64
    double factor                # of a loss that is one with a factor and nothing else
    bint has_hessian


cdef class PreparedLoss:
    """The memory of a fl_kernel. The loss keeps it for as long as it lives itself."""
    cdef Prepared prepared
    cdef Formulas formulas

    def __init__(self, Formulas formulas, tuple limits, tuple double_limits, double factor=1, bint has_hessian=True):
        self.formulas = formulas
        self.prepared.formulas, self.prepared.terms = formulas.formula, formulas.count
        self.prepared.limits[0], self.prepared.limits[1] = limits_of(limits), limits_of(double_limits)
        self.prepared.factor, self.prepared.has_hessian = factor, has_hessian


cdef api const fl_kernel* kernel_of(object loss) except NULL:
    cdef PreparedLoss prepared
    try:
        prepared = loss._prepared()
    except AttributeError:
        raise TypeError(f"{loss!r} is not a loss of fastloss") from None
    return <const fl_kernel*>&prepared.prepared


cdef int prepared_run(const Prepared* prepared, Py_ssize_t n, const real* y_true, const real* y_pred, double denominator,
                      double* value, real* gradient, real* hessian) noexcept nogil:
    cdef PointwiseCall call
    cdef bint double_precision = sizeof(real) == sizeof(double)
    cdef const Limits* limits = &prepared.limits[double_precision]
    cdef Py_ssize_t size = block_size(y_true), blocks = (n + size - 1) // size, block
    cdef double few[(1 + FORMULA_PARAMETERS) * BLOCK_DOUBLES + CACHE_LINE]
    cdef double* constants = few
    cdef double total
    cdef int status
    if hessian != NULL and not prepared.has_hessian:
        return NO_HESSIAN
    set_formulas(&call, prepared.formulas, prepared.terms)
    call.want, call.size, call.scale = results_of(value, gradient, hessian), n, 1 / (denominator / prepared.factor)
    call.limits = limits[0]
    call.weight.data = call.where.data = call.value.data = NULL
    set_numbers(&call.y_true, y_true, n, 0)
    set_numbers(&call.y_pred, y_pred, n, 0)
    set_numbers(&call.gradient, gradient, n, 0)
    set_numbers(&call.hessian, hessian, n, 0)
    call.in_place, call.accumulate = gradient == y_pred, False
    if max(limits.low, limits.predicted_low) > -INFINITY or min(limits.high, limits.predicted_high) < INFINITY:
        for block in range(blocks):
            total = points_inspected(y_true, &call, block, NULL)    # nothing has a weight
            if total != total:
                return BAD_TARGET
    if call.terms > 1:
        constants = <double*>malloc(constants_size(&call) * sizeof(double))
        if constants == NULL:
            return NO_MEMORY
    set_constants(&call, double_precision, constants)
    status = run_blocks_here(points_block_f64 if double_precision else points_block_f32, &call, blocks,
                             points_scratch(y_true, &call), &total)
    if constants != few:
        free(constants)
    if status == OK and value != NULL:
        value[0] = reduced(total, 1 / prepared.factor)
    return status


cdef api int pointwise_f32(const fl_kernel* kernel, Py_ssize_t n, const float* y_true, const float* y_pred, double denominator,
                           double* value, float* gradient, float* hessian) noexcept nogil:
    return prepared_run(<const Prepared*>kernel, n, y_true, y_pred, denominator, value, gradient, hessian)

cdef api int pointwise_f64(const fl_kernel* kernel, Py_ssize_t n, const double* y_true, const double* y_pred, double denominator,
                           double* value, double* gradient, double* hessian) noexcept nogil:
    return prepared_run(<const Prepared*>kernel, n, y_true, y_pred, denominator, value, gradient, hessian)
