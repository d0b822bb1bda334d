"""Compiling a loop with Numba into a function that the kernels call by its address, once for all processes.

Numba's own threads are never started. What is compiled here is the inside of a block; the kernels deal out the blocks,
to the same OpenMP threads for both engines. So there is no threading layer that has to be found, none that aborts when
two threads call at once (``workqueue``), none that a fork breaks, and the bits are the same for any number of threads.

A compiled loop is kept on disk, in `cache_folder`. Numba's cache looks at the file that a function is defined in and
nowhere else; so each loop gets a file of its own, named by all that the machine code depends on: its text, the
primitives, the versions of Numba and fastloss. The text in it is for readers.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.ccallback import CFunc
from numba.core.errors import NumbaError, NumbaWarning

from .. import __version__
from ..cached import OF_NUMBA, cache_folder
from .formula import Formula, FormulaError
from .vecmath import POWERS, WORDS, inline

#: The compute types, by whether it is the double one.
REALS: dict[bool, np.dtype[Any]] = {False: np.dtype(np.float32), True: np.dtype(np.float64)}
NUMBA_REALS = {False: numba.types.float32, True: numba.types.float64}


@functools.cache
def _versions() -> str:
    own = "".join(path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py")))
    digest = hashlib.sha256(own.encode()).hexdigest()
    return f"{__version__} {numba.__version__} {llvmlite.__version__} {np.__version__} {digest}"


class _Kernel(CFunc):
    """A C function whose pointers do not overlap: LLVM else compares each two before a loop, and gives up at nine."""

    _compiler: Any
    _library: Any

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        super().__init__(function, (signature.args, signature.return_type), {}, {"error_model": "numpy"})
        customize = self._compiler._customize_flags

        def without_overlap(flags: Any) -> Any:
            flags = customize(flags)
            flags.noalias = True
            return flags

        self._compiler._customize_flags = without_overlap

    def inspect_asm(self) -> str:
        """Return the machine code as text."""
        text: str = self._library.get_asm_str()
        return text


def compiled_formula(formula: Formula, double: bool) -> Any:
    """Return a formula as a function for other compiled functions, in one compute type.

    No index of it reads outside of an array: that raises, see `Formula.may_raise`.
    """
    parts = {f"part{k}": compiled_formula(part, double) for k, part in enumerate(formula.parts)}
    words = {**POWERS, **WORDS[REALS[double]], **parts, "real": NUMBA_REALS[double]}
    return formula.function(words, functools.partial(inline, boundscheck=True))


def never_raising(function: Any, formula: Formula, real: Any) -> Any:
    """Return the compiled function of a formula as one that returns NaN where that raises.

    Nobody would get the exception, and what the kernel had still to write would never be written.

    The `try` is alone in a function, and not in the kernel's loop, because Numba may catch no more than one exception
    in one call of a function. From Python 3.12 on the code of an ``except`` lies behind the loop and jumps to where
    the `try` ends. Numba then counts that end twice, and takes what raises next to be outside of the `try`.
    """
    text = f"""
def never_raising(*given):
    try:
        {formula.as_returned(str)} = function(*given)
        return {formula.as_returned("real({})".format)}
    except Exception:
        return {formula.as_returned(lambda name: "real(nan)")}
"""
    names = {"function": function, "real": real, "nan": math.nan}
    exec(text, names)
    return inline(names["never_raising"])


def compile_kernel(text: str, signature: Any, names: dict[str, Any], formula: Formula) -> _Kernel:
    """Compile the function `kernel` of `text`, which calls `formula`, to a C function of a signature."""
    cacheable = formula.cacheable and cache_folder() is not None
    key = f"{_versions()}\n{signature}\n{formula.whole_text}\n{text}"
    file = f"<fastloss {formula.name}>"
    if cacheable:
        folder = cache_folder()
        assert folder is not None
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        path = folder / f"{formula.name if formula.name.isidentifier() else 'loss'}_{digest}.py"
        cacheable = _written(path, f"# {signature}\n\n{formula.whole_text}\n\n\n", text)
        file = str(path)
    names["__name__"] = __name__  # the module that Numba imports when it finds the function in its cache
    exec(compile(text, file, "exec"), names)
    if cacheable:
        try:
            return _compiled(formula, names["kernel"], signature, cached=True)
        except FormulaError:
            raise
        except Exception:  # a full disk, a damaged file: Numba lets them through, and a damaged file stays
            for kept in (path.parent / OF_NUMBA).glob(f"{path.stem}.*"):
                with contextlib.suppress(OSError):
                    kept.unlink()
    return _compiled(formula, names["kernel"], signature, cached=False)


def _compiled(formula: Formula, function: Callable[..., Any], signature: Any, cached: bool) -> _Kernel:
    kernel = _Kernel(function, signature)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NumbaWarning)
        if cached:
            kernel.enable_caching()
        try:
            kernel.compile()
        except NumbaError as error:
            raise _in_words_of_the_user(formula, error) from None
    return kernel


def _written(path: Path, head: str, text: str) -> bool:
    """Write a file unless it is there; return whether it is."""
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        if not path.exists():
            draft.write_text(head + text, "utf-8")
            draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        return False
    return True


def _in_words_of_the_user(formula: Formula, error: NumbaError) -> FormulaError:
    """Return what Numba has to say about the user's function, without how it came to read it."""
    lines = [line.strip() for line in str(error).splitlines()]
    places = re.findall(rf'File "[^"]*{re.escape(Path(formula.file).name)}", line (\d+)', str(error))
    line = int(places[-1]) if places and formula.modules else formula.line
    noise = ("During:", "File ", "Failed in", "<source", "^", ">>>", "raised from", "- ", "There are", "Overload")
    said = [text for text in lines if text and not text.startswith(noise)]
    summary = said[0] if said else "it is outside Numba's language"
    tried = [text.removeprefix(">>> ") for text in lines if text.startswith(">>> ")]
    if summary.startswith("No implementation of function") and tried:
        summary = f"there is no {tried[0]}; numbers become real ones: write int(...) around an index or a size"
    return FormulaError(f"{formula.name} ({formula.place(line)}) cannot be compiled: {summary}")
