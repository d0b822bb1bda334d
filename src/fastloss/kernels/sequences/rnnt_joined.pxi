# The transducer whose scores are sums: at node (t, u) those of frame t and those of what was said before, class by class. In double,
# whatever the type.
#
# - e^(x + y) is e^x e^y: the sums of a softmax at all nodes are a product of two matrices, and the gradients are products with the same.
#   Nothing of the size of nodes times classes is made. It goes by blocks of classes, whose exponentials are made once for each pass.
# - Frames and places have units of their own: their largest score. Where both matter, but no class is large in both (less than e^-200 is
#   left of the node in these units), the node is swept over by itself; its `m` is the largest sum, else 0.
# - The blank and the node's own label are left out of the products, as in rnnt.pxi: what is near 1 is made of the others.

cdef extern from "sequences/rnnt.h" nogil:
    void fl_rnnt_floor(double*, Py_ssize_t) noexcept
    void fl_rnnt_products(const double*, Py_ssize_t, Py_ssize_t, const double*, Py_ssize_t, double*, Py_ssize_t, Py_ssize_t, Py_ssize_t,
                          Py_ssize_t) noexcept

cdef double LEAST_NODE = ldexp(1, -288)          # e^-200

cdef enum:
    CLASSES_AT_ONCE = 128        # of a block: its exponentials lie in the cache of the core
    FRAMES_AT_ONCE = 64

cdef struct Joined:              # of one sequence, beside its grid
    Py_ssize_t frames, n, first_frame, first_place, places   # rows of `transposed` have so many
    double* of_blank             # of each node: the scores of the blank and of the label, in the units of frame and place
    double* of_label
    double* frame_unit
    double* place_unit
    double* by_frame             # exponentials of a block of classes, of some frames and of all places
    double* by_place
    double* transposed
    double* frame_sum            # gradients of the same
    double* place_sum
    double* place_rest           # of nodes that are apart
    double* row                  # all classes of a frame, of a place, and of their node
    double* other
    double* node


cdef Py_ssize_t lay_out_joined(const RnntCall* call, Py_ssize_t nodes, Py_ssize_t frames, Py_ssize_t labels, Joined* j,
                               char* memory) noexcept nogil:
    """Deal out scratch; return how many bytes that takes."""
    cdef Py_ssize_t n = labels + 1, classes = eights(call.classes)
    cdef double* number = <double*>memory
    j.frames, j.n, j.places = frames, n, eights(n)
    j.of_blank, number = number, number + nodes
    j.of_label, number = number, number + nodes
    j.frame_unit, number = number, number + frames
    j.place_unit, number = number, number + n
    j.by_frame, number = number, number + FRAMES_AT_ONCE * CLASSES_AT_ONCE
    j.frame_sum, number = number, number + FRAMES_AT_ONCE * CLASSES_AT_ONCE
    j.by_place, number = number, number + n * CLASSES_AT_ONCE
    j.place_sum, number = number, number + n * CLASSES_AT_ONCE
    j.place_rest, number = number, number + n * CLASSES_AT_ONCE
    j.transposed, number = number, number + j.places * CLASSES_AT_ONCE
    j.row, number = number, number + classes
    j.other, number = number, number + classes
    j.node, number = number, number + classes
    return <char*>number - memory


cdef void load_frame_of(const RnntCall* call, const Joined* j, Py_ssize_t sequence, Py_ssize_t t, Py_ssize_t first, Py_ssize_t count,
                        double* x) noexcept nogil:
    """The scores of some classes in a frame."""
    load_run(&call.logits, frame_of(&call.logits, call.logits_stride, sequence, j.first_frame, t) + first * call.logits.class_stride,
             call.logits.class_stride, count, x)


