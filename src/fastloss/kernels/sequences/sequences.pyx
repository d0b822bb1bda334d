# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of sequences: sums over all paths through a lattice, and the gradient of their logarithm."""

# Losses of sequences. One sample, and one block, is a sequence, which one thread computes from begin to end.

include "frame/shared.pxi"

include "sequences/ctc.pxi"
include "sequences/crf.pxi"
include "sequences/crf_loss.pxi"
include "sequences/decode.pxi"
include "sequences/rnnt.pxi"


def ctc(dict arrays not None, *, bint double_precision, Py_ssize_t samples, Py_ssize_t classes, int64_t blank, int64_t most_frames,
        int64_t most_labels, int64_t padded_frames, tuple logits_strides not None, tuple gradient_strides not None, bint normalized,
        bint impossible_is_zero, double denominator=1, int threads=1, double value_factor=1):
    """Run connectionist temporal classification; return the sum of the weighted values.

    `arrays`: logits and gradient, whose last axis is that of the classes; the strides of sequences and of frames, in bytes, are
    given apart. int64: labels, one sequence behind the other; label_start, where each begins, and the end; frames, how many each
    has, and first_frame, that of each. float64: share and weight, what each value is multiplied by. value. uint8: impossible,
    where it is noted of each sequence that no path has its labels. `padded_frames`: the gradient of what is behind a sequence, up to
    so many, is 0. `normalized`: the logits are logarithms of probabilities.
    """
    cdef CtcCall call
    call.classes, call.blank, call.normalized, call.impossible_is_zero = classes, blank, normalized, impossible_is_zero
    call.most_frames, call.most_labels, call.padded_frames = most_frames, most_labels, padded_frames
    call.denominator, call.value_factor = denominator, value_factor
    call.logits_stride[0], call.logits_stride[1] = logits_strides
    call.gradient_stride[0], call.gradient_stride[1] = gradient_strides
    arrays = arrays.copy()
    need(&call.logits, arrays, "logits", True)
    take(&call.gradient, arrays, "gradient", True)
    need(&call.labels, arrays, "labels", False)
    need(&call.label_start, arrays, "label_start", False)
    need(&call.frames, arrays, "frames", False)
    need(&call.first_frame, arrays, "first_frame", False)
    need(&call.share, arrays, "share", False)
    need(&call.impossible, arrays, "impossible", False)
    need(&call.weight, arrays, "weight", False)
    take(&call.value, arrays, "value", False)
    check_all_taken(arrays)
    return run_ctc(&call, double_precision, samples, threads)


cdef double run_ctc(CtcCall* call, bint double_precision, Py_ssize_t samples, int threads) except? -1.0:
    return run_stoppable(ctc_block_f64 if double_precision else ctc_block_f32, call, &call.stop, samples,
                         max(<Py_ssize_t>1, <Py_ssize_t>call.most_frames * (call.classes + 2 * <Py_ssize_t>call.most_labels + 1)), threads,
                         ctc_scratch(call, sizeof(double) if double_precision else sizeof(float)))


