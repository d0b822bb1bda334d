"""What a call must not do to its process, and what the process may do to it: forks, threads, control registers."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import sysconfig
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cases
import numpy as np
import pytest
from cases import bits, generator

import fastloss as fl

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")


def run(code: str, timeout: float = 60, **environment: str) -> str:
    """Run Python code in a process of its own, warnings as errors; return what it prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env=os.environ | environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def large() -> tuple[np.ndarray, np.ndarray]:
    """Inputs that are worth several threads."""
    rng = generator("process")
    logits = rng.normal(size=(60_000, 10)).astype(np.float32)
    return rng.integers(10, size=60_000), logits


# -- fork -------------------------------------------------------------------------------------------------------------

FORK = """
import os, signal, sys
import numpy as np, fastloss as fl
rng = np.random.default_rng(1)
logits = rng.normal(size=(60_000, 10)).astype(np.float32)
y_true = rng.integers(10, size=60_000)
def call():
    value, grad = fl.cross_entropy.value_and_grad(y_true, logits, n_threads=2)
    return value.hex(), grad.tobytes()
before = call()
for generation in range(2):
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # a child that hangs dies
        ok = call() == before
        grandchild = os.fork()
        if grandchild == 0:
            signal.alarm(20)
            os._exit(0 if call() == before else 3)
        os._exit(0 if ok and os.waitpid(grandchild, 0)[1] == 0 else 4)
    assert os.waitpid(child, 0)[1] == 0
    assert call() == before
print("right")
"""


@needs_fork
def test_a_forked_child_computes_the_same_bits() -> None:
    """After a call on two threads, where a child of OpenMP hangs."""
    assert run(FORK) == "right"


def _child(n_threads: int) -> Any:
    y_true, logits = _child_inputs()
    return bits(fl.cross_entropy.value_and_grad(y_true, logits, n_threads=n_threads))


def _child_inputs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    return rng.integers(10, size=50_000), rng.normal(size=(50_000, 10)).astype(np.float32)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <function _at_fork"
)  # JAX warns, if a test before imported it
def test_a_pool_of_processes(method: str) -> None:
    expected = _child(2)
    with multiprocessing.get_context(method).Pool(2) as pool:
        results = pool.map_async(_child, [1, 2, 3]).get(timeout=60)
    assert results == [expected] * 3


# -- threads ----------------------------------------------------------------------------------------------------------


def test_sixteen_python_threads_at_once() -> None:
    """Each with a loss, a shape and an `out` of its own."""
    jobs = []
    for i, variant in enumerate(cases.variants()):
        inputs = cases.draw(variant, (900 + i, 37), np.float32, generator(str(variant)))
        jobs.append((inputs, bits(inputs(n_threads=1))))
    barrier = threading.Barrier(16)

    def work(worker: int) -> int:
        barrier.wait(30)
        for step in range(24):
            inputs, expected = jobs[(worker + step) % len(jobs)]
            out = (None, np.empty_like(inputs.y_pred), np.empty_like(inputs.y_pred))
            assert bits(inputs(n_threads=1 + (worker + step) % 3, out=out)) == expected
        return worker

    with ThreadPoolExecutor(16) as pool:
        assert sorted(pool.map(work, range(16))) == list(range(16))


@pytest.mark.slow
@pytest.mark.parametrize("variant", [v for v in cases.variants() if v.parameters == "default"], ids=str)
def test_arguments_that_another_thread_changes_never_crash(variant: cases.Variant) -> None:
    """What turns bad after it was checked gives a wrong result or an error; nothing is read or written elsewhere."""
    inputs = cases.draw(variant, (20_000, 10), np.float32, generator("spoiled", str(variant)))
    weight = np.ones(inputs.samples)
    good, bad = inputs.y_true.copy(), (2**40, -(2**40)) if inputs.y_true.dtype.kind == "i" else (np.nan, -1e30)
    stop = threading.Event()

    def spoil() -> None:
        while not stop.is_set():
            inputs.y_true[::7] = bad[0]
            inputs.y_true[::5] = bad[1]
            weight[::3] = np.nan
            inputs.y_true[...], weight[...] = good, 1

    spoiler = threading.Thread(target=spoil)
    spoiler.start()
    try:
        for _ in range(15):
            try:
                grad = inputs("grad", sample_weight=weight, n_threads=2)
            except ValueError as error:
                assert re.match("y_true|sample_weight", str(error))
            else:
                assert grad.shape == inputs.y_pred.shape
    finally:
        stop.set()
        spoiler.join()


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="a Python with a lock")
def test_a_free_threaded_python_stays_free() -> None:
    """An extension that does not declare itself safe would bring the lock back."""
    assert run("import numpy, sys, fastloss; print(sys._is_gil_enabled())", PYTHON_GIL="") == "False"


