from __future__ import annotations

import io
import itertools
import os
import pickle
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from imageshelf.system.process import cores
from imageshelf.system.words import one_line
from imageshelf.workers import serving
from imageshelf.workers.jobs import Lost, ProcessSettings, WorkerError
from imageshelf.workers.pool import ITEMS_AHEAD, Pool, workers
from imageshelf.workers.process import Worker, cause_of_death
from imageshelf.workers.serving import framed
from imageshelf.workers.starting import command, import_path
from imageshelf.workers.starting import start as start_process
from tests import worker_functions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROJECT = Path(__file__).parent.parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and sessions are POSIX")
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc, RLIMIT_AS and SIGIO on pipes")


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def gone(pid: int) -> bool:
    """Whether the process has ended; who reaps an orphan here is not our business."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


def worker_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name == "imageshelf worker"]


def run_all(items: list[Any], **limits: Any) -> list[tuple[Any, Any]]:
    with workers(worker_functions.behave, **{"jobs": 2, **limits}) as run:
        return list(run(items))


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start Python code as a script of its own, in another folder, in a session of its own."""

    def start(code: str, **options: Any) -> subprocess.Popen[str]:
        preface = f"import sys; sys.path[:0] = {[str(PROJECT)]!r}\n"
        preface += "from tests import worker_functions\nfrom imageshelf.workers.pool import *\n"
        path = tmp_path / "script.py"
        path.write_text(preface + textwrap.dedent(code), encoding="utf-8")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        words = [sys.executable, "-u", str(path)]
        options = {"cwd": tmp_path, "text": True, "start_new_session": True, **pipes, **options}
        return cast("subprocess.Popen[str]", subprocess.Popen(words, **options))

    return start


class TestMap:
    @pytest.mark.parametrize("jobs", [0, 1, 2, 5])
    @pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
    def test_every_item_is_answered_once(self, jobs: int, count: int) -> None:
        with workers(worker_functions.double, jobs=jobs) as run:
            assert sorted(run(range(count))) == [(n, 2 * n) for n in range(count)]

    def test_without_jobs_an_exception_passes(self) -> None:
        with (
            workers(worker_functions.behave, jobs=0) as run,
            pytest.raises(ValueError, match="odd"),
        ):
            list(run(["raise"]))

    def test_negative_jobs_are_refused(self) -> None:
        with (
            pytest.raises(ValueError, match="jobs must be 0 or more"),
            workers(worker_functions.double, jobs=-1),
        ):
            pass

    def test_the_item_that_comes_back_is_the_one_that_was_given(self) -> None:
        items = [["a", 1], ["b", 2]]
        with workers(worker_functions.send_back, jobs=2) as run:
            given = {id(item) for item, _ in run(items)}
        assert given == {id(item) for item in items}

    @pytest.mark.parametrize(
        "text", ["a\udcffb.jpg", "\n\"'\\\x00", "\u202eexe", "é" * 5000, b"\xff"]
    )
    def test_any_name_survives(self, text: object) -> None:
        with workers(worker_functions.send_back, jobs=1) as run:
            assert list(run([text])) == [(text, text)]

    def test_items_and_results_larger_than_any_pipe_do_not_block_each_other(self) -> None:
        sizes = [3_000_000, 10, 3_000_000, 70_000, 5000, 5000, 5000, 200_000, 1] * 4
        with workers(worker_functions.send_back, jobs=2) as run:
            assert sorted(len(result) for _, result in run(bytes(n) for n in sizes)) == sorted(
                sizes
            )

    def test_the_source_is_read_no_further_than_the_window(self) -> None:
        taken = itertools.count()
        with workers(worker_functions.double, jobs=2) as run:
            results = run(next(taken) for _ in itertools.count())
            for given in range(1, 2000):
                next(results)
                assert next(taken) <= given + 2 * ITEMS_AHEAD + given  # the reads here count, too
            cast("Any", results).close()

    def test_the_source_is_read_in_the_thread_that_takes_the_results(self) -> None:
        def names() -> Iterator[str]:
            for _ in range(50):
                yield threading.current_thread().name

        with workers(worker_functions.send_back, jobs=2) as run:
            assert {name for name, _ in run(names())} == {threading.current_thread().name}

    def test_an_error_in_the_source_reaches_the_consumer_and_spares_the_workers(self) -> None:
        def broken() -> Iterator[int]:
            yield 1
            raise LookupError("the source")

        with workers(worker_functions.double, jobs=2) as run:
            with pytest.raises(LookupError, match="the source"):
                list(run(broken()))
            assert list(run([4])) == [(4, 8)]

    def test_an_item_that_does_not_pickle_is_the_consumers_error(self) -> None:
        with workers(worker_functions.send_back, jobs=1) as run:
            with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
                list(run([lambda: None]))
            assert list(run([4])) == [(4, 4)]

    def test_one_map_follows_another_even_if_the_first_was_left(self) -> None:
        with workers(worker_functions.double, jobs=2) as run:
            first = run(itertools.count())
            next(first)
            cast("Any", first).close()
            assert sorted(run(range(100))) == [(n, 2 * n) for n in range(100)]
            assert sorted(run(range(100))) == [(n, 2 * n) for n in range(100)]

    def test_two_maps_take_turns(self) -> None:
        with workers(worker_functions.double, jobs=2) as run:
            pairs = list(zip(run(range(700)), run(range(1000, 1700)), strict=True))
        assert sorted(one[0] for one, _ in pairs) == list(range(700))
        assert sorted(other[0] for _, other in pairs) == list(range(1000, 1700))

    def test_two_contexts_work_side_by_side(self) -> None:
        with (
            workers(worker_functions.double, jobs=2) as double,
            workers(worker_functions.send_back, jobs=2) as send_back,
        ):
            assert sorted(double(n for n, _ in send_back(range(900)))) == [
                (n, 2 * n) for n in range(900)
            ]

    def test_cores_are_at_least_one_and_at_most_those_of_the_machine(self) -> None:
        assert 1 <= cores() <= (os.cpu_count() or 1)


