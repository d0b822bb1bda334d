"""Losses of given vectors: distances and cosines of the rows of two or three arrays, with a gradient for each array."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import cases
import ml_dtypes
import numpy as np
import oracle
import pytest
from cases import bits, generator
from numpy.testing import assert_array_equal

import fastloss as fl
from fastloss.arrays import describe
from fastloss.runtime import kernels

pytestmark = pytest.mark.skipif(cases.current_engine() != "compiled", reason="they have no kernels of Numba")

INF, NAN = np.inf, np.nan
#: Units in the last place, of value and gradient.
BOUND = 4
#: What a result of float16 and bfloat16 is rounded from.
COMPUTED = np.float32
ROWS = {row.name: row for row in cases.OF_SAMPLES if row.kind == "vectors"}
DEFAULTS = {name: {parameter.name: parameter.default for parameter in row.parameters} for name, row in ROWS.items()}
ARRAYS = {name: len(row.differentiated) for name, row in ROWS.items()}
TARGETS = {
    name: (int(row.target.low), int(row.target.high))
    for name, row in ROWS.items()
    if row.operands[0] not in row.differentiated
}
DISTANCES = ("euclidean", "squared")


@dataclass
class Vectors:
    """A loss, what it is of, and its parameters."""

    name: str
    arrays: tuple[Any, ...]
    y_true: Any = None
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, Any]:
        return DEFAULTS[self.name] | self.parameters

    @property
    def wide(self) -> bool:
        return any(array.dtype.newbyteorder("=") == np.float64 for array in self.arrays)

    def run(
        self,
        wanted: Iterable[int] | None = None,
        sample_weight: Any = None,
        where: Any = None,
        denominator: float = 1.0,
        threads: int = 1,
        out: dict[int, Any] | None = None,
        value_out: Any = None,
        inspect: bool = False,
    ) -> float:
        """Return the weighted sum; gradients are left in `out`, values in `value_out`."""
        shape = np.broadcast_shapes(*(array.shape for array in self.arrays))
        samples, columns = shape[:-1], shape[-1]
        to = lambda array: None if array is None else np.broadcast_to(array, samples)  # noqa: E731
        numbers = tuple(float(DISTANCES.index(v) if isinstance(v, str) else v) for v in self.given.values())
        operands = {"y_true": to(self.y_true), "weight": to(sample_weight), "where": to(where), "value": value_out}
        for k, array in enumerate(self.arrays):
            operands |= {f"array {k}": np.broadcast_to(array, shape), f"gradient {k}": (out or {}).get(k)}
        return kernels.vectors.vectors(
            {name: describe(array) for name, array in operands.items()},
            loss=kernels.vectors.VECTOR_LOSSES[self.name],
            double_precision=self.wide,
            samples=int(np.prod(samples)),
            columns=columns,
            denominator=denominator,
            parameters=numbers,
            inspect=inspect,
            threads=threads,
        )

    def __call__(self, wanted: Iterable[int] | None = None, **keywords: Any) -> tuple[Any, ...]:
        """Return the values and the gradients."""
        shape = np.broadcast_shapes(*(array.shape for array in self.arrays))
        value = np.full(shape[:-1], 113, np.float64 if self.wide else self.arrays[0].dtype.newbyteorder("="))
        wanted = range(len(self.arrays)) if wanted is None else wanted
        out = {k: np.full(shape, 113, self.arrays[k].dtype.newbyteorder("=")) for k in wanted}
        self.run(out=out, value_out=value, **keywords)
        return value, *out.values()


def drawn_target(name: str, n: int, rng: np.random.Generator) -> Any:
    return rng.choice(TARGETS[name], n).astype(np.int64) if name in TARGETS else None


def of(name: str, arrays: Iterable[Any], rng: np.random.Generator, **parameters: Any) -> Vectors:
    arrays = tuple(arrays)
    return Vectors(name, arrays, drawn_target(name, arrays[0].shape[0], rng), parameters)


# -- inputs -----------------------------------------------------------------------------------------------------------


def ulp_steps(a: np.ndarray, rng: np.random.Generator, most: int) -> np.ndarray:
    """Move each number by a few units in its last place, many not at all."""
    steps = rng.integers(-most, most + 1, a.shape) * rng.integers(0, 2, a.shape)
    return (a * (1 + steps * np.finfo(a.dtype).eps)).astype(a.dtype)


def ordinary(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    return [rng.normal(size=shape).astype(dtype) for _ in range(count)]


def near(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """At distances down to the last digits."""
    first = rng.normal(size=shape)
    spread = 10.0 ** -rng.uniform(0, -np.log10(np.finfo(dtype).eps), (shape[0], 1))
    return [(first + spread * rng.normal(size=shape)).astype(dtype) for _ in range(count)]


def last_digits(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    first = rng.normal(size=shape).astype(dtype)
    return [first, *(ulp_steps(first, rng, 2) for _ in range(count - 1))]


def parallel(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """Multiples of one vector, in both directions, up to the last digits."""
    first = rng.normal(size=shape).astype(dtype)
    factor = lambda: rng.choice([-3, -1, 0.1, 1, 2, 3], (shape[0], 1))  # noqa: E731
    return [first, *(ulp_steps((first * factor()).astype(dtype), rng, 1) for _ in range(count - 1))]


def one_large(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """A column that outweighs all others by far."""
    arrays = ordinary(rng, dtype, shape, count)
    exponent = rng.integers(0, np.finfo(dtype).maxexp // 2, (shape[0], 1))
    scale = np.ldexp(1.0, -exponent)
    scale = np.concatenate([np.ones((shape[0], 1)), np.broadcast_to(scale, (shape[0], shape[1] - 1))], axis=1)
    whole = rng.integers(1, 4, (shape[0], 1))
    for array in arrays:
        array[:, :1] = rng.choice([1, 3], (shape[0], 1)) * whole
    return [(array * scale).astype(dtype) for array in arrays]


def of_any_size(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """Each array of its own size, from the smallest number to the largest."""
    info = np.finfo(dtype)
    low, high = info.minexp - info.nmant, info.maxexp - 2
    sizes = [rng.integers(low, high, (shape[0], 1)) for _ in range(count)]
    return [np.ldexp(rng.normal(size=shape).clip(-3, 3), size).astype(dtype) for size in sizes]


def of_one_size(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """All arrays of the same size, from the smallest number to the largest."""
    info = np.finfo(dtype)
    size = rng.integers(info.minexp - info.nmant, info.maxexp - 2, (shape[0], 1))
    return [np.ldexp(rng.normal(size=shape).clip(-3, 3), size).astype(dtype) for _ in range(count)]


def integers(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """Ties, equal rows, zeros: the kinks are met exactly."""
    return [rng.integers(-1, 2, shape).astype(dtype) for _ in range(count)]


def sparse(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    arrays = ordinary(rng, dtype, shape, count)
    return [np.where(rng.random(shape) < 0.75, 0, array).astype(dtype) for array in arrays]


def at_one_distance(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], count: int) -> list[np.ndarray]:
    """From the first array, up to the last digits."""
    first = rng.normal(size=shape)
    offset = rng.normal(size=shape)
    return [
        first.astype(dtype),
        *(ulp_steps((first + rng.permutation(offset, axis=1)).astype(dtype), rng, 1) for _ in range(count - 1)),
    ]


REGIMES: dict[str, Callable[..., list[np.ndarray]]] = {
    regime.__name__: regime
    for regime in (
        ordinary,
        near,
        last_digits,
        parallel,
        one_large,
        of_any_size,
        of_one_size,
        integers,
        sparse,
        at_one_distance,
    )
}

VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "triplet": ("triplet", {}),
    "triplet-0": ("triplet", {"margin": 0.0}),
    "triplet-swap": ("triplet", {"swap": True, "margin": 0.25}),
    "triplet-squared": ("triplet", {"distance": "squared", "margin": 0.2}),
    "triplet-squared-swap-0": ("triplet", {"distance": "squared", "swap": True, "margin": 0.0}),
    "contrastive": ("contrastive", {}),
    "contrastive-3": ("contrastive", {"margin": 3.0}),
    "cosine_distance": ("cosine_distance", {}),
    "cosine_embedding": ("cosine_embedding", {}),
    "cosine_embedding-margin": ("cosine_embedding", {"margin": 0.3}),
    "cosine_embedding-negative": ("cosine_embedding", {"margin": -0.5}),
}
every_variant = pytest.mark.parametrize("variant", VARIANTS)
every_loss = pytest.mark.parametrize("name", ARRAYS)
of_float = pytest.mark.parametrize("dtype", cases.FLOATS, ids=str)


# -- accuracy ---------------------------------------------------------------------------------------------------------


def truths_of(problem: Vectors, i: int, places: Iterable[tuple[int, int]]) -> tuple[oracle.Truth, list[oracle.Truth]]:
    """Return the truths of a sample: its value, of which nothing is forgiven for terms that cancel, and derivatives by
    the numbers at `places` (array, column)."""
    row, label = ROWS[problem.name], {} if problem.y_true is None else {"y_true": problem.y_true[i]}
    names = [operand.name for operand in row.differentiated]
    sample = label | {name: array[i] for name, array in zip(names, problem.arrays, strict=True)}
    found = oracle.truth(row, sample, [(names[k], c) for k, c in places], np.float64, **problem.parameters)
    value = found[0][0].exact
    return oracle.Truth(value, value), [first for _, first, _ in found]


def worst_errors(problem: Vectors, rows: Iterable[int], dtype: Any) -> tuple[float, float, str]:
    """Return the largest errors of value and gradient, and where they are.

    The unit of a gradient is that of the largest of its terms. Of a cosine it is that of the result, or of 2^-16 of the
    largest number in that gradient of the sample: a single number may cancel by chance, not the whole vector.
    """
    value, *grads = problem()
    columns = problem.arrays[0].shape[1]
    places = [(k, c) for k in range(len(grads)) for c in range(columns)]
    worst_value = worst_grad = 0.0
    found = ""
    for i in rows:
        truth, truths = truths_of(problem, i, places)
        error = oracle.ulps(value[i], truth, dtype)
        if error > worst_value:
            worst_value, found = (
                error,
                f"{found}; value {value[i]!r} of row {i} should be {oracle.mp.nstr(truth.exact, 17)}",
            )
        for k in range(len(grads)):
            of_array = [truth for (array, _), truth in zip(places, truths, strict=True) if array == k]
            largest = max(abs(truth.exact) for truth in of_array)
            for c, truth in enumerate(of_array):
                if "cosine" in problem.name:
                    truth = oracle.Truth(truth.exact, max(abs(truth.exact), oracle.mp.ldexp(largest, -16)))
                error = oracle.ulps(grads[k][i, c], truth, dtype)
                if error > worst_grad:
                    exact = oracle.mp.nstr(truth.exact, 17)
                    worst_grad, found = error, f"{found}; gradient {k} {grads[k][i, c]!r} at {i, c} should be {exact}"
    return worst_value, worst_grad, found


@of_float
@pytest.mark.parametrize("regime", REGIMES)
@every_variant
def test_every_digit_is_right(variant: str, regime: str, dtype: Any) -> None:
    name, parameters = VARIANTS[variant]
    for columns in (1, 2, 3, 7, 40):
        rng = generator("vectors", variant, regime, str(dtype), columns)
        rows = 8 if columns < 40 else 2
        problem = of(name, REGIMES[regime](rng, dtype, (rows, columns), ARRAYS[name]), rng, **parameters)
        value, grad, found = worst_errors(problem, range(rows), dtype)
        assert max(value, grad) <= BOUND, f"{value:.2f}, {grad:.2f} ULP: {found}; seed {cases.SEED}"


@of_float
@every_loss
def test_long_rows(name: str, dtype: Any) -> None:
    rng = generator("long vectors", name, str(dtype))
    for regime in (ordinary, near):
        problem = of(name, regime(rng, dtype, (2, 3000), ARRAYS[name]), rng)
        value, *grads = problem()
        for i in range(2):
            places = [(k, c) for k in range(len(grads)) for c in (0, 1723)]
            truth, truths = truths_of(problem, i, places)
            assert oracle.ulps(value[i], truth, dtype) <= BOUND
            for (k, c), of_number in zip(places, truths, strict=True):
                assert oracle.ulps(grads[k][i, c], of_number, dtype) <= BOUND, (k, c, grads[k][i, c], of_number.exact)


@of_float
@pytest.mark.parametrize("variant", ["triplet", "triplet-squared", "contrastive", "cosine_embedding"])
def test_a_margin_that_is_nearly_met(variant: str, dtype: Any) -> None:
    """Almost nothing is left of the value; what is left, is right, and so is the side that it is on."""
    name, parameters = VARIANTS[variant]
    rng = generator("near a margin", variant, str(dtype))
    for step in (0, -3e-16, 3e-16, -1e-12, 1e-7, 1e-4):
        arrays = ordinary(rng, dtype, (1, 6), ARRAYS[name])
        between = [np.sum((arrays[0].astype(float) - array.astype(float)) ** 2) for array in arrays[1:]]
        if variant == "triplet":
            arrays[1:] = arrays[1:] if between[0] < between[1] else arrays[:0:-1]
            margin = abs(np.sqrt(between[0]) - np.sqrt(between[1]))
        elif variant == "triplet-squared":
            arrays[1:] = arrays[1:] if between[0] < between[1] else arrays[:0:-1]
            margin = abs(between[0] - between[1])
        elif name == "contrastive":
            margin = np.sqrt(between[0])
        else:
            first, second = (array[0].astype(float) for array in arrays)
            margin = first @ second / np.sqrt(first @ first * (second @ second))
        parameters = parameters | {"margin": float(margin * (1 + step))}
        target = {"contrastive": np.array([0]), "cosine_embedding": np.array([-1])}.get(name)
        problem = Vectors(name, tuple(arrays), target, parameters)
        value, grad, found = worst_errors(problem, [0], dtype)
        assert max(value, grad) <= BOUND, f"{step}: {value:.2f}, {grad:.2f} ULP: {found}; seed {cases.SEED}"


@of_float
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("swap", [False, True])
def test_a_triplet_of_nearly_equal_vectors_keeps_its_digits(swap: bool, distance: str, dtype: Any) -> None:
    """The gradient by what is in the middle is the difference of two vectors of length 1, nearly the same: its largest
    number is right to the last digits, not only to those of the vectors."""
    rng = generator("near triplets", swap, distance, str(dtype))
    anchor = rng.normal(size=(6, 5))
    if not swap:
        positive = (anchor + rng.normal(size=(6, 5))).astype(dtype)
        arrays = [anchor.astype(dtype), positive, ulp_steps(positive, rng, 4)]
    else:
        arrays = [anchor.astype(dtype), ulp_steps(anchor.astype(dtype), rng, 4), (anchor + 1).astype(dtype)]
    problem = Vectors("triplet", tuple(arrays), None, {"margin": 10.0, "swap": swap, "distance": distance})
    _, *grads = problem()
    for i in range(6):
        _, truths = truths_of(problem, i, [(k, c) for k in range(3) for c in range(5)])
        for k in range(3):
            of_array = truths[5 * k : 5 * k + 5]
            largest = max(abs(truth.exact) for truth in of_array)
            for c, truth in enumerate(of_array):
                error = oracle.ulps(grads[k][i, c], oracle.Truth(truth.exact, largest), dtype)
                assert error <= BOUND, (error, k, i, c, grads[k][i, c], truth.exact)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("size", [-560, -300, 0, 300])
def test_what_is_left_of_equal_distances_is_right(size: int, distance: str) -> None:
    """The squares differ by 3e-19 of 1.1: sums of 106 bits leave 48 right ones, 28 units."""
    anchor = [-1.1147960178435086, -0.19400052126748116, 0.045674080418501045]
    others = [
        [-1.743729197866108, -0.0047080513148861905, -0.6108506887711989],
        [-1.743729197866108, -0.8505252904571811, 0.234966550371096],
    ]
    for repeated in (1, 500):
        arrays = tuple(np.tile(np.ldexp([row], size), repeated) for row in (anchor, *others))
        problem = Vectors("triplet", arrays, None, {"margin": 0.0, "distance": distance})
        truth, _ = truths_of(problem, 0, [(0, 0)])
        assert truth.exact > 0
        assert oracle.ulps(problem()[0][0], truth, np.float64) <= 1


@every_variant
def test_weights_and_denominators_of_any_size(variant: str) -> None:
    """The result may be an ordinary number where a step on the way to it is none."""
    name, parameters = VARIANTS[variant]
    rng = generator("sizes of weights", variant)
    for regime in (ordinary, of_one_size, of_any_size, near):
        problem = of(name, regime(rng, np.float64, (16, 3), ARRAYS[name]), rng, **parameters)
        weight = np.ldexp(rng.uniform(1, 2, 16), rng.integers(-1070, 1000, 16))
        denominator = float(np.ldexp(rng.uniform(1, 2), rng.integers(-1000, 1000)))
        value, *grads = problem(sample_weight=weight, denominator=denominator)
        for i in range(16):
            places = [(k, c) for k in range(len(grads)) for c in range(3)]
            truth, truths = truths_of(problem, i, places)
            with oracle.mp.workprec(400):
                weighted = oracle.Truth(*(oracle.exact(weight[i]) * part for part in truth))
                assert oracle.ulps(value[i], weighted, np.float64) <= BOUND
                factor = oracle.exact(weight[i]) / oracle.exact(denominator)
                scaled = [oracle.Truth(*(factor * part for part in truth)) for truth in truths]
                for (k, c), truth in zip(places, scaled, strict=True):
                    if "cosine" in name:
                        largest = max(abs(other.exact) for (j, _), other in zip(places, scaled, strict=True) if j == k)
                        truth = oracle.Truth(truth.exact, max(abs(truth.exact), oracle.mp.ldexp(largest, -16)))
                    assert oracle.ulps(grads[k][i, c], truth, np.float64) <= BOUND


# -- special values ---------------------------------------------------------------------------------------------------


def one(name: str, *vectors: Any, y_true: Any = None, dtype: Any = np.float64, **parameters: Any) -> tuple[Any, ...]:
    """Return the results of one sample."""
    arrays = tuple(np.array([vector], dtype) for vector in vectors)
    target = None if y_true is None else np.array([y_true])
    return tuple(result[0] for result in Vectors(name, arrays, target, parameters)())


def check(results: Iterable[Any], expected: Iterable[Any]) -> None:
    for result, number in zip(results, expected, strict=True):
        assert_array_equal(result, number)


@of_float
def test_a_distance_of_zero_has_the_gradient_zero(dtype: Any) -> None:
    a, b = [3.0, -1.0, 1e-30], [0.0, 3.0, 0.0]
    check(one("contrastive", a, a, y_true=0, margin=2.0, dtype=dtype), (2, [0, 0, 0], [0, 0, 0]))
    check(one("contrastive", a, a, y_true=1, dtype=dtype), (0, [0, 0, 0], [0, 0, 0]))
    check(one("triplet", a, a, a, dtype=dtype), (1, [0, 0, 0], [0, 0, 0], [0, 0, 0]))
    check(one("triplet", a, a, a, margin=0.0, dtype=dtype), (0, [0, 0, 0], [0, 0, 0], [0, 0, 0]))
    far = [0.0, 7.0, 0.0]
    check(one("triplet", b, b, far, margin=6.0, dtype=dtype), (2, [0, 1, 0], [0, 0, 0], [0, -1, 0]))
    check(one("triplet", b, far, b, margin=6.0, dtype=dtype), (10, [0, -1, 0], [0, 1, 0], [0, 0, 0]))


@of_float
def test_at_a_kink_the_gradient_is_the_mean_of_both_sides(dtype: Any) -> None:
    a, p, n = [0.0, 0.0], [2.0, 0.0], [0.0, 3.0]  # distances of 2 and 3, and a margin of 1
    check(one("triplet", a, p, n, margin=1.0, dtype=dtype), (0, [-0.5, 0.5], [0.5, 0], [0, -0.5]))
    check(one("triplet", a, p, n, margin=5.0, distance="squared", dtype=dtype), (0, [-2, 3], [2, 0], [0, -3]))
    check(one("triplet", a, p, n, margin=0.5, dtype=dtype), (0, [0, 0], [0, 0], [0, 0]))
    check(one("contrastive", a, p, y_true=0, margin=2.0, dtype=dtype), (0, [0, 0], [0, 0]))
    check(
        one("cosine_embedding", p, n, y_true=-1, dtype=dtype),
        (0, np.array([0, 0.5 / 2]), np.array([0.5 / 3, 0], dtype)),
    )
    # The negative is as far from the positive as from the anchor: the mean of the gradients with and without swap.
    right, left, top = [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]
    value, *grads = one("triplet", right, left, top, swap=True, dtype=dtype)
    expected = [one("triplet", right, left, top, dtype=dtype)]
    other = one("triplet", left, right, top, dtype=dtype)
    expected.append((other[0], other[2], other[1], other[3]))
    for got, first, second in zip((value, *grads), *expected, strict=True):
        np.testing.assert_allclose(got, (first + second) / 2, rtol=4 * np.finfo(dtype).eps)


@of_float
def test_a_vector_of_zeros_has_the_cosine_zero_and_the_gradient_zero(dtype: Any) -> None:
    zero, other = [0.0, -0.0, 0.0], [1.0, 2.0, 3.0]
    for first, second in ((zero, other), (other, zero), (zero, zero)):
        check(one("cosine_distance", first, second, dtype=dtype), (1, [0, 0, 0], [0, 0, 0]))
        check(one("cosine_embedding", first, second, y_true=1, dtype=dtype), (1, [0, 0, 0], [0, 0, 0]))
        check(one("cosine_embedding", first, second, y_true=-1, dtype=dtype), (0, [0, 0, 0], [0, 0, 0]))
        check(one("cosine_embedding", first, second, y_true=-1, margin=-0.5, dtype=dtype), (0.5, [0, 0, 0], [0, 0, 0]))


@of_float
def test_equal_and_opposite_vectors(dtype: Any) -> None:
    a = generator("opposite").normal(size=9).astype(dtype)
    check(one("cosine_distance", a, a, dtype=dtype), (0, np.zeros(9), np.zeros(9)))
    check(one("cosine_distance", a, 4 * a, dtype=dtype), (0, np.zeros(9), np.zeros(9)))
    check(one("cosine_distance", a, -a, dtype=dtype), (2, np.zeros(9), np.zeros(9)))
    check(one("cosine_embedding", a, a, y_true=-1, margin=1.0, dtype=dtype), (0, np.zeros(9), np.zeros(9)))


@of_float
@pytest.mark.parametrize("columns", [1, 3, 33])
@every_variant
def test_nan_is_the_whole_sample_and_no_other(variant: str, columns: int, dtype: Any) -> None:
    name, parameters = VARIANTS[variant]
    rng = generator("nan", variant, columns)
    problem = of(name, ordinary(rng, dtype, (9, columns), ARRAYS[name]), rng, **parameters)
    plain, rest = problem(), np.arange(9) != 4
    for k in range(ARRAYS[name]):
        poisoned = [array.copy() for array in problem.arrays]
        poisoned[k][4, columns // 2] = NAN
        for got, expected in zip(replace(problem, arrays=tuple(poisoned))(), plain, strict=True):
            assert np.isnan(got[4]).all()
            assert bits(got[rest]) == bits(expected[rest])


@of_float
def test_infinities_follow_the_formula(dtype: Any) -> None:
    plain, far = [1.0, 2.0], [INF, 2.0]
    check(one("contrastive", far, plain, y_true=1, dtype=dtype), (INF, [INF, 0], [-INF, 0]))
    check(one("contrastive", far, plain, y_true=0, dtype=dtype), (0, [0, 0], [0, 0]))
    check(one("contrastive", far, far, y_true=1, dtype=dtype), (NAN, [NAN, NAN], [NAN, NAN]))
    check(one("triplet", plain, [0.0, 0.0], far, dtype=dtype), (0, [0, 0], [0, 0], [0, 0]))
    value, *_, by_negative = one("triplet", plain, far, [1.0, 1.0], dtype=dtype)
    assert value == INF
    assert_array_equal(by_negative, [0, 1])
    check(one("triplet", far, plain, plain, dtype=dtype), (NAN, [NAN, NAN], [NAN, NAN], [NAN, NAN]))
    check(one("cosine_distance", far, plain, dtype=dtype), (NAN, [NAN, NAN], [NAN, NAN]))


# -- weights, masks, targets ------------------------------------------------------------------------------------------


@of_float
@every_variant
def test_weights_and_masks(variant: str, dtype: Any) -> None:
    name, parameters = VARIANTS[variant]
    rng = generator("weights", variant, str(dtype))
    problem = of(name, ordinary(rng, dtype, (300, 5), ARRAYS[name]), rng, **parameters)
    weight = rng.choice([0, 0.5, 1, 4], 300)
    where = rng.random(300) < 0.7
    kept = (weight != 0) & where
    for array in problem.arrays:
        array[~kept] = NAN
    value, *grads = problem(sample_weight=weight, where=where, denominator=-4.0)
    plain_value, *plain = problem()
    assert_array_equal(value[kept], (plain_value * weight.astype(dtype))[kept])
    for got, expected in zip(grads, plain, strict=True):
        assert_array_equal(got[kept], (expected * (weight / -4).astype(dtype)[:, None])[kept])  # powers of 2
    for result in (value, *grads):
        assert not result[~kept].any()
        assert not np.signbit(result[~kept]).any()
    total = problem.run(sample_weight=weight, where=where)
    assert total == pytest.approx(value.astype(np.float64).sum(), rel=4 * float(np.finfo(dtype).eps))
    assert problem.run(sample_weight=weight, where=where, inspect=True) == weight[where].sum()
    assert problem.run(where=where, inspect=True) == where.sum()
    assert problem.run(inspect=True) == 300


@every_loss
def test_what_is_no_weight_or_no_target_is_found(name: str) -> None:
    rng = generator("inspected", name)
    problem = of(name, ordinary(rng, np.float32, (700, 2), ARRAYS[name]), rng)
    for bad in (-1.0, NAN, INF):
        weight = np.ones(700)
        weight[567] = bad
        assert np.isnan(problem.run(sample_weight=weight, inspect=True))
    if name in TARGETS:
        target = problem.y_true.astype(np.float64)
        for bad in (0.5, 2, sum(TARGETS[name]) - 3, INF):
            target[567] = bad
            wrong = replace(problem, y_true=target)
            assert np.isnan(wrong.run(inspect=True))
            assert wrong.run(where=np.arange(700) != 567, inspect=True) == 699


def test_nothing_is_divided_by_a_denominator_of_zero() -> None:
    rng = generator("denominator")
    problem = of("triplet", ordinary(rng, np.float32, (3, 2), 3), rng)
    for grad in problem(denominator=0.0, sample_weight=np.zeros(3))[1:]:
        assert_array_equal(grad, 0)


# -- layouts, types, threads ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [*cases.FLOATS, *cases.HALVES], ids=str)
@pytest.mark.parametrize("layout", cases.LAYOUTS)
@every_loss
def test_layouts_change_no_bit(name: str, layout: str, dtype: Any) -> None:
    if not cases.fits(layout, dtype):
        return
    rng = generator("layouts", name, layout, str(dtype))
    for shape in ((2, 3, 5), (40, 70)):
        arrays = ordinary(rng, dtype, shape, ARRAYS[name])
        arrays = [cases.LAYOUTS[layout](array) for array in arrays]
        target = None
        if name in TARGETS:
            target = (
                cases.LAYOUTS[layout](rng.choice(TARGETS[name], shape[:-1]))
                if "columns" not in layout
                else rng.choice(TARGETS[name], shape[:-1])
            )
        plain = Vectors(name, tuple(map(np.ascontiguousarray, arrays)), target)
        strided = Vectors(name, tuple(arrays), target)
        expected = plain()
        assert bits(strided()) == bits(expected)
        if "stride 0" in layout:
            continue
        out = {k: cases.LAYOUTS[layout](np.ones(shape, dtype)) for k in range(len(arrays))}
        if layout == "read-only":
            continue
        strided.run(out=out)
        assert bits(tuple(out.values())) == bits(expected[1:])


@pytest.mark.parametrize("layout", ["plain", "fortran", "stepped", "negative strides", "misaligned"])
@pytest.mark.parametrize("dtype", [*cases.FLOATS, *cases.HALVES], ids=str)
@every_variant
def test_in_place(variant: str, dtype: Any, layout: str) -> None:
    name, parameters = VARIANTS[variant]
    rng = generator("in place", variant, str(dtype))
    lay = cases.LAYOUTS.get(layout, np.copy)
    regime = near if layout == "plain" else ordinary
    problem = of(name, regime(rng, np.float32, (30, 20), ARRAYS[name]), rng, **parameters)
    problem.arrays = tuple(array.astype(dtype) for array in problem.arrays)
    expected = problem()
    for overwritten in (range(ARRAYS[name]), [0], [ARRAYS[name] - 1]):
        arrays = tuple(map(lay, problem.arrays))
        out = {k: arrays[k] if k in overwritten else np.empty(arrays[k].shape, dtype) for k in range(len(arrays))}
        replace(problem, arrays=arrays).run(out=out)
        assert bits(tuple(np.ascontiguousarray(grad) for grad in out.values())) == bits(expected[1:])


@every_variant
def test_each_gradient_alone_has_the_same_bits(variant: str) -> None:
    name, parameters = VARIANTS[variant]
    for regime in REGIMES.values():
        rng = generator("alone", variant, regime.__name__)
        problem = of(name, regime(rng, np.float32, (50, 9), ARRAYS[name]), rng, **parameters)
        value, *grads = problem()
        for k, grad in enumerate(grads):
            assert bits(problem(wanted=[k])) == bits((value, grad))
        assert bits(problem(wanted=[])) == bits((value,))


@pytest.mark.parametrize("dtype", cases.HALVES, ids=str)
@every_variant
def test_halves_are_the_float32_result_rounded_once(variant: str, dtype: Any) -> None:
    name, parameters = VARIANTS[variant]
    rng = generator("halves", variant, str(dtype))
    problem = of(name, ordinary(rng, dtype, (60, 17), ARRAYS[name]), rng, **parameters)
    value, *grads = problem()
    wide = replace(problem, arrays=tuple(array.astype(COMPUTED) for array in problem.arrays))()
    for got, expected in zip((value, *grads), wide, strict=True):
        assert bits(got) == bits(cases.rounded_once(expected, dtype))


@every_variant
def test_arrays_of_several_types(variant: str) -> None:
    """The widest decides what is computed in; each gradient has the type of its array."""
    name, parameters = VARIANTS[variant]
    rng = generator("several types", variant)
    count = ARRAYS[name]
    for dtypes in (
        ("float16", "float32", "float32"),
        ("float64", "float32", ml_dtypes.bfloat16),
        ("float32", "float64", "float16"),
    ):
        problem = of(name, ordinary(rng, np.float16, (60, 17), count), rng, **parameters)
        problem.arrays = tuple(array.astype(dtype) for array, dtype in zip(problem.arrays, dtypes, strict=False))
        widest = np.float64 if problem.wide else np.float32
        expected = replace(problem, arrays=tuple(array.astype(widest) for array in problem.arrays))()
        _, *grads = problem()
        for got, exact, array in zip(grads, expected[1:], problem.arrays, strict=True):
            assert got.dtype == array.dtype
            assert bits(got) == bits(cases.rounded_once(exact, array.dtype))


@of_float
@every_variant
def test_threads_and_batches_change_no_bit(variant: str, dtype: Any) -> None:
    name, parameters = VARIANTS[variant]
    rng = generator("threads", variant, str(dtype))
    for shape in ((1000, 3), (65, 1100), (3, 40000), (257, 128)):
        problem = of(name, near(rng, dtype, shape, ARRAYS[name]), rng, **parameters)
        expected, total = problem(), problem.run()
        for threads in (2, 3, 8):
            assert bits(problem(threads=threads)) == bits(expected)
            assert problem.run(threads=threads) == total
        i = shape[0] // 2
        target = None if problem.y_true is None else problem.y_true[i : i + 1]
        alone = replace(problem, arrays=tuple(array[i : i + 1] for array in problem.arrays), y_true=target)()
        assert bits(alone) == bits(tuple(result[i : i + 1] for result in expected))


@every_loss
def test_empty_arrays(name: str) -> None:
    rng = generator("empty", name)
    for shape in ((0, 3), (3, 0), (0, 0), (2, 0, 4)):
        problem = of(name, ordinary(rng, np.float32, shape, ARRAYS[name]), rng)
        if problem.y_true is not None:
            problem.y_true = np.full(shape[:-1], 1)
        value, *grads = problem()
        assert value.shape == shape[:-1]
        assert all(grad.shape == shape for grad in grads)
    expected = {"triplet": 1, "contrastive": 0, "cosine_distance": 1, "cosine_embedding": 1}[name]
    problem = Vectors(
        name, tuple(np.ones((2, 0)) for _ in range(ARRAYS[name])), np.ones(2) if name in TARGETS else None
    )
    assert_array_equal(problem()[0], expected)


def test_what_the_kernels_do_not_know_is_refused() -> None:
    array = describe(np.ones((1, 1)))
    both = {"array 0": array, "array 1": array}
    asked: Any = {"double_precision": True, "samples": 1, "columns": 1, "parameters": (1.0,)}
    number = kernels.vectors.VECTOR_LOSSES["contrastive"]
    with pytest.raises(TypeError, match="the kernels need array 1"):
        kernels.vectors.vectors({"array 0": array}, loss=number, **asked)
    with pytest.raises(TypeError, match="the kernels take no array 2, weights"):
        kernels.vectors.vectors({**both, "array 2": array, "weights": None}, loss=number, **asked)
    with pytest.raises(ValueError, match="no loss of vectors number 99"):
        kernels.vectors.vectors(both, loss=99, **asked)
    with pytest.raises(ValueError, match="4 parameters"):
        kernels.vectors.vectors(both, loss=number, **{**asked, "parameters": (1.0,) * 4})


# -- the public call --------------------------------------------------------------------------------------------------


def labelled(name: str, target: Any, arrays: Iterable[Any]) -> tuple[Any, ...]:
    return (target, *arrays) if name in TARGETS else tuple(arrays)


@pytest.mark.parametrize("dtype", [*cases.FLOATS, *cases.HALVES], ids=str)
@every_variant
def test_a_call_is_that_of_the_kernel(variant: str, dtype: Any) -> None:
    name, parameters = VARIANTS[variant]
    loss = getattr(fl, name).bind(**parameters)
    rng = generator("public", variant, str(dtype))
    problem = of(name, ordinary(rng, dtype, (4, 5, 6), ARRAYS[name]), rng, **parameters)
    if name in TARGETS:
        problem.y_true = rng.choice(TARGETS[name], (4, 5))
    given = labelled(name, problem.y_true, problem.arrays)
    value, *grads = problem()
    own_value, own_grads = loss.value_and_grad(*given, reduction="none")
    assert bits((own_value, *own_grads)) == bits((value, *grads))
    assert bits(loss.grad(*given, reduction="none")) == bits(tuple(grads))
    assert bits(loss(*given, reduction="none")) == bits(value)
    assert loss(*given, reduction="sum") == problem.run()
    assert loss(*given) == problem.run() / 20
    weight = rng.integers(0, 4, (4, 5)) / 2
    out = {k: np.empty_like(array) for k, array in enumerate(problem.arrays)}
    total = problem.run(sample_weight=weight, denominator=weight.sum(), out=out)
    mean, grads_of_mean = loss.value_and_grad(*given, sample_weight=weight)
    assert mean == total / weight.sum()
    assert bits(grads_of_mean) == bits(tuple(out.values()))
    scaled, grads_scaled = (2 * loss).value_and_grad(*given, reduction="sum")
    assert scaled == 2 * problem.run()
    for got, plain in zip(grads_scaled, loss.grad(*given, reduction="sum"), strict=True):
        assert bits(got) == bits(plain * got.dtype.type(2))


@every_loss
def test_some_gradients_only_and_in_place(name: str) -> None:
    loss = getattr(fl, name)
    rng = generator("wrt", name)
    problem = of(name, ordinary(rng, np.float32, (9, 4), ARRAYS[name]), rng)
    names = [operand.name for operand in loss._row.differentiated]
    given = labelled(name, problem.y_true, problem.arrays)
    grads = loss.grad(*given)
    assert bits(loss.grad(*given, wrt=names[1])) == bits(grads[1])
    assert bits(loss.grad(*given, wrt=(names[1], names[0]))) == bits((grads[1], grads[0]))
    value, (last,) = loss.value_and_grad(*given, wrt=(names[-1],))
    assert value == loss(*given)
    assert bits(last) == bits(grads[-1])
    arrays = tuple(array.copy() for array in problem.arrays)
    out = loss.grad(*labelled(name, problem.y_true, arrays), out=arrays)
    assert all(own is array for own, array in zip(out, arrays, strict=True))
    assert bits(arrays) == bits(grads)
    with pytest.raises(ValueError, match=r"out\[0\] \(gradient by .*\) overlaps"):
        loss.grad(*given, out=(problem.arrays[1], *map(np.copy, problem.arrays[1:])))


def test_what_cannot_be_computed_is_refused() -> None:
    a, b = np.ones((3, 2)), np.zeros((3, 2))
    with pytest.raises(TypeError, match="cosine_distance has no diagonal of the Hessian"):
        fl.cosine_distance.value_grad_hess(a, b)
    with pytest.raises(ValueError, match=r"second has shape \(3, 1\), first has \(3, 2\); they must be equal"):
        fl.cosine_distance(a, b[:, :1])
    with pytest.raises(ValueError, match=r"first has no dimensions; it needs an axis of numbers"):
        fl.cosine_distance(1.0, 2.0)
    with pytest.raises(ValueError, match=r"y_true\[1\] = 2 is not 0 or 1"):
        fl.contrastive(np.array([0, 2, 1]), a, b)
    with pytest.raises(ValueError, match=r"y_true\[0\] = 0 is not -1 or 1"):
        fl.cosine_embedding(np.array([0, 1, 1]), a, b)
    with pytest.raises(ValueError, match=r"y_true has shape \(2,\)"):
        fl.cosine_embedding(np.array([1, 1]), a, b)
    with pytest.raises(ValueError, match=r"sample_weight\[2\] = -1"):
        fl.triplet(a, b, a, sample_weight=np.array([1.0, 1, -1]))
    with pytest.raises(ValueError, match="distance"):
        fl.triplet(a, b, a, distance="cosine")
    with pytest.raises(ValueError, match="margin"):
        fl.triplet(a, b, a, margin=-1.0)
    with pytest.raises(ValueError, match="margin"):
        fl.cosine_embedding(np.ones(3), a, b, margin=1.5)
    with pytest.raises(TypeError, match="triplet needs negative"):
        fl.triplet(a, b)


def test_one_sample_is_a_number() -> None:
    value, (first, second) = fl.cosine_distance.value_and_grad([1.0, 0.0], [0.0, 2.0])
    assert value == 1
    assert_array_equal(first, [0, -1])
    assert_array_equal(second, [-0.5, 0])
