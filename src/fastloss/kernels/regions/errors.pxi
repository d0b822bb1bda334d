# Losses of the errors of pixels in their order (errors.h): for kinds/errors.py, and their short way.
#
# One block is a region: an image, or all of them. One thread computes it from begin to end.

from libc.stdint cimport uint64_t

cdef extern from "regions/errors.h" nogil:
    bint fl_stopped(const int* stop) noexcept
    ctypedef struct fl_errors:
        Py_ssize_t pixels, classes
        double* label
        double* x
        double* slope
        double* first
        double* second
        double* error
        double* term
        uint64_t* order
        uint64_t* spare
        Py_ssize_t* place
        unsigned char* tied
        unsigned char* counted
        const int* stop
    double fl_region_hinge_errors(const fl_errors*) noexcept
    double fl_region_softmax_errors(const fl_errors*, bint, bint) noexcept

cdef enum:
    ERROR_COLUMNS = 8            # numbers of each pixel, besides two of each of its classes

cdef struct ErrorsCall:
    RegionsCall of               # `numbers`: where the weighted loss of each region is left
    const double* weight         # of each region
    const unsigned char* counted  # of each class, NULL: those that are there
    bint batch                   # all images are one region
    double multiplier            # of gradients
    int stop                     # set: the call is to end, whatever it leaves


cdef inline Py_ssize_t images_of_region(const ErrorsCall* call) noexcept nogil:
    return call.of.images if call.batch else 1


cdef inline Py_ssize_t pixels_of_region(const ErrorsCall* call) noexcept nogil:
    return images_of_region(call) * call.of.pixels


cdef inline Py_ssize_t errors_scratch(const ErrorsCall* call) noexcept nogil:
    """Bytes."""
    return pixels_of_region(call) * ((2 * call.of.classes + ERROR_COLUMNS) * <Py_ssize_t>sizeof(double) + 1) + call.of.classes


cdef bint labels_of_region(const ErrorsCall* call, Py_ssize_t region, double* labels, bint keep) noexcept nogil:
    """Read the labels of a region, -1 of what is left out; whether one is bad. They stay if `keep`, else only some have room."""
    cdef Py_ssize_t image, first, count
    cdef bint bad = False
    for image in range(images_of_region(call)):
        first = 0
        while first < call.of.pixels and not fl_stopped(&call.stop):
            count = min(call.of.pixels - first, <Py_ssize_t>FL_REGION_MOST)
            bad |= as_labels(&call.of, (region + image) * call.of.target_apart, first, count, call.of.classes if call.of.by_label else 2,
                             labels + (image * call.of.pixels + first if keep else 0))
            first += count
    return bad


cdef double errors_inspected(void* of, Py_ssize_t region, void* scratch) noexcept nogil:
    """NaN where a label is bad."""
    cdef const ErrorsCall* call = <const ErrorsCall*>of
    return NAN if call.weight[region] != 0 and labels_of_region(call, region, <double*>scratch, False) else 0


cdef void scores_of_region(const ErrorsCall* call, Py_ssize_t region, double* x) noexcept nogil:
    """Read the scores of a region, class by class."""
    cdef Py_ssize_t c, image, first, count
    cdef const double* found
    for c in range(call.of.classes):
        for image in range(images_of_region(call)):
            first = 0
            while first < call.of.pixels and not fl_stopped(&call.stop):
                count = min(call.of.pixels - first, <Py_ssize_t>SAMPLES)
                found = load(&call.of.logits, (region + image) * call.of.logits_apart + c * call.of.logits.class_stride, first, count, x)
                if found != x:
                    memcpy(x, found, count * sizeof(double))
                x += count
                first += count


cdef void put_slopes(const ErrorsCall* call, Py_ssize_t region, Py_ssize_t c, const double* slopes) noexcept nogil:
    """Write the gradient of a class; no slopes: 0."""
    cdef double nothing[SAMPLES]
    cdef Py_ssize_t image, first, count
    if slopes == NULL:
        memset(nothing, 0, sizeof(nothing))
    for image in range(images_of_region(call)):
        first = 0
        while first < call.of.pixels:
            count = min(call.of.pixels - first, <Py_ssize_t>SAMPLES)
            store(&call.of.gradient, (region + image) * call.of.gradient_apart + c * call.of.gradient.class_stride, first, count,
                  <const double*>nothing if slopes == NULL else slopes + image * call.of.pixels + first)
            first += count