cdef void load_place_of(const RnntCall* call, const Joined* j, Py_ssize_t sequence, Py_ssize_t u, Py_ssize_t first, Py_ssize_t count,
                        double* x) noexcept nogil:
    """The same behind so many labels."""
    load_run(&call.decoder, frame_of(&call.decoder, call.decoder_stride, sequence, j.first_place, u) + first * call.decoder.class_stride,
             call.decoder.class_stride, count, x)


cdef void set_units_of_joined(const RnntCall* call, const Grid* q, Joined* j, Py_ssize_t sequence) noexcept nogil:
    """Units, and the scores that the lattice needs."""
    cdef Py_ssize_t t, u, n = j.n
    cdef double m, blank
    for t in range(j.frames):
        load_frame_of(call, j, sequence, t, 0, call.classes, j.row)
        m = fl_block_max_f64(j.row, call.classes)
        j.frame_unit[t] = m
        for u in range(n):
            j.of_blank[t * n + u] = j.row[call.blank] - m
            j.of_label[t * n + u] = j.row[q.label[u]] - m if u < q.labels else -INFINITY
    for u in range(n):
        load_place_of(call, j, sequence, u, 0, call.classes, j.row)
        m = fl_block_max_f64(j.row, call.classes)
        j.place_unit[u] = m
        blank = j.row[call.blank] - m
        for t in range(j.frames):
            j.of_blank[t * n + u] += blank
        if u < q.labels:
            blank = j.row[q.label[u]] - m
            for t in range(j.frames):
                j.of_label[t * n + u] += blank


cdef void exponentials_of(double* x, double unit, Py_ssize_t count) noexcept nogil:
    """Of some classes, in their place; behind them 0."""
    cdef double ties = 0
    cdef Py_ssize_t c
    fl_block_exp_sum_f64(x, unit, x, count, &ties, NULL, 0)
    fl_rnnt_floor(x, count)
    for c in range(count, eights(count)):
        x[c] = 0


cdef void set_places(const RnntCall* call, const Grid* q, Joined* j, Py_ssize_t sequence, Py_ssize_t first, Py_ssize_t count) noexcept nogil:
    """Exponentials of a block of classes at all places; those of the blank and of the place's label are 0."""
    cdef Py_ssize_t u
    cdef double* e
    for u in range(j.n):
        e = j.by_place + u * CLASSES_AT_ONCE
        load_place_of(call, j, sequence, u, first, count, e)
        exponentials_of(e, j.place_unit[u], count)
        if 0 <= call.blank - first < count:
            e[call.blank - first] = 0
        if u < q.labels and 0 <= q.label[u] - first < count:
            e[q.label[u] - first] = 0


cdef void set_frames(const RnntCall* call, Joined* j, Py_ssize_t sequence, Py_ssize_t begin, Py_ssize_t frames, Py_ssize_t first,
                     Py_ssize_t count) noexcept nogil:
    """The same in some frames, of all classes."""
    cdef Py_ssize_t t
    for t in range(frames):
        load_frame_of(call, j, sequence, begin + t, first, count, j.by_frame + t * CLASSES_AT_ONCE)
        exponentials_of(j.by_frame + t * CLASSES_AT_ONCE, j.frame_unit[begin + t], count)


