# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of vectors: distances and cosines between the rows of several arrays."""

# Losses of given vectors: distances and cosines between the rows of two or three arrays, and the gradient of each array.
#
# One sample is a row of each array. A loss has three functions for it, from fast to sure, and one that makes sums for the first:
#
# - `plain`, of float32 rows: sums of doubles, which `sums` has made of the rows before.
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

include "frame/shared.pxi"
include "maths/scalars.pxi"

include "vectors/tools.pxi"
include "vectors/distances.pxi"
include "vectors/cosines.pxi"
include "vectors/block.pxi"


def vectors(dict arrays not None, *, int loss, bint double_precision, Py_ssize_t samples, Py_ssize_t columns,
            tuple parameters not None, double denominator=1, bint inspect=False, int threads=1, double value_factor=1,
            ExactSum weight_sum=None):
    """Run one of VECTOR_LOSSES; return the sum of the weighted values, or (`inspect`) that of the weights, NaN if invalid.

    `arrays`: y_true where the loss has one, weight, where, value, "array 0" and so on, whose vectors are the last axis,
    "gradient 0" and so on, each (array, dtype, swapped). A gradient that is not there is not computed. It may lie exactly over an
    array. `denominator`: the gradients are divided by it, and 0 where it is 0. `parameters`: the numbers of the
    loss in their order, of a choice its place among the options. `value_factor`: of values that go to an array.
    """
    cdef VectorCall call
    cdef int k
    call.loss = vector_loss(loss)
    call.samples, call.columns = samples, columns
    call.denominator, call.value_factor = denominator, value_factor
    call.weight_sum = NULL if weight_sum is None else &weight_sum.sum
    check_count("parameters", len(parameters), VECTOR_PARAMETERS)
    for k in range(VECTOR_PARAMETERS):
        call.parameter[k] = parameters[k] if k < len(parameters) else 0
    arrays = arrays.copy()
    take(&call.target, arrays, "y_true", False)
    take(&call.weight, arrays, "weight", False)
    take(&call.where, arrays, "where", False)
    take(&call.value, arrays, "value", False)
    for k in range(call.loss.arrays):
        need(&call.array[k], arrays, f"array {k}", True)
        take(&call.gradient[k], arrays, f"gradient {k}", True)
    check_all_taken(arrays)
    return run_vectors(&call, double_precision, inspect, threads)


include "vectors/plain.pxi"
include "vectors/batches.pxi"
include "vectors/sets.pxi"
