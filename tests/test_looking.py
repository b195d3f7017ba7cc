"""Every answer can be looked at: pages and contact sheets through the command line."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import search as search_script
from imageshelf import Settings, index
from imageshelf.__main__ import main
from imageshelf.pictures.thumbnails import CHANGED, GONE
from imageshelf.report import page, saving
from tests.conftest import drawn
from tests.outline import Outline

Run = Callable[..., subprocess.CompletedProcess[str]]
ANSWERS = {
    "query": ["search.py", "--query", "photos/0.jpg"],
    "duplicates": ["search.py", "--duplicates"],
    "explain": ["imageshelf", "explain", "photos/0.jpg", "photos/trip/4.jpg"],
    "calibrate": ["imageshelf", "calibrate"],
}
TITLES = ("Matches", "Duplicates", "Explanation", "Calibration")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shelf of 60 pictures, one of them twice."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "photos/trip").mkdir(parents=True)
    for seed in (*range(6), *range(10, 63)):
        drawn(seed).save(
            folder / "photos" / (f"trip/{seed}.jpg" if seed in {4, 5} else f"{seed}.jpg")
        )
    shutil.copy(folder / "photos/0.jpg", folder / "photos/trip/copy.jpg")
    index(folder / "photos", folder / "db.shelve", Settings(jobs=0))
    return folder


@pytest.fixture
def here(prepared: Path, tmp_path: Path) -> Path:
    """Such a folder of one's own."""
    return Path(shutil.copytree(prepared, tmp_path / "here"))


def refused(here: Path, monkeypatch: pytest.MonkeyPatch, answer: str, *options: str) -> int:
    """Ask in this process; return the status."""
    monkeypatch.chdir(here)
    program, *words = ANSWERS[answer]
    return (search_script.main if program == "search.py" else main)([*words, *options])


def asked(run: Run, here: Path, answer: str, *options: object) -> subprocess.CompletedProcess[str]:
    return run(*ANSWERS[answer], *options, cwd=here)


@pytest.mark.parametrize(("answer", "title"), list(zip(ANSWERS, TITLES, strict=True)))
def test_every_answer_becomes_a_page(here: Path, script_run: Run, answer: str, title: str) -> None:
    without = asked(script_run, here, answer)
    done = asked(script_run, here, answer, "--html", "page.html")
    assert done.returncode == 0
    if answer == "duplicates":  # the groups are on the page, the summary stands here
        assert without.stdout.startswith(done.stdout)
        assert without.stdout.endswith(done.stdout)
        assert len(without.stdout) > 2 * len(done.stdout)
    else:
        assert done.stdout == without.stdout
    assert done.stderr == "page: page.html\n"
    text = (here / "page.html").read_text("utf-8")
    outline = Outline(text)
    assert f"<h1>{title}</h1>" in text
    pictures = [one for at, _ in enumerate(outline.json("data")["groups"])
                for one in outline.json(f"t{at}")]  # fmt: skip
    assert len(pictures) == {"query": 3, "duplicates": 2, "explain": 2, "calibrate": 0}[answer]
    assert all(one["src"].startswith("data:image/") for one in pictures)
    assert text.count("<table ") == {"explain": 3, "calibrate": 2}.get(answer, 0)
    assert ("<svg" in text) == (answer in {"explain", "calibrate"})


@pytest.mark.parametrize("answer", ["query", "duplicates", "explain"])
def test_an_answer_with_pictures_becomes_a_contact_sheet(
    here: Path, script_run: Run, answer: str
) -> None:
    done = asked(script_run, here, answer, "--contact-sheet", "sheet.png")
    assert (done.returncode, done.stderr) == (0, "contact sheet: sheet.png\n")
    with Image.open(here / "sheet.png") as sheet:
        assert sheet.format == "PNG"


REFUSED = {
    "missing/page.html": "there is no folder",
    "photos": "is not a regular file",
    "thesis.html": "exists and is no report of imageshelf",
    "x" * 300: "File name too long",
}


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize(
    ("path", "why"), REFUSED.items(), ids=["missing", "folder", "other", "long"]
)
def test_a_page_that_cannot_be_written_is_one_line_before_any_work(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    path: str,
    why: str,
) -> None:
    (here / "thesis.html").write_text("years of work")
    assert refused(here, monkeypatch, answer, "--html", path) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert why in told.err
    assert told.err.count("\n") == 1
    assert (here / "thesis.html").read_text() == "years of work"
    assert not [name for name in os.listdir(here) if name.endswith(".part")]


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_process_that_may_not_write_its_page_says_the_same(
    here: Path, script_run: Run, answer: str
) -> None:
    (here / "thesis.html").write_text("years of work")
    done = asked(script_run, here, answer, "--html", "thesis.html")
    assert (done.returncode, done.stdout) == (1, "")
    assert REFUSED["thesis.html"] in done.stderr
    assert done.stderr.count("\n") == 1
    assert (here / "thesis.html").read_text() == "years of work"


@pytest.mark.parametrize("answer", ["query", "duplicates", "explain"])
@pytest.mark.parametrize("name", ["sheet.gif", "sheet", "sheet.jpg.txt"])
def test_an_unknown_suffix_of_a_sheet_is_one_line(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    name: str,
) -> None:
    assert refused(here, monkeypatch, answer, "--contact-sheet", name) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "a contact sheet is a .jpg, .jpeg or .png file, not" in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("option", ["--svg", "--html"])
