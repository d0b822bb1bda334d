"""A number made of the bits of every loss's results: two installations that print the same one compute the same.

    python tests/digest.py              of all losses
    python tests/digest.py --each       and of each, to see where two installations part

Random inputs, in both dtypes and in halves, of few classes and of many, with and without weights. Levels of the CPU and
engines differ in last digits: ``FASTLOSS_ISA`` and ``FASTLOSS_ENGINE`` choose one of each.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator

import cases

import fastloss as fl

SHAPES = ((1, 1), (37, 3), (9, 10), (5, 70), (3, 1030), (2100, 12))


def results_of(variant: cases.Variant) -> Iterator[object]:
    for dtype in (*cases.FLOATS, *cases.HALVES):
        for shape in SHAPES:
            rng = cases.generator("digest", str(variant), str(dtype), shape)
            inputs = cases.draw(variant, shape, dtype, rng)
            weight, where = rng.random(inputs.samples), rng.random(inputs.samples) < 0.8
            yield inputs()
            yield inputs(reduction="mean", sample_weight=weight, where=where)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", action="store_true", help="print a digest of each loss")
    given = parser.parse_args()
    whole, calls = hashlib.sha256(), 0
    for variant in cases.variants():
        one = hashlib.sha256()
        for result in results_of(variant):
            one.update(repr(cases.bits(result)).encode())
            calls += 1
        whole.update(one.digest())
        if given.each:
            print(one.hexdigest()[:16], variant)
    print(whole.hexdigest()[:32], f"{calls} calls, {fl.build_info()['isa']}, seed {cases.SEED}")


if __name__ == "__main__":
    main()
