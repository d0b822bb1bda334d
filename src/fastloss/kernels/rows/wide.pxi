# Wide rows of softmax.pxi: classes in the lanes, a row after the other, or shared by threads.

cdef enum Sweep:
    LARGEST
    EXPONENTIALS
    DISTANCES
    SCALE

cdef struct WideRow:
    void* x
    void* e                      # exponentials of the row, then its gradient; NULL: nobody needs them
    const void* y                # the target; NULL: a label, or it is the same for each class but that
    Py_ssize_t classes
    double m                     # its largest logit
    double inverse, inverse_tail  # 1 / temperature
    double share                 # of the exponentials in the gradient, before y is taken off; where there is no y:
    double taken                 # what is taken off each of them, if it is not 0,
    double factor                # and the factor of the difference
    double* part                 # what each chunk found: its largest logit, or its sum
    double* ties                 # or the sum of its target
    const Capped* capped         # NULL: the logits are not
    fl_ahead ahead               # the next row


cdef inline Py_ssize_t chunks_of(Py_ssize_t classes) noexcept nogil:
    return (classes + CHUNK - 1) // CHUNK


cdef inline void scale_run(const real* tag, const WideRow* row, Py_ssize_t start, Py_ssize_t n) noexcept nogil:
    """Make the gradient of some exponentials."""
    cdef real* e = <real*>row.e + start
    cdef const real* y = <const real*>row.y + start
    cdef real factor = <real>row.factor, share = <real>row.share, taken = <real>row.taken
    cdef Py_ssize_t i
    if row.y != NULL:
        for i in range(n):
            e[i] = product_less(e[i], share, y[i]) * factor
    elif taken != 0:
        for i in range(n):
            e[i] = product_less(e[i], share, taken) * factor
    else:
        for i in range(n):
            e[i] *= factor


cdef void sweep_chunk(const real* tag, const WideRow* row, Sweep sweep, Py_ssize_t chunk) noexcept nogil:
    """Sweep a chunk of a row, 16 or 32 KiB: every sweep of a row goes chunk by chunk, whoever does them."""
    cdef Py_ssize_t start = chunk * CHUNK, n = min(<Py_ssize_t>CHUNK, row.classes - start)
    cdef const real* x = <const real*>row.x + start
    cdef const real* y = NULL if row.y == NULL else <const real*>row.y + start
    cdef real* e = <real*>row.e + start
    cdef real unwanted[CHUNK]
    if sweep == LARGEST:
        if real is float:
            row.part[chunk] = fl_block_max_f32(x, n)
        else:
            row.part[chunk] = fl_block_max_f64(x, n)
    elif sweep == EXPONENTIALS:
        row.ties[chunk] = 0
        if row.e == NULL:
            e = unwanted
        if real is float and row.capped != NULL:
            row.part[chunk] = sum_in_double(row.capped, x, start, n, <float>row.m, e, &row.ties[chunk], &row.ahead)
        elif row.inverse != 1:
            if real is float:
                row.part[chunk] = fl_block_exp_sum_over_f32(x, <float>row.m, row.inverse, row.inverse_tail, e, n, &row.ties[chunk],
                                                            &row.ahead, start)
            else:
                row.part[chunk] = fl_block_exp_sum_over_f64(x, row.m, row.inverse, row.inverse_tail, e, n, &row.ties[chunk],
                                                            &row.ahead, start)
        elif real is float:
            row.part[chunk] = fl_block_exp_sum_f32(x, <float>row.m, e, n, &row.ties[chunk], &row.ahead, start)
        else:
            row.part[chunk] = fl_block_exp_sum_f64(x, row.m, e, n, &row.ties[chunk], &row.ahead, start)
    elif sweep == DISTANCES:
        if real is float:
            row.part[chunk] = fl_block_distance_f32(y, x, <float>row.m, n, &row.ties[chunk])
        else:
            row.part[chunk] = fl_block_distance_f64(y, x, row.m, n, &row.ties[chunk])
    else:
        scale_run(tag, row, start, n)


cdef struct SweepOfRow:
    const WideRow* row
    Sweep sweep


cdef void sweep_chunk_of_floats(void* work, Py_ssize_t chunk, int thread) noexcept nogil:
    cdef SweepOfRow* sweep = <SweepOfRow*>work
    sweep_chunk(<const float*>NULL, sweep.row, sweep.sweep, chunk)


cdef void sweep_chunk_of_doubles(void* work, Py_ssize_t chunk, int thread) noexcept nogil:
    cdef SweepOfRow* sweep = <SweepOfRow*>work
    sweep_chunk(<const double*>NULL, sweep.row, sweep.sweep, chunk)


