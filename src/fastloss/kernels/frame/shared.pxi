# What the module of every kind begins with: the frame (frame.pxd), and what is compiled into each because it runs for each block.

include "frame/c_library.pxi"

include "frame_module.pxi"     # made by the build: it names the frame of this ISA level

cdef inline Py_ssize_t lanes_of(const real* tag) noexcept nogil:
    """Lanes of a block primitive."""
    return LANES_BYTES // sizeof(real)

cdef inline Py_ssize_t block_size(const real* tag) noexcept nogil:
    """Elements of a block."""
    return BLOCK_BYTES // sizeof(real)


include "frame/numbers.pxi"
include "points/vocabulary.pxi"
include "frame/layout.pxi"
include "frame/samples.pxi"
include "frame/domains.pxi"
include "frame/curvature.pxi"
include "frame/given.pxi"
