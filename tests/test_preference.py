"""Losses of preferences, policies and adversaries: what their own text promises, beside what every loss does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cases import FLOATS, generator

import fastloss as fl

of_floats = pytest.mark.parametrize("dtype", FLOATS, ids=str)
INF = np.inf


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0, -x)


def arrays(key: str, count: int, size: int = 400) -> list[np.ndarray]:
    return list(generator("preference", key).normal(scale=3, size=(count, size)))


def same(got: Any, expected: Any, lost: float = 0.0) -> None:
    """`lost`: what the formula that is compared with loses where its terms cancel."""
    np.testing.assert_allclose(got, expected, rtol=1e-12, atol=lost)


# -- the formulas of other libraries, written with NumPy in their own words -------------------------------------------


def trl_dpo(chosen: Any, rejected: Any, ref_chosen: Any, ref_rejected: Any, beta: float, eps: float, form: str) -> Any:
    """``dpo_loss`` of TRL's DPOTrainer."""
    logits = (chosen - ref_chosen) - (rejected - ref_rejected)
    if form == "sigmoid":
        return -log_sigmoid(beta * logits) * (1 - eps) - log_sigmoid(-beta * logits) * eps
    return np.maximum(1 - beta * logits, 0) if form == "hinge" else (logits - 1 / (2 * beta)) ** 2


@pytest.mark.parametrize("form", ["sigmoid", "hinge", "ipo"])
@pytest.mark.parametrize("beta", [0.1, 0.7])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_dpo_is_that_of_trl(form: str, beta: float, smoothing: float) -> None:
    smoothing = smoothing if form == "sigmoid" else 0.0
    ref_chosen, ref_rejected, chosen, rejected = arrays("dpo", 4)
    keywords: dict[str, Any] = {"beta": beta, "label_smoothing": smoothing, "form": form}
    got = fl.dpo(ref_chosen, ref_rejected, chosen, rejected, reduction="none", **keywords)
    same(got, trl_dpo(chosen, rejected, ref_chosen, ref_rejected, beta, smoothing, form))


def test_kto_is_that_of_trl() -> None:
    """TRL: chosen 1 - sigmoid(beta (ratio - kl)), rejected 1 - sigmoid(beta (kl - ratio))."""
    reference, log_prob, kl = arrays("kto", 3)
    desirable, beta = generator("kto").random(400) < 0.5, 0.3
    ratio = log_prob - reference
    expected = np.where(desirable, 1 - sigmoid(beta * (ratio - kl)), 1 - sigmoid(beta * (kl - ratio)))
    same(fl.kto(desirable, reference, log_prob, beta * kl, beta=beta, reduction="none"), expected)


def test_the_clipped_loss_of_values_is_that_of_baselines() -> None:
    """``ppo2``: 0.5 * mean(maximum(square(v - R), square(old + clip(v - old, -c, c) - R)))."""
    returns, old, values = arrays("value_clip", 3)
    clipped = old + np.clip(values - old, -0.2, 0.2)
    expected = 0.5 * np.mean(np.maximum((values - returns) ** 2, (clipped - returns) ** 2))
    same(fl.value_clip(returns, old, values), expected)


def test_the_third_estimator_of_a_divergence_is_that_of_grpo() -> None:
    """TRL's GRPOTrainer: exp(ref - logp) - (ref - logp) - 1."""
    reference, log_prob = arrays("kl", 2)
    expected = np.exp(reference - log_prob) - (reference - log_prob) - 1
    same(fl.kl_estimate(reference, log_prob, reduction="none"), expected, lost=1e-14)


@pytest.mark.parametrize("kind", ["k1", "k3"])
def test_the_mean_of_an_estimator_is_the_divergence(kind: str) -> None:
    rng = generator("kl mean")
    p, q = rng.dirichlet(np.ones(5), 2)
    divergence = (p * np.log(p / q)).sum()
    same(fl.kl_estimate(np.log(q), np.log(p), kind=kind, sample_weight=p), divergence)


