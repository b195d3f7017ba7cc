"""Sheets of cards in the states that tests of the page, the notebook and the sheet begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from imageshelf.copies.groups import Member
from imageshelf.pictures.thumbnails import ThumbnailTask, make_thumbnail
from imageshelf.report.cards import ASIDE, COPIES, KEEP, SHOTS, Card, CardGroup, Sheet
from imageshelf.report.panels import Table
from tests.conftest import drawn


def member(path: str, number: int, kind: str = "", **other: Any) -> Member:
    """Return a picture of a duplicate group; `other` fields as given."""
    usual = Member(
        path, os.path.basename(path), number, kind, turn="", row=2, column=3, phash=2, score=9,
        width=400, height=300, size_bytes=1000, mtime_ns=-1, captured_at=None, camera=None,
        jpeg_quality=None, metadata_flags=0, keep=False, reason="", warning="",
    )  # fmt: skip
    return usual._replace(**other)


def card(folder: Path, name: str, role: str = "", kind: str = "", seed: int = 1) -> Card:
    """Return a card of a picture that is drawn into the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn(seed, (320, 240)).save(path)
    status = path.stat()
    return Card(
        str(path), name, role, kind, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns,
        width=320, height=240, thumbnail=make_thumbnail(ThumbnailTask(0, str(path))), score=seed,
        facts=("2 bits apart",) if kind else (), reason="more pixels" if role == KEEP else "",
    )  # fmt: skip


def choosing_sheet(folder: Path, groups: int = 4) -> Sheet:
    """Return a sheet of groups of three, in two folders and of three kinds."""
    found = []
    for at in range(groups):
        place, kind = (
            f"{'trip' if at % 2 else 'home'}/{at}",
            "near" if at % 2 else "identical bytes",
        )
        cards = (
            card(folder, f"{place}-a.jpg", KEEP, "", at),
            card(folder, f"{place}-b.jpg", ASIDE, kind, at),
            card(folder, f"{place}-c.jpg", ASIDE, "turned", at),
        )
        found.append(CardGroup(f"{at}-a.jpg", cards, COPIES))
    shots = (
        card(folder, "burst/1.jpg", KEEP, "", 50),
        card(folder, "burst/2.jpg", KEEP, "another shot", 50),
    )
    found.append(CardGroup("1.jpg", shots, SHOTS))
    shelf = os.path.join(folder, "db.shelve")
    command = ("python", "-m", "imageshelf", "clean", "--shelve", shelf)
    return Sheet("Duplicates", tuple(found), ("Five groups.",), shelf, command)


def named_sheet(names: list[str], thumbnail_of: Path) -> Sheet:
    """Return a sheet whose every text is a hostile name, all with one thumbnail."""
    thumbnail = make_thumbnail(ThumbnailTask(0, str(thumbnail_of)))
    groups = tuple(
        CardGroup(
            name,
            tuple(
                Card(
                    f"/{name}/{name}", place + name, role, kind=name, turn=name, facts=(name,),
                    reason=name, warning=name, size_bytes=9,
                    thumbnail=thumbnail._replace(note=name),
                )
                for role, place in ((KEEP, "kept/"), (ASIDE, ""))
            ),
            COPIES,
            note=name,
        )
        for name in names
    )  # fmt: skip
    return Sheet(names[0], groups, tuple(names), f"/{names[0]}", ("python", *names),
                 tuple(Table(name, [[name, name], [name, name]]) for name in names))  # fmt: skip
