# Factors and sums of element-wise losses: one pass over the data for all terms.
#
# A block is loaded once. Each term's own loop runs over it, with a multiplier of 1; value, gradient and Hessian times
# factor x weight x scale are added up in double, whatever the element type, and rounded once when they are stored. Nothing
# is stored before the last term has read its prediction, so that the gradient may be in place. A term of factor 0 is left
# out: 0 times infinity would be NaN.
#
# A factor alone needs none of that: it goes into scale and value_factor, and the loss's own block runs.

cdef enum:
    RESULTS = 5                  # of a term: value, gradient, Hessian, and those by a second prediction
    SUM_BUFFERS = 8              # of doubles, of sums_block: for the results, 2 multipliers, an array of factors


cdef class Formulas:
    """The formulas of a loss, in memory that lives as long as this does: one, or those of a sum with their factors.

    `terms`: of each loss, parameters, factor, predictions, loops, uniform. `loss`: its number in POINTWISE, or -1 where its
    loops are compiled at run time. A parameter, or the factor, is a float or (array, dtype, swapped). `predictions`: how
    many there are; of two, the second is the first of the parameters. `loops`: their addresses for float and for double, ()
    where these are not known yet. `uniform`: they take one number for each parameter.
    """
    cdef Formula* formula
    cdef Py_ssize_t count
    cdef tuple terms             # keeps the arrays

    def __cinit__(self, tuple terms):
        cdef Py_ssize_t k
        self.terms = terms
        self.formula = <Formula*>calloc(max(<Py_ssize_t>len(terms), <Py_ssize_t>1), sizeof(Formula))
        if self.formula == NULL:
            raise MemoryError("fastloss: no memory for the terms of a sum")
        self.count = len(terms)
        for k in range(self.count):
            loss, parameters, factor, predictions, loops, uniform = terms[k]
            set_formula(&self.formula[k], loss, parameters, factor, predictions, loops, uniform)

    def __dealloc__(self):
        cdef Py_ssize_t k
        for k in range(self.count):
            free(self.formula[k].constant)
            free(self.formula[k].parameter)
            free(self.formula[k].factor_array)
        free(self.formula)

    cdef bint compiled(self, bint double_precision, int want) noexcept:
        """Whether every loop is there."""
        cdef Py_ssize_t k
        for k in range(self.count):
            if self.formula[k].jit and self.formula[k].loops[double_precision][want] == 0:
                return False
        return True


cdef inline void set_formulas(PointwiseCall* call, const Formula* formulas, Py_ssize_t terms) noexcept nogil:
    """Give a call its formulas. A sum of one without a factor is none."""
    call.formulas, call.terms = formulas, terms
    call.is_sum = terms != 1 or formulas.factor_array != NULL or formulas.factor != 1
    call.uniform = not call.is_sum and formulas.uniform
    call.weight_sum, call.refused, call.curvature.asked = NULL, NULL, False
    call.second_gradient.data = call.second_hessian.data = NULL    # of a second prediction, where there is one


def one_formula(int loss, tuple parameters=()):
    """Return the formula of one loop of POINTWISE."""
    return Formulas(((loss, parameters, 1.0, programs[loss].predictions, (), False),))


