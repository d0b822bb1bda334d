# cython: language_level=3, boundscheck=False, wraparound=False
# distutils: extra_compile_args = -O3 -fopenmp
# distutils: extra_link_args = -fopenmp
"""A linear model trained by stochastic gradient descent, without the GIL, with any element-wise loss of fastloss.

    python -m pip install cython setuptools     # and fastloss itself, from its folder: python -m pip install .
    cythonize --inplace linear_model.pyx

    import fastloss as fl, linear_model
    weights = linear_model.fit(fl.huber.bind(delta=2.0), x, y_true)
"""

cimport fastloss
from cython.parallel cimport prange

import numpy as np


def fit(object loss, const double[:, ::1] x, const double[::1] y_true, double rate=0.1, Py_ssize_t batch=32, int epochs=20):
    """Return the weights that make `loss` of ``x @ weights`` small."""
    cdef const fastloss.fl_kernel* kernel = fastloss.kernel_of(loss)
    cdef double[::1] weights = np.zeros(x.shape[1]), y_pred = np.empty(batch), gradient = np.empty(batch)
    cdef Py_ssize_t batches = (x.shape[0] + batch - 1) // batch, step, first, size, i, k
    cdef int status = 0
    with nogil:
        for step in range(epochs * batches):
            first = step % batches * batch
            size = min(batch, x.shape[0] - first)
            for i in range(size):
                y_pred[i] = 0
                for k in range(x.shape[1]):
                    y_pred[i] += x[first + i, k] * weights[k]
            status = fastloss.pointwise_f64(kernel, size, &y_true[first], &y_pred[0], size, NULL, &gradient[0], NULL)
            if status != 0:
                break
            for i in range(size):
                for k in range(x.shape[1]):
                    weights[k] -= rate * gradient[i] * x[first + i, k]
    if status == fastloss.BAD_TARGET:
        raise ValueError("y_true has a target that this loss is not made for")
    if status != 0:
        raise MemoryError
    return np.asarray(weights)


def mean_and_gradient(object loss, const float[::1] y_true, const float[::1] y_pred, float[::1] gradient, int n_threads):
    """Return the mean of `loss`, its gradient in `gradient`: parts of the data on threads of one's own."""
    cdef const fastloss.fl_kernel* kernel = fastloss.kernel_of(loss)
    cdef Py_ssize_t n = y_pred.shape[0], part = 1 << 16, first
    cdef double[::1] values = np.zeros(n // part + 1)
    cdef int failed = 0
    for first in prange(0, n, part, nogil=True, num_threads=n_threads):
        failed += 0 != fastloss.pointwise_f32(kernel, min(part, n - first), &y_true[first], &y_pred[first], n,
                                              &values[first // part], &gradient[first], NULL)
    if failed:
        raise ValueError("y_true has a target that this loss is not made for")
    return np.sum(values) / n