class TestIsolation:
    @posix
    @pytest.mark.parametrize(
        ("behaviour", "reason", "lasting"),
        [
            ("segfault", "the decoder crashed (signal 11: segmentation fault)", True),
            ("null", "the decoder crashed (signal 11: segmentation fault)", True),
            ("abort", "the decoder crashed (signal 6: abort", True),
            ("exit", "the decoder ended its process (exit status 3)", True),
            ("exit well", "the decoder ended its process (exit status 0)", True),
            ("leave", "internal error: SystemExit: 3", False),
            ("killed", "was killed (signal 9), most likely for want of memory", False),
            ("terminated", "its worker was stopped (signal 15: terminated)", False),
            ("loop", "took longer than 1 s", False),
            ("loop in C", "took longer than 1 s", False),
            ("sleep", "took longer than 1 s", False),
            ("raise", "internal error: ValueError: odd value", False),
        ],
    )
    def test_a_bad_item_costs_itself_only(self, behaviour: str, reason: str, lasting: bool) -> None:
        items = [*range(500), behaviour, *range(500, 1000), behaviour]
        results = run_all(items, time_limit_s=1)
        lost = [outcome for item, outcome in results if item == behaviour]
        assert len(lost) == 2
        for outcome in lost:
            assert outcome.reason.startswith(reason)
            assert outcome.lasting is lasting
        assert sorted(pair for pair in results if pair[0] != behaviour) == [
            (n, 2 * n) for n in range(1000)
        ]

    @linux
    @pytest.mark.parametrize("behaviour", ["eat", "eat up"])
    def test_hunger_costs_one_item_and_says_how_much_there_was(self, behaviour: str) -> None:
        results = run_all([1, behaviour, 2, behaviour, 3], memory_limit_bytes=200_000_000)
        lost = Lost("needs more memory than 200 MB", lasting=False)
        assert sorted(results, key=str) == sorted(
            [(1, 2), (2, 4), (3, 6), (behaviour, lost), (behaviour, lost)], key=str
        )

    @posix
    def test_want_of_memory_between_items_is_no_crash_and_ends_no_run(self) -> None:
        hungry = Lost("needs more memory than there is", lasting=False)
        for _ in range(5):
            results = dict(run_all(["starve", 1, 2, 3]))
            assert results.pop("starve") == "done"
            assert all(outcome in {2 * n, hungry} for n, outcome in results.items())
            assert sum(outcome == hungry for outcome in results.values()) <= 1

    @linux
    def test_the_limit_on_memory_leaves_room_for_that_much(self) -> None:
        with workers(worker_functions.send_back, jobs=1, memory_limit_bytes=300_000_000) as run:
            assert [len(result) for _, result in run([bytes(20_000_000)])] == [20_000_000]

    def test_what_an_item_prints_disturbs_nothing(self, capfd: pytest.CaptureFixture[str]) -> None:
        results = run_all([1, "noise", 2])
        assert sorted(results, key=str) == [("noise", "done"), (1, 2), (2, 4)]
        assert capfd.readouterr() == ("", "")

    @pytest.mark.parametrize(
        ("function", "reason"),
        [
            (worker_functions.unpicklable, "internal error: "),
            (worker_functions.one_way, "internal error: ValueError"),
        ],
    )
    def test_a_result_that_cannot_travel_is_a_lost_item(
        self, function: Callable[[Any], Any], reason: str
    ) -> None:
        with workers(function, jobs=1) as run:
            results = list(run([1, 2]))
        assert [item for item, _ in results] == [1, 2]
        assert all(outcome.reason.startswith(reason) for _, outcome in results)

    def test_the_clock_is_for_each_item(self) -> None:
        with workers(worker_functions.nap, jobs=1, time_limit_s=2) as run:
            results = list(run([0.05] * 60))
        assert results == [(0.05, 0.05)] * 60

    @posix
    def test_a_worker_that_dies_idle_costs_no_item(self) -> None:
        with workers(worker_functions.process_id, jobs=1) as run:
            for _ in range(3):
                ((_, pid),) = run([0])
                os.kill(cast("int", pid), signal.SIGKILL)
                assert eventually(lambda pid=pid: gone(pid))  # type: ignore[misc]
                ((_, successor),) = run([0])
                assert isinstance(successor, int)
                assert successor != pid

    @posix
    @pytest.mark.parametrize("seed", range(3))
    def test_no_item_is_lost_or_doubled_whatever_crashes(self, seed: int) -> None:
        chance = random.Random(seed)
        bad = ["segfault", "abort", "exit", "killed", "terminated", "raise", "leave"]
        items: list[Any] = list(range(1000))
        for _ in range(16):  # in bursts, also side by side
            at = chance.randrange(len(items))
            items[at:at] = chance.choices(bad, k=chance.choice([1, 1, 2, 5]))
        results = run_all(items, jobs=chance.choice([1, 2, 3, 8]))
        print(f"seed {seed}")
        assert Counter(item for item, _ in results) == Counter(items)
        for item, outcome in results:
            assert isinstance(outcome, Lost) if isinstance(item, str) else outcome == 2 * item

    def test_an_answer_at_the_last_moment_counts_once(self) -> None:
        chance = random.Random(5)
        items = [chance.choice([0.0, 0.17, 0.2, 0.23]) for _ in range(40)]
        with workers(worker_functions.nap, jobs=3, time_limit_s=0.05) as run:
            results = list(run(items))
        assert Counter(item for item, _ in results) == Counter(items)
        for item, outcome in results:
            assert outcome in (item, Lost("took longer than 0.05 s", lasting=False))

    @pytest.mark.skipif(sys.platform == "win32", reason="no timers of CPU time")
    def test_waiting_counts_less_than_working(self) -> None:
        with workers(worker_functions.nap, jobs=1, time_limit_s=0.5) as run:
            assert list(run([1.0])) == [(1.0, 1.0)]  # on a busy machine, or before a slow disk
        lost = Lost("took longer than 0.5 s", lasting=False)
        assert run_all(["loop"], time_limit_s=0.5) == [("loop", lost)]

    @pytest.mark.parametrize(
        ("status", "reason", "lasting"),
        [
            (0xC0000005, "the decoder crashed (exit status 0xc0000005)", True),
            (1, "the decoder ended its process (exit status 1)", True),
            (-9, "was killed (signal 9), most likely for want of memory", False),
            (-63, "its worker was stopped (signal 63: ", False),
        ],
    )
    def test_an_exit_status_is_told_in_words(self, status: int, reason: str, lasting: bool) -> None:
        verdict = cause_of_death(status)
        assert verdict.reason.startswith(reason)
        assert verdict.lasting is lasting


