"""How little of others' files is let near a decoder, and how little the programs do besides."""

from __future__ import annotations

import functools
import io
import os
import re
import shutil
import subprocess
import sys
import warnings
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageshelf.indexing.run import index
from imageshelf.pictures.decoding import PLUGINS
from imageshelf.shelf import open_shelf
from imageshelf.system import process
from tests.conftest import ROOT, drawn
from tests.odd_decoders import CAUGHT, EXPLODED, examine_in_a_minefield, examine_under_watch
from tests.test_further_formats import photoshop

pytestmark = pytest.mark.usefixtures("unmeasured")

ALLOWED = {*PLUGINS, "JPEG"}
HEADS = {  # of formats that Pillow recognises but does not write
    "CUR": b"\0\0\2\0\1\0",
    "DCX": b"\xb1\x68\xde\x3a",
    "FITS": b"SIMPLE  =                    T",
    "FLI": bytes(4) + b"\x11\xaf",
    "FPX": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    "FTEX": b"FTU\0",
    "GBR": b"\0\0\0\x1c\0\0\0\1",
    "GRIB": b"GRIB\0\0\0\1",
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "IMT": b"\n\x0c 100 100 10",
    "IPTC": b"\x1c\x02\x00\x00\x02",
    "MCIDAS": b"\0\0\0\0\0\0\0\4",
    "MPEG": b"\0\0\1\xb3",
    "PCD": bytes(2048) + b"PCD_",
    "PIXAR": b"\200\350\000\000",
    "SUN": b"\x59\xa6\x6a\x95",
    "WMF": b"\xd7\xcd\xc6\x9a\0\0",
    "EMF": b"\1\0\0\0" + bytes(36) + b" EMF",
    "XPM": b"/* XPM */\nstatic char *a[] = {",
    "XVTHUMB": b"P7 332",
    "BUFR": b"BUFR",
    "PostScript": b"%!PS-Adobe-3.0\nshowpage\n",
}


@functools.cache
def files() -> dict[str, bytes]:
    """Give a file of every format: a real one where Pillow writes it, else what it goes by."""
    Image.init()
    with suppress(ImportError):
        import_module(PLUGINS["JXL"])
    files: dict[str, bytes] = {}
    for name in sorted(Image.SAVE):
        for mode in ("RGB", "L", "1", "P"):
            with (
                suppress(OSError, ValueError, KeyError, NotImplementedError),
                warnings.catch_warnings(),
            ):
                warnings.simplefilter("ignore", DeprecationWarning)
                buffer = io.BytesIO()
                drawn(1, (64, 48)).convert(mode).save(buffer, name)
                files.setdefault(name, buffer.getvalue())
    files["PSD"] = photoshop(drawn(1, (64, 48)))
    return {name: data + bytes(4096) for name, data in HEADS.items()} | files


def test_plug_ins_off_the_list_are_never_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageshelf.indexing.run.WORK", examine_in_a_minefield)
    (tmp_path / "photos").mkdir()
    for name, data in files().items():
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(data)
    found = index(tmp_path / "photos", tmp_path / "db.shelve")
    told = {Path(skip.path).stem: skip.reason for skip in found.skips}
    assert {"EPS", "PDF", "ICNS", "WMF", "PPM"} <= set(told)
    assert set(told) == files().keys() - ALLOWED - {"MPO"}
    assert not [reason for reason in told.values() if str(EXPLODED) in reason]
    assert found.new == len(files().keys() & ALLOWED | {"MPO"})


def test_a_plug_in_off_the_list_does_explode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageshelf.indexing.run.WORK", examine_in_a_minefield)
    (tmp_path / "photos").mkdir()
    drawn(1).save(tmp_path / "photos" / "step on it.jpg")
    (skip,) = index(tmp_path / "photos", tmp_path / "db.shelve").skips
    assert skip.reason == f"the decoder ended its process (exit status {EXPLODED})"


def test_pillow_before_13_is_refused_by_the_requirements() -> None:
    line = next(
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if "Pillow" in line
    )
    least = re.match(r"Pillow>=(\d+)\.", line)
    assert least is not None
    assert int(least[1]) >= 13


@pytest.mark.parametrize(
    ("installed", "warned"),
    [("12.2.0", True), ("9.5.0", True), ("13.0.0", False), ("14.1", False), (None, False)],
)
def test_pillow_before_13_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, installed: str | None, warned: bool
) -> None:
    monkeypatch.setattr(process, "version", lambda _: installed)
    told = process.pillow_warning()
    assert ("upgrade" in told) == warned
    assert told.count("\n") == 0


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ("index.py", ["-d", "photos"]),
        ("search.py", ["-q", "photos/0.jpg"]),
        ("imageshelf/__main__.py", ["check"]),
    ],
)
def test_an_old_pillow_is_told_in_one_line_and_the_work_is_done(
    photos: Path, script_run: Any, script: str, options: list[str]
) -> None:
    index(photos, photos.parent / "db.shelve")
    old = photos.parent / "old"
    (old / "pillow-12.3.0.dist-info").mkdir(parents=True)
    path = f"{old}{os.pathsep}{ROOT}"
    for measured in (path, str(ROOT)):
        done = script_run(script, *options, cwd=photos.parent, PYTHONPATH=measured)
        assert done.returncode == 0
        assert done.stdout
        assert done.stderr.count("Pillow 12.3.0 has known holes") == (measured == path)
        assert done.stderr.count("\n") == (measured == path)


def test_the_installed_pillow_is_new_enough() -> None:
    assert process.pillow_warning() == ""


# -- nothing else is done -------------------------------------------------------------------------


