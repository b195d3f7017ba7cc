"""A script of attacks: what somebody sends, plants or swaps, at the doors of every program.

Each row is an attack. Nothing outside may change, no traceback and nothing that steers a terminal
may reach the user, and a sentence says what is wrong.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import index
import search
from imageshelf import __main__ as verbs
from imageshelf.copies.folders import DEEPEST, FolderTree, Tally
from imageshelf.pictures.annotated_file import AnnotationTask, read_all
from imageshelf.pictures.annotations import Annotations
from imageshelf.searching import queries
from imageshelf.searching.queries import QueryError, paths_in_list
from imageshelf.system import discarded
from tests.cleaning import copies, indexed
from tests.conftest import ROOT, drawn

posix_only = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
Main = Callable[[Sequence[str] | None], int]
Output = pytest.CaptureFixture[str]
KEPT, COPY, ASIDE = "photos/a.jpg", "photos/b.jpg", "aside/run-1/photos/b.jpg"
HIDDEN = "photos/.imageshelf-1-0123456789ab-0"
CLEAN = (verbs.main, "clean", "-j", "0", "--set-aside", "aside")
APPLY = (*CLEAN, "--apply")
PURGE = (verbs.main, "purge", "1", "-j", "0", "--yes")
TAKE_OVER = (*CLEAN, "--take-over")
HISTORY = (verbs.main, "history")
INDEX = (index.main, "-d", "photos", "-j", "0")
DUPLICATES = (search.main, "--duplicates")
QUERY_SHELF = (search.main, "--query", "db.shelve")
FOLDERS = (*DUPLICATES, "--folders")
MERGE = (verbs.main, "merge", "db.shelve", "--shelve", "other.shelve")
LISTED = (verbs.main, "undo", "--trust", "1", "--below", ".")
TRUST = (*LISTED, "--yes")
Door = tuple[Any, ...]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a picture and a copy of it, their shelf, and a secret beside it."""
    home = copies(tmp_path / "home", {KEPT: 1, COPY: KEPT, "photos/c.jpg": 2})
    (tmp_path / "secret").write_text("the only copy")
    indexed(home, "photos")
    monkeypatch.chdir(home)
    return home


def told(door: Door, capsys: Output) -> tuple[int, str]:
    """Run a program; return its status and all that it printed, which steers no terminal."""
    main, *arguments = door
    capsys.readouterr()
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = int(ended.code or 0)
    printed = "".join(capsys.readouterr())
    assert "Traceback" not in printed
    assert all(character.isprintable() or character in "\r\n" for character in printed), printed
    return status, printed


def write(*statements: str) -> None:
    with closing(sqlite3.connect("db.shelve", isolation_level=None)) as raw:
        raw.execute("PRAGMA synchronous = OFF")
        for sql in statements:
            raw.execute(sql)


