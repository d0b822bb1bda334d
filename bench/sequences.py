"""Losses of sequences and of groups beside np.exp of their logits, a sort, and other libraries.

python bench/sequences.py                # one thread; beside torch, optax, torchcrf, torchaudio, pycox, torchsurv,
                                         # allRank, as far as they load
python bench/sequences.py --threads 2    # one thread beside two
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from competitors import limit_cpus
from measure import Spread, interleaved, keep_freed_memory

Calls = dict[str, Callable[[], Any]]
#: Sequences, frames, labels and classes.
CTC = {
    "ctc, C = 1000": (16, 200, 30, 1000),
    "ctc, C = 5000": (8, 150, 30, 5000),
    "ctc, speech": (16, 400, 60, 32),
    "ctc, speech, C = 80": (16, 400, 60, 80),
    "ctc, lines of text": (64, 60, 12, 40),
    "ctc, T = 3000": (4, 3000, 500, 80),
    "ctc, one short": (1, 20, 5, 32),
}
RNNT = {
    "rnnt, C = 30": (8, 100, 30, 30),
    "rnnt, C = 500": (4, 60, 20, 500),
    "rnnt, C = 5000": (1, 60, 20, 5000),
}
#: Sequences and steps; tags.
CRF, TAGS = (64, 100), (5, 9, 20, 50)
SUBJECTS = 1_000_000
LISTS = (10_000, 120)
#: What fastloss is to be as fast as; others are to take longer.
LIMITS = ("np.exp", "copy", "np.argsort + np.exp")


class Work(NamedTuple):
    """What is timed. `unit` is what one number of `count` is, for a time of each."""

    calls: Calls
    unit: str = ""
    count: int = 1


def installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def loads(name: str) -> bool:
    """Tell whether a library can be imported: some wheels want a torch of another build, and say so by an OSError."""
    try:
        importlib.import_module(name)
    except (ImportError, OSError, RuntimeError) as error:
        print(f"{name} is left out: {type(error).__name__}: {error}".partition("\n")[0])
        return False
    return True


def backward(loss: Callable[[Any], Any], predictions: NDArray) -> Callable[[], Any]:
    """Return a call that makes value and gradient of a loss of torch."""
    import torch

    x = torch.from_numpy(predictions.copy()).requires_grad_()

    def call() -> None:
        x.grad = None
        loss(x).backward()

    return call


def ctc(rng: np.random.Generator, size: tuple[int, int, int, int], threads: int) -> Work:
    import fastloss as fl

    samples, frames, labels, classes = size
    logits = rng.normal(size=(samples, frames, classes)).astype(np.float32)
    y_true = rng.integers(1, classes, (samples, labels))
    out = np.empty_like(logits)
    calls: Calls = {
        "fastloss": lambda: fl.ctc.value_and_grad(y_true, logits, out=(None, out), n_threads=threads),
        "np.exp": lambda: np.exp(logits, out=out),
    }
    if installed("torch"):
        calls["torch"] = torch_ctc(logits, y_true)
    if installed("optax"):
        calls["optax"] = optax_ctc(logits, y_true)
    return Work(calls, "frame and state", samples * frames * (2 * labels + 1))


def torch_ctc(logits: NDArray, y_true: NDArray) -> Callable[[], Any]:
    import torch

    x = torch.from_numpy(logits.copy()).requires_grad_()
    lengths = torch.full((len(logits),), logits.shape[1]), torch.full((len(y_true),), y_true.shape[1])
    labels = torch.from_numpy(y_true)

    def call() -> None:
        x.grad = None
        log_probs = torch.log_softmax(x, -1).transpose(0, 1)
        torch.nn.functional.ctc_loss(log_probs, labels, *lengths).backward()

    return call


def optax_ctc(logits: NDArray, y_true: NDArray) -> Callable[[], Any]:
    import jax
    import optax

    x, labels = jax.numpy.asarray(logits), jax.numpy.asarray(y_true.astype(np.int32))
    paddings = jax.numpy.zeros(logits.shape[:2]), jax.numpy.zeros(y_true.shape)
    both = jax.jit(jax.value_and_grad(lambda given: optax.ctc_loss(given, paddings[0], labels, paddings[1]).mean()))
    return lambda: jax.block_until_ready(both(x))


def rnnt(rng: np.random.Generator, size: tuple[int, int, int, int], threads: int) -> Work:
    import fastloss as fl

    samples, frames, labels, classes = size
    logits = rng.normal(size=(samples, frames, labels + 1, classes)).astype(np.float32)
    y_true = rng.integers(1, classes, (samples, labels))
    out = np.empty_like(logits)
    calls: Calls = {
        "fastloss": lambda: fl.rnnt.value_and_grad(y_true, logits, out=(None, out), n_threads=threads),
        "np.exp": lambda: np.exp(logits, out=out),
        "copy": lambda: np.copyto(out, logits),
    }
    if loads("torchaudio"):
        import torch
        import torchaudio

        lengths = (torch.full((samples,), n, dtype=torch.int32) for n in (frames, labels))
        rest = torch.from_numpy(y_true.astype(np.int32)), *lengths, 0
        calls["torchaudio"] = backward(lambda x: torchaudio.functional.rnnt_loss(x, *rest), logits)
    return Work(calls, "node", samples * frames * (labels + 1))


def crf(rng: np.random.Generator, tags: int, threads: int) -> Work:
    import fastloss as fl

    emissions = rng.normal(size=(*CRF, tags)).astype(np.float32)
    transitions = rng.normal(size=(tags, tags)).astype(np.float32)
    y_true = rng.integers(0, tags, CRF)
    out = np.empty_like(emissions), np.empty_like(transitions)
    calls: Calls = {
        "fastloss": lambda: fl.linear_chain_crf.value_and_grad(
            y_true, emissions, transitions, out=(None, out), n_threads=threads
        ),
        "crf_viterbi": lambda: fl.crf_viterbi(emissions, transitions, n_threads=threads),
    }
    if installed("torchcrf"):
        calls["torchcrf"] = torch_crf(emissions, y_true)
    return Work(calls, "step", CRF[0] * CRF[1])


def torch_crf(emissions: NDArray, y_true: NDArray) -> Callable[[], Any]:
    import torch
    import torchcrf

    model, x = torchcrf.CRF(emissions.shape[-1], batch_first=True), torch.from_numpy(emissions.copy()).requires_grad_()
    tags = torch.from_numpy(y_true)

    def call() -> None:
        x.grad = None
        model.zero_grad()
        (-model(x, tags)).backward()

    return call


def cox(rng: np.random.Generator, threads: int) -> Work:
    import fastloss as fl

    time = rng.exponential(size=SUBJECTS).astype(np.float32)
    event, scores = rng.random(SUBJECTS) < 0.5, rng.normal(size=SUBJECTS).astype(np.float32)
    out = np.empty_like(scores)

    def sort_and_exp() -> None:
        np.argsort(time)
        np.exp(scores, out=out)

    calls: Calls = {
        "fastloss": lambda: fl.cox.value_and_grad(time, event, scores, out=(None, out), n_threads=threads),
        "np.argsort + np.exp": sort_and_exp,
    }
    if loads("pycox.models.loss"):
        import torch
        from pycox.models.loss import cox_ph_loss

        arrays = torch.from_numpy(time), torch.from_numpy(event)
        calls["pycox"] = backward(lambda x: cox_ph_loss(x, *arrays), scores)
    if loads("torchsurv.loss.cox"):
        import torch
        from torchsurv.loss.cox import neg_partial_log_likelihood

        said = torch.from_numpy(event), torch.from_numpy(time)
        calls["torchsurv"] = backward(lambda x: neg_partial_log_likelihood(x, *said), scores)
    return Work(calls, "subject", SUBJECTS)


def lambdarank(rng: np.random.Generator, threads: int) -> Work:
    import fastloss as fl

    lists, rows = LISTS
    relevance = rng.integers(0, 5, lists * rows)
    scores = rng.normal(size=lists * rows).astype(np.float32)
    groups, out = np.full(lists, rows), np.empty_like(scores)
    return Work(
        {
            "fastloss": lambda: fl.lambdarank.value_and_grad(
                relevance, scores, groups=groups, out=(None, out), n_threads=threads
            ),
            "np.exp": lambda: np.exp(scores, out=out),
        },
        "list",
        lists,
    )


def all_pairs(rng: np.random.Generator, threads: int) -> Work:
    """LambdaRank as its paper has it, which is what allRank computes: all pairs, none of LightGBM's norms."""
    import fastloss as fl

    lists, rows = LISTS
    relevance = rng.integers(0, 5, (lists, rows))
    scores = rng.normal(size=(lists, rows)).astype(np.float32)
    groups, out = np.full(lists, rows), np.empty(lists * rows, np.float32)
    own = fl.lambdarank.bind(truncation=None, normalize=False, reduction="sum", n_threads=threads)
    calls: Calls = {
        "fastloss": lambda: own.value_and_grad(relevance.ravel(), scores.ravel(), groups=groups, out=(None, out))
    }
    if loads("allrank.models.losses"):
        import torch
        from allrank.models.losses import lambdaLoss

        grades, some = torch.from_numpy(relevance.astype(np.float32)), range(0, lists, 500)  # all at once take 20 GB

        x = torch.from_numpy(scores.copy()).requires_grad_()

        def call() -> None:
            x.grad = None
            options = {"weighing_scheme": "lambdaRank_scheme", "reduction_log": "natural"}
            for k in some:
                lambdaLoss(x[k : k + 500], grades[k : k + 500], **options).backward()

        calls["allRank"] = call
    return Work(calls, "list", lists)