def test_workers_write_connect_and_start_nothing(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageshelf.indexing.run.WORK", examine_under_watch)
    for name in sorted(ALLOWED & files().keys()):
        (photos / f"as {name}.jpg").write_bytes(files()[name])
    shutil.copy(photos / "0.jpg", photos / "copy.jpg")  # a digest is wanted
    found = index(photos, tmp_path / "db.shelve")
    assert found.skips == []
    drawn(77).save(photos / "write.jpg")
    (skip,) = index(photos, tmp_path / "db.shelve").skips
    assert str(CAUGHT) in skip.reason  # the watch can catch


AUDITED = """
import json, os, runpy, sys
events = []
def hook(event, arguments):
    if event == "open":
        path, _, flags = arguments
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and not isinstance(path, int):  # a number was opened before
            events.append([event, os.fsdecode(path)])
    elif event == "subprocess.Popen":
        events.append([event, *map(str, arguments[1][:2])])
    elif event.split(".")[0] in ("socket", "ftplib", "http", "urllib", "smtplib", "webbrowser",
                                 "tempfile", "pty", "shutil") or event in (
            "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "os.fork",
            "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink",
            "os.truncate", "os.chmod", "os.chown", "os.utime"):
        events.append([event, *map(str, arguments[:1])])
sys.addaudithook(hook)
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    status = end.code
print(json.dumps([status, events]))
"""


def audited(*command: str, cwd: Path) -> list[list[str]]:
    """Run a script; give what it did that an audit hook can see and that may do harm."""
    import json

    done = subprocess.run(
        [sys.executable, "-B", "-c", AUDITED, str(ROOT / command[0]), *command[1:]],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    status, events = json.loads(done.stdout.splitlines()[-1])
    assert status == 0, done.stderr
    return list(events)


@pytest.fixture
def surroundings(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a folder for temporary files of their own: whatever is put there is noticed."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    for variable in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    for variable in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(variable, str(tmp_path / "temporary"))
    return tmp_path


def tree(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.stat()
        found[str(path)] = (status.st_size, status.st_mtime_ns, status.st_mode)
    return found


COMMANDS = {
    "index": ("index.py", "-d", "photos"),
    "index again": ("index.py", "-d", "photos", "--rebuild"),
    "search": ("search.py", "-q", "photos/0.jpg", "photos/1.jpg", "photos/trip"),
    "json": ("search.py", "-q", "photos/0.jpg", "--format", "json"),
}


def test_the_scripts_start_only_python_connect_nowhere_and_write_only_the_shelf(
    surroundings: Path,
) -> None:
    before = {name: tree(surroundings / name) for name in ("photos", "home", "temporary")}
    started = 0
    for command in COMMANDS.values():
        for event, *what in audited(*command, cwd=surroundings):
            if event == "subprocess.Popen":
                assert what[0] == sys.executable, what  # a list of arguments, never a shell
                started += 1
            else:
                assert event == "open", (event, what)
                assert what[0] == os.devnull, what
    assert started  # the hook hears
    assert {name: tree(surroundings / name) for name in before} == before
    assert sorted(os.listdir(surroundings)) == ["db.shelve", "home", "photos", "temporary"]


def test_a_report_is_written_where_it_was_asked_for_under_no_guessable_name(
    surroundings: Path,
) -> None:
    index(surroundings / "photos", surroundings / "db.shelve")
    before = {name: tree(surroundings / name) for name in ("photos", "home", "temporary")}
    (surroundings / "out").mkdir()
    command = ("search.py", "-q", "photos/0.jpg", "--html", "out/a.html")
    sheet = ("--contact-sheet", "out/a.png")
    names = set()
    for _ in range(2):
        events = audited(*command, *sheet, cwd=surroundings)
        opened = [what[0] for event, *what in events if event == "open" and what[0] != os.devnull]
        assert len(opened) == 4  # each is tried before the work is done
        for name in opened:
            assert re.fullmatch(r"out/imageshelf-[0-9a-f]{16}\.part", name), name
        names.update(opened)
        assert not [event for event, *_ in events if event.split(".")[0] in {"socket", "tempfile"}]
    assert len(names) == 8  # another each time
    assert {name: tree(surroundings / name) for name in before} == before
    assert sorted(os.listdir(surroundings / "out")) == ["a.html", "a.png"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace, to see below Python")
def test_the_system_sees_no_connection_no_shell_and_no_write_elsewhere(surroundings: Path) -> None:
    if subprocess.run(["strace", "true"], capture_output=True, check=False).returncode:
        pytest.skip("strace may not trace here")
    log = surroundings / "log"
    for name in ("index", "search"):
        script, *options = COMMANDS[name]
        calls = "trace=%network,execve,openat,open,creat,unlink,unlinkat,rename,mkdir"
        traced = ["strace", "-f", "-y", "-o", str(log), "-e", calls]
        subprocess.run(
            [*traced, sys.executable, "-B", str(ROOT / script), *options],
            cwd=surroundings,
            check=True,
            capture_output=True,
        )
        for line in log.read_text(errors="replace").splitlines():
            call = line.partition(" ")[2].strip()
            if call.startswith("execve("):
                assert sys.executable in call or " = -1 " in call, call
            elif re.match(r"open(at)?\(.*O_(WRONLY|RDWR|CREAT)|unlink|rename|mkdir|creat", call):
                ours = re.search(r"/db\.shelve(-journal)?\"|/dev/null|/dev/tty\"", call)
                assert ours or " = -1 " in call, call
            elif re.match(r"[a-z]+\(", call) and not call.startswith("open"):
                assert "AF_INET" not in call, call  # sockets of any other kind go nowhere
                assert not call.startswith(("connect(", "bind(", "sendto(")), call
    with open_shelf(surroundings / "db.shelve") as shelf:
        assert len(shelf) == 6