def test_the_number_of_threads_belongs_to_the_context() -> None:
    seen = {}

    def other() -> None:
        seen["other"] = fl.get_num_threads()

    before = fl.get_num_threads()
    with fl.num_threads(before + 1):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        seen["mine"] = fl.get_num_threads()
    assert seen["mine"] == before + 1
    assert fl.get_num_threads() == before


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"FASTLOSS_NUM_THREADS": "3"}, "3"),
        ({"OMP_NUM_THREADS": "1"}, "1"),
        ({"FASTLOSS_NUM_THREADS": "2", "OMP_NUM_THREADS": "1"}, "2"),
        ({"OMP_NUM_THREADS": "2,1"}, "2"),
    ],
    ids=str,
)
def test_the_environment_sets_the_number_of_threads(environment: dict[str, str], expected: str) -> None:
    clean = {"FASTLOSS_NUM_THREADS": "", "OMP_NUM_THREADS": ""} | environment
    assert run("import fastloss; print(fastloss.get_num_threads())", **clean) == expected


def test_the_environment_is_read_at_import_only() -> None:
    code = "; ".join(
        [
            "import os, fastloss as fl",
            "fl.set_num_threads(5)",
            "os.environ['FASTLOSS_NUM_THREADS'] = '7'",
            "fl.set_num_threads(None)",
            "print(fl.get_num_threads())",
            "os.environ['FASTLOSS_NUM_THREADS'] = 'x'",
            "fl.set_num_threads(None)",
            "print(fl.get_num_threads())",
        ]
    )
    assert run(code, FASTLOSS_NUM_THREADS="3").split() == ["3", "3"]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_affinity_limits_the_threads() -> None:
    limit = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])"
    assert (
        run(f"{limit}; import fastloss; print(fastloss.get_num_threads())", FASTLOSS_NUM_THREADS="", OMP_NUM_THREADS="")
        == "1"
    )


@pytest.mark.skipif(os.name == "nt", reason="no signals to a thread on this system")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_long_call_can_be_interrupted(n_threads: int) -> None:
    """Ctrl-C raises KeyboardInterrupt within 0.2 s: at least once in a few trials, should the machine be busy."""
    y_pred = np.broadcast_to(np.float32(1), (1 << 18, 1 << 18))  # a minute of work
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts with it ignored
    sent, took = [], []

    def interrupt() -> None:
        sent.append(time.perf_counter())
        signal.raise_signal(signal.SIGINT)

    try:
        for _ in range(5):
            timer = threading.Timer(0.1, interrupt)
            timer.start()
            with pytest.raises(KeyboardInterrupt):
                fl.binary_cross_entropy(np.float32(1), y_pred, reduction="sum", n_threads=n_threads)
            took.append(time.perf_counter() - sent[-1])
            timer.join()
            if took[-1] < 0.2:
                break
    finally:
        signal.signal(signal.SIGINT, before)
    assert min(took) < 0.2


