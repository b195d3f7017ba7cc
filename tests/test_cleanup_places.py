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


LINKS: dict[str, tuple[str, dict[str, str]]] = {  # --set-aside, and what is planted
    "to a folder": ("", {"db-set-aside": "victim"}),
    "to a folder outside": ("", {"db-set-aside": "../outside"}),
    "to a file": ("", {"db-set-aside": "victim/file"}),
    "dangling": ("", {"db-set-aside": "victim/none"}),
    "a chain": ("", {"db-set-aside": "one", "one": "two", "two": "victim"}),
    "a circle": ("", {"db-set-aside": "one", "one": "db-set-aside"}),
    "of a named folder": ("named", {"named": "victim"}),
    "of an absolute name": ("{home}/named", {"named": "{home}/victim"}),
    "of a folder above": ("real/link/deep/er", {"real/link": "../victim"}),
    "dangling above": ("real/link/deep/er", {"real/link": "nowhere"}),
    "outside": ("../way", {"../way": "outside"}),
}


@pytest.mark.skipif(os.name != "posix", reason="links")
@pytest.mark.parametrize("apply", [[], ["--apply"]])
@pytest.mark.parametrize("name", LINKS)
def test_nothing_is_set_aside_through_a_planted_link(
    tmp_path: Path,
    name: str,
    apply: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    copies(home, {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    indexed(home, "photos")
    for folder in ("victim", "real", "../outside"):
        (home / folder).mkdir()
    (home / "victim/file").touch()
    folder, planted = LINKS[name]
    for link, target in planted.items():
        (home / link).symlink_to(target.format(home=home))
    before = tree(home), tree(tmp_path / "outside")
    options = ["--set-aside", folder.format(home=home)] if folder else []
    assert main(["clean", *apply, "-j", "0", *options]) == 1
    said = capsys.readouterr().err
    assert "is a link, through which nothing is set aside; remove it, or name" in said
    assert (tree(home), tree(tmp_path / "outside")) == before
    assert main(["history"]) == 0
    assert "no clean-up" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_links_inside_the_set_aside_folder_lead_nothing_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    copies(tmp_path, {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    indexed(tmp_path, "photos")
    Path("victim").mkdir()
    Path("db-set-aside").mkdir()
    Path("db-set-aside/run-1").symlink_to("../victim")
    Path("db-set-aside/run-1 (2)").symlink_to("nowhere")
    assert main(["clean", "--apply", "-j", "0"]) == 0
    assert Path("db-set-aside/run-1 (3)/photos/b.jpg").is_file()
    assert not list(Path("victim").iterdir())


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_shelf_reached_through_a_link_sets_aside_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies(tmp_path / "real", {"photos/a.jpg": 1, "photos/b.jpg": "photos/a.jpg"})
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path / "link")
    indexed(tmp_path / "link", "photos")
    assert main(["clean", "--apply", "-j", "0", "-s", str(tmp_path / "link/db.shelve")]) == 0
    assert (tmp_path / "real/db-set-aside/run-1/photos/b.jpg").is_file()
