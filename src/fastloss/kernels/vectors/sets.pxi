# Losses of two small sets of vectors (sets.h): for kinds/sets.py, and their short way.

cdef extern from "vectors/sets.h" nogil:
    enum:
        FL_SET_WIDTHS
    double fl_set_kernels(const double*, Py_ssize_t, const double*, Py_ssize_t, Py_ssize_t, bint, const double*, int, double, double*) noexcept
    double fl_set_covariances(const double*, Py_ssize_t, const double*, Py_ssize_t, Py_ssize_t, double*) noexcept
    void fl_set_centre(const double*, double*, Py_ssize_t, Py_ssize_t) noexcept
    void fl_batch_sum(double*, const double*, const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept

cdef struct SetPair:
    Py_ssize_t count[2]
    Py_ssize_t columns
    const double* vectors[2]     # (count, columns)
    double* gradient[2]          # the same; NULL: it is not wanted
    double bandwidth[FL_SET_WIDTHS]
    int bandwidths
    bint biased
    double factor                # of the gradients


#: What makes the value of a pair, without a factor, and leaves the gradients.
ctypedef double (*set_function)(const SetPair*, double*) noexcept nogil


cdef Py_ssize_t lanes_of_sets(const SetPair* sets) noexcept nogil:
    """Numbers that each of these functions has room for, at least."""
    cdef Py_ssize_t width = fl_batch_width(sets.columns)
    return max(2 * (fl_batch_width(sets.count[0]) + fl_batch_width(sets.count[1])) * sets.columns,
               (sets.count[0] + sets.count[1] + sets.columns + 1) * width)


cdef double coral_of(const SetPair* sets, double* memory) noexcept nogil:
    """The distance of two covariances."""
    cdef Py_ssize_t width = fl_batch_width(sets.columns), i, k
    cdef double* centred[2]
    cdef double* apart
    cdef double* row
    cdef double squares = <double>sets.columns * sets.columns, value, factor
    cdef int one
    centred[0], centred[1] = memory, memory + sets.count[0] * width
    apart = centred[1] + sets.count[1] * width
    row = apart + sets.columns * width
    for one in range(2):
        fl_set_centre(sets.vectors[one], centred[one], sets.count[one], sets.columns)
    value = fl_set_covariances(centred[0], sets.count[0], centred[1], sets.count[1], sets.columns, apart)
    for one in range(2):
        factor = (-sets.factor if one else sets.factor) / (squares * (sets.count[one] - 1))
        for i in range(sets.count[one] if sets.gradient[one] != NULL else 0):
            fl_batch_sum(row, centred[one] + i * width, apart, sets.columns, 1, width)
            for k in range(sets.columns):
                sets.gradient[one][i * sets.columns + k] = row[k] * factor
    return value / (4 * squares)


cdef double mmd_of(const SetPair* sets, double* memory) noexcept nogil:
    """The maximum mean discrepancy."""
    cdef double* lanes[2]
    cdef double* pull[2]
    cdef Py_ssize_t count, width, pairs
    cdef Py_ssize_t between = sets.count[0] * sets.count[1]
    cdef double value = 0, total
    cdef int one
    for one in range(2):
        count, width = sets.count[one], fl_batch_width(sets.count[one])
        lanes[one], pull[one] = memory, memory + width * sets.columns
        memory += 2 * width * sets.columns
        lay_vectors(sets.vectors[one], lanes[one], NULL, count, sets.columns)
        memset(pull[one], 0, width * sets.columns * sizeof(double))
        if sets.gradient[one] == NULL:
            pull[one] = NULL
        pairs = count * count if sets.biased else count * (count - 1)
        total = fl_set_kernels(sets.vectors[one], count, lanes[one], count, sets.columns, True, sets.bandwidth, sets.bandwidths,
                               sets.factor * 2 / pairs, pull[one])
        value += (total + (sets.bandwidths * count if sets.biased else 0)) / pairs
    total = fl_set_kernels(sets.vectors[0], sets.count[0], lanes[1], sets.count[1], sets.columns, False, sets.bandwidth,
                           sets.bandwidths, -sets.factor * 2 / between, pull[1])
    if pull[0] != NULL:
        fl_set_kernels(sets.vectors[1], sets.count[1], lanes[0], sets.count[0], sets.columns, False, sets.bandwidth,
                       sets.bandwidths, -sets.factor * 2 / between, pull[0])
    for one in range(2):
        if pull[one] != NULL:
            lay_rows(pull[one], sets.gradient[one], NULL, sets.count[one], sets.columns)
    return value - 2 * total / between


cdef int take_bandwidths(SetPair* sets, tuple bandwidths) except -1:
    cdef Py_ssize_t k
    check_count("bandwidths", len(bandwidths), FL_SET_WIDTHS)
    sets.bandwidths = <int>len(bandwidths)
    for k in range(sets.bandwidths):
        sets.bandwidth[k] = bandwidths[k]
    return 0


#: Sets of up to so many vectors, of so many numbers each, and so many bandwidths are small.
SMALL_SETS = FL_BATCH_MOST, FL_BATCH_NUMBERS, FL_SET_WIDTHS
SET_LOSSES = "mmd", "coral"

cdef set_function set_functions[2]
set_functions[:] = [mmd_of, coral_of]


def sets(str loss not None, object source not None, object target not None, object by_source, object by_target, tuple bandwidths not None, *,
         bint biased, double factor):
    """Compute the value of two small sets, (N, D) and (M, D) doubles, and the gradients times `factor` where there are arrays for
    them."""
    cdef Doubles first = Doubles(source), second = Doubles(target)
    cdef Doubles by_first = Doubles(by_source, True), by_second = Doubles(by_target, True)
    cdef SetPair sets
    cdef double* memory
    cdef double value
    cdef set_function function = set_functions[SET_LOSSES.index(loss)]
    check_count("vectors of a set", max(len(source), len(target)), FL_BATCH_MOST)
    sets.count[0], sets.count[1] = len(source), len(target)
    sets.columns, sets.biased, sets.factor = first.count // sets.count[0], biased, factor
    sets.vectors[0], sets.vectors[1] = first.data, second.data
    sets.gradient[0], sets.gradient[1] = by_first.data, by_second.data
    take_bandwidths(&sets, bandwidths)
    memory = <double*>malloc(lanes_of_sets(&sets) * sizeof(double) + 1)
    if memory == NULL:
        raise MemoryError
    with nogil:
        value = function(&sets, memory)
    free(memory)
    return value


cdef class PlainSets(PlainCall):
    """Of two small sets."""
    cdef SetPair sets            # what is the same in all calls
    cdef set_function loss

    def __init__(self, str loss not None, tuple bandwidths, *, bint biased, Py_ssize_t arguments, tuple predictions, tuple names, int target):
        self.factor, self.results = 1, VALUE | GRADIENT
        self.sets.biased, self.loss = biased, set_functions[SET_LOSSES.index(loss)]
        take_bandwidths(&self.sets, bandwidths)
        self.take_arguments(arguments, predictions, names)

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* target = &work.array[1]
        cdef SetPair* own
        cdef SetPair sets = self.sets
        cdef double* numbers
        cdef double largest
        cdef Py_ssize_t count, i
        cdef int k
        if work.pred.view.ndim != 2 or target.view.ndim != 2 or work.pred.dtype < FLOAT32 or target.dtype != work.pred.dtype:
            return False
        sets.columns = work.pred.view.shape[1]
        if target.view.shape[1] != sets.columns or sets.columns > FL_BATCH_NUMBERS:
            return False
        for k in range(2):
            sets.count[k] = work.array[k].view.shape[0]
            if not (1 if self.sets.biased else 2) <= sets.count[k] <= FL_BATCH_MOST:
                return False
        count = (sets.count[0] + sets.count[1]) * sets.columns
        own = <SetPair*>room(work, sizeof(SetPair) + (2 * count + lanes_of_sets(&sets)) * sizeof(double))
        if own == NULL:
            return False
        own[0] = sets
        numbers = <double*>(own + 1)
        for k in range(2):
            own.vectors[k], own.gradient[k] = numbers, numbers + count
            if not take_numbers(&work.array[k], numbers):
                return False
            largest = 0
            for i in range(sets.count[k] * sets.columns):
                largest = max(largest, fabs(numbers[i]))
            if work.double_precision and not 1e-18 < largest < 1e18:      # they need another unit, perhaps
                return False
            numbers += sets.count[k] * sets.columns
        work.class_axis, work.dimensions, work.samples = -1, 0, 1
        return True

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef double weight
        cdef double total = weigh_each(work, &weight)
        (<SetPair*>work.memory).factor = weight
        return total if work.weight_sum == NULL else NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef SetPair* own = <SetPair*>work.memory
        cdef double weight = own.factor, value
        cdef double* memory = <double*>own.vectors[0] + 2 * (own.count[0] + own.count[1]) * own.columns
        cdef const Plain* out
        cdef int k
        own.factor = weight * (1 / work.denominator)
        for k in range(2):
            if not work.array[OUT_GRADIENT + k].held:
                own.gradient[k] = NULL
        value = self.loss(own, memory)
        for k in range(2):
            out = &work.array[OUT_GRADIENT + k]
            if out.held:
                fl_narrow_f64(out.dtype, own.gradient[k], <char*>out.view.buf, own.count[k] * own.columns)
        return weight * value
