"""The loss of transducers: against all ways, and against a recursion; layouts, lengths, and what is refused."""

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


def drawn(*key: Any, sizes: tuple[int, ...] = (5, 6, 4, 5), dtype: Any = np.float32) -> dict[str, Any]:
    """Return the arrays of a batch: lengths differ, and what is behind them is no number, or no class."""
    arrays = fl.kinds.draw(fl.rnnt._row, sizes, dtype, generator("rnnt", *map(str, key)))
    for n, (labels, frames) in enumerate(zip(arrays["label_lengths"], arrays["logit_lengths"], strict=True)):
        arrays["y_true"][n, labels:] = -7
        arrays["logits"][n, frames:] = arrays["logits"][n, :, labels + 1 :] = np.nan
    return arrays


def packed(arrays: dict[str, Any], of: Any = None) -> Any:
    """Return the nodes of all sequences one behind the other, of the logits or of what has their shape."""
    array = arrays["logits"] if of is None else of
    lengths = zip(array, arrays["logit_lengths"], arrays["label_lengths"], strict=True)
    return np.concatenate([own[:t, : u + 1].reshape(-1, array.shape[-1]) for own, t, u in lengths])


# -- what is right ----------------------------------------------------------------------------------------------------


@of_floats
@of_given
@pytest.mark.parametrize("per", ["sequence", "label", "frame"])
def test_the_textbook(per: str, given: str, dtype: Any) -> None:
    """Value and gradient of tiny grids, against the sum over all ways."""
    arrays = drawn("textbook", per, given, sizes=(3, 3, 3, 3), dtype=dtype)
    arrays["label_lengths"], arrays["logit_lengths"] = np.array([2, 1, 0]), np.array([3, 2, 2])
    arrays["y_true"] = np.array([[1, 2], [2, -7], [-7, -7]])
    arrays["logits"] = generator("textbook", per, given).normal(size=(3, 3, 3, 3)).astype(dtype)
    if given == "log_probs":
        arrays["logits"] = -np.abs(arrays["logits"])
    weight = np.array([1.0, 0.5, 2.0])

    def loss(n: int, varied: tuple[int, ...] = ()) -> Jet:
        frames, labels = int(arrays["logit_lengths"][n]), int(arrays["label_lengths"][n])
        nodes = [[[exact(x) for x in row] for row in frame] for frame in arrays["logits"][n, :frames, : labels + 1]]
        if varied:
            t, u, c = varied
            nodes[t][u][c] = Jet(nodes[t][u][c], mpf(1), mpf(0))
        length = {"sequence": 1, "label": labels, "frame": frames}[per]
        share = exact(weight[n]) / max(length, 1) / exact(weight.sum())
        own = [int(c) for c in arrays["y_true"][n, :labels]]
        return oracle.as_jet(oracle.rnnt(own, nodes, given=given) * share)

    value, gradient = fl.rnnt.value_and_grad(**arrays, sample_weight=weight, per=per, given=given)
    with mp.workdps(40):
        right = mp.fsum(loss(n).value for n in range(3))
        assert abs(exact(value) - right) <= {np.float32: 2e-8, np.float64: 4e-15}[np.dtype(dtype).type] * abs(right)
        for n, t, u, c in np.ndindex(gradient.shape):
            if t >= arrays["logit_lengths"][n] or u > arrays["label_lengths"][n]:
                assert bits(gradient[n, t, u, c]) == bits(np.zeros((), dtype)[()])
                continue
            share = float(exact(weight[n]) / exact(weight.sum()))
            slope = float(loss(n, (t, u, c)).first)
            assert abs(float(gradient[n, t, u, c]) - slope) <= 3 * np.finfo(dtype).eps * share


def recursion(labels: Any, x: Any, fast: float = 0.0) -> tuple[Any, Any, Any]:
    """Return the loss of one sequence, its gradient, and how probable each node is among all ways."""
    frames, places, _ = x.shape
    p = np.empty(x.shape, object)
    for t, u in np.ndindex(frames, places):
        e = [mp.exp(exact(v) - exact(max(x[t, u]))) if v > -np.inf else mpf(0) for v in x[t, u]]
        p[t, u] = [v / mp.fsum(e) for v in e]
    ahead, back = np.full((frames + 1, places + 1), mpf(0)), np.full((frames + 1, places + 1), mpf(0))
    ahead[0, 0], back[frames, places - 1] = mpf(1), mpf(1)
    for t, u in np.ndindex(frames, places):
        ahead[t + 1, u] += ahead[t, u] * p[t, u, 0]
        if u < places - 1:
            ahead[t, u + 1] += ahead[t, u] * p[t, u, labels[u]]
    for t, u in reversed(list(np.ndindex(frames, places))):
        back[t, u] = p[t, u, 0] * back[t + 1, u]
        if u < places - 1:
            back[t, u] += p[t, u, labels[u]] * back[t, u + 1]
    total, gradient, here = back[0, 0], np.empty(x.shape, object), np.empty((frames, places), object)
    for t, u in np.ndindex(frames, places):
        blank, label = ahead[t, u] * p[t, u, 0] * back[t + 1, u] / total, mpf(0)
        if u < places - 1:
            label = ahead[t, u] * p[t, u, labels[u]] * back[t, u + 1] / total * (1 + exact(fast))
        here[t, u] = blank + label
        gradient[t, u] = here[t, u] * p[t, u]
        gradient[t, u, 0] -= blank
        if u < places - 1:
            gradient[t, u, labels[u]] -= label
    return -mp.log(total), gradient, here


