"""Losses of sequences that are read off without an alignment. Their loops are in ``kernels/sequences/``."""

from ..rows import (
    at_least_zero,
    choice,
    class_indices,
    class_number,
    grid_of_rows,
    lengths,
    of_sequences,
    places_of_rows,
    sequence_of_labels,
    sequence_of_rows,
    time_axis,
)

_PER = choice(
    "sequence",
    "label",
    "frame",
    description="what the loss of a sequence is divided by: nothing, the number of its labels, or of its frames, "
    "if that is not 0",
)
_FAST_EMIT = at_least_zero(
    0.0,
    "how much more labels count in the gradient, so that they are said early: it is no longer that of the value",
    "number",
)

ctc = of_sequences(
    sequence_of_labels("y_true", "the labels of each sequence", class_indices, "label_lengths"),
    sequence_of_rows("logits", "scores of each class, the blank among them, in each frame", "logit_lengths"),
    lengths("label_lengths", "how many labels each sequence has; by default as many as `y_true` has room for"),
    lengths("logit_lengths", "how many frames each sequence has; by default as many as `logits` has room for"),
    name="ctc",
    lattice="alignments",
    summary="Connectionist temporal classification: labels that come in order, somewhere in the frames of a sequence.",
    formula="-log(sum over all alignments of prod_t p_t(a_t)),  p = softmax(logits)",
    source="Graves, Fernandez, Gomez and Schmidhuber 2006, doi:10.1145/1143844.1143891",
    blank=class_number(0, "the class that stands for no label; from the end, if negative"),
    time_axis=time_axis("the axis of the frames: -2, or 0 of arrays (T, N, C), as PyTorch has them"),
    impossible=choice(
        "inf",
        "zero",
        "raise",
        description="what becomes of a sequence that no alignment fits: a loss of infinity and a gradient of NaN, 0 "
        "for both, or an error",
    ),
    per=_PER,
    given=choice(
        "logits",
        "log_probs",
        description="what `logits` holds: scores, whose softmax is part of the loss, or logarithms of probabilities. "
        "The gradient is with respect to those numbers",
    ),
    notes="""An alignment has a label or the blank for each frame; without its blanks, and of labels that follow each
other without a blank between them but the first, it is the label sequence.

`logits` has the shape (N, T, C), or (T, N, C) with ``time_axis=0``; or (sum of T, C), the sequences one behind the
other, with `logit_lengths`. `y_true` holds integers: of the shape (N, S), those beyond a length never read; or of one
axis, the sequences one behind the other, with `label_lengths`; or it is a list of arrays, one for each sequence. What
lies behind the last frame of a sequence is never read, and its gradient is 0. No label is the blank.

An alignment needs a frame for each label, and one more for a blank between two labels that are the same. Where there
are fewer frames no alignment fits, which ``impossible='raise'`` says before anything is written; that of a sequence
whose labels have logits of -infinity shows in the results alone, which are not to be used then.

PyTorch's ``ctc_loss`` takes log-probabilities of the shape (T, N, C), and its "mean" divides each loss by the number
of labels: ``given='log_probs', time_axis=0, per='label'``. Its gradient is that by the logits all the same; here it is
the one by the log-probabilities, minus the posterior. ``zero_infinity=True`` is ``impossible='zero'``. The default of
Keras and optax is ``per='sequence'``; optax's blank is 0 too, that of TensorFlow 1 was the last class.

A loss near 0 keeps its digits, where the logarithm of a sum of probabilities near 1 has lost them.""",
)

