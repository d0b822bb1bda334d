"""Second derivatives beyond the diagonal: the Hessian times a vector, and the matrix of each row."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator
from mpmath import mp, mpf
from numpy.testing import assert_array_equal

import fastloss as fl
from fastloss.runtime import current_engine, kernels

of_float = pytest.mark.parametrize("dtype", FLOATS, ids=str)
over_classes = pytest.mark.skipif(current_engine() != "compiled", reason="cross_entropy.hvp has no Numba kernel")

# ---- the truth of a row of cross-entropy ------------------------------------------------------------------------


class Row(NamedTuple):
    """What the Hessian of a row is made of, exactly."""

    p: list[mpf]
    log_total: mpf
    total: mpf  # the sum of the target
    z_loss: mpf
    first: list[mpf]  # derivatives of the capped logits over the temperature
    second: list[mpf]
    gradient: list[mpf]  # by these
    terms_of_gradient: list[mpf]  # the size of the largest
    weight: mpf

    def entry(self, j: int, k: int) -> mpf:
        """H_jk"""
        p, pull = self.p, 2 * self.z_loss
        of_softmax = p[j] * (sum(self.p[:j] + self.p[j + 1 :])) if j == k else -p[j] * p[k]
        of_z = self.total * ((1 + pull * self.log_total) * of_softmax + pull * p[j] * p[k])
        own = self.gradient[j] * self.second[j] if j == k else 0
        return self.weight * (self.first[j] * self.first[k] * of_z + own)

    def product(self, vector: list[mpf], j: int) -> oracle.Truth:
        """(H v)_j, and the sum of the sizes of its terms.

        They are p_j p_k (u_j - u_k), or of a cap, which rounds u, p_j p_k times the larger of the two.
        """
        u = [f * v for f, v in zip(self.first, vector, strict=True)]
        p, pull = self.p, 2 * self.z_loss
        others = [k for k in range(len(p)) if k != j]
        differences = [p[j] * p[k] * (u[j] - u[k]) for k in others]
        mean = sum(a * b for a, b in zip(p, u, strict=True))
        exact = (
            self.total * self.first[j] * ((1 + pull * self.log_total) * sum(differences) + pull * p[j] * mean)
            + self.gradient[j] * self.second[j] * vector[j]
        )
        capped = any(self.second)
        sizes = [p[j] * p[k] * (max(abs(u[j]), abs(u[k])) if capped else abs(u[j] - u[k])) for k in others]
        sizes = [size * max(1, pull * abs(self.log_total)) for size in sizes]
        sizes += [pull * p[j] * a * abs(b) for a, b in zip(p, u, strict=True)]
        sizes = [self.total * self.first[j] * size for size in sizes]
        sizes.append(self.terms_of_gradient[j] * abs(self.second[j] * vector[j]))
        return oracle.Truth(self.weight * exact, self.weight * sum(sizes))


def row_of(
    y_true: Any, logits: Any, weight: Any = 1, class_weight: Any = None, label_smoothing: float = 0,
    z_loss: float = 0, softcap: float | None = None, temperature: float = 1,
) -> Row:  # fmt: skip
    """Return the row by the formulas of its derivatives, which another test compares with those of the textbook's."""
    x, t = [mpf(float(number)) for number in logits], mpf(temperature)
    labelled = np.ndim(y_true) == 0
    y = [mpf(int(k == y_true)) if labelled else mpf(float(y_true[k])) for k in range(len(x))]
    smoothing, weights = mpf(label_smoothing), [mpf(float(w)) for w in class_weight] if class_weight is not None else []
    y = [share * (1 - smoothing) + smoothing / len(x) for share in y] if smoothing else y
    y = [share * w for share, w in zip(y, weights, strict=True)] if weights else y
    cap = None if softcap is None else mpf(softcap)
    tanh = [mpf(0) if cap is None else mp.tanh(number / cap) for number in x]
    sech = [mpf(1) if cap is None else mp.sech(number / cap) ** 2 for number in x]
    z = [number / t if cap is None else cap * h / t for number, h in zip(x, tanh, strict=True)]
    e = [mp.exp(number - max(z)) for number in z]
    p = [number / sum(e) for number in e]
    log_total, total = max(z) + mp.log(sum(e)), sum(y)
    pull = [2 * mpf(z_loss) * total * log_total * number for number in p]
    gradient = [
        a * sum(y[:k] + y[k + 1 :]) - sum(p[:k] + p[k + 1 :]) * b + c
        for k, (a, b, c) in enumerate(zip(p, y, pull, strict=True))
    ]
    sizes = [max(total * a, b, abs(c)) for a, b, c in zip(p, y, pull, strict=True)]
    second = [mpf(0) if cap is None else -2 * h * s / cap / t for h, s in zip(tanh, sech, strict=True)]
    first = [s / t for s in sech]
    return Row(p, log_total, total, mpf(z_loss), first, second, gradient, sizes, mpf(weight))


def textbook(y_true: int, x: list[mpf], softcap: float | None, temperature: float, z_loss: float) -> mpf:
    z = [number if softcap is None else softcap * mp.tanh(number / softcap) for number in x]
    z = [number / temperature for number in z]
    log_total = mp.log(sum(map(mp.exp, z)))
    return log_total - z[y_true] + z_loss * log_total**2


