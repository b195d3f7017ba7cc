"""Ctrl-C, SIGTERM and SIGHUP."""

import os
import signal
import threading

import pytest

from imageshelf.system.signals import Stopped, stopping

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


@posix
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_waits_until_the_open_work_is_done(name: str, status: int) -> None:
    number, done = getattr(signal, name), []
    if signal.getsignal(number) is signal.SIG_IGN:  # under nohup
        signal.signal(number, signal.SIG_DFL)
    with stopping() as stop, pytest.raises(Stopped) as caught:  # noqa: PT012 - the order is the test
        os.kill(os.getpid(), number)
        done.append("written")
        stop.check()
        done.append("never")
    assert done == ["written"]
    assert caught.value.exit_status == status


@posix
def test_a_signal_is_granted_at_once_where_nothing_can_be_lost() -> None:
    with stopping() as stop, stop.at_once(), pytest.raises(Stopped):  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("went on")


@posix
def test_a_second_signal_does_not_wait() -> None:
    with stopping(), pytest.raises(Stopped):  # noqa: PT012 - the order is the test
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("went on")


@posix
def test_items_already_handed_over_are_worked_on_before_the_stop() -> None:
    done = []
    with stopping() as stop, pytest.raises(Stopped):  # noqa: PT012 - the order is the test
        for item in stop.watch(iter([1, 2, 3])):
            if item == 2:
                os.kill(os.getpid(), signal.SIGTERM)
            done.append(item)
    assert done == [1, 2]


@posix
def test_a_program_under_nohup_does_not_hear_the_hang_up() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stopping() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            stop.check()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_handlers_of_before_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopping():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_another_thread_may_index_without_touching_signals() -> None:
    seen = []

    def work() -> None:
        with stopping() as stop:
            seen.append(stop)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(seen) == 1
