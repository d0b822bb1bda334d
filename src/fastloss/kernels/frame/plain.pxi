# The short way of a plain call: arrays of NumPy's own types, weights, masks, reductions and outputs as they mostly are.
#
# It decides nothing: a call that is plain and valid is run, by the same kernels as any other; whatever is not (another
# type, a keyword with a value that has to be converted, a label out of range) is left to call.py, by returning None, before
# anything is written. A call of 32 rows of 10 classes takes a microsecond or two this way, and twenty to a hundred in Python.
#
# Here is what all losses have in common. What a kind of loss reads, checks and runs is in its folder (`PlainPoints` …).

cdef object ndarray, floating, empty, empty_like, threads_for, bits_of_bfloat16


def connect(array_type, number_type, make, make_like, threads, bits):
    """Hand over what the short way needs of NumPy, of runtime.py and of arrays.py."""
    global ndarray, floating, empty, empty_like, threads_for, bits_of_bfloat16
    ndarray, floating, empty, empty_like, threads_for, bits_of_bfloat16 = array_type, number_type, make, make_like, threads, bits


cdef object new_like(object array):
    """A new array like another."""
    return empty_like(array)


cdef dict REDUCTIONS = {"mean": MEAN, "sum": SUM, "none": NONE}

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


cdef bint short_way = True


cdef bint short_way_is_open() noexcept:
    """Whether a call may be tried; where the stack is short the long way says so."""
    return short_way and not fl_stack_is_short()


def set_short_way(bint open):
    """Open or close the short way, for all threads: who asks for another engine has to be heard."""
    global short_way
    short_way = open


#: The keywords of every loss that are no parameters; a loss of several predictions has `wrt` too.
cdef frozenset KEYWORDS = frozenset((
    "out", "n_threads", "reduction", "normalizer", "sample_weight", "where", "wrt", "vector", "curvature", "hess_factor",
    "hess_floor"))

cdef dict CURVATURES = {"exact": 0, "abs": 1, "gauss_newton": 2}


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
    cdef int mode
    found = keywords.get("curvature", "exact")
    if type(found) is not str or found not in CURVATURES:
        return False
    mode = CURVATURES[found]
    curvature.asked, curvature.absolute, curvature.gauss_newton = True, mode != 0, mode == 2
    if not take_size(keywords.get("hess_factor", 1.0), &curvature.factor):
        return False
    found = keywords.get("hess_floor", 0.0)
    curvature.floor = -INFINITY
    return ((type(found) is float or type(found) is int) and found == 0) or take_size(found, &curvature.floor)