@pytest.mark.parametrize("options", [(None, 1, 0), (None, 2, 0.25), (3, 1, 0), (5, 0.5, 0.125)], ids=str)
def test_the_formulas_of_a_row_are_derivatives(options: tuple[Any, Any, Any]) -> None:
    softcap, temperature, z_loss = options
    x, vector = [mpf(1), mpf(-2), mpf(0.5)], [mpf(1), mpf(3), mpf(-2)]
    with mp.workdps(60):
        row = row_of(1, x, softcap=softcap, temperature=temperature, z_loss=z_loss)
        for j in range(3):
            expected = []
            for k in range(3):

                def value(a: mpf, b: mpf, j: int = j, k: int = k) -> mpf:
                    given = list(x)
                    given[j] += a
                    given[k] += b
                    return textbook(1, given, softcap, temperature, z_loss)

                expected.append(mp.diff(value, (0, 0), (1, 1)))
                assert mp.almosteq(row.entry(j, k), expected[k], mpf(10) ** -25, mpf(10) ** -25)
            product = sum(h * v for h, v in zip(expected, vector, strict=True))
            assert mp.almosteq(row.product(vector, j).exact, product, mpf(10) ** -25, mpf(10) ** -25)


# ---- products with the Hessian of cross-entropy -----------------------------------------------------------------

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "smoothing": {"label_smoothing": 0.1},
    "class weights": {"class_weight": True},
    "soft": {"soft": True},
    "soft, class weights": {"soft": True, "class_weight": True, "label_smoothing": 0.2},
    "z-loss": {"z_loss": 1e-2},
    "softcap": {"softcap": 30.1},
    "temperature": {"temperature": 1.7},
    "all": {"soft": True, "class_weight": True, "z_loss": 0.3, "softcap": 5.5, "temperature": 0.7},
}
#: Vectors of which elements lie near to each other, are of very different size, or say nothing at all.
VECTORS = ("normal", "equal", "nearly equal", "two values", "any size", "unit")
#: In units of the last place of the sum of the sizes of all terms. Measured: 0.50 and 5.4.
MOST = {"float32": 1, "float64": 8}


