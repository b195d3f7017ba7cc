"""The shelf as a mapping: like `shelve`, on the same file, and clear about what is wrong."""

from __future__ import annotations

import dbm
import dbm.dumb
import os
import pickle
import shelve
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import imageshelf.shelf.database
from imageshelf.shelf import Shelf, ShelfError, open_shelf, pickled, schema
from tests.__main__ import interpreters
from tests.shelf_entries import RECIPE, entry

KEY = "3c3e0e1f1f1e3e7c"
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions and files")
NOBODY = 65534


@pytest.fixture
def powerless() -> Iterator[str]:
    """Where a shelf could be, in a process that is not root and may be refused things."""
    with tempfile.TemporaryDirectory() as folder:
        was_root = os.geteuid() == 0
        if was_root:  # root may write anywhere
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        try:
            yield os.path.join(folder, "db.shelve")
        finally:
            os.chmod(folder, stat.S_IRWXU)
            if was_root:
                os.seteuid(0)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where a shelf could be; nothing is there yet."""
    return str(tmp_path / "db.shelve")


@pytest.fixture
def indexed(path: str) -> str:
    """A shelf with one indexed picture."""
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        shelf.whole_catalogue().add([entry(b"photos/a.jpg", int(KEY, 16))])
    return path


@pytest.fixture
def bare(path: str) -> str:
    """A file with the standard library's table only, as Python 3.13 writes it."""
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TABLE IF NOT EXISTS Dict (\n    key BLOB UNIQUE NOT NULL,\n"
        "    value BLOB NOT NULL\n  )"
    )
    connection.execute("INSERT INTO Dict VALUES (?, ?)", (KEY.encode(), pickle.dumps(["a.jpg"])))
    connection.commit()
    connection.close()
    return path


def files_beside(path: str) -> list[str]:
    return sorted(os.listdir(os.path.dirname(path)))


