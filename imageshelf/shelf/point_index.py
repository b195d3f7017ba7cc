"""The file `NAME.pieces` beside a shelf: the points of all pictures, sorted, to be looked up.

It is made of the table `piece` and may be deleted. Nothing in it is believed beyond which pictures
to look at: what it names is compared by the points on the shelf itself. It belongs to one shelf, by
its id, and to one state of the points, by their generation. Layout, little-endian:

    header     4,096 bytes: magic, shelf id, generation, number of segments; then of each segment
               key bits, records, where it begins; last a CRC-32 of all before
    segments   each uint32[2**key_bits + 1], where the records of each key begin; then the records

A whole index has one segment, merged from sorted parts, so that a million pictures take less than
a gigabyte to build. A run that adds a few pictures appends a segment: first the segment, then the
header, so that a run may be killed anywhere.
"""

from __future__ import annotations

import errno
import glob
import os
import stat
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from imageshelf.pieces import votes
from imageshelf.pieces.points import KEY_BITS, count_in
from imageshelf.pieces.votes import RECORD, KeySegment
from imageshelf.shelf import marks, points, side_files
from imageshelf.system.files import UnreadableImage, open_regular

if TYPE_CHECKING:
    from imageshelf.shelf.database import Database

SUFFIX = ".pieces"
MAGIC = b"imageshelf pieces 1\n"
HEADER_BYTES = 4096
_READ_AND_WRITE = os.O_RDWR
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _READ_AND_WRITE |= getattr(os, _flag, 0)
_HEAD = struct.Struct("<20s16sQI")
_SEGMENT = struct.Struct("<IQQ")
_CRC = struct.Struct("<I")
MOST_SEGMENTS = 16
MOST_ID = (1 << 32) - 1  # of a picture, as a record has it
NEW = ".new"  # what is being written; it replaces the index at once
STALE_S = 3600.0  # after which the like is left by a run that was killed
PART_POINTS = 4_000_000  # sorted, or merged, at a time: 250 MB
RANGE_BITS = 8  # of a key: what is merged is a number of such ranges
Progress = Callable[[int], object]
Records = npt.NDArray[np.void]


class _Place(NamedTuple):
    """Where a segment lies in the file."""

    key_bits: int
    records: int
    offset: int

    @property
    def end(self) -> int:
        return self.offset + 4 * ((1 << self.key_bits) + 1) + RECORD.itemsize * self.records


class _Header(NamedTuple):
    shelf_id: bytes
    generation: int
    places: tuple[_Place, ...]

    def to_bytes(self) -> bytes:
        head = _HEAD.pack(MAGIC, self.shelf_id, self.generation, len(self.places))
        head += b"".join(_SEGMENT.pack(*place) for place in self.places)
        head = head.ljust(HEADER_BYTES - _CRC.size, b"\0")
        return head + _CRC.pack(zlib.crc32(head))


def path_of(db: Database) -> str:
    """Return the path of the index of a shelf."""
    return side_files.actual(db.path) + SUFFIX


def opened(db: Database) -> list[KeySegment] | None:
    """Return the index of a shelf, mapped; None if there is none of the present points."""
    shelf_id = marks.stored_id(db)
    try:
        with open_regular(path_of(db)) as file:
            header = _header(file)
            if header is None or header.shelf_id != shelf_id:
                return None
            if header.generation != points.generation(db):
                return None
            return [_mapped(file, place) for place in header.places]
    except (OSError, UnreadableImage, ValueError):  # not there, no file, or cut off meanwhile
        return None


