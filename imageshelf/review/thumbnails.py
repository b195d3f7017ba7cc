"""What the page shows of pictures: thumbnails, and the files themselves.

Thumbnails are made by worker processes under limits. A file goes to the browser as it is if it
begins as a picture that browsers show; of any other one goes a large thumbnail.
"""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, BinaryIO

from imageshelf.pictures.formats import HEAD_BYTES, recognise
from imageshelf.pictures.thumbnails import Thumbnail, ThumbnailTask, make_thumbnail
from imageshelf.system.files import open_regular
from imageshelf.workers.jobs import Lost
from imageshelf.workers.limited_map import LimitedMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imageshelf.report.cards import Card

MAKER = "imageshelf.pictures.thumbnails:make_thumbnail"
KEPT = 4000  # thumbnails in memory, of at most 11 kB
LARGE_PIXELS, LARGE_BYTES = 2400, 4_000_000
SHOWN_BY_BROWSERS = {
    "JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp",
    "BMP": "image/bmp", "AVIF": "image/avif",
}  # fmt: skip


class ThumbnailMaker:
    """Thumbnails by demand. Their workers start with the first, and end with `close`."""

    def __init__(self) -> None:
        self._made: OrderedDict[ThumbnailTask, Thumbnail] = OrderedDict()
        self._decoders = LimitedMap(MAKER)
        self._thread = ThreadPoolExecutor(1, "imageshelf thumbnails")  # the workers' only caller

    def close(self) -> None:
        """End the workers."""
        self._thread.submit(self._decoders.close).result()
        self._thread.shutdown()

    def prepare(self, cards: Sequence[Card]) -> None:
        """Begin to make the thumbnails that will be asked for first."""
        self._thread.submit(self._make, [_task(card) for card in cards])

    def of(self, cards: Sequence[Card]) -> list[Thumbnail]:
        """Return the thumbnails of some cards. Raises WorkerError."""
        return self._thread.submit(self._make, [_task(card) for card in cards]).result()

    def large(self, card: Card) -> Thumbnail:
        """Return a picture that browsers do not show, as large as a screen. Raises WorkerError."""
        task = ThumbnailTask(0, card.path, longest=LARGE_PIXELS, most_bytes=LARGE_BYTES)
        return self._thread.submit(self._outcomes, [task]).result()[task]

    def _make(self, tasks: Sequence[ThumbnailTask]) -> list[Thumbnail]:
        missing = [task for task in dict.fromkeys(tasks) if task not in self._made]
        self._made.update(self._outcomes(missing))
        for task in tasks:
            self._made.move_to_end(task)
        made = [self._made[task] for task in tasks]
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return made

    def _outcomes(self, tasks: Sequence[ThumbnailTask]) -> dict[ThumbnailTask, Thumbnail]:
        if not tasks:
            return {}
        answers = self._decoders(tasks, here=make_thumbnail, careful=True)
        return {
            task: Thumbnail(note=answer.reason) if isinstance(answer, Lost) else answer
            for task, answer in answers
        }


def _task(card: Card) -> ThumbnailTask:
    return ThumbnailTask(0, card.path, card.size_bytes, card.mtime_ns)


def opened(path: str) -> tuple[str, BinaryIO] | None:
    """Return the media type and the open file of a picture that browsers show; None for others.

    Raises UnreadableImage or OSError.
    """
    file = open_regular(path)
    kind = SHOWN_BY_BROWSERS.get(recognise(file.read(HEAD_BYTES)).format or "")
    if kind is None:
        file.close()
        return None
    file.seek(0)
    return kind, file
