"""Looks at the pairs of a shelf: by workers as in this process, whatever a file does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imageshelf.copies import grouping, pair_verdicts
from imageshelf.copies.byte_digests import DecodeOptions
from imageshelf.copies.groups import GroupOptions
from imageshelf.indexing.run import index
from imageshelf.indexing.settings import Settings
from imageshelf.pictures.tasks import DigestTask
from imageshelf.searching import second_look
from imageshelf.searching.kinds import BYTES, NEAR, PIXELS, SAME_FILE
from imageshelf.shelf import open_shelf
from imageshelf.workers import limited_map, work_overlay
from tests.conftest import ROOT, drawn

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Copies that only their pixels tell apart, on a shelf without digests."""
    photos = tmp_path / "photos"
    photos.mkdir()
    image = drawn(1)
    image.save(photos / "one.png")
    image.save(photos / "packed otherwise.png", compress_level=1)
    image.save(photos / "other pixels.jpg", quality=90)
    image.resize((120, 90)).save(photos / "smaller.png")
    drawn(2).save(photos / "segfault.png")
    drawn(2).save(photos / "two.jpg", quality=90)
    drawn(3).save(photos / "loop.png")
    drawn(3).save(photos / "three.jpg", quality=90)
    index(photos, tmp_path / "db.shelve", Settings(jobs=0))
    return tmp_path / "db.shelve"


def kinds(shelve: Path, wanted: frozenset[str] | None, how: DecodeOptions) -> dict[str, str]:
    with open_shelf(shelve) as opened:
        found = grouping.find_groups(opened, GroupOptions(kinds=wanted), decoding=how)
    return {Path(one.path).name: one.kind for group in found.groups for one in group.members}


EXPECTED = {
    "packed otherwise.png": PIXELS,
    "other pixels.jpg": NEAR,
    "smaller.png": NEAR,
    "two.jpg": NEAR,
    "three.jpg": NEAR,
}


def test_workers_find_the_same_kinds_as_this_process(shelf: Path) -> None:
    told: list[float] = []
    assert kinds(shelf, None, DecodeOptions(0)) == EXPECTED
    assert kinds(shelf, None, DecodeOptions(2, told.append)) == EXPECTED
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_file_that_misbehaves_costs_only_its_own_pairs(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_look, "WORK", "tests.odd_decoders:look_or_misbehave")
    monkeypatch.setattr(limited_map, "TIME_LIMIT_S", 1.0)
    monkeypatch.setattr(limited_map, "FEW", 0)
    assert kinds(shelf, None, DecodeOptions(2)) == EXPECTED
    with open_shelf(shelf) as opened:
        found = grouping.find_groups(opened, decoding=DecodeOptions(2)).groups
    uncompared = {Path(one.path).name for group in found for one in group.members if not one.match}
    assert uncompared == {"two.jpg", "three.jpg"}


def test_a_picture_whose_full_decode_crashes_is_remembered_as_unsound(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_look, "WORK", "tests.odd_decoders:look_or_crash_in_full")
    monkeypatch.setattr(limited_map, "FEW", 0)
    with open_shelf(shelf) as opened:
        grouping.find_groups(opened, decoding=DecodeOptions(2, keep=True))
    with open_shelf(shelf) as opened:
        catalogue = opened.whole_catalogue()
        sound = {
            Path(os.fsdecode(row.name)).name: catalogue.digests([row.id])[row.id][2]
            for row in catalogue.rows(range(1, 20))
        }
    assert {name for name, value in sound.items() if value == 0} == {"packed otherwise.png"}


@pytest.mark.parametrize("wanted", [{BYTES}, {BYTES, SAME_FILE}])
def test_nothing_is_looked_at_where_bytes_decide(
    shelf: Path, monkeypatch: pytest.MonkeyPatch, wanted: set[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("decoded for nothing")

    monkeypatch.setattr(work_overlay, "work", refuse)
    assert not kinds(shelf, frozenset(wanted), DecodeOptions(0))


def test_only_what_looks_the_same_is_decoded_in_full(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def noted(item: Any) -> Any:
        if isinstance(item, DigestTask):
            asked.append(Path(item.path).name)
        return laid(item)

    laid = work_overlay.work
    monkeypatch.setattr(work_overlay, "work", noted)
    assert kinds(shelf, None, DecodeOptions(0)) == EXPECTED
    assert "smaller.png" not in asked
    assert len(asked) == len(set(asked)) > 0


STOPPED = """
import sys
from imageshelf.searching import second_look
from imageshelf.workers import limited_map
second_look.WORK, limited_map.FEW = "tests.odd_decoders:look_or_misbehave", 0
sys.path.insert(0, ".")
import search
raise SystemExit(search.main(["--duplicates", "-s", sys.argv[1]]))
"""


@posix
def test_ctrl_c_while_files_are_decoded_stops_at_once(shelf: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(shelf)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _until(lambda: _children(run.pid))
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    out, error = run.communicate(timeout=30)
    assert (run.returncode, out, error) == (130, "", "")
    _until(lambda: not _alive(run.pid))


def _until(true: Callable[[], object], limit_s: float = 30) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _children(pid: int) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = entry.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if parent == str(pid):
            found.append(entry.parent.name)
    return found


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


# -- the bar --------------------------------------------------------------------------------------


def test_a_bar_is_shown_from_the_first_share_to_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from imageshelf.system import progress

    with progress.share("x") as tell:
        tell(0.5)
        tell(1.0)
    assert capsys.readouterr().err == ""  # in a pipe
    monkeypatch.setattr(progress, "_watched", lambda: True)
    with progress.share("x") as tell:
        assert capsys.readouterr().err == ""
        tell(0.25)
        assert "x:   0%" in capsys.readouterr().err
        tell(1.0)
        assert capsys.readouterr().err.strip() == ""  # taken away


@pytest.mark.parametrize("seed", range(4))
def test_pictures_that_are_read_once_are_as_identical_as_pairs_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Re-saved pictures: each read once, or each pair laid over, identical pixels are the same."""
    image = drawn(seed)
    for quality in (88, 90, 92):
        image.save(tmp_path / f"{quality}.jpg", quality=quality)
        image.save(tmp_path / f"{quality} packed.jpg", quality=quality, optimize=True)
        image.save(tmp_path / f"{quality} progressive.jpg", quality=quality, progressive=True)
    with Image.open(tmp_path / "90.jpg") as decoded:
        decoded.save(tmp_path / "90.png")
        decoded.save(tmp_path / "90.bmp")
        decoded.save(tmp_path / "90.tif")
        decoded.convert("L").save(tmp_path / "grey.png")
    index(tmp_path, tmp_path / "db.shelve", Settings(jobs=0))
    looked: list[int] = []
    at = second_look.SecondLook.at

    def counted(self: second_look.SecondLook, pairs: Any, *rest: Any) -> Any:
        looked.append(len(pairs))
        return at(self, pairs, *rest)

    monkeypatch.setattr(second_look.SecondLook, "at", counted)
    how = DecodeOptions(jobs=0)
    found = kinds(tmp_path / "db.shelve", frozenset({BYTES, PIXELS}), how)
    few = sum(looked)
    monkeypatch.setattr(pair_verdicts.PairVerdicts, "_without_unequal", lambda _, pairs: pairs)
    assert found == kinds(tmp_path / "db.shelve", frozenset({BYTES, PIXELS}), how)
    assert found
    assert few < sum(looked) - few
