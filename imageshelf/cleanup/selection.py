"""Reads a clean-up chosen picture by picture: `--selection FILE`, which the HTML page writes.

    {"imageshelf_selection": 1,
     "shelf": "/home/me/db.shelve",
     "groups": [{"keep": ["trip/a.jpg"], "set_aside": ["backup/a.jpg"]}, ...]}

Names are as on the shelf: relative to its folder when below it, absolute otherwise. Each group
keeps at least one picture. Any mistake is a SelectionError before anything is touched.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from imageshelf.cleanup.planning import (
    CHOSEN,
    Identity,
    Left,
    Plan,
    Planned,
    Rules,
    Step,
    counted_once,
    file_of,
    identity,
    why_untouched,
    with_companions,
)
from imageshelf.copies.groups import Group
from imageshelf.copies.members import UNKNOWN, Digests, as_on_disk
from imageshelf.copies.protected_folders import ProtectedFolders
from imageshelf.searching.keys import keys_of
from imageshelf.searching.kinds import BYTES, PIECE, PIXELS, SAME_FILE, KnownFile, identical_bytes
from imageshelf.searching.query_prints import known_file
from imageshelf.shelf import Shelf, names
from imageshelf.shelf.export import LONGEST_NAME
from imageshelf.shelf.records import PictureRow
from imageshelf.system.files import UnreadableImage, lstat, open_regular
from imageshelf.system.paths import Url, located
from imageshelf.system.sentences import SentenceError

if TYPE_CHECKING:
    from imageshelf.searching.pieces import PieceSearch

VERSION = 1
MARK = "imageshelf_selection"
LONGEST = 256 * 2**20  # bytes: a million long names
KEEP, ASIDE = "keep", "set_aside"


class SelectionError(SentenceError):
    """A selection cannot be followed; the message is one sentence."""


class Chosen(NamedTuple):
    """One group: the names of the pictures that stay and of those that go."""

    keep: tuple[str, ...]
    set_aside: tuple[str, ...]


class Selection(NamedTuple):
    """A whole selection; `shelf` is the path of the shelf it was made for."""

    shelf: str
    groups: tuple[Chosen, ...]


def read(path: str) -> Selection:
    """Read a selection file; raises SelectionError."""
    try:
        with open_regular(path) as file:
            data = file.read(LONGEST + 1)
    except OSError as exc:
        raise SelectionError(f"the selection {path} cannot be read: {exc.strerror}") from exc
    except UnreadableImage as exc:
        raise SelectionError(f"the selection {path} cannot be read: it {exc}") from exc
    try:
        return parse(data)
    except SelectionError as exc:
        raise SelectionError(f"the selection {path} {exc}") from exc


def parse(data: bytes) -> Selection:
    """Return the selection in these bytes; a SelectionError continues "the selection ..."."""
    if len(data) > LONGEST:
        raise SelectionError(f"is longer than {LONGEST >> 20} MiB")
    try:
        document = json.loads(data)
    except UnicodeDecodeError as exc:
        raise SelectionError("is not JSON: it is no UTF-8 text") from exc
    except json.JSONDecodeError as exc:
        raise SelectionError(f"is not JSON: {exc}") from exc
    except (ValueError, RecursionError) as exc:
        raise SelectionError(
            "is not JSON of any use: it nests too deep, or a number is too long"
        ) from exc
    if not isinstance(document, dict) or MARK not in document:
        raise SelectionError(f'is none: expected a JSON object with "{MARK}": {VERSION}')
    if type(document[MARK]) is not int or document[MARK] != VERSION:
        raise SelectionError(
            f"is of version {document[MARK]!r:.20}; this imageshelf reads {VERSION}"
        )
    shelf, groups = document.get("shelf"), document.get("groups")
    if not isinstance(shelf, str) or not isinstance(groups, list):
        raise SelectionError('is malformed: expected "shelf" (text) and "groups" (a list)')
    return Selection(shelf, tuple(_chosen(n, group) for n, group in enumerate(groups, 1)))


def _chosen(number: int, group: Any) -> Chosen:
    lists = [group.get(field) if isinstance(group, dict) else None for field in (KEEP, ASIDE)]
    for field, listed in zip((KEEP, ASIDE), lists, strict=True):
        if not isinstance(listed, list) or not all(isinstance(n, str) and n for n in listed):
            raise SelectionError(f'is malformed: group {number} has no list of names "{field}"')
    keep, aside = (tuple(map(located, listed or ())) for listed in lists)
    if aside and not keep:
        raise SelectionError(f"sets aside every picture of group {number}; one has to stay")
    return Chosen(keep, aside)


def plan(shelf: Shelf, selection: Selection, groups: Iterable[Group], rules: Rules) -> Plan:
    """Return the plan that a selection makes; `groups` are all groups of the shelf.

    A group with a picture that is no longer on the shelf is left alone. Raises SelectionError if
    the selection is for another shelf, contradicts itself, or leaves no picture of a group.
    """
    _require_shelf(shelf, selection)
    rows = _rows(shelf, selection)
    _require_consistent(selection)
    rows = _recognised(shelf, rows)
    planned = [
        _skipped(shelf, chosen, missing)
        for chosen in selection.groups
        if (missing := [n for n in (*chosen.keep, *chosen.set_aside) if n not in rows])
    ]
    selection = selection._replace(
        groups=tuple(c for c in selection.groups if all(n in rows for n in (*c[0], *c[1])))
    )
    every = list(groups)
    _require_survivors(shelf, every, {identity(rows[n]) for c in selection.groups for n in c[1]})
    kinds = _Kinds(shelf, every, rows)
    protected = ProtectedFolders(rules.references)
    for chosen in selection.groups:
        by_keeper: dict[str, tuple[list[Step], list[Left]]] = {}
        for name in chosen.set_aside:
            keeper, kind, turn = kinds.best(name, chosen.keep)
            steps, left = by_keeper.setdefault(keeper, ([], []))
            path = _path(shelf, name)
            reason = "is another name of the file that is kept" if kind == SAME_FILE else ""
            reason = reason or why_untouched(path, kind, _path(shelf, keeper), rules, protected)
            if reason:
                left.append(Left(path, kind, reason))
                continue
            warning = "no rule says that the two are related" if kind == CHOSEN else ""
            kept = file_of(_path(shelf, keeper), rows[keeper], keeper)
            file = file_of(path, rows[name], name)
            steps.append(Step(file, kept, kind, turn, "chosen by you", warning, 0, (), True))
        for keeper, (steps, left) in by_keeper.items():
            kept = file_of(_path(shelf, keeper), rows[keeper], keeper)
            planned.append(Planned(kept, tuple(steps), tuple(left)))
    by_id = {row.id: row for row in rows.values()}
    decided = {
        _path(shelf, name) for group in selection.groups for name in group.keep + group.set_aside
    }
    counted = counted_once(Plan(rules.action, tuple(planned)), by_id)
    return with_companions(counted, rules, decided)


def _skipped(shelf: Shelf, chosen: Chosen, missing: Sequence[str]) -> Planned:
    """Return a group of which nothing happens, because pictures have left the shelf."""
    reason = f"stays: {missing[0]}, of the same group, is not on the shelf"
    left = (Left(_path(shelf, name), CHOSEN, reason) for name in chosen.set_aside)
    return Planned(file_of(_path(shelf, chosen.keep[0]), None, chosen.keep[0]), (), tuple(left))


def _require_shelf(shelf: Shelf, selection: Selection) -> None:
    """Refuse a selection for a shelf of another name; one that was moved is the same shelf."""
    there = os.path.basename(selection.shelf.replace("\\", "/"))
    here = os.path.basename(shelf.path)
    if os.path.normcase(there) != os.path.normcase(here):
        raise SelectionError(
            f"the selection is for the shelf {selection.shelf}, not for {shelf.path}"
        )


def _rows(shelf: Shelf, selection: Selection) -> dict[str, PictureRow]:
    catalogue = shelf.whole_catalogue()
    rows = {}
    for name in dict.fromkeys(n for c in selection.groups for n in (*c.keep, *c.set_aside)):
        if isinstance(name, Url):
            raise SelectionError(
                f"the selection names {name}: what is at a URL is never cleaned up"
            )
        if "\0" in name or len(name) > LONGEST_NAME:
            raise SelectionError(f"the selection names {name[:80]}, which no picture is called")
        row = catalogue.row_of(names.to_bytes(name))
        if row is not None:
            rows[name] = row
    return rows


def _recognised(shelf: Shelf, rows: Mapping[str, PictureRow]) -> dict[str, PictureRow]:
    """Return the rows with the inodes that their files have now, as after a restoration.

    What is chosen by hand is not compared again, so such a file must show what the shelf says.
    """
    there = {name: as_on_disk(row, lstat(_path(shelf, name))) for name, row in rows.items()}
    other = [name for name, row in there.items() if identity(row) != identity(rows[name])]
    keys = keys_of([_path(shelf, name) for name in other], shelf)
    unknown = {name: rows[name] for name in other if keys[_path(shelf, name)] != rows[name].key}
    return there | unknown


def _require_consistent(selection: Selection) -> None:
    kept = {name for chosen in selection.groups for name in chosen.keep}
    seen: set[str] = set()
    for chosen in selection.groups:
        if doubled := _doubled(chosen.keep):
            raise SelectionError(f"the selection keeps {doubled} twice in one group")
        for name in chosen.set_aside:
            if name in kept:
                raise SelectionError(f"the selection both keeps {name} and sets it aside")
            if name in seen:
                raise SelectionError(f"the selection sets {name} aside twice")
            seen.add(name)


def _doubled(listed: Sequence[str]) -> str:
    """Return the first name that stands in a list twice, "" for none."""
    seen: set[str] = set()
    for name in listed:
        if name in seen:
            return name
        seen.add(name)
    return ""


def _require_survivors(shelf: Shelf, groups: list[Group], going: set[Identity]) -> None:
    """Refuse to lose every picture of a group, whatever else the selection keeps."""
    ids = [
        dict.fromkeys((group.keeper.id, *(member.id for member in group.members)))
        for group in groups
    ]
    wanted = list({number for some in ids for number in some})
    rows = {row.id: row for row in shelf.whole_catalogue().rows(wanted)}
    for some in ids:
        there = [rows[number] for number in some if number in rows]
        if there and all(identity(row) in going for row in there):
            name = names.to_text(there[0].name)
            raise SelectionError(
                f"the selection sets aside every copy of {name}; at least one has to stay"
            )


class _Kinds:
    """How chosen pictures are related, by their digests and by the shelf's groups."""

    def __init__(
        self, shelf: Shelf, groups: Iterable[Group], rows: Mapping[str, PictureRow]
    ) -> None:
        self.shelf, self.rows = shelf, rows
        ids = [row.id for row in rows.values()]
        self.digests = shelf.whole_catalogue().digests(ids)
        self.known: dict[tuple[int, int], tuple[str, str]] = {}
        self._pieces: PieceSearch | None = None
        self._found: dict[int, set[int]] = {}  # by a picture: its pieces
        for group in groups:
            for member in group.members:
                self.known[member.id, group.keeper.id] = member.kind, member.turn
                self.known[group.keeper.id, member.id] = member.kind, ""

    def best(self, name: str, kept: Iterable[str]) -> tuple[str, str, str]:
        """Return the kept picture nearest to one that goes, with kind and turn."""
        ranked = [(self._kind(name, keeper), keeper) for keeper in kept]
        (_, kind, turn), keeper = min(ranked, key=lambda rank: rank[0][0])
        return keeper, kind, turn

    def _kind(self, name: str, keeper: str) -> tuple[int, str, str]:
        row, kept = self.rows[name], self.rows[keeper]
        of_row, of_kept = self.digests.get(row.id), self.digests.get(kept.id)
        if identity(row) == identity(kept):
            return 5, SAME_FILE, ""  # not a copy: any other kept picture is better
        if identical_bytes(self._file(name, of_row), self._file(keeper, of_kept)):
            return 0, BYTES, ""
        if of_row and of_kept and of_row[1] and of_row[1] == of_kept[1]:
            return 1, PIXELS, ""
        if relation := self.known.get((row.id, kept.id)):
            return 2, *relation
        if kept.id in self._pieces_of(row.id) or row.id in self._pieces_of(kept.id):
            return 3, PIECE, ""
        return 4, CHOSEN, ""

    def _pieces_of(self, id_: int) -> set[int]:
        """Return the pictures that show the same as another by their keypoints on the shelf."""
        if id_ not in self._found:
            if self._pieces is None:
                from imageshelf.searching.pieces import PieceSearch

                self._pieces = PieceSearch(self.shelf)
            found = self._pieces.pieces_of([id_]) if self._pieces.is_there else {}
            self._found[id_] = {piece.id for piece in found.get(id_, ())}
        return self._found[id_]

    def _file(self, name: str, digests: Digests | None) -> KnownFile:
        return known_file(_path(self.shelf, name), self.rows[name], digests or UNKNOWN)


def _path(shelf: Shelf, name: str) -> str:
    return names.native(shelf.path_of(name))
