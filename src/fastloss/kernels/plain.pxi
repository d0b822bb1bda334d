# The short way of a plain call: contiguous arrays of the machine's own types, no weights, no mask, a reduced value.
#
# It decides nothing: a call that is plain and valid is run, by the same kernels as any other; whatever is not (another
# type or layout, another keyword, a label out of range) is left to loss.py, by returning None, before anything is written.
# A call of 32 rows of 10 classes takes a microsecond this way, where checking it in Python takes ten.

cdef object ndarray, empty_like, threads_for, bits_of_bfloat16


def connect(array_type, make_like, threads, bits):
    """Hand over what the short way needs of NumPy, of runtime.py and of arguments.py."""
    global ndarray, empty_like, threads_for, bits_of_bfloat16
    ndarray, empty_like, threads_for, bits_of_bfloat16 = array_type, make_like, threads, bits


cdef struct Plain:
    Py_buffer view
    int dtype
    bint held                    # the buffer has to be released


cdef bint hold(object array, int flags, Plain* plain) except -1:
    """Take hold of an array's buffer; whether it can be had. An interrupt passes through."""
    try:
        PyObject_GetBuffer(array, &plain.view, flags)
    except (BufferError, TypeError, ValueError):
        return False
    plain.held = True
    return True


cdef bint look(object array, bint writable, Plain* plain) except -1:
    """Whether `array` is an ndarray, C-contiguous, aligned, of a native type; its buffer is then held."""
    cdef Py_ssize_t extent, k
    cdef char kind
    if type(array) is not ndarray:
        return False
    cdef int flags = PyBUF_STRIDES | PyBUF_FORMAT | (PyBUF_WRITABLE if writable else 0)
    cdef bint bfloat16 = not hold(array, flags, plain)   # read-only where it is written, or of a type that NumPy does not export
    if bfloat16 and not hold(bits_of_bfloat16(array), flags, plain):
        return False
    if plain.view.format == NULL or plain.view.format[0] == 0 or plain.view.format[1] != 0:
        return False
    kind = plain.view.format[0]
    if bfloat16:
        plain.dtype = BFLOAT16
    elif kind == c"f":
        plain.dtype = FLOAT32
    elif kind == c"d":
        plain.dtype = FLOAT64
    elif kind == c"e":
        plain.dtype = FLOAT16
    elif kind in (c"l", c"q", c"i"):
        plain.dtype = INT64 if plain.view.itemsize == 8 else INT32
    else:
        return False
    extent = plain.view.itemsize
    for k in range(plain.view.ndim - 1, -1, -1):
        if plain.view.shape[k] != 1 and plain.view.strides[k] != extent:
            return False
        extent *= plain.view.shape[k]
    return aligned(<const char*>plain.view.buf, plain.view.itemsize)


cdef bint disjoint(const Plain* a, const Plain* b) noexcept:
    return (<char*>a.view.buf + a.view.len <= <char*>b.view.buf) or (<char*>b.view.buf + b.view.len <= <char*>a.view.buf)


cdef void set_contiguous(Operand* operand, const Plain* plain, Py_ssize_t samples, Py_ssize_t classes) noexcept:
    set_run(operand, plain.view.buf, plain.dtype, plain.view.itemsize, samples, classes)


cdef bint alike(const Plain* a, const Plain* b) noexcept:
    cdef Py_ssize_t k
    if a.dtype != b.dtype or a.view.ndim != b.view.ndim:
        return False
    for k in range(a.view.ndim):
        if a.view.shape[k] != b.view.shape[k]:
            return False
    return True


cdef bint usable(object array, Plain* output, const Plain* y_pred, const Plain* y_true, bint in_place) except -1:
    """Whether results can be written to `array` as they are: apart from every input, or exactly over `y_pred`."""
    if not look(array, True, output) or not alike(output, y_pred):
        return False
    return disjoint(output, y_true) and (disjoint(output, y_pred) or (in_place and output.view.buf == y_pred.view.buf))


cdef inline double reduced(double total, double denominator) noexcept nogil:
    """The value: not -0 where a factor below 0 multiplies nothing."""
    cdef double value = total / denominator
    return 0 if value == 0 else value


cdef bint short_way = True


def set_short_way(bint open):
    """Open or close the short way, for all threads: who asks for another engine has to be heard."""
    global short_way
    short_way = open


