# A block of rows, whatever the loss: reads labels, weights and targets, brings the rows into a tile, calls the loss's
# function, writes what it left; or looks at weights and targets only.

cdef enum:
    ROWS_FETCHED = 1 << 16       # elements, at most, that are asked for in advance


cdef inline bint few_classes(int loss, Py_ssize_t classes) noexcept nogil:
    return classes <= row_table[loss].most_in_lanes


cdef inline Py_ssize_t steps_of(int loss, Py_ssize_t classes) noexcept nogil:
    return classes if few_classes(loss, classes) else (classes + LANES - 1) // LANES


cdef void lay_out(const RowLossCall* call, double* scratch, bint wide, Tile* t) noexcept nogil:
    cdef Py_ssize_t size, i
    t.steps = (call.classes + LANES - 1) // LANES if wide else call.classes
    t.wide = wide
    t.stride = LANES if t.wide else 1
    t.groups = 1 if t.wide else LANES // GROUP
    for i in range(LANES):
        t.offset[i] = i if t.wide else 0
        t.lift[i] = 1
    size = t.steps * LANES
    t.x, t.y, t.gradient, t.hessian = scratch, scratch + size, scratch + 2 * size, scratch + 3 * size
    t.e, t.a, t.b, t.c = scratch + 4 * size, scratch + 5 * size, scratch + 6 * size, scratch + 7 * size
    t.d, t.f, t.g, t.h = scratch + 8 * size, scratch + 9 * size, scratch + 10 * size, scratch + 11 * size
    t.extreme_gradient, t.extreme_hessian = scratch + 12 * size, scratch + 13 * size


cdef void load_lanes(const Operand* operand, Py_ssize_t first, Py_ssize_t n, const Tile* t, double* numbers) noexcept nogil:
    """The rows of a tile of few classes, rows in the lanes; beyond the last row 0."""
    cdef float* narrow_tile = <float*>t.a
    cdef Py_ssize_t k, i
    if not native(narrow_tile, operand):
        load_tile(operand, first, n, t.steps, <const double*>NULL, numbers, t.b)
        return
    load_tile(operand, first, n, t.steps, <const float*>NULL, narrow_tile, <float*>t.b)
    for k in range(t.steps):
        for i in range(LANES):
            numbers[k * LANES + i] = narrow_tile[k * 2 * LANES + i]


cdef void load_wide(const Operand* operand, Py_ssize_t row, Py_ssize_t classes, double absent, const Tile* t, double* numbers) noexcept nogil:
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    load_run(operand, operand.data + sample_offset(operand, row, index), operand.class_stride, classes, numbers)
    for c in range(classes, t.steps * LANES):
        numbers[c] = absent


cdef void load_target(const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, const int64_t* labels, Tile* t) noexcept nogil:
    """The label of each row, or the weight of each class, given or made from labels. A wide row is row `first`."""
    cdef double* y = t.y
    cdef Py_ssize_t k, i
    for i in range(LANES):
        t.label[i] = <double>labels[0 if t.wide else i]
    if not call.rows.dense:
        return
    if call.rows.given_dense and t.wide:
        load_wide(&call.rows.y_true, first, call.classes, 0, t, y)
    elif call.rows.given_dense:
        load_lanes(&call.rows.y_true, first, n, t, y)
    else:
        for k in range(t.steps):
            for i in range(LANES):
                y[k * LANES + i] = where_(k * t.stride + t.offset[i] == t.label[i], <double>1, <double>0)


cdef void weigh_target(const RowLossCall* call, Tile* t) noexcept nogil:
    """Label smoothing and class weights."""
    cdef double* y = t.y
    cdef Py_ssize_t k, i
    if call.rows.dense and (call.rows.smoothing != 0 or call.rows.class_weight != NULL):
        for k in range(t.steps):
            for i in range(LANES):
                if not t.wide:
                    y[k * LANES + i] = target_weight(y, &call.rows, k, y[k * LANES + i])
                elif k * LANES + i < call.classes:
                    y[k * LANES + i] = target_weight(y, &call.rows, k * LANES + i, y[k * LANES + i])


