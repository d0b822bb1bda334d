# The short way of a plain call: arrays of NumPy's own types, weights, masks, reductions and outputs as they mostly are.
#
# It decides nothing: a call that is plain and valid is run, by the same kernels as any other; whatever is not (another
# type, a keyword with a value that has to be converted, a label out of range) is left to call.py, by returning None, before
# anything is written. A call of 32 rows of 10 classes takes a microsecond or two this way, and ten to twenty in Python.

cdef object ndarray, empty, empty_like, threads_for, bits_of_bfloat16


def connect(array_type, make, make_like, threads, bits):
    """Hand over what the short way needs of NumPy, of runtime.py and of arrays.py."""
    global ndarray, empty, empty_like, threads_for, bits_of_bfloat16
    ndarray, empty, empty_like, threads_for, bits_of_bfloat16 = array_type, make, make_like, threads, bits


cdef enum:                       # what an array is to a call
    Y_TRUE
    Y_PRED
    SAMPLE_WEIGHT
    WHERE
    OUT_VALUE
    OUT_GRADIENT
    OUT_HESSIAN
    SECOND                       # a second prediction, and its results
    OUT_SECOND_GRADIENT
    OUT_SECOND_HESSIAN
    OTHER                        # a fixed array besides that in the place of y_true
    PLAIN_ARRAYS

cdef enum PlainReduction:
    MEAN
    SUM
    NONE

cdef dict REDUCTIONS = {"mean": MEAN, "sum": SUM, "none": NONE}

cdef struct Plain:
    Py_buffer view
    int dtype
    bint held                    # the buffer has to be released

cdef struct PlainWork:           # one call
    Plain array[PLAIN_ARRAYS]    # those that are not held are not there
    int want, threads
    bint double_precision
    bint dense                   # the target has a number for each class
    int class_axis               # of y_pred, or that of location and log-scale; -1: none
    int dimensions               # of the samples
    Py_ssize_t shape[MAX_DIMENSIONS]
    Py_ssize_t samples, classes
    PlainReduction reduction
    double denominator, value_factor
    Curvature curvature
    bint left                    # to the long way, after all: nothing was written


cdef void hold_nothing(PlainWork* work) noexcept:
    cdef int k
    for k in range(PLAIN_ARRAYS):
        work.array[k].held = False


cdef void release(PlainWork* work) noexcept:
    """Let go of the buffers that a call holds."""
    cdef int k
    for k in range(PLAIN_ARRAYS):
        if work.array[k].held:
            PyBuffer_Release(&work.array[k].view)


cdef bint hold(object array, int flags, Plain* plain) except -1:
    """Take hold of an array's buffer; whether it can be had. An interrupt passes through."""
    try:
        PyObject_GetBuffer(array, &plain.view, flags)
    except (BufferError, TypeError, ValueError):
        return False
    plain.held = True
    return True


cdef int dtype_of_format(const char* format, Py_ssize_t itemsize) noexcept:
    """The element type that a buffer's format names; -1: none that is plain."""
    if format == NULL or format[0] == 0 or format[1] != 0:
        return -1
    if format[0] == c"f":
        return FLOAT32
    if format[0] == c"d":
        return FLOAT64
    if format[0] == c"e":
        return FLOAT16
    if format[0] == c"?":
        return BOOL
    if format[0] in (c"b", c"h", c"i", c"l", c"q"):
        return INT64 if itemsize == 8 else INT32 if itemsize == 4 else INT16 if itemsize == 2 else INT8
    if format[0] in (c"B", c"H", c"I", c"L", c"Q"):
        return UINT64 if itemsize == 8 else UINT32 if itemsize == 4 else UINT16 if itemsize == 2 else UINT8
    return -1


cdef bint look(object array, bint writable, Plain* plain) except -1:
    """Whether `array` is an ndarray of a native type; its buffer is then held."""
    if type(array) is not ndarray:
        return False
    cdef int flags = PyBUF_STRIDES | PyBUF_FORMAT | (PyBUF_WRITABLE if writable else 0)
    if hold(array, flags, plain):
        plain.dtype = dtype_of_format(plain.view.format, plain.view.itemsize)
        return plain.dtype >= 0
    # Read-only where it is written, or of a type that NumPy does not export.
    plain.dtype = BFLOAT16
    return hold(bits_of_bfloat16(array), flags, plain)


