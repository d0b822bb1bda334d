# Margins between scores: multiclass hinge, multi-margin, multilabel margin.

#: 2^1021: the double of a larger number may be infinite before it is weighted. 2^950: a sum of larger ones may be.
cdef double HUGE_HALF = 2.247116418577895e307
cdef double HUGE_TERM = 9.516908214257812e285


cdef inline double step(double violation) noexcept nogil:
    """Derivative of max(0, violation): at the kink the midpoint of the subgradient."""
    return where_(violation > 0, <double>1, where_(violation == 0, <double>0.5, <double>0))


cdef inline double above_zero(double violation) noexcept nogil:
    """max(0, violation); NaN stays."""
    return where_(violation < 0, <double>0, violation)


cdef void multiclass_hinge_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """max(0, 1 + max_{j != y} x_j - x_y); several largest other scores share the gradient."""
    cdef double* x = t.x
    cdef double* gradient = t.gradient
    cdef double* tied = t.c
    cdef double stride = t.stride, classes = call.classes, half
    cdef double own[LANES]
    cdef double largest[LANES]
    cdef double ties[LANES]
    cdef double share[LANES]
    cdef Py_ssize_t k, i, j
    flat_hessian(call, t)
    at_class(t, x, t.label, own)
    for i in range(LANES):
        largest[i] = -INFINITY
    set_class(t, x, t.label, largest)
    class_max(t, x, largest)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            tied[j] = where_((x[j] == largest[i]) & (k * stride + t.offset[i] < classes), <double>1, <double>0)
    for i in range(LANES):
        share[i] = 0
    set_class(t, tied, t.label, share)
    class_sum(t, tied, ties)
    for i in range(LANES):
        half = fl_half_violation(0.5, largest[i], own[i])
        half = where_(ties[i] == 0, <double>-1, half)   # one class alone
        t.root_unit[i] = where_(half > HUGE_HALF, <double>2, <double>1)
        t.value[i] = above_zero(half) * where_(half > HUGE_HALF, <double>0.5, <double>2)
        own[i] = -step(half)
        share[i] = where_(ties[i] == 0, <double>0, -own[i] / ties[i])
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            gradient[j] = where_(tied[j] == 1, share[i], <double>0)
    set_class(t, gradient, t.label, own)


