"""Losses as other libraries want them: a module for each library, imported when it is asked for.

`lightgbm`, `xgboost` and `catboost` make objectives and metrics for boosted trees, `scipy` the functions that
``scipy.optimize.minimize`` takes, `torch` modules of PyTorch, `jax` functions of JAX, `keras` losses of Keras. `dask`
calls losses on arrays in chunks, `mpi` on samples that lie on several ranks; `sklearn` has a linear model, and losses
for trees.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = ("catboost", "dask", "jax", "keras", "lightgbm", "mpi", "scipy", "sklearn", "torch", "xgboost")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(_MODULES)}")


def __dir__() -> list[str]:
    return list(_MODULES)
