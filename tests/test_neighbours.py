"""What else lives in the process: it shares its cores (joblib, OpenMP runtimes, threadpoolctl), or calls losses."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vecmath_library
from cases import bits, generator

import fastloss as fl

needs_openmp = pytest.mark.skipif(not fl.build_info()["openmp"], reason="this build runs on one thread")


def large(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = generator("neighbours", seed)
    return rng.integers(10, size=60_000), rng.normal(size=(60_000, 10)).astype(np.float32)


def call(seed: int = 0, n_threads: int | None = 2) -> Any:
    y_true, logits = large(seed)
    return bits(fl.cross_entropy.value_and_grad(y_true, logits, n_threads=n_threads))


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(backend: str) -> None:
    joblib = pytest.importorskip("joblib")
    with joblib.parallel_config(backend=backend, n_jobs=2):
        results = joblib.Parallel(timeout=120)(joblib.delayed(call)(seed) for seed in range(4))
    assert results == [call(seed) for seed in range(4)]


REGION = """
#include <omp.h>
int run(int threads, int (*python)(int)) {
    int failures = 0;
    #pragma omp parallel for num_threads(threads) schedule(static, 1) reduction(+:failures)
    for (int i = 0; i < 4 * threads; i++) failures += python(i);
    return failures;
}
"""


@needs_openmp
@pytest.mark.skipif(vecmath_library.compiler() is None, reason="no C compiler")
def test_inside_the_parallel_region_of_another_library(tmp_path: Path) -> None:
    """The threads of a region of OpenMP call back into Python, and from there a call opens a region of its own."""
    library = tmp_path / "region.so"
    try:
        vecmath_library.run_compiler(REGION, library, "-O2", "-fopenmp", "-fPIC", "-shared")
    except RuntimeError as error:
        pytest.skip(f"no OpenMP for this compiler: {error}")
    expected = [call(i % 3, n_threads=1) for i in range(3)]
    callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda i: int(call(i % 3, 2) != expected[i % 3]))
    assert ctypes.CDLL(str(library)).run(2, callback) == 0


@needs_openmp
def test_threadpoolctl_sees_and_limits_the_threads() -> None:
    """In a process that has no thread limit of another kind."""
    pytest.importorskip("threadpoolctl")
    code = """
import fastloss as fl, threadpoolctl
fl.softmax([0.0, 1.0])
pools = [p for p in threadpoolctl.threadpool_info() if p["user_api"] == "openmp"]
assert pools, "threadpoolctl knows of no OpenMP"
with threadpoolctl.threadpool_limits(1, user_api="openmp"):
    assert fl.get_num_threads() == 1
print("limited")
"""
    environment = {k: v for k, v in os.environ.items() if k not in ("FASTLOSS_NUM_THREADS", "OMP_NUM_THREADS")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.strip() == "limited", done.stderr


def work_of_numpy() -> Callable[[], Any]:
    a = generator("blas").normal(size=(300, 300))
    return lambda: bits(a @ a)


def work_of_sklearn() -> Callable[[], Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier  # OpenMP of its own, in the same process

    rng = generator("boosting")
    x, y = rng.normal(size=(500, 5)), rng.integers(2, size=500)
    return lambda: HistGradientBoostingClassifier(max_iter=3, random_state=0).fit(x, y).score(x, y)


def work_of_torch() -> Callable[[], Any]:
    import torch

    x = torch.from_numpy(generator("torch").normal(size=(400, 400)).astype(np.float32))
    return lambda: bits(torch.nn.functional.log_softmax(x @ x, dim=1).numpy())


NEIGHBOURS = {"numpy": work_of_numpy, "sklearn": work_of_sklearn, "torch": work_of_torch}


@pytest.mark.parametrize(("module", "work"), NEIGHBOURS.items())
def test_in_turn_with_another_library(module: str, work: Callable[[], Callable[[], Any]]) -> None:
    """Neither changes the results of the other; nor does it hang, where both have an OpenMP runtime."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    ours, run = call(), work()
    theirs = run()
    for _ in range(5):
        assert call() == ours
        assert run() == theirs


