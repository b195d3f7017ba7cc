"""What lies beside a shelf is never believed: not its links, not its owner, not the names in it."""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import index as index_script
import search as search_script
from imageshelf import __main__ as verbs
from imageshelf.shelf import ShelfError, open_shelf, open_to_fill, private_copy, side_files
from tests.conftest import ROOT
from tests.fixture_shelf import unpack
from tests.shelf_entries import RECIPE, entry
from tests.test_stored_shelves import FIXTURES

posix = pytest.mark.skipif(os.name != "posix", reason="links, modes and kill -9 of POSIX")
MAGIC = side_files.JOURNAL_MAGIC


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """A shelf of two pictures, made by nobody here: there is another key."""
    path = tmp_path / "sent" / "db.shelve"
    path.parent.mkdir()
    fill(path)
    return path


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim.txt"
    path.write_text("the only copy\n")
    return path


def fill(path: Path) -> None:
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        shelf.whole_catalogue().add([entry(b"a.jpg", 5), entry(b"b.jpg", 6)])


def not_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From here on this is another user."""
    monkeypatch.setenv("IMAGESHELF_STATE", str(tmp_path / "another"))


def super_journal(shelf: Path, name: bytes, *, length: int | None = None, wrong: int = 0) -> bytes:
    """Return a journal that names a file to be deleted when it is rolled back."""
    header = shelf.read_bytes()[:100]
    size = struct.unpack(">H", header[16:18])[0]
    pages = shelf.stat().st_size // size
    first = MAGIC + struct.pack(">IIIII", 0, 0, pages, 512, size)
    checksum = (sum(name) + wrong) % 2**32
    said = len(name) if length is None else length
    last = struct.pack(">I", 0x40000000 // size + 1) + name + struct.pack(">II", said, checksum)
    return first.ljust(512, b"\0") + last + MAGIC


JOURNALS: dict[str, Callable[[Path, Path], bytes]] = {
    "names the victim": lambda shelf, victim: super_journal(shelf, os.fsencode(victim)),
    "with a wrong checksum": lambda shelf, victim: super_journal(
        shelf, os.fsencode(victim), wrong=1
    ),
    "by a relative name": lambda shelf, _: super_journal(shelf, b"../victim.txt"),
    "with a shorter length": lambda shelf, victim: super_journal(
        shelf, b"x" + os.fsencode(victim), length=len(os.fsencode(victim))
    ),
    "as SQLite names them": lambda shelf, _: super_journal(
        shelf, os.fsencode(shelf) + b"-mj0123456789"
    ),
    "of an empty header": lambda shelf, victim: (
        bytes(512) + super_journal(shelf, os.fsencode(victim))[512:]
    ),
    "and nothing else": lambda shelf, victim: super_journal(shelf, os.fsencode(victim))[512:],
}


def everything(folder: Path) -> dict[str, object]:
    """Return what is in a folder, byte for byte."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else path.lstat().st_mode
        )
        for path in folder.rglob("*")
    }


def opened(flag: str) -> Callable[[Path], None]:
    return lambda shelf: open_shelf(shelf, flag).close()


def ran(*arguments: str) -> Callable[[Path], None]:
    def run(shelf: Path) -> None:
        name, *rest = arguments
        words = [word.replace("SHELF", str(shelf)) for word in rest]
        main = {"index": index_script.main, "search": search_script.main}.get(name)
        status = main(words) if main else verbs.main([name, *words])
        assert status == 1
        raise ShelfError(" ".join(arguments))

    return run


