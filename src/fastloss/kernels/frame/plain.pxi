# The short way of a plain call: arrays of NumPy's own types, weights, masks, reductions and outputs as they mostly are.
#
# It decides nothing: a call that is plain and valid is run, by the same kernels as any other; whatever is not (another
# type, a keyword with a value that has to be converted, a label out of range) is left to call.py, by returning None, before
# anything is written that a call reads: the long way finds what was given, and says what is wrong with it. A call of 32 rows
# of 10 classes takes a microsecond or two this way, and twenty to a hundred in Python.
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
    free(work.memory)


cdef void* room(PlainWork* work, Py_ssize_t size) noexcept nogil:
    """Memory of a call, which it asks for once and has until it ends; NULL: there is none."""
    work.memory = malloc(size)
    return work.memory


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


cdef bint take_numbers(const Plain* plain, double* numbers) noexcept nogil:
    """Copy the numbers of an array; whether they lie in one run in C order, and double has all of their digits."""
    cdef Py_ssize_t count = plain.view.len // plain.view.itemsize, i
    cdef bint held = True
    if not contiguous(plain):
        return False
    fl_widen_f64(plain.dtype, <const char*>plain.view.buf, numbers, count)
    if plain.dtype == INT64 or plain.dtype == UINT64:
        for i in range(count):
            held &= fabs(numbers[i]) < 9007199254740992.0      # 2^53
    return held


cdef double weigh_each(PlainWork* work, double* weights) noexcept nogil:
    """Write the weight of each sample as it is computed with, 0 of what is left out; return their sum, NaN where one is bad, or
    they do not lie plainly."""
    cdef const Plain* weight = &work.array[SAMPLE_WEIGHT]
    cdef const Plain* where = &work.array[WHERE]
    cdef const unsigned char* kept = <const unsigned char*>where.view.buf if where.held else NULL
    cdef fl_exact sum
    cdef bint one = weight.held and weight.view.len == weight.view.itemsize       # for all samples
    cdef double first = 1, w
    cdef Py_ssize_t i
    if where.held and not (of_samples(where, work) and contiguous(where)):
        return NAN
    if weight.held:
        if not (of_samples(weight, work) or (one and weight.view.ndim == work.dimensions)) or not take_numbers(weight, weights):
            return NAN
        first = weights[0]
    memset(&sum, 0, sizeof(fl_exact))
    for i in range(work.samples):
        w = 1 if not weight.held else first if one else weights[i]
        w = w if work.double_precision else <double><float>w
        if (kept != NULL and not kept[i]) or w == 0:
            w = 0
        elif not 0 < w < INFINITY:
            return NAN
        else:
            fl_exact_add_one(&sum, w)
        weights[i] = w
    if work.weight_sum != NULL:
        fl_exact_add_sum(work.weight_sum, &sum)
    return fl_exact_value(&sum)


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
        self.arguments, self.predictions, self.prediction[0], self.names, self.operands = 2, 1, 1, (), ()
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

    cdef int take_operands(self, tuple operands, int needed) except -1:
        """Take what the arrays are called, and how many of them, the first, have to be there."""
        self.operands, self.needed = operands, needed
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
        if self.operands:
            args = self.completed(args, keywords)
            if args is None:
                return None
        try:
            return run_with(self, &work, want, args, keywords)
        finally:
            release(&work)

    cdef tuple completed(self, tuple args, dict keywords):
        """The arrays of a call in their order, those too that are given by name, None for each that is not there; or None, where
        there are too many."""
        cdef Py_ssize_t k, given = len(args)
        cdef list completed
        if given > self.arguments:
            return None
        completed = list(args)
        for k in range(self.arguments):
            name = self.operands[k]
            if keywords is not None and name in keywords:
                if k < given:
                    return None
                completed.append(keywords[name])
            elif k >= given:
                completed.append(None)
        return tuple(completed)


