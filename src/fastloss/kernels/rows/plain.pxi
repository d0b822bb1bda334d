# The short way of losses over rows of classes (frame/plain.pxi).

cdef class PlainRows(PlainCall):
    """Of losses over rows of classes."""
    cdef int loss                # its number in ROW_LOSSES; -1: the kernel of cross-entropy
    cdef int target              # which argument that is; -1: there is none
    cdef int second_loss         # that number, of what has more than the diagonal of a Hessian
    cdef Py_ssize_t axis, levels
    cdef bint by_index           # y_true may be a class of each row
    cdef int dense_form          # what it is where it has a number for each class; -1: it may not
    cdef int given
    cdef double smoothing
    cdef bint ignoring
    cdef long long ignored
    cdef double parameter[ROW_PARAMETERS]
    cdef Doubles class_weight, class_factor

    def __init__(self, int loss, tuple limits, tuple double_limits, *, Py_ssize_t axis, Py_ssize_t levels, bint by_index, int dense_form,
                 double smoothing, object ignore_index, int given, tuple parameters, object class_weight, object class_factor,
                 double factor=1, int second_loss=-1):
        """`loss`: its number in ROW_LOSSES, or -1; `second_loss` that of SECOND_DERIVATIVES; the others as `row_losses` takes
        them."""
        cdef Py_ssize_t k
        self.loss, self.factor, self.any_engine = loss, factor, False
        self.axis, self.levels, self.by_index, self.dense_form = axis, levels, by_index, dense_form
        self.smoothing, self.given = smoothing, given
        self.ignoring = ignore_index is not None
        self.ignored = ignore_index if self.ignoring else 0
        check_count("parameters", len(parameters), ROW_PARAMETERS)
        for k in range(ROW_PARAMETERS):
            self.parameter[k] = parameters[k] if k < len(parameters) else NAN
        self.class_weight, self.class_factor = Doubles(class_weight), Doubles(class_factor)
        self.second_loss = second_loss
        if second_loss >= 0:
            self.results |= WANT_PRODUCT | WANT_MATRIX
        self.holds_arrays = class_weight is not None or class_factor is not None
        self.take_limits(limits, double_limits)

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* y_true = &work.array[0]
        cdef const Plain* y_pred = &work.array[1]
        cdef Py_ssize_t axis = self.axis + (y_pred.view.ndim if self.axis < 0 else 0)
        if not 0 <= axis < y_pred.view.ndim:
            return False
        take_samples(work, <int>axis)
        work.classes = y_pred.view.shape[axis]
        if work.second == WANT_MATRIX and work.classes > FEW:
            return False
        if self.class_weight.data != NULL and self.class_weight.count != work.classes + self.levels:
            return False
        if self.class_factor.data != NULL and self.class_factor.count != work.classes:
            return False
        if self.by_index and of_samples(y_true, work):
            work.dense = False
            return y_true.dtype != FLOAT16 and y_true.dtype != BFLOAT16
        work.dense = True
        if self.dense_form == NUMBER:
            return of_samples(y_true, work)
        if self.dense_form < 0 or self.ignoring or (self.by_index and work.dimensions == 0):
            return False
        return y_true.view.ndim == y_pred.view.ndim and same_lengths(y_true.view.shape, y_pred.view.shape, y_pred.view.ndim)

    cdef bint set_call(self, RowLossCall* call, PlainWork* work) noexcept:
        cdef RowsCall* rows = &call.rows
        cdef Py_ssize_t k
        call.loss, call.classes, call.given = self.loss, work.classes, self.given
        call.vector.data = call.beside.data = NULL
        call.form = self.dense_form if work.dense else <int>CLASS_INDEX
        call.limits = self.limits[work.double_precision]
        call.factor = self.class_factor.data
        for k in range(ROW_PARAMETERS):
            call.parameter[k] = self.parameter[k]
        rows.task, rows.want, rows.rows, rows.classes = CROSS_ENTROPY, work.want, work.samples, work.classes + self.levels
        rows.scale, rows.scale_tail, rows.value_factor, rows.weight_sum = 0, 0, 1, work.weight_sum
        rows.curvature, rows.refused = work.curvature, &work.refused if work.looks else NULL
        rows.given_dense, rows.smoothing, rows.z_loss = work.dense, self.smoothing, 0
        set_temperature(rows, 1)
        rows.dense = work.dense or self.smoothing != 0
        rows.divergence, rows.own, rows.softcap, rows.graded, rows.slope = False, NULL, NAN, False, 1
        rows.class_weight = self.class_weight.data
        rows.ignoring, rows.ignored = self.ignoring, self.ignored
        rows.value.data = rows.gradient.data = rows.hessian.data = NULL
        set_second(call, DIAGONAL, 0)
        set_result(&rows.logits, work.pred, work.class_axis)
        rows.y_true.data = NULL
        if self.target >= 0:
            set_result(&rows.y_true, &work.array[self.target], work.class_axis if work.dense and call.form != NUMBER else -1)
        return set_spread(&rows.weight, &work.array[SAMPLE_WEIGHT], work) and set_spread(&rows.where, &work.array[WHERE], work)

    cdef double computed(self, RowLossCall* call, PlainWork* work, bint inspect) except? -1.0:
        if self.loss < 0 and call.second == DIAGONAL:
            return run_rows_call(&call.rows, work.double_precision, inspect, work.threads)
        return run_row_losses(call, work.double_precision, inspect, work.threads)

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef RowLossCall call
        if not self.set_call(&call, work):
            return NAN
        if not work.second and all_new(work) and self.counts(&call, work):
            work.looks = True
            return <double>work.samples
        return self.computed(&call, work, True)

    cdef bint counts(self, RowLossCall* call, PlainWork* work) noexcept:
        """Whether every row weighs 1, whatever the targets are, and all is computed in the sweep of cross-entropy."""
        cdef RowsCall* rows = &call.rows
        if rows.weight.data != NULL or rows.where.data != NULL or rows.class_weight != NULL or rows.ignoring:
            return False
        if rows.weight_sum != NULL or (self.loss >= 0 and not swept(call, work.double_precision)):
            return False
        return not rows.dense or rows.divergence     # soft targets add up to nearly 1 alone

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef RowLossCall call
        cdef double value
        self.set_call(&call, work)
        set_scale(&call.rows, work.denominator)
        call.rows.value_factor = work.value_factor
        set_result(&call.rows.value, &work.array[OUT_VALUE], -1)
        set_result(&call.rows.gradient, &work.array[OUT_GRADIENT], work.class_axis)
        if work.second != WANT_MATRIX:
            set_result(&call.rows.hessian, &work.array[OUT_HESSIAN], work.class_axis)
        if work.second:
            call.loss = self.second_loss
            set_result(&call.vector, &work.array[VECTOR], work.class_axis)
            if work.second == WANT_PRODUCT:
                set_second(&call, TIMES_VECTOR, 0)
            else:
                set_matrix(&call, &work.array[OUT_HESSIAN])
        value = self.computed(&call, work, False)
        work.left = work.refused
        return value


