"""Losses of groups: against their textbooks, the ways to say what a group is, ties, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, generator
from mpmath import mp, mpf
from oracle import Jet, exact

import fastloss as fl
from fastloss.runtime import current_engine

pytestmark = pytest.mark.skipif(current_engine() == "numba", reason="no kernel of this engine")
LOSSES = [row for row in fl.losses() if row.kind == "groups"]


def forms_of(row: Any) -> list[dict[str, Any]]:
    """Return parameters as they are by default, each of them otherwise, and all of them otherwise."""
    others = {}
    for parameter in row.parameters:
        if parameter.kind == "choice":
            others[parameter.name] = parameter.domain.options[1]
        else:
            others[parameter.name] = {"switch": not parameter.default, "index": 3, "number": 0.5}[parameter.kind]
    each = [{name: value} for name, value in others.items()]
    return [{}, *each, *([others] if len(others) > 1 else [])]


FORMS = [(row.name, options) for row in LOSSES for options in forms_of(row)]
of_losses = pytest.mark.parametrize("name", [row.name for row in LOSSES])
of_forms = pytest.mark.parametrize(("name", "options"), FORMS, ids=str)
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)


def drawn(name: str, *key: Any, rows: int = 60, dtype: Any = np.float32) -> dict[str, Any]:
    return fl.kinds.draw(getattr(fl, name)._row, (rows,), dtype, generator("groups", name, *map(str, key)))


def targets_of(arrays: dict[str, Any]) -> dict[str, Any]:
    return {key: array for key, array in arrays.items() if key not in ("scores", "groups", "row_weight")}


def same(first: Any, second: Any) -> bool:
    """Tell whether arrays, or numbers, have the same bits."""
    first, second = np.asarray(first), np.asarray(second)
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


def check(name: str, targets: dict[str, Any], scores: Any, options: dict[str, Any], weight: Any = None) -> None:
    """Hold one group to its textbook: the value to its own digits, each slope to those of its largest term.

    Of rows with weights the value is held to the digits of the largest of its terms, w log w, which are of both signs.
    """
    loss = getattr(fl, name)
    value, gradient, *hessian = (loss.value_and_grad if loss._row.no_hessian else loss.value_grad_hess)(
        *targets.values(), scores, row_weight=weight, **options
    )
    of_rows = None if weight is None else [exact(w) for w in weight]
    spread = float(np.ptp(scores.astype(np.float64))) if len(scores) else 0.0
    numbers = [exact(s) for s in scores]
    given = [[exact(y) for y in target] for target in targets.values()]
    textbook = oracle.ORACLE[name]
    unit, least = np.finfo(scores.dtype).eps, exact(np.finfo(scores.dtype).smallest_subnormal)
    with mp.workdps(60 + int(spread / min(options.get("temperature", 1.0), 1.0))):
        right = oracle.as_jet(textbook(*given, numbers, row_weight=of_rows, **options)).value
        terms = abs(right)
        if of_rows and loss._row.of_group in ("ordered", "softmax"):
            terms = max(terms, max(of_rows) * max(mpf(1), *(abs(mp.log(w)) for w in of_rows)))
        bound = (6 if loss._row.of_group == "approximate" else 4) * np.finfo(
            np.float64
        ).eps  # 5.3 of ranks that are off both ways
        assert abs(exact(value) - right) <= bound * terms * (1 if len(scores) < 100 else 2), (value, right)
        slopes = [
            oracle.as_jet(
                textbook(
                    *given,
                    [Jet(s, mpf(int(k == j)), mpf(0)) for j, s in enumerate(numbers)],
                    row_weight=of_rows,
                    **options,
                )
            )
            for k in range(len(scores))
        ]
        steepest = max((abs(slope.first) for slope in slopes), default=mpf(0))
        for k, slope in enumerate(slopes):
            first = slope.first
            largest = max(abs(first), mpf(1) if given[-1][k] else abs(first))
            if name == "listnet":
                largest = max(abs(first), mp.exp(given[0][k] - max(given[0])))
            if of_rows:
                largest *= max(mpf(1), of_rows[k])
            if loss._row.of_group not in ("ordered", "softmax"):  # of pairs that pull a row up and down
                largest = steepest
            times = 6 if loss._row.of_group == "approximate" else 3  # 3.1 of slopes of both signs
            assert abs(exact(gradient[k]) - first) <= max(times * exact(unit) * largest, least), (k, gradient[k], first)
            for found in hessian:
                assert abs(exact(found[k]) - slope.second) <= max(6 * exact(unit) * slope.second, least)


# -- what is right ----------------------------------------------------------------------------------------------------


@of_floats
@of_forms
@pytest.mark.parametrize("regime", ["usual", "tied", "far", "right", "right and far", "equal"])
def test_the_textbook(regime: str, name: str, options: dict[str, Any], dtype: Any) -> None:
    arrays = drawn(name, regime, dtype, rows=9, dtype=dtype)
    scores = arrays["scores"]
    order = next(iter(targets_of(arrays)))
    if regime == "tied":
        arrays[order][:] = np.round(arrays[order] / 4)
    elif regime == "far":
        scores *= scores.dtype.type(100)
    elif regime.startswith("right"):  # a loss of nearly 0
        arrays[order][:] = generator(name, dtype).permutation(9)
        scores[:] = (100 if regime.endswith("far") else 40) * arrays[order] * (-1 if name == "cox" else 1)
    elif regime == "equal":
        scores[:] = 0.1
    check(name, targets_of(arrays), scores, options)


@of_floats
@of_forms
@pytest.mark.parametrize("regime", ["tied", "far", "right", "light and heavy"])
def test_the_textbook_of_rows_with_weights(regime: str, name: str, options: dict[str, Any], dtype: Any) -> None:
    arrays = drawn(name, "weighed", regime, dtype, rows=9, dtype=dtype)
    rng = generator("row weights", name, regime, dtype)
    scores, weight = arrays["scores"], rng.integers(1, 12, 9) / 4
    order = next(iter(targets_of(arrays)))
    if regime == "tied":
        arrays[order][:] = np.round(arrays[order] / 4)
    elif regime == "far":
        scores *= scores.dtype.type(100)
    elif regime == "right":
        arrays[order][:] = generator(name, dtype).permutation(9)
        scores[:] = 40 * arrays[order] * (-1 if name == "cox" else 1)
    elif regime == "light and heavy":
        weight = weight * 10.0 ** rng.integers(-20, 20, 9)
    check(name, targets_of(arrays), scores, options, weight)


@of_forms
def test_a_row_of_weight_0_is_absent(name: str, options: dict[str, Any]) -> None:
    """Results have the bits of a call without it; nothing of it is read. Weights of 1 are no weights."""
    loss, arrays = getattr(fl, name), drawn(name, "absent", rows=200)
    arrays["groups"] = np.array([60, 0, 3, 137])
    method = loss.value_and_grad if loss._row.no_hessian else loss.value_grad_hess
    plain = method(**arrays, **options, reduction="none")
    for own, weighed in zip(plain, method(**arrays, **options, row_weight=np.ones(200), reduction="none"), strict=True):
        assert same(own, weighed)
    kept = generator("absent", name).random(200) < 0.8
    kept[60:63] = False
    weight = np.where(kept, generator("absent", name).integers(1, 4, 200), 0).astype(np.float32)
    weight[:60] = kept[:60]
    few = {key: array[kept] for key, array in arrays.items() if key != "groups"}
    few["groups"] = np.array([kept[:60].sum(), 0, 0, kept[63:].sum()])
    right = method(**few, **options, row_weight=weight[kept], reduction="none")
    for key in (*targets_of(arrays), "scores"):
        arrays[key][~kept] = np.nan
    found = method(**arrays, **options, row_weight=weight, reduction="none")
    assert same(found[0], right[0]) and same(found[0][2:3], np.zeros(1, np.float32))
    for own, expected in zip(found[1:], right[1:], strict=True):
        assert same(own[kept], expected)
        assert same(own[~kept], np.zeros((~kept).sum(), np.float32))
    alone = {key: array[:60][kept[:60]] for key, array in arrays.items() if key != "groups"}
    for own, expected in zip(found[1:], method(**alone, **options, reduction="sum")[1:], strict=True):
        assert same(own[:60][kept[:60]], expected)


@pytest.mark.parametrize(
    ("name", "options"), [("cox", {"ties": "breslow"}), ("listnet", {}), ("ranknet", {}), ("ranknet", {"per": "pair"}),
                          ("pairwise_hinge", {}), ("cox", {"ties": "breslow", "per": "event"})], ids=str,
)  # fmt: skip
def test_whole_weights_are_repetition(name: str, options: dict[str, Any]) -> None:
    arrays = drawn(name, "repeated", rows=30, dtype=np.float64)
    del arrays["groups"]
    weight = generator("repeated", name).integers(0, 4, 30)
    loss = getattr(fl, name)
    value, gradient = loss.value_and_grad(**arrays, **options, row_weight=weight)
    repeated = {key: np.repeat(array, weight) for key, array in arrays.items()}
    right, slopes = loss.value_and_grad(**repeated, **options)
    assert value == pytest.approx(right, rel=1e-14, abs=0)
    summed = np.bincount(np.repeat(np.arange(30), weight), slopes, 30)
    assert (np.abs(gradient - summed) <= 1e-14 * np.abs(slopes).max() * 30).all()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("places", [1, 40, 2000])
def test_runs_of_rows_with_weights(places: int, ties: str) -> None:
    rng = generator("runs of weights", places, ties)
    time, event = rng.integers(0, places, 1200).astype(float), rng.integers(0, 2, 1200).astype(float)
    scores, weight = rng.normal(scale=3, size=1200), rng.integers(1, 9, 1200) / 4
    scores[rng.integers(0, 1200, 2)] = [-300.0, 300.0]
    value, gradient = fl.cox.value_and_grad(time, event, scores, ties=ties, row_weight=weight)
    with mp.workdps(340):
        right, slopes = by_running_sums(time, event, scores, ties == "efron", weight)
        assert abs(exact(value) - right) <= 2 * np.finfo(float).eps * right
        for j, slope in enumerate(slopes):
            largest = max(abs(slope), mpf(weight[j] * event[j]))
            bound = max(6 * np.finfo(float).eps * largest, exact(np.finfo(float).smallest_subnormal))
            assert abs(exact(gradient[j]) - slope) <= bound, (j, gradient[j], slope)


def curvature(time: Any, event: Any, scores: Any, efron: bool, weight: Any) -> list[Any]:
    """Return the diagonal of the Hessian of Cox's loss: of each term mean weight x p (1 - p)."""
    e = [mpf(w) * mp.exp(exact(s)) for w, s in zip(weight, scores, strict=True)]
    total = [mpf(0)] * len(e)
    for t in np.unique(time[event == 1]):
        at_risk, dead = np.flatnonzero(time >= t), np.flatnonzero((time == t) & (event == 1))
        mean = sum(mpf(weight[j]) for j in dead) / len(dead)
        for k in range(len(dead)):
            left = {j: 1 - mpf(k) / len(dead) if efron and j in dead else mpf(1) for j in at_risk}
            r = sum(left[j] * e[j] for j in at_risk)
            for j in at_risk:
                p = left[j] * e[j] / r
                total[j] += mean * p * (1 - p)
    return total


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("places", [1, 8, 1000])
@pytest.mark.parametrize("regime", ["usual", "one alone", "far", "right"])
def test_the_curvature_of_rows_that_are_nearly_all(regime: str, places: int, ties: str) -> None:
    """Where one row is nearly all of those at risk, what is left is the sum of the others."""
    rng = generator("curvature", regime, places, ties)
    time, event = rng.integers(0, places, 60).astype(float), rng.integers(0, 2, 60)
    scores, weight = rng.normal(size=60), np.where(rng.random(60) < 0.5, rng.integers(1, 9, 60) / 4, 1)
    if regime == "one alone":
        scores[rng.integers(0, 60, 3)] += [30, 50, 200]
    elif regime == "far":
        scores *= 200
    elif regime == "right":
        scores = -40 * time / places
    hessian = fl.cox.value_grad_hess(time, event, scores, ties=ties, row_weight=weight, reduction="sum")[2]
    with mp.workdps(40 + int(np.ptp(scores))):
        for j, right in enumerate(curvature(time, event, scores, ties == "efron", weight)):
            bound = max(8 * np.finfo(float).eps * right, exact(np.finfo(float).smallest_subnormal) * 60)
            assert abs(exact(hessian[j]) - right) <= bound, (j, hessian[j], right)


