"""Losses of vectors that are compared with all others of their batch."""

from __future__ import annotations

import math
import pickle
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator
from oracle import Jet, exact, mp
from test_plain import long_way

import fastloss as fl
from fastloss.kinds import pairs, products
from fastloss.runtime import current_engine, kernels

ROWS = [row for row in fl.losses() if row.against]
#: How far a number may be from the truth, of the largest of its array: BLAS adds up in an order of its own.
BOUNDS = {np.dtype(np.float32): 2e-6, np.dtype(np.float64): 4e-15}

#: Losses that are no softmax: computed in float64 and rounded once, but a factor of a cosine multiplies its rounding.
PAIRS = [row for row in ROWS if row.of_pairs]
SOFTMAXES = [row for row in ROWS if row not in PAIRS]

of_rows = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
of_pairs = pytest.mark.parametrize("row", PAIRS, ids=lambda row: row.name)
of_softmaxes = pytest.mark.parametrize("row", SOFTMAXES, ids=lambda row: row.name)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def drawn(row: Any, *key: Any, shape: tuple[int, int] = (24, 5), dtype: Any = np.float32) -> dict[str, Any]:
    arrays = fl.kinds.draw(row, shape, dtype, generator("batches", row.name, *map(str, key)))
    for array in arrays.values():
        assert array.dtype != dtype or array.ndim < 2 or np.unique(array).size > array.size // 2
    return arrays


def loss_of(row: Any) -> Any:
    return getattr(fl, row.name)


def bound_of(row: Any, dtype: Any, **given: Any) -> float:
    if row not in PAIRS:
        return BOUNDS[np.dtype(dtype)]
    known = loss_of(row).parameters | given
    largest = max([known[name] for name in ("alpha", "beta", "gamma") if name in known], default=128.0)
    return 2.0**-23 if dtype == np.float32 else 4e-15 + largest * 2.0**-51


def names_of(row: Any) -> list[str]:
    return [operand.name for operand in row.differentiated]


def several(row: Any, gradients: Any) -> tuple[Any, ...]:
    return gradients if len(row.differentiated) > 1 else (gradients,)


def check(row: Any, got: Any, wanted: Any, bound: float) -> None:
    for name, own, right in zip(names_of(row), several(row, got), several(row, wanted), strict=True):
        assert np.shape(own) == np.shape(right)
        assert np.abs(own - right).max(initial=0) <= bound * np.abs(right).max(initial=0), name


def of_kept(row: Any, arrays: dict[str, Any], kept: Any) -> dict[str, Any]:
    return {name: array[kept] if np.ndim(array) else array for name, array in arrays.items()}


# -- what is right ----------------------------------------------------------------------------------------------------