class TestMapping:
    def test_it_behaves_like_a_dict(self, path: str) -> None:
        with open_shelf(path, "c") as shelf:
            shelf[KEY] = ["b.jpg", "a.jpg"]
            shelf["note"] = []
            assert shelf[KEY] == ["b.jpg", "a.jpg"]
            assert dict(shelf) == {KEY: ["b.jpg", "a.jpg"], "note": []}
            assert len(shelf) == 2
            assert KEY in shelf
            assert "other" not in shelf
            assert not shelf.__contains__(5)
            assert shelf.get("other", ()) == ()
            del shelf["note"]
            assert list(shelf) == [KEY]
            shelf.sync()
        with open_shelf(path) as shelf:
            assert dict(shelf) == {KEY: ["b.jpg", "a.jpg"]}

    def test_a_missing_key_is_a_keyerror(self, path: str) -> None:
        with open_shelf(path, "c") as shelf:
            with pytest.raises(KeyError):
                shelf["other"]
            with pytest.raises(KeyError):
                del shelf["other"]
            with pytest.raises(KeyError):
                shelf[5]  # type: ignore[index]

    @pytest.mark.parametrize("value", ["a.jpg", ("a.jpg",), [b"a.jpg"], None, {"a": 1}, [["a"]]])
    def test_only_a_list_of_names_is_a_value(self, path: str, value: list[str]) -> None:
        with open_shelf(path, "c") as shelf:
            with pytest.raises(TypeError):
                shelf[KEY] = value
            assert dict(shelf) == {}

    def test_only_text_is_a_key(self, path: str) -> None:
        with open_shelf(path, "c") as shelf, pytest.raises(TypeError):
            shelf[b"key"] = ["a.jpg"]  # type: ignore[index]

    def test_a_list_too_long_to_be_read_again_is_not_written(
        self, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(pickled, "MAX_BYTES", 1000)
        with open_shelf(path, "c") as shelf, pytest.raises(ValueError, match="at most 1,000"):
            shelf[KEY] = ["x" * 1000]

    def test_every_key_and_name_comes_back(self, path: str) -> None:
        odd = ["caf\xe9", "\udcff", "\U0001f600", "new\nline", "nul\0", "", "'\"; DROP TABLE Dict"]
        with open_shelf(path, "c") as shelf:
            for text in odd:
                shelf[text] = [text]
            assert dict(shelf) == {text: [text] for text in odd}

    def test_many_keys_are_listed_once_each(self, path: str) -> None:
        with open_shelf(path, "c") as shelf:
            rows = ((b"%d" % n, pickle.dumps([])) for n in range(10_000))
            with shelf._db.transaction():
                shelf._db.write_many("INSERT INTO Dict VALUES (?, ?)", rows)
            assert sorted(shelf, key=int) == [str(n) for n in range(10_000)]
            assert len(shelf) == 10_000

    def test_a_closed_shelf_says_so(self, indexed: str) -> None:
        shelf = open_shelf(indexed)
        shelf.close()
        shelf.close()
        with pytest.raises(ShelfError, match="has been closed"):
            shelf[KEY]
        with pytest.raises(ShelfError, match="has been closed"):
            shelf.whole_catalogue().counts()

    def test_its_representation_names_the_file(self, indexed: str) -> None:
        with open_shelf(indexed) as shelf:
            assert repr(shelf) == f"<Shelf {indexed}>"


class TestFlags:
    def test_r_reads_and_never_changes(self, indexed: str) -> None:
        before = Path(indexed).read_bytes()
        with open_shelf(indexed) as shelf:
            assert not shelf.writable
            assert shelf[KEY] == ["photos/a.jpg"]
            for change in (
                lambda: shelf.__setitem__(KEY, []),
                lambda: shelf.__delitem__(KEY),
                lambda: shelf.rebuild(RECIPE),
                lambda: shelf.whole_catalogue().add([]),
                lambda: shelf.whole_catalogue().forget([b"photos/a.jpg"]),
            ):
                with pytest.raises(ShelfError, match="is open for reading only"):
                    change()
            assert shelf.check() == []
        assert Path(indexed).read_bytes() == before
        assert files_beside(indexed) == ["db.shelve"]

    @pytest.mark.parametrize("flag", ["r", "w"])
    def test_a_missing_shelf_is_not_made(self, path: str, flag: str) -> None:
        with pytest.raises(ShelfError, match=r"db\.shelve does not exist"):
            open_shelf(path, flag)
        assert files_beside(path) == []

    @pytest.mark.parametrize("flag", ["w", "c"])
    def test_w_and_c_keep_what_is_there(self, indexed: str, flag: str) -> None:
        with open_shelf(indexed, flag) as shelf:
            assert shelf.writable
            assert dict(shelf) == {KEY: ["photos/a.jpg"]}

    def test_n_starts_anew(self, indexed: str) -> None:
        with open_shelf(indexed, "n") as shelf:
            assert dict(shelf) == {}
            assert shelf.recipe is None
            assert shelf.whole_catalogue().counts() == (0, 0, 0, 0)
            assert shelf.check() == []

    def test_n_does_not_destroy_what_is_no_shelf(self, path: str) -> None:
        Path(path).write_bytes(b"\xff\xd8\xff a photograph")
        with pytest.raises(ShelfError, match="is not a shelf"):
            open_shelf(path, "n")
        assert Path(path).read_bytes() == b"\xff\xd8\xff a photograph"

    def test_an_unknown_flag_is_a_valueerror(self, path: str) -> None:
        with pytest.raises(ValueError, match="expected the flag"):
            open_shelf(path, "x")

    def test_an_empty_file_is_a_new_shelf_for_a_writer(self, path: str) -> None:
        Path(path).touch()
        with pytest.raises(ShelfError, match="is empty"):
            open_shelf(path)
        with open_shelf(path, "w") as shelf:
            assert dict(shelf) == {}

    def test_a_path_object_will_do(self, path: str) -> None:
        with open_shelf(Path(path), "c") as shelf:
            assert shelf.path == path
            assert shelf.folder == os.path.dirname(path)


class TestMisuse:
    def test_a_folder_is_not_a_shelf(self, tmp_path: Path) -> None:
        for flag in "rwcn":
            with pytest.raises(ShelfError, match="is a folder"):
                open_shelf(tmp_path, flag)

    def test_a_missing_folder_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ShelfError, match=r"there is no folder .*missing"):
            open_shelf(tmp_path / "missing" / "db.shelve", "c")

    @posix
    def test_a_pipe_does_not_hang(self, path: str) -> None:
        os.mkfifo(path)
        with pytest.raises(ShelfError, match="is not a regular file"):
            open_shelf(path)

    @posix
    def test_a_link_to_nowhere_is_a_missing_shelf(self, path: str) -> None:
        os.symlink("nowhere", path)
        with pytest.raises(ShelfError, match="does not exist"):
            open_shelf(path)

    @posix
    def test_a_loop_of_links_is_one_line(self, path: str) -> None:
        os.symlink(path, path)
        with pytest.raises(ShelfError, match="cannot be opened"):
            open_shelf(path)

    @posix
    def test_permissions_are_told(self, powerless: str) -> None:
        open_shelf(powerless, "c").close()
        os.chmod(powerless, 0)
        with pytest.raises(ShelfError, match=r"[Pp]ermission denied"):
            open_shelf(powerless)

    @posix
    def test_a_folder_that_cannot_be_written_is_told(self, powerless: str) -> None:
        os.chmod(os.path.dirname(powerless), stat.S_IRUSR | stat.S_IXUSR)
        with pytest.raises(ShelfError, match=r"is the folder .* writable"):
            open_shelf(powerless, "c")

    @posix
    def test_a_shelf_that_cannot_be_written_is_told(self, powerless: str) -> None:
        open_shelf(powerless, "c").close()
        os.chmod(powerless, stat.S_IRUSR)
        with open_shelf(powerless, "w") as shelf, pytest.raises(ShelfError, match="is read-only"):
            shelf.adopt(RECIPE)

    @posix
    def test_a_shelf_in_a_folder_that_cannot_be_written_is_read(self, powerless: str) -> None:
        with open_shelf(powerless, "c") as shelf:
            shelf[KEY] = ["a.jpg"]
        os.chmod(powerless, stat.S_IRUSR)
        os.chmod(os.path.dirname(powerless), stat.S_IRUSR | stat.S_IXUSR)
        with open_shelf(powerless) as shelf:
            assert shelf[KEY] == ["a.jpg"]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"hello", "is not a shelf"),
            ((0x13579ACE).to_bytes(4, "little") + bytes(100), "is a gdbm shelf"),
            ((0x13579ACF).to_bytes(4, "big") + bytes(100), "is a gdbm shelf"),
            (bytes(12) + (0x61561).to_bytes(4, "little") + bytes(99), "is a Berkeley DB"),
            (b"SQLite format 3\0" + bytes(84), "is damaged"),
            (b"SQLite format 3\0" + b"\xff" * 5000, "is damaged"),
        ],
    )
    def test_other_files_are_named(self, path: str, content: bytes, said: str) -> None:
        Path(path).write_bytes(content)
        for flag in "rwcn":
            with pytest.raises(ShelfError, match=said) as caught:
                open_shelf(path, flag)
            assert "\n" not in str(caught.value)
        assert Path(path).read_bytes() == content
        assert files_beside(path) == ["db.shelve"]

    @pytest.mark.parametrize(
        ("suffixes", "backend"),
        [((".dat", ".dir"), "dbm.dumb"), ((".pag", ".dir"), "ndbm"), ((".db",), "Berkeley")],
    )
    def test_other_backends_beside_the_path_are_named(
        self, path: str, suffixes: tuple[str, ...], backend: str
    ) -> None:
        for suffix in suffixes:
            Path(path + suffix).touch()
        for flag in "rc":
            with pytest.raises(ShelfError, match=backend):
                open_shelf(path, flag)
        assert not os.path.exists(path)

    def test_the_dumb_backend_of_this_python_is_recognised(self, path: str) -> None:
        with dbm.dumb.open(path, "c") as db:
            db[b"key"] = b"value"
        with pytest.raises(ShelfError, match=r"dbm\.dumb"):
            open_shelf(path)

    @pytest.mark.parametrize("module", ["dbm.gnu", "dbm.ndbm"])
    def test_the_native_backends_of_this_python_are_recognised(
        self, path: str, module: str
    ) -> None:
        backend = pytest.importorskip(module)
        with backend.open(path, "c") as db:
            db[b"key"] = b"value"
        with pytest.raises(ShelfError, match=r"is an? .*(gdbm|ndbm|Berkeley)"):
            open_shelf(path)


