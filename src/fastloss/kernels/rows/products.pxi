# Rows of classes that are a product of small matrices, logits = features @ weight.T + bias: for kinds/products.py.
#
# All is computed in double, and in one go: each step by NumPy takes a microsecond or two, whatever little it does.

cdef extern from "rows/products.h" nogil:
    enum: FL_PRODUCT_ROWS, FL_PRODUCT_COLUMNS
    void fl_block_product(double*, const double*, Py_ssize_t, Py_ssize_t, const double*, Py_ssize_t, Py_ssize_t, Py_ssize_t,
                          Py_ssize_t) noexcept

cdef enum:
    MOST_OF_MATRIX = 1 << 12     # numbers of features, weights and logits, each: of more BLAS takes less time

cdef struct ProductRoom:         # the memory of a call begins with it
    Py_ssize_t samples, classes, numbers, class_room, room     # the latter two in whole tiles
    double* features             # (samples, room), as all matrices in whole tiles
    double* weight               # (classes, room)
    double* turned               # (room, class_room): the weights
    double* slopes               # (samples, class_room): logits, then their gradient
    double* result               # as features or weight
    double* bias
    double* value                # of each sample
    double* given                # its weight


cdef inline Py_ssize_t in_tiles(Py_ssize_t count, Py_ssize_t step) noexcept nogil:
    return (count + step - 1) // step * step


cdef bint takes_matrix(const Plain* plain, double* rows, Py_ssize_t count, Py_ssize_t columns, Py_ssize_t room) noexcept nogil:
    """Copy a contiguous matrix to rows that lie `room` apart; whether it is one."""
    cdef Py_ssize_t i
    if not take_numbers(plain, rows):
        return False
    for i in range(count - 1, -1, -1):
        memmove(rows + i * room, rows + i * columns, columns * sizeof(double))
        memset(rows + i * room + columns, 0, (room - columns) * sizeof(double))
    return True