cdef int set_formula(Formula* formula, int loss, tuple parameters, object factor, int predictions, tuple loops,
                     bint uniform) except -1:
    cdef Py_ssize_t k
    cdef int want
    formula.loss, formula.jit, formula.uniform, formula.paired = loss, loss < 0, uniform, predictions == 2
    if not formula.jit:
        formula.gauss_newton = GAUSS_NEWTON[loss]
        check_count("parameters", len(parameters), FORMULA_PARAMETERS)
    if loops:
        for want in range(8):
            formula.loops[0][want], formula.loops[1][want] = loops
    formula.parameters = len(parameters)
    formula.constant = <double*>calloc(max(formula.parameters, <Py_ssize_t>1), sizeof(double))
    if formula.constant == NULL:
        raise MemoryError("fastloss: no memory for the parameters of a loss")
    for k in range(formula.parameters):
        if not isinstance(parameters[k], tuple):
            formula.constant[k] = parameters[k]
            continue
        if formula.parameter == NULL:
            formula.parameter = <Operand*>calloc(formula.parameters, sizeof(Operand))
            if formula.parameter == NULL:
                raise MemoryError("fastloss: no memory for the parameters of a loss")
        set_from(&formula.parameter[k], parameters[k], False)
    if isinstance(factor, tuple):
        formula.factor_array = <Operand*>calloc(1, sizeof(Operand))
        if formula.factor_array == NULL:
            raise MemoryError("fastloss: no memory for the parameters of a loss")
        set_from(formula.factor_array, factor, False)
    else:
        formula.factor = factor
    return 0


cdef void multipliers_of_term(const Formula* term, const real* weight, double scale, Py_ssize_t first, Py_ssize_t n,
                              double* multiplier, double* buffer) noexcept nogil:
    """factor x (weight x scale) of each element."""
    cdef const double* factor
    cdef Py_ssize_t i
    if weight == NULL:
        for i in range(n):
            multiplier[i] = scale
    else:
        for i in range(n):
            multiplier[i] = weight[i] * scale
    if term.factor_array == NULL:
        for i in range(n):
            multiplier[i] *= term.factor
    else:
        factor = load(term.factor_array, 0, first, n, buffer)
        for i in range(n):
            multiplier[i] *= factor[i]


cdef void turn_hessian(const Formula* term, Py_ssize_t first, Py_ssize_t n, real* hessian, double* buffer) noexcept nogil:
    """Turn the sign of a term's Hessian where its factor is below 0: times the factor it is positive."""
    cdef const double* factor
    cdef Py_ssize_t i
    if term.factor_array != NULL:
        factor = load(term.factor_array, 0, first, n, buffer)
        for i in range(n):
            hessian[i] = where_(factor[i] < 0, -hessian[i], hessian[i])
    elif term.factor < 0:
        for i in range(n):
            hessian[i] = -hessian[i]


cdef void add_term(const real* result, const double* multiplier, bint first, double* total, Py_ssize_t n) noexcept nogil:
    """Add result x multiplier to what the terms before made."""
    cdef Py_ssize_t i
    if first:
        for i in range(n):
            total[i] = where_(multiplier[i] == 0, <double>0, result[i] * multiplier[i])
    else:
        for i in range(n):
            total[i] += where_(multiplier[i] == 0, <double>0, result[i] * multiplier[i])


cdef void add_two(const double* before, const real* one, double factor, const real* other, double other_factor,
                  double* total, Py_ssize_t n) noexcept nogil:
    """The sum of two terms and of what the terms before made, if there were any."""
    cdef Py_ssize_t i
    if before == NULL:
        for i in range(n):
            total[i] = one[i] * factor + other[i] * other_factor
    else:
        for i in range(n):
            total[i] = before[i] + one[i] * factor + other[i] * other_factor