def test_adversaries_are_those_of_the_papers() -> None:
    """Means over each sort, as in training loops: the sum of both is twice the mean of as many of both."""
    real, generated = arrays("gan", 2)
    scores, is_real = np.concatenate([real, generated]), np.arange(800) < 400
    relu = lambda x: np.maximum(x, 0)  # noqa: E731
    discriminator = {
        "non_saturating": -log_sigmoid(real).mean() - log_sigmoid(-generated).mean(),
        "minimax": -log_sigmoid(real).mean() - log_sigmoid(-generated).mean(),
        "least_squares": 0.5 * ((real - 1) ** 2).mean() + 0.5 * (generated**2).mean(),
        "hinge": relu(1 - real).mean() + relu(1 + generated).mean(),
        "wasserstein": generated.mean() - real.mean(),
    }
    generator_ = {
        "non_saturating": -log_sigmoid(generated).mean(),
        "minimax": log_sigmoid(-generated).mean(),
        "least_squares": 0.5 * ((generated - 1) ** 2).mean(),
        "hinge": -generated.mean(),
        "wasserstein": -generated.mean(),
    }
    for form, expected in discriminator.items():
        same(2 * fl.gan(is_real, scores, form=form), expected)
    for form, expected in generator_.items():
        same(fl.gan(is_real, scores, role="generator", form=form, where=~is_real), expected)
        same(2 * fl.gan(is_real, scores, role="generator", form=form), expected)
        value, gradient, hessian = fl.gan.value_grad_hess(
            is_real, scores, role="generator", form=form, reduction="none"
        )
        assert not value[is_real].any()
        assert not gradient[is_real].any()
        assert not hessian[is_real].any()
        assert gradient[~is_real].any()


# -- identities -------------------------------------------------------------------------------------------------------


@of_floats
def test_dpo_is_bradley_terry_of_rewards(dtype: Any) -> None:
    """beta times the ratio is a reward; without a reference and with beta 1 it is the log-probability itself."""
    chosen, rejected = (array.astype(dtype) for array in arrays("rewards", 2))
    none = np.zeros_like(chosen)
    got = fl.dpo.value_grad_hess(none, none, chosen, rejected, beta=1, reduction="none")
    expected = fl.bradley_terry.value_grad_hess(chosen, rejected, reduction="none")
    for own, other in zip(got, expected, strict=True):
        np.testing.assert_array_max_ulp(np.asarray(own), np.asarray(other), 6)


def test_smoothed_preferences_are_a_mixture_of_both_ways_round() -> None:
    ref_chosen, ref_rejected, chosen, rejected = arrays("smoothing", 4)
    right = fl.dpo(ref_chosen, ref_rejected, chosen, rejected, reduction="none")
    wrong = fl.dpo(ref_rejected, ref_chosen, rejected, chosen, reduction="none")
    got = fl.dpo(ref_chosen, ref_rejected, chosen, rejected, label_smoothing=0.2, reduction="none")
    same(got, 0.8 * right + 0.2 * wrong)


# -- special values ---------------------------------------------------------------------------------------------------


@of_floats
@pytest.mark.parametrize(
    ("form", "chosen", "expected"),
    [
        ("sigmoid", INF, (0, 0, 0)),
        ("sigmoid", -INF, (INF, -0.5, 0)),
        ("hinge", INF, (0, 0, 0)),
        ("hinge", -INF, (INF, -0.5, 0)),
        ("hinge", 2.0, (0, -0.25, 0)),
        ("ipo", INF, (INF, INF, 2)),
        ("ipo", -INF, (INF, -INF, 2)),
        ("ipo", 1.0, (0, 0, 2)),
    ],
)
def test_dpo_at_infinite_log_probabilities_and_at_its_kink(form: str, chosen: float, expected: Any, dtype: Any) -> None:
    """beta = 1/2: the kink of the hinge is at h = 2, the aim of ipo at h = 1."""
    given = [np.array([x], dtype) for x in (3.0, 3.0, chosen, 0.0)]
    value, gradients, hessians = fl.dpo.value_grad_hess(*given, beta=0.5, form=form, reduction="none")
    assert (value[0], gradients[0][0], hessians[0][0]) == expected
    assert (-gradients[1][0], hessians[1][0]) == expected[1:]
    given[3][0] = chosen
    if np.isinf(chosen):
        assert np.isnan(fl.dpo(*given, beta=0.5, form=form))  # two answers without a probability