def test_a_certain_order_keeps_its_digits() -> None:
    scores = np.array([80.0, 40.0, 0.0])
    value, gradient = fl.cox.value_and_grad([1, 2, 3], [1, 1, 1], scores)
    assert value == pytest.approx(2 * np.exp(-40.0), rel=1e-15)
    assert gradient[0] == pytest.approx(-np.exp(-40.0), rel=1e-15)


@pytest.mark.parametrize("gap", [29.0, 31.0, 33.0, 36.0, 40.0])
def test_what_is_left_of_an_event_that_nobody_expected(gap: float) -> None:
    """Its slope is not yet -1, and rows add up to 0."""
    value, gradient = fl.cox.value_and_grad([1, 2], [1, 0], np.array([0.0, gap]))
    assert value == pytest.approx(gap + np.log1p(np.exp(-gap)), rel=4e-16)
    assert gradient[0] == pytest.approx(-1 / (1 + np.exp(-gap)), rel=3e-16)
    assert gradient[1] == pytest.approx(-gradient[0], rel=3e-16)


def by_running_sums(time: Any, event: Any, scores: Any, efron: bool, weight: Any = None) -> tuple[Any, list[Any]]:
    """Return Cox's loss and its gradient, in as many digits as sums over those at risk need: for many rows."""
    order = np.argsort(time, kind="stable")
    w = [mpf(1)] * len(scores) if weight is None else [mpf(x) for x in weight]
    e = [x * mp.exp(exact(s)) for x, s in zip(w, scores, strict=True)]
    total, at_risk, places = mpf(0), mpf(0), []
    for t in np.unique(time)[::-1]:
        rows = order[time[order] == t]
        dead = [int(j) for j in rows if event[j]]
        at_risk += sum(e[j] for j in rows)
        of_dead = sum((e[j] for j in dead), start=mpf(0))
        shares = [mpf(k) / len(dead) if efron else mpf(0) for k in range(len(dead))]
        terms = [at_risk - share * of_dead for share in shares]
        mean = sum((w[j] for j in dead), start=mpf(0)) / max(len(dead), 1)
        total += sum((mean * mp.log(r) for r in terms), start=mpf(0)) - sum(w[j] * exact(scores[j]) for j in dead)
        inverse = sum((mean / r for r in terms), start=mpf(0))
        own = sum((mean * (1 - share) / r for share, r in zip(shares, terms, strict=True)), start=mpf(0))
        places.append((rows, inverse, own))
    gradient, before = [mpf(0)] * len(scores), mpf(0)
    for rows, inverse, own in places[::-1]:
        for j in rows:
            gradient[j] = e[j] * (before + own) - w[j] if event[j] else e[j] * (before + inverse)
        before += inverse
    return total, gradient


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("places", [1, 40, 2000])
@pytest.mark.parametrize("far", [0, 2])
def test_runs_of_rows(far: int, places: int, ties: str) -> None:
    """Runs with one unit, with some rows in them that are too far away for one, and places larger than a run."""
    rng = generator("runs", far, places, ties)
    time, event = rng.integers(0, places, 1200).astype(float), rng.integers(0, 2, 1200).astype(float)
    scores = rng.normal(scale=3, size=1200)
    scores[rng.integers(0, 1200, far)] = rng.choice([-1000.0, -700.0, 700.0, 1000.0], far)
    value, gradient = fl.cox.value_and_grad(time, event, scores, ties=ties, reduction="sum")
    with mp.workdps(40 + int(np.ptp(scores)) // 2):
        right, slopes = by_running_sums(time, event, scores, ties == "efron")
        assert abs(exact(value) - right) <= 2 * np.finfo(float).eps * right  # 0.48 was the worst
        for j, slope in enumerate(slopes):
            largest = max(abs(slope), mpf(int(event[j])))
            # 2.4 was the worst
            bound = max(5 * np.finfo(float).eps * largest, exact(np.finfo(float).smallest_subnormal))
            assert abs(exact(gradient[j]) - slope) <= bound, (j, gradient[j], slope)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16, np.int64, np.uint64], ids=str)
