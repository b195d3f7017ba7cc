"""Clean-ups of files with odd names, and into folders on another volume."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshelf import Settings, index
from imageshelf.__main__ import main
from tests.cleaning import copies, indexed, keep_trash_in, tree
from tests.conftest import drawn
from tests.hostile_names import names

NAMES = [os.fsencode(name) for name in names()]
EXACT = os.name == "posix"  # a file may have any name here


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture of every hostile name that can be, its copy elsewhere, and equal sidecars."""
    keep_trash_in(tmp_path / "db.shelve-data", monkeypatch)
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(NAMES):
        for folder in ("a", "b"):
            path = os.path.join(os.fsencode(tmp_path), b"photos", folder.encode(), name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if folder == "b":
                shutil.copy2(path.replace(b"/photos/b/", b"/photos/a/"), path)
            else:
                drawn(seed, (24, 18)).save(os.fsdecode(path), "JPEG")
            if len(name) < 240:
                Path(os.fsdecode(path + b".xmp")).write_text("sidecar")
    index(tmp_path / "photos", tmp_path / "db.shelve", Settings(jobs=0))
    return tmp_path


@pytest.mark.skipif(not EXACT, reason="no such names here")
@pytest.mark.parametrize("action", ["--set-aside", "--trash", "--hardlink"])
def test_files_of_any_name_go_and_come_back_byte_for_byte(
    hostile: Path, action: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    before = tree(hostile)
    assert main(["clean", "-0"]) == 0
    going = capfdbinary.readouterr().out.split(b"\0")[:-1]
    assert len(going) > len(NAMES)  # sidecars too
    assert all(os.path.isfile(path) for path in going)
    main(["clean", action, "--apply", "-j", "0"])  # a trash refuses the longest names
    told = capfdbinary.readouterr().out
    assert not [byte for byte in told if byte < 32 and byte != 10]
    stay = [path for path in going if os.path.exists(path) and os.stat(path).st_nlink == 1]
    if action == "--set-aside":
        assert not stay
    assert len(stay) < len(going)  # of a hard link the sidecar stays
    assert main(["undo"]) == 0
    assert tree(hostile) == before


@pytest.fixture
def other_volume(tmp_path: Path) -> Iterator[Path]:
    """A folder on another volume than the tests'."""
    for place in ("/dev/shm", "/run/shm", "/tmp", os.getcwd()):
        there = os.path.isdir(place) and os.access(place, os.W_OK)
        if there and os.stat(place).st_dev != os.stat(tmp_path).st_dev:
            with tempfile.TemporaryDirectory(dir=place) as folder:
                yield Path(folder)
            return
    pytest.skip("there is no other volume here")


@pytest.mark.parametrize("apply", [[], ["--apply"]])
def test_a_folder_on_another_volume_is_refused_and_nothing_is_touched(
    tmp_path: Path, other_volume: Path, apply: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    copies(tmp_path, {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    shelf = indexed(tmp_path, "photos")
    before = tree(tmp_path)
    aside = other_volume / "deep" / "aside"
    assert main(["clean", "-s", str(shelf), "--set-aside", str(aside), *apply]) == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.count("\n") == 1
    assert "is on another volume than 1 picture, such as" in error
    assert tree(tmp_path) == before
    assert not list(other_volume.iterdir())


def test_a_shelf_on_another_volume_asks_for_a_folder_on_the_pictures(
    tmp_path: Path, other_volume: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copies(tmp_path, {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    shelf = other_volume / "db.shelve"
    index(tmp_path / "photos", shelf, Settings(jobs=0))
    before = tree(tmp_path)
    assert main(["clean", "-s", str(shelf)]) == 1
    assert "name a folder on theirs with --set-aside" in capsys.readouterr().err
    aside = ["--set-aside", str(tmp_path / "aside")]
    assert main(["clean", "-s", str(shelf), *aside, "--apply", "-j", "0"]) == 0
    assert (tmp_path / "aside").is_dir()
    assert main(["undo", "-s", str(shelf)]) == 0
    assert tree(tmp_path) == before
