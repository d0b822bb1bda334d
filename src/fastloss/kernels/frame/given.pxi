# What the short way (plain.pxi) asks about the arrays of a call.

cdef void hold_nothing(PlainWork* work) noexcept:
    cdef int k
    for k in range(PLAIN_ARRAYS):
        work.array[k].held = False
    work.memory = NULL


cdef bint all_new(const PlainWork* work) noexcept nogil:
    """Whether nothing is written into an array that the caller gave, as far as its buffers are held."""
    cdef int k
    for k in range(OUT_VALUE, PLAIN_ARRAYS):
        if work.array[k].held:
            return False
    return True


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
    cdef const Py_buffer* view = &work.pred.view
    cdef int k
    work.class_axis, work.dimensions, work.samples = class_axis, 0, 1
    for k in range(view.ndim):
        if k != class_axis:
            work.shape[work.dimensions] = view.shape[k]
            work.samples *= view.shape[k]
            work.dimensions += 1


cdef inline void set_result(Operand* operand, const Plain* plain, int class_axis) noexcept nogil:
    """Describe an array, if it is there."""
    operand.data = NULL
    if plain.held:
        set_view(operand, &plain.view, plain.dtype, False, class_axis)


cdef bint set_spread(Operand* operand, const Plain* plain, const PlainWork* work, bint extend=False) noexcept nogil:
    """Describe what belongs to each sample, if it is there: it has their shape, or length 1 on some axes. Whether it does.

    `extend`: it may have fewer axes, those at the end, as NumPy has it.
    """
    cdef Py_ssize_t strides[MAX_DIMENSIONS]
    cdef Py_buffer view
    cdef int k, missing
    operand.data = NULL
    if not plain.held:
        return True
    view = plain.view
    missing = work.dimensions - view.ndim
    if missing < 0 or (missing > 0 and not extend):
        return False
    for k in range(work.dimensions):
        if k < missing or (view.shape[k - missing] == 1 and work.shape[k] != 1):
            strides[k] = 0
        elif view.shape[k - missing] == work.shape[k]:
            strides[k] = view.strides[k - missing]
        else:
            return False
    view.ndim, view.shape, view.strides = work.dimensions, <Py_ssize_t*>work.shape, strides
    set_view(operand, &view, plain.dtype, False, -1)
    return True


cdef inline double reduced(double total, double denominator) noexcept nogil:
    """The value: not -0 where a factor below 0 multiplies nothing."""
    cdef double value = total / denominator
    return 0 if value == 0 else value


cdef tuple samples_of(const PlainWork* work):
    return tuple([work.shape[k] for k in range(work.dimensions)])


cdef inline int results_of(const void* value, const void* gradient, const void* hessian) noexcept nogil:
    return VALUE * (value != NULL) | GRADIENT * (gradient != NULL) | HESSIAN * (hessian != NULL)
