"""What losses cost inside other libraries, beside what these libraries have themselves and beside a NumPy formula.

    python bench/sockets.py                        # all parts whose libraries are there
    python bench/sockets.py torch jax              # some

Times are CPU seconds of this process on one thread, and ratios of them: on a busy machine they hold where seconds of
a clock do not. Sides take turns; each number is the smallest of the rounds. The load is printed.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import fastloss as fl  # noqa: E402
import numpy as np  # noqa: E402 - reads the environment

Sides = dict[str, Callable[[], Any]]


def cpu_seconds(sides: Sides, rounds: int, calls: int = 1) -> dict[str, float]:
    """Return the least CPU time of a call of each side."""
    best = dict.fromkeys(sides, float("inf"))
    for side in sides.values():
        side()
    for _ in range(rounds):
        for name, side in sides.items():
            start = time.process_time()
            for _ in range(calls):
                side()
            best[name] = min(best[name], (time.process_time() - start) / calls)
    return best


def shown(title: str, seconds: dict[str, float], unit: float = 1.0, digits: int = 2) -> None:
    """Print the times of all sides, and those of the others over ours."""
    ours = seconds["fastloss"]
    cells = [f"{name} {value / unit:.{digits}f}" for name, value in seconds.items()]
    ratios = [f"{name} / fastloss {value / ours:.2f}" for name, value in seconds.items() if name != "fastloss"]
    print(f"{title:34s} {', '.join(cells):70s} {', '.join(ratios)}", flush=True)


# -- boosting: 500,000 rows, 10 features, 6 rounds ---------------------------------------------------------------------


def numpy_focal(y: Any, x: Any) -> tuple[Any, Any]:
    """Return gradient and Hessian of the focal loss, gamma 2, as people write them."""
    p = 1 / (1 + np.exp(-x))
    q = np.where(y > 0, p, 1 - p)
    sign = np.where(y > 0, -1.0, 1.0)
    log = np.log(np.maximum(q, 1e-12))
    gradient = sign * (1 - q) ** 2 * ((1 - q) - 2 * q * log)
    hessian = q * (1 - q) ** 2 * (5 * (1 - q) - 4 * q - 2 * (2 - 3 * q - 1) * log - (1 - q))
    return gradient, np.maximum(hessian, 1e-6)


def numpy_softmax(y: Any, x: Any) -> tuple[Any, Any]:
    """Return gradient and Hessian of the softmax, as LightGBM has them."""
    x = x - x.max(axis=1, keepdims=True)
    p = np.exp(x)
    p /= p.sum(axis=1, keepdims=True)
    hessian = p * (1 - p) * (x.shape[1] / (x.shape[1] - 1))
    p[np.arange(len(y)), y.astype(int)] -= 1
    return p, hessian


def numpy_tweedie(y: Any, x: Any) -> tuple[Any, Any]:
    """Return gradient and Hessian of the Tweedie loss of power 1.5."""
    a, b = np.exp(-0.5 * x), np.exp(0.5 * x)
    return b - y * a, 0.5 * (b + y * a)


def boosting() -> None:
    import lightgbm

    rng = np.random.default_rng(0)
    X = rng.normal(size=(500_000, 10)).astype(np.float32)
    score = X[:, 0] + np.sin(2 * X[:, 1]) + rng.normal(size=len(X))
    targets = {
        "focal": (score > 1).astype(float),
        "softmax 10": np.digitize(score, np.quantile(score, np.arange(0.1, 1, 0.1))).astype(float),
        "tweedie": rng.poisson(np.exp(0.3 * score)).astype(float),
    }
    cases = {
        "focal": ("binary", fl.binary_focal, numpy_focal, {}, "abs"),
        "softmax 10": ("multiclass", fl.cross_entropy, numpy_softmax, {"num_class": 10}, None),
        "tweedie": ("tweedie", fl.tweedie, numpy_tweedie, {"tweedie_variance_power": 1.5}, None),
    }
    for name, (builtin, loss, formula, own, curvature) in cases.items():
        y = targets[name]
        options = {} if curvature is None else {"curvature": curvature}
        objective = fl.interop.lightgbm.objective(loss, n_threads=1, **options)

        def of_data(x: Any, data: Any, formula: Any = formula) -> Any:
            return formula(data.get_label(), x)

        def train(objective: Any, y: Any = y, own: Any = own) -> Any:
            parameters = {"objective": objective, "verbose": -1, "num_threads": 1, "boost_from_average": False, **own}
            return lightgbm.train(parameters, lightgbm.Dataset(X, y).construct(), 6)

        objectives = {"NumPy": of_data, "fastloss": objective, "built-in": builtin}
        sides: Sides = {side: partial(train, one) for side, one in objectives.items()}
        x = np.asfortranarray(rng.normal(size=(len(y), 10)) if own.get("num_class") else rng.normal(size=len(y)))
        alone = cpu_seconds({"NumPy": partial(formula, y, x), "fastloss": partial(objective, y, x)}, 3)
        shown(f"objective alone: {name} (ms)", alone, 1e-3, 1)
        shown(f"LightGBM {name} (s), with its data", cpu_seconds(sides, 2))


def ranking() -> None:
    """Lists as those of MSLR-WEB30K: 120 rows, 136 features, relevance from 0 to 4."""
    import lightgbm

    lists, rows, features = 2_000, 120, 136
    rng = np.random.default_rng(0)
    X = rng.normal(size=(lists * rows, features)).astype(np.float32)
    score = X[:, :10] @ rng.normal(scale=0.4, size=10) + rng.normal(size=len(X))
    y, groups = np.digitize(score, [0.5, 1.5, 2.3, 3.0]).astype(np.float32), np.full(lists, rows)
    given = {"verbose": -1, "num_threads": 1, "force_row_wise": True}
    data = lightgbm.Dataset(X, y, group=groups, params=given).construct()
    objective = fl.interop.lightgbm.objective(fl.lambdarank, n_threads=1)

    def train(objective: Any) -> Any:
        return lightgbm.train({"objective": objective, **given}, data, 10)

    x = rng.normal(size=len(y))
    alone = {"fastloss": partial(fl.lambdarank.grad_and_hess, y, x, groups=groups, reduction="sum", n_threads=1)}
    shown("objective alone: lambdarank (ms)", cpu_seconds(alone, 5), 1e-3, 1)
    sides: Sides = {"fastloss": partial(train, objective), "built-in": partial(train, "lambdarank")}
    shown("LightGBM lambdarank (s)", cpu_seconds(sides, 3))


# -- PyTorch -----------------------------------------------------------------------------------------------------------


def pytorch() -> None:
    import torch

    torch.set_num_threads(1)
    own = fl.interop.torch
    for shape in ((32, 10), (256, 10), (65536, 10), (2048, 1000), (8192, 1000)):
        x = torch.randn(shape, requires_grad=True)
        y = torch.randint(0, shape[1], shape[:1])
        modules = {"fastloss": own.CrossEntropyLoss(), "eager": torch.nn.CrossEntropyLoss()}

        def step(module: Any, x: Any = x, y: Any = y) -> None:
            x.grad = None
            module(x, y).backward()

        sides: Sides = {name: partial(step, module) for name, module in modules.items()}
        compiled = torch.compile(torch.nn.CrossEntropyLoss())
        try:
            step(compiled)
            sides["compiled"] = partial(step, compiled)
        except Exception as error:  # no compiler
            print(f"torch.compile: {error}")
        calls = 200 if shape[0] <= 256 else 1
        shown(f"PyTorch, cross-entropy {shape} (us)", cpu_seconds(sides, 7, calls), 1e-6, 0)
    for name, arguments in (("BCEWithLogitsLoss", ()), ("GaussianNLLLoss", ("var",)), ("HuberLoss", ())):
        x, y, var = torch.randn(10**6, requires_grad=True), torch.rand(10**6), torch.rand(10**6) + 0.1
        given = (y, var) if arguments else (y,)

        def run(module: Any, x: Any = x, given: Any = given) -> None:
            module(x, *given).backward()

        sides = {
            side: partial(run, getattr(library, name)()) for side, library in (("fastloss", own), ("eager", torch.nn))
        }
        shown(f"PyTorch, {name} 1e6 (us)", cpu_seconds(sides, 7), 1e-6, 0)


# -- JAX ---------------------------------------------------------------------------------------------------------------


def jax() -> None:
    import jax
    import jax.numpy as jnp
    import optax

    rng = np.random.default_rng(0)
    for shape in ((32, 10), (65536, 10), (2048, 1000), (8192, 1000)):
        x = jnp.asarray(rng.normal(size=shape).astype(np.float32))
        y = jnp.asarray(rng.integers(shape[1], size=shape[0]).astype(np.int32))
        functions = {
            "fastloss": fl.interop.jax.as_function(fl.cross_entropy),
            "optax": lambda y, x: optax.softmax_cross_entropy_with_integer_labels(x, y).mean(),
            "back into Python": fl.interop.jax.as_function(fl.cross_entropy, n_threads=1),
        }
        steps = {name: jax.jit(jax.value_and_grad(function, argnums=1)) for name, function in functions.items()}

        def run(step: Any, x: Any = x, y: Any = y) -> None:
            jax.block_until_ready(step(y, x))

        sides: Sides = {name: partial(run, step) for name, step in steps.items()}
        calls = 200 if shape == (32, 10) else 1
        shown(f"JAX, cross-entropy {shape} (us)", cpu_seconds(sides, 7, calls), 1e-6, 0)


# -- metrics -----------------------------------------------------------------------------------------------------------


def metrics() -> None:
    import sklearn.metrics

    rng = np.random.default_rng(0)
    n = 10**6
    y, p = rng.integers(0, 2, n), rng.uniform(0.01, 0.99, n)
    x, z = rng.normal(size=n), rng.normal(size=n)
    rows, labels = fl.softmax(rng.normal(size=(n, 5))), rng.integers(0, 5, n)
    cases = [("log_loss", (y, p)), ("log_loss", (labels, rows)), ("brier_score_loss", (y, p))]
    cases += [(name, (x, z)) for name in ("mean_squared_error", "mean_absolute_error", "d2_absolute_error_score")]
    mu = rng.uniform(0.1, 20, n)
    sizes = mu * rng.gamma(4.0, 0.25, n)
    cases += [("mean_poisson_deviance", (y, p)), ("mean_gamma_deviance", (sizes, mu))]
    cases += [("mean_tweedie_deviance", (sizes, mu, power)) for power in (1.5, 3)]
    for name, (true, pred, *power) in cases:
        libraries = {"fastloss": fl.metrics, "scikit-learn": sklearn.metrics}
        options = {"power": power[0]} if power else {}
        sides: Sides = {
            side: partial(getattr(library, name), true, pred, **options) for side, library in libraries.items()
        }
        what = " of 5 classes" if pred.ndim > 1 else f" {power[0]}" if power else ""
        shown(f"{name}{what} 1e6 (ms)", cpu_seconds(sides, 5), 1e-3, 1)


# -- Dask --------------------------------------------------------------------------------------------------------------


def dask() -> None:
    import dask
    import dask.array as da

    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(640_000, 100)).astype(np.float32), rng.integers(0, 100, 640_000)
    out = np.empty_like(logits)
    for rows in (3200, 8000, 16_000, 32_000, 64_000, 160_000):
        lazy = da.from_array(logits, chunks=(rows, 100))

        def chunked(lazy: Any = lazy) -> Any:
            value, gradient = fl.interop.dask.value_and_grad(fl.cross_entropy, labels, lazy)
            stored = da.store(gradient, out, lock=False, compute=False)
            return dask.compute(value, stored, scheduler="threads", num_workers=2)

        def loop(rows: int = rows) -> list[Any]:
            return [
                fl.cross_entropy.value_and_grad(
                    labels[p], logits[p], out=(None, out[p]), normalizer=len(logits), n_threads=1
                )
                for p in (slice(k, k + rows) for k in range(0, len(logits), rows))
            ]

        seconds = cpu_seconds({"fastloss": loop, "Dask": chunked}, 5)
        chunks = len(logits) // rows
        more = (seconds["Dask"] - seconds["fastloss"]) / chunks * 1e3
        gain = 2 * seconds["fastloss"] / seconds["Dask"]
        shown(f"Dask, chunks of {rows * 400 / 1e6:.1f} MB (ms)", seconds, 1e-3, 0)
        print(f"{'':34s} {more:.2f} ms a chunk more; {gain:.2f} times as fast as a loop if two threads share it evenly")


# -- MPI: what a rank has to compute -----------------------------------------------------------------------------------


def mpi() -> None:
    from fastloss.interop.blocks import Block, Samples
    from fastloss.kinds.base import GRADIENT, VALUE

    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(1024, 8192)).astype(np.float32), rng.integers(0, 8192, 1024)
    block = Block([logits], 1)
    samples = Samples(labels, np.ones(1024, bool), np.ones(1024), 0.0, 8192, 1024.0)

    def of_block() -> Any:
        return block.results(VALUE | GRADIENT, samples, [block.state()], 0, 0)

    sides: Sides = {
        "fastloss": partial(fl.cross_entropy.value_and_grad, labels, logits, n_threads=1),
        "as a block of classes": of_block,
    }
    shown("MPI, block 1024 x 8192 (ms)", cpu_seconds(sides, 7), 1e-3, 1)


#: What each rank does with its own samples: the least time of any call, from the moment at which all begin.
RANK = """
import time
import numpy as np
from mpi4py import MPI
import fastloss as fl

