"""Branches for Windows and macOS, tried on whatever system this is; neither ran there."""

from __future__ import annotations

import ctypes
import errno
import faulthandler
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from imageshelf.cleanup import locks, moving
from imageshelf.report import viewer
from imageshelf.shelf import connections, open_shelf
from imageshelf.system import files, paths, terminal, walking
from imageshelf.workers import process, serving, starting
from imageshelf.workers.jobs import ProcessSettings
from tests.conftest import ROOT, drawn

WITHOUT_POSIX = """
import importlib, os, pathlib, signal, sys
import distributed, moto.server, nbclient, pytest  # theirs to worry about
for name in {signals}:
    delattr(signal, name)
for name in {calls}:
    delattr(os, name)
for name in {modules}:
    sys.modules[name] = None  # whoever imports it hears that there is none
for path in sorted(pathlib.Path("tests").glob("*.py")):
    try:
        importlib.import_module(f"tests.{{path.stem}}")
    except pytest.skip.Exception:
        pass
print("all of them")
"""
SIGNALS = ["SIGKILL", "SIGALRM", "SIGSTOP", "SIGUSR1", "SIGHUP", "SIGIO", "SIGPROF", "setitimer"]
CALLS = ["fork", "killpg", "mkfifo", "mknod", "wait4", "statvfs", "setsid"]
MODULES = ["resource", "termios", "pty", "pwd", "grp"]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked about its system says Windows."""
    monkeypatch.setattr(sys, "platform", "win32")


@pytest.fixture
def macos(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked about its system says macOS."""
    monkeypatch.setattr(sys, "platform", "darwin")


def loaded_anew(module: ModuleType) -> Any:
    """Return a module as it is when it is imported now, and leave the one in use as it is."""
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_anew", module.__file__)
    assert spec
    assert spec.loader
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    return anew


@pytest.mark.skipif(os.name != "posix", reason="there is nothing to take away")
def test_every_test_file_is_imported_where_there_is_no_posix() -> None:
    code = WITHOUT_POSIX.format(
        signals=[name for name in SIGNALS if hasattr(signal, name)],
        calls=[name for name in CALLS if hasattr(os, name)],
        modules=MODULES,
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "all of them\n", done.stderr


# -- Windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "opened"),
    [
        (r"C:\photos\a.jpg", r"C:\photos\a.jpg"),
        (r"C:\photos\a.jpg.", r"\\?\C:\photos\a.jpg."),
        (r"C:\photos\a.jpg ", r"\\?\C:\photos\a.jpg "),
        (r"C:\photos \a.jpg", r"\\?\C:\photos \a.jpg"),
        (r"C:\photos\con.jpg", r"\\?\C:\photos\con.jpg"),
        (r"C:\photos\LPT1", r"\\?\C:\photos\LPT1"),
        (r"C:\aux\a.jpg", r"\\?\C:\aux\a.jpg"),
        (r"\\nas\photos\nul.tif", r"\\?\UNC\nas\photos\nul.tif"),
        (r"C:\photos\console.jpg", r"C:\photos\console.jpg"),
        (r"C:\photos\a.con.jpg", r"C:\photos\a.con.jpg"),
        (r"\\?\C:\photos\a.jpg.", r"\\?\C:\photos\a.jpg."),
    ],
)
def test_a_name_that_windows_would_take_for_another_is_opened_as_itself(
    path: str, opened: str
) -> None:
    assert paths.extended(path) == opened


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (r"C:\me\db.shelve", "///C%3A/me/db.shelve"),
        (r"\\nas\photos\db #1.shelve", "////nas/photos/db%20%231.shelve"),
    ],
)
def test_the_address_of_a_shelf_keeps_its_drive_and_its_server(
    path: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "os", SimpleNamespace(sep="\\"))
    assert connections._quoted(path) == address


class Entry:
    """An entry of a folder as Windows lists a junction: a folder that is no symbolic link."""

    name, path = "again", "C:\\photos\\again"

    def is_dir(self, **_: bool) -> bool:
        return True

    def is_symlink(self) -> bool:
        return False

    def stat(self, **_: bool) -> Any:
        return SimpleNamespace(st_reparse_tag=0xA0000003)


@pytest.mark.parametrize(
    ("follow", "mounted", "wanted"),
    [(False, False, b""), (True, False, b"again/"), (False, True, b"again/")],
)
def test_a_junction_is_a_link_and_a_mounted_volume_a_folder(
    follow: bool, mounted: bool, wanted: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "KEEP_ENTRIES", True)
    monkeypatch.setattr(os.path, "ismount", lambda _: mounted)
    walk = walking.Walk(str(tmp_path), b"", follow_symlinks=follow)
    folder = walking.WalkFolder(str(tmp_path), b"", ())
    entry: Any = Entry()
    assert walk._wanted(folder, b"again", entry) == wanted
    assert walk.links == (not wanted)


def test_a_file_number_wider_than_the_shelf_keeps_is_the_same_file() -> None:
    status: Any = SimpleNamespace(st_ino=2**64 + 7, st_size=10, st_mtime_ns=3)
    files.require_state(files.stamp(status), files.Stamp(7, 10, 3))


@pytest.mark.usefixtures("windows")
def test_a_rename_there_refuses_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    renamed: list[tuple[str, str]] = []
    monkeypatch.setattr(os, "rename", lambda *paths: renamed.append(paths))
    monkeypatch.setattr(moving, "_exclusive_rename", None)  # is not asked
    moving.move("a", "b")
    assert renamed == [("a", "b")]


