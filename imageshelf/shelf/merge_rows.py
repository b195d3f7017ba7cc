"""Decides and writes what one shelf takes over from another, one transaction per batch."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from imageshelf.shelf import changes, packed, recipes
from imageshelf.shelf.database import Database
from imageshelf.shelf.export import StoredPicture
from imageshelf.shelf.not_duplicates import ADD
from imageshelf.shelf.records import Hashes3, Skip
from imageshelf.shelf.snapshots import SET_DIGESTS

OURS = "SELECT name, id, size_bytes, mtime_ns, width, height FROM picture WHERE name IN (*)"
SKIPPED = "SELECT name, size_bytes, mtime_ns FROM skipped WHERE name IN (*)"


class KnownContent(NamedTuple):
    """What a shelf knows of a file's content; a skipped file has no hashes."""

    size_bytes: int
    width: int
    height: int
    hashes: Hashes3 | None


class Version(NamedTuple):
    """A file's content at one time."""

    content: KnownContent
    mtime_ns: int


class Clash(NamedTuple):
    """A name with different contents on two shelves; `taken` if theirs replaced ours."""

    name: bytes
    ours: Version
    theirs: Version
    taken: bool


class Taken(NamedTuple):
    """What became of a batch; `new + same + len(clashes)` is its size."""

    new: int
    same: int
    clashes: list[Clash]


def take(db: Database, batch: Sequence[StoredPicture]) -> Taken:
    """Add pictures of another shelf that this shelf lacks or has in an older version.

    The version with the later modification time is newer; ours stays if they tie.
    """
    with db.transaction():
        recipes.refuse_changed(db)
        ours = _versions(db, [picture.entry.name for picture in batch])
        wanted: dict[bytes, StoredPicture] = {}
        new, same, clashes = 0, 0, []
        for picture in batch:
            name, theirs = picture.entry.name, _version(picture)
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
            ours[name], wanted[name] = theirs, picture
        if wanted:
            changes.put(db, [picture.entry for picture in wanted.values()], ())
            digested = [p for p in wanted.values() if any(d is not None for d in p.digests)]
            db.write_many(SET_DIGESTS, ((*p.digests, p.entry.name) for p in digested))
    return Taken(new, same, clashes)


def _read_now(known: Version, theirs: Version) -> bool:
    """Tell whether the other shelf could read the very file that ours skipped."""
    stamp = (known.content.size_bytes, known.mtime_ns)
    return known.content.hashes is None and stamp == (theirs.content.size_bytes, theirs.mtime_ns)


def _version(picture: StoredPicture) -> Version:
    facts = picture.entry.facts
    content = KnownContent(facts.size_bytes, facts.width, facts.height, picture.entry.whole)
    return Version(content, facts.mtime_ns)


def _versions(db: Database, wanted: Sequence[bytes]) -> dict[bytes, Version]:
    versions = {
        name: Version(KnownContent(size_bytes, 0, 0, None), mtime_ns)
        for name, size_bytes, mtime_ns in db.select_in(SKIPPED, wanted)
    }
    rows = db.select_in(OURS, wanted)
    hashes = packed.triples(db, [number for _, number, *_ in rows])
    for name, number, size_bytes, mtime_ns, width, height in rows:
        content = KnownContent(size_bytes, width, height, hashes.get(number))
        versions[name] = Version(content, mtime_ns)
    return versions


def take_skips(db: Database, skips: Sequence[Skip]) -> int:
    """Take over skips of files that this shelf does not know; return how many."""
    with db.transaction():
        recipes.refuse_changed(db)
        known = _versions(db, [skip.name for skip in skips])
        new = {skip.name: skip for skip in skips if skip.name not in known}
        changes.put(db, (), new.values())
    return len(new)


def take_not_duplicates(db: Database, pairs: Iterable[tuple[bytes, bytes, int]]) -> int:
    """Take over decisions about pairs; return how many are new."""
    with db.transaction():
        return sum(db.write(ADD, pair) for pair in pairs)
