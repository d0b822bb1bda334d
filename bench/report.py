"""Turn measurements into tables and pictures.

    python bench/report.py results.json --output DIR

reads what `pytest bench --benchmark-json=results.json`, `compare.py --json` or `compare.py --scaling --json` wrote
(any number of files), and writes a Markdown table and a picture for each into DIR.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's colours, told apart by the colour-blind; the markers tell the libraries apart without any colour.
STYLES = {
    "fastloss": ("#000000", "D"),
    "fastloss-new-array": ("#666666", "d"),
    "numpy": ("#E69F00", "o"),
    "scipy": ("#CC79A7", "v"),
    "scikit-learn": ("#009E73", "s"),
    "torch": ("#D55E00", "^"),
    "torch.compile": ("#56B4E9", "P"),
    "jax": ("#0072B2", "X"),
}
YARDSTICKS = ("memcpy", "np.exp", "np.subtract")
SCALING_STYLES = {
    "fastloss": ("#000000", "-", 2.4),
    "fastloss, one thread": ("#000000", "--", 2.4),
    "memcpy": ("#56B4E9", "-", 1.5),
    "np.exp, one thread": ("#009E73", "--", 1.5),
    "numpy": ("#E69F00", "-", 1.5),
    "torch": ("#D55E00", "-", 1.5),
}

Speedups = dict[str, dict[str, float]]  # workload -> library -> how many times as long as fastloss it takes


# ---------------------------------------------------------------------------------------------- pytest-benchmark


def report_benchmarks(results: dict[str, Any], folder: Path) -> list[Path]:
    """Speed-ups of fastloss over every library from pytest-benchmark's medians."""
    medians: dict[str, dict[str, float]] = {}
    for benchmark in results["benchmarks"]:
        medians.setdefault(benchmark["group"], {})[benchmark["extra_info"]["library"]] = benchmark["stats"]["median"]
    medians = {workload: taken for workload, taken in medians.items() if "fastloss" in taken}
    speedups = {
        workload: {library: seconds / taken["fastloss"] for library, seconds in taken.items() if library != "fastloss"}
        for workload, taken in medians.items()
    }
    libraries = [name for name in STYLES if any(name in taken for taken in speedups.values())]
    header = ["workload", "fastloss", *libraries]
    lines = [
        [workload, _duration(medians[workload]["fastloss"])]
        + [f"{taken[library]:.1f} x" if library in taken else "" for library in libraries]
        for workload, taken in speedups.items()
    ]
    info = results["machine_info"]
    text = (
        f"{info['cpu'].get('brand_raw', info['processor'])}, {info['threads']} threads, "
        f"fastloss {info['fastloss']['version']} ({info['fastloss']['isa']}). "
        "Median time of fastloss for value and gradient; the others take so many times as long.\n\n"
    )
    table = folder / "benchmarks.md"
    table.write_text(text + markdown(header, lines))
    picture = folder / "benchmarks.png"
    draw_speedups(speedups, picture)
    return [table, picture]


def _duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


# ---------------------------------------------------------------------------------------------- compare.py


def report_comparison(results: dict[str, Any], folder: Path) -> list[Path]:
    """The table of targets, the distance to the limits of the machine, and the speed-ups over the peers."""
    rows = results["rows"]
    header = ["case", "threads", "quantity", "median", "quartiles", "target", "met"]
    lines = []
    for row in rows:
        spread, bound = row["measured"], row["bound"]
        lines.append(
            [
                row["case"],
                str(row["threads"]),
                row["quantity"],
                f"{spread['median']:#.3g} {row['unit']}".strip(),
                f"{spread['lower']:#.3g} to {spread['upper']:#.3g}",
                "" if bound is None else f"{'<=' if row['at_most'] else '>='} {bound:.3g}",
                {None: "", True: "yes", False: "**no**"}[row["met"]],
            ]
        )
    table = folder / "targets.md"
    table.write_text(
        f"{_where(results)} Median and quartiles of {results['rounds']} rounds.\n\n{markdown(header, lines)}"
    )
    written = [table]

    limited = [row for row in rows if row["quantity"].removeprefix("fastloss / ") in YARDSTICKS]
    if limited:
        draw_limits(limited, folder / "limits.png")
        written.append(folder / "limits.png")
    speedups: Speedups = {}
    for row in rows:
        library, _, subject = row["quantity"].partition(" / ")
        if subject == "fastloss" and library in STYLES:
            speedups.setdefault(row["case"], {})[library] = row["measured"]["median"]
    if speedups:
        draw_speedups(speedups, folder / "peers.png")
        written.append(folder / "peers.png")
    return written


def report_scaling(results: dict[str, Any], folder: Path) -> list[Path]:
    """Nanoseconds per element over rows, classes and elements, as CSV and as a picture."""
    entries = results["scaling"]
    table = folder / "scaling.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["loss", "rows", "classes", "threads", "side", "ns_per_element", "lower", "upper"])
        for entry in entries:
            rows, classes = (*entry["shape"], 1)[:2]
            for side, spread in entry["ns_per_element"].items():
                numbers = [f"{spread[key]:.4g}" for key in ("median", "lower", "upper")]
                writer.writerow([entry["loss"], rows, classes, entry["threads"], side, *numbers])
    picture = folder / "scaling.png"
    draw_scaling(entries, picture)
    return [table, picture]


