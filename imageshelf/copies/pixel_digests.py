"""Decodes, on worker processes, pictures that may have identical pixels, before kinds are decided.

What the catalogue's digests leave open would otherwise be decoded one file after the other, in
this process. A file that crashes its decoder or takes too long costs only itself: it counts as
unreadable, and identical to no other.
"""

from __future__ import annotations

from itertools import islice, product
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.pictures.tasks import DigestTask
from imageshelf.searching import kinds
from imageshelf.system.paths import Url
from imageshelf.workers.pool import workers
from imageshelf.workers.work import digested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imageshelf.copies.members import Members
    from imageshelf.copies.stars import MatchGraph
    from imageshelf.shelf.records import PictureRow

TIME_LIMIT_S = 60.0  # to decode one picture in full
MEMORY_LIMIT_BYTES = 4_000_000_000
PICTURE_PAIRS_PER_PRINT_PAIR = 64
DECIDED_BY_PIXELS = frozenset({kinds.PIXELS, kinds.NEAR, kinds.ANOTHER_SHOT})


class DecodeOptions(NamedTuple):
    """How files are decoded: the number of worker processes, and a callback for the share done."""

    jobs: int = 0
    progress: Callable[[float], None] = lambda _: None


IN_PROCESS = DecodeOptions()  # each file when its pair comes up, as a query does


def learn_pixel_digests(members: Members, graph: MatchGraph, decoding: DecodeOptions) -> None:
    """Add the pixel digests of pictures that may be identical to `members`; 0 jobs do nothing."""
    requested = members.options.kinds
    if not decoding.jobs or members.rules.kind:
        return
    if requested is not None and not requested & DECIDED_BY_PIXELS:
        return
    ids = sorted({id_ for pair in _perhaps_identical(members, graph) for id_ in pair})
    ids = [
        id_
        for id_ in ids
        if members.pixel_digest(id_) is None and not isinstance(members.copies[id_].path, Url)
    ]  # a shelf may come from anybody: it must not choose what is fetched
    id_by_name = {members.rows[id_].name: id_ for id_ in ids}
    tasks = [
        DigestTask(members.rows[id_].name, members.copies[id_].path, pixels=True) for id_ in ids
    ]
    if not tasks:
        return
    with workers(
        digested,
        jobs=min(decoding.jobs, len(tasks)),
        time_limit_s=TIME_LIMIT_S,
        memory_limit_bytes=MEMORY_LIMIT_BYTES,
    ) as mapper:
        for count, (task, outcome) in enumerate(mapper(tasks), 1):
            id_ = id_by_name[task.name]
            unreadable = b"unreadable %d" % id_  # equal to no other
            members.learn(id_, outcome if isinstance(outcome, bytes) else unreadable)
            decoding.progress(count / len(tasks))


def _perhaps_identical(members: Members, graph: MatchGraph) -> Iterator[tuple[int, int]]:
    """Yield pairs that only their pixels can tell apart."""
    for left, right in graph.upright():
        for a, b in islice(product(left, right), PICTURE_PAIRS_PER_PRINT_PAIR):
            if a != b and members.comparable(a, b) and _alike(members.rows[a], members.rows[b]):
                digest = members.digest(a)
                if digest is None or digest != members.digest(b):
                    yield a, b


def _alike(a: PictureRow, b: PictureRow) -> bool:
    sizes = [sorted((row.width, row.height)) for row in (a, b)]
    return sizes[0] == sizes[1] and not kinds.thumbnails_differ(a.thumbnail, b.thumbnail)
