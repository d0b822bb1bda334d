# Scalars of a row or a sample with more digits, or a wider exponent, than a double has.

cdef extern from "maths/pairs.h" nogil:
    ctypedef struct fl_pair:
        double head, tail
    double fl_exp_sum(double, double) noexcept
    fl_pair fl_two_sum(double, double) noexcept
    fl_pair fl_two_product(double, double) noexcept
    fl_pair fl_pair_sum(fl_pair, fl_pair) noexcept
    fl_pair fl_pair_over(fl_pair, double) noexcept
    fl_pair fl_pair_product(fl_pair, fl_pair) noexcept
    fl_pair fl_log_pair(double) noexcept
    fl_pair fl_pair_quotient(fl_pair, fl_pair) noexcept
    fl_pair fl_exp_pair(double, double) noexcept
    fl_pair fl_log1p_pair(fl_pair) noexcept
    fl_pair fl_tanh_pair(fl_pair) noexcept
    double fl_exp_of_product(double, double, double) noexcept
    double fl_power(double, double) noexcept
    double fl_half_violation(double, double, double) noexcept

cdef extern from "maths/wide.h" nogil:
    ctypedef struct fl_wide:
        double head, tail, exponent
    fl_wide wide "fl_wide_of"(double) noexcept
    double number_of "fl_wide_number"(fl_wide) noexcept
    fl_wide plus "fl_wide_sum"(fl_wide, fl_wide) noexcept
    fl_wide times "fl_wide_product"(fl_wide, fl_wide) noexcept
    fl_wide over "fl_wide_quotient"(fl_wide, fl_wide) noexcept
    fl_wide negative "fl_wide_negative"(fl_wide) noexcept
    fl_wide exp_of "fl_wide_exp"(fl_wide) noexcept
    fl_wide expm1_of "fl_wide_expm1"(fl_wide) noexcept
    fl_wide log_of "fl_wide_log"(fl_wide) noexcept
    fl_wide log1p_of "fl_wide_log1p"(fl_wide) noexcept
    double power_within "fl_power_within"(double) noexcept


cdef inline bint finite(double x) noexcept nogil:
    return abs_(x) < INFINITY


cdef inline fl_wide minus(fl_wide a, fl_wide b) noexcept nogil:
    return plus(a, negative(b))


cdef inline fl_wide square(fl_wide a) noexcept nogil:
    return times(a, a)
