"""Losses of ranked lists: groups of rows, ordered by their targets. Their loops are in ``kernels/groups/``."""

from ..rows import Domain, at_least_zero, choice, count, group_of_scores, group_of_targets, of_groups, positive, switch

#: 2^relevance is a number.
_relevance = Domain("from 0 to 1000", 0, 1000)

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
    of_group="ordered",
    ordered_by="relevance",
    notes=f"""{_GROUPS}

With `row_weight` the formula is -sum_i w_i log(exp(s_i) / sum_{{j at i or later}} w_j exp(s_j)).

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
    of_group="softmax",
    notes=f"""{_GROUPS}

A `row_weight` of 2 is the row twice: exp(y) and exp(s) of all rows count by their weights in both sums, and each row's
term by its own.

The softmax loss of Rax and optax takes the targets themselves for q, not their softmax.""",
)

_PAIRS = f"""{_GROUPS}

Only the order of the targets counts: two rows of one target are no pair. A group of n rows takes time for n^2 pairs,
and memory for n."""

_REPEATED = "A pair counts by the product of the `row_weight` of its rows: 2 is the row twice"

_GAINS = choice("exponential", "linear", description="what a row of relevance y is worth: 2^y - 1, or y")

ranknet = of_groups(
    group_of_targets("y_true", "how relevant each row is"),
    group_of_scores("scores", "the scores of the rows"),
    name="ranknet",
    summary="RankNet: the logistic loss of each pair of rows that are not equally relevant.",
    formula="sum over y_i > y_j of log(1 + exp(-sigma (s_i - s_j)))",
    source="Burges et al. 2005, doi:10.1145/1102351.1102363",
    of_group="pairs",
    has_hessian=True,
    notes=f"{_PAIRS} {_REPEATED}.",
    sigma=positive(1.0, "what distances of scores are multiplied by", "number"),
    per=choice("group", "pair", description="what the loss of a group is divided by: nothing, or its number of pairs"),
)

pairwise_hinge = of_groups(
    group_of_targets("y_true", "how relevant each row is"),
    group_of_scores("scores", "the scores of the rows"),
    name="pairwise_hinge",
    summary="Hinge of pairs: each row's score is to be above those of less relevant ones, by a margin.",
    formula="sum over y_i > y_j of max(0, margin - (s_i - s_j))",
    source="Herbrich, Graepel and Obermayer 2000; Joachims 2002, doi:10.1145/775047.775067",
    of_group="hinge",
    notes=f"""{_PAIRS} {_REPEATED}. Where a distance is the margin, the slope is 0.""",
    margin=at_least_zero(1.0, "how far the scores of a pair are to be apart", "number"),
    per=choice("group", "pair", description="what the loss of a group is divided by: nothing, or its number of pairs"),
)

lambdarank = of_groups(
    group_of_targets("y_true", "how relevant each row is", _relevance),
    group_of_scores("scores", "the scores of the rows"),
    name="lambdarank",
    summary="LambdaRank: RankNet whose pairs count by how much NDCG changes when they change places.",
    formula="sum over y_i > y_j of |delta NDCG_ij| log(1 + exp(-sigma (s_i - s_j)))",
    source="Burges, Ragno and Le 2006; Burges 2010, MSR-TR-2010-82",
    of_group="pairs",
    has_hessian=True,
    detached="what NDCG changes by, and the factors of `normalize`",
    notes=f"""{_PAIRS}

This is LightGBM's objective. Rows are ranked by their scores, tied ones in the order in which they are given; a pair
counts if one of its rows is among the first `truncation`. Row k of a list, from 0, has the discount 1 / log2(k + 2);
NDCG is over that of the best order, of as many rows. `normalize` divides each |delta NDCG| by 0.01 + |s_i - s_j|,
if not all scores of a group are equal, and multiplies what a group has by log2(1 + L) / L, L the sum of what its pairs
pull both rows by. LightGBM takes its sigmoid from a table, so that the two differ by some 1e-5.

A pair counts by the product of the `row_weight` of its rows. Ranks and NDCG know no weights, but that a row of weight 0
is absent. LightGBM multiplies what all pairs pull a row by with the weight of that row alone, and so
does `fl.interop.lightgbm.objective`.

A group in which nothing is relevant has a loss of 0.""",
    truncation=count(30, "how many rows at the top of a list count; None: all"),
    gain=_GAINS,
    sigma=positive(1.0, "what distances of scores are multiplied by", "number"),
    normalize=switch(True, "whether pairs that are far apart, and groups with much to learn, count less"),
)

approx_ndcg = of_groups(
    group_of_targets("y_true", "how relevant each row is", _relevance),
    group_of_scores("scores", "the scores of the rows"),
    name="approx_ndcg",
    summary="ApproxNDCG: 1 - NDCG, where a row's rank is a sum of sigmoids, which has a slope.",
    formula="1 - sum_i (2^(y_i) - 1) / log2(1 + r_i) / best,  r_i = 1 + sum_{j != i} 1 / (1 + exp((s_i - s_j) / T))",
    source="Qin, Liu and Li 2010, doi:10.1007/s10791-009-9124-x",
    of_group="approximate",
    notes=f"""{_GROUPS}

`best` is what the sum is in the best order. `row_weight` multiplies what rows are worth, in both sums; ranks count each
row once. A group in which nothing is relevant has a loss of 0. A group of n rows takes time for n^2 pairs, and memory
for n.""",
    temperature=positive(1.0, "T: the smaller, the nearer are the sums to ranks", "number"),
    gain=_GAINS,
)
