"""Turn a picture file into a few small arrays: open it safely, decode what is needed, reduce it.

The files may come from anybody. For a file that cannot be read, `read` raises UnreadableImage and
`examine` returns a Refusal, both with the reason. Worker processes load this module, so it imports
only the standard library and Pillow, and Pillow's plug-ins only when a file needs them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from imageshelf.hashing.hash_names import DEFAULT
from imageshelf.hashing.views import SKETCH, Sketch, Thumbnails, View
from imageshelf.pictures import borders, reduction, small_baseline
from imageshelf.pictures.decoding import Decoded, decode, memory_limit
from imageshelf.pictures.metadata import Facts
from imageshelf.pictures.readers import REVISIONS
from imageshelf.pictures.reduction import ORIENTATIONS, Reduced, bands
from imageshelf.pictures.tasks import (
    ASKED,
    Picture,
    QueryPoints,
    Refusal,
    StoredPoints,
    Task,
)
from imageshelf.system import files
from imageshelf.system.files import UnreadableImage, unreadable
from imageshelf.system.paths import Url, located

if TYPE_CHECKING:
    from PIL import Image

    from imageshelf.pictures.fetching import UrlStatus

    Points = StoredPoints | QueryPoints | None

__all__ = ["ORIENTATIONS", "Facts", "Picture", "Refusal", "Sketch", "Task", "Thumbnails"]
__all__ += ["UnreadableImage", "View", "examine", "read", "thumbnails_of"]


def examine(task: Task, *, turned: bool = False) -> Picture | Refusal:
    """Return the picture in a file, or why it has none; never raises for a bad file.

    `turned` asks for all orientations: a picture to search a shelf for.
    """
    return examine_together([task], turned=turned)[0]


def examine_together(tasks: Sequence[Task], *, turned: bool = False) -> list[Picture | Refusal]:
    """Return what `examine` returns for each file, in less time if pictures have equal sizes.

    Together they may need more memory than each needs alone: then raises MemoryError.
    """
    alone = len(tasks) == 1
    answers: list[_DecodedFile | Refusal] = []
    for task in tasks:
        try:
            answers.append(_opened(task))
        except UnreadableImage as exc:
            answers.append(_refusal(exc, alone=alone))
    opened = [answer for answer in answers if isinstance(answer, _DecodedFile)]
    try:
        pictures = iter(_pictures(opened, turned=turned))
    except UnreadableImage as exc:
        return [_refusal(exc, alone=alone)]
    return [answer if isinstance(answer, Refusal) else next(pictures) for answer in answers]


def _refusal(exc: UnreadableImage, *, alone: bool) -> Refusal:
    if isinstance(exc.__cause__, MemoryError) and not alone:
        raise exc.__cause__
    return Refusal(exc.reason, exc.lasting, exc.other)


def read(
    path: str,
    *,
    full_decode: bool = False,
    turned: bool = False,
    hash_name: str = DEFAULT,
) -> Picture:
    """Return the picture in a file; if `turned`, in all orientations.

    Raises UnreadableImage.
    """
    task = Task(located(path), full_decode=full_decode, hash=hash_name)
    return _pictures([_opened(task)], turned=turned)[0]


class _DecodedFile(NamedTuple):
    """A decoded file; what remains to be done can fail only for lack of memory."""

    task: Task
    decoded: Decoded
    points: Points
    status: os.stat_result | UrlStatus


def _opened(task: Task) -> _DecodedFile:
    if isinstance(task.path, Url):
        return _fetched(task, task.path)
    try:
        descriptor, status = files.open_descriptor(task.path)
        try:
            _require_unchanged(status, task.size_bytes, task.mtime_ns)
            try:
                with memory_limit(task.memory_limit_mb):
                    decoded, points = _decoded(files.content(descriptor, status.st_size), task)
            finally:  # also if decoding failed on half a file
                now = os.fstat(descriptor)
                _require_unchanged(now, status.st_size, status.st_mtime_ns)
        finally:
            os.close(descriptor)
        return _DecodedFile(task, decoded, points, status)
    except (OSError, MemoryError) as exc:
        raise unreadable(exc) from exc


def _fetched(task: Task, url: Url) -> _DecodedFile:
    from imageshelf.pictures import fetching

    small_baseline.leave_to_worker()
    stream = fetching.fetched(url, task.size_bytes)
    status = fetching.UrlStatus(len(stream.getbuffer()), max(task.mtime_ns, 0))
    try:
        with memory_limit(task.memory_limit_mb):
            return _DecodedFile(task, *_decoded(stream, task), status)
    except (OSError, MemoryError) as exc:
        raise unreadable(exc) from exc


def _decoded(stream: BinaryIO, task: Task) -> tuple[Decoded, Points]:
    path = task.path.parts.path if isinstance(task.path, Url) else task.path
    detail = None
    if task.hash != DEFAULT:
        from imageshelf.pictures import other_keys

        detail = other_keys.detail(task.hash)
    wanted = bool(task.points)
    decoded = decode(stream, path, full_decode=task.full_decode, detail=detail, keep_grey=wanted)
    if not wanted:
        return decoded, None
    from imageshelf.pictures import keypoints

    points = keypoints.found(decoded, stream, path, asked=task.points == ASKED)
    return decoded._replace(grey=None), points


def _pictures(opened: Sequence[_DecodedFile], *, turned: bool) -> list[Picture]:
    """Return the pictures in decoded files; raises UnreadableImage if memory runs out."""
    pictures: dict[int, Picture] = {}
    exact = [file.decoded.exact for file in opened]
    try:
        for part in reduction.mergeable_parts(exact):
            full_decode = opened[part[0]].task.full_decode
            part_views = _views([exact[at] for at in part], full_decode=full_decode, turned=turned)
            for at, views in zip(part, part_views, strict=True):
                task, decoded, points, status = opened[at]
                keys = _keys(task, decoded, turned=turned)
                facts = _facts(decoded, status)
                pictures[at] = Picture(*views[:-1], facts, keys, views.cutouts, points)
    except (OSError, MemoryError) as exc:
        raise unreadable(exc) from exc
    return [pictures[at] for at in range(len(opened))]


def _keys(task: Task, decoded: Decoded, *, turned: bool) -> tuple[bytes, ...]:
    if task.hash == DEFAULT:
        return ()
    from imageshelf.pictures import other_keys

    return other_keys.keys(task.hash, decoded.exact, full_decode=task.full_decode, turned=turned)


def _require_unchanged(status: os.stat_result, size_bytes: int, mtime_ns: int) -> None:
    if size_bytes not in {-1, status.st_size} or mtime_ns not in {-1, status.st_mtime_ns}:
        raise UnreadableImage("changed while being read", lasting=False)


def thumbnails_of(stream: BinaryIO, *, full_decode: bool = False) -> View:
    """Return the whole view of a picture in an open binary stream; raises UnreadableImage."""
    exact = decode(stream, "", full_decode=full_decode).exact
    return views_of(exact, full_decode=full_decode).whole


def key_of(stream: BinaryIO, hash_name: str, *, full_decode: bool = False) -> bytes:
    """Return the key of a picture in an open binary stream by a hash other than the default."""
    task = Task("", full_decode=full_decode, hash=hash_name)
    return _keys(task, _decoded(stream, task)[0], turned=False)[0]


class PictureViews(NamedTuple):
    """The views of a picture: the first fields of Picture."""

    whole: View
    centre: Sketch
    trimmed: Sketch | None
    luma: bytes
    turned: tuple[Sketch, ...]
    cutouts: tuple[tuple[Sketch, ...], ...]


def views_of(exact: Reduced, *, full_decode: bool = False, turned: bool = False) -> PictureViews:
    """Return the views of an upright grey picture."""
    return _views([exact], full_decode=full_decode, turned=turned)[0]


def _views(exact: Sequence[Reduced], *, full_decode: bool, turned: bool) -> list[PictureViews]:
    """Return the views of upright grey pictures that `reduction.merged` can merge."""
    whole = reduction.merged(exact)
    fine = whole.smaller(reduction.FINE_SIZE)
    small = fine.smaller(reduction.SMALLEST_SIZE)
    sketches = small.sketch()
    parts = zip(
        exact,
        bands(sketches),
        fine.rows(),
        exact if small is whole else small.apart(),
        bands(sketches.reduce(SKETCH // 16)),
        _turned(fine, sketches) if turned else [()] * len(exact),
        strict=True,
    )
    return [
        PictureViews(
            picture.thumbnails() if full_decode else Sketch(pixels, row),
            Sketch(pixels, centre=True),
            _trimmed(alone),
            luma,
            turns,
            _cutouts(alone) if turned else (),
        )
        for picture, pixels, row, alone, luma, turns in parts
    ]


def _trimmed(small: Reduced) -> Sketch | None:
    inside = borders.without_borders(small)
    if inside:
        from imageshelf.pictures.cutouts import main_cutout

        inside = main_cutout(small, inside) or inside
    return Sketch(small.sketch(inside).tobytes()) if inside else None


def _cutouts(small: Reduced) -> tuple[tuple[Sketch, ...], ...]:
    """Return where the picture may lie inside this one, each in all orientations."""
    from imageshelf.pictures.cutouts import cutouts

    sketches = map(small.sketch, cutouts(small))
    turns = [turn for _, turn in ORIENTATIONS if turn is not None]
    return tuple(
        tuple(Sketch(each.tobytes()) for each in (sketch, *map(sketch.transpose, turns)))
        for sketch in sketches
    )


def _turned(fine: Reduced, sketches: Image.Image) -> list[tuple[Sketch, ...]]:
    """Return the other orientations of each band, with rows as good as the upright one's."""
    turns = [turn for _, turn in ORIENTATIONS if turn is not None]
    pixels = zip(*(bands(sketches.transpose(turn)) for turn in turns), strict=True)
    rows = zip(*fine.turned_rows(), strict=True)
    return [tuple(map(Sketch, *both)) for both in zip(pixels, rows, strict=True)]


def _facts(decoded: Decoded, status: os.stat_result | UrlStatus) -> Facts:
    width, height = decoded.size
    return Facts(
        status.st_size,
        status.st_mtime_ns,
        status.st_dev,
        status.st_ino,
        status.st_nlink,
        decoded.format,
        width,
        height,
        decoded.frames,
        decoded.bits,
        decoded.tags.orientation,
        decoded.alpha,
        decoded.extras,
        decoded.tags.captured_at,
        decoded.tags.camera,
        decoded.tags.flags,
        decoded.quality,
        REVISIONS.get(decoded.format),
    )
