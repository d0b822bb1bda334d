"""The command line: ``python -m fastloss info``, ``losses``, ``demo``, ``plot``, ``report`` and ``bench``."""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .loss import Loss
    from .reports import Report

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }}
table {{ border-collapse: collapse; display: block; margin: 1.5rem 0; overflow-x: auto; }}
caption {{ font-weight: bold; text-align: left; }}
th, td {{ border-bottom: 1px solid #8888; padding: 0.2rem 0.7rem; text-align: right; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def main(argv: list[str] | None = None) -> int:
    """Run a command of the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m fastloss", description="Loss functions for NumPy.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="print how fastloss was built and what it runs on")
    commands.add_parser("losses", help="print the catalogue of losses")
    commands.add_parser(
        "demo", help="train a classifier of handwritten digits, and measure the loss in it", add_help=False
    )
    drawn = commands.add_parser("plot", help="draw value, gradient and curvature of losses")
    drawn.add_argument("losses", nargs="+", metavar="LOSS", help="a name, or one with parameters: 'huber(delta=2)'")
    drawn.add_argument("--output", type=Path, default=Path("fastloss-plot.png"), metavar="PATH", help="where to draw")
    told = commands.add_parser("report", help="tell where a loss comes from")
    told.add_argument("arrays", nargs="+", type=Path, metavar="FILE", help="the loss's arrays, .npy files in its order")
    told.add_argument("--loss", required=True, metavar="LOSS", help="a name, or one with parameters: 'huber(delta=2)'")
    told.add_argument("--by", type=Path, metavar="FILE", help="the group of each sample, a .npy file")
    told.add_argument("--sample-weight", type=Path, metavar="FILE", help="the weight of each sample, a .npy file")
    told.add_argument("--class-names", metavar="NAMES", help="what to call the classes, between commas")
    told.add_argument("--html", type=Path, metavar="PATH", help="write a page too")
    told.add_argument("--json", type=Path, metavar="PATH", help="write the numbers too")
    told.add_argument("--picture", type=Path, metavar="PATH", help="draw too")
    timed = commands.add_parser("bench", help="measure a few losses on this machine, beside NumPy")
    timed.add_argument("--output", type=Path, metavar="PATH", help="draw too")
    arguments, rest = parser.parse_known_args(argv)
    if arguments.command == "demo":
        from .demo import main as demo

        return demo(rest)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        return _run(arguments)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"python -m fastloss {arguments.command}: {error}", file=sys.stderr)
        return 1


def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "info":
        from .runtime import build_info

        for name, value in build_info().items():
            print(f"{name:15} {', '.join(value) if isinstance(value, tuple) else value}")
    elif arguments.command == "losses":
        from .documentation import losses

        print(losses())
    elif arguments.command == "plot":
        from .pictures import plot

        plot(*map(loss_of, arguments.losses)).savefig(arguments.output, dpi=150)
        print(f"wrote {arguments.output}")
    elif arguments.command == "report":
        _report(arguments)
    else:
        from .comparison import main as bench

        bench(arguments.output)
    return 0


def loss_of(text: str) -> Loss:
    """Return the loss that a text names: a name, or one with keywords whose values are literals."""
    import fastloss

    from .loss import Loss

    try:
        parsed = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise ValueError(f"{text!r} is no loss: write huber, or 'huber(delta=2)'") from None
    name, keywords = parsed, list[ast.keyword]()
    if isinstance(parsed, ast.Call) and not parsed.args:
        name, keywords = parsed.func, parsed.keywords
    loss = getattr(fastloss, name.id, None) if isinstance(name, ast.Name) else None
    if not isinstance(loss, Loss) or not all(keyword.arg for keyword in keywords):
        raise ValueError(f"{text!r} is no loss; python -m fastloss losses prints all")
    return loss.bind(**{str(keyword.arg): ast.literal_eval(keyword.value) for keyword in keywords})


def _report(arguments: argparse.Namespace) -> None:
    from .reports import report

    loss = loss_of(arguments.loss)
    keywords: dict[str, Any] = {}
    if arguments.by is not None:
        keywords["by"] = _loaded(arguments.by)
    if arguments.sample_weight is not None:
        keywords["sample_weight"] = _loaded(arguments.sample_weight)
    if arguments.class_names is not None:
        keywords["class_names"] = arguments.class_names.split(",")
    found = report(loss, *map(_loaded, arguments.arrays), **keywords)
    print(found)
    _write(found, arguments, [str(path) for path in arguments.arrays])


def _write(found: Report, arguments: argparse.Namespace, files: Sequence[str]) -> None:
    if arguments.html is not None:
        from html import escape

        title = escape(f"{found.loss} of {', '.join(files)}")
        arguments.html.write_text(_PAGE.format(title=title, body=found._repr_html_()), "utf-8")
    if arguments.json is not None:
        import json

        arguments.json.write_text(json.dumps(found.to_dict(), indent=2) + "\n", "utf-8")
    if arguments.picture is not None:
        found.plot().savefig(arguments.picture, dpi=150)


def _loaded(path: Path) -> Any:
    """Return the array of a file, mapped: of a large one only what is read comes into memory."""
    import numpy as np

    return np.load(path, mmap_mode="r", allow_pickle=False)


if __name__ == "__main__":
    sys.exit(main())
