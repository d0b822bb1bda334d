"""Losses of ranked lists: groups of rows, ordered by their targets. Their loops are in ``kernels/groups/``."""

from ..rows import group_of_scores, group_of_targets, of_groups

_GROUPS = """A group is a list: the results of a query, say. Groups lie one behind the other, and one of `groups`,
`group_ids` and `group_offsets` says where each begins; without any, all rows are one. A sample is a group:
`sample_weight`, `where` and ``reduction='none'`` have one number for each. A group without rows has a loss of 0;
one with a score that is not finite has a loss and a gradient of NaN."""

listmle = of_groups(
    group_of_targets("y_true", "how relevant each row is"),
    group_of_scores("scores", "the scores of the rows"),
    name="listmle",
    summary="ListMLE: the likelihood of the order of the targets, where rows are chosen one after the other.",
    formula="-sum_i log(exp(s_i) / sum_{j at i or later} exp(s_j)),  in descending order of y",
    source="Xia, Liu, Wang, Zhang and Li 2008, doi:10.1145/1390156.1390306; Plackett 1975",
    ordered_by="relevance",
    notes=f"""{_GROUPS}

Rows of one target stay in the order in which they are given: allRank and Rax shuffle them, so that theirs is another
number in each call.""",
)

listnet = of_groups(
    group_of_targets("y_true", "how relevant each row is"),
    group_of_scores("scores", "the scores of the rows"),
    name="listnet",
    summary="ListNet: the cross-entropy of the softmax of the targets and that of the scores of a list.",
    formula="-sum_i q_i log p_i,  q = softmax(y),  p = softmax(s)",
    source="Cao, Qin, Liu, Tsai and Li 2007, doi:10.1145/1273496.1273513",
    notes=f"""{_GROUPS}

The softmax loss of Rax and optax takes the targets themselves for q, not their softmax.""",
)
