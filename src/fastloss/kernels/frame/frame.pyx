# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, infer_types=False, freethreading_compatible=True, auto_pickle=False
"""The frame of the compiled engine: threads, the short way of a call, the methods of a loss. ../README.md is the contract.

A module for each kind of losses stands upon it. Each is compiled once for each ISA level, from one source. Nothing there
decides what a call means: shapes, types and overlaps were checked before (``call.py``), and what is passed is an array as
unsigned integers of its item size with the number of its element type.
"""

include "frame/c_library.pxi"

cdef extern from *:
    """
    #if defined(_OPENMP)
    #include <omp.h>
    #define FL_OPENMP 1
    #else
    #define FL_OPENMP 0
    #define omp_get_max_threads() 1
    #define omp_in_parallel() 0
    #endif
    """
    int FL_OPENMP
    int omp_get_max_threads() noexcept nogil
    int omp_in_parallel() noexcept nogil
    const char* FL_ISA
    const char* FL_COMPILER
    const char* FL_FLAGS

include "frame/layout.pxi"
include "frame/domains.pxi"
include "frame/given.pxi"
include "frame/run.pxi"
include "frame/plain.pxi"
include "frame/methods.pxi"


#: The numbers that Python needs to know before it needs a kernel.
SHARED = {
    "VALUE": VALUE, "GRADIENT": GRADIENT, "HESSIAN": HESSIAN, "WANT_PRODUCT": WANT_PRODUCT, "WANT_MATRIX": WANT_MATRIX,
    "SUM_TOLERANCE": SUM_TOLERANCE, "SERIAL_BELOW": SERIAL_BELOW, "BLOCK_BYTES": BLOCK_BYTES, "FEW": FEW,
    "EPSILON": {dtype: epsilon_of(dtype) for dtype in (FLOAT16, BFLOAT16, FLOAT32, FLOAT64)},
}


def openmp_threads():
    """Threads that OpenMP would give a parallel region opened here: it follows OMP_NUM_THREADS and threadpoolctl."""
    return 1 if omp_in_parallel() else omp_get_max_threads()


def build():
    """What the compiler was and was told."""
    return {
        "isa": FL_ISA.decode(),
        "compiler": FL_COMPILER.decode(),
        "compile_flags": FL_FLAGS.decode(),
        "openmp": bool(FL_OPENMP),
    }