cdef void sweep_row(const real* tag, const WideRow* row, Sweep sweep, const RowsCall* call) noexcept nogil:
    cdef Py_ssize_t chunk
    cdef SweepOfRow work
    if call.team == 1:
        for chunk in range(chunks_of(row.classes)):
            sweep_chunk(tag, row, sweep, chunk)
        return
    work.row, work.sweep = row, sweep
    if real is float:
        deal(sweep_chunk_of_floats, &work, 0, chunks_of(row.classes), call.team, call.shares)
    else:
        deal(sweep_chunk_of_doubles, &work, 0, chunks_of(row.classes), call.team, call.shares)


cdef real wide_sums(const real* tag, WideRow* row, const RowsCall* call, double* rest, double* tail, double* ties) noexcept nogil:
    """Largest logit; e = exp(x - m); the sum of the rest, chunks added in their order."""
    cdef Py_ssize_t chunk
    cdef double part
    rest[0] = tail[0] = ties[0] = 0
    sweep_row(tag, row, LARGEST, call)
    row.m = -INFINITY
    for chunk in range(chunks_of(row.classes)):
        if row.part[chunk] > row.m:
            row.m = row.part[chunk]
    sweep_row(tag, row, EXPONENTIALS, call)
    for chunk in range(chunks_of(row.classes)):
        add_exactly(row.part[chunk], rest, tail)   # a million classes are hundreds of parts
        ties[0] += row.ties[chunk]
    add_exactly(ties[0] - 1, rest, tail)
    part = rest[0]
    rest[0] += tail[0]
    tail[0] += part - rest[0]
    return <real>row.m


cdef double wide_distance(const real* tag, const WideRow* row, const RowsCall* call, double* total) noexcept nogil:
    """The sum of y (m - x) and, if there is a y, that of y. Not finite where one of the differences is none."""
    cdef double distance = 0, tail = 0, total_tail = 0
    cdef Py_ssize_t chunk
    sweep_row(tag, row, DISTANCES, call)
    for chunk in range(chunks_of(row.classes)):
        add_exactly(row.part[chunk], &distance, &tail)
    if row.y != NULL:
        total[0] = 0
        for chunk in range(chunks_of(row.classes)):
            add_exactly(row.ties[chunk], total, &total_tail)
        total[0] += total_tail
    return distance + tail


cdef inline void look_at_row(fl_ahead* ahead, int place, const Operand* operand, Py_ssize_t row) noexcept nogil:
    """Note where the classes of a row lie, if they are one run."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    if operand.class_stride == operand.itemsize:
        ahead.place[place] = operand.data + sample_offset(operand, row, index)
        ahead.size[place] = operand.itemsize


cdef inline void load_dense_row(const RowsCall* call, Py_ssize_t row, int64_t label, real* y) noexcept nogil:
    """The target of a row, from probabilities or from its label."""
    cdef Py_ssize_t classes = call.classes, c
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    if call.given_dense:
        load_run(&call.y_true, call.y_true.data + sample_offset(&call.y_true, row, index), call.y_true.class_stride, classes, y)
    else:
        for c in range(classes):
            y[c] = 0
        y[label] = 1


cdef inline void weigh_dense_row(const RowsCall* call, real* y) noexcept nogil:
    cdef Py_ssize_t c
    if call.smoothing != 0 or call.class_weight != NULL:
        for c in range(call.classes):
            y[c] = target_weight(y, call, c, y[c])


cdef inline Py_ssize_t wide_scratch(const real* tag, Py_ssize_t classes) noexcept nogil:
    """Numbers of scratch of `wide_row`: rows of logits, exponentials, target and Hessian, which it needs where an array cannot
    be used in place, and what each chunk of a row finds."""
    return 4 * (classes + 1) + 4 * chunks_of(classes) * <Py_ssize_t>(sizeof(double) // sizeof(real))


cdef inline double* mending_place(real* scratch, Py_ssize_t classes) noexcept nogil:
    """Behind that."""
    return <double*>(scratch + (wide_scratch(scratch, classes) + 1) // 2 * 2)


cdef double wide_row_apart(const RowsCall* call, Py_ssize_t row, int64_t label, real* weight, const real* x, double m, bint by_tile,
                           real* gradient, real* hessian, double* scratch) noexcept nogil:
    """An extreme row: its value is weighted."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef double value = mended_row(x, 1, m, by_tile, call, row, label, weight[0], gradient, hessian, 1, scratch)
    weight[0] = 1
    if call.want & GRADIENT:
        store_run(&call.gradient, call.gradient.data + sample_offset(&call.gradient, row, index), call.gradient.class_stride,
                  call.classes, gradient)
    if call.want & HESSIAN:
        shape_hessian(&call.curvature, <const real*>NULL, hessian, call.classes)
        store_run(&call.hessian, call.hessian.data + sample_offset(&call.hessian, row, index), call.hessian.class_stride,
                  call.classes, hessian)
    return value