@pytest.mark.parametrize("places", [1, 3, 60, 5000])
@pytest.mark.parametrize("rows", [0, 1, 30, 3000])
def test_ties_are_in_the_order_of_their_rows(rows: int, places: int, dtype: Any) -> None:
    """Keys of both signs and both zeros, that differ in their first bits or in their last."""
    rng = generator("sorted", rows, places, dtype)
    keys = rng.integers(-places, places, rows, endpoint=True).astype(dtype)
    if keys.dtype.kind == "f":
        keys[rng.random(rows) < 0.2] *= -1  # a zero too
    last = rng.random(rows) < 0.5
    keys[last] += dtype({2: 100, 4: 2**20, 8: 2**50}[keys.dtype.itemsize])
    without_ties = np.empty(rows, np.int64)
    without_ties[rows - 1 - np.argsort(keys[::-1], kind="stable")] = np.arange(rows)
    scores = rng.normal(size=rows)
    for own, other in zip(
        fl.listmle.value_and_grad(keys, scores), fl.listmle.value_and_grad(without_ties, scores), strict=True
    ):
        assert same(own, other)


@pytest.mark.parametrize("dtype", [np.float64, np.int64], ids=str)
def test_times_that_differ_in_their_last_bits(dtype: Any) -> None:
    """Nanoseconds since 1970: their places are those of small numbers, ties included."""
    rng = generator("nanoseconds")
    small, event = rng.integers(0, 300, 1000), rng.integers(0, 2, 1000)
    scores = rng.normal(size=1000)
    times = (2**52 if dtype == np.float64 else 2**60) + small.astype(dtype)
    for own, other in zip(
        fl.cox.value_and_grad(times, event, scores), fl.cox.value_and_grad(small, event, scores), strict=True
    ):
        assert same(own, other)
    stable = np.argsort(small.astype(np.float32), kind="stable")
    sorted_first = fl.cox.grad(small[stable].astype(np.float32), event[stable], scores[stable])
    assert same(fl.cox.grad(times, event, scores)[stable], sorted_first)