def _where(results: dict[str, Any]) -> str:
    machine = results["machine"]
    build = machine["fastloss"]
    return f"{machine['processor']}, {machine['cpus']} CPUs, fastloss {build['version']} ({build['isa']})."


# ---------------------------------------------------------------------------------------------- drawing


def markdown(header: list[str], lines: Iterable[list[str]]) -> str:
    """Write a table of GitHub's Markdown."""
    rule = ["---"] * len(header)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, rule, *lines))


def draw_speedups(speedups: Speedups, path: Path) -> None:
    """One line per workload, one mark per library; the black line is fastloss."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.6 + 0.28 * len(speedups)), layout="constrained")
    axes = figure.subplots()
    places = {workload: -place for place, workload in enumerate(speedups)}
    for library, (colour, marker) in STYLES.items():
        points = [(taken[library], places[workload]) for workload, taken in speedups.items() if library in taken]
        if points:
            times, lines = zip(*points, strict=True)
            axes.scatter(times, lines, s=42, color=colour, marker=marker, label=library, zorder=3)
    axes.axvline(1, color="black", linewidth=1.5)
    _log_times_axis(axes, "time, in times that of fastloss (to the right of 1: slower than fastloss)")
    _name_lines(axes, places)
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(path, dpi=150)


def draw_limits(rows: list[dict[str, Any]], path: Path) -> None:
    """The time of fastloss beside that of each yardstick, with quartiles and targets: a roofline of ratios."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    cases = list(dict.fromkeys(row["case"] for row in rows))
    places = {case: -place for place, case in enumerate(cases)}
    known = [name for name in YARDSTICKS if any(row["quantity"].endswith(name) for row in rows)]
    figure = Figure(figsize=(3.2 + 3 * len(known), 1.4 + 0.28 * len(cases)), layout="constrained")
    panels = figure.subplots(1, len(known), sharey=True, squeeze=False)[0]
    for axes, name in zip(panels, known, strict=True):
        for row in rows:
            if not row["quantity"].endswith(name):
                continue
            place, spread = places[row["case"]], row["measured"]
            axes.plot([spread["lower"], spread["upper"]], [place, place], color="#0072B2", linewidth=3, alpha=0.5)
            axes.plot(spread["median"], place, "o", color="#0072B2", markersize=6, zorder=3)
            if row["bound"] is not None:
                axes.plot(row["bound"], place, "|", color="#D55E00", markersize=13, markeredgewidth=2.2, zorder=2)
        axes.axvline(1, color="black", linewidth=1.5)
        _log_times_axis(axes, f"time, in times that of {name}")
    _name_lines(panels[0], places)
    handles = [
        Line2D([], [], color="#0072B2", marker="o", linewidth=3, label="fastloss, median and quartiles"),
        Line2D([], [], color="#D55E00", marker="|", markersize=13, markeredgewidth=2.2, linestyle="", label="target"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(path, dpi=150)


def draw_scaling(entries: list[dict[str, Any]], path: Path) -> None:
    """Nanoseconds per element: cross-entropy over rows and over classes, an element-wise loss over elements."""
    from matplotlib.figure import Figure

    two_axes = [entry for entry in entries if len(entry["shape"]) == 2]
    panels = (
        ("rows of 100 classes", 0, [entry for entry in two_axes if entry["shape"][1] == 100]),
        ("classes, 100 rows", 1, [entry for entry in two_axes if entry["shape"][0] == 100]),
        ("elements of binary cross-entropy", 0, [entry for entry in entries if len(entry["shape"]) == 1]),
    )
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    for axes, (label, axis, chosen) in zip(figure.subplots(1, 3, sharey=True), panels, strict=True):
        ordered = sorted(chosen, key=lambda entry: entry["elements"])
        for side, (colour, line, width) in SCALING_STYLES.items():
            points = [
                (entry["shape"][axis], entry["ns_per_element"][side]["median"])
                for entry in ordered
                if side in entry["ns_per_element"]
            ]
            if points:
                axes.loglog(*zip(*points, strict=True), color=colour, linestyle=line, linewidth=width, label=side)
        axes.set_xlabel(label)
        _quiet(axes)
    figure.axes[0].set_ylabel("nanoseconds per element")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=6, frameon=False)
    figure.savefig(path, dpi=150)


def _log_times_axis(axes: Axes, label: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5) if high < 300 * low else (1,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(label)
    _quiet(axes)


def _name_lines(axes: Axes, places: dict[str, int]) -> None:
    axes.set_yticks(list(places.values()), list(places))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(min(places.values()) - 0.7, 0.7)


def _quiet(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


# ---------------------------------------------------------------------------------------------- the command


def report(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write what these results have to tell."""
    if "benchmarks" in results:
        return report_benchmarks(results, folder)
    if "scaling" in results:
        return report_scaling(results, folder)
    if "rows" in results:
        return report_comparison(results, folder)
    raise SystemExit("these are no results of pytest-benchmark or of compare.py")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="+", help="JSON of pytest-benchmark or of compare.py")
    parser.add_argument("--output", type=Path, default=Path(), metavar="DIR", help="folder (default: this one)")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    for path in options.results:
        for written in report(json.loads(path.read_text()), options.output):
            print(written)
    return 0


if __name__ == "__main__":
    sys.exit(main())