def regime(name: str, dtype: Any) -> tuple[Any, Any]:
    """Return labels and logits of a sequence."""
    rng = generator("ways", name, dtype)
    frames, labels, classes = 7, np.array([2, 2, 4]), 6
    x = rng.normal(size=(frames, 4, classes))
    way, t, u = [], 0, 0
    for step in (0, 1, 0, 0, 1, 1, 0, 0, 0, 0):
        way.append((t, u, labels[u] if step else 0))
        t, u = t + 1 - step, u + step
    places = tuple(np.array(way).T)
    word, _, number = name.partition(" ")
    if word == "confident":
        x[places] += float(number)
    elif word == "blank":
        x[..., 0] += float(number)
    elif word == "spread":
        x *= float(number)
    elif word == "wrong":
        x[..., 5] += 20
    elif word == "masks":
        keep = x[places].copy()
        masked = rng.random(x.shape) < 0.3
        masked[..., 5] = False  # a node without any class has no softmax
        x[masked] = float(number)
        x[places] = keep
    elif word == "offset":
        x += float(number)
    return labels, x.astype(dtype)


REGIMES = (
    "random", "confident 3", "confident 12", "confident 25", "confident 45", "blank 25", "blank 200", "spread 30",
    "spread 100", "spread 1e4", "wrong", "masks -1e4", "masks -1e30", "masks -inf", "offset 1e4",
)  # fmt: skip


@pytest.mark.parametrize("name", cases.FRAMES)
@pytest.mark.parametrize("classes", [3, 16, 33, 300])
def test_nodes_of_many_classes(name: str, classes: int) -> None:
    """One frame: the label at the first node, the blank at the second."""
    x = np.stack([cases.frame_of(name, classes)] * 2)
    value, gradient = fl.rnnt.value_and_grad([[1]], x[None, None])
    with mp.workdps(120):
        e = [mp.exp(exact(v) - exact(x.max())) if v > -np.inf else mpf(0) for v in x[0]]
        p = [v / mp.fsum(e) for v in e]
        right = -mp.log(p[1]) - mp.log(p[0])
        assert abs(exact(value) - right) <= 2e-8 * right
        for u, own in enumerate((1, 0)):
            slopes = np.array([float(v - (c == own)) for c, v in enumerate(p)])
            largest = np.array([max(float(v), c == own) for c, v in enumerate(p)], np.float32)
            assert (np.abs(gradient[0, 0, u] - slopes) <= 3 * np.spacing(largest)).all()
    fl.rnnt.value_and_grad([[1]], x[None, None], out=(None, x[None, None]))
    assert bits(x) == bits(gradient[0, 0])


@of_floats
@pytest.mark.parametrize("name", REGIMES)
def test_every_regime(name: str, dtype: Any) -> None:
    labels, x = regime(name, dtype)
    value, gradient = fl.rnnt.value_and_grad(labels[None], x[None])
    with mp.workdps(80):
        loss, slopes, here = recursion(labels, x)
        assert abs(exact(value) - loss) <= abs(loss) * (2e-8 if dtype == np.float32 else 3e-14)
        eps = float(np.finfo(dtype).eps)
        # float64: exponents of 1e3 have lost three digits, in logarithms those of the whole loss.
        spread = float(np.ptp(np.where(x > -1e29, x, 0).astype(float)))
        more = 0 if dtype == np.float32 else eps * (16 + spread + 4 * float(loss))
        least = max(2.0**-160, float(np.finfo(dtype).smallest_subnormal))
        for t, u in np.ndindex(x.shape[:2]):
            row = float(max(map(abs, slopes[t, u])))
            for c in range(x.shape[2]):
                wrong = float(abs(exact(gradient[0, t, u, c]) - slopes[t, u, c]))
                assert wrong <= max(3 * eps * row + more * float(here[t, u]), least), (t, u, c)
            if np.isfinite(x).all():
                assert abs(float(mp.fsum(map(exact, gradient[0, t, u])))) <= max(4 * eps * row, 8 * least)


def held_to_the_truth(labels: Any, x: Any) -> float:
    """Check a sequence that is done in logarithms; return its loss."""
    value, gradient = fl.rnnt.value_and_grad(labels[None], x[None])
    with mp.workdps(60):
        loss, slopes, here = recursion(labels, x)
        assert abs(exact(value) - loss) <= abs(loss) * (2e-8 if x.dtype == np.float32 else 4e-15)
        bound = (3 if x.dtype == np.float32 else 16 * float(loss)) * np.finfo(x.dtype).eps
        for t, u in np.ndindex(x.shape[:2]):
            wrong = max(float(abs(exact(a) - b)) for a, b in zip(gradient[0, t, u], slopes[t, u], strict=True))
            assert wrong <= max(bound * float(here[t, u]), 2.0**-149)
    return float(loss)


