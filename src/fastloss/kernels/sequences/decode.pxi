# Labels read off the scores of frames: the best class of each frame, or the best of some label sequences; and the best alignment of
# labels that are known. In double, whatever the type.
#
# The beam holds label sequences, each with the probability of all its alignments so far, those that end in the blank apart from
# those that end in its last label. A frame keeps the most probable of those there were and of these with one more label. Two ways to
# one label sequence are added up: a trie has one node for each. Probabilities are rescaled by powers of 2.

cdef enum Decoded:               # what is noted of a sequence
    FRAME_IS_BAD = 1             # a score is NaN or +infinity, or all of a frame are -infinity
    NO_ALIGNMENT = 2             # none fits, or all have a score of -infinity

cdef struct DecodeCall:
    Operand logits, frames, first_frame, status, score, start, found, count, labels, label_start, first, last
    Py_ssize_t stride[2]
    Py_ssize_t classes, width, most_frames, most_labels
    int64_t blank
    bint normalized
    int stop                     # set: the call is to end, whatever it leaves

cdef struct Node:                # a label sequence: that of its parent, and one more label
    int64_t parent, label, child, sibling, place    # its first child, its parent's next one; its place in the beam, or -1

cdef struct Entry:               # of the beam
    int64_t node, label          # and, of a candidate, the label that comes behind that of the node; -1: none
    double blank, other, total   # probabilities of what ends in the blank, in the last label, and both

cdef struct Best:                # a class of a frame
    double p
    int64_t label


cdef inline bint load_frame(const DecodeCall* call, Py_ssize_t sequence, Py_ssize_t first, Py_ssize_t t, double* x, double* top,
                            int64_t* where) noexcept nogil:
    """The scores of a frame, the largest and its first class; False: they are none."""
    cdef Py_ssize_t c
    cdef bint good = True
    load_run(&call.logits, frame_of(&call.logits, call.stride, sequence, first, t), call.logits.class_stride, call.classes, x)
    top[0], where[0] = -INFINITY, 0
    for c in range(call.classes):
        good &= x[c] < INFINITY
        if x[c] > top[0]:
            top[0], where[0] = x[c], c
    return good and top[0] > -INFINITY


cdef inline double best_of_frame(const DecodeCall* call, double* x, double top) noexcept nogil:
    """The logarithm of the probability of the likeliest class; exponentials of x - top into `x`."""
    cdef double ties = 0, total
    total = fl_block_exp_sum_f64(x, top, x, call.classes, &ties, NULL, 0)
    return top if call.normalized else -log_(total + ties)


cdef double greedy_block(void* pointer, Py_ssize_t sequence, void* scratch) noexcept nogil:
    cdef const DecodeCall* call = <const DecodeCall*>pointer
    cdef Py_ssize_t frames = (<const int64_t*>call.frames.data)[sequence], first = (<const int64_t*>call.first_frame.data)[sequence]
    cdef int64_t* found = <int64_t*>call.found.data + (<const int64_t*>call.start.data)[sequence]
    cdef double* x = <double*>scratch
    cdef int64_t before = call.blank, best = 0
    cdef Py_ssize_t t, count = 0
    cdef double top = 0, score = 0
    for t in range(frames):
        if fl_stopped(&call.stop):
            return 0
        if not load_frame(call, sequence, first, t, x, &top, &best):
            (<unsigned char*>call.status.data)[sequence] = FRAME_IS_BAD
            return 0
        score += best_of_frame(call, x, top)
        if best != call.blank and best != before:
            found[count] = best
            count += 1
        before = best
    (<int64_t*>call.count.data)[sequence] = count
    (<double*>call.score.data)[sequence] = score
    return 0


cdef inline bint above(const Entry* a, const Entry* b) noexcept nogil:
    """Whether one is better. Of two that are as good it is the shorter one, then the one that came first: all have an order."""
    if a.total != b.total:
        return a.total > b.total
    if (a.label < 0) != (b.label < 0):
        return a.label < 0
    return a.node < b.node if a.node != b.node else a.label < b.label


cdef inline void sink(Entry* heap, Py_ssize_t k, Py_ssize_t n) noexcept nogil:
    """Let an entry go down to its place; the worst is the first."""
    cdef Py_ssize_t child
    cdef Entry moved = heap[k]
    while 2 * k + 1 < n:
        child = 2 * k + 1
        if child + 1 < n and above(&heap[child], &heap[child + 1]):
            child += 1
        if not above(&moved, &heap[child]):
            break
        heap[k] = heap[child]
        k = child
    heap[k] = moved


