"""Factors and sums of losses."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import fastloss as fl

pytest.importorskip("numba")


def run(code: str) -> str:
    """Run Python code in a process of its own, which may end in a crash; return what it prints."""
    head = "import numpy as np, fastloss as fl\n"
    command = [sys.executable, "-c", head + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"status {done.returncode}: {done.stderr}"
    return done.stdout.strip()


# -- as many terms and parameters as there are --------------------------------------------------------------------


def test_a_sum_has_as_many_terms_as_one_likes() -> None:
    """More than 16 numbers were copied past their array: over addresses of code, which were then called."""
    found = run("""
        y_true, y_pred = np.zeros(2), np.ones(2)
        print(sum([fl.squared_error] * 16, fl.squared_error)(y_true, y_pred))
        hubers = sum(fl.huber.bind(delta=2.0 + k) for k in range(9))
        print(hubers(y_true, y_pred), hubers.grad(y_true, y_pred, sample_weight=[1, 3]).tolist())
        print(hubers(y_true, y_pred, **{f"huber_{k}_factor": [1.0, 2.0] for k in (2, 3)}))
        half = fl.huber
        for _ in range(4):
            half = 0.5 * half + 0.5 * half
        print(half.value_grad_hess(y_true, y_pred)[0])
    """)
    assert found.splitlines() == ["17.0", "4.5 [2.25, 6.75]", "5.0", "0.5"]


def test_a_loss_of_a_user_has_as_many_parameters_as_one_likes(tmp_path) -> None:
    names = [f"c{k}" for k in range(40)]
    (tmp_path / "many.py").write_text(
        textwrap.dedent(f"""
        import fastloss as fl, numba

        @fl.jit.pointwise
        def points(y_true, y_pred, {", ".join(f"{name}={k}.0" for k, name in enumerate(names))}):
            return ({" + ".join(names)}) * (y_pred - y_true), {" + ".join(names)} + 0 * y_pred

        @numba.njit
        def one(x):
            return x / x

        @fl.jit.pointwise
        def calling(y_true, y_pred, {", ".join(f"{name}={k}.0" for k, name in enumerate(names))}):
            return ({" + ".join(names)}) * one(y_pred), {" + ".join(names)} + 0 * y_pred

        @fl.jit.rowwise
        def rows(y_true, logits, {", ".join(f"{name}={k}.0" for k, name in enumerate(names))}):
            return ({" + ".join(names)}) * logits[y_true], 0 * logits
        """)
    )
    found = run(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from many import calling, points, rows
        y_true, y_pred = np.zeros(2), np.ones(2)
        for _ in range(2):  # the second time the short way
            print(points(y_true, y_pred), points.grad(y_true, y_pred).tolist())
        print(points(y_true, y_pred, sample_weight=[1, 2], c39=0.0))
        print(points(y_true, y_pred, c0=[1.0, 2.0], reduction="none").tolist())
        print(calling(y_true, y_pred, c1=0.0), calling(y_true, y_pred, sample_weight=[1, 2], c1=2.0))
        print(rows([0, 1], [[1.0, 3.0], [0.0, 2.0]], c0=1.0))
    """)
    assert found.splitlines() == [*["780.0 [390.0, 390.0]"] * 2, "741.0", "[781.0, 782.0]", "779.0 781.0", "1171.5"]


def test_a_kernel_for_cython_has_as_many_parameters_as_one_likes() -> None:
    found = run("""
        import ctypes
        hubers = sum(fl.huber.bind(delta=2.0 + k) for k in range(9))
        api = fl.__pyx_capi__
        name, address = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
        name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
        address.restype, address.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        def function(of, kind):
            return kind(address(api[of], name(api[of])))
        pointer, size = ctypes.c_void_p, ctypes.c_ssize_t
        kernel = function("kernel_of", ctypes.PYFUNCTYPE(pointer, ctypes.py_object))(hubers)
        taken = [pointer, size, pointer, pointer, ctypes.c_double, *[pointer] * 3]
        call = function("pointwise_f64", ctypes.CFUNCTYPE(ctypes.c_int, *taken))
        y_true, y_pred, value, gradient = np.zeros(2), np.ones(2), np.zeros(1), np.zeros(2)
        at = lambda array: array.ctypes.data
        print(call(kernel, 2, at(y_true), at(y_pred), 1.0, at(value), at(gradient), None), value, gradient)
    """)
    assert found == "0 [9.] [9. 9.]"


def test_what_the_kernels_are_handed_fits_into_their_arrays() -> None:
    """Counts that only the package itself decides are bounded in the kernels, too."""
    from fastloss.loss import limits_of
    from fastloss.runtime import kernels

    array = (np.zeros(2), 12, False)
    limits = limits_of(fl.huber._row, fl.huber.parameters, np.float64)
    number = kernels.POINTWISE.index("huber")
    operands = (array, array, None, None, None, None, None)
    for given in ((1.0,) * 5, (array,) * 5):
        with pytest.raises(ValueError, match="5 parameters; there is room for 4"):
            kernels.pointwise(number, 1, True, 2, 1.0, limits, False, False, operands, given, 1)
    with pytest.raises(ValueError, match="10 operands; there is room for 9"):
        kernels.pointwise(number, 1, True, 2, 1.0, limits, False, False, (array,) * 10, (1.0,), 1)
    with pytest.raises(ValueError, match="5 parameters; there is room for 4"):
        kernels.PlainCall(number, limits, limits, (1.0,) * 5)
    with pytest.raises(ValueError, match="5 parameters; there is room for 4"):
        kernels.PreparedLoss(number, limits, limits, (1.0,) * 5)
    rows = (np.zeros((2, 3)), 12, False)
    with pytest.raises(ValueError, match="8 operands; there is room for 7"):
        kernels.rows(0, 1, True, 2, 3, 2.0, False, 0.0, None, None, False, (rows, array, *[None] * 6), 1)
    too_many = ((8, 3, "8 operands; there is room for 7"), (7, 5, "5 parameters; there is room for 4"))
    for operands, numbers, what in too_many:
        given = (rows, array, *[None] * (operands - 2))
        with pytest.raises(ValueError, match=what):
            kernels.row_losses(0, 1, True, 2, 3, 3, 2.0, 0, 0.0, None, None, 0, (1.0,) * numbers, None, False, given, 1)
