# The short way of losses that are a formula of the numbers of each sample (frame/plain.pxi).

cdef struct PlainPointsCall:
    PointwiseCall points
    Formula formula              # the one that there is, where some of its parameters are arrays
    Operand parameter[FORMULA_PARAMETERS]
    double constant[FORMULA_PARAMETERS]


cdef class PlainPoints(PlainCall):
    """Of points: element-wise losses, those of two columns of predictions, those of several arrays."""
    cdef Formulas formulas
    cdef bint compiled_later     # some loop is compiled at run time: for calls in which nothing has a weight
    cdef bint paired             # the prediction is two columns, side by side on its last axis
    cdef int target              # which argument is read in the place of a target; -1: none is
    cdef int fixed[FORMULA_PARAMETERS]     # which are read as parameters besides
    cdef int others              # how many
    cdef bint by_element         # the formula has parameters that are arrays
    cdef list arrays             # those of them that the loss is bound to: (position, array)
    cdef Plain array[FORMULA_PARAMETERS]   # the same, by position

    def __cinit__(self):
        cdef int k
        self.target, self.others, self.arrays = 0, 0, []
        for k in range(FORMULA_PARAMETERS):
            self.array[k].held = False

    def __init__(self, Formulas formulas not None, tuple limits, tuple double_limits, double factor=1, *, bint any_engine=False,
                 Py_ssize_t arguments=2, tuple predictions=(1,), tuple names=(), int target=0, tuple fixed=(), bint paired=False,
                 tuple arrays=()):
        """`formulas`: of the loss without the factor. Loops compiled at run time are uniform; one that is not there yet is
        not plain. `arguments`: arrays of a call; `predictions`, `target` and `fixed` are places among them. `arrays`: of
        parameters, each with its position among those of the formula."""
        cdef Py_ssize_t k
        self.formulas, self.factor, self.any_engine = formulas, factor, any_engine
        self.take_limits(limits, double_limits)
        self.take_arguments(arguments, predictions, names)
        check_count("arrays", len(fixed), FORMULA_PARAMETERS)
        self.target, self.others, self.paired = target, len(fixed), paired
        for k in range(self.others):
            self.fixed[k] = fixed[k]
        for k in range(formulas.count):
            self.compiled_later |= formulas.formula[k].jit
        self.by_element = paired or len(predictions) > 1 or self.others > 0 or len(arrays) > 0
        if self.by_element and formulas.count != 1:
            raise ValueError("fastloss: a sum whose terms have arrays for parameters has no short way")
        if not self.compiled_later:
            self.results |= WANT_PRODUCT
        for position, array in arrays:
            check_count("parameters", position + 1, FORMULA_PARAMETERS)
            self.arrays.append(array)
            self.holds_arrays = True
            if not look(array, False, &self.array[position]):
                raise TypeError("fastloss: not an array of numbers")

    def __dealloc__(self):
        cdef int k
        for k in range(FORMULA_PARAMETERS):
            if self.array[k].held:
                PyBuffer_Release(&self.array[k].view)

    def set_loop(self, Py_ssize_t term, bint double_precision, int want, size_t address):
        """Take the loop of a term that was compiled at run time."""
        if self.formulas.formula[term].jit:
            self.formulas.formula[term].loops[double_precision][want] = address

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef int k, last = work.pred.view.ndim - 1
        if self.compiled_later and not (self.formulas.compiled(work.double_precision, work.want)
                                        and not work.array[SAMPLE_WEIGHT].held and not work.array[WHERE].held):
            return False
        if self.compiled_later and by_gauss_newton(&work.curvature):     # of a loop of the caller's only the exact one is known
            return False
        if self.paired and work.pred.view.shape[last] != 2:
            return False
        take_samples(work, last if self.paired else -1)
        for k in range(self.arguments):
            if k != self.prediction[0] and not of_samples(&work.array[k], work):
                return False
        return self.predictions == 1 or work.array[self.prediction[1]].dtype == work.pred.dtype

    cdef bint set_call(self, PlainPointsCall* call, PlainWork* work) noexcept:
        """Describe a call but for its results; whether what belongs to each sample can be spread over them."""
        cdef PointwiseCall* points = &call.points
        set_formulas(points, self.formulas.formula, self.formulas.count)
        points.want, points.size, points.limits = work.want, work.samples, self.limits[work.double_precision]
        points.scale, points.value_factor, points.accumulate, points.in_place = 0, 1, False, work.in_place
        points.weight_sum, points.curvature = work.weight_sum, work.curvature
        points.refused = &work.refused if work.looks else NULL
        points.y_true.data = points.value.data = points.gradient.data = points.hessian.data = NULL
        if self.target >= 0:
            set_result(&points.y_true, &work.array[self.target], -1)
        set_result(&points.y_pred, work.pred, work.class_axis)
        if self.by_element and not self.set_parameters(call, work):
            return False
        return set_spread(&points.weight, &work.array[SAMPLE_WEIGHT], work) and set_spread(&points.where, &work.array[WHERE], work)

    cdef bint set_parameters(self, PlainPointsCall* call, PlainWork* work) noexcept:
        """Describe the parameters of the formula that are arrays: a second prediction, fixed arrays, then the loss's own."""
        cdef int k, position = 0
        call.formula = self.formulas.formula[0]
        call.formula.parameter, call.points.formulas = call.parameter, &call.formula
        for k in range(FORMULA_PARAMETERS):
            if not set_spread(&call.parameter[k], &self.array[k], work, True):
                return False
        if self.paired or self.predictions == 2:
            self.set_columns(&call.points.y_pred, &call.parameter[0], work, -1)
            position = 1
        for k in range(self.others):
            set_result(&call.parameter[position + k], &work.array[self.fixed[k]], -1)
        return True

    cdef void set_columns(self, Operand* first, Operand* second, PlainWork* work, int slot) noexcept:
        """Describe what there is of each column of predictions: these (slot -1), vectors, gradients or Hessians."""
        cdef const Plain* plain = work.pred if slot < 0 else &work.array[slot]
        set_result(first, plain, work.class_axis)
        second.data = NULL
        if self.paired:
            second[0] = first[0]
            if plain.held:
                second.data += plain.view.strides[work.class_axis]
        elif self.predictions == 2:
            set_result(second, &work.array[self.prediction[1] if slot < 0 else slot + 1], -1)

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef PlainPointsCall call
        cdef const Limits* limits = &self.limits[work.double_precision]
        if not self.set_call(&call, work):
            return NAN
        if call.points.weight.data == NULL and call.points.where.data == NULL and work.weight_sum == NULL:
            if max(limits.low, limits.predicted_low) == -INFINITY and min(limits.high, limits.predicted_high) == INFINITY:
                return <double>work.samples
            if not work.second and all_new(work):
                work.looks = True
                return <double>work.samples
        return run_points_call(&call.points, work.double_precision, True, work.threads)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef PlainPointsCall call
        cdef PointwiseCall* points = &call.points
        cdef double value
        self.set_call(&call, work)
        points.scale, points.value_factor = 1 / work.denominator, work.value_factor
        set_result(&points.value, &work.array[OUT_VALUE], -1)
        self.set_columns(&points.gradient, &points.second_gradient, work, OUT_GRADIENT)
        self.set_columns(&points.hessian, &points.second_hessian, work, OUT_HESSIAN)
        if work.second:
            self.set_columns(&points.vector[0], &points.vector[1], work, VECTOR)
            return run_product(points, work.double_precision, work.threads)
        value = run_points_call(points, work.double_precision, False, work.threads)
        work.left = work.refused
        return value