def _header(file: BinaryIO) -> _Header | None:
    """Return the header of an index; None if it is damaged, or none."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    data = file.read(HEADER_BYTES)
    if (
        len(data) < HEADER_BYTES
        or zlib.crc32(data[: -_CRC.size]) != _CRC.unpack_from(data, HEADER_BYTES - _CRC.size)[0]
    ):
        return None
    magic, shelf_id, generation, count = _HEAD.unpack_from(data)
    if magic != MAGIC or count > MOST_SEGMENTS:
        return None
    at = _HEAD.size
    places = tuple(
        _Place(*_SEGMENT.unpack_from(data, at + n * _SEGMENT.size)) for n in range(count)
    )
    for place in places:
        fits = votes.FEWEST_KEY_BITS <= place.key_bits <= KEY_BITS
        if not fits or place.offset < HEADER_BYTES or place.end > size:
            return None
    return _Header(shelf_id, generation, places)


def _mapped(file: BinaryIO, place: _Place) -> KeySegment:
    keys = (1 << place.key_bits) + 1
    starts = np.asarray(np.memmap(file, np.dtype("<u4"), "r", place.offset, (keys,)))
    if not place.records:
        return KeySegment(place.key_bits, starts, np.zeros(0, RECORD))
    records = np.memmap(file, RECORD, "r", place.offset + 4 * keys, (place.records,))
    return KeySegment(place.key_bits, starts, np.asarray(records))


def pages(db: Database, ids: Sequence[int] | None = None) -> Iterator[Records]:
    """Yield the records of all pictures, or of some, a thousand pictures at a time."""
    if ids is None:
        for page in points.pages(db):
            yield _records(db, page)
        return
    for start in range(0, len(ids), points.PAGE):
        found = points.rows(db, ids[start : start + points.PAGE])
        yield _records(db, [(id_, found[id_].points) for id_ in sorted(found)])


def _records(db: Database, page: Sequence[tuple[int, bytes]]) -> Records:
    if page and not 0 <= page[0][0] <= page[-1][0] <= MOST_ID:
        raise points.damaged(db, "keypoints of a picture that cannot be")
    try:
        parts = [votes.records_of(id_, packed, count_in(packed)) for id_, packed in page]
    except ValueError as exc:
        raise points.damaged(db, str(exc)) from exc
    return np.concatenate(parts) if parts else np.zeros(0, RECORD)


def is_current(db: Database) -> bool:
    """Tell whether the index is that of the present points."""
    return opened(db) is not None


def update(
    db: Database,
    span: tuple[int, int],
    ids: Sequence[int] | None,
    progress: Progress = lambda _: None,
) -> None:
    """Bring the index up to date: pictures with these ids have new points, and no others.

    `span` is the generation before they had them, and the one after. With None instead of ids, or
    where shelf or index are of another generation, it is built anew. `progress` receives numbers of
    pictures. Raises OSError if it cannot be written, or if another file has its name.
    """
    shelf_id = marks.stored_id(db)
    if shelf_id is None:
        return
    now = points.generation(db)
    path = path_of(db)
    before, after = span
    alone = ids is not None and now == after  # no other run has stored points meanwhile
    if alone and _appended(db, path, _Header(shelf_id, before, ()), now, ids or ()):
        return
    _refuse_other(path)
    _sweep(path)
    folder, name = os.path.split(path)
    handle, new = tempfile.mkstemp(NEW, name + ".", folder)
    try:
        with open(handle, "w+b") as file:
            os.chmod(new, os.stat(side_files.actual(db.path)).st_mode & 0o666)  # readers are theirs
            place = _written(db, file, progress)
            file.seek(0)
            file.write(_Header(shelf_id, now, (place,)).to_bytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(new)
        raise


def remove(db: Database) -> None:
    """Delete the index of a shelf that has no points any more."""
    path = path_of(db)
    _sweep(path)
    with suppress(OSError, UnreadableImage):
        with open_regular(path) as file:
            ours = file.read(len(MAGIC)) == MAGIC
        if ours:
            os.unlink(path)


def _refuse_other(path: str) -> None:
    """Raise OSError if what has the name of the index is a file with something else in it."""
    with suppress(FileNotFoundError, UnreadableImage), open_regular(path) as file:
        if not MAGIC.startswith(file.read(len(MAGIC))):
            raise OSError(errno.EEXIST, f"{os.path.basename(path)} is another file: move it away")


def _sweep(path: str) -> None:
    """Delete what runs that were killed left beside the index."""
    for left in glob.glob(f"{glob.escape(path)}.????????{NEW}"):
        with suppress(OSError):
            if time.time() - os.lstat(left).st_mtime > STALE_S:
                os.unlink(left)


def _appended(db: Database, path: str, expected: _Header, now: int, ids: Sequence[int]) -> bool:
    """Append a segment to an index that is otherwise current; tell whether that was possible."""
    try:
        descriptor = os.open(path, _READ_AND_WRITE)
    except OSError:
        return False
    with open(descriptor, "r+b") as file:
        header = _header(file) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
        if header is None or header[:2] != expected[:2] or not header.places:
            return False
        total = sum(place.records for place in header.places[1:])
        if len(header.places) == MOST_SEGMENTS or 4 * total > header.places[0].records:
            return False
        records = np.concatenate([np.zeros(0, RECORD), *pages(db, ids)])
        offset = max(place.end for place in header.places)
        segment = votes.sorted_segment(records, votes.key_bits_for(len(records)))
        place = _Place(segment.key_bits, len(records), offset)
        file.seek(offset)
        file.write(segment.starts.tobytes() + segment.records.tobytes())
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        file.write(header._replace(generation=now, places=(*header.places, place)).to_bytes())
        file.flush()
        os.fsync(file.fileno())
    return True


def _written(db: Database, file: BinaryIO, progress: Progress) -> _Place:
    """Write all points as one segment, by an external merge: parts that fit into memory first."""
    with tempfile.TemporaryFile(dir=os.path.dirname(path_of(db))) as parts:
        bounds = []
        for records in _in_parts(pages(db), progress):
            ordered = votes.in_order(records)
            keys = votes.keys_of(ordered["bits"], RANGE_BITS)
            bounds.append(np.searchsorted(keys, np.arange((1 << RANGE_BITS) + 1)))
            parts.write(ordered.tobytes())
        total = sum(int(bound[-1]) for bound in bounds)
        key_bits = votes.key_bits_for(total)
        counts = np.zeros(1 << key_bits, np.int64)
        file.seek(HEADER_BYTES + 4 * (len(counts) + 1))
        for merged in _merged(parts, bounds):
            counts += np.bincount(votes.keys_of(merged["bits"], key_bits), minlength=len(counts))
            file.write(merged.tobytes())
    file.seek(HEADER_BYTES)
    file.write(np.concatenate([[0], np.cumsum(counts)]).astype("<u4").tobytes())
    return _Place(key_bits, total, HEADER_BYTES)


def _in_parts(all_pages: Iterator[Records], progress: Progress) -> Iterator[Records]:
    waiting: list[Records] = []
    for page in all_pages:
        waiting.append(page)
        progress(len(np.unique(page["id"])))
        if sum(map(len, waiting)) >= PART_POINTS:
            yield np.concatenate(waiting)
            waiting.clear()
    if waiting:
        yield np.concatenate(waiting)


def _merged(file: BinaryIO, bounds: Sequence[npt.NDArray[np.intp]]) -> Iterator[Records]:
    """Yield the records of sorted parts in one order, a few ranges of keys at a time."""
    starts = np.cumsum([0, *(bound[-1] for bound in bounds)])
    sizes = np.sum([np.diff(bound) for bound in bounds], axis=0) if bounds else np.zeros(0)
    first = 0
    for last in range(len(sizes)):
        if last + 1 < len(sizes) and sizes[first : last + 2].sum() <= PART_POINTS:
            continue
        slices = []
        for start, bound in zip(starts, bounds, strict=False):
            file.seek(int(start + bound[first]) * RECORD.itemsize)
            data = file.read(int(bound[last + 1] - bound[first]) * RECORD.itemsize)
            slices.append(np.frombuffer(data, RECORD))
        yield votes.in_order(np.concatenate(slices))
        first = last + 1