@pytest.fixture(params=["small", "by BLAS"])
def batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Let a kernel compute small batches, or BLAS as it does all others; the keywords for it."""
    if request.param == "small":
        return {}
    monkeypatch.setattr(kernels.vectors, "SMALL_BATCH", (0, 0))
    return {"max_bytes": 2**24}  # no short way


def hold_to_textbook(row: Any, dtype: Any, arrays: dict[str, Any] | None = None, **given: Any) -> None:
    """Hold value and gradients of a small batch to the definition in mpmath: all pairs, by double loops."""
    if arrays is None:
        arrays = drawn(row, "textbook", given, shape=(6, 2), dtype=dtype)
        if row.positive == "class":
            arrays["y_true"] = np.array([0, 1, 1, 2, 1, 0])  # one positive, two, and none
    weight = np.array([1.0, 0.5, 2.0, 0.25, 1.0, 0.75])
    own = loss_of(row).parameters | given
    own = {name: value if value is None or isinstance(value, bool) else exact(value) for name, value in own.items()}

    def mean(varied: str, place: tuple[int, ...]) -> Jet:
        """Return the mean as a jet of one number."""
        exactly: dict[str, Any] = {}
        for name, array in arrays.items():
            jet = Jet(exact(array[place]), mp.mpf(1), mp.mpf(0)) if name == varied else None
            if array.ndim < 2:
                exactly[name] = jet if jet is not None else array.tolist() if array.ndim else exact(array[()])
                continue
            exactly[name] = [[exact(x) for x in vector] for vector in array]
            if jet is not None:
                exactly[name][place[0]][place[1]] = jet
        losses = oracle.ORACLE[row.name](**exactly, **own)
        counted = [(exact(w), loss) for w, loss in zip(weight, losses, strict=True) if loss is not None]
        return oracle.as_jet(sum(w * loss for w, loss in counted) / sum(w for w, _ in counted))

    value, gradients = loss_of(row).value_and_grad(**arrays, sample_weight=weight, **given)
    bound = bound_of(row, dtype, **given)
    with mp.workdps(50):
        for name, gradient in zip(names_of(row), several(row, gradients), strict=True):
            truth = {place: mean(name, place) for place in np.ndindex(np.shape(gradient))}
            largest = max(abs(float(jet.first)) for jet in truth.values())
            for place, jet in truth.items():
                assert abs(float(exact(np.asarray(gradient)[place]) - jet.first)) <= bound * largest, (name, place)
        right = next(iter(truth.values())).value
        assert abs(float(exact(value) - right)) <= bound / 2 * abs(float(right))


@of_floats
@pytest.mark.parametrize("normalize", [True, False], ids=["cosines", "products"])
@of_rows
def test_the_textbook(row: Any, normalize: bool, dtype: Any, batch: dict[str, Any]) -> None:
    given = {name: 0.5 for name in ("temperature",) if name in loss_of(row).parameters}
    hold_to_textbook(row, dtype, normalize=normalize, **given, **batch)


#: Parameters besides the defaults: large and small ones, kinks, and what the best similarity is at.
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("multi_similarity", {"alpha": 40.0, "beta": 1.5, "base": -0.25}),
    ("multi_similarity", {"alpha": 2.0**-30, "beta": 2.0**9, "base": 3.0}),
    ("circle", {"margin": 0.0, "gamma": 16.0}),
    ("circle", {"margin": 0.4, "gamma": 80.0, "detached": False}),
    ("circle", {"margin": 0.0, "gamma": 0.5, "detached": False, "normalize": False}),
]


@of_floats
@pytest.mark.parametrize(("name", "given"), OTHERS, ids=lambda x: x if isinstance(x, str) else "")
def test_the_textbook_of_other_parameters(name: str, given: dict[str, Any], dtype: Any) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    hold_to_textbook(row, dtype, **given)


@of_floats
@of_pairs
def test_a_small_loss_keeps_its_digits(row: Any, dtype: Any) -> None:
    """Classes opposite to each other, or pairs around a circle: a loss far below any epsilon."""
    given = {"multi_similarity": {"alpha": 150.0, "beta": 90.0}, "circle": {"gamma": 1024.0}}.get(row.name, {})
    rng = generator("small", row.name)
    arrays: dict[str, Any] = {"y_true": np.array([0, 1, 1, 0, 1, 0])} if row.positive == "class" else {}
    angles = np.pi * (arrays["y_true"] if arrays else np.arange(6) / 3)
    for operand in row.differentiated:
        if operand.axes:
            noisy = angles + rng.normal(scale=0.04, size=6)
            arrays[operand.name] = (3 * np.stack([np.cos(noisy), np.sin(noisy)], axis=1)).astype(dtype)
        else:
            arrays[operand.name] = np.asarray({"log_scale": 4.75, "bias": -88.0}[operand.name], dtype)
    assert 0 < loss_of(row)(**arrays, **given) < 1e-4
    hold_to_textbook(row, dtype, arrays, **given)


@of_pairs
def test_float32_is_float64_rounded_once(row: Any) -> None:
    arrays = drawn(row, "rounded once", shape=(70, 9))
    wide = {name: array.astype(float) if array.dtype == np.float32 else array for name, array in arrays.items()}
    value, gradients = loss_of(row).value_and_grad(**arrays)
    right, wanted = loss_of(row).value_and_grad(**wide)
    assert value == right
    for own, double in zip(several(row, gradients), several(row, wanted), strict=True):
        np.testing.assert_array_equal(own, np.float32(double))


@pytest.mark.parametrize("scale", [25.0, 40.0, 100.0])
@of_softmaxes
def test_a_pair_that_stands_out_keeps_its_digits(row: Any, scale: float, batch: dict[str, Any]) -> None:
    """A loss far below the epsilon of the similarities, of which log(sum(exp)) - positive has no digit."""
    rng = generator("stands out", row.name)
    count = 16
    directions = np.linalg.qr(rng.normal(size=(count + 1, count + 1)))[0]
    depth = min(35.0, 0.9 * scale)
    common = 1 - depth / scale  # the cosine of all others: each counts e^-depth
    directions = math.sqrt(common) * directions[-1] + math.sqrt(1 - common) * directions[:-1]
    near = {"place": np.arange(count), "half": np.arange(count) % (count // 2), "class": np.arange(count) // 2}
    arrays: dict[str, Any] = {}
    for operand in row.operands:
        if operand.role != "prediction":
            arrays[operand.name] = near["class"]
        elif operand.axes:
            noise = rng.normal(scale=0.002, size=(count, count + 1))
            arrays[operand.name] = (directions[near[row.positive]] + noise).astype(np.float32)
        else:
            arrays[operand.name] = np.float32(math.log(scale))
    given = {"temperature": 1 / scale} if "temperature" in loss_of(row).parameters else {}
    wide = {name: a.astype(float) if np.asarray(a).dtype.kind == "f" else a for name, a in arrays.items()}
    own = {name: exact(value) for name, value in given.items()}
    given |= batch
    with mp.workdps(60):
        exactly = {
            name: [[exact(x) for x in vector] for vector in a]
            if np.ndim(a) > 1
            else a.tolist()
            if np.ndim(a)
            else exact(a)
            for name, a in wide.items()
        }
        losses = oracle.ORACLE[row.name](**exactly, **own)
        right = float(sum(losses) / len(losses))
    assert 1 < right / math.exp(-depth) < 100
    value, gradients = loss_of(row).value_and_grad(**arrays, **given)
    assert abs(value - right) <= 3e-5 * right
    _, wanted = loss_of(row).value_and_grad(**wide, **given)
    check(row, gradients, wanted, 3e-5)


@of_floats
@of_rows
def test_lengths_of_every_size(row: Any, dtype: Any) -> None:
    """The gradient by a vector whose length is multiplied by c is divided by c."""
    arrays = drawn(row, "lengths", dtype=dtype)
    value, gradients = loss_of(row).value_and_grad(**arrays)
    powers = 2.0 ** generator("powers").integers(-90, 91, 24)
    assert np.unique(powers).size > 15
    longer = {
        name: array * powers[:, None].astype(dtype) if array.ndim > 1 else array for name, array in arrays.items()
    }
    again, own = loss_of(row).value_and_grad(**longer)
    assert abs(again - value) <= bound_of(row, dtype) * value
    shaped = [g * powers[:, None] if np.ndim(g) > 1 else g for g in map(np.float64, several(row, own))]
    check(row, tuple(shaped) if len(shaped) > 1 else shaped[0], gradients, bound_of(row, dtype))


@of_rows
def test_a_vector_of_zeros(row: Any) -> None:
    arrays = drawn(row, "zeros")
    for array in arrays.values():
        if array.ndim > 1:
            array[3] = 0
    value, gradients = loss_of(row).value_and_grad(**arrays)
    assert math.isfinite(value)
    for gradient in several(row, gradients):
        assert np.isfinite(gradient).all() and (np.ndim(gradient) < 2 or not gradient[3].any())


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@of_rows
def test_halves(row: Any, dtype: Any) -> None:
    arrays = drawn(row, "halves", dtype=dtype)
    computed = np.float64 if row in PAIRS else np.float32
    wide = {name: array.astype(computed) if array.dtype == dtype else array for name, array in arrays.items()}
    value, gradients = loss_of(row).value_and_grad(**arrays)
    right, wanted = loss_of(row).value_and_grad(**wide)
    assert value == right
    for own, whole in zip(several(row, gradients), several(row, wanted), strict=True):
        assert own.dtype == dtype
        np.testing.assert_array_equal(own, np.asarray(whole).astype(dtype))


def of_torch(torch: Any, row: Any, arrays: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Return the mean and its gradients as one writes them in PyTorch, all pairs at once."""
    given = {name: torch.tensor(a, requires_grad=name in names_of(row)) for name, a in arrays.items()}
    first, *others = [torch.nn.functional.normalize(t, dim=1) for t in given.values() if t.ndim > 1]
    similar = first @ (others[0] if others else first).T
    same = given["y_true"][:, None] == given["y_true"] if "y_true" in given else torch.eye(len(first)) > 0
    nothing = torch.zeros((), dtype=torch.float64)  # softplus takes x for log(1 + e^x) from 20 on
    alike, inf = same & ~(torch.eye(len(first)) > 0), torch.tensor(-math.inf, dtype=torch.float64)
    if row.name == "sigmoid_contrastive":
        logits = similar * given["log_scale"].exp() + given["bias"]
        losses = -torch.nn.functional.logsigmoid(torch.where(same, logits, -logits)).sum(1)
    elif row.name == "multi_similarity":
        near = torch.where(alike, -2 * (similar - 0.5), inf).logsumexp(1)
        far = torch.where(~same, 50 * (similar - 0.5), inf).logsumexp(1)
        losses = torch.logaddexp(near, nothing) / 2 + torch.logaddexp(far, nothing) / 50
    else:
        drawn, pushed = (1.25 - similar).clamp(min=0).detach(), (similar + 0.25).clamp(min=0).detach()
        near = torch.where(alike, -256 * drawn * (similar - 0.75), inf).logsumexp(1)
        far = torch.where(~same, 256 * pushed * (similar - 0.25), inf).logsumexp(1)
        losses = torch.logaddexp(near + far, nothing)
    losses.mean().backward()
    return losses.mean().item(), [given[name].grad.numpy() for name in names_of(row)]


