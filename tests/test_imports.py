"""The modules of the package import each other in one direction."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import fastloss

PACKAGE = Path(fastloss.__file__).parent


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "__init__"


def imports_of(path: Path, whole: bool) -> Iterator[str]:
    """Yield the modules of the package that one imports as it is loaded, or (`whole`) ever."""
    names = {name_of(other) for other in PACKAGE.rglob("*.py")}
    tree = ast.parse(path.read_text("utf-8"))
    folder = list(path.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(tree) if whole else tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = folder[: len(folder) - node.level + 1] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                for found in (".".join([*base, alias.name]), ".".join(base)):
                    if found in names:
                        yield found
                        break


def graph() -> dict[str, set[str]]:
    return {name_of(path): set(imports_of(path, whole=False)) for path in PACKAGE.rglob("*.py")}


def test_the_graph_is_that_of_the_package() -> None:
    """The walk finds what is imported: a test of nothing would pass, too."""
    found = graph()
    assert {"loss", "runtime", "penalties"} <= found["__init__"] | {"loss"}
    assert found["loss"] >= {"arrays", "call", "runtime"}
    assert sum(map(len, found.values())) > 40


def test_no_module_is_imported_in_a_circle() -> None:
    order = list(TopologicalSorter(graph()).static_order())  # CycleError names the circle
    assert order.index("loss") > order.index("arrays")


def test_formulas_import_nothing_but_their_language() -> None:
    for path in (PACKAGE / "catalogue").glob("*.py"):
        language = {"rows", "catalogue.vocabulary"}
        assert path.name == "__init__.py" or language >= set(imports_of(path, whole=True)), path


SUBJECTS = ("scalars", "arrays", "domains", "parameters", "samples", "targets", "outputs", "reductions", "foreign")


@pytest.mark.parametrize("module", SUBJECTS)
def test_checks_know_nothing_of_losses(module: str) -> None:
    assert not {"loss", "algebra", "catalogue"} & set(imports_of(PACKAGE / f"{module}.py", whole=True))


def test_the_kernels_of_a_kind_are_loaded_on_first_use() -> None:
    code = """
import sys
import numpy as np
import fastloss as fl

def loaded():
    level = fl.build_info()["isa"]
    return {name[10:].removesuffix("_" + level) for name in sys.modules if name.startswith("fastloss._")} - {"cpu"}

print(*loaded())
str(fl.huber), fl.huber.grad, fl.losses(), fl.huber.bind(delta=2.0), fl.l2, fl.huber.__doc__
print(*loaded() - {"frame"})
fl.sigmoid([1.0])
print(*loaded() - {"frame"})
fl.cross_entropy([0], [[1.0, 2.0]])
print(*sorted(loaded() - {"frame"}))
fl.cosine_distance(np.ones((2, 3)), np.ones((2, 3)))
print(*sorted(loaded() - {"frame"}))
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == ["frame", "", "points", "points rows", "points rows vectors"]


def test_kinds_are_loaded_when_a_loss_of_theirs_is_called() -> None:
    code = """
import sys
import fastloss as fl
loaded = lambda: {name for name in sys.modules if name.startswith("fastloss.kinds.")}
before = loaded()
print(*sorted(before))
fl.dice([[0.0, 1.0]], [[1.0, 2.0]])
print(*sorted(loaded() - before))
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == ["fastloss.kinds.base fastloss.kinds.points", "fastloss.kinds.regions"]


@pytest.mark.parametrize("level", fastloss.build_info()["isa_available"])
def test_the_modules_of_a_level_know_their_names(level: str) -> None:
    """Cython translates them once: what is written again for another level must not name those of the first."""
    if importlib.util.find_spec(f"fastloss._frame_{level}") is None:
        pytest.skip(f"built without {level}")
    code = f"""
from fastloss.runtime import MODULES, kernels
for name in MODULES:
    module = getattr(kernels, name)
    assert module.__name__ == f"fastloss._{{name}}_{level}"
    functions = [f for f in vars(module).values() if type(f).__name__ == "cython_function_or_method"]
    assert functions
    assert {{f.__module__ for f in functions}} == {{module.__name__}}
    shown = repr(getattr(module, "__pyx_capi__", {{}}))
    assert not [other for other in ("v2", "v3", "v4") if other != "{level}" and f"_frame_{{other}}" in shown], shown
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "FASTLOSS_ISA": level})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_forked_while_a_kind_is_loaded_can_load_it() -> None:
    code = """
import importlib, os, signal, sys, threading, time, warnings
import numpy as np
import fastloss as fl
warnings.simplefilter("ignore")
loading, original = threading.Event(), importlib.import_module

def slowly(name, package=None):
    module = original(name, package)
    loading.set()
    time.sleep(0.3)
    return module

fl.runtime.importlib.import_module = slowly
loader = threading.Thread(target=lambda: fl.huber(np.zeros(3), np.ones(3)))
loader.start()
loading.wait()
pid = os.fork()
if not pid:
    signal.alarm(20)
    assert fl.huber(np.zeros(3), np.ones(3)) == 0.5
    os._exit(0)
loader.join()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
