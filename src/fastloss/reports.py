"""Where a loss comes from: its distribution, its classes or groups, its worst samples, how calibrated predictions are.

One pass of the kernels gives the loss and the gradient of every sample; the rest reads these.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from .call import check, compute, evaluate, read, resolve, weigh
from .kinds.base import GRADIENT, VALUE, Array, Arrays, Request
from .samples import to_samples
from .scalars import as_number, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .loss import Loss

#: How many numbers are looked at together: what is made of them stays in the cache.
_AT_ONCE = 2**16
#: A gradient below this share of the mean one moves nothing.
_LITTLE = 0.01
#: Of more groups the table and the picture show those with the largest shares.
_MOST_GROUPS = 20
_QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0)
_BINS = 15
_Cells: TypeAlias = tuple[str, ...]
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Group:
    """The samples of one class or group: what the loss has of them."""

    name: str
    count: int
    mean: float | None  # of the weighted losses; None where samples have no losses of their own
    share: float | None  # of the sum of the absolute losses
    norm: float | None  # the mean length of their gradients
    norm_share: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Sample:
    """One of the samples that add the most."""

    index: tuple[int, ...]
    group: str
    loss: float | None
    share: float | None
    norm: float | None


@dataclass(frozen=True)
class Bin:
    """The predictions whose confidence is in an interval."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Calibration:
    """How sure predictions are, and how often they are right; each sample counts with its weight."""

    accuracy: float
    confidence: float
    ece: float  # the expected calibration error: the mean distance of both over the bins
    bins: tuple[Bin, ...]


