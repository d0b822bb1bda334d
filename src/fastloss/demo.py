"""``python -m fastloss demo``: train a softmax classifier of handwritten digits, and see what fastloss is for."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import fastloss as fl

CLASSES = 10
# Only against rounding to ever larger weights: strong enough to end the training, too weak to cost accuracy.
L2 = 1e-5
ITERATIONS = 150
REPORT_EVERY = 10
ROUNDS = 31


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m fastloss demo", description=__doc__.partition(": ")[2])
    parser.add_argument("--output", type=Path, default=Path("fastloss-demo.png"), metavar="PATH", help="where to draw")
    options = parser.parse_args(argv)
    output: Path = options.output
    if not output.parent.is_dir():
        return _fail(f"there is no folder {output.parent} to write {output.name} to")
    try:
        # What is missing is reported before the work, not after it.
        import scipy.optimize  # noqa: F401
        import sklearn.datasets  # noqa: F401
        from matplotlib.figure import Figure
        from threadpoolctl import threadpool_limits  # scikit-learn depends on it
    except ImportError as error:
        return _fail(f"cannot import {error.name}; the demo needs: python -m pip install scipy scikit-learn matplotlib")
    formats = Figure().canvas.get_supported_filetypes()
    if output.suffix.removeprefix(".").lower() not in formats:
        return _fail(f"{output.name} is no picture; its ending may be one of {', '.join(sorted(formats))}")

    digits = Digits.load()
    _say("fastloss demo: a softmax classifier of handwritten digits, 64 pixels to 10 classes")
    _say(f"{len(digits.y_train)} digits to train on, {len(digits.y_test)} to test; L-BFGS-B on value_and_grad\n")
    # Products of 65 x 10 gain nothing from threads, and lose a lot to them on a busy machine: 10 s instead of 0.1 s.
    with threadpool_limits(1, user_api="blas"):
        training = train(digits)
    report_training(training, digits)
    report_time(digits, training.weights)
    rows = compare_rows(digits, training.weights)
    report_rows(rows, digits)
    try:
        draw(training, rows, output)
    except OSError as error:
        return _fail(f"the picture cannot be written: {error}")
    _say(f"\npicture: {output.resolve()}")
    return 0


@dataclass(frozen=True)
class Digits:
    """The 1,797 digits of scikit-learn, pixels from 0 to 1 and a constant 1 for the bias, split once and for all."""

    x_train: NDArray[np.float64]
    y_train: NDArray[np.int64]
    x_test: NDArray[np.float64]
    y_test: NDArray[np.int64]

    @classmethod
    def load(cls) -> Digits:
        """Read the digits that scikit-learn ships; a quarter of them is for testing."""
        from sklearn.datasets import load_digits

        pixels, labels = load_digits(return_X_y=True)
        x = np.column_stack((pixels / 16, np.ones(len(pixels))))
        order = np.random.default_rng(0).permutation(len(x))
        x, y = x[order], labels[order].astype(np.int64)
        n_train = len(x) - len(x) // 4
        return cls(x[:n_train], y[:n_train], x[n_train:], y[n_train:])

    def accuracy(self, weights: NDArray[np.float64]) -> float:
        """The part of the test digits whose largest logit is the right one."""
        return float(np.mean(np.argmax(self.x_test @ weights, axis=1) == self.y_test))


@dataclass
class Training:
    """What a training run leaves behind: the weights, the curve and the time."""

    weights: NDArray[np.float64]
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    calls: int = 0
    seconds: float = 0.0
    seconds_in_loss: float = 0.0


def train(digits: Digits) -> Training:
    """Minimise the cross-entropy: the loss hands L-BFGS-B value and gradient from one pass over the logits."""
    from scipy.optimize import minimize

    x, y = digits.x_train, digits.y_train
    training = Training(np.zeros((x.shape[1], CLASSES)))

    def objective(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(training.weights.shape)
        logits = x @ weights
        start = time.perf_counter()
        value, grad = fl.cross_entropy.value_and_grad(y, logits)
        training.seconds_in_loss += time.perf_counter() - start
        training.calls += 1
        return value + L2 / 2 * float(np.sum(weights**2)), (x.T @ grad + L2 * weights).ravel()

    def progress(intermediate_result: Any) -> None:
        training.weights = intermediate_result.x.reshape(training.weights.shape).copy()
        record(float(intermediate_result.fun))

    def record(loss: float) -> None:
        training.losses.append(loss)
        training.accuracies.append(digits.accuracy(training.weights))
        iteration = len(training.losses) - 1
        if iteration % REPORT_EVERY == 0:
            _say(f"{iteration:9}  {training.losses[-1]:13.6f}  {training.accuracies[-1]:13.1%}")

    _say("iteration  training loss  test accuracy")
    start = time.perf_counter()
    record(objective(training.weights.ravel())[0])
    minimize(
        objective,
        training.weights.ravel(),
        method="L-BFGS-B",
        jac=True,
        callback=progress,
        options={"maxiter": ITERATIONS},
    )
    training.seconds = time.perf_counter() - start
    return training


def plain_cross_entropy(y_true: NDArray[np.int64], logits: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Losses of the rows and gradient of their mean, as people write it in NumPy."""
    rows = np.arange(len(y_true))
    shifted = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    totals = exponentials.sum(axis=1, keepdims=True)
    losses = np.log(totals[:, 0]) - shifted[rows, y_true]
    grad = exponentials / totals
    grad[rows, y_true] -= 1
    grad /= len(y_true)
    return losses, grad