def crf(dict arrays not None, *, Py_ssize_t samples, Py_ssize_t classes, Py_ssize_t width, int64_t most_frames, int64_t padded_frames,
        tuple emission_strides not None, tuple marginal_strides not None, double largest_score, int threads=1):
    """Run chains of tags: the probabilities of tags if there is an array for `marginals`, else the best `tags` and their `scores`.

    `arrays`: emissions and marginals, whose last axis is that of the tags; the strides of sequences and of frames, in bytes, are given
    apart. int64: frames, how many each sequence has, and first_frame, that of each; tags, contiguous. uint8: status, what is wrong
    with a sequence. float64, contiguous: scores; tables, four of (classes x width), of which the caller fills the first two; edges, two
    rows. `largest_score` is the largest of the transitions, or 0.
    """
    cdef CrfCall call
    cdef Py_ssize_t size = classes * width, scratch = ((2 * width + 1) * <Py_ssize_t>most_frames + 2 * width) * sizeof(double), at_once = 1
    cdef bint of_tags
    cdef double* table
    call.classes, call.width, call.most_frames, call.padded_frames = classes, width, most_frames, padded_frames
    call.emission_stride[0], call.emission_stride[1] = emission_strides
    call.marginal_stride[0], call.marginal_stride[1] = marginal_strides
    arrays = arrays.copy()
    need(&call.emissions, arrays, "emissions", True)
    take(&call.marginals, arrays, "marginals", True)
    take(&call.tags, arrays, "tags", False)
    take(&call.scores, arrays, "scores", False)
    take(&call.status, arrays, "status", False)
    need(&call.frames, arrays, "frames", False)
    need(&call.first_frame, arrays, "first_frame", False)
    need(&call.tables, arrays, "tables", False)
    need(&call.edges, arrays, "edges", False)
    check_all_taken(arrays)
    of_tags = call.marginals.data != NULL
    if of_tags:
        table = <double*>call.tables.data
        call.lost = fl_crf_exponentials(table, largest_score, table + FACTORS * size, 2 * size) != 0
    elif samples >= 8 * threads:
        at_once = chains_at_once(&call, scratch)
    call.samples, call.at_once = samples, at_once
    run_stoppable(marginals_block if of_tags else viterbi_block, &call, &call.stop, (samples + at_once - 1) // at_once,
                  max(<Py_ssize_t>1, at_once * <Py_ssize_t>most_frames * size // 8), threads, at_once * scratch)


def crf_loss(dict arrays not None, *, Py_ssize_t samples, Py_ssize_t in_part, Py_ssize_t classes, Py_ssize_t width, int64_t most_frames,
             int64_t padded_frames, tuple emission_strides not None, tuple gradient_strides not None, double largest_score,
             bint bad_transitions, bint bad_edges, bint of_pairs, double denominator=1, int threads=1, double value_factor=1):
    """Run the loss of chains of tags; return the sum of the weighted values.

    `arrays`: emissions and gradient, tables and edges, frames and first_frame, as `crf` takes them. int64: labels, one sequence
    behind the other, and label_start, where each begins. float64: weight. value. parts, contiguous float64, zeros: of each `in_part`
    sequences the sum of the gradients of transitions (if `of_pairs`), and of the scores at either edge. `bad_transitions`,
    `bad_edges`: whether some are no numbers.
    """
    cdef ChainCall call
    call.of.classes, call.of.width, call.of.most_frames, call.of.padded_frames = classes, width, most_frames, padded_frames
    call.of.emission_stride[0], call.of.emission_stride[1] = emission_strides
    call.gradient_stride[0], call.gradient_stride[1] = gradient_strides
    call.samples, call.in_part, call.largest_score = samples, in_part, largest_score
    call.bad_transitions, call.bad_edges, call.of_pairs = bad_transitions, bad_edges, of_pairs
    call.denominator, call.value_factor = denominator, value_factor
    arrays = arrays.copy()
    need(&call.of.emissions, arrays, "emissions", True)
    need(&call.of.frames, arrays, "frames", False)
    need(&call.of.first_frame, arrays, "first_frame", False)
    need(&call.of.tables, arrays, "tables", False)
    need(&call.of.edges, arrays, "edges", False)
    take(&call.gradient, arrays, "gradient", True)
    take(&call.parts, arrays, "parts", False)
    need(&call.labels, arrays, "labels", False)
    need(&call.label_start, arrays, "label_start", False)
    need(&call.weight, arrays, "weight", False)
    take(&call.value, arrays, "value", False)
    check_all_taken(arrays)
    return run_chains(&call, threads)


cdef double run_chains(ChainCall* call, int threads) except? -1.0:
    cdef Py_ssize_t size = call.of.classes * call.of.width, scratch = lay_out_chain(call, call.of.most_frames, NULL, NULL)
    cdef double* table = <double*>call.of.tables.data
    call.of.lost = not call.bad_transitions and fl_crf_exponentials(table, call.largest_score, table + FACTORS * size, 2 * size) != 0
    call.of.samples, call.of.at_once = call.samples, min(call.in_part, chains_at_once(&call.of, scratch))
    return run_stoppable(chain_block, call, &call.of.stop, (call.samples + call.in_part - 1) // call.in_part,
                         max(<Py_ssize_t>1, call.in_part * call.of.most_frames * size // 4), threads, call.of.at_once * scratch)


def decode(dict arrays not None, *, str what not None, Py_ssize_t samples, Py_ssize_t classes, int64_t blank, int64_t most_frames,
           int64_t most_labels, Py_ssize_t width, tuple strides not None, bint normalized, int threads=1):
    """Read labels off the scores of frames ("greedy", "beam"), or the frames of known labels ("align").

    `arrays`: logits, whose last axis is that of the classes; the strides of sequences and of frames, in bytes, are given apart.
    int64: frames, how many each sequence has, and first_frame, that of each. uint8: status, zeros, what is wrong with a sequence.
    float64: score. To decode, int64: start, where the labels of each go in found, one place for each frame; count, how many there
    are. To align, int64: labels, one sequence behind the other; label_start, where each begins, and the end; first and last, the
    frames of each label, filled with -1. `width`: how many label sequences the beam holds.
    """
    cdef DecodeCall call
    cdef block_function function
    cdef Py_ssize_t scratch = 2 * classes * sizeof(double), elements = most_frames * classes
    call.classes, call.blank, call.width, call.normalized = classes, blank, width, normalized
    call.most_frames, call.most_labels = most_frames, most_labels
    call.stride[0], call.stride[1] = strides
    arrays = arrays.copy()
    need(&call.logits, arrays, "logits", True)
    need(&call.frames, arrays, "frames", False)
    need(&call.first_frame, arrays, "first_frame", False)
    need(&call.status, arrays, "status", False)
    need(&call.score, arrays, "score", False)
    take(&call.start, arrays, "start", False)
    take(&call.found, arrays, "found", False)
    take(&call.count, arrays, "count", False)
    take(&call.labels, arrays, "labels", False)
    take(&call.label_start, arrays, "label_start", False)
    take(&call.first, arrays, "first", False)
    take(&call.last, arrays, "last", False)
    check_all_taken(arrays)
    if what == "greedy":
        function = greedy_block
    elif what == "beam":
        function = beam_block
        scratch += (most_frames * width + 1) * sizeof(Node) + (4 * width + 1) * sizeof(Entry) + (2 * width + 1) * sizeof(Best)
        elements += most_frames * width * width
    else:
        function = align_block
        scratch += (2 * most_labels + 3) * sizeof(double) + most_frames * (2 * most_labels + 1)
        elements += most_frames * most_labels
    run_stoppable(function, &call, &call.stop, samples, max(<Py_ssize_t>1, elements), threads, scratch)


def rnnt(dict arrays not None, *, bint double_precision, Py_ssize_t samples, Py_ssize_t classes, int64_t blank, int64_t most_nodes,
         int64_t most_frames, int64_t most_labels, int64_t padded_frames, int64_t padded_nodes, tuple logits_strides not None,
         tuple gradient_strides not None, tuple decoder_strides=(0, 0), tuple decoder_gradient_strides=(0, 0), bint packed,
         bint normalized, bint impossible_is_zero, double fast, double denominator=1, int threads=1, double value_factor=1):
    """Run the transducer; return the sum of the weighted values.

    `arrays`: logits and gradient, whose last axis is that of the classes; the strides of sequences, of frames and of nodes, in bytes,
    are given apart, and of packed ones first_node counts, int64, the nodes before each sequence. Others are as `ctc` takes them.
    `most_nodes` of one sequence; `padded_frames` and `padded_nodes` of a frame: the gradient up to so many is 0. `fast`: how much
    more the probability of labels counts in the gradient.

    Where there is a decoder, the scores of a node are the sum of a row of logits, one for each frame, and of a row of it, one for each
    place in labels: then the strides are of sequences and of those, there is a decoder_gradient, and first_frame and first_place
    (int64) say where the rows of each sequence begin. All is computed in double.
    """
    cdef RnntCall call
    call.classes, call.blank, call.normalized, call.impossible_is_zero = classes, blank, normalized, impossible_is_zero
    call.most_nodes, call.most_frames, call.most_labels = most_nodes, most_frames, most_labels
    call.padded_frames, call.padded_nodes, call.packed = padded_frames, padded_nodes, packed
    call.fast, call.denominator, call.value_factor = fast, denominator, value_factor
    call.logits_stride[0], call.logits_stride[1], call.logits_stride[2] = logits_strides
    call.gradient_stride[0], call.gradient_stride[1], call.gradient_stride[2] = gradient_strides
    call.decoder_stride[0], call.decoder_stride[1] = decoder_strides
    call.decoder_gradient_stride[0], call.decoder_gradient_stride[1] = decoder_gradient_strides
    arrays = arrays.copy()
    need(&call.logits, arrays, "logits", True)
    take(&call.gradient, arrays, "gradient", True)
    need(&call.labels, arrays, "labels", False)
    need(&call.label_start, arrays, "label_start", False)
    need(&call.frames, arrays, "frames", False)
    take(&call.first_node, arrays, "first_node", False)
    take(&call.decoder, arrays, "decoder", True)
    take(&call.decoder_gradient, arrays, "decoder_gradient", True)
    take(&call.first_frame, arrays, "first_frame", False)
    take(&call.first_place, arrays, "first_place", False)
    need(&call.share, arrays, "share", False)
    need(&call.impossible, arrays, "impossible", False)
    need(&call.weight, arrays, "weight", False)
    take(&call.value, arrays, "value", False)
    check_all_taken(arrays)
    return run_rnnt(&call, double_precision, samples, threads)


cdef double run_rnnt(RnntCall* call, bint double_precision, Py_ssize_t samples, int threads) except? -1.0:
    cdef Py_ssize_t scratch = lay_out_grid(call.most_nodes, call.most_frames, call.most_labels, NULL, NULL)
    cdef Joined joined
    cdef char origin
    if call.decoder.data != NULL:
        double_precision = True
        scratch += lay_out_joined(call, call.most_nodes, call.most_frames, call.most_labels, &joined, &origin)
    else:
        scratch += 2 * (call.classes + 8) * <Py_ssize_t>(sizeof(double) if double_precision else sizeof(float))
        scratch += fl_bits_words(call.classes) * sizeof(uint16_t)
    return run_stoppable(rnnt_block_f64 if double_precision else rnnt_block_f32, call, &call.stop, samples,
                         max(<Py_ssize_t>1, <Py_ssize_t>call.most_nodes * call.classes), threads, scratch)


include "sequences/plain.pxi"
