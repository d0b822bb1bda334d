# Cross-entropy for the Cython code of others: as points/capi.pxi.

cdef int softmax_run(Py_ssize_t n_rows, Py_ssize_t classes, const int64_t* y_true, const real* logits, double denominator,
                     double* value, real* gradient, real* hessian) noexcept nogil:
    cdef RowsCall call
    cdef bint double_precision = sizeof(real) == sizeof(double)
    cdef Py_ssize_t size = rows_per_block(logits, classes), row
    cdef double total
    cdef int status
    for row in range(n_rows):
        if not 0 <= y_true[row] < classes:
            return BAD_TARGET
    set_bare_rows(&call, results_of(value, gradient, hessian), n_rows, classes)
    call.team = 1
    set_scale(&call, denominator)
    set_run(&call.y_true, y_true, INT64, sizeof(int64_t), n_rows, 0)
    set_numbers(&call.logits, logits, n_rows, classes)
    set_numbers(&call.gradient, gradient, n_rows, classes)
    set_numbers(&call.hessian, hessian, n_rows, classes)
    note_extremes(logits, &call, classes)
    status = run_blocks_here(rows_block_f64 if double_precision else rows_block_f32, &call, (n_rows + size - 1) // size,
                             rows_scratch(logits, &call, False) * <Py_ssize_t>sizeof(real), &total)
    if status == OK and value != NULL:
        value[0] = total
    return status


cdef api int cross_entropy_f32(Py_ssize_t rows, Py_ssize_t classes, const int64_t* y_true, const float* logits, double denominator,
                               double* value, float* gradient, float* hessian) noexcept nogil:
    return softmax_run(rows, classes, y_true, logits, denominator, value, gradient, hessian)

cdef api int cross_entropy_f64(Py_ssize_t rows, Py_ssize_t classes, const int64_t* y_true, const double* logits, double denominator,
                               double* value, double* gradient, double* hessian) noexcept nogil:
    return softmax_run(rows, classes, y_true, logits, denominator, value, gradient, hessian)
