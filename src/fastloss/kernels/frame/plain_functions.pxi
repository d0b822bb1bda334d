# The short way of penalties, and of functions beside the losses: as that of losses (plain.pxi).

cpdef object plain_function(int task, int loop, object x, object axis, object out, object n_threads):
    """Return softmax, log-softmax or logsumexp (`task`) along an axis, or the values of an element-wise loop; None if not plain.

    `task` is CROSS_ENTROPY, which is none of them, where it is a loop.
    """
    cdef PlainWork work
    if not short_way or fl_stack_is_short():
        return None
    hold_nothing(&work)
    try:
        return function_of(&work, task, loop, x, axis, out, n_threads)
    finally:
        release(&work)


cdef object function_of(PlainWork* work, int task, int loop, object x, object axis, object out, object n_threads):
    cdef PointwiseCall points
    cdef RowsCall rows
    cdef Formula formula
    cdef Py_ssize_t place = -1
    cdef const Plain* given = &work.array[0]
    cdef const Plain* result = &work.array[OUT_VALUE]
    if n_threads is not None and (type(n_threads) is not int or not 0 < n_threads < MAX_PLAIN_THREADS):
        return None
    if not look(x, False, &work.array[0]) or given.view.len == 0 or given.view.ndim == 0 or given.dtype < FLOAT16:
        return None
    if task != CROSS_ENTROPY:
        if type(axis) is not int or not -given.view.ndim <= axis < given.view.ndim:
            return None
        place = axis
        place += given.view.ndim if place < 0 else 0
    work.pred = &work.array[0]
    take_samples(work, <int>place)
    work.want, work.double_precision, work.threads = VALUE, given.dtype == FLOAT64, 1
    if out is not None:
        if type(out) is tuple or not look(out, True, &work.array[OUT_VALUE]) or not contiguous(result):
            return None
        if not disjoint(result, given) and (result.view.buf != given.view.buf or task == LOGSUMEXP or not contiguous(given)):
            return None
    elif task == LOGSUMEXP and work.dimensions == 0:
        return None
    else:
        out = empty(samples_of(work), x.dtype) if task == LOGSUMEXP else empty_like(x)
        if not look(out, True, &work.array[OUT_VALUE]):
            return None
    if result.dtype != given.dtype or not (of_samples(result, work) if task == LOGSUMEXP else alike(result, given)):
        return None
    if n_threads is not None or given.view.len >= SERIAL_BELOW * 2:
        work.threads = threads_for(n_threads, given.view.len // given.view.itemsize)
    if place >= 0:
        set_bare_rows(&rows, VALUE if task == LOGSUMEXP else GRADIENT, work.samples, given.view.shape[place])
        rows.task, rows.scale, rows.scale_tail = task, 1, 0
        rows.y_true.data = rows.gradient.data = rows.hessian.data = NULL
        set_view(&rows.logits, &given.view, given.dtype, False, <int>place)
        if task == LOGSUMEXP:
            set_view(&rows.value, &result.view, result.dtype, False, -1)
        else:
            set_view(&rows.gradient, &result.view, result.dtype, False, <int>place)
        run_rows_call(&rows, work.double_precision, False, work.threads)
        return out
    set_loop_alone(&points, &formula, loop, work)
    set_view(&points.value, &result.view, result.dtype, False, -1)
    points.in_place = points.value.data == points.y_pred.data
    run_points_call(&points, work.double_precision, False, work.threads)
    return out


cdef void set_loop_alone(PointwiseCall* call, Formula* formula, int loop, const PlainWork* work) noexcept nogil:
    """Describe a loop over the elements of an array, without a target or weights."""
    memset(formula, 0, sizeof(formula[0]))
    formula.loss, formula.factor = loop, 1
    set_formulas(call, formula, 1)
    call.want, call.size, call.scale, call.value_factor, call.accumulate = work.want, work.samples, 1, 1, False
    call.y_true.data = call.weight.data = call.where.data = call.value.data = call.gradient.data = call.hessian.data = NULL
    set_view(&call.y_pred, &work.array[0].view, work.array[0].dtype, False, -1)


cpdef tuple plain_penalty(int loop, int want, object given, double strength, tuple numbers, object out, bint accumulate, int threads):
    """Return value and gradient of a penalty, None if it is not plain. `numbers` are its parameters; all is checked but the arrays."""
    cdef PlainWork work
    if not short_way or fl_stack_is_short() or (out is None and accumulate):
        return None
    hold_nothing(&work)
    try:
        return penalty_of(&work, loop, want, given, strength, numbers, out, accumulate, threads)
    finally:
        release(&work)


cdef tuple penalty_of(PlainWork* work, int loop, int want, object given, double strength, tuple numbers, object out,
                      bint accumulate, int threads):
    cdef PointwiseCall call
    cdef Formula formula
    cdef double constant[FORMULA_PARAMETERS]
    cdef double mantissa, total
    cdef const Plain* x = &work.array[0]
    cdef const Plain* result = &work.array[OUT_GRADIENT]
    cdef int exponent, k
    if not look(given, False, &work.array[0]) or x.view.len == 0 or x.view.ndim == 0 or x.dtype < FLOAT16:
        return None
    work.pred = &work.array[0]
    take_samples(work, -1)
    work.want, work.double_precision, work.threads = want, x.dtype == FLOAT64, threads
    if want & GRADIENT:
        if out is None:
            out = empty_like(given)
            if not look(out, True, &work.array[OUT_GRADIENT]):
                return None
        elif not look(out, True, &work.array[OUT_GRADIENT]) or not contiguous(result):
            return None
        elif not disjoint(result, x) and (accumulate or result.view.buf != x.view.buf or not contiguous(x)):
            return None
        if not alike(result, x):
            return None
    set_loop_alone(&call, &formula, loop, work)
    # The formula multiplies by a power of 2: see penalties.py.
    mantissa = 2 * frexp(strength, &exponent)
    constant[0] = ldexp(1, exponent - 1)
    for k in range(<int>len(numbers)):
        constant[1 + k] = numbers[k]
    formula.constant, formula.parameters = constant, 1 + len(numbers)
    call.scale, call.accumulate = mantissa, accumulate
    set_result(&call.gradient, result, -1)
    call.in_place = call.gradient.data == call.y_pred.data
    total = run_points_call(&call, work.double_precision, False, threads)
    return mantissa * total, out