class TestStandardLibrary:
    @pytest.mark.skipif(sys.version_info < (3, 13), reason="dbm.sqlite3 is new in Python 3.13")
    def test_shelve_open_reads_and_writes_the_file(self, indexed: str) -> None:
        assert dbm.whichdb(indexed) == "dbm.sqlite3"
        with shelve.open(indexed) as db:
            assert dict(db) == {KEY: ["photos/a.jpg"]}
            db["00000000000000ff"] = ["by hand.jpg"]
        assert Path(indexed).read_bytes()[18:20] == b"\2\2"  # Python left it in WAL mode
        with open_shelf(indexed) as shelf:
            assert shelf["00000000000000ff"] == ["by hand.jpg"]
            assert shelf.hand_written() == [("00000000000000ff", ["by hand.jpg"])]
            assert shelf.check() == []
        assert files_beside(indexed) == ["db.shelve"]
        with open_shelf(indexed, "w") as shelf:
            shelf.whole_catalogue().add([entry(b"b.jpg", 255)])
            assert shelf["00000000000000ff"] == ["b.jpg", "by hand.jpg"]
            assert shelf.hand_written() == [("00000000000000ff", ["by hand.jpg"])]
            assert shelf.check() == []
        assert Path(indexed).read_bytes()[18:20] == b"\1\1"
        assert files_beside(indexed) == ["db.shelve"]
        with shelve.open(indexed, "r") as db:
            assert db["00000000000000ff"] == ["b.jpg", "by hand.jpg"]

    def test_a_newer_python_reads_the_file(self, indexed: str) -> None:
        python = newer_python()
        code = "import shelve, sys; print(dict(shelve.open(sys.argv[1], 'r')))"
        done = subprocess.run(
            [python, "-c", code, indexed], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == repr({KEY: ["photos/a.jpg"]})

    def test_our_dict_is_word_for_word_theirs(self) -> None:
        dbm_sqlite3 = pytest.importorskip("dbm.sqlite3", reason="new in Python 3.13")
        theirs = " ".join(dbm_sqlite3.BUILD_TABLE.replace("IF NOT EXISTS ", "").split())
        assert theirs == schema.DICT.replace("(", "( ").replace(")", " )")

    def test_every_protocol_of_pickle_is_read(self, bare: str) -> None:
        connection = sqlite3.connect(bare)
        for protocol in range(6):
            value = pickle.dumps(["a.jpg", "b.jpg"], protocol)
            connection.execute("INSERT INTO Dict VALUES (?, ?)", (b"%d" % protocol, value))
        connection.commit()
        connection.close()
        with open_shelf(bare) as shelf:
            assert all(shelf[str(protocol)] == ["a.jpg", "b.jpg"] for protocol in range(6))


class TestBareShelf:
    def test_it_can_be_read(self, bare: str) -> None:
        with open_shelf(bare) as shelf:
            assert dict(shelf) == {KEY: ["a.jpg"]}
            assert shelf.catalogue is None
            assert shelf.recipe is None
            assert shelf.hand_written() == [(KEY, ["a.jpg"])]
            assert shelf.check() == []
            with pytest.raises(ShelfError, match="--rebuild"):
                shelf.whole_catalogue()

    def test_indexing_into_it_asks_for_rebuild(self, bare: str) -> None:
        before = Path(bare).read_bytes()
        with open_shelf(bare, "c") as shelf, pytest.raises(ShelfError, match="--rebuild"):
            shelf.adopt(RECIPE)
        assert Path(bare).read_bytes() == before

    def test_rebuild_makes_a_whole_shelf_of_it(self, bare: str) -> None:
        with open_shelf(bare, "c") as shelf:
            shelf.rebuild(RECIPE)
            assert dict(shelf) == {}
            assert shelf.recipe == RECIPE
            shelf.whole_catalogue().add([entry(b"a.jpg", 5)])
            assert shelf.check() == []

    def test_an_empty_one_is_taken_on(self, bare: str) -> None:
        with open_shelf(bare, "c") as shelf:
            del shelf[KEY]
            shelf.adopt(RECIPE)
            assert shelf.recipe == RECIPE


class TestWriteAheadLog:
    @pytest.fixture
    def in_wal(self, indexed: str) -> str:
        connection = sqlite3.connect(indexed)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        assert Path(indexed).read_bytes()[18:20] == b"\2\2"
        return indexed

    def test_it_is_read_in_place(self, in_wal: str) -> None:
        with open_shelf(in_wal) as shelf:
            assert dict(shelf) == {KEY: ["photos/a.jpg"]}
        assert files_beside(in_wal) == ["db.shelve"]
        assert Path(in_wal).read_bytes()[18:20] == b"\2\2"

    def test_the_next_writer_turns_it_back(self, in_wal: str) -> None:
        with open_shelf(in_wal, "w"):
            assert Path(in_wal).read_bytes()[18:20] == b"\1\1"
        assert files_beside(in_wal) == ["db.shelve"]

    def test_a_writer_who_is_not_alone_goes_on_in_wal(self, in_wal: str) -> None:
        other = sqlite3.connect(in_wal)
        other.execute("SELECT * FROM Dict").fetchall()
        with open_shelf(in_wal, "w") as shelf:
            shelf.whole_catalogue().add([entry(b"b.jpg", 9)])
            assert other.execute("SELECT count(*) FROM Dict").fetchone() == (2,)
            other.close()
        assert Path(in_wal).read_bytes()[18:20] == b"\1\1"  # alone by then
        assert files_beside(in_wal) == ["db.shelve"]

    @posix
    def test_what_is_still_in_the_log_is_read(self, in_wal: str, tmp_path: Path) -> None:
        writer = sqlite3.connect(in_wal, isolation_level=None)
        writer.execute("INSERT INTO Dict VALUES (?, ?)", (b"logged", pickle.dumps([])))
        copy = tmp_path / "copy"
        copy.mkdir()
        for suffix in ("", "-wal"):  # as if the writer had been killed
            shutil.copy(in_wal + suffix, copy / f"db.shelve{suffix}")
        writer.close()
        with open_shelf(copy / "db.shelve") as shelf:
            assert "logged" in shelf

    @posix
    def test_it_is_read_from_a_medium_that_cannot_be_written(self, powerless: str) -> None:
        with open_shelf(powerless, "c") as shelf:
            shelf[KEY] = ["a.jpg"]
        connection = sqlite3.connect(powerless)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        os.chmod(powerless, stat.S_IRUSR)
        os.chmod(os.path.dirname(powerless), stat.S_IRUSR | stat.S_IXUSR)
        with open_shelf(powerless) as shelf:
            assert dict(shelf) == {KEY: ["a.jpg"]}
        assert files_beside(powerless) == ["db.shelve"]


class TestRecipe:
    def test_a_new_shelf_takes_it_on(self, path: str) -> None:
        with open_shelf(path, "c") as shelf:
            assert shelf.recipe is None
            assert shelf.mismatch(RECIPE) is None
            shelf.adopt(RECIPE)
            assert shelf.recipe == RECIPE
            shelf.adopt(RECIPE)
        with open_shelf(path) as shelf:
            assert shelf.recipe == RECIPE

    @pytest.mark.parametrize(
        ("field", "value", "said"),
        [
            ("hash", "phash", "holds dhash hashes, not phash hashes"),
            ("bits", 576, "hashes of 64 bits, not hashes of 576 bits"),
            ("decode", "full", "from reduced decoding, not hashes from full decoding"),
            ("canary", "f" * 16, "no longer make (Pillow 13.0.0 then, 13.0.0 now"),
        ],
    )
    def test_another_is_refused_with_what_to_do(
        self, indexed: str, field: str, value: object, said: str
    ) -> None:
        other = RECIPE._replace(**{field: value})  # type: ignore[arg-type]
        with open_shelf(indexed, "w") as shelf:
            with pytest.raises(ShelfError) as caught:
                shelf.adopt(other)
            assert said in str(caught.value)
            assert "--rebuild" in str(caught.value)
            assert "\n" not in str(caught.value)
            assert shelf.recipe == RECIPE

    def test_other_versions_with_the_same_bits_are_fine(self, indexed: str) -> None:
        with open_shelf(indexed, "w") as shelf:
            shelf.adopt(RECIPE._replace(pillow="14.1.0", imagehash="5"))
            assert shelf.recipe == RECIPE

    @pytest.mark.parametrize(
        "stored", ["", "[]", "5", "{", '{"hash": 5}', '{"a": "b"}', "[" * 50_000, b"\xff", None]
    )
    def test_one_that_cannot_be_read_is_told(self, indexed: str, stored: object) -> None:
        connection = sqlite3.connect(indexed)
        connection.execute("UPDATE meta SET value = ? WHERE name = 'recipe'", (stored,))
        connection.commit()
        connection.close()
        with open_shelf(indexed) as shelf, pytest.raises(ShelfError, match="recipe cannot be read"):
            assert shelf.recipe

    def test_rebuild_forgets_pictures_but_not_decisions(self, indexed: str) -> None:
        connection = sqlite3.connect(indexed)
        connection.execute("INSERT INTO not_duplicate VALUES (x'01', x'02', 3)")
        connection.execute("INSERT INTO cleanup VALUES (1, 2, 'done', '', NULL)")
        connection.execute("INSERT INTO action (cleanup_id, n) VALUES (1, 1)")
        connection.commit()
        connection.close()
        other = RECIPE._replace(hash="phash")
        with open_shelf(indexed, "w") as shelf:
            shelf[KEY] = ["by hand.jpg"]
            shelf.rebuild(other)
            assert shelf.recipe == other
            assert dict(shelf) == {}
            assert shelf.hand_written() == []
            assert shelf.whole_catalogue().counts() == (0, 0, 0, 0)
            assert shelf.check() == []
            for table in ("not_duplicate", "cleanup", "action"):
                assert len(shelf._db.select(f"SELECT * FROM {table}")) == 1

    def test_a_run_that_another_rebuilt_under_it_stops(self, indexed: str) -> None:
        with open_shelf(indexed, "w") as shelf, open_shelf(indexed, "w") as other:
            shelf.adopt(RECIPE)
            other.rebuild(RECIPE._replace(decode="full"))
            with pytest.raises(ShelfError, match="was rebuilt in another way"):
                shelf.whole_catalogue().add([entry(b"b.jpg", 9)])
            other.whole_catalogue().add([entry(b"b.jpg", 9)])
            assert other.check() == []


class TestForeign:
    def test_what_was_written_by_hand_is_told_apart(self, indexed: str) -> None:
        with open_shelf(indexed, "w") as shelf:
            shelf[KEY] = ["by hand.jpg", *shelf[KEY]]
            shelf["note"] = ["x.jpg"]
            by_hand = [(KEY, ["by hand.jpg"]), ("note", ["x.jpg"])]
            assert shelf.hand_written() == by_hand
            catalogue = shelf.whole_catalogue()
            catalogue.add([entry(b"b.jpg", 8)])  # an index run moves the mark on
            assert shelf.hand_written() == by_hand
            assert shelf.check() == []
            catalogue.add([entry(b"by hand.jpg", int(KEY, 16))])  # now indexed itself
            assert shelf.hand_written() == [("note", ["x.jpg"])]
            del shelf["note"]
            assert shelf.hand_written() == []
            assert shelf.check() == []

    def test_a_reused_row_number_does_not_hide_it(self, indexed: str) -> None:
        with open_shelf(indexed, "w") as shelf:
            del shelf[KEY]  # the highest row, which the next one written gets again
            shelf["ff" * 8] = ["by hand.jpg"]
            assert shelf.hand_written() == [("ff" * 8, ["by hand.jpg"])]

    def test_it_stays_when_its_neighbours_go(self, indexed: str) -> None:
        with open_shelf(indexed, "w") as shelf:
            shelf[KEY] = ["by hand.jpg", *shelf[KEY]]
            shelf.whole_catalogue().forget([b"photos/a.jpg"])
            assert dict(shelf) == {KEY: ["by hand.jpg"]}
            assert shelf.hand_written() == [(KEY, ["by hand.jpg"])]
            assert shelf.check() == []

    def test_what_was_taken_away_by_hand_is_a_finding(self, indexed: str) -> None:
        with open_shelf(indexed, "w") as shelf:
            del shelf[KEY]
            (finding,) = shelf.check()
            assert "photos/a.jpg is missing" in finding
            shelf.whole_catalogue().add([entry(b"photos/a.jpg", 5)])  # the file has changed
            assert dict(shelf) == {f"{5:016x}": ["photos/a.jpg"]}
            assert shelf.check() == []


class TestMoved:
    def test_a_shelf_that_moves_with_its_pictures_keeps_its_names(self, indexed: str) -> None:
        folder = Path(indexed).parent / "elsewhere"
        folder.mkdir()
        shutil.move(indexed, folder / "db.shelve")
        with open_shelf(folder / "db.shelve", "w") as shelf:
            assert shelf.path_of(shelf[KEY][0]) == str(folder / "photos" / "a.jpg")
            assert shelf.name_of(folder / "photos" / "a.jpg") == "photos/a.jpg"
            shelf.adopt(RECIPE)
            assert shelf.whole_catalogue().meta("folder") == str(folder)

    def test_a_name_that_no_file_can_have_is_refused(self, indexed: str) -> None:
        with open_shelf(indexed) as shelf, pytest.raises(ShelfError, match="impossible name"):
            shelf.path_of("a\0b")


def test_opening_and_reading_imports_neither_numpy_nor_pillow(indexed: str) -> None:
    code = (
        "import sys; from imageshelf.shelf import open_shelf\n"
        "with open_shelf(sys.argv[1]) as s: dict(s); list(s.catalogue.known(b''))\n"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'PIL')))"
    )
    root = Path(imageshelf.shelf.database.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, indexed], cwd=root, check=True)