cdef class PlainRoot(PlainPoints):
    """Of the root of a mean of squares, in two passes: the gradient needs the value. The loss is a row of totals with one number
    for each sample: kinds/totals.py says what its parameters are."""

    def __init__(self, *args, **options):
        PlainPoints.__init__(self, *args, **options)
        self.results &= ~WANT_PRODUCT

    cdef bint suits(self, PlainWork* work) noexcept:
        return work.reduction == MEAN and PlainPoints.suits(self, work)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef PlainPointsCall call
        cdef PointwiseCall* points = &call.points
        cdef double number = work.denominator * work.value_factor, inverse = 1 / number, root, unit
        cdef int want = work.want, exponent, k
        self.set_call(&call, work)
        self.set_parameters(&call, work)
        for k in range(FORMULA_PARAMETERS):
            call.constant[k] = 1
        call.formula.constant = call.constant
        points.want, points.scale = VALUE, 1
        root = sqrt(run_points_call(points, work.double_precision, False, work.threads) / number)
        # In other units the squares would be other numbers; of no residual at all the gradient is 0.
        work.left = not (1e-140 < root < INFINITY if work.double_precision else 1e-14 < root < INFINITY)
        work.left |= work.refused or not 1e-30 < number < 1e30
        if work.left:
            return NAN
        if want & ~VALUE:
            frexp(root, &exponent)
            unit = ldexp(1, -exponent)
            call.constant[0], call.constant[1], call.constant[3] = unit, root * unit, inverse
            call.parameter[2] = points.weight
            set_result(&points.gradient, &work.array[OUT_GRADIENT], -1)
            set_result(&points.hessian, &work.array[OUT_HESSIAN], -1)
            points.want, points.scale = want & ~VALUE, work.value_factor * inverse
            run_points_call(points, work.double_precision, False, work.threads)
        work.denominator = 1
        return work.value_factor * root
