"""MPI: what `mpi_ranks.py` tests, on one rank and several."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HAS_MPI = importlib.util.find_spec("mpi4py") and shutil.which("mpiexec")
#: So that Open MPI starts more ranks than there are CPUs, also as root; others do not know these.
OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_mpi_yield_when_idle": "1", "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}  # fmt: skip


@pytest.mark.skipif(not HAS_MPI, reason="there is no mpi4py, or no mpiexec")
@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_ranks(ranks: int) -> None:
    # Of `-m mpi4py` an error on one rank ends all.
    script = Path(__file__).with_name("mpi_ranks.py")
    command = ["mpiexec", "-n", str(ranks), sys.executable, "-W", "error", "-m", "mpi4py", str(script)]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | OPEN_MPI, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(ended.stdout.splitlines()) == script.read_text("utf-8").count("\ndef test_"), ended.stdout


def test_it_says_how_to_install_mpi4py(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fastloss.interop.mpi", raising=False)
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"fastloss.interop.mpi needs mpi4py: python -m pip install mpi4py"):
        importlib.import_module("fastloss.interop.mpi")