@dataclass(frozen=True, repr=False)
class Report:
    """Where a loss comes from; `fastloss.report` makes it.

    Print it in a terminal, show it in a notebook, or take `to_dict()` and `plot()`.

    Attributes
    ----------
    loss : str
        The loss, with what it is bound to.
    value, total, weight : float
        The mean, the sum of weight x loss, and the sum of the weights.
    losses, norms : ndarray or None
        Weight x loss of each sample, and the length of its gradient, NaN where a sample is left out. None of a loss
        whose samples have none of their own.
    groups : tuple of Group
        The classes, or the groups of `by`, those with the largest share first.
    top : tuple of Sample
        The samples that add the most.
    calibration : Calibration or None
        Of predictions that are probabilities or logits of classes.
    no_gradient, little_gradient : float or None
        The shares of the samples whose gradient is 0, and below 1% of the mean one.
    """

    loss: str
    value: float
    total: float | None
    weight: float | None
    samples: tuple[int, ...]
    left_out: int
    infinite: int
    losses: Array | None
    norms: Array | None
    grouped_by: str
    groups: tuple[Group, ...]
    top: tuple[Sample, ...]
    calibration: Calibration | None
    no_gradient: float | None
    little_gradient: float | None

    @property
    def count(self) -> int:
        """How many samples count."""
        return math.prod(self.samples) - self.left_out

    @property
    def quantiles(self) -> dict[float, float]:
        """The least loss of a sample, some quantiles, and the largest."""
        finite = _finite(self.losses)
        return dict(zip(_QUANTILES, np.quantile(finite, _QUANTILES).tolist(), strict=True)) if finite.size else {}

    @property
    def half(self) -> float | None:
        """The share of the samples that adds half of the loss, the largest first."""
        sizes = np.sort(np.abs(_finite(self.losses)))[::-1]
        if not sizes.size or not sizes[0]:
            return None
        sums = np.cumsum(sizes)
        return float((np.searchsorted(sums, sums[-1] / 2) + 1) / sizes.size)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers but those of single samples, as plain Python objects that JSON takes."""
        return {
            "loss": self.loss,
            "value": self.value,
            "total": self.total,
            "weight": self.weight,
            "samples": list(self.samples),
            "left_out": self.left_out,
            "infinite": self.infinite,
            "quantiles": {f"{q:g}": value for q, value in self.quantiles.items()},
            "half_of_the_loss_comes_from": self.half,
            "no_gradient": self.no_gradient,
            "little_gradient": self.little_gradient,
            "grouped_by": self.grouped_by,
            "groups": [asdict(group) for group in self.groups],
            "top": [asdict(sample) | {"index": list(sample.index)} for sample in self.top],
            "calibration": None if self.calibration is None else _plain(asdict(self.calibration)),
        }

    def _head(self) -> list[tuple[str, str]]:
        many = "sample" if self.count == 1 else "samples"
        about = f"{self.count:,} {many}"
        about += f", {self.left_out:,} left out" if self.left_out else ""
        lines = [("loss", self.loss), ("value", f"{self.value:.6g}"), ("of", about)]
        if self.infinite:
            lines.append(("not finite", f"{self.infinite:,} losses, which are not among the numbers below"))
        if self.half is not None:
            lines.append(("half of it", f"comes from {self.half:.1%} of the samples"))
        if self.no_gradient is not None and self.little_gradient is not None:
            lines.append(
                (
                    "learns no more",
                    f"{self.no_gradient:.1%} (gradient 0), {self.little_gradient:.1%} (below 1% of mean)",
                )
            )
        if self.calibration is not None:
            found = self.calibration
            lines.append(("accuracy", f"{found.accuracy:.1%}, confidence {found.confidence:.1%}, ECE {found.ece:.4f}"))
        return lines

    def _tables(self) -> Iterator[tuple[str, _Cells, list[_Cells]]]:
        """Yield title, columns and rows of each table, as text and as HTML alike."""
        quantiles = self.quantiles
        columns: _Cells
        rows: list[_Cells]
        if quantiles:
            names = ("min", *(f"{q:.0%}" for q in list(quantiles)[1:-1]), "max")
            yield "Loss of a sample", names, [tuple(f"{value:.4g}" for value in quantiles.values())]
        if self.groups:
            columns = (self.grouped_by, "count", "mean loss", "share of loss", "mean gradient", "share", "accuracy")
            rows = [
                (
                    group.name,
                    f"{group.count:,}",
                    _number(group.mean),
                    _share(group.share),
                    _number(group.norm),
                    _share(group.norm_share),
                    _share(group.accuracy),
                )
                for group in self.groups[:_MOST_GROUPS]
            ]
            more = len(self.groups) - _MOST_GROUPS
            title = f"By {self.grouped_by}" + (
                f", the {_MOST_GROUPS} largest of {len(self.groups)}" if more > 0 else ""
            )
            yield title, *_without_empty(columns, rows)
        if self.top:
            columns = ("sample", self.grouped_by or "group", "loss", "share of loss", "gradient")
            rows = [
                (
                    ", ".join(map(str, sample.index)),
                    sample.group,
                    _number(sample.loss),
                    _share(sample.share),
                    _number(sample.norm),
                )
                for sample in self.top
            ]
            yield "What adds the most", *_without_empty(columns, rows)
        if self.calibration is not None:
            columns = ("confidence", "count", "mean", "accuracy")
            rows = [
                (f"{b.low:.0%} – {b.high:.0%}", f"{b.count:,}", f"{b.confidence:.1%}", f"{b.accuracy:.1%}")
                for b in self.calibration.bins
            ]
            yield "Calibration", columns, rows

    def __str__(self) -> str:
        blocks = ["\n".join(f"{name:15} {text}" for name, text in self._head())]
        for title, columns, rows in self._tables():
            text = _as_text(columns, rows)
            if title.startswith("Loss"):
                text += f"\n{_bars(_finite(self.losses))}"
            blocks.append(f"{title}\n{text}")
        return "\n\n".join(blocks)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def line(cells: Sequence[str], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        head = "\n".join(f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in self._head())
        blocks = [f"<table>\n{head}\n</table>"]
        for title, columns, rows in self._tables():
            body = "\n".join(line(cells, "td") for cells in rows)
            blocks.append(
                f"<table>\n<caption>{html.escape(title)}</caption>\n<thead>\n{line(columns, 'th')}\n</thead>\n"
                f"<tbody>\n{body}\n</tbody>\n</table>"
            )
        return '<div class="fastloss-report">\n' + "\n".join(blocks) + "\n</div>"

    def plot(self) -> Figure:
        """Draw the report with matplotlib: losses, gradients, groups and calibration; return the figure."""
        from .pictures import draw_report

        return draw_report(self)


def report(
    loss: Loss,
    *arrays: Any,
    by: Any = None,
    class_names: Sequence[str] | Mapping[Any, str] | None = None,
    top: int = 5,
    **keywords: Any,
) -> Report:
    """Tell where a loss comes from: which classes, groups and samples, and what still learns.

    Parameters
    ----------
    loss : Loss
        Of any kind; a sum of losses too.
    *arrays : array_like
        The arrays of a call: `y_true` and `y_pred`, or what else the loss takes.
    by : array_like, optional
        The group of each sample, numbers or text, in the shape of the samples. By default the true class, where the
        targets are classes.
    class_names : sequence or dict of str, optional
        What to call the classes or groups, by their numbers.
    top : int, default=5
        How many of the samples that add the most are listed.
    **keywords
        As in a call of the loss, without `reduction`, `out` and `wrt`: `sample_weight`, `where`, its parameters.

    Returns
    -------
    Report
        Text where it is printed, tables in a notebook; it has `to_dict()` and `plot()`.

    Raises
    ------
    TypeError, ValueError
        For arguments that a call of the loss refuses, and for groups of another shape than the samples.

    Notes
    -----
    The kernels make one pass for value and gradient of each sample, and a sum of several losses one more for its value.
    Losses and gradients are those of the sum: a weight multiplies them. A share is that of the sum of the absolute
    losses. Predictions that the loss takes as logits are taken so for accuracy and calibration too: their confidence is
    the softmax or the sigmoid.

    Examples
    --------
    >>> import fastloss as fl
    >>> found = fl.report(fl.cross_entropy, [0, 1, 1], [[2.0, 0.0], [0.0, 3.0], [4.0, 0.0]], class_names=["cat", "dog"])
    >>> [(group.name, group.count, round(group.share, 3)) for group in found.groups]
    [('dog', 2, 0.97), ('cat', 1, 0.03)]
    >>> found.top[0].index, round(found.calibration.accuracy, 3)
    ((2,), 0.667)
    """
    for name in ("reduction", "out", "wrt"):
        if name in keywords:
            raise TypeError(f"report has no keyword {name!r}")
    k = int(as_number("top", top))
    if k < 0:
        raise ValueError(f"top = {shown(top)} is not a number of samples, >= 0")
    request, results, value, weight = _computed(loss, arrays, keywords)
    resolved = resolve(request)
    weights = weigh(request, resolved)
    samples = resolved.samples
    kept = weights.left_out.kept(samples, weights.weights)
    losses = None if request.row.couples else _of_kept(results[0], kept)
    norms = _norms(request, resolved, results[1], kept)
    finite = kept if losses is None else kept & np.isfinite(losses)
    labels = _classes(request, resolved, kept)
    correct = confidence = None
    if labels is not None:
        confidence, correct = _confidence(request, resolved, labels)
    names, places = _groups(by, labels, class_names, samples)
    total = None if losses is None else float(losses[kept].sum(dtype=np.float64))
    return Report(
        loss=repr(loss).replace("fastloss.", ""),
        value=value,
        total=total,
        weight=weight,
        samples=samples,
        left_out=int(kept.size - kept.sum()),
        infinite=int(kept.sum() - finite.sum()),
        losses=losses,
        norms=norms,
        grouped_by="" if places is None else "class" if by is None else "group",
        groups=() if places is None else _shares(names, places, losses, norms, correct, finite),
        top=_largest(k, names, places, losses, norms, finite),
        calibration=None if confidence is None else _calibration(confidence, correct, weights.weights, kept),
        no_gradient=None if norms is None or not kept.any() else float((norms[kept] == 0).mean()),
        little_gradient=None if norms is None or not kept.any() else _little(norms[kept]),
    )


def _computed(
    loss: Loss, arrays: tuple[Any, ...], keywords: Mapping[str, Any]
) -> tuple[Request, tuple[Array | None, dict[str, Array]], float, float | None]:
    """Return losses and gradients of each sample, the mean, and the sum of the weights."""
    row = loss._row
    own: dict[str, Any] = {"reduction": "mean" if row.couples else "none", "normalizer": None}
    request = read(loss, VALUE | GRADIENT, arrays, {**keywords, **own})
    if len(row.differentiated) > 1:  # what all samples share is no sample's
        shares = {operand.name for operand in row.differentiated if operand.shared}
        request = request._replace(wrt=tuple(name for name in request.wrt if name not in shares), bare=False)
    if row.terms:
        values, gradients = evaluate(request)
        weight = None
        number = float(loss(*arrays, **{**keywords, "reduction": "mean"}))
    else:
        checked = check(request)
        values, gradients = compute(checked)
        weight = checked.total
        normalizer = keywords.get("normalizer", loss.keywords.get("normalizer"))
        if row.couples:
            number = float(values)
        else:
            below = weight if normalizer is None else float(normalizer)
            number = float(np.asarray(values).sum(dtype=np.float64) / below) if below else 0.0
    by_name = {request.wrt[0]: gradients} if request.bare else dict(zip(request.wrt, gradients, strict=True))
    return request, (None if row.couples else np.asarray(values), by_name), number, weight


def _of_kept(values: Any, kept: Array) -> Array:
    """Return the losses in float64, NaN of what is left out."""
    return np.where(kept, np.asarray(values, np.float64), math.nan)


def _finite(losses: Array | None) -> Array:
    return np.empty(0) if losses is None else losses[np.isfinite(losses)]


def _rows(array: Array, axes: int) -> Iterator[tuple[slice, Array]]:
    """Yield the rows of an array whose first `axes` axes are the samples, some at a time and in float64."""
    flat = array.reshape(math.prod(array.shape[:axes]), -1)
    step = max(_AT_ONCE // max(flat.shape[1], 1), 1)
    for start in range(0, len(flat), step):
        piece = slice(start, start + step)
        yield piece, flat[piece].astype(np.float64)


def _samples_first(array: Array, request: Request, name: str) -> Array:
    """Return an array with the axis of its classes, if it has one, behind the samples."""
    operand = next(operand for operand in request.row.operands if operand.name == name)
    axis = request.parameters.get("axis", -1) if operand.axes in ("C", "D") or request.row.axes == "C" else -1
    return np.moveaxis(array, axis, -1) if array.ndim else array


def _norms(request: Request, arrays: Arrays, gradients: Mapping[str, Array], kept: Array) -> Array | None:
    """Return the length of each sample's gradient by all predictions; None where they are not of single samples."""
    samples = arrays.samples
    squares = np.zeros(math.prod(samples))
    for name, gradient in gradients.items():
        gradient = np.asarray(gradient)
        ordered = gradient if gradient.shape == samples else _samples_first(gradient, request, name)
        if ordered.shape[: len(samples)] != samples:
            return None
        for piece, rows in _rows(ordered, len(samples)):
            squares[piece] += np.einsum("ij,ij->i", rows, rows)
    return np.where(kept, np.sqrt(squares).reshape(samples), math.nan)


