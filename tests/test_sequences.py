"""Losses of sequences: against all paths, and against recursions in mpmath; layouts, lengths, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import cases
import numpy as np
import oracle
import pytest
from cases import FLOATS, HALVES, bits, generator
from mpmath import mp, mpf
from oracle import Jet, exact

import fastloss as fl
from fastloss.runtime import current_engine

pytestmark = pytest.mark.skipif(current_engine() == "numba", reason="no kernel of this engine")
of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
of_given = pytest.mark.parametrize("given", ["logits", "log_probs"])


def drawn(*key: Any, sizes: tuple[int, int, int] = (5, 9, 6), dtype: Any = np.float32) -> dict[str, Any]:
    """Return the arrays of a batch: lengths differ, and what is behind them is no number, or no class."""
    arrays = fl.kinds.draw(fl.ctc._row, sizes, dtype, generator("ctc", *map(str, key)))
    assert np.unique(arrays["logits"]).size > arrays["logits"].size // 2
    for n, (labels, frames) in enumerate(zip(arrays["label_lengths"], arrays["logit_lengths"], strict=True)):
        arrays["y_true"][n, labels:] = -7
        arrays["logits"][n, frames:] = np.nan
    return arrays


def assert_near(got: Any, right: Any) -> None:
    """Expect gradients in float32 to be the same to a few units in the last place of the largest number."""
    assert np.shape(got) == np.shape(right)
    assert np.abs(np.asarray(got, float) - right).max() <= 4 * np.finfo(np.float32).eps * np.abs(right).max()


def labels_of(arrays: dict[str, Any], n: int) -> list[int]:
    return [int(c) for c in arrays["y_true"][n, : arrays["label_lengths"][n]]]


# -- what is right ----------------------------------------------------------------------------------------------------


@of_floats
@of_given
@pytest.mark.parametrize("per", ["sequence", "label", "frame"])
def test_the_textbook(per: str, given: str, dtype: Any) -> None:
    """Value and gradient of tiny lattices, against the sum over all paths."""
    arrays = drawn("textbook", per, given, sizes=(4, 4, 3), dtype=dtype)
    arrays["y_true"] = np.array([[1, 2], [2, 2], [1, -7], [-7, -7]])
    arrays["label_lengths"], arrays["logit_lengths"] = np.array([2, 2, 1, 0]), np.array([4, 3, 3, 2])
    arrays["logits"] = generator("textbook", per, given).normal(size=(4, 4, 3)).astype(dtype)
    if given == "log_probs":
        arrays["logits"] = -np.abs(arrays["logits"])
    weight = np.array([1.0, 0.5, 2.0, 0.75])

    def loss(n: int, varied: tuple[int, int] = (-1, -1)) -> Jet:
        frames = [[exact(x) for x in row] for row in arrays["logits"][n, : arrays["logit_lengths"][n]]]
        if varied[0] >= 0:
            frames[varied[0]][varied[1]] = Jet(frames[varied[0]][varied[1]], mpf(1), mpf(0))
        length = {"sequence": 1, "label": arrays["label_lengths"][n], "frame": len(frames)}[per]
        share = exact(weight[n]) / max(int(length), 1) / exact(weight.sum())
        return oracle.as_jet(oracle.ctc(labels_of(arrays, n), frames, given=given) * share)

    value, gradient = fl.ctc.value_and_grad(**arrays, sample_weight=weight, per=per, given=given)
    bound = {np.float32: 2e-8, np.float64: 1e-15}[np.dtype(dtype).type]
    with mp.workdps(50):
        losses = [loss(n).value for n in range(4)]
        right = mp.fsum(losses)  # of what are no logarithms of probabilities, some may be below 0
        assert abs(float(exact(value) - right)) <= bound * float(mp.fsum(map(abs, losses)))
        for n in range(4):
            share = float(exact(weight[n]) / exact(weight.sum()))
            for t in range(4):
                for c in range(3):
                    if t >= arrays["logit_lengths"][n]:
                        assert bits(gradient[n, t, c]) == bits(np.zeros((), dtype)[()])
                        continue
                    slope = float(loss(n, (t, c)).first)
                    assert abs(float(gradient[n, t, c]) - slope) <= 3 * np.finfo(dtype).eps * share


def recursion(labels: Any, x: Any) -> tuple[Any, Any, Any]:
    """Return the loss of one sequence, its probabilities and its posteriors."""
    frames, states = len(x), [0, *(s for c in labels for s in (int(c), 0))]
    count = len(states)
    p = []
    for row in x:
        e = [mp.exp(exact(v) - exact(max(row))) if v > -np.inf else mpf(0) for v in row]
        p.append([v / mp.fsum(e) for v in e])

    def leads(s: int) -> list[int]:
        skips = s + 2 < count and states[s + 2] not in (0, states[s])
        return [s] + [s + 1] * (s + 1 < count) + [s + 2] * skips

    ahead = [[mpf(0)] * count for _ in range(frames + 1)]
    ahead[0][0] = mpf(1)
    for t in range(frames):
        for s in range(count):
            for k in leads(s):
                ahead[t + 1][k] += ahead[t][s] * p[t][states[k]]
    back = [[mpf(0)] * count for _ in range(frames)] + [[mpf(s >= count - 2) for s in range(count)]]
    for t in range(frames - 1, -1, -1):
        for s in range(count):
            back[t][s] = mp.fsum(back[t + 1][k] * p[t][states[k]] for k in leads(s))
    total = mp.fsum(ahead[frames][-2:])
    posterior = [[mpf(0)] * len(x[0]) for _ in range(frames)]
    for t in range(frames):
        for s in range(count):
            posterior[t][states[s]] += ahead[t + 1][s] * back[t + 1][s] / total
    return -mp.log(total), p, posterior


def regime(name: str, dtype: Any) -> tuple[Any, Any]:
    """Return labels and logits of a sequence."""
    rng = generator("regime", name, dtype)
    frames, classes = 14, 6
    labels = np.array([3, 3, 1, 5])
    path = np.array([3, 0, 3, 1, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0])
    x = rng.normal(size=(frames, classes))
    word, _, number = name.partition(" ")
    if word == "confident":
        x[np.arange(frames), path] += float(number)
    elif word == "blank":
        x[:, 0] += float(number)
    elif word == "spread":
        x *= float(number)
    elif word == "wrong":
        x[np.arange(frames), (path + 1) % classes] += 20
    elif word == "masks":
        keep = x[np.arange(frames), path].copy()
        x[rng.random(x.shape) < 0.3] = float(number)
        x[np.arange(frames), path] = keep
        assert (x == float(number)).sum() > 5
    elif word == "offset":
        x += float(number)
    return labels, x.astype(dtype)


REGIMES = (
    "random", "confident 3", "confident 12", "confident 25", "confident 45", "blank 12", "blank 25", "blank 200",
    "spread 30", "spread 100", "spread 1e4", "wrong", "masks -1e4", "masks -1e30", "masks -inf", "offset 1e4",
)  # fmt: skip


@of_floats
@pytest.mark.parametrize("name", REGIMES)
def test_every_regime(name: str, dtype: Any) -> None:
    labels, x = regime(name, dtype)
    value, gradient = fl.ctc.value_and_grad(labels[None], x[None])
    with mp.workdps(80):
        loss, p, posterior = recursion(labels, x)
        # float32: the sum of a frame is of exponentials that are right to 2^-28. float64: of one of 1e5 a logarithm, in
        # which uncertain sequences are done, has an absolute error of 1e5 epsilons.
        assert abs(exact(value) - loss) <= abs(loss) * (2e-8 if dtype == np.float32 else 4e-15)
        eps = float(np.finfo(dtype).eps)
        lost = 2.0**-160  # the certificate: of the total
        more = 0 if dtype == np.float32 else 4 * eps * float(loss)
        for t in range(len(x)):
            for c in range(x.shape[1]):
                largest = float(max(p[t][c], posterior[t][c]))
                unit = float(np.spacing(np.array(largest, dtype)))
                bound = (3 if dtype == np.float32 else 16) * unit + more * largest
                wrong = abs(float(exact(gradient[0, t, c]) - (p[t][c] - posterior[t][c])))
                assert wrong <= max(bound, lost), (t, c)
            if np.isfinite(x).all():
                largest = (
                    float(np.abs(gradient[0, t]).max())
                    if name in ("confident 12", "confident 25", "confident 45")
                    else 1
                )
                assert abs(float(mp.fsum(map(exact, gradient[0, t])))) <= 4 * eps * largest


@pytest.mark.parametrize("name", cases.FRAMES)
@pytest.mark.parametrize("classes", [3, 16, 33, 200, 600])
def test_a_frame_of_many_classes(name: str, classes: int) -> None:
    x = cases.frame_of(name, classes)
    value, gradient = fl.ctc.value_and_grad([[1]], x[None, None])
    with mp.workdps(120):
        e = [mp.exp(exact(v) - exact(x.max())) if v > -np.inf else mpf(0) for v in x]
        right = -mp.log(e[1] / mp.fsum(e))
        assert abs(exact(value) - right) <= 2e-8 * right
        p = np.array([float(v / mp.fsum(e)) for v in e])
    p[1] -= 1
    largest = np.maximum(np.abs(p), np.arange(classes) == 1).astype(np.float32)
    assert (np.abs(gradient[0, 0] - p) <= 3 * np.spacing(largest)).all()
    fl.ctc.value_and_grad([[1]], x[None, None], out=(None, x[None, None]))
    assert bits(x) == bits(gradient[0, 0])


@of_floats
@pytest.mark.parametrize("cost", [68.0, 85.0])  # what is beyond the range by little, and by much
def test_a_path_that_only_logarithms_see(cost: float, dtype: Any) -> None:
    """Of two labels, the second in the last frame alone is the likelier path; halfway it is e^1292 times less likely.

    Its cell becomes 0 there. The other path lives on, the largest of all, and the total is a number: only the
    certificate tells, in every build.
    """
    frames, labels = 40, np.array([1, 2])
    x = np.zeros((frames, 3), dtype)
    x[:, 0] = -1e4
    x[1 : frames // 2, 1], x[frames // 2 : -1, 2] = -cost, -1.07 * cost
    value, gradient = fl.ctc.value_and_grad(labels[None], x[None])
    with mp.workdps(60):
        loss, p, posterior = recursion(labels, x)
        assert 19 * cost < loss < 19 * cost + 40
        assert posterior[1][1] > 0.99
        assert abs(exact(value) - loss) <= abs(loss) * (2e-8 if dtype == np.float32 else 4e-15)
        for t, c in np.ndindex(x.shape):
            wrong = float(abs(exact(gradient[0, t, c]) - (p[t][c] - posterior[t][c])))
            assert wrong <= (3 if dtype == np.float32 else 16 * float(loss)) * np.finfo(dtype).eps


@of_floats
def test_a_lattice_of_several_blocks(dtype: Any) -> None:
    """Many labels: rows of the lattice are made again. Against a recursion in logarithms."""
    rng = generator("blocks", dtype)
    frames, classes, count = 300, 8, 120
    labels, x = rng.integers(1, classes, count), rng.normal(size=(frames, classes)).astype(dtype)
    wide = x.astype(float)
    log_p = wide - np.logaddexp.reduce(wide, axis=1, keepdims=True)
    states = np.zeros(2 * count + 1, int)
    states[1::2] = labels
    skip = np.zeros(len(states), bool)
    skip[3::2] = labels[1:] != labels[:-1]
    row = np.full(len(states), -np.inf)
    row[0] = 0
    for t in range(frames):
        one, two = np.r_[-np.inf, row[:-1]], np.where(skip, np.r_[-np.inf, -np.inf, row[:-2]], -np.inf)
        row = np.logaddexp(np.logaddexp(row, one), two) + log_p[t, states]
    value, gradient = fl.ctc.value_and_grad(labels[None], x[None])
    assert abs(value + np.logaddexp(*row[-2:])) <= 1e-9 * value
    step = 1e-3
    for t, c in ((0, 0), (37, 3), (299, 1)):
        sides = []
        for sign in (1, -1):
            moved = wide.copy()
            moved[t, c] += sign * step
            sides.append(fl.ctc(labels[None], moved[None]))
        assert abs((sides[0] - sides[1]) / (2 * step) - gradient[0, t, c]) < 1e-5


def test_the_peers() -> None:
    torch = pytest.importorskip("torch")
    arrays = drawn("peers", sizes=(6, 30, 9))
    arrays["logits"] = np.nan_to_num(arrays["logits"])
    arrays["y_true"][arrays["y_true"] < 0] = 1
    for per, reduction in (("sequence", "none"), ("label", "mean")):
        x = torch.tensor(arrays["logits"], dtype=torch.float64, requires_grad=True)
        theirs = torch.nn.functional.ctc_loss(
            torch.log_softmax(x, -1).transpose(0, 1), torch.tensor(arrays["y_true"]),
            torch.tensor(arrays["logit_lengths"]), torch.tensor(arrays["label_lengths"]), reduction=reduction,
        )  # fmt: skip
        theirs.sum().backward()
        value, gradient = fl.ctc.value_and_grad(**arrays, per=per, reduction="none" if reduction == "none" else "mean")
        np.testing.assert_allclose(value, theirs.detach().numpy(), rtol=1e-6)
        assert_near(gradient, x.grad.numpy())


# -- the same bits ----------------------------------------------------------------------------------------------------


@of_floats
@of_given
def test_every_layout_has_the_same_bits(given: str, dtype: Any) -> None:
    arrays = drawn("layouts", given, dtype=dtype)
    if given == "log_probs":
        arrays["logits"] = -np.abs(arrays["logits"])
    arrays["logits"][1, :, 0] += 400  # one that is done in logarithms
    logits, lengths = arrays["logits"], arrays["logit_lengths"]
    value, gradient = fl.ctc.value_and_grad(**arrays, given=given)
    assert fl.ctc(**arrays, given=given) == value
    assert bits(fl.ctc.grad(**arrays, given=given)) == bits(gradient)
    spread = np.empty((5, 18, 12), dtype)
    spread[:, ::2, ::2] = logits
    for other in (
        np.asfortranarray(logits),
        logits[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
        spread[:, ::2, ::2],
        logits.astype(logits.dtype.newbyteorder()),
    ):
        again, own = fl.ctc.value_and_grad(**{**arrays, "logits": other}, given=given)
        assert (bits(again), bits(own)) == (bits(value), bits(gradient))
        place = other.copy(order="K") if other.base is None else other
        over = fl.ctc.grad(**{**arrays, "logits": place}, given=given, out=place)
        assert over is place
        assert bits(np.asarray(place, dtype)) == bits(gradient)
    first = np.ascontiguousarray(np.swapaxes(logits, 0, 1))
    again, own = fl.ctc.value_and_grad(**{**arrays, "logits": first}, given=given, time_axis=0)
    assert (bits(again), bits(np.swapaxes(own, 0, 1))) == (bits(value), bits(gradient))
    packed = np.concatenate([row[:n] for row, n in zip(arrays["logits"], lengths, strict=True)])
    if not np.isnan(packed).any():
        again, own = fl.ctc.value_and_grad(**{**arrays, "logits": packed}, given=given)
        assert bits(again) == bits(value)
        assert bits(own) == bits(np.concatenate([row[:n] for row, n in zip(gradient, lengths, strict=True)]))


def test_labels_in_every_form() -> None:
    arrays = drawn("labels")
    want = bits(fl.ctc.value_and_grad(**arrays))
    rows = [np.array(labels_of(arrays, n), np.int32) for n in range(5)]
    joined = {**arrays, "y_true": np.concatenate(rows)}
    assert bits(fl.ctc.value_and_grad(**joined)) == want
    for given in (rows, [row.tolist() for row in rows], tuple(rows)):
        assert bits(fl.ctc.value_and_grad(given, arrays["logits"], None, arrays["logit_lengths"])) == want
    for kind in (np.int8, np.uint16, np.int32):
        assert bits(fl.ctc.value_and_grad(**{**joined, "y_true": joined["y_true"].astype(kind)})) == want


@of_floats
def test_threads_and_batches_change_no_bit(dtype: Any) -> None:
    arrays = drawn("threads", sizes=(40, 60, 40), dtype=dtype)
    value, gradient = fl.ctc.value_and_grad(**arrays, n_threads=1)
    for threads in (2, 3):
        again, own = fl.ctc.value_and_grad(**arrays, n_threads=threads)
        assert (bits(again), bits(own)) == (bits(value), bits(gradient))
    losses, gradients = fl.ctc.value_and_grad(**arrays, reduction="none")
    for n in (0, 7, 39):
        alone = {name: array[n : n + 1] for name, array in arrays.items()}
        assert bits(fl.ctc.value_and_grad(**alone, reduction="none")) == (
            bits(losses[n : n + 1]), bits(gradients[n : n + 1])
        )  # fmt: skip


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_halves(half: Any) -> None:
    arrays = drawn("halves")
    rounded = {**arrays, "logits": arrays["logits"].astype(half)}
    value, gradient = fl.ctc.value_and_grad(**rounded)
    wide, own = fl.ctc.value_and_grad(**{**arrays, "logits": rounded["logits"].astype(np.float32)})
    assert value == wide
    assert bits(gradient) == bits(cases.rounded_once(own, half))


@pytest.mark.parametrize("blank", [2, 5, -1])
def test_any_class_is_the_blank(blank: int) -> None:
    arrays = drawn("blank")
    value, gradient = fl.ctc.value_and_grad(**arrays)
    place = blank % 6
    order = [*range(1, place + 1), 0, *range(place + 1, 6)]
    moved = {**arrays, "logits": arrays["logits"][..., order]}
    moved["y_true"] = np.where(
        arrays["y_true"] > place, arrays["y_true"], np.maximum(arrays["y_true"] - 1, arrays["y_true"].min())
    )
    again, own = fl.ctc.value_and_grad(**moved, blank=blank)
    np.testing.assert_allclose(again, value, rtol=1e-8)
    assert_near(own, gradient[..., order])


# -- weights, and sequences that no alignment fits --------------------------------------------------------------------


def test_weights_masks_and_reductions() -> None:
    arrays = drawn("weights")
    arrays["y_true"][3, 0] = 99 if arrays["label_lengths"][3] else -7  # of a sequence that is left out nothing is read
    arrays["logits"][3] = np.nan
    weight, where = np.array([2.0, 0.5, 0.0, 1.0, 1.5]), np.array([True, True, True, False, True])
    losses, gradients = fl.ctc.value_and_grad(**arrays, sample_weight=weight, where=where, reduction="none")
    own = fl.ctc(**arrays, where=where, reduction="none")
    kept = np.where(where, weight, 0).astype(np.float32)
    assert not losses[2:4].any() and not gradients[2:4].any() and not np.signbit(gradients[2:4]).any()
    np.testing.assert_allclose(losses, kept * own, rtol=3e-7)
    total, of_sum = fl.ctc.value_and_grad(**arrays, sample_weight=weight, where=where, reduction="sum")
    assert total == pytest.approx(losses.astype(float).sum(), rel=1e-7)
    assert bits(of_sum) == bits(gradients)
    mean, of_mean = fl.ctc.value_and_grad(**arrays, sample_weight=weight, where=where)
    assert mean == pytest.approx(total / 4, rel=1e-15)
    np.testing.assert_allclose(of_mean, of_sum / 4, rtol=3e-7, atol=0)
    assert fl.ctc(**arrays, where=where, normalizer=8.0) == pytest.approx(own.astype(float).sum() / 8, rel=1e-7)
    parts = [
        fl.ctc.partial(**{name: array[piece] for name, array in arrays.items()}, where=where[piece])
        for piece in (slice(2), slice(2, 5))
    ]
    whole = fl.ctc.partial(**arrays, where=where)
    assert sum(parts).weight == whole.weight == 4
    assert sum(parts).value == pytest.approx(fl.ctc(**arrays, where=where), rel=1e-15)
    with pytest.raises(TypeError, match="ctc has no normalizer"):
        fl.ctc.normalizer(arrays["y_true"])


def test_it_is_a_loss_as_others() -> None:
    arrays = drawn("loss")
    value, gradient = fl.ctc.value_and_grad(**arrays)
    twice, own = (2 * fl.ctc).value_and_grad(**arrays)
    assert twice == 2 * value
    np.testing.assert_array_equal(own, 2 * gradient)
    bound = fl.ctc.bind(per="label", reduction="sum", n_threads=1)
    assert pickle.loads(pickle.dumps(bound))(**arrays) == fl.ctc(**arrays, per="label", reduction="sum")
    with pytest.raises(TypeError, match="ctc has no diagonal of the Hessian"):
        fl.ctc.grad_and_hess(**arrays)
    out = np.full((5, 9, 6), 7, np.float32)
    assert fl.ctc.grad(**arrays, out=out) is out
    assert bits(out) == bits(gradient)


@of_given
def test_sequences_that_no_alignment_fits(given: str) -> None:
    rng = generator("impossible", given)
    logits = -np.abs(rng.normal(size=(4, 3, 4))).astype(np.float32)
    y_true = np.array([[1, 2], [2, 2], [3, 1], [2, 3]])
    lengths = np.array([3, 2, 3, 1])  # the second and the last are too short
    logits[2, :, 3] = -np.inf  # one that has no probability
    losses, gradients = fl.ctc.value_and_grad(y_true, logits, None, lengths, reduction="none", given=given)
    assert np.isfinite(losses).tolist() == [True, False, False, False]
    for n, frames in enumerate(lengths):
        assert np.isnan(gradients[n, :frames]).all() == (n > 0)
        assert not gradients[n, frames:].any()
    losses, gradients = fl.ctc.value_and_grad(
        y_true, logits, None, lengths, reduction="none", given=given, impossible="zero"
    )
    assert losses[0] != 0 and not losses[1:].any() and gradients[0].any() and not gradients[1:].any()
    out = np.full_like(logits, 7)
    with pytest.raises(ValueError, match=r"sequence 1 has 2 frames; its 2 labels need 3, as a blank stands between"):
        fl.ctc.grad(y_true, logits, None, lengths, given=given, impossible="raise", out=out)
    assert (out == 7).all()
    with pytest.raises(ValueError, match="no path has the labels of sequence 2"):
        fl.ctc(y_true[:3], logits[:3], given=given, impossible="raise")
    assert np.isinf(fl.ctc(y_true, logits, None, lengths, given=given))


def test_a_nan_inside_stays_in_its_sequence() -> None:
    arrays = drawn("nan")
    losses, gradients = fl.ctc.value_and_grad(**arrays, reduction="none")
    for c in (0, 5):
        spoiled = arrays["logits"].copy()
        spoiled[2, 1, c] = np.nan
        got, own = fl.ctc.value_and_grad(**{**arrays, "logits": spoiled}, reduction="none")
        others = [0, 1, 3, 4]
        assert np.isnan(got[2]) and np.isnan(own[2, : arrays["logit_lengths"][2]]).all()
        assert not own[2, arrays["logit_lengths"][2] :].any()
        assert (bits(got[others]), bits(own[others])) == (bits(losses[others]), bits(gradients[others]))


@of_floats
def test_nothing_to_align(dtype: Any) -> None:
    logits = generator("nothing", dtype).normal(size=(3, 4, 5)).astype(dtype)
    losses, gradients = fl.ctc.value_and_grad(np.zeros((3, 2), int) + 1, logits, [0, 0, 2], [4, 0, 0], reduction="none")
    p = np.exp(logits[0].astype(float))
    p /= p.sum(-1, keepdims=True)
    np.testing.assert_allclose(losses[0], -np.log(p[:, 0]).sum(), rtol=1e-6)
    assert_near(gradients[0], p - np.eye(5)[0])
    assert losses[1] == 0 and losses[2] == np.inf and not gradients[1:].any()
    value, gradient = fl.ctc.value_and_grad(np.zeros((0, 2), int), np.zeros((0, 4, 5), dtype))
    assert value == 0 and gradient.shape == (0, 4, 5)


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"y_true": np.array([[1, 2], [3, 9]])}, ValueError, r"y_true\[1, 1\] = 9 is not in \[0, 4\)"),
        ({"y_true": np.array([[1, -1], [3, 1]])}, ValueError, r"y_true\[0, 1\] = -1 is not in \[0, 4\)"),
        ({"y_true": np.array([[1, 2], [0, 1]])}, ValueError, r"y_true\[1, 0\] = 0 is the blank"),
        ({"y_true": [np.array([1, 2]), np.array([0])]}, ValueError, r"y_true\[2\] = 0 is the blank"),
        ({"y_true": np.array([[1.0, 2.0], [3.0, 1.0]])}, TypeError, "y_true has dtype float64; labels are integers"),
        ({"y_true": np.array([[1, 2]])}, ValueError, r"y_true has shape \(1, 2\); there are 2 sequences"),
        ({"y_true": np.array([1, 2, 3])}, ValueError, r"y_true has shape \(3,\): .* need label_lengths"),
        ({"y_true": np.array([1, 2, 3]), "label_lengths": [1, 1]}, ValueError, "label_lengths adds up to 2; y_true"),
        ({"y_true": np.zeros((2, 1, 1), int)}, ValueError, r"y_true has shape \(2, 1, 1\)"),
        ({"y_true": [np.zeros((1, 1), int), np.array([1])]}, ValueError, r"y_true\[0\] has shape \(1, 1\)"),
        ({"label_lengths": [1, 3]}, ValueError, r"label_lengths\[1\] = 3; y_true has 2"),
        ({"label_lengths": [-1, 2]}, ValueError, r"label_lengths\[0\] = -1; a length is at least 0"),
        ({"label_lengths": [1.0, 2.0]}, TypeError, "label_lengths has dtype float64"),
        ({"label_lengths": [1]}, ValueError, r"label_lengths has shape \(1,\); it must have the shape \(2,\)"),
        ({"logit_lengths": [6, 5]}, ValueError, r"logit_lengths\[0\] = 6; logits has 5"),
        ({"logit_lengths": [5, -2]}, ValueError, r"logit_lengths\[1\] = -2"),
        ({"logits": np.zeros((10, 4))}, ValueError, r"logits has shape \(10, 4\): .* need logit_lengths"),
        ({"logits": np.zeros((10, 4)), "logit_lengths": [4, 5]}, ValueError, "logit_lengths adds up to 9; logits"),
        ({"logits": np.zeros(4)}, ValueError, r"logits has shape \(4,\); it needs three axes"),
        ({"logits": np.zeros((2, 5, 0))}, ValueError, r"logits has shape \(2, 5, 0\): frames of no classes"),
        ({"blank": 4}, ValueError, "blank = 4 is not a class: there are 4"),
        ({"blank": 1.5}, TypeError, "blank"),
        ({"time_axis": 2}, ValueError, "time_axis = 2 is that of the classes"),
        ({"time_axis": 3}, ValueError, "time_axis"),
        ({"impossible": "skip"}, ValueError, "impossible = 'skip' is not one of 'inf', 'zero', 'raise'"),
        ({"per": "word"}, ValueError, "per = 'word'"),
        ({"sample_weight": [1.0, -1.0]}, ValueError, r"sample_weight\[1\] = -1"),
        ({"sample_weight": [1.0, 1.0, 1.0]}, ValueError, "sample_weight"),
        ({"where": [True, False, True]}, ValueError, "where"),
    ],
)  # fmt: skip
def test_what_is_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {"y_true": np.array([[1, 2], [3, 1]]), "logits": np.zeros((2, 5, 4))} | changes
    out = np.full(np.shape(given["logits"]), 7.0)
    with pytest.raises(error, match=message):
        fl.ctc.value_and_grad(**given, out=(None, out))
    assert (out == 7).all()


def test_it_is_not_cut_in_chunks() -> None:
    da = pytest.importorskip("dask.array")
    arrays = drawn("dask")
    with pytest.raises(TypeError, match="ctc cannot be computed in chunks: its samples have lengths of their own"):
        fl.interop.dask.value(fl.ctc, arrays["y_true"], da.from_array(arrays["logits"], chunks=(2, -1, -1)))


def test_it_is_not_called_in_compiled_functions() -> None:
    numba = pytest.importorskip("numba")
    arrays = drawn("numba")

    @numba.njit
    def calling(y_true, logits):  # type: ignore[no-untyped-def]
        return fl.ctc(y_true, logits)

    with pytest.raises(numba.TypingError, match=r"cannot be called in compiled functions: no loss of .* sequences"):
        calling(arrays["y_true"], arrays["logits"])
