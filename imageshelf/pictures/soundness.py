"""Is a picture whole? Decoded in full, every frame, in a worker process that may crash."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

from imageshelf.pictures.decoding import decode
from imageshelf.pictures.digests import _pixel_digest
from imageshelf.system.files import (
    FileChangedError,
    Stamp,
    UnreadableImage,
    open_same,
    stamp,
    unreadable,
)

if TYPE_CHECKING:
    from typing import BinaryIO


_END = 0xD9  # the last marker of a JPEG file


_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}  # markers without a length


_MARKER = re.compile(rb"\xff+([^\xff\x00\xd0-\xd7])", re.DOTALL)  # that may end coded data


class SoundnessTask(NamedTuple):
    """A picture to be decoded; `pixels` asks for its pixel digest, too."""

    path: str
    known: Stamp
    pixels: bool = False


class Soundness(NamedTuple):
    """What came of it: `problem` is "" for a sound picture, else continues "this file ...".

    `lasting` is whether the problem is the file's own; `changed_ns` is its `st_ctime_ns`, which
    moves with every write, even one that puts the old modification time back.
    """

    problem: str
    lasting: bool = False
    changed_ns: int = 0
    pixel_digest: bytes | None = None


def examine_soundness(question: SoundnessTask) -> Soundness:
    """Return the verdict on one picture; never raises for a bad file."""
    try:
        with os.fdopen(open_same(question.path, question.known), "rb") as stream:
            before = os.fstat(stream.fileno())
            found = _decoded(stream, question)
            after = os.fstat(stream.fileno())
    except (FileChangedError, UnreadableImage) as exc:
        return Soundness(str(exc), lasting=getattr(exc, "lasting", False))
    except (OSError, MemoryError) as exc:
        return Soundness(unreadable(exc).reason)
    if (stamp(before), before.st_ctime_ns) != (stamp(after), after.st_ctime_ns):
        return Soundness("changed while being read")
    return Soundness("", changed_ns=after.st_ctime_ns, pixel_digest=found)


def _decoded(stream: BinaryIO, question: SoundnessTask) -> bytes | None:
    """Decode every frame; a picture of one frame whose pixels nobody wants is decoded once."""
    decoded = decode(stream, question.path, full_decode=True)
    if decoded.format in {"JPEG", "MPO"}:
        stream.seek(0)
        if not has_end(stream.read()):
            raise UnreadableImage("is a JPEG picture that ends too early")
    if not question.pixels and decoded.frames == 1:
        return None
    stream.seek(0)
    return _pixel_digest(stream, question.path)


def has_end(data: bytes) -> bool:
    """Tell whether a JPEG file comes to the marker that says so.

    Decoders make grey of what is missing; a lost half that a failing disk or a broken download
    filled with zeros is noticed by its missing end. A flipped bit is not.
    """
    at = 2
    while match := _MARKER.search(data, at):
        marker, at = match[1][0], match.end()
        if marker == _END:
            return True
        if marker not in _WITHOUT_LENGTH:
            at += int.from_bytes(data[at : at + 2], "big")
    return False
