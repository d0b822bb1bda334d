"""Write the formula of a row of the catalogue, which is text, as TeX.

A formula is what a person types: ``sum_{c != y} max(0, margin + x_c - x_y)^p / C``, ``A where r > 0, else B``, and
words between. It is read as a sum of products of powers. What is no name and no function is a word, and stays one.
"""

from __future__ import annotations

import re
from collections.abc import Collection

GREEK = ("alpha", "beta", "gamma", "delta", "epsilon", "rho", "sigma", "tau", "theta", "pi")
FUNCTIONS = ("log", "log2", "exp", "sin", "cos", "cosh", "arccos", "max", "min")
GREEK_LETTERS = {rf"\{letter}" for letter in GREEK}  # numbers: what follows in brackets is multiplied
NAMED = ("clip", "sigmoid", "softmax", "KL", "mean")  # functions that TeX has no name for
BIG = {"sum": r"\sum", "prod": r"\prod", "max": r"\max", "mean": r"\operatorname{mean}"}
SIGNS = {
    **{sign: sign for sign in ("+", "-", "=", "<", ">", ",", ":", ";")},
    "<=": r"\le",
    ">=": r"\ge",
    "!=": r"\ne",
    "||": r"\parallel",
    ".": r"\cdot",
}
BRACKETS = {"(": ")", "[": "]", "{": "}", "|": "|", "<": ">"}
TEX_BRACKETS = {"{": r"\{", "}": r"\}", "<": r"\langle", ">": r"\rangle"}
TOKEN = re.compile(r"\d+(?:\.\d+)?|[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*(?:(?<=_[a-z])[-+]\d)?|<=|>=|!=|\|\||\S")


def displays(formula: str, names: Collection[str]) -> list[str]:
    """Return the formula as TeX: a display for each part that stands apart by two spaces, and for each definition.

    `names` are those of the arrays and parameters: a long name that is not among them is a word.
    """
    names = {*names, *re.findall(r"\b([A-Za-z_]+) = ", formula)}
    lines = list[str]()
    for part in re.split(r"\s{2,}", formula.strip()):
        if lines and lines[-1].startswith("with "):  # "with probabilities" says what the next part is for
            lines[-1] += f": {part.rstrip(',;')}"
        else:
            lines += _split(part.rstrip(",;"), r", (?=\w+ = )")
    return [_line(line, names) for line in lines]


def _split(text: str, separator: str) -> list[str]:
    """Split a text where it has a separator outside of brackets."""
    parts, start = list[str](), 0
    for found in re.finditer(separator, text):
        before = text[: found.start()]
        if all(before.count(left) == before.count(right) for left, right in ("()", "{}", "[]")):
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _line(line: str, names: Collection[str]) -> str:
    """Return a line: an expression, or its cases."""
    label = ""
    if found := re.match(r"([a-z][\w ,=]*): +(.*)", line):
        label, line = rf"\text{{{_text(found[1])}: }}\quad ", found[2]
    choices = [re.match(r"([a-z_]{4,}(?: and [a-z_]{4,})*) (.+)", part) for part in _split(line, ", ")]
    if len(choices) > 1 and all(choices) and " where " not in line:
        rows = [rf"\text{{{_text(one[1])}: }} & {Expression(one[2], names).whole()}" for one in choices if one]
        return label + r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"
    cases = [part for case in _split(line, r",? else ") for part in _split(case, r", (?=[^=]* where )")]
    if len(cases) == 1 or re.search(r"^where|, where", line):
        return label + Expression(line, names).whole()
    if found := re.match(r"(\w+) = (.*)", cases[0]):
        label, cases[0] = f"{Expression(found[1], names).whole()} = ", found[2]
    rows = []
    for case in cases:
        value, _, condition = case.partition(" where ")
        said = rf"\text{{where }} {Expression(condition, names).whole()}" if condition else ""
        said = said or r"\text{else}" * (case is cases[-1])
        rows.append(f"{Expression(value, names).whole()} & {said}")
    return label + r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def _text(words: str) -> str:
    return words.replace("_", r"\_")


