# Numbers of which Python decides how many there are: the parameters of a loss, of a sum of losses.

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


cdef int check_count(str what, Py_ssize_t count, Py_ssize_t most) except -1:
    """Raise where there are more than an array of a fixed size has room for."""
    if count > most:
        raise ValueError(f"fastloss: {count} {what}; there is room for {most}")
    return 0