LONG = """
import os, signal, sys, time
import numpy as np, fastloss as fl
signal.signal(signal.SIGINT, signal.default_int_handler)
rng = np.random.default_rng(0)
def rows(n, row):  # one sequence, all rows of which are one
    return np.broadcast_to(np.asarray(row, np.float32), (1, n, len(row)))
few, many, labels = rng.normal(size=8), rng.normal(size=300), 1 + np.arange(200)[None] % 7
scores, order = rng.normal(size=100_000), np.arange(100_000) % 5
wrong, image = np.zeros((1, 12_000_000), bool), rng.random((1, 12_000_000), np.float32)
gradient = np.ones_like(image)  # of a call that is interrupted before it writes one
def short():
    chain = fl.linear_chain_crf.value_and_grad([[0, 1]], rows(2, few), np.eye(8))
    return repr((fl.ctc.value_and_grad(labels[:, :9], rows(40, few)), chain, fl.ranknet.grad([0, 1, 2], [0.5, 0, 1])))
call, before = {CALL}, short()
print("ready", flush=True)
try:
    call()
    print("came to its end")
except KeyboardInterrupt:
    print("interrupted" if short() == before and (gradient == 1).all() else "wrong", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="no signals to a process on this system")
@pytest.mark.parametrize(
    "call",
    [
        "lambda: fl.ctc(labels, rows(2_000_000, few), n_threads=1)",
        "lambda: fl.ctc(labels, rows(200_000, few + 25 * (np.arange(8) == 0)), n_threads=2)",  # in logarithms
        "lambda: fl.rnnt(labels[:, :99], np.broadcast_to(np.float32(0), (1, 1000, 100, 30_000)))",
        "lambda: fl.linear_chain_crf(np.zeros((1, 50_000), int), rows(50_000, many), rng.normal(size=(300, 300)))",
        "lambda: fl.crf_viterbi(rows(100_000, many), rng.normal(size=(300, 300)))",
        "lambda: fl.ctc_decode(rows(1_000_000, few), beam_width=50)",
        "lambda: fl.ranknet(order, scores)",
        "lambda: fl.approx_ndcg(order, scores)",
        "lambda: fl.lovasz_hinge.value_and_grad(wrong, image, out=(None, gradient))",
    ],
)
def test_one_long_sequence_or_group_can_be_interrupted(call: str) -> None:
    """Ctrl-C in the middle of it, within 0.2 s: at least once in a few trials, should the machine be busy."""
    took = []
    for _ in range(4):
        command = [sys.executable, "-c", LONG.replace("{CALL}", call)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            time.sleep(0.3)
            sent = time.perf_counter()
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == "interrupted\n"
            took.append(time.perf_counter() - sent)
        if took[-1] < 0.2:
            break
    assert min(took) < 0.2


# -- floating-point environment ---------------------------------------------------------------------------------------


def subnormals_survive() -> bool:
    """Tell whether this thread neither flushes subnormal results to 0 nor takes subnormal inputs for 0."""
    for dtype in (np.float32, np.float64):
        tiny = np.full(64, np.finfo(dtype).tiny)
        if not ((tiny / 4) * 4 == tiny).all():
            return False
    return True


def control_registers() -> tuple[int, int]:
    """Return this thread's x87 control word and MXCSR, without its sticky exception flags."""
    environment = ctypes.create_string_buffer(64)  # glibc's fenv_t: 28 bytes of x87, then MXCSR
    assert ctypes.CDLL(None).fegetenv(environment) == 0
    return int.from_bytes(environment.raw[:2], "little"), int.from_bytes(environment.raw[28:32], "little") & ~0x3F


on_linux_x86 = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="reads glibc's fenv_t"
)


@pytest.mark.compact
@on_linux_x86
def test_calls_leave_the_control_registers_alone() -> None:
    y_true, logits = large()
    before = control_registers()
    for variant in cases.variants():
        cases.draw(variant, (3000, 37), np.float32, generator())(n_threads=2)
    fl.cross_entropy.value_and_grad(y_true, logits * 1e3, n_threads=2)
    assert control_registers() == before
    assert subnormals_survive()


@on_linux_x86
def test_import_leaves_the_control_registers_alone() -> None:
    """-ffast-math at link time would set flush-to-zero for the whole process, threads of the pool included."""
    code = """
import ctypes
def mxcsr():
    environment = ctypes.create_string_buffer(64)
    ctypes.CDLL(None).fegetenv(environment)
    return int.from_bytes(environment.raw[28:32], "little") & ~0x3F
import numpy as np
before = mxcsr()
assert before == 0x1F80, hex(before)
import fastloss as fl
assert mxcsr() == before
fl.softplus(np.linspace(-200, 200, 1_000_000, dtype=np.float32), n_threads=2)
assert mxcsr() == before
tiny = np.full(1_000_000, 2.0**-140, np.float32)  # the threads of the pool keep subnormals too
assert (fl.absolute_error(np.float32(0), tiny, reduction="none", n_threads=2) == tiny).all()
print("unchanged")
"""
    assert run(code) == "unchanged"


@pytest.mark.compact
@pytest.mark.skipif(sys.platform != "linux", reason="reads errno through glibc")
def test_errno_is_left_alone() -> None:
    ctypes.CDLL(None, use_errno=True)
    libc = ctypes.CDLL(None)
    libc.__errno_location.restype = ctypes.POINTER(ctypes.c_int)
    location = libc.__errno_location()
    logits = np.array([[1e3, -1e3, np.inf], [0, 0, 0]], np.float32)
    y_true = np.array([1, 2])
    location[0] = 77
    fl.cross_entropy.value_and_grad(y_true, logits, reduction="none")
    assert location[0] == 77