cdef bint contiguous(const Plain* plain) noexcept nogil:
    """Whether an array is one run in C order."""
    cdef Py_ssize_t stride = plain.view.itemsize
    cdef int k
    for k in range(plain.view.ndim - 1, -1, -1):
        if plain.view.shape[k] != 1 and plain.view.strides[k] != stride:
            return False
        stride *= plain.view.shape[k]
    return True


cdef Py_ssize_t extent(const Plain* plain, char** lowest) noexcept nogil:
    """The bytes from the lowest of an array to behind the highest, and where they begin."""
    cdef Py_ssize_t below = 0, above = plain.view.itemsize, reach
    cdef int k
    for k in range(plain.view.ndim):
        reach = (plain.view.shape[k] - 1) * plain.view.strides[k]
        if reach < 0:
            below += reach
        else:
            above += reach
    lowest[0] = <char*>plain.view.buf + below
    return above - below


cdef bint disjoint(const Plain* a, const Plain* b) noexcept nogil:
    """Whether the memory of two arrays lies apart; False where only their elements may."""
    cdef char* low_a
    cdef char* low_b
    cdef Py_ssize_t size_a = extent(a, &low_a), size_b = extent(b, &low_b)
    return low_a + size_a <= low_b or low_b + size_b <= low_a


cdef bint alike(const Plain* a, const Plain* b) noexcept nogil:
    """Whether two arrays have one type and shape."""
    return a.dtype == b.dtype and a.view.ndim == b.view.ndim and same_lengths(a.view.shape, b.view.shape, a.view.ndim)


cdef inline bint same_lengths(const Py_ssize_t* a, const Py_ssize_t* b, int count) noexcept nogil:
    cdef int k
    for k in range(count):
        if a[k] != b[k]:
            return False
    return True


cdef inline bint of_samples(const Plain* plain, const PlainWork* work) noexcept nogil:
    """Whether an array has the shape of the samples."""
    return plain.view.ndim == work.dimensions and same_lengths(plain.view.shape, work.shape, work.dimensions)


cdef void take_samples(PlainWork* work, int class_axis) noexcept nogil:
    """Take the shape of the samples: that of the prediction without one axis, or (-1) all of it."""
    cdef const Py_buffer* view = &work.array[Y_PRED].view
    cdef int k
    work.class_axis, work.dimensions, work.samples = class_axis, 0, 1
    for k in range(view.ndim):
        if k != class_axis:
            work.shape[work.dimensions] = view.shape[k]
            work.samples *= view.shape[k]
            work.dimensions += 1


cdef bint set_spread(Operand* operand, const Plain* plain, const PlainWork* work) noexcept nogil:
    """Describe what belongs to each sample, if it is there: it has their shape, or length 1 on some axes. Whether it does."""
    cdef Py_ssize_t strides[MAX_DIMENSIONS]
    cdef Py_buffer view
    cdef int k
    operand.data = NULL
    if not plain.held:
        return True
    view = plain.view
    if view.ndim != work.dimensions:
        return False
    for k in range(view.ndim):
        if view.shape[k] == work.shape[k]:
            strides[k] = view.strides[k]
        elif view.shape[k] == 1:
            strides[k] = 0
        else:
            return False
    view.shape, view.strides = <Py_ssize_t*>work.shape, strides
    set_view(operand, &view, plain.dtype, False, -1)
    return True


