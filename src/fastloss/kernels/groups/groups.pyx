# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of groups: rows that are ordered, or compared with each other, inside of a group."""

# One sample, and one block, is a group, which one thread computes from begin to end. Python has sorted the rows of each group
# (kinds/groups.py) and takes the gradient back to their places; here all is double and contiguous.

include "frame/shared.pxi"
include "maths/scalars.pxi"

include "groups/ordered.pxi"
include "groups/softmax.pxi"


def groups(dict arrays not None, *, str loss not None, bint efron=False, Py_ssize_t samples, Py_ssize_t most, double denominator=1,
           int threads=1):
    """Run a loss of groups; return the sum of the weighted values.

    `arrays`, all contiguous: scores and gradient (float64; no gradient: None), rows in the order of the loss; `offsets` (int64), where
    each group begins, and the end; `share` and `weight` (float64), what the loss of each group is multiplied by; `value` (float64),
    the weighted loss of each. For "ordered": `tie` (int64), a number that rows which are tied have in common, and
    `event` (uint8). For "softmax": `target` (float64). `most`: the rows of the largest group.
    """
    cdef GroupsCall call
    arrays = arrays.copy()
    call.denominator, call.efron = denominator, efron
    need(&call.scores, arrays, "scores", False)
    take(&call.gradient, arrays, "gradient", False)
    need(&call.offsets, arrays, "offsets", False)
    need(&call.share, arrays, "share", False)
    need(&call.weight, arrays, "weight", False)
    need(&call.value, arrays, "value", False)
    take(&call.tie, arrays, "tie", False)
    take(&call.event, arrays, "event", False)
    take(&call.target, arrays, "target", False)
    check_all_taken(arrays)
    if loss == "ordered":
        return run_blocks(ordered_group, &call, samples, max(<Py_ssize_t>1, most), threads, (3 * most + 8) * sizeof(double))
    return run_blocks(softmax_group, &call, samples, max(<Py_ssize_t>1, most), threads, (2 * most + 8) * sizeof(double))
