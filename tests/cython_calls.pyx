# cython: language_level=3
"""What ``cimport fastloss`` declares, each function as it is, for tests/test_cython.py."""

cimport fastloss
from libc.stdint cimport int64_t

STATUS = {"BAD_TARGET": fastloss.BAD_TARGET, "NO_HESSIAN": fastloss.NO_HESSIAN, "NO_MEMORY": fastloss.NO_MEMORY}

ctypedef fused real:
    float
    double


def pointwise(object loss, const real[::1] y_true, real[::1] y_pred, double denominator, want, real[::1] gradient, real[::1] hessian):
    """Return status and value; `want` says which of value, gradient, hessian are handed over."""
    cdef const fastloss.fl_kernel* kernel = fastloss.kernel_of(loss)
    cdef double value = 113
    cdef double* to_value = &value if "value" in want else NULL
    cdef real* to_gradient = &gradient[0] if "gradient" in want else NULL
    cdef real* to_hessian = &hessian[0] if "hessian" in want else NULL
    cdef Py_ssize_t n = y_pred.shape[0]
    cdef int status
    with nogil:
        if real is float:
            status = fastloss.pointwise_f32(kernel, n, &y_true[0], &y_pred[0], denominator, to_value, to_gradient, to_hessian)
        else:
            status = fastloss.pointwise_f64(kernel, n, &y_true[0], &y_pred[0], denominator, to_value, to_gradient, to_hessian)
    return status, value


def cross_entropy(const int64_t[::1] y_true, real[:, ::1] logits, double denominator, want, real[:, ::1] gradient, real[:, ::1] hessian):
    cdef double value = 113
    cdef double* to_value = &value if "value" in want else NULL
    cdef real* to_gradient = &gradient[0, 0] if "gradient" in want else NULL
    cdef real* to_hessian = &hessian[0, 0] if "hessian" in want else NULL
    cdef Py_ssize_t rows = logits.shape[0], classes = logits.shape[1]
    cdef int status
    with nogil:
        if real is float:
            status = fastloss.cross_entropy_f32(rows, classes, &y_true[0], &logits[0, 0], denominator, to_value, to_gradient, to_hessian)
        else:
            status = fastloss.cross_entropy_f64(rows, classes, &y_true[0], &logits[0, 0], denominator, to_value, to_gradient, to_hessian)
    return status, value


def empty(object loss):
    """No elements, no memory behind them."""
    cdef double value = 113
    cdef int status = fastloss.pointwise_f64(fastloss.kernel_of(loss), 0, NULL, NULL, 1, &value, NULL, NULL)
    return status, value
