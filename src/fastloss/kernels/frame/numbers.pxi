# Numbers of which Python decides how many there are: the parameters of a loss, of a sum of losses, of each class.

cdef class Numbers:
    """Some numbers, in memory that lives as long as this does."""
    cdef double* data
    cdef Py_ssize_t count

    def __cinit__(self, tuple numbers):
        cdef Py_ssize_t k
        self.count = len(numbers)
        self.data = <double*>malloc(max(self.count, <Py_ssize_t>1) * sizeof(double))
        if self.data == NULL:
            raise MemoryError("fastloss: no memory for the parameters of a loss")
        for k in range(self.count):
            self.data[k] = numbers[k]

    def __dealloc__(self):
        free(self.data)


cdef class Doubles:
    """The numbers of a contiguous float64 array, or None. A memoryview would do, and be a tenth of this module."""
    cdef Py_buffer view
    cdef double* data            # NULL: there are none; written only where the array is `writable`
    cdef Py_ssize_t count

    def __cinit__(self, object array, bint writable=False):
        if array is not None:
            PyObject_GetBuffer(array, &self.view, PyBUF_WRITABLE if writable else PyBUF_SIMPLE)
            self.data, self.count = <double*>self.view.buf, self.view.len // <Py_ssize_t>sizeof(double)

    def __dealloc__(self):
        if self.data != NULL:
            PyBuffer_Release(&self.view)