class TestStart:
    @pytest.mark.parametrize(
        ("source", "reason"),
        [
            ("raise LookupError('no such codec')", "LookupError: no such codec"),
            ("import no_such_module", "No module named 'no_such_module'"),
            ("import os; os._exit(7)", "cannot start: exit status 7"),
            ("import os; os.abort()", "cannot start: exit status -6"),
            ("print('x' * 10**6); raise LookupError('late')", "LookupError: late"),
        ],
    )
    def test_a_module_that_fails_over_there_is_one_clear_error(
        self, source: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code = f"import os\nif os.getpid() != {os.getpid()}:\n    {source}\ndef work(_): pass\n"
        (tmp_path / "moody.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "moody", raising=False)
        import moody  # type: ignore[import-not-found]

        with workers(moody.work, jobs=2) as run:
            for _ in range(2):  # a second map hears of it, too
                with pytest.raises(WorkerError, match=reason):
                    list(run([1, 2, 3]))
        assert not worker_threads()

    def test_a_module_that_never_finishes_importing_is_an_error(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imageshelf.workers.process.START_LIMIT_S", 0.3)
        code = f"import os, time\nif os.getpid() != {os.getpid()}:\n    time.sleep(3600)\n"
        (tmp_path / "sleepy.py").write_text(code + "def work(_): pass\n")
        monkeypatch.syspath_prepend(tmp_path)
        import sleepy  # type: ignore[import-not-found]

        with (
            workers(sleepy.work, jobs=1, time_limit_s=0.1) as run,
            pytest.raises(WorkerError, match="not ready after"),
        ):
            list(run([1]))

    def test_a_function_without_a_name_is_refused(self) -> None:
        with (
            pytest.raises(WorkerError, match="cannot run in worker processes"),
            workers(lambda item: item, jobs=1),
        ):
            pass

    @pytest.mark.parametrize(
        ("executable", "reason"),
        [
            ("", "does not name the Python interpreter"),
            ("/no/such/python", "No such file or directory"),
        ],
    )
    def test_a_missing_interpreter_is_one_clear_error(
        self, executable: str, reason: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", executable)
        with (
            pytest.raises(WorkerError, match=reason),
            workers(worker_functions.double, jobs=1) as run,
        ):
            list(run([1]))

    def test_a_function_of_the_script_itself_is_one_clear_error(
        self, script: Callable[..., subprocess.Popen[str]]
    ) -> None:
        process = script(
            """
            def mine(item): return item
            try:
                with workers(mine, jobs=1) as run:
                    list(run([1]))
            except WorkerError as exc:
                print(exc)
            """
        )
        out, err = process.communicate()
        assert "cannot start: AttributeError" in out
        assert err == ""

    def test_no_main_guard_is_needed(self, script: Callable[..., subprocess.Popen[str]]) -> None:
        process = script(
            "with workers(worker_functions.double, jobs=2) as run: print(sorted(run([1, 2])))\n"
        )
        assert process.communicate() == ("[(1, 2), (2, 4)]\n", "")

    def test_a_notebook_needs_nothing_special(self) -> None:
        nbformat = pytest.importorskip("nbformat")
        nbclient = pytest.importorskip("nbclient")
        cells = [
            f"import sys; sys.path[:0] = {[str(PROJECT)]!r}",
            "from tests import worker_functions",
            "from imageshelf.workers.pool import workers",
            "del sys.path[0]",  # as %run leaves it
            "with workers(worker_functions.double, jobs=2) as run: print(sorted(run([1, 2])))",
        ]
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        nbclient.NotebookClient(book, timeout=120).execute()
        assert book.cells[-1].outputs[0].text == "[(1, 2), (2, 4)]\n"

    @posix
    def test_closed_standard_streams_do_not_matter(
        self, tmp_path: Path, script: Callable[..., subprocess.Popen[str]]
    ) -> None:
        process = script(
            """
            import os
            os.closerange(0, 3)
            sys.stdin = sys.stdout = sys.stderr = None
            with workers(worker_functions.behave, jobs=2) as run:
                results = sorted(run([1, 2, "noise", "segfault"]), key=str)
            with open("results", "w") as file:
                file.write(repr([item for item, _ in results]))
            """
        )
        process.communicate()
        assert (tmp_path / "results").read_text() == "['noise', 'segfault', 1, 2]"

    @pytest.mark.parametrize("folder", ["lib", "odd \"'\\ \n name", "b\udcffd", "{braces}"])
    def test_a_relative_entry_of_the_path_is_taken_as_of_now(
        self, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        try:
            (tmp_path / folder).mkdir()
        except (OSError, UnicodeError):
            pytest.skip("no such name on this file system")
        (tmp_path / folder / "relative_module.py").write_text("def work(item): return -item\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [*sys.path, folder, Path("not text")])
        monkeypatch.delitem(sys.modules, "relative_module", raising=False)
        import relative_module  # type: ignore[import-not-found]

        with workers(relative_module.work, jobs=1) as run:
            monkeypatch.chdir("/")
            assert list(run([1])) == [(1, -1)]

    @pytest.mark.parametrize("package", [False, True])
    def test_a_module_comes_from_where_it_was_imported_here(
        self, package: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither that its folder has left sys.path nor that another shadows it matters."""
        for version in ("here", "other"):
            file = tmp_path / version / ("twin/__init__.py" if package else "twin.py")
            file.parent.mkdir(parents=True)
            file.write_text(f"def work(_): return {version!r}\n")
        monkeypatch.delitem(sys.modules, "twin", raising=False)
        monkeypatch.setattr(sys, "path", [str(tmp_path / "here"), *sys.path])
        import twin  # type: ignore[import-not-found]

        for path in (sys.path[1:], [str(tmp_path / "other"), *sys.path[1:]]):
            monkeypatch.setattr(sys, "path", path)
            with workers(twin.work, jobs=1) as run:
                assert list(run([1])) == [(1, "here")]
        monkeypatch.setattr(sys, "path", [str(tmp_path / "here"), *sys.path[1:]])
        assert import_path(["twin", "builtins", "__main__"]) == [
            os.path.abspath(entry) for entry in sys.path
        ]

    @linux
    def test_a_worker_inherits_neither_files_nor_another_ones_pipes(self, tmp_path: Path) -> None:
        with (tmp_path / "marker").open("w") as marker:
            os.set_inheritable(marker.fileno(), True)
            with workers(worker_functions.descriptors, jobs=4) as run:
                found = {cast("tuple[str, ...]", open_there) for _, open_there in run(range(500))}
        pipes = [target for one in found for target in one if target.startswith("pipe:")]
        assert len(pipes) == len(set(pipes)) == 3 * len(found)
        assert not [target for one in found for target in one if "marker" in target]

    @posix
    def test_a_worker_has_a_session_of_its_own(self) -> None:
        with workers(worker_functions.process_id, jobs=1) as run:
            ((_, pid),) = run([0])
            assert os.getsid(cast("int", pid)) == pid


@linux
class TestEnd:
    def started(self, run: Any) -> list[int]:
        pids = {pid for _, pid in run(range(200))}
        assert pids
        return list(pids)

    def test_leaving_the_context_leaves_no_process_and_no_thread(self) -> None:
        with workers(worker_functions.process_id, jobs=3) as run:
            pids = self.started(run)
        for pid in pids:
            with pytest.raises(ProcessLookupError):  # not even a zombie
                os.kill(pid, 0)
        assert not worker_threads()

    @pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt, GeneratorExit])
    def test_an_exception_in_the_consumer_leaves_nothing(self, error: type[BaseException]) -> None:
        pids: list[int] = []
        with suppress(error), workers(worker_functions.process_id, jobs=3) as run:
            pids = self.started(run)
            for _ in run(itertools.count()):
                raise error
        assert pids
        assert all(gone(pid) for pid in pids)
        assert not worker_threads()

    def test_a_context_left_at_once_leaves_nothing(self) -> None:
        for _ in range(5):
            with workers(worker_functions.double, jobs=3):
                pass
            assert not worker_threads()

    def test_hung_items_do_not_hold_up_the_end(self) -> None:
        with workers(worker_functions.behave, jobs=2, time_limit_s=3600) as run:
            assert next(run([1, "loop in C", "sleep", "loop"])) == (1, 2)
        assert not worker_threads()

    def test_a_map_after_the_end_is_an_error(self) -> None:
        with workers(worker_functions.double, jobs=1) as run:
            half_way = run(itertools.count())
            next(half_way)
        with pytest.raises(WorkerError, match="closed"):
            list(run([1]))
        with pytest.raises(WorkerError, match="closed"):
            list(half_way)

    def test_a_second_interruption_during_the_end_leaves_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail = Pool.fail
        interruptions = iter([KeyboardInterrupt])

        def interrupted(pool: Pool, failure: WorkerError) -> None:
            for interruption in interruptions:
                raise interruption
            fail(pool, failure)

        monkeypatch.setattr(Pool, "fail", interrupted)
        pids: list[int] = []
        with suppress(KeyboardInterrupt), workers(worker_functions.process_id, jobs=2) as run:
            pids = self.started(run)
        assert all(gone(pid) for pid in pids)
        assert not worker_threads()

    def test_an_end_without_leaving_the_context_leaves_nothing(
        self, script: Callable[..., subprocess.Popen[str]]
    ) -> None:
        process = script(
            """
            context = workers(worker_functions.process_id, jobs=2)
            print(*{pid for _, pid in context.__enter__()(range(200))})
            """
        )
        out, err = process.communicate()
        assert err == ""
        assert out.split()
        assert eventually(lambda: all(gone(int(pid)) for pid in out.split()))

    HANG = """
        with workers(worker_functions.behave, jobs=1, time_limit_s=3600) as run:
            ((_, pid),) = run(["who"])
            print(pid)
            list(run([2, BEHAVIOUR, 3]))
        """

    def hanging(
        self, script: Callable[..., subprocess.Popen[str]], behaviour: str
    ) -> tuple[Any, int]:
        process = script(self.HANG.replace("BEHAVIOUR", repr(behaviour)))
        assert process.stdout
        pid = process.stdout.readline()
        assert not gone(int(pid))
        time.sleep(0.3)  # it may be well inside its item by now, or not: both must hold
        return process, int(pid)

    @pytest.mark.parametrize("behaviour", ["sleep", "loop", "loop in C"])
    def test_a_parent_that_is_killed_takes_its_workers_along(
        self, behaviour: str, script: Callable[..., subprocess.Popen[str]]
    ) -> None:
        process, pid = self.hanging(script, behaviour)
        process.kill()
        process.communicate()
        assert eventually(lambda: gone(pid))

    @pytest.mark.parametrize("interruptions", [1, 2])
    def test_a_terminals_interrupt_is_told_once(
        self, interruptions: int, script: Callable[..., subprocess.Popen[str]]
    ) -> None:
        process, pid = self.hanging(script, "sleep")
        for _ in range(interruptions):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.002)
        _, err = process.communicate()
        assert process.returncode in (-signal.SIGINT, 130)
        assert err.count("KeyboardInterrupt") <= interruptions
        assert "serving" not in err
        assert eventually(lambda: gone(pid))

    def test_a_worker_that_nobody_watches_ends_itself(self) -> None:
        process = subprocess.Popen(
            command(worker_functions.behave.__module__),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with process:
            assert process.stdin
            limit_s = 0.2
            process.stdin.write(
                framed(pickle.dumps((pickle.dumps(worker_functions.behave), limit_s, None)))
            )
            process.stdin.write(framed(pickle.dumps("loop in C")))
            process.stdin.flush()
            assert -process.wait() in {signal.SIGPROF, signal.SIGALRM}  # which limit came first
        verdict = Worker(cast("Any", None), ProcessSettings([], b"", 20.0, None))._verdict(
            -signal.SIGPROF, 0.0
        )
        assert verdict == Lost("took longer than 20 s", lasting=False)


class TestInside:
    """The child's side, here in this process."""

    def test_it_answers_in_order_until_the_stream_ends(self) -> None:
        setup = pickle.dumps((pickle.dumps(worker_functions.behave), 20.0, None))
        requests = [setup, *(pickle.dumps(item) for item in (1, "raise", 3))]
        answers = io.BytesIO()
        ready: list[bool] = []
        with pytest.raises(EOFError):
            serving.serve(
                io.BytesIO(b"".join(framed(each) for each in requests)),
                answers,
                lambda: ready.append(True),
            )
        answers.seek(0)
        assert ready == [True]
        assert serving.read_frame(answers) == b""
        assert [pickle.loads(serving.read_frame(answers)) for _ in range(3)] == [
            (serving.VALUE, 2),
            (serving.ERROR, "ValueError: odd value"),
            (serving.VALUE, 6),
        ]

    @pytest.mark.parametrize("length", range(7))
    def test_a_stream_cut_short_is_an_end(self, length: int) -> None:
        with pytest.raises(EOFError):
            serving.read_frame(io.BytesIO(framed(b"abc")[:length]))

    def test_want_of_memory_is_told_from_other_errors(self) -> None:
        def hungry(_: object) -> None:
            raise MemoryError

        reply = serving.answer(hungry, pickle.dumps(1))
        assert pickle.loads(reply) == (serving.OUT_OF_MEMORY, None)

    def test_an_error_without_words_has_its_name(self) -> None:
        class MuteError(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        assert one_line(MuteError()) == "MuteError"
        assert one_line(KeyError()) == "KeyError"
        assert one_line(ValueError("x" * 1000)) == "ValueError: " + "x" * 288

    @linux
    @pytest.mark.parametrize(("hard", "limited"), [(-1, True), (1 << 60, True), (1 << 20, False)])
    def test_a_stricter_limit_of_the_system_stays(
        self, hard: int, limited: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import resource

        limits: list[tuple[int, int]] = []
        monkeypatch.setattr(resource, "getrlimit", lambda _: (-1, hard))
        monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
        serving.limit_memory(1 << 30)
        assert bool(limits) is limited
        assert all(soft > 1 << 30 and kept == hard for soft, kept in limits)


@posix
def test_among_quick_items_only_the_culprit_is_lost() -> None:
    culprits = {300: "segfault", 301: "exit", 902: "abort", 2999: "killed"}
    items = [culprits.get(number, number) for number in range(3000)]
    with workers(worker_functions.behave, jobs=2) as run:
        outcomes = list(run(items))
    lost = Counter(item for item, outcome in outcomes if isinstance(outcome, Lost))
    assert lost == Counter(culprits.values())
    found = {item: outcome for item, outcome in outcomes if not isinstance(outcome, Lost)}
    assert found == {number: 2 * number for number in range(3000) if number not in culprits}


@posix
def test_workers_start_while_another_thread_changes_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As NumPy does while it is imported; a child that read it then ended with EFAULT."""
    stopped, starting = threading.Event(), threading.Event()

    def starts(*orders: Any) -> Any:
        starting.set()
        try:
            return start_process(*orders)
        finally:
            starting.clear()

    monkeypatch.setattr("imageshelf.workers.process.start", starts)

    def change() -> None:
        number = 0
        while not stopped.is_set():
            starting.wait()
            number += 1
            os.environ[f"IMAGESHELF_TEST_{number % 50}"] = "x" * (number % 300)
            os.environ.pop(f"IMAGESHELF_TEST_{(number + 7) % 50}", None)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(30):
            starting.set()  # the environment is read now, too
            with workers(worker_functions.double, jobs=2) as run:
                assert sorted(run([1, 2])) == [(1, 2), (2, 4)]
    finally:
        stopped.set()
        starting.set()
        changing.join()
        for name in [name for name in os.environ if name.startswith("IMAGESHELF_TEST_")]:
            del os.environ[name]
