# Arrays of any shape, strides and element type, seen by the kernels as runs of numbers.
#
# An Operand is one array. Its dimensions without the class axis, if it has one, are the samples, numbered in C order;
# adjoining dimensions are merged where strides allow. A kernel asks for samples first .. first + count, at a byte offset
# (that of the class), and gets a pointer to contiguous numbers of its compute type: into the array itself where that is
# what it holds, else into a buffer filled for it. So no kernel has a loop for a layout or an element type.

cdef struct Operand:
    char* data                   # NULL: the call has no such operand
    int dtype
    bint swapped                 # byte order is not the machine's
    Py_ssize_t itemsize
    Py_ssize_t class_stride      # 0 where there is no class axis
    int dimensions               # of the samples, merged; 0 stands for a single sample
    Py_ssize_t shape[MAX_DIMENSIONS]
    Py_ssize_t strides[MAX_DIMENSIONS]


cdef int set_operand(Operand* operand, object array, int dtype, bint swapped, bint has_class_axis) except -1:
    """Describe `array` (None, or an array whose buffer NumPy exports), class axis last."""
    cdef Py_buffer view
    operand.data = NULL
    if array is None:
        return 0
    PyObject_GetBuffer(array, &view, PyBUF_STRIDES)
    try:
        check_count("dimensions", view.ndim, MAX_DIMENSIONS)
        set_view(operand, &view, dtype, swapped, view.ndim - 1 if has_class_axis else -1)
    finally:
        # The caller holds the array for the time of the call, and with it its memory.
        PyBuffer_Release(&view)
    return 0


cdef int take(Operand* operand, dict arrays, str name, bint has_class_axis) except -1:
    """Describe an array of a call, and take it out of `arrays`; it may be missing, or None."""
    return set_from(operand, arrays.pop(name, None), has_class_axis)


cdef int need(Operand* operand, dict arrays, str name, bint has_class_axis) except -1:
    """The same of an array that has to be there."""
    take(operand, arrays, name, has_class_axis)
    if operand.data == NULL:
        raise TypeError(f"fastloss: the kernels need {name}")
    return 0


cdef int check_all_taken(dict arrays) except -1:
    """Raise where there is an array that no kernel reads."""
    if arrays:
        raise TypeError(f"fastloss: the kernels take no {', '.join(map(str, arrays))}")
    return 0


cdef int set_from(Operand* operand, object described, bint has_class_axis) except -1:
    if described is None:
        operand.data = NULL
        return 0
    return set_operand(operand, described[0], described[1], described[2], has_class_axis)


cdef void set_view(Operand* operand, const Py_buffer* view, int dtype, bint swapped, int class_axis) noexcept nogil:
    """Describe the array of a buffer; `class_axis` is -1 where it has none."""
    cdef Py_ssize_t shape, stride
    cdef int merged = 0, k
    operand.data = <char*>view.buf if view.buf != NULL else <char*>operand
    operand.dtype = dtype
    operand.swapped = swapped
    operand.itemsize = view.itemsize
    operand.class_stride = view.strides[class_axis] if class_axis >= 0 else 0
    for k in range(view.ndim):
        shape, stride = view.shape[k], view.strides[k]
        if k == class_axis or shape == 1:
            continue
        if merged > 0 and operand.strides[merged - 1] == stride * shape:
            operand.shape[merged - 1] *= shape
            operand.strides[merged - 1] = stride
        else:
            operand.shape[merged] = shape
            operand.strides[merged] = stride
            merged += 1
    operand.dimensions = merged


cdef inline bint aligned(const char* pointer, Py_ssize_t itemsize) noexcept nogil:
    return <size_t>pointer % <size_t>itemsize == 0


cdef inline int dtype_of(const real* tag) noexcept nogil:
    if real is float:
        return FLOAT32
    else:
        return FLOAT64


cdef inline bint native(const real* tag, const Operand* operand) noexcept nogil:
    """Whether the elements are of the compute type, as the machine holds them."""
    return operand.dtype == dtype_of(tag) and not operand.swapped


