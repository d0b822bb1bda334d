"""Losses of embeddings, regions, preferences, adversaries and teachers, and newer likelihoods, beside other libraries.

python bench/chapters.py                 # float32, one thread; --case dice chooses, --rounds 15 measures longer
python bench/chapters.py --compiled      # peers under torch.compile too

Value and gradients by all predictions. "torch" is a function of PyTorch where it has the loss, "formula" what its users
write in it. pytorch-metric-learning (PML), segmentation_models_pytorch (SMP) and MONAI are measured where they are
installed. A peer whose value is not that of fastloss is not measured.
"""

from __future__ import annotations

import argparse
import importlib
import math
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import partial
from typing import Any

import numpy as np

from competitors import limit_cpus
from measure import Spread, interleaved, keep_freed_memory

Peer = Callable[..., Any] | None  # of tensors, in the order of a call; None of what is not installed
VECTORS, POINTS, ROWS, BATCH = (8192, 128), (10**6,), (8192, 1000), (1024, 128)
MASKS, LABELS = (16, 1, 512, 512), (8, 21, 256, 256)


def optional(name: str) -> Any:
    """Return a module, or None where it cannot be imported."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def cases() -> Iterator[tuple[str, tuple[int, ...], dict[str, Any], dict[str, Peer]]]:
    """Give each loss, the shape that is drawn, its parameters, and its peers."""
    import torch

    f = torch.nn.functional
    pml, smp, monai = map(
        optional, ("pytorch_metric_learning.losses", "segmentation_models_pytorch.losses", "monai.losses")
    )

    def unit(x: Any) -> Any:
        return f.normalize(x, dim=-1)

    def margins(move: Callable[[Any], Any]) -> Peer:
        def loss(y: Any, cosines: Any) -> Any:
            own = f.one_hot(y, cosines.shape[-1])
            true = cosines.gather(1, y[:, None])
            return f.cross_entropy(64 * (cosines + own * (move(true) - true)), y)

        return loss

    def softplus(x: Any) -> Any:
        return f.softplus(x).mean()

    yield "contrastive", VECTORS, {}, {
        "formula": lambda y, a, b: (
            lambda d: (y * d.square() + (1 - y) * (1 - d).clamp(min=0).square()).mean() / 2
        )(f.pairwise_distance(a, b, eps=0))
    }  # fmt: skip
    yield "triplet", VECTORS, {}, {"torch": f.triplet_margin_loss}
    yield "margin_ranking", POINTS, {}, {"torch": lambda y, a, b: f.margin_ranking_loss(a, b, y)}
    yield "cosine_distance", VECTORS, {}, {"torch": lambda a, b: 1 - f.cosine_similarity(a, b).mean()}
    yield "cosine_embedding", VECTORS, {}, {"torch": lambda y, a, b: f.cosine_embedding_loss(a, b, y)}
    yield "arcface", ROWS, {}, {"formula": margins(lambda c: torch.cos(torch.acos(c) + 0.5))}
    yield "cosface", ROWS, {}, {"formula": margins(lambda c: c - 0.35)}

    def places(x: Any) -> Any:
        return torch.arange(len(x))

    def clip(a: Any, b: Any, s: Any) -> Any:
        z = s.exp() * unit(a) @ unit(b).T
        return (f.cross_entropy(z, places(z)) + f.cross_entropy(z.T, places(z))) / 2

    def siglip(a: Any, b: Any, s: Any, bias: Any) -> Any:
        z = s.exp() * unit(a) @ unit(b).T + bias
        return -f.logsigmoid(z * (2 * torch.eye(len(z)) - 1)).sum() / len(z)

    def of_views(x: Any, temperature: float = 0.5) -> Any:
        z = unit(x) @ unit(x).T / temperature
        z = z.masked_fill(torch.eye(len(z), dtype=torch.bool), -math.inf)
        return f.cross_entropy(z, (places(z) + len(z) // 2) % len(z))

    def of_classes(name: str, **given: Any) -> dict[str, Peer]:
        loss = getattr(pml, name)(**given) if pml else None
        return {"PML": lambda y, x: loss(x, y)} if loss else {}

    views = pml.NTXentLoss(temperature=0.5) if pml else None  # all positives against all negatives, at once
    yield "info_nce", BATCH, {}, {"formula": lambda q, k: f.cross_entropy(unit(q) @ unit(k).T / 0.07, places(q))}
    yield "symmetric_info_nce", BATCH, {}, {"formula": clip}
    yield "sigmoid_contrastive", BATCH, {}, {"formula": siglip}
    yield "nt_xent", BATCH, {}, {"formula": of_views}
    if views:
        yield "nt_xent", (256, 128), {}, {"PML": lambda x: views(x, places(x) % (len(x) // 2))}
    yield "supcon", BATCH, {}, of_classes("SupConLoss", temperature=0.1)
    yield "multi_similarity", BATCH, {}, of_classes("MultiSimilarityLoss", alpha=2, beta=50, base=0.5)
    yield "circle", BATCH, {}, of_classes("CircleLoss", m=0.25, gamma=256)

    def region(library: Any, name: str, **given: Any) -> Peer:
        loss = getattr(library, name)(**given) if library else None
        channel = given.get("to_onehot_y", False)  # MONAI's labels have an axis for it
        return None if loss is None else lambda y, x: loss(x, y[:, None] if channel else y)

    def dice(y: Any, x: Any) -> Any:
        p, axes = torch.sigmoid(x), tuple(range(1, x.ndim))
        return 1 - (2 * (p * y).sum(axes) / (p.sum(axes) + y.sum(axes))).mean()

    whole = {"from_logits": True, "smooth": 0.0, "eps": 1e-7}
    fine = {"smooth_nr": 0.0, "smooth_dr": 1e-7}
    masks, labels = {"sigmoid": True, **fine}, {"softmax": True, "to_onehot_y": True, **fine}
    batch, many, sides = {"over": "batch"}, {"mode": "multiclass"}, {"alpha": 0.3, "beta": 0.7}
    yield "dice", MASKS, {}, {"formula": dice, "MONAI": region(monai, "DiceLoss", **masks)}
    yield "dice", LABELS, many, {"MONAI": region(monai, "DiceLoss", **labels)}
    yield "dice", MASKS, batch, {"SMP": region(smp, "DiceLoss", mode="binary", **whole)}
    yield "dice", LABELS, batch | many, {"SMP": region(smp, "DiceLoss", mode="multiclass", **whole)}
    yield "jaccard", MASKS, {}, {"MONAI": region(monai, "DiceLoss", jaccard=True, **masks)}
    yield "jaccard", LABELS, many, {"MONAI": region(monai, "DiceLoss", jaccard=True, **labels)}
    yield "jaccard", MASKS, batch, {"SMP": region(smp, "JaccardLoss", mode="binary", **whole)}
    yield "jaccard", LABELS, batch | many, {"SMP": region(smp, "JaccardLoss", mode="multiclass", **whole)}
    yield "tversky", MASKS, sides, {"MONAI": region(monai, "TverskyLoss", **sides, **masks)}
    yield "tversky", LABELS, sides | many, {"MONAI": region(monai, "TverskyLoss", **sides, **labels)}
    yield "focal_tversky", MASKS, batch | sides | {"gamma": 1.5}, {
        "SMP": region(smp, "TverskyLoss", mode="binary", gamma=1.5, **sides, **whole)
    }  # fmt: skip
    yield "generalized_dice", MASKS, {}, {"MONAI": region(monai, "GeneralizedDiceLoss", **masks)}
    yield "generalized_dice", LABELS, many, {"MONAI": region(monai, "GeneralizedDiceLoss", **labels)}
    yield "lovasz_hinge", (8, 64, 64), {}, {"SMP": region(smp, "LovaszLoss", mode="binary", per_image=True)}

    def dpo(rc: Any, rr: Any, c: Any, r: Any) -> Any:
        return softplus(-0.1 * ((c - r) - (rc - rr)))

    def orpo(c: Any, r: Any) -> Any:
        odds = (c - r) - (torch.log1p(-c.exp()) - torch.log1p(-r.exp()))
        return softplus(-odds)

    def kto(y: Any, reference: Any, x: Any, baseline: Any) -> Any:
        return (1 - torch.sigmoid((2 * y - 1) * (0.1 * (x - reference) - baseline))).mean()

    def ppo(a: Any, old: Any, x: Any) -> Any:
        ratio = (x - old).exp()
        return torch.maximum(-ratio * a, -ratio.clamp(0.8, 1.2) * a).mean()

    def value_clip(returns: Any, old: Any, x: Any) -> Any:
        clipped = old + (x - old).clamp(-0.2, 0.2)
        return torch.maximum((x - returns).square(), (clipped - returns).square()).mean() / 2

    def entropy(x: Any) -> Any:
        logs = f.log_softmax(x, -1)
        return -(logs.exp() * logs).sum(-1).mean()

    yield "bradley_terry", POINTS, {}, {"formula": lambda c, r: softplus(r - c)}
    yield "dpo", POINTS, {}, {"formula": dpo}
    yield "simpo", POINTS, {}, {"formula": lambda c, r: softplus(1 - 2 * (c - r))}
    yield "orpo", POINTS, {}, {"formula": orpo}
    yield "kto", POINTS, {}, {"formula": kto}
    yield "ppo_clip", POINTS, {}, {"formula": ppo}
    yield "policy_gradient", POINTS, {}, {"formula": lambda a, x: -(a * x).mean()}
    yield "value_clip", POINTS, {}, {"formula": value_clip}
    yield "kl_estimate", POINTS, {}, {"formula": lambda r, x: ((r - x).exp() - 1 - (r - x)).mean()}
    yield "entropy", ROWS, {}, {"formula": entropy}

    def kl(p: Any, q: Any) -> Any:
        return f.kl_div(f.log_softmax(q, -1), f.log_softmax(p, -1), reduction="batchmean", log_target=True)

    def mmd(a: Any, b: Any) -> Any:
        x, y, n, m = torch.cdist(a, a) ** 2, torch.cdist(b, b) ** 2, len(a), len(b)
        within = ((-x / 2).exp().sum() - n) / (n * (n - 1)) + ((-y / 2).exp().sum() - m) / (m * (m - 1))
        return within - 2 * (-(torch.cdist(a, b) ** 2) / 2).exp().mean()

    yield "gan", POINTS, {}, {"torch": lambda y, x: f.binary_cross_entropy_with_logits(x, y)}
    yield "trades", ROWS, {}, {"formula": lambda y, x, a: f.cross_entropy(x, y) + 6 * kl(x, a)}
    yield "distillation", ROWS, {}, {"formula": lambda t, x: 4 * kl(t / 2, x / 2)}
    yield "mmd", (1024, 32), {}, {"formula": mmd}
    yield "coral", (8192, 64), {}, {
        "formula": lambda a, b: (torch.cov(a.T) - torch.cov(b.T)).square().sum() / (4 * a.shape[1] ** 2)
    }  # fmt: skip

    def student(y: Any, x: Any) -> Any:
        return -torch.distributions.StudentT(4.0, x[:, 0], x[:, 1].exp()).log_prob(y).mean()

    def crps(y: Any, x: Any) -> Any:
        scale = x[:, 1].exp()
        z = (y - x[:, 0]) / scale
        bell = math.sqrt(2 / math.pi) * (-z * z / 2).exp()
        return (scale * (z * torch.erf(z / math.sqrt(2)) + bell - 1 / math.sqrt(math.pi))).mean()

    def beta_nll(y: Any, x: Any) -> Any:
        nll = f.gaussian_nll_loss(x[:, 0], y, (2 * x[:, 1]).exp(), reduction="none")
        return (nll * x[:, 1].detach().exp()).mean()

    def inflated(y: Any, x: Any) -> Any:
        rate, s, t = x[:, 0].exp(), x[:, 0], x[:, 1]
        return (f.softplus(t) + torch.where(y == 0, -torch.logaddexp(t, -rate), rate - y * s)).mean()

    def pinball(y: Any, x: Any) -> Any:
        r, levels = y[:, None] - x, torch.tensor([0.1, 0.5, 0.9])
        return torch.maximum(levels * r, (levels - 1) * r).mean()

    def tweedie(y: Any, s: Any) -> Any:
        return (2 * y * (-0.5 * s).exp() + 2 * (0.5 * s).exp()).mean()

    yield "student_t_nll", (*POINTS, 2), {"full": True}, {"torch": student}
    yield "crps_gaussian", (*POINTS, 2), {}, {"formula": crps}
    yield "beta_nll", (*POINTS, 2), {}, {"torch": beta_nll}
    yield "zero_inflated_poisson", (*POINTS, 2), {}, {"formula": inflated}
    yield "tweedie", POINTS, {}, {"formula": tweedie}
    yield "symmetric_absolute_percentage_error", POINTS, {}, {
        "formula": lambda y, x: (2 * (x - y).abs() / (y.abs() + x.abs())).mean()
    }  # fmt: skip
    yield "quantiles", (POINTS[0] // 4, 3), {"levels": (0.1, 0.5, 0.9)}, {"formula": pinball}
    yield "linear_cross_entropy", (2048, 256), {}, {"torch": lambda y, x, w: f.cross_entropy(f.linear(x, w), y)}


def drawn(row: Any, sizes: tuple[int, ...], given: dict[str, Any]) -> list[Any]:
    """Return the arrays of a call in their order, labels as int64 and others as float32."""
    from fastloss.kinds import draw

    rng = np.random.default_rng(2024)
    if row.name == "linear_cross_entropy":
        weight = (rng.standard_normal((8192, sizes[1])) / 16).astype(np.float32)
        return [rng.integers(len(weight), size=sizes[0]), rng.standard_normal(sizes, np.float32), weight]
    if row.name == "quantiles":
        return [rng.standard_normal(sizes[0], np.float32), rng.standard_normal(sizes, np.float32)]
    if row.core:
        sizes = sizes[:-1]
    arrays = list(draw(row, sizes, np.dtype(np.float32), rng, "", given).values())
    if row.positive == "class":
        arrays[0] = rng.integers(len(arrays[1]) // 8, size=len(arrays[1]))
    return [np.asarray(a, np.float32) if a.dtype.kind == "b" else a for a in arrays]


def calls_of(
    row: Any, arrays: list[Any], given: dict[str, Any], peers: dict[str, Peer], compiled: bool
) -> dict[str, Any]:
    """Return what computes value and gradients, of fastloss and of each peer whose value is the same."""
    import fastloss as fl
    import torch

    loss = getattr(fl, row.name).bind(**given)
    by = {operand.name for operand in row.differentiated}
    given_names = [operand.name for operand in row.operands][: len(arrays)]
    predictions = [array for name, array in zip(given_names, arrays, strict=True) if name in by]
    # a number that is learned, as the scale of CLIP, has no array to be written into
    out = tuple(np.empty_like(array) if np.ndim(array) else None for array in predictions)
    places = (None, out if len(by) > 1 else out[0])
    calls = {"fastloss": partial(loss.value_and_grad, *arrays, out=places, n_threads=1)}
    value = loss(*arrays)
    tensors = [torch.tensor(np.asarray(array)) for array in arrays]
    for name, tensor in zip(given_names, tensors, strict=True):
        tensor.requires_grad_(name in by)

    def call(peer: Callable[..., Any]) -> Any:
        for tensor in tensors:
            tensor.grad = None
        found = peer(*tensors)
        found.backward()
        return found

    if compiled:
        peers = peers | {f"{name} compiled": torch.compile(peer) for name, peer in peers.items() if peer}
    for name, peer in peers.items():
        if peer is None:
            continue
        found = float(call(peer))
        # float32 sums of PyTorch over four million pixels were off by 0.7 %
        if math.isclose(found, value, rel_tol=1e-2, abs_tol=1e-5):
            calls[name] = partial(call, peer)
        else:
            print(f"# {row.name}: {name} has {found:.6g}, fastloss {value:.6g}: another convention, not measured")
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--case", default="*")
    parser.add_argument("--compiled", action="store_true")
    options = parser.parse_args()
    limit_cpus(1)
    keep_freed_memory()
    import fastloss as fl
    import torch

    torch.set_num_threads(1)
    rows = {row.name: row for row in fl.losses()}
    for name, sizes, given, peers in cases():
        if not fnmatch(name, options.case):
            continue
        calls = calls_of(rows[name], drawn(rows[name], sizes, given), given, peers, options.compiled)
        seconds = interleaved(calls, options.rounds, settle=0.01)
        own = seconds.pop("fastloss")
        ratios = {peer: Spread.of(each / own) for peer, each in seconds.items()}
        shown = ", ".join(
            f"{peer} / fastloss = {s.median:.3g} ({s.lower:.3g} to {s.upper:.3g})" for peer, s in ratios.items()
        )
        given_as = "".join(f" {key}={value}" for key, value in given.items())
        print(f"{name}{given_as} {sizes}: fastloss {1e3 * np.median(own):.3g} ms; {shown or 'no peer'}", flush=True)


if __name__ == "__main__":
    main()
