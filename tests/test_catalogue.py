"""The catalogue and the lists together: against a plain dict, under kill -9, with two writers."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imageshelf.shelf import Shelf, ShelfError, chunks, names, open_shelf
from imageshelf.shelf.catalogue import Catalogue
from tests.shelf_entries import DECODERS, RECIPE, Place, entry, lists_of, skip

ROOT = Path(__file__).parent.parent
posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "db.shelve")


@pytest.fixture
def shelf(path: str) -> Iterator[Shelf]:
    """A new shelf, open for writing."""
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        yield shelf


@pytest.fixture
def catalogue(shelf: Shelf) -> Catalogue:
    return shelf.whole_catalogue()


def known(catalogue: Catalogue, prefix: bytes = b"", decoders: str = DECODERS) -> list[bytes]:
    pages = catalogue.known(prefix, decoders)
    return [row[0] for row in itertools.chain.from_iterable(pages)]


class TestAdd:
    def test_names_are_listed_under_their_keys_in_order(
        self, shelf: Shelf, catalogue: Catalogue
    ) -> None:
        added = catalogue.add([entry(b"b.jpg", 1), entry(b"a.jpg", 1), entry(b"c.jpg", 2)])
        assert added[:2] == (3, 0)
        assert dict(shelf) == {f"{1:016x}": ["a.jpg", "b.jpg"], f"{2:016x}": ["c.jpg"]}
        assert catalogue.counts() == (2, 3, 0, 0)
        assert shelf.check() == []

    def test_a_changed_picture_leaves_its_old_list(
        self, shelf: Shelf, catalogue: Catalogue
    ) -> None:
        catalogue.add([entry(b"a.jpg", 1), entry(b"b.jpg", 1)])
        assert catalogue.add([entry(b"a.jpg", 2), entry(b"c.jpg", 2)])[:2] == (1, 1)
        assert dict(shelf) == {f"{1:016x}": ["b.jpg"], f"{2:016x}": ["a.jpg", "c.jpg"]}
        assert shelf.check() == []

    def test_a_list_that_is_left_by_all_goes(self, shelf: Shelf, catalogue: Catalogue) -> None:
        catalogue.add([entry(b"a.jpg", 1)])
        catalogue.add([entry(b"a.jpg", 2)])
        assert dict(shelf) == {f"{2:016x}": ["a.jpg"]}

    def test_the_same_batch_twice_changes_nothing(self, shelf: Shelf, catalogue: Catalogue) -> None:
        batch = [entry(b"%d.jpg" % n, n % 7) for n in range(100)]
        catalogue.add(batch)
        before = dict(shelf), known(catalogue)
        assert catalogue.add(batch)[:2] == (0, 100)
        assert (dict(shelf), known(catalogue)) == before
        assert shelf.check() == []

    def test_a_name_twice_in_a_batch_counts_once(self, shelf: Shelf, catalogue: Catalogue) -> None:
        assert catalogue.add([entry(b"a.jpg", 1), entry(b"a.jpg", 2)])[:2] == (1, 0)
        assert dict(shelf) == {f"{2:016x}": ["a.jpg"]}

    def test_a_picture_that_can_no_longer_be_read_leaves(
        self, shelf: Shelf, catalogue: Catalogue
    ) -> None:
        catalogue.add([entry(b"a.jpg", 1), entry(b"b.jpg", 1)])
        assert catalogue.add([], [skip(b"a.jpg"), skip(b"c.jpg")])[:2] == (0, 0)
        assert dict(shelf) == {f"{1:016x}": ["b.jpg"]}
        assert catalogue.counts() == (1, 1, 2, 0)
        catalogue.add([entry(b"a.jpg", 3)])
        assert catalogue.counts() == (2, 2, 1, 0)
        assert shelf.check() == []

    def test_a_key_that_is_not_the_row_hash_is_a_mistake(self, catalogue: Catalogue) -> None:
        with pytest.raises(ValueError, match="is not the row hash"):
            catalogue.add([entry(b"a.jpg", 1)._replace(key="f" * 16)])

    def test_nothing_to_add_is_fine(self, shelf: Shelf, catalogue: Catalogue) -> None:
        assert catalogue.add([])[:2] == (0, 0)
        catalogue.forget([])
        catalogue.rename([])
        assert shelf.check() == []

    def test_a_list_too_long_to_be_read_again_is_refused_whole(
        self, shelf: Shelf, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imageshelf.shelf.pickled.MAX_BYTES", 400)
        catalogue.add([entry(b"a.jpg", 1)])
        with pytest.raises(ShelfError, match="has no room for 101 pictures under one key"):
            catalogue.add([entry(b"%03d.jpg" % n, 1) for n in range(100)])
        assert dict(shelf) == {f"{1:016x}": ["a.jpg"]}
        assert shelf.check() == []


class TestForgetAndRename:
    def test_forgotten_names_leave_everywhere(self, shelf: Shelf, catalogue: Catalogue) -> None:
        catalogue.add([entry(b"a.jpg", 1), entry(b"b.jpg", 1), entry(b"c.jpg", 2)], [skip(b"d")])
        catalogue.forget(name for name in (b"a.jpg", b"c.jpg", b"d", b"never seen"))
        assert dict(shelf) == {f"{1:016x}": ["b.jpg"]}
        assert catalogue.counts() == (1, 1, 0, 0)
        assert catalogue.hashes("trimmed").ids.tolist() in ([], [1])
        assert shelf.check() == []

    def test_a_renamed_picture_keeps_its_hashes(self, shelf: Shelf, catalogue: Catalogue) -> None:
        catalogue.add([entry(b"a.jpg", 1)], [skip(b"new.jpg")])
        before = catalogue.row_of(b"a.jpg")
        assert before is not None
        catalogue.rename([(b"a.jpg", b"new.jpg", Place(1, 2, 3))])  # type: ignore[list-item]
        expected = before._replace(name=b"new.jpg", device=1, inode=2, nlink=3)
        assert catalogue.row_of(b"new.jpg") == expected
        assert catalogue.row_of(b"a.jpg") is None
        assert dict(shelf) == {f"{1:016x}": ["new.jpg"]}
        assert catalogue.counts() == (1, 1, 0, 0)
        assert shelf.check() == []

    @pytest.mark.parametrize(
        ("moves", "expected"),
        [
            ("ab", {b"b": 1, b"c": 3}),  # onto a name that is taken
            ("ab ba", {b"a": 2, b"b": 1, b"c": 3}),
            ("ab bc", {b"b": 1, b"c": 2}),
            ("bc ab", {b"b": 1, b"c": 2}),
            ("ab bc ca", {b"a": 3, b"b": 1, b"c": 2}),
            ("ad bd", {b"d": 2, b"a": 1, b"c": 3}),  # two onto one: the last one counts
            ("xa", {b"a": 1, b"b": 2, b"c": 3}),  # not known
            ("aa", {b"a": 1, b"b": 2, b"c": 3}),
        ],
    )
    def test_moves_may_chain_and_cross(
        self, shelf: Shelf, catalogue: Catalogue, moves: str, expected: dict[bytes, int]
    ) -> None:
        catalogue.add([entry(b"a", 1), entry(b"b", 2), entry(b"c", 3)])
        pairs = [(move[:1].encode(), move[1:].encode(), Place()) for move in moves.split()]
        catalogue.rename(pairs)  # type: ignore[arg-type]
        assert dict(shelf) == lists_of(expected)
        assert set(known(catalogue)) == set(expected)
        assert shelf.check() == []

    def test_thousands_are_forgotten_in_turns(
        self, shelf: Shelf, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("imageshelf.shelf.changes.NAMES_PER_WRITE", 100)
        catalogue.add([entry(b"%d" % n, n % 50) for n in range(1000)])
        catalogue.forget([b"%d" % n for n in range(950)])
        assert catalogue.counts().pictures == 50
        assert shelf.check() == []


class TestKnown:
    def test_everything_below_a_prefix_comes_in_order_of_bytes(self, catalogue: Catalogue) -> None:
        every = [b"a/1", b"a/2", b"a/2/x", b"a0", b"a\xff/1", b"b/\xff\xff", b"\xff", b"\xff\xffz"]
        catalogue.add([entry(name, 1) for name in every[::2]], [skip(n) for n in every[1::2]])
        catalogue.add([entry(b"/abs/1", 1)], [skip(b"/abs/2")])
        for prefix in (b"a/", b"a", b"b/", b"\xff", b"\xff\xff", b"c", b"a/2/"):
            assert known(catalogue, prefix) == sorted(n for n in every if n.startswith(prefix))
        assert known(catalogue) == sorted(every)
        assert known(catalogue, b"/abs/") == [b"/abs/1", b"/abs/2"]

    def test_relative_names_are_told_from_those_on_other_drives(self, catalogue: Catalogue) -> None:
        catalogue.add([entry(n, 1) for n in (b"a", b"C:/x", b"Cx", b"//server/x")])
        assert known(catalogue) == [b"Cx", b"a"]
        assert known(catalogue, b"C:/") == [b"C:/x"]

    def test_each_has_what_the_scanner_compares(self, catalogue: Catalogue) -> None:
        one = entry(b"a", 1, size_bytes=5, mtime_ns=-6, device=7)
        skips = [
            skip(b"b"),
            skip(b"c", decoders="Pillow 12"),
            skip(b"d", lasting=False),
            skip(b"e", other="video"),
            skip(b"f", other="video", decoders="Pillow 12"),
        ]
        catalogue.add([one], skips)
        (page,) = catalogue.known(b"", DECODERS)
        assert page[0] == (b"a", 5, -6, 7, 0)
        assert page[1] == (b"b", 10, 20, 30, 1)
        assert [state for *_, state in page] == [0, 1, 2, 2, 3, 2]

    def test_pages_join_without_a_gap(self, catalogue: Catalogue) -> None:
        rnd = random.Random(5)
        every = sorted({rnd.randbytes(rnd.randrange(1, 4)) + b"x" for _ in range(9000)})
        every = [name for name in every if not name.startswith(b"/")]
        split = rnd.choices((True, False), (1, 5), k=len(every))
        catalogue.add(
            [entry(name, 1) for name, skipped in zip(every, split, strict=True) if not skipped],
            [skip(name) for name, skipped in zip(every, split, strict=True) if skipped],
        )
        pages = list(catalogue.known(b"", DECODERS))
        assert len(pages) > 2
        assert [row[0] for page in pages for row in page] == every

    def test_nothing_stays_locked_between_pages(self, path: str, catalogue: Catalogue) -> None:
        catalogue.add([entry(b"%05d" % n, n) for n in range(5000)])
        with open_shelf(path) as reader:
            pages = reader.whole_catalogue().known(b"")
            next(pages)
            catalogue.add([entry(b"99999", 5)])  # would wait for a reader
            assert list(pages)[-1][-1][0] == b"99999"


class TestRows:
    def test_what_was_added_comes_back(self, catalogue: Catalogue) -> None:
        one = entry(b"caf\xe9/\xff.jpg", 2**64 - 1, camera="Caf\xe9 \udcff", device=2**64 - 1)
        catalogue.add([entry(b"a", 1), one])
        row = catalogue.row_of(one.name)
        assert row is not None
        facts = one.facts._replace(camera="Caf\xe9 \\udcff")
        assert row.key == "f" * 16
        assert row.thumbnail == one.thumbnail
        assert row.low_information == one.low_information
        stored = [field for field in facts._fields if field != "read_by"]  # kept for index runs
        assert all(getattr(row, field) == getattr(facts, field) for field in stored)
        assert catalogue.inode_of(one.name) == facts.inode
        assert catalogue.inode_of(b"other") == 0

    def test_they_come_in_the_order_asked_for(self, catalogue: Catalogue) -> None:
        catalogue.add([entry(b"%04d" % n, n) for n in range(1200)])
        wanted = [1100, 3, 99999, 700, 3, -1]
        assert [row.id for row in catalogue.rows(wanted)] == [1100, 3, 700, 3]
        assert catalogue.names(wanted) == {3: b"0003", 700: b"0700", 1100: b"1100"}

    def test_digests_stay_until_the_file_changes(self, catalogue: Catalogue) -> None:
        catalogue.add([entry(b"a", 1), entry(b"b", 2)])
        catalogue.set_digests([(0, b"bytes", b"pixels", True)])
        assert catalogue.digests([0, 1]) == {0: (b"bytes", b"pixels", 1), 1: (None, None, None)}
        catalogue.add([entry(b"a", 3)])
        assert catalogue.digests([0]) == {0: (None, None, None)}


class TestHashes:
    def test_every_view_comes_back_as_arrays(self, catalogue: Catalogue) -> None:
        every = {b"%05d" % n: entry(b"%05d" % n, n * 2**50 + n) for n in range(5000)}
        catalogue.add(list(every.values()))
        catalogue.forget([b"%05d" % n for n in range(0, 5000, 3)])
        left = [one for n, one in enumerate(every.values()) if n % 3]
        whole, centre = catalogue.hashes(), catalogue.hashes("centre")
        at = catalogue.names(whole.ids.tolist())
        assert [at[number] for number in whole.ids.tolist()] == [one.name for one in left]
        assert columns(whole) == [one.whole for one in left]
        assert columns(centre) == [one.centre for one in left]
        assert whole.low_information.tolist() == [one.low_information for one in left]
        in_pieces = list(catalogue.row_hashes())
        assert [number for ids, _ in in_pieces for number in ids.tolist()] == whole.ids.tolist()
        assert [hash_ for _, row in in_pieces for hash_ in row.tolist()] == whole.row.tolist()
        bordered = [one for one in left if one.trimmed]
        trimmed = catalogue.hashes("trimmed")
        assert columns(trimmed) == [one.trimmed for one in bordered]
        assert trimmed.low_information.tolist() == [one.low_information for one in bordered]
        assert [at[number] for number in trimmed.ids.tolist()] == [one.name for one in bordered]
        turned = catalogue.turned()
        assert turned.ids.tolist() == whole.ids.tolist()
        assert turned.phash.T.tolist() == [list(one.turned_phash) for one in left]
        darker = zip(turned.row_darker.tolist(), turned.column_darker.tolist(), strict=True)
        assert list(darker) == [one.darker for one in left]
        assert whole.row.dtype == trimmed.row.dtype == turned.phash.dtype == np.uint64

    def test_an_empty_shelf_has_empty_arrays(self, catalogue: Catalogue) -> None:
        for view in ("whole", "centre", "trimmed"):
            assert [len(array) for array in catalogue.hashes(view)] == [0] * 5
        assert catalogue.turned().phash.shape == (7, 0)

    def test_an_unknown_view_is_a_valueerror(self, catalogue: Catalogue) -> None:
        with pytest.raises(ValueError, match="expected the view"):
            catalogue.hashes("sideways")

    def test_a_small_shelf_is_a_small_file(self, path: str, catalogue: Catalogue) -> None:
        catalogue.add([entry(b"%d" % n, n) for n in range(64)])
        assert os.path.getsize(path) < 128 * 1024

    @pytest.mark.parametrize("slot", [0, 63, 64, 127, 128, 1000, 4095])
    def test_a_chunk_grows_to_hold_a_slot(self, slot: int) -> None:
        planes = chunks.Planes("whole", None)
        planes.reserve(slot)
        planes.words[:, slot] = 1, 2, 2**64 - 1
        planes.state[slot] = chunks.PRESENT
        again = chunks.Planes("whole", planes.to_bytes())
        assert again.words[:, slot].tolist() == [1, 2, 2**64 - 1]
        assert again.state.tolist() == planes.state.tolist()
        assert chunks.capacity("whole", len(planes.to_bytes())) == len(again.state) > slot


class TestNotes:
    def test_datasets_are_noted_once(self, catalogue: Catalogue) -> None:
        for device in (2**64 - 5, 3):
            catalogue.end_run([(b"photos", device)], {})
        ((_, name, device, completed_ns),) = catalogue.datasets()
        assert (name, device) == (b"photos", 3)
        assert completed_ns

    def test_suspects_are_kept_and_cleared(self, catalogue: Catalogue) -> None:
        catalogue.set_suspects([b"a", b"b"])
        assert list(catalogue.suspects()) == [b"a", b"b"]
        catalogue.set_suspects([b"b"], instead_of=[b"a", b"c"])
        assert list(catalogue.suspects()) == [b"b"]

    def test_notes_are_kept(self, catalogue: Catalogue) -> None:
        assert catalogue.meta("note") is None
        catalogue.set_meta("note", "text")
        assert catalogue.meta("note") == "text"


# -- against a plain dict ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_a_shelf_equals_a_plain_dict_at_every_step(path: str, seed: int) -> None:
    print("seed", seed)
    stress(path, seed, steps=40)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(100, 140))
def test_a_shelf_equals_a_plain_dict_over_thousands_of_steps(path: str, seed: int) -> None:
    print("seed", seed)
    stress(path, seed, steps=100)


def stress(path: str, seed: int, steps: int) -> None:
    """Do random things to a shelf and to a dict, and compare after each."""
    rnd = random.Random(seed)
    model: dict[bytes, int] = {}
    skipped: set[bytes] = set()
    shelf = open_shelf(path, "c")
    shelf.adopt(RECIPE)
    pool = [b"%s/%d.jpg" % (rnd.choice((b"a", b"b\xff", b"/abs")), n) for n in range(300)]
    for step in range(steps):
        catalogue = shelf.whole_catalogue()
        deed = rnd.choice(("add", "add", "add", "forget", "rename", "skip", "reopen"))
        some = rnd.sample(pool, rnd.randrange(1, 60))
        if deed == "add":
            batch = {name: rnd.randrange(40) * 2**58 + 7 for name in some}
            catalogue.add([entry(name, row, step) for name, row in batch.items()])
            model |= batch
            skipped -= batch.keys()
        elif deed == "forget":
            catalogue.forget(some)
            model = {name: row for name, row in model.items() if name not in some}
            skipped -= set(some)
        elif deed == "skip":
            catalogue.add([], [skip(name) for name in some])
            model = {name: row for name, row in model.items() if name not in some}
            skipped |= set(some)
        elif deed == "rename":
            pairs = dict(zip(some, rnd.sample(pool, len(some)), strict=True))
            catalogue.rename([(old, new, Place()) for old, new in pairs.items()])  # type: ignore[misc]
            pairs = {old: new for old, new in pairs.items() if old in model}
            rows = {new: model[old] for old, new in pairs.items()}
            model = {n: row for n, row in model.items() if n not in pairs} | rows
            skipped -= rows.keys()
        else:
            shelf.close()
            shelf = open_shelf(path, "w")
            catalogue = shelf.whole_catalogue()
        assert dict(shelf) == lists_of(model), (seed, step, deed)
        assert shelf.check() == [], (seed, step, deed)
        assert shelf.hand_written() == []
        relative = {name for name in model.keys() | skipped if not name.startswith(b"/")}
        assert known(catalogue) == sorted(relative)
        hashes = catalogue.hashes()
        at = catalogue.names(hashes.ids.tolist())
        rows_there = zip(hashes.ids.tolist(), hashes.row.tolist(), strict=True)
        assert {at[number]: row for number, row in rows_there} == model
    shelf.close()
    assert os.listdir(os.path.dirname(path)) == ["db.shelve"]


# -- killed, full, together -------------------------------------------------------------------

ADDING = """
import itertools, sys
from imageshelf.shelf import open_shelf
from tests.shelf_entries import RECIPE, entry
with open_shelf(sys.argv[1], "c") as shelf:
    shelf.adopt(RECIPE)
    for batch in itertools.count(int(sys.argv[2])):
        names = [b"%d/%d" % (batch, n) for n in range(int(sys.argv[3]))]
        shelf.whole_catalogue().add([entry(name, n % 97) for n, name in enumerate(names)])
        print(batch, flush=True)
