"""Random calls: every way through the library to the same result, the truth at one place, and arguments that are wrong.

    python tests/fuzz.py --cases 200000 --processes 2
    python tests/fuzz.py --first 1234 --cases 1             repeats case 1234 (of the same seed)

One case is one loss with its variant, dtype, regime and shape, drawn from the case's number:

- bits: a call in another layout, with other threads, another method, ``out=`` or in place, of shuffled samples and with
  special numbers among them, gives the bits of the plain call
- truth: without special numbers, one sample is held to the bounds of ``tests/accuracy.py``
- wide: float32 against the same call in float64, every element; where they differ by more than the bound, the truth
  decides
- engines: the compiled engine against Numba's, in the same way (with ``--engines``: compiling takes a minute)
- several: the same of losses of several arrays, or one of their arrays is spoiled
- ctc, rnnt …: the same of losses of sequences, alone and in a batch, padded and packed
- cox, lambdarank …: the same of losses of groups, however these are said, in a batch and alone
- wrong: one argument is spoiled. The call works, or raises a TypeError or ValueError that names the argument, and
  has not written to ``out``

A worker that dies names the case it was at.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import queue
import re
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import cases
import numpy as np
import test_several as several
from accuracy import bounds, check_against, inputs_of_rows, measure
from cases import Inputs, Variant, bits, shaped

from fastloss.domains import outside
from fastloss.rows import Domain

VARIANTS = tuple(cases.variants())
ROWS = (1, 2, 3, 7, 8, 15, 17, 33, 64, 65, 130)
CLASSES = (1, 2, 3, 5, 10, 31, 63, 64, 65, 66, 100, 130, 260)
SIZES = (1, 2, 3, 8, 15, 17, 63, 64, 65, 127, 400, cases.BLOCK - 1, cases.BLOCK, 2 * cases.BLOCK + 3)
LAYOUTS = tuple(name for name in cases.LAYOUTS if "stride 0" not in name)
WRITABLE = tuple(name for name in LAYOUTS if name != "read-only")
#: What mpmath needs a thousand bits for: rarely held against the truth.
SLOW_REGIMES = ("near the largest", "difference overflows", "square overflows")


def pick(rng: np.random.Generator, choices: Any) -> Any:
    return choices[rng.integers(len(choices))]


def some(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def drawn(number: int, rng: np.random.Generator) -> tuple[Variant, str, Inputs]:
    """Return the call of a case, its samples in one axis."""
    variant, dtype = pick(rng, VARIANTS), pick(rng, cases.FLOATS)
    if variant.rowwise:
        regime = pick(rng, tuple(cases.ROW_REGIMES))
        return variant, regime, inputs_of_rows(variant, regime, dtype, pick(rng, ROWS), pick(rng, CLASSES), number)
    regime = pick(rng, tuple(cases.element_regimes(variant.row)))
    return variant, regime, cases.elements_of(variant, regime, dtype, pick(rng, SIZES), number)


# -- the same bits ----------------------------------------------------------------------------------------------------


def special_numbers(dtype: Any, domain: Domain) -> np.ndarray:
    """Return the special numbers that an array may hold: NaN passes through, any other has to be in the domain."""
    info = np.finfo(dtype)
    exact = [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        info.max,
        -info.max,
        info.tiny,
        info.smallest_subnormal,
        1,
        1 + info.eps,
    ]
    near_ends = [88.72, 88.73, -87.34, -103.9, *([709.7, 709.8, -745.1] * (dtype == np.float64))]
    numbers = np.array([*exact, *near_ends], dtype)
    return numbers[[bool(np.isnan(number)) or float(number) in domain for number in numbers]]


def sprinkled(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Return the call with special numbers in some places of the prediction."""
    y_pred = inputs.y_pred.copy()
    places = rng.random(y_pred.shape) < pick(rng, (0.02, 0.2, 0.7))
    domain = cases.row_of(inputs.loss).predictions(inputs.keywords)
    y_pred[places] = rng.choice(special_numbers(y_pred.dtype, domain), int(places.sum()))
    return inputs.replace(y_pred=y_pred)