rnnt = of_sequences(
    sequence_of_labels("y_true", "the labels of each sequence", class_indices, "label_lengths"),
    grid_of_rows(
        "logits", "scores of each class, the blank among them, in each frame behind so many labels", "logit_lengths"
    ),
    lengths("label_lengths", "how many labels each sequence has; by default as many as `y_true` has room for"),
    lengths("logit_lengths", "how many frames each sequence has; by default as many as `logits` has room for"),
    name="rnnt",
    lattice="grids",
    summary="The transducer (RNN-T): labels that come in order, any number of them in a frame of a sequence.",
    formula="-log(sum over all ways of prod p_tu(step)),  p = softmax(logits);  each step is the blank, to frame "
    "t + 1, or label u, to u + 1",
    source="Graves 2012, arXiv:1211.3711; fast_emit: Yu et al. 2021, doi:10.1109/ICASSP39728.2021.9413803",
    blank=class_number(0, "the class that leads to the next frame; from the end, if negative"),
    impossible=choice(
        "inf",
        "zero",
        "raise",
        description="what becomes of a sequence that no way leads through: a loss of infinity and a gradient of NaN, 0 "
        "for both, or an error",
    ),
    per=_PER,
    given=choice(
        "logits",
        "log_probs",
        description="what `logits` holds: scores, whose softmax is part of the loss, or logarithms of probabilities. "
        "The gradient is with respect to those numbers",
    ),
    fast_emit=_FAST_EMIT,
    notes="""A way begins in the first frame before the first label. At each node the blank leads to the next frame, the
next label to the place behind it; the blank of the last frame behind the last label ends it.

`logits` has the shape (N, T, U + 1, C); or (sum of T (U + 1), C), the nodes of one sequence behind those of the other,
frame by frame, with `logit_lengths`. `y_true` holds integers: of the shape (N, U), those beyond a length never read; or
of one axis, the sequences one behind the other, with `label_lengths`; or it is a list of arrays, one for each sequence.
What lies behind the last frame or the last label of a sequence is never read, and its gradient is 0. No label is the
blank.

No way leads through a sequence without frames, which ``impossible='raise'`` says before anything is written; that a
logit of -infinity leaves none shows in the results alone, which are not to be used then.

torchaudio's ``rnnt_loss`` takes logits of the same shape, its blank is the last class by default: ``blank=-1``. Its
"mean" is over sequences. The gradient may be written over the logits: ``out=logits``.

A loss near 0 keeps its digits, where the logarithm of a sum of probabilities near 1 has lost them.""",
)

rnnt_additive = of_sequences(
    sequence_of_labels("y_true", "the labels of each sequence", class_indices, "label_lengths"),
    sequence_of_rows("encoder", "scores of each class, the blank among them, in each frame", "logit_lengths"),
    places_of_rows("decoder", "the same behind so many labels; a node has the sum of both", "label_lengths"),
    lengths("label_lengths", "how many labels each sequence has; by default as many as `y_true` has room for"),
    lengths("logit_lengths", "how many frames each sequence has; by default as many as `encoder` has room for"),
    name="rnnt_additive",
    lattice="sums",
    summary="The transducer (RNN-T) with an additive joiner: scores of a frame and of its labels are added.",
    formula="-log(sum over all ways of prod p_tu(step)),  p_tu = softmax(encoder_t + decoder_u);  each step is the "
    "blank, to frame t + 1, or label u, to u + 1",
    source="Graves 2012, arXiv:1211.3711; Kuang et al. 2022, arXiv:2206.13236; fast_emit: Yu et al. 2021, "
    "doi:10.1109/ICASSP39728.2021.9413803",
    blank=class_number(0, "the class that leads to the next frame; from the end, if negative"),
    impossible=choice(
        "inf",
        "zero",
        "raise",
        description="what becomes of a sequence that no way leads through: a loss of infinity and gradients of NaN, 0 "
        "for all, or an error",
    ),
    per=_PER,
    fast_emit=_FAST_EMIT,
    notes="""It is ``rnnt`` of ``encoder[:, :, None] + decoder[:, None]``, an array that is never made: the sums over
classes at all nodes are products of matrices, and so are the gradients. All is computed in float64.

`encoder` has the shape (N, T, C), and `decoder` (N, U + 1, C). Each may be packed, the sequences one behind the other:
`encoder` as (sum of T, C) with `logit_lengths`, `decoder` as (sum of U + 1, C). `y_true` holds integers: of the shape
(N, U), those beyond a length never read; or of one axis, the sequences one behind the other, with `label_lengths`; or
it is a list of arrays, one for each sequence. What lies behind the last frame or the last label of a sequence is never
read, and its gradient is 0. No label is the blank.

There are gradients with respect to `encoder` and `decoder`, and each may take the place of its array. Where the largest
scores of a frame and of a place are of different classes, and far apart, their node is computed by itself, as `rnnt`
computes it: right, but slower.

A loss near 0 keeps its digits, where the logarithm of a sum of probabilities near 1 has lost them.""",
)
