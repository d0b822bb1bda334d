# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The kernels of regions: sums over the pixels of images, class by class, and gradients made of slopes of these sums."""

# Losses of the overlap of regions are functions of three sums for each class of an image (tiles.h). One pass makes the sums,
# and looks at the targets on its way; a function makes a value and slopes of them (overlap.h); a second pass makes the gradient.
#
# An image is cut into pieces, and these into tiles: a few hundred pixels with all of their classes, which lie class by class
# whatever the array's layout. Pieces return their sums to an array of their own, and whoever calls adds those up in their
# order. So sums have the same bits for any number of threads and any layout.

include "frame/shared.pxi"

cdef extern from "regions/tiles.h" nogil:
    enum: FL_REGION_STEPS, FL_REGION_MOST
    void fl_region_sigmoid_sums_f32(const float*, const float*, float*, const float*, Py_ssize_t, bint, double*) noexcept
    void fl_region_sigmoid_sums_f64(const double*, const double*, double*, const double*, Py_ssize_t, bint, double*) noexcept
    void fl_region_sigmoid_gradient_f32(const float*, const float*, float*, Py_ssize_t, const double*, float*) noexcept
    void fl_region_sigmoid_gradient_f64(const double*, const double*, double*, Py_ssize_t, const double*, double*) noexcept
    void fl_region_softmax_f32(const float*, Py_ssize_t, const float*, Py_ssize_t, Py_ssize_t, float*, float*, float*,
                               const float*) noexcept
    void fl_region_softmax_f64(const double*, Py_ssize_t, const double*, Py_ssize_t, Py_ssize_t, double*, double*, double*,
                               const double*) noexcept
    void fl_region_class_sums_f32(const float*, const float*, const float*, const float*, const float*, float, bint, bint, Py_ssize_t,
                                  double*) noexcept
    void fl_region_class_sums_f64(const double*, const double*, const double*, const double*, const double*, double, bint, bint, Py_ssize_t,
                                  double*) noexcept
    void fl_region_weigh_f32(float*, Py_ssize_t, Py_ssize_t, const float*, Py_ssize_t) noexcept
    void fl_region_weigh_f64(double*, Py_ssize_t, Py_ssize_t, const double*, Py_ssize_t) noexcept
    void fl_region_softmax_gradient_f32(const float*, const float*, const float*, const float*, bint, bint, const double*, Py_ssize_t,
                                        Py_ssize_t, float*, Py_ssize_t) noexcept
    void fl_region_softmax_gradient_f64(const double*, const double*, const double*, const double*, bint, bint, const double*, Py_ssize_t,
                                        Py_ssize_t, double*, Py_ssize_t) noexcept

cdef extern from "regions/overlap.h" nogil:
    ctypedef struct fl_overlap:
        double alpha, beta, smooth, gamma
        bint squared, together
    double fl_region_loss(const fl_overlap*, const double*, Py_ssize_t, const double*, double*) noexcept

include "regions/block.pxi"


def regions(dict arrays not None, *, tuple strides not None, Py_ssize_t images, Py_ssize_t pixels, Py_ssize_t classes,
            bint softmax, bint by_label, bint squared, bint double_precision, bint batch, object ignore_index, object kept,
            object numbers, int threads=1):
    """Leave the sums of each piece in `numbers`, or where there is a gradient make it of the slopes that are there.

    `arrays`: logits, y_true, gradient, pixel_weight, of the first image, the classes on the last axis (labels and weights have
    none), each (array, dtype, swapped); `strides`: how many bytes the images of each lie apart. `softmax`: classes exclude each other.
    `by_label`: y_true holds class indices. `kept`: a byte for each class of each image, 0 where nothing is read of it. `numbers`:
    float64, (images, pieces_of(pixels, classes), classes, 3) sums, or (images, classes, 3) slopes. `batch`: all images have their
    sums together. The sums of regions are the first ones of `numbers` at the end. Returns 0, or NaN where a target is bad.
    """
    cdef RegionsCall call
    cdef Bytes read = Bytes(kept)
    cdef Doubles room = Doubles(numbers, True)
    arrays = arrays.copy()
    need(&call.logits, arrays, "logits", True)
    need(&call.target, arrays, "y_true", not by_label)
    take(&call.gradient, arrays, "gradient", True)
    take(&call.weight, arrays, "pixel_weight", False)
    check_all_taken(arrays)
    call.logits_apart, call.target_apart, call.gradient_apart, call.weight_apart = strides
    call.images, call.pixels, call.classes = images, pixels, classes
    call.softmax, call.by_label, call.squared = softmax, by_label, squared
    call.ignoring = ignore_index is not None
    call.ignored = ignore_index if call.ignoring else 0
    call.kept, call.numbers = <const unsigned char*>read.view.buf, room.data
    check_count("classes", images * classes, read.view.len)
    check_count("numbers", images * classes * 3 * (1 if call.gradient.data != NULL else pieces_of(pixels, classes)), room.count)
    cdef double bad = run_regions(&call, double_precision, threads)
    if call.gradient.data == NULL:
        join_sums(call.numbers, images, pieces_of(pixels, classes), classes, batch)
    return bad


def losses(tuple parameters not None, object sums not None, object factors not None, object values not None, object slopes not None, *,
           bint squared, bint together):
    """Leave the loss of each class of each image in `values`, of classes `together` of each image; and the slopes of all.

    `parameters`: alpha, beta, smooth and gamma. `factors`: one for each class.
    """
    cdef Doubles given = Doubles(sums), value = Doubles(values, True), factor = Doubles(factors), slope = Doubles(slopes, True)
    cdef fl_overlap of
    cdef Py_ssize_t k, classes = factor.count if together else 1
    of.alpha, of.beta, of.smooth, of.gamma = parameters
    of.squared, of.together = squared, together
    check_count("sums", 3 * classes * value.count, given.count)
    check_count("slopes", 3 * classes * value.count, slope.count)
    for k in range(value.count):
        value.data[k] = fl_region_loss(&of, given.data + 3 * classes * k, classes, factor.data, slope.data + 3 * classes * k)


def pieces(Py_ssize_t pixels, Py_ssize_t classes):
    """How many pieces an image is cut into: it depends on nothing else."""
    return pieces_of(pixels, classes)


include "regions/plain.pxi"
include "regions/errors.pxi"
