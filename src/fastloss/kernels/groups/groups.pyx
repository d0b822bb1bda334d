# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of groups: rows that are ordered, or compared with each other, inside of a group."""

# One sample, and one block, is a group, which one thread computes from begin to end: in double, and in the order that its loss is a
# sum over. Arrays are contiguous, in the order in which the rows came.

include "frame/shared.pxi"
include "maths/scalars.pxi"

cdef extern from "blocks/watch.h" nogil:
    bint fl_stopped(const int* stop) noexcept

cdef struct GroupsCall:
    Operand scores, gradient, hessian, offsets, share, weight, value, keys, event, target, gain, discount, row_weight
    double denominator
    double sigma                 # what distances of scores are multiplied by; the margin of a hinge; a temperature
    Py_ssize_t truncation        # places of a list that count
    int type_of_keys
    bint narrow                  # scores and gradient are float32; else they are float64
    bint efron, hinge, normalize, by_pair
    int stop                     # set: the call is to end, whatever it leaves


include "groups/group.pxi"
include "groups/ordered.pxi"
include "groups/curvature.pxi"
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
           bint by_pair=False, int type_of_keys=0, Py_ssize_t samples, Py_ssize_t most, double denominator=1, int threads=1):
    """Run a loss of groups; return the sum of the weighted values.

    `arrays`, all contiguous: scores, gradient and hessian (float64; None: not wanted); `offsets` (int64), where each group begins, and
    the end; `share` and `weight` (float64), what the loss of each group is multiplied by; `value` (float64), the weighted loss of each;
    `row_weight` (float64), None: the weights of rows are 1. For "ordered", whose scores and gradient may be float32: `keys`, by which
    rows are sorted (of the type FL_KEY_… that `type_of_keys` says), and `event` (uint8), None: the largest key is the first, each row
    is an event, none are tied. For the others `target` (float64), and where places of a list count, `gain` of each row and `discount`
    of each place (float64). `most`: the rows of the largest group.
    """
    cdef GroupsCall call
    cdef GroupLoss found = loss_of(loss)
    arrays = arrays.copy()
    call.denominator, call.efron, call.sigma, call.hinge = denominator, efron, sigma, loss == "hinge"
    call.type_of_keys = type_of_keys
    call.normalize, call.by_pair, call.truncation = normalize, by_pair, most if truncation is None else truncation
    need(&call.scores, arrays, "scores", False)
    call.narrow = call.scores.itemsize == sizeof(float)
    take(&call.gradient, arrays, "gradient", False)
    take(&call.hessian, arrays, "hessian", False)
    need(&call.offsets, arrays, "offsets", False)
    need(&call.share, arrays, "share", False)
    need(&call.weight, arrays, "weight", False)
    need(&call.value, arrays, "value", False)
    take(&call.keys, arrays, "keys", False)
    take(&call.event, arrays, "event", False)
    take(&call.target, arrays, "target", False)
    take(&call.gain, arrays, "gain", False)
    take(&call.discount, arrays, "discount", False)
    take(&call.row_weight, arrays, "row_weight", False)
    check_all_taken(arrays)
    return run_groups(&found, &call, samples, most, threads)


cdef double run_groups(const GroupLoss* loss, GroupsCall* call, Py_ssize_t samples, Py_ssize_t most, int threads) except? -1.0:
    return run_stoppable(loss.run, call, &call.stop, samples,
                         max(<Py_ssize_t>1, most * min(most, SAMPLES) if loss.of_pairs else most), threads,
                         (loss.columns * most + 8) * sizeof(double))


include "groups/plain.pxi"