def test_scores_that_are_far_apart() -> None:
    """1e4 apart, where e^s overflows and underflows: the loss is a difference of scores."""
    value, gradient = fl.cox.value_and_grad([1.0, 2.0, 3.0], [1, 0, 1], np.array([0.0, 1e4, -1e4]))
    assert value == 1e4
    assert gradient.tolist() == [-1, 1, 0]


@of_forms
def test_groups_are_computed_alone(name: str, options: dict[str, Any]) -> None:
    """Each group of many, on any number of threads, has the bits that it has alone."""
    arrays = drawn(name, "alone", rows=3000)
    loss, sizes = getattr(fl, name), arrays["groups"]
    ends = np.cumsum(sizes)
    assert (sizes == 0).any() or len(sizes) > 50
    values = loss(**arrays, **options, reduction="none")
    gradient = loss.grad(**arrays, **options, reduction="sum")
    for threads in (1, 2, 5):
        assert same(loss(**arrays, **options, reduction="none", n_threads=threads), values)
    for k in range(0, len(sizes), 7):
        rows = slice(ends[k] - sizes[k], ends[k])
        own = {key: array[rows] for key, array in arrays.items() if key != "groups"}
        assert same(loss(**own, **options, reduction="none"), values[k : k + 1])
        assert same(loss.grad(**own, **options, reduction="sum"), gradient[rows])