cdef inline double level_of(const real* tag, const RowsCall* call, real m) noexcept nogil:
    """A logit as the exponential has it: capped, and over the temperature."""
    if real is float:
        if has_cap(call):
            return capped_level(call, m)
    return m / call.temperature


cdef inline void store_curvature(const RowsCall* call, real* hessian, char* data) noexcept nogil:
    shape_hessian(&call.curvature, <const real*>NULL, hessian, call.classes)
    if hessian != <real*>data:
        store_run(&call.hessian, data, call.hessian.class_stride, call.classes, hessian)


cdef inline real* capped_place(real* scratch, Py_ssize_t classes) noexcept nogil:
    """Behind what `mended_row` needs."""
    return <real*>(mending_place(scratch, classes) + mending_scratch(classes))


cdef double wide_row(const real* tag, const RowsCall* call, Py_ssize_t row, int64_t label, real* row_weight,
                     real* scratch, real* row_rest, double* row_total) noexcept nogil:
    """One row. Its loss, not weighted, is the result + row_total log1p(row_rest): the caller takes logarithms of many rows.
    Where the loss is weighted already, `row_weight` becomes 1."""
    cdef Py_ssize_t classes = call.classes, c, chunk, start, n
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef char* logits_data = call.logits.data + sample_offset(&call.logits, row, index)
    cdef char* gradient_data = NULL
    cdef char* hessian_data = NULL
    cdef char* target_data
    cdef real* x = <real*>logits_data
    cdef real* e
    cdef real* spare = scratch + classes
    cdef real* y = scratch + 2 * classes
    cdef real* hessian = scratch + 3 * classes
    cdef real m, top, whole, rest_real, p, target = 0, mended = 0
    cdef double rest, tail, ties, distance = 0, factor, total = 1, weight = row_weight[0], every = call.smoothing / classes
    cdef double log_total, pull = 0, reach = weight, whole_exactly, curved, z_loss = call.z_loss
    cdef bint small_target = False, smoothed = smoothed_labels(call), dense = call.dense and not smoothed
    cdef Py_ssize_t place        # whose gradient is the number `mended`
    cdef double unit = call.temperature
    cdef WideRow wide
    cdef Capped capped

    if call.want & GRADIENT:
        gradient_data = call.gradient.data + sample_offset(&call.gradient, row, index)
    e = <real*>gradient_data
    if not class_run_in_place(tag, &call.logits, logits_data):
        x = scratch
        load_run(&call.logits, logits_data, call.logits.class_stride, classes, x)
    if (not call.want & GRADIENT or call.task == LOG_SOFTMAX or gradient_data == logits_data
            or not class_run_in_place(tag, &call.gradient, gradient_data)):
        # Not over logits that are needed again.
        e = scratch if call.task != LOG_SOFTMAX and not call.wary and not call.dense and x == scratch else spare
    if call.task == CROSS_ENTROPY and not dense:
        target = x[label]
    if dense:
        target_data = call.y_true.data + (sample_offset(&call.y_true, row, index) if call.given_dense else 0)
        if (call.given_dense and call.smoothing == 0 and call.class_weight == NULL
                and class_run_in_place(tag, &call.y_true, target_data)):
            y = <real*>target_data
        else:
            load_dense_row(call, row, label, y)
    wide.x = x
    wide.y = y if dense else NULL
    wide.e = e if call.want & (GRADIENT | HESSIAN) and call.task != LOG_SOFTMAX else NULL
    wide.classes = classes
    wide.capped = NULL
    if real is float and in_double(call):
        capped = capped_arrays(call, capped_place(scratch, classes), classes)
        wide.capped = &capped
    wide.inverse, wide.inverse_tail = call.inverse, call.inverse_tail
    wide.part = <double*>(scratch + 4 * ((classes + 1) // 2 * 2))
    wide.ties = wide.part + chunks_of(classes)
    memset(&wide.ahead, 0, sizeof(wide.ahead))
    if row + 1 < call.rows:
        look_at_row(&wide.ahead, FL_READ, &call.logits, row + 1)
        if call.given_dense:
            look_at_row(&wide.ahead, FL_READ_TOO, &call.y_true, row + 1)
        if call.want & GRADIENT and gradient_data != logits_data:
            look_at_row(&wide.ahead, FL_WRITE, &call.gradient, row + 1)
    m = top = wide_sums(tag, &wide, call, &rest, &tail, &ties)
    if z_loss != 0:
        log_total = level_of(tag, call, m) + log1p_(<real>rest)
        pull = 2 * z_loss * log_total
        reach = weight * (1 + abs_(pull))
    if dense:
        small_target = call.wary and call.given_dense and has_small_target(call, y, reach)
        weigh_dense_row(call, y)
    if real is float and has_cap(call):
        if is_capped_extreme(call, x, m, reach) or small_target or rest < tiny_rest(tag):
            return wide_row_apart(call, row, label, row_weight, x, m, True, spare, hessian, mending_place(scratch, classes))
        unit = 1
        if call.want & HESSIAN:
            capped_tangents(call, &capped, x, classes)
        if call.dense:
            wide.x, wide.m, top = capped.distance, 0, 0
        if not dense:
            top, target = capped_apart(call, m, target), 0
    if dense:
        distance = wide_distance(tag, &wide, call, &total)
    elif smoothed and (call.wary or call.want & VALUE):
        distance = every * wide_distance(tag, &wide, call, &total) + (1 - call.smoothing) * (<double>top - target)
    elif call.task == CROSS_ENTROPY:
        distance = finite_difference(top, target)
    if call.dense and not finite(distance):
        if smoothed:
            load_dense_row(call, row, label, y)
            weigh_dense_row(call, y)
        distance = dense_distance(x, y, classes, &total)
        total = 1 if smoothed else total
    distance /= unit
    if call.wary and not has_cap(call) and (is_extreme(call, x, m, reach, distance) or (small_target and finite(m)) or strong_z(call, m)):
        return wide_row_apart(call, row, label, row_weight, x, m, False, spare, hessian, mending_place(scratch, classes))
    if rest < tiny_rest(tag) and divided(call):
        return wide_row_apart(call, row, label, row_weight, x, m, True, spare, hessian, mending_place(scratch, classes))
    if rest < tiny_rest(tag):
        if e == x:
            x = spare
            load_run(&call.logits, logits_data, call.logits.class_stride, classes, x)
        rest = tiny_sum(x, m, classes)
        tail = 0
    if call.task == LOGSUMEXP:
        return m + fl_log1p(rest)
    if call.divergence and call.want & VALUE:
        distance += minus_entropy(y, classes)
    if m == -INFINITY or (m == INFINITY and ties > 1):
        rest = NAN
    rest_real = <real>rest
    if z_loss != 0:              # of the rest as it is now
        log_total = level_of(tag, call, m) + log1p_(rest_real)
        pull = 2 * z_loss * log_total
        distance += total * (z_loss * log_total * log_total)
    if call.task == LOG_SOFTMAX:
        p = log1p_(rest_real)
        for c in range(classes):
            e[c] = -(finite_difference(m, x[c]) + p)
        store_run(&call.gradient, gradient_data, call.gradient.class_stride, classes, e)
        return 0
    row_rest[0] = rest_real
    row_total[0] = total
    if real is float and call.graded:
        return graded_row(call, row, label, row_weight, x, m, rest, e, hessian, row_total)

    whole = <real>(1 + rest)
    if call.want & HESSIAN:
        hessian_data = call.hessian.data + sample_offset(&call.hessian, row, index)
        if class_run_in_place(tag, &call.hessian, hessian_data):
            hessian = <real*>hessian_data
        factor = hessian_factor(<real>weight, call, total, rest_real, <real>tail)
        curved = 1 if by_gauss_newton(&call.curvature) else 1 + pull    # what is squared has a second derivative too
        for c in range(classes):
            hessian[c] = <real>(e[c] * (complement(<double>e[c], rest, 1 + rest) * curved + 2 * z_loss * e[c]) * factor)
        if wide.capped == NULL:
            store_curvature(call, hessian, hessian_data)
    if call.want & GRADIENT:
        factor = weight * call.scale * call.inverse
        whole_exactly = 1 + (rest + tail)
        wide.share = total * (1 + pull) / whole_exactly if dense else 1 + pull
        wide.taken = every * (1 + rest) if smoothed else 0
        if dense:
            wide.factor = factor
        elif real is float:
            wide.factor = <float>(factor / (1 + rest))
        else:
            wide.factor = row_factor(<real>weight, call, rest_real, <real>tail)
        place = -1
        if dense:                # at a class of probability > 1/2 the digits of 1 - p are kept
            if rest < 1:
                place = place_of(e, <real>1, classes)
            if place >= 0:
                mended = <real>(((total - y[place]) - total * ((rest - pull) / whole_exactly)) * factor)
        elif call.task == CROSS_ENTROPY:
            place = label
            if not smoothed:
                mended = -(complement(e[label], rest_real, whole) - e[label] * <real>pull) * <real>wide.factor
                wide.factor *= 1 + pull
            elif e[label] == 1 and rest < 1:
                mended = <real>(((call.smoothing - every) - (rest - pull) / whole_exactly) * factor)
            else:
                mended = <real>((e[label] * (1 + pull) / whole_exactly - ((1 - call.smoothing) + every)) * factor)
        if e == <real*>gradient_data or wide.capped != NULL:
            sweep_row(tag, &wide, SCALE, call)
            if place >= 0:
                e[place] = mended
            if real is float and wide.capped != NULL:
                chain_rule(call, wide.capped, classes, e, hessian if call.want & HESSIAN else NULL)
                if call.want & HESSIAN:
                    store_curvature(call, hessian, hessian_data)
                if e != <real*>gradient_data:
                    store_run(&call.gradient, gradient_data, call.gradient.class_stride, classes, e)
            return distance
        # Scaled and stored piece by piece, while a piece is in the first-level cache.
        for chunk in range((classes + SAMPLES - 1) // SAMPLES):
            start = chunk * SAMPLES
            n = min(<Py_ssize_t>SAMPLES, classes - start)
            scale_run(tag, &wide, start, n)
            if start <= place < start + n:
                e[place] = mended
            store_run(&call.gradient, gradient_data + start * call.gradient.class_stride, call.gradient.class_stride, n, e + start)
    return distance


cdef inline Py_ssize_t place_of(const real* x, real number, Py_ssize_t n) noexcept nogil:
    if real is float:
        return fl_block_find_f32(x, number, n)
    else:
        return fl_block_find_f64(x, number, n)


cdef inline real largest_of(const real* x, Py_ssize_t classes) noexcept nogil:
    if real is float:
        return fl_block_max_f32(x, classes)
    else:
        return fl_block_max_f64(x, classes)


cdef double dense_distance(const real* x, const real* y, Py_ssize_t classes, double* total) noexcept nogil:
    """sum_c y_c (m - x_c), m the largest x; `total` is the sum of y. By blocks, as every sum."""
    cdef real product[SAMPLES]
    cdef Py_ssize_t chunk, start, c, n
    cdef double distance = 0
    cdef real m = largest_of(x, classes)
    total[0] = 0
    for chunk in range((classes + SAMPLES - 1) // SAMPLES):
        start = chunk * SAMPLES
        n = min(<Py_ssize_t>SAMPLES, classes - start)
        for c in range(n):
            product[c] = weighted_difference(y[start + c], m, x[start + c])
        distance += sum_of(product, <const real*>NULL, n)
        total[0] += sum_of(y + start, <const real*>NULL, n)
    return distance


cdef void clear_row(const real* tag, const RowsCall* call, const Operand* operand, Py_ssize_t row, real* scratch) noexcept nogil:
    """+0 in every class of a row that is left out."""
    cdef Py_ssize_t index[MAX_DIMENSIONS]
    cdef Py_ssize_t c
    for c in range(call.classes):
        scratch[c] = 0
    store_run(operand, operand.data + sample_offset(operand, row, index), operand.class_stride, call.classes, scratch)


cdef double wide_block(const real* tag, const RowsCall* call, Py_ssize_t block, real* scratch) noexcept nogil:
    cdef Py_ssize_t size = rows_per_block(tag, call.classes), first = block * size
    cdef Py_ssize_t n = min(size, call.rows - first), i
    cdef int64_t label[TILE_ROWS]
    cdef real weight[TILE_ROWS]
    cdef real value[TILE_ROWS]
    cdef real rest[WIDE_ROWS]
    cdef double total[WIDE_ROWS]
    cdef double distance[WIDE_ROWS]
    load_rows(tag, call, first, n, label, weight)
    for i in range(WIDE_ROWS):
        rest[i] = 0
        total[i] = distance[i] = 0
    for i in range(n):
        if weight[i] == 0:
            if call.want & GRADIENT:
                clear_row(tag, call, &call.gradient, first + i, scratch)
            if call.want & HESSIAN:
                clear_row(tag, call, &call.hessian, first + i, scratch)
        else:
            distance[i] = wide_row(tag, call, first + i, label[i], &weight[i], scratch, &rest[i], &total[i])
    if not call.want & VALUE:
        return 0
    for i in range(WIDE_ROWS):   # a float row needs no more than a float's logarithm
        value[i] = <real>(distance[i] + total[i] * log1p_(rest[i]))
    return finished_values(call, first, n, value, weight)