cdef void round_terms(const double* before, const real* one, double factor, const real* other, double other_factor,
                      real* target, Py_ssize_t n, const fl_ahead* ahead) noexcept nogil:
    """The same of the last terms, rounded: two, or one (`other` is NULL), or none (`one` is)."""
    cdef Py_ssize_t size = STEPS_FETCHED * STEP, piece, start, end, i
    for piece in range((n + size - 1) // size):
        start = piece * size
        end = min(start + size, n)
        fl_fetch(ahead, start, size)
        if one == NULL:
            for i in range(start, end):
                target[i] = <real>before[i]
        elif other == NULL and before == NULL:
            for i in range(start, end):
                target[i] = <real>(one[i] * factor)
        elif other == NULL:
            for i in range(start, end):
                target[i] = <real>(before[i] + one[i] * factor)
        elif before == NULL:
            for i in range(start, end):
                target[i] = <real>(one[i] * factor + other[i] * other_factor)
        else:
            for i in range(start, end):
                target[i] = <real>(before[i] + one[i] * factor + other[i] * other_factor)


cdef inline void ask_for_next(fl_ahead* ahead, Py_ssize_t n, int shift) noexcept nogil:
    """Go on to the next 1 / 2^shift of what n elements need that come next."""
    cdef int k
    for k in range(FL_PLACES):
        if ahead.place[k] != NULL and ahead.shift >= 0:
            ahead.place[k] += (n * ahead.size[k]) >> ahead.shift
    ahead.shift = shift


cdef double sums_block(const PointwiseCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    """One block of a sum. Returns its part of the sum of the weighted values.

    `scratch`: the parameters of a term, the buffers of points_block, a second set for its results, buffers of doubles.
    Where nothing has a weight, terms are added two at a time, and the last two as they are stored: each pass over a block
    costs time, even in the first-level cache. The passes share in asking memory for the next block: more at once than a
    core can wait for would stop it. 0.7 squared_error + 0.3 huber of 1e7 floats, one thread: 1.8 times huber where the
    first pass asks for all, 1.3 times where they share.
    """
    cdef Py_ssize_t size = block_size(scratch), first = block * size
    cdef Py_ssize_t n = min(size, call.size - first), stride = buffer_size(scratch, call), term, begin = 0, last = -1
    cdef real* buffers = scratch + parameters_size(scratch, call)
    cdef double* doubles = <double*>(buffers + (BUFFERS + RESULTS) * stride)
    cdef double* multiplier = doubles + RESULTS * stride
    cdef double* value_multiplier = doubles + (RESULTS + 1) * stride
    cdef double* factor_buffer = doubles + (RESULTS + 2) * stride
    cdef real* one = buffers + 3 * stride
    cdef real* results[2][RESULTS]    # of two terms: value, gradient, Hessian, and those by a second prediction
    cdef double factors[2][2]         # of their values, of their gradients and Hessians
    cdef real* target[RESULTS]
    cdef double* total[RESULTS]
    cdef const double* before[RESULTS]
    cdef const Operand* operands[RESULTS]
    cdef bint stored[RESULTS]
    cdef int wanted[RESULTS]
    cdef const real* parameter[FORMULA_PARAMETERS]
    cdef const real* weight
    cdef const Formula* formula
    cdef Columns columns
    cdef fl_ahead next_block
    cdef fl_ahead* ahead
    cdef double value = 0
    cdef bint weighted, by_array, begun = False
    cdef int waiting = 0, k

    results[0][:] = [buffers + 4 * stride, buffers + 5 * stride, buffers + 6 * stride, buffers + 9 * stride, buffers + 10 * stride]
    operands[:] = [&call.value, &call.gradient, &call.hessian, &call.second_gradient, &call.second_hessian]
    wanted[:] = [VALUE, GRADIENT, HESSIAN, GRADIENT, HESSIAN]
    for k in range(RESULTS):
        stored[k] = operands[k].data != NULL and call.want & wanted[k]
    columns.prediction[0] = columns.y_true = load(&call.y_pred, 0, first, n, buffers + stride)
    if call.y_true.data != NULL:
        columns.y_true = load(&call.y_true, 0, first, n, buffers)
    columns.stage[0], columns.stage[1], columns.stage[2] = buffers + 7 * stride, buffers + 8 * stride, buffers + 12 * stride
    weight = load_weights(&call.weight, &call.where, first, n, buffers + 2 * stride)
    one[0] = 1
    for k in range(RESULTS):
        results[1][k] = buffers + (BUFFERS + k) * stride
        total[k] = doubles + k * stride
        before[k] = NULL
        target[k] = results[0][k]
        if stored[k]:
            target[k] = place(operands[k], 0, first, results[0][k])
    weighted = weight != NULL
    for term in range(call.terms - 1, -1, -1):
        by_array = call.formulas[term].factor_array != NULL
        weighted |= by_array
        if by_array or call.formulas[term].factor != 0:
            begin = term
            last = max(last, term)
    ahead = <fl_ahead*>ahead_of(call, first + n, sizeof(real), &next_block)
    next_block.shift = -1

    for term in range(begin, last + 1):
        formula = &call.formulas[term]
        by_array = formula.factor_array != NULL
        if formula.factor == 0 and not by_array:
            continue
        load_parameters(call, term, first, n, parameter, scratch)
        columns.multiplier = one if formula.uniform else <const real*>call.constants
        columns.value = results[waiting][0]
        for k in range(2):
            columns.gradient[k], columns.hessian[k] = results[waiting][1 + 2 * k], results[waiting][2 + 2 * k]
        columns.ahead = columns.cross = NULL
        if ahead != NULL and (term == begin or term == last):
            ask_for_next(ahead, n, (1 if stored[1] else 0) + (1 if begin < last else 0))
            columns.ahead = ahead
        run_formula(formula, call.want, by_gauss_newton(&call.curvature), &columns, parameter, scratch, n)
        if by_gauss_newton(&call.curvature):
            for k in range(2):
                turn_hessian(formula, first, n, results[waiting][2 + 2 * k], factor_buffer)
        if call.want & VALUE and not stored[0] and not by_array:
            value += formula.factor * sum_of(results[waiting][0], weight, n)
        if weighted:
            multipliers_of_term(formula, weight, call.scale, first, n, multiplier, factor_buffer)
            if call.want & VALUE and (stored[0] or by_array):
                multipliers_of_term(formula, weight, 1, first, n, value_multiplier, factor_buffer)
                add_term(results[0][0], value_multiplier, not stored[0] or not begun, total[0], n)
                if not stored[0]:
                    value += fl_block_sum_f64(total[0], n)
            for k in range(1, RESULTS):
                if stored[k]:
                    add_term(results[0][k], multiplier, not begun, total[k], n)
                    before[k] = total[k]
            before[0] = total[0]
            begun = True
            continue
        factors[waiting][0], factors[waiting][1] = formula.factor, formula.factor * call.scale
        waiting += 1
        if waiting == 2 and term < last:
            for k in range(RESULTS):
                if stored[k]:
                    add_two(before[k], results[0][k], factors[0][k > 0], results[1][k], factors[1][k > 0], total[k], n)
                    before[k] = total[k]
            waiting = 0

    if ahead != NULL and stored[1]:
        ask_for_next(ahead, n, 1)
    for k in range(RESULTS):
        if not stored[k]:
            continue
        if last < 0:
            memset(target[k], 0, n * sizeof(real))
        else:
            round_terms(before[k], results[0][k] if waiting > 0 else <const real*>NULL, factors[0][k > 0],
                        results[1][k] if waiting == 2 else <const real*>NULL, factors[1][k > 0], target[k], n,
                        ahead if k == 1 else NULL)
        if wanted[k] == HESSIAN:
            shape_hessian(&call.curvature, weight, target[k], n)
        if target[k] == results[0][k]:
            store(operands[k], 0, first, n, target[k])
    return value


# ---- the Hessian times a vector ------------------------------------------------------------------------------------

cdef void add_product(const real* hessian, const real* vector, const real* cross, const real* other, const double* multiplier,
                      bint first, double* total, Py_ssize_t n) noexcept nogil:
    """Add (hessian x vector + cross x other) x multiplier to what the terms before made; of one prediction `cross` is NULL.
    What has no weight adds +0."""
    cdef Py_ssize_t i
    cdef double product
    if first:
        for i in range(n):
            total[i] = 0
    if cross == NULL:
        for i in range(n):
            product = (<double>hessian[i] * vector[i]) * multiplier[i]
            total[i] += where_(multiplier[i] == 0, <double>0, product)
    else:
        for i in range(n):
            product = (<double>hessian[i] * vector[i] + <double>cross[i] * other[i]) * multiplier[i]
            total[i] += where_(multiplier[i] == 0, <double>0, product)


cdef void scaled_product(const real* hessian, const real* vector, double multiplier, real* target, Py_ssize_t n) noexcept nogil:
    """hessian x vector x multiplier of one term, where nothing has a weight."""
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = <real>((<double>hessian[i] * vector[i]) * multiplier + 0)     # +0 as the sum has it


cdef double product_block(const PointwiseCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    """One block of the Hessian times a vector: that of a loss, or of a sum. Returns 0.

    The loops leave second derivatives; products with the vector, the factors and weight x scale are added up in double and
    rounded once. The result may lie exactly over the vector: nothing is stored before both predictions' parts are there.
    """
    cdef Py_ssize_t size = block_size(scratch), first = block * size
    cdef Py_ssize_t n = min(size, call.size - first), stride = buffer_size(scratch, call), term, i
    cdef real* buffers = scratch + parameters_size(scratch, call)
    cdef double* doubles = <double*>(buffers + (BUFFERS + RESULTS) * stride)
    cdef double* multiplier = doubles + 2 * stride
    cdef double* factor_buffer = doubles + 3 * stride
    cdef real* one = buffers + 3 * stride
    cdef real* target
    cdef const real* hessian[2]
    cdef const real* vector[2]
    cdef const Operand* operands[2]
    cdef const real* parameter[FORMULA_PARAMETERS]
    cdef const real* weight
    cdef const real* cross = NULL
    cdef const Formula* formula
    cdef Columns columns
    cdef int predictions = 2 if call.formulas.paired else 1, k
    cdef bint begun = False

    operands[:] = [&call.hessian, &call.second_hessian]
    columns.prediction[0] = load(&call.y_pred, 0, first, n, buffers + stride)
    columns.y_true = columns.prediction[0]    # a formula without a target: never read, but somewhere
    if call.y_true.data != NULL:
        columns.y_true = load(&call.y_true, 0, first, n, buffers)
    weight = load_weights(&call.weight, &call.where, first, n, buffers + 2 * stride)
    columns.stage[0], columns.stage[1], columns.stage[2] = buffers + 7 * stride, buffers + 8 * stride, buffers + 12 * stride
    columns.gradient[0], columns.gradient[1] = buffers + 5 * stride, buffers + 9 * stride
    hessian[:] = [buffers + 6 * stride, buffers + 10 * stride]
    columns.hessian[0], columns.hessian[1] = <void*>hessian[0], <void*>hessian[1]
    columns.value, columns.ahead, columns.cross = NULL, NULL, NULL
    if predictions == 2:
        cross = buffers + 11 * stride
        columns.cross = <void*>cross
    for k in range(predictions):
        vector[k] = load(&call.vector[k], 0, first, n, buffers + (BUFFERS + k) * stride)
    one[0] = 1
    for term in range(call.terms):
        formula = &call.formulas[term]
        if formula.factor == 0 and formula.factor_array == NULL:
            continue
        load_parameters(call, term, first, n, parameter, scratch)
        columns.multiplier = one if formula.uniform else <const real*>call.constants
        # Of two predictions HESSIAN alone is the whole block; loops compiled at run time have none for it alone.
        run_formula(formula, HESSIAN if predictions == 2 else GRADIENT | HESSIAN, False, &columns, parameter, scratch, n)
        if (call.terms == 1 and predictions == 1 and weight == NULL and formula.factor_array == NULL
                and formula.factor * call.scale != 0):
            # Through a buffer where it is in place: else gcc runs the scalar form that it keeps for arrays that overlap.
            target = place(operands[0], 0, first, buffers + 4 * stride)
            target = buffers + 4 * stride if target == vector[0] else target
            scaled_product(hessian[0], vector[0], formula.factor * call.scale, target, n)
            if target == buffers + 4 * stride:
                store(operands[0], 0, first, n, target)
            return 0
        multipliers_of_term(formula, weight, call.scale, first, n, multiplier, factor_buffer)
        for k in range(predictions):
            add_product(hessian[k], vector[k], cross, vector[1 - k] if predictions == 2 else vector[k], multiplier, not begun,
                        doubles + k * stride, n)
        begun = True
    for k in range(predictions):
        target = place(operands[k], 0, first, buffers + (4 + k) * stride)
        for i in range(n):
            target[i] = <real>(doubles + k * stride)[i] if begun else <real>0
        if target == buffers + (4 + k) * stride:
            store(operands[k], 0, first, n, target)
    return 0


cdef double product_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return product_block(<const PointwiseCall*>call, block, <float*>scratch)

cdef double product_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return product_block(<const PointwiseCall*>call, block, <double*>scratch)


# ---- sums of what several losses made -------------------------------------------------------------------------------

cdef struct ResultsCall:
    Py_ssize_t size
    Py_ssize_t terms
    const double* factor
    const Operand* result        # of each term
    Operand total, kept          # `kept`: 0 of what is left out
    Curvature curvature


cdef double results_block(const real* tag, const ResultsCall* call, Py_ssize_t block, double* scratch) noexcept nogil:
    """A block of the sum of factor x result, added up in double and rounded once."""
    cdef Py_ssize_t size = block_size(tag), first = block * size
    cdef Py_ssize_t n = min(size, call.size - first), term, i
    cdef real* buffer = <real*>(scratch + size)
    cdef real* target = place(&call.total, 0, first, buffer)
    cdef const real* result
    for i in range(n):
        scratch[i] = 0
    for term in range(call.terms):
        result = load(&call.result[term], 0, first, n, buffer)
        if term == 0:
            for i in range(n):
                scratch[i] = result[i] * call.factor[0]
        else:
            for i in range(n):
                scratch[i] += result[i] * call.factor[term]
    for i in range(n):
        target[i] = <real>scratch[i]
    if call.curvature.asked:
        shape_hessian(&call.curvature, load(&call.kept, 0, first, n, <real*>scratch) if call.kept.data != NULL else <const real*>NULL,
                      target, n)
    if target == buffer:
        store(&call.total, 0, first, n, target)
    return 0


cdef double results_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return results_block(<const float*>NULL, <const ResultsCall*>call, block, <double*>scratch)

cdef double results_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return results_block(<const double*>NULL, <const ResultsCall*>call, block, <double*>scratch)


def add_results(bint double_precision, Py_ssize_t size, tuple factors, tuple results, object total, int threads,
                object curvature=None, object kept=None):
    """Write the sum of factor x result of some terms, arrays as (array, dtype, swapped). `curvature`: of a Hessian, as `pointwise`
    takes it; `kept`: None, or an array of which 0 says what is left out."""
    cdef ResultsCall call
    cdef Numbers numbers = Numbers(factors)
    cdef Py_ssize_t block = block_size(<const double*>NULL) if double_precision else block_size(<const float*>NULL), k
    cdef Operand* operands = <Operand*>malloc(max(<Py_ssize_t>len(results), <Py_ssize_t>1) * sizeof(Operand))
    if operands == NULL:
        raise MemoryError("fastloss: no memory for the terms of a sum")
    try:
        if len(results) != numbers.count:
            raise ValueError(f"fastloss: {len(results)} results, {numbers.count} factors")
        for k in range(numbers.count):
            set_from(&operands[k], results[k], False)
        call.size, call.terms, call.factor, call.result = size, numbers.count, numbers.data, operands
        set_from(&call.total, total, False)
        set_from(&call.kept, kept, False)
        call.curvature = curvature_of(curvature)
        run_blocks(results_block_f64 if double_precision else results_block_f32, &call, (size + block - 1) // block, block,
                   threads, 2 * SAMPLES * <Py_ssize_t>sizeof(double))
    finally:
        free(operands)