cdef class PlainCall:
    """The short way of one loss, its parameters bound. What differs between the kinds of losses is in three methods."""

    def __cinit__(self):
        self.arguments, self.predictions, self.prediction[0], self.names = 2, 1, 1, ()
        self.results = VALUE | GRADIENT | HESSIAN

    cdef int take_limits(self, tuple limits, tuple double_limits) except -1:
        self.limits[0], self.limits[1] = limits_of(limits), limits_of(double_limits)
        return 0

    cdef int take_arguments(self, Py_ssize_t arguments, tuple predictions, tuple names) except -1:
        """Take how many arrays a call has, and the places and names of the predictions among them."""
        cdef Py_ssize_t k
        check_count("arrays", arguments, MOST_ARGUMENTS)
        check_count("predictions", len(predictions), MOST_PREDICTIONS)
        self.arguments, self.predictions, self.names = <int>arguments, <int>len(predictions), names
        for k in range(self.predictions):
            self.prediction[k] = predictions[k]
        return 0

    cdef bint suits(self, PlainWork* work) noexcept:
        """Take the shape of the samples; whether those of the other arrays go with it."""
        return False

    cdef double inspected(self, PlainWork* work) except? -1.0:
        """The sum of the weights, NaN if a number is outside its domain."""
        return NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        """Compute; the sum of the weighted values."""
        return NAN

    cpdef object run(self, int want, tuple args, dict keywords, ExactSum weight_sum=None):
        """Return what the call returns, None if it is not plain. `weight_sum`: where the sum of the weights is left too."""
        cdef PlainWork work
        if not (short_way or self.any_engine) or fl_stack_is_short():
            return None
        if weight_sum is not None and self.factor != 1:     # parts are added up: their factor is not folded into a denominator
            return None
        hold_nothing(&work)
        work.weight_sum = NULL if weight_sum is None else &weight_sum.sum
        try:
            return self.run_with(&work, want, args, keywords)
        finally:
            release(&work)

    cdef object run_with(self, PlainWork* work, int want, tuple args, dict keywords):
        cdef object out = None, n_threads = None, normalizer = None, weight = None, where = None, vector = None, found
        cdef object value = None, gradient = None, hessian = None
        cdef PlainReduction reduction = MEAN
        cdef Py_ssize_t known = 0, k
        cdef double total, number = 1
        cdef Plain* y_pred = &work.array[self.prediction[0]]

        # What is asked for.
        work.curvature.asked = False
        if want & ~self.results:
            return None
        work.pred, work.second, work.want = y_pred, want & (WANT_PRODUCT | WANT_MATRIX), want
        if work.second:
            work.want = HESSIAN
            if want == WANT_PRODUCT and len(args) == self.arguments + 1:
                vector, args = args[self.arguments], args[:self.arguments]
        if len(args) != self.arguments:
            return None
        work.derivatives, work.bare = self.predictions, self.predictions == 1
        for k in range(self.predictions):
            work.by[k] = <int>k
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
            if "wrt" in keywords and not work.second:
                if not self.takes_wrt(work, keywords["wrt"]):
                    return None
                known += 1
            if "vector" in keywords and want == WANT_PRODUCT and vector is None:
                vector = keywords["vector"]
                known += 1
            if len(keywords) != known:
                known += ("curvature" in keywords) + ("hess_factor" in keywords) + ("hess_floor" in keywords)
                if len(keywords) != known or not want & HESSIAN or not take_curvature(&work.curvature, keywords):
                    return None

        # What is given.
        for k in range(self.arguments):
            if not look(args[k], False, &work.array[k]):
                return None
        if y_pred.view.len == 0 or y_pred.view.ndim == 0 or y_pred.dtype < FLOAT16:
            return None
        if want == WANT_PRODUCT and not self.takes_vectors(work, vector):
            return None
        work.reduction, work.left, work.in_place = reduction, False, False
        work.double_precision, work.threads = y_pred.dtype == FLOAT64, 1
        work.numbers = y_pred.view.len // y_pred.view.itemsize
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
            out = self.outputs(work, out)
            if out is None:
                return None
            value, gradient, hessian = out
        if n_threads is not None or work.numbers >= SERIAL_BELOW:
            work.threads = threads_for(n_threads, work.numbers)

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
        if work.want & VALUE and reduction == NONE and value is None:
            value = empty(samples_of(work), args[self.prediction[0]].dtype)
            if not (look(value, True, &work.array[OUT_VALUE]) and work.array[OUT_VALUE].dtype == y_pred.dtype
                    and of_samples(&work.array[OUT_VALUE], work) and work.dimensions):
                return None
        if work.want & GRADIENT:
            gradient = self.derivatives(work, args, gradient, OUT_GRADIENT)
            if gradient is None:
                return None
        if work.want & HESSIAN:
            hessian = self.derivatives(work, args, hessian, OUT_HESSIAN)
            if hessian is None:
                return None
        total = self.ran(work)
        if work.left:
            return None
        if work.want & VALUE and reduction != NONE:
            value = reduced(total, work.denominator)
        if work.want == VALUE:
            return value
        if work.want == GRADIENT:
            return gradient
        if work.want == HESSIAN:
            return hessian
        if work.want == (VALUE | GRADIENT):
            return value, gradient
        if work.want == (GRADIENT | HESSIAN):
            return gradient, hessian
        return value, gradient, hessian

    cdef bint takes_wrt(self, PlainWork* work, object wrt) except -1:
        """Take the predictions by which derivatives are wanted; whether they are told plainly."""
        cdef int k, j
        work.bare = type(wrt) is str
        cdef object wanted = (wrt,) if work.bare else wrt
        if self.predictions == 1 or type(wanted) is not tuple or not 0 < len(<tuple>wanted) <= self.predictions:
            return False
        work.derivatives = <int>len(<tuple>wanted)
        for k in range(work.derivatives):
            if type(wanted[k]) is not str or wanted[k] not in self.names:
                return False
            work.by[k] = self.names.index(wanted[k])
            for j in range(k):
                if work.by[j] == work.by[k]:
                    return False
        return True

    cdef bint takes_vectors(self, PlainWork* work, object vector) except -1:
        """Take what the Hessian is multiplied by; whether it is an array for each prediction, of its shape."""
        cdef const Plain* prediction
        cdef Plain* taken
        cdef int k
        if self.predictions == 1:
            vector = (vector,)
        if type(vector) is not tuple or len(<tuple>vector) != self.predictions:
            return False
        for k in range(self.predictions):
            prediction, taken = &work.array[self.prediction[k]], &work.array[VECTOR + k]
            if not look((<tuple>vector)[k], False, taken) or taken.dtype < FLOAT16 or taken.view.ndim != prediction.view.ndim:
                return False
            if not same_lengths(taken.view.shape, prediction.view.shape, taken.view.ndim):
                return False
        return True

    cdef tuple outputs(self, PlainWork* work, object out):
        """Take hold of the caller's arrays for results: what was given for value, gradient and Hessian. None if they cannot
        be written to as they are: in C order, apart from every other array, but for a derivative exactly over what it is of."""
        cdef Py_ssize_t places = ((work.want & VALUE) != 0) + ((work.want & GRADIENT) != 0) + ((work.want & HESSIAN) != 0)
        cdef Py_ssize_t place = 0
        cdef list given = [None, None, None]
        cdef object found
        cdef int result, slot, over
        if work.second == WANT_MATRIX:
            return None
        if type(out) is not tuple or (not work.bare and places == 1 and work.want != VALUE):
            out = (out,)
        if len(<tuple>out) != places:
            return None
        for result in range(3):
            if not work.want & (VALUE << result):
                continue
            found = given[result] = (<tuple>out)[place]
            place += 1
            if found is None:
                continue
            if result == 0:
                if work.reduction != NONE or not self.takes_output(work, found, OUT_VALUE, -1):
                    return None
                if work.array[OUT_VALUE].dtype != work.pred.dtype or not of_samples(&work.array[OUT_VALUE], work):
                    return None
                continue
            slot = OUT_GRADIENT if result == 1 else OUT_HESSIAN
            over = VECTOR if work.second else 0 if result == 1 else -1
            if not self.takes_outputs(work, (found,) if work.bare else found, slot, over):
                return None
        return tuple(given)

    cdef bint takes_outputs(self, PlainWork* work, object found, int slot, int over) except -1:
        """Take hold of the arrays given for derivatives, None where a new one is wanted."""
        cdef int k, by
        if type(found) is not tuple or len(<tuple>found) != work.derivatives:
            return False
        for k in range(work.derivatives):
            by = work.by[k]
            if (<tuple>found)[k] is None:
                continue
            if not self.takes_output(work, (<tuple>found)[k], slot + by,
                                     over + by if over == VECTOR else self.prediction[by] if over == 0 else -1):
                return False
            if not alike(&work.array[slot + by], &work.array[self.prediction[by]]):
                return False
        return True

    cdef bint takes_output(self, PlainWork* work, object found, int slot, int over) except -1:
        """Take hold of an array for results. It may lie exactly over the array `over`, and over no other."""
        cdef Plain* output = &work.array[slot]
        cdef int other
        if not look(found, True, output) or not contiguous(output):
            return False
        for other in range(PLAIN_ARRAYS):
            if other == slot or not work.array[other].held or disjoint(output, &work.array[other]):
                continue
            if not (other == over and output.view.buf == work.array[other].view.buf and alike(output, &work.array[other])
                    and contiguous(&work.array[other])):
                return False
            work.in_place = True
        return True

    cdef object derivatives(self, PlainWork* work, tuple args, object given, int slot):
        """The arrays for derivatives: the caller's, or new ones. None if one of these is not like its prediction."""
        cdef list made
        cdef int k, by
        if work.bare:
            by = work.by[0]
            return given if given is not None else self.derivative(work, args, slot + by, by)
        made = [None] * work.derivatives if given is None else list(given)
        for k in range(work.derivatives):
            by = work.by[k]
            if made[k] is None:
                made[k] = self.derivative(work, args, slot + by, by)
                if made[k] is None:
                    return None
        return tuple(made)

    cdef object derivative(self, PlainWork* work, tuple args, int slot, int by):
        """A new array for a derivative; None if it is not like its prediction, whose dtype may have been set meanwhile."""
        cdef object array, like = args[self.prediction[by]]
        if work.second == WANT_MATRIX:
            array = empty((*samples_of(work), work.classes, work.classes), like.dtype)
            return array if look(array, True, &work.array[slot]) and work.array[slot].dtype == work.pred.dtype else None
        array = empty_like(like)
        if look(array, True, &work.array[slot]) and alike(&work.array[slot], &work.array[self.prediction[by]]):
            return array
        return None


