"""Bugs to plant: the suite has to find each of them.

    python tests/mutants.py                     all of them, some 30 s each, after the suite without any
    python tests/mutants.py "p - 1" ordering    those with one of these words in their names
    python tests/mutants.py --list

Each is one change of one file. It is made in a copy of this repository, built for one ISA level, and the tests below
are run until the first one fails; what no test notices is printed as SURVIVED, and is a gap in the suite (or the change
is none: then it does not belong here). ``tests/test_mutants.py`` holds the list to the sources.

Those that change one loss are planted together, each in a loss of its own: one build serves them all, and only a test
with the name of the loss counts as having found its bug.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
#: The quick ones and those that see most first.
TESTS = (
    "deal",
    "blocks",
    "fuzz",
    "special_values",
    "limits",
    "extremes",
    "row_extremes",
    "row_losses",
    "arguments",
    "functions",
    "accuracy",
    "contract",
    "process",
    "methods",
    "foreign",
    "algebra",
    "parameter_grads",
    "negative_binomial",
    "tweedie",
    "plain",
    "several",
    "survival",
    "parts",
    "second",
    "curvature",
    "vectors",
    "segmentation",
    "sequences",
    "tagging",
    "groups",
    "batches",
    "products",
)
KERNELS, PACKAGE, FORMULAS = "src/fastloss/kernels/", "src/fastloss/", "src/fastloss/catalogue/"
VECTORS, REGIONS, SEQUENCES = KERNELS + "vectors/", KERNELS + "regions/", KERNELS + "sequences/"
GROUPS = KERNELS + "groups/"
CURVATURE = KERNELS + "frame/curvature.pxi"
ROWS, REGRESSION, BINARY = KERNELS + "rows/", FORMULAS + "regression.py", FORMULAS + "binary.py"
MASKED = PACKAGE + "kinds/masked.py"
LIKELIHOODS = FORMULAS + "likelihoods.py"
JIT, CYTHON = PACKAGE + "jit/", KERNELS + "points/capi.pxi"
ALGEBRA, SUMS = PACKAGE + "algebra.py", KERNELS + "points/sums.pxi"


class Mutant(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    loss: str = ""  # the only one that is changed; then its bug is planted together with those of others

    @property
    def tests(self) -> tuple[str, ...]:
        """The files of the suite that look for it."""
        if self.file.startswith((JIT, KERNELS + "jit_")):
            return "jit", "jit_calls", "jit_several"
        if self.file.startswith(VECTORS + "batches"):
            return ("batches",)
        if self.file.startswith(VECTORS):
            return ("vectors",)
        if self.file.startswith(ROWS + "scores"):
            return ("scores",)
        if self.file == MASKED:
            return ("class_mask",)
        if self.file.startswith(SEQUENCES + "crf"):
            return "chains", "tagging"
        if self.file.startswith((SEQUENCES + "decode", PACKAGE + "decoding")):
            return ("decoding",)
        if self.file.startswith(SEQUENCES + "rnnt"):
            return ("transducers",)
        if self.file.startswith(SEQUENCES):
            return ("sequences",)
        if self.file.startswith(REGIONS + "errors"):
            return ("lovasz",)
        if self.file.startswith((GROUPS + "lifetimes", PACKAGE + "kinds/lifetimes")):
            return ("survival",)
        if self.file.startswith((GROUPS, PACKAGE + "kinds/groups")):
            return ("groups",)
        if self.file.startswith((REGIONS, PACKAGE + "kinds/regions")):
            return ("segmentation",)
        return ("cython",) if self.file.endswith("/capi.pxi") else TESTS


MUTANTS = (
    # Errors in their order.
    Mutant(
        "lovasz: an absent class loses as others do",
        REGIONS + "errors.h",
        "if (!total && !k) lost = 1.0;",
        "if (!total && !k) lost = 0.5;",
    ),
    Mutant(
        "lovasz hinge: pixels that are right are none of the class",
        REGIONS + "errors.h",
        "more += of->label[i] == 1.0;",
        "more += 0;",
    ),
    # Lifetimes.
    Mutant(
        "lifetimes: a probability in the tail as a difference",
        GROUPS + "lifetimes.h",
        "y.value = x.head >= 0.0 ? ",
        "y.value = 0 ? ",
    ),
    Mutant("lifetimes: the mirror image keeps its sign", GROUPS + "lifetimes.h", "y.first *= sign;", ""),
    # Groups.
    Mutant("cox: curvature of a row that is nearly all", GROUPS + "curvature.pxi", "2 * rest.top > r", "False"),
    Mutant("cox: curvature of the largest event", GROUPS + "curvature.pxi", "if j == dead.place else", "if False else"),
    Mutant("cox: what a row has of events that it outweighs", GROUPS + "curvature.pxi", "if j == kept:", "if False:"),
    Mutant("cox: Efron is Breslow", GROUPS + "ordered.pxi", "left = <double>(d - k) / d", "left = 1"),
    Mutant(
        "cox: a certain event as a logarithm",
        GROUPS + "ordered.h",
        "fl_log1p(ratio + (w - 1))",
        "fl_log(ratio + w)",
    ),
    Mutant(
        "cox: tied events have the sum of their weights", GROUPS + "ordered.pxi", "return total / d", "return total"
    ),
    Mutant(
        "cox: weights of a run are left out",
        GROUPS + "ordered.pxi",
        "fl_group_weigh(o.e, o.w + start, n)",
        "pass",
    ),
    Mutant(
        "listnet: the largest weighs as much as others",
        GROUPS + "softmax.pxi",
        "w[first] if w != NULL else 1",
        "1",
    ),
    Mutant("groups: pairs have the weight of one row", GROUPS + "compare.h", "w[i] * w[from + k]", "w[from + k]"),
    Mutant(
        "groups: pairs are counted without weights", GROUPS + "compared.pxi", "if group.w == NULL else", "if True else"
    ),
    Mutant("groups: rows of weight 0 are there", PACKAGE + "kinds/groups.py", "if not of_rows.all():", "if False:"),
    Mutant(
        "cox: what a difference of scores rounds off",
        GROUPS + "ordered.pxi",
        "difference.tail)",
        "0 * difference.tail)",
    ),
    Mutant("cox: those at risk before are not scaled", GROUPS + "ordered.pxi", "unit != m", "False"),
    Mutant("cox: who is censored at an event is not at risk", GROUPS + "ordered.pxi", "if end - i > 1:", "if False:"),
    Mutant(
        "cox: a run ends inside of a place",
        GROUPS + "ordered.pxi",
        "first_of_place(&o, max(end - FL_RUN, 0) + 1)",
        "max(end - FL_RUN, 0)",
    ),
    Mutant("cox: rows far apart have one unit", GROUPS + "ordered.pxi", "span = 600", "span = 6000"),
    Mutant("cox: a run begins in the unit of the one before", GROUPS + "ordered.pxi", "if o.m != m:", "if False:"),
    Mutant("cox: a certain event of a run", GROUPS + "ordered.h", "fl_log1p(fl_where", "fl_log(1 + fl_where"),
    Mutant("listnet: the largest is among the others", GROUPS + "softmax.pxi", "if i != top:", "if True:"),
    Mutant(
        "groups: ties lose their order", GROUPS + "sort.h", "a[at - 1] > x; at--", "a[at - 1] >> 32 >= x >> 32; at--"
    ),
    Mutant(
        "groups: a digit that most keys have is left out",
        GROUPS + "sort.h",
        "& 255] == (uint64_t)n)",
        "& 255] >= (uint64_t)n / 2)",
    ),
    Mutant("groups: keys are sorted by their upper halves", GROUPS + "sort.h", "|| type == FL_KEY_F32", "|| 1"),
    Mutant("groups: the zeros are two keys", GROUPS + "sort.h", "[i] + 0.0f;", "[i];"),
    Mutant(
        "groups: the gradient stays in the order of the loss",
        GROUPS + "ordered.h",
        "((float *)x)[row] = ",
        "((float *)x)[i] = ",
    ),
    Mutant(
        "lambdarank: pairs below the truncation count",
        GROUPS + "compared.pxi",
        "by.factor, rows = 1 / best if best > 0 else 0, min(n, call.truncation)",
        "by.factor, rows = 1 / best if best > 0 else 0, n",
    ),
    Mutant(
        "lambdarank: what a group has is not divided",
        GROUPS + "compared.pxi",
        "    if ranked and call.normalize and pulls > 0:\n",
        "    if False:\n",
    ),
    Mutant(
        "groups: what the distance of a pair rounds off is lost",
        GROUPS + "compare.h",
        "double tail = x.tail + order * sigma * d.tail, size",
        "double tail = 0.0, size",
    ),
    # Sequences.
    Mutant(
        "ctc: a skip between labels that are the same",
        SEQUENCES + "ctc.pxi",
        "c != q.label[i - 1] else 0",
        "True else 0",
    ),
    Mutant(
        "a long sequence does not see that it is to end",
        KERNELS + "blocks/watch.h",
        "__atomic_load_n(stop, __ATOMIC_RELAXED)",
        "0 * *stop",
    ),
    Mutant(
        "ctc: a sum of a frame without what is beside the table's numbers",
        SEQUENCES + "softmax.h",
        "rest = _mm512_add_ps(rest, tail);",
        "(void)tail;",
    ),
    Mutant(
        "ctc: a frame's exponentials with a table of floats alone",
        SEQUENCES + "softmax.h",
        "t = _mm512_sub_ps(t, _mm512_permutex2var_ps(s_low, place, s_high));",
        "t = _mm512_sub_ps(t, s);",
    ),
    Mutant("ctc: no certificate", SEQUENCES + "ctc.pxi", "fl_block_max_f64(most, 8) < CERTAIN", "True"),
    Mutant("ctc: an emission that was lost", SEQUENCES + "ctc.pxi", "q.lost |= lost != 0", "q.lost |= False"),
    Mutant("ctc: a loss near 0 as a logarithm", SEQUENCES + "ctc.pxi", "loss = -log1p_(-fails)", "loss = loss"),
    Mutant(
        "ctc: a frame that is right loses its digits",
        SEQUENCES + "ctc.h",
        "posterior[place] = -(rest + fl_octet_sum(sum));",
        "(void)sum;",
    ),
    Mutant(
        "ctc: blocks begin with the last row",
        SEQUENCES + "ctc.pxi",
        "memcpy(q.first + (k + 1) * q.row, row,",
        "memcpy(q.first + (k + 1) * q.row, row - q.row,",
    ),
    Mutant(
        "ctc: padding keeps what it held", SEQUENCES + "ctc.pxi", "first, frames, padded,", "first, frames, frames,"
    ),
    Mutant(
        "ctc: what leaves the lattice without what is off the four largest",
        SEQUENCES + "ctc.h",
        "few += among ? 0 : p[d];",
        "few += 0;",
    ),
    Mutant(
        "chains: no certificate",
        SEQUENCES + "crf_loss.pxi",
        "fl_crf_max(q.most, 8) < CERTAIN * min(<double>1, q.loss)",
        "True",
    ),
    Mutant("chains: pairs that underflow", SEQUENCES + "crf_loss.pxi", "q.loss > LEAST_LOSS", "q.loss > 0"),
    Mutant(
        "chains: pairs beyond the range",
        SEQUENCES + "crf_loss.pxi",
        "if beyond and not fl_crf_max(h, w) < SAFE_FACTOR:",
        "if False:",
    ),
    Mutant(
        "chains: a loss near 0 as a logarithm",
        SEQUENCES + "crf_loss.pxi",
        "q.loss = log1p_(dev / q.gold[t])",
        "q.loss = log_(total / q.gold[t])",
    ),
    Mutant(
        "chains: by how much a chain is less than the best",
        SEQUENCES + "crf_loss.pxi",
        "less = top - e[now]",
        "less = 0",
    ),
    Mutant(
        "chains: an exponential that was lost",
        SEQUENCES + "crf_loss.pxi",
        "lost |= fl_crf_exponentials(q.e, 0, q.e, q.frames * w) != 0",
        "fl_crf_exponentials(q.e, 0, q.e, q.frames * w)",
    ),
    Mutant(
        "chains: one that has left the labels is one of them",
        SEQUENCES + "crf.h",
        "fl_octet_without(a, fl_octet_below(a, 0x1p-1000))",
        "fl_octet_without(fl_octet_without(a, fl_octet_below(a, 0x1p-1000)), fl_octet_lane(now))",
    ),
    Mutant(
        "chains: two at once in one place", SEQUENCES + "crf_loss.pxi", "<char*>scratch + k * each", "<char*>scratch"
    ),
    Mutant("chains: the edge rounds its score", SEQUENCES + "crf.pxi", "if centred and (", "if False and ("),
    Mutant(
        "chains: padding has the gradient of what came before",
        SEQUENCES + "crf_loss.pxi",
        "q.others + t * classes if t < q.frames else q.h",
        "q.others + min(t, q.frames - 1) * classes",
    ),
    Mutant(
        "chains: an unlikely pair in logarithms",
        SEQUENCES + "crf_loss.pxi",
        "into[pair] -= others / top * scale",
        "into[pair] += (labelled / top - 1) * scale",
    ),
    Mutant(
        "decode: a label behind itself without a blank",
        SEQUENCES + "decode.pxi",
        "(own.blank if best[i].label == label else own.total)",
        "own.total",
    ),
    Mutant(
        "decode: two ways to one label sequence",
        SEQUENCES + "decode.pxi",
        "if node < 0 or nodes[node].place < 0:",
        "if True:",
    ),
    Mutant(
        "decode: what comes back to the beam is new",
        SEQUENCES + "decode.pxi",
        "node = child_of(nodes, own.node, own.label)",
        "node = -1",
    ),
    Mutant(
        "decode: a parent that has left the beam",
        SEQUENCES + "decode.pxi",
        "nodes[beam[k].node].place = -1",
        "pass",
    ),
    Mutant("decode: no rescaling", SEQUENCES + "decode.pxi", "unit = ldexp(1, power)", "unit, power = 1, 0"),
    Mutant(
        "align: a skip between labels that are the same",
        SEQUENCES + "decode.pxi",
        "label[s // 2] != label[s // 2 - 1] and row[s - 2] > best",
        "row[s - 2] > best",
    ),
    Mutant(
        "align: the last blank is needed", SEQUENCES + "decode.pxi", "if labels and row[s - 1] > row[s]:", "if False:"
    ),
    Mutant(
        "rnnt_additive: no node is apart",
        SEQUENCES + "rnnt_joined.pxi",
        "LEAST_NODE = ldexp(1, -288)",
        "LEAST_NODE = 0",
    ),
    Mutant(
        "rnnt_additive: the label counts with the others",
        SEQUENCES + "rnnt_joined.pxi",
        "            e[q.label[u] - first] = 0",
        "            e[q.label[u] - first] *= 1",
    ),
    Mutant(
        "rnnt_additive: the frames of one block alone",
        SEQUENCES + "rnnt_joined.pxi",
        "q.others + begin * n, n, count, frames, n)",
        "q.others, n, count, frames, n)",
    ),
    Mutant(
        "transducers: the label of the node before is left out",
        SEQUENCES + "rnnt.pxi",
        "fl_bits_with(bits, own)",
        "pass",
    ),
    Mutant(
        "transducers: a gradient of which what is beside the table's numbers is left out",
        SEQUENCES + "softmax.h",
        "_mm512_fmadd_ps(fl_rise_f32(t), of_place, of_place)",
        "of_place",
    ),
    Mutant("transducers: no certificate", SEQUENCES + "rnnt.pxi", "return highest < CERTAIN", "return True"),
    Mutant(
        "transducers: an exponential that was lost",
        SEQUENCES + "rnnt.pxi",
        "q.lost |= (d < -600) & (d > -2000)",
        "q.lost |= False",
    ),
    Mutant(
        "transducers: a loss near 0 as a logarithm",
        SEQUENCES + "rnnt.pxi",
        "loss = -log1p_(-what_fails_of(tag, call, &q, &j, sequence, logits))",
        "loss = loss",
    ),
    Mutant("transducers: a blank that ends too early", SEQUENCES + "rnnt.pxi", "fails += blank", "pass"),
    Mutant(
        "transducers: a node that is right loses its digits",
        SEQUENCES + "rnnt.pxi",
        "blank[0] = 0 - (rest + label[0])",
        "pass",
    ),
    Mutant("transducers: labels are not said early", SEQUENCES + "rnnt.pxi", "(1 + call.fast)", "1"),
    Mutant(
        "transducers: padding is NaN too",
        SEQUENCES + "rnnt.pxi",
        "row[k] = filling if t < frames and u < n else 0",
        "row[k] = filling",
    ),
    # What is asked of the Hessian.
    Mutant(
        "a floor that lifts what is left out",
        CURVATURE,
        "            hessian[i] = where_(weight[i] == 0, <real>0, hessian[i])",
        "            hessian[i] = hessian[i]",
    ),
    Mutant("a floor that loses a NaN", CURVATURE, "where_(h < floor, floor, h)", "where_(h >= floor, h, floor)"),
    Mutant(
        "a floor before the factor",
        CURVATURE,
        "        h = <real>(hessian[i] * factor)\n        hessian[i] = where_(h < floor, floor, h)",
        "        h = hessian[i]\n        hessian[i] = <real>(where_(h < floor, floor, h) * factor)",
    ),
    Mutant(
        "a second prediction's Hessian without a factor",
        KERNELS + "points/block.pxi",
        "            shape_hessian(&call.curvature, weight, second_hessian, n)",
        "            shape_hessian(&call.curvature, weight, second_hessian, 0)",
    ),
    Mutant(
        "a wide row's Hessian without a floor",
        ROWS + "wide.pxi",
        "    shape_hessian(&call.curvature, <const real*>NULL, hessian, call.classes)\n    if hessian",
        "    if hessian",
    ),
    Mutant(
        "a negative factor that turns a positive curvature",
        SUMS,
        "    elif term.factor < 0:\n",
        "    elif term.factor < -9:\n",
    ),
    Mutant(
        "the second derivative of a divergence kept",
        ROWS + "confidence.pxi",
        "bq = where_(gauss_newton, <double>0, bq)",
        "bq = bq",
    ),
    Mutant(
        "a Hessian of cauchy in place of its weight",
        REGRESSION,
        '"gauss_newton": where(far, both, 1) / w}',
        '"gauss_newton": where(far, both, 1) / (w * w)}',
        "cauchy",
    ),
    # The whole of a likelihood.
    Mutant(
        "a last step of log Gamma left out",
        LIKELIHOODS,
        "steps = steps + (0.5 * z + (inverse + 9.5) * log1pmx(z))",
        "steps = steps + 0 * z",
        "negative_binomial",
    ),
    Mutant(
        "a last step of digamma left out",
        LIKELIHOODS,
        "further = further + (z / (inverse + 9 + y) - log1pmx(z))",
        "further = further + 0 * z",
        "negative_binomial",
    ),
    Mutant(
        "an exponent without its tail in a whole likelihood",
        LIKELIHOODS,
        "root = exp_sum(-beyond * distance, -beyond * where(turned, -apart_tail, apart_tail))",
        "root = exp_sum(-beyond * distance, 0)",
        "negative_binomial",
    ),
    Mutant(
        "a call with full=True remembered as one without",
        PACKAGE + "call.py",
        "loss._short if own else None, loss._jit if own else None,",
        "loss._short, loss._jit,",
    ),
    Mutant(
        "a sum compiled at run time without full=True",
        PACKAGE + "rows.py",
        "        if self.summed is not None and any(",
        "        if self.summed is None and any(",
    ),
    # Losses of several arrays, and parts.
    Mutant(
        "where a ratio is clipped an advantage that is NaN leaves no trace in the gradient",
        PACKAGE + "catalogue/preference.py",
        "slope = where(counts == 0, where(advantage == advantage, 0, advantage), 0 - counts * free)",
        "slope = where(counts == 0, 0, 0 - counts * free)",
        loss="ppo_clip",
    ),
    Mutant(
        "a choice of a formula is forgotten",
        PACKAGE + "rows.py",
        "            return self.forms.get(tuple(parameters[parameter.name] for parameter in self.choices), self)",
        "            return self",
    ),
    Mutant(
        "of two predictions only the first is looked at",
        PACKAGE + "kernels/points/block.pxi",
        "        if call.formulas[0].paired and is_array(&call.formulas[0], 0):",
        "        if False and is_array(&call.formulas[0], 0):",
        loss="orpo",
    ),
    Mutant(
        "a square that is as far away as the clipped one counts whole",
        PACKAGE + "catalogue/preference.py",
        "where(farther < 0, 1, where(farther > 0, 0, 0.5))",
        "where(farther < 0, 1, 0)",
        loss="value_clip",
    ),
    Mutant(
        "a factor forgets that one gradient is wanted, not a tuple",
        ALGEBRA,
        'keywords["wrt"] = request.wrt[0] if request.bare else request.wrt',
        'keywords["wrt"] = request.wrt',
    ),
    Mutant(
        "the labels of a vector are not looked at",
        PACKAGE + "call.py",
        "    paired |= vectors\n",
        "",
    ),
    Mutant(
        "a label that is masked counts as a class",
        PACKAGE + "parts.py",
        "LeftOut(as_mask(where, labels.shape), labels, ignore_index)",
        "LeftOut(None, labels, ignore_index)",
    ),
    # Losses of given vectors.
    Mutant(
        "the farther distance taken with swap",
        VECTORS + "distances.pxi",
        "if not tie and apart < 0:",
        "if not tie and apart > 0:",
        "triplet",
    ),
    Mutant(
        "what is left of a margin trusted whatever has cancelled",
        VECTORS + "distances.pxi",
        "if cancels(s, left.head, margin):",
        "if left.head != left.head:",
        "contrastive",
    ),
    Mutant(
        "1 - cos as a difference",
        VECTORS + "cosines.pxi",
        "        if found.cosine.head > 0:\n            found.rest",
        "        if found.cosine.head > 1:\n            found.rest",
        "cosine_distance",
    ),
    Mutant(
        "the full slope at the margin of a cosine",
        VECTORS + "cosines.pxi",
        "leave_cosine_gradients(tag, s, &found, slope_at(left))",
        "leave_cosine_gradients(tag, s, &found, <double>(left >= 0))",
        "cosine_embedding",
    ),
    Mutant(
        "a gradient written over vectors that are still read",
        VECTORS + "block.pxi",
        "call.over_array[k] |= call.gradient[k].data == call.array[j].data",
        "call.over_array[k] |= False",
    ),
    Mutant(
        "the kink of an exact triplet with the full slope",
        VECTORS + "distances.pxi",
        "multiplier = times(multiplier, wide(slope_at(left.head)))",
        "pass",
    ),
    # Small batches.
    Mutant(
        "the positive of a small batch among the others",
        VECTORS + "batches.h",
        "        row[positive] = -FL_INFINITY;",
        "        row[i] = row[i];",
    ),
    Mutant(
        "one positive of a small batch in the place of all",
        VECTORS + "batches.h",
        "loss[i] += scale * apart * mean;",
        "loss[i] += 0 * apart * mean;",
    ),
    Mutant(
        "a vector of a small batch that is its own pair",
        VECTORS + "batches.h",
        "    if (row->own >= 0) row->alike[row->own] = -FL_INFINITY;",
        "    (void)row;",
    ),
    Mutant(
        "rows of a small layer that are left out are multiplied",
        ROWS + "products.pxi",
        "            if not counts:\n",
        "            if False:\n",
    ),
    Mutant(
        "the vectors of a small set are not centred",
        VECTORS + "sets.h",
        "for (int turn = 0; turn < 2; turn++) {",
        "for (int turn = 0; turn < 0; turn++) {",
    ),
    # Losses of regions.
    Mutant(
        "the slope of the largest class left in",
        REGIONS + "tiles.h",
        "            largest[i] = WHERE(e[k * n + i] == 1, g, largest[i]);",
        "            (void)g;",
    ),
    Mutant(
        "1 less the largest probability as a difference",
        REGIONS + "tiles.h",
        "return WHERE(e == 1, rest, (REAL)1 - p);",
        "return WHERE(e == 2, rest, (REAL)1 - p);",
    ),
    Mutant(
        "an ignored target compared in the compute type",
        REGIONS + "block.pxi",
        "    if call.ignoring and operand.dtype < FLOAT16:",
        "    if False:",
    ),
    Mutant(
        "sums of subnormal numbers trusted",
        PACKAGE + "kinds/regions.py",
        "if not double_precision and self._lost(plan):",
        "if False:",
    ),
    Mutant(
        "classes that are absent among those that are present",
        PACKAGE + "kinds/regions.py",
        'counts = self.there() if request.parameters["classes"] == "present" else True',
        "counts = True",
    ),
    Mutant(
        "a region without anything in it has a loss of 0/0",
        REGIONS + "overlap.h",
        "int nothing = value != value && known;",
        "int nothing = 0 && known;",
    ),
    # Losses over tiles of rows.
    Mutant(
        "absent classes of a wide row capped",
        ROWS + "cross_entropy.pxi",
        "x[j] = -INFINITY\n    elif temperature",
        "pass\n    elif temperature",
    ),
    Mutant(
        "subnormal probabilities multiplied as they are",
        ROWS + "softmax_tile.pxi",
        "return where_(e < 1e-300, fl_exp_sum(moved.head, moved.tail + d.tail) * SCALE_OF_EXP, e * SCALE_UP)",
        "return e * SCALE_UP",
    ),
    Mutant(
        "sum of the others formed by a difference",
        ROWS + "tile.pxi",
        "return where_(is_left_out, others, (others + left_out) - term)",
        "return (others + left_out) - term",
    ),
    Mutant(
        "1 taken off in every lane of a wide row",
        ROWS + "sparse.pxi",
        "error_head[i] = 0 if t.wide and i > 0 else -1",
        "error_head[i] = -1",
    ),
    Mutant(
        "tail of a sparse threshold dropped",
        ROWS + "sparse.pxi",
        "tau[i], tau_tail[i] = threshold.head, threshold.tail",
        "tau[i], tau_tail[i] = threshold.head, 0",
    ),
    Mutant(
        "a kink taken for a violation",
        ROWS + "margins.pxi",
        "where_(violation == 0, <double>0.5, <double>0)",
        "where_(violation == 0, <double>1, <double>0)",
    ),
    Mutant(
        "class weights not in the denominator of soft targets",
        ROWS + "block.pxi",
        "    weigh_target(call, t)\n    class_sum(t, y, row_total)\n",
        "    class_sum(t, y, row_total)\n",
    ),
    Mutant(
        "the mixture of a divergence built by subtraction",
        ROWS + "divergences.pxi",
        "cdef bint below = relative < -0.5",
        "cdef bint below = relative < -1",
        "js_divergence",
    ),
    Mutant(
        "a curvature divided by what a probability lacks of 1",
        ROWS + "confidence.pxi",
        "            others += where_(is_top, <double>0, bq_top[i] * (e[j] / below[i]))\n",
        "            others += where_(is_top, <double>0, p * (bq_top[i] / (below[i] * t.inverse[i])))\n",
    ),
    Mutant(
        "a large power of a rounded probability",
        ROWS + "confidence.pxi",
        "LARGEST_PLAIN_EXPONENT[:] = [1048576, 4]",
        "LARGEST_PLAIN_EXPONENT[:] = [1048576, 1e300]",
        "categorical_focal",
    ),
    Mutant(
        "a weight that shows the digits an exponential has lost",
        ROWS + "extremes.pxi",
        "headroom(max(weight, weight * call.scale)) + call.headroom",
        "call.headroom",
    ),
    Mutant(
        "a multiplier that changes the order of roundings",
        ROWS + "extremes.pxi",
        "power_within(t.lift[i]), <double>1)",
        "t.lift[i], <double>1)",
    ),
    Mutant(
        "scores squared by a z-loss taken for ordinary ones",
        ROWS + "extremes.pxi",
        "call.most_score = MOST_SWEPT_SCORE",
        "call.most_score = 1e300",
    ),
    Mutant(
        "an extreme true class without what the cap's second derivative adds",
        ROWS + "extremes.pxi",
        "hessian = hessian if gauss_newton else plus(hessian, times(gradient, c.second))",
        "hessian = hessian",
    ),
    Mutant(
        "tiny targets of a wide row taken for ordinary ones",
        KERNELS + "rows/wide.pxi",
        "reach, distance) or (small_target and finite(m)) or",
        "reach, distance) or",
    ),
    Mutant(
        "the exponent of a subnormal number in wide numbers",
        KERNELS + "maths/wide.h",
        "exponent -= 120.0;",
        "exponent -= 119.0;",
    ),
    Mutant(
        "1 - clip rounded",
        ROWS + "probabilities.pxi",
        "above[0] = 1 - p < clip",
        "above[0] = p > 1 - clip",
        "categorical_log_loss",
    ),
    Mutant(
        "tail of a hyperbolic tangent dropped",
        KERNELS + "maths/pairs.h",
        "y.tail = tiny ? x.tail : __builtin_copysign(1.0, x.head) * y.tail;",
        "y.tail = 0.0;",
    ),
    # Numerics of a row.
    Mutant(
        "no max shift (wide rows)",
        KERNELS + "blocks/blocks.h",
        "lane[j] = lane[j + width] > lane[j] ? lane[j + width] : lane[j];\n    return lane[0];",
        "lane[j] = lane[j + width] > lane[j] ? lane[j + width] : lane[j];\n    return 0;",
    ),
    Mutant(
        "no max shift (few classes)",
        KERNELS + "blocks/blocks.h",
        "m[j] = x[j] > m[j] ? x[j] : m[j];",
        "m[j] = 0;",
    ),
    Mutant("p - 1", KERNELS + "rows/softmax.pxi", "return where_(e == 1, rest, whole - e)", "return whole - e"),
    Mutant(
        "lse - x_t (few classes)",
        KERNELS + "rows/softmax.pxi",
        "value[i] = finite_difference(m[i], target[i]) + log_sum[i]",
        "value[i] = (m[i] + log_sum[i]) - target[i]",
    ),
    Mutant(
        "lse - x_t (wide rows)",
        KERNELS + "rows/wide.pxi",
        "        distance = finite_difference(top, target)\n    if call.dense",
        "        distance = (m + fl_log1p(rest)) - target - fl_log1p(rest)\n    if call.dense",
    ),
    Mutant(
        "infinity - infinity in the value",
        KERNELS + "rows/softmax.pxi",
        "return where_(x == m, <real>0, m - x)",
        "return m - x",
    ),
    Mutant("rounding error of x - m dropped", KERNELS + "blocks/blocks.h", "*error = low - (d - high);", "*error = 0;"),
    Mutant(
        "rounding errors of dense sums dropped",
        KERNELS + "rows/softmax.pxi",
        "tail[0] += (before - (after - added)) + (term - added)",
        "tail[0] += 0",
    ),
    Mutant(
        "ties not counted (few classes)",
        KERNELS + "rows/softmax.pxi",
        "add_exactly(ties[i] - 1, &rest[i], &tail[i])",
        "pass",
    ),
    Mutant(
        "ties not counted (wide rows)",
        KERNELS + "rows/wide.pxi",
        "    add_exactly(ties[0] - 1, rest, tail)\n",
        "",
    ),
    Mutant(
        "two infinities unnoticed",
        KERNELS + "rows/softmax.pxi",
        "rest[i] = checked_rest(m[i], rest[i], ties[i])",
        "rest[i] = rest[i]",
    ),
    Mutant(
        "subnormal sums not made anew",
        KERNELS + "rows/softmax.pxi",
        "return 8.077935669463161e-28 if sizeof(real) == 4 else 1.0261342003245941e-289",
        "return 0",
    ),
    Mutant(
        "complement form at every largest logit",
        KERNELS + "rows/softmax.pxi",
        "mark[i] = 1 if rest[i] < 1 else 2",
        "mark[i] = 1",
    ),
    Mutant(
        "complement form at every largest logit (wide rows)",
        KERNELS + "rows/wide.pxi",
        "elif e[label] == 1 and rest < 1:",
        "elif e[label] == 1:",
    ),
    Mutant(
        "smoothed: the label is one of the others in the sum (wide rows)",
        KERNELS + "rows/wide.pxi",
        "call, &total) + (1 - call.smoothing) * (<double>top - target)",
        "call, &total) + (1 - call.smoothing - every) * (<double>top - target)",
    ),
    Mutant(
        "a z-loss does not add to the gradient of the label (few classes)",
        KERNELS + "rows/softmax.pxi",
        "top = product_less(g, pull[i], complement(g, rest[i], whole[i]))",
        "top = -complement(g, rest[i], whole[i])",
    ),
    Mutant(
        "a z-loss is not multiplied by the sum of the target",
        KERNELS + "rows/softmax.pxi",
        "h = total_exactly[i] if dense else 1\n",
        "h = 1\n",
    ),
    Mutant(
        "a z-loss of huge scores goes with the sweep",
        KERNELS + "rows/extremes.pxi",
        "abs_(m) > MOST_SWEPT_SCORE",
        "abs_(m) > INFINITY",
    ),
    Mutant(
        "a temperature: what the quotient loses",
        KERNELS + "blocks/blocks_avx512.h",
        "FL_V(fmsub)(d, inverse, quotient)",
        "FL_V(setzero)()",
    ),
    Mutant(
        "a temperature: rows next to underflow",
        KERNELS + "rows/wide.pxi",
        "if rest < tiny_rest(tag) and divided(call):",
        "if False:",
    ),
    Mutant(
        "a temperature: the Hessian is divided once",
        KERNELS + "rows/softmax.pxi",
        "weight * call.scale * (call.inverse * call.inverse) * total",
        "weight * call.scale * call.inverse * total",
    ),
    Mutant(
        "an exponential in double whose ln 2 is a float",
        KERNELS + "blocks/exactly.h",
        "fl_fma(n, -0x1.62e42fefa39efp-1, x)",
        "fl_fma(n, -0x1.62e43p-1, x)",
    ),
    Mutant(
        "a capped logit of which the quotient is one of floats",
        KERNELS + "blocks/exactly.h",
        "return fl_fma(fl_fma(-(1.0 + d), s, 1.0), s, s);",
        "return s;",
    ),
    Mutant(
        "a cap's second derivative is left out",
        ROWS + "exactly.pxi",
        "where_(gauss_newton, <float>0, gradient[i] * (factor * tangent[i]))",
        "0",
    ),
    Mutant(
        "rows beyond the cap's reach are swept (few classes)",
        ROWS + "exactly.pxi",
        "((x[c * lanes + i] >= least[i]) | (x[c * lanes + i] < flat[i])) & (x[c * lanes + i] <= most), <float>0",
        "x[c * lanes + i] <= INFINITY, <float>0",
    ),
    Mutant(
        "a divergence with the entropy of its target",
        ROWS + "wide.pxi",
        "        distance += minus_entropy(y, classes)\n",
        "        pass\n",
        "kl_divergence",
    ),
    Mutant(
        "smoothed: rows with infinite scores",
        KERNELS + "rows/softmax.pxi",
        "    tile_distances(x, y, m, classes, True, careful, total)",
        "    tile_distances(x, y, m, classes, False, careful, total)",
    ),
    Mutant(
        "log_softmax through the logarithm of softmax",
        KERNELS + "rows/softmax.pxi",
        "e[c * lanes + i] = -(finite_difference(m[i], x[c * lanes + i]) + log_sum[i])",
        "e[c * lanes + i] = -log1p_((1 + rest[i]) / e[c * lanes + i] - 1)",
    ),
    Mutant(
        "smoothing over C - 1",
        KERNELS + "rows/softmax.pxi",
        "smoothed * (1 - call.smoothing) + call.smoothing / call.classes\n    if",
        "smoothed * (1 - call.smoothing) + call.smoothing / (call.classes - 1)\n    if",
    ),
    Mutant(
        "float32 added up in float32",
        KERNELS + "blocks/blocks.h",
        "            lane[j] += ((double)x[i + j] + (double)x[i + j + FL_LANES])",
        "            lane[j] += (FL_REAL)(x[i + j] + x[i + j + FL_LANES])",
    ),
    # Tails of vectors, layouts, blocks.
    Mutant(
        "tail: the last exponential not stored",
        KERNELS + "blocks/blocks.h",
        "for (int j = 0; i + j < n; j++) e[i + j] = rest[j];",
        "for (int j = 0; i + j < n - 1; j++) e[i + j] = rest[j];",
    ),
    Mutant(
        "tail: one element too many",
        KERNELS + "blocks/blocks.h",
        "rest[j] = i + j < n ? x[i + j] : -(FL_REAL)INFINITY;\n            FL_NO_OVERLAP",
        "rest[j] = i + j <= n ? x[i + j] : -(FL_REAL)INFINITY;\n            FL_NO_OVERLAP",
    ),
    Mutant(
        "AVX2: what the last register lacks counts as classes that tie",
        KERNELS + "blocks/blocks_avx2.h",
        "tied -= (FL_INTEGER)missing;",
        "",
    ),
    Mutant(
        "AVX2: subnormal exponentials go the quick way",
        KERNELS + "blocks/blocks_avx2.h",
        "#define FL_SAFE 87.0f",
        "#define FL_SAFE 88.5f",
    ),
    Mutant(
        "AVX2: a NaN on the careful way",
        KERNELS + "blocks/blocks_avx2.h",
        "FL_V(mul)(FL_V(max)(least, x), ",
        "FL_V(mul)(FL_V(max)(x, least), ",
    ),
    Mutant(
        "AVX2: what the powers lack is left out",
        KERNELS + "blocks/blocks_avx2.h",
        "(t, FL_V(add)(t, rest))",
        "(t, t)",
    ),
    Mutant(
        "AVX2: a NaN first hides the least class",
        KERNELS + "blocks/blocks_avx2.h",
        "least = FL_V(min)(FL_V(loadu)(x + i + FL_WIDTH * j), least);",
        "least = FL_V(min)(least, FL_V(loadu)(x + i + FL_WIDTH * j));",
    ),
    Mutant(
        "AVX2: sums of a row never go on in double",
        KERNELS + "blocks/blocks_avx2.h",
        "if ((i & (RUN - 1)) == RUN - LANES) FL_NAME(fl_flush)(lane, sum);",
        "",
    ),
    Mutant(
        "weights of 1 add up in another order",
        KERNELS + "blocks/blocks.h",
        "(FL_PRODUCT(i + j + 2 * FL_LANES) + FL_PRODUCT(i + j + 3 * FL_LANES));",
        "FL_PRODUCT(i + j + 2 * FL_LANES) + FL_PRODUCT(i + j + 3 * FL_LANES);",
    ),
    Mutant(
        "tail: the sum misses the last",
        KERNELS + "blocks/blocks.h",
        "for (int j = 0; i + j < n; j++) lane[j] += (double)x[i + j];",
        "for (int j = 0; i + j + 1 < n; j++) lane[j] += (double)x[i + j];",
    ),
    Mutant(
        "the class axis read as if contiguous",
        KERNELS + "rows/softmax.pxi",
        "source = load(operand, c * operand.class_stride, first, count, tile + c * lanes)",
        "source = load(operand, c * operand.itemsize, first, count, tile + c * lanes)",
    ),
    Mutant(
        "the next dimension begins where the last one ended",
        KERNELS + "frame/layout.pxi",
        "data += operand.strides[k - 1] - operand.shape[k] * operand.strides[k]",
        "data += operand.strides[k - 1]",
    ),
    Mutant(
        "targets read with the stride of the logits",
        KERNELS + "rows/wide.pxi",
        "sample_offset(&call.y_true, row, index), call.y_true.class_stride, classes, y)",
        "sample_offset(&call.y_true, row, index), call.logits.class_stride, classes, y)",
    ),
    Mutant("byte order ignored", KERNELS + "frame/layout.pxi", "operand.swapped = swapped", "operand.swapped = False"),
    Mutant(
        "in place: exponentials written over logits still needed",
        KERNELS + "rows/wide.pxi",
        "call.task == LOG_SOFTMAX or gradient_data == logits_data\n",
        "call.task == LOG_SOFTMAX\n",
    ),
    Mutant(
        "bfloat16 cut, not rounded",
        KERNELS + "blocks/dtypes.h",
        "(bits + 0x7fff + ((bits >> 16) & 1)) >> 16",
        "bits >> 16",
    ),
    Mutant(
        "bfloat16 ties away from even",
        KERNELS + "blocks/dtypes.h",
        "(bits + 0x7fff + ((bits >> 16) & 1)) >> 16",
        "(bits + 0x8000) >> 16",
    ),
    Mutant(
        "the rest behind the last whole step is that of another place",
        KERNELS + "points/block.pxi",
        "[done + min(i, rest - 1)]",
        "[min(i, rest - 1)]",
    ),
    # Threads.
    Mutant(
        "blocks dealt by the number of threads",
        KERNELS + "frame/run.pxi",
        "function, call, blocks, span_of(blocks)",
        "function, call, blocks, span_of(blocks) * threads",
    ),
    Mutant(
        "race: all threads share one scratch space",
        KERNELS + "frame/run.pxi",
        "spans.scratch + thread * spans.scratch_size)",
        "spans.scratch)",
    ),
    Mutant(
        "race: partial sums meet in one place",
        KERNELS + "frame/run.pxi",
        "    spans.partial[s] = run_span(spans.function",
        "    spans.partial[0] = run_span(spans.function",
    ),
    Mutant(
        "what a late thread has left is not done by others",
        KERNELS + "blocks/deal.h",
        "for (int k = 0; k < threads; k++) fl_run_deals",
        "for (int k = 0; k < 1; k++) fl_run_deals",
    ),
    Mutant(
        "the last deal of a share runs into the next",
        KERNELS + "blocks/deal.h",
        "        if (last > share->end) last = share->end;\n",
        "",
    ),
    Mutant(
        "a long wait is not noticed",
        KERNELS + "blocks/deal.h",
        "if (own == 0) done = omp_get_wtime();",
        "if (own != 0) done = omp_get_wtime();",
    ),
    Mutant(
        "pauses do not grow",
        KERNELS + "blocks/deal.h",
        "? 0 : 2 * pause;",
        "? 0 : 0;",
    ),
    Mutant(
        "a child of fork opens a parallel region", PACKAGE + "runtime.py", "    _forked = True", "    _forked = False"
    ),
    Mutant(
        "threads that cannot be created are asked for",
        KERNELS + "blocks/threads.h",
        "wanted = fl_threads_waiting + created;",
        "wanted = fl_threads_waiting + more;",
    ),
    Mutant(
        "signals are not looked at",
        KERNELS + "frame/run.pxi",
        "            if first < spans:\n                PyErr_CheckSignals()",
        "            pass",
    ),
    # Weights, masks, means.
    Mutant(
        "weights looked at where nothing reads them (rows)",
        KERNELS + "rows/inspect.pxi",
        "    if not weights_valid(weight, n):\n        return REFUSED\n    if call.given",
        "    if call.weight.data != NULL and not weights_valid(load(&call.weight, 0, first, n, buffer), n):\n"
        "        return REFUSED\n    if call.given",
    ),
    Mutant(
        "weights looked at where nothing reads them (elements)",
        KERNELS + "points/block.pxi",
        "    return weigh_exactly(scratch, weight, n)",
        "    if call.weight.data != NULL:\n        weight = load(&call.weight, 0, first, n, weight_buffer)\n"
        "    return weigh_exactly(scratch, weight, n)",
    ),
    Mutant(
        "negative floats added up as weights",
        KERNELS + "blocks/exact.h",
        "    if (most[0] >= 0x7f800000) return 0;\n",
        "",
    ),
    Mutant(
        "half precision forgiven the roundings of float64",
        KERNELS + "frame/domains.pxi",
        "    if dtype == FLOAT16:\n        return 0.0009765625\n",
        "",
    ),
    Mutant(
        "a probability above 1 taken as it is",
        ROWS + "probabilities.pxi",
        "return where_(probability > 1, <double>1, probability)",
        "return probability",
    ),
    Mutant("the value is not weighted", KERNELS + "points/block.pxi", "        weigh(value, weight, n)\n", ""),
    Mutant(
        "the value is not weighted (straight)", KERNELS + "points/block.pxi", "        weigh(value, weight, size)\n", ""
    ),
    Mutant(
        "values added in registers: one of four twice",
        KERNELS + "points/write_formulas.py",
        "(at[0] + at[1]) + (at[2] + at[3])",
        "(at[0] + at[1]) + (at[2] + at[2])",
    ),
    Mutant(
        "around the cache: the end of a block is left out",
        KERNELS + "blocks/stream.h",
        "    memcpy(target + i, source + i, (size_t)(bytes - i));\n",
        "",
    ),
    Mutant(
        "the sum is not weighted",
        KERNELS + "rows/softmax.pxi",
        "h = <double>value[i] * <double>weight[i]",
        "h = <double>value[i]",
    ),
    Mutant(
        "lanes beyond the last row keep a weight",
        KERNELS + "rows/softmax.pxi",
        "    for i in range(n, lanes):\n        weight[i] = 0\n",
        "    for i in range(n, lanes):\n        weight[i] = 1\n",
    ),
    Mutant(
        "the gradient by the log-scale is that by the location",
        KERNELS + "points/block.pxi",
        "store(&call.second_gradient, 0, first, n, second_gradient)",
        "store(&call.second_gradient, 0, first, n, gradient)",
    ),
    Mutant(
        "a penalty's gradient replaces what is there",
        KERNELS + "points/block.pxi",
        "            gradient[i] += previous[i]",
        "            pass",
    ),
    Mutant(
        "squares of tiny residuals are lost under a root",
        PACKAGE + "kinds/totals.py",
        "        elif square < least and number:",
        "        elif square < 0:",
    ),
    Mutant(
        "the gradient is not weighted",
        KERNELS + "frame/samples.pxi",
        "buffer[i] = <real>(<double>weight[i] * scale)",
        "buffer[i] = <real>scale",
    ),
    Mutant(
        "the mean divides by the count",
        KERNELS + "points/block.pxi",
        "    return weigh_exactly(scratch, weight, n)\n",
        "    return n\n",
    ),
    Mutant(
        "the mean divides by weights without class weights",
        KERNELS + "rows/inspect.pxi",
        "add_exactly(call.class_weight[c] * (smoothed + call.smoothing / call.classes), &row_weight, &row_tail)",
        "add_exactly(smoothed + call.smoothing / call.classes, &row_weight, &row_tail)",
    ),
    Mutant(
        "where= ignored beside weights",
        KERNELS + "frame/samples.pxi",
        "buffer[i] = where_(kept[i] != 0, w[i], <real>0)",
        "buffer[i] = w[i]",
    ),
    Mutant(
        "ignored rows keep their weight",
        KERNELS + "rows/softmax.pxi",
        "weight[i] = <real>0 if labels[i] < 0 else weight[i]",
        "weight[i] = weight[i]",
    ),
    Mutant(
        "a masked gradient is multiplied by 0, not cut",
        KERNELS + "points/write_formulas.py",
        "{out}[i] = fl_where_REAL(multiplier[i] == 0, 0, at_{out} * multiplier[i]);",
        "{out}[i] = at_{out} * multiplier[i];",
    ),
    Mutant(
        "a masked value is multiplied by 0, not cut",
        KERNELS + "blocks/blocks.h",
        "x[i] = w[i] == 0 ? (FL_REAL)0 : x[i] * w[i];",
        "x[i] = x[i] * w[i];",
    ),
    Mutant(
        "the Hessian of a dense target is not weighted",
        KERNELS + "rows/softmax.pxi",
        "total_exactly[i] if dense else 1, rest[i]",
        "1, rest[i]",
    ),
    Mutant(
        "normalizer ignored",
        PACKAGE + "reductions.py",
        "total_weight if normalizer is None else normalizer",
        "total_weight",
    ),
    # What changes between the look at an argument and its use.
    Mutant(
        "an array's dtype is the caller's to change",
        PACKAGE + "arrays.py",
        "        array = value.view()\n",
        "        array = value\n",
    ),
    Mutant(
        "the short way: a sum of weights without a reciprocal",
        KERNELS + "frame/plain.pxi",
        "if not 1e-30 < work.denominator < 1e30:",
        "if not 0 < work.denominator:",
    ),
    Mutant(
        "a new gradient is taken as it comes",
        KERNELS + "frame/plain.pxi",
        "and alike(&work.array[slot], &work.array[call.prediction[by]]):\n        return array",
        "and True:\n        return array",
    ),
    Mutant(
        "a text is what it says it is equal to",
        PACKAGE + "reductions.py",
        "    reduction = str.__str__(reduction)",
        "    str.__str__(reduction)",
    ),
    Mutant(
        "a product of weights vanishes",
        KERNELS + "rows/softmax.pxi",
        "return where_(((product < least) & (of_sample != 0) & (of_class != 0)) | (product == INFINITY)",
        "return where_(product != product",
    ),
    Mutant(
        "a weight over a normalizer is infinite",
        PACKAGE + "kinds/base.py",
        "if weights is not None and call.request.normalizer is not None:",
        "if weights is not None and call.request.normalizer is None:",
    ),
    Mutant(
        "a short stack is not noticed",
        KERNELS + "blocks/threads.h",
        "#define FL_STACK_OF_A_CALL (96 << 10)",
        "#define FL_STACK_OF_A_CALL (64 << 10)",
    ),
    Mutant(
        "threads are tried with another stack than OpenMP gives them",
        KERNELS + "blocks/threads.h",
        "    fl_stack_of_openmp = number > SIZE_MAX >> shift ? SIZE_MAX : (size_t)number << shift;",
        "    fl_stack_of_openmp = number ? 0 : (size_t)shift;",
    ),
    Mutant(
        "a child of fork keeps the engines of threads that it has not",
        PACKAGE + "runtime.py",
        "    _engine_lock, _engines_asked_for = Lock(), 0\n",
        "",
    ),
    Mutant(
        "1 - p next to underflow as it comes",
        ROWS + "softmax_tile.pxi",
        "where_(rest[i] < tiny_rest(x), tiny_head[i] * SCALE_OF_EXP, rest[i] * SCALE_UP)",
        "rest[i] * SCALE_UP",
    ),
    Mutant(
        "the gradient of a mean is not divided",
        PACKAGE + "reductions.py",
        "return 1.0 / denominator if denominator else 0.0",
        "return 1.0",
    ),
    Mutant(
        "the short way ignores weights in the denominator",
        KERNELS + "frame/plain.pxi",
        "work.denominator = work.denominator or total",
        "work.denominator = work.denominator or <double>work.samples",
    ),
    Mutant(
        "the short way takes one parameter for another",
        KERNELS + "frame/methods.pxi",
        "key += (name, kind, value, kind is float and signbit(<double>value) != 0)",
        "key += (name, kind)",
    ),
    Mutant(
        "the short way lets weights vanish",
        KERNELS + "frame/plain.pxi",
        "vanishes |= (w[i] != 0) & (w[i] <= 7.006492321624085e-46)     # 2^-150",
        "vanishes |= False",
    ),
    # Formulas.
    Mutant(
        "arguments swapped",
        FORMULAS + "regression.py",
        "r = y_pred - y_true\n    return r * r, 2 * r, 2",
        "r = y_true - y_pred\n    return r * r, 2 * r, 2",
    ),
    Mutant(
        "Huber: the second derivative at the kink",
        FORMULAS + "regression.py",
        "where(abs(r) <= delta, 1, 0 * g)",
        "where(abs(r) < delta, 1, 0 * g)",
    ),
    Mutant(
        "absolute error: the gradient at 0",
        FORMULAS + "regression.py",
        "abs(r), where(r > 0, 1, where(r < 0, -1, r))",
        "abs(r), where(r >= 0, 1, where(r < 0, -1, r))",
    ),
    Mutant(
        "binary cross-entropy: the weight of a positive on both classes",
        FORMULAS + "binary.py",
        "negative = (1 - y_true) * kept + even",
        "negative = pos_weight * ((1 - y_true) * kept + even)",
    ),
    Mutant(
        "binary cross-entropy: 1 - smoothed target",
        FORMULAS + "binary.py",
        "negative = (1 - y_true) * kept + even",
        "negative = 1 - (y_true * kept + even)",
    ),
    # Checks.
    Mutant(
        "label C accepted",
        KERNELS + "blocks/dtypes.h",
        "int inside = (uint64_t)label < (uint64_t)n_classes;",
        "int inside = (uint64_t)label <= (uint64_t)n_classes;",
    ),
    Mutant(
        "the short way of groups takes targets outside of their domain",
        KERNELS + "groups/plain.pxi",
        "                good &= (limits.low <= y) & (y <= limits.high) & (y - y == 0)\n",
        "                good &= y - y == 0\n",
    ),
    Mutant(
        "the short way of sequences takes the blank for a label",
        KERNELS + "sequences/plain.pxi",
        "(own.label[k] < classes) & (own.label[k] != blank)",
        "(own.label[k] < classes)",
    ),
    Mutant(
        "the short way of regions counts classes that are not there",
        KERNELS + "regions/plain.pxi",
        "            if self.present and not self.together and not there:\n",
        "            if False:\n",
    ),
    Mutant(
        "an array by name is not counted as one",
        KERNELS + "frame/plain.pxi",
        "        known += name in keywords\n",
        "        known += 0\n",
    ),
    Mutant(
        "the short way checks no labels",
        KERNELS + "rows/plain.pxi",
        "        return self.computed(&call, work, True)\n",
        "        return <double>work.samples\n",
    ),
    Mutant(
        "labels outside of the classes are not noticed while new arrays are written",
        KERNELS + "rows/inspect.pxi",
        "            fl_stop(call.refused)\n            return True",
        "            return False",
    ),
    Mutant(
        "the short way takes one prediction's gradient for another's",
        KERNELS + "frame/plain.pxi",
        "        return given if given is not None else derivative(call, work, args, slot + by, by)",
        "        return given if given is not None else derivative(call, work, args, slot, by)",
    ),
    Mutant(
        "the short way folds the factor of a part",
        KERNELS + "frame/plain.pxi",
        "        if weight_sum is not None and self.factor != 1:",
        "        if weight_sum is not None and self.factor == 0:",
    ),
    Mutant(
        "the short way reads an array of parameters from its beginning in each row",
        KERNELS + "frame/given.pxi",
        "            strides[k] = view.strides[k - missing]",
        "            strides[k] = view.strides[k - missing] if not extend or k > 0 else 0",
    ),
    Mutant(
        "the short way takes vectors of another shape",
        KERNELS + "frame/plain.pxi",
        "if not same_lengths(taken.view.shape, prediction.view.shape, taken.view.ndim):",
        "if taken.view.ndim == 0:",
    ),
    Mutant(
        "the short way checks no overlap",
        KERNELS + "frame/plain.pxi",
        "if other == slot or not work.array[other].held or disjoint(output, &work.array[other]):",
        "if True:",
    ),
    Mutant(
        "outputs may overlap",
        PACKAGE + "outputs.py",
        'raise ValueError(f"{name} overlaps {other}")',
        "pass",
    ),
    Mutant(
        "a weight of fewer dimensions is for the last axes",
        PACKAGE + "samples.py",
        "if array.shape == shape or not array.ndim:",
        "if array.shape == shape or array.ndim < len(shape):",
    ),
    Mutant(
        "a loss with arrays waits for the garbage collector",
        KERNELS + "frame/methods.pxi",
        "        if loss is not None and loss.plain is not None and not loss.plain.holds_arrays:",
        "        if loss is not None:",
    ),
    Mutant(
        "two arrays of one dimension are a row of classes",
        PACKAGE + "targets.py",
        "        if index and len(shape) == 1:",
        "        if index and len(shape) == 0:",
    ),
    Mutant(
        "missing values become NaN",
        PACKAGE + "foreign.py",
        "if mask is not None and mask.any()]",
        "if mask is not None and mask.all()]",
    ),
    Mutant("labels that differ are paired by position", PACKAGE + "foreign.py", "len(found) < 2:", "len(found) < 3:"),
    Mutant(
        "a list of lazy arrays is computed",
        PACKAGE + "arrays.py",
        "            for place_of_part, part in parts:",
        "            for place_of_part, part in ():",
    ),
    Mutant(
        "labels that count from one are to be skipped",
        PACKAGE + "targets.py",
        "        if least == 1 and most == classes:",
        "        if least == 0 and most == classes:",
    ),
    Mutant("an output may overlap itself", PACKAGE + "outputs.py", "if stride < extent:", "if False:"),
    Mutant(
        "sums of soft targets unchecked",
        KERNELS + "rows/inspect.pxi",
        " or total > 1 + SUM_TOLERANCE or total < 1 - SUM_TOLERANCE",
        "",
    ),
    Mutant(
        "the class axis is not moved for the Hessian",
        PACKAGE + "kinds/rows.py",
        "arrays[name] = next(map(self.last, written.values()), None)",
        "arrays[name] = next(iter(written.values()), None)",
    ),
    # Factors and sums.
    Mutant(
        "sums: a term of factor 0 is multiplied",
        SUMS,
        "if formula.factor == 0 and not by_array:",
        "if False:",
    ),
    Mutant(
        "sums: the sum of five terms begins with the third",
        SUMS,
        "add_two(before[k], results[0][k]",
        "add_two(<const double*>NULL, results[0][k]",
    ),
    Mutant(
        "sums: an odd term is added without what came before",
        SUMS,
        "round_terms(before[k], results[0][k] if waiting",
        "round_terms(before[k] if waiting != 1 else <const double*>NULL, results[0][k] if waiting",
    ),
    Mutant(
        "sums: the scale of a weighted value",
        SUMS,
        "multipliers_of_term(formula, weight, 1, first, n, value_multiplier, factor_buffer)",
        "multipliers_of_term(formula, weight, call.scale, first, n, value_multiplier, factor_buffer)",
    ),
    Mutant(
        "sums: loops compiled at run time get the multipliers of others",
        SUMS,
        "one if formula.uniform else <const real*>call.constants\n        columns.value",
        "<const real*>call.constants\n        columns.value",
    ),
    Mutant(
        "sums: values that are stored lack the factor",
        PACKAGE + "kinds/points.py",
        "            value_factor=factor,\n",
        "",
    ),
    Mutant(
        "sums: a factor that float32 has not with the weights",
        ALGEBRA,
        "if folds(of_all) and checked.holds(of_all):",
        "if folds(of_all):",
    ),
    Mutant("sums: shapes of samples are not compared", ALGEBRA, "if other != samples[0]:", "if False:"),
    Mutant(
        "sums: the last rows of a piece are left out",
        ALGEBRA,
        "for first in range(0, samples[axis - 1], step):",
        "for first in range(0, samples[axis - 1] - step + 1, step):",
    ),
    Mutant(
        "sums: the first term overwrites the prediction",
        ALGEBRA,
        'in_place = call.outputs.in_place and (key[0] == "gradient" or',
        "in_place = call.outputs.in_place and (False or",
    ),
    Mutant(
        "sums: the first term's product overwrites the vector",
        ALGEBRA,
        '(key[0] == "gradient" or call.request.second == PRODUCT)',
        'key[0] == "gradient"',
    ),
    Mutant(
        "sums: of equal terms the last counts",
        ALGEBRA,
        "term._replace(factor=other.factor + term.factor)",
        "term",
    ),
    # Labels and weights of losses over rows.
    Mutant(
        "row losses: the class weight of another class",
        ROWS + "block.pxi",
        "y[k * LANES + i] = target_weight(y, &call.rows, k, y[k * LANES + i])",
        "y[k * LANES + i] = target_weight(y, &call.rows, call.classes - 1 - k, y[k * LANES + i])",
    ),
    Mutant(
        "row losses: label 0 taken for the last class",
        ROWS + "block.pxi",
        "t.label[i] = <double>labels[0 if t.wide else i]",
        "t.label[i] = <double>(labels[0 if t.wide else i] or call.rows.classes - 1)",
    ),
    Mutant(
        "row losses: the gradient is not divided",
        ROWS + "block.pxi",
        "            multiplier = weight[i] * call.rows.scale\n            of_sample",
        "            multiplier = weight[i]\n            of_sample",
    ),
    Mutant(
        "row losses: a NaN in the target overlooked",
        ROWS + "block.pxi",
        "lost[i] += where_(t.y[k * LANES + i] != t.y[k * LANES + i], <double>1, <double>0)",
        "lost[i] += 0",
    ),
    Mutant(
        "row losses: shares above 1 accepted",
        ROWS + "block.pxi",
        "cdef double most = INFINITY if adds_up else 1",
        "cdef double most = INFINITY",
    ),
    Mutant(
        "row losses: a masked row is not written",
        ROWS + "block.pxi",
        "    if multiplier == 0:\n        for c in range(call.classes):\n            target[c] = 0\n",
        "    if multiplier == 0:\n        return\n",
    ),
    Mutant(
        "true class alone: a NaN beside it overlooked",
        ROWS + "block.pxi",
        "if lost or any_nan(x, n * classes):",
        "if lost:",
    ),
    Mutant(
        "a cap's slope of a row that is left out",
        ROWS + "softmax.pxi",
        "            leave_out(weight, classes, e)        # of a NaN the cap's slope is one\n",
        "",
    ),
    Mutant(
        "a z-loss of a row that is left out",
        ROWS + "softmax.pxi",
        "            reach[i] = where_(weight[i] == 0, <real>0, reach[i])",
        "            reach[i] = reach[i]",
    ),
    Mutant(
        "true class alone: another class makes a row extreme",
        ROWS + "extremes.pxi",
        "    if of_label_alone(call):\n        at_class",
        "    if False:\n        at_class",
    ),
    Mutant(
        "true class alone: the gradient for the Hessian",
        ROWS + "block.pxi",
        "<real>(derivative[k][i] * multiplier)",
        "<real>(derivative[0][i] * multiplier)",
    ),
    # The formula of one loss.
    Mutant(
        "focal: the sign of gamma's term",
        ROWS + "confidence.pxi",
        "a[0] = power * (1 + parameter * (scaled_pl * SCALE_DOWN))",
        "a[0] = power * (1 - parameter * (scaled_pl * SCALE_DOWN))",
        "categorical_focal",
    ),
    Mutant(
        "poly1: the sign of the curvature",
        ROWS + "confidence.pxi",
        "slope[0], offset[0], bq[0] = 1, parameter * q, -parameter * scaled_p * q",
        "slope[0], offset[0], bq[0] = 1, parameter * q, parameter * scaled_p * q",
        "poly1_cross_entropy",
    ),
    Mutant(
        "generalized cross-entropy: not over q",
        ROWS + "confidence.pxi",
        "-expm1_(-parameter * surprisal) / parameter, fl_exp",
        "-expm1_(-parameter * surprisal), fl_exp",
        "generalized_cross_entropy",
    ),
    Mutant(
        "sparsemax: the Hessian over all classes",
        ROWS + "sparse.pxi",
        "* ((count[i] - 1) / count[i])",
        "* ((call.classes - 1.0) / call.classes)",
        "sparsemax",
    ),
    Mutant(
        "multiclass hinge: tied classes each take all of the gradient",
        ROWS + "margins.pxi",
        "<double>0, -own[i] / ties[i])",
        "<double>0, -own[i])",
        "multiclass_hinge",
    ),
    Mutant(
        "multi margin: the sum, not the mean",
        ROWS + "margins.pxi",
        "factor = 1 / (call.classes * small)",
        "factor = 1 / small",
        "multi_margin",
    ),
    Mutant(
        "multilabel margin: ties at the kink count in full",
        ROWS + "margins.pxi",
        "x[other[i]], x[member[k]]) >= 0:",
        "x[other[i]], x[member[k]]) > 0:",
        "multilabel_margin",
    ),
    Mutant(
        "multilabel soft margin: one class too many in the mean",
        ROWS + "decisions.pxi",
        "decisions(call, t, 1.0 / call.classes)",
        "decisions(call, t, 1.0 / (call.classes + 1))",
        "multilabel_soft_margin",
    ),
    Mutant(
        "ordinal: one level off",
        ROWS + "decisions.pxi",
        "t.offset[i] < t.label[i], <double>1, <double>0)",
        "t.offset[i] <= t.label[i], <double>1, <double>0)",
        "ordinal",
    ),
    Mutant(
        "logistic hazard: the interval in which a sample was last seen does not count",
        ROWS + "decisions.pxi",
        "where_(place > t.label[i], -",
        "where_(place >= t.label[i], -",
        "logistic_hazard",
    ),
    Mutant(
        "entropy: the probability is not part of the gradient",
        ROWS + "scores.pxi",
        "share * (d[j] - mean[i])) * SCALE_DOWN",
        "d[j] - mean[i]) * SCALE_DOWN",
        "entropy",
    ),
    Mutant(
        "distillation: what was rounded off a distance is lost",
        ROWS + "scores.pxi",
        "d.tail += p_tails[j] - q_tails[j]",
        "d.tail += 0 * q_tails[j]",
        "distillation",
    ),
    Mutant(
        "TRADES: the top class's share is taken off where it stays",
        ROWS + "scores.pxi",
        "slope = where_(is_top, slope, u[j] - (others[i] + at_top[i]))",
        "slope = where_(is_top, slope, u[j] - others[i])",
        "trades",
    ),
    Mutant(
        "cosface: what taking the margin off rounds off",
        ROWS + "scores.pxi",
        "cosine[i], tail[i] = z.head, z.tail",
        "cosine[i], tail[i] = z.head, 0",
        "cosface",
    ),
    Mutant(
        "arcface: the slope is that of a smaller angle",
        ROWS + "scores.pxi",
        "slope[i] = where_(far, <double>1, product.head)",
        "slope[i] = 1",
        "arcface",
    ),
    Mutant(
        "class mask: smoothing is spread over all classes",
        MASKED,
        "count = np.count_nonzero(mask, axis=-1, keepdims=True)",
        "count = np.full((*mask.shape[:-1], 1), mask.shape[-1])",
    ),
    Mutant("class mask: what is absent may be -0", MASKED, "np.negative(kept.astype(bits.dtype))", "-1"),
    Mutant(
        "class mask: labels are not looked at", MASKED, "Array = inside & ~there", "Array = inside & ~there & False"
    ),
    Mutant(
        "KL divergence: without the entropy of the target",
        ROWS + "divergences.pxi",
        "y * (log_(y) + t.log_sum[i])",
        "y * t.log_sum[i]",
        "kl_divergence",
    ),
    Mutant(
        "JS divergence: a factor of the curvature",
        ROWS + "divergences.pxi",
        "beta * (1 - beta) * y[j] / mixed",
        "beta * y[j] / mixed",
        "js_divergence",
    ),
    Mutant(
        "total variation: the curvature of the softmax",
        ROWS + "divergences.pxi",
        "hessian[j] = (1 - 2 * q[j]) * gradient[j]",
        "hessian[j] = (1 - q[j]) * gradient[j]",
        "total_variation",
    ),
    Mutant(
        "categorical log loss: clipped gradient",
        ROWS + "probabilities.pxi",
        "y = where_(inside, target[j], <double>0)",
        "y = target[j]",
        "categorical_log_loss",
    ),
    Mutant(
        "negative log-likelihood: the label's neighbour",
        ROWS + "probabilities.pxi",
        "first[i] = -1\n",
        "first[i] = 1\n",
        "nll",
    ),
    Mutant(
        "temperature: the Hessian divided once",
        ROWS + "cross_entropy.pxi",
        "hessian[j] *= 1 / (temperature * temperature)",
        "hessian[j] *= 1 / temperature",
        "cross_entropy-index-composed",
    ),
    Mutant(
        "z-loss: not weighted by the classes",
        ROWS + "cross_entropy.pxi",
        "t.value[i] += z_loss * t.total[i] * t.log_total[i] * t.log_total[i]",
        "t.value[i] += z_loss * t.log_total[i] * t.log_total[i]",
        "cross_entropy-soft-composed",
    ),
    Mutant(
        "products: the centre is the element of the largest class",
        ROWS + "second.pxi",
        "    nearest_element(t, u, u_top, mean, center)\n",
        "    memcpy(center, u_top, sizeof(center))\n",
    ),
    Mutant(
        "products: the largest class without its own distance from the centre",
        ROWS + "second.pxi",
        "(t.rest[i] * d_top - others[i])",
        "(-others[i])",
    ),
    Mutant(
        "products: a small one vanishes before its weight",
        ROWS + "second.pxi",
        "t.lift[i] > LEAST_LIFTED, LIFT, <double>1",
        "t.lift[i] > LEAST_LIFTED, <double>1, <double>1",
    ),
    Mutant(
        "products: the size of a vector makes no row extreme",
        ROWS + "second.pxi",
        "weight[i] = min(weight[i] * largest[i], LARGEST_DOUBLE)",
        "weight[i] = min(weight[i], LARGEST_DOUBLE)",
    ),
    Mutant(
        "matrices: the z-loss without the logarithm",
        ROWS + "second.pxi",
        "(2 * z_loss * (1 - t.log_total[i]) - 1)",
        "(2 * z_loss - 1)",
    ),
    Mutant(
        "products: an infinite element of a vector is a number",
        ROWS + "block.pxi",
        "lost[i] += where_(abs_(hessian[k * LANES + i]) < INFINITY, <double>0, <double>1)",
        "lost[i] += where_(hessian[k * LANES + i] == hessian[k * LANES + i], <double>0, <double>1)",
    ),
    Mutant(
        "products: what has no weight is multiplied",
        SUMS,
        "total[i] += where_(multiplier[i] == 0, <double>0, product)\n    else:",
        "total[i] += product\n    else:",
    ),
    Mutant(
        "gaussian: the sign of the cross term",
        LIKELIHOODS,
        "4 * half, -2 * slope)",
        "4 * half, 2 * slope)",
        "gaussian_nll",
    ),
    Mutant(
        "hinge: labels swapped",
        BINARY,
        "m = t * y_pred\n    slope = where(m > 1",
        "m = -t * y_pred\n    slope = where(m > 1",
        "hinge-hard-default",
    ),
    Mutant(
        "squared hinge: the second derivative at the kink",
        BINARY,
        "where(m >= 1, 0, -2 * t * short), where(m > 1, 0, 2)",
        "where(m >= 1, 0, -2 * t * short), where(m >= 1, 0, 2)",
        "squared_hinge",
    ),
    Mutant(
        "binary focal: alpha of the other class",
        BINARY,
        "where(t > 0, alpha, 1 - alpha)",
        "where(t > 0, 1 - alpha, alpha)",
        "binary_focal",
    ),
    Mutant(
        "asymmetric: exponents swapped",
        BINARY,
        "where(t > 0, gamma_pos, gamma_neg)",
        "where(t > 0, gamma_neg, gamma_pos)",
        "asymmetric",
    ),
    Mutant(
        "binary log loss: the gradient where a probability was clipped",
        BINARY,
        "gradient = where(low, 0, where(high, 0, slope))",
        "gradient = where(high, 0, slope)",
        "binary_log_loss",
    ),
    Mutant(
        "perceptron: the gradient at 0",
        BINARY,
        "-0.5 * t + m",
        "0 * t + m",
        "perceptron",
    ),
    Mutant(
        "smooth L1: the derivative by beta",
        REGRESSION,
        '{"beta": -0.5 * (g * g),',
        '{"beta": -0.5 * abs(g),',
        "smooth_l1",
    ),
    Mutant(
        "general robust: a tail that is no rounding",
        REGRESSION,
        "    l_tail = where(l - l == 0, (l - whole_l) + l_tail, 0)\n    l = whole_l\n",
        "",
        "general_robust",
    ),
    Mutant(
        "smooth L1: the second derivative",
        REGRESSION,
        "where(abs(r) <= beta, 1 / beta, 0 * g)",
        "where(abs(r) <= beta, 1, 0 * g)",
        "smooth_l1",
    ),
    Mutant(
        "quantile: the gradient at 0",
        REGRESSION,
        "(0.5 - alpha) + r",
        "-alpha + r",
        "quantile",
    ),
    Mutant(
        "quantiles: a level's other side, next to 1",
        ROWS + "quantiles.pxi",
        "(columns - k - 0.5) / columns",
        "1 - (k + 0.5) / columns",
        "quantiles",
    ),
    Mutant(
        "quantiles: columns that are absent",
        ROWS + "quantiles.pxi",
        "call.classes if t.wide else size, size)",
        "size, size)",
        "quantiles",
    ),
    Mutant(
        "expectile: sides swapped",
        REGRESSION,
        "where(r > 0, 1 - alpha, where(r < 0, alpha, 0.5))",
        "where(r > 0, alpha, where(r < 0, 1 - alpha, 0.5))",
        "expectile",
    ),
    Mutant(
        "absolute percentage error: no floor",
        REGRESSION,
        "below = where(abs(y_true) < floor, floor, abs(y_true))",
        "below = abs(y_true)",
        "absolute_percentage_error",
    ),
    Mutant(
        "Cauchy: what was lost near the zero of the Hessian",
        REGRESSION,
        "falling = (1 - square) - square_tail",
        "falling = 1 - square",
        "cauchy",
    ),
    Mutant(
        "Tukey: the second derivative beyond c",
        REGRESSION,
        "where(w <= 0, 0, r * w * w), where(w <= 0, 0, hessian)",
        "where(w <= 0, 0, r * w * w), hessian",
        "tukey_biweight",
    ),
    Mutant(
        "squared log error: the quotient overflows",
        REGRESSION,
        "of_ratio = log_ratio(p, t)",
        "of_ratio = log_sum(p / t, 0)",
        "squared_log_error",
    ),
    Mutant(
        "Fair: the sum of residual and scale overflows",
        REGRESSION,
        "part = where(twice - twice == 0, 1, 0.125)",
        "part = where(r - r == 0, 1, 0.125)",
        "fair",
    ),
    Mutant(
        "Geman-McClure: a cube underflows",
        REGRESSION,
        "cube = (c * k) * k * (k + 3 * k_tail)",
        "cube = c * (k * k * (k + 3 * k_tail))",
        "geman_mcclure",
    ),
    Mutant(
        "Welsch: a residual that is too large for a float",
        REGRESSION,
        "slope = d * h * h * where(part < 1, 4, 1)",
        "slope = r * h * h",
        "welsch",
    ),
    Mutant(
        "general robust loss: the series of a small logarithm",
        REGRESSION,
        "near = v < 1e-5  # by",
        "near = v < 0  # by",
        "general_robust",
    ),
    Mutant(
        "binary cross-entropy: a subnormal exponential under a weight",
        BINARY,
        "far = size > 64 and pos_weight > 1",
        "far = size > 1e4 and pos_weight > 1",
        "binary_cross_entropy",
    ),
    Mutant(
        "poly-1 loss: a difference of probabilities that cancels",
        BINARY,
        "crossing = expm1(-abs(y_pred)) / both",
        "crossing = (e - 1) / both",
        "poly1_binary_cross_entropy",
    ),
    Mutant(
        "zero-inflated Poisson: what the exponential of the log-rate has lost",
        LIKELIHOODS,
        "difference_tail(zero_logit, -l) + part_tail",
        "difference_tail(zero_logit, -l)",
        "zero_inflated_poisson",
    ),
    Mutant(
        "zero-inflated Poisson: the probability of a zero near 1",
        LIKELIHOODS,
        "likely = c <= 0.5\n",
        "likely = c <= 2.0\n",
        "zero_inflated_poisson",
    ),
    Mutant(
        "Laplace: a residual rounded among the subnormal numbers",
        LIKELIHOODS,
        "ratio = where(r == 0, 0, scaled(abs(d) * h, n + taken))",
        "ratio = where(r == 0, 0, scaled(abs(r) * h, n))",
        "laplace_nll",
    ),
    Mutant(
        "what an exponential lost is dropped under a power",
        KERNELS + "maths/tails.h",
        "y.tail = fl_abs(x) < 708.0 ? tail : 0.0;",
        "y.tail = 0.0;",
    ),
    Mutant(
        "what is made of arrays of parameters is made of the first block",
        KERNELS + "points/block.pxi",
        "        if any_array(formula):\n            derive(formula, parameter, n)\n",
        "        if any_array(formula) and first == 0:\n            derive(formula, parameter, n)\n",
    ),
    Mutant(
        "parameters that have lost digits are taken",
        PACKAGE + "domains.py",
        "check_held(name, value, domain, double_precision, least=_LEAST_NORMAL[double_precision])",
        "check_held(name, value, domain, double_precision)",
    ),
    Mutant(
        "tweedie above 2: what the rounding of an exponent lost",
        LIKELIHOODS,
        "    factor = head + head * lost\n",
        "    factor = head\n",
        "tweedie",
    ),
    Mutant(
        "Tweedie: power 2 is a case of its own",
        LIKELIHOODS,
        "where(b == 0, y_pred, rising * inverse_b)",
        "rising * inverse_b",
        "tweedie",
    ),
    Mutant(
        "gamma: infinity - infinity in the value",
        LIKELIHOODS,
        "where(ratio - ratio == 0, y_pred + ratio, ratio)",
        "y_pred + ratio",
        "gamma",
    ),
    Mutant(
        "negative binomial: the logarithm overflows",
        LIKELIHOODS,
        "value = where(huge, whole, first + second)",
        "value = first + second",
        "negative_binomial",
    ),
    Mutant(
        "Poisson: a target of 0 at minus infinity",
        LIKELIHOODS,
        "pull = where(y_true == 0, 0, y_true * (y_pred * scale))",
        "pull = y_true * (y_pred * scale)",
        "poisson",
    ),
    # The Numba engine, and what compiled code of users calls.
    Mutant(
        "Numba: flags of the first caller",
        JIT + "vecmath.py",
        "inline = functools.partial(numba.njit, fastmath=False, forceinline=True,",
        "inline = functools.partial(numba.njit, forceinline=True,",
    ),
    Mutant(
        "Numba: numbers of Python are float64",
        JIT + "translate.py",
        'return ast.copy_location(ast.Call(ast.Name("real", ast.Load()), [constant], []), node)',
        "return ast.copy_location(constant, node)",
    ),
    Mutant(
        "Numba: a sample of weight 0 is multiplied",
        JIT + "elementwise.py",
        "real(0) if factor == real(0) else real({name}_i) * factor",
        "real({name}_i) * factor",
    ),
    Mutant(
        "Numba: ties are left out of the sum (wide rows)",
        JIT + "softmax.py",
        "rest, tail = two_sum(rest, tail, ties - 1.0)",
        "rest, tail = two_sum(rest, tail, ties - ties)",
    ),
    Mutant(
        "Numba: p - 1 (few classes)",
        JIT + "softmax.py",
        "others = rest_i if e_i == one else (one + rest_i) - e_i",
        "others = (one + rest_i) - e_i",
    ),
    Mutant(
        "Numba: subnormal terms are not made again (wide rows)",
        JIT + "softmax.py",
        "if rest + tail < tiny and classes > 1:",
        "if rest + tail < 0 and classes > 1:",
    ),
    Mutant(
        "Numba: a wrong derivative",
        JIT + "derive.py",
        'word("sigmoid")(2.0 * x) * word("sigmoid")(-2.0 * x)',
        'word("sigmoid")(2.0 * x) * word("sigmoid")(2.0 * x)',
    ),
    Mutant(
        "Numba: a term of factor 0 is multiplied",
        JIT + "sums.py",
        'f"where(factor{k} == real(0), real(0), factor{k} * {result}_of_{k})"',
        'f"factor{k} * {result}_of_{k}"',
    ),
    Mutant(
        "Numba: a product of two predictions without what is off the diagonal",
        JIT + "elementwise.py",
        'if want & flag and (name != "cross" or want == HESSIAN):',
        'if want & flag and name != "cross":',
    ),
    Mutant(
        "Numba: the second prediction is the first",
        JIT + "formula.py",
        "texts |= {predictions[0]: prediction,",
        "texts |= {predictions[-1]: prediction,",
    ),
    Mutant(
        "Numba: a variable has the name of a word",
        JIT + "translate.py",
        'return f"own_{name}" if ours else name',
        "return name",
    ),
    Mutant(
        "Numba: minus infinity is infinity",
        JIT + "formula.py",
        'else "_infinity" if number > 0 else "-_infinity"',
        'else "_infinity"',
    ),
    Mutant(
        "Numba: helpers are known by their names",
        JIT + "translate.py",
        "while name in self._used:",
        "while name in _POWERS.values():",
    ),
    Mutant(
        "terms of a sum share parameters",
        ALGEBRA,
        "name in {*names, *others} or not known.isdisjoint",
        "name in names and not known.isdisjoint",
    ),
    Mutant(
        "Numba: an exception leaves a block as it is",
        JIT + "elementwise.py",
        "if self.formula.may_raise:",
        "if False:",
    ),
    Mutant(
        "Numba: a loop that raises has nothing to raise",
        JIT + "formula.py",
        'return ours and not (name == "range" and len(node.args) == 3)',
        "return ours",
    ),
    Mutant(
        "Numba: a try in a loop",
        JIT + "translate.py",
        "if self.catching or self.looping:",
        "if self.catching:",
    ),
    Mutant(
        "Numba: symbols are caught by a try",
        JIT + "derive.py",
        "if any(isinstance(node, ast.Try) for node in",
        "if any(False for node in",
    ),
    Mutant(
        "Numba: a text of another function",
        JIT + "translate.py",
        "_essence(code) not in codes[place] and",
        "False and",
    ),
    Mutant(
        "Numba: the function that a wrapper wraps",
        JIT + "translate.py",
        'if hasattr(function, "__wrapped__") or',
        "if",
    ),
    Mutant(
        "Numba: a function of another module is looked up later",
        JIT + "translate.py",
        'if found and isinstance(owner, types.ModuleType) and owner.__name__.partition(".")[0] not in _LASTING:',
        "if False:",
    ),
    Mutant(
        "Numba: a kink has the derivative of one side",
        JIT + "derive.py",
        'else self.make("mean", *sides)',
        "else sides[1]",
    ),
    Mutant(
        "Numba: other arrays come before a second prediction inside of compiled functions",
        JIT + "calls.py",
        "read = [*(name for name, _ in columns.predictions[1:]), *columns.others]",
        "read = [*columns.others, *(name for name, _ in columns.predictions[1:])]",
    ),
    Mutant(
        "Numba: a kink is passed in two directions",
        JIT + "derive.py",
        "graph.mean_derivative(sides, other, prediction)",
        "graph.mean_derivative(sides, other, other)",
    ),
    Mutant(
        "Numba: other arrays come before a second prediction",
        JIT + "formula.py",
        "others = [*predictions[1:], *fixed[1:],",
        "others = [*fixed[1:], *predictions[1:],",
    ),
    Mutant(
        "Numba: a kink where the slope is 0",
        JIT + "derive.py",
        "return moved if curvature is zero else",
        "return moved if True else",
    ),
    Mutant(
        "Numba: a derived value without what is 0 by its form",
        JIT + "derive.py",
        "self.simplifies = False",
        "self.simplifies = True",
    ),
    Mutant(
        "Numba: rows are read beyond their ends",
        JIT + "rows.py",
        "functools.partial(strict, boundscheck=True)",
        "strict",
    ),
    Mutant(
        "Numba: a gradient of any length",
        JIT + "rows.py",
        'f"        if len(of_{name}) != classes:"',
        'f"        if len(of_{name}) == 0:"',
    ),
    Mutant(
        "Numba: a row that failed has a value",
        KERNELS + "rows/jit.pxi",
        "            fl_note_failure(jit.failure, <int>failure)\n",
        "",
    ),
    Mutant(
        "Numba: machine code from a folder that anybody writes to",
        PACKAGE + "cached.py",
        "stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o022 and",
        "stat.S_ISDIR(status.st_mode) and",
    ),
    Mutant(
        "Numba: a loop for one text is kept for another",
        JIT + "compiling.py",
        r'key = f"{_versions()}\n{signature}\n{formula.whole_text}\n{text}"',
        r'key = f"{_versions()}\n{signature}\n{formula.name}\n{text}"',
    ),
    Mutant(
        "in compiled functions: labels are not checked",
        JIT + "calls.py",
        '"        if label < 0 or label >= classes:",',
        '"        if label < 0:",',
    ),
    Mutant(
        "in compiled functions: domains are not checked",
        JIT + "calls.py",
        '{also})"] if check else []',
        '{also})"] if False else []',
    ),
    Mutant(
        "in compiled functions: the gradient of the sum",
        JIT + "calls.py",
        '"    scale = 1.0 / denominator if denominator != 0 else 0.0",',
        '"    scale = 1.0 if denominator != 0 else 0.0",',
    ),
    Mutant(
        "in compiled functions: weights are not checked",
        JIT + "calls.py",
        'f"        if {_bad(number, WEIGHT)}:",',
        '"        if False:",',
    ),
    Mutant(
        "in compiled functions: what has no weight is read",
        JIT + "calls.py",
        '_KEPT = "multiplier[i] != 0 and "',
        '_KEPT = ""',
    ),
    Mutant(
        "in compiled functions: what has no weight is multiplied by 0",
        JIT + "calls.py",
        '_LEFT_OUT = "real(0) if factor == real(0) else "',
        '_LEFT_OUT = ""',
    ),
    Mutant(
        "in compiled functions: parameters that are given are not looked at",
        JIT + "calls.py",
        "if parameter.name not in call.given or parameter.kind not in kinds:",
        'if parameter.name not in call.given or parameter.kind != "number":',
    ),
    Mutant(
        "in compiled functions: calls that differ in keywords alone are one",
        JIT + "extension.py",
        "return signature.args, tuple(signature.pysig.parameters)",
        "return signature.args",
    ),
    Mutant(
        "in compiled functions: softmax over the wrong sum",
        JIT + "softmax.py",
        "e[j] = real(ratio(np.float64(e[j]), whole, whole_tail))",
        "e[j] = real(np.float64(e[j]) / rest)",
    ),
    Mutant(
        "in compiled functions: softmax over the wrong axis",
        JIT + "extension.py",
        "last = axis == -1 or axis == 1",
        "last = axis == 1",
    ),
    Mutant(
        "in Cython: the gradient of the sum",
        CYTHON,
        "n, 1 / (denominator / prepared.factor)",
        "n, prepared.factor",
    ),
    Mutant(
        "what is outside a domain is not noticed while new arrays are written",
        KERNELS + "points/block.pxi",
        "        fl_stop(call.refused)\n",
        "        pass\n",
    ),
    Mutant(
        "targets are looked at late though the caller's arrays are written",
        KERNELS + "frame/given.pxi",
        "        if work.array[k].held:\n            return False\n    return True\n\n\ncdef bint contiguous",
        "        if work.array[k].held:\n            return True\n    return True\n\n\ncdef bint contiguous",
    ),
    Mutant(
        "in Cython: labels are not checked",
        KERNELS + "rows/capi.pxi",
        "if not 0 <= y_true[row] < classes:",
        "if not 0 <= y_true[row] <= classes:",
    ),
    Mutant(
        "in Cython: what is outside a domain is only noticed in the first block",
        CYTHON,
        "        for block in range(blocks):\n            total = points_inspected",
        "        for block in range(1):\n            total = points_inspected",
    ),
    # Build.
    Mutant(
        "-ffast-math at link time",
        "CMakeLists.txt",
        "target_link_options(${module} PRIVATE ${FASTLOSS_EXTRA_FLAGS})",
        "target_link_options(${module} PRIVATE -ffast-math ${FASTLOSS_EXTRA_FLAGS})",
    ),
)


class Laboratory:
    """A copy of the repository in which one bug at a time is planted, built and looked for."""

    def __init__(self, folder: Path, level: str) -> None:
        self.source, self.site, self.level = folder / "source", folder / "site", level
        ignored = shutil.ignore_patterns(".git", ".venv", ".nox", "build", "dist", "__pycache__")
        shutil.copytree(ROOT, self.source, ignore=ignored)

    def build(self) -> str:
        """Install the copy into a folder of its own; return what went wrong."""
        shutil.rmtree(self.site, ignore_errors=True)
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps"]
        settings = {
            "build-dir": str(self.source / "build"),
            "cmake.define.FASTLOSS_ISA_LEVELS": self.level,
            "cmake.define.FASTLOSS_EXTRA_FLAGS": "-O2",  # builds in half the time of -O3
        }
        options = [option for name, value in settings.items() for option in ("-C", f"{name}={value}")]
        target = ["--target", str(self.site), str(self.source)]
        done = subprocess.run([*command, *options, *target], capture_output=True, text=True, check=False)
        return done.stderr[-3000:] if done.returncode else ""

    def test(self, loss: str = "", files: Sequence[str] = TESTS) -> str:
        """Return the test (of one loss) that fails first, or how the process ended, or nothing."""
        # Most bugs fail many tests: a few of each file find them sooner than all of the first files.
        return (self.run(loss, files, 10) if files == TESTS and not loss else "") or self.run(loss, files, 1)

    def run(self, loss: str, files: Sequence[str], one_in: int) -> str:
        environment = os.environ | {
            "PYTHONPATH": str(self.site),
            "FASTLOSS_ISA": self.level,
            "FASTLOSS_CACHE_DIR": str(self.site.parent / "cache"),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-rf"]
        command += [f"--one-in={one_in}", "-k"]
        command += [f"not isa_level and {loss}" if loss else "not isa_level"]  # of the levels one is built
        tests = [str(self.source / "tests" / f"test_{name}.py") for name in files]
        try:
            done = subprocess.run(
                [*command, *tests], capture_output=True, text=True, timeout=900, env=environment, check=False
            )
        except subprocess.TimeoutExpired:
            return "no end after 900 s"
        if done.returncode == 0:
            return ""
        failed = re.findall(r"^(?:FAILED|ERROR) \S*?([\w.]+::[^\s\[]+)", done.stdout, re.MULTILINE)
        return failed[0] if failed else f"exit code {done.returncode}"

    def verdicts(self, mutants: Sequence[Mutant]) -> Iterator[tuple[Mutant, str]]:
        """Plant some bugs, build, and tell of each what became of it."""
        originals: dict[Path, str] = {}
        for mutant in mutants:
            path = self.source / mutant.file
            text = path.read_text("utf-8")
            assert text.count(mutant.old) == 1, f"{mutant.name}: {mutant.file} has changed"
            originals.setdefault(path, text)
            path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
        try:
            problem = self.build()
            for mutant in mutants:
                found = "" if problem else self.test(mutant.loss, mutant.tests)
                yield mutant, f"does not build: {problem}" if problem else f"found by {found}" if found else "SURVIVED"
        finally:
            for path, text in originals.items():
                path.write_text(text, "utf-8")


def planted_together(mutants: Sequence[Mutant]) -> list[list[Mutant]]:
    """Return groups of mutants: of losses whose names tell their tests apart, or of one."""
    groups: list[list[Mutant]] = []
    for mutant in mutants:
        for group in groups:
            names = [other.loss for other in group]
            if mutant.loss and all(name and name not in mutant.loss and mutant.loss not in name for name in names):
                group.append(mutant)
                break
        else:
            groups.append([mutant])
    return groups


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="run those with one of these words in their names")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--level", default="v3", help="the ISA level to build (default: v3)")
    given = parser.parse_args()
    chosen = [m for m in MUTANTS if not given.words or any(word in m.name for word in given.words)]
    if given.list:
        print(*(m.name for m in chosen), sep="\n")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        laboratory = Laboratory(Path(folder), given.level)
        if not given.words:  # a suite that fails without a bug finds everything
            problem = laboratory.build() or laboratory.test()
            if problem:
                print(f"without a bug: {problem}")
                return 1
        survivors = 0
        for group in planted_together(chosen):
            start = time.perf_counter()
            for mutant, verdict in laboratory.verdicts(group):
                survivors += not verdict.startswith("found")
                print(f"{mutant.name}: {verdict} ({time.perf_counter() - start:.0f} s)", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} found")
    return survivors


if __name__ == "__main__":
    sys.exit(main())
