"""`index.py --scheduler`: a real Dask scheduler and real workers, and what may happen to them."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

import index as script
from imageshelf import Settings, index, open_shelf
from imageshelf.pictures.tasks import Task
from imageshelf.shelf import chunks
from imageshelf.workers.cluster import on_worker
from imageshelf.workers.cluster.client import (
    CHUNKS_AHEAD,
    FIRST_ITEMS,
    KILLED,
    checked,
    cluster,
)
from imageshelf.workers.cluster.connection import Connection
from imageshelf.workers.jobs import Lost, WorkerError
from tests import worker_functions
from tests.conftest import ROOT, drawn
from tests.dask_processes import Processes, dask_processes, processes_ready
from tests.odd_decoders import examine_or_misbehave
from tests.test_isolation import BAD, tiny

try:
    import distributed
except ImportError:
    distributed = None

dask = pytest.mark.skipif(distributed is None, reason="needs Dask (the extra 'cluster')")
posix = pytest.mark.skipif(os.name != "posix", reason="needs signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture(scope="module")
def dask_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler with two workers that lives as long as the tests of this module."""
    with dask_processes(tmp_path_factory.mktemp("dask"), workers=2) as processes:
        yield processes


@pytest.fixture
def address(dask_cluster: Processes) -> str:
    """Where its scheduler is, when both workers are there: a test may have killed one."""
    processes_ready(dask_cluster.address, 2)
    return dask_cluster.address


@pytest.fixture
def shelve(tmp_path: Path) -> Path:
    return tmp_path / "db.shelve"