def arranged(inputs: Inputs, rng: np.random.Generator) -> Inputs:
    """Return the same numbers in other places of memory."""

    def moved(a: Any) -> Any:
        return cases.LAYOUTS[pick(rng, LAYOUTS)](a) if isinstance(a, np.ndarray) and some(rng, 0.7) else a

    keywords = {name: moved(value) for name, value in inputs.keywords.items()}
    return inputs.replace(y_true=moved(inputs.y_true), y_pred=moved(inputs.y_pred), keywords=keywords)


def check_bits(inputs: Inputs, rng: np.random.Generator) -> None:
    """Hold a call made in a random way to the plain one."""
    rows = inputs.samples[0]
    if some(rng, 0.5):
        inputs.keywords["sample_weight"] = rng.integers(0, 9, rows) / 4
    if some(rng, 0.3):
        inputs.keywords["where"] = rng.random(rows) < 0.8
    reduction = pick(rng, ("none", "none", "sum", "mean"))
    together = dict(zip(("value", "grad", "hess"), inputs(reduction=reduction, n_threads=1), strict=True))

    check_curvature(inputs, reduction, together, rng)
    other = arranged(inputs, rng)
    method = pick(rng, tuple(cases.METHODS))
    parts = cases.METHODS[method]
    given: dict[str, Any] = {"n_threads": pick(rng, (None, 1, 2, 3, 5))}
    if some(rng, 0.5):
        places = {part: np.full_like(np.asarray(together[part]), 113) for part in parts}
        places = {part: cases.LAYOUTS[pick(rng, WRITABLE)](a) if a.ndim else a for part, a in places.items()}
        if "value" in parts and (reduction != "none" or some(rng, 0.5)):
            places["value"] = None
        if "grad" in parts and some(rng, 0.3):  # in place
            places["grad"] = other.y_pred = cases.LAYOUTS[pick(rng, WRITABLE)](other.y_pred.copy())
        given["out"] = tuple(places.values())
    results = other(method, reduction=reduction, **given)
    for part, result in zip(parts, results if len(parts) > 1 else (results,), strict=True):
        assert bits(result) == bits(together[part]), (method, part, reduction)

    if reduction == "none":
        order = rng.integers(rows, size=pick(rng, (1, rows, rows + 5)))
        per_sample = {"sample_weight", "where"} & inputs.keywords.keys()
        chosen = inputs.take(order)
        chosen.keywords = inputs.keywords | {name: inputs.keywords[name][order] for name in per_sample}
        assert bits(chosen()) == bits(tuple(result[order] for result in together.values())), "shuffled"


def check_curvature(inputs: Inputs, reduction: str, plain: dict[str, Any], rng: np.random.Generator) -> None:
    """Hold what is asked of the Hessian to what a second pass would make of it."""
    asked: dict[str, Any] = {"curvature": pick(rng, ("exact", "abs")), "hess_factor": 2.0 ** rng.integers(-3, 4)}
    asked["hess_floor"] = pick(rng, (0, 1e-16, 0.01))
    kept = np.ones(inputs.samples, bool)
    if "sample_weight" in inputs.keywords:
        kept &= inputs.keywords["sample_weight"] != 0
    kept &= inputs.keywords.get("where", True)
    if inputs.keywords.get("ignore_index") is not None and inputs.y_true.shape == kept.shape:
        kept &= inputs.y_true != inputs.keywords["ignore_index"]
    class_weight = inputs.keywords.get("class_weight")
    if inputs.y_pred.dtype.itemsize < 4 or (class_weight is not None and not np.all(class_weight)):
        return
    kept = kept.reshape(kept.shape + (1,) * (inputs.y_pred.ndim - kept.ndim))
    expected = shaped(plain["hess"], kept, **asked)
    value, gradient, hessian = inputs(reduction=reduction, n_threads=pick(rng, (1, 2)), **asked)
    assert bits(hessian) == bits(expected), asked
    assert bits((value, gradient)) == bits((plain["value"], plain["grad"])), asked


