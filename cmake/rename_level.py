"""Write the C file of a kernel module again for another ISA level: rename_level.py FROM TO LEVEL NEW_LEVEL NAME…

Cython counts the characters of the strings that it writes, so the names of both levels have the same length. It breaks
long literals anywhere, by "", also inside of a name. The compiler is told not to take the compressed form of the
strings, in which no name can be found (CYTHON_COMPRESS_STRINGS).
"""

import re
import sys
from pathlib import Path


def renamed(text: str, level: str, new_level: str, names: list[str]) -> str:
    """Return a C file with the names of another level's modules."""
    if len(level) != len(new_level):
        raise ValueError(f"the levels {level} and {new_level} have names of different lengths")
    for name in names:
        broken = '(?:"")?'.join(map(re.escape, f"_{name}_{level}"))
        text = re.sub(broken, f"_{name}_{new_level}", text)
    return text


if __name__ == "__main__":
    source, target, level, new_level, *names = sys.argv[1:]
    Path(target).write_text(renamed(Path(source).read_text("utf-8"), level, new_level, names), "utf-8")
