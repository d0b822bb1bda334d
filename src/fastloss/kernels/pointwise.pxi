# Element-wise losses: ONE loop, compiled once for each formula and compute type.

cdef extern from "columns.h":
    ctypedef const float* in_f32 "fl_in_f32"
    ctypedef const double* in_f64 "fl_in_f64"
    ctypedef float* out_f32 "fl_out_f32"
    ctypedef double* out_f64 "fl_out_f64"


cdef struct Limits:
    double low, high             # of y_true
    bint ends_only               # y_true is one of the two
    double predicted_low, predicted_high
    double rounding              # of the array's own epsilon, by which a prediction may be above: it is taken for the limit


cdef struct PointwiseCall:
    int loss                     # its number in POINTWISE
    int want                     # VALUE | GRADIENT | HESSIAN
    Py_ssize_t size
    double scale                 # of gradient and Hessian: 1, or 1 / denominator
    Limits limits                # for points_inspected
    Operand y_true, y_pred, weight, where, value, gradient, hessian
    Py_ssize_t parameters        # how many
    const Operand* parameter     # those that are arrays, data NULL of the others; NULL: none is
    const double* constant       # the others
    const double* constants      # a block each of the multiplier where nothing has a weight, and of the formula's parameters
    bint in_place                # the gradient overwrites y_pred
    jit_block jit                # a loop compiled at run time, which takes the place of the formula's; or NULL
    bint uniform                 # it takes one multiplier and one number for each parameter, not one for each element
    bint paired                  # parameter 0 is a prediction too, with derivatives of its own
    Operand second_gradient, second_hessian
    bint accumulate              # the gradient is added to what its array holds


# What an exponential of a formula becomes that has a sweep of its own (write_formulas.py says which).
cdef enum Stage:
    NO_STAGE
    EXP
    EXP_MINUS_ABS


cdef inline void run_stage(int word, real* x, Py_ssize_t n) noexcept nogil:
    if real is float:
        if word == EXP:
            fl_block_exp_f32(x, n)
        elif word == EXP_MINUS_ABS:
            fl_block_exp_minus_abs_f32(x, n)
    else:
        if word == EXP:
            fl_block_exp_f64(x, n)
        elif word == EXP_MINUS_ABS:
            fl_block_exp_minus_abs_f64(x, n)


cdef enum:
    FAR_BYTES = 1 << 19          # of an array: with others as large it does not stay in a second-level cache of 1 MiB


cdef inline bint is_array(const PointwiseCall* call, Py_ssize_t k) noexcept nogil:
    """Whether parameter k is an array."""
    return call.parameter != NULL and call.parameter[k].data != NULL


cdef void fill_constants(const PointwiseCall* call, real* constants) noexcept nogil:
    """Once for all blocks: a sweep of stores in each of them would wait behind the stores of the gradient."""
    cdef Py_ssize_t size = block_size(constants), n = min(size, call.size), i, k
    for i in range(n):
        constants[i] = <real>call.scale
    if call.jit == NULL:
        for k in range(call.parameters):
            if not is_array(call, k):
                for i in range(n):
                    constants[(1 + k) * size + i] = <real>call.constant[k]


cdef void set_constants(PointwiseCall* call, bint double_precision, double* constants) noexcept nogil:
    call.constants = constants
    if not call.uniform:
        if double_precision:
            fill_constants(call, constants)
        else:
            fill_constants(call, <float*>constants)


cdef inline const real* padded(const real* tag, const void* column, Py_ssize_t done, Py_ssize_t rest, real* place) noexcept nogil:
    """The last elements of a column, filled up to a step with the last one."""
    cdef Py_ssize_t i
    for i in range(STEP):
        place[i] = (<const real*>column)[done + min(i, rest - 1)]
    return place


cdef void run_program(real* places, const Program* program, int want, const Columns* columns, Py_ssize_t n) noexcept nogil:
    """Run a formula over n elements. A loop has whole steps only: what is left goes through columns of its own (`places`)."""
    cdef Py_ssize_t steps = n // STEP, done = steps * STEP, rest = n - done, size
    cdef column_loop run = program.f32[want] if real is float else program.f64[want]
    cdef Columns last
    cdef int k
    if steps:
        run(columns, steps)
    if rest == 0:
        return
    last.ahead = NULL
    size = rest * sizeof(real)
    last.y_true = padded(places, columns.y_true, done, rest, places)
    last.multiplier = padded(places, columns.multiplier, done, rest, places + STEP) if want & ~VALUE else places
    places += 2 * STEP
    for k in range(program.predictions):
        last.prediction[k] = padded(places, columns.prediction[k], done, rest, places)
        last.gradient[k], last.hessian[k] = places + STEP, places + 2 * STEP
        places += 3 * STEP
    for k in range(program.parameters):
        last.parameter[k] = padded(places, columns.parameter[k], done, rest, places)
        places += STEP
    last.stage[0], last.stage[1], last.value = places, places + STEP, places + 2 * STEP
    run(&last, 1)
    if want & VALUE:
        memcpy(<real*>columns.value + done, last.value, size)
    for k in range(program.predictions):
        if want & GRADIENT:
            memcpy(<real*>columns.gradient[k] + done, last.gradient[k], size)
        if want & HESSIAN:
            memcpy(<real*>columns.hessian[k] + done, last.hessian[k], size)


