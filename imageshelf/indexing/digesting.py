"""Digests of pictures that look the same, so that no search has to read them again.

Whether two pictures have identical bytes or identical pixels cannot be told from their hashes. It
is found out once, for pictures whose keys are equal and whose sizes agree, and kept in the
catalogue. A digest is as true as the catalogue: until the file's size or time changes.
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

    from imageshelf.indexing.suspects import Suspicion, Turn
    from imageshelf.shelf.catalogue import Catalogue
    from imageshelf.shelf.records import PictureRow
    from imageshelf.system.signals import Stop
    from imageshelf.workers.pool import Mapper

    # Digest of the bytes, of the pixels, whether the picture is sound.
    Digest = tuple[bytes | None, bytes | None, bool | None]
    Digests = Mapping[int, Digest]  # by id

AT_A_TIME = 20_000  # pictures with equal keys, looked at together
MOST_COMPARED = 2_000  # thumbnails with each other: in a second, while decoding takes ten
KEPT_TOGETHER = 2_000  # digests in a transaction: what a run that dies has to do again
LARGEST_BYTES = 1 << 30  # of a file that is digested: 2 s for each gigabyte, read or not


class Identifying:
    """The last step of an index run: digests of all that looks the same and has none yet.

    A file that crashes its decoder is noted as not sound, and left alone from then on. The last
    digests are written by `keep`, so that the end of the run can go into the same write.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what an index run has at hand
        self,
        catalogue: Catalogue,
        suspicion: Suspicion,
        stop: Stop,
        workers: Callable[[], Mapper[Any, Any]],
        path_of: Callable[[bytes], str],
        memory_limit_mb: int,
        may_read: Callable[[bytes], bool],
    ) -> None:
        self.catalogue, self.suspicion, self.stop = catalogue, suspicion, stop
        self.workers, self.path_of, self.may_read = workers, path_of, may_read
        self.memory_limit_mb = memory_limit_mb
        self.number = 0  # of pictures digested
        self.lost: list[tuple[bytes, str]] = []  # name, reason
        self.lacking = False  # whether one could not be read just now: a later run may
        self._found: dict[int, Digest] = {}  # by id: not written yet

    def all(self, tell: Callable[[float], object]) -> None:
        """Digest everything; `tell` is told the share that is done, from 0 to 1."""
        for rows, begin, end in equal_keys(self.catalogue):
            ids = [row.id for row in rows]
            middle = (begin + end) / 2
            bytes_lack = lacking_bytes(rows, self._known(ids))
            self._digest(bytes_lack, _part(tell, begin, middle), pixels=False)
            pixels_lack = lacking_pixels(rows, self._known(ids))
            self._digest(pixels_lack, _part(tell, middle, end), pixels=True)

    def _digest(
        self, classes: list[list[PictureRow]], tell: Callable[[float], object], *, pixels: bool
    ) -> None:
        """Digest the first picture of each class; the digest is that of all of them."""
        members = {same[0].name: same for same in classes if self.may_read(same[0].name)}
        done = 0
        for turn in self.suspicion.turns((name, 0, 0) for name in members):
            files = iter(turn.files)
            while some := list(islice(files, KEPT_TOGETHER)):
                answers = []
                for wanted, answer in self._answers(turn, [name for name, *_ in some], pixels):
                    answers.append((members[wanted.name], answer))
                    done += 1
                    tell(done / len(members))
                self._note(answers, pixels=pixels)
                if not turn.only or len(self._found) >= KEPT_TOGETHER:
                    self.keep()
        self.number += len(members)

    def _answers(
        self, turn: Turn, some: list[bytes], pixels: bool
    ) -> Iterator[tuple[DigestTask, Any]]:
        from imageshelf.indexing.suspects import REASON
        from imageshelf.workers.jobs import Lost

        tasks = [
            DigestTask(name, self.path_of(name), pixels, self.memory_limit_mb) for name in some
        ]
        if turn.culprit:
            return ((task, Lost(REASON, lasting=True)) for task in tasks)
        return self.stop.watch(self.workers()(tasks))

    def keep(self) -> None:
        """Write down what was found: digests, and who has none because its decoder crashed."""
        if self._found:
            self.catalogue.set_digests([(number, *one) for number, one in self._found.items()])
            self._found.clear()

    def _known(self, ids: list[int]) -> dict[int, Digest]:
        return {**self.catalogue.digests(ids), **self._found}

    def _note(self, answers: list[tuple[list[PictureRow], Any]], *, pixels: bool) -> None:
        from imageshelf.workers.jobs import Lost

        known = self._known([row.id for same, _ in answers for row in same])
        for same, answer in answers:
            if isinstance(answer, Lost):
                self.lost.append((same[0].name, answer.reason))
            for row in same:
                of_bytes, of_pixels, sound = known[row.id]
                if isinstance(answer, Lost) and answer.lasting:
                    self._found[row.id] = (of_bytes, of_pixels, False)
                elif not isinstance(answer, bytes):
                    self.lacking = True
                else:
                    both = (of_bytes, answer) if pixels else (answer, of_pixels)
                    self._found[row.id] = (*both, sound)