cdef double errors_block(void* of, Py_ssize_t region, void* scratch) noexcept nogil:
    """Leave the weighted loss of a region, and its gradient."""
    cdef ErrorsCall* call = <ErrorsCall*>of
    cdef Py_ssize_t n = pixels_of_region(call), classes = call.of.classes, kept = 0, c, i
    cdef bint wants = call.of.gradient.data != NULL
    cdef fl_errors own
    cdef double* slope
    cdef double loss, factor = call.weight[region] * call.multiplier
    own.classes, own.stop = classes, &call.stop
    own.x = <double*>scratch
    own.slope = own.x + classes * n
    own.label = own.slope + classes * n
    own.first, own.second, own.error, own.term = own.label + n, own.label + 2 * n, own.label + 3 * n, own.label + 4 * n
    own.order, own.spare, own.place = <uint64_t*>(own.term + n), <uint64_t*>(own.term + 2 * n), <Py_ssize_t*>(own.term + 3 * n)
    own.tied = <unsigned char*>(own.term + 4 * n)
    own.counted = own.tied + n
    if call.weight[region] != 0:
        labels_of_region(call, region, own.label, True)
        for i in range(n):
            kept += own.label[i] >= 0
    if fl_stopped(&call.stop):       # labels may be anything
        return 0
    call.of.numbers[region] = 0
    if kept == 0:
        for c in range(classes if wants else 0):
            put_slopes(call, region, c, NULL)
        return 0
    scores_of_region(call, region, own.x)
    if fl_stopped(&call.stop):
        return 0
    own.pixels = kept
    if kept < n:                 # the others leave no gap
        for c in range(classes):
            kept = 0
            for i in range(n):
                if own.label[i] >= 0:
                    own.x[c * own.pixels + kept] = own.x[c * n + i]
                    kept += 1
        take_kept(own.label, n)
    if call.counted != NULL:
        memcpy(own.counted, call.counted, classes)
    loss = fl_region_softmax_errors(&own, call.counted == NULL, wants) if call.of.by_label else fl_region_hinge_errors(&own)
    if fl_stopped(&call.stop):       # slopes may be anything
        return 0
    call.of.numbers[region] = call.weight[region] * loss
    for c in range(classes if wants else 0):
        slope = own.slope + c * own.pixels
        for i in range(own.pixels):
            slope[i] *= factor
        if own.pixels < n:
            labels_of_region(call, region, own.error, True)
            kept = 0
            for i in range(n):
                own.term[i] = 0
                if own.error[i] >= 0:
                    own.term[i] = slope[kept]
                    kept += 1
            slope = own.term
        put_slopes(call, region, c, slope)
    return 0


cdef void take_kept(double* label, Py_ssize_t n) noexcept nogil:
    """Close the gaps between labels."""
    cdef Py_ssize_t i, kept = 0
    for i in range(n):
        if label[i] >= 0:
            label[kept] = label[i]
            kept += 1


cdef double run_errors(ErrorsCall* call, bint inspect, int threads) except? -1.0:
    cdef Py_ssize_t regions = 1 if call.batch else call.of.images, elements = max(pixels_of_region(call) * call.of.classes, <Py_ssize_t>1)
    if inspect:
        return run_stoppable(errors_inspected, call, &call.stop, regions, elements, threads, FL_REGION_MOST * sizeof(double))
    return run_stoppable(errors_block, call, &call.stop, regions, elements, threads, errors_scratch(call))


def errors(dict arrays not None, *, tuple strides not None, Py_ssize_t images, Py_ssize_t pixels, Py_ssize_t classes, bint by_label,
           bint batch, object ignore_index, object weights not None, object counted, object values, double multiplier=0, int threads=1):
    """Leave the weighted loss of each region in `values`, and a gradient where there is one; without values return NaN if a label is bad.

    `arrays`, `strides`: logits, y_true and gradient, as `regions` takes them. `by_label`: y_true holds class indices, else 0 and 1.
    `weights`: of each region. `counted`: a byte for each class whose losses are averaged, None: of those that are there.
    """
    cdef ErrorsCall call
    cdef Doubles weight = Doubles(weights), value = Doubles(values, True)
    cdef Bytes chosen = None if counted is None else Bytes(counted)
    arrays = arrays.copy()
    need(&call.of.logits, arrays, "logits", by_label)
    need(&call.of.target, arrays, "y_true", False)
    take(&call.of.gradient, arrays, "gradient", by_label)
    check_all_taken(arrays)
    call.of.logits_apart, call.of.target_apart, call.of.gradient_apart = strides
    call.of.images, call.of.pixels, call.of.classes, call.of.by_label, call.batch = images, pixels, classes, by_label, batch
    call.of.ignoring = ignore_index is not None
    call.of.ignored = ignore_index if call.of.ignoring else 0
    call.weight, call.of.numbers, call.multiplier = weight.data, value.data, multiplier
    call.counted = NULL
    if chosen is not None:
        check_count("classes", classes, chosen.view.len)
        call.counted = <const unsigned char*>chosen.view.buf
    check_count("regions", 1 if batch else images, weight.count)
    if value.data != NULL:
        check_count("values", weight.count, value.count)
    return run_errors(&call, value.data == NULL, threads)


