"""Folders and what they have in common, as text, JSON, CSV and a panel of the page."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from imageshelf.report import csv_table
from imageshelf.report.panels import Table
from imageshelf.system import terminal
from imageshelf.system.program import typed
from imageshelf.system.words import count, nearby, shown, size

if TYPE_CHECKING:
    from imageshelf.copies.folders import FolderCopies
    from imageshelf.system.terminal import Painter

    Folders = Sequence[FolderCopies]

FIELDS = (
    "folder", "pictures", "size_bytes", "copied", "copied_bytes", "nearest", "nearest_pictures",
    "contained",
)  # fmt: skip
HEADINGS = ("Folder", "Pictures", "Size", "Also elsewhere", "Size of these", "Where")


def text(folders: Folders, paint: Painter = terminal.plain, cells: int = 0) -> str:
    """Return one line for each folder, and how to act on the first that another one contains."""
    if not folders:
        return "No folder holds a copy of a picture of another folder.\n"
    names = (shown(nearby(path)) for f in folders for path in (f.path, f.nearest) if path)
    common = terminal.common_folder(names) if cells else ""
    rows = [_row(folder, common) for folder in folders]
    paints = [{0: "yellow" if folder.is_contained else "dim"} for folder in folders]
    if cells:
        rows = [[*row[:4], terminal.clipped(row[4], cells * 2 // 5)] for row in rows]
    fit = terminal.Fit(cells, 2, (3,))
    lines = [f"in {terminal.clipped(common, cells - 3)}"] if common else []
    lines += terminal.columns(rows, {1}, paints, paint, fit).splitlines()
    contained = [folder for folder in folders if folder.is_contained]
    if contained:
        lines += ["", *_way_on(contained[0])]
    return "\n".join(lines) + "\n"


def _row(folder: FolderCopies, common: str) -> list[str]:
    share = "all of" if folder.is_contained else f"{folder.copied:,} of"
    pictures = f"{count(folder.pictures, 'picture')} in"
    name = shown(nearby(folder.path)).removeprefix(common)
    return [share, pictures, name, size(folder.copied_bytes), _where(folder, common)]


def _where(folder: FolderCopies, common: str = "") -> str:
    """Return where the copies are."""
    if not folder.nearest:
        return "elsewhere, too"
    place = shown(nearby(folder.nearest)).removeprefix(common)
    if folder.nearest_pictures == folder.copied:
        return f"in {place}, too"
    return f"elsewhere, too; {folder.nearest_pictures:,} of them in {place}"


def _way_on(folder: FolderCopies) -> list[str]:
    names = [shlex.quote(nearby(path)) for path in (folder.path, folder.nearest)]
    command = f"{typed('clean')} --dataset {' '.join(names)} --reference {names[1]}"
    inner, outer = shown(nearby(folder.path)), shown(nearby(folder.nearest))
    way = f"{outer} has a copy of all that is in {inner}. To see what could go:"
    return [way, f"    {shown(command)}"]


def sentences(folders: Folders) -> list[str]:
    """Return what introduces the folders."""
    contained = sum(folder.is_contained for folder in folders)
    number = count(len(folders), "folder")
    return [f"{number} with pictures that are elsewhere, too; {contained:,} contained in another"]


def records(folders: Folders) -> Iterator[dict[str, Any]]:
    """Yield every folder as one flat record."""
    for folder in folders:
        values = {**folder._asdict(), "folder": folder.path, "contained": folder.is_contained}
        yield {name: values[name] for name in FIELDS}


def panel(folders: Folders) -> Table:
    """Return a table to stand below the groups of a page."""
    rows = [HEADINGS]
    for each in folders:
        sizes = size(each.size_bytes), f"{each.copied:,}", size(each.copied_bytes)
        rows.append((shown(each.path), f"{each.pictures:,}", *sizes, _where(each)))
    return Table("Folders", rows, right=frozenset({1, 2, 3, 4}))


FORMATS: dict[str, Callable[[Folders], str | bytes]] = {
    "json": lambda folders: csv_table.json_list(records(folders)),
    "jsonl": lambda folders: csv_table.json_lines(records(folders)),
    "csv": lambda folders: csv_table.table(FIELDS, records(folders)),
}