def check_halves(inputs: Inputs, rng: np.random.Generator) -> None:
    """Hold half precision to float32, rounded once."""
    half = pick(rng, cases.HALVES)
    with np.errstate(over="ignore"):
        narrow = inputs.replace(y_pred=inputs.y_pred.astype(half))
        target_in_float32 = inputs.y_true.astype(np.float32)
    wide = narrow.replace(y_pred=narrow.y_pred.astype(np.float32))
    row = cases.row_of(inputs.loss)
    if row.of_numbers:  # what is inside its domain may be rounded to an end of it
        wide.y_true = narrow.y_true = target_in_float32
        target = row.targets(dict(inputs.loss.parameters) | inputs.keywords)
        for numbers, domain in ((wide.y_true, target), (wide.y_pred, row.predicted)):
            if (outside(numbers, domain) & (numbers == numbers)).any():
                return
    reduction = pick(rng, ("none", "mean"))
    for result, expected in zip(narrow(reduction=reduction), wide(reduction=reduction), strict=True):
        if isinstance(expected, float):
            assert bits(result) == bits(expected)
        else:
            assert bits(result) == bits(cases.rounded_once(expected, half)), half


# -- the truth --------------------------------------------------------------------------------------------------------


def check_truth(variant: Variant, regime: str, inputs: Inputs, rng: np.random.Generator) -> None:
    dtype, sample = inputs.y_pred.dtype, int(rng.integers(inputs.samples[0]))
    inputs.keywords.pop("ignore_index", None)
    if variant.rowwise:
        measure(inputs.take(slice(sample, sample + 1)), dtype, rng=rng).check(bounds(variant, dtype))
    else:
        measure(inputs, dtype, [sample]).check(bounds(variant, dtype))


def check_wide(variant: Variant, regime: str, inputs: Inputs) -> None:
    inputs.keywords.pop("ignore_index", None)
    wide = inputs.replace(y_pred=inputs.y_pred.astype(np.float64))
    check_against(variant, regime, inputs, wide())


def check_engines(variant: Variant, regime: str, inputs: Inputs) -> None:
    inputs.keywords.pop("ignore_index", None)
    with cases.fl.engine("numba"):
        others = inputs()
    check_against(variant, regime, inputs, others)


# -- wrong arguments --------------------------------------------------------------------------------------------------

NUMBERS = (np.nan, np.inf, -np.inf, -1.0, -1e-30, 0.0, 2, 1e300, -(2**63), 2**63, 2**64, 1j, "1", None, True, [1], {})
THINGS = (None, "x", b"x", object(), 1j, 3, [], [[1.0], []], {}, range(4), np.longdouble(1), np.zeros((2, 2), "M8[s]"))
KINDS = (object, complex, np.longdouble, "U3", np.int8, np.uint64, np.float16, bool, "M8[s]")


