"""One row, many places: catalogue, kernels, oracle, stub, signatures and documents say the same.

Adding a loss touches its row and the oracle. Whatever else would have to know of it is held to the row here, and so are
the formula's own derivatives.
"""

from __future__ import annotations

import ast
import doctest
import functools
import importlib
import inspect
import itertools
import json
import math
import pkgutil
import pydoc
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cases
import oracle
import pytest
import typed_calls
from mpmath import mp, mpf

import fastloss as fl
from fastloss.call import CURVATURE
from fastloss.catalogue import ALIASES, CATALOGUE, PENALTIES, vocabulary
from fastloss.rows import Domain, Row
from fastloss.runtime import kernels

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "fastloss"
ROWS = list(fl.losses())
POINTWISE = [row for row in ROWS if row.of_numbers]
KEYWORDS = ("sample_weight", "where", "reduction", "normalizer", "out", "n_threads")

each_loss = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
each_formula = pytest.mark.parametrize("row", POINTWISE, ids=lambda row: row.name)
needs_repository = pytest.mark.skipif(
    not (ROOT / "tools" / "write_generated.py").is_file(),
    reason="looks into the repository, which is not beside the tests",
)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """Return the program that writes the stub and the page of losses."""
    specification = importlib.util.spec_from_file_location("write_generated", ROOT / "tools" / "write_generated.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


# -- one list of losses -----------------------------------------------------------------------------------------------


def test_every_row_is_a_loss_of_the_package() -> None:
    for row in ROWS:
        loss = getattr(fl, row.name)
        assert isinstance(loss, fl.Loss)
        assert (loss.name, loss.kind, loss.formula, loss.source) == (row.name, row.kind, row.formula, row.source)
        assert loss.parameters == {parameter.name: parameter.default for parameter in row.parameters}
    names = {name for name in fl.__all__ if isinstance(getattr(fl, name), fl.Loss)}
    assert names == {row.name for row in ROWS} | set(ALIASES)


def test_a_second_name_is_the_same_loss() -> None:
    assert ALIASES
    for alias, name in ALIASES.items():
        assert getattr(fl, alias) is getattr(fl, name)
        assert alias in next(row.summary for row in ROWS if row.name == name).lower()


def test_every_pointwise_row_is_compiled_and_nothing_else() -> None:
    functions = (*vocabulary.ELEMENTWISE_FUNCTIONS, *vocabulary.LINK_FUNCTIONS)
    loops = {form.formula_name for row in ROWS for form in row.formulas if form.function is not None} | set(PENALTIES)
    loops |= {f"{row.name}_by_default" for row in ROWS if row.by_default is not None}
    loops |= {f"{row.name}_by_{p.name}" for row in ROWS if row.function for p in row.learned}
    loops |= {f"{row.name}_full" for row in ROWS if row.fuller is not None}
    loops |= {
        f"{form.formula_name}_gauss_newton"
        for row in ROWS
        for form in row.formulas
        if form.function is not None and '"gauss_newton"' in inspect.getsource(form.function)
    }
    # Of what is compiled with the defaults of its parameters both are.
    loops |= {f"{row.name}_by_default_gauss_newton" for row in ROWS if row.by_default is True}
    assert set(kernels.points.POINTWISE) - set(functions) == loops
    assert set(functions) <= set(kernels.points.POINTWISE)
    assert set(vocabulary.ELEMENTWISE_FUNCTIONS) <= set(fl.__all__)


@needs_repository
def test_every_rowwise_row_has_a_row_kernel_and_nothing_else_has() -> None:
    assert set(kernels.rows.ROW_LOSSES) == {row.name for row in ROWS if row.kind in ("rows", "hazards", "scores")}
    assert len(kernels.rows.ROW_LOSSES) == len(set(kernels.rows.ROW_LOSSES))


@needs_repository
def test_the_tasks_of_the_softmax_kernels_are_public_and_nothing_else_is() -> None:
    text = "\n".join(path.read_text("utf-8") for path in (SOURCE / "kernels").rglob("*.px[di]"))
    (members,) = re.findall(r"cdef enum Task:\n((?:    \w+\n)+)", text)
    tasks = set(members.lower().split())
    functions = set(oracle.FUNCTIONS) - set(vocabulary.ELEMENTWISE_FUNCTIONS)
    assert tasks - functions == {"cross_entropy"}


def test_every_row_has_a_textbook_formula_and_nothing_else_has() -> None:
    assert set(oracle.ORACLE) == {row.name for row in ROWS}


@needs_repository
def test_the_documents_know_the_rows(generator: ModuleType) -> None:
    names = [row.name for row in ROWS]
    page = generator.docs(CATALOGUE, {name: [name] for name in names})
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == names
    assert re.findall(r"^\| \[`(\w+)`\]", page, re.MULTILINE) == names
    readme = (ROOT / "README.md").read_text("utf-8")
    (table,) = re.findall(r"^\| family \| losses \|\n(.*?)\n\n", readme, re.MULTILINE | re.DOTALL)
    shown = re.findall(r"`(\w+)`", table)
    assert {*shown} == {*names, *PENALTIES}
    assert len(shown) == len(set(shown))


@needs_repository
def test_the_stub_is_what_the_build_writes(generator: ModuleType) -> None:
    assert STUB.read_text("utf-8") == generator.stub(CATALOGUE), "install again"


# -- signatures -------------------------------------------------------------------------------------------------------

STUB = Path(fl.__file__).with_suffix(".pyi")


@functools.cache
def stub_body() -> list[ast.stmt]:
    return ast.parse(STUB.read_text("utf-8")).body


@functools.cache
def all_stub_classes() -> dict[str, ast.ClassDef]:
    return {node.name: node for node in stub_body() if isinstance(node, ast.ClassDef)}


@functools.cache
def stub_classes() -> dict[str, ast.ClassDef]:
    """Return the class that the stub gives to each loss."""
    variables = {
        node.target.id: node.annotation.id
        for node in stub_body()
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(node.annotation, ast.Name)
    }
    classes = all_stub_classes()
    return {name: classes[annotation] for name, annotation in variables.items() if annotation in classes}


def stub_methods(node: ast.ClassDef, name: str) -> list[ast.FunctionDef]:
    """Return the overloads of a method, in their order."""
    return [method for method in node.body if isinstance(method, ast.FunctionDef) and method.name == name]


def typed_keys(name: str) -> set[str]:
    """Return the keywords that a TypedDict of the stub stands for."""
    if name == "TypedDict":
        return set()
    node = all_stub_classes()[name]
    own = {
        line.target.id for line in node.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    return own.union(*(typed_keys(ast.unparse(base)) for base in node.bases))


def keyword_names(method: ast.FunctionDef) -> set[str]:
    """Return all keywords of a method: those that decide what it returns, and those of its TypedDict."""
    assert method.args.kwarg is not None
    assert method.args.kwarg.annotation is not None
    (typed,) = re.findall(r"^Unpack\[(\w+)\]$", ast.unparse(method.args.kwarg.annotation))
    deciding = {argument.arg for argument in method.args.kwonlyargs}
    assert not deciding & typed_keys(typed)
    return deciding | typed_keys(typed)


def signature_of(arguments: ast.arguments) -> list[tuple[str, Any]]:
    """Return names and defaults; keyword-only ones after a star."""
    keywords = [
        (argument.arg, inspect.Parameter.empty if default is None else ast.literal_eval(default))
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    without = len(arguments.args) - len(arguments.defaults)
    defaults = [inspect.Parameter.empty] * without + [ast.literal_eval(default) for default in arguments.defaults]
    names = [argument.arg for argument in arguments.args]
    return [*zip(names, defaults, strict=True), ("*", None), *keywords]


def runtime_signature(loss: fl.Loss) -> list[tuple[str, Any]]:
    parameters = list(inspect.signature(loss).parameters.values())
    positional = [(p.name, p.default) for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    keyword = [(p.name, p.default) for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert len(positional) + len(keyword) == len(parameters)
    return [*positional, ("*", None), *keyword]


def test_the_stub_has_a_class_for_every_row_and_no_other() -> None:
    assert set(stub_classes()) == {row.name for row in ROWS} | set(ALIASES)


@each_loss
def test_the_signature_is_that_of_the_row(row: Row) -> None:
    names = [name for name, _ in runtime_signature(getattr(fl, row.name))]
    arrays = [operand.name for operand in row.operands]
    wrt = ["wrt"] if len(row.differentiated) > 1 else []
    assert names == [*arrays, "*", *(parameter.name for parameter in row.parameters), *KEYWORDS, *wrt]


@pytest.mark.parametrize("method", cases.METHODS)
@each_loss
def test_the_stub_has_the_arguments_of_the_loss(row: Row, method: str) -> None:
    if row.no_hessian and "hess" in method:
        assert not stub_methods(stub_classes()[row.name], method)
        return
    several = len(row.differentiated) > 1
    keywords = {parameter.name for parameter in row.parameters} | set(KEYWORDS) | ({"wrt"} if several else set())
    keywords |= set(CURVATURE) if "hess" in method else set()
    arrays = [operand.name for operand in row.operands]
    optional = [operand.name for operand in row.operands if operand.optional]
    first, *others = stub_methods(stub_classes()[row.name], method)
    assert {("reduction", "mean"), ("out", None)} <= set(signature_of(first.args))
    for each in (first, *others):
        assert not each.args.vararg
        assert [ast.unparse(default) for default in each.args.defaults] == ["None"] * len(optional)
        names = [argument.arg for argument in each.args.args]
        assert names in (["self", *arrays], ["self", "y_true", "y_pred"])
        assert keyword_names(each) == keywords
    assert [argument.arg for argument in first.args.args] == ["self", *arrays]
    if row.prediction != "y_pred" and not row.several:
        assert any(other.args.args[2].arg == "y_pred" for other in others)


def test_the_stub_shows_all_defaults() -> None:
    shown = {
        before.target.id: ast.literal_eval(text.value)
        for before, text in itertools.pairwise(stub_body())
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and isinstance(text, ast.Expr)
    }
    assert set(shown) == {row.name for row in ROWS}
    for row in ROWS:
        (definition,) = ast.parse(f"def {shown[row.name].strip().splitlines()[-1]}: ...").body
        assert isinstance(definition, ast.FunctionDef)
        assert definition.name == row.name
        assert signature_of(definition.args) == runtime_signature(getattr(fl, row.name))


@each_loss
def test_the_stub_binds_the_parameters_of_the_row(row: Row) -> None:
    binds = stub_methods(stub_classes()[row.name], "bind")
    names = [*(parameter.name for parameter in row.parameters), "reduction", "normalizer", "n_threads"]
    assert list(inspect.signature(getattr(fl, row.name).bind).parameters) == names
    for bind in binds:
        assert keyword_names(bind) == set(names)
    assert [ast.unparse(bind.returns) for bind in binds if bind.returns is not None] == [
        stub_classes()[row.name].name,
        *(["Loss"] if row.kind != "totals" else []),
    ]


def test_the_stub_exports_the_names_of_the_package() -> None:
    (names,) = (
        ast.literal_eval(node.value)
        for node in stub_body()
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert sorted(names) == sorted(fl.__all__)


def test_the_typed_calls_run() -> None:
    typed_calls.returned_types()
    typed_calls.losses_as_objects()


# -- formulas, without rounding ---------------------------------------------------------------------------------------

#: The vocabulary of formulas in mpmath's numbers.
EXACT: dict[str, Callable[..., Any]] = {
    "abs": mp.fabs,
    "clamp": lambda x, low, high: min(max(x, low), high),
    "difference_tail": lambda x, y: mpf(0),
    "erf": mp.erf,
    "exp": mp.exp,
    "exp_exponent": lambda x: mpf(0),
    "exp_fraction": mp.exp,
    "exp_minus_abs": lambda x: mp.exp(-mp.fabs(x)),
    "exp_minus_abs_head": lambda x: mp.exp(-mp.fabs(x)),
    "exp_minus_abs_tail": lambda x: mpf(0),
    "log1p_unit": mp.log1p,
    "exp_sum": lambda x, tail: mp.exp(x + tail),
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "log1pmx": lambda x: mp.log1p(x) - x,
    "log_ratio": lambda x, y: mp.log(x / y),
    "log_sigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "log_sum": lambda x, tail: mp.log(x + tail),
    "log_sum_tail": lambda x, tail: mpf(0),
    "log_sum_unit": lambda x, tail: mp.log(x + tail),
    "log_sum_unit_tail": lambda x, tail: mpf(0),
    "product_tail": lambda x, y: mpf(0),
    "quotient_tail": lambda x, y: mpf(0),
    "scaled": lambda x, n: mp.ldexp(x, int(n)),
    "seldom": bool,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "sqrt": mp.sqrt,
    "tanh": mp.tanh,
    "where": lambda condition, x, y: x if condition else y,
}


def inside(domain: Domain, rng: Any) -> mpf:
    """Return a number from within a domain, at a distance from its ends."""
    if domain.low > -mp.inf and domain.high < mp.inf:
        return mpf(domain.low + (domain.high - domain.low) * rng.uniform(0.01, 0.99))
    if domain.low > -mp.inf:
        return mpf(domain.low + rng.uniform(0.1, 3))
    return mpf(rng.normal(scale=3))


def points(row: Row) -> Iterator[tuple[mpf, mpf, list[mpf]]]:
    """Draw targets, predictions and parameters; a random prediction does not hit a kink."""
    rng = cases.generator("formula", row.name)
    for _ in range(50):
        targets = [] if row.target.ends_only else [inside(row.target, rng)]
        targets += [mpf(end) for end in (row.target.low, row.target.high) if abs(end) < mp.inf and end in row.target]
        for y_true in targets:
            yield (
                y_true,
                inside(row.predicted, rng),
                [inside(p.domain, rng) for p in row.parameters if p.kind == "element"],
            )


def test_the_exact_vocabulary_is_complete() -> None:
    assert set(EXACT) == vocabulary.WORDS


#: Words of which the meaning is that of a pair.
IN_PAIRS = {"exp_exponent", "exp_fraction"}


@pytest.mark.parametrize("word", sorted(vocabulary.WORDS - {"abs", "clamp", "seldom", "where"} - IN_PAIRS))
def test_the_words_mean_what_their_names_say(word: str) -> None:
    function = getattr(vocabulary, word)
    others = [[]] if len(inspect.signature(function).parameters) == 1 else [[0.0], [0.25], [3.0]]
    for x, other in itertools.product((0.0625, 0.5, 1.0, 3.0, 40.0), others):
        if word not in ("quotient_tail", "log_ratio") or other != [0.0]:
            exact = EXACT[word](mpf(x), *map(mpf, other))
            assert float(exact) == pytest.approx(function(x, *other), rel=1e-14, abs=0)


@pytest.mark.parametrize("x", [-1.5e3, -700.0, -0.3, 0.0, 0.5, 40.0, 708.0, 1.9e3])
def test_a_fraction_and_an_exponent_are_an_exponential(x: float) -> None:
    fraction, exponent = vocabulary.exp_fraction(x), vocabulary.exp_exponent(x)
    assert 0.7 < fraction < 1.42
    assert exponent == int(exponent)
    assert float(mpf(fraction) * mpf(2) ** exponent / mp.exp(x)) == pytest.approx(1, abs=1e-12)
    assert vocabulary.scaled(fraction, exponent) == pytest.approx(vocabulary.exp(x), rel=1e-12)


@each_formula
def test_gradient_and_hessian_are_the_derivatives_of_the_value(row: Row) -> None:
    assert row.function is not None
    formula = vocabulary.rebind(row.function, EXACT)
    with mp.workdps(50):
        for y_true, y_pred, parameters in points(row):

            def value(x: mpf, y_true: mpf = y_true, parameters: list[mpf] = parameters) -> mpf:
                return formula(y_true, x, *parameters)[0]

            _, gradient, hessian = formula(y_true, y_pred, *parameters)[:3]
            where = f"{row.name}(y_true={y_true}, y_pred={y_pred}, {parameters})"
            assert mp.almosteq(gradient, mp.diff(value, y_pred), mpf(10) ** -40), where
            assert mp.almosteq(hessian, mp.diff(value, y_pred, 2), mpf(10) ** -30), where


@pytest.mark.parametrize("row", [row for row in ROWS if row.learned and row.function], ids=lambda row: row.name)
def test_the_derivatives_by_parameters_are_those_of_the_value(row: Row) -> None:
    """A quadrature rule of `general_robust`, and Stirling's series, have 17 digits."""
    assert row.function is not None
    formula = vocabulary.rebind(row.function, EXACT)
    names = [parameter.name for parameter in row.parameters if parameter.kind == "element"]
    with mp.workdps(50):
        for y_true, y_pred, parameters in points(row):
            derivatives = dict(formula(y_true, y_pred, *parameters)[3])
            assert ("full" in derivatives) == (row.fuller is not None)
            derivatives.pop("full", None)
            derivatives.pop("gauss_newton", None)
            assert list(derivatives) == [parameter.name for parameter in row.learned]
            for name, derivative in derivatives.items():
                k = names.index(name)

                def value(
                    p: mpf, y_true: mpf = y_true, y_pred: mpf = y_pred, given: list[mpf] = parameters, k: int = k
                ) -> mpf:
                    results = formula(y_true, y_pred, *given[:k], p, *given[k + 1 :])
                    return results[0] if row.fuller is None else results[3]["full"]

                assert mp.almosteq(derivative, mp.diff(value, parameters[k]), mpf(10) ** -14, mpf(10) ** -30), name


@each_formula
def test_the_formula_is_the_textbook_formula(row: Row) -> None:
    assert row.function is not None
    formula = vocabulary.rebind(row.function, EXACT)
    names = [parameter.name for parameter in row.parameters if parameter.kind == "element"]
    with mp.workdps(50):
        for y_true, y_pred, parameters in points(row):
            truth = oracle.ORACLE[row.name](y_true, y_pred, **dict(zip(names, parameters, strict=True)))
            truth = sum(truth) if isinstance(truth, list) else truth
            assert mp.almosteq(formula(y_true, y_pred, *parameters)[0], truth, mpf(10) ** -40)


# -- the translator of formulas ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def translator() -> Any:
    """Return the build step, which is not part of an installed package."""
    path = SOURCE / "kernels" / "points" / "write_formulas.py"
    if not path.is_file():
        pytest.skip("looks into the repository, which is not beside the tests")
    specification = importlib.util.spec_from_file_location("write_formulas", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


OUTSIDE = {
    "a call of nothing in the vocabulary": "r = sin(y_pred)",
    "a call of a method": "r = y_pred.conjugate()",
    "a call by keyword": "r = clamp(y_pred, low=0, high=1)",
    "an unknown name": "r = y_pred - y_false",
    "a power": "r = y_pred ** 2",
    "a floor division": "r = y_pred // 2",
    "a chain of comparisons": "r = where(0 < y_pred < 1, 1, 0)",
    "a conditional expression": "r = 1 if y_pred > 0 else 0",
    "an index": "r = y_pred[0]",
    "an attribute": "r = y_pred.real",
    "text": "r = 'one'",
    "a truth value": "r = True",
    "a complex number": "r = 1j",
    "a branch": "if y_pred > 0: r = 1",
    "a loop": "for r in y_pred: pass",
    "an addition in place": "y_pred += 1",
    "several targets": "r, s = y_pred, y_true",
    "a call for its effect": "exp(y_pred)",
    "an import": "from math import erf",
}


def written(translator: Any, folder: Path, text: str) -> str:
    """Translate one more file of formulas."""
    shutil.copy(SOURCE / "catalogue" / "vocabulary.py", folder)
    (folder / "mine.py").write_text(text, "utf-8")
    return str(translator.write(folder))


@pytest.mark.parametrize("statement", OUTSIDE.values(), ids=OUTSIDE.keys())
def test_what_is_outside_the_language_is_refused_with_file_and_line(
    translator: Any, tmp_path: Path, statement: str
) -> None:
    text = f"@pointwise(target=real)\ndef mine(y_true, y_pred):\n    {statement}\n    return r, r, r\n"
    with pytest.raises(SystemExit, match=re.escape(f"{tmp_path / 'mine.py'}:3: ")):
        written(translator, tmp_path, text)


HELPER = """
def rest(x, z):
    \"\"\"Return what is left.\"\"\"
    r = x * z
    return r - x


def both(x, z):
    \"\"\"Return two numbers.\"\"\"
    r = x * z
    return r, r - x


@pointwise(target=real)
def mine(y_true, y_pred):
    r = y_pred - y_true
    {statement}
    return s + r, s, r
"""


@pytest.mark.parametrize(
    ("by_helper", "by_hand"),
    [
        ("s = rest(r, y_true)", ["s_r = r * y_true", "s = s_r - r"]),
        ("s = 3 * rest(r, 2)", ["s_rest_r = r * 2", "s_rest = s_rest_r - r", "s = 3 * s_rest"]),
        ("a, s = both(r, r)", ["a = r * r", "s = a - r"]),
        ("r, s = both(r, 2)", ["r_r = r * 2", "r = r_r", "s = r_r - r"]),
    ],
)
def test_a_helper_is_written_in_place_of_its_call(
    translator: Any, tmp_path: Path, by_helper: str, by_hand: list[str]
) -> None:
    found, expected = (
        written(translator, tmp_path, HELPER.format(statement=each)) for each in (by_helper, "\n    ".join(by_hand))
    )
    assert found == expected


@pytest.mark.parametrize(
    "statement", ["s = rest(r - 1, 2)", "s = rest(r)", "s = rest(r, z=r)", "s = both(r, 2)", "s, a = rest(r, r)"]
)
def test_a_helper_is_called_of_names_and_numbers(translator: Any, tmp_path: Path, statement: str) -> None:
    with pytest.raises(SystemExit, match=re.escape(f"{tmp_path / 'mine.py'}:17: ")):
        written(translator, tmp_path, HELPER.format(statement=statement))


@pytest.mark.parametrize(
    ("line", "head", "body"),
    [
        (2, "y_pred, y_true", "return y_pred, 1, 0"),
        (2, "y_true", "return y_true, 1, 0"),
        (2, "y_true, y_pred, a, b, c, d, e", "return y_pred, 1, 0"),
        (3, "y_true, y_pred", "return y_pred, 1"),
        (3, "y_true, y_pred", "return y_pred"),
        (3, "y_true, y_pred", "r = y_pred"),
        (2, "y_true, y_pred", '"""A text, and nothing else."""'),
    ],
)
def test_a_formula_of_another_form_is_refused_with_file_and_line(
    translator: Any, tmp_path: Path, line: int, head: str, body: str
) -> None:
    with pytest.raises(SystemExit, match=re.escape(f"{tmp_path / 'mine.py'}:{line}: ")):
        written(translator, tmp_path, f"@pointwise(target=real)\ndef mine({head}):\n    {body}\n")


def test_every_number_of_a_formula_is_cast_to_the_compute_type(translator: Any) -> None:
    """A bare literal is a double: float32 would be computed in float64, at half the speed."""
    text = translator.write(SOURCE / "catalogue")
    bodies = re.findall(r"^FL_INLINE int \w+_at\(.*?\n\n", text, re.MULTILINE | re.DOTALL)
    assert len(bodies) == 2 * len(kernels.points.POINTWISE) - sum(
        len(row.learned) for row in ROWS if row.function
    )  # these in float64 alone
    for body in bodies:
        statements = "".join(line.partition(" = ")[2] for line in body.splitlines()[1:])
        assert not re.search(r"(?<![\w.)])(?<!e[+-])\d", statements), body
        assert ("(float)" in body) + ("(double)" in body) <= 1


@needs_repository
def test_every_word_of_a_formula_has_a_primitive() -> None:
    folder = SOURCE / "kernels"
    text = "".join(
        (folder / name).read_text("utf-8") for name in ("maths/vecmath.h", "maths/tails.h", "points/formulas.h")
    )
    for real, end in (("float", "f"), ("double", "")):
        assert {f"fl_{word}{end}" for word in vocabulary.WORDS} <= set(
            re.findall(rf"^(?:FL_INLINE {real}|#define) (\w+)\(", text, re.MULTILINE)
        )


# -- what people read -------------------------------------------------------------------------------------------------


def doctests() -> Iterator[doctest.DocTest]:
    """Find the examples of every module and of every loss."""
    finder, parser = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestParser()
    # The examples of `interop` need the libraries that they are for: tests/interop runs those that are there.
    elsewhere = r"\._(cpu|frame|points|rows|vectors)_?|\.__main__|\.demo|\.interop\.|\.write_formulas"
    for module in pkgutil.walk_packages(fl.__path__, "fastloss."):
        if not re.search(elsewhere, module.name):
            yield from finder.find(importlib.import_module(module.name))
    for row in ROWS:
        yield parser.get_doctest(getattr(fl, row.name).__doc__, {}, f"fastloss.{row.name}", None, None)
    for name in PENALTIES:
        yield parser.get_doctest(getattr(fl, name).__doc__, {}, f"fastloss.{name}", None, None)


@pytest.mark.parametrize("test", [t for t in doctests() if t.examples], ids=lambda test: test.name)
def test_the_examples_run_and_are_true(test: doctest.DocTest) -> None:
    printed: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=printed.append)
    assert result.attempted
    assert not result.failed, "".join(printed)


PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md")]
PAGES += [SOURCE / "kernels" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@needs_repository
@each_page
def test_the_examples_of_the_pages_run_and_are_true(page: Path) -> None:
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted >= page.read_text("utf-8").count("```python\n"), "a block has no example"
    assert not result.failed


def places_of(page: Path) -> set[str]:
    """Return what a link can name in a page: its headings as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@needs_repository
@each_page
def test_the_links_of_the_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text("utf-8"))
    for name, place in links:
        target = page.parent / name if name else page
        assert target.exists(), f"there is no {name}"
        assert not place or place in places_of(target), f"{name} has no heading #{place}"


@needs_repository
def test_the_pages_have_what_the_benchmark_measures_of_every_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    bench = importlib.import_module("losses")
    monkeypatch.setattr(bench, "ROUNDS", 1)
    made = {"error": bench.error_of(fl.huber, (50,)), "speed": bench.speed_of(fl.huber, (50,))}
    assert {row.axes for row in ROWS} <= set(bench.SIZES)
    found = json.loads(bench.FILE.read_text("utf-8"))
    assert set(found["made on"]) == {"fastloss", "date", "isa", "processor", "numpy"}
    assert set(found["losses"]) == {*CATALOGUE, *PENALTIES}
    for name, numbers in found["losses"].items():
        assert {what: set(of) for what, of in numbers.items()} == {what: set(of) for what, of in made.items()}, name
        assert all(math.isfinite(error) and error >= 0 for error in numbers["error"].values()), name
        assert numbers["speed"]["ns"] > 0 < numbers["speed"]["over_exp"], name


@needs_repository
def test_the_readme_is_read_in_one_go() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


def test_everything_public_has_an_example() -> None:
    examples = {test.name.rpartition(".")[2] for test in doctests() if test.examples}
    assert set(fl.__all__) - {"Loss", "Penalty", *ALIASES} <= examples


@each_loss
def test_help_shows_the_whole_text_of_a_loss(row: Row) -> None:
    text = pydoc.plain(pydoc.render_doc(getattr(fl, row.name)))
    for expected in (row.summary, row.formula, row.source, *(p.name for p in row.parameters), *KEYWORDS):
        assert expected in text
    titles = ("Parameters", "Returns", "Raises", "Notes", "References", "Examples")
    places = [text.index(f"{title}\n    {'-' * len(title)}") for title in titles]
    assert places == sorted(places)


@pytest.mark.parametrize("name", fl.__all__)
def test_the_text_of_everything_public_passes_numpydoc(name: str) -> None:
    validate = pytest.importorskip("numpydoc.validate", reason="numpydoc is not installed: pip install '.[lint]'")
    found = validate.validate(f"fastloss.{name}")["errors"]
    # A summary may be a noun, may be all there is to say, and stands beside the quotes; num_threads yields nothing.
    ignored = {"SS05", "ES01", "SA01", "EX01", "GL01", "GL02", "GL03", "YD01"}
    assert [error for error in found if error[0] not in ignored] == []


def test_a_bound_loss_shows_its_own_defaults_and_the_class_its_own_text() -> None:
    text = fl.huber.bind(delta=2.5).__doc__
    assert text is not None
    assert "delta : float or array_like, default=2.5" in text
    assert fl.Loss.__doc__ is not None
    assert fl.Loss.__doc__.startswith("A loss function")


def test_the_catalogue_prints_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = fl.losses()
    lines = str(table).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["name", "kind:", "input", "formula", "parameters"]
    assert [line.split()[0] for line in lines[2:] if not line.startswith(" ")] == [row.name for row in ROWS]
    assert repr(table) == str(table)
    html = table._repr_html_()
    assert html.count("<tr>") == len(ROWS) + 1
    assert "&lt;= delta" in html


@each_loss
def test_what_the_input_is_is_said_wherever_a_loss_is_described(row: Row) -> None:
    """A probability is a number that every loss of logits takes, without a word."""
    loss = getattr(fl, row.name)
    assert loss.input == row.input
    text = " ".join(loss.__doc__.split())
    says = {
        "logits": ("Raw scores, not probabilities",),
        "probabilities": ("Probabilities",),
        "log-probabilities": ("Log-probabilities",),
        "logarithms of means": ("Logarithms of the predicted means",),
        "locations and log-scales": ("Locations `y_pred[..., 0]` and log-scales",),
        "log-rates and zero-logits": ("Log-rates `y_pred[..., 0]` and zero-logits",),
        "numbers": ("Predictions",),
        "logits (or log-probabilities, probabilities: `given`)": ("Predictions", "what `y_pred` holds", "given : str"),
    }
    if row.several:
        assert row.input == ", ".join(operand.name for operand in row.operands)
        for operand in row.operands:
            optional = ", optional" if operand.optional else ""
            described = operand.description[:1].upper() + operand.description[1:]
            assert f"{operand.name} : array_like{optional} {described}" in text
    else:
        expected = says[row.input]
        assert f"{row.prediction} : array_like {expected[0]}" in text
        assert all(part.lower() in text.lower() for part in expected)
        assert (row.prediction == "logits") == (row.input == "logits")
    assert f"{row.kind}: {row.input}" in " ".join(fl.losses()._repr_html_().replace("<", " ").replace(">", " ").split())


@needs_repository
def test_the_page_of_losses_says_what_the_input_is(generator: ModuleType) -> None:
    page = generator.docs(CATALOGUE, {row.name: [] for row in ROWS})
    for row in ROWS:
        assert f"| [`{row.name}`](#{row.name}) | {row.input} | " in page
        section = page.partition(f"\n## {row.name}\n")[2].partition("\n## ")[0]
        for operand in row.operands if row.several else row.differentiated:
            assert f"\n- `{operand.name}`: {operand.description if row.several else row.input}" in section


def test_losses_of_logits_name_those_of_probabilities() -> None:
    for of_logits, of_probabilities in (
        (fl.cross_entropy, fl.categorical_log_loss),
        (fl.binary_cross_entropy, fl.binary_log_loss),
    ):
        assert f"`{of_probabilities.name}`" in of_logits.__doc__
        assert (of_logits.input, of_probabilities.input) == ("logits", "probabilities")


def test_the_catalogue_is_a_sequence_of_rows() -> None:
    table = fl.losses()
    assert len(table) == len(ROWS) == len(list(table))
    assert table[0] is ROWS[0]
    assert list(table[1:3]) == ROWS[1:3]
    assert ROWS[-1] in table
    with pytest.raises(IndexError):
        table[len(ROWS)]