cdef class PlainProducts(PlainRows):
    """Of small layers."""

    def __init__(self, int loss, tuple limits, tuple double_limits, dict of_rows, *, double factor, bint always, tuple operands, int needed,
                 Py_ssize_t arguments, tuple predictions, tuple names, int target):
        """`of_rows`: what the loss over rows takes. `always`: the long way calls it, too."""
        PlainRows.__init__(self, loss, limits, double_limits, factor=factor, **of_rows)
        self.take_arguments(arguments, predictions, names)
        self.take_operands(operands, needed)
        self.target, self.results, self.any_engine = target, VALUE | GRADIENT, always

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* y_true = &work.array[self.target]
        cdef const Plain* weight = &work.array[self.prediction[1]]
        cdef const Plain* bias = &work.array[self.prediction[2]]
        cdef int last = work.pred.view.ndim - 1
        cdef ProductRoom* own
        cdef ProductRoom size
        cdef Py_ssize_t k, c
        take_samples(work, last)
        size.samples, size.numbers = work.samples, work.pred.view.shape[last]
        if work.pred.dtype < FLOAT32 or weight.dtype != work.pred.dtype or weight.view.ndim != 2 or weight.view.shape[1] != size.numbers:
            return False
        size.classes = work.classes = weight.view.shape[0]
        if bias.held and (bias.dtype != work.pred.dtype or bias.view.ndim != 1 or bias.view.shape[0] != size.classes):
            return False
        if size.classes == 0 or max(max(size.samples, size.classes), size.numbers) > MOST_OF_MATRIX:
            return False
        if max(size.samples, size.classes) * size.numbers > MOST_OF_MATRIX or size.samples * size.classes > MOST_OF_MATRIX:
            return False
        if self.class_weight.data != NULL and self.class_weight.count != size.classes:
            return False
        work.dense = not of_samples(y_true, work)
        if not work.dense and (y_true.dtype == FLOAT16 or y_true.dtype == BFLOAT16):
            return False
        if work.dense and (self.ignoring or last == 0 or y_true.view.ndim != last + 1 or y_true.view.shape[last] != size.classes
                           or not same_lengths(y_true.view.shape, work.pred.view.shape, last)):
            return False
        size.class_room, size.room = in_tiles(size.classes, FL_PRODUCT_COLUMNS), in_tiles(size.numbers, FL_PRODUCT_COLUMNS)
        k, c = in_tiles(size.samples, FL_PRODUCT_ROWS), size.class_room
        own = <ProductRoom*>room(work, sizeof(ProductRoom) + sizeof(double) * (
            k * (2 * size.room + c + 2) + c * (3 * size.room + 1)))
        if own == NULL:
            return False
        own[0] = size
        own.features = <double*>(own + 1)
        own.weight = own.features + k * size.room
        own.turned = own.weight + c * size.room
        own.slopes = own.turned + c * size.room
        own.bias = own.slopes + k * c
        own.value = own.bias + c
        own.given = own.value + k
        own.result = own.given + k
        memset(own.features, 0, k * size.room * sizeof(double))
        memset(own.slopes, 0, (k + 1) * c * sizeof(double))
        if not (takes_matrix(work.pred, own.features, size.samples, size.numbers, size.room)
                and takes_matrix(weight, own.weight, size.classes, size.numbers, size.room)):
            return False
        memset(own.turned, 0, c * size.room * sizeof(double))
        fl_transpose_f64(own.weight, size.room, own.turned, c, size.classes, size.numbers)
        return not bias.held or take_numbers(bias, own.bias)

    cdef bint set_call(self, RowLossCall* call, PlainWork* work) noexcept:
        cdef ProductRoom* own = <ProductRoom*>work.memory
        cdef Py_ssize_t row = own.class_room * sizeof(double)
        PlainRows.set_call(self, call, work)
        set_run(&call.rows.logits, own.slopes, FLOAT64, sizeof(double), own.samples, own.classes)
        call.rows.logits.strides[0] = row
        call.rows.weight.data = call.rows.where.data = NULL
        if work.array[SAMPLE_WEIGHT].held or work.array[WHERE].held:
            set_run(&call.rows.weight, own.given, FLOAT64, sizeof(double), own.samples, 0)
        return True

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef ProductRoom* own = <ProductRoom*>work.memory
        cdef fl_exact* weight_sum = work.weight_sum
        cdef RowLossCall call
        if work.array[SAMPLE_WEIGHT].held or work.array[WHERE].held:
            work.weight_sum = NULL       # labels and classes weigh, too
            if not weigh_each(work, own.given) > 0:
                return NAN
            work.weight_sum = weight_sum
        self.set_call(&call, work)
        return self.computed(&call, work, True)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef ProductRoom* own = <ProductRoom*>work.memory
        cdef Py_ssize_t i, k, room = own.room, width = own.class_room
        cdef const Plain* out = &work.array[OUT_VALUE]
        cdef RowLossCall call
        cdef double value
        cdef double* row
        cdef bint counts
        fl_block_product(own.slopes, own.features, room, 1, own.turned, width, own.samples, own.classes, own.numbers)
        for i in range(own.samples):
            row = own.slopes + i * width
            for k in range(width):
                row[k] += own.bias[k]
        work.double_precision = True
        self.set_call(&call, work)
        set_scale(&call.rows, work.denominator)
        call.rows.value_factor = work.value_factor
        if out.held:
            set_run(&call.rows.value, own.value, FLOAT64, sizeof(double), own.samples, 0)
        if work.want & GRADIENT:
            call.rows.gradient = call.rows.logits
        value = self.computed(&call, work, False)
        if out.held:
            fl_narrow_f64(out.dtype, own.value, <char*>out.view.buf, own.samples)
        if not work.want & GRADIENT:
            return value
        for i in range(own.samples):         # nothing of a row that is left out is multiplied: it may be no number
            counts = False
            for k in range(own.classes):
                counts |= own.slopes[i * width + k] != 0
            if not counts:
                memset(own.features + i * room, 0, room * sizeof(double))
            own.given[i] = counts
        if work.array[OUT_GRADIENT].held:
            fl_block_product(own.result, own.slopes, width, 1, own.weight, room, own.samples, own.numbers, own.classes)
            for i in range(own.samples):
                if own.given[i] == 0:
                    memset(own.result + i * room, 0, room * sizeof(double))
            put_rows(&work.array[OUT_GRADIENT], own.result, own.samples, own.numbers, room)
        if work.array[OUT_GRADIENT + 1].held:
            fl_block_product(own.result, own.slopes, 1, width, own.features, room, own.classes, own.numbers, own.samples)
            put_rows(&work.array[OUT_GRADIENT + 1], own.result, own.classes, own.numbers, room)
        if work.array[OUT_GRADIENT + 2].held:
            memset(own.bias, 0, width * sizeof(double))
            for i in range(own.samples):
                row = own.slopes + i * width
                for k in range(own.classes):
                    own.bias[k] += row[k]
            put_rows(&work.array[OUT_GRADIENT + 2], own.bias, 1, own.classes, width)
        return value


cdef void put_rows(const Plain* out, const double* rows, Py_ssize_t count, Py_ssize_t columns, Py_ssize_t room) noexcept nogil:
    """Round rows that lie `room` apart to a contiguous array."""
    cdef Py_ssize_t i
    for i in range(count):
        fl_narrow_f64(out.dtype, rows + i * room, <char*>out.view.buf + i * columns * out.view.itemsize, columns)