def vector_of(kind: str, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> np.ndarray:
    epsilon = np.finfo(dtype).eps
    vectors = {
        "normal": lambda: rng.normal(size=shape),
        "equal": lambda: np.full(shape, rng.normal()),
        "nearly equal": lambda: 1 + 1e-6 * rng.normal(size=shape),
        "two values": lambda: np.where(rng.random(shape) < 0.2, 1 + 2 * epsilon, 1),
        "any size": lambda: rng.choice([-1, 1], shape) * np.exp(8 * rng.normal(size=shape)),
        "unit": lambda: np.arange(shape[-1]) == rng.integers(shape[-1], size=(*shape[:-1], 1)),
    }
    return vectors[kind]().astype(dtype)


class Given(NamedTuple):
    """Rows, and what is asked of them."""

    y_true: np.ndarray
    logits: np.ndarray
    keywords: dict[str, Any]

    def row(self, i: int) -> Row:
        """The exact row."""
        own = {k: v for k, v in self.keywords.items() if k not in ("sample_weight", "reduction", "normalizer")}
        weight = self.keywords.get("sample_weight", np.ones(len(self.logits)))[i]
        class_weight, dense = own.get("class_weight"), self.y_true.ndim > 1 or own.get("label_smoothing")
        if class_weight is not None and not dense:  # one product of weights, rounded
            weight = self.logits.dtype.type(float(weight) * class_weight[self.y_true[i]])
            del own["class_weight"]
        with mp.workdps(800):
            return row_of(self.y_true[i], self.logits[i], mpf(float(weight)) / self.keywords["normalizer"], **own)


def given(option: str, spread: float, shape: tuple[int, int], dtype: Any, rng: np.random.Generator) -> Given:
    own = dict(OPTIONS[option])
    logits = (spread * rng.normal(size=shape)).astype(dtype)
    y_true = rng.integers(shape[1], size=shape[0])
    if own.pop("soft", False):
        y_true = cases.soft_rows(shape[1], shape[0], rng, dtype)
    if "class_weight" in own:
        own["class_weight"] = rng.uniform(0.2, 3, shape[1])
        own["sample_weight"] = rng.uniform(0.5, 2, shape[0]).astype(dtype)
    return Given(y_true, logits, {**own, "normalizer": 3.0})


def places_of(classes: int) -> list[int]:
    """Return classes to look at: all, or the first and the last."""
    return list(range(classes)) if classes <= 12 else [*range(4), *range(classes - 4, classes)]


def worst_of(computed: np.ndarray, rows: Given, vector: np.ndarray, dtype: Any) -> float:
    worst = 0.0
    for i in range(len(computed)):
        row = rows.row(i)
        with mp.workdps(800):
            numbers = [mpf(float(number)) for number in vector[i]]
            for j in places_of(computed.shape[1]):
                worst = max(worst, oracle.ulps(computed[i, j], row.product(numbers, j), dtype))
    return worst


@over_classes
@of_float
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("classes", [1, 2, 3, 9, 40, 140])
def test_a_product_against_the_truth(option: str, classes: int, dtype: Any) -> None:
    rng = generator("product", option, classes, dtype)
    spreads = (0.0, 1.0, 30.0, 300.0) if classes < 40 else (float(rng.choice([1.0, 30.0])),)
    for spread, kind in itertools.product(spreads, VECTORS if classes < 40 else rng.choice(VECTORS, 2)):
        rows = given(option, spread, (1, classes), dtype, rng)
        vector = vector_of(kind, rows.logits.shape, dtype, rng)
        computed = fl.cross_entropy.hvp(rows.y_true, rows.logits, vector, **rows.keywords)
        assert computed.dtype == dtype
        worst = worst_of(computed, rows, vector, dtype)
        assert worst <= MOST[str(dtype)], (kind, spread, worst)


@over_classes
@of_float
@pytest.mark.parametrize("classes", [2, 3, 64, 65, 128, 129, 1000])
def test_a_product_has_the_same_bits_in_every_layout_and_on_every_thread(classes: int, dtype: Any) -> None:
    rng = generator("layouts of products", classes, dtype)
    rows = given(str(rng.choice(list(OPTIONS))), 3.0, (70, classes), dtype, rng)
    y_true, logits = rows.y_true, rows.logits
    vector = rng.normal(size=logits.shape).astype(dtype)
    expected = fl.cross_entropy.hvp(y_true, logits, vector, n_threads=1, **rows.keywords)
    for n_threads in (2, 3, 8):
        assert bits(fl.cross_entropy.hvp(y_true, logits, vector, n_threads=n_threads, **rows.keywords)) == bits(
            expected
        )
    for layout in (np.asfortranarray, cases._stepped, cases._negative, cases._misaligned, cases._byte_swapped):
        given_, multiplied, out = layout(logits), layout(vector), layout(np.zeros_like(logits))
        result = fl.cross_entropy.hvp(y_true, given_, multiplied, out=out, **rows.keywords)
        assert result is out
        assert bits(np.ascontiguousarray(out, dtype)) == bits(expected)
        fl.cross_entropy.hvp(y_true, given_, multiplied, out=multiplied, **rows.keywords)
        assert bits(np.ascontiguousarray(multiplied, dtype)) == bits(expected)
    alone = fl.cross_entropy.hvp(y_true[3:4], logits[3:4], vector[3:4], **one_of(rows.keywords, 3))
    assert bits(alone) == bits(expected[3:4])
    soft = y_true.ndim == 2
    moved = fl.cross_entropy.hvp(y_true.T if soft else y_true, logits.T, vector.T, axis=0, **rows.keywords)
    assert bits(np.ascontiguousarray(moved.T)) == bits(expected)


def one_of(keywords: dict[str, Any], i: int) -> dict[str, Any]:
    weights = keywords.get("sample_weight")
    return keywords if weights is None else {**keywords, "sample_weight": weights[i : i + 1]}


@over_classes
@of_float
@pytest.mark.parametrize("classes", [3, 200])
def test_rows_that_are_left_out_or_hold_a_nan(classes: int, dtype: Any) -> None:
    rng = generator("nan in products", classes, dtype)
    y_true, logits = rng.integers(classes, size=9), rng.normal(size=(9, classes)).astype(dtype)
    vector, weight, where = rng.normal(size=logits.shape).astype(dtype), np.ones(9), np.ones(9, bool)
    logits[0], logits[1, 0], vector[2, 1], vector[3, 0], vector[4, 1] = np.nan, np.inf, np.nan, np.inf, -np.inf
    weight[[0, 2]], where[3], y_true[5] = 0, False, -100
    logits[6], logits[7, 1:], logits[8, :2] = -np.inf, -np.inf, np.inf
    of = {"sample_weight": weight, "where": where, "ignore_index": -100}
    product = fl.cross_entropy.hvp(y_true, logits, vector, **of)
    assert bits(product[[0, 2, 3, 5]]) == bits(np.zeros((4, classes), dtype))  # +0
    assert np.isnan(product[[4, 6, 8]]).all()
    assert_array_equal(product[[1, 7]], 0)  # one class has all of the probability
    if classes == 3:
        matrix = fl.cross_entropy.hess_matrix(y_true, logits, **of)
        assert bits(matrix[[0, 2, 3, 5]]) == bits(np.zeros((4, 3, 3), dtype))
        assert np.isnan(matrix[[6, 8]]).all()
        assert_array_equal(matrix[[1, 7]], 0)


@over_classes
def test_a_vector_along_which_nothing_changes() -> None:
    """The softmax does not see a number that is added to all logits: that its Hessian leaves is exactly nothing."""
    logits = generator("nothing").normal(size=(50, 7))
    assert not fl.cross_entropy.hvp(np.zeros(50, int), logits, np.full((50, 7), 0.1)).any()
    assert not fl.cross_entropy.hvp(np.zeros(50, int), logits, np.ones((50, 7)), temperature=0.3).any()


@over_classes
@pytest.mark.parametrize("classes", [10, 1000, 40000])
def test_a_difference_next_to_which_the_mean_is_large(classes: int) -> None:
    """All elements but one are equal: what is left of theirs is the product of two probabilities."""
    for odd in (0, classes - 1):
        vector = np.full((1, classes), 2.0)
        vector[0, odd] = 1
        (product,) = fl.cross_entropy.hvp([1], np.zeros((1, classes)), vector)
        exact = 1 / np.longdouble(classes) ** 2
        error = np.abs(np.delete(product, odd) / exact - 1)
        assert error.max() <= 4 * 2.0**-52
        assert abs(product[odd] / (-(classes - 1) * exact) - 1) <= 4 * 2.0**-52


@over_classes
@pytest.mark.parametrize("classes", [2, 5, 140])
@pytest.mark.parametrize("option", ["plain", "all", "z-loss", "softcap", "smoothing"])
def test_products_of_any_size(option: str, classes: int) -> None:
    """Scores far apart, vectors and weights next to the ends of float64: what is lost on the way, a weight shows."""
    rng = generator("extreme products", option, classes)
    for turn in range(6 if classes < 10 else 2):
        rows = given(option, 10.0 ** rng.integers(0, 4), (2, classes), np.dtype(float), rng)
        vector = rng.normal(size=rows.logits.shape)
        vector *= 10.0 ** rng.integers(-250, 200, size=rows.logits.shape if turn % 2 else ())
        weight = 10.0 ** rng.integers(-90, 90, size=2)
        rows = rows._replace(keywords={**rows.keywords, "sample_weight": weight})
        computed = fl.cross_entropy.hvp(rows.y_true, rows.logits, vector, **rows.keywords)
        assert worst_of(computed, rows, vector, np.dtype(float)) <= MOST["float64"]


# ---- matrices ---------------------------------------------------------------------------------------------------


@over_classes
@of_float
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("classes", [1, 2, 9, 64])
def test_a_matrix_against_the_truth(option: str, classes: int, dtype: Any) -> None:
    """The bound of an entry is that of a product with a unit vector: a z-loss or a cap has terms that cancel."""
    rng = generator("matrix", option, classes, dtype)
    for spread in (0.0, 1.0, 30.0) if classes < 10 else (1.0,):
        rows = given(option, spread, (1, classes), dtype, rng)
        (matrix,) = fl.cross_entropy.hess_matrix(rows.y_true, rows.logits, **rows.keywords)
        assert matrix.shape == (classes, classes)
        assert matrix.dtype == dtype
        assert bits(matrix) == bits(np.ascontiguousarray(matrix.T))
        row = rows.row(0)
        with mp.workdps(800):
            for j, k in itertools.product(places_of(classes)[-4:], places_of(classes)):
                unit = [mpf(int(k == c)) for c in range(classes)]
                scale = row.product(unit, j).scale
                assert oracle.ulps(matrix[j, k], oracle.Truth(row.entry(j, k), scale), dtype) <= MOST[str(dtype)]


@over_classes
def test_matrices_of_any_size() -> None:
    rng = generator("extreme matrices")
    for option in ("plain", "all", "z-loss"):
        rows = given(option, 400.0, (3, 4), np.dtype(float), rng)
        rows = rows._replace(keywords={**rows.keywords, "sample_weight": 10.0 ** rng.integers(-90, 90, size=3)})
        matrices = fl.cross_entropy.hess_matrix(rows.y_true, rows.logits, **rows.keywords)
        assert bits(matrices) == bits(np.ascontiguousarray(np.swapaxes(matrices, 1, 2)))
        for k in range(4):
            unit = np.broadcast_to(np.eye(4)[k], (3, 4))
            assert worst_of(matrices[:, :, k], rows, unit, np.dtype(float)) <= MOST["float64"]


@over_classes
@of_float
def test_matrices_in_every_layout_and_on_every_thread(dtype: Any) -> None:
    rng = generator("layouts of matrices", dtype)
    y_true, logits = rng.integers(5, size=(40, 7)), rng.normal(size=(40, 7, 5)).astype(dtype)
    expected = fl.cross_entropy.hess_matrix(y_true, logits, z_loss=0.1, n_threads=1)
    assert expected.shape == (40, 7, 5, 5)
    assert bits(fl.cross_entropy.hess_matrix(y_true, logits, z_loss=0.1, n_threads=3)) == bits(expected)
    for axis in (0, 1):
        moved = fl.cross_entropy.hess_matrix(y_true, np.moveaxis(logits, -1, axis), z_loss=0.1, axis=axis)
        assert bits(moved) == bits(expected)
    for layout in (np.asfortranarray, cases._stepped, cases._negative, cases._misaligned, cases._byte_swapped):
        out = layout(np.zeros_like(expected))
        assert fl.cross_entropy.hess_matrix(y_true, layout(logits), z_loss=0.1, out=out) is out
        assert bits(np.ascontiguousarray(out, dtype)) == bits(expected)
    assert fl.cross_entropy.hess_matrix(np.zeros(0, int), np.zeros((0, 3))).shape == (0, 3, 3)
    assert fl.cross_entropy.hess_matrix(np.zeros(0, int), np.zeros((0, 0))).shape == (0, 0, 0)
    assert fl.cross_entropy.hess_matrix(1, np.zeros(3)).shape == (3, 3)


@over_classes
def test_matrices_and_products_are_those_of_the_diagonal() -> None:
    rng = generator("diagonal")
    y_true, logits, vector = rng.integers(6, size=50), rng.normal(size=(50, 6)), rng.normal(size=(50, 6))
    for own in ({}, {"z_loss": 0.2, "softcap": 4.0}):
        matrices = fl.cross_entropy.hess_matrix(y_true, logits, **own)
        _, diagonal = fl.cross_entropy.grad_and_hess(y_true, logits, **own)
        np.testing.assert_allclose(np.einsum("ikk->ik", matrices), diagonal, rtol=4e-15)
        product = fl.cross_entropy.hvp(y_true, logits, vector, **own)
        np.testing.assert_allclose(np.einsum("ijk,ik->ij", matrices, vector), product, rtol=1e-11, atol=1e-17)


# ---- element-wise losses ----------------------------------------------------------------------------------------

POINTS = [variant for variant in cases.variants() if variant.row.kind == "points"]


def products_of(inputs: cases.Inputs, vector: np.ndarray, **keywords: Any) -> np.ndarray:
    keywords = {**inputs.keywords, **keywords}
    return np.asarray(inputs.loss.hvp(inputs.y_true, inputs.y_pred, vector, **keywords))


@of_float
@pytest.mark.parametrize("variant", [v for v in POINTS if not v.row.axes], ids=str)
def test_a_product_is_the_second_derivative_times_the_vector(variant: cases.Variant, dtype: Any) -> None:
    """The second derivative itself is held to its bound by test_accuracy.py; here it gets three roundings more."""
    rng = generator("products of elements", str(variant), dtype)
    inputs = cases.draw(variant, (2100,), dtype, rng)
    vector = rng.normal(size=2100).astype(dtype)
    weight, where = rng.uniform(0.1, 2, 2100).astype(dtype), rng.random(2100) < 0.9
    weight[5] = 0
    left_out = ~where | (weight == 0)
    inputs.y_pred[left_out] = vector[left_out] = np.nan
    _, hessian = inputs.loss.grad_and_hess(inputs.y_true, inputs.y_pred, **{**inputs.keywords, "reduction": "sum"})
    product = products_of(inputs, vector, reduction="mean", normalizer=7.0, sample_weight=weight, where=where)
    assert product.dtype == dtype
    multiplier = weight.astype(np.longdouble) / 7
    exact = hessian.astype(np.longdouble) * vector * multiplier
    assert bits(product[left_out]) == bits(np.zeros(left_out.sum(), dtype))
    error = np.abs(product - exact)[~left_out] / np.spacing(np.abs(exact[~left_out]).astype(dtype))
    assert np.nanmax(error) <= (1 if dtype == np.float32 else 2.5)
    assert_array_equal(np.isnan(product[~left_out]), np.isnan(hessian[~left_out]))


@of_float
@pytest.mark.parametrize("loss", [fl.gaussian_nll, fl.laplace_nll], ids=lambda loss: loss.name)
def test_a_product_of_two_predictions_has_the_cross_term(loss: Any, dtype: Any) -> None:
    rng = generator("cross terms", loss.name, dtype)
    y_true, y_pred = rng.normal(size=60).astype(dtype), (3 * rng.normal(size=(60, 2))).astype(dtype)
    vector = (rng.normal(size=(60, 2)) * 10.0 ** rng.integers(-3, 4, size=(60, 2))).astype(dtype)
    weight = rng.uniform(0.5, 2, 60).astype(dtype)
    product = loss.hvp(y_true, y_pred, vector, sample_weight=weight, normalizer=3.0)
    for i in range(60):
        with mp.workdps(80):
            y, (m, s), (a, b) = mpf(float(y_true[i])), map(oracle.exact, y_pred[i]), map(oracle.exact, vector[i])
            factor = oracle.exact(weight[i]) / 3

            def second(by_m: mpf, by_s: mpf, y: mpf = y, m: mpf = m, s: mpf = s) -> mpf:
                """The second derivative along a direction."""
                along = oracle.ORACLE[loss.name](y, oracle.Jet(m, by_m, mpf(0)), oracle.Jet(s, by_s, mpf(0)))
                return oracle.truths(along)[2].exact

            cross = (second(mpf(1), mpf(1)) - second(mpf(1), mpf(0)) - second(mpf(0), mpf(1))) / 2
            for k, (own, other, direction) in enumerate(((a, b, (1, 0)), (b, a, (0, 1)))):
                terms = [second(*map(mpf, direction)) * own * factor, cross * other * factor]
                truth = oracle.Truth(sum(terms), max(map(abs, terms)))
                assert oracle.ulps(product[i, k], truth, dtype) <= (4 if dtype == np.float32 else 6)


@of_float
def test_a_product_of_several_arrays(dtype: Any) -> None:
    """Of every pair the Hessian of bradley_terry is h [[1, -1], [-1, 1]]: all derivatives by its difference."""
    rng = generator("several arrays", dtype)
    chosen, rejected, v, w = (rng.normal(size=700).astype(dtype) for _ in range(4))
    weight = rng.uniform(0.5, 2, 700).astype(dtype)
    _, (hessian, _) = fl.bradley_terry.grad_and_hess(chosen, rejected, reduction="sum")
    of = {"sample_weight": weight, "normalizer": 3.0}
    by_chosen, by_rejected = fl.bradley_terry.hvp(chosen, rejected, (v, w), **of)
    exact = hessian.astype(np.longdouble) * weight / 3
    size = (np.abs(exact) * (np.abs(v) + np.abs(w))).astype(dtype)
    exact *= v.astype(np.longdouble) - w
    assert np.max(np.abs(by_chosen - exact) / np.spacing(size)) <= 4
    assert_array_equal(by_rejected, -by_chosen)
    vectors = v.copy(), w.copy()
    results = fl.bradley_terry.hvp(chosen, rejected, vector=vectors, out=vectors, **of)
    assert all(result is vector for result, vector in zip(results, vectors, strict=True))
    assert bits(results) == bits((by_chosen, by_rejected))
    with pytest.raises(TypeError, match="vector must be a tuple of 2 arrays, one for each of chosen, rejected"):
        fl.bradley_terry.hvp(chosen, rejected, v)
    with pytest.raises(ValueError, match=r"vector\[1\] has shape \(3,\), rejected has \(700,\)"):
        fl.bradley_terry.hvp(chosen, rejected, (v, w[:3]))
    with pytest.raises(ValueError, match=r"out\[0\] \(product by chosen\) overlaps vector\[1\]"):
        fl.bradley_terry.hvp(chosen, rejected, (v, w), out=(w, v))


@of_float
def test_a_product_of_two_predictions_in_place(dtype: Any) -> None:
    rng = generator("pairs in place", dtype)
    for shape in ((), (1,), (7,), (3000,), (3, 5)):
        y_true, y_pred = rng.normal(size=shape).astype(dtype), rng.normal(size=(*shape, 2)).astype(dtype)
        vector = rng.normal(size=(*shape, 2)).astype(dtype)
        expected = fl.gaussian_nll.hvp(y_true, y_pred, vector)
        for order in ("C", "F"):
            multiplied = np.array(vector, order=order)
            assert fl.gaussian_nll.hvp(y_true, y_pred, multiplied, out=multiplied) is multiplied
            assert bits(multiplied) == bits(expected)


@of_float
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 511, 512, 513, 1024, 1025, 70000])
def test_a_product_of_elements_in_every_layout_and_on_every_thread(size: int, dtype: Any) -> None:
    rng = generator("layouts of elements", size, dtype)
    y_true, y_pred, vector = (rng.normal(size=size).astype(dtype) for _ in range(3))
    loss = fl.log_cosh + 2 * fl.huber
    expected = loss.hvp(y_true, y_pred, vector, n_threads=1)
    assert bits(loss.hvp(y_true, y_pred, vector, n_threads=2)) == bits(expected)
    for layout in (cases._stepped, cases._negative, cases._misaligned, cases._byte_swapped):
        multiplied = layout(vector)
        assert loss.hvp(layout(y_true), layout(y_pred), multiplied, out=multiplied) is multiplied
        assert bits(np.ascontiguousarray(multiplied, dtype)) == bits(expected)


