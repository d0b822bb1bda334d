# The short way of losses of given vectors (frame/plain.pxi).

cdef class PlainVectors(PlainCall):
    """Of distances and cosines between the rows of two or three arrays."""
    cdef const VectorLoss* loss
    cdef double parameter[VECTOR_PARAMETERS]
    cdef int target              # which argument that is; -1: there is none

    def __init__(self, int loss, tuple parameters, double factor, Py_ssize_t arguments, tuple predictions, tuple names, int target):
        """`loss`, `parameters`: as `vectors` takes them. `predictions` and `target` are places among the arrays of a call."""
        cdef Py_ssize_t k
        self.loss, self.factor, self.target = vector_loss(loss), factor, target
        check_count("parameters", len(parameters), VECTOR_PARAMETERS)
        for k in range(VECTOR_PARAMETERS):
            self.parameter[k] = parameters[k] if k < len(parameters) else 0
        self.take_arguments(arguments, predictions, names)
        self.results = VALUE | GRADIENT

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef int k
        for k in range(1, self.predictions):
            if not alike(&work.array[self.prediction[k]], work.pred):
                return False
        take_samples(work, work.pred.view.ndim - 1)
        work.numbers *= self.predictions
        return self.target < 0 or of_samples(&work.array[self.target], work)

    cdef bint set_call(self, VectorCall* call, PlainWork* work) noexcept:
        cdef int k
        call.loss, call.samples, call.columns = self.loss, work.samples, work.pred.view.shape[work.class_axis]
        call.denominator, call.value_factor, call.weight_sum = 0, 1, work.weight_sum
        for k in range(VECTOR_PARAMETERS):
            call.parameter[k] = self.parameter[k]
        call.target.data = call.value.data = NULL
        if self.target >= 0:
            set_result(&call.target, &work.array[self.target], -1)
        for k in range(self.predictions):
            set_result(&call.array[k], &work.array[self.prediction[k]], work.class_axis)
            call.gradient[k].data = NULL
        return set_spread(&call.weight, &work.array[SAMPLE_WEIGHT], work) and set_spread(&call.where, &work.array[WHERE], work)

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef VectorCall call
        return run_vectors(&call, work.double_precision, True, work.threads) if self.set_call(&call, work) else NAN

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef VectorCall call
        cdef int k
        self.set_call(&call, work)
        call.denominator, call.value_factor = work.denominator, work.value_factor
        set_result(&call.value, &work.array[OUT_VALUE], -1)
        for k in range(self.predictions):
            set_result(&call.gradient[k], &work.array[OUT_GRADIENT + k], work.class_axis)
        return run_vectors(&call, work.double_precision, False, work.threads)
