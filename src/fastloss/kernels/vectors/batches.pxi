# Losses of small batches, whose vectors are all compared with each other (batches.h): for kinds/batches.py, and their short way.

cdef extern from "vectors/batches.h" nogil:
    enum:
        FL_BATCH_MOST
        FL_BATCH_NUMBERS
    ctypedef struct fl_batch:
        Py_ssize_t count, columns, width
        bint one, both, normalize, wants
        double scale, multiplier
        double label[FL_BATCH_MOST]
        double weight[FL_BATCH_MOST]
        Py_ssize_t positive[FL_BATCH_MOST]
        double value[FL_BATCH_MOST]
        double by_scale
        double* vectors[2]
        double* gradient[2]
    Py_ssize_t fl_batch_room(fl_batch*, double*) noexcept
    void fl_batch_positives(fl_batch*) noexcept
    bint fl_batch_run(fl_batch*) noexcept

#: Batches of up to so many vectors, of so many numbers each, are small.
SMALL_BATCH = FL_BATCH_MOST, FL_BATCH_NUMBERS


cdef void lay_vectors(const double* rows, double* vectors, const Py_ssize_t* kept, const fl_batch* batch) noexcept nogil:
    """Lay some rows side by side, one in each lane."""
    cdef Py_ssize_t i, k
    for k in range(batch.columns):
        for i in range(batch.count):
            vectors[k * batch.width + i] = rows[(i if kept == NULL else kept[i]) * batch.columns + k]
        for i in range(batch.count, batch.width):
            vectors[k * batch.width + i] = 0


cdef void lay_rows(const double* vectors, double* rows, const Py_ssize_t* kept, const fl_batch* batch) noexcept nogil:
    """The reverse."""
    cdef Py_ssize_t i, k
    for i in range(batch.count):
        for k in range(batch.columns):
            rows[(i if kept == NULL else kept[i]) * batch.columns + k] = vectors[k * batch.width + i]


cdef class Doubles:
    """The numbers of a contiguous float64 array, which are written, too."""
    cdef Py_buffer view
    cdef double* data
    cdef Py_ssize_t count

    def __cinit__(self, object array):
        PyObject_GetBuffer(array, &self.view, PyBUF_WRITABLE)
        self.data, self.count = <double*>self.view.buf, self.view.len // <Py_ssize_t>sizeof(double)

    def __dealloc__(self):
        PyBuffer_Release(&self.view)


def batch(object first not None, object second, object labels not None, object weights not None, *, bint both, bint normalize,
          bint wants, double scale, bint logarithmic, double multiplier):
    """Compute a small batch: losses times weights take the place of the weights, gradients that of the vectors, (N, D) each.

    `second`: None where the first vectors are compared with each other. `labels`: of vectors that belong together the same.
    `logarithmic`: `scale` is the logarithm of what multiplies the similarities. Returns the derivative by that logarithm; None,
    and nothing is left, where numbers are too large or too small.
    """
    cdef Doubles label = Doubles(labels), weight = Doubles(weights), one = Doubles(first)
    cdef Doubles other = None if second is None else Doubles(second)
    cdef fl_batch call
    cdef double* memory
    cdef Py_ssize_t k
    cdef bint sure
    check_count("vectors of a batch", weight.count, FL_BATCH_MOST)
    call.count, call.one, call.both, call.normalize, call.wants = weight.count, second is None, both, normalize, wants
    call.columns = one.count // max(weight.count, <Py_ssize_t>1)
    call.scale, call.multiplier = fl_exp(scale) if logarithmic else scale, multiplier
    memory = <double*>malloc(fl_batch_room(&call, NULL))
    if memory == NULL:
        raise MemoryError
    fl_batch_room(&call, memory)
    for k in range(call.count):
        call.label[k], call.weight[k] = label.data[k], weight.data[k]
    lay_vectors(one.data, call.vectors[0], NULL, &call)
    if other is not None:
        lay_vectors(other.data, call.vectors[1], NULL, &call)
    fl_batch_positives(&call)
    with nogil:
        sure = fl_batch_run(&call)
    if sure:
        memcpy(weight.data, call.value, call.count * sizeof(double))
        if wants:
            lay_rows(call.gradient[0], one.data, NULL, &call)
            if other is not None:
                lay_rows(call.gradient[1], other.data, NULL, &call)
    free(memory)
    return call.by_scale if sure else None


cdef struct BatchRoom:           # the memory of a call begins with it
    fl_batch batch
    Py_ssize_t kept[FL_BATCH_MOST]          # the places of the vectors that are not left out
    double weight[FL_BATCH_MOST]            # of each sample
    double label[FL_BATCH_MOST]
    double* numbers              # of the vectors of an array