@pytest.mark.parametrize("dtype", [*FLOATS, *HALVES], ids=str)
def test_a_product_of_a_sum_is_the_sum_of_products(dtype: Any) -> None:
    rng = generator("products of sums", dtype)
    y_true, y_pred, vector = (rng.normal(size=300).astype(dtype) for _ in range(3))
    weight = rng.uniform(size=300)
    of = {"sample_weight": weight, "reduction": "sum"}
    product = (0.25 * fl.squared_error - 3 * fl.log_cosh).hvp(y_true, y_pred, vector, **of)
    assert product.dtype == dtype
    exact = np.longdouble(0)
    size = np.longdouble(0)
    for factor, loss in ((0.25, fl.squared_error), (-3, fl.log_cosh)):
        term = factor * loss.hvp(*(array.astype(float) for array in (y_true, y_pred, vector)), **of)
        exact, size = exact + term, size + np.abs(term)
    unit = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}[str(dtype)]
    assert np.max(np.abs(product.astype(np.longdouble) - exact) / (unit * size)) <= 4


@over_classes
def test_a_factor_that_no_multiplier_holds() -> None:
    rng = generator("factors of products")
    y_true, logits, vector = rng.integers(3, size=9), rng.normal(size=(9, 3)), rng.normal(size=(9, 3))
    product = fl.cross_entropy.hvp(y_true, logits, vector)
    for factor in (0.0, 2.0, 1e-30, 2.0**100):
        scaled = factor * fl.cross_entropy
        np.testing.assert_allclose(scaled.hvp(y_true, logits, vector), factor * product, rtol=1e-15)
        multiplied = vector.copy()
        assert scaled.hvp(y_true, logits, multiplied, out=multiplied) is multiplied
        np.testing.assert_allclose(multiplied, factor * product, rtol=1e-15)
        np.testing.assert_allclose(
            scaled.hess_matrix(y_true, logits), factor * fl.cross_entropy.hess_matrix(y_true, logits), rtol=1e-15
        )


