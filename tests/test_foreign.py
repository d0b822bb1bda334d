"""Arrays of pandas, polars, Arrow, dask, xarray, SciPy and PyTorch: read as they are, or refused with a way out.

Each runs where its library is installed: ``pip install '.[neighbours]'``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import bits
from test_arguments import refused

import fastloss as fl

Maker = Callable[[list[Any]], Any]


def pandas() -> Any:
    return pytest.importorskip("pandas")


def polars() -> Any:
    return pytest.importorskip("polars")


def arrow() -> Any:
    return pytest.importorskip("pyarrow")


def xarray() -> Any:
    return pytest.importorskip("xarray")


#: Columns of numbers, in which None is a missing value.
COLUMNS: dict[str, Maker] = {
    "pandas Float64": lambda x: pandas().Series(x, dtype="Float64"),
    "pandas Float32": lambda x: pandas().Series(x, dtype="Float32"),
    "pandas Int64": lambda x: pandas().Series(x, dtype="Int64"),
    "pandas UInt8": lambda x: pandas().Series(x, dtype="UInt8"),
    "pandas array": lambda x: pandas().array(x, dtype="Float64"),
    "pandas Index": lambda x: pandas().Index(x, dtype="Int64"),
    "pandas of Arrow": lambda x: (arrow(), pandas().Series(x, dtype="double[pyarrow]"))[1],
    "pandas category": lambda x: pandas().Series(pandas().Categorical(x)),
    "polars": lambda x: polars().Series(x, dtype=polars().Float64),
    "polars Int16": lambda x: polars().Series(x, dtype=polars().Int16),
    "Arrow": lambda x: arrow().array(x, arrow().float64()),
    "Arrow int8": lambda x: arrow().array(x, arrow().int8()),
    "Arrow chunks": lambda x: arrow().chunked_array([x[:1], x[1:]], arrow().float32()),
    "Arrow dictionary": lambda x: arrow().array(x, arrow().float64()).dictionary_encode(),
    "xarray of pandas": lambda x: xarray().DataArray(pandas().array(x, dtype="Int64"), dims="n"),
}
#: Tables of two columns, of which the second is as above.
TABLES: dict[str, Maker] = {
    "pandas": lambda x: pandas().DataFrame({"a": [1.0] * len(x), "b": pandas().array(x, dtype="Float64")}),
    "polars": lambda x: polars().DataFrame({"a": [1.0] * len(x), "b": x}),
    "Arrow table": lambda x: arrow().table({"a": [1.0] * len(x), "b": x}),
    "Arrow batch": lambda x: arrow().record_batch({"a": [1.0] * len(x), "b": x}),
    "polars arrays": lambda x: polars().Series([[1.0, y] for y in x], dtype=polars().Array(polars().Float64, 2)),
}
BOOLEANS: dict[str, Maker] = {
    "pandas": lambda x: pandas().Series(x, dtype="boolean"),
    "polars": lambda x: polars().Series(x, dtype=polars().Boolean),
    "Arrow": lambda x: arrow().array(x, arrow().bool_()),
}
each_column = pytest.mark.parametrize("make", COLUMNS.values(), ids=COLUMNS.keys())
each_table = pytest.mark.parametrize("make", TABLES.values(), ids=TABLES.keys())
each_mask = pytest.mark.parametrize("make", BOOLEANS.values(), ids=BOOLEANS.keys())

Y = np.array([1.0, 2.0, 0.0, 3.0])
P = np.array([1.5, 1.0, 0.25, 2.0])
FILLED = r"is missing, which is no number.*fill it.*where=, or drop the sample from every argument"


# -- missing values ---------------------------------------------------------------------------------------------------


@each_column
def test_columns_without_missing_values_are_read(make: Maker) -> None:
    expected = bits(fl.huber.value_and_grad(Y, P))
    got = fl.huber.value_and_grad(make([1, 2, 0, 3]), P)
    assert bits(got) == expected
    assert fl.huber(Y, P, sample_weight=make([1, 2, 0, 3])) == fl.huber(Y, P, sample_weight=Y)
    assert fl.cross_entropy(make([1, 0, 1]), np.eye(3)[:, :2]) == fl.cross_entropy([1, 0, 1], np.eye(3)[:, :2])
    value, grad = fl.huber.value_and_grad(Y, make([1, 2, 0, 3]))
    assert value == 0
    assert isinstance(grad, np.ndarray)


@each_column
def test_a_missing_value_is_refused_in_every_argument(make: Maker) -> None:
    """NumPy would make NaN of it, which is then a result, or a weight that is refused for being NaN."""
    column, where = make([1, 2, None, None]), r"\[2\] "
    refused(ValueError, f"^y_true{where}{FILLED}", fl.huber, column, P)
    refused(ValueError, f"^y_pred{where}{FILLED}", fl.huber, Y, column)
    refused(ValueError, f"^logits{where}{FILLED}", fl.binary_cross_entropy, np.ones(4), column)
    refused(ValueError, f"^sample_weight{where}{FILLED}", fl.huber, Y, P, sample_weight=column)
    refused(ValueError, f"^delta{where}{FILLED}", fl.huber, Y, P, delta=column)
    refused(ValueError, f"^y_true{where}{FILLED}", fl.cross_entropy, column, np.ones((4, 4)))
    refused(ValueError, f"^class_weight{where}{FILLED}", fl.cross_entropy, [0, 1], np.ones((2, 4)), class_weight=column)
    with pytest.raises(ValueError, match=f"^delta{where}{FILLED}"):
        fl.huber.bind(delta=column)
    for call, name in (
        (lambda: fl.softmax(column), "x"),
        (lambda: fl.sigmoid(column), "x"),
        (lambda: fl.l2.grad(column), "parameter"),
        (lambda: fl.elastic_net(P, ratio=make([0, 1, None, 1])), "ratio"),
        (lambda: fl.general_robust.parameter_grads(column, P), "y_true"),
        (lambda: fl.uncertainty_weighted([fl.huber] * 4)([Y] * 4, [P] * 4, column), "log_variance"),
        (lambda: fl.uncertainty_weighted([fl.huber])([column], [P], [0.0]), "task 0, huber: y_true"),
        (lambda: fl.huber([list(Y), column], [P, P]), r"y_true\[1\]"),
        (lambda: fl.huber([[Y, column]], [[P, P]]), r"y_true\[0\]\[1\]"),
    ):
        with pytest.raises(ValueError, match=f"^{name}{where}{FILLED}"):
            call()


@each_table
def test_tables(make: Maker) -> None:
    expected = bits(fl.squared_error.grad(np.zeros((2, 2)), np.array([[1.0, 5.0], [1.0, 7.0]])))
    table = make([5.0, 7.0])
    if np.asarray(table).dtype == object:  # of columns of several types, with pandas
        refused(TypeError, r"^y_pred .*pass np\.asarray\(y_pred, dtype=float\)", fl.huber, np.zeros((2, 2)), table)
        table = np.asarray(table, dtype=float)
    assert bits(fl.squared_error.grad(np.zeros((2, 2)), table)) == expected
    place = r"\[3\]" if make is TABLES["polars arrays"] else r"\[1, 1\]"  # of all numbers, one after the other
    refused(ValueError, f"^y_pred{place} {FILLED}", fl.huber, np.zeros((3, 2)), make([2.0, None, None]))


@each_mask
def test_masks(make: Maker) -> None:
    where = [True, False, True, False]
    assert fl.huber(Y, P, where=make(where)) == fl.huber(Y, P, where=where)
    refused(ValueError, rf"^where\[1\] {FILLED}", fl.huber, Y, P, where=make([True, None, True, None]))


def test_nan_in_a_column_of_floats_is_a_number() -> None:
    """It stays in its element, as in NumPy: who has it knows it."""
    numbers = [1.0, np.nan, 0.0, 3.0]
    columns = [lambda: pandas().Series(numbers), lambda: pandas().Index(numbers), lambda: polars().Series(numbers)]
    columns += [lambda: arrow().array(numbers), lambda: xarray().DataArray(numbers), lambda: numbers]
    columns += [lambda: pandas().arrays.SparseArray(numbers), lambda: pandas().DataFrame({"a": numbers})["a"]]
    tried = 0
    for column in columns:
        try:
            made = column()
        except pytest.skip.Exception:
            continue
        tried += 1
        grad = fl.huber.grad(Y, made)
        assert np.isnan(grad).tolist() == [False, True, False, False]
        assert np.isfinite(fl.huber(Y, made, where=[True, False, True, True]))
    assert tried


def test_a_narwhals_series_is_that_of_its_owner() -> None:
    narwhals = pytest.importorskip("narwhals")
    for series in (lambda: polars().Series([1.0, None]), lambda: pandas().Series([1, None], dtype="Int64")):
        wrapped = narwhals.from_native(series(), series_only=True)
        refused(ValueError, r"^y_true\[1\] is missing", fl.huber, wrapped, P[:2])


# -- labels -----------------------------------------------------------------------------------------------------------


def test_pandas_arguments_with_equal_labels_are_paired() -> None:
    pd = pandas()
    index = ["d", "a", "c", "b"]
    y, p, w = (pd.Series(x, index=index) for x in (Y, P, Y + 1))
    assert bits(fl.huber.value_and_grad(y, p, sample_weight=w, where=w > 1)) == bits(
        fl.huber.value_and_grad(Y, P, sample_weight=Y + 1, where=Y > 0)
    )
    assert fl.huber(y, P) == fl.huber(Y, p) == fl.huber(Y, P)  # one of them alone says nothing
    assert fl.huber(pd.Series(Y), pd.Series(P, index=range(4))) == fl.huber(Y, P)
    assert fl.huber(y, p.loc[y.index[::-1]].loc[y.index]) == fl.huber(Y, P)


@pytest.mark.parametrize("other", ["y_pred", "sample_weight", "where", "delta"])
def test_pandas_arguments_with_other_labels_are_refused(other: str) -> None:
    """They would be paired by position: a split that was shuffled, beside predictions that were not."""
    pd = pandas()
    y, shuffled = pd.Series(Y, index=[7, 5, 6, 4]), [7, 4, 5, 6]
    values = {"y_pred": P, "sample_weight": Y, "where": Y > 0, "delta": P}
    given = values | {other: pd.Series(values[other], index=shuffled)}
    message = (
        rf"^y_true and {other} would be paired by position, but their labels differ: 5 and 4 at place 1 "
        rf"\(axis 0 of y_true, axis 0 of {other}\); align them first, or pass {other}\.to_numpy\(\)"
    )
    refused(ValueError, message, fl.huber, y, given.pop("y_pred"), **given)


def test_labels_of_weights_and_predictions_alone() -> None:
    pd = pandas()
    weight = pd.Series(Y, index=list("abcd"))
    refused(ValueError, "^y_pred and sample_weight", fl.huber, Y, pd.Series(P), sample_weight=weight)
    with pytest.raises(ValueError, match=r"^parameter and ratio would be paired"):
        fl.elastic_net.value_and_grad(pd.Series(P), ratio=pd.Series([0.5] * 4, index=list("abcd")))
    with pytest.raises(ValueError, match=r"^task 1, huber: y_true and y_pred would be paired"):
        pair = [Y, pd.Series(Y)], [P, pd.Series(P, index=list("abcd"))]
        fl.uncertainty_weighted([fl.huber] * 2).value_and_grad(*pair, [0.0, 0.0])
    with pytest.raises(ValueError, match=r"^y_true and y_pred would be paired"):
        fl.general_robust.parameter_grads(pd.Series(Y), pd.Series(P, index=list("abcd")))


def test_labels_of_rows_of_classes() -> None:
    """A target lacks the axis of the classes, wherever that is."""
    pd = pandas()
    rows, classes = list("abcd"), ["cat", "dog", "emu"]
    x = pd.DataFrame(np.arange(12.0).reshape(4, 3) % 5, rows, classes)
    y, w = pd.Series([0, 2, 1, 1], rows), pd.Series(Y, rows)
    expected = fl.cross_entropy(y.to_numpy(), x.to_numpy(), sample_weight=Y)
    assert fl.cross_entropy(y, x, sample_weight=w) == expected
    assert fl.cross_entropy(y, x.T, sample_weight=w, axis=0) == pytest.approx(expected, rel=1e-15)
    soft = pd.DataFrame(np.eye(3)[[0, 2, 1, 1]], rows, classes)
    assert fl.cross_entropy(soft, x) == fl.cross_entropy(y, x)
    turned = y.iloc[[1, 0, 2, 3]]
    refused(ValueError, "^y_true and logits .* 'b' and 'a' at place 0", fl.cross_entropy, turned, x)
    refused(ValueError, r"axis 0 of y_true, axis 1 of logits", fl.cross_entropy, turned, x.T, axis=0)
    refused(ValueError, "^logits and sample_weight", fl.cross_entropy, y.to_numpy(), x, sample_weight=w.iloc[::-1])
    other = soft[["cat", "emu", "dog"]]
    refused(
        ValueError, r"'emu' and 'dog' at place 1 \(axis 1 of y_true, axis 1 of logits\)", fl.cross_entropy, other, x
    )
    assert fl.cross_entropy(y, x, axis=-1, sample_weight=w.to_numpy()) == expected
    with pytest.raises(ValueError, match="out of range"):
        fl.cross_entropy(y, x, axis=5)
    pair = pd.DataFrame({"location": P, "log_scale": 0 * P}, rows)
    assert fl.gaussian_nll(w, pair) == fl.gaussian_nll(Y, pair.to_numpy())
    refused(ValueError, "^y_true and y_pred", fl.gaussian_nll, w.iloc[::-1], pair)


def test_labels_of_columns_and_of_a_parameter_for_each() -> None:
    pd = pandas()
    table = pd.DataFrame({"low": Y, "high": P})
    alpha = pd.Series({"low": 0.25, "high": 0.75})
    assert fl.quantile(Y.repeat(2).reshape(4, 2), table, alpha=alpha) == fl.quantile(
        Y.repeat(2).reshape(4, 2), table.to_numpy(), alpha=[0.25, 0.75]
    )
    message = r"^y_pred and alpha .*'low' and 'high' at place 0 \(axis 1 of y_pred, axis 0 of alpha\)"
    refused(ValueError, message, fl.quantile, Y.repeat(2).reshape(4, 2), table, alpha=alpha[::-1])
    refused(ValueError, r"axis 1 of y_true, axis 1 of y_pred", fl.huber, table, table[["high", "low"]])


def test_labels_that_cannot_be_compared_at_one_place() -> None:
    pd = pandas()
    a, b = pd.MultiIndex.from_product([[0, 1], list("xy")]), pd.MultiIndex.from_product([[0, 1], list("xz")])
    refused(ValueError, r"\(0, 'y'\) and \(0, 'z'\) at place 1", fl.huber, pd.Series(Y, a), pd.Series(P, b))
    same = pd.Index([1.0, np.nan, 2.0, 3.0])
    assert fl.huber(pd.Series(Y, same), pd.Series(P, same.copy())) == fl.huber(Y, P)
    times = pd.date_range("2026-01-01", periods=4)
    refused(ValueError, "2026-01-02", fl.huber, pd.Series(Y, times), pd.Series(P, times + pd.Timedelta(days=1)))


def test_a_number_for_each_class_is_in_the_order_of_the_classes() -> None:
    """``1 / y.value_counts()`` has the classes in the order of their counts."""
    pd = pandas()
    y = pd.Series([2, 2, 2, 0, 0, 1])
    weight, x = 1 / y.value_counts(), np.arange(18.0).reshape(6, 3) % 7
    message = r"^class_weight has a number for each class in their order, but its label at place 0 is 2; .*sort_index"
    refused(ValueError, message, fl.cross_entropy, y, x, class_weight=weight)
    with pytest.raises(ValueError, match=message):
        fl.cross_entropy.bind(class_weight=weight)
    assert fl.cross_entropy(y, x, class_weight=weight.sort_index()) == fl.cross_entropy(
        y, x, class_weight=[1 / 2, 1, 1 / 3]
    )
    refused(ValueError, "^alpha .* place 0 is 'c'", fl.categorical_focal, y, x, alpha=pd.Series([0.1] * 3, list("cab")))


def test_xarray_arguments_are_paired_by_position_only_where_they_agree() -> None:
    xr = xarray()
    a = xr.DataArray(np.arange(4.0).reshape(2, 2), dims=("x", "y"))
    assert fl.huber(a, a + 1) == 0.5
    refused(ValueError, r"^axis 1 of y_true, 'y', would be paired with axis 1 of y_pred, 'x'", fl.huber, a, a.T)
    b = a.assign_coords(x=[10, 20])
    assert fl.huber(a, b) == 0
    refused(ValueError, "^y_true and y_pred .* 10 and 20 at place 0", fl.huber, b, b.isel(x=[1, 0]))
    y = xr.DataArray([0, 1], dims="x", coords={"x": [10, 20]})
    assert fl.cross_entropy(y, b) == fl.cross_entropy(y.values, b.values)
    refused(
        ValueError, "^axis 0 of y_true, 'x', would be paired with axis 1 of logits, 'y'", fl.cross_entropy, y, b, axis=0
    )
    refused(ValueError, "labels differ", fl.cross_entropy, y[::-1], b)


# -- not computed, not dense, of another device -----------------------------------------------------------------------


def test_what_is_not_computed_yet_is_refused() -> None:
    """It would be computed in memory, whole."""
    dask = pytest.importorskip("dask.array")

    class Computed(Exception):
        pass

    def never(block: Any) -> Any:
        raise Computed

    lazy = dask.ones(4, chunks=2).map_blocks(never, meta=np.empty(0))
    message = r"\(dask\.Array\) is not computed yet; pass {0}\.compute\(\), which has to fit into memory"
    refused(TypeError, message.format("y_true"), fl.huber, lazy, P)
    refused(TypeError, message.format("y_pred"), fl.huber, Y, lazy)
    refused(TypeError, message.format("sample_weight"), fl.huber, Y, P, sample_weight=lazy)
    with pytest.raises(TypeError, match="not computed yet"):
        fl.softmax(lazy)
    with pytest.raises(TypeError, match=r"^y_true\[0\] \(dask"):
        fl.huber([lazy], [P])
    assert fl.huber(dask.from_array(Y).compute(), P) == fl.huber(Y, P)
    try:
        import xarray
    except ImportError:
        return
    inside = xarray.DataArray(lazy, dims="n")
    refused(TypeError, r"^y_pred \(xarray\.DataArray\) is not computed yet", fl.huber, Y, inside)


def test_lazy_frames_and_expressions() -> None:
    pl = polars()
    lazy = pl.DataFrame({"a": Y}).lazy()
    refused(
        TypeError, r"^y_true \(polars\.LazyFrame\) is not computed yet; pass y_true\.collect\(\)", fl.huber, lazy, P
    )
    refused(TypeError, r"^y_true .* polars\.Expr", fl.huber, pl.col("a"), P)


def test_a_table_may_have_columns_of_any_name() -> None:
    """What a type can do is asked of the type: pandas has columns as attributes."""
    pd = pandas()
    names = ["compute", "chunks", "nnz", "toarray", "null_count", "dims", "iter_columns", "collect_schema"]
    table = pd.DataFrame(np.ones((2, 8)), columns=names)
    assert fl.huber(np.zeros((2, 8)), table) == 0.5
    assert fl.huber(np.zeros(8), table.iloc[0]) == 0.5


@pytest.mark.parametrize("kind", ["csr_matrix", "csr_array", "coo_array", "dia_matrix", "lil_matrix"])
def test_a_sparse_matrix_is_named(kind: str) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    matrix = getattr(sparse, kind)(np.eye(3))
    said = rf"\(scipy\.{kind}\) is sparse; pass {{0}}\.toarray\(\)"
    refused(TypeError, said.format("y_true"), fl.huber, matrix, np.eye(3))
    refused(TypeError, said.format("logits"), fl.cross_entropy, [0, 1, 2], matrix)
    assert fl.huber(matrix.toarray(), np.eye(3)) == 0


def test_tensors() -> None:
    torch = pytest.importorskip("torch")
    y = torch.from_numpy(Y.astype(np.float32))
    assert fl.huber(y, P.astype(np.float32)) == fl.huber(Y.astype(np.float32), P.astype(np.float32))
    wanted = torch.ones(4, requires_grad=True)
    message = r"^y_pred is a tensor that requires a gradient.*y_pred\.detach\(\).*y_pred\.backward\(torch\.from_numpy"
    refused(TypeError, message, fl.huber, y, wanted)
    refused(TypeError, message, fl.huber, y, torch.nn.Parameter(torch.ones(4)))
    # What the message says to do is the chain rule.
    (2 * wanted).backward(torch.from_numpy(fl.squared_error.grad(y, (2 * wanted).detach(), reduction="sum")))
    assert wanted.grad.tolist() == (4 * (2 - Y)).tolist()
    halves = y.to(torch.bfloat16)
    refused(
        TypeError, r"^y_pred is a tensor of torch\.bfloat16.*y_pred\.float\(\), or .*ml_dtypes", fl.huber, y, halves
    )
    assert fl.huber(y, halves.float()) == 0
    ml_dtypes = pytest.importorskip("ml_dtypes")
    assert fl.huber(y, halves.view(torch.int16).numpy().view(ml_dtypes.bfloat16)) == 0
    refused(TypeError, r"float8_e4m3fn.*pass y_true\.float\(\)$", fl.huber, y.to(torch.float8_e4m3fn), P)
    refused(TypeError, r"on the device meta; pass y_true\.cpu\(\)", fl.huber, y.to("meta"), P)
    refused(TypeError, r"layout torch\.sparse_coo; pass y_true\.to_dense\(\)", fl.huber, y.to_sparse(), P)


# -- texts and objects ------------------------------------------------------------------------------------------------


def test_names_of_classes_say_how_they_become_indices() -> None:
    logits, names = np.eye(3), ["cat", "dog", "cat"]
    makers: list[Callable[[], Any]] = [
        lambda: names,
        lambda: np.array(names),
        lambda: np.array(names, object),
        lambda: np.array(names, np.dtypes.StringDType()),
        lambda: pandas().Series(names),
        lambda: pandas().Series(names, dtype="category"),
        lambda: polars().Series(names),
    ]
    tried = 0
    for make in makers:
        try:
            target = make()
        except pytest.skip.Exception:
            continue
        tried += 1
        message = r"^y_true has dtype .*y_true\[0\] is the text 'cat'; np\.unique\(y_true, return_inverse=True\)\[1\]"
        refused(TypeError, message, fl.cross_entropy, target, logits)
        indices = np.unique(target, return_inverse=True)[1]
        assert fl.cross_entropy(indices, logits) == fl.cross_entropy([0, 1, 0], logits)
    assert tried >= 4


def test_nothing_of_others_is_imported() -> None:
    code = """
import sys, numpy as np, fastloss as fl
fl.huber([0.0], np.ones(1)), fl.cross_entropy([1], [[0.0, 1.0]], class_weight=[1, 2])
others = ("pandas", "polars", "pyarrow", "dask", "xarray", "scipy", "torch", "narwhals", "numba")
print([name for name in others if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
