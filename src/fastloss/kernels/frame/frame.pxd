"""What the frame offers to the modules of the kinds: sizes, types, and the functions that exist once.

Each kind is a module of its own, loaded on first use (`from … cimport *` in shared.pxi). What a kernel calls for every block is
included in each of them; what keeps a state (threads, the short way) or is of no matter to speed is here.
"""

from libc.stdint cimport int64_t

ctypedef fused real:
    float
    double

cdef enum:
    VALUE = 1                    # results of a call
    GRADIENT = 2
    HESSIAN = 4
    WANT_PRODUCT = 8             # the Hessian times a vector
    WANT_MATRIX = 16             # the whole Hessian of each row
    SAMPLES = 1024               # in a block, at most
    CACHE_LINE = 64
    FEW = 64                     # classes, at most, of a tile with rows in the lanes
    SERIAL_BELOW = 1 << 16       # elements: fewer are not worth a second thread
    MAX_PLAIN_THREADS = 1 << 30

cdef extern from *:
    """
    #define FL_SUM_TOLERANCE 1e-2
    """
    # How far the sum of a soft target's row may be from 1: bfloat16 probabilities add up to about 0.4 %.
    double SUM_TOLERANCE "FL_SUM_TOLERANCE"

cdef extern from "blocks/dtypes.h" nogil:
    enum:
        BOOL "FL_BOOL"
        INT8 "FL_INT8"
        UINT8 "FL_UINT8"
        INT16 "FL_INT16"
        UINT16 "FL_UINT16"
        INT32 "FL_INT32"
        UINT32 "FL_UINT32"
        INT64 "FL_INT64"
        UINT64 "FL_UINT64"
        FLOAT16 "FL_FLOAT16"
        BFLOAT16 "FL_BFLOAT16"
        FLOAT32 "FL_FLOAT32"
        FLOAT64 "FL_FLOAT64"
        FL_LABEL_BAD
    void fl_gather(char*, const char*, Py_ssize_t, Py_ssize_t, Py_ssize_t, int) noexcept
    void fl_scatter(char*, Py_ssize_t, const char*, Py_ssize_t, Py_ssize_t, int) noexcept
    void fl_widen_f32(int, const char*, float*, Py_ssize_t) noexcept
    void fl_widen_f64(int, const char*, double*, Py_ssize_t) noexcept
    void fl_narrow_f32(int, const float*, char*, Py_ssize_t) noexcept
    void fl_narrow_f64(int, const double*, char*, Py_ssize_t) noexcept
    bint fl_labels(int, const char*, int64_t*, Py_ssize_t, int64_t, int, int64_t) noexcept

cdef extern from "blocks/ahead.h" nogil:
    enum: FL_READ, FL_READ_TOO, FL_WRITE, FL_PLACES
    ctypedef struct fl_ahead:
        const char* place[3]
        Py_ssize_t size[3]
        int shift
    void fl_fetch(const fl_ahead*, Py_ssize_t, Py_ssize_t) noexcept