cdef void run_tile(const RowLossCall* call, Tile* t) noexcept nogil:
    """The loss; a row with a NaN, or whose value is NaN, is NaN in all its results."""
    cdef double lost[LANES]
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double none[LANES]
    cdef Py_ssize_t k, i
    cdef int64_t any_lost = 0
    for i in range(LANES):
        lost[i] = none[i] = t.doubtful[i] = 0
        t.root_unit[i] = 1
    for k in range(t.steps):
        for i in range(LANES):
            lost[i] += where_(t.x[k * LANES + i] != t.x[k * LANES + i], <double>1, <double>0)
    if call.second == TIMES_VECTOR:
        for k in range(t.steps):
            for i in range(LANES):
                lost[i] += where_(abs_(hessian[k * LANES + i]) < INFINITY, <double>0, <double>1)
    if call.rows.given_dense or call.beside.data != NULL:
        for k in range(t.steps):
            for i in range(LANES):
                lost[i] += where_(t.y[k * LANES + i] != t.y[k * LANES + i], <double>1, <double>0)
    if t.wide:
        across_lanes(lost, none)
    if call.second:
        row_table[call.loss].second(call, t)
    else:
        row_table[call.loss].rows(call, t)
    if t.wide:
        for i in range(1, LANES):
            t.value[i] = t.value[0]
    for i in range(LANES):
        t.value[i] = where_(lost[i] != 0, <double>NAN, t.value[i])
        any_lost |= t.value[i] != t.value[i]
    if any_lost:
        for k in range(t.steps):
            for i in range(LANES):
                gradient[k * LANES + i] = where_(t.value[i] != t.value[i], <double>NAN, gradient[k * LANES + i])
                hessian[k * LANES + i] = where_(t.value[i] != t.value[i], <double>NAN, hessian[k * LANES + i])


cdef void store_lanes(const real* tag, const Operand* operand, Py_ssize_t first, Py_ssize_t n, const Tile* t,
                      const double* result, const double* multiplier, const Curvature* curvature, const real* weight) noexcept nogil:
    """result x multiplier, rounded to the compute type, then to that of the array; +0 where the multiplier is 0. `curvature`:
    what is made of a Hessian in between."""
    cdef Py_ssize_t lanes = lanes_of(tag), k, i
    cdef real* rounded = <real*>t.a
    for k in range(t.steps):
        for i in range(LANES):
            rounded[k * lanes + i] = where_(multiplier[i] == 0, <real>0, <real>(result[k * LANES + i] * multiplier[i]))
        if curvature != NULL:
            shape_hessian(curvature, weight, rounded + k * lanes, LANES)
    store_tile(operand, first, n, t.steps, <real*>NULL, rounded, <real*>t.b)


cdef void store_wide(const real* tag, const RowLossCall* call, const Operand* operand, Py_ssize_t row, const Tile* t,
                     const double* result, double multiplier, const Curvature* curvature) noexcept nogil:
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    cdef char* data = operand.data + sample_offset(operand, row, index)
    cdef real* target = <real*>t.a
    if class_run_in_place(tag, operand, data):
        target = <real*>data
    if multiplier == 0:
        for c in range(call.classes):
            target[c] = 0
    else:
        for c in range(call.classes):
            target[c] = <real>(result[c] * multiplier)
    if curvature != NULL:
        shape_hessian(curvature, <const real*>NULL, target, call.classes)
    if target != <real*>data:
        store_run(operand, data, operand.class_stride, call.classes, target)