cdef object run_with(PlainCall call, PlainWork* work, int want, tuple args, dict keywords):
    """Look whether a call is plain, and run it: what is asked for, what is given, the outputs, then checks, and the kernel."""
    cdef object out, value = None, gradient = None, hessian = None
    cdef double total
    if not takes_request(call, work, want, args, keywords) or not takes_arrays(call, work, args, keywords):
        return None
    out = keywords.get("out") if keywords else None
    if out is not None:
        out = outputs(call, work, out)
        if out is None:
            return None
        value, gradient, hessian = out
    if work.threads or work.numbers >= SERIAL_BELOW:
        work.threads = threads_for(work.threads or None, work.numbers)
    else:
        work.threads = 1

    # Check, allocate, run, reduce. Meanwhile the prediction's dtype may be set elsewhere: a new array is looked at, too.
    total = call.inspected(work)
    if not 0 < total < INFINITY:
        return None
    if work.reduction == MEAN:
        work.denominator = work.denominator or total
        if not 1e-30 < work.denominator < 1e30:          # as a normalizer; the long way says what is wrong with it
            return None
        total = total / work.denominator
    else:
        work.denominator = 1
    if not total * fabs(call.factor) < (2.0 ** 1020 if work.double_precision else 2.0 ** 120):
        return None          # some weight over the denominator may be none
    work.denominator, work.value_factor = work.denominator / call.factor, call.factor
    if work.want & VALUE and work.reduction == NONE and value is None:
        value = empty(samples_of(work), args[call.prediction[0]].dtype)
        if not (look(value, True, &work.array[OUT_VALUE]) and work.array[OUT_VALUE].dtype == work.pred.dtype
                and of_samples(&work.array[OUT_VALUE], work) and work.dimensions):
            return None
    if work.want & GRADIENT:
        gradient = derivatives(call, work, args, gradient, OUT_GRADIENT)
        if gradient is None:
            return None
    if work.want & HESSIAN:
        hessian = derivatives(call, work, args, hessian, OUT_HESSIAN)
        if hessian is None:
            return None
    total = call.ran(work)
    if work.left:
        return None
    if work.want & VALUE and work.reduction != NONE:
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


cdef bint takes_request(PlainCall call, PlainWork* work, int want, tuple args, dict keywords) except -1:
    """Take what is asked for; whether it is said plainly. `work.denominator`: the normalizer, 0 where there is none;
    `work.threads`: n_threads, likewise."""
    cdef object found
    cdef Py_ssize_t known = 0, k
    cdef bint vector_apart = want == WANT_PRODUCT and len(args) == call.arguments
    work.curvature.asked = False
    work.reduction, work.denominator, work.threads = MEAN, 0, 0
    work.pred, work.second, work.want = &work.array[call.prediction[0]], want & (WANT_PRODUCT | WANT_MATRIX), want
    if want & ~call.results:
        return False
    if work.second:
        work.want = HESSIAN
    if len(args) != call.arguments + (want == WANT_PRODUCT and not vector_apart):
        return False
    work.derivatives = 0
    for k in range(call.predictions):
        if args[call.prediction[k]] is not None:
            work.by[work.derivatives] = <int>k
            work.derivatives += 1
    work.bare = work.derivatives == 1
    if not keywords:
        return True
    known = ("out" in keywords) + ("sample_weight" in keywords) + ("where" in keywords)
    for name in call.operands:
        known += name in keywords
    if "n_threads" in keywords:
        found = keywords["n_threads"]
        if found is not None:
            if type(found) is not int or not 0 < found < MAX_PLAIN_THREADS:
                return False
            work.threads = found
        known += 1
    if "reduction" in keywords:
        found = keywords["reduction"]
        if type(found) is not str or found not in REDUCTIONS:
            return False
        work.reduction = REDUCTIONS[found]
        known += 1
    if "normalizer" in keywords:
        found = keywords["normalizer"]
        if found is not None:
            if (type(found) is not float and type(found) is not int) or work.reduction != MEAN:
                return False
            if not 1e-30 < found < 1e30:      # its reciprocal is a number of either type
                return False
            work.denominator = found
        known += 1
    if "wrt" in keywords and not work.second:
        if not takes_wrt(call, work, args, keywords["wrt"]):
            return False
        known += 1
    if vector_apart and "vector" in keywords:
        known += 1
    if len(keywords) == known:
        return True
    known += ("curvature" in keywords) + ("hess_factor" in keywords) + ("hess_floor" in keywords)
    return len(keywords) == known and want & HESSIAN and take_curvature(&work.curvature, keywords)


cdef bint takes_arrays(PlainCall call, PlainWork* work, tuple args, dict keywords) except -1:
    """Take hold of what is given; whether it is plain, and its shapes go together."""
    cdef object weight = None, where = None, vector = None
    cdef Py_ssize_t k
    for k in range(call.arguments):
        if args[k] is None and call.operands and k >= call.needed:
            continue
        if not look(args[k], False, &work.array[k]):
            return False
    if work.pred.view.len == 0 or work.pred.view.ndim == 0 or work.pred.dtype < FLOAT16:
        return False
    if keywords:
        weight, where = keywords.get("sample_weight"), keywords.get("where")
    if work.second == WANT_PRODUCT:
        vector = args[call.arguments] if len(args) > call.arguments else keywords.get("vector") if keywords else None
        if not takes_vectors(call, work, vector):
            return False
    work.left, work.in_place, work.looks, work.refused = False, False, False, False
    work.double_precision = work.pred.dtype == FLOAT64
    work.numbers = work.pred.view.len // work.pred.view.itemsize
    if weight is not None:
        if not look(weight, False, &work.array[SAMPLE_WEIGHT]):
            return False
        if not work.double_precision and may_vanish(&work.array[SAMPLE_WEIGHT]):
            return False
    if where is not None and not (look(where, False, &work.array[WHERE]) and work.array[WHERE].dtype == BOOL):
        return False
    return call.suits(work)