def test_at_once_with_every_other_library() -> None:
    """Each in a thread of its own, with whatever pools of threads they bring."""
    present = {module: work() for module, work in NEIGHBOURS.items() if importlib.util.find_spec(module)}
    jobs = {**present, "fastloss": call, "fastloss again": call}
    expected = {name: job() for name, job in jobs.items()}
    barrier = threading.Barrier(len(jobs))

    def work(name: str) -> list[Any]:
        barrier.wait(60)
        return [jobs[name]() for _ in range(8)]

    with ThreadPoolExecutor(len(jobs)) as pool:
        results = dict(zip(jobs, pool.map(work, jobs, timeout=300), strict=True))
    for name, each in results.items():
        assert each == [expected[name]] * 8, name


# -- who calls losses, after a look at them ---------------------------------------------------------------------------


def linear(seed: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features, targets with outliers, and weights that leave half of the samples out."""
    rng = generator("neighbours", seed)
    x = rng.normal(size=(120, 3))
    y = x @ [1.0, -2.0, 0.5] + rng.standard_t(2, size=120)
    return x, y, np.repeat([0.0, 1.0], 60)


@pytest.mark.parametrize("loss", [fl.huber, fl.huber.bind(delta=2.0), 0.5 * fl.huber + fl.squared_error], ids=repr)
def test_scikit_learn_scores_by_a_loss(loss: Any) -> None:
    pytest.importorskip("sklearn")
    import sklearn
    from sklearn.linear_model import Ridge
    from sklearn.metrics import make_scorer
    from sklearn.model_selection import cross_val_score

    x, y, weight = linear("scorer")
    scorer = make_scorer(loss, greater_is_better=False)
    assert loss.__name__ in repr(scorer)
    scores = cross_val_score(Ridge(), x, y, scoring=scorer, cv=3)
    model = Ridge().fit(x[40:], y[40:])
    assert scores[0] == -loss(y[:40], model.predict(x[:40]))
    assert scorer(model, x, y, sample_weight=weight) == -loss(y, model.predict(x), sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = scorer.set_score_request(sample_weight=True)
        model = Ridge().set_fit_request(sample_weight=False)
        weighted = cross_val_score(model, x, y, scoring=scorer, cv=3, params={"sample_weight": weight})
    assert weighted[1] != scores[1]  # half of its samples are left out
    assert weighted[2] == scores[2]


def test_xgboost_takes_a_loss_as_metric_and_objective_with_weights() -> None:
    xgboost = pytest.importorskip("xgboost")
    x, y, weight = linear("xgboost")
    settings = {"n_estimators": 3, "base_score": 0.0}
    model = xgboost.XGBRegressor(eval_metric=fl.huber, disable_default_eval_metric=True, **settings)
    model.fit(x, y, eval_set=[(x, y)], sample_weight_eval_set=[weight], verbose=False)
    ((name, values),) = model.evals_result()["validation_0"].items()
    assert name == "huber"
    assert values[-1] == pytest.approx(fl.huber(y, model.predict(x), sample_weight=weight), rel=1e-5)

    def written_out(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return fl.squared_error.grad_and_hess(y_true, y_pred, sample_weight=sample_weight, reduction="sum")

    bound = fl.squared_error.bind(reduction="sum").grad_and_hess
    for given in ({}, {"sample_weight": weight}):
        ours, expected = (
            xgboost.XGBRegressor(objective=objective, **settings).fit(x, y, **given).predict(x)
            for objective in (bound, written_out)
        )
        assert expected.std() > 0.1
        assert bits(ours) == bits(expected)


def test_lightgbm_which_counts_parameters_refuses_a_method_where_it_lost_the_weights() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    x, y, weight = linear("lightgbm")
    model = lightgbm.LGBMRegressor(objective=fl.squared_error.grad_and_hess, n_estimators=2, verbose=-1)
    with pytest.raises(TypeError, match="2, 3 or 4 arguments"):
        model.fit(x, y, sample_weight=weight)
