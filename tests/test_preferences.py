"""Which copies stay first: --keep, --reference and --prefer, asked for or kept on the shelf."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import search
from imageshelf.__main__ import main
from tests.cleaning import copies, indexed

Output = pytest.CaptureFixture[str]
FOREIGN = "The preferences on this shelf are not your own, and were ignored."


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pictures, each in `short`, in `a longer folder` and in `third`."""
    monkeypatch.chdir(tmp_path)
    wanted: dict[str, int | str] = {"p/short/a.jpg": 1, "p/short/b.jpg": 2}
    for folder in ("a longer folder", "third"):
        wanted |= {f"p/{folder}/{name}.jpg": f"p/short/{name}.jpg" for name in "ab"}
    copies(tmp_path, wanted)
    indexed(tmp_path, "p")
    return tmp_path


def kept(output: Output) -> list[str]:
    """Return the folders of what stays, as the text of a plan or of a listing says."""
    lines = [line for line in output.readouterr().out.splitlines() if line.startswith("keep")]
    return [line.split(".jpg")[0].rpartition("p/")[2].rpartition("/")[0] for line in lines]


def listed(*options: str) -> int:
    return search.main(["--duplicates", *options])


def planned(*options: str) -> int:
    return main(["clean", "-j", "0", *options])


@pytest.mark.parametrize("ask", [listed, planned])
def test_preferred_folders_rank_in_their_order_and_protect_nothing(
    home: Path, capsys: Output, ask: object
) -> None:
    assert callable(ask)
    assert ask("--prefer", "p/third", "p/a longer folder") == 0
    assert kept(capsys) == ["third"] * 2
    assert ask("--prefer", "p/a longer folder") == 0
    assert kept(capsys) == ["a longer folder"] * 2
    assert ask("--reference", "p/third", "--prefer", "p/a longer folder") == 0
    assert kept(capsys) == ["third"] * 2


def test_what_is_preferred_may_go_and_a_reference_may_not(home: Path, capsys: Output) -> None:
    assert planned("--prefer", "p/third", "p/short", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["actions"]) == 4
    assert any("short" in action["path"] for action in told["actions"])
    assert {action["reason"] for action in told["actions"]} == {
        "is in the preferred folder p/third"
    }
    assert planned("--reference", "p/third", "p/short", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["actions"]) == 2


def test_defaults_kept_on_the_shelf_are_used_and_told(home: Path, capsys: Output) -> None:
    assert planned("--remember", "--prefer", "p/third") == 0
    capsys.readouterr()
    said = f"Preferred: --prefer {home / 'p/third'} (kept on the shelf)."
    for ask in (listed, planned):
        assert ask() == 0
        out = capsys.readouterr().out
        assert said in out.splitlines()
        assert "keep" in out
    assert planned("--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["preferences"] == said
    assert planned("--prefer", "p/short") == 0  # what is asked for goes before what is kept
    assert kept(capsys) == ["short"] * 2
    assert planned("--remember") == 0
    assert planned() == 0
    assert "Preferred" not in capsys.readouterr().out


def test_preferences_that_are_not_ones_own_are_told_and_ignored(home: Path, capsys: Output) -> None:
    assert planned("--remember", "--prefer", "p/a longer folder") == 0
    with closing(sqlite3.connect(home / "db.shelve")) as raw, raw:
        raw.execute("UPDATE setting SET value = replace(value, 'a longer folder', 'third')")
    capsys.readouterr()
    for ask in (listed, planned):
        assert ask() == 0
        out = capsys.readouterr().out
        assert FOREIGN in out
        assert "preferred folder" not in out


def test_a_preferred_folder_that_is_none_is_one_sentence(home: Path, capsys: Output) -> None:
    for ask in (listed, planned):
        assert ask("--prefer", "nowhere") == 1
        assert capsys.readouterr().err.count("\n") == 1


def test_the_page_follows_the_preferences(home: Path) -> None:
    assert listed("--prefer", "p/third", "--html", "page.html") == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "Preferred: --prefer" in page
    assert "is in the preferred folder" in page