@of_losses
def test_the_ways_to_say_what_a_group_is(name: str) -> None:
    arrays = drawn(name, "ways", rows=200)
    arrays["groups"] = arrays["groups"][arrays["groups"] > 0]
    sizes = arrays.pop("groups")
    loss = getattr(fl, name)
    value, gradient = loss.value_and_grad(**arrays, groups=sizes)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    for way in ({"group_offsets": offsets}, {"group_ids": np.repeat(np.arange(len(sizes)) * 3 - 5, sizes)}):
        assert loss(**arrays, **way) == value
    doubled = np.empty(400, np.float32)[::2]
    doubled[...] = arrays["scores"]
    assert same(loss.grad(**{**arrays, "scores": doubled}, groups=sizes), gradient)
    assert same(loss.grad(**arrays, groups=sizes, out=doubled), gradient)


def test_a_factor_leaves_the_arrays_at_their_places() -> None:
    y_true, scores, ids = [1.0, 0.0, 2.0], [0.1, 0.2, 0.3], [0, 0, 1]
    assert (2 * fl.listnet)(y_true, scores, group_ids=ids) == 2 * fl.listnet(y_true, scores, group_ids=ids)


@of_losses
@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_half_precision(name: str, dtype: Any) -> None:
    """The numbers are those of float32, the gradient is rounded once."""
    arrays = drawn(name, "half", dtype=np.float32)
    arrays["scores"] = arrays["scores"].astype(dtype)
    gradient = getattr(fl, name).grad(**arrays)
    assert gradient.dtype == dtype
    arrays["scores"] = arrays["scores"].astype(np.float64)
    right = getattr(fl, name).grad(**arrays)
    assert (
        np.abs(gradient.astype(np.float64) - right) <= np.finfo(np.float16).eps * 8 * np.abs(right) + 2.0**-24
    ).all()