cdef void fetch_rows(const RowLossCall* call, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
    """Ask for the rows that come next, while there is something to compute."""
    cdef fl_ahead ahead
    count = min(count, call.rows.rows - first)
    if count * call.classes > ROWS_FETCHED:
        return
    memset(&ahead, 0, sizeof(ahead))
    look_at_rows(&ahead, FL_READ, &call.rows.logits, first, call.classes)
    if call.rows.given_dense:
        look_at_rows(&ahead, FL_READ_TOO, &call.rows.y_true, first, call.classes)
    if call.second == TIMES_VECTOR:
        look_at_rows(&ahead, FL_WRITE, &call.vector, first, call.classes)
    elif call.second == DIAGONAL and call.rows.want & GRADIENT and call.rows.gradient.data != call.rows.logits.data:
        look_at_rows(&ahead, FL_WRITE, &call.rows.gradient, first, call.classes)
    fl_fetch(&ahead, 0, count)


cdef inline real* run_of_rows(const real* tag, const Operand* operand, Py_ssize_t first, Py_ssize_t classes) noexcept nogil:
    """Where rows are one run of numbers of the compute type, else NULL."""
    cdef char* data = operand.data + first * classes * operand.itemsize
    return <real*>data if one_run(operand, classes) and native(tag, operand) and aligned(data, sizeof(real)) else NULL


cdef bint true_classes_alone(const real* tag, const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, const int64_t* label,
                             const real* weight, real* value) noexcept nogil:
    """Rows of which nothing counts but the true class: the others are looked at for a NaN, and their derivatives cleared.
    False, and nothing done, where something else is needed."""
    cdef Py_ssize_t classes = call.classes, i, k
    cdef const real* x
    cdef real* result
    cdef double multiplier
    cdef double true_x[LANES]
    cdef double exact[LANES]
    cdef double derivative[2][LANES]
    cdef const Operand* operands[2]
    cdef bint lost = False, extreme = False
    if not of_label_alone(call) or by_gauss_newton(&call.rows.curvature):
        return False
    operands[:] = [&call.rows.gradient, &call.rows.hessian]
    x = run_of_rows(tag, &call.rows.logits, first, classes)
    if x == NULL:
        return False
    for k in range(2):
        if call.rows.want & (GRADIENT << k) and run_of_rows(tag, operands[k], first, classes) == NULL:
            return False
    for i in range(LANES):
        true_x[i] = x[i * classes + label[i]] if i < n else 1
        extreme |= call.rows.wary and i < n and extreme_label(call, true_x[i], weight[i])
    if extreme:
        return False
    row_table[call.loss].of_label(call, true_x, exact, derivative[0], derivative[1])
    for i in range(n):
        lost |= exact[i] != exact[i]
        value[i] = <real>exact[i]
    if lost or any_nan(x, n * classes):
        return False
    for k in range(2):
        if call.rows.want & (GRADIENT << k):
            result = run_of_rows(tag, operands[k], first, classes)
            memset(result, 0, n * classes * sizeof(real))
            for i in range(n):
                multiplier = weight[i] * call.rows.scale
                if multiplier != 0:
                    result[i * classes + label[i]] = <real>(derivative[k][i] * multiplier)
                if k == 1 and weight[i] != 0:
                    shape_hessian(&call.rows.curvature, <const real*>NULL, result + i * classes, classes)
    return True


cdef void run_extremes(const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, const int64_t* label, const double* weight,
                       const bint* extreme, Tile* t, double* value) noexcept nogil:
    """The rows of a tile of few classes that are computed apart: their values, and their derivatives apart."""
    cdef Py_ssize_t i, k
    for i in range(n):
        if extreme[i]:
            for k in range(t.steps):
                t.a[k] = t.x[k * LANES + i]
                if call.second:
                    t.d[k] = t.hessian[k * LANES + i]
            value[i] = extreme_row(call, first + i, label[i], weight[i], t.a, t.b, t.c, t.d)
            for k in range(t.steps):
                t.extreme_gradient[k * LANES + i] = t.c[k]
                t.extreme_hessian[k * LANES + i] = t.d[k]


cdef void take_extremes(Py_ssize_t n, const bint* extreme, const double* value, real* weight, double* multiplier, Tile* t) noexcept nogil:
    """They are weighted and scaled."""
    cdef Py_ssize_t i, k
    for i in range(n):
        if extreme[i]:
            t.value[i] = value[i]
            t.root_unit[i] = weight[i] = multiplier[i] = 1
            for k in range(t.steps):
                t.gradient[k * LANES + i] = t.extreme_gradient[k * LANES + i]
                t.hessian[k * LANES + i] = t.extreme_hessian[k * LANES + i]


cdef void store_extreme_matrices(const real* tag, const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, const int64_t* label,
                                 const double* weight, const bint* extreme, Tile* t) noexcept nogil:
    """Of rows that are computed apart: the products with the unit vectors, from each column what lies below the diagonal."""
    cdef real column[FEW]
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t i, j, k, classes = call.classes
    cdef const Operand* result = &call.rows.hessian
    cdef char* data
    load_lanes(&call.rows.logits, first, n, t, t.x)
    for i in range(n):
        if not extreme[i]:
            continue
        data = result.data + sample_offset(result, first + i, index)
        for j in range(classes):
            for k in range(classes):
                t.a[k] = t.x[k * LANES + i]
                t.d[k] = k == j
            extreme_row(call, first + i, label[i], weight[i], t.a, t.b, t.c, t.d)
            for k in range(j, classes):
                column[k] = <real>t.d[k]
            store_run(result, data + j * call.matrix_stride + j * result.class_stride, result.class_stride, classes - j, column + j)
            store_run(result, data + j * call.matrix_stride + j * result.class_stride, call.matrix_stride, classes - j, column + j)


cdef inline void round_values(const double* exact, const double* root_unit, Py_ssize_t n, real* weight, real* value) noexcept nogil:
    """Values in the compute type, `root_unit` as in a tile or NULL. Those that are none of it, or of few digits there, are weighted first."""
    cdef int64_t any_ = 0
    cdef Py_ssize_t i
    cdef double size, unit
    for i in range(n):
        value[i] = <real>exact[i]
    for i in range(n):
        any_ |= root_unit != NULL and root_unit[i] != 1
        if real is float:
            any_ |= (abs_(exact[i]) > 3.4028234663852886e38) | ((exact[i] != 0) & (abs_(exact[i]) < 1.1754943508222875e-38))
    for i in range(n if any_ else 0):
        size = abs_(exact[i])
        unit = 1 if root_unit == NULL else root_unit[i]
        if unit != 1 or (sizeof(real) == 4 and (size > 3.4028234663852886e38 or 0 < size < 1.1754943508222875e-38)):
            value[i] = <real>((weight[i] * unit * exact[i]) * unit)
            weight[i] = 1 if weight[i] != 0 else 0


cdef double few_row_losses(const real* tag, const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, Tile* t) noexcept nogil:
    """A tile of rows of few classes."""
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef double multiplier[LANES]
    cdef double exact[LANES]
    cdef double of_sample[LANES]
    cdef double of_exponentials[LANES]
    cdef bint extreme[LANES]
    cdef bint any_extreme = False
    cdef Py_ssize_t i
    for i in range(LANES):
        label[i] = 0
        weight[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    if true_classes_alone(tag, call, first, n, label, weight, value):
        return finished_values(&call.rows, first, n, value, weight)
    load_lanes(&call.rows.logits, first, n, t, t.x)
    load_target(call, first, n, label, t)
    if call.beside.data != NULL:
        load_lanes(&call.beside, first, n, t, t.y)
    if call.second == TIMES_VECTOR:
        load_lanes(&call.vector, first, n, t, t.hessian)
    fetch_rows(call, first + n, LANES)
    for i in range(LANES):
        of_sample[i] = of_exponentials[i] = weight[i]
        multiplier[i] = weight[i] * call.rows.scale
        multiplier[i] = where_(weight[i] == 0, <double>0, multiplier[i])
    if call.rows.wary:
        memset(extreme, 0, sizeof(extreme))
        size_with_vector(call, t, of_exponentials, n)
        any_extreme = find_row_extremes(call, t, of_exponentials, n, extreme)
        if any_extreme and call.second != MATRIX:
            run_extremes(call, first, n, label, of_sample, extreme, t, exact)
        lift_rows(call, t, multiplier)
    if call.second == TIMES_VECTOR:
        lift_products(t, multiplier)
    weigh_target(call, t)
    run_tile(call, t)
    if call.second == MATRIX:
        store_matrix(tag, call, first, n, t, multiplier)
        if any_extreme:
            store_extreme_matrices(tag, call, first, n, label, of_sample, extreme, t)
        return 0
    if call.rows.wary and find_doubtful(call, t, of_sample, n, extreme):
        run_extremes(call, first, n, label, of_sample, extreme, t, exact)
        any_extreme = True
    if any_extreme:
        take_extremes(n, extreme, exact, weight, multiplier, t)
    round_values(t.value, t.root_unit, LANES, weight, value)
    if call.rows.want & GRADIENT and not call.second:
        store_lanes(tag, &call.rows.gradient, first, n, t, t.gradient, multiplier, NULL, weight)
    if call.rows.want & HESSIAN or call.second:
        store_lanes(tag, &call.rows.hessian, first, n, t, t.hessian, multiplier, &call.rows.curvature, weight)
    return finished_values(&call.rows, first, n, value, weight)


cdef double wide_row_losses(const real* tag, const RowLossCall* call, Py_ssize_t first, Py_ssize_t n, Tile* t) noexcept nogil:
    """Wide rows, one after the other."""
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef double multiplier, of_sample, of_exponentials, absent = 0 if call.given == PROBABILITIES else -INFINITY
    cdef bint extreme
    cdef Py_ssize_t i
    for i in range(n):
        label[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    if true_classes_alone(tag, call, first, n, label, weight, value):
        return finished_values(&call.rows, first, n, value, weight)
    for i in range(n):
        value[i] = 0
        multiplier = 0
        if weight[i] != 0:
            load_wide(&call.rows.logits, first + i, call.classes, absent, t, t.x)
            load_target(call, first + i, 1, label + i, t)
            if call.beside.data != NULL:
                load_wide(&call.beside, first + i, call.classes, absent, t, t.y)
            if call.second == TIMES_VECTOR:
                load_wide(&call.vector, first + i, call.classes, 0, t, t.hessian)
            fetch_rows(call, first + i + 1, 1)
            multiplier = weight[i] * call.rows.scale
            of_sample = of_exponentials = weight[i]
            if call.rows.wary:
                size_with_vector(call, t, &of_exponentials, 1)
            extreme = call.rows.wary and find_row_extremes(call, t, &of_exponentials, 1, &extreme)
            if not extreme:
                if call.rows.wary:
                    lift_rows(call, t, &multiplier)
                if call.second == TIMES_VECTOR:
                    lift_products(t, &multiplier)
                weigh_target(call, t)
                run_tile(call, t)
                extreme = call.rows.wary and find_doubtful(call, t, &of_sample, 1, &extreme)
            if extreme:
                t.value[0] = extreme_row(call, first + i, label[i], of_sample, t.x, t.y, t.gradient, t.hessian)
                t.root_unit[0] = weight[i] = multiplier = 1
            round_values(t.value, t.root_unit, 1, &weight[i], &value[i])
        if call.rows.want & GRADIENT and not call.second:
            store_wide(tag, call, &call.rows.gradient, first + i, t, t.gradient, multiplier, NULL)
        if call.rows.want & HESSIAN or call.second:
            store_wide(tag, call, &call.rows.hessian, first + i, t, t.hessian, multiplier,
                       &call.rows.curvature if weight[i] != 0 else NULL)
    return finished_values(&call.rows, first, n, value, weight)


cdef inline Py_ssize_t row_losses_at_once(int loss, Py_ssize_t classes) noexcept nogil:
    return LANES if few_classes(loss, classes) else WIDE_ROWS


cdef double row_loss_block(const real* tag, const RowLossCall* call, Py_ssize_t block, double* scratch) noexcept nogil:
    cdef Py_ssize_t size = row_losses_at_once(call.loss, call.classes), first = block * size, n = min(size, call.rows.rows - first)
    cdef Tile t
    lay_out(call, scratch, not few_classes(call.loss, call.classes), &t)
    if t.wide:
        return wide_row_losses(tag, call, first, n, &t)
    return few_row_losses(tag, call, first, n, &t)


cdef double row_loss_inspected(const real* tag, const RowLossCall* call, Py_ssize_t block, char* scratch) noexcept nogil:
    """Weigh a block (`run_inspection`); NaN where a weight or a target is outside its domain."""
    cdef Py_ssize_t size = row_losses_at_once(call.loss, call.classes), first = block * size
    cdef Py_ssize_t n = min(size, call.rows.rows - first), i
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef double weighed[TILE_ROWS]
    cdef Tile t
    for i in range(max(<Py_ssize_t>LANES, n)):
        label[i] = 0
        weight[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    if not weights_valid(weight, n):
        return NAN
    lay_out(call, <double*>(scratch + EXACT_BYTES), not few_classes(call.loss, call.classes), &t)
    if not t.wide:
        load_target(call, first, n, label, &t)
        targets_inspected(call, &t)
    for i in range(n):
        weighed[i] = 0
        if weight[i] == 0:
            continue
        if t.wide:
            load_target(call, first + i, 1, label, &t)
            targets_inspected(call, &t)
        weighed[i] = weight[i] * t.value[0 if t.wide else i]
    return weigh_rows(scratch, weighed, n)


cdef void targets_inspected(const RowLossCall* call, Tile* t) noexcept nogil:
    """1 for each row, or the sum of its weighted target; NaN where that is outside its domain."""
    cdef double* y = t.y
    cdef bint adds_up = call.form == DISTRIBUTION or call.form == CLASS_PROBABILITIES, members = call.form == MEMBERS, wrong
    cdef double most = INFINITY if adds_up else 1
    cdef double number
    cdef double bad[LANES]
    cdef double none[LANES]
    cdef double row_total[LANES]
    cdef double tail[LANES]
    cdef Py_ssize_t k, i
    for i in range(LANES):
        bad[i] = none[i] = row_total[i] = tail[i] = 0
        t.value[i] = 1
    if call.form == NO_TARGET:
        return
    for k in range(t.steps):
        for i in range(LANES):
            number = y[k * LANES + i]
            wrong = (number < 0) | (number > most) | (members & (number != 0) & (number != 1) & (number == number))
            bad[i] += where_(wrong, <double>1, <double>0)
            add_exactly(number, &row_total[i], &tail[i])
    sum_up(t, bad, none, bad)
    sum_up(t, row_total, tail, row_total)
    for i in range(LANES):
        t.value[i] = where_(bad[i] == 0, <double>1, <double>NAN)
    if not adds_up:
        for i in range(LANES if call.form == NUMBER else 0):
            t.value[i] = 1
        return
    for i in range(LANES):
        t.value[i] = where_((row_total[i] > 1 + SUM_TOLERANCE) | (row_total[i] < 1 - SUM_TOLERANCE), <double>NAN, t.value[i])
    if call.form == DISTRIBUTION:
        return
    weigh_target(call, t)
    class_sum(t, y, row_total)
    for i in range(LANES):       # a NaN in a soft target makes its row NaN, not the denominator of all others
        t.value[i] *= where_(row_total[i] == row_total[i], row_total[i], <double>1)


cdef double predictions_inspected(const real* tag, const RowLossCall* call, Py_ssize_t block, real* row) noexcept nogil:
    """0, or NaN where a probability, or the logarithm of one, is outside its domain in a row that counts. Where the loss
    depends on the true class alone, only that is looked at."""
    cdef const Operand* given = &call.rows.logits
    cdef Py_ssize_t size = row_losses_at_once(call.loss, call.classes), first = block * size
    cdef Py_ssize_t n = min(size, call.rows.rows - first), i
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef bint alone = of_label_alone(call)
    cdef double low = call.limits.predicted_low, high = highest_prediction(&call.limits, given)
    cdef const real* x
    cdef char* data
    for i in range(n):
        label[i] = 0
    load_rows(tag, &call.rows, first, n, label, weight)
    for i in range(n):
        if weight[i] == 0:
            continue
        data = given.data + sample_offset(given, first + i, index)
        x = row
        if alone:
            load_run(given, data + label[i] * given.class_stride, given.class_stride, 1, row)
        elif class_run_in_place(tag, given, data):
            x = <const real*>data
        else:
            load_run(given, data, given.class_stride, call.classes, row)
        if not inside(x, <const real*>NULL, low, high, False, 1 if alone else call.classes):
            return NAN
    return 0


cdef double row_loss_block_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_block(<const float*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_block_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_block(<const double*>NULL, <const RowLossCall*>call, block, <double*>scratch)

cdef double row_loss_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_inspected(<const float*>NULL, <const RowLossCall*>call, block, <char*>scratch)

cdef double row_loss_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return row_loss_inspected(<const double*>NULL, <const RowLossCall*>call, block, <char*>scratch)

cdef double predictions_inspected_f32(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return predictions_inspected(<const float*>NULL, <const RowLossCall*>call, block, <float*>scratch)

cdef double predictions_inspected_f64(void* call, Py_ssize_t block, void* scratch) noexcept nogil:
    return predictions_inspected(<const double*>NULL, <const RowLossCall*>call, block, <double*>scratch)


cdef inline bint swept(RowLossCall* call, bint double_precision) noexcept nogil:
    """Whether a call goes through the sweep of cross-entropy; what either way needs to know is noted."""
    cdef sweep_function note = row_table[call.loss].swept
    call.to_float = not double_precision
    call.exactly = call.parameter[0] > LARGEST_PLAIN_EXPONENT[double_precision]
    return note != NULL and call.second == DIAGONAL and note(call, &call.rows, double_precision)


cdef double run_row_losses(RowLossCall* call, bint double_precision, bint inspect, int threads) except? -1.0:
    cdef Py_ssize_t size = row_losses_at_once(call.loss, call.classes)
    cdef Py_ssize_t blocks = (call.rows.rows + size - 1) // size
    cdef Py_ssize_t scratch = TILE_ARRAYS * steps_of(call.loss, call.classes) * LANES * sizeof(double)
    cdef block_function function = row_loss_block_f64 if double_precision else row_loss_block_f32
    cdef double total
    if swept(call, double_precision):
        call.rows.own = call
        return run_rows_call(&call.rows, double_precision, inspect, threads)
    note_row_extremes(call, double_precision)
    if not inspect:
        return run_blocks(function, call, blocks, size * call.classes, threads, scratch)
    if call.form == CLASS_INDEX:
        total = run_rows_call(&call.rows, double_precision, True, threads)
    else:
        function = row_loss_inspected_f64 if double_precision else row_loss_inspected_f32
        total = run_inspection(function, call, blocks, size * call.classes, threads, scratch, call.rows.weight_sum)
    if call.given == LOGITS or total != total:
        return total
    function = predictions_inspected_f64 if double_precision else predictions_inspected_f32
    return total + run_blocks(function, call, blocks, size * call.classes, threads, scratch)
