"""What one shelf takes over from another, decided and written in one transaction a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imageshelf.shelf import changes, packed, recipes
from imageshelf.shelf.not_duplicates import ADD
from imageshelf.shelf.snapshots import SET_DIGESTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imageshelf.shelf.database import Database
    from imageshelf.shelf.export import Standing
    from imageshelf.shelf.records import Hashes3, Skip

OURS = "SELECT name, id, size_bytes, mtime_ns, width, height FROM picture WHERE name IN (*)"
SKIPPED = "SELECT name, size_bytes, mtime_ns FROM skipped WHERE name IN (*)"


class Content(NamedTuple):
    """What a shelf knows of the content of a file; a file that was skipped has no hashes."""

    size_bytes: int
    width: int
    height: int
    hashes: Hashes3 | None


class Version(NamedTuple):
    """A file at some time."""

    content: Content
    mtime_ns: int


class Clash(NamedTuple):
    """One name with different contents on two shelves; `taken` is whether theirs is ours now."""

    name: bytes
    ours: Version
    theirs: Version
    taken: bool


class Taken(NamedTuple):
    """What became of the pictures of a batch: `new + same + len(clashes)` is all of them."""

    new: int
    same: int
    clashes: list[Clash]


def take(db: Database, batch: Sequence[Standing]) -> Taken:
    """Put the pictures of another shelf on this one, where it has none or an older one.

    Which version of a file is newer is told by its modification time; ours stays if they tie.
    """
    with db.transaction():
        recipes.refuse_changed(db)
        ours = _versions(db, [one.entry.name for one in batch])
        wanted: dict[bytes, Standing] = {}
        new, same, clashes = 0, 0, []
        for one in batch:
            name, theirs = one.entry.name, _version(one)
            known = ours.get(name)
            if known is None or _read_now(known, theirs):
                new += 1
            elif known.content == theirs.content:
                same += 1
                continue
            else:
                clashes.append(Clash(name, known, theirs, theirs.mtime_ns > known.mtime_ns))
                if not clashes[-1].taken:
                    continue
            ours[name], wanted[name] = theirs, one
        if wanted:
            changes.put(db, [one.entry for one in wanted.values()], ())
            digested = (one for one in wanted.values() if any(d is not None for d in one.digests))
            db.write_many(SET_DIGESTS, ((*one.digests, one.entry.name) for one in digested))
    return Taken(new, same, clashes)


def _read_now(known: Version, theirs: Version) -> bool:
    """Tell whether they could read the very file that we skipped."""
    stamp = (known.content.size_bytes, known.mtime_ns)
    return known.content.hashes is None and stamp == (theirs.content.size_bytes, theirs.mtime_ns)


def _version(one: Standing) -> Version:
    facts = one.entry.facts
    content = Content(facts.size_bytes, facts.width, facts.height, one.entry.whole)
    return Version(content, facts.mtime_ns)


def _versions(db: Database, wanted: Sequence[bytes]) -> dict[bytes, Version]:
    found = {
        name: Version(Content(size_bytes, 0, 0, None), mtime_ns)
        for name, size_bytes, mtime_ns in db.select_in(SKIPPED, wanted)
    }
    rows = db.select_in(OURS, wanted)
    hashes = packed.triples(db, [number for _, number, *_ in rows])
    for name, number, size_bytes, mtime_ns, width, height in rows:
        content = Content(size_bytes, width, height, hashes.get(number))
        found[name] = Version(content, mtime_ns)
    return found


def take_skips(db: Database, skips: Sequence[Skip]) -> int:
    """Remember what another shelf skipped and this one has not met; give how many."""
    with db.transaction():
        recipes.refuse_changed(db)
        known = _versions(db, [skip.name for skip in skips])
        new = {skip.name: skip for skip in skips if skip.name not in known}
        changes.put(db, (), new.values())
    return len(new)


def take_not_duplicates(db: Database, pairs: Iterable[tuple[bytes, bytes, int]]) -> int:
    """Remember what was decided on another shelf; give how many pairs are new."""
    with db.transaction():
        return sum(db.write(ADD, pair) for pair in pairs)