cdef void sums_of_joined(const RnntCall* call, Grid* q, Joined* j, Py_ssize_t sequence) noexcept nogil:
    """As `sums_of_nodes`."""
    cdef Py_ssize_t first = 0, begin, count, frames, t, u, c, k, n = j.n
    cdef double blank, label, ties
    cdef bint loaded
    q.lost = False
    set_units_of_joined(call, q, j, sequence)
    memset(q.others, 0, q.frames * n * sizeof(double))
    while first < call.classes:
        count = min(<Py_ssize_t>CLASSES_AT_ONCE, call.classes - first)
        set_places(call, q, j, sequence, first, count)
        for u in range(j.places):
            for c in range(count):
                j.transposed[c * j.places + u] = j.by_place[u * CLASSES_AT_ONCE + c] if u < n else 0
        begin = 0
        while begin < q.frames:
            if fl_stopped(&call.stop):
                return
            frames = min(<Py_ssize_t>FRAMES_AT_ONCE, q.frames - begin)
            set_frames(call, j, sequence, begin, frames, first, count)
            fl_rnnt_products(j.by_frame, 1, CLASSES_AT_ONCE, j.transposed, j.places, q.others + begin * n, n, count, frames, n)
            begin += FRAMES_AT_ONCE
        first += CLASSES_AT_ONCE
    for t in range(q.frames):
        loaded = False
        if fl_stopped(&call.stop):
            return
        for u in range(n):
            k = t * n + u
            q.m[k] = 0
            if q.others[k] + (exp_(j.of_blank[k]) + exp_(j.of_label[k])) < LEAST_NODE:
                if not loaded:
                    load_frame_of(call, j, sequence, t, 0, call.classes, j.row)
                    loaded = True
                load_place_of(call, j, sequence, u, 0, call.classes, j.other)
                for c in range(call.classes):
                    j.node[c] = (j.row[c] - j.frame_unit[t]) + (j.other[c] - j.place_unit[u])
                q.m[k] = fl_block_max_f64(j.node, call.classes)
                j.node[call.blank] = -INFINITY
                if u < q.labels:
                    j.node[q.label[u]] = -INFINITY
                ties = 0
                q.others[k] = fl_block_exp_sum_f64(j.node, q.m[k], j.node, call.classes, &ties, NULL, 0)
                q.others[k] += ties
            blank = exponential(q, j.of_blank[k] - q.m[k])
            label = exponential(q, j.of_label[k] - q.m[k])
            q.all[k] = q.others[k] + (blank + label) if q.m[k] > -INFINITY else NAN
            q.blank[k] = q.p[k] = blank / q.all[k]
            q.next[k] = q.r[k] = label / q.all[k]


cdef void add_nodes_apart(const RnntCall* call, const Grid* q, const Joined* j, Py_ssize_t sequence, Py_ssize_t t, Py_ssize_t first,
                          Py_ssize_t count, double* by_frame) noexcept nogil:
    """Gradients of a frame's nodes that are apart, of a block of classes."""
    cdef Py_ssize_t u, c, k
    cdef double e
    cdef bint loaded = False
    for u in range(j.n):
        k = t * j.n + u
        if q.m[k] == 0 or q.all[k] == 0:
            continue
        if not loaded:
            load_frame_of(call, j, sequence, t, first, count, j.row)
            loaded = True
        load_place_of(call, j, sequence, u, first, count, j.other)
        for c in range(count):
            e = exp_(((j.row[c] - j.frame_unit[t]) + (j.other[c] - j.place_unit[u])) - q.m[k]) * q.all[k]
            if first + c == call.blank or (u < q.labels and first + c == q.label[u]):
                e = 0
            by_frame[c] += e
            j.place_rest[u * CLASSES_AT_ONCE + c] += e


