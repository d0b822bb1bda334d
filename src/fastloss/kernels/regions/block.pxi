# A piece of an image: loads tiles, calls their sweeps, adds up or stores.

cdef enum:
    REGION_PIECE = 1 << 14       # pixels of a piece, whole tiles
    REGION_FEW = 32              # classes that exclude each other, at most, of a tile of SOFTMAX_STEPS; of more it has one step
    SOFTMAX_STEPS = 4            # their exponentials fit into the first-level cache

cdef struct RegionsCall:
    Operand logits, target, gradient, weight      # of the first image
    Py_ssize_t logits_apart, target_apart, gradient_apart, weight_apart
    Py_ssize_t images, pixels, classes
    bint softmax, by_label, squared, ignoring
    int64_t ignored
    const unsigned char* kept
    double* numbers

cdef class Bytes:
    """The memory of a contiguous array, which is read."""
    cdef Py_buffer view

    def __cinit__(self, object array):
        PyObject_GetBuffer(array, &self.view, PyBUF_SIMPLE)

    def __dealloc__(self):
        PyBuffer_Release(&self.view)


cdef inline Py_ssize_t pieces_of(Py_ssize_t pixels, Py_ssize_t classes) noexcept nogil:
    return (pixels + REGION_PIECE - 1) // REGION_PIECE


cdef inline Py_ssize_t pixels_at_once(const real* tag, const RegionsCall* call) noexcept nogil:
    return lanes_of(tag) * (FL_REGION_STEPS if not call.softmax else SOFTMAX_STEPS if call.classes <= REGION_FEW else 1)


cdef inline Py_ssize_t region_scratch(const real* tag, const RegionsCall* call) noexcept nogil:
    """Numbers: logits, exponentials and targets of a tile; 1 over their sums, what is left beside the largest, and weights."""
    return (3 * call.classes + 3) * pixels_at_once(tag, call)


cdef inline bint classes_adjoin(const real* tag, const Operand* operand, Py_ssize_t classes) noexcept nogil:
    """Whether a tile is a matrix in memory, a row of classes for each pixel."""
    return (rows_in_place(tag, operand) and operand.dimensions <= 1
            and (operand.dimensions == 0 or operand.strides[0] >= classes * <Py_ssize_t>sizeof(real)))


cdef inline void turn(const real* source, Py_ssize_t apart, real* place, Py_ssize_t places_apart, Py_ssize_t rows,
                      Py_ssize_t columns) noexcept nogil:
    if real is float:
        fl_transpose_f32(source, apart, place, places_apart, rows, columns)
    else:
        fl_transpose_f64(source, apart, place, places_apart, rows, columns)


cdef inline real* in_place(const real* tag, const Operand* operand, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t classes) noexcept nogil:
    """Where pixels of a class lie next to each other, as they are computed with, and the classes evenly apart; else NULL."""
    cdef char* data = operand.data + offset + first * operand.itemsize
    if (adjoining(operand) and native(tag, operand) and aligned(data, sizeof(real))
            and (classes == 1 or operand.class_stride % <Py_ssize_t>sizeof(real) == 0)):
        return <real*>data
    return NULL


cdef const real* load_tile(const Operand* operand, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count, Py_ssize_t classes,
                           Py_ssize_t size, real fill, real* buffer, Py_ssize_t* stride) noexcept nogil:
    """The numbers of a tile, class by class, `stride` apart: in place where they lie so, else in `buffer`, filled up."""
    cdef const real* found = in_place(buffer, operand, offset, first, classes)
    cdef Py_ssize_t k, i, apart
    stride[0] = size
    if count == size and found != NULL:
        stride[0] = operand.class_stride // <Py_ssize_t>sizeof(real)
        return found
    if classes > 1 and classes_adjoin(buffer, operand, classes) and aligned(operand.data + offset, sizeof(real)):
        apart = (operand.strides[0] if operand.dimensions else 0) // <Py_ssize_t>sizeof(real)
        turn(<const real*>(operand.data + offset) + first * apart, apart, buffer, size, count, classes)
    else:
        for k in range(classes):
            found = load(operand, offset + k * operand.class_stride, first, count, buffer + k * size)
            if found != buffer + k * size:
                memcpy(buffer + k * size, found, count * sizeof(real))
    for k in range(classes):
        for i in range(count, size):
            buffer[k * size + i] = fill
    return buffer