cdef class PlainBatches(PlainCall):
    """Of small batches."""
    cdef bint both, normalize, by_half
    cdef double scale
    cdef int target, vectors, shared         # the places of the target, of the last vectors, of what all share; -1: there is none
    cdef object asarray

    def __init__(self, object asarray, *, bint both, bint normalize, double scale, str positive, tuple operands, int shared,
                 Py_ssize_t arguments, tuple predictions, tuple names, int target):
        """`scale`: of similarities, or (`shared` >= 0) its logarithm where none is given. `shared`: the place of that logarithm.
        `asarray`: of NumPy, as that may be a number."""
        self.asarray = asarray
        self.factor, self.results, self.both, self.normalize, self.scale = 1, VALUE | GRADIENT, both, normalize, scale
        self.by_half, self.target, self.shared = positive == "half", target, shared
        self.take_arguments(arguments, predictions, names)
        self.vectors = 1 if positive == "place" else self.predictions - 1
        if shared >= 0:
            self.take_operands(operands, shared)

    cpdef object run(self, int want, tuple args, dict keywords, ExactSum weight_sum=None):
        cdef object results
        cdef tuple gradients
        cdef int place = self.shared
        if place < 0 or (len(args) <= place and not (keywords and self.operands[place] in keywords)):
            return PlainCall.run(self, want, args, keywords, weight_sum)
        if len(args) != place + 1 or (keywords and ("out" in keywords or "wrt" in keywords)):
            return None
        results = PlainCall.run(self, want, args[:place] + (self.asarray(args[place]),), keywords, weight_sum)
        if results is None or want == VALUE:
            return results
        # A result without axes is a number.
        gradients = results if want == GRADIENT else results[1]
        gradients = gradients[:place] + (gradients[place][()],)
        return gradients if want == GRADIENT else (results[0], gradients)

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Py_buffer* view = &work.pred.view
        cdef BatchRoom* own
        cdef fl_batch call
        if view.ndim != 2 or view.shape[0] > FL_BATCH_MOST or view.shape[1] > FL_BATCH_NUMBERS or work.pred.dtype < FLOAT32:
            return False
        take_samples(work, 1)
        if self.vectors and not alike(&work.array[self.prediction[1]], work.pred):
            return False
        if self.target >= 0 and not of_samples(&work.array[self.target], work):
            return False
        if self.shared >= 0 and work.array[self.shared].held and work.array[self.shared].view.ndim:
            return False
        if self.by_half and work.samples % 2:
            return False
        call.count, call.columns, call.one = work.samples, view.shape[1], not self.vectors
        own = <BatchRoom*>room(work, sizeof(BatchRoom) + work.numbers * sizeof(double) + fl_batch_room(&call, NULL))
        if own == NULL:
            return False
        own.batch, own.numbers = call, <double*>(own + 1)
        return True

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef BatchRoom* own = <BatchRoom*>work.memory
        cdef fl_batch* call = &own.batch
        cdef fl_exact sum
        cdef double total = weigh_each(work, own.weight), scale = self.scale
        cdef Py_ssize_t i, count = 0
        cdef bint alone = False
        if not total > 0 or work.weight_sum != NULL:
            return NAN
        if self.target >= 0 and not take_numbers(&work.array[self.target], own.label):
            return NAN
        for i in range(work.samples):
            if own.weight[i] != 0:
                own.kept[count], call.weight[count] = i, own.weight[i]
                call.label[count] = own.label[i] if self.target >= 0 else i % max(work.samples // 2, <Py_ssize_t>1)
                if not fabs(call.label[count]) < INFINITY:
                    return NAN
                count += 1
        call.count = count
        fl_batch_positives(call)
        for i in range(count):
            if call.positive[i] < 0:
                call.weight[i], alone = 0, True
        if self.shared >= 0 and work.array[self.shared].held:
            if not take_numbers(&work.array[self.shared], &scale):
                return NAN
        call.scale = fl_exp(scale) if self.shared >= 0 else scale
        if alone:
            memset(&sum, 0, sizeof(fl_exact))
            for i in range(count):
                fl_exact_add_one(&sum, call.weight[i])
            total = fl_exact_value(&sum)
        return total

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef BatchRoom* own = <BatchRoom*>work.memory
        cdef fl_batch* call = &own.batch
        cdef fl_exact sum
        cdef int k
        call.one, call.both, call.normalize, call.wants = not self.vectors, self.both, self.normalize, work.want & GRADIENT != 0
        call.multiplier = 1 / work.denominator
        fl_batch_room(call, own.numbers + work.numbers)
        for k in range(2 if self.vectors else 1):
            if not take_numbers(&work.array[self.prediction[k]], own.numbers):
                work.left = True
                return 0
            lay_vectors(own.numbers, call.vectors[k], own.kept, call)
        if not fl_batch_run(call):
            work.left = True
            return 0
        for k in range(2 if self.vectors else 1):
            if work.array[OUT_GRADIENT + k].held:
                memset(own.numbers, 0, work.numbers * sizeof(double))
                lay_rows(call.gradient[k], own.numbers, own.kept, call)
                fl_narrow_f64(work.pred.dtype, own.numbers, <char*>work.array[OUT_GRADIENT + k].view.buf, work.numbers)
        if self.shared >= 0 and work.array[OUT_GRADIENT + 2].held:
            fl_narrow_f64(work.array[OUT_GRADIENT + 2].dtype, &call.by_scale, <char*>work.array[OUT_GRADIENT + 2].view.buf, 1)
        if work.array[OUT_VALUE].held:
            memset(own.label, 0, sizeof(own.label))
            for k in range(call.count):
                own.label[own.kept[k]] = call.value[k]
            fl_narrow_f64(work.pred.dtype, own.label, <char*>work.array[OUT_VALUE].view.buf, work.samples)
        memset(&sum, 0, sizeof(fl_exact))
        for k in range(call.count):
            fl_exact_add_one(&sum, call.value[k])
        return fl_exact_value(&sum)
