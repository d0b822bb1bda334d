"""Keras: what `keras_models.py` tests, with each backend."""

from __future__ import annotations

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_a_backend(backend: str) -> None:
    for name in ("keras", backend):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"there is no {name}")
    script = Path(__file__).with_name("keras_models.py")
    environment = os.environ | {"KERAS_BACKEND": backend}
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, timeout=300)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(ended.stdout.splitlines()) == script.read_text("utf-8").count("\ndef test_"), ended.stdout


def test_it_says_how_to_install_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fastloss.interop.keras", raising=False)
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ImportError, match=r"fastloss.interop.keras needs Keras .*: python -m pip install keras jax"):
        importlib.import_module("fastloss.interop.keras")