"""


@posix
def test_kill_9_leaves_every_acknowledged_batch_and_no_half_one(path: str) -> None:
    killed(path, times=6, seed=1)


@posix
@pytest.mark.stress
def test_two_hundred_kills_lose_nothing(path: str) -> None:
    killed(path, times=200, seed=2)


def killed(path: str, times: int, seed: int) -> None:
    """Kill a process that fills the shelf, again and again; the shelf is whole every time."""
    rnd = random.Random(seed)
    size, done = 200, -1
    for _ in range(times):
        process = adding(path, done + 1, size)
        assert process.stdout is not None
        if rnd.random() < 0.8:  # else: while the shelf is first made or opened
            for _ in range(rnd.randrange(1, 4)):
                done = int(process.stdout.readline())
        time.sleep(rnd.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        done = max([done, *map(int, process.stdout.read().split())])
        process.wait()
        process.stdout.close()
        if not os.path.exists(path):
            continue
        with contextlib.suppress(ShelfError), open_shelf(path) as reader:  # "is empty" is allowed
            assert reader.check() == []
        with open_shelf(path, "c") as shelf:
            shelf.adopt(RECIPE)
            assert shelf.check() == []
            batches = shelf.whole_catalogue().counts().pictures / size
            assert batches in {done + 1, done + 2}  # perhaps one more, not yet told
            done = int(batches) - 1
        assert os.listdir(os.path.dirname(path)) == ["db.shelve"]


def adding(path: str, first: int, size: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ADDING, path, str(first), str(size)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )


@posix
def test_a_reader_recovers_what_a_killed_writer_left(path: str, tmp_path: Path) -> None:
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        shelf.whole_catalogue().add([entry(b"a", 1)])
    code = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1')\n"
        "c.execute('BEGIN IMMEDIATE')\n"
        "for n in range(200): c.execute('INSERT INTO Dict VALUES (?, zeroblob(4000))', (n,))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    assert os.path.exists(path + "-journal")
    with open_shelf(path) as reader:
        assert dict(reader) == lists_of({b"a": 1})
        assert reader.check() == []


def test_two_writers_at_once_merge(path: str) -> None:
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
    processes = [adding(path, first, 50) for first in (0, 1000)]
    for process in processes:
        assert process.stdout is not None
        for _ in range(5):
            process.stdout.readline()
    with open_shelf(path) as reader:  # never half a batch, never "locked"
        for _ in range(10):
            assert reader.whole_catalogue().counts().pictures % 50 == 0
    told = 0
    for process in processes:
        process.kill()
        assert process.stdout is not None
        told += 5 + len(process.stdout.read().split())
        process.wait()
        process.stdout.close()
    with open_shelf(path, "w") as shelf:
        assert shelf.check() == []
        rows = shelf.whole_catalogue().counts().pictures
        assert told * 50 <= rows <= (told + 2) * 50
        every = [name for listed in shelf.values() for name in listed]
        assert len(every) == len(set(every)) == rows


def test_writers_of_the_same_names_leave_each_once(path: str) -> None:
    with open_shelf(path, "c") as one, open_shelf(path, "c") as two:
        one.adopt(RECIPE)
        two.adopt(RECIPE)
        one.whole_catalogue().add([entry(b"a", 1), entry(b"b", 1)])
        two.whole_catalogue().add([entry(b"b", 2), entry(b"c", 1)])
        one.whole_catalogue().add([entry(b"c", 3)])
        assert dict(one) == dict(two) == lists_of({b"a": 1, b"b": 2, b"c": 3})
        assert two.check() == []


def test_a_writer_that_never_finishes_is_one_clear_line(
    path: str, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageshelf.shelf.database.WAIT_S", 0.0)
    monkeypatch.setattr("imageshelf.shelf.connections.POLL_S", 0.01)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(ShelfError, match="is in use by another program"):
        shelf.whole_catalogue().counts()
    other.execute("ROLLBACK")
    other.close()
    assert shelf.whole_catalogue().counts().pictures == 0


@posix
@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("room", [0, 1, 5, 30, 100, 400])
def test_a_full_disk_is_one_line_and_loses_nothing(path: str, room: int) -> None:
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        shelf.whole_catalogue().add([entry(b"a", 1)])
    limit = os.path.getsize(path) + room * 1024
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n" + ADDING
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path, "0", "200"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1].startswith("imageshelf.shelf.errors.ShelfError: ")
    assert "full" in done.stderr.splitlines()[-1]
    batches = len(done.stdout.split())
    with open_shelf(path, "w") as shelf:
        assert shelf.check() == []
        assert shelf.whole_catalogue().counts().pictures == batches * 200 + 1
        shelf.whole_catalogue().add([entry(b"%d" % n, n) for n in range(1000)])
        assert shelf.check() == []


def test_an_interrupt_leaves_the_shelf_as_it_was(
    shelf: Shelf, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue.add([entry(b"a", 1)])

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("imageshelf.shelf.hand_written.set_watermark", interrupt)
        with pytest.raises(KeyboardInterrupt):
            catalogue.add([entry(b"b", 2)])
    assert dict(shelf) == lists_of({b"a": 1})
    catalogue.add([entry(b"b", 2)])
    assert shelf.check() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM picture WHERE id = 3", "is not in the catalogue"),
        ("DELETE FROM picture WHERE id = 3", "hashes of 1 pictures"),
        ("DELETE FROM chunk WHERE view = 'whole'", "do not agree"),
        ("DELETE FROM chunk WHERE view = 'centre'", "do not agree"),
        ("DELETE FROM Dict WHERE rowid = 3", "is missing"),
        ("UPDATE Dict SET value = (SELECT value FROM Dict WHERE rowid = 2)", "is missing"),
        ("UPDATE picture SET name = x'7a7a' WHERE id = 2", "zz is missing"),
        ("DELETE FROM chunk", "has no hashes"),
    ],
)
def test_check_finds_what_does_not_agree(
    path: str, shelf: Shelf, catalogue: Catalogue, change: str, said: str
) -> None:
    catalogue.add([entry(b"%d" % n, n) for n in range(30)])
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.commit()
    connection.close()
    findings = shelf.check()
    assert any(said in finding for finding in findings), findings
    assert len(findings) <= 50


def test_names_as_bytes_survive_the_lists(shelf: Shelf, catalogue: Catalogue) -> None:
    every = [b"\xff\xfe", "caf\xe9".encode(), b"a\nb", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80"]
    catalogue.add([entry(name, 1) for name in every])
    (listed,) = shelf.values()
    assert sorted(names.to_bytes(text) for text in listed) == sorted(every)


def columns(hashes: chunks.PictureHashes) -> list[tuple[int, ...]]:
    rows = (hashes.row.tolist(), hashes.column.tolist(), hashes.phash.tolist())
    return list(zip(*rows, strict=True))
