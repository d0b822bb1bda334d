# The short way of losses of groups (frame/plain.pxi): what kinds/groups.py does, with arrays of one axis that lie in one run.

cdef enum:
    MOST_ORDERED = 1 << 12       # rows of a loss that the long way computes where they lie, and copies less of

cdef struct GroupsRoom:          # the memory of a call begins with it
    Py_ssize_t rows, most        # most: of a group
    int64_t* offsets             # where each group begins; and the end
    double* weight               # of each group
    double* value
    double* share
    double* score                # of each row
    double* target
    double* other                # the gain of each row, or its event
    double* gradient
    double* hessian
    unsigned char* event


cdef GroupsRoom* room_of_groups(PlainWork* work, Py_ssize_t rows, Py_ssize_t groups) noexcept nogil:
    """Ask for the memory of so many groups, at most; NULL: there is none."""
    cdef GroupsRoom* own = <GroupsRoom*>room(work, sizeof(GroupsRoom) + (4 * groups + 1 + 5 * rows) * sizeof(double) + rows)
    cdef double* numbers
    if own == NULL:
        return NULL
    numbers = <double*>(own + 1)
    own.rows, own.offsets = rows, <int64_t*>numbers
    numbers += groups + 1
    own.weight, own.value, own.share = numbers, numbers + groups, numbers + 2 * groups
    numbers += 3 * groups
    own.score, own.target, own.other, own.gradient = numbers, numbers + rows, numbers + 2 * rows, numbers + 3 * rows
    own.hessian, own.event = numbers + 4 * rows, <unsigned char*>(numbers + 5 * rows)
    return own


cdef bint of_rows(const Plain* plain, Py_ssize_t count) noexcept nogil:
    """Whether an array has one axis, of so many."""
    return plain.view.ndim == 1 and plain.view.shape[0] == count


cdef void put_numbers(const Plain* plain, const double* numbers, Py_ssize_t count) noexcept nogil:
    """Round results to their array, of float32 or float64."""
    if plain.dtype == FLOAT32:
        fl_narrow_f64(FLOAT32, numbers, <char*>plain.view.buf, count)
    else:
        memcpy(plain.view.buf, numbers, count * sizeof(double))


cdef inline void set_doubles(Operand* operand, double* numbers) noexcept nogil:
    operand.data, operand.itemsize = <char*>numbers, sizeof(double)


