# The short way of losses of sequences (frame/plain.pxi): what kinds/ctc.py, rnnt.py and crf.py do, with padded sequences. Those that
# lie one behind the other are left to them.

cdef enum Per:                   # what the loss of a sequence is divided by
    SEQUENCE
    LABEL
    FRAME

cdef struct SequencesRoom:       # the memory of a call begins with it
    Py_ssize_t labels, most_frames, most_labels      # of all; of a sequence
    int64_t* frames              # how many each sequence has
    int64_t* counts              # the same of labels
    int64_t* start               # where the labels of each begin; and the end
    int64_t* first               # zeros
    double* weight
    double* share
    double* staged
    double* extra                # as many as a kind has asked for
    int64_t* label               # one sequence behind the other
    unsigned char* impossible


cdef bint take_lengths(const Plain* plain, Py_ssize_t samples, Py_ssize_t most, double* staged, int64_t* lengths) noexcept nogil:
    """Take how long each sequence is, `most` where nobody says; whether these are lengths."""
    cdef Py_ssize_t i
    if not plain.held:
        for i in range(samples):
            lengths[i] = most
        return True
    if plain.view.ndim != 1 or plain.view.shape[0] != samples or not INT8 <= plain.dtype <= UINT64 or not take_numbers(plain, staged):
        return False
    for i in range(samples):
        if not 0 <= staged[i] <= most:
            return False
        lengths[i] = <int64_t>staged[i]
    return True


cdef SequencesRoom* take_sequences(PlainWork* work, const Plain* y_true, const Plain* frames, const Plain* counts, Py_ssize_t samples,
                                   Py_ssize_t most_frames, Py_ssize_t extra) noexcept nogil:
    """Take padded labels and lengths; NULL where these do not go together. `counts` NULL: there is a label for each frame."""
    cdef Py_ssize_t width, n, k
    cdef SequencesRoom* own
    if y_true.view.ndim != 2 or y_true.view.shape[0] != samples or y_true.dtype > UINT64 or samples == 0:
        return NULL
    width = y_true.view.shape[1]
    own = <SequencesRoom*>room(work, sizeof(SequencesRoom) + (7 * samples + 1 + extra + samples * width) * sizeof(double) + samples)
    if own == NULL:
        return NULL
    own.frames = <int64_t*>(own + 1)
    own.counts, own.start, own.first = own.frames + samples, own.frames + 2 * samples, own.frames + 3 * samples + 1
    own.weight = <double*>(own.first + samples)
    own.share, own.staged, own.extra = own.weight + samples, own.weight + 2 * samples, own.weight + 3 * samples
    own.label = <int64_t*>(own.extra + extra)
    own.impossible = <unsigned char*>(own.label + samples * width)
    if not take_lengths(frames, samples, most_frames, own.staged, own.frames):
        return NULL
    if counts == NULL:
        memcpy(own.counts, own.frames, samples * sizeof(int64_t))
    elif not take_lengths(counts, samples, width, own.staged, own.counts):
        return NULL
    if not take_numbers(y_true, <double*>own.label):
        return NULL
    own.labels = own.most_frames = own.most_labels = own.start[0] = 0
    for n in range(samples):
        if own.counts[n] > width:
            return NULL
        for k in range(own.counts[n]):       # where they were read from lies at the same place, or behind it
            own.label[own.labels + k] = <int64_t>(<double*>own.label)[n * width + k]
        own.labels += own.counts[n]
        own.start[n + 1] = own.labels
        own.first[n], own.impossible[n], own.share[n] = 0, 0, 1
        own.most_frames = max(own.most_frames, <Py_ssize_t>own.frames[n])
        own.most_labels = max(own.most_labels, <Py_ssize_t>own.counts[n])
    work.class_axis, work.dimensions, work.shape[0], work.samples = work.pred.view.ndim - 1, 1, samples, samples
    return own