def works(threads: int) -> dict[str, Callable[[], Work]]:
    """Return what is timed, by name; arrays are made when it is its turn."""
    rng = np.random.default_rng(2024)
    found: dict[str, Callable[[], Work]] = {}
    for name, size in CTC.items():
        found[name] = lambda size=size: ctc(rng, size, threads)
    for name, size in RNNT.items():
        found[name] = lambda size=size: rnnt(rng, size, threads)
    for tags in TAGS:
        found[f"linear_chain_crf, K = {tags}"] = lambda tags=tags: crf(rng, tags, threads)
    found["cox, 1e6 subjects"] = lambda: cox(rng, threads)
    found["lambdarank, 10,000 lists of 120"] = lambda: lambdarank(rng, threads)
    found["lambdarank, all pairs"] = lambda: all_pairs(rng, threads)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="", help="what begins so, by the names in the table")
    options = parser.parse_args()
    limit_cpus(options.threads)
    keep_freed_memory()
    if options.threads == 1 and installed("torch"):
        import torch

        torch.set_num_threads(1)
    alone = works(1)
    for name, make in works(options.threads).items():
        if not name.startswith(options.only):
            continue
        work = make()
        calls = work.calls
        if options.threads > 1:
            calls = {"fastloss": calls["fastloss"], "one thread": alone[name]().calls["fastloss"]}
        seconds = interleaved(calls, options.rounds, settle=0.01)
        own = seconds.pop("fastloss")
        shown = f"{name:32} {1e3 * np.median(own):9.3f} ms  {1e9 * np.median(own) / work.count:9.1f} ns a {work.unit};"
        for other, each in seconds.items():
            limit = other in LIMITS
            spread = Spread.ratio(own, each) if limit else Spread.ratio(each, own)
            title = f"fastloss / {other}" if limit else f"{other} / fastloss"
            shown += f"  {title} {spread.median:.2f} ({spread.lower:.2f} to {spread.upper:.2f})"
        print(shown, flush=True)


if __name__ == "__main__":
    main()
