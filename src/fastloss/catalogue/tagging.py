"""Losses of chains of tags, one for each frame of a sequence. Their loops are in ``kernels/sequences/``."""

from ..rows import class_indices, lengths, of_sequences, sequence_of_labels, sequence_of_rows, shared

linear_chain_crf = of_sequences(
    sequence_of_labels("y_true", "the tag of each frame", class_indices, "lengths"),
    sequence_of_rows("emissions", "scores of each tag in each frame", "lengths"),
    shared("transitions", "scores from the tag of the row to that of the column", "CC"),
    shared("start", "scores of the first tag", "C", default=0.0),
    shared("end", "scores of the last tag", "C", default=0.0),
    lengths("lengths", "how many frames each sequence has; by default as many as `emissions` has room for"),
    name="linear_chain_crf",
    lattice="chains",
    summary="Linear-chain conditional random field: minus the log-likelihood of the chain of tags of a sequence.",
    formula="log(sum over all chains of exp(score)) - score(y),  "
    "score(y) = start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_t-1, y_t] + end[y_T]",
    source="Lafferty, McCallum and Pereira 2001; Sutton and McCallum 2012, doi:10.1561/2200000013",
    notes="""`emissions` has the shape (N, T, K), or (sum of T, K), the sequences one behind the other, with `lengths`.
`y_true` holds integers: of the shape (N, T), or of one axis, the sequences one behind the other; or it is a list of
arrays, one for each sequence, which then says the lengths. What lies behind the last frame of a sequence is never
read, and its gradient is 0.

There are gradients with respect to `emissions`, `transitions`, and `start` and `end` where they are given; those of
what all sequences share are added up in one order, whatever the number of threads. All is computed in float64.

A transition of -infinity is forbidden: its gradient is 0. A sequence whose own chain is forbidden has a loss of
infinity, one with NaN or +infinity in a frame a loss of NaN; its gradients are NaN, and so are those of what it
shares with others. ``where`` and a weight of 0 leave it out.

A loss near 0 keeps its digits: it is made of what the labelled chain is not. `crf_viterbi` reads off the best chain,
`crf_marginals` the probability of each tag. What pytorch-crf returns is the log-likelihood, minus this loss, by default
with ``reduction='sum'``, and without ``batch_first`` of arrays (T, N, K).""",
)
