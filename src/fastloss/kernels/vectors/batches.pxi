# Losses of small batches, whose vectors are all compared with each other (batches.h): for kinds/batches.py, and their short way.

cdef extern from "vectors/batches.h" nogil:
    enum:
        FL_BATCH_LANES
        FL_BATCH_MOST
        FL_BATCH_NUMBERS
    ctypedef struct fl_pairs:
        Py_ssize_t width
        double label
        Py_ssize_t own
        const double* labels
        const double* parameter
        double* alike
        double* unlike
        double by_shared[2]
    ctypedef double (*fl_pairs_function)(fl_pairs*, double*) noexcept
    ctypedef struct fl_batch:
        Py_ssize_t count, columns, width
        bint one, both, normalize, wants
        fl_pairs_function pairs
        double parameter[3]
        double scale, multiplier
        double label[FL_BATCH_MOST]
        double weight[FL_BATCH_MOST]
        Py_ssize_t positive[FL_BATCH_MOST]
        double value[FL_BATCH_MOST]
        double by_shared[2]
        double* vectors[2]
        double* gradient[2]
    Py_ssize_t fl_batch_width(Py_ssize_t) noexcept
    Py_ssize_t fl_batch_room(fl_batch*, double*) noexcept
    void fl_batch_positives(fl_batch*) noexcept
    bint fl_batch_run(fl_batch*) noexcept
    double fl_pairs_multi_similarity(fl_pairs*, double*) noexcept
    double fl_pairs_circle(fl_pairs*, double*) noexcept
    double fl_pairs_sigmoid_contrastive(fl_pairs*, double*) noexcept

#: Batches of up to so many vectors, of so many numbers each, are small.
SMALL_BATCH = FL_BATCH_MOST, FL_BATCH_NUMBERS
#: The labels of `pairs` have a multiple of so many places.
BATCH_LANES = FL_BATCH_LANES
#: The losses that are a function of the similarities of a vector; the others are a softmax over these.
PAIR_LOSSES = "multi_similarity", "circle", "sigmoid_contrastive"

cdef fl_pairs_function pair_functions[3]
pair_functions[:] = [fl_pairs_multi_similarity, fl_pairs_circle, fl_pairs_sigmoid_contrastive]


cdef fl_pairs_function take_numbers_of(double* parameter, str loss, tuple numbers) except? NULL:
    """Take the parameters of a loss of pairs; return its function. Of a softmax there is none, and the number is its scale."""
    cdef Py_ssize_t k
    check_count("parameters", len(numbers), 3)
    for k in range(len(numbers)):
        parameter[k] = numbers[k]
    return pair_functions[PAIR_LOSSES.index(loss)] if loss in PAIR_LOSSES else NULL


cdef void lay_vectors(const double* rows, double* vectors, const Py_ssize_t* kept, Py_ssize_t count, Py_ssize_t columns) noexcept nogil:
    """Lay `count` rows side by side, one in each lane: the first ones, or those that are kept."""
    cdef Py_ssize_t i, k, width = fl_batch_width(count)
    for k in range(columns):
        for i in range(count):
            vectors[k * width + i] = rows[(i if kept == NULL else kept[i]) * columns + k]
        for i in range(count, width):
            vectors[k * width + i] = 0


cdef void lay_rows(const double* vectors, double* rows, const Py_ssize_t* kept, Py_ssize_t count, Py_ssize_t columns) noexcept nogil:
    """The reverse."""
    cdef Py_ssize_t i, k, width = fl_batch_width(count)
    for i in range(count):
        for k in range(columns):
            rows[(i if kept == NULL else kept[i]) * columns + k] = vectors[k * width + i]


def batch(str loss, tuple numbers, object first not None, object second, object labels not None, object weights not None, *,
          bint both, bint normalize, bint wants, bint logarithmic, double multiplier):
    """Compute a small batch: losses times weights take the place of the weights, gradients that of the vectors, (N, D) each.

    `second`: None where the first vectors are compared with each other. `labels`: of vectors that belong together the same.
    `numbers`: the parameters of a loss of pairs; of a softmax what multiplies the similarities, or (`logarithmic`) its logarithm.
    Returns the derivatives by what all share; None, and nothing is left, where numbers are too large or too small.
    """
    cdef Doubles label = Doubles(labels), weight = Doubles(weights, True), one = Doubles(first, True), other = Doubles(second, True)
    cdef fl_batch call
    cdef double* memory
    cdef Py_ssize_t k
    cdef bint sure
    check_count("vectors of a batch", weight.count, FL_BATCH_MOST)
    call.count, call.one, call.both, call.normalize, call.wants = weight.count, second is None, both, normalize, wants
    call.columns = one.count // max(weight.count, <Py_ssize_t>1)
    call.pairs, call.multiplier = take_numbers_of(call.parameter, loss, numbers), multiplier
    call.scale = fl_exp(call.parameter[0]) if logarithmic else call.parameter[0]
    memory = <double*>malloc(fl_batch_room(&call, NULL))
    if memory == NULL:
        raise MemoryError
    fl_batch_room(&call, memory)
    for k in range(call.count):
        call.label[k], call.weight[k] = label.data[k], weight.data[k]
    lay_vectors(one.data, call.vectors[0], NULL, call.count, call.columns)
    if not call.one:
        lay_vectors(other.data, call.vectors[1], NULL, call.count, call.columns)
    fl_batch_positives(&call)
    with nogil:
        sure = fl_batch_run(&call)
    if sure:
        memcpy(weight.data, call.value, call.count * sizeof(double))
        if wants:
            lay_rows(call.gradient[0], one.data, NULL, call.count, call.columns)
            if not call.one:
                lay_rows(call.gradient[1], other.data, NULL, call.count, call.columns)
    free(memory)
    return (call.by_shared[0], call.by_shared[1]) if sure else None