cdef bint valid_labels(const SequencesRoom* own, Py_ssize_t classes, int64_t blank) noexcept nogil:
    """Whether all are classes, and none is the blank (-1: there is none)."""
    cdef Py_ssize_t k
    cdef bint valid = True
    for k in range(own.labels):
        valid &= (0 <= own.label[k]) & (own.label[k] < classes) & (own.label[k] != blank)
    return valid


cdef void share_out(SequencesRoom* own, Py_ssize_t samples, int per) noexcept nogil:
    """Leave what the loss of each is multiplied by."""
    cdef Py_ssize_t n
    for n in range(samples if per != SEQUENCE else 0):
        own.share[n] = 1 / <double>max(own.counts[n] if per == LABEL else own.frames[n], <int64_t>1)


cdef bint any_impossible(const SequencesRoom* own, Py_ssize_t samples) noexcept nogil:
    cdef Py_ssize_t n
    for n in range(samples):
        if own.impossible[n]:
            return True
    return False


cdef inline void set_stride(Py_ssize_t* stride, const Plain* plain, bint swapped) noexcept nogil:
    """Take those of sequences and of frames."""
    if plain.held:
        stride[0], stride[1] = plain.view.strides[swapped], plain.view.strides[not swapped]


cdef class PlainLattice(PlainCall):
    """Of alignments, and of ways through a grid."""
    cdef int64_t blank
    cdef int per
    cdef bint normalized, raises, zero

    cdef int take_parameters(self, object blank, str per, str impossible, bint normalized) except -1:
        self.blank, self.per, self.normalized = blank, {"sequence": SEQUENCE, "label": LABEL, "frame": FRAME}[per], normalized
        self.raises, self.zero, self.results = impossible == "raise", impossible == "zero", VALUE | GRADIENT
        return 0

    cdef int64_t blank_of(self, Py_ssize_t classes) noexcept nogil:
        """The class that is the blank; -1 where there is none."""
        return -1 if not -classes <= self.blank < classes else self.blank + (classes if self.blank < 0 else 0)

    cdef bint reaches(self, const SequencesRoom* own, Py_ssize_t samples) noexcept nogil:
        """Whether there is a path through each sequence."""
        return False

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef SequencesRoom* own = <SequencesRoom*>work.memory
        cdef Py_ssize_t classes = work.pred.view.shape[work.class_axis]
        # Of a path that turns out to be none the long way says so: it has to read the logits again.
        if self.raises and (work.in_place or not self.reaches(own, work.samples)):
            return NAN
        return weigh_each(work, own.weight) if valid_labels(own, classes, self.blank_of(classes)) else NAN


cdef class PlainAlignments(PlainLattice):
    """Of CTC."""
    cdef bint time_first         # frames are the first axis, sequences the second

    def __init__(self, double factor, object blank, str per, str impossible, bint normalized, bint time_first, tuple operands, *,
                 Py_ssize_t arguments, tuple predictions, tuple names, int target):
        self.factor, self.time_first = factor, time_first
        self.take_parameters(blank, per, impossible, normalized)
        self.take_arguments(arguments, predictions, names)
        self.take_operands(operands, 2)

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef const Py_buffer* view = &work.pred.view
        cdef SequencesRoom* own = NULL
        if view.ndim == 3 and self.blank_of(view.shape[2]) >= 0:
            own = take_sequences(work, &work.array[0], &work.array[3], &work.array[2], view.shape[self.time_first],
                                 view.shape[not self.time_first], 0)
        return own != NULL

    cdef bint reaches(self, const SequencesRoom* own, Py_ssize_t samples) noexcept nogil:
        cdef Py_ssize_t n, k
        cdef int64_t needed
        for n in range(samples):
            needed = own.counts[n]
            for k in range(own.start[n] + 1, own.start[n + 1]):
                needed += own.label[k] == own.label[k - 1]
            if own.frames[n] < needed:
                return False
        return True

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef SequencesRoom* own = <SequencesRoom*>work.memory
        cdef CtcCall call
        cdef double total
        share_out(own, work.samples, self.per)
        call.classes = work.pred.view.shape[2]
        call.blank, call.normalized, call.impossible_is_zero = self.blank_of(call.classes), self.normalized, self.zero
        call.most_frames, call.most_labels, call.padded_frames = own.most_frames, own.most_labels, work.pred.view.shape[not self.time_first]
        call.denominator, call.value_factor = work.denominator, work.value_factor
        set_result(&call.logits, work.pred, 2)
        set_result(&call.gradient, &work.array[OUT_GRADIENT], 2)
        set_result(&call.value, &work.array[OUT_VALUE], -1)
        set_stride(call.logits_stride, work.pred, self.time_first)
        set_stride(call.gradient_stride, &work.array[OUT_GRADIENT], self.time_first)
        call.labels.data, call.label_start.data, call.frames.data = <char*>own.label, <char*>own.start, <char*>own.frames
        call.first_frame.data, call.share.data, call.weight.data = <char*>own.first, <char*>own.share, <char*>own.weight
        call.impossible.data = <char*>own.impossible
        total = run_ctc(&call, work.double_precision, work.samples, work.threads)
        work.left = self.raises and any_impossible(own, work.samples)
        return total


