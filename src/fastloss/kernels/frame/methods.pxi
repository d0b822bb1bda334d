# The call of a loss and its methods, as objects: what `fastloss.huber` and `fastloss.huber.grad` are underneath.
#
# A method of Python has the signature of its function, which is one for all losses. What others look at before they call
# (scikit-learn, XGBoost, editors) has to be that of one loss, so a method is an object of its own. It runs without a frame
# of Python: a short call takes 0.2 µs less than through a method of Python.

cdef enum:
    MOST_VARIANTS = 64           # choices of parameters in calls that a loss remembers
    MOST_BYTES = 4096            # of an array among them: a weight for each class


cdef class QuickLoss:
    """What is compiled of a loss: its call, and the methods that it keeps."""
    cdef PlainCall plain         # None: every call goes the long way, or nobody has called it yet:
    cdef bint looked             # whether `plain` was asked for, and with it the kernels of the loss's kind
    cdef dict keywords           # of every call, which it is bound to; None: there are none
    cdef list methods            # by the results they return
    cdef dict variants           # the same loss with other parameters, by these; None: they were given once

    def __init__(self, dict keywords):
        self.keywords, self.methods, self.variants = keywords or None, [None] * (WANT_MATRIX + 1), {}

    def __call__(self, *args, **keywords):
        result = self.tried(VALUE, args, keywords, None)
        return self._evaluate(VALUE, args, keywords) if result is None else result

    cdef PlainCall short_way(self):
        if not self.looked:
            self.plain = self._short
            self.looked = True
        return self.plain

    cdef object tried(self, int want, tuple args, dict keywords, ExactSum weight_sum):
        """What the short way returns of a call; None: it is not plain."""
        cdef PlainCall plain = self.short_way()
        cdef dict options = keywords if self.keywords is None else {**self.keywords, **keywords}
        for name in keywords:
            if name not in KEYWORDS and (plain is None or name not in plain.operands):
                plain, options = self.with_parameters(keywords, options)
                break
        return None if plain is None else plain.run(want, args, options, weight_sum)

    def try_partial(self, tuple args, dict keywords):
        """Return the sum of weight x loss, and the sum of the weights in units of 2^-1074; None if the call is not plain."""
        cdef ExactSum weights = ExactSum()
        total = self.tried(VALUE, args, {**keywords, "reduction": "sum", "normalizer": None}, weights)
        return None if total is None else (total, weights.units())

    cdef tuple with_parameters(self, dict keywords, dict options):
        """The short way with the parameters of a call, and the keywords that are none.

        Parameters that are given a second time have a loss of their own from then on; a new one for each call, for a
        parameter that is learned or annealed, would cost more than the long way.
        """
        cdef dict parameters = {}, others = {}
        cdef list key = []
        cdef QuickLoss variant
        for name, value in options.items():
            if name in KEYWORDS or (self.plain is not None and name in self.plain.operands):
                others[name] = value
                continue
            kind = type(value)
            if kind is not float and isinstance(value, floating) and value.itemsize <= 8:     # NumPy's own
                kind, value = float, float(value)
            if kind is ndarray and value.nbytes <= MOST_BYTES:
                parameters[name] = value
                key += (name, value.dtype.str, value.shape, value.tobytes())
                continue
            if not (kind is float or kind is int or kind is bool or kind is str or value is None):
                return None, others
            parameters[name] = value
            key += (name, kind, value, kind is float and signbit(<double>value) != 0)
        found = tuple(key)
        if found not in self.variants:
            if len(self.variants) >= MOST_VARIANTS:
                self.variants.clear()
            self.variants[found] = None
            return None, others
        variant = self.variants[found]
        if variant is None:
            try:
                variant = self.bind(**parameters)
                variant.short_way()
            except (TypeError, ValueError):          # the long way says what is wrong
                return None, others
            self.variants[found] = variant
        return variant.short_way(), others


cdef class Method:
    # No docstring here: it would hide the property.
    cdef readonly object __self__            # the loss
    cdef readonly object __func__            # the function of the class
    cdef int want                            # the results it returns, which the short way is asked for first; 0: it is not
    cdef object __weakref__

    def __call__(self, *args, **keywords):
        if self.want:
            result = (<QuickLoss>self.__self__).tried(self.want, args, keywords, None)
            if result is not None:
                return result
        return self.__func__(self.__self__, *args, **keywords)

    @property
    def __name__(self):
        return self.__func__.__name__

    @property
    def __qualname__(self):
        return f"{self.__self__.__qualname__}.{self.__name__}"

    @property
    def __module__(self):
        return self.__self__.__module__

    @property
    def __doc__(self):
        return self.__self__._text_of(self.__name__)

    @property
    def __signature__(self):
        return self.__self__._signature_of(self.__name__)

    def __repr__(self):
        return f"{self.__self__!r}.{self.__name__}"

    def __reduce__(self):
        return getattr, (self.__self__, self.__name__)

    def __eq__(self, other):
        if not isinstance(other, Method):
            return NotImplemented
        return self.__name__ == other.__name__ and self.__self__ == other.__self__

    def __hash__(self):
        return hash((self.__self__, self.__name__))


cdef class MethodOf:
    """A method in its class: it makes that of each object, and is the function where there is none."""
    cdef object function
    cdef int want

    def __init__(self, function, int want=0):
        if not 0 <= want <= WANT_MATRIX:
            raise ValueError(want)
        self.function, self.want = function, want

    def __get__(self, owner, kind):
        cdef Method method
        cdef QuickLoss loss = None
        if owner is None:
            return self.function
        if self.want:
            loss = owner
            method = loss.methods[self.want]
            if method is not None:
                return method
        method = Method.__new__(Method)
        method.__self__, method.__func__, method.want = owner, self.function, self.want
        if loss is not None and loss.plain is not None and not loss.plain.holds_arrays:
            # Kept by what it keeps itself: of a loss without arrays, which may wait for the garbage collector.
            loss.methods[self.want] = method
        return method