@of_floats
@pytest.mark.parametrize("form", ["sigmoid", "hinge", "ipo"])
def test_differences_that_are_too_large_for_a_float_need_not_be_so_of_a_loss(form: str, dtype: Any) -> None:
    largest = dtype.type(np.finfo(dtype).max)
    given = [np.array([x], dtype) for x in (-largest, -largest, largest, largest)]
    expected = {"sigmoid": np.log(2), "hinge": 1, "ipo": 25}[form]
    assert fl.dpo(*given, form=form) == pytest.approx(expected, rel=1e-6)
    given[3] = np.array([-largest], dtype)
    if form == "sigmoid":
        beta = 8.0 / float(largest)
        got = fl.dpo(*given, beta=beta)
        assert got == pytest.approx(np.log1p(np.exp(-2 * beta * float(largest))), rel=1e-6)


def test_smoothing_is_refused_of_forms_that_have_none() -> None:
    given = [np.zeros(3)] * 4
    text = "label_smoothing = 0.1 is not 0: form='{}' does not use it"
    for form in ("hinge", "ipo"):
        with pytest.raises(ValueError, match=text.format(form)):
            fl.dpo(*given, label_smoothing=0.1, form=form)
        with pytest.raises(ValueError, match=text.format(form)):
            fl.dpo.bind(label_smoothing=0.1, form=form)
        assert fl.dpo.bind(form=form)(*given) == fl.dpo(*given, form=form)


@of_floats
def test_kto_at_infinite_log_probabilities(dtype: Any) -> None:
    log_prob = np.array([INF, -INF, INF, -INF, 0], dtype)
    desirable, zero = np.array([1, 1, 0, 0, 1], dtype), np.zeros(5, dtype)
    value, gradient, hessian = fl.kto.value_grad_hess(desirable, zero, log_prob, zero, beta=1, reduction="none")
    assert value.tolist() == [0, 1, 1, 0, 0.5]
    assert gradient.tolist() == [0, 0, 0, 0, -0.25]
    assert not hessian.any()


@of_floats
def test_the_clipped_loss_of_values_has_midpoints_at_its_kinks(dtype: Any) -> None:
    """clip = 1/2, old value 0: (value, return) -> gradient."""
    cases = {
        (0.5, 2.0): -0.75,  # at the edge, going away from the old value towards the return: half of -1.5
        (0.5, -2.0): 2.5,  # going away from the return: the plain square is the larger one on both sides
        (-0.5, -2.0): 0.75,
        (1.0, 0.75): 0.125,  # as far from the return as the edge is
        (1.0, 2.0): 0,
        (1.0, -2.0): 3,
        (0.25, 2.0): -1.75,
    }
    values, returns = np.array(list(cases), dtype).T
    got = fl.value_clip.grad(returns, np.zeros_like(values), values, clip=0.5, reduction="sum")
    assert got.tolist() == list(cases.values())
    nothing = fl.value_clip.grad(np.ones(2, dtype), np.zeros(2, dtype), np.zeros(2, dtype), clip=0, reduction="sum")
    assert nothing.tolist() == [-0.5, -0.5]


@of_floats
def test_an_estimate_of_a_divergence_keeps_its_digits_near_0(dtype: Any) -> None:
    """e^u - 1 - u is u^2 / 2 there; written so it would be 0."""
    step = np.array([2.0**-20, -(2.0**-20), 2.0**-40], dtype)
    got = fl.kl_estimate(step, np.zeros(3, dtype), reduction="none")
    np.testing.assert_allclose(got, step**2 / 2 * (1 + step / 3 + step**2 / 12), rtol=4 * np.finfo(dtype).eps)
    ends = np.array([INF, -INF], dtype)
    value, gradient, hessian = fl.kl_estimate.value_grad_hess(ends, np.zeros(2, dtype), reduction="none")
    assert (value.tolist(), gradient.tolist(), hessian.tolist()) == ([INF, INF], [-INF, 1], [INF, 0])


