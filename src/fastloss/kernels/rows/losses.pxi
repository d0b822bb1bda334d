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
include "rows/second.pxi"
include "rows/extremes.pxi"

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
#: Of those that depend on the prediction for the true class alone, if a label is given.
cdef label_function label_functions[ROW_LOSS_COUNT]
label_functions[<int>ROW_LOSSES.index("categorical_log_loss")] = log_loss_of_label
label_functions[<int>ROW_LOSSES.index("nll")] = nll_of_label
#: Of those that have rows which are computed apart.
cdef extreme_function extreme_functions[ROW_LOSS_COUNT]
extreme_functions[:] = [
    extreme_cross_entropy, extreme_log_loss, extreme_nll, extreme_focal, extreme_poly1, extreme_generalized,
    NULL, extreme_multi_margin, NULL, extreme_multilabel_soft_margin, NULL, NULL, extreme_ordinal,
    extreme_kl_divergence, extreme_js_divergence, extreme_total_variation,
]

#: Of those whose Hessian can be multiplied by a vector, or left whole; and of their extreme rows.
cdef row_function second_functions[ROW_LOSS_COUNT]
second_functions[PLAIN_CROSS_ENTROPY] = cross_entropy_second
cdef extreme_function extreme_products[ROW_LOSS_COUNT]
extreme_products[PLAIN_CROSS_ENTROPY] = extreme_cross_entropy_product
#: Their names.
SECOND_DERIVATIVES = tuple(name for k, name in enumerate(ROW_LOSSES) if second_functions[k] != NULL)
#: Of the matrix: its rows lie in the lanes.
MATRIX_CLASSES = FEW

#: Up to how many classes the rows lie in the lanes: what is done once for a row then costs 32 rows no more than one, but the
#: arrays of a tile outgrow the second-level cache. Measured on Zen 4, time of rows in the lanes / of classes in the lanes:
#: focal 0.6 at 128 classes and 1.0 at 256, hinge 0.9 and 1.5, KL divergence 0.9 and 1.1 (of log-probabilities 1.0 and 1.3);
#: sparsemax and entmax 0.8 and 0.9, because more is done once for a row; multilabel soft margin and ordinal, where nothing is,
#: 1.0 at 96 classes. Rows of multilabel margin are sorted where they are wide: faster from 64 classes on.
cdef Py_ssize_t most_in_lanes[ROW_LOSS_COUNT]
most_in_lanes[:] = [
    128, 128, 128, 128, 128, 128,
    128, 128, 64, 96, 256, 256, 96,
    128, 128, 128,
]


include "rows/block.pxi"