@of_pairs
def test_the_same_in_torch(row: Any) -> None:
    torch = pytest.importorskip("torch")
    arrays = drawn(row, "torch", shape=(300, 6), dtype=np.float64)
    value, gradients = loss_of(row).value_and_grad(**arrays)
    right, wanted = of_torch(torch, row, arrays)
    assert abs(value - right) <= 1e-12 * right
    check(row, gradients, tuple(wanted) if len(wanted) > 1 else wanted[0], 1e-11)


# -- the same whatever it is asked for --------------------------------------------------------------------------------


@of_rows
def test_any_number_of_threads_and_chunks(row: Any) -> None:
    """More vectors than a chunk has."""
    arrays = drawn(row, "threads", shape=(1300, 9))
    value, gradients = loss_of(row).value_and_grad(**arrays, n_threads=1)
    again, own = loss_of(row).value_and_grad(**arrays, n_threads=2)
    assert again == value
    for one, two in zip(several(row, gradients), several(row, own), strict=True):
        np.testing.assert_array_equal(one, two)
    wide = {name: array.astype(float) if array.dtype == np.float32 else array for name, array in arrays.items()}
    right, wanted = loss_of(row).value_and_grad(**wide)
    assert abs(value - right) <= 1e-6 * right
    check(row, gradients, wanted, 2e-6)
    again, own = loss_of(row).value_and_grad(**arrays, max_bytes=64 * 1300 * 8)
    assert abs(again - value) <= 1e-6 * value
    check(row, own, gradients, 2e-6)


