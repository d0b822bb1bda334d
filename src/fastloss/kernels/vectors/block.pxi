# A block of samples, whatever the loss: loads rows, weights and targets, calls the loss's functions, weighs and stores.

cdef enum:
    VECTOR_SAMPLES = 256         # in a block, at most
    VECTOR_NUMBERS = 1 << 15     # of one array in a block, at most, or one row

cdef struct VectorCall:
    const VectorLoss* loss
    Py_ssize_t samples, columns
    double denominator, value_factor
    double parameter[VECTOR_PARAMETERS]
    Operand target, weight, where, value
    Operand array[MOST_VECTORS]
    Operand gradient[MOST_VECTORS]
    fl_exact* weight_sum                  # where that of the weights is left; NULL: nobody asks
    bint over_array[MOST_VECTORS]         # the gradient lies over an array

# Less than this is left of a difference: too little. Plain sums have 52 bits, careful ones 98; of them are needed: 32 of
# float32, 58 of float64.
cdef double LEAST_OF_PLAIN = 9.5367431640625e-07      # 2^-20
cdef double LEAST_OF_CAREFUL[2]
LEAST_OF_CAREFUL[:] = [1.3552527156068805e-20, 9.094947017729282e-13]    # 2^-66 for float32, 2^-40 for float64
# Between these a multiplier changes the digits of no result.
cdef double LEAST_MULTIPLIER = 4.909093465297727e-91  # 2^-300
cdef double MOST_MULTIPLIER = 2.037035976334486e+90   # 2^300


cdef extern from "vectors/ahead.h" nogil:
    void fl_fetch_rows(const char** place, int arrays, Py_ssize_t offset, Py_ssize_t bytes, bint write) noexcept

cdef enum:
    # Rows, and their numbers, whose sums are made before anything is made of them: a processor adds up the next row while it
    # waits for the sums of this one, and a wrong guess of what they decide costs less. Of 8 rows the lines push out each other.
    VECTOR_TOGETHER = 1 << 4
    VECTOR_TOGETHER_NUMBERS = 1 << 8
    FAR_ROWS = 1 << 19           # bytes of an array from which on its rows are asked for
    VECTOR_AHEAD = 1 << 11       # so many bytes before they are read
    VECTOR_FETCHED = 1 << 11     # numbers of a row, at most, that is asked for