cdef class PlainGroups(PlainCall):
    """Of losses of groups."""
    cdef GroupLoss loss
    cdef bint ordered, by_time, efron, hinge, normalize, by_pair, by_event, exponential
    cdef double sigma
    cdef Py_ssize_t truncation   # 0: there is none
    cdef Limits target[2]        # of each target before the scores
    cdef Doubles discount   # of the first places of a list, where gains count

    def __init__(self, str loss, tuple targets, double factor, *, str ordered_by, bint efron, double sigma, object truncation,
                 bint normalize, bint by_pair, bint by_event, bint exponential, object discount, tuple operands, int results,
                 Py_ssize_t arguments, tuple predictions, tuple names, int target):
        """`loss` and the parameters: as `groups` takes them. `targets`: the limits of each. `discount`: of the first places; lists
        that are longer have no short way."""
        cdef int k
        self.loss, self.factor, self.results = loss_of(loss), factor, results
        self.ordered, self.by_time, self.efron, self.hinge = ordered_by != "", ordered_by == "time", efron, loss == "hinge"
        self.normalize, self.by_pair, self.by_event, self.sigma = normalize, by_pair, by_event, sigma
        self.truncation, self.exponential, self.discount = truncation or 0, exponential, Doubles(discount)
        self.take_arguments(arguments, predictions, names)
        self.take_operands(operands, self.prediction[0] + 1)
        for k in range(self.prediction[0]):
            self.target[k] = limits_of(targets[k])

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef int first = self.prediction[0] + 1, k, given = -1
        cdef Py_ssize_t rows = work.numbers, groups = 1, i
        cdef GroupsRoom* own
        if work.pred.view.ndim != 1 or work.pred.dtype < FLOAT32 or work.curvature.asked or (self.ordered and rows > MOST_ORDERED):
            return False
        if work.array[first + 3].held:                          # weights of rows
            return False
        for k in range(3):
            if work.array[first + k].held:
                if given >= 0 or not INT8 <= work.array[first + k].dtype <= UINT64 or work.array[first + k].view.ndim != 1:
                    return False
                given = k
                groups = rows if k == 1 else work.array[first + k].view.shape[0] - (k == 2)
        own = room_of_groups(work, rows, groups) if groups > 0 else NULL
        if own == NULL or not take_numbers(work.pred, own.score):
            return False
        work.samples = 1
        own.offsets[0], own.offsets[1] = 0, rows
        if given >= 0 and not self.takes_groups(work, own, &work.array[first + given], given, groups):
            return False
        own.most = 0
        for i in range(work.samples):
            own.most = max(own.most, <Py_ssize_t>(own.offsets[i + 1] - own.offsets[i]))
        work.class_axis, work.dimensions, work.shape[0] = -1, 1, work.samples
        work.numbers *= 16
        return self.discount.data == NULL or own.most <= self.discount.count

    cdef bint takes_groups(self, PlainWork* work, GroupsRoom* own, const Plain* array, int given, Py_ssize_t groups) noexcept:
        """Take where each group begins, by the sizes of groups (`given` 0), by a number for each row (1), or as it is (2)."""
        cdef Py_ssize_t count = groups + (given == 2), rows = own.rows, found = 0, i
        cdef double* numbers = own.value if given == 2 else own.target if given == 1 else own.weight
        cdef double last = 0
        if not of_rows(array, count) or not take_numbers(array, numbers):
            return False
        if given == 1:
            for i in range(1, rows):
                if numbers[i] < numbers[i - 1]:
                    return False
                if numbers[i] != numbers[i - 1]:
                    found += 1
                    own.offsets[found] = i
            work.samples = found + 1
            own.offsets[found + 1] = rows
            return True
        work.samples = groups
        if given == 2 and numbers[0] != 0:
            return False
        for i in range(groups):
            last = last + numbers[i] if given == 0 else numbers[i + 1]
            if not own.offsets[i] <= last <= rows:
                return False
            own.offsets[i + 1] = <int64_t>last
        return last == rows

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef GroupsRoom* own = <GroupsRoom*>work.memory
        cdef const Limits* limits
        cdef double* numbers
        cdef double y
        cdef Py_ssize_t i
        cdef bint good = True
        cdef int k
        for k in range(self.prediction[0]):
            numbers, limits = own.other if k else own.target, &self.target[k]
            if not of_rows(&work.array[k], own.rows) or not take_numbers(&work.array[k], numbers):
                return NAN
            for i in range(own.rows):
                y = numbers[i]
                good &= (limits.low <= y) & (y <= limits.high) & (y - y == 0)
                if limits.ends_only:
                    good &= (y == limits.low) | (y == limits.high)
        if self.exponential:
            for i in range(own.rows):                           # of others 2^y is NumPy's
                y = own.target[i]
                good = good and 0 <= y < 1000 and y == <int>y
        return weigh_each(work, own.weight) if good else NAN

    cdef void take_events(self, PlainWork* work, GroupsRoom* own) noexcept nogil:
        """Leave which rows are events, and by how many of them the loss of a group is divided."""
        cdef Py_ssize_t group, i, events
        for i in range(own.rows):
            own.event[i] = own.other[i] == 1
        for group in range(work.samples if self.by_event else 0):
            events = 0
            for i in range(own.offsets[group], own.offsets[group + 1]):
                events += own.event[i]
            own.share[group] = 1 / <double>max(events, <Py_ssize_t>1)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef GroupsRoom* own = <GroupsRoom*>work.memory
        cdef GroupsCall call
        cdef Py_ssize_t most = own.most, i
        cdef double total
        cdef bint gradient = work.array[OUT_GRADIENT].held, hessian = work.array[OUT_HESSIAN].held
        call.denominator, call.efron, call.sigma, call.hinge = work.denominator, self.efron, self.sigma, self.hinge
        call.normalize, call.by_pair, call.truncation = self.normalize, self.by_pair, self.truncation or most
        call.target.data = call.gain.data = call.discount.data = call.keys.data = call.event.data = call.row_weight.data = NULL
        call.type_of_keys, call.narrow = FL_KEY_F64, False
        for i in range(work.samples):
            own.share[i] = 1
        if self.by_time:
            self.take_events(work, own)
            call.event.data = <char*>own.event
        if self.ordered:
            set_doubles(&call.keys, own.target)
        else:
            call.target.data = <char*>own.target
            if self.discount.data != NULL:
                for i in range(own.rows):
                    own.other[i] = ldexp(1, <int>own.target[i]) - 1 if self.exponential else own.target[i]
                call.gain.data, call.discount.data = <char*>own.other, <char*>self.discount.data
        call.offsets.data, call.weight.data = <char*>own.offsets, <char*>own.weight
        call.share.data, call.value.data = <char*>own.share, <char*>own.value
        set_doubles(&call.scores, own.score)
        set_doubles(&call.gradient, own.gradient if gradient else NULL)
        set_doubles(&call.hessian, own.hessian if hessian else NULL)
        total = run_groups(&self.loss, &call, work.samples, most, work.threads)
        if work.array[OUT_VALUE].held:
            for i in range(work.samples):
                own.value[i] = own.value[i] * work.value_factor + 0
            put_numbers(&work.array[OUT_VALUE], own.value, work.samples)
        if gradient:
            put_numbers(&work.array[OUT_GRADIENT], own.gradient, own.rows)
        if hessian:
            put_numbers(&work.array[OUT_HESSIAN], own.hessian, own.rows)
        return total