cdef class PlainCall:
    """The short way of one loss, its parameters bound."""
    cdef Formulas formulas       # None: cross-entropy
    cdef double factor           # of a loss that is one with a factor and nothing else
    cdef Limits limits[2]        # in float32 and in float64
    cdef bint any_engine         # its loops are compiled at run time, whatever the engine

    def __init__(self, Formulas formulas, tuple limits, tuple double_limits, double factor=1, bint any_engine=False):
        """`formulas`: of the loss without the factor. Loops compiled at run time are uniform; one that is not there yet is
        not plain."""
        self.formulas, self.factor, self.any_engine = formulas, factor, any_engine
        self.limits[0], self.limits[1] = limits_of(limits), limits_of(double_limits)

    def set_loop(self, Py_ssize_t term, bint double_precision, int want, size_t address):
        """Take the loop of a term that was compiled at run time."""
        if self.formulas.formula[term].jit:
            self.formulas.formula[term].loops[double_precision][want] = address

    cpdef object run(self, int want, tuple args, dict keywords):
        """Return what the call returns, None if it is not plain."""
        cdef Plain y_true, y_pred, gradient, hessian
        y_true.held = y_pred.held = gradient.held = hessian.held = False
        if fl_stack_is_short():
            return None          # the long way says so
        try:
            return self.run_with(want, args, keywords, &y_true, &y_pred, &gradient, &hessian)
        finally:
            if y_true.held:
                PyBuffer_Release(&y_true.view)
            if y_pred.held:
                PyBuffer_Release(&y_pred.view)
            if gradient.held:
                PyBuffer_Release(&gradient.view)
            if hessian.held:
                PyBuffer_Release(&hessian.view)

    cdef object run_with(self, int want, tuple args, dict keywords, Plain* y_true, Plain* y_pred, Plain* gradient, Plain* hessian):
        cdef object out = None, n_threads = None, reduction, grad_array = None, hess_array = None
        cdef Py_ssize_t known = 0, places, size, rows, classes = 0, k
        cdef int threads = 1
        cdef double total, denominator = 0

        # What is asked for.
        if not (short_way or self.any_engine) or len(args) != 2:
            return None
        if keywords:
            if "out" in keywords:
                out = keywords["out"]
                known += 1
            if "n_threads" in keywords:
                n_threads = keywords["n_threads"]
                if n_threads is not None and (type(n_threads) is not int or not 0 < n_threads < MAX_PLAIN_THREADS):
                    return None
                known += 1
            if "reduction" in keywords:
                reduction = keywords["reduction"]
                if type(reduction) is not str:
                    return None
                if reduction == "sum":
                    denominator = 1
                elif reduction != "mean":
                    return None
                known += 1
            if len(keywords) != known:
                return None
        if out is not None:
            places = ((want & VALUE) != 0) + ((want & GRADIENT) != 0) + ((want & HESSIAN) != 0)
            if type(out) is not tuple:
                out = (out,)
            if len(<tuple>out) != places or (want & VALUE and (<tuple>out)[0] is not None):
                return None
            if want & GRADIENT:
                grad_array = (<tuple>out)[(want & VALUE) != 0]
            if want & HESSIAN:
                hess_array = (<tuple>out)[places - 1]

        # What is given.
        if not (look(args[0], False, y_true) and look(args[1], False, y_pred)):
            return None
        if y_pred.view.len == 0 or y_pred.view.ndim == 0 or y_pred.dtype in (INT32, INT64):
            return None
        if self.formulas is not None and not self.formulas.compiled(y_pred.dtype == FLOAT64, want):
            return None
        if self.formulas is None:
            classes = y_pred.view.shape[y_pred.view.ndim - 1]
        if y_true.view.ndim != y_pred.view.ndim - (classes != 0) or (classes == 0 and y_true.dtype != y_pred.dtype):
            return None
        for k in range(y_true.view.ndim):
            if y_true.view.shape[k] != y_pred.view.shape[k]:
                return None
        if grad_array is not None and not usable(grad_array, gradient, y_pred, y_true, True):
            return None
        if hess_array is not None and not (usable(hess_array, hessian, y_pred, y_true, False)
                                           and (not gradient.held or disjoint(gradient, hessian))):
            return None
        size = y_pred.view.len // y_pred.view.itemsize
        rows = size // classes if classes else size
        if n_threads is not None or size >= SERIAL_BELOW:
            threads = threads_for(n_threads, size)
        if denominator == 0:
            denominator = rows
        denominator /= self.factor

        # Check, allocate, run, reduce. Meanwhile the prediction's dtype may be set elsewhere: a new array is looked at, too.
        if not (self.rows_valid(y_true, rows, classes, threads) if classes else self.points_valid(y_true, y_pred, size, threads)):
            return None
        if want & GRADIENT and grad_array is None:
            grad_array = empty_like(args[1])
            if not (look(grad_array, True, gradient) and alike(gradient, y_pred)):
                return None
        if want & HESSIAN and hess_array is None:
            hess_array = empty_like(args[1])
            if not (look(hess_array, True, hessian) and alike(hessian, y_pred)):
                return None
        if classes:
            total = self.run_rows(want, y_true, y_pred, gradient, hessian, rows, classes, denominator, threads)
        else:
            total = self.run_points(want, y_true, y_pred, gradient, hessian, size, 1 / denominator, threads)
        total = reduced(total, denominator)
        if want == VALUE:
            return total
        if want == GRADIENT:
            return grad_array
        if want == (VALUE | GRADIENT):
            return total, grad_array
        if want == (GRADIENT | HESSIAN):
            return grad_array, hess_array
        return total, grad_array, hess_array

    cdef bint points_valid(self, const Plain* y_true, const Plain* y_pred, Py_ssize_t size, int threads) except -1:
        cdef PointwiseCall call
        cdef const Limits* limits = &self.limits[y_pred.dtype == FLOAT64]
        cdef double total
        if max(limits.low, limits.predicted_low) == -INFINITY and min(limits.high, limits.predicted_high) == INFINITY:
            return True
        set_contiguous(&call.y_true, y_true, size, 0)
        set_contiguous(&call.y_pred, y_pred, size, 0)
        call.size, call.limits = size, limits[0]
        call.weight.data = call.where.data = NULL
        total = run_points_call(&call, y_true.dtype == FLOAT64, True, threads)
        return total == total

    cdef double run_points(self, int want, const Plain* y_true, const Plain* y_pred, const Plain* gradient, const Plain* hessian,
                           Py_ssize_t size, double scale, int threads) except? -1.0:
        cdef PointwiseCall call
        set_formulas(&call, self.formulas.formula, self.formulas.count)
        call.want, call.size, call.scale, call.accumulate = want, size, scale, False
        call.weight.data = call.where.data = call.value.data = NULL
        set_contiguous(&call.y_true, y_true, size, 0)
        set_contiguous(&call.y_pred, y_pred, size, 0)
        if want & GRADIENT:
            set_contiguous(&call.gradient, gradient, size, 0)
        if want & HESSIAN:
            set_contiguous(&call.hessian, hessian, size, 0)
        call.in_place = want & GRADIENT and gradient.view.buf == y_pred.view.buf
        return run_points_call(&call, y_pred.dtype == FLOAT64, False, threads)

    cdef bint rows_valid(self, const Plain* y_true, Py_ssize_t rows, Py_ssize_t classes, int threads) except -1:
        cdef RowsCall call
        cdef double total
        if y_true.dtype not in (INT32, INT64):
            return False
        set_plain_rows(&call, VALUE, y_true, rows, classes)
        total = run_rows_call(&call, False, True, threads)
        return total == total

    cdef double run_rows(self, int want, const Plain* y_true, const Plain* y_pred, const Plain* gradient, const Plain* hessian,
                         Py_ssize_t rows, Py_ssize_t classes, double denominator, int threads) except? -1.0:
        cdef RowsCall call
        set_plain_rows(&call, want, y_true, rows, classes)
        set_scale(&call, denominator)
        set_contiguous(&call.logits, y_pred, rows, classes)
        if want & GRADIENT:
            set_contiguous(&call.gradient, gradient, rows, classes)
        if want & HESSIAN:
            set_contiguous(&call.hessian, hessian, rows, classes)
        return run_rows_call(&call, y_pred.dtype == FLOAT64, False, threads)


cdef void set_plain_rows(RowsCall* call, int want, const Plain* y_true, Py_ssize_t rows, Py_ssize_t classes) noexcept:
    set_bare_rows(call, want, rows, classes)
    set_contiguous(&call.y_true, y_true, rows, 0)
