# The words of a formula (catalogue/vocabulary.py), each mapped to its primitive in both compute types.

cdef extern from *:
    """
    #include "maths/vecmath.h"
    /* x where c holds, else y, by the bits. A ?: is the same number, but several of them in one loop become branches
       nested in ways that gcc does not turn back into selects, and the loop stays scalar: 26 ns an element, not 1.7. */
    FL_INLINE float fl_selectf(int c, float x, float y)
    {
        uint32_t mask = -(uint32_t)(c != 0);
        return fl_from_bitsf((fl_bitsf(x) & mask) | (fl_bitsf(y) & ~mask));
    }
    FL_INLINE double fl_select(int c, double x, double y)
    {
        uint64_t mask = -(uint64_t)(c != 0);
        return fl_from_bits((fl_bits(x) & mask) | (fl_bits(y) & ~mask));
    }
    """
    float fl_selectf(bint, float, float) noexcept nogil
    double fl_select(bint, double, double) noexcept nogil

cdef extern from "maths/vecmath.h" nogil:
    float fl_expf(float) noexcept
    double fl_exp(double) noexcept
    float fl_exp_minus_absf(float) noexcept
    double fl_exp_minus_abs(double) noexcept
    float fl_exp_sumf(float, float) noexcept
    double fl_exp_sum(double, double) noexcept
    float fl_expm1f(float) noexcept
    double fl_expm1(double) noexcept
    float fl_logf(float) noexcept
    double fl_log(double) noexcept
    float fl_log1pf(float) noexcept
    double fl_log1p(double) noexcept
    float fl_log1p_unitf(float) noexcept
    double fl_log1p_unit(double) noexcept
    float fl_tanhf(float) noexcept
    double fl_tanh(double) noexcept
    float fl_sigmoidf(float) noexcept
    double fl_sigmoid(double) noexcept
    float fl_log_sigmoidf(float) noexcept
    double fl_log_sigmoid(double) noexcept
    float fl_softplusf(float) noexcept
    double fl_softplus(double) noexcept
    float fl_sqrtf(float) noexcept
    double fl_sqrt(double) noexcept
    float fl_absf(float) noexcept
    double fl_abs(double) noexcept

cdef extern from "maths/tails.h" nogil:
    float fl_difference_tailf(float, float) noexcept
    double fl_difference_tail(double, double) noexcept
    float fl_product_tailf(float, float) noexcept
    double fl_product_tail(double, double) noexcept
    float fl_quotient_tailf(float, float) noexcept
    double fl_quotient_tail(double, double) noexcept
    float fl_exp_minus_abs_headf(float) noexcept
    double fl_exp_minus_abs_head(double) noexcept
    float fl_exp_minus_abs_tailf(float) noexcept
    double fl_exp_minus_abs_tail(double) noexcept
    float fl_log_sum_unitf(float, float) noexcept
    double fl_log_sum_unit(double, double) noexcept
    float fl_log_sum_unit_tailf(float, float) noexcept
    double fl_log_sum_unit_tail(double, double) noexcept
    float fl_exp_exponentf(float) noexcept
    double fl_exp_exponent(double) noexcept
    float fl_exp_fractionf(float) noexcept
    double fl_exp_fraction(double) noexcept
    float fl_scaledf(float, float) noexcept
    double fl_scaled(double, double) noexcept
    float fl_log_sumf(float, float) noexcept
    double fl_log_sum(double, double) noexcept
    float fl_log_sum_tailf(float, float) noexcept
    double fl_log_sum_tail(double, double) noexcept
    float fl_log_ratiof(float, float) noexcept
    double fl_log_ratio(double, double) noexcept
    float fl_log1pmxf(float) noexcept
    double fl_log1pmx(double) noexcept

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

cdef inline real exp_sum_(real x, real tail) noexcept nogil:
    if real is float:
        return fl_exp_sumf(x, tail)
    else:
        return fl_exp_sum(x, tail)

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

cdef inline real exp_minus_abs_head_(real x) noexcept nogil:
    if real is float:
        return fl_exp_minus_abs_headf(x)
    else:
        return fl_exp_minus_abs_head(x)

cdef inline real exp_minus_abs_tail_(real x) noexcept nogil:
    if real is float:
        return fl_exp_minus_abs_tailf(x)
    else:
        return fl_exp_minus_abs_tail(x)

cdef inline real exp_exponent_(real x) noexcept nogil:
    if real is float:
        return fl_exp_exponentf(x)
    else:
        return fl_exp_exponent(x)

cdef inline real exp_fraction_(real x) noexcept nogil:
    if real is float:
        return fl_exp_fractionf(x)
    else:
        return fl_exp_fraction(x)

cdef inline real scaled_(real x, real n) noexcept nogil:
    if real is float:
        return fl_scaledf(x, n)
    else:
        return fl_scaled(x, n)

cdef inline real log_sum_(real x, real tail) noexcept nogil:
    if real is float:
        return fl_log_sumf(x, tail)
    else:
        return fl_log_sum(x, tail)

cdef inline real log_sum_tail_(real x, real tail) noexcept nogil:
    if real is float:
        return fl_log_sum_tailf(x, tail)
    else:
        return fl_log_sum_tail(x, tail)

cdef inline real log_sum_unit_(real x, real tail) noexcept nogil:
    if real is float:
        return fl_log_sum_unitf(x, tail)
    else:
        return fl_log_sum_unit(x, tail)

cdef inline real log_sum_unit_tail_(real x, real tail) noexcept nogil:
    if real is float:
        return fl_log_sum_unit_tailf(x, tail)
    else:
        return fl_log_sum_unit_tail(x, tail)

cdef inline real log_ratio_(real x, real y) noexcept nogil:
    if real is float:
        return fl_log_ratiof(x, y)
    else:
        return fl_log_ratio(x, y)

cdef inline real log1pmx_(real x) noexcept nogil:
    if real is float:
        return fl_log1pmxf(x)
    else:
        return fl_log1pmx(x)

cdef inline real difference_tail_(real x, real y) noexcept nogil:
    if real is float:
        return fl_difference_tailf(x, y)
    else:
        return fl_difference_tail(x, y)

cdef inline real product_tail_(real x, real y) noexcept nogil:
    if real is float:
        return fl_product_tailf(x, y)
    else:
        return fl_product_tail(x, y)

cdef inline real quotient_tail_(real x, real y) noexcept nogil:
    if real is float:
        return fl_quotient_tailf(x, y)
    else:
        return fl_quotient_tail(x, y)

cdef inline real tanh_(real x) noexcept nogil:
    if real is float:
        return fl_tanhf(x)
    else:
        return fl_tanh(x)

cdef inline real sigmoid_(real x) noexcept nogil:
    if real is float:
        return fl_sigmoidf(x)
    else:
        return fl_sigmoid(x)

cdef inline real log_sigmoid_(real x) noexcept nogil:
    if real is float:
        return fl_log_sigmoidf(x)
    else:
        return fl_log_sigmoid(x)

cdef inline real softplus_(real x) noexcept nogil:
    if real is float:
        return fl_softplusf(x)
    else:
        return fl_softplus(x)

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
        return fl_selectf(condition, x, y)
    else:
        return fl_select(condition, x, y)


cdef inline real clamp_(real x, real low, real high) noexcept nogil:
    return where_(x < low, low, where_(x > high, high, x))