def _part(tell: Callable[[float], object], begin: float, end: float) -> Callable[[float], object]:
    return lambda share: tell(begin + share * (end - begin))


def equal_keys(catalogue: Catalogue) -> Iterator[tuple[list[PictureRow], float, float]]:
    """Yield pictures with equal keys, those of a key always together, many keys at a time.

    With them, which share of all such pictures was looked at before and will be after them. Row
    hashes stand for the keys also where these are another hash: of 576 bits some differ already
    when the same pixels come out of another format.
    """
    ids, row = _shared_rows(catalogue)
    together: list[PictureRow] = []
    for start in range(0, len(ids), AT_A_TIME):
        page = ids[start : start + AT_A_TIME].tolist()
        keys = dict(zip(page, row[start : start + AT_A_TIME].tolist(), strict=True))
        together += [row._replace(key=f"{keys[row.id]:016x}") for row in catalogue.rows(page)]
        end = min(start + AT_A_TIME, len(ids))
        last = together[-1].key if together and end < len(ids) else ""
        rest = [row for row in together if row.key == last]
        yield [row for row in together if row.key != last], start / len(ids), end / len(ids)
        together = rest


def _shared_rows(catalogue: Catalogue) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return ids and row hashes of pictures whose row hash another has too, in its order.

    All row hashes are read twice, so that no more than these are held: 8 bytes a picture.
    """
    import numpy as np

    every = np.concatenate([np.empty(0, np.uint64), *(row for _, row in catalogue.row_hashes())])
    every.sort()
    shared = every[1:][every[1:] == every[:-1]]  # np.unique would import np.ma, which takes 7 ms
    del every
    ids, rows = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
    for number, row in catalogue.row_hashes() if len(shared) else ():
        at = np.minimum(np.searchsorted(shared, row), len(shared) - 1)
        found = shared[at] == row
        ids.append(number[found])
        rows.append(row[found])
    together = np.concatenate(rows)
    order = np.argsort(together, kind="stable")
    return np.concatenate(ids)[order], together[order]


def lacking_bytes(rows: Iterable[PictureRow], known: Digests) -> list[list[PictureRow]]:
    """Return those without a digest whose key and file size another has too, each by itself."""
    return [
        [row]
        for alike in _alike(rows, lambda row: (row.key, row.size_bytes))
        for row in alike
        if known[row.id][0] is None and _may_be_digested(row, known)
    ]


def lacking_pixels(rows: Iterable[PictureRow], known: Digests) -> list[list[PictureRow]]:
    """Return those without a pixel digest that may have the pixels of another.

    Equal keys, equal measures, other bytes; those with equal bytes together.
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
    """Return those whose thumbnail is near enough to another's for equal pixels.

    Flat pictures share a few keys, and decoding them all to tell them apart would take long. Of
    very many, all are returned.
    """
    if not 1 < len(classes) <= MOST_COMPARED:
        return classes if len(classes) > 1 else []
    import numpy as np

    thumbnails = [same[0].thumbnail for same in classes]
    if len(set(map(len, thumbnails))) > 1:
        return classes
    levels = np.frombuffer(b"".join(thumbnails), np.uint8).reshape(len(classes), -1)
    levels = levels.astype(np.int16)
    near = [(np.abs(levels - one).max(axis=1, initial=0) <= CELL_LEVELS).sum() for one in levels]
    return [same for same, number in zip(classes, near, strict=True) if number > 1]


def _may_be_digested(row: PictureRow, known: Digests) -> bool:
    """Tell whether a file is neither known to be damaged nor so large that a search reads it."""
    return row.size_bytes <= LARGEST_BYTES and known[row.id][2] != 0


def _alike(
    rows: Iterable[PictureRow], trait: Callable[[PictureRow], Hashable]
) -> Iterator[list[PictureRow]]:
    groups: dict[Hashable, list[PictureRow]] = defaultdict(list)
    for row in rows:
        groups[trait(row)].append(row)
    return (group for group in groups.values() if len(group) > 1)