@over_classes
def test_a_sum_of_losses_over_classes_in_place() -> None:
    """No term may read the vector after another one has written its product there."""
    rng = generator("sums in place")
    y_true, logits, vector = rng.integers(3, size=9), rng.normal(size=(9, 3)), rng.normal(size=(9, 3))
    smoothed = fl.cross_entropy.bind(label_smoothing=0.5, temperature=2.0)
    terms = [loss.hvp(y_true, logits, vector, reduction="sum") for loss in (fl.cross_entropy, smoothed)]
    for loss in (fl.cross_entropy + 1e-40 * smoothed, 3 * fl.cross_entropy + smoothed):
        assert loss.kind == "rows"
        multiplied = vector.copy()
        expected = loss.hvp(y_true, logits, vector, reduction="sum")
        assert loss.hvp(y_true, logits, multiplied, reduction="sum", out=multiplied) is multiplied
        assert bits(multiplied) == bits(expected)
    np.testing.assert_allclose(expected, 3 * terms[0] + terms[1], rtol=1e-13)


# ---- what is refused, and what others see -----------------------------------------------------------------------


@over_classes
def test_what_has_no_product() -> None:
    rows, row = np.zeros((2, 3)), np.zeros(2, int)
    for loss in fl.losses():
        if loss.kind == "rows":
            assert loss.whole_hessian == (loss.name in kernels.rows.SECOND_DERIVATIVES), loss.name
    with pytest.raises(
        TypeError, match="root_mean_squared_error has no hvp: each of its samples depends on all others"
    ):
        fl.root_mean_squared_error.hvp([0.0], [1.0], [1.0])
    with pytest.raises(TypeError, match="categorical_focal has no hvp: of the losses over classes only cross_entropy"):
        fl.categorical_focal.hvp(row, rows, rows)
    with pytest.raises(TypeError, match="categorical_focal has no hvp"):
        (fl.cross_entropy + fl.categorical_focal).hvp(row, rows, rows)
    for loss in (fl.triplet, 2 * fl.triplet):
        with pytest.raises(TypeError, match="triplet has no hvp: a distance of vectors has a full matrix"):
            loss.hvp(*np.eye(3), tuple(np.eye(3)))
        with pytest.raises(TypeError, match="triplet has no hess_matrix: a distance of vectors has a full matrix"):
            loss.hess_matrix(*np.eye(3))
    with pytest.raises(TypeError, match="multi_margin has no hess_matrix"):
        fl.multi_margin.hess_matrix(row, rows)
    with pytest.raises(TypeError, match="huber has no hess_matrix: no element depends on another one"):
        fl.huber.hess_matrix([0.0], [1.0])
    with pytest.raises(ValueError, match="logits has 65 classes; hess_matrix is for at most 64"):
        fl.cross_entropy.hess_matrix(row, np.zeros((2, 65)))


