"""Drawn entries for shelves, and a plain dict that says what a shelf should hold."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from imageshelf.pictures.metadata import Facts
from imageshelf.pictures.recipe import Recipe
from imageshelf.shelf.records import Entry, Skip

RECIPE = Recipe("dhash", 64, "reduced", "13.0.0", "4.3.2", "0123456789abcdef")
DECODERS = "Pillow 13.0.0"


class Place(NamedTuple):
    """What `os.stat` says of a file that has moved."""

    st_dev: int = 7
    st_ino: int = 77
    st_nlink: int = 1


def entry(name: bytes, row: int, seed: int = 0, **facts: Any) -> Entry:
    """Return an entry with this name and row hash; everything else is drawn."""
    rnd = random.Random(f"{name!r}{row}{seed}")
    known = Facts(
        size_bytes=rnd.randrange(1, 10**8),
        mtime_ns=rnd.randrange(10**18),
        device=rnd.randrange(2**16),
        inode=rnd.randrange(2**32),
        nlink=1,
        format="JPEG",
        width=4000,
        height=3000,
        frames=1,
        bits=8,
        orientation=rnd.randrange(1, 9),
        alpha=rnd.random() < 0.1,
        extras=rnd.randrange(1, 32) if rnd.random() < 0.1 else 0,
        captured_at=rnd.choice([None, 1_600_000_000_123]),
        camera=rnd.choice([None, "Canon EOS 5D"]),
        metadata_flags=rnd.randrange(4),
        jpeg_quality=rnd.choice([None, 92]),
    )._replace(**facts)
    return Entry(
        name=name,
        key=f"{row:016x}",
        facts=known,
        low_information=rnd.random() < 0.2,
        thumbnail=rnd.randbytes(256),
        whole=(row, rnd.getrandbits(64), rnd.getrandbits(64)),
        centre=(rnd.getrandbits(64), rnd.getrandbits(64), rnd.getrandbits(64)),
        trimmed=(row ^ 1, 2, 2**64 - 1) if rnd.random() < 0.3 else None,
        turned_phash=tuple(rnd.getrandbits(64) for _ in range(7)),
        darker=(rnd.getrandbits(64), rnd.getrandbits(64)),
    )


def skip(name: bytes, **fields: Any) -> Skip:
    """Return a lasting skip of a damaged picture, but for the fields named."""
    return Skip(name, 10, 20, 30, "is damaged", True, DECODERS, "")._replace(**fields)


def lists_of(pictures: dict[bytes, int]) -> dict[str, list[str]]:
    """Return the lists that a shelf of these pictures (name: row hash) must hold."""
    lists: dict[str, list[str]] = {}
    for name, row in pictures.items():
        lists.setdefault(f"{row:016x}", []).append(name.decode("utf-8", "surrogateescape"))
    return {key: sorted(names) for key, names in lists.items()}
