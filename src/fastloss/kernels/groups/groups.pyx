# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of groups: rows that are ordered, or compared with each other, inside of a group."""

# One sample, and one block, is a group, which one thread computes from begin to end. Python has sorted the rows of a loss that is a
# sum over an order (kinds/groups.py) and takes the gradient back to their places; here all is double and contiguous.

include "frame/shared.pxi"
include "maths/scalars.pxi"

cdef extern from "blocks/watch.h" nogil:
    bint fl_stopped(const int* stop) noexcept

cdef struct GroupsCall:
    Operand scores, gradient, hessian, offsets, share, weight, value, tied, event, target, gain, discount, row_weight
    double denominator
    double sigma                 # what distances of scores are multiplied by; the margin of a hinge; a temperature
    Py_ssize_t truncation        # places of a list that count
    bint efron, hinge, normalize, by_pair
    int stop                     # set: the call is to end, whatever it leaves


include "groups/group.pxi"
include "groups/ordered.pxi"
include "groups/softmax.pxi"
include "groups/compared.pxi"
include "groups/lifetimes.pxi"


cdef struct GroupLoss:
    block_function run
    Py_ssize_t columns           # of numbers of a group: its scratch
    bint of_pairs                # it takes as long as there are pairs


cdef GroupLoss loss_of(str name) except *:
    """The function of a loss, by the name that its row has of it."""
    if name == "ordered":
        return GroupLoss(ordered_group, ORDERED_COLUMNS, False)
    if name == "softmax":
        return GroupLoss(softmax_group, 2, False)
    if name in ("pairs", "hinge"):
        return GroupLoss(compared_group, COMPARED_COLUMNS, True)
    if name == "approximate":
        return GroupLoss(approximate_group, COMPARED_COLUMNS, True)
    raise ValueError(f"fastloss: no loss of groups is called {name!r}")


def groups(dict arrays not None, *, str loss not None, bint efron=False, double sigma=1, object truncation=None, bint normalize=False,
           bint by_pair=False, Py_ssize_t samples, Py_ssize_t most, double denominator=1, int threads=1):
    """Run a loss of groups; return the sum of the weighted values.

    `arrays`, all contiguous: scores, gradient and hessian (float64; None: not wanted), rows in the order of the loss; `offsets` (int64),
    where each group begins, and the end; `share` and `weight` (float64), what the loss of each group is multiplied by; `value`
    (float64), the weighted loss of each. For "ordered": `tied` (uint8), whether a row is at the place of the one before, and
    `event` (uint8). For the others `target` (float64), and where places of a list count, `gain` of each row and `discount` of each
    place (float64). For all `row_weight` (float64), None: the weights of rows are 1. `most`: the rows of the largest group.
    """
    cdef GroupsCall call
    cdef GroupLoss found = loss_of(loss)
    arrays = arrays.copy()
    call.denominator, call.efron, call.sigma, call.hinge = denominator, efron, sigma, loss == "hinge"
    call.normalize, call.by_pair, call.truncation = normalize, by_pair, most if truncation is None else truncation
    need(&call.scores, arrays, "scores", False)
    take(&call.gradient, arrays, "gradient", False)
    take(&call.hessian, arrays, "hessian", False)
    need(&call.offsets, arrays, "offsets", False)
    need(&call.share, arrays, "share", False)
    need(&call.weight, arrays, "weight", False)
    need(&call.value, arrays, "value", False)
    take(&call.tied, arrays, "tied", False)
    take(&call.event, arrays, "event", False)
    take(&call.target, arrays, "target", False)
    take(&call.gain, arrays, "gain", False)
    take(&call.discount, arrays, "discount", False)
    take(&call.row_weight, arrays, "row_weight", False)
    check_all_taken(arrays)
    return run_stoppable(found.run, &call, &call.stop, samples,
                         max(<Py_ssize_t>1, most * min(most, SAMPLES) if found.of_pairs else most), threads,
                         (found.columns * most + 8) * sizeof(double))


def settle(dict arrays not None, Py_ssize_t rows):
    """Bring the rows of each place into the order of their numbers, in time proportional to all rows.

    `arrays`, contiguous: `order` (int64), the rows by place, which is changed; `tied` (uint8), whether a row is at the place of the
    one before; `place` and `next` (int64), room for as many.
    """
    cdef Operand order, tied, place, next
    arrays = arrays.copy()
    need(&order, arrays, "order", False)
    need(&tied, arrays, "tied", False)
    need(&place, arrays, "place", False)
    need(&next, arrays, "next", False)
    check_all_taken(arrays)
    with nogil:
        fl_group_settle(<int64_t*>order.data, <const unsigned char*>tied.data, <int64_t*>place.data, <int64_t*>next.data, rows)