@over_classes
def test_what_is_refused() -> None:
    y_true, logits = np.zeros(2, int), np.ones((2, 3))
    vector, out = np.ones((2, 3)), np.full((2, 3), 113.0)

    def hvp(*args: Any, **keywords: Any) -> None:
        fl.cross_entropy.hvp(*args, **{"out": out, **keywords})

    for wrong, message, arguments, keywords in (
        (TypeError, "cross_entropy.hvp needs vector", (y_true, logits), {}),
        (TypeError, "cross_entropy.hvp got vector twice", (y_true, logits, vector), {"vector": vector}),
        (TypeError, "takes y_true, logits and vector, then keywords; 4 arguments", (y_true, logits, vector, 1.0), {}),
        (TypeError, "vector has dtype", (y_true, logits, ["a"]), {}),
        (
            ValueError,
            r"vector has shape \(3,\), logits has \(2, 3\); they must be equal",
            (y_true, logits, vector[0]),
            {},
        ),
        (ValueError, r"y_true\[1\] = 3 is not a class of 3", ([0, 3], logits, vector), {}),
        (ValueError, r"sample_weight\[0\] = -1", (y_true, logits, vector), {"sample_weight": [-1, 1]}),
        (TypeError, "no keyword 'wrt'", (y_true, logits, vector), {"wrt": "logits"}),
        (ValueError, r"out \(product\) overlaps logits", (y_true, out, vector), {}),
        (ValueError, r"out \(product\) overlaps vector; only", (y_true, logits, out[::-1]), {}),
        (ValueError, r"out \(product\) has shape \(2, 3\); the result has", (y_true[:1], logits[:1], vector[:1]), {}),
    ):
        with pytest.raises(wrong, match=message):
            hvp(*arguments, **keywords)
    with pytest.raises(ValueError, match=r"out \(matrix\) has shape \(2, 3\); the result has shape \(2, 3, 3\)"):
        fl.cross_entropy.hess_matrix(y_true, logits, out=out)
    assert (out == 113).all()


