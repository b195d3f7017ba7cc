"""Digests of files that may have the same bytes, made on worker processes before pairs are seen.

Files with the same bytes have the same hashes and the same size; only such files are read. A file
that cannot be read, or takes too long, costs only itself: it is identical to no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.pictures.tasks import DigestTask
from imageshelf.searching.kinds import BYTES
from imageshelf.system.paths import Url
from imageshelf.workers.pool import workers
from imageshelf.workers.work import digested

if TYPE_CHECKING:
    from imageshelf.copies.distinct_fingerprints import Prints
    from imageshelf.copies.members import Members

TIME_LIMIT_S = 60.0  # to read one file
FEW = 8  # files that are read in this process: starting a worker would take longer


class DecodeOptions(NamedTuple):
    """How files are read: the number of worker processes, and a callback for the share done.

    With `keep` what is learned of them is kept on the shelf, if that can be written.
    """

    jobs: int = 0
    progress: Callable[[float], None] = lambda _: None
    keep: bool = False


IN_PROCESS = DecodeOptions()


def learn_digests(members: Members, prints: Prints, decoding: DecodeOptions) -> None:
    """Add the digests of files that share their print and their size to `members`."""
    requested = members.options.kinds
    if members.rules.kind or (requested is not None and not requested & {BYTES}):
        return
    read_digests(members, _perhaps_equal(members, prints), decoding)


def read_digests(members: Members, wanted: Iterable[int], decoding: DecodeOptions) -> None:
    """Add the digests of these pictures' files, as far as they are not known, to `members`."""
    ids = [
        id_
        for id_ in wanted
        if members.digest(id_) is None and not isinstance(members.copies[id_].path, Url)
    ]  # a shelf may come from anybody: it must not choose what is fetched
    id_of = {members.rows[id_].name: id_ for id_ in ids}
    tasks = [
        DigestTask(members.rows[id_].name, members.copies[id_].path, pixels=False) for id_ in ids
    ]
    if len(tasks) <= FEW or not decoding.jobs:
        answers = [(task, digested(task)) for task in tasks]
        members.learn({id_of[task.name]: digest for task, digest in answers if digest})
        return
    jobs = min(decoding.jobs, len(tasks))
    found = {}
    with workers(digested, jobs=jobs, time_limit_s=TIME_LIMIT_S) as mapper:
        for count, (task, digest) in enumerate(mapper(tasks), 1):
            if isinstance(digest, bytes):
                found[id_of[task.name]] = digest
            decoding.progress(count / len(tasks))
    members.learn(found)


def _perhaps_equal(members: Members, prints: Prints) -> Iterator[int]:
    """Yield the pictures that share their print and their size with another one."""
    for number in range(len(prints.starts) - 1):
        if prints.starts[number + 1] - prints.starts[number] > 1:
            sizes = defaultdict(list)
            for id_ in prints.pictures_of(number):
                if id_ in members.rows:
                    sizes[members.rows[id_].size_bytes].append(id_)
            for same in sizes.values():
                if len(same) > 1:
                    yield from same