def _little(norms: Array) -> float:
    finite = norms[np.isfinite(norms)]
    return float((finite <= _LITTLE * finite.mean()).mean()) if finite.size else 0.0


def _classes(request: Request, arrays: Arrays, kept: Array) -> Array | None:
    """Return the class of each sample, where the targets are classes."""
    y_true, row = arrays.by_name.get("y_true"), request.row
    if y_true is None or not kept.any():
        return None
    if arrays.form == "soft":
        largest: Array = _samples_first(y_true, request, row.prediction).argmax(-1)
        return largest
    if y_true.shape != arrays.samples:
        return None
    if arrays.form == "index" or y_true.dtype.kind in "iub":
        of_classes = (
            arrays.form == "index" or row.axes == "D" or _two_ends(row.targets(request.parameters), y_true, kept)
        )
        return np.where(kept, y_true, 0).astype(np.int64) if of_classes else None
    if _two_ends(row.targets(request.parameters), y_true, kept):
        return np.where(kept, y_true, 0).astype(np.int64)
    return None


def _two_ends(domain: Any, y_true: Array, kept: Array) -> bool:
    """Tell whether targets are the two ends of what they may be."""
    if not (math.isfinite(domain.low) and math.isfinite(domain.high)):
        return False
    read = y_true[kept]
    return bool(((read == domain.low) | (read == domain.high)).all())


