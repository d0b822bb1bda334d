"""``python -m fastloss info``, ``python -m fastloss losses`` and ``python -m fastloss demo``."""

from __future__ import annotations

import argparse
import sys


def main(argv: list[str] | None = None) -> int:
    """Run a command of the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m fastloss", description="Loss functions for NumPy.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("info", help="print how fastloss was built and what it runs on")
    commands.add_parser("losses", help="print the catalogue of losses")
    commands.add_parser(
        "demo", help="train a classifier of handwritten digits, and measure the loss in it", add_help=False
    )
    arguments, rest = parser.parse_known_args(argv)
    if arguments.command == "demo":
        from .demo import main as demo

        return demo(rest)
    if rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if arguments.command == "info":
        from .runtime import build_info

        for name, value in build_info().items():
            print(f"{name:15} {', '.join(value) if isinstance(value, tuple) else value}")
    else:
        from .documentation import losses

        print(losses())
    return 0


if __name__ == "__main__":
    sys.exit(main())
