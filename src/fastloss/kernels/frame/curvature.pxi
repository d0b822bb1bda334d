# What a caller asks of the diagonal of a Hessian: its absolute value, or that of Gauss and Newton; a factor; a floor.
#
# No kernel knows of factor and floor. A block's Hessian is complete, in the compute type, when `shape_hessian` goes over it,
# while it is in the first-level cache: so the result is, to the bit, what a pass of the caller's own would make of it.

cdef Curvature curvature_of(object given):
    """Of (absolute, gauss_newton, factor, floor), or of None."""
    cdef Curvature curvature
    curvature.asked = given is not None
    curvature.absolute, curvature.gauss_newton, curvature.factor, curvature.floor = given or (False, False, 1.0, -INFINITY)
    return curvature


cdef inline bint by_gauss_newton(const Curvature* curvature) noexcept nogil:
    return curvature.asked and curvature.gauss_newton


cdef void shape_hessian(const Curvature* curvature, const real* weight, real* hessian, Py_ssize_t n) noexcept nogil:
    """max(floor, factor h), NaN where h is; +0 of a sample of weight 0. `weight`: NULL where none is 0."""
    cdef double factor = curvature.factor
    cdef real floor = <real>curvature.floor
    cdef real h
    cdef Py_ssize_t i
    if not curvature.asked:
        return
    if curvature.absolute:
        for i in range(n):
            hessian[i] = abs_(hessian[i])
    for i in range(n):
        h = <real>(hessian[i] * factor)
        hessian[i] = where_(h < floor, floor, h)
    if weight != NULL:
        for i in range(n):
            hessian[i] = where_(weight[i] == 0, <real>0, hessian[i])
