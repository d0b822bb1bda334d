# Element-wise losses: ONE loop, compiled once for each formula and compute type.

cdef struct Formula:             # what is computed for each element
    int loss                     # its number in POINTWISE
    int gauss_newton             # that of the loop of its Gauss-Newton Hessian; 0: that is the exact one
    bint paired                  # parameter 0 is a prediction too, with derivatives of its own
    bint jit                     # its loops are compiled at run time, and take the place of loop number `loss`
    bint uniform                 # they take one multiplier and one number for each parameter, not one for each element
    size_t loops[2][8]           # their addresses by type and results
    Py_ssize_t parameters        # how many
    double* constant             # those that are numbers
    Operand* parameter           # those that are arrays, data NULL of the others; NULL: none is
    double factor                # in a sum
    Operand* factor_array        # NULL: it is that number


cdef struct PointwiseCall:
    const Formula* formulas      # what is computed for each element: one, or those of a sum
    Py_ssize_t terms             # how many
    bint is_sum                  # each has a factor (`sums_block`)
    bint uniform                 # the one that there is takes one multiplier, as its parameters
    int want                     # VALUE | GRADIENT | HESSIAN
    Py_ssize_t size
    double scale                 # of gradient and Hessian: 1, or 1 / denominator
    double value_factor          # of the values that are stored
    Limits limits                # for points_inspected
    Operand y_true, y_pred, weight, where, value, gradient, hessian
    const double* constants      # a block of the multiplier where nothing has a weight, then FORMULA_PARAMETERS for each formula
    bint in_place                # the gradient overwrites y_pred
    Operand second_gradient, second_hessian
    Operand vector[2]            # what the Hessian is multiplied by, of each prediction; data NULL: nothing
    fl_exact* weight_sum         # where that of the weights is left; NULL: nobody asks
    int* refused                 # set where a block has a number outside its domain; NULL: all were looked at before
    bint accumulate              # the gradient is added to what its array holds
    Curvature curvature          # what is made of the Hessian
    bint straight                # whole blocks go through `straight_block`
    bint whole                   # from arrays to arrays, without a buffer between
    bint streams                 # but for the gradient, which is stored around the cache
    Columns columns              # the first block's, NULL what belongs into a buffer


cdef inline bint is_array(const Formula* formula, Py_ssize_t k) noexcept nogil:
    """Whether parameter k is an array."""
    return formula.parameter != NULL and formula.parameter[k].data != NULL


cdef inline bint any_array(const Formula* formula) noexcept nogil:
    """Whether one of the parameters is an array."""
    cdef Py_ssize_t k
    for k in range(formula.parameters):
        if is_array(formula, k):
            return True
    return False


cdef inline Py_ssize_t derived(const Formula* formula) noexcept nogil:
    """How many columns a formula makes of its parameters: they stand behind them."""
    return 0 if formula.jit else programs[formula.loss].derived


cdef extern from "blocks/stream.h" nogil:
    enum: FL_STREAM_FROM
    void fl_stream(char* target, const char* source, Py_ssize_t bytes) noexcept
    void fl_stream_end() noexcept
    void fl_stream_ask(const char* end) noexcept

cdef extern from "blocks/watch.h" nogil:
    void fl_stop(int* stop) noexcept

cdef enum:
    FAR_BYTES = 1 << 19          # of an array: with others as large it does not stay in a second-level cache of 1 MiB


cdef void derive(const Formula* formula, const real** parameter, Py_ssize_t n) noexcept nogil:
    """Make those columns: the logarithm of a parameter is that of all elements, as a rule."""
    cdef Columns columns
    cdef Py_ssize_t k
    for k in range(programs[formula.loss].parameters):
        columns.parameter[k] = parameter[k + programs[formula.loss].predictions - 1]
    if real is float:
        programs[formula.loss].derive_f32(&columns, n)
    else:
        programs[formula.loss].derive_f64(&columns, n)