cdef inline void set_run(Operand* operand, const void* data, int dtype, Py_ssize_t itemsize, Py_ssize_t samples,
                         Py_ssize_t classes) noexcept nogil:
    """Describe contiguous numbers: samples, or rows of classes."""
    operand.data = <char*>data
    operand.dtype = dtype
    operand.swapped = False
    operand.itemsize = itemsize
    operand.class_stride = itemsize if classes else 0
    operand.dimensions = 1
    operand.shape[0] = samples
    operand.strides[0] = itemsize * (classes if classes else 1)


cdef inline void set_numbers(Operand* operand, const real* data, Py_ssize_t samples, Py_ssize_t classes) noexcept nogil:
    set_run(operand, data, dtype_of(data), sizeof(real), samples, classes)


cdef inline bint adjoining(const Operand* operand) noexcept nogil:
    """Whether the samples are one contiguous run."""
    return operand.dimensions == 0 or (operand.dimensions == 1 and operand.strides[0] == operand.itemsize)


cdef inline void look_ahead(fl_ahead* ahead, int place, const Operand* operand, Py_ssize_t first) noexcept nogil:
    """Note where samples from `first` on lie, if they are one run."""
    if operand.data != NULL and adjoining(operand):
        ahead.place[place] = operand.data + first * operand.itemsize
        ahead.size[place] = operand.itemsize


cdef inline bint class_run_in_place(const real* tag, const Operand* operand, const char* data) noexcept nogil:
    """Whether the classes of a row lie in memory as the kernel computes with them."""
    return operand.class_stride == sizeof(real) and native(tag, operand) and aligned(data, sizeof(real))


# ---- few classes: rows in the lanes ----------------------------------------------------------------------------

cdef inline bint rows_in_place(const real* tag, const Operand* operand) noexcept nogil:
    """Whether each row lies in memory as the kernel computes with it, and the rows lie evenly."""
    return (operand.dimensions <= 1 and class_run_in_place(tag, operand, operand.data)
            and (operand.dimensions == 0 or operand.strides[0] % <Py_ssize_t>sizeof(real) == 0))


cdef inline bint one_run(const Operand* operand, Py_ssize_t classes) noexcept nogil:
    """Whether all rows together are one contiguous run."""
    return operand.class_stride == operand.itemsize and not operand.swapped and (
        operand.dimensions == 0 or (operand.dimensions == 1 and operand.strides[0] == classes * operand.itemsize))


cdef inline void look_at_rows(fl_ahead* ahead, int place, const Operand* operand, Py_ssize_t first, Py_ssize_t classes) noexcept nogil:
    """Note where rows from `first` on lie, if all rows are one run."""
    if one_run(operand, classes):
        ahead.size[place] = classes * operand.itemsize
        ahead.place[place] = operand.data + first * ahead.size[place]


cdef Py_ssize_t sample_offset(const Operand* operand, Py_ssize_t sample, Py_ssize_t* index) noexcept nogil:
    """Byte offset of a sample; `index` is set to its place in each dimension."""
    cdef Py_ssize_t offset = 0
    cdef int k
    if operand.dimensions == 1:   # without a division
        index[0] = sample
        return sample * operand.strides[0]
    for k in range(operand.dimensions - 1, -1, -1):
        index[k] = sample % operand.shape[k]
        sample //= operand.shape[k]
        offset += index[k] * operand.strides[k]
    return offset


