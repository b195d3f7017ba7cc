"""Tasks on several cores: whatever happens to a process, every answer comes once."""

from __future__ import annotations

import errno
import functools
import os
import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.pairing import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG_S = 1e9
HERE = os.getpid()

linux = pytest.mark.skipif(not side_by_side.forks(), reason="shares arrays by forking, on Linux")


def answer(number: int, size_bytes: int = 10) -> tuple[int, bytes]:
    return number, bytes([number % 256]) * size_bytes


def slow() -> int:
    time.sleep(600)
    return 0


def die() -> int:
    """End the process, unless it is the one that all others come from."""
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return HERE


def descriptors() -> set[int]:
    return {int(name) for name in os.listdir("/proc/self/fd")}


@pytest.fixture
def nothing_stays() -> Iterator[None]:
    before = len(descriptors())
    yield
    assert len(descriptors()) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([0, 1, 10, 70_000, 1_000_000]), max_size=20),
    st.integers(1, 5),
    st.sampled_from([0.0, LONG_S]),
    st.booleans(),
)
def test_every_task_is_answered_once(
    sizes_bytes: list[int], jobs: int, work_s: float, may_fork: bool
) -> None:
    tasks = [functools.partial(answer, n, size) for n, size in enumerate(sizes_bytes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(side_by_side, "forks", lambda: may_fork and hasattr(os, "fork"))
        found = sorted(side_by_side.each(tasks, jobs, work_s))
    assert found == [task() for task in tasks]


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_long_work_is_done_by_other_processes_which_share_what_is_here() -> None:
    numbers = np.arange(1_000_000)
    with closing(
        side_by_side.each([lambda: (os.getpid(), int(numbers.sum()))] * 40, 3, LONG_S)
    ) as answers:
        found = set(answers)
    assert {total for _, total in found} == {int(numbers.sum())}
    assert HERE not in {pid for pid, _ in found}


@linux
def test_short_work_is_done_here() -> None:
    assert set(side_by_side.each([os.getpid] * 9, 3, side_by_side.WORTH_S / 2)) == {HERE}


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_a_process_that_dies_costs_nothing_but_its_help() -> None:
    tasks: list[Callable[[], object]] = [functools.partial(answer, n) for n in range(30)]
    tasks[3] = tasks[17] = die
    found = list(side_by_side.each(tasks, 2, LONG_S))
    assert len(found) == 30
    assert found.count(HERE) == 2
    assert {one for one in found if isinstance(one, tuple)} == {
        answer(n) for n in range(30) if n not in {3, 17}
    }


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_a_process_that_dies_in_the_middle_of_an_answer_has_not_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write = os.write

    def half(descriptor: int, data: bytes | memoryview) -> int:
        if os.getpid() != HERE:
            write(descriptor, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", half)
    tasks = [functools.partial(answer, n) for n in range(5)]
    assert sorted(side_by_side.each(tasks, 2, LONG_S)) == [task() for task in tasks]


@linux
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize("possible", [0, 1])
def test_without_a_further_process_the_work_is_done_all_the_same(
    possible: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork, count = os.fork, iter(range(9))

    def limited() -> int:
        if next(count) < possible:
            return fork()
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", limited)
    tasks = [functools.partial(answer, n) for n in range(7)]
    assert sorted(side_by_side.each(tasks, 3, LONG_S)) == [task() for task in tasks]


@linux
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize("may_fork", [True, False])
@pytest.mark.parametrize("error", [MemoryError, ValueError])
def test_an_error_in_a_task_is_raised_here(
    error: type[Exception], may_fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> NoReturn:
        raise error("no room")

    monkeypatch.setattr(side_by_side, "forks", lambda: may_fork)
    with pytest.raises(error, match="no room"):
        list(side_by_side.each([refuse] * 5, 2, LONG_S))


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_an_answer_that_does_not_pickle_is_an_error_here() -> None:
    with pytest.raises((AttributeError, TypeError)):
        list(side_by_side.each([lambda: lambda: 1] * 5, 2, LONG_S))


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_who_wants_no_more_ends_the_processes() -> None:
    tasks = [lambda: 1, slow, slow, slow]
    with closing(side_by_side.each(tasks, 2, LONG_S)) as answers:
        assert next(answers) == 1


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_an_interrupt_ends_the_processes() -> None:
    def interrupted() -> None:
        os.kill(HERE, signal.SIGINT)
        time.sleep(600)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(side_by_side.each([interrupted, slow], 2, LONG_S))
    finally:
        signal.signal(signal.SIGINT, before)


@linux
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_while_forking_is_heard_afterwards(
    times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python swallows what a handler raises in what it calls before and after a fork."""
    fork = os.fork

    def interrupted() -> int:
        for _ in range(times):
            os.kill(HERE, signal.SIGINT)
        return fork()

    monkeypatch.setattr(os, "fork", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(side_by_side.each([slow] * 2, 2, LONG_S))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


@linux
def test_a_process_holds_nothing_open_that_is_not_its_own() -> None:
    """Else a worker would not notice that its parent is gone."""
    with open(__file__, "rb"):
        found = list(side_by_side.each([descriptors] * 2, 2, LONG_S))
    assert all(len(each - {0, 1, 2}) == 3 for each in found)  # tasks, answers, and the list itself
