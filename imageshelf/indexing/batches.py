"""Turns files into catalogue entries: workers decode, this process hashes, batch by batch."""

import time
from collections.abc import Callable, Iterator

from imageshelf.hashing.views import View
from imageshelf.pictures import recipe
from imageshelf.pictures.tasks import Picture, Refusal, StoredPoints, Task
from imageshelf.shelf.records import Entry, Skip
from imageshelf.system.signals import Stop, Stopped
from imageshelf.workers.jobs import Lost

Answer = tuple[Task, Picture | Refusal | Lost]

PICTURES_PER_HASHING = 64  # pictures per set of NumPy calls: some 250 kB of thumbnails
BATCH_FILES = 10_000  # 30 MB; 20,000 would be written a fifth faster on shelves of a million
BATCH_S = 2.0


class Batch:
    """The content of one transaction: entries for pictures, skips for all other files."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.skips: list[Skip] = []
        self.last = False  # no batch follows, as far as is known

    def __len__(self) -> int:
        return len(self.entries) + len(self.skips)


def batches(
    answers: Iterator[Answer],
    name_of: Callable[[str], bytes],
    stop: Stop,
    progress: Callable[..., object],
) -> Iterator[Batch]:
    """Yield a batch for every 10,000 files or 2 seconds, whichever comes first.

    `progress(1, bytes)` is called for every file. When the user stops the run, the open batch is
    yielded before Stopped is raised.
    """
    decoders = recipe.decoders()
    watched = stop.watch(answers)
    stopped: Stopped | None = None
    more = True
    while more and stopped is None:
        batch, waiting = Batch(), []
        more = False
        due = time.monotonic() + BATCH_S
        try:
            for task, answer in watched:
                name = name_of(task.path)
                if isinstance(answer, Picture):
                    waiting.append((name, answer))
                else:
                    batch.skips.append(_skip(task, name, answer, decoders))
                progress(1, task.size_bytes)
                if len(waiting) == PICTURES_PER_HASHING:
                    batch.entries += _hashed(waiting)
                    waiting.clear()
                more = len(batch) + len(waiting) >= BATCH_FILES or time.monotonic() >= due
                if more:
                    break
        except Stopped as exc:
            stopped = exc
        batch.entries += _hashed(waiting)
        batch.last = not more and stopped is None
        if batch:
            yield batch
    if stopped:
        raise stopped


def _hashed(pictures: list[tuple[bytes, Picture]]) -> Iterator[Entry]:
    if not pictures:
        return
    from imageshelf.hashing import sketch_hashes
    from imageshelf.hashing.fingerprints import darker, hashed, to_hex, turned_perceptual_hashes

    count = len(pictures)
    views: list[View] = [picture.whole for _, picture in pictures]
    views += [picture.centre for _, picture in pictures]
    views += [picture.trimmed for _, picture in pictures if picture.trimmed]
    compared = sketch_hashes.hash_inputs(views)
    row, column, phash, low = (part.tolist() for part in hashed(compared))
    triples = list(zip(row, column, phash, strict=True))
    turned = turned_perceptual_hashes(compared.waves[:count]).tolist()
    row_darker, column_darker = (
        part.tolist() for part in darker(compared.rows[:count], compared.columns[:count])
    )
    trimmed = iter(triples[2 * count :])
    for number, (name, picture) in enumerate(pictures):
        yield Entry(
            name=name,
            key=picture.keys[0].hex() if picture.keys else to_hex(row[number]),
            facts=picture.facts,
            low_information=low[number],
            thumbnail=picture.luma,
            whole=triples[number],
            centre=triples[count + number],
            trimmed=next(trimmed) if picture.trimmed else None,
            turned_phash=tuple(turned[number]),
            darker=(row_darker[number], column_darker[number]),
            points=picture.points if isinstance(picture.points, StoredPoints) else None,
        )


def _skip(task: Task, name: bytes, answer: Refusal | Lost, decoders: str) -> Skip:
    return Skip(
        name=name,
        size_bytes=task.size_bytes,
        mtime_ns=task.mtime_ns,
        device=0,
        reason=answer.reason,
        lasting=answer.lasting,
        decoders=decoders,
        other=answer.other if isinstance(answer, Refusal) else "",
    )
