"""Check that a picture is whole: decode every frame in full, in a worker process that may crash."""

import os
from typing import BinaryIO, NamedTuple

from imageshelf.pictures import completeness, jpeg_segments
from imageshelf.pictures.decoding import decode
from imageshelf.pictures.digests import pixel_digest_of
from imageshelf.system.files import (
    FileChangedError,
    Stamp,
    UnreadableImage,
    open_same,
    stamp,
    unreadable,
)

_START = b"\xff\xd8\xff"


class SoundnessTask(NamedTuple):
    """A picture to decode in full; `pixels` asks for its pixel digest too."""

    path: str
    known: Stamp
    pixels: bool = False


class Soundness(NamedTuple):
    """The result: `problem` is "" for a sound picture, otherwise it completes "this file ...".

    `lasting` tells whether the problem is in the file itself. `changed_ns` is the file's
    `st_ctime_ns`, which moves with every write, even one that restores the modification time.
    """

    problem: str
    lasting: bool = False
    changed_ns: int = 0
    pixel_digest: bytes | None = None


def examine_soundness(task: SoundnessTask) -> Soundness:
    """Return whether one picture is sound; never raises for a bad file."""
    try:
        with os.fdopen(open_same(task.path, task.known), "rb") as stream:
            before = os.fstat(stream.fileno())
            pixel_digest = _decoded(stream, task)
            after = os.fstat(stream.fileno())
    except (FileChangedError, UnreadableImage) as exc:
        return Soundness(str(exc), lasting=getattr(exc, "lasting", False))
    except (OSError, MemoryError) as exc:
        return Soundness(unreadable(exc).reason)
    if (stamp(before), before.st_ctime_ns) != (stamp(after), after.st_ctime_ns):
        return Soundness("changed while being read")
    return Soundness("", changed_ns=after.st_ctime_ns, pixel_digest=pixel_digest)


def _decoded(stream: BinaryIO, task: SoundnessTask) -> bytes | None:
    """Decode every frame and return the pixel digest, or None if it was not asked for.

    A picture of one frame without a pixel digest is decoded only once.
    """
    decoded = decode(stream, task.path, full_decode=True)
    if decoded.format in {"JPEG", "MPO"}:
        stream.seek(0)
        if _ends_early(stream.read()):
            raise UnreadableImage("is a JPEG picture that ends too early")
    if not task.pixels and decoded.frames == 1:
        return None
    stream.seek(0)
    return pixel_digest_of(stream, task.path)


def _ends_early(data: bytes) -> bool:
    """Tell whether a JPEG file that decodes has lost its end.

    Decoders fill missing parts with grey. In a baseline file, that is noticed by decoding it. A
    progressive file may lack only detail, and if half of a file was replaced with zeros or with
    other data, only the end marker is missing. A flipped bit goes unnoticed.
    """
    data = data[max(0, data.find(_START)) :]
    found = jpeg_segments.layout(data)
    progressive = any(segment.marker in jpeg_segments.PROGRESSIVE_FRAMES for segment in found[0])
    if not found.ended and completeness.has_rest(data):
        return True
    return (progressive or not found.ended) and completeness.lost_data(data)