cdef class PlainScores(PlainRows):
    """Of one row of scores or two: the gradient by the second takes the place of the Hessian."""
    cdef int beside              # which argument the second row is; -1: there is none

    def __init__(self, int loss, tuple limits, tuple double_limits, *, Py_ssize_t axis, int given, tuple parameters, double factor,
                 int beside, Py_ssize_t arguments, tuple predictions, tuple names, int target):
        """`loss`, `given` and `parameters`: as `row_losses` takes them."""
        PlainRows.__init__(self, loss, limits, double_limits, axis=axis, levels=0, by_index=True, dense_form=-1, smoothing=0,
                           ignore_index=None, given=given, parameters=parameters, class_weight=None, class_factor=None, factor=factor)
        self.take_arguments(arguments, predictions, names)
        self.target, self.beside, self.results = target, beside, VALUE | GRADIENT

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Plain* labels = &work.array[max(self.target, 0)]
        cdef Py_ssize_t axis = self.axis + (work.pred.view.ndim if self.axis < 0 else 0)
        if not 0 <= axis < work.pred.view.ndim:
            return False
        take_samples(work, <int>axis)
        work.classes, work.dense = work.pred.view.shape[axis], False
        if self.beside >= 0 and not alike(&work.array[self.beside], work.pred):
            return False
        return self.target < 0 or (of_samples(labels, work) and labels.dtype != FLOAT16 and labels.dtype != BFLOAT16)

    cdef bint set_call(self, RowLossCall* call, PlainWork* work) noexcept:
        cdef bint fits = PlainRows.set_call(self, call, work)
        if self.target < 0:
            call.form, call.rows.task = NO_TARGET, SOFTMAX
        if self.beside >= 0:
            set_result(&call.beside, &work.array[self.beside], work.class_axis)
        call.rows.want = 0
        return fits

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef RowLossCall call
        return self.computed(&call, work, True) if self.set_call(&call, work) else NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef RowLossCall call
        self.set_call(&call, work)
        set_scale(&call.rows, work.denominator)
        call.rows.value_factor = work.value_factor
        set_result(&call.rows.value, &work.array[OUT_VALUE], -1)
        set_result(&call.rows.gradient, &work.array[OUT_GRADIENT], work.class_axis)
        set_result(&call.rows.hessian, &work.array[OUT_GRADIENT + 1], work.class_axis)
        call.rows.want = work.want & VALUE | results_of(NULL, call.rows.gradient.data, call.rows.hessian.data)
        return self.computed(&call, work, False)