def report_training(training: Training, digits: Digits) -> None:
    """Say how the training ended."""
    right = round(training.accuracies[-1] * len(digits.y_test))
    _say(
        f"\ntraining loss {training.losses[-1]:.6f} after {len(training.losses) - 1} iterations; "
        f"test accuracy {training.accuracies[-1]:.1%} ({right} of {len(digits.y_test)})"
    )
    in_loss = f"{training.seconds_in_loss * 1e3:.1f} ms in {training.calls} calls of the loss"
    _say(f"{training.seconds:.2f} s, of which {in_loss}")


def report_time(digits: Digits, weights: NDArray[np.float64]) -> None:
    """Time fastloss and the plain formula on the logits of the training digits, in turn."""
    y_true, logits = digits.y_train, digits.x_train @ weights

    def plain() -> tuple[float, NDArray[Any]]:
        losses, grad = plain_cross_entropy(y_true, logits)
        return float(losses.mean()), grad

    fused, formula = _medians_in_turn(lambda: fl.cross_entropy.value_and_grad(y_true, logits), plain)
    _say(f"\nvalue and gradient of the {len(logits)} x {CLASSES} logits, median of {ROUNDS} rounds in turn")
    _say(f"  fastloss     {fused * 1e6:7.1f} us")
    _say(f"  plain NumPy  {formula * 1e6:7.1f} us, {formula / fused:.1f} times as long")


def _medians_in_turn(*calls: Callable[[], object]) -> list[float]:
    """Median seconds of each call; in turn, so that a busy moment hits all of them."""
    seconds = np.empty((ROUNDS + 1, len(calls)))
    for turn in range(ROUNDS + 1):
        for side, call in enumerate(calls):
            start = time.perf_counter()
            call()
            seconds[turn, side] = time.perf_counter() - start
    return [float(median) for median in np.median(seconds[1:], axis=0)]  # the first round warms up