def test_what_a_method_says_of_itself() -> None:
    names = list(fl.huber.hvp.__signature__.parameters)
    assert names[:4] == ["y_true", "y_pred", "vector", "delta"]
    assert "out" in names
    assert list(fl.cross_entropy.hess_matrix.__signature__.parameters)[:2] == ["y_true", "logits"]
    assert fl.huber.hvp.__qualname__ == "huber.hvp"
    bound = fl.huber.bind(delta=2.0)
    assert bound.hvp([0.0], y_pred=[1.5], vector=[2.0]).tolist() == [2.0]
    assert fl.huber.hvp([0.0], [1.5], [2.0]).tolist() == [0.0]


@pytest.mark.skipif(current_engine() != "compiled", reason="the other engine is chosen here")
def test_products_on_the_engine_of_numba() -> None:
    """This file runs on that engine too (`.ci/run`); here both are compared."""
    pytest.importorskip("numba")
    y_true, y_pred, vector = [0.0, 0.0], [0.5, 3.0], [2.0, 4.0]
    pairs = [[0.5, 0.25], [3.0, -1.0]]
    for loss, *given in (
        (fl.huber, y_true, y_pred, vector),
        (fl.huber + 2 * fl.log_cosh, y_true, y_pred, vector),
        (fl.gaussian_nll + 3 * fl.laplace_nll, y_true, pairs, [[1.0, 2.0], [-1.0, 0.5]]),
        (2 * fl.bradley_terry, y_pred, y_true, (vector, y_pred)),
        (fl.ppo_clip, vector, y_true, [0.125, 0.25], y_pred),
    ):
        expected = loss.hvp(*given, sample_weight=[1, 2])
        with fl.engine("numba"):
            np.testing.assert_allclose(loss.hvp(*given, sample_weight=[1, 2]), expected, rtol=1e-14)
    with fl.engine("numba"), pytest.raises(NotImplementedError, match=r"cross_entropy\.hvp has no Numba kernel"):
        fl.cross_entropy.hvp([0], [[1.0, 2.0]], [[1.0, 2.0]])


