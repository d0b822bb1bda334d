"""Losses of sequences that are read off without an alignment. Their loops are in ``kernels/sequences/``."""

from ..rows import (
    choice,
    class_indices,
    class_number,
    lengths,
    of_sequences,
    sequence_of_labels,
    sequence_of_rows,
    time_axis,
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
    per=choice(
        "sequence",
        "label",
        "frame",
        description="what the loss of a sequence is divided by: nothing, the number of its labels, or of its frames, "
        "if that is not 0",
    ),
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
