"""The kernels for Cython code: ``cimport fastloss``. No GIL, no Python object, one thread: the caller's.

    cimport fastloss
    import fastloss as fl

    gentle = fl.huber.bind(delta=2.0)
    cdef const fastloss.fl_kernel* kernel = fastloss.kernel_of(gentle)

    with nogil:
        status = fastloss.pointwise_f64(kernel, n, &y_true[0], &y_pred[0], n, &total, &gradient[0], NULL)
    mean = total / n

Arrays are contiguous. Whatever a result is written to may be NULL: then it is not computed. Gradient and Hessian diagonal
are divided by `denominator`: 1 for those of the sum, n for those of the mean. `total` is not: it is the sum of the losses,
so that those of parts can be added up; the mean, which a gradient divided by n is of, is total / n. The gradient may be
written over the prediction; apart from that nothing overlaps. The numbers are those that the methods of the losses give,
to the bit.

Each function returns 0, or a negative number, and then nothing was written:

    BAD_TARGET   a target or a prediction is outside its domain, a class index is not a class
    NO_HESSIAN   the loss is one of the user's that has none
    NO_MEMORY    there is none for scratch: a few bytes for each class, or 8 for every 1024 elements

To use several threads, deal out parts in a `prange` of your own, and add the totals up.
"""

from libc.stdint cimport int64_t

cdef extern from *:
    """
    typedef struct fl_kernel fl_kernel;
    """
    ctypedef struct fl_kernel:   # an element-wise loss with its parameters
        pass

cdef enum:
    BAD_TARGET = -1
    NO_HESSIAN = -2
    NO_MEMORY = -3

# The kernel of an element-wise loss: of the package, the user's own (compiled by Numba here), or a sum. Its parameters are
# numbers. It lives as long as the loss does: keep a reference to what `bind` returns.
cdef const fl_kernel* kernel_of(object loss) except NULL

cdef int pointwise_f32(const fl_kernel* kernel, Py_ssize_t n, const float* y_true, const float* y_pred, double denominator,
                       double* total, float* gradient, float* hessian) noexcept nogil
cdef int pointwise_f64(const fl_kernel* kernel, Py_ssize_t n, const double* y_true, const double* y_pred, double denominator,
                       double* total, double* gradient, double* hessian) noexcept nogil

# Softmax cross-entropy of rows of logits, for class indices.
cdef int cross_entropy_f32(Py_ssize_t rows, Py_ssize_t classes, const int64_t* y_true, const float* logits, double denominator,
                           double* total, float* gradient, float* hessian) noexcept nogil
cdef int cross_entropy_f64(Py_ssize_t rows, Py_ssize_t classes, const int64_t* y_true, const double* logits, double denominator,
                           double* total, double* gradient, double* hessian) noexcept nogil
