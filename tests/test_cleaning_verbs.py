from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from imageshelf.__main__ import main
from imageshelf.cleanup import records, undo_run, undo_step
from imageshelf.cleanup.cleaning import CleaningError
from imageshelf.cleanup.selection import SelectionError
from imageshelf.cli import clean
from imageshelf.cli.clean import Answer
from imageshelf.cli.demo import COPIES
from imageshelf.cli.verb_table import parse_args
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.shelf import open_shelf
from tests import csv_rows
from tests.cleaning import keep_trash_in, tree

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
VERBS = {
    "clean": clean.clean,
    "undo": clean.undo,
    "history": clean.history,
    "not-duplicates": clean.not_the_same,
}
IDENTICAL = sorted(
    copy.path for copy in COPIES if copy.kind in {"identical bytes", "identical pixels"}
)


RATED = "backup/city-rated.jpg"


class Terminal(io.StringIO):
    """Standard output that somebody looks at."""

    def isatty(self) -> bool:
        return True


def run(verb: str, *options: str) -> Answer:
    return VERBS[verb](parse_args([verb, *options]))


@pytest.fixture(scope="module")
def indexed_demo(drawn_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    shutil.copytree(drawn_demo, folder / "photos")
    index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    return folder


@pytest.fixture
def demo(indexed_demo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demonstration pictures on a shelf, in the current folder, as each test leaves them."""
    monkeypatch.chdir(indexed_demo)
    keep_trash_in(indexed_demo / "db.shelve-data", monkeypatch)
    return indexed_demo


def goes(answer: Answer) -> list[str]:
    told = json.loads(answer.text)
    return sorted(os.path.relpath(one["path"], "photos") for one in told["actions"])


def listed(shelve: Path) -> dict[str, list[str]]:
    """Return what a shelf says of pictures."""
    with open_shelf(shelve) as shelf:
        return dict(shelf.items())


def test_without_apply_nothing_is_touched(demo: Path) -> None:
    before = tree(demo)
    names = listed(demo / "db.shelve")
    for form in ("text", "json", "csv"):
        assert run("clean", "--format", form).status == 0
    assert run("clean").hint == "Nothing was touched. Add --apply to do it."
    assert run("clean", "-0").text.count(b"\0") == len(IDENTICAL)  # type: ignore[arg-type]
    assert tree(demo) == before
    assert listed(demo / "db.shelve") == names  # what was seen of the pairs is kept there


def test_identical_copies_go_by_rule_and_others_when_named(demo: Path) -> None:
    by_rule = goes(run("clean", "--format", "json"))
    assert len(by_rule) == len(IDENTICAL)
    named = goes(run("clean", "--format", "json", "--kind", "near,turned"))
    assert len(named) > len(by_rule)
    assert not [path for path in named if path.startswith("burst/")]


def test_a_reference_folder_decides_what_stays(demo: Path) -> None:
    found = goes(run("clean", "--format", "json", "--reference", "photos/camera"))
    assert found == [path for path in IDENTICAL if path != RATED]  # whose rating would be lost
    assert goes(run("clean", "--format", "json", "--reference", "photos")) == []


@pytest.mark.parametrize("action", ["--set-aside", "--trash", "--hardlink"])
def test_a_clean_up_is_done_listed_and_undone(demo: Path, action: str) -> None:
    before = tree(demo)
    answer = run("clean", action, "--apply", "-j", "0")
    assert answer.status == 0
    assert "To take it back" not in str(answer.text)  # stdout is no terminal here
    assert answer.hint.startswith("To take it back: python -m imageshelf undo")
    table = str(run("history").text).splitlines()
    assert " done" in table[-2]
    assert table[-1].startswith("The files of one: python -m imageshelf history ")
    assert "back in place" in str(run("undo").text)
    assert tree(demo) == before
    assert json.loads(run("history", "--format", "json").text)[-1]["state"] == "undone"


def test_the_way_back_is_on_the_screen_once(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    answer = run("clean", "--apply", "-j", "0")
    monkeypatch.undo()
    assert (str(answer.text) + answer.hint).count("To take it back") == 1
    monkeypatch.chdir(demo)
    run("undo")


def test_the_history_of_one_clean_up_names_its_files(demo: Path) -> None:
    gone = goes(run("clean", "--format", "json"))
    done = json.loads(str(run("clean", "--apply", "-j", "0", "--format", "json").text))
    told = str(run("history", str(done["run"])).text)
    assert sorted(re.findall("^set aside  photos/(.*)$", told, re.MULTILINE)) == gone
    places = re.findall("^  now  (.*)$", told, re.MULTILINE)
    assert sorted(map(os.path.abspath, places)) == sorted(one["place"] for one in done["done"])
    run("undo")
    after = json.loads(str(run("history", str(done["run"]), "--format", "json").text))
    assert {one["state"] for one in after} == {"undone"}
    assert "now" not in str(run("history", str(done["run"])).text)


def test_what_is_left_by_rule_is_named_with_the_option_that_lets_it_go(demo: Path) -> None:
    told = str(run("clean", "--show-left").text)
    left = re.findall(
        "^  photos/(.*) is a (near|turned) copy of (.*); add --kind", told, re.MULTILINE
    )
    named = goes(run("clean", "--format", "json", "--kind", "near,turned"))
    going = goes(run("clean", "--format", "json"))
    assert {path for path, _, _ in left} == {*named} - {*going}
    by_rule = str(run("clean").text)
    assert told.partition("Left alone")[0] == by_rule.rpartition("\n\n")[0] + "\n\n"


def test_what_was_done_is_told_in_the_form_asked_for(demo: Path) -> None:
    before = tree(demo)
    planned = run("clean", "-0").text
    done = run("clean", "-0", "--apply", "-j", "0").text
    assert isinstance(done, bytes)
    assert done == planned
    run("undo")
    table = run("clean", "--format", "csv", "--apply", "-j", "0").text
    assert isinstance(table, bytes)
    rows = csv_rows.rows(table)
    assert [os.fsencode(row["path"]) for row in rows] == done.split(b"\0")[:-1]
    assert all(os.path.isfile(row["place"]) and row["action"] == "set aside" for row in rows)
    run("undo")
    assert tree(demo) == before


@posix
def test_an_undo_that_is_stopped_is_finished_by_the_next(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(demo)
    run("clean", "--apply", "-j", "0")
    back = undo_step.take_back

    def interrupted(action: records.FileAction) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        back(action)

    monkeypatch.setattr(undo_run, "FILES_PER_BATCH", 1)
    monkeypatch.setattr(undo_run, "take_back", interrupted)
    stopped = run("undo")
    assert (stopped.status, stopped.text) == (130, "")
    assert "next undo" in stopped.hint
    assert tree(demo) != before
    monkeypatch.setattr(undo_run, "take_back", back)
    assert run("undo").status == 0
    assert tree(demo) == before


@posix
@pytest.mark.parametrize("arguments", [["clean"], ["clean", "--apply"]])
def test_ctrl_c_while_planning_touches_nothing_and_says_nothing(
    demo: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = tree(demo)

    def interrupted(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("imageshelf.copies.grouping.learn_digests", interrupted)
    assert main(arguments) == 130
    assert capsys.readouterr() == ("", "")
    assert tree(demo) == before


def test_a_selection_is_followed(demo: Path) -> None:
    before = tree(demo)
    chosen = {
        "keep": ["photos/camera/beach.jpg"],
        "set_aside": ["photos/burst/beach-1-s-later.jpg"],
    }
    Path("db.shelve-chosen.json").write_text(
        json.dumps({"imageshelf_selection": 1, "shelf": "db.shelve", "groups": [chosen]})
    )
    found = run("clean", "--selection", "db.shelve-chosen.json", "--format", "json")
    assert goes(found) == ["burst/beach-1-s-later.jpg"]
    told = run("clean", "--selection", "db.shelve-chosen.json", "--apply", "-j", "0")
    assert str(told.text).startswith("1 file set aside into db-set-aside")
    run("undo")
    assert tree(demo) == before


@pytest.mark.parametrize("scope", [[], ["-d", "photos/burst"], ["--min-size", "99999999"]])
def test_a_selection_of_every_copy_is_refused_whatever_the_scope(
    demo: Path, scope: list[str]
) -> None:
    chosen = {
        "keep": ["photos/camera/beach.jpg"],
        "set_aside": ["photos/camera/mountains.jpg", "photos/backup/mountains.jpg",
                      "photos/edited/mountains-watermark.jpg"],
    }  # fmt: skip
    Path("db.shelve-chosen.json").write_text(
        json.dumps({"imageshelf_selection": 1, "shelf": "db.shelve", "groups": [chosen]})
    )
    before = tree(demo)
    with pytest.raises(SelectionError, match="sets aside every copy of"):
        run("clean", "--selection", "db.shelve-chosen.json", "--apply", *scope)
    assert tree(demo) == before


def test_pictures_are_remembered_as_no_duplicates(demo: Path) -> None:
    pair = ["photos/camera/fruit.jpg", "photos/converted/fruit.png"]
    before = goes(run("clean", "--format", "json"))
    assert run("not-duplicates", *pair).text == "1 pair remembered as no duplicates\n"
    assert len(goes(run("clean", "--format", "json"))) == len(before) - 1
    assert "fruit.png" in str(run("not-duplicates", "--list").text)
    assert run("not-duplicates", "--forget", *pair).text == "1 pair forgotten\n"
    assert run("not-duplicates", "--list").text == "No pictures are remembered as no duplicates.\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["clean", "--delete", "--apply"], "cannot be undone; say --yes"),
        (["clean", "--set-aside", "photos/aside"], "inside the dataset"),
        (["clean", "--set-aside", "photos/aside", "--apply"], "inside the dataset"),
        (["clean", "--reference", "nowhere"], "is not a folder"),
        (["clean", "-d", "nowhere"], "holds no picture below nowhere"),
        (["clean", "--selection", "nowhere.json"], "cannot be read"),
        (["clean", "-s", "nowhere.shelve", "--apply"], "does not exist"),
        (["undo", "77"], "there is no clean-up 77"),
        (["undo", "-s", "nowhere.shelve"], "does not exist"),
        (["history", "-s", "nowhere.shelve"], "does not exist"),
        (["not-duplicates", "photos/camera/fruit.jpg"], "name at least two"),
        (["not-duplicates", "photos/camera/fruit.jpg", "x.jpg"], "x.jpg is not on the shelf"),
    ],
)
def test_what_is_wrong_is_one_sentence(demo: Path, arguments: list[str], sentence: str) -> None:
    before = tree(demo)
    with pytest.raises(CleaningError, match=sentence) as caught:
        run(*arguments)
    assert "\n" not in str(caught.value)
    assert tree(demo) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["clean", "--kind", "another shot"],
        ["clean", "--kind", "nonsense"],
        ["clean", "--keep", "nicest"],
        ["clean", "--trash", "--delete"],
        ["clean", "--across", "--within"],
        ["undo", "0"],
        ["undo", "last"],
    ],
)
def test_options_that_make_no_sense_are_a_usage_error(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
