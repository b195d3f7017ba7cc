"""Tasks on several cores: whatever happens to a process, every answer comes once."""

from __future__ import annotations

import errno
import functools
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, NoReturn, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageshelf.hashing import joins
from imageshelf.system import forks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

T = TypeVar("T")

LONG_S = 1e9
HERE = os.getpid()

linux = pytest.mark.skipif(not forks.can_fork(), reason="shares arrays by forking, on Linux")


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


def alone(task: Callable[[], T]) -> list[T]:
    return [task()]


def results(tasks: Sequence[Callable[[], T]], jobs: int, work_s: float) -> Generator[T]:
    """What tasks return that have one answer each."""
    return forks.results([functools.partial(alone, task) for task in tasks], jobs, work_s)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Within, Ctrl-C raises KeyboardInterrupt, whatever the tests run under."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
        patch.setattr(forks, "can_fork", lambda: may_fork and sys.platform == "linux")
        found = sorted(results(tasks, jobs, work_s))
    assert found == [task() for task in tasks]


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_long_work_is_done_by_other_processes_which_share_what_is_here() -> None:
    numbers = np.arange(1_000_000)
    with closing(results([lambda: (os.getpid(), int(numbers.sum()))] * 40, 3, LONG_S)) as answers:
        found = set(answers)
    assert {total for _, total in found} == {int(numbers.sum())}
    assert HERE not in {pid for pid, _ in found}


@linux
def test_short_work_is_done_here() -> None:
    assert set(results([os.getpid] * 9, 3, forks.WORTH_FORKING_S / 2)) == {HERE}


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_a_process_that_dies_costs_nothing_but_its_help() -> None:
    tasks: list[Callable[[], object]] = [functools.partial(answer, n) for n in range(30)]
    tasks[3] = tasks[17] = die
    found = list(results(tasks, 2, LONG_S))
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
    assert sorted(results(tasks, 2, LONG_S)) == [task() for task in tasks]


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
    assert sorted(results(tasks, 3, LONG_S)) == [task() for task in tasks]


@linux
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize("may_fork", [True, False])
@pytest.mark.parametrize("error", [MemoryError, ValueError])
def test_an_error_in_a_task_is_raised_here(
    error: type[Exception], may_fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> NoReturn:
        raise error("no room")

    monkeypatch.setattr(forks, "can_fork", lambda: may_fork)
    with pytest.raises(error, match="no room"):
        list(results([refuse] * 5, 2, LONG_S))


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_an_answer_that_does_not_pickle_is_an_error_here() -> None:
    with pytest.raises((AttributeError, TypeError)):
        list(results([lambda: lambda: 1] * 5, 2, LONG_S))


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_who_wants_no_more_ends_the_processes() -> None:
    tasks = [lambda: 1, slow, slow, slow]
    with closing(results(tasks, 2, LONG_S)) as answers:
        assert next(answers) == 1


@linux
@pytest.mark.usefixtures("nothing_stays", "interruptible")
def test_an_interrupt_ends_the_processes() -> None:
    def interrupted() -> None:
        os.kill(HERE, signal.SIGINT)
        time.sleep(600)

    with pytest.raises(KeyboardInterrupt):
        list(results([interrupted, slow], 2, LONG_S))


@linux
@pytest.mark.usefixtures("nothing_stays", "interruptible")
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
    with pytest.raises(KeyboardInterrupt):
        list(results([slow] * 2, 2, LONG_S))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_any_other_signal_while_forking_is_heard_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = []
    fork = os.fork

    def alarmed() -> int:
        os.kill(HERE, signal.SIGALRM)
        return fork()

    monkeypatch.setattr(os, "fork", alarmed)
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(os.getpid()))
    try:
        tasks = [functools.partial(answer, n) for n in range(5)]
        assert sorted(results(tasks, 2, LONG_S)) == [task() for task in tasks]
    finally:
        signal.signal(signal.SIGALRM, before)
    assert set(heard) == {HERE}


