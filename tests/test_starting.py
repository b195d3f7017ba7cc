"""Workers that begin before anybody knows that they are wanted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imageshelf.workers import pool, starting
from imageshelf.workers.jobs import WorkerError
from tests import worker_functions
from tests.conftest import drawn

if TYPE_CHECKING:
    from collections.abc import Iterator

    Begun = list[tuple[list[str], starting.Process]]

ROOT = Path(__file__).parent.parent
WORKER_FUNCTIONS = worker_functions.behave.__module__
LIKELY_JOBS = starting.likely_jobs


@pytest.fixture(autouse=True)
def early(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Begun]:
    """The processes that have begun; all of them end with the test."""
    monkeypatch.delitem(sys.modules, "IPython", raising=False)  # another test may have loaded it
    monkeypatch.setattr("imageshelf.workers.starting.cores", lambda: 3)
    monkeypatch.setattr(starting, "likely_jobs", lambda _: 8)
    yield starting._early
    starting.end_unused()


class TestLikelyJobs:
    @pytest.fixture(autouse=True)
    def in_a_folder_with_a_shelf(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(starting, "likely_jobs", LIKELY_JOBS)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "old.shelve").touch()

    @pytest.mark.parametrize(
        "words",
        ["-d photos", "--dataset a b --quiet", "-s new.shelve -d photos", "-d photos --shelve new"],
    )
    def test_a_new_shelf_wants_one_a_core(self, words: str) -> None:
        assert starting.likely_jobs(words.split()) == 3

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.sampled_from(["-d", "-s", "-j", "--jobs", "9" * 5000]) | st.text()))
    def test_no_words_are_too_odd(self, words: list[str]) -> None:
        assert starting.likely_jobs(words) >= 0

    def test_no_words_at_all_are_no_mistake_of_ours(self) -> None:
        assert starting.likely_jobs([]) == 3

    @pytest.mark.parametrize(("words", "jobs"), [("-j 1", 1), ("--jobs 40", 40), ("-j 0", 0)])
    def test_it_may_be_said_how_many(self, words: str, jobs: int) -> None:
        assert starting.likely_jobs(["-d", "photos", *words.split()]) == jobs

    @pytest.mark.parametrize(
        "words",
        [
            "-d photos -s old.shelve",
            "-d photos --shelve old.shelve",
            *("--help", "--version", "-d photos --hash phash", "-d p --scheduler tcp://h:1"),
            *("-d p -j", "-d p -j many", "-d p --shelve=new", "-d p -j2", "-d p --memory-limit 9"),
        ],
    )
    def test_whatever_else_is_said_wants_none(self, words: str) -> None:
        assert starting.likely_jobs(words.split()) == 0


def by_name(name: str) -> Any:
    return name


def pids_of(jobs: int) -> set[int]:
    """Ask workers for something; return which processes they were."""
    with pool.workers(worker_functions.behave, jobs=jobs) as run:
        return {cast("int", pid) for _, pid in run(["who"] * 200)}


class TestEarly:
    def test_they_are_as_many_as_there_are_other_cores(self, early: Begun) -> None:
        starting.start_early(WORKER_FUNCTIONS, 9)
        assert len(early) == 2

    def test_on_one_core_there_are_none(
        self,
        early: Begun,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("imageshelf.workers.starting.cores", lambda: 1)
        starting.start_early(WORKER_FUNCTIONS, 9)
        assert not early

    def test_in_a_notebook_there_are_none(
        self, early: Begun, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "IPython", sys)
        starting.start_early(WORKER_FUNCTIONS, 9)
        assert not early

    def test_they_do_the_work(self, early: Begun) -> None:
        starting.start_early(WORKER_FUNCTIONS, 9)
        begun = {process.pid for _, process in early}
        assert pids_of(2) <= begun
        assert not early

    def test_others_start_beside_them(self, early: Begun) -> None:
        starting.start_early(WORKER_FUNCTIONS, 9)
        processes = [process for _, process in early]
        with pool.workers(worker_functions.double, jobs=5) as run:
            assert sorted(run(range(500))) == [(n, 2 * n) for n in range(500)]
        assert all(process.poll() is not None for process in processes)

    def test_one_that_died_is_not_handed_out(self, early: Begun) -> None:
        starting.start_early(WORKER_FUNCTIONS, 9)
        dead = {process.pid for _, process in early}
        for _, process in early:
            process.kill()
            process.wait()
        found = pids_of(2)
        assert found
        assert not found & dead

    def test_another_thread_may_take_the_last_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Taken(list[Any]):
            """As it looks to a thread that asked just before another took the last one."""

            def __len__(self) -> int:
                return 1

        with monkeypatch.context() as patch:
            patch.setattr(starting, "_early", Taken())
            assert pids_of(1)

    def test_those_with_another_module_are_ended(self, early: Begun) -> None:
        starting.start_early("json", 9)
        processes = [process for _, process in early]
        assert not pids_of(2) & {process.pid for process in processes}
        assert all(process.poll() is not None for process in processes)

    def test_a_module_that_cannot_be_loaded_is_told_by_whoever_needs_it(self) -> None:
        starting.start_early("imageshelf.no_such_module", 9)
        with (
            pytest.raises(WorkerError, match=r"No module named 'imageshelf\.no_such"),
            pool.workers(by_name("imageshelf.no_such_module:do"), jobs=2) as run,
        ):
            list(run([1]))

    def test_where_none_can_start_nothing_happens(
        self,
        early: Begun,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def refused(*_: object) -> starting.Process:
            raise OSError("no more processes")

        monkeypatch.setattr(starting, "_started", refused)
        starting.start_early(WORKER_FUNCTIONS, 9)
        assert not early

    @pytest.mark.parametrize(
        ("theirs", "found"), [(None, "glibc.malloc.hugetlb=1"), ("x.y=3", "x.y=3")]
    )
    def test_they_get_huge_pages_unless_the_user_says_how_to_allocate(
        self, theirs: str | None, found: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
        if theirs:
            monkeypatch.setenv("GLIBC_TUNABLES", theirs)
        with pool.workers(worker_functions.behave, jobs=1) as run:
            assert list(run(["allocation"])) == [("allocation", found)]

    def test_dismissed_they_are_gone(self, early: Begun) -> None:
        starting.start_early(WORKER_FUNCTIONS, 9)
        processes = [process for _, process in early]
        starting.end_unused()
        starting.end_unused()
        assert not early
        assert all(process.returncode is not None for process in processes)


WATCHED = """
import json, runpy, subprocess, sys
started = []
class Watched(subprocess.Popen):
    def __init__(self, *words, **options):
        super().__init__(*words, **options)
        started.append(self.pid)
