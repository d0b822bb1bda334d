"""The folder on disk for what is compiled at run time: loops by Numba, calls of kernels for XLA."""

from __future__ import annotations

import functools
import os
import stat
from pathlib import Path

#: Where Numba keeps what it made of the files in a folder.
OF_NUMBA = "__pycache__"


@functools.cache
def cache_folder() -> Path | None:
    """Return where it is kept: ``FASTLOSS_CACHE_DIR``, else the user's cache; None if that is no place."""
    named = os.environ.get("FASTLOSS_CACHE_DIR")
    try:
        folder = Path(named) if named else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fastloss"
        folder = folder.resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / OF_NUMBA).mkdir(mode=0o700, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: the user of a container may have no home at all
        return None
    return folder if _is_private(folder) and _is_private(folder / OF_NUMBA) else None


def _is_private(folder: Path) -> bool:
    """Tell whether nobody else writes to a folder: what is in it is loaded and run."""
    status = folder.lstat()
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return own and stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022 and os.access(folder, os.W_OK)