@of_floats
@pytest.mark.parametrize("cost", [63.9, 80.0])  # what is beyond the range by little, and by much
def test_a_way_that_only_logarithms_see(cost: float, dtype: Any) -> None:
    """The label is said in the last frame: on the way there, to have said it in the first is far likelier."""
    frames = 40
    x = np.zeros((frames, 2, 3), dtype)
    x[: frames // 2, 0, 0], x[frames // 2 :, 1, 0] = -cost, -1.01 * cost
    x[1:-1, 0, 1] = -1e4
    x[-1, 1, 0] = 0
    assert 0.9 * 20 * cost < held_to_the_truth(np.array([1]), x) < 1.1 * 20 * cost


@of_floats
def test_exponentials_that_are_too_small(dtype: Any) -> None:
    """The likelier way has one, the other has several that are not."""
    x = np.zeros((2, 2, 3), dtype)
    x[0, 0, 1], x[0, 0, 0], x[1, 0, 1] = -650, -400, -400
    assert 650 < held_to_the_truth(np.array([1]), x) < 660


@of_floats
def test_rows_that_leave_the_range(dtype: Any) -> None:
    """Many labels, of which the likely ones change."""
    x = np.zeros((30, 25, 3), dtype)
    x[::2, :, 1] = x[1::2, :, 2] = -170
    x[:15, :, 0] = -90
    held_to_the_truth(np.array([1, 2] * 12), x)


def test_labels_that_are_said_early() -> None:
    """FastEmit: the gradient changes, the value does not."""
    labels, x = regime("random", np.float64)
    value, gradient = fl.rnnt.value_and_grad(labels[None], x[None], fast_emit=0.25)
    assert value == fl.rnnt(labels[None], x[None])
    with mp.workdps(40):
        _, slopes, _ = recursion(labels, x, 0.25)
        assert max(float(abs(exact(a) - b)) for a, b in zip(gradient.ravel(), slopes.ravel(), strict=True)) < 1e-15


def test_a_peer() -> None:
    """The recursion in logarithms, differentiated by PyTorch."""
    torch = pytest.importorskip("torch")
    arrays = drawn("peer", sizes=(4, 9, 5, 7), dtype=np.float64)
    x = torch.tensor(np.nan_to_num(arrays["logits"]), requires_grad=True)
    scores, losses = torch.log_softmax(x, -1), []
    for n, (frames, count) in enumerate(zip(arrays["logit_lengths"], arrays["label_lengths"], strict=True)):
        rows: list[Any] = []
        for t in range(frames):
            row: list[Any] = []
            for u in range(count + 1):
                ways = [rows[-1][u] + scores[n, t - 1, u, 0]] if t else []
                ways += [row[-1] + scores[n, t, u - 1, arrays["y_true"][n, u - 1]]] if u else []
                row.append(torch.logsumexp(torch.stack(ways), 0) if ways else torch.zeros((), dtype=torch.float64))
            rows.append(row)
        losses.append(-rows[-1][-1] - scores[n, frames - 1, count, 0])
    torch.stack(losses).mean().backward()
    value, gradient = fl.rnnt.value_and_grad(**arrays)
    np.testing.assert_allclose(value, torch.stack(losses).mean().item(), rtol=1e-13)
    assert np.abs(gradient - x.grad.numpy()).max() <= 1e-14


# -- the same bits ----------------------------------------------------------------------------------------------------


@of_floats
@of_given
def test_every_layout_has_the_same_bits(given: str, dtype: Any) -> None:
    arrays = drawn("layouts", given, dtype=dtype)
    if given == "log_probs":
        arrays["logits"] = -np.abs(arrays["logits"])
    arrays["logits"][1] *= 300  # one that is done in logarithms
    logits = arrays["logits"]
    value, gradient = fl.rnnt.value_and_grad(**arrays, given=given)
    assert fl.rnnt(**arrays, given=given) == value
    assert bits(fl.rnnt.grad(**arrays, given=given)) == bits(gradient)
    spread = np.empty((5, 12, 8, 10), dtype)
    spread[:, ::2, ::2, ::2] = logits
    for other in (
        np.asfortranarray(logits),
        logits[::-1, ::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1, ::-1],
        spread[:, ::2, ::2, ::2],
        logits.astype(logits.dtype.newbyteorder()),
    ):
        again, own = fl.rnnt.value_and_grad(**{**arrays, "logits": other}, given=given)
        assert (bits(again), bits(own)) == (bits(value), bits(gradient))
        place = other.copy(order="K") if other.base is None else other
        assert fl.rnnt.grad(**{**arrays, "logits": place}, given=given, out=place) is place
        assert bits(np.asarray(place, dtype)) == bits(gradient)
    again, own = fl.rnnt.value_and_grad(**{**arrays, "logits": packed(arrays)}, given=given)
    assert (bits(again), bits(own)) == (bits(value), bits(packed(arrays, gradient)))


@of_floats
def test_threads_and_batches_change_no_bit(dtype: Any) -> None:
    arrays = drawn("threads", sizes=(20, 15, 8, 40), dtype=dtype)
    value, gradient = fl.rnnt.value_and_grad(**arrays, n_threads=1)
    for threads in (2, 3):
        again, own = fl.rnnt.value_and_grad(**arrays, n_threads=threads)
        assert (bits(again), bits(own)) == (bits(value), bits(gradient))
    losses, gradients = fl.rnnt.value_and_grad(**arrays, reduction="none")
    for n in (0, 7, 19):
        alone = {name: array[n : n + 1] for name, array in arrays.items()}
        assert bits(fl.rnnt.value_and_grad(**alone, reduction="none")) == (
            bits(losses[n : n + 1]), bits(gradients[n : n + 1])
        )  # fmt: skip


def test_labels_in_every_form_and_any_blank() -> None:
    arrays = drawn("labels")
    want = fl.rnnt.value_and_grad(**arrays)
    rows = [row[:n].astype(np.int32) for row, n in zip(arrays["y_true"], arrays["label_lengths"], strict=True)]
    assert bits(fl.rnnt.value_and_grad(rows, arrays["logits"], None, arrays["logit_lengths"])) == bits(want)
    assert bits(fl.rnnt.value_and_grad(**{**arrays, "y_true": np.concatenate(rows)})) == bits(want)
    moved = {**arrays, "y_true": arrays["y_true"] - 1, "logits": arrays["logits"][..., [1, 2, 3, 4, 0]]}
    value, gradient = fl.rnnt.value_and_grad(**moved, blank=-1)
    np.testing.assert_allclose(value, want[0], rtol=1e-8)
    np.testing.assert_allclose(gradient, want[1][..., [1, 2, 3, 4, 0]], rtol=0, atol=4 * np.finfo(np.float32).eps)


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_halves(half: Any) -> None:
    arrays = drawn("halves")
    rounded = {**arrays, "logits": arrays["logits"].astype(half)}
    value, gradient = fl.rnnt.value_and_grad(**rounded)
    wide, own = fl.rnnt.value_and_grad(**{**arrays, "logits": rounded["logits"].astype(np.float32)})
    assert value == wide
    assert bits(gradient) == bits(cases.rounded_once(own, half))


# -- weights, and what has no way, or no number ------------------------------------------------------------------------


def test_weights_masks_and_reductions() -> None:
    arrays = drawn("weights")
    arrays["label_lengths"][3] = 2
    arrays["y_true"][3, 0], arrays["logits"][3] = 99, np.nan  # of a sequence that is left out nothing is read
    weight, where = np.array([2.0, 0.5, 0.0, 1.0, 1.5]), np.array([True, True, True, False, True])
    losses, gradients = fl.rnnt.value_and_grad(**arrays, sample_weight=weight, where=where, reduction="none")
    own = fl.rnnt(**arrays, where=where, reduction="none")
    kept = np.where(where, weight, 0).astype(np.float32)
    np.testing.assert_allclose(losses, own * kept, rtol=1e-6)
    value, mean = fl.rnnt.value_and_grad(**arrays, sample_weight=weight, where=where)
    np.testing.assert_allclose(value, losses.astype(float).sum() / kept.sum(), rtol=1e-7)
    np.testing.assert_allclose(mean * kept.sum(), gradients, rtol=1e-6)
    assert not gradients[2:4].any()


@pytest.mark.parametrize("impossible", ["inf", "zero", "raise"])
def test_sequences_without_a_way(impossible: str) -> None:
    """No frames, or no class left: the others keep their bits."""
    arrays = drawn("impossible", sizes=(4, 5, 3, 4))
    arrays["label_lengths"][:], arrays["logit_lengths"][:] = 2, 5
    arrays["y_true"] = np.array([[1, 2]] * 4)
    arrays["logits"] = generator("impossible").normal(size=(4, 5, 3, 4)).astype(np.float32)
    right, slopes = fl.rnnt.value_and_grad(**arrays, reduction="none")
    for forbids in (True, False):
        given = {name: array.copy() for name, array in arrays.items()}
        if forbids:
            given["logits"][1, :, 1, 2] = -np.inf
        else:
            given["logit_lengths"][1] = 0
        if impossible == "raise":
            message = "no way has the labels of sequence 1" if forbids else "sequence 1 has no frames"
            with pytest.raises(ValueError, match=message):
                fl.rnnt.value_and_grad(**given, impossible=impossible)
            continue
        losses, gradient = fl.rnnt.value_and_grad(**given, impossible=impossible, reduction="none")
        assert losses[1] == (np.inf if impossible == "inf" else 0)
        own = gradient[1, :5] if forbids else gradient[1, :0]
        assert np.isnan(own).all() if impossible == "inf" else not own.any()
        others = [0, 2, 3]
        assert (bits(losses[others]), bits(gradient[others])) == (bits(right[others]), bits(slopes[others]))


def test_what_is_no_number_stays_in_its_sequence() -> None:
    arrays = drawn("nan", sizes=(3, 4, 3, 4))
    arrays["label_lengths"][:], arrays["logit_lengths"][:] = 2, (4, 3, 4)
    arrays["y_true"], arrays["logits"] = np.array([[1, 2]] * 3), generator("nan").normal(size=(3, 4, 3, 4))
    right, slopes = fl.rnnt.value_and_grad(**arrays, reduction="none")
    for bad in (np.nan, np.inf):
        for c in range(4):
            given = {**arrays, "logits": arrays["logits"].copy()}
            given["logits"][1, 1, 1, c] = bad
            losses, gradient = fl.rnnt.value_and_grad(**given, reduction="none")
            assert np.isnan(losses[1]) and np.isnan(gradient[1, :3]).all() and not gradient[1, 3].any()
            assert (bits(losses[::2]), bits(gradient[::2])) == (bits(right[::2]), bits(slopes[::2]))


def test_nothing_to_do() -> None:
    value, gradient = fl.rnnt.value_and_grad(np.zeros((0, 2), int), np.zeros((0, 3, 3, 4)))
    assert (value, gradient.shape) == (0, (0, 3, 3, 4))
    x = generator("nothing").normal(size=(2, 3, 1, 4))
    losses = fl.rnnt(np.zeros((2, 0), int), x, reduction="none")  # no labels: blanks alone
    wide = x[:, :, 0]
    np.testing.assert_allclose(losses, (np.logaddexp.reduce(wide, axis=-1) - wide[..., 0]).sum(1), rtol=1e-14)
    value, gradient = fl.rnnt.value_and_grad([[], []], np.zeros((0, 4)), logit_lengths=[0, 0], impossible="zero")
    assert (value, gradient.shape) == (0, (0, 4))


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"logits": np.zeros((2, 5, 4))}, ValueError, r"logits has shape \(2, 5, 4\); it needs four axes"),
        ({"logits": np.zeros((2, 5, 3, 0))}, ValueError, "frames of no classes"),
        ({"logits": np.zeros((30, 4))}, ValueError, "need logit_lengths"),
        ({"logits": np.zeros((30, 4)), "logit_lengths": [5, 4]}, ValueError, "logits has 30 rows; .* make 27 nodes"),
        (
            {"logits": np.zeros((2, 5, 2, 4))},
            ValueError,
            "sequence 0 has 2 labels; logits has shape .* with room for 1",
        ),
        ({"label_lengths": [1, 3]}, ValueError, r"label_lengths\[1\] = 3; y_true has 2"),
        ({"label_lengths": [1.0, 2.0]}, TypeError, "label_lengths has dtype float64"),
        ({"logit_lengths": [1, 6]}, ValueError, r"logit_lengths\[1\] = 6; logits has 5"),
        ({"y_true": np.zeros((2, 2))}, TypeError, "y_true has dtype float64; labels are integers"),
        ({"y_true": np.zeros((2, 2, 1), int)}, ValueError, "y_true has shape"),
        ({"y_true": np.ones((3, 2), int)}, ValueError, "there are 2 sequences of logits"),
        ({"y_true": np.array([[1, 2], [3, 0]])}, ValueError, r"y_true\[1, 1\] = 0 is the blank"),
        ({"y_true": np.array([[1, 4], [3, 1]])}, ValueError, r"y_true\[0, 1\] = 4 is not in \[0, 4\)"),
        ({"blank": 4}, ValueError, "blank = 4 is not a class: there are 4"),
        ({"fast_emit": -0.5}, ValueError, "fast_emit = -0.5"),
        ({"impossible": "skip"}, ValueError, "impossible = 'skip' is not one of"),
        ({"sample_weight": [1.0, -1.0]}, ValueError, r"sample_weight\[1\] = -1"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {"y_true": np.array([[1, 2], [3, 1]]), "logits": np.zeros((2, 5, 3, 4)), **changes}
    out = np.full(np.shape(given["logits"]), 7.0)
    with pytest.raises(error, match=message):
        fl.rnnt.value_and_grad(**given, out=(None, out))
    assert (out == 7).all()


def test_bound_pickled_and_in_pytorch() -> None:
    arrays = drawn("whole", dtype=np.float64)
    bound = pickle.loads(pickle.dumps(fl.rnnt.bind(blank=-1, per="frame")))
    moved = {**arrays, "y_true": arrays["y_true"] - 1}
    assert bound(**moved) == fl.rnnt(**moved, blank=-1, per="frame")
    torch = pytest.importorskip("torch")
    logits = torch.tensor(np.nan_to_num(arrays["logits"]), requires_grad=True)
    others = [torch.tensor(arrays[name]) for name in ("label_lengths", "logit_lengths")]
    weights = torch.tensor([1.0, 0.5, 2.0, 0.25, 3.0], dtype=torch.float64)
    loss = fl.interop.torch.FusedLoss(fl.rnnt, reduction="none")
    (loss(torch.tensor(arrays["y_true"]), logits, *others) * weights).sum().backward()
    expected = fl.rnnt.grad(**arrays, reduction="sum", sample_weight=weights.numpy())
    np.testing.assert_allclose(logits.grad.numpy(), expected, rtol=1e-12, atol=1e-16)


# -- scores that are sums: the additive joiner ------------------------------------------------------------------------


def drawn_sums(*key: Any, sizes: tuple[int, ...] = (5, 7, 5), dtype: Any = np.float32) -> dict[str, Any]:
    """Return the arrays of a batch: lengths differ, and what is behind them is no number, or no class."""
    arrays = fl.kinds.draw(fl.rnnt_additive._row, sizes, dtype, generator("sums", *map(str, key)))
    for n, (labels, frames) in enumerate(zip(arrays["label_lengths"], arrays["logit_lengths"], strict=True)):
        arrays["y_true"][n, labels:] = -7
        arrays["encoder"][n, frames:] = arrays["decoder"][n, labels + 1 :] = np.nan
    return arrays


def packed_sums(arrays: dict[str, Any], encoder: Any = None, decoder: Any = None) -> dict[str, Any]:
    """Return both arrays with one sequence behind the other, or of others of their shapes."""
    encoder = arrays["encoder"] if encoder is None else encoder
    decoder = arrays["decoder"] if decoder is None else decoder
    return {
        "encoder": np.concatenate([own[:t] for own, t in zip(encoder, arrays["logit_lengths"], strict=True)]),
        "decoder": np.concatenate([own[: u + 1] for own, u in zip(decoder, arrays["label_lengths"], strict=True)]),
    }


@of_floats
def test_sums_and_the_textbook(dtype: Any) -> None:
    """rnnt_additive of tiny grids, and both gradients, against the sum over all ways."""
    rng = generator("sums", "textbook")
    labels, frames, count = [1, 2], 3, 2
    both = [rng.normal(size=(frames, 3)).astype(dtype), rng.normal(size=(count + 1, 3)).astype(dtype)]

    def loss(which: int = -1, place: tuple[int, int] = (0, 0)) -> Jet:
        rows = [[[exact(x) for x in row] for row in array] for array in both]
        if which >= 0:
            rows[which][place[0]][place[1]] = Jet(rows[which][place[0]][place[1]], mpf(1), mpf(0))
        return oracle.as_jet(oracle.rnnt_additive(labels, *rows))

    value, gradients = fl.rnnt_additive.value_and_grad([labels], both[0][None], both[1][None])
    with mp.workdps(40):
        assert abs(exact(value) - loss().value) <= 4e-16 * loss().value
        for which, gradient in enumerate(gradients):
            for place in np.ndindex(both[which].shape):
                wrong = abs(float(gradient[0][place]) - float(loss(which, place).first))
                assert wrong <= 3 * np.finfo(dtype).eps, (which, place)


def regime_of_sums(name: str, dtype: Any) -> tuple[Any, Any, Any]:
    """Return labels, encoder and decoder of a sequence."""
    rng = generator("sums", name, dtype)
    labels, times = np.array([2, 3, 4]), (1, 4, 4)
    x, y = rng.normal(size=(7, 6)), rng.normal(size=(4, 6))
    word, _, text = name.partition(" ")
    number = float(text or 0)
    if word == "confident":  # a label only where frame and place say it both
        x[:, 0] += 1.5 * number
        for u, t in enumerate(times):
            x[t, labels[u]] += number
            y[u, labels[u]] += number
    elif word == "blank":
        x[:, 0] += number
    elif word == "spread":
        x, y = x * number, y * number
    elif word == "opposed":  # what is likely by the frame is not by the labels: nothing is large in both
        x[:, 1] += number
        y[:, 5] += number
        x[::2, 4] += number
    elif word == "masks":
        x[rng.random(x.shape) < 0.2] = number
        y[rng.random(y.shape) < 0.2] = number
        x[:, [0, *labels]], y[:, [0, *labels]] = rng.normal(size=(7, 4)), rng.normal(size=(4, 4))
    elif word == "offset":
        x, y = x + number, y - 2 * number
    return labels, x.astype(dtype), y.astype(dtype)


REGIMES_OF_SUMS = (
    "random", "confident 20", "confident 50", "confident 90", "blank 25", "blank 300", "spread 30", "spread 100",
    "spread 1e4", "opposed 150", "opposed 300", "opposed 900", "opposed 3000", "masks -1e4", "masks -1e30",
    "masks -inf", "offset 1e4",
)  # fmt: skip


@of_floats
@pytest.mark.parametrize("name", REGIMES_OF_SUMS)
def test_sums_in_every_regime(name: str, dtype: Any) -> None:
    """rnnt_additive against a recursion in 80 digits."""
    labels, x, y = regime_of_sums(name, dtype)
    value, (by_x, by_y) = fl.rnnt_additive.value_and_grad(labels[None], x[None], y[None])
    with mp.workdps(80):
        sums = np.array([[[exact(a) + exact(b) for a, b in zip(r, s, strict=True)] for s in y] for r in x], object)
        loss, slopes, here = recursion(labels, sums)
        # Exponents of 1e3 have lost three digits of a double; in logarithms it is those of the whole loss.
        spread = max(float(np.ptp(np.where(a > -1e29, a, 0).astype(float))) for a in (x, y))
        double = np.finfo(np.float64).eps * (16 + 2 * spread + 4 * float(loss))
        small = 4e-16 * spread if loss < 1 else 0.0  # of a loss near 0, the exponents of what fails
        assert value >= 0 and abs(exact(value) - loss) <= abs(loss) * (4e-15 + small)
        eps, least = float(np.finfo(dtype).eps), max(2.0**-160, float(np.finfo(dtype).smallest_subnormal))
        for gradient, axis in ((by_x[0], 1), (by_y[0], 0)):
            right, rows = slopes.sum(axis=axis), here.sum(axis=axis)
            for k, c in np.ndindex(gradient.shape):
                wrong = float(abs(exact(gradient[k, c]) - right[k, c]))
                assert wrong <= max(eps * float(abs(right[k, c])) + double * float(rows[k]), least), (axis, k, c)
            if np.isfinite(x).all() and np.isfinite(y).all():
                for k, row in enumerate(gradient):
                    total = abs(float(mp.fsum(map(exact, row))))
                    assert total <= max(4 * eps * float(max(map(abs, right[k]))) + double * float(rows[k]), 8 * least)


@pytest.mark.parametrize("scale", [1, 40])
def test_sums_of_many_classes_and_frames(scale: float) -> None:
    """rnnt_additive in several blocks of either is the transducer of all sums."""
    arrays = drawn_sums("blocks", sizes=(3, 70, 300), dtype=np.float64)
    arrays["encoder"] *= scale
    whole = {name: array for name, array in arrays.items() if name not in ("encoder", "decoder")}
    value, (by_encoder, by_decoder) = fl.rnnt_additive.value_and_grad(**arrays, fast_emit=0.25)
    sums = arrays["encoder"][:, :, None] + arrays["decoder"][:, None]
    right, slopes = fl.rnnt.value_and_grad(**whole, logits=sums, fast_emit=0.25)
    np.testing.assert_allclose(value, right, rtol=1e-13)
    bound = 1e-13 * scale * np.abs(slopes).sum(axis=(1, 2, 3), keepdims=True)[:, 0]
    assert (np.abs(by_encoder - slopes.sum(2)) <= bound).all()
    assert (np.abs(by_decoder - slopes.sum(1)) <= bound).all()
    for n, (labels, frames) in enumerate(zip(arrays["label_lengths"], arrays["logit_lengths"], strict=True)):
        assert bits(by_encoder[n, frames:]) == bits(np.zeros_like(by_encoder[n, frames:]))
        assert bits(by_decoder[n, labels + 1 :]) == bits(np.zeros_like(by_decoder[n, labels + 1 :]))


@of_floats
def test_sums_have_the_same_bits(dtype: Any) -> None:
    """rnnt_additive in every layout, packed, in place, alone, on any number of threads, with one gradient of two."""
    arrays = drawn_sums("bits", sizes=(6, 20, 30), dtype=dtype)
    arrays["encoder"][1] *= 300  # nodes that are apart
    value, gradients = fl.rnnt_additive.value_and_grad(**arrays, n_threads=1)
    assert fl.rnnt_additive(**arrays) == value
    for threads in (2, 3):
        again, own = fl.rnnt_additive.value_and_grad(**arrays, n_threads=threads)
        assert (bits(again), bits(own)) == (bits(value), bits(gradients))
    for name, right in zip(("encoder", "decoder"), gradients, strict=True):
        assert bits(fl.rnnt_additive.grad(**arrays, wrt=name)) == bits(right)
    for change in (np.asfortranarray, lambda a: a[::-1, ::-1, ::-1].copy()[::-1, ::-1, ::-1],
                   lambda a: a.astype(a.dtype.newbyteorder())):  # fmt: skip
        other = arrays | {name: change(arrays[name]) for name in ("encoder", "decoder")}
        again, own = fl.rnnt_additive.value_and_grad(**other)
        assert (bits(again), bits(tuple(np.asarray(a, dtype) for a in own))) == (bits(value), bits(gradients))
        places = tuple(other[name] for name in ("encoder", "decoder"))
        assert fl.rnnt_additive.grad(**other, out=places)[0] is places[0]
        assert bits(tuple(np.asarray(a, dtype) for a in places)) == bits(gradients)
    packed_arrays = packed_sums(arrays)
    again, own = fl.rnnt_additive.value_and_grad(**arrays | packed_arrays)
    right = packed_sums(arrays, *gradients)
    assert (bits(again), bits(own)) == (bits(value), bits((right["encoder"], right["decoder"])))
    again, own = fl.rnnt_additive.value_and_grad(**arrays | {"decoder": packed_arrays["decoder"]})
    assert (bits(again), bits(own[0])) == (bits(value), bits(gradients[0]))
    losses, gradients = fl.rnnt_additive.value_and_grad(**arrays, reduction="none")
    for n in (1, 5):
        alone = {name: array[n : n + 1] for name, array in arrays.items()}
        one, slopes = fl.rnnt_additive.value_and_grad(**alone, reduction="none")
        assert bits((one, *slopes)) == bits((losses[n : n + 1], *(own[n : n + 1] for own in gradients)))


@pytest.mark.parametrize("half", HALVES, ids=str)
def test_sums_of_halves(half: Any) -> None:
    arrays = drawn_sums("halves")
    rounded = arrays | {name: arrays[name].astype(half) for name in ("encoder", "decoder")}
    value, gradients = fl.rnnt_additive.value_and_grad(**rounded)
    wide = {name: a.astype(np.float64) if name in ("encoder", "decoder") else a for name, a in rounded.items()}
    right, own = fl.rnnt_additive.value_and_grad(**wide)
    assert value == right
    for gradient, exactly in zip(gradients, own, strict=True):
        assert (
            np.abs(gradient.astype(float) - exactly).max()
            <= float(np.finfo(np.float16).eps) * 8 * np.abs(exactly).max()
        )


def test_sums_that_have_no_way_or_are_no_numbers() -> None:
    """rnnt_additive: weights, an impossible sequence, NaN and infinities stay with their sequence."""
    arrays = drawn_sums("apart", sizes=(4, 5, 4), dtype=np.float64)
    arrays["label_lengths"][:], arrays["logit_lengths"][:] = 2, 5
    arrays["y_true"] = np.array([[1, 2]] * 4)
    rng = generator("sums apart")
    arrays["encoder"], arrays["decoder"] = rng.normal(size=(4, 5, 4)), rng.normal(size=(4, 3, 4))
    right = fl.rnnt_additive.value_and_grad(**arrays, reduction="none")
    others = [0, 2, 3]
    for name, place, bad in (
        ("encoder", (1, 2, 3), np.nan), ("encoder", (1, 0, 0), np.inf), ("decoder", (1, 2, 1), np.nan),
        ("decoder", (1, 0, 0), np.inf), ("decoder", (1, 1, 2), -np.inf),
    ):  # fmt: skip
        given = {key: array.copy() for key, array in arrays.items()}
        given[name][place] = bad
        losses, gradients = fl.rnnt_additive.value_and_grad(**given, reduction="none")
        assert losses[1] == np.inf if bad == -np.inf else np.isnan(losses[1])
        assert all(np.isnan(own[1]).all() for own in gradients)
        assert bits(losses[others]) == bits(right[0][others])
        assert all(bits(own[others]) == bits(slopes[others]) for own, slopes in zip(gradients, right[1], strict=True))
        for keywords in ({"where": [True, False, True, True]}, {"sample_weight": [1.0, 0.0, 1.0, 1.0]}):
            losses, gradients = fl.rnnt_additive.value_and_grad(**given, reduction="none", **keywords)
            assert losses[1] == 0 and not any(own[1].any() for own in gradients)
    losses, gradients = fl.rnnt_additive.value_and_grad(**given, reduction="none", impossible="zero")
    assert losses[1] == 0 and not any(own[1].any() for own in gradients)
    with pytest.raises(ValueError, match="no way has the labels of sequence 1"):
        fl.rnnt_additive(**given, impossible="raise")


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"encoder": np.zeros((2, 5, 1, 4))}, ValueError, r"encoder has shape \(2, 5, 1, 4\); it needs three axes"),
        ({"decoder": np.zeros(4)}, ValueError, r"decoder has shape \(4,\); it needs three axes"),
        ({"decoder": np.zeros((2, 3, 5))}, ValueError, "they must have the same classes"),
        ({"decoder": np.zeros((3, 3, 4))}, ValueError, "there are 2 sequences of encoder"),
        ({"decoder": np.zeros((2, 2, 4))}, ValueError, "sequence 0 has 2 labels; decoder has .* with room for 1"),
        ({"decoder": np.zeros((5, 4))}, ValueError, "decoder has 5 rows; label_lengths make 6"),
        ({"encoder": np.zeros((10, 4))}, ValueError, "need logit_lengths"),
        ({"encoder": np.zeros((10, 4)), "logit_lengths": [5, 4]}, ValueError, "lengths adds up to 9; encoder has 10"),
        ({"logit_lengths": [1, 6]}, ValueError, r"logit_lengths\[1\] = 6; encoder has 5"),
        ({"y_true": np.array([[1, 4], [3, 1]])}, ValueError, r"y_true\[0, 1\] = 4 is not in \[0, 4\)"),
    ],
)  # fmt: skip
def test_sums_that_are_refused(changes: dict[str, Any], error: type[Exception], message: str) -> None:
    given: dict[str, Any] = {
        "y_true": np.array([[1, 2], [3, 1]]),
        "encoder": np.zeros((2, 5, 4)),
        "decoder": np.zeros((2, 3, 4)),
    }
    given |= changes
    out = tuple(np.full(np.shape(given[name]), 7.0) for name in ("encoder", "decoder"))
    with pytest.raises(error, match=message):
        fl.rnnt_additive.value_and_grad(**given, out=(None, out))
    assert all((own == 7).all() for own in out)