class Expression:
    """One expression, read from left to right."""

    def __init__(self, text: str, names: Collection[str]) -> None:
        self.tokens = TOKEN.findall(text)
        self.names = names
        self.place = 0
        self.open: list[str] = []  # what closes the brackets around this place
        self.raised = 0  # in an exponent fractions are written on one line

    def whole(self) -> str:
        """Return all of it."""
        return self._sum()

    @property
    def _next(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1]

    def _closes(self) -> bool:
        return not self._next or self._next == (self.open or [None])[-1]

    def _is_word(self, token: str) -> bool:
        """Tell whether a token is a word of English, or the name of a choice."""
        if not re.match(r"[A-Za-z]{2}|[a-z]\d", token) or token in self.names or token in GREEK:
            return False
        after = self.tokens[self.place + 1] if self.place + 1 < len(self.tokens) else ""
        if token in FUNCTIONS or token in BIG or token in NAMED or token == "sqrt":
            return after in (":", "of", "over")
        first, _, below = token.partition("_")
        if re.fullmatch("[a-z]{1,2}", below):  # a word with an index is a number
            return False
        return first not in ("sum", "prod", "log", *GREEK, *BIG, *self.names)

    def _sum(self) -> str:
        """Return products and the signs between them, up to the bracket that closes."""
        found = list[str]()
        while not self._closes():
            if self._is_word(self._next):
                found.append(self._words())
            elif self._next in SIGNS and not (self._next == "<" and self._opens_angle(found)):
                found.append(SIGNS[self._take()])
            elif self._next == "/":
                found.append(self._take())  # after words
            else:
                found.append(self._product())
        return " ".join(found)

    def _opens_angle(self, before: list[str]) -> bool:
        """Tell whether < is a bracket: it begins a product, and something closes it."""
        begins = not before or before[-1] in (*SIGNS.values(), "=")
        return begins and ">" in self.tokens[self.place :]

    def _words(self) -> str:
        words = [self._take()]
        while not self._closes() and self._is_word(self._next):
            words.append(self._take())
        if words == ["in"]:
            return r"\in"
        return rf"\text{{ {_text(' '.join(words))} }}"

    def _product(self) -> str:
        """Return factors side by side; what stands before a slash is above it, but for the sum sign in front."""
        signs, factors = list[str](), list[str]()
        while not self._closes() and not self._is_word(self._next):
            if self._next == "/":
                self._take()
                above, below = r" \, ".join(factors), self._operand()
                factors = [f"{above} / {below}"] if self.raised else [rf"\frac{{{_bare(above)}}}{{{_bare(below)}}}"]
            elif self._next == "." and factors:
                self._take()
                factors[-1] += rf" \cdot {self._power()}"
            elif self._next in SIGNS and not (self._next == "<" and not factors):
                break
            else:
                factor = self._power()
                if not factors and factor.startswith((r"\sum", r"\prod", r"\operatorname{mean}_")):
                    signs.append(factor)
                elif factors and _is_name_of_function(factors[-1]):
                    factors[-1] += f" {factor}" if factor.startswith(r"\left") else rf" \, {factor}"
                elif factors and factor.startswith((r"\left(", r"\left[")) and factors[-1] not in GREEK_LETTERS:
                    factors[-1] += f" {factor}"
                else:
                    factors.append(factor)
        return " ".join([*signs, r" \, ".join(factors)])

    def _operand(self) -> str:
        """Return what stands below a slash: a power, with the sum or the function in front of it."""
        found = self._power()
        if _is_name_of_function(found) or found.startswith((r"\sum", r"\prod")):
            found += f" {self._operand()}"
        return found

    def _power(self) -> str:
        """Return an atom and what it is raised to."""
        found = self._atom()
        if self._next == "'":
            self._take()
            found += "'"
        if self._next == "^":
            self._take()
            self.raised += 1
            sign = self._take() if self._next == "-" else ""
            exponent = self._atom()
            self.raised -= 1
            found = f"{{{found}}}^{{{sign}{exponent if sign else _bare(exponent)}}}"
        return found

    def _atom(self) -> str:
        token = self._take()
        if token == "sqrt":
            return rf"\sqrt{{{_bare(self._atom())}}}"
        if token in BRACKETS:
            return self._bracketed(token)
        if self._next == "_" and token in BIG:
            self._take()
            return rf"{BIG[token]}_{{{_inside(self._bracketed(self._take()))}}}"
        big, _, below = token.partition("_")
        if big in BIG and below:
            return rf"{BIG[big]}_{{{below}}}"
        if token in BIG and token not in FUNCTIONS and not below and token not in NAMED:
            return BIG[token]
        if token in FUNCTIONS:
            return _function(token)
        if token in NAMED and (self._next == "(" or token not in self.names):
            return rf"\operatorname{{{token}}}"
        return self._name(token)

    def _name(self, token: str) -> str:
        """Return a name: one letter and what stands below it, or upright letters."""
        first, _, below = token.partition("_")
        if token in self.names and len(first) > 1 and first not in GREEK:
            return _upright(token)
        found = rf"\{first}" if first in GREEK else _letters(first)
        return found + (f"_{{{_letters(below)}}}" if below else "")

    def _bracketed(self, bracket: str) -> str:
        self.open.append(BRACKETS[bracket])
        inside = self._sum()
        self.open.pop()
        if self._next:
            self._take()
        left, right = (TEX_BRACKETS.get(sign, sign) for sign in (bracket, BRACKETS[bracket]))
        return rf"\left{left} {inside} \right{right}"


def _upright(name: str) -> str:
    return rf"\text{{{_text(name)}}}"


def _letters(name: str) -> str:
    """Return one letter, indexes or a number as they are, and a word in upright letters."""
    return name if re.match(r"\W|[\d.]+$|[A-Za-z](?!\w)|[a-z]{2}$", name) else _upright(name)


def _function(name: str) -> str:
    """Return the name of a function, and its base."""
    return r"\log_{2}" if name == "log2" else rf"\{name}"


def _is_name_of_function(factor: str) -> bool:
    return factor in {_function(name) for name in FUNCTIONS} | {rf"\operatorname{{{name}}}" for name in NAMED} or bool(
        re.fullmatch(r"\\max_\{.*\}", factor)
    )


def _inside(bracketed: str) -> str:
    """Return what stands between brackets that only group."""
    return re.sub(r"^\\left(?:\\\{|\() (.*) \\right(?:\\\}|\))$", r"\1", bracketed)


def _bare(factor: str) -> str:
    """Return a factor without the round brackets around all of it."""
    if not factor.startswith(r"\left(") or not factor.endswith(r"\right)"):
        return factor
    depth = 0
    for found in re.finditer(r"\\left\b|\\right\b", factor):
        depth += 1 if found[0] == r"\left" else -1
        if depth == 0 and found.end() < len(factor) - 1:
            return factor
    return _inside(factor)