def state_of(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


# -- shelves --------------------------------------------------------------------------------------

NUMBERS = dict.fromkeys(
    ("inode", "size_bytes", "mtime_ns", "mode", "uid", "gid", "keeper_inode", "keeper_mtime_ns"), 0
)


def forged(
    verb: str = "set aside", source: str = "photos/lost.jpg", target: str = ASIDE,
    state: str = "done", options: Any = None, **stat: Any,
) -> None:  # fmt: skip
    """Write a clean-up of one file into the shelf, as somebody who sends it can."""
    known = NUMBERS | stat
    options = {"action": verb, "folder": "aside/run-1", "made": "aside"} | (options or {})
    with closing(sqlite3.connect("db.shelve")) as raw, raw:
        raw.execute(
            "INSERT INTO cleanup (id, started_ns, state, options) VALUES (1, 1, 'done', ?)",
            (json.dumps(options),),
        )
        raw.execute(
            "INSERT INTO action VALUES (1, 0, ?, ?, ?, NULL, ?, ?, '', NULL)",
            (verb, source.encode(), target.encode(), json.dumps(known), state),
        )


DEEP = "'" + "[" * 20_000 + "'"
VALUES = ["NULL", "-1", "1e308", f"{2**63 - 1}", "x'ff'", "'text'", DEEP]
ROWS = {
    "dataset device": ("UPDATE dataset SET device = {}", (MERGE, INDEX)),
    "dataset name": ("UPDATE dataset SET name = {}", (FOLDERS, CLEAN, INDEX)),
    "origin": ("UPDATE picture SET origin = {}", (DUPLICATES,)),
    "not duplicate": ("REPLACE INTO not_duplicate VALUES ({0}, {0}, {0})", (DUPLICATES, MERGE)),
    "verdict": ("REPLACE INTO verdict VALUES (1, 2, {0}, {0}, {0}, {0}, {0}, {0})", (DUPLICATES,)),
    "setting": ("REPLACE INTO setting VALUES ('x', {0}, {0})", (CLEAN,)),
    "piece": ("REPLACE INTO piece VALUES (1, {0}, {0})", (DUPLICATES,)),
    "captured": ("UPDATE picture SET captured_at = {}", (QUERY_SHELF, DUPLICATES)),
    "name": ("UPDATE picture SET name = {} WHERE id = 1", (QUERY_SHELF, CLEAN)),
    "started": ("REPLACE INTO cleanup VALUES (1, {0}, 'done', '{{}}', {0})", (HISTORY, LISTED)),
    "clean-up": ("REPLACE INTO cleanup VALUES (1, 1, 'done', {0}, {0})", (HISTORY, INDEX, APPLY)),
    "action": ("REPLACE INTO action VALUES (1, {0}, 'x', {0}, {0}, {0}, {0}, 'done', {0}, {0})",
               (HISTORY, INDEX, LISTED, APPLY)),
}  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("row", ROWS)
def test_any_value_at_any_door_is_a_sentence_at_most(
    home: Path, capsys: Output, row: str, value: str
) -> None:
    sql, doors = ROWS[row]
    try:
        write(sql.format(value))
    except sqlite3.IntegrityError:
        return
    for door in doors:
        status, printed = told(door, capsys)
        assert status in {0, 1}
        assert printed


OPTIONS: list[dict[str, Any]] = [
    {"ended_ns": "text"},
    {"ended_ns": [1]},
    {"ended_ns": 10**30},
    {"ended_ns": float("nan")},
    {"folder": "a\0b", "made": "\ud800"},
    {"folder": "\ud800"},
    {"folder": ["photos"], "made": 5},
    {"folder": "http://a/b"},
    {"folder": "../../.."},
    {"folder": "/", "made": "/"},
    {"action": "\x1b[31m\u202e"},
]


@pytest.mark.parametrize("options", OPTIONS, ids=repr)
def test_forged_notes_of_a_clean_up_are_a_sentence_at_most(
    home: Path, capsys: Output, options: dict[str, Any]
) -> None:
    forged(options={"ended_ns": 2**62} | options)
    outside = state_of(home.parent / "home" / "photos")
    for door in (HISTORY, LISTED, TRUST, PURGE, APPLY, INDEX):
        assert told(door, capsys)[0] in {0, 1}
    kept = state_of(home.parent / "home")
    assert set(outside.values()) <= set(kept.values())


STATS: list[dict[str, Any]] = [
    {"keeper": 5},
    {"keeper": ["x"]},
    {"keeper": "\ud800"},
    {"keeper": "a\0b", "ended_ns": 2**62},
    {"kind": [], "chosen": "x", "untaken": 5, "turn": {}},
    {"mtime_ns": 10**40, "mode": -(10**40), "uid": 10**40, "gid": -(10**40)},
    {"entry": {"row": 5}},
    {"entry": {"row": {"name": "\ud800"}, "words": {}, "trimmed": [10**40]}},
    {"before": "!!", "size_bytes": -1},
    {"companion_of": {}},
]


@pytest.mark.parametrize("verb", ["set aside", "hard link", "take over", "trash"])
@pytest.mark.parametrize("stat", STATS, ids=repr)
def test_forged_notes_of_a_file_are_a_sentence_at_most(
    home: Path, capsys: Output, stat: dict[str, Any], verb: str
) -> None:
    source = "photos/c.jpg.xmp" if verb == "take over" else "photos/lost.jpg"
    target = ASIDE if verb == "set aside" else HIDDEN
    forged(verb, source, target, options={"ended_ns": 2**62}, **stat)
    (home / "photos/c.jpg.xmp").write_text("mine")
    for door in (HISTORY, LISTED, TRUST, APPLY):
        assert told(door, capsys)[0] in {0, 1}
    assert (home / "photos/c.jpg.xmp").read_text() == "mine"


@pytest.mark.parametrize("state", ["done", "doing", "undoing"])
def test_a_strangers_sidecar_is_neither_written_nor_removed_and_a_listing_touches_nothing(
    home: Path, capsys: Output, state: str
) -> None:
    from imageshelf.cleanup.sidecars import digest

    sidecar = home / "photos/c.jpg.xmp"
    sidecar.write_text("mine")
    (home / HIDDEN).write_text("hidden")
    forged("take over", "photos/c.jpg.xmp", HIDDEN, state, size_bytes=-1, before="")
    write(f"UPDATE action SET digest = x'{digest(b'mine').hex()}'")  # the sender knows its bytes
    before = state_of(home / "photos")
    for door in (LISTED, TRUST):
        assert told(door, capsys)[0] in {0, 1}
        assert state_of(home / "photos") == before


def test_what_a_stranger_notes_of_a_picture_never_becomes_a_row(home: Path, capsys: Output) -> None:
    """The record in history is what undo puts on the shelf; only one of ours is believed."""
    assert told(APPLY, capsys)[0] == 0
    write("UPDATE action SET mark = NULL", "UPDATE cleanup SET mark = NULL",
          "UPDATE action SET stat = replace(stat, '\"width\": 48', '\"width\": 4800')")  # fmt: skip
    assert told(TRUST, capsys)[0] == 0
    assert (home / COPY).exists()
    with closing(sqlite3.connect("db.shelve")) as raw:
        assert raw.execute("SELECT count(*) FROM picture WHERE width > 48").fetchone() == (0,)
    assert "1 new" in told(INDEX, capsys)[1]


def test_a_name_of_a_thousand_folders_costs_no_more_than_its_length(
    home: Path, capsys: Output
) -> None:
    deep = "d/" * 10_000 + "x.jpg"
    write(f"UPDATE picture SET name = CAST('{deep}' AS BLOB) WHERE id = 1")
    assert told(FOLDERS, capsys)[0] == 0
    tree = FolderTree({"/"})
    tree.add("/" + "d/" * 10_000, Tally(1, 1))
    tree.add("/d" * DEEPEST, Tally(1, 1))
    assert len(tree.totals) == DEEPEST + 2


# -- beside pictures ------------------------------------------------------------------------------

RECORDS: list[Any] = [
    {"people": 5},
    {"people": {"name": "x"}},
    {"people": [None, {"name": 5}, {"name": "\ud800"}]},
    {"geoData": {"latitude": 10**400, "longitude": 1}},
    {"geoData": {"latitude": 1, "longitude": 1, "altitude": "high"}},
    {"geoData": {"latitude": 1, "longitude": 1, "altitude": [1]}},
    {"geoData": {"latitude": float("nan"), "longitude": float("inf")}},
    {"photoTakenTime": {"timestamp": 10**40}},
    {"photoTakenTime": {"timestamp": [0]}},
    {"photoTakenTime": 5, "geoData": [], "description": ["x"]},
    [],
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: repr(record)[:60])
def test_a_record_of_takeout_says_at_most_nothing(home: Path, record: Any) -> None:
    path = home / "photos/a.jpg.json"
    path.write_text(json.dumps(record))
    read = read_all(AnnotationTask(str(home / KEPT), (), (str(path),)))
    assert read.annotations._replace(keywords=()) == Annotations() or read.annotations.position
    assert not read.problem or isinstance(record, list)


def test_words_of_people_steer_no_terminal(home: Path, capsys: Output) -> None:
    red = {"description": "\x1b[31mred\u202e", "people": [{"name": "\x1b]0;x\x07"}]}
    (home / "photos/a.jpg.json").write_text(json.dumps(red))
    (home / "photos/b.jpg.json").write_text(json.dumps(red | {"description": "\x9b1mblue"}))
    for extra in ([], ["--format", "csv"], ["--format", "json"], ["--delete", "--show-left"]):
        status, printed = told((verbs.main, "clean", "--take-over", "-j", "0", *extra), capsys)
        assert status == 0
        assert "x9b1mblue" in printed or "u009b1mblue" in printed or "--delete" in extra


def test_what_a_decoder_logs_reaches_no_user(home: Path) -> None:
    file = io.BytesIO()
    drawn(1, (48, 36)).save(file, "TIFF")
    samples = b"\x15\x01\x03\x00\x01\x00\x00\x00"  # SamplesPerPixel
    assert samples in file.getvalue()
    (home / "a.tif").write_bytes(file.getvalue().replace(samples + b"\3", samples + b"\x0c"))
    code = (
        "from imageshelf.pictures.annotated_file import *; print(read_all(AnnotationTask('a.tif')))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip
    assert ran.stdout
    assert not ran.stderr


def linked(path: Path, target: Path) -> None:
    path.symlink_to(target)


def hard_linked(path: Path, target: Path) -> None:
    os.link(target, path)


SIDECARS: dict[str, Callable[[Path, Path], object]] = {
    "link": linked,
    "dangling link": lambda path, _: path.symlink_to("/nowhere/at/all"),
    "hard link": hard_linked,
    "folder": lambda path, _: path.mkdir(),
    "pipe": lambda path, _: os.mkfifo(path),
    "document type": lambda path, _: path.write_text("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),
    "huge": lambda path, _: path.write_bytes(b"<x>" + b" " * (9 << 20) + b"</x>"),
    "deep": lambda path, _: path.write_bytes(b"<x>" * 100_000),
    "no XML": lambda path, _: path.write_bytes(b"\0\xff" * 100),
    "another encoding": lambda path, _: path.write_bytes(b"<?xml version='1.0' encoding='x'?><a/>"),
}


@posix_only
@pytest.mark.parametrize("kind", SIDECARS)
def test_no_sidecar_leads_anywhere_and_none_is_replaced_by_a_guess(
    home: Path, capsys: Output, kind: str
) -> None:
    secret, sidecar = home.parent / "secret", home / "photos/a.jpg.xmp"
    SIDECARS[kind](sidecar, secret)
    before = os.lstat(sidecar).st_ino
    (home / "photos/b.jpg.json").write_text(json.dumps({"description": "to be taken over"}))
    (home / "photos/a.jpg.json").write_text("{}")  # else the other one, which has a record, stays
    for door in (TAKE_OVER, (*TAKE_OVER, "--apply")):
        assert told(door, capsys)[0] in {0, 1}
    assert (home / COPY).exists()
    assert secret.read_text() == "the only copy"
    assert os.lstat(sidecar).st_ino == before


# -- selections and lists -------------------------------------------------------------------------


def selection(**fields: Any) -> bytes:
    group = {"keep": [KEPT], "set_aside": [COPY]}
    document = {"imageshelf_selection": 1, "shelf": "db.shelve", "groups": [group]} | fields
    return json.dumps(document).encode()


def chosen(keep: Any, aside: Any) -> bytes:
    return selection(groups=[{"keep": keep, "set_aside": aside}])


SELECTIONS = [
    b"", b"\0", b"\xff", b"nan", b"1", b"\x1b[31m",
    b"[" * 200_000,
    b'{"imageshelf_selection":' + b"9" * 5000 + b"}",
    selection(imageshelf_selection="\x1b[31m"),
    selection(shelf="\ud800"), selection(shelf=5), selection(groups={"keep": 1}),
    chosen(KEPT, COPY), chosen([5], [None]), chosen([KEPT], [KEPT]), chosen([KEPT], [COPY, COPY]),
    chosen(["a\0b"], [COPY]), chosen([KEPT], ["x" * 1_000_000]), chosen(["http://a/b"], [COPY]),
    chosen(["\ud800"], [COPY]), chosen([KEPT], ["../secret"]),
    chosen([KEPT], ["photos/../" + COPY]),
    chosen(["photos/c.jpg"], [KEPT, COPY]),
]  # fmt: skip


@pytest.mark.parametrize("content", SELECTIONS, ids=lambda content: repr(content[:50]))
def test_a_strange_selection_moves_nothing_and_blames_no_shelf(
    home: Path, capsys: Output, content: bytes
) -> None:
    Path("chosen.json").write_bytes(content)
    before = state_of(home / "photos")
    for door in (CLEAN, APPLY):
        status, printed = told((*door, "--selection", "chosen.json"), capsys)
        assert status in {0, 1}
        assert printed.startswith(("imageshelf: the selection", "Left alone", "left "))
        assert "damaged" not in printed
        assert "limit" not in printed
        assert "recursion" not in printed
    assert state_of(home / "photos") == before


@posix_only
def test_what_is_no_file_is_no_selection_and_is_not_waited_for(home: Path, capsys: Output) -> None:
    os.mkfifo("pipe")
    for path in ("pipe", "/dev/zero", "photos"):
        status, printed = told((*CLEAN, "--selection", path), capsys)
        assert status == 1
        assert printed.startswith(f"imageshelf: the selection {path} ")


LISTS = [
    b"\xff\xfe\x00\xd8", b"\xff\xfe\x00", b"\xfe\xff\xdc\x00\x00a", b"\xef\xbb\xbf\n\n \r\n",
    b"a\0\xff\0\n\0", b"\x1b[31m", b"x" * 100_000, b"http://\n", b"-\n", b"db.shelve\n",
]  # fmt: skip


@pytest.mark.parametrize("content", LISTS, ids=lambda content: repr(content[:30]))
def test_a_strange_list_of_queries_is_sentences(
    home: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert told((search.main, "--query", "-"), capsys)[0] in {0, 1}


def test_a_list_without_an_end_or_without_a_beginning_is_a_sentence(
    home: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "LONGEST_LIST", 1 << 20)
    with pytest.raises(QueryError, match="is longer than 1 MiB"):
        paths_in_list(io.BytesIO(bytes(2 << 20)))
    monkeypatch.setattr(sys, "stdin", None)
    status, printed = told((search.main, "--query", "-"), capsys)
    assert (status, "which is closed" in printed) == (1, True)


# -- planted beside, and swapped ------------------------------------------------------------------

MARKERS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "endless number": lambda path: path.write_text('{"run": Infinity, "shelf": ""}'),
    "long number": lambda path: path.write_text('{"run": %s, "shelf": 1}' % ("9" * 5000)),
    "deep": lambda path: path.write_text("[" * 9000),
    "escapes": lambda path: path.write_text(json.dumps({"run": 1, "shelf": "\x1b[2J\u202e"})),
    "folder": lambda path: path.mkdir(),
    "pipe": lambda path: os.mkfifo(path),  # noqa: PLW0108 - Windows has none
    "dangling": lambda path: path.symlink_to("nowhere"),
}


@posix_only
@pytest.mark.parametrize("kind", MARKERS)
def test_a_forged_marker_hides_no_collection_without_a_word(
    home: Path, capsys: Output, kind: str
) -> None:
    copies(home, {"all/2019/a.jpg": 3, "all/b.jpg": 4})
    MARKERS[kind](home / "all/2019" / discarded.MARKER.decode())
    status, printed = told((index.main, "-d", "all", "-j", "0", "-s", "new"), capsys)
    assert status == 0
    assert "1 set-aside folder passed over" in printed
    status, printed = told((index.main, "-d", "all/2019", "-j", "0", "-s", "new"), capsys)
    assert (status, "set aside, which is never indexed" in printed) == (
        1,
        True,
    ) or "1 new" in printed


@posix_only
@pytest.mark.parametrize("kind", ["link", "dangling link", "hard link", "folder", "pipe"])
def test_a_planted_lock_file_leads_nowhere(home: Path, capsys: Output, kind: str) -> None:
    SIDECARS[kind](home / "db.shelve-cleanup", home.parent / "secret")
    for door in (APPLY, (verbs.main, "undo")):
        assert told(door, capsys)[0] in {0, 1}
    assert (home.parent / "secret").read_text() == "the only copy"
    assert not Path("/nowhere").exists()


@posix_only
@pytest.mark.parametrize("kind", SIDECARS)
def test_a_planted_key_marks_nothing(
    home: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    state = home.parent / "state"
    state.mkdir()
    monkeypatch.setenv("IMAGESHELF_STATE", str(state))
    SIDECARS[kind](state / "key", home.parent / "secret")
    monkeypatch.setattr("imageshelf.system.user_key._MAKING_S", 0.01)
    status, printed = told(APPLY, capsys)
    assert (status, "IMAGESHELF_STATE" in printed) == (1, True)
    assert (home / COPY).exists()
    assert (home.parent / "secret").read_text() == "the only copy"


@pytest.mark.parametrize("state", ["secret", "secret/x", "/dev/null", "/proc/self/x"])
def test_a_state_folder_that_is_none_moves_nothing(
    home: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setenv("IMAGESHELF_STATE", os.path.join(home.parent, state))
    status, printed = told(APPLY, capsys)
    assert (status, "IMAGESHELF_STATE" in printed) == (1, True)
    assert (home / COPY).exists()


def replaced(kept: Path, other: Path, make: Callable[[Path, Path], object]) -> None:
    kept.unlink()
    make(kept, other)


def folder_linked(folder: Path, other: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.symlink_to(other, target_is_directory=True)


SWAPS: dict[str, Callable[[Path, Path], object]] = {
    "nothing is": lambda *_: None,
    "keeper is a link to what was set aside": lambda kept, aside: replaced(kept, aside, linked),
    "keeper is a second name of it": lambda kept, aside: replaced(kept, aside, hard_linked),
    "keeper is gone": lambda kept, _: kept.unlink(),
    "keeper is empty": lambda kept, _: kept.write_bytes(b""),
    "keeper is a folder": lambda kept, _: replaced(kept, kept, lambda path, _: path.mkdir()),
    "keeper is a pipe": lambda kept, _: replaced(kept, kept, lambda path, _: os.mkfifo(path)),
    "keeper shows something else": lambda kept, _: drawn(9, (48, 36)).save(kept),
    "it is a link to the keeper": lambda kept, aside: replaced(aside, kept, linked),
    "it is another file": lambda _, aside: drawn(8, (48, 36)).save(aside),
    "its folder is a link": lambda kept, aside: folder_linked(aside.parent, kept.parent),
    "the marker is a link": lambda kept, aside: replaced(
        aside.parent.parent / discarded.MARKER.decode(), kept, linked
    ),
}


HARMLESS = {"nothing is", "the marker is a link"}


@posix_only
@pytest.mark.parametrize("swap", SWAPS)
def test_whatever_is_swapped_a_purge_leaves_the_picture_somewhere(
    home: Path, capsys: Output, swap: str
) -> None:
    wanted = (home / KEPT).read_bytes()
    assert told(APPLY, capsys)[0] == 0
    SWAPS[swap](home / KEPT, home / ASIDE)
    others = {name: data for name, data in state_of(home / "photos").items() if data != wanted}
    status, printed = told(PURGE, capsys)
    assert status == (swap not in HARMLESS), printed
    after = state_of(home)
    assert "it is another file" in swap or wanted in after.values()
    assert others.items() <= state_of(home / "photos").items()


# -- the working folder, and the page -------------------------------------------------------------

GONE: list[Door] = [
    HISTORY, CLEAN, LISTED, TRUST, DUPLICATES, INDEX, MERGE,
    (verbs.main, "check"), (verbs.main, "purge"), (verbs.main, "clean", "--reference", "."),
    (verbs.main, "clean", "--set-aside", "x"), (search.main, "--duplicates", "--html", "x.html"),
    (verbs.main, "not-duplicates", "a", "b"), (search.main, "-q", "a.jpg"),
]  # fmt: skip


@posix_only
@pytest.mark.parametrize("with_shelf", [False, True])
@pytest.mark.parametrize("door", GONE, ids=lambda door: " ".join(door[1:]))
def test_a_working_folder_that_is_gone_is_told_as_that(
    home: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch, door: Door, with_shelf: bool
) -> None:
    (home / "gone").mkdir()
    monkeypatch.chdir(home / "gone")
    (home / "gone").rmdir()
    shelf = ["--shelve", str(home / "db.shelve")] if with_shelf and "--shelve" not in door else []
    status, printed = told((*door, *shelf), capsys)
    assert status in {0, 1}
    assert "output" not in printed
    assert printed


def test_what_a_camera_is_called_runs_in_no_page(home: Path, capsys: Output) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    write(f"UPDATE picture SET camera = '{evil}', format = '<b>JPEG'")
    status, _ = told((*DUPLICATES, "--html", "page.html"), capsys)
    assert status == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<b>JPEG" not in page