cdef void multi_margin_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum_{j != y} max(0, margin + x_j - x_y)^p / C,  p 1 or 2. Each term is divided by a power of 2 that is at least 2 C,
    which is exact, before they are added: one term alone may overflow where the mean does not."""
    cdef bint squared = call.parameter[0] == 2
    cdef double half_margin = 0.5 * call.parameter[1], half, factor, small = 1
    cdef double* x = t.x
    cdef double* slope = t.b
    cdef double* curved = t.a
    cdef double* term = t.c
    cdef double* gradient = t.gradient
    cdef double* hessian = t.hessian
    cdef double own[LANES]
    cdef double total[LANES]
    cdef Py_ssize_t k, i, j
    while small * call.classes > 1:
        small *= 0.5
    factor = 1 / (call.classes * small)
    at_class(t, x, t.label, own)
    for k in range(t.steps):
        for i in range(LANES):
            j = k * LANES + i
            half = fl_half_violation(half_margin, x[j], own[i])
            slope[j] = step(half) * small
            half = above_zero(half)
            term[j] = half * small
            if squared:
                slope[j] = half * small
                term[j] = half * small * (2 * half)
                curved[j] = where_(half > 0, 2.0 / call.classes, <double>0)
    sum_without(t, term, t.label, total)
    for i in range(LANES):
        t.value[i] = total[i] * 2 * factor
    if squared:
        factor *= 4
    sum_without(t, slope, t.label, total)
    for j in range(t.steps * LANES):
        gradient[j] = slope[j] * factor
    for i in range(LANES):
        total[i] = -total[i] * factor
    set_class(t, gradient, t.label, total)
    if not call.rows.want & HESSIAN:
        return
    if not squared:
        flat_hessian(call, t)
        return
    sum_without(t, curved, t.label, total)
    set_class(t, curved, t.label, total)
    memcpy(t.hessian, curved, t.steps * LANES * sizeof(double))


cdef void multilabel_margin_rows(const RowLossCall* call, Tile* t) noexcept nogil:
    """sum over members j and others i of max(0, 1 + x_i - x_j) / C: of few classes pair by pair, of many sorted."""
    cdef double factor = 1.0 / call.classes, half
    cdef double* x = t.x
    cdef double* y = t.y
    cdef double* gradient = t.gradient
    cdef double head[LANES]
    cdef double tail[LANES]
    cdef double pull[LANES]
    cdef double scale[LANES]
    cdef Py_ssize_t k, j, i
    cdef bint pair
    clear(t, gradient)
    flat_hessian(call, t)
    if t.wide:
        t.value[0] = sorted_multilabel_margin(call, t)
        return
    for i in range(LANES):
        head[i] = tail[i] = scale[i] = 0
    for k in range(t.steps):
        for i in range(LANES):
            scale[i] += where_(abs_(x[k * LANES + i]) > HUGE_TERM, <double>1, <double>0)
    for i in range(LANES):       # 2^-64 and its root
        t.root_unit[i] = where_(scale[i] > 0, <double>4294967296, <double>1)
        scale[i] = factor * where_(scale[i] > 0, <double>5.421010862427522e-20, <double>1)
    for j in range(t.steps):
        for i in range(LANES):
            pull[i] = 0
        for k in range(t.steps):
            for i in range(LANES):
                pair = (y[j * LANES + i] == 1) & (y[k * LANES + i] == 0)
                half = fl_half_violation(0.5, x[k * LANES + i], x[j * LANES + i])
                half = where_(pair, half, <double>-1)
                pull[i] += step(half)
                gradient[k * LANES + i] += step(half)
                add_exactly(above_zero(half) * scale[i], &head[i], &tail[i])
        for i in range(LANES):
            gradient[j * LANES + i] -= pull[i]
    for i in range(LANES):
        t.value[i] = 2 * (head[i] + where_(abs_(head[i]) < INFINITY, tail[i], <double>0))
    for i in range(t.steps * LANES):
        gradient[i] *= factor


cdef void sort_ascending(const double* key, int64_t* order, int64_t* spare, Py_ssize_t n) noexcept nogil:
    """Order the `n` places in `order` by their keys: merge sort, bottom up, of runs of 8 sorted by insertion; stable."""
    cdef Py_ssize_t start, middle, end, i, j, k, width = 8
    cdef int64_t place
    cdef int64_t* source = order
    cdef int64_t* target = spare
    for start in range((n + 7) // 8):
        for i in range(start * 8 + 1, min(start * 8 + 8, n)):
            place = order[i]
            j = i
            while j > start * 8 and key[order[j - 1]] > key[place]:
                order[j] = order[j - 1]
                j -= 1
            order[j] = place
    while width < n:
        start = 0
        while start < n:
            middle = min(start + width, n)
            end = min(middle + width, n)
            i, j = start, middle
            for k in range(start, end):
                if i < middle and (j >= end or key[source[i]] <= key[source[j]]):
                    target[k] = source[i]
                    i += 1
                else:
                    target[k] = source[j]
                    j += 1
            start = end
        source, target = target, source
        width *= 2
    if source != order:
        memcpy(order, source, n * sizeof(int64_t))


cdef Py_ssize_t gather_members(const double* y, double member, int64_t* order, Py_ssize_t classes) noexcept nogil:
    cdef Py_ssize_t c, n = 0
    for c in range(classes):
        if y[c] == member:
            order[n] = c
            n += 1
    return n


cdef double sorted_multilabel_margin(const RowLossCall* call, Tile* t) noexcept nogil:
    """In O(C log C): members and others are sorted. From one other to the next larger one the sum over the members that it
    violates grows by (members violated) x (difference), and by the violations of new members: all terms are >= 0, so
    that nothing cancels."""
    cdef Py_ssize_t classes = call.classes, members, others, i, j = 0, k = 0
    cdef double factor = 1.0 / classes, scale = factor, half, running = 0, running_tail = 0, value = 0, tail = 0
    cdef int64_t* member = <int64_t*>t.a
    cdef int64_t* spare = <int64_t*>t.b
    cdef int64_t* other
    cdef double* x = t.x
    cdef double* gradient = t.gradient
    members = gather_members(t.y, 1, member, classes)
    other = member + members
    others = gather_members(t.y, 0, other, classes)
    if members == 0 or others == 0:
        return 0
    sort_ascending(x, member, spare, members)
    sort_ascending(x, other, spare, others)
    if ((x[member[0]] == -INFINITY and x[other[0]] == -INFINITY)
            or (x[member[members - 1]] == INFINITY and x[other[others - 1]] == INFINITY)):
        return NAN
    for i in range(others + members):
        if abs_(x[member[i]]) > HUGE_TERM:   # the others are behind the members
            t.root_unit[0], scale = 4294967296, factor * 5.421010862427522e-20
    for i in range(others):
        if j > 0:
            add_exactly(j * scale * fl_half_violation(0, x[other[i]], x[other[i - 1]]), &running, &running_tail)
        while j < members:
            half = fl_half_violation(0.5, x[other[i]], x[member[j]])
            if half <= 0:
                break
            add_exactly(scale * half, &running, &running_tail)
            j += 1
        while k < members and fl_half_violation(0.5, x[other[i]], x[member[k]]) >= 0:
            k += 1
        add_exactly(running, &value, &tail)
        tail += running_tail
        gradient[other[i]] = 0.5 * factor * (j + k)
    j = k = 0
    for i in range(members):     # others below the margin of a member, and those not above it
        while j < others and fl_half_violation(0.5, x[other[j]], x[member[i]]) <= 0:
            j += 1
        while k < others and fl_half_violation(0.5, x[other[k]], x[member[i]]) < 0:
            k += 1
        gradient[member[i]] = -0.5 * factor * ((others - j) + (others - k))
    return INFINITY if value == INFINITY else 2 * (value + tail)


add_row_loss("multiclass_hinge", 128, multiclass_hinge_rows, NULL)
add_row_loss("multi_margin", 128, multi_margin_rows, extreme_multi_margin)
add_row_loss("multilabel_margin", 64, multilabel_margin_rows, NULL)