def _confidence(request: Request, arrays: Arrays, labels: Array) -> tuple[Array | None, Array | None]:
    """Return how sure each prediction is, and whether it is right; None where predictions are not of classes."""
    row, given = request.row, request.parameters
    holds = given.get("given", "probs" if row.input == "probabilities" else row.holds)
    y_pred = arrays.by_name.get(row.prediction)
    if y_pred is not None and given.get("class_mask") is not None:
        y_pred = np.where(given["class_mask"], y_pred, y_pred.dtype.type(-np.inf))
    if row.several or y_pred is None or holds not in ("logits", "probs", "log_probs"):
        return None, None
    scale = 1 / float(given.get("temperature") or 1.0)
    if y_pred.shape == arrays.samples:
        positive = y_pred.astype(np.float64)
        with np.errstate(all="ignore"):
            if holds == "logits":
                positive = np.where(positive > 0, 1, np.exp(positive)) / (1 + np.exp(-np.abs(positive)))
            elif holds == "log_probs":
                positive = np.exp(positive)
        return np.maximum(positive, 1 - positive), (positive > 0.5) == (labels == 1)
    target = row.target
    ordered = _samples_first(y_pred, request, row.prediction)
    if getattr(target, "levels", 0) or ordered.shape[:-1] != arrays.samples or row.axes != "C":
        return None, None
    confidence, best = np.empty(math.prod(arrays.samples)), np.empty(math.prod(arrays.samples), np.int64)
    with np.errstate(all="ignore"):
        for piece, rows in _rows(ordered, len(arrays.samples)):
            best[piece] = rows.argmax(1)
            most = rows.max(1)
            if holds == "logits":
                most = 1 / np.exp((rows - most[:, None]) * scale).sum(1)
            confidence[piece] = np.exp(most) if holds == "log_probs" else most
    shape = arrays.samples
    return confidence.reshape(shape), best.reshape(shape) == labels