cdef class PlainHazards(PlainRows):
    """Of discrete survival times: an interval and an event become a label, as in kinds/hazards.py."""

    def __init__(self, int loss, tuple limits, tuple double_limits, *, double factor, Py_ssize_t arguments, tuple predictions, tuple names,
                 int target):
        PlainRows.__init__(self, loss, limits, double_limits, axis=-1, levels=0, by_index=True, dense_form=-1, smoothing=0,
                           ignore_index=None, given=0, parameters=(), class_weight=None, class_factor=None, factor=factor)
        self.take_arguments(arguments, predictions, names)
        self.target = -1

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef double buffer[2][SAMPLES]
        cdef Operand given[2]
        cdef const double* interval
        cdef const double* event
        cdef int64_t* label
        cdef Py_ssize_t first, count, i
        cdef int k
        take_samples(work, work.pred.view.ndim - 1)
        work.classes, work.dense = work.pred.view.shape[work.class_axis], False
        label = <int64_t*>room(work, work.samples * sizeof(int64_t))
        if label == NULL or not of_samples(&work.array[0], work) or not of_samples(&work.array[1], work):
            return False
        for k in range(2):
            set_result(&given[k], &work.array[k], -1)
        for first in range(0, work.samples, SAMPLES):
            count = min(work.samples - first, <Py_ssize_t>SAMPLES)
            interval, event = load(&given[0], 0, first, count, buffer[0]), load(&given[1], 0, first, count, buffer[1])
            for i in range(count):
                label[first + i] = -1
                if 0 <= interval[i] < work.classes and (event[i] == 0 or event[i] == 1) and interval[i] == <int64_t>interval[i]:
                    label[first + i] = 2 * <int64_t>interval[i] + <int64_t>event[i]
        return True

    cdef bint set_call(self, RowLossCall* call, PlainWork* work) noexcept:
        cdef bint fits = PlainRows.set_call(self, call, work)
        call.rows.classes = 2 * work.classes
        set_run(&call.rows.y_true, work.memory, INT64, sizeof(int64_t), work.samples, 0)
        return fits


cdef void set_matrix(RowLossCall* call, const Plain* matrices) noexcept nogil:
    """Say where the matrix of each row goes: the operand is the first row of each."""
    cdef Py_ssize_t shape[MAX_DIMENSIONS]
    cdef Py_ssize_t strides[MAX_DIMENSIONS]
    cdef Py_buffer view = matrices.view
    cdef int last = view.ndim - 2, k
    for k in range(last + 1):
        shape[k], strides[k] = view.shape[k], view.strides[k]
    shape[last], strides[last] = view.shape[last + 1], view.strides[last + 1]
    set_second(call, MATRIX, view.strides[last])
    view.ndim, view.shape, view.strides = last + 1, shape, strides
    set_view(&call.rows.hessian, &view, matrices.dtype, False, last)