def run(folder: Path, shelve: Path, *options: str) -> int:
    return script.main(["--dataset", str(folder), "--shelve", str(shelve), *options])


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that a run put on stderr, with nothing on stdout."""
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1, err
    return err


def everything(shelve: Path) -> list[Any]:
    """Return all that a shelf knows of its pictures, whose numbers are in the order of answers."""
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        lists = {key: sorted(names) for key, names in shelf.items()}
    with closing(sqlite3.connect(f"file:{shelve}?mode=ro", uri=True)) as db:
        db.text_factory = bytes
        columns = [row[1].decode() for row in db.execute("PRAGMA table_info(picture)")]
        own = ", ".join(column for column in columns if column not in {"id", "dataset_id"})
        pictures = db.execute(f"SELECT {own} FROM picture ORDER BY name").fetchall()
        slots = [row[0] for row in db.execute("SELECT id FROM picture ORDER BY name")]
        hashes = dict(db.execute("SELECT view, hashes FROM chunk WHERE n = 0"))
        skips = db.execute("SELECT * FROM skipped ORDER BY name").fetchall()
    views = [
        chunks.Planes(view, hashes[view.encode()]).words[:, slots].tolist() for view in chunks.WORDS
    ]
    trimmed = chunks.unpack_trimmed(hashes.get(b"trimmed", b""))
    return [lists, pictures, views, [trimmed.get(slot) for slot in slots], skips]


# -- the same answer ------------------------------------------------------------------------------


@dask
def test_a_cluster_gives_the_same_shelf(photos: Path, tmp_path: Path, address: str) -> None:
    (photos / "text.jpg").write_text("hello")
    (photos / "zero.jpg").write_bytes(b"")
    (photos / "copy.jpg").write_bytes((photos / "0.jpg").read_bytes())
    drawn(0).convert("P").save(photos / "0 again.png")
    for name in (b"new\nline.jpg", b"caf\xe9.jpg", b"-x.jpg", "ロ \u202e.jpg".encode()):
        if sys.platform == "linux":
            (photos / os.fsdecode(name)).write_bytes((photos / "1.jpg").read_bytes())
    tiny(photos / "many", 600)
    found = index(photos, tmp_path / "here.shelve", Settings(jobs=1))
    there = index(photos, tmp_path / "there.shelve", Settings(scheduler=address))
    assert (there.new, there.skipped) == (found.new, found.skipped)
    assert everything(tmp_path / "there.shelve") == everything(tmp_path / "here.shelve")


@dask
def test_full_decoding_travels_along(photos: Path, tmp_path: Path, address: str) -> None:
    index(photos, tmp_path / "here.shelve", Settings(full_decode=True))
    there = Settings(full_decode=True, scheduler=address)
    index(photos, tmp_path / "there.shelve", there)
    assert everything(tmp_path / "there.shelve") == everything(tmp_path / "here.shelve")


@dask
def test_the_option_of_the_script_reaches_the_cluster(
    photos: Path, shelve: Path, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(photos, shelve, "--scheduler", address) == 0
    out, err = capsys.readouterr()
    assert "6 pictures seen: 6 new" in out
    assert err == ""


@dask
def test_work_is_done_by_processes_of_the_dask_workers(address: str) -> None:
    with cluster(worker_functions.lineage, scheduler=address) as mapped:
        lines = {line for _, line in mapped(range(200)) if not isinstance(line, Lost)}
    with distributed.Client(address, set_as_default=False) as client:
        workers = set(client.run(os.getpid).values())
    assert {parent for _, parent in lines} == workers
    assert len(lines) == 2  # a process for each worker's one thread


@dask
@posix
def test_a_dask_worker_has_as_many_processes_as_threads(tmp_path: Path) -> None:
    with dask_processes(tmp_path, workers=0) as processes:
        processes.add_workers(1, threads=3)
        processes_ready(processes.address, 1)
        with cluster(worker_functions.slow_lineage, scheduler=processes.address) as mapped:
            lines = {line for _, line in mapped(range(600)) if not isinstance(line, Lost)}
    assert len(lines) == 3
    assert len({parent for _, parent in lines}) == 1


@dask
def test_a_scheduler_needs_no_imageshelf(photos: Path, tmp_path: Path) -> None:
    with dask_processes(tmp_path, workers=1) as processes:
        index(photos, tmp_path / "db.shelve", Settings(scheduler=processes.address))
        with distributed.Client(processes.address, set_as_default=False) as client:
            loaded = client.run_on_scheduler(eval, "list(__import__('sys').modules)")
            assert not {name.partition(".")[0] for name in loaded} & {"imageshelf"}


@dask
def test_a_second_run_does_not_even_connect(photos: Path, shelve: Path) -> None:
    index(photos, shelve)
    assert index(photos, shelve, Settings(scheduler="tcp://127.0.0.1:1")).unchanged == 6


# -- files and workers that go wrong --------------------------------------------------------------


@dask
@posix
def test_a_decoder_that_goes_wrong_costs_its_file_there_too(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageshelf.indexing.run.WORK", examine_or_misbehave)
    tiny(tmp_path / "photos", 200)
    for at, behaviour in enumerate(BAD):
        drawn(at).save(tmp_path / "photos" / f"{behaviour}.png")
    settings = Settings(time_limit_s=2.0, memory_limit_mb=300, scheduler=address)
    found = index(tmp_path / "photos", tmp_path / "db.shelve", settings)
    assert {Path(skip.path).stem: skip.reason for skip in found.skips} == BAD
    assert found.new == 200


@dask
@posix
def test_a_worker_killed_in_the_middle_costs_nothing(address: str) -> None:
    with distributed.Client(address, set_as_default=False) as client:
        victim = next(iter(client.run(os.getpid).values()))
    with cluster(worker_functions.nap, scheduler=address) as mapped:
        results = mapped([0.005 + number / 1e9 for number in range(400)])
        answered = [next(results) for _ in range(40)]
        os.kill(victim, signal.SIGKILL)
        answered += results
    assert len({item for item, result in answered if result == item}) == 400
    assert len(answered) == 400


@dask
@posix
def test_a_file_that_ends_dask_workers_is_found_out(tmp_path: Path) -> None:
    once = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with dask_processes(tmp_path, workers=2, **once) as processes:
        items = [*range(40), "end the parent", *range(41, 80)]
        with cluster(worker_functions.behave, scheduler=processes.address) as mapped:
            answers = list(mapped(items))
    assert sorted(str(item) for item, _ in answers) == sorted(map(str, items))
    lost = [(item, result) for item, result in answers if isinstance(result, Lost)]
    assert lost == [("end the parent", Lost(KILLED, lasting=False))]
    assert all(result == 2 * item for item, result in answers if isinstance(item, int))


@dask
def test_what_is_under_way_is_bounded(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imageshelf.workers.cluster.client.CHUNK_ITEMS", 5)
    taken = consumed = most_items = most_futures = 0

    def numbers() -> Iterator[int]:
        nonlocal taken
        for number in range(400):
            taken += 1
            yield number

    with (
        distributed.Client(address, set_as_default=False) as client,
        cluster(worker_functions.double, scheduler=address) as mapped,
    ):
        for item, result in mapped(numbers()):
            assert result == 2 * item
            consumed += 1
            most_items = max(most_items, taken - consumed)
            if consumed % 20 == 0:  # as slow as a consumer may be
                time.sleep(0.05)  # that a result is let go takes a moment to arrive
                most_futures = max(most_futures, len(client.run_on_scheduler(tasks)))
    assert consumed == 400
    window = CHUNKS_AHEAD * 2  # chunks, for two threads
    assert 0 < most_futures <= window
    assert most_items <= (window + 1) * 5


def tasks(dask_scheduler: Any) -> list[str]:
    return [key for key in dask_scheduler.tasks if key.startswith("imageshelf")]


@dask
@pytest.mark.parametrize(("per_item_s", "least", "most"), [(0.0, 40, 512), (0.2, 1, 3)])
def test_a_chunk_is_as_long_as_it_is_worth(
    address: str, per_item_s: float, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    submit = Connection.submit

    def noted(connection: Connection, chunk: list[Any], when_done: Any) -> Any:
        sizes.append(len(chunk))
        return submit(connection, chunk, when_done)

    monkeypatch.setattr(Connection, "submit", noted)
    count = 30 if per_item_s else 2_000
    with cluster(worker_functions.nap, scheduler=address) as mapped:
        assert len(list(mapped([per_item_s] * count))) == count
    assert sizes[0] == FIRST_ITEMS
    assert least <= max(sizes[10:-1] or sizes[-2:]) <= most


# -- the end --------------------------------------------------------------------------------------

SLOWLY = """
import sys
from imageshelf.indexing import run as indexing, batches as pipeline
from tests.worker_functions import examine_slowly
pipeline.BATCH_FILES = 40
indexing.WORK = examine_slowly
import index
raise SystemExit(index.main(sys.argv[1:]))
"""


def slowly(folder: Path, shelve: Path, address: str) -> subprocess.Popen[str]:
    """Start a run that takes some 10 ms for a file and writes every 40 files."""
    return subprocess.Popen(
        [sys.executable, "-c", SLOWLY, "-d", folder, "-s", shelve, "--scheduler", address],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def count(shelve: Path) -> int:
    """Return how many pictures there are, while somebody is writing."""
    try:
        with open_shelf(shelve) as shelf:
            return shelf.whole_catalogue().counts().pictures
    except Exception:  # noqa: BLE001 - none yet
        return 0


def await_first(process: subprocess.Popen[str], shelve: Path) -> None:
    while count(shelve) < 40:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def quiet(address: str) -> bool:
    """Return whether a cluster has neither a task nor a process of ours, soon."""
    deadline = time.monotonic() + 20
    with distributed.Client(address, set_as_default=False) as client:
        while time.monotonic() < deadline:
            left = [*client.run_on_scheduler(tasks), *client.run(stations).values()]
            if not any(left):
                return True
            time.sleep(0.1)
    return False


def stations() -> int:
    return sum(thread.name.startswith("imageshelf") for thread in threading.enumerate())


@dask
@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_cancels_and_keeps_what_it_read(
    tmp_path: Path, shelve: Path, address: str, number: int, status: int
) -> None:
    tiny(tmp_path / "photos", 700)
    process = slowly(tmp_path / "photos", shelve, address)
    await_first(process, shelve)
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, out) == (status, "")
    assert "run again to go on" in err
    assert err.count("\n") == 1, err
    assert quiet(address)
    kept = count(shelve)
    assert 40 <= kept < 700
    found = index(tmp_path / "photos", shelve)
    assert (found.unchanged, found.new) == (kept, 700 - kept)


@dask
@posix
def test_a_run_that_is_still_connecting_stops_at_once(photos: Path, shelve: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = slowly(photos, shelve, f"tcp://127.0.0.1:{server.getsockname()[1]}")
        connection, _ = server.accept()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        connection.close()
    assert (process.returncode, out, err.count("\n")) == (130, "", 1), err
    assert not shelve.exists()


@dask
@posix
def test_a_scheduler_that_goes_in_the_middle_is_one_line_and_what_was_read_is_kept(
    tmp_path: Path, shelve: Path
) -> None:
    tiny(tmp_path / "photos", 700)
    with dask_processes(tmp_path, workers=1) as processes:
        process = slowly(tmp_path / "photos", shelve, processes.address)
        await_first(process, shelve)
        processes.scheduler.kill()
        out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert err.count("\n") == 1, err
    assert f"the Dask scheduler at {processes.address} is gone; what was read is on" in err
    kept = count(shelve)
    found = index(tmp_path / "photos", shelve)
    assert (found.unchanged, found.new) == (kept, 700 - kept)


@dask
@posix
def test_a_cluster_without_any_worker_left_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageshelf.workers.cluster.connection.NO_WORKER_LIMIT_S", 1.0)
    with dask_processes(tmp_path, workers=1) as processes:
        address = processes.address
        with cluster(worker_functions.nap, scheduler=address) as mapped:
            results = mapped([0.01] * 1000)
            next(results)
            processes.workers[0].terminate()
            with pytest.raises(WorkerError, match=r"no Dask worker is left at .* since 1 s; what"):
                list(results)


def test_processes_of_a_run_that_never_said_goodbye_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_worker, "IDLE_LIMIT_S", 0.05)
    wanted = order()
    with on_worker._at_work(wanted, 1) as mapped:
        ((_, process_id),) = list(mapped([0]))
        time.sleep(0.2)
        assert list(mapped([0])) == [(0, process_id)]  # not for as long as there is work
    ended(process_id)
    assert wanted.run not in on_worker._workers_of_runs


def test_processes_of_a_run_end_when_it_is_over() -> None:
    wanted = order()
    with on_worker._at_work(wanted, 1) as mapped:
        ((_, process_id),) = list(mapped([0]))
    on_worker.end_run(wanted.run)
    ended(process_id)
    with pytest.raises(WorkerError, match="the run is over"), on_worker._at_work(wanted, 1):
        pass
    del on_worker._workers_of_runs[wanted.run]


def order() -> on_worker.RunSettings:
    import pickle

    function = pickle.dumps(worker_functions.process_id)
    return on_worker.RunSettings("a run", function, 20.0, None, on_worker.versions())


def ended(process_id: object) -> None:
    assert isinstance(process_id, int)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("the process lives")


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "good", ["tcp://localhost:8786", "tls://10.0.0.1:1", "tcp://[::1]:8786/", "ws://a.b-c.de:80"]
)
def test_an_address_of_a_scheduler(good: str) -> None:
    assert checked(good) == good


@pytest.mark.parametrize(
    "bad",
    ["", "localhost", "localhost:8786", "tcp://", "tcp://localhost", "tcp://localhost:", "8786",
     "tcp://localhost:65536", "tcp://a b:8786", "http://localhost:8786", "tcp://a:b:1",
     "inproc://1/2/3", "tcp://localhost:8786/x", "tcp://localhost:8786\n", "--help"],
)  # fmt: skip
def test_a_malformed_address_is_wrong_usage(
    photos: Path, shelve: Path, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(photos, shelve, f"--scheduler={bad}")
    assert exit_.value.code == 2
    assert "like tcp://HOST:8786" in capsys.readouterr().err
    assert not shelve.exists()


def test_jobs_do_not_go_with_a_scheduler(
    photos: Path, shelve: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(photos, shelve, "--scheduler", "tcp://localhost:8786", "--jobs", "2")
    assert exit_.value.code == 2
    assert "dask worker --nthreads N" in capsys.readouterr().err


def test_without_dask_one_line_says_what_to_install(
    photos: Path, shelve: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(photos, shelve, "--scheduler", "tcp://localhost:8786") == 1
    assert "python -m pip install 'dask[distributed]'" in told(capsys)
    assert not shelve.exists()


@pytest.fixture(params=["nobody", "silence", "another protocol"])
def nobody(request: pytest.FixtureRequest) -> Iterator[str]:
    """An address at which there is no Dask scheduler."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        if request.param == "nobody":
            yield "tcp://127.0.0.1:1"
            return
        if request.param == "another protocol":
            threading.Thread(target=_answer_http, args=(server,), daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def _answer_http(server: socket.socket) -> None:
    with suppress(OSError):  # the server is closed
        while True:
            with server.accept()[0] as connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                connection.settimeout(1)
                connection.recv(10_000)


@dask
def test_a_scheduler_that_does_not_answer_is_one_line(
    photos: Path,
    shelve: Path,
    nobody: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("imageshelf.workers.cluster.connection.CONNECT_LIMIT_S", 0.5)
    assert run(photos, shelve, "--scheduler", nobody) == 1
    assert f"no Dask scheduler answers at {nobody}: is it running there?" in told(capsys)
    assert not shelve.exists()
    index(photos, shelve)
    drawn(20).save(photos / "20.jpg")
    before = everything(shelve)
    assert run(photos, shelve, "--scheduler", nobody) == 1
    assert everything(shelve) == before


@dask
def test_the_address_of_a_worker_is_none_of_a_scheduler(photos: Path, address: str) -> None:
    with distributed.Client(address, set_as_default=False) as client:
        worker = next(iter(client.nthreads()))
    with pytest.raises(WorkerError, match=r"no Dask scheduler answers .* it is a Worker"):
        index(photos, photos.parent / "db.shelve", Settings(scheduler=worker))


@dask
def test_a_scheduler_without_workers_is_one_line(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("imageshelf.workers.cluster.connection.FIRST_WORKER_LIMIT_S", 0.2)
    with dask_processes(tmp_path, workers=0) as processes:
        assert run(photos, tmp_path / "db.shelve", "--scheduler", processes.address) == 1
    assert f"has no worker: start some, with: dask worker {processes.address}" in told(capsys)
    assert not (tmp_path / "db.shelve").exists()


@dask
@pytest.mark.parametrize("name", ["imageshelf", "Pillow", "ImageHash", "decoders", "canary"])
def test_a_worker_with_another_version_is_refused_before_anything_is_read(
    photos: Path,
    shelve: Path,
    address: str,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ours = {**on_worker.versions(), name: "1.2.3"}
    theirs = on_worker.versions()[name]
    monkeypatch.setattr(on_worker, "versions", lambda: ours)
    assert run(photos, shelve, "--scheduler", address) == 1
    line = told(capsys)
    assert f"has {name} {theirs}, not 1.2.3 (2 of 2 do)" in line
    assert "the Dask worker tcp://127.0.0.1:" in line
    assert not shelve.exists()


def _greet_nobody(_: object) -> None:
    pass


@dask
def test_a_worker_with_another_version_that_joins_later_is_refused(
    photos: Path,
    shelve: Path,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ours = {**on_worker.versions(), "Pillow": "1.1.7"}
    monkeypatch.setattr(on_worker, "versions", lambda: ours)
    monkeypatch.setattr(Connection, "_greet", _greet_nobody)
    assert run(photos, shelve, "--scheduler", address) == 1
    assert "not 1.1.7" in told(capsys)


@dask
@pytest.mark.parametrize("greeted", [True, False])
def test_a_worker_without_the_package_is_one_line(
    address: str, greeted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = types.ModuleType("nowhere_else")
    only_here: Callable[[Any], Any] = types.FunctionType(_here.__code__, vars(elsewhere), "_here")
    only_here.__module__ = "nowhere_else"
    vars(elsewhere)["_here"] = only_here
    monkeypatch.setitem(sys.modules, "nowhere_else", elsewhere)
    if not greeted:
        monkeypatch.setattr(Connection, "_greet", _greet_nobody)
    sentence = "needs the packages that this machine has, with imageshelf .*: No module named 'now"
    with (
        pytest.raises(WorkerError, match=sentence),
        cluster(only_here, scheduler=address) as mapped,
    ):
        list(mapped([1]))


def _here(item: Any) -> Any:
    return item


@dask
@linux
@pytest.mark.parametrize("other", ["no folder", "an empty folder", "other files"])
def test_workers_that_do_not_see_the_dataset_are_told_not_skipped(
    photos: Path,
    shelve: Path,
    dask_cluster: Processes,
    address: str,
    other: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(photos.parent)  # the workers are elsewhere: the path means another folder
    there = dask_cluster.folder / "photos"
    if other != "no folder":
        there.mkdir()
    if other == "other files":
        for path in photos.glob("*.jpg"):
            (there / path.name).write_bytes(b"something else")
    try:
        status = run(Path("/proc/self/cwd/photos"), shelve, "--scheduler", address)
    finally:
        subprocess.run(["rm", "-rf", there], check=True)
    assert status == 1
    line = told(capsys)
    if other == "no folder":
        assert "does not see the folder /proc/self/cwd/photos" in line
    else:
        assert "does not see /proc/self/cwd/photos/" in line
        assert "a dataset must be in a folder that all machines share, under one path" in line
    assert index(photos, shelve).skipped == 0


def test_a_file_is_seen_where_it_is_as_it_was_listed_and_may_be_read(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(photos / "0.jpg")
    status = os.stat(path)
    listed = Task(path, status.st_size, status.st_mtime_ns)
    assert on_worker.can_see(listed)
    assert on_worker.can_see(Task(path))
    assert on_worker.can_see("an item without a file")
    assert not on_worker.can_see(listed._replace(path=path + "x"))
    assert not on_worker.can_see(listed._replace(size_bytes=1))
    assert not on_worker.can_see(listed._replace(mtime_ns=1))
    monkeypatch.setattr(os, "access", lambda *_: False)  # a user who may only look
    assert not on_worker.can_see(listed)


@dask
def test_files_that_are_gone_everywhere_are_no_blindness(address: str, tmp_path: Path) -> None:
    from imageshelf.workers.work import work

    missing = [Task(str(tmp_path / f"{number}.jpg"), 1, 1) for number in range(20)]
    with cluster(work, scheduler=address) as mapped:
        reasons = {answer.reason for _, answer in mapped(missing)}  # type: ignore[union-attr]
    assert reasons == {"vanished before it could be read"}


@dask
def test_what_cannot_be_pickled_is_one_line(address: str) -> None:
    with (
        pytest.raises(WorkerError, match=r"cannot work on .*pickle"),
        cluster(worker_functions.send_back, scheduler=address) as mapped,
    ):
        list(mapped([lambda: None]))


def test_nothing_of_dask_is_imported_without_a_scheduler(photos: Path, shelve: Path) -> None:
    code = (
        "import sys, index\n"
        f"assert index.main(['-q', '-d', {str(photos)!r}, '-s', {str(shelve)!r}]) == 0\n"
        "print(sorted({'dask', 'distributed', 'tornado', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
