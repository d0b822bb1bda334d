# Words of a formula (points/formulas.h) for the Cython code of the kernels, each mapped to its primitive in both compute types.

cdef extern from "points/formulas.h" nogil:
    float fl_wheref(bint, float, float) noexcept
    double fl_where(bint, double, double) noexcept
    float fl_absf(float) noexcept
    double fl_abs(double) noexcept
    float fl_expf(float) noexcept
    double fl_exp(double) noexcept
    float fl_exp_minus_absf(float) noexcept
    double fl_exp_minus_abs(double) noexcept
    float fl_expm1f(float) noexcept
    double fl_expm1(double) noexcept
    float fl_logf(float) noexcept
    double fl_log(double) noexcept
    float fl_log1pf(float) noexcept
    double fl_log1p(double) noexcept
    float fl_log1p_unitf(float) noexcept
    double fl_log1p_unit(double) noexcept
    float fl_log1pmxf(float) noexcept
    double fl_log1pmx(double) noexcept
    float fl_sqrtf(float) noexcept
    double fl_sqrt(double) noexcept

cdef inline real exp_(real x) noexcept nogil:
    if real is float:
        return fl_expf(x)
    else:
        return fl_exp(x)

cdef inline real exp_minus_abs_(real x) noexcept nogil:
    if real is float:
        return fl_exp_minus_absf(x)
    else:
        return fl_exp_minus_abs(x)

cdef inline real expm1_(real x) noexcept nogil:
    if real is float:
        return fl_expm1f(x)
    else:
        return fl_expm1(x)

cdef inline real log_(real x) noexcept nogil:
    if real is float:
        return fl_logf(x)
    else:
        return fl_log(x)

cdef inline real log1p_(real x) noexcept nogil:
    if real is float:
        return fl_log1pf(x)
    else:
        return fl_log1p(x)

cdef inline real log1p_unit_(real x) noexcept nogil:
    if real is float:
        return fl_log1p_unitf(x)
    else:
        return fl_log1p_unit(x)

cdef inline real log1pmx_(real x) noexcept nogil:
    if real is float:
        return fl_log1pmxf(x)
    else:
        return fl_log1pmx(x)

cdef inline real sqrt_(real x) noexcept nogil:
    if real is float:
        return fl_sqrtf(x)
    else:
        return fl_sqrt(x)

cdef inline real abs_(real x) noexcept nogil:
    if real is float:
        return fl_absf(x)
    else:
        return fl_abs(x)

cdef inline real where_(bint condition, real x, real y) noexcept nogil:
    if real is float:
        return fl_wheref(condition, x, y)
    else:
        return fl_where(condition, x, y)