cdef bint takes_wrt(PlainCall call, PlainWork* work, tuple args, object wrt) except -1:
    """Take the predictions by which derivatives are wanted; whether they are told plainly."""
    cdef int k, j
    work.bare = type(wrt) is str
    cdef object wanted = (wrt,) if work.bare else wrt
    if call.predictions == 1 or type(wanted) is not tuple or not 0 < len(<tuple>wanted) <= call.predictions:
        return False
    work.derivatives = <int>len(<tuple>wanted)
    for k in range(work.derivatives):
        if type(wanted[k]) is not str or wanted[k] not in call.names:
            return False
        work.by[k] = call.names.index(wanted[k])
        if args[call.prediction[work.by[k]]] is None:
            return False
        for j in range(k):
            if work.by[j] == work.by[k]:
                return False
    return True


cdef bint takes_vectors(PlainCall call, PlainWork* work, object vector) except -1:
    """Take what the Hessian is multiplied by; whether it is an array for each prediction, of its shape."""
    cdef const Plain* prediction
    cdef Plain* taken
    cdef int k
    if call.predictions == 1:
        vector = (vector,)
    if type(vector) is not tuple or len(<tuple>vector) != call.predictions:
        return False
    for k in range(call.predictions):
        prediction, taken = &work.array[call.prediction[k]], &work.array[VECTOR + k]
        if not look((<tuple>vector)[k], False, taken) or taken.dtype < FLOAT16 or taken.view.ndim != prediction.view.ndim:
            return False
        if not same_lengths(taken.view.shape, prediction.view.shape, taken.view.ndim):
            return False
    return True


cdef tuple outputs(PlainCall call, PlainWork* work, object out):
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
            if work.reduction != NONE or not takes_output(call, work, found, OUT_VALUE, -1):
                return None
            if work.array[OUT_VALUE].dtype != work.pred.dtype or not of_samples(&work.array[OUT_VALUE], work):
                return None
            continue
        slot = OUT_GRADIENT if result == 1 else OUT_HESSIAN
        over = VECTOR if work.second else 0 if result == 1 else -1
        if not takes_outputs(call, work, (found,) if work.bare else found, slot, over):
            return None
    return tuple(given)


cdef bint takes_outputs(PlainCall call, PlainWork* work, object found, int slot, int over) except -1:
    """Take hold of the arrays given for derivatives, None where a new one is wanted."""
    cdef int k, by
    if type(found) is not tuple or len(<tuple>found) != work.derivatives:
        return False
    for k in range(work.derivatives):
        by = work.by[k]
        if (<tuple>found)[k] is None:
            continue
        if not takes_output(call, work, (<tuple>found)[k], slot + by,
                            over + by if over == VECTOR else call.prediction[by] if over == 0 else -1):
            return False
        if not alike(&work.array[slot + by], &work.array[call.prediction[by]]):
            return False
    return True


cdef bint takes_output(PlainCall call, PlainWork* work, object found, int slot, int over) except -1:
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


cdef object derivatives(PlainCall call, PlainWork* work, tuple args, object given, int slot):
    """The arrays for derivatives: the caller's, or new ones. None if one of these is not like its prediction."""
    cdef list made
    cdef int k, by
    if work.bare:
        by = work.by[0]
        return given if given is not None else derivative(call, work, args, slot + by, by)
    made = [None] * work.derivatives if given is None else list(given)
    for k in range(work.derivatives):
        by = work.by[k]
        if made[k] is None:
            made[k] = derivative(call, work, args, slot + by, by)
            if made[k] is None:
                return None
    return tuple(made)


cdef object derivative(PlainCall call, PlainWork* work, tuple args, int slot, int by):
    """A new array for a derivative; None if it is not like its prediction, whose dtype may have been set meanwhile."""
    cdef object array, like = args[call.prediction[by]]
    if work.second == WANT_MATRIX:
        array = empty((*samples_of(work), work.classes, work.classes), like.dtype)
        return array if look(array, True, &work.array[slot]) and work.array[slot].dtype == work.pred.dtype else None
    array = empty_like(like)
    if look(array, True, &work.array[slot]) and alike(&work.array[slot], &work.array[call.prediction[by]]):
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