# ---- SciPy's methods --------------------------------------------------------------------------------------------


@over_classes
@pytest.mark.parametrize("method", ["trust-ncg", "Newton-CG"])
def test_softmax_regression_by_methods_that_multiply_with_the_hessian(method: str) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = generator("softmax regression", method)
    features, weight = rng.normal(size=(400, 5)), rng.uniform(0.5, 2, 400)
    y_true = np.argmax(features @ rng.normal(size=(5, 4)) + rng.gumbel(size=(400, 4)), axis=1)
    of, strength = {"sample_weight": weight, "label_smoothing": 0.1}, 1e-3

    def value_and_gradient(flat: np.ndarray) -> tuple[float, np.ndarray]:
        coefficients = flat.reshape(5, 4)
        value, gradient = fl.cross_entropy.value_and_grad(y_true, features @ coefficients, **of)
        return value + strength / 2 * flat @ flat, (features.T @ gradient + strength * coefficients).ravel()

    def product(flat: np.ndarray, direction: np.ndarray) -> np.ndarray:
        vector = features @ direction.reshape(5, 4)
        fl.cross_entropy.hvp(y_true, features @ flat.reshape(5, 4), vector, out=vector, **of)
        return (features.T @ vector).ravel() + strength * direction

    given = {"x0": np.zeros(20), "jac": True, "hessp": product, "method": method}
    found = optimize.minimize(
        value_and_gradient, **given, options={"gtol": 1e-10} if "trust" in method else {"xtol": 1e-12}
    )
    assert np.linalg.norm(found.jac) < 1e-6  # Newton-CG asks how far the last step went
    assert found.nit <= 12  # with half of the Hessian it takes twice as many
    other = optimize.minimize(value_and_gradient, np.zeros(20), jac=True, method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(found.fun, other.fun, rtol=1e-10)


def test_labels_of_a_vector_are_those_of_the_prediction() -> None:
    """They were not looked at: a vector in another order was multiplied as it stood."""
    pandas = pytest.importorskip("pandas")
    y, turned = pandas.Series([1.0, 2.0], index=[5, 7]), pandas.Series([1.0, 2.0], index=[7, 5])
    assert fl.huber.hvp(y, y, y).tolist() == [0.5, 1.0]
    for args, keywords in (((y, y, turned), {}), ((y, y), {"vector": turned}), (([1.0, 2.0], y, turned), {})):
        with pytest.raises(ValueError, match=r"and vector would be paired by position, but .* differ: 5 and 7"):
            fl.huber.hvp(*args, **keywords)
    with pytest.raises(ValueError, match=r"chosen and vector\[1\] would be paired by position"):
        fl.bradley_terry.hvp(y, y, (y, turned))
    with pytest.raises(ValueError, match=r"logits and vector would be paired .* axis 1 of vector"):
        table = pandas.DataFrame(np.eye(2))
        fl.cross_entropy.hvp([0, 1], table, table.rename(columns={1: "b"}))
