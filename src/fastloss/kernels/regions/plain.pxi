# The short way of losses of regions (frame/plain.pxi): what kinds/regions.py does.

cdef struct RegionsRoom:         # the memory of a call begins with it
    double* weight               # of each sample
    double* sums                 # of each class of each piece of an image, three; then those of regions; then slopes
    unsigned char* kept


cdef void set_first(Operand* operand, const Plain* plain, int class_axis) noexcept nogil:
    """Describe the first image of an array, if it is there."""
    cdef Py_buffer view = plain.view
    operand.data = NULL
    if plain.held:
        view.ndim, view.shape, view.strides = view.ndim - 1, view.shape + 1, view.strides + 1
        set_view(operand, &view, plain.dtype, False, class_axis - 1 if class_axis > 0 else -1)


cdef bint has_shape_without(const Plain* array, const Py_buffer* view, int axis) noexcept nogil:
    """Whether an array has the shape of another but for an axis; -1: the whole shape."""
    cdef int k, place = 0
    if array.view.ndim != view.ndim - (axis >= 0):
        return False
    for k in range(view.ndim):
        if k != axis:
            if array.view.shape[place] != view.shape[k]:
                return False
            place += 1
    return True


cdef class PlainRegions(PlainCall):
    """Of losses of the overlap of regions; classes weigh alike."""
    cdef object add
    cdef fl_overlap overlap
    cdef bint binary, softmax, batch, together, present, squared, ignoring
    cdef int64_t ignored
    cdef int axis
    cdef double least_sum, least_slope, most_slope, most

    def __init__(self, object add, tuple parameters, *, str mode, str over, object classes, bint together, bint squared,
                 object ignore_index, int axis, tuple bounds):
        """`add`: math.fsum. `parameters`: as `losses` takes them.
        `bounds`: the least sum, the least and the largest slope that floats do for, and the largest slope of all."""
        self.add, self.factor, self.results = add, 1, VALUE | GRADIENT
        self.overlap.alpha, self.overlap.beta, self.overlap.smooth, self.overlap.gamma = parameters
        self.overlap.squared, self.overlap.together = squared, together
        self.binary, self.softmax, self.batch, self.together = mode == "binary", mode == "multiclass", over == "batch", together
        self.present, self.squared, self.axis = classes == "present", squared, axis
        self.ignoring = ignore_index is not None
        self.ignored = ignore_index if self.ignoring else 0
        self.least_sum, self.least_slope, self.most_slope, self.most = bounds

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* y_true = &work.array[0]
        cdef Py_buffer* view = &work.pred.view
        cdef int axis = -1
        cdef bint labels
        # Numbers that are returned for each sample are rounded as NumPy does: to bfloat16 in two steps.
        if work.pred.dtype == BFLOAT16 and work.reduction == NONE:
            return False
        work.classes = 1
        if not self.binary:
            axis = self.axis + (view.ndim if self.axis < 0 else 0)
            if not 1 <= axis < view.ndim:
                return False
            work.classes = view.shape[axis]
        labels = self.softmax and has_shape_without(y_true, view, axis) and y_true.dtype != FLOAT16 and y_true.dtype != BFLOAT16
        work.dense, work.class_axis = not labels, axis
        if work.dense and (not has_shape_without(y_true, view, -1) or (self.softmax and self.ignoring)):
            return False
        work.dimensions, work.samples = 0, 1
        if not self.batch:
            work.shape[0], work.dimensions, work.samples = view.shape[0], 1, view.shape[0]
        if not self.binary and not self.together:
            work.shape[work.dimensions] = work.classes
            work.dimensions, work.samples = work.dimensions + 1, work.samples * work.classes
        return self.takes_room(work)

    cdef bint takes_room(self, PlainWork* work) noexcept:
        cdef Py_ssize_t regions = work.pred.view.shape[0] * work.classes
        cdef Py_ssize_t pieces = regions * pieces_of(work.numbers // regions, work.classes)
        cdef RegionsRoom* own = <RegionsRoom*>room(work, sizeof(RegionsRoom) + (work.samples + 3 * pieces) * sizeof(double) + regions)
        if own == NULL:
            return False
        own.weight = <double*>(own + 1)
        own.sums = own.weight + work.samples
        own.kept = <unsigned char*>(own.sums + 3 * pieces)
        return True

    cdef Py_ssize_t sample_of(self, PlainWork* work, Py_ssize_t region) noexcept nogil:
        """The sample that a class of an image belongs to."""
        cdef Py_ssize_t k = region % work.classes if self.batch else region
        return k // work.classes if self.together else k

    cdef void set_call(self, RegionsCall* call, PlainWork* work) noexcept:
        cdef RegionsRoom* own = <RegionsRoom*>work.memory
        cdef Py_buffer* view = &work.pred.view
        set_first(&call.logits, work.pred, work.class_axis)
        set_first(&call.target, &work.array[0], work.class_axis if work.dense else -1)
        call.gradient.data = call.weight.data = NULL
        call.logits_apart, call.target_apart, call.weight_apart = view.strides[0], work.array[0].view.strides[0], 0
        call.images, call.classes, call.pixels = view.shape[0], work.classes, work.numbers // (view.shape[0] * work.classes)
        call.softmax, call.by_label, call.squared = self.softmax, not work.dense, self.squared
        call.ignoring, call.ignored, call.kept, call.numbers = self.ignoring, self.ignored, own.kept, own.sums

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef RegionsRoom* own = <RegionsRoom*>work.memory
        cdef RegionsCall call
        cdef fl_exact sum
        cdef Py_ssize_t regions, pieces, k
        cdef fl_exact* weight_sum = work.weight_sum
        cdef double total
        cdef bint there
        cdef double* s
        work.weight_sum = NULL      # which classes are there, and weigh, is not known yet
        total = weigh_each(work, own.weight)
        if not total > 0:
            return NAN
        self.set_call(&call, work)
        regions = call.images * call.classes
        for k in range(regions):
            own.kept[k] = own.weight[self.sample_of(work, k)] != 0
        if run_regions(&call, work.double_precision, work.threads) != 0:
            return NAN
        join_sums(own.sums, call.images, pieces_of(call.pixels, call.classes), call.classes, self.batch)
        regions = call.classes if self.batch else regions
        memset(&sum, 0, sizeof(fl_exact))
        for k in range(regions):
            s = own.sums + 3 * k
            there = s[0] != 0 or s[2] != 0
            # Floats may have lost digits of a sum so small: the long way makes it again.
            if not work.double_precision and own.kept[k] and (fabs(s[1]) < self.least_sum or (
                    there and (fabs(s[0]) < self.least_sum or fabs(s[2]) < self.least_sum))):
                return NAN
            if self.present and not self.together and not there:
                own.weight[k] = 0
        for k in range(work.samples):
            fl_exact_add_one(&sum, own.weight[k])
        if weight_sum != NULL:
            fl_exact_add_sum(weight_sum, &sum)
        return fl_exact_value(&sum)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef RegionsRoom* own = <RegionsRoom*>work.memory
        cdef Py_ssize_t images = work.pred.view.shape[0], regions = (1 if self.batch else images) * work.classes, k, j, sample
        cdef Py_ssize_t classes = work.classes if self.together else 1
        cdef list losses = []
        cdef RegionsCall call
        cdef double loss, multiplier, slope, size, scale = 1 / work.denominator
        cdef bint wide = work.double_precision
        for k in range(work.samples):
            loss = fl_region_loss(&self.overlap, own.sums + 3 * classes * k, classes, NULL, own.sums + 3 * classes * k)
            losses.append(0.0 if own.weight[k] == 0 else own.weight[k] * loss)
            if work.array[OUT_VALUE].held:
                put_number(&work.array[OUT_VALUE], k, losses[k] + 0.0)
        if work.array[OUT_GRADIENT].held:
            for k in range(3 * regions):
                sample = self.sample_of(work, k // 3)
                multiplier = 0 if own.weight[sample] == 0 else scale * own.weight[sample]
                slope = 0 if multiplier == 0 else own.sums[k] * multiplier
                slope = self.most if slope > self.most else -self.most if slope < -self.most else slope
                size = fabs(slope)
                wide |= size > self.most_slope or 0 < size < self.least_slope
                for j in range(images if self.batch else 1):
                    own.sums[j * 3 * regions + k] = slope
            self.set_call(&call, work)
            set_first(&call.gradient, &work.array[OUT_GRADIENT], work.class_axis)
            call.gradient_apart = work.array[OUT_GRADIENT].view.strides[0]
            run_regions(&call, wide, work.threads)
        return self.add(losses)


cdef void put_number(const Plain* plain, Py_ssize_t place, double number) noexcept nogil:
    """Round a result to a contiguous array."""
    fl_narrow_f64(plain.dtype, &number, <char*>plain.view.buf + place * plain.view.itemsize, 1)