def test_a_plot_replaces_no_picture(here: Path, script_run: Run, option: str) -> None:
    before = (here / "photos/0.jpg").read_bytes()
    done = asked(script_run, here, "calibrate", option, "photos/0.jpg")
    assert (done.returncode, done.stdout) == (1, "")
    assert "is no report of imageshelf" in done.stderr
    assert (here / "photos/0.jpg").read_bytes() == before


@pytest.mark.parametrize("answer", ["query", "duplicates"])
def test_originals_gone_or_changed_since_indexing_are_told_on_the_page(
    here: Path, script_run: Run, answer: str
) -> None:
    # the query is another file, so that both originals are only looked at
    shutil.copy(here / "photos/0.jpg", here / "photos/1.jpg")
    index(here / "photos", here / "db.shelve", Settings(jobs=0))
    shutil.copy(here / "photos/0.jpg", here / "query.jpg")
    (here / "photos/0.jpg").unlink()
    os.utime(here / "photos/1.jpg", ns=(0, 0))  # the same size, another time
    ask = ["--query", "query.jpg"] if answer == "query" else ["--duplicates"]
    done = script_run("search.py", *ask, "--html", "page.html", cwd=here)
    assert done.returncode == 0
    outline = Outline((here / "page.html").read_text("utf-8"))
    notes = {  # what is gone cannot be compared: it stands in a group of its own
        card["label"]: thumbnail
        for number, group in enumerate(outline.json("data")["groups"])
        for card, thumbnail in zip(group["cards"], outline.json(f"t{number}"), strict=True)
    }
    assert notes["0.jpg"]["note"] == GONE
    assert "src" not in notes["0.jpg"]
    assert notes["1.jpg"]["note"] == CHANGED
    assert notes["1.jpg"]["src"]
    assert "note" not in notes["copy.jpg"]


def test_no_match_is_told_on_the_page_and_the_sheet(here: Path, script_run: Run) -> None:
    drawn(999).save(here / "stranger.jpg")
    (here / "notes.jpg").write_text("no picture")
    done = script_run(
        "search.py", "-q", "stranger.jpg", "notes.jpg", "--html", "p.html", "--contact-sheet",
        "s.jpg", cwd=here,
    )  # fmt: skip
    assert done.returncode == 1  # one of the two could not be read
    assert (here / "s.jpg").exists()
    notes = [
        group["note"] for group in Outline((here / "p.html").read_text()).json("data")["groups"]
    ]
    assert notes == ["No picture on the shelf matches.", "is not a picture: it is text"]


def test_no_duplicates_are_told_on_the_page(photos: Path, tmp_path: Path, script_run: Run) -> None:
    index(photos, tmp_path / "db.shelve", Settings(jobs=0))
    done = script_run("search.py", "--duplicates", "--html", "p.html", cwd=tmp_path)
    assert done.returncode == 0
    outline = Outline((tmp_path / "p.html").read_text())
    assert outline.json("data")["groups"] == []
    assert "0 groups of copies among 6 pictures" in outline.text


@pytest.mark.skipif(os.name == "nt", reason="signals are not sent there")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_page_that_is_stopped_leaves_the_old_one_and_no_draft(
    here: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int
) -> None:
    (here / "page.html").write_bytes(b"old " + saving.MARK)

    def stopped(*_: object, **__: object) -> object:
        os.kill(os.getpid(), number)
        return iter(())

    monkeypatch.setattr(page, "blocks", stopped)
    monkeypatch.chdir(here)
    assert main([*ANSWERS["explain"][1:], "--html", "page.html"]) == status
    assert (here / "page.html").read_bytes() == b"old " + saving.MARK
    assert not [name for name in os.listdir(here) if name.endswith(".part")]


@pytest.mark.skipif(os.name == "nt", reason="Windows always has a display")
def test_a_page_cannot_be_opened_without_a_display(here: Path, script_run: Run) -> None:
    done = script_run(
        *ANSWERS["query"], "--html", "page.html", "--open", cwd=here, DISPLAY="",
        WAYLAND_DISPLAY="",
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1].startswith("no viewer to open pictures with: there is no")
    assert (here / "page.html").exists()


@pytest.mark.skipif(os.name == "nt", reason="the opener is a shell script")
def test_with_a_page_only_the_page_is_opened(here: Path, script_run: Run, tmp_path: Path) -> None:
    opener, log = tmp_path / "bin/xdg-open", tmp_path / "log"
    opener.parent.mkdir()
    opener.write_text(f'#!/bin/sh\nprintf "%s|" "$#" "$1" >> {log}\n')
    opener.chmod(0o755)
    done = script_run(
        *ANSWERS["duplicates"], "--html", "page.html", "--open", cwd=here, DISPLAY=":9",
        PATH=f"{opener.parent}:{os.environ['PATH']}",
    )  # fmt: skip
    assert done.stderr.endswith("opened 1\n")
    for _ in range(1000):
        if log.exists() and log.read_text().count("|") == 2:
            break
        subprocess.run(["sleep", "0.01"], check=True)
    assert log.read_text() == f"1|{here / 'page.html'}|"