cdef void copy_samples(const Operand* operand, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count, char* buffer,
                       bint into_array) noexcept nogil:
    """Copy samples between the array and a contiguous buffer, run by run of the last dimension."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef char* data = operand.data + offset
    cdef Py_ssize_t run, stride, size = operand.itemsize
    cdef int k, last = operand.dimensions - 1
    data += sample_offset(operand, first, index)
    if last < 0:
        last = 0
        index[0] = 0
        stride = 0
    else:
        stride = operand.strides[last]
    while count > 0:
        run = count if operand.dimensions <= 1 else min(count, operand.shape[last] - index[last])
        if into_array:
            fl_scatter(data, stride, buffer, run, size, operand.swapped)
        else:
            fl_gather(buffer, data, stride, run, size, operand.swapped)
        buffer += run * size
        count -= run
        if count > 0:
            data += run * stride
            index[last] += run
            k = last
            while k > 0 and index[k] == operand.shape[k]:
                index[k] = 0
                data += operand.strides[k - 1] - operand.shape[k] * operand.strides[k]
                k -= 1
                index[k] += 1


cdef inline void widen(const real* tag, int dtype, const char* source, real* buffer, Py_ssize_t n) noexcept nogil:
    if real is float:
        fl_widen_f32(dtype, source, buffer, n)
    else:
        fl_widen_f64(dtype, source, buffer, n)


cdef inline void narrow(const real* tag, int dtype, const real* source, char* buffer, Py_ssize_t n) noexcept nogil:
    if real is float:
        fl_narrow_f32(dtype, source, buffer, n)
    else:
        fl_narrow_f64(dtype, source, buffer, n)


cdef const real* load(const Operand* operand, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count,
                      real* buffer) noexcept nogil:
    """Return `count` samples (at most SAMPLES) as contiguous numbers: in place if they are that already, else in `buffer`."""
    cdef char raw[SAMPLES * 8]
    cdef char* source
    if adjoining(operand):
        source = operand.data + offset + first * operand.itemsize
        if native(buffer, operand) and aligned(source, sizeof(real)):
            return <const real*>source
        if not operand.swapped:
            widen(buffer, operand.dtype, source, buffer, count)
            return buffer
    if operand.dtype == dtype_of(buffer):
        copy_samples(operand, offset, first, count, <char*>buffer, False)
        return buffer
    copy_samples(operand, offset, first, count, raw, False)
    widen(buffer, operand.dtype, raw, buffer, count)
    return buffer


cdef inline real* place(const Operand* operand, Py_ssize_t offset, Py_ssize_t first, real* buffer) noexcept nogil:
    """Return where to write results: the array itself if it can take them as they are, else `buffer`, for `store`."""
    cdef char* target = operand.data + offset + first * operand.itemsize
    if adjoining(operand) and native(buffer, operand) and aligned(target, sizeof(real)):
        return <real*>target
    return buffer


cdef void store(const Operand* operand, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count,
                const real* source) noexcept nogil:
    """Write `count` results (at most SAMPLES) into the array."""
    cdef char raw[SAMPLES * 8]
    if operand.dtype == dtype_of(source):
        copy_samples(operand, offset, first, count, <char*>source, True)
    elif adjoining(operand) and not operand.swapped:
        narrow(source, operand.dtype, source, operand.data + offset + first * operand.itemsize, count)
    else:
        narrow(source, operand.dtype, source, raw, count)
        copy_samples(operand, offset, first, count, raw, True)


cdef void load_run(const Operand* operand, const char* data, Py_ssize_t stride, Py_ssize_t count, real* buffer) noexcept nogil:
    """Read `count` elements, any number, that lie `stride` bytes apart."""
    cdef char raw[SAMPLES * 8]
    cdef Py_ssize_t n
    if stride == operand.itemsize and not operand.swapped:
        widen(buffer, operand.dtype, data, buffer, count)
        return
    while count > 0:
        n = min(count, SAMPLES)
        fl_gather(raw, data, stride, n, operand.itemsize, operand.swapped)
        widen(buffer, operand.dtype, raw, buffer, n)
        data += n * stride
        buffer += n
        count -= n


cdef void store_run(const Operand* operand, char* data, Py_ssize_t stride, Py_ssize_t count, const real* source) noexcept nogil:
    """Write `count` elements, any number, `stride` bytes apart."""
    cdef char raw[SAMPLES * 8]
    cdef Py_ssize_t n
    if stride == operand.itemsize and not operand.swapped:
        narrow(source, operand.dtype, source, data, count)
        return
    while count > 0:
        n = min(count, SAMPLES)
        narrow(source, operand.dtype, source, raw, n)
        fl_scatter(data, stride, raw, n, operand.itemsize, operand.swapped)
        data += n * stride
        source += n
        count -= n