@pytest.mark.parametrize("rows", [3000])
def test_order_does_not_matter(rows: int) -> None:
    """Cox's rows may be shuffled: the value is the same but for the order in which ties are added."""
    arrays = drawn("cox", "shuffled", rows=rows, dtype=np.float64)
    del arrays["groups"]
    arrays["time"] = generator("shuffled").permutation(rows).astype(float)
    places = generator("places").permutation(rows)
    value, gradient = fl.cox.value_and_grad(**arrays)
    shuffled, moved = fl.cox.value_and_grad(**{key: array[places] for key, array in arrays.items()})
    assert shuffled == value
    assert same(moved, gradient[places])


def test_listmle_is_cox_with_an_event_in_every_row() -> None:
    arrays = drawn("listmle", "cox", rows=50)
    y_true = generator("as cox").permutation(50).astype(np.float32)
    ours = fl.listmle.value_and_grad(y_true, arrays["scores"])
    theirs = fl.cox.value_and_grad(-y_true, np.ones(50), arrays["scores"])
    assert ours[0] == theirs[0]
    assert same(ours[1], theirs[1])


def test_listmle_ties_stay_in_place() -> None:
    scores = np.array([0.3, -1.0, 2.0])
    assert fl.listmle([1, 1, 1], scores) == fl.listmle([3, 2, 1], scores)


def test_lambdarank_is_lightgbms() -> None:
    """Its formula, one number after the other; a pair whose rows are both below the truncation does not count."""
    y_true, scores = np.array([2, 0, 1, 0]), np.array([0.1, 0.9, 0.4, 0.2])
    best = 3  # of one place
    pairs = {(0, 1): 3 * (1 - 1 / np.log2(5)), (2, 1): 1 - 1 / np.log2(3)}
    expected = sum(x / best * np.log1p(np.exp(scores[j] - scores[i])) for (i, j), x in pairs.items())
    assert fl.lambdarank(y_true, scores, truncation=1, normalize=False) == pytest.approx(expected, rel=1e-15, abs=0)