cdef class PlainLifetimes(PlainCall):
    """Of times between which an event lies."""
    cdef int distribution
    cdef double scale

    def __init__(self, str distribution, double scale, double factor, *, Py_ssize_t arguments, tuple predictions, tuple names, int target):
        self.distribution, self.scale, self.factor = DISTRIBUTIONS[distribution], scale, factor
        self.take_arguments(arguments, predictions, names)

    cdef bint suits(self, PlainWork* work) noexcept:
        take_samples(work, -1)
        work.numbers *= 16
        return of_samples(&work.array[0], work) and of_samples(&work.array[1], work)

    cdef bint set_call(self, LifetimesCall* call, PlainWork* work) noexcept:
        call.samples, call.scale, call.distribution, call.by_scale = work.samples, self.scale, self.distribution, False
        call.denominator, call.value_factor, call.double_precision = work.denominator, work.value_factor, work.double_precision
        call.curvature = work.curvature
        set_result(&call.lower, &work.array[0], -1)
        set_result(&call.upper, &work.array[1], -1)
        set_result(&call.prediction, work.pred, -1)
        set_result(&call.value, &work.array[OUT_VALUE], -1)
        set_result(&call.gradient, &work.array[OUT_GRADIENT], -1)
        set_result(&call.hessian, &work.array[OUT_HESSIAN], -1)
        return set_spread(&call.weight, &work.array[SAMPLE_WEIGHT], work) and set_spread(&call.where, &work.array[WHERE], work)

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef LifetimesCall call
        return run_lifetimes(&call, True, work.threads, work.weight_sum) if self.set_call(&call, work) else NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef LifetimesCall call
        self.set_call(&call, work)
        return run_lifetimes(&call, False, work.threads, NULL)