@of_floats
@pytest.mark.parametrize("role", ["discriminator", "generator"])
@pytest.mark.parametrize("form", ["non_saturating", "minimax", "least_squares", "hinge", "wasserstein"])
def test_adversaries_at_infinite_scores(role: str, form: str, dtype: Any) -> None:
    """No NaN; the gradient is that of the largest number."""
    scores, is_real = np.array([INF, -INF, INF, -INF], dtype), np.array([1, 1, 0, 0], dtype)
    largest = np.nan_to_num(scores)
    value, gradient = fl.gan.value_and_grad(is_real, scores, role=role, form=form, reduction="none")
    assert not np.isnan(value).any()
    if form == "least_squares":
        counts = np.ones(4, bool) if role == "discriminator" else is_real == 0
        assert (value == np.where(counts, INF, 0)).all()
        assert (gradient[counts] == scores[counts]).all()
        return
    finite = fl.gan.value_and_grad(is_real, largest, role=role, form=form, reduction="none")
    assert gradient.tolist() == finite[1].tolist()
    assert value.tolist() == [np.sign(x) * INF if abs(x) > 1 else x for x in finite[0]]


@pytest.mark.parametrize(("name", "loss"), [("is_real", fl.gan), ("desirable", fl.kto)])
def test_marks_that_are_no_marks_are_refused_by_their_name(name: str, loss: Any) -> None:
    marks = np.array([0, 1, 0.5])
    others = [np.zeros(3)] * (1 if loss is fl.gan else 3)
    with pytest.raises(ValueError, match=rf"{name}\[2\] = 0.5 is not 0 or 1"):
        loss(marks, *others)
    assert loss(marks > 0, *others) == loss((marks > 0).astype(np.int8), *others)


# -- odds -------------------------------------------------------------------------------------------------------------


def test_orpo_is_that_of_trl() -> None:
    """``odds_ratio_loss``: log_odds = (c - r) - (log1p(-exp(c)) - log1p(-exp(r))), -logsigmoid(log_odds)."""
    chosen, rejected = (-np.abs(array) - 0.01 for array in arrays("orpo", 2))
    log_odds = (chosen - rejected) - (np.log1p(-np.exp(chosen)) - np.log1p(-np.exp(rejected)))
    same(fl.orpo(chosen, rejected, reduction="none"), -log_sigmoid(log_odds))


@of_floats
def test_orpo_at_the_ends_of_probabilities(dtype: Any) -> None:
    """Odds of 0 and of infinity; where both are the one or the other there is no ratio."""
    chosen, rejected = np.array([[0, -1], [-1, 0], [-INF, -1], [-1, -INF], [0.005, -1]], dtype).T
    value, (by_chosen, by_rejected), _ = fl.orpo.value_grad_hess(chosen, rejected, reduction="none")
    odds = np.exp(dtype.type(-1)) / -np.expm1(dtype.type(-1))
    assert value.tolist() == [0, INF, INF, 0, 0]
    assert by_chosen == pytest.approx([-odds, -1 - odds, -1, 0, -odds], rel=1e-6)
    assert by_rejected == pytest.approx([0, INF, 1 + odds, 0, 0], rel=1e-6)
    for end in (0, -INF):
        assert np.isnan(fl.orpo(np.array([end], dtype), np.array([end], dtype)))


@of_floats
@pytest.mark.parametrize("name", ["chosen", "rejected"])
def test_a_log_probability_above_0_is_refused_in_either_array(name: str, dtype: Any) -> None:
    given = {"chosen": np.full(3000, -1, dtype), "rejected": np.full(3000, -2, dtype)}
    plain = fl.orpo(**given)
    given[name][2500] = 0.5
    with pytest.raises(ValueError, match=rf"{name}\[2500\] = 0.5 is not the logarithm of a probability, <= 0"):
        fl.orpo(**given)
    with pytest.raises(ValueError, match=rf"{name}\[2500\]"):
        fl.orpo.grad(**given, sample_weight=np.ones(3000))
    kept = np.arange(3000) != 2500
    assert fl.orpo(**given, where=kept) == pytest.approx(plain, rel=1e-6)