cdef extern from "blocks/blocks.h" nogil:
    """
    enum { FL_BLOCK_BYTES = FL_BLOCK_f64 * sizeof(double), FL_LANES_BYTES = FL_LANES_f64 * sizeof(double) };
    """
    enum:
        BLOCK_DOUBLES "FL_BLOCK_f64"
        BLOCK_BYTES "FL_BLOCK_BYTES"
        LANES_BYTES "FL_LANES_BYTES"
    double fl_ratio(double, double, double, double, double) noexcept
    double fl_fma(double, double, double) noexcept
    double fl_block_sum_f32(const float*, Py_ssize_t) noexcept
    double fl_block_sum_f64(const double*, Py_ssize_t) noexcept
    double fl_block_dot_f32(const float*, const float*, Py_ssize_t) noexcept
    double fl_block_dot_f64(const double*, const double*, Py_ssize_t) noexcept
    void fl_block_weigh_f32(float*, const float*, Py_ssize_t) noexcept
    void fl_block_weigh_f64(double*, const double*, Py_ssize_t) noexcept
    bint fl_block_inside_f32(const float*, const float*, float, float, Py_ssize_t) noexcept
    bint fl_block_inside_f64(const double*, const double*, double, double, Py_ssize_t) noexcept
    bint fl_block_nan_f32(const float*, Py_ssize_t) noexcept
    bint fl_block_nan_f64(const double*, Py_ssize_t) noexcept
    bint fl_block_either_f32(const float*, const float*, float, float, Py_ssize_t) noexcept
    bint fl_block_either_f64(const double*, const double*, double, double, Py_ssize_t) noexcept
    float fl_block_max_f32(const float*, Py_ssize_t) noexcept
    double fl_block_max_f64(const double*, Py_ssize_t) noexcept
    void fl_lanes_max_f32(const float*, float*) noexcept
    void fl_lanes_max_f64(const double*, double*) noexcept
    void fl_lanes_exp_f32(const float*, const float*, float*, float*, float*) noexcept
    void fl_lanes_exp_f64(const double*, const double*, double*, double*, double*) noexcept
    void fl_transpose_f32(const float*, Py_ssize_t, float*, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    void fl_transpose_f64(const double*, Py_ssize_t, double*, Py_ssize_t, Py_ssize_t, Py_ssize_t) noexcept
    double fl_block_exp_sum_f32(const float*, float, float*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept
    double fl_block_exp_sum_f64(const double*, double, double*, Py_ssize_t, double*, const fl_ahead*, Py_ssize_t) noexcept
    double fl_block_tiny_sum_f32(const float*, float, Py_ssize_t) noexcept
    double fl_block_tiny_sum_f64(const double*, double, Py_ssize_t) noexcept

cdef extern from "blocks/exact.h" nogil:
    enum: FL_EXACT_DIGITS
    ctypedef struct fl_exact:
        pass
    void fl_exact_add(fl_exact*, double*, Py_ssize_t) noexcept
    bint fl_exact_add_floats(fl_exact*, const float*, Py_ssize_t) noexcept
    void fl_exact_add_one(fl_exact*, double) noexcept
    void fl_exact_add_sum(fl_exact*, const fl_exact*) noexcept
    double fl_exact_value(fl_exact*) noexcept
    void fl_exact_bytes(const fl_exact*, unsigned char*) noexcept

cdef extern from "blocks/share.h" nogil:
    ctypedef struct fl_share:
        pass
    ctypedef void (*fl_piece)(void* work, Py_ssize_t piece, int thread) noexcept

cdef enum:
    MAX_DIMENSIONS = 64          # NumPy's limit
    EXACT_BYTES = 576            # of the scratch of a function that inspects: its fl_exact, in whole lines of the cache

cdef struct Limits:
    double low, high             # of y_true
    bint ends_only               # y_true is one of the two
    double predicted_low, predicted_high
    double rounding              # of the array's own epsilon, by which a prediction may be above: it is taken for the limit

cdef struct Curvature:
    bint asked                   # else the Hessian is stored as it is
    bint absolute
    bint gauss_newton            # in place of the exact one, where a loss has another
    double factor
    double floor                 # -infinity: none

# ---- running blocks (run.pxi) ----

ctypedef double (*block_function)(void* call, Py_ssize_t block, void* scratch) noexcept nogil

cdef enum Status:                # what `run_blocks_here` returns, and the functions of __init__.pxd
    OK = 0
    BAD_TARGET = -1
    NO_HESSIAN = -2
    NO_MEMORY = -3

cdef int check_count(str what, Py_ssize_t count, Py_ssize_t most) except -1
cdef int threads_now(Py_ssize_t wanted) noexcept nogil
cdef void deal(fl_piece run, void* work, Py_ssize_t first, Py_ssize_t last, int threads, fl_share* shares) noexcept nogil
cdef double run_blocks(block_function function, void* call, Py_ssize_t blocks, Py_ssize_t elements, int threads,
                       Py_ssize_t scratch_size, fl_exact* sum=*) except? -1.0
cdef double run_stoppable(block_function function, void* call, int* stop, Py_ssize_t blocks, Py_ssize_t elements, int threads,
                          Py_ssize_t scratch_size) except? -1.0
cdef double run_inspection(block_function function, void* call, Py_ssize_t blocks, Py_ssize_t elements, int threads,
                           Py_ssize_t scratch_size, fl_exact* sum) except? -1.0
cdef int run_blocks_here(block_function function, void* call, Py_ssize_t blocks, Py_ssize_t scratch_size, double* total) noexcept nogil

cdef class ExactSum:
    cdef fl_exact sum

# ---- the short way (plain.pxi) ----

cdef enum:
    MOST_ARGUMENTS = 7           # arrays of a call
    MOST_PREDICTIONS = 4         # of them that are differentiated

cdef enum:                       # what an array is to a call: the arguments come first, then
    SAMPLE_WEIGHT = MOST_ARGUMENTS
    WHERE
    VECTOR                       # for each prediction, as the results by it
    OUT_VALUE = VECTOR + MOST_PREDICTIONS
    OUT_GRADIENT
    OUT_HESSIAN = OUT_GRADIENT + MOST_PREDICTIONS
    PLAIN_ARRAYS = OUT_HESSIAN + MOST_PREDICTIONS

cdef enum PlainReduction:
    MEAN
    SUM
    NONE

cdef struct Plain:
    Py_buffer view
    int dtype
    bint held                    # the buffer has to be released

cdef struct PlainWork:           # one call
    Plain array[PLAIN_ARRAYS]    # those that are not held are not there
    Plain* pred                  # the first prediction
    int want                     # the results
    int second                   # WANT_PRODUCT, WANT_MATRIX: what a second derivative is, if not the diagonal
    int by[MOST_PREDICTIONS]     # predictions by which derivatives are wanted, in the order of the results
    int derivatives              # how many these are
    bint bare                    # one derivative is returned as it is, not in a tuple
    int threads
    Py_ssize_t numbers           # that are swept, for who decides on threads
    bint double_precision
    bint dense                   # the target has a number for each class
    bint in_place                # some derivative lies over an array that is read
    int class_axis               # of the prediction, or that of its two columns; -1: none
    int dimensions               # of the samples
    Py_ssize_t shape[MAX_DIMENSIONS]
    Py_ssize_t samples, classes
    PlainReduction reduction
    double denominator, value_factor
    Curvature curvature
    fl_exact* weight_sum         # where that of the weights is left; NULL: nobody asks
    bint looks                   # at targets in the pass that computes, in which nothing of the caller's is written
    int refused                  # by it: some number is outside its domain
    bint left                    # to the long way, after all: no array that a call reads was written
    void* memory                 # what a kind has asked for, until the call ends

cdef bint short_way_is_open() noexcept
cdef bint look(object array, bint writable, Plain* plain) except -1
cdef void release(PlainWork* work) noexcept
cdef object new_like(object array)
cdef void* room(PlainWork* work, Py_ssize_t size) noexcept nogil
cdef bint take_numbers(const Plain* plain, double* numbers) noexcept nogil
cdef double weigh_each(PlainWork* work, double* weights) noexcept nogil
cdef object take_function(PlainWork* work, object x, object axis, bint by_sample, object out, object n_threads)

cdef class PlainCall:
    cdef int arguments           # how many arrays a call takes
    cdef int predictions         # how many of them are differentiated
    cdef int prediction[MOST_PREDICTIONS]   # which
    cdef tuple names             # what these are called, where there are several
    cdef tuple operands          # what the arrays are called, where some may be None, or be given by name; else empty
    cdef int needed              # how many of them may not: the first
    cdef int results             # those that it has: VALUE | GRADIENT | HESSIAN | WANT_PRODUCT | WANT_MATRIX
    cdef double factor           # of a loss that is one with a factor and nothing else
    cdef Limits limits[2]        # in float32 and in float64
    cdef bint any_engine         # its loops are compiled at run time, whatever the engine
    cdef bint holds_arrays       # some parameter is an array

    cdef int take_limits(self, tuple limits, tuple double_limits) except -1
    cdef tuple completed(self, tuple args, dict keywords)
    cdef int take_operands(self, tuple operands, int needed) except -1
    cdef int take_arguments(self, Py_ssize_t arguments, tuple predictions, tuple names) except -1
    cdef bint suits(self, PlainWork* work) noexcept
    cdef double inspected(self, PlainWork* work) except? -1.0
    cdef double ran(self, PlainWork* work) except? -1.0
    cpdef object run(self, int want, tuple args, dict keywords, ExactSum weight_sum=*)
