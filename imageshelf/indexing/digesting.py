"""Digests pictures that look the same, so that no search has to read them again.

Hashes cannot tell whether two pictures have identical bytes or pixels. Digests can: they are taken
once, of pictures with equal keys and sizes, and kept in the catalogue. A digest holds until the
file's size or time changes.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from imageshelf.pictures.tasks import CELL_LEVELS, DigestTask

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from imageshelf.indexing.suspects import Round, SuspectList
    from imageshelf.shelf.catalogue import Catalogue
    from imageshelf.shelf.records import PictureRow
    from imageshelf.system.signals import Stop
    from imageshelf.workers.pool import Mapper

    # Digest of the bytes, of the pixels, whether the picture is sound.
    Digest = tuple[bytes | None, bytes | None, bool | None]
    Digests = Mapping[int, Digest]  # by id

PICTURES_PER_PAGE = 20_000  # pictures with equal keys, read from the shelf together
MAX_COMPARED = 2_000  # thumbnails compared pairwise: a second, where decoding takes ten
DIGESTS_PER_WRITE = 2_000  # digests per transaction: a run that dies repeats at most these
MAX_BYTES = 1 << 30  # of a file: digesting takes 2 s per gigabyte


class Identification:
    """The last step of an index run: digests all pictures that look the same and have none.

    A file that crashes its decoder is marked as not sound and skipped from then on. `keep` writes
    the last digests, so that the end of the run can go into the same transaction.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of an index run
        self,
        catalogue: Catalogue,
        suspects: SuspectList,
        stop: Stop,
        workers: Callable[[], Mapper[Any, Any]],
        path_of: Callable[[bytes], str],
        memory_limit_mb: int,
        may_read: Callable[[bytes], bool],
    ) -> None:
        self.catalogue, self.suspects, self.stop = catalogue, suspects, stop
        self.workers, self.path_of, self.may_read = workers, path_of, may_read
        self.memory_limit_mb = memory_limit_mb
        self.number = 0  # of pictures digested
        self.lost: list[tuple[bytes, str]] = []  # name, reason
        self.lacking = False  # whether some file could not be read now, but may be later
        self._unwritten: dict[int, Digest] = {}  # by id

    def all(self, progress: Callable[[float], object]) -> None:
        """Digest everything; `progress` is called with the share done, from 0 to 1."""
        for rows, begin, end in equal_keys(self.catalogue):
            ids = [row.id for row in rows]
            middle = (begin + end) / 2
            bytes_lack = lacking_bytes(rows, self._known(ids))
            self._digest(bytes_lack, _part(progress, begin, middle), pixels=False)
            pixels_lack = lacking_pixels(rows, self._known(ids))
            self._digest(pixels_lack, _part(progress, middle, end), pixels=True)

    def _digest(
        self, classes: list[list[PictureRow]], progress: Callable[[float], object], *, pixels: bool
    ) -> None:
        """Digest the first picture of each class; the digest holds for the whole class."""
        members = {same[0].name: same for same in classes if self.may_read(same[0].name)}
        done = 0
        for this_round in self.suspects.rounds((name, 0, 0) for name in members):
            files = iter(this_round.files)
            while some := list(islice(files, DIGESTS_PER_WRITE)):
                answers = []
                for wanted, answer in self._answers(
                    this_round, [name for name, *_ in some], pixels
                ):
                    answers.append((members[wanted.name], answer))
                    done += 1
                    progress(done / len(members))
                self._note(answers, pixels=pixels)
                if not this_round.only or len(self._unwritten) >= DIGESTS_PER_WRITE:
                    self.keep()
        self.number += len(members)

    def _answers(
        self, this_round: Round, some: list[bytes], pixels: bool
    ) -> Iterator[tuple[DigestTask, Any]]:
        from imageshelf.indexing.suspects import REASON
        from imageshelf.workers.jobs import Lost

        tasks = [
            DigestTask(name, self.path_of(name), pixels, self.memory_limit_mb) for name in some
        ]
        if this_round.culprit:
            return ((task, Lost(REASON, lasting=True)) for task in tasks)
        return self.stop.watch(self.workers()(tasks))

    def keep(self) -> None:
        """Store the digests, and which files crashed their decoder."""
        if self._unwritten:
            self.catalogue.set_digests(
                [(number, *digest) for number, digest in self._unwritten.items()]
            )
            self._unwritten.clear()

    def _known(self, ids: list[int]) -> dict[int, Digest]:
        return {**self.catalogue.digests(ids), **self._unwritten}

    def _note(self, answers: list[tuple[list[PictureRow], Any]], *, pixels: bool) -> None:
        from imageshelf.workers.jobs import Lost

        known = self._known([row.id for same, _ in answers for row in same])
        for same, answer in answers:
            if isinstance(answer, Lost):
                self.lost.append((same[0].name, answer.reason))
            for row in same:
                of_bytes, of_pixels, sound = known[row.id]
                if isinstance(answer, Lost) and answer.lasting:
                    self._unwritten[row.id] = (of_bytes, of_pixels, False)
                elif not isinstance(answer, bytes):
                    self.lacking = True
                else:
                    both = (of_bytes, answer) if pixels else (answer, of_pixels)
                    self._unwritten[row.id] = (*both, sound)


