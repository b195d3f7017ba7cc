"""What is not on the disk is no copy to keep, and the figures of a listing are a clean-up's."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

import search
from imageshelf.__main__ import main
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.shelf import open_shelf
from tests.cleaning import copies, indexed, tree
from tests.conftest import drawn
from tests.keepers import photo, save

Output = pytest.CaptureFixture[str]
GHOST = "is not there any more: index its folder again, or forget it"


@pytest.fixture
def moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stick that was indexed and is mounted elsewhere now, and a disk with copies of it."""
    monkeypatch.chdir(tmp_path)
    copies(tmp_path, {"usb1/a.jpg": 1, "usb1/b.jpg": 2})
    copies(tmp_path, {"disk/deep/a.jpg": 1, "disk/deep/b.jpg": 2})
    shutil.copytree("usb1", "usb2", copy_function=shutil.copy2)
    indexed(tmp_path, "usb1", "disk")
    shutil.rmtree("usb1")
    index(["usb2", "disk"], "db.shelve", Settings(jobs=0))
    return tmp_path


def groups(output: Output) -> list[list[dict[str, object]]]:
    assert search.main(["--duplicates", "--format", "json"]) == 0
    found: list[list[dict[str, object]]] = json.loads(output.readouterr().out)
    return found


def test_a_ghost_is_never_the_copy_to_keep_and_its_group_says_so(
    moved: Path, capsys: Output
) -> None:
    ghosts = 0
    for group in groups(capsys):
        for picture in group:
            if "usb1" in str(picture["path"]):
                ghosts += 1
                assert picture is not group[0]
                assert picture["reason"] == GHOST
    assert ghosts == 2


def test_a_folder_that_is_gone_can_be_forgotten_and_check_names_it(
    moved: Path, capsys: Output
) -> None:
    assert main(["check"]) == 1
    told = capsys.readouterr().out
    assert f"{moved / 'usb1'} is not there; the shelf has 2 pictures of it" in told
    assert f"python -m imageshelf forget {moved / 'usb1'}" in told
    assert main(["forget", "usb1"]) == 0
    assert capsys.readouterr().out == "2 files forgotten\n"
    assert main(["check"]) == 0
    capsys.readouterr()
    assert not [one for group in groups(capsys) for one in group if "usb1" in str(one["path"])]
    with open_shelf("db.shelve") as shelf:
        assert shelf.check() == []


@pytest.mark.parametrize(
    ("folder", "sentence"), [("usb2", "is there: index it"), ("nowhere", "knows nothing below")]
)
def test_what_cannot_be_forgotten_is_one_sentence(
    moved: Path, capsys: Output, folder: str, sentence: str
) -> None:
    before = (moved / "db.shelve").read_bytes()
    assert main(["forget", folder]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert sentence in told
    assert (moved / "db.shelve").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="hard links")
@pytest.mark.parametrize(("elsewhere", "freed"), [(True, 0), (False, 1)])
def test_bytes_count_once_for_a_file_and_with_its_last_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output, elsewhere: bool, freed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    copies(tmp_path, {"p/a.jpg": 1, "p/bb.jpg": "p/a.jpg"})
    os.link("p/bb.jpg", "p/bb2.jpg")
    if elsewhere:
        os.link("p/bb.jpg", "elsewhere.jpg")
    indexed(tmp_path, "p")
    size = os.stat("p/a.jpg").st_size
    assert main(["clean", "--format", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [Path(action["path"]).name for action in plan["actions"]] == ["bb.jpg", "bb2.jpg"]
    assert plan["freed_bytes"] == size * freed
    assert search.main(["--duplicates"]) == 0
    words = f"{size / 1000:.1f} kB" if freed else "0 B"
    assert f"2 pictures of {words} could go" in capsys.readouterr().out


OPTIONS: tuple[list[str], ...] = (
    [], ["--kind", "near"], ["--kind", "near,turned"], ["--strict"], ["--across"],
    ["--reference", "p/b"], ["--keep", "short-path"], ["--min-size", "9000"], ["--prefer", "p/b"],
)  # fmt: skip


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copies of every kind, a sidecar, flat pictures that look alike, and a ghost."""
    home = tmp_path_factory.mktemp("mixed")
    for seed in range(3):
        picture = photo(500 + seed)
        save(home / f"p/a/{seed}.jpg", picture)
        shutil.copy2(home / f"p/a/{seed}.jpg", home / "p")
        save(home / f"p/b/{seed} small.jpg", picture.resize((240, 180)))
        save(home / f"p/b/{seed} turned.png", picture.rotate(90, expand=True))
        save(home / f"p/flat {seed}.png", drawn(1).point(lambda _: 9))
    (home / "p/0.xmp").write_text("note")
    (home / "p/a/0.xmp").write_text("note")
    indexed(home, "p")
    (home / "p/1.jpg").unlink()
    return home


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_what_could_go_is_what_clean_takes(
    mixed: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes],
    options: list[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(mixed)
    before = tree(mixed)
    asked = [option for option in options if not option.startswith("p/")]
    assert search.main(["--duplicates", "-0", *options]) == 0
    listed = capfdbinary.readouterr().out
    assert main(["clean", "-j", "0", "-0", *options]) == 0
    assert listed == capfdbinary.readouterr().out
    assert main(["clean", "-j", "0", "--format", "json", *options]) == 0
    plan = json.loads(capfdbinary.readouterr().out)
    assert search.main(["--duplicates", *options]) == 0
    told = capfdbinary.readouterr().out.decode()
    noun = "picture" if len(plan["actions"]) == 1 else "pictures"
    assert f"; {len(plan['actions'])} {noun} of " in told
    assert ("turned and near ones would add" in told) == ("--kind" not in asked)
    assert {name: what for name, what in tree(mixed).items() if name != "db.shelve"} == {
        name: what for name, what in before.items() if name != "db.shelve"
    }