cdef inline void offer(Entry* heap, Py_ssize_t* n, Py_ssize_t most, const Entry* entry) noexcept nogil:
    """Take an entry among the best."""
    cdef Py_ssize_t k
    if n[0] < most:
        heap[n[0]] = entry[0]
        n[0] += 1
        if n[0] == most:
            for k in range(most // 2 - 1, -1, -1):
                sink(heap, k, most)
    elif above(entry, &heap[0]):
        heap[0] = entry[0]
        sink(heap, 0, most)


cdef inline void sort_best(Entry* heap, Py_ssize_t n) noexcept nogil:
    """The best first."""
    cdef Py_ssize_t k
    cdef Entry swapped
    for k in range(n // 2 - 1, -1, -1):
        sink(heap, k, n)
    for k in range(n - 1, 0, -1):
        swapped = heap[0]
        heap[0] = heap[k]
        heap[k] = swapped
        sink(heap, 0, k)


cdef Py_ssize_t best_classes(const DecodeCall* call, const double* e, Entry* heap, Best* best) noexcept nogil:
    """The likeliest classes but the blank, as many as the beam can make use of, the likeliest first."""
    cdef Py_ssize_t c, n = 0, most = min(call.classes - 1, 2 * call.width + 1)
    cdef Entry entry
    if most == 0:
        return 0
    memset(&entry, 0, sizeof(Entry))
    for c in range(call.classes):
        if c != call.blank and e[c] > 0 and (n < most or e[c] > heap[0].total):
            entry.node, entry.total = c, e[c]
            offer(heap, &n, most, &entry)
    sort_best(heap, n)
    for c in range(n):
        best[c].p, best[c].label = heap[c].total, heap[c].node
    return n


cdef inline int64_t child_of(const Node* nodes, int64_t node, int64_t label) noexcept nogil:
    """The node of a label sequence with one more label, -1 if there is none."""
    cdef int64_t child = nodes[node].child
    while child >= 0 and nodes[child].label != label:
        child = nodes[child].sibling
    return child


cdef double beam_block(void* pointer, Py_ssize_t sequence, void* scratch) noexcept nogil:
    cdef const DecodeCall* call = <const DecodeCall*>pointer
    cdef Py_ssize_t frames = (<const int64_t*>call.frames.data)[sequence], first = (<const int64_t*>call.first_frame.data)[sequence]
    cdef Py_ssize_t W = call.width, t, k, i, n = 1, kept, likely, count = 0
    cdef Node* nodes = <Node*>scratch
    cdef Entry* beam = <Entry*>(nodes + call.most_frames * W + 1)
    cdef Entry* next = beam + W
    cdef Entry* heap = next + W
    cdef Best* best = <Best*>(heap + 2 * W + 1)
    cdef double* x = <double*>(best + 2 * W + 1)
    cdef int64_t* found = <int64_t*>call.found.data + (<const int64_t*>call.start.data)[sequence]
    cdef int64_t made = 1, top_class = 0, parent, node, label, exponent = 0
    cdef double top = 0, score = 0, p, unit
    cdef int power
    cdef Entry entry
    cdef Entry* own
    cdef Entry* swapped
    memset(nodes, 0, sizeof(Node))
    nodes[0].parent = nodes[0].label = nodes[0].child = nodes[0].sibling = -1
    beam[0].node, beam[0].label, beam[0].blank, beam[0].other, beam[0].total = 0, -1, 1, 0, 1
    for t in range(frames):
        if fl_stopped(&call.stop):
            return 0
        if not load_frame(call, sequence, first, t, x, &top, &top_class):
            (<unsigned char*>call.status.data)[sequence] = FRAME_IS_BAD
            return 0
        score += best_of_frame(call, x, top)
        likely = best_classes(call, x, heap, best)
        kept = 0
        for k in range(n):       # those there are: by the blank, by the last label again, and by that label behind the parent
            own = &beam[k]
            label, parent = nodes[own.node].label, nodes[own.node].parent
            entry.node, entry.label, entry.blank, entry.other = own.node, -1, own.total * x[call.blank], 0
            if label >= 0:
                p = own.other
                if nodes[parent].place >= 0:
                    i = nodes[parent].place
                    p += beam[i].blank if nodes[parent].label == label else beam[i].total
                entry.other = p * x[label]
            entry.total = entry.blank + entry.other
            offer(next, &kept, W, &entry)
        for k in range(n):       # one more label; where that is in the beam, it was counted above
            own = &beam[k]
            label = nodes[own.node].label
            for i in range(likely):
                entry.node, entry.label, entry.blank = own.node, best[i].label, 0
                entry.other = best[i].p * (own.blank if best[i].label == label else own.total)
                entry.total = entry.other
                if kept == W and best[i].label != label and not above(&entry, &next[0]):
                    break
                if entry.total > 0:
                    node = child_of(nodes, own.node, best[i].label)
                    if node < 0 or nodes[node].place < 0:
                        offer(next, &kept, W, &entry)
        sort_best(next, kept)
        power = fl_ctc_rescaling(next[0].total) - FL_CTC_HIGH    # to about 1
        unit = ldexp(1, power)
        exponent += power
        for k in range(n):
            nodes[beam[k].node].place = -1
        for k in range(kept):
            own = &next[k]
            if own.label >= 0:
                node = child_of(nodes, own.node, own.label)
                if node < 0:
                    node = made
                    made += 1
                    nodes[node].parent, nodes[node].label, nodes[node].child = own.node, own.label, -1
                    nodes[node].sibling, nodes[own.node].child = nodes[own.node].child, node
                own.node, own.label = node, -1
            nodes[own.node].place = k
            own.blank *= unit
            own.other *= unit
            own.total *= unit
        swapped = beam
        beam = next
        next = swapped
        n = kept
    node = beam[0].node
    while nodes[node].parent >= 0:
        count += 1
        node = nodes[node].parent
    node = beam[0].node
    for k in range(count - 1, -1, -1):
        found[k] = nodes[node].label
        node = nodes[node].parent
    (<int64_t*>call.count.data)[sequence] = count
    (<double*>call.score.data)[sequence] = score + (log_(beam[0].total) - exponent * FL_CTC_LN2)
    return 0


cdef double align_block(void* pointer, Py_ssize_t sequence, void* scratch) noexcept nogil:
    """The best path: states 2 i are blanks, 2 i + 1 labels. Of each frame and state it is kept how far back it came from."""
    cdef const DecodeCall* call = <const DecodeCall*>pointer
    cdef Py_ssize_t frames = (<const int64_t*>call.frames.data)[sequence], first = (<const int64_t*>call.first_frame.data)[sequence]
    cdef Py_ssize_t begin = (<const int64_t*>call.label_start.data)[sequence]
    cdef Py_ssize_t labels = (<const int64_t*>call.label_start.data)[sequence + 1] - begin, states = 2 * labels + 1, t, s
    cdef const int64_t* label = <const int64_t*>call.labels.data + begin
    cdef int64_t* first_of = <int64_t*>call.first.data + begin
    cdef int64_t* last_of = <int64_t*>call.last.data + begin
    cdef double* row = <double*>scratch + 2      # states before the first have no path
    cdef double* x = row + 2 * call.most_labels + 1
    cdef unsigned char* came = <unsigned char*>(x + 2 * call.classes)
    cdef double top = 0, best, score = 0
    cdef double* e = x + call.classes
    cdef int64_t where = 0
    cdef unsigned char back
    cdef unsigned char* of_frame
    for s in range(-2, states):
        row[s] = -INFINITY
    for t in range(frames):
        if fl_stopped(&call.stop):
            return 0
        if not load_frame(call, sequence, first, t, x, &top, &where):
            (<unsigned char*>call.status.data)[sequence] = FRAME_IS_BAD
            return 0
        memcpy(e, x, call.classes * sizeof(double))
        score += best_of_frame(call, e, top)
        of_frame = came + t * states
        if t == 0:
            row[0] = x[call.blank] - top
            if labels:
                row[1] = x[label[0]] - top
            continue
        for s in range(states - 1, -1, -1):      # from the last: the row is changed in its place
            best, back = row[s], 0
            if row[s - 1] > best:
                best, back = row[s - 1], 1
            if s & 1 and s > 1 and label[s // 2] != label[s // 2 - 1] and row[s - 2] > best:
                best, back = row[s - 2], 2
            row[s] = best + ((x[label[s // 2]] if s & 1 else x[call.blank]) - top)
            of_frame[s] = back
    s = states - 1
    if labels and row[s - 1] > row[s]:
        s -= 1
    best = row[s]
    if frames == 0:
        best = -INFINITY if labels else 0
    if best == -INFINITY:
        (<unsigned char*>call.status.data)[sequence] = NO_ALIGNMENT
        return 0
    (<double*>call.score.data)[sequence] = best + score
    for t in range(frames - 1, -1, -1):
        if s & 1:
            first_of[s // 2] = t
            if last_of[s // 2] < t:
                last_of[s // 2] = t
        if t > 0:
            s -= came[t * states + s]
    return 0