cdef enum:
    BUFFERS = 12                 # of points_block


cdef inline Py_ssize_t buffer_size(const real* tag, const PointwiseCall* call) noexcept nogil:
    """Numbers of a buffer: a block, or all there are, in whole lines of the cache."""
    cdef Py_ssize_t line = CACHE_LINE // sizeof(real)
    return min(block_size(tag), (call.size + line - 1) // line * line)


cdef inline Py_ssize_t parameters_size(const real* tag, const PointwiseCall* call) noexcept nogil:
    """Numbers that the parameters take: one each for a uniform loop, in whole lines of the cache; else a block each."""
    cdef Py_ssize_t line = CACHE_LINE // sizeof(real)
    if call.uniform:
        return (call.parameters + line - 1) // line * line
    return call.parameters * block_size(tag)


cdef inline Py_ssize_t points_scratch(const real* tag, const PointwiseCall* call) noexcept nogil:
    """Bytes of scratch of points_block."""
    return (parameters_size(tag, call) + BUFFERS * buffer_size(tag, call)) * <Py_ssize_t>sizeof(real)


cdef void load_parameters(const PointwiseCall* call, Py_ssize_t first, Py_ssize_t n, const real** parameter, real* scratch) noexcept nogil:
    """Find the parameters of a block: as the pointers that a formula takes, or in `scratch` as a `jit_block` does."""
    cdef Py_ssize_t size = block_size(scratch), i, k
    cdef const real* constants = <const real*>call.constants
    cdef const real* loaded
    for k in range(FORMULA_PARAMETERS):
        parameter[k] = scratch    # of one that the formula does not have: never read, but somewhere
    if call.uniform:
        for k in range(call.parameters):
            scratch[k] = <real>call.constant[k]
        return
    for k in range(call.parameters):
        if is_array(call, k):
            loaded = load(&call.parameter[k], 0, first, n, scratch + k * size)
            if call.jit == NULL:
                parameter[k] = loaded
            elif loaded != scratch + k * size:
                memcpy(scratch + k * size, loaded, n * sizeof(real))
        elif call.jit == NULL:
            parameter[k] = constants + (1 + k) * size
        else:
            for i in range(n):
                scratch[k * size + i] = <real>call.constant[k]


cdef double points_block(const PointwiseCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    """One block: load, formula, store. Returns its part of the sum of the weighted values.

    `scratch`: first the parameters, then the buffers.
    """
    cdef Py_ssize_t size = block_size(scratch), first = block * size
    cdef Py_ssize_t n = min(size, call.size - first), stride = buffer_size(scratch, call)
    cdef real* buffers = scratch + parameters_size(scratch, call)
    cdef real* y_true_buffer = buffers
    cdef real* y_pred_buffer = buffers + stride
    cdef real* weight_buffer = buffers + 2 * stride
    cdef real* multiplier_buffer = buffers + 3 * stride
    cdef real* value_buffer = buffers + 4 * stride
    cdef real* gradient_buffer = buffers + 5 * stride
    cdef real* hessian_buffer = buffers + 6 * stride
    cdef real* stage0 = buffers + 7 * stride
    cdef real* stage1 = buffers + 8 * stride
    cdef real* second_gradient = buffers + 9 * stride
    cdef real* second_hessian = buffers + 10 * stride
    cdef real* previous_buffer = buffers + 11 * stride
    cdef const real* previous
    cdef const real* parameter[FORMULA_PARAMETERS]
    cdef const real* weight
    cdef const real* y_true = y_pred_buffer   # a formula without a target: never read, but somewhere
    cdef const real* y_pred
    cdef const real* multiplier = multiplier_buffer
    cdef real* value = value_buffer
    cdef real* gradient = gradient_buffer
    cdef real* hessian = hessian_buffer
    cdef const real* constants = <const real*>call.constants
    cdef fl_ahead next_block
    cdef Columns columns
    cdef real last_step[COLUMNS * STEP]
    cdef const fl_ahead* ahead = NULL
    cdef Py_ssize_t i
    cdef int k

    y_pred = load(&call.y_pred, 0, first, n, y_pred_buffer)
    if call.y_true.data != NULL:
        y_true = load(&call.y_true, 0, first, n, y_true_buffer)
    weight = load_weights(&call.weight, &call.where, first, n, weight_buffer)
    if call.uniform:
        multiplier_buffer[0] = <real>call.scale
    elif weight == NULL:
        multiplier = constants
    elif call.want & ~VALUE:
        multiplier = multipliers(weight, call.scale, n, multiplier_buffer)
    load_parameters(call, first, n, parameter, scratch)
    if call.value.data != NULL:
        value = place(&call.value, 0, first, value_buffer)
    if call.want & GRADIENT and not call.in_place and not call.accumulate:
        gradient = place(&call.gradient, 0, first, gradient_buffer)
    if call.want & HESSIAN:
        hessian = place(&call.hessian, 0, first, hessian_buffer)

    if first + n < call.size and call.size * <Py_ssize_t>sizeof(real) >= FAR_BYTES:
        memset(&next_block, 0, sizeof(next_block))
        look_ahead(&next_block, FL_READ, &call.y_pred, first + n)
        look_ahead(&next_block, FL_READ_TOO, &call.y_true, first + n)
        if call.want & GRADIENT and not call.in_place:
            look_ahead(&next_block, FL_WRITE, &call.gradient, first + n)
        ahead = &next_block

    if call.jit != NULL:
        call.jit(y_true, y_pred, multiplier, scratch, value, gradient, hessian, n)
    else:
        columns.y_true, columns.prediction[0], columns.multiplier = y_true, y_pred, multiplier
        if call.paired:
            columns.prediction[1] = parameter[0]
        for k in range(programs[call.loss].parameters):
            columns.parameter[k] = parameter[k]
        columns.stage[0], columns.stage[1] = stage0, stage1
        columns.value, columns.gradient[0], columns.hessian[0] = value, gradient, hessian
        columns.gradient[1], columns.hessian[1] = second_gradient, second_hessian
        columns.ahead = ahead
        run_program(last_step, &programs[call.loss], call.want, &columns, n)

    if call.paired:
        # Nothing has been stored yet, so that it may all be in place.
        if call.want & GRADIENT:
            store(&call.second_gradient, 0, first, n, second_gradient)
        if call.want & HESSIAN:
            store(&call.second_hessian, 0, first, n, second_hessian)
    if call.accumulate:
        previous = load(&call.gradient, 0, first, n, previous_buffer)
        for i in range(n):
            gradient[i] += previous[i]
    if call.want & GRADIENT and gradient == gradient_buffer:
        store(&call.gradient, 0, first, n, gradient)
    if call.want & HESSIAN and hessian == hessian_buffer:
        store(&call.hessian, 0, first, n, hessian)
    if not call.want & VALUE:
        return 0
    if call.value.data != NULL:
        weigh(value, weight, n)
        if value == value_buffer:
            store(&call.value, 0, first, n, value)
        return 0
    return sum_of(value, weight, n)


cdef inline bint inside(const real* x, const real* weight, double low, double high, bint ends_only, Py_ssize_t n) noexcept nogil:
    if real is float:
        if ends_only:
            return fl_block_either_f32(x, weight, <float>low, <float>high, n)
        return fl_block_inside_f32(x, weight, <float>low, <float>high, n)
    else:
        if ends_only:
            return fl_block_either_f64(x, weight, low, high, n)
        return fl_block_inside_f64(x, weight, low, high, n)


cdef inline double epsilon_of(int dtype) noexcept nogil:
    """The distance of 1 and the number after it; as _EPSILON of arguments.py."""
    if dtype == FLOAT16:
        return 0.0009765625
    if dtype == BFLOAT16:
        return 0.0078125
    return 1.1920928955078125e-07 if dtype == FLOAT32 else 2.220446049250313e-16


cdef inline double highest_prediction(const Limits* limits, const Operand* y_pred) noexcept nogil:
    return limits.predicted_high + limits.rounding * epsilon_of(y_pred.dtype)


cdef double points_inspected(const real* tag, const PointwiseCall* call, Py_ssize_t block) noexcept nogil:
    """The sum of a block's weights, NaN where a weight, a target or a prediction is outside its domain."""
    cdef Py_ssize_t size = block_size(tag), first = block * size
    cdef Py_ssize_t n = min(size, call.size - first)
    cdef real weight_buffer[SAMPLES]
    cdef real buffer[SAMPLES]
    cdef const Limits* limits = &call.limits
    cdef const real* weight
    cdef bint valid = True
    weight = load_weights(&call.weight, &call.where, first, n, weight_buffer)
    if call.weight.data != NULL and not weights_valid(weight, n):
        return NAN
    if limits.low > -INFINITY or limits.high < INFINITY:
        valid = inside(load(&call.y_true, 0, first, n, buffer), weight, limits.low, limits.high, limits.ends_only, n)
    if limits.predicted_low > -INFINITY or limits.predicted_high < INFINITY:
        valid &= inside(load(&call.y_pred, 0, first, n, buffer), weight, limits.predicted_low,
                        highest_prediction(limits, &call.y_pred), False, n)
    if not valid:
        return NAN
    if weight == NULL:
        return n
    if real is float:
        return fl_block_sum_f32(weight, n)
    else:
        return fl_block_sum_f64(weight, n)


cdef double points_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return points_block(<const PointwiseCall*>call, block, <float*>scratch)

cdef double points_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return points_block(<const PointwiseCall*>call, block, <double*>scratch)

cdef double points_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return points_inspected(<const float*>NULL, <const PointwiseCall*>call, block)

cdef double points_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return points_inspected(<const double*>NULL, <const PointwiseCall*>call, block)
