"""index.py without its further views: neither centre nor what is inside a border is hashed.

python tests/benchmarks/bare_index.py -d PHOTOS -s db.shelve

What it saves is what those views cost: python tests/benchmarks/speed.py --scenario views
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imageshelf.indexing.batches import Batch
    from imageshelf.pictures.tasks import Picture
    from imageshelf.shelf.records import Entry
    from imageshelf.workers.work import Item, Outcome

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if __name__ == "__main__":  # a script finds its own folder only
    sys.path.insert(0, ROOT)


def examined(item: Item) -> Outcome:
    """Return what the workers of index.py would, but for the view without borders."""
    from imageshelf.pictures import borders
    from imageshelf.workers.work import work

    setattr(borders, "without_borders", lambda _: None)  # noqa: B010  for a worker's whole life
    return work(item)


def hashed(pictures: list[tuple[bytes, Picture]]) -> Iterator[Entry]:
    """Yield what index.py would write, the whole view standing for the centre."""
    if not pictures:
        return
    from imageshelf.hashing import fingerprints, sketch_hashes
    from imageshelf.shelf.records import Entry

    compared = sketch_hashes.hash_inputs([picture.whole for _, picture in pictures])
    row, column, phash, low = (part.tolist() for part in fingerprints.hashed(compared))
    turned = fingerprints.turned_perceptual_hashes(compared.waves).tolist()
    row_darker, column_darker = (
        part.tolist() for part in fingerprints.darker(compared.rows, compared.columns)
    )
    for number, (name, picture) in enumerate(pictures):
        hashes = (row[number], column[number], phash[number])
        yield Entry(
            name=name,
            key=fingerprints.to_hex(row[number]),
            facts=picture.facts,
            low_information=low[number],
            thumbnail=picture.luma,
            whole=hashes,
            centre=hashes,
            trimmed=None,
            turned_phash=tuple(turned[number]),
            darker=(row_darker[number], column_darker[number]),
        )


def main(argv: list[str] | None = None) -> int:
    import index
    from imageshelf.indexing import run as indexing
    from tests.benchmarks import bare_index

    whole = indexing.Indexing.batches

    def batches(*args: Any) -> Iterator[Batch]:
        from imageshelf.indexing import batches

        setattr(batches, "_hashed", hashed)  # noqa: B010  mypy would have them never change
        return whole(*args)

    setattr(indexing.Indexing, "batches", batches)  # noqa: B010
    setattr(indexing, "WORK", bare_index.examined)  # noqa: B010
    return index.main(argv)


if __name__ == "__main__":
    from imageshelf.system import process

    process.start_quickly()  # as index.py does
    raise SystemExit(main())