def test_no_truncation() -> None:
    arrays = drawn("lambdarank", "whole", rows=90)
    arrays["groups"] = np.array([60, 30])
    whole = fl.lambdarank.value_grad_hess(**arrays, truncation=None, reduction="none")
    for own, other in zip(whole, fl.lambdarank.value_grad_hess(**arrays, truncation=60, reduction="none"), strict=True):
        assert same(own, other)
    assert not same(whole[0], fl.lambdarank(**arrays, reduction="none"))


def test_nothing_is_relevant() -> None:
    scores = np.array([0.5, -1.0, 2.0])
    for loss in (fl.lambdarank, fl.approx_ndcg):
        value, gradient = loss.value_and_grad([0, 0, 0], scores)
        assert value == 0
        assert gradient.tolist() == [0, 0, 0]


def test_scores_whose_distance_overflows() -> None:
    scores = np.array([1e308, -1e308, 0.0])
    value, gradient, hessian = fl.ranknet.value_grad_hess([0, 1, 2], scores)
    assert value == np.inf
    assert gradient.tolist() == [2, -1, -1]
    assert hessian.tolist() == [0, 0, 0]
    assert fl.pairwise_hinge([2, 0, 1], scores) == 0


def test_a_hessian_is_shaped() -> None:
    arrays = drawn("lambdarank", "shaped", rows=40)
    arrays["groups"] = np.array([10, 30])
    weight = np.array([1.0, 0.0])
    plain = fl.lambdarank.value_grad_hess(**arrays, sample_weight=weight)[2]
    shaped = fl.lambdarank.value_grad_hess(**arrays, sample_weight=weight, hess_factor=2.0, hess_floor=0.05)[2]
    assert same(shaped[:10], np.maximum(2 * plain[:10], np.float32(0.05)))
    assert (shaped[:10] == np.float32(0.05)).any()
    assert same(shaped[10:], np.zeros(30, np.float32))


# -- weights, and groups without a loss -------------------------------------------------------------------------------


@of_losses
def test_weights_masks_and_what_is_not_read(name: str) -> None:
    arrays = drawn(name, "weights", rows=100, dtype=np.float64)
    arrays["groups"] = np.array([30, 0, 20, 50])
    loss = getattr(fl, name)
    each = loss(**arrays, reduction="none")
    assert each[1] == 0
    weight = np.array([1.0, 2.0, 0.0, 0.5])
    assert loss(**arrays, sample_weight=weight) == pytest.approx((weight * each).sum() / 3.5, rel=1e-15)
    for key in (*targets_of(arrays), "scores"):
        arrays[key][30:50] = np.nan
    value, gradient = loss.value_and_grad(**arrays, sample_weight=weight)
    assert value == pytest.approx((weight * each).sum() / 3.5, rel=1e-15)
    assert same(gradient[30:50], np.zeros(20))
    assert loss(**arrays, where=weight > 0) == pytest.approx((each[0] + each[3]) / 3, rel=1e-15)


@of_losses
def test_a_score_that_is_no_number(name: str) -> None:
    arrays = drawn(name, "nan", rows=40)
    arrays["groups"] = np.array([10, 30])
    arrays["scores"][3] = np.nan
    values, gradient = getattr(fl, name).value_and_grad(**arrays, reduction="none")
    assert np.isnan(values).tolist() == [True, False]
    assert np.isnan(gradient).tolist() == [True] * 10 + [False] * 30


def test_nobody_has_an_event() -> None:
    for per in ("group", "event"):
        value, gradient = fl.cox.value_and_grad([1.0, 2.0], [0, 0], np.array([1.0, 2.0]), per=per)
        assert value == 0
        assert gradient.tolist() == [0, 0]


