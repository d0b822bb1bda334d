# Losses of given vectors: distances and cosines between the rows of two or three arrays, and the gradient of each array.
#
# One sample is a row of each array. A loss has three functions for it, from fast to sure:
#
# - `plain`, of float32 rows: sums of doubles.
# - `careful`, of float64 rows: each sum keeps what was rounded off it, the scalars are pairs of doubles.
# - `exact`, of float64 rows: numbers of any exponent and twice the digits, and formulas in which nothing cancels.
#
# The first two return False, and leave nothing, where they are not sure of a result: their sums leave the range of a double,
# or less than `least` of a difference is left. The block then asks the next one; rows of float32 are widened for it. What is
# decided depends on the numbers, weight and parameters of the sample alone, not on which gradients are wanted. So a sample
# has the same bits wherever it lies and whatever is asked for.
#
# A distance of 0 has the gradient 0, and so has the cosine of a vector of zeros, which is 0. At the kink of a hinge the slope
# is 1/2, the mean of both sides.

include "vectors/tools.pxi"
include "vectors/distances.pxi"
include "vectors/cosines.pxi"
include "vectors/block.pxi"
