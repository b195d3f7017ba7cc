"""Candidates for identical pixels, decoded on worker processes before their kinds are told.

What the catalogue's digests leave open would otherwise be decoded one after the other, in this
process. A file that crashes its decoder or takes too long costs itself: it counts as unreadable,
and is called identical to none.
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

    from imageshelf.copies.members import Cast
    from imageshelf.copies.stars import Graph
    from imageshelf.shelf.records import PictureRow

TIME_LIMIT_S = 60.0  # to decode one picture in full
MEMORY_LIMIT_BYTES = 4_000_000_000
MOST_OF_A_PAIR = 64  # pairs of pictures looked at for one pair of fingerprints
MATTER = frozenset({kinds.PIXELS, kinds.NEAR, kinds.ANOTHER_SHOT})  # kinds that pixels decide on


class Reading(NamedTuple):
    """How files are read: on so many worker processes, telling the share that is done."""

    jobs: int = 0
    done: Callable[[float], None] = lambda _: None


HERE = Reading()  # one after the other when asked for, as a query does


def read_ahead(cast: Cast, graph: Graph, reading: Reading) -> None:
    """Let the cast know the pixel digests of pictures that may be identical; 0 jobs do nothing."""
    wanted = cast.question.kinds
    if not reading.jobs or cast.asked.kind or (wanted is not None and not wanted & MATTER):
        return
    ids = sorted({one for pair in _perhaps_identical(cast, graph) for one in pair})
    ids = [
        one
        for one in ids
        if cast.pixel_digest(one) is None and not isinstance(cast.copies[one].path, Url)
    ]  # a shelf may come from anybody: it must not choose what is fetched
    numbers = {cast.rows[one].name: one for one in ids}
    tasks = [DigestTask(cast.rows[one].name, cast.copies[one].path, pixels=True) for one in ids]
    if not tasks:
        return
    with workers(
        digested,
        jobs=min(reading.jobs, len(tasks)),
        time_limit_s=TIME_LIMIT_S,
        memory_limit_bytes=MEMORY_LIMIT_BYTES,
    ) as mapper:
        for count, (task, outcome) in enumerate(mapper(tasks), 1):
            number = numbers[task.name]
            unreadable = b"unreadable %d" % number  # equal to none
            cast.learn(number, outcome if isinstance(outcome, bytes) else unreadable)
            reading.done(count / len(tasks))


def _perhaps_identical(cast: Cast, graph: Graph) -> Iterator[tuple[int, int]]:
    """Yield pairs that only their pixels can tell apart."""
    for one, other in graph.upright():
        for a, b in islice(product(one, other), MOST_OF_A_PAIR):
            if a != b and cast.comparable(a, b) and _alike(cast.rows[a], cast.rows[b]):
                digest = cast.digest(a)
                if digest is None or digest != cast.digest(b):
                    yield a, b


def _alike(a: PictureRow, b: PictureRow) -> bool:
    measures = [sorted((row.width, row.height)) for row in (a, b)]
    return measures[0] == measures[1] and not kinds.apart(a.thumbnail, b.thumbnail)