cdef object take_function(PlainWork* work, object x, object axis, bint by_sample, object out, object n_threads):
    """Take hold of what a function beside the losses reads and writes; return where it writes to, None if it is not plain.

    `axis`: of the classes, or None; `by_sample`: the result has none.
    """
    cdef Py_ssize_t place = -1
    cdef const Plain* given = &work.array[0]
    cdef const Plain* result = &work.array[OUT_VALUE]
    if n_threads is not None and (type(n_threads) is not int or not 0 < n_threads < MAX_PLAIN_THREADS):
        return None
    if not look(x, False, &work.array[0]) or given.view.len == 0 or given.view.ndim == 0 or given.dtype < FLOAT16:
        return None
    work.pred = &work.array[0]
    if axis is not None:
        if type(axis) is not int or not -given.view.ndim <= axis < given.view.ndim:
            return None
        place = axis
        place += given.view.ndim if place < 0 else 0
        work.classes = given.view.shape[place]
    take_samples(work, <int>place)
    work.want, work.double_precision, work.threads = VALUE, given.dtype == FLOAT64, 1
    if out is not None:
        if type(out) is tuple or not look(out, True, &work.array[OUT_VALUE]) or not contiguous(result):
            return None
        if not disjoint(result, given) and (result.view.buf != given.view.buf or by_sample or not contiguous(given)):
            return None
    elif by_sample and work.dimensions == 0:
        return None
    else:
        out = empty(samples_of(work), x.dtype) if by_sample else empty_like(x)
        if not look(out, True, &work.array[OUT_VALUE]):
            return None
    if result.dtype != given.dtype or not (of_samples(result, work) if by_sample else alike(result, given)):
        return None
    if n_threads is not None or given.view.len >= SERIAL_BELOW * 2:
        work.threads = threads_for(n_threads, given.view.len // given.view.itemsize)
    return out