cdef inline Py_ssize_t vectors_at_once(Py_ssize_t columns) noexcept nogil:
    return max(min(<Py_ssize_t>VECTOR_SAMPLES, VECTOR_NUMBERS // max(columns, <Py_ssize_t>1)), <Py_ssize_t>1)


cdef inline Py_ssize_t row_places(Py_ssize_t columns) noexcept nogil:
    """Numbers that a row of scratch has room for: whole lines of the cache."""
    return (columns + 15) // 16 * 16


cdef inline Py_ssize_t vector_scratch(Py_ssize_t columns) noexcept nogil:
    """Bytes: rows and gradients in the compute type, the same in double."""
    return 4 * MOST_VECTORS * row_places(columns) * <Py_ssize_t>sizeof(double)


cdef inline void fill_row(real* row, real number, Py_ssize_t n) noexcept nogil:
    if real is float:
        fl_vector_fill_f32(row, number, n)
    else:
        fl_vector_fill_f64(row, number, n)


cdef void surely(const real* tag, const VectorCall* call, Sample* s, double* doubles, double* value) noexcept nogil:
    """The sample again, by functions that are sure of it; `value` is left weighted."""
    cdef Py_ssize_t places = row_places(call.columns), n = call.columns
    cdef void* wanted[MOST_VECTORS]
    cdef int k
    s.least = LEAST_OF_CAREFUL[sizeof(real) == 8]
    if real is float:
        for k in range(call.loss.arrays):
            widen(doubles, FLOAT32, <const char*>s.array[k], doubles + k * places, n)
            s.array[k] = doubles + k * places
            wanted[k] = s.gradient[k]
            if wanted[k] != NULL:
                s.gradient[k] = doubles + (MOST_VECTORS + k) * places
    if real is float and LEAST_MULTIPLIER < abs_(s.multiplier) < MOST_MULTIPLIER and call.loss.careful(s, value):
        value[0] *= s.weight
    else:
        call.loss.exact(s, value)
    if real is float:
        for k in range(call.loss.arrays):
            if wanted[k] != NULL:
                narrow(doubles, FLOAT32, <const double*>s.gradient[k], <char*>wanted[k], n)
                s.gradient[k] = wanted[k]


cdef double weighted_sample(const real* tag, const VectorCall* call, Sample* s, double* doubles) noexcept nogil:
    """Leave the gradients of a sample; return its value, weighted."""
    cdef double value = 0
    cdef int k
    cdef sample_function function
    if real is float:
        s.least, function = LEAST_OF_PLAIN, call.loss.plain
    else:
        s.least, function = LEAST_OF_CAREFUL[1], call.loss.careful
    if LEAST_MULTIPLIER < abs_(s.multiplier) < MOST_MULTIPLIER and function(s, &value):
        value *= s.weight
    else:
        surely(tag, call, s, doubles, &value)
    if value != value:
        for k in range(call.loss.arrays):
            if s.gradient[k] != NULL:
                fill_row(<real*>s.gradient[k], <real>NAN, call.columns)
    return value


cdef inline char* row_at(const Operand* operand, bint even, Py_ssize_t row) noexcept nogil:
    """Where a row begins; `even`: the rows lie at equal distances."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    if even:
        return operand.data + (row * operand.strides[0] if operand.dimensions else 0)
    return operand.data + sample_offset(operand, row, index)


cdef double vectors_block(const real* tag, const VectorCall* call, Py_ssize_t block, char* scratch) noexcept nogil:
    cdef Py_ssize_t size = vectors_at_once(call.columns), first = block * size, n = min(size, call.samples - first)
    cdef Py_ssize_t places = row_places(call.columns), i
    cdef real weight_buffer[VECTOR_SAMPLES]
    cdef real target_buffer[VECTOR_SAMPLES]
    cdef real rounded[VECTOR_SAMPLES]
    cdef double value[VECTOR_SAMPLES]
    cdef real* rows = <real*>scratch
    cdef double* doubles = <double*>(scratch + 2 * MOST_VECTORS * places * sizeof(double))
    cdef const real* weight = load_weights(&call.weight, &call.where, first, n, weight_buffer)
    cdef const real* target = NULL
    cdef char* data[MOST_VECTORS]
    cdef bint read_in_place[MOST_VECTORS]
    cdef bint left_in_place[MOST_VECTORS]
    # Rows that come next are asked for: triplets of 128 columns went from 1.34 to 1.19 times a copy.
    cdef const char* read[MOST_VECTORS]
    cdef const char* written[MOST_VECTORS]
    cdef int reads = 0, writes = 0
    cdef const float* measured[MOST_VECTORS]
    cdef fl_pair sums[VECTOR_TOGETHER][VECTOR_SUMS]
    cdef bint all_in_place = True
    cdef Py_ssize_t together = 1, ready = 0, j
    cdef Py_ssize_t row_bytes = call.columns * <Py_ssize_t>sizeof(real), ahead = VECTOR_AHEAD // max(row_bytes, <Py_ssize_t>1) + 1
    cdef bint far = call.samples * row_bytes >= FAR_ROWS and call.columns <= VECTOR_FETCHED
    cdef const Operand* operand
    cdef Sample s
    cdef int k
    if call.target.data != NULL:
        target = load(&call.target, 0, first, n, target_buffer)
    s.columns, s.denominator, s.parameter, s.target = call.columns, call.denominator, call.parameter, 0
    for k in range(call.loss.arrays):
        read_in_place[k] = rows_in_place(tag, &call.array[k])
        all_in_place &= read_in_place[k]
        left_in_place[k] = call.gradient[k].data != NULL and not call.over_array[k] and rows_in_place(tag, &call.gradient[k])
        if far and read_in_place[k] and one_run(&call.array[k], call.columns):
            read[reads] = call.array[k].data
            reads += 1
        if far and left_in_place[k] and one_run(&call.gradient[k], call.columns):
            written[writes] = call.gradient[k].data
            writes += 1
    if real is float and all_in_place:
        together = max(min(<Py_ssize_t>VECTOR_TOGETHER, VECTOR_TOGETHER_NUMBERS // max(call.columns, <Py_ssize_t>1)), <Py_ssize_t>1)
    for i in range(n):
        if i == ready:
            ready = min(i + together, n)
            for j in range(i, ready):
                if first + j + ahead < call.samples:
                    fl_fetch_rows(read, reads, (first + j + ahead) * row_bytes, row_bytes, False)
                if real is float and all_in_place and (weight == NULL or weight[j] != 0):
                    for k in range(call.loss.arrays):
                        measured[k] = <const float*>row_at(&call.array[k], True, first + j)
                    call.loss.sums(measured, call.columns, sums[j % VECTOR_TOGETHER])
        if first + i + ahead < call.samples:     # not with the rows that are read: so many lines at once waited for each other
            fl_fetch_rows(written, writes, (first + i + ahead) * row_bytes, row_bytes, True)
        s.weight = 1 if weight == NULL else weight[i]
        s.multiplier = s.weight / s.denominator if s.denominator != 0 else 0
        if target != NULL:
            s.target = target[i]
        for k in range(call.loss.arrays):
            s.gradient[k] = data[k] = NULL
            if call.gradient[k].data != NULL:
                data[k] = row_at(&call.gradient[k], left_in_place[k], first + i)
                s.gradient[k] = data[k] if left_in_place[k] else <char*>(rows + (MOST_VECTORS + k) * places)
        if s.weight == 0:
            value[i] = 0
            for k in range(call.loss.arrays):
                if s.gradient[k] != NULL:
                    fill_row(<real*>s.gradient[k], <real>0, call.columns)
        else:
            for k in range(call.loss.arrays):
                operand = &call.array[k]
                s.array[k] = row_at(operand, read_in_place[k], first + i)
                if not read_in_place[k]:
                    load_run(operand, <const char*>s.array[k], operand.class_stride, call.columns, rows + k * places)
                    s.array[k] = rows + k * places
            if real is float:
                if not all_in_place:
                    call.loss.sums(<const float**>s.array, call.columns, sums[i % VECTOR_TOGETHER])
                s.sums = sums[i % VECTOR_TOGETHER]
            value[i] = weighted_sample(tag, call, &s, doubles)
        for k in range(call.loss.arrays):
            if s.gradient[k] != data[k]:
                store_run(&call.gradient[k], data[k], call.gradient[k].class_stride, call.columns, <const real*>s.gradient[k])
    if call.value.data != NULL:
        for i in range(n):
            rounded[i] = <real>(value[i] * call.value_factor + 0)
        store(&call.value, 0, first, n, rounded)
    return fl_block_sum_f64(value, n)


cdef double vectors_inspected(const real* tag, const VectorCall* call, Py_ssize_t block, void* scratch) noexcept nogil:
    """Weigh a block (`run_inspection`); NaN where a weight is none or a target is neither of its two numbers."""
    cdef Py_ssize_t size = vectors_at_once(call.columns), first = block * size, n = min(size, call.samples - first)
    cdef real weight_buffer[VECTOR_SAMPLES]
    cdef real buffer[VECTOR_SAMPLES]
    cdef const real* weight = load_weights(&call.weight, &call.where, first, n, weight_buffer)
    if call.loss.has_target and not inside(load(&call.target, 0, first, n, buffer), weight, call.loss.target[0],
                                           call.loss.target[1], True, n):
        return NAN
    return weigh_exactly(scratch, weight, n)


cdef double vectors_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return vectors_block(<const float*>NULL, <const VectorCall*>call, block, <char*>scratch)

cdef double vectors_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return vectors_block(<const double*>NULL, <const VectorCall*>call, block, <char*>scratch)

cdef double vectors_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return vectors_inspected(<const float*>NULL, <const VectorCall*>call, block, scratch)

cdef double vectors_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return vectors_inspected(<const double*>NULL, <const VectorCall*>call, block, scratch)


cdef double run_vectors(VectorCall* call, bint double_precision, bint inspect, int threads) except? -1.0:
    cdef Py_ssize_t size = vectors_at_once(call.columns)
    cdef block_function function
    cdef int k, j
    for k in range(call.loss.arrays):
        call.over_array[k] = False
        for j in range(call.loss.arrays):
            call.over_array[k] |= call.gradient[k].data == call.array[j].data
    if inspect:
        function = vectors_inspected_f64 if double_precision else vectors_inspected_f32
        return run_inspection(function, call, (call.samples + size - 1) // size, size, threads, 0, call.weight_sum)
    function = vectors_block_f64 if double_precision else vectors_block_f32
    return run_blocks(function, call, (call.samples + size - 1) // size, size * max(call.columns, <Py_ssize_t>1), threads,
                      vector_scratch(call.columns))