def _part(
    progress: Callable[[float], object], begin: float, end: float
) -> Callable[[float], object]:
    return lambda share: progress(begin + share * (end - begin))


def equal_keys(catalogue: Catalogue) -> Iterator[tuple[list[PictureRow], float, float]]:
    """Yield pages of pictures with equal keys; all pictures of a key are on one page.

    With each page come the shares of all such pictures before and after it. Row hashes stand for
    keys on shelves of other hashes too: of 576 bits some differ as soon as the same pixels come
    from another format.
    """
    ids, row = _shared_rows(catalogue)
    together: list[PictureRow] = []
    for start in range(0, len(ids), PICTURES_PER_PAGE):
        page = ids[start : start + PICTURES_PER_PAGE].tolist()
        keys = dict(zip(page, row[start : start + PICTURES_PER_PAGE].tolist(), strict=True))
        together += [row._replace(key=f"{keys[row.id]:016x}") for row in catalogue.rows(page)]
        end = min(start + PICTURES_PER_PAGE, len(ids))
        last = together[-1].key if together and end < len(ids) else ""
        rest = [row for row in together if row.key == last]
        yield [row for row in together if row.key != last], start / len(ids), end / len(ids)
        together = rest


def _shared_rows(catalogue: Catalogue) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return ids and row hashes of pictures that share their row hash, sorted by it.

    The row hashes are read twice to hold no more than 8 bytes per picture.
    """
    import numpy as np

    every = np.concatenate([np.empty(0, np.uint64), *(row for _, row in catalogue.row_hashes())])
    every.sort()
    shared = every[1:][every[1:] == every[:-1]]  # np.unique would import np.ma, which takes 7 ms
    del every
    ids, rows = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    for number, row in catalogue.row_hashes() if len(shared) else ():
        at = np.minimum(np.searchsorted(shared, row), len(shared) - 1)
        is_shared = shared[at] == row
        ids.append(number[is_shared])
        rows.append(row[is_shared])
    together = np.concatenate(rows)
    order = np.argsort(together, kind="stable")
    return np.concatenate(ids)[order], together[order]


def lacking_bytes(rows: Iterable[PictureRow], known: Digests) -> list[list[PictureRow]]:
    """Return pictures without a digest that share key and file size, one per class."""
    return [
        [row]
        for alike in _alike(rows, lambda row: (row.key, row.size_bytes))
        for row in alike
        if known[row.id][0] is None and _may_be_digested(row, known)
    ]


def lacking_pixels(rows: Iterable[PictureRow], known: Digests) -> list[list[PictureRow]]:
    """Return pictures without a pixel digest that may have the pixels of another.

    They have equal keys and dimensions but different bytes; equal bytes form one class.
    """
    lacking = []
    for alike in _alike(rows, lambda row: (row.key, *sorted((row.width, row.height)))):
        classes: dict[Hashable, list[PictureRow]] = defaultdict(list)
        for row in alike:
            classes[known[row.id][0] or row.id].append(row)
        lacking += [
            same
            for same in _with_a_twin(list(classes.values()))
            if known[same[0].id][1] is None and _may_be_digested(same[0], known)
        ]
    return lacking


def _with_a_twin(classes: list[list[PictureRow]]) -> list[list[PictureRow]]:
    """Return the classes whose thumbnail is near enough to another's for equal pixels.

    Flat pictures share a few keys, and decoding them all to distinguish them would take long. If
    there are very many, all are returned.
    """
    if not 1 < len(classes) <= MAX_COMPARED:
        return classes if len(classes) > 1 else []
    import numpy as np

    thumbnails = [same[0].thumbnail for same in classes]
    if len(set(map(len, thumbnails))) > 1:
        return classes
    levels = np.frombuffer(b"".join(thumbnails), np.uint8).reshape(len(classes), -1)
    levels = levels.astype(np.int16)
    near = [(np.abs(levels - own).max(axis=1, initial=0) <= CELL_LEVELS).sum() for own in levels]
    return [same for same, number in zip(classes, near, strict=True) if number > 1]


def _may_be_digested(row: PictureRow, known: Digests) -> bool:
    """Tell whether a file is neither damaged nor too large to digest."""
    return row.size_bytes <= MAX_BYTES and known[row.id][2] != 0


def _alike(
    rows: Iterable[PictureRow], trait: Callable[[PictureRow], Hashable]
) -> Iterator[list[PictureRow]]:
    groups: dict[Hashable, list[PictureRow]] = defaultdict(list)
    for row in rows:
        groups[trait(row)].append(row)
    return (group for group in groups.values() if len(group) > 1)
