# Losses over rows of classes, beside plain cross-entropy: one generic block, one function for each loss.

include "rows/tile.pxi"
include "rows/softmax_tile.pxi"
include "rows/confidence.pxi"
include "rows/cross_entropy.pxi"
include "rows/probabilities.pxi"
include "rows/margins.pxi"
include "rows/decisions.pxi"
include "rows/sparse.pxi"
include "rows/divergences.pxi"

#: The rows of the catalogue that are computed here, in the order of `row_functions`.
ROW_LOSSES = (
    "cross_entropy", "categorical_log_loss", "nll", "categorical_focal", "poly1_cross_entropy", "generalized_cross_entropy",
    "multiclass_hinge", "multi_margin", "multilabel_margin", "multilabel_soft_margin", "sparsemax", "entmax15", "ordinal",
    "kl_divergence", "js_divergence", "total_variation",
)
cdef enum: ROW_LOSS_COUNT = 16
cdef row_function row_functions[ROW_LOSS_COUNT]
row_functions[:] = [
    cross_entropy_rows, categorical_log_loss_rows, nll_rows, categorical_focal_rows, poly1_cross_entropy_rows, generalized_cross_entropy_rows,
    multiclass_hinge_rows, multi_margin_rows, multilabel_margin_rows, multilabel_soft_margin_rows, sparsemax_rows, entmax15_rows, ordinal_rows,
    kl_divergence_rows, js_divergence_rows, total_variation_rows,
]


include "rows/block.pxi"
