"""Lay out files of a release as a package index, a folder that any web server serves, to try what users will install.

python tools/static_index.py dist wheelhouse --output build/index
python -m http.server --bind 127.0.0.1 --directory build/index 8000
python -m pip install --index-url http://127.0.0.1:8000/simple --no-deps fastloss
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path, help="where wheels and source distributions are")
    parser.add_argument("--output", type=Path, default=Path("build/index"), help="a folder, which is written anew")
    arguments = parser.parse_args()
    project = arguments.output / "simple" / "fastloss"
    if arguments.output.is_dir():
        shutil.rmtree(arguments.output)
    project.mkdir(parents=True)
    links = []
    for folder in arguments.folders:
        for path in sorted([*folder.glob("fastloss-*.whl"), *folder.glob("fastloss-*.tar.gz")]):
            if "-linux_" in path.name:  # what auditwheel has not repaired is not published
                continue
            shutil.copy(path, project)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            links.append(f'<a href="{path.name}#sha256={digest}">{path.name}</a><br>')
            print(path.name)
    (project / "index.html").write_text("<!DOCTYPE html>\n" + "\n".join(links) + "\n", "utf-8")
    (project.parent / "index.html").write_text('<!DOCTYPE html>\n<a href="fastloss/">fastloss</a>\n', "utf-8")


if __name__ == "__main__":
    main()