subprocess.Popen = Watched
out, sys.argv = sys.argv[1], sys.argv[2:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
import os
if hasattr(os, "sched_getaffinity"):
    os.sched_getaffinity = lambda _: {0, 1}
os.cpu_count = os.process_cpu_count = lambda: 2
import atexit
atexit.register(lambda: open(out, "w").write(json.dumps(started)))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def started_by(tmp_path: Path, *arguments: str, script: str = "index.py") -> tuple[int, list[int]]:
    """Run a script; return its exit status and the processes that it started."""
    out = tmp_path / "started.json"
    run = subprocess.run(
        [sys.executable, "-c", WATCHED, str(out), str(ROOT / script), *arguments],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert "Traceback" not in run.stderr
    return run.returncode, json.loads(out.read_text())


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.mark.skipif(sys.platform == "win32", reason="pids are looked at the POSIX way")
class TestTheScript:
    def test_a_first_run_starts_no_more_than_it_needs(self, tmp_path: Path, photos: Path) -> None:
        status, pids = started_by(tmp_path, "-d", str(photos))
        assert status == 0
        assert len(pids) == 2
        assert not any(map(alive, pids))

    def test_a_run_with_nothing_new_starts_none(self, tmp_path: Path, photos: Path) -> None:
        started_by(tmp_path, "-d", str(photos))
        assert started_by(tmp_path, "-d", str(photos)) == (0, [])

    def test_a_search_starts_one_for_a_query_that_needs_it(
        self, tmp_path: Path, photos: Path
    ) -> None:
        started_by(tmp_path, "-d", str(photos))
        drawn(0, (1600, 1300)).save(tmp_path / "large.jpg")  # of more than 2 megapixels
        for query, number in ((photos / "0.jpg", 0), (tmp_path / "large.jpg", 1)):
            status, pids = started_by(tmp_path, "-q", str(query), script="search.py")
            assert (status, len(pids)) == (0, number)
            assert not any(map(alive, pids))

    @pytest.mark.parametrize("wrong", [["-d", "/nowhere"], ["-q"], ["-d"], []])
    def test_a_run_that_fails_leaves_none_behind(self, tmp_path: Path, wrong: list[str]) -> None:
        status, pids = started_by(tmp_path, *wrong)
        assert status in (1, 2)
        deadline = time.monotonic() + 60
        while any(map(alive, pids)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(map(alive, pids))
