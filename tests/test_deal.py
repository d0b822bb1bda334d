"""Dealing out pieces to threads (kernels/blocks/deal.h): each is run once; after a late one a call runs on one."""

from __future__ import annotations

import ctypes
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import vecmath_library

import fastloss as fl

pytestmark = pytest.mark.skipif(vecmath_library.compiler() is None, reason="no C compiler: deal.h cannot be built")

SOURCE = """
#define _DEFAULT_SOURCE
#include <stdlib.h>
#include <unistd.h>
#include "blocks/deal.h"

/* Counts how often each piece is run; threads other than the first are late by so many microseconds, once each. */
typedef struct { int *runs, *thread_of, late, been_late[64]; } job;

static void piece(void *work, fl_size k, int thread)
{
    job *j = work;
    if (thread > 0 && !j->been_late[thread]) { j->been_late[thread] = 1; if (j->late) usleep(j->late); }
    __atomic_fetch_add(&j->runs[k], 1, __ATOMIC_RELAXED);
    j->thread_of[k] = thread;
}

void deal(fl_size first, fl_size last, int threads, int late, int *runs, int *thread_of)
{
    job j = {runs, thread_of, late, {0}};
    fl_share *shares = malloc(sizeof *shares * (size_t)threads);
    fl_deal(piece, &j, first, last, threads, shares);
    free(shares);
}

int worth_a_try(void) { return fl_worth_a_try(); }
void be_impatient(int impatient) { fl_impatient = impatient; }

/* The rules alone, with times that are given: the pause that follows, -1 where there is none. */
double judged(double start, double done, double end)
{
    double before = fl_load(&fl_pause_ends);
    fl_judge(start, done, end);
    return fl_load(&fl_pause_ends) == before ? -1 : fl_load(&fl_pause_ends) - end;
}
void forget(void) { fl_save(&fl_pause_ends, 0); fl_save(&fl_pause, 0); }
"""


@pytest.fixture(scope="module")
def library() -> Iterator[ctypes.CDLL]:
    if not fl.build_info()["openmp"]:
        pytest.skip("built without OpenMP: there is one thread")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "deal.so"
        vecmath_library.run_compiler(
            SOURCE, target, *vecmath_library.FLAGS, "-fopenmp", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"
        )
        functions = ctypes.CDLL(str(target))
        functions.judged.restype = ctypes.c_double
        functions.judged.argtypes = [ctypes.c_double] * 3
        yield functions


@pytest.fixture(autouse=True)
def forget(library: ctypes.CDLL) -> None:
    library.forget()
    library.be_impatient(1)


def deal(library: ctypes.CDLL, first: int, last: int, threads: int, late: int = 0) -> np.ndarray:
    """Return which thread ran each piece; every one was run once, no other."""
    runs, thread_of = np.zeros(last + 3, np.int32), np.full(last + 3, -1, np.int32)
    library.deal(
        ctypes.c_ssize_t(first), ctypes.c_ssize_t(last), threads, late,
        vecmath_library.address(runs), vecmath_library.address(thread_of),
    )  # fmt: skip
    expected = np.zeros_like(runs)
    expected[first:last] = 1
    assert (runs == expected).all()
    return thread_of[first:last]


@pytest.mark.parametrize("threads", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("pieces", [(0, 0), (0, 1), (0, 2), (5, 12), (0, 31), (3, 1000), (0, 4096)], ids=str)
def test_every_piece_is_run_once(library: ctypes.CDLL, pieces: tuple[int, int], threads: int) -> None:
    library.be_impatient(0)
    deal(library, *pieces, threads)


def test_a_late_thread_finds_nothing_to_do(library: ctypes.CDLL) -> None:
    thread_of = deal(library, 0, 4000, 2, late=300_000)
    assert (thread_of == 0).sum() > 3000  # all of its own pieces, and those of the late one but for its first deal


def test_calls_run_on_one_thread_after_a_long_wait_until_the_pause_ends(library: ctypes.CDLL) -> None:
    assert library.worth_a_try()
    deal(library, 0, 4000, 2, late=300_000)
    assert not library.worth_a_try()
    library.be_impatient(0)
    assert library.worth_a_try()
    library.be_impatient(1)
    assert not library.worth_a_try()
    end = time.monotonic() + 5
    while not library.worth_a_try():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("share", "wait", "pause"),
    [
        (100e-6, 40e-6, None),  # as long as waking a thread takes
        (1.0, 0.4, None),  # a gain all the same: the other one has done a part
        (100e-6, 100e-6, 16 * 100e-6),
        (1e-3, 10e-3, 160e-3),
        (1e-3, 1.0, 1.0),  # the longest
    ],
)
def test_which_waits_are_too_long(library: ctypes.CDLL, share: float, wait: float, pause: float | None) -> None:
    got = library.judged(100.0, 100.0 + share, 100.0 + share + wait)
    assert got == -1 if pause is None else got == pytest.approx(pause, rel=1e-6)


def test_pauses_grow_while_tries_fail_and_begin_anew_after_a_time_that_went_well(library: ctypes.CDLL) -> None:
    now, pauses = 100.0, []
    for _ in range(9):
        pauses.append(library.judged(now, now + 1e-3, now + 3e-3))
        now += 3e-3 + pauses[-1] + 1e-3  # a try soon after the pause
    assert pauses == pytest.approx([0.032, 0.064, 0.128, 0.256, 0.512, 1.0, 1.0, 1.0, 1.0], rel=1e-6)
    now += 2.0  # it went well for longer than the last pause
    assert library.judged(now, now + 1e-3, now + 3e-3) == pytest.approx(0.032, rel=1e-6)
