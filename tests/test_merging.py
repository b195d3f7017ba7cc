"""Merging another machine's shelf: everything arrives, nothing is lost, whatever the other is."""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import imageshelf.__main__
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures.digests import pixel_digest
from imageshelf.report.merge import merged_text
from imageshelf.shelf import ShelfError, names, not_duplicates, open_shelf
from imageshelf.shelf.merging import MergeError, MergeSummary, Merging, merge
from imageshelf.shelf.records import Entry, Skip
from tests.conftest import ROOT, drawn
from tests.shelf_entries import RECIPE, entry, lists_of, skip

SEED = 20261121
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX names and signals")


def filled(path: Path, entries: list[Entry], skips: list[Skip] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open_shelf(path, "c") as shelf:
        shelf.adopt(RECIPE)
        shelf.whole_catalogue().add(entries, skips or [])
    return path


def held(path: Path) -> dict[str, Any]:
    """Everything that a shelf knows, with its pictures by name."""
    with open_shelf(path) as shelf:
        assert shelf.check() == []
        catalogue = shelf.whole_catalogue()
        ids = catalogue.hashes().ids.tolist()
        name = catalogue.names(ids)
        digests = catalogue.digests(ids)
        views = {}
        for view in ("whole", "centre", "trimmed"):
            found = catalogue.hashes(view)
            views[view] = {
                name[number]: triple
                for number, *triple in zip(*(part.tolist() for part in found), strict=True)
            }
        turned = catalogue.turned()
        words = np.vstack([turned.phash, turned.row_darker, turned.column_darker]).T.tolist()
        db = catalogue.db
        return {
            "lists": dict(shelf),
            "pictures": {
                row.name: (row._replace(id=0, dataset_id=None), digests[row.id])
                for row in catalogue.rows(ids)
            },
            **views,
            "turned": dict(
                zip([name[number] for number in turned.ids.tolist()], words, strict=True)
            ),
            "skipped": db.select("SELECT * FROM skipped ORDER BY name"),
            "datasets": {(one.name, one.device) for one in catalogue.datasets()},
            "foreign": shelf.hand_written(),
            "decided": not_duplicates.remembered(shelf),
        }


def fingerprint(path: Path) -> tuple[str, int, list[str]]:
    beside = sorted(os.listdir(path.parent))
    return hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns, beside


# -- everything arrives ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_merging_equals_indexing_both_folders(tmp_path: Path, seed: int) -> None:
    rnd = random.Random(seed)
    home, disk = tmp_path / "home", tmp_path / "home" / "disk"
    if seed % 2:
        disk = tmp_path / "disk"
    for number in range(14):
        folder = rnd.choice([home / "photos", disk / "trip", disk / "trip" / "deep"])
        folder.mkdir(parents=True, exist_ok=True)
        drawn(rnd.randrange(8), (80, 60)).save(folder / f"{number}.jpg")
    for folder in (home / "photos", disk / "trip"):
        folder.mkdir(parents=True, exist_ok=True)
        drawn(99).save(folder / "on both.png")
        (folder / "damaged.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
        (folder / "film.mov").write_bytes(b"\0\0\0\x14ftypqt  ")
    both, ours, theirs = home / "both.shelve", home / "ours.shelve", disk / "db.shelve"
    datasets = [home / "photos", disk / "trip"]
    index(datasets, both, Settings(jobs=0))
    index(datasets[0], ours, Settings(jobs=0))
    index(datasets[1], theirs, Settings(jobs=0))
    before = fingerprint(theirs)

    summary = merge(theirs, ours)

    assert fingerprint(theirs) == before
    assert summary.new == summary.pictures > 0
    assert (summary.same, summary.clashes, summary.skips) == (0, [], 2)
    again = index(datasets, ours, Settings(jobs=0))  # compares pictures with equal keys
    assert (again.new, again.changed, again.vanished, again.moved) == (0, 0, 0, 0)
    assert held(ours) == held(both)


NAMES = st.sampled_from(
    [
        *(b"a.jpg", b"b/a.jpg", b"b/c.jpg", b"new\nline", b"\xff\xfe.jpg", b"-rf"),
        *(b"/elsewhere/a.jpg", b"/home/me/b/a.jpg", b"C:/a.jpg", b"s3://bucket/a//b.jpg"),
    ]
)
PICTURES = st.dictionaries(NAMES, st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=8)


@posix
@settings(max_examples=60, deadline=None)
@given(ours=PICTURES, theirs=PICTURES, below=st.sampled_from(["", "b", "../other"]))
def test_a_merge_is_what_a_dict_would_be(
    tmp_path_factory: pytest.TempPathFactory,
    ours: dict[bytes, tuple[int, int]],
    theirs: dict[bytes, tuple[int, int]],
    below: str,
) -> None:
    """Pictures are name: (content, modification time); a name of theirs is one of ours, moved."""
    folder = tmp_path_factory.mktemp("merge") / "me"

    def entries(pictures: dict[bytes, tuple[int, int]]) -> list[Entry]:
        return [
            entry(name, row, size_bytes=row, mtime_ns=time_)._replace(whole=(row, 1, 2))
            for name, (row, time_) in pictures.items()
        ]

    here = filled(folder / "db.shelve", entries(ours))
    there = filled(Path(os.path.abspath(folder / below)) / "other.shelve", entries(theirs))
    model = dict(ours)
    new = same = clashes = 0
    for name, (row, time_) in theirs.items():
        absolute = name[:1] == b"/" or b":/" in name
        path = name if absolute else os.fsencode(there.parent) + b"/" + name
        own = path.removeprefix(os.fsencode(folder) + b"/")
        known = model.get(own)
        new += known is None
        same += known is not None and known[0] == row
        clashes += known is not None and known[0] != row
        if known is None or (known[0] != row and time_ > known[1]):
            model[own] = (row, time_)
    before = fingerprint(there)
    summary = merge(there, here)
    assert (summary.new, summary.same, len(summary.clashes)) == (new, same, clashes)
    assert summary.pictures == len(theirs)
    assert summary.in_all == len(model)
    after = held(here)
    assert after["lists"] == lists_of({name: row for name, (row, _) in model.items()})
    assert {
        name: (row.size_bytes, row.mtime_ns) for name, (row, _) in after["pictures"].items()
    } == model
    assert merge(there, here).new == 0
    assert held(here) == after
    assert fingerprint(there) == before


def test_more_than_a_batch_arrives_with_all_its_hashes(tmp_path: Path) -> None:
    pictures = [entry(b"%d.jpg" % n, n * 977 % 500) for n in range(9000)]
    theirs = filled(tmp_path / "b" / "db.shelve", pictures)
    with open_shelf(theirs, "w") as shelf:  # gaps, and a chunk with none left
        shelf.whole_catalogue().forget(b"%d.jpg" % n for n in range(0, 9000, 3))
    ours = filled(tmp_path / "db.shelve", [entry(b"own.jpg", 7)])
    assert merge(theirs, ours).new == 6000
    here, there = held(ours), held(theirs)
    for view in ("whole", "centre", "trimmed", "turned"):
        wanted = {b"b/" + name: words for name, words in there[view].items()}
        assert {name: w for name, w in here[view].items() if name != b"own.jpg"} == wanted


@pytest.mark.parametrize(
    ("name", "folder", "new_folder", "wanted"),
    [
        ("a.jpg", "/mnt/disk", "/home/me", "/mnt/disk/a.jpg"),
        ("a.jpg", "/home/me/disk", "/home/me", "disk/a.jpg"),
        ("me/a.jpg", "/home", "/home/me", "a.jpg"),
        ("/home/me/x/a.jpg", "/mnt/disk", "/home/me", "x/a.jpg"),
        ("/x/a.jpg", "/mnt/disk", "/", "x/a.jpg"),
        ("D:/x/a.jpg", "/mnt/disk", "/home/me", "D:/x/a.jpg"),
        ("s3://bucket/a.jpg", "/mnt/disk", "/home/me", "s3://bucket/a.jpg"),
        ("zip://a.jpg::file:///x.zip", "/", "/home", "zip://a.jpg::file:///x.zip"),
    ],
)
def test_a_name_is_taken_from_folder_to_folder(
    name: str, folder: str, new_folder: str, wanted: str
) -> None:
    import posixpath

    assert names.moved(name, folder, new_folder, posixpath) == wanted


@pytest.mark.parametrize(
    ("name", "folder", "new_folder", "wanted"),
    [
        ("a.jpg", "D:\\disk", "C:\\me", "D:/disk/a.jpg"),
        ("a.jpg", "C:\\me\\disk", "c:\\ME", "disk/a.jpg"),
        ("/home/me/a.jpg", "D:\\disk", "C:\\me", "/home/me/a.jpg"),
        ("//server/share/a.jpg", "D:\\disk", "C:\\me", "//server/share/a.jpg"),
        ("s3://bucket/a.jpg", "D:\\disk", "C:\\me", "s3://bucket/a.jpg"),
    ],
)
def test_a_name_is_taken_from_folder_to_folder_on_windows(
    name: str, folder: str, new_folder: str, wanted: str
) -> None:
    import ntpath

    assert names.moved(name, folder, new_folder, ntpath) == wanted


# -- clashes and what else comes along ------------------------------------------------------------


def test_of_two_contents_under_one_name_the_newer_stays_and_each_is_told(tmp_path: Path) -> None:
    def version(name: bytes, row: int, mtime_ns: int) -> Entry:
        return entry(name, row, size_bytes=1000 * row, mtime_ns=mtime_ns)

    day = 86_400 * 10**9
    ours = filled(
        tmp_path / "db.shelve",
        [
            version(b"b/older.jpg", 1, day),
            version(b"b/newer.jpg", 2, 5 * day),
            version(b"b/tie", 3, day),
        ],
    )
    theirs = filled(
        tmp_path / "b" / "db.shelve",
        [version(b"older.jpg", 4, 2 * day), version(b"newer.jpg", 5, day), version(b"tie", 6, day)],
    )
    summary = merge(theirs, ours)
    text = merged_text(summary)
    assert text.splitlines()[0].endswith("0 new, 0 known, 1 newer there, 2 kept as here")
    assert (
        "clash: b/older.jpg: ours (4000x3000, 1.0 kB, 1970-01-02 00:00:00), theirs (4000x3000, "
        "4.0 kB, 1970-01-03 00:00:00): theirs is newer and taken" in text
    )
    assert text.count("ours is kept") == 2
    with open_shelf(ours) as shelf:
        assert dict(shelf) == lists_of({b"b/older.jpg": 4, b"b/newer.jpg": 2, b"b/tie": 3})
    assert merge(theirs, ours).new == 0


@pytest.mark.parametrize(("mtime_ns", "taken"), [(30, True), (29, False), (31, True)])
def test_a_picture_that_only_they_could_read_is_taken(
    tmp_path: Path, mtime_ns: int, taken: bool
) -> None:
    ours = filled(tmp_path / "db.shelve", [], [skip(b"b/a.heic", size_bytes=5, mtime_ns=30)])
    theirs = filled(
        tmp_path / "b/db.shelve", [entry(b"a.heic", 9, size_bytes=5, mtime_ns=mtime_ns)]
    )
    summary = merge(theirs, ours)
    assert summary.in_all == taken
    assert summary.new == (mtime_ns == 30)
    assert bool(held(ours)["skipped"]) != taken
    merged_text(summary)


def test_what_they_skipped_is_remembered_unless_it_is_known_here(tmp_path: Path) -> None:
    ours = filled(tmp_path / "db.shelve", [entry(b"b/a.jpg", 1)], [skip(b"b/b.jpg", reason="ours")])
    skips = [skip(b"a.jpg"), skip(b"b.jpg", reason="theirs"), skip(b"c.mov", other="video")]
    theirs = filled(tmp_path / "b/db.shelve", [], skips)
    assert merge(theirs, ours).skips == 1
    after = held(ours)
    assert [(row[0], row[4]) for row in after["skipped"]] == [
        (b"b/b.jpg", "ours"), (b"b/c.mov", "is damaged"),
    ]  # fmt: skip
    assert list(after["pictures"]) == [b"b/a.jpg"]


def test_decisions_and_digests_come_along_and_clean_ups_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "b" / "photos"
    folder.mkdir(parents=True)
    for seed in range(3):
        drawn(seed).save(folder / f"{seed}.png")
    shutil.copy(folder / "0.png", folder / "copy.png")
    theirs, ours = tmp_path / "b" / "db.shelve", tmp_path / "db.shelve"
    index(folder, theirs, Settings(jobs=0))
    with open_shelf(theirs, "w") as shelf:
        assert (
            not_duplicates.remember(
                shelf, [str(folder / "1.png"), str(folder / "2.png")], pixel_digest
            )
            == 1
        )
        shelf._db.write("INSERT INTO cleanup VALUES (1, 1, 'done', '{}', NULL)")
    summary = merge(theirs, ours)
    assert summary.not_duplicates == 1
    assert "1 pair remembered as no duplicates" in merged_text(summary)
    assert merge(theirs, ours).not_duplicates == 0
    with open_shelf(ours) as shelf:
        ((a, b),) = not_duplicates.listed(shelf, pixel_digest)
        assert sorted(a + b) == ["b/photos/1.png", "b/photos/2.png"]
        assert shelf._db.select("SELECT * FROM cleanup") == []
        rows = {name: shelf.whole_catalogue().row_of(name) for name in held(ours)["pictures"]}
        one, two = (rows[b"b/photos/" + name] for name in (b"1.png", b"2.png"))
        assert one is not None
        assert two is not None
        assert not_duplicates.lookup(shelf, pixel_digest)(one, two)
    there = {b"b/" + name: digests for name, (_, digests) in held(theirs)["pictures"].items()}
    here = {name: digests for name, (_, digests) in held(ours)["pictures"].items()}
    assert here == there
    assert sum(digests[0] is not None for digests in here.values()) == 2


def test_what_was_written_or_taken_off_by_hand_stays_so(tmp_path: Path) -> None:
    theirs = filled(tmp_path / "b/db.shelve", [entry(b"a.jpg", 1), entry(b"b.jpg", 1)])
    with open_shelf(theirs, "w") as shelf:
        shelf[f"{1:016x}"] = ["b.jpg"]
        shelf[f"{5:016x}"] = ["mine.jpg", "/far/away.jpg"]
        shelf["note"] = ["b.jpg"]
    ours = filled(tmp_path / "db.shelve", [entry(b"own.jpg", 5)])
    summary = merge(theirs, ours)
    assert (summary.pictures, summary.new, summary.by_hand) == (1, 1, 3)
    with open_shelf(ours) as shelf:
        assert dict(shelf) == {
            f"{1:016x}": ["b/b.jpg"],
            f"{5:016x}": ["/far/away.jpg", "b/mine.jpg", "own.jpg"],
            "note": ["b/b.jpg"],
        }
        assert shelf.hand_written() == [
            (f"{5:016x}", ["/far/away.jpg", "b/mine.jpg"]),
            ("note", ["b/b.jpg"]),
        ]
    assert merge(theirs, ours).by_hand == 0
    held(ours)


def test_a_shelf_that_lies_elsewhere_than_it_was_filled_is_told(tmp_path: Path) -> None:
    theirs = filled(tmp_path / "b/db.shelve", [entry(b"a.jpg", 1)])
    copied = tmp_path / "copied.shelve"
    shutil.copy(theirs, copied)
    text = merged_text(merge(copied, tmp_path / "db.shelve"))
    assert f"note: it was filled in {tmp_path / 'b'};" in text


# -- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"decode": "full"}, "its pictures were hashed with full decoding, ours with reduced"),
        ({"hash": "phash"}, "its pictures were hashed with phash hashes, ours with dhash hashes"),
        ({"canary": "0" * 16, "pillow": "14.0.0"}, "Pillow 14.0.0, ImageHash 4.3.2 hashed its"),
    ],
)
def test_another_recipe_is_refused_with_what_to_do(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    ours = filled(tmp_path / "db.shelve", [entry(b"a.jpg", 1)])
    theirs = tmp_path / "other.shelve"
    with open_shelf(theirs, "c") as shelf:
        shelf.adopt(RECIPE._replace(**change))
        shelf.whole_catalogue().add([entry(b"b.jpg", 1)])
    before = fingerprint(ours)
    with pytest.raises(MergeError, match="Index one of them again with --rebuild") as caught:
        merge(theirs, ours)
    assert sentence in str(caught.value)
    assert fingerprint(ours) == before


BY_HAND = pickle.dumps(["a\0b"], 4).hex()


def bare(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE Dict (key BLOB UNIQUE NOT NULL, value BLOB NOT NULL)")
    connection.close()


def never_indexed(path: Path) -> None:
    open_shelf(path, "c").close()


def changed(*statements: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        filled(path, [entry(b"%d.jpg" % n, n) for n in range(5)], [skip(b"s.jpg")])
        connection = sqlite3.connect(path, isolation_level=None)
        for sql in statements:
            connection.execute(sql)
        connection.close()

    return make


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda _: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"\xff\xd8\xff"), "is not a shelf"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(4096)), "shelf"),
        (bare, "does not say how its keys were made"),
        (never_indexed, "does not say how its keys were made"),
        (changed("CREATE VIEW x AS SELECT 1"), "unexpected table or view"),
        (changed("UPDATE picture SET name = x'2e2e2f61' WHERE id = 3"), "the impossible name"),
        (changed("UPDATE picture SET name = x'612f2f62' WHERE id = 3"), "the impossible name"),
        (changed("UPDATE picture SET name = x'6100' WHERE id = 3"), "the impossible name"),
        (changed("UPDATE picture SET name = x'' WHERE id = 3"), "the impossible name"),
        (changed("UPDATE picture SET name = 'text' WHERE id = 3"), "is damaged"),
        (changed("UPDATE picture SET width = 'wide' WHERE id = 3"), "is damaged"),
        (changed("UPDATE picture SET format = char(27) WHERE id = 3"), "the impossible format"),
        (changed(f"INSERT INTO Dict VALUES (x'78', x'{BY_HAND}')"), "the impossible name"),
        (changed("UPDATE picture SET size_bytes = -1 WHERE id = 3"), "impossible sizes"),
        (changed("UPDATE picture SET thumbnail = x'00' WHERE id = 3"), "impossible sizes"),
        (changed("UPDATE picture SET digest = 7 WHERE id = 3"), "a digest that is none"),
        (changed("UPDATE picture SET digest = x'00' WHERE id = 3"), "a digest that is none"),
        (changed("UPDATE picture SET sound = 9 WHERE id = 3"), "an impossible verdict"),
        (changed("UPDATE picture SET id = -3 WHERE id = 3"), "impossible picture id"),
        (changed("UPDATE picture SET id = 9223372036854775807 WHERE id = 3"), "impossible"),
        (changed("DELETE FROM chunk WHERE view = 'whole'"), "has no hashes"),
        (changed("UPDATE chunk SET hashes = zeroblob(3200) WHERE view = 'whole'"), "do not agree"),
        (changed("DELETE FROM chunk"), "has no hashes"),
        (changed("UPDATE chunk SET hashes = x'00'"), "is none of view"),
        (changed("UPDATE chunk SET hashes = 5"), "is damaged"),
        (changed("UPDATE Dict SET value = x'8004632e'"), "holds no list of names"),
        (changed("UPDATE skipped SET name = x'2f2f2f'"), "the impossible name"),
        (changed("UPDATE skipped SET reason = x'00'"), "a skip that is none"),
        (changed("INSERT INTO not_duplicate VALUES (5000000000000, 6, 7)"), "is damaged"),
        (changed("UPDATE meta SET value = 'x' WHERE name = 'recipe'"), "recipe cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_sound_shelf_is_one_line_and_changes_nothing(
    tmp_path: Path, make: Callable[[Path], None], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = filled(tmp_path / "here" / "db.shelve", [entry(b"a.jpg", 1)])
    theirs = tmp_path / "other.shelve"
    make(theirs)
    before = fingerprint(ours)
    there = theirs.read_bytes() if theirs.is_file() else None
    assert imageshelf.__main__.main(["merge", str(theirs), "-s", str(ours)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert sentence in told.err
    assert fingerprint(ours) == before
    assert (theirs.read_bytes() if theirs.is_file() else None) == there


def test_a_shelf_is_not_merged_into_itself(tmp_path: Path) -> None:
    ours = filled(tmp_path / "db.shelve", [entry(b"a.jpg", 1)])
    with pytest.raises(MergeError, match="is this shelf itself"):
        merge(tmp_path / "." / "db.shelve", ours)


@pytest.mark.parametrize(
    ("shelve", "sentence"), [("nowhere/db.shelve", "there is no folder"), ("b", "is a folder")]
)
def test_a_place_where_no_shelf_can_be_is_told_first(
    tmp_path: Path, shelve: str, sentence: str
) -> None:
    theirs = filled(tmp_path / "b/db.shelve", [entry(b"a.jpg", 1)])
    with pytest.raises(ShelfError, match=sentence):
        Merging(theirs, tmp_path / shelve).__enter__()


def mutated(data: bytes, rnd: random.Random) -> bytes:
    """Change a byte, a bit, a stretch or the length of a file."""
    changed_ = bytearray(data)
    for _ in range(rnd.choice([1, 1, 1, 3, 20])):
        at = rnd.randrange(len(changed_))
        fate = rnd.randrange(5)
        if fate == 0:
            changed_[at] = rnd.randrange(256)
        elif fate == 1:
            changed_[at] ^= 1 << rnd.randrange(8)
        elif fate == 2:
            length = rnd.randrange(1, 200)
            other = rnd.randrange(len(changed_))
            changed_[at : at + length] = changed_[other : other + length]
        elif fate == 3:
            changed_[at : at + 8] = rnd.choice([b"\xff" * 8, bytes(8), b"\x7f" + b"\xff" * 7])
        elif rnd.random() < 0.2:
            del changed_[at:]
            changed_ = changed_ or bytearray(b"S")
    return bytes(changed_)


def mutate_and_merge(tmp_path: Path, mutations: int, seed: int) -> None:
    """Merge shelves with damage; ours keeps all that it had, and all that it gets is sound."""
    print("seed", seed)
    rnd = random.Random(seed)
    own = {b"own/%d.jpg" % n: n for n in range(20)}
    ours = filled(tmp_path / "db.shelve", [entry(name, row) for name, row in own.items()])
    theirs = filled(
        tmp_path / "b/db.shelve",
        [entry(b"photos/%d.jpg" % n, n % 30) for n in range(60)],
        [skip(b"s.jpg"), skip(b"a.mov", other="video")],
    )
    with open_shelf(theirs, "w") as shelf:
        shelf["by hand"] = ["x.jpg"]
        shelf._db.write("INSERT INTO not_duplicate VALUES (randomblob(32), randomblob(32), 1)")
    sound, own_bytes = theirs.read_bytes(), ours.read_bytes()
    refused = merged = 0
    for _ in range(mutations):
        ours.write_bytes(own_bytes)
        damaged = mutated(sound, rnd)
        theirs.write_bytes(damaged)
        try:
            merge(theirs, ours)
            merged += 1
        except (MergeError, ShelfError) as exc:
            told = str(exc)
            refused += 1
            assert told.isprintable()
        assert theirs.read_bytes() == damaged
        assert sorted(os.listdir(theirs.parent)) == ["db.shelve"]
        with open_shelf(ours) as shelf:
            assert shelf.check() == []
            there = {name for listed in shelf.values() for name in listed}
        assert {os.fsdecode(name) for name in own} <= there
    assert refused > mutations / 10
    assert merged > mutations / 100


@pytest.fixture
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: nothing here is about power cuts."""
    monkeypatch.setattr("imageshelf.shelf.connections.WRITER", ("PRAGMA synchronous = OFF",))


@pytest.mark.usefixtures("_fast")
def test_a_damaged_shelf_takes_nothing_away(tmp_path: Path) -> None:
    mutate_and_merge(tmp_path, 300, SEED)


@pytest.mark.stress
@pytest.mark.usefixtures("_fast")
@pytest.mark.parametrize("seed", range(4))
def test_a_shelf_damaged_in_any_way_takes_nothing_away(tmp_path: Path, seed: int) -> None:
    mutate_and_merge(tmp_path, 10_000, seed)


# -- stopped, killed ------------------------------------------------------------------------------

KILLED = """
import sys
from imageshelf.shelf import merging
merging.CHUNKS_PER_WRITE = int(sys.argv[3])
print("ready", flush=True)
merging.merge(sys.argv[1], sys.argv[2], lambda share: print(share, flush=True))
"""
SEVERAL = 8_300  # pictures in three chunks: three steps of reading, then three batches of one


def crowd(folder: Path, count: int) -> Path:
    pictures = [entry(b"%d.jpg" % n, n * 7919 % 3001) for n in range(count)]
    return filled(folder / "b" / "db.shelve", pictures)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crowd(tmp_path_factory.mktemp("several"), SEVERAL)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crowd(tmp_path_factory.mktemp("large"), 30_000)


def kill_and_merge(
    theirs: Path, tmp_path: Path, wait_s: float, together: int = 2, told: int = 0
) -> MergeSummary:
    """Kill a merge some time after it has told its progress so often; complete it."""
    ours = filled(tmp_path / "db.shelve", [entry(b"own.jpg", 5)])
    command = [sys.executable, "-c", KILLED, str(theirs), str(ours), str(together)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        for _ in range(told):
            process.stdout.readline()
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
    with open_shelf(ours) as shelf:
        assert shelf.check() == []
        assert "own.jpg" in shelf[f"{5:016x}"]
    before = fingerprint(theirs)
    summary = merge(theirs, ours)
    with open_shelf(theirs) as shelf:
        count = shelf.whole_catalogue().counts().pictures
    assert summary.new + summary.same == count
    assert summary.in_all == count + 1
    assert fingerprint(theirs) == before
    with open_shelf(ours) as shelf:
        assert shelf.check() == []
    return summary


@posix
@pytest.mark.parametrize(
    ("told", "there"), [(1, 0), (3, 0), (4, 4_000)], ids=["read", "first batch", "second batch"]
)
def test_a_merge_that_was_killed_is_completed_by_the_next(
    several: Path, tmp_path: Path, told: int, there: int
) -> None:
    wait_s = random.Random(SEED + told).random() * 0.1
    print("waits", wait_s)
    assert kill_and_merge(several, tmp_path, wait_s, together=1, told=told).same >= there


@posix
@pytest.mark.stress
@pytest.mark.parametrize("number", range(30))
def test_a_merge_killed_at_any_moment_is_completed_by_the_next(
    large: Path, tmp_path: Path, number: int
) -> None:
    print("seed", SEED + 100 + number)
    kill_and_merge(large, tmp_path, random.Random(SEED + 100 + number).random() * 3)


@posix
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_merge_says_how_to_go_on(
    several: Path, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    ours = tmp_path / "db.shelve"
    process = subprocess.Popen(
        [sys.executable, "-m", "imageshelf", "merge", str(several), "-s", str(ours)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not ours.exists() and process.poll() is None:  # it writes by then
        time.sleep(0.01)
    process.send_signal(number)
    out, err = process.communicate()
    if process.returncode == 0:
        pytest.skip("it was done before the signal came")
    assert process.returncode == status
    assert out == ""
    assert err == (
        f"imageshelf: stopped by {number.name}; what was merged is on the shelf, "
        "merge again to go on\n"
    )
    assert merge(several, ours).in_all == SEVERAL


def test_the_command_tells_what_it_did_and_the_numbers_add_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = filled(tmp_path / "b/db.shelve", [entry(b"%d" % n, n) for n in range(3)])
    ours = filled(tmp_path / "db.shelve", [entry(b"own", 1), entry(b"b/0", 0)])
    merge(theirs, ours)
    for words in ("0 new, 3 known, 0 newer there, 0 kept as here",):
        assert imageshelf.__main__.main(["merge", str(theirs), "-s", str(ours)]) == 0
        assert capsys.readouterr().out == (
            f"3 pictures on {theirs}: {words}\n4 pictures on the shelf {ours}\n"
        )