def _groups(
    by: Any, labels: Array | None, class_names: Any, samples: tuple[int, ...]
) -> tuple[list[str], Array | None]:
    """Return the names of the groups, and the group of each sample."""
    if by is None:
        if labels is None:
            return [], None
        found, places = np.unique(labels, return_inverse=True)
    else:
        given = to_samples("by", np.asarray(by), samples)
        found, places = np.unique(given, return_inverse=True)
    names = []
    for label in found.tolist():
        name = str(label)
        if isinstance(class_names, Mapping):
            name = str(class_names.get(label, name))
        elif class_names is not None and isinstance(label, int):
            if not 0 <= label < len(class_names):
                raise ValueError(f"class_names has {len(class_names)} names; there is a class {label}")
            name = str(class_names[label])
        names.append(name)
    return names, places.reshape(samples)


def _sums(places: Array, what: Array, count: int) -> Array:
    return np.bincount(places, weights=what, minlength=count)


def _shares(
    names: list[str], places: Array, losses: Array | None, norms: Array | None, correct: Array | None, kept: Array
) -> tuple[Group, ...]:
    """Return the groups that have samples, those with the largest share first."""
    at, many = places[kept], len(names)
    counts = np.bincount(at, minlength=many)

    def means_and_shares(numbers: Array | None) -> tuple[list[float | None], list[float | None]]:
        if numbers is None:
            return [None] * many, [None] * many
        read = numbers[kept]
        sums, sizes = _sums(at, read, many), _sums(at, np.abs(read), many)
        whole = float(sizes.sum())
        with np.errstate(all="ignore"):
            return (sums / counts).tolist(), (sizes / whole).tolist() if whole else [0.0] * many

    means, shares = means_and_shares(losses)
    lengths, length_shares = means_and_shares(norms)
    right = [None] * many if correct is None else means_and_shares(correct.astype(float))[0]
    groups = [
        Group(names[g], int(counts[g]), means[g], shares[g], lengths[g], length_shares[g], right[g])
        for g in range(many)
        if counts[g]
    ]
    return tuple(sorted(groups, key=lambda g: -((g.norm_share if g.share is None else g.share) or 0.0)))