@dataclass(frozen=True)
class Rows:
    """The loss of each training digit from float32 logits: by fastloss, by the plain formula, and in truth."""

    logits: NDArray[np.float32]
    fused: NDArray[np.float32]
    plain: NDArray[np.float32]
    true: list[Decimal]

    @property
    def relative_errors(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of fastloss and of the plain formula."""
        fused, plain = (
            np.array(
                [float(abs(Decimal(float(loss)) / true - 1)) for loss, true in zip(losses, self.true, strict=True)]
            )
            for losses in (self.fused, self.plain)
        )
        return fused, plain


def compare_rows(digits: Digits, weights: NDArray[np.float64]) -> Rows:
    """Compute every training row's loss in single precision, and the truth about the same logits."""
    logits = (digits.x_train @ weights).astype(np.float32)
    fused = np.asarray(fl.cross_entropy(digits.y_train, logits, reduction="none"))
    plain, _ = plain_cross_entropy(digits.y_train, logits)
    return Rows(logits, fused, plain, [true_loss(int(y), row) for y, row in zip(digits.y_train, logits, strict=True)])


def true_loss(y_true: int, logits: NDArray[np.float32]) -> Decimal:
    """log(sum exp(logits)) - logits[y_true] with 50 digits; a binary fraction is a Decimal without rounding."""
    with localcontext() as context:
        context.prec = 50
        exact = [Decimal(float(logit)) for logit in logits]
        return sum(((logit - exact[y_true]).exp() for logit in exact), start=Decimal(0)).ln()


def report_rows(rows: Rows, digits: Digits) -> None:
    """Show the row that the model is surest of, where the plain formula has lost everything."""
    surest = min(range(len(rows.true)), key=rows.true.__getitem__)
    zeros_fused, zeros_plain = (int(np.sum(losses == 0)) for losses in (rows.fused, rows.plain))
    _say(f"\nloss of training digit {surest}, a {digits.y_train[surest]}, from its float32 logits")
    _say(f"  plain NumPy  {rows.plain[surest]:.9g}")
    _say(f"  fastloss     {rows.fused[surest]:.9g}")
    _say(f"  true value   {rows.true[surest]:.9g}  (decimal, 50 digits)")
    _say(f"of {len(rows.true)} rows, plain NumPy calls {zeros_plain} exactly 0, fastloss {zeros_fused}")


def draw(training: Training, rows: Rows, output: Path) -> None:
    """Draw the training curve, and the error of each row's loss."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    blue, orange, grey = "#0072B2", "#D55E00", "#666666"
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    curve, errors = figure.subplots(1, 2)

    iterations = np.arange(len(training.losses))
    curve.semilogy(iterations, training.losses, color=blue, linewidth=2)
    curve.set(xlabel="iteration of L-BFGS-B", xlim=(0, iterations[-1]))
    curve.set_ylabel("training loss (cross-entropy + L2)", color=blue)
    curve.set_title("Training on handwritten digits", loc="left")
    accuracy = curve.twinx()
    accuracy.plot(iterations, training.accuracies, color=grey, linewidth=2, linestyle="--")
    accuracy.set_ylim(0, 1)
    accuracy.set_ylabel("test accuracy", color=grey)
    accuracy.yaxis.set_major_formatter(PercentFormatter(1))
    accuracy.spines["top"].set_visible(False)

    true = np.array([float(loss) for loss in rows.true])
    fused, plain = rows.relative_errors
    smallest = 1e-10  # a result without error has its place on a log axis too
    errors.loglog(true, np.maximum(plain, smallest), "o", markersize=3, color=orange, label="plain NumPy", alpha=0.6)
    errors.loglog(true, np.maximum(fused, smallest), "s", markersize=3, color=blue, label="fastloss", alpha=0.6)
    errors.set(
        xlabel="true loss of a training digit", ylabel="relative error of the float32 loss", ylim=(smallest / 3, 20)
    )
    errors.set_title("Loss of each training digit in single precision", loc="left")
    errors.annotate(
        f"0 is the result for {int(np.sum(rows.plain == 0))} digits",
        (float(true.min()), 1),
        (0, 6),
        textcoords="offset points",
    )
    errors.legend(frameon=False, loc="center left", markerscale=2)

    for axes in (curve, errors):
        axes.spines["top"].set_visible(False)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    errors.spines["right"].set_visible(False)
    figure.savefig(output, dpi=150)


def _say(line: str) -> None:
    print(line, flush=True)


def _fail(reason: str) -> int:
    print(f"fastloss demo: {reason}", file=sys.stderr)
    return 1
