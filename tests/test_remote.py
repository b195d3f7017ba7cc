"""Datasets by URL: a real S3 server on this machine, archives, and the memory of this process."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import imageshelf
from imageshelf.cleanup import selection
from imageshelf.cleanup.planning import Rules
from imageshelf.cleanup.selection import SelectionError
from imageshelf.copies.groups import GroupOptions
from imageshelf.indexing import remote
from imageshelf.indexing.comparison import Survey
from imageshelf.indexing.counts import Summary
from imageshelf.indexing.run import Indexing, index
from imageshelf.indexing.settings import DatasetError, Settings
from imageshelf.pictures import fetching
from imageshelf.pictures.images import examine
from imageshelf.pictures.tasks import DigestTask, Task
from imageshelf.report.index_summary import summary_text
from imageshelf.report.matches import FORMATS, UNREAD, matches_text
from imageshelf.searching.search import search
from imageshelf.shelf import names, open_shelf
from imageshelf.system.files import UnreadableImage, open_regular
from imageshelf.system.paths import Url, located
from imageshelf.workers.jobs import Lost
from imageshelf.workers.work import digested
from tests.conftest import ROOT, drawn

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
HERE = Settings(jobs=0)  # memory:// is in this process only


def encoded(seed: int, form: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    drawn(seed).save(buffer, form)
    return buffer.getvalue()


def counts(summary: Summary) -> tuple[int, int, int, int, int]:
    return summary.new, summary.changed, summary.unchanged, summary.moved, summary.skipped


def listed(shelve: Path) -> list[str]:
    with open_shelf(shelve) as shelf:
        assert shelf.check() == []
        return sorted(name for found in shelf.values() for name in found)


@pytest.fixture
def shelve(tmp_path: Path) -> Path:
    return tmp_path / "db.shelve"


@pytest.fixture
def memory() -> Iterator[Any]:
    """The file system in this process's memory, with five pictures below /photos."""
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    for seed in range(5):
        fs.pipe_file(f"/photos/{'trip/' if seed > 2 else ''}{seed}.jpg", encoded(seed))
    yield fs
    fs.store.clear()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A ZIP archive of four pictures in folders whose names sort in an unexpected way."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as file:
        for seed, name in enumerate(("trip/0.jpg", "trip.jpg", "trip2.jpg", "trip/deep/3.png")):
            file.writestr(name, encoded(seed, "PNG" if name.endswith("png") else "JPEG"))
        file.writestr("trip/film.mov", b"\0\0\0\x14ftypqt  " + bytes(64))
        file.writestr("trip/.hidden.jpg", encoded(9))
        file.writestr("__MACOSX/0.jpg", encoded(9))
    return path


# -- what is a URL -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://bucket/a.jpg", True), ("zip://a.jpg::file:///x.zip", True), ("C:\\a.jpg", False),
        ("C:/a.jpg", False), ("C://a.jpg", False), ("/a/s3://b", False), ("photos", False),
        ("s3:/bucket", False), ("://a", False), ("1a://b", False), ("git+ssh://h/x", True),
        ("simplecache::s3://b/a", False), ("", False), ("new\n://x", False),
    ],
)  # fmt: skip
def test_an_url_has_a_scheme_of_two_letters_or_more(path: str, expected: bool) -> None:
    assert isinstance(located(path), Url) is expected


@pytest.mark.parametrize(
    "url",
    ["s3://b/a.jpg", "s3://b/a::b.jpg", "zip://::file:///x.zip", "zip://a\nb::zip://c::s3://d/e.zip",
     "zip://a::simplecache::s3://b/c.zip", "memory://"],
)  # fmt: skip
def test_the_parts_of_an_url_are_all_of_it(url: str) -> None:
    parts = Url(url).parts
    assert str(parts) == url
    assert "::file" not in parts.path
    assert parts.chain == "" or parts.chain.startswith("::")


def test_a_worker_process_knows_an_url_too() -> None:
    task = pickle.loads(pickle.dumps(Task(located("s3://b/a.jpg"))))
    assert isinstance(task.path, Url)
    assert task.path == "s3://b/a.jpg"