@linux
@pytest.mark.usefixtures("nothing_stays", "interruptible")
def test_a_second_interrupt_leaves_no_process_either(monkeypatch: pytest.MonkeyPatch) -> None:
    kill = os.kill

    def interrupted(pid: int, number: int) -> None:
        if number == signal.SIGKILL:
            kill(HERE, signal.SIGINT)
        kill(pid, number)

    def stopped_twice() -> NoReturn:
        with closing(results([lambda: 1, slow, slow], 2, LONG_S)) as answers:
            next(answers)
            monkeypatch.setattr(os, "kill", interrupted)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_twice()


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_no_handler_of_the_parent_runs_in_a_process_of_another_thread() -> None:
    """After a fork the thread that forked is the main thread, where handlers run."""
    ran = []

    def interrupted() -> int:
        os.kill(os.getpid(), signal.SIGINT)  # ends this process
        return os.getpid()

    before = signal.signal(signal.SIGINT, lambda *_: ran.append(os.getpid()))
    try:
        with ThreadPoolExecutor(1) as pool:
            work = pool.submit(lambda: list(results([interrupted] * 4, 2, LONG_S)))
            assert set(work.result()) == {HERE}  # all done again here
    finally:
        signal.signal(signal.SIGINT, before)
    assert set(ran) == {HERE}


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_all_answers_are_enough_whoever_holds_a_pipe_open(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, strangers = os.pipe, []

    def shared() -> tuple[int, int]:
        ends = pipe()
        strangers.append(os.dup(ends[1]))  # as a process forked just now by another thread
        return ends

    monkeypatch.setattr(os, "pipe", shared)
    tasks = [functools.partial(answer, n) for n in range(5)]
    found = list(forks._by_processes([functools.partial(alone, task) for task in tasks], 2))
    assert sorted(found) == [task() for task in tasks]
    for end in strangers:
        os.close(end)


class OddError(Exception):
    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"{why} ({code})")


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_an_error_that_cannot_be_rebuilt_is_raised_all_the_same() -> None:
    def refuse() -> NoReturn:
        raise OddError(7, "really")

    with pytest.raises(OddError, match="really"):
        list(results([refuse] * 4, 2, LONG_S))


@linux
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize("possible", [0, 1, 2])
def test_without_a_further_descriptor_the_work_is_done_all_the_same(
    possible: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe, count = os.pipe, iter(range(9))

    def limited() -> tuple[int, int]:
        if next(count) < possible:
            return pipe()
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "pipe", limited)
    tasks = [functools.partial(answer, n) for n in range(7)]
    assert sorted(results(tasks, 3, LONG_S)) == [task() for task in tasks]


@pytest.mark.parametrize("work_s", [0.0, LONG_S])
@pytest.mark.parametrize("may_fork", [True, False])
def test_what_the_user_has_set_for_numpy_stays(
    may_fork: bool, work_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forks, "can_fork", lambda: may_fork and sys.platform == "linux")
    monkeypatch.setattr(forks, "WORTH_FORKING_S", 1.0 if work_s else 0.0)
    hashes = np.arange(3_000, dtype=np.uint64)
    before = np.getbufsize()
    for jobs in (1, 2):
        joins.close_pairs_within(
            hashes, 1, joins.PairSink(lambda i, j: (i, j), lambda *_: None), joins.Effort(jobs)
        )
    assert np.getbufsize() == before


@linux
def test_a_process_holds_nothing_open_that_is_not_its_own() -> None:
    """Else a worker would not notice that its parent is gone."""
    with open(__file__, "rb"):
        found = list(results([descriptors] * 2, 2, LONG_S))
    assert all(len(each - {0, 1, 2}) == 3 for each in found)  # tasks, answers, and the list itself


@linux
@pytest.mark.usefixtures("nothing_stays")
@pytest.mark.parametrize("may_fork", [True, False])
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_task_may_have_any_number_of_answers(
    jobs: int, may_fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forks, "can_fork", lambda: may_fork)
    tasks = [functools.partial(range, n) for n in range(9)]
    found = sorted(forks.results(tasks, jobs, LONG_S))
    assert found == sorted(number for n in range(9) for number in range(n))


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_an_answer_does_not_wait_for_those_that_follow() -> None:
    """Of ten thousand forms one task finds millions of pairs: they never are all in one place."""

    def many() -> Iterator[int]:
        yield 1
        yield slow()

    with closing(forks.results([many, many], 2, LONG_S)) as answers:
        assert [next(answers), next(answers)] == [1, 1]


@linux
@pytest.mark.usefixtures("nothing_stays")
def test_a_task_whose_process_dies_begins_again() -> None:
    def many() -> Iterator[int]:
        yield from range(3)
        if os.getpid() != HERE:
            die()
        yield 3

    assert set(forks.results([many, many], 2, LONG_S)) == {0, 1, 2, 3}