cdef void fill_constants(const PointwiseCall* call, real* constants) noexcept nogil:
    """Once for all blocks: a sweep of stores in each of them would wait behind the stores of the gradient."""
    cdef Py_ssize_t size = block_size(constants), n = min(size, call.size), term, i, k
    cdef const Formula* formula
    cdef const real* parameter[FORMULA_PARAMETERS]
    cdef real* of_term
    for i in range(n):
        constants[i] = <real>1 if call.is_sum else <real>call.scale
    for term in range(call.terms):
        formula, of_term = &call.formulas[term], constants + (1 + term * FORMULA_PARAMETERS) * size
        if not formula.jit:
            for k in range(formula.parameters):
                if not is_array(formula, k):
                    for i in range(n):
                        of_term[k * size + i] = <real>formula.constant[k]
        if derived(formula) and not any_array(formula):
            for k in range(FORMULA_PARAMETERS):
                parameter[k] = of_term + k * size
            derive(formula, parameter, n)


cdef inline Py_ssize_t constants_size(const PointwiseCall* call) noexcept nogil:
    """Doubles that `set_constants` may fill."""
    return (1 + call.terms * FORMULA_PARAMETERS) * BLOCK_DOUBLES + CACHE_LINE


cdef void set_constants(PointwiseCall* call, bint double_precision, double* constants) noexcept nogil:
    # From a line of the cache on: each vector of a constant that lies across two is read twice.
    constants = <double*>(<char*>constants + -<size_t>constants % CACHE_LINE)
    call.constants, call.straight = constants, False
    if not call.uniform:
        if double_precision:
            fill_constants(call, constants)
            go_straight(call, constants)
        else:
            fill_constants(call, <float*>constants)
            go_straight(call, <float*>constants)


cdef inline void* as_column(const real* tag, const Operand* operand) noexcept nogil:
    """Where a loop can read or write an array as it is; NULL: it cannot, or there is no array."""
    if operand.data == NULL or not (adjoining(operand) and native(tag, operand) and aligned(operand.data, sizeof(real))):
        return NULL
    # One number for all samples is a run too, but for a loop.
    return NULL if operand.dimensions == 0 else operand.data


cdef void go_straight(PointwiseCall* call, const real* constants) noexcept nogil:
    """Note for `straight_block` what is the same in all blocks: where the columns of the first one are, if they are arrays."""
    cdef Columns* columns = &call.columns
    cdef const Formula* formula = call.formulas
    cdef const Program* program
    cdef Py_ssize_t size = block_size(constants)
    cdef int k
    if (call.is_sum or formula.jit or call.size < size or call.accumulate or call.curvature.asked
            or (call.want & HESSIAN and not call.want & GRADIENT)):
        return    # a Hessian comes with its gradient
    memset(columns, 0, sizeof(Columns))
    program = &programs[formula.loss]
    columns.prediction[0] = as_column(constants, &call.y_pred)
    if call.y_true.data != NULL:
        columns.y_true = as_column(constants, &call.y_true)
    columns.multiplier = constants
    for k in range(program.parameters):
        columns.parameter[k] = constants + (1 + k + program.predictions - 1) * size
    if call.want & GRADIENT:
        columns.gradient[0] = as_column(constants, &call.gradient)
        # What lies over the prediction is written when all of a block has been read.
        if columns.gradient[0] == columns.prediction[0] or call.in_place:
            columns.gradient[0] = NULL
    if call.want & HESSIAN:
        columns.hessian[0] = as_column(constants, &call.hessian)
    if call.want & VALUE:
        columns.value = as_column(constants, &call.value)
    call.streams = call.want & GRADIENT and columns.gradient[0] != NULL and call.size * sizeof(real) >= FL_STREAM_FROM
    call.whole = (columns.prediction[0] != NULL and (call.y_true.data == NULL or columns.y_true != NULL)
                  and (not call.want & GRADIENT or columns.gradient[0] != NULL) and call.weight.data == NULL
                  and call.where.data == NULL)
    if any_array(formula) or formula.paired:
        # Of arrays that belong to the formula only a second prediction goes straight, and where nothing needs a buffer.
        if not formula.paired or derived(formula) or not call.whole:
            return
        for k in range(1, <int>formula.parameters):
            if is_array(formula, k):
                return
        columns.prediction[1] = as_column(constants, &formula.parameter[0]) if is_array(formula, 0) else NULL
        columns.gradient[1] = as_column(constants, &call.second_gradient)
        columns.hessian[1] = as_column(constants, &call.second_hessian)
        if columns.prediction[1] == NULL or columns.gradient[0] == columns.prediction[1]:
            return
        if call.want & GRADIENT and (columns.gradient[1] == NULL or columns.gradient[1] == columns.prediction[0]
                                     or columns.gradient[1] == columns.prediction[1]):
            return
        if call.want & HESSIAN and (columns.hessian[0] == NULL or columns.hessian[1] == NULL):
            return
    call.straight = True


