"""Tables as a terminal shows them, 60, 80 and 120 cells wide, and as a pipe gets them."""

from __future__ import annotations

import pytest

from imageshelf.cleanup.history import Past
from imageshelf.copies.folders import FolderCopies
from imageshelf.copies.groups import Duplicates, Group, Member
from imageshelf.report import duplicates, folders
from imageshelf.report.cleanup import history_text
from imageshelf.report.matches import matches_text
from imageshelf.searching.matches import Match, Matches, QueryOutcome
from imageshelf.system import terminal
from tests.golden import held

HOME = "/home/me/Pictures/"


def member(name: str, kind: str = "", *, keep: bool = False, reason: str = "") -> Member:
    size_bytes = 250_000 + 1_000_000 * len(name)
    return Member(
        HOME + name, name, 1, kind, "180 degrees" * (kind == "turned"), 0, 0, 0, 0, 4032, 3024,
        size_bytes, 0, None, None, None, 0, keep, reason, "", kind != "variant",
    )  # fmt: skip


OLDER = "older: written 2019-07-30 against 2024-05-01"
LONG = "2019/holiday in the mountains with everybody/IMG_20190730_173000-edited (1).jpg"
GROUPS = (
    Group(
        member("2019/beach.jpg", keep=True, reason=OLDER),
        (
            member(LONG, "identical pixels", reason=OLDER),
            member(
                "phone/\u5199\u771f.jpg",
                "turned",
                reason="more pixels: 4032x3024 against 1600x1200",
            ),
        ),
    ),
    Group(member("a.jpg", keep=True), (member("b.jpg", "near", reason=OLDER),)),
    Group(member("c.jpg", keep=True), (member("d.jpg", "variant", keep=True),)),
)
SUMMARY = ["2 groups of copies among 6 pictures; 3 could go"]


def match(name: str, kind: str, told: str = "") -> Match:
    return Match(
        0, HOME + name, "query.jpg", 3, 3, 2, 4, 13, 95.3, kind, "", 4032, 3024, 3_400_000,
        match=kind != "variant", told=told,
    )  # fmt: skip


MATCHES = Matches(
    [
        match("2019/beach.jpg", "near", "98 % alike, resized"),
        match(LONG, "identical pixels"),
        match("d.jpg", "variant", "4 % differs, lower right and upper left, another colour"),
    ],
    [QueryOutcome("query.jpg", 2, related=1)],
)
FOLDERS = [
    FolderCopies(HOME + "USB stick", 160, 9**9, 160, 9**9, HOME + LONG, 160),
    FolderCopies(HOME + "phone", 1204, 9**9, 17, 9**7, HOME + "2019", 12),
]
PAST = [
    Past(1, 0, "done", "set aside", "/home/me/db-set-aside/a long way down/run-1", 12, 1, 0, 3),
    Past(2, 0, "undone", "hard link", "", 0, 0, 4),
]


@pytest.mark.parametrize("cells", [60, 80, 120, 0])
def test_tables_fit_and_are_as_they_were_read(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Duplicates(GROUPS, 6, 0, (0, 0))
    texts = [
        duplicates.text(answer, SUMMARY, cells=cells),
        matches_text(MATCHES, cells=cells),
        folders.text(FOLDERS, cells=cells).split("\n\n")[0] + "\n",
        history_text(PAST, cells),
    ]
    shown = "\n".join(texts)
    held(f"tables-{cells or 'pipe'}.txt", shown)
    assert not cells or max(map(terminal.width, shown.splitlines())) <= cells


def test_a_pipe_gets_every_path_whole() -> None:
    answer = Duplicates(GROUPS, 6, 0, (0, 0))
    assert duplicates.text(answer, SUMMARY).count(HOME) == 7
    assert matches_text(MATCHES).count(HOME) == 3


def test_a_reason_is_said_once_in_a_group() -> None:
    others = [member(f"{name}.jpg", "near", reason=OLDER) for name in "bcd"]
    answer = Duplicates(
        (Group(member("a.jpg", keep=True, reason="plain"), tuple(others)),), 4, 0, (0, 0)
    )
    told = duplicates.text(answer, [])
    assert told.count(f"the first is kept: {OLDER}") == 1


def test_groups_come_by_saving_by_number_or_by_path() -> None:
    answer = Duplicates(GROUPS[::-1], 6, 0, (0, 0))
    assert answer.ordered() == GROUPS
    assert answer.ordered("pictures") == GROUPS
    assert answer.ordered("saving", 1) == GROUPS[:1]
    assert answer.ordered("path") == (GROUPS[1], GROUPS[0], GROUPS[2])  # copies first, always