cdef class PlainGrids(PlainLattice):
    """Of the transducer, whose scores are given for each node, or are sums of those of an encoder and a decoder."""
    cdef double fast

    def __init__(self, double factor, object blank, str per, str impossible, bint normalized, double fast, tuple operands, *,
                 Py_ssize_t arguments, tuple predictions, tuple names, int target):
        self.factor, self.fast = factor, fast
        self.take_parameters(blank, per, impossible, normalized)
        self.take_arguments(arguments, predictions, names)
        self.take_operands(operands, 1 + self.predictions)

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef bint joined = self.predictions == 2
        cdef const Plain* places = &work.array[2 if joined else 1]      # whose last axis but one has the places in labels
        cdef int axes = 3 if joined else 4, counts = 1 + self.predictions
        cdef SequencesRoom* own = NULL
        cdef Py_ssize_t classes
        if work.pred.view.ndim != axes or places.view.ndim != axes or places.dtype != work.pred.dtype:
            return False
        classes = work.pred.view.shape[axes - 1]
        if self.blank_of(classes) < 0 or places.view.shape[axes - 1] != classes or places.view.shape[0] != work.pred.view.shape[0]:
            return False
        own = take_sequences(work, &work.array[0], &work.array[counts + 1], &work.array[counts], work.pred.view.shape[0],
                             work.pred.view.shape[1], 0)
        if own == NULL or own.most_labels >= places.view.shape[axes - 2]:
            return False
        if joined:
            work.numbers = own.most_frames * (own.most_labels + 1) * work.samples * classes      # at most
        return True

    cdef bint reaches(self, const SequencesRoom* own, Py_ssize_t samples) noexcept nogil:
        cdef Py_ssize_t n
        for n in range(samples):
            if own.frames[n] == 0:
                return False
        return True

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef SequencesRoom* own = <SequencesRoom*>work.memory
        cdef Py_buffer* view = &work.pred.view
        cdef RnntCall call
        cdef bint joined = self.predictions == 2
        cdef int last = view.ndim - 1, k
        cdef Py_ssize_t n
        cdef double total
        share_out(own, work.samples, self.per)
        call.classes = view.shape[last]
        call.blank, call.normalized, call.impossible_is_zero = self.blank_of(call.classes), self.normalized, self.zero
        call.most_frames, call.most_labels, call.padded_frames = own.most_frames, own.most_labels, view.shape[1]
        call.padded_nodes, call.packed, call.most_nodes = view.shape[2], False, 0
        for n in range(work.samples):
            call.most_nodes = max(call.most_nodes, own.frames[n] * (own.counts[n] + 1))
        call.fast, call.denominator, call.value_factor = self.fast, work.denominator, work.value_factor
        set_result(&call.logits, work.pred, last)
        set_result(&call.gradient, &work.array[OUT_GRADIENT], last)
        set_result(&call.value, &work.array[OUT_VALUE], -1)
        call.decoder.data = call.decoder_gradient.data = NULL
        for k in range(3):
            call.logits_stride[k] = view.strides[k] if k < last else 0
            if call.gradient.data != NULL:
                call.gradient_stride[k] = work.array[OUT_GRADIENT].view.strides[k] if k < last else 0
        if joined:
            call.padded_nodes = work.array[2].view.shape[1]
            set_result(&call.decoder, &work.array[2], last)
            set_result(&call.decoder_gradient, &work.array[OUT_GRADIENT + 1], last)
            set_stride(call.decoder_stride, &work.array[2], False)
            set_stride(call.decoder_gradient_stride, &work.array[OUT_GRADIENT + 1], False)
        call.first_node.data = call.first_frame.data = call.first_place.data = <char*>own.first
        call.labels.data, call.label_start.data, call.frames.data = <char*>own.label, <char*>own.start, <char*>own.frames
        call.share.data, call.weight.data, call.impossible.data = <char*>own.share, <char*>own.weight, <char*>own.impossible
        total = run_rnnt(&call, work.double_precision, work.samples, work.threads)
        work.left = self.raises and any_impossible(own, work.samples)
        return total


