# The short way of softmax, log-softmax and logsumexp: as that of losses (frame/plain.pxi).

cpdef object plain_function(int task, object x, object axis, object out, object n_threads):
    """Return the result of a Task along an axis; None if the call is not plain."""
    cdef PlainWork work
    if not short_way_is_open() or axis is None:
        return None
    hold_nothing(&work)
    try:
        out = take_function(&work, x, axis, task == LOGSUMEXP, out, n_threads)
        return None if out is None else softmax_of(&work, task, out)
    finally:
        release(&work)


cdef object softmax_of(PlainWork* work, int task, object out):
    cdef RowsCall rows
    set_bare_rows(&rows, VALUE if task == LOGSUMEXP else GRADIENT, work.samples, work.classes)
    rows.task, rows.scale, rows.scale_tail = task, 1, 0
    rows.y_true.data = rows.gradient.data = rows.hessian.data = NULL
    set_result(&rows.logits, &work.array[0], work.class_axis)
    if task == LOGSUMEXP:
        set_result(&rows.value, &work.array[OUT_VALUE], -1)
    else:
        set_result(&rows.gradient, &work.array[OUT_VALUE], work.class_axis)
    run_rows_call(&rows, work.double_precision, False, work.threads)
    return out
