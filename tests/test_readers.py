"""What older readers put on a shelf is read again where a mended reader may tell otherwise."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures import images, readers, recipe
from imageshelf.pictures.tasks import Picture, Refusal, Task
from imageshelf.workers import work
from tests.conftest import drawn

SETTINGS = Settings(jobs=1)


def change(shelve: Path, sql: str, *values: Any) -> None:
    with contextlib.closing(sqlite3.connect(shelve)) as db, db:
        db.execute(sql, values)


def read_by(shelve: Path) -> dict[str, int | None]:
    with contextlib.closing(sqlite3.connect(shelve)) as db:
        return {
            Path(name.decode()).name: by
            for name, by in db.execute("SELECT name, read_by FROM picture")
        }


@pytest.fixture
def album(tmp_path: Path) -> Path:
    photos = tmp_path / "photos"
    photos.mkdir()
    exif = Image.Exif()
    exif[274] = 6
    drawn(1).save(photos / "plain.jpg")
    drawn(2).save(photos / "turned.jpg", exif=exif)
    drawn(3).save(photos / "plain.png")
    drawn(4).convert("I;16").save(photos / "deep.tif")
    drawn(5).save(photos / "plain.bmp")
    white = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    white.paste((255, 255, 255, 255), (0, 0, 3, 3))
    white.save(photos / "white.png")
    (photos / "broken.jpg").write_bytes((photos / "plain.jpg").read_bytes()[:900])
    return photos


def test_each_row_keeps_the_revision_of_its_reader(album: Path, tmp_path: Path) -> None:
    index(album, tmp_path / "db.shelve", SETTINGS)
    for name, by in read_by(tmp_path / "db.shelve").items():
        assert by == (1 if name.endswith(".bmp") else 2), name


@pytest.mark.parametrize("before", [None, 1])
def test_only_what_shows_the_case_is_read_again_once(
    album: Path, tmp_path: Path, before: int | None
) -> None:
    shelve = tmp_path / "db.shelve"
    index(album, shelve, SETTINGS)
    change(shelve, "UPDATE picture SET read_by = ?", before)
    found = index(album, shelve, SETTINGS)
    assert (found.changed, found.unchanged, found.new) == (3, 3, 0)
    again = {name for name, by in read_by(shelve).items() if by == 2}
    assert again == {"turned.jpg", "deep.tif", "white.png"}
    found = index(album, shelve, SETTINGS)
    assert (found.changed, found.unchanged) == (0, 6)


def test_what_such_a_picture_was_called_before_goes(album: Path, tmp_path: Path) -> None:
    shelve = tmp_path / "db.shelve"
    index(album, shelve, SETTINGS)
    change(shelve, "UPDATE picture SET read_by = NULL, camera = 'none' WHERE format = 'TIFF'")
    assert index(album, shelve, SETTINGS).changed == 1
    with contextlib.closing(sqlite3.connect(shelve)) as db:
        assert db.execute("SELECT camera FROM picture WHERE format = 'TIFF'").fetchall() == [
            (None,)
        ]


def test_a_picture_that_moved_or_went_meanwhile_is_followed(album: Path, tmp_path: Path) -> None:
    shelve = tmp_path / "db.shelve"
    index(album, shelve, SETTINGS)
    change(shelve, "UPDATE picture SET read_by = NULL")
    (album / "deep.tif").rename(album / "moved.tif")
    (album / "white.png").unlink()
    found = index(album, shelve, SETTINGS)
    assert (found.moved, found.vanished, found.changed) == (1, 1, 1)
    assert index(album, shelve, SETTINGS).changed == 1  # the moved one, where it is now
    assert read_by(shelve)["moved.tif"] == 2


def test_a_skip_is_tried_again_once_by_each_revision(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelve = tmp_path / "db.shelve"
    tried: list[str] = []
    real = images.examine

    def examine(task: Task) -> Picture | Refusal:
        tried.append(task.path)
        return real(task)

    monkeypatch.setattr(work, "examine", examine)
    in_process = Settings(jobs=0)
    index(album, shelve, in_process)
    tried.clear()
    index(album, shelve, in_process)
    assert tried == []
    monkeypatch.setitem(readers.REVISIONS, "JPEG", 3)
    recipe.decoders.cache_clear()
    index(album, shelve, in_process)
    index(album, shelve, in_process)
    recipe.decoders.cache_clear()
    assert [Path(path).name for path in tried] == ["broken.jpg"]


def test_every_format_has_a_revision() -> None:
    from imageshelf.pictures.decoding import PLUGINS

    assert {*PLUGINS, "JPEG", "MPO"} == readers.REVISIONS.keys()
    for name, cases in readers.CASES.items():
        assert cases
        assert readers.REVISIONS[name] > readers.FIRST