@of_floats
@pytest.mark.parametrize("normalize", [True, False], ids=["cosines", "products"])
def test_rows_and_columns_whose_best_are_far_apart(normalize: bool, dtype: Any) -> None:
    """No unit serves the exponentials of all: e^(scale x cosine) of some pairs is as nothing beside that of others."""
    rng, count, width, scale = generator("units", normalize, dtype), 300, 12, 900.0 if dtype == np.float64 else 100.0
    images = rng.normal(size=(count, width))
    texts = images + rng.normal(size=(count, width))
    texts[1::3] = images[0::3]  # nearly as near to another as can be, and no pair
    images[2::3, 0], texts[:, 0] = -9.0, 9.0  # far from all
    lengths = np.ones((2, count, 1)) if normalize else rng.uniform(0.5, 1.5, (2, count, 1))
    given = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (images, texts)]
    images, texts = (each.astype(dtype) for each in given * lengths)
    log_scale = np.dtype(dtype).type(math.log(scale))

    wide = [each.astype(np.longdouble) for each in (images, texts)]
    own = [each / np.sqrt((each**2).sum(axis=1, keepdims=True)) if normalize else each for each in wide]
    similar = np.exp(np.longdouble(log_scale)) * (own[0] @ own[1].T)
    best = similar.max(axis=1)
    assert np.ptp(best) > 60, "one unit would do"
    losses, slopes = np.zeros(count, np.longdouble), np.zeros_like(similar)
    for way in (similar, similar.T):
        others = way.copy()
        np.fill_diagonal(others, -np.inf)
        unit = way.max(axis=1)
        shares = np.exp(others - unit[:, None])
        matching = np.exp(np.diag(way) - unit)
        losses += np.log1p(shares.sum(axis=1) / matching) / 2
        shares /= (shares.sum(axis=1) + matching)[:, None]
        np.fill_diagonal(shares, -shares.sum(axis=1))
        slopes += (shares if way is similar else shares.T) / (2 * count)
    by = [np.exp(np.longdouble(log_scale)) * each for each in (slopes @ own[1], slopes.T @ own[0])]
    if normalize:
        by = [
            (slope - each * (slope * each).sum(axis=1, keepdims=True)) / np.sqrt((vector**2).sum(axis=1, keepdims=True))
            for slope, each, vector in zip(by, own, wide, strict=True)
        ]
    bound = 2 * scale * np.finfo(dtype).eps  # a similarity is rounded, which the scale multiplies
    for memory in (None, 80 * count * np.dtype(dtype).itemsize):
        keywords = {"normalize": normalize, "max_bytes": memory}
        value, gradients = fl.symmetric_info_nce.value_and_grad(images, texts, log_scale, **keywords)
        assert abs(value - losses.mean()) <= bound * losses.mean()
        for found, right in zip(gradients, (*by, (slopes * similar).sum()), strict=True):
            assert np.abs(found - right).max() <= bound * np.abs(right).max()
        each = fl.symmetric_info_nce(images, texts, log_scale, reduction="none", **keywords)
        np.testing.assert_allclose(each, losses.astype(float), rtol=2 * bound, atol=0)