def pairs(str loss, tuple numbers, object similar not None, object labels not None, object weights not None, object values not None,
          list by_shared not None, *, Py_ssize_t first, bint one):
    """Compute a loss of pairs for some rows of similarities, from row `first` on: losses and derivatives by what all share, times
    weights, and in the place of the similarities the slopes.

    `labels` has whole steps of lanes; behind the last vector it is NaN. `one`: no vector is compared with itself.
    """
    cdef Doubles rows = Doubles(similar, True), label = Doubles(labels), weight = Doubles(weights), value = Doubles(values, True), shared
    cdef Py_ssize_t count = weight.count, width = label.count, i, j, k
    cdef double parameter[3]
    cdef double* memory
    cdef double* slopes
    cdef double* by[2]
    cdef fl_pairs row
    cdef fl_pairs_function function = take_numbers_of(parameter, loss, numbers)
    by[0] = by[1] = NULL
    for k in range(len(by_shared)):
        shared = Doubles(by_shared[k], True)    # the list holds the array
        by[k] = shared.data
    memory = <double*>malloc(3 * width * sizeof(double))
    if memory == NULL:
        raise MemoryError
    row.width, row.labels, row.parameter, row.alike, row.unlike = width, label.data, parameter, memory + width, memory + 2 * width
    with nogil:
        for j in range(count, width):
            memory[j] = 0
        for i in range(first, first + rows.count // max(count, <Py_ssize_t>1)):
            slopes = rows.data + (i - first) * count
            if weight.data[i] == 0:         # it may have a loss that is no number: nothing of it is multiplied
                memset(slopes, 0, count * sizeof(double))
                continue
            memcpy(memory, slopes, count * sizeof(double))
            row.label, row.own = label.data[i], i if one else -1
            value.data[i] = weight.data[i] * function(&row, memory)
            for j in range(count):
                slopes[j] = memory[j] * weight.data[i]
            for k in range(2):
                if by[k] != NULL:
                    by[k][i] = weight.data[i] * row.by_shared[k]
    free(memory)


cdef struct BatchRoom:           # the memory of a call begins with it
    fl_batch batch
    Py_ssize_t kept[FL_BATCH_MOST]          # the places of the vectors that are not left out
    double weight[FL_BATCH_MOST]            # of each sample
    double label[FL_BATCH_MOST]
    double* numbers              # of the vectors of an array


cdef class PlainBatches(PlainCall):
    """Of small batches."""
    cdef bint both, normalize, by_half, all_count
    cdef int target, vectors, shared         # the places of the target, or -1, of the last vectors, of the first of what all share, or behind all
    cdef fl_pairs_function pairs
    cdef double number[3]
    cdef object asarray

    def __init__(self, object asarray, str loss, tuple numbers, *, bint both, bint normalize, str positive, bint all_count,
                 tuple operands, int shared, Py_ssize_t arguments, tuple predictions, tuple names, int target):
        """`numbers`: as `batch` takes them; the first are the defaults of what all share. `asarray`: of NumPy, as that may be a number."""
        self.asarray, self.pairs = asarray, take_numbers_of(self.number, loss, numbers)
        self.factor, self.results, self.both, self.normalize = 1, VALUE | GRADIENT, both, normalize
        self.by_half, self.all_count, self.target = positive == "half", all_count, target
        self.take_arguments(arguments, predictions, names)
        self.vectors = 1 if positive == "place" else 0
        self.shared = shared if shared >= 0 else arguments
        if shared >= 0:
            self.take_operands(operands, shared)

    cpdef object run(self, int want, tuple args, dict keywords, ExactSum weight_sum=None):
        cdef object results
        cdef tuple gradients
        cdef Py_ssize_t place = self.shared, k
        if place == self.arguments:
            return PlainCall.run(self, want, args, keywords, weight_sum)
        if keywords:
            if "out" in keywords or ("wrt" in keywords and len(args) > place):
                return None
            for k in range(place, self.arguments):
                if self.operands[k] in keywords:
                    return None
        if len(args) <= place:
            return PlainCall.run(self, want, args, keywords, weight_sum)
        args = args[:place] + tuple([self.asarray(number) for number in args[place:]])
        results = PlainCall.run(self, want, args, keywords, weight_sum)
        if results is None or want == VALUE:
            return results
        # A result without axes is a number.
        gradients = results if want == GRADIENT else results[1]
        gradients = gradients[:place] + tuple([number[()] for number in gradients[place:]])
        return gradients if want == GRADIENT else (results[0], gradients)

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Py_buffer* view = &work.pred.view
        cdef BatchRoom* own
        cdef fl_batch call
        cdef int k
        if view.ndim != 2 or view.shape[0] > FL_BATCH_MOST or view.shape[1] > FL_BATCH_NUMBERS or work.pred.dtype < FLOAT32:
            return False
        take_samples(work, 1)
        if self.vectors and not alike(&work.array[self.prediction[1]], work.pred):
            return False
        if self.target >= 0 and not of_samples(&work.array[self.target], work):
            return False
        for k in range(self.shared, self.arguments):
            if work.array[k].held and work.array[k].view.ndim:
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
        cdef double total = weigh_each(work, own.weight)
        cdef Py_ssize_t half = max(work.samples // 2, <Py_ssize_t>1), i, count = 0
        cdef bint alone = False
        if not total > 0 or work.weight_sum != NULL:
            return NAN
        if self.target >= 0 and not take_numbers(&work.array[self.target], own.label):
            return NAN
        for i in range(work.samples):
            if own.weight[i] != 0:
                own.kept[count], call.weight[count] = i, own.weight[i]
                call.label[count] = own.label[i] if self.target >= 0 else i % half if self.by_half else count
                if not fabs(call.label[count]) < INFINITY:
                    return NAN
                count += 1
        call.count = count
        fl_batch_positives(call)
        for i in range(count):
            if call.positive[i] < 0 and not self.all_count:
                call.weight[i], alone = 0, True
        for i in range(3):
            call.parameter[i] = self.number[i]
        for i in range(self.shared, self.arguments):
            if work.array[i].held and not take_numbers(&work.array[i], &call.parameter[i - self.shared]):
                return NAN
        call.scale = fl_exp(call.parameter[0]) if self.shared < self.arguments else call.parameter[0]
        if self.shared < self.arguments and not call.scale < 2.0 ** 60:      # it may be infinite in float32
            return NAN
        if alone:
            memset(&sum, 0, sizeof(fl_exact))
            for i in range(count):
                fl_exact_add_one(&sum, call.weight[i])
            total = fl_exact_value(&sum)
        return total

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef BatchRoom* own = <BatchRoom*>work.memory
        cdef fl_batch* call = &own.batch
        cdef const Plain* out
        cdef fl_exact sum
        cdef int k
        call.pairs, call.one, call.both, call.normalize = self.pairs, not self.vectors, self.both, self.normalize
        call.wants = work.want & GRADIENT != 0
        call.multiplier = 1 / work.denominator
        fl_batch_room(call, own.numbers + work.numbers)
        for k in range(2 if self.vectors else 1):
            if not take_numbers(&work.array[self.prediction[k]], own.numbers):
                work.left = True
                return 0
            lay_vectors(own.numbers, call.vectors[k], own.kept, call.count, call.columns)
        if not fl_batch_run(call):
            work.left = True
            return 0
        for k in range(2 if self.vectors else 1):
            if work.array[OUT_GRADIENT + k].held:
                memset(own.numbers, 0, work.numbers * sizeof(double))
                lay_rows(call.gradient[k], own.numbers, own.kept, call.count, call.columns)
                fl_narrow_f64(work.pred.dtype, own.numbers, <char*>work.array[OUT_GRADIENT + k].view.buf, work.numbers)
        for k in range(self.shared, self.arguments):
            out = &work.array[OUT_GRADIENT + k]
            if out.held:
                fl_narrow_f64(out.dtype, &call.by_shared[k - self.shared], <char*>out.view.buf, 1)
        if work.array[OUT_VALUE].held:
            memset(own.label, 0, sizeof(own.label))
            for k in range(call.count):
                own.label[own.kept[k]] = call.value[k]
            fl_narrow_f64(work.pred.dtype, own.label, <char*>work.array[OUT_VALUE].view.buf, work.samples)
        memset(&sum, 0, sizeof(fl_exact))
        for k in range(call.count):
            fl_exact_add_one(&sum, call.value[k])
        return fl_exact_value(&sum)