@pytest.mark.compact
def test_results_do_not_depend_on_numpys_error_state_and_never_warn() -> None:
    """Infinities and NaN are results, not warnings."""
    logits = np.array([[np.inf, 0], [np.nan, 0], [-np.inf, -np.inf], [3e38, -3e38]], np.float32)
    with np.errstate(all="raise"):
        value, _, _ = fl.cross_entropy.value_grad_hess([0, 0, 0, 1], logits, reduction="none")
        fl.squared_error.value_and_grad(np.float32(-3e38), logits[3], reduction="none")
        fl.huber.value_grad_hess(np.float16(-6e4), np.float16([6e4, 1]), reduction="none")
        out = np.zeros(2, np.float16)
        fl.squared_error.grad(np.zeros(2), np.array([1e300, 1e-300]), out=out)
    assert np.isinf(out[0])
    assert np.isnan(value[1:3]).all()


# -- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.compact
@pytest.mark.skipif(sys.platform != "linux", reason="needs mprotect")
def test_no_byte_beyond_an_array_is_touched() -> None:
    """Not even read, by the tail of a vector; the process of the call would die."""
    environment = os.environ | {"FASTLOSS_TEST_SEED": str(cases.SEED)}
    command = [sys.executable, str(Path(__file__).with_name("guard_pages.py"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "untouched\n"


@pytest.mark.skipif(sys.platform != "linux", reason="sets a limit of address space")
def test_too_little_memory_is_an_error_and_no_more() -> None:
    """For a new gradient, for scratch space; the next call finds everything as it was."""
    code = """
import resource
import numpy as np, fastloss as fl
y_pred = np.zeros((1 << 13, 1 << 13), np.float32)  # 256 MB
wide = np.broadcast_to(np.float16(1), (2, 1 << 27))  # widened into scratch space: 2 GB
few = np.zeros((2, 1 << 16), np.float32)  # rows that threads share; their stacks leave little for scratch
expected = fl.cross_entropy([0, 1], few, n_threads=1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
for call in (
    lambda: fl.squared_error.grad(np.float32(1), y_pred),
    lambda: fl.squared_error.value_grad_hess(np.float32(1), y_pred, reduction="none"),
    lambda: fl.cross_entropy.grad(np.zeros(1 << 13, int), y_pred),
    lambda: fl.cross_entropy([0, 1], wide),
):
    try:
        call()
    except MemoryError:
        continue
    raise SystemExit("no MemoryError")
assert fl.squared_error(np.float32(1), y_pred, n_threads=1) == 1
for n_threads in (4, 64, 1000, 3):  # each wants a stack of 8 MB, and where there is none OpenMP ends the process
    assert fl.squared_error(np.float32(1), y_pred, n_threads=n_threads) == 1
    assert fl.cross_entropy([0, 1], few, n_threads=n_threads) == expected
print("right")
"""
    assert run(code) == "right"


@pytest.mark.skipif(sys.platform != "linux", reason="where a stack ends is asked for in Linux's way")
@pytest.mark.parametrize(
    ("kilobytes", "said"), [(32, "MemoryError"), (64, "MemoryError"), (92, "MemoryError"), (128, "right")]
)
def test_a_thread_with_a_small_stack(kilobytes: int, said: str) -> None:
    code = f"""
import threading
import numpy as np, fastloss as fl
x = np.linspace(0, 1, 3 * 70).reshape(3, 70)
calls = [
    lambda: fl.absolute_error.value_grad_hess(x, 2 * x, sample_weight=x, where=np.ones((1, 1), bool)),
    lambda: fl.huber.value_grad_hess(x, 2 * x, n_threads=1),
    lambda: fl.huber.grad(x, x[:, ::-1], sample_weight=x),
    lambda: fl.cross_entropy.value_and_grad([0, 1, 2], x),
    lambda: fl.sparsemax.value_grad_hess([0, 1, 2], x),
    lambda: fl.softmax(x.astype(np.float16)),
    lambda: fl.sigmoid(x),
    lambda: fl.l2.value_and_grad(x),
]
expected = [call() for call in calls]
said = set()
def work():
    for call, result in zip(calls, expected):
        try:
            same = np.array_equal(np.hstack([np.ravel(r) for r in call()]), np.hstack([np.ravel(r) for r in result]))
            said.add("right" if same else "wrong")
        except MemoryError as error:
            assert "stack" in str(error)
            said.add("MemoryError")
threading.stack_size({kilobytes} << 10)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(*said)
"""
    assert run(code) == said


@needs_fork
def test_a_child_forked_in_a_thread_with_a_small_stack() -> None:
    """In the child that thread is the main one, and its stack is as small as before."""
    code = """
import os, threading
import numpy as np, fastloss as fl
x, y = np.ones((64, 40)), np.zeros(64, int)
def work():
    pid = os.fork()
    if pid == 0:
        try:
            fl.cross_entropy.grad(y, x, label_smoothing=0.1)
        except MemoryError:
            os._exit(7)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
threading.stack_size(32 << 10)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    assert run(code) == "7"


@needs_fork
def test_a_child_forked_while_another_thread_chooses_engines() -> None:
    code = """
import os, sys, threading
import fastloss as fl
from fastloss import runtime
sys.setswitchinterval(1e-6)
stop = threading.Event()
def choose():
    while not stop.is_set():
        with fl.engine("compiled"):
            pass
thread = threading.Thread(target=choose)
thread.start()
codes = set()
for _ in range(60):
    pid = os.fork()
    if pid == 0:
        with fl.engine("compiled"):
            inside = runtime._engines_asked_for
        os._exit(0 if (inside, runtime._engines_asked_for) == (1, 0) else 1)
    codes.add(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
stop.set()
thread.join()
print(codes)
"""
    assert run(code, timeout=30) == "{0}"


def test_the_dtype_of_a_prediction_is_set_while_a_plain_call_runs() -> None:
    """Python code runs between the look at an array and its use: a signal handler's, another thread's, a profiler's."""
    code = """
import sys, warnings
import numpy as np, fastloss as fl
warnings.filterwarnings("ignore", "Setting the dtype")  # from NumPy 2.5 on
y = np.zeros(300000, np.int64)
def changing(frame, event, argument):
    if event == "return" and frame.f_code.co_name == "threads_for":
        x.dtype = other
for dtype, other in ((np.float32, np.float64), (np.float64, np.float32)):
    for call in (
        lambda: fl.cross_entropy.grad(y, x, n_threads=1),
        lambda: fl.cross_entropy.value_grad_hess(y, x, n_threads=2),
        lambda: fl.huber.value_and_grad(z, x, n_threads=1),
    ):
        x, z = np.zeros((300000, 4), dtype), np.zeros((300000, 4), dtype)
        sys.setprofile(changing)
        try:
            call()
        except ValueError as error:
            assert "shape" in str(error)  # the target no longer fits
        finally:
            sys.setprofile(None)
        assert x.dtype == other
        assert not x.any() and not z.any() and not y.any()
print("right")
"""
    assert run(code) == "right"


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer that interrupts")
def test_no_interrupt_is_lost_in_a_short_call() -> None:
    code = """
import signal, time
import ml_dtypes, numpy as np, fastloss as fl
x = np.ones(8, ml_dtypes.bfloat16)
raised = caught = 0
def handler(*_):
    global raised
    raised += 1
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, handler)
def call():  # a function of its own: Python 3.13 may miss the except of a try in which a loop jumps back just then
    before = raised
    signal.setitimer(signal.ITIMER_REAL, 5e-4)
    while raised == before:
        fl.huber(x, x)
end = time.monotonic() + 1
while time.monotonic() < end:
    try:
        call()
        print("lost")
        break
    except KeyboardInterrupt:
        caught += 1
print(raised == caught and raised > 20)
"""
    assert run(code) == "True"


@pytest.mark.parametrize("state", ["raise", "warn"])
def test_import_under_any_error_state_of_numpy(state: str) -> None:
    code = f"""
import numpy as np
np.seterr(all="{state}")
import fastloss as fl
assert np.isfinite(fl.gamma([1.0], [2.0])) and np.isfinite(fl.gamma.bind().grad([1.0], [2.0])).all()
try:
    fl.gamma([-1.0], [2.0])
except ValueError as error:
    print(str(error)[:16])
weights = [1e300, 1e300]
fl.general_robust.parameter_grads([0.0, 0.0], [1.0, 2.0], alpha=[1.0, 1.0], sample_weight=weights, normalizer=1e-4)
"""
    assert run(code) == "y_true[0] = -1.0"


@pytest.mark.parametrize("size", ["2G", "200 g", "16kb", "20k", "nonsense"])
def test_the_stacks_of_openmp(size: str) -> None:
    """OpenMP ends the process where threads with stacks of that size cannot be created; a small one would overflow."""
    code = """
import resource
import numpy as np, fastloss as fl
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30),) * 2)
x = np.zeros((20000, 50), np.float16)[:, ::-1]
weight = np.ones(x.shape, np.float16)
for n_threads in (2, 3, 8):
    assert fl.huber(np.ones_like(x), x, n_threads=n_threads, sample_weight=weight) == 0.5
    assert fl.general_robust(np.zeros_like(x), x, n_threads=n_threads) == 0
print("right")
"""
    assert run(code, OMP_STACKSIZE=size).endswith("right")


# -- imports ----------------------------------------------------------------------------------------------------------


def test_import_is_light() -> None:
    """Nothing but NumPy and the standard library: what is heavy comes on first use."""
    code = """
import sys, numpy
before = set(sys.modules)
import fastloss
loaded = {name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)
print(sorted(name for name in loaded if name != "fastloss" and "cython" not in name))  # Cython's own are empty
"""
    assert run(code) == "[]"


def test_import_touches_nothing_but_modules() -> None:
    """No network, no other process, no file that is written, none that is read beside the code itself."""
    code = """
import sys, sysconfig
import numpy
roots = (sys.base_prefix, sys.prefix, *sys.path)
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "shutil.")):
        raise SystemExit(f"{event}: {arguments}")
    if event == "open":
        path, mode, flags = arguments
        if not isinstance(path, int) and not str(path).startswith(roots) or mode and set(mode) & set("wax+"):
            raise SystemExit(f"opens {path} with mode {mode}")
sys.dont_write_bytecode = True
sys.addaudithook(watch)
import fastloss
print("nothing")
"""
    assert run(code) == "nothing"


def test_public_names_only() -> None:
    assert set(fl.__all__) <= set(dir(fl))
    expected = {
        "softmax",
        "log_softmax",
        "logsumexp",
        "sigmoid",
        "log_sigmoid",
        "softplus",
        "build_info",
        "losses",
        "num_threads",
    }
    assert expected | {"set_num_threads", "get_num_threads"} | {row.name for row in fl.losses()} <= set(fl.__all__)


@pytest.mark.parametrize("level", fl.build_info()["isa_available"])
def test_an_isa_level_can_be_forced(level: str) -> None:
    assert run("import fastloss; print(fastloss.build_info()['isa'])", FASTLOSS_ISA=level) == level


@pytest.mark.parametrize("level", ["v9", "avx", " "])
def test_an_isa_level_that_does_not_exist(level: str) -> None:
    code = "import fastloss"
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=os.environ | {"FASTLOSS_ISA": level}, check=False
    )
    assert done.returncode == 1
    assert "FASTLOSS_ISA" in done.stderr.splitlines()[-1]
    assert fl.build_info()["isa"] in done.stderr.splitlines()[-1]


# -- sizes ------------------------------------------------------------------------------------------------------------


@pytest.mark.big
@pytest.mark.parametrize("dtype", [np.float32, np.float16], ids=["float32", "float16"])
@pytest.mark.parametrize("variant", [v for v in cases.variants() if v.parameters == "default"], ids=str)
def test_more_than_2_to_the_31_elements(variant: cases.Variant, dtype: Any) -> None:
    """Through a view of stride 0: the sum counts every one of them."""
    inputs = cases.draw(variant, (1, 9), np.dtype(dtype), generator("big", str(variant)))
    samples = 2**31 // 9 + 5
    many = inputs.replace(
        y_true=np.broadcast_to(inputs.y_true, (samples, *inputs.y_true.shape[1:])),
        y_pred=np.broadcast_to(inputs.y_pred, (samples, *inputs.y_pred.shape[1:])),
    )
    assert many.y_pred.size > 2**31
    one = float(inputs("__call__", reduction="sum"))
    assert many("__call__", reduction="sum") == pytest.approx(samples * one, rel=1e-12, abs=0)


@pytest.mark.big
def test_more_than_2_to_the_31_logits() -> None:
    rows = 2**28 + 3
    logits = np.broadcast_to(np.float32(0), (rows, 9))
    value = fl.cross_entropy(np.broadcast_to(np.int64(8), (rows,)), logits)
    assert value == pytest.approx(np.log(9), rel=1e-7, abs=0)
    with pytest.raises(ValueError, match=r"y_true\[0\] = 9"):
        fl.cross_entropy(np.broadcast_to(np.uint8(9), (rows,)), logits)