cdef void gradients_of_joined(const RnntCall* call, Grid* q, Joined* j, Py_ssize_t sequence, double scale) noexcept nogil:
    """The gradients of all frames and places. `a` is left with what exponentials are multiplied by, of nodes that are apart `all`; `blank`
    and `next` with the gradients of the blank and of the label."""
    cdef Py_ssize_t first = 0, begin, count, frames, t, u, c, k, n = j.n
    cdef double here
    cdef double* row
    cdef bint by_frames = call.gradient.data != NULL, by_places = call.decoder_gradient.data != NULL
    for k in range(q.frames * n):
        q.next[k] *= 1 + call.fast
        here = q.blank[k] + q.next[k]
        gradients_of_step(here, q.p[k], q.r[k], here * (q.others[k] / q.all[k]), &q.blank[k], &q.next[k])
        q.blank[k] *= scale
        q.next[k] *= scale
        q.all[k] = here * scale / q.all[k]
        q.a[k] = q.all[k] if q.m[k] == 0 else 0
    while first < call.classes:
        count = min(<Py_ssize_t>CLASSES_AT_ONCE, call.classes - first)
        set_places(call, q, j, sequence, first, count)
        memset(j.place_sum, 0, n * CLASSES_AT_ONCE * sizeof(double))
        memset(j.place_rest, 0, n * CLASSES_AT_ONCE * sizeof(double))
        begin = 0
        while begin < q.frames:
            if fl_stopped(&call.stop):
                return
            frames = min(<Py_ssize_t>FRAMES_AT_ONCE, q.frames - begin)
            set_frames(call, j, sequence, begin, frames, first, count)
            if by_places:
                fl_rnnt_products(q.a + begin * n, n, 1, j.by_frame, CLASSES_AT_ONCE, j.place_sum, CLASSES_AT_ONCE, frames, n, count)
            memset(j.frame_sum, 0, frames * CLASSES_AT_ONCE * sizeof(double))
            if by_frames:
                fl_rnnt_products(q.a + begin * n, 1, n, j.by_place, CLASSES_AT_ONCE, j.frame_sum, CLASSES_AT_ONCE, n, frames, count)
            for t in range(frames):
                row = j.frame_sum + t * CLASSES_AT_ONCE
                for c in range(count):
                    row[c] *= j.by_frame[t * CLASSES_AT_ONCE + c]
                add_nodes_apart(call, q, j, sequence, begin + t, first, count, row)
                for u in range(n):
                    k = (begin + t) * n + u
                    if 0 <= call.blank - first < count:
                        row[call.blank - first] += q.blank[k]
                    if u < q.labels and 0 <= q.label[u] - first < count:
                        row[q.label[u] - first] += q.next[k]
                if by_frames:
                    store_run(&call.gradient, frame_of(&call.gradient, call.gradient_stride, sequence, j.first_frame, begin + t)
                              + first * call.gradient.class_stride, call.gradient.class_stride, count, row)
            begin += FRAMES_AT_ONCE
        for u in range(n if by_places else 0):
            row = j.place_sum + u * CLASSES_AT_ONCE
            for c in range(count):
                row[c] = row[c] * j.by_place[u * CLASSES_AT_ONCE + c] + j.place_rest[u * CLASSES_AT_ONCE + c]
            for t in range(q.frames):
                if 0 <= call.blank - first < count:
                    row[call.blank - first] += q.blank[t * n + u]
                if u < q.labels and 0 <= q.label[u] - first < count:
                    row[q.label[u] - first] += q.next[t * n + u]
            store_run(&call.decoder_gradient, frame_of(&call.decoder_gradient, call.decoder_gradient_stride, sequence, j.first_place, u)
                      + first * call.decoder_gradient.class_stride, call.decoder_gradient.class_stride, count, row)
        first += CLASSES_AT_ONCE


cdef void fill_joined(const RnntCall* call, const Joined* j, Py_ssize_t sequence, double number, bint whole, double* row) noexcept nogil:
    """Padding becomes 0, the rest a number if it is to be filled as a `whole`."""
    cdef Py_ssize_t t, c
    for t in range(0 if whole else j.frames, max(j.frames, <Py_ssize_t>call.padded_frames) if call.gradient.data != NULL else 0):
        for c in range(call.classes):
            row[c] = number if t < j.frames else 0
        store_run(&call.gradient, frame_of(&call.gradient, call.gradient_stride, sequence, j.first_frame, t), call.gradient.class_stride,
                  call.classes, row)
    for t in range(0 if whole else j.n, max(j.n, <Py_ssize_t>call.padded_nodes) if call.decoder_gradient.data != NULL else 0):
        for c in range(call.classes):
            row[c] = number if t < j.n else 0
        store_run(&call.decoder_gradient, frame_of(&call.decoder_gradient, call.decoder_gradient_stride, sequence, j.first_place, t),
                  call.decoder_gradient.class_stride, call.classes, row)
