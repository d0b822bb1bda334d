"""What `compare.py` measures: one row per case, with its targets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from workloads import Workload, catalogue

ALL = 0  # as many threads as the process has CPUs


@dataclass(frozen=True)
class Case:
    """fastloss on one workload, beside everything that it is measured against; None: no target, for information.

    `at_most` bounds the time of fastloss divided by that of a yardstick:
        "np.exp", "memcpy", "np.subtract" on the same arrays by as many threads,
        "best layout": the same loss on contiguous arrays of the same size, the faster of class axis last and first,
        "float32": the same loss on float32 arrays,
        "plain": the same loss without what the workload asks for beside,
        "cross_entropy": that loss on the same predictions.
    `at_least` bounds the time of something slower divided by that of fastloss:
        "peers": every other library, on as many threads; the bound is for those that are made for speed,
        "every library": the same, the bound is for NumPy and SciPy too,
        "one thread": fastloss itself,
        "float32": the same loss on float32 arrays.
    `long`: takes too many seconds for the default table.
    """

    name: str
    workload: Workload
    threads: int = ALL
    at_most: dict[str, float | None] = field(default_factory=dict)
    at_least: dict[str, float | None] = field(default_factory=dict)
    long: bool = False


def best_layouts(workload: Workload) -> tuple[Workload, Workload]:
    """The same number of samples and classes, contiguous: classes last, and classes first."""
    classes = workload.shape[workload.axis]
    samples = workload.elements // classes
    return (
        replace(workload, shape=(samples, classes), axis=-1, order="C"),
        replace(workload, shape=(classes, samples), axis=0, order="C"),
    )


def _cross_entropy(
    *shape: int, dtype: str = "float32", axis: int = -1, order: Literal["C", "F"] = "C", variation: str = ""
) -> Workload:
    return Workload("cross_entropy", shape, dtype, axis, order, variation)


def _binary(size: int, dtype: str = "float32") -> Workload:
    return Workload("binary_cross_entropy", (size,), dtype)


# Name of a case: loss, size, then what is unusual about it.
CHOSEN = (
    # Many classes: the exponential bounds one thread, memory bounds all of them.
    Case("ce-8192x1000-one-thread", _cross_entropy(8192, 1000), 1, {"np.exp": 1.0}),
    Case("ce-2048x8192-one-thread", _cross_entropy(2048, 8192), 1, {"np.exp": 1.0}),
    Case("ce-256x50257-one-thread", _cross_entropy(256, 50257), 1, {"np.exp": 1.0}),
    Case(
        "ce-8192x1000",
        _cross_entropy(8192, 1000),
        at_most={"memcpy": 1.3, "np.exp": None},
        at_least={"peers": 2.0},
    ),
    Case(
        "ce-2048x8192",
        _cross_entropy(2048, 8192),
        at_most={"memcpy": 1.3, "np.exp": None},
        at_least={"peers": 2.0},
    ),
    Case(
        "ce-256x50257",
        _cross_entropy(256, 50257),
        at_most={"memcpy": 1.3, "np.exp": None},
        at_least={"peers": 2.0},
    ),
    # Two threads, data larger than the cache.
    Case("ce-2048x8192-two-threads", _cross_entropy(2048, 8192), 2, at_least={"one thread": 1.7}),
    Case("bce-1e7-two-threads", _binary(10**7), 2, at_least={"one thread": 1.7}),
    Case("squared-1e7-two-threads", Workload("squared_error", (10**7,)), 2, at_least={"one thread": None}),
    # Few classes.
    Case("ce-65536x10-one-thread", _cross_entropy(65536, 10), 1, {"np.exp": 2.0}),
    Case("ce-65536x3-one-thread", _cross_entropy(65536, 3), 1, {"np.exp": 3.0}),
    Case("ce-65536x2-one-thread", _cross_entropy(65536, 2), 1, {"np.exp": 3.0}),
    Case("ce-65536x10", _cross_entropy(65536, 10), at_most={"np.exp": None, "memcpy": None}, at_least={"peers": 2.0}),
    Case("ce-65536x3", _cross_entropy(65536, 3), at_most={"np.exp": None, "memcpy": None}, at_least={"peers": 2.0}),
    Case("ce-65536x2", _cross_entropy(65536, 2), at_most={"np.exp": None, "memcpy": None}, at_least={"peers": 2.0}),
    # Classes that do not lie side by side in memory.
    Case("ce-images", _cross_entropy(32, 21, 256, 256, axis=1), at_most={"best layout": 1.2}),
    Case("ce-fortran", _cross_entropy(1_000_000, 10, order="F"), at_most={"best layout": 1.2}),
    Case("ce-images-peers", _cross_entropy(32, 21, 256, 256, axis=1), at_least={"peers": 2.0}, long=True),
    Case("ce-fortran-peers", _cross_entropy(1_000_000, 10, order="F"), at_least={"peers": 2.0}, long=True),
    # One element at a time.
    Case("bce-1e5-one-thread", _binary(10**5), 1, {"np.exp": 2.0}),
    Case("bce-1e6", _binary(10**6), at_most={"np.exp": None, "np.subtract": None}, at_least={"peers": 2.0}),
    Case("bce-1e7", _binary(10**7), at_most={"np.exp": None, "np.subtract": None}, at_least={"peers": 2.0}, long=True),
    Case("squared-1e7", Workload("squared_error", (10**7,)), at_most={"np.subtract": 1.2}),
    Case("absolute-1e7", Workload("absolute_error", (10**7,)), at_most={"np.subtract": 1.2}),
    Case("huber-1e7", Workload("huber", (10**7,)), at_most={"np.subtract": 1.2}),
    Case("squared-1e7-peers", Workload("squared_error", (10**7,)), at_least={"peers": 2.0}, long=True),
    Case("absolute-1e7-peers", Workload("absolute_error", (10**7,)), at_least={"peers": 2.0}, long=True),
    Case("huber-1e7-peers", Workload("huber", (10**7,)), at_least={"peers": 2.0}, long=True),
    # Double precision: the same ratios.
    Case("ce-8192x1000-float64-one-thread", _cross_entropy(8192, 1000, dtype="float64"), 1, {"np.exp": 1.0}),
    Case("ce-8192x1000-float64", _cross_entropy(8192, 1000, dtype="float64"), at_most={"memcpy": 1.3}),
    Case("ce-65536x10-float64-one-thread", _cross_entropy(65536, 10, dtype="float64"), 1, {"np.exp": 2.0}),
    Case("ce-65536x3-float64-one-thread", _cross_entropy(65536, 3, dtype="float64"), 1, {"np.exp": 3.0}),
    Case("bce-1e5-float64-one-thread", _binary(10**5, "float64"), 1, {"np.exp": 2.0}),
    Case("squared-1e7-float64", Workload("squared_error", (10**7,), "float64"), at_most={"np.subtract": 1.2}),
    Case("absolute-1e7-float64", Workload("absolute_error", (10**7,), "float64"), at_most={"np.subtract": 1.2}),
    Case("huber-1e7-float64", Workload("huber", (10**7,), "float64"), at_most={"np.subtract": 1.2}),
    Case(
        "ce-8192x1000-float64-peers",
        _cross_entropy(8192, 1000, dtype="float64"),
        at_least={"peers": 2.0},
        long=True,
    ),
    # Half precision: half the bytes.
    Case("ce-2048x8192-float16", _cross_entropy(2048, 8192, dtype="float16"), at_most={"float32": 1.0}),
    Case("ce-2048x8192-bfloat16", _cross_entropy(2048, 8192, dtype="bfloat16"), at_most={"float32": 1.0}),
    Case("bce-1e5-float16-one-thread", _binary(10**5, "float16"), 1, {"float32": 1.0}),
    Case("bce-1e5-bfloat16-one-thread", _binary(10**5, "bfloat16"), 1, {"float32": 1.0}),
    Case("squared-1e7-float16", Workload("squared_error", (10**7,), "float16"), at_least={"float32": 1.3}),
    Case("squared-1e7-bfloat16", Workload("squared_error", (10**7,), "bfloat16"), at_least={"float32": 1.3}),
    # The price of a call.
    Case("ce-32x10", _cross_entropy(32, 10), at_most={"np.exp": 5.0}, at_least={"every library": 5.0}),
)


#: Losses of a few operations for each element: two arrays read and one written are their limit.
LIGHT = (
    "squared_error", "half_squared_error", "absolute_error", "huber", "smooth_l1", "quantile", "expectile", "brier",
    "hinge", "squared_hinge", "perceptron", "modified_huber", "tukey_biweight", "geman_mcclure",
)  # fmt: skip
#: Losses of exponentials and logarithms, and how many np.exp of the predictions they may take in the cache.
TRANSCENDENTAL = {
    "binary_cross_entropy": 1.8, "soft_margin": 1.8, "log_cosh": 1.8, "poisson": 1.2, "gamma": 1.2, "exponential": 1.2,
    "tweedie": 2.5, "pseudo_huber": 2.5, "cauchy": 2.5, "fair": 2.5, "welsch": 2.5, "squared_log_error": 2.5,
    "binary_log_loss": 2.5, "negative_binomial": 2.5, "binary_focal": 3.5, "asymmetric": 4.5, "general_robust": 6.0,
}  # fmt: skip


def _of_elements() -> Iterator[Case]:
    """Element-wise losses against the limits: in the cache and beyond it, in either type, value or gradient alone."""
    for loss in LIGHT:
        for size, bound in ((10**4, 1.3), (10**5, 1.3), (10**6, 0.95)):
            work = Workload(loss, (size,))
            yield Case(f"{work.name}-one-thread", work, 1, {"np.subtract": bound})
    for loss in ("squared_error", "huber"):
        work = Workload(loss, (10**5,))
        yield Case(f"{loss}-1e5-float64-one-thread", replace(work, dtype="float64"), 1, {"np.subtract": 1.3})
        yield Case(f"{loss}-1e5-value-one-thread", replace(work, variation="value"), 1, {"np.subtract": 0.8})
        yield Case(f"{loss}-1e5-gradient-one-thread", replace(work, variation="gradient"), 1, {"np.subtract": 1.1})
        yield Case(f"{loss}-1e7-one-thread", replace(work, shape=(10**7,)), 1, {"np.subtract": 0.95})
    for loss, bound in TRANSCENDENTAL.items():
        yield Case(f"{loss}-1e5-in-cache", Workload(loss, (10**5,)), 1, {"np.exp": bound})


def _of_options() -> Iterator[Case]:
    """Every option and keyword against the plain call; losses over rows against plain cross-entropy."""
    for loss in ("huber", "binary_cross_entropy"):
        for variation, bound in (
            ("sample_weight", 1.4), ("where", 1.4), ("float64-targets", 1.4), ("integer-targets", 1.4),
            ("strided", 1.5), ("reduction=none", 1.3),
        ):  # fmt: skip
            work = Workload(loss, (10**5,), variation=variation)
            yield Case(f"{loss}-1e5-{variation}", work, 1, {"plain": bound})
    for variation, bound in (
        ("sample_weight", 1.15), ("class_weight", 1.15), ("where", 1.15), ("ignore_index", 1.15),
        ("float-targets", 1.15), ("strided", 1.3), ("hessian", 1.25),
    ):  # fmt: skip
        yield Case(f"ce-65536x10-{variation}", _cross_entropy(65536, 10, variation=variation), 1, {"plain": bound})
    for variation, bound in (
        ("label_smoothing", 1.15), ("soft", 1.6), ("z_loss", 1.15), ("temperature", 1.15), ("softcap", 2.5),
    ):  # fmt: skip
        for shape in ((65536, 10), (8192, 100), (8192, 1000)):
            work = _cross_entropy(*shape, variation=variation)
            yield Case(f"ce-{work.size}-{variation}", work, 1, {"plain": bound})
    for loss, bound in (
        ("kl_divergence", 2.5), ("categorical_focal", 1.5), ("poly1_cross_entropy", 1.5),
        ("generalized_cross_entropy", 1.5),
    ):  # fmt: skip
        for shape in ((8192, 100), (8192, 1000)):
            work = Workload(loss, shape)
            yield Case(f"{loss}-{work.size}", work, 1, {"cross_entropy": bound})
    for classes, bound in ((2, 2.5), (3, 2.5), (65, 1.5), (100, 1.5), (128, 1.5), (250, 1.5), (500, 1.5)):
        samples = 65536 if classes < 10 else 8192
        yield Case(f"ce-{samples}x{classes}-switch", _cross_entropy(samples, classes), 1, {"np.exp": bound})


CASES = (*CHOSEN, *_of_elements(), *_of_options())


def sweep() -> list[Workload]:
    """Rows, classes and elements over five orders of magnitude."""
    orders = [10**order for order in range(6)]
    rows = [_cross_entropy(rows, 100) for rows in orders]
    classes = [_cross_entropy(100, classes) for classes in orders]
    elements = [_binary(10 * size) for size in orders] + [_binary(10**7)]
    return list(dict.fromkeys(rows + classes + elements))


def of_catalogue() -> list[Case]:
    """Every loss on a million elements, or on 8192 rows of 1000 classes, beside whoever has it; no targets."""
    shapes = {"C": (8192, 1000), "2": (10**6, 2)}
    return [
        Case(
            row.name,
            Workload(row.name, shapes.get(row.axes, (10**6,))),
            at_most={"memcpy": None},
            at_least={"peers": None},
        )
        for row in catalogue().values()
    ]


def geometric_mean(values: list[float]) -> float:
    """The mean of ratios."""
    return math.exp(sum(map(math.log, values)) / len(values))