cdef bint may_vanish(const Plain* weight) noexcept nogil:
    """Whether float32 takes some weight for 0 that is not, as far as one sees: as may_vanish of samples.py."""
    cdef const double* w = <const double*>weight.view.buf
    cdef Py_ssize_t i
    cdef bint vanishes = False
    if weight.dtype != FLOAT64:
        return False
    if not contiguous(weight):
        return True
    for i in range(weight.view.len // 8):
        vanishes |= (w[i] != 0) & (w[i] <= 7.006492321624085e-46)     # 2^-150
    return vanishes


cdef inline double reduced(double total, double denominator) noexcept nogil:
    """The value: not -0 where a factor below 0 multiplies nothing."""
    cdef double value = total / denominator
    return 0 if value == 0 else value


cdef bint short_way = True


def set_short_way(bint open):
    """Open or close the short way, for all threads: who asks for another engine has to be heard."""
    global short_way
    short_way = open


#: The keywords that are no parameters.
cdef frozenset KEYWORDS = frozenset(
    ("out", "n_threads", "reduction", "normalizer", "sample_weight", "where", "curvature", "hess_factor", "hess_floor"))

cdef dict ABSOLUTE = {"exact": False, "abs": True}     # the curvatures that need no other loop


cdef bint take_size(object given, double* number):
    """Take a factor or a floor of Hessians, if it is a number of either compute type."""
    if type(given) is not float and type(given) is not int:
        return False
    if not 1e-30 < given < 1e30:
        return False
    number[0] = given
    return True


cdef bint take_curvature(Curvature* curvature, dict keywords):
    """Take what is asked of Hessians; whether it is plain."""
    curvature.asked, curvature.gauss_newton = True, False
    found = keywords.get("curvature", "exact")
    if type(found) is not str or found not in ABSOLUTE:
        return False
    curvature.absolute = ABSOLUTE[found]
    if not take_size(keywords.get("hess_factor", 1.0), &curvature.factor):
        return False
    found = keywords.get("hess_floor", 0.0)
    curvature.floor = -INFINITY
    return ((type(found) is float or type(found) is int) and found == 0) or take_size(found, &curvature.floor)


cdef enum: MOST_PLAIN_ARGUMENTS = 4

cdef class PlainCall:
    """The short way of one loss, its parameters bound. What differs between the kinds of losses is in three methods."""
    cdef int arguments           # how many arrays a call takes
    cdef int slot[MOST_PLAIN_ARGUMENTS]   # what each is
    cdef int prediction, second  # which of them is differentiated; -1: no second one is
    cdef double factor           # of a loss that is one with a factor and nothing else
    cdef Limits limits[2]        # in float32 and in float64
    cdef bint any_engine         # its loops are compiled at run time, whatever the engine
    cdef bint holds_arrays       # some parameter is an array

    def __cinit__(self):
        self.arguments, self.prediction, self.second = 2, 1, -1
        self.slot[0], self.slot[1] = Y_TRUE, Y_PRED

    cdef int take_limits(self, tuple limits, tuple double_limits) except -1:
        self.limits[0], self.limits[1] = limits_of(limits), limits_of(double_limits)
        return 0

    cdef bint suits(self, PlainWork* work) noexcept:
        """Take the shape of the samples; whether that of the target goes with it."""
        return False

    cdef double inspected(self, PlainWork* work) except? -1.0:
        """The sum of the weights, NaN if a number is outside its domain."""
        return NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        """Compute; the sum of the weighted values."""
        return NAN

    cpdef object run(self, int want, tuple args, dict keywords):
        """Return what the call returns, None if it is not plain."""
        cdef PlainWork work
        if not (short_way or self.any_engine) or len(args) != self.arguments or fl_stack_is_short():     # the long way says so
            return None
        hold_nothing(&work)
        try:
            return self.run_with(&work, want, args, keywords)
        finally:
            release(&work)

    cdef object run_with(self, PlainWork* work, int want, tuple args, dict keywords):
        cdef object out = None, n_threads = None, normalizer = None, weight = None, where = None, found
        cdef object value = None, gradient = None, hessian = None, prediction
        cdef PlainReduction reduction = MEAN
        cdef Py_ssize_t known = 0, k
        cdef double total, number = 1
        cdef const Plain* y_pred = &work.array[Y_PRED]
        work.curvature.asked = False

        # What is asked for.
        if keywords:
            if "out" in keywords:
                out = keywords["out"]
                known += 1
            if "sample_weight" in keywords:
                weight = keywords["sample_weight"]
                known += 1
            if "where" in keywords:
                where = keywords["where"]
                known += 1
            if "n_threads" in keywords:
                n_threads = keywords["n_threads"]
                if n_threads is not None and (type(n_threads) is not int or not 0 < n_threads < MAX_PLAIN_THREADS):
                    return None
                known += 1
            if "reduction" in keywords:
                found = keywords["reduction"]
                if type(found) is not str or found not in REDUCTIONS:
                    return None
                reduction = REDUCTIONS[found]
                known += 1
            if "normalizer" in keywords:
                normalizer = keywords["normalizer"]
                if normalizer is not None:
                    if (type(normalizer) is not float and type(normalizer) is not int) or reduction != MEAN:
                        return None
                    if not 1e-30 < normalizer < 1e30:      # its reciprocal is a number of either type
                        return None
                    number = normalizer
                known += 1
            if len(keywords) != known:
                known += ("curvature" in keywords) + ("hess_factor" in keywords) + ("hess_floor" in keywords)
                if len(keywords) != known or not want & HESSIAN or not take_curvature(&work.curvature, keywords):
                    return None

        # What is given.
        for k in range(self.arguments):
            if not look(args[k], False, &work.array[self.slot[k]]):
                return None
        prediction = args[self.prediction]
        if y_pred.view.len == 0 or y_pred.view.ndim == 0 or y_pred.dtype < FLOAT16:
            return None
        work.reduction, work.left = reduction, False
        work.want, work.double_precision, work.threads = want, y_pred.dtype == FLOAT64, 1
        if weight is not None:
            if not look(weight, False, &work.array[SAMPLE_WEIGHT]):
                return None
            if not work.double_precision and may_vanish(&work.array[SAMPLE_WEIGHT]):
                return None
        if where is not None and not (look(where, False, &work.array[WHERE]) and work.array[WHERE].dtype == BOOL):
            return None
        if not self.suits(work):
            return None
        if out is not None:
            if self.second >= 0 or not take_outputs(work, out, reduction):
                return None
            out = out if type(out) is tuple else (out,)
            if want & VALUE:
                value = (<tuple>out)[0]
            if want & GRADIENT:
                gradient = (<tuple>out)[(want & VALUE) != 0]
            if want & HESSIAN:
                hessian = (<tuple>out)[len(<tuple>out) - 1]
        if n_threads is not None or y_pred.view.len >= SERIAL_BELOW * 2:
            work.threads = threads_for(n_threads, y_pred.view.len // y_pred.view.itemsize)

        # Check, allocate, run, reduce. Meanwhile the prediction's dtype may be set elsewhere: a new array is looked at, too.
        total = self.inspected(work)
        if not 0 < total < INFINITY:
            return None
        if reduction == MEAN:
            number = total if normalizer is None else number
            if not 1e-30 < number < 1e30:          # as a normalizer; the long way says what is wrong with it
                return None
            total = total / number
        if not total * fabs(self.factor) < (2.0 ** 1020 if work.double_precision else 2.0 ** 120):
            return None          # some weight over the denominator may be none
        work.denominator, work.value_factor = number / self.factor, self.factor
        if want & VALUE and reduction == NONE and value is None:
            value = empty(samples_of(work), prediction.dtype)
            if not (look(value, True, &work.array[OUT_VALUE]) and work.array[OUT_VALUE].dtype == y_pred.dtype
                    and of_samples(&work.array[OUT_VALUE], work) and work.dimensions):
                return None
        if want & GRADIENT and gradient is None:
            gradient = derivative(work, prediction, OUT_GRADIENT)
            if gradient is None:
                return None
        if want & HESSIAN and hessian is None:
            hessian = derivative(work, prediction, OUT_HESSIAN)
            if hessian is None:
                return None
        if self.second >= 0:
            if want & GRADIENT:
                gradient = gradient, derivative(work, args[self.second], OUT_SECOND_GRADIENT)
                if gradient[1] is None:
                    return None
            if want & HESSIAN:
                hessian = hessian, derivative(work, args[self.second], OUT_SECOND_HESSIAN)
                if hessian[1] is None:
                    return None
        total = self.ran(work)
        if work.left:
            return None
        if want & VALUE and reduction != NONE:
            value = reduced(total, work.denominator)
        if want == VALUE:
            return value
        if want == GRADIENT:
            return gradient
        if want == (VALUE | GRADIENT):
            return value, gradient
        if want == (GRADIENT | HESSIAN):
            return gradient, hessian
        return value, gradient, hessian


cdef object derivative(PlainWork* work, object like, int slot):
    """A new array for a derivative; None if it is not like the prediction, whose dtype may have been set meanwhile."""
    array = empty_like(like)
    return array if look(array, True, &work.array[slot]) and alike(&work.array[slot], &work.array[Y_PRED]) else None


cdef tuple samples_of(const PlainWork* work):
    return tuple([work.shape[k] for k in range(work.dimensions)])


cdef bint take_outputs(PlainWork* work, object out, PlainReduction reduction) except -1:
    """Take hold of the caller's arrays for results, whether they can be written to as they are: in C order, apart from every
    other array, but for a gradient exactly over its prediction."""
    cdef Py_ssize_t places = ((work.want & VALUE) != 0) + ((work.want & GRADIENT) != 0) + ((work.want & HESSIAN) != 0), place = 0
    cdef int result, other
    cdef Plain* output
    cdef Plain* pred = &work.array[Y_PRED]
    if type(out) is not tuple:
        out = (out,)
    if len(<tuple>out) != places:
        return False
    for result in range(OUT_VALUE, OUT_HESSIAN + 1):
        if not work.want & (VALUE << (result - OUT_VALUE)):
            continue
        found = (<tuple>out)[place]
        place += 1
        if found is None:
            continue
        output = &work.array[result]
        if result == OUT_VALUE and reduction != NONE:
            return False
        if not look(found, True, output) or output.dtype != pred.dtype or not contiguous(output):
            return False
        if not (of_samples(output, work) if result == OUT_VALUE else alike(output, pred)):
            return False
        for other in range(result):
            if not work.array[other].held or disjoint(output, &work.array[other]):
                continue
            if not (result == OUT_GRADIENT and other == Y_PRED and output.view.buf == pred.view.buf and contiguous(pred)):
                return False
    return True


cdef class PlainPoints(PlainCall):
    """Of element-wise losses, and of those of a location and a log-scale."""
    cdef Formulas formulas
    cdef bint compiled_later     # some loop is compiled at run time: for calls in which nothing has a weight

    def __init__(self, Formulas formulas not None, tuple limits, tuple double_limits, double factor=1, bint any_engine=False):
        """`formulas`: of the loss without the factor. Loops compiled at run time are uniform; one that is not there yet is
        not plain."""
        cdef Py_ssize_t k
        self.formulas, self.factor, self.any_engine = formulas, factor, any_engine
        self.take_limits(limits, double_limits)
        for k in range(formulas.count):
            self.compiled_later |= formulas.formula[k].jit

    def set_loop(self, Py_ssize_t term, bint double_precision, int want, size_t address):
        """Take the loop of a term that was compiled at run time."""
        if self.formulas.formula[term].jit:
            self.formulas.formula[term].loops[double_precision][want] = address

    cdef bint suits(self, PlainWork* work) noexcept:
        if self.compiled_later and not (self.formulas.compiled(work.double_precision, work.want)
                                        and not work.array[SAMPLE_WEIGHT].held and not work.array[WHERE].held):
            return False
        take_samples(work, -1)
        return of_samples(&work.array[Y_TRUE], work)

    cdef bint set_call(self, PointwiseCall* call, PlainWork* work) noexcept:
        set_formulas(call, self.formulas.formula, self.formulas.count)
        call.want, call.size, call.limits = work.want, work.samples, self.limits[work.double_precision]
        call.scale, call.value_factor, call.accumulate, call.in_place = 0, 1, False, False
        call.curvature = work.curvature
        call.value.data = call.gradient.data = call.hessian.data = NULL
        set_result(&call.y_true, &work.array[Y_TRUE], -1)
        set_view(&call.y_pred, &work.array[Y_PRED].view, work.array[Y_PRED].dtype, False, work.class_axis)
        return set_spread(&call.weight, &work.array[SAMPLE_WEIGHT], work) and set_spread(&call.where, &work.array[WHERE], work)

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef PointwiseCall call
        cdef const Limits* limits = &self.limits[work.double_precision]
        if not self.set_call(&call, work):
            return NAN
        if (call.weight.data == NULL and call.where.data == NULL
                and max(limits.low, limits.predicted_low) == -INFINITY and min(limits.high, limits.predicted_high) == INFINITY):
            return <double>work.samples
        return run_points_call(&call, work.double_precision, True, work.threads)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef PointwiseCall call
        self.set_call(&call, work)
        set_result(&call.gradient, &work.array[OUT_GRADIENT], -1)
        set_result(&call.hessian, &work.array[OUT_HESSIAN], -1)
        return self.ran_into(&call, work)

    cdef double ran_into(self, PointwiseCall* call, PlainWork* work) except? -1.0:
        """Compute; the call knows where its derivatives go."""
        call.scale, call.value_factor = 1 / work.denominator, work.value_factor
        set_result(&call.value, &work.array[OUT_VALUE], -1)
        call.in_place = call.gradient.data == call.y_pred.data
        return run_points_call(call, work.double_precision, False, work.threads)


cdef class PlainPairs(PlainPoints):
    """Of losses of a location and a log-scale, which lie side by side on the last axis of the prediction."""

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* y_pred = &work.array[Y_PRED]
        if self.formulas.count > 1 or y_pred.view.shape[y_pred.view.ndim - 1] != 2:
            return False
        take_samples(work, y_pred.view.ndim - 1)
        return of_samples(&work.array[Y_TRUE], work)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef PointwiseCall call
        cdef Formula formula = self.formulas.formula[0]
        cdef Operand parameter[FORMULA_PARAMETERS]
        cdef int k
        self.set_call(&call, work)
        for k in range(FORMULA_PARAMETERS):
            parameter[k].data = NULL
        split(&call.y_pred, &parameter[0], &work.array[Y_PRED], work.class_axis)
        split(&call.gradient, &call.second_gradient, &work.array[OUT_GRADIENT], work.class_axis)
        split(&call.hessian, &call.second_hessian, &work.array[OUT_HESSIAN], work.class_axis)
        formula.parameter, call.formulas = parameter, &formula
        return self.ran_into(&call, work)


cdef class PlainArrays(PlainPoints):
    """Of losses of points that take other arrays than a target and a prediction."""

    def take_arguments(self, tuple roles):
        """`roles` of the arrays in the order of a call: "first", "prediction", "second" or "other"."""
        cdef int k
        check_count("arrays", len(roles), MOST_PLAIN_ARGUMENTS)
        self.arguments = <int>len(roles)
        for k in range(self.arguments):
            self.slot[k] = {"first": Y_TRUE, "prediction": Y_PRED, "second": SECOND, "other": OTHER}[roles[k]]
            if self.slot[k] == Y_PRED:
                self.prediction = k
            elif self.slot[k] == SECOND:
                self.second = k

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* second = &work.array[SECOND]
        cdef int slot
        if self.formulas.count > 1:
            return False
        take_samples(work, -1)
        for slot in (Y_TRUE, SECOND, OTHER):
            if work.array[slot].held and not of_samples(&work.array[slot], work):
                return False
        return not second.held or second.dtype == work.array[Y_PRED].dtype

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef PointwiseCall call
        cdef Formula formula = self.formulas.formula[0]
        cdef Operand parameter[FORMULA_PARAMETERS]
        cdef int k
        self.set_call(&call, work)
        for k in range(FORMULA_PARAMETERS):
            parameter[k].data = NULL
        set_result(&parameter[0], &work.array[SECOND], -1)
        if work.array[OTHER].held:
            set_result(&parameter[1 if work.array[SECOND].held else 0], &work.array[OTHER], -1)
        set_result(&call.gradient, &work.array[OUT_GRADIENT], -1)
        set_result(&call.hessian, &work.array[OUT_HESSIAN], -1)
        set_result(&call.second_gradient, &work.array[OUT_SECOND_GRADIENT], -1)
        set_result(&call.second_hessian, &work.array[OUT_SECOND_HESSIAN], -1)
        formula.parameter, call.formulas = parameter, &formula
        return self.ran_into(&call, work)


cdef class PlainRoot(PlainPoints):
    """Of the root of a mean of squares, in two passes: the gradient needs the value. The loss is a row of totals with one number
    for each sample: kinds/totals.py says what its parameters are."""

    cdef bint suits(self, PlainWork* work) noexcept:
        return work.reduction == MEAN and PlainPoints.suits(self, work)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef PointwiseCall call
        cdef Formula formula = self.formulas.formula[0]
        cdef Operand parameter[FORMULA_PARAMETERS]
        cdef double constant[FORMULA_PARAMETERS]
        cdef double number = work.denominator * work.value_factor, inverse = 1 / number, root, unit
        cdef int want = work.want, exponent, k
        self.set_call(&call, work)
        for k in range(FORMULA_PARAMETERS):
            parameter[k].data, constant[k] = NULL, 1
        formula.constant, formula.parameter, call.formulas = constant, parameter, &formula
        call.want, call.scale = VALUE, 1
        root = sqrt(run_points_call(&call, work.double_precision, False, work.threads) / number)
        # In other units the squares would be other numbers; of no residual at all the gradient is 0.
        work.left = not (1e-140 < root < INFINITY if work.double_precision else 1e-14 < root < INFINITY)
        work.left |= not 1e-30 < number < 1e30
        if work.left:
            return NAN
        if want & ~VALUE:
            frexp(root, &exponent)
            unit = ldexp(1, -exponent)
            constant[0], constant[1], constant[3] = unit, root * unit, inverse
            parameter[2] = call.weight
            set_result(&call.gradient, &work.array[OUT_GRADIENT], -1)
            set_result(&call.hessian, &work.array[OUT_HESSIAN], -1)
            call.in_place = call.gradient.data == call.y_pred.data
            call.want, call.scale = want & ~VALUE, work.value_factor * inverse
            run_points_call(&call, work.double_precision, False, work.threads)
        work.denominator = 1
        return work.value_factor * root


cdef inline void split(Operand* first, Operand* second, const Plain* plain, int axis) noexcept nogil:
    """Describe the two halves of an array whose last axis has two numbers."""
    set_result(first, plain, axis)
    second[0] = first[0]
    if plain.held:
        second.data += plain.view.strides[axis]


cdef inline void set_result(Operand* operand, const Plain* plain, int class_axis) noexcept nogil:
    operand.data = NULL
    if plain.held:
        set_view(operand, &plain.view, plain.dtype, False, class_axis)


cdef class PlainRows(PlainCall):
    """Of losses over rows of classes."""
    cdef int loss                # its number in ROW_LOSSES; -1: the kernel of cross-entropy
    cdef Py_ssize_t axis, levels
    cdef bint by_index           # y_true may be a class of each row
    cdef int dense_form          # what it is where it has a number for each class; -1: it may not
    cdef int given
    cdef double smoothing
    cdef bint ignoring
    cdef long long ignored
    cdef double parameter[ROW_PARAMETERS]
    cdef ClassNumbers class_weight, class_factor

    def __init__(self, int loss, tuple limits, tuple double_limits, *, Py_ssize_t axis, Py_ssize_t levels, bint by_index, int dense_form,
                 double smoothing, object ignore_index, int given, tuple parameters, object class_weight, object class_factor,
                 double factor=1):
        """`loss`: its number in ROW_LOSSES, or -1; the others as `row_losses` takes them."""
        cdef Py_ssize_t k
        self.loss, self.factor, self.any_engine = loss, factor, False
        self.axis, self.levels, self.by_index, self.dense_form = axis, levels, by_index, dense_form
        self.smoothing, self.given = smoothing, given
        self.ignoring = ignore_index is not None
        self.ignored = ignore_index if self.ignoring else 0
        check_count("parameters", len(parameters), ROW_PARAMETERS)
        for k in range(ROW_PARAMETERS):
            self.parameter[k] = parameters[k] if k < len(parameters) else NAN
        self.class_weight, self.class_factor = ClassNumbers(class_weight), ClassNumbers(class_factor)
        self.holds_arrays = class_weight is not None or class_factor is not None
        self.take_limits(limits, double_limits)

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* y_true = &work.array[Y_TRUE]
        cdef const Plain* y_pred = &work.array[Y_PRED]
        cdef Py_ssize_t axis = self.axis + (y_pred.view.ndim if self.axis < 0 else 0)
        if not 0 <= axis < y_pred.view.ndim:
            return False
        take_samples(work, <int>axis)
        work.classes = y_pred.view.shape[axis]
        if self.class_weight.data != NULL and self.class_weight.count != work.classes + self.levels:
            return False
        if self.class_factor.data != NULL and self.class_factor.count != work.classes:
            return False
        if self.by_index and of_samples(y_true, work):
            work.dense = False
            return y_true.dtype != FLOAT16 and y_true.dtype != BFLOAT16
        work.dense = True
        if self.dense_form < 0 or self.ignoring or (self.by_index and work.dimensions == 0):
            return False
        return y_true.view.ndim == y_pred.view.ndim and same_lengths(y_true.view.shape, y_pred.view.shape, y_pred.view.ndim)

    cdef bint set_call(self, RowLossCall* call, PlainWork* work) noexcept:
        cdef RowsCall* rows = &call.rows
        cdef Py_ssize_t k
        call.loss, call.classes, call.given, call.second = self.loss, work.classes, self.given, DIAGONAL
        call.form = self.dense_form if work.dense else <int>CLASS_INDEX
        call.limits = self.limits[work.double_precision]
        call.factor = self.class_factor.data
        for k in range(ROW_PARAMETERS):
            call.parameter[k] = self.parameter[k]
        rows.task, rows.want, rows.rows, rows.classes = CROSS_ENTROPY, work.want, work.samples, work.classes + self.levels
        rows.scale, rows.scale_tail, rows.value_factor, rows.weight_sum = 0, 0, 1, NULL
        rows.curvature = work.curvature
        rows.given_dense, rows.smoothing = work.dense, self.smoothing
        rows.dense = work.dense or self.smoothing != 0
        rows.class_weight = self.class_weight.data
        rows.ignoring, rows.ignored = self.ignoring, self.ignored
        rows.value.data = rows.gradient.data = rows.hessian.data = NULL
        set_view(&rows.logits, &work.array[Y_PRED].view, work.array[Y_PRED].dtype, False, work.class_axis)
        set_view(&rows.y_true, &work.array[Y_TRUE].view, work.array[Y_TRUE].dtype, False, work.class_axis if work.dense else -1)
        return set_spread(&rows.weight, &work.array[SAMPLE_WEIGHT], work) and set_spread(&rows.where, &work.array[WHERE], work)

    cdef double computed(self, RowLossCall* call, PlainWork* work, bint inspect) except? -1.0:
        if self.loss < 0:
            return run_rows_call(&call.rows, work.double_precision, inspect, work.threads)
        return run_row_losses(call, work.double_precision, inspect, work.threads)

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef RowLossCall call
        return self.computed(&call, work, True) if self.set_call(&call, work) else NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef RowLossCall call
        self.set_call(&call, work)
        set_scale(&call.rows, work.denominator)
        call.rows.value_factor = work.value_factor
        set_result(&call.rows.value, &work.array[OUT_VALUE], -1)
        set_result(&call.rows.gradient, &work.array[OUT_GRADIENT], work.class_axis)
        set_result(&call.rows.hessian, &work.array[OUT_HESSIAN], work.class_axis)
        return self.computed(&call, work, False)


# ---- penalties, and functions beside the losses ---------------------------------------------------------------------------------------

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
    cdef const Plain* given = &work.array[Y_PRED]
    cdef const Plain* result = &work.array[OUT_VALUE]
    if n_threads is not None and (type(n_threads) is not int or not 0 < n_threads < MAX_PLAIN_THREADS):
        return None
    if not look(x, False, &work.array[Y_PRED]) or given.view.len == 0 or given.view.ndim == 0 or given.dtype < FLOAT16:
        return None
    if task != CROSS_ENTROPY:
        if type(axis) is not int or not -given.view.ndim <= axis < given.view.ndim:
            return None
        place = axis
        place += given.view.ndim if place < 0 else 0
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
    set_view(&call.y_pred, &work.array[Y_PRED].view, work.array[Y_PRED].dtype, False, -1)


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
    cdef const Plain* x = &work.array[Y_PRED]
    cdef const Plain* result = &work.array[OUT_GRADIENT]
    cdef int exponent, k
    if not look(given, False, &work.array[Y_PRED]) or x.view.len == 0 or x.view.ndim == 0 or x.dtype < FLOAT16:
        return None
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