def test_only_the_gateway_imports_sqlite() -> None:
    package = Path(imageshelf.shelf.database.__file__).parent.parent
    users = {
        f.relative_to(package).as_posix()
        for f in package.rglob("*.py")
        if "import sqlite3" in f.read_text(encoding="utf-8")
    }
    assert users == {"shelf/connections.py", "shelf/database.py", "shelf/errors.py"}


def test_messages_stay_one_printable_line(tmp_path: Path) -> None:
    with pytest.raises(ShelfError) as caught:
        open_shelf(tmp_path / "new\nline \x1b[31m \udcff.shelve")
    assert str(caught.value).isprintable()
    assert "new\\nline \\x1b[31m \\udcff.shelve" in str(caught.value)


@pytest.mark.parametrize("name", ["sp ace", "a?b=c#d", "100%", "caf\xe9", "\udcff", "'q\"", "..."])
def test_a_path_with_any_character_is_opened(tmp_path: Path, name: str) -> None:
    path = os.path.join(tmp_path, name)
    with open_shelf(path, "c") as shelf:
        shelf[KEY] = ["a.jpg"]
    assert os.listdir(os.fsencode(tmp_path)) == [os.fsencode(name)]
    with open_shelf(path) as shelf:
        assert isinstance(shelf, Shelf)
        assert shelf[KEY] == ["a.jpg"]


def newer_python() -> str:
    """Return the path of a Python 3.13 or newer; skip where there is none."""
    if sys.version_info >= (3, 13):
        return sys.executable
    for version, found in interpreters().items():
        if tuple(map(int, version.split("."))) >= (3, 13):
            return str(found)
    pytest.skip("no Python 3.13 found")


def test_the_old_name_of_hand_written_entries_still_works(tmp_path: Path) -> None:
    with open_shelf(tmp_path / "db.shelve", "c") as shelf:
        shelf[KEY] = ["a.jpg"]
        with pytest.warns(DeprecationWarning, match="hand_written"):
            assert shelf.foreign() == [(KEY, ["a.jpg"])]
