"""Walking a dataset and comparing it with what the shelf remembers."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshelf.indexing import comparison, datasets, settings
from imageshelf.indexing.comparison import PICTURE, RETRY, SKIPPED, Known, Survey
from imageshelf.system.walking import Run, Walk
from tests.conftest import tree

posix = pytest.mark.skipif(os.name != "posix", reason="POSIX names and links")


# -- comparing ------------------------------------------------------------------------------------


def remembered(root: Path, state: int = 0) -> list[tuple[bytes, int, int, int, int]]:
    walk = Walk(str(root), b"")
    return [(name, s.st_size, s.st_mtime_ns, s.st_dev, state) for run in walk for name, s in run]


def compared(root: Path, known: list[tuple[bytes, int, int, int, int]]) -> Survey:
    def in_pieces() -> Iterator[list[tuple[bytes, int, int, int, int]]]:
        for at in range(0, len(known), 2):
            yield known[at : at + 2]

    survey = Survey()
    comparison.compare(Walk(str(root), b""), in_pieces(), survey)
    return survey


def test_new_changed_unchanged_and_vanished_files_are_told_apart(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg", "b/c.jpg", "d.jpg", "e.jpg")
    known = remembered(tmp_path)
    tree(tmp_path, "a0.jpg", "z.jpg")
    (tmp_path / "b" / "c.jpg").write_bytes(b"longer than before")
    (tmp_path / "d.jpg").unlink()
    survey = compared(tmp_path, known)
    assert (survey.new, survey.changed, survey.same) == (2, 1, 2)
    assert [name for name, _, _ in survey.to_read] == [b"a0.jpg", b"b/c.jpg", b"z.jpg"]
    assert [known.name for known in survey.vanished] == [b"d.jpg"]


def test_a_changed_time_alone_is_a_change(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg")
    known = remembered(tmp_path)
    os.utime(tmp_path / "a.jpg", ns=(1, known[0][2] + 1))
    assert compared(tmp_path, known).changed == 1


@pytest.mark.parametrize(
    ("state", "count"),
    [
        (comparison.PICTURE, "same"),
        (comparison.OTHER, "others"),
        (comparison.RETRY, "retried"),
    ],
)
def test_what_is_remembered_is_counted_by_its_state(tmp_path: Path, state: int, count: str) -> None:
    tree(tmp_path, "a.jpg")
    survey = compared(tmp_path, remembered(tmp_path, state))
    assert getattr(survey, count) == 1
    assert len(survey.to_read) == (state == comparison.RETRY)


def test_a_remembered_skip_is_named_again(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg")
    survey = compared(tmp_path, remembered(tmp_path, comparison.SKIPPED))
    assert survey.still_skipped == [b"a.jpg"]
    assert len(survey.to_read) == 0


@posix
def test_one_inode_with_two_names_is_read_once(tmp_path: Path) -> None:
    tree(tmp_path, "a.jpg")
    os.link(tmp_path / "a.jpg", tmp_path / "b.jpg")
    survey = compared(tmp_path, [])
    assert [name for name, _, _ in survey.to_read] == [b"a.jpg"]
    assert survey.twins == {b"a.jpg": [b"b.jpg"]}
    assert survey.new == 2


SIZES, STATES = st.integers(0, 2), st.sampled_from(range(4))
STATUSES = st.builds(
    lambda size, device, links, inode: os.stat_result(
        (0o100644, inode, device, links, 0, 0, size, 0, 7, 0)
    ),
    SIZES, SIZES, st.integers(1, 2), st.integers(1, 3),
)  # fmt: skip
NAMES = st.binary(min_size=1, max_size=2)
MET = st.dictionaries(NAMES, STATUSES, max_size=12)


@st.composite
def before_and_now(draw: st.DrawFn) -> tuple[dict[bytes, Known], dict[bytes, os.stat_result]]:
    """Files as they were remembered and as they are now, most of them unchanged."""
    now = draw(MET)
    before = {}
    for name, status in (draw(MET) | now).items():
        fate = draw(st.sampled_from(["same", "same", "same", "new", "other state", "other size"]))
        state = draw(STATES) if fate == "other state" else PICTURE
        size = status.st_size + (fate == "other size")
        if fate != "new":
            before[name] = Known(name, size, status.st_mtime_ns, status.st_dev, state)
        if fate == "other state" and draw(st.booleans()):
            before[name] = before[name]._replace(device=9)
    return before, now


def one_by_one(before: dict[bytes, Known], now: dict[bytes, os.stat_result]) -> Survey:
    """Compare in the plainest way."""
    survey, first = Survey(), dict[tuple[int, int], bytes]()
    survey.vanished = [before[name] for name in sorted(before.keys() - now)]
    for name, status in sorted(now.items()):
        known, inode = before.get(name), (status.st_dev, status.st_ino)
        unchanged = known and known[1:3] == (status.st_size, status.st_mtime_ns)
        survey.new += known is None
        survey.changed += known is not None and not unchanged
        if known and unchanged:
            tally = ("same", "still_skipped", "retried", "others")[known.state]
            now_there = getattr(survey, tally)
            setattr(survey, tally, [*now_there, name] if known.state == SKIPPED else now_there + 1)
            if known.device != status.st_dev:
                survey.renumbered.add((known.device, status.st_dev))
            if known.state != RETRY:
                continue
        if status.st_nlink > 1 and first.setdefault(inode, name) != name:
            survey.twins.setdefault(first[inode], []).append(name)
        else:
            survey.to_read.append(name, status.st_size, status.st_mtime_ns)
    return survey


@given(before_and_now(), st.integers(1, 5), st.integers(1, 5))
def test_files_compared_together_are_as_if_compared_one_by_one(
    files: tuple[dict[bytes, Known], dict[bytes, os.stat_result]], run: int, page: int
) -> None:
    before, now = files
    met, known = sorted(now.items()), [before[name] for name in sorted(before)]

    class Ready(Walk):
        def __iter__(self) -> Generator[Run]:
            yield from (met[at : at + run] for at in range(0, len(met), run))

    survey = Survey()
    pages: Iterator[list[tuple[bytes, int, int, int, int]]] = (
        [*known[at : at + page]] for at in range(0, len(known), page)
    )
    comparison.compare(Ready("", b"p"), pages, survey)
    expected = one_by_one(before, now)
    assert list(survey.to_read) == list(expected.to_read)
    survey.to_read = expected.to_read
    assert vars(survey) == vars(expected)


@pytest.mark.parametrize("what", ["missing", "file"])
def test_a_dataset_that_is_no_folder_is_refused(tmp_path: Path, what: str) -> None:
    tree(tmp_path, "file")
    with pytest.raises(settings.DatasetError, match=what):
        datasets.check_dataset(str(tmp_path / what))
