"""Calls of losses by XLA's foreign function interface: compiled functions of JAX reach the kernels without Python.

What stands between XLA and the kernels (``xla.cc``) needs the headers of the jaxlib that is there. So it is compiled
when it is first asked for, in some seconds, and kept in the folder where loops of Numba are.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import platform
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import jaxlib

from ..cached import cache_folder
from ..loss import Loss
from ..runtime import kernels

_SOURCE = Path(__file__).with_suffix(".cc")


@functools.cache
def library() -> Any:
    """Return what XLA calls, compiled; None where there is no compiler, no folder to keep it in, or an old JAX."""
    folder, ffi = cache_folder(), getattr(jax, "ffi", None)
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++")
    if folder is None or ffi is None or compiler is None:
        return None
    try:
        text = _SOURCE.read_bytes()
        depends = f"{jaxlib.__version__} {platform.machine()} {platform.libc_ver()}".encode()
        path = folder / f"xla-{hashlib.sha256(text + depends).hexdigest()[:24]}.so"
        if not path.exists():
            draft = path.with_suffix(f".{os.getpid()}")
            flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-w", "-I", ffi.include_dir()]
            try:
                subprocess.run(
                    [*compiler.split(), *flags, str(_SOURCE), "-o", str(draft)],
                    check=True, capture_output=True, timeout=120,
                )  # fmt: skip
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        found = ctypes.CDLL(str(path))
        found.fastloss_enter.argtypes = [ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        found.fastloss_enter.restype = None
        ffi.register_ffi_target("fastloss_run", ffi.pycapsule(found.fastloss_run), platform="cpu")
    except (OSError, subprocess.SubprocessError):
        return None
    return found


def _functions() -> dict[str, Any]:
    """Return what the package has for the Cython code of others."""
    return {**kernels.points.__pyx_capi__, **kernels.rows.__pyx_capi__}


def _address(name: str) -> int:
    """Return the address of one of these functions."""
    capsule = _functions()[name]
    name_of, pointer_of = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    address: int = pointer_of(capsule, name_of(capsule))
    return address


#: The losses whose kernels XLA has: they live as long as the process, as compiled functions may.
_entered: dict[str, Loss] = {}


class Compiled:
    """A mean or a sum of a loss, without weights, as XLA calls it.

    Parameters
    ----------
    loss : Loss
        Any loss.
    """

    def __init__(self, loss: Loss) -> None:
        row = loss._row
        self.row, self.reduction = row, loss.keywords.get("reduction", "mean")
        self.bare = Loss(row, {name: value for name, value in loss._bound.items() if name != "reduction"})
        kind = "pointwise" if row.of_numbers else row.name
        self.functions = [f"{kind}_{real}" for real in ("f32", "f64")]
        #: As XLA knows it. What users wrote has the same name in another process, and may be something else.
        self.name = repr(self.bare) if row.module == "fastloss" and not row.terms else f"{loss.name} {uuid.uuid4()}"
        self.there = self.functions[0] in _functions() and self.reduction in ("mean", "sum") and not self.bare.keywords
        if self.there and row.of_numbers:
            try:
                self.bare._prepared()
            except (
                TypeError,
                NotImplementedError,
            ):  # a parameter for each sample, a loss of the user's without kernels
                self.there = False
        elif self.there:
            self.there = self.bare == Loss(row)

    def takes(self, arrays: tuple[Any, ...]) -> bool:
        """Tell whether it can be called with some arrays.

        Parameters
        ----------
        arrays : tuple of jax.Array or None
            As the loss takes them.

        Returns
        -------
        bool
            False also where nothing could be compiled.
        """
        if not self.there or len(arrays) != 2 or jax.default_backend() != "cpu":
            return False
        y_true, y_pred = arrays
        if y_pred.dtype not in (jnp.float32, jnp.float64):
            return False
        if self.row.of_numbers:
            fits = y_true.dtype == y_pred.dtype and y_true.shape == y_pred.shape
        else:
            fits = y_true.dtype in (jnp.int32, jnp.int64) and y_true.shape == y_pred.shape[:-1] and y_pred.ndim > 0
        return fits and library() is not None

    def __call__(self, arrays: tuple[Any, ...], differentiated: bool) -> Any:
        """Return the value, and the gradient where it is asked for.

        Parameters
        ----------
        arrays : tuple of jax.Array
            What it takes.
        differentiated : bool
            Whether the gradient is wanted.

        Returns
        -------
        list of jax.Array
            One, or two.
        """
        if self.name not in _entered:
            _entered[self.name] = self.bare
            kernel_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(_address("kernel_of"))
            kernel = kernel_of(self.bare) if self.row.of_numbers else None
            library().fastloss_enter(self.name.encode(), kernel, *map(_address, self.functions))
        y_true, y_pred = arrays
        shapes = [jax.ShapeDtypeStruct((), y_pred.dtype), jax.ShapeDtypeStruct(y_pred.shape, y_pred.dtype)]
        called = jax.ffi.ffi_call("fastloss_run", shapes[: 1 + differentiated], vmap_method="broadcast_all")
        return called(y_true, y_pred, name=self.name, mean=self.reduction == "mean")