def test_a_picture_at_an_url_has_that_url_as_its_name() -> None:
    import ntpath
    import posixpath

    for url in ("s3://bucket/a//b.jpg", "zip://a.jpg::file:///x.zip"):
        for flavour, folder in ((posixpath, "/home/me"), (ntpath, "C:\\me")):
            assert names.name_of(Url(url), folder, flavour) == url
            assert names.path_of(url, folder, flavour) == url
            assert names.absolute(url) == url
            assert type(names.name_of(Url(url), folder, flavour)) is str
            assert isinstance(names.path_of(url, folder, flavour), Url)
    assert names.prefixes_below(Url("s3://bucket/a"), "/home") == [b"s3://bucket/a/"]


# -- a run over the memory of this process --------------------------------------------------------


def test_pictures_in_memory_are_indexed_and_a_second_run_reads_none(
    memory: Any, shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe_file("/photos/a.txt", b"words")
    memory.pipe_file("/photos/broken.jpg", encoded(7)[:500])
    memory.pipe_file("/photos/.DS_Store", b"\0")
    summary = index("memory://photos", shelve, HERE)
    assert counts(summary) == (5, 0, 0, 0, 1)
    assert summary.others == {"document": 1}
    assert listed(shelve) == [
        "memory://photos/0.jpg", "memory://photos/1.jpg", "memory://photos/2.jpg",
        "memory://photos/trip/3.jpg", "memory://photos/trip/4.jpg",
    ]  # fmt: skip
    with open_shelf(shelve) as shelf:
        row = shelf.whole_catalogue().row_of(b"memory://photos/0.jpg")
        assert row is not None
        assert (row.device, row.inode, row.nlink) == (0, 0, 1)
        assert row.size_bytes == len(encoded(0))
    monkeypatch.setattr(fetching, "fetched", lambda *_: pytest.fail("read again"))
    again = index("memory://photos/", shelve, HERE)
    assert counts(again) == (0, 0, 5, 0, 1)
    assert again.skips[0].path == "memory://photos/broken.jpg"


def test_what_is_at_an_url_looks_like_the_same_file_on_a_disk(
    memory: Any, shelve: Path, tmp_path: Path
) -> None:
    (tmp_path / "0.jpg").write_bytes(encoded(0))
    index("memory://photos", shelve, HERE)
    with open_shelf(shelve) as shelf:
        there = shelf.whole_catalogue().row_of(b"memory://photos/0.jpg")
    index(tmp_path, shelve, HERE)
    with open_shelf(shelve) as shelf:
        here = shelf.whole_catalogue().row_of(b"0.jpg")
    assert there is not None
    assert here is not None
    alike = [
        row._replace(id=0, name=b"", mtime_ns=0, device=0, inode=0, nlink=1)
        for row in (there, here)
    ]
    assert alike[0] == alike[1]


def test_changed_and_vanished_objects_are_followed(memory: Any, shelve: Path) -> None:
    index("memory://photos", shelve, HERE)
    memory.pipe_file("/photos/1.jpg", encoded(8))
    memory.rm_file("/photos/2.jpg")
    summary = index("memory://photos", shelve, HERE)
    assert counts(summary) == (0, 1, 3, 0, 0)
    assert summary.vanished == 1
    assert "memory://photos/2.jpg" not in listed(shelve)


def test_more_than_half_gone_changes_nothing_unless_it_is_said(memory: Any, shelve: Path) -> None:
    index("memory://photos", shelve, HERE)
    for seed in range(3):
        memory.rm_file(f"/photos/{seed}.jpg")
    with pytest.raises(DatasetError, match=r"3 of the 5 .* add --allow-vanished"):
        index("memory://photos", shelve, HERE)
    assert len(listed(shelve)) == 5
    summary = index("memory://photos", shelve, Settings(jobs=0, allow_vanished=True))
    assert summary.vanished == 3
    assert len(listed(shelve)) == 2


def test_a_folder_on_the_disk_and_an_url_leave_each_other_alone(
    memory: Any, shelve: Path, photos: Path
) -> None:
    """Names relative to the shelf's folder, and URLs, lie beside each other in the catalogue."""
    index("memory://photos", shelve, HERE)
    index(shelve.parent, shelve, HERE)
    assert len(listed(shelve)) == 5 + 6
    for root in (shelve.parent, "memory://photos", photos):
        summary = index(root, shelve, HERE)
        assert (summary.new, summary.vanished, summary.changed) == (0, 0, 0)
    both = index([photos, "memory://photos", "memory://photos/trip"], shelve, HERE)
    assert counts(both) == (0, 0, 11, 0, 0)
    with open_shelf(shelve) as shelf:
        assert shelf.whole_catalogue().at_urls() == 5


def test_a_folder_that_may_not_be_listed_keeps_its_pictures(
    memory: Any, shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index("memory://photos", shelve, HERE)
    ls = type(memory).ls

    def refusing(self: Any, path: str, **options: Any) -> Any:
        if path.endswith("trip"):
            raise PermissionError(path)
        return ls(self, path, **options)

    monkeypatch.setattr(type(memory), "ls", refusing)
    summary = index("memory://photos", shelve, HERE)
    assert counts(summary) == (0, 0, 3, 0, 0)
    assert (summary.vanished, summary.kept) == (0, 2)
    assert "folder not read: memory://photos/trip/: permission denied" in summary_text(summary)
    assert len(listed(shelve)) == 5


def test_a_store_that_goes_in_the_middle_of_a_listing_changes_nothing(
    memory: Any, shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index("memory://photos", shelve, HERE)
    ls = type(memory).ls

    def failing(self: Any, path: str, **options: Any) -> Any:
        if path.endswith("trip"):
            raise ConnectionError("reset by peer")
        return ls(self, path, **options)

    monkeypatch.setattr(type(memory), "ls", failing)
    with pytest.raises(DatasetError, match="reset by peer"):
        index("memory://photos", shelve, HERE)
    assert len(listed(shelve)) == 5


def test_an_object_that_vanishes_before_it_is_read_is_skipped(
    memory: Any, shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = type(memory).cat_file

    def gone(self: Any, path: str, **options: Any) -> Any:
        if path.endswith("1.jpg"):
            raise FileNotFoundError(path)
        if path.endswith("2.jpg"):
            raise PermissionError(path)
        if path.endswith("3.jpg"):
            raise ConnectionError("reset\nby peer")
        data = whole(self, path, **options)
        return data + b"more" if path.endswith("4.jpg") else data

    monkeypatch.setattr(type(memory), "cat_file", gone)
    summary = index("memory://photos", shelve, HERE)
    assert {os.path.basename(path): reason for path, reason in summary.skips} == {
        "1.jpg": "vanished before it could be read",
        "2.jpg": "may not be read: permission denied",
        "3.jpg": "cannot be read: reset by peer",
        "4.jpg": "changed while being read",
    }
    monkeypatch.undo()
    assert counts(index("memory://photos", shelve, HERE)) == (4, 0, 1, 0, 0)


def test_an_object_too_large_for_the_memory_limit_is_never_read(memory: Any, shelve: Path) -> None:
    memory.pipe_file("/photos/large.jpg", encoded(9) + bytes(2_000_000))
    summary = index("memory://photos", shelve, Settings(jobs=0, memory_limit_mb=4))
    assert counts(summary) == (5, 0, 0, 0, 1)
    assert "files up to 1 MB are read" in summary.skips[0].reason
    assert "raise --memory-limit" in summary_text(summary)
    assert index("memory://photos", shelve, HERE).new == 1


def test_a_large_file_that_is_no_picture_is_told_by_its_first_bytes(
    memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe_file("/film.mov", b"\0\0\0\x14ftypqt  " + bytes(3_000_000))
    ranges = []
    whole = type(memory).cat_file

    def noted(self: Any, path: str, start: Any = None, end: Any = None, **options: Any) -> Any:
        ranges.append((start, end))
        return whole(self, path, start=start, end=end, **options)

    monkeypatch.setattr(type(memory), "cat_file", noted)
    answer = examine(Task(Url("memory://film.mov"), 3_000_012))
    assert answer.other == "video"  # type: ignore[union-attr]
    assert ranges == [(0, 4096)]


def test_exclude_holds_for_urls(memory: Any, shelve: Path) -> None:
    settings = Settings(jobs=0, exclude=("trip", "1.*"))
    assert index("memory://photos", shelve, settings).new == 2
    assert listed(shelve) == ["memory://photos/0.jpg", "memory://photos/2.jpg"]


def test_recycle_bins_and_snapshots_are_passed_over_and_counted(memory: Any, shelve: Path) -> None:
    for name in ("#recycle/a.jpg", "trip/.Trash-1000/files/b.jpg", "trip/@Recycle/c/d.jpg"):
        memory.pipe_file(f"/photos/{name}", encoded(9))
    summary = index("memory://photos", shelve, HERE)
    assert summary.new == 5
    assert sorted(folder.path for folder in summary.passed_over) == [
        "memory://photos/#recycle",
        "memory://photos/trip/.Trash-1000",
        "memory://photos/trip/@Recycle",
    ]
    assert "recycle bin" in summary_text(summary)


def test_what_was_indexed_and_is_excluded_now_counts_as_wanted_away(
    memory: Any, shelve: Path
) -> None:
    index("memory://photos", shelve, HERE)
    summary = index("memory://photos", shelve, Settings(jobs=0, exclude=("[0-3].jpg",)))
    assert summary.vanished == 4


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("memory://photos/*.jpg", ["0.jpg", "1.jpg", "2.jpg"]),
        ("memory://photos/**/*.jpg", ["0.jpg", "1.jpg", "2.jpg", "trip/3.jpg", "trip/4.jpg"]),
        ("memory://photos/t*/?.jpg", ["trip/3.jpg", "trip/4.jpg"]),
        ("memory://photos/trip/3*", ["trip/3.jpg"]),
        ("memory://photos/**", ["0.jpg", "1.jpg", "2.jpg", "trip/3.jpg", "trip/4.jpg"]),
        ("memory://**/4.jpg", ["trip/4.jpg"]),
    ],
)
def test_a_pattern_takes_what_it_names_and_only_that_can_vanish(
    memory: Any, shelve: Path, url: str, found: list[str]
) -> None:
    index(url, shelve, HERE)
    assert listed(shelve) == [f"memory://photos/{name}" for name in found]
    index("memory://photos", shelve, HERE)
    again = index(url, shelve, HERE)
    assert (again.unchanged, again.vanished) == (len(found), 0)
    assert len(listed(shelve)) == 5


def test_brackets_in_the_name_of_a_folder_are_brackets(memory: Any, shelve: Path) -> None:
    memory.pipe_file("/photos [2024]/a.jpg", encoded(1))
    assert index("memory://photos [2024]", shelve, HERE).new == 1


def test_hostile_names_come_through(memory: Any, shelve: Path) -> None:
    odd = [
        "new\nline.jpg",
        "-rf.jpg",
        "a::b.jpg",
        "caf\xe9 \U0001f600.jpg",
        "\u202egpj.exe",
        "a#b?.jpg",
    ]
    for name in odd:
        memory.pipe_file(f"/odd/{name}", encoded(3))
    assert index("memory://odd", shelve, HERE).new == len(odd)
    assert listed(shelve) == sorted(f"memory://odd/{name}" for name in odd)
    again = index("memory://odd", shelve, HERE)
    assert counts(again) == (0, 0, len(odd), 0, 0)


def test_links_are_counted_and_not_followed(memory: Any) -> None:
    folder = remote.RemoteFolder(Url("memory://photos"))
    survey = Survey()
    infos: list[dict[str, Any]] = [
        {"name": "/photos/x", "type": "link"},
        {"name": "/photos/y", "type": "directory", "islink": True},
    ]
    assert list(folder._listing("", infos, survey)) == []
    assert survey.links == 2


# -- archives -------------------------------------------------------------------------------------


def test_the_pictures_in_an_archive_are_indexed_by_worker_processes(
    archive: Path, shelve: Path
) -> None:
    url = f"zip://::file://{archive}"
    summary = index(url, shelve, Settings(jobs=2))
    assert counts(summary) == (4, 0, 0, 0, 0)
    assert summary.others == {"video": 1}
    chain = f"::file://{archive}"
    assert listed(shelve) == sorted(
        f"zip://{name}{chain}"
        for name in ("trip/0.jpg", "trip.jpg", "trip2.jpg", "trip/deep/3.png")
    )
    again = index(url, shelve, Settings(jobs=2))
    assert counts(again) == (0, 0, 4, 0, 0)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("late.jpg", encoded(6))
    assert counts(index(url, shelve, Settings(jobs=0))) == (1, 0, 4, 0, 0)


def test_two_archives_with_the_same_names_inside_are_two_datasets(
    archive: Path, shelve: Path, tmp_path: Path
) -> None:
    other = tmp_path / "y.zip"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("trip.jpg", encoded(5))
    one, two = (f"zip://*.jpg::file://{path}" for path in (archive, other))
    assert index(one, shelve, HERE).new == 2
    assert counts(index(two, shelve, HERE)) == (1, 0, 0, 0, 0)
    assert counts(index([one, two], shelve, HERE)) == (0, 0, 3, 0, 0)
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("trip.jpg", encoded(5))
        file.writestr("moved.jpg", encoded(4))
    assert index(two, shelve, HERE).vanished == 0
    assert len(listed(shelve)) == 4


def test_a_renamed_picture_in_an_archive_keeps_its_hashes(archive: Path, shelve: Path) -> None:
    url = f"zip://::file://{archive}"
    index(url, shelve, HERE)
    with zipfile.ZipFile(archive) as file:
        content = [(info, file.read(info)) for info in file.infolist()]
    with zipfile.ZipFile(archive, "w") as file:
        for info, data in content:
            info.filename = info.filename.replace("trip2", "renamed")
            file.writestr(info, data)
    assert counts(index(url, shelve, HERE)) == (0, 0, 3, 1, 0)
    assert f"zip://renamed.jpg::file://{archive}" in listed(shelve)
    assert counts(index(url, shelve, HERE)) == (0, 0, 4, 0, 0)


# -- searching, cleaning, merging -----------------------------------------------------------------


def test_a_search_needs_no_bucket_and_says_what_it_did_not_read(
    memory: Any, shelve: Path, tmp_path: Path
) -> None:
    index("memory://photos", shelve, HERE)
    query = tmp_path / "query.jpg"
    query.write_bytes(encoded(1))
    found = search(query, shelve)
    assert [(match.path, match.kind) for match in found] == [("memory://photos/1.jpg", "near")]
    text = matches_text(found)
    assert UNREAD in text
    assert "not there now" not in text
    other = search(query, shelve)
    assert json.loads(FORMATS["json"](other))[0]["kind"] == "near"


def test_a_folder_of_a_bucket_that_was_emptied_leaves_the_shelf_when_it_is_said(
    memory: Any, shelve: Path
) -> None:
    index("memory://photos/trip", shelve, HERE)
    memory.rm("/photos/trip", recursive=True)
    with pytest.raises(DatasetError, match="add --allow-vanished"):
        index("memory://photos/trip", shelve, HERE)
    assert len(listed(shelve)) == 2
    allowed = Settings(jobs=0, allow_vanished=True)
    assert index("memory://photos/trip", shelve, allowed).vanished == 2
    memory.rm("/photos", recursive=True)
    with pytest.raises(DatasetError, match="does not exist"):
        index("memory://photos/trip", shelve, allowed)


def test_a_file_url_is_a_dataset_like_any_other(photos: Path, shelve: Path) -> None:
    os.symlink(photos, photos / "trip" / "loop")
    summary = index(f"file://{photos}", shelve, Settings(jobs=1))
    assert (summary.new, summary.links) == (6, 1)
    assert f"file://{photos}/trip/4.jpg" in listed(shelve)
    assert index(f"file://{photos}", shelve, Settings(jobs=1)).unchanged == 6


def test_what_lies_at_a_url_is_listed_and_is_no_match(
    memory: Any, shelve: Path, tmp_path: Path
) -> None:
    memory.pipe_file("/photos/copy.jpg", encoded(1))
    index("memory://photos", shelve, HERE)
    memory.store.clear()
    query = tmp_path / "query.jpg"
    query.write_bytes(encoded(1))
    found = search(query, shelve)
    assert [(match.kind, match.match, match.compared) for match in found] == [
        ("near", False, False)
    ] * 2
    assert UNREAD in matches_text(found)


def test_a_shelf_with_urls_makes_no_search_open_them(
    memory: Any, shelve: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index("memory://photos", shelve, HERE)
    monkeypatch.setattr(fetching, "fetched", lambda *_: pytest.fail("opened a URL"))
    (tmp_path / "q.jpg").write_bytes(encoded(1))
    search(tmp_path / "q.jpg", shelve)
    with pytest.raises(UnreadableImage, match="is at a URL"):
        open_regular(Url("memory://photos/0.jpg"))
    index(tmp_path, shelve, HERE)  # its digests are of folders only


def test_a_listing_of_copies_opens_no_url(tmp_path: Path, shelve: Path) -> None:
    """Else a shelf from somebody else would choose what is fetched: here it knows no digest."""
    for name, level in (("a.png", 9), ("b.png", 1)):
        drawn(1).save(tmp_path / name, compress_level=level)
    index(f"file://{tmp_path}", shelve, Settings(jobs=1))
    (group,) = imageshelf.duplicates(shelve).groups
    assert [member.kind for member in group.members] == ["near"]


def test_a_query_may_be_an_url_which_a_worker_reads(archive: Path, shelve: Path) -> None:
    chain = f"::file://{archive}"
    index(f"zip://{chain}", shelve, HERE)
    found = search(f"zip://trip.jpg{chain}", shelve)
    assert [(match.path, match.kind) for match in found] == [
        (f"zip://trip.jpg{chain}", "same file")
    ]
    with pytest.raises(UnreadableImage, match="vanished before it could be read"):
        search(f"zip://none.jpg{chain}", shelve)


def test_a_list_of_queries_may_hold_urls(
    archive: Path, shelve: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"zip://trip.jpg::file://{archive}"
    index(f"zip://::file://{archive}", shelve, HERE)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(os.fsencode(url) + b"\n")))
    (match,) = search("-", shelve)
    assert (match.path, match.kind) == (url, "same file")


def test_a_selection_that_names_an_url_is_refused(memory: Any, shelve: Path) -> None:
    index("memory://photos", shelve, HERE)
    group = {"keep": ["memory://photos/0.jpg"], "set_aside": ["memory://photos/1.jpg"]}
    document = {"imageshelf_selection": 1, "shelf": str(shelve), "groups": [group]}
    chosen = selection.parse(json.dumps(document).encode())
    with open_shelf(shelve) as shelf, pytest.raises(SelectionError, match="is at a URL is never"):
        selection.plan(shelf, chosen, (), Rules())


def test_digests_are_of_the_object(memory: Any, tmp_path: Path) -> None:
    from imageshelf.pictures.digests import digest, pixel_digest

    path = tmp_path / "0.jpg"
    path.write_bytes(memory.cat_file("/photos/0.jpg"))
    url, none = Url("memory://photos/0.jpg"), Url("memory://photos/none.jpg")
    for pixels, of in ((False, digest), (True, pixel_digest)):
        assert digested(DigestTask(b"", url, pixels)) == of(str(path))
    assert digested(DigestTask(b"", none, pixels=False)) is None


def test_a_clean_up_leaves_urls_out_and_says_so(memory: Any, shelve: Path, tmp_path: Path) -> None:
    memory.pipe_file("/photos/copy.jpg", encoded(1))
    folder = tmp_path / "disk"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(encoded(1))
    index(["memory://photos", folder], shelve, HERE)
    from imageshelf import duplicates

    copies, related = duplicates(shelve).groups
    assert len(copies.members) == 1
    assert len({*related.members, *related.beside}) == 2
    assert not any(member.match for member in related.members)
    (group,) = duplicates(shelve, GroupOptions(files_only=True)).groups
    assert len(group.members) == 1
    done = subprocess.run(
        [sys.executable, "-m", "imageshelf", "clean", "-s", str(shelve), "--apply"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = subprocess.run(
        [sys.executable, "-m", "imageshelf", "clean", "-s", str(shelve)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "6 pictures at a URL left out: those are never touched." in told.stderr
    assert len(os.listdir(folder)) == 1
    assert len([name for name in listed(shelve) if isinstance(located(name), Url)]) == 6


def test_an_url_stays_itself_in_another_shelf(memory: Any, shelve: Path, tmp_path: Path) -> None:
    from imageshelf.shelf.merging import merge

    other = tmp_path / "elsewhere" / "db.shelve"
    other.parent.mkdir()
    index("memory://photos", other, HERE)
    assert merge(other, shelve).new == 5
    assert listed(shelve) == listed(other)
    assert counts(index("memory://photos", shelve, HERE)) == (0, 0, 5, 0, 0)


def test_check_does_not_miss_what_is_at_an_url(memory: Any, shelve: Path) -> None:
    from imageshelf.shelf import health

    index("memory://photos", shelve, HERE)
    with open_shelf(shelve) as shelf:
        assert list(health.findings(shelf)) == []


# -- one clear line -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense://x/y", "has a scheme that fsspec does not know"),
        ("abfs://container/x", "needs a package that is not installed: Install adlfs"),
        ("memory://none", "does not exist, or nothing is left in it"),
        ("memory://photos/0.jpg", "memory://photos/0.jpg is a file; index its folder: "),
        ("zip://::file:///none/at/all.zip", "does not exist"),
        ("zip://none::file://{zip}", "does not exist"),
        ("zip://::file://{jpg}", "cannot be listed"),
        ("sftp://me:secret@host/x", "has a password, which would be written on the shelf"),
    ],
)
def test_what_cannot_be_listed_is_one_line_and_makes_no_shelf(
    memory: Any, shelve: Path, archive: Path, photos: Path, url: str, sentence: str
) -> None:
    if url.startswith("abfs") and __import__("importlib.util").util.find_spec("adlfs"):
        pytest.skip("adlfs is installed")
    url = url.format(zip=archive, jpg=photos / "0.jpg")
    with pytest.raises(DatasetError) as caught:
        index(url, shelve, HERE)
    assert sentence in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not shelve.exists()


def test_memory_is_refused_to_worker_processes(memory: Any, shelve: Path) -> None:
    with pytest.raises(DatasetError, match="index it with --jobs 0"):
        index("memory://photos", shelve)


def test_without_fsspec_the_remedy_is_told(shelve: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(DatasetError, match="python -m pip install fsspec"):
        index("zip://::file:///x.zip", shelve, HERE)


def test_a_run_over_folders_imports_no_fsspec(shelve: Path, photos: Path) -> None:
    code = (
        "import sys\nfrom imageshelf import index, search\n"
        f"index({str(photos)!r}, {str(shelve)!r})\n"
        f"search({str(photos / '0.jpg')!r}, {str(shelve)!r})\n"
        "ours = {'imageshelf.indexing.remote', 'imageshelf.pictures.fetching'}\n"
        "assert not ({'fsspec'} | ours) & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


# -- small things ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1.5, 1_500_000_000),
        (dt.datetime(1970, 1, 2, tzinfo=dt.UTC), 86_400 * 10**9),
        (dt.datetime(1970, 1, 2), 86_400 * 10**9),  # noqa: DTZ001
        ("1970-01-02T00:00:00Z", 86_400 * 10**9),
        ((1970, 1, 2, 0, 0, 4), 86_404 * 10**9),
        ((1980, 0, 0, 0, 0, 0), 0), ("yesterday", 0), (None, 0), (float("inf"), 0),
    ],
)  # fmt: skip
def test_a_time_is_understood_in_any_form(value: object, wanted: int) -> None:
    assert remote._time_ns(value) == wanted


def test_a_tag_decides_what_is_unchanged_whatever_the_time() -> None:
    info = {"size": 5, "LastModified": dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "ETag": '"a"'}
    before = remote._status(info)
    touched = remote._status({**info, "LastModified": dt.datetime(2025, 1, 1, tzinfo=dt.UTC)})
    other = remote._status({**info, "ETag": '"b"'})
    row = (b"", before.st_size, before.st_mtime_ns, 0, 0)
    assert before.st_mtime_ns // 10**9 == 1_704_067_200
    assert [remote._unchanged(row, one) for one in (before, touched, other)] == [True, True, False]
    untagged = remote._status({"size": 5, "mtime": 7.0})
    row = (b"", 5, untagged.st_mtime_ns, 0, 0)
    assert remote._unchanged(row, untagged)
    assert not remote._unchanged(row, untagged._replace(st_mtime_ns=8 * 10**9))
    assert not remote._unchanged(row, untagged._replace(st_size=6))
    assert remote._unchanged(row, untagged._replace(st_size=-1))


def test_a_map_goes_on_after_what_is_too_large() -> None:
    files = (("s3://b/a", 10), ("s3://b/large", 99), ("s3://b/c", -1))
    tasks = [Task(Url(url), size_bytes) for url, size_bytes in files]
    found = dict(remote.within(tasks, 40, lambda some: ((task, "done") for task in some)))
    assert [found[task] == "done" for task in tasks] == [True, False, True]
    assert isinstance(found[tasks[1]], Lost)


def test_a_folder_is_opened_within_the_run(memory: Any, shelve: Path) -> None:
    with Indexing("memory://photos", shelve, HERE) as run:
        assert run.survey().new == 5


# -- S3, over HTTP --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real S3 server on this machine; the address."""
    moto = pytest.importorskip("moto.server", reason="moto is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    one = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    one.start()
    host, port = one.get_host_and_port()
    yield f"http://{host}:{port}"
    one.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of a bucket of five pictures, as the worker processes will find it, too."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "me",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket="pictures")
    for seed in range(5):
        key = f"photos/{'trip/' if seed > 2 else ''}{seed}.jpg"
        client.put_object(Bucket="pictures", Key=key, Body=encoded(seed))
    yield client
    found = client.list_objects_v2(Bucket="pictures").get("Contents", [])
    for one in found:
        client.delete_object(Bucket="pictures", Key=one["Key"])
    client.delete_bucket(Bucket="pictures")
    client.close()


def test_a_bucket_is_indexed_by_worker_processes_and_followed(
    bucket: Any, shelve: Path, tmp_path: Path
) -> None:
    url = "s3://pictures/photos"
    bucket.put_object(Bucket="pictures", Key="photos/broken.jpg", Body=encoded(6)[:400])
    bucket.put_object(Bucket="pictures", Key="photos/a::b #1?.jpg", Body=encoded(6))
    bucket.put_object(Bucket="pictures", Key="photos/empty/", Body=b"")
    bucket.put_object(Bucket="pictures", Key="photos/x//nameless.jpg", Body=encoded(6))
    summary = index(url, shelve, Settings(jobs=2))
    assert counts(summary) == (6, 0, 0, 0, 1)
    assert [one.path for one in summary.unlisted] == ["s3://pictures/photos/x//"]
    assert "s3://pictures/photos/a::b #1?.jpg" in listed(shelve)
    assert counts(index(url, shelve, Settings(jobs=2))) == (0, 0, 6, 0, 1)

    bucket.put_object(Bucket="pictures", Key="photos/0.jpg", Body=encoded(0))  # the same again
    bucket.put_object(Bucket="pictures", Key="photos/1.jpg", Body=encoded(11))
    bucket.delete_object(Bucket="pictures", Key="photos/2.jpg")
    bucket.put_object(Bucket="pictures", Key="photos/copy.jpg", Body=encoded(3))
    summary = index(url, shelve, Settings(jobs=2))
    assert counts(summary) == (1, 1, 4, 0, 1)
    assert summary.vanished == 1
    query = tmp_path / "query.jpg"
    query.write_bytes(encoded(3))
    found = search(query, shelve)
    assert [(match.path, match.kind, match.match) for match in found] == [
        ("s3://pictures/photos/copy.jpg", "near", False),
        ("s3://pictures/photos/trip/3.jpg", "near", False),
    ]


def test_a_bucket_that_is_gone_changes_nothing(bucket: Any, shelve: Path) -> None:
    index("s3://pictures", shelve, HERE)
    with pytest.raises(DatasetError, match="s3://nowhere does not exist"):
        index("s3://nowhere", shelve, HERE)
    with pytest.raises(DatasetError, match="does not exist"):
        index("s3://pictures/none", shelve, HERE)
    assert len(listed(shelve)) == 5


def test_an_archive_in_a_bucket_is_indexed(bucket: Any, shelve: Path, archive: Path) -> None:
    bucket.put_object(Bucket="pictures", Key="x.zip", Body=archive.read_bytes())
    summary = index("zip://**/*.jpg::s3://pictures/x.zip", shelve, Settings(jobs=1))
    assert summary.new == 3
    assert "zip://trip/0.jpg::s3://pictures/x.zip" in listed(shelve)


def test_the_script_tells_missing_credentials_and_a_dead_endpoint_in_one_line(
    bucket: Any, shelve: Path, script_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = script_run("index.py", "-d", "s3://pictures", "-s", shelve)
    assert done.stdout.startswith("5 pictures seen: 5 new"), done.stderr
    before = shelve.read_bytes()
    dead = script_run(
        "index.py", "-d", "s3://pictures", "-s", shelve, AWS_ENDPOINT_URL="http://127.0.0.1:1"
    )
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    nobody = script_run("index.py", "-d", "s3://pictures", "-s", shelve)
    for run, sentence in ((dead, "cannot be listed: "), (nobody, "without credentials")):
        assert run.returncode == 1
        assert run.stdout == ""
        assert run.stderr.count("\n") == 1, run.stderr
        assert sentence in run.stderr
    assert shelve.read_bytes() == before
