# The short way of penalties, and of functions of each element: as that of losses (frame/plain.pxi).

cpdef object plain_function(int loop, object x, object out, object n_threads):
    """Return the values of an element-wise loop; None if the call is not plain."""
    cdef PlainWork work
    if not short_way_is_open():
        return None
    hold_nothing(&work)
    try:
        out = take_function(&work, x, None, False, out, n_threads)
        return None if out is None else values_of(&work, loop, out)
    finally:
        release(&work)


cdef object values_of(PlainWork* work, int loop, object out):
    cdef PointwiseCall call
    cdef Formula formula
    set_loop_alone(&call, &formula, loop, work)
    set_result(&call.value, &work.array[OUT_VALUE], -1)
    call.in_place = call.value.data == call.y_pred.data
    run_points_call(&call, work.double_precision, False, work.threads)
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
    if not short_way_is_open() or (out is None and accumulate):
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
            out = new_like(given)
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