@of_rows
def test_what_is_asked_for(row: Any) -> None:
    """The value alone, some gradients, reductions, a factor."""
    arrays = drawn(row, "asked")
    loss = loss_of(row)
    value, gradients = loss.value_and_grad(**arrays)
    assert loss(**arrays) == value
    if len(row.differentiated) > 1:
        for name, gradient in zip(names_of(row), gradients, strict=True):
            np.testing.assert_array_equal(loss.grad(**arrays, wrt=name), gradient)
    values, of_sum = loss.value_and_grad(**arrays, reduction="none")
    total, also = loss.value_and_grad(**arrays, reduction="sum")
    assert values.shape == (24,) and values.dtype == np.float32
    assert abs(values.sum(dtype=float) - total) <= 1e-6 * total
    assert abs(total / 24 - value) <= 1e-6 * value
    for one, two, mean in zip(*(several(row, g) for g in (of_sum, also, gradients)), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_allclose(one / 24, mean, rtol=1e-4, atol=0)
    twice, double = (2 * loss).value_and_grad(**arrays)
    assert abs(twice - 2 * value) <= 1e-6 * value
    check(
        row,
        double,
        tuple(2 * g for g in several(row, gradients)) if len(row.differentiated) > 1 else 2 * gradients,
        1e-6,
    )


@of_rows
def test_in_place_and_any_layout(row: Any) -> None:
    arrays = drawn(row, "in place")
    value, gradients = loss_of(row).value_and_grad(**arrays)
    shifted = {
        name: np.repeat(array[::-1], 2, axis=1)[::-1, ::2] if array.ndim > 1 else array
        for name, array in arrays.items()
    }
    again, own = loss_of(row).value_and_grad(**shifted)
    assert again == value
    for one, two in zip(several(row, gradients), several(row, own), strict=True):
        np.testing.assert_array_equal(one, two)
    places = tuple(array.copy() for name, array in arrays.items() if name in names_of(row))
    copies = arrays | dict(zip(names_of(row), places, strict=True))
    out = places if len(places) > 1 else places[0]
    again, own = loss_of(row).value_and_grad(**copies, out=(None, out))
    assert again == value
    for one, two, place in zip(several(row, gradients), several(row, own), places, strict=True):
        assert two is place
        np.testing.assert_array_equal(one, two)


SMALL = [row for row in ROWS if loss_of(row)._short]


@pytest.mark.skipif(current_engine() != "compiled", reason="the short way is that of the compiled engine")
@of_floats
@pytest.mark.parametrize("shape", [(1, 1), (12, 5), (32, 10), (34, 33), (64, 128)], ids=str)
@pytest.mark.parametrize("row", SMALL, ids=lambda row: row.name)
def test_the_short_way_has_the_bits_of_the_long_one(row: Any, shape: tuple[int, int], dtype: Any) -> None:
    shape = (shape[0] + shape[0] % 2, shape[1])
    arrays, rng = drawn(row, "short", shape=shape, dtype=dtype), generator("short", row.name, shape, str(dtype))
    args = tuple(arrays.values())
    kept, weight = rng.random(shape[0]) < 0.7, rng.random(shape[0])
    weight[0] = 0
    kept[-1] = True
    keywords: list[dict[str, Any]] = [{}, {"sample_weight": weight}, {"where": kept, "sample_weight": weight + 1}]
    keywords += [{"where": kept, "reduction": "sum"}, {"reduction": "none", "sample_weight": weight}]
    keywords += [{"normalizer": 3.0}]
    vectors = tuple(array for array in args if array.ndim)  # and labels; all but what is shared
    given = [args, vectors, (*vectors, *map(float, args[len(vectors) :]))]
    for loss in (loss_of(row), loss_of(row).bind(normalize=False)):
        for own in keywords:
            for each in given:
                for method, want in (("__call__", 1), ("grad", 2), ("value_and_grad", 3)):
                    with long_way():
                        expected = getattr(loss, method)(*each, **own)
                    assert bits(getattr(loss, method)(*each, **own)) == bits(expected)
                    taken = loss._short.run(want, each, {**loss.keywords, **own}) is not None
                    assert taken or "where" in own or "sample_weight" in own  # nothing may be left that has a loss
    expected = loss_of(row).grad(*vectors)
    places = tuple(array.copy() for array in vectors)
    out = tuple(place for place in places if place.ndim > 1)
    loss_of(row).grad(*places, out=out if len(out) > 1 else out[0])
    assert bits(out if len(out) > 1 else out[0]) == bits(expected)


# -- what is left out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["where", "sample_weight"])
@of_rows
def test_what_is_left_out_is_no_negative_either(row: Any, how: str) -> None:
    arrays = drawn(row, how)
    kept = np.ones(24, bool)
    kept[[2, 5, 14, 17]] = False  # with both views of a sample
    keywords = {"where": kept} if how == "where" else {"sample_weight": kept.astype(float)}
    value, gradients = loss_of(row).value_and_grad(**of_kept(row, arrays, kept))
    for array in arrays.values():
        if array.ndim > 1:
            array[~kept] = np.nan
    again, own = loss_of(row).value_and_grad(**arrays, **keywords)
    assert again == value
    for one, all_of_them in zip(several(row, gradients), several(row, own), strict=True):
        if np.ndim(one) < 2:
            assert one == all_of_them
            continue
        np.testing.assert_array_equal(one, all_of_them[kept])
        assert not all_of_them[~kept].any() and not np.signbit(all_of_them[~kept]).any()
    values = loss_of(row)(**arrays, **keywords, reduction="none")
    assert not values[~kept].any()


def test_a_view_without_its_other_has_no_weight() -> None:
    (row,) = (row for row in ROWS if row.positive == "half")
    arrays = drawn(row, "half")
    kept = np.ones(24, bool)
    kept[3] = False
    values = fl.nt_xent(**arrays, where=kept, reduction="none")
    assert values[3] == values[15] == 0 and (np.delete(values, [3, 15]) > 0).all()
    assert abs(fl.nt_xent(**arrays, where=kept) - values.sum() / 22) < 1e-6


@of_rows
def test_nothing_left(row: Any) -> None:
    arrays = drawn(row, "nothing")
    value, gradients = loss_of(row).value_and_grad(**arrays, where=np.zeros(24, bool))
    assert value == 0.0 and not any(np.any(gradient) for gradient in several(row, gradients))
    empty = {name: array[:0] if array.ndim else array for name, array in arrays.items()}
    value, gradients = loss_of(row).value_and_grad(**empty)
    assert value == 0.0 and several(row, gradients)[0].shape == (0, 5)


def test_classes_of_one_have_no_loss() -> None:
    vectors = generator("alone").normal(size=(4, 3))
    assert fl.supcon([0, 1, 2, 3], vectors) == fl.circle([0, 1, 2, 3], vectors) == fl.circle([7] * 4, vectors) == 0.0
    assert not fl.circle.grad([7] * 4, vectors).any()
    values = fl.circle([0, 1, 2, 1], vectors, reduction="none")
    assert values[0] == values[2] == 0 and values[1] > 0 and values[3] > 0
    assert fl.circle([0, 1, 2, 1], vectors) == values.sum() / 2
    assert (fl.multi_similarity([0, 1, 2, 3], vectors, reduction="none") > 0).all()  # what is pushed away remains
    assert fl.multi_similarity([0], vectors[:1]) == 0.0
    values = fl.supcon(["a" == "a", True, False, True], vectors, reduction="none")
    assert values[2] == 0 and (values[[0, 1, 3]] > 0).all()


# -- what is refused, and what it is ----------------------------------------------------------------------------------


@of_rows
def test_what_is_wrong_is_named(row: Any) -> None:
    arrays = drawn(row, "wrong")
    loss, first = loss_of(row), row.prediction
    with pytest.raises(ValueError, match=rf"{first} has shape \(2, 12, 5\); a batch has two axes: samples and numbers"):
        loss(
            **{name: array.reshape(2, 12, *array.shape[1:]) if array.ndim else array for name, array in arrays.items()}
        )
    with pytest.raises(ValueError, match=r"sample_weight\[1\] = -1.0"):
        loss(**arrays, sample_weight=np.where(np.arange(24) == 1, -1.0, 1.0))
    with pytest.raises(TypeError, match=f"{row.name} has no parts"):
        loss.partial(**arrays)
    with pytest.raises(TypeError, match=f"{row.name} has no .*: the second derivatives of a batch"):
        loss.value_grad_hess(**arrays)
    if "temperature" in loss.parameters:
        with pytest.raises(ValueError, match=r"temperature = 0.0 is not > 0 and finite"):
            loss(**arrays, temperature=0.0)
    for name in names_of(row)[1:]:
        if arrays[name].ndim:
            with pytest.raises(
                ValueError, match=rf"{name} has shape \(23, 5\), {first} has \(24, 5\); they must be equal"
            ):
                loss(**arrays | {name: arrays[name][1:]})


def test_particular_faults() -> None:
    vectors = np.ones((5, 2))
    with pytest.raises(ValueError, match="embeddings has 5 vectors; there must be two views of each sample"):
        fl.nt_xent(vectors)
    with pytest.raises(ValueError, match=r"log_scale has shape \(1,\); it must have no axes"):
        fl.symmetric_info_nce(vectors, vectors, [1.0])
    with pytest.raises(ValueError, match=r"y_true has shape \(4,\)"):
        fl.supcon([0, 1, 0, 1], vectors)


def test_labels_and_scales_that_are_no_numbers() -> None:
    vectors = generator("no numbers").normal(size=(4, 3)).astype(np.float32)
    with pytest.raises(ValueError, match=r"y_true\[2\] = nan is no class"):
        fl.supcon([0.0, 0.0, np.nan, np.nan], vectors)
    assert fl.supcon([0.0, 0.0, np.nan, np.nan], vectors, where=[True, True, False, False]) == 0.0
    for large in (90.0, 1000.0):
        with pytest.raises(ValueError, match=rf"log_scale = {large} is too large: e\^log_scale is infinite in float32"):
            fl.symmetric_info_nce(vectors, vectors, large)
    with pytest.raises(ValueError, match=r"log_scale = 1000.0 is too large"):
        fl.sigmoid_contrastive(vectors, vectors, 1000.0)
    with pytest.raises(ValueError, match=r"temperature = 1e-309 is too small: 1 / temperature is infinite in float64"):
        fl.info_nce(vectors.astype(float), vectors.astype(float), temperature=1e-309)
    weight = np.where(np.arange(4) == 1, 1e39, 1.0)
    with pytest.raises(ValueError, match=r"sample_weight\[1\]"):
        fl.info_nce(vectors, vectors, sample_weight=weight)


@pytest.mark.parametrize("row", [row for row in ROWS if row.shares], ids=lambda row: row.name)
def test_what_is_not_learned(row: Any) -> None:
    """Without what all share it has its default, and there is no gradient by it."""
    arrays = drawn(row, "not learned")
    vectors = {name: array for name, array in arrays.items() if array.ndim}
    defaults = {operand.name: operand.default for operand in row.operands if operand.shared}
    value, gradients = loss_of(row).value_and_grad(**vectors)
    assert len(gradients) == len(vectors)
    again, own = loss_of(row).value_and_grad(**vectors, **defaults)
    assert again == value and len(own) == len(row.operands)
    assert own[0].dtype == np.float32  # a float does not widen the vectors


def test_defaults_of_what_all_share() -> None:
    x, y = generator("defaults").normal(size=(2, 8, 3))
    assert fl.symmetric_info_nce(x, y) == fl.symmetric_info_nce(x, y, math.log(1 / 0.07))
    assert fl.sigmoid_contrastive(x, y) == fl.sigmoid_contrastive(x, y, math.log(10), -10)


@of_rows
def test_a_loss_like_any_other(row: Any) -> None:
    bound = loss_of(row).bind(reduction="sum", normalize=False)
    again = pickle.loads(pickle.dumps(bound))
    arrays = drawn(row, "like any other")
    assert again == bound and again(**arrays) == bound(**arrays)
    assert cases.row_of(bound) is row


@of_pairs
def test_identical_vectors_and_ends_of_parameters(row: Any) -> None:
    """No loss is NaN, whatever is the same and however large parameters are."""
    arrays = drawn(row, "identical")
    for name, array in arrays.items():
        if array.ndim > 1:
            arrays[name] = np.repeat(array[:1], len(array), axis=0)
    ends = [{}] + [
        {p.name: value}
        for p in row.parameters
        if p.kind == "number"
        for value in (1e-300, 1e300)
        if value in p.domain and value >= np.finfo(float).tiny
    ]
    arrays = {name: array.astype(float) if array.dtype == np.float32 else array for name, array in arrays.items()}
    for given in ends:
        for varied in (arrays, drawn(row, "ends", dtype=np.float64)):
            value, gradients = loss_of(row).value_and_grad(**varied, **given)
            assert value >= 0 and (math.isfinite(value) or 1e300 in given.values()), given
            for gradient in several(row, gradients):
                assert not np.isnan(gradient).any(), given


def test_kinks_of_circle() -> None:
    """Where a factor of a pair becomes 0 its slope is half of that beyond."""
    vectors = np.array([[1.0, 0.0], [0.5, 1.0], [-0.25, 0.0]])  # similarities 0.5, -0.25, and -0.125
    given = {"gamma": 2.0, "normalize": False, "detached": False}

    def slope(place: float) -> Any:
        """Return the derivative of the first loss by the first number of the third vector."""
        moved = vectors.copy()
        moved[2, 0] = place
        weight = np.array([1.0, 1e-300, 1e-300])
        return fl.circle.grad([0, 0, 1], moved, sample_weight=weight, normalizer=1.0, **given)[2, 0]

    below, at, above = slope(np.nextafter(-0.25, -1)), slope(-0.25), slope(np.nextafter(-0.25, 0))
    assert abs(below) < 1e-290 and above < 0 and abs(at - above / 2) <= 1e-12 * abs(above)
    like = np.array([[1.0, 0.0], [1.25, 0.0], [0.0, 1.0]])

    def of_like(place: float) -> Any:
        moved = like.copy()
        moved[1, 0] = place
        weight = np.array([1.0, 1e-300, 1e-300])
        return fl.circle.grad([0, 0, 1], moved, sample_weight=weight, normalizer=1.0, **given)[1, 0]

    below, at, above = of_like(np.nextafter(1.25, 0)), of_like(1.25), of_like(np.nextafter(1.25, 2))
    assert abs(above) < 1e-290 and below > 0 and abs(at - below / 2) <= 1e-12 * below


@of_pairs
def test_too_little_memory(row: Any) -> None:
    arrays = drawn(row, "memory")
    with pytest.raises(ValueError, match="max_bytes = 0 is not > 0"):
        loss_of(row)(**arrays, max_bytes=0)
    text = "max_bytes = 4607 is too little: the similarities of 24 vectors with 24 take 4608 bytes"
    with pytest.raises(ValueError, match=text):
        loss_of(row)(**arrays, max_bytes=4607)
    assert loss_of(row)(**arrays, max_bytes=4608) == loss_of(row)(**arrays)
    assert pairs.Cut.of(8192, 8192, None, 1) == (256, 1) and pairs.Cut.of(8192, 8192, 100 * 8192 * 8, 1) == (100, 1)
    assert pairs.Cut.of(8192, 8192, 2 * 100 * 8192 * 8 - 1, 2) == (199, 1)


def test_nothing_is_as_large_as_the_batch_squared() -> None:
    before = "x = rng.standard_normal((8192, 32), np.float32); fl.nt_xent.value_and_grad(x[:64], n_threads=1)"
    peak = cases.peak_of("fl.nt_xent.value_and_grad(x, n_threads=1)", before)
    assert peak <= products._FEWEST_ROWS * 8192 * 4 + 16 * 8192 * 32 * 4 + 2**22  # 256 MiB squared
    before = before.replace("nt_xent", "sigmoid_contrastive").replace("(x[:64]", "(x[:64], x[:64]")
    peak = cases.peak_of("fl.sigmoid_contrastive.value_and_grad(x, x, n_threads=1)", before)
    assert peak <= 256 * 8192 * 8 + 16 * 8192 * 32 * 8 + 2**23