cdef struct ErrorsRoom:          # the memory of a call begins with it
    double* weight               # of each region
    double* value
    unsigned char* counted       # every class


cdef class PlainErrors(PlainCall):
    """Of losses of errors in their order."""
    cdef object add
    cdef bint by_label, batch, present, ignoring
    cdef int64_t ignored
    cdef int axis

    def __init__(self, object add, *, bint by_label, str over, str classes, object ignore_index, int axis):
        """`add`: math.fsum."""
        self.add, self.factor, self.results = add, 1, VALUE | GRADIENT
        self.by_label, self.batch, self.present, self.axis = by_label, over == "batch", classes == "present", axis
        self.ignoring = ignore_index is not None
        self.ignored = ignore_index if self.ignoring else 0

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* y_true = &work.array[0]
        cdef Py_buffer* view = &work.pred.view
        cdef int axis = -1
        cdef ErrorsRoom* own
        # Numbers that are returned for each sample are rounded as NumPy does: to bfloat16 in two steps.
        if y_true.dtype == FLOAT16 or y_true.dtype == BFLOAT16 or (work.pred.dtype == BFLOAT16 and work.reduction == NONE):
            return False
        work.classes = 1
        if self.by_label:
            axis = self.axis + (view.ndim if self.axis < 0 else 0)
            if not 1 <= axis < view.ndim:
                return False
            work.classes = view.shape[axis]
        if not has_shape_without(y_true, view, axis):
            return False
        work.class_axis, work.dimensions, work.samples = axis, 0, 1
        if not self.batch:
            work.shape[0], work.dimensions, work.samples = view.shape[0], 1, view.shape[0]
        if (work.numbers // work.samples // work.classes) >> 32:        # they are sorted by numbers of 32 bits
            return False
        own = <ErrorsRoom*>room(work, sizeof(ErrorsRoom) + 2 * work.samples * sizeof(double) + work.classes)
        if own == NULL:
            return False
        own.weight = <double*>(own + 1)
        own.value = own.weight + work.samples
        own.counted = <unsigned char*>(own.value + work.samples)
        memset(own.counted, 1, work.classes)
        return True

    cdef void set_call(self, ErrorsCall* call, PlainWork* work) noexcept:
        cdef ErrorsRoom* own = <ErrorsRoom*>work.memory
        cdef Py_buffer* view = &work.pred.view
        set_first(&call.of.logits, work.pred, work.class_axis)
        set_first(&call.of.target, &work.array[0], -1)
        set_first(&call.of.gradient, &work.array[OUT_GRADIENT], work.class_axis)
        call.of.logits_apart, call.of.target_apart = view.strides[0], work.array[0].view.strides[0]
        call.of.gradient_apart = work.array[OUT_GRADIENT].view.strides[0] if work.array[OUT_GRADIENT].held else 0
        call.of.images, call.of.classes, call.of.pixels = view.shape[0], work.classes, work.numbers // (view.shape[0] * work.classes)
        call.of.by_label, call.of.ignoring, call.of.ignored, call.of.numbers = self.by_label, self.ignoring, self.ignored, own.value
        call.weight, call.counted, call.batch = own.weight, NULL if self.present else own.counted, self.batch

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef ErrorsCall call
        cdef double total = weigh_each(work, (<ErrorsRoom*>work.memory).weight)
        if not total > 0:
            return NAN
        self.set_call(&call, work)
        return total if run_errors(&call, True, work.threads) == 0 else NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef ErrorsRoom* own = <ErrorsRoom*>work.memory
        cdef ErrorsCall call
        cdef list losses = []
        cdef Py_ssize_t k
        self.set_call(&call, work)
        call.multiplier = 1 / work.denominator
        run_errors(&call, False, work.threads)
        for k in range(work.samples):
            losses.append(own.value[k])
            if work.array[OUT_VALUE].held:
                put_number(&work.array[OUT_VALUE], k, own.value[k] + 0.0)
        return self.add(losses)