cdef void store_tile(const Operand* operand, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count, Py_ssize_t classes,
                     Py_ssize_t size, const real* tile) noexcept nogil:
    """Write a tile that lies class by class, `size` apart."""
    cdef Py_ssize_t k, apart
    cdef Operand of_class
    cdef real* place = in_place(tile, operand, offset, first, classes)
    if place != NULL:
        for k in range(classes):
            memcpy(place + k * (operand.class_stride // <Py_ssize_t>sizeof(real)), tile + k * size, count * sizeof(real))
        return
    if classes > 1 and classes_adjoin(tile, operand, classes) and aligned(operand.data + offset, sizeof(real)):
        apart = (operand.strides[0] if operand.dimensions else 0) // <Py_ssize_t>sizeof(real)
        turn(tile, size, <real*>(operand.data + offset) + first * apart, apart, classes, count)
        return
    of_class = operand[0]
    for k in range(classes):
        of_class.data = operand.data + offset + k * operand.class_stride
        store(&of_class, 0, first, count, tile + k * size)


cdef inline bint as_labels(const RegionsCall* call, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count, int64_t classes,
                           real* labels) noexcept nogil:
    """Read class indices; -1 where one is left out. Whether one is bad."""
    cdef int64_t label[FL_REGION_MOST]
    cdef char raw[FL_REGION_MOST * 8]
    cdef const Operand* operand = &call.target
    cdef const char* source = operand.data + offset + first * operand.itemsize
    cdef bint bad = False
    cdef Py_ssize_t i
    if not adjoining(operand) or operand.swapped:
        copy_samples(operand, offset, first, count, raw, False)
        source = raw
    fl_labels(operand.dtype, source, label, count, classes, call.ignoring, call.ignored)
    for i in range(count):
        bad |= label[i] == FL_LABEL_BAD
        labels[i] = where_(label[i] < 0, <real>-1, <real>label[i])
    return bad


cdef const real* load_shares(const RegionsCall* call, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count, Py_ssize_t size,
                             real* y, bint* bad) noexcept nogil:
    """Targets between 0 and 1 of a class; -1 where one is left out, and behind the last: in place where they lie so, else in `y`.

    What is left out is compared as it is given: rounded to the compute type, another number may be equal to it.
    """
    cdef double wide[FL_REGION_MOST]
    cdef const real* found
    cdef const double* doubles
    cdef const Operand* operand = &call.target
    cdef double ignored = <double>call.ignored
    cdef bint outside = False, exact = -1 <= call.ignored >> 53 <= 0     # else no float is the label
    cdef Py_ssize_t i
    for i in range(count, size):
        y[i] = -1
    if call.ignoring and operand.dtype < FLOAT16:
        bad[0] |= as_labels(call, offset, first, count, 2, y)
        return y
    if call.ignoring and exact:
        doubles = load(operand, offset, first, count, wide)
        for i in range(count):
            outside |= (doubles[i] != ignored) & ((<real>doubles[i] < 0) | (<real>doubles[i] > 1))
            y[i] = where_(doubles[i] == ignored, <real>-1, <real>doubles[i])
        bad[0] |= outside
        return y
    found = load(operand, offset, first, count, y)
    if call.gradient.data == NULL:
        bad[0] |= not inside(found, <const real*>NULL, 0, 1, False, count)
    if found != y and count < size:
        memcpy(y, found, count * sizeof(real))
        return y
    return found


cdef bint load_targets(const RegionsCall* call, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count, Py_ssize_t size,
                       real* y) noexcept nogil:
    """The targets of a tile of classes that exclude each other. Whether one is bad."""
    cdef bint bad = False
    cdef const real* found
    cdef Py_ssize_t i, k
    if call.by_label:
        for i in range(count, size):
            y[i] = -1
        return as_labels(call, offset, first, count, call.classes, y)
    for k in range(call.classes):
        found = load_shares(call, offset + k * call.target.class_stride, first, count, size, y + k * size, &bad)
        if found != y + k * size:
            memcpy(y + k * size, found, size * sizeof(real))
    return bad


cdef const real* load_pixel_weights(const RegionsCall* call, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t count, Py_ssize_t size,
                                    real* buffer) noexcept nogil:
    """The weights of the pixels of a tile, 0 behind the last; NULL where there are none."""
    cdef Py_ssize_t stride
    if call.weight.data == NULL:
        return NULL
    return load_tile(&call.weight, offset, first, count, 1, size, <real>0, buffer, &stride)


cdef inline const real* without_weight(const real* w, const real* targets, Py_ssize_t size, real* y) noexcept nogil:
    """Targets, of which those of weight 0 are left out: in `y` where there are weights."""
    cdef Py_ssize_t i
    if w == NULL:
        return targets
    for i in range(size):
        y[i] = where_(w[i] == 0, <real>-1, targets[i])
    return y


cdef inline void weigh_tile(real* gradient, Py_ssize_t stride, Py_ssize_t classes, const real* w, Py_ssize_t size) noexcept nogil:
    if w == NULL:
        return
    if real is float:
        fl_region_weigh_f32(gradient, stride, classes, w, size)
    else:
        fl_region_weigh_f64(gradient, stride, classes, w, size)


cdef void sums_of_class(const real* x, const real* y, real* z, const real* w, Py_ssize_t n, bint squared, double* total) noexcept nogil:
    if real is float:
        fl_region_sigmoid_sums_f32(x, y, z, w, n, squared, total)
    else:
        fl_region_sigmoid_sums_f64(x, y, z, w, n, squared, total)


cdef void gradient_of_class(const real* x, const real* y, real* z, Py_ssize_t n, const double* slope, real* gradient) noexcept nogil:
    if real is float:
        fl_region_sigmoid_gradient_f32(x, y, z, n, slope, gradient)
    else:
        fl_region_sigmoid_gradient_f64(x, y, z, n, slope, gradient)


cdef void exponentials(const real* x, Py_ssize_t stride, const real* y, Py_ssize_t classes, Py_ssize_t n, real* e, real* inverse,
                       real* rest, const real* following) noexcept nogil:
    if real is float:
        fl_region_softmax_f32(x, stride, y, classes, n, e, inverse, rest, following)
    else:
        fl_region_softmax_f64(x, stride, y, classes, n, e, inverse, rest, following)


cdef void sums_of_one(const RegionsCall* call, const real* e, const real* inverse, const real* rest, const real* y, const real* w,
                      Py_ssize_t label, Py_ssize_t n, double* total) noexcept nogil:
    if real is float:
        fl_region_class_sums_f32(e, inverse, rest, y, w, <float>label, call.by_label, call.squared, n, total)
    else:
        fl_region_class_sums_f64(e, inverse, rest, y, w, <double>label, call.by_label, call.squared, n, total)


cdef void gradient_of_classes(const RegionsCall* call, const real* e, const real* inverse, const real* rest, const real* y, Py_ssize_t n,
                              const double* slopes, real* gradient, Py_ssize_t stride) noexcept nogil:
    if real is float:
        fl_region_softmax_gradient_f32(e, inverse, rest, y, call.by_label, call.squared, slopes, call.classes, n, gradient, stride)
    else:
        fl_region_softmax_gradient_f64(e, inverse, rest, y, call.by_label, call.squared, slopes, call.classes, n, gradient, stride)


cdef inline void look_at_class(fl_ahead* ahead, int place, const Operand* operand, Py_ssize_t offset, Py_ssize_t first, Py_ssize_t k,
                               Py_ssize_t classes) noexcept nogil:
    """Note where a class of the pixels from `first` on lies, or with the first class all of them."""
    cdef Py_ssize_t size = operand.strides[0] if operand.dimensions else operand.itemsize
    cdef bint rows = operand.class_stride == operand.itemsize and size == classes * operand.itemsize and k == 0
    ahead.place[place] = NULL
    if operand.data != NULL and operand.dimensions <= 1 and (size == operand.itemsize or rows):
        ahead.place[place] = operand.data + offset + k * operand.class_stride + first * size
        ahead.size[place] = size


cdef inline void ask_for_tile(const RegionsCall* call, Py_ssize_t x_offset, Py_ssize_t y_offset, Py_ssize_t g_offset,
                              Py_ssize_t first, Py_ssize_t count, bint logits, bint gradient) noexcept nogil:
    """Ask memory for the next tile while one is computed: each class lies in a page of its own, and so do masks.

    Dice of 16 masks of 512 x 512 pixels went from 3.6 to 3.1 ms by asking for the masks.
    """
    cdef fl_ahead ahead
    cdef Py_ssize_t k
    memset(&ahead, 0, sizeof(ahead))
    for k in range(call.classes):
        if logits:
            look_at_class(&ahead, FL_READ, &call.logits, x_offset, first, k, call.classes)
        if k == 0 or not call.by_label:
            look_at_class(&ahead, FL_READ_TOO, &call.target, y_offset, first, k, call.classes)
        if gradient:
            look_at_class(&ahead, FL_WRITE, &call.gradient, g_offset, first, k, call.classes)
        fl_fetch(&ahead, 0, count)
        ahead.place[FL_READ_TOO] = NULL


cdef double piece(const real* tag, const RegionsCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    """Make the sums of a piece, or its gradient; NaN where a target is bad."""
    cdef Py_ssize_t classes = call.classes, size = pixels_at_once(tag, call), pieces = pieces_of(call.pixels, classes)
    cdef Py_ssize_t image = block // pieces, first = block % pieces * REGION_PIECE
    cdef Py_ssize_t last = min(first + REGION_PIECE, call.pixels), count, stride, g_stride, k
    cdef Py_ssize_t x_offset = image * call.logits_apart, y_offset = image * call.target_apart, g_offset = image * call.gradient_apart
    cdef Py_ssize_t w_offset = image * call.weight_apart
    cdef const unsigned char* kept = call.kept + image * classes
    cdef bint of_gradient = call.gradient.data != NULL, any_kept = False, bad = False
    cdef double* numbers = call.numbers + (image if of_gradient else block) * classes * 3
    cdef real* x_room = scratch
    cdef real* e = x_room + classes * size
    cdef real* y = e + classes * size
    cdef real* inverse = y + classes * size
    cdef real* rest = inverse + size
    cdef real* w_room = rest + size
    cdef const real* w = NULL
    cdef const real* x
    cdef const real* targets
    cdef real* gradient = NULL
    cdef bint more
    for k in range(classes):
        any_kept |= kept[k] != 0
    if not of_gradient:
        memset(numbers, 0, classes * 3 * sizeof(double))
    while first < last:
        count = min(size, last - first)
        more = first + size < last and any_kept
        if more:
            ask_for_tile(call, x_offset, y_offset, g_offset, first + size, min(size, last - first - size),
                         not call.softmax or in_place(tag, &call.logits, x_offset, first, classes) == NULL,
                         not call.softmax or in_place(tag, &call.gradient, g_offset, first, classes) == NULL)
        if of_gradient:
            gradient, g_stride = e, size
            if count == size and in_place(tag, &call.gradient, g_offset, first, classes) != NULL:
                gradient = in_place(tag, &call.gradient, g_offset, first, classes)
                g_stride = call.gradient.class_stride // <Py_ssize_t>sizeof(real)
        if any_kept:
            w = load_pixel_weights(call, w_offset, first, count, size, w_room)
        if call.softmax and any_kept:
            bad |= load_targets(call, y_offset, first, count, size, y)
            without_weight(w, <const real*>y, size, y)
            x = load_tile(&call.logits, x_offset, first, count, classes, size, <real>0, e, &stride)
            exponentials(x, stride, y, classes, size, e, inverse, rest, x + size if more and x != e else NULL)
            if of_gradient:
                gradient_of_classes(call, e, inverse, rest, y, size, numbers, gradient, g_stride)
            else:
                for k in range(classes):
                    sums_of_one(call, e + k * size, inverse, rest, y + (0 if call.by_label else k * size), w, k, size, numbers + 3 * k)
        elif not call.softmax:
            x = load_tile(&call.logits, x_offset, first, count, classes, size, <real>0, x_room, &stride) if any_kept else x_room
            for k in range(classes):
                if kept[k]:
                    targets = load_shares(call, y_offset + k * call.target.class_stride, first, count, size, y, &bad)
                    targets = without_weight(w, targets, size, y)
                    if of_gradient:
                        gradient_of_class(x + k * stride, targets, e + k * size, size, numbers + 3 * k, gradient + k * g_stride)
                    else:
                        sums_of_class(x + k * stride, targets, e, w, size, call.squared, numbers + 3 * k)
                elif of_gradient:
                    memset(gradient + k * g_stride, 0, size * sizeof(real))
        elif of_gradient:
            for k in range(classes):
                memset(gradient + k * g_stride, 0, size * sizeof(real))
        if of_gradient and any_kept:
            weigh_tile(gradient, g_stride, classes, w, size)
        if of_gradient and gradient == e:
            store_tile(&call.gradient, g_offset, first, count, classes, size, <const real*>e)
        first += count
    return NAN if bad else 0


cdef double piece_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return piece(<const float*>NULL, <const RegionsCall*>call, block, <float*>scratch)

cdef double piece_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return piece(<const double*>NULL, <const RegionsCall*>call, block, <double*>scratch)


cdef void join_sums(double* sums, Py_ssize_t images, Py_ssize_t pieces, Py_ssize_t classes, bint batch) noexcept nogil:
    """Add up the sums of the pieces of each image, and of a batch those of all images, each in its order: at the beginning."""
    cdef Py_ssize_t numbers = 3 * classes, image, piece, k
    for image in range(images):
        for k in range(numbers):
            sums[image * numbers + k] = sums[image * pieces * numbers + k]
        for piece in range(1, pieces):
            for k in range(numbers):
                sums[image * numbers + k] += sums[(image * pieces + piece) * numbers + k]
    for image in range(1, images if batch else 1):
        for k in range(numbers):
            sums[k] += sums[image * numbers + k]


cdef double run_regions(RegionsCall* call, bint double_precision, int threads) except? -1.0:
    cdef Py_ssize_t blocks = call.images * pieces_of(call.pixels, call.classes), elements
    elements = max(min(<Py_ssize_t>REGION_PIECE, call.pixels) * call.classes, <Py_ssize_t>1)
    if double_precision:
        return run_blocks(piece_f64, call, blocks, elements, threads,
                          region_scratch(<const double*>NULL, call) * <Py_ssize_t>sizeof(double))
    return run_blocks(piece_f32, call, blocks, elements, threads,
                      region_scratch(<const float*>NULL, call) * <Py_ssize_t>sizeof(float))