class Msvcrt(ModuleType):
    """Locks of a byte of a file, as Windows' C library keeps them: each for one descriptor."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.held: dict[int, int] = {}  # by inode: the descriptor

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        assert (mode, count) == (self.LK_NBLCK, 1)
        inode = os.fstat(descriptor).st_ino
        if self.held.setdefault(inode, descriptor) != descriptor:
            raise PermissionError(errno.EACCES, "Permission denied")


@pytest.mark.usefixtures("windows")
def test_a_clean_up_is_alone_by_windows_own_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "msvcrt", Msvcrt())
    of_windows = loaded_anew(locks)
    with open_shelf(tmp_path / "db.shelve", "c") as shelf:
        with of_windows.alone(shelf):
            assert of_windows.is_held(shelf)
        assert not of_windows.is_held(shelf)
    assert not list(tmp_path.glob("*cleanup"))
    assert of_windows.lock_file(0, shared=False)


@pytest.mark.usefixtures("windows")
def test_pictures_are_opened_by_windows_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []
    monkeypatch.setattr(os, "startfile", started.append, raising=False)
    paths = [str(tmp_path / f"{n}.jpg") for n in range(12)]
    for path in paths:
        drawn(1, (16, 12)).save(path)
    assert viewer.open_pictures(paths) == "opened 10, 2 more not opened"
    assert started == paths[:10]


@pytest.mark.usefixtures("windows")
def test_a_worker_is_the_interpreter_and_no_launcher_and_hears_no_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "_base_executable", "C:\\Python\\python.exe", raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
    assert starting.command("imageshelf.workers.work")[0] == "C:\\Python\\python.exe"
    assert starting._creation_flags() == 0x8000200


@pytest.mark.usefixtures("windows")
def test_a_worker_there_asks_for_nothing_that_is_posix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "setitimer", raising=False)
    monkeypatch.setitem(sys.modules, "resource", None)
    limits_s: list[float] = []
    monkeypatch.setattr(
        faulthandler, "dump_traceback_later", lambda limit_s, **_: limits_s.append(limit_s)
    )
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: limits_s.append(0.0))
    serving._limit_time(1)
    serving._limit_time(0)
    serving.limit_memory(1 << 30)
    assert limits_s == [serving.WALL_FACTOR, 0.0]


@pytest.mark.usefixtures("windows")
@pytest.mark.parametrize(
    ("status", "after_s", "reason"),
    [
        (serving.TIMED_OUT, 80.5, "took longer than 20 s"),
        (serving.TIMED_OUT, 3.0, "the decoder ended its process (exit status 1)"),
        (0xC0000005, 90.0, "the decoder crashed (exit status 0xc0000005)"),
    ],
)
def test_a_worker_there_that_takes_too_long_is_told_from_one_that_ends_itself(
    status: int, after_s: float, reason: str
) -> None:
    settings = ProcessSettings([], b"", 20.0, None)
    worker = process.Worker(cast("Any", None), settings)
    assert worker._verdict(status, after_s).reason == reason


def test_the_watch_of_a_worker_there_ends_even_a_loop_in_c() -> None:
    code = "import faulthandler; faulthandler.dump_traceback_later(0.2, exit=True); "
    code += "import re; re.match(r'(a|aa)+$', 'a' * 200 + 'b')"
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, check=False)
    assert done.returncode == serving.TIMED_OUT


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0xC0000005, "the decoder crashed (exit status 0xc0000005)"),
        (0xC0000409, "the decoder crashed (exit status 0xc0000409)"),
        (3, "the decoder ended its process (exit status 3)"),
    ],
)
def test_an_exit_status_of_windows_says_what_happened(status: int, reason: str) -> None:
    assert process.cause_of_death(status) == (reason, True)


class Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("windows")
def test_only_a_console_that_knows_colours_gets_them() -> None:
    stream: Any = Terminal()
    assert not terminal.coloured(stream, {})
    assert terminal.coloured(stream, {"WT_SESSION": "1"})


# -- macOS ----------------------------------------------------------------------------------------


class Renamex:
    """The call of macOS' C library; renames nothing."""

    def __init__(self, code: int) -> None:
        self.argtypes: list[Any] = []
        self.asked: list[tuple[bytes, bytes, int]] = []
        self._code = code

    def __call__(self, source: bytes, target: bytes, flags: int) -> int:
        self.asked.append((source, target, flags))
        ctypes.set_errno(self._code)
        return -1 if self._code else 0


@pytest.mark.usefixtures("macos")
@pytest.mark.parametrize("code", [0, errno.EEXIST, errno.EXDEV, errno.ENOTSUP])
def test_a_rename_of_macos_refuses_or_is_done_by_a_link(
    code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Renamex(code)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(renamex_np=call))
    moving._exclusive_rename.cache_clear()
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("picture")
    try:
        if code in {errno.EEXIST, errno.EXDEV}:
            with pytest.raises(FileExistsError if code == errno.EEXIST else OSError):
                moving.move(str(source), str(target))
            assert source.exists()
        else:
            moving.move(str(source), str(target))
    finally:
        moving._exclusive_rename.cache_clear()
    assert call.asked == [(os.fsencode(source), os.fsencode(target), 4)]
    assert target.exists() == (code == errno.ENOTSUP)  # this file system knows no such call


@pytest.mark.parametrize("mode", ["rwc", "rw"])
def test_a_shelf_is_synced_through_the_cache_of_the_drive(mode: str, tmp_path: Path) -> None:
    connections.connect(str(tmp_path / "db.shelve"), "rwc").close()
    connection = connections.connect(str(tmp_path / "db.shelve"), mode)
    assert connection.execute("PRAGMA fullfsync").fetchone() == (1,)
    connection.close()


@pytest.mark.usefixtures("macos")
def test_macos_opens_pictures_with_its_own_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "open"
    command.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert viewer._command() == str(command)


@pytest.mark.usefixtures("macos")
def test_no_limit_of_memory_is_asked_for_where_none_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    serving.limit_memory(1 << 30)