cdef class PlainChains(PlainCall):
    """Of linear-chain conditional random fields."""
    cdef Py_ssize_t columns, most_parts, fewest_parts, numbers

    def __init__(self, double factor, Py_ssize_t columns, tuple parts, tuple operands, *, Py_ssize_t arguments, tuple predictions,
                 tuple names, int target):
        """`columns`: tables are as wide as a multiple of it. `parts`: the most and the fewest that the gradient of what all sequences
        share is added up in, and the most numbers of all of them."""
        self.factor, self.results, self.columns = factor, VALUE | GRADIENT, columns
        self.most_parts, self.fewest_parts, self.numbers = parts
        self.take_arguments(arguments, predictions, names)
        self.take_operands(operands, 3)

    cdef Py_ssize_t width_of(self, Py_ssize_t tags) noexcept nogil:
        return (tags + self.columns - 1) // self.columns * self.columns

    cdef Py_ssize_t in_part(self, Py_ssize_t samples, Py_ssize_t size) noexcept nogil:
        """How many sequences a part has."""
        cdef Py_ssize_t most = min(self.most_parts, max(self.fewest_parts, self.numbers // size))
        cdef Py_ssize_t count = max((samples + most - 1) // most, <Py_ssize_t>1)
        return count + count % 2 if samples >= 2 * self.fewest_parts else count

    cdef bint suits(self, PlainWork* work) noexcept:
        cdef Py_buffer* view = &work.pred.view
        cdef const Plain* given
        cdef SequencesRoom* own
        cdef Py_ssize_t tags, width, samples, parts, k
        if view.ndim != 3 or work.pred.dtype < FLOAT32:
            return False
        samples, tags, width = view.shape[0], view.shape[2], self.width_of(view.shape[2])
        for k in range(2, 5):
            given = &work.array[k]
            if given.held and (given.dtype != work.pred.dtype or given.view.ndim != (2 if k == 2 else 1) or not contiguous(given)
                               or given.view.shape[0] != tags or given.view.shape[given.view.ndim - 1] != tags):
                return False
        parts = (samples + self.in_part(samples, (tags + 2) * width) - 1) // self.in_part(samples, (tags + 2) * width)
        own = take_sequences(work, &work.array[0], &work.array[5], NULL, samples, view.shape[1],
                             4 * tags * width + 2 * width + parts * (tags + 2) * width)
        if own != NULL:
            work.numbers = own.labels * tags * tags
        return own != NULL

    cdef double inspected(self, PlainWork* work) except? -1.0:
        cdef SequencesRoom* own = <SequencesRoom*>work.memory
        cdef Py_ssize_t tags = work.pred.view.shape[2], i
        cdef double* scores = own.extra
        if not valid_labels(own, tags, -1):
            return NAN
        # Where transitions are no scores the long way says what becomes of them.
        take_numbers(&work.array[2], scores)
        for i in range(tags * tags):
            if not scores[i] < INFINITY:
                return NAN
        return weigh_each(work, own.weight)

    cdef double ran(self, PlainWork* work) except? -1.0:
        cdef SequencesRoom* own = <SequencesRoom*>work.memory
        cdef Py_buffer* view = &work.pred.view
        cdef ChainCall call
        cdef Py_ssize_t tags = view.shape[2], width = self.width_of(tags), size = (tags + 2) * width, count, i, j
        cdef double* tables = own.extra
        cdef double* edges = tables + 4 * tags * width
        cdef double* parts = edges + 2 * width
        cdef double largest = -1.7976931348623157e308, total
        cdef bint shared = False
        cdef int k
        call.in_part, call.samples = self.in_part(work.samples, size), work.samples
        count = (work.samples + call.in_part - 1) // call.in_part
        for k in range(1, 4):
            shared |= work.array[OUT_GRADIENT + k].held
        take_numbers(&work.array[2], parts)                  # which is as large, and not begun
        for i in range(4 * tags * width):
            tables[i] = -INFINITY
        for i in range(tags):
            for j in range(tags):
                tables[i * width + j] = tables[(tags + j) * width + i] = parts[i * tags + j]
                largest = max(largest, parts[i * tags + j])
        memset(edges, 0, 2 * width * sizeof(double))
        call.bad_transitions = call.bad_edges = False
        for k in range(2):
            if work.array[3 + k].held:
                take_numbers(&work.array[3 + k], edges + k * width)
                for i in range(tags):
                    call.bad_edges |= not edges[k * width + i] < INFINITY
        memset(parts, 0, count * size * sizeof(double))
        call.of.classes, call.of.width, call.of.most_frames, call.of.padded_frames = tags, width, own.most_frames, view.shape[1]
        set_stride(call.of.emission_stride, work.pred, False)
        set_stride(call.gradient_stride, &work.array[OUT_GRADIENT], False)
        call.largest_score, call.of_pairs = largest, work.array[OUT_GRADIENT + 1].held
        call.denominator, call.value_factor = work.denominator, work.value_factor
        set_result(&call.of.emissions, work.pred, 2)
        set_result(&call.gradient, &work.array[OUT_GRADIENT], 2)
        set_result(&call.value, &work.array[OUT_VALUE], -1)
        call.of.frames.data, call.of.first_frame.data = <char*>own.frames, <char*>own.first
        call.of.tables.data, call.of.edges.data = <char*>tables, <char*>edges
        call.parts.data = <char*>parts if shared else NULL
        call.labels.data, call.label_start.data, call.weight.data = <char*>own.label, <char*>own.start, <char*>own.weight
        total = run_chains(&call, work.threads)
        while count > 1:                                     # pairwise, in their order
            for i in range(count // 2):
                for j in range(size):
                    parts[i * size + j] = parts[2 * i * size + j] + parts[(2 * i + 1) * size + j]
            if count % 2:
                memcpy(parts + count // 2 * size, parts + (count - 1) * size, size * sizeof(double))
            count = (count + 1) // 2
        for i in range(tags if work.array[OUT_GRADIENT + 1].held else 0):
            put_row(&work.array[OUT_GRADIENT + 1], i * tags, parts + i * width, tags)
        for k in range(2):
            if work.array[OUT_GRADIENT + 2 + k].held:
                put_row(&work.array[OUT_GRADIENT + 2 + k], 0, parts + (tags + k) * width, tags)
        return total


cdef void put_row(const Plain* plain, Py_ssize_t first, const double* numbers, Py_ssize_t count) noexcept nogil:
    """Round numbers to an array, of float32 or float64, from one place on."""
    if plain.dtype == FLOAT32:
        fl_narrow_f64(FLOAT32, numbers, <char*>(<float*>plain.view.buf + first), count)
    else:
        memcpy(<double*>plain.view.buf + first, numbers, count * sizeof(double))
