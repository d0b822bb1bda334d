# Losses over rows of classes, beside plain cross-entropy: one generic block, one function for each loss.

include "maths/scalars.pxi"
include "rows/tile.pxi"
include "rows/softmax_tile.pxi"
include "rows/confidence.pxi"
include "rows/cross_entropy.pxi"
include "rows/probabilities.pxi"
include "rows/margins.pxi"
include "rows/decisions.pxi"
include "rows/quantiles.pxi"
include "rows/sparse.pxi"
include "rows/divergences.pxi"
include "rows/scores.pxi"
include "rows/second.pxi"
include "rows/extremes.pxi"

include "rows/block.pxi"
