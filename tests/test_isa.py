"""A sample of the suite again, under each ISA level of this CPU but the one that the suite itself runs on.

``FASTLOSS_ISA=v2 python -m pytest tests`` runs all of it on one level.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cases
import pytest

import fastloss as fl

OTHERS = [level for level in fl.build_info()["isa_available"] if level != fl.build_info()["isa"]]


@pytest.mark.slow
@pytest.mark.parametrize("level", OTHERS)
def test_the_suite_on_another_level(level: str) -> None:
    environment = os.environ | {"FASTLOSS_ISA": level, "FASTLOSS_TEST_SEED": str(cases.SEED)}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "compact", "--one-in=8", "-p", "no:cacheprovider"]
    command.append(str(Path(__file__).parent))
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600, env=environment, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