def _largest(
    k: int, names: list[str], places: Array | None, losses: Array | None, norms: Array | None, kept: Array
) -> tuple[Sample, ...]:
    """Return the k samples that add the most: by their loss, or else by their gradient."""
    ordering = losses if losses is not None else norms
    if ordering is None or not k or not kept.any():
        return ()
    sizes = np.where(kept, np.abs(ordering), -1.0).reshape(-1)
    k = min(k, int(kept.sum()))
    first = np.argpartition(-sizes, k - 1)[:k]
    first = first[np.lexsort((first, -sizes[first]))]
    whole = float(sizes[kept.reshape(-1)].sum()) if losses is not None else 0.0
    found = []
    for flat in first.tolist():
        index = tuple(int(i) for i in np.unravel_index(flat, kept.shape))
        found.append(
            Sample(
                index,
                "" if places is None else names[int(places[index])],
                None if losses is None else float(losses[index]),
                float(sizes[flat]) / whole if whole else None,
                None if norms is None else float(norms[index]),
            )
        )
    return tuple(found)


def _calibration(confidence: Array, correct: Array | None, weights: Array | None, kept: Array) -> Calibration | None:
    assert correct is not None
    sure, right = confidence[kept], correct[kept].astype(float)
    weight = np.ones(sure.shape) if weights is None else weights[kept].astype(np.float64)
    if not weight.sum():
        return None
    edges = np.linspace(0, 1, _BINS + 1)
    places = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, _BINS - 1)
    counts = np.bincount(places, minlength=_BINS)
    of_bins, sums, hits = (_sums(places, w, _BINS) for w in (weight, weight * sure, weight * right))
    whole = of_bins.sum()
    bins = tuple(
        Bin(
            float(edges[b]),
            float(edges[b + 1]),
            int(counts[b]),
            float(sums[b] / of_bins[b]),
            float(hits[b] / of_bins[b]),
        )
        for b in range(_BINS)
        if of_bins[b]
    )
    error = float(np.abs(sums - hits).sum() / whole)
    return Calibration(float(hits.sum() / whole), float(sums.sum() / whole), error, bins)


# ---- text -------------------------------------------------------------------------------------------------------


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Return a calibration with its bins in a list, as JSON has them."""
    return found | {"bins": list(found["bins"])}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _without_empty(columns: _Cells, rows: list[_Cells]) -> tuple[_Cells, list[_Cells]]:
    """Return a table without the columns in which nothing stands."""
    shown_ = [k for k in range(len(columns)) if any(row[k] for row in rows)]
    return tuple(columns[k] for k in shown_), [tuple(row[k] for k in shown_) for row in rows]


def _as_text(columns: _Cells, rows: list[_Cells]) -> str:
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in (columns, *rows)]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _bars(numbers: Array, width: int = 60) -> str:
    """Return a histogram in a line of text."""
    counts, edges = np.histogram(numbers, bins=width)
    most = max(int(counts.max()), 1)
    # The largest is a whole block; what is not empty is never nothing.
    text = "".join(" " if not n else _BARS[min(int(n * 8 / most), 7)] for n in counts.tolist())
    return f"{edges[0]:.4g} {text} {edges[-1]:.4g}"