@of_losses
def test_no_rows(name: str) -> None:
    empty = {operand.name: np.zeros(0) for operand in getattr(fl, name)._row.operands if not operand.optional}
    assert getattr(fl, name)(**empty) == 0
    assert getattr(fl, name)(**empty, groups=np.zeros(0, int), reduction="sum") == 0


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"y_true": [0, -1, 1]}, r"^y_true\[1\] = -1 is not from 0 to 1000"),
        ({"y_true": [0, 1, 1001]}, r"^y_true\[2\] = 1001 is not from 0 to 1000"),
        ({"truncation": 0}, r"^truncation = 0 is not at least 1"),
    ],
    ids=str,
)
def test_what_is_no_relevance(keywords: dict[str, Any], message: str) -> None:
    out = np.full(3, 7.0)
    with pytest.raises(ValueError, match=message):
        fl.lambdarank.grad(**{"y_true": [0, 1, 2], "scores": np.array([0.5, -1.0, 2.0])} | keywords, out=out)
    assert (out == 7).all()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"groups": [1, 1]}, ValueError, r"groups adds up to 2; scores has 3 rows"),
        ({"groups": [4, -1]}, ValueError, r"groups\[0\] = 4; there are 3 rows"),
        ({"groups": [3, -1, 1]}, ValueError, r"groups\[1\] = -1; a group has at least 0 rows"),
        ({"groups": [1.0, 2.0]}, TypeError, r"groups has dtype float64; it must hold integers"),
        ({"groups": [[3]]}, ValueError, r"groups has shape \(1, 1\); it must have one axis"),
        ({"group_ids": [1, 0, 1]}, ValueError, r"group_ids\[1\] = 0 comes after 1; they must be in ascending order"),
        ({"group_ids": [1, 1]}, ValueError, r"group_ids has shape \(2,\), scores has \(3,\)"),
        ({"group_offsets": [0, 2]}, ValueError, r"group_offsets must begin with 0 and end with 3"),
        ({"group_offsets": [0, 2, 1, 3]}, ValueError, r"group_offsets\[2\] = 1 is less than the one before it, 2"),
        (
            {"groups": [3], "group_ids": [1, 1, 1]},
            TypeError,
            r"one of groups, group_ids and group_offsets, not groups and",
        ),
        ({"time": [1.0, np.nan, 2.0]}, ValueError, r"time\[1\] = nan is not a finite number"),
        ({"event": [1, 0, 2]}, ValueError, r"event\[2\] = 2 is not 0 or 1"),
        ({"time": [1.0, 2.0]}, ValueError, r"time has shape \(2,\), scores has \(3,\); they must be equal"),
        ({"scores": np.zeros((1, 3))}, ValueError, r"scores has shape \(1, 3\); it needs one axis"),
        ({"row_weight": [1.0, -1.0, 1.0]}, ValueError, r"row_weight\[1\] = -1.0 is not 0, or from 1e-100 to 1e100"),
        ({"row_weight": [1.0, 0.0, np.nan]}, ValueError, r"row_weight\[2\] = nan is not 0, or from"),
        ({"row_weight": [np.inf, 0.0, 1.0]}, ValueError, r"row_weight\[0\] = inf is not 0, or from"),
        ({"row_weight": [1, 1, 1e-101]}, ValueError, r"row_weight\[2\] = 1e-101 is not 0, or from"),
        ({"row_weight": [1.0]}, ValueError, r"row_weight has shape \(1,\), scores has \(3,\); they must be equal"),
        ({"row_weight": 2.0}, ValueError, r"row_weight has shape \(\), scores has \(3,\); they must be equal"),
        ({"row_weight": [None, 1, 1]}, TypeError, r"row_weight"),
        ({"sample_weight": [-1.0]}, ValueError, r"sample_weight\[0\] = -1"),
    ],
    ids=str,
)
def test_what_is_refused(change: dict[str, Any], error: type[Exception], message: str) -> None:
    """Nothing is written."""
    out = np.full(3, 7.0)
    given = {"time": [1.0, 2.0, 2.0], "event": [1, 0, 1], "scores": np.array([0.5, -1.0, 2.0])} | change
    with pytest.raises(error, match=message):
        fl.cox.grad(**given, out=out)
    assert (out == 7).all()