def reshaped(a: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an array of a shape that is probably wrong."""
    ways: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
        lambda a: a[:-1],
        lambda a: a[..., None],
        lambda a: a[None],
        lambda a: a.T,
        lambda a: a.ravel()[: a.size // 2],
        lambda a: np.concatenate([a, a]),
        lambda a: a[..., :0] if a.ndim else a,
        lambda a: a.reshape(-1),
        lambda a: a[:0],
        lambda a: a.ravel()[0] if a.size else a,
    )
    return np.asarray(pick(rng, ways)(a))


def with_one_number(a: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a copy with a number somewhere that is probably outside the domain."""
    a, bad = a.copy(), (np.nan, np.inf, -np.inf, -2, 7)
    if a.dtype.kind in "iu":
        bad = (10**6, -1, 255, 2**31, 2**63 - 1, -(2**63))
    if a.size:
        with np.errstate(all="ignore"):
            a.flat[rng.integers(a.size)] = np.array(pick(rng, bad)).astype(a.dtype)
    return a


def converted(a: np.ndarray, rng: np.random.Generator) -> Any:
    kind = pick(rng, KINDS)
    with np.errstate(all="ignore"):
        return a.astype(np.int64).astype(kind) if kind == "M8[s]" else a.astype(kind)


def spoiled(a: np.ndarray, rng: np.random.Generator) -> Any:
    return pick(rng, (reshaped, with_one_number, converted, lambda a, rng: pick(rng, THINGS)))(a, rng)


def wrong_out(inputs: Inputs, rng: np.random.Generator) -> Any:
    """Return places for the results that are probably refused."""
    y_pred = inputs.y_pred
    good = np.full_like(y_pred, 113)
    whole = np.full((y_pred.shape[0] + 1, *y_pred.shape[1:]), 113, y_pred.dtype)
    ways = (
        (None, reshaped(good, rng), None),
        (None, converted(np.full(y_pred.shape, 113), rng), None),
        (None, cases.LAYOUTS["read-only"](good), None),
        (None, np.broadcast_to(good[:1], good.shape), None),
        (None, whole[:-1], whole[1:]),
        (None, None, y_pred),
        (None, y_pred[::-1], None),
        (inputs.y_true, None, None),
        (None, None),
        [good],
        good,
        pick(rng, THINGS),
    )
    return pick(rng, ways)


def names_for(name: str, inputs: Inputs) -> tuple[str, ...]:
    """Return what an error may name where an argument is wrong: itself, or what no longer goes with it."""
    row = cases.row_of(inputs.loss)
    prediction = row.prediction
    if name == "y_pred":  # all others have its shape
        return (prediction, "y_true", "sample_weight", "where", "out", "axis", *inputs.loss.parameters)
    if name == "axis":
        return ("axis", prediction, "y_true", "out", *inputs.loss.parameters)
    if name == "y_true":  # its shape says what it is; class indices alone can be ignored
        return ("y_true", *({"ignore_index"} & inputs.keywords.keys()))
    if any(name == other for other, *_ in row.ranges):  # it says what targets may be
        return (name, "y_true")
    return (name,)


def check_wrong(inputs: Inputs, rng: np.random.Generator) -> str:
    """Spoil one argument; return what came of it."""
    out = tuple(np.full(inputs.y_pred.shape, 113, inputs.y_pred.dtype) for _ in range(2))
    given: dict[str, Any] = {"out": (None, *out)}
    names = ("y_true", "y_pred", "sample_weight", "where", "out", "reduction", "normalizer", "n_threads", "axis")
    name = pick(rng, (*names, *inputs.loss.parameters))
    if name in ("y_true", "y_pred"):
        inputs = inputs.replace(**{name: spoiled(getattr(inputs, name), rng)})
    elif name in ("sample_weight", "where"):
        good = rng.random(inputs.samples) if name == "sample_weight" else np.ones(inputs.samples, bool)
        given[name] = spoiled(good, rng)
    elif name == "out":
        given[name] = wrong_out(inputs, rng)
    elif name == "n_threads":
        given[name] = pick(rng, tuple(x for x in NUMBERS if x is not None))
    elif some(rng, 0.3):
        given[name] = spoiled(np.ones(inputs.y_pred.shape[-1]), rng)
    else:
        given[name] = pick(rng, (*NUMBERS, *THINGS))
    method = pick(rng, tuple(cases.METHODS))
    if isinstance(given["out"], tuple) and len(given["out"]) == 3:
        all_parts = ("value", "grad", "hess")
        given["out"] = tuple(given["out"][all_parts.index(part)] for part in cases.METHODS[method])
    inputs_before = bits(inputs.y_pred) if isinstance(inputs.y_pred, np.ndarray) and name != "y_pred" else None
    try:
        inputs(method, **({"reduction": "mean"} | given))
    except (TypeError, ValueError) as error:
        said = str(error)
        assert any(re.search(rf"\b{word}\b", said) for word in names_for(name, inputs)), f"{name} is not named: {said}"
        assert all((array == 113).all() for array in out), f"{name}: written to before it was refused"
        assert inputs_before is None or bits(inputs.y_pred) == inputs_before, f"{name}: y_pred written to"
        return f"{name}: {type(error).__name__}"
    return f"{name}: accepted"


# -- losses of several arrays -----------------------------------------------------------------------------------------


def check_several(rng: np.random.Generator) -> str:
    """Hold a call made in a random way to the plain one, or spoil one of the arrays; return what it was."""
    row = pick(rng, several.ROWS)
    loss, n, dtype = cases.fl.Loss(row), pick(rng, SIZES), pick(rng, cases.FLOATS)
    arrays = cases.arrays_of(row, (n,), dtype, rng)
    if some(rng, 0.3):
        name = pick(rng, tuple(arrays))
        return f"several: {check_wrong_array(loss, row, arrays, name, rng)}"
    if some(rng, 0.4):
        for operand in row.operands:
            if operand.role != "target":
                places = rng.random(arrays[operand.name].shape) < pick(rng, (0.02, 0.3))
                arrays[operand.name][places] = rng.choice(special_numbers(dtype, operand.domain), int(places.sum()))
    keywords: dict[str, Any] = {"reduction": pick(rng, ("none", "sum", "mean"))}
    if some(rng, 0.5):
        keywords["sample_weight"] = rng.integers(0, 9, n) / 4
    if some(rng, 0.3):
        keywords["where"] = rng.random(n) < 0.8
    plain = several.every_result(row)(*arrays.values(), n_threads=1, **keywords)
    names = [operand.name for operand in row.differentiated]
    together = {"value": plain[0]}
    for part, results in zip(("grad", "hess"), plain[1:], strict=False):
        together |= {(part, name): own for name, own in zip(names, several.as_tuple(results), strict=True)}

    other = {name: cases.LAYOUTS[pick(rng, LAYOUTS)](a) if some(rng, 0.6) else a for name, a in arrays.items()}
    wanted = tuple(rng.permutation(names)[: rng.integers(1, len(names) + 1)].tolist()) if len(names) > 1 else names
    ways: dict[str, Any] = {"n_threads": pick(rng, (None, 1, 2, 3))}
    if len(names) > 1:
        ways["wrt"] = wanted
    methods = several.methods_of(row)
    method = pick(rng, tuple(methods))
    if some(rng, 0.5):
        places = []
        for part in methods[method]:
            nested = []
            for name in wanted if part != "value" else ():
                if part == "grad" and some(rng, 0.3):  # in place
                    other[name] = cases.LAYOUTS[pick(rng, WRITABLE)](other[name].copy())
                    nested.append(other[name])
                else:
                    nested.append(pick(rng, (None, np.full_like(arrays[name], 113))))
            places.append(None if part == "value" else tuple(nested) if len(names) > 1 else nested[0])
        ways["out"] = tuple(places) if len(places) > 1 or places[0] is None else places[0]
    results = getattr(loss, method)(*other.values(), **keywords, **ways)
    for part, result in zip(methods[method], results if len(methods[method]) > 1 else (results,), strict=True):
        if part == "value":
            assert bits(result) == bits(together["value"]), (method, part)
        else:
            for name, own in zip(wanted, several.as_tuple(result), strict=True):
                assert bits(own) == bits(together[part, name]), (method, part, name, wanted)
    return "several"


def check_wrong_array(loss: Any, row: Any, arrays: dict[str, Any], name: str, rng: np.random.Generator) -> str:
    """Spoil one of the arrays; return what came of it."""
    places = tuple(np.full_like(arrays[operand.name], 113) for operand in row.differentiated)
    given = dict(arrays, **{name: spoiled(arrays[name], rng)})
    try:
        loss.grad(*given.values(), out=places if len(places) > 1 else places[0])
    except (TypeError, ValueError) as error:
        said = str(error)
        assert any(re.search(rf"\b{word}\b", said) for word in (*arrays, "out")), f"{name} is not named: {said}"
        assert all((array == 113).all() for array in places), f"{name}: written to before it was refused"
        return f"{name}: {type(error).__name__}"
    return f"{name}: accepted"


# -- losses of sequences ----------------------------------------------------------------------------------------------

SEQUENCES = tuple(row for row in cases.fl.losses() if row.kind == "sequences")
#: Shapes of scores but for their last axis, by the axes of a sequence: samples, frames, and places of labels.
AXES_OF_FRAMES = {"TC": 1, "TUC": 2}


def sequences_of(row: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Return a batch, of one regime or another; what is behind a sequence is no number, or no class."""
    frames = AXES_OF_FRAMES[row.axes]
    sizes = (pick(rng, (1, 2, 5, 70)), *(int(rng.integers(1, 12)) for _ in range(frames)), pick(rng, (2, 3, 9, 33)))
    arrays = cases.fl.kinds.draw(row, sizes, pick(rng, cases.FLOATS), rng)
    scores = arrays[row.prediction]
    scores *= pick(rng, (0.1, 1, 1, 10, 100, 1e4))
    scores[..., 0] += pick(rng, (0, 0, 25, 300))
    if some(rng, 0.3):
        scores[rng.random(scores.shape) < pick(rng, (0.02, 0.3))] = pick(rng, (-np.inf, -1e4, -1e30, -700, np.nan))
    lengths = [arrays[next(o.lengths for o in row.operands if o.name == name)] for name in ("y_true", row.prediction)]
    for n, (labels, own) in enumerate(zip(*lengths, strict=True)):
        arrays["y_true"][n, labels:], scores[n, own:] = -7, np.nan
        if frames == 2:
            scores[n, :, labels + 1 :] = np.nan
    return arrays


def packed_scores(row: Any, arrays: dict[str, Any], of: np.ndarray) -> np.ndarray:
    """Return the frames of all sequences one behind the other."""
    places = [own[:n] for own, n in zip(of, arrays[row.operands[-1].name], strict=True)]
    if AXES_OF_FRAMES[row.axes] == 2:
        places = [own[:, : n + 1] for own, n in zip(places, arrays["label_lengths"], strict=True)]
    return np.concatenate([own.reshape(-1, of.shape[-1]) for own in places])


def check_sequences(rng: np.random.Generator) -> str:
    """Hold a call made in a random way to the plain one, or to one in float64, or spoil one of the arrays."""
    row = pick(rng, SEQUENCES)
    loss, arrays = cases.fl.Loss(row), sequences_of(row, rng)
    if some(rng, 0.3):
        return f"{row.name}: {check_wrong_array(loss, row, arrays, pick(rng, tuple(arrays)), rng)}"
    names, samples = [operand.name for operand in row.differentiated], len(arrays["y_true"])
    scores = arrays[row.prediction]
    keywords: dict[str, Any] = {"reduction": pick(rng, ("none", "sum", "mean"))}
    if some(rng, 0.4):
        keywords["sample_weight"] = rng.integers(0, 9, samples) / 4
    if some(rng, 0.3):
        keywords["where"] = rng.random(samples) < 0.8
    for parameter in row.choices:
        if parameter.name != "given":
            keywords[parameter.name] = pick(rng, [o for o in parameter.domain.options if o != "raise"])
    value, gradients = loss.value_and_grad(**arrays, n_threads=1, wrt=tuple(names), **keywords) if len(names) > 1 else (
        loss.value_and_grad(**arrays, n_threads=1, **keywords)
    )  # fmt: skip
    by_scores = gradients[0] if len(names) > 1 else gradients
    if some(rng, 0.3) and scores.dtype == np.float32:
        wide = {name: a.astype(np.float64) if a.dtype == np.float32 else a for name, a in arrays.items()}
        exactly, slopes = loss.value_and_grad(**wide, **keywords)
        slopes = slopes[0] if len(names) > 1 else slopes
        with np.errstate(all="ignore"):
            assert np.isfinite(value).tolist() == np.isfinite(exactly).tolist(), (value, exactly)
            # No float32 is so small as a loss of float64 may be.
            near = np.abs(np.float64(value) - exactly) <= 1e-7 * np.maximum(np.abs(exactly), 1e-30)
            assert (near | ~np.isfinite(exactly)).all(), (value, exactly)
            largest = np.abs(np.where(np.isfinite(slopes), slopes, 0)).max(initial=1e-30)
            assert (np.abs(by_scores - slopes) <= 1e-5 * largest)[np.isfinite(slopes)].all()
        return f"{row.name}: wide"
    other = {name: cases.LAYOUTS[pick(rng, LAYOUTS)](a) if some(rng, 0.6) else a for name, a in arrays.items()}
    ways: dict[str, Any] = {"n_threads": pick(rng, (None, 1, 2, 3))}
    own = by_scores
    if some(rng, 0.3):
        other[row.prediction] = packed_scores(row, arrays, scores)
        own = packed_scores(row, arrays, by_scores)
    elif some(rng, 0.3):  # in place
        place = cases.LAYOUTS[pick(rng, WRITABLE)](scores.copy())
        other[row.prediction] = place
        ways["out"] = (None, (place,) + (None,) * (len(names) - 1) if len(names) > 1 else place)
    again, found = loss.value_and_grad(**other, **keywords, **ways)
    assert bits(again) == bits(value)
    assert bits(found[0] if len(names) > 1 else found) == bits(own)
    if len(names) > 1:
        assert bits(tuple(found[1:])) == bits(tuple(gradients[1:]))
    if keywords["reduction"] == "none":
        n = int(rng.integers(samples))
        per_sample = [o.name for o in row.operands if not o.shared]
        alone = {name: a[n : n + 1] if name in per_sample else a for name, a in arrays.items()}
        few = {name: w[n : n + 1] if name in ("sample_weight", "where") else w for name, w in keywords.items()}
        one, slope = loss.value_and_grad(**alone, **few)
        assert bits(one[0]) == bits(value[n]), "alone"
        assert bits((slope[0] if len(names) > 1 else slope)[0]) == bits(by_scores[n]), "alone"
    return f"{row.name}: bits"


# -- losses of groups -------------------------------------------------------------------------------------------------

GROUPS = tuple(row for row in cases.fl.losses() if row.kind == "groups")


def groups_of(row: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Return rows in groups of any size, some of them empty, with ties and scores of one regime or another."""
    rows, dtype = pick(rng, (0, 1, 2, 7, 40, 600)), pick(rng, cases.FLOATS)
    arrays = cases.fl.kinds.draw(row, (rows,), dtype, rng)
    cuts = np.sort(rng.integers(0, rows + 1, size=pick(rng, (0, 1, 3, rows // 3))))
    arrays["groups"] = np.diff(np.concatenate([[0], cuts, [rows]]))
    scores = arrays[row.prediction]
    scores *= dtype.type(pick(rng, (1e-20, 0.01, 1, 1, 30, 1e4)))
    if some(rng, 0.3):
        scores[...] = np.round(scores)
    if some(rng, 0.3) and row.ordered_by:
        arrays[row.operands[0].name][...] = rng.normal(size=rows)
    if some(rng, 0.2):
        scores[rng.random(rows) < 0.05] = pick(rng, (np.nan, np.inf, -np.inf, 1e30, -1e30))
    return arrays


def other_parameters(row: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Return values of some parameters of a loss of groups."""
    values: dict[str, Any] = {}
    for parameter in row.parameters:
        if some(rng, 0.4):
            options = getattr(parameter.domain, "options", ())
            of_kind = {"choice": options, "switch": (True, False), "index": (1, 2, 30, None), "number": (0.1, 0.5, 3.0)}
            values[parameter.name] = pick(rng, of_kind[parameter.kind])
    return values


def check_groups(rng: np.random.Generator) -> str:
    """Hold a call made in a random way to the plain one, or to one in float64, or spoil one of the arrays."""
    row = pick(rng, GROUPS)
    loss, arrays = cases.fl.Loss(row), groups_of(row, rng)
    if some(rng, 0.3):
        return f"{row.name}: {check_wrong_array(loss, row, arrays, pick(rng, tuple(arrays)), rng)}"
    scores, sizes = arrays[row.prediction], arrays["groups"]
    keywords: dict[str, Any] = {"reduction": pick(rng, ("none", "sum", "mean")), **other_parameters(row, rng)}
    if some(rng, 0.4):
        keywords["sample_weight"] = rng.integers(0, 9, len(sizes)) / 4
    if some(rng, 0.3):
        keywords["where"] = rng.random(len(sizes)) < 0.8
    if some(rng, 0.4):
        arrays["row_weight"] = np.where(rng.random(len(scores)) < 0.8, rng.integers(1, 9, len(scores)) / 4, 0)
        arrays["row_weight"] = arrays["row_weight"].astype(pick(rng, (np.float32, np.float64)))
    method = "value_and_grad" if row.no_hessian else "value_grad_hess"
    plain = getattr(loss, method)(**arrays, n_threads=1, **keywords)
    if some(rng, 0.3) and scores.dtype == np.float32:
        wide = {name: a.astype(np.float64) if a.dtype == np.float32 else a for name, a in arrays.items()}
        with np.errstate(all="ignore"):
            for own, exactly in zip(plain, getattr(loss, method)(**wide, **keywords), strict=True):
                rounded = np.asarray(exactly).astype(np.float32)
                near = np.abs(np.float64(own) - np.float64(rounded)) <= 2.0**-22 * np.abs(rounded) + 2.0**-149
                assert (near | (np.asarray(own) == rounded) | (np.isnan(own) & np.isnan(rounded))).all()
        return f"{row.name}: wide"
    starts = np.concatenate([[0], np.cumsum(sizes)])
    other = {name: cases.LAYOUTS[pick(rng, LAYOUTS)](a) if some(rng, 0.6) else a for name, a in arrays.items()}
    if some(rng, 0.3):
        del other["groups"]
        other["group_offsets"] = starts
    elif some(rng, 0.4) and (sizes > 0).all():
        del other["groups"]
        other["group_ids"] = np.repeat(np.cumsum(rng.integers(1, 5, len(sizes))) - 3, sizes)
    ways: dict[str, Any] = {"n_threads": pick(rng, (None, 1, 2, 3))}
    if some(rng, 0.3):  # in place
        other[row.prediction] = cases.LAYOUTS[pick(rng, WRITABLE)](scores.copy())
        ways["out"] = (None, other[row.prediction], None)[: len(plain)]
    again = getattr(loss, method)(**other, **keywords, **ways)
    assert bits(tuple(again)) == bits(tuple(plain))
    if keywords["reduction"] == "none":
        k = int(rng.integers(len(sizes)))
        piece = slice(starts[k], starts[k + 1])
        alone = {name: a[piece] for name, a in arrays.items() if name != "groups"}
        few = {name: w[k : k + 1] if name in ("sample_weight", "where") else w for name, w in keywords.items()}
        one = getattr(loss, method)(**alone, **few)
        assert bits(one[0][0]) == bits(plain[0][k]), "alone"
        assert bits(tuple(one[1:])) == bits(tuple(own[piece] for own in plain[1:])), "alone"
    return f"{row.name}: bits"


# -- cases ------------------------------------------------------------------------------------------------------------


KINDS_OF_CASE = ("bits", "bits", "bits", "truth", "wrong", "wrong", "wrong", "halves", "wide", "wide", "engines")


def run_case(number: int, engines: bool = False) -> str:
    """Run one case; return its kind. Raises what is wrong."""
    rng = cases.generator("fuzz", number)
    if some(rng, 0.1):
        return check_several(rng)
    if some(rng, 0.05):
        return check_sequences(rng)
    if some(rng, 0.05):
        return check_groups(rng)
    variant, regime, inputs = drawn(number, rng)
    kind = pick(rng, KINDS_OF_CASE)
    if kind == "engines" and not (engines and cases.has_two_engines(variant)):
        kind = "wide"
    if kind == "wide" and inputs.y_pred.dtype == np.float64:
        kind = "bits"
    try:
        if kind == "bits":
            check_bits(sprinkled(inputs, rng) if some(rng, 0.4) else inputs, rng)
        elif kind == "halves":
            check_halves(sprinkled(inputs, rng) if some(rng, 0.4) else inputs, rng)
        elif kind == "wrong":
            kind = check_wrong(inputs, rng)
        elif kind == "wide":
            check_wide(variant, regime, inputs)
        elif kind == "engines":
            check_engines(variant, regime, inputs)
        elif regime not in SLOW_REGIMES or number % 20 == 0:
            check_truth(variant, regime, inputs, rng)
    except Exception as error:
        error.add_note(f"{kind}: {variant}, {regime}, {inputs.y_pred.shape} {inputs.y_pred.dtype}")
        raise
    return kind


def work(numbers: range, engines: bool, current: Any, report: Any) -> None:
    faulthandler.enable()
    warnings.simplefilter("error")
    seen: Counter[str] = Counter()
    for number in numbers:
        current.value = number
        try:
            seen[run_case(number, engines)] += 1
        except Exception:
            report.put((number, traceback.format_exc()))
    report.put((None, seen))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--engines", action="store_true", help="also compare the compiled engine with Numba's")
    given = parser.parse_args()
    start, context = time.perf_counter(), multiprocessing.get_context("spawn")
    report, failures, seen, workers = context.Queue(), 0, Counter(), []
    for first in range(given.first, given.first + given.processes):
        current = context.Value("q", -1)
        numbers = range(first, given.first + given.cases, given.processes)
        workers.append((context.Process(target=work, args=(numbers, given.engines, current, report)), current))
        workers[-1][0].start()
    waiting = len(workers)
    while waiting:
        try:
            number, told = report.get(timeout=1)
        except queue.Empty:
            if any(process.is_alive() for process, _ in workers):
                continue
            break
        if number is None:
            seen += told
            waiting -= 1
        else:
            failures += 1
            print(f"case {number} of seed {cases.SEED}:\n{told}", flush=True)
    for process, current in workers:
        process.join()
        if process.exitcode:
            failures += 1
            print(f"case {current.value} of seed {cases.SEED} ended the process: exit code {process.exitcode}")
    took = f"{cases.fl.build_info()['isa']}, {time.perf_counter() - start:.0f} s"
    print(f"{sum(seen.values())} cases passed, {failures} failed, seed {cases.SEED}, {took}")
    for kind, count in sorted(seen.items()):
        print(f"    {count:8} {kind}")
    return min(failures, 100)


if __name__ == "__main__":
    sys.exit(main())