DOORS: dict[str, Callable[[Path], None]] = {
    **{f"open {flag}": opened(flag) for flag in "rwcn"},
    "fill": lambda shelf: open_to_fill(shelf).close(),
    "search": ran("search", "-s", "SHELF", "-q", "SHELF/../picture.png"),
    "duplicates": ran("search", "-s", "SHELF", "--duplicates"),
    "index": ran("index", "-s", "SHELF", "-d", "SHELF/..", "-q", "-j", "0"),
    "rebuild": ran("index", "-s", "SHELF", "-d", "SHELF/..", "-q", "-j", "0", "--rebuild"),
    "check": ran("check", "-s", "SHELF"),
    "history": ran("history", "-s", "SHELF"),
    "clean": ran("clean", "-s", "SHELF", "--apply"),
    "undo": ran("undo", "-s", "SHELF"),
    "not-duplicates": ran("not-duplicates", "-s", "SHELF", "--list"),
    "calibrate": ran("calibrate", "-s", "SHELF"),
    "merge from": ran("merge", "SHELF", "-s", "SHELF.mine"),
    "merge into": ran("merge", "SHELF.other", "-s", "SHELF"),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", JOURNALS)
def test_a_journal_that_names_a_file_is_refused(
    kind: str, door: str, sent: Path, victim: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(sent.with_name("db.shelve.other"))
    Path(f"{sent}-journal").write_bytes(JOURNALS[kind](sent, victim))
    before = everything(sent.parent)
    with pytest.raises(ShelfError) as refused:
        DOORS[door](sent)
    said = f"{refused.value}{capsys.readouterr().err}"
    assert "names another file" in said
    assert victim.read_text() == "the only copy\n"
    assert everything(sent.parent) == before


def linked(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def dangling(path: Path, victim: Path) -> None:
    path.symlink_to(victim.with_name("not there"))


def hard_linked(path: Path, victim: Path) -> None:
    os.link(victim, path)


def folder(path: Path, _: Path) -> None:
    path.mkdir()


def fifo(path: Path, _: Path) -> None:
    os.mkfifo(path)


def socketed(path: Path, _: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's name is short
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def of_another(path: Path, _: Path) -> None:
    if os.geteuid():
        pytest.skip("only root gives files away")
    path.write_bytes(b"x")
    os.chown(path, 12345, -1)


@posix
@pytest.mark.parametrize("flag", ["r", "w", "c", "n"])
@pytest.mark.parametrize("suffix", side_files.SUFFIXES)
@pytest.mark.parametrize(
    "plant", [linked, dangling, hard_linked, folder, fifo, socketed, of_another]
)
def test_what_no_shelf_has_beside_it_is_refused(
    plant: Callable[[Path, Path], None], suffix: str, flag: str, sent: Path, victim: Path
) -> None:
    plant(Path(f"{sent}{suffix}"), victim)
    before = everything(sent.parent)
    with pytest.raises(ShelfError, match=f"the {suffix} beside it"):
        open_shelf(sent, flag)
    assert victim.read_text() == "the only copy\n"
    assert everything(sent.parent) == before


@posix
def test_side_files_are_looked_for_where_a_link_leads(sent: Path, victim: Path) -> None:
    link = sent.parent.parent / "link.shelve"
    link.symlink_to(sent)
    Path(f"{sent}-journal").write_bytes(JOURNALS["names the victim"](sent, victim))
    with pytest.raises(ShelfError, match="names another file"):
        open_shelf(link)
    assert victim.exists()


# -- what a killed program leaves -----------------------------------------------------------------

DIE = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = " + sys.argv[2])
db.execute("PRAGMA cache_size = 1")
db.execute("PRAGMA wal_autocheckpoint = 0")
db.execute("BEGIN")
for n in range(300):
    db.execute("INSERT INTO Dict VALUES (?, ?)", (b"%016x" % (n + 2**40), bytes(2000)))
db.execute("DELETE FROM picture")
if sys.argv[2] == "wal": db.execute("COMMIT")
os.kill(os.getpid(), 9)
"""


def die_in_a_write(shelf: Path, mode: str = "delete") -> None:
    """Let a program be killed in the middle of a write, or with its log not yet in the file."""
    subprocess.run([sys.executable, "-c", DIE, shelf, mode], check=False)
    assert Path(f"{shelf}{'-wal' if mode == 'wal' else '-journal'}").stat().st_size > 0


def pictures(shelf: Path, flag: str = "r") -> int:
    with open_shelf(shelf, flag) as opened_shelf:
        assert len(opened_shelf) == 2
        assert opened_shelf.check() == []
        return opened_shelf.whole_catalogue().pictures()


@posix
@pytest.mark.parametrize("flag", ["r", "w"])
def test_ours_is_rolled_back_in_place(
    flag: str, sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sent.read_bytes()
    die_in_a_write(sent)
    assert sent.read_bytes() != before

    def never(_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(private_copy, "carry_over", never)
    assert pictures(sent, flag) == 2
    assert sent.read_bytes() == before
    assert os.listdir(sent.parent) == ["db.shelve"]


@posix
def test_anothers_is_read_in_a_copy_and_left_alone(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_in_a_write(sent)
    before = everything(sent.parent)
    not_ours(monkeypatch, tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "private"))
    (tmp_path / "private").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    assert pictures(sent) == 2
    assert everything(sent.parent) == before
    assert os.listdir(tmp_path / "private") == []


@posix
def test_anothers_is_mended_by_whatever_writes(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sent.read_bytes()
    die_in_a_write(sent)
    inode = sent.stat().st_ino
    not_ours(monkeypatch, tmp_path)
    assert pictures(sent, "w") == 2
    assert sent.read_bytes() == before
    assert sent.stat().st_ino == inode
    assert os.listdir(sent.parent) == ["db.shelve"]


@posix
@pytest.mark.parametrize("flag", ["r", "w"])
@pytest.mark.parametrize("ours", [True, False])
def test_a_log_of_another_program_counts(
    ours: bool, flag: str, sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_in_a_write(sent, "wal")
    before = everything(sent.parent)
    if not ours:
        not_ours(monkeypatch, tmp_path)
    with open_shelf(sent, flag) as shelf:
        assert len(shelf) == 302
    if flag == "w":
        assert os.listdir(sent.parent) == ["db.shelve"]
        assert sent.read_bytes()[18:20] == b"\1\1"
    elif not ours:
        assert everything(sent.parent) == before


@posix
@pytest.mark.parametrize("flag", ["r", "w"])
def test_a_first_version_killed_in_a_write_recovers(flag: str, tmp_path: Path) -> None:
    shelf = unpack(FIXTURES / "schema_1", tmp_path / "album")
    die_in_a_write(shelf)
    with open_shelf(shelf, flag) as opened_shelf:
        assert opened_shelf.check() == []
        assert opened_shelf.whole_catalogue().pictures() == 5


@posix
@pytest.mark.parametrize("flag", ["r", "w"])
def test_where_others_can_write_a_copy_is_rolled_back(
    flag: str, sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another could change the journal between the look at it and SQLite's."""
    die_in_a_write(sent)
    sent.parent.chmod(0o777)
    paths: list[str] = []
    real = private_copy.copied

    def copied(beside: side_files.SideFiles) -> private_copy.Copy | None:
        paths.append(beside.path)
        return real(beside)

    monkeypatch.setattr(private_copy, "copied", copied)
    before = everything(sent.parent)
    assert pictures(sent, flag) == 2
    assert paths == [str(sent)]
    assert (everything(sent.parent) == before) == (flag == "r")


@posix
def test_where_others_can_write_every_transaction_looks_again(sent: Path, victim: Path) -> None:
    sent.parent.chmod(0o777)
    with open_shelf(sent, "w") as shelf:
        shelf["0" * 16] = ["by hand.jpg"]
        Path(f"{sent}-journal").write_bytes(JOURNALS["names the victim"](sent, victim))
        with pytest.raises(ShelfError, match="names another file"):
            shelf["1" * 16] = ["too.jpg"]
        assert victim.exists()
        os.unlink(f"{sent}-journal")
        shelf["1" * 16] = ["too.jpg"]
    with open_shelf(sent) as shelf:
        assert len(shelf) == 4


@posix
def test_a_reader_is_told_when_a_writer_dies_and_reads_on_when_opened_again(sent: Path) -> None:
    with open_shelf(sent) as shelf:
        assert len(shelf) == 2
        die_in_a_write(sent)
        with pytest.raises(ShelfError, match=r"half written.*open it again"):
            len(shelf)
        with open_shelf(sent) as again:
            assert len(again) == 2
        assert len(shelf) == 2


@posix
def test_a_shelf_that_goes_while_it_is_opened_is_told_at_once(
    sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = side_files.only_ours

    def gone(path: str) -> bool:
        sent.unlink(missing_ok=True)
        return real(path)

    die_in_a_write(sent)
    monkeypatch.setattr(side_files, "only_ours", gone)
    with pytest.raises(ShelfError, match="cannot be opened"):
        open_shelf(sent)


@posix
def test_ours_on_a_medium_that_cannot_be_written_is_read_in_a_copy(
    sent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_in_a_write(sent)
    before = everything(sent.parent)
    real = sqlite3.connect

    def connect(address: str, **options: object) -> object:
        if "mode=rw" in address and str(sent) in address:
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        return real(address, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(sqlite3, "connect", connect)
    assert pictures(sent) == 2
    assert everything(sent.parent) == before


@posix
def test_a_killed_reader_leaves_no_copy(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_in_a_write(sent)
    not_ours(monkeypatch, tmp_path)
    (tmp_path / "private").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "private"))
    with open_shelf(sent) as shelf:
        assert os.listdir(tmp_path / "private") == []
        assert shelf.check() == []


@posix
def test_a_copy_goes_only_where_nobody_else_can_swap_it(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_in_a_write(sent)
    not_ours(monkeypatch, tmp_path)
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(shared))
    shared.chmod(0o777)
    with pytest.raises(ShelfError, match="TMPDIR"):
        open_shelf(sent)
    assert os.listdir(shared) == []
    shared.chmod(0o1777)
    assert pictures(sent) == 2


@posix
def test_a_journal_that_makes_a_shelf_huge_is_refused(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_in_a_write(sent)
    not_ours(monkeypatch, tmp_path)
    journal = Path(f"{sent}-journal")
    data = bytearray(journal.read_bytes())
    data[16:20] = struct.pack(">I", 2**26)  # pages of the database before
    journal.write_bytes(data)
    before = everything(sent.parent)
    for flag in "rw":
        with pytest.raises(ShelfError, match="damaged"):
            open_shelf(sent, flag)
        assert everything(sent.parent) == before


@posix
def test_without_room_for_a_copy_there_is_a_sentence(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_in_a_write(sent)
    not_ours(monkeypatch, tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(private_copy, "_copy", full)
    with pytest.raises(ShelfError, match=r"half written.*No space left"):
        open_shelf(sent)


@posix
def test_a_living_writer_is_waited_for_not_rolled_back(sent: Path) -> None:
    """Its journal is no leftover: a reader sees what was there before."""
    code = DIE.replace("os.kill(os.getpid(), 9)", "print('writing', flush=True); input()")
    writer = subprocess.Popen(
        [sys.executable, "-c", code, sent, "wal"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    with open_shelf(sent) as shelf:
        assert len(shelf) == 302
    assert Path(f"{sent}-wal").exists()
    writer.communicate("\n")


@posix
def test_a_shelf_in_a_transaction_here_is_read_beside_it(sent: Path) -> None:
    with open_shelf(sent, "w") as writer, writer._db.transaction():
        writer["0" * 16] = ["by hand.jpg"]
        with open_shelf(sent) as reader:
            assert len(reader) == 2
        writer["1" * 16] = ["too.jpg"]
    with open_shelf(sent) as shelf:
        assert len(shelf) == 4


@posix
def test_a_journal_of_no_shelf_goes_with_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "db.shelve-journal").write_bytes(MAGIC + bytes(504))
    with pytest.raises(ShelfError, match="does not exist"):
        open_shelf(tmp_path / "db.shelve")
    fill(tmp_path / "db.shelve")
    assert os.listdir(tmp_path) == ["db.shelve"]


@posix
@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ((0o755, 0o755), True),
        ((0o700, 0o755), True),
        ((0o775, 0o755), False),
        ((0o757, 0o755), False),
        ((0o755, 0o777), False),
        ((0o755, 0o1777), True),
        ((0o1777, 0o755), False),
    ],
)
def test_a_folder_is_ours_when_nobody_else_can_write_there(
    modes: tuple[int, int], expected: bool, tmp_path: Path
) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(modes[0])
    inner.parent.chmod(modes[1])
    assert side_files.only_ours(str(inner)) is expected


def test_an_honest_journal_names_nothing(sent: Path) -> None:
    """Whatever was on the disk when the power went: a header that begins, zeros, garbage."""
    journal = Path(f"{sent}-journal")
    for tail in (b"", MAGIC, bytes(8) + MAGIC, b"\xff" * 4 + bytes(4) + MAGIC, MAGIC[:7]):
        journal.write_bytes(b"\0" * 512 + tail)
        side_files.refuse_strange(str(sent))


# -- every SQLite here ----------------------------------------------------------------------------

ROLLED = """
import sys
sys.path.insert(0, sys.argv[2])
from imageshelf.shelf import ShelfError, open_shelf
try:
    with open_shelf(sys.argv[1], sys.argv[3]) as shelf:
        print(len(shelf))  # no more: not every Python here has NumPy
except ShelfError as exc:
    print("refused" if "names another file" in str(exc) else exc)
"""


def interpreters() -> list[str]:
    from tests.__main__ import interpreters as others

    return [sys.executable, *map(str, others().values())]


@posix
def test_every_sqlite_here_is_kept_from_the_victim(sent: Path, victim: Path) -> None:
    kept = sent.read_bytes()
    for python in interpreters():
        for flag in "rw":
            sent.write_bytes(kept)
            Path(f"{sent}-journal").write_bytes(JOURNALS["names the victim"](sent, victim))
            assert answer(python, sent, flag) == "refused"
            assert victim.exists()
            os.unlink(f"{sent}-journal")
            die_in_a_write(sent)
            assert answer(python, sent, flag) == "2"
            Path(f"{sent}-journal").unlink(missing_ok=True)


def answer(python: str, shelf: Path, flag: str) -> str:
    run = [python, "-c", ROLLED, str(shelf), str(ROOT), flag]
    return subprocess.run(run, capture_output=True, text=True, check=False).stdout.strip()


@posix
def test_another_sqlite_is_kept_from_the_victim(sent: Path, victim: Path) -> None:
    power = pytest.importorskip("tests.power", reason="needs apsw")
    kept = sent.read_bytes()
    for flag in "rw":
        with power.recording(str(sent.parent)):
            Path(f"{sent}-journal").write_bytes(JOURNALS["names the victim"](sent, victim))
            with pytest.raises(ShelfError, match="names another file"):
                open_shelf(sent, flag)
            assert victim.exists()
            os.unlink(f"{sent}-journal")
            die_in_a_write(sent)
            assert pictures(sent, flag) == 2
        assert sent.read_bytes() == kept


@posix
def test_the_attack_works_on_sqlite_itself(sent: Path, victim: Path) -> None:
    """Else the tests above would pass for want of a danger."""
    shutil.copy(victim, f"{victim}.kept")
    Path(f"{sent}-journal").write_bytes(JOURNALS["names the victim"](sent, victim))
    with closing(sqlite3.connect(sent)) as connection:
        connection.execute("SELECT count(*) FROM Dict").fetchone()
    if victim.exists():
        pytest.skip(f"SQLite {sqlite3.sqlite_version} deletes no file of that name")


@posix
@pytest.mark.parametrize("ours", [True, False])
def test_many_that_mend_at_once_all_find_it_whole(
    ours: bool, sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = sent.read_bytes()
    if not ours:
        not_ours(monkeypatch, tmp_path)
    for _ in range(3):
        die_in_a_write(sent)
        code = [sys.executable, "-c", ROLLED, str(sent), str(ROOT)]
        programs = [
            subprocess.Popen([*code, flag], stdout=subprocess.PIPE, text=True) for flag in "rwrwwr"
        ]
        assert [program.communicate()[0].strip() for program in programs] == ["2"] * 6
        assert sent.read_bytes() == kept
        assert os.listdir(sent.parent) == ["db.shelve"]


def mutated(left: bytes, victim: Path, rnd: random.Random) -> bytes:
    data = bytearray(left)
    for _ in range(rnd.choice((1, 3, 30))):
        data[rnd.choice((rnd.randrange(64), rnd.randrange(len(data))))] = rnd.randrange(256)
    if rnd.random() < 0.3:
        del data[rnd.randrange(len(data)) :]
    if rnd.random() < 0.2:
        name = os.fsencode(victim)
        data += name + struct.pack(">II", len(name), sum(name)) + MAGIC
    return bytes(data)


def mutations(sent: Path, victim: Path, times: int, seed: int) -> None:
    """Change bytes of a journal or log, cut it, lengthen it; nothing but the shelf ever changes."""
    print("seed", seed)
    rnd = random.Random(seed)
    whole, unchanged = sent.read_bytes(), os.listdir(sent.parent.parent)
    for number in range(times):
        if number % 40 == 0:  # a new one to begin with
            for suffix in side_files.SUFFIXES:
                Path(f"{sent}{suffix}").unlink(missing_ok=True)
            sent.write_bytes(whole)
            mode = rnd.choice(["delete", "wal"])
            die_in_a_write(sent, mode)
            suffix = "-wal" if mode == "wal" else "-journal"
            half, left = sent.read_bytes(), Path(f"{sent}{suffix}").read_bytes()
        for other in side_files.SUFFIXES:
            Path(f"{sent}{other}").unlink(missing_ok=True)
        sent.write_bytes(half)
        Path(f"{sent}{suffix}").write_bytes(mutated(left, victim, rnd))
        before = everything(sent.parent)
        for flag in "rw":
            try:
                with open_shelf(sent, flag) as shelf:
                    shelf.check()
            except ShelfError:
                pass
            if flag == "r":
                assert everything(sent.parent) == before, (seed, number)
        assert victim.read_text() == "the only copy\n"
        assert os.listdir(sent.parent.parent) == unchanged, (seed, number)
        assert sent.stat().st_size <= len(half) + len(left) + 2**17, (seed, number)


@posix
def test_changed_journals_change_nothing_but_the_shelf(
    sent: Path, victim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_ours(monkeypatch, tmp_path)
    mutations(sent, victim, times=80, seed=1)


@posix
@pytest.mark.stress
def test_five_thousand_changed_journals(
    sent: Path, victim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_ours(monkeypatch, tmp_path)
    mutations(sent, victim, times=5000, seed=2)