cdef double straight_block(const PointwiseCall* call, Py_ssize_t first, real* scratch) noexcept nogil:
    """A whole block of a call of one formula, whose parameters are numbers: what most calls are."""
    cdef Py_ssize_t size = block_size(scratch)
    cdef const Program* program = &programs[call.formulas.loss]
    cdef column_loop run = program.f32[call.want] if real is float else program.f64[call.want]
    cdef sum_loop run_and_add = program.sum_f32[call.want] if real is float else program.sum_f64[call.want]
    cdef Columns columns = call.columns
    cdef fl_ahead next_block
    cdef const real* weight = NULL
    cdef real* buffers = scratch + parameters_size(scratch, call)
    cdef real* value = buffers + 4 * size
    cdef real* gradient[2]
    cdef bint is_sum = call.want & VALUE and call.value.data == NULL
    cdef bint adds = run_and_add != NULL and is_sum and call.weight.data == NULL and call.where.data == NULL
    cdef double total = 0
    cdef int k
    columns.ahead = ahead_of(call, first + size, sizeof(real), &next_block)
    adds &= call.whole or columns.ahead == NULL
    if columns.ahead != NULL and call.streams and program.predictions == 2 and not adds:
        # Gradients that are stored around the cache are not asked for: the second prediction takes their place.
        look_ahead(&next_block, FL_WRITE, &call.formulas.parameter[0], first + size)
    if columns.prediction[0] != NULL:
        columns.prediction[0] = <const real*>columns.prediction[0] + first
    else:
        columns.prediction[0] = load(&call.y_pred, 0, first, size, buffers)
    if columns.y_true != NULL:
        columns.y_true = <const real*>columns.y_true + first
    elif call.y_true.data != NULL:
        columns.y_true = load(&call.y_true, 0, first, size, buffers + size)
    else:
        columns.y_true = columns.prediction[0]    # never read, but somewhere
    columns.gradient[0] = <real*>columns.gradient[0] + first if columns.gradient[0] != NULL else buffers + 5 * size
    columns.hessian[0] = <real*>columns.hessian[0] + first if columns.hessian[0] != NULL else buffers + 6 * size
    if program.predictions == 2:
        columns.prediction[1] = <const real*>columns.prediction[1] + first
        columns.gradient[1] = <real*>columns.gradient[1] + first
        columns.hessian[1] = <real*>columns.hessian[1] + first
    if call.streams:
        for k in range(program.predictions):
            gradient[k] = <real*>columns.gradient[k]
            fl_stream_ask(<const char*>(gradient[k] + size))
            columns.gradient[k] = buffers + (5 if k == 0 else 9) * size
    if call.weight.data != NULL or call.where.data != NULL:
        weight = load_weights(&call.weight, &call.where, first, size, buffers + 2 * size)
        if call.want & ~VALUE:
            columns.multiplier = multipliers(weight, call.scale, size, buffers + 3 * size)
    if adds:
        columns.value = value    # of which it makes no use as a rule
        total = run_and_add(&columns, size // STEP)
        is_sum = False
    else:
        columns.stage[0], columns.stage[1], columns.stage[2] = buffers + 7 * size, buffers + 8 * size, buffers + 12 * size
        if columns.value != NULL:
            value = <real*>columns.value + first
        columns.value = value
        run(&columns, size // STEP)
    if call.streams:
        for k in range(program.predictions):
            fl_stream(<char*>gradient[k], <const char*>columns.gradient[k], size * sizeof(real))
        fl_stream_end()
    elif call.want & GRADIENT and call.columns.gradient[0] == NULL and call.gradient.data != NULL:
        store(&call.gradient, 0, first, size, <const real*>columns.gradient[0])
    if call.want & HESSIAN and call.columns.hessian[0] == NULL and call.hessian.data != NULL:
        store(&call.hessian, 0, first, size, <const real*>columns.hessian[0])
    if is_sum:
        return sum_of(value, weight, size)
    if call.want & VALUE and call.value.data != NULL:
        weigh(value, weight, size)
        multiply(value, call.value_factor, size)
        if call.columns.value == NULL:
            store(&call.value, 0, first, size, value)
    return total


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
    last.stage[0], last.stage[1], last.stage[2] = places, places + STEP, places + 2 * STEP
    last.value, last.cross = places + 3 * STEP, places + 4 * STEP
    run(&last, 1)
    if want & VALUE:
        memcpy(<real*>columns.value + done, last.value, size)
    for k in range(program.predictions):
        if want & GRADIENT:
            memcpy(<real*>columns.gradient[k] + done, last.gradient[k], size)
        if want & HESSIAN:
            memcpy(<real*>columns.hessian[k] + done, last.hessian[k], size)
    if columns.cross != NULL and want == HESSIAN:
        memcpy(<real*>columns.cross + done, last.cross, size)


cdef enum:
    BUFFERS = 13                 # of points_block


cdef inline Py_ssize_t buffer_size(const real* tag, const PointwiseCall* call) noexcept nogil:
    """Numbers of a buffer: a block, or all there are, in whole lines of the cache."""
    cdef Py_ssize_t line = CACHE_LINE // sizeof(real)
    return min(block_size(tag), (call.size + line - 1) // line * line)


cdef inline Py_ssize_t parameters_size(const real* tag, const PointwiseCall* call) noexcept nogil:
    """Numbers that the parameters of a formula take: one each for a uniform loop, in whole lines of the cache; else a block
    each. Those of a sum come one after the other to the same place."""
    cdef Py_ssize_t line = CACHE_LINE // sizeof(real), most = 0, term
    cdef const Formula* formula
    for term in range(call.terms):
        formula = &call.formulas[term]
        if formula.uniform:
            most = max(most, (formula.parameters + line - 1) // line * line)
        else:
            most = max(most, (formula.parameters + derived(formula)) * block_size(tag))
    return most


cdef inline Py_ssize_t points_scratch(const real* tag, const PointwiseCall* call) noexcept nogil:
    """Bytes of scratch of points_block, or of sums_block."""
    cdef Py_ssize_t numbers = parameters_size(tag, call) + (BUFFERS + (RESULTS if call.is_sum else 0)) * buffer_size(tag, call)
    cdef Py_ssize_t doubles = SUM_BUFFERS * buffer_size(tag, call) if call.is_sum else 0
    return numbers * <Py_ssize_t>sizeof(real) + doubles * <Py_ssize_t>sizeof(double)


cdef void load_parameters(const PointwiseCall* call, Py_ssize_t term, Py_ssize_t first, Py_ssize_t n, const real** parameter,
                          real* scratch) noexcept nogil:
    """Find the parameters of a block: as the pointers that a formula takes, or in `scratch` as a `jit_block` does."""
    cdef Py_ssize_t size = block_size(scratch), i, k
    cdef const Formula* formula = &call.formulas[term]
    cdef const real* constants = <const real*>call.constants + (1 + term * FORMULA_PARAMETERS) * size
    cdef const real* loaded
    for k in range(FORMULA_PARAMETERS):
        parameter[k] = scratch    # of one that the formula does not have: never read, but somewhere
    if formula.uniform:
        for k in range(formula.parameters):
            scratch[k] = <real>formula.constant[k]
        return
    for k in range(formula.parameters):
        if is_array(formula, k):
            loaded = load(&formula.parameter[k], 0, first, n, scratch + k * size)
            if not formula.jit:
                parameter[k] = loaded
            elif loaded != scratch + k * size:
                memcpy(scratch + k * size, loaded, n * sizeof(real))
        elif not formula.jit:
            parameter[k] = constants + k * size
        else:
            for i in range(n):
                scratch[k * size + i] = <real>formula.constant[k]
    if derived(formula):
        for k in range(formula.parameters, formula.parameters + derived(formula)):
            parameter[k] = scratch + k * size if any_array(formula) else constants + k * size
        if any_array(formula):
            derive(formula, parameter, n)


cdef inline const fl_ahead* ahead_of(const PointwiseCall* call, Py_ssize_t first, Py_ssize_t itemsize, fl_ahead* next_block) noexcept nogil:
    """What a block from `first` on will need; NULL where that need not be asked for."""
    if first >= call.size or call.size * itemsize < FAR_BYTES:
        return NULL
    memset(next_block, 0, sizeof(next_block[0]))
    look_ahead(next_block, FL_READ, &call.y_pred, first)
    look_ahead(next_block, FL_READ_TOO, &call.y_true, first)
    if call.want & GRADIENT and not call.in_place and not (call.straight and call.streams):
        look_ahead(next_block, FL_WRITE, &call.gradient, first)
    return next_block


cdef inline void run_formula(const Formula* formula, int want, bint gauss_newton, Columns* columns, const real** parameter,
                             const real* numbers, Py_ssize_t n) noexcept nogil:
    """Run the loop of a formula over a block; its parameters are columns, or `numbers` as a `jit_block` takes them. With
    `gauss_newton` the Hessian comes from a loop of its own, where there is one: value and gradient keep their bits."""
    cdef const Program* program
    cdef real last_step[COLUMNS * STEP]
    cdef int k
    if formula.jit:
        (<jit_block>formula.loops[sizeof(real) == sizeof(double)][want])(
            columns.y_true, columns.prediction[0], columns.multiplier, numbers, columns.value, columns.gradient[0],
            columns.hessian[0], columns.gradient[1], columns.hessian[1], columns.cross, n)
        return
    program = &programs[formula.loss]
    columns.prediction[1] = parameter[0]      # read if there are two
    for k in range(program.parameters):
        columns.parameter[k] = parameter[k + program.predictions - 1]
    if not (gauss_newton and formula.gauss_newton and want & HESSIAN):
        run_program(last_step, program, want, columns, n)
        return
    if want & ~HESSIAN:
        run_program(last_step, program, want & ~HESSIAN, columns, n)
    columns.ahead = NULL
    run_program(last_step, &programs[formula.gauss_newton], HESSIAN, columns, n)


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
    cdef real* stage2 = buffers + 12 * stride
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
    load_parameters(call, 0, first, n, parameter, scratch)
    if call.value.data != NULL:
        value = place(&call.value, 0, first, value_buffer)
    if call.want & GRADIENT and call.gradient.data != NULL and not call.in_place and not call.accumulate:
        gradient = place(&call.gradient, 0, first, gradient_buffer)
    if call.want & HESSIAN and call.hessian.data != NULL:
        hessian = place(&call.hessian, 0, first, hessian_buffer)

    columns.y_true, columns.prediction[0], columns.multiplier = y_true, y_pred, multiplier
    columns.stage[0], columns.stage[1], columns.stage[2] = stage0, stage1, stage2
    columns.value, columns.gradient[0], columns.hessian[0] = value, gradient, hessian
    columns.gradient[1], columns.hessian[1], columns.cross = second_gradient, second_hessian, NULL
    columns.ahead = ahead_of(call, first + n, sizeof(real), &next_block)
    run_formula(call.formulas, call.want, by_gauss_newton(&call.curvature), &columns, parameter, scratch, n)
    if call.want & HESSIAN:
        shape_hessian(&call.curvature, weight, hessian, n)
        if call.formulas.paired:
            shape_hessian(&call.curvature, weight, second_hessian, n)

    # Nothing of a second prediction was stored before it was read: it may all be in place. An array that is not there is of
    # a prediction whose derivatives nobody asked for.
    if call.second_gradient.data != NULL and call.want & GRADIENT:
        store(&call.second_gradient, 0, first, n, second_gradient)
    if call.second_hessian.data != NULL and call.want & HESSIAN:
        store(&call.second_hessian, 0, first, n, second_hessian)
    if call.accumulate:
        previous = load(&call.gradient, 0, first, n, previous_buffer)
        for i in range(n):
            gradient[i] += previous[i]
    if call.want & GRADIENT and gradient == gradient_buffer and call.gradient.data != NULL:
        store(&call.gradient, 0, first, n, gradient)
    if call.want & HESSIAN and hessian == hessian_buffer and call.hessian.data != NULL:
        store(&call.hessian, 0, first, n, hessian)
    if not call.want & VALUE:
        return 0
    if call.value.data != NULL:
        weigh(value, weight, n)
        multiply(value, call.value_factor, n)
        if value == value_buffer:
            store(&call.value, 0, first, n, value)
        return 0
    return sum_of(value, weight, n)


cdef inline double count_kept(const real* weight, Py_ssize_t n) noexcept nogil:
    """How many of weights that are 1 or 0 are 1."""
    cdef int count = 0
    cdef Py_ssize_t i
    for i in range(n):
        count += weight[i] != 0
    return count


cdef bint within_domains(const real* tag, const PointwiseCall* call, Py_ssize_t first, Py_ssize_t n,
                         const real* weight) noexcept nogil:
    """Whether the targets and predictions of a block that count are inside their domains."""
    cdef real buffer[SAMPLES]
    cdef const Limits* limits = &call.limits
    cdef bint valid = True
    if limits.low > -INFINITY or limits.high < INFINITY:
        valid = inside(load(&call.y_true, 0, first, n, buffer), weight, limits.low, limits.high, limits.ends_only, n)
    if limits.predicted_low > -INFINITY or limits.predicted_high < INFINITY:
        valid &= inside(load(&call.y_pred, 0, first, n, buffer), weight, limits.predicted_low,
                        highest_prediction(limits, &call.y_pred), False, n)
        if call.formulas[0].paired and is_array(&call.formulas[0], 0):
            valid &= inside(load(&call.formulas[0].parameter[0], 0, first, n, buffer), weight, limits.predicted_low,
                            highest_prediction(limits, &call.formulas[0].parameter[0]), False, n)
    return valid


cdef double points_inspected(const real* tag, const PointwiseCall* call, Py_ssize_t block, void* scratch) noexcept nogil:
    """Weigh a block (`run_inspection`); NaN where a weight, a target or a prediction is outside its domain."""
    cdef Py_ssize_t size = block_size(tag), first = block * size
    cdef Py_ssize_t n = min(size, call.size - first)
    cdef real weight_buffer[SAMPLES]
    cdef const real* weight = load_weights(&call.weight, &call.where, first, n, weight_buffer)
    if not within_domains(tag, call, first, n, weight):
        return NAN
    if call.weight.data == NULL and call.where.data != NULL:
        return count_kept(weight, n)
    return weigh_exactly(scratch, weight, n)


cdef inline double any_block(const PointwiseCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    cdef Py_ssize_t size = block_size(scratch)
    if call.refused != NULL and not within_domains(scratch, call, block * size, min(size, call.size - block * size), NULL):
        fl_stop(call.refused)
        return NAN
    if call.straight and (block + 1) * size <= call.size:
        return straight_block(call, block * size, scratch)
    return sums_block(call, block, scratch) if call.is_sum else points_block(call, block, scratch)

cdef double points_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return any_block(<const PointwiseCall*>call, block, <float*>scratch)

cdef double points_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return any_block(<const PointwiseCall*>call, block, <double*>scratch)

cdef double points_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return points_inspected(<const float*>NULL, <const PointwiseCall*>call, block, scratch)

cdef double points_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return points_inspected(<const double*>NULL, <const PointwiseCall*>call, block, scratch)