comm = MPI.COMM_WORLD
rng = np.random.default_rng(comm.rank)
logits, labels = rng.normal(size=(8192, 1000)).astype(np.float32), rng.integers(0, 1000, 8192)
out = np.empty_like(logits)
seconds = {"MPI": [], "fastloss": []}
for _ in range(20):
    for side, module, own in (("MPI", fl.interop.mpi, (fl.cross_entropy,)), ("fastloss", fl.cross_entropy, ())):
        comm.Barrier()
        start = time.perf_counter()
        module.value_and_grad(*own, labels, logits, out=(None, out), n_threads=1)
        seconds[side].append(time.perf_counter() - start)
least = comm.gather({side: min(times) for side, times in seconds.items()})
if comm.rank == 0:
    print(*(max(own[side] for own in least) for side in ("fastloss", "MPI")))
"""


def ranks() -> None:
    """Weak scaling: as many samples on each rank. These are seconds of a clock, of the slowest rank."""
    allowed = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    for number in (1, 2):
        command = ["mpiexec", "-n", str(number), sys.executable, "-c", RANK]
        ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | allowed, check=True)
        seconds = dict(zip(("fastloss", "MPI"), map(float, ended.stdout.split()), strict=True))
        shown(f"{number} ranks, 8192 x 1000 on each (ms)", seconds, 1e-3, 1)


PARTS = {
    "boosting": (boosting, "lightgbm"), "ranking": (ranking, "lightgbm"), "torch": (pytorch, "torch"),
    "jax": (jax, "jax"), "metrics": (metrics, "sklearn"), "dask": (dask, "dask"), "mpi": (mpi, "numpy"),
    "ranks": (ranks, "mpi4py"),
}  # fmt: skip


def wanted(names: list[str]) -> Iterator[Callable[[], None]]:
    """Yield the parts that are asked for and whose libraries are there."""
    for name in names or list(PARTS):
        part, library = PARTS[name]
        if importlib.util.find_spec(library):
            yield part
        else:
            print(f"{name}: there is no {library}")


if __name__ == "__main__":
    for part in wanted(sys.argv[1:]):
        print(f"\n-- {part.__name__}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs", flush=True)
        part()
