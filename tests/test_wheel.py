"""The check of a wheel's contents sees what does not belong there."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "check_wheel.py"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="needs the repository")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("check_wheel", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def problems(tool: ModuleType, folder: Path, missing: str = "", stray: str = "") -> list[str]:
    """Return what is found in a wheel of empty files."""
    wheel = folder / "fastloss-0.1.0-cp311-abi3-linux_x86_64.whl"
    names = tool.expected_files("fastloss-0.1.0") | {f"fastloss/_{part}_v2.abi3.pyd" for part in tool.PARTS}
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in sorted((names - {missing}) | ({stray} if stray else set())):
            archive.writestr(name, "")
    return list(tool.wrong_in(wheel))


def test_a_wheel_as_it_should_be(tool: ModuleType, tmp_path: Path) -> None:
    assert problems(tool, tmp_path) == []


@pytest.mark.parametrize(
    "name",
    ["fastloss/loss.py", "fastloss-0.1.0.dist-info/licenses/LICENSE", "fastloss/py.typed", "fastloss/__init__.pyi"],
)
def test_a_file_that_is_missing(tool: ModuleType, tmp_path: Path, name: str) -> None:
    assert problems(tool, tmp_path, missing=name) == [f"{name} is missing"]


def test_kernels_that_are_missing(tool: ModuleType, tmp_path: Path) -> None:
    """A kind is loaded on first use: nothing else would miss it."""
    assert problems(tool, tmp_path, missing="fastloss/_vectors_v2.abi3.pyd") == ["no kernels of vectors for v2"]


@pytest.mark.parametrize(
    "name", ["tests/cases.py", "fastloss/kernels/blocks/blocks.h", "fastloss/kernels/points/write_formulas.py"]
)
def test_a_file_that_does_not_belong_there(tool: ModuleType, tmp_path: Path, name: str) -> None:
    assert problems(tool, tmp_path, stray=name) == [f"{name} does not belong there"]


def test_what_auditwheel_adds_belongs_there(tool: ModuleType, tmp_path: Path) -> None:
    """It (6.8) lists the libraries that it brings along."""
    assert problems(tool, tmp_path, stray="fastloss-0.1.0.dist-info/sboms/auditwheel.cdx.json") == []


def test_a_wheel_of_too_many_bytes(tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "MOST_BYTES", 1000)
    (problem,) = problems(tool, tmp_path)
    assert problem.endswith("bytes are more than 1000")
